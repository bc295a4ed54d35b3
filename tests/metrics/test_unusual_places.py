"""Places and times at the edge of what a system takes: an expected failure that names them, or an answer."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from cajajejo.cli import app, run
from cajajejo.errors import CajajejoError, HistoryError, UsageError
from cajajejo.metrics import times
from cajajejo.metrics.config import MetricsConfig
from cajajejo.metrics.handler import RunUnderTest, check
from cajajejo.metrics.history import History
from cajajejo.metrics.history.rows import Row
from cajajejo.metrics.reports import pages
from cajajejo.terminal import Style


@pytest.mark.parametrize("status", ["success", "failure"])
def test_a_log_directory_with_a_name_too_long_is_an_expected_failure(status: str, tmp_path: Path) -> None:
    settings = MetricsConfig()
    place = Path("x" * 5000)
    test = RunUnderTest("t", status="failure" if status == "failure" else "success")
    with pytest.raises(CajajejoError, match=r"cannot be read: x+") as raised:
        check(place, test, settings, history_url=f"sqlite:///{tmp_path}/h.db")
    assert raised.value.facts == {"says": "File name too long"}


@pytest.mark.parametrize("zone", ["America/New_York", "Pacific/Kiritimati"])
def test_the_earliest_time_is_a_date_in_every_zone(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        with pytest.raises(UsageError):
            times.parse_time("0001-01-01T00:00:00Z", "--start-time")
        earliest = times.parse_time("0001-01-02T00:00:00Z", "--start-time")
        assert earliest is not None
        row = Row("r", earliest, "success", "m", 1.0, None, None, inclusive=False, verdict=None)
        assert len(pages.history([row], Style())) == 3
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_newer_history_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    connection = sqlite3.connect(tmp_path / "h.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    url = f"sqlite:///{tmp_path}/h.db"
    with pytest.raises(HistoryError, match=url):
        History.at(url).rows("t")
    assert run(app, ["metrics", "history", "t", "--history", url], prog_name="cajajejo") == 1
    assert "update cajajejo, or name another file with --history" in capsys.readouterr().err
