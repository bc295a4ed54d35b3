"""Scores and labels as people hold them in Python: numbers, booleans and what stands for nothing, of any library.

pandas, polars and pyarrow are not imported: their values are known by what they can do.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cajajejo.errors import CajajejoError

if TYPE_CHECKING:
    from cajajejo.comparison.paired import Floats, Ints

_NOTHING: Final = ("NAType", "NaTType", "MaskedConstant")
"""What pandas and numpy call the types of what is missing."""
_NUMBERS: Final = "biuf"
"""The kinds of numpy that are numbers: booleans, integers, floats."""
_SCORES: Final = {
    "scores": "numbers, true and false; None and NaN where there is none",
    "way out": "a column that is no metric is left out by metrics=[…]; one that names items is called id,\n"
    "and one that names groups is given as groups=",
}
_MATRIX: Final = 2
_KINDS: Final[Sequence[tuple[tuple[type, ...], str]]] = (
    ((bytes, bytearray, np.bytes_), "bytes"),
    ((complex, np.complexfloating), "a complex number"),
    ((dt.date, dt.time, np.datetime64), "a time"),
    ((dt.timedelta, np.timedelta64), "a duration"),
    ((Mapping,), "a mapping"),
    ((Sequence, np.ndarray), "a list"),
    ((Real, Decimal, np.bool_), "a number"),
    ((type(None),), "nothing"),
)


class ComparisonInputError(CajajejoError, ValueError):
    """What is given to `cajajejo.compare` cannot be compared; says what of it, and where."""


@dataclass(frozen=True, eq=False, slots=True)
class ScoreRows:
    """The scores of n items, one after the other; an item has one or more, one for each answer to it.

    Attributes:
        scores: of every answer; not a number where there is none.
        counts: how many answers each item has, shape (n,); None: one each.
    """

    scores: Floats
    counts: Ints | None = None

    def __len__(self) -> int:
        """How many items there are."""
        return len(self.scores if self.counts is None else self.counts)


def score_rows(values: object, name: str) -> ScoreRows:
    """`values`, one score an item, or a row of them; `name` is what an error calls them.

    Raises:
        ComparisonInputError: they are no scores.
    """
    array = _array(values, name)
    if not array.size:
        raise ComparisonInputError(f"{name} is empty: there is nothing to compare")
    if array.ndim > _MATRIX:
        raise ComparisonInputError(f"{name} has {array.ndim} dimensions: rows are items, columns are repeats")
    if array.ndim == _MATRIX:
        columns = array.shape[1]
        scores = _floats(array.reshape(-1), lambda place: f"{name}: row {place // columns}: value {place % columns}")
        return ScoreRows(scores, np.full(len(array), columns, np.int64))
    if array.dtype == object and any(_is_row(value) for value in array):
        return _ragged(array, name)
    return ScoreRows(_floats(array, lambda place: f"{name}: value {place}"))


def scores(values: object, name: str, rows: Sequence[int] | None = None) -> Floats:
    """`values`, one score each, which stand in `rows` of what an error calls `name`; None: one after the other.

    Raises:
        ComparisonInputError: they are no scores.
    """
    array = _array(values, name)
    if array.ndim > 1:
        raise ComparisonInputError(f"{name} has {array.ndim} dimensions, and is a column of a table")
    return _floats(array, lambda place: f"{name}: row {place if rows is None else rows[place]}")


def _array(values: object, name: str) -> np.ndarray[Any, Any]:
    """`values` as an array of whatever they are; of rows of unequal lengths, the rows."""
    if isinstance(values, Sequence) and not isinstance(values, str | bytes | bytearray):
        return _array_of(list(values))
    if not hasattr(values, "__array__"):
        raise ComparisonInputError(f"{name} is {kind(values)}, and no list or array of scores")
    if isinstance(values, np.ma.MaskedArray):
        masked, values = np.ma.getmaskarray(values), np.array(values.data, dtype=object)
        values[masked] = None
    try:
        array = np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:  # a tensor that lives on a device, or has gradients
        raise ComparisonInputError(f"{name} cannot be read as an array", facts={"says": str(error)}) from error
    if array.ndim == 0:
        raise ComparisonInputError(f"{name} is {kind(array.item())}, and no list or array of scores")
    return array


def _array_of(values: list[Any]) -> np.ndarray[Any, Any]:
    """`values` as numbers, or as they are; of rows of unequal lengths, the rows."""
    try:
        array = np.asarray(values)
        return array if array.dtype.kind in _NUMBERS else np.asarray(values, dtype=object)
    except ValueError:
        array = np.empty(len(values), object)
        array[:] = values
        return array


def _is_row(value: object) -> bool:
    return isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes | bytearray)


def _ragged(rows: np.ndarray[Any, Any], name: str) -> ScoreRows:
    """The scores of items that were not all answered equally often."""
    found = [_row(row, f"{name}: row {place}") for place, row in enumerate(rows)]
    return ScoreRows(np.concatenate(found), np.array([len(row) for row in found], np.int64))


def _row(row: object, name: str) -> Floats:
    if not _is_row(row):
        raise ComparisonInputError(f"{name} is {kind(row)}, and other rows are lists")
    one = _array(row, name)
    if one.ndim > 1 or not one.size:
        raise ComparisonInputError(f"{name} must hold one score for each answer, and at least one")
    return _floats(one, lambda place: f"{name}: value {place}")


def _floats(array: np.ndarray[Any, Any], where: Callable[[int], str]) -> Floats:
    """`array`, of one dimension, as finite numbers and not-a-number; `where` tells the place of a value."""
    if array.dtype.kind in _NUMBERS:
        with np.errstate(over="ignore"):  # of longer floats, which are then infinite
            found = array.astype(np.float64)
    else:
        found = np.array([_float(value, where, place) for place, value in enumerate(array)], np.float64)
    infinite = np.flatnonzero(np.isinf(found))
    if len(infinite):
        raise ComparisonInputError(f"{where(int(infinite[0]))} is infinite")
    return found


def _float(value: object, where: Callable[[int], str], place: int) -> float:
    if is_missing(value):
        return math.nan
    if isinstance(value, np.timedelta64) or not isinstance(value, Real | Decimal | np.bool_):
        raise ComparisonInputError(f"{where(place)} is {kind(value)}", facts=_SCORES)
    try:
        return float(value)
    except OverflowError:
        return math.inf


def is_missing(value: object) -> bool:
    """Whether `value` stands for nothing: None, not-a-number, and what pandas and numpy have for it."""
    if value is None or type(value).__name__ in _NOTHING:
        return True
    return isinstance(value, Real | Decimal) and value != value  # noqa: PLR0124  # true of not-a-number alone


def label(value: object) -> str | None:
    """`value` as the name of an item or group: 7 and 7.0 are the same, which libraries turn into each other."""
    if is_missing(value):
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def kind(value: object) -> str:
    """What `value` is, for people: text with what it says, else its type."""
    if isinstance(value, str):
        return f"text ({str(value)!r:.40})"
    name = type(value).__name__
    article = "an" if name[0].lower() in "aeiou" else "a"
    return next((words for types, words in _KINDS if isinstance(value, types)), f"{article} {name}")
