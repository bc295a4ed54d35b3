"""The clock of a harness at work, which a test sets forward: a time-out comes at its moment on any machine."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

from cajajejo.harness import breaking_off, process, publishing, recording, steps

if TYPE_CHECKING:
    import pytest


class Clock:
    """What tells time where a program is watched, from now on."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._ahead = 0.0
        monkeypatch.setattr(process, "time", SimpleNamespace(monotonic=self._monotonic, sleep=time.sleep))

    def pass_by(self, seconds: float) -> None:
        """So much time has passed."""
        self._ahead += seconds

    def _monotonic(self) -> float:
        return time.monotonic() + self._ahead


def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives all that is kept and told at the end its time: how little a pod has is not what most tests are about."""
    for module, names in (
        (breaking_off, ("SECONDS", "MARK_SECONDS")),
        (publishing, ("_LABEL_SECONDS",)),
        (recording, ("SECONDS", "STOPPED_SECONDS")),
        (steps, ("FLUSH_SECONDS", "KEEP_SECONDS")),
    ):
        for name in names:
            monkeypatch.setattr(module, name, 300.0)
