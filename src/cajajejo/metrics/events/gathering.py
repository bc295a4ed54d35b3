"""Points gathered by run and tag while the files are read, and the rule which tags are scalars at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import translate
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from cajajejo.metrics.events.columns import Points
from cajajejo.metrics.events.series import Series

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from cajajejo.metrics.events.damage import Damage

SCALARS: Final = frozenset({"", "scalars"})
"""The plugins whose values are scalars; old writers name none."""


class Table(NamedTuple):
    """The points of many runs that hold the same tags, each as often: in each array a row for each run.

    Attributes:
        plugins: of each tag, scalar or not, the plugin that it names first.
        points: of each tag whose plugin is that of scalars, and which has any.
    """

    plugins: Mapping[str, str]
    points: Mapping[str, Points]

    def row(self, number: int, tag: str) -> Points:
        """The points of a tag in one run."""
        steps, wall_times, values = self.points[tag]
        return Points(steps[number], wall_times[number], values[number])


class Run:
    """The points of a run.

    Attributes:
        name: of the run.
    """

    __slots__ = ("_chunks", "_ignored", "_row", "_table", "name")

    def __init__(self, name: str, ignored: re.Pattern[str] | None) -> None:
        self.name = name
        self._ignored = ignored
        self._chunks: dict[str, list[Points] | None] = {}
        self._table: Table | None = None
        self._row = 0

    def of(self, tag: str, plugin: str) -> list[Points] | None:
        """Where the points of `tag` are gathered, or None if they are not: a tag keeps the plugin that it had first."""
        if self._table is not None:
            self._unfold(self._table)
        if tag in self._chunks:
            return self._chunks[tag]
        wanted = plugin in SCALARS and not (self._ignored and self._is_ignored(tag, self._ignored))
        chunks = self._chunks[tag] = [] if wanted else None
        return chunks

    def take(self, table: Table, row: int) -> None:
        """Adds a row of a table; if it is all that the run has, it stays there until a tag is asked for."""
        alone = not (self._chunks or self._table or self._ignored)
        if self._table is not None:
            self._unfold(self._table)
        self._table, self._row = table, row
        if not alone:
            self._unfold(table)

    def tags(self) -> Collection[str]:
        """Those that have points."""
        if self._table is not None:
            return self._table.points
        return {tag: None for tag, chunks in self._chunks.items() if chunks}

    def series(self, tag: str) -> Series:
        """The points of a tag that has any."""
        if self._table is not None:
            return Series(*self._table.row(self._row, tag))
        chunks = self._chunks[tag] or []
        if len(chunks) > 1:
            chunks[:] = [Points(*(np.concatenate(parts) for parts in zip(*chunks, strict=True)))]
        return Series(*chunks[0])

    def join(self) -> None:
        """Puts the points of each tag behind each other, so that nothing is held twice."""
        if self._table is None:
            for tag in self.tags():
                self.series(tag)

    def _unfold(self, table: Table) -> None:
        self._table = None
        for tag, plugin in table.plugins.items():
            chunks = self.of(tag, plugin)
            if chunks is not None and tag in table.points:
                chunks.append(table.row(self._row, tag))

    def _is_ignored(self, tag: str, ignored: re.Pattern[str]) -> bool:
        return any(ignored.match(name) for name in (tag, tag if self.name == "." else f"{self.name}/{tag}"))


class File(NamedTuple):
    """A file that is being read: whose points these are, and what was lost of them."""

    run: Run
    damage: Damage


class Gathered(Mapping[tuple[str, str], Series]):
    """Series by run and tag, each cut out of what was read together when it is asked for."""

    def __init__(self, runs: Mapping[str, Run]) -> None:
        self._runs = runs
        self._tags = {name: run.tags() for name, run in runs.items()}

    def __getitem__(self, key: tuple[str, str]) -> Series:
        """The series of a run and a tag."""
        run, tag = key
        if tag not in self._tags[run]:
            raise KeyError(key)
        return self._runs[run].series(tag)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Run and tag of each series, in the order of the files."""
        return ((run, tag) for run, tags in self._tags.items() for tag in tags)

    def __len__(self) -> int:
        """How many series there are."""
        return sum(map(len, self._tags.values()))

    def __repr__(self) -> str:
        """As that of a dictionary."""
        return repr(dict(self))


class Gathering:
    """The runs that are being read."""

    __slots__ = ("_ignored", "_runs")

    def __init__(self, ignore: Sequence[str]) -> None:
        globs = [part for glob in ignore for part in (translate(glob), rf"{re.escape(glob)}\Z")]
        self._ignored = re.compile("|".join(f"(?:{glob})" for glob in globs)) if globs else None
        self._runs: dict[str, Run] = {}

    def run(self, name: str) -> Run:
        """The run of this name."""
        run = self._runs.get(name)
        if run is None:
            run = self._runs[name] = Run(name, self._ignored)
        return run

    def series(self) -> Gathered:
        """Every series with a point."""
        gathered = Gathered(self._runs)
        for run in self._runs.values():
            run.join()
        return gathered
