"""Recorded lives of jobs, step by step: what was known about each job after every change that a watch told."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cajajejo import status
from cajajejo.moments import parse_timestamp
from tests.recordings.exchange import RECORDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from cajajejo.status import Evidence, Status

Object = dict[str, Any]
SCENARIOS = RECORDINGS / "scenarios"
REFUSED = "quota-jobs-count"
"""The one scenario without a Job: the API server refused it."""
CONFIG = "jobs/x.yml"
"""The job config that replayed jobs say they were made from."""


def names() -> list[str]:
    """Every scenario in which a job lived."""
    return sorted(path.parent.name for path in SCENARIOS.glob("*/watch.ndjson"))


@dataclass
class Seen:
    """What a watcher has seen so far, objects that are gone among them."""

    kinds: dict[str, dict[str, Object]] = field(default_factory=dict)
    gone: set[tuple[str, str]] = field(default_factory=set)

    def see(self, stream: str, change: str, thing: Object) -> None:
        name = thing["metadata"]["name"]
        self.kinds.setdefault(stream, {})[name] = thing
        if change == "DELETED":
            self.gone.add((stream, name))

    def evidence(self, job: Object, now: datetime) -> Evidence:
        uid = job["metadata"]["uid"]
        claims = self.kinds.get("persistentvolumeclaims", {})
        return status.Evidence(
            job=job,
            now=now,
            pods=[pod for pod in self.kinds.get("pods", {}).values() if _owner(pod) == uid],
            events=list(self.kinds.get("events", {}).values()),
            deleted=("jobs", job["metadata"]["name"]) in self.gone,
            claims=[claim for name, claim in claims.items() if ("persistentvolumeclaims", name) not in self.gone],
        )


@dataclass(frozen=True)
class Step:
    """What was known about one job so many milliseconds after the beginning."""

    milliseconds: int
    job: str
    evidence: Evidence


@lru_cache(maxsize=8)
def steps(scenario: str, *, ours: bool = True) -> tuple[Step, ...]:
    """The steps of a scenario; its jobs are as if cajajejo had made them where `ours`."""
    return tuple(_steps(scenario, ours=ours))


def _steps(scenario: str, *, ours: bool) -> Iterator[Step]:
    seen = Seen()
    for line in (SCENARIOS / scenario / "watch.ndjson").read_text("utf-8").splitlines():
        told = json.loads(line)
        if "event" not in told:
            continue
        thing = told["event"]["object"]
        seen.see(told["stream"], told["event"]["type"], as_ours(thing) if ours and thing["kind"] == "Job" else thing)
        now = parse_timestamp(told["at"])
        assert now is not None
        for name, job in seen.kinds.get("jobs", {}).items():
            yield Step(told["ms"], name, seen.evidence(job, now))


def as_ours(job: Object) -> Object:
    """The Job as if cajajejo had made it."""
    metadata = job["metadata"]
    labels = {**metadata.get("labels", {}), "app.kubernetes.io/managed-by": "cajajejo"}
    return {**job, "metadata": {**metadata, "labels": labels, "annotations": {"cajajejo/config-path": CONFIG}}}


def last(scenario: str) -> Evidence:
    """What was known at the end of a scenario about its last job."""
    return steps(scenario)[-1].evidence


def life(scenario: str) -> str:
    """The lives of the jobs of a scenario as text: a line for each thing a user sees change, then the attempts."""
    told: dict[str, list[str]] = {}
    ends: dict[str, Status] = {}
    for step in steps(scenario):
        found = ends[step.job] = status.of(step.evidence)
        lines = told.setdefault(step.job, [])
        line = f"{found.state:<10} {found.reason or '':<21} {found.message}".rstrip()
        wanted = [line, *([f"{'do':>31}  {found.advice}"] if found.advice else [])]
        if lines[-len(wanted) :] != wanted:
            lines += wanted
    for job, end in ends.items():
        told[job] += [f"exit code {end.exit_code}" if end.exit_code is not None else "no exit code"]
        told[job] += map(_attempt, end.attempts)
    return "\n".join(line for job, lines in told.items() for line in (f"{job}:", *lines)) + "\n"


def _attempt(attempt: status.Attempt) -> str:
    part = "" if attempt.index is None else f" of index {attempt.index}"
    code = "" if attempt.exit_code is None else f", exit code {attempt.exit_code} of {attempt.container}"
    why = f", {attempt.reason}: {attempt.message}" if attempt.reason else ""
    counts = " (counts)" if attempt.counted else ""
    return f"attempt {attempt.number}{part} on {attempt.node}: {attempt.state}{code}{why}{counts}"


def _owner(pod: Object) -> str:
    uid: str = pod["metadata"]["labels"]["batch.kubernetes.io/controller-uid"]
    return uid
