"""The table of what is sent again, the waits, and the end of patience."""

from __future__ import annotations

import email.utils

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.cluster import retries
from cajajejo.cluster.retries import Attempts, Effect, Failure, Timing, Trouble

BUSY = Trouble(Failure.NOT_DONE, "is busy (429)")
LOST = Trouble(Failure.PERHAPS_DONE, "broke the connection")


class Clock:
    """Time that passes only when somebody waits."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def attempts(effect: Effect = Effect.REPEATABLE, clock: Clock | None = None, **timing: float) -> Attempts:
    return Attempts(effect, Timing(**timing), clock or Clock(), lambda: 1.0)


@pytest.mark.parametrize(
    ("failure", "effect", "again"),
    [
        (Failure.NOT_DONE, Effect.REPEATABLE, True),
        (Failure.NOT_DONE, Effect.CREATES, True),
        (Failure.NOT_DONE, Effect.ONCE, True),
        (Failure.PERHAPS_DONE, Effect.REPEATABLE, True),
        (Failure.PERHAPS_DONE, Effect.CREATES, True),
        (Failure.PERHAPS_DONE, Effect.ONCE, False),
    ],
)
def test_what_is_sent_again(failure: Failure, effect: Effect, again: object) -> None:
    assert retries.may_repeat(failure, effect) is again


def test_only_the_statuses_of_the_table_may_pass() -> None:
    found = {status: retries.failure_of_status(status) for status in range(100, 600)}
    perhaps = dict.fromkeys((408, 500, 502, 503, 504), Failure.PERHAPS_DONE)
    assert {status: failure for status, failure in found.items() if failure} == {429: Failure.NOT_DONE, **perhaps}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        (None, None),
        ("4", 4.0),
        ("0", 0.0),
        ("-3", 0.0),
        ("1.5", 1.5),
        (email.utils.formatdate(1030, usegmt=True), 30.0),
        (email.utils.formatdate(970, usegmt=True), 0.0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("Sat, 99 Foo 2026 99:99:99 GMT", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str | None, seconds: float | None) -> None:
    assert retries.parse_retry_after(text, 1000.0) == seconds


def test_waits_double_until_the_longest() -> None:
    waits = [retries.pause(repeat, None, Timing(), 1.0) for repeat in range(7)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_waits_are_spread_over_the_upper_half() -> None:
    assert [retries.pause(2, None, Timing(), random) for random in (0.0, 0.5, 1.0)] == [1.0, 1.5, 2.0]


def test_what_the_server_asks_for_is_waited_and_capped() -> None:
    waits = [retries.pause(5, asked, Timing(), random) for asked, random in ((4, 0.0), (4, 1.0), (3600, 0.5), (0, 1.0))]
    assert waits == [4.0, 4.4, 30.0, 0.0]


@given(st.integers(0, 10_000), st.none() | st.floats(0, 1e9), st.floats(0, 1))
def test_no_wait_is_negative_or_endless(repeat: int, asked: float | None, random: float) -> None:
    assert 0 <= retries.pause(repeat, asked, Timing(), random) <= Timing().longest_asked


def test_a_request_is_given_up_when_its_time_is_over() -> None:
    clock = Clock()
    tried = attempts(clock=clock, total=5.0)
    waits = []
    while (wait := tried.wait_after(BUSY, answered=True)) is not None:
        waits.append(wait)
        clock.now += wait
    assert waits == [0.5, 1.0, 2.0]
    assert (tried.failed, tried.seconds, tried.left()) == (4, 3.5, 1.5)


def test_a_cluster_that_never_answered_is_given_up_sooner() -> None:
    clock = Clock()
    tried = attempts(clock=clock)
    clock.now += 9.8
    assert tried.wait_after(BUSY, answered=False) is None
    assert tried.wait_after(BUSY, answered=True) == 1.0


def test_waits_count_even_where_the_clock_stands_still() -> None:
    tried = attempts(total=5.0)
    waits = [tried.wait_after(BUSY, answered=True) for _ in range(5)]
    assert waits == [0.5, 1.0, 2.0, None, None]


def test_an_unsafe_request_is_not_sent_again_after_it_was_lost() -> None:
    tried = attempts(Effect.ONCE)
    assert tried.wait_after(BUSY, answered=True) == 0.5
    assert tried.wait_after(LOST, answered=True) is None
    assert not tried.perhaps_done


def test_it_is_remembered_that_a_request_may_have_been_carried_out() -> None:
    tried = attempts(Effect.CREATES)
    tried.wait_after(BUSY, answered=True)
    before = tried.perhaps_done
    tried.wait_after(LOST, answered=True)
    tried.wait_after(BUSY, answered=True)
    assert (before, tried.perhaps_done) == (False, True)


@pytest.mark.parametrize(("wait", "shown"), [(4.2, "4 s"), (0.3, "1 s"), (29.6, "30 s")])
def test_a_wait_is_announced_in_whole_seconds(wait: float, shown: str) -> None:
    assert retries.announcement(BUSY, wait) == f"the cluster is busy (429), trying again in {shown}"
