"""What is known about a job, told by several, on an MLflow run: together, as tags, and in a real store."""

from __future__ import annotations

import itertools
import json
import os
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo import records, tracking
from cajajejo.errors import CajajejoError, SanityError, TrackingError
from cajajejo.records import Record, Teller, tags
from cajajejo.records.record import together
from cajajejo.status import Advice, Attempt, LastLines, Progress, Quote, Reason, State, Status
from cajajejo.tracking import NewRun
from tests import builders
from tests.hostile import FRAGMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

TEXTS = st.text(max_size=40) | st.lists(st.sampled_from(FRAGMENTS), max_size=4).map("".join)
UID = "0f1c5d0e-8a63-4a5e-9a11-6f0f9ab7c3d2"
START = datetime(2026, 11, 21, 14, 2, 11, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def pod(name: str, minutes: float, code: int | None, *lines: str, **more: Any) -> Record:
    """What a pod tells that began after so many minutes, and ended five minutes later with `code`."""
    ended = None if code is None else at(minutes + 5)
    state = {None: State.RUNNING, 0: State.SUCCEEDED, 143: State.RUNNING}.get(code, State.FAILED)
    own = State.RUNNING if code is None else State.FAILED if code else State.SUCCEEDED
    attempt = Attempt(1, name, own, started_at=at(minutes), finished_at=ended, exit_code=code, container="eval")
    status = Status(
        name="eval-x",
        namespace="default",
        uid=UID,
        state=state,
        since=ended or at(minutes),
        reason=Reason.CONTAINER_FAILED if state is State.FAILED else None,
        message=f"pod {name} failed" if state is State.FAILED else "",
        exit_code=code,
        started_at=at(minutes),
        finished_at=ended if state.is_end else None,
        attempts=(attempt,),
        last_lines=LastLines("eval", 1, lines) if lines else None,
        config_version="abc",
    )
    return Record(replace(status, **more), Teller.POD, name)


def cluster(state: State, reason: Reason | None = None, message: str = "", **more: Any) -> Record:
    """What somebody tells who watched the cluster."""
    status = Status("eval-x", "default", state, UID, since=at(60), reason=reason, message=message)
    return Record(replace(status, submitted_at=START, finished_at=at(60) if state.is_end else None, **more))


def stored(told: Iterable[Record]) -> dict[str, str]:
    """The tags of the records when they were written in this order."""
    there: dict[str, str] = {}
    for record in told:
        there |= tags.changes(there, record)[0]
    return there


def known(*told: Record) -> Status:
    """What all of them know together, which is the same in whatever order they wrote, and how often."""
    statuses = [together(tags.read(stored(order))) for order in itertools.permutations(told)]
    statuses.append(together(tags.read(stored([*told, *reversed(told), *told]))))
    assert all(status == statuses[0] for status in statuses)
    assert statuses[0] is not None
    return statuses[0]


# --- what they know together ---


def test_the_watch_adds_to_what_the_pod_said_the_cause_and_the_pods_that_never_began() -> None:
    killed = Attempt(
        3, "p3", State.FAILED, "node-b", at(20), at(26), 137, Reason.OOM_KILLED, "was killed", counted=True
    )
    never = Attempt(2, "p2", State.FAILED, reason=Reason.EVICTED)
    first = Attempt(1, "p1", State.FAILED, "node-a", at(1), at(6), 1, "Error", counted=True)
    status = known(
        pod("p1", 1, 1, "Error: the disk is full"),
        pod("p3", 20, None),
        cluster(
            State.FAILED,
            Reason.OOM_KILLED,
            "container eval went over its memory limit of 4Gi",
            do=Advice("give it more memory", "compute_config.memory"),
            exit_code=137,
            attempts=(first, never, killed),
        ),
    )
    assert (status.state, status.reason, status.exit_code) == (State.FAILED, Reason.OOM_KILLED, 137)
    assert status.do == Advice("give it more memory", "compute_config.memory")
    assert status.attempts == (replace(first, container="eval"), never, replace(killed, container="eval"))
    assert status.last_lines == LastLines("eval", 1, ("Error: the disk is full",))
    assert (status.submitted_at, status.started_at, status.finished_at) == (START, at(1), at(60))
    assert status.config_version == "abc"


def test_the_lines_of_the_last_pod_have_the_number_of_its_attempt() -> None:
    status = known(pod("z", 1, 1, "first"), pod("a", 10, 3, "second"))
    assert [(attempt.number, attempt.pod, attempt.exit_code) for attempt in status.attempts] == [
        (1, "z", 1),
        (2, "a", 3),
    ]
    assert status.last_lines == LastLines("eval", 2, ("second",))
    assert (status.exit_code, status.message, status.started_at) == (3, "pod a failed", at(1))


FAILED = cluster(State.FAILED, Reason.DEADLINE_EXCEEDED, "it took longer than 4 h")
SUCCEEDED = cluster(State.SUCCEEDED, exit_code=0)
CANCELLED = cluster(State.CANCELLED, message="cancelled by jasper")
DELETED = cluster(State.GONE, Reason.DELETED, "deleted by someone")
PASSED = cluster(State.GONE, Reason.TTL_PASSED, "its time to live has passed")
RUNNING = cluster(State.RUNNING)


@pytest.mark.parametrize(
    ("told", "state", "reason"),
    [
        ([FAILED, CANCELLED, pod("a", 1, 0)], State.FAILED, Reason.DEADLINE_EXCEEDED),
        ([SUCCEEDED, DELETED, pod("a", 1, 1)], State.SUCCEEDED, None),
        ([CANCELLED, DELETED, pod("a", 1, 143)], State.CANCELLED, None),
        ([CANCELLED, pod("a", 1, 0)], State.CANCELLED, None),
        ([pod("a", 1, 0), DELETED], State.SUCCEEDED, None),
        ([pod("a", 1, 5), DELETED], State.FAILED, Reason.CONTAINER_FAILED),
        ([pod("a", 1, 2), PASSED], State.FAILED, Reason.CONTAINER_FAILED),
        ([pod("a", 1, 1), DELETED], State.GONE, Reason.DELETED),
        ([pod("a", 1, 1), PASSED], State.FAILED, Reason.CONTAINER_FAILED),
        ([pod("a", 1, 143), PASSED], State.GONE, Reason.TTL_PASSED),
        ([pod("a", 1, None), DELETED, RUNNING], State.GONE, Reason.DELETED),
        ([pod("a", 1, 1), RUNNING], State.FAILED, Reason.CONTAINER_FAILED),
        ([pod("a", 1, 1), pod("b", 9, None)], State.RUNNING, None),
        ([pod("a", 1, 0), pod("b", 9, None), PASSED], State.GONE, Reason.TTL_PASSED),
        ([pod("a", 1, 1), pod("b", 9, 0)], State.SUCCEEDED, None),
    ],
)
def test_who_knows_better_is_believed(told: list[Record], state: State, reason: Reason | None) -> None:
    status = known(*told)
    assert (status.state, status.reason) == (state, reason)


def test_of_two_who_watched_the_one_who_knows_the_cause_is_believed_and_the_other_adds() -> None:
    general = cluster(State.FAILED, Reason.BACKOFF_LIMIT_EXCEEDED, "failed 4 times", exit_code=1, submitted_by="a")
    cause = cluster(State.FAILED, Reason.OOM_KILLED, "over 4Gi", quotes=(Quote("kubelet", "OOM", START),))
    status = known(general, cause)
    assert (status.reason, status.message, status.quotes) == (
        Reason.OOM_KILLED,
        "over 4Gi",
        (Quote("kubelet", "OOM", START),),
    )
    assert (status.exit_code, status.submitted_by) == (1, "a")


def test_an_end_is_never_replaced_by_what_was_seen_before_it() -> None:
    assert known(SUCCEEDED, cluster(State.PENDING, Reason.INSUFFICIENT_GPU, "not enough GPUs")).reason is None


def test_a_success_has_neither_the_lines_nor_the_code_of_an_earlier_failure() -> None:
    status = known(cluster(State.SUCCEEDED), pod("a", 1, 1, "Traceback"))
    assert (status.state, status.exit_code, status.last_lines, status.message) == (State.SUCCEEDED, None, None, "")
    assert status.attempts[0].exit_code == 1


def test_the_pod_of_index_zero_stays_of_index_zero() -> None:
    seen = cluster(State.RUNNING, attempts=(Attempt(1, "a", State.RUNNING, index=0, exit_code=0),))
    status = known(seen, pod("a", 1, None))
    assert (status.attempts[0].index, status.attempts[0].exit_code, status.attempts[0].started_at) == (0, 0, at(1))


def test_nobody_knows_anything() -> None:
    assert together([]) is None


# --- as tags ---

FULL = Status(
    name="eval-x",
    namespace="team-a",
    state=State.FAILED,
    uid=UID,
    kind="test",
    since=at(3),
    reason=Reason.OOM_KILLED,
    message="container eval went over its memory limit of 4Gi",
    do=Advice("give it more memory", "compute_config.memory"),
    rule="oom",
    exit_code=137,
    submitted_at=at(0),
    submitted_by="jasper",
    started_at=at(1.5),
    finished_at=at(3),
    deadline_at=at(240),
    disappears_at=at(1440),
    attempts=(
        Attempt(
            1,
            "p",
            State.FAILED,
            "n",
            at(1.5),
            at(3),
            137,
            "OOMKilled",
            "was killed",
            counted=True,
            index=0,
            container="eval",
        ),
    ),
    quotes=(Quote("kubelet", "Killed", at(3)), Quote("scheduler", "fits", None)),
    progress=Progress(64, 135, "instance", "mmlu:subject=anatomy"),
    last_lines=LastLines("eval", 1, ("one", "    two")),
    config_version="10abfb1bf8",
    config_path="jobs/x.job_config.yml",
    mlflow_run_id="7be1c2a0",
)


def test_a_record_comes_back_from_its_tag_as_it_was() -> None:
    for record in (Record(FULL), Record(FULL, Teller.POD, "p"), Record(Status("a", "b", State.PENDING))):
        assert tags.read(stored([record])) == [record]
        assert tags.changes(stored([record]), record) == ({}, record.status)


def record_tags(*told: Record) -> list[str]:
    return [name.removeprefix("job_record.") for name in stored(told) if name.startswith("job_record")]


def test_each_pod_has_a_tag_of_its_own() -> None:
    assert record_tags(Record(FULL, Teller.POD, "eval-x-4kk2p"), pod("eval-x-4kk2p", 1, 0)) == ["eval-x-4kk2p"]
    assert record_tags(Record(FULL, Teller.POD, "a/../b c\n" + "x" * 300)) == ["a_.._b_c_" + "x" * 191]


def test_who_watched_writes_a_tag_only_where_it_adds_something() -> None:
    less = cluster(State.FAILED, Reason.BACKOFF_LIMIT_EXCEEDED, "failed 4 times")
    more = cluster(State.FAILED, Reason.OOM_KILLED, "over 4Gi")
    assert len(record_tags(less)) == len(record_tags(more, less)) == len(record_tags(more, more)) == 1
    assert len(record_tags(less, more)) == 2


def test_people_search_by_a_handful_of_tags() -> None:
    assert tags.readable(FULL) == {
        "job_uid": UID,
        "job_namespace": "team-a",
        "job_state": "Failed",
        "job_reason": "OOMKilled",
        "job_message": "container eval went over its memory limit of 4Gi",
        "job_advice": "give it more memory, in jobs/x.job_config.yml: compute_config.memory",
        "job_exit_code": "137",
        "job_attempts": "1",
        "job_submitted_at": "2026-11-21T14:02:11Z",
        "job_started_at": "2026-11-21T14:03:41Z",
        "job_finished_at": "2026-11-21T14:05:11Z",
    }
    bare = tags.readable(Status("a", "b", State.PENDING))
    assert {name: value for name, value in bare.items() if value} == {
        "job_namespace": "b",
        "job_state": "Pending",
        "job_attempts": "0",
    }


def test_last_lines_are_given_up_first_the_oldest_before_the_others() -> None:
    lines = tuple(f"{number:02} " + "x" * 390 for number in range(50))
    found = tags.from_text(tags.text(Record(replace(FULL, last_lines=LastLines("eval", 1, lines)))))
    assert found is not None
    assert found.status.last_lines is not None
    assert found.status.last_lines.lines == lines[-len(found.status.last_lines.lines) :]
    assert 5 < len(found.status.last_lines.lines) < 20
    assert replace(found.status, last_lines=FULL.last_lines) == FULL


def test_of_very_many_attempts_the_first_and_the_last_ones_are_kept() -> None:
    many = tuple(replace(FULL.attempts[0], number=n, pod=f"eval-x-{n:05}") for n in range(1, 200))
    found = tags.from_text(tags.text(Record(replace(FULL, attempts=many))))
    assert found is not None
    assert [attempt.number for attempt in found.status.attempts] == [1, *range(181, 200)]
    assert (found.status.last_lines, found.status.message) == (None, FULL.message)


def test_what_cannot_be_short_is_still_an_end() -> None:
    long = replace(FULL.attempts[0], node="\\" * 20_000)
    found = tags.from_text(tags.text(Record(replace(FULL, attempts=(long,)))))
    assert found is not None
    assert (found.status.state, found.status.reason, found.status.uid) == (State.FAILED, Reason.OOM_KILLED, UID)


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXTS, st.lists(TEXTS, max_size=60), st.integers(0, 60))
def test_any_text_makes_a_tag_that_mlflow_takes(message: str, name: str, lines: list[str], count: int) -> None:
    attempts = tuple(replace(FULL.attempts[0], number=n, pod=f"p{n}", message=message) for n in range(count))
    quotes = (Quote(name, message),) * 5
    advice = Advice(message * 50, name)
    status = replace(FULL, message=message * 30, do=advice, attempts=attempts, quotes=quotes, config_path=name)
    status = replace(status, last_lines=LastLines("eval", 1, tuple(line * 40 for line in lines)), submitted_by=name)
    text = tags.text(Record(status))
    assert len(text) <= 8000
    text.encode()
    assert text.isprintable()
    assert json.loads(text)["state"] == "Failed"
    found = tags.from_text(text)
    assert found is not None
    assert tags.text(found) == text
    assert all(len(value) <= 8000 and value.isprintable() for value in tags.readable(status).values())


