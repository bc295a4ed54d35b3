"""A crew: all tasks and what they lead to, one error, and an end at once."""

from __future__ import annotations

import os
import signal
import threading
from functools import partial
from typing import TYPE_CHECKING

import pytest

from cajajejo.models.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cajajejo.models.crew import Task


def nothing() -> None:
    pass


def test_every_task_and_all_that_it_leads_to_is_done_once() -> None:
    done: list[int] = []
    lock = threading.Lock()

    def task(number: int) -> Iterable[Task]:
        with lock:
            done.append(number)
        return [partial(task, number * 10 + digit) for digit in range(3)] if number < 100 else []

    Crew(4).work_off([partial(task, number) for number in (1, 2)], nothing)
    assert sorted(done) == sorted(
        [1, 2, *range(10, 13), *range(20, 23), *(n * 10 + d for n in (10, 11, 12, 20, 21, 22) for d in range(3))]
    )


def test_nothing_to_do_is_done_at_once() -> None:
    ticks: list[int] = []
    Crew(2).work_off([], lambda: ticks.append(1))
    assert ticks == [1]


def test_tasks_are_done_beside_each_other() -> None:
    meet = threading.Barrier(3)

    def task() -> Iterable[Task]:
        meet.wait(60)
        return ()

    Crew(3).work_off([task] * 3, nothing)
    assert not meet.broken


def test_the_first_error_stops_everything_and_is_raised() -> None:
    crew, went_on = Crew(2), threading.Event()
    others = []

    def fail() -> Iterable[Task]:
        raise ValueError("first")

    def go_on() -> Iterable[Task]:
        crew.wait(60)
        others.append(crew.goes_on())
        went_on.set()
        return [fail]

    with pytest.raises(ValueError, match="first"):
        crew.work_off([go_on, fail, go_on, go_on], nothing)
    assert went_on.wait(60)  # it may be slower than it is waited for
    assert others == [False]


def test_what_looks_on_may_end_it() -> None:
    crew = Crew(1)

    def tick() -> None:
        raise KeyboardInterrupt

    def work() -> Iterable[Task]:
        crew.wait(60)
        return ()

    with pytest.raises(KeyboardInterrupt):
        crew.work_off([work], tick)
    assert not crew.goes_on()


def test_a_signal_ends_it_although_a_task_waits_for_ever() -> None:
    crew, forever = Crew(2), threading.Event()

    def work() -> Iterable[Task]:
        os.kill(os.getpid(), signal.SIGINT)
        forever.wait(600)
        return ()

    with pytest.raises(KeyboardInterrupt):
        crew.work_off([work], nothing)
    forever.set()
