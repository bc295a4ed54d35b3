"""A comparison as JUnit XML: a suite for each candidate, a case for each metric; pure.

Inconclusive is an error, as skipped reads as a pass.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo import junit_xml
from cajajejo.comparison.reports import summaries
from cajajejo.junit_xml import Case, Suite

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cajajejo.comparison.outcomes import GateOutcome
    from cajajejo.comparison.reports.summaries import Pair
    from cajajejo.junit_xml import Element

_ELEMENTS: Final[Mapping[str, Element]] = {"worse": "failure", "fail": "failure", "inconclusive": "error"}


def document(pairs: Sequence[Pair]) -> str:
    """The XML document about all candidates, in ASCII: what no terminal or locale can refuse."""
    suites = [
        Suite(f"{comparison.b.short} beside {comparison.a.short}", tuple(_cases((comparison, gate))))
        for comparison, gate in pairs
    ]
    return junit_xml.document("jobs evaluation compare", suites)


def _cases(pair: Pair) -> Iterator[Case]:
    """Without a policy a case for each metric, with one for each rule and metric; what decides nothing passes."""
    comparison, gate = pair
    if gate is None:
        for metric in summaries.worst_first(comparison):
            reason = " ".join([summaries.sentence(metric.reason), *metric.notes])
            yield Case("metrics", metric.name, metric.verdict, reason, _ELEMENTS.get(metric.verdict, ""))
        if not comparison.metrics:
            yield Case("metrics", "none", "inconclusive", "There is no metric.", "error")
        return
    yield from _rules(gate)


def _rules(gate: GateOutcome) -> Iterator[Case]:
    for rule in gate.rules:
        judged = rule.metrics or (("none", rule.verdict, rule.reason),)
        for name, verdict, reason in judged:
            element = _ELEMENTS.get(verdict, "") if rule.tier == "blocking" else ""
            yield Case(f"{rule.tier}.{rule.name}", name, verdict, summaries.sentence(reason), element)
