"""Alerts as JSON to any program that takes them over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cajajejo.metrics.sending import wording

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.judgement.incidents import Event
    from cajajejo.metrics.sending.web import Web

_MESSAGE: Final = 4_000


@dataclass(frozen=True, slots=True)
class Webhook:
    """A program that takes JSON at `url`; `token` is sent as ``Authorization: Bearer``."""

    name: str
    web: Web
    url: str = field(repr=False)
    token: str | None = field(default=None, repr=False)
    tests: tuple[str, ...] = ()

    @property
    def most(self) -> int:
        """So many events in one request."""
        return 100

    def send(self, events: Sequence[Event], key: str) -> None:
        """Posts `document`, with the header ``Idempotency-Key``.

        Raises:
            AlertError: it was not taken.
        """
        login = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        self.web.post(self.url, document(events, key), {"Idempotency-Key": wording.plain_key(key), **login})


def document(events: Sequence[Event], key: str) -> dict[str, Any]:
    """What is posted of `events`; fields may be added, none is renamed or removed."""
    return {"version": 1, "key": wording.plain_key(key), "alerts": [_alert(event) for event in events]}


def _alert(event: Event) -> dict[str, Any]:
    run = event.run
    origin = run.origin
    return {
        "id": event.id,
        "happening": event.happening,
        "kind": event.incident.kind,
        "test": run.test,
        "metric": event.incident.metric,
        "message": wording.cut(event.message, _MESSAGE),
        "run_id": run.run_id,
        "start_time": wording.started_at(run),
        "commit": run.commit,
        "links": {title.lower(): url for title, url in wording.links(run)},
        "logs_command": origin.logs_command,
    }
