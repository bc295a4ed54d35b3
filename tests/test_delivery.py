"""What a job needs on a cluster: made, recognised, refused where it differs, shared with others, and cleared away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import submission
from cajajejo.cluster.errors import ConflictError, NotAllowedError
from cajajejo.delivery import ObjectDiffersError, ObjectOutcome
from tests import sending
from tests.clusters import Talk, talking
from tests.sending import CLASSES, MAPS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.kubernetes.messages import Request


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


@pytest.fixture
def name() -> str:
    return sending.spec().name


def storage_class(**changes: Any) -> dict[str, Any]:
    return {**sending.placed().document("StorageClass"), **changes}


def config_map(**changes: Any) -> dict[str, Any]:
    document = sending.placed().document("ConfigMap")
    metadata = {**document["metadata"], **changes.pop("metadata", {})}
    return {**document, **changes, "metadata": metadata}


def owner(uid: str, name: str) -> dict[str, Any]:
    return {"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": uid}


def by_name(owners: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(owners, key=lambda each: str(each["name"]))


def test_a_storage_class_that_is_there_and_equal_is_used(talk: Talk, name: str) -> None:
    defaults = {"reclaimPolicy": "Delete", "metadata": {"name": "ssd", "annotations": {"team": "storage"}}}
    there = talk.fake.put(storage_class(**defaults))
    assert sending.send(talk.connect()).objects[0] == ObjectOutcome("StorageClass", "ssd", "unchanged")
    assert talk.fake.get("StorageClass", "ssd") == there
    sending.assert_sent_once(talk.fake, name)


def test_a_storage_class_that_differs_is_an_error_that_names_both_values(talk: Talk) -> None:
    there = talk.fake.put(storage_class(parameters={"type": "pd-ssd"}, allowVolumeExpansion=False))
    with pytest.raises(ObjectDiffersError) as caught:
        sending.send(talk.connect())
    assert "\n".join(caught.value.lines()).splitlines() == [
        "Error: the StorageClass ssd is there, and holds something else",
        "  compared    the StorageClass that is there, and the one of this job",
        "  differs     allowVolumeExpansion: false, not true",
        "              parameters.type: pd-ssd, not pd-balanced",
        "Run: use the one that is there: --set storage_config.scratch.create_storage_class=false",
    ]
    assert sending.stored(talk.fake) == {"StorageClass/ssd": there}


def test_a_storage_class_that_is_there_and_may_not_be_made_is_fine(talk: Talk, name: str) -> None:
    talk.fake.put(storage_class())
    talk.fake.deny("create", "storageclasses")
    assert sending.send(talk.connect()).warnings == ()
    sending.assert_sent_once(talk.fake, name)


def test_a_storage_class_that_may_not_be_read_is_taken_to_be_there(talk: Talk) -> None:
    talk.fake.deny("get", "storageclasses")
    outcome = sending.send(talk.connect())
    assert outcome.objects[0] == ObjectOutcome("StorageClass", "ssd", "exists")
    assert len(outcome.warnings) == 1
    assert outcome.warnings[0].startswith("not allowed to get storageclasses.storage.k8s.io")
    assert outcome.warnings[0].endswith("; the StorageClass ssd is taken to be there")


def test_a_storage_class_that_may_not_be_made_and_is_missing_stops_before_anything_is_made(talk: Talk) -> None:
    talk.fake.deny("create", "storageclasses")
    with pytest.raises(NotAllowedError) as caught:
        sending.send(talk.connect())
    assert caught.value.message.startswith("not allowed to create storageclasses.storage.k8s.io")
    assert caught.value.run[-1] == (
        "or use the one that is there: --set storage_config.scratch.create_storage_class=false"
    )
    assert sending.stored(talk.fake) == {}


def test_what_the_cluster_shares_is_looked_at_once_for_many_jobs(talk: Talk) -> None:
    ours, shared = talk.connect(), set[tuple[str, str]]()
    for version in ("v1", "v2"):
        submission.send(ours, sending.placed(version), "default", shared=shared)
    assert talk.asked().count(f"GET {CLASSES}/ssd") == 1
    assert shared == {("StorageClass", "ssd")}


@pytest.mark.parametrize("running", ["", "running"])
def test_a_configmap_with_other_content_is_left_alone(running: str, talk: Talk, name: str) -> None:
    if running:
        sending.send(talk.connect())
        talk.fake.remove("ConfigMap", name)
    there = talk.fake.put(config_map(data={"eval_config.yml": "{}\n", "run_specs.conf": "entries: []\n"}))
    start = len(talk.fake.requests)
    with pytest.raises(ObjectDiffersError) as caught:
        sending.send(talk.connect())
    assert caught.value.message == f"the ConfigMap {name} is there, and holds something else"
    assert caught.value.facts["differs"].splitlines() == [
        'data.eval_config.yml: line 1: "{}", not "command: null"',
        'data.run_specs.conf: line 1: "entries: []", not "# What HELM runs: one line a scenario."',
    ]
    assert talk.fake.get("ConfigMap", name) == there
    assert [change for change in sending.changes(talk.fake, start) if not change.startswith("POST")] == []


def test_an_equal_configmap_that_nobody_owns_is_adopted(talk: Talk, name: str) -> None:
    uid = talk.fake.put(config_map())["metadata"]["uid"]
    assert sending.send(talk.connect()).objects[1] == ObjectOutcome("ConfigMap", name, "unchanged")
    sending.assert_sent_once(talk.fake, name)
    assert talk.fake.objects("ConfigMap")[0]["metadata"]["uid"] == uid


@pytest.mark.parametrize("data", [None, {"eval_config.yml": "old: true\n"}], ids=["equal", "other"])
def test_a_configmap_whose_job_is_gone_is_replaced(data: dict[str, str] | None, talk: Talk, name: str) -> None:
    stale = config_map(metadata={"ownerReferences": [owner("gone", name)]}, **({"data": data} if data else {}))
    uid = talk.fake.put(stale)["metadata"]["uid"]
    sending.send(talk.connect())
    sending.assert_sent_once(talk.fake, name)
    assert talk.fake.objects("ConfigMap")[0]["metadata"]["uid"] != uid


def test_a_configmap_that_is_being_deleted_is_waited_for_by_the_user(talk: Talk, name: str) -> None:
    marks = {"deletionTimestamp": "2026-11-21T14:02:11Z", "finalizers": ["example.org/keep"]}
    talk.fake.put(config_map(metadata=marks))
    with pytest.raises(ConflictError) as caught:
        sending.send(talk.connect())
    assert caught.value.message == f"the ConfigMap {name} is being deleted"
    assert talk.fake.objects("Job") == []


def test_a_configmap_that_other_jobs_still_use_is_shared(talk: Talk, name: str) -> None:
    alive = talk.fake.put({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "alive"}, "spec": {}})
    owners = [owner("gone", "gone"), owner(alive["metadata"]["uid"], "alive")]
    uid = talk.fake.put(config_map(metadata={"ownerReferences": owners}))["metadata"]["uid"]
    sending.send(talk.connect())
    metadata = talk.fake.objects("ConfigMap")[0]["metadata"]
    assert metadata["uid"] == uid
    assert by_name(metadata["ownerReferences"]) == by_name([*owners, *sending.owner_of(talk.fake, name)])


def test_two_jobs_that_adopt_one_configmap_at_once_both_own_it(talk: Talk, name: str) -> None:
    """The other one arrives between our look and our patch."""
    other = talk.fake.put({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "other"}, "spec": {}})
    theirs = owner(other["metadata"]["uid"], "other")

    def meanwhile(_: int, request: Request) -> None:
        if request.method == "PATCH":
            talk.fake.update("ConfigMap", name, {"metadata": {"ownerReferences": [theirs]}})

    talk.fake.before(meanwhile)
    sending.send(talk.connect())
    found = talk.fake.objects("ConfigMap")[0]["metadata"]["ownerReferences"]
    assert by_name(found) == by_name([theirs, *sending.owner_of(talk.fake, name)])


def test_a_configmap_that_somebody_takes_back_before_it_is_adopted_is_made_again(talk: Talk, name: str) -> None:
    taken: list[int] = []

    def meanwhile(number: int, request: Request) -> None:
        if request.method == "PATCH" and not taken:
            taken.append(number)
            talk.fake.remove("ConfigMap", name)

    talk.fake.before(meanwhile)
    sending.send(talk.connect())
    sending.assert_sent_once(talk.fake, name)


def test_a_configmap_that_comes_and_goes_ends_in_a_sentence(talk: Talk, name: str) -> None:
    def meanwhile(_: int, request: Request) -> None:
        if (request.method, request.path) == ("POST", MAPS):
            talk.fake.put(config_map())
        elif (request.method, request.path) == ("GET", f"{MAPS}/{name}"):
            talk.fake.remove("ConfigMap", name)

    talk.fake.before(meanwhile)
    with pytest.raises(ConflictError) as caught:
        sending.send(talk.connect())
    assert caught.value.lines() == [
        f"Error: the ConfigMap {name} comes and goes",
        "Run: send the job again in a moment",
    ]


def test_an_adoption_that_may_not_be_made_tells_that_the_job_runs(talk: Talk, name: str) -> None:
    talk.fake.deny("patch", "configmaps")
    with pytest.raises(NotAllowedError) as caught:
        sending.send(talk.connect())
    assert caught.value.message.startswith("not allowed to patch configmaps")
    assert (
        caught.value.facts["note"] == f"the Job {name} is on the cluster, and goes on; its ConfigMap is not its own yet"
    )
