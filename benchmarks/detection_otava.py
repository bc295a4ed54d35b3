"""Otava beside the product's own rule, at as many false alarms, for `benchmarks/detection.py`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np
from benchmarks import detection_rules as rules
from benchmarks.detection_measures import Bar, Difference, Rate
from benchmarks.detection_sets import SHIFT

from cajajejo.metrics.shifts.scan import Scan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import ProcessPoolExecutor

    from benchmarks.detection_rules import Alarms
    from benchmarks.detection_series import Series
    from benchmarks.detection_sets import Array

P_VALUES: Final = {
    "gauss": (1e-3,),
    "t3": (1e-4,),
    "spikes": (1e-4,),
    "ar": (1e-6, 1e-7),
    "log-normal": (1e-4,),
    "accuracy": (1e-3,),
    "constant": (1e-7,),
}
"""Such that false episodes are rare, and can be counted."""
WARM_UP: Final = 5
"""Runs before a shift in which Otava is asked, too, so that what it tells already is not told of the shift."""
COUNTED: Final = 50
"""False episodes of Otava that are wanted, at least."""
TOGETHER: Final = 40
"""Series that Otava is shown before it is asked whether there are enough."""
PORTION: Final = 5
SIZES: Final = (1.5, 2.0, 3.0)
BEHIND: Final = -5.0
"""How far ours may be behind, in percent of the shifts; where runs are correlated it pays for being calmer there."""
BEHIND_IN_AR: Final = -8.0


@dataclass(frozen=True, slots=True)
class Asking:
    """Otava in processes that share the series."""

    pool: ProcessPoolExecutor

    def __call__(self, values: Array, begin: int, p_value: float) -> tuple[Alarms, Alarms]:
        """What `rules.otava` tells of all series."""
        portions = np.array_split(values, -(-len(values) // PORTION))
        told = list(self.pool.map(partial(rules.otava, begin=begin, p_value=p_value), portions))
        return np.concatenate([both[0] for both in told]), np.concatenate([both[1] for both in told])


def compared(series: Series, p_value: float, count: int, ask: Asking) -> Iterator[str | Bar]:
    """Otava beside ours at as many false alarms: lines for people, and bars."""
    name = series.kind.name
    rates = _false_of_otava(series, p_value, -(-count // 2), ask)
    theirs = {size: ask(series.shifted[size][:count], SHIFT - WARM_UP, p_value) for size in SIZES}
    for which, words in enumerate(("all that it tells", f"what it tells within {rules.RECENT} runs")):
        rate = rates[which]
        yield f"{name}, Otava at p = {p_value:g}, {words}: {rate} false per 1,000, {rate.events} counted"
        if not rate.events:
            continue
        threshold, ours = series.threshold_for(rate.value)
        yield f"  ours with threshold {threshold:.2f}: {ours} false per 1,000, {ours.events} counted"
        for size in SIZES:
            values = series.shifted[size][:count]
            courses = rules.courses(values, Scan(threshold=threshold))
            mine, other = series.found(rules.alarms_of(courses, values.shape[1])), series.found(theirs[size][which])
            quiet = rules.quiet_before(courses, SHIFT)
            more = Difference.of(mine.among(quiet), other.among(quiet))
            yield f"  {size:g} sigma: ours {mine}, Otava {other}, difference {Difference.of(mine, other)}"
            yield f"      in the {len(quiet)} series that ours is quiet in before, difference {more}"
            if which == 0 and rate.events >= COUNTED:
                least = BEHIND_IN_AR if name == "ar" else BEHIND
                what = f"{name}: ours less Otava, p {p_value:g}, {size:g} sigma"
                yield Bar(what, str(more), f"from {least:g}", holds=more.low >= least)


def _false_of_otava(series: Series, p_value: float, count: int, ask: Asking) -> list[Rate]:
    """What Otava tells of series without a shift, all and what is recent; until enough of both are counted."""
    begin, end = series.kind.quiet
    rates = [Rate(0, 0), Rate(0, 0)]
    for at in range(0, min(count, len(series.quiet)), TOGETHER):
        told = ask(series.quiet[at : min(at + TOGETHER, count), :end], begin, p_value)
        rates = [rate + Rate.of(alarms, begin + 1, end) for rate, alarms in zip(rates, told, strict=True)]
        if min(rate.events for rate in rates) >= COUNTED:
            break
    return rates
