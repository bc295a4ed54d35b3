"""A verdict as a sentence with the numbers in it, written for the one who is called at night.

A reason is one sentence without a full stop, so that the name of the metric can stand before it; a note is one or two
sentences with theirs. Names of items stand in them as they are: what shows them makes them printable.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cajajejo.digits import number, written

if TYPE_CHECKING:
    from cajajejo.comparison.judgement.verdicts import Case
    from cajajejo.comparison.values import Criteria, Estimate, GateVerdict, Verdict

_MOST_DIGITS: Final = 17
_ROUNDING: Final = 1e-12


def signed(value: float, beside: float | None = None) -> str:
    """`value` as `number` has it, with its sign; zero has none."""
    return f"{'+' * (value > 0)}{number(value, beside)}"


def p_value(value: float, alpha: float) -> str:
    """A p-value with two digits, and more where they are needed to see on which side of `alpha` it lies."""
    for digits in range(2, _MOST_DIGITS):
        text = f"{value:.{digits}g}"
        if (float(text) < alpha) == (value < alpha):
            return text
    return repr(value)


def percent(share: float) -> str:
    """``95 %``, ``2.34 %``."""
    return f"{100 * share:.3g} %"


def confidence(share: float) -> str:
    """``90 %``, ``99.9 %``."""
    return f"{round(100 * share, 6):g} %"


def count(items: int, noun: str) -> str:
    """``1 pair``, ``2,100 pairs``."""
    return f"{items:,} {noun}{'s' * (items != 1)}"


def about(items: int) -> str:
    """A large count to two digits, rounded up: ``2,100``; a small one as it is."""
    unit = 10 ** max(len(str(items)) - 2, 0)
    return f"{-(-items // unit) * unit:,}"


def reason(case: Case, found: Verdict) -> str:
    """Why the verdict of `case` is `found`."""
    if found == "equal":
        return _equal(case)
    if found == "better":
        return f"{_change(case)} over {_pairs(case.estimate)} is more than chance ({_evidence(case)})"
    return _worse(case) if found == "worse" else _not_shown(case)


def gate_reason(case: Case, found: GateVerdict) -> str:
    """Why a gate says `found` of `case`."""
    lower, upper = case.limits
    sure = f"at {confidence(case.criteria.confidence)} confidence"
    lost, allowed = _lost(case.criteria), _tolerance(case)
    if found == "pass" and lower > 0:
        return f"B is better by {number(lower)} at least, {sure}"
    if found == "pass":
        return f"a {lost} of {number(-lower, case.tolerance)} at most, {sure}, is less than the {allowed} allowed"
    if upper < -case.tolerance:
        most = f"a {lost} of {number(-upper, case.tolerance)} at least, {sure}"
        return f"{most}, is over the {allowed} allowed" if case.tolerance else f"{most}, where none is allowed"
    if found == "fail":
        return _worse(case)
    open_ = f"{_pairs(case.estimate)} cannot rule out"
    least = number(-lower, case.tolerance)
    if case.tolerance:
        return f"{open_} a {lost} of {least}; less than {allowed} is allowed"
    return f"no {lost} is allowed, and {open_} one of {least}" if lower else f"{open_} that B is no better"


def power_note(case: Case, target: float, needed: int | None) -> str:
    """What difference the pairs can show, and how many are `needed` to show `target`; None: no more than there are."""
    seen = case.estimate.minimum_detectable_effect or 0.0
    told = f"seen with 80 % power: {_lost(case.criteria)}s of {number(seen, target)} and more."
    if needed is None:
        return told
    small = _tolerance(case) if target == case.tolerance else number(target)
    return f"{told} To see {small}, about {about(needed)} pairs are needed."


def equality_note(case: Case, needed: int) -> str:
    """How many pairs could show equality where no item changed."""
    return f"no item changed; to show that as equal within {_tolerance(case)}, {count(needed, 'pair')} are needed."


def repeats_note(*, helpful: bool) -> str:
    """Whether it would help to ask the same items more often."""
    if helpful:
        return "more repeats would help: answers to one item vary more than the items do."
    return "more repeats would not help: the items vary more than the answers to one do; ask more items."


def range_note(score_range: tuple[float, float] | None) -> str:
    """What was assumed, so that an interval could be told where no item changed."""
    taken = (
        "the one that is found here"
        if score_range is None
        else f"{written(score_range[0])} to {written(score_range[1])}"
    )
    return f"no item changed, so that the interval rests on the range of scores, taken to be {taken}."


def alone(unmatched: int, items: int) -> str:
    """How many of `items` have no partner."""
    verb = "is" if unmatched == 1 else "are"
    return f"{unmatched:,} of {count(items, 'item')} {verb} in one run alone"


def settled_note(unmatched: int, items: int) -> str:
    """That items without a partner decide nothing."""
    return f"{alone(unmatched, items)}; scored at worst or at best, they change nothing."


SKEW_NOTE: Final = "the differences are few and lean strongly to one side, so that the interval is rough."


def _equal(case: Case) -> str:
    difference, allowed = case.estimate.difference, case.tolerance
    low, high = signed(case.interval.lower, -allowed), signed(case.interval.upper, allowed)
    told = f"B - A is {signed(difference)}, with a {confidence(case.interval.confidence)} interval from {low} to {high}"
    told += f" inside of the {_tolerance(case)} allowed either way"
    if not case.significant or _is_none(case):
        return told
    return f"{told}, but B is significantly {'lower' if difference < 0 else 'higher'} ({_p(case)})"


def _worse(case: Case) -> str:
    evidence = f"more than chance ({_evidence(case)})"
    if _is_over(case):
        return f"{_change(case)} is over the {_tolerance(case)} allowed, and over {_pairs(case.estimate)} {evidence}"
    told = f"{_change(case)} over {_pairs(case.estimate)} is {evidence}"
    least = -case.limits[0]
    if not 0 < case.tolerance < least:
        return told
    return f"{told}, and one of {number(least, case.tolerance)} is not ruled out, over the {_tolerance(case)} allowed"


def _not_shown(case: Case) -> str:
    pairs = _pairs(case.estimate)
    if case.tolerance == 0:
        if _is_none(case):
            return f"{pairs} show no difference, but nothing counts as equal without a tolerance (max_drop)"
        return f"{pairs} cannot tell {_change(case)} from chance ({_p(case)})"
    if _is_over(case):
        measure = "allowed" if case.gain < 0 else "that counts as equal"
        told = f"{_change(case)} is over the {_tolerance(case)} {measure}, but {pairs} cannot tell it from chance"
        return told if case.p_value >= case.criteria.alpha else f"{told} ({_p(case)})"
    return _not_ruled_out(case)


def _not_ruled_out(case: Case) -> str:
    """What the interval leaves open, where the difference itself is within the tolerance."""
    lower, upper = case.limits
    at_worst = lower <= -case.tolerance
    limit = number(abs(lower if at_worst else upper), case.tolerance)
    change = _lost(case.criteria) if at_worst else _gained(case.criteria)
    if _is_none(case):
        told = f"{_pairs(case.estimate)} show no difference"
        return f"{told}, but cannot rule out a {change} of {limit}, over the {_tolerance(case)} allowed"
    same = at_worst == (case.gain < 0)
    within = f"{_change(case)} is within the {_tolerance(case)} allowed"
    return f"{within}, but {_pairs(case.estimate)} cannot rule out {'one' if same else f'a {change}'} of {limit}"


def _tolerance(case: Case) -> str:
    """δ as it was written, or with four digits where it is a share of the mean of A."""
    return written(case.tolerance) if case.tolerance == case.criteria.max_drop else f"{case.tolerance:.4g}"


def _is_none(case: Case) -> bool:
    """Whether the difference is nothing but rounding."""
    return abs(case.gain) <= _ROUNDING * max(abs(case.estimate.a), abs(case.estimate.b))


def _is_over(case: Case) -> bool:
    """Whether the difference is larger than the tolerance, by more than rounding."""
    size = abs(case.gain)
    return 0 < case.tolerance < size and not math.isclose(size, case.tolerance, rel_tol=1e-9)


def _change(case: Case) -> str:
    """``a drop of 0.024``."""
    beside = case.tolerance if _is_over(case) else None
    noun = _gained(case.criteria) if case.gain > 0 else _lost(case.criteria)
    return f"a {noun} of {number(abs(case.gain), beside)}"


def _lost(criteria: Criteria) -> str:
    return "drop" if criteria.sign > 0 else "rise"


def _gained(criteria: Criteria) -> str:
    return "rise" if criteria.sign > 0 else "drop"


def _pairs(estimate: Estimate) -> str:
    groups = "" if estimate.clusters is None else f" in {count(estimate.clusters, 'group')}"
    return count(estimate.pairs, "pair") + groups


def _evidence(case: Case) -> str:
    up, down = case.estimate.up, case.estimate.down
    better, worse = (up, down) if case.criteria.sign > 0 else (down, up)
    return f"{worse:,} worse, {better:,} better, {_p(case)}"


def _p(case: Case) -> str:
    told = f"p {p_value(case.p_adjusted, case.criteria.alpha)}"
    return told if case.p_adjusted == case.p_value else f"{told} after Holm over {case.tested}"
