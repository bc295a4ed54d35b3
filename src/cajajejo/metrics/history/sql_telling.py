"""Who is told what, in a database that understands SQL: open incidents, alerts, and their deliveries."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from cajajejo.metrics.history import rows
from cajajejo.metrics.judgement.incidents import Delivery, Event, Incident
from cajajejo.metrics.runs import Origin, Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.history.database import Connection
    from cajajejo.metrics.history.store import Telling
    from cajajejo.metrics.judgement.incidents import Told

_INCIDENTS: Final = (
    "SELECT test_name, kind, metric_name, run_id, start_time, message, accepted FROM incidents{where}"
    " ORDER BY start_time, run_id, test_name, kind, metric_name"
)
_NEWEST: Final = (
    "SELECT r.start_time, r.uuid FROM tests t CROSS JOIN runs r WHERE r.test = t.id AND t.name = ?"
    " ORDER BY r.start_time DESC, r.uuid DESC LIMIT 1"
)
_UNSENT: Final = (
    "SELECT a.incident, a.happening, a.run, a.message, d.sink, d.attempts, a.since, d.error, d.due, d.claimed_until"
    " FROM alerts a CROSS JOIN deliveries d WHERE d.alert = a.id AND d.sent_at IS NULL AND d.due IS NOT NULL"
)
_OLDEST_FIRST: Final = " ORDER BY a.since, a.number, d.sink"
_CLAIM: Final = (
    "UPDATE deliveries SET attempts = attempts + 1, claimed_until = ?, error = NULL"
    " WHERE alert = ? AND sink = ? AND sent_at IS NULL AND due <= ? AND (claimed_until IS NULL OR claimed_until <= ?)"
)
_ATTEMPTS: Final = "SELECT attempts FROM deliveries WHERE alert = ? AND sink = ?"
_SETTLE: Final = (
    "UPDATE deliveries SET sent_at = ?, error = ?, due = ?, claimed_until = NULL"
    " WHERE alert = ? AND sink = ? AND sent_at IS NULL"
)


def tell(connection: Connection, telling: Telling) -> Told:
    """Writes down what `telling` decides; what comes back has those events only that are new."""
    newest = connection.execute(_NEWEST, (telling.test,)).fetchone()
    told = telling.decide(incidents(connection, telling.test), None if newest is None else (newest[0], newest[1]))
    connection.execute("DELETE FROM incidents WHERE test_name = ?", (telling.test,))
    for incident in told.open:
        row = rows.of_incident(incident)
        connection.execute(rows.insert("incidents", row), tuple(row.values()))
    return replace(told, events=tuple(event for event in told.events if _is_new(connection, event, telling)))


def incidents(connection: Connection, test: str | None) -> list[Incident]:
    """The incidents that are open, oldest first."""
    query = _INCIDENTS.format(where="" if test is None else " WHERE test_name = ?")
    return [Incident(*row) for row in connection.execute(query, () if test is None else (test,))]


def unsent(connection: Connection, test: str | None) -> list[Delivery]:
    """What was neither sent nor given up, oldest first."""
    of_test = "" if test is None else " AND a.test_name = ?"
    found = connection.execute(f"{_UNSENT}{of_test}{_OLDEST_FIRST}", () if test is None else (test,))
    return [_delivery(row) for row in found]


def due(connection: Connection, sinks: Sequence[str], now: float) -> list[Delivery]:
    """What is still to be sent to `sinks` and nobody else is sending now, oldest first."""
    query = (
        f"{_UNSENT} AND d.due <= ? AND (d.claimed_until IS NULL OR d.claimed_until <= ?)"
        f" AND d.sink IN ({', '.join('?' * len(sinks))}){_OLDEST_FIRST}"
    )
    return [_delivery(row) for row in connection.execute(query, (now, now, *sinks))]


def claim(connection: Connection, deliveries: Sequence[Delivery], *, now: float, until: float) -> list[Delivery]:
    """Those of `deliveries` that nobody else is sending, which are the caller's until then."""
    mine = (one for one in deliveries if connection.execute(_CLAIM, (until, *_key(one), now, now)).rowcount)
    return [
        replace(one, attempts=connection.execute(_ATTEMPTS, _key(one)).fetchone()[0], error=None, again=until)
        for one in mine
    ]


def settle(
    connection: Connection, deliveries: Sequence[Delivery], *, now: float, error: str | None, again: float | None
) -> None:
    """Takes down what came of `deliveries`."""
    sent = None if error is not None else now
    for one in deliveries:
        connection.execute(_SETTLE, (sent, error, again, *_key(one)))


def _key(delivery: Delivery) -> tuple[str, str]:
    return delivery.event.id, delivery.sink


def _is_new(connection: Connection, event: Event, telling: Telling) -> bool:
    """Writes down an event, and a delivery to each sink; False where it was there before."""
    row = _of_event(event, telling.now)
    if not connection.execute(
        f"{rows.insert('alerts', row)} ON CONFLICT (id) DO NOTHING", tuple(row.values())
    ).rowcount:
        return False
    connection.executemany(
        "INSERT INTO deliveries (alert, sink, attempts, due) VALUES (?, ?, 0, ?)",
        [(event.id, sink, telling.now) for sink in telling.sinks],
    )
    return True


def _of_event(event: Event, now: float) -> dict[str, object]:
    return {
        "id": event.id,
        "test_name": event.incident.test,
        "kind": event.incident.kind,
        "metric_name": event.incident.metric,
        "happening": event.happening,
        "message": event.message,
        "uuid": event.run.run_id,
        "start_time": event.run.start_time,
        "since": now,
        "incident": json.dumps(asdict(event.incident)),
        "run": json.dumps(asdict(event.run)),
    }


def _delivery(row: tuple[Any, ...]) -> Delivery:
    incident, happening, run, message, sink, attempts, since, error, due_at, claimed_until = row
    of_run = json.loads(run)
    event = Event(
        Incident(**json.loads(incident)), happening, Run(**{**of_run, "origin": Origin(**of_run["origin"])}), message
    )
    return Delivery(event, sink, attempts, since, error, due_at if claimed_until is None else claimed_until)
