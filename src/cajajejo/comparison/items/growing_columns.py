"""Lines as they come, kept as columns of numbers that grow; what is done for many lines at once is done once."""

from __future__ import annotations

import math
from array import array
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

import numpy as np

from cajajejo.comparison.items import keys

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from cajajejo.comparison.items.lines import Line
    from cajajejo.comparison.paired import Floats, Ints


class GrowingColumns:
    """The lines that were added so far."""

    def __init__(self) -> None:
        self._keys = bytearray()
        self._repeats = array("q")
        self._prompts = bytearray()
        self._groups = array("Q")
        self._suites: dict[str, int] = {}
        self._suite_numbers = array("I")
        self._scores: dict[tuple[str, str], tuple[array[int], array[float]]] = {}

    def __len__(self) -> int:
        return len(self._repeats)

    def add(self, lines: Sequence[Line], prompts: bytes) -> None:
        """Adds lines; `prompts` are the numbers of what was asked, eight bytes a line."""
        for (suite, scenario, subject), same in groupby(lines, key=attrgetter("suite", "scenario", "subject")):
            run = list(same)
            self._add_scores(scenario, [line.scores for line in run])
            self._keys += keys.item_keys(scenario, subject, [line.id for line in run])
            self._suite_numbers.extend([self._suites.setdefault(suite, len(self._suites))] * len(run))
            self._groups.extend([0 if line.group is None else keys.group_number(line.group) for line in run])
            self._repeats.extend([line.repeat for line in run])
        self._prompts += prompts

    def _add_scores(self, scenario: str, scores: Sequence[Mapping[str, float | None]]) -> None:
        """Adds the scores of the next rows."""
        rows = range(len(self), len(self) + len(scores))
        try:
            by_metric = {metric: [one[metric] for one in scores] for metric in scores[0]}
        except KeyError:
            by_metric = {}
        if set(map(len, scores)) == {len(by_metric)}:  # as many, and each has them: the same metrics on every line
            for metric, values in by_metric.items():
                self._extend((scenario, metric), rows, values)
        else:
            for row, one in zip(rows, scores, strict=True):
                for metric, score in one.items():
                    self._extend((scenario, metric), (row,), (score,))

    def _extend(self, name: tuple[str, str], rows: Sequence[int], scores: Iterable[float | None]) -> None:
        if name not in self._scores:
            self._scores[name] = array("q"), array("d")
        there, values = self._scores[name]
        there.extend(rows)
        values.extend([math.nan if score is None else score for score in scores])

    @property
    def keys(self) -> NDArray[np.uint64]:
        """The keys of the items, shape (n, 2)."""
        return keys.as_array(self._keys)

    @property
    def repeats(self) -> Ints:
        """The numbers of the repeats, shape (n,)."""
        return np.frombuffer(self._repeats, np.int64)

    @property
    def prompts(self) -> NDArray[np.uint64]:
        """The numbers of what was asked, shape (n,)."""
        return np.frombuffer(self._prompts, "<u8").astype(np.uint64)

    @property
    def groups(self) -> NDArray[np.uint64]:
        """The numbers of the groups, shape (n,)."""
        return np.frombuffer(self._groups, np.uint64)

    @property
    def suites(self) -> tuple[str, ...]:
        """The names of the suites, in the order in which they came."""
        return tuple(self._suites)

    @property
    def suite_numbers(self) -> Ints | None:
        """Which suite each row belongs to, shape (n,); None where there is one."""
        return np.array(self._suite_numbers, np.int64) if len(self._suites) > 1 else None

    def scores(self) -> Iterator[tuple[tuple[str, str], Ints, Floats]]:
        """Scenario and metric, rows and scores, by name; metrics that the same rows have share the array of these."""
        first: dict[str, Ints] = {}
        for name in sorted(self._scores):
            rows, values = self._scores.pop(name)
            there = np.frombuffer(rows, np.int64)
            known = first.setdefault(name[0], there)
            yield name, known if np.array_equal(known, there) else there, np.frombuffer(values)
