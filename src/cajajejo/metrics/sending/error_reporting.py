"""Alerts as events of Google Cloud's Error Reporting, which groups, acknowledges and mutes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from cajajejo.metrics.sending import google, wording
from cajajejo.metrics.sending.web import Web

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.judgement.incidents import Event

ERROR_REPORTING: Final = "https://clouderrorreporting.googleapis.com"
_ERRORS: Final = frozenset({"opened", "escalated"})


@dataclass(frozen=True, slots=True)
class ErrorReporting:
    """The Error Reporting of a project; `url` is where it is."""

    project: str
    url: str = field(default=ERROR_REPORTING, repr=False)
    tests: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What its deliveries are kept under."""
        return f"error_reporting of {self.project}"

    @property
    def most(self) -> int:
        """A request reports one event."""
        return 1

    def send(self, events: Sequence[Event], key: str) -> None:  # noqa: ARG002  # an event has no key there
        """Reports what went wrong; that it is over is nothing that Error Reporting knows, and not sent.

        Raises:
            AlertError: it was not taken.
        """
        wrong = [event for event in events if event.happening in _ERRORS]
        if not wrong:
            return
        login = google.token()
        web = Web(f"Error Reporting ({self.project})", (login,))
        for event in wrong:
            address = f"{self.url}/v1beta1/projects/{quote(self.project)}/events:report"
            web.post(address, document(event), {"Authorization": f"Bearer {login}"})


def document(event: Event) -> dict[str, Any]:
    """What is reported of an event; those of one test and metric are a group."""
    run, metric = event.run, event.incident.metric
    more = [f"Logs for this run: {url}" for title, url in wording.links(run) if title == "Log"]
    return {
        "serviceContext": {"service": "cajajejo", **({"version": wording.name(run.commit)} if run.commit else {})},
        "message": " ||| ".join([wording.with_test(event), *more]),
        "context": {
            "reportLocation": {
                "filePath": wording.name(run.test),
                "functionName": wording.name(metric) if metric else "the job",
            }
        },
    }
