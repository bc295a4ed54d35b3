"""Rows as CSV (RFC 4180), as spreadsheets and scripts read them; pure."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_END: Final = "\r\n"


def lines(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """A header, then a row at a time without its end; what is None is empty, a number has all its digits."""
    yield _line(columns)
    for row in rows:
        yield _line([_cell(row[column]) for column in columns])


def _line(cells: Sequence[str]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator=_END).writerow(cells)  # signs of the end are quoted inside of cells
    return buffer.getvalue().removesuffix(_END)


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
