"""Strategic merge patches of the fake Kubernetes API, worked by hand from what its documentation says."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.fakes.kubernetes import patches
from tests.fakes.kubernetes.model import ApiError, Resource

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object

POD: Final = Resource("", "v1", "Pod", "pods")
DEPLOYMENT: Final = Resource("apps", "v1", "Deployment", "deployments")


def patched(live: Object, change: Any, resource: Resource = POD) -> Object:
    """The object after the patch; nothing that was given is changed."""
    given = copy.deepcopy((live, change))
    after = patches.patch(resource, live, change, patches.STRATEGIC)
    assert (live, change) == given
    return after


def refused(live: Object, change: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        patches.patch(POD, live, change, patches.STRATEGIC)
    return caught.value


def spec(**fields: Any) -> Object:
    return {"spec": fields}


LIVE: Final = [{"name": "a", "image": "1", "tty": True}, {"name": "b", "image": "1"}]


@pytest.mark.parametrize(
    ("change", "containers"),
    [
        ([{"name": "b", "image": "2"}], [LIVE[0], {"name": "b", "image": "2"}]),
        ([{"name": "a", "tty": None}], [{"name": "a", "image": "1"}, LIVE[1]]),
        ([{"name": "c", "image": "1"}], [{"name": "c", "image": "1"}, *LIVE]),
        ([{"name": "b"}, {"name": "a"}], [LIVE[1], LIVE[0]]),
        ([{"name": "a", "$patch": "delete"}], [LIVE[1]]),
        ([{"name": "x", "$patch": "delete"}], LIVE),
        ([{"$patch": "replace"}, {"name": "c", "tty": None}], [{"name": "c"}]),
        ([{"name": "a", "$patch": "delete"}, {"name": "c"}], [{"name": "c"}, LIVE[1]]),
        (
            [{"name": "c", "env": [{"name": "E", "value": "1"}]}],
            [{"name": "c", "env": [{"name": "E", "value": "1"}]}, *LIVE],
        ),
        ([], LIVE),
    ],
)
def test_strategic_merge_goes_by_the_merge_key(change: list[Object], containers: list[Object]) -> None:
    """A new container comes first, as in the documentation of ``kubectl patch``."""
    assert patched(spec(containers=LIVE), spec(containers=change)) == spec(containers=containers)


def test_strategic_merge_replaces_a_list_that_has_no_merge_key() -> None:
    live, change = spec(containers=[{"name": "a", "args": ["x"]}]), spec(containers=[{"name": "a", "args": ["y"]}])

    assert patched(live, change) == change


@pytest.mark.parametrize(
    ("change", "after"),
    [
        ({"labels": {"b": "2", "a": None}}, {"labels": {"b": "2"}, "finalizers": ["x/a", "x/b"]}),
        ({"labels": None}, {"finalizers": ["x/a", "x/b"]}),
        ({"labels": {"$patch": "replace", "c": "3"}}, {"labels": {"c": "3"}, "finalizers": ["x/a", "x/b"]}),
        ({"labels": {"$patch": "delete"}}, {"labels": {}, "finalizers": ["x/a", "x/b"]}),
        ({"finalizers": ["x/c", "x/a"]}, {"labels": {"a": "1"}, "finalizers": ["x/c", "x/a", "x/b"]}),
        ({"$deleteFromPrimitiveList/finalizers": ["x/a"]}, {"labels": {"a": "1"}, "finalizers": ["x/b"]}),
        ({"$setElementOrder/finalizers": ["x/b", "x/a"]}, {"labels": {"a": "1"}, "finalizers": ["x/b", "x/a"]}),
        (
            {"annotations": {"n": "1", "m": None}},
            {"labels": {"a": "1"}, "finalizers": ["x/a", "x/b"], "annotations": {"n": "1"}},
        ),
    ],
)
def test_strategic_merge_takes_directives(change: Object, after: Object) -> None:
    live = {"metadata": {"labels": {"a": "1"}, "finalizers": ["x/a", "x/b"]}}

    assert patched(live, {"metadata": change}) == {"metadata": after}


@pytest.mark.parametrize(
    ("order", "change", "names"),
    [
        ("b a", [], "b a c"),
        ("a d b", [{"name": "d"}], "a d b c"),
        ("c d", [{"name": "d"}, {"name": "a", "$patch": "delete"}], "b c d"),
    ],
)
def test_strategic_merge_orders_as_it_is_told(order: str, change: list[Object], names: str) -> None:
    live = spec(containers=[{"name": name} for name in "abc"])
    directive = {"$setElementOrder/containers": [{"name": name} for name in order.split()]}

    after = patched(live, {"spec": {**directive, **({"containers": change} if change else {})}})

    assert [container["name"] for container in after["spec"]["containers"]] == names.split()


def test_strategic_merge_keeps_only_the_keys_it_is_told() -> None:
    live = spec(strategy={"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}})
    change = spec(strategy={"$retainKeys": ["type"], "type": "Recreate"})

    assert patched(live, change, DEPLOYMENT) == spec(strategy={"type": "Recreate"})


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (
            spec(containers=[{"image": "x", "args": ["y"]}]),
            500,
            "map: map[args:[y] image:x] does not contain declared merge key: name",
        ),
        (
            spec(containers=[{"name": "a", "$patch": "turn"}]),
            500,
            "unknown patch type: turn in map: map[$patch:turn name:a]",
        ),
        ({"metadata": {"$patch": "turn"}}, 500, "unknown patch type: turn in map: map[$patch:turn]"),
        ({"metadata": {"$retainKeys": ["b"], "a": 1}}, 400, "invalid patch format of retainKeys"),
        (
            {"metadata": {"$setElementOrder/finalizers": "x"}},
            400,
            "invalid patch format of setElementOrder list",
        ),
        (spec(**{"$setElementOrder/containers": ["a"]}), 400, "invalid patch format of setElementOrder list"),
        ({"metadata": {"$deleteFromPrimitiveList/finalizers": "x"}}, 400, "invalid patch format of primitive list"),
        (spec(containers=["a"]), 500, "expected a list of maps, but received [a]"),
        ({"metadata": {"finalizers": [{}]}}, 500, "expected a list of scalars, but received [map[]]"),
    ],
)
def test_a_broken_strategic_merge_patch_is_refused(change: Object, code: int, message: str) -> None:
    error = refused({"metadata": {"finalizers": ["x/a"]}, **spec(containers=LIVE)}, change)

    assert (error.code, error.message) == (code, message)
