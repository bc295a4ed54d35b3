from __future__ import annotations

from dataclasses import replace

import pytest

from cajajejo.metrics.baselines import Accepted, Baselines, Muted
from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.judgement.incidents import Incident
from cajajejo.metrics.reports import overview
from cajajejo.metrics.reports import overview_sentences as said
from cajajejo.metrics.reports.overview import Reading
from tests.metrics.html.readings import mnist, nights, noisy, reading, run, series


def one(*metrics: list[StoredMetric], verdict: str = "pass", **fields: object) -> overview.Standing:
    return overview.of([reading("t", metrics, verdict, **fields)]).standings[0]


def told(metric: str | None, number: int, kind: str = "regression") -> Incident:
    return Incident("t", kind, metric, run("t", number).run_id, 1e9, f"told of {metric}")  # type: ignore[arg-type]


def test_tests_with_trouble_come_first_then_the_worst_verdict_then_by_name() -> None:
    good = [series("m", [1.0])]
    readings = [
        reading("b", good),
        reading("a", good),
        reading("c", good, "inconclusive"),
        reading("d", good, "regression"),
        reading("e", good, "failed"),
        reading("f", good, incidents=(told("m", 0),)),
    ]
    found = overview.of(readings)
    assert [standing.test for standing in found.standings] == ["e", "d", "f", "c", "a", "b"]
    assert found.verdict == "failed"


def test_metrics_with_trouble_come_first_then_what_is_in_doubt() -> None:
    kinds = {"e": "pass", "d": "improvement", "c": "inconclusive", "b": "regression", "f": None}
    standing = one(
        *(series(name, [1.0, 1.0], verdict=verdict) for name, verdict in kinds.items()),
        series("a", [1.0]),
        series("g", [1.0, 1.0]),
        incidents=(told("g", 1),),
    )
    assert [(metric.name, metric.state) for metric in standing.metrics] == [
        ("b", "regression"),
        ("g", "pass"),
        ("c", "inconclusive"),
        ("d", "improvement"),
        ("e", "pass"),
        ("f", "none"),
        ("a", "absent"),
    ]


def test_a_test_without_runs_is_left_out() -> None:
    assert overview.of([Reading("t", (), Baselines())]) == overview.Overview(())
    assert overview.of([]).verdict == "pass"


def test_a_regression_knows_the_last_good_run_and_the_commits_since() -> None:
    standing = overview.of([mnist()]).standings[0]
    metric, runs = standing.metrics[0], mnist().runs
    assert metric.turn is not None
    assert (metric.turn.good.run_id, metric.turn.bad.run_id) == (runs[-2].run.run_id, runs[-1].run.run_id)
    commits = metric.turn.commits
    assert commits is not None
    assert commits in overview.of([mnist()]).commits
    assert said.good_run(metric) == f"0.980, 24 h before, run {runs[-2].run.run_id}, commit {commits[0][:7]}"
    assert said.since_then(metric, {}) == f"no commit: both ran {commits[1][:7]}"


def test_a_newest_run_that_failed_leaves_the_metrics_of_the_one_before() -> None:
    base = reading("t", [series("m", [1.0, 2.0], upper_bound=1.5, wrong=(1,))], "regression")
    failed = StoredRun(run("t", 2, status="failure"), "failed", (StoredMetric("m", 9.0),))
    standing = overview.of([replace(base, runs=(*base.runs, failed))]).standings[0]
    assert (standing.verdict, standing.metrics[0].state) == ("failed", "regression")
    assert standing.metrics[0].latest.metric.value == 2.0
    assert said.summary(standing) == "the job failed; its metrics are not judged"


def test_shifts_are_found_and_settled_by_the_line_that_accepts_them() -> None:
    values = [*noisy("a", 20, 1.0, 0.01), *noisy("b", 20, 1.2, 0.01)]
    line = Accepted("t", "m", run("t", 20).run_id, "new data", "jasper", "2026-11-21")
    metric = one(series("m", values), baselines=Baselines((line,))).metrics[0]
    assert [shift.accepted for shift in metric.shifts] == [line]
    assert metric.accepted == (line,)
    assert said.shift(metric.shifts[0], {}).startswith("up from 1.0")


