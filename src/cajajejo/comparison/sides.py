"""The two evaluations of a comparison, as they are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two evaluations, as it is told.

    Attributes:
        name: what names it: the id of its MLflow run, the path of its directory, or ``A`` and ``B`` for arrays.
        run_id: its MLflow run; None where it is a directory.
        title: what people know it by: the name of its MLflow run; empty: nothing.
        version: the git SHA of its config; empty: not known.
        finished_at: epoch seconds; None: not known.
        harness: ``helm``, ``lm-eval``, ``command``; empty: not known.
        suite: its suite, or its suites joined by commas.
        versions: versions of what evaluated, by package.
        shots: worked examples before each question, by scenario.
        partial: whether scenarios are missing from it.
        failed: the scenarios that are missing, with the reason in a line.
        means: names of all metrics whose mean it tells, also of those that no item has.
    """

    name: str
    run_id: str | None = None
    title: str = ""
    version: str = ""
    finished_at: float | None = None
    harness: str = ""
    suite: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    shots: Mapping[str, int] = field(default_factory=dict)
    partial: bool = False
    failed: Mapping[str, str] = field(default_factory=dict)
    means: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """Its name as it stands on a screen: of a run the first eight digits."""
        return self.name[:8] if self.run_id else self.name
