"""Who is told what of a run that is checked with ``--alert``, once, as a history on disk keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.errors import UsageError
from cajajejo.metrics import handler
from cajajejo.metrics.baselines import Accepted, Muted
from cajajejo.metrics.handler import RunUnderTest
from cajajejo.metrics.history import History
from cajajejo.metrics.judgement.incidents import Told
from cajajejo.metrics.judgement.verdict import Verdict
from cajajejo.metrics.runs import Origin
from tests.metrics.builders import collection, condition, settings, write_simple

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.metrics.history.store import Store
    from cajajejo.metrics.reports.report import Report

BOUND = {"loss_final": condition("less", fixed_value=1)}
WORSE = "loss_final is 2.000; it must be less than 1 (fixed value)"
MORNING = 1795219200.0  # 2026-11-21


class Bench:
    """Runs of a test, a second apart, and their history."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"sqlite:///{folder}/history.db"

    @property
    def store(self) -> Store:
        return History.at(self.url).store

    def check(self, number: int, loss: float | None, *, telling: Any = ("stderr",), **options: Any) -> Report:
        logs = self.folder / f"r{number}-{loss}"
        if loss is not None and not logs.exists():
            write_simple(logs, {"loss": [loss]})
        conditions = options.pop("conditions", BOUND)
        status, origin = options.pop("status", "success"), options.pop("origin", Origin())
        run = RunUnderTest("t", f"r{number}", status, MORNING + number, origin=origin)
        wanted = settings(conditions).model_copy(
            update={"metric_collection_config": collection(**options.pop("collected", {}))}
        )
        return handler.check(logs, run, wanted, history_url=self.url, telling=telling, **options)

    def told(self, *args: Any, **options: Any) -> list[tuple[str, str]]:
        return [(event.happening, event.message) for event in self.check(*args, **options).told.events]

    def unsent(self) -> list[tuple[str, str, str]]:
        return [(one.sink, one.event.happening, one.event.run.run_id) for one in self.store.unsent()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_regression_is_told_once_and_its_end_too(bench: Bench) -> None:
    told = [bench.told(number, loss) for number, loss in enumerate((0.5, 2.0, 2.0, 2.0, 0.5, 0.5))]
    end = "loss_final is well again: 0.500, after 3 runs (opened by run r1)"
    assert told == [[], [("opened", WORSE)], [], [], [("recovered", end)], []]
    assert bench.unsent() == [("stderr", "opened", "r1"), ("stderr", "recovered", "r4")]


def test_checking_again_tells_nothing_new(bench: Bench) -> None:
    for number, loss in enumerate((0.5, 2.0)):
        bench.check(number, loss)
    before = (bench.unsent(), bench.store.incidents())
    assert bench.check(1, 2.0).told == Told((), tuple(bench.store.incidents()))
    assert (bench.unsent(), bench.store.incidents()) == before


def test_each_sink_is_to_get_it(bench: Bench) -> None:
    bench.check(0, 2.0, telling=("stderr", "email to ann@example.org"))
    assert bench.unsent() == [("email to ann@example.org", "opened", "r0"), ("stderr", "opened", "r0")]


def test_who_does_not_ask_for_alerts_changes_no_incident(bench: Bench) -> None:
    bench.check(0, 2.0)
    found = bench.check(1, 0.5, telling=None)
    assert (found.verdict, found.told) == (Verdict.PASS, Told())
    assert [incident.run_id for incident in bench.store.incidents()] == ["r0"]
    assert bench.told(2, 0.5) == [
        ("recovered", "loss_final is well again: 0.500, after 2 runs (opened by run r0)"),
    ]  # fmt: skip


def test_a_run_that_is_not_stored_is_told_all_the_same(bench: Bench) -> None:
    told = [
        bench.told(number, loss, collected={"write_to_bigquery": False}) for number, loss in enumerate((2.0, 2.0, 0.5))
    ]
    assert told == [
        [("opened", WORSE)], [], [("recovered", "loss_final is well again: 0.500 (opened by run r0)")],
    ]  # fmt: skip
    assert bench.store.runs("t") == []


def test_a_run_whose_history_is_not_kept_cannot_be_told(bench: Bench) -> None:
    with pytest.raises(UsageError, match="--alert needs the history"):
        bench.check(0, 2.0, store=False)
    assert not (bench.folder / "history.db").exists()


def test_a_run_older_than_the_newest_tells_nobody_and_says_so(bench: Bench) -> None:
    for number, loss in ((0, 0.5), (5, 2.0), (6, 2.0)):
        bench.check(number, loss)
    unsent = bench.unsent()
    for number, loss in ((1, 0.5), (5, 0.5), (2, 3.0)):
        found = bench.check(number, loss)
        assert (found.told.events, found.told.late) == ((), True)
        assert found.warnings[-1].startswith("nobody is told of this run: the history has ")
    assert bench.unsent() == unsent
    assert bench.check(1, 0.5).warnings == (
        "nobody is told of this run: the history has 3 later runs of the test, and alerts follow the newest",
    )
    assert bench.check(5, 0.5).warnings[-1].startswith("nobody is told of this run: the history has 1 later run of")


def test_an_accepted_level_is_told_with_its_reason(bench: Bench) -> None:
    wanted = {"loss_final": condition("less", stddevs_from_mean=4, wait=3)}
    told = [bench.told(number, loss, conditions=wanted) for number, loss in enumerate((1.0, 1.1, 1.0, 1.1, 9.0, 9.1))]
    assert [line[0] for lines in told for line in lines] == ["opened"]
    bench.store.note(Accepted("t", "loss_final", "r4", "new tokenizer", "ann", "2026-11-21"))
    assert bench.told(6, 9.0, conditions=wanted) == [
        ("accepted", "loss_final is 9.000: accepted from run r4 on: new tokenizer (opened by run r4)")
    ]
    assert [bench.told(number, 9.1, conditions=wanted) for number in (6, 7, 8)] == [[], [], []]
    assert bench.store.incidents() == []


@pytest.mark.parametrize(("metric", "until"), [("*", "2999-01-01"), ("loss*", "2999-01-01")])
def test_what_is_muted_is_told_when_the_mute_has_ended(bench: Bench, metric: str, until: str) -> None:
    bench.store.note(Muted("t", metric, until, "node pool", "ann", "2026-11-21"))
    assert bench.told(0, 2.0) == []
    bench.store.note(Muted("t", metric, "2026-11-01", "done", "ann", "2026-11-22"))
    assert bench.told(1, 2.0) == [("opened", WORSE)]


def test_a_failed_job_is_told_and_its_end_with_the_next_that_succeeds(bench: Bench) -> None:
    bench.check(0, 2.0)
    assert bench.told(1, None, status="failure") == [("opened", "t: the job failed")]
    assert bench.told(2, None, status="timeout") == []
    assert bench.told(3, 2.0) == [("recovered", "t: the job succeeded again, after 2 runs (opened by run r1)")]
    assert [incident.metric for incident in bench.store.incidents()] == ["loss_final"]


def test_what_is_known_of_the_job_is_stored_and_goes_with_the_alert(bench: Bench) -> None:
    origin = Origin(
        "func", "v100", "2.4", "https://logs.example.org/1", "gcloud logging read x", "https://k8s.example.org/1"
    )
    assert bench.check(0, 2.0, origin=origin).origin == origin
    assert bench.check(0, 2.0, origin=Origin(accelerator="a100")).origin.logs_link == "https://logs.example.org/1"
    assert [run.origin.accelerator for run in bench.store.runs("t")] == ["a100"]
    assert [one.event.run.origin for one in bench.store.unsent()] == [origin]


def test_the_last_good_run_is_found_however_far_back(bench: Bench) -> None:
    for number, loss in enumerate([0.5, *[2.0] * 15]):
        found = bench.check(number, loss, telling=None)
    assert found.metrics[0].turn is not None
    assert (found.metrics[0].turn.good.run_id, len(found.metrics[0].recent)) == ("r0", 10)
