"""The pairs of one metric as arrays, and what of it could not be paired."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Names: TypeAlias = NDArray[np.uint64]
"""Digests of names; 0: none."""
_ROUNDING: Final = 8 * np.finfo(np.float64).eps
"""Two scores that differ by no more than this share of themselves are one score, computed in two ways."""


def _no_rows() -> Ints:
    return np.empty(0, np.int64)


def _no_scores() -> Floats:
    return np.empty(0)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Gaps:
    """What of a metric is not a pair, as rows of the two runs, each in ascending order.

    An item has one row here, that of its first repeat, however many lines it has; of `duplicates` every line has one.

    Attributes:
        only_a: rows of A whose item has no partner in B.
        only_b: rows of B whose item has no partner in A.
        nan_a: rows of items of A that have a score that is no finite number; they are no pairs.
        nan_b: the same of B.
        duplicates_a: rows of A that repeat another line exactly; they were left out.
        duplicates_b: the same of B.
        conflicting_a: rows of items of A that have two lines of one repeat which say different things; no pairs.
        conflicting_b: the same of B.
    """

    only_a: Ints = field(default_factory=_no_rows)
    only_b: Ints = field(default_factory=_no_rows)
    nan_a: Ints = field(default_factory=_no_rows)
    nan_b: Ints = field(default_factory=_no_rows)
    duplicates_a: Ints = field(default_factory=_no_rows)
    duplicates_b: Ints = field(default_factory=_no_rows)
    conflicting_a: Ints = field(default_factory=_no_rows)
    conflicting_b: Ints = field(default_factory=_no_rows)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Paired:
    """The n pairs of one metric, in the order of their keys, whatever the order of the lines was.

    Attributes:
        a: scores of the baseline, shape (n,), finite; of an item with repeats their mean.
        b: scores of the candidate, in the same order.
        clusters: the number of the cluster that each pair belongs to, shape (n,), from 0; None where no two pairs
            share a group. A pair without a group is a cluster of its own.
        groups: the digest of the group of each pair, shape (n,), uint64; 0: none. None where groups are not known by
            name.
        repeats_a: how many answers each score of `a` is the mean of, shape (n,); None: one each.
        repeats_b: the same of `b`.
        noise_a: variance of the repeats within each item of A (n - 1), shape (n,); None where some item has one answer.
        noise_b: the same of B.
        rows_a: the first row of each pair in A, shape (n,).
        rows_b: the same in B.
        unmatched_a: scores of the items that only A has, shape (k,), finite.
        unmatched_b: the same of B.
        unmatched_groups: the digest of the group of each item of `unmatched_a`, then of `unmatched_b`; None: no groups.
        gaps: what could not be paired.
        seed: digest of the sorted keys of the pairs and of the name of the metric, for what is drawn at random.
    """

    a: Floats
    b: Floats
    clusters: Ints | None = None
    groups: Names | None = None
    repeats_a: Ints | None = None
    repeats_b: Ints | None = None
    noise_a: Floats | None = None
    noise_b: Floats | None = None
    rows_a: Ints = field(default_factory=_no_rows)
    rows_b: Ints = field(default_factory=_no_rows)
    unmatched_a: Floats = field(default_factory=_no_scores)
    unmatched_b: Floats = field(default_factory=_no_scores)
    unmatched_groups: Names | None = None
    gaps: Gaps = field(default_factory=Gaps)
    seed: bytes = b""

    @property
    def differences(self) -> Floats:
        """What B scored more than A, pair by pair, shape (n,); 0 where only rounding differs, as 0.1 + 0.2 and 0.3.

        Else equal scores would seem to vary, by next to nothing, and to be known as exactly.
        """
        with np.errstate(over="ignore"):  # what is infinite is told by who judges it
            found = self.b - self.a
        return np.where(np.abs(found) <= _ROUNDING * np.maximum(np.abs(self.a), np.abs(self.b)), 0.0, found)
