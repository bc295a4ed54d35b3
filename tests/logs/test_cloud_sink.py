"""What is said here reaches Cloud Logging, once and in order, and holds nothing up where it cannot."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import grpc  # type: ignore[import-untyped]  # carries no types
import pytest
from google.protobuf import json_format  # type: ignore[import-untyped]  # carries no types

from cajajejo.logs import cloud_sink
from cajajejo.logs.cloud_connection import EMULATOR
from tests.fakes import cloud_logging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.cloud_logging import CloudLogging

LABELS = {"job_name": "eval-a", "config_git_sha": "10abfb1"}
NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)


@pytest.fixture
def cloud() -> Iterator[CloudLogging]:
    with cloud_logging.serving() as logs:
        yield logs


def opened(logs: CloudLogging, warned: list[str]) -> cloud_sink.CloudSink:
    environ = {cloud_sink.VARIABLE: cloud_logging.PROJECT, EMULATOR: logs.host}
    sink = cloud_sink.opened(environ, warned.append)
    assert sink is not None
    return sink


def stored(logs: CloudLogging) -> list[dict[str, Any]]:
    return [json_format.MessageToDict(entry) for entry in logs._entries]


def test_without_the_variable_nothing_is_sent() -> None:
    assert cloud_sink.opened({}, pytest.fail) is None


def test_entries_arrive_whole_in_order_and_once(cloud: CloudLogging) -> None:
    warned: list[str] = []
    sink = opened(cloud, warned)
    for number in range(1200):
        sink("INFO", f"line {number}", LABELS, NOW, progress={"done": number})
    sink.close()
    found = stored(cloud)
    assert [entry["jsonPayload"]["message"] for entry in found] == [f"line {number}" for number in range(1200)]
    assert len({entry["insertId"] for entry in found}) == 1200
    assert {key: found[7][key] for key in ("severity", "labels", "timestamp", "logName")} == {
        "severity": "INFO",
        "labels": LABELS,
        "timestamp": "2026-11-22T08:30:00Z",
        "logName": f"projects/{cloud_logging.PROJECT}/logs/cajajejo",
    }
    assert found[7]["jsonPayload"]["progress"] == {"done": 7.0}
    assert warned == []


def test_a_call_that_fails_is_repeated_under_the_same_id(cloud: CloudLogging) -> None:
    warned: list[str] = []
    cloud.fail("WriteLogEntries", grpc.StatusCode.UNAVAILABLE, times=1)
    sink = opened(cloud, warned)
    sink("ERROR", "once", LABELS, NOW)
    sink.close()
    assert [entry["jsonPayload"]["message"] for entry in stored(cloud)] == ["once"]
    assert warned == []


def losing(cloud: CloudLogging, entries: int) -> list[str]:
    """What is told when no entry can be sent."""
    warned: list[str] = []
    told = threading.Event()
    environ = {cloud_sink.VARIABLE: cloud_logging.PROJECT, EMULATOR: cloud.host}
    cloud.fail("WriteLogEntries", grpc.StatusCode.PERMISSION_DENIED, times=1000)

    def warn(sentence: str) -> None:
        warned.append(sentence)
        told.set()

    sink = cloud_sink.opened(environ, warn)
    assert sink is not None
    for number in range(entries):
        sink("INFO", f"line {number}", LABELS, NOW)
    assert told.wait(120)
    sink.close()
    assert stored(cloud) == []
    return warned


@pytest.mark.parametrize(("entries", "why"), [(3, "PermissionDenied"), (20_000, "too many at once")])
def test_what_cannot_be_sent_is_told_once_and_holds_nothing_up(
    cloud: CloudLogging, entries: int, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if entries > 3:
        monkeypatch.setattr(cloud_sink, "_PAUSE_SECONDS", 30.0)  # all are there before any is sent
    sentence = f"Cloud Logging does not take every entry ({why}); all of them are in this log"
    assert losing(cloud, entries) == [sentence]
