"""Old runs removed from a database that understands SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo.metrics.history import sql_recording

if TYPE_CHECKING:
    from cajajejo.metrics.history.database import Connection, Database

AT_ONCE: Final = 50
"""So many runs go in one transaction, so that others need not wait for long."""
_ORDERED: Final = "SELECT id, uuid, start_time FROM runs WHERE test = ? ORDER BY start_time DESC, uuid DESC"
_TOLD: Final = (
    "DELETE FROM alerts WHERE test_name = ? AND start_time < ? AND NOT EXISTS"
    " (SELECT 1 FROM runs r JOIN tests t ON t.id = r.test WHERE t.name = alerts.test_name AND r.uuid = alerts.uuid)"
    " AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.alert = alerts.id AND d.sent_at IS NULL AND d.due IS NOT NULL)"
)


def prune(database: Database, test: str, *, before: float, keep: int) -> int:
    """Removes runs of `test` that started before `before`, but for the newest `keep`; how many they were.

    Runs that open incidents began with stay.
    """
    removed = 0
    while True:
        with database.writing() as connection:
            number, old = _old(connection, test, before=before, keep=keep)
            connection.executemany("DELETE FROM points WHERE run = ?", old[:AT_ONCE])
            connection.executemany("DELETE FROM runs WHERE id = ?", old[:AT_ONCE])
            if number is not None and removed + len(old) and len(old) <= AT_ONCE:
                _tidy(connection, test, number, before)
        removed += len(old[:AT_ONCE])
        if len(old) <= AT_ONCE:
            return removed


def _old(connection: Connection, test: str, *, before: float, keep: int) -> tuple[int | None, list[tuple[int]]]:
    """The number of a test, and of each of its runs that is to go."""
    found = connection.execute("SELECT id FROM tests WHERE name = ?", (test,)).fetchone()
    if found is None:
        return None, []
    runs = connection.execute(_ORDERED, found).fetchall()
    needed = {row[0] for row in connection.execute("SELECT run_id FROM incidents WHERE test_name = ?", (test,))}
    old = [(number,) for number, run_id, start in runs[keep:] if start < before and run_id not in needed]
    return found[0], old


def _tidy(connection: Connection, test: str, number: int, before: float) -> None:
    """Removes what has no runs any more: series, the test itself, and what was told of them."""
    series = [one for (one,) in connection.execute("SELECT id FROM series WHERE test = ?", (number,)).fetchall()]
    sql_recording.remove_unused(connection, number, series)
    connection.execute(_TOLD, (test, before))
    connection.execute("DELETE FROM deliveries WHERE NOT EXISTS (SELECT 1 FROM alerts a WHERE a.id = deliveries.alert)")
    connection.execute(
        "DELETE FROM tests WHERE id = ? AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.test = tests.id)", (number,)
    )
