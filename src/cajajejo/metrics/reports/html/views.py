"""What a page shows, in words: its templates only place it; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cajajejo import moments
from cajajejo.errors import printable
from cajajejo.metrics.judgement import commits
from cajajejo.metrics.reports import overview_grid, overview_sentences, sparklines
from cajajejo.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.metrics.judgement.commits import Commits
    from cajajejo.metrics.judgement.incidents import Incident
    from cajajejo.metrics.reports.html.plan import Plan
    from cajajejo.metrics.reports.overview import MetricStanding, Standing

OPEN: Final = 24
"""A page with no more plots than this shows them all; else those of metrics that are well are shown when asked for."""

_LONGEST: Final = 300
_RECENT: Final = 10
_TOLD: Final = 5
_DAYS: Final[Mapping[str, str]] = {
    "failed": "f",
    "timeout": "f",
    "out of bounds": "b",
    "missed": "d",
    "inconclusive": "d",
    "pass": "p",
}


@dataclass(frozen=True, slots=True)
class Word:
    """A verdict or a state, which its sign and its colour come from, and its word."""

    state: str
    text: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A time: as machines read it, and as people of this machine's time zone do."""

    iso: str
    text: str


@dataclass(frozen=True, slots=True)
class MetricView:
    """A metric: `plot` is the number of its plot, None where it has none; `left_out` says which points it lacks."""

    plot: int | None
    name: str
    word: Word
    value: str
    allowed: str
    bars: str
    sentence: str
    facts: tuple[tuple[str, str], ...]
    left_out: str
    open: bool


