"""How long what is left to do may take once the end was asked for, and what is said then."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from cajajejo.errors import ExitCode, InterruptedRunError
from cajajejo.harness.breaking_off import SECONDS, Interruption, done_within, interruptible


def test_without_sigterm_everything_has_its_own_time() -> None:
    assert Interruption().within(8.0, reserve=100.0) == 8.0


@pytest.mark.parametrize(
    ("ago", "reserve", "least", "most"),
    [(0.0, 0.0, 8.0, 8.0), (SECONDS - 5, 0.0, 0.0, 5.0), (SECONDS - 5, 9.0, 0.0, 0.0), (100.0, 0.0, 0.0, 0.0)],
)
def test_after_sigterm_nothing_takes_longer_than_what_is_left(
    ago: float, reserve: float, least: float, most: float
) -> None:
    interruption = Interruption(terminated_at=time.monotonic() - ago)
    assert least <= interruption.within(8.0, reserve=reserve) <= most


def terminated_twice() -> None:
    with interruptible() as interruption:
        interruption.place = Path("s")
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_second_sigterm_does_not_break_off_what_the_first_one_began() -> None:
    with pytest.raises(InterruptedRunError) as caught:
        terminated_twice()
    assert caught.value.exit_code is ExitCode.TERMINATED
    assert caught.value.lines() == [
        "Stopped. What is finished is kept in s.",
        "Run: the same command again; it continues there",
    ]


def test_before_anything_was_begun_nothing_is_kept() -> None:
    with pytest.raises(InterruptedRunError) as caught, interruptible():
        raise KeyboardInterrupt
    assert caught.value.exit_code is ExitCode.INTERRUPTED
    assert caught.value.lines() == ["Stopped. Nothing was begun.", "Run: the same command again"]


def test_work_that_hangs_is_left_alone() -> None:
    go_on = threading.Event()
    assert not done_within(0.01, go_on.wait)
    go_on.set()
    assert done_within(60, lambda: None)


def test_what_work_raises_is_raised() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        done_within(60, fail)
