"""Jobs followed to their end: what a user sees, once each, in as few requests as can be."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.cluster import Pace
from cajajejo.cluster.errors import ClusterBusyError, NotAllowedError, UnreachableError
from cajajejo.cluster.retries import Timing
from cajajejo.errors import ExitCode
from cajajejo.jobs.following import StillGoingError, follow
from cajajejo.status import Reason, State, Status
from tests.clusters import Talk, job, talking
from tests.jobs.plays import expected, scenarios, staged, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.fakes.kubernetes.model import Object

QUICK = Pace(timing=Timing(first=0.01, longest=0.05))
HANG_SECONDS = 120.0
"""What nothing here takes, on however busy a machine."""
FOREVER = 3600.0


@dataclass
class Stage(Talk):
    """Both ends, and what was told of the jobs so far."""

    told: list[Status] = field(default_factory=list)

    def until(self, true: Callable[[], bool]) -> None:
        """Returns when `true` is."""
        end = time.monotonic() + HANG_SECONDS
        while not true():
            assert time.monotonic() < end, [(each.name, each.state, each.reason) for each in self.told]
            time.sleep(0.005)

    def until_told(self, true: Callable[[Status], object]) -> None:
        """Returns when the last status that was told is so."""
        self.until(lambda: bool(self.told and true(self.told[-1])))


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Stage]:
    with talking(tmp_path) as found:
        yield Stage(found.fake, found.kubeconfig)


def when_watched(talk: Stage, action: Callable[[], object], *, streams: int = 3) -> threading.Thread:
    """Does it in a thread of its own, once so many watches are open, and it was told how the jobs stand."""

    def run() -> None:
        requests = talk.fake.requests
        talk.until(lambda: sum(request.query.get("watch") == "true" for request in list(requests)) >= streams)
        talk.until(lambda: bool(talk.told))
        action()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread


def followed(
    talk: Stage, jobs: list[Object], *, until: Callable[[Status], object] | None = None, **more: Any
) -> list[Status]:
    """All statuses until the end, until one is as wanted, or until the time that is given has passed."""
    found: list[Status] = []
    given = {"timeout": HANG_SECONDS, "pace": QUICK, "settle_seconds": 0.05, **more}
    try:
        for status in follow(talk.connect(), jobs, **given):
            found.append(status)
            talk.told.append(status)
            if until is not None and until(status):
                return found
    except StillGoingError:
        assert more.get("timeout") is not None, "it never ended"
    assert until is None, "it was never told"
    return found


def tell_progress(talk: Stage, found: Object, done: int) -> None:
    """The pod writes on the Job how far it is."""
    progress = f'{{"done":{done},"total":135,"unit":"instance","what":"mmlu"}}'
    change = {"metadata": {"annotations": {"cajajejo/progress": progress}}}
    talk.fake.update("Job", found["metadata"]["name"], change, namespace=found["metadata"]["namespace"])


def progresses(statuses: list[Status]) -> list[tuple[State, int | None]]:
    return [(status.state, None if status.progress is None else int(status.progress.done)) for status in statuses]


def ended(name: str, *, kind: str = "Complete", **more: Any) -> Object:
    condition = {"type": kind, "status": "True", "lastTransitionTime": "2026-11-21T14:02:11Z", **more}
    return {"status": {"conditions": [condition]}, "metadata": {"name": name}}


ENDLESS = {name for name in scenarios() if not expected(name).state.is_end}


@pytest.mark.parametrize("name", sorted(set(scenarios()) - ENDLESS))
def test_each_recorded_end_is_told_once_and_as_the_recording_says(talk: Stage, name: str) -> None:
    player, found = staged(talk.fake, name)
    playing = when_watched(talk, player.play)
    statuses = followed(talk, [found])
    playing.join()
    assert [status.state.is_end for status in statuses] == [False] * (len(statuses) - 1) + [True]
    want, got = told(expected(name)), told(statuses[-1])
    if statuses[-1].state is State.GONE:  # its pods go later, and the fake keeps its finalizers to itself
        want, got = ({key: each[key] for key in ("name", "state", "reason")} for each in (want, got))
    assert got == want


@pytest.mark.parametrize("name", sorted(ENDLESS))
def test_each_recorded_wait_is_told_as_the_recording_says(talk: Stage, name: str) -> None:
    player, found = staged(talk.fake, name)
    player.play()
    statuses = followed(talk, [found], timeout=0)
    assert [told(status) for status in statuses] == [told(expected(name))]


def test_the_waits_before_an_end_are_told_as_they_come(talk: Stage) -> None:
    player, found = staged(talk.fake, "backoff-limit-exceeded")

    def play_until(word: str, state: State) -> None:
        player.play(until=lambda step: step.object["kind"] == "Pod" and word in str(step.object["status"]))
        talk.until_told(lambda status: status.state is state)

    def act() -> None:
        play_until("waiting", State.STARTING)
        play_until("running", State.RUNNING)
        player.play()

    when_watched(talk, act)
    statuses = followed(talk, [found], settle_seconds=0.01)
    phases = list(dict.fromkeys((status.state, len(status.attempts)) for status in statuses))
    assert phases[0] == (State.PENDING, 0)
    assert phases[-1][0] is State.FAILED
    assert {State.STARTING, State.RUNNING} <= {state for state, _ in phases}
    assert [count for _, count in phases] == sorted(count for _, count in phases)


def test_a_burst_of_changes_is_one_status(talk: Stage) -> None:
    player, found = staged(talk.fake, "plain-sidecar-never-ends")

    def burst() -> None:
        with talk.fake.api.store.changed:  # all of it is there before any of it is sent
            player.play()
        talk.until_told(lambda status: status.state is State.RUNNING)
        tell_progress(talk, found, 64)

    when_watched(talk, burst)
    statuses = followed(talk, [found], settle_seconds=1.0, until=lambda status: status.progress)
    assert progresses(statuses) == [(State.PENDING, None), (State.RUNNING, None), (State.RUNNING, 64)]


def test_an_end_does_not_wait_for_a_burst_to_settle(talk: Stage) -> None:
    player, found = staged(talk.fake, "success")
    player.play(until=lambda step: step.object["kind"] == "Pod" and step.object["status"].get("phase") == "Succeeded")
    when_watched(talk, player.play)
    statuses = followed(talk, [found], settle_seconds=FOREVER)
    assert statuses[-1].state is State.SUCCEEDED


def test_the_same_status_is_not_told_twice(talk: Stage) -> None:
    player, found = staged(talk.fake, "plain-sidecar-never-ends")
    player.play()

    def touch() -> None:
        for number in range(5):
            talk.fake.update(
                "Job", found["metadata"]["name"], {"metadata": {"labels": {"x": str(number)}}}, namespace=space
            )
            time.sleep(0.05)
        tell_progress(talk, found, 64)

    space = found["metadata"]["namespace"]
    when_watched(talk, touch)
    statuses = followed(talk, [found], settle_seconds=0.02, until=lambda status: status.progress)
    assert progresses(statuses) == [(State.RUNNING, None), (State.RUNNING, 64)]


def test_progress_is_news(talk: Stage) -> None:
    player, found = staged(talk.fake, "plain-sidecar-never-ends")
    player.play()
    when_watched(talk, lambda: tell_progress(talk, found, 64))
    statuses = followed(talk, [found], until=lambda status: status.progress)
    assert progresses(statuses) == [(State.RUNNING, None), (State.RUNNING, 64)]


def test_jobs_that_have_ended_already_are_told_at_once(talk: Stage) -> None:
    jobs = [talk.fake.put({**job(name), **ended(name)}) for name in ("a", "b")]
    jobs.append(talk.fake.put({**job("c"), **ended("c", kind="Failed", reason="BackoffLimitExceeded")}))
    statuses = followed(talk, jobs, settle_seconds=5)
    assert {status.name: status.state for status in statuses} == {
        "a": State.SUCCEEDED,
        "b": State.SUCCEEDED,
        "c": State.FAILED,
    }
    assert len(talk.fake.requests) <= 6


def test_a_job_that_is_gone_already_is_told_as_gone(talk: Stage) -> None:
    found = talk.fake.put(job("a"))
    talk.fake.remove("Job", "a")
    assert [(each.state, each.reason) for each in followed(talk, [found])] == [(State.GONE, Reason.DELETED)]


def test_another_job_of_the_same_name_is_not_taken_for_it(talk: Stage) -> None:
    found = talk.fake.put(job("a"))
    talk.fake.remove("Job", "a")
    talk.fake.put({**job("a"), **ended("a")})
    assert [each.state for each in followed(talk, [found])] == [State.GONE]


def test_a_job_that_ended_and_was_removed_while_nobody_looked_keeps_its_end(talk: Stage) -> None:
    found = {**talk.fake.put(job("a"))}
    found = {**found, "status": ended("a")["status"]}
    talk.fake.remove("Job", "a")
    assert [each.state for each in followed(talk, [found])] == [State.SUCCEEDED]


def test_a_job_that_we_cancel_is_told_as_cancelled_with_the_reason(talk: Stage) -> None:
    found = talk.fake.put(job("a"))
    note = {"metadata": {"annotations": {"cajajejo/cancelled": '{"by": "jasper", "reason": "wrong model"}'}}}

    def cancel() -> None:
        talk.fake.update("Job", "a", note)
        time.sleep(0.3)
        talk.fake.remove("Job", "a")

    when_watched(talk, cancel)
    *before, last = followed(talk, [found])
    assert [each.state for each in before] == [State.PENDING]
    assert last.state is State.CANCELLED
    assert "wrong model" in last.message


def test_a_job_that_only_lost_the_label_it_was_watched_by_goes_on(talk: Stage) -> None:
    ours = {"metadata": {"labels": {"app.kubernetes.io/managed-by": "cajajejo"}}}
    jobs = []
    for name in ("a", "b"):
        talk.fake.put(job(name))
        jobs.append(talk.fake.update("Job", name, ours))

    def act() -> None:
        talk.fake.update("Job", "a", {"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}})
        time.sleep(0.5)
        talk.fake.update("Job", "a", ended("a"))
        talk.fake.update("Job", "b", ended("b"))

    when_watched(talk, act)
    statuses = followed(talk, jobs)
    ends = Counter((each.name, each.state) for each in statuses if each.state.is_end)
    assert ends == {("a", State.SUCCEEDED): 1, ("b", State.SUCCEEDED): 1}


def test_the_last_lines_of_a_container_that_failed_are_read(talk: Stage) -> None:
    player, found = staged(talk.fake, "oomkilled")
    player.play()
    space = found["metadata"]["namespace"]
    pod = talk.fake.objects("Pod", space)[-1]["metadata"]["name"]
    talk.fake.log(pod, "one\nloading\n", namespace=space)
    (last,) = followed(talk, [found])
    assert last.last_lines is not None
    assert last.last_lines.lines == ("one", "loading")


def test_the_last_lines_of_a_pod_that_the_deadline_takes_are_read_before_it_goes(talk: Stage) -> None:
    player, found = staged(talk.fake, "deadline-exceeded")
    space = found["metadata"]["namespace"]

    def act() -> None:
        player.play(until=lambda step: "FailureTarget" in str(step.object.get("status")))
        talk.until_told(lambda status: status.reason is Reason.DEADLINE_EXCEEDED)
        player.play()

    player.play(until=lambda step: step.object["kind"] == "Pod" and "running" in str(step.object.get("status")))
    pod = talk.fake.objects("Pod", space)[-1]
    talk.fake.log(
        pod["metadata"]["name"], "still at work\n", container=pod["spec"]["containers"][0]["name"], namespace=space
    )
    when_watched(talk, act)
    last = followed(talk, [found])[-1]
    assert (last.reason, last.last_lines and last.last_lines.lines) == (Reason.DEADLINE_EXCEEDED, ("still at work",))


@pytest.mark.parametrize("at_once", [1, 7, 1000])
def test_many_jobs_share_one_watch_of_each_kind(talk: Stage, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr("cajajejo.jobs.following._AT_ONCE", at_once)
    jobs = [talk.fake.put(job(f"j{number:03}")) for number in range(100)]

    def finish() -> None:
        for each in jobs:
            talk.fake.update("Job", each["metadata"]["name"], ended(each["metadata"]["name"]))

    when_watched(talk, finish)
    statuses = followed(talk, jobs)
    ends = Counter(each.name for each in statuses if each.state is State.SUCCEEDED)
    assert ends == {each["metadata"]["name"]: 1 for each in jobs}
    assert len(talk.fake.requests) == 6
    assert {request.path.rpartition("/")[2] for request in talk.fake.requests} == {"jobs", "pods", "events"}


def test_jobs_of_several_namespaces_are_followed_together(talk: Stage) -> None:
    talk.fake.namespace("team")
    jobs = [talk.fake.put(job("a")), talk.fake.put({**job("a"), "metadata": {"name": "a", "namespace": "team"}})]

    def act() -> None:
        for space in ("default", "team"):
            talk.fake.update("Job", "a", ended("a"), namespace=space)

    when_watched(talk, act, streams=6)
    ends = [(each.namespace, each.state) for each in followed(talk, jobs) if each.state.is_end]
    assert sorted(ends) == [("default", State.SUCCEEDED), ("team", State.SUCCEEDED)]


@pytest.mark.parametrize(
    ("count", "labels", "asked"),
    [
        (1, {}, "batch.kubernetes.io/controller-uid={0}"),
        (2, {}, "batch.kubernetes.io/controller-uid in ({0},{1})"),
        (21, {}, "batch.kubernetes.io/controller-uid"),
        (21, {"app.kubernetes.io/managed-by": "cajajejo"}, "app.kubernetes.io/managed-by=cajajejo"),
    ],
)
def test_only_the_pods_that_matter_are_watched(talk: Stage, count: int, labels: dict[str, str], asked: str) -> None:
    jobs = []
    for number in range(count):
        made = {**job(f"j{number}"), **ended(f"j{number}")}
        jobs.append(talk.fake.put({**made, "metadata": {"name": f"j{number}", "labels": labels}}))
    followed(talk, jobs)
    uids = [each["metadata"]["uid"] for each in jobs]
    (query,) = [
        request.query for request in talk.fake.requests if request.path.endswith("/pods") and "limit" in request.query
    ]
    assert query["labelSelector"] == asked.format(*uids)


def test_when_the_time_has_passed_the_jobs_that_go_on_are_named(talk: Stage) -> None:
    jobs = [talk.fake.put(job(name)) for name in ("a", "b", "c", "d", "e")]
    talk.fake.update("Job", "b", ended("b"))
    statuses: list[Status] = []
    ours = talk.connect(clock=lambda: 0.5 if len(statuses) == len(jobs) else 0.0)
    with pytest.raises(StillGoingError) as caught:
        statuses.extend(follow(ours, jobs, timeout=0.5, pace=QUICK))
    assert caught.value.exit_code is ExitCode.STILL_GOING
    assert caught.value.lines() == ["still going after 0.5 s: a, c, d, 1 more"]


def test_a_timeout_of_nothing_asks_once(talk: Stage) -> None:
    jobs = [talk.fake.put(job("a")), talk.fake.put({**job("b"), **ended("b")})]
    found: list[Status] = []
    with pytest.raises(StillGoingError, match=r"^still going after 0\.0 s: a$"):
        found.extend(follow(talk.connect(), jobs, timeout=0, pace=QUICK))
    assert sorted((each.name, each.state) for each in found) == [("a", State.PENDING), ("b", State.SUCCEEDED)]
    assert followed(talk, jobs[1:], timeout=0)[0].state is State.SUCCEEDED


def test_asking_once_fails_where_the_cluster_does_not_answer(talk: Stage) -> None:
    found = talk.fake.put(job("a"))
    talk.fake.stop()
    with pytest.raises(UnreachableError):
        list(follow(talk.connect(), [found], timeout=0, pace=Pace(timing=QUICK.timing, away_seconds=0.1)))


def test_that_the_cluster_is_away_is_told_once_and_then_how_the_job_stands(talk: Stage) -> None:
    found = talk.fake.put(job("a"))

    def restart() -> None:
        talk.fake.stop()
        talk.until_told(lambda status: status.reason is Reason.CONTROL_PLANE_AWAY)
        talk.fake.start()
        talk.until_told(lambda status: status.reason is None)
        talk.fake.update("Job", "a", ended("a"))

    when_watched(talk, restart)
    statuses = followed(talk, [found], pace=Pace(timing=QUICK.timing, away_seconds=0.2))
    assert [(each.state, each.reason) for each in statuses] == [
        (State.PENDING, None),
        (State.PENDING, Reason.CONTROL_PLANE_AWAY),
        (State.PENDING, None),
        (State.SUCCEEDED, None),
    ]


def test_an_end_while_the_cluster_was_away_is_told(talk: Stage) -> None:
    found = talk.fake.put(job("a"))

    def restart() -> None:
        talk.fake.stop()
        talk.fake.update("Job", "a", ended("a"))
        time.sleep(0.4)
        talk.fake.start()

    when_watched(talk, restart)
    ends = [each.state for each in followed(talk, [found]) if each.state.is_end]
    assert ends == [State.SUCCEEDED]


def test_while_nothing_happens_none_is_given_now_and_then(talk: Stage) -> None:
    found = talk.fake.put(job("a"))
    given: list[Status | None] = []
    spoken: list[float] = []
    for each in follow(talk.connect(), [found], timeout=HANG_SECONDS, tick=0.1, pace=QUICK):
        given.append(each)
        spoken.append(time.monotonic())
        if given.count(None) == 3 and each is None:
            talk.fake.update("Job", "a", ended("a"))
    assert [each.state for each in given if each] == [State.PENDING, State.SUCCEEDED]
    assert given[:4] == [given[0], None, None, None]
    assert [later - before > 0.09 for before, later in itertools.pairwise(spoken[:4])] == [True] * 3


@pytest.mark.parametrize("resource", ["pods", "events"])
def test_what_may_not_be_read_is_left_out(talk: Stage, resource: str) -> None:
    found = talk.fake.put(job("a"))
    talk.fake.deny("*", resource)
    when_watched(talk, lambda: talk.fake.update("Job", "a", ended("a")), streams=2)
    assert [each.state for each in followed(talk, [found])] == [State.PENDING, State.SUCCEEDED]


def test_jobs_that_may_not_be_watched_are_an_error(talk: Stage) -> None:
    found = talk.fake.put(job("a"))
    talk.fake.deny("watch", "jobs")
    with pytest.raises(NotAllowedError):
        followed(talk, [found])


def test_a_mistake_in_a_thread_is_raised_where_it_is_waited(talk: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    found = talk.fake.put(job("a"))
    monkeypatch.setattr("cajajejo.cluster.watching._slim", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        followed(talk, [found])


def test_all_threads_end_with_the_iterator(talk: Stage) -> None:
    found = talk.fake.put(job("a"))
    before = threading.active_count()
    following = follow(talk.connect(), [found], pace=QUICK)
    assert next(following).state is State.PENDING
    mine = [thread for thread in threading.enumerate() if thread.name.startswith("watch ")]
    assert sorted(thread.name for thread in mine) == ["watch Event default", "watch Job default", "watch Pod default"]
    following.close()  # type: ignore[attr-defined]  # a generator
    for thread in mine:
        thread.join(HANG_SECONDS)
    assert not any(thread.is_alive() for thread in mine)
    assert before >= 1


def test_what_lies_around_is_asked_once_for_many_jobs(talk: Stage) -> None:
    player, found = staged(talk.fake, "pending-gpu")
    talk.fake.api.access.denials.clear()
    space = found["metadata"]["namespace"]
    player.play()
    original = talk.fake.objects("Pod", space)[0]
    jobs = [found]
    for number in range(5):
        made = talk.fake.put({**job(f"j{number}"), "metadata": {"name": f"j{number}", "namespace": space}})
        labels = {"batch.kubernetes.io/controller-uid": made["metadata"]["uid"]}
        talk.fake.put({**original, "metadata": {"name": f"j{number}-abcde", "namespace": space, "labels": labels}})
        jobs.append(made)
    statuses = followed(talk, jobs, until=lambda _: len(talk.told) == len(jobs))
    assert [each.reason for each in statuses] == [Reason.INSUFFICIENT_GPU] * 6
    asked = Counter(request.path for request in talk.fake.requests if not request.query.get("watch"))
    assert (asked["/api/v1/nodes"], asked["/api/v1/pods"]) == (1, 1)


def test_trouble_with_what_lies_around_changes_nothing_else(talk: Stage) -> None:
    player, found = staged(talk.fake, "pending-gpu")
    talk.fake.api.access.denials.clear()
    talk.fake.faults.on("GET", "/api/v1/nodes", times=99).answer(500)
    player.play()
    statuses = followed(talk, [found], until=lambda _: True)
    assert [each.reason for each in statuses] == [Reason.INSUFFICIENT_GPU]
    assert talk.waited == []


def test_a_failure_to_ask_once_more_does_not_lose_the_end(talk: Stage) -> None:
    found = talk.fake.put(job("a"))
    end = ended("a", kind="Failed", reason="BackoffLimitExceeded", message="limit")
    end["status"]["failed"] = 1

    def act() -> None:
        talk.fake.faults.on("GET", "/pods$", times=99).answer(403, "no", reason="Forbidden")
        talk.fake.update("Job", "a", end)

    when_watched(talk, act)
    assert [each.state for each in followed(talk, [found])] == [State.PENDING, State.FAILED]


def test_no_jobs_is_no_wait(talk: Stage) -> None:
    assert (list(follow(talk.connect(), [])), talk.fake.requests) == ([], [])


def test_busy_is_away_where_it_lasts(talk: Stage) -> None:
    found = talk.fake.put(job("a"))
    talk.fake.faults.on("GET", "", times=9999).too_many_requests(1)
    with pytest.raises(ClusterBusyError):
        list(
            follow(
                talk.connect(),
                [found],
                timeout=0,
                pace=Pace(timing=Timing(first=0.01, longest_asked=0.05), away_seconds=0.1),
            )
        )
