"""Who owns what, and what an apply leaves of it, worked by hand where no recording tells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.kubernetes import apply, fields, managers, schema, structured_merge
from tests.fakes.kubernetes.model import ApiError, Resource

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object

POD: Final = Resource("", "v1", "Pod", "pods")
CONFIGMAP: Final = Resource("", "v1", "ConfigMap", "configmaps")
WORKFLOW: Final = Resource("argoproj.io", "v1alpha1", "Workflow", "workflows", custom=True)
NOON, LATER = "2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z"


def pod(*containers: Object, **metadata: Any) -> Object:
    spec = {"spec": {"containers": list(containers)}} if containers else {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", **metadata}, **spec}


def configmap(data: dict[str, str] | None = None, **metadata: Any) -> Object:
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", **metadata}}
    return body if data is None else {**body, "data": data}


def applied(live: Object | None, body: Object, manager: str = "one", *, force: bool = False) -> Object:
    resource = POD if body["kind"] == "Pod" else CONFIGMAP
    return apply.apply(resource, live, body, manager=manager, force=force, now=NOON)


def refused(live: Object | None, body: Object, manager: str = "one") -> ApiError:
    with pytest.raises(ApiError) as caught:
        applied(live, body, manager)
    return caught.value


def owned(value: Object) -> dict[str, Object]:
    return {entry["manager"]: entry["fieldsV1"] for entry in value["metadata"]["managedFields"]}


def names(value: Object) -> list[str]:
    return [container["name"] for container in value["spec"]["containers"]]


def test_an_item_of_a_keyed_list_that_is_no_longer_applied_goes() -> None:
    live = applied(None, pod({"name": "x", "image": "1"}, {"name": "y", "image": "1"}))

    assert names(applied(live, pod({"name": "y", "image": "1"}))) == ["y"]


def test_an_item_that_another_manager_owns_too_stays() -> None:
    live = applied(
        applied(None, pod({"name": "x", "image": "1"}, {"name": "y"})), pod({"name": "x", "tty": True}), "two"
    )

    left = applied(live, pod({"name": "y"}))

    assert left["spec"]["containers"] == [{"name": "x", "tty": True}, {"name": "y"}]


def test_what_nobody_owns_stays_beside_what_goes() -> None:
    live = applied(None, configmap({"mine": "1"}, labels={"mine": "1"}))
    live["data"] = {**live["data"], "stray": "2"}

    left = applied(live, configmap({"other": "1"}))

    assert left["data"] == {"stray": "2", "other": "1"}
    assert "labels" not in left["metadata"]


def test_a_manager_that_applies_nothing_any_more_is_gone() -> None:
    live = applied(applied(None, configmap({"a": "1"})), configmap({"b": "1"}), "two")

    left = applied(live, configmap())

    assert left["data"] == {"b": "1"}
    assert list(owned(left)) == ["two"]


@pytest.mark.parametrize(
    ("live", "order", "merged"),
    [
        ("a b c", "c a", "b c a"),
        ("a b", "b a", "b a"),
        ("a b", "c", "a b c"),
        ("a x b", "b new a", "x b new a"),
        ("x a", "a", "x a"),
    ],
)
def test_items_come_in_the_order_that_is_applied(live: str, order: str, merged: str) -> None:
    start = applied(None, pod(*({"name": name, "image": "1"} for name in live.split())), "two")

    after = applied(start, pod(*({"name": name, "image": "1"} for name in order.split())))

    assert names(after) == merged.split()


def test_a_set_is_shared_item_by_item() -> None:
    live = applied(applied(None, configmap(finalizers=["x/a"])), configmap(finalizers=["x/b"]), "two")

    assert live["metadata"]["finalizers"] == ["x/a", "x/b"]
    assert owned(live)["two"] == {"f:metadata": {"f:finalizers": {'v:"x/b"': {}}}}
    assert applied(live, configmap())["metadata"]["finalizers"] == ["x/b"]


def test_a_key_that_is_left_out_has_its_default() -> None:
    container = {"name": "x", "ports": [{"containerPort": 80}, {"containerPort": 80, "protocol": "UDP"}]}
    ports = owned(applied(None, pod(container)))["one"]["f:spec"]["f:containers"]['k:{"name":"x"}']["f:ports"]

    assert list(ports) == ['k:{"containerPort":80,"protocol":"TCP"}', 'k:{"containerPort":80,"protocol":"UDP"}']


def test_conflicts_are_told_by_manager_and_from_the_outer_fields_to_the_inner_ones() -> None:
    body = pod({"name": "x", "image": "1", "env": [{"name": "E", "value": "1"}]}, labels={"z": "1"})
    live = applied(applied(None, body, "two"), body, "one")
    body = pod({"name": "x", "image": "2", "env": [{"name": "E", "value": "2"}]}, labels={"z": "2"})

    error = refused(live, body, "three")

    paths = [
        ".metadata.labels.z",
        '.spec.containers[name="x"].image',
        '.spec.containers[name="x"].env[name="E"].value',
    ]
    listed = "\n".join(f"- {path}" for path in paths)
    blocks = "\n".join(f'conflicts with "{manager}":\n{listed}' for manager in ("one", "two"))
    assert error.message == f"Apply failed with 6 conflicts: {blocks}"
    assert [cause["field"] for cause in (error.details or {})["causes"]] == paths * 2


def test_a_conflict_with_a_subresource_says_so() -> None:
    live = pod()
    after = {**live, "status": {"phase": "Running"}}
    entries = apply.track(POD, live, after, manager="kubelet", now=NOON, subresource="status")
    body = {**pod(), "status": {"phase": "Failed"}}

    with pytest.raises(ApiError) as caught:
        apply.apply(
            POD,
            apply.with_managed(after, entries),
            body,
            manager="one",
            force=False,
            now=NOON,
            subresource="status",
        )

    about = 'conflict with "kubelet" with subresource "status" using v1: .status.phase'
    assert caught.value.message == f"Apply failed with 1 conflict: {about}"


def test_status_is_not_applied_with_the_rest() -> None:
    live = {**pod(), "status": {"phase": "Running"}}

    after = applied(live, {**pod(labels={"a": "b"}), "status": {"phase": "Failed"}})

    assert after["status"] == {"phase": "Running"}
    assert owned(after)["one"] == {"f:metadata": {"f:labels": {"f:a": {}}}}


def test_status_of_a_kind_without_the_subresource_is_a_field_like_any_other() -> None:
    body = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": "a"},
        "spec": {},
        "status": {"phase": "Running"},
    }

    after = apply.apply(WORKFLOW, None, body, manager="one", force=False, now=NOON)

    assert after["status"] == {"phase": "Running"}
    assert owned(after)["one"] == {"f:spec": {}, "f:status": {"f:phase": {}}}


def test_force_takes_the_field_from_whoever_updated_it() -> None:
    created = configmap({"a": "1"})
    live = apply.with_managed(created, apply.track(CONFIGMAP, None, created, manager="poster", now=NOON))

    after = applied(live, configmap({"a": "2"}), force=True)

    assert owned(after) == {"one": {"f:data": {"f:a": {}}}, "poster": {"f:data": {}}}


def test_what_was_there_before_anybody_was_noted_conflicts_by_that_name() -> None:
    error = refused(configmap({"a": "1"}), configmap({"a": "2"}))

    assert error.message == 'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.a'


def test_who_updates_takes_what_changed_and_drops_what_is_gone() -> None:
    live = applied(None, configmap({"a": "1", "b": "1", "c": "1"}))
    after = apply.with_managed({**live, "data": {"a": "2", "c": "1"}}, [])

    tracked = managers.read(apply.track(CONFIGMAP, live, after, manager="two", now=LATER))

    assert {who.name: (share.owned, share.time) for who, share in tracked.items()} == {
        "one": (frozenset({("f:data", "f:c")}), NOON),
        "two": (frozenset({("f:data", "f:a")}), LATER),
    }


def test_a_client_may_empty_the_managed_fields() -> None:
    live = applied(None, configmap({"a": "1"}))

    assert apply.track(CONFIGMAP, live, apply.with_managed(live, [{}]), manager="two", now=LATER) == []


def test_several_entries_of_one_key_are_owned_as_one() -> None:
    """POST takes them with a warning, apply refuses them."""
    created = pod({"name": "x", "env": [{"name": "E", "value": "1"}, {"name": "E", "value": "2"}]})
    live = apply.with_managed(created, apply.track(POD, None, created, manager="poster", now=NOON))
    shared = owned(live)["poster"]["f:spec"]["f:containers"]['k:{"name":"x"}']["f:env"]
    assert shared == {".": {}, 'k:{"name":"E"}': {}}

    kept = applied(live, pod({"name": "x", "env": [{"name": "F", "value": "3"}]}), "two")
    assert [one["value"] for one in kept["spec"]["containers"][0]["env"]] == ["1", "2", "3"]

    moved = applied(kept, pod({"name": "x", "env": [{"name": "G", "value": "4"}]}), "two")
    assert [one["value"] for one in moved["spec"]["containers"][0]["env"]] == ["1", "2", "4"]

    changed = applied(live, pod({"name": "x", "env": [{"name": "E", "value": "3"}]}), "two", force=True)
    assert changed["spec"]["containers"][0]["env"] == [{"name": "E", "value": "3"}]


def test_the_server_keeps_what_only_it_writes() -> None:
    live = configmap({"a": "1"}, uid="u", creationTimestamp=NOON, resourceVersion="7")

    after = applied(live, configmap({"b": "1"}, creationTimestamp=LATER, resourceVersion="7"), "one")

    kept = {name: after["metadata"][name] for name in ("uid", "creationTimestamp", "resourceVersion")}
    assert kept == {"uid": "u", "creationTimestamp": NOON, "resourceVersion": "7"}


def test_a_null_is_owned_but_not_there() -> None:
    body = pod({"name": "x", "image": "1", "resources": None}, labels=None)

    live = applied(None, body)

    assert live["spec"]["containers"] == [{"name": "x", "image": "1"}]
    assert "labels" not in live["metadata"]
    assert owned(live)["one"]["f:metadata"] == {"f:labels": {}}
    assert applied(live, body) is live
    assert "two" in owned(applied(live, body, "two"))


def test_a_map_that_loses_its_last_key_goes_and_what_is_one_whole_stays() -> None:
    value = pod(labels={"a": "1"}) | {"spec": {"nodeSelector": {"a": "1"}}}
    gone = frozenset({("f:metadata", "f:labels", "f:a"), ("f:spec", "f:nodeSelector", "f:a")})

    left = structured_merge.without(schema.of(POD), value, gone)

    assert left == pod() | {"spec": {"nodeSelector": {"a": "1"}}}


DATA: Final = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12"), max_size=4)


@given(st.lists(st.tuples(st.sampled_from(["one", "two", "three"]), DATA), min_size=1, max_size=6))
def test_a_key_is_there_as_long_as_someone_applies_it(history: list[tuple[str, dict[str, str]]]) -> None:
    """The data is what the last appliers of each key say, and an apply again changes nothing."""
    live: Object | None = None
    wanted: dict[str, dict[str, str]] = {}
    for manager, data in history:
        wanted = {
            name: {key: kept[key] for key in kept if data.get(key, kept[key]) == kept[key]}
            for name, kept in wanted.items()
        }
        wanted[manager] = data
        live = applied(live, configmap(data or None), manager, force=True)
        assert applied(live, configmap(data or None), manager) is live
        expected: dict[str, str] = {}
        for kept in wanted.values():
            expected |= kept
        assert (live.get("data") or {}) == expected


TREES: Final[st.SearchStrategy[Object]] = st.recursive(
    st.just({}),
    lambda inner: st.dictionaries(
        st.one_of(st.text(min_size=1).map("f:{}".format), st.integers().map('k:{{"n":{}}}'.format)), inner, min_size=1
    ),
)


@given(TREES)
def test_any_managed_fields_are_the_same_after_reading_and_writing(tree: Object) -> None:
    assert fields.encode(fields.decode(tree)) == tree
