"""Recorded lives of Jobs, played through the fake cluster, and how each of them ends by its recording alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cajajejo.jobs.followed import Followed
from cajajejo.jobs.subjects import Subjects, uid_of
from cajajejo.status import Status, of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.kubernetes import FakeKubernetes
    from tests.fakes.kubernetes.lifecycle import Player

SCENARIOS = Path(__file__).parents[1] / "recordings" / "kubernetes-1.36" / "scenarios"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def scenarios() -> list[str]:
    """The names of all recorded scenarios with a life to play."""
    return sorted(found.parent.name for found in SCENARIOS.glob("*/watch.ndjson"))


def lines(name: str) -> Iterator[dict[str, Any]]:
    """The recorded changes of a scenario."""
    text = (SCENARIOS / name / "watch.ndjson").read_text("utf-8")
    return (line["event"] for line in map(json.loads, text.splitlines()) if "event" in line)


@cache
def expected(name: str) -> Status:
    """How the first Job of a scenario ends, or stands at last, by everything that was recorded of it."""
    changes = [line for line in lines(name) if line["type"] in {"ADDED", "MODIFIED", "DELETED"}]
    job = next(change["object"] for change in changes if change["object"]["kind"] == "Job")
    followed, subjects = Followed(job), Subjects([job])
    for change in changes:
        thing = change["object"]
        if thing["kind"] == "Job" and uid_of(thing) == uid_of(job) and not followed.has_ended:
            followed.job, followed.deleted = thing, change["type"] == "DELETED"
        elif thing["kind"] == "Pod" and subjects.add_pod(thing) and change["type"] == "DELETED":
            followed.lose_pod(thing, NOW)
        elif thing["kind"] == "Pod" and subjects.add_pod(thing):
            followed.add_pod(thing)
    for change in changes:
        if change["object"]["kind"] == "Event" and subjects.job_of(change["object"]):
            followed.add_event(change["object"])
    return of(followed.evidence(NOW))


def told(status: Status) -> dict[str, Any]:
    """What of a status does not depend on when and how it was looked at."""
    bare = replace(status, uid="", since=None, quotes=(), last_lines=None)
    return {name: getattr(bare, name) for name in ("name", "state", "reason", "message", "exit_code", "attempts", "do")}


@cache
def has_lost_pods(name: str) -> bool:
    """Whether a pod of the first Job went during the recording: how it ended, only a watch can tell."""
    subjects = Subjects([next(line["object"] for line in lines(name) if line["object"]["kind"] == "Job")])
    gone = [line["object"] for line in lines(name) if line["type"] == "DELETED"]
    return any(thing["kind"] == "Pod" and subjects.add_pod(thing) is not None for thing in gone)


def staged(fake: FakeKubernetes, name: str) -> tuple[Player, dict[str, Any]]:
    """A recorded scenario whose Job is there, and the Job; nobody may read what lies around, which was not recorded."""
    for resource in ("nodes", "storageclasses", "resourcequotas"):
        fake.deny("list", resource)
    namespace = expected(name).namespace
    if namespace not in {"default", *(found["metadata"]["name"] for found in fake.objects("Namespace"))}:
        fake.namespace(namespace)
    player = fake.scenario(SCENARIOS / name, namespace=namespace)
    while (step := player.step()) is not None and step.object["kind"] != "Job":
        pass
    assert step is not None
    found = fake.get("Job", step.object["metadata"]["name"], namespace)
    assert found is not None
    return player, found