def test_a_login_in_the_last_lines_is_not_written_down() -> None:
    lines = (
        "Authorization: Bearer ya29.a0AfH6SMBx1234567890",
        "password=abcdefghijklmnop1234",
        "http://me:hunter2@mlflow.example:5000 does not answer",
    )
    text = tags.text(Record(replace(FULL, last_lines=LastLines("eval", 1, lines), message=lines[1])))
    assert [secret in text for secret in ("ya29", "abcdefghijklmnop1234", "hunter2")] == [False] * 3


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "null", "7", '"x"', "{}", "[" * 100_000),
        '{"name":"a","namespace":"b","state":"Odd","teller":"pod","pod":""}',
        '{"name":"a","namespace":"b","state":"Failed","teller":"nobody","pod":""}',
        '{"name":"a","namespace":"b","state":"Failed","teller":"pod","attempts":[7]}',
        '{"name":"a","namespace":"b","state":"Failed","teller":"pod","last_lines":[1]}',
        '{"name":"a","namespace":"b","state":"Failed","teller":"pod","exit_code":"1"}',
        '{"name":"a","namespace":"b","state":"Failed","teller":"pod","exit_code":NaN}',
        '{"name":"a","namespace":"b","state":"Failed","teller":"pod","exit_code":true}',
        '{"name":"a","namespace":"b","state":"Failed","teller":"pod","progress":{"done":[],"total":1}}',
        '{"name":"a","namespace":"b","state":"Failed","teller":"pod","progress":{"done":1,"total":1.5}}',
        '{"name":"a","namespace":"b","state":"Failed","teller":"pod","last_lines":{"attempt":"1"}}',
        *(
            f'{{"name":"a","namespace":"b","state":"Failed","teller":"pod","attempts":[{attempt}]}}'
            for attempt in ('{"number":"1","state":"Failed"}', '{"number":1,"state":"Failed","exit_code":{}}')
        ),
    ],
)
def test_a_tag_that_somebody_else_wrote_is_no_record(text: str) -> None:
    assert tags.read({"job_record.a": text, "job_recorded": tags.text(Record(FULL))}) == []


