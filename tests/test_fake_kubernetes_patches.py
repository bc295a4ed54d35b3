"""Patches of the fake Kubernetes API, held against what a real 1.36 server answered, and against their RFCs."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.fakes.kubernetes import apply, patches
from tests.fakes.kubernetes.model import ApiError, Resource

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object

EXCHANGES: Final = Path(__file__).parent / "recordings" / "kubernetes-1.36" / "exchanges"
JOB: Final = Resource("batch", "v1", "Job", "jobs")
POD: Final = Resource("", "v1", "Pod", "pods")
TRAINJOB: Final = Resource("trainer.kubeflow.org", "v1alpha1", "TrainJob", "trainjobs", custom=True)
JSON, MERGE, STRATEGIC = patches.JSON, patches.MERGE, patches.STRATEGIC


@cache
def exchange(name: str) -> Any:
    return json.loads((EXCHANGES / name).read_text(encoding="utf-8"))


def answer(name: str) -> Object:
    return copy.deepcopy(exchange(name)["response"]["body"])


def patched(live: Object, change: Any, content_type: str = STRATEGIC, resource: Resource = POD) -> Object:
    """The object after the patch; nothing that was given is changed."""
    given = copy.deepcopy((live, change))
    after = patches.patch(resource, live, change, content_type)
    assert (live, change) == given
    return after


def refused(live: Object, change: Any, content_type: str = STRATEGIC, resource: Resource = POD) -> ApiError:
    with pytest.raises(ApiError) as caught:
        patches.patch(resource, live, change, content_type)
    return caught.value


def recorded_patch(name: str, live: Object, resource: Resource) -> Object:
    request = exchange(name)["request"]
    return patched(live, request["body"], request["headers"]["Content-Type"], resource)


def plain(value: Object) -> Object:
    """`value` less what every write changes."""
    changing = ("managedFields", "resourceVersion", "generation")
    metadata = {name: inner for name, inner in value["metadata"].items() if name not in changing}
    return {**value, "metadata": metadata}


@pytest.mark.parametrize(
    ("before", "name"),
    [("create/job.json", "patch/json-patch.json"), ("patch/json-patch.json", "patch/merge-patch.json")],
)
def test_a_patch_gives_the_object_and_its_managers_as_recorded(before: str, name: str) -> None:
    recorded, live = answer(name), answer(before)
    if before == "create/job.json":
        live = with_status(live, recorded)
    time = recorded["metadata"]["managedFields"][-1]["time"]

    after = recorded_patch(name, live, JOB)

    assert plain(after) == plain(recorded)
    assert apply.track(JOB, live, after, manager="recorder", now=time) == recorded["metadata"]["managedFields"]


def with_status(live: Object, recorded: Object) -> Object:
    """`live` after its controller wrote the status that was recorded later."""
    after = {**live, "status": recorded["status"]}
    controller = recorded["metadata"]["managedFields"][1]
    entries = apply.track(JOB, live, after, manager=controller["manager"], now=controller["time"], subresource="status")
    return apply.with_managed(after, entries)


def test_a_failed_test_is_refused_as_recorded() -> None:
    name = "patch/json-patch-test-fails.json"

    error = refused(answer("create/job.json"), exchange(name)["request"]["body"], JSON, JOB)

    assert error.body() == answer(name)


def test_a_strategic_merge_patch_of_a_custom_resource_is_refused_as_recorded() -> None:
    name = "custom-resources/trainjob-strategic-merge-415.json"

    error = refused({}, exchange(name)["request"]["body"], STRATEGIC, TRAINJOB)

    assert error.body() == answer(name)


def test_a_strategic_merge_patch_reaches_into_a_list() -> None:
    """The server refused this one, but only because the template of a Job cannot change."""
    live = answer("apply/09-job-backofflimit-change.json")
    expected = copy.deepcopy(live)
    expected["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/other:2"

    assert recorded_patch("errors/422-immutable-job-template-strategic.json", live, JOB) == expected


def test_an_unknown_kind_of_patch_is_refused() -> None:
    error = refused({}, {}, "application/json")

    known = f"{JSON}, {MERGE}, {STRATEGIC}, application/apply-patch+yaml"
    assert (error.code, error.reason) == (415, "UnsupportedMediaType")
    assert error.message == f"the body of the request was in an unknown format - accepted media types include: {known}"


@pytest.mark.parametrize(
    ("change", "content_type", "message"),
    [
        ({"op": "add"}, JSON, "json: cannot unmarshal object into Go value of type jsonpatch.Patch"),
        ("x", JSON, "json: cannot unmarshal string into Go value of type jsonpatch.Patch"),
        ([5], JSON, "json: cannot unmarshal number into Go value of type jsonpatch.Operation"),
        ("x", MERGE, "Invalid JSON Patch"),
        ([], STRATEGIC, "json: cannot unmarshal array into Go value of type map[string]interface {}"),
        (True, STRATEGIC, "json: cannot unmarshal bool into Go value of type map[string]interface {}"),
    ],
)
def test_a_body_that_is_no_such_patch_is_refused(change: Any, content_type: str, message: str) -> None:
    error = refused({}, change, content_type)

    assert (error.code, error.reason, error.message) == (400, "BadRequest", message)


@pytest.mark.parametrize(
    ("operations", "after"),
    [
        ([{"op": "add", "path": "/b", "value": 1}], {"a": [1, 2], "b": 1}),
        ([{"op": "add", "path": "/a/0", "value": 0}], {"a": [0, 1, 2]}),
        ([{"op": "add", "path": "/a/2", "value": 3}], {"a": [1, 2, 3]}),
        ([{"op": "add", "path": "/a/-", "value": 3}], {"a": [1, 2, 3]}),
        ([{"op": "remove", "path": "/a/0"}], {"a": [2]}),
        ([{"op": "replace", "path": "/a/1", "value": {"x": 1}}], {"a": [1, {"x": 1}]}),
        ([{"op": "replace", "path": "", "value": {"x": 1}}], {"x": 1}),
        ([{"op": "move", "from": "/a/0", "path": "/b"}], {"a": [2], "b": 1}),
        ([{"op": "copy", "from": "/a", "path": "/b"}, {"op": "remove", "path": "/b/0"}], {"a": [1, 2], "b": [2]}),
        ([{"op": "add", "path": "/x~1y~0z", "value": 1}], {"a": [1, 2], "x/y~z": 1}),
        ([{"op": "test", "path": "/a/1", "value": 2}, {"op": "remove", "path": "/a"}], {}),
        ([{"op": "test", "path": "/none", "value": None}], {"a": [1, 2]}),
    ],
)
def test_json_patch_does_as_its_rfc_says(operations: list[Object], after: Object) -> None:
    assert patched({"a": [1, 2]}, operations, JSON) == after


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "add", "path": "/none/x", "value": 1},
        {"op": "add", "path": "/a/3", "value": 1},
        {"op": "add", "path": "/a/x", "value": 1},
        {"op": "add", "path": "/b"},
        {"op": "add", "path": "b", "value": 1},
        {"op": "add", "value": 1},
        {"op": "remove", "path": "/none"},
        {"op": "remove", "path": "/a/2"},
        {"op": "replace", "path": "/none", "value": 1},
        {"op": "replace", "path": "", "value": 1},
        {"op": "replace", "path": "/a/-", "value": 1},
        {"op": "move", "from": "/none", "path": "/b"},
        {"op": "turn", "path": "/a"},
    ],
)
def test_json_patch_refuses_what_cannot_be_done(operation: Object) -> None:
    error = refused({"a": [1, 2]}, [operation], JSON)

    assert (error.code, error.reason, error.details) == (422, "Invalid", {})


@pytest.mark.parametrize(
    ("live", "change", "after"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_merge_patch_does_as_its_rfc_says(live: Object, change: Object, after: Object) -> None:
    """The examples of RFC 7386, Appendix A, whose document and patch are objects."""
    assert patched(live, change, MERGE) == after
