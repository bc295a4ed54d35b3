"""A job followed in Cloud Logging: every line once, in order as far as can be, whatever breaks off."""

from __future__ import annotations

import queue
import random
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc  # type: ignore[import-untyped]  # carries no types
import pytest

from cajajejo.cluster.retries import Timing
from cajajejo.logs.cloud import CloudLogs, Waiting
from cajajejo.logs.cloud_connection import EMULATOR
from cajajejo.logs.cloud_errors import CloudAwayError, CloudLogsError, CloudNotAllowedError
from cajajejo.logs.cloud_place import Place
from cajajejo.logs.cloud_query import Query, nanoseconds
from cajajejo.logs.cloud_tail import Pace
from tests.fakes import cloud_logging
from tests.fakes.cloud_logging import PROJECT, SECOND, CloudLogging, entry

if TYPE_CHECKING:
    from collections.abc import Iterator

Status = grpc.StatusCode
QUICK = Pace(hold=0.05, tick=0.02, look=0.01, settle=0.1, overlap=60.0, session=30.0, grace=0.2)
TIMING = Timing(first=0.01, longest=0.05, total=0.3, total_unanswered=0.3)
NOW = datetime.now(UTC).replace(microsecond=0)
AT = nanoseconds(NOW)


@pytest.fixture
def fake() -> Iterator[CloudLogging]:
    with cloud_logging.serving() as logs:
        yield logs


class Following:
    """A tail that runs beside the test; what it gives is taken line by line."""

    def __init__(
        self,
        fake: CloudLogging,
        *,
        since: datetime = NOW - timedelta(hours=1),
        pace: Pace = QUICK,
        timing: Timing = TIMING,
    ) -> None:
        self.said: list[str] = []
        self.waits: list[float] = []
        self.looks = 0
        self.ended = threading.Event()
        self.noticed = threading.Event()
        self.lines: queue.Queue[Any] = queue.Queue()
        logs = CloudLogs(
            Place(PROJECT),
            {EMULATOR: fake.host},
            Waiting(timing, self.said.append, sleep=self._sleep, random=lambda: 1.0),
        )
        self._lines = logs.tail(Query("eval-x"), since, self._is_ended, pace)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def take(self, count: int) -> list[str]:
        return [self._next() for _ in range(count)]

    def end(self) -> list[str]:
        self.ended.set()
        self._thread.join(120)
        assert not self._thread.is_alive()
        rest = []
        while not self.lines.empty():
            rest.append(self._next())
        return rest

    def _next(self) -> str:
        found = self.lines.get(timeout=120)
        if isinstance(found, Exception):
            raise found
        return str(found.text)

    def _is_ended(self) -> bool:
        self.looks += 1
        if self.ended.is_set():
            self.noticed.set()
        return self.ended.is_set()

    def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        time.sleep(seconds)

    def _run(self) -> None:
        try:
            for line in self._lines:
                self.lines.put(line)
        except CloudLogsError as error:
            self.lines.put(error)


def test_what_was_printed_before_comes_first_then_what_is_printed_now_until_the_end(fake: CloudLogging) -> None:
    fake.write(entry("a", at=AT - 2), entry("b", at=AT - 1), entry("theirs", at=AT, job="eval-y"))
    following = Following(fake)
    assert following.take(2) == ["a", "b"]
    fake.wait_for_tail()
    fake.write(entry("theirs", at=AT + 1, job="eval-y"), entry("c", at=AT + 2))
    assert following.take(1) == ["c"]
    fake.write(entry("d", at=AT + 3))
    assert following.end() == ["d"]
    (asked,) = fake.calls("TailLogEntries")
    assert "timestamp" not in asked.filter
    assert following.said == []


def test_a_job_that_has_ended_is_listed_once_more_and_that_is_all(fake: CloudLogging) -> None:
    fake.write(entry("a", at=AT))
    following = Following(fake)
    assert following.take(1) + following.end() == ["a"]


def test_lines_that_arrive_while_the_job_ends_are_waited_for(fake: CloudLogging) -> None:
    following = Following(fake, pace=replace(QUICK, grace=2.0))
    fake.wait_for_tail()
    following.ended.set()
    assert following.noticed.wait(120)
    fake.write(entry("the last sentence", at=AT))
    assert following.end() == ["the last sentence"]


def test_whether_the_job_has_ended_is_not_asked_at_every_turn(fake: CloudLogging) -> None:
    began = time.monotonic()
    following = Following(fake, pace=replace(QUICK, look=0.5))
    fake.wait_for_tail()
    time.sleep(0.7)
    assert following.looks <= 1 + (time.monotonic() - began) / 0.5
    assert following.end() == []