def test_a_reason_of_a_later_version_is_left_out() -> None:
    text = tags.text(Record(FULL)).replace('"OOMKilled","message":"container', '"NewReason","message":"container')
    found = tags.from_text(text)
    assert found is not None
    assert (found.status.reason, found.status.state) == (None, State.FAILED)


# --- in a store ---


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return builders.copy_empty_store(tmp_path / "mlflow.db")


def new(uri: str, **changes: Any) -> NewRun:
    given_tags = {"job_name": "eval-x", "creator": "pytest"}
    return replace(NewRun(uri, "tests", "eval-x", "A test.", given_tags), **changes)


def run_of(uri: str, run_id: str) -> Any:
    with tracking.client(uri) as store:
        return store.get_run(run_id)


def active_runs(uri: str) -> list[str]:
    with tracking.client(uri) as store:
        ids = [experiment.experiment_id for experiment in store.search_experiments()]
        return [run.info.run_id for run in store.search_runs(ids)]


def remembered(uri: str, record: Record, **changes: Any) -> str:
    """The run of a Job, with what is known of it."""
    status = record.status
    run_id = records.ensure(new(uri, tags={"job_name": status.name}, **changes), status.uid, settle=0)
    records.write(uri, run_id, record)
    return run_id


@pytest.mark.parametrize("order", [0, 1])
def test_what_the_pod_and_the_watch_wrote_is_found_as_one(uri: str, order: int) -> None:
    told = [pod("p1", 1, 1, "Error: x"), cluster(State.FAILED, Reason.OOM_KILLED, "over 4Gi")]
    run_id = records.ensure(new(uri), UID, started_at=START, settle=0)
    for record in told[:: -1 if order else 1]:
        records.write(uri, run_id, record)
    found = records.find(uri, uid=UID)
    assert found == replace(known(*told), mlflow_run_id=run_id)
    run = run_of(uri, run_id)
    assert (run.info.status, run.info.start_time) == ("FAILED", int(START.timestamp() * 1000))
    assert run.info.end_time == int(at(60 if order else 6).timestamp() * 1000)  # by whoever knew it first
    readable = {
        name: run.data.tags[name] for name in ("job_state", "job_reason", "job_uid", "job_exit_code", "creator")
    }
    assert readable == {
        "job_state": "Failed",
        "job_reason": "OOMKilled",
        "job_uid": UID,
        "job_exit_code": "1",
        "creator": "pytest",
    }
    assert records.find(uri, job_name="eval-x", namespace="default") == found


