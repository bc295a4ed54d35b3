"""Recorded lives of Jobs under the name of a job of ours, as if they had ended some minutes ago."""

from __future__ import annotations

import copy
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests import sending
from tests.jobs.plays import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fakes.kubernetes import FakeKubernetes
    from tests.fakes.kubernetes.lifecycle import Step

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?=(\.\d+)?Z)")


def document(name: str, **annotations: str) -> dict[str, Any]:
    """A Job of ours, as the sending makes it."""
    made = copy.deepcopy(dict(sending.placed().document("Job")))
    told = {"cajajejo/submitted-by": "jasper", **{f"cajajejo/{key}": value for key, value in annotations.items()}}
    made["metadata"]["annotations"].update(told)
    made["metadata"]["name"] = name
    return made


def play(
    fake: FakeKubernetes,
    directory: Path,
    scenario: str,
    name: str,
    *,
    minutes_ago: float = 4.05,
    until: Callable[[Step], bool] | None = None,
    **annotations: str,
) -> None:
    """The life of the first Job of `scenario`, whose last change was so many minutes ago, as that of our job `name`.

    Args:
        fake: the cluster.
        directory: for the recording with other times.
        scenario: the recording.
        name: the name of the job.
        minutes_ago: how long ago the last change was.
        until: ends the life early.
        annotations: those of the job.
    """
    text = (SCENARIOS / scenario / "watch.ndjson").read_text("utf-8")
    events = [line["event"]["object"] for line in map(json.loads, text.splitlines()) if "event" in line]
    last = max(datetime.fromisoformat(f"{found[0]}Z") for found in TIME.finditer(text) for found in [found])
    later = datetime.now(UTC) - timedelta(minutes=minutes_ago) - last

    def shifted(found: re.Match[str]) -> str:
        return (datetime.fromisoformat(f"{found[0]}Z") + later).strftime("%Y-%m-%dT%H:%M:%S")

    file = directory / f"{scenario}.ndjson"
    file.write_text(TIME.sub(shifted, text))
    job = next(found for found in events if found["kind"] == "Job")
    ours = document(name, **annotations)
    ours["metadata"]["creationTimestamp"] = TIME.sub(shifted, job["metadata"]["creationTimestamp"])
    fake.put(ours)
    fake.scenario(file, job=name).play(until=until)
