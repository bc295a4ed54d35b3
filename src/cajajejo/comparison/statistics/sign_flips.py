"""The sign-flip test: if A and B are alike, each difference might as well have had the other sign.

A unit is what is independent of the others: the difference of an item, or the sum of the differences of a cluster.
T is the sum of the units, T* the same with signs drawn at random, and p the share of T* that are as far from 0 as T.
Units of 0 change nothing and are left out. Of at most 16 units every choice of signs is counted. Of more::

    p = (1 + #{|T*| ≥ |T|}) / (B + 1)

Signs are drawn independently for the largest 1,024 units. The rest get theirs as a character of a group of 2^17
elements: each unit is given an element h at random, and draw s gives it the sign (-1)^<s,h>, so that all sums
together are one Walsh-Hadamard transform. Each draw is then uniform over all choices of signs, any two draws are
independent, and all of them are a random part of a group of flips, for which the test is exact (Hemerik and Goeman
2018, *Exact testing with random permutations*; Koning and Hemerik 2024, *More efficient exact group invariance
testing*). What three draws and more share is of the size of one unit's part in the whole, hence the largest units
apart. A million units take about as long as it takes to sort them.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.comparison.statistics import magnitudes

if TYPE_CHECKING:
    from cajajejo.comparison.paired import Floats

EXACT_UNITS: Final = 16
DRAWS: Final = 9_999
MORE_DRAWS: Final = 99_999
_LARGEST: Final = 1_024
_GROUP_BITS: Final = 17
_ROUNDING: Final = 1e-12
_BYTE_SIGNS: Final = 1.0 - 2.0 * np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1)
"""The signs of eight units for each byte."""


@dataclass(frozen=True, slots=True)
class SignFlips:
    """A p-value, and of how many draws; None: every choice of signs was counted."""

    p_value: float
    draws: int | None

    @property
    def name(self) -> str:
        """What the test is called."""
        return f"sign flip, {'exact' if self.draws is None else f'{self.draws:,} draws'}"


def flip_signs(units: Floats, alpha: float, seed: bytes) -> SignFlips:
    """The two-sided p-value of `units`; where 9,999 draws leave open on which side of `alpha` it is, of 99,999.

    The order of the units makes no difference, nor does which run is called A.
    """
    small, _ = magnitudes.scaled(units[units != 0])
    if small.size <= EXACT_UNITS:
        return SignFlips(_share_as_far(_all_sums(small), small), None)
    ordered = _ordered(small)
    p_value = _sampled(ordered, DRAWS, seed)
    if abs(p_value - alpha) >= 3 * math.sqrt(alpha * (1 - alpha) / DRAWS):
        return SignFlips(p_value, DRAWS)
    return SignFlips(_sampled(ordered, MORE_DRAWS, seed), MORE_DRAWS)


def _all_sums(units: Floats) -> Floats:
    """T* of every choice of signs."""
    sums = np.zeros(1)
    for unit in units:
        sums = np.concatenate((sums + unit, sums - unit))
    return sums


def _share_as_far(sums: Floats, units: Floats) -> float:
    return float(np.mean(_as_far(sums, units)))


def _as_far(sums: Floats, units: Floats) -> np.typing.NDArray[np.bool_]:
    """Which T* are as far from 0 as T, but for rounding."""
    return np.abs(sums) >= abs(float(units.sum())) - _ROUNDING * float(np.abs(units).sum())


def _ordered(units: Floats) -> Floats:
    """`units`, turned so that T is not negative, from the largest size to the smallest."""
    turned = np.sort(-units if units.sum() < 0 else units)
    ordered: Floats = turned[np.argsort(-np.abs(turned), kind="stable")]
    return ordered


def _sampled(units: Floats, draws: int, seed: bytes) -> float:
    bits = np.random.PCG64(int.from_bytes(hashlib.sha256(seed).digest()))
    sums = _independent_sums(units[:_LARGEST], draws, bits)
    if units.size > _LARGEST:
        sums += _character_sums(units[_LARGEST:], draws, bits)
    return (1 + int(np.count_nonzero(_as_far(sums, units)))) / (draws + 1)


def _independent_sums(units: Floats, draws: int, bits: np.random.PCG64) -> Floats:
    """T* of independent signs: the signed sums of eight units each are looked up by a random byte."""
    eights = np.zeros((-(-units.size // 8), 8))
    eights.flat[: units.size] = units
    sums = np.zeros(draws)
    for table in eights @ _BYTE_SIGNS.T:
        sums += table[bits.random_raw(-(-draws // 8)).view(np.uint8)[:draws]]
    return sums


def _character_sums(units: Floats, draws: int, bits: np.random.PCG64) -> Floats:
    """T* of as many characters s ≠ 0 of the group, drawn without repetition."""
    size = 1 << _GROUP_BITS
    elements = (bits.random_raw(units.size) >> np.uint64(64 - _GROUP_BITS)).astype(np.int64)
    chosen = 1 + np.argsort(bits.random_raw(size - 1), kind="stable")[:draws]
    joined: Floats = np.zeros(size)
    np.add.at(joined, elements, units)
    sums: Floats = _walsh_hadamard(joined)[chosen]
    return sums


def _walsh_hadamard(values: Floats) -> Floats:
    """Σ_h (-1)^<s,h> values[h] for every s."""
    for _ in range(_GROUP_BITS):
        even, odd = values[0::2], values[1::2]
        values = np.concatenate((even + odd, even - odd))
    return values
