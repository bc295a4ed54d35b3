"""Items without a partner: how many, and the pairs with them scored at worst and at best."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cajajejo.comparison.frames import compare
from cajajejo.comparison.judgement import bounding
from cajajejo.comparison.paired import Paired
from cajajejo.comparison.statistics.measuring import measure
from tests.comparison.judged import criteria, graded

PAIRED = graded([1, 0], [0.5, 1], unmatched_a=np.array([0.25]), unmatched_b=np.array([0.75, 1.0]))


def test_the_share_is_of_the_items_of_either_run() -> None:
    assert (bounding.unmatched(PAIRED), bounding.unmatched_share(PAIRED)) == (3, 0.6)
    assert bounding.unmatched_share(graded([1], [1])) == 0
    assert bounding.unmatched_share(graded([], [])) == 0
    assert bounding.unmatched_share(graded([], [], unmatched_a=np.ones(2))) == 1


@pytest.mark.parametrize(
    ("sign", "expected"),
    [
        pytest.param(1, [([0.25, 9, 9], [-3, 0.75, 1]), ([0.25, -3, -3], [9, 0.75, 1])], id="more is better"),
        pytest.param(-1, [([0.25, -3, -3], [9, 0.75, 1]), ([0.25, 9, 9], [-3, 0.75, 1])], id="less is better"),
    ],
)
def test_what_one_run_lacks_is_scored_against_b_and_then_for_b(
    sign: int, expected: list[tuple[list[float], list[float]]]
) -> None:
    found = bounding.extremes(PAIRED, (-3, 9), sign)
    assert [(one.a.tolist(), one.b.tolist()) for one in found] == [
        ([1, 0, *of_a], [0.5, 1, *of_b]) for of_a, of_b in expected
    ]
    assert [bounding.unmatched(one) for one in found] == [0, 0]


def test_every_item_without_a_partner_is_a_cluster_and_an_answer_of_its_own() -> None:
    paired = graded(
        [1, 0, 0.5],
        [1, 1, 0.5],
        clusters=np.array([0, 1, 0]),
        groups=np.array([7, 8, 7], np.uint64),
        repeats_a=np.array([2, 2, 3]),
        noise_a=np.array([0.1, 0.2, 0.3]),
        noise_b=np.array([0.1, 0.2, 0.3]),
        unmatched_b=np.array([1.0, 0.0]),
    )
    one, _ = bounding.extremes(paired, (0, 1), 1)
    assert one.clusters is not None
    assert one.groups is not None
    assert one.repeats_a is not None
    assert one.clusters.tolist() == [0, 1, 0, 2, 3]
    assert one.groups.tolist() == [7, 8, 7, 0, 0]
    assert one.groups.dtype == np.dtype(np.uint64)
    assert (one.repeats_a.tolist(), one.repeats_b) == ([2, 2, 3, 1, 1], None)
    assert (one.noise_a, one.noise_b) == (None, None)


def test_the_extremes_enclose_whatever_the_missing_scores_are() -> None:
    random = np.random.default_rng(1)
    a, b = random.random(60), random.random(60)
    paired = Paired(a=a[:50], b=b[:50], unmatched_a=a[50:55], unmatched_b=b[55:])
    worst, best = (measure(one, criteria()) for one in bounding.extremes(paired, (0, 1), 1))
    truth = measure(Paired(a=a, b=b), criteria())
    assert worst is not None
    assert best is not None
    assert truth is not None
    assert worst.difference < truth.difference < best.difference
    assert worst.pairs == best.pairs == 60


@pytest.mark.parametrize(
    ("score_range", "holds"),
    [
        ((0, 1), True),
        ((-5, 5), True),
        ((0, 0.9), False),
        ((0.1, 1), False),
        ((-math.inf, 1), False),
        ((0, math.inf), False),
    ],
)
def test_bounds_are_finite_and_hold_every_score(score_range: tuple[float, float], holds: object) -> None:
    assert bounding.bounds(score_range, PAIRED) is holds


def test_the_scores_of_items_without_a_partner_count_too() -> None:
    assert not bounding.bounds((0, 1), graded([1], [0], unmatched_b=np.array([2.0])))
    assert not bounding.bounds((0, 1), graded([1], [0], unmatched_a=np.array([-1.0])))


def test_questions_of_one_passage_that_are_missing_together_are_one_cluster() -> None:
    def lines(count: int) -> list[dict[str, object]]:
        scores = [{"m": float(number * 7 % 10 != 0)} for number in range(count)]
        return [
            {"scenario": "s", "id": str(number), "group": str(number // 20), "scores": score}
            for number, score in enumerate(scores)
        ]

    whole, lacking = lines(1_000), lines(960)
    for allowed, verdict in ((0.07, "inconclusive"), (0.08, "equal")):
        (found,) = compare(whole, lacking, max_drop=allowed).metrics
        assert (found.verdict, found.gate) == (verdict, {"equal": "pass"}.get(verdict, verdict))
