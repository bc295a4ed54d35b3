"""Event files made from event files, as damage, other writers and chance would: most with right checksums."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final

from tests.metrics.events import written

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

    Mutate = Callable[[bytes, int], bytes]
    """Other bytes than those given, at most so many."""

_HEADER: Final = 12
_FOOTER: Final = 4
_ODD: Final = (
    b"",
    written.head(),
    written.event(3, 2.0, written.image("image", 300)),
    written.event(3, 2.0, written.histogram("histogram")),
    written.event(3, 2.0, written.simple("", 1.0), written.simple("loss", 2.0)),
    written.event(-1, float("nan"), written.simple("loss", float("inf"))),
)


def mutated(data: bytes, longest: int, random: Random, mutate: Mutate) -> bytes:
    """Another event file; one in four is not repaired, so that its checksums say what they say."""
    if random.random() < 0.25:
        return mutate(data, longest)
    payloads = list(payloads_of(data))
    for _ in range(random.randint(1, 3)):
        payloads = random.choice(_CHANGES)(payloads, random, mutate)
    return b"".join(map(written.framed, payloads))[:longest]


def payloads_of(data: bytes) -> Iterator[bytes]:
    """The data of each record as the lengths divide them; checksums are not looked at."""
    here = 0
    while here < len(data):
        length = struct.unpack_from("<Q", data, here)[0] if here + _HEADER <= len(data) else len(data)
        start = here + _HEADER
        yield data[start : start + length]
        here = start + length + _FOOTER


def _stretch(payloads: Sequence[bytes], random: Random) -> slice:
    start = random.randrange(len(payloads) + 1)
    return slice(start, start + random.choice((1, 1, 2, 3, 20, 100)))


def _altered(payloads: list[bytes], random: Random, mutate: Mutate) -> list[bytes]:
    """One record has other bytes."""
    if not payloads:
        return payloads
    place = random.randrange(len(payloads))
    other = mutate(payloads[place], len(payloads[place]) + 16)
    return [*payloads[:place], other, *payloads[place + 1 :]]


def _alike(payloads: list[bytes], random: Random, mutate: Mutate) -> list[bytes]:
    """Many records have other bytes at one and the same place: what is compared by columns differs in one of them."""
    del mutate
    where = _stretch(payloads, random)
    start, byte = random.randrange(64), random.randrange(256)
    changed = [
        payload[:start] + bytes([byte if random.random() < 0.5 else payload[start]]) + payload[start + 1 :]
        if start < len(payload)
        else payload
        for payload in payloads[where]
    ]
    return [*payloads[: where.start], *changed, *payloads[where.stop :]]


def _repeated(payloads: list[bytes], random: Random, mutate: Mutate) -> list[bytes]:
    del mutate
    where = _stretch(payloads, random)
    return [*payloads[: where.stop], *payloads[where] * random.randint(1, 5), *payloads[where.stop :]]


def _dropped(payloads: list[bytes], random: Random, mutate: Mutate) -> list[bytes]:
    del mutate
    where = _stretch(payloads, random)
    return payloads[: where.start] + payloads[where.stop :]


def _moved(payloads: list[bytes], random: Random, mutate: Mutate) -> list[bytes]:
    rest = _dropped(payloads, random, mutate)
    place = random.randrange(len(rest) + 1)
    return [*rest[:place], *payloads[_stretch(payloads, random)], *rest[place:]]


def _odd_between(payloads: list[bytes], random: Random, mutate: Mutate) -> list[bytes]:
    del mutate
    place = random.randrange(len(payloads) + 1)
    return [*payloads[:place], random.choice(_ODD), *payloads[place:]]


_CHANGES: Final = (_altered, _altered, _alike, _alike, _repeated, _dropped, _moved, _odd_between)
