"""What people decide about metrics, taken down twice: in the file that is reviewed, and in the history.

The file comes first. It is what counts in the end, and a program that is killed between the two has left what the next
try completes: it finds its line there, and notes it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cajajejo import moments
from cajajejo.errors import CajajejoError, printable
from cajajejo.metrics import baseline_file, baselines
from cajajejo.metrics.runs import ENDINGS, meant
from cajajejo.phrases import closest, matches

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cajajejo.metrics.baselines import Baselines, Entry
    from cajajejo.metrics.config import MetricsConfig
    from cajajejo.metrics.history import History

_LISTED: Final = 10


@dataclass(frozen=True, slots=True)
class Level:
    """A level that can be accepted: the run that it begins with, and the metrics that have a value there."""

    run_id: str
    metrics: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A decision as it is in force: its lines, and how many of them are new in the file."""

    lines: tuple[str, ...]
    new: int


def level(history: History, test: str, metric: str, run: str) -> Level:
    """The level of `metric`, which may be a glob, that begins with the run called `run`, or the beginning of its id.

    Raises:
        CajajejoError: the history has no such test, metric or run; says which there are.
        HistoryError: it cannot be read.
    """
    points = history.points(test)
    if not points:
        raise _no_such_test(history, test)
    fitting = [name for name in sorted(points) if matches(name, metric)]
    if not fitting:
        raise CajajejoError(f"{test} has no metric called {metric}", facts=_candidates(metric, sorted(points)))
    runs = dict.fromkeys(point.run_id for name in fitting for point in reversed(points[name]))
    run_id = _run_of(history, test, metric, run, list(runs))
    found = tuple(name for name in fitting if any(point.run_id == run_id for point in points[name]))
    return Level(run_id, found)


def known(history: History, settings: MetricsConfig, test: str, metric: str) -> None:
    """Returns where there is a test of this name, and a metric that `metric`, which may be a glob, means.

    Both may be new: what the configuration names is known, too.

    Raises:
        CajajejoError: there is none; says which there are.
        HistoryError: the history cannot be read.
    """
    runs = history.runs(test)
    if not runs and settings.test_name != test:
        raise _no_such_test(history, test)
    tests = settings.regression_test_config
    names = {*(history.names(test) if runs else ()), *tests.metric_success_conditions, *tests.required_metrics}
    if metric != baselines.ALL and not any(matches(name, metric) for name in names):
        raise CajajejoError(f"{test} has no metric called {metric}", facts=_candidates(metric, sorted(names)))


def take(path: Path, history: History, entries: Sequence[Entry]) -> Taken:
    """Writes `entries`, all of one kind and made now, into the file at `path` and into `history`; twice is as once.

    Raises:
        FileProblemsError: the file is not well-formed; nothing is written.
        CajajejoError: it cannot be written, or a line in it has a date that is yet to come.
        HistoryError: the line is in the file, and the history cannot be written.
    """
    known = baselines.load(path)
    new = baseline_file.add(path, *(_dated(entry, known, path) for entry in entries))
    said = baselines.load(path)
    in_force = [said.said(entry) or entry for entry in entries]
    for entry in in_force:
        history.note(entry)
    return Taken(tuple(baseline_file.line(entry) for entry in in_force), len(new))


def _dated(entry: Entry, known: Baselines, path: Path) -> Entry:
    """`entry` with a date that is not before that of the line which it follows.

    Raises:
        CajajejoError: that line has a date that is yet to come.
    """
    before, now = known.latest(entry), datetime.now(UTC)
    if before is None or baselines.moment(before.date) <= baselines.moment(entry.date):
        return entry
    if baselines.moment(before.date) <= now:
        return replace(entry, date=moments.rfc3339(now) or entry.date)
    facts = {"line": baseline_file.line(before, ""), "do": "correct its date there"}
    raise CajajejoError(f"a line of {before.date} would stay in force: {printable(str(path))}", facts=facts)


def _run_of(history: History, test: str, metric: str, name: str, runs: Sequence[str]) -> str:
    """The one of `runs`, newest first, that is called `name`, or is the only one to begin with it."""
    fitting = meant(name, runs)
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        message = f"{len(fitting)} runs of {test} begin with {name}: give more of the one that is meant"
        raise CajajejoError(message, facts={"newest": _lines(fitting)})
    other = next((run for run in history.runs(test) if run.run_id == name), None)
    if other is not None:
        why = "it did not write it" if other.status == "success" else f"its job {ENDINGS[other.status]}"
        message = f"no level of {metric} begins with run {name} of {test}: {why}"
        raise CajajejoError(message, facts={"newest": _lines(runs)})
    raise CajajejoError(f"{test} has no run called {name}", facts=_candidates(name, runs, "newest"))


def _no_such_test(history: History, test: str) -> CajajejoError:
    tests = [] if history.runs(test) else history.names(test)
    return CajajejoError(f"no points of {test} in this history: {history.url}", facts=_candidates(test, tests))


def _candidates(name: str, names: Sequence[str], word: str = "there are") -> dict[str, str]:
    """The facts beside a name that is not known: the one that is like it, and some of all."""
    guess = closest(name, names)
    near = {} if guess is None else {"meant": f"{printable(guess)}?"}
    return {**near, word: _lines(names) or "none"}


def _lines(names: Sequence[str]) -> str:
    more = [f"and {len(names) - _LISTED:,} more"] if len(names) > _LISTED else []
    return "\n".join([*map(printable, names[:_LISTED]), *more])
