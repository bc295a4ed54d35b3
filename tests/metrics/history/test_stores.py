"""What every place that a history can be in does alike: SQLite, PostgreSQL, and BigQuery as far as the fake goes."""

from __future__ import annotations

import random
import signal
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import pytest

from cajajejo.errors import HistoryError
from cajajejo.metrics.baselines import Accepted, Baselines, Muted
from cajajejo.metrics.history import History
from cajajejo.metrics.history.rows import Row, StoredMetric, StoredRun
from cajajejo.metrics.history.store import Measured, Store, Telling
from cajajejo.metrics.judgement.incidents import Delivery, Event, Incident, Told
from cajajejo.metrics.runs import Origin, Run
from tests.metrics.history import writers

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cajajejo.metrics.baselines import Entry
    from cajajejo.metrics.runs import JobStatus

WRITERS: Final = 8
EACH: Final = 3
WHOLE: Final = StoredRun(
    Run(
        "mnist",
        "a",
        1_763_000_000.25,
        "timeout",
        1_763_000_060.75,
        "3f2a9c1d",
        Origin("convergence", "v2-8", "2.16", "https://logs", "gcloud logging read x", "https://workload"),
    ),
    "failed",
    (
        StoredMetric("accuracy", 0.1, 0.05, 1e300, inclusive=True, verdict="pass"),
        StoredMetric("loss", 5e-324, None, -0.0, verdict="regression", outside=True),
    ),
    failures=3,
)
SPARSE: Final = StoredRun(Run("mnist", "b", 5.0), "pass")
NAMES: Final = {
    "quotes": 'it\'s "quoted" `so`; DROP TABLE runs; --',
    "marks": "100 % of ? and %s and %(name)s and $1 and @test and :x",
    "backslashes": r"\n \\ \' \u0041 C:\x",
    "lines": "a\nb\tc\r\x7f\x01",
    "emoji": "🐊 e\u0301 \ufeff \u2028 \u202e",
    "long": "".join(random.Random(8).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=10_000)),  # noqa: S311  # no secret
    "json": '{"a": [1, "$.x"], "b": null}',
    "spaces": "  ",
}


@pytest.fixture
def store(url: str) -> Store:
    return History.at(url).store


def run(
    number: int,
    status: JobStatus = "success",
    test: str = "mnist",
    of: Mapping[str, float] | None = None,
    **more: float,
) -> StoredRun:
    measured = {**(of or {}), **more}
    made = Run(test, f"r{number}", float(number), status)
    return StoredRun(made, "pass", tuple(StoredMetric(name, value) for name, value in measured.items()))


def telling(test: str, decide: Callable[..., Told], *sinks: str, now: float = 50.0) -> Telling:
    return Telling(test, sinks or ("mail",), decide, now)


def opened(test: str = "mnist", metric: str | None = "loss", run_id: str = "r3") -> Event:
    incident = Incident(test, "regression", metric, run_id, 3.0, "it's worse: 5 %", "r1")
    return Event(incident, "opened", Run(test, run_id, 3.0, commit="c", origin=Origin(logs_link="https://l")), "worse")


def tells(*events: Event) -> Callable[..., Told]:
    return lambda _there, _newest: Told(events, tuple(event.incident for event in events))


def test_where_nothing_was_written_there_is_nothing(store: Store) -> None:
    assert (store.runs("t"), store.run("t", "a"), store.points("t"), store.recent("t", 3)) == ([], None, [], {})
    assert (store.rows("t"), store.tests(), store.metrics("t"), list(store.stored())) == ([], [], [], [])
    assert (store.noted("t"), store.incidents(), store.unsent()) == (Baselines(), [], [])
    assert (store.due(["mail"], 1.0), store.prune(None, before=1e12, keep=0)) == ([], 0)
    with store.select("SELECT uuid, test_name FROM metrics_handler_dataset.job_history") as selected:
        assert list(selected.rows) == []


def test_a_run_comes_back_as_it_was_stored(store: Store) -> None:
    store.record([WHOLE, SPARSE])

    assert list(store.stored("mnist")) == [SPARSE, WHOLE]
    assert store.runs("mnist") == [SPARSE.run, WHOLE.run]
    assert store.run("mnist", "a") == WHOLE.run
    assert store.run("mnist", "c") is None
    assert store.rows("mnist", "loss") == [
        Row("a", WHOLE.run.start_time, "timeout", "loss", 5e-324, None, -0.0, inclusive=False, verdict="regression")
    ]


