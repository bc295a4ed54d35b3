"""A BigQuery over HTTP, as far as a history asks for it: data sets, tables, query jobs and pages of what they find.

It keeps what it was asked, and executes it. Like the real one it runs jobs for a while, so that who asks at once is
told to wait, and gives up what writes to a table that another job is writing to.
"""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from tests.fakes import bigquery_sql
from tests.fakes.bigquery_sql import TYPES, Engine, QueryError, Result

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST: Final = 10 * 1024 * 1024
"""A larger request is refused."""
_STATUS: Final = {
    "notFound": 404,
    "accessDenied": 403,
    "invalidQuery": 400,
    "invalid": 400,
    "duplicate": 409,
    "conditionNotMet": 412,
    "rateLimitExceeded": 429,
    "backendError": 503,
    "jobBackendError": 400,
    "requestTooLarge": 413,
}


@dataclass(frozen=True)
class Asked:
    """A request; `body` is what came with it."""

    method: str
    path: str
    body: dict[str, Any]

    @property
    def query(self) -> str:
        """The statements of a query job."""
        return str(self.body.get("configuration", {}).get("query", {}).get("query", ""))

    @property
    def parameters(self) -> dict[str, tuple[str, Any]]:
        """The parameters of a query job: type and value by name; an array's type as ``ARRAY<STRING>``."""
        given = self.body.get("configuration", {}).get("query", {}).get("queryParameters", [])
        return {one["name"]: _parameter(one) for one in given}


@dataclass
class Fault:
    """What the next requests get instead of an answer: an error, or none for a while."""

    on: str
    reason: str = ""
    message: str = ""
    times: int = 1
    seconds: float = 0.0


@dataclass
class Job:
    """A query job; it is done `until` then."""

    id: str
    query: str
    kind: str
    until: float
    tables: frozenset[str]
    result: Result = field(default_factory=Result)
    error: QueryError | None = None

    @property
    def done(self) -> bool:
        """Whether it ended."""
        return time.monotonic() >= self.until


