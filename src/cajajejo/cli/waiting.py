"""Staying until jobs end: what is seen, what is put on record, and what is said when one leaves earlier."""

from __future__ import annotations

import shlex
import time
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from cajajejo import moments
from cajajejo.cli import phases, screen
from cajajejo.cli.feeds import Feed, Said, Silent
from cajajejo.cli.job_screen import next_lines
from cajajejo.cli.views import JsonView, LiveView, PlainView
from cajajejo.errors import CajajejoError, ExitCode, GoesOnError, UsageError
from cajajejo.jobs import finding, following, remembering
from cajajejo.jobs.following import StillGoingError
from cajajejo.jobs.subjects import name_of
from cajajejo.status import State

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence

    from cajajejo.cli.feeds import Event
    from cajajejo.cli.views import View
    from cajajejo.cluster import Cluster
    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.logs.lines import Gap, Line
    from cajajejo.status import Status

TAIL: Final = 10
"""Lines of a log that are there already, where they are asked for."""
_TICK_SECONDS: Final = 0.1
_LONG_TICK_SECONDS: Final = 1.0
_MOST_LOGS: Final = 4
"""Of more jobs at once no log is read: nobody could follow them, and each takes a connection."""
_MOST_NAMES: Final = 10
"""More would not fit on a screen."""


class StoppedWaitingError(GoesOnError):
    """Ctrl-C while waiting."""

    exit_code = ExitCode.INTERRUPTED


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
        began: since when these are counted, by `clock`.
        logs: the logs to read beside; None: none.
        enough: whether there is no need to wait on, once each job has been seen.
        clock: seconds that only grow.
    """

    cluster: Cluster
    jobs: Sequence[JsonObject]
    view: View
    options: Sequence[str] = ()
    timeout: float | None = None
    began: float = field(default_factory=time.monotonic)
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
        job = next(job for job in self.jobs if name_of(job) == status.name)
        run_id = remembering.remember(self.cluster, job, status, warn=self.view.warn)
        remarks = [f"recorded on mlflow run {run_id}"] if run_id else []
        self.view.end(replace(status, mlflow_run_id=run_id or status.mlflow_run_id), remarks)

    def _statuses(self) -> Generator[Status | None, None, None]:
        for job in self.jobs:
            remembering.note(self.cluster, job)
        tick = _TICK_SECONDS if self._read_logs() or self.view.moves else _LONG_TICK_SECONDS
        left = None if self.timeout is None else max(0.0, self.timeout - (self.clock() - self.began))
        yield from following.follow(self.cluster, self.jobs, timeout=left, tick=tick)

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

    def _next(self) -> tuple[str, ...]:
        if len(self._going()) > _MOST_NAMES:
            return (shlex.join(["cajajejo", "jobs", "list", "--watch", *self.options]),)
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


def find(cluster: Cluster, names: Sequence[str], namespace: str) -> tuple[list[JsonObject], list[Status]]:
    """The jobs of these names, each once, and of those that are gone what is remembered.

    Raises:
        UsageError: no name is given.
        CajajejoError: a name fits no job, or more than one.
    """
    if not names:
        raise UsageError("which job? Give a NAME, or @latest for the newest one of yours")
    found: dict[str, JsonObject] = {}
    gone: dict[str, Status] = {}
    for name in names:
        try:
            job = finding.find(cluster, name, namespace)
        except finding.NoSuchJobError:
            context = cluster.target.context
            remembered = remembering.recall(name, namespace, context=context, warn=screen.warn)
            if remembered is None:
                raise
            gone[remembered.name] = remembered
        else:
            found[job["metadata"]["uid"]] = job
    return list(found.values()), list(gone.values())


def view(*, several: bool, result: bool, logs: bool) -> View:
    """The view that stderr can show; `logs`: whether the logs are shown, and not only what they tell of progress."""
    if screen.err_style().live and not (screen.options().quiet or screen.options().json):
        return LiveView(names=several, result=result, log_rows=TAIL if logs else 1)
    return PlainView(names=several, result=result, logs=logs)


def follow_to_end(
    cluster: Cluster, jobs: Sequence[JsonObject], options: Sequence[str] = (), *, timeout: float | None, new: bool
) -> int:
    """Watches jobs that were sent until they end; the exit code that stands for all of them.

    Args:
        cluster: where they are.
        jobs: the Jobs as they are there, of one namespace.
        options: the options that find them again on a command line.
        timeout: for how many seconds; None: for ever.
        new: whether they were sent just now, so that their logs are shown from the beginning.

    Raises:
        StillGoingError: the time has passed.
        StoppedWaitingError: Ctrl-C.
        ClusterError: the cluster does not let us look.
    """
    shown = view(several=len(jobs) > 1, result=False, logs=not screen.err_style().live)
    silent = screen.options().quiet or screen.options().json
    logs = None if silent else Logs(None if new and not screen.err_style().live else TAIL)
    waiting = Waiting(cluster, jobs, shown, options, timeout=timeout, logs=logs)
    code = finish(waiting, [])
    if len(jobs) == 1 and not silent:
        _show_results(shown.statuses[0])
    return code


def finish(waiting: Waiting, gone: Sequence[Status]) -> int:
    """Watches to the end, tells what there is to tell about all jobs, those that were `gone` too; their exit code."""
    for status in gone:
        waiting.view.end(status, [])
    statuses = [*(waiting.run() if waiting.jobs else []), *gone]
    if not isinstance(waiting.view, JsonView):
        if len(statuses) > 1:
            screen.say(phases.summary(statuses))
        elif not gone:
            screen.say(*next_lines(statuses[0], waiting.options))
    return phases.worst(phases.exit_code(status) for status in statuses)


def _is_hopeless(statuses: Sequence[Status]) -> bool:
    """Whether one of them has ended without success."""
    return any(status.state.is_end and status.state is not State.SUCCEEDED for status in statuses)


def _runs(statuses: Sequence[Status]) -> bool:
    """Whether each of them runs, or has ended."""
    return all(status.state is State.RUNNING or status.state.is_end for status in statuses)


ENOUGH: Final[Mapping[str, Callable[[Sequence[Status]], bool]]] = {
    "succeeded": _is_hopeless,
    "running": _runs,
    "finished": lambda _: False,
}
"""When there is no need to wait on, by what is waited for."""


def exit_code(statuses: Sequence[Status], wait_for: str) -> int:
    """The exit code that stands for jobs when what was waited for has come, or cannot come any more."""
    if wait_for == "running":
        has_run = all(status.state in {State.RUNNING, State.SUCCEEDED} for status in statuses)
        return ExitCode.DONE if has_run else ExitCode.FAILED
    return phases.worst(phases.exit_code(status) for status in statuses if status.state.is_end)


def _show_results(status: Status) -> None:
    """The results of a job that succeeded, where its MLflow run can be reached."""
    uri = remembering.store_of(status.name, status.uid)
    if status.state is not State.SUCCEEDED or status.mlflow_run_id is None or uri is None:
        return
    from cajajejo.cli import scores

    try:
        found = scores.read(uri, status.mlflow_run_id)
    except CajajejoError as error:
        screen.warn(f"the results cannot be read: {error.message}")
    else:
        screen.say(*scores.lines(found, uri, status.mlflow_run_id, screen.err_style()))
