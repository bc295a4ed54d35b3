"""An evaluation that ends before its time: in how many seconds, and what MLflow and the user are told."""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cajajejo import records, tracking
from cajajejo.errors import CajajejoError, InterruptedRunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cajajejo.tracking import NewRun

SECONDS: Final = 21.0
"""From SIGTERM to the end of what we do then; the pod has 25, and Python needs a moment to end."""
MARK_SECONDS: Final = 4.0
"""How long the tracking server is waited for, to mark the run."""


@dataclass
class Interruption:
    """What is known of the end that was asked for.

    Attributes:
        place: where what is finished is kept; None while nothing was begun.
        terminated_at: when SIGTERM came, by the monotonic clock; None: it did not.
    """

    place: Path | None = None
    terminated_at: float | None = None

    def within(self, seconds: float, *, reserve: float = 0.0) -> float:
        """`seconds`; after SIGTERM what is left of them, when `reserve` is kept for what comes later."""
        if self.terminated_at is None:
            return seconds
        return max(0.0, min(seconds, self.terminated_at + SECONDS - reserve - time.monotonic()))


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Ctrl-C and SIGTERM end what is at work first, and say what is kept; a second SIGTERM changes nothing.

    Raises:
        InterruptedRunError: one of them came.
    """
    interruption = Interruption()

    def interrupt(_sign: int, _frame: object) -> None:
        if interruption.terminated_at is None:  # what ends now must not be broken off as well
            interruption.terminated_at = time.monotonic()
            raise KeyboardInterrupt

    previous = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield interruption
    except KeyboardInterrupt as error:
        raise _interrupted(interruption) from error
    finally:
        signal.signal(signal.SIGTERM, previous)


def _interrupted(interruption: Interruption) -> InterruptedRunError:
    place = interruption.place
    terminated = interruption.terminated_at is not None
    if place is None:
        return InterruptedRunError("Stopped. Nothing was begun.", run="the same command again", terminated=terminated)
    message, way_out = f"Stopped. What is finished is kept in {place}.", "the same command again; it continues there"
    return InterruptedRunError(message, run=way_out, terminated=terminated)


@contextmanager
def ending(new: NewRun, run_id: str, interruption: Interruption) -> Iterator[None]:
    """Marks the MLflow run as failed or killed when the steps inside do not end well."""
    try:
        yield
    except BaseException as error:
        status: tracking.RunStatus = "KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED"
        seconds = interruption.within(MARK_SECONDS)
        with suppress(CajajejoError):  # what happened first is what the user must hear
            records.within(seconds, new.uri, lambda: _mark(new.uri, run_id, status))
        raise


def _mark(uri: str, run_id: str, status: tracking.RunStatus) -> None:
    with tracking.client(uri) as store:
        store.set_terminated(run_id, status=status)


def done_within(seconds: float, work: Callable[[], object]) -> bool:
    """Whether `work` came to its end in time; where it did not, it goes on unseen. What it raises is raised here."""
    errors: list[Exception] = []

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001  # it is raised again, in the thread that waits
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    return not thread.is_alive()
