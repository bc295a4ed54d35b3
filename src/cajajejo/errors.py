"""Every error that a user can meet, as one tree.

::

    CajajejoError                 1    an expected failure: what happened, to what, and the way out
    ├── FileProblemsError         1    a file is wrong: all its problems at once, each with its line
    ├── MissingExtraError         1    an optional package is not installed
    ├── HarnessMissingError       1    the harness (HELM) is not installed
    ├── HarnessError              1    the harness ran and failed as a whole
    ├── SanityError               1    the environment of an evaluation is not ready
    ├── ModelError                1    the model cannot be fetched, or is not what the config says
    │   ├── SourceAwayError       1    where it is fetched from does not answer now
    │   └── SourceRefusedError    1    where it is fetched from says no
    ├── StorageError              1    a bucket or directory cannot be read or written
    │   ├── StorageMissingError   1    there is nothing at the address
    │   └── StorageAwayError      1    the storage does not answer now
    ├── TrackingError             1    the tracking server cannot be reached, or said no
    │   ├── TrackingAwayError     1    it does not answer now; trying again may help
    │   └── NotTrackedError       5    the results are there and kept, and not tracked (1: kept where they are lost)
    ├── SpoolError                1    results that were kept are damaged, not complete, or not there
    ├── HistoryError              1    the metric history cannot be read or written
    │   └── MeanwhileError        1    somebody else told of the same test meanwhile, again and again
    ├── AlertError                1    an alert cannot be sent now; it is kept
    ├── ClusterError              1    a cluster does not answer, or says no: drawn in `cluster.errors`
    ├── UnknownKindError          1    a kind of object that is not sent to clusters
    ├── ObjectDiffersError        1    an object that a job needs is on the cluster with another content
    ├── JobExistsError            1    another Job has the name
    ├── JobFailedError            1    the same was sent before, and failed
    ├── BatchError                1    some of several jobs were not sent
    ├── NoSuchJobError            1    no job has the name
    ├── AmbiguousNameError        1    a part of a name fits several jobs
    ├── NotOursError              1    the job was not made by us, so that it is not ours to end
    ├── StillRunsError            1    the job has not ended, and only finished ones are deleted
    ├── NotEndedError             1    some of several jobs could not be cancelled or deleted
    ├── NoSuchContainerError      1    the job has no container of this name
    ├── NoSuchAttemptError        1    the job has had no such attempt, replica, or earlier run of a container
    ├── CloudLogsError            1    reading Cloud Logging failed: drawn in `logs.cloud_errors`
    ├── GoesOnError               1    we stop waiting, and what was waited for goes on
    │   ├── StillGoingError     124    the time to wait has passed
    │   └── StoppedWaitingError 130    Ctrl-C while waiting
    ├── NoResultsError            1    an evaluation to compare is not there, or has no readable results
    ├── DifferentPromptsError     1    two evaluations asked differently under one id
    ├── ComparisonInputError      1    what `compare` is given in Python cannot be compared
    ├── MetricInputError          1    what `judge` or `shifts` is given in Python cannot be judged
    ├── ScratchBusyError          1    another evaluation works in the same directory
    ├── InterruptedRunError     130    Ctrl-C (143: SIGTERM); what is finished is kept
    └── UsageError                2    the command line is wrong

A verdict is a value and never an exception; its exit code is chosen where it is printed.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, ClassVar, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import ModuleType


_FACT_WIDTH: Final = 10


class ExitCode(IntEnum):
    """What the exit code of every command means; the same table holds in the pod."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    BUG = 3
    REGRESSION = 4
    INCONCLUSIVE = 5
    STILL_GOING = 124
    INTERRUPTED = 130
    TERMINATED = 143


