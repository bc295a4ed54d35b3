"""A sample of finite numbers: its mean, standard deviation and quantiles, right up to the ends of the range of floats.

Plain Python: the few dozen values of a history are summed sooner than they become an array.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from cajajejo import errors

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Sample:
    """At least one finite number, in ascending order, so that nothing depends on the order they came in."""

    ordered: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> Sample:
        """The sample of `values`."""
        return cls(tuple(sorted(values)))

    @property
    def n(self) -> int:
        """How many numbers there are."""
        return len(self.ordered)

    @property
    def constant(self) -> bool:
        """Whether all of them are equal."""
        return self.ordered[0] == self.ordered[-1]

    def within(self, value: float) -> float:
        """`value`, or the end of the sample that it is beyond."""
        return min(max(value, self.ordered[0]), self.ordered[-1])

    def mean(self) -> float:
        """The arithmetic mean, exactly rounded."""
        try:
            mean = math.fsum(self.ordered) / self.n
        except OverflowError:
            mean = 2 * math.fsum(value / 2 / self.n for value in self.ordered)
        return self.within(mean)

    def deviation(self) -> float:
        """The sample standard deviation sqrt(sum((x - mean)²) / (n - 1)), in two passes; of constant values 0.

        It may be infinite where it is beyond the range of floats.
        """
        if self.constant:
            return 0.0
        distance = math.dist(self.ordered, (self.mean(),) * self.n)
        if math.isinf(distance):
            return 4 * Sample(tuple(value / 4 for value in self.ordered)).deviation()
        return distance / math.sqrt(self.n - 1)

    def quantile(self, share: float) -> float:
        """The quantile of type 7: linear between the two numbers about the place (n - 1) `share`."""
        whole, part = divmod((self.n - 1) * share, 1)
        low = self.ordered[int(whole)]
        high = self.ordered[min(int(whole) + 1, self.n - 1)]
        return low if low == high else min(max((1 - part) * low + part * high, low), high)

    def logarithms(self) -> Sample:
        """The sample of the natural logarithms of positive numbers."""
        return Sample(tuple(map(math.log, self.ordered)))

    def geometric_mean(self) -> float:
        """The exponential of the mean logarithm of positive numbers."""
        return self.within(exponential(self.logarithms().mean()))


def exponential(power: float) -> float:
    """The exponential of `power`, infinite where that is beyond the range of floats."""
    try:
        return math.exp(power)
    except OverflowError:
        return math.inf


@lru_cache(maxsize=4096)
def student(degrees: int, tail: float) -> float:
    """The value that Student's t with so many degrees of freedom exceeds with the probability `tail`."""
    special = errors.require("scipy.special", extra="evaluation", purpose="a prediction interval")
    return -float(special.stdtrit(degrees, tail))
