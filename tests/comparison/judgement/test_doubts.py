"""What keeps a metric from being judged is told with the numbers in it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cajajejo.comparison.judgement.doubts import doubts
from cajajejo.comparison.values import Gap, Unpaired
from tests.comparison.judged import NO_GAPS, counted, criteria, estimate, graded


@pytest.mark.parametrize(
    ("only_a", "only_b", "told"),
    [
        (0, 0, "no item has a score in both runs"),
        (3, 0, "B has no score of it, while A has 3 items"),
        (0, 1, "A has no score of it, while B has 1 item"),
        (1200, 3, "no item is in both runs: 1,200 are only in A, 3 only in B"),
    ],
)
def test_where_nothing_is_paired_it_says_who_has_what(only_a: int, only_b: int, told: str) -> None:
    paired = graded([], [], unmatched_a=np.ones(only_a), unmatched_b=np.ones(only_b))
    assert list(doubts(paired, None, NO_GAPS, criteria())) == [told]


def test_scores_that_are_no_numbers_are_told_of_both_runs() -> None:
    gaps = Unpaired(nan_a=Gap(count=1, names=("q\n1",)), nan_b=Gap(count=1203, names=("a", "b", "c", "d", "e")))
    assert list(doubts(counted(50, 1, 1), estimate(), gaps, criteria())) == [
        "1 score of A is not a number: q\n1",
        "1,203 scores of B are not a number: a, b, c and 1,200 more",
    ]


def test_duplicates_and_few_items_without_a_partner_are_no_doubt() -> None:
    gaps = Unpaired(duplicates=Gap(count=3), only_a=Gap(count=2))
    paired = graded([1] * 38, [0] * 38, unmatched_a=np.ones(2))
    assert list(doubts(paired, estimate(pairs=38), gaps, criteria())) == []


def test_more_than_one_item_in_twenty_without_a_partner_is_one() -> None:
    paired = graded([1] * 37, [0] * 37, unmatched_b=np.ones(2))
    assert list(doubts(paired, estimate(pairs=37), NO_GAPS, criteria())) == [
        "2 of 39 items are in one run alone, 0 of them only in A: 5.13 %, where 5 % is the most"
    ]


@pytest.mark.parametrize("missing", ["interval", "gate_interval", "p_value", "std_err"])
def test_what_is_not_defined_decides_nothing(missing: str) -> None:
    undefined: dict[str, Any] = {missing: None}
    found = replace(estimate(), **undefined)
    assert list(doubts(counted(500, 1, 1), found, NO_GAPS, criteria())) == [
        "no standard error can be told of 500 pairs"
    ]


@pytest.mark.parametrize("beyond", [float("inf"), float("nan")])
def test_what_is_beyond_all_numbers_decides_nothing(beyond: float) -> None:
    found = estimate(p_value=beyond)
    assert list(doubts(counted(500, 1, 1), found, NO_GAPS, criteria())) == [
        "no standard error can be told of 500 pairs"
    ]


def test_one_answer_contradicts_another_one() -> None:
    gaps = Unpaired(conflicting=Gap(count=1, names=("q1",)))
    assert list(doubts(counted(50, 1, 1), estimate(), gaps, criteria())) == [
        "1 answer contradicts another one of the same item and repeat: q1"
    ]
