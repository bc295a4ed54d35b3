"""What an evaluation found: a score for each scenario and metric, and one line for each question.

Two files hold it, both written whole or not at all: ``results.jsonl``, one line an item, and ``summary.json``.
"""

from __future__ import annotations

import json
import math
import re
import statistics
from collections import defaultdict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from cajajejo import files
from cajajejo.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

RESULTS_FILE = "results.jsonl"
SUMMARY_FILE = "summary.json"


@dataclass(frozen=True, slots=True)
class Item:
    """One question, answered: a line of ``results.jsonl``.

    `group` names the cluster that the item belongs to (a passage, a source); None where it stands alone.
    """

    suite: str
    scenario: str
    subject: str | None
    id: str
    repeat: int
    group: str | None
    prompt_sha256: str
    reference: str | None
    prediction: str | None
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Score:
    """The mean of one metric over the `n` items of one scenario, with its standard error.

    `std_err` is s / sqrt(n), s the sample standard deviation (n - 1) of the items, each averaged over its repeats;
    None where there is only one item.
    """

    scenario: str
    metric: str
    value: float
    std_err: float | None
    n: int

    @property
    def name(self) -> str:
        """The name of the number everywhere: ``<scenario>/<metric>``."""
        return f"{self.scenario}/{self.metric}"


@dataclass(frozen=True, slots=True)
class FailedScenario:
    """A scenario that the harness could not finish, and why, in one line."""

    scenario: str
    error: str


@dataclass(frozen=True, slots=True)
class Results:
    """All that one run of a harness found; partial when a scenario failed."""

    suite: str
    harness: str
    scores: tuple[Score, ...]
    items: tuple[Item, ...]
    failed: tuple[FailedScenario, ...] = ()

    @property
    def partial(self) -> bool:
        """Whether a scenario is missing."""
        return bool(self.failed)

    def metrics(self) -> dict[str, float]:
        """Every value by its name, ``<scenario>/<metric>``."""
        return {score.name: score.value for score in self.scores}


def metric_part(name: str) -> str:
    """`name` with every character outside ``A-Za-z0-9_.-`` replaced by ``_``, as metric names allow."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)


def scores_of(items: Iterable[Item]) -> tuple[Score, ...]:
    """The mean and standard error of every metric of every scenario, in the order of names."""
    by_metric: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        for metric, value in item.scores.items():
            by_metric[item.scenario, metric][item.id].append(value)
    return tuple(
        _score(scenario, metric, [_mean(repeats) for repeats in by_id.values()])
        for (scenario, metric), by_id in sorted(by_metric.items())
    )


def _score(scenario: str, metric: str, values: list[float]) -> Score:
    finite = all(map(math.isfinite, values))
    spread = statistics.stdev(values) if len(values) > 1 and finite else None
    std_err = None if spread is None else spread / math.sqrt(len(values))
    return Score(scenario, metric, _mean(values), std_err, len(values))


def _mean(values: list[float]) -> float:
    total = math.fsum(values) if all(map(math.isfinite, values)) else sum(values)  # fsum refuses inf - inf
    return total / len(values)


def write(results: Results, directory: Path) -> None:
    """Writes ``results.jsonl`` and ``summary.json`` into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(_line(item), ensure_ascii=False, allow_nan=False) + "\n" for item in results.items)
    write_whole(directory / RESULTS_FILE, "".join(lines))
    write_whole(
        directory / SUMMARY_FILE, json.dumps(summary(results), ensure_ascii=False, allow_nan=False, indent=2) + "\n"
    )


def summary(results: Results) -> dict[str, object]:
    """The results without their items, as ``summary.json`` and ``--json`` show them."""
    return {
        "suite": results.suite,
        "harness": results.harness,
        "status": "partial" if results.partial else "complete",
        "metrics": [{**asdict(score), "value": _written(score.value)} for score in results.scores],
        "failed": [asdict(failure) for failure in results.failed],
    }


def read(directory: Path) -> Results:
    """The results that `write` left in `directory`.

    Raises:
        HarnessError: there are none, or they are damaged.
    """
    try:
        head = json.loads((directory / SUMMARY_FILE).read_text("utf-8"))
        with (directory / RESULTS_FILE).open(encoding="utf-8") as lines:
            items = tuple(_item(json.loads(line)) for line in lines)
        scores = tuple(Score(**{**score, "value": _read(score["value"])}) for score in head["metrics"])
        failed = tuple(FailedScenario(**failure) for failure in head["failed"])
        return Results(head["suite"], head["harness"], scores, items, failed)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HarnessError(f"no readable results in {directory}", facts={"says": str(error)}) from error


def _line(item: Item) -> dict[str, object]:
    return {**asdict(item), "scores": {name: _written(value) for name, value in item.scores.items()}}


def _item(line: dict[str, Any]) -> Item:
    return Item(**{**line, "scores": {name: _read(value) for name, value in line["scores"].items()}})


def _written(value: float) -> float | None:
    """`value` as JSON can hold it: null where it is no finite number."""
    return value if math.isfinite(value) else None


def _read(value: float | None) -> float:
    return math.nan if value is None else value


def write_whole(path: Path, text: str) -> None:
    """Writes `text` so that a reader, or a kill at any moment, finds the old file or the new one, never a part."""
    files.replace(path, text.encode("utf-8", "backslashreplace"))  # a lone surrogate becomes its JSON escape
