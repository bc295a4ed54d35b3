"""JUnit XML, read as the programs that show tests read it: what may stand where is checked, too."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Final

ALLOWED: Final = {
    "testsuites": (("name", "tests", "failures", "errors", "skipped", "time"), ("testsuite",)),
    "testsuite": (
        ("name", "tests", "failures", "errors", "skipped", "time", "timestamp", "hostname", "id", "package"),
        ("properties", "testcase", "system-out", "system-err"),
    ),
    "properties": ((), ("property",)),
    "property": (("name", "value"), ()),
    "testcase": (
        ("classname", "name", "time", "status", "assertions"),
        ("skipped", "error", "failure", "system-out", "system-err"),
    ),
    "skipped": (("message",), ()),
    "error": (("type", "message"), ()),
    "failure": (("type", "message"), ()),
    "system-out": ((), ()),
    "system-err": ((), ()),
}
"""By element: its attributes, and what may stand in it, in this order; those of Jenkins' schema (junit-10.xsd)."""
NEEDED: Final = {"testsuite": ("name", "tests"), "testcase": ("name",), "property": ("name", "value")}


def read(document: str) -> ET.Element:
    """The root of a document, all of which is as it may be, with counts that are right."""
    root = ET.fromstring(document.encode())  # noqa: S314  # ours
    assert root.tag == "testsuites"
    _check(root)
    for suite in root:
        _count(suite)
    for name in ("tests", "failures", "errors", "skipped"):
        assert int(root.attrib[name]) == sum(int(suite.attrib[name]) for suite in root)
    return root


def cases(suite: ET.Element) -> list[tuple[str | None, str, str | None]]:
    """Of each case its name, what it came to, and what is said of it."""
    return [
        (case.get("name"), inside.tag, inside.get("message") or inside.text)
        for case in suite.iter("testcase")
        for inside in case
    ]


def _check(element: ET.Element) -> None:
    attributes, inside = ALLOWED[element.tag]
    assert set(element.attrib) <= set(attributes)
    assert set(NEEDED.get(element.tag, ())) <= set(element.attrib)
    places = [inside.index(child.tag) for child in element]
    assert places == sorted(places)
    for child in element:
        _check(child)


def _count(suite: ET.Element) -> None:
    found = list(suite.iter("testcase"))
    tags = [inside.tag for case in found for inside in case]
    assert all(len(case) <= 1 for case in found)
    counts = {"failures": tags.count("failure"), "errors": tags.count("error"), "skipped": tags.count("skipped")}
    assert {name: int(suite.attrib[name]) for name in (*counts, "tests")} == {**counts, "tests": len(found)}
