"""The scripts that write runs, and what is told of them, into a data set: each is one transaction; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cajajejo.metrics.history import rows
from cajajejo.metrics.history.bigquery import tables, values
from cajajejo.metrics.history.bigquery.refusals import MEANWHILE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cajajejo.metrics.history.bigquery.tables import Table
    from cajajejo.metrics.history.rows import StoredRun
    from cajajejo.metrics.judgement.incidents import Told

    Place = Callable[[Table], str]


def transaction(statements: Sequence[str]) -> str:
    """A script that does all of `statements`, or nothing."""
    return ";\n".join(["BEGIN TRANSACTION", *statements, "COMMIT TRANSACTION"]) + ";"


def key(test: str, run_id: str) -> str:
    """A run as one text, that no other run has."""
    return f"{len(test)}:{test}{run_id}"


def of_runs(runs: Sequence[StoredRun], place: Place, types: Mapping[str, str]) -> tuple[list[str], dict[str, object]]:
    """What stores runs in place of what was stored under their ids, and its parameters.

    `types` are those of the columns of `job_history`, where it is another's.
    """
    known = {(stored.run.test, stored.run.run_id): stored for stored in runs}
    parameters: dict[str, object] = {
        "tests": tuple(sorted({test for test, _ in known})),
        "runs": tuple(key(*of) for of in known),
        "job_rows": values.text_of(values.job(stored) for stored in known.values()),
        "metric_rows": values.text_of(row for stored in known.values() for row in values.metrics(stored)),
    }
    jobs, metrics = place(tables.JOBS), place(tables.METRICS)
    gone = f"WHEN NOT MATCHED BY SOURCE AND {_limits('T.')} THEN DELETE"
    of_tests = "T.test_name IN UNNEST(@tests)"
    statements = [
        tables.merge(tables.JOBS, jobs, tables.incoming(tables.JOBS, "job_rows", types=types), also=of_tests),
        tables.merge(tables.METRICS, metrics, tables.incoming(tables.METRICS, "metric_rows"), also=of_tests, rest=gone),
    ]
    return (statements, parameters) if known else ([], {})


def of_telling(
    told: Told, test: str, place: Place, *, sinks: Sequence[str], now: float, tokens: tuple[str, str]
) -> tuple[list[str], dict[str, object]]:
    """What takes down what was decided for a test, as long as nobody decided anything meanwhile; its parameters.

    `tokens` are the one that was there when it was decided, and the next one. The check comes first.
    """
    incidents, tellings = place(tables.INCIDENTS), place(tables.TELLINGS)
    deliveries: list[dict[str, Any]] = [
        {"event_id": event.id, "sink": sink, "since": now, "place": number, "attempts": 0, "due_at": now}
        for number, event in enumerate(told.events)
        for sink in sinks
    ]
    parameters: dict[str, object] = {
        "test": test,
        "token": tokens[0],
        "telling_rows": values.text_of([{"test_name": test, "token": tokens[1]}]),
        "incident_rows": values.text_of(rows.of_incident(one) for one in told.open),
        "alert_rows": values.text_of({event.id: values.alert(event) for event in told.events}.values()),
        "delivery_rows": values.text_of(deliveries),
    }
    held = f"(SELECT COALESCE(MAX(token), '') FROM {tellings} WHERE test_name = @test)"  # noqa: S608  # our own names
    statements = [
        f"SELECT IF({held} = @token, TRUE, ERROR('{MEANWHILE}'))",
        _merged(tables.TELLINGS, place, "telling_rows", update=True),
        f"DELETE FROM {incidents} WHERE test_name = @test",  # noqa: S608  # our own names
        tables.insert(tables.INCIDENTS, incidents, tables.incoming(tables.INCIDENTS, "incident_rows")),
        _merged(tables.ALERTS, place, "alert_rows"),
        _merged(tables.DELIVERIES, place, "delivery_rows"),
    ]
    return statements, parameters


def removal(place: Place, *, told: bool) -> str:
    """The script that removes the runs of the parameter `runs`, which are all of `tests`.

    With `told` also what was told of them, but for what is still to be sent.
    """
    alerts, deliveries = place(tables.ALERTS), place(tables.DELIVERIES)
    waiting = f"SELECT event_id FROM {deliveries} WHERE sent_at IS NULL AND due_at IS NOT NULL"  # noqa: S608  # our own names
    statements = [f"DELETE FROM {place(table)} WHERE {_limits()}" for table in (tables.METRICS, tables.JOBS)]  # noqa: S608  # as above
    of_alerts = [
        f"DELETE FROM {alerts} WHERE {_limits(run='run_id')} AND event_id NOT IN ({waiting})",  # noqa: S608  # as above
        f"DELETE FROM {deliveries} WHERE event_id NOT IN (SELECT event_id FROM {alerts})",  # noqa: S608  # as above
    ]
    return transaction([*statements, *(of_alerts if told else [])])


def noting(place: str) -> str:
    """The statement that takes down an accepted level or a muted metric that is not there yet."""
    told = [column.name for column in tables.BASELINES.columns if column.name != "noted_at"]
    same = " AND ".join(f"T.`{name}` IS NOT DISTINCT FROM S.`{name}`" for name in told)
    source = tables.incoming(tables.BASELINES, "rows", now=("noted_at",))
    return tables.merge(tables.BASELINES, place, source, also=same, update=False)


def _merged(table: Table, place: Place, parameter: str, *, update: bool = False) -> str:
    return tables.merge(table, place(table), tables.incoming(table, parameter), update=update)


def _limits(of: str = "", run: str = "uuid") -> str:
    """What is true of the rows of the runs of the parameter `runs`, which are named as `key` names them."""
    named = f"CONCAT(CAST(LENGTH({of}test_name) AS STRING), ':', {of}test_name, {of}{run})"
    return f"{of}test_name IN UNNEST(@tests) AND {named} IN UNNEST(@runs)"
