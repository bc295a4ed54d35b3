from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.shifts.levels import Level
from cajajejo.metrics.shifts.returns import returned
from cajajejo.metrics.shifts.scan import Shift
from tests.metrics.shifts.worked_shifts import H20

LEVEL = Level.of(H20)
FALL = Shift(-1, 20, (20, 20), 22, -4.77987, LEVEL, 0.901)


def fall(size: float, *, sign: int = -1, r: float = 0.0) -> Shift:
    return Shift(sign, 20, (20, 20), 22, sign * 5.0, Level(20, 0.0, 1.0, r), sign * size)


def test_the_third_run_back_ends_it() -> None:
    values = (0.902, 0.913, 0.912, 0.911, 0.910)
    assert returned(values[:3], FALL) is None
    assert returned(values, FALL) == (1, 3)


@pytest.mark.parametrize(
    ("values", "back"),
    [
        pytest.param([0.0, 0.0, -9.0, 0.0, 0.0, 0.0], (0, 4), id="one run down again"),
        pytest.param([0.0, 0.0, -1.9, 0.0, 0.0], (0, 3), id="one run half way down"),
        pytest.param([-2.1] * 40, None, id="not half way back"),
        pytest.param([0.0, -9.0, -9.0, 0.0, 0.0, 0.0], (3, 5), id="and down for good"),
        pytest.param([-1.0] * 10, (0, 2), id="most of the way"),
        pytest.param([9e300] * 3, (0, 2), id="far beyond"),
        pytest.param([-9e300, 0.0, 0.0, 0.0], (1, 3), id="an enormous fall"),
        pytest.param([], None, id="nothing yet"),
    ],
)
def test_what_ends_a_fall_of_four_scales(values: list[float], back: tuple[int, int] | None) -> None:
    assert returned(values, fall(4.0)) == back
    assert returned([-value for value in values], fall(4.0, sign=1)) == back


def test_runs_that_resemble_each_other_need_longer() -> None:
    assert returned([0.0] * 9, fall(2.0)) == (0, 2)
    assert returned([0.0] * 9, fall(2.0, r=0.5)) == (0, 8)


@given(st.floats(0, 50), st.floats(0, 0.7), st.lists(st.floats(-1e6, 1e6), max_size=30))
def test_a_return_has_three_runs_at_least_and_begins_with_one_that_is_back(
    size: float, r: float, values: list[float]
) -> None:
    shift = fall(size, r=r)
    back = returned(values, shift)
    if back is not None:
        first, last = back
        assert last - first >= 2
        assert values[first] > -min(4.0, max(1.0, size)) / 2
        assert returned(values[: last + 1], shift) == back
        assert returned(values[:last], shift) is None
