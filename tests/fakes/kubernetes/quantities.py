"""Quantities such as ``500m`` and ``16Gi``: read, compared, and written in their canonical form."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

WRONG_FORM: Final = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
NO_NUMBER: Final = "unable to parse numeric part of quantity"
NO_SUFFIX: Final = "unable to parse quantity's suffix"
_PARTS: Final = re.compile(r"(?P<sign>[-+]?)(?P<number>[0-9]*\.?[0-9]*)(?P<suffix>[eEinumkKMGTP]*[-+]?[0-9]*)")
_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
_NANO: Final = -9
_KIBI: Final = 1024


class QuantityError(ValueError):
    """The text is no quantity."""


@dataclass(frozen=True)
class Quantity:
    """A number, and the family of suffixes in which it was written: ``decimal``, ``binary`` or ``exponent``."""

    value: Fraction
    family: str = "decimal"

    def __str__(self) -> str:
        """The canonical form: no fraction, and the largest suffix that fits."""
        if self.family == "binary" and self.value.denominator == 1 and abs(self.value) >= _KIBI:
            return self._binary()
        return self._decimal()

    def _binary(self) -> str:
        number, power = int(self.value), 0
        while number % _KIBI == 0 and power < max(_BINARY.values()):
            number, power = number // _KIBI, power + 10
        return f"{number}{next((name for name, bits in _BINARY.items() if bits == power), '')}"

    def _decimal(self) -> str:
        if not self.value:
            return "0"
        power = 18
        while power > _NANO and (self.value / Fraction(10) ** power).denominator != 1:
            power -= 3
        number = self.value / Fraction(10) ** power
        if self.family == "exponent":
            return f"{number}e{power}" if power else str(number)
        return f"{number}{next(name for name, zeros in _DECIMAL.items() if zeros == power)}"


def parse(text: str) -> Quantity:
    """The quantity that `text` says; finer than a billionth is rounded up.

    Raises:
        QuantityError: it says none; in the words of the server.
    """
    match = _PARTS.fullmatch(text)
    if not text or match is None:
        raise QuantityError(WRONG_FORM)
    base, power, family = _suffix(match["suffix"])
    if match["number"] in {"", "."}:
        raise QuantityError(NO_NUMBER)
    number = Fraction(f"0{match['number']}" if match["number"].startswith(".") else match["number"].rstrip("."))
    nanos = math.ceil(number * Fraction(base) ** power * 10**-_NANO)
    value = Fraction(-nanos if match["sign"] == "-" else nanos, 10**-_NANO)
    return Quantity(value, "decimal" if family == "binary" and abs(value) < 1 else family)


def _suffix(text: str) -> tuple[int, int, str]:
    if text in _DECIMAL:
        return 10, _DECIMAL[text], "decimal"
    if text in _BINARY:
        return 2, _BINARY[text], "binary"
    if re.fullmatch(r"[eE][-+]?[0-9]+", text):
        return 10, int(text[1:]), "exponent"
    raise QuantityError(NO_SUFFIX)


def rounded(quantity: Quantity) -> Quantity:
    """The quantity without what is finer than a thousandth, rounded away from zero, as lists of resources keep it."""
    thousandths = math.ceil(abs(quantity.value) * 1000)
    return Quantity(Fraction(thousandths if quantity.value >= 0 else -thousandths, 1000), quantity.family)


def canonical(text: str) -> str:
    """`text` as the server prints it."""
    return str(parse(text))
