"""Jobs stopped and removed: with all that belongs to them, on record first, once, whatever is killed in between."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from cajajejo.cluster.errors import NotAllowedError
from cajajejo.jobs import ending, remembering
from cajajejo.jobs.ending import NotOursError, StillRunsError
from cajajejo.status import State
from tests import sending
from tests.clusters import Talk, config_map, job, talking
from tests.kills import KilledError, Mortal
from tests.sending import JOBS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cajajejo.cluster import Cluster

WITHIN_REACH = 16
"""More requests than an ending has."""
OURS = {"app.kubernetes.io/managed-by": "cajajejo"}
NOW = datetime.now(UTC)


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    monkeypatch.chdir(tmp_path)
    with talking(tmp_path) as found:
        yield found


def sent(talk: Talk) -> dict[str, Any]:
    """A job on the cluster, whose tracking store is no store of this machine."""
    outcome = sending.send(talk.connect(), "v1", "mlflow_config.tracking_uri=sqlite:////nowhere/mlflow.db")
    return live(talk, outcome.spec.name)


def live(talk: Talk, name: str) -> dict[str, Any]:
    found = talk.fake.get("Job", name)
    assert found is not None
    return found


def disowned(talk: Talk, name: str) -> None:
    """The ConfigMap of a job is nobody's, as where its adoption was cut short."""
    for row in (talk.fake.get("ConfigMap", name),):
        assert row is not None
        metadata = {key: value for key, value in row["metadata"].items() if key != "ownerReferences"}
        talk.fake.put({**row, "metadata": metadata})


def left(talk: Talk) -> list[str]:
    return [name for name in sending.stored(talk.fake) if not name.startswith("StorageClass/")]


def test_a_job_is_stopped_and_nothing_of_it_is_left(talk: Talk) -> None:
    made = sent(talk)
    start = len(talk.fake.requests)
    told = ending.cancel(talk.connect(), made, by="jasper", reason="wrong model")
    assert (told.outcome, told.name, told.namespace) == ("cancelled", made["metadata"]["name"], "default")
    assert told.status is not None
    assert told.status.state is State.CANCELLED
    assert (told.status.reason, told.status.message, told.status.do) == (None, "cancelled: wrong model", None)
    assert told.status.since is not None
    assert abs(told.status.since - datetime.now(UTC)) < timedelta(minutes=1)
    assert left(talk) == []
    name = made["metadata"]["name"]
    changes = [f"DELETE {JOBS}/{name}", f"PATCH {JOBS}/{name}", f"DELETE {JOBS}/{name}"]
    assert sending.changes(talk.fake, start) == changes
    asked, patch, delete = (request for request in talk.fake.requests[start:] if request.method != "GET")
    assert asked.dry_run
    note = json.loads(patch.json()["metadata"]["annotations"]["cajajejo/cancelled"])
    assert (note["by"], note["reason"]) == ("jasper", "wrong model")
    assert abs(datetime.fromisoformat(note["at"]) - datetime.now(UTC)) < timedelta(minutes=1)
    assert delete.json()["preconditions"]["uid"] == made["metadata"]["uid"]
    assert delete.json()["propagationPolicy"] == "Background"


def test_what_is_nobodys_goes_with_its_job(talk: Talk) -> None:
    made = sent(talk)
    disowned(talk, made["metadata"]["name"])
    talk.fake.put({**config_map("another"), "metadata": {"name": "another", "labels": OURS}})
    ending.cancel(talk.connect(), made)
    assert left(talk) == ["ConfigMap/another"]


def test_what_may_not_be_given_to_the_job_is_removed_after_it(talk: Talk) -> None:
    made = sent(talk)
    disowned(talk, made["metadata"]["name"])
    talk.fake.deny("patch", "configmaps")
    ending.cancel(talk.connect(), made)
    assert left(talk) == []


def test_who_may_not_note_it_cancels_and_says_so(talk: Talk) -> None:
    made = sent(talk)
    talk.fake.deny("patch", "jobs")
    told = ending.cancel(talk.connect(), made)
    assert told.outcome == "cancelled"
    assert told.warnings[0].startswith("not allowed to patch jobs.batch ")
    assert told.warnings[0].endswith("; to those who watch the job, it is deleted, and not cancelled")
    assert left(talk) == []


