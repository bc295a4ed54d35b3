"""Objects of a cluster patched and deleted, also where an answer is lost; nothing else is ever touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo.cluster import APPLY
from cajajejo.cluster.errors import ConflictError, InvalidObjectError, MissingObjectError, UnreachableError
from tests.clusters import Talk, config_map, job, talking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOBS = "/apis/batch/v1/namespaces/default/jobs"


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


def test_a_merge_patch_changes_and_survives_a_lost_answer(talk: Talk) -> None:
    talk.fake.put(config_map())
    talk.fake.faults.on("PATCH").drop_after()
    changed = talk.connect().patch("ConfigMap", "c", None, {"data": {"x": "y"}})
    assert changed["data"] == {"a": "b", "x": "y"}
    assert talk.fake.requests[-1].content_type == "application/merge-patch+json"


def test_a_patch_that_holds_a_version_is_sent_once(talk: Talk) -> None:
    version = talk.fake.put(config_map())["metadata"]["resourceVersion"]
    talk.fake.faults.on("PATCH").drop_after()
    with pytest.raises(UnreachableError):
        talk.connect().patch("ConfigMap", "c", None, {"metadata": {"resourceVersion": version}, "data": {"x": "y"}})
    assert len(talk.asked()) == 1


def test_applying_with_force_says_so(talk: Talk) -> None:
    made = talk.connect().patch("ConfigMap", "c", None, config_map(), content_type=APPLY, force=True, dry_run=True)
    assert made["data"] == {"a": "b"}
    query = {"fieldManager": "cajajejo", "fieldValidation": "Strict", "dryRun": "All", "force": "true"}
    assert talk.fake.requests[-1].query == query


def test_patching_what_is_not_there_is_an_error(talk: Talk) -> None:
    with pytest.raises(MissingObjectError):
        talk.connect().patch("ConfigMap", "c", None, {"data": {"x": "y"}})


def test_deleting_says_how_and_whether_it_was_there(talk: Talk) -> None:
    uid = talk.fake.put(job())["metadata"]["uid"]
    ours = talk.connect()
    assert [ours.delete("Job", "a", uid=uid), ours.delete("Job", "a", uid=uid)] == [True, False]
    assert talk.fake.requests[0].json() == {
        "kind": "DeleteOptions",
        "apiVersion": "v1",
        "propagationPolicy": "Background",
        "preconditions": {"uid": uid},
    }


def test_a_dry_run_of_a_deletion_deletes_nothing(talk: Talk) -> None:
    stored = talk.fake.put(job())
    assert talk.connect().delete("Job", "a", dry_run=True)
    assert talk.fake.get("Job", "a") == stored


def test_another_object_of_the_same_name_is_not_deleted(talk: Talk) -> None:
    talk.fake.put(job())
    with pytest.raises(ConflictError) as caught:
        talk.connect().delete("Job", "a", uid="0000")
    assert caught.value.message == "another object has this name now: jobs.batch a in namespace default"
    assert talk.fake.get("Job", "a") is not None


def test_a_deletion_whose_answer_was_lost_has_worked(talk: Talk) -> None:
    uid = talk.fake.put(job())["metadata"]["uid"]
    talk.fake.faults.on("DELETE").drop_after()
    assert talk.connect().delete("Job", "a", uid=uid) is True
    assert talk.asked() == [f"DELETE {JOBS}/a"] * 2


def test_a_deletion_whose_answer_was_lost_spares_what_came_after(talk: Talk) -> None:
    uid = talk.fake.put(job())["metadata"]["uid"]
    talk.fake.faults.on("DELETE").drop_after()
    talk.while_waiting = lambda: talk.fake.put(job())
    assert talk.connect().delete("Job", "a", uid=uid) is True
    assert talk.fake.get("Job", "a") is not None


def test_a_deletion_by_name_alone_is_sent_once(talk: Talk) -> None:
    talk.fake.put(job())
    talk.fake.faults.on("DELETE").drop_before()
    with pytest.raises(UnreachableError):
        talk.connect().delete("Job", "a")
    assert len(talk.asked()) == 1


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_collection_is_never_meant_by_an_empty_name(name: str, talk: Talk) -> None:
    with pytest.raises(InvalidObjectError):
        talk.connect().delete("Job", name)
    assert talk.asked() == []
