"""Worlds in which the true difference of two models is known, and how often a comparison is wrong in each.

A world draws the scores of one trial. Intervals, verdicts and gates are those of `measure` and `judge`. Counted is how
often an interval misses the truth, how often a difference is found where there is none, how often `equal` is said where
the difference is as large as the tolerance, and how often a difference is found that is there.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.stats import t as student

from cajajejo.comparison.judgement.judging import Measured, judge
from cajajejo.comparison.statistics.measuring import measure
from cajajejo.comparison.values import Criteria, Unpaired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.random import Generator

    from cajajejo.comparison.paired import Floats, Paired
    from cajajejo.comparison.values import Estimate, Interval

ALPHA: Final = 0.05
CRITICAL: Final = 3.5
"""So many Monte Carlo errors above its limit a rate is too high: of 200 rates at their limits one in 20 runs is."""
LIMITS: Final[Mapping[str, float]] = {
    "misses of 95 %": 0.05,
    "misses of 90 %": 0.10,
    "false findings": 0.05,
    "false equal": 0.05,
    "false pass": 0.05,
}
"""What a rate may be at most."""


@dataclass(frozen=True)
class World:
    """Where the true difference B - A is known.

    Attributes:
        name: of the world.
        pairs: how many there are, as people are told.
        truth: the true difference.
        draw: the metrics of one trial.
        tolerance: δ; 0 where the truth is no difference, or is to be found.
        limits: of rates that may be higher than in `LIMITS`.
    """

    name: str
    pairs: str
    truth: float
    draw: Callable[[Generator], list[Paired]]
    tolerance: float = 0.0
    limits: Mapping[str, float] = field(default_factory=dict)

    def limit(self, rate: str) -> float:
        """What a rate may be at most."""
        return self.limits.get(rate, LIMITS[rate])


@dataclass(frozen=True)
class Rate:
    """How often something happened in so many trials; `limit` is how often it may, None: it is only told."""

    name: str
    share: float
    trials: int
    limit: float | None = None

    @property
    def error(self) -> float:
        """The Monte Carlo error of the share."""
        return math.sqrt(self.share * (1 - self.share) / self.trials)

    @property
    def too_high(self) -> bool:
        """Whether chance does not explain that the share is above its limit."""
        if self.limit is None:
            return False
        return self.share > self.limit + CRITICAL * math.sqrt(self.limit * (1 - self.limit) / self.trials)


def rates(world: World, trials: int, seed: int) -> list[Rate]:
    """How often comparisons in `world` are wrong, and how often a difference is found, by three methods."""
    random = np.random.default_rng(seed)
    found: Counter[str] = Counter()
    clusters = False
    for trial in range(trials):
        metrics = world.draw(random)
        clusters = metrics[0].clusters is not None
        found.update(_outcome(world, metrics, trial))
    names = ["misses of 95 %", "misses of 90 %"]
    if world.truth == 0:
        names.append("false findings")
    elif world.tolerance:
        names += ["false equal", "false pass"]
    judged = [Rate(name, found[name] / trials, trials, world.limit(name)) for name in names]
    others = ("found", "found unpaired", *["found without clusters"] * clusters)
    return judged + [Rate(name, found[name] / trials, trials) for name in others]


def _outcome(world: World, metrics: list[Paired], trial: int) -> Iterator[str]:
    """What happened in one trial."""
    criteria = Criteria(max_drop=world.tolerance or None, score_range=None)
    measured = [_measured(paired, criteria, trial, place) for place, paired in enumerate(metrics)]
    judged = judge(measured)
    first = judged[0]
    assert first.estimate is not None
    if _misses(first.estimate.interval, world.truth):
        yield "misses of 95 %"
    if _misses(first.estimate.gate_interval, world.truth):
        yield "misses of 90 %"
    if any(metric.verdict in {"better", "worse"} for metric in judged):
        yield "found"
        yield "false findings"
    if first.verdict == "equal":
        yield "false equal"
    if first.gate == "pass":
        yield "false pass"
    if unpaired_p(metrics[0]) < ALPHA:
        yield "found unpaired"
    if metrics[0].clusters is not None and t_test_p(metrics[0].differences) < ALPHA:
        yield "found without clusters"


def _measured(paired: Paired, criteria: Criteria, trial: int, place: int) -> Measured:
    estimate: Estimate | None = measure(paired, criteria, trial)
    return Measured(f"metric {place}", criteria, paired, estimate, Unpaired())


def _misses(interval: Interval | None, truth: float) -> bool:
    """Whether the truth lies outside; that of an interval that is not defined does not."""
    return interval is not None and not interval.lower - 1e-12 <= truth <= interval.upper + 1e-12


def t_test_p(differences: Floats) -> float:
    """The p-value of the t-test of pairs, which takes them as independent."""
    error = differences.std(ddof=1) / math.sqrt(len(differences))
    return float(2 * student.sf(abs(differences.mean()) / error, len(differences) - 1)) if error else 1.0


def unpaired_p(paired: Paired) -> float:
    """The p-value of Welch's test of two means, which takes the runs as independent."""
    n = len(paired.a)
    one, other = paired.a.var(ddof=1) / n, paired.b.var(ddof=1) / n
    if one + other == 0:
        return 1.0
    df = (one + other) ** 2 * (n - 1) / (one**2 + other**2)
    return float(2 * student.sf(abs(paired.b.mean() - paired.a.mean()) / math.sqrt(one + other), df))
