"""One line of ``results.jsonl`` as a value, or what is wrong with it.

``scenario``, ``id`` and ``scores`` are needed; the others may be left out, and fields of other names are not looked at.
"""

from __future__ import annotations

import json
import math
from typing import Annotated, Any, Final

import msgspec

_LARGEST_REPEAT: Final = 2**63 - 1
_DIGITS: Final = 400
"""No number of so many digits is a float."""


class Line(msgspec.Struct, gc=False):
    """One answer, or one repeat of it; a score that is no number is None or not finite."""

    scenario: str
    id: str
    scores: dict[str, float | None]
    suite: str = ""
    subject: str | None = None
    repeat: Annotated[int, msgspec.Meta(ge=0, le=_LARGEST_REPEAT)] = 0
    group: str | None = None
    prompt_sha256: str = ""
    prompt: str | None = None
    reference: str | None = None
    prediction: str | None = None


class WrongLineError(ValueError):
    """What is wrong with a line, in a few words."""


decode_strictly: Final = msgspec.json.Decoder(Line).decode
"""A line that is as it should be. What it refuses, with ValueError or RecursionError, `decode` may still read."""


def decode(raw: bytes) -> Line:
    """What a line says that `decode_strictly` refused: it has an escape of half a character, NaN, or is wrong.

    Raises:
        WrongLineError: it is wrong.
    """
    fields = _fields(raw)
    return Line(
        scenario=_required(fields, "scenario"),
        id=_required(fields, "id"),
        scores=_scores(fields),
        suite=_optional(fields, "suite") or "",
        subject=_optional(fields, "subject"),
        repeat=_repeat(fields),
        group=_optional(fields, "group"),
        prompt_sha256=_optional(fields, "prompt_sha256") or "",
        prompt=_optional(fields, "prompt"),
        reference=_optional(fields, "reference"),
        prediction=_optional(fields, "prediction"),
    )


def _fields(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw.decode("utf-8"), parse_int=_whole_number)
    except UnicodeDecodeError as error:
        raise WrongLineError(f"not UTF-8 text (byte {error.start} of the line)") from None
    except RecursionError:
        raise WrongLineError("not JSON: nested too deep") from None
    except ValueError as error:
        raise WrongLineError(f"not JSON: {error}") from None
    if not isinstance(found, dict):
        raise WrongLineError("not a JSON object")
    return found


def _whole_number(digits: str) -> int:
    """The number; of one that is too large for everything its first digits, as Python refuses to read thousands."""
    return int(digits[:_DIGITS])


def _required(fields: dict[str, Any], name: str) -> str:
    text = _optional(fields, name)
    if text is None:
        raise WrongLineError(f"{name}: required, and not there")
    return text


def _optional(fields: dict[str, Any], name: str) -> str | None:
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    raise WrongLineError(f"{name}: must be text, not {_kind(value)}")


def _repeat(fields: dict[str, Any]) -> int:
    value = fields.get("repeat", 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _LARGEST_REPEAT:
        raise WrongLineError("repeat: must be a whole number, at least 0")
    return value


def _scores(fields: dict[str, Any]) -> dict[str, float | None]:
    given = fields.get("scores")
    if given is None:
        raise WrongLineError("scores: required, and not there")
    if not isinstance(given, dict):
        raise WrongLineError(f"scores: must be an object, not {_kind(given)}")
    return {name: _number(f"scores.{name}", value) for name, value in given.items()}


def _number(name: str, value: object) -> float:
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise WrongLineError(f"{name}: must be a number, not {_kind(value)}")
    try:
        return float(value)
    except OverflowError:
        raise WrongLineError(f"{name}: too large a number") from None


def _kind(value: object) -> str:
    return {str: "text", list: "a list", dict: "an object", bool: "a boolean"}.get(type(value), "a number")
