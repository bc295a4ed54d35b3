"""What a condition may say that was probably not meant, in one sentence each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cajajejo.metrics.config.thresholds import EXCLUDING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.metrics.config.conditions import SuccessCondition

_FEWEST_RUNS: Final = 3
_MOST_OF_ONE_RUN: Final = 3.0
"""A shift is told by three runs or more, of which each counts for three deviations at most."""


def about(condition: SuccessCondition) -> Iterator[str]:
    """What is allowed in `condition`, and probably not meant."""
    yield from _without_effect(condition)
    yield from _exact(condition)
    yield from _reach(condition)
    yield from _slow(condition)


def _without_effect(condition: SuccessCondition) -> Iterator[str]:
    """Fields that are given beside a threshold which does not look at them."""
    threshold = condition.success_threshold
    idle: tuple[str, ...] = ()
    reason = "which compares with a known value"
    if threshold.fixed_value is not None or threshold.within_bounds is not None:
        idle = ("last_n", "time_window", "transform", "min_change", "resolution")
    elif not condition.from_history:
        idle = ("last_n", "time_window", "transform")
    elif threshold.level_shift is not None:
        idle, reason = ("last_n", "time_window"), "which has its own window"
    given = [name for name in idle if getattr(condition, name) != type(condition).model_fields[name].default]
    if given:
        verb = "has" if len(given) == 1 else "have"
        yield f"{', '.join(given)} {verb} no effect beside {threshold.kind}, {reason}"


def _exact(condition: SuccessCondition) -> Iterator[str]:
    """A strict comparison with the mean itself, which the mean fails."""
    threshold, percent = condition.success_threshold, condition.success_threshold.percent_difference
    of_mean = threshold.stddevs_from_mean == 0 or (percent is not None and percent.percent == 0)
    widened = condition.min_change.absolute or condition.min_change.relative or condition.resolution
    if of_mean and condition.from_history and condition.strict and not widened:
        said = "percent_difference of 0" if percent is not None else "stddevs_from_mean 0"
        yield (
            f"{said} with comparison {condition.comparison}: a value equal to the mean fails unless all earlier values"
            f" are equal; use {condition.comparison}_or_equal"
        )


def _reach(condition: SuccessCondition) -> Iterator[str]:
    """Bounds that are nearer or farther than one thinks."""
    threshold = condition.success_threshold
    deviations, percent = threshold.stddevs_from_mean, threshold.percent_difference
    if deviations is not None and 0 < deviations < EXCLUDING:
        yield (
            f"stddevs_from_mean {deviations:g}: below {EXCLUDING}, runs out of bounds stay in the history of later"
            " bounds; 4 is usual"
        )
    if percent is not None and percent.percent > 1:
        share = percent.percent
        yield f"percent {share:g} is {100 * share:,.4g} %; write {share / 100:g} for {share:g} %"


def _slow(condition: SuccessCondition) -> Iterator[str]:
    """Level shifts that are told later than they could be."""
    shift = condition.success_threshold.level_shift
    if shift is None:
        return
    largest = _MOST_OF_ONE_RUN / math.sqrt(1 / _FEWEST_RUNS + 1 / shift.min_history)
    if shift.threshold > largest:
        yield (
            f"level_shift threshold {shift.threshold:g}: with {shift.min_history} earlier runs three runs reach"
            f" {largest:.2f} at most, so that it takes a fourth to tell"
        )
    if condition.confirm_after is not None and condition.confirm_after > 1:
        yield (
            f"confirm_after {condition.confirm_after} beside level_shift, which is told by three runs in a row itself:"
            " each further one tells it later"
        )
