"""One job on its way to a cluster: sent once, recognised, repeated; and nothing left of one that was refused."""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import submission
from cajajejo.cluster.errors import ClusterError, DeniedError, InvalidObjectError, NotAllowedError
from cajajejo.delivery import ObjectOutcome
from cajajejo.errors import UsageError
from cajajejo.submission import JobExistsError, JobFailedError
from tests import sending
from tests.clusters import Talk, talking
from tests.fakes.kubernetes.model import ApiError
from tests.sending import CLASSES, CREATED, JOBS, MAPS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.kubernetes.calls import Attempt


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


@pytest.fixture
def name() -> str:
    return sending.spec().name


def test_the_objects_are_made_in_order_strictly_and_the_configmap_is_given_to_the_job(talk: Talk, name: str) -> None:
    outcome = sending.send(talk.connect())
    assert talk.asked() == [
        f"GET {JOBS}/{name}",
        f"GET {CLASSES}/ssd",
        f"POST {CLASSES}",
        f"POST {MAPS}",
        f"POST {JOBS}",
        f"PATCH {MAPS}/{name}",
    ]
    assert [request.query for request in talk.fake.requests if request.method != "GET"] == [CREATED] * 4
    assert talk.fake.requests[-1].json() == {"metadata": {"ownerReferences": sending.owner_of(talk.fake, name)}}
    sending.assert_sent_once(talk.fake, name)
    assert outcome.objects == (
        ObjectOutcome("StorageClass", "ssd", "created"),
        ObjectOutcome("ConfigMap", name, "created"),
        ObjectOutcome("Job", name, "created"),
    )
    assert (outcome.outcome, outcome.namespace, outcome.state.kind) == ("created", "default", "active")


