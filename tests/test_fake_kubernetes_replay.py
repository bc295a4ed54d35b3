"""Every recorded exchange with a Kubernetes 1.36 server is sent to the fake, and the answers are held together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.kubernetes import FakeKubernetes
from tests.fakes.kubernetes.causes import without_dump
from tests.recordings import exchange
from tests.recordings.arrangement import arrange
from tests.recordings.likeness import Likeness

if TYPE_CHECKING:
    from tests.recordings.exchange import Exchange, Reply

NAMES = exchange.names()
FOLDERS = ("discovery", "exchanges", "mission-example")
HEADERS = ("Cache-Control", "Connection", "Content-Type", "Etag", "Retry-After", "Vary", "X-Content-Type-Options")


EQUAL = {"exchanges/field-validation/apply-warn": ("exchanges/field-validation/apply-strict",)}
"""Of two unknown fields the real server names one or both, as it happens: both answers are recorded, either is good."""
DUMPED = "exchanges/errors/422-immutable-job-template"
"""Their messages hold a Go struct with all of its empty fields; compared is what stands around it."""
NOT_REPLAYED: dict[str, str] = {}
"""Recordings that the fake cannot be held against, each with its reason."""


def test_every_recording_is_replayed() -> None:
    files = {path for folder in FOLDERS for path in (exchange.RECORDINGS / folder).rglob("*.json")}
    replayed = {exchange.RECORDINGS / f"{name}.json" for name in [*NAMES, *NOT_REPLAYED]}
    assert files == replayed
    assert len(NAMES) == 269


def comparable(recorded: Exchange, body: Any) -> Any:
    """Discovery with groups and resources by name, as those of custom resources come in any order; no Go structs."""
    if recorded.name.startswith(DUMPED):
        causes = [{**each, "message": without_dump(each["message"])} for each in body["details"]["causes"]]
        return {**body, "message": without_dump(body["message"]), "details": {**body["details"], "causes": causes}}
    if not isinstance(body, dict) or not {"groups", "resources"} & body.keys():
        return body
    lists = {key: sorted(body[key], key=lambda each: each["name"]) for key in ("groups", "resources") if key in body}
    return {**body, **lists}


def differences(recorded: Exchange, reply: Reply) -> list[str]:
    response = recorded.response
    sent = recorded.request["body"]
    generated = isinstance(sent, dict) and "generateName" in sent.get("metadata", {})
    found = Likeness(generated_name=generated)
    found.compare(response["status"], reply.status, "status")
    if response["body"] == {"omitted": True, "bytes": 4032}:
        found.compare(4032, reply.size, "bytes")
    else:
        found.compare(comparable(recorded, response["body"]), comparable(recorded, reply.body))
    for name in HEADERS:
        found.compare(response["headers"].get(name), reply.headers.get(name), f"header {name}")
    warnings = ", ".join(reply.headers.get_all("Warning", [])) or None
    found.compare(response["headers"].get("Warning"), warnings, "header Warning")
    return found.differences


@pytest.mark.parametrize("name", NAMES)
def test_fake_answers_as_the_recorded_server(name: str) -> None:
    recorded = exchange.load(name)
    with FakeKubernetes() as cluster:
        identity = arrange(cluster, recorded)
        reply = exchange.send(recorded, cluster.port, **identity)
    answers = [recorded, *(exchange.load(other) for other in EQUAL.get(name, ()))]
    found = [differences(each, reply) for each in answers]
    assert [] in found, found