def test_nothing_from_before_the_time_that_is_asked_for(fake: CloudLogging) -> None:
    fake.write(entry("old", at=AT - 2 * SECOND), entry("a", at=AT))
    following = Following(fake, since=NOW - timedelta(seconds=1))
    fake.wait_for_tail()
    fake.write(entry("late and old", at=AT - 3 * SECOND), entry("b", at=AT + 1))
    assert following.take(2) + following.end() == ["a", "b"]


def test_what_arrives_late_is_put_in_its_place(fake: CloudLogging) -> None:
    following = Following(fake, pace=Pace(hold=2.0, tick=0.02, look=0.01, settle=0.1, grace=0.6))
    fake.wait_for_tail()
    fake.write(*(entry(str(number), at=AT + number) for number in (3, 1, 2)))
    assert following.take(3) == ["1", "2", "3"]
    fake.write(entry("later than that", at=AT))
    assert following.end() == ["later than that"]


def test_what_arrives_twice_is_one_line(fake: CloudLogging) -> None:
    made = entry("a", at=AT, insert_id="i")
    fake.write(made)
    following = Following(fake)
    fake.wait_for_tail()
    fake.repeat(made)
    fake.repeat(made)
    fake.write(entry("b", at=AT + 1))
    assert following.take(2) + following.end() == ["a", "b"]


@pytest.mark.parametrize("code", [Status.UNAVAILABLE, Status.INTERNAL, Status.RESOURCE_EXHAUSTED, Status.OK])
def test_a_tail_that_breaks_off_is_opened_again_and_nothing_is_lost(fake: CloudLogging, code: Any) -> None:
    fake.fail("TailLogEntries", code, after=1, times=3)
    following = Following(fake)
    expected = []
    for number in range(4):
        fake.wait_for_tail(number + 1)
        fake.write(*(entry(f"{number}.{part}", at=AT + 10 * number + part) for part in range(3)))
        expected += [f"{number}.{part}" for part in range(3)]
        assert following.take(3) == expected[-3:]
    assert following.end() == []
    assert len(fake.calls("TailLogEntries")) == 4


def test_a_tail_that_has_lasted_as_long_as_it_may_is_replaced_without_a_word(fake: CloudLogging) -> None:
    following = Following(fake, pace=Pace(hold=0.05, tick=0.02, look=0.01, settle=0.05, session=0.3, grace=0.1))
    for number in range(3):
        fake.wait_for_tail(number + 1)
        fake.write(entry(str(number), at=AT + number))
        assert following.take(1) == [str(number)]
    fake.wait_for_tail(4)
    assert following.end() == []
    assert following.said == []


def test_a_tail_that_ends_at_once_again_and_again_is_not_opened_without_a_pause(fake: CloudLogging) -> None:
    fake.fail("TailLogEntries", Status.OK, after=1, times=3)
    following = Following(fake, pace=replace(QUICK, settle=30.0))
    for number in range(3):
        fake.wait_for_tail(number + 1)
        fake.write(entry(str(number), at=AT + number))
        assert following.take(1) == [str(number)]
    assert following.end() == []
    assert following.waits == [0.01, 0.02, 0.04]
    assert following.said == ["Cloud Logging broke off, trying again in 1 s"] * 3


def test_a_tail_that_worked_for_a_while_is_opened_again_after_the_shortest_pause(fake: CloudLogging) -> None:
    fake.fail("TailLogEntries", Status.UNAVAILABLE, after=1, times=3)
    following = Following(fake, pace=replace(QUICK, settle=0.05))
    for number in range(3):
        fake.wait_for_tail(number + 1)
        time.sleep(0.1)
        fake.write(entry(str(number), at=AT + number))
        assert following.take(1) == [str(number)]
    assert following.end() == []
    assert following.waits == [0.01, 0.01, 0.01]


def test_a_clock_that_is_ahead_hides_nothing_that_comes_after(fake: CloudLogging) -> None:
    fake.write(entry("of a node whose clock is ahead", at=nanoseconds(datetime.now(UTC)) + 3_600 * SECOND))
    fake.fail("TailLogEntries", Status.UNAVAILABLE, times=1e9)  # so that lists alone bring the rest
    following = Following(fake)
    assert following.take(1) == ["of a node whose clock is ahead"]
    fake.write(entry("now", at=nanoseconds(datetime.now(UTC))))
    assert following.take(1) == ["now"]
    assert following.end() == []


def test_where_no_tail_can_be_had_lists_do_its_work(fake: CloudLogging) -> None:
    fake.fail("TailLogEntries", Status.RESOURCE_EXHAUSTED, "10 sessions are open", times=1e9)
    following = Following(fake)
    for number in range(5):
        fake.write(entry(str(number), at=AT + number))
        assert following.take(1) == [str(number)]
    assert following.end() == []
    assert following.said[0] == "Cloud Logging is busy (a quota is used up for now), trying again in 1 s"


