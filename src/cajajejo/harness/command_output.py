"""What a command leaves, as `Results`: a file with a line of JSON for each instance, or event files."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cajajejo.errors import CajajejoError
from cajajejo.harness import result_lines
from cajajejo.results import FailedScenario, Results, Score, metric_part, scores_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from cajajejo.harness.adapter import Ended
    from cajajejo.metrics.events import Series
    from cajajejo.results import Item

_LONGEST_ERROR: Final = 300


@dataclass(frozen=True, slots=True)
class Left:
    """What a command left in `path`: scores, the items behind them where these are known, and why scenarios failed.

    `names_scenarios` tells that its scenarios are called as in its progress events. `torn` is said where the command
    ended well all the same.
    """

    path: Path
    scores: tuple[Score, ...] = ()
    items: tuple[Item, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    names_scenarios: bool = False
    torn: str | None = None


def results_of(left: Left, ended: Ended, hide: Callable[[str], str]) -> Results:
    """What counts of that which a command left, and what is missing; errors are told as `hide` makes them."""
    failed = {metric_part(name): error for name, error in ended.progress.failed.items()} | dict(left.failed)
    if ended.is_complete and left.torn is not None:
        failed.setdefault(metric_part(left.path.name), left.torn)
    seen = {score.scenario for score in left.scores} | failed.keys()
    for name, why in _left_out(ended, seen) if ended.is_complete and left.names_scenarios else _broken_off(ended):
        failed.setdefault(metric_part(name), why)
    suites = {item.suite for item in left.items}
    return Results(
        suite=suites.pop() if len(suites) == 1 else result_lines.SUITE,
        harness="command",
        scores=left.scores,
        items=left.items,
        failed=tuple(FailedScenario(name, _one_line(hide(error))) for name, error in failed.items()),
    )


def _left_out(ended: Ended, known: set[str]) -> Iterator[tuple[str, str]]:
    """The scenarios that the command meant to evaluate, and left no line of."""
    names = dict.fromkeys(ended.progress.names)
    return ((name, "the command left nothing of it") for name in names if metric_part(name) not in known)


def _broken_off(ended: Ended) -> Iterator[tuple[str, str]]:
    """The scenarios that the command did not bring to an end; ``others`` where it did not tell of any."""
    if ended.is_complete:
        return
    told = dict.fromkeys((*ended.progress.names, *ended.progress.totals))
    unfinished = [name for name in told if name not in ended.progress.finished]
    yield from ((name, f"the command ended before it was complete ({ended.why})") for name in unfinished)
    if not unfinished and not ended.progress.failed:
        yield "others", f"the command did not end well ({ended.why}); what it left counts"


def _one_line(error: str) -> str:
    text = " ".join(error.split())
    return text if len(text) <= _LONGEST_ERROR else f"{text[: _LONGEST_ERROR - 1]}…"


def read_lines(path: Path) -> Left:
    """What the lines of `path` say; nothing where there is no such file."""
    found = result_lines.read(path)
    items = tuple(found.items)
    return Left(path, scores_of(items), items, found.failures(), names_scenarios=True, torn=found.torn)


def read_events(directory: Path) -> Left:
    """The last finite value of each tag under `directory`, as a score; nothing where there is no such directory.

    The tag is the name of the score: ``boolq/accuracy`` is the metric ``accuracy`` of the scenario ``boolq``. Where
    several runs (directories) have a tag, each but the first is called after its directory as well.
    """
    from cajajejo.metrics import events  # brings numpy, which most evaluations do without

    if not directory.is_dir():
        return Left(directory)
    try:
        found = events.read(directory)
    except CajajejoError as error:
        return Left(directory, failed={metric_part(directory.name): error.message})
    failed: dict[str, str] = {}
    scores = sorted(_scores_of_tags(found.series.items(), failed), key=lambda score: score.name)
    return Left(directory, tuple(scores), failed=failed)


def _scores_of_tags(series: Iterable[tuple[tuple[str, str], Series]], failed: dict[str, str]) -> Iterator[Score]:
    """A score for each tag; one whose name is another's goes to `failed`."""
    tags: dict[str, str] = {}
    several = defaultdict(list)
    for (run, tag), points in series:
        several[tag].append((run, points))
    for tag, runs in several.items():
        for run, points in runs:
            title = tag if len(runs) == 1 or run == "." else f"{run}/{tag}"
            scenario, _, metric = "/".join(map(metric_part, title.split("/"))).rpartition("/")
            other = tags.setdefault(f"{scenario}/{metric}", title)
            if other != title:
                failed[scenario or metric] = f"the tag {title} would share the name of {other}"
                continue
            yield Score(scenario, metric, _last_finite(points), None, None)


def _last_finite(points: Series) -> float:
    from cajajejo.metrics import strategies  # as above

    finite = strategies.finite(points)
    return strategies.final(finite) if len(finite) else math.nan
