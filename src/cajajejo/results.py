"""What an evaluation found: a score for each scenario and metric, and one line for each question.

Two files hold it, both written whole or not at all: ``results.jsonl``, one line an item, and ``summary.json``.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cajajejo import files
from cajajejo.errors import HarnessError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

RESULTS_FILE = "results.jsonl"
SUMMARY_FILE = "summary.json"
LONGEST_PROMPT: Final = 1_000
"""How many characters of what was asked are kept."""


@dataclass(frozen=True, slots=True)
class Item:
    """One question, answered: a line of ``results.jsonl``.

    `group` names the cluster that the item belongs to (a passage, a source); None where it stands alone. `prompt` is
    for people: what was asked, without worked examples, at most `LONGEST_PROMPT` characters of it; None: not known.
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
    prompt: str | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """The mean of one metric over the `n` items of one scenario, with its standard error.

    `n` is None where only the mean is known. `std_err` is None where it is not defined: of one item, of one cluster, or
    of numbers that are not finite. `clusters` counts the groups that the items fall into; None where none has a group.
    """

    scenario: str
    metric: str
    value: float
    std_err: float | None
    n: int | None
    clusters: int | None = None

    @property
    def name(self) -> str:
        """The name of the number everywhere."""
        return metric_name(self.scenario, self.metric)


@dataclass(frozen=True, slots=True)
class FailedScenario:
    """A scenario that the harness could not finish, and why, in one line."""

    scenario: str
    error: str