def test_what_cloud_logging_left_out_is_listed(fake: CloudLogging) -> None:
    following = Following(fake)
    fake.wait_for_tail()
    while len(fake.calls("ListLogEntries")) < 3:  # at first, when the tail was opened, and when it has settled
        time.sleep(0.01)
    fake.write(*(entry(f"left out {number}", at=AT + number) for number in range(3)), quietly=True)
    fake.write(entry("told", at=AT + 3))
    assert following.take(4) == ["left out 0", "left out 1", "left out 2", "told"]
    assert following.end() == []


def test_what_came_between_the_list_and_the_tail_is_listed_when_it_has_settled(fake: CloudLogging) -> None:
    following = Following(fake)
    fake.wait_for_tail()
    fake.write(entry("missed", at=AT), quietly=True)  # as if the tail had not been open yet
    assert following.take(1) == ["missed"]
    assert following.end() == []


def test_a_service_that_is_away_for_long_is_waited_for(fake: CloudLogging) -> None:
    following = Following(fake)
    fake.wait_for_tail()
    fake.fail("ListLogEntries", Status.UNAVAILABLE, times=15)
    fake.fail("TailLogEntries", Status.UNAVAILABLE, times=1, after=1)
    fake.fail("TailLogEntries", Status.UNAVAILABLE, times=5)
    fake.write(entry("a", at=AT), quietly=True)
    fake.write(entry("b", at=AT + 1))
    assert sorted(following.take(2)) == ["a", "b"]
    assert following.end() == []


def test_what_does_not_pass_ends_it_with_an_error(fake: CloudLogging) -> None:
    fake.fail("TailLogEntries", Status.PERMISSION_DENIED, times=9)
    following = Following(fake)
    with pytest.raises(CloudNotAllowedError):
        following.take(1)


def test_a_service_that_never_answered_is_an_error(fake: CloudLogging) -> None:
    fake.fail("ListLogEntries", Status.UNAVAILABLE, times=1e9)
    following = Following(fake)
    with pytest.raises(CloudAwayError):
        following.take(1)


def test_an_error_of_the_last_list_takes_no_line_away(fake: CloudLogging) -> None:
    following = Following(fake, pace=Pace(hold=30.0, tick=0.02, look=0.01, settle=0.05, grace=0.2))
    fake.wait_for_tail()
    fake.write(entry("a", at=AT))
    while fake.answered["ListLogEntries"] < 3:
        time.sleep(0.01)
    fake.fail("ListLogEntries", Status.PERMISSION_DENIED, times=99)
    following.ended.set()
    assert following.take(1) == ["a"]
    with pytest.raises(CloudNotAllowedError):
        following.take(1)


def test_a_reader_that_stops_ends_the_tail(fake: CloudLogging) -> None:
    fake.write(entry("a", at=AT), entry("b", at=AT + 1))
    logs = CloudLogs(Place(PROJECT), {EMULATOR: fake.host}, Waiting(TIMING))
    lines = logs.tail(Query("eval-x"), NOW - timedelta(hours=1), lambda: False, QUICK)
    fake.write(entry("c", at=AT + 2))
    assert [next(lines).text for _ in range(3)] == ["a", "b", "c"]
    writer = threading.Timer(0.3, lambda: fake.write(entry("d", at=AT + 3)))
    writer.start()
    assert next(lines).text == "d"
    lines.close()  # type: ignore[attr-defined]  # it is a generator
    until = datetime.now(UTC) + timedelta(seconds=120)
    while fake.listening:
        assert datetime.now(UTC) < until
        time.sleep(0.01)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_breaks_off_every_line_comes_once(fake: CloudLogging, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # repeatable
    pace = Pace(hold=0.02, tick=0.01, look=0.01, settle=0.03, session=0.5, grace=0.3)
    following = Following(fake, pace=pace, timing=replace(TIMING, total=60.0, total_unanswered=60.0))
    written = [str(number) for number in range(100)]
    for number in chance.sample(range(100), 100):
        if chance.random() < 0.1:
            code = chance.choice([Status.UNAVAILABLE, Status.INTERNAL, Status.RESOURCE_EXHAUSTED, Status.DATA_LOSS])
            method = chance.choice(["TailLogEntries", "ListLogEntries"])
            fake.fail(method, code, after=chance.randrange(4))
        made = entry(str(number), at=AT + number)
        fake.write(made, quietly=chance.random() < 0.1)
        if chance.random() < 0.2:
            fake.repeat(made)
        time.sleep(chance.random() / 100)
    found = following.end()
    assert sorted(found, key=int) == written
