"""The connection to a data set of BigQuery: the only import of Google's client for it."""

from __future__ import annotations

import functools
import os
import random
import re
import time
from concurrent.futures import TimeoutError as JobTimeoutError
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from cajajejo.errors import HistoryError, require
from cajajejo.metrics.history.bigquery import refusals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cajajejo.metrics.history.bigquery.tables import Table

PREFIX: Final = "bigquery://"
DATASET: Final = "metrics_handler_dataset"
"""The data set of the old metrics handler, and where the URL names none."""
EMULATOR: Final = "BIGQUERY_EMULATOR_HOST"
"""The variable that names a URL that stands for BigQuery: no login."""
_PURPOSE: Final = "a metric history in BigQuery"
_PROJECT: Final = re.compile(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{0,61}[a-z0-9]")
_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,1024}")
_LOCATION: Final = re.compile(r"[A-Za-z0-9-]{2,40}")
_NAMED: Final = re.compile(
    r"""(?P<text>'''.*?'''|\"{3}.*?\"{3}|'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|--[^\n]*|\#[^\n]*|/\*.*?\*/)"""
    rf"|(?<![\w.`-])`?{DATASET}`?\.`?(?P<table>\w+)`?",
    re.DOTALL,
)
"""A table of the old data set as a query names it, but not where that stands in a text or a comment."""
_FIRST_PAUSE: Final = 0.25
_LONGEST_PAUSE: Final = 4.0


@dataclass(frozen=True, slots=True)
class Address:
    """A data set as a URL names it: ``bigquery://PROJECT[/DATASET][?location=EU]``."""

    project: str
    dataset: str = DATASET
    location: str | None = None

    @classmethod
    def at(cls, url: str) -> Address:
        """What `url` names.

        Raises:
            HistoryError: it names no project and data set.
        """
        try:
            parts = urlsplit(url)
        except ValueError:  # an unclosed bracket
            parts = urlsplit(PREFIX)
        project, dataset = parts.netloc, parts.path.strip("/") or DATASET
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        location = options.pop("location", None)
        good = _PROJECT.fullmatch(project) and _NAME.fullmatch(dataset) and not options and not parts.fragment
        if not url.startswith(PREFIX) or not good or (location is not None and not _LOCATION.fullmatch(location)):
            facts = {"written": "bigquery://PROJECT/DATASET or bigquery://PROJECT/DATASET?location=EU"}
            shown = "" if "@" in url else f": {url}"  # what is in front of an @ may be secret
            raise HistoryError(f"the history URL names no data set of BigQuery{shown}", facts=facts)
        return cls(project, dataset, location)

    @property
    def url(self) -> str:
        """The URL in full."""
        return f"{PREFIX}{self.project}/{self.dataset}" + (f"?location={self.location}" if self.location else "")

    def place(self, table: Table) -> str:
        """The name of a table in a statement."""
        return f"`{self.project}.{self.dataset}.{table.name}`"

    def translated(self, query: str) -> str:
        """`query` with the tables of this data set where it names those of the old one, as documented queries do."""
        here = f"`{self.project}.{self.dataset}."
        return _NAMED.sub(lambda found: found["text"] or f"{here}{found['table']}`", query)


