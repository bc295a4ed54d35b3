"""YAML in and out: lines, the core schema, what is refused, and text that comes back as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cajajejo import files, yamlfile, yamltext
from cajajejo.errors import FileProblemsError

if TYPE_CHECKING:
    from pathlib import Path

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


def problems(text: str) -> list[str]:
    with pytest.raises(FileProblemsError) as caught:
        yamlfile.parse(text, "f.yml")
    return caught.value.lines()[:-1]


def test_only_true_and_false_are_booleans_and_dates_are_text() -> None:
    data = yamlfile.parse("a: no\nb: on\nc: true\nd: 2026-11-21\ne: 12:30\nf: ~\ng: 010\n", "f.yml").data
    assert data == {"a": "no", "b": "on", "c": True, "d": "2026-11-21", "e": "12:30", "f": None, "g": 10}


def test_a_number_remembers_how_it_was_written() -> None:
    data = yamlfile.parse("a: 1.10\nb: 0x1F\nc: 1e3\nd: .5\n", "f.yml").data
    assert [(data[key], getattr(data[key], "text", None)) for key in "abcd"] == [
        (1.1, "1.10"),
        (31, "0x1F"),
        (1000.0, "1e3"),
        (0.5, ".5"),
    ]


def test_every_value_has_its_line() -> None:
    document = yamlfile.parse("a:\n  b: 1\n  c:\n  - x\n  - y\n", "f.yml")
    assert document.line_of(("a", "c", 1)) == 5
    assert document.line_of(("a", "b")) == 2
    assert document.line_of(("a", "missing", "deeper")) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["f.yml:1: the file is empty"]),
        ("# only a comment\n", ["f.yml:1: the file is empty"]),
        ("- a\n", ["f.yml:1: not a mapping of fields to values"]),
        ("a: 1\nb: 2\na: 3\n", ["f.yml:3: a: duplicate field", "    it stands on line 1 already"]),
        ("? [a]\n: 1\n", ["f.yml:1: a field name must be text"]),
        ("a: 'x\\0'\nb: \"x\\0\"\n", ["f.yml:2: b: holds the character NUL, which Kubernetes cannot store"]),
        (
            "a: !!python/name:os.system x\n",
            ["f.yml:1: a: the YAML tag tag:yaml.org,2002:python/name:os.system is not allowed here"],
        ),
        ("a: !custom x\n", ["f.yml:1: a: the YAML tag !custom is not allowed here"]),
        ("a: !!int x\n", ["f.yml:1: a: not a value of the YAML type int: x"]),
        (
            "a: 1\n---\nb: 2\n",
            ["f.yml:2: not well-formed YAML: but found another document expected a single document in the stream"],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, expected: list[str]) -> None:
    assert problems(text) == expected


def test_a_raw_control_character_is_not_well_formed() -> None:
    assert "not well-formed YAML" in problems("a: 1\nb: \x07\n")[0]


def test_deep_nesting_is_refused_before_it_can_hurt() -> None:
    assert problems("[" * 100_000) == ["f.yml:1: nested deeper than 64 levels"]
    assert problems("a: &a [*a]\n") == ["f.yml:1: deeper than 64 levels (do anchors repeat one another?)"]


def test_a_bomb_of_anchors_is_refused() -> None:
    rows = ["a: &a [x, x, x, x, x, x, x, x, x, x]"]
    rows += [
        f"{name}: &{name} [{', '.join(['*' + before] * 10)}]" for before, name in zip("abcde", "bcdef", strict=True)
    ]
    assert "more than 100000 values" in problems("\n".join(rows))[0]


def test_a_file_that_is_missing_too_large_or_not_text_is_one_problem(tmp_path: Path) -> None:
    large, binary = tmp_path / "large.yml", tmp_path / "binary.yml"
    large.write_bytes(b"#" * (files.MAX_BYTES + 1))
    binary.write_bytes(b"a: \xff\n")
    for path, words in [
        (tmp_path / "none", "no such file"),
        (large, "too large"),
        (binary, "not UTF-8"),
        (tmp_path, "cannot be read"),
    ]:
        with pytest.raises(FileProblemsError, match="1 problem") as caught:
            yamlfile.load(path)
        assert words in caught.value.lines()[0]


def test_several_lines_stand_as_a_literal_block() -> None:
    assert yamltext.dump({"a": "x\n\ny\n"}) == "a: |\n  x\n\n  y\n"


@given(
    st.recursive(
        TEXT | st.integers() | st.booleans() | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
        max_leaves=8,
    )
)
def test_what_is_dumped_comes_back_in_our_reader_and_in_yaml_1_1(value: object) -> None:
    text = yamltext.dump({"key": value})
    assert yamlfile.parse(text, "f.yml").data == {"key": value}
    assert yaml.safe_load(text) == {"key": value}
    assert yaml.load(text, Loader=yaml.CSafeLoader) == {"key": value}


def test_a_value_for_set_is_yaml() -> None:
    assert yamlfile.parse_value('[--max, "10"]', "--set a") == ["--max", "10"]
    assert yamlfile.parse_value("", "--set a") is None
    with pytest.raises(FileProblemsError, match="1 problem"):
        yamlfile.parse_value("[", "--set a")
    with pytest.raises(FileProblemsError, match="1 problem"):
        yamlfile.parse_value("!x y", "--set a")
