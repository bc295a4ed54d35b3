"""Runs of a tracking store, found by their tags; and one run made where none is found, by several at once."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from cajajejo.tracking.connection import package

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cajajejo.tracking.runs import NewRun

SETTLE_SECONDS: Final = 0.5
"""How long others are given to show that they make the same at this moment."""
ID_DIGITS: Final = 32
"""Hex digits of the id of a run."""
_TAG_KEY: Final = re.compile(r"[/\w.\- :]+")
"""What MLflow takes as the key of a tag."""
_PAGE: Final = 1000
_FEW: Final = 50
"""A page where most often the first run is the one that is looked for."""
_EXPERIMENTS: Final = 500
"""How many are searched with one request; a database takes so many values and no more."""


def runs(store: Any, experiment_ids: Sequence[str], wanted: Mapping[str, str]) -> list[Any]:
    """The runs that have all of the tags `wanted`, the newest first; those that were deleted are not among them.

    MLflow's filters know two quotes and no escape, and end no text with a backslash: such a text, and one that holds
    both quotes, is looked for with wildcards in their places. So every run that is found is compared once more.
    """
    if not _possible(wanted):
        return []
    found = _each(store, experiment_ids, _conditions(wanted), order_by=["attributes.start_time DESC"])
    return [run for run in found if _has(run, wanted)]


def newest(
    store: Any, experiment_ids: Sequence[str], wanted: Mapping[str, str], *, but: str = "", before: int | None = None
) -> Any | None:
    """The run with all of the tags `wanted` that ended last; None where there is none. Deleted ones do not count.

    Args:
        store: a client of it.
        experiment_ids: where it is looked for.
        wanted: the tags.
        but: the id of a run that does not count.
        before: it must have ended before this moment, in milliseconds; None: whenever it ended.
    """
    if not _possible(wanted):
        return None
    ended = [] if before is None else [f"attributes.end_time < {before}"]
    last_first = ["attributes.end_time DESC"]
    found = _each(store, experiment_ids, _conditions(wanted, *ended), order_by=last_first, max_results=_FEW)
    return next((run for run in found if _has(run, wanted) and run_id(run) != but), None)


def beginning(store: Any, digits: str, *, deleted: bool = False) -> list[Any]:
    """The runs of any experiment whose ids begin with `digits`, in the order of ids; `deleted`: only deleted ones."""
    views = package().entities.ViewType
    condition = f"attributes.run_id LIKE '{digits}%'"
    found: list[Any] = []
    ids = experiments(store, deleted=deleted)
    for start in range(0, len(ids), _EXPERIMENTS):
        view = views.DELETED_ONLY if deleted else views.ACTIVE_ONLY
        found += _each(store, ids[start : start + _EXPERIMENTS], condition, run_view_type=view)
    return sorted((run for run in found if run_id(run).startswith(digits)), key=run_id)


def experiments(store: Any, *, deleted: bool = False) -> list[str]:
    """The ids of all experiments that were not deleted; with `deleted` also of those."""
    views = package().entities.ViewType
    found: list[str] = []
    token = None
    while True:
        page = store.search_experiments(view_type=views.ALL if deleted else views.ACTIVE_ONLY, page_token=token)
        found += [str(known.experiment_id) for known in page]
        token = page.token
        if not token:
            return found


def _each(store: Any, experiment_ids: Sequence[str], conditions: str, **options: Any) -> Iterator[Any]:
    """Every run that MLflow finds, page by page, as far as they are asked for."""
    token = None
    while experiment_ids:
        page = store.search_runs(
            list(experiment_ids), conditions, page_token=token, **{"max_results": _PAGE, **options}
        )
        yield from page
        token = page.token
        if not token:
            return


def _possible(wanted: Mapping[str, str]) -> bool:
    """Whether a run can have such tags at all."""
    return all(map(_TAG_KEY.fullmatch, wanted))


def _has(run: Any, wanted: Mapping[str, str]) -> bool:
    return all(run.data.tags.get(key) == value for key, value in wanted.items())


def _conditions(wanted: Mapping[str, str], *more: str) -> str:
    return " AND ".join([*(f"tags.`{key}` {_condition(value)}" for key, value in wanted.items()), *more])


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
