"""The results of a job that succeeded, as its MLflow run has them, on the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cajajejo import records, tracking
from cajajejo.cli.job_text import told
from cajajejo.terminal import Column, table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.terminal import Style

_SECONDS: Final = 8.0
_STD_ERR: Final = "_std_err"
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Scores:
    """What a run holds: its numbers by name, and the id of its experiment."""

    metrics: Mapping[str, float]
    experiment_id: str


def read(uri: str, run_id: str) -> Scores:
    """The numbers of a run.

    Raises:
        TrackingError: the server does not answer in time, or refuses.
    """

    def ask() -> Scores:
        with tracking.client(uri) as store:
            run: Any = store.get_run(run_id)
            return Scores(dict(run.data.metrics), str(run.info.experiment_id))

    return records.within(_SECONDS, uri, ask)


def lines(scores: Scores, uri: str, run_id: str, style: Style) -> list[str]:
    """A row for each number of a scenario, and where the run is."""
    numbers = {name: value for name, value in sorted(scores.metrics.items()) if "/" in name}
    rows = [
        _row(name, value, numbers, style) for name, value in numbers.items() if not _is_error_of_another(name, numbers)
    ]
    columns = [Column("scenario", widest=True), Column("metric"), Column("value", right=True)]
    columns.append(Column("std err", right=True))
    more = [f"  and {len(rows) - _SHOWN} more on the run"] if len(rows) > _SHOWN else []
    shown = ["", *table(columns, rows[:_SHOWN], style), *more, ""] if rows else []
    return [*shown, f"Results  {_address(uri, scores.experiment_id, run_id)}"]


def _row(name: str, value: float, numbers: Mapping[str, float], style: Style) -> list[str]:
    scenario, _, metric = name.rpartition("/")
    error = numbers.get(name + _STD_ERR)
    told_error = style.glyph("dash") if error is None else f"{error:.3f}"
    return [told(scenario, style), told(metric, style), f"{value:.3f}", told_error]


def _is_error_of_another(name: str, numbers: Mapping[str, float]) -> bool:
    return name.endswith(_STD_ERR) and name.removesuffix(_STD_ERR) in numbers


def _address(uri: str, experiment_id: str, run_id: str) -> str:
    """The page of a run where its store has pages, else the run and the store."""
    if uri.startswith(("http://", "https://")):
        return f"{uri.rstrip('/')}/#/experiments/{experiment_id}/runs/{run_id}"
    return f"mlflow run {run_id} in {uri}"
