"""What is asked about one job, and how few requests that takes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.cluster.errors import UnreachableError
from cajajejo.jobs.gathering import gather, look
from cajajejo.jobs.subjects import Subjects
from cajajejo.status import Reason, State, of
from cajajejo.status.job import Job
from tests.clusters import Talk, job, talking
from tests.jobs.plays import expected, scenarios, staged, told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.kubernetes.model import Object

KEPT = {name for name in scenarios() if expected(name).state not in {State.GONE, State.CANCELLED}} - {"ttl-deletion"}


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


def played(talk: Talk, name: str) -> Object:
    """The Job of a scenario that was played to its end; all may be read."""
    player, found = staged(talk.fake, name)
    player.play()
    talk.fake.api.access.denials.clear()
    metadata = found["metadata"]
    live = talk.fake.get("Job", metadata["name"], metadata["namespace"])
    assert live is not None
    return live


def asked(talk: Talk) -> list[str]:
    """The last part of the path of each request."""
    return [request.path.rpartition("/")[2] for request in talk.fake.requests]


def pod(name: str, owner: Object, **spec: Any) -> Object:
    labels = {"batch.kubernetes.io/controller-uid": owner["metadata"]["uid"]}
    containers = [{"name": "eval", "image": "registry.example/eval:1"}]
    return {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": name, "labels": labels},
        "spec": {"containers": containers, **spec},
    }


def event(name: str, kind: str, about: str, *, uid: str = "", **more: Any) -> Object:
    told = {"reason": "Said", "message": "something", "lastTimestamp": "2100-01-01T00:00:00Z", **more}
    metadata = {"name": name}
    return {
        "kind": "Event",
        "apiVersion": "v1",
        "metadata": metadata,
        "involvedObject": {"kind": kind, "name": about, "uid": uid},
        **told,
    }


@pytest.mark.parametrize("name", sorted(KEPT))
def test_a_recorded_job_is_told_as_its_recording_says(talk: Talk, name: str) -> None:
    found = played(talk, name)
    for resource in ("nodes", "storageclasses", "resourcequotas"):
        talk.fake.deny("list", resource)
    status, want = look(talk.connect(), found), expected(name)
    assert (status.state, status.name) == (want.state, want.name)
    gone = len(want.attempts) - len(status.attempts)
    if gone == 0:
        assert told(status) == told(want)
    else:  # pods that are gone are told by nobody any more
        assert gone > 0
        assert {attempt.pod for attempt in status.attempts} < {attempt.pod for attempt in want.attempts}


@pytest.mark.parametrize(
    ("name", "requests"),
    [
        ("plain-sidecar-never-ends", ["pods", "events"]),
        ("success", ["pods", "events"]),
        ("oomkilled", ["pods", "events", "log"]),
        ("image-not-found", ["pods", "events"]),
        ("pending-node-selector", ["pods", "events", "nodes"]),
        ("pending-gpu", ["pods", "events", "nodes", "pods"]),
        ("quota-exceeded", ["pods", "events", "resourcequotas"]),
        ("pending-storageclass-missing", ["pods", "events", "persistentvolumeclaims", "storageclasses"]),
        ("manual-selector-managed-by", ["pods", "events", "workloads", "workloads"]),
        ("suspend-resume", ["pods", "events"]),
    ],
)
def test_no_more_is_asked_than_the_state_needs(talk: Talk, name: str, requests: list[str]) -> None:
    found = played(talk, name)
    look(talk.connect(), found)
    assert asked(talk) == requests


def test_pods_are_asked_by_the_selector_of_the_job(talk: Talk) -> None:
    found = talk.fake.put(job("a", selector={"matchLabels": {"controller-uid": "u-1"}}))
    talk.fake.put({**pod("a-abcde", found), "metadata": {"name": "a-abcde", "labels": {"controller-uid": "u-1"}}})
    gather(talk.connect(), found)
    assert talk.fake.requests[0].query["labelSelector"] == "controller-uid=u-1"
    assert Job({"metadata": {"uid": "u-2"}}).pod_selector == "batch.kubernetes.io/controller-uid=u-2"
    assert Job({"metadata": {"name": "a"}}).pod_selector == "batch.kubernetes.io/job-name=a"


def test_a_pod_that_only_has_the_labels_is_another_jobs(talk: Talk) -> None:
    found = talk.fake.put(job("a", selector={"matchLabels": {"app": "x"}}))
    own = talk.fake.put({**pod("a-abcde", found)})
    talk.fake.update("Pod", own["metadata"]["name"], {"metadata": {"labels": {"app": "x"}}})
    talk.fake.put({**pod("b-abcde", found), "metadata": {"name": "b-abcde", "labels": {"app": "x"}}})
    assert [each["metadata"]["name"] for each in gather(talk.connect(), found).pods] == ["a-abcde"]


def test_events_are_those_of_the_job_its_pods_and_their_claims(talk: Talk) -> None:
    found = talk.fake.put(job("a"))
    volumes = [{"name": "scratch", "ephemeral": {}}, {"name": "data", "persistentVolumeClaim": {"claimName": "models"}}]
    talk.fake.put(pod("a-abcde", found, volumes=volumes))
    for number, (kind, about) in enumerate(
        [
            ("Job", "a"), ("Pod", "a-abcde"), ("PersistentVolumeClaim", "a-abcde-scratch"),
            ("PersistentVolumeClaim", "models"), ("Pod", "a-zzzzz"), ("Pod", "a-0-zzzzz"),
            ("Pod", "a-b-abcde"), ("Pod", "ab-abcde"), ("PersistentVolumeClaim", "other"), ("Node", "a-abcde"),
        ]
    ):  # fmt: skip
        uid = found["metadata"]["uid"] if kind == "Job" else ""
        talk.fake.put(event(f"e{number}", kind, about, uid=uid))
    told_of = [each["metadata"]["name"] for each in gather(talk.connect(), found).events]
    assert told_of == ["e0", "e1", "e2", "e3", "e4", "e5"]


def test_events_of_an_earlier_job_of_the_name_do_not_count(talk: Talk) -> None:
    found = talk.fake.put({**job("a"), "metadata": {"name": "a", "creationTimestamp": "2026-11-21T14:00:00Z"}})
    talk.fake.put(event("before", "Pod", "a-abcde", lastTimestamp="2026-11-21T13:59:59Z"))
    talk.fake.put(event("after", "Pod", "a-abcde", lastTimestamp=None, eventTime="2026-11-21T14:00:00.000001Z"))
    talk.fake.put(
        event("series", "Pod", "a-abcde", lastTimestamp=None, series={"lastObservedTime": "2026-11-21T15:00:00Z"})
    )
    talk.fake.put(event("jobs", "Job", "a", uid="another"))
    assert [each["metadata"]["name"] for each in gather(talk.connect(), found).events] == ["after", "series"]


def test_a_long_name_that_was_cut_for_its_pods_is_recognised() -> None:
    name = "eval-" + "x" * 58
    found = {"metadata": {"name": name, "uid": "u-1"}}
    subjects = Subjects([found])
    about = {"involvedObject": {"kind": "Pod", "name": f"{name[:57]}-abcde"}}
    assert subjects.job_of(about) == "u-1"


def test_workloads_are_recognised_by_name() -> None:
    subjects = Subjects([{"metadata": {"name": "a", "uid": "u-1"}}])
    names = ["job-a-0f3c9", "job-b-0f3c9", "job-a"]
    found = [subjects.job_of({"involvedObject": {"kind": "Workload", "name": name}}) for name in names]
    assert found == ["u-1", None, None]


def test_in_a_crowded_namespace_events_are_asked_one_by_one(talk: Talk) -> None:
    found = talk.fake.put(job("a"))
    uid = found["metadata"]["uid"]
    talk.fake.put(pod("a-abcde", found, volumes=[{"name": "scratch", "ephemeral": {}}]))
    for number in range(600):
        talk.fake.put(event(f"other-{number:03}", "Pod", "other"))
    talk.fake.put(event("x1", "Job", "a", uid=uid, reason="SuccessfulCreate", message="Created pod: a-zzzzz"))
    talk.fake.put(event("x2", "Pod", "a-abcde"))
    talk.fake.put(event("x3", "Pod", "a-zzzzz"))
    talk.fake.put(event("x4", "PersistentVolumeClaim", "a-abcde-scratch"))
    evidence = gather(talk.connect(), found)
    assert sorted(each["metadata"]["name"] for each in evidence.events) == ["x1", "x2", "x3", "x4"]
    assert Counter(asked(talk)) == {"pods": 1, "events": 5}


def test_however_many_pods_a_job_had_the_requests_stay_few(talk: Talk) -> None:
    found = talk.fake.put(job("a"))
    for number in range(40):
        talk.fake.put(pod(f"a-{number}-abcde", found))
    for number in range(600):
        talk.fake.put(event(f"other-{number:03}", "Pod", "other"))
    gather(talk.connect(), found)
    assert len(talk.fake.requests) == 1 + 1 + 1 + 8


@pytest.mark.parametrize("resource", ["pods", "events"])
def test_what_may_not_be_read_is_left_out(talk: Talk, resource: str) -> None:
    found = played(talk, "oomkilled")
    talk.fake.deny("list", resource)
    evidence = gather(talk.connect(), found)
    assert (not evidence.pods, not evidence.events) == (resource == "pods", resource == "events")
    assert of(evidence).state is State.FAILED


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("pending-gpu", "nodes"),
        ("pending-storageclass-missing", "persistentvolumeclaims"),
        ("pending-storageclass-missing", "storageclasses"),
        ("quota-exceeded", "resourcequotas"),
    ],
)
def test_surroundings_that_may_not_be_read_are_left_out(talk: Talk, name: str, resource: str) -> None:
    found = played(talk, name)
    talk.fake.deny("list", resource)
    assert look(talk.connect(), found).reason is expected(name).reason


def test_who_may_not_see_the_pods_of_others_sees_the_nodes(talk: Talk) -> None:
    found = played(talk, "pending-gpu")
    talk.fake.put(
        {
            "kind": "Node",
            "apiVersion": "v1",
            "metadata": {"name": "n", "labels": {"x": "y"}},
            "status": {"images": [1], "allocatable": {"cpu": "4"}},
        }
    )
    talk.fake.faults.on("GET", "^/api/v1/pods$").answer(403, "no", reason="Forbidden")
    evidence = gather(talk.connect(), found)
    assert evidence.nodes == [
        {"metadata": {"name": "n", "labels": {"x": "y"}}, "spec": {}, "status": {"allocatable": {"cpu": "4"}}}
    ]
    assert evidence.other_pods is None


def test_of_the_pods_of_others_only_those_with_devices_are_kept(talk: Talk) -> None:
    found = played(talk, "pending-gpu")
    limits = {"resources": {"limits": {"nvidia.com/gpu": "1"}}}
    devices = [{"name": "c", "image": "i", **limits}]
    talk.fake.put({**pod("with", found, nodeName="n", containers=devices), "status": {"phase": "Running"}})
    talk.fake.put({**pod("waiting", found, containers=devices), "status": {"phase": "Pending"}})
    talk.fake.put({**pod("over", found, nodeName="n", containers=devices), "status": {"phase": "Succeeded"}})
    talk.fake.put({**pod("without", found, nodeName="n"), "status": {"phase": "Running"}})
    (kept,) = gather(talk.connect(), found).other_pods or ()
    assert (kept["metadata"]["name"], kept["spec"]["nodeName"], kept["status"]) == ("with", "n", {"phase": "Running"})
    assert kept["spec"]["containers"][0]["resources"] == limits["resources"]


def test_a_cluster_too_large_to_be_counted_is_not_counted(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = played(talk, "pending-gpu")
    for number in range(501):
        talk.fake.put({"kind": "Node", "apiVersion": "v1", "metadata": {"name": f"n{number}"}})
    monkeypatch.setattr("cajajejo.jobs.surroundings._MOST_PAGES", 1)
    assert gather(talk.connect(), found).nodes is None
    monkeypatch.setattr("cajajejo.jobs.surroundings._MOST_PAGES", 2)
    assert len(gather(talk.connect(), found).nodes or ()) == 501


def workload(name: str, owner: str, queue: str) -> Object:
    metadata = {"name": name, "namespace": "default", "uid": name, "ownerReferences": [{"uid": owner}]}
    return {
        "apiVersion": "kueue.x-k8s.io/v1beta1",
        "kind": "Workload",
        "metadata": metadata,
        "spec": {"queueName": queue},
    }


def test_the_queue_of_a_job_that_kueue_holds_back_is_read_in_the_version_that_is_served(talk: Talk) -> None:
    labels = {"kueue.x-k8s.io/queue-name": "gpu"}
    found = talk.fake.put({**job("a", suspend=True), "metadata": {"name": "a", "labels": labels}})
    uid = found["metadata"]["uid"]
    items = [workload("w1", uid, "gpu"), workload("w2", "x", "gpu"), workload("w3", "y", "cpu")]
    page = {"kind": "WorkloadList", "apiVersion": "kueue.x-k8s.io/v1beta1", "metadata": {}, "items": items}
    from tests.fakes.kubernetes.messages import Answer

    talk.fake.faults.on("GET", "v1beta1/namespaces/default/workloads").refuse = Answer(200, page)
    evidence = gather(talk.connect(), found)
    assert evidence.workload == items[0]
    assert [each["metadata"]["name"] for each in evidence.workloads] == ["w1", "w2"]
    assert [path for path in talk.asked() if "kueue" in path] == [
        f"GET /apis/kueue.x-k8s.io/{version}/namespaces/default/workloads" for version in ("v1beta2", "v1beta1")
    ]


@pytest.mark.parametrize(
    ("suspend", "labels"), [(False, {"kueue.x-k8s.io/queue-name": "gpu"}), (True, {})], ids=["runs", "no queue"]
)
def test_kueue_is_not_asked_about_other_jobs(talk: Talk, *, suspend: bool, labels: dict[str, str]) -> None:
    found = talk.fake.put({**job("a", suspend=suspend), "metadata": {"name": "a", "labels": labels}})
    gather(talk.connect(), found)
    assert asked(talk) == ["pods", "events"]


def test_the_last_lines_are_those_of_the_container_that_failed(talk: Talk) -> None:
    found = played(talk, "init-container-fails")
    namespace = found["metadata"]["namespace"]
    last = expected("init-container-fails").attempts[-1]
    talk.fake.log(last.pod, "".join(f"line {number}\n" for number in range(30)), container="init", namespace=namespace)
    status = look(talk.connect(), found)
    assert status.last_lines is not None
    assert status.last_lines.lines == tuple(f"line {number}" for number in range(10, 30))
    (query,) = [request.query for request in talk.fake.requests if request.path.endswith("/log")]
    assert query == {"container": "init", "tailLines": "20"}


def test_of_a_container_that_was_started_again_the_run_before_is_read(talk: Talk) -> None:
    found = talk.fake.put(job("a"))
    end = {"exitCode": 1, "reason": "Error", "startedAt": "2026-11-21T14:00:00Z", "finishedAt": "2026-11-21T14:01:00Z"}
    state = {"name": "eval", "restartCount": 1, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}
    own = pod("a-abcde", found, nodeName="n")
    status = {"phase": "Running", "containerStatuses": [{**state, "lastState": {"terminated": end}}]}
    talk.fake.put({**own, "status": status})
    talk.fake.log("a-abcde", "it was this\n", previous=True)
    look(talk.connect(), found)
    queries = [request.query for request in talk.fake.requests if request.path.endswith("/log")]
    assert [query.get("previous") for query in queries] in ([], ["true"])


def test_a_log_that_is_gone_is_no_failure(talk: Talk) -> None:
    found = played(talk, "oomkilled")
    talk.fake.faults.on("GET", "/log$").answer(404, "gone", reason="NotFound")
    assert look(talk.connect(), found).reason is Reason.OOM_KILLED


@pytest.mark.parametrize(
    ("note", "going", "cancelled"),
    [
        ('{"reason": "wrong model"}', True, "wrong model"),
        ('{"reason": "wrong model"}', False, None),
        ("not JSON", True, ""),
        ("[]", True, ""),
        (None, True, None),
    ],
)
def test_a_job_that_is_being_cancelled_has_its_reason(
    talk: Talk, note: str | None, *, going: bool, cancelled: str | None
) -> None:
    metadata: Object = {"name": "a", "annotations": {"cajajejo/cancelled": note} if note else {}}
    if going:
        metadata["deletionTimestamp"] = "2026-11-21T14:00:00Z"
    found = talk.fake.put({**job("a"), "metadata": metadata})
    assert gather(talk.connect(), found).cancelled == cancelled


def test_the_time_of_looking_can_be_given(talk: Talk) -> None:
    now = datetime(2026, 11, 21, tzinfo=UTC)
    assert gather(talk.connect(), talk.fake.put(job("a")), now=now).now == now


def test_a_cluster_that_does_not_answer_is_an_error(talk: Talk) -> None:
    found = talk.fake.put(job("a"))
    talk.fake.stop()
    with pytest.raises(UnreachableError):
        look(talk.connect(), found)


def test_a_hostile_job_is_looked_at_all_the_same(talk: Talk) -> None:
    ours = talk.connect()
    odd: Object = {"metadata": {"name": "a", "namespace": "default", "uid": "u"}, "spec": [], "status": "x"}
    assert look(ours, odd).name == "a"
