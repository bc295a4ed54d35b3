"""Runs written as flat rows: CSV, JSON lines, Parquet; each a piece at a time."""

from __future__ import annotations

import gzip
import io
import json
import re
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, cast

from cajajejo.metrics.interchange import flat, instants
from cajajejo.metrics.interchange.columns import NAMES, OF_METRICS, OF_RUNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cajajejo.metrics.history.rows import StoredRun
    from cajajejo.metrics.interchange.columns import Column, Kind
    from cajajejo.metrics.interchange.flat import Value

Format = Literal["csv", "jsonl", "parquet"]
_QUOTED: Final = re.compile(r'[,"\r\n]|^\s|\s$')
_LEVEL: Final = 6


class Target(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> object:
        """Takes the bytes."""


class Sink(io.RawIOBase):
    """A `Target` as the file that other packages write to."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: object) -> int:
        """Takes all of the bytes."""
        piece = bytes(cast("bytes", data))
        self._target.write(piece)
        return len(piece)


@contextmanager
def writing(target: Target, form: Format, *, packed: bool = False) -> Iterator[Callable[[StoredRun], int]]:
    """What takes a run and says how many rows that were; all is written when the context ends well.

    Args:
        target: where the bytes go.
        form: how they look.
        packed: whether gzip packs them; the same rows give the same bytes.

    Raises:
        MissingExtraError: Parquet needs a package that is not installed.
    """
    if form == "parquet":
        from cajajejo.metrics.interchange import parquet

        with parquet.writing(Sink(target)) as write:
            yield write
    elif packed:
        with gzip.GzipFile("", "wb", _LEVEL, Sink(target), mtime=0) as file:
            yield _lines(file, form)
    else:
        yield _lines(target, form)


def _lines(target: Target, form: Format) -> Callable[[StoredRun], int]:
    row_of = {"csv": _csv, "jsonl": _jsonl}[form]
    if form == "csv":
        target.write(f"{','.join(NAMES)}\n".encode())

    def write(stored: StoredRun) -> int:
        lines = row_of(flat.of_run(stored), flat.of_metrics(stored))
        target.write("".join(lines).encode())
        return len(lines)

    return write


def _csv(run: Sequence[Value], metrics: Sequence[Sequence[Value]]) -> list[str]:
    first = _cells(run, OF_RUNS)
    return [f"{first},{_cells(metric, OF_METRICS)}\n" for metric in metrics]


def _cells(values: Sequence[Value], columns: Sequence[Column]) -> str:
    return ",".join(
        "" if value is None else _CELLS[column.kind](value) for value, column in zip(values, columns, strict=True)
    )


@lru_cache(10_000)
def quoted(text: str) -> str:
    """A cell of a CSV file, in quotes where it needs them."""
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def _jsonl(run: Sequence[Value], metrics: Sequence[Sequence[Value]]) -> list[str]:
    first = json.dumps(_document(run, OF_RUNS), allow_nan=False)[:-1]
    return [f"{first}, {json.dumps(_document(metric, OF_METRICS), allow_nan=False)[1:]}\n" for metric in metrics]


def _document(values: Sequence[Value], columns: Sequence[Column]) -> dict[str, Value]:
    return {
        column.name: instants.written(value) if column.kind in _TIMES and isinstance(value, float) else value
        for value, column in zip(values, columns, strict=True)
    }


_TIMES: Final = {"time", "moment"}
_CELLS: Final[Mapping[Kind, Callable[[Any], str]]] = {
    "text": quoted,
    "integer": str,
    "number": repr,
    "flag": lambda value: "true" if value else "false",
    "time": instants.written,
    "moment": instants.written,
}
