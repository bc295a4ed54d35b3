"""Files of rows, whichever format they have, as one stream of raw rows; every problem with its line."""

from __future__ import annotations

import csv
import gzip
import json
import stat
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, NamedTuple

from cajajejo.metrics.interchange.columns import COLUMNS, NAMES, OF_METRICS, OF_RUNS
from cajajejo.metrics.interchange.lines import UnreadableError, beginning, lines, unpacked
from cajajejo.phrases import REQUIRED, closest

if TYPE_CHECKING:
    import io
    from collections.abc import Collection, Iterator, Sequence

    from cajajejo.metrics.interchange.complaints import Complaints
    from cajajejo.metrics.interchange.writers import Format

_SUFFIXES: Final[dict[str, Format]] = {
    "csv": "csv",
    "jsonl": "jsonl",
    "ndjson": "jsonl",
    "json": "jsonl",
    "parquet": "parquet",
}
_PARQUET: Final = b"PAR1"
_NAMES_KEPT: Final = 100
_SEPARATORS: Final = {";": "semicolons", "\t": "tabs", "|": "bars"}


class Raw(NamedTuple):
    """One row as a file holds it: the columns that it has, and the cells by `OF_RUNS` and `OF_METRICS`."""

    line: int
    has: Collection[str]
    run: tuple[Any, ...]
    metric: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The file `name`; without `form` its suffix tells what it is, else what it begins with."""

    name: str
    form: Format | None = None

    def rows(self, complaints: Complaints, *, test_given: bool) -> Iterator[Raw]:
        """The rows; what is wrong with the file goes to `complaints`.

        Args:
            complaints: takes the problems.
            test_given: whether the column of the test need not be there.
        """
        try:
            with self._opened() as opened:
                file = unpacked(opened)
                form = self._form(file)
                if form == "parquet":
                    yield from _parquet(self.name, file, complaints, test_given=test_given)
                elif form == "jsonl":
                    yield from _jsonl(self.name, file, complaints)
                else:
                    yield from _csv(self.name, file, complaints, test_given=test_given)
        except UnreadableError as error:
            complaints.add(self.name, str(error), line=error.line)
        except FileNotFoundError:
            complaints.add(self.name, "no such file")
        except IsADirectoryError:
            complaints.add(self.name, "a directory; name the files in it")
        except OSError as error:
            complaints.add(self.name, f"cannot be read: {error.strerror or error}")
        except ValueError as error:  # a path with a NUL in it
            if "null byte" not in str(error):
                raise
            complaints.add(self.name, "not the name of a file")

    @contextmanager
    def _opened(self) -> Iterator[io.BufferedReader]:
        if self.name == "-":
            yield sys.stdin.buffer  # type: ignore[misc]  # a pipe or a file
            return
        with Path(self.name).open("rb") as file:
            yield file

    def _form(self, file: io.BufferedReader) -> Format:
        suffix = self.name.removesuffix(".gz").rpartition(".")[2].lower()
        if self.form is not None or suffix in _SUFFIXES:
            return self.form or _SUFFIXES[suffix]
        head = beginning(file)
        return "parquet" if head.startswith(_PARQUET) else "jsonl" if head.startswith(b"{") else "csv"


def _csv(name: str, file: BinaryIO, complaints: Complaints, *, test_given: bool) -> Iterator[Raw]:
    reader = csv.reader(lines(file), strict=True)
    try:
        header = next((row for row in reader if row), None)
        if header is None:
            complaints.add(name, "empty: a header with the names of columns is expected")
            return
        names = [cell.strip().lower() for cell in header]
        if not _known(name, names, complaints, test_given=test_given, line=reader.line_num):
            return
        has, pick_run, pick_metric = frozenset(names), _picker(names, OF_RUNS), _picker(names, OF_METRICS)
        before = reader.line_num
        for row in reader:
            line, before = before + 1, reader.line_num
            if len(row) == len(names):
                row.append("")
                yield Raw(line, has, pick_run(row), pick_metric(row))
            elif row:
                complaints.add(name, f"{len(row)} cells, and the header has {len(names)}", line=line)
    except csv.Error as error:
        raise UnreadableError(f"not CSV: {error}", max(reader.line_num, 1)) from error


def _picker(names: Sequence[str], columns: Sequence[Any]) -> itemgetter[Any]:
    """Takes the cells of `columns` out of a row, whose last cell stands for those that it has not."""
    wanted = [column.name for column in columns]
    if "job_status" not in names and "metric_name" in names:
        wanted = ["verdict" if name == "metric_verdict" else "" if name == "verdict" else name for name in wanted]
    return itemgetter(*(names.index(name) if name in names else -1 for name in wanted))


def _known(name: str, names: Sequence[str], complaints: Complaints, *, test_given: bool, line: int | None) -> bool:
    """Whether rows with such columns can be taken."""
    before = complaints.total
    for double in sorted({column for column in names if names.count(column) > 1}):
        complaints.add(name, "there twice", line=line, path=double)
    tells = [column for column in ("metric_name", "job_status") if column in names]
    needed = ["uuid", *([] if test_given else ["test_name"])]
    needed += ["metric_name", "metric_value"] if "metric_name" in tells else [] if tells else ["job_status"]
    if not {"start_time", "timestamp"} & set(names):
        needed.append("timestamp")
    for column in needed:
        if column not in names:
            guess = closest(column, [other for other in names if other not in NAMES])
            hint = f"is it {guess}?" if guess else _other_separator(names)
            complaints.add(name, f"the column is {REQUIRED}", line=line, path=column, hint=hint)
    if complaints.total == before:
        complaints.unknown(name, {column for column in names if column not in NAMES})
    return complaints.total == before


def _other_separator(names: Sequence[str]) -> str | None:
    found = next((word for sign, word in _SEPARATORS.items() if len(names) == 1 and sign in names[0]), None)
    return f"are the columns separated by {found}? Commas are expected" if found else None


def _jsonl(name: str, file: BinaryIO, complaints: Complaints) -> Iterator[Raw]:
    unknown: set[str] = set()
    for number, text in enumerate(lines(file), 1):
        if not text.strip():
            continue
        try:
            row = json.loads(text.rstrip())
        except (ValueError, RecursionError) as error:
            says = f": {error.msg} (column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
            complaints.add(name, f"not JSON{says}", line=number)
            continue
        if not isinstance(row, dict):
            hint = "one object a line is expected, not a list of them" if isinstance(row, list) else None
            complaints.add(name, "no object", line=number, hint=hint)
            continue
        if len(unknown) < _NAMES_KEPT:
            unknown |= row.keys() - _ALL
        if "verdict" in row and row.get("job_status") is None:  # of a row that tells of a metric alone
            row.setdefault("metric_verdict", row.pop("verdict"))
        get = row.get
        yield Raw(number, row.keys(), tuple(map(get, _RUN_NAMES)), tuple(map(get, _METRIC_NAMES)))
    complaints.unknown(name, unknown)


def _parquet(name: str, file: BinaryIO, complaints: Complaints, *, test_given: bool) -> Iterator[Raw]:
    from cajajejo.metrics.interchange import parquet

    if isinstance(getattr(file, "raw", None), gzip.GzipFile):
        raise UnreadableError("Parquet in a gzip file: unpack it first")
    if not _is_file(file):
        raise UnreadableError("Parquet is read from a file, not from a pipe")
    try:
        names = parquet.names(file)
        if not _known(name, names, complaints, test_given=test_given, line=None):
            return
        wanted = [column for column in names if column in _ALL]
        pick_run, pick_metric = _picker(wanted, OF_RUNS), _picker(wanted, OF_METRICS)
        has = frozenset(wanted)
        for number, row in enumerate(parquet.rows(file, wanted), 1):
            cells = (*row, None)
            yield Raw(number, has, pick_run(cells), pick_metric(cells))
    except parquet.NotParquetError as error:
        raise UnreadableError(f"not Parquet, or damaged: {error}") from error


def _is_file(file: BinaryIO) -> bool:
    from os import fstat

    return stat.S_ISREG(fstat(file.fileno()).st_mode)


_ALL: Final = frozenset(NAMES)
_RUN_NAMES: Final = tuple(column.name for column in COLUMNS if column.of == "run")
_METRIC_NAMES: Final = tuple(column.name for column in COLUMNS if column.of == "metric")
