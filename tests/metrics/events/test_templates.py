from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.events.templates import Template
from tests.metrics.events import memory


@given(
    period=st.binary(min_size=1, max_size=30),
    times=st.integers(0, 300),
    flips=st.lists(st.tuples(st.integers(0, 9000), st.integers(0, 7)), max_size=4),
    data=st.data(),
)
def test_the_first_byte_that_differs_in_a_fixed_bit_is_found(
    period: bytes, times: int, flips: list[tuple[int, int]], data: st.DataObject
) -> None:
    mask = data.draw(st.binary(min_size=len(period), max_size=len(period)))
    flat = memory.array(period * times)
    for place, bit in flips:
        if place < len(flat):
            flat[place] ^= 1 << bit
    fixed = (
        place
        for place, byte in enumerate(flat.tolist())
        if (byte ^ period[place % len(period)]) & mask[place % len(period)]
    )
    template = Template(memory.array(period), memory.array(mask))
    assert template.first_difference(flat) == next(fixed, len(flat))


@pytest.mark.parametrize("place", [0, 299_999, 300_000, 899_999])
def test_a_difference_is_found_far_behind(place: int) -> None:
    period = np.arange(300, dtype=np.uint16).astype(np.uint8)
    flat = np.tile(period, 3000)
    flat[place] ^= 1
    assert Template(period, np.full(300, 255, np.uint8)).first_difference(flat) == place


def test_nothing_agrees_with_nothing() -> None:
    nothing = np.empty(0, np.uint8)
    assert Template(nothing, nothing).first_difference(nothing) == 0
