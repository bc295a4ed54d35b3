"""Runs of the history as flat rows, written as they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cajajejo.metrics.interchange import writers
from cajajejo.metrics.interchange.pruning import check_test

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cajajejo.metrics.history.rows import StoredRun
    from cajajejo.metrics.history.store import Store
    from cajajejo.metrics.interchange.writers import Format, Target

_REPORTED: Final = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs: those of `tests`, none for all, that started `since` then; None: whenever."""

    tests: Sequence[str] = ()
    since: float | None = None


@dataclass(slots=True)
class Exported:
    """How much was written."""

    rows: int = 0
    runs: int = 0


def save(
    store: Store,
    wanted: Wanted,
    target: Target,
    form: Format,
    *,
    packed: bool = False,
    report: Callable[[str, int, int | None], None] = lambda *_: None,
) -> Exported:
    """Writes the runs that are wanted, by test and order.

    Raises:
        HistoryError: the history cannot be read, or has no such test.
        MissingExtraError: Parquet needs a package that is not installed.
    """
    found = Exported()
    runs = _runs(store, wanted)
    with writers.writing(target, form, packed=packed) as write:
        for stored in runs:
            found.runs += 1
            found.rows += write(stored)
            if found.runs % _REPORTED == 0:
                report("rows written", found.rows, None)
    return found


def check(store: Store, wanted: Wanted) -> None:
    """Returns where every test that is wanted has runs.

    Raises:
        HistoryError: one has none, or the history cannot be read.
    """
    known = store.tests() if wanted.tests else []
    for test in wanted.tests:
        check_test(store, test, known)


def _runs(store: Store, wanted: Wanted) -> Iterator[StoredRun]:
    if not wanted.tests:
        yield from store.stored(since=wanted.since)
    for test in sorted(set(wanted.tests)):
        yield from store.stored(test, since=wanted.since)
