"""Objects of a cluster as plain JSON: read, listed, created, patched, deleted; what was done is not done twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import cluster
from cajajejo.cluster import ALL_NAMESPACES
from cajajejo.cluster.errors import (
    AlreadyExistsError,
    ExpiredError,
    InvalidObjectError,
    MissingNamespaceError,
    NotAllowedError,
    NotServedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from cajajejo.errors import CajajejoError
from tests.clusters import Talk, config_map, job, talking
from tests.fakes.kubernetes.messages import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOBS = "/apis/batch/v1/namespaces/default/jobs"


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


def test_an_object_is_read_as_it_is(talk: Talk) -> None:
    stored = talk.fake.put({**job(), "unheard": {"of": [1, None]}})
    assert talk.connect().get("Job", "a") == stored


def test_an_object_that_is_not_there_is_none(talk: Talk) -> None:
    ours = talk.connect()
    assert [ours.get("Job", "a"), ours.get("Job", "a", "nowhere"), ours.get("Namespace", "nowhere")] == [None] * 3


def test_a_kind_that_is_not_served_is_an_error(talk: Talk) -> None:
    with pytest.raises(NotServedError):
        talk.connect().get("Workload", "a")


def test_a_list_brings_every_page_with_kinds(talk: Talk) -> None:
    for number in range(7):
        talk.fake.put(job(f"j{number}"))
    found = list(talk.connect().list("Job", limit_per_page=3))
    assert found == talk.fake.objects("Job")
    assert [item["kind"] for item in found] == ["Job"] * 7
    assert [request.query.get("limit") for request in talk.fake.requests] == ["3"] * 3


def test_a_list_that_expires_starts_again_and_yields_nothing_twice(talk: Talk) -> None:
    for number in range(7):
        talk.fake.put(job(f"j{number}"))
    talk.fake.faults.on("GET", skip=1).answer(410, "too old", reason="Expired")
    names = [item["metadata"]["name"] for item in talk.connect().list("Job", limit_per_page=3)]
    assert names == [f"j{number}" for number in range(7)]
    assert [sorted(request.query) for request in talk.fake.requests] == [["limit"], ["continue", "limit"], []]


def test_a_list_that_keeps_expiring_is_given_up(talk: Talk) -> None:
    talk.fake.faults.on("GET").answer(410, "too old", reason="Expired")
    with pytest.raises(ExpiredError):
        list(talk.connect().list("Job"))


def test_a_list_is_narrowed_by_selectors_and_namespace(talk: Talk) -> None:
    talk.fake.namespace("team")
    for name, namespace, label in (("a", "default", "x"), ("b", "team", "x"), ("c", "team", "y")):
        talk.fake.put({**job(), "metadata": {"name": name, "namespace": namespace, "labels": {"app": label}}})
    ours = talk.connect()

    def names(namespace: str | None, selector: str = "", fields: str = "") -> list[str]:
        found = ours.list("Job", namespace, selector=selector, fields=fields)
        return [item["metadata"]["name"] for item in found]

    assert names(None) == ["a"]
    assert names("team") == ["b", "c"]
    assert names(ALL_NAMESPACES, selector="app=x") == ["a", "b"]
    assert names("team", fields="metadata.name=c") == ["c"]


def test_creating_checks_fields_strictly_and_names_the_manager(talk: Talk) -> None:
    made = talk.connect().create(job("a"))
    assert made == cluster.Created(talk.fake.get("Job", "a") or {}, (), existed=False)
    assert talk.fake.requests[-1].query == {"fieldManager": "cajajejo", "fieldValidation": "Strict"}


def test_a_dry_run_stores_nothing(talk: Talk) -> None:
    made = talk.connect().create(job("a"), dry_run=True)
    assert made.object["metadata"]["name"] == "a"
    assert talk.fake.objects("Job") == []


def test_a_typo_is_told_by_its_field(talk: Talk) -> None:
    with pytest.raises(InvalidObjectError) as caught:
        talk.connect().create(job("a", backoffLimits=3), dry_run=True)
    assert caught.value.facts["says"] == "spec.backoffLimits: unknown field"
    assert caught.value.run == ("kubectl explain job.spec",)


def test_the_namespace_of_the_document_counts(talk: Talk) -> None:
    talk.fake.namespace("team")
    talk.connect().create(config_map(namespace="team"))
    assert talk.fake.get("ConfigMap", "c", "team") is not None


def test_an_object_of_the_same_name_is_an_error(talk: Talk) -> None:
    talk.fake.put(job("a"))
    talk.fake.faults.on("POST").too_many_requests()
    with pytest.raises(AlreadyExistsError):
        talk.connect().create(job("a"))


@pytest.mark.parametrize("accident", ["drop_after", "half_body"])
def test_an_object_whose_answer_was_lost_is_found_again(accident: str, talk: Talk) -> None:
    getattr(talk.fake.faults.on("POST"), accident)()
    made = talk.connect().create(job("a"))
    assert made == cluster.Created(talk.fake.get("Job", "a") or {}, (), existed=True)
    assert talk.asked() == [f"POST {JOBS}", f"POST {JOBS}", f"GET {JOBS}/a"]
    assert len(talk.fake.objects("Job")) == 1


def test_an_object_that_was_not_made_before_the_connection_broke_is_made(talk: Talk) -> None:
    talk.fake.faults.on("POST").drop_before()
    assert talk.connect().create(job("a")).existed is False
    assert talk.asked() == [f"POST {JOBS}"] * 2


def test_an_object_that_vanished_meanwhile_is_a_conflict(talk: Talk) -> None:
    talk.fake.faults.on("POST").drop_after()

    def remove_before_it_is_read(number: int, _: object) -> None:
        if number == 3:
            talk.fake.remove("Job", "a")

    talk.fake.before(remove_before_it_is_read)
    with pytest.raises(AlreadyExistsError):
        talk.connect().create(job("a"))
    assert talk.asked() == [f"POST {JOBS}", f"POST {JOBS}", f"GET {JOBS}/a"]


def test_an_object_without_a_name_is_sent_once(talk: Talk) -> None:
    talk.fake.faults.on("POST").drop_after()
    document = {**config_map(), "metadata": {"generateName": "c-"}}
    with pytest.raises(UnreachableError):
        talk.connect().create(document)
    assert len(talk.asked()) == 1


def test_a_missing_namespace_is_told_with_a_similar_one(talk: Talk) -> None:
    with pytest.raises(MissingNamespaceError) as caught:
        talk.connect().create(config_map(namespace="defautl"))
    assert caught.value.lines() == [
        "Error: there is no namespace defautl: fake",
        "  did you mean  default",
        "Run: kubectl create namespace defautl",
    ]


def test_who_may_not_list_namespaces_is_told_without_a_guess(talk: Talk) -> None:
    talk.fake.deny("list", "namespaces")
    with pytest.raises(MissingNamespaceError) as caught:
        talk.connect().create(config_map(namespace="defautl"))
    assert caught.value.facts == {}


@pytest.mark.parametrize("document", [{}, {"kind": "Job"}, {"kind": "Job", "apiVersion": "v1", "metadata": []}])
def test_a_document_without_a_known_kind_is_not_sent(document: dict[str, Any], talk: Talk) -> None:
    with pytest.raises(CajajejoError):
        talk.connect().create(document)
    assert talk.asked() == []


def test_what_json_cannot_hold_is_not_sent(talk: Talk) -> None:
    with pytest.raises(InvalidObjectError) as caught:
        talk.connect().create({**config_map(), "data": {"a": float("nan")}})
    assert (
        caught.value.message
        == "cannot create configmaps c in namespace default: it holds what no Kubernetes object can hold"
    )
    assert talk.asked() == []


def test_the_version_and_the_rights_are_asked_for(talk: Talk) -> None:
    talk.fake.deny("delete", "jobs")
    ours = talk.connect()
    assert ours.server_version() == "v1.36.2"
    assert [ours.can("create", "jobs", "batch", "default"), ours.can("delete", "jobs", "batch")] == [True, False]


def test_a_missing_right_names_user_and_check(talk: Talk) -> None:
    talk.fake.deny("create", "jobs")
    with pytest.raises(NotAllowedError) as caught:
        talk.connect().create(job())
    assert caught.value.lines() == [
        "Error: not allowed to create jobs.batch in namespace default: user tester",
        "  says        fake: jobs.batch is forbidden",
        "Run: invoke authenticate-kubectl     if the login expired; else ask for the right, and check with",
        "     kubectl auth can-i create jobs -n default",
    ]


def test_any_request_can_be_sent(talk: Talk) -> None:
    ours = talk.connect()
    made = ours.request("POST", "/api/v1/namespaces/default/configmaps", body=config_map())
    assert (made.status, made.json()["metadata"]["name"]) == (201, "c")
    assert ours.request("GET", "/readyz").body == b"ok"
    with pytest.raises(NotServedError) as caught:
        ours.request("GET", "/apis/none/v1")
    assert caught.value.message == "the cluster does not know /apis/none/v1: fake"


def test_a_namespace_without_a_similar_one_is_told_without_a_guess(talk: Talk) -> None:
    with pytest.raises(MissingNamespaceError) as caught:
        talk.connect().create(config_map(namespace="zzzzzzzz"))
    assert caught.value.facts == {}


def test_a_success_without_an_object_is_an_error(talk: Talk) -> None:
    talk.fake.faults.on("GET").refuse = Answer(200, [1, 2])
    with pytest.raises(UnexpectedAnswerError):
        list(talk.connect().list("Job"))


@pytest.mark.parametrize("items", [None, "x", [None, 5, {}, {"metadata": {}}, {"metadata": []}]])
def test_a_list_of_nonsense_is_empty(items: object, talk: Talk) -> None:
    talk.fake.faults.on("GET").refuse = Answer(200, {"kind": "JobList", "metadata": None, "items": items})
    assert list(talk.connect().list("Job")) == []
