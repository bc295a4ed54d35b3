"""``cajajejo metrics alerts``: what is wrong now, and who is still to be told."""

import os
import time
from typing import TYPE_CHECKING, Annotated

import typer

from cajajejo.cli import screen
from cajajejo.cli.metric_options import DEFAULT_HISTORY, HistoryUrl
from cajajejo.cli.options import AsJson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.metrics.history.store import Store
    from cajajejo.metrics.sending.sink import AlertSink

AlertTests = Annotated[
    list[str] | None, typer.Argument(metavar="TEST", help="Names of tests; without: all.", show_default=False)
]
Send = Annotated[bool, typer.Option("--send", help="Send now what is due, as check --alert does.")]


def alerts(
    tests: AlertTests = None,
    send: Send = False,
    history: HistoryUrl = DEFAULT_HISTORY,
    as_json: AsJson = False,
) -> None:
    """Show what is wrong now, and which alerts were not sent yet.

    Example: cajajejo metrics alerts pythia

    An alert is open from the run that check --alert told it of until a later run is well, or its level is accepted.
    What a sink did not take is kept and tried again, by the next check --alert or by --send.
    """
    from cajajejo.metrics.history import History
    from cajajejo.metrics.reports import open_alerts

    store = History.at(history).store
    if send:
        from cajajejo.metrics.sending import sinks

        deliver(store, sinks.here(os.environ, say=screen.alert), tests or ())
    found = open_alerts.of(store, tests or ())
    for warning in open_alerts.unknown(store, tests or (), found):
        screen.warn(warning)
    if as_json:
        screen.result_json(open_alerts.document(found))
    else:
        screen.result(*open_alerts.screen(found, time.time(), screen.out_style()))


def deliver(store: "Store", sinks: "Sequence[AlertSink]", tests: "Sequence[str]" = ()) -> None:
    """Sends what is due, of `tests` or of all, and says what became of it; what cannot be sent is a warning."""
    from cajajejo.metrics import sending

    sent = sending.deliver(store, sinks, tests=tests)
    screen.say(*sent.lines)
    for warning in sent.warnings:
        screen.warn(warning)