@dataclass(frozen=True, slots=True)
class Results:
    """All that one run of a harness found; partial when a scenario failed.

    `versions` are those of the harness and of what ran the model, by package; `shots` how many worked examples stood
    before a question, by scenario. What is not in them is not known.
    """

    suite: str
    harness: str
    scores: tuple[Score, ...]
    items: tuple[Item, ...]
    failed: tuple[FailedScenario, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    shots: Mapping[str, int] = field(default_factory=dict)

    @property
    def partial(self) -> bool:
        """Whether a scenario is missing."""
        return bool(self.failed)

    def metrics(self) -> dict[str, float]:
        """Every value by its name, ``<scenario>/<metric>``."""
        return {score.name: score.value for score in self.scores}


def metric_name(scenario: str, metric: str) -> str:
    """The name of a metric everywhere: ``<scenario>/<metric>``; of a tag without a scenario, the tag."""
    return f"{scenario}/{metric}" if scenario else metric


def metric_part(name: str) -> str:
    """`name` with every character outside ``A-Za-z0-9_.-`` replaced by ``_``, as metric names allow."""
    return re.sub(r"[^A-Za-z0-9_.-]", "_", name)


def check_names(runs: Mapping[str, str], *, keep: str) -> None:
    """Returns where no two runs share a scenario; `runs` are scenarios by the harness's name, `keep` is the way out.

    Raises:
        HarnessError: two of them do.
    """
    first: dict[str, str] = {}
    for run, scenario in runs.items():
        other = first.setdefault(scenario, run)
        if other != run:
            message = f"two scenarios would share the name {scenario}"
            raise HarnessError(message, facts={"one": other, "other": run}, run=f"keep one of them in {keep}")


def hash_of(text: str) -> str:
    """The SHA-256 of a prompt, or of another text that is only recognised; a lone surrogate counts as it is."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def prompt_part(text: str) -> str | None:
    """What is kept of a question for people: its first `LONGEST_PROMPT` characters; None where it is empty."""
    return text[:LONGEST_PROMPT] or None


def scores_of(items: Iterable[Item]) -> tuple[Score, ...]:
    """The mean and standard error of every metric of every scenario, in the order of names.

    An item counts once, with the mean of its repeats. Items of one group are one cluster; an item without a
    group is one of its own.
    """
    by_metric: dict[tuple[str, str], dict[_Question, list[float]]] = defaultdict(lambda: defaultdict(list))
    for item in items:
        for metric, value in item.scores.items():
            by_metric[item.scenario, metric][item.subject, item.id, item.group].append(value)
    return tuple(_score(*names, by_question) for names, by_question in sorted(by_metric.items()))


_Question = tuple[str | None, str, str | None]
"""Subject, id and group of an item."""


def _score(scenario: str, metric: str, by_question: Mapping[_Question, list[float]]) -> Score:
    values = [_mean(repeats) for repeats in by_question.values()]
    groups = [group if group is not None else place for place, (_, _, group) in enumerate(by_question)]
    clusters = len(set(groups)) if any(isinstance(group, str) for group in groups) else None
    return Score(scenario, metric, _mean(values), _std_err(values, groups), len(values), clusters)


def _std_err(values: Sequence[float], groups: Sequence[object]) -> float | None:
    """The standard error of the mean x̄ of n values in G clusters, robust to what the items of a cluster share.

    SE² = G/(G-1) · 1/n² · Σ_g (Σ_{i in g} (x_i - x̄))²   (Liang and Zeger 1986, with the correction of CR1)

    Where every value is a cluster of its own this is s²/n, s with n - 1.
    """
    count = len(set(groups))
    if count < 2 or not all(map(math.isfinite, values)):  # noqa: PLR2004  # of one cluster nothing can be told
        return None
    mean = _mean(values)
    sums: dict[object, list[float]] = defaultdict(list)
    for value, group in zip(values, groups, strict=True):
        sums[group].append(value - mean)
    try:
        squares = math.fsum(math.fsum(deviations) ** 2 for deviations in sums.values())
    except OverflowError:  # beyond 1e154 a square is no number any more
        return None
    return math.sqrt(count / (count - 1) * squares) / len(values)


def _mean(values: Sequence[float]) -> float:
    if not all(map(math.isfinite, values)):
        return sum(values) / len(values)  # fsum refuses inf - inf
    try:
        return math.fsum(values) / len(values)
    except OverflowError:  # their sum is no number, their mean is one
        return math.fsum(value / len(values) for value in values)


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
        "versions": dict(results.versions),
        "shots": dict(results.shots),
    }


def read(directory: Path) -> Results:
    """The results that `write` left in `directory`; what older ones do not tell is not known.

    Raises:
        HarnessError: there are none, or they are damaged.
    """
    try:
        head = json.loads((directory / SUMMARY_FILE).read_text("utf-8"))
        with (directory / RESULTS_FILE).open(encoding="utf-8") as lines:
            items = tuple(_item(json.loads(line)) for line in lines)
        scores = tuple(_score_of(score) for score in head["metrics"])
        failed = tuple(FailedScenario(**failure) for failure in head["failed"])
        versions = {package: _text(version) for package, version in head.get("versions", {}).items()}
        shots = {scenario: _count(number) for scenario, number in head.get("shots", {}).items()}
        return Results(_text(head["suite"]), _text(head["harness"]), scores, items, failed, versions, shots)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise HarnessError(f"no readable results in {directory}", facts={"says": str(error)}) from error


def _line(item: Item) -> dict[str, object]:
    return {**asdict(item), "scores": {name: _written(value) for name, value in item.scores.items()}}


def _item(line: dict[str, Any]) -> Item:
    item = Item(**{**line, "scores": {name: _read(value) for name, value in line["scores"].items()}})
    for text in (item.suite, item.scenario, item.id, item.prompt_sha256):
        _text(text)
    for optional in (item.subject, item.group, item.reference, item.prediction, item.prompt):
        _text("" if optional is None else optional)
    return item


def _score_of(data: dict[str, Any]) -> Score:
    score = Score(**{**data, "value": _read(data["value"])})
    _text(score.scenario), _text(score.metric), _read(score.std_err)
    return score


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"not a text: {value!r:.80}")
    return value


def _count(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError(f"not a whole number: {value!r:.80}")
    return value


def _written(value: float) -> float | None:
    """`value` as JSON can hold it: null where it is no finite number."""
    return value if math.isfinite(value) else None


def _read(value: float | None) -> float:
    if value is not None:
        math.isfinite(value)  # raises where it is no number
    return math.nan if value is None else value


def write_whole(path: Path, text: str) -> None:
    """Writes `text` so that a reader, or a kill at any moment, finds the old file or the new one, never a part."""
    files.replace(path, text.encode("utf-8", "backslashreplace"))  # a lone surrogate becomes its JSON escape
