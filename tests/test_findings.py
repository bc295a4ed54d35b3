"""Findings, and the words they are made of."""

from __future__ import annotations

import pytest

from cajajejo import findings
from cajajejo.findings import Finding, Findings


def test_findings_of_a_document_carry_its_place_and_kind() -> None:
    found = Findings(2, "Job", [])
    found.error(("spec",), "wrong", "mend it")
    found.warning(("kind",), "odd")
    assert found.found == [
        Finding(2, "Job", ("spec",), "wrong", "mend it", "error"),
        Finding(2, "Job", ("kind",), "odd", None, "warning"),
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "empty"),
        ({"a": "secret"}, "a mapping"),
        (["secret"], "a list"),
        (True, "true"),
        (False, "false"),
        (1.5, "1.5"),
        ("a'b", '"a\'b"'),
        ("x" * 1_000_000, f"'{'x' * 58}…"),
        ("x" * 58, f"'{'x' * 58}'"),
        (10**100, f"1{'0' * 58}…"),
    ],
)
def test_value_is_shown_short_and_without_what_is_in_it(value: object, text: str) -> None:
    assert findings.shown(value) == text
    assert len(text) <= 60


def test_unknown_name_is_told_with_all_that_are_known_where_they_are_few() -> None:
    many = [f"field{number}" for number in range(30)]
    assert findings.did_you_mean("limit", ["limits", "requests"]) == "did you mean limits? (one of limits, requests)"
    assert findings.did_you_mean("zzz", ["limits", "requests"]) == "one of limits, requests"
    assert findings.did_you_mean("field", ["other"]) == "one of other"
    assert findings.did_you_mean("field1x", many) == "did you mean field1?"
    assert findings.did_you_mean("a", []) == "nothing can stand here"
