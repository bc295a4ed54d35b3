"""Many jobs sent together: a bounded number at a time, each by itself, with one account of all of them."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Final

from cajajejo import submission
from cajajejo.cluster.errors import (
    ClusterBusyError,
    CredentialsError,
    MissingNamespaceError,
    NotAllowedError,
    UnreachableError,
)
from cajajejo.errors import CajajejoError, InterruptedRunError
from cajajejo.jobs.finding import OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cajajejo.cluster import Cluster
    from cajajejo.manifests import Manifests
    from cajajejo.submission import Outcome

WORKERS: Final = 8
"""Jobs on their way at one time."""
_LOOK_SECONDS: Final = 1.0
_HOPELESS: Final = (UnreachableError, ClusterBusyError, CredentialsError, NotAllowedError, MissingNamespaceError)
"""What the next job would meet as well."""


_SHOWN: Final = 10


class BatchError(CajajejoError):
    """Some of several jobs were not sent."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One job of a batch: its outcome, or the error, or neither where it was not tried."""

    spec: Manifests
    outcome: Outcome | None = None
    error: CajajejoError | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The account of a batch, in the order of its jobs."""

    attempts: tuple[Attempt, ...]
    interrupted: bool = False

    def sent(self) -> list[Outcome]:
        """What is on the cluster."""
        return [attempt.outcome for attempt in self.attempts if attempt.outcome is not None]

    def failed(self) -> list[Attempt]:
        """What the cluster refused, or had refused before."""
        return [attempt for attempt in self.attempts if attempt.error is not None]

    def not_tried(self) -> int:
        """How many were left when there was no use in going on."""
        return sum(attempt.outcome is None and attempt.error is None for attempt in self.attempts)


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told how a batch goes: of each job as it ends, and that Ctrl-C came and the last ones arrive."""

    done: Callable[[Attempt], None] = lambda _: None
    stopping: Callable[[], None] = lambda: None


NOBODY: Final = Watcher()


def send_all(
    cluster: Cluster,
    specs: Sequence[Manifests],
    namespace: str,
    *,
    send: Callable[..., Outcome] = submission.send,
    watcher: Watcher = NOBODY,
) -> Batch:
    """Sends every job, `WORKERS` at a time; one that fails does not keep the others from being sent.

    Ctrl-C lets those on their way arrive, and sends no more; a second one ends at once. An error that every further
    job would meet ends it, too.

    Raises:
        ClusterError: it cannot be seen which jobs are there already.
    """
    there = _names(cluster, namespace) if len(specs) > 1 else {spec.name for spec in specs}
    shared: set[tuple[str, str]] = set()
    stop = threading.Event()

    def one(spec: Manifests) -> Attempt:
        if stop.is_set():
            return Attempt(spec)
        try:
            new = spec.name not in there
            outcome = send(cluster, spec, namespace, shared=shared, probably_new=new)
        except CajajejoError as error:
            if isinstance(error, _HOPELESS):
                stop.set()
            return Attempt(spec, error=error)
        return Attempt(spec, outcome)

    return _collect(_Work(one, specs), specs, watcher, stop)


class _Work:
    """The jobs, done by threads that the end of the program does not wait for."""

    def __init__(self, one: Callable[[Manifests], Attempt], specs: Sequence[Manifests]) -> None:
        self._one = one
        self._waiting: SimpleQueue[tuple[int, Manifests]] = SimpleQueue()
        self.done: SimpleQueue[Attempt] = SimpleQueue()
        self.attempts: dict[int, Attempt] = {}
        self.bugs: list[Exception] = []
        for numbered in enumerate(specs):
            self._waiting.put(numbered)
        for _ in range(min(WORKERS, len(specs))):
            threading.Thread(target=self._run, name="send", daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                number, spec = self._waiting.get_nowait()
            except Empty:
                return
            try:
                attempt = self._one(spec)
            except Exception as error:  # noqa: BLE001  # a bug, which the thread that waits raises
                self.bugs.append(error)
                attempt = Attempt(spec)
            self.done.put(attempt)  # first, as whoever waits goes when all attempts are there, and tells of each
            self.attempts[number] = attempt


def _collect(work: _Work, specs: Sequence[Manifests], watcher: Watcher, stop: threading.Event) -> Batch:
    """Waits for all attempts, and tells of each as it ends."""
    interrupted = False
    while len(work.attempts) < len(specs) or not work.done.empty():
        try:
            with contextlib.suppress(Empty):  # Ctrl-C may have come between taking one and telling of it
                watcher.done(work.done.get(timeout=_LOOK_SECONDS))
            if work.bugs:
                stop.set()
                raise work.bugs[0]
        except KeyboardInterrupt:
            if interrupted:
                raise
            interrupted = True
            stop.set()
            watcher.stopping()
    return Batch(tuple(work.attempts[number] for number in range(len(specs))), interrupted)


def _names(cluster: Cluster, namespace: str) -> set[str]:
    """The jobs of ours that are there; none where we may not list them, and each is looked for when it is sent."""
    try:
        return {job["metadata"]["name"] for job in cluster.list("Job", namespace, selector=OURS)}
    except NotAllowedError:
        return set()


def demand_all(batch: Batch, *, again: str) -> None:
    """Returns where every job is on the cluster; `again` is the command that sends what is missing.

    Raises:
        BatchError: some are not; holds the account.
        InterruptedRunError: Ctrl-C came before all were sent.
    """
    if batch.interrupted:
        sent, total = batch.sent(), len(batch.attempts)
        message = f"stopped by Ctrl-C: {len(sent)} of {total} jobs are on the cluster, and go on"
        if sent and total == 1:
            message = f"stopped by Ctrl-C; the job {sent[0].spec.name} is on the cluster, and goes on"
        raise InterruptedRunError(message, run=again)
    failed = batch.failed()
    if not failed and not batch.not_tried():
        return
    facts = {attempt.spec.name: attempt.error.message for attempt in failed[:_SHOWN] if attempt.error}
    if len(failed) > _SHOWN:
        facts["and"] = f"{len(failed) - _SHOWN} more"
    message = f"{len(failed) + batch.not_tried()} of {len(batch.attempts)} jobs were not sent; the others are"
    raise BatchError(message, facts=facts, run=f"{again}     sends what is missing")
