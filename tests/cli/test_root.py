"""The switches of the program itself."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cajajejo import __version__
from cajajejo.cli import app, run, screen

if TYPE_CHECKING:
    import pytest


def test_the_version_is_one_line_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(app, ["--version"], prog_name="cajajejo") == 0
    assert capsys.readouterr() == (f"{__version__}\n", "")


def test_a_colour_that_is_none_of_the_three_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(app, ["metrics", "history", "t", "--color", "pink"], prog_name="cajajejo") == 2
    assert "'pink' is not one of" in capsys.readouterr().err
    monkeypatch.setenv("CAJAJEJO_COLOR", "pink")
    assert run(app, ["metrics", "history", "t"], prog_name="cajajejo") == 2


def test_trace_shows_the_log_of_our_modules_and_nothing_does_without_it(capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.getLogger("cajajejo.harness.helm")
    for _ in range(2):
        screen.configure(trace=True)
    log.debug("helm-run --suite %s", "v1")
    screen.configure(trace=False)
    log.debug("unseen")
    assert capsys.readouterr().err == "cajajejo.harness.helm - DEBUG - helm-run --suite v1\n"
