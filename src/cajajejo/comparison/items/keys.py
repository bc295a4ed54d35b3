"""Items and groups as digests: what two runs are paired by is as long for every text."""

from __future__ import annotations

import sys
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.results import hash_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from cajajejo.comparison.items.columns import Columns
    from cajajejo.comparison.paired import Ints

_OF_NOTHING: Final = hash_of("")
_DIGITS: Final = 64


def item_keys(scenario: str, subject: str | None, ids: Iterable[str]) -> bytes:
    """The keys of the items of one scenario and subject, 128 bits each, one behind the other.

    That two of a million items share one is as likely as 1 in 10^26.

    Every part but the last stands behind its length, and a dash, which is no length, in the place of no subject: so no
    two items are joined to the same text.
    """
    before = f"{len(scenario)}:{scenario}" + ("-" if subject is None else f"{len(subject)}:{subject}")
    texts = [(before + item_id).encode("utf-8", "surrogatepass") for item_id in ids]
    return b"".join([blake2b(text, digest_size=16).digest() for text in texts])


@lru_cache(maxsize=4096)
def group_number(group: str) -> int:
    """The digest of the name of a group, 64 bits; never 0, which stands for no group."""
    digest = blake2b(group.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1


def prompt_numbers(hashes: Sequence[str]) -> bytes:
    """The first 64 bits of each hash of a prompt, one behind the other; zeros: the prompt is not known.

    Raises:
        ValueError: one of them is no SHA-256.
    """
    texts = [known or _OF_NOTHING for known in hashes]
    if set(map(len, texts)) - {_DIGITS}:
        raise ValueError("a SHA-256 has 64 hexadecimal digits")
    joined = bytes.fromhex("".join(texts))
    if len(joined) != _DIGITS // 2 * len(texts):
        raise ValueError("a SHA-256 has no spaces")
    first = np.frombuffer(joined, np.uint64)[:: _DIGITS // 16]
    return np.where(first == np.frombuffer(bytes.fromhex(_OF_NOTHING), np.uint64)[0], np.uint64(0), first).tobytes()


def as_array(joined: bytes | bytearray) -> NDArray[np.uint64]:
    """Keys one behind the other as numbers, two a key, shape (n, 2), the same on every machine."""
    return np.frombuffer(joined, "<u8").astype(np.uint64, copy=sys.byteorder != "little").reshape(-1, 2)


def identities(run: Columns, *, told_apart: bool) -> NDArray[np.uint64]:
    """The keys of the items of a run, shape (n, 2); `told_apart`: also by their suites.

    The bits of a key are turned where those of its suite's digest are 1: what was the same stays the same within a
    suite, and nowhere else.
    """
    if not told_apart:
        return run.keys
    names = (suite.encode("utf-8", "surrogatepass") for suite in run.suites)
    marks = as_array(b"".join(blake2b(name, digest_size=16).digest() for name in names))
    return run.keys ^ (marks[:1] if run.suite_numbers is None else marks.take(run.suite_numbers, axis=0))


def numbered(keys: NDArray[np.uint64]) -> Ints:
    """The number of each key, shape (n,): from 0 in the order of keys, equal keys the same."""
    numbers = np.empty(len(keys), np.int64)
    if len(keys):
        order = _order(keys)
        numbers[order] = np.concatenate(([0], np.cumsum(~_same_as_before(keys.take(order, axis=0)))))
    return numbers


def shared(a: Ints, b: Ints) -> tuple[Ints, Ints]:
    """The places in `a` and in `b` of what both have; each holds a number once, in ascending order."""
    if np.array_equal(a, b):
        return np.arange(len(a)), np.arange(len(a))
    places = np.searchsorted(b, a)
    inside = np.flatnonzero(places < len(b))
    both = inside[b[places[inside]] == a[inside]]
    return both, places[both]


def _order(keys: NDArray[np.uint64]) -> Ints:
    """The rows in the order of their keys, at least one.

    The last bits of the first half make room for the row, so that numbers are sorted and not rows, which takes a third
    of the time. Rows that share what is left of it, and not the key, are put in order by all of the key.
    """
    bits = np.uint64(len(keys).bit_length())
    row_bits = (np.uint64(1) << bits) - np.uint64(1)
    packed = np.sort((keys[:, 0] & ~row_bits) | np.arange(len(keys), dtype=np.uint64))
    order = (packed & row_bits).astype(np.int64)
    left = packed >> bits
    tied = left[1:] == left[:-1]
    mixed = tied & ~_same_as_before(keys.take(order, axis=0))
    if mixed.any():
        ties = np.concatenate(([0], np.cumsum(~tied)))
        places = np.flatnonzero(np.isin(ties, ties[1:][mixed]))
        rows = order[places]
        order[places] = rows[np.lexsort((keys[rows, 1], keys[rows, 0]))]
    return order


def _same_as_before(keys: NDArray[np.uint64]) -> NDArray[np.bool_]:
    """Whether each key but the first is equal to the one before, shape (n - 1,)."""
    same: NDArray[np.bool_] = np.all(keys[1:] == keys[:-1], axis=1)
    return same
