from __future__ import annotations

import hashlib
import math
import struct

import numpy as np
import pytest

from cajajejo.metrics.events.series import Events, Series

NAN = math.nan


def series(*points: tuple[int, float, float]) -> Series:
    steps, walls, values = zip(*points, strict=True)
    return Series(np.array(steps, np.int64), np.array(walls), np.array(values))


@pytest.mark.parametrize(
    ("other", "equal"),
    [
        (series((1, 2.0, NAN), (3, NAN, 4.0)), True),
        (series((1, 2.0, NAN)), False),
        (series((2, 2.0, NAN), (3, NAN, 4.0)), False),
        (series((1, 2.5, NAN), (3, NAN, 4.0)), False),
        (series((1, 2.0, NAN), (3, NAN, 4.5)), False),
        ("text", False),
    ],
    ids=["the same", "fewer", "another step", "another time", "another value", "no series"],
)
def test_series_are_equal_if_their_numbers_are(other: object, *, equal: bool) -> None:
    one = series((1, 2.0, NAN), (3, NAN, 4.0))
    assert (one == other, one != other) == (equal, not equal)


def test_the_length_of_a_series_is_that_of_its_arrays() -> None:
    assert len(series((1, 2.0, 3.0), (4, 5.0, 6.0))) == 2


def test_a_series_is_no_key() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(series((1, 2.0, 3.0)))


def test_a_digest_is_over_runs_and_tags_in_order_and_over_every_point() -> None:
    hashed = hashlib.sha256()
    hashed.update(b"a\0x\0001\0" + struct.pack("<qdd", -1, 2.0, math.inf))
    hashed.update("b\0ü\0".encode() + b"2\0" + struct.pack("<qddqdd", 1, 2.0, 3.0, 4, 5.0, 6.0))
    found = Events({("b", "ü"): series((1, 2.0, 3.0), (4, 5.0, 6.0)), ("a", "x"): series((-1, 2.0, math.inf))})
    assert found.digest() == hashed.hexdigest()[:16]


def test_a_digest_of_nothing() -> None:
    assert Events().digest() == hashlib.sha256().hexdigest()[:16]
