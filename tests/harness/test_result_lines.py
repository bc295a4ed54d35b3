"""The lines in which a command leaves its results: what is taken, what is filled in, and what is wrong with any."""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo.harness import result_lines
from cajajejo.harness.result_lines import Lines
from cajajejo.results import Item

GOOD: dict[str, Any] = {"scenario": "geo", "id": "q-1", "scores": {"accuracy": 1}}
NOTHING = hashlib.sha256(b"").hexdigest()
ITEM = Item("command", "geo", None, "q-1", 0, None, NOTHING, None, None, {"accuracy": 1.0})


def read(place: Path, *lines: object, end: str = "\n") -> Lines:
    path = place / "results.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines) + end, "utf-8")
    return result_lines.read(path)


def test_a_whole_line_is_taken_as_it_is(tmp_path: Path) -> None:
    line: dict[str, Any] = {
        "suite": "v1",
        "scenario": "mmlu_subject_anatomy",
        "subject": "anatomy",
        "id": "id12",
        "repeat": 2,
        "group": "passage 7",
        "prompt_sha256": "9d" * 32,
        "reference": "Paris",
        "prediction": "Rome\u2028",
        "scores": {"exact_match": 0.5, "f1": 0},
        "prompt": "Where is the Louvre?",
    }
    found = read(tmp_path, line)
    assert found.items == [Item(**{**line, "scores": {"exact_match": 0.5, "f1": 0.0}})]
    assert (found.failures(), found.torn) == ({}, None)


def test_what_may_be_left_out_is_filled_in(tmp_path: Path) -> None:
    nothing = dict.fromkeys(
        ("suite", "subject", "group", "repeat", "prompt_sha256", "reference", "prediction", "error", "prompt")
    )
    assert read(tmp_path, GOOD, {**GOOD, **nothing}, {**GOOD, "latency": [1]}).items == [ITEM]


@pytest.mark.parametrize(
    ("field", "value", "taken"),
    [
        ("id", 7, "7"),
        ("subject", 1.5, "1.5"),
        ("reference", True, "true"),
        ("scenario", "mmlu:subject=anatomy", "mmlu_subject_anatomy"),
        ("prediction", "", ""),
        ("scores", {"a b": True, "c": 2}, {"a_b": 1.0, "c": 2.0}),
        ("scores", {}, {}),
    ],
)
def test_a_value_is_taken_for_what_it_means(tmp_path: Path, field: str, value: object, taken: object) -> None:
    (item,) = read(tmp_path, {**GOOD, field: value}).items
    assert getattr(item, field) == taken


def test_a_prompt_is_hashed_here_where_its_hash_is_not_given(tmp_path: Path) -> None:
    (item,) = read(tmp_path, {**GOOD, "prompt": "Où?"}).items
    assert (item.prompt_sha256, item.prompt) == (hashlib.sha256("Où?".encode()).hexdigest(), "Où?")


def test_of_a_long_prompt_the_beginning_is_kept_and_all_of_it_is_hashed(tmp_path: Path) -> None:
    long = "Où? " * 1000
    (item,) = read(tmp_path, {**GOOD, "prompt": long}).items
    assert (item.prompt_sha256, item.prompt) == (hashlib.sha256(long.encode()).hexdigest(), long[:1000])


def test_a_prompt_that_is_no_text_is_a_wrong_line(tmp_path: Path) -> None:
    found = read(tmp_path, {**GOOD, "prompt": ["Où?"], "prompt_sha256": "9d" * 32})
    assert found.failures() == {"geo": "1 wrong line: line 1: prompt: must be text, not a list"}


def test_numbers_that_are_not_finite_are_kept(tmp_path: Path) -> None:
    text = (
        '{"scenario": "geo", "id": "q-1", "scores": {"a": NaN, "b": Infinity, "c": -Infinity, "d": null, "e": 1e999}}'
    )
    found = read(tmp_path, text, text)
    (item,) = found.items
    assert item.scores == pytest.approx(
        {"a": math.nan, "b": math.inf, "c": -math.inf, "d": math.nan, "e": math.inf}, nan_ok=True
    )
    assert found.failures() == {}


@pytest.mark.parametrize(
    ("line", "scenario", "says"),
    [
        ("not JSON", "results.jsonl", "not JSON: Expecting value: line 1 column 1 (char 0)"),
        ("[1]", "results.jsonl", "not a JSON object"),
        ("[" * 100_000, "results.jsonl", "not JSON: nested too deep"),
        ({"id": "q"}, "results.jsonl", "scenario: required, and not there"),
        ({**GOOD, "scenario": ["a"]}, "results.jsonl", "scenario: must be text, not a list"),
        ({**GOOD, "scenario": " "}, "results.jsonl", "scenario: must not be empty"),
        ({**GOOD, "id": None}, "geo", "id: required, and not there"),
        ({**GOOD, "id": ""}, "geo", "id: must not be empty"),
        ({**GOOD, "group": {}}, "geo", "group: must be text, not an object"),
        ({**GOOD, "repeat": -1}, "geo", "repeat: must be a whole number, at least 0"),
        ({**GOOD, "repeat": True}, "geo", "repeat: must be a whole number, at least 0"),
        ({**GOOD, "repeat": "1"}, "geo", "repeat: must be a whole number, at least 0"),
        ({**GOOD, "prompt_sha256": "9D" * 32}, "geo", "prompt_sha256: must be 64 hexadecimal digits, lower case"),
        ({"scenario": "geo", "id": "q"}, "geo", "scores: required, and not there"),
        ({**GOOD, "scores": 1}, "geo", "scores: must be an object, not a number"),
        ({**GOOD, "scores": {"a": "1"}}, "geo", "scores.a: must be a number, not text"),
        ({**GOOD, "scores": {"a": [1]}}, "geo", "scores.a: must be a number, not a list"),
        ({**GOOD, "scores": {"a": 10**400}}, "geo", "scores.a: too large a number"),
        ({**GOOD, "scores": {"a b": 1, "a:b": 1}}, "geo", "scores.a:b: not a name of its own"),
        ({**GOOD, "scores": {"": 1}}, "geo", "scores.: not a name of its own"),
        (
            {**GOOD, "id": "q-1", "scores": {"accuracy": 0}},
            "geo",
            "id: q-1, repeat 0, stands on line 1 with other values",
        ),
    ],
)
def test_a_wrong_line_is_told_by_its_number_and_loses_no_other(
    tmp_path: Path, line: object, scenario: str, says: str
) -> None:
    found = read(tmp_path, GOOD, "", line, {**GOOD, "id": "q-2"})
    assert [item.id for item in found.items] == ["q-1", "q-2"]
    assert found.failures() == {scenario: f"1 wrong line: line 3: {says}"}


