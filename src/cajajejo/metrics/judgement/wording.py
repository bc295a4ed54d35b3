"""Bounds and differences as people read them, with as many digits as it takes to tell them apart."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from cajajejo import digits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.metrics.config.conditions import SuccessCondition
    from cajajejo.metrics.judgement.bounds import Basis, Bounds

_PHRASES: Final[Mapping[str, str]] = {
    ">": "greater than",
    ">=": "at least",
    "<": "less than",
    "<=": "at most",
    "=": "equal to",
}
_WRITTEN_OUT: Final = 15


def difference(excess: float, value: float, bound: float) -> str:
    """How far a value is outside its bound: ``0.100 below``; ``equal`` where it is on a strict bound."""
    if excess == 0:
        return "equal, and must not be"
    return f"{digits.fixed(abs(excess), _decimals(value, bound))} {'below' if excess < 0 else 'above'}"


def shown(condition: SuccessCondition, bounds: Bounds, value: float, centre: float | None = None) -> str:
    """The value with the digits that tell it from its bound; one that is on a strict bound is written as that is."""
    if bounds.excess(value) == 0:
        return _ends(condition, bounds, value, centre)[0]
    return digits.number(value, bounds.nearest(value))


def allowed(condition: SuccessCondition, bounds: Bounds, value: float | None) -> str:
    """The bounds as the table shows them: ``> 0.40``, ``0.20 to 0.40``, ``any number``."""
    match _ends(condition, bounds, value):
        case [lower, upper]:
            return f"{lower} to {upper}"
        case [end]:
            return f"{_symbol(bounds)} {end}"
        case _:
            return "any number"


def requirement(condition: SuccessCondition, bounds: Bounds, found: Basis | None, value: float | None) -> str:
    """The bounds as a sentence says them: ``greater than 0.40 (fixed value)``."""
    match _ends(condition, bounds, value, None if found is None else found.centre):
        case [lower, upper]:
            said = f"between {lower} and {upper}"
        case [end]:
            said = f"{_PHRASES[_symbol(bounds)]} {end}"
        case _:
            said = "any number"
    return f"{said} ({_origin(condition, found)})"


def basis(condition: SuccessCondition, found: Basis | None) -> str:
    """What bounds rest on, in a few words: ``fixed value``, ``4 sd from the mean of 31 runs``."""
    if found is None:
        return _known(condition)
    return _few_words(condition, found) + _floor(condition, found)


def runs(count: int) -> str:
    """``1 run``, ``31 runs``."""
    return f"{count} run{'s' * (count != 1)}"


def percent(share: float) -> str:
    """A share as people say it: ``20 %``, ``99.9 %``, all its digits."""
    hundredfold = Decimal(str(share)).scaleb(2)
    if share and abs(hundredfold.adjusted()) > _WRITTEN_OUT:
        return f"{hundredfold:.4g} %"
    return f"{hundredfold.normalize():f} %"


def _known(condition: SuccessCondition) -> str:
    return "fixed bounds" if condition.success_threshold.within_bounds is not None else "fixed value"


def _few_words(condition: SuccessCondition, found: Basis) -> str:
    threshold, of_runs = condition.success_threshold, f"of {runs(found.n)}"
    in_logarithms = ", in logarithms" if condition.transform == "log" else ""
    if threshold.percent_difference is not None and not found.constant:
        of_what = f"the {_mean(condition)} {_centre(found)} {of_runs}" if found.n else _centre(found)
        return f"{percent(threshold.percent_difference.percent)} from {of_what}"
    if found.constant:
        return f"same in {runs(found.n)} before"
    if threshold.prediction_interval is not None:
        return f"{percent(threshold.prediction_interval.confidence)} prediction interval {of_runs}{in_logarithms}"
    if found.quartiles is not None:
        first, third = _quartiles(found.quartiles)
        return f"quartiles {first} and {third} {of_runs}, {threshold.iqr:g} times their distance{in_logarithms}"
    k = threshold.stddevs_from_mean
    return f"{f'{k:g} sd from ' if k else ''}the {_mean(condition)} {of_runs}"


def _origin(condition: SuccessCondition, found: Basis | None) -> str:
    """The arithmetic behind bounds: ``mean 0.061 of 31 runs + 4 standard deviations of 0.0083``."""
    if found is None:
        return _known(condition)
    if found.constant:
        whole = f"{_centre(found)} in {'the run' if found.n == 1 else f'all {found.n} runs'} before"
    else:
        whole = _arithmetic(condition, found)
    return whole + _floor(condition, found)


def _arithmetic(condition: SuccessCondition, found: Basis) -> str:
    threshold, of_runs = condition.success_threshold, f"of {runs(found.n)}"
    in_logarithms = " in logarithms" if condition.transform == "log" else ""
    spread = f"{digits.number(found.spread)}{in_logarithms}"
    about = f"{_mean(condition)} {_centre(found)} {of_runs}" if found.n else _centre(found)
    if threshold.percent_difference is not None:
        return _to_either_side(condition, about, f"{percent(threshold.percent_difference.percent)} of it")
    if threshold.prediction_interval is not None:
        interval = f"{percent(threshold.prediction_interval.confidence)} prediction interval"
        return f"{interval} about the {about}, standard deviation {spread}"
    if found.quartiles is not None:
        first, third = _quartiles(found.quartiles)
        named = f"first quartile {first}", f"third quartile {third}", f"quartiles {first} and {third}"
        reach = f"{_many(threshold.iqr, 'interquartile range')} of {spread}"
        return _to_either_side(condition, f"{_by_side(condition, *named)} {of_runs}", reach)
    k = threshold.stddevs_from_mean
    if not k:
        return about if found.floor else f"{_mean(condition)} {of_runs}"
    return _to_either_side(condition, about, f"{_many(k, 'standard deviation')} of {spread}")


def _to_either_side(condition: SuccessCondition, about: str, reach: str) -> str:
    return about + _by_side(condition, f" - {reach}", f" + {reach}", f", {reach} either way")


def _by_side(condition: SuccessCondition, lower: str, upper: str, both: str) -> str:
    """Of three texts the one for the bounds that the condition has."""
    return both if len(condition.bad) > 1 else lower if -1 in condition.bad else upper


def _floor(condition: SuccessCondition, found: Basis) -> str:
    """The least change that counts, where that decides the bounds."""
    if not found.floor:
        return ""
    field = "min_change" if condition.min_change.around(found.centre) >= condition.resolution else "resolution"
    return f", widened to {digits.number(found.floor)} by {field}"


def _ends(condition: SuccessCondition, bounds: Bounds, *beside: float | None) -> list[str]:
    """The bounds that there are, lower first; two equal ones are one.

    They have as many decimals as tell them from each other and from the finite numbers that stand beside them.
    """
    ends = sorted({bound for bound in (bounds.lower, bounds.upper) if bound is not None})
    if not condition.from_history:
        return [digits.written(end) for end in ends]
    others = [*ends, *(number for number in beside if number is not None and math.isfinite(number))]
    decimals = max((_decimals(end, other) for end in ends for other in others), default=0)
    return [digits.fixed(end, decimals) for end in ends]


def _symbol(bounds: Bounds) -> str:
    if bounds.lower is not None and bounds.lower == bounds.upper:
        return "="
    symbol = ">" if bounds.upper is None else "<"
    return symbol + "=" * bounds.inclusive


def _mean(condition: SuccessCondition) -> str:
    return "geometric mean" if condition.transform == "log" else "mean"


def _centre(found: Basis) -> str:
    return _number(found.centre, found.centre + found.spread) if found.n else digits.written(found.centre)


def _quartiles(quartiles: tuple[float, float]) -> tuple[str, str]:
    first, third = quartiles
    return _number(first, third), _number(third, first)


def _many(count: float | None, what: str) -> str:
    return f"{count:g} {what}{'s' * (count != 1)}"


def _number(value: float, beside: float) -> str:
    return digits.fixed(value, _decimals(value, beside))


def _decimals(value: float, beside: float) -> int:
    """The decimals that tell two numbers apart; how far they are from each other may be beyond the range of floats."""
    return digits.decimals(value, beside if math.isfinite(value - beside) else None)
