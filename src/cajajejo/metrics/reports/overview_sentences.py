"""What is said of tests and of their metrics in an overview: words, sentences and summaries; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo import digits, moments
from cajajejo.metrics.judgement import commits
from cajajejo.metrics.runs import ENDINGS
from cajajejo.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.metrics.judgement.bounds import Bounds
    from cajajejo.metrics.judgement.commits import Commits
    from cajajejo.metrics.reports.dated_shifts import DatedShift
    from cajajejo.metrics.reports.overview import Measurement, MetricStanding, Overview, Standing

_SHARE: Final = 10.0
_WORDS: Final[Mapping[str, str]] = {"none": "no condition", "absent": "not in the newest run"}
"""What states are called whose names are no words."""


def word(state: str) -> str:
    """A verdict or the state of a metric, in words."""
    return _WORDS.get(state, state)


def allowed(point: Measurement) -> str:
    """What the metric may be, as a table says it: ``> 0.960``, ``0.20 to 0.40``; empty where it has no bounds."""
    return _between(point.bounds, point.metric.value, (">", "<", "=", " to "))


def value(point: Measurement) -> str:
    """The value with the digits that tell it from its bound."""
    return digits.number(point.metric.value, point.bounds.nearest(point.metric.value))


def sentence(metric: MetricStanding) -> str:
    """What is wrong with the metric, or in doubt; empty where nothing is."""
    point, incident = metric.latest, metric.incident
    if incident is not None and incident.run_id == point.run.run_id:
        return incident.message
    named = f"{metric.name} is {value(point)}"
    match metric.state:
        case "regression" if point.bounds.nearest(0.0) is not None:
            return f"{named}; it must be {_required(point)}"
        case "regression":
            return f"{named}; {_at_level(metric.shifts)}"
        case "inconclusive" if point.wrong:
            return f"{named}; it must be {_required(point)}: to be confirmed"
        case "inconclusive":
            return f"{named}; it cannot be judged yet"
        case "absent" if incident is not None:
            return incident.message
        case "absent":
            return f"{metric.name} is not in the newest run; it was {value(point)} in run {point.run.run_id}"
        case _:
            return "" if incident is None else f"{named}; what was told of it is not over yet"


def good_run(metric: MetricStanding) -> str:
    """The last good run before a regression: ``0.981, 2 d before, run 9c41d0e7, commit 10abfb1``; empty: not known."""
    if metric.turn is None:
        return ""
    good, elapsed = metric.turn.good, metric.latest.run.start_time - metric.turn.good.start_time
    told = [digits.number(good.value, metric.latest.metric.value)]
    told += [f"{moments.ago(elapsed)} before"] if elapsed > 0 else []
    told.append(f"run {good.run_id}")
    return ", ".join([*told, *([] if good.commit is None else [f"commit {commits.short(good.commit)}"])])


def since_then(metric: MetricStanding, counts: Mapping[Commits, int | None]) -> str:
    """The commits since the last good run; empty where they are not known."""
    if metric.turn is None or metric.turn.commits is None:
        return ""
    return commits.since(metric.turn.commits, counts)


def shift(found: DatedShift, counts: Mapping[Commits, int | None]) -> str:
    """A change of level, between which runs, and the commits there."""
    between = f"between run {found.turn.good.run_id} and run {found.turn.bad.run_id}"
    told = f"{moved(found)}, {between}"
    return told if found.turn.commits is None else f"{told}; {commits.since(found.turn.commits, counts)}"


def moved(found: DatedShift) -> str:
    """A change of level in a few words: ``down from 0.981 to 0.790 (-19 %)``."""
    before, after = digits.number(found.before, found.after), digits.number(found.after, found.before)
    share = "" if found.relative is None else f" ({percent(found.relative)})"
    return f"{found.direction} from {before} to {after}{share}"


def percent(share: float) -> str:
    """A change as a share: ``-19 %``, ``+0.40 %``."""
    hundredfold = 100 * share
    return f"{hundredfold:+.0f} %" if abs(hundredfold) >= _SHARE else f"{f'{hundredfold:+#.2g}'.removesuffix('.')} %"


def headline(overview: Overview) -> str:
    """How all tests stand, in one sentence."""
    tests, metrics = overview.standings, [metric for one in overview.standings for metric in one.metrics]
    if len(tests) == 1:
        return summary(tests[0])
    wrong = sum(metric.state == "regression" for metric in metrics)
    trouble, doubtful = sum(test.trouble for test in tests), sum(_doubtful(test) for test in tests)
    told = [f"{trouble} of {len(tests)} tests with trouble" if trouble else f"no trouble in {len(tests)} tests"]
    told += [f"{wrong} of {counted(len(metrics), 'metric')} {_how(metrics)}"] if wrong else []
    return ", ".join([*told, *([f"{counted(doubtful, 'test')} inconclusive"] if doubtful else [])])


def summary(standing: Standing) -> str:
    """How a test stands, in one sentence."""
    states = [metric.state for metric in standing.metrics]
    judged = [state for state in states if state not in {"none", "absent"}]
    waiting = f", {states.count('inconclusive')} not judged yet" if "inconclusive" in states else ""
    of_all = f"of {counted(len(judged), 'metric')}"
    match standing.verdict:
        case "failed" if standing.newest.run.status != "success":
            told = f"the job {ENDINGS[standing.newest.run.status]}; its metrics are not judged"
        case "regression":
            told = f"{states.count('regression')} {of_all} {_how(standing.metrics)}{waiting}"
        case "inconclusive":
            told = f"{len(judged) - states.count('inconclusive')} {of_all} could be judged"
        case _ if judged:
            told = f"{len(judged) - states.count('inconclusive')} {of_all} as they must be{waiting}"
        case _:
            told = f"no condition, {counted(len(states), 'metric')} recorded"
    return told


def _how(metrics: Sequence[MetricStanding]) -> str:
    """In which way the regressions among `metrics` are worse."""
    by_bounds = {metric.latest.bounds.nearest(0.0) is not None for metric in metrics if metric.state == "regression"}
    told = [text for kind, text in ((True, "out of bounds"), (False, "at a worse level")) if kind in by_bounds]
    return " or ".join(told) or "worse than they may be"


def _doubtful(standing: Standing) -> bool:
    return standing.verdict == "inconclusive"


def _required(point: Measurement) -> str:
    inclusive = point.metric.inclusive
    words = ("at least ", "at most ") if inclusive else ("greater than ", "less than ")
    return _between(point.bounds, point.metric.value, (*words, "equal to ", " and "), both="between ")


def _between(bounds: Bounds, beside: float, words: tuple[str, str, str, str], both: str = "") -> str:
    """The bounds in `words`: of the lower one, of the upper one, of two equal ones, and between two."""
    more, less, equal, between = words
    space = " " if len(more) == 1 else ""
    mark = "=" * (bounds.inclusive and bool(space))
    lower, upper = bounds.lower, bounds.upper
    if lower is not None and upper is not None:
        if lower == upper:
            return f"{equal}{space}{digits.written(lower)}"
        return f"{both}{digits.number(lower, upper)}{between}{digits.number(upper, lower)}"
    if lower is not None:
        return f"{more}{mark}{space}{digits.number(lower, beside)}"
    return "" if upper is None else f"{less}{mark}{space}{digits.number(upper, beside)}"


def _at_level(shifts: Sequence[DatedShift]) -> str:
    return f"its level went {moved(shifts[-1])}" if shifts else "its level is worse than before"
