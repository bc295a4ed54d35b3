"""The series that rules are tried on, and what they tell of them, for `benchmarks/detection.py`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from benchmarks import detection_rules as rules
from benchmarks.detection_measures import Found, Rate
from benchmarks.detection_sets import SETS, SHIFT, Array, Drawing, SyntheticSet

from cajajejo.metrics.shifts.scan import Scan

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.detection_rules import Alarms

SIZES: Final = (1.5, 2.0, 3.0, 5.0)
WITHIN: Final = 15
EARLY: Final = (12, 45)
"""The first 45 runs, without those that have too few before them for a level and the shortest shift."""
TUNED_ON: Final = 1_000
"""Series without a shift that the threshold of ours is found on."""
THRESHOLDS: Final = (2.0, 6.0)
STEP: Final = 0.01


@dataclass(frozen=True, slots=True)
class Told:
    """What a rule tells of one set: in quiet series, and in shifted ones by size."""

    settled: Rate
    early: Rate
    later: Rate | None
    found: dict[float, Found]


@dataclass(frozen=True, slots=True)
class Series:
    """The series of one set: without a shift, and with shifts by size, up to the last run that may tell them."""

    kind: SyntheticSet
    quiet: Array
    shifted: dict[float, Array]

    @classmethod
    def of(cls, kind: SyntheticSet, seed: int, null: int, shifted: int) -> Series:
        """So many series that there are `null` quiet runs, and `shifted` of each size; none depends on other sets."""
        random = np.random.default_rng([seed, SETS.index(kind)])
        begin, end = kind.quiet
        quiet = kind.draw(Drawing(random, -(-null // (end - begin))))
        sizes = SIZES if kind.judged else ()
        drawn = {size: kind.draw(Drawing(random, shifted, size))[:, : SHIFT + WITHIN] for size in sizes}
        return cls(kind, quiet, drawn)

    def told_by(self, rule: Callable[[Array], Alarms]) -> Told:
        """What `rule` tells."""
        alarms = rule(self.quiet)
        found = {size: self.found(rule(values)) for size, values in self.shifted.items()}
        later = None if self.kind.later is None else Rate.of(alarms, *self.kind.later)
        return Told(Rate.of(alarms, *self.kind.quiet), Rate.of(alarms, *EARLY), later, found)

    def found(self, alarms: Alarms) -> Found:
        """The shifts that are told."""
        return Found(rules.first_alarms(alarms, self.kind.sign, SHIFT, WITHIN), len(alarms))

    def threshold_for(self, rate: float) -> tuple[float, Rate]:
        """The least threshold with which ours tells no more false episodes per thousand runs, and how many it tells.

        Where it cannot be made to tell so many, it is the least one that is tried.
        """
        low, high = THRESHOLDS
        while high - low > STEP:
            middle = (low + high) / 2
            low, high = (middle, high) if self._false(middle).value > rate else (low, middle)
        return high, self._false(high)

    def _false(self, threshold: float) -> Rate:
        return Rate.of(rules.episodes(self.quiet[:TUNED_ON], Scan(threshold=threshold)), *self.kind.quiet)