def test_bytes_that_are_no_text_are_a_wrong_line(tmp_path: Path) -> None:
    (tmp_path / "r").write_bytes(b'{"scenario": "\xff"}\n')
    assert result_lines.read(tmp_path / "r").failures() == {"r": "1 wrong line: line 1: not UTF-8"}


def test_the_first_ten_of_many_wrong_lines_are_named(tmp_path: Path) -> None:
    told = read(tmp_path, *["x"] * 12).failures()["results.jsonl"]
    assert told.startswith("12 wrong lines: line 1: not JSON: ")
    assert (told.count("line "), told.endswith("; and 2 more")) == (10 + 10, True)


def test_scenarios_that_would_share_a_name_are_both_named(tmp_path: Path) -> None:
    found = read(tmp_path, {**GOOD, "scenario": "a:b"}, {**GOOD, "scenario": "a b"})
    assert found.failures() == {
        "results.jsonl": "1 wrong line: line 2: scenario: a b would share the name a_b with a:b"
    }


def test_equal_lines_count_once_and_repeats_and_subjects_are_others(tmp_path: Path) -> None:
    found = read(tmp_path, GOOD, GOOD, {**GOOD, "repeat": 1}, {**GOOD, "subject": "x"}, {**GOOD, "scenario": "bio"})
    assert (len(found.items), found.failures()) == (4, {})


def test_a_scenario_that_failed_has_failed_until_later_lines_of_it(tmp_path: Path) -> None:
    failed = {"scenario": "geo", "error": "no network"}
    assert read(tmp_path, GOOD, failed).failures() == {"geo": "no network"}
    assert read(tmp_path, failed, GOOD).failures() == {}
    assert read(tmp_path, failed, {"scenario": "geo", "id": 1, "error": "again"}).failures() == {"geo": "again"}


@pytest.mark.parametrize(
    ("end", "torn"),
    [("", None), ("\n{", "line 2: torn, and the last one"), ("\n[1]", "line 2: torn, and the last one")],
)
def test_a_last_line_without_an_end_is_taken_where_it_is_whole(tmp_path: Path, end: str, torn: str | None) -> None:
    found = read(tmp_path, GOOD, end=end)
    assert (found.items, found.torn, found.failures()) == ([ITEM], torn, {})


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert result_lines.read(tmp_path / "none") == Lines()
    result_lines.put_torn_line_aside(tmp_path / "none")
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_is_too_long_is_not_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_lines, "_LONGEST_LINE", 1000)
    tracemalloc.start()
    try:
        found = read(tmp_path, GOOD, '"' + "x" * 3_000_000 + '"', {**GOOD, "id": "q-2"})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [item.id for item in found.items] == ["q-1", "q-2"]
    assert found.failures() == {"results.jsonl": "1 wrong line: line 2: longer than 64 MiB"}
    assert peak < 20_000_000


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30)))
def test_whatever_stands_in_a_file_is_read(lines: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "r"
        path.write_bytes(b"\n".join(lines))
        found = result_lines.read(path)
    assert not found.items


VALUES = st.recursive(st.none() | st.booleans() | st.floats() | st.text(max_size=3), st.lists, max_leaves=3)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from([*GOOD, "group", "repeat", "suite", "error", "prompt"]), VALUES))
def test_whatever_stands_in_a_field_is_an_item_or_told(fields: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        found = read(Path(directory), {**GOOD, **fields}, {**fields, "scenario": "x"})
    assert len(found.items) <= 1
    assert found.items or found.failures()


@pytest.mark.parametrize("step", [1, 7, 65_536])
@settings(deadline=None)
@given(text=st.text(st.sampled_from('{}"a:\n'), max_size=40))
def test_only_what_is_torn_is_put_aside(step: int, text: str) -> None:
    with tempfile.TemporaryDirectory() as directory, pytest.MonkeyPatch.context() as patch:
        patch.setattr(result_lines, "_STEP", step)
        path = Path(directory) / "r"
        path.write_text(text)
        result_lines.put_torn_line_aside(path)
        left = path.read_text()
        aside = path.with_name("r.torn").read_text() if path.with_name("r.torn").exists() else ""
    whole, newline, last = text.rpartition("\n")
    if not last or last == "{}" or (aside == "" and left == text + "\n"):
        assert (left, aside) == (text + "\n" * bool(last), "")
    else:
        assert (left, aside) == (whole + newline, last + "\n")
    assert left in {"", text} or left.endswith("\n")
