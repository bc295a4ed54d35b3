"""A submission that the server only checks: every object, strictly, and nothing is stored."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from cajajejo import submission
from cajajejo.cluster.errors import InvalidObjectError
from cajajejo.delivery import ObjectDiffersError
from cajajejo.submission import JobFailedError
from tests import sending
from tests.clusters import Talk, talking
from tests.sending import CREATED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


@pytest.fixture
def name() -> str:
    return sending.spec().name


def test_a_rehearsal_is_checked_by_the_server_and_stores_nothing(talk: Talk) -> None:
    before = sending.stored(talk.fake)
    outcome = submission.rehearse(talk.connect(), sending.placed(), "default")
    assert sending.stored(talk.fake) == before == {}
    assert [each.outcome for each in outcome.objects] == ["created"] * 3
    sent = [request for request in talk.fake.requests if request.method != "GET"]
    assert [request.query for request in sent] == [{**CREATED, "dryRun": "All"}] * 3
    assert [request.json()["kind"] for request in sent] == ["StorageClass", "ConfigMap", "Job"]


def test_a_rehearsal_compares_what_is_there(talk: Talk, name: str) -> None:
    sending.send(talk.connect())
    start = len(talk.fake.requests)
    outcome = submission.rehearse(talk.connect(), sending.placed(), "default")
    assert [each.outcome for each in outcome.objects] == ["unchanged"] * 3
    assert all(request.dry_run for request in talk.fake.requests[start:] if request.method != "GET")
    sending.end(talk.fake, name, "Failed", reason="DeadlineExceeded")
    with pytest.raises(JobFailedError):
        submission.rehearse(talk.connect(), sending.placed(), "default")


def test_a_field_that_nobody_knows_is_found_by_a_rehearsal(talk: Talk) -> None:
    placed = sending.placed()
    documents = copy.deepcopy(placed.documents)
    documents[0]["spec"]["backofLimit"] = 3
    with pytest.raises(InvalidObjectError) as caught:
        submission.rehearse(talk.connect(), replace(placed, documents=documents), "default")
    assert "spec.backofLimit" in "\n".join(caught.value.lines())
    assert sending.stored(talk.fake) == {}


@pytest.mark.parametrize("verb", ["get", "create"])
def test_a_storage_class_that_only_others_may_touch_does_not_keep_a_rehearsal_from_the_rest(
    verb: str, talk: Talk
) -> None:
    talk.fake.put(sending.placed().document("StorageClass"))
    talk.fake.deny(verb, "storageclasses")
    outcome = submission.rehearse(talk.connect(), sending.placed(), "default")
    assert [each.outcome for each in outcome.objects] == [
        "exists" if verb == "get" else "unchanged",
        "created",
        "created",
    ]


def test_a_configmap_with_other_content_is_found_by_a_rehearsal(talk: Talk, name: str) -> None:
    there = talk.fake.put({**sending.placed().document("ConfigMap"), "data": {"eval_config.yml": "{}"}})
    with pytest.raises(ObjectDiffersError):
        submission.rehearse(talk.connect(), sending.placed(), "default")
    assert talk.fake.get("ConfigMap", name) == there
