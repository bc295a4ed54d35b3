"""The worked examples of the specification of the statistics, C1 to C14, as data; numbers as they are printed there."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cajajejo.comparison.paired import Floats, Ints, Paired

if TYPE_CHECKING:
    from collections.abc import Sequence


def printed(text: str) -> Any:
    """What a number equals that is printed as `text`, in all of its digits."""
    number = Decimal(text)
    return pytest.approx(float(number), rel=0, abs=0.5000001 * 10.0 ** int(number.as_tuple().exponent))


def near(value: Any, *, rel: float = 1e-9, abs: float = 0) -> Any:  # noqa: A002  # as pytest.approx names it
    """What equals `value`, or each of its numbers, to nine digits."""
    return pytest.approx(value, rel=rel, abs=abs)


def interval(lower: str, upper: str) -> tuple[Any, Any]:
    """The limits of an interval as they are printed."""
    return printed(lower), printed(upper)


def pairs(a: Sequence[float], b: Sequence[float], clusters: Sequence[int] | None = None, **others: Any) -> Paired:
    """Pairs of scores; a cluster is named by its number and 101."""
    if clusters is None:
        return Paired(a=np.array(a, float), b=np.array(b, float), **others)
    numbers: Ints = np.array(clusters)
    return Paired(
        a=np.array(a, float), b=np.array(b, float), clusters=numbers, groups=numbers.astype(np.uint64) + 101, **others
    )


def counts(n: int, *, right: int, down: int, up: int) -> Paired:
    """`n` answers, of which A has `right`; `down` of those are wrong in B, and `up` of the others right."""
    a = np.repeat([1.0, 0.0], [right, n - right])
    b = a.copy()
    b[:down] = 0
    b[n - up :] = 1
    return Paired(a=a, b=b)


def differing(differences: Sequence[float], clusters: Sequence[int] | None = None) -> Paired:
    """Scores with these differences; of -1, 0 and 1 they are 0 or 1."""
    d: Floats = np.array(differences, float)
    return pairs((-d).clip(0).tolist(), d.clip(0).tolist(), clusters)


C1 = counts(500, right=390, down=24, up=10)
C2 = pairs([0.61, 0.55, 0.72, 0.80, 0.43, 0.66, 0.58, 0.70], [0.58, 0.50, 0.73, 0.74, 0.40, 0.61, 0.57, 0.64])
C3 = differing([-1, -1, 0, 0, -1, 0, 1, 0, 0, -1, 0, -1], [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])
C4_GROUPS = [-1.0] * 9 + [1.0] * 2 + [0.0] * 29
C4 = differing(np.repeat(C4_GROUPS, 5).tolist(), np.repeat(np.arange(40), 5).tolist())
C4_ITEMS = differing(np.repeat(C4_GROUPS, 5).tolist())
C5_FEW = counts(20, right=11, down=0, up=0)
C5_MANY = counts(1000, right=600, down=0, up=0)
C6_FIVE = counts(50, right=30, down=5, up=0)
C6_SIX = counts(50, right=30, down=6, up=0)
C7 = counts(2000, right=1200, down=14, up=9)
C11 = [0.004, 0.012, 0.03, 0.2]
C11_ADJUSTED = [0.016, 0.036, 0.06, 0.2]
C12_A = np.array([[1, 1, 0], [0, 0, 1], [1, 1, 1], [0, 1, 0]], float)
C12_B = np.array([[1, 0, 0], [0, 0, 0], [1, 1, 1], [1, 1, 0]], float)
C12 = Paired(
    a=C12_A.mean(axis=1),
    b=C12_B.mean(axis=1),
    repeats_a=np.full(4, 3),
    repeats_b=np.full(4, 3),
    noise_a=C12_A.var(axis=1, ddof=1),
    noise_b=C12_B.var(axis=1, ddof=1),
)
C13 = [(0.1, 0.02, 1960), (0.1, 0.03, 870), (0.2, 0.05, 626)]
C14_DIFFERENCES = [-0.02, 0.004, -0.006]
C14_STD_ERRS = [0.011, 0.006, 0.009]
