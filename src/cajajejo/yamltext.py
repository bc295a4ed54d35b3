"""YAML as we write it: block style, sorted keys, and nothing that two readers could take for two things.

Written here because PyYAML's writer takes ten times as long, and a matrix of jobs writes a thousand configs.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from cajajejo import quoting
from cajajejo.quoting import Yaml

_FLOATS: Final = {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}
_CERTAINLY_TEXT_LINE: Final = re.compile(
    r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z/](?:[\w./+@-]|:(?=[\w/])| (?=[\w(.]))*",
    re.IGNORECASE | re.ASCII,
)
"""Text that every reader takes as it stands, without quotes."""


def dump(data: Mapping[str, Any]) -> str:
    """`data` as block YAML; text of several lines as a literal block where that is exact."""
    return _mapping_text(data, 0) or "{}\n"


def nested(value: Mapping[str, Any] | Sequence[Any], indent: int) -> Yaml:
    """`value` as block YAML on lines of its own, each after `indent` spaces; begins with the end of the line before."""
    if isinstance(value, Mapping):
        return Yaml("\n" + _mapping_text(value, indent)[:-1])
    return Yaml("\n" + "".join(_item(item, indent) for item in value)[:-1])


def _mapping_text(mapping: Mapping[str, Any], indent: int) -> str:
    pad = " " * indent
    return "".join(f"{pad}{_inline(key)}:{_entry(mapping[key], indent)}" for key in sorted(mapping))


def _entry(value: Any, indent: int) -> str:
    """What stands after ``key:``, with the newline at its end."""
    if isinstance(value, Mapping) and value:
        return "\n" + _mapping_text(value, indent + 2)
    if isinstance(value, list | tuple) and value:
        return "\n" + "".join(_item(item, indent) for item in value)
    if isinstance(value, str) and "\n" in value:
        return f" {quoting.block(value, indent + 2)}\n"
    return f" {_inline(value)}\n"


def _item(value: Any, indent: int) -> str:
    """One item of a list, with its dash at `indent`."""
    pad = " " * indent
    if isinstance(value, Mapping) and value:
        return f"{pad}- {_mapping_text(value, indent + 2)[indent + 2 :]}"
    if isinstance(value, list | tuple) and value:
        inner = "".join(_item(item, indent + 2) for item in value)
        return f"{pad}- {inner[indent + 2 :]}"
    return f"{pad}- {_inline(value)}\n"


@lru_cache(maxsize=4096)
def _text(value: str) -> str:
    """Text on one line, without quotes where no reader needs them."""
    return value if _CERTAINLY_TEXT_LINE.fullmatch(value) else quoting.q(value)


def _inline(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float):
        return _float_text(repr(float(value)))
    if isinstance(value, int):
        return str(int(value))
    if type(value) is dt.date:
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple) and not value:
        return "{}" if isinstance(value, Mapping) else "[]"
    raise TypeError(f"no YAML for {value!r:.60} ({type(value).__name__})")


def _float_text(text: str) -> str:
    """A float as YAML 1.1 reads it, which wants a point before the exponent."""
    mantissa, exponent, power = text.partition("e")
    return _FLOATS.get(text) or (f"{mantissa}.0e{power}" if exponent and "." not in mantissa else text)
