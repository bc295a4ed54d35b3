from __future__ import annotations

from cajajejo.alert_outputs import Alerts
from cajajejo.metrics.judgement.incidents import Delivery, Event, Incident
from cajajejo.metrics.reports import open_alerts
from cajajejo.metrics.reports.open_alerts import OpenAlerts
from cajajejo.metrics.runs import Run
from cajajejo.terminal import Style

NOW = 1795262400.0
WORSE = "loss_final is 0.520; it must be less than 0.450"
LOSS = Incident("demo", "regression", "loss_final", "r7", NOW - 3 * 86_400, WORSE)
JOB = Incident("pythia\x1b", "failed", None, "9c41\nd0", NOW + 60, "pythia: the job failed")
TOLD = Event(LOSS, "opened", Run("demo", "r7", NOW - 3 * 86_400), WORSE)
OVER = Event(JOB, "recovered", Run("pythia\x1b", "9c42", NOW), "pythia: the job succeeded again")


def test_nothing_wrong_is_a_line() -> None:
    assert open_alerts.screen(OpenAlerts((), ()), NOW, Style()) == ["no open alert"]


def test_open_alerts_are_told_with_their_age_and_run() -> None:
    assert open_alerts.screen(OpenAlerts((LOSS, JOB), ()), NOW, Style()) == [
        "  test        metric      age  since run  what",
        f"  demo        loss_final   3d  r7         {WORSE}",
        "  pythia\\x1b  the job      0s  9c41\\nd0   pythia: the job failed",
        "",
        "2 open alerts",
    ]


def test_a_sink_that_was_not_reached_is_told_with_its_last_error() -> None:
    unsent = (
        Delivery(TOLD, "slack by HOOK", 3, NOW - 99, "503 Service Unavailable", NOW + 60),
        Delivery(OVER, "slack by HOOK", 1, NOW - 9, None, NOW + 70),
        Delivery(OVER, "stderr", 0, NOW - 9, None, NOW - 9),
    )
    assert open_alerts.screen(OpenAlerts((LOSS,), unsent), NOW, Style(unicode=False))[3:] == [
        "  not sent to    alerts  tries  next try          last error",
        "  slack by HOOK       2      3  2026-11-21 12:01  503 Service Unavailable",
        "  stderr              1      0  due               -",
        "",
        "1 open alert, 3 not sent",
    ]


def test_the_document_has_everything() -> None:
    found = OpenAlerts((LOSS,), (Delivery(OVER, "slack by HOOK", 3, NOW - 99, "503", NOW + 60),))
    document = open_alerts.document(found)
    assert document == {
        "alerts": [
            {
                "test": "demo",
                "kind": "regression",
                "metric": "loss_final",
                "run_id": "r7",
                "start_time": "2026-11-18T12:00:00Z",
                "message": WORSE,
            }
        ],
        "unsent": [
            {
                "sink": "slack by HOOK",
                "test": "pythia\x1b",
                "metric": None,
                "happening": "recovered",
                "run_id": "9c42",
                "message": "pythia: the job succeeded again",
                "since": "2026-11-21T11:58:21Z",
                "attempts": 3,
                "error": "503",
                "next_try": "2026-11-21T12:01:00Z",
            }
        ],
    }
    assert Alerts.model_validate(document).as_json() == document