EXIT_CODES: Final[Mapping[ExitCode, str]] = {
    ExitCode.DONE: "done; also nothing to do, an empty list, an improvement",
    ExitCode.FAILED: "an expected failure: a bad file, a server that does not answer, a failed job",
    ExitCode.USAGE: "the command line is wrong; in the pod also the environment, the config or the run specs",
    ExitCode.BUG: "a bug: the traceback is saved, and its path printed",
    ExitCode.REGRESSION: "a metric is out of bounds, a comparison finds one worse, or a policy says no",
    ExitCode.INCONCLUSIVE: "no verdict: little history, few pairs, a missing metric or NaN, a partial evaluation",
    ExitCode.STILL_GOING: "the time to wait has passed, the work goes on",
    ExitCode.INTERRUPTED: "Ctrl-C; what is finished is kept",
    ExitCode.TERMINATED: "SIGTERM; what is finished is kept",
}


class CajajejoError(Exception):
    """An expected failure: the sentence, the facts beside it, and the next command to run.

    Args:
        message: what happened, to which object; one sentence without a full stop.
        facts: what else helps, by a short name (``tried``, ``named by``, …).
        run: commands that mend it; each can be pasted.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.FAILED

    def __init__(self, message: str, *, facts: Mapping[str, str] | None = None, run: str | Sequence[str] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.facts: dict[str, str] = dict(facts or {})
        self.run: tuple[str, ...] = (run,) if isinstance(run, str) else tuple(run)

    @property
    def kind(self) -> str:
        """The class name, a stable code for scripts (``error.kind`` of ``--json``)."""
        return type(self).__name__

    def lines(self) -> list[str]:
        """The error as it stands on the screen: ``Error:``, indented facts, ``Run:``."""
        width = max([_FACT_WIDTH, *map(len, self.facts)])
        indent = " " * (width + 4)
        facts = [f"  {name:<{width}}  " + text.replace("\n", f"\n{indent}") for name, text in self.facts.items()]
        run = [("     " if index else "Run: ") + command for index, command in enumerate(self.run)]
        return [f"Error: {self.message}", *facts, *run]

    def as_json(self) -> dict[str, object]:
        """The error as ``--json`` prints it on stderr."""
        return {"kind": self.kind, "message": self.message, "object": self.facts or None, "run": list(self.run) or None}


def printable(text: str, *, but: str = "") -> str:
    """`text` with an escape for what would move, colour or reorder a terminal, other than the characters of `but`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in but else c.encode("unicode_escape").decode() for c in text)


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of a file, printed as ``file:line: a.b.c: message``; a hint stands on a line of its own."""

    file: str
    message: str
    path: str = ""
    line: int | None = None
    hint: str | None = None
    level: Literal["error", "warning"] = "error"

    def lines(self) -> list[str]:
        """The problem as it stands on the screen."""
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        where = f"{place}: {self.path}: " if self.path else f"{place}: "
        return [printable(where + self.message)] + ([f"    {printable(self.hint)}"] if self.hint else [])


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each of `problems` once, by file and line."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.file, problem.line or 0)))


class FileProblemsError(CajajejoError):
    """A file is wrong; holds every problem found in it, once, in order of lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        count, files = len(self.problems), len({problem.file for problem in self.problems})
        super().__init__(f"{count} problem{'s' * (count != 1)} in {files} file{'s' * (files != 1)}")

    def lines(self) -> list[str]:
        """One line per problem, so that editors and CI can jump there, then their number."""
        return [line for problem in self.problems for line in problem.lines()] + [self.message]

    def as_json(self) -> dict[str, object]:
        """The error with its list of problems."""
        problems = [{name: getattr(problem, name) for name in Problem.__slots__} for problem in self.problems]
        return {**super().as_json(), "problems": problems}


def refuse_errors(problems: Iterable[Problem]) -> None:
    """Returns where all of `problems` are warnings.

    Raises:
        FileProblemsError: some are errors; holds these.
    """
    errors = [problem for problem in problems if problem.level == "error"]
    if errors:
        raise FileProblemsError(errors)


class MissingExtraError(CajajejoError):
    """An optional package is not installed."""


class HarnessMissingError(CajajejoError):
    """The harness (HELM) is not installed."""


class HarnessError(CajajejoError):
    """The harness ran and failed as a whole: there is nothing to keep."""


