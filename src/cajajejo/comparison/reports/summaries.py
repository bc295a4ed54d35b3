"""What every form of a comparison tells: the order of its metrics, its verdict in a line, its items in a few words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, TypeAlias

from cajajejo.comparison.outcomes import VERBS
from cajajejo.comparison.reports import figures
from cajajejo.phrases import some

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cajajejo.comparison.outcomes import GateOutcome, RuleOutcome
    from cajajejo.comparison.sides import Side
    from cajajejo.comparison.values import Answer, Comparison, Flip, Gap, MetricComparison, Verdict
    from cajajejo.terminal import Role

    Pair: TypeAlias = tuple[Comparison, GateOutcome | None]
    """A comparison, and what the policy says of the candidate; None: there is no policy."""

ROLES: Final[Mapping[str, Role]] = {
    "worse": "bad",
    "fail": "bad",
    "inconclusive": "doubt",
    "better": "good",
    "equal": "good",
    "pass": "good",
}
UNCHANGED: Final = "A model that did not change would pass with probability {:.2g}, if its metrics were independent."
VERDICTS: Final[tuple[Verdict, ...]] = ("worse", "inconclusive", "better", "equal")
"""Worst first."""
_OF_CANDIDATES: Final = ("worse", "fail", "inconclusive", "equal", "better", "pass")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SHA: Final = re.compile(r"([0-9a-f]{7})[0-9a-f]{3,33}(-dirty)?")
_BLOCK: Final = 20
"""A part of a prompt that is shorter than this is no question: ``Answer:``."""
_READ: Final = 20_000
"""So much of the end of a prompt is looked at."""
_GAPS: Final = {
    "only_a": "only in A",
    "only_b": "only in B",
    "nan_a": "no number in A",
    "nan_b": "no number in B",
    "duplicates": "twice, the same",
    "conflicting": "twice, not the same",
}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Why a metric is not simply fine: its name, a sentence, and what else is to be known."""

    name: str
    reason: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OddItems:
    """Items of one kind that are no pairs, or stand there twice, and the metrics that this is so of."""

    kind: str
    gap: Gap
    metrics: tuple[str, ...]


def worst_first(comparison: Comparison) -> list[MetricComparison]:
    """The metrics by verdict, by how much was lost, and by name."""

    def key(metric: MetricComparison) -> tuple[int, float, str]:
        gain = 0.0 if metric.estimate is None else metric.criteria.sign * metric.estimate.difference
        return VERDICTS.index(metric.verdict), gain, metric.name

    return sorted(comparison.metrics, key=key)


def verdict(pair: Pair) -> str:
    """The word that decides: of the policy where there is one, else of the metrics."""
    comparison, gate = pair
    return comparison.verdict if gate is None else gate.verdict


def worst(pairs: Sequence[Pair]) -> str:
    """The worst verdict of several candidates."""
    return min(map(verdict, pairs), key=_OF_CANDIDATES.index)


def overall(pairs: Sequence[Pair]) -> tuple[str, str]:
    """The worst verdict and what stands behind it; of several candidates ``1 of 2 candidates: c40d91f3``."""
    word = worst(pairs)
    if len(pairs) == 1:
        return word, verdict_sentence(pairs[0])
    those = [comparison.b.short for comparison, gate in pairs if verdict((comparison, gate)) == word]
    return word, f"{len(those)} of {len(pairs)} candidates: {', '.join(those)}"


def verdict_sentence(pair: Pair) -> str:
    """What stands behind the word: the rule that decides, or how many metrics there are of each verdict."""
    comparison, gate = pair
    return gate.reason if gate is not None else counted(comparison)


def counted(comparison: Comparison) -> str:
    """``1 metric worse, 1 inconclusive, 1 equal``."""
    verdicts = [metric.verdict for metric in comparison.metrics]
    counts = [(verdicts.count(word), word) for word in VERDICTS if word in verdicts]
    if not counts:
        return "there is no metric"
    (first, word), *others = counts
    told = [f"{first} metric{'s' * (first != 1)} {word}", *(f"{count} {word}" for count, word in others)]
    return ", ".join([*told, *(f"{scenario} not evaluated" for scenario in comparison.unevaluated[:3])])


def instances(comparison: Comparison) -> str:
    """How many instances are paired and how many are not, and at which confidence: one line."""
    counts = f"{_counted(comparison.pairs, 'instance')} in both, paired by id"
    return f"{counts}; {apart(comparison)}; {confidence(comparison)}"


def apart(comparison: Comparison) -> str:
    """How many instances are not paired, stand there twice, or are no number."""
    gaps = [metric.unpaired for metric in comparison.metrics]
    nan = sum(gap.nan_a.count + gap.nan_b.count for gap in gaps)
    conflicting = sum(gap.conflicting.count for gap in gaps)
    only = [f"{figures.count(comparison.unpaired_a)} only in A", f"{figures.count(comparison.unpaired_b)} only in B"]
    odd = [
        (comparison.duplicates, "line", "twice"),
        (nan, "score", "without a number"),
        (conflicting, "score", "given twice"),
    ]
    return ", ".join([*only, *(f"{_counted(number, noun)} {what}" for number, noun, what in odd if number)])


