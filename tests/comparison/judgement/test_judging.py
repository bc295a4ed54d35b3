"""Verdicts, their reasons and what a gate makes of them: the worked examples, and what no data may bring about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests

from cajajejo.comparison.judgement.judging import Measured, holm, judge
from cajajejo.comparison.values import Gap, Unpaired
from tests.comparison.judged import counted, criteria, estimate, given, graded, judged, measured

if TYPE_CHECKING:
    from cajajejo.comparison.paired import Paired

C1 = counted(500, 24, 10, right=390)
C2 = graded([0.61, 0.55, 0.72, 0.80, 0.43, 0.66, 0.58, 0.70], [0.58, 0.50, 0.73, 0.74, 0.40, 0.61, 0.57, 0.64])
C7 = counted(2000, 14, 9)
C8_TIGHT, C8_WIDE = estimate(-0.004, 0.003), estimate(-0.004, 0.0045)
C9, C10 = estimate(-0.012, 0.004), estimate(-0.03, 0.012)
TOST_P = {0.003: 0.023021, 0.0045: 0.091515}


def outcome(one: Measured) -> tuple[str, str]:
    """The verdict, and what a gate says."""
    found = judged(one)
    return found.verdict, found.gate


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        pytest.param(measured(C1, criteria()), ("worse", "fail"), id="C1, nothing tolerated"),
        pytest.param(measured(C1, criteria(0.05)), ("equal", "pass"), id="C1, 0.05 tolerated"),
        pytest.param(measured(C1, criteria(0.02)), ("worse", "fail"), id="C1, 0.02 tolerated"),
        pytest.param(measured(C2, criteria()), ("inconclusive", "inconclusive"), id="C2, 8 pairs"),
        pytest.param(measured(C2, criteria(min_pairs=8)), ("worse", "fail"), id="C2, 8 pairs are enough"),
        pytest.param(
            measured(counted(20, 0, 0), criteria(0.01)), ("inconclusive", "inconclusive"), id="C5, 20 unchanged"
        ),
        pytest.param(measured(counted(1000, 0, 0), criteria(0.01)), ("equal", "pass"), id="C5, 1000 unchanged"),
        pytest.param(measured(counted(50, 5, 0), criteria()), ("worse", "fail"), id="C6, five lost"),
        pytest.param(measured(counted(50, 6, 0), criteria()), ("worse", "fail"), id="C6, six lost"),
        pytest.param(measured(C7, criteria(0.01)), ("equal", "pass"), id="C7"),
        pytest.param(given(C8_TIGHT, criteria(0.01)), ("equal", "pass"), id="C8, standard error 0.003"),
        pytest.param(given(C8_WIDE, criteria(0.01)), ("inconclusive", "inconclusive"), id="C8, standard error 0.0045"),
        pytest.param(given(C9, criteria(0.02)), ("equal", "pass"), id="C9"),
        pytest.param(given(C10, criteria(0.02)), ("worse", "fail"), id="C10"),
    ],
)
def test_the_worked_examples_have_their_verdicts(one: Measured, expected: tuple[str, str]) -> None:
    assert outcome(one) == expected


@pytest.mark.parametrize(
    ("paired", "p_value"),
    [
        pytest.param(C1, 0.0166738, id="C1"),
        pytest.param(counted(50, 5, 0), 0.03125, id="C6, five lost"),
        pytest.param(counted(50, 6, 0), 0.015625, id="C6, six lost"),
        pytest.param(C2, 0.0234375, id="C2"),
    ],
)
def test_a_metric_that_is_judged_alone_keeps_its_p_value(paired: Paired, p_value: float) -> None:
    assert judged(measured(paired, criteria(min_pairs=8))).p_adjusted == pytest.approx(p_value, rel=5e-6)


def test_identical_answers_are_equal_only_within_a_tolerance() -> None:
    found = judged(measured(counted(1_000_000, 0, 0), criteria()))
    assert (found.verdict, found.gate) == ("inconclusive", "inconclusive")
    assert (
        found.reason == "1,000,000 pairs show no difference, but nothing counts as equal without a tolerance (max_drop)"
    )
    assert found.notes == ()


@pytest.mark.parametrize(("tolerance", "pairs"), [(0.005, 464), (0.01, 231), (0.02, 115), (0.03, 76), (0.05, 45)])
def test_equality_of_unchanged_answers_is_shown_from_a_certain_number_on(tolerance: float, pairs: int) -> None:
    few = judged(measured(counted(pairs - 1, 0, 0), criteria(tolerance)))
    enough = judged(measured(counted(pairs, 0, 0), criteria(tolerance)))
    assert (few.verdict, enough.verdict) == ("inconclusive", "equal")
    assert few.notes == (f"no item changed; to show that as equal within {tolerance}, {pairs} pairs are needed.",)


@pytest.mark.parametrize("std_err", TOST_P)
def test_two_one_sided_tests_reject_where_the_interval_lies_inside(std_err: float) -> None:
    difference, tolerance, df = -0.004, 0.01, 499
    p_value = max(
        stats.t.sf((difference + tolerance) / std_err, df), stats.t.cdf((difference - tolerance) / std_err, df)
    )
    assert p_value == pytest.approx(TOST_P[std_err], rel=5e-5)
    found = judged(given(estimate(difference, std_err), criteria(tolerance)))
    assert (found.verdict == "equal") == (p_value < 0.05)


def test_holm_adjusts_the_worked_example() -> None:
    assert holm([0.004, 0.012, 0.03, 0.2]) == pytest.approx([0.016, 0.036, 0.06, 0.2], abs=1e-15)


@drawn(st.lists(st.floats(0, 1), min_size=1, max_size=40))
@settings(deadline=None)
def test_holm_is_what_statsmodels_has(p_values: list[float]) -> None:
    expected = multipletests(p_values, method="holm")[1]
    assert np.abs(np.array(holm(p_values)) - expected).max() <= 1e-12


def test_holm_of_nothing_is_nothing() -> None:
    assert holm([]) == []


def several(*p_values: float) -> list[Measured]:
    """Metrics that B loses, with these p-values."""
    return [given(estimate(p_value=p_value), criteria(), name=f"m{p_value}") for p_value in p_values]


def test_metrics_are_tested_together() -> None:
    found = judge(several(0.2, 0.012, 0.03, 0.004))
    assert [metric.p_adjusted for metric in found] == pytest.approx([0.2, 0.036, 0.06, 0.016])
    assert [metric.verdict for metric in found] == ["inconclusive", "worse", "inconclusive", "worse"]
    assert "p 0.036 after Holm over 4" in found[1].reason
    assert [metric.name for metric in found] == ["m0.2", "m0.012", "m0.03", "m0.004"]


def test_without_a_correction_every_metric_stands_alone() -> None:
    found = judge(several(0.2, 0.012, 0.03, 0.004), "none")
    assert [metric.p_adjusted for metric in found] == [0.2, 0.012, 0.03, 0.004]
    assert [metric.verdict for metric in found] == ["inconclusive", "worse", "worse", "worse"]


def test_a_p_value_that_equals_the_level_is_not_significant() -> None:
    (found,) = judge(several(0.05))
    assert found.verdict == "inconclusive"


def test_metrics_that_are_equal_or_cannot_be_judged_do_not_count_among_the_tests() -> None:
    equal, doubtful = given(C9, criteria(0.02)), given(estimate(pairs=5), criteria())
    found = judge([*several(0.03), equal, doubtful])
    assert [metric.verdict for metric in found] == ["worse", "equal", "inconclusive"]
    assert [metric.p_adjusted for metric in found] == [0.03, pytest.approx(2 * 0.002835, rel=1e-3), None]


def test_whether_an_equal_metric_is_lower_all_the_same_is_tested_beside_the_others() -> None:
    equal = given(C9, criteria(0.02))
    alone = judged(equal)
    assert alone.reason == (
        "B - A is -0.012, with a 90 % interval from -0.019 to -0.0054 inside of the 0.02 allowed either way,"
        " but B is significantly lower (p 0.0028)"
    )
    *_, beside = judge([*several(*[0.5] * 20), equal])
    assert beside.verdict == "equal"
    assert beside.p_adjusted == pytest.approx(21 * alone.p_adjusted) if alone.p_adjusted else None
    assert "significantly" not in beside.reason


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        pytest.param(given(None, criteria()), "no item has a score in both runs", id="no pair"),
        pytest.param(
            given(estimate(pairs=9), criteria()), "9 pairs cannot be judged: 10 are the least", id="few pairs"
        ),
        pytest.param(
            given(estimate(pairs=12, clusters=5), criteria()),
            "12 pairs in 5 groups cannot be judged: 6 groups are the least",
            id="few groups",
        ),
        pytest.param(
            given(estimate(), criteria(), Unpaired(nan_b=Gap(count=2, names=("q1", "q2")))),
            "2 scores of B are not a number: q1, q2",
            id="no numbers",
        ),
        pytest.param(
            given(estimate(), criteria(), Unpaired(conflicting=Gap(count=1, names=("q1",)))),
            "1 answer contradicts another one of the same item and repeat: q1",
            id="a contradiction",
        ),
        pytest.param(
            given(estimate(), criteria(), Unpaired(conflicting=Gap(count=4, names=("q1", "q2", "q3", "q4")))),
            "4 answers contradict another one of the same item and repeat: q1, q2, q3 and 1 more",
            id="contradictions",
        ),
        pytest.param(
            given(estimate(std_err=0.0, difference=0.0, gate_interval=None, up=0, down=0), criteria()),
            "every score of 500 pairs is 0.500, and without the range of scores (score_range of a policy)"
            " that shows nothing",
            id="no interval",
        ),
    ],
)
def test_what_cannot_be_judged_is_inconclusive_for_the_verdict_and_the_gate(one: Measured, reason: str) -> None:
    found = judged(one)
    assert (found.verdict, found.gate) == ("inconclusive", "inconclusive")
    assert (found.reason, found.gate_reason, found.notes) == (reason, reason, ())


def test_every_doubt_is_told() -> None:
    gaps = Unpaired(nan_a=Gap(count=1, names=("q1",)))
    found = judged(given(estimate(pairs=7, clusters=3), criteria(), gaps))
    assert found.reason == "1 score of A is not a number: q1"
    assert found.notes == (
        "7 pairs cannot be judged: 10 are the least.",
        "7 pairs in 3 groups cannot be judged: 6 groups are the least.",
    )


def test_six_groups_are_enough() -> None:
    assert judged(given(estimate(pairs=10, clusters=6, p_value=0.01), criteria())).verdict == "worse"


def test_a_tolerance_is_known_where_nothing_is_paired() -> None:
    assert judged(given(None, criteria(0.02))).tolerance == 0.02
    assert judged(given(None, criteria(max_relative_drop=0.1))).tolerance == 0


def test_the_stricter_of_two_tolerances_counts() -> None:
    both = criteria(0.05, max_relative_drop=0.06)
    assert judged(given(estimate(a=0.5), both)).tolerance == pytest.approx(0.03)
    assert judged(given(estimate(a=-0.9), both)).tolerance == 0.05


def mirrored(one: Measured) -> Measured:
    """The same metric where less is better: every score with the other sign."""
    paired = replace(one.paired, a=1 - one.paired.a, b=1 - one.paired.b)
    return measured(paired, replace(one.criteria, direction="lower_is_better"))


@pytest.mark.parametrize("tolerance", [0, 0.02, 0.05])
@pytest.mark.parametrize("pair", [(500, 24, 10), (500, 10, 24), (500, 3, 3), (500, 0, 0), (500, 14, 9)])
def test_where_less_is_better_the_same_is_said_with_the_words_turned(
    pair: tuple[int, int, int], tolerance: float
) -> None:
    one = measured(counted(*pair), criteria(tolerance))
    found, turned = judged(one), judged(mirrored(one))
    assert (found.verdict, found.gate) == (turned.verdict, turned.gate)
    assert (found.better, found.worse) == (turned.better, turned.worse)
    words = found.gate_reason.replace("drop", "RISE").replace("rise", "drop").replace("RISE", "rise")
    assert turned.gate_reason == words


@drawn(
    pairs=st.integers(10, 3000),
    shares=st.tuples(st.floats(0, 0.5), st.floats(0, 0.5)),
    tolerance=st.sampled_from([0.0, 0.001, 0.01, 0.02, 0.05, 0.2]),
)
@settings(deadline=None)
def test_a_gate_passes_what_is_equal_and_fails_what_is_worse(
    pairs: int, shares: tuple[float, float], tolerance: float
) -> None:
    down, up = (int(share * pairs) for share in shares)
    found = judged(measured(counted(pairs, down, up), criteria(tolerance)))
    gate_interval = found.estimate.gate_interval if found.estimate else None
    assert gate_interval is not None
    if found.verdict == "equal":
        assert found.gate == "pass"
        assert -tolerance < gate_interval.lower <= gate_interval.upper < tolerance
    if found.verdict == "worse":
        assert found.gate == "fail"
        assert up < down
    if found.gate == "pass":
        assert gate_interval.lower > -tolerance
    if found.verdict == "better":
        assert up > down
    assert found.reason
    assert found.gate_reason