class SanityError(CajajejoError):
    """The environment of an evaluation is not ready; nothing was started."""


class ModelError(CajajejoError):
    """The model cannot be fetched, or is not what the config says."""


class SourceAwayError(ModelError):
    """Where a model comes from does not answer now, or broke off; trying again may help."""


class StorageError(CajajejoError):
    """A bucket or directory cannot be read or written."""


class StorageMissingError(StorageError):
    """There is nothing at the address."""


class StorageAwayError(StorageError):
    """The storage does not answer now, or broke off; trying again may help."""


class TrackingError(CajajejoError):
    """The tracking server cannot be reached, or refused."""


class TrackingAwayError(TrackingError):
    """The tracking server does not answer now; trying again may help. `reason` says why in a few words."""

    def __init__(self, message: str, *, facts: Mapping[str, str] | None = None, reason: str) -> None:
        super().__init__(message, facts=facts)
        self.reason = reason


class NotTrackedError(TrackingError):
    """An evaluation has results that are kept, and that the tracking server did not take."""

    def __init__(self, message: str, *, facts: Mapping[str, str], run: str, durable: bool) -> None:
        super().__init__(message, facts=facts, run=run)
        self.durable = durable

    @property
    def exit_code(self) -> ExitCode:  # type: ignore[override]  # one of two errors with two codes
        """5: all that is missing is the upload; 1 where the place goes with the pod, which is then tried again."""
        return ExitCode.INCONCLUSIVE if self.durable else ExitCode.FAILED


class ScratchBusyError(CajajejoError):
    """Another evaluation works in the same directory."""


class SpoolError(CajajejoError):
    """Results that were kept are damaged, not complete, or not there."""


class HistoryError(CajajejoError):
    """The metric history cannot be read or written."""


class AlertError(CajajejoError):
    """An alert cannot be sent now; `retry_after` says in how many seconds it can, None: the far end does not say."""

    def __init__(
        self, message: str, *, facts: Mapping[str, str] | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, facts=facts)
        self.retry_after = retry_after


class GoesOnError(CajajejoError):
    """We stop waiting, and what was waited for goes on."""

    def lines(self) -> list[str]:
        """No ``Error:`` in front, and ``Next:`` in place of ``Run:``: it was asked for, and nothing is to be mended."""
        run = [("      " if index else "Next: ") + command for index, command in enumerate(self.run)]
        return [self.message, *run]


class InterruptedRunError(CajajejoError):
    """Ctrl-C or SIGTERM; what is finished is kept."""

    def __init__(self, message: str, *, run: str, terminated: bool = False) -> None:
        super().__init__(message, run=run)
        self.terminated = terminated

    @property
    def exit_code(self) -> ExitCode:  # type: ignore[override]  # one of two errors with two codes
        """143 after SIGTERM, 130 after Ctrl-C."""
        return ExitCode.TERMINATED if self.terminated else ExitCode.INTERRUPTED

    def lines(self) -> list[str]:
        """No ``Error:`` in front: the user asked for it."""
        return [self.message, *super().lines()[1:]]


class UsageError(CajajejoError):
    """The command line is wrong."""

    exit_code = ExitCode.USAGE


def require(module: str, *, extra: str, purpose: str) -> ModuleType:
    """The optional package `module`, imported now.

    Raises:
        MissingExtraError: it is not installed; the message names the extra that holds it.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != module.partition(".")[0]:
            raise
        message = f"{purpose} needs the package {error.name}, which is not installed"
        facts = {"part of": f"the extra {extra} of cajajejo"}
        raise MissingExtraError(message, facts=facts, run=install_command(extra)) from error


def install_command(extra: str) -> str:
    """The command that adds `extra` to the way cajajejo was installed here."""
    from pathlib import Path

    in_clone = (Path(__file__).parents[2] / "pyproject.toml").is_file()
    return f"poetry install -E {extra}" if in_clone else f"pip install 'cajajejo[{extra}]'"
