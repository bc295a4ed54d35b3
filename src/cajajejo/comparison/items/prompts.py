"""What was asked in two runs, held against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from cajajejo.comparison.items.keys import shared

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cajajejo.comparison.items.answers import Asked
    from cajajejo.comparison.paired import Ints

_LARGEST: Final = 2**63 - 1


def asked_differently(a: Asked, b: Asked) -> Ints:
    """The numbers of the items whose prompts are known in both runs, and differ.

    Repeats of one number are held against each other: a harness may ask each repeat in another way. Of an item that has
    no such repeat in both, the first ones are.
    """
    codes_a, codes_b = _codes(a, b)
    places_a, places_b = shared(codes_a, codes_b)
    numbers = a.numbers[places_a]
    found = numbers[_differ(a.prompts[places_a], b.prompts[places_b])]
    if len(numbers) == len(a.numbers):
        return found
    firsts_a, firsts_b = _firsts(a.numbers, numbers), _firsts(b.numbers, numbers)
    left_a, left_b = shared(a.numbers[firsts_a], b.numbers[firsts_b])
    places_a, places_b = firsts_a[left_a], firsts_b[left_b]
    return np.concatenate((found, a.numbers[places_a][_differ(a.prompts[places_a], b.prompts[places_b])]))


def _codes(a: Asked, b: Asked) -> tuple[Ints, Ints]:
    """A number for each item and repeat, ascending, the same in both."""
    repeats = np.concatenate((a.repeats, b.repeats))
    count = int(repeats.max(initial=0)) + 1
    if count * int(max(a.numbers.max(initial=0), b.numbers.max(initial=0)) + 1) > _LARGEST:
        labels, repeats = np.unique(repeats, return_inverse=True)
        count = len(labels)
    codes = np.concatenate((a.numbers, b.numbers)) * count + repeats
    return codes[: len(a.numbers)], codes[len(a.numbers) :]


def _differ(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> NDArray[np.bool_]:
    differ: NDArray[np.bool_] = (a != b) & (a != 0) & (b != 0)
    return differ


def _firsts(numbers: Ints, but: Ints) -> Ints:
    """Where each of the items begins that is not one of `but`; both ascend."""
    places = np.flatnonzero(np.diff(numbers, prepend=-1))
    known, _ = shared(numbers[places], but[np.flatnonzero(np.diff(but, prepend=-1))])
    return np.delete(places, known)