def confidence(comparison: Comparison) -> str:
    """``95 % confidence, Holm over 2``."""
    level = f"{figures.percent(comparison.confidence)} confidence"
    if comparison.tested < 2:  # noqa: PLR2004  # one test needs no correction
        return level
    if comparison.correction == "none":
        return f"{level}, {comparison.tested} tests and no correction"
    return f"{level}, Holm over {comparison.tested}"


def about(side: Side) -> str:
    """What is known of a run in a few words: ``pythia-70m, 10abfb1, 14 Nov 2026``."""
    known = [side.title or side.harness, _SHA.sub(r"\1\2", side.version), _day(side.finished_at)]
    return ", ".join(filter(None, known))


def paragraphs(pair: Pair) -> list[Paragraph]:
    """The metrics that are not simply fine, worst first; with a policy those that its rules stop at, as they say it."""
    comparison, gate = pair
    by_name = {metric.name: metric for metric in comparison.metrics}
    if gate is None:
        return [
            Paragraph(metric.name, sentence(metric.reason), metric.notes)
            for metric in worst_first(comparison)
            if metric.verdict in {"worse", "inconclusive"} or _is_lower(metric)
        ]
    by_tier = [
        (rule.tier == "advisory", one == "inconclusive", name, reason)
        for rule in gate.rules
        for name, one, reason in rule.metrics
        if one != "pass"
    ]
    return [
        Paragraph(name, sentence(reason), by_name[name].notes if name in by_name else ())
        for _, _, name, reason in sorted(by_tier)
    ]


def stopped(rule: RuleOutcome) -> str:
    """Which metrics a rule stops at, ``mmlu fails, boolq is inconclusive``, as paragraphs say why; else its reason."""
    told = []
    for verdict, (one, several) in VERBS.items():
        names = [name for name, found, _ in rule.metrics if found == verdict != "pass"]
        told += [f"{some(names)} {one if len(names) == 1 else several}"] if names else []
    return ", ".join(told) or rule.reason


def lost(pair: Pair) -> list[MetricComparison]:
    """The metrics whose items that got worse are shown: those that are worse, or that a rule fails."""
    comparison, gate = pair
    failing = {name for rule in gate.rules for name, one, _ in rule.metrics if one == "fail"} if gate else set()
    return [
        metric
        for metric in worst_first(comparison)
        if (metric.verdict == "worse" or metric.name in failing) and got(metric, "worse")
    ]


def got(metric: MetricComparison, change: str) -> list[Flip]:
    """The items of a metric that got worse, or better, as far as they are told."""
    return [flip for flip in metric.flips if flip.change == change]


def sentence(text: str) -> str:
    """`text` with a full stop."""
    return text if not text or text[-1] in ".!?" else f"{text}."


def item(flip: Flip) -> str:
    """The name of an item within its scenario."""
    return f"{flip.subject}/{flip.id}" if flip.subject else flip.id


def question(prompt: str | None) -> str:
    """What a prompt asks: its last block that is no mere ``Answer:``, behind the worked examples."""
    if prompt is None:
        return ""
    blocks = re.split(r"\n\s*\n", prompt[-_READ:].strip())
    return next((block for block in reversed(blocks) if len(block.strip()) >= _BLOCK), prompt[:_READ])


def grade(answer: Answer, flip: Flip, metric: MetricComparison) -> str:
    """``right`` or ``wrong`` where there is nothing in between and more is better, else the score."""
    scores = (flip.a.score, flip.b.score)
    if metric.criteria.sign > 0 and set(scores) <= {0.0, 1.0}:
        return "right" if answer.score else "wrong"
    return figures.value(answer.score, figures.decimals(scores, flip.b.score - flip.a.score))


def odd_items(comparison: Comparison) -> list[OddItems]:
    """What could not be paired or stands there twice, by kind; metrics of the same items are told together."""
    found: dict[tuple[str, Gap], list[str]] = {}
    for field, kind in _GAPS.items():
        for metric in comparison.metrics:
            gap: Gap = getattr(metric.unpaired, field)
            if gap.count:
                found.setdefault((kind, gap), []).append(metric.name)
    return [OddItems(kind, gap, tuple(names)) for (kind, gap), names in found.items()]


def averaged(comparison: Comparison) -> list[tuple[list[str], str]]:
    """The macro averages with what they are, those over as many scenarios together."""
    by_number: dict[int, list[str]] = {}
    for average in comparison.macro_averages:
        by_number.setdefault(average.scenarios, []).append(average.name)
    told = "over {} scenarios, each with the same weight; an average decides nothing."
    return [(names, told.format(number)) for number, names in sorted(by_number.items())]


def candidates(pairs: Sequence[Pair]) -> Iterator[tuple[str, Pair]]:
    """Each candidate with its label: ``B``, or ``B1``, ``B2`` where there are several."""
    for number, pair in enumerate(pairs, 1):
        yield ("B" if len(pairs) == 1 else f"B{number}"), pair


def _is_lower(metric: MetricComparison) -> bool:
    """Whether a metric that is equal within the tolerance is significantly lower."""
    if metric.estimate is None or metric.p_adjusted is None or metric.verdict != "equal":
        return False
    return metric.p_adjusted < metric.criteria.alpha and metric.criteria.sign * metric.estimate.difference < 0


def _counted(number: int, noun: str) -> str:
    return f"{figures.count(number)} {noun}{'s' * (number != 1)}"


def _day(seconds: float | None) -> str:
    try:
        day = None if seconds is None else datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return "" if day is None else f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
