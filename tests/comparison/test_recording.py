"""A comparison stands on the run of its candidate, once, and changes nothing else there."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import tracking
from cajajejo.errors import TrackingAwayError, TrackingError
from cajajejo.tracking import comparisons
from cajajejo.tracking.comparisons import Recorded, record
from tests import builders
from tests.comparison.tracked import with_results
from tests.fakes import faults, mlflow_server
from tests.fakes.faulty_proxy import FaultyProxy
from tests.finished import artifacts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

A = "7be1c2a0" + "1" * 24
FOUND = Recorded(
    baseline=A, short=A[:8], verdict="worse", outcome="fail", document='{"verdict": "worse"}\n', markdown="# worse\n"
)
RESULTS = ["output/results.jsonl", "output/summary.json"]


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server."""
    with mlflow_server.running(tmp_path_factory.mktemp("server")) as server:
        yield server.uri


@pytest.fixture
def proxy(upstream: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """A network before the server that fails as it is told; who waits for it waits less long than usual."""
    monkeypatch.setattr(comparisons, "SECONDS", 8.0)
    with FaultyProxy(upstream) as proxy:
        yield proxy


@pytest.fixture
def run_id(proxy: FaultyProxy) -> str:
    """A run that is finished; made by the same address, which MLflow remembers with it."""
    return with_results(proxy.url, tags={"creator": "pytest"}, ended=2_000)


def stored(uri: str, run_id: str) -> Any:
    with tracking.client(uri) as store:
        return store.get_run(run_id)


def tags(uri: str, run_id: str) -> dict[str, str]:
    """Those that tell of a comparison."""
    found = stored(uri, run_id).data.tags
    return {name: value for name, value in found.items() if name.startswith("comparison.")}


def texts(uri: str, run_id: str, tmp_path: Path) -> dict[str, str]:
    """The artifacts that are comparisons."""
    with tracking.client(uri) as store:
        store.download_artifacts(run_id, "comparisons", str(tmp_path))
    return {file.name: file.read_text() for file in sorted((tmp_path / "comparisons").iterdir())}


def test_a_comparison_is_two_artifacts_and_tags(proxy: FaultyProxy, run_id: str, tmp_path: Path) -> None:
    assert record(proxy.url, run_id, FOUND)
    assert tags(proxy.url, run_id) == {
        "comparison.baseline": A,
        "comparison.verdict": "worse",
        "comparison.outcome": "fail",
        "comparison.policy": "",
        "comparison.digest": FOUND.digest,
    }
    assert texts(proxy.url, run_id, tmp_path) == {
        "7be1c2a0.json": '{"verdict": "worse"}\n',
        "7be1c2a0.md": "# worse\n",
    }


def test_a_finished_run_stays_as_it_is(proxy: FaultyProxy, run_id: str) -> None:
    before = stored(proxy.url, run_id)
    record(proxy.url, run_id, FOUND)
    after = stored(proxy.url, run_id)
    assert after.info.to_proto() == before.info.to_proto()
    assert (after.info.status, after.info.end_time) == ("FINISHED", 2_000)
    assert after.data.metrics == before.data.metrics
    left = {name: value for name, value in after.data.tags.items() if not name.startswith("comparison.")}
    assert left == before.data.tags
    assert artifacts(proxy.url, run_id, "output") == RESULTS


def test_recording_the_same_again_sends_nothing(proxy: FaultyProxy, run_id: str) -> None:
    record(proxy.url, run_id, FOUND)
    sent = len(proxy.seen())
    assert not record(proxy.url, run_id, FOUND)
    (only,) = proxy.seen()[sent:]
    assert only.line.startswith("GET /api/2.0/mlflow/runs/get?")


def test_another_finding_replaces_the_one_of_the_same_baseline(proxy: FaultyProxy, run_id: str, tmp_path: Path) -> None:
    record(proxy.url, run_id, FOUND)
    other = replace(FOUND, verdict="equal", outcome="pass", document="{}\n")
    assert record(proxy.url, run_id, other)
    assert tags(proxy.url, run_id)["comparison.outcome"] == "pass"
    assert texts(proxy.url, run_id, tmp_path)["7be1c2a0.json"] == "{}\n"


def test_several_baselines_and_policies_keep_their_own_artifacts(proxy: FaultyProxy, run_id: str) -> None:
    others = [
        replace(FOUND, baseline="c40d91f3" + "2" * 24, short="c40d91f3"),
        replace(FOUND, policy="policies/release.yml"),
        replace(FOUND, policy="policies/nightly.yml", outcome="pass"),
    ]
    for each in (FOUND, *others):
        assert record(proxy.url, run_id, each)
    names = ["7be1c2a0-nightly", "7be1c2a0-release", "7be1c2a0", "c40d91f3"]
    assert artifacts(proxy.url, run_id, "comparisons") == [
        f"comparisons/{name}.{suffix}" for name in names for suffix in ("json", "md")
    ]
    newest = tags(proxy.url, run_id)
    assert (newest["comparison.policy"], newest["comparison.outcome"]) == ("policies/nightly.yml", "pass")


@pytest.mark.parametrize("on", ["PUT .*json", r"PUT .*\.md", "log-batch"])
def test_what_broke_off_is_repaired_by_recording_it_again(
    proxy: FaultyProxy, run_id: str, tmp_path: Path, on: str
) -> None:
    proxy.will(faults.Answer(403), on=on)
    with pytest.raises(TrackingError):
        record(proxy.url, run_id, FOUND)
    assert tags(proxy.url, run_id) == {}
    assert record(proxy.url, run_id, FOUND)
    assert tags(proxy.url, run_id) == FOUND.tags()
    assert sorted(texts(proxy.url, run_id, tmp_path)) == ["7be1c2a0.json", "7be1c2a0.md"]


def test_the_older_finding_is_not_taken_for_recorded_once_another_broke_off_over_it(
    proxy: FaultyProxy, run_id: str, tmp_path: Path
) -> None:
    record(proxy.url, run_id, FOUND)
    proxy.will(faults.Answer(403), on=r"PUT .*\.md")
    with pytest.raises(TrackingError):
        record(proxy.url, run_id, replace(FOUND, document="{}\n"))
    assert record(proxy.url, run_id, FOUND)
    assert texts(proxy.url, run_id, tmp_path)["7be1c2a0.json"] == FOUND.document


def test_an_answer_that_is_lost_is_asked_for_again(proxy: FaultyProxy, run_id: str) -> None:
    proxy.will(faults.LoseAnswer(), on="log-batch")
    proxy.will(faults.LoseAnswer(), on="PUT .*json")
    assert record(proxy.url, run_id, FOUND)
    assert tags(proxy.url, run_id) == FOUND.tags()


@pytest.mark.parametrize("status", [429, 500])
def test_a_server_that_fails_now_and_then_is_asked_again(proxy: FaultyProxy, run_id: str, status: int) -> None:
    proxy.will(faults.Answer(status), times=1, on="runs/get")
    proxy.will(faults.Answer(status), times=1, on="log-batch")
    assert record(proxy.url, run_id, FOUND)


def test_a_server_that_is_away_hangs_or_refuses_is_a_tracking_error(
    proxy: FaultyProxy, run_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparisons, "SECONDS", 2.0)
    proxy.will(faults.Hang(), times=None)
    with pytest.raises(TrackingAwayError):
        record(proxy.url, run_id, FOUND)
    proxy.heal()
    proxy.will(faults.Answer(403), times=None)
    with pytest.raises(TrackingError) as refused:
        record(proxy.url.replace("//", "//someone:secret@"), run_id, FOUND)
    assert not isinstance(refused.value, TrackingAwayError)
    assert "secret" not in "".join(refused.value.lines())
    proxy.down()
    with pytest.raises(TrackingAwayError):
        record(proxy.url, run_id, FOUND)


def test_a_deleted_run_gets_nothing(proxy: FaultyProxy, run_id: str) -> None:
    with tracking.client(proxy.url) as store:
        store.delete_run(run_id)
    with pytest.raises(TrackingError) as caught:
        record(proxy.url, run_id, FOUND)
    assert caught.value.message == f"the MLflow run was deleted: {run_id}"
    assert proxy.seen("PUT .*comparisons|log-batch") == []


def test_a_run_that_is_not_there_is_an_error(proxy: FaultyProxy) -> None:
    with pytest.raises(TrackingError):
        record(proxy.url, "0" * 32, FOUND)


def test_a_local_store_takes_comparisons_as_well(tmp_path: Path) -> None:
    uri = builders.copy_empty_store(tmp_path / "tracking" / "mlflow.db")
    run_id = with_results(uri, ended=2_000)
    before = stored(uri, run_id).info.to_proto()
    assert record(uri, run_id, FOUND)
    assert not record(uri, run_id, FOUND)
    assert stored(uri, run_id).info.to_proto() == before
    assert artifacts(uri, run_id) == ["comparisons/7be1c2a0.json", "comparisons/7be1c2a0.md", *RESULTS]


@pytest.mark.parametrize(
    ("short", "policy", "name"),
    [
        ("7be1c2a0", "", "7be1c2a0"),
        ("7be1c2a0", "gate.yml", "7be1c2a0-gate"),
        ("7be1c2a0", "/etc/policies/release.v2.yml", "7be1c2a0-release.v2"),
        ("baseline", "", "baseline"),
        ("runs/a b", "", "runs_a_b-5ad6262a"),
        ("../x", "", "_x-d6b96a97"),
        ("x" * 100, "", "x" * 80 + "-09ecb6eb"),
    ],
)
def test_artifacts_are_named_as_files_can_be_everywhere(short: str, policy: str, name: str) -> None:
    assert replace(FOUND, short=short, policy=policy).name == name


def test_two_baselines_whose_names_differ_in_odd_characters_are_two() -> None:
    assert len({replace(FOUND, short=short).name for short in ("a/b", "a_b", "a?b", ".a_b")}) == 4


def test_every_part_of_a_finding_counts_in_its_digest() -> None:
    changes: list[dict[str, str]] = [{name: "other"} for name in Recorded.__slots__]
    digests = {FOUND.digest, *(replace(FOUND, **change).digest for change in changes)}
    assert len(digests) == len(changes) + 1


def test_a_text_that_is_no_unicode_is_recorded_as_its_escape() -> None:
    files = dict(replace(FOUND, document='"\ud800"', markdown="\ud800").files())
    assert files == {"7be1c2a0.json": b'"\\ud800"', "7be1c2a0.md": b"\\ud800"}
