"""The logs of a job from all its pods and the archive: in order, each line once, to the end; and the gaps."""

from __future__ import annotations

import random
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.cluster.errors import NotAllowedError
from cajajejo.errors import CajajejoError
from cajajejo.logs import Gap, Line, Reading, Wanted, read
from cajajejo.logs.following import Pace
from cajajejo.logs.lines import nanoseconds
from cajajejo.logs.speakers import NoSuchAttemptError, NoSuchContainerError
from tests.clusters import Talk, talking
from tests.fakes.kubernetes.logs import Instance as Written
from tests.logs import arranging
from tests.logs.arranging import CREATING, ENDED, RUNNING, at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from cajajejo.logs.cloud_query import Query

FAST = Pace(shortest=0.01, longest=0.05, window=3.0)
CRASHED = {"terminated": {"exitCode": 1, "startedAt": "2026-11-21T10:00:00Z"}}


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


class Archive:
    """An archive in memory."""

    def __init__(self, *lines: tuple[int, str, str], error: CajajejoError | None = None) -> None:
        self.lines = [Line(_at(moment), pod, "eval", text, None, f"id{moment}") for moment, pod, text in lines]
        self.asked: list[tuple[Query, datetime, datetime | None]] = []
        self.error = error

    def read(self, query: Query, since: datetime, until: datetime | None = None) -> Iterator[Line]:
        self.asked.append((query, since, until))
        yield from self.lines
        if self.error:
            raise self.error

    def tail(self, query: Query, since: datetime, ended: Callable[[], bool]) -> Iterator[Line]:
        self.asked.append((query, since, None))
        yield from self.lines
        while not ended():
            pass


def _at(moment: int) -> int:
    found = nanoseconds(at(moment).encode())
    assert found is not None
    return found


def texts(items: Iterable[Line | Gap]) -> list[str]:
    return [item.text if isinstance(item, Line) else f"GAP {item.why}" for item in items]


def read_all(talk: Talk, *, cloud: Any = None, job: str = "a", **wanted: Any) -> list[str]:
    found = talk.fake.get("Job", job)
    assert found is not None
    return texts(read(talk.connect(), found, Wanted(**wanted), cloud=cloud, pace=FAST))


def attempts(talk: Talk, count: int = 3) -> None:
    """A job of so many pods, each of which printed three lines."""
    arranging.job(talk.fake, containers=("init", "eval"))
    for number in range(1, count + 1):
        name = f"a-{number}"
        arranging.pod(talk.fake, name, created=f"2026-11-21T10:0{number}:00Z", init=ENDED, eval=ENDED)
        for line in range(3):
            talk.fake.log(name, f"{number}.{line}\n", at=at(number * 60 * 10**9 + line))
        talk.fake.log(name, f"init {number}\n", container="init", at=at(number * 60 * 10**9 - 1))
    arranging.end_job(talk.fake)


def test_all_attempts_come_in_order_of_time(talk: Talk) -> None:
    attempts(talk)
    assert read_all(talk) == [f"{number}.{line}" for number in (1, 2, 3) for line in range(3)]
    assert read_all(talk, follow=True) == read_all(talk)


@pytest.mark.parametrize("follow", [False, True])
def test_the_last_lines_are_those_of_all_attempts_together(talk: Talk, *, follow: bool) -> None:
    attempts(talk)
    assert read_all(talk, tail=4, follow=follow) == ["2.2", "3.0", "3.1", "3.2"]
    assert read_all(talk, tail=0, follow=follow) == []


def test_one_attempt_is_read(talk: Talk) -> None:
    attempts(talk)
    assert read_all(talk, attempt=2) == ["2.0", "2.1", "2.2"]
    assert read_all(talk, attempt=3, tail=1) == ["3.2"]
    with pytest.raises(NoSuchAttemptError, match="no attempt 4: the job has had 3 attempts so far"):
        read_all(talk, attempt=4)


def test_containers_are_chosen_by_name(talk: Talk) -> None:
    attempts(talk, 1)
    assert read_all(talk, containers=("init",)) == ["init 1"]
    assert read_all(talk, containers=("all",)) == ["init 1", "1.0", "1.1", "1.2"]
    with pytest.raises(NoSuchContainerError, match="no container evil in this job") as caught:
        read_all(talk, containers=("evil",))
    assert caught.value.facts == {"it has": "init, eval"}


