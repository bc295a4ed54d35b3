"""The items of one run as columns of numbers: about a hundred bytes an item, however long its texts are."""

from __future__ import annotations

import os
import stat
from array import array
from dataclasses import dataclass
from itertools import starmap
from typing import TYPE_CHECKING, BinaryIO, Final, NoReturn

import numpy as np

from cajajejo.comparison.items import keys, lines
from cajajejo.comparison.items.growing_columns import GrowingColumns
from cajajejo.comparison.items.item_texts import FileTexts, stamp
from cajajejo.errors import FileProblemsError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from cajajejo.comparison.items.item_texts import ItemText
    from cajajejo.comparison.items.lines import Line
    from cajajejo.comparison.paired import Floats, Ints

_STEP: Final = 1024 * 1024
_LONGEST_LINE: Final = 64 * 1024 * 1024
_MOST_PROBLEMS: Final = 20


@dataclass(frozen=True, eq=False, slots=True)
class Series:
    """The scores of one metric, line by line.

    Attributes:
        rows: the rows that have the metric, ascending, shape (n,); metrics that the same rows have share the array.
        values: their scores, shape (n,); NaN where a score is no number.
    """

    rows: Ints
    values: Floats


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Columns:
    """The items of one run; a row is a line of its results.

    Attributes:
        keys: digest of scenario, subject and id, 128 bits, shape (n, 2).
        repeats: number of the repeat, shape (n,).
        prompts: the first 64 bits of the hash of what was asked, shape (n,); 0: not known.
        groups: digest of the group, shape (n,); 0: none.
        suites: the names of the suites.
        suite_numbers: which of `suites` each row belongs to, shape (n,); None where there are fewer than two.
        series: the scores, by scenario and metric.
        texts: the texts of rows, read when they are asked for.
    """

    keys: NDArray[np.uint64]
    repeats: Ints
    prompts: NDArray[np.uint64]
    groups: NDArray[np.uint64]
    suites: tuple[str, ...]
    suite_numbers: Ints | None = None
    series: Mapping[tuple[str, str], Series]
    texts: Callable[[Sequence[int]], list[ItemText]]


def read(file: Path) -> Columns:
    """The columns of a file of results, read a megabyte at a time.

    Raises:
        FileProblemsError: it cannot be read, holds no item, or has lines that are wrong; the first twenty are told.
    """
    try:
        mode = file.stat().st_mode
        if not stat.S_ISREG(mode):
            raise _problem(file, "a directory, where a file is needed" if stat.S_ISDIR(mode) else "not a regular file")
        with file.open("rb") as stream:
            return _read(file, stream)
    except FileNotFoundError as error:
        raise _problem(file, "no such file") from error
    except OSError as error:
        raise _problem(file, f"cannot be read: {error.strerror}") from error


def _read(file: Path, stream: BinaryIO) -> Columns:
    reading = _Reading(file)
    before = stamp(os.fstat(stream.fileno()))
    rest: list[bytes] = []
    while data := stream.read(_STEP):
        rest.append(data)
        if b"\n" in data:
            *whole, last = b"".join(rest).split(b"\n")
            reading.take(whole)
            rest = [last]
        if sum(map(len, rest)) > _LONGEST_LINE:
            reading.stop(f"longer than {_LONGEST_LINE // 1024 // 1024} MiB")
    reading.take([b"".join(rest)], cut_off=True)
    texts = FileTexts(file, before, np.frombuffer(reading.offsets, np.int64))
    texts.check(stream)
    return reading.columns(texts)


def _problem(file: Path, message: str) -> FileProblemsError:
    return FileProblemsError([Problem(str(file), message)])


class _Reading:
    """The lines of `file` that were read so far, and what is wrong with them."""

    def __init__(self, file: Path) -> None:
        self.offsets = array("q")
        self._file = file
        self._columns = GrowingColumns()
        self._problems: list[Problem] = []
        self._line = 0
        self._end = 0

    def take(self, raws: Sequence[bytes], *, cut_off: bool = False) -> None:
        """Takes the next lines; `cut_off`: what stands behind the last end of a line."""
        found: list[Line] = []
        numbers: list[int] = []
        for raw in raws:
            self._line += 1
            try:
                line = lines.decode_strictly(raw)
            except (ValueError, RecursionError):
                odd = self._decoded(raw, cut_off=cut_off)
                if odd is None:
                    self._end += len(raw) + 1
                    continue
                line = odd
            found.append(line)
            numbers.append(self._line)
            self.offsets.append(self._end)
            self._end += len(raw) + 1
        self._columns.add(found, self._prompts(found, numbers))

    def stop(self, message: str) -> NoReturn:
        """Ends the reading within the line that comes now.

        Raises:
            FileProblemsError: always; holds all problems so far.
        """
        self._add(self._line + 1, message)
        raise FileProblemsError(self._problems)

    def columns(self, texts: FileTexts) -> Columns:
        """What was read.

        Raises:
            FileProblemsError: lines are wrong, or there are none.
        """
        if self._problems:
            raise FileProblemsError(self._problems)
        if not self.offsets:
            raise _problem(self._file, "empty: there is no item in it")
        found = self._columns
        return Columns(
            keys=found.keys,
            repeats=found.repeats,
            prompts=found.prompts,
            groups=found.groups,
            suites=found.suites,
            suite_numbers=found.suite_numbers,
            series={name: Series(rows, values) for name, rows, values in found.scores()},
            texts=texts,
        )

    def _decoded(self, raw: bytes, *, cut_off: bool) -> Line | None:
        """What an odd line says; None where it is blank, or wrong, which is remembered."""
        try:
            return lines.decode(raw) if raw.strip() else None
        except lines.WrongLineError as error:
            self._add(self._line, f"cut off, the last line has no end: {error}" if cut_off else str(error))
            return None

    def _prompts(self, found: Sequence[Line], numbers: Sequence[int]) -> bytes:
        """The numbers of what was asked; of a wrong hash, which is remembered, that of none."""
        try:
            return keys.prompt_numbers([line.prompt_sha256 for line in found])
        except ValueError:
            return b"".join(starmap(self._prompt, zip(found, numbers, strict=True)))

    def _prompt(self, line: Line, number: int) -> bytes:
        try:
            return keys.prompt_numbers([line.prompt_sha256])
        except ValueError:
            self._add(number, "prompt_sha256: must be 64 hexadecimal digits")
            return keys.prompt_numbers([""])

    def _add(self, number: int, message: str) -> None:
        """Remembers a problem; the twentieth ends the reading."""
        last = len(self._problems) + 1 == _MOST_PROBLEMS
        hint = "the lines after it were not read" if last else None
        self._problems.append(Problem(str(self._file), message, line=number, hint=hint))
        if last:
            raise FileProblemsError(self._problems)
