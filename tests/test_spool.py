"""Results that could not be tracked: described, copied, found again, held against what was kept, uploaded."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import spool, storage, tracking
from cajajejo.errors import CajajejoError, SpoolError, StorageError, TrackingError, UsageError
from cajajejo.spool import Kept, description, entries, finding, scratch
from cajajejo.spool.kept import contents, removal
from cajajejo.tracking import logged_models
from tests import builders
from tests.finished import FINISHED_AT, begun, everything, finished, found, items, runs

if TYPE_CHECKING:
    from collections.abc import Callable

    from cajajejo.tracking.finished import Finished

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS, "ignore::FutureWarning", "ignore::UserWarning")

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def uri(tmp_path: Path) -> str:
    """An empty SQLite store."""
    return builders.copy_empty_store(tmp_path / "tracking" / "mlflow.db")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else makes the same at this moment."""
    monkeypatch.setattr(tracking.search, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(logged_models, "SETTLE_SECONDS", 0.0)


@pytest.fixture
def given(tmp_path: Path) -> Finished:
    """A finished evaluation whose server is away, with a spool."""
    return finished(tmp_path / "scratch" / "evaluation", NOBODY, spool_uri=str(tmp_path / "spool"))


def upload(address: object, uri: str | None = None) -> spool.Uploaded:
    said: list[str] = []
    uploaded = spool.upload(str(address), tracking_uri=uri, say=said.append, patience_seconds=0)
    assert said == []
    return uploaded


# --- the description ---


def test_a_description_is_read_as_it_was_written(given: Finished) -> None:
    text = json.dumps(description.describe(given))
    assert description.read(description.parse(text), given.directory, given.results) == replace(given, spool_uri=None)


def test_a_description_holds_no_login(given: Finished) -> None:
    with_login = replace(given, new=replace(given.new, uri="https://me:secret@mlflow.example.org/x"))
    assert description.describe(with_login)["tracking_uri"] == "https://mlflow.example.org/x"


def test_a_local_store_is_described_as_seen_from_anywhere(given: Finished) -> None:
    local = replace(given, new=replace(given.new, uri="sqlite:///a/mlflow.db"))
    assert description.describe(local)["tracking_uri"] == f"sqlite:///{Path.cwd()}/a/mlflow.db"


@pytest.mark.parametrize(
    "change",
    [
        {"id": "0" * 32},
        {"name": "another"},
        {"finished_at": "yesterday"},
        {"finished_at": None},
        {"finished_at": 1e400},
        {"tags": ["a"]},
        {"tags": {"a": 1}},
        {"facts": None},
        {"run_id": 7},
        {"tracking_uri": None},
        {"tracking_uri": "databricks"},
        {"tracking_uri": "file:///home/jasper"},
    ],
    ids=str,
)
def test_a_damaged_description_is_told(given: Finished, change: dict[str, Any]) -> None:
    with pytest.raises(SpoolError, match="what describes the results is damaged"):
        description.read({**description.describe(given), **change}, given.directory, given.results)


@pytest.mark.parametrize("moment", [float("nan"), -5.0, 1e300])
def test_a_moment_that_no_store_knows_is_told(given: Finished, moment: float) -> None:
    odd = replace(given, finished_at=moment)
    with pytest.raises(SpoolError) as caught:
        description.read(description.describe(odd), given.directory, given.results)
    assert caught.value.facts["says"] == f"ValueError: not a moment: {moment!r}"


@pytest.mark.parametrize(
    ("uri", "kept"),
    [
        ("https://jasper:p@ss@mlflow.example.com/a@b", "https://mlflow.example.com/a@b"),
        ("http://token@10.0.0.1:5000", "http://10.0.0.1:5000"),
        ("http://10.0.0.1:5000", "http://10.0.0.1:5000"),
    ],
)
def test_an_address_is_kept_without_its_login(uri: str, kept: str) -> None:
    assert description.lasting(uri) == kept


@pytest.mark.parametrize("name", ["id", "version", "tags", "run_id", "finished_at"])
def test_a_description_that_lacks_something_is_told(given: Finished, name: str) -> None:
    found = description.describe(given)
    del found[name]
    with pytest.raises(SpoolError, match="damaged"):
        description.read(found, given.directory, given.results)


def test_a_description_of_a_later_version_is_told(given: Finished) -> None:
    with pytest.raises(SpoolError, match=r"kept by another version of cajajejo \(their version is 2\)"):
        description.read({**description.describe(given), "version": 2}, given.directory, given.results)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\0", "[" * 100_000, '"x"', b"\xff\xfe"], ids=range(8))
def test_what_is_no_description_is_told(text: str | bytes) -> None:
    with pytest.raises(SpoolError, match="what describes the results is damaged"):
        description.parse(text)


# --- the entry of a spool ---


def test_an_entry_is_fetched_as_it_was_written(given: Finished, tmp_path: Path) -> None:
    address = entries.write(given, str(tmp_path / "spool"))
    assert address == f"{tmp_path}/spool/eval-neurips-merciful-crocodile-3f2a9c1d-{given.id[:8]}"
    again = entries.fetch(entries.read(address), tmp_path / "fetched")
    assert again == replace(given, directory=tmp_path / "fetched", spool_uri=None)
    ours = {path.relative_to(given.directory / "output") for path in (given.directory / "output").rglob("*")}
    theirs = {path.relative_to(tmp_path / "fetched/output") for path in (tmp_path / "fetched/output").rglob("*")}
    assert theirs == ours | {Path("harness.log")}
    assert (tmp_path / "fetched/configs/eval_config.yml").read_text() == "version: v4\n"


def test_two_jobs_of_one_name_have_entries_of_their_own(given: Finished) -> None:
    others = [replace(given, job_uid="other"), replace(given, finished_at=FINISHED_AT + 1)]
    assert len({entries.name(one) for one in (given, *others)}) == 3
    assert entries.name(replace(given, run_id="other")) == entries.name(given)


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("../../etc", "_.._etc-"),
        ("", "evaluation-"),
        ("a b/c", "a_b_c-"),
        ("x" * 300, f"{'x' * 80}-"),
        (".git", "git-"),
    ],
)
def test_the_name_of_an_entry_is_one_of_a_directory(given: Finished, name: str, begins: str) -> None:
    named = replace(given, name=name)
    assert entries.name(named) == f"{begins}{named.id[:8]}"


