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
    facts = known(metric, start_time, counts)
    return [metric.sentence, *(f"  {name:<10}  {text}" for name, text in facts.items())]


def known(metric: MetricVerdict, start_time: float, counts: Mapping[Commits, int | None]) -> dict[str, str]:
    """What is known of where a regression came from, by name: the last good run, and the commits since then."""
    turn = metric.turn
    if turn is None:
        return {}
    since = {} if turn.commits is None else {"since then": commits.since(turn.commits, counts)}
    return {"last good": _good_run(metric, turn, start_time), **since}


def _good_run(metric: MetricVerdict, turn: Turn, start_time: float) -> str:
    good, elapsed = turn.good, start_time - turn.good.start_time
    told = [digits.number(good.value, metric.value)]
    if elapsed > 0:  # equal where nobody knows when the runs began
        told.append(f"{moments.ago(elapsed)} before")
    told.append(f"run {good.run_id}")
    if good.commit is not None:
        told.append(f"commit {commits.short(good.commit)}")
    return ", ".join(told)
