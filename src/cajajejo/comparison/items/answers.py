"""The lines of one metric of one run as items: repeats as one mean, the same line once, contradictions told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from cajajejo.comparison.items.columns import Columns
    from cajajejo.comparison.paired import Floats, Ints

Flags: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Asked:
    """What was asked, in the order of items, then of repeats; prompt 0: not known."""

    numbers: Ints
    repeats: Ints
    prompts: NDArray[np.uint64]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Order:
    """Lines in the order of their items, of repeats, and of rows; metrics that the same lines have share it.

    Attributes:
        places: where each line stands among those that have the metric, shape (n,).
        rows: their rows.
        asked: what they asked.
        repeated: whether two of them have the same item.
    """

    places: Ints
    rows: Ints
    asked: Asked
    repeated: bool


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Answers:
    """The items of one metric of one run, in the order of their numbers.

    Attributes:
        numbers: of the items, ascending, shape (n,).
        rows: the row of the first repeat of each, shape (n,).
        means: the mean of its repeats; it says nothing where `nan` or `conflicting`.
        counts: how many repeats it has; None: one each.
        variances: of its repeats (n - 1); NaN where it has one. None: one each.
        nan: whether one of its scores is no finite number, and none is in doubt.
        conflicting: whether two lines of one repeat say different things.
        duplicates: rows that repeat another line, ascending.
        asked: what was asked, once for each item and repeat.
    """

    numbers: Ints
    rows: Ints
    means: Floats
    counts: Ints | None
    variances: Floats | None
    nan: Flags
    conflicting: Flags
    duplicates: Ints
    asked: Asked

    @property
    def usable(self) -> Flags:
        """Whether an item has a score, shape (n,)."""
        usable: Flags = ~(self.nan | self.conflicting)
        return usable


def order_of(numbers: Ints, rows: Ints, columns: Columns) -> Order:
    """The order of the lines that stand in `rows`, by the numbers of their items.

    The place stands in the last bits of what is sorted, which is faster than sorting places by numbers.
    """
    bits = len(numbers).bit_length()
    packed = np.sort((numbers << bits) | np.arange(len(numbers)))
    places, ordered = packed & ((1 << bits) - 1), packed >> bits
    same = ordered[1:] == ordered[:-1]
    repeats = columns.repeats[rows[places]]
    if (same & (repeats[1:] < repeats[:-1])).any():
        order = np.lexsort((repeats, ordered))  # numbers keep their places
        places, repeats = places[order], repeats[order]
    there = rows[places]
    asked = Asked(numbers=ordered, repeats=repeats, prompts=columns.prompts[there])
    return Order(places=places, rows=there, asked=asked, repeated=bool(same.any()))


def answers(order: Order, values: Floats) -> Answers:
    """The items of one metric, whose lines have this order and these scores."""
    values = values[order.places]
    if order.repeated:
        return _with_repeats(order, values)
    return Answers(
        numbers=order.asked.numbers,
        rows=order.rows,
        means=values,
        counts=None,
        variances=None,
        nan=~np.isfinite(values),
        conflicting=np.zeros(len(values), np.bool_),
        duplicates=np.empty(0, np.int64),
        asked=order.asked,
    )


def _with_repeats(order: Order, values: Floats) -> Answers:
    """The items where some have several lines."""
    asked = order.asked
    new = _changes(asked.numbers) | _changes(asked.repeats)
    if new.all():
        return _items(asked, order.rows, values, np.zeros(len(values), np.bool_), np.empty(0, np.int64))
    starts = np.flatnonzero(new)
    answer = np.cumsum(new) - 1
    first = starts[answer]
    same_score = (values == values[first]) | (np.isnan(values) & np.isnan(values[first]))
    conflicting = np.logical_or.reduceat((asked.prompts != asked.prompts[first]) | ~same_score, starts)
    duplicates = np.sort(order.rows[~new & ~conflicting[answer]])
    once = Asked(
        numbers=asked.numbers[starts],
        repeats=asked.repeats[starts],
        prompts=np.where(conflicting, np.uint64(0), asked.prompts[starts]),
    )
    return _items(once, order.rows[starts], values[starts], conflicting, duplicates)


def _items(asked: Asked, rows: Ints, values: Floats, conflicting: Flags, duplicates: Ints) -> Answers:
    """The items of answers, one for each item and repeat."""
    starts = np.flatnonzero(_changes(asked.numbers))
    counts = np.diff(starts, append=len(values))
    contradicted = np.logical_or.reduceat(conflicting, starts)
    means, variances = _moments(values, starts, counts)
    repeated = bool((counts > 1).any())
    return Answers(
        numbers=asked.numbers[starts],
        rows=rows[starts],
        means=means,
        counts=counts if repeated else None,
        variances=variances if repeated else None,
        nan=~np.isfinite(means) & ~contradicted,
        conflicting=contradicted,
        duplicates=duplicates,
        asked=asked,
    )


def _moments(values: Floats, starts: Ints, counts: Ints) -> tuple[Floats, Floats]:
    """Mean and variance (n - 1) of each item's values; one value has the variance NaN.

    Two passes: x̄ = x̄₁ + mean(x - x̄₁), so that equal values have exactly themselves as their mean; by size, so that
    it is the same whatever the order of the repeats is.
    """
    values = _by_size(np.where(np.isfinite(values), values, np.nan), counts)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        means = np.add.reduceat(values, starts) / counts
        means = means + np.add.reduceat(values - np.repeat(means, counts), starts) / counts
        squares = np.add.reduceat((values - np.repeat(means, counts)) ** 2, starts)
        return means, squares / np.where(counts > 1, counts - 1, np.nan)


def _by_size(values: Floats, counts: Ints) -> Floats:
    """`values`, those of each item in ascending order."""
    if (counts == counts[0]).all():
        return np.sort(values.reshape(-1, counts[0]), axis=1).ravel()
    return values[np.lexsort((values, np.repeat(np.arange(len(counts)), counts)))]


def _changes(ordered: Ints) -> Flags:
    """Whether each element is another than the one before; the first is."""
    changes: Flags = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    return changes
