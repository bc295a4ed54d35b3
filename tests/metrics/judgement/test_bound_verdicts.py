"""What bounds of each kind say of a run, and what they rest on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo.metrics.judgement.cases import Cut
from cajajejo.metrics.judgement.judging import judge
from cajajejo.metrics.judgement.verdict import MetricVerdict, Verdict
from tests.metrics.builders import H5, H10, H20, condition, points, regression_tests, this_run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.config.conditions import SuccessCondition
    from cajajejo.metrics.points import Point


def after(
    history: Sequence[Point], value: float, wanted: SuccessCondition, cut: Cut | None = None, start: float = 1000.0
) -> MetricVerdict:
    tests = regression_tests({"m": wanted})
    (found,) = judge({"m": value}, {"m": history}, tests, this_run(start=start), cuts={"m": cut} if cut else {})
    return found


@pytest.mark.parametrize(
    ("wanted", "history", "value", "verdict", "reason"),
    [
        pytest.param(
            condition("within", within_bounds={"lower": 0.2, "upper": 0.4}), (), 0.3, "pass", "fixed bounds",
            id="in an interval",
        ),
        pytest.param(
            condition("within", within_bounds={"lower": 0.2, "upper": 0.4}), (), 0.5, "regression", "0.100 above",
            id="above an interval",
        ),
        pytest.param(
            condition("within", percent_difference={"percent": 0.2, "value": -5}), (), -6.5, "regression",
            "0.500 below", id="more than a share of a negative value",
        ),
        pytest.param(
            condition("less", percent_difference={"percent": 0.1}), H5, 0.9, "regression",
            "0.007 above, 10 % from the mean 0.812 of 5 runs", id="a share of the mean",
        ),
        pytest.param(
            condition("within", prediction_interval={"confidence": 0.99}), H10, 0.905, "pass",
            "99 % prediction interval of 10 runs", id="a prediction interval",
        ),
        pytest.param(
            condition("within", prediction_interval={"confidence": 0.99}), H10, 0.9, "regression",
            "0.0010 below, 99 % prediction interval of 10 runs", id="below a prediction interval",
        ),
        pytest.param(
            condition("less", prediction_interval={}), H5[:2], 0.9, "inconclusive", "2 of 3 runs so far",
            id="too few for a prediction interval",
        ),
        pytest.param(
            condition("greater", iqr=3), H10, 0.89, "regression",
            "0.007 below, quartiles 0.910 and 0.915 of 10 runs, 3 times their distance", id="quartiles",
        ),
        pytest.param(
            condition("less", stddevs_from_mean=3, min_change={"absolute": 0.05}), H5, 0.85, "pass",
            "3 sd from the mean of 5 runs, widened to 0.050 by min_change", id="a change too small to count",
        ),
        pytest.param(
            condition("less", stddevs_from_mean=4, transform="log"), (1.0, 2.0, 1.5), 0.0, "inconclusive",
            "not positive, and its logarithm is to be judged", id="no logarithm",
        ),
    ],
)  # fmt: skip
def test_every_kind_of_threshold_has_its_verdict_and_its_words(
    wanted: SuccessCondition, history: tuple[float, ...], value: float, verdict: str, reason: str
) -> None:
    found = after(points(history), value, wanted)
    assert (found.verdict, found.reason) == (verdict, reason)


def test_a_window_of_the_last_points_is_what_bounds_rest_on() -> None:
    wanted = condition("less", stddevs_from_mean=4, last_n=5)
    found = after(points([5.0] * 10 + list(H5)), 0.9, wanted)
    assert found.basis is not None
    assert (found.basis.n, found.verdict) == (5, Verdict.REGRESSION)


def test_a_window_in_time_ends_with_the_start_of_the_run() -> None:
    wanted = condition("less", stddevs_from_mean=4, time_window=86_400.0 * 3)
    history = points(H10, every=86_400.0)
    early, late = (after(history, 0.91, wanted, start=days * 86_400.0) for days in (10, 20))
    assert early.basis is not None
    assert (early.basis.n, late.verdict, late.reason) == (3, Verdict.INCONCLUSIVE, "0 of 2 runs so far")


CONFIRMED = condition("less", stddevs_from_mean=2, confirm_after=3)


@pytest.mark.parametrize(
    ("outside", "verdict", "reason"),
    [
        (0, "inconclusive", "0.041 above, 2 sd from the mean of 10 runs; 1 of 3, run again to confirm"),
        (1, "inconclusive", "0.041 above, 2 sd from the mean of 10 runs; 2 of 3, run again to confirm"),
        (2, "regression", "0.041 above, 2 sd from the mean of 10 runs"),
    ],
)
def test_a_confirmation_is_judged_by_the_bounds_before_the_first_failure(
    outside: int, verdict: str, reason: str
) -> None:
    history = points([*H10, *[0.96] * outside], outside=range(10, 10 + outside))
    found = after(history, 0.96, CONFIRMED)
    assert (found.verdict, found.reason, found.outside) == (verdict, reason, True)


def test_a_confirmation_is_judged_by_those_bounds_also_where_the_failures_are_told_to_be_a_shift() -> None:
    wanted = condition("greater", percent_difference={"percent": 0.1}, confirm_after=3)
    values = [1.0, 1.3, 0.7, 1.2, 0.8, 0.5, 0.5, 1.1, 0.5, 1.2, 0.5, 1.0, 0.5, 0.5, 0.5, 0.5]
    history = points(values, outside=[5, 6, 8, 10, 12, 13, 14, 15])
    found = after(history, 0.6, wanted)
    assert found.notes == ("level shift since run r5",)
    assert found.basis is not None
    assert (found.basis.n, round(found.basis.centre, 4)) == (8, 1.0375)


def test_the_condition_says_itself_how_many_failures_it_takes() -> None:
    tests = regression_tests(
        {"m": condition("less", fixed_value=1, confirm_after=1)}, alert_after_second_test_failure=True
    )
    (found,) = judge({"m": 2.0}, {}, tests, this_run())
    assert found.verdict is Verdict.REGRESSION


def test_an_isolated_outlier_is_not_part_of_the_history() -> None:
    wanted = condition("less", stddevs_from_mean=4)
    found = after(points([*H10, 5.0], outside=[10]), 0.93, wanted)
    assert (found.verdict, found.reason) == (Verdict.REGRESSION, "0.004 above, 4 sd from the mean of 10 runs")


def test_a_lasting_shift_is_named_and_its_runs_are_left_out() -> None:
    wanted = condition("greater", stddevs_from_mean=4)
    found = after(points([*H20, 0.903, 0.901, 0.9]), 0.89, wanted)
    assert (found.verdict, found.notes) == (Verdict.REGRESSION, ("level shift since run r20",))
    assert found.reason == "0.011 below, 4 sd from the mean of 20 runs; level shift since run r20"
    assert found.episode is not None
    assert (found.episode.status, found.episode.run, found.alerts) == ("ongoing", "r20", True)


def test_five_in_a_row_out_of_bounds_are_a_shift_in_any_case() -> None:
    wanted = condition("less", stddevs_from_mean=4)
    found = after(points([*H5, *[0.9] * 5], outside=range(5, 10)), 0.9, wanted)
    assert (found.verdict, found.notes) == (Verdict.REGRESSION, ("level shift since run r5",))


def test_a_trend_is_noted_and_changes_no_bound() -> None:
    values = (10, 10.2, 10.1, 10.4, 10.3, 10.6, 10.5, 10.8, 10.7, 11.0)
    found = after(points(values), 11.1, condition("within", prediction_interval={"confidence": 0.99}))
    assert (found.verdict, found.notes) == (Verdict.PASS, ("trending",))
    assert found.reason == "99 % prediction interval of 10 runs; trending"
    assert found.bounds is not None
    assert (found.bounds.lower, found.bounds.upper) == pytest.approx((9.367875, 11.552125), abs=1e-6)


def test_an_accepted_level_begins_the_history_anew() -> None:
    wanted = condition("less", stddevs_from_mean=4, wait=10)
    history = points([*H10, *(value + 1 for value in H10)], outside=range(10, 20))
    cut = Cut("r10", 10.0, accepted=100.0)
    assert after(history, 1.91, wanted).verdict is Verdict.REGRESSION
    found = after(history, 1.91, wanted, cut)
    assert (found.verdict, found.reason) == (Verdict.PASS, "4 sd from the mean of 10 runs")
    waiting = after(history[:14], 1.91, wanted, cut)
    assert (waiting.cause, waiting.reason) == ("waiting", "4 of 10 runs since the level was accepted at run r10")


def test_a_regression_knows_the_last_good_run() -> None:
    found = after(points([*H10, 0.95], outside=[10]), 0.96, condition("less", stddevs_from_mean=4))
    assert found.turn is not None
    assert (found.turn.good.run_id, found.turn.bad.run_id) == ("r9", "r10")
