"""Recorded streams: what the fake sends over time is held against what a Kubernetes 1.36 server sent."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import urllib3

from tests.fakes.kubernetes import FakeKubernetes
from tests.recordings import exchange, pods
from tests.recordings.likeness import Likeness

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

WATCH = "exchanges/watch/{}"
JOBS = "/apis/batch/v1/namespaces/default/jobs"
REPLAYED = {
    "exchanges/gc/timeline",
    "exchanges/logs/follow",
    "exchanges/watch/label-selector-enter-leave-bookmark",
    "exchanges/watch/server-stopped-kill",
    "exchanges/watch/server-stopped-term",
    "exchanges/watch/watch-no-rv",
    "exchanges/watch/watch-rv-0",
    "exchanges/watch/watch-send-initial-events",
}


class Stream:
    """A stream that is read in the background; `lines` are those that came, `end` is how it ended."""

    def __init__(self, cluster: FakeKubernetes, path: str, **query: str) -> None:
        self._pool = urllib3.PoolManager(retries=False)
        headers = {"Authorization": f"Bearer {cluster.token}"}
        place = f"{cluster.url}{path}?{urlencode(query)}"
        self._response = self._pool.request("GET", place, headers=headers, preload_content=False, timeout=60)
        self.status = self._response.status
        self.lines: list[str] = []
        self.end = ""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        rest = ""
        try:
            for part in self._response.stream():
                *whole, rest = (rest + part.decode()).split("\n")
                self.lines.extend(f"{line}\n" for line in whole)
            self.lines.extend([rest] if rest else [])
            self.end = "clean end"
        except urllib3.exceptions.ProtocolError as error:
            self.end = str(error)
        finally:
            self._pool.clear()

    def wait(self, count: int) -> list[str]:
        """The first `count` lines, as soon as they have come."""
        eventually(lambda: len(self.lines) >= count or bool(self.end))
        return self.lines

    def finish(self) -> list[str]:
        """All lines, after the end."""
        self._thread.join(60)
        assert not self._thread.is_alive(), "it goes on"
        return self.lines

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines]


def eventually(true: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


@pytest.fixture
def cluster() -> Iterator[FakeKubernetes]:
    with FakeKubernetes() as running:
        yield running


def call(cluster: FakeKubernetes, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", cluster.port, timeout=60)
    headers = {"Authorization": f"Bearer {cluster.token}", "Content-Type": kind, "User-Agent": "recorder"}
    with contextlib.closing(connection):
        connection.request(method, path, json.dumps(body) if body else None, headers)
        response = connection.getresponse()
        found = json.loads(response.read())
    assert response.status < 300, found
    return found


def assert_alike(recorded: list[Any], found: list[Any]) -> None:
    assert Likeness(compressed=True).compare(recorded, found) == []


def test_every_recorded_stream_is_replayed() -> None:
    files = (exchange.RECORDINGS / "exchanges").rglob("*.ndjson")
    assert {str(path.relative_to(exchange.RECORDINGS).with_suffix("")) for path in files} == REPLAYED


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("watch-no-rv", {}),
        ("watch-rv-0", {"resourceVersion": "0"}),
        (
            "watch-send-initial-events",
            {
                "sendInitialEvents": "true",
                "allowWatchBookmarks": "true",
                "resourceVersion": "0",
                "resourceVersionMatch": "NotOlderThan",
            },
        ),
    ],
)
def test_watch_begins_with_what_is_there(cluster: FakeKubernetes, name: str, query: dict[str, str]) -> None:
    recorded = exchange.lines(WATCH.format(name))
    cluster.put(recorded[0]["object"])
    selector = {"fieldSelector": "metadata.name=eval-a", "timeoutSeconds": "1", "watch": "true"}
    stream = Stream(cluster, JOBS, **selector, **query)
    stream.finish()
    assert stream.end == "clean end"
    assert_alike(recorded, stream.events())


def test_watch_with_a_selector_sees_objects_enter_and_leave_and_then_a_bookmark(cluster: FakeKubernetes) -> None:
    recorded = [line["event"] for line in exchange.lines(WATCH.format("label-selector-enter-leave-bookmark"))
                if line["stream"] == "jobs"]  # fmt: skip
    cluster.api.bookmark_seconds = 0.5
    query = {"watch": "true", "labelSelector": "sel=yes", "allowWatchBookmarks": "true"}
    stream = Stream(cluster, JOBS, resourceVersion=str(cluster.api.store.revision), **query)
    created = exchange.load("exchanges/create/job-dry-run").request["body"]
    metadata = {"name": "eval-sel", "namespace": "default", "labels": {"sel": "yes"}}
    call(cluster, "POST", JOBS, {**recorded[0]["object"], "metadata": metadata, "spec": _spec(created, recorded)})
    stream.wait(1)
    status = recorded[1]["object"]
    entries = {"managedFields": status["metadata"]["managedFields"]}
    cluster.update("Job", "eval-sel", {"status": status["status"], "metadata": entries})
    for label in ("no", "yes"):
        change = {"metadata": {"labels": {"sel": label}}}
        call(cluster, "PATCH", f"{JOBS}/eval-sel", change, "application/merge-patch+json")
    call(cluster, "DELETE", f"{JOBS}/eval-sel?propagationPolicy=Background")

    def found() -> list[dict[str, Any]]:
        """All changes, and the bookmark after them; there are others before, where this takes long."""
        events = stream.events()
        return [event for event in events[:-1] if event["type"] != "BOOKMARK"] + events[-1:]

    eventually(lambda: len(found()) == len(recorded) and found()[-1]["type"] == "BOOKMARK")
    assert_alike(recorded, found())


def _spec(created: dict[str, Any], recorded: list[dict[str, Any]]) -> dict[str, Any]:
    """The spec that a client had sent: without the selector and the labels that the server made."""
    spec = {key: value for key, value in recorded[0]["object"]["spec"].items() if key != "selector"}
    template = {key: value for key, value in spec["template"].items() if key != "metadata"}
    return {**created["spec"], **spec, "template": template}


def test_kill_breaks_the_stream_and_refuses_connections_until_the_start(cluster: FakeKubernetes) -> None:
    recorded = exchange.lines(WATCH.format("server-stopped-kill"))
    stream = Stream(cluster, JOBS, watch="true")
    cluster.stop()
    stream.finish()
    assert stream.end == recorded[0]["message"]
    with pytest.raises(ConnectionRefusedError):
        call(cluster, "GET", "/readyz")
    cluster.start()
    assert [recorded[-1]["poll"], _poll(cluster)] == [[200, ""], [200, ""]]


def test_term_refuses_connections_and_lets_the_stream_end_cleanly_later(cluster: FakeKubernetes) -> None:
    recorded = exchange.lines(WATCH.format("server-stopped-term"))
    cluster.api.bookmark_seconds = 0.3
    cluster.api.store.revision = 5405
    stream = Stream(cluster, JOBS, watch="true", allowWatchBookmarks="true", resourceVersion="5405")
    stopped = cluster.api.stopped
    cluster.stop(linger_seconds=60)
    with pytest.raises(ConnectionRefusedError):
        call(cluster, "GET", "/readyz")
    stream.wait(1)
    assert stream.end == ""
    stopped.set()
    assert set(stream.finish()) == {recorded[0]["chunk"]}
    assert (stream.end, recorded[1]["end"]) == ("clean end", "clean end of the chunked body")
    cluster.start()
    assert [recorded[-1]["poll"], _poll(cluster)] == [[200, ""], [200, ""]]


def _poll(cluster: FakeKubernetes) -> list[Any]:
    stream = Stream(cluster, JOBS, watch="true", resourceVersion="5405", timeoutSeconds="0")
    return [stream.status, "".join(stream.finish())]


def test_followed_log_comes_line_by_line_until_the_container_ends(cluster: FakeKubernetes) -> None:
    head, *chunks, end = exchange.lines("exchanges/logs/follow")
    request, name = head["request"], "eval-logs-6bgff"
    lines = [chunk["chunk"].split(" ", 1) for chunk in chunks]
    running = pods.pod(name, "logs-test", {"init": pods.ENDED, "eval": pods.RUNNING})
    cluster.put(running)
    for at, text in lines[:2]:
        cluster.log(name, text, namespace="logs-test", at=at)
    stream = Stream(cluster, request["path"], **request["query"])
    for number, (at, text) in enumerate(lines[2:], start=3):
        cluster.log(name, text, namespace="logs-test", at=at)
        if text.endswith("\n"):
            stream.wait(number)
    cluster.put(pods.pod(name, "logs-test", {"init": pods.ENDED, "eval": pods.ENDED}))
    assert stream.finish() == [chunk["chunk"] for chunk in chunks]
    assert (stream.status, stream.end) == (head["status"], "clean end")
    assert end["end"] == "stream closed by the server: container ended"


def test_what_a_job_owns_goes_with_it_and_what_has_no_owner_goes_at_once(cluster: FakeKubernetes) -> None:
    recorded = [line for line in exchange.lines("exchanges/gc/timeline") if line["stream"] != "client"]
    cluster.namespace("gc-test")
    created = {stream: [line["event"]["object"] for line in recorded if line["stream"] == stream] for stream in PLACES}
    since = str(cluster.api.store.revision)
    streams = {name: Stream(cluster, place, watch="true", resourceVersion=since) for name, place in PLACES.items()}
    configs, jobs = PLACES["configmaps"], PLACES["jobs"]
    call(cluster, "POST", configs, _sent(created["configmaps"][0]))
    job = call(cluster, "POST", jobs, _sent(created["jobs"][0]))
    applied = exchange.load("exchanges/gc/apply-owner-reference").request["body"]
    owner = {**applied["metadata"]["ownerReferences"][0], "uid": job["metadata"]["uid"]}
    applied["metadata"]["ownerReferences"] = [owner]
    place = f"{configs}/eval-configs?fieldManager=example-owner"
    call(cluster, "PATCH", place, applied, "application/apply-patch+yaml")
    call(cluster, "POST", configs, exchange.load("exchanges/gc/create-with-absent-owner").request["body"])
    file = exchange.RECORDINGS / "exchanges" / "gc" / "timeline.ndjson"
    cluster.scenario(file, namespace="gc-test").play(until=lambda step: step.milliseconds > 6852)
    call(cluster, "DELETE", f"{jobs}/eval-gc?propagationPolicy=Background")
    for name, stream in streams.items():
        wanted = [line["event"] for line in recorded if line["stream"] == name]
        stream.wait(len(wanted))
        assert_alike(wanted, stream.events())


PLACES = {
    "configmaps": "/api/v1/namespaces/gc-test/configmaps",
    "jobs": "/apis/batch/v1/namespaces/gc-test/jobs",
    "pods": "/api/v1/namespaces/gc-test/pods",
    "events": "/api/v1/namespaces/gc-test/events",
}


def _sent(stored: dict[str, Any]) -> dict[str, Any]:
    """An object as the client had sent it, from how it was stored."""
    kept = {key: value for key, value in stored["metadata"].items() if key in ("name", "namespace", "labels")}
    value = {**stored, "metadata": kept}
    if stored["kind"] == "Job":
        spec = {key: part for key, part in stored["spec"].items() if key != "selector"}
        template = {key: part for key, part in spec["template"].items() if key != "metadata"}
        value |= {"spec": {**spec, "template": template}}
        value.pop("status", None)
    return value
