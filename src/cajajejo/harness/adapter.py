"""What a harness is to an evaluation: the program to start, and how its results are read; one module for each."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.harness.checks import Looker
    from cajajejo.harness.progress import Progress
    from cajajejo.harness.scratch import Scratch
    from cajajejo.models.model import Model
    from cajajejo.results import Results

_KILLED_IN_SHELL: Final = 128 + signal.SIGKILL
"""The exit code of a shell whose command was killed."""

Event = Mapping[str, Any]
"""One event of a harness's progress, as `Progress.after` takes it."""


DEFAULTS: Final[Mapping[str, str]] = {"OMP_WAIT_POLICY": "PASSIVE"}
"""Variables that every harness gets unless they are there: threads that wait do not spin, which on a machine that is
shared takes half of the time away."""


@dataclass(frozen=True, slots=True)
class Task:
    """What a harness works with.

    Attributes:
        config: the checked job config.
        model: the model, which is there.
        place: where the harness writes.
        environ: the environment of our own process.
        max_instances: at most so many questions a scenario; None: as the config says.
    """

    config: EvaluationJobConfig
    model: Model
    place: Scratch
    environ: Mapping[str, str]
    max_instances: int | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A program to start, and how its progress is known.

    Attributes:
        command: the program and its arguments.
        environ: its whole environment.
        directory: where it starts; None: in our own working directory.
        events: a file to which it writes progress events, a line of JSON each; None: it writes none.
        hear: makes progress events of a line that it prints.
        timeout_seconds: after how long it is stopped; None: never.
    """

    command: Sequence[str]
    environ: Mapping[str, str]
    directory: Path | None = None
    events: Path | None = None
    hear: Callable[[str], Iterable[Event]] = lambda _: ()
    timeout_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended: its exit code, negative for a signal, what was known of its progress, and its last lines.

    `last_lines` hold no secret values, and no colours. `limit_seconds` is the time-out that it met, if it did.
    """

    code: int
    progress: Progress
    timed_out: bool = False
    last_lines: Sequence[str] = ()
    limit_seconds: float | None = None

    @property
    def why(self) -> str:
        """In a few words: ``exit code 1``, ``signal SIGKILL, often for memory`` or ``stopped after 7200 s``."""
        if self.timed_out:
            return "stopped by its time-out" if self.limit_seconds is None else f"stopped after {self.limit_seconds} s"
        is_killed = self.code in {-signal.SIGKILL, _KILLED_IN_SHELL}
        cause = ", often for memory" if is_killed else ""
        if self.code >= 0:
            return f"exit code {self.code}{cause}"
        named = next((sign.name for sign in signal.Signals if sign == -self.code), str(-self.code))
        return f"signal {named}{cause}"

    @property
    def is_complete(self) -> bool:
        """Whether it came to its own end, and says that all went well."""
        return self.code == 0 and not self.timed_out


class Adapter(Protocol):
    """One harness.

    Attributes:
        name: as ``summary.json`` has it: ``helm``, ``lm-eval``, ``command``.
        title: as people read it: ``HELM``.
        unit: what its progress counts, singular: ``instance``.
    """

    name: str
    title: str
    unit: str

    def checks(
        self, config: EvaluationJobConfig, run_specs: str, environ: Mapping[str, str]
    ) -> list[tuple[str, Looker]]:
        """What is looked at before the model is fetched: program, arguments, data that must be there offline."""

    def inputs(self, config: EvaluationJobConfig) -> Iterable[bytes]:
        """What the answers depend on beside config and run specs: files that these name, and our own plugins."""

    def versions(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The versions of what evaluates by package: ``{"crfm-helm": "0.5.16", "torch": "2.13.0"}``."""

    def program(self, task: Task) -> Program:
        """The program to start; what it reads is written by now. Scenarios that are complete are not repeated.

        Raises:
            HarnessMissingError: it is not installed.
        """

    def results(self, task: Task, ended: Ended) -> Results:
        """What it found; a scenario that failed, or is missing, stands among the failed ones.

        Raises:
            HarnessError: no scenario is complete.
        """
