"""HELM as a harness: run it in a process of its own, watch it, and read what it leaves."""

from __future__ import annotations

import logging
import os
import re
import shlex
import signal
import subprocess
import time
from contextlib import closing
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Final

from cajajejo.errors import HarnessError
from cajajejo.harness import helm_command, helm_output
from cajajejo.harness.hiding import hiding
from cajajejo.harness.progress import EventFile, Listener, PrintedLines, Progress, Watcher
from cajajejo.results import FailedScenario

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.harness.model import Model
    from cajajejo.harness.scratch import Scratch
    from cajajejo.results import Results

_LOG: Final = logging.getLogger(__name__)
_POLL_SECONDS: Final = 0.1
_GRACE_SECONDS: Final = 5.0
_TAIL_LINES: Final = 6


def run(
    config: EvaluationJobConfig,
    model: Model,
    scratch: Scratch,
    *,
    environ: Mapping[str, str],
    max_instances: int | None,
    watch: Watcher,
    said: Listener,
    keep_open: int,
) -> Results:
    """What HELM finds when it runs the run specs of `scratch` on `model`; scenarios that are complete are not repeated.

    Raises:
        HarnessMissingError: helm-run is not installed.
        HarnessError: it failed before any scenario was complete.
    """
    program = helm_command.find_helm_run(environ)
    helm_command.write_registry(config, model, helm_command.registry_of(scratch))
    command = [str(program), *helm_command.arguments(config, model, scratch, max_instances=max_instances)]
    _LOG.debug("%s", shlex.join(command))
    events = scratch.work / "progress.jsonl"
    events.unlink(missing_ok=True)
    hide = hiding(config, environ)
    with scratch.log.open("ab") as log:
        printed = PrintedLines(scratch.log, lambda line: said(hide(line)))
        process = _started(program, command, log, helm_command.environment(config, environ, events), keep_open)
        with closing(printed):
            progress = _wait(process, EventFile(events), watch, printed)
    found = helm_output.read(scratch.output / "runs" / config.helm.suite, config.helm.suite, progress.failed)
    if not found.scores:
        raise _failure(process.returncode, scratch.log, found, hide)
    return _with_missing(found, process.returncode, progress)


def _started(
    program: Path, command: list[str], log: IO[bytes], environ: Mapping[str, str], keep_open: int
) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  # the program was found, the arguments are a list
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environ,
            start_new_session=True,
            pass_fds=[keep_open],
        )
    except OSError as error:
        raise HarnessError(
            f"HELM cannot be started: {program}", facts={"says": error.strerror or str(error)}
        ) from error


def _with_missing(found: Results, code: int, progress: Progress) -> Results:
    """`found`, partial where HELM ended before it came to every scenario: killed, it names none of them as failed."""
    why = f"HELM ended before it began ({_ended(code)})"
    known = {item.scenario for item in found.items} | {failure.scenario for failure in found.failed}
    missing = [name for name in dict.fromkeys(map(helm_output.scenario_of, progress.names)) if name not in known]
    if code and not progress.names and not found.failed:
        missing = ["others"]
    return replace(found, failed=(*found.failed, *(FailedScenario(name, why) for name in missing)))


def _wait(process: subprocess.Popen[bytes], events: EventFile, watch: Watcher, printed: PrintedLines) -> Progress:
    """The last progress of `process`; when we are interrupted, its whole process group ends first."""
    progress = Progress()
    try:
        while True:
            ended = process.poll() is not None
            for event in events.read():
                progress = progress.after(event)
            watch(progress)
            printed.pass_on()
            if ended:
                return progress
            time.sleep(_POLL_SECONDS)
    except BaseException:
        stop(process)
        raise


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends `process` and everything that it started: asked first, then killed."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            process.wait(_GRACE_SECONDS)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
    process.wait(_GRACE_SECONDS)


def _failure(code: int, log: Path, found: Results, hide: Callable[[str], str]) -> HarnessError:
    lines = [line for line in log.read_text("utf-8", "replace").splitlines() if line.strip()][-_TAIL_LINES:]
    said = "\n".join(hide(re.sub(r"\x1b\[[0-9;]*m", "", line))[:200] for line in lines)
    message = f"HELM failed before any scenario was complete ({_ended(code)})"
    failed = (f"{failure.scenario}: {hide(failure.error)}" for failure in found.failed)
    scenarios = {f"scenario {index}": text for index, text in enumerate(failed, 1)}
    return HarnessError(message, facts={**scenarios, "says": said, "log": str(log)}, run=f"less {log}")


def _ended(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
