"""Headers known by sight: where many records end, without going from one to the next.

The header of a record of less than 64 KiB is a length of two bytes, six zero bytes, and the checksum of these eight.
Six zeros in a row are rare in the data of a record, and with the right checksum behind them hardly ever an accident.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.events import checksums
from cajajejo.metrics.events.checksums import FOOTER, HEADER

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cajajejo.metrics.events.arrays import Bytes, Places

_HEADER: Final = np.dtype([("length", "<u2"), ("zeros", "V6"), ("checksum", "<u4")])


def ends(glance: Bytes) -> Places:
    """Where each record ends, from the first on, which begins with `glance`; the last one may end behind it.

    Fewer are found where a record is larger, where a header is damaged, and where data look like a header.
    """
    starts = _places(glance)
    every: NDArray[np.void] = np.ndarray(max(0, len(glance) - HEADER + 1), f"V{HEADER}", glance, 0, (1,))
    headers = every[starts].view(_HEADER)
    lengths = headers["length"]
    right = (_checksums().take(lengths) == headers["checksum"]) & (lengths != 0)
    starts = starts[right]
    found: Places = starts + lengths[right] + (HEADER + FOOTER)
    if not len(starts) or starts[0] != 0:
        return found[:0]
    gaps = np.flatnonzero(found[:-1] != starts[1:])
    return found[: gaps[0] + 1] if len(gaps) else found


def _places(glance: Bytes) -> Places:
    """Where a header may be."""
    zero = glance[2 : max(2, len(glance) - FOOTER)] == 0
    two = zero[1:] & zero[:-1]
    four = two[2:] & two[:-2]
    return np.flatnonzero(four[:-2] & two[4:])


@functools.cache
def _checksums() -> NDArray[np.uint32]:
    """By its length, the checksum in the header of a record: each byte changes a CRC by itself, which is linear."""
    nothing = checksums.crc(bytes(8))
    low = np.array([checksums.crc(bytes([byte, *bytes(7)])) for byte in range(256)], np.uint32)
    high = np.array([checksums.crc(bytes([0, byte, *bytes(6)])) ^ nothing for byte in range(256)], np.uint32)
    return checksums.mask((high.reshape(-1, 1) ^ low).ravel())
