"""What items that only one run has could change: the pairs with these items scored at worst, and at best."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

from cajajejo.comparison.items.joining import clusters_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cajajejo.comparison.paired import Ints, Names, Paired

Range: TypeAlias = tuple[float, float]
Number = TypeVar("Number", bound=np.generic)


def unmatched(paired: Paired) -> int:
    """How many items only one of the two runs has."""
    return len(paired.unmatched_a) + len(paired.unmatched_b)


def unmatched_share(paired: Paired) -> float:
    """u: 1 - pairs / items of either run; 0 where there are no items."""
    alone = unmatched(paired)
    return alone / (alone + len(paired.a)) if alone else 0.0


def bounds(score_range: Range, paired: Paired) -> bool:
    """Whether `score_range` is finite, and all scores, of pairs and of items without a partner, lie in it."""
    scores = (paired.a, paired.b, paired.unmatched_a, paired.unmatched_b)
    lowest, highest = score_range
    inside = all(bool(np.all((some >= lowest) & (some <= highest))) for some in scores)
    return inside and math.isfinite(lowest) and math.isfinite(highest)


def extremes(paired: Paired, score_range: Range, sign: int) -> tuple[Paired, Paired]:
    """The pairs with every item that one run lacks, scored against B, and scored in favour of B.

    Against B, what B lacks counts as B's worst score and what A lacks as A's best one (Manski 1990: bounds without any
    assumption about what is missing). `sign` is 1 where higher is better. An item without a partner is one answer, in
    the cluster of its group: where a passage is missing as a whole, its items are lost together.
    """
    worst, best = score_range if sign > 0 else score_range[::-1]
    return _filled(paired, in_a=best, in_b=worst), _filled(paired, in_a=worst, in_b=best)


def _filled(paired: Paired, *, in_a: float, in_b: float) -> Paired:
    alone = unmatched(paired)
    groups, clusters = _grouped(paired, alone)
    return replace(
        paired,
        a=np.concatenate((paired.a, paired.unmatched_a, np.full(len(paired.unmatched_b), in_a))),
        b=np.concatenate((paired.b, np.full(len(paired.unmatched_a), in_b), paired.unmatched_b)),
        clusters=clusters,
        groups=groups,
        repeats_a=_extended(paired.repeats_a, alone, 1),
        repeats_b=_extended(paired.repeats_b, alone, 1),
        noise_a=None,
        noise_b=None,
        unmatched_a=paired.unmatched_a[:0],
        unmatched_b=paired.unmatched_b[:0],
        unmatched_groups=None,
    )


def _grouped(paired: Paired, alone: int) -> tuple[Names | None, Ints | None]:
    """The groups and the clusters of the pairs, and of what has no partner: without a known group, its own cluster."""
    if paired.groups is None or paired.unmatched_groups is None:
        return _extended(paired.groups, alone, 0), _with_own_clusters(paired.clusters, alone)
    groups = np.concatenate((paired.groups, paired.unmatched_groups))
    return groups, clusters_of(groups)


def _with_own_clusters(clusters: Ints | None, count: int) -> Ints | None:
    if clusters is None:
        return None
    first = clusters.max() + 1
    return np.concatenate((clusters, np.arange(first, first + count)))


def _extended(values: NDArray[Number] | None, count: int, value: int) -> NDArray[Number] | None:
    return None if values is None else np.concatenate((values, np.full(count, value, values.dtype)))
