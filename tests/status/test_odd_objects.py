"""Objects that no cluster should show: nothing raises, and nothing that is told can harm a terminal."""

# ruff: noqa: E501  # sentences stand whole

from __future__ import annotations

import dataclasses
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cajajejo import status
from cajajejo.status import Evidence, State
from tests.status import made, replays
from tests.status.made import condition, event, evidence, job, running

HOSTILE = [
    "",
    "\x1b[2J\x1b[31mred",
    "a\nb\r\nc",
    "\u202egnp.exe",
    "\ud800",
    "x" * 1_000_000,
    "0/1 nodes are available: 9999999999999 Insufficient \x07.",
]
ODD: list[Any] = [
    None,
    True,
    -1,
    2**80,
    1.5,
    float("nan"),
    [],
    {},
    [None],
    {"x": {}},
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59Z",
    *HOSTILE,
]


ODD_NODES: list[Any] = [None, [], [None, {"metadata": None}]]


def recorded() -> list[Evidence]:
    """What was known at the end of every scenario, and in the middle of it."""
    found = []
    for name in replays.names():
        steps = [step.evidence for step in replays.steps(name)]
        found += [steps[-1], steps[len(steps) // 2]]
    return found


RECORDED = recorded()


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, part in inner for found in places(part, (*path, key)))]


def mutilated(value: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """`value` with something else at one place."""
    if not path:
        return odd
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[path[0]] = mutilated(value[path[0]], path[1:], odd)
    return changed


@given(data=st.data())
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
def test_recorded_objects_with_something_odd_in_them_raise_nothing(data: st.DataObject) -> None:
    found = data.draw(st.sampled_from(RECORDED))
    changes: dict[str, Any] = {}
    for kind in data.draw(st.lists(st.sampled_from(["job", "pods", "events", "claims"]), min_size=1, max_size=4)):
        value = changes.get(kind, getattr(found, kind))
        value = list(value) if kind != "job" else value
        changes[kind] = mutilated(value, data.draw(st.sampled_from(places(value))), data.draw(st.sampled_from(ODD)))
        if not isinstance(changes[kind], dict if kind == "job" else list):
            changes[kind] = {} if kind == "job" else []
    now = data.draw(st.sampled_from([found.now, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]))
    odd = dataclasses.replace(found, **changes, now=now, nodes=data.draw(st.sampled_from(ODD_NODES)))
    harmless(status.of(odd))
    for entry in status.entries(odd):
        assert (entry.source + entry.subject + entry.text).isprintable()


def harmless(found: status.Status) -> None:
    """Asserts that a status is whole, and that its texts can be shown."""
    assert found.state in State
    for text in texts(found):
        assert text.isprintable()
        assert len(text) <= 8192


def texts(value: Any) -> list[str]:
    """Every text of a value."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, tuple):
        return [text for part in value for text in texts(part)]
    if dataclasses.is_dataclass(value):
        return [text for field in dataclasses.fields(value) for text in texts(getattr(value, field.name))]
    return []


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(
        ["metadata", "spec", "status", "name", "conditions", "type", "reason", "message", "state", "terminated", "waiting", "containers", "containerStatuses", "exitCode", "phase", "labels", "annotations", "policy"]), inner, max_size=6),
    max_leaves=30,
)  # fmt: skip


@given(found=json_values, pods=st.lists(json_values, max_size=3), events=st.lists(json_values, max_size=3))
@settings(max_examples=150, deadline=None)
def test_any_json_at_all_raises_nothing(found: Any, pods: list[Any], events: list[Any]) -> None:
    odd = Evidence(
        found,
        made.NOW,
        pods,
        events,
        workload=found,
        workloads=pods,
        claims=pods,
        quotas=pods,
        nodes=events,
        other_pods=pods,
    )
    harmless(status.of(odd))
    status.entries(odd)


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_shown_without_harm_wherever_they_stand(hostile: str) -> None:
    mine = job(condition("Failed", "True", hostile, hostile))
    mine["metadata"]["name"] = hostile
    mine["metadata"]["annotations"] = dict.fromkeys(
        ("cajajejo/config-path", "cajajejo/submitted-by", "cajajejo/config-version"), hostile
    )
    end = {"exitCode": 1, "reason": hostile, "message": hostile}
    failed = made.pod(
        phase="Failed",
        reason=hostile,
        message=hostile,
        containerStatuses=[{"name": "eval", "state": {"terminated": end}}],
    )
    for thing in (mine, job()):
        for pod in (
            failed,
            made.waits("ErrImagePull", hostile),
            made.unscheduled(hostile),
            made.waits("CreateContainerConfigError", hostile),
        ):
            events = [
                event("FailedCreate", hostile, kind="Job"),
                event("FailedScaleUp", hostile),
                event("FailedMount", hostile),
            ]
            for cancelled in (None, hostile):
                harmless(status.of(evidence(thing, pod, events=events, cancelled=cancelled, last_lines=(hostile,))))
            harmless(status.of(evidence(thing, events=events)))


def test_a_pod_before_its_own_creation_is_still_a_pod() -> None:
    found = status.of(evidence(job(), running(seconds=10_000)))
    assert (found.state, found.message) == (State.RUNNING, "attempt 1 on node-1")


def test_an_empty_job_is_waiting() -> None:
    assert status.of(Evidence({}, made.NOW)).state is State.PENDING


def test_a_deadline_beyond_every_calendar_is_none() -> None:
    found = status.of(evidence(job(spec={"activeDeadlineSeconds": 2**62})))
    assert found.deadline_at is None


def test_a_status_is_cheap_enough_to_be_told_on_every_event() -> None:
    pods = [made.ended(1, suffix=f"p{index}", seconds=index * 700) for index in range(9)]
    pods.append(made.unscheduled("0/6 nodes are available: 6 Insufficient cpu."))
    reasons = ("FailedScheduling", "Pulling", "Created", "Started", "BackOff")
    events = [event(reason, "said", seconds=index) for index in range(20) for reason in reasons]
    found = evidence(job(spec={"backoffLimit": 20}), *pods, events=events)
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        status.of(found)
    finally:
        sys.setprofile(before)
    assert calls < 16_000  # calls and returns of functions, built-in ones among them: less than a millisecond


def test_the_time_of_looking_is_in_no_sentence() -> None:
    for found in RECORDED:
        later = dataclasses.replace(found, now=found.now + timedelta(seconds=100))
        assert status.of(later) == status.of(found)
