"""Alerts on their way: what is due is sent to each sink, once, and tried again where a sink is away.

Before something is sent it is claimed: for two minutes nobody else sends it. Then it is taken down that it was sent, or
when it is to be tried again. A program that is killed between the far end's yes and that note leaves the claim; when it
has run out, the next program sends the same once more, under the same key. No kill loses anything.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from cajajejo.errors import AlertError, HistoryError, printable
from cajajejo.metrics.sending import stderr
from cajajejo.moments import ago
from cajajejo.phrases import counted, without_logins

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from cajajejo.metrics.history.store import Store
    from cajajejo.metrics.judgement.incidents import Delivery
    from cajajejo.metrics.sending.sink import AlertSink

LEASE: Final = 120.0
"""For how many seconds what is claimed is its sender's alone."""
PATIENCE: Final = 30.0
"""For how many seconds in all one program waits for far ends that ask for a moment."""
KEPT: Final = 7 * 86_400.0
"""For how many seconds what cannot be sent is tried again."""
_PAUSES: Final = (60.0, 300.0, 900.0, 3_600.0)
"""How long a far end is left alone after the first failure, the second, …"""
_LONGEST_PAUSE: Final = 86_400.0
_MOST_FAILURES: Final = 2
"""After so many failures in one program, a sink is left alone until the next one."""
_ERROR: Final = 300


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of the alerts that were due: how many each sink was sent, and a sentence for each failure."""

    counts: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """A sentence for each sink that something was sent to; what stderr was sent is there already."""
        return tuple(
            f"{counted(count, 'alert')} sent: {sink}" for sink, count in self.counts.items() if sink != stderr.NAME
        )


def deliver(
    store: Store,
    sinks: Sequence[AlertSink],
    *,
    now: Callable[[], float] = time.time,
    sleep: Callable[[float], None] = time.sleep,
    lease: float = LEASE,
    tests: Collection[str] = (),
) -> Sent:
    """Sends what is due to each of `sinks`, oldest first; what one does not take does not stop the others.

    Where there are `tests`, only what is about one of them is sent.
    """
    going = _Round(store, now, sleep, lease)
    try:
        due = store.due([sink.name for sink in sinks], now()) if sinks else []
        due = [one for one in due if not tests or one.event.incident.test in tests]
        for sink in sinks:
            going.send_all(sink, [one for one in due if one.sink == sink.name])
    except HistoryError as error:
        going.warnings.append(f"alerts stay unsent, and are kept: {error.message}")
    return Sent(dict(going.counts), tuple(going.warnings))


@dataclass(slots=True)
class _Round:
    """One going about with what is due; `patience` is for how many seconds it still waits."""

    store: Store
    now: Callable[[], float]
    sleep: Callable[[float], None]
    lease: float
    patience: float = PATIENCE
    counts: Counter[str] = field(default_factory=Counter)
    warnings: list[str] = field(default_factory=list)

    def send_all(self, sink: AlertSink, due: Sequence[Delivery]) -> None:
        """Sends `due` in as many sendings as the sink needs."""
        failures = 0
        for batch in _batches(due, sink.most):
            if failures < _MOST_FAILURES:
                failures += not self._send(sink, batch)

    def _send(self, sink: AlertSink, batch: Sequence[Delivery]) -> bool:
        """Whether `batch` was sent, by us or by somebody else; a far end that asks for a moment gets it."""
        while claimed := self.store.claim(batch, now=self.now(), until=self.now() + self.lease):
            error = self._attempt(sink, claimed)
            if error is None:
                self.counts[sink.name] += len(claimed)
                return True
            if not self._waited(sink, claimed, error):
                return False
        return True

    def _attempt(self, sink: AlertSink, claimed: Sequence[Delivery]) -> AlertError | None:
        """Sends what is claimed; the error, if it was not taken."""
        events = [one.event for one in claimed]
        try:
            sink.send(events, _key(claimed))
        except AlertError as error:
            return error
        except Exception as error:  # noqa: BLE001  # a bug in what speaks to one far end keeps no alert from others
            return AlertError(f"{type(error).__name__}: {error}")
        except BaseException:
            with suppress(HistoryError):
                self.store.settle(claimed, now=self.now(), error="interrupted", again=self.now())
            raise
        self.store.settle(claimed, now=self.now(), error=None, again=None)
        return None

    def _waited(self, sink: AlertSink, claimed: Sequence[Delivery], error: AlertError) -> bool:
        """Takes down what was not sent; whether it is to be tried again at once, after the wait that was asked for."""
        now, message = self.now(), printable(without_logins(error.message))[:_ERROR]
        old = [one for one in claimed if now - one.since > KEPT]
        young = [one for one in claimed if now - one.since <= KEPT]
        if old:
            self.store.settle(old, now=now, error=message, again=None)
            days = ago(KEPT)
            self.warnings.append(
                f"{sink.name}: {counted(len(old), 'alert')} not sent for {days}, and given up: {message}"
            )
        if not young:
            return False
        pause, waits = _pause(young, error), error.retry_after is not None
        self.store.settle(young, now=now, error=message, again=now + pause)
        if waits and pause <= self.patience:
            self.patience -= pause
            self.sleep(pause)
            return True
        again = f"kept, and tried again in {ago(pause)} at the earliest"
        self.warnings.append(f"{sink.name}: {counted(len(young), 'alert')} not sent, {again}: {message}")
        return False


def _pause(claimed: Sequence[Delivery], error: AlertError) -> float:
    """For how many seconds the far end is left alone: as long as it asks for, else longer each time."""
    if error.retry_after is not None:
        return min(max(error.retry_after, 1.0), _LONGEST_PAUSE)
    attempts = min(one.attempts for one in claimed)
    return _PAUSES[min(attempts, len(_PAUSES)) - 1]


def _batches(due: Sequence[Delivery], most: int | None) -> Iterator[Sequence[Delivery]]:
    """`due` in parts of at most `most`; what may have been sent already is apart, so that its key is the same."""
    uncertain = [one for one in due if one.attempts and one.error is None]
    for part in (uncertain, [one for one in due if one not in uncertain]):
        size = most or max(len(part), 1)
        yield from (part[begin : begin + size] for begin in range(0, len(part), size))


def _key(claimed: Sequence[Delivery]) -> str:
    ids = sorted(one.event.id for one in claimed)
    return hashlib.sha256("\0".join(ids).encode()).hexdigest()[:32]
