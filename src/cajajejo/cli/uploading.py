"""``cajajejo jobs evaluation upload-results``: tracks what was kept when the tracking server was away."""

from typing import TYPE_CHECKING

from cajajejo.cli import screen
from cajajejo.cli.options import AsJson, KeptAddress, TrackingUri
from cajajejo.errors import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.spool import Upload, Uploaded


def upload_results(address: KeptAddress, tracking_uri: TrackingUri = None, as_json: AsJson = False) -> int:
    """Track what was kept while the server was away.

    Example: cajajejo jobs evaluation upload-results gs://neurips-spool/eval-neurips-merciful-crocodile-3f2a9c1d-0a1b2c3d
    """
    from cajajejo import spool

    uploaded = spool.upload(address, tracking_uri=tracking_uri, say=screen.say)
    if as_json:
        screen.result_json(_json(uploaded))
    else:
        screen.result(*(done.run_id for done in uploaded.uploads))
        for done in uploaded.uploads:
            screen.say(*_lines(done))
    for where in uploaded.incomplete:
        screen.warn(f"not complete, so that it is left out: {where}")
    for _, error in uploaded.failed:
        screen.error(error.lines())
    return ExitCode.FAILED if uploaded.failed else ExitCode.DONE


def _lines(done: "Upload") -> "Iterator[str]":
    place = f"mlflow run {done.run_id} in {done.tracking_uri}"
    if done.sent:
        yield f"sent {done.name}: {done.holds}, to {place}"
    else:
        yield f"{done.name} was there already: {place}"
    for path in done.refused:
        yield f"  left out, because the store refuses it: {path}"
    if done.removal:
        yield f"Next: {done.removal}     nothing needs this copy any more"


def _json(uploaded: "Uploaded") -> dict[str, object]:
    """The document of ``--json``."""
    return {
        "results": [
            {
                "kept": done.where,
                "name": done.name,
                "mlflow_run_id": done.run_id,
                "tracking_uri": done.tracking_uri,
                "outcome": "sent" if done.sent else "there",
                "left_out": list(done.refused),
            }
            for done in uploaded.uploads
        ],
        "failed": [{"kept": where, **error.as_json()} for where, error in uploaded.failed],
        "incomplete": list(uploaded.incomplete),
    }
