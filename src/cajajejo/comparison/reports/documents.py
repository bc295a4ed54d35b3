"""A comparison as the documents that ``--json`` prints: numbers are numbers, what is absent or not finite is null."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cajajejo.comparison.reports import summaries
from cajajejo.comparison.values import finite
from cajajejo.comparison_outputs import ComparedRun, ComparisonDocument, ComparisonsDocument
from cajajejo.moments import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.comparison.outcomes import GateOutcome
    from cajajejo.comparison.reports.summaries import Pair
    from cajajejo.comparison.sides import Side
    from cajajejo.comparison.values import Comparison, Estimate, Interval, MacroAverage, MetricComparison

_OF_ESTIMATE: Final = (
    *("a", "b", "difference", "std_err", "p_value", "minimum_detectable_effect", "clusters", "test", "df"),
    *("p_exact", "p_t", "std_err_miller", "std_err_unpaired", "discordant", "spread", "noise", "more_repeats_help"),
    *("pairs", "binary", "skewed"),
)
"""What stands in the document as it stands in an estimate."""
_NO_ESTIMATE: Final = {
    **dict.fromkeys((*_OF_ESTIMATE, "lower", "upper", "gate_lower", "gate_upper", "lowest_score", "highest_score")),
    "pairs": 0,
    "binary": False,
    "skewed": False,
}


def document(comparison: Comparison, gate: GateOutcome | None) -> ComparisonDocument:
    """The document about one candidate."""
    fields = {
        "a": comparison.a.name,
        "b": comparison.b.name,
        "verdict": comparison.verdict,
        "pairs": comparison.pairs,
        "unpaired_a": comparison.unpaired_a,
        "unpaired_b": comparison.unpaired_b,
        "duplicates": comparison.duplicates,
        "metrics": [_metric(metric) for metric in comparison.metrics],
        "flips": [asdict(flip) for metric in comparison.metrics for flip in metric.flips],
        "baseline": _side(comparison.a),
        "candidate": _side(comparison.b),
        "confidence": comparison.confidence,
        "correction": comparison.correction,
        "tested": comparison.tested,
        "seed": comparison.seed,
        "macro_averages": [_average(average) for average in comparison.macro_averages],
        "policy": None if gate is None else _policy(gate),
        "exit_code": int((gate or comparison).exit_code),
        "warnings": list(comparison.warnings),
    }
    return ComparisonDocument.model_validate(_plain(fields))


def of(pairs: Sequence[Pair]) -> dict[str, Any]:
    """What ``--json`` prints: of one candidate its document, of several one that holds theirs."""
    each = tuple(document(comparison, gate) for comparison, gate in pairs)
    if len(each) == 1:
        return each[0].as_json()
    worst = summaries.worst([(comparison, None) for comparison, _ in pairs])
    return ComparisonsDocument.model_validate({"a": each[0].a, "verdict": worst, "comparisons": each}).as_json()


def as_text(pairs: Sequence[Pair]) -> str:
    """What ``--json`` prints, as it stands in a file: the same bytes for the same values, in ASCII."""
    return json.dumps(of(pairs), indent=2, allow_nan=False) + "\n"


def _side(side: Side) -> dict[str, Any]:
    told = {name: getattr(side, name) for name in ComparedRun.model_fields}
    ordered = {name: dict(sorted(told[name].items())) for name in ("versions", "shots", "failed")}
    return {**told, **ordered, "finished_at": _moment(side.finished_at)}


def _metric(metric: MetricComparison) -> dict[str, Any]:
    found = metric.estimate
    return {
        "name": metric.name,
        **(_NO_ESTIMATE if found is None else _estimate(found)),
        "p_adjusted": finite(metric.p_adjusted),
        "better": metric.better,
        "worse": metric.worse,
        "verdict": metric.verdict,
        "reason": metric.reason,
        "notes": list(metric.notes),
        "gate": metric.gate,
        "gate_reason": metric.gate_reason,
        "confidence": metric.criteria.confidence,
        "tolerance": metric.tolerance,
        "direction": metric.criteria.direction,
        "min_pairs": metric.criteria.min_pairs,
        "unpaired": asdict(metric.unpaired),
    }


def _estimate(found: Estimate) -> dict[str, Any]:
    told = {name: getattr(found, name) for name in _OF_ESTIMATE}
    return {
        **{name: finite(value) if isinstance(value, float) else value for name, value in told.items()},
        **_limits(_ends(found.interval), "lower", "upper"),
        **_limits(_ends(found.gate_interval), "gate_lower", "gate_upper"),
        **_limits(found.score_range, "lowest_score", "highest_score"),
    }


def _limits(limits: tuple[float, float] | None, lower: str, upper: str) -> dict[str, float | None]:
    return {lower: None, upper: None} if limits is None else {lower: finite(limits[0]), upper: finite(limits[1])}


def _ends(interval: Interval | None) -> tuple[float, float] | None:
    return None if interval is None else (interval.lower, interval.upper)


def _average(average: MacroAverage) -> dict[str, Any]:
    told = {name: value for name, value in asdict(average).items() if name != "interval"}
    numbers = {name: finite(value) if isinstance(value, float) else value for name, value in told.items()}
    return {**numbers, **_limits(_ends(average.interval), "lower", "upper")}


def _policy(gate: GateOutcome) -> dict[str, Any]:
    rules = [
        {
            "name": rule.name,
            "tier": rule.tier,
            "verdict": rule.verdict,
            "reason": rule.reason,
            "metrics": [{"name": name, "verdict": verdict, "reason": reason} for name, verdict, reason in rule.metrics],
        }
        for rule in gate.rules
    ]
    return {
        "file": gate.policy,
        "verdict": gate.verdict,
        "reason": gate.reason,
        "rules": rules,
        "unchanged_passes": finite(gate.unchanged_passes),
    }


def _moment(seconds: float | None) -> str | None:
    try:
        return None if seconds is None else rfc3339(datetime.fromtimestamp(seconds, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _plain(value: Any) -> Any:
    """`value` with an escape in place of each lone surrogate, which no document can hold."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_plain(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return value
