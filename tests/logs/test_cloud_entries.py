"""An entry becomes lines: text, objects and other messages, with their time to the nanosecond."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud.audit import audit_log_pb2  # type: ignore[import-untyped]  # carries no types
from google.protobuf import any_pb2  # type: ignore[import-untyped]  # carries no types

from cajajejo.logs.cloud_entries import Key, key_of, lines_of
from cajajejo.logs.lines import Line
from tests.fakes.cloud_logging import entry

AT = 1_795_269_731_123_456_789


def only(made: Any) -> Line:
    (line,) = lines_of(made)
    return line


def test_a_text_is_a_line_with_its_pod_container_and_time() -> None:
    made = entry("loading weights\n", at=AT, insert_id="i1")
    assert only(made) == Line(AT, "eval-x-abcde", "eval", "loading weights", None, "i1")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("\n", [""]),
        ("a\nb\n", ["a", "b"]),
        ("a\r\n\nb", ["a", "", "b"]),
        ("50 %\r100 %", ["50 %\r100 %"]),
        ("a\u2028b\x85c\x0bd", ["a\u2028b\x85c\x0bd"]),
    ],
)
def test_a_text_of_several_lines_is_several_lines(text: str, lines: list[str]) -> None:
    assert [line.text for line in lines_of(entry(text, at=AT))] == lines


def test_an_object_is_given_as_it_was_printed_and_read_by_its_message() -> None:
    payload = {
        "message": "64 of 135",
        "progress": {"done": 64, "share": 0.5, "of": ["a", None, True, {}]},
        "large": 1e300,
        "severity": "INFO",
    }
    line = only(entry(at=AT, payload=payload, severity=400))
    assert (line.text, line.payload) == ("64 of 135", payload)
    assert line.payload is not None
    assert isinstance(line.payload["progress"]["done"], int)
    assert isinstance(line.payload["large"], float)


@pytest.mark.parametrize(
    ("number", "name"), [(0, None), (100, "DEBUG"), (400, "WARNING"), (600, "CRITICAL"), (123, None)]
)
def test_the_severity_that_the_node_took_out_is_put_back(number: int, name: str | None) -> None:
    payload = only(entry(at=AT, payload={"message": "m"}, severity=number)).payload
    assert payload == {"message": "m"} | ({"severity": name} if name else {})


@pytest.mark.parametrize("payload", [{"a": "é😀"}, {"message": 7}, {"message": {"b": 1}}, {}])
def test_an_object_without_a_message_is_shown_whole(payload: dict[str, Any]) -> None:
    shown = {(): "{}", ("a",): '{"a": "é😀"}'}
    line = only(entry(at=AT, payload=payload, severity=0))
    assert line.payload == payload
    assert line.text == shown.get(tuple(payload), line.text)
    assert line.text.startswith("{")


def test_numbers_that_json_does_not_have_lose_no_line() -> None:
    made = entry(at=AT, payload={"message": "m"}, severity=0)
    made.json_payload.fields["loss"].number_value = float("nan")
    made.json_payload.fields["bound"].number_value = float("-inf")
    made.json_payload.fields["empty"].SetInParent()
    assert only(made).payload == {"message": "m", "loss": "nan", "bound": "-inf", "empty": None}


def test_another_message_is_an_object_too() -> None:
    made = entry(at=AT)
    made.proto_payload.Pack(audit_log_pb2.AuditLog(method_name="create"))
    address = "type.googleapis.com/google.cloud.audit.AuditLog"
    assert only(made).payload == {"@type": address, "methodName": "create"}


def test_a_message_of_an_unknown_type_is_named() -> None:
    made = entry(at=AT)
    made.proto_payload.CopyFrom(any_pb2.Any(type_url="example.org/Unheard", value=b"\x01"))
    assert only(made) == Line(
        AT, "eval-x-abcde", "eval", '{"@type": "example.org/Unheard"}', {"@type": "example.org/Unheard"}
    )


def test_an_entry_without_a_payload_is_an_empty_line() -> None:
    assert only(entry(at=AT)).text == ""


def test_without_a_time_of_its_own_the_time_of_receipt_counts() -> None:
    made = entry("x", at=0)
    made.receive_timestamp.seconds = 5
    assert only(made).at == 5 * 10**9
    made.receive_timestamp.Clear()
    assert only(made).at is None


def test_entries_are_ordered_by_time_then_id_then_log() -> None:
    made = entry("x", at=AT, insert_id="i")
    assert key_of(made) == Key(AT, "i", "projects/evaluations/logs/stdout")
    assert Key(1, "b", "x") < Key(2, "a", "x") < Key(2, "b", "a") < Key(2, "b", "b")
