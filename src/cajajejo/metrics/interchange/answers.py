"""What a query found, as people and programs read it: a table, CSV, JSON; pure."""

from __future__ import annotations

import json
import math
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from cajajejo.metrics.interchange import instants
from cajajejo.metrics.interchange.writers import quoted
from cajajejo.terminal import Column, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.metrics.history.store import Selected
    from cajajejo.terminal import Style

Form = Literal["text", "csv", "json"]


class Piece(NamedTuple):
    """Some of an answer; `rows` is how many rows it has, `more` whether there are others that are not shown."""

    text: str
    rows: int = 0
    more: bool = False


def pieces(found: Selected, form: Form, style: Style, *, limit: int = 0) -> Iterator[Piece]:
    """The answer in pieces; at most `limit` rows where that is not 0. A table for people comes as one piece."""
    rows = islice(found.rows, limit) if limit else found.rows
    if form == "text":
        shown = list(rows)
        lines = _table(found.columns, shown, style)
        yield Piece("".join(f"{line}\n" for line in lines), len(shown))
    elif form == "csv":
        yield Piece(",".join(map(quoted, found.columns)) + "\n")
        for row in rows:
            yield Piece(",".join("" if value is None else quoted(_text(value)) for value in row) + "\n", 1)
    else:
        yield Piece(f'{{"columns": {json.dumps(found.columns)}, "rows": [')
        for number, row in enumerate(rows):
            yield Piece(", " * bool(number) + json.dumps([_plain(value) for value in row], allow_nan=False), 1)
    more = bool(limit) and next(found.rows, None) is not None
    yield Piece(f'], "complete": {json.dumps(not more)}}}\n' if form == "json" else "", more=more)


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]], style: Style) -> list[str]:
    widths = [max((len(_text(row[place])) for row in rows), default=0) for place in range(len(columns))]
    widest = widths.index(max(widths)) if widths else None
    titles = [
        Column(style.line(name), right=_is_numbers([row[place] for row in rows]), widest=place == widest)
        for place, name in enumerate(columns)
    ]
    dash = style.glyph("dash")
    cells = [[dash if value is None else style.line(_text(value)) for value in row] for row in rows]
    return table(titles, cells, style)


def _is_numbers(values: Sequence[object]) -> bool:
    known = [value for value in values if value is not None]
    return bool(known) and all(isinstance(value, int | float | Decimal) for value in known)


def _text(value: object) -> str:
    if isinstance(value, datetime | bytes | memoryview | bool | dict | list | tuple):
        plain = _plain(value)
        return plain if isinstance(plain, str) else json.dumps(plain, allow_nan=False)
    return str(value)


def _plain(value: object) -> Any:
    """A value as JSON has it: what is no finite number is null, a time is RFC 3339, bytes are hex digits."""
    if isinstance(value, float) or (isinstance(value, Decimal) and not value.is_finite()):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return instants.written(value.timestamp()) if value.tzinfo else value.isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value)
