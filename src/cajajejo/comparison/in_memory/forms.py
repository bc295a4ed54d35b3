"""Scores in whatever form they are held in Python, as the lines of one run.

A form is a list or an array, a dict of them, a data frame, a list of the lines of ``results.jsonl``, or what
`results.read` gives. Data frames are known by what they can do: pandas, polars and pyarrow are not imported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cajajejo.comparison.in_memory import fields
from cajajejo.comparison.in_memory.cells import ComparisonInputError, kind, label, score_rows
from cajajejo.comparison.in_memory.tables import FIELDS, Table
from cajajejo.comparison.items.columns import Series
from cajajejo.phrases import some
from cajajejo.results import Results

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cajajejo.comparison.in_memory.cells import ScoreRows
    from cajajejo.comparison.in_memory.tables import Asked
    from cajajejo.comparison.paired import Ints

UNNAMED: Final = "score"
"""What scores are called that come without a name."""

Index = Sequence[str] | None
"""The labels of rows; None where they have none."""


def table(given: object, name: str, asked: Asked) -> Table:
    """The lines of `given`, which an error calls `name`.

    Raises:
        ComparisonInputError: it is of no form that is known, or something in it is no score.
    """
    if isinstance(given, Results):
        return fields.of_results(given, name)
    if isinstance(given, Sequence) and given and isinstance(given[0], Mapping):
        given = _transposed(given, name)
    columns, labels = _columns(given, name)
    if columns.keys() & (FIELDS | {asked.group}):
        return fields.of_fields(columns, labels, name, asked)
    wanted = {metric: values for metric, values in columns.items() if asked.wants("", metric)}
    if not wanted:
        facts = {"there are": some([*columns])}
        raise ComparisonInputError(f"{name} has no metric called {' or '.join(asked.metrics)}", facts=facts)
    return _of_scores(wanted, labels, name)


def _transposed(lines: Sequence[object], name: str) -> dict[object, list[object]]:
    """Lines as columns; a field that a line lacks is None there."""
    found = [line for line in lines if isinstance(line, Mapping)]
    if len(found) != len(lines):
        place, other = next((place, line) for place, line in enumerate(lines) if not isinstance(line, Mapping))
        raise ComparisonInputError(f"{name}: line {place} is {kind(other)}, and other lines are mappings")
    fields = dict.fromkeys(chain.from_iterable(found))
    return {field: [line.get(field) for line in found] for field in fields}


def _columns(given: Any, name: str) -> tuple[dict[str, object], Index]:
    """The columns of `given` by their names, and the labels of its rows."""
    if isinstance(given, Mapping):
        return _named(given.items(), name), _common_index([*given.values()], name)
    if hasattr(given, "to_pydict"):  # a table of pyarrow
        return _named(given.to_pydict().items(), name), None
    if not (hasattr(given, "columns") and hasattr(given, "to_dict")):
        return {UNNAMED: given}, index(given, name)
    if not hasattr(given, "index"):  # a data frame of polars
        return _named(given.to_dict(as_series=False).items(), name), None
    if FIELDS.intersection(given.index.names):
        given = given.reset_index()
    columns = ((column, given.iloc[:, place]) for place, column in enumerate(given.columns))
    return _named(columns, name), _labels(given.index, name)


def _named(columns: Iterable[tuple[object, object]], name: str) -> dict[str, object]:
    named = [(label(column) or "", values) for column, values in columns]
    if not named:
        raise ComparisonInputError(f"{name} is empty: there is nothing to compare")
    column, times = Counter(column for column, _ in named).most_common(1)[0]
    if times > 1:
        raise ComparisonInputError(f"{name} has {times} columns called {column}")
    return dict(named)


def index(values: Any, name: str) -> Index:
    """The labels of a pandas Series, which an error calls `name`; None of all else.

    Raises:
        ComparisonInputError: a row has none.
    """
    return _labels(values.index, name) if hasattr(values, "index") and hasattr(values, "iloc") else None


def _common_index(columns: Sequence[object], name: str) -> Index:
    found = [index(values, name) for values in columns]
    if None in found:
        return None
    if any(index != found[0] for index in found):
        raise ComparisonInputError(f"{name}: its columns have different indexes")
    return found[0] if found else None


def _labels(index: Iterable[object], name: str) -> list[str]:
    labels = [label(value) for value in index]
    found = [text for text in labels if text is not None]
    if len(found) != len(labels):
        raise ComparisonInputError(f"{name}: row {labels.index(None)} has no label in the index")
    return found


def _of_scores(columns: Mapping[str, object], labels: Index, name: str) -> Table:
    """Scores in rows of items, with one answer to an item or several in each metric."""
    found = {metric: score_rows(values, _called(name, metric)) for metric, values in columns.items()}
    count = fields.same_length({metric: len(one) for metric, one in found.items()}, name)
    if labels is not None:
        fields.refuse_twice([(text,) for text in labels], name)
    counts = np.max([_counts(one) for one in found.values()], axis=0)
    starts = np.cumsum(counts) - counts
    item_of = np.repeat(np.arange(count), counts)
    ids = [str(place) for place in range(count)] if labels is None else labels
    return Table(
        keyed_by="position" if labels is None else "index",
        ids=ids if len(item_of) == count else [ids[item] for item in item_of.tolist()],
        repeats=np.arange(len(item_of)) - starts[item_of],
        texts={},
        scores={("", metric): Series(_rows(one, starts), one.scores) for metric, one in found.items()},
        wide=True,
    )


def _called(name: str, metric: str) -> str:
    return name if metric == UNNAMED else f"{name}: {metric}"


def _counts(one: ScoreRows) -> Ints:
    return np.ones(len(one), np.int64) if one.counts is None else one.counts


def _rows(one: ScoreRows, starts: Ints) -> Ints:
    """The line of each answer, where the lines of each item begin at `starts`."""
    counts = _counts(one)
    before = np.cumsum(counts) - counts
    return np.repeat(starts - before, counts) + np.arange(len(one.scores))
