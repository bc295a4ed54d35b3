"""Bytes and files, counted and said."""

from __future__ import annotations

import pytest

from cajajejo.models.tally import Progress, Tally, size


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_950, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (1_310_000_000, "1.3 GB"),
        (67_000_000_000, "67 GB"),
        (5_000_000_000_000_000, "5000 TB"),
    ],
)
def test_bytes_are_said_with_two_digits_at_least(number: int, said: str) -> None:
    assert size(number) == said


def test_what_is_counted_is_the_progress() -> None:
    tally = Tally([10, 20])
    tally.add(done=12, came=15, files_done=1)
    tally.add(done=-2)
    assert tally.progress == Progress(done=10, total=30, files_done=1, files=2, came=15)
    assert tally.progress.told == "10 B of 30 B, 1 of 2 files"


def test_without_a_size_there_is_no_total() -> None:
    assert Tally([10, None]).progress.told == "0 B, 0 of 2 files"


def test_a_note_is_told_once() -> None:
    tally = Tally([])
    tally.note("a")
    tally.note("b")
    assert (tally.notes(), tally.notes()) == (["a", "b"], [])
