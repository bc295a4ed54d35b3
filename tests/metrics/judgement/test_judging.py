from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.judgement import judging
from cajajejo.metrics.judgement.judging import judge
from cajajejo.metrics.judgement.verdict import MetricVerdict, Verdict, run_verdict
from tests.metrics.builders import H5, H10, H20, condition, points, regression_tests, this_run

if TYPE_CHECKING:
    from cajajejo.metrics.config import RegressionTestConfig
    from cajajejo.metrics.config.conditions import SuccessCondition
    from cajajejo.metrics.points import Point
    from cajajejo.metrics.runs import JobStatus

ABOVE = condition("greater", fixed_value=0.4)
SPIKE = condition("less", stddevs_from_mean=4, wait=10)


def only(found: tuple[MetricVerdict, ...]) -> MetricVerdict:
    assert len(found) == 1
    return found[0]


def of(
    value: float, tests: RegressionTestConfig, history: list[Point] | None = None, *, strict: bool = False
) -> tuple[str, str, str]:
    """The metric's verdict, its reason, and the run's verdict."""
    metrics = judge({"m": value}, {"m": history or []}, tests, this_run())
    found = only(metrics)
    return str(found.verdict), found.reason, str(run_verdict(metrics, tests, "success", strict=strict))


@pytest.mark.parametrize(
    ("tests", "value", "history", "expected"),
    [
        pytest.param({"m": ABOVE}, 0.5, (), ("pass", "fixed value", "pass"), id="above a fixed value"),
        pytest.param({"m": ABOVE}, 0.3, (), ("regression", "0.100 below", "regression"), id="below a fixed value"),
        pytest.param(
            {"m": ABOVE}, 0.4, (), ("regression", "equal, and must not be", "regression"), id="on a strict bound"
        ),
        pytest.param({"default": ABOVE}, 0.5, (), ("pass", "fixed value", "pass"), id="the default condition"),
        pytest.param({"m": ABOVE}, math.nan, (), ("inconclusive", "not a number", "inconclusive"), id="nan"),
        pytest.param({"m": ABOVE}, math.inf, (), ("inconclusive", "infinite", "inconclusive"), id="infinity"),
        pytest.param({"m": SPIKE}, 1.0, H5, ("inconclusive", "5 of 10 runs so far", "inconclusive"), id="waiting"),
        pytest.param({"m": SPIKE}, 0.92, H10, ("pass", "4 sd from the mean of 10 runs", "pass"), id="within history"),
        pytest.param(
            {"m": SPIKE},
            0.93,
            H10,
            ("regression", "0.004 above, 4 sd from the mean of 10 runs", "regression"),
            id="a spike",
        ),
        pytest.param(
            {"m": condition("less", stddevs_from_mean=4)},
            1.0,
            (0.5,),
            ("inconclusive", "1 of 2 runs so far", "inconclusive"),
            id="one point is no deviation",
        ),
        pytest.param(
            {"m": condition("less_or_equal", stddevs_from_mean=0)},
            15.0,
            (15.0,),
            ("pass", "same in 1 run before", "pass"),
            id="constant: the same",
        ),
        pytest.param(
            {"m": condition("less_or_equal", stddevs_from_mean=0)},
            15.1,
            (15.0,) * 3,
            ("regression", "0.10 above, same in 3 runs before", "regression"),
            id="constant: more",
        ),
        pytest.param(
            {"m": condition("less", stddevs_from_mean=0)},
            2.0,
            (1.0, 3.0),
            ("regression", "equal, and must not be, the mean of 2 runs", "regression"),
            id="strictly less than the mean",
        ),
        pytest.param(
            {"m": condition("greater", fixed_value=1, wait=2)},
            0.5,
            (1.0,),
            ("inconclusive", "1 of 2 runs so far", "inconclusive"),
            id="a fixed value can wait, too",
        ),
        pytest.param(
            {"m": condition("greater", stddevs_from_mean=4)},
            0.902,
            (*H20, 0.903, 0.901, 0.9),
            ("pass", "4 sd from the mean of 20 runs; level shift since run r20", "pass"),
            id="a shift in the shadow",
        ),
    ],
)
def test_a_metric_is_judged_by_its_condition_and_prior_points(
    tests: dict[str, object], value: float, history: tuple[float, ...], expected: tuple[str, str, str]
) -> None:
    assert of(value, regression_tests(tests), points(history)) == expected  # type: ignore[arg-type]  # a table


def test_metrics_without_any_condition_pass_without_verdicts() -> None:
    tests = regression_tests()
    metrics = judge({"a": 1.0, "b": math.nan}, {}, tests, this_run())
    assert [(metric.verdict, metric.reason) for metric in metrics] == [(None, "no condition")] * 2
    assert run_verdict(metrics, tests, "success") is Verdict.PASS


