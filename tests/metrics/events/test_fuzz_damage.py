"""Whatever happens to the bytes of a file, every record that is still whole is found, and nothing that was not written.

The search that is guided by the code is `scripts/fuzz.py`; this is chance alone, and runs wherever the tests do.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzzing import checks
from tests.metrics.events import written

OTHERS = [
    written.head(),
    written.event(3, 2.0, written.image("image", 500)),
    written.event(3, 2.0, written.histogram("histogram")),
    written.event(-1, 2.0, written.listed("tensor", np.array(0.5, "f2"))),
]


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    """A file of two tags in turns, with other records in between."""
    count = draw(st.integers(0, 150))
    records = [
        written.event(step, 1e9 + step, written.simple(tag, step / 7))
        for step in range(count)
        for tag in ("loss", "accuracy")
    ]
    for place in draw(st.lists(st.integers(0, len(records)), max_size=3)):
        records.insert(place, draw(st.sampled_from(OTHERS)))
    return b"".join(map(written.framed, records))


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """The same with bytes flipped, lost, doubled or put in."""
    data = draw(logs())
    for _ in range(draw(st.integers(0, 3))):
        begin = draw(st.integers(0, len(data)))
        end = min(len(data), begin + draw(st.sampled_from([0, 1, 4, 12, 100, 5000])))
        middle = draw(st.sampled_from([b"", bytes(end - begin), data[begin:end] * 2]) | st.binary(max_size=40))
        data = data[:begin] + middle + data[end:]
    for place in draw(st.lists(st.integers(0, max(0, len(data) - 1)), max_size=3)):
        data = data[:place] + bytes([data[place] ^ 1 << draw(st.integers(0, 7))]) + data[place + 1 :] if data else data
    return data


@settings(max_examples=100)
@given(data=damaged() | st.binary(max_size=300))
def test_what_is_whole_is_found_and_what_is_damaged_is_told(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        checks.event_file(data, Path(folder))
