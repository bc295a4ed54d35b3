"""What a check found, as text and as JSON; pure, over one Report value."""

from __future__ import annotations

import math
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cajajejo import digits
from cajajejo.metrics import wording
from cajajejo.metrics.bounds import Bounds
from cajajejo.metrics.verdict import EXIT_CODES, Verdict
from cajajejo.terminal import Column, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.errors import ExitCode
    from cajajejo.metrics.alerts import Alert
    from cajajejo.metrics.verdict import JobStatus, MetricVerdict
    from cajajejo.terminal import Role, Style

_ORDER: Final = (Verdict.REGRESSION, Verdict.INCONCLUSIVE, Verdict.PASS, None)
_ROLES: Final[Mapping[str | None, Role]] = {
    "pass": "good",
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
    Column("reason"),
)
_MOST_PARAGRAPHS: Final = 5


@dataclass(frozen=True, slots=True)
class Report:
    """The outcome of one check; `metrics` stand worst first, `runs_before` counts the earlier runs of the test."""

    test: str
    run_id: str
    verdict: Verdict
    metrics: tuple[MetricVerdict, ...]
    alerts: tuple[Alert, ...]
    status: JobStatus
    runs_before: int
    warnings: tuple[str, ...]

    @property
    def worst_first(self) -> tuple[MetricVerdict, ...]:
        """Regressions, what is inconclusive, what passed, what has no condition; by name within each."""
        return tuple(sorted(self.metrics, key=lambda metric: (_ORDER.index(metric.verdict), metric.name)))

    @property
    def exit_code(self) -> ExitCode:
        """The exit code of the verdict."""
        return EXIT_CODES[self.verdict]


def as_json(report: Report) -> dict[str, Any]:
    """The documented JSON; bounds that are absent and values that are no finite number are null."""
    return {
        "test": report.test,
        "run_id": report.run_id,
        "verdict": str(report.verdict),
        "metrics": [_metric_json(metric) for metric in report.worst_first],
        "alerts": [{"kind": alert.kind, "metric": alert.metric, "message": alert.message} for alert in report.alerts],
        "job_status": report.status,
        "runs_before": report.runs_before,
        "warnings": list(report.warnings),
    }


def metrics_json(metrics: Mapping[str, float]) -> dict[str, float | None]:
    """Values by metric name, in order of names; what is no finite number is null."""
    return {name: _finite(value) for name, value in sorted(metrics.items())}


def screen(report: Report, style: Style) -> list[str]:
    """The lines of a check: its title, the verdict table, what is wrong in full, and the verdict line."""
    title = style.plain(f"{report.test}, run {report.run_id}")
    lines = [f"{title}   {wording.runs(report.runs_before)} before it", ""]
    if report.metrics:
        lines += [*verdict_table(report, style), ""]
    wrong = [style.plain(sentence) for sentence in _sentences(report)]
    return lines + ([*wrong, ""] if wrong else []) + [verdict_line(report, style)]


def _sentences(report: Report) -> list[str]:
    """What is wrong in full: at most five metrics out of bounds, and every other alert about a metric."""
    outside = [metric.sentence for metric in report.worst_first if metric.outside][:_MOST_PARAGRAPHS]
    others = [alert.message for alert in report.alerts if alert.kind not in {"regression", "failed"}]
    return list(dict.fromkeys([*outside, *others]))


def verdict_table(report: Report, style: Style) -> list[str]:
    """One line a metric, worst first, under a header."""
    metrics = report.worst_first
    lines = table(_COLUMNS, [_cells(metric, style) for metric in metrics], style)
    return [lines[0], *(_painted(line, metric, style) for line, metric in zip(lines[1:], metrics, strict=True))]


def verdict_line(report: Report, style: Style) -> str:
    """The verdict in one line: ``REGRESSION  demo: 2 of 3 metrics out of bounds``."""
    word = style.paint(report.verdict.upper(), _ROLES[report.verdict])
    return f"{word}  {style.plain(report.test)}: {_summary(report)}"


def next_steps(report: Report, history: str | None = None) -> list[str]:
    """What to run after a regression; `history` is where its points are, unless that is the usual place."""
    outside = [metric.name for metric in report.worst_first if metric.outside]
    if not outside:
        return []
    place = [] if history is None else ["--history", history]
    return [f"Next: {shlex.join(['cajajejo', 'metrics', 'history', report.test, outside[0], *place])}"]


def _summary(report: Report) -> str:
    judged = [metric for metric in report.metrics if metric.verdict is not None]
    counts = {verdict: sum(metric.verdict is verdict for metric in judged) for verdict in Verdict}
    waiting = counts[Verdict.INCONCLUSIVE]
    more = f", {waiting} not judged yet" if waiting else ""
    of_all = f"of {len(judged)} metric{'s' * (len(judged) != 1)}"
    match report.verdict:
        case Verdict.FAILED:
            return f"the job ended with {report.status}; its metrics are not judged"
        case Verdict.REGRESSION:
            return f"{counts[Verdict.REGRESSION]} {of_all} out of bounds{more}"
        case Verdict.INCONCLUSIVE:
            return f"{counts[Verdict.PASS]} {of_all} could be judged"
        case Verdict.PASS if judged:
            return f"{counts[Verdict.PASS]} {of_all} within bounds{more}"
        case _:
            return f"no condition, {len(report.metrics)} metric{'s' * (len(report.metrics) != 1)} recorded"


def _cells(metric: MetricVerdict, style: Style) -> tuple[str, ...]:
    dash = style.glyph("dash")
    if metric.verdict is None:
        word, reason = f"{style.glyph('none')} {metric.reason.partition(':')[0]}", ""
    else:
        word, reason = f"{style.glyph(metric.verdict)} {metric.verdict}", metric.reason
    allowed = dash
    if metric.bounds is not None and metric.condition is not None:
        allowed = wording.allowed(metric.condition, metric.bounds, metric.value)
    value = dash if metric.value is None else digits.number(metric.value, metric.bound)
    return word, style.plain(metric.name), value, allowed, style.plain(reason)


def _painted(line: str, metric: MetricVerdict, style: Style) -> str:
    indent = len(line) - len(line.lstrip())
    word = line[indent:].partition("  ")[0]
    return line[:indent] + style.paint(word, _ROLES[metric.verdict]) + line[indent + len(word) :]


def _metric_json(metric: MetricVerdict) -> dict[str, Any]:
    bounds = metric.bounds or Bounds(None, None, inclusive=False)
    return {
        "name": metric.name,
        "value": None if metric.value is None else _finite(metric.value),
        "lower_bound": bounds.lower,
        "upper_bound": bounds.upper,
        "inclusive": bounds.inclusive,
        "verdict": None if metric.verdict is None else str(metric.verdict),
        "reason": metric.reason,
    }


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