def test_a_run_written_twice_is_as_once(store: Store) -> None:
    for _ in range(2):
        store.record([WHOLE, SPARSE])

    assert list(store.stored()) == [SPARSE, WHOLE]


def test_a_run_written_anew_replaces_what_was_there_and_what_it_no_longer_measures_is_gone(store: Store) -> None:
    other = run(9, test="other", accuracy=3.0)
    store.record([WHOLE, other])
    again = replace(WHOLE, run=replace(WHOLE.run, status="success"), metrics=(StoredMetric("loss", 2.0),))

    store.record([again])

    assert list(store.stored()) == [again, other]
    assert store.metrics("mnist") == ["loss"]


def test_runs_of_two_tests_may_share_an_id(store: Store) -> None:
    store.record([run(1, test="a", m=1.0), run(1, test="b", m=2.0)])
    store.record([run(1, test="b", n=3.0)])

    assert list(store.stored()) == [run(1, test="a", m=1.0), run(1, test="b", n=3.0)]


def test_an_id_and_a_test_that_read_alike_are_not_mixed_up(store: Store) -> None:
    first, second = StoredRun(Run("ab", "c", 1.0), "pass"), StoredRun(Run("a", "bc", 1.0), "pass")
    store.record([first, second])
    store.record([second])

    assert list(store.stored()) == [second, first]


def test_points_are_those_of_successful_runs_in_the_order_of_the_runs(store: Store) -> None:
    store.record([run(3, m=3.0), run(1, m=1.0, n=10.0), run(2, "failure", m=2.0), run(4, test="other", m=4.0)])

    assert sorted(store.points("mnist")) == [
        Measured("m", "r1", 1.0, outside=False),
        Measured("m", "r3", 3.0, outside=False),
        Measured("n", "r1", 10.0, outside=False),
    ]
    assert [point.run_id for point in store.points("mnist", ["m"])] == ["r1", "r3"]
    assert store.points("mnist", []) == []
    assert store.points("mnist", ["none"]) == []


def test_points_before_a_run_are_those_of_older_runs_and_never_its_own(store: Store) -> None:
    store.record([run(number, m=float(number)) for number in range(1, 6)])

    assert [point.value for point in store.points("mnist", before=(3.0, "r3"))] == [1.0, 2.0]
    assert [point.value for point in store.points("mnist", before=(3.0, "r4"))] == [1.0, 2.0, 3.0]
    assert [point.value for point in store.points("mnist", before=(9.0, "r4"))] == [1.0, 2.0, 3.0, 5.0]


def test_recent_values_are_the_last_ones_of_each_metric(store: Store) -> None:
    store.record([run(number, of={"n": -1.0 * number} if number < 3 else {}, m=float(number)) for number in range(6)])

    assert store.recent("mnist", 2) == {"m": [4.0, 5.0], "n": [-1.0, -2.0]}
    assert store.recent("mnist", 2, ["n"], before=(2.0, "r2")) == {"n": [-0.0, -1.0]}


def test_rows_are_newest_first_and_can_be_limited(store: Store) -> None:
    store.record([run(1, m=1.0, n=2.0), run(2, "failure", m=3.0), run(3, n=4.0)])

    def found(rows: Sequence[Row]) -> list[tuple[str, str]]:
        return [(row.run_id, row.metric) for row in rows]

    assert found(store.rows("mnist")) == [("r3", "n"), ("r2", "m"), ("r1", "m"), ("r1", "n")]
    assert found(store.rows("mnist", limit=2)) == [("r3", "n"), ("r2", "m")]
    assert found(store.rows("mnist", "m", limit=1)) == [("r2", "m")]
    assert found(store.rows("mnist", since=2.0)) == [("r3", "n"), ("r2", "m")]


def test_names_are_sorted_by_code_point_everywhere(store: Store) -> None:
    names = ["b", "B", "a b", "ab", "a-b", "ä", "é", "Z", "_", "🐊", "\ufb01"]
    store.record([run(1, test=name, of=dict.fromkeys(names, 1.0)) for name in names])

    assert store.tests() == sorted(names)
    assert store.metrics("ab") == sorted(names)
    assert [stored.run.test for stored in store.stored()] == sorted(names)


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_every_name_that_is_text_comes_back_as_it_is(store: Store, name: str) -> None:
    made = StoredRun(Run(name, name, 1.0, commit=name, origin=Origin(name)), name, (StoredMetric(name, 1.0),))

    store.record([made])
    store.record([made])
    store.note(Muted(name, name, "2026-11-28", name, name, "2026-11-21"))

    assert list(store.stored(name)) == [made]
    assert (store.tests(), store.metrics(name), store.points(name, [name])[0].metric) == ([name], [name], name)
    assert store.noted(name).muted == (Muted(name, name, "2026-11-28", name, name, "2026-11-21"),)


