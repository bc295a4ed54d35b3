"""A comparison as JUnit XML, for what shows tests: a suite for each candidate, a case for each metric; pure.

There is no schema that all readers share; what is written is what they have in common: ``testsuites``, ``testsuite``,
``testcase`` with one of ``failure``, ``error`` or nothing inside. Inconclusive is an error, as skipped reads as a pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape, quoteattr

from cajajejo.comparison.reports import summaries
from cajajejo.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cajajejo.comparison.outcomes import GateOutcome
    from cajajejo.comparison.reports.summaries import Pair
    from cajajejo.comparison.values import Comparison

_LONGEST: Final = 2_000
_ELEMENTS: Final[Mapping[str, str]] = {"worse": "failure", "fail": "failure", "inconclusive": "error"}


@dataclass(frozen=True, slots=True)
class Case:
    """One metric, or one rule and metric: where it stands, what is said of it, and why.

    `element` is ``failure``, ``error``, or empty where it passes.
    """

    place: str
    name: str
    verdict: str
    reason: str
    element: str


def document(pairs: Sequence[Pair]) -> str:
    """The XML document about all candidates, in ASCII: what no terminal or locale can refuse."""
    cases = [list(_cases(pair)) for pair in pairs]
    suites = [_suite(pair[0], found) for pair, found in zip(pairs, cases, strict=True)]
    every = [case for found in cases for case in found]
    head = f'<testsuites name="jobs evaluation compare" {_counts(every)}>'
    text = "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>"]) + "\n"
    return text.encode("ascii", "xmlcharrefreplace").decode()


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


def _suite(comparison: Comparison, cases: Sequence[Case]) -> str:
    name = f"{comparison.b.short} beside {comparison.a.short}"
    lines = [f"  <testsuite name={_attribute(name)} {_counts(cases)}>", *map(_case, cases), "  </testsuite>"]
    return "\n".join(lines)


def _counts(cases: Sequence[Case]) -> str:
    elements = [case.element for case in cases]
    counts = {"tests": len(cases), "failures": elements.count("failure"), "errors": elements.count("error")}
    return " ".join(f'{name}="{count}"' for name, count in {**counts, "skipped": 0}.items())


def _case(case: Case) -> str:
    head = f"    <testcase classname={_attribute(case.place)} name={_attribute(case.name)}"
    message = _legal(case.reason)
    if case.element:
        attributes = f"type={_attribute(case.verdict)} message={_attribute(message)}"
        inside = f"<{case.element} {attributes}>{escape(message)}</{case.element}>"
    else:
        inside = f"<system-out>{escape(f'{case.verdict}: {message}')}</system-out>"
    return f"{head}>{inside}</testcase>"


def _attribute(text: str) -> str:
    return quoteattr(_legal(text))


def _legal(text: str) -> str:
    """`text` as one line of characters that XML 1.0 allows: those that can be printed, and escapes for the others."""
    return printable(" ".join(text[:_LONGEST].split()))
