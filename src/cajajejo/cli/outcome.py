"""How an evaluation is shown: the checks, the table of results, and where everything is."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING

from cajajejo.results import summary
from cajajejo.terminal import Column, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.harness.checks import Check
    from cajajejo.harness.run import Outcome
    from cajajejo.results import Results
    from cajajejo.terminal import Style


def check_lines(checks: Sequence[Check], *, each: bool) -> list[str]:
    """One line for each check where `each`, or where one failed; else one line for all."""
    if each or any(check.error for check in checks):
        return [check.line() for check in checks]
    return [f"Checks         {len(checks)} passed: {', '.join(check.name for check in checks)}"]


def result_lines(results: Results, style: Style) -> list[str]:
    """The table of results, and the scenarios that are missing."""
    columns = [
        Column("scenario", widest=True),
        Column("metric"),
        Column("value", right=True),
        Column("std err", right=True),
        Column("n", right=True),
    ]
    rows = [
        [
            score.scenario,
            score.metric,
            f"{score.value:.3f}",
            style.glyph("dash") if score.std_err is None else f"{score.std_err:.3f}",
            str(score.n),
        ]
        for score in results.scores
    ]
    failed = [f"  {failure.scenario}  failed: {failure.error}" for failure in results.failed]
    return ["", *table(columns, rows, style), *failed, ""]


def where_lines(outcome: Outcome) -> list[str]:
    """Where the results are, and what may be done next."""
    tracked = f"mlflow run {outcome.mlflow_run_id} in {outcome.tracking_uri}"
    lines = [f"Results  {tracked}{' (finished before; --no-resume evaluates anew)' if outcome.reused else ''}"]
    if outcome.results.failed:
        lines.append("Next: the same command again; it runs only the scenarios that failed")
    else:
        check = f"cajajejo metrics check {outcome.events} --test NAME --config FILE"
        lines.append(f"Next: {check} --run-id {outcome.mlflow_run_id}")
    return lines


def as_json(outcome: Outcome) -> dict[str, object]:
    """The outcome as the one document of ``--json``."""
    return {
        "mlflow_run_id": outcome.mlflow_run_id,
        "tracking_uri": outcome.tracking_uri,
        "kept": None if outcome.kept is None else outcome.kept.where,
        "reused": outcome.reused,
        "scratch": str(outcome.scratch),
        "event_files": str(outcome.events),
        **summary(outcome.results),
        "metrics": [{**asdict(score), "value": _finite(score.value)} for score in outcome.results.scores],
    }


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None  # JSON has neither infinity nor not-a-number