def test_keeping_the_same_again_changes_nothing(given: Finished, tmp_path: Path) -> None:
    address = entries.write(given, str(tmp_path / "spool"))
    before = {path: path.read_bytes() for path in Path(address).rglob("*") if path.is_file()}
    assert entries.write(given, str(tmp_path / "spool")) == address
    assert {path: path.read_bytes() for path in Path(address).rglob("*") if path.is_file()} == before


def test_a_later_state_takes_the_place_of_the_earlier_one(given: Finished, tmp_path: Path) -> None:
    entries.write(given, str(tmp_path / "spool"))
    part = found(items("geography", 11, 20))
    later = finished(given.directory, NOBODY, part)
    address = entries.write(later, str(tmp_path / "spool"))
    assert entries.fetch(entries.read(address), tmp_path / "fetched").results == part
    assert len([path for path in Path(address).iterdir() if path.is_dir()]) == 1


@pytest.mark.parametrize("step", range(12))
def test_a_kill_at_any_step_of_keeping_leaves_the_old_state_or_the_new_one(
    given: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    address = entries.write(given, str(tmp_path / "spool"))
    old, new = given.results, found(items("geography", 11, 20))
    later = finished(given.directory, NOBODY, new)
    steps = iter(range(step))

    def until_killed(call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*given: Any, **options: Any) -> Any:
            if next(steps, None) is None:
                raise KeyboardInterrupt
            return call(*given, **options)

        return counted

    with monkeypatch.context() as patched:
        for name in ("upload", "put", "files", "remove"):
            patched.setattr(storage, name, until_killed(getattr(storage, name)))
        try:
            entries.write(later, str(tmp_path / "spool"))
            killed = False
        except KeyboardInterrupt:
            killed = True
    assert killed == (step < 10)
    assert entries.fetch(entries.read(address), tmp_path / "fetched").results == (new if step > 7 else old)
    entries.write(later, str(tmp_path / "spool"))
    assert entries.fetch(entries.read(address), tmp_path / "again").results == new


def test_a_copy_that_broke_off_is_no_entry(given: Finished, tmp_path: Path) -> None:
    address = Path(entries.write(given, str(tmp_path / "spool")))
    (address / "kept.json").unlink()
    for asked in (address, address.parent):
        with pytest.raises(SpoolError) as caught:
            upload(asked)
        assert caught.value.lines() == [
            f"Error: the results are not complete: {asked}",
            f"  found       {address}",
            "  missing     kept.json, which is written last: the copying broke off",
        ]


def files_of(address: str) -> Path:
    return Path(address) / entries.read(address).version


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda files: (files / "output/results.jsonl").unlink(), "it is gone"),
        (lambda files: (files / "output/results.jsonl").write_text("{}"), "2 bytes of"),
        (lambda files: (files / "configs/eval_config.yml").write_text("version: v5\n"), "its bytes are other ones"),
        (shutil.rmtree, "it is gone"),
    ],
    ids=["gone", "short", "changed", "all gone"],
)
def test_a_damaged_file_is_told(
    given: Finished, tmp_path: Path, uri: str, damage: Callable[[Path], object], says: str
) -> None:
    address = entries.write(given, str(tmp_path / "spool"))
    damage(files_of(address))
    with pytest.raises(SpoolError) as caught:
        upload(address, uri)
    assert caught.value.message == "a file that was kept is damaged"
    assert caught.value.facts["kept"] == address
    assert says in caught.value.facts["says"]
    assert runs(uri) == []


