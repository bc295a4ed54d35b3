"""YAML as we write it: what it looks like, and that two readers read what was meant."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cajajejo import yamldocuments, yamlfile, yamltext
from tests import hostile

if TYPE_CHECKING:
    from collections.abc import Callable

values = st.recursive(
    hostile.texts | st.integers() | st.booleans() | st.none() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(hostile.texts, inner, max_size=3),
    max_leaves=10,
)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({}, "{}\n"),
        ({"b": 1, "a": "x"}, "a: x\nb: 1\n"),
        ({"a": None, "b": True, "c": 1.5, "d": 1e20}, "a: null\nb: true\nc: 1.5\nd: 1.0e+20\n"),
        ({"a": {}, "b": [], "c": ()}, "a: {}\nb: []\nc: []\n"),
        ({"a": ["x", {"c": 2, "b": 1}, ["y"]]}, 'a:\n- x\n- b: 1\n  c: 2\n- - "y"\n'),
        ({"a": {"b": {"c": "d"}}}, "a:\n  b:\n    c: d\n"),
        ({"a": "x\ny\n"}, "a: |\n  x\n  y\n"),
        ({"a": ["x\ny\n"]}, 'a:\n- "x\\ny\\n"\n'),
        ({"a": "no", "no": "1.10"}, 'a: "no"\n"no": "1.10"\n'),
        ({"a": "http://10.0.0.1:5000/a b"}, "a: http://10.0.0.1:5000/a b\n"),
        ({"a": "b: c", "d": "e #f", "g": "- h"}, 'a: "b: c"\nd: "e #f"\ng: "- h"\n'),
        ({"a": math.inf, "b": -math.inf}, "a: .inf\nb: -.inf\n"),
        ({"a": dt.date(2026, 11, 22)}, "a: 2026-11-22\n"),
    ],
)
def test_it_looks_like_this(data: dict[str, Any], text: str) -> None:
    assert yamltext.dump(data) == text


@pytest.mark.parametrize("value", [{1, 2}, object(), b"x", dt.datetime(2026, 11, 22, tzinfo=dt.UTC)])
def test_what_has_no_form_is_a_type_error(value: object) -> None:
    with pytest.raises(TypeError, match="no YAML for"):
        yamltext.dump({"a": value})


def test_nested_text_begins_on_a_line_of_its_own() -> None:
    assert yamltext.nested({"b": "1", "a": ["x"]}, 4) == '\n    a:\n    - x\n    b: "1"'
    assert yamltext.nested([{"key": "a", "effect": "b"}], 2) == "\n  - effect: b\n    key: a"


@given(st.dictionaries(hostile.texts, values, max_size=4))
def test_three_readers_read_what_was_meant(data: dict[str, Any]) -> None:
    text = yamltext.dump(data)
    assert yaml.load(text, Loader=yaml.CSafeLoader) == data
    assert yaml.load(text, Loader=yaml.SafeLoader) == data
    assert yamldocuments.load_documents(text) == [data]
    assert yamlfile.parse(text, "f.yml").data == data


@pytest.mark.parametrize(
    "text",
    [
        *("a: &x [1]\nb: *x\n", "a: !!str 1\n", "a: 2026-11-21\n", "a: 0o17\n", "a: 017\n", "a: 1_000\n"),
        *("a: yes\nb: Off\nc: y\n", "a: 1e3\nb: 1.5e+3\nc: .inf\n", "a: ~\nb:\n", "---\na: 1\n---\n---\nb: 2\n"),
        *("<<: {a: 1}\n", "? a\n: b\n", "1: a\ntrue: b\n", "a: |\n  x\n", "a: 'b'\nc: \"d\\u00e9\"\n", "- a\n", "a\n"),
        *("a: 12:30\n", "a: 0x1F\n", "a: +1\n", "a: .5\n"),
    ],
)
def test_documents_are_read_as_pyyaml_reads_them(text: str) -> None:
    assert yamldocuments.load_documents(text) == list(yaml.safe_load_all(text))


SHARED = {
    "two": "a: 1\n---\nb: 2\n",
    "the same twice": "a: [1]\n---\na: [1]\n",
    "text that looks like a marker": "a: |\n  ---\n  x\n---\nb: '---'\n",
    "a directive": "%YAML 1.1\n---\na: 1\n",
    "an end": "a: 1\n...\n---\nb: 2\n",
    "a document on the line of the marker": "--- {a: 1}\n--- |\n x\n",
    "empty ones": "---\n---\n# nothing\n---\na: 1\n",
}


@pytest.mark.parametrize("text", SHARED.values(), ids=SHARED)
def test_documents_that_are_shared_are_the_same(text: str) -> None:
    wanted = [document for document in yaml.safe_load_all(text) if document is not None]
    assert [document for document in yamldocuments.load_shared(text) if document is not None] == wanted


@pytest.mark.parametrize("load", [yamldocuments.load_documents, yamldocuments.load_shared])
@pytest.mark.parametrize(("text", "line"), [("a: 1\n---\nb: c: d\n", 3), ("a: 1\nb: \x07\n", 2), ("a: [\n", 2)])
def test_broken_yaml_is_told_with_its_line(load: Callable[[str], object], text: str, line: int) -> None:
    with pytest.raises(yamldocuments.BrokenYamlError) as raised:
        load(text)
    assert raised.value.line == line
