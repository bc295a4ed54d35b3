"""A run of a test, as its history knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

JobStatus = Literal["success", "failure", "timeout", "missed"]

ENDINGS: Final[Mapping[JobStatus, str]] = {"failure": "failed", "timeout": "ran out of time", "missed": "did not run"}
"""What is said of a job that did not succeed."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What else is known of the job of a run, and where to read more of it; None: not known.

    These are columns of `job_history` under their own names, but for the links: `stackdriver_logs_link`,
    `logs_download_command` and `kubernetes_workload_link`.
    """

    test_type: str | None = None
    accelerator: str | None = None
    framework_version: str | None = None
    logs_link: str | None = None
    logs_command: str | None = None
    workload_link: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a test; times are seconds since the epoch, `commit` is what its configuration came from.

    Runs are ordered by their start, then by their id.
    """

    test: str
    run_id: str
    start_time: float
    status: JobStatus = "success"
    stop_time: float | None = None
    commit: str | None = None
    origin: Origin = Origin()

    @property
    def order(self) -> tuple[float, str]:
        """What runs of one test are sorted by."""
        return self.start_time, self.run_id


def meant(name: str, run_ids: Iterable[str]) -> list[str]:
    """Those of `run_ids` that `name` may mean: the run of that id or, where there is none, all whose ids begin so."""
    known = list(run_ids)
    return [name] if name in known else [run_id for run_id in known if name and run_id.startswith(name)]
