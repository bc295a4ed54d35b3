"""Jobs and pods with values of other types than the API has: to what follows, reads and ends them they are missing."""

from __future__ import annotations

from typing import Any

import pytest

from cajajejo import sameness
from cajajejo.logs import Wanted
from cajajejo.logs.following import Sight
from cajajejo.logs.speakers import containers_of, replica_of, speakers_of, uncounted

ODD: tuple[Any, ...] = (None, 0, 1.5, True, "text", [], {}, ["text"], [None], [[]], {"key": None})
ENDED = {"type": "Complete", "status": "True", "reason": "CompletionsReached", "message": "Reached completions"}
JOB_PLACES = ("status", "status.conditions", "status.failed", "spec.template", "spec.template.spec")
POD_PLACES = ("status", "status.phase", "status.containerStatuses", "metadata.labels", "metadata.creationTimestamp")
CONTAINER_PLACES = ("restartCount", "state", "lastState", "state.terminated", "state.terminated.startedAt")


def job() -> dict[str, Any]:
    spec = {"template": {"spec": {"containers": [{"name": "eval"}]}}}
    status = {"conditions": [ENDED], "failed": 1}
    return {"metadata": {"name": "eval-a", "uid": "u"}, "spec": spec, "status": status}


def pod() -> dict[str, Any]:
    terminated = {"startedAt": "2026-11-21T14:02:11Z", "exitCode": 0}
    status = {"name": "eval", "restartCount": 0, "state": {"terminated": terminated}, "lastState": {}}
    metadata = {"name": "eval-a-abcde", "namespace": "default", "uid": "p", "labels": {}}
    return {"metadata": metadata, "status": {"phase": "Succeeded", "containerStatuses": [status]}}


def put(thing: dict[str, Any], place: str, value: object) -> dict[str, Any]:
    *path, last = place.split(".")
    inside = thing
    for key in path:
        inside = inside[key]
    inside[last] = value
    return thing


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("place", ["status", "status.conditions"])
def test_a_job_without_readable_conditions_goes_on(place: str, value: object) -> None:
    found = put(job(), place, value)
    assert sameness.state(found).kind == "active"
    assert not Sight(found, []).is_end


@pytest.mark.parametrize("value", ODD, ids=repr)
def test_why_a_job_ended_is_told_by_text_only(value: object) -> None:
    found = put(job(), "status.conditions", [{**ENDED, "message": value}, value])
    assert sameness.state(found).why in {"CompletionsReached", "CompletionsReached: text"}
    assert Sight(found, []).is_end


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("place", JOB_PLACES)
def test_the_containers_and_lost_pods_of_a_job(place: str, value: object) -> None:
    found = put(job(), place, value)
    assert containers_of(found, Wanted()) in {("eval",), ()}
    assert len(uncounted(found, [], {})) <= 1


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("place", POD_PLACES)
def test_the_speakers_of_a_pod(place: str, value: object) -> None:
    found = put(pod(), place, value)
    speakers, lost = speakers_of(found, ["eval"], Wanted())
    assert len(speakers) <= 1
    assert lost == []
    assert replica_of(found) == ""


@pytest.mark.parametrize("value", ODD, ids=repr)
@pytest.mark.parametrize("place", CONTAINER_PLACES)
def test_the_speakers_of_a_container(place: str, value: object) -> None:
    found = pod()
    put(found["status"]["containerStatuses"][0], place, value)
    speakers, _ = speakers_of(found, ["eval"], Wanted())
    assert [speaker.instance.container for speaker in speakers] == ["eval"]
