"""Patience: how often, and how long between."""

from __future__ import annotations

import pytest

from cajajejo.errors import ModelError, SourceAwayError
from cajajejo.models.patience import Patience, patiently

QUICK = Patience(tries=3, first=0.001, longest=0.002)


def test_waits_grow_to_a_limit_and_are_spread() -> None:
    policy = Patience(first=1.0, longest=8.0)
    for failures, longest in ((1, 1.0), (2, 2.0), (3, 4.0), (4, 8.0), (9, 8.0), (5000, 8.0)):
        waits = {policy.wait(failures) for _ in range(50)}
        assert longest / 2 <= min(waits) < max(waits) <= longest


def test_who_is_away_is_asked_again() -> None:
    answers = [SourceAwayError("503 from there"), SourceAwayError("503 from there")]
    said: list[str] = []

    def ask() -> int:
        if answers:
            raise answers.pop()
        return 7

    assert patiently(QUICK, ask, said.append) == 7
    assert said == ["503 from there; trying again"] * 2


def test_in_the_end_it_is_given_up() -> None:
    asked = []

    def ask() -> int:
        asked.append(1)
        raise SourceAwayError("503 from there", facts={"for": "listing"})

    with pytest.raises(ModelError, match="503 from there") as caught:
        patiently(QUICK, ask, lambda _: None)
    assert caught.value.facts == {"for": "listing", "tried": "3 times"}
    assert caught.value.run == ("the same command again, later",)
    assert len(asked) == 3


def test_a_server_that_is_silent_for_long_is_not_asked_again() -> None:
    asked = []

    def ask() -> int:
        asked.append(1)
        raise SourceAwayError("silence")

    with pytest.raises(ModelError, match="silence") as caught:
        patiently(Patience(enough=0.0), ask, lambda _: None)
    assert (asked, caught.value.facts) == ([1], {"tried": "once"})
