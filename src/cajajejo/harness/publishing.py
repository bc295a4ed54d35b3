"""What a pod tells of its progress: a report now and then, and one at the end of each scenario."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cajajejo import records, tracking
from cajajejo.errors import CajajejoError
from cajajejo.harness.helm_output import title_of
from cajajejo.harness.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.pod_log import Severity

_EVERY_SECONDS: Final = 10.0
_LABEL_SECONDS: Final = 10.0
"""How long the server is waited for, which knows more labels."""


@dataclass(frozen=True, slots=True)
class Report:
    """One report: a sentence, how far the scenario is, and how far all of them are.

    Attributes:
        message: the sentence, lower case, without a full stop.
        done: instances of the scenario that are answered; None where the harness did not tell.
        total: instances of the scenario.
        what: the scenario.
        scenarios: how many scenarios are over, of how many, how many failed, and instances over all that have begun.
        severity: of the sentence.
        unit: what is counted, singular.
    """

    message: str
    done: int | None
    total: int | None
    what: str
    scenarios: Mapping[str, int | None]
    severity: Severity = "INFO"
    unit: str = "instance"

    @property
    def progress(self) -> dict[str, object] | None:
        """The scenario's progress as log lines and the Job's annotation hold it; None where it is not known."""
        if self.done is None or self.total is None:
            return None
        return {"done": self.done, "total": self.total, "unit": self.unit, "what": self.what}

    def fields(self) -> dict[str, object]:
        """What the log line holds beside the message."""
        progress = {"progress": self.progress} if self.progress else {}
        return {**progress, "scenarios": dict(self.scenarios)}


def ends(before: Progress, now: Progress, unit: str = "instance") -> Iterator[Report]:
    """One report for each scenario that is over now and was not before, in the order of the run."""
    over = (now.finished | now.failed.keys()) - (before.finished | before.failed.keys())
    for run in sorted(over, key=lambda run: (now.names.index(run) if run in now.names else len(now.names), run)):
        what, tally = title_of(run), _tally(now)
        done, total = now.done.get(run), now.totals.get(run)
        if run in now.failed:
            yield Report(
                f"{what}: failed: {now.failed[run]}; {tally}", done, total, what, _scenarios(now), "ERROR", unit
            )
        elif done is None:
            yield Report(f"{what}: complete already; {tally}", None, None, what, _scenarios(now), unit=unit)
        else:
            counted = _counted(done, total, unit)
            yield Report(f"{what}: {counted}, complete; {tally}", done, total, what, _scenarios(now), unit=unit)


def current(now: Progress, unit: str = "instance") -> Report | None:
    """How far the scenario at work is; None where none has begun, or the last one is over."""
    if now.current is None or now.current in now.finished or now.current in now.failed:
        return None
    what, done, total = title_of(now.current), now.done[now.current], now.totals[now.current]
    return Report(f"{what}: {_counted(done, total, unit)}", done, total, what, _scenarios(now), unit=unit)


def _counted(done: int, total: int | None, unit: str) -> str:
    return f"{done:,} of {total:,} {unit}{'s' * (total != 1)}" if total is not None else f"{done:,} {unit}s"


def _tally(now: Progress) -> str:
    over, failed = len(now.finished) + len(now.failed), len(now.failed)
    return f"{over} of {now.scenarios or '?'} scenarios over" + (f", {failed} failed" if failed else "")


def _scenarios(now: Progress) -> dict[str, int | None]:
    return {
        "done": len(now.finished) + len(now.failed),
        "total": now.scenarios,
        "failed": len(now.failed),
        "instances_done": now.questions_done,
        "instances": now.questions,
    }


@dataclass
class Publisher:
    """A watcher of a harness that passes on a report every ten seconds at most, and every end of a scenario.

    Attributes:
        tell: is called with each report; must be quick, and never raise.
        clock: seconds, of any beginning.
        unit: what the harness counts, singular.
    """

    tell: Callable[[Report], None]
    clock: Callable[[], float] = time.monotonic
    unit: str = "instance"
    _seen: Progress = field(default_factory=Progress)
    _told: Report | None = None
    _told_at: float = -_EVERY_SECONDS

    def __call__(self, progress: Progress) -> None:
        """Reports what is to be told of `progress` now."""
        for report in ends(self._seen, progress, self.unit):
            self._tell(report)
        self._seen = progress
        newest = current(progress, self.unit)
        if newest is None or self.clock() - self._told_at < _EVERY_SECONDS:
            return
        if self._told is None or newest.progress != self._told.progress:
            self._tell(newest)

    def _tell(self, report: Report) -> None:
        self._told, self._told_at = report, self.clock()
        self.tell(report)


def run_labels(config: EvaluationJobConfig, run_id: str) -> dict[str, str]:
    """The labels of log lines inside of an MLflow run; of one that the server does not show, what is known anyway."""
    uri = config.mlflow_config.tracking_uri
    known = {"mlflow_run_id": run_id, "mlflow_experiment_name": config.tracking_config.experiment_name}

    def info() -> Any:
        with tracking.client(uri) as store:
            return store.get_run(run_id).info

    try:
        found = records.within(_LABEL_SECONDS, uri, info)
    except CajajejoError:
        return known
    told = {
        "mlflow_experiment_id": found.experiment_id,
        "mlflow_artifact_uri": found.artifact_uri,
        "mlflow_run_name": found.run_name,
        "mlflow_user": found.user_id,
    }
    return {**known, **{key: str(value) for key, value in told.items() if value}}