def test_who_may_not_delete_puts_no_end_on_record(talk: Talk) -> None:
    made = sent(talk)
    talk.fake.deny("delete", "jobs")
    with pytest.raises(NotAllowedError, match="not allowed to delete"):
        ending.cancel(talk.connect(), made)
    name, namespace = made["metadata"]["name"], made["metadata"]["namespace"]
    assert live(talk, name) == made
    assert remembering.recall(name, namespace) is None


@pytest.mark.parametrize("kind", ["Complete", "Failed"])
def test_a_job_that_has_ended_is_left_alone(kind: str, talk: Talk) -> None:
    made = sent(talk)
    sending.end(talk.fake, made["metadata"]["name"], kind)
    start = len(talk.fake.requests)
    told = ending.cancel(talk.connect(), live(talk, made["metadata"]["name"]))
    assert told.outcome == "ended"
    assert told.status is not None
    assert told.status.state == {"Complete": "Succeeded", "Failed": "Failed"}[kind]
    assert sending.changes(talk.fake, start) == []


@pytest.mark.parametrize("moment", [1, 2, 3])
def test_a_job_that_ends_at_the_last_moment_keeps_its_end(moment: int, talk: Talk) -> None:
    made = sent(talk)
    name = made["metadata"]["name"]
    changes = []

    def end_first(_: int, request: Any) -> None:
        changes.extend([request] * (request.method != "GET"))
        if len(changes) == moment and request is changes[-1]:
            sending.end(talk.fake, name)

    talk.fake.before(end_first)
    told = ending.cancel(talk.connect(), made)
    assert (told.outcome, told.status and told.status.state) == ("ended", State.SUCCEEDED)
    assert f"Job/{name}" in left(talk)


def test_a_job_that_changes_all_the_time_is_stopped_all_the_same(talk: Talk) -> None:
    made = sent(talk)
    count = iter(range(1, 100))

    def change(_: int, request: Any) -> None:
        if request.method == "DELETE":
            talk.fake.update("Job", made["metadata"]["name"], {"status": {"active": next(count)}})

    talk.fake.before(change)
    assert ending.cancel(talk.connect(), made).outcome == "cancelled"
    assert left(talk) == []


def test_another_job_of_the_name_is_never_met(talk: Talk) -> None:
    made = sent(talk)
    name = made["metadata"]["name"]
    talk.fake.remove("Job", name)
    talk.fake.put({**made, "metadata": {**made["metadata"], "uid": "another"}})
    told = ending.cancel(talk.connect(), made)
    assert told.outcome == "gone"
    assert live(talk, name)["metadata"]["uid"] == "another"
    assert "cajajejo/cancelled" not in live(talk, name)["metadata"]["annotations"]


def test_a_job_that_is_going_is_left_to_go(talk: Talk) -> None:
    made = sent(talk)
    going = {**made, "metadata": {**made["metadata"], "deletionTimestamp": "2026-11-21T14:02:11Z"}}
    start = len(talk.fake.requests)
    assert ending.cancel(talk.connect(), going).outcome == "gone"
    assert ending.delete(talk.connect(), going).outcome == "gone"
    assert talk.asked(start) == []


def test_a_job_of_somebody_else_is_refused(talk: Talk) -> None:
    foreign = talk.fake.put(job("theirs"))
    for act in (ending.cancel, ending.delete):
        with pytest.raises(NotOursError, match="the job theirs was not made by cajajejo") as told:
            act(talk.connect(), foreign)
        assert told.value.run == ("kubectl delete job theirs -n default",)
    assert left(talk) == ["Job/theirs"]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("owned", [False, True])
