"""Numbers as metric configurations hold them: plain ones, so that a percent sign or a unit is told, not guessed."""

from __future__ import annotations

import math
import re
from contextlib import suppress
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field

from cajajejo.phrases import shown

_PERCENT: Final = re.compile(r"\s*([\d.]{1,12})\s*%\s*")
_DURATION: Final = re.compile(r"\s*(\d{1,9})\s*(s(?:ec)?|min|m|h|hours?|d|days?|w|weeks?)\s*", re.IGNORECASE)
_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def _plain(value: object) -> object:
    """`value` unless it is text or a boolean; beside text stands the number that was probably meant."""
    if isinstance(value, bool):
        raise ValueError(f"must be a number, not {shown(value)}")  # noqa: TRY004  # pydantic takes only ValueError
    if isinstance(value, str):
        raise ValueError(f"must be a number, not {shown(value)}{_meant(value)}")  # noqa: TRY004  # as above
    return value


def _meant(text: str) -> str:
    percent = _PERCENT.fullmatch(text)
    with suppress(ValueError):
        if percent is not None:
            return f"\nwrite {float(percent[1]) / 100:g} for {text.strip()}"
        number = float(text)
        return f"\nwrite {repr(number).removesuffix('.0')} without quotes" if math.isfinite(number) else ""
    return ""


def _in_seconds(value: object) -> object:
    duration = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if duration is None:
        return value
    seconds = int(duration[1]) * _SECONDS[duration[2][0].lower()]
    raise ValueError(f"must be a number of seconds, not {shown(value)}\nwrite {seconds}")


def shaped_as(example: str) -> BeforeValidator:
    """A validator that shows `example`, the field as it is written, where something of another shape stands in it."""
    wants_fields = example.endswith("}")

    def check(value: Any) -> Any:
        holds_fields = isinstance(value, dict) or hasattr(value, "model_fields_set")
        if value is None or (holds_fields if wants_fields else not isinstance(value, dict | list)):
            return value
        kind = "a mapping of fields" if wants_fields else "a number"
        raise ValueError(f"must be {kind}, not {shown(value)}\nwrite {example}")

    return BeforeValidator(check)


Real = Annotated[float, BeforeValidator(_plain), Field(allow_inf_nan=False)]
"""A finite number, not one in quotes."""
Whole = Annotated[int, BeforeValidator(_plain)]
Positive = Annotated[Real, Field(gt=0)]
NotNegative = Annotated[Real, Field(ge=0)]
Seconds = Annotated[Positive, BeforeValidator(_in_seconds)]
