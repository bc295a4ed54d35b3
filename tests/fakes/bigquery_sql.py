"""Statements in BigQuery's dialect, executed: sqlglot's grammar of it reads them, duckdb does what they say."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import RLock
from typing import TYPE_CHECKING, Any, Final

import duckdb
import sqlglot
from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TYPES: Final = {
    "STRING": "VARCHAR",
    "INTEGER": "BIGINT",
    "INT64": "BIGINT",
    "FLOAT": "DOUBLE",
    "FLOAT64": "DOUBLE",
    "BOOLEAN": "BOOLEAN",
    "BOOL": "BOOLEAN",
    "TIMESTAMP": "TIMESTAMP",
}
"""duckdb's types by BigQuery's, under both of their names."""
_BACK: Final = {"VARCHAR": "STRING", "BIGINT": "INTEGER", "DOUBLE": "FLOAT", "BOOLEAN": "BOOLEAN"}
_WRITES: Final = (exp.Insert, exp.Update, exp.Delete, exp.Merge)


class QueryError(Exception):
    """A statement that BigQuery would refuse; `reason` is its word for why."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass
class Result:
    """What the last SELECT found: its columns as (name, BigQuery's type), and its rows as REST has them."""

    columns: list[tuple[str, str]] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    selected: bool = False


class Engine:
    """The tables of all data sets, which are schemas of a database in memory."""

    def __init__(self) -> None:
        self._database = duckdb.connect(":memory:")
        self._lock = RLock()

    def do(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        """Executes a statement of duckdb's own."""
        with self._lock:
            return self._database.execute(statement, list(values)).fetchall()

    def run(self, script: str, parameters: Mapping[str, Any], dataset: str | None) -> Result:
        """Executes `script`; where one of its statements fails inside of a transaction nothing of that was done."""
        result = Result()
        with self._lock:
            open_transaction = False
            try:
                for tree in parsed(script):
                    if isinstance(tree, (exp.Transaction, exp.Commit, exp.Rollback)):
                        open_transaction = isinstance(tree, exp.Transaction)
                        self._database.execute(tree.sql("duckdb"))
                        continue
                    found = self._one(tree, parameters, dataset)
                    result = found if found.selected else result
            except (duckdb.Error, sqlglot.ParseError) as error:
                raise _query_error(error) from error
            finally:
                if open_transaction:
                    self._database.execute("ROLLBACK")
        return result

    def _one(self, tree: exp.Expression, parameters: Mapping[str, Any], dataset: str | None) -> Result:
        text, names = _written(tree, dataset)
        if missing := [name for name in names if name not in parameters]:
            raise QueryError("invalidQuery", f"Query parameter '{missing[0]}' not found")
        cursor = self._database.execute(text, {name: parameters[name] for name in names})
        if not isinstance(tree, exp.Query):
            return Result()
        columns = [(column[0], _back(str(column[1]))) for column in cursor.description or ()]
        return Result(columns, [[_told(value) for value in row] for row in cursor.fetchall()], selected=True)


@functools.lru_cache(maxsize=256)
def parsed(script: str) -> tuple[exp.Expression, ...]:
    """The statements of a script.

    Raises:
        QueryError: BigQuery's grammar does not know them.
    """
    try:
        trees = tuple(tree for tree in sqlglot.parse(script, read="bigquery") if isinstance(tree, exp.Expression))
    except sqlglot.ParseError as error:
        raise QueryError("invalidQuery", f"Syntax error: {str(error).splitlines()[0]}") from error
    for tree in trees:
        if isinstance(tree, exp.Command):
            raise QueryError("invalidQuery", f"Syntax error: {tree.sql('bigquery')}")
    return trees


def kind(script: str) -> str:
    """BigQuery's ``statementType``."""
    trees = parsed(script)
    if len(trees) != 1:
        return "SCRIPT"
    return "SELECT" if isinstance(trees[0], exp.Query) else trees[0].key.upper()


def written_tables(script: str) -> frozenset[str]:
    """The names of the tables that a script writes to."""
    targets = (tree.this.find(exp.Table) for tree in parsed(script) if isinstance(tree, _WRITES))
    return frozenset(f"{table.db}.{table.name}" for table in targets if table is not None)


@functools.lru_cache(maxsize=256)
def _written(tree: exp.Expression, dataset: str | None) -> tuple[str, tuple[str, ...]]:
    """A statement in duckdb's dialect, and the names of its parameters."""
    made = tree.transform(functools.partial(_translated, dataset=dataset))
    names = tuple(sorted({parameter.name for parameter in made.find_all(exp.Parameter)}))
    return made.sql("duckdb"), names


def _translated(node: exp.Expression, dataset: str | None) -> exp.Expression:
    """What sqlglot leaves in BigQuery's words, in duckdb's."""
    if isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier):
        node.set("catalog", None)
        if not node.db and dataset is not None and not _is_local(node):
            node.set("db", exp.to_identifier(dataset, quoted=True))
    if isinstance(node, exp.JSONExtractScalar):
        return exp.Anonymous(this="json_extract_string", expressions=[node.this, node.expression])
    if isinstance(node, exp.JSONExtractArray):
        return exp.cast(exp.cast(node.this, "JSON", dialect="duckdb"), "JSON[]", dialect="duckdb")
    if isinstance(node, exp.In) and node.args.get("unnest"):
        return exp.Anonymous(this="list_contains", expressions=[node.args["unnest"].expressions[0], node.this])
    if isinstance(node, exp.CurrentTimestamp):
        return exp.cast(exp.CurrentTimestamp(), "TIMESTAMP", dialect="duckdb") if node.parent else node
    return node


def _is_local(table: exp.Table) -> bool:
    """Whether it is a name that the statement itself gave."""
    root = table.root()
    return table.name in {cte.alias for cte in root.find_all(exp.CTE)}


def _back(name: str) -> str:
    return "TIMESTAMP" if name.startswith("TIMESTAMP") else _BACK.get(name, "INTEGER" if "INT" in name else "STRING")


def _told(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return str(round(value.replace(tzinfo=UTC).timestamp() * 1_000_000))
    if isinstance(value, float) and not math.isfinite(value):
        return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}[str(value)]
    return str(value)


def _query_error(error: Exception) -> QueryError:
    first = str(error).splitlines()[0]
    if isinstance(error, duckdb.CatalogException):
        return QueryError("notFound", f"Not found: Table {first}")
    if isinstance(error, duckdb.ConstraintException):
        return QueryError("invalidQuery", f"Required field cannot be null: {first}")
    return QueryError("invalidQuery", first.removeprefix("Invalid Input Error: "))
