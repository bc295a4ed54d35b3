"""Raw rows as runs and metrics: what is wrong with them, and what they leave out."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast, get_args

from cajajejo.metrics.history.rows import StoredMetric
from cajajejo.metrics.interchange import cells, instants
from cajajejo.metrics.interchange.columns import OF_METRICS, OF_RUNS
from cajajejo.metrics.judgement.bounds import Bounds
from cajajejo.metrics.judgement.verdict import Verdict
from cajajejo.metrics.runs import JobStatus, Origin, Run
from cajajejo.phrases import REQUIRED, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from cajajejo.metrics.interchange.complaints import Complaints
    from cajajejo.metrics.interchange.tables import Raw

_STATUSES: Final = get_args(JobStatus)
_OF_RUN: Final = (Verdict.PASS, Verdict.REGRESSION, Verdict.INCONCLUSIVE, Verdict.FAILED)
_OF_METRIC: Final = (Verdict.PASS, Verdict.IMPROVEMENT, Verdict.REGRESSION, Verdict.INCONCLUSIVE)
_RUN_NAMES: Final = tuple(column.name for column in OF_RUNS)
_METRIC_NAMES: Final = tuple(column.name for column in OF_METRICS)


class Job(NamedTuple):
    """What a row tells of a run; `told` is false where only a metric says that there was one.

    `verdict` is None where the file has none: then it follows from the metrics.
    """

    run: Run
    failures: int
    verdict: str | None
    told: bool


@dataclass(slots=True)
class Decoder:
    """Takes the rows of the file `name`; `test` stands in the place of the test that a row names.

    `skipped` counts metrics that are NaN or infinite, which no history keeps.
    """

    name: str
    complaints: Complaints
    test: str | None = None
    skipped: int = 0
    _before: tuple[Any, ...] | None = field(default=None)
    _job: Job | None = field(default=None)

    def decoded(self, rows: Iterable[Raw]) -> Iterator[tuple[Job, StoredMetric | None]]:
        """The run of each good row, and its metric where it has one."""
        for raw in rows:
            if raw.run != self._before:
                self._before, self._job = raw.run, self._run(raw)
            has_metric = any(cell not in _NOTHING for cell in raw.metric)
            metric = self._metric(raw) if has_metric else None
            if self._job is None:
                continue
            if not (has_metric or self._job.told):
                self._complain(raw, "metric_name", REQUIRED)
            elif metric is None or math.isfinite(metric.value):
                yield self._job, metric
            else:
                self.skipped += 1
                yield self._job, None

    def _run(self, raw: Raw) -> Job | None:
        values = self._values(raw, _RUN_NAMES, raw.run, _READ_RUN)
        if values is None:
            return None
        before = self.complaints.total
        found = dict(zip(_RUN_NAMES, values, strict=True))
        test, run_id = self.test or found["test_name"], found["uuid"]
        told = found["job_status"] is not None or "job_status" in raw.has
        needed = {"uuid": run_id, "test_name": test, **({"job_status": found["job_status"]} if told else {})}
        start, stop = _times(found)
        for column, value in (needed | {"timestamp": start}).items():
            if value is None and self.complaints.total == before:
                self._complain(raw, column, REQUIRED)
        self._one_of(raw, "job_status", found["job_status"], _STATUSES)
        self._one_of(raw, "verdict", found["verdict"], _OF_RUN)
        if start is not None and stop is not None and stop < start:
            self._complain(raw, "stop_time", "before start_time")
        if self.complaints.total > before or start is None:
            return None
        status = cast("JobStatus", found["job_status"] or "success")
        run = Run(str(test), str(run_id), start, status, stop, found["config_git_sha"], _origin(found))
        failures = found["num_failures"]
        if failures is None:
            failures = int(status in {"failure", "timeout"})
        return Job(run, failures, found["verdict"], told)

    def _metric(self, raw: Raw) -> StoredMetric | None:
        values = self._values(raw, _METRIC_NAMES, raw.metric, _READ_METRIC)
        if values is None:
            return None
        name, value, lower, upper, inclusive, verdict, outside = values
        if name is None or value is None:
            self._complain(raw, "metric_name" if name is None else "metric_value", REQUIRED)
            return None
        if verdict is not None and verdict not in _OF_METRIC:
            self._one_of(raw, "metric_verdict", verdict, _OF_METRIC)
            return None
        lower, upper = _bound(lower), _bound(upper)
        if inclusive is None:
            inclusive = lower is not None and lower == upper
        if outside is None:
            outside = not Bounds(lower, upper, inclusive=inclusive).contains(value)
        if "metric_verdict" not in raw.has and "verdict" not in raw.has and (lower, upper) != (None, None):
            verdict = str(Verdict.REGRESSION if outside else Verdict.PASS)
        return StoredMetric(name, value, lower, upper, inclusive, verdict, outside)

    def _values(
        self, raw: Raw, names: Sequence[str], given: Sequence[Any], readers: Sequence[Callable[[Any], Any]]
    ) -> list[Any] | None:
        """What the cells mean; None where one of them means nothing."""
        try:
            return [read(value) for read, value in zip(readers, given, strict=True)]
        except cells.CellError:
            for name, read, value in zip(names, readers, given, strict=True):
                try:
                    read(value)
                except cells.CellError as error:
                    self._complain(raw, name, str(error))
            return None

    def _one_of(self, raw: Raw, column: str, value: str | None, known: Collection[str]) -> None:
        if value is not None and value not in known:
            self._complain(raw, column, f"one of {', '.join(known)} is expected, not {shown(value)}")

    def _complain(self, raw: Raw, column: str, message: str) -> None:
        self.complaints.add(self.name, message, line=raw.line, path=column)


def _times(found: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """When a run started and stopped.

    The old data set has a timestamp, which was the end in its first version and the start in the second, and
    the time at which a message was published, which was the start in the first version and the end in the second.
    """
    start, stop, at = found["start_time"], found["stop_time"], found["timestamp"]
    if start is not None or at is None:
        return start, stop
    published, seconds = found["msg_publish_time"], found["job_duration_sec"]
    if published is not None:
        return min(at, published), max(at, published)
    return (at - seconds, at) if seconds is not None and 0 <= seconds < at - instants.EARLIEST else (at, None)


def _origin(found: Mapping[str, Any]) -> Origin:
    return Origin(
        found["test_type"],
        found["accelerator"],
        found["framework_version"],
        found["stackdriver_logs_link"],
        found["logs_download_command"],
        found["kubernetes_workload_link"],
    )


def _bound(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


_NOTHING: Final = (None, "")
_OWN: Final[dict[str, Callable[[Any], Any]]] = {
    "uuid": cells.name,
    "test_name": cells.name,
    "config_git_sha": cells.name,
    "job_duration_sec": cells.number,  # below 0 where clocks differed
    "msg_publish_time": cells.time,
}
_READ_RUN: Final = tuple(_OWN.get(column.name, cells.READERS[column.kind]) for column in OF_RUNS)
_READ_METRIC: Final = tuple(cells.READERS[column.kind] for column in OF_METRICS)
