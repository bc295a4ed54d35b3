"""What the fake Kubernetes API reads from the recorded OpenAPI documents."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from tests.fakes.kubernetes import schema
from tests.fakes.kubernetes.model import Resource

if TYPE_CHECKING:
    from tests.fakes.kubernetes.schema import Schema

JOB: Final = Resource("batch", "v1", "Job", "jobs")
STORAGE_CLASS: Final = Resource("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False)
WORKFLOW: Final = Resource("argoproj.io", "v1alpha1", "Workflow", "workflows", custom=True)


def at(resource: Resource, path: str) -> Schema:
    """The schema at a dotted path; ``[]`` is an item."""
    here = schema.of(resource)
    for name in path.split("."):
        below = here.items if name == "[]" else here.child(name)
        assert below is not None, name
        here = below
    return here


CONTAINER: Final = "spec.template.spec.containers.[]"


def test_references_are_followed() -> None:
    container = at(JOB, CONTAINER)

    assert container.type_name == "io.k8s.api.core.v1.Container"
    assert (container.type, container.required) == ("object", ("name",))
    assert at(JOB, f"{CONTAINER}.resources").default == {}


@pytest.mark.parametrize(
    ("path", "list_type", "keys"),
    [
        ("spec.template.spec.containers", "map", ("name",)),
        (f"{CONTAINER}.ports", "map", ("containerPort", "protocol")),
        (f"{CONTAINER}.args", "atomic", ()),
        ("metadata.finalizers", "set", ()),
    ],
)
def test_a_list_says_how_its_items_are_told_apart(path: str, list_type: str, keys: tuple[str, ...]) -> None:
    assert (at(JOB, path).list_type, at(JOB, path).list_map_keys) == (list_type, keys)


def test_a_list_that_only_says_how_it_is_patched_goes_by_that() -> None:
    keyed = {"type": "array", "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "ip"}
    plain = {"type": "array", "x-kubernetes-patch-strategy": "merge"}

    lists = [schema.Schema(declared, {}) for declared in (keyed, plain)]

    assert [(one.list_type, one.list_map_keys) for one in lists] == [("map", ("ip",)), ("set", ())]


def test_a_map_says_whether_it_is_one() -> None:
    assert at(JOB, "spec.template.spec.nodeSelector").map_type == "atomic"
    assert at(JOB, "metadata.labels").map_type == "granular"


def test_a_volume_says_how_it_is_patched() -> None:
    volumes = at(JOB, "spec.template.spec.volumes")

    assert (volumes.patch_strategy, volumes.patch_merge_key) == (("merge", "retainKeys"), "name")


def test_what_is_not_declared_is_not_there() -> None:
    assert at(JOB, "spec").child("backoffLimits") is None
    assert at(JOB, "spec.backoffLimit").format == "int32"


def test_an_integer_or_a_text_is_told() -> None:
    port = at(JOB, f"{CONTAINER}.livenessProbe.httpGet.port")

    assert (port.type, port.int_or_string) == ("", True)
    assert at(WORKFLOW, "spec.templates.[].container.livenessProbe.httpGet.port").int_or_string


def test_what_preserves_unknown_fields_takes_any() -> None:
    patch = schema.Schema({"type": "object", "x-kubernetes-preserve-unknown-fields": True, "properties": {}}, {})

    assert patch.open
    assert patch.child("anything") is not None


@pytest.mark.parametrize(("resource", "expected"), [(JOB, True), (STORAGE_CLASS, False), (WORKFLOW, False)])
def test_a_kind_says_whether_its_status_is_apart(resource: Resource, *, expected: bool) -> None:
    assert schema.has_status(resource) is expected


@pytest.mark.parametrize(
    ("resource", "message"),
    [
        (Resource("batch", "v1", "Jib", "jibs"), "no schema of batch/v1 Jib"),
        (Resource("example.com", "v1", "Job", "jobs"), "no schema of example.com/v1"),
    ],
)
def test_a_kind_that_was_not_recorded_is_an_error(resource: Resource, message: str) -> None:
    with pytest.raises(LookupError, match=message):
        schema.of(resource)
