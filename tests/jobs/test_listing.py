"""The list of jobs, and the list as it changes: it is looked when something changed, and not all the time."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cajajejo.cluster.errors import NotAllowedError, UnreachableError
from cajajejo.cluster.retries import Timing
from cajajejo.cluster.watching import Pace
from cajajejo.jobs import listing
from cajajejo.jobs.listing import Wanted
from cajajejo.jobs.refreshing import Refresh, listings
from cajajejo.status import Reason, State
from tests.cli import lives
from tests.clusters import Talk, talking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cajajejo.jobs.listing import Listing

JOB_NAME = "batch.kubernetes.io/job-name"
QUICK = Refresh(0.05, 0.2, Pace(away_seconds=0.0, rest=lambda closed, _: closed.wait(0.02)))


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


def states(found: Listing) -> dict[str, State]:
    return {status.name: status.state for status in found.statuses}


def test_each_change_brings_the_list_anew(talk: Talk, tmp_path: Path) -> None:
    lives.play(talk.fake, tmp_path, "success", "eval-a")
    with talk.connect() as cluster:
        seen = listings(cluster, "default", Wanted(), QUICK)
        assert states(next(seen)) == {"eval-a": State.SUCCEEDED}
        later = threading.Timer(0.2, lives.play, (talk.fake, tmp_path, "oomkilled", "eval-b"))
        later.start()
        found = next(seen)
        while states(found).get("eval-b") is not State.FAILED:
            found = next(seen)
        assert states(found) == {"eval-a": State.SUCCEEDED, "eval-b": State.FAILED}
        later.join()
        talk.fake.remove("Job", "eval-a")
        while "eval-a" in states(found):  # what else came with the end of the other may be news before
            found = next(seen)
        assert states(found) == {"eval-b": State.FAILED}
        seen.close()


def test_while_nothing_changes_nothing_is_asked(talk: Talk, tmp_path: Path) -> None:
    lives.play(talk.fake, tmp_path, "success", "eval-a")
    with talk.connect() as cluster:
        seen = listings(cluster, "default", Wanted(), QUICK)
        next(seen)
        waiting = threading.Thread(target=next, args=(seen,), daemon=True)
        waiting.start()
        lists = until_nothing_is_asked(talk)
        lives.play(talk.fake, tmp_path, "success", "eval-b")
        waiting.join(60)
        assert not waiting.is_alive()
        assert len(asked(talk, "/jobs")) > lists


def until_nothing_is_asked(talk: Talk) -> int:
    """How many lists of jobs there were when none was asked for during a second; both watches begin with some."""
    counts = [-1]

    def is_quiet() -> bool:
        counts.append(len(asked(talk, "/jobs")))
        time.sleep(1.0)
        return sum("watch" in request.query for request in talk.fake.requests) >= 2 and counts[-1] == counts[-2]

    wait_until(is_quiet)
    return counts[-1]


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.01)


def asked(talk: Talk, path: str) -> list[str]:
    """The lists of a kind that were asked for."""
    return [r.path for r in talk.fake.requests if r.path.endswith(path) and "watch" not in r.query]


def test_while_a_job_waits_it_is_looked_for_what_changes_no_object(talk: Talk, tmp_path: Path) -> None:
    lives.play(talk.fake, tmp_path, "pending-gpu", "eval-a")
    with talk.connect() as cluster:
        seen = listings(cluster, "default", Wanted(), QUICK)
        before = next(seen)
        for event in talk.fake.objects("Event"):
            talk.fake.remove("Event", event["metadata"]["name"])
        after = next(seen)
        assert states(after) == states(before) == {"eval-a": State.PENDING}
        assert after != before
        seen.close()


def test_while_the_cluster_is_away_the_list_stays_and_that_is_said_once(talk: Talk, tmp_path: Path) -> None:
    lives.play(talk.fake, tmp_path, "success", "eval-a")
    said: list[str] = []

    def say(sentence: str) -> None:
        said.append(sentence)
        if len(said) == 1:
            talk.fake.start()

    with talk.connect() as cluster:
        seen = listings(cluster, "default", Wanted(), QUICK, say)
        next(seen)
        talk.fake.stop()
        lives.play(talk.fake, tmp_path, "success", "eval-b")
        assert states(next(seen)) == dict.fromkeys(["eval-b", "eval-a"], State.SUCCEEDED)
        seen.close()
    assert said == [
        "the cluster does not answer; the list stays as it was, and goes on when it answers",
        "the cluster answers again",
    ]


def test_where_only_pods_cannot_be_watched_the_cluster_is_not_away(talk: Talk, tmp_path: Path) -> None:
    lives.play(talk.fake, tmp_path, "success", "eval-a")
    fault = talk.fake.faults.on(times=100_000)
    fault.matches = lambda request: request.path.endswith("/pods") and "watch" in request.query  # type: ignore[method-assign]
    fault.drop_before()
    said: list[str] = []
    with talk.connect() as cluster:
        seen = listings(cluster, "default", Wanted(), QUICK, said.append)
        next(seen)
        waiting = threading.Thread(target=next, args=(seen,), daemon=True)
        waiting.start()
        wait_until(lambda: fault.hits > 3)
        lives.play(talk.fake, tmp_path, "success", "eval-b")
        waiting.join(60)
        assert not waiting.is_alive()
        seen.close()
    assert said == []


def test_a_cluster_that_never_answered_or_refuses_is_an_error(talk: Talk) -> None:
    talk.fake.deny("list", "jobs")
    with talk.connect() as cluster, pytest.raises(NotAllowedError):
        next(listings(cluster, "default", Wanted(), QUICK))
    talk.fake.stop()
    with talk.connect() as cluster, pytest.raises(UnreachableError):
        next(listings(cluster, "default", Wanted(), QUICK))


def test_who_may_list_jobs_but_not_watch_them_is_told(talk: Talk, tmp_path: Path) -> None:
    lives.play(talk.fake, tmp_path, "success", "eval-a")
    talk.fake.deny("watch", "jobs")
    with talk.connect() as cluster:
        seen = listings(cluster, "default", Wanted(), QUICK)
        assert states(next(seen)) == {"eval-a": State.SUCCEEDED}
        with pytest.raises(NotAllowedError, match="not allowed to watch jobs"):
            next(seen)


def test_without_the_right_to_watch_pods_jobs_alone_bring_the_list_anew(talk: Talk, tmp_path: Path) -> None:
    talk.fake.deny("watch", "pods")
    with talk.connect() as cluster:
        seen = listings(cluster, "default", Wanted(), QUICK)
        assert states(next(seen)) == {}
        lives.play(talk.fake, tmp_path, "success", "eval-a")
        assert set(states(next(seen))) == {"eval-a"}
        seen.close()


def test_a_cluster_that_is_busy_is_asked_again(talk: Talk, tmp_path: Path) -> None:
    lives.play(talk.fake, tmp_path, "success", "eval-a")
    with talk.connect(timing=Timing(total=0.0)) as cluster:
        seen = listings(
            cluster, "default", Wanted(), replace(QUICK, pace=Pace(rest=lambda closed, _: closed.wait(0.02)))
        )
        next(seen)
        talk.fake.faults.on("GET", ".*/pods$", times=100_000).too_many_requests()
        lives.play(talk.fake, tmp_path, "success", "eval-b")
        threading.Timer(0.5, talk.fake.faults.clear).start()
        assert states(next(seen)) == dict.fromkeys(["eval-b", "eval-a"], State.SUCCEEDED)
        seen.close()


def test_pods_and_events_of_other_jobs_tell_nothing(talk: Talk, tmp_path: Path) -> None:
    lives.play(talk.fake, tmp_path, "pending-gpu", "eval-a")
    lives.play(talk.fake, tmp_path, "quota-exceeded", "eval-b")
    stranger = {**talk.fake.objects("Pod")[0], "metadata": {"name": "c", "labels": {JOB_NAME: "eval-b"}}}
    talk.fake.put(stranger)
    with talk.connect() as cluster:
        found = listing.list_jobs(cluster, "default", Wanted(), now=datetime.now(UTC))
    told = {status.name: (len(status.attempts), status.reason) for status in found.statuses}
    assert told == {"eval-a": (1, Reason.INSUFFICIENT_GPU), "eval-b": (0, Reason.QUOTA_EXCEEDED)}


@pytest.mark.parametrize("detailed", [0, 1, 200])
def test_of_jobs_that_wait_without_end_the_reason_is_told_of_each(
    detailed: int, talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lives.play(talk.fake, tmp_path, "pending-gpu", "eval-a")
    lives.play(talk.fake, tmp_path, "pending-gpu-too-many", "eval-b")
    monkeypatch.setattr(listing, "_DETAILED", detailed)
    with talk.connect() as cluster:
        found = listing.list_jobs(cluster, "default", Wanted(), now=datetime.now(UTC))
    assert [status.reason for status in found.statuses] == [Reason.INSUFFICIENT_GPU] * 2
    nodes = [request for request in talk.fake.requests if request.path == "/api/v1/nodes"]
    assert len(nodes) == min(detailed, 1)
