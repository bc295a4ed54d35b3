"""A run is judged: each metric against its bounds or its level, all metrics at a time; pure."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cajajejo.metrics.config import DEFAULT_CONDITION
from cajajejo.metrics.judgement import bound_verdicts, level_verdicts
from cajajejo.metrics.judgement.bounds import bounds_for, invalid
from cajajejo.metrics.judgement.cases import Case
from cajajejo.metrics.judgement.verdict import MetricVerdict
from cajajejo.metrics.shifts import episodes
from cajajejo.metrics.shifts.episodes import Course

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.metrics.config import RegressionTestConfig
    from cajajejo.metrics.judgement.cases import Cut
    from cajajejo.metrics.points import Point
    from cajajejo.metrics.runs import Run

RECENT: Final = 10
"""How many of the last values a verdict shows."""


def judge(
    metrics: Mapping[str, float],
    history: Mapping[str, Sequence[Point]],
    config: RegressionTestConfig,
    run: Run,
    *,
    cuts: Mapping[str, Cut] | None = None,
) -> tuple[MetricVerdict, ...]:
    """A verdict for each metric of `run`, and for each that it should have written; by name.

    `history` holds the points of successful runs before this one, oldest first, by metric; `cuts` the accepted level
    of each metric that has one.
    """
    if run.status != "success":
        reason = "not judged: the job did not succeed"
        return tuple(MetricVerdict(name, value, reason) for name, value in sorted(metrics.items()))
    named = set(config.metric_success_conditions) - {DEFAULT_CONDITION}
    names = sorted({*metrics, *named, *config.required_metrics})
    plain = {name: _without_history(name, metrics.get(name), config) for name in names}
    cases = [
        _case((name, metrics[name]), history.get(name, ()), config, run, (cuts or {}).get(name))
        for name, found in plain.items()
        if found is None
    ]
    judged = _judged(cases)
    return tuple(_with_recent(found or judged[name], history.get(name, ())) for name, found in plain.items())


def resting_on_history(metrics: Mapping[str, float], config: RegressionTestConfig) -> list[str]:
    """Those of `metrics` whose verdict rests on earlier runs, or whose last good run is to be told; by name."""
    return sorted(name for name, value in metrics.items() if _rests_on_history(name, value, config))


def _rests_on_history(name: str, value: float, config: RegressionTestConfig) -> bool:
    condition = config.condition_for(name)
    if condition is None or invalid(condition, value) is not None:
        return False
    if condition.needed > 0 or (condition.confirm_after or config.confirm_after) > 1:
        return True
    return not bounds_for(condition, ())[0].contains(value)


def _without_history(name: str, value: float | None, config: RegressionTestConfig) -> MetricVerdict | None:
    """What is to be said of a metric without a value or a condition, whatever its history; None: it is to be judged."""
    condition = config.condition_for(name)
    if value is None and name in config.required_metrics:
        return MetricVerdict.inconclusive(name, value, "missing", "required, but the run did not write it", condition)
    if condition is None:
        return MetricVerdict(name, value, "no condition")
    if value is None:
        return MetricVerdict.inconclusive(name, value, "absent", "the run did not write it", condition)
    problem = invalid(condition, value)
    return None if problem is None else MetricVerdict.inconclusive(name, value, "invalid", problem, condition)


def _case(
    metric: tuple[str, float], points: Sequence[Point], config: RegressionTestConfig, run: Run, cut: Cut | None
) -> Case:
    condition = config.condition_for(metric[0])
    assert condition is not None  # noqa: S101  # else there is nothing to judge it by
    return Case.of(metric, condition, points, run, confirm_after=config.confirm_after, cut=cut)


def _judged(cases: Sequence[Case]) -> dict[str, MetricVerdict]:
    """The verdict on each case, by name."""
    watched = [case for case in cases if case.condition.from_history]
    courses = episodes.replay([case.track() for case in watched], [case.watch() for case in watched])
    known = {case.name: course for case, course in zip(watched, courses, strict=True)}
    return {case.name: _verdict(case, known.get(case.name, Course())) for case in cases}


def _verdict(case: Case, course: Course) -> MetricVerdict:
    judged_by = level_verdicts.judge if case.condition.by_level else bound_verdicts.judge
    return judged_by(case, course)


def _with_recent(found: MetricVerdict, points: Sequence[Point]) -> MetricVerdict:
    """`found` with the last values of its metric."""
    if found.value is None or not math.isfinite(found.value):
        return found
    return replace(found, recent=(*(point.value for point in points[-(RECENT - 1) :]), found.value))
