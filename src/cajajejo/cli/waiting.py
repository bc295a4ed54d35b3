"""Staying until jobs end: what is seen, what is put on record, and what is said when one leaves earlier."""

from __future__ import annotations

import os
import shlex
import time
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cajajejo import moments
from cajajejo.cli import phases
from cajajejo.cli.feeds import Feed, Said, Silent
from cajajejo.errors import ExitCode, GoesOnError
from cajajejo.jobs import following
from cajajejo.jobs.following import StillGoingError
from cajajejo.jobs.subjects import name_of

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    from cajajejo.cli.feeds import Event
    from cajajejo.cli.views import View
    from cajajejo.cluster import Cluster
    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.logs.lines import Gap, Line
    from cajajejo.status import Status

_TICK_SECONDS: Final = 0.1
_LONG_TICK_SECONDS: Final = 1.0
_MOST_LOGS: Final = 4
"""Of more jobs at once no log is read: nobody could follow them, and each takes a connection."""


class StoppedWaitingError(GoesOnError):
    """Ctrl-C while waiting."""

    exit_code = ExitCode.INTERRUPTED


def place_options(namespace: str, context: str | None, of_context: str | None) -> list[str]:
    """The options that a further command needs to find a job there; `of_context` is the context's namespace."""
    settings = (os.environ.get(f"CAJAJEJO_{name}") for name in ("NAMESPACE", "DEFAULT_NAMESPACE"))
    usual = next(filter(None, (*settings, of_context)), "default")
    return [*(["-n", namespace] if namespace != usual else []), *(["--context", context] if context else [])]


@dataclass(frozen=True, slots=True)
class Logs:
    """The logs that are read beside: how many of the lines that are there already; None: all."""

    tail: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Jobs that are watched until they have ended.

    Attributes:
        cluster: where they are.
        jobs: the Jobs, each once, of one namespace.
        view: what shows them.
        options: the options that find them again on a command line.
        timeout: for how many seconds; None: for ever.
        logs: the logs to read beside; None: none.
        enough: whether there is no need to wait on, once each job has been seen.
        clock: seconds that only grow.
    """

    cluster: Cluster
    jobs: Sequence[JsonObject]
    view: View
    options: Sequence[str] = ()
    timeout: float | None = None
    logs: Logs | None = None
    enough: Callable[[Sequence[Status]], bool] = lambda _: False
    clock: Callable[[], float] = time.monotonic

    def run(self) -> list[Status]:
        """How each job stands at the end, in the order of `jobs`.

        Raises:
            StillGoingError: the time has passed.
            StoppedWaitingError: Ctrl-C.
            ClusterError: the cluster does not let us look.
        """
        order = [name_of(job) for job in self.jobs]
        try:
            with closing(self.view), closing(self._statuses()) as statuses, closing(self._feed(statuses)) as feed:
                for event in feed:
                    self._take(event)
                    if len(self.view.statuses) == len(order) and self.enough(self.view.statuses):
                        break
        except KeyboardInterrupt:
            goes = "The job goes on." if len(self._going()) == 1 else "The jobs go on."
            raise StoppedWaitingError(f"Stopped waiting. {goes}", run=self._next()) from None
        except StillGoingError as error:
            raise self._still_going() from error
        return sorted(self.view.statuses, key=lambda status: order.index(status.name))

    def _take(self, event: Event) -> None:
        if event is None:
            self.view.tick()
        elif isinstance(event, Said):
            self.view.said(event.job, event.line)
        elif isinstance(event, Silent):
            self.view.warn(f"the log of {event.job} cannot be read: {event.why}")
        elif event.state.is_end:
            self._end(event)
        else:
            self.view.status(event)

    def _end(self, status: Status) -> None:
        """Puts the end of a job on record, and shows it."""
        from cajajejo.jobs import remembering

        job = next(job for job in self.jobs if name_of(job) == status.name)
        run_id = remembering.remember(self.cluster, job, status, warn=self.view.warn)
        remarks = [f"recorded on mlflow run {run_id}"] if run_id else []
        self.view.end(replace(status, mlflow_run_id=run_id or status.mlflow_run_id), remarks)

    def _statuses(self) -> Generator[Status | None, None, None]:
        from cajajejo.jobs import remembering

        for job in self.jobs:
            remembering.note(self.cluster, job)
        tick = _TICK_SECONDS if self._read_logs() or self.view.moves else _LONG_TICK_SECONDS
        yield from following.follow(self.cluster, self.jobs, timeout=self.timeout, tick=tick)

    def _feed(self, statuses: Iterator[Status | None]) -> Feed:
        logs = self._read_logs()
        return Feed(statuses, {name_of(job): self._lines(job, logs) for job in self.jobs} if logs else {}, self.clock)

    def _read_logs(self) -> Logs | None:
        return self.logs if len(self.jobs) <= _MOST_LOGS else None

    def _lines(self, job: JsonObject, logs: Logs) -> Callable[[], Iterator[Line | Gap]]:
        """Reads the log of a job; on a connection of its own, which does not speak of its troubles into the screen."""
        from cajajejo import cluster as clusters
        from cajajejo import logs as job_logs

        wanted = job_logs.Wanted(follow=True, tail=logs.tail, source="pods")
        options = replace(self.cluster.options, on_retry=lambda _: None)

        def lines() -> Iterator[Line | Gap]:
            with clusters.connect(self.cluster.target.context or None, options=options) as cluster:
                yield from job_logs.read(cluster, job, wanted)

        return lines

    def _going(self) -> list[str]:
        """The jobs that have not ended."""
        over = {status.name for status in self.view.statuses if status.state.is_end}
        return [name for name in map(name_of, self.jobs) if name not in over]

    def _next(self) -> tuple[str, str]:
        names = shlex.join([*self._going(), *self.options])
        return f"cajajejo jobs watch {names}", f"cajajejo jobs cancel {names}"

    def _still_going(self) -> StillGoingError:
        names = self._going()
        stood = {
            status.name: ": ".join(filter(None, (status.state, phases.phase(status)))) for status in self.view.statuses
        }
        what = f"{names[0]} is {stood.get(names[0], 'not seen yet')}"
        if len(names) > 1:
            what = f"{len(names)} of {len(self.jobs)} jobs have not ended"
        return StillGoingError(f"Still going after {moments.ago(self.timeout or 0)}: {what}", run=self._next())
