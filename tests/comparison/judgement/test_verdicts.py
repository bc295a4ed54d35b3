"""The rules in their order: equality before a difference, a loss before a pass, and limits that are excluded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo.comparison.judgement import verdicts
from cajajejo.comparison.judgement.verdicts import Case
from cajajejo.comparison.values import Direction, Interval
from tests.comparison.judged import criteria, estimate

if TYPE_CHECKING:
    from cajajejo.comparison.values import GateVerdict, Verdict


def case(
    limits: tuple[float, float], difference: float, p_value: float, direction: Direction = "higher_is_better"
) -> Case:
    """A metric whose tolerance is 0.02."""
    return Case(
        criteria=criteria(0.02, direction=direction),
        estimate=estimate(difference),
        interval=Interval(*limits, 0.9),
        p_value=p_value,
        tolerance=0.02,
        p_adjusted=p_value,
    )


@pytest.mark.parametrize(
    ("one", "verdict", "gate"),
    [
        pytest.param(case((-0.019, 0.019), 0, 1), "equal", "pass", id="inside"),
        pytest.param(case((-0.019, -0.001), -0.01, 0.001), "equal", "pass", id="inside, and lower"),
        pytest.param(case((-0.02, 0.01), -0.005, 0.4), "inconclusive", "inconclusive", id="at the lower limit"),
        pytest.param(case((-0.01, 0.02), 0.005, 0.4), "inconclusive", "pass", id="at the upper limit"),
        pytest.param(case((-0.05, -0.02), -0.035, 0.06), "inconclusive", "inconclusive", id="as far as the tolerance"),
        pytest.param(case((-0.05, -0.021), -0.035, 0.06), "inconclusive", "fail", id="beyond the tolerance"),
        pytest.param(case((-0.05, -0.001), -0.03, 0.049), "worse", "fail", id="worse"),
        pytest.param(case((-0.05, -0.001), -0.03, 0.05), "inconclusive", "inconclusive", id="at the level"),
        pytest.param(case((-0.01, 0.03), -0.001, 0.01), "worse", "fail", id="worse, with an interval that lies above"),
        pytest.param(case((0.001, 0.05), 0.03, 0.01), "better", "pass", id="better"),
        pytest.param(case((-0.03, 0.03), 0, 0.01), "inconclusive", "inconclusive", id="no difference"),
        pytest.param(case((0.001, 0.05), 0.03, 0.01, "lower_is_better"), "worse", "fail", id="more, less is better"),
        pytest.param(case((-0.05, 0.01), -0.03, 0.06, "lower_is_better"), "inconclusive", "pass", id="less is better"),
    ],
)
def test_what_is_shown_decides(one: Case, verdict: Verdict, gate: GateVerdict) -> None:
    assert (verdicts.verdict(one), verdicts.gate(one)) == (verdict, gate)


def test_without_a_tolerance_nothing_is_equal() -> None:
    assert not verdicts.within(Interval(0, 0, 0.9), 0)
    assert verdicts.within(Interval(0, 0, 0.9), 1e-300)


def test_where_less_is_better_limits_are_turned() -> None:
    one = case((-0.01, 0.03), 0.01, 0.5, "lower_is_better")
    assert (one.gain, one.limits) == (-0.01, (-0.03, 0.01))
    assert str(case((0, 0), 0, 1, "lower_is_better").gain) == "0.0"


def test_evidence_is_the_gate_interval_and_the_p_value() -> None:
    found = estimate()
    assert verdicts.evidence(found) == (found.gate_interval, found.p_value)
