"""What a check found, as text; pure, over one Report value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cajajejo import digits
from cajajejo.metrics.judgement import wording
from cajajejo.metrics.judgement.incidents import Told
from cajajejo.metrics.judgement.verdict import EXIT_CODES, Verdict
from cajajejo.metrics.reports import paragraphs, sparklines
from cajajejo.metrics.runs import ENDINGS, Origin
from cajajejo.terminal import Column, table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cajajejo.errors import ExitCode
    from cajajejo.metrics.baselines import Muted
    from cajajejo.metrics.judgement.alerts import Alert
    from cajajejo.metrics.judgement.commits import Commits
    from cajajejo.metrics.judgement.verdict import MetricVerdict
    from cajajejo.metrics.runs import JobStatus
    from cajajejo.terminal import Role, Style

_ORDER: Final = (Verdict.REGRESSION, Verdict.INCONCLUSIVE, Verdict.IMPROVEMENT, Verdict.PASS, None)
_ROLES: Final[Mapping[str | None, Role]] = {
    "pass": "good",
    "improvement": "good",
    "regression": "bad",
    "inconclusive": "doubt",
    "failed": "bad",
    None: "dim",
}
_COLUMNS: Final = (
    Column("verdict"),
    Column("metric", widest=True),
    Column("value", right=True),
    Column("allowed"),
    Column("last runs"),
    Column("reason"),
)
_LAST_RUNS: Final = 4
"""The place of a column that is there where a terminal has its bars, and a metric has earlier runs."""
_MOST_PARAGRAPHS: Final = 5


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one check of a run that began at `start_time`.

    `runs_before` counts the earlier runs of the test, `runs_after` the later ones, which do not count. `muted` are the
    metrics that do not alert, with the line that says so, and ``*`` where the job does not; `commits` tells how many
    lie between two that a regression names, where that is known. `commit` and `origin` are what is known of the run,
    `told` is what its sinks are told of it.
    """

    test: str
    run_id: str
    verdict: Verdict
    metrics: tuple[MetricVerdict, ...]
    alerts: tuple[Alert, ...]
    status: JobStatus
    runs_before: int
    warnings: tuple[str, ...] = ()
    start_time: float = 0.0
    muted: Mapping[str, Muted] = field(default_factory=dict)
    commits: Mapping[Commits, int | None] = field(default_factory=dict)
    commit: str | None = None
    origin: Origin = field(default_factory=Origin)
    runs_after: int = 0
    told: Told = field(default_factory=Told)

    @property
    def worst_first(self) -> tuple[MetricVerdict, ...]:
        """Regressions, what is inconclusive, what passed, what has no condition; by name within each."""
        return tuple(sorted(self.metrics, key=lambda metric: (_ORDER.index(metric.verdict), metric.name)))

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the verdict."""
        return EXIT_CODES[self.verdict]


def screen(report: Report, style: Style) -> list[str]:
    """The lines of a check: its title, the verdict table, what is wrong in full, and the verdict line."""
    title = style.plain(f"{report.test}, run {report.run_id}")
    lines = [f"{title}   {runs_around(report)}", ""]
    if report.metrics:
        lines += [*verdict_table(report, style), ""]
    wrong = [style.line(text) for text in _in_full(report)]
    return lines + ([*wrong, ""] if wrong else []) + [verdict_line(report, style)]


def runs_around(report: Report) -> str:
    """How many runs there are before it, and after it, which do not count."""
    after = f", {report.runs_after} after it, which do not count" if report.runs_after else ""
    return f"{wording.runs(report.runs_before)} before it{after}"


def told_in_full(report: Report) -> list[MetricVerdict]:
    """The metrics of which everything is said: at most five of those that are worse than they may be."""
    return [metric for metric in report.worst_first if metric.wrong][:_MOST_PARAGRAPHS]


def other_alerts(report: Report) -> list[str]:
    """What else somebody should hear about a metric, beside that it is worse than it may be."""
    return list(dict.fromkeys(alert.message for alert in report.alerts if alert.kind not in {"regression", "failed"}))


def _in_full(report: Report) -> list[str]:
    """A paragraph for each of the worst metrics, and every other alert about a metric."""
    lines = [paragraphs.regression(metric, report.start_time, report.commits) for metric in told_in_full(report)]
    return [*(line for paragraph in lines for line in paragraph), *other_alerts(report)]


def verdict_table(report: Report, style: Style) -> list[str]:
    """One line a metric, worst first, under a header."""
    metrics = report.worst_first
    courses = style.unicode and any(len(metric.recent) > 1 for metric in metrics)
    shown = [place for place in range(len(_COLUMNS)) if courses or place != _LAST_RUNS]
    found = [cells(metric, report, style) for metric in metrics]
    lines = table([_COLUMNS[place] for place in shown], [[row[place] for place in shown] for row in found], style)
    return [lines[0], *(_painted(line, metric, style) for line, metric in zip(lines[1:], metrics, strict=True))]


def verdict_line(report: Report, style: Style) -> str:
    """The verdict in one line: ``REGRESSION  demo: 2 of 3 metrics out of bounds``."""
    word = style.paint(report.verdict.upper(), _ROLES[report.verdict])
    return f"{word}  {style.plain(report.test)}: {summary(report)}"


def summary(report: Report) -> str:
    """The verdict as a sentence: ``2 of 3 metrics out of bounds``."""
    judged = [metric for metric in report.metrics if metric.verdict is not None]
    good, doubtful = sum(metric.good for metric in judged), sum(metric.cause == "unconfirmed" for metric in judged)
    waiting = sum(metric.cause not in {None, "unconfirmed"} for metric in judged)
    doubts = f", {doubtful} to be confirmed" if doubtful else ""
    more = f"{doubts}, {waiting} not judged yet" if waiting else doubts
    of_all = f"of {_metrics(len(judged))}"
    match report.verdict:
        case Verdict.FAILED:
            return f"the job {ENDINGS[report.status]}; its metrics are not judged"
        case Verdict.REGRESSION:
            return f"{_worse(judged)} {of_all} {_how(judged)}{more}"
        case Verdict.INCONCLUSIVE:
            return f"{good + doubtful} {of_all} could be judged{doubts}"
        case Verdict.PASS if judged:
            return f"{good} {of_all} {_well(judged)}{_changed(judged)}{more}"
        case _:
            return f"no condition, {_metrics(len(report.metrics))} recorded"


def _worse(judged: Sequence[MetricVerdict]) -> int:
    return sum(metric.verdict is Verdict.REGRESSION for metric in judged)


def _how(judged: Sequence[MetricVerdict]) -> str:
    """In which way the regressions are worse."""
    return _ways((one for one in judged if one.verdict is Verdict.REGRESSION), "out of bounds", "at a worse level")


def _well(judged: Sequence[MetricVerdict]) -> str:
    """In which way the others are well; where there are none, in which way they would be."""
    good = [metric for metric in judged if metric.good] or judged
    return _ways(good, "within bounds", "at no worse level")


def _ways(metrics: Iterable[MetricVerdict], by_bounds: str, by_level: str) -> str:
    ways = {metric.by_level for metric in metrics}
    return " or ".join(text for way, text in ((False, by_bounds), (True, by_level)) if way in ways)


def _changed(judged: Sequence[MetricVerdict]) -> str:
    """What is to be said of a run that passes although something has changed."""
    better = sum(metric.verdict is Verdict.IMPROVEMENT for metric in judged)
    lasting = _worse(judged)
    return f", {better} improved" * bool(better) + f", {lasting} at a worse level as before" * bool(lasting)


def _metrics(count: int) -> str:
    return f"{count} metric{'s' * (count != 1)}"


def cells(metric: MetricVerdict, report: Report, style: Style) -> tuple[str, ...]:
    """What the columns of the table say of one metric: verdict, metric, value, allowed, last runs, reason."""
    dash = style.glyph("dash")
    if metric.verdict is None:
        word, reason = f"{style.glyph('none')} {metric.reason.partition(':')[0]}", ""
    else:
        word, reason = f"{style.glyph(metric.verdict)} {metric.verdict}", metric.reason
    value = dash if metric.value is None else digits.number(metric.value, metric.bound)
    allowed = dash
    if metric.bounds is not None and metric.condition is not None:
        allowed = wording.allowed(metric.condition, metric.bounds, metric.value)
        if metric.value is not None:
            value = wording.shown(metric.condition, metric.bounds, metric.value)
    course = sparklines.bars(metric.recent) if len(metric.recent) > 1 else ""
    if metric.name in report.muted:
        reason = "; ".join(filter(None, (reason, f"muted until {report.muted[metric.name].until}")))
    return word, style.plain(metric.name), value, allowed, course, style.plain(reason)


def _painted(line: str, metric: MetricVerdict, style: Style) -> str:
    indent = len(line) - len(line.lstrip())
    word = line[indent:].partition("  ")[0]
    return line[:indent] + style.paint(word, _ROLES[metric.verdict]) + line[indent + len(word) :]
