"""The items of one metric of two runs, joined by their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cajajejo.comparison.items.keys import shared
from cajajejo.comparison.paired import Gaps, Paired

if TYPE_CHECKING:
    from cajajejo.comparison.items.answers import Answers, Flags
    from cajajejo.comparison.paired import Floats, Ints, Names


def join(a: Answers, b: Answers, groups_a: Names, groups_b: Names) -> Paired:
    """The pairs of one metric, in the order of their numbers, with the groups of the rows of both runs.

    The group that A gives an item counts; where A gives none, that of B.

    An item is a pair where both runs have a score for it: all its repeats are finite, and none is in doubt.
    """
    both_a, both_b = shared(a.numbers, b.numbers)
    usable = a.usable[both_a] & b.usable[both_b]
    pairs_a, pairs_b = both_a[usable], both_b[usable]
    rows_a, rows_b = a.rows[pairs_a], b.rows[pairs_b]
    groups = np.where(groups_a[rows_a] == 0, groups_b[rows_b], groups_a[rows_a])
    alone_a, alone_b = _others(a, both_a), _others(b, both_b)
    return Paired(
        a=a.means[pairs_a],
        b=b.means[pairs_b],
        clusters=clusters_of(groups),
        groups=groups,
        repeats_a=_repeats(a, pairs_a),
        repeats_b=_repeats(b, pairs_b),
        noise_a=_noise(a, pairs_a),
        noise_b=_noise(b, pairs_b),
        rows_a=rows_a,
        rows_b=rows_b,
        unmatched_a=a.means[alone_a & a.usable],
        unmatched_b=b.means[alone_b & b.usable],
        unmatched_groups=np.concatenate((groups_a[a.rows[alone_a & a.usable]], groups_b[b.rows[alone_b & b.usable]])),
        gaps=Gaps(
            only_a=np.sort(a.rows[alone_a]),
            only_b=np.sort(b.rows[alone_b]),
            nan_a=np.sort(a.rows[a.nan]),
            nan_b=np.sort(b.rows[b.nan]),
            duplicates_a=a.duplicates,
            duplicates_b=b.duplicates,
            conflicting_a=np.sort(a.rows[a.conflicting]),
            conflicting_b=np.sort(b.rows[b.conflicting]),
        ),
    )


def clusters_of(groups: Names) -> Ints | None:
    """The number of the cluster of each item, from 0; None where no two share a group.

    An item without a group, 0, is a cluster of its own.
    """
    grouped = np.flatnonzero(groups)
    names, numbers = np.unique(groups[grouped], return_inverse=True)
    if len(names) == len(grouped):
        return None
    alone = len(groups) - len(grouped)
    clusters = np.empty(len(groups), np.int64)
    clusters[grouped] = numbers
    clusters[groups == 0] = np.arange(len(names), len(names) + alone)
    return clusters


def _others(answers: Answers, places: Ints) -> Flags:
    """Whether an item stands at none of `places`."""
    others = np.ones(len(answers.numbers), np.bool_)
    others[places] = False
    return others


def _repeats(answers: Answers, pairs: Ints) -> Ints | None:
    """How many repeats the pairs have; None: one each."""
    if answers.counts is None:
        return None
    counts = answers.counts[pairs]
    return counts if (counts > 1).any() else None


def _noise(answers: Answers, pairs: Ints) -> Floats | None:
    """The variance within each pair; None where a pair has one answer."""
    if answers.variances is None or np.isnan(variances := answers.variances[pairs]).any():
        return None
    return variances