@dataclass(frozen=True)
class Connection:
    """A data set that statements are sent to.

    One of them may take `seconds` in all. Where another program writes to the same tables meanwhile, BigQuery gives one
    of the two up, and it is tried again for so long as `patience`. What is told of a run is decided anew up to `tries`
    times, where others decide at the same time.
    """

    address: Address
    seconds: float = 120.0
    patience: float = 600.0
    tries: int = 20

    def columns(self, table: Table) -> dict[str, str] | None:
        """The columns of a table as it is, with their types; None where there is no such table.

        Raises:
            HistoryError: it cannot be read.
        """
        with self.explained():
            found = self._found(table)
            return None if found is None else {column.name: column.field_type for column in found.schema}

    def rows(self, statements: str, values: Mapping[str, object] | None = None) -> Iterator[Any]:
        """What the last of `statements` finds, a page at a time, each row under the names of its columns.

        Raises:
            HistoryError: BigQuery does not answer, or says no.
        """
        with self.explained():
            yield from self._run(statements, values)

    def write(self, statements: str, values: Mapping[str, object]) -> list[Any]:
        """Executes `statements`, and what the last SELECT of them finds.

        Raises:
            refusals.MeanwhileError: a condition of ours in `statements` no longer held.
            HistoryError: BigQuery does not answer, or says no.
        """
        with self.explained():
            return list(self._run(statements, values))

    def prepare(self, tables: Sequence[Table]) -> None:
        """Makes the data set and those of `tables` that are not there, and adds the columns that they lack.

        Raises:
            HistoryError: BigQuery does not answer, or says no.
        """
        with self.explained():
            for table in tables:
                found = self._found(table)
                if found is None:
                    self._create(table)
                else:
                    self._extend(found, table)

    @contextmanager
    def selected(self, query: str) -> Iterator[Any]:
        """What a query of the user's finds, in the data set where it names none.

        Raises:
            HistoryError: it is not a query, or BigQuery does not answer, or says no.
        """
        query = self.address.translated(query)
        with self.explained():
            looked_at = self._sent(query, {}, dry_run=True)
            if looked_at.statement_type != "SELECT":
                facts = {"this is": str(looked_at.statement_type or "none"), "do": "begin it with SELECT"}
                raise HistoryError("a query can only read the history", facts=facts)
            yield self._run(query, {})

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns what Google's libraries say into a sentence and what to do.

        Raises:
            HistoryError: in place of each of their errors, and of a text that cannot be written.
        """
        try:
            yield
        except UnicodeEncodeError as error:
            raise refusals.unwritable(error.object, self.address) from error
        except self._api.GoogleAPICallError as error:
            raise refusals.refused(error, self.address) from error
        except (self._api.RetryError, self._auth.GoogleAuthError, self._requests.RequestException) as error:
            raise refusals.away(error, self.address) from error
        except JobTimeoutError as error:
            raise refusals.slow(self.address, self.seconds) from error

    def _run(self, statements: str, values: Mapping[str, object] | None) -> Any:
        """What `statements` find; they are tried again where BigQuery gave them up: done twice they are as once."""
        deadline, pause = time.monotonic() + self.patience, _FIRST_PAUSE
        while True:
            try:
                return self._sent(statements, values or {}).result(
                    timeout=self.seconds, retry=self._retry, job_retry=None
                )
            except self._api.GoogleAPICallError as error:
                if not refusals.passes(error) or time.monotonic() + pause > deadline:
                    raise
            time.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311  # not a secret
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _sent(self, statements: str, values: Mapping[str, object], *, dry_run: bool = False) -> Any:
        config = self._library.QueryJobConfig(
            query_parameters=[self._parameter(name, value) for name, value in values.items()],
            default_dataset=f"{self.address.project}.{self.address.dataset}",
            job_timeout_ms=int(self.seconds * 1000),
            use_legacy_sql=False,
            use_query_cache=False,
            dry_run=dry_run,
        )
        return self._client.query(
            statements, job_config=config, retry=self._retry, timeout=self.seconds, job_retry=None
        )

    def _parameter(self, name: str, value: object) -> Any:
        for text in value if isinstance(value, tuple) else (value,):
            str(text).encode()
        if isinstance(value, tuple):
            return self._library.ArrayQueryParameter(name, "STRING", list(value))
        kind = {str: "STRING", int: "INT64", float: "FLOAT64", type(None): "STRING"}[type(value)]
        return self._library.ScalarQueryParameter(name, kind, value)

    def _found(self, table: Table) -> Any:
        try:
            return self._client.get_table(self._reference(table), retry=self._retry, timeout=self.seconds)
        except self._api.NotFound as error:
            if refusals.is_about_project(error):
                raise
            return None

    def _reference(self, table: Table) -> Any:
        return self._library.DatasetReference(self.address.project, self.address.dataset).table(table.name)

    def _create(self, table: Table) -> None:
        made = self._library.Table(self._reference(table), schema=self._fields(table))
        made.clustering_fields = list(table.together) or None
        asked = {"exists_ok": True, "retry": self._retry, "timeout": self.seconds}
        try:
            self._client.create_table(made, **asked)
        except self._api.NotFound:
            dataset = self._library.Dataset(f"{self.address.project}.{self.address.dataset}")
            dataset.location = self.address.location
            self._client.create_dataset(dataset, **asked)
            self._client.create_table(made, **asked)

    def _extend(self, found: Any, table: Table) -> None:
        known = {column.name for column in found.schema}
        more = [field for field in self._fields(table) if field.name not in known]
        if more:
            found.schema = [*found.schema, *(self._nullable(field) for field in more)]
            try:
                self._client.update_table(found, ["schema"], retry=self._retry, timeout=self.seconds)
            except self._api.PreconditionFailed:  # another program was quicker
                self._extend(self._client.get_table(found.reference), table)

    def _fields(self, table: Table) -> list[Any]:
        return [
            self._library.SchemaField(column.name, column.type, "REQUIRED" if column.required else "NULLABLE")
            for column in table.columns
        ]

    def _nullable(self, field: Any) -> Any:
        return self._library.SchemaField(field.name, field.field_type, "NULLABLE")

    @functools.cached_property
    def _client(self) -> Any:
        credentials = None
        if os.environ.get(EMULATOR):
            anonymous = require("google.auth.credentials", extra="bigquery", purpose=_PURPOSE)
            credentials = anonymous.AnonymousCredentials()
        return self._library.Client(
            project=self.address.project, credentials=credentials, location=self.address.location
        )

    @functools.cached_property
    def _retry(self) -> Any:
        return self._library.DEFAULT_RETRY.with_timeout(self.seconds)

    @functools.cached_property
    def _library(self) -> Any:
        return require("google.cloud.bigquery", extra="bigquery", purpose=_PURPOSE)

    @functools.cached_property
    def _api(self) -> Any:
        return require("google.api_core.exceptions", extra="bigquery", purpose=_PURPOSE)

    @functools.cached_property
    def _auth(self) -> Any:
        return require("google.auth.exceptions", extra="bigquery", purpose=_PURPOSE)

    @functools.cached_property
    def _requests(self) -> Any:
        return require("requests.exceptions", extra="bigquery", purpose=_PURPOSE)
