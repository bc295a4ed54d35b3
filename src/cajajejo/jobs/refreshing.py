"""The list of jobs as it changes: looked at anew when something on the cluster changed, and never all the time."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cajajejo.cluster.errors import ClusterBusyError, ClusterError, UnreachableError
from cajajejo.cluster.patience import DEFAULT_PACE
from cajajejo.cluster.watching import Pace, What, watch
from cajajejo.jobs.finding import OURS
from cajajejo.jobs.listing import list_jobs
from cajajejo.status import State

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from cajajejo.cluster import Cluster
    from cajajejo.cluster.watching import Watch
    from cajajejo.jobs.listing import Listing, Wanted

_AWAY: Final = "the cluster does not answer; the list stays as it was, and goes on when it answers"
_WAITING: Final = frozenset({State.QUEUED, State.SUSPENDED, State.PENDING, State.STARTING})


@dataclass(frozen=True, slots=True)
class Refresh:
    """How often a list is looked at.

    Attributes:
        rest_seconds: at least so long after each look; five times as long as the look took, where that is longer.
        waiting_seconds: at the latest so long after each look while a job waits: why it waits is told by events alone.
        pace: how patient the watches are.
        clock: seconds that only grow.
        now: the time.
    """

    rest_seconds: float = 2.0
    waiting_seconds: float = 30.0
    pace: Pace = DEFAULT_PACE
    clock: Callable[[], float] = time.monotonic
    now: Callable[[], datetime] = lambda: datetime.now(UTC)


class _Bell:
    """Rings when something changed on the cluster, and knows whether it answers."""

    def __init__(self) -> None:
        self.rung = threading.Event()
        self.is_away = False
        self.error: ClusterError | None = None

    def hear(self, kind: str, changes: Watch) -> None:
        """Rings for each of `changes`, and where Jobs may not be watched; without pods, the Jobs tell enough.

        The Jobs alone tell whether the cluster answers: what the pods tell may come later, and be over by then.
        """
        try:
            for change in changes:
                if kind == "Job" and change.what in {What.AWAY, What.BACK}:
                    self.is_away = change.what is What.AWAY
                if change.what is not What.LISTED:
                    self.rung.set()
        except ClusterError as error:
            if kind == "Job":
                self.error = error
                self.rung.set()


def listings(
    cluster: Cluster, namespace: str, wanted: Wanted, refresh: Refresh, say: Callable[[str], None] = lambda _: None
) -> Generator[Listing, None, None]:
    """The list, then again each time a job in it stands otherwise; for ever.

    Args:
        cluster: where the jobs are.
        namespace: where on it; `ALL_NAMESPACES` for all.
        wanted: which jobs.
        refresh: how often it is looked.
        say: is told when the cluster does not answer, and when it does again.

    Raises:
        ClusterError: the cluster does not let us look.
    """
    before = list_jobs(cluster, namespace, wanted, now=refresh.now())
    yield before
    bell, was_away = _Bell(), False
    with ExitStack() as stack:
        for kind in ("Job", "Pod"):
            changes = watch(cluster, kind, namespace, selector=OURS, signals=True, pace=refresh.pace)
            threading.Thread(target=bell.hear, args=(kind, stack.enter_context(changes)), daemon=True).start()
        seconds = 0.0
        while True:
            cluster.options.sleep(max(refresh.rest_seconds, 5 * seconds))
            bell.rung.wait(refresh.waiting_seconds if _waits(before) else None)
            bell.rung.clear()
            if bell.error is not None:
                raise bell.error
            if bell.is_away != was_away:
                was_away = bell.is_away
                say(_AWAY if was_away else "the cluster answers again")
            if was_away:
                continue
            began = refresh.clock()
            try:
                found = list_jobs(cluster, namespace, wanted, now=refresh.now())
            except (ClusterBusyError, UnreachableError):
                bell.rung.set()
                continue
            seconds = refresh.clock() - began
            if found != before:
                yield found
            before = found


def _waits(found: Listing) -> bool:
    return any(status.state in _WAITING for status in found.statuses)
