"""A harness in a process of its own: watched while it works, stopped when it is time, and never left behind."""

from __future__ import annotations

import logging
import math
import os
import re
import shlex
import signal
import subprocess
import time
import uuid
from collections import deque
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final

from cajajejo.errors import HarnessError
from cajajejo.harness import transcript, watchdog
from cajajejo.harness.adapter import Ended
from cajajejo.harness.progress import EventFile, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from cajajejo.harness.adapter import Event, Program
    from cajajejo.harness.progress import Listener, Watcher
    from cajajejo.results import FailedScenario

GRACE_SECONDS: Final = 5.0
"""How long a harness that was asked to stop may take before it is killed."""
_POLL_SECONDS: Final = 0.1
_LAST_LINES: Final = 20
_LONGEST_LAST_LINE: Final = 1000
_SHOWN_LINES: Final = 6
_SHOWN_CHARACTERS: Final = 200
_COLOURS: Final = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\))")
_LOG: Final = logging.getLogger(__name__)


def run(
    program: Program, *, log: Path, watch: Watcher, said: Listener, hide: Callable[[str], str], keep_open: int
) -> Ended:
    """How `program` ended; nothing of it is left, however this function ends: not even where we are killed.

    It is a session of its own, reads nothing, and prints to the end of `log`. It is stopped after its time-out, and
    when this function is broken off. Left alone are only processes of it that changed their environment and, where
    there is no ``/proc``, those that left its process group.

    Args:
        program: what is started, and how its progress is known.
        log: file to which every line is added that it prints.
        watch: is told of the progress, again and again.
        said: is told every line.
        hide: takes secret values out of lines, events and errors before anybody is told.
        keep_open: a descriptor that the program inherits: what is locked with it stays locked while it works.

    Raises:
        HarnessError: it cannot be started.
        OSError: the log cannot be written.
    """
    _LOG.debug("%s", hide(shlex.join(program.command)))
    if program.events is not None:
        program.events.unlink(missing_ok=True)
    mark = uuid.uuid4().hex
    heard = _Heard(program, said, hide)
    with transcript.opened(log, heard.line, hide) as (output, printed), watchdog.guarded(mark, keep_open) as guard:
        process = _started(program, output, mark, keep_open)
        guard(process.pid)
        try:
            timed_out = _wait(process, program, lambda: _look(heard, printed, watch, transcript.QUICKLY))
        finally:
            stop(process)
        code = -signal.SIGKILL if process.returncode is None else process.returncode  # it does not even die
        _look(heard, printed, watch)
    limit = program.timeout_seconds if timed_out else None
    return Ended(code, heard.progress, timed_out=timed_out, last_lines=tuple(heard.last), limit_seconds=limit)


class _Heard:
    """What a program has told so far."""

    def __init__(self, program: Program, said: Listener, hide: Callable[[str], str]) -> None:
        self.progress = Progress()
        self.last: deque[str] = deque(maxlen=_LAST_LINES)
        self._program = program
        self._events = None if program.events is None else EventFile(program.events)
        self._said = said
        self._hide = hide

    def line(self, line: str) -> None:
        """Takes a line that it printed."""
        plain = _COLOURS.sub("", line)
        self.last.append(plain[:_LONGEST_LAST_LINE])
        self._take(self._program.hear(plain))
        self._said(line)

    def events(self) -> None:
        """Takes the events that it wrote since."""
        if self._events is not None:
            self._take(self._events.read())

    def _take(self, events: Iterable[Event]) -> None:
        for event in events:
            hidden = {name: self._hide(value) if isinstance(value, str) else value for name, value in event.items()}
            self.progress = self.progress.after(hidden)


def _look(heard: _Heard, printed: transcript.PrintedLines, watch: Watcher, most: int | None = None) -> None:
    heard.events()
    printed.pass_on(most)
    watch(heard.progress)


def _started(program: Program, output: IO[bytes], mark: str, keep_open: int) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603  # an adapter chose the program, the arguments are a list
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=program.directory,
            env={**program.environ, watchdog.MARK: mark},
            start_new_session=True,
            pass_fds=[keep_open],
        )
    except (OSError, ValueError) as error:  # ValueError: a NUL in an argument
        says = getattr(error, "strerror", None) or str(error)
        message = f"the harness cannot be started: {program.command[0]}"
        raise HarnessError(message, facts={"says": says}) from error


def _wait(process: subprocess.Popen[bytes], program: Program, look: Callable[[], None]) -> bool:
    """Returns when the process has ended, or its time is over, which is True; looks again and again."""
    limit = math.inf if program.timeout_seconds is None else program.timeout_seconds
    deadline = time.monotonic() + limit
    while (left := deadline - time.monotonic()) > 0:
        with suppress(subprocess.TimeoutExpired):
            process.wait(min(_POLL_SECONDS, left))
            return False
        look()
    return True


def failure(title: str, ended: Ended, log: Path, failed: Sequence[FailedScenario] = ()) -> HarnessError:
    """What is raised where a harness left nothing that could be kept: how it ended, and what it said last."""
    message = f"{title} failed before any scenario was complete ({ended.why})"
    scenarios = {f"scenario {number}": f"{one.scenario}: {one.error}" for number, one in enumerate(failed, 1)}
    says = "\n".join(line[:_SHOWN_CHARACTERS] for line in ended.last_lines[-_SHOWN_LINES:])
    return HarnessError(
        message, facts={**scenarios, "says": says, "log": str(log)}, run=f"less {shlex.quote(str(log))}"
    )


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ends `process` and its process group, if anything of it is left: asked first, then killed."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        if _is_over(process):
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, sign)
        until = time.monotonic() + GRACE_SECONDS
        pause = 0.001
        while not _is_over(process) and time.monotonic() < until:
            time.sleep(pause)
            pause = min(2 * pause, _POLL_SECONDS)


def _is_over(process: subprocess.Popen[bytes]) -> bool:
    """Whether the process and its group are no more."""
    if process.poll() is None:
        return False
    with suppress(ChildProcessError):  # the first process of a container gets the children of those that have ended
        while os.waitpid(-process.pid, os.WNOHANG)[0]:
            pass
    try:
        os.killpg(process.pid, 0)
    except (ProcessLookupError, PermissionError):  # macOS refuses where only dead ones are left
        return True
    return False
