"""``cajajejo jobs watch`` and ``wait``, and the waiting of ``submit-job``: staying until jobs end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo import moments
from cajajejo.cli import clusters, phases, screen
from cajajejo.cli.job_screen import next_lines
from cajajejo.cli.options import (
    AsJson,
    Context,
    DefaultNamespace,
    JobNames,
    JobNamespace,
    JsonLines,
    Timeout,
    WaitFor,
    WatchLogs,
)
from cajajejo.errors import CajajejoError, ExitCode, UsageError
from cajajejo.status import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.cli.views import View
    from cajajejo.cli.waiting import Waiting
    from cajajejo.cluster import Cluster
    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.status import Status

_TAIL: Final = 10


def watch(
    names: JobNames = None,
    timeout: Timeout = None,
    show_logs: WatchLogs = False,
    namespace: JobNamespace = None,
    default_namespace: DefaultNamespace = None,
    context: Context = None,
    as_json: JsonLines = False,
) -> int:
    """Follow state, reason and progress of jobs until they end; exit with their exit code.

    Example: cajajejo jobs watch @latest
    """
    from cajajejo.cli.views import JsonView
    from cajajejo.cli.waiting import Logs, Waiting, place_options

    seconds = None if timeout is None else moments.parse_duration(timeout, "--timeout")
    with clusters.connect(context) as cluster:
        place = clusters.place(cluster, namespace, default_namespace)
        jobs, gone = _found(cluster, names or [], place)
        several = len(jobs) + len(gone) > 1
        view = JsonView() if as_json else _view(several=several, result=True, logs=show_logs)
        logs = None if as_json else Logs(_TAIL if show_logs else 1)
        options = place_options(place, context, cluster.target.namespace)
        return _finish(Waiting(cluster, jobs, view, options, timeout=seconds, logs=logs), gone)


def wait(
    names: JobNames = None,
    timeout: Timeout = None,
    wait_for: WaitFor = "finished",
    namespace: JobNamespace = None,
    default_namespace: DefaultNamespace = None,
    context: Context = None,
    as_json: AsJson = False,
) -> int:
    """Wait silently until jobs end; exit with their exit code.

    Example: cajajejo jobs wait eval-neurips-merciful-crocodile-3f2a9c1d --timeout 2h
    """
    from cajajejo.cli.views import View
    from cajajejo.cli.waiting import Waiting, place_options

    seconds = None if timeout is None else moments.parse_duration(timeout, "--timeout")
    with clusters.connect(context) as cluster:
        place = clusters.place(cluster, namespace, default_namespace)
        jobs, gone = _found(cluster, names or [], place)
        options = place_options(place, context, cluster.target.namespace)
        enough = {"succeeded": _is_hopeless, "running": _runs, "finished": lambda _: False}[wait_for]
        waiting = Waiting(cluster, jobs, View(), options, timeout=seconds, enough=enough)
        statuses = [*(waiting.run() if jobs else []), *gone]
    if as_json:
        from cajajejo.job_outputs import Job, Jobs

        documents = tuple(map(Job.of, statuses))
        screen.result_json(documents[0].as_json() if len(documents) == 1 else Jobs(jobs=documents).as_json())
    else:
        screen.result(*(phases.line(status, phases.phase(status), name=True) for status in statuses))
    if wait_for == "running":
        return ExitCode.DONE if all(_has_run(status) for status in statuses) else ExitCode.FAILED
    return phases.worst(phases.exit_code(status) for status in statuses if status.state.is_end)


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
    from cajajejo.cli.waiting import Logs, Waiting

    view = _view(several=len(jobs) > 1, result=False, logs=not screen.err_style().live)
    silent = screen.options().quiet or screen.options().json
    logs = None if silent else Logs(None if new and not screen.err_style().live else _TAIL)
    waiting = Waiting(cluster, jobs, view, options, timeout=timeout, logs=logs)
    code = _finish(waiting, [])
    if len(jobs) == 1 and not silent:
        _show_results(view.statuses[0])
    return code


def _finish(waiting: Waiting, gone: Sequence[Status]) -> int:
    """Watches to the end, and tells what there is to tell about all jobs; `gone` are those that were no more."""
    from cajajejo.cli.views import JsonView

    for status in gone:
        waiting.view.end(status, [])
    statuses = [*(waiting.run() if waiting.jobs else []), *gone]
    if not isinstance(waiting.view, JsonView):
        if len(statuses) > 1:
            screen.say(phases.summary(statuses))
        else:
            screen.say(*next_lines(statuses[0], waiting.options))
    return phases.worst(phases.exit_code(status) for status in statuses)


def _show_results(status: Status) -> None:
    """The results of a job that succeeded, where its MLflow run can be reached."""
    from cajajejo.jobs import remembering

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


def _view(*, several: bool, result: bool, logs: bool) -> View:
    """What stderr can show; `logs`: whether the logs are shown, and not only what they tell of progress."""
    from cajajejo.cli.views import LiveView, PlainView

    if screen.err_style().live and not (screen.options().quiet or screen.options().json):
        return LiveView(names=several, result=result, log_rows=_TAIL if logs else 1)
    return PlainView(names=several, result=result, logs=logs)


def _found(cluster: Cluster, names: Sequence[str], namespace: str) -> tuple[list[JsonObject], list[Status]]:
    """The jobs of these names, each once, and of those that are gone what is remembered.

    Raises:
        UsageError: no name is given.
        CajajejoError: a name fits no job, or more than one.
    """
    from cajajejo.jobs import finding, remembering

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


def _is_hopeless(statuses: Sequence[Status]) -> bool:
    """Whether one of them has ended without success."""
    return any(status.state.is_end and status.state is not State.SUCCEEDED for status in statuses)


def _runs(statuses: Sequence[Status]) -> bool:
    """Whether each of them runs, or has ended."""
    return all(status.state is State.RUNNING or status.state.is_end for status in statuses)


def _has_run(status: Status) -> bool:
    return status.state in {State.RUNNING, State.SUCCEEDED}