def test_the_job_carries_what_it_is_recognised_by(talk: Talk, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOGNAME", "jasper")
    sending.send(talk.connect())
    job, spec = talk.fake.get("Job", name), sending.spec()
    assert job is not None
    rendered = spec.document("Job")["metadata"]
    ours = {"cajajejo/content-hash": spec.digest, "cajajejo/submitted-by": "jasper"}
    assert job["metadata"]["annotations"] == {**rendered["annotations"], **ours}
    assert job["metadata"]["labels"] == {**rendered["labels"], "cajajejo/content": spec.digest[:16]}
    assert (len(spec.digest), name.rpartition("-")[2]) == (64, spec.digest[:8])


def test_an_object_without_a_namespace_gets_the_one_of_the_job(talk: Talk) -> None:
    documents = [copy.deepcopy(document) for document in sending.spec().documents]
    for document in documents:
        document["metadata"].pop("namespace", None)
    bare = replace(sending.spec(), documents=tuple(documents))
    talk.fake.namespace("team")
    placed = submission.placed(bare, "team", "default")
    submission.send(talk.connect(), placed, "team")
    assert {*talk.fake.objects("Job")[0]["metadata"]} >= {"namespace"}
    assert [each["metadata"]["namespace"] for each in talk.fake.objects("ConfigMap")] == ["team"]
    assert "namespace" not in talk.fake.objects("StorageClass")[0]["metadata"]
    assert submission.placed(bare, None, "elsewhere").document("ConfigMap")["metadata"]["namespace"] == "elsewhere"


def test_another_namespace_than_that_of_the_spec_is_refused() -> None:
    with pytest.raises(UsageError, match="--namespace team does not agree with the job spec, which says default"):
        submission.placed(sending.spec(), "team", "default")


@pytest.mark.parametrize("condition", ["", "Complete"])
def test_the_same_again_writes_nothing(condition: str, talk: Talk, name: str) -> None:
    sending.send(talk.connect())
    if condition:
        sending.end(talk.fake, name, condition)
    before, start = sending.stored(talk.fake), len(talk.fake.requests)
    outcome = sending.send(talk.connect())
    assert sending.changes(talk.fake, start) == []
    assert sending.stored(talk.fake) == before
    assert (outcome.outcome, outcome.state.kind) == ("unchanged", "complete" if condition else "active")


def test_a_job_that_failed_before_is_told_with_its_reason(talk: Talk, name: str) -> None:
    sending.send(talk.connect())
    sending.end(talk.fake, name, "Failed", reason="BackoffLimitExceeded", message="Job has reached\x1b[2J the limit")
    start = len(talk.fake.requests)
    with pytest.raises(JobFailedError) as caught:
        sending.send(talk.connect())
    assert caught.value.lines() == [
        f"Error: the job {name} was sent before, and failed",
        "  failed      2026-11-21T14:02:11Z",
        "  reason      BackoffLimitExceeded: Job has reached\\x1b[2J the limit",
    ]
    assert sending.changes(talk.fake, start) == []


def test_what_a_kill_left_half_done_is_finished(talk: Talk, name: str) -> None:
    sending.send(talk.connect())
    talk.fake.remove("ConfigMap", name)
    assert sending.send(talk.connect()).objects[1] == ObjectOutcome("ConfigMap", name, "created")
    talk.fake.update("ConfigMap", name, {"metadata": {"ownerReferences": None}})
    sending.send(talk.connect())
    sending.assert_sent_once(talk.fake, name)


def test_a_job_that_has_completed_is_not_given_a_configmap_again(talk: Talk, name: str) -> None:
    sending.send(talk.connect())
    sending.end(talk.fake, name)
    talk.fake.remove("ConfigMap", name)
    assert sending.send(talk.connect()).outcome == "unchanged"
    assert talk.fake.get("ConfigMap", name) is None


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("how", [(), ("--server-side",)])
def test_a_job_that_kubectl_applied_from_our_file_is_the_same(how: tuple[str, ...], name: str, tmp_path: Path) -> None:
    (tmp_path / "job.yml").write_text(sending.spec().text, "utf-8")
    with talking(tmp_path, tls=True) as talk:
        environ = {"HOME": str(tmp_path), "KUBECONFIG": str(talk.kubeconfig), "PATH": os.environ["PATH"]}
        subprocess.run(["kubectl", "apply", *how, "-f", tmp_path / "job.yml"], check=True, stdout=-3, env=environ)
        assert "ownerReferences" not in talk.fake.objects("ConfigMap")[0]["metadata"]
        assert sending.send(talk.connect()).outcome == "unchanged"
        sending.assert_sent_once(talk.fake, name)


def test_a_job_that_somebody_changed_before_it_was_applied_is_another(talk: Talk, name: str) -> None:
    job = copy.deepcopy(sending.spec().document("Job"))
    job["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.example/other:1"
    talk.fake.put(job)
    with pytest.raises(JobExistsError) as caught:
        sending.send(talk.connect())
    assert caught.value.message == f"another Job has the name {name}"
    assert caught.value.facts["there"].endswith(", made from another spec")


def foreign(name: str, **metadata: Any) -> dict[str, Any]:
    container = {"name": "eval", "image": "registry.example/other:1"}
    template = {"spec": {"restartPolicy": "Never", "containers": [container]}}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": name, **metadata},
        "spec": {"template": template},
    }


OTHER = {
    "not ours": {},
    "made from another spec": {
        "labels": {"app.kubernetes.io/managed-by": "cajajejo"},
        "annotations": {"cajajejo/content-hash": "0" * 64},
    },
}


@pytest.mark.parametrize("probably_new", [False, True])
@pytest.mark.parametrize("told", OTHER)
def test_another_job_of_the_name_is_left_alone(told: str, probably_new: object, talk: Talk, name: str) -> None:
    there = talk.fake.put(foreign(name, **OTHER[told]))
    with pytest.raises(JobExistsError) as caught:
        submission.send(talk.connect(), sending.placed(), "default", probably_new=bool(probably_new))
    assert caught.value.lines() == [
        f"Error: another Job has the name {name}",
        f"  there       since {there['metadata']['creationTimestamp']}, {told}",
        "  namespace   default",
        "Run: give yours a name of its own: --config-version V",
    ]
    assert talk.fake.get("Job", name) == there
    assert talk.fake.objects("ConfigMap") == []


def test_a_job_that_is_being_deleted_is_waited_for_by_the_user(talk: Talk, name: str) -> None:
    sending.send(talk.connect())
    marks = {"deletionTimestamp": "2026-11-21T14:02:11Z", "finalizers": ["foregroundDeletion"]}
    talk.fake.update("Job", name, {"metadata": marks})
    start = len(talk.fake.requests)
    with pytest.raises(JobExistsError) as caught:
        sending.send(talk.connect())
    assert caught.value.lines() == [
        f"Error: the Job {name} is being deleted",
        "  since       2026-11-21T14:02:11Z",
        f"Run: kubectl wait --for=delete job/{name} -n default, then send it again",
    ]
    assert sending.changes(talk.fake, start) == []


def refusing(kind: str, code: int, reason: str, message: str) -> Any:
    def hook(attempt: Attempt) -> None:
        if attempt.resource.kind == kind and attempt.operation == "CREATE":
            raise ApiError(code, reason, message)

    return hook


QUOTA = "exceeded quota: gpus, requested: count/jobs.batch=1, used: count/jobs.batch=4, limited: count/jobs.batch=4"
WEBHOOK = 'admission webhook "pod-security.example.org" denied the request: containers must not run as root'
REFUSALS: dict[str, tuple[int, str, str, type[ClusterError]]] = {
    "quota": (403, "Forbidden", 'jobs.batch "x" is forbidden: ' + QUOTA, DeniedError),
    "webhook": (403, "Forbidden", WEBHOOK, DeniedError),
    "invalid": (422, "Invalid", 'Job.batch "x" is invalid: spec.backoffLimit: Invalid value: -1', InvalidObjectError),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_was_made_for_a_job_that_is_refused_is_taken_back(refusal: str, talk: Talk) -> None:
    code, reason, message, expected = REFUSALS[refusal]
    talk.fake.admit(refusing("Job", code, reason, message))
    with pytest.raises(expected) as caught:
        sending.send(talk.connect())
    assert "left" not in caught.value.facts
    assert sending.stored(talk.fake).keys() == {"StorageClass/ssd"}


def test_a_configmap_whose_answer_was_lost_is_taken_back_as_well(talk: Talk) -> None:
    talk.fake.faults.on("POST", "configmaps").drop_after()
    talk.fake.admit(refusing("Job", 403, "Forbidden", WEBHOOK))
    with pytest.raises(DeniedError):
        sending.send(talk.connect())
    assert sending.stored(talk.fake).keys() == {"StorageClass/ssd"}


def test_a_configmap_that_was_there_before_a_refusal_stays(talk: Talk, name: str) -> None:
    there = talk.fake.put(sending.placed().document("ConfigMap"))
    talk.fake.faults.on("POST", "configmaps").answer(503)  # so that it is asked twice whether it is there
    talk.fake.admit(refusing("Job", 403, "Forbidden", WEBHOOK))
    with pytest.raises(DeniedError):
        sending.send(talk.connect())
    assert talk.fake.get("ConfigMap", name) == there


def test_a_configmap_that_somebody_took_in_the_meantime_stays(talk: Talk, name: str) -> None:
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "other", "uid": "1"}

    def hook(attempt: Attempt) -> None:
        if attempt.resource.kind == "Job":
            talk.fake.update("ConfigMap", name, {"metadata": {"ownerReferences": [owner]}})
            raise ApiError(403, "Forbidden", WEBHOOK)

    talk.fake.admit(hook)
    with pytest.raises(DeniedError):
        sending.send(talk.connect())
    assert talk.fake.objects("ConfigMap")[0]["metadata"]["ownerReferences"] == [owner]


def test_what_cannot_be_taken_back_is_named_beside_the_refusal(talk: Talk, name: str) -> None:
    talk.fake.deny("delete", "configmaps")
    talk.fake.deny("create", "jobs")
    with pytest.raises(NotAllowedError) as caught:
        sending.send(talk.connect())
    assert caught.value.message.startswith("not allowed to create jobs.batch")
    assert caught.value.facts["left"] == f"ConfigMap {name}; the same command finds it again"
