"""Incidents: what somebody was told of, until it is over; and what is to be told of a run, once; pure.

An incident is opened by the run that tells it. Later runs that are as bad tell nothing, runs that cannot be judged
neither. It is over with the first run that is well, or whose level was accepted since. What is muted stays as it is:
it is told when the mute has ended, if it is still true then. What the configuration asks for no longer is dropped
without a word.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from cajajejo import digits
from cajajejo.metrics.baselines import ALL
from cajajejo.metrics.judgement import wording

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, Sequence

    from cajajejo.metrics.baselines import Muted
    from cajajejo.metrics.config import RegressionTestConfig
    from cajajejo.metrics.judgement.acceptance import Acceptance
    from cajajejo.metrics.judgement.alerts import Alert, Kind
    from cajajejo.metrics.judgement.verdict import MetricVerdict
    from cajajejo.metrics.runs import Run

Happening = Literal["opened", "escalated", "recovered", "accepted"]


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that is wrong with a test, from the run that told it on, until a run tells that it is over.

    A test has one open incident at most of each kind and metric; `metric` is None where it is about the job. `accepted`
    is the run that the level begins with that was accepted when the incident was opened; None: there was none.
    """

    test: str
    kind: Kind
    metric: str | None
    run_id: str
    start_time: float
    message: str
    accepted: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What somebody is told of an incident: what happened, in `run`, in one sentence."""

    incident: Incident
    happening: Happening
    run: Run
    message: str

    @property
    def id(self) -> str:
        """The same for the same event, whoever finds it and however often; an incident begins and ends but once."""
        of, run = self.incident, self.run.run_id if self.happening == "escalated" else ""
        parts = (of.test, of.kind, of.metric or "", of.run_id, self.happening, run)
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Told:
    """What is to be told after a run, and the incidents of its test that are open from then on.

    `late`: later runs were judged already, so that nothing is.
    """

    events: tuple[Event, ...] = ()
    open: tuple[Incident, ...] = ()
    late: bool = False


@dataclass(frozen=True, slots=True)
class Delivery:
    """An event that was decided at the moment `since`, on its way to a sink, which is known by its name.

    `attempts` were made so far; `error` is what came of the last one, None where nobody knows. The next one is made
    `again` then, not before.
    """

    event: Event
    sink: str
    attempts: int = 0
    since: float = 0.0
    error: str | None = None
    again: float = 0.0


@dataclass(frozen=True, slots=True)
class Judged:
    """A run with all that counts when it is decided what to tell of it.

    `wrong` is what is wrong with it and may be told, whether earlier runs told it or not. `before` are earlier runs of
    the test, `muted` the metrics that alert nobody, with the line that says so, and ``*`` where the job does not.
    """

    run: Run
    metrics: tuple[MetricVerdict, ...]
    wrong: Sequence[Alert]
    config: RegressionTestConfig
    acceptance: Acceptance
    before: Sequence[Run] = ()
    muted: Mapping[str, Muted] = field(default_factory=dict)

    def metric(self, name: str) -> MetricVerdict | None:
        """The verdict on the metric of that name, if there is one."""
        return next((metric for metric in self.metrics if metric.name == name), None)


@dataclass(frozen=True, slots=True)
class _End:
    """How an incident ends; without a `happening` nobody is told."""

    happening: Literal["recovered", "accepted"] | None = None
    message: str = ""


_DROPPED: Final = _End()


def decide(known: Sequence[Incident], newest: tuple[float, str] | None, judged: Judged) -> Told:
    """What is to be told of a run, given the incidents of its test that are open, and the order of the newest run.

    The same run again tells the same events, or none.
    """
    run = judged.run
    if newest is not None and run.order < newest:
        return Told(open=tuple(known), late=True)
    ends = [(incident, _end(incident, judged)) for incident in known]
    events = [Event(incident, end.happening, run, end.message) for incident, end in ends if end and end.happening]
    going_on = [incident for incident, end in ends if end is None]
    events += [event for incident in going_on if (event := _escalation(incident, judged)) is not None]
    opened = _opened(judged, {(incident.kind, incident.metric) for incident in going_on})
    events += [Event(incident, "opened", run, incident.message) for incident in opened]
    return Told(tuple(events), (*going_on, *opened))


def _opened(judged: Judged, known: Container[tuple[Kind, str | None]]) -> list[Incident]:
    """The incidents that begin with this run: what is wrong and was not told."""
    run = judged.run
    return [
        Incident(
            run.test, alert.kind, alert.metric, run.run_id, run.start_time, alert.message, _cut(judged, alert.metric)
        )
        for alert in judged.wrong
        if (alert.kind, alert.metric) not in known and not _resumed(judged, alert)
    ]


def _resumed(judged: Judged, alert: Alert) -> bool:
    """Whether it is an episode come again, of which nobody is told anew; further away, it is told."""
    metric = None if alert.metric is None else judged.metric(alert.metric)
    if alert.kind != "regression" or metric is None or not metric.by_level or metric.episode is None:
        return False
    return metric.episode.resumed and not metric.episode.told_now


def _escalation(incident: Incident, judged: Judged) -> Event | None:
    """The event of a level that moved further away in this run."""
    metric = None if incident.metric is None else judged.metric(incident.metric)
    if incident.kind != "regression" or incident.run_id == judged.run.run_id or metric is None or not metric.by_level:
        return None
    alert = next((one for one in judged.wrong if (one.kind, one.metric) == (incident.kind, incident.metric)), None)
    if alert is None or metric.episode is None or metric.episode.status != "escalated":
        return None
    return Event(incident, "escalated", judged.run, alert.message)


def _end(incident: Incident, judged: Judged) -> _End | None:
    """How `incident` ends with this run; None: it goes on."""
    run, name = judged.run, incident.metric
    if run.order < (incident.start_time, incident.run_id) or (ALL if name is None else name) in judged.muted:
        return None
    if name is None:
        return _end_of_failures(incident, judged)
    if run.status != "success":
        return None
    if not judged.config.alerts_on(name):
        return _DROPPED
    metric = judged.metric(name)
    match incident.kind:
        case "missing":
            return _end_of_missing(incident, judged, name, metric)
        case "time_to_accuracy":
            return _end_of_slowness(incident, judged, metric)
        case _:
            return _end_of_badness(incident, judged, name, metric)


def _end_of_failures(incident: Incident, judged: Judged) -> _End | None:
    if judged.run.status == "success":
        return _End("recovered", f"{incident.test}: the job succeeded again{_lasted(incident, judged)}")
    return None if judged.config.alert_for_failed_jobs else _DROPPED


def _end_of_missing(incident: Incident, judged: Judged, name: str, metric: MetricVerdict | None) -> _End | None:
    if metric is not None and metric.value is not None:
        value = digits.number(metric.value)
        return _End("recovered", f"{name} is there again: {value}{_lasted(incident, judged)}")
    return None if name in judged.config.required_metrics else _DROPPED


def _end_of_slowness(incident: Incident, judged: Judged, metric: MetricVerdict | None) -> _End | None:
    if any(alert.kind == incident.kind for alert in judged.wrong):
        return None
    if metric is None or metric.value is None:
        return _DROPPED
    value = digits.number(metric.value)
    return _End("recovered", f"{metric.name} is {value}: the threshold was reached again{_lasted(incident, judged)}")


def _end_of_badness(incident: Incident, judged: Judged, name: str, metric: MetricVerdict | None) -> _End | None:
    """The end of a regression, or of values that cannot be judged."""
    if judged.config.condition_for(name) is None or not judged.config.alert_for_oob_metrics:
        return _DROPPED
    if metric is None or metric.value is None or metric.cause == "invalid":
        return None
    value = digits.number(metric.value, metric.bound)
    if incident.kind == "invalid":
        return _End("recovered", f"{name} has a usable value again: {value}{_lasted(incident, judged)}")
    if (accepted := _cut(judged, name)) is not None and accepted != incident.accepted:
        reason = judged.acceptance.lines[name].reason
        return _End("accepted", f"{name} is {value}: accepted from run {accepted} on: {reason}{_opener(incident)}")
    if not metric.good:
        return None
    if metric.by_level and metric.episode is not None and metric.episode.status == "absorbed":
        level = digits.number(metric.episode.after, metric.episode.before)
        return _End(
            "accepted", f"{name} is {value}: its level of {level} lasted, and is the new normal{_opener(incident)}"
        )
    return _End("recovered", f"{name} is well again: {value}{_lasted(incident, judged)}")


def _cut(judged: Judged, name: str | None) -> str | None:
    """The run that the accepted level of a metric begins with, where its verdict rests on one."""
    condition = None if name is None else judged.config.condition_for(name)
    cut = None if name is None else judged.acceptance.cuts.get(name)
    return cut.run_id if cut is not None and condition is not None and condition.from_history else None


def _lasted(incident: Incident, judged: Judged) -> str:
    """For how many runs it was wrong, where they are known: ``, after 3 runs (opened by run r7)``."""
    known = [run.run_id for run in judged.before]
    bad = known[known.index(incident.run_id) :] if incident.run_id in known else []
    after = f", after {wording.runs(len(bad))}" if bad else ""
    return after + _opener(incident)


def _opener(incident: Incident) -> str:
    return f" (opened by run {incident.run_id})"
