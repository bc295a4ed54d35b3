"""A test that runs every night: the numbers of a run in event files, its check, and the history of all."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cajajejo.metrics import config, handler
from cajajejo.metrics.handler import RunUnderTest
from tests.metrics.builders import scalar_record, write_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.config import MetricsConfig
    from cajajejo.metrics.judgement.verdict import MetricVerdict, Verdict
    from cajajejo.metrics.reports.report import Report
    from cajajejo.metrics.runs import JobStatus

DATA = Path(__file__).parent / "data"


class Nights:
    """One test in `folder`: each run is a night later than the one before."""

    def __init__(self, folder: Path, settings: MetricsConfig) -> None:
        self.folder = folder
        self.settings = settings
        self.count = 0

    def run(self, status: JobStatus = "success", /, **tags: float | Sequence[float]) -> Report:
        """The report on one more run of an hour, which wrote `tags`, a point a minute; ``__`` stands for ``/``."""
        self.count += 1
        start = 86400.0 * self.count
        logs = self.folder / f"run-{self.count:02}"
        records = [
            scalar_record(tag.replace("__", "/"), value, step=step, wall_time=start + 60 * step)
            for tag, values in tags.items()
            for step, value in enumerate([values] if isinstance(values, int | float) else values, start=1)
        ]
        write_records(logs / "events.out.tfevents.1", records)
        run = RunUnderTest("nightly", logs.name, status, start, start + 3600)
        return handler.check(logs, run, self.settings, history_url=f"sqlite:///{self.folder}/history.db")

    def runs(self, values: Sequence[float], tag: str = "loss") -> list[Report]:
        """The reports on a run for each of `values`."""
        return [self.run(**{tag: value}) for value in values]

    def rows(self, columns: str, table: str = "metric_history") -> list[tuple[Any, ...]]:
        """What is stored, by metric in the order of runs; nothing where nothing was ever stored."""
        path = self.folder / "history.db"
        if not path.exists():
            return []
        order = "metric_name, uuid" if table == "metric_history" else "uuid"
        with closing(sqlite3.connect(path)) as history:
            return history.execute(f"SELECT {columns} FROM {table} ORDER BY {order}").fetchall()  # noqa: S608  # ours


def documented(name: str, folder: Path, *changes: tuple[str, str]) -> Nights:
    """The recipe `name` as it is printed, with each first text of `changes` replaced by the second."""
    text = (DATA / f"{name}.json.txt").read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path = folder / "metrics.json"
    path.write_text(text)
    return Nights(folder, config.load(path))


def conditions(folder: Path, text: str) -> Nights:
    """A test with these success conditions."""
    path = folder / "metrics.yml"
    path.write_text(f"regression_test_config:\n  metric_success_conditions:\n{text}")
    return Nights(folder, config.load(path))


def metric(report: Report, name: str) -> MetricVerdict:
    """The verdict on the metric called `name`."""
    return next(metric for metric in report.metrics if metric.name == name)


def verdicts(reports: Sequence[Report], name: str = "loss_final") -> list[Verdict | None]:
    return [metric(report, name).verdict for report in reports]


def alerted(report: Report) -> list[tuple[str, str | None]]:
    return [(alert.kind, alert.metric) for alert in report.alerts]
