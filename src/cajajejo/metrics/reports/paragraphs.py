"""What a check says of each regression in full: what is wrong, the last good run, and the commits since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cajajejo import digits, moments
from cajajejo.metrics.judgement import commits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.metrics.judgement.commits import Commits
    from cajajejo.metrics.judgement.last_good import Turn
    from cajajejo.metrics.judgement.verdict import MetricVerdict


def regression(metric: MetricVerdict, start_time: float, counts: Mapping[Commits, int | None]) -> list[str]:
    """The lines about `metric`, of a run that started then; `counts` tells how many commits lie between two."""
    turn = metric.turn
    if turn is None:
        return [metric.sentence]
    lines = [metric.sentence, f"  last good   {_good_run(metric, turn, start_time)}"]
    return lines if turn.commits is None else [*lines, f"  since then  {commits.since(turn.commits, counts)}"]


def _good_run(metric: MetricVerdict, turn: Turn, start_time: float) -> str:
    good, elapsed = turn.good, start_time - turn.good.start_time
    told = [digits.number(good.value, metric.value)]
    if elapsed > 0:  # equal where nobody knows when the runs began
        told.append(f"{moments.ago(elapsed)} before")
    told.append(f"run {good.run_id}")
    if good.commit is not None:
        told.append(f"commit {commits.short(good.commit)}")
    return ", ".join(told)