def test_writing_the_same_again_changes_nothing(uri: str) -> None:
    run_id = remembered(uri, pod("p1", 1, 1, "x"))
    before = run_of(uri, run_id)
    whole = records.write(uri, run_id, pod("p1", 1, 1, "x"))
    after = run_of(uri, run_id)
    assert (after.data.tags, after.info.end_time) == (before.data.tags, before.info.end_time)
    assert whole.mlflow_run_id == run_id


def test_a_tag_that_holds_no_more_is_emptied(uri: str) -> None:
    run_id = remembered(uri, pod("p1", 1, 1, "x"))
    records.write(uri, run_id, pod("p2", 9, None))
    given_tags = run_of(uri, run_id).data.tags
    assert (given_tags["job_state"], given_tags["job_reason"], given_tags["job_finished_at"]) == ("Running", "", "")
    assert "job_advice" not in given_tags


@pytest.mark.parametrize(
    ("record", "before", "after"),
    [
        (SUCCEEDED, "RUNNING", "FINISHED"),
        (FAILED, "RUNNING", "FAILED"),
        (FAILED, "KILLED", "FAILED"),
        (FAILED, "FINISHED", "FINISHED"),
        (CANCELLED, "RUNNING", "KILLED"),
        (DELETED, "RUNNING", "KILLED"),
        (RUNNING, "RUNNING", "RUNNING"),
        (pod("a", 1, 143), "RUNNING", "RUNNING"),
    ],
)
def test_the_run_ends_as_the_job_ended_unless_it_has_its_results(
    uri: str, record: Record, before: tracking.RunStatus, after: str
) -> None:
    run_id = records.ensure(new(uri), UID, settle=0)
    if before != "RUNNING":
        with tracking.client(uri) as store:
            store.set_terminated(run_id, status=before)
    records.write(uri, run_id, record)
    assert run_of(uri, run_id).info.status == after


