"""Checks that send alerts may be killed at any moment; `scripts/kill_alerts.py` does it hundreds of times."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.alert_kills import Killing, far_ends

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", [0, 1])
def test_each_alert_is_told_once_through_kills(tmp_path: Path, seed: int) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    with far_ends() as ends:
        killing = Killing(tmp_path, ends, random.Random(seed), url)  # noqa: S311  # moments, no secrets
        while killing.kills < 8:
            killing.go_through()
        killing.assert_each_told_once()


@pytest.mark.parametrize(("sink", "after"), [("webhook", True), ("webhook", False), ("email", True), ("email", False)])
def test_only_what_was_taken_from_a_sender_that_was_killed_then_comes_twice(
    tmp_path: Path, sink: str, *, after: bool
) -> None:
    url = f"sqlite:///{tmp_path}/history.db"
    with far_ends() as ends:
        killing = Killing(tmp_path, ends, random.Random(3), url)  # noqa: S311  # a choice of values, no secret
        night = killing.night(bad=True)
        killing.kill(night, sink, after=after)
        killing.finish(night)
        killing.assert_each_told_once()
    assert killing.kills == 1
    counts = {name: max(killing.taken(name).values()) for name in ("stderr", "webhook", "email")}
    assert counts == {"stderr": 1, "webhook": 1, "email": 1} | ({sink: 2} if after else {})
