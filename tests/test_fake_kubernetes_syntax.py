"""The text of bodies: the fake API server reads JSON and YAML as Go does, and complains of them in its words."""

from __future__ import annotations

import json

import pytest

from tests.fakes.kubernetes import syntax


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "unexpected end of JSON input"),
        ('{"a":1', "unexpected end of JSON input"),
        ('{"a" 1}', "invalid character '1' after object key"),
        ('{"a":1 "b":2}', "invalid character '\"' after object key:value pair"),
        ('{"a":[1 2]}', "invalid character '2' after array element"),
        ('{"a":"}" "b":2}', "invalid character '\"' after object key:value pair"),
        ("{a:1}", "invalid character 'a' looking for beginning of object key string"),
        ('{"a":x}', "invalid character 'x' looking for beginning of value"),
        ('{"a":NaN}', "invalid character 'N' looking for beginning of value"),
        ("{} x", "invalid character 'x' after top-level value"),
        ('{"a":"b\nc"}', "invalid character '\\n' in string literal"),
    ],
    ids=lambda text: repr(text)[:40],
)
def test_broken_json_is_told_as_go_tells_it(text: str, problem: str) -> None:
    with pytest.raises(syntax.BodySyntaxError) as caught:
        syntax.read_json(text.encode())
    assert str(caught.value) == problem


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", True),
        ("Off", False),
        ("~", None),
        ("0o17", 15),
        ("017", 15),
        ("0x1F", 31),
        ("1_000", 1000),
        ("-5", -5),
        ("1e3", 1000.0),
        ("12:30", "12:30"),
        ("2026-11-21", "2026-11-21"),
        ("'5'", "5"),
    ],
)
def test_yaml_scalars_mean_what_they_mean_in_go(text: str, value: object) -> None:
    read = syntax.read_yaml(f"a: {text}".encode()).value
    assert (syntax.plain(read), type(read.last("a"))) == ({"a": value}, type(value))


def test_yaml_fields_come_sorted_with_anchors_merged() -> None:
    text = "b: &b {z: 1, x: 2}\na:\n  <<: *b\n  x: 3\n1: one\ntrue: yes\n"
    assert json.dumps(syntax.plain(syntax.read_yaml(text.encode()).value)) == json.dumps(
        {"1": "one", "a": {"x": 3, "z": 1}, "b": {"x": 2, "z": 1}, "true": True}
    )
