"""What `cajajejo.compare` finds, as people in Python look at it."""

from __future__ import annotations

import json
import pickle

import pytest

from cajajejo import compare
from cajajejo.comparison.reports import documents, markdown

A = [1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 1] * 20
B = [1, 1, 0, 1, 1, 0, 1, 1, 1, 0, 1, 0] * 20


def test_what_is_printed_is_the_table_with_its_reasons() -> None:
    told = str(compare(A, B, max_drop=0.02)).splitlines()
    assert told[1] == "240 instances in both, paired by id; 0 only in A, 0 only in B; 95 % confidence"
    assert told[3].split() == ["verdict", "metric", "A", "B", "B", "-", "A", "interval", "p", "better", "worse"]
    assert told[4].startswith("✗ worse  score")
    assert told[-1] == "WORSE  1 metric worse"


def test_what_is_printed_begins_with_the_warnings() -> None:
    found = compare(
        [{"id": str(place), "suite": "v1", "acc": 1} for place in range(20)],
        [{"id": str(place), "suite": "v2", "acc": 1} for place in range(20)],
    )
    assert str(found).splitlines()[0] == f"Warning: {found.warnings[0]}"


def test_a_prompt_of_python_shows_the_verdict_in_a_line() -> None:
    assert repr(compare(A, B)) == "<Found worse: 1 metric worse>"
    assert repr(compare({"x": A, "y": A}, {"x": A, "y": B})) == "<Found worse: 1 metric worse, 1 inconclusive>"


def test_a_notebook_shows_the_page_of_the_command() -> None:
    found = compare(A, B)
    assert found._repr_markdown_() == found.as_markdown() == markdown.page([(found, None)])


def test_a_metric_is_found_by_its_name() -> None:
    found = compare({"x": A, "y": A}, {"x": A, "y": B})
    assert (found["x"].verdict, found["y"].verdict) == ("inconclusive", "worse")
    with pytest.raises(KeyError, match="no metric is called z; there are x, y"):
        found["z"]


def test_the_document_is_that_of_the_command() -> None:
    found = compare(A, B)
    assert json.dumps(found.as_dict(), indent=2) + "\n" == documents.as_text([(found, None)])


def test_what_is_found_can_be_sent_to_another_process() -> None:
    found = compare(A, B)
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301  # what was pickled a moment ago


def test_below_a_traceback_stands_the_way_out() -> None:
    with pytest.raises(ValueError, match="a and b have other columns of scores") as caught:
        compare({"x": A, "y": A}, {"x": A, "z": B})
    assert caught.value.__notes__ == ["  only in a   y", "  only in b   z", "  choose      with metrics=[…]"]


def test_a_column_of_text_says_what_can_be_done_with_it() -> None:
    with pytest.raises(ValueError, match=r"question: value 0 is text \('q'\)") as caught:
        compare({"question": ["q"] * 240, "x": A}, {"question": ["q"] * 240, "x": B})
    assert "one that names items is called id" in "".join(caught.value.__notes__)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_drop": "0.02"}, "max_drop is '0.02': it must be a number"),
        ({"confidence": "95%"}, "confidence is '95%': it must be a number"),
        ({"min_pairs": 2.5}, "min_pairs is 2.5: it must be a whole number"),
        ({"seed": -1}, "seed is -1: it must be at least 0"),
        ({"seed": 1.5}, "seed is 1.5: it must be a whole number"),
        ({"flips": True}, "flips is True: it must be a whole number"),
        ({"score_range": (1,)}, r"score_range is \(1,\): it must be two numbers, the lower one first"),
    ],
)
def test_an_option_of_another_kind_is_told_by_its_name(options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        compare(A, B, **options)  # type: ignore[arg-type]  # as a person may call it
