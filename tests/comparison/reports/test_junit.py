"""A comparison as JUnit XML, read by the XML reader of Python."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

from hypothesis import given

from cajajejo.comparison.outcomes import RuleOutcome
from cajajejo.comparison.reports import junit
from cajajejo.errors import printable
from tests.comparison import by_hand
from tests.hostile import texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.comparison.reports.summaries import Pair


def read(pairs: Sequence[Pair]) -> ET.Element:
    """The root of the document."""
    return ET.fromstring(junit.document(pairs).encode())  # noqa: S314  # ours


def cases(suite: ET.Element) -> list[tuple[Any, ...]]:
    """Of every case its place, its name, and what stands inside."""
    return [
        (case.get("classname"), case.get("name"), [(one.tag, one.get("type"), one.text) for one in case])
        for case in suite
    ]


def test_worse_is_a_failure_inconclusive_an_error_and_the_rest_passes() -> None:
    root = read([(by_hand.comparison(), None)])
    (suite,) = root
    expected = {"tests": "3", "failures": "1", "errors": "1", "skipped": "0"}
    assert root.attrib == {"name": "jobs evaluation compare", **expected}
    assert suite.attrib == {"name": "c40d91f3 beside 7be1c2a0", **expected}
    assert cases(suite) == [
        (
            "metrics",
            "mmlu",
            [("failure", "worse", "a drop of 0.105, more than the 0.02 allowed, and not by chance.")],
        ),
        (
            "metrics",
            "boolq",
            [
                (
                    "error",
                    "inconclusive",
                    f"{by_hand.BOOLQ.reason}. {by_hand.BOOLQ.notes[0]}",
                )
            ],
        ),
        ("metrics", "arith", [("system-out", None, "equal: within 0.02.")]),
    ]
    assert suite[0][0].get("message") == suite[0][0].text


def test_a_policy_has_a_case_for_each_rule_and_metric_and_what_is_advisory_passes() -> None:
    rules = by_hand.gate().rules
    advisory = RuleOutcome(
        name="length", tier="advisory", verdict="fail", reason="boolq fails", metrics=(("boolq", "fail", "longer"),)
    )
    (suite,) = read([(by_hand.comparison(), by_hand.gate(rules=(*rules, advisory)))])
    assert {name: suite.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "5",
        "failures": "1",
        "errors": "2",
    }
    assert [(place, name, inside[0][0]) for place, name, inside in cases(suite)] == [
        ("blocking.knowledge", "boolq", "error"),
        ("blocking.knowledge", "mmlu", "failure"),
        ("advisory.style", "arith", "system-out"),
        ("blocking.safety", "none", "error"),
        ("advisory.length", "boolq", "system-out"),
    ]
    assert cases(suite)[4][2] == [("system-out", None, "fail: longer.")]


def test_every_candidate_is_a_suite_and_the_counts_are_those_of_all() -> None:
    root = read([(by_hand.comparison(), None), (by_hand.better(), None)])
    assert [suite.get("name") for suite in root] == ["c40d91f3 beside 7be1c2a0", "99aabbcc beside 7be1c2a0"]
    assert {name: root.get(name) for name in ("tests", "failures", "errors")} == {
        "tests": "5",
        "failures": "1",
        "errors": "1",
    }


def test_nothing_to_compare_is_no_pass() -> None:
    (suite,) = read([(by_hand.comparison(metrics=()), None)])
    assert cases(suite) == [("metrics", "none", [("error", "inconclusive", "There is no metric.")])]


def test_hostile_text_is_text_of_the_document() -> None:
    comparison, gate = by_hand.hostile()
    for policy in (gate, None):
        document = junit.document([(comparison, policy)])
        assert document.isascii()
        (suite,) = read([(comparison, policy)])
        first = cases(suite)[0]
        assert first[1].startswith("x\\x1b[31m\\x00\\u202e ## H @team | `code` ``` <img src=x onerror=alert(1)> [l]")
        assert "</details>]]>&amp; \\ud800" in first[2][0][2]


@given(texts)
def test_any_text_is_a_legal_name(text: str) -> None:
    metric = by_hand.metric(text, None, "inconclusive", reason=text)
    (suite,) = read([(by_hand.comparison(metrics=(metric,)), None)])
    assert cases(suite)[0][1] == printable(" ".join(text.split()))


def test_letters_of_all_scripts_survive_in_ascii() -> None:
    metric = by_hand.metric("名前/é", by_hand.estimate(0.5, 0.5, 0.0, (-0.01, 0.01)), "equal", reason="ü 😀")
    comparison = by_hand.comparison(metrics=(metric,))
    (suite,) = read([(comparison, None)])
    assert cases(suite) == [("metrics", "名前/é", [("system-out", None, "equal: ü 😀.")])]


def test_a_reason_of_ten_megabytes_is_cut() -> None:
    metric = by_hand.metric("m", None, "inconclusive", reason="x" * 10_000_000)
    assert len(junit.document([(by_hand.comparison(metrics=(metric,)), None)])) < 6_000
