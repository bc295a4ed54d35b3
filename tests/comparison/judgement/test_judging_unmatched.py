"""Items that one run lacks: a verdict stands only where it is the same with them at worst and at best."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.comparison.judged import counted, criteria, graded, judged, measured

if TYPE_CHECKING:
    from cajajejo.comparison.paired import Paired

C1 = counted(500, 24, 10, right=390)


def apart(paired: Paired, only_a: int = 0, only_b: int = 0, score: float = 1.0) -> Paired:
    """`paired`, with items that only one run has."""
    return replace(paired, unmatched_a=np.full(only_a, score), unmatched_b=np.full(only_b, score))


def test_up_to_one_percent_without_a_partner_changes_nothing() -> None:
    whole, less = judged(measured(C1, criteria())), judged(measured(apart(C1, only_a=5), criteria()))
    assert replace(less, unpaired=whole.unpaired) == whole


def test_more_than_five_percent_without_a_partner_are_inconclusive() -> None:
    found = judged(measured(apart(C1, only_a=20, only_b=7), criteria(0.05)))
    assert (found.verdict, found.gate) == ("inconclusive", "inconclusive")
    assert found.reason == "27 of 527 items are in one run alone, 20 of them only in A: 5.12 %, where 5 % is the most"
    assert judged(measured(apart(C1, only_b=26), criteria(0.2))).verdict == "equal"


def test_a_verdict_that_missing_items_cannot_change_stands() -> None:
    found = judged(measured(apart(counted(500, 60, 10), only_a=6), criteria(0.02)))
    assert (found.verdict, found.gate) == ("worse", "fail")
    assert found.notes == ("6 of 506 items are in one run alone; scored at worst or at best, they change nothing.",)
    assert found.estimate is not None
    assert found.estimate.pairs == 500


def test_a_verdict_that_missing_items_could_change_is_inconclusive() -> None:
    found = judged(measured(apart(C1, only_b=8), criteria()))
    assert (found.verdict, found.gate) == ("inconclusive", "inconclusive")
    assert found.reason == (
        "worse over the pairs, but 8 of 508 items are in one run alone, and scored in favour of B they make it"
        " inconclusive"
    )
    assert found.gate_reason.startswith("fail over the pairs, but 8 of 508 items are in one run alone, and scored")
    assert found.p_adjusted == pytest.approx(0.0166738, rel=5e-6)


def test_what_missing_items_could_change_is_asked_of_each_in_turn() -> None:
    found = judged(measured(apart(counted(1000, 0, 0), only_a=12), criteria(0.01)))
    assert (found.verdict, found.gate, found.p_adjusted) == ("inconclusive", "inconclusive", None)
    assert found.reason == (
        "equal over the pairs, but 12 of 1,012 items are in one run alone, and scored against B they make it worse"
    )
    assert found.gate_reason == (
        "pass over the pairs, but 12 of 1,012 items are in one run alone, and scored against B they make it fail"
    )


def test_a_gate_may_stand_where_the_verdict_does_not() -> None:
    found = judged(measured(apart(counted(1000, 0, 0), only_b=12), criteria(0.005)))
    assert (found.verdict, found.gate) == ("inconclusive", "pass")
    assert found.reason.endswith("scored in favour of B they make it better")
    assert found.gate_reason == "a drop of 0.0023 at most, at 95 % confidence, is less than the 0.005 allowed"
    assert found.notes == ()


def test_a_gate_is_held_against_missing_items_also_where_the_verdict_is_open() -> None:
    found = judged(measured(apart(counted(1000, 10, 14), only_b=12), criteria(0.008)))
    assert (found.verdict, found.gate) == ("inconclusive", "pass")
    assert found.reason.startswith("a rise of 0.0040 is within the 0.008 allowed, but 1,000 pairs cannot rule out one")
    assert found.notes[-1] == (
        "12 of 1,012 items are in one run alone; scored at worst or at best, they change nothing."
    )
    lost = judged(measured(apart(counted(1000, 10, 14), only_a=12), criteria(0.008)))
    assert (lost.verdict, lost.gate) == ("inconclusive", "inconclusive")
    assert lost.reason == found.reason
    assert lost.gate_reason.endswith("scored against B they make it inconclusive")


@pytest.mark.parametrize("known", [{}, {"score_range": (0.0, 5.0)}, {"score_range": (-np.inf, np.inf)}])
def test_without_bounds_of_scores_nothing_bounds_what_missing_items_hide(known: dict[str, Any]) -> None:
    paired = apart(graded([5.0, 4.0] * 50, [3.0, 2.0] * 50), only_a=2, score=7.0)
    found = judged(measured(paired, criteria(**known)))
    assert (found.verdict, found.gate) == ("inconclusive", "inconclusive")
    assert found.reason == (
        "worse over the pairs, but 2 of 102 items are in one run alone, and no range of scores (score_range)"
        " bounds what they may hide"
    )
    assert judged(measured(paired, criteria(score_range=(0, 10)))).verdict == "worse"


def test_bounds_that_no_number_can_span_bound_nothing() -> None:
    paired = apart(graded([5.0, 4.0] * 50, [3.0, 2.0] * 50), only_b=2, score=-1.7e308)
    found = judged(measured(paired, criteria(score_range=(-1.7e308, 1.7e308))))
    assert found.reason.endswith("no range of scores (score_range) bounds what they may hide")


def test_what_is_inconclusive_anyway_says_nothing_of_missing_items() -> None:
    found = judged(measured(apart(counted(500, 33, 21), only_b=8), criteria()))
    assert (found.reason, len(found.notes)) == ("500 pairs cannot tell a drop of 0.024 from chance (p 0.1)", 1)
