"""Messages of an API server, shortened to the field and the rule."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.cluster import refusal_wording, refusals
from cajajejo.cluster.exchange import Answer, Asked, Target


@pytest.mark.parametrize(
    ("message", "short"),
    [
        ("Required value", "Required value"),
        ('Invalid value: "a b": must be no more than 63 bytes', 'Invalid value: "a b": must be no more than 63 bytes'),
        (f'Invalid value: "{"a" * 64}": must be no more than 63 bytes', "must be no more than 63 bytes"),
        ('Invalid value: {"a":"b"}: field is immutable', 'Invalid value: {"a":"b"}: field is immutable'),
        ('Invalid value: {"Volumes":[{"Name":"x: y"}]}: field is immutable', "field is immutable"),
        ("Invalid value: -1: must be positive", "Invalid value: -1: must be positive"),
        ("a name must be short (e.g. 'x',  or 'y', regex used for validation is '(a)?')", "a name must be short"),
        ("expected string, got &value.valueUnstructured{Value:5}", "expected string"),
        (
            "json: cannot unmarshal array into Go struct field P.volumes of type v1.V",
            "volumes: must be a mapping of fields, not a list",
        ),
        (
            "json: cannot unmarshal object into Go struct field P.args of type []string",
            "args: must be a list, not a mapping",
        ),
        (
            "json: cannot unmarshal bool into Go struct field X.a.b of type float32",
            "a.b: must be a number, not true or false",
        ),
        ("json: cannot unmarshal number 1.5 into Go value of type int32", "must be a whole number, not a number"),
        ("", "refused"),
    ],
)
def test_a_message_is_shortened(message: str, short: str) -> None:
    assert refusal_wording.shorten(message) == short


@given(st.text(max_size=500))
def test_any_message_becomes_one_short_line(message: str) -> None:
    line = refusal_wording.shorten(message)
    assert line.isprintable()
    assert 0 < len(line) <= 500


@pytest.mark.parametrize(
    "piece", ["a", 'User "', "(e.g. ", "Invalid value: {", "a.b{", " cannot be handled as a ", "\\", "["]
)
def test_a_hostile_message_takes_no_time(piece: str) -> None:
    message = piece * (2_000_000 // len(piece))
    status = {"kind": "Status", "message": message, "details": {"causes": [{"field": message, "message": message}] * 9}}
    answer = Answer(422, {}, json.dumps(status).encode())
    started = time.thread_time()
    refusals.refused(answer, Asked("create", path="/x"), Target("t", None, "https://h"))
    assert time.thread_time() - started < 3.0


def test_more_problems_than_fit_are_counted() -> None:
    causes = [{"field": f"spec.x{number}", "message": "Required value"} for number in range(20)]
    problems = refusal_wording.problems_of({"details": {"causes": causes}})
    assert problems[:2] == ["spec.x0: Required value", "spec.x1: Required value"]
    assert (len(problems), problems[-1]) == (13, "… 8 more")


@pytest.mark.parametrize(
    ("status", "field"),
    [
        ({"message": 'strict decoding error: unknown field "spec.a[0].b"'}, "spec.a"),
        ({"message": 'strict decoding error: unknown field "a"'}, ""),
        (
            {"details": {"causes": [{"field": "metadata.name", "message": "x"}, {"field": "b.c", "message": "y"}]}},
            "b.c",
        ),
        ({"details": {"kind": "DeleteOptions", "causes": [{"field": "propagationPolicy", "message": "x"}]}}, None),
        ({"details": {"causes": "none"}, "message": "sorry"}, None),
        ({"details": {"causes": [None, {"message": 5}]}}, None),
    ],
)
def test_the_field_that_kubectl_can_explain(status: dict[str, object], field: str | None) -> None:
    assert refusal_wording.explained_field(status) == field
