"""What was counted of alarms, with limits of 95 % confidence, for `benchmarks/detection.py`."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import chi2, norm

from cajajejo.comparison.statistics.intervals import bonett_price

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.detection_rules import Alarms

ALPHA: Final = 0.05
Z: Final = float(norm.ppf(1 - ALPHA / 2))


@dataclass(frozen=True, slots=True)
class Rate:
    """False episodes in so many runs."""

    events: int
    runs: int

    @classmethod
    def of(cls, alarms: Alarms, begin: int, end: int) -> Rate:
        """Those in the runs from `begin` to before `end`."""
        part = alarms[:, begin:end]
        return cls(int(np.count_nonzero(part)), part.size)

    @property
    def value(self) -> float:
        """How many in a thousand runs."""
        return 1000 * self.events / self.runs

    def __add__(self, other: Rate) -> Rate:
        return Rate(self.events + other.events, self.runs + other.runs)

    def limits(self) -> tuple[float, float]:
        """Garwood's limits."""
        low = float(chi2.ppf(ALPHA / 2, 2 * self.events)) / 2 if self.events else 0.0
        return 1000 * low / self.runs, 1000 * float(chi2.ppf(1 - ALPHA / 2, 2 * self.events + 2)) / 2 / self.runs

    def __str__(self) -> str:
        low, high = self.limits()
        return f"{self.value:.2f} ({low:.2f} to {high:.2f})"


@dataclass(frozen=True, slots=True)
class Found:
    """Shifted series in which the shift was told, with the delay of each, out of so many."""

    delays: dict[int, int]
    series: int

    def among(self, series: Sequence[int]) -> Found:
        """Of some of the series."""
        chosen = set(series)
        return Found({which: delay for which, delay in self.delays.items() if which in chosen}, len(chosen))

    @property
    def percent(self) -> float:
        """How many in a hundred."""
        return 100 * len(self.delays) / self.series

    @property
    def delay(self) -> float:
        """The median; without end where nothing was found."""
        return statistics.median(self.delays.values()) if self.delays else math.inf

    def limits(self) -> tuple[float, float]:
        """Wilson's limits, in percent."""
        n, p = self.series, len(self.delays) / self.series
        middle = (p + Z**2 / (2 * n)) / (1 + Z**2 / n)
        half = Z * math.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2)) / (1 + Z**2 / n)
        return 100 * max(0.0, middle - half), 100 * min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.limits()
        return f"{self.percent:.1f} ({low:.1f} to {high:.1f}) in {self.delay:g}"


@dataclass(frozen=True, slots=True)
class Difference:
    """How many more in a hundred of the same shifts one rule told than another."""

    percent: float
    low: float
    high: float

    @classmethod
    def of(cls, one: Found, other: Found) -> Difference:
        """With the limits of Bonett and Price for pairs."""
        more, fewer = len(one.delays.keys() - other.delays.keys()), len(other.delays.keys() - one.delays.keys())
        limits = bonett_price(fewer, more, one.series, ALPHA)
        assert limits is not None
        return cls(one.percent - other.percent, 100 * limits.lower, 100 * limits.upper)

    def __str__(self) -> str:
        return f"{self.percent:+.1f} ({self.low:+.1f} to {self.high:+.1f})"


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing that has to hold, what was measured, and whether it does."""

    what: str
    measured: str
    wanted: str
    holds: bool
