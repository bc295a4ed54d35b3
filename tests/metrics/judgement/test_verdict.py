from __future__ import annotations

from typing import Any

import pytest

from cajajejo.errors import ExitCode
from cajajejo.metrics.judgement.bounds import Bounds
from cajajejo.metrics.judgement.cases import Case
from cajajejo.metrics.judgement.named_episodes import NamedEpisode, Status
from cajajejo.metrics.judgement.verdict import EXIT_CODES, Cause, MetricVerdict, Verdict, run_verdict, waiting
from tests.metrics.builders import condition, regression_tests, this_run

SHIFT = condition("greater", level_shift={})
LENIENT = condition("greater", level_shift={"ongoing": "warn"})
BOUND = condition("greater", stddevs_from_mean=4)
BOUNDS = Bounds(0.4, None, inclusive=False)


def episode(status: Status) -> NamedEpisode:
    return NamedEpisode(status, "r20", "r19", "r21", "r22", 0.9126, 0.901, -4.78)


def metric(verdict: Verdict | None, **fields: Any) -> MetricVerdict:
    return MetricVerdict("m", 0.9, "reason", verdict, **fields)


def inconclusive(cause: Cause) -> MetricVerdict:
    return metric(Verdict.INCONCLUSIVE, cause=cause, condition=BOUND)


PASS, REGRESSION = metric(Verdict.PASS, condition=BOUND), metric(Verdict.REGRESSION, condition=BOUND)
IMPROVEMENT = metric(Verdict.IMPROVEMENT, condition=SHIFT, episode=episode("improvement"))
LASTING = metric(Verdict.REGRESSION, condition=LENIENT, episode=episode("ongoing"))


@pytest.mark.parametrize(
    ("metrics", "verdict", "strictly"),
    [
        pytest.param([PASS, PASS], "pass", "pass", id="all well"),
        pytest.param([PASS, REGRESSION], "regression", "regression", id="one is out of bounds"),
        pytest.param([IMPROVEMENT], "pass", "pass", id="an improvement is no verdict of a run"),
        pytest.param([inconclusive("waiting")], "inconclusive", "inconclusive", id="nothing judged"),
        pytest.param([PASS, inconclusive("waiting")], "pass", "inconclusive", id="one waits"),
        pytest.param([PASS, inconclusive("absent")], "pass", "inconclusive", id="one was not written"),
        pytest.param([PASS, inconclusive("missing")], "inconclusive", "inconclusive", id="a required one is missing"),
        pytest.param([PASS, inconclusive("invalid")], "inconclusive", "inconclusive", id="one is no number"),
        pytest.param([PASS, inconclusive("unconfirmed")], "inconclusive", "inconclusive", id="one to be confirmed"),
        pytest.param([REGRESSION, inconclusive("invalid")], "regression", "regression", id="a regression outweighs"),
        pytest.param([LASTING], "pass", "pass", id="a shift that is a warning by now"),
        pytest.param(
            [metric(Verdict.REGRESSION, condition=LENIENT, episode=episode("opened"))],
            "regression",
            "regression",
            id="the run that told the shift",
        ),
        pytest.param(
            [metric(Verdict.REGRESSION, condition=SHIFT, episode=episode("ongoing"))],
            "regression",
            "regression",
            id="a shift that goes on",
        ),
        pytest.param([], "inconclusive", "inconclusive", id="no metric at all"),
    ],
)
def test_the_verdict_on_a_run_is_that_of_its_worst_metric(
    metrics: list[MetricVerdict], verdict: str, strictly: str
) -> None:
    tests = regression_tests({"m": BOUND})
    assert run_verdict(metrics, tests, "success") == verdict
    assert run_verdict(metrics, tests, "success", strict=True) == strictly
    assert run_verdict(metrics, tests, "timeout") is Verdict.FAILED


def test_without_any_condition_a_run_passes() -> None:
    assert run_verdict([metric(None)], regression_tests(), "success", strict=True) is Verdict.PASS


@pytest.mark.parametrize(
    ("found", "told", "outside"),
    [
        pytest.param(metric(Verdict.REGRESSION, bounds=BOUNDS, condition=BOUND), True, True, id="out of bounds"),
        pytest.param(
            metric(Verdict.REGRESSION, bounds=BOUNDS, condition=BOUND, episode=episode("ongoing")),
            True,
            True,
            id="out of bounds while its level is away",
        ),
        pytest.param(inconclusive("unconfirmed"), False, True, id="to be confirmed"),
        pytest.param(metric(Verdict.REGRESSION, condition=SHIFT, episode=episode("opened")), True, False, id="opened"),
        pytest.param(
            metric(Verdict.REGRESSION, condition=SHIFT, episode=episode("escalated")), True, False, id="escalated"
        ),
        pytest.param(
            metric(Verdict.REGRESSION, condition=SHIFT, episode=episode("ongoing")), False, False, id="ongoing"
        ),
        pytest.param(PASS, False, False, id="all well"),
    ],
)
def test_a_lasting_shift_is_told_once_and_only_bounds_have_an_outside(
    found: MetricVerdict, *, told: bool, outside: bool
) -> None:
    assert (found.alerts, found.outside) == (told, outside)


def test_a_missing_metric_says_so() -> None:
    found = MetricVerdict("m", None, "required, but the run did not write it", Verdict.INCONCLUSIVE, cause="missing")
    assert (found.sentence, found.bound) == ("m is missing: the run did not write it", None)


def test_the_sentence_of_a_shift_tells_the_levels_and_where_it_began() -> None:
    found = metric(Verdict.REGRESSION, condition=SHIFT, episode=episode("opened"))
    assert found.sentence == (
        "m is 0.900; its level fell from 0.913 to 0.901 (z -4.78), beginning between run r19 and run r21"
    )


def test_a_metric_waits_until_there_are_as_many_points_as_its_condition_needs() -> None:
    case = Case.of(("m", 1.0), condition("less", stddevs_from_mean=4), [], this_run())
    found = waiting(case, 1)
    assert found is not None
    assert (found.verdict, found.cause, found.reason) == (Verdict.INCONCLUSIVE, "waiting", "1 of 2 runs so far")
    assert waiting(case, 2) is None


def test_every_verdict_on_a_run_has_its_exit_code() -> None:
    assert EXIT_CODES == {
        Verdict.PASS: ExitCode.DONE,
        Verdict.REGRESSION: ExitCode.REGRESSION,
        Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
        Verdict.FAILED: ExitCode.FAILED,
    }
