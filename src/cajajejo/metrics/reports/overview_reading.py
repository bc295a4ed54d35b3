"""What an overview is made of, read from a history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo import phrases
from cajajejo.errors import CajajejoError
from cajajejo.metrics.reports.overview import Reading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.history.store import Store

DAYS: Final = 90
"""So many days before the newest run of a test are read, where nothing else is asked for."""
MOST_RUNS: Final = 2_000
"""Of one test no more runs are read; the newest ones are."""

_SECONDS_A_DAY: Final = 86_400.0


def read(store: Store, wanted: Sequence[str], *, since: float | None, now: float) -> list[Reading]:
    """What is known of the tests that `wanted` names, or globs of it fit; of all where that is empty.

    Args:
        store: where the history is.
        wanted: names or globs of tests.
        since: runs that started before it are left out; None: `DAYS` before the newest run of each test.
        now: the present, in seconds since the epoch.

    Raises:
        CajajejoError: a wanted test is not there.
        HistoryError: the history cannot be read.
    """
    return [_reading(store, test, since=since, now=now) for test in named(store, wanted)]


def named(store: Store, wanted: Sequence[str]) -> list[str]:
    """The tests of `store` that `wanted` names, or globs of it fit; all where that is empty.

    Raises:
        CajajejoError: a wanted test is not there.
        HistoryError: the history cannot be read.
    """
    tests = store.tests()
    for name in wanted:
        if not any(phrases.matches(test, name) for test in tests):
            facts = {"there are": phrases.some(tests, most=10)} if tests else {}
            raise CajajejoError(f"{phrases.cut(name)}: no such test in this history: {store.url}", facts=facts)
    return [test for test in tests if not wanted or any(phrases.matches(test, name) for name in wanted)]


def _reading(store: Store, test: str, *, since: float | None, now: float) -> Reading:
    runs = store.runs(test)
    starts = [run.start_time for run in runs[-MOST_RUNS:]]
    first = max(starts[0], starts[-1] - DAYS * _SECONDS_A_DAY if since is None else since) if starts else 0.0
    read = tuple(store.stored(test, since=first))[-MOST_RUNS:] if starts and starts[-1] >= first else ()
    return Reading(
        test,
        read,
        store.noted(test),
        tuple(store.incidents(test)),
        older=len(runs) - len(read),
        now=now,
    )
