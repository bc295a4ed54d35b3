"""Each metric judged beside the others: its verdict, the reason, and what a gate makes of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.comparison.judgement import bounding, verdicts, wording
from cajajejo.comparison.judgement.doubts import doubts
from cajajejo.comparison.judgement.verdicts import Case
from cajajejo.comparison.statistics import power
from cajajejo.comparison.statistics.measuring import measure
from cajajejo.comparison.values import MetricComparison

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cajajejo.comparison.paired import Paired
    from cajajejo.comparison.values import Correction, Criteria, Estimate, GateVerdict, Unpaired, Verdict

HARMLESS_UNMATCHED: Final = 0.01
"""Up to this share, items without a partner change nothing."""
_FARTHEST: Final = 1_000
"""A difference that is smaller than what can be seen by this factor would take a million times the pairs: no advice."""


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """One metric of two runs, measured and not yet judged; the estimate is None where there is no pair."""

    name: str
    criteria: Criteria
    paired: Paired
    estimate: Estimate | None
    unpaired: Unpaired

    @property
    def tolerance(self) -> float:
        """δ."""
        if self.estimate is None:
            return self.criteria.max_drop or 0.0
        return self.criteria.tolerance(self.estimate.a)

    @property
    def score_range(self) -> tuple[float, float] | None:
        """The lowest and the highest score that there can be; None: not known."""
        return self.criteria.score_range or (None if self.estimate is None else self.estimate.score_range)


@dataclass(frozen=True, slots=True)
class _Family:
    """The p-values that are tested together, by the place of the metric."""

    p_values: Mapping[int, float]
    correction: Correction

    def adjusted(self, place: int, case: Case) -> Case:
        """`case`, the one of the metric at `place`, with its p-value adjusted for the others."""
        others = [value for other, value in self.p_values.items() if other != place]
        p_adjusted = holm([case.p_value, *others])[0] if self.correction == "holm" else case.p_value
        return replace(case, p_adjusted=p_adjusted, tested=len(others) + 1)


def judge(measured: Sequence[Measured], correction: Correction = "holm", seed: int = 0) -> tuple[MetricComparison, ...]:
    """Every metric with its verdict, in the order given; the items that changed are left out.

    Metrics that cannot be judged, or are shown to be equal, are not tested and do not count among those that p-values
    are adjusted for; whether an equal metric is significantly lower all the same is asked as if it were one of them.
    `seed` is what the metrics were measured with.
    """
    found = [tuple(doubts(one.paired, one.estimate, one.unpaired, one.criteria)) for one in measured]
    cases = [None if why else _case(one, one.estimate) for one, why in zip(measured, found, strict=True)]
    tested = {
        place: case.p_value
        for place, case in enumerate(cases)
        if case is not None and not verdicts.within(case.interval, case.tolerance)
    }
    family = _Family(tested, correction)
    return tuple(
        _doubted(one, why) if case is None else _decided(one, place, family.adjusted(place, case), family, seed)
        for place, (one, why, case) in enumerate(zip(measured, found, cases, strict=True))
    )


def holm(p_values: Sequence[float]) -> list[float]:
    """`p_values` in their order, adjusted after Holm (1979) for their number M.

    Of the i-th smallest: max over j <= i of min(1, (M - j + 1) · p_(j)).
    """
    values = np.asarray(p_values, float)
    order = np.argsort(values, kind="stable")
    steps = np.minimum(1.0, np.arange(len(values), 0, -1) * values[order])
    adjusted = np.empty_like(values)
    adjusted[order] = np.maximum.accumulate(steps)
    return [float(value) for value in adjusted]


def _case(one: Measured, estimate: Estimate | None) -> Case | None:
    """`estimate` as one of the metric `one`, its p-value not adjusted; None where it decides nothing."""
    evidence = None if estimate is None else verdicts.evidence(estimate)
    if estimate is None or evidence is None:
        return None
    interval, p_value = evidence
    return Case(
        criteria=one.criteria,
        estimate=estimate,
        interval=interval,
        p_value=p_value,
        tolerance=one.tolerance,
        p_adjusted=p_value,
    )


def _doubted(one: Measured, why: Sequence[str]) -> MetricComparison:
    reason, *more = why
    return MetricComparison(
        name=one.name,
        criteria=one.criteria,
        tolerance=one.tolerance,
        estimate=one.estimate,
        p_adjusted=None,
        unpaired=one.unpaired,
        verdict="inconclusive",
        reason=reason,
        notes=tuple(f"{told}." for told in more),
        gate_reason=reason,
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """What is said of one metric, and of it by a gate, each with its reason."""

    verdict: Verdict
    reason: str
    gate: GateVerdict
    gate_reason: str
    notes: tuple[str, ...]


def _decided(one: Measured, place: int, case: Case, family: _Family, seed: int) -> MetricComparison:
    verdict, gate = verdicts.verdict(case), verdicts.gate(case)
    reasons = wording.reason(case, verdict), wording.gate_reason(case, gate)
    told = _Told(verdict, reasons[0], gate, reasons[1], tuple(_notes(case, verdict)))
    shown = {verdict, gate} != {"inconclusive"}
    if shown and bounding.unmatched_share(one.paired) > HARMLESS_UNMATCHED:
        told = _bounded(told, one.paired, _extremes(one, place, family, seed))
    return MetricComparison(
        name=one.name,
        criteria=one.criteria,
        tolerance=case.tolerance,
        estimate=case.estimate,
        p_adjusted=case.p_adjusted if place in family.p_values or told.verdict == "equal" else None,
        unpaired=one.unpaired,
        verdict=told.verdict,
        reason=told.reason,
        notes=told.notes,
        gate=told.gate,
        gate_reason=told.gate_reason,
    )


def _extremes(one: Measured, place: int, family: _Family, seed: int) -> list[Case] | None:
    """The metric with what has no partner scored against B, and in favour of B; None where scores have no bounds."""
    score_range = one.score_range
    if score_range is None or not bounding.bounds(score_range, one.paired):
        return None
    filled = bounding.extremes(one.paired, score_range, one.criteria.sign)
    cases = [_case(one, measure(paired, one.criteria, seed)) for paired in filled]
    adjusted = [family.adjusted(place, case) for case in cases if case is not None]
    return adjusted if len(adjusted) == len(cases) else None


def _bounded(told: _Told, paired: Paired, extremes: Sequence[Case] | None) -> _Told:
    """`told` where it is the same in both `extremes`; what is not is inconclusive."""
    alone, items = bounding.unmatched(paired), bounding.unmatched(paired) + len(paired.a)
    unsettled = partial(_unsettled, extremes=extremes, beside=wording.alone(alone, items))
    verdict_doubt = unsettled(told.verdict, verdicts.verdict)
    gate_doubt = unsettled(told.gate, verdicts.gate)
    if verdict_doubt is not None:
        told = replace(told, verdict="inconclusive", reason=verdict_doubt)
    if gate_doubt is not None:
        told = replace(told, gate="inconclusive", gate_reason=gate_doubt)
    if verdict_doubt is None and gate_doubt is None:
        told = replace(told, notes=(*told.notes, wording.settled_note(alone, items)))
    return told


def _unsettled(found: str, rule: Callable[[Case], str], *, extremes: Sequence[Case] | None, beside: str) -> str | None:
    """Why `found` does not stand, or None where it does; `beside` says how many items have no partner."""
    if found == "inconclusive":
        return None
    if extremes is None:
        return f"{found} over the pairs, but {beside}, and no range of scores (score_range) bounds what they may hide"
    for scored, extreme in zip(("against B", "in favour of B"), extremes, strict=True):
        if (other := rule(extreme)) != found:
            return f"{found} over the pairs, but {beside}, and scored {scored} they make it {other}"
    return None


def _notes(case: Case, verdict: Verdict) -> Iterator[str]:
    estimate = case.estimate
    changed = estimate.up + estimate.down > 0
    if verdict == "inconclusive":
        yield from _power_notes(case) if changed else _equality_notes(case)
        if estimate.more_repeats_help is not None:
            yield wording.repeats_note(helpful=estimate.more_repeats_help)
    if not changed and not estimate.binary and case.criteria.score_range is None:
        yield wording.range_note(estimate.score_range)
    if estimate.skewed:
        yield wording.SKEW_NOTE


def _power_notes(case: Case) -> Iterator[str]:
    """What the pairs could have shown; and how many would show the tolerance, or without one what was found."""
    seen = case.estimate.minimum_detectable_effect
    target = case.tolerance or abs(case.gain)
    if not seen or not target:
        return
    needed = None
    if target < seen < target * _FARTHEST:
        needed = power.pairs_needed(case.estimate, target, alpha=case.criteria.alpha)
    yield wording.power_note(case, target, needed if needed and needed > case.estimate.pairs else None)


def _equality_notes(case: Case) -> Iterator[str]:
    """How many pairs without a change would show equality; the interval narrows as 1/n."""
    if not case.tolerance:
        return
    estimate = case.estimate
    if estimate.binary:
        needed = power.smallest_equal(case.tolerance, case.criteria.alpha)
    else:
        needed = power.smallest_within(case.interval.upper, estimate.pairs, case.tolerance)
    yield wording.equality_note(case, needed)
