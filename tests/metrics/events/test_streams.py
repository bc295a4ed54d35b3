from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo.metrics.events import periods, rows
from tests.metrics.events import memory, plain, written

IMAGE = written.event(5, 2.0, written.image("i", 700))
SMALL = written.event(5, 2.0, written.image("i", 50))
TWO = written.event(5, 2.0, written.simple("x", 1.0), written.simple("loss", 2.0))
OTHER = written.event(5, 2.0, written.listed("other", np.array(-3)))
SAME = written.event(5, 2.0, written.listed("loss", np.array(0.25)))


def logs(steps: int, *, first: int = 0, tags: int = 3, image_every: int = 0) -> list[bytes]:
    """Some tags at each step, and perhaps a large image now and then."""
    return [
        written.event(step, 1e9 + step, value)
        for step in range(first, first + steps)
        for value in (
            *(written.simple(f"tag{number}", step + number / 8) for number in range(tags)),
            *([written.image("image", 600)] if image_every and step % image_every == 0 else []),
        )
    ]


def data(records: list[bytes]) -> bytes:
    return b"".join(map(written.framed, [written.head(), *records]))


def nested(steps: int) -> list[bytes]:
    """A tag at each step, one at each third, and one at each tenth."""
    return [
        written.event(step, 1e9 + step, written.simple(f"every {often}", step))
        for step in range(steps)
        for often in (1, 3, 10)
        if step % often == 0
    ]


def between(records: list[bytes], odd: bytes, every: int) -> list[bytes]:
    """The records with an odd one before each so many of them."""
    return [record for place, each in enumerate(records) for record in ([odd, each] if place % every == 7 else [each])]


LOGS = {
    "one tag": logs(300, tags=1),
    "steps of one, two and three bytes": [*logs(200), *logs(200, first=16_300)],
    "steps that go back": [*logs(150, first=100), *logs(150)],
    "large images at each step": logs(300, image_every=1),
    "large images now and then": logs(300, image_every=50),
    "large images only": [IMAGE] * 200,
    "a pattern of patterns": nested(1500),
    "odd images": between(logs(400), IMAGE, 130),
    "odd images that are small": between(logs(400), SMALL, 130),
    "many odd images": between(logs(200), IMAGE, 10),
    "odd images too often for the pattern between them": between(logs(900, tags=2), IMAGE, 101),
    "odd scalars": between(logs(400), OTHER, 130),
    "odd scalars of the same tag": between(logs(400, tags=1), SAME, 130),
    "odd records of several values": between(logs(400), TWO, 130),
    "odd records that are none": between(logs(400), b"\xff\xff", 130),
    "tags in random order": [
        logs(1, first=int(step), tags=int(count) % 7)[-1]
        for step, count in np.random.default_rng(1).integers(1, 10_000, (500, 2))
        if count % 7
    ],
    "no scalar at all": [written.head()] * 300,
    "nothing": [],
}


@pytest.mark.parametrize("block", [2_000, 5_000, 100_000])
@pytest.mark.parametrize("records", LOGS.values(), ids=LOGS.keys())
def test_a_file_is_read_as_by_a_plain_reader(records: list[bytes], block: int) -> None:
    whole = data(records)
    memory.check(memory.by_blocks(whole, block), whole)


@pytest.mark.parametrize("records", LOGS.values(), ids=LOGS.keys())
def test_damage_costs_only_what_is_damaged(records: list[bytes]) -> None:
    whole = bytearray(data(records))
    for place in range(1000, len(whole), 7001):
        whole[place] ^= 0x20
    memory.check(memory.by_blocks(bytes(whole), 20_000), bytes(whole))


def test_a_pattern_is_read_in_rows_and_is_taken_up_when_steps_grow() -> None:
    """Else all of this would be right, but slow."""
    read = memory.by_blocks(data(logs(20_000)), 1 << 21)
    chunks = read.run.of("tag0", "")
    assert chunks is not None
    assert len(chunks) < 40
    assert max(len(chunk.steps) for chunk in chunks) > 1000
    assert periods.LONGEST > 1000 > rows._MANY


@given(
    cut=st.integers(0, 40_000),
    place=st.integers(0, 40_000),
    kind=st.sampled_from(sorted(LOGS)),
    block=st.integers(1_500, 9_000),
)
@settings(max_examples=150, deadline=None)
def test_a_torn_file_with_a_flipped_bit_is_read_as_by_a_plain_reader(
    cut: int, place: int, kind: str, block: int
) -> None:
    torn = bytearray(data(LOGS[kind][:400])[:cut])
    if place < len(torn):
        torn[place] ^= 1
    memory.check(memory.by_blocks(bytes(torn), block), bytes(torn))


@pytest.mark.parametrize("garbage", [b"\0", b"\xff"], ids=["zeros", "ones"])
def test_damage_may_be_longer_than_the_block(garbage: bytes) -> None:
    records = [written.framed(record) for record in logs(100)]
    whole = b"".join([*records[:100], garbage * 5000, *records[100:]])
    memory.check(memory.by_blocks(whole, 4096), whole)


def test_headers_without_records_do_not_hide_what_is_behind_them() -> None:
    records = [written.framed(record) for record in logs(100)]
    whole = b"".join([*records[:100], written.framed(bytes(90))[:12] * 5000, *records[100:]])
    read = memory.by_blocks(whole, 4096)
    assert memory.points(read.run) == plain.points(plain.read(whole))