def test_without_a_container_eval_the_first_is_read_or_the_one_that_is_annotated(talk: Talk) -> None:
    arranging.job(talk.fake, containers=("one", "two"))
    arranging.pod(talk.fake, one=ENDED, two=ENDED)
    talk.fake.log("a-1", "of one\n", container="one")
    talk.fake.log("a-1", "of two\n", container="two")
    assert read_all(talk) == ["of one"]
    annotations = {"kubectl.kubernetes.io/default-container": "two"}
    talk.fake.update("Job", "a", {"spec": {"template": {"metadata": {"annotations": annotations}}}})
    assert read_all(talk) == ["of two"]


def test_lines_within_a_time_are_read(talk: Talk) -> None:
    attempts(talk)
    ten = datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert read_all(talk, since=ten + timedelta(minutes=2), until=ten + timedelta(minutes=2)) == ["2.0"]
    assert read_all(talk, since=ten + timedelta(minutes=2, microseconds=1)) == ["3.0", "3.1", "3.2"]
    assert read_all(talk, until=ten + timedelta(minutes=2), tail=2) == ["1.2", "2.0"]
    assert read_all(talk, since=ten + timedelta(minutes=3), follow=True) == ["3.0", "3.1", "3.2"]


def test_pods_that_speak_at_the_same_time_are_merged_by_time(talk: Talk) -> None:
    arranging.job(talk.fake, completions=3, parallelism=3, completionMode="Indexed")
    chance, expected = random.Random(6), []  # noqa: S311  # accidents, no secrets
    for index in range(3):
        label = {"batch.kubernetes.io/job-completion-index": str(index)}
        arranging.pod(talk.fake, f"a-{index}", labels=label, eval=ENDED)
    moments = sorted(chance.sample(range(10**10), 300))
    for number, moment in enumerate(moments):
        talk.fake.log(f"a-{chance.randrange(3)}", f"{number}\n", at=at(moment))
        expected.append(str(number))
    arranging.end_job(talk.fake)
    assert read_all(talk) == expected
    one = read_all(talk, replica="1")
    assert one == [text for text in expected if text in set(one)]
    assert 50 < len(one) < 150
    with pytest.raises(NoSuchAttemptError, match="no replica 7 in this job") as caught:
        read_all(talk, replica="7")
    assert caught.value.facts == {"it has": "0, 1, 2"}


def test_a_pod_that_comes_later_and_its_replacement_are_followed_to_the_end_of_the_job(talk: Talk) -> None:
    arranging.job(talk.fake)
    found: list[str] = []

    def live() -> None:
        arranging.pod(talk.fake, eval=CREATING)
        arranging.pod(talk.fake, eval=RUNNING)
        talk.fake.log("a-1", "first attempt\n", at=at(0))
        arranging.end_pod(talk.fake, phase="Failed")
        arranging.pod(talk.fake, "a-2", created="2026-11-21T10:01:00Z", eval=RUNNING)
        talk.fake.log("a-2", "second attempt\n", at=at(10**9))
        talk.fake.log("a-2", "done", at=at(2 * 10**9))
        arranging.end_pod(talk.fake, "a-2")
        arranging.end_job(talk.fake)

    starting = threading.Timer(0.1, live)
    starting.start()
    found = read_all(talk, follow=True)
    starting.join()
    assert found == ["first attempt", "second attempt", "done"]


def test_a_container_that_restarts_in_its_pod_is_followed(talk: Talk) -> None:
    arranging.job(talk.fake)
    arranging.pod(talk.fake)
    talk.fake.log("a-1", "one\n", at=at(0))
    job = talk.fake.get("Job", "a")
    assert job is not None
    coming = read(talk.connect(), job, Wanted(follow=True), pace=FAST)
    assert texts([next(coming)]) == ["one"]
    talk.fake.stop()
    talk.fake.api.logs.rotate(Written("default", "a-1", "eval"), 0)
    talk.fake.log("a-1", "one\nof the first run\n", at=at(0), previous=True)
    talk.fake.log("a-1", "of the second\n", at=at(10**9))
    arranging.pod(talk.fake, eval={**ENDED, "last": CRASHED}, restarts=1)
    arranging.end_job(talk.fake)
    talk.fake.start()
    assert texts(coming) == ["of the first run", "of the second"]


def test_runs_before_a_restart_are_read_and_those_that_no_node_keeps_are_a_gap(talk: Talk) -> None:
    arranging.job(talk.fake)
    arranging.pod(talk.fake, eval={**RUNNING, "last": CRASHED}, restarts=3)
    talk.fake.log("a-1", "before\n", previous=True, at=at(0))
    talk.fake.log("a-1", "now\n", at=at(9))
    lost = "GAP container eval of pod a-1 was restarted 3 times; its node keeps only the last two runs"
    assert read_all(talk) == [lost, "before", "now"]
    assert read_all(talk, previous=True) == ["before"]


