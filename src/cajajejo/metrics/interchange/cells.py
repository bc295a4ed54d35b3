"""One cell of a foreign table as the value that it means; every refusal is a sentence."""

from __future__ import annotations

import math
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from cajajejo.metrics.interchange import instants
from cajajejo.phrases import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cajajejo.metrics.interchange.columns import Kind

_FLAGS: Final = {"true": True, "false": False, "1": True, "0": False, "t": True, "f": False}
_LARGEST: Final = 2**63 - 1


class CellError(ValueError):
    """A cell that means nothing; the message says why."""


def text(value: Any) -> str | None:
    """Text that can be stored; None for nothing.

    Raises:
        CellError: it is none.
    """
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise CellError(f"text is expected, not {shown(value)}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError as error:
            raise CellError("holds half of a character") from error
    return value


def name(value: Any) -> str | None:
    """Text that names something: visible, on one line.

    Raises:
        CellError: it is none.
    """
    found = text(value)
    if found is not None and (not found.strip() or not found.isprintable()):
        raise CellError(f"not a name: {shown(found)}")
    return found


def number(value: Any) -> float | None:
    """A number, also one that is infinite or none; None for nothing.

    Raises:
        CellError: it is none.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str) and "_" not in value:
        try:
            return float(value)
        except ValueError:
            pass
    elif isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return math.inf
    raise CellError(f"a number is expected, not {shown(value)}")


def count(value: Any) -> int | None:
    """A whole number that is not negative; None for nothing.

    Raises:
        CellError: it is none.
    """
    found = number(value)
    if found is None:
        return None
    if not 0 <= found <= _LARGEST or found != int(found):
        raise CellError(f"a whole number is expected, not {shown(value)}")
    return int(found)


def flag(value: Any) -> bool | None:
    """Yes or no; None for nothing.

    Raises:
        CellError: it is neither.
    """
    if value is None or value == "" or isinstance(value, bool):
        return value if isinstance(value, bool) else None
    found = _FLAGS.get(str(value).lower()) if isinstance(value, str | int) else None
    if found is None:
        raise CellError(f"true or false is expected, not {shown(value)}")
    return found


def time(value: Any) -> float | None:
    """Seconds since the epoch; None for nothing.

    Raises:
        CellError: it is no time that a run can have.
    """
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        value = value.isoformat()
    try:
        seconds = instants.read(value) if isinstance(value, str) else number(value)
    except (ValueError, OverflowError) as error:
        raise CellError(f"a time is expected, not {shown(value)}") from error
    problem = instants.problem_of(seconds or 0.0)
    if problem:
        raise CellError(f"{problem}: {shown(value)}")
    return seconds


READERS: Final[Mapping[Kind, Callable[[Any], Any]]] = {
    "text": text,
    "integer": count,
    "number": number,
    "flag": flag,
    "time": time,
    "moment": time,
}
