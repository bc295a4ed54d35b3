"""What the tests of the sinks begin with: events, and the text that breaks things."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cajajejo.metrics.judgement.incidents import Event, Incident
from cajajejo.metrics.runs import Origin, Run

if TYPE_CHECKING:
    from cajajejo.metrics.judgement.alerts import Kind
    from cajajejo.metrics.judgement.incidents import Happening

START = 1_795_269_731.0
ORIGIN = Origin(
    logs_link="https://console.cloud.google.com/logs?project=p&q=job",
    logs_command="gcloud logging read 'labels.job=\"demo\"' > demo_logs.txt",
    workload_link="https://console.cloud.google.com/kubernetes/job/demo",
)
MESSAGE = "loss_final is 0.520; it must be less than 0.432"
HOSTILE = (
    *("\n", "\r\n", "\0", "\x1b[31m", "\x85", "\u2028", "\u202e", "\ud800", "\udfff", "\ufeff", "\ufffe"),
    *("<script>alert(1)</script>", "</pre></style>", '"onload=x', "'", "&amp;", "<!channel>", "<@U1>", "```", "|x>"),
    *("=?utf-8?q?x?=", "a@b.c, d@e.f", "\n.\n", "Bcc: x@y.z\r\n", "漢字", "👩\u200d🚀", "e\u0301", "[a](javascript:b)"),
    *("javascript:alert(1)", "data:text/html,x", 'https://x.org/"><script>', "${X}", "%s", "{0}", "x" * 100_000),
)


def event(
    message: str = MESSAGE,
    *,
    happening: Happening = "opened",
    kind: Kind = "regression",
    test: str = "demo",
    metric: str | None = "loss_final",
    **of_the_run: Any,
) -> Event:
    """An event of a run of `test`; `of_the_run` are further fields of the run."""
    run = Run(
        **{"test": test, "run_id": "r7", "start_time": START, "commit": "10abfb1", "origin": ORIGIN, **of_the_run}
    )
    return Event(Incident(test, kind, metric, run.run_id, run.start_time, message), happening, run, message)
