"""Old runs of a history: which would go, and removing them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cajajejo.errors import HistoryError
from cajajejo.phrases import closest, some

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.metrics.history.store import Store


@dataclass(frozen=True, slots=True)
class Old:
    """Runs that started `before` then, but for the newest `keep` of each test; `test` None: of every test."""

    test: str | None
    before: float
    keep: int


@dataclass(frozen=True, slots=True)
class Cut:
    """How many runs of a test go, and how many stay."""

    test: str
    removed: int
    kept: int


def plan(store: Store, old: Old) -> list[Cut]:
    """The tests that have runs to remove, by name; nothing is removed.

    Raises:
        HistoryError: the history cannot be read, or has no such test.
    """
    tests = store.tests()
    if old.test is not None:
        check_test(store, old.test, tests)
        tests = [old.test]
    cuts = (_cut(store, test, old) for test in tests)
    return [cut for cut in cuts if cut.removed]


def carry_out(store: Store, old: Old, planned: Sequence[Cut]) -> Iterator[Cut]:
    """Removes them, test by test; each once it has happened.

    Raises:
        HistoryError: the history cannot be written.
    """
    for cut in planned:
        removed = store.prune(cut.test, before=old.before, keep=old.keep)
        yield Cut(cut.test, removed, cut.removed + cut.kept - removed)


def check_test(store: Store, test: str, known: Sequence[str]) -> None:
    """Returns where `test` is one of those that are known.

    Raises:
        HistoryError: it is not.
    """
    if test not in known:
        guess = closest(test, known)
        facts = {"there are": some(known, most=10) or "no runs at all"} | ({"closest": guess} if guess else {})
        raise HistoryError(f"no test of this name in the history: {test}: {store.url}", facts=facts)


def _cut(store: Store, test: str, old: Old) -> Cut:
    runs = store.runs(test)
    older = runs[: len(runs) - old.keep] if old.keep < len(runs) else []
    begun = {incident.run_id for incident in store.incidents(test)}  # those runs stay
    removed = sum(run.start_time < old.before and run.run_id not in begun for run in older)
    return Cut(test, removed, len(runs) - removed)
