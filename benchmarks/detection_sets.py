"""Nine kinds of series, with a level that shifts or does not: what `benchmarks/detection.py` compares rules on.

A series has 260 runs; a shift begins with run 120 (counted from 0) and stays. Sizes are in standard deviations of the
set itself, so that 3 sigma are as many times the noise everywhere; where that is not one number, the set says whose.

=============== =====================================================================================================
set             a run is
=============== =====================================================================================================
``gauss``       normal
``t3``          Student's t with 3 degrees of freedom; sigma is the root of 3, its standard deviation
``spikes``      normal, and every 50th run on average 5 to 10 more or less; sigma is that of the runs without spike
``ar``          normal, each run correlated by 0.5 with the one before it; sigma is that of one run
``log-normal``  exp(0.6 times a normal one); shifts go up, towards the long tail
``accuracy``    right answers to 100 questions, each right with probability 0.9; sigma 0.03; a shift is a smaller
                probability, so that the noise grows with it
``constant``    always the same, but for 1 % of runs that are different by a normal amount, the sigma
``noise``       normal, with twice the standard deviation from run 120 on, which is not to be told: false episodes are
                those before it, and those after it are shown apart; of the shifted series the noise stays as it was
``drift``       normal, and every run 0.02 sigma higher than the one before: there is no level to come back to, so
                that what rules say is shown, and not judged
=============== =====================================================================================================
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Array: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

RUNS: Final = 260
SHIFT: Final = 120
SETTLED: Final = 60
"""From this run on, episodes count as those of a settled history."""

_SPIKES: Final = 0.02
_SPIKE: Final = (5.0, 10.0)
_CORRELATION: Final = 0.5
_TAIL: Final = 0.6
_QUESTIONS: Final = 100
_RIGHT: Final = 0.9
_ONE_OFFS: Final = 0.01
_LOUDER: Final = 2.0
_DRIFT: Final = 0.02


@dataclass(frozen=True, slots=True)
class Drawing:
    """What a set is drawn from: how many series, and how many sigmas they shift by; 0 for none."""

    random: np.random.Generator
    series: int
    sigmas: float = 0.0

    @property
    def shape(self) -> tuple[int, int]:
        """Series by runs."""
        return self.series, RUNS

    def normal(self) -> Array:
        """Noise with a standard deviation of 1."""
        return self.random.normal(size=self.shape)

    def shift(self, sigma: float = 1.0) -> Array:
        """What the shift adds to each run."""
        return np.where(np.arange(RUNS) < SHIFT, 0.0, self.sigmas * sigma)


@dataclass(frozen=True, slots=True)
class SyntheticSet:
    """One kind of series.

    `sign` is the direction of its shifts, `quiet` the runs whose episodes are false ones in a settled history, `later`
    those that are shown apart. `judged` says whether bars are about it.
    """

    name: str
    draw: Callable[[Drawing], Array] = field(repr=False)
    sign: Literal[-1, 1] = 1
    quiet: tuple[int, int] = (SETTLED, RUNS)
    later: tuple[int, int] | None = None
    judged: bool = True


def _gauss(drawing: Drawing) -> Array:
    return drawing.normal() + drawing.shift()


def _t3(drawing: Drawing) -> Array:
    return drawing.random.standard_t(3, drawing.shape) + drawing.shift(math.sqrt(3))


def _spikes(drawing: Drawing) -> Array:
    size = drawing.random.uniform(*_SPIKE, drawing.shape) * drawing.random.choice([-1.0, 1.0], drawing.shape)
    return _gauss(drawing) + np.where(drawing.random.random(drawing.shape) < _SPIKES, size, 0)


def _ar(drawing: Drawing) -> Array:
    values = drawing.normal()
    for run in range(1, RUNS):
        values[:, run] = _CORRELATION * values[:, run - 1] + math.sqrt(1 - _CORRELATION**2) * values[:, run]
    return values + drawing.shift()


def _log_normal(drawing: Drawing) -> Array:
    variance = _TAIL**2
    return np.exp(_TAIL * drawing.normal()) + drawing.shift(math.sqrt(math.expm1(variance) * math.exp(variance)))


def _accuracy(drawing: Drawing) -> Array:
    right = _RIGHT - drawing.shift(math.sqrt(_RIGHT * (1 - _RIGHT) / _QUESTIONS))
    return drawing.random.binomial(_QUESTIONS, right, drawing.shape) / _QUESTIONS


def _constant(drawing: Drawing) -> Array:
    others = drawing.random.random(drawing.shape) < _ONE_OFFS
    return np.where(others, drawing.normal(), 0.0) + drawing.shift()


def _noise(drawing: Drawing) -> Array:
    louder = np.where((np.arange(RUNS) < SHIFT) | bool(drawing.sigmas), 1.0, _LOUDER)
    return drawing.normal() * louder + drawing.shift()


def _drift(drawing: Drawing) -> Array:
    return drawing.normal() + _DRIFT * np.arange(RUNS)


SETS: Final = (
    SyntheticSet("gauss", _gauss),
    SyntheticSet("t3", _t3),
    SyntheticSet("spikes", _spikes),
    SyntheticSet("ar", _ar),
    SyntheticSet("log-normal", _log_normal),
    SyntheticSet("accuracy", _accuracy, sign=-1),
    SyntheticSet("constant", _constant),
    SyntheticSet("noise", _noise, quiet=(SETTLED, SHIFT), later=(SHIFT, RUNS)),
    SyntheticSet("drift", _drift, judged=False),
)
