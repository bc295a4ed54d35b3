"""The official Python client against the fake: typed, dynamic and watching."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.kubernetes import FakeKubernetes
from tests.recordings import exchange, pods

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

REASON = "the evaluation extra is not installed"
kubernetes: Any = pytest.importorskip("kubernetes", reason=REASON)
dynamic_client: Any = pytest.importorskip("kubernetes.dynamic", reason=REASON)
watch: Any = pytest.importorskip("kubernetes.watch", reason=REASON)
ApiException = kubernetes.client.exceptions.ApiException


@pytest.fixture(params=[False, True], ids=["http", "tls"])
def cluster(request: pytest.FixtureRequest) -> Iterator[FakeKubernetes]:
    with FakeKubernetes(tls=request.param) as running:
        yield running


@pytest.fixture
def client(cluster: FakeKubernetes, tmp_path: Path) -> Iterator[Any]:
    config = cluster.kubeconfig(tmp_path / "kubeconfig")
    with kubernetes.config.new_client_from_config(str(config)) as found:
        yield found


@pytest.fixture
def dynamic(client: Any, tmp_path: Path) -> Any:
    return dynamic_client.DynamicClient(client, cache_file=str(tmp_path / "discovery.json"))


def job(name: str) -> dict[str, Any]:
    body = exchange.load("exchanges/create/job").request["body"]
    found: dict[str, Any] = {**body, "metadata": {"name": name, "namespace": "default"}}
    return found


def test_typed_api_creates_reads_and_deletes(client: Any, cluster: FakeKubernetes) -> None:
    api = kubernetes.client.BatchV1Api(client)
    created = api.create_namespaced_job("default", job("a"))
    assert api.read_namespaced_job("a", "default").metadata.uid == created.metadata.uid
    assert [each.metadata.name for each in api.list_namespaced_job("default").items] == ["a"]
    api.patch_namespaced_job("a", "default", {"spec": {"suspend": False}})
    found = cluster.get("Job", "a")
    assert found is not None
    assert found["spec"]["suspend"] is False
    api.delete_namespaced_job("a", "default", propagation_policy="Background")
    assert cluster.get("Job", "a") is None


def test_typed_api_raises_what_the_server_refuses(client: Any) -> None:
    api = kubernetes.client.BatchV1Api(client)
    api.create_namespaced_job("default", job("a"))
    with pytest.raises(ApiException) as refused:
        api.create_namespaced_job("default", job("a"))
    assert (refused.value.status, json.loads(refused.value.body)["reason"]) == (409, "AlreadyExists")
    with pytest.raises(ApiException) as absent:
        api.read_namespaced_job("b", "default")
    assert (absent.value.status, absent.value.reason) == (404, "Not Found")


def test_pages_are_of_one_moment(client: Any, cluster: FakeKubernetes) -> None:
    for number in range(5):
        cluster.put(job(f"job-{number}"))
    api = kubernetes.client.BatchV1Api(client)
    first = api.list_namespaced_job("default", limit=2)
    cluster.remove("Job", "job-3")
    token = first.metadata._continue
    second = api.list_namespaced_job("default", limit=2, _continue=token)
    assert first.metadata.remaining_item_count == 3
    assert [each.metadata.name for each in second.items] == ["job-2", "job-3"]
    cluster.api.store.compact()
    with pytest.raises(ApiException) as expired:
        api.list_namespaced_job("default", limit=2, _continue=token)
    assert expired.value.status == 410


def test_dynamic_client_applies_and_meets_conflicts(dynamic: Any) -> None:
    jobs = dynamic.resources.get(api_version="batch/v1", kind="Job")
    body = job("a")
    dynamic.server_side_apply(jobs, body=body, name="a", namespace="default", field_manager="one")
    changed = {**body, "spec": {**body["spec"], "suspend": False}}
    with pytest.raises(dynamic_client.exceptions.ConflictError) as refused:
        dynamic.server_side_apply(jobs, body=changed, name="a", namespace="default", field_manager="two")
    assert json.loads(refused.value.body)["details"]["causes"] == [
        {"reason": "FieldManagerConflict", "message": 'conflict with "one"', "field": ".spec.suspend"}
    ]
    dynamic.server_side_apply(
        jobs, body=changed, name="a", namespace="default", field_manager="two", force_conflicts=True
    )
    assert jobs.get(name="a", namespace="default").spec.suspend is False


def test_dynamic_client_finds_custom_resources_and_misses_what_is_not_installed(dynamic: Any) -> None:
    found = dynamic.resources.get(api_version="kubeflow.org/v1", kind="TFJob")
    assert found.get(namespace="default").items == []
    with pytest.raises(dynamic_client.exceptions.ResourceNotFoundError):
        dynamic.resources.get(api_version="kueue.x-k8s.io/v1beta2", kind="Workload")


def test_watch_delivers_changes_and_ends_at_its_timeout(client: Any, cluster: FakeKubernetes) -> None:
    api, seen = kubernetes.client.BatchV1Api(client), []
    cluster.put(job("a"))
    changes: list[Callable[[], object]] = [
        lambda: cluster.update("Job", "a", {"status": {"active": 1}}),
        lambda: cluster.remove("Job", "a"),
    ]
    for event in watch.Watch().stream(api.list_namespaced_job, "default", timeout_seconds=1):
        seen.append((event["type"], event["object"].metadata.name))
        if changes:
            changes.pop(0)()
    assert seen == [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")]


def test_watch_from_a_forgotten_version_is_told_so(client: Any, cluster: FakeKubernetes) -> None:
    cluster.api.store.compact()
    stream = watch.Watch().stream(
        kubernetes.client.BatchV1Api(client).list_namespaced_job, "default", resource_version="5", timeout_seconds=1
    )
    with pytest.raises(ApiException) as expired:
        list(stream)
    assert (expired.value.status, expired.value.reason) == (410, "Expired: too old resource version: 5 (1004)")


def test_log_is_followed_until_the_container_ends(client: Any, cluster: FakeKubernetes) -> None:
    cluster.put(pods.pod("p", "default", {"eval": pods.RUNNING}))
    cluster.log("p", "one\n")

    def end() -> None:
        cluster.log("p", "two\n")
        cluster.put(pods.pod("p", "default", {"eval": pods.ENDED}))

    threading.Timer(0.2, end).start()
    lines = watch.Watch().stream(
        kubernetes.client.CoreV1Api(client).read_namespaced_pod_log, name="p", namespace="default"
    )
    assert list(lines) == ["one", "two"]


def test_recorded_lives_come_as_typed_objects(client: Any, cluster: FakeKubernetes) -> None:
    file = exchange.RECORDINGS / "exchanges" / "gc" / "timeline.ndjson"
    cluster.namespace("gc-test")
    cluster.scenario(file, job="mine", namespace="gc-test").play(
        until=lambda step: step.object.get("status", {}).get("phase") == "Succeeded"
    )
    core = kubernetes.client.CoreV1Api(client)
    found = core.list_namespaced_pod("gc-test", label_selector="job-name=mine").items
    assert [(each.metadata.name, each.status.phase) for each in found] == [("mine-tq8cj", "Succeeded")]
    about = core.list_namespaced_event("gc-test", field_selector="involvedObject.kind=Job").items
    assert [(each.reason, each.involved_object.name) for each in about] == [("SuccessfulCreate", "mine")]