def test_a_previous_run_that_was_not_is_told(talk: Talk) -> None:
    attempts(talk)
    with pytest.raises(NoSuchAttemptError, match="no container of this job was started anew"):
        read_all(talk, previous=True)


def created(talk: Talk, *names: str) -> None:
    """The events of a Job that made these pods."""
    job = talk.fake.get("Job", "a")
    assert job is not None
    for number, name in enumerate(names):
        talk.fake.put(
            {
                "kind": "Event",
                "apiVersion": "v1",
                "metadata": {"name": f"e{number}"},
                "reason": "SuccessfulCreate",
                "message": f"Created pod: {name}",
                "firstTimestamp": f"2026-11-21T10:0{number}:00Z",
                "involvedObject": {"kind": "Job", "name": "a", "uid": job["metadata"]["uid"]},
            }
        )


def test_a_pod_that_is_gone_is_a_gap_and_still_counts_as_an_attempt(talk: Talk) -> None:
    attempts(talk, 1)
    created(talk, "a-0", "a-1")
    assert read_all(talk) == ["GAP pod a-0 is gone, and its log with it", "1.0", "1.1", "1.2"]
    assert read_all(talk, attempt=2) == ["1.0", "1.1", "1.2"]
    assert read_all(talk, attempt=1) == ["GAP pod a-0 is gone, and its log with it"]


@pytest.mark.parametrize(
    ("counted", "told"),
    [
        ({"failed": 1, "succeeded": 1}, ["GAP a pod of the job is gone, and its log with it"]),
        ({"failed": 2, "active": 1}, ["GAP 2 pods of the job are gone, and their logs with them"]),
        ({"succeeded": 1}, []),
    ],
)
def test_pods_that_are_gone_and_that_nobody_names_are_a_gap(
    talk: Talk, counted: dict[str, int], told: list[str]
) -> None:
    attempts(talk, 1)
    talk.fake.update("Job", "a", {"status": counted})
    assert read_all(talk) == [*told, "1.0", "1.1", "1.2"]


def test_the_archive_has_what_is_gone_and_nothing_comes_twice(talk: Talk) -> None:
    attempts(talk, 1)
    created(talk, "a-0", "a-1")
    archive = Archive((5, "a-0", "gone"), (60 * 10**9, "a-1", "1.0"), (60 * 10**9 + 1, "a-1", "1.1"))
    assert read_all(talk, cloud=archive) == ["gone", "1.0", "1.1", "1.2"]
    ((query, since, until),) = archive.asked
    assert (query.job, query.namespace, query.containers, until) == ("a", "default", ("eval",), None)
    assert since.year >= 2026


def test_the_archive_is_not_asked_where_all_pods_are_there_or_none_is_wanted(talk: Talk) -> None:
    attempts(talk, 1)
    archive = Archive()
    assert read_all(talk, cloud=archive) == ["1.0", "1.1", "1.2"]
    created(talk, "a-0", "a-1")
    assert read_all(talk, cloud=archive, source="pods")[0] == "GAP pod a-0 is gone, and its log with it"
    assert archive.asked == []


def test_an_archive_that_has_nothing_of_a_pod_or_cannot_be_read_leaves_a_gap(talk: Talk) -> None:
    attempts(talk, 1)
    created(talk, "a-0", "a-1")
    assert read_all(talk, cloud=Archive()) == [
        "1.0",
        "1.1",
        "1.2",
        "GAP pod a-0 is gone, and the archive has nothing of it",
    ]
    broken = Archive(error=CajajejoError("no login"))
    assert read_all(talk, cloud=broken)[0] == "GAP the archive cannot be read: no login"


def test_the_archive_alone_is_read_and_followed(talk: Talk) -> None:
    attempts(talk, 1)
    archive = Archive((1, "x", "one"), (2, "x", "two"))
    assert read_all(talk, cloud=archive, source="cloud") == ["one", "two"]
    assert read_all(talk, cloud=archive, source="cloud", tail=1) == ["two"]
    assert read_all(talk, cloud=archive, source="cloud", follow=True) == ["one", "two"]


def test_a_log_that_a_node_does_not_give_is_a_gap_among_the_others(talk: Talk) -> None:
    attempts(talk, 2)
    talk.fake.faults.on("GET", "/pods/a-1/log", times=999).answer(500, "dial tcp 10.0.0.1:10250: i/o timeout")
    first, *rest = read_all(talk)
    assert first == "GAP the log of eval in pod a-1 cannot be read now: dial tcp 10.0.0.1:10250: i/o timeout"
    assert rest == ["2.0", "2.1", "2.2"]


