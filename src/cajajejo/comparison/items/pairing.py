"""Two runs, joined item by item: what both answered, and what could not be joined."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.comparison.items import keys
from cajajejo.comparison.items.answers import answers, order_of
from cajajejo.comparison.items.joining import join
from cajajejo.comparison.items.prompts import asked_differently
from cajajejo.errors import CajajejoError
from cajajejo.phrases import some
from cajajejo.results import metric_name

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from cajajejo.comparison.items.answers import Answers, Flags, Order
    from cajajejo.comparison.items.columns import Columns
    from cajajejo.comparison.items.item_texts import ItemText
    from cajajejo.comparison.paired import Ints, Paired

_NAMED: Final = 5


class DifferentPromptsError(CajajejoError):
    """Items of one id were asked differently in the two runs, so that their scores say nothing of the models."""


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class Pairing:
    """Two runs, joined.

    Attributes:
        metrics: the pairs of each metric that both have, by name, in the order of names.
        only_a: names of metrics that only A has.
        only_b: names of metrics that only B has.
        pairs: items that both have, of the scenarios of wanted metrics.
        unpaired_a: items that only A has.
        unpaired_b: items that only B has.
        duplicates: lines of both that repeat another line.
        regrouped: items to which A and B give two groups; the group of A counts.
    """

    metrics: Mapping[str, Paired]
    only_a: tuple[str, ...] = ()
    only_b: tuple[str, ...] = ()
    pairs: int = 0
    unpaired_a: int = 0
    unpaired_b: int = 0
    duplicates: int = 0
    regrouped: int = 0


def pair(a: Columns, b: Columns, wanted: Callable[[str], bool] = lambda _: True) -> Pairing:
    """The pairs of every wanted metric of two runs, in the order of keys, whatever the order of lines is.

    Raises:
        DifferentPromptsError: items of these metrics were asked differently.
        CajajejoError: two metrics of a run have one name.
    """
    in_a, in_b = _named(a, wanted), _named(b, wanted)
    runs = _Runs(a, b)
    scenarios = {scenario for scenario, _ in (*in_a.values(), *in_b.values())}
    metrics = {name: runs.join(name, in_a[name], in_b[name]) for name in sorted(in_a.keys() & in_b.keys())}
    runs.refuse_different_prompts()
    has_a, has_b = (runs.items(run, scenarios) for run in (0, 1))
    return Pairing(
        metrics=metrics,
        only_a=tuple(sorted(in_a.keys() - in_b.keys())),
        only_b=tuple(sorted(in_b.keys() - in_a.keys())),
        pairs=int(np.count_nonzero(has_a & has_b)),
        unpaired_a=int(np.count_nonzero(has_a & ~has_b)),
        unpaired_b=int(np.count_nonzero(has_b & ~has_a)),
        duplicates=runs.duplicates,
        regrouped=int(np.count_nonzero(runs.regrouped)),
    )


def _named(run: Columns, wanted: Callable[[str], bool]) -> dict[str, tuple[str, str]]:
    """The scenario and the metric of every series that is wanted, by its name.

    Raises:
        CajajejoError: two have one name.
    """
    named: dict[str, tuple[str, str]] = {}
    for series in run.series:
        name = metric_name(*series)
        if named.setdefault(name, series) != series:
            facts = {"one": " and ".join(named[name]), "other": " and ".join(series)}
            raise CajajejoError(f"two metrics share the name {name}: their scenarios hold slashes", facts=facts)
    return {name: series for name, series in named.items() if wanted(name)}


class _Runs:
    """Two runs whose items are numbered together, and what shows while their metrics are joined.

    Attributes:
        regrouped: whether an item has another group in B, by its number.
    """

    def __init__(self, a: Columns, b: Columns) -> None:
        self._columns = (a, b)
        told_apart = max(len(a.suites), len(b.suites)) > 1
        self._keys, others = (keys.identities(run, told_apart=told_apart) for run in self._columns)
        numbers = keys.numbered(np.concatenate((self._keys, others)))
        self._numbers = (numbers[: len(self._keys)], numbers[len(self._keys) :])
        self._orders: dict[tuple[int, int], Order] = {}
        self._checked: set[tuple[Order, Order]] = set()
        self._duplicates = [np.zeros(len(run.keys), np.bool_) for run in self._columns]
        self._asked_differently, self.regrouped = (np.zeros(numbers.max(initial=-1) + 1, np.bool_) for _ in range(2))

    def join(self, name: str, in_a: tuple[str, str], in_b: tuple[str, str]) -> Paired:
        """The pairs of one metric."""
        orders = self._order(0, in_a), self._order(1, in_b)
        a, b = (self._answers(run, of, order) for run, (of, order) in enumerate(zip((in_a, in_b), orders, strict=True)))
        if orders not in self._checked:
            self._asked_differently[asked_differently(a.asked, b.asked)] = True
        if not any(order.repeated for order in orders):
            self._checked.add(orders)
        paired = join(a, b, self._columns[0].groups, self._columns[1].groups)
        groups_a, groups_b = self._columns[0].groups[paired.rows_a], self._columns[1].groups[paired.rows_b]
        differ = (groups_a != groups_b) & (groups_a != 0) & (groups_b != 0)
        self.regrouped[self._numbers[0][paired.rows_a[differ]]] = True
        return replace(paired, seed=self._seed(name, paired.rows_a))

    def _order(self, run: int, name: tuple[str, str]) -> Order:
        """The order of the lines that have a metric; most metrics of a scenario share these lines."""
        rows = self._columns[run].series[name].rows
        if (run, id(rows)) not in self._orders:
            self._orders[run, id(rows)] = order_of(self._numbers[run][rows], rows, self._columns[run])
        return self._orders[run, id(rows)]

    def _answers(self, run: int, name: tuple[str, str], order: Order) -> Answers:
        found = answers(order, self._columns[run].series[name].values)
        self._duplicates[run][found.duplicates] = True
        return found

    def _seed(self, name: str, rows: Ints) -> bytes:
        """The digest of the keys of the pairs and of the name of the metric."""
        digest = blake2b(self._keys.take(rows, axis=0).astype("<u8", copy=False).tobytes(), digest_size=16)
        digest.update(name.encode("utf-8", "surrogatepass"))
        return digest.digest()

    @property
    def duplicates(self) -> int:
        """How many lines repeat another one."""
        return sum(int(np.count_nonzero(rows)) for rows in self._duplicates)

    def items(self, run: int, scenarios: Collection[str]) -> Flags:
        """Whether a run has each item, in one of the scenarios, by its number."""
        has = np.zeros(len(self.regrouped), np.bool_)
        for (scenario, _), series in self._columns[run].series.items():
            if scenario in scenarios:
                has[self._numbers[run][series.rows]] = True
        return has

    def refuse_different_prompts(self) -> None:
        """Returns where no item was asked differently.

        Raises:
            DifferentPromptsError: some were.
        """
        rows = np.flatnonzero(self._asked_differently[self._numbers[0]])
        count = int(np.count_nonzero(self._asked_differently))
        if count:
            _, first = np.unique(self._numbers[0][rows], return_index=True)
            texts = self._columns[0].texts(rows[np.sort(first)[:_NAMED]].tolist())
            raise _different_prompts(count, texts)


def _different_prompts(count: int, first: Sequence[ItemText]) -> DifferentPromptsError:
    items = "1 item was" if count == 1 else f"{count} items were"
    return DifferentPromptsError(
        f"{items} asked differently in A and B, so that their scores cannot be compared",
        facts={
            "items": some([text.name for text in first], count, _NAMED),
            "way out": "evaluate both with the same prompts and the same number of shots,\n"
            "or compare other scenarios alone: --metric names them, for example --metric 'boolq/*'",
        },
    )