def test_waiting_metrics_do_not_decide_while_another_is_judged_unless_strict() -> None:
    tests = regression_tests({"a": ABOVE, "default": SPIKE})
    metrics = judge({"a": 0.5, "b": 1.0}, {}, tests, this_run())
    assert [metric.verdict for metric in metrics] == [Verdict.PASS, Verdict.INCONCLUSIVE]
    assert run_verdict(metrics, tests, "success") is Verdict.PASS
    assert run_verdict(metrics, tests, "success", strict=True) is Verdict.INCONCLUSIVE


def test_a_regression_outweighs_what_is_inconclusive() -> None:
    tests = regression_tests({"a": ABOVE, "b": ABOVE})
    metrics = judge({"a": 0.3, "b": math.nan}, {}, tests, this_run())
    assert run_verdict(metrics, tests, "success", strict=True) is Verdict.REGRESSION


@pytest.mark.parametrize("value", [math.nan, -math.inf])
def test_a_value_that_is_no_number_decides_while_others_pass_and_while_it_waits(value: float) -> None:
    tests = regression_tests({"a": ABOVE, "b": SPIKE})
    assert run_verdict(judge({"a": 0.5, "b": value}, {}, tests, this_run()), tests, "success") is Verdict.INCONCLUSIVE


def test_a_required_metric_that_is_missing_decides() -> None:
    tests = regression_tests({"a": ABOVE}, required_metrics=["b"])
    metrics = judge({"a": 0.5}, {}, tests, this_run())
    assert [(metric.name, metric.cause) for metric in metrics] == [("a", None), ("b", "missing")]
    assert run_verdict(metrics, tests, "success") is Verdict.INCONCLUSIVE


def test_a_required_metric_needs_no_condition() -> None:
    tests = regression_tests(required_metrics=["a"])
    assert run_verdict(judge({"a": 0.5}, {}, tests, this_run()), tests, "success") is Verdict.PASS
    assert run_verdict(judge({}, {}, tests, this_run()), tests, "success") is Verdict.INCONCLUSIVE


def test_a_condition_without_its_metric_is_shown_and_decides_nothing_alone() -> None:
    tests = regression_tests({"a": ABOVE, "b": ABOVE})
    metrics = judge({"a": 0.5}, {}, tests, this_run())
    assert (metrics[1].verdict, metrics[1].reason) == (Verdict.INCONCLUSIVE, "the run did not write it")
    assert run_verdict(metrics, tests, "success") is Verdict.PASS


def test_conditions_that_judged_nothing_are_inconclusive() -> None:
    tests = regression_tests({"a": ABOVE})
    assert run_verdict(judge({"b": 1.0}, {}, tests, this_run()), tests, "success") is Verdict.INCONCLUSIVE
    assert run_verdict(judge({}, {}, tests, this_run()), tests, "success") is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("status", ["failure", "timeout", "missed"])
def test_a_job_that_did_not_succeed_has_failed_and_its_metrics_are_not_judged(status: JobStatus) -> None:
    tests = regression_tests({"m": ABOVE}, required_metrics=["n"])
    metrics = judge({"m": 0.1}, {}, tests, this_run(status))
    assert metrics == (MetricVerdict("m", 0.1, "not judged: the job did not succeed"),)
    assert run_verdict(metrics, tests, status) is Verdict.FAILED


def test_the_first_failure_waits_for_a_second_where_that_is_asked() -> None:
    tests = regression_tests({"m": ABOVE}, alert_after_second_test_failure="True")
    assert of(0.3, tests, points([0.5])) == (
        "inconclusive",
        "0.100 below; 1 of 2, run again to confirm",
        "inconclusive",
    )
    assert of(0.3, tests, points([0.5, 0.3], outside=[1])) == ("regression", "0.100 below", "regression")
    assert of(0.3, tests, points([0.3, 0.5], outside=[0]))[0] == "inconclusive"


def test_the_bounds_of_a_confirmation_are_those_before_the_first_failure() -> None:
    tests = regression_tests({"m": condition("less", stddevs_from_mean=2)}, alert_after_second_test_failure=True)
    metric = only(judge({"m": 0.96}, {"m": points([*H10, 0.95], outside=[10])}, tests, this_run()))
    assert metric.basis is not None
    assert (metric.verdict, metric.basis.n) == (Verdict.REGRESSION, 10)


