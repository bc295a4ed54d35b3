"""Kubernetes quantities as numbers: ``500m`` is a half, ``16Gi`` is 17179869184.

The grammar is that of apimachinery's ``resource.Quantity``.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache
from typing import Final

DIGITS: Final = r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
SUFFIX: Final = r"(?:[KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]+|)"
_MOST_DIGITS: Final = 3
"""Of an exponent: a number with more would fill the memory."""
_QUANTITY: Final = re.compile(rf"([+-]?)({DIGITS})({SUFFIX})")
_MISSPELT: Final = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kKmMgGtTpPeE])(i?)[bB]?\s*")
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}


@lru_cache(maxsize=4096)
def value(text: str) -> Fraction:
    """The number that the quantity `text` stands for, exactly.

    Raises:
        ValueError: it is no quantity, or one that is beyond counting.
    """
    match = _QUANTITY.fullmatch(text)
    if match is None:
        raise ValueError(f"not a quantity: {text[:40]}")
    sign, digits, suffix = match.groups()
    number = Fraction(f"{sign}{digits.rstrip('.')}")
    if suffix in _BINARY:
        return number * Fraction(1024 ** _BINARY[suffix])
    if suffix in _DECIMAL:
        return number * _power_of_ten(_DECIMAL[suffix])
    if len(suffix.lstrip("eE+-")) > _MOST_DIGITS:
        raise ValueError(f"beyond counting: {text[:40]}")
    return number * _power_of_ten(int(suffix[1:]))


def _power_of_ten(exponent: int) -> Fraction:
    return Fraction(10**exponent) if exponent >= 0 else Fraction(1, 10**-exponent)


def guess(text: str) -> str | None:
    """The question whether another spelling was meant: ``did you mean 16Gi (17.2 GB) or 16G (16.0 GB)?``."""
    match = _MISSPELT.fullmatch(text)
    if match is None:
        return None
    number, letter, binary = match[1], match[2].upper(), match[3]
    power = _BINARY[f"{letter}i"]
    exact = f"{number}{letter}i ({float(number) * 1024**power / 1000**power:.1f} {letter}B)"
    decimal = f"{number}{'k' if letter == 'K' else letter} ({float(number):.1f} {letter}B)"
    return f"did you mean {exact}?" if binary else f"did you mean {exact} or {decimal}?"
