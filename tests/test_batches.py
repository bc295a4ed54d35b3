"""Many jobs sent together: bounded, one account of all, and what is left is sent by doing it again."""

from __future__ import annotations

import os
import signal
import threading
import time
import tracemalloc
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import batches, cluster, evaluation, submission
from cajajejo.batches import Watcher
from cajajejo.cluster.errors import UnreachableError
from cajajejo.evaluation import Rendering
from tests import sending
from tests.clusters import Talk, talking
from tests.fakes import canned_api
from tests.fakes.kubernetes.model import ApiError
from tests.sending import CLASSES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cajajejo.batches import Batch
    from cajajejo.manifests import Manifests
    from tests.fakes.kubernetes import calls
    from tests.fakes.kubernetes.messages import Request


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> list[Manifests]:
    """A thousand jobs of one matrix, placed."""
    suites = ", ".join(f"s{number}" for number in range(1000))
    config = tmp_path_factory.mktemp("matrix") / "job_config.yml"
    config.write_text(f"{sending.CONFIG.read_text('utf-8')}\nmatrix: {{axes: {{helm.suite: [{suites}]}}}}\n", "utf-8")
    jobs = evaluation.parse_job(config, sending.RUN_SPECS, config_version="v1", rendering=Rendering()).jobs
    return [submission.placed(job, None, "default") for job in jobs]


@dataclass
class Crowd:
    """How many requests are on their way at one time."""

    now: int = 0
    most: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def watch(self, talk: Talk) -> None:
        api = talk.fake.api
        answer = api.answer

        def counted(request: Request) -> Any:
            with self.lock:
                self.now += 1
                self.most = max(self.most, self.now)
            try:
                return answer(request)
            finally:
                with self.lock:
                    self.now -= 1

        api.answer = counted  # type: ignore[method-assign]  # the fake counts for this test


def send(talk: Talk, jobs: Sequence[Manifests], **options: Any) -> Batch:
    return batches.send_all(talk.connect(), jobs, "default", **options)


def account(batch: Batch) -> tuple[int, int, int]:
    """How many were sent, failed and were not tried."""
    return len(batch.sent()), len(batch.failed()), batch.not_tried()


def test_hundreds_of_jobs_are_sent_a_bounded_number_at_a_time(talk: Talk, many: list[Manifests]) -> None:
    crowd, seen, jobs = Crowd(), list[str](), many[:300]
    crowd.watch(talk)
    batch = send(talk, jobs, watcher=Watcher(lambda attempt: seen.append(attempt.spec.name)))
    assert account(batch) == (300, 0, 0)
    assert [attempt.spec.name for attempt in batch.attempts] == [job.name for job in jobs]
    assert sorted(seen) == sorted(job.name for job in jobs)
    assert 2 <= crowd.most <= batches.WORKERS
    sending.assert_sent_once(talk.fake, *(job.name for job in jobs))
    assert len(talk.fake.requests) <= 1 + batches.WORKERS * 3 + 3 * len(jobs)
    assert talk.asked().count(f"POST {CLASSES}") <= batches.WORKERS


def test_the_same_again_writes_nothing(talk: Talk, many: list[Manifests]) -> None:
    few = many[:20]
    send(talk, few)
    before, start = sending.stored(talk.fake), len(talk.fake.requests)
    assert {outcome.outcome for outcome in send(talk, few).sent()} == {"unchanged"}
    assert sending.changes(talk.fake, start) == []
    assert sending.stored(talk.fake) == before


def test_one_that_is_refused_does_not_keep_the_others_from_being_sent(talk: Talk, many: list[Manifests]) -> None:
    few = many[:20]

    def hook(attempt: calls.Attempt) -> None:
        if attempt.resource.kind == "Job" and attempt.name == few[7].name:
            raise ApiError(403, "Forbidden", 'admission webhook "a.example.org" denied the request: no')

    talk.fake.admit(hook)
    batch = send(talk, few)
    assert account(batch) == (19, 1, 0)
    assert batch.attempts[7].error is not None
    sending.assert_sent_once(talk.fake, *(job.name for job in (*few[:7], *few[8:])))
    talk.fake.api.admission.clear()
    start = len(talk.fake.requests)
    assert account(send(talk, few)) == (20, 0, 0)
    assert sum("POST" in change for change in sending.changes(talk.fake, start)) == 2
    sending.assert_sent_once(talk.fake, *(job.name for job in few))


def test_one_that_failed_before_is_told_and_the_others_are_sent(talk: Talk, many: list[Manifests]) -> None:
    few = many[:5]
    send(talk, few[:1])
    sending.end(talk.fake, few[0].name, "Failed", reason="DeadlineExceeded")
    batch = send(talk, few)
    assert account(batch) == (4, 1, 0)
    assert isinstance(batch.attempts[0].error, submission.JobFailedError)