@pytest.mark.parametrize(
    ("value", "tests", "history", "sentence"),
    [
        (
            0.79,
            {"m": condition("greater", fixed_value=0.96)},
            (),
            "m is 0.790; it must be greater than 0.96 (fixed value)",
        ),
        (
            0.93,
            {"m": SPIKE},
            H10,
            "m is 0.930; it must be less than 0.926 (mean 0.912 of 10 runs + 4 standard deviations of 0.0034)",
        ),
        (
            15.1,
            {"m": condition("less", stddevs_from_mean=4)},
            (15.0, 15.0),
            "m is 15.10; it must be at most 15.00 (15.00 in all 2 runs before)",
        ),
        (
            15.1,
            {"m": condition("less_or_equal", stddevs_from_mean=0)},
            (15.0,),
            "m is 15.10; it must be at most 15.00 (15.00 in the run before)",
        ),
        (
            14.9,
            {"m": condition("greater", stddevs_from_mean=4)},
            (15.0,) * 2,
            "m is 14.90; it must be at least 15.00 (15.00 in all 2 runs before)",
        ),
        (
            4.0,
            {"m": condition("less_or_equal", stddevs_from_mean=0)},
            (1.0, 3.0),
            "m is 4.000; it must be at most 2.000 (mean of 2 runs)",
        ),
        (math.nan, {"m": ABOVE}, (), "m is NaN; it must be a finite number"),
        (0.1, {"m": condition("greater", stddevs_from_mean=4)}, (1.0, 3.0), None),
    ],
)
def test_a_sentence_says_what_is_and_what_must_be(
    value: float, tests: dict[str, object], history: tuple[float, ...], sentence: str | None
) -> None:
    metric = only(judge({"m": value}, {"m": points(history)}, regression_tests(tests), this_run()))  # type: ignore[arg-type]
    assert metric.sentence == (
        sentence or "m is 0.100; it must be greater than -3.657 (mean 2.000 of 2 runs - 4 standard deviations of 1.414)"
    )


def test_a_missing_metric_says_so() -> None:
    metric = only(judge({}, {}, regression_tests(required_metrics=["m"]), this_run()))
    assert (metric.sentence, metric.bound) == ("m is missing: the run did not write it", None)


@given(
    st.lists(st.floats(allow_infinity=True, allow_nan=True), max_size=4), st.lists(st.floats(-1e6, 1e6), max_size=20)
)
def test_every_run_gets_a_verdict_and_a_pass_is_never_out_of_bounds(values: list[float], history: list[float]) -> None:
    tests = regression_tests({"default": condition("less", stddevs_from_mean=3)})
    metrics = judge(
        {f"m{place}": value for place, value in enumerate(values)}, {"m0": points(history)}, tests, this_run()
    )
    for metric in metrics:
        inside = metric.bounds is not None and metric.value is not None and metric.bounds.contains(metric.value)
        assert (metric.verdict is Verdict.PASS) == inside
    assert run_verdict(metrics, tests, "success") in set(Verdict) - {Verdict.FAILED}


KINDS = st.sampled_from(
    [
        condition("less", fixed_value=1.0),
        condition("less", fixed_value=1.0, wait=3),
        condition("less", fixed_value=1.0, confirm_after=2),
        condition("within", within_bounds={"lower": 0.5, "upper": 1.0}),
        condition("less", percent_difference={"value": 1.0, "percent": 0.1}),
        condition("less", percent_difference={"percent": 0.1}),
        condition("less", stddevs_from_mean=2),
        condition("greater", level_shift={"min_history": 5}),
        condition("less", fixed_value=1.0, transform="log"),
    ]
)


@given(
    st.lists(st.sampled_from([0.9, 0.95, 1.2, 2.0]), max_size=25), st.sampled_from([0.9, 1.2, -1.0, math.nan]), KINDS
)
def test_a_verdict_that_does_not_rest_on_history_is_the_same_from_the_last_points(
    past: list[float], value: float, wanted: SuccessCondition
) -> None:
    tests = regression_tests({"m": wanted})
    whole = points(past, [place for place, one in enumerate(past) if one > 1])
    if not judging.resting_on_history({"m": value}, tests):
        metrics, run = {"m": value}, this_run()
        assert repr(judge(metrics, {"m": whole[-10:]}, tests, run)) == repr(judge(metrics, {"m": whole}, tests, run))


def test_metrics_without_a_condition_or_within_a_known_bound_do_not_rest_on_history() -> None:
    tests = regression_tests(
        {
            "fine": condition("less", fixed_value=1),
            "bad": condition("less", fixed_value=1),
            "mean": condition("less", stddevs_from_mean=1),
        }
    )
    metrics = {"fine": 0.5, "bad": 2.0, "mean": 0.5, "other": 1.0}
    assert judging.resting_on_history(metrics, tests) == ["bad", "mean"]
