"""A submission that dies at any request, or whose answers are lost: run again, the job is there once, and complete."""

from __future__ import annotations

import contextlib
import itertools
import random
from functools import partial
from typing import TYPE_CHECKING, cast

import pytest

from cajajejo.cluster.errors import ClusterBusyError, UnexpectedAnswerError, UnreachableError
from tests import sending
from tests.clusters import Talk, talking
from tests.kills import KilledError, Mortal, Submissions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cajajejo.cluster import Cluster
    from tests.fakes.kubernetes.faults import Fault

WITHIN_REACH = 12
"""More requests than a submission has."""
MOMENTS = list(itertools.product(range(1, WITHIN_REACH), (False, True)))


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


def die(talk: Talk, at: int, *, after: bool, repetition: bool = False) -> bool:
    """Whether a submission that is to die at this request did not get so far."""
    mortal = cast("Cluster", Mortal(talk.connect(), at, after=after))
    try:
        (sending.send_repetition if repetition else sending.send)(mortal)
    except KilledError:
        return False
    return True


def nothing(_: Talk) -> list[str]:
    """The cluster is empty."""
    return [sending.spec().name]


def left_behind(talk: Talk) -> list[str]:
    """The ConfigMap of a Job that is gone is still there."""
    document = sending.placed().document("ConfigMap")
    owner = {"apiVersion": "batch/v1", "kind": "Job", "name": sending.spec().name, "uid": "gone"}
    talk.fake.put({**document, "metadata": {**document["metadata"], "ownerReferences": [owner]}})
    return [sending.spec().name]


@pytest.mark.parametrize("before", [nothing, left_behind])
@pytest.mark.parametrize("after", [False, True])
def test_killed_at_any_request(before: Callable[[Talk], list[str]], after: object, talk: Talk) -> None:
    for at in range(1, WITHIN_REACH):
        for row in sending.stored(talk.fake).values():
            talk.fake.remove(row["kind"], row["metadata"]["name"])
        names = before(talk)
        if die(talk, at, after=bool(after)):
            break
        sending.send(talk.connect())
        sending.assert_sent_once(talk.fake, *names)
    assert 6 <= at < WITHIN_REACH


@pytest.mark.parametrize(("at", "after"), MOMENTS)
def test_a_repetition_that_is_killed_is_not_two(at: int, after: object, talk: Talk) -> None:
    name = sending.spec().name
    sending.send(talk.connect())
    sending.end(talk.fake, name, "Failed")
    die(talk, at, after=bool(after), repetition=True)
    again = sending.send_repetition(talk.connect()).spec.name
    sending.assert_sent_once(talk.fake, name, again)


def spoil(fault: Fault, dice: random.Random) -> None:
    """Something goes wrong with what `fault` meets."""
    accidents: list[Callable[[], None]] = [
        fault.drop_before,
        fault.drop_after,
        fault.half_body,
        fault.proxy_page,
        fault.too_many_requests,
        partial(fault.answer, 500),
        partial(fault.answer, 503, retry_after=2),
    ]
    dice.choice(accidents)()


@pytest.mark.parametrize("seed", range(40))
def test_lost_answers_and_deaths_in_any_combination(seed: int, talk: Talk) -> None:
    dice, name = random.Random(seed), sending.spec().name  # noqa: S311  # accidents, no secrets
    for _ in range(dice.randint(1, 4)):
        for _ in range(dice.randint(1, 6)):
            method, times = dice.choice(["GET", "POST", "PATCH", "DELETE", ".*"]), dice.choice([1, 1, 2, 30])
            spoil(talk.fake.faults.on(method, times=times, skip=dice.randint(0, 5)), dice)
        with contextlib.suppress(UnreachableError, ClusterBusyError, UnexpectedAnswerError):  # it gave up, and said so
            die(talk, dice.randint(1, 2 * WITHIN_REACH), after=dice.random() < 0.5)
        talk.fake.faults.clear()
    sending.send(talk.connect())
    sending.assert_sent_once(talk.fake, name)


@pytest.mark.parametrize(("kind", "lost"), [*itertools.product(["storageclasses", "configmaps", "jobs"], range(1, 4))])
def test_answers_that_are_lost_are_no_reason_to_give_up(kind: str, lost: int, talk: Talk) -> None:
    talk.fake.faults.on("POST|PATCH", kind, times=lost).drop_after()
    outcome = sending.send(talk.connect())
    sending.assert_sent_once(talk.fake, outcome.spec.name)


@pytest.mark.parametrize(("at", "after"), [(7, True), (8, True), (9, False)])
def test_a_process_that_is_killed(at: int, after: object, tmp_path: Path) -> None:
    with talking(tmp_path) as talk:
        submissions = Submissions(talk.fake, talk.kubeconfig)
        assert submissions.run_and_kill(at, "--config-version", "v1", after=bool(after)) == -9
        assert submissions.run("--config-version", "v1") == 0
        sending.assert_sent_once(talk.fake, sending.spec().name)


def test_processes_that_send_the_same_at_once_all_end_well(tmp_path: Path) -> None:
    with talking(tmp_path) as talk:
        submissions = Submissions(talk.fake, talk.kubeconfig)
        talk.fake.faults.on(times=60).delay(0.02)
        started = [submissions.start("--config-version", "v1") for _ in range(3)]
        for process in started:
            process.join(60)
        assert [process.exitcode for process in started] == [0, 0, 0]
        sending.assert_sent_once(talk.fake, sending.spec().name)
