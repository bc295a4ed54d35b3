from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest

from cajajejo.metrics.events import periods
from tests.metrics.events import memory, written


@pytest.mark.parametrize(
    ("met", "period"),
    [
        ("aaaa", 1),
        ("abababab", 2),
        ("xyzabcabcabcabc", 3),
        ("aabaabaab", 3),
        ("abcdabcd", 4),
        ("abcdabc", None),
        ("abcdefgh", None),
        ("aaaaaaab", None),
        ("a", None),
        ("", None),
    ],
)
def test_a_period_explains_the_second_half(met: str, period: int | None) -> None:
    assert periods.period(met.encode()) == period


def frames(*tags: str) -> list[bytes]:
    return [written.framed(written.event(1 + step, 1.0, written.simple(tag, 0.5))) for step, tag in enumerate(tags)]


def pattern(records: list[bytes]) -> list[str | None] | None:
    places = np.array(list(accumulate(map(len, records), initial=0)))
    found = periods.pattern(memory.array(b"".join(records)), places)
    return None if found is None else found.tags


def test_records_of_one_size_are_told_apart_by_their_tags() -> None:
    assert pattern(frames(*"abcabcabc")) == ["a", "b", "c"]
    assert pattern(frames(*"abcacbabc")) is None


def test_a_pattern_is_of_whole_and_plain_records_only() -> None:
    torn = frames(*"abab")
    torn[-1] = torn[-1][:-1] + b"x"
    assert pattern(torn) is None
    two = written.framed(written.event(1, 1.0, written.simple("a", 0.5), written.simple("b", 0.5)))
    assert pattern([two, two, two]) is None


def test_a_row_may_not_be_too_long() -> None:
    image = written.framed(written.event(1, 1.0, written.image("a", periods.LONGEST)))
    assert pattern([image, image]) is None
