"""The instances of an evaluation as a table that MLflow shows, and that ``mlflow.load_table`` reads.

All instances stand in ``results.jsonl``. The table is for looking, so that it has a bounded number of rows, taken
from every scenario, and texts are cut.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import IO

    from cajajejo.results import Item

NAME: Final = "results_table.json"
MOST_ROWS: Final = 10_000
LONGEST_TEXT: Final = 2_000
_COLUMNS: Final = (
    *("suite", "scenario", "subject", "id", "repeat", "group"),
    *("prompt_sha256", "prompt", "reference", "prediction"),
)
_SCORE: Final = "scores."


def rows(items: Sequence[Item], most: int = MOST_ROWS) -> list[Item]:
    """At most `most` of the items, in their order: all of small scenarios, the first ones of those that are larger."""
    if len(items) <= most:
        return list(items)
    by_scenario: dict[str, list[int]] = defaultdict(list)
    for place, item in enumerate(items):
        by_scenario[item.scenario].append(place)
    taken: list[int] = []
    left = most
    for count, places in enumerate(sorted(by_scenario.values(), key=len)):
        share = left // (len(by_scenario) - count)
        taken += places[:share]
        left -= min(share, len(places))
    return [items[place] for place in sorted(taken)]


def write(items: Iterable[Item], file: IO[str]) -> None:
    """Writes a table of `items`, a row at a time, as MLflow stores tables: columns, and rows as lists."""
    given = list(items)
    metrics = sorted({metric for item in given for metric in item.scores})
    file.write(f'{{"columns": {json.dumps([*_COLUMNS, *(_SCORE + metric for metric in metrics)])}, "data": [')
    for number, item in enumerate(given):
        file.write(",\n" if number else "\n")
        file.write(json.dumps(list(_row(item, metrics)), allow_nan=False))
    file.write("\n]}\n")


def _row(item: Item, metrics: Sequence[str]) -> Iterator[object]:
    for column in _COLUMNS:
        value = getattr(item, column)
        yield value[:LONGEST_TEXT] if isinstance(value, str) else value
    for metric in metrics:
        score = item.scores.get(metric)
        yield score if score is not None and math.isfinite(score) else None
