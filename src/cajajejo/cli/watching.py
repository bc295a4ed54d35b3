"""``cajajejo jobs watch`` and ``wait``: each loads, stays until jobs end, and prints."""

from __future__ import annotations

import time

from cajajejo import moments
from cajajejo.cli import clusters, screen
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
    from cajajejo.cli import waiting
    from cajajejo.cli.views import JsonView

    began = time.monotonic()
    seconds = None if timeout is None else moments.parse_duration(timeout, "--timeout")
    with clusters.connect(context) as cluster:
        place = clusters.place(cluster, namespace, default_namespace)
        jobs, gone = waiting.find(cluster, names or [], place)
        several = len(jobs) + len(gone) > 1
        view = JsonView() if as_json else waiting.view(several=several, result=True, logs=show_logs)
        logs = None if as_json else waiting.Logs(waiting.TAIL if show_logs else 1)
        options = clusters.options(cluster, place, context)
        stay = waiting.Waiting(cluster, jobs, view, options, timeout=seconds, began=began, logs=logs)
        return waiting.finish(stay, gone)


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
    from cajajejo.cli import phases, waiting
    from cajajejo.cli.views import View

    began = time.monotonic()
    seconds = None if timeout is None else moments.parse_duration(timeout, "--timeout")
    with clusters.connect(context) as cluster:
        place = clusters.place(cluster, namespace, default_namespace)
        jobs, gone = waiting.find(cluster, names or [], place)
        options = clusters.options(cluster, place, context)
        enough = waiting.ENOUGH[wait_for]
        stay = waiting.Waiting(cluster, jobs, View(), options, timeout=seconds, began=began, enough=enough)
        statuses = [*(stay.run() if jobs else []), *gone]
    if as_json:
        from cajajejo.job_outputs import Job, Jobs

        documents = tuple(map(Job.of, statuses))
        screen.result_json(documents[0].as_json() if len(documents) == 1 else Jobs(jobs=documents).as_json())
    else:
        screen.result(*(phases.line(status, phases.phase(status), name=True) for status in statuses))
    return waiting.exit_code(statuses, wait_for)
