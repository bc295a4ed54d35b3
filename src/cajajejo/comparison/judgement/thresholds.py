"""The level of one run alone, held against the one that a rule asks for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from cajajejo.comparison.judgement.doubts import MOST_UNMATCHED
from cajajejo.comparison.judgement.verdicts import FEWEST_CLUSTERS
from cajajejo.comparison.judgement.wording import confidence, count, percent
from cajajejo.comparison.statistics import levels
from cajajejo.digits import number, written

if TYPE_CHECKING:
    from cajajejo.comparison.statistics.levels import Level
    from cajajejo.comparison.values import Criteria, GateVerdict, Unpaired
    from cajajejo.gate_policy import Requirement


def judge_level(level: Level | None, asked: Requirement, criteria: Criteria) -> tuple[GateVerdict, str]:
    """Whether B is shown to be beyond the level that is `asked`, shown not to be, or neither; and why.

    It passes where the one-sided limit at confidence 1 - α lies beyond, and fails where the one of the other side does
    not reach it; with ``point: true`` the value alone decides.
    """
    threshold = asked.level
    if level is None or threshold is None:
        return "inconclusive", "B has no score of it"
    if not math.isfinite(level.value):
        return "inconclusive", "scores of B are not a number, or contradict each other"
    same, sign = math.isclose(level.value, threshold, rel_tol=1e-9), criteria.sign
    value = number(level.value, None if same else threshold)
    if asked.point:
        reached = same or sign * (level.value - threshold) > 0
        least = f"{'at least' if sign > 0 else 'at most'} {written(threshold)}"
        return ("pass" if reached else "fail"), f"B has {value}, and {least} is asked for"
    wanted = f"{'more' if sign > 0 else 'less'} than {written(threshold)} is asked for"
    doubt = _doubt(level, criteria)
    if doubt is not None:
        return "inconclusive", f"B has {value}, and {wanted}, but {doubt}"
    return _by_limits(level, threshold, criteria, wanted)


def lacking(unpaired: Unpaired, n: int) -> str | None:
    """Why the level of the `n` items of B tells nothing: A has others, too many of them; None where it does."""
    missing = unpaired.only_a.count
    if missing <= MOST_UNMATCHED * (missing + n):
        return None
    share = f"{percent(missing / (missing + n))}, where {percent(MOST_UNMATCHED)} is the most"
    return f"B lacks {missing:,} of the {count(missing + n, 'item')} of which the level is asked: {share}"


def _by_limits(level: Level, threshold: float, criteria: Criteria, wanted: str) -> tuple[GateVerdict, str]:
    lower, upper = levels.limits(level, criteria.alpha)
    if not math.isfinite(upper - lower):
        return "inconclusive", f"nothing tells between which limits {count(level.n, 'item')} lie; {wanted}"
    low, high = number(lower, threshold), number(upper, threshold)
    value, sure = number(level.value, threshold), f"at {confidence(criteria.confidence)} confidence"
    if lower > threshold:
        verdict: GateVerdict = "pass" if criteria.sign > 0 else "fail"
        return verdict, f"B has {value}, and {low} at least, {sure}; {wanted}"
    if upper < threshold:
        verdict = "fail" if criteria.sign > 0 else "pass"
        return verdict, f"B has {value}, and {high} at most, {sure}; {wanted}"
    return "inconclusive", f"B has {value}, but {count(level.n, 'item')} allow all from {low} to {high}; {wanted}"


def _doubt(level: Level, criteria: Criteria) -> str | None:
    """Why limits tell nothing; None where they do."""
    if level.n < criteria.min_pairs:
        return f"{count(level.n, 'item')} cannot be judged: {criteria.min_pairs:,} are the least"
    if level.clusters is not None and level.clusters < FEWEST_CLUSTERS:
        return f"{count(level.clusters, 'group')} cannot be judged: {FEWEST_CLUSTERS} are the least"
    return None
