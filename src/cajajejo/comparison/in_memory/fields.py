"""Lines with the fields of ``results.jsonl``, from an evaluation or from the columns of a table."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cajajejo.comparison.in_memory.cells import ComparisonInputError, is_missing, kind, label, scores
from cajajejo.comparison.in_memory.tables import FIELDS, TEXTS, Table
from cajajejo.comparison.items.columns import Series
from cajajejo.results import hash_of, prompt_part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.comparison.in_memory.tables import Asked, KeyedBy, Texts
    from cajajejo.results import Results

_SHA256: Final = re.compile(r"[0-9a-f]{64}")

Listed = Mapping[str, Sequence[object]]
"""Columns as lists."""


def of_results(results: Results, name: str) -> Table:
    """The lines of an evaluation as `results.read` gives it, which an error calls `name`.

    Raises:
        ComparisonInputError: there is none.
    """
    items = results.items
    same_length({"items": len(items)}, name)
    return Table(
        keyed_by="id",
        ids=[item.id for item in items],
        repeats=[item.repeat for item in items],
        texts={field: [getattr(item, field) for item in items] for field in TEXTS},
        scores=_by_metric(
            (
                ((item.scenario, metric), row, value if math.isfinite(value) else None)
                for row, item in enumerate(items)
                for metric, value in item.scores.items()
            ),
            name,
        ),
    )


def of_fields(columns: Mapping[str, object], index: Sequence[str] | None, name: str, asked: Asked) -> Table:
    """The lines of a table with columns that are called as the fields of ``results.jsonl``.

    Scores stand in a column of mappings, ``scores``, or in columns of numbers.

    Args:
        columns: as they were given, by their names.
        index: labels of the rows, which count where there is no column ``id``; None: their places do.
        name: what an error calls the table.
        asked: which metrics, and which column of groups.

    Raises:
        ComparisonInputError: something is missing, or is not what it should be.
    """
    found = {column: listed(values, f"{name}: its column {column}") for column, values in columns.items()}
    count = same_length({column: len(values) for column, values in found.items()}, name)
    keyed_by, ids = _ids(found, index, name, count)
    texts: dict[str, Texts] = {field: [label(value) for value in found[field]] for field in TEXTS if field in found}
    if asked.group in found:
        texts["group"] = [label(value) for value in found[asked.group]]
    scenarios = [scenario or "" for scenario in texts.get("scenario") or [""] * count]
    if keyed_by == "index":
        refuse_twice(list(zip(ids, scenarios, texts.get("subject") or scenarios, strict=True)), name)
    return Table(
        keyed_by=keyed_by,
        ids=ids,
        repeats=_repeats(found.get("repeat") or [0] * count, name),
        texts={**texts, **_prompts(texts, name)},
        scores=_scores(columns, found, scenarios, name, asked),
        wide=not _has_mappings(found),
    )


def same_length(lengths: Mapping[str, int], name: str) -> int:
    """The length that all columns have.

    Raises:
        ComparisonInputError: there is none, or it is 0.
    """
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{column} has {length}" for column, length in lengths.items())
        raise ComparisonInputError(f"{name}: its columns have different lengths", facts={"rows": told})
    count = next(iter(lengths.values()), 0)
    if not count:
        raise ComparisonInputError(f"{name} is empty: there is nothing to compare")
    return count


def refuse_twice(labels: Sequence[tuple[str | None, ...]], name: str) -> None:
    """Returns where each label of an index stands there once, with what is beside it.

    Raises:
        ComparisonInputError: one stands there again.
    """
    (text, *_), times = Counter(labels).most_common(1)[0]
    if times > 1:
        facts = {"repeats": "are columns of an array, or lines with id and repeat"}
        raise ComparisonInputError(f"{name}: its index has {text} {times} times", facts=facts)


def listed(values: Any, name: str) -> list[object]:
    """`values` as a list, whatever holds them.

    Raises:
        ComparisonInputError: they are not many.
    """
    for method in ("tolist", "to_list", "to_pylist"):
        if hasattr(values, method):
            return list(getattr(values, method)())
    if not isinstance(values, Sequence) or isinstance(values, str | bytes):
        raise ComparisonInputError(f"{name} is {kind(values)}, and no list")
    return list(values)


def _ids(listed: Listed, index: Sequence[str] | None, name: str, count: int) -> tuple[KeyedBy, Sequence[str]]:
    if "id" in listed:
        ids = [label(value) for value in listed["id"]]
        found = [text for text in ids if text is not None]
        if len(found) != len(ids):
            raise ComparisonInputError(f"{name}: row {ids.index(None)} has no id")
        return "id", found
    if "repeat" in listed:
        raise ComparisonInputError(f"{name} has a column repeat, and no column id")
    return ("position", [str(place) for place in range(count)]) if index is None else ("index", index)


def _repeats(values: Sequence[object], name: str) -> list[int]:
    repeats = []
    for place, value in enumerate(values):
        text = "0" if is_missing(value) else label(value) or ""
        if not text.isdecimal():
            raise ComparisonInputError(f"{name}: repeat of row {place} is {value!r:.40}, and no whole number from 0")
        repeats.append(int(text))
    return repeats


def _prompts(texts: Mapping[str, Texts], name: str) -> dict[str, Texts]:
    """What is kept of prompts, and their hashes: those that are given, else of the prompts that are."""
    prompts = texts.get("prompt", ())
    hashes = texts.get("prompt_sha256") or [prompt and hash_of(prompt) for prompt in prompts]
    for place, text in enumerate(hashes):
        if text and not _SHA256.fullmatch(text):
            raise ComparisonInputError(f"{name}: prompt_sha256 of row {place} is not 64 hexadecimal digits, lower case")
    return {"prompt": [prompt_part(prompt or "") for prompt in prompts], "prompt_sha256": hashes}


def _scores(
    columns: Mapping[str, object], listed: Listed, scenarios: Sequence[str], name: str, asked: Asked
) -> dict[tuple[str, str], Series]:
    if _has_mappings(listed):
        return _of_mappings(listed["scores"], scenarios, name)
    fields = (FIELDS - {"scores"}) | {asked.group}
    unique = set(scenarios)
    return _of_columns(
        {
            column: values
            for column, values in columns.items()
            if column not in fields and any(asked.wants(scenario, column) for scenario in unique)
        },
        scenarios,
        name,
    )


def _has_mappings(listed: Listed) -> bool:
    return any(isinstance(value, Mapping) for value in listed.get("scores", ()))


def _of_mappings(lines: Sequence[object], scenarios: Sequence[str], name: str) -> dict[tuple[str, str], Series]:
    """Scores of lines that each have a mapping of them."""
    for place, line in enumerate(lines):
        if not isinstance(line, Mapping):
            raise ComparisonInputError(f"{name}: scores of row {place} is {kind(line)}, and no mapping")
    found = (
        ((scenario, str(metric)), row, value)
        for row, (scenario, line) in enumerate(zip(scenarios, lines, strict=True))
        if isinstance(line, Mapping)
        for metric, value in line.items()
    )
    return _by_metric(found, name)


def _by_metric(found: Iterator[tuple[tuple[str, str], int, object]], name: str) -> dict[tuple[str, str], Series]:
    gathered: dict[tuple[str, str], tuple[list[int], list[object]]] = {}
    for metric, row, value in found:
        rows, values = gathered.setdefault(metric, ([], []))
        rows.append(row)
        values.append(value)
    return {
        (scenario, metric): Series(np.array(rows, np.int64), scores(values, f"{name}: {metric}", rows))
        for (scenario, metric), (rows, values) in gathered.items()
    }


def _of_columns(columns: Mapping[str, object], scenarios: Sequence[str], name: str) -> dict[tuple[str, str], Series]:
    """Scores of lines with a column for each metric; one without a score in a whole scenario is none of its metrics."""
    rows_of: dict[str, list[int]] = {scenario: [] for scenario in dict.fromkeys(scenarios)}
    for row, scenario in enumerate(scenarios):
        rows_of[scenario].append(row)
    found = {}
    for metric, values in columns.items():
        column = scores(values, f"{name}: {metric}")
        nowhere = bool(np.isnan(column).all())
        for scenario, rows in rows_of.items():
            if nowhere or not np.isnan(column[rows]).all():
                found[scenario, metric] = Series(np.array(rows, np.int64), column[rows])
    return found