def test_a_job_without_a_run_or_without_a_record_is_not_found(uri: str) -> None:
    assert records.find(uri, uid=UID) is None
    records.ensure(new(uri), UID, settle=0)
    assert records.find(uri, uid=UID) is None


def test_a_run_that_is_not_there_cannot_be_written_on(uri: str) -> None:
    with pytest.raises(TrackingError, match="MLflow refused"):
        records.write(uri, "0" * 32, FAILED)


@pytest.mark.parametrize(
    "name",
    [
        *("it's", 'a "b"', "a' OR '1'='1", "`b`", "a\\b", "100%", "a_b", "漢字 😀", "a\nb", "' AND tags.x = '"),
        "a'b\"c",
        "a'b_\"%",
        "a\\",
        "'\"\\",
    ],
)
def test_a_job_of_any_name_is_found_and_no_other(uri: str, name: str) -> None:
    for number, one in enumerate(
        [name, "eval-x", name.replace("'", "_").replace('"', "_") + "_", name.replace("_", "x") + "%"]
    ):
        remembered(
            uri, replace(FAILED, status=replace(FAILED.status, name=one, uid=f"uid-{number}", namespace="n'\"s"))
        )
    found = records.find(uri, job_name=name, namespace="n'\"s")
    assert found is not None
    assert found.uid == "uid-0"
    assert records.find(uri, job_name=name, namespace="other") is None