@pytest.mark.parametrize(
    "change",
    [
        {"files": None},
        {"files": [{"path": "../../out", "size": 1, "sha256": "0"}]},
        {"files": [{"path": "/etc/passwd", "size": 1, "sha256": "0"}]},
        {"files": [{"path": "a"}]},
        {"files": [{"path": "a" * 300, "size": 1, "sha256": "0"}]},
        {"files": ["a"]},
        {"files_in": "../.."},
        {"files_in": "a/b"},
        {"files_in": ""},
        {"files": []},
        {"files": [{"path": "a", "size": 1e400, "sha256": "0"}]},
    ],
    ids=str,
)
def test_a_hostile_entry_is_refused(given: Finished, tmp_path: Path, uri: str, change: dict[str, Any]) -> None:
    address = entries.write(given, str(tmp_path / "spool"))
    kept = Path(address) / "kept.json"
    kept.write_text(json.dumps({**json.loads(kept.read_text()), **change}))
    with pytest.raises(SpoolError, match="damaged"):
        upload(address, uri)


def test_a_file_that_cannot_be_written_here_is_told(given: Finished, tmp_path: Path, uri: str) -> None:
    path = "a/" * 3000 + "b"
    address = entries.write(given, str(tmp_path / "spool"))
    kept = Path(address) / "kept.json"
    files = [{"path": path, "size": 1, "sha256": "0"}]
    kept.write_text(json.dumps({**json.loads(kept.read_text()), "files": files}))
    with pytest.raises(SpoolError, match="a file that was kept cannot be written to ") as caught:
        upload(address, uri)
    assert caught.value.facts == {"kept": address, "file": path, "says": "File name too long"}


# --- tracking, and keeping ---


def test_an_evaluation_is_tracked_and_no_copy_is_left(tmp_path: Path, uri: str) -> None:
    given = finished(tmp_path / "evaluation", uri, run_id=begun(uri), spool_uri=str(tmp_path / "spool"))
    said: list[str] = []
    assert spool.track(given, say=said.append, patience_seconds=0) == spool.Tracked(everything(uri, given))
    assert said == []
    assert not (tmp_path / "spool").exists()
    assert scratch.read(given.directory) == replace(given, spool_uri=None)