@dataclass(frozen=True, slots=True)
class TestView:
    """A test: its newest run, what is open, the metrics in trouble and the others; `hidden` ones are left out."""

    __test__ = False  # no test of ours

    anchor: str
    name: str
    word: Word
    summary: str
    run: str
    commit: str
    started: Moment
    runs: str
    incidents: tuple[str, ...]
    muted: str
    trouble: tuple[MetricView, ...]
    others: tuple[MetricView, ...]
    hidden: int
    bad: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A day over the grid: its date, and what stands there."""

    iso: str
    text: str


@dataclass(frozen=True, slots=True)
class Row:
    """A test in the grid: where it is on the page; a mark, a class and a word for each day, none for what is well."""

    anchor: str
    name: str
    word: Word
    cells: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """All of a page."""

    word: Word
    headline: str
    made: Moment
    days: tuple[Day, ...]
    rows: tuple[Row, ...]
    tests: tuple[TestView, ...]
    left_out: tuple[str, ...]
    filtered: bool


def of(plan: Plan, counts: Mapping[Commits, int | None], now: float) -> Page:
    """The page that `plan` lets an overview have, made at `now`; `counts` tells how many commits lie between two."""
    overview = plan.overview
    several = len(plan.standings) > 1
    return Page(
        _word(overview.verdict) if overview.standings else Word("none", "no runs"),
        _headline(plan),
        _moment(now),
        *(_grid(plan.standings) if several else ((), ())),
        tuple(_test(plan, number, standing, counts) for number, standing in enumerate(plan.standings)),
        tuple(_left_out(plan)),
        plan.plots > OPEN,
    )


def _headline(plan: Plan) -> str:
    standings = plan.overview.standings
    if not standings:
        return "There is no run to report: nothing was recorded in this time."
    named = f"{_shown(standings[0].test)}: " if len(standings) == 1 else ""
    return named + overview_sentences.headline(plan.overview)


def _left_out(plan: Plan) -> list[str]:
    """What there is, and not on the page."""
    tests = plan.overview.standings[plan.tests :]
    metrics = sum(len(standing.metrics) for standing in plan.overview.standings)
    told = [f"{counted(len(tests), 'more test')} with less trouble"] if tests else []
    told += [f"the plots of {metrics - plan.plots:,} metrics"] if plan.plots < metrics else []
    searched = [metric.searched for standing in plan.overview.standings for metric in standing.metrics]
    told += [f"shifts in {searched.count(False):,} metrics, in which none were looked for"] if not all(searched) else []
    return told


def _grid(standings: Sequence[Standing]) -> tuple[tuple[Day, ...], tuple[Row, ...]]:
    grid = overview_grid.of(standings)
    back = range(len(grid.days) - 1, -1, -1)
    days = tuple(
        Day(day.isoformat(), f"{day.day} {day:%b}" if ago % 7 == 0 else "")
        for day, ago in zip(grid.days, back, strict=True)
    )
    rows = tuple(
        Row(f"test-{number}", _shown(standing.test), _word(standing.verdict), tuple(map(_cell, cells)))
        for number, (standing, cells) in enumerate(zip(standings, grid.rows, strict=True))
    )
    return days, rows


def _cell(cell: overview_grid.Cell | None) -> tuple[str, str, str]:
    if cell is None:
        return "", "", ""
    return cell.mark, _DAYS[cell.word], "" if cell.word == "pass" else cell.word


def _test(plan: Plan, number: int, standing: Standing, counts: Mapping[Commits, int | None]) -> TestView:
    shown = [metric for metric in standing.metrics if plan.place(standing, metric) < plan.rows]
    views = [(_metric(plan, standing, metric, counts), metric.trouble) for metric in shown]
    newest = standing.newest.run
    older = f", {standing.older:,} older ones not read" if standing.older else ""
    return TestView(
        f"test-{number}",
        _shown(standing.test),
        _word(standing.verdict),
        overview_sentences.summary(standing),
        _shown(newest.run_id),
        "" if newest.commit is None else _shown(commits.short(newest.commit)),
        _moment(newest.start_time),
        counted(len(standing.runs), "run") + older,
        tuple(_told(incident) for incident in standing.incidents),
        "" if standing.muted is None else _shown(f"{standing.muted.until}: {standing.muted.reason}"),
        tuple(view for view, trouble in views if trouble),
        tuple(view for view, trouble in views if not trouble),
        len(standing.metrics) - len(shown),
        standing.trouble,
        plan.plots <= OPEN or standing.trouble,
    )


def _metric(plan: Plan, standing: Standing, metric: MetricStanding, counts: Mapping[Commits, int | None]) -> MetricView:
    place, points = plan.place(standing, metric), plan.shown(metric)
    plotted, rest = place < plan.plots, len(metric.points) - len(points)
    recent = [point.metric.value for point in metric.points[-_RECENT:]]
    return MetricView(
        place if plotted else None,
        _shown(metric.name),
        _word(metric.state),
        overview_sentences.value(metric.latest),
        overview_sentences.allowed(metric.latest),
        sparklines.bars(recent) if len(recent) > 1 else "",
        _shown(overview_sentences.sentence(metric), 2 * _LONGEST),
        tuple(_facts(metric, counts)),
        f"the newest {len(points):,} of {len(metric.points):,} points" if plotted and rest else "",
        plan.plots <= OPEN,
    )


def _facts(metric: MetricStanding, counts: Mapping[Commits, int | None]) -> list[tuple[str, str]]:
    """What else is to be told of a metric, each with a short name."""
    good, since = overview_sentences.good_run(metric), overview_sentences.since_then(metric, counts)
    facts = [("last good", good)] if good else []
    facts += [("since then", since)] if since else []
    facts += [("told", _when(metric.incident))] if metric.incident is not None else []
    facts += [("muted", f"until {metric.muted.until}: {metric.muted.reason}")] if metric.muted is not None else []
    facts += [("shift", overview_sentences.shift(shift, counts)) for shift in reversed(metric.shifts[-_TOLD:])]
    facts += [
        ("accepted", f"from run {line.start}: {line.reason} ({line.by}, {line.date})")
        for line in reversed(metric.accepted[-_TOLD:])
    ]
    return [(name, _shown(text, 2 * _LONGEST)) for name, text in facts]


def _word(state: str) -> Word:
    return Word(state, overview_sentences.word(state))


def _told(incident: Incident) -> str:
    """An incident that is open: what was said, and when."""
    return _shown(f"{incident.message} ({_when(incident)})", 2 * _LONGEST)


def _when(incident: Incident) -> str:
    return f"{moments.local(incident.start_time)}, run {incident.run_id}"


def _shown(text: str, longest: int = _LONGEST) -> str:
    """`text` of anybody on one line, never long, without what would move or reorder what stands beside it."""
    shown = printable(" ".join(text[: 4 * longest].split()))
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


def _moment(seconds: float) -> Moment:
    iso = moments.rfc3339(datetime.fromtimestamp(seconds, UTC)) or ""
    return Moment(iso, moments.local(seconds))
