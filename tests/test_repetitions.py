"""The same job once more: the next number, never a second one while one runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from cajajejo import job_spec, submission
from tests import sending
from tests.clusters import Talk, talking

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


def test_a_repetition_has_a_name_of_its_own_and_counts(talk: Talk, name: str) -> None:
    ours, names = talk.connect(), [name]
    sending.send(ours)
    for number in (1, 2, 3):
        sending.end(talk.fake, names[-1], "Failed" if number == 2 else "Complete")
        outcome = sending.send_repetition(ours)
        names.append(outcome.spec.name)
        assert outcome.spec.document("Job")["metadata"]["annotations"][job_spec.RERUN] == str(number)
    assert len(set(names)) == 4
    sending.assert_sent_once(talk.fake, *names)
    labels = {job["metadata"]["labels"]["cajajejo/content"] for job in talk.fake.objects("Job")}
    assert labels == {sending.spec().digest[:16]}


def test_a_repetition_of_what_runs_is_no_second_one(talk: Talk, name: str) -> None:
    ours = talk.connect()
    sending.send(ours)
    assert sending.send_repetition(ours).outcome == "unchanged"
    sending.end(talk.fake, name)
    first = sending.send_repetition(ours)
    again = sending.send_repetition(ours)
    assert (again.outcome, again.spec.name) == ("unchanged", first.spec.name)
    sending.assert_sent_once(talk.fake, name, first.spec.name)


def test_a_repetition_of_what_is_not_there_is_the_job_itself(talk: Talk, name: str) -> None:
    assert sending.send_repetition(talk.connect()).spec.name == name
    sending.assert_sent_once(talk.fake, name)


def test_the_counter_goes_on_where_the_first_ones_are_gone(talk: Talk, name: str) -> None:
    ours = talk.connect()
    sending.send(ours)
    sending.end(talk.fake, name)
    first = sending.send_repetition(ours).spec.name
    sending.end(talk.fake, first)
    for kind in ("Job", "ConfigMap"):  # its time to live has passed
        talk.fake.remove(kind, name)
    second = sending.send_repetition(ours)
    assert second.spec.document("Job")["metadata"]["annotations"][job_spec.RERUN] == "2"
    sending.assert_sent_once(talk.fake, first, second.spec.name)


def test_a_job_of_kubectl_is_repeated_as_well(talk: Talk, name: str) -> None:
    talk.fake.put(sending.spec().document("Job"))
    sending.end(talk.fake, name)
    assert (
        sending.send_repetition(talk.connect()).spec.document("Job")["metadata"]["annotations"][job_spec.RERUN] == "1"
    )


def test_the_written_spec_of_a_repetition_is_the_repetition(talk: Talk, name: str, tmp_path: Path) -> None:
    ours = talk.connect()
    sending.send(ours)
    sending.end(talk.fake, name)
    repetition = sending.send_repetition(ours).spec
    (tmp_path / "again.yml").write_text(repetition.text, "utf-8")
    read = job_spec.read(tmp_path / "again.yml")
    outcome = submission.send(ours, submission.placed(read, None, "default"), "default")
    assert (outcome.outcome, outcome.spec.name) == ("unchanged", repetition.name)
    assert submission.content(read) == sending.spec().digest[:16]


def test_two_repetitions_at_once_are_one(talk: Talk, name: str) -> None:
    sending.send(talk.connect())
    sending.end(talk.fake, name, "Failed")
    talk.fake.faults.on("GET|POST", times=100).delay(0.02)
    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(lambda _: sending.send_repetition(talk.connect()), range(4)))
    assert len({outcome.spec.name for outcome in sent}) == 1
    sending.assert_sent_once(talk.fake, name, sent[0].spec.name)