def test_without_a_server_the_results_are_kept_in_the_spool(given: Finished, tmp_path: Path) -> None:
    said: list[str] = []
    kept = spool.track(given, say=said.append, patience_seconds=0)
    where = f"{tmp_path}/spool/{entries.name(given)}"
    assert kept == Kept(
        where=where,
        durable=True,
        why=f"{NOBODY} is away (connection refused)",
        holds="2 scenarios, 40 instances, 2 metrics, the harness's log",
        command=f"cajajejo jobs evaluation upload-results {where}",
    )
    assert entries.read(where).description["id"] == given.id
    assert said == []


def test_while_it_waits_it_says_so(given: Finished, tmp_path: Path) -> None:
    said: list[str] = []
    kept = spool.track(given, say=said.append, patience_seconds=1.2)
    where = f"{tmp_path}/spool/{entries.name(given)}"
    assert said == [f"{NOBODY} is away (connection refused); trying again for 1 s. The results are kept in {where}"]
    assert isinstance(kept, Kept)
    assert re.fullmatch(rf"{re.escape(NOBODY)} is away \(connection refused for \d+ s\)", kept.why)


def test_without_a_spool_the_results_stay_where_they_are(given: Finished) -> None:
    kept = spool.track(replace(given, spool_uri=None), say=print, patience_seconds=0)
    assert isinstance(kept, Kept)
    assert (kept.where, kept.durable, kept.note) == (str(given.directory), False, "")
    assert scratch.read(given.directory) == replace(given, spool_uri=None)