def test_a_refusal_is_told_and_not_taken_for_a_gap(talk: Talk) -> None:
    attempts(talk, 1)
    talk.fake.deny("get", "pods/log")
    for follow in (False, True):
        with pytest.raises(NotAllowedError):
            read_all(talk, follow=follow)


def test_voices_are_those_whose_lines_are_read(talk: Talk) -> None:
    attempts(talk, 2)
    job = talk.fake.get("Job", "a")
    assert job is not None
    reading = Reading(talk.connect(), job, Wanted(containers=("all",)), pace=FAST)
    reading.begin()
    assert reading.voices == {("a-1", "init"), ("a-1", "eval"), ("a-2", "init"), ("a-2", "eval")}
    assert reading.is_over


def test_every_line_of_a_job_comes_once_in_order_under_faults(talk: Talk) -> None:
    chance = random.Random(7)  # noqa: S311  # accidents, no secrets
    for round_number in range(12):
        talk.fake.faults.clear()
        name = f"job{round_number}"
        arranging.job(talk.fake, name)
        expected = []
        for attempt in range(3):
            pod = f"{name}-{attempt}"
            arranging.pod(talk.fake, pod, job=name, created=f"2026-11-21T10:0{attempt}:00Z", eval=ENDED)
            moment = attempt * 60 * 10**9
            for line in range(chance.randrange(1, 30)):
                moment += chance.choice([0, 1, 10**8, 10**9])
                talk.fake.log(pod, f"{pod} {line}\n", at=at(moment))
                expected.append(f"{pod} {line}")
        arranging.end_job(talk.fake, name)
        for _ in range(6):
            fault = talk.fake.faults.on("GET", r"/log$", skip=chance.randrange(3))
            kind = chance.randrange(3)
            if kind == 0:
                fault.answer(500)
            elif kind == 1:
                fault.drop_before()
            else:
                fault.break_off(chance.randrange(900))
        talk.fake.faults.on("GET", r"/(pods|jobs)", times=2, skip=chance.randrange(4)).answer(503)
        assert read_all(talk, job=name, follow=True) == expected


def test_a_job_that_was_replaced_by_another_of_its_name_has_ended(talk: Talk) -> None:
    arranging.job(talk.fake)
    before = talk.fake.get("Job", "a")
    assert before is not None
    talk.fake.remove("Job", "a")
    arranging.job(talk.fake)
    arranging.pod(talk.fake)
    talk.fake.log("a-1", "of another\n")
    assert texts(read(talk.connect(), before, Wanted(follow=True), pace=FAST)) == []


def test_replicas_are_chosen_by_kind_and_number(talk: Talk) -> None:
    arranging.job(talk.fake, parallelism=3)
    kind, number = "training.kubeflow.org/replica-type", "training.kubeflow.org/replica-index"
    for name, place in (("chief", "0"), ("worker", "0"), ("worker", "1")):
        pod = f"a-{name}-{place}"
        arranging.pod(talk.fake, pod, labels={kind: name, number: place}, eval=ENDED)
        talk.fake.log(pod, f"{name} {place}\n", at=at(int(place)))
    assert read_all(talk, replica="chief") == ["chief 0"]
    assert read_all(talk, replica="worker-1") == ["worker 1"]
    assert read_all(talk, replica="worker") == ["worker 0", "worker 1"]
    assert len(read_all(talk, replica="all")) == 3


def test_a_follower_outlives_an_api_server_that_is_away_for_long(talk: Talk) -> None:
    arranging.job(talk.fake)
    job = talk.fake.get("Job", "a")
    assert job is not None
    arranging.pod(talk.fake)
    talk.fake.log("a-1", "one\n", at=at(0))
    coming = read(talk.connect(), job, Wanted(follow=True), pace=FAST)
    assert texts([next(coming)]) == ["one"]
    talk.fake.stop()
    talk.fake.log("a-1", "two\n", at=at(1))
    arranging.end_pod(talk.fake)
    arranging.pod(talk.fake, "a-2", created="2026-11-21T10:05:00Z", eval=ENDED)
    talk.fake.log("a-2", "three\n", at=at(2))
    arranging.end_job(talk.fake)
    starting = threading.Timer(0.5, talk.fake.start)
    starting.start()
    assert texts(coming) == ["two", "three"]
    starting.join()
