"""The last of several runs judged by those before it, as ``cajajejo metrics check`` would have judged it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Final, Unpack

from cajajejo.metrics.config import DEFAULT_CONDITION, cautions
from cajajejo.metrics.judgement import alerts, judging, verdict
from cajajejo.metrics.notebook import frames
from cajajejo.metrics.notebook.cells import MetricInputError
from cajajejo.metrics.notebook.criteria import Condition, criteria
from cajajejo.metrics.notebook.marks import Marker
from cajajejo.metrics.notebook.tables import table
from cajajejo.metrics.reports import documents, report
from cajajejo.metrics.reports.report import Report
from cajajejo.metrics.runs import Run
from cajajejo.phrases import some
from cajajejo.terminal import Style
from cajajejo.tracebacks import explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from os import PathLike

    from cajajejo.metrics.config import MetricsConfig, RegressionTestConfig
    from cajajejo.metrics.judgement.verdict import MetricVerdict
    from cajajejo.metrics.notebook.tables import Table
    from cajajejo.metrics.points import Point

_PLAIN: Final = ("name", "value", "lower_bound", "upper_bound", "inclusive", "verdict", "reason")
"""The fields of a metric in the document that are plain values."""


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Judged(Report):
    """What `judge` found: prints as the command does; ``judged["loss"]`` is one metric with its verdict and reason."""

    @classmethod
    def of(cls, found: Report) -> Judged:
        """`found`, with what people do with it in Python."""
        return cls(**{field.name: getattr(found, field.name) for field in fields(Report)})

    def __getitem__(self, name: str) -> MetricVerdict:
        """The metric of this name.

        Raises:
            KeyError: there is none; says which there are.
        """
        for metric in self.metrics:
            if metric.name == name:
                return metric
        raise KeyError(f"no metric is called {name}; there are {some([metric.name for metric in self.metrics])}")

    def as_dict(self) -> dict[str, Any]:
        """The document that ``--json`` prints: plain values, with null for what is absent or not finite."""
        return documents.check(self)

    def to_frame(self) -> Any:
        """The metrics as a data frame of pandas, worst first, with the fields of ``--json`` that are plain values.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        rows = self.as_dict()["metrics"]
        return frames.frame({name: [row[name] for row in rows] for name in _PLAIN})

    def __repr__(self) -> str:
        """What the command prints, after its warnings."""
        told = [f"Warning: {warning}" for warning in self.warnings]
        return "\n".join([*told, *report.screen(self, Style())])


def judge(  # each is an option of the command, or a column of the history
    values: object,
    conditions: Mapping[str, object] | MetricsConfig | RegressionTestConfig | str | PathLike[str] | None = None,
    *,
    required: Sequence[str] = (),
    strict: bool = False,
    runs: object = None,
    times: object = None,
    commits: object = None,
    test: str = "values",
    **condition: Unpack[Condition],
) -> Judged:
    """A verdict on the last of several runs, given those before it: the same as ``cajajejo metrics check`` finds.

    The values are one of:

    * one number for each run, the oldest first: a list, a tuple, an array, a pandas Series;
    * a dict of these by the names of metrics, or a data frame (of pandas, polars or pyarrow): a row for each run, a
      column for each metric;
    * a list with a dict of metrics for each run.

    None and pandas.NA mean that a run has no value, and NaN that it wrote one which is not a number: the former is left
    out, the latter makes a metric inconclusive. Of earlier runs both count for nothing.

    One condition is given by its fields, as ``comparison="less", prediction_interval=0.99``; without a threshold it is
    `level_shift`, without a comparison any change is one for the worse. Conditions by metric are given as in a file::

        judge(frame, {"loss": {"comparison": "less", "level_shift": {}}, "default": {"iqr": 3.0}})

    What it finds prints as the command does; ``found["loss"]`` is one metric, with its ``verdict``, ``reason`` and
    ``bounds``; ``found.as_dict()`` is what ``--json`` prints, ``found.to_frame()`` a data frame of pandas.

    Args:
        values: the last row is the run that is judged.
        conditions: by metric, ``default`` for all others; or a metric configuration, or the path of one.
        required: metrics without which a run is inconclusive.
        strict: let every inconclusive metric decide the verdict.
        runs: the names of the runs, or the column of them; None: the index of pandas, else 0, 1, 2, ….
        times: when each run started, or the column of that, for a `time_window`; None: the index of pandas, if it
            holds times.
        commits: the commit of each run, or the column of them: a regression is told with the commits since the last
            good run.
        test: what the runs are of; the title of what is printed.
        condition: the fields of one condition, which is that of every metric.

    Raises:
        MetricInputError: what is given cannot be judged; it is a ValueError.
        FileProblemsError: the configuration at the path is wrong.
    """
    with explained():
        tests = criteria(conditions, condition, required)
        held = table(values, runs=runs, times=times, commits=commits)
        windows = (one.time_window for one in tests.metric_success_conditions.values())
        if held.times is None and any(window is not None for window in windows):
            raise MetricInputError("time_window needs to know when the runs were", facts={"give": "times=[…]"})
        return Judged.of(_report(held, tests, test, strict=strict))


def _report(held: Table, tests: RegressionTestConfig, test: str, *, strict: bool) -> Report:
    last = len(held.runs) - 1
    this = Run(test, held.runs[last], held.starts[last], commit=held.commits[last])
    values = {name: value for name, column in held.columns.items() if (value := column[last]) is not None}
    history = {name: _marked(name, points, tests) for name, points in held.cut(last).points().items() if name in values}
    judged = judging.judge(values, history, tests, this)
    return Report(
        test=test,
        run_id=this.run_id,
        verdict=verdict.run_verdict(judged, tests, this.status, strict=strict),
        metrics=judged,
        alerts=alerts.of_metrics(judged, None, tests),
        status=this.status,
        runs_before=last,
        warnings=(*_cautions(tests), *verdict.warnings(judged)),
        start_time=this.start_time,
        commit=this.commit,
    )


def _marked(name: str, points: Sequence[Point], tests: RegressionTestConfig) -> Sequence[Point]:
    """`points` as a history holds them that has judged each of them: by a level, none is out of bounds."""
    condition = tests.condition_for(name)
    if condition is None or condition.by_level:
        return points
    return Marker(name, condition, tests.confirm_after).marked(points)


def _cautions(tests: RegressionTestConfig) -> Iterator[str]:
    """What is allowed in the conditions, and probably not meant."""
    for name, condition in tests.metric_success_conditions.items():
        of_all = name == DEFAULT_CONDITION and len(tests.metric_success_conditions) == 1
        yield from (caution if of_all else f"{name}: {caution}" for caution in cautions.about(condition))