@dataclass
class BigQuery:
    """What runs: `asked` are the requests, `projects` those that exist; a page has at most `page` rows."""

    engine: Engine = field(default_factory=Engine)
    projects: tuple[str, ...] = ("acme",)
    asked: list[Asked] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    page: int = 500
    job_seconds: float = 0.01
    url: str = ""
    datasets: dict[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    jobs: dict[str, Job] = field(default_factory=dict)
    lock: Any = field(default_factory=threading.RLock)

    def queries(self) -> list[Asked]:
        """The query jobs that were asked for, without those that were only to be looked at."""
        jobs = (asked for asked in self.asked if asked.method == "POST" and asked.path.endswith("/jobs"))
        return [asked for asked in jobs if not asked.body["configuration"].get("dryRun")]

    def fail(self, on: str, reason: str = "", message: str = "", *, times: int = 1, seconds: float = 0.0) -> None:
        """The next `times` requests whose method and path contain `on` fail, or get no answer for so many seconds."""
        self.faults.append(Fault(on, reason, message, times, seconds))

    def make_table(self, dataset: str, name: str, fields: list[dict[str, str]]) -> None:
        """A table, as somebody else made it."""
        self.datasets.setdefault(dataset, {"datasetReference": {"datasetId": dataset, "projectId": self.projects[0]}})
        self.engine.do(f'CREATE SCHEMA IF NOT EXISTS "{dataset}"')
        columns = ", ".join(f'"{one["name"]}" {_column(one)}' for one in fields)
        self.engine.do(f'CREATE TABLE "{dataset}"."{name}" ({columns})')
        reference = {"projectId": self.projects[0], "datasetId": dataset, "tableId": name}
        self.tables[dataset, name] = {"tableReference": reference, "schema": {"fields": fields}, "etag": "1"}

    def answer(self, method: str, path: str, asked: dict[str, str], body: dict[str, Any], etag: str | None) -> Any:
        """What a request gets.

        Raises:
            QueryError: it is refused.
        """
        parts = path.removeprefix("/bigquery/v2").strip("/").split("/")
        project, kind, names = parts[1], parts[2], parts[3:]
        if project not in self.projects:
            raise QueryError("notFound", f"The project {project} has not enabled BigQuery or does not exist")
        if kind == "datasets":
            return self._datasets(method, names, body, etag)
        if kind == "jobs":
            return self._insert(project, body) if method == "POST" else self._told(project, self._job(names[0]))
        return self._results(project, self._job(names[0]), asked)

    def _datasets(self, method: str, names: list[str], body: dict[str, Any], etag: str | None) -> Any:
        if not names:
            name = body["datasetReference"]["datasetId"]
            if name in self.datasets:
                raise QueryError("duplicate", f"Already Exists: Dataset {name}")
            self.datasets[name] = body
            self.engine.do(f'CREATE SCHEMA IF NOT EXISTS "{name}"')
            return body
        if names[0] not in self.datasets:
            raise QueryError("notFound", f"Not found: Dataset {self.projects[0]}:{names[0]}")
        return self._tables(method, names[0], names[2:], body, etag) if names[1:] else self.datasets[names[0]]

    def _tables(self, method: str, dataset: str, names: list[str], body: dict[str, Any], etag: str | None) -> Any:
        if method == "POST":
            name = body["tableReference"]["tableId"]
            if (dataset, name) in self.tables:
                raise QueryError("duplicate", f"Already Exists: Table {dataset}.{name}")
            self.make_table(dataset, name, body["schema"]["fields"])
            self.tables[dataset, name].update(body)
            return self.tables[dataset, name]
        table = self.tables.get((dataset, names[0]))
        if table is None:
            raise QueryError("notFound", f"Not found: Table {self.projects[0]}:{dataset}.{names[0]}")
        if method == "PATCH":
            if etag is not None and etag != table["etag"]:
                raise QueryError("conditionNotMet", "Precondition check failed.")
            known = {one["name"] for one in table["schema"]["fields"]}
            for one in body["schema"]["fields"]:
                if one["name"] not in known:
                    if one.get("mode", "NULLABLE") != "NULLABLE":
                        raise QueryError("invalid", "Cannot add required fields to an existing schema")
                    self.engine.do(f'ALTER TABLE "{dataset}"."{names[0]}" ADD COLUMN "{one["name"]}" {_column(one)}')
            table["schema"] = body["schema"]
            table["etag"] = str(int(table["etag"]) + 1)
        return table

    def _insert(self, project: str, body: dict[str, Any]) -> Any:
        configuration, job_id = body["configuration"], body["jobReference"]["jobId"]
        query = configuration["query"]
        if not query.get("query", "").strip():
            raise QueryError("invalid", "Required parameter is missing: query")
        if job_id in self.jobs:
            raise QueryError("duplicate", f"Already Exists: Job {project}:{job_id}")
        kind, tables = bigquery_sql.kind(query["query"]), bigquery_sql.written_tables(query["query"])
        job = Job(job_id, query["query"], kind, time.monotonic() + self.job_seconds, tables)
        if configuration.get("dryRun"):
            return self._told(project, job)
        busy = {
            name for other in list(self.jobs.values()) if not other.done and not other.error for name in other.tables
        }
        try:
            if tables & busy:
                name = min(tables & busy)
                says = f"Transaction is aborted due to concurrent update against table {project}:{name}."
                raise QueryError("invalidQuery", f"Query error: {says}")  # noqa: TRY301  # as every other error of a job
            values = {one["name"]: _parameter(one)[1] for one in query.get("queryParameters", [])}
            job.result = self.engine.run(query["query"], values, query.get("defaultDataset", {}).get("datasetId"))
        except QueryError as error:
            job.error = error
        job.until = time.monotonic() + self.job_seconds
        self.jobs[job_id] = job
        return self._told(project, job)

    def _job(self, name: str) -> Job:
        if name not in self.jobs:
            raise QueryError("notFound", f"Not found: Job {name}")
        return self.jobs[name]

    def _told(self, project: str, job: Job) -> Any:
        failed = {} if job.error is None or not job.done else {"errorResult": _error(job.error)}
        return {
            "jobReference": {"projectId": project, "jobId": job.id, "location": "US"},
            "configuration": {"query": {"query": job.query, "destinationTable": _destination(project)}},
            "status": {"state": "DONE" if job.done else "RUNNING", **failed},
            "statistics": {"query": {"statementType": job.kind}},
        }

    def _results(self, project: str, job: Job, asked: dict[str, str]) -> Any:
        reference = {"projectId": project, "jobId": job.id, "location": "US"}
        if not job.done:
            time.sleep(max(0.0, job.until - time.monotonic()))
            return {"jobReference": reference, "jobComplete": False}
        if job.error is not None:
            raise job.error
        start, most = int(asked.get("pageToken", 0)), min(self.page, int(asked.get("maxResults", self.page)))
        rows = job.result.rows[start : start + most]
        more = {"pageToken": str(start + most)} if start + most < len(job.result.rows) and rows else {}
        schema = {"fields": [{"name": name, "type": of, "mode": "NULLABLE"} for name, of in job.result.columns]}
        found = {"rows": [{"f": [{"v": value} for value in row]} for row in rows]} if rows else {}
        total = {"totalRows": str(len(job.result.rows))} if job.result.selected else {}
        return {"jobReference": reference, "jobComplete": True, "schema": schema, **total, **found, **more}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each answer waits for 40 ms
    bigquery: BigQuery

    def log_message(self, *said: object) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        self._do({})

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        data = self.rfile.read(size)
        self._do(json.loads(data or b"{}"), size)

    def do_PATCH(self) -> None:
        self.do_POST()

    def _do(self, body: dict[str, Any], size: int = 0) -> None:
        url = urlsplit(self.path)
        path, asked = unquote(url.path), {name: values[0] for name, values in parse_qs(url.query).items()}
        far = self.bigquery
        try:
            with far.lock:
                far.asked.append(Asked(self.command, path, body))
                fault = next((one for one in far.faults if one.on in f"{self.command} {path}" and one.times > 0), None)
                if fault is not None:
                    fault.times -= 1
            if fault is not None:
                time.sleep(fault.seconds)
                raise QueryError(fault.reason or "backendError", fault.message)  # noqa: TRY301  # as every other one
            if size > LARGEST:
                raise QueryError("requestTooLarge", "Request payload size exceeds the limit")  # noqa: TRY301  # as every other one
            if "/queries/" in path:
                self._send(200, far.answer(self.command, path, asked, body, None))
                return
            with far.lock:
                answer = far.answer(self.command, path, asked, body, self.headers.get("If-Match"))
            self._send(200, answer)
        except (LookupError, ValueError, TypeError) as error:  # what was asked is not as documented
            self._send(400, {"error": {"code": 400, "message": f"cannot be read: {error!r}"}})
        except QueryError as error:
            code = _STATUS[error.reason]
            self._send(code, {"error": {"code": code, "message": str(error), "errors": [_error(error)]}})

    def _send(self, status: int, answer: Any) -> None:
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A client that was killed is none of our errors."""


@contextmanager
def running() -> Iterator[BigQuery]:
    """A BigQuery on this machine; the variable ``BIGQUERY_EMULATOR_HOST`` with its URL leads a client here."""
    far = BigQuery()
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"bigquery": far}))
    far.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield far
    finally:
        server.shutdown()
        server.server_close()


def _column(given: dict[str, str]) -> str:
    return TYPES[given["type"]] + " NOT NULL" * (given.get("mode") == "REQUIRED")


def _destination(project: str) -> dict[str, str]:
    return {"projectId": project, "datasetId": "_anonymous", "tableId": "anon"}


def _error(error: QueryError) -> dict[str, str]:
    return {"reason": error.reason, "message": str(error), "location": "query"}


def _parameter(given: dict[str, Any]) -> tuple[str, Any]:
    """The type and the value of a parameter."""
    kind, value = given["parameterType"]["type"], given["parameterValue"]
    if kind == "ARRAY":
        of = given["parameterType"]["arrayType"]["type"]
        return f"ARRAY<{of}>", [_value(of, one["value"]) for one in value.get("arrayValues", [])]
    return kind, _value(kind, value.get("value"))


def _value(kind: str, text: str | None) -> Any:
    if text is None:
        return None
    return {"INT64": int, "INTEGER": int, "FLOAT64": float, "FLOAT": float}.get(kind, str)(text)
