"""An entry of Cloud Logging as lines of a log."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cajajejo.errors import require
from cajajejo.logs.lines import Line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SECOND: Final = 10**9
_EXACT: Final = 2**53
"""Below it a double holds every integer; above, what looks like one was rounded."""
_SEVERITIES: Final[Mapping[int, str]] = {
    100: "DEBUG",
    200: "INFO",
    300: "NOTICE",
    400: "WARNING",
    500: "ERROR",
    600: "CRITICAL",
    700: "ALERT",
    800: "EMERGENCY",
}


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """What makes an entry the same entry, in the order in which Cloud Logging lists them."""

    at: int
    insert_id: str
    log: str


def key_of(entry: Any) -> Key:
    """The key of `entry`, a ``google.logging.v2.LogEntry``."""
    stamp = entry.timestamp if entry.timestamp.seconds else entry.receive_timestamp
    return Key(stamp.seconds * _SECOND + stamp.nanos, entry.insert_id, entry.log_name)


def lines_of(entry: Any) -> Iterator[Line]:
    """The lines of `entry`, a ``google.logging.v2.LogEntry``: one each, where its text holds several."""
    labels = entry.resource.labels
    at, insert_id = key_of(entry).at or None, entry.insert_id
    pod, container = labels.get("pod_name", ""), labels.get("container_name", "")
    if entry.WhichOneof("payload") in {"json_payload", "proto_payload"}:
        payload = _payload(entry)
        yield Line(at, pod, container, _text_of(payload), payload, insert_id)
        return
    for text in entry.text_payload.removesuffix("\n").split("\n"):
        yield Line(at, pod, container, text.removesuffix("\r"), None, insert_id)


def _payload(entry: Any) -> dict[str, Any]:
    """The object that was printed: the agent on the node takes its severity out of it, so it is put back."""
    if entry.WhichOneof("payload") == "proto_payload":
        return _unpacked(entry.proto_payload)
    payload = {name: _plain(value) for name, value in entry.json_payload.fields.items()}
    severity = _SEVERITIES.get(entry.severity)
    return payload if severity is None or "severity" in payload else {**payload, "severity": severity}


def _text_of(payload: Mapping[str, Any]) -> str:
    message = payload.get("message")
    return message if isinstance(message, str) else json.dumps(payload, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A ``google.protobuf.Value`` as JSON has it.

    Protobuf's own converter raises on the first NaN; a line of a log is not lost to it.
    """
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return {name: _plain(part) for name, part in value.struct_value.fields.items()}
    if kind == "list_value":
        return [_plain(part) for part in value.list_value.values]
    if kind == "number_value":
        return _number(value.number_value)
    return None if kind == "null_value" else getattr(value, kind) if kind else None


def _number(value: float) -> float | int | str:
    if not math.isfinite(value):
        return str(value)
    return int(value) if value.is_integer() and abs(value) < _EXACT else value


def _unpacked(message: Any) -> dict[str, Any]:
    """A ``google.protobuf.Any`` as JSON has it; the type's address alone where nobody knows the type."""
    json_format = require("google.protobuf.json_format", extra="evaluation", purpose="reading Cloud Logging")
    require("google.cloud.audit.audit_log_pb2", extra="evaluation", purpose="reading Cloud Logging")
    try:
        found = json_format.MessageToDict(message)
    except (TypeError, ValueError, json_format.Error):
        return {"@type": message.type_url}
    return dict(found)
