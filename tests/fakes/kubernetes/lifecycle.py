"""Lives of Jobs and Pods: recorded ones played into the cluster, step by step, under other names."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.kubernetes import catalogue
from tests.fakes.kubernetes.store import new_uid, now

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from tests.fakes.kubernetes.model import Object, Resource
    from tests.fakes.kubernetes.store import Store

CONTROLLED = ("Job", "Pod", "Event", "PersistentVolumeClaim")
"""Kinds that controllers write."""
_CHANGES = ("ADDED", "MODIFIED", "DELETED")


@dataclass(frozen=True)
class Step:
    """One change of an object, so many milliseconds after the beginning."""

    milliseconds: int
    change: str
    object: Object


@dataclass(frozen=True)
class Scenario:
    """What was recorded of one Job and all that belongs to it."""

    job: str
    namespace: str
    uid: str
    steps: tuple[Step, ...]


def load(file: Path, kinds: Collection[str] = CONTROLLED) -> Scenario:
    """The scenario of a recorded ``watch.ndjson``, or of a directory with one; its first Job is the one it is about.

    Only objects of `kinds` are played: all others are the client's business.
    """
    lines = (file / "watch.ndjson" if file.is_dir() else file).read_text("utf-8").splitlines()
    found = [line for line in map(json.loads, lines) if line.get("event", {}).get("type") in _CHANGES]
    steps = [Step(line["ms"], line["event"]["type"], line["event"]["object"]) for line in found]
    job = next(step.object["metadata"] for step in steps if step.object["kind"] == "Job")
    played = tuple(step for step in steps if step.object["kind"] in kinds)
    return Scenario(job["name"], job["namespace"], job["uid"], played)


class Player:
    """Plays a scenario for a Job of the cluster, or brings the recorded Job where there is none of the name."""

    def __init__(self, store: Store, scenario: Scenario, *, job: str | None = None, namespace: str = "default") -> None:
        self._store = store
        self._scenario = scenario
        self._job = job or scenario.job
        self._namespace = namespace
        live = store.get(catalogue.load().of_kind("Job"), namespace, self._job)
        self._uid = live["metadata"]["uid"] if live else new_uid()
        self._next = 0

    def step(self) -> Step | None:
        """Plays one step; nothing comes back when there is none left."""
        if self._next >= len(self._scenario.steps):
            return None
        step = self._scenario.steps[self._next]
        self._next += 1
        self._make(step.change, self._renamed(step.object))
        return step

    def play(self, *, speed: float = 0.0, until: Callable[[Step], bool] | None = None) -> Player:
        """Plays what is left, without pauses, or with the recorded ones divided by `speed`; `until` ends it early."""
        last = None
        while self._next < len(self._scenario.steps):
            upcoming = self._scenario.steps[self._next]
            if speed and last is not None:
                time.sleep(max(0, upcoming.milliseconds - last) / 1000 / speed)
            last = upcoming.milliseconds
            step = self.step()
            if until is not None and step is not None and until(step):
                break
        return self

    def start(self, *, speed: float = 1.0) -> threading.Thread:
        """Plays in a thread of its own."""
        thread = threading.Thread(target=self.play, kwargs={"speed": speed}, daemon=True)
        thread.start()
        return thread

    def _make(self, change: str, value: Object) -> None:
        resource = catalogue.load().of_object(value)
        metadata = value["metadata"]
        with self._store.changed:
            live = self._store.get(resource, metadata.get("namespace"), metadata["name"])
            if change == "DELETED":
                self._store.remove(resource, metadata.get("namespace"), metadata["name"])
            elif resource.kind == "Job" and live is not None:
                self._advance(resource, live, value)
            else:
                self._store.set(resource, value)

    def _advance(self, resource: Resource, live: Object, value: Object) -> None:
        """The live Job with the recorded status: its spec is what the client has made of it."""
        if value.get("status", {}) == live.get("status", {}):
            return
        entries = value["metadata"].get("managedFields", ())
        own = [entry for entry in live["metadata"].get("managedFields", ()) if "subresource" not in entry]
        status = [{**entry, "time": now()} for entry in entries if "subresource" in entry]
        metadata = {**live["metadata"], "managedFields": sorted([*own, *status], key=_order)}
        self._store.set(resource, {**live, "metadata": metadata, "status": value.get("status", {})})

    def _renamed(self, value: Object) -> Object:
        scenario = self._scenario
        text = json.dumps(value).replace(scenario.uid, self._uid)
        text = re.sub(rf"\b{re.escape(scenario.job)}\b", self._job, text)
        text = text.replace(f'"namespace": "{scenario.namespace}"', f'"namespace": "{self._namespace}"')
        text = text.replace(f"{scenario.namespace}/{self._job}", f"{self._namespace}/{self._job}")
        found: Object = json.loads(text)
        found["metadata"].pop("resourceVersion", None)
        return found


def _order(entry: Object) -> tuple[bool, str, str]:
    """The order of managedFields: appliers first, then by time and name."""
    return entry["operation"] != "Apply", entry.get("time", ""), entry["manager"]
