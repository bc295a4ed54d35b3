"""A stored run as flat rows: what is told of the run stands in each of them, what is told of a metric in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo.metrics.interchange.columns import OF_METRICS

if TYPE_CHECKING:
    from cajajejo.metrics.history.rows import StoredMetric, StoredRun

Value = str | int | float | bool | None
NO_METRIC: Final[tuple[Value, ...]] = (None,) * len(OF_METRICS)


def of_run(stored: StoredRun) -> tuple[Value, ...]:
    """What is told of a run, by `columns.OF_RUNS`."""
    run, origin = stored.run, stored.run.origin
    end = run.start_time if run.stop_time is None else run.stop_time
    seconds = None if run.stop_time is None or end < run.start_time else round(end - run.start_time)
    return (
        run.run_id,
        run.test,
        origin.test_type,
        origin.accelerator,
        origin.framework_version,
        run.status,
        stored.failures,
        seconds,
        end,
        origin.logs_link,
        int(run.start_time),
        origin.logs_command,
        origin.workload_link,
        run.start_time,
        run.stop_time,
        stored.verdict,
        run.commit,
    )


def of_metrics(stored: StoredRun) -> list[tuple[Value, ...]]:
    """What is told of each metric of a run, by `columns.OF_METRICS`, in order of names; one row of none for none."""
    return [of_metric(metric) for metric in sorted(stored.metrics, key=lambda metric: metric.name)] or [NO_METRIC]


def of_metric(metric: StoredMetric) -> tuple[Value, ...]:
    """What is told of a metric, by `columns.OF_METRICS`."""
    return (
        metric.name,
        metric.value,
        metric.lower_bound,
        metric.upper_bound,
        metric.inclusive,
        metric.verdict,
        metric.outside,
    )