def test_a_regression_by_its_level_comes_from_its_last_shift() -> None:
    values = [*noisy("a", 20, 1.0, 0.01), *noisy("b", 10, 0.8, 0.01)]
    metric = one(series("m", values, wrong=(29,)), verdict="regression").metrics[0]
    assert metric.turn == metric.shifts[-1].turn
    assert said.sentence(metric).startswith(f"m is {said.value(metric.latest)}; its level went down from 1.0")


def test_shifts_are_looked_for_in_the_first_metrics_only() -> None:
    found = overview.of(nights(4, 20), searched=5)
    assert [metric.searched for standing in found.standings for metric in standing.metrics] == [True] * 5 + [False] * 7


def test_who_is_muted_and_what_is_open_is_known() -> None:
    muted = Muted("t", "*", "2036-01-01", "node pool", "jasper", "2026-09-01")
    standing = one(series("m", [1.0]), baselines=Baselines((), (muted,)), incidents=(told(None, 0), told("x", 0)))
    assert (standing.muted, standing.metrics[0].muted) == (muted, muted)
    assert standing.incidents == (told(None, 0), told("x", 0))
    assert standing.trouble


@pytest.mark.parametrize(
    ("fields", "allowed", "sentence"),
    [
        ({"lower_bound": 0.96}, "> 0.960", "m is 0.500; it must be greater than 0.960"),
        ({"lower_bound": 0.96, "inclusive": True}, ">= 0.960", "m is 0.500; it must be at least 0.960"),
        ({"upper_bound": 0.25}, "< 0.250", "m is 0.500; it must be less than 0.250"),
        ({"upper_bound": 0.25, "inclusive": True}, "<= 0.250", "m is 0.500; it must be at most 0.250"),
        ({"lower_bound": 0.1, "upper_bound": 0.2}, "0.100 to 0.200", "m is 0.500; it must be between 0.100 and 0.200"),
        ({"lower_bound": 0.75, "upper_bound": 0.75}, "= 0.75", "m is 0.500; it must be equal to 0.75"),
        ({}, "", "m is 0.500; its level is worse than before"),
    ],
    ids=str,
)
def test_what_a_metric_must_be_is_said_as_its_bounds_say(fields: dict[str, float], allowed: str, sentence: str) -> None:
    metric = one(series("m", [0.5], wrong=(0,), **fields), verdict="regression").metrics[0]
    assert (said.allowed(metric.latest), said.sentence(metric)) == (allowed, sentence)


def test_what_is_in_doubt_is_said() -> None:
    waits = one(series("m", [0.5], verdict="inconclusive"), verdict="inconclusive")
    assert said.sentence(waits.metrics[0]) == "m is 0.500; it cannot be judged yet"
    assert said.summary(waits) == "0 of 1 metric could be judged"
    unsure = [StoredMetric("m", 0.5, lower_bound=0.6, verdict="inconclusive", outside=True)]
    assert said.sentence(one(unsure).metrics[0]) == "m is 0.500; it must be greater than 0.600: to be confirmed"
    again = one(series("m", [0.5, 1.0]), incidents=(told("m", 0),)).metrics[0]
    assert said.sentence(again) == "m is 1.000; what was told of it is not over yet"
    gone = one(series("m", [0.5]), series("n", [1.0, 1.0])).metrics[-1]
    assert said.sentence(gone) == f"m is not in the newest run; it was 0.500 in run {run('t', 0).run_id}"


@pytest.mark.parametrize(
    ("verdicts", "verdict", "summary"),
    [
        (("regression", "pass", "inconclusive"), "regression", "1 of 3 metrics at a worse level, 1 not judged yet"),
        (("pass", "improvement"), "pass", "2 of 2 metrics as they must be"),
        ((None, None), "pass", "no condition, 2 metrics recorded"),
    ],
    ids=str,
)
def test_a_test_is_summed_up(verdicts: tuple[str | None, ...], verdict: str, summary: str) -> None:
    metrics = [series(f"m{place}", [1.0], verdict=word) for place, word in enumerate(verdicts)]
    assert said.summary(one(*metrics, verdict=verdict)) == summary


def test_several_tests_are_summed_up() -> None:
    assert said.headline(overview.of(nights(6, 10))) == (
        "1 of 6 tests with trouble, 1 of 18 metrics out of bounds, 1 test inconclusive"
    )
    assert said.headline(overview.of(nights(2, 10))) == "no trouble in 2 tests"
