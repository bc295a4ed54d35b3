"""Server-side apply of the fake Kubernetes API, held against what a real 1.36 server answered, and worked by hand."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from tests.fakes.kubernetes import apply, defaults, fields, managers
from tests.fakes.kubernetes.model import ApiError, Resource

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object

EXCHANGES: Final = Path(__file__).parent / "recordings" / "kubernetes-1.36" / "exchanges"
LATER: Final = "2026-11-22T00:00:00Z"
RESOURCES: Final = {
    resource.plural: resource
    for resource in (
        Resource("", "v1", "ConfigMap", "configmaps"),
        Resource("batch", "v1", "Job", "jobs"),
        Resource("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False),
        Resource("kubeflow.org", "v1", "TFJob", "tfjobs", custom=True),
    )
}
CONFIGMAP, JOB = RESOURCES["configmaps"], RESOURCES["jobs"]
HISTORY: Final = ("create/storageclass.json", *sorted(f"apply/{path.name}" for path in EXCHANGES.glob("apply/*.json")))
GENERATED: Final = ("uid", "creationTimestamp", "resourceVersion", "generation", "managedFields")


@cache
def exchange(name: str) -> Any:
    return json.loads((EXCHANGES / name).read_text(encoding="utf-8"))


def answer(name: str) -> Object:
    return copy.deepcopy(exchange(name)["response"]["body"])


def sent(name: str) -> Object:
    body = exchange(name)["request"]["body"]
    loaded: Object = yaml.safe_load(body) if isinstance(body, str) else copy.deepcopy(body)
    return loaded


def resource_of(name: str) -> Resource:
    parts = exchange(name)["request"]["path"].split("/")
    return next(RESOURCES[part] for part in reversed(parts) if part in RESOURCES)


def before(name: str) -> Object | None:
    """The object that `name`, of the numbered history, met."""
    path, found = exchange(name)["request"]["path"], None
    for earlier in HISTORY[: HISTORY.index(name)]:
        request, response = exchange(earlier)["request"], exchange(earlier)["response"]
        at = request["path"] + ("" if request["method"] == "PATCH" else f"/{answer(earlier)['metadata'].get('name')}")
        if at == path and response["status"] < 300 and "dryRun" not in request["query"]:
            found = answer(earlier)
    return suspended(found) if name == "apply/02-job-same-again.json" and found else found


def suspended(job: Object) -> Object:
    """`job` after its controller wrote the status."""
    after = {**job, "status": answer("apply/02-job-same-again.json")["status"]}
    entries = apply.track(JOB, job, after, manager="kube-controller-manager", now=clock(after), subresource="status")
    return apply.with_managed(after, entries)


def clock(value: Object) -> str:
    """When the first manager of `value` wrote."""
    return str(value["metadata"]["managedFields"][0].get("time", value["metadata"]["creationTimestamp"]))


def run(name: str, live: Object | None, *, now: str = LATER) -> Object:
    query = exchange(name)["request"]["query"]
    force = query.get("force") == "true"
    return apply.apply(resource_of(name), live, sent(name), manager=query["fieldManager"], force=force, now=now)


def refusal(name: str, live: Object | None = None, body: Object | None = None) -> Object:
    manager = exchange(name)["request"]["query"]["fieldManager"]
    with pytest.raises(ApiError) as caught:
        apply.apply(resource_of(name), live, body or sent(name), manager=manager, force=False, now=LATER)
    return caught.value.body()


def comparable(resource: Resource, value: Object, uid: str) -> Object:
    """`value` with all defaults, and less what is different each time."""
    filled = defaults.fill(resource, apply.with_managed({**value, "metadata": {**value["metadata"], "uid": uid}}, []))
    kept = {name: inner for name, inner in filled["metadata"].items() if name not in GENERATED}
    return {**filled, "metadata": kept}


@pytest.mark.parametrize("name", [name for name in HISTORY if exchange(name)["response"]["status"] in {200, 201}][1:])
def test_apply_gives_the_object_and_its_managers_as_recorded(name: str) -> None:
    live, recorded, resource = before(name), answer(name), resource_of(name)
    unchanged = live is not None and comparable(resource, live, "u") == comparable(resource, recorded, "u")

    applied = run(name, live, now=LATER if unchanged else clock(recorded))

    assert applied["metadata"]["managedFields"] == recorded["metadata"]["managedFields"]
    uid = recorded["metadata"]["uid"]
    assert comparable(resource, applied, uid) == comparable(resource, recorded, uid)


@pytest.mark.parametrize("name", [name for name in HISTORY if exchange(name)["response"]["status"] == 409])
def test_apply_is_refused_with_the_recorded_conflicts(name: str) -> None:
    assert refusal(name, before(name)) == answer(name)


def test_the_same_apply_again_leaves_the_very_object() -> None:
    live = before("apply/02-job-same-again.json")

    assert run("apply/02-job-same-again.json", live) is live


def test_apply_of_what_is_there_already_has_no_time() -> None:
    created, name = answer("errors/201-configmap-exactly-1-mib.json"), "errors/200-configmap-exactly-1-mib-apply.json"
    recorded = answer(name)
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "big"}, "data": created["data"]}

    applied = apply.apply(CONFIGMAP, created, body, manager="example", force=False, now=LATER)

    assert applied["metadata"]["managedFields"] == recorded["metadata"]["managedFields"]


def test_apply_adds_an_owner_to_an_object_that_was_created() -> None:
    name = "gc/apply-owner-reference.json"
    recorded = answer(name)
    created = {**recorded, "metadata": {**recorded["metadata"]}}
    del created["metadata"]["ownerReferences"], created["metadata"]["managedFields"]
    live = apply.with_managed(created, apply.track(CONFIGMAP, None, created, manager="recorder", now=clock(recorded)))

    assert run(name, live, now=clock(recorded)) == recorded


def test_a_custom_resource_is_applied_by_its_schema() -> None:
    name = "custom-resources/tfjob-apply-create.json"
    recorded = answer(name)

    applied = run(name, None, now=clock(recorded))

    assert applied["metadata"]["managedFields"] == recorded["metadata"]["managedFields"]
    assert comparable(resource_of(name), applied, "u") == comparable(resource_of(name), recorded, "u")


@pytest.mark.parametrize(
    "name",
    [
        "custom-resources/tfjob-apply-unknown-field-strict.json",
        "custom-resources/tfjob-apply-unknown-field-warn.json",
        "custom-resources/tfjob-apply-wrong-type.json",
        "errors/500-apply-configmap-data-int.json",
        "errors/500-apply-wrong-type-env-int.json",
        "field-validation/apply-strict.json",
    ],
)
def test_what_the_schema_does_not_allow_is_refused_as_recorded(name: str) -> None:
    assert refusal(name) == answer(name)


def test_unknown_fields_are_told_up_to_the_first_of_each_map() -> None:
    """The server goes through a map in no order: this recording went through the template first."""
    name = "field-validation/apply-warn.json"
    body = sent(name)
    body["spec"] = dict(reversed(body["spec"].items()))

    assert refusal(name, body=body) == answer(name)


@pytest.mark.parametrize(
    "name",
    [
        "errors/400-apply-managed-fields-set.json",
        "errors/400-apply-no-kind.json",
        "errors/409-apply-stale-resource-version.json",
    ],
)
def test_an_apply_that_cannot_be_meant_is_refused_as_recorded(name: str) -> None:
    assert refusal(name, answer("apply/09-job-backofflimit-change.json")) == answer(name)


def created_by(name: str) -> bool:
    request, body = exchange(name)["request"], exchange(name)["response"]["body"]
    plural = request["path"].rpartition("/")[2]
    kind = body.get("kind") if isinstance(body, dict) else None
    return request["method"] == "POST" and plural in RESOURCES and kind == RESOURCES[plural].kind


@pytest.mark.parametrize(
    "name",
    sorted(
        f"{path.parent.name}/{path.name}"
        for folder in ("create", "custom-resources", "errors", "field-validation", "gc")
        for path in (EXCHANGES / folder).glob("*.json")
        if created_by(f"{folder}/{path.name}")
    ),
)
def test_who_creates_an_object_owns_what_was_sent_and_the_defaults(name: str) -> None:
    resource, entries = resource_of(name), answer(name)["metadata"]["managedFields"]
    after = without_unknown(defaults.with_defaults(resource, sent(name)), answer(name))

    tracked = apply.track(resource, None, after, manager=entries[0]["manager"], now=entries[0]["time"])

    assert tracked == entries


def without_unknown(value: Any, recorded: Any) -> Any:
    """`value` less the fields that the server dropped, which are not in `recorded`."""
    if isinstance(value, list) and isinstance(recorded, list):
        return [without_unknown(*pair) for pair in zip(value, recorded, strict=True)]
    if not isinstance(value, dict) or not isinstance(recorded, dict):
        return value
    return {key: without_unknown(inner, recorded[key]) for key, inner in value.items() if key in recorded}


def test_who_updates_an_object_owns_what_is_new() -> None:
    live, name = answer("create/configmap.json"), "update/configmap-put-without-resource-version.json"
    recorded = answer(name)
    time = recorded["metadata"]["managedFields"][1]["time"]

    tracked = apply.track(CONFIGMAP, live, sent(name), manager="updater", now=time)

    assert tracked == recorded["metadata"]["managedFields"]


def test_an_update_that_changes_nothing_leaves_the_managers() -> None:
    name = "update/configmap-put-no-change.json"
    live = answer("update/configmap-put-without-resource-version.json")

    tracked = apply.track(CONFIGMAP, live, sent(name), manager="updater", now=LATER)

    assert tracked == answer(name)["metadata"]["managedFields"]


def entries_of(path: Path) -> list[Object]:
    body = json.loads(path.read_text(encoding="utf-8"))["response"]["body"]
    found: list[Object] = body.get("metadata", {}).get("managedFields", []) if isinstance(body, dict) else []
    return found


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(EXCHANGES.glob("*/*.json")) if entries_of(path)],
    ids=lambda path: f"{path.parent.name}/{path.stem}",
)
def test_managed_fields_are_read_and_written_without_a_loss(path: Path) -> None:
    entries = entries_of(path)
    trees = [entry["fieldsV1"] for entry in entries]

    assert json.dumps([fields.encode(fields.decode(tree)) for tree in trees]) == json.dumps(trees)
    assert managers.write(managers.read(entries)) == entries