def test_a_spool_that_cannot_be_written_is_told(given: Finished, tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file")
    kept = spool.track(given, say=print, patience_seconds=0)
    assert isinstance(kept, Kept)
    assert (kept.where, kept.durable) == (str(given.directory), False)
    assert kept.note.startswith("not in the spool: ")


def test_a_server_that_refuses_is_not_waited_for(tmp_path: Path, uri: str) -> None:
    with tracking.client(uri) as store:
        number = tracking.experiment(store, uri, "tests")
        store.delete_experiment(number)
    kept = spool.track(finished(tmp_path / "evaluation", uri), say=print, patience_seconds=3600)
    assert isinstance(kept, Kept)
    assert kept.why == "the experiment was deleted: tests"


def test_a_scratch_directory_that_cannot_be_written_does_not_keep_from_tracking(tmp_path: Path, uri: str) -> None:
    given = finished(tmp_path / "evaluation", uri)
    (given.directory / "finished.json").mkdir()
    said: list[str] = []
    assert isinstance(spool.track(given, say=said.append, patience_seconds=0), spool.Tracked)
    assert said == [f"what is tracked cannot be described in {given.directory}: Is a directory"]


def test_at_the_end_of_its_pod_an_evaluation_is_kept_at_once(given: Finished, tmp_path: Path) -> None:
    kept = spool.keep(given)
    assert (kept.where, kept.durable) == (f"{tmp_path}/spool/{entries.name(given)}", True)
    assert kept.why == "it was stopped before they could be tracked"
    assert scratch.read(given.directory) == replace(given, spool_uri=None)


def test_a_full_scratch_directory_does_not_keep_from_the_spool(given: Finished) -> None:
    (given.directory / "finished.json").mkdir()
    assert spool.keep(given).durable
    with pytest.raises(OSError, match="directory"):
        spool.keep(replace(given, spool_uri=None))


@pytest.mark.parametrize(("given_text", "seconds"), [("", 600.0), ("90s", 90.0), ("1h30m", 5400.0), ("0s", 0.0)])
def test_patience_is_a_setting(given_text: str, seconds: float) -> None:
    assert spool.patience({"CAJAJEJO_TRACKING_PATIENCE": given_text}) == seconds


def test_patience_that_is_no_duration_is_told() -> None:
    with pytest.raises(UsageError, match="CAJAJEJO_TRACKING_PATIENCE 90"):
        spool.patience({"CAJAJEJO_TRACKING_PATIENCE": "90"})


@pytest.mark.parametrize(
    ("given_results", "log", "words"),
    [
        (found(items("a", 1, 1)), False, "1 scenario, 1 instance, 1 metric"),
        (
            found(items("a", 5, 1000), items("b", 5, 235)),
            True,
            "2 scenarios, 1,235 instances, 2 metrics, the harness's log",
        ),
    ],
)
def test_what_is_kept_is_told_in_words(given_results: Any, log: Any, words: str) -> None:
    assert contents(given_results, log=log) == words


@pytest.mark.parametrize(
    ("where", "command"),
    [
        ("gs://b/x y", "gcloud storage rm --recursive 'gs://b/x y'"),
        ("s3://b/x", "aws s3 rm --recursive s3://b/x"),
        ("file:///spool/x", "rm -r /spool/x"),
        ("/spool/x", "rm -r /spool/x"),
    ],
)
def test_the_command_that_removes_a_copy(where: str, command: str) -> None:
    assert removal(where) == command


# --- uploading ---


@pytest.mark.parametrize("asked", ["scratch", "scratch/evaluation", "spool", "entry", "."])
def test_what_was_kept_is_uploaded_from_wherever_it_is(tmp_path: Path, uri: str, asked: str) -> None:
    given = finished(tmp_path / "scratch" / "evaluation", NOBODY, run_id=begun(uri), spool_uri=str(tmp_path / "spool"))
    kept = spool.track(given, say=print, patience_seconds=0)
    assert isinstance(kept, Kept)
    (done,) = upload(kept.where if asked == "entry" else tmp_path / asked, uri).uploads
    assert done.run_id == given.run_id == everything(uri, given)
    assert (done.sent, done.name, done.tracking_uri) == (True, given.name, uri)
    assert done.holds == "2 scenarios, 40 instances, 2 metrics"


def test_uploading_again_sends_nothing(given: Finished, tmp_path: Path, uri: str) -> None:
    address = entries.write(given, str(tmp_path / "spool"))
    scratch.write(given)
    (first,) = upload(address, uri).uploads
    (again,) = upload(address, uri).uploads
    assert (first.sent, again) == (True, replace(first, sent=False, holds=""))
    (from_scratch,) = upload(tmp_path / "scratch", uri).uploads
    assert (from_scratch.sent, from_scratch.run_id) == (False, first.run_id)
    everything(uri, given)


def test_a_mark_does_not_count_where_the_run_is_gone(given: Finished, tmp_path: Path, uri: str) -> None:
    address = entries.write(given, str(tmp_path / "spool"))
    (first,) = upload(address, uri).uploads
    with tracking.client(uri) as store:
        store.delete_run(first.run_id)
    (again,) = upload(address, uri).uploads
    assert again.sent
    assert again.run_id == everything(uri, given) != first.run_id


def test_a_mark_of_another_server_does_not_count(given: Finished, tmp_path: Path, uri: str) -> None:
    address = entries.write(given, str(tmp_path / "spool"))
    upload(address, uri)
    other = builders.copy_empty_store(tmp_path / "other" / "mlflow.db")
    (again,) = upload(address, other).uploads
    assert again.sent
    assert again.run_id == everything(other, given)


def test_several_evaluations_are_uploaded_each_on_its_run(tmp_path: Path, uri: str) -> None:
    for number in range(3):
        entries.write(finished(tmp_path / str(number), uri, finished_at=FINISHED_AT + number), str(tmp_path / "spool"))
    uploaded = upload(tmp_path / "spool")
    assert len({done.run_id for done in uploaded.uploads}) == len(runs(uri)) == 3


def test_what_is_damaged_does_not_keep_the_others_back(tmp_path: Path, uri: str) -> None:
    kept = [
        entries.write(finished(tmp_path / str(n), uri, finished_at=FINISHED_AT + n), str(tmp_path / "spool"))
        for n in range(3)
    ]
    (files_of(kept[0]) / "output/summary.json").write_text("{}")
    (Path(kept[1]) / "kept.json").unlink()
    uploaded = upload(tmp_path / "spool")
    assert [done.where for done in uploaded.uploads] == [kept[2]]
    assert [(where, type(error)) for where, error in uploaded.failed] == [(kept[0], SpoolError)]
    assert uploaded.incomplete == (kept[1],)


def test_other_things_in_a_spool_are_left_alone(given: Finished, tmp_path: Path, uri: str) -> None:
    address = entries.write(given, str(tmp_path / "spool"))
    others = tmp_path / "spool" / "checkpoints" / "0f1c5d0e"
    others.mkdir(parents=True)
    (others / "a.tar").write_text("x")
    (tmp_path / "spool" / "README").write_text("x")
    uploaded = upload(tmp_path / "spool", uri)
    assert ([done.where for done in uploaded.uploads], uploaded.incomplete) == ([address], ())


def test_several_scratch_directories_are_found(tmp_path: Path) -> None:
    for name in ("a", "b"):
        scratch.write(finished(tmp_path / name / "evaluation", NOBODY))
    assert finding.find(str(tmp_path)).scratches == (tmp_path / "a/evaluation", tmp_path / "b/evaluation")


@pytest.mark.parametrize("make", [False, True])
def test_a_place_where_nothing_is_kept_is_told(tmp_path: Path, make: object) -> None:
    if make:
        (tmp_path / "x" / "evaluation" / "output").mkdir(parents=True)
    with pytest.raises((SpoolError, StorageError)) as caught:
        upload(tmp_path / "x")
    assert f"{tmp_path}/x" in caught.value.message


@pytest.mark.parametrize("text", ["", "{}", '{"version": 1}'])
def test_a_damaged_scratch_directory_is_told(given: Finished, tmp_path: Path, text: str) -> None:
    scratch.write(given)
    (given.directory / "finished.json").write_text(text)
    with pytest.raises(SpoolError) as caught:
        upload(tmp_path / "scratch")
    assert caught.value.facts["kept"] == str(given.directory)


def test_damaged_results_on_a_scratch_directory_are_told(given: Finished, tmp_path: Path) -> None:
    scratch.write(given)
    (given.directory / "output/results.jsonl").write_text("{")
    with pytest.raises(SpoolError, match="no readable results"):
        upload(tmp_path / "scratch")


def test_a_server_that_is_still_away_is_told_with_the_command_again(given: Finished, tmp_path: Path) -> None:
    address = entries.write(given, str(tmp_path / "spool"))
    with pytest.raises(TrackingError) as caught:
        upload(address)
    assert caught.value.lines() == [
        f"Error: the results cannot be tracked: {NOBODY} is away (connection refused)",
        f"  kept        {address}",
        f"Run: cajajejo jobs evaluation upload-results {address}",
    ]


def test_no_login_is_told(given: Finished, tmp_path: Path) -> None:
    said: list[str] = []
    login = "http://jasper:p@ss@127.0.0.1:9"
    kept = spool.track(replace(given, new=replace(given.new, uri=login)), say=said.append, patience_seconds=0.1)
    assert isinstance(kept, Kept)
    with pytest.raises(TrackingError) as caught:
        spool.upload(str(tmp_path / "spool"), tracking_uri=login, say=said.append, patience_seconds=0)
    everything_told = repr([said, kept, caught.value.lines()])
    assert "http://127.0.0.1:9 is away (connection refused" in everything_told
    assert "ss@" not in everything_told


@pytest.mark.parametrize("bad", ["mlruns", "ftp://x", "http://", "sqlite://x.db", ""])
def test_an_address_that_is_no_store_is_told_before_anything(tmp_path: Path, bad: str) -> None:
    with pytest.raises(UsageError, match="not a tracking store"):
        upload(tmp_path / "none", bad)


def test_an_address_that_can_be_none_is_told() -> None:
    with pytest.raises(SpoolError, match="no results are kept there: aaa"):
        spool.upload("a" * 300, say=print)


def test_an_address_of_no_known_kind_is_told() -> None:
    with pytest.raises(CajajejoError, match="ftp://x"):
        upload("ftp://x/y")
