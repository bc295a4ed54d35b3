"""Recorded exchanges as they lie in the files, ready to be sent again."""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

RECORDINGS = Path(__file__).parent / "kubernetes-1.36"
_LARGE = re.compile(r"""<(\d+) x ["']x["']>""")
_LARGE_YAML = re.compile(r"""<YAML, data\.blob: (\d+) x "x">""")
_LARGE_ANNOTATION = re.compile(r"<Job with an annotation of (\d+) bytes>")


@dataclass(frozen=True)
class Exchange:
    """A request that was sent, and what came back."""

    name: str
    request: dict[str, Any]
    response: dict[str, Any]

    @property
    def path(self) -> str:
        """Path and query, as they are sent."""
        query = urlencode(self.request["query"])
        return f"{self.request['path']}?{query}" if query else str(self.request["path"])

    def body(self) -> bytes | None:
        """The body as it was sent."""
        sent = self.request["body"]
        if sent is None:
            return None
        return sent.encode() if isinstance(sent, str) else json.dumps(sent).encode()

    @property
    def object(self) -> dict[str, Any]:
        """The body of the answer, where that is an object."""
        found = self.response["body"]
        assert isinstance(found, dict), self.name
        return found


@dataclass(frozen=True)
class Reply:
    """What a server answered; the body from JSON, where it is JSON."""

    status: int
    headers: http.client.HTTPMessage
    body: Any
    size: int


def names() -> list[str]:
    """All recorded exchanges, as paths below the recordings without the suffix."""
    folders = ("discovery", "exchanges", "mission-example")
    files = [file for folder in folders for file in (RECORDINGS / folder).rglob("*.json")]
    return sorted(str(file.relative_to(RECORDINGS).with_suffix("")) for file in files)


def load(name: str) -> Exchange:
    """One exchange; bodies that were too large to be kept are whole again."""
    found = json.loads((RECORDINGS / f"{name}.json").read_text("utf-8"))
    request, response = _grown(found["request"], found["request"]["path"]), _grown(found["response"], "")
    return Exchange(name, request, response)


def send(exchange: Exchange, port: int, **headers: str) -> Reply:
    """Sends the request to a server on this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        sent = {"Host": "cluster.example:6443", **exchange.request["headers"], "User-Agent": "recorder", **headers}
        connection.request(exchange.request["method"], exchange.path, exchange.body(), sent)
        response = connection.getresponse()
        body = response.read().decode()
        is_json = "application/json" in response.headers.get("Content-Type", "")
        return Reply(response.status, response.headers, json.loads(body) if is_json and body else body, len(body))
    finally:
        connection.close()


def lines(name: str) -> list[dict[str, Any]]:
    """A recorded stream."""
    return [json.loads(line) for line in (RECORDINGS / f"{name}.ndjson").read_text("utf-8").splitlines()]


def first_events(name: str) -> list[dict[str, Any]]:
    """The Job and the ConfigMap of a recorded stream, as they were created."""
    events = [line["event"] for line in lines(name) if line.get("stream") in ("configmaps", "jobs")]
    return [event["object"] for event in events if event["type"] == "ADDED"]


def _grown(value: Any, path: str) -> Any:
    if isinstance(value, dict):
        return {key: _grown(part, path) for key, part in value.items()}
    if isinstance(value, list):
        return [_grown(part, path) for part in value]
    if not isinstance(value, str):
        return value
    if found := _LARGE.fullmatch(value):
        return "x" * int(found[1])
    if found := _LARGE_YAML.fullmatch(value):
        name = path.rsplit("/", 1)[1]
        head = f"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: default\ndata:\n  blob: "
        return f"{head}{'x' * int(found[1])}\n"
    if found := _LARGE_ANNOTATION.fullmatch(value):
        job = load("exchanges/errors/422-negative-ttl").request["body"]
        spec = {**job["spec"], "ttlSecondsAfterFinished": 1800}
        return {**job, "metadata": {**job["metadata"], "annotations": {"a": "x" * int(found[1])}}, "spec": spec}
    return value
