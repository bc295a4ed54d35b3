"""A request as it came and an answer as it goes; the requests are the log that tests look into."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.fakes.kubernetes.model import ApiError

TRUE = ("true", "1", "True", "t", "T", "TRUE")


@dataclass(frozen=True)
class Request:
    """One request; `query` has the last value of each parameter, `headers` have lower-case names."""

    method: str
    path: str
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    def flag(self, name: str) -> bool:
        """Whether a query parameter says true."""
        return self.query.get(name, "") in TRUE

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be stored."""
        return self.query.get("dryRun") == "All"

    @property
    def content_type(self) -> str:
        """The media type of the body, without parameters; JSON where none is given, as the real server takes it."""
        return self.headers.get("content-type", "").partition(";")[0].strip() or "application/json"

    @property
    def manager(self) -> str:
        """Who is named in managedFields: the parameter, or the first word of the User-Agent."""
        agent = self.headers.get("user-agent", "unknown").partition("/")[0]
        return self.query.get("fieldManager") or agent

    def json(self) -> Any:
        """The body, from JSON."""
        return json.loads(self.body)


@dataclass
class Answer:
    """A status with an object (sent as JSON), text, or parts that are sent as they come."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    stream: Iterator[bytes] | None = None
    warnings: list[str] = field(default_factory=list)

    def content(self) -> bytes:
        """The body in bytes."""
        if self.body is None:
            return b""
        if isinstance(self.body, bytes):
            return self.body
        if isinstance(self.body, str):
            return self.body.encode()
        return line(self.body)

    def head(self) -> list[tuple[str, str]]:
        """The headers, with those that every answer has."""
        given = {
            "Cache-Control": "no-cache, private",
            "Content-Type": "text/plain; charset=utf-8" if isinstance(self.body, str) else "application/json",
            **self.headers,
        }
        if self.status == 204:
            given.pop("Content-Type")
        return [*given.items(), *(("Warning", f"299 - {quoted(text)}") for text in self.warnings)]


def quoted(text: str) -> str:
    """A quoted-string of HTTP, as Go writes it in a Warning header."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def line(value: Any) -> bytes:
    """One line of JSON as the API server writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def refusal(error: ApiError, warnings: Iterable[str] = ()) -> Answer:
    """The answer that tells of an error."""
    body: Any = f"{error.message}\n" if error.plain else error.body()
    headers = dict(error.headers)
    seconds = (error.details or {}).get("retryAfterSeconds")
    if seconds and "Retry-After" not in headers:
        headers["Retry-After"] = str(seconds)
    return Answer(error.code, body, headers, warnings=list(warnings))
