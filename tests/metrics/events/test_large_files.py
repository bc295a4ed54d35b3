"""A file of any size is read in the memory that its scalars take."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import google_crc32c
import pytest

from tests.metrics.events import written

if TYPE_CHECKING:
    from pathlib import Path

BLOCK = bytes(1 << 24)
PROGRAM = """
import json, resource, sys
from cajajejo.metrics import events
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = events.read(sys.argv[1])
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
points = {tag: one.values.tolist() for (_, tag), one in found.series.items()}
print(json.dumps([points, len(found.warnings), grown / 1024]))
"""


def masked(checksum: int) -> bytes:
    return struct.pack("<I", ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF)


def image(size: int) -> tuple[bytes, bytes, bytes]:
    """A record with an image of so many zeros: what stands before them, the footer, and one that is wrong."""

    def field(number: int, length: int) -> bytes:
        written_length, left = bytearray(), length
        while left > 0x7F:
            written_length.append(left & 0x7F | 0x80)
            left >>= 7
        return bytes([number << 3 | 2, *written_length, left])

    inner = field(4, size)
    named = b"\x0a\x05image" + field(4, len(inner) + size) + inner
    valued = field(1, len(named) + size) + named
    payload = b"\x10\x05" + field(5, len(valued) + size) + valued
    length = struct.pack("<Q", len(payload) + size)
    checksum = google_crc32c.value(payload)
    for start in range(0, size, len(BLOCK)):
        checksum = google_crc32c.extend(checksum, BLOCK[: min(len(BLOCK), size - start)])
    head = length + masked(google_crc32c.value(length)) + payload
    return head, masked(checksum), masked(checksum ^ 1)


@pytest.mark.parametrize(("size", "whole"), [(5_000_000_000, True), (1_000_000_000, False)], ids=["whole", "damaged"])
def test_gigabytes_that_are_no_scalar_take_no_memory(tmp_path: Path, size: int, *, whole: bool) -> None:
    scalar = written.framed(written.event(1, 2.0, written.simple("loss", 0.5)))
    head, right, wrong = image(size)
    with (tmp_path / written.FILE).open("wb") as file:
        file.write(scalar + head)
        file.seek(size, 1)  # a hole: nothing of it is on the disk
        file.write((right if whole else wrong) + scalar)
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    told = subprocess.run(command, check=False, capture_output=True, text=True, timeout=300)
    assert told.returncode == 0, told.stderr
    points, warnings, mebibytes = json.loads(told.stdout)
    assert (points, warnings) == ({"loss": [0.5, 0.5]}, 0 if whole else 1)
    assert mebibytes < 100
