"""What an apply is refused for, in the words of the server, where no recording has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.fakes.kubernetes import apply
from tests.fakes.kubernetes.model import ApiError, Resource

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object

POD: Final = Resource("", "v1", "Pod", "pods")
CONFIGMAP: Final = Resource("", "v1", "ConfigMap", "configmaps")
ACCOUNT: Final = Resource("", "v1", "ServiceAccount", "serviceaccounts")


def refused(resource: Resource, live: Object | None, body: Object) -> ApiError:
    with pytest.raises(ApiError) as caught:
        apply.apply(resource, live, body, manager="one", force=False, now="2026-11-21T12:00:00Z")
    return caught.value


def configmap(**metadata: Any) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", **metadata}}


@pytest.mark.parametrize(
    ("container", "reason"),
    [
        ({"name": "x", "tty": "yes"}, '[name="x"].tty: expected boolean, got &{yes}'),
        ({"name": "x", "tty": {"a": None, "b": 1}}, '[name="x"].tty: expected boolean, got &{map[a:<nil> b:1]}'),
        ({"name": "x", "image": {"a": ["b"]}}, 'Value:map[string]interface {}{"a":[]interface {}{"b"}}}'),
        ({"name": "x", "image": [None, True]}, "Value:[]interface {}{interface {}(nil), true}}"),
        ({"name": "x", "args": "a b"}, '[name="x"].args: expected list, got &{a b}'),
        ({"name": "x", "args": [["a"]]}, '[name="x"].args[0]: expected string, got &value.valueUnstructured{Value:[]'),
        ({"name": "x", "resources": ["a"]}, '[name="x"].resources: expected map, got &{[a]}'),
        ({"name": "x", "ports": [{"containerPort": True}]}, "containerPort: expected numeric (int or float), got bool"),
        ({"name": "x", "env": [{"name": "E"}, {"name": "E"}]}, '.env: duplicate entries for key [name="E"]'),
        ({"name": "x", "env": [None]}, ".env: element 0: associative list with keys may not have a null element"),
        ({"name": "x", "env": ["E"]}, ".env: element 0: associative list with keys may not have non-map elements"),
    ],
)
def test_a_wrong_type_is_told_in_the_words_of_the_server(container: Object, reason: str) -> None:
    metadata = {"name": "a", "namespace": "ns"}
    body = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": [container]}}

    error = refused(POD, None, body)

    assert (error.code, error.reason) == (500, "")
    assert error.message.startswith("failed to create typed patch object (ns/a; /v1, Kind=Pod): .spec.containers")
    assert reason in error.message


@pytest.mark.parametrize(
    ("finalizers", "reason"),
    [
        (["x/a", "x/a"], 'duplicate entries for key [="x/a"]'),
        ([{}], "element 0: associative list without keys has an element that's a map type"),
        ([None], "element 0: associative list without keys has an element that's an explicit null"),
    ],
)
def test_a_set_takes_each_scalar_once(finalizers: list[Any], reason: str) -> None:
    assert refused(CONFIGMAP, None, configmap(finalizers=finalizers)).message.endswith(
        f": .metadata.finalizers: {reason}"
    )


def test_an_item_without_its_key_is_refused_where_the_schema_has_no_default() -> None:
    body = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}, "secrets": [{"namespace": "b"}]}

    error = refused(ACCOUNT, None, body)

    key = 'associative list with keys has an element that omits key field "name" (and doesn\'t have default value)'
    assert error.message.endswith(f": .secrets: element 0: {key}")


@pytest.mark.parametrize(
    ("live", "code", "reason"),
    [
        (configmap(uid="u"), 422, 'metadata.uid: Invalid value: "v": field is immutable'),
        (None, 409, "uid mismatch: the provided object specified uid v, and no existing object was found"),
    ],
)
def test_an_apply_meant_for_another_object_of_the_name_is_refused(live: Object | None, code: int, reason: str) -> None:
    error = refused(CONFIGMAP, live, configmap(uid="v"))

    assert (error.code, error.message.endswith(reason)) == (code, True)