def test_of_a_name_that_was_used_twice_the_newest_job_counts_with_its_first_run(uri: str) -> None:
    for uid, minutes in (("old", 0), ("new", 10), ("older", -10)):
        run_id = records.ensure(new(uri), uid, started_at=at(minutes), settle=0)
        records.write(uri, run_id, replace(FAILED, status=replace(FAILED.status, uid=uid)))
    with tracking.client(uri) as store:  # a run that somebody made in vain for the same Job
        later = int(at(20).timestamp() * 1000)
        store.create_run(
            "1", start_time=later, tags={"job_uid": "new", "job_name": "eval-x", "job_namespace": "default"}
        )
    found = records.find(uri, job_name="eval-x", namespace="default")
    assert found is not None
    assert found.uid == "new"


def test_experiments_are_looked_into_by_name_and_where_none_is_there_any_more_all_of_them(uri: str) -> None:
    remembered(uri, FAILED, experiment="a")
    with tracking.client(uri) as store:
        store.create_experiment("b")
        gone = store.create_experiment("c")
        store.delete_experiment(gone)
    asked = {
        names: records.find(uri, uid=UID, experiments=names) is not None
        for names in [("a",), ("b",), ("c",), ("d",), ("a", "d"), ()]
    }
    assert asked == {("a",): True, ("b",): False, ("c",): True, ("d",): True, ("a", "d"): True, (): True}


