"""Patterns looked for: after how many records the same ones come again."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.metrics.events import checksums, layouts
from cajajejo.metrics.events.patterns import Pattern
from cajajejo.metrics.events.wire import UnusualError

if TYPE_CHECKING:
    from cajajejo.metrics.events.arrays import Bytes, Places

LONGEST: Final = 1 << 18
"""Bytes of a period at most."""


def pattern(block: Bytes, places: Places) -> Pattern | None:
    """The pattern of the last records, if their second half repeats what was at most half of them ago.

    Args:
        block: holds them.
        places: the beginning of each, and the end of the last.
    """
    sizes = np.diff(places)
    if period(sizes.astype(np.uint8).tobytes()) is None:  # the low byte will do: rows are compared later
        return None
    seen: dict[tuple[int, bytes], int] = {}
    met = [
        seen.setdefault((end - start, layouts.tag(block[start:end].tobytes())), len(seen)) & 0xFF
        for start, end in pairwise(places.tolist())
    ]
    count = period(bytes(met))
    if count is None or places[-1] - places[-1 - count] > LONGEST:
        return None
    return row(block, places[-1 - count :])


def period(met: bytes) -> int | None:
    """After how many of them the bytes repeat, as far as the second half tells; at most half of them."""
    backwards = met[::-1]
    found = backwards.find(backwards[: (len(met) + 1) // 2], 1)
    return None if found < 0 else found


def row(block: Bytes, places: Places) -> Pattern | None:
    """The pattern that these records are one row of; None if one of them is not plain, or damaged."""
    frames = [block[start:end] for start, end in pairwise(places.tolist())]
    try:
        records = [layouts.of(frame.tobytes(), len(frame)) for frame in frames]
    except UnusualError:
        return None
    whole = all(map(checksums.is_whole, frames))
    return Pattern(block[places[0] : places[-1]].copy(), records) if whole else None
