"""Series become numbers: one for each tag and strategy, named ``<tag>_<strategy>``, and two that are computed.

NaN means one thing everywhere: `max`, `min` and `average` of a series that holds a NaN are NaN. `final` looks at the
last point alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import chain
from typing import TYPE_CHECKING, Final

from cajajejo.metrics.events import Series

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cajajejo.metrics.config import MetricCollectionConfig, Strategy, TimeToAccuracy
    from cajajejo.metrics.events import Events

START_TAG: Final = "TensorboardStartTimestamp"
"""A tag whose last value is the start of the run, in seconds since the epoch; it beats what the caller gave."""

TOTAL_WALL_TIME: Final = "total_wall_time"
TIME_TO_ACCURACY: Final = "time_to_accuracy"


@dataclass(frozen=True, slots=True)
class Collected:
    """The metrics of a run by name, and what could not be computed.

    `threshold_missed` is a sentence where the threshold of ``time_to_accuracy`` was never reached.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    threshold_missed: str | None = None
    warnings: tuple[str, ...] = ()


def final(series: Series) -> float:
    """The value with the greatest wall time; among equals the one recorded last."""
    last = max(range(len(series.values)), key=lambda index: (series.wall_times[index], index))
    return series.values[last]


def highest(series: Series) -> float:
    """The greatest value; NaN if any value is NaN."""
    return math.nan if any(map(math.isnan, series.values)) else max(series.values)


def lowest(series: Series) -> float:
    """The least value; NaN if any value is NaN."""
    return math.nan if any(map(math.isnan, series.values)) else min(series.values)


def average(series: Series) -> float:
    """The arithmetic mean of all values; NaN if any value is NaN."""
    return mean(series.values)


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean, exactly rounded where all values are finite."""
    if not all(map(math.isfinite, values)):
        return sum(values) / len(values)
    try:
        return math.fsum(values) / len(values)
    except OverflowError:
        return math.fsum(value / len(values) for value in values)


def deviation(values: Sequence[float], centre: float) -> float:
    """The sample standard deviation sqrt(sum((x - centre)²) / (n - 1)) about the mean `centre`; of one value 0."""
    distances = [value - centre for value in values]
    scale = max(map(abs, distances))  # without it the squares of large distances would overflow
    if scale == 0 or len(values) == 1:
        return 0.0
    return scale * math.sqrt(math.fsum((distance / scale) ** 2 for distance in distances) / (len(values) - 1))


STRATEGIES: Final[Mapping[Strategy, Callable[[Series], float]]] = {
    "final": final,
    "max": highest,
    "min": lowest,
    "average": average,
}


def collect(
    events: Events, config: MetricCollectionConfig, *, start_time: float | None = None, stop_time: float | None = None
) -> Collected:
    """The metrics of a run by name; times are seconds since the epoch, None where they are not known."""
    metrics = _aggregates(events, config)
    start = _start(events, start_time)
    warnings = []
    missed = None
    if start is not None and stop_time is not None:
        warnings += _put_duration(metrics, TOTAL_WALL_TIME, start, stop_time)
    if config.time_to_accuracy is not None:
        reached = _first_reached(events, config.time_to_accuracy)
        if reached is None:
            missed = _missed(events, config.time_to_accuracy)
        elif start is None:
            warnings.append(f"{TIME_TO_ACCURACY} is left out: the start of the run is not known (--start-time)")
        else:
            warnings += _put_duration(metrics, TIME_TO_ACCURACY, start, reached)
    return Collected(metrics, missed, tuple(warnings))


def _aggregates(events: Events, config: MetricCollectionConfig) -> dict[str, float]:
    parts: dict[str, tuple[str, list[Series]]] = {}
    for (run, tag), series in sorted(events.series.items(), key=lambda item: item[0]):
        name = f"{run}/{tag}" if config.use_run_name_prefix and run != "." else tag
        if not any(_fits(pattern, name, tag) for pattern in config.tags_to_ignore):
            parts.setdefault(name, (tag, []))[1].append(series)
    return {
        f"{name}_{strategy}": STRATEGIES[strategy](_joined(several))
        for name, (tag, several) in parts.items()
        for strategy in _strategies_of(config, name, tag)
    }


def _joined(parts: Sequence[Series]) -> Series:
    if len(parts) == 1:
        return parts[0]
    steps, wall_times, values = (
        tuple(chain.from_iterable(getattr(part, name) for part in parts)) for name in Series.__slots__
    )
    return Series(steps, wall_times, values)


def _strategies_of(config: MetricCollectionConfig, name: str, tag: str) -> Sequence[Strategy]:
    """The strategies listed for `name`, else for `tag`, else for the first glob that fits, else the default ones."""
    listed = config.strategies_by_tag
    fitting = (pattern for pattern in listed if _fits(pattern, name, tag))
    key = next(filter(listed.__contains__, (name, tag)), None) or next(fitting, None)
    return config.default_aggregation_strategies if key is None else listed[key]


def _fits(pattern: str, name: str, tag: str) -> bool:
    return pattern in {name, tag} or fnmatchcase(name, pattern) or fnmatchcase(tag, pattern)


def _start(events: Events, given: float | None) -> float | None:
    written = [series for (_, tag), series in events.series.items() if tag == START_TAG]
    moment = final(_joined(written)) if written else math.nan
    return moment if math.isfinite(moment) else given


def _put_duration(metrics: dict[str, float], name: str, start: float, end: float) -> list[str]:
    if end < start:
        return [f"{name} is left out: it would end {start - end:g} s before the run started"]
    metrics[name] = end - start
    return []


def _first_reached(events: Events, wanted: TimeToAccuracy) -> float | None:
    """The earliest wall time at which the tag reached the threshold, in any run."""
    reached = [
        wall_time
        for key, series in events.series.items()
        if wanted.accuracy_tag in _names_of(key)
        for wall_time, value in zip(series.wall_times, series.values, strict=True)
        if value >= wanted.accuracy_threshold
    ]
    return min(reached, default=None)


def _missed(events: Events, wanted: TimeToAccuracy) -> str:
    seen = [
        value
        for key, series in events.series.items()
        if wanted.accuracy_tag in _names_of(key)
        for value in series.values
    ]
    best = max((value for value in seen if not math.isnan(value)), default=None)
    what = "was never written" if best is None else f"never reached {wanted.accuracy_threshold:g} (best {best:g})"
    return f"{wanted.accuracy_tag} {what}"


def _names_of(key: tuple[str, str]) -> tuple[str, str]:
    return key[1], "/".join(key)
