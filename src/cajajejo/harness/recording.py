"""What the pod of a Job leaves on its MLflow run: that its attempt began, and how it ended.

Which Job and pod that is, the manifest tells the program: ``JOB_UID``, ``JOB_NAMESPACE``, ``POD_NAME``. Where they are
absent, on a laptop, nothing is recorded. Recording takes seconds at most, and never fails an evaluation.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Self

from cajajejo import records, tracking
from cajajejo.errors import CajajejoError, ExitCode, FileProblemsError, InterruptedRunError, SanityError
from cajajejo.records import Record, Teller
from cajajejo.status import Attempt, LastLines, Reason, State, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from cajajejo.errors import NotTrackedError
    from cajajejo.results import Results
    from cajajejo.tracking import NewRun

CONTAINER: Final = "eval"
SECONDS: Final = 8.0
"""How long recording may take."""
STOPPED_SECONDS: Final = 5.0
"""The same in a pod that was told to end: it has 25 seconds, in which the harness is ended and results are kept."""
_LINES: Final = 20
_TAIL_BYTES: Final = 16 * 1024
_STOPPED: Final = "stopped by SIGTERM; what is finished is kept"


@dataclass(frozen=True, slots=True)
class Pod:
    """The pod that this program runs in, and the Job that it belongs to."""

    job: str
    uid: str
    namespace: str
    name: str
    config_version: str
    config_path: str
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self | None:
        """The pod that the environment tells of; None outside of a Job."""
        if not environ.get("JOB_UID"):
            return None
        return cls(
            job=environ.get("JOB_NAME", ""),
            uid=environ["JOB_UID"],
            namespace=environ.get("JOB_NAMESPACE", ""),
            name=environ.get("POD_NAME", ""),
            config_version=environ.get("CONFIG_VERSION", ""),
            config_path=environ.get("CONFIG_PATH_GIT_REPO", ""),
        )

    def begun(self) -> Record:
        """The record of an attempt that goes on."""
        attempt = Attempt(1, self.name, State.RUNNING, started_at=self.began_at, container=CONTAINER)
        status = Status(
            name=self.job,
            namespace=self.namespace,
            uid=self.uid,
            state=State.RUNNING,
            since=self.began_at,
            started_at=self.began_at,
            attempts=(attempt,),
            config_version=self.config_version or None,
            config_path=self.config_path,
        )
        return Record(status, Teller.POD, self.name)

    def ended(self, end: End, log: Path, hide: Callable[[str], str] = str) -> Record:
        """The record of an attempt that is over; its harness's last lines are in the file `log`, without secrets."""
        now = datetime.now(UTC)
        went_well = end.code is ExitCode.DONE
        message = hide(end.message)
        state = State.SUCCEEDED if went_well else State.FAILED
        reason = None if went_well else Reason.CONTAINER_FAILED
        begun = self.begun()
        attempt = replace(
            begun.status.attempts[0],
            state=state,
            finished_at=now,
            exit_code=int(end.code),
            reason=reason,
            message=message,
        )
        said = tuple(map(hide, (*last_lines(log, since=self.began_at), *end.lines)))[-_LINES:]
        found = replace(
            begun.status,
            exit_code=int(end.code),
            attempts=(attempt,),
            last_lines=LastLines(CONTAINER, 1, said) if said else None,
        )
        if end.code in {ExitCode.TERMINATED, ExitCode.INTERRUPTED}:  # whether another pod follows is not known here
            return replace(begun, status=replace(found, since=now))
        over = replace(found, state=state, reason=reason, message=message, since=now, finished_at=now)
        return replace(begun, status=over)


@dataclass(frozen=True, slots=True)
class End:
    """How an attempt ended: the exit code of the pod, why, as a sentence, and the lines that say so in the log."""

    code: ExitCode
    message: str = ""
    lines: Sequence[str] = ()

    @classmethod
    def with_results(cls, found: Results, untracked: NotTrackedError | None = None) -> Self:
        """The end of an evaluation that has results; `untracked` says where they are kept in place of MLflow."""
        if untracked is not None:
            return cls.with_error(untracked)
        if not found.partial:
            return cls(ExitCode.DONE)
        failed = [failure.scenario for failure in found.failed]
        of = len({score.scenario for score in found.scores} | set(failed))
        message = f"{len(failed)} of {of} scenarios failed; the others are kept and tracked"
        return cls(ExitCode.INCONCLUSIVE, message, [f"{failure.scenario}: {failure.error}" for failure in found.failed])

    @classmethod
    def with_error(cls, error: BaseException) -> Self:
        """The end of an evaluation that broke off."""
        if isinstance(error, InterruptedRunError):
            return cls(error.exit_code, _STOPPED if error.terminated else "interrupted", error.lines())
        if isinstance(error, KeyboardInterrupt):  # before the work began; a pod is told to end by SIGTERM
            return cls(ExitCode.TERMINATED, _STOPPED)
        if not isinstance(error, CajajejoError):
            says = f"a bug: {type(error).__name__}: {error}"
            return cls(ExitCode.BUG, says, [says])
        in_command_line = isinstance(error, FileProblemsError | SanityError)
        lines = [line for text in error.lines() for line in text.splitlines()]
        return cls(ExitCode.USAGE if in_command_line else error.exit_code, error.message, lines)


def begin(pod: Pod, new: NewRun, say: Callable[[str], None]) -> str:
    """The id of the MLflow run of the pod's Job, taken up by this attempt.

    Raises:
        TrackingError: the server refused or went away.
    """
    ours = replace(new, tags={**new.tags, records.UID: pod.uid})  # whatever the config says
    run_id = tracking.start_run(ours, run_id=records.ensure(new, pod.uid))
    _write(new.uri, lambda: run_id, pod.begun(), say, SECONDS)
    return run_id


def end(pod: Pod, new: NewRun, record: Record, say: Callable[[str], None], *, seconds: float | None = None) -> None:
    """Writes how the attempt ended, on a new run where there is none yet; SIGTERM waits for it."""
    patience = SECONDS if seconds is None else seconds
    with _undisturbed():
        _write(new.uri, lambda: records.ensure(new, pod.uid, started_at=pod.began_at), record, say, patience)


def _write(uri: str, run_id: Callable[[], str], record: Record, say: Callable[[str], None], seconds: float) -> None:
    try:
        records.within(seconds, uri, lambda: records.write(uri, run_id(), record))
    except CajajejoError as error:
        say(f"how this attempt stands is not on its MLflow run: {error.message}")


def last_lines(log: Path, *, since: datetime) -> tuple[str, ...]:
    """The last lines of a log that was written to since then; its beginning is never read."""
    try:
        if log.stat().st_mtime < since.timestamp():
            return ()
        with log.open("rb") as file:
            file.seek(-min(_TAIL_BYTES, log.stat().st_size), 2)
            text = file.read(_TAIL_BYTES).decode("utf-8", "replace")
    except OSError:
        return ()
    return tuple(line.rpartition("\r")[2] for line in text.rstrip().split("\n")[-_LINES:] if line.strip())


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Lets SIGTERM pass: what is left to do takes seconds, and ends by itself."""
    previous = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
