"""Evaluations and their comparisons as the tests of what is in memory have them."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from cajajejo.comparison.sides import Side
from cajajejo.comparison.values import Comparison, Estimate, MetricComparison
from cajajejo.results import Item, Results, hash_of, scores_of

if TYPE_CHECKING:
    from collections.abc import Sequence

SCORES_A = [0.61, 0.55, 0.72, 0.80, 0.43, 0.66, 0.58, 0.70]
SCORES_B = [0.58, 0.50, 0.73, 0.74, 0.40, 0.61, 0.57, 0.64]


def only(comparison: Comparison) -> MetricComparison:
    (metric,) = comparison.metrics
    return metric


def estimate(comparison: Comparison) -> Estimate:
    found = only(comparison).estimate
    assert found is not None
    return found


def values(comparison: Comparison) -> Comparison:
    """The comparison without what names its sides, as a value whose repr tells all of it."""
    told = {field.name: getattr(comparison, field.name) for field in fields(Comparison)}
    return Comparison(**{**told, "a": Side(name=""), "b": Side(name="")})


def same(one: Comparison, other: Comparison) -> None:
    assert repr(values(one)) == repr(values(other))  # where NaN is as good as NaN


def evaluated(items: Sequence[Item]) -> Results:
    suites = ", ".join(dict.fromkeys(item.suite for item in items if item.suite))
    return Results(suites, "helm", scores_of(items), tuple(items))


def lines(run: Results) -> list[dict[str, Any]]:
    return [asdict(item) for item in run.items]


def twenty(prompt: str = "", **scores: Sequence[float]) -> Results:
    """Items of which each metric has one score."""
    rows = [dict(zip(scores, row, strict=True)) for row in zip(*scores.values(), strict=True)]
    return evaluated(
        [
            Item("v1", "geo", None, f"q-{place}", 0, None, hash_of(prompt), "Paris", "Rome", row, prompt or None)
            for place, row in enumerate(rows)
        ]
    )


RIGHT = [1.0] * 12 + [0.0] * 8
FEWER = [1.0] * 5 + [0.0] * 15