def test_killed_at_any_request_and_done_again(after: object, owned: object, talk: Talk) -> None:
    for at in range(1, WITHIN_REACH):
        made = sent(talk)
        name = made["metadata"]["name"]
        if not owned:
            disowned(talk, name)
        mortal = cast("Cluster", Mortal(talk.connect(), at, after=bool(after)))
        try:
            ending.cancel(mortal, made)
        except KilledError:
            again = talk.fake.get("Job", name)
            if again is not None:
                ending.cancel(talk.connect(), again)
            assert left(talk) == []
        else:
            assert left(talk) == []
            return
    raise AssertionError("more requests than thought")


def test_two_at_once_both_end_well(talk: Talk) -> None:
    made = sent(talk)
    talk.fake.faults.on(times=40).delay(0.01)
    told: list[str] = []

    def end() -> None:
        told.append(ending.cancel(talk.connect(), made).outcome)

    threads = [threading.Thread(target=end) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert min(told) == "cancelled"
    assert set(told[1:]) <= {"cancelled", "gone"}
    assert len(told) == 3
    assert left(talk) == []


@pytest.mark.parametrize("accident", ["drop_after", "drop_before", "half_body"])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_answers_that_are_lost(method: str, accident: str, talk: Talk) -> None:
    made = sent(talk)
    getattr(talk.fake.faults.on(method, times=2), accident)()
    assert ending.cancel(talk.connect(), made).outcome == "cancelled"
    assert left(talk) == []


def test_a_finished_job_is_removed(talk: Talk) -> None:
    made = sent(talk)
    sending.end(talk.fake, made["metadata"]["name"])
    disowned(talk, made["metadata"]["name"])
    told = ending.delete(talk.connect(), live(talk, made["metadata"]["name"]))
    assert (told.outcome, told.status and told.status.state) == ("deleted", State.SUCCEEDED)
    assert left(talk) == []


def test_a_job_that_runs_is_not_deleted(talk: Talk) -> None:
    made = sent(talk)
    name = made["metadata"]["name"]
    with pytest.raises(StillRunsError, match=f"the job {name} has not ended") as told:
        ending.delete(talk.connect(), made)
    assert told.value.run == (f"cajajejo jobs cancel {name} -n default",)
    assert f"Job/{name}" in left(talk)


def orphan(talk: Talk, name: str, seconds: float = 3600, kind: str = "ConfigMap", **more: Any) -> None:
    made = (NOW - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
    labels = {**OURS, "app.kubernetes.io/instance": name}
    versions = {"ConfigMap": "v1", "Role": "rbac.authorization.k8s.io/v1"}
    metadata = {"name": name, "labels": labels, "creationTimestamp": made, **more}
    talk.fake.put({"apiVersion": versions[kind], "kind": kind, "metadata": metadata})


def test_what_was_made_for_jobs_that_never_came_is_found(talk: Talk) -> None:
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": "x", "uid": "y"}
    orphan(talk, "lost")
    orphan(talk, "lost", kind="Role")
    orphan(talk, "young", 30)
    orphan(talk, "owned", ownerReferences=[owner])
    orphan(talk, "foreign", labels={})
    orphan(talk, "has-a-job")
    talk.fake.put(job("has-a-job"))
    found = ending.orphans(talk.connect(), "default", NOW)
    assert [(row["kind"], row["metadata"]["name"]) for row in found] == [("ConfigMap", "lost"), ("Role", "lost")]
    assert [ending.remove_orphan(talk.connect(), row) for row in found] == [True, True]
    assert ending.orphans(talk.connect(), "default", NOW) == []


def test_an_orphan_that_was_taken_meanwhile_stays(talk: Talk) -> None:
    orphan(talk, "lost")
    (found,) = ending.orphans(talk.connect(), "default", NOW)
    talk.fake.update("ConfigMap", "lost", {"data": {"now": "another"}})
    assert not ending.remove_orphan(talk.connect(), found)
    assert left(talk) == ["ConfigMap/lost"]


def test_kinds_that_may_not_be_listed_are_left_out(talk: Talk) -> None:
    orphan(talk, "lost")
    talk.fake.deny("list", "roles")
    talk.fake.deny("list", "rolebindings")
    assert len(ending.orphans(talk.connect(), "default", NOW)) == 1
