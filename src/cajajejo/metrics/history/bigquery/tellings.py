"""Incidents, and deliveries of what is told of them, in BigQuery.

Deciding takes a while, and BigQuery cannot be made to wait meanwhile. So every decision leaves a token with its test,
and is written by a transaction that fails where the token is another than the one that was read before.
"""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from cajajejo.metrics.history.bigquery import tables, values, writing
from cajajejo.metrics.history.bigquery.refusals import MeanwhileError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cajajejo.metrics.history.bigquery.connection import Connection
    from cajajejo.metrics.history.rows import StoredRun
    from cajajejo.metrics.history.store import Telling
    from cajajejo.metrics.judgement.incidents import Delivery, Incident, Told

    Order = tuple[float, str]

_TABLES: Final = (tables.INCIDENTS, tables.ALERTS, tables.DELIVERIES, tables.TELLINGS)
_FREE: Final = (
    "sent_at IS NULL AND due_at IS NOT NULL AND due_at <= @now AND (leased_until IS NULL OR leased_until <= @now)"
)
_THESE: Final = "CONCAT(event_id, sink) IN UNNEST(@deliveries)"


def tell(
    connection: Connection,
    telling: Telling,
    runs: Sequence[StoredRun],
    written: tuple[Sequence[str], Mapping[str, object]],
    newest: Callable[[str], Order | None],
) -> Told:
    """Decides what is told, and writes it with the runs of `written` in one transaction.

    Raises:
        HistoryError: BigQuery does not answer, says no, or others decide all the time.
    """
    connection.prepare(_TABLES)
    ours = [stored.run.order for stored in runs if stored.run.test == telling.test]
    for left in reversed(range(connection.tries)):
        token, open_now = _now(connection, telling.test)
        there = newest(telling.test)
        told = telling.decide(open_now, max([*ours, *([there] if there else [])], default=None))
        told = replace(told, events=_new(connection, told))
        place, tokens = connection.address.place, (token, uuid.uuid4().hex)
        with connection.explained():
            more, parameters = writing.of_telling(
                told, telling.test, place, sinks=telling.sinks, now=telling.now, tokens=tokens
            )
        script = writing.transaction([more[0], *written[0], *more[1:]])
        try:
            connection.write(script, {**written[1], **parameters})
        except MeanwhileError:
            if not left:
                raise
        else:
            break
    return told


def incidents(connection: Connection, test: str | None) -> list[Incident]:
    """The incidents that are open, oldest first."""
    found = _rows(connection, tables.INCIDENTS, "{} WHERE {} ORDER BY start_time, run_id, kind, metric_name", test)
    return [values.incident_of(row) for row in found]


def unsent(connection: Connection, test: str | None) -> list[Delivery]:
    """What was neither sent nor given up, oldest first."""
    where = "sent_at IS NULL AND due_at IS NOT NULL" + " AND test_name = @test" * (test is not None)
    return _deliveries(connection, where, {} if test is None else {"test": test})


def due(connection: Connection, sinks: Sequence[str], now: float) -> list[Delivery]:
    """What is still to be sent to `sinks` and nobody else is sending now, oldest first."""
    return _deliveries(connection, f"{_FREE} AND sink IN UNNEST(@sinks)", {"now": now, "sinks": tuple(sinks)})


def claim(connection: Connection, deliveries: Sequence[Delivery], *, now: float, until: float) -> list[Delivery]:
    """Those of `deliveries` that nobody else is sending: what carries our token after it was written."""
    place, token = connection.address.place(tables.DELIVERIES), uuid.uuid4().hex
    script = (
        f"UPDATE {place} SET attempts = attempts + 1, leased_until = @until, claimed_by = @token, error = NULL"  # noqa: S608  # our own names
        f" WHERE {_THESE} AND {_FREE};\nSELECT event_id, sink FROM {place} WHERE claimed_by = @token;"
    )
    asked = {"until": until, "token": token, "now": now, "deliveries": _keys(deliveries)}
    ours = {(row["event_id"], row["sink"]) for row in connection.write(script, asked)}
    return [
        replace(one, attempts=one.attempts + 1, error=None, again=until)
        for one in deliveries
        if (one.event.id, one.sink) in ours
    ]


def settle(
    connection: Connection, deliveries: Sequence[Delivery], *, now: float, error: str | None, again: float | None
) -> None:
    """Takes down what came of `deliveries`."""
    changes = {"sent_at": now} if error is None else {"error": error, "due_at": again}
    nothing = [name for name in ("error", "due_at") if changes.get(name) is None]
    given = {name: value for name, value in changes.items() if value is not None}
    assigned = [*(f"{name} = @{name}" for name in given), *(f"{name} = NULL" for name in nothing)]
    connection.write(
        f"UPDATE {connection.address.place(tables.DELIVERIES)} SET leased_until = NULL, {', '.join(assigned)}"  # noqa: S608  # our own names
        f" WHERE {_THESE} AND sent_at IS NULL",
        {**given, "deliveries": _keys(deliveries)},
    )


def _now(connection: Connection, test: str) -> tuple[str, list[Incident]]:
    """The token of a test, and then its incidents: were they changed between the two, the token was, too."""
    found = _rows(connection, tables.TELLINGS, "{} WHERE {}", test)
    return next((row["token"] for row in found), ""), incidents(connection, test)


def _new(connection: Connection, told: Told) -> tuple[Any, ...]:
    """Those events that nobody had decided before."""
    if not told.events:
        return ()
    place = connection.address.place(tables.ALERTS)
    query = f"SELECT event_id FROM {place} WHERE event_id IN UNNEST(@events)"  # noqa: S608  # our own names
    found = connection.rows(query, {"events": tuple(event.id for event in told.events)})
    known = {row["event_id"] for row in found}
    return tuple(event for event in told.events if event.id not in known)


def _deliveries(connection: Connection, where: str, asked: Mapping[str, object]) -> list[Delivery]:
    if connection.columns(tables.DELIVERIES) is None:
        return []
    query = (
        "SELECT event, sink, attempts, since, error, due_at, leased_until"  # noqa: S608  # our own names
        f" FROM {connection.address.place(tables.DELIVERIES)} JOIN {connection.address.place(tables.ALERTS)}"
        f" USING (event_id) WHERE {where} ORDER BY since, place, sink"
    )
    return [values.delivery_of(row) for row in connection.rows(query, asked)]


def _rows(connection: Connection, table: tables.Table, query: str, test: str | None) -> list[Any]:
    """Rows of a table, of one test or of all; none where there is no table."""
    if connection.columns(table) is None:
        return []
    where = "TRUE" if test is None else "test_name = @test"
    query = f"SELECT * FROM {query.format(connection.address.place(table), where)}"  # noqa: S608  # our own names
    return list(connection.rows(query, {} if test is None else {"test": test}))


def _keys(deliveries: Sequence[Delivery]) -> tuple[str, ...]:
    return tuple(f"{one.event.id}{one.sink}" for one in deliveries)
