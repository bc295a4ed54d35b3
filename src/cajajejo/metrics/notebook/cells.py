"""Numbers, times and names as people hold them in Python, whatever library they come from.

pandas, polars and pyarrow are not imported: their values are known by what they can do.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from numbers import Real
from typing import Any, Final

import numpy as np

from cajajejo import moments
from cajajejo.errors import CajajejoError

_NOTHING: Final = ("NAType", "NaTType", "MaskedConstant")
"""What pandas and numpy call the types of what is missing."""
_KINDS: Final[Sequence[tuple[tuple[type, ...], str]]] = (
    ((bytes, bytearray), "bytes"),
    ((complex,), "a complex number"),
    ((dt.date, dt.time, np.datetime64), "a time"),
    ((dt.timedelta, np.timedelta64), "a duration"),
    ((Mapping,), "a mapping"),
    ((Sequence, np.ndarray), "a list"),
    ((Real, Decimal), "a number"),
    ((type(None),), "nothing"),
)


class MetricInputError(CajajejoError, ValueError):
    """What is given to `cajajejo.judge` or `cajajejo.shifts` cannot be judged; says what of it, and where."""


def listed(values: Any, name: str) -> list[object]:
    """`values` one by one, whatever holds them; `name` is what an error calls them.

    Raises:
        MetricInputError: they are not many, or have several dimensions.
    """
    for method in ("to_pylist", "to_list"):  # of pyarrow; of pandas and polars
        if hasattr(values, method):
            return list(getattr(values, method)())
    if hasattr(values, "__array__"):
        return _of_array(values, name)
    if not isinstance(values, Sequence) or isinstance(values, str | bytes | bytearray):
        raise MetricInputError(f"{name} is {kind(values)}, and no list or array")
    return list(values)


def _of_array(values: Any, name: str) -> list[object]:
    try:
        array = values if isinstance(values, np.ma.MaskedArray) else np.asarray(values)
    except (TypeError, ValueError, RuntimeError) as error:  # a tensor that lives on a device, or has gradients
        raise MetricInputError(f"{name} cannot be read as an array", facts={"says": str(error)}) from error
    if array.ndim != 1:
        how = "a dict or a data frame, with a row for each run and a column for each metric"
        raise MetricInputError(f"{name} has {array.ndim} dimensions", facts={"give": how})
    return list(array.astype("datetime64[us]").tolist() if array.dtype.kind == "M" else array.tolist())


def numbers(values: object, name: str) -> list[float | None]:
    """`values` as numbers; None where there is none, which is not the same as one that is not a number.

    Raises:
        MetricInputError: one is something else; says which.
    """
    return [_number(value, f"{name}: value {place}") for place, value in enumerate(listed(values, name))]


def _number(value: object, where: str) -> float | None:
    if is_missing(value):
        return None
    if isinstance(value, np.timedelta64) or not isinstance(value, Real | Decimal | np.bool_):
        way_out = "leave the column out; the names, times and commits of runs are given as runs=, times=, commits="
        facts = {"numbers": "true and false as well; None where a run has none", "way out": way_out}
        raise MetricInputError(f"{where} is {kind(value)}", facts=facts)
    try:
        return float(value)
    except OverflowError as error:
        raise MetricInputError(f"{where} is larger than a float can be") from error


def times(values: object, name: str) -> list[float]:
    """`values` as seconds since the epoch; they may be such numbers, datetimes (without a zone: in UTC) or ISO 8601.

    Raises:
        MetricInputError: one is no time; says which.
    """
    return [_time(value, f"{name}: value {place}") for place, value in enumerate(listed(values, name))]


def _time(value: object, where: str) -> float:
    if is_missing(value):
        value = None
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if isinstance(value, str):
        value = moments.parse_timestamp(value) or value
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time(), dt.UTC)
    if isinstance(value, dt.datetime):
        return (value if value.tzinfo else value.replace(tzinfo=dt.UTC)).timestamp()
    found = float(value) if isinstance(value, Real) else float("nan")
    if not np.isfinite(found):
        raise MetricInputError(f"{where} is {kind(value)}, and no time", facts={"for example": "2026-11-21T14:02:11Z"})
    return found


def label(value: object) -> str | None:
    """`value` as a name: 7 and 7.0 are the same, which libraries turn into each other; None where there is none."""
    if is_missing(value) or value != value:  # noqa: PLR0124  # true of not-a-number alone
        return None
    if isinstance(value, dt.datetime):
        return value.isoformat()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def is_missing(value: object) -> bool:
    """Whether `value` is the sign for nothing of some library; not-a-number is something."""
    return value is None or type(value).__name__ in _NOTHING


def kind(value: object) -> str:
    """What `value` is, for people: text with what it says, else its type."""
    if isinstance(value, str):
        return f"text ({str(value)!r:.40})"
    name = type(value).__name__
    article = "an" if name[0].lower() in "aeiou" else "a"
    return next((words for types, words in _KINDS if isinstance(value, types)), f"{article} {name}")
