"""Runs of a tracking store, found by their tags; and one run made where none is found, by several at once."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.tracking.runs import NewRun

SETTLE_SECONDS: Final = 0.5
"""How long others are given to show that they make the same at this moment."""


def runs(store: Any, experiment_ids: Sequence[str], wanted: Mapping[str, str]) -> list[Any]:
    """The runs that have all of the tags `wanted`, the newest first; those that were deleted are not among them.

    MLflow's filters know two quotes and no escape, and end no text with a backslash: such a text, and one that holds
    both quotes, is looked for with wildcards in their places. So every run that is found is compared once more.
    """
    conditions = " AND ".join(f"tags.{key} {_condition(value)}" for key, value in wanted.items())
    found: list[Any] = []
    token = None
    while experiment_ids:
        newest_first = ["attributes.start_time DESC"]
        page = store.search_runs(experiment_ids, conditions, order_by=newest_first, page_token=token)
        found += [run for run in page if all(run.data.tags.get(key) == value for key, value in wanted.items())]
        token = page.token
        if not token:
            break
    return found


def _condition(value: str) -> str:
    quote = next((quote for quote in "'\"" if quote not in value), None)
    if quote and not value.endswith("\\"):
        return f"= {quote}{value}{quote}"
    return "LIKE '" + value.replace("'", "_").replace("\\", "_") + "'"


def age(run: Any) -> tuple[int, str]:
    """What orders runs, the one that was made first in front."""
    return int(run.info.start_time or 0), run_id(run)


def run_id(run: Any) -> str:
    """The id of a run that MLflow tells of."""
    return str(run.info.run_id)


def one(
    store: Any,
    inside: str,
    new: NewRun,
    wanted: Mapping[str, str],
    *,
    start_time: int | None = None,
    settle: float | None = None,
) -> str:
    """The id of the one run of an experiment that has the tags `wanted`: the one that is there, else a new one.

    Two that find none at the same moment both make one. After a moment both look again, and the younger run is deleted.

    Args:
        store: a client of it.
        inside: the id of the experiment.
        new: what the run is made with.
        wanted: the tags that nothing else has.
        start_time: when it began, in milliseconds; None: now.
        settle: seconds to wait before looking again; None: `SETTLE_SECONDS`.
    """
    found = runs(store, [inside], wanted)
    if found:
        return _oldest(store, found)
    ours = replace(new, tags={**new.tags, **wanted}).create(store, inside, start_time=start_time)
    time.sleep(SETTLE_SECONDS if settle is None else settle)
    return _oldest(store, runs(store, [inside], wanted)) or ours


def _oldest(store: Any, found: Sequence[Any]) -> str:
    """The id of the run that was made first; those that were made beside it, and got nothing, are deleted."""
    first, *others = sorted(found, key=age) or [None]
    for other in others:
        if not other.data.metrics:
            store.delete_run(run_id(other))
    return "" if first is None else run_id(first)
