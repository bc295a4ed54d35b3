"""Jobs sent to a real cluster: once, recognised, refused, repeated, run to the end, gone with all that is theirs."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import job_spec, submission
from cajajejo.cluster.errors import DeniedError, InvalidObjectError
from cajajejo.delivery import ObjectDiffersError, ObjectOutcome
from cajajejo.submission import JobExistsError, JobFailedError
from tests.cluster.conftest import connect, wait_until, with_document

if TYPE_CHECKING:
    from tests.cluster.conftest import Place

pytestmark = pytest.mark.cluster
SLEEP = "sleep 120"
COLLECTOR_SECONDS = 3
"""Longer than the garbage collector takes to look at a ConfigMap whose owner is gone."""


def test_a_rehearsal_stores_nothing_and_finds_unknown_fields(place: Place) -> None:
    assert place.rehearse(place.spec("a")).outcome == "created"
    with pytest.raises(InvalidObjectError) as caught:
        place.rehearse(place.spec("a", backoffLimit="backofLimit"))
    assert "backofLimit" in "\n".join(caught.value.lines())
    assert (place.names("Job"), place.names("ConfigMap")) == ([], [])


def test_the_same_is_sent_once_and_its_configmap_is_its_own(place: Place) -> None:
    assert place.send(place.spec("a", SLEEP)).outcome == "created"
    place.assert_owned("a")
    version = place.get("ConfigMap", "a")["metadata"]["resourceVersion"]
    assert place.send(place.spec("a", SLEEP)).outcome == "unchanged"
    assert place.get("ConfigMap", "a")["metadata"]["resourceVersion"] == version
    assert (place.names("Job"), place.names("ConfigMap")) == (["a"], ["a"])


def test_users_who_send_the_same_at_once_have_one_job(place: Place) -> None:
    spec = place.spec("a", SLEEP)

    def send(_: int) -> str:
        with connect() as ours:
            return place.send(spec, ours).spec.name

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(send, range(6))) == {"a"}
    place.assert_owned("a")
    assert (place.names("Job"), place.names("ConfigMap")) == (["a"], ["a"])


def test_the_configmap_goes_with_its_job(place: Place) -> None:
    place.send(place.spec("a", SLEEP))
    place.delete_job("a")
    wait_until("the ConfigMap is collected", lambda: place.names("ConfigMap") == [])
    assert place.send(place.spec("a", SLEEP)).outcome == "created"
    place.assert_owned("a")


def test_a_job_that_is_sent_again_right_after_it_was_deleted_has_a_configmap_of_its_own(place: Place) -> None:
    """The collector may not have come by yet."""
    place.send(place.spec("a", SLEEP))
    place.delete_job("a")
    assert place.send(place.spec("a", SLEEP)).outcome == "created"
    uid = place.get("ConfigMap", "a")["metadata"]["uid"]
    time.sleep(COLLECTOR_SECONDS)
    assert place.get("ConfigMap", "a")["metadata"]["uid"] == uid
    place.assert_owned("a")


def test_what_a_kill_left_is_finished(place: Place) -> None:
    document = submission.placed(place.spec("a", SLEEP), place.namespace, "").document("ConfigMap")
    place.ours.create(document)
    assert place.send(place.spec("a", SLEEP)).objects[0] == ObjectOutcome("ConfigMap", "a", "unchanged")
    place.assert_owned("a")
    place.ours.delete("ConfigMap", "a", place.namespace)
    assert place.send(place.spec("a", SLEEP)).outcome == "unchanged"
    place.assert_owned("a")


def test_another_job_of_the_name_is_left_alone(place: Place) -> None:
    place.send(place.spec("a", SLEEP))
    uid = place.get("Job", "a")["metadata"]["uid"]
    with pytest.raises(JobExistsError):
        place.send(place.spec("a", "sleep 121"))
    assert place.get("Job", "a")["metadata"]["uid"] == uid
    place.assert_owned("a")


def test_a_job_that_was_made_from_the_same_file_is_recognised(place: Place) -> None:
    for document in place.spec("a", SLEEP).documents:
        metadata = {**document["metadata"], "namespace": place.namespace}
        place.ours.create({**document, "metadata": metadata})
    assert place.send(place.spec("a", SLEEP)).outcome == "unchanged"
    place.assert_owned("a")


def test_a_configmap_with_other_content_is_left_alone(place: Place) -> None:
    place.ours.create(
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": place.namespace},
            "data": {"eval_config.yml": "other\n"},
        }
    )
    with pytest.raises(ObjectDiffersError):
        place.send(place.spec("a"))
    assert place.get("ConfigMap", "a")["data"] == {"eval_config.yml": "other\n"}
    assert place.names("Job") == []


def test_a_job_that_a_quota_refuses_leaves_nothing(place: Place) -> None:
    place.ours.create(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "no-jobs", "namespace": place.namespace},
            "spec": {"hard": {"count/jobs.batch": "0"}},
        }
    )
    wait_until("the quota counts", lambda: "hard" in place.get("ResourceQuota", "no-jobs").get("status", {}))
    with pytest.raises(DeniedError) as caught:
        place.send(place.spec("a"))
    assert "quota" in "\n".join(caught.value.lines())
    assert (place.names("Job"), place.names("ConfigMap")) == ([], [])


def test_a_storage_class_that_is_there_is_compared_and_never_written(
    place: Place, storage_class: dict[str, Any]
) -> None:
    name = storage_class["metadata"]["name"]
    before = place.ours.get("StorageClass", name)
    outcome = place.send(with_document(place.spec("a", SLEEP), storage_class))
    assert outcome.objects[0] == ObjectOutcome("StorageClass", name, "unchanged")
    with pytest.raises(ObjectDiffersError, match=f"the StorageClass {name} is there"):
        place.send(with_document(place.spec("b", SLEEP), {**storage_class, "provisioner": "example.org/none"}))
    assert place.ours.get("StorageClass", name) == before
    assert place.names("Job") == ["a"]


def test_a_job_runs_to_its_end_and_is_repeated(place: Place) -> None:
    spec = place.spec("a")
    place.send(spec)
    assert place.wait_for_end("a") == "complete"
    outcome = place.send(spec)
    assert (outcome.outcome, outcome.state.kind) == ("unchanged", "complete")
    repetition = place.send(submission.repetition(place.ours, spec, place.namespace))
    assert repetition.spec.document("Job")["metadata"]["annotations"][job_spec.RERUN] == "1"
    assert place.wait_for_end(repetition.spec.name) == "complete"
    place.assert_owned(repetition.spec.name)


def test_a_job_that_failed_is_told_and_is_repeated_only_when_it_is_asked_for(place: Place) -> None:
    spec = place.spec("a", "exit 1")
    place.send(spec)
    assert place.wait_for_end("a") == "failed"
    with pytest.raises(JobFailedError) as caught:
        place.send(spec)
    assert caught.value.facts["reason"].startswith("BackoffLimitExceeded")
    assert place.names("Job") == ["a"]
    repetition = place.send(submission.repetition(place.ours, spec, place.namespace))
    assert place.names("Job") == sorted(["a", repetition.spec.name])
