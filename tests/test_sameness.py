"""Objects as they are on a cluster against what was to be sent: what counts as the same, and what differs where."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from cajajejo import sameness
from cajajejo.sameness import JobState
from tests import sending
from tests.fakes.kubernetes import catalogue, defaults


def condition(kind: str, status: str = "True", **more: str) -> dict[str, str]:
    return {"type": kind, "status": status, **more}


STATES: dict[str, tuple[list[dict[str, str]], JobState]] = {
    "no condition": ([], JobState("active", "2026-11-21T14:00:00Z")),
    "suspended": ([condition("Suspended")], JobState("active", "2026-11-21T14:00:00Z")),
    "not failed yet": ([condition("FailureTarget")], JobState("active", "2026-11-21T14:00:00Z")),
    "no longer failed": ([condition("Failed", "False")], JobState("active", "2026-11-21T14:00:00Z")),
    "complete": (
        [condition("SuccessCriteriaMet"), condition("Complete", lastTransitionTime="2026-11-21T15:00:00Z")],
        JobState("complete", "2026-11-21T15:00:00Z"),
    ),
    "failed": (
        [condition("Failed", lastTransitionTime="2026-11-21T15:00:00Z", reason="DeadlineExceeded", message="too long")],
        JobState("failed", "2026-11-21T15:00:00Z", "DeadlineExceeded: too long"),
    ),
    "failed without words": ([condition("Failed")], JobState("failed")),
}


@pytest.mark.parametrize("case", STATES)
def test_the_state_of_a_job_is_told_by_its_conditions(case: str) -> None:
    conditions, expected = STATES[case]
    job = {"metadata": {"creationTimestamp": "2026-11-21T14:00:00Z"}, "status": {"conditions": conditions}}
    assert sameness.state(job) == expected


@pytest.mark.parametrize("status", [{}, {"status": None}, {"status": {"conditions": None, "active": 1}}])
def test_a_job_without_conditions_is_active(status: dict[str, Any]) -> None:
    assert sameness.state({"metadata": {}, **status}) == JobState("active")


@pytest.mark.parametrize("kind", ["Job", "ConfigMap", "StorageClass"])
def test_what_a_server_adds_makes_no_difference(kind: str) -> None:
    wanted = sending.placed().document(kind)
    live = defaults.fill(catalogue.load().of_object(wanted), copy.deepcopy(wanted))
    live["metadata"] |= {"uid": "u", "resourceVersion": "7", "managedFields": [{}], "ownerReferences": [{"uid": "x"}]}
    assert sameness.differences(live, wanted) == []
    assert sameness.projected(live, wanted) == wanted


EQUAL: dict[str, tuple[Any, Any]] = {
    "more keys": ({"a": 1, "b": 2}, {"a": 1}),
    "a quantity in other words": ({"cpu": "1"}, {"cpu": "1000m"}),
    "a quantity as a number": ({"cpu": "4"}, {"cpu": 4}),
    "the same memory": ({"memory": "1Gi"}, {"memory": "1024Mi"}),
    "what is empty is left out": ({}, {"a": None, "b": [], "c": ""}),
    "an empty mapping is left out": ({}, {"a": {}}),
    "items by name, in another order": (
        {"env": [{"name": "B", "value": "2"}, {"name": "A", "value": "1"}, {"name": "C"}]},
        {"env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]},
    ),
    "values in order": ({"args": ["a", "b"]}, {"args": ["a", "b"]}),
}


@pytest.mark.parametrize("case", EQUAL)
def test_one_that_holds_all_that_is_wanted_is_the_same(case: str) -> None:
    live, wanted = EQUAL[case]
    assert sameness.holds(live, wanted)
    assert sameness.differences(live, wanted) == []


DIFFERENT: dict[str, tuple[Any, Any, list[str]]] = {
    "a value": ({"a": {"b": "x"}}, {"a": {"b": "k"}}, ["a.b: x, not k"]),
    "a key is missing": ({"a": {}}, {"a": {"b": "k"}}, ["a.b: not there, not k"]),
    "another quantity": ({"cpu": "1"}, {"cpu": "2"}, ['cpu: "1", not "2"']),
    "true is no number": ({"a": True}, {"a": "true"}, ['a: true, not "true"']),
    "fewer items": ({"a": ["x"]}, {"a": ["x", "k"]}, ["a: a list, not a list"]),
    "an item in its place": ({"a": ["x", "z"]}, {"a": ["x", "k"]}, ["a[1]: z, not k"]),
    "a named item is missing": (
        {"env": [{"name": "A"}, {"name": "C"}]},
        {"env": [{"name": "A"}, {"name": "B"}]},
        ["env[1].name: not there, not B"],
    ),
    "several": ({"a": 1, "b": 2}, {"a": 3, "b": 4}, ["a: 1, not 3", "b: 2, not 4"]),
    "text of several lines": ({"a": "x\nk\n"}, {"a": "x\nz\nw\n"}, ["a: line 2: k, not z"]),
    "text that goes on": ({"a": "x\n"}, {"a": "x\nk\n"}, ["a: line 2: not there, not k"]),
    "only the last line ends otherwise": ({"a": "x\nk"}, {"a": "x\nk\n"}, ['a: line 1: x k, not "x k "']),
    "control characters": ({"a": "\x1b[2J"}, {"a": "x"}, [r'a: "\u001b[2J", not x']),
    "a mapping in place of a value": ({"a": {"b": 1}}, {"a": "x"}, ["a: a mapping, not x"]),
}


@pytest.mark.parametrize("case", DIFFERENT)
def test_what_differs_is_named_with_both_values(case: str) -> None:
    live, wanted, expected = DIFFERENT[case]
    assert sameness.differences(live, wanted) == expected
    assert not sameness.holds(live, wanted)


def test_a_projection_speaks_of_what_is_wanted_in_its_own_words() -> None:
    live = {"cpu": "1", "more": 1, "env": [{"name": "B"}, {"name": "A", "value": "1"}], "args": ["x"]}
    wanted = {"cpu": "1000m", "env": [{"name": "A", "value": "2"}], "args": ["x", "y"], "missing": 1}
    assert sameness.projected(live, wanted) == {"cpu": "1000m", "env": [{"name": "A", "value": "1"}], "args": ["x"]}


@pytest.mark.parametrize("place", ["command", "image", "memory"])
def test_a_job_that_does_something_else_is_not_the_same(place: str) -> None:
    wanted = sending.placed().document("Job")
    live = copy.deepcopy(wanted)
    container = live["spec"]["template"]["spec"]["containers"][0]
    if place == "memory":
        container["resources"]["limits"]["memory"] = "1Gi"
    else:
        container[place] = ["sh"] if place == "command" else "registry.example/other:1"
    assert not sameness.holds(live, wanted)
