"""One finished evaluation, as it is tracked, and kept where it cannot be tracked."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cajajejo.results import Results
    from cajajejo.tracking.runs import NewRun

OUTPUT: Final = "output"
CONFIGS: Final = "configs"
LOG: Final = "harness.log"


@dataclass(frozen=True, slots=True)
class Finished:
    """One finished evaluation.

    Attributes:
        directory: what it left: ``output/``, ``configs/``, ``harness.log``; `Scratch.work`.
        new: what its MLflow run is made with, and the address of the store.
        run_id: the MLflow run that was begun; None where none was.
        job_uid: the Job on a cluster that it ran for.
        results: what it found; they stand in ``output/`` as well.
        finished_at: epoch seconds; the same however often this evaluation is tracked.
        facts: about the machine and the versions, as tags: ``{"gpu": "NVIDIA L4", "torch": "2.13.0"}``.
        spool_uri: where results wait while the server is away; None: only where they are.
        name: of the job, or ``local-…``; the spool's directory is named after it.
    """

    directory: Path
    new: NewRun
    run_id: str | None
    job_uid: str | None
    results: Results
    finished_at: float
    facts: Mapping[str, str]
    spool_uri: str | None
    name: str

    @property
    def id(self) -> str:
        """Thirty-two hex digits that no other evaluation has, and this one always."""
        what = json.dumps([self.name, self.job_uid, self.new.experiment, self.finished_at])
        return hashlib.sha256(what.encode()).hexdigest()[:32]

    @property
    def milliseconds(self) -> int:
        """When it finished, as MLflow counts."""
        return int(self.finished_at * 1000)
