"""What is due is sent once, to each sink that can be reached; a history on disk keeps what was not."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import AlertError
from cajajejo.metrics import sending
from cajajejo.metrics.history import History
from cajajejo.metrics.history.sql_store import SqlStore
from cajajejo.metrics.history.sqlite_database import SqliteDatabase
from cajajejo.metrics.history.store import Telling
from cajajejo.metrics.judgement.incidents import Event, Incident, Told
from cajajejo.metrics.runs import Run
from cajajejo.metrics.sending import Sent, deliver

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cajajejo.metrics.history.store import Store

NOON = 1795262400.0


@dataclass
class Clock:
    """A time that passes where somebody waits."""

    time: float = NOON
    waits: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds


@dataclass
class Sink:
    """A sink that takes what it is sent, after the errors it begins with."""

    name: str = "here"
    most: int | None = None
    errors: list[BaseException] = field(default_factory=list)
    taken: list[tuple[str, list[str]]] = field(default_factory=list)
    tests: tuple[str, ...] = ()

    def send(self, events: Sequence[Event], key: str) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.taken.append((key, [event.message for event in events]))

    @property
    def messages(self) -> list[list[str]]:
        return [messages for _, messages in self.taken]


class Post:
    """A history with alerts that are due, and the time at which it is looked at."""

    def __init__(self, folder: Path) -> None:
        self.store: Store = History.at(f"sqlite:///{folder}/history.db").store
        self.clock = Clock()

    def tell(self, *messages: str, sinks: tuple[str, ...] = ("here",), test: str = "t") -> None:
        events = tuple(
            Event(incident, "opened", Run(test, message, NOON), message)
            for message in messages
            for incident in [Incident(test, "regression", "loss", message, NOON, message)]
        )
        self.store.record([], Telling(test, sinks, lambda *_: Told(events), self.clock.time))

    def deliver(self, *sinks: Sink) -> Sent:
        return deliver(self.store, sinks, now=self.clock.now, sleep=self.clock.sleep)

    def unsent(self) -> list[tuple[str, int, str | None, float]]:
        return [(one.event.message, one.attempts, one.error, one.again - NOON) for one in self.store.unsent()]


@pytest.fixture
def post(tmp_path: Path) -> Post:
    return Post(tmp_path)


def test_what_is_due_is_sent_once_to_each_sink(post: Post) -> None:
    post.tell("a", "b", sinks=("here", "there"))
    here, there = Sink(), Sink("there")
    found = post.deliver(here, there)
    assert (here.messages, there.messages, post.unsent()) == ([["a", "b"]], [["a", "b"]], [])
    assert (found.lines, found.warnings) == (("2 alerts sent: here", "2 alerts sent: there"), ())
    assert post.deliver(here, there) == Sent()
    assert len(here.taken) == len(there.taken) == 1


def test_where_there_is_no_sink_nothing_is_sent(post: Post) -> None:
    post.tell("a")
    assert (post.deliver(), len(post.unsent())) == (Sent(), 1)


def test_a_sink_is_sent_as_much_at_a_time_as_it_takes(post: Post) -> None:
    post.tell("a", "b", "c")
    sink = Sink(most=2)
    post.deliver(sink)
    assert sink.messages == [["a", "b"], ["c"]]


def test_the_key_is_the_same_for_the_same_events_and_no_other(post: Post) -> None:
    post.tell("a", "b", sinks=("here", "there"))
    post.tell("c", sinks=("here",))
    here, there = Sink(most=2), Sink("there")
    post.deliver(here, there)
    assert here.taken[0][0] == there.taken[0][0] != here.taken[1][0]


@pytest.mark.parametrize("error", [AlertError("refused"), ValueError("a bug"), OSError("no route")])
def test_a_sink_that_fails_does_not_stop_the_others_and_is_tried_again(post: Post, error: Exception) -> None:
    post.tell("a", sinks=("here", "there"))
    here, there = Sink(errors=[error]), Sink("there")
    found = post.deliver(here, there)
    said = "refused" if isinstance(error, AlertError) else f"{type(error).__name__}: {error}"
    assert (here.messages, there.messages) == ([], [["a"]])
    assert found.warnings == (f"here: 1 alert not sent, kept, and tried again in 60 s at the earliest: {said}",)
    assert post.unsent() == [("a", 1, said, 60.0)]
    post.clock.time += 59
    assert post.deliver(here) == Sent()
    post.clock.time += 1
    assert (post.deliver(here).counts, here.messages) == ({"here": 1}, [["a"]])


def test_pauses_grow_to_an_hour(post: Post) -> None:
    post.tell("a")
    pauses = []
    for _ in range(6):
        post.deliver(Sink(errors=[AlertError("away")]))
        ((_, _, _, again),) = post.unsent()
        pauses.append(again + NOON - post.clock.time)
        post.clock.time = NOON + again
    assert pauses == [60, 300, 900, 3600, 3600, 3600]


def test_what_cannot_be_sent_for_a_week_is_given_up_and_that_is_said(post: Post) -> None:
    post.tell("old")
    post.clock.time += sending.KEPT
    assert "tried again in 60 s" in post.deliver(Sink(errors=[AlertError("away")])).warnings[0]
    post.tell("young")
    post.clock.time += 60
    found = post.deliver(Sink(errors=[AlertError("away")]))
    assert found.warnings == (
        "here: 1 alert not sent for 7 d, and given up: away",
        "here: 1 alert not sent, kept, and tried again in 60 s at the earliest: away",
    )
    assert [message for message, *_ in post.unsent()] == ["young"]
    post.clock.time += sending.KEPT + 60
    assert post.deliver(Sink(errors=[AlertError("no", retry_after=1.0)])).warnings == (
        "here: 1 alert not sent for 7 d, and given up: no",
    )
    assert (post.unsent(), post.clock.waits) == ([], [])


def test_a_far_end_that_asks_for_a_moment_gets_it(post: Post) -> None:
    post.tell("a", "b")
    sink = Sink(errors=[AlertError("slow down", retry_after=10.0), AlertError("slow down", retry_after=0.0)])
    assert post.deliver(sink) == Sent({"here": 2}, ())
    assert (sink.messages, post.clock.waits) == ([["a", "b"]], [10.0, 1.0])


def test_no_more_than_half_a_minute_is_waited_in_all(post: Post) -> None:
    post.tell("a", sinks=("here", "there"))
    here = Sink(errors=[AlertError("slow down", retry_after=20.0) for _ in range(9)])
    there = Sink("there", errors=[AlertError("slow down", retry_after=5.0) for _ in range(9)])
    found = post.deliver(here, there)
    assert post.clock.waits == [20.0, 5.0, 5.0]
    assert found.warnings == (
        "here: 1 alert not sent, kept, and tried again in 20 s at the earliest: slow down",
        "there: 1 alert not sent, kept, and tried again in 5 s at the earliest: slow down",
    )


def test_a_far_end_is_not_asked_before_the_time_it_names(post: Post) -> None:
    post.tell("a")
    sink = Sink(errors=[AlertError("slow down", retry_after=7200.0)])
    post.deliver(sink)
    post.clock.time += 7199
    assert post.deliver(sink) == Sent()
    post.clock.time += 1
    assert post.deliver(sink).counts == {"here": 1}


def test_a_far_end_that_names_next_year_is_asked_tomorrow(post: Post) -> None:
    post.tell("a")
    post.deliver(Sink(errors=[AlertError("slow down", retry_after=1e9)]))
    assert post.unsent() == [("a", 1, "slow down", 86_400.0)]


def test_a_sink_that_is_down_is_left_alone_after_two_failures(post: Post) -> None:
    post.tell("a", "b", "c", "d")
    sink = Sink(most=1, errors=[AlertError("down") for _ in range(9)])
    found = post.deliver(sink)
    assert (len(sink.errors), len(found.warnings)) == (7, 2)
    assert [(message, attempts) for message, attempts, *_ in post.unsent()] == [("a", 1), ("b", 1), ("c", 0), ("d", 0)]


def test_one_alert_that_is_never_taken_does_not_keep_the_others(post: Post) -> None:
    post.tell("poison", "b")
    sink = Sink(most=1, errors=[AlertError("bad request")])
    post.deliver(sink)
    assert sink.messages == [["b"]]


def test_who_was_killed_while_sending_keeps_others_from_it_for_two_minutes(post: Post) -> None:
    post.tell("a", "b")
    post.store.claim(post.store.due(["here"], NOON), now=NOON, until=NOON + sending.LEASE)
    sink = Sink()
    post.clock.time += sending.LEASE - 1
    post.tell("c")
    post.deliver(sink)
    assert sink.messages == [["c"]]
    post.tell("d")
    post.clock.time += 1
    post.deliver(sink)
    assert sink.messages == [["c"], ["a", "b"], ["d"]]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit])
def test_who_is_interrupted_leaves_nothing_claimed(post: Post, stop: type[BaseException]) -> None:
    post.tell("a", "b", "c")
    with pytest.raises(stop):
        post.deliver(Sink(most=2, errors=[stop()]))
    assert post.unsent() == [("a", 1, "interrupted", 0.0), ("b", 1, "interrupted", 0.0), ("c", 0, None, 0.0)]
    sink = Sink()
    post.deliver(sink)
    assert sink.messages == [["a", "b", "c"]]


def test_two_who_send_at_the_same_time_send_each_alert_once(post: Post) -> None:
    post.tell("a", "b")
    other = Sink()

    class Meanwhile(Sink):
        def send(self, events: Sequence[Event], key: str) -> None:
            post.deliver(other)
            super().send(events, key)

    sink = Meanwhile(most=1)
    post.deliver(sink)
    assert (sink.messages, other.messages) == ([["a"]], [["b"]])


def test_no_login_and_nothing_that_moves_a_terminal_is_kept_of_an_error(post: Post) -> None:
    post.tell("a")
    found = post.deliver(Sink(errors=[AlertError("https://bob:hunter2@example.org said \x1b[31mno" + "!" * 999)]))
    ((_, _, error, _),) = post.unsent()
    assert error is not None
    assert error.startswith("https:// (hidden)@example.org said \\x1b[31mno!!")
    assert len(error) == 300
    assert "hunter2" not in found.warnings[0]


def test_a_history_that_cannot_be_read_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "history.db").write_text("no database at all, and long enough to be taken for one" * 40)
    found = Post(tmp_path).deliver(Sink())
    assert found.counts == {}
    assert found.warnings[0].startswith("alerts stay unsent, and are kept: ")


def test_what_was_sent_and_cannot_be_noted_is_sent_once_more_under_the_same_key(tmp_path: Path) -> None:
    post = Post(tmp_path)
    post.store = SqlStore(SqliteDatabase(post.store.url, tmp_path / "history.db", patience=0.1))
    post.tell("a")

    class Busy(Sink):
        """Somebody else begins to write while it sends, and does not end."""

        def send(self, events: Sequence[Event], key: str) -> None:
            super().send(events, key)
            writer.execute("BEGIN IMMEDIATE")

    with closing(sqlite3.connect(tmp_path / "history.db", isolation_level=None)) as writer:
        sink = Busy()
        assert post.deliver(sink).warnings[0].startswith("alerts stay unsent, and are kept: ")
    later = Sink(taken=sink.taken)
    post.clock.time += sending.LEASE - 1
    post.tell("b")
    assert post.deliver(later).counts == {"here": 1}
    post.clock.time += 1
    assert post.deliver(later).counts == {"here": 1}
    assert later.messages == [["a"], ["b"], ["a"]]
    assert later.taken[0] == later.taken[2]
