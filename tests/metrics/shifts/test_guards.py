from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from cajajejo.metrics.shifts.guards import out_of_bounds
from cajajejo.metrics.shifts.levels import Level
from cajajejo.metrics.shifts.scan import Scan, Shift

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

GOOD = (0.90, 0.91)


def told(
    values: Sequence[float], outside: Collection[int], *, begin: int = 0, signs: tuple[int, ...] = (-1,)
) -> tuple[int, int, int] | None:
    """Sign, first and last run of what the runs out of bounds tell."""
    flags = np.isin(np.arange(len(values)), list(outside))
    shift = out_of_bounds(np.array(values), flags, begin, scan=Scan(), signs=signs)
    return None if shift is None else (shift.sign, shift.first, shift.opened)


def test_five_in_a_row_are_a_shift_from_the_first_of_them() -> None:
    values = (*GOOD, *(0.5,) * 6)
    assert told(values[:6], range(2, 6)) is None
    assert told(values, range(2, 8)) == (-1, 2, 6)


def test_eight_of_fifteen_are_a_shift_from_the_first_of_them() -> None:
    values, outside = GOOD + (0.85, 0.905) * 8, range(2, 18, 2)
    assert told(values[:16], outside) is None
    assert told(values, outside) == (-1, 2, 16)
    assert told((*GOOD, *(0.85, 0.905, 0.905) * 8), range(2, 26, 3)) is None


def test_it_takes_runs_on_one_side() -> None:
    values = (*GOOD, *(0.5, 1.5) * 8)
    assert told(values, range(2, 18), signs=(-1, 1)) == (-1, 2, 16)
    assert told(values[:12], range(2, 12), signs=(-1, 1)) is None
    assert told((*GOOD, *(1.5,) * 5), range(2, 7), signs=(-1,)) is None
    assert told((*GOOD, *(1.5,) * 5), range(2, 7), signs=(-1, 1)) == (1, 2, 6)


def test_the_side_is_that_of_the_runs_within_bounds() -> None:
    values = (0.9, *(0.5,) * 3, 0.91, *(0.7,) * 5)
    assert told(values, [1, 2, 3, *range(5, 10)], begin=5, signs=(-1, 1)) == (-1, 5, 9)
    assert told((0.9, *(0.5,) * 5), range(6)) == (-1, 1, 5)


def test_runs_from_before_the_begin_do_not_count() -> None:
    values = (*GOOD, *(0.5,) * 8)
    assert told(values, range(2, 10), begin=4) == (-1, 4, 8)
    assert told(values, range(2, 10), begin=6) is None


@pytest.mark.parametrize("values", [(), (0.9,)], ids=str)
def test_next_to_no_runs_tell_nothing(values: tuple[float, ...]) -> None:
    assert told(values, range(len(values))) is None


def test_the_shift_is_measured_from_the_level_before_it() -> None:
    values = np.array([*GOOD, *(0.5,) * 5])
    level = Level.of(GOOD)
    shift = out_of_bounds(values, values < 0.9, 0, scan=Scan(), signs=(-1,))
    score = level.score([0.5] * 5)
    assert shift == Shift(-1, 2, (2, 2), 6, score, level, 0.5)
