"""The lines of one run in memory, field by field, as ``results.jsonl`` has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, repeat
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

from cajajejo.comparison.items import keys
from cajajejo.comparison.items.columns import Columns, Series
from cajajejo.comparison.items.item_texts import ItemText
from cajajejo.phrases import matches
from cajajejo.results import metric_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cajajejo.comparison.paired import Ints

TEXTS: Final = ("suite", "scenario", "subject", "group", "prompt_sha256", "prompt", "reference", "prediction")
"""Fields that hold text."""
FIELDS: Final = frozenset(("id", "repeat", "scores", *TEXTS))
"""What a line has beside its scores; other columns are scores."""
_DIGESTS: Final = ("group", "prompt_sha256")
"""Fields that are compared, and not shown."""

KeyedBy = Literal["id", "index", "position"]
Texts = Sequence[str | None]


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Table:
    """One run, line by line: a line is one answer to one item.

    Attributes:
        keyed_by: what says which lines of two runs belong together.
        ids: of the item.
        repeats: which answer to the item it is.
        texts: other fields by their names in ``results.jsonl``; one that is missing, or empty, is None in every line.
        scores: by scenario and metric.
        wide: whether metrics are columns that a table has or lacks as a whole.
    """

    keyed_by: KeyedBy
    ids: Sequence[str]
    repeats: Sequence[int] | Ints
    texts: Mapping[str, Texts]
    scores: Mapping[tuple[str, str], Series]
    wide: bool = False

    @property
    def items(self) -> list[str]:
        """The ids, each once, in their order."""
        return list(dict.fromkeys(self.ids))

    @property
    def metrics(self) -> set[str]:
        """The names of the metrics, without their scenarios."""
        return {metric for _, metric in self.scores}

    def columns(self, like: tuple[Table, Columns] | None = None) -> Columns:
        """What `columns.read` gives of a file of these lines; `like` is another table that may have the same items."""
        suites = [suite or "" for suite in self.texts.get("suite") or ()]
        numbers = {suite: number for number, suite in enumerate(dict.fromkeys(suites or [""]))}
        return Columns(
            keys=like[1].keys if like is not None and self._names_as(like[0]) else self._keys(),
            repeats=np.asarray(self.repeats, np.int64),
            prompts=self._prompts(),
            groups=self._groups(),
            suites=tuple(numbers),
            suite_numbers=np.array([numbers[suite] for suite in suites], np.int64) if len(numbers) > 1 else None,
            series=self._series(),
            texts=lambda rows: [self._item_text(row) for row in rows],
        )

    def _names_as(self, other: Table) -> bool:
        """Whether the lines of `other` are of the same items, one by one."""
        fields = ("scenario", "subject")
        return self.ids == other.ids and all(self.texts.get(field) == other.texts.get(field) for field in fields)

    def _keys(self) -> NDArray[np.uint64]:
        scenarios = self.texts.get("scenario") or repeat("")
        parts = groupby(
            zip(scenarios, self.texts.get("subject") or repeat(None), self.ids, strict=False), itemgetter(0, 1)
        )
        joined = (
            keys.item_keys(scenario or "", subject, map(itemgetter(2), lines)) for (scenario, subject), lines in parts
        )
        return keys.as_array(b"".join(joined))

    def _prompts(self) -> NDArray[np.uint64]:
        hashes = [sha256 or "" for sha256 in self.texts.get("prompt_sha256") or ()]
        joined = keys.prompt_numbers(hashes) if hashes else bytes(8 * len(self.ids))
        return np.frombuffer(joined, "<u8").astype(np.uint64)

    def _groups(self) -> NDArray[np.uint64]:
        names = self.texts.get("group")
        if not names:
            return np.zeros(len(self.ids), np.uint64)
        numbers = {name: 0 if name is None else keys.group_number(name) for name in set(names)}
        return np.array([numbers[name] for name in names], np.uint64)

    def _series(self) -> dict[tuple[str, str], Series]:
        """The scores by name, where metrics of a scenario that the same rows have share the array of these."""
        first: dict[str, Ints] = {}
        found = {}
        for (scenario, metric), one in sorted(self.scores.items()):
            known = first.setdefault(scenario, one.rows)
            found[scenario, metric] = Series(known, one.values) if np.array_equal(known, one.rows) else one
        return found

    def _item_text(self, row: int) -> ItemText:
        texts = {field: column[row] for field, column in self.texts.items() if column and field not in _DIGESTS}
        return ItemText(
            scenario=texts.get("scenario") or "",
            subject=texts.get("subject"),
            id=self.ids[row],
            prompt=texts.get("prompt"),
            reference=texts.get("reference"),
            prediction=texts.get("prediction"),
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be read: globs of the metrics (none: all), and the column that holds groups."""

    metrics: tuple[str, ...] = ()
    group: str = "group"

    def wants(self, scenario: str, metric: str) -> bool:
        """Whether a metric is asked for, by its name with or without the scenario."""
        names = (metric, metric_name(scenario, metric))
        return not self.metrics or any(matches(name, glob) for glob in self.metrics for name in names)