def test_a_lone_surrogate_in_a_name_is_refused_in_a_sentence_and_nothing_is_written(store: Store) -> None:
    with pytest.raises(HistoryError, match=r"no metric history.* holds such a"):
        store.record([run(1, m=1.0), run(2, of={"m\ud800": 1.0})])

    assert list(store.stored()) == []


def test_a_run_of_ten_thousand_metrics_is_written_and_read_in_seconds(store: Store) -> None:
    large = writers.run("mnist", 1, 10_000)
    began = time.monotonic()

    store.record([large])
    store.record([large])

    assert list(store.stored()) == [large]
    assert len(store.points("mnist")) == 10_000
    assert time.monotonic() - began < 60


def test_what_is_accepted_and_muted_comes_back_once_in_the_order_of_noting(store: Store) -> None:
    first = Accepted("mnist", "z", "r2", "new data", "jasper", "2026-11-21")
    second = Accepted("mnist", "a", "r1", "", "jasper", "2026-11-20")
    muted, other = (Muted(test, "*", "2026-11-28", "pool", "jasper", "2026-11-21") for test in ("mnist", "other"))
    noted: tuple[Entry, ...] = (first, second, muted, first, muted, other)
    for entry in noted:
        store.note(entry)

    assert store.noted("mnist") == Baselines((first, second), (muted,))


def test_old_runs_are_removed_but_the_newest_and_those_that_incidents_began_with(store: Store) -> None:
    store.record([run(number, m=1.0) for number in range(1, 7)] + [run(1, test="other", m=1.0)])
    store.record([], telling("mnist", tells(opened())))

    assert store.prune("mnist", before=5.0, keep=3) == 2
    assert [stored.run_id for stored in store.runs("mnist")] == ["r3", "r4", "r5", "r6"]
    assert store.prune(None, before=100.0, keep=0) == 4
    assert (store.tests(), store.metrics("other"), store.rows("other")) == (["mnist"], [], [])


def test_what_is_told_is_stored_with_the_run_for_each_sink_and_only_once(store: Store) -> None:
    event = opened()

    first = store.record([run(3, loss=9.0)], telling("mnist", tells(event), "mail", "chat"))
    again = store.record([run(3, loss=9.0)], telling("mnist", tells(event), "mail", "chat", now=60.0))

    assert (first, again) == (Told((event,), (event.incident,)), Told((), (event.incident,)))
    assert store.incidents() == store.incidents("mnist") == [event.incident]
    assert store.incidents("other") == []
    waiting = [Delivery(event, sink, 0, 50.0, None, 50.0) for sink in ("chat", "mail")]
    assert store.unsent() == store.unsent("mnist") == store.due(["mail", "chat"], 50.0) == waiting
    assert store.due(["other"], 99.0) == store.due(["mail"], 49.0) == store.unsent("other") == []


def test_who_decides_is_told_what_is_open_and_the_newest_run(store: Store) -> None:
    asked: list[object] = []

    def decide(there: Sequence[Incident], newest: tuple[float, str] | None) -> Told:
        asked.append((list(there), newest))
        return Told((opened(),), (opened().incident,)) if not there else Told()

    store.record([], telling("mnist", decide))
    store.record([run(3, loss=1.0), run(2, loss=1.0)], telling("mnist", decide))

    assert asked == [([], None), ([opened().incident], (3.0, "r3"))]
    assert store.incidents() == []


def test_where_deciding_fails_the_run_is_not_stored_either(store: Store) -> None:
    def decide(*_: object) -> Told:
        raise HistoryError("no")

    with pytest.raises(HistoryError, match="no"):
        store.record([run(3, loss=1.0)], telling("mnist", decide))

    assert (store.runs("mnist"), store.unsent()) == ([], [])


def test_a_delivery_is_claimed_by_one_and_is_due_again_when_the_claim_ends(store: Store) -> None:
    store.record([], telling("mnist", tells(opened()), "mail", "chat"))
    due = store.due(["mail", "chat"], 60.0)

    won = store.claim(due, now=60.0, until=180.0)

    assert won == [replace(one, attempts=1, again=180.0) for one in due]
    assert (store.claim(due, now=100.0, until=200.0), store.due(["mail", "chat"], 179.0)) == ([], [])
    assert store.unsent() == won
    assert store.due(["mail"], 180.0) == won[1:]
    assert [one.attempts for one in store.claim(won[1:], now=181.0, until=300.0)] == [2]


