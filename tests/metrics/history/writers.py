"""Processes that write to a history, each on its own; some are killed."""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path
from typing import TYPE_CHECKING

import google.cloud.bigquery  # noqa: F401  # loaded once here, so that a process writes at once
import psycopg  # noqa: F401  # as above

from cajajejo.metrics.history import History
from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.history.store import Telling
from cajajejo.metrics.judgement.incidents import Event, Incident, Told
from cajajejo.metrics.runs import Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from multiprocessing.context import ForkServerProcess

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.metrics.history.writers"])
EMULATOR = "BIGQUERY_EMULATOR_HOST"


def started(work: Callable[..., None], *given: object) -> ForkServerProcess:
    """A process that does `work`."""
    process = _CONTEXT.Process(target=_work, args=(os.environ.get(EMULATOR), work, *given), daemon=True)
    process.start()
    return process


def _work(emulator: str | None, work: Callable[..., None], *given: object) -> None:
    if emulator is not None:
        os.environ[EMULATOR] = emulator
    work(*given)


def run(test: str, number: int, metrics: int = 3) -> StoredRun:
    """The run of that number, with so many metrics."""
    measured = tuple(StoredMetric(f"metric {one:05d}", number + one / 8) for one in range(metrics))
    return StoredRun(Run(test, f"run {number}", 1000.0 + number), "pass", measured)


def write(url: str, test: str, numbers: Sequence[int], metrics: int = 3) -> None:
    """Records runs one by one."""
    store = History.at(url).store
    for number in numbers:
        store.record([run(test, number, metrics)])


def tell(url: str, test: str, number: int) -> None:
    """Records a failed run, and tells it where nobody told of a failure before."""
    told = Run(test, f"run {number}", 1000.0 + number, "failure")

    def decide(there: Sequence[Incident], newest: tuple[float, str] | None) -> Told:  # noqa: ARG001  # all that a store tells
        if there:
            return Told((), tuple(there))
        incident = Incident(test, "failed", None, told.run_id, told.start_time, "it failed")
        return Told((Event(incident, "opened", told, "it failed"),), (incident,))

    History.at(url).store.record([StoredRun(told, "failed")], Telling(test, ("mail",), decide, 5000.0))


def claim(url: str, places: str) -> None:
    """Claims all that is due, and leaves a file for each delivery that was won."""
    store = History.at(url).store
    for won in store.claim(store.due(["mail"], 6000.0), now=6000.0, until=9000.0):
        Path(places, f"{won.event.id}-{os.getpid()}").touch(exist_ok=False)


def all_at_once(processes: Iterator[ForkServerProcess]) -> list[int | None]:
    """The exit codes of processes that run side by side."""
    running = list(processes)
    for process in running:
        process.join()
    return [process.exitcode for process in running]
