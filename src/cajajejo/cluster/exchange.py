"""One exchange with an API server as values: with which cluster, what was asked, and what came back."""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cajajejo.errors import printable
from cajajejo.phrases import without_logins

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.cluster.kinds import Kind

JsonObject: TypeAlias = dict[str, Any]
"""An API object as JSON has it."""

_WARNING: Final = re.compile(r'299 \S+ "((?:[^"\\]|\\.)*)"')
_TITLE: Final = re.compile(r"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_LONGEST: Final = 300


@dataclass(frozen=True, slots=True)
class Target:
    """The cluster that is talked to: its context, the context's namespace, and the server's address.

    `is_current` tells whether kubectl uses the same context unasked.
    """

    context: str
    namespace: str | None
    server: str
    is_current: bool = True

    @property
    def kubectl(self) -> str:
        """``kubectl``, with ``--context`` where it would otherwise talk to another cluster."""
        return "kubectl" if self.is_current else f"kubectl --context {pasted(self.context)}"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for, as errors name it: ``create jobs.batch eval-x in namespace default``."""

    verb: str
    kind: Kind | None = None
    name: str | None = None
    namespace: str | None = None
    path: str = ""

    @property
    def thing(self) -> str:
        """The object or collection, without the verb."""
        if self.kind is None:
            return self.path
        name = f" {plain(self.name, 253)}" if self.name else ""
        inside = f" in namespace {plain(self.namespace)}" if self.namespace else ""
        return f"{self.kind.resource}{name}{inside}"

    def __str__(self) -> str:
        return f"{self.verb} {self.thing}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an API server answered: status, a few headers (in lower case), body, texts of warnings."""

    status: int
    headers: dict[str, str]
    body: bytes
    warnings: tuple[str, ...] = ()
    stream: Any = None
    """The response of urllib3, still unread, where a stream was asked for."""

    @property
    def is_good(self) -> bool:
        """Whether it claims success."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def content_type(self) -> str:
        """``application/json``, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def status_object(self) -> JsonObject | None:
        """The ``Status`` that Kubernetes tells errors by; None where the body is something else."""
        body = self.json()
        return body if isinstance(body, dict) and body.get("kind") == "Status" else None

    def text(self) -> str:
        """The body as text that may be shown."""
        return plain(self.body[: 4 * _LONGEST].decode("utf-8", "replace"))

    def page_title(self) -> str | None:
        """The title of the web page that came in place of an answer; None where it is no page."""
        page = self.body[:8192].decode("utf-8", "replace")
        if self.content_type != "text/html" and not page.lstrip()[:15].lower().startswith(("<!doctype html", "<html")):
            return None
        found = _TITLE.search(page)
        return plain(found[1]) if found and found[1].strip() else "(without a title)"


def parse_warnings(headers: Sequence[str]) -> tuple[str, ...]:
    """The texts of ``Warning`` headers, each once."""
    texts = (re.sub(r"\\(.)", r"\1", found) for header in headers for found in _WARNING.findall(header))
    return tuple(dict.fromkeys(plain(text) for text in texts))


def pasted(text: object) -> str:
    """`text` from elsewhere as one word of a command that is pasted into a shell."""
    return shlex.quote(plain(text, 253))


def plain(text: object, length: int = _LONGEST) -> str:
    """`text` from elsewhere as it may be shown: on one line, no control characters, no tokens, not over `length`."""
    line = without_logins(" ".join(str(text)[: 8 * length].split())).strip()
    shown = printable(line)
    return shown if len(shown) <= length else shown[: length - 1].rstrip() + "…"
