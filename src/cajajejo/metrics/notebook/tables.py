"""The values of metrics in runs as a table, in whatever form they are held in Python: a row a run, oldest first."""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cajajejo.metrics.notebook import cells
from cajajejo.metrics.notebook.cells import MetricInputError, kind
from cajajejo.metrics.points import Point
from cajajejo.phrases import some

if TYPE_CHECKING:
    from collections.abc import Iterable

UNNAMED: Final = "value"
"""What numbers are called that come without a name."""


@dataclass(frozen=True, slots=True)
class Table:
    """The values of each metric, run by run, oldest first; None where a run has none.

    `times` are the starts of the runs, in seconds since the epoch; None: not known.
    """

    columns: Mapping[str, Sequence[float | None]]
    runs: Sequence[str]
    commits: Sequence[str | None]
    times: Sequence[float] | None = None

    @property
    def starts(self) -> Sequence[float]:
        """The starts of the runs; zero where they are not known."""
        return [0.0] * len(self.runs) if self.times is None else self.times

    def points(self) -> dict[str, list[Point]]:
        """The finite values of each metric as a history holds them."""
        about = list(zip(self.runs, self.starts, self.commits, strict=True))
        return {
            name: [
                Point(run, value, start_time=start, commit=commit)
                for value, (run, start, commit) in zip(column, about, strict=True)
                if value is not None and math.isfinite(value)
            ]
            for name, column in self.columns.items()
        }

    def cut(self, end: int) -> Table:
        """The runs before the one at `end`."""
        columns = {name: column[:end] for name, column in self.columns.items()}
        return Table(columns, self.runs[:end], self.commits[:end], self.times and self.times[:end])


def table(values: object, *, runs: object = None, commits: object = None, times: object = None) -> Table:
    """The table that `values` hold.

    Args:
        values: one number for each run, a dict or a data frame of such columns, or a list with a dict for each run.
        runs: the names of the runs, or of the column that holds them; None: the index of pandas, else 0, 1, 2, ….
        commits: the commit of each run, or the column of them.
        times: when each run started, or the column of that; None: the index of pandas, if it holds times.

    Raises:
        MetricInputError: they are of no form that is known, or something in them is no number.
    """
    columns, index = _taken_apart(values)
    named = {given for given in (runs, commits, times) if isinstance(given, str)}
    metrics = {name: cells.numbers(columns[name], _called(name)) for name in columns if name not in named}
    length = _length({_called(name): len(column) for name, column in metrics.items()})
    of_runs = index if runs is None else _about(columns, runs, "runs")
    of_times = _dated(index) if times is None else _about(columns, times, "times")
    of_commits = [None] * length if commits is None else _about(columns, commits, "commits")
    return Table(
        metrics,
        _unique(_each(range(length) if of_runs is None else of_runs, length, "runs")),
        [cells.label(commit) for commit in _each(of_commits, length, "commits")],
        None if of_times is None else _in_order(cells.times(_each(of_times, length, "times"), "times")),
    )


def _taken_apart(values: Any) -> tuple[dict[str, object], Sequence[object] | None]:
    """The columns of `values` by name, and what pandas calls the rows; None where it only counts them."""
    if isinstance(values, Mapping):
        return _named(values.items()), _common([_index(column) for column in values.values()])
    if isinstance(values, Sequence) and values and isinstance(values[0], Mapping):
        return _named(_transposed(values).items()), None
    if hasattr(values, "to_pydict"):  # a table of pyarrow
        return _named(values.to_pydict().items()), None
    if hasattr(values, "columns") and hasattr(values, "iloc"):  # a data frame of pandas
        columns = ((name, values.iloc[:, place]) for place, name in enumerate(values.columns))
        return _named(columns), _index(values)
    if hasattr(values, "columns") and hasattr(values, "get_columns"):  # a data frame of polars
        return _named((column.name, column) for column in values.get_columns()), None
    name = cells.label(getattr(values, "name", None)) or UNNAMED
    return {name: values}, _index(values)


def _named(columns: Iterable[tuple[object, object]]) -> dict[str, object]:
    found = [(cells.label(name) or "", column) for name, column in columns]
    if not found:
        raise MetricInputError("values are empty: there is no metric to judge")
    name, times = Counter(name for name, _ in found).most_common(1)[0]
    if times > 1:
        raise MetricInputError(f"values have {times} columns called {name}")
    return dict(found)


def _transposed(rows: Sequence[object]) -> dict[object, list[object]]:
    """Rows as columns; a metric that a row lacks is None there."""
    for place, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise MetricInputError(f"values: row {place} is {kind(row)}, and other rows are mappings")
    found = [row for row in rows if isinstance(row, Mapping)]
    return {name: [row.get(name) for row in found] for name in dict.fromkeys(chain.from_iterable(found))}


def _index(values: Any) -> Sequence[object] | None:
    """The labels of the rows of a pandas object, unless they are only counted."""
    if not (hasattr(values, "index") and hasattr(values, "iloc")) or type(values.index).__name__ == "RangeIndex":
        return None
    return list(values.index.to_list())


def _common(indexes: Sequence[Sequence[object] | None]) -> Sequence[object] | None:
    if any(index != indexes[0] for index in indexes):
        raise MetricInputError("values: the columns have different indexes")
    return indexes[0] if indexes else None


def _called(name: str) -> str:
    return "values" if name == UNNAMED else f"values: {name}"


def _length(lengths: Mapping[str, int]) -> int:
    """How many runs there are."""
    if not lengths:
        raise MetricInputError("values hold no metric")
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name.removeprefix('values: ')} {length:,}" for name, length in lengths.items())
        raise MetricInputError("the metrics do not have one value for each run", facts={"values": told})
    length = next(iter(lengths.values()))
    if not length:
        raise MetricInputError("values are empty: there is no run to judge")
    return length


def _about(columns: Mapping[str, object], given: object, name: str) -> object:
    """What is `given` of the runs themselves: for each of them, or as the name of a column."""
    if not isinstance(given, str):
        return given
    if given not in columns:
        raise MetricInputError(f"{name} is no column: {given}", facts={"there are": some([*columns], most=10)})
    return columns[given]


def _each(given: object, length: int, name: str) -> list[object]:
    found = cells.listed(given, name)
    if len(found) != length:
        raise MetricInputError(f"{name} are {len(found):,}, and there are {length:,} runs")
    return found


def _dated(index: Sequence[object] | None) -> Sequence[object] | None:
    """`index`, where it says when each run was."""
    return index if index and all(isinstance(label, dt.date | np.datetime64) for label in index) else None


def _unique(given: Sequence[object]) -> list[str]:
    labels = [cells.label(run) for run in given]
    found = [label for label in labels if label]
    if len(found) != len(labels):
        raise MetricInputError(
            f"runs: run {next(place for place, label in enumerate(labels) if not label)} has no name"
        )
    name, times = Counter(found).most_common(1)[0]
    if times > 1:
        do = "give runs their own names: runs=[…], or reset_index(drop=True) where the index means nothing"
        raise MetricInputError(f"runs: {times} runs are called {name}", facts={"do": do})
    return found


def _in_order(times: Sequence[float]) -> Sequence[float]:
    for place, (before, after) in enumerate(pairwise(times), start=1):
        if after < before:
            raise MetricInputError(f"times: run {place} started before run {place - 1}: the oldest run comes first")
    return times
