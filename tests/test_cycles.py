"""The search for cycles is off inside, and on again afterwards, unless somebody else had turned it off."""

from __future__ import annotations

import gc

import pytest

from cajajejo.cycles import no_search_for_cycles


def test_it_is_off_inside_and_on_again_after_an_error() -> None:
    def fails() -> None:
        with no_search_for_cycles(), no_search_for_cycles():
            assert not gc.isenabled()
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fails()
    assert gc.isenabled()


def test_who_turned_it_off_finds_it_off() -> None:
    gc.disable()
    try:
        with no_search_for_cycles():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