def test_what_was_sent_or_given_up_is_not_due_any_more_and_what_failed_is_then(store: Store) -> None:
    store.record([], telling("mnist", tells(opened()), "a", "b", "c"))
    won = store.claim(store.due(["a", "b", "c"], 60.0), now=60.0, until=180.0)

    store.settle(won[:1], now=61.0, error=None, again=None)
    store.settle(won[1:2], now=61.0, error="it's down: 503", again=300.0)
    store.settle(won[2:], now=61.0, error="gone", again=None)

    assert store.unsent() == [replace(won[1], error="it's down: 503", again=300.0)]
    assert store.due(["a", "b", "c"], 299.0) == []
    again = store.claim(store.due(["a", "b", "c"], 300.0), now=300.0, until=400.0)
    assert again == [replace(won[1], attempts=2, again=400.0)]


@pytest.mark.parametrize(
    "table", ["job_history", "metrics_handler_dataset.job_history", "`metrics_handler_dataset.job_history`"]
)
def test_a_query_finds_the_documented_columns_under_each_name(store: Store, table: str) -> None:
    store.record([WHOLE])

    query = f"SELECT uuid, test_name, job_status, num_failures, job_duration_sec FROM {table}"  # noqa: S608  # a name
    with store.select(query) as selected:
        assert selected.columns == ("uuid", "test_name", "job_status", "num_failures", "job_duration_sec")
        assert list(selected.rows) == [("a", "mnist", "timeout", 3, 60)]


@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM job_history",
        "DROP TABLE job_history",
        "SELECT 1; DELETE FROM job_history",
        "COMMIT; DELETE FROM job_history",
        "UPDATE job_history SET uuid = 'x'",
        "INSERT INTO baselines SELECT * FROM baselines",
        "CREATE TABLE mine AS SELECT 1 AS a",
        "SELECT * FROM no_such_table",
        "no query at all",
        "",
    ],
)
def test_a_query_that_is_none_is_refused_in_a_sentence_and_changes_nothing(store: Store, query: str) -> None:
    store.record([WHOLE])

    with pytest.raises(HistoryError), store.select(query) as selected:
        list(selected.rows)

    assert list(store.stored()) == [WHOLE]


def test_eight_programs_that_write_at_once_lose_nothing_and_wait_for_each_other(url: str) -> None:
    numbers = {writer: range(writer * EACH, (writer + 1) * EACH) for writer in range(WRITERS)}

    codes = writers.all_at_once(writers.started(writers.write, url, "mnist", mine) for mine in numbers.values())

    assert codes == [0] * WRITERS
    every = [writers.run("mnist", number) for number in range(WRITERS * EACH)]
    assert list(History.at(url).store.stored()) == sorted(every, key=lambda stored: stored.run.order)


def test_eight_programs_that_find_the_same_at_once_tell_it_once(url: str) -> None:
    codes = writers.all_at_once(writers.started(writers.tell, url, "mnist", number) for number in range(WRITERS))

    store = History.at(url).store
    assert codes == [0] * WRITERS
    assert (len(store.incidents()), len(store.unsent()), len(store.runs("mnist"))) == (1, 1, WRITERS)


def test_eight_programs_that_claim_at_once_win_each_delivery_once(url: str, tmp_path: Path) -> None:
    events = [opened(metric=f"m{number}") for number in range(10)]
    History.at(url).store.record([], telling("mnist", tells(*events)))
    won = tmp_path / "won"
    won.mkdir()

    codes = writers.all_at_once(writers.started(writers.claim, url, str(won)) for _ in range(WRITERS))

    assert codes == [0] * WRITERS
    assert sorted(path.name.partition("-")[0] for path in won.iterdir()) == sorted(event.id for event in events)


def test_a_program_that_is_killed_while_it_writes_leaves_whole_runs(url: str) -> None:
    store, moments = History.at(url).store, random.Random(3)  # noqa: S311  # no secret
    store.record([writers.run("mnist", 0, 40)])
    for _ in range(4):
        process = writers.started(writers.write, url, "mnist", range(1, 200), 40)
        time.sleep(moments.uniform(0.1, 0.6))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        for stored in store.stored():
            assert stored == writers.run("mnist", round(stored.run.start_time - 1000.0), 40)

    writers.write(url, "mnist", range(5), 40)
    found = {stored.run.run_id: stored for stored in store.stored()}
    assert [found[f"run {number}"] for number in range(5)] == [writers.run("mnist", number, 40) for number in range(5)]
