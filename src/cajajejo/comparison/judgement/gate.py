"""What a policy says of a candidate: every rule evaluated, and the blocking ones together a verdict."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from scipy.special import ndtr, ndtri

from cajajejo.comparison.judgement.doubts import too_few
from cajajejo.comparison.judgement.thresholds import judge_level, lacking
from cajajejo.comparison.judgement.wording import count
from cajajejo.comparison.outcomes import VERBS, GateOutcome, RuleOutcome
from cajajejo.comparison.values import Criteria
from cajajejo.gate_policy import DEFAULT_NAME, Rule
from cajajejo.phrases import some

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from cajajejo.comparison.statistics.levels import Level
    from cajajejo.comparison.values import Comparison, GateVerdict, MetricComparison
    from cajajejo.gate_policy import GatePolicy, Requirement

    Finding: TypeAlias = tuple[str, GateVerdict, str]
    """What a rule says of a metric: its name, the verdict, and why."""

_WORST_FIRST: Final[tuple[GateVerdict, ...]] = ("fail", "inconclusive", "pass")


@dataclass(frozen=True, slots=True)
class _Asked:
    """One metric, what is asked of it, and how it compares; None: only B has it."""

    name: str
    rule: Requirement
    metric: MetricComparison | None


def criteria_for(policy: GatePolicy, metric: str) -> Criteria:
    """How `metric` is judged under `policy`; where no rule matches it, as the policy judges in general."""
    rule = policy.rule_of(metric)
    if rule is None:
        return Criteria(confidence=policy.confidence, min_pairs=policy.min_pairs)
    return Criteria(
        confidence=policy.confidence,
        max_drop=rule.max_drop,
        max_relative_drop=rule.max_relative_drop,
        direction=rule.direction,
        min_pairs=policy.min_pairs,
        score_range=None if rule.score_range is None else (rule.score_range[0], rule.score_range[1]),
    )


def decide(
    policy: GatePolicy,
    file: str,
    comparison: Comparison,
    level_of: Callable[[str], Level | None],
    only_b: Iterable[str] = (),
) -> GateOutcome:
    """What `policy`, which stands in `file`, says of the candidate of `comparison`; all of it, also after a fail.

    `level_of` tells the level of a metric in B alone; `only_b` names the metrics that only B has, of which no drop can
    be asked, but a level can.

    Raises:
        CajajejoError: a metric matches no rule, and the policy has no default.
    """
    policy.refuse_unmatched([metric.name for metric in comparison.metrics], file)
    asked = _asked(policy, comparison, only_b)
    outcomes = []
    for rule in (*policy.rules, *([policy.default] if policy.default else [])):
        own = [one for one in asked if one.rule is rule]
        findings = [(one.name, *_found(one, criteria_for(policy, one.name), level_of)) for one in own]
        if findings or isinstance(rule, Rule):
            outcomes.append(_outcome(rule, findings, asked))
    blocking = [outcome for outcome in outcomes if outcome.tier == "blocking"]
    limited = [one.metric for one in asked if one.metric and one.rule.tier == "blocking" and one.rule.level is None]
    verdict, reason = _worst([outcome.verdict for outcome in blocking]), _sentence(blocking)
    if verdict == "pass" and blocking and comparison.unevaluated:
        verdict = "inconclusive"
        reason = f"a part of the evaluation is missing, for it failed: {some(list(comparison.unevaluated))}"
    return GateOutcome(
        policy=file,
        verdict=verdict,
        rules=tuple(outcomes),
        reason=reason,
        unchanged_passes=unchanged_passes(limited) if all(outcome.metrics for outcome in blocking) else None,
    )


def unchanged_passes(metrics: Iterable[MetricComparison]) -> float | None:
    """The probability that a model that did not change passes all of `metrics`, were they independent; None of none.

    ∏ Φ(δ/SE - z_{1-α}): the chance that an estimate with standard error SE about 0, less SE · z, lies above -δ. Where
    no item differs, SE is what the width of the interval stands for. A metric without either is left out; one with too
    few pairs never passes.
    """
    chances = [chance for chance in map(_passes_unchanged, metrics) if chance is not None]
    return math.prod(chances) if chances else None


def _passes_unchanged(metric: MetricComparison) -> float | None:
    estimate = metric.estimate
    if estimate is None or estimate.std_err is None or estimate.gate_interval is None:
        return None
    if any(too_few(estimate, metric.criteria)):
        return 0.0
    z = -float(ndtri(metric.criteria.alpha))
    width = estimate.gate_interval.upper - estimate.gate_interval.lower
    return float(ndtr(metric.tolerance / (estimate.std_err or width / 2 / z) - z))


def _asked(policy: GatePolicy, comparison: Comparison, only_b: Iterable[str]) -> list[_Asked]:
    """What is asked of which metric, in the order of their names."""
    metrics = {metric.name: metric for metric in comparison.metrics}
    asked = [(name, policy.rule_of(name), metrics.get(name)) for name in sorted({*metrics, *only_b})]
    return [
        _Asked(name, rule, metric)
        for name, rule, metric in asked
        if rule is not None and (metric is not None or rule.level is not None)
    ]


def _found(one: _Asked, criteria: Criteria, level_of: Callable[[str], Level | None]) -> tuple[GateVerdict, str]:
    """What is found of one metric, and why."""
    if one.metric is not None and one.rule.level is None:
        return one.metric.gate, one.metric.gate_reason
    level = level_of(one.name)
    if one.metric is not None and level is not None and (doubt := lacking(one.metric.unpaired, level.n)):
        return "inconclusive", doubt
    return judge_level(level, one.rule, criteria)


def _outcome(rule: Requirement, findings: Sequence[Finding], asked: Sequence[_Asked]) -> RuleOutcome:
    name = _name(rule)
    if not findings:
        return RuleOutcome(name=name, tier=rule.tier, verdict="inconclusive", reason=_unmatched(rule, asked))
    verdict = _worst([verdict for _, verdict, _ in findings])
    first, *more = [f"{metric}: {reason}" for metric, found, reason in findings if found == verdict]
    reason = first
    if verdict == "pass" and more:
        reason = f"all {len(findings):,} metrics pass"
    elif more:
        metrics = f"{len(more) + 1:,} of {count(len(findings), 'metric')}"
        reason = f"{metrics} {VERBS[verdict][1]}, the first of them {first}"
    return RuleOutcome(name=name, tier=rule.tier, verdict=verdict, reason=reason, metrics=tuple(findings))


def _unmatched(rule: Requirement, asked: Sequence[_Asked]) -> str:
    """Why nothing is asked by `rule`: there is no such metric, or rules before it took them."""
    taken = [one for one in asked if isinstance(rule, Rule) and one.metric and rule.matches(one.name)]
    if not taken:
        return f"no metric matches {' or '.join(rule.metrics)}" if isinstance(rule, Rule) else "no metric matches it"
    rules = ", ".join(dict.fromkeys(_name(one.rule) for one in taken))
    return f"every metric that matches it, {taken[0].name} for one, is taken by a rule before it: {rules}"


def _sentence(blocking: Sequence[RuleOutcome]) -> str:
    """The sentence of the verdict, with the rule that decides."""
    if not blocking:
        return "no rule is blocking, so that nothing is decided"
    verdict = _worst([outcome.verdict for outcome in blocking])
    if verdict == "pass":
        return f"{_say(blocking)} with {count(sum(len(outcome.metrics) for outcome in blocking), 'metric')}"
    first, *more = [outcome for outcome in blocking if outcome.verdict == verdict]
    told = f"{_say([first])}: {first.reason}"
    return f"{told}; {_say(more)}, too" if more else told


def _say(outcomes: Sequence[RuleOutcome]) -> str:
    """``the rule safety fails``, ``the rules safety, style fail``; all have the same verdict."""
    one, many = VERBS[outcomes[0].verdict]
    names = ", ".join(outcome.name for outcome in outcomes)
    return f"the rule {names} {one}" if len(outcomes) == 1 else f"the rules {names} {many}"


def _worst(verdicts: Sequence[GateVerdict]) -> GateVerdict:
    """The worst of `verdicts`; of none, a pass."""
    return next((verdict for verdict in _WORST_FIRST if verdict in verdicts), "pass")


def _name(rule: Requirement) -> str:
    return rule.name if isinstance(rule, Rule) else DEFAULT_NAME
