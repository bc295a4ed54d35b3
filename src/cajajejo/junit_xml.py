"""JUnit XML, for what shows tests; pure.

There is no schema that all readers share; what is written is what they have in common: ``testsuites``, ``testsuite``
with ``properties``, and ``testcase`` with one of ``failure``, ``error``, ``skipped`` or what was said inside.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal
from xml.sax.saxutils import escape, quoteattr

from cajajejo.errors import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Element = Literal["failure", "error", "skipped", ""]

_LONGEST: Final = 2_000


@dataclass(frozen=True, slots=True)
class Case:
    """Something that was judged: where it stands, its name, its verdict, and why; `element` is empty for a pass."""

    place: str
    name: str
    verdict: str
    reason: str
    element: Element = ""


@dataclass(frozen=True, slots=True)
class Suite:
    """What was judged together, what is known of it by name, and what else is said of it, line by line."""

    name: str
    cases: tuple[Case, ...]
    properties: Mapping[str, str] = field(default_factory=dict)
    said: tuple[str, ...] = ()


def document(name: str, suites: Sequence[Suite]) -> str:
    """The XML document, in ASCII: what no terminal or locale can refuse."""
    every = [case for suite in suites for case in suite.cases]
    head = f"<testsuites name={_attribute(name)} {_counts(every)}>"
    lines = [line for suite in suites for line in _suite(suite)]
    text = "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *lines, "</testsuites>"]) + "\n"
    return text.encode("ascii", "xmlcharrefreplace").decode()


def _suite(suite: Suite) -> list[str]:
    known = [
        f"      <property name={_attribute(name)} value={_attribute(value)}/>"
        for name, value in suite.properties.items()
    ]
    said = escape("\n".join(map(_legal, suite.said)))
    return [
        f"  <testsuite name={_attribute(suite.name)} {_counts(suite.cases)}>",
        *(["    <properties>", *known, "    </properties>"] if known else []),
        *map(_case, suite.cases),
        *([f"    <system-out>{said}</system-out>"] if said else []),
        "  </testsuite>",
    ]


def _counts(cases: Sequence[Case]) -> str:
    elements = [case.element for case in cases]
    counts = {
        "tests": len(cases),
        "failures": elements.count("failure"),
        "errors": elements.count("error"),
        "skipped": elements.count("skipped"),
    }
    return " ".join(f'{name}="{count}"' for name, count in counts.items())


def _case(case: Case) -> str:
    head = f"    <testcase classname={_attribute(case.place)} name={_attribute(case.name)}"
    message = _legal(case.reason)
    match case.element:
        case "":
            inside = f"<system-out>{escape(f'{case.verdict}: {message}')}</system-out>"
        case "skipped":
            inside = f"<skipped message={quoteattr(message)}/>"
        case element:
            attributes = f"type={_attribute(case.verdict)} message={quoteattr(message)}"
            inside = f"<{element} {attributes}>{escape(message)}</{element}>"
    return f"{head}>{inside}</testcase>"


def _attribute(text: str) -> str:
    return quoteattr(_legal(text))


def _legal(text: str) -> str:
    """`text` as one line of characters that XML 1.0 allows: those that can be printed, and escapes for the others."""
    return printable(" ".join(text[:_LONGEST].split()))