def test_a_server_that_goes_away_ends_the_batch_and_again_finishes_it(talk: Talk, many: list[Manifests]) -> None:
    jobs = many[:100]

    def go(number: int, _: Request) -> None:
        if number == 150:
            talk.fake.stop()

    talk.fake.before(go)
    batch = send(talk, jobs)
    sent, failed, left = account(batch)
    assert (sent + failed + left, 0 < sent < 100, 1 <= failed <= batches.WORKERS, left > 0) == (100, True, True, True)
    assert {type(attempt.error) for attempt in batch.failed()} == {UnreachableError}
    talk.fake.start()
    posted = len([change for change in sending.changes(talk.fake) if change == f"POST {sending.JOBS}"])
    start = len(talk.fake.requests)
    assert account(send(talk, jobs)) == (100, 0, 0)
    sending.assert_sent_once(talk.fake, *(job.name for job in jobs))
    again = len([change for change in sending.changes(talk.fake, start) if change == f"POST {sending.JOBS}"])
    assert posted + again <= 100 + batches.WORKERS


def test_where_jobs_may_not_be_listed_each_is_looked_for(talk: Talk, many: list[Manifests]) -> None:
    few = many[:5]
    send(talk, few)
    talk.fake.deny("list", "jobs")
    assert {outcome.outcome for outcome in send(talk, few).sent()} == {"unchanged"}


def test_what_every_further_job_would_meet_is_met_by_few(talk: Talk, many: list[Manifests]) -> None:
    talk.fake.deny("create", "jobs")
    batch = send(talk, many[:50])
    sent, failed, left = account(batch)
    assert (sent, failed + left) == (0, 50)
    assert 1 <= failed <= batches.WORKERS
    assert sending.stored(talk.fake).keys() == {"StorageClass/ssd"}


@pytest.mark.parametrize("count", [1, 40])
def test_ctrl_c_lets_those_on_their_way_arrive(count: int, talk: Talk, many: list[Manifests]) -> None:
    told: list[str] = []
    stopping = threading.Event()

    def interrupt(number: int, _: Request) -> None:
        if number == (3 if count == 1 else 40):
            os.kill(os.getpid(), signal.SIGINT)
            assert stopping.wait(60)

    def tell() -> None:
        told.append("stopping")
        stopping.set()

    talk.fake.before(interrupt)
    jobs = many[:count]
    batch = send(talk, jobs, watcher=Watcher(stopping=tell))
    assert (batch.interrupted, told) == (True, ["stopping"])
    assert batch.failed() == []
    assert len(batch.sent()) >= 1
    assert batch.not_tried() == count - len(batch.sent())
    sending.assert_sent_once(talk.fake, *(outcome.spec.name for outcome in batch.sent()))


def test_a_second_ctrl_c_ends_at_once(talk: Talk, many: list[Manifests]) -> None:
    over = threading.Event()
    pressed: list[int] = []

    def press(number: int, request: Request) -> None:
        """Ctrl-C when the first job is on its way; none of them arrives."""
        if request.method == "POST":
            pressed.append(number)
            if len(pressed) == 1:
                os.kill(os.getpid(), signal.SIGINT)
            over.wait(60)

    def stop() -> None:
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

    talk.fake.before(press)
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        send(talk, many[:20], watcher=Watcher(stopping=stop))
    assert time.monotonic() - began < 50
    over.set()
    for thread in [each for each in threading.enumerate() if each.name == "send"]:
        thread.join(60)


def test_the_last_one_is_told_too_however_late_its_thread_says_so(
    talk: Talk, many: list[Manifests], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Late(SimpleQueue[Any]):
        def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:  # noqa: FBT001  # its form
            if isinstance(item, batches.Attempt):
                time.sleep(0.2)
            super().put(item, block, timeout)

    monkeypatch.setattr(batches, "SimpleQueue", Late)
    told: list[str] = []
    send(talk, many[:3], watcher=Watcher(done=lambda attempt: told.append(attempt.spec.name)))
    assert sorted(told) == sorted(job.name for job in many[:3])


def test_a_bug_is_raised_where_it_was_called(talk: Talk, many: list[Manifests]) -> None:
    def broken(*_: object, **__: object) -> Any:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        send(talk, many[:5], send=broken)


def test_hundreds_of_jobs_take_hardly_more_memory_than_a_few(many: list[Manifests], tmp_path: Path) -> None:
    """Of each job there stays what the account holds, less than the job itself."""
    peaks = {}
    with canned_api.running(tmp_path) as kubeconfig:
        for jobs in (many[:8], many[:50], many[:500]):
            with cluster.connect(environ={"KUBECONFIG": str(kubeconfig)}) as ours:
                tracemalloc.start()
                batch = batches.send_all(ours, jobs, "default")
                peaks[len(jobs)] = tracemalloc.get_traced_memory()[1]
                tracemalloc.stop()
            assert account(batch) == (len(jobs), 0, 0), batch.failed()[:1]
    assert peaks[500] < peaks[50] + 450 * 2048