def test_more_runs_and_experiments_than_one_page_are_looked_through(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import mlflow.tracking

    for name in ("search_runs", "search_experiments"):
        whole = getattr(mlflow.tracking.MlflowClient, name)

        def one_by_one(self: Any, *args: Any, whole: Any = whole, **kwargs: Any) -> Any:
            return whole(self, *args, **{**kwargs, "max_results": 1})

        monkeypatch.setattr(mlflow.tracking.MlflowClient, name, one_by_one)
    for number in range(3):
        remembered(uri, replace(FAILED, status=replace(FAILED.status, uid=f"u{number}")), experiment=f"e{number}")
    found = [records.find(uri, uid=f"u{number}") for number in range(3)]
    assert [status.uid for status in found if status] == ["u0", "u1", "u2"]


# --- one run for one Job ---


def test_a_job_has_one_run_whoever_asks(uri: str) -> None:
    first = records.ensure(new(uri), UID, settle=0)
    assert records.ensure(new(uri, name="other"), UID, settle=0) == first
    assert records.ensure(new(uri), "another", settle=0) != first
    run = run_of(uri, first)
    assert (run.info.run_name, run.data.tags["job_uid"], run.data.tags["mlflow.note.content"]) == (
        "eval-x",
        UID,
        "A test.",
    )


def test_a_run_that_somebody_deleted_is_replaced(uri: str) -> None:
    first = records.ensure(new(uri), UID, settle=0)
    with tracking.client(uri) as store:
        store.delete_run(first)
    assert records.ensure(new(uri), UID, settle=0) != first


@pytest.mark.parametrize("seed", range(3))
def test_two_pods_that_make_the_run_at_the_same_moment_use_one(uri: str, seed: int) -> None:
    records.ensure(new(uri), f"warm-up-{seed}", settle=0)
    together_now = threading.Barrier(3)

    def make(number: int) -> str:
        together_now.wait()
        return records.ensure(new(uri, name=f"pod {number}"), UID, settle=3.0)

    with ThreadPoolExecutor(3) as pool:
        made = set(pool.map(make, range(3)))
    assert len(made) == 1
    with tracking.client(uri) as store:
        assert [run.info.run_id for run in store.search_runs(["1"], f"tags.job_uid = '{UID}'")] == list(made)


def test_of_several_runs_of_one_job_the_oldest_is_used_by_all(uri: str) -> None:
    with tracking.client(uri) as store:
        inside = tracking.experiment(store, uri, "tests")
        made = [
            store.create_run(inside, start_time=time, tags={"job_uid": UID}).info.run_id for time in (500, 300, 400)
        ]
    assert records.ensure(new(uri), UID, settle=0) == made[1]


def test_all_that_write_at_the_same_moment_are_heard(uri: str) -> None:
    run_id = records.ensure(new(uri), UID, settle=0)
    told = [
        *(pod(f"p{number}", number, 1, f"line {number}") for number in range(3)),
        cluster(State.FAILED, Reason.OOM_KILLED, "over 4Gi"),
        cluster(State.FAILED, exit_code=137, submitted_by="jasper"),
    ]
    at_once = threading.Barrier(len(told))

    def write(record: Record) -> None:
        at_once.wait()
        records.write(uri, run_id, record)

    with ThreadPoolExecutor(len(told)) as pool:
        list(pool.map(write, told))
    found = records.find(uri, uid=UID)
    assert found is not None
    assert (found.reason, [attempt.pod for attempt in found.attempts]) == (Reason.OOM_KILLED, ["p0", "p1", "p2"])
    assert found.last_lines == LastLines("eval", 3, ("line 2",))


# --- in time ---


@pytest.fixture
def silent_server() -> Iterator[str]:
    """The address of something that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_server_that_hangs_is_not_waited_for(silent_server: str) -> None:
    tracking.package()
    began = time.monotonic()
    with pytest.raises(TrackingError, match=r"does not answer within 0\.3 s: http://127"):
        records.within(0.3, silent_server, lambda: records.find(silent_server, uid=UID))
    assert time.monotonic() - began < 60  # the server's time-out is twice that


def test_what_is_asked_in_time_is_given(uri: str) -> None:
    before = dict(os.environ)
    seen: dict[str, str] = {}

    def work() -> str:
        seen.update(os.environ)
        return "done"

    assert records.within(7.6, uri, work) == "done"
    names = ("MLFLOW_HTTP_REQUEST_TIMEOUT", "MLFLOW_HTTP_REQUEST_MAX_RETRIES", "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR")
    assert [seen[name] for name in names] == ["8", "2", "1"]
    assert {name: os.environ.get(name) for name in names} == {name: before.get(name) for name in names}


def test_the_users_own_patience_is_given_back(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "77")
    records.within(60, uri, lambda: "x")
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "77"


@pytest.mark.parametrize("error", [TrackingError("no"), SanityError("not so")])
def test_what_is_refused_is_told_as_it_is(uri: str, error: CajajejoError) -> None:
    def refuse() -> None:
        raise error

    with pytest.raises(CajajejoError) as caught:
        records.within(60, uri, refuse)
    assert caught.value is error


def test_what_is_no_mlflow_is_not_understood(uri: str) -> None:
    empty: dict[str, str] = {}
    with pytest.raises(TrackingError) as caught:
        records.within(60, uri, lambda: empty["experiment"])
    assert caught.value.message == f"the tracking server is not understood: {uri}"
    assert caught.value.facts == {"says": "KeyError: 'experiment'"}
