"""Bounds and differences as people read them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cajajejo import digits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.metrics.bounds import Bounds, Statistics
    from cajajejo.metrics.config import Comparison, SuccessCondition

_SYMBOLS: Final[Mapping[Comparison, str]] = {
    "greater": ">",
    "greater_or_equal": ">=",
    "less": "<",
    "less_or_equal": "<=",
    "equal": "=",
}
_PHRASES: Final[Mapping[Comparison, str]] = {
    "greater": "greater than",
    "greater_or_equal": "at least",
    "less": "less than",
    "less_or_equal": "at most",
    "equal": "equal to",
}


def difference(excess: float, value: float, bound: float) -> str:
    """How far a value is outside its bound: ``0.100 below``; ``equal`` where it is on a strict bound."""
    if excess == 0:
        return "equal, and must not be"
    return f"{digits.fixed(abs(excess), digits.decimals(value, bound))} {'below' if excess < 0 else 'above'}"


def allowed(condition: SuccessCondition, bounds: Bounds, value: float | None) -> str:
    """The bound as the table shows it: ``> 0.40``."""
    symbol = _SYMBOLS[condition.comparison]
    loose = bounds.inclusive and condition.strict
    return f"{symbol}{'=' * loose} {_bound(condition, bounds, value)}"


def requirement(condition: SuccessCondition, bounds: Bounds, prior: Statistics | None, value: float | None) -> str:
    """The bound as a sentence says it: ``greater than 0.40 (fixed value)``."""
    phrase = _PHRASES[condition.comparison]
    if bounds.inclusive and condition.strict:
        phrase = "at least" if condition.comparison == "greater" else "at most"
    return f"{phrase} {_bound(condition, bounds, value)} ({_origin(condition, prior)})"


def basis(condition: SuccessCondition, prior: Statistics | None) -> str:
    """What a bound rests on, in a few words: ``fixed value``, ``4 sd from the mean of 31 runs``."""
    k = condition.success_threshold.stddevs_from_mean
    if k is None or prior is None:
        return "fixed value"
    if prior.deviation == 0:
        return f"same in {runs(prior.n)} before"
    return f"{k:g} sd from the mean of {runs(prior.n)}" if k else f"the mean of {runs(prior.n)}"


def runs(count: int) -> str:
    """``1 run``, ``31 runs``."""
    return f"{count} run{'s' * (count != 1)}"


def _origin(condition: SuccessCondition, prior: Statistics | None) -> str:
    k = condition.success_threshold.stddevs_from_mean
    if k is None or prior is None:
        return "fixed value"
    centre = digits.number(prior.mean)
    if prior.deviation == 0:
        return f"{centre} in {'the run' if prior.n == 1 else f'all {prior.n} runs'} before"
    if k == 0:
        return f"mean of {runs(prior.n)}"
    sign = "-" if condition.comparison.startswith("greater") else "+"
    return f"mean {centre} of {runs(prior.n)} {sign} {k:g} standard deviations of {digits.number(prior.deviation)}"


def _bound(condition: SuccessCondition, bounds: Bounds, value: float | None) -> str:
    bound = bounds.lower if bounds.lower is not None else bounds.upper
    if bound is None:
        return "any number"
    if condition.success_threshold.fixed_value is not None:
        return digits.written(bound)
    return digits.number(bound, value if value is not None and math.isfinite(value) else None)
