"""The metrics of a run: one for each tag and strategy, named ``<tag>_<strategy>``, and those that are computed.

* ``total_wall_time``: seconds from the start of the run to its end.
* ``time_to_accuracy``: seconds from the start until a tag reached a threshold.
* ``vm_memory_usage_bytes`` and ``gpu_memory_usage_bytes``: the greatest value of the tag of that name, in any run; such
  a tag has no metric for each strategy.

A strategy always follows the name of a tag, so that no tag can take the name of a computed metric. Where two tags would
give the same name all the same (``a`` by `last_n_average`, ``a_last_n`` by `average`), neither is collected.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from cajajejo.errors import require
from cajajejo.metrics.config.collection import MEMORY, TIME_TO_ACCURACY, TOTAL_WALL_TIME
from cajajejo.phrases import matches

require("numpy", extra="evaluation", purpose="reading event files")

import numpy as np  # noqa: E402  # comes with the extra

from cajajejo.metrics import strategies  # noqa: E402  # these need numpy
from cajajejo.metrics.events import Series  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.metrics.config.collection import MetricCollectionConfig, Strategy, TimeToAccuracy
    from cajajejo.metrics.events import Events

START_TAG: Final = "TensorboardStartTimestamp"
"""A tag whose last value is the start of the run, in seconds since the epoch; it beats what the caller gave."""


@dataclass(frozen=True, slots=True)
class Collected:
    """The metrics of a run by name, and what could not be computed.

    `threshold_missed` is a sentence where the threshold of ``time_to_accuracy`` was never reached.
    """

    metrics: Mapping[str, float] = field(default_factory=dict)
    threshold_missed: str | None = None
    warnings: tuple[str, ...] = ()


class _Source(NamedTuple):
    """A series with where it was written, and the name that its metrics begin with."""

    run: str
    tag: str
    name: str
    series: Series


def collect(
    events: Events, config: MetricCollectionConfig, *, start_time: float | None = None, stop_time: float | None = None
) -> Collected:
    """The metrics of a run by name; times are seconds since the epoch, None where they are not known."""
    written = _sources(events, config)
    start = _start(written, start_time)
    collected = [source for source in written if not _ignored(source, config)]
    return _together(
        _aggregates([source for source in collected if source.tag not in MEMORY], config),
        *(_peak(name, [source for source in collected if source.tag == name]) for name in MEMORY),
        _duration(TOTAL_WALL_TIME, start, stop_time),
        Collected() if config.time_to_accuracy is None else _time_to_accuracy(config.time_to_accuracy, written, start),
    )


def unneeded(config: MetricCollectionConfig) -> tuple[str, ...]:
    """The tags to ignore that need not even be read: in no run is a start or the accuracy among them."""
    wanted = [START_TAG]
    if config.time_to_accuracy is not None:
        parts = config.time_to_accuracy.accuracy_tag.split("/")
        wanted += ["/".join(parts[count:]) for count in range(len(parts))]  # a run may stand in front
    return tuple(pattern for pattern in config.tags_to_ignore if not any(_may_mean(pattern, tag) for tag in wanted))


def _may_mean(pattern: str, tag: str) -> bool:
    """Whether `pattern` may mean `tag` in some run: what stands behind its last wildcard ends both."""
    end = re.split(r"[*?\]]", pattern)[-1]
    return tag.endswith(end) or end.endswith(tag)


def _together(*parts: Collected) -> Collected:
    metrics = {name: value for part in parts for name, value in part.metrics.items()}
    missed = next((part.threshold_missed for part in parts if part.threshold_missed is not None), None)
    return Collected(metrics, missed, tuple(warning for part in parts for warning in part.warnings))


def _sources(events: Events, config: MetricCollectionConfig) -> list[_Source]:
    """Every series, in order of runs and tags."""
    prefixed = config.use_run_name_prefix
    return [
        _Source(run, tag, f"{run}/{tag}" if prefixed and run != "." else tag, events.series[run, tag])
        for run, tag in sorted(events.series)
    ]


def _ignored(source: _Source, config: MetricCollectionConfig) -> bool:
    """Whether the tag is to be ignored: by its own name, or with its run in front."""
    names = (source.tag,) if source.run == "." else (source.tag, f"{source.run}/{source.tag}")
    return any(matches(name, pattern) for pattern in config.tags_to_ignore for name in names)


def _fits(pattern: str, source: _Source) -> bool:
    return matches(source.name, pattern) or matches(source.tag, pattern)


def _aggregates(sources: Sequence[_Source], config: MetricCollectionConfig) -> Collected:
    """One metric for each name and strategy, but for those that two tags would have."""
    by_name = defaultdict(list)
    for source in sources:
        by_name[source.name].append(source)
    claims = defaultdict(list)
    for name, same in by_name.items():
        for strategy in _strategies_of(same[0], config):
            claims[f"{name}_{strategy}"].append((strategy, same))
    shared = {metric: said for metric, claimed in claims.items() if (said := _shared(claimed))}
    return Collected(
        {
            metric: strategies.number(_joined(claimed[0][1]), claimed[0][0], last_n=config.last_n)
            for metric, claimed in claims.items()
            if metric not in shared
        },
        warnings=tuple(f"{metric} is left out: it would be {both}" for metric, both in shared.items()),
    )


def _shared(claimed: Sequence[tuple[Strategy, Sequence[_Source]]]) -> str | None:
    """What would share one name: two strategies, or a tag and another one behind its run; None where nothing does."""
    if len(claimed) > 1:
        return " and ".join(f"{strategy} of {same[0].name}" for strategy, same in claimed)
    same = claimed[0][1]
    if len({source.tag for source in same}) > 1:
        return " and ".join(f"the tag {source.tag} of run {source.run}" for source in same)
    return None


def _strategies_of(source: _Source, config: MetricCollectionConfig) -> Sequence[Strategy]:
    """Those listed for the name, else for the tag, else for the first glob that fits, else the default ones."""
    listed = config.strategies_by_tag
    fitting = (pattern for pattern in listed if _fits(pattern, source))
    key = next(filter(listed.__contains__, (source.name, source.tag)), None) or next(fitting, None)
    return config.default_aggregation_strategies if key is None else listed[key]


def _joined(sources: Sequence[_Source]) -> Series:
    """The points of all of them, one source after the other."""
    if len(sources) == 1:
        return sources[0].series
    every = [source.series for source in sources]
    return Series(
        np.concatenate([series.steps for series in every]),
        np.concatenate([series.wall_times for series in every]),
        np.concatenate([series.values for series in every]),
    )


def _peak(name: str, sources: Sequence[_Source]) -> Collected:
    """The greatest finite value above 0."""
    if not sources:
        return Collected()
    values = _joined(sources).values
    taken = values[np.isfinite(values) & (values > 0)]
    if not len(taken):
        return Collected(warnings=(f"{name} is left out: none of its values is finite and above 0",))
    return Collected({name: float(taken.max())})


def _start(sources: Sequence[_Source], given: float | None) -> float | None:
    """The last finite start that the run wrote, else the one that is given."""
    written = [source for source in sources if source.tag == START_TAG]
    known = strategies.finite(_joined(written)) if written else ()
    return strategies.final(known) if known else given


def _duration(name: str, start: float | None, end: float | None) -> Collected:
    if start is None or end is None:
        return Collected()
    if end < start:
        return Collected(warnings=(f"{name} is left out: it would end {start - end:g} s before the run started",))
    return Collected({name: end - start})


def _time_to_accuracy(wanted: TimeToAccuracy, sources: Sequence[_Source], start: float | None) -> Collected:
    """Seconds until the tag first reached the threshold, by wall time, in any run."""
    tag, threshold = wanted.accuracy_tag, wanted.accuracy_threshold
    written = [source for source in sources if tag in {source.tag, f"{source.run}/{source.tag}"}]
    every = _joined(written).values if written else np.array([])
    seen = every[~np.isnan(every)]
    if not len(seen):
        return Collected(threshold_missed=f"{tag} was never written")
    if seen.max() < threshold:
        return Collected(threshold_missed=f"{tag} never reached {threshold:g} (best {seen.max():g})")
    if start is None:
        why = "the start of the run is not known (--start-time)"
        return Collected(warnings=(f"{TIME_TO_ACCURACY} is left out: {why}",))
    moments = _joined(written).wall_times[every >= threshold]
    known = moments[np.isfinite(moments)]
    if not len(known):
        why = f"{tag} reached {threshold:g} at no known time"
        return Collected(warnings=(f"{TIME_TO_ACCURACY} is left out: {why}",))
    return _duration(TIME_TO_ACCURACY, start, float(known.min()))
