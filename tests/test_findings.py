"""Findings, as they are collected."""

from __future__ import annotations

from cajajejo.findings import Finding, Findings


def test_findings_of_a_document_carry_its_place_and_kind() -> None:
    found = Findings(2, "Job", [])
    found.error(("spec",), "wrong", "mend it")
    found.warning(("kind",), "odd")
    assert found.found == [
        Finding(2, "Job", ("spec",), "wrong", "mend it", "error"),
        Finding(2, "Job", ("kind",), "odd", None, "warning"),
    ]
