"""The rules of a cluster that every client relies on, over plain HTTP."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
import yaml

from tests.fakes.kubernetes import FakeKubernetes
from tests.fakes.kubernetes.access import Rule, service_account
from tests.fakes.kubernetes.columns import duration
from tests.recordings import exchange, pods

if TYPE_CHECKING:
    from collections.abc import Iterator

JOBS = "/apis/batch/v1/namespaces/default/jobs"
PODS = "/api/v1/namespaces/default/pods"
CONFIGS = "/api/v1/namespaces/default/configmaps"
MERGE = "application/merge-patch+json"


class Client:
    """Sends requests to a cluster; what comes back is the status and the body."""

    def __init__(self, cluster: FakeKubernetes, pool: urllib3.PoolManager) -> None:
        self.cluster, self._pool = cluster, pool

    def __call__(
        self, method: str, path: str, body: Any = None, *, kind: str = "application/json", by: str | None = None
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {by or self.cluster.token}", "Content-Type": kind}
        sent = None if body is None else json.dumps(body)
        answer = self._pool.request(method, self.cluster.url + path, body=sent, headers=headers)
        return answer.status, answer.json()

    def events(self, path: str, **headers: str) -> list[dict[str, Any]]:
        """What a watch sends until its end."""
        sent = {"Authorization": f"Bearer {self.cluster.token}", **headers}
        answer = self._pool.request("GET", self.cluster.url + path, headers=sent)
        return [json.loads(line) for line in answer.data.splitlines()]

    def status(self, path: str) -> int:
        """The status of the answer to a GET."""
        headers = {"Authorization": f"Bearer {self.cluster.token}"}
        return self._pool.request("GET", self.cluster.url + path, headers=headers).status

    def names(self, path: str) -> list[str]:
        return [each["metadata"]["name"] for each in self("GET", path)[1]["items"]]


@pytest.fixture
def client() -> Iterator[Client]:
    with FakeKubernetes() as cluster, urllib3.PoolManager(retries=False) as pool:
        yield Client(cluster, pool)


def job(name: str, **metadata: Any) -> dict[str, Any]:
    container = {"name": "eval", "image": "registry.example/eval:1"}
    spec = {"template": {"spec": {"restartPolicy": "Never", "containers": [container]}}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, **metadata}, "spec": spec}


def config(name: str, **metadata: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": {"a": "b"}}


def owned_by(owner: dict[str, Any], *, blocks: bool = True) -> dict[str, Any]:
    reference = {"apiVersion": "batch/v1", "kind": "Job", "name": owner["metadata"]["name"]}
    return {"ownerReferences": [{**reference, "uid": owner["metadata"]["uid"], "blockOwnerDeletion": blocks}]}


def test_the_generation_counts_changes_of_the_spec_only(client: Client) -> None:
    client("POST", JOBS, job("a"))
    client("PATCH", f"{JOBS}/a", {"metadata": {"labels": {"a": "b"}}}, kind=MERGE)
    client("PATCH", f"{JOBS}/a", {"status": {"active": 3}}, kind=MERGE)
    client("PATCH", f"{JOBS}/a/status", {"status": {"active": 1}, "spec": {"suspend": True}}, kind=MERGE)
    client("PATCH", f"{JOBS}/a", {"spec": {"suspend": True}}, kind=MERGE)
    found = client.cluster.get("Job", "a")
    assert found is not None
    assert (found["metadata"]["generation"], found["status"]) == (2, {"active": 1})


def test_an_update_needs_the_version_it_was_made_from(client: Client) -> None:
    _, old = client("POST", CONFIGS, config("a"))
    client("PATCH", f"{CONFIGS}/a", {"data": {"a": "c"}}, kind=MERGE)
    assert client("PUT", f"{CONFIGS}/a", old)[0] == 409
    assert client("PUT", f"{CONFIGS}/a", config("a"))[0] == 200


def test_objects_are_selected_by_label_and_field(client: Client) -> None:
    for name, team in (("a", "x"), ("b", "y"), ("c", None)):
        client("POST", JOBS, job(name, labels={"team": team} if team else {"none": ""}))
    assert client.names(f"{JOBS}?labelSelector=team") == ["a", "b"]
    assert client.names(f"{JOBS}?labelSelector=!team") == ["c"]
    assert client.names(f"{JOBS}?labelSelector=team%20notin%20(x)") == ["b", "c"]
    assert client.names(f"{JOBS}?labelSelector=team!=x,team") == ["b"]
    assert client.names(f"{JOBS}?fieldSelector=metadata.name!=a") == ["b", "c"]
    client.cluster.put(pods.pod("p", "default", {"eval": pods.RUNNING}))
    assert client.names(f"{PODS}?fieldSelector=status.phase=Running,spec.nodeName=node-1") == ["p"]
    assert client.names(f"{PODS}?fieldSelector=status.phase!=Running") == []


def test_foreground_deletion_waits_for_the_pods(client: Client) -> None:
    client.cluster.termination_seconds = 3.0
    _, made = client("POST", JOBS, job("a"))
    client.cluster.put(pods.pod("p", "default", {"eval": pods.RUNNING}, metadata=owned_by(made)))
    status, left = client("DELETE", f"{JOBS}/a?propagationPolicy=Foreground")
    assert (status, left["metadata"]["finalizers"]) == (200, ["foregroundDeletion"])
    assert "deletionTimestamp" in client("GET", f"{PODS}/p")[1]["metadata"]
    assert client("GET", f"{JOBS}/a")[0] == 200
    end = time.monotonic() + 60
    while client("GET", f"{JOBS}/a")[0] == 200:
        assert time.monotonic() < end
    assert client.names(PODS) == []


def test_background_deletion_takes_what_is_owned_along(client: Client) -> None:
    _, made = client("POST", JOBS, job("a"))
    client("POST", CONFIGS, config("c", **owned_by(made)))
    client.cluster.put(pods.pod("p", "default", {"eval": pods.ENDED}, metadata=owned_by(made)))
    assert client("DELETE", f"{JOBS}/a?propagationPolicy=Background")[1]["status"] == "Success"
    assert (client.names(JOBS), client.names(PODS), client.names(CONFIGS)) == ([], [], [])


def test_deletion_of_a_job_leaves_its_pods_where_nobody_says_otherwise(client: Client) -> None:
    _, made = client("POST", JOBS, job("a"))
    client.cluster.put(pods.pod("p", "default", {"eval": pods.RUNNING}, metadata=owned_by(made)))
    client("DELETE", f"{JOBS}/a")
    left = client.cluster.get("Pod", "p")
    assert left is not None
    assert (client.names(JOBS), left["metadata"].get("ownerReferences")) == ([], None)


def test_a_finalizer_keeps_an_object_until_it_is_taken_away(client: Client) -> None:
    client("POST", CONFIGS, config("a", finalizers=["example.com/wait"]))
    status, left = client("DELETE", f"{CONFIGS}/a")
    assert (status, left["metadata"]["deletionTimestamp"] != "") == (200, True)
    assert client.names(CONFIGS) == ["a"]
    client("PATCH", f"{CONFIGS}/a", {"metadata": {"finalizers": None}}, kind=MERGE)
    assert client.names(CONFIGS) == []


def test_a_namespace_takes_its_objects_along(client: Client) -> None:
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "team"}}
    assert client("POST", "/api/v1/namespaces", namespace)[0] == 201
    place = JOBS.replace("default", "team")
    assert client("POST", place, job("a"))[0] == 201
    assert client("DELETE", "/api/v1/namespaces/team")[1]["status"]["phase"] == "Terminating"
    assert client("POST", place, job("b"))[0] == 404
    assert client.cluster.objects("Job", "team") == []


def test_eviction_marks_and_removes_a_pod(client: Client) -> None:
    client.cluster.put(pods.pod("p", "default", {"eval": pods.RUNNING}))
    since = client.cluster.api.store.revision
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "p", "namespace": "default"}}
    assert client("POST", f"{PODS}/p/eviction", eviction) == (
        201,
        {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201},
    )
    events = client.events(f"{PODS}?watch=true&timeoutSeconds=1&resourceVersion={since}")
    assert [(each["type"], each["object"]["status"]["conditions"][0]["reason"]) for each in events] == [
        ("MODIFIED", "EvictionByEvictionAPI"),
        ("DELETED", "EvictionByEvictionAPI"),
    ]


def test_a_user_may_do_what_the_rules_say(client: Client) -> None:
    rules = [Rule(("get", "list"), ("batch",), ("jobs",), namespace="default"), Rule(("get",), ("",), ("pods/log",))]
    client.cluster.user("reader", service_account("default", "reader", *rules))
    assert client("GET", JOBS, by="reader")[0] == 200
    assert client("GET", JOBS.replace("default", "other"), by="reader")[0] == 403
    assert client("POST", JOBS, job("a"), by="reader")[0] == 403
    assert client("GET", f"{PODS}/p/log", by="reader")[0] == 404
    assert client("GET", f"{PODS}/p", by="reader")[0] == 403
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {"verb": "list", "group": "batch", "resource": "jobs", "namespace": "default"}},
    }
    place = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert client("POST", place, review, by="reader")[1]["status"] == {"allowed": True}


def test_what_is_denied_is_denied_to_everybody(client: Client) -> None:
    client.cluster.deny("create", "jobs", namespace="default")
    status, refusal = client("POST", JOBS, job("a"))
    assert (status, refusal["message"]) == (
        403,
        (
            'jobs.batch is forbidden: User "tester" cannot create resource "jobs" in API group "batch" '
            'in the namespace "default"'
        ),
    )
    assert client("GET", JOBS)[0] == 200


def test_an_admission_hook_may_change_an_object(client: Client) -> None:
    client.cluster.admit(lambda attempt: {**attempt.object, "data": {"by": attempt.user}})
    client("POST", CONFIGS, config("a"))
    found = client.cluster.get("ConfigMap", "a")
    assert found is not None
    assert found["data"] == {"by": "tester"}


def test_an_admission_hook_may_warn(client: Client) -> None:
    client.cluster.admit(lambda attempt: attempt.warnings.append('would violate "restricted"'))
    headers = {"Authorization": f"Bearer {client.cluster.token}", "Content-Type": "application/json"}
    answer = urllib3.request("POST", client.cluster.url + CONFIGS, body=json.dumps(config("a")), headers=headers)
    assert answer.headers["Warning"] == '299 - "would violate \\"restricted\\""'


def test_a_review_in_protobuf_is_answered(client: Client) -> None:
    attributes = b"\x0a\x07default\x12\x06create\x1a\x05batch\x2a\x04jobs"
    spec = b"\x0a" + bytes([len(attributes)]) + attributes
    review = b"\x0a\x00\x12" + bytes([len(spec)]) + spec
    body = b"k8s\0\x12" + bytes([len(review)]) + review
    place = f"{client.cluster.url}/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    kind = "application/vnd.kubernetes.protobuf"
    headers = {"Authorization": f"Bearer {client.cluster.token}", "Content-Type": kind, "Accept": f"{kind},*/*"}
    found = urllib3.request("POST", place, body=body, headers=headers).json()
    assert found["spec"] == {
        "resourceAttributes": {"namespace": "default", "verb": "create", "group": "batch", "resource": "jobs"}
    }
    assert found["status"] == {"allowed": True}


def test_a_quota_refuses_one_job_too_many(client: Client) -> None:
    client.cluster.job_quota("team-quota", 1)
    assert client("POST", JOBS, job("a"))[0] == 201
    status, refusal = client("POST", JOBS, job("b"))
    used = "requested: count/jobs.batch=1, used: count/jobs.batch=1, limited: count/jobs.batch=1"
    assert (status, refusal["message"]) == (403, f'jobs.batch "b" is forbidden: exceeded quota: team-quota, {used}')


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{JOBS}?limit=many", 400),
        (f"{JOBS}?watch=true&timeoutSeconds=long", 400),
        (f"{JOBS}?continue=a", 400),
        (f"{PODS}?labelSelector=a,,", 200),
        (f"{JOBS}/x/scale", 404),
        ("/nothing/here", 404),
        ("/apis/batch/v7", 404),
    ],
)
def test_odd_requests_are_answered(client: Client, path: str, status: int) -> None:
    assert client.status(path) == status


def test_kinds_without_a_recorded_schema_are_taken_as_they_come(client: Client) -> None:
    roles = "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles"
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r"}, "rules": []}
    assert client("POST", roles, role)[0] == 201
    assert client("PATCH", f"{roles}/r?fieldManager=x", role, kind="application/apply-patch+yaml")[0] == 200
    assert client.names(roles) == ["r"]


def test_an_object_may_be_had_as_yaml(client: Client) -> None:
    client("POST", CONFIGS, config("a"))
    headers = {"Authorization": f"Bearer {client.cluster.token}", "Accept": "application/yaml"}
    answer = urllib3.request("GET", f"{client.cluster.url}{CONFIGS}/a", headers=headers)
    assert answer.headers["Content-Type"] == "application/yaml"
    assert yaml.safe_load(answer.data) == client.cluster.get("ConfigMap", "a")


def test_a_table_of_a_watch_has_a_row_for_each_change(client: Client) -> None:
    client("POST", JOBS, job("a"))
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io"
    (event,) = client.events(f"{JOBS}?watch=true&timeoutSeconds=1", Accept=accept)
    assert (event["type"], event["object"]["kind"]) == ("ADDED", "Table")
    assert event["object"]["rows"][0]["cells"][:3] == ["a", "Running", "0/1"]


def test_a_hook_follows_new_jobs(client: Client) -> None:
    file = exchange.RECORDINGS / "exchanges" / "gc" / "timeline.ndjson"

    def play(made: dict[str, Any]) -> None:
        client.cluster.scenario(file, job=made["metadata"]["name"]).play()

    client.cluster.when_created("Job", play)
    client("POST", JOBS, job("a"))
    end = time.monotonic() + 60
    while client.cluster.get("Job", "a") is not None:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_thousand_jobs_are_taken_quickly(client: Client) -> None:
    begin = time.process_time()
    for number in range(1000):
        assert client("POST", JOBS, job(f"job-{number}"))[0] == 201
    assert len(client.names(f"{JOBS}?limit=500")) == 500
    assert time.process_time() - begin < 30


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (125, "2m5s"),
        (600, "10m"),
        (3 * 3600 + 240, "3h4m"),
        (8 * 3600, "8h"),
        (50 * 3600, "2d2h"),
        (9 * 86400, "9d"),
    ],
)
def test_ages_are_printed_as_kubectl_prints_them(seconds: int, text: str) -> None:
    assert duration(seconds) == text
