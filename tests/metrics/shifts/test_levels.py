from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.shifts.levels import LARGEST, Kind, Level, bounded, inflation, levels_before
from cajajejo.metrics.shifts.scan import Scan
from tests.metrics.shifts.worked_shifts import H20, SlowLevel

reasonable = st.floats(-1e6, 1e6).map(lambda value: round(value, 3))


def rounded(level: Level) -> tuple[int, float, float, float]:
    return level.n, round(level.centre, 6), round(level.scale, 9), round(level.autocorrelation, 6)


def test_a_level_is_a_winsorised_mean_and_scale() -> None:
    assert rounded(Level.of(H20)) == (20, 0.912550, 0.003318030, 0.0)


@pytest.mark.parametrize(
    ("r", "m", "expected"),
    [
        (0.0, 3, 1.0),
        (0.5, 3, 1.833333),
        (0.5, 5, 2.225000),
        (0.5, 15, 2.733341),
        (0.2, 3, 1.293333),
        (0.2, 5, 1.375040),
        (0.2, 15, 1.458333),
    ],
)
def test_autocorrelation_inflates_the_variance_of_a_mean(r: float, m: int, expected: float) -> None:
    assert inflation(np.array([r]), m).round(6).tolist() == [expected]


@pytest.mark.parametrize(("n", "largest"), [(10, 4.557327), (20, 4.845437), (60, 5.070926)])
def test_three_runs_that_are_far_away_have_the_largest_z_there_is(n: int, largest: float) -> None:
    level = Level(n, 0.0, 1.0, 0.0)
    assert [round(level.score([far] * 3), 6) for far in (3.0, 1e300, -1e300)] == [largest, largest, -largest]


def test_a_wave_is_autocorrelated_and_need_not_be_looked_at_so() -> None:
    wave = [0.0, 0.1, 0.2, 0.1, 0.0, -0.1, -0.2, -0.1] * 3
    assert Level.of(wave).autocorrelation > 0.4
    assert Level.of(wave, Kind(autocorrelated=False)).autocorrelation == 0.0


@pytest.mark.parametrize("values", [(0.5,), (0.5, 0.5), (0.4, 0.5, 0.6)], ids=str)
def test_a_level_of_few_points_is_defined(values: tuple[float, ...]) -> None:
    level = Level.of(values)
    assert (level.n, round(level.centre, 9)) == (len(values), 0.5)
    assert level.scale > 0


@pytest.mark.parametrize(
    ("values", "kind", "scale"),
    [
        pytest.param([0.75] * 12, Kind(), 1e-9, id="constant"),
        pytest.param([7.5e6] * 12, Kind(), 7.5e-3, id="large and constant"),
        pytest.param([0.75] * 12, Kind(resolution=0.01), 0.005, id="half a step"),
        pytest.param([math.log(200.0)] * 12, Kind(resolution=1.0, logarithms=True), 0.0025, id="half a step of 200"),
    ],
)
def test_a_scale_is_never_smaller_than_makes_sense(values: list[float], kind: Kind, scale: float) -> None:
    level = Level.of(values, kind)
    assert (level.centre, round(level.scale, 12)) == (values[0], scale)


def test_one_off_values_of_a_constant_metric_have_a_scale() -> None:
    level = Level.of([0.75] * 15 + [0.74])
    assert 1e-4 < level.scale < 1e-2


@given(st.lists(reasonable, min_size=1, max_size=60), st.sampled_from([0.0, 0.5]), st.booleans())
def test_levels_are_those_of_the_definition(values: list[float], resolution: float, autocorrelated: bool) -> None:  # noqa: FBT001  # drawn
    scan = Scan(resolution=resolution, autocorrelated=autocorrelated)
    level, slow = scan.level(values), SlowLevel.of(values, scan)
    found = (level.n, level.centre, level.scale, level.autocorrelation)
    assert found == pytest.approx((slow.n, slow.centre, slow.scale, slow.r), rel=1e-7, abs=1e-7)


@given(st.lists(reasonable, min_size=1, max_size=60), st.floats(-1e3, 1e3), st.sampled_from([2.0**20, 1.0, 0.125]))
def test_a_level_moves_and_grows_with_its_values(values: list[float], offset: float, factor: float) -> None:
    level = Level.of(values)
    moved = Level.of([factor * value + offset for value in values])
    assert moved.centre == pytest.approx(factor * level.centre + offset, rel=1e-6, abs=1e-6)
    assert moved.scale == pytest.approx(factor * level.scale, rel=1e-6, abs=2e-3)  # the least scale does not grow


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=40))
def test_no_value_is_too_large_or_too_small_for_a_level(values: list[float]) -> None:
    level = Level.of(values)
    assert all(math.isfinite(number) for number in (level.centre, level.scale, level.autocorrelation))
    assert level.scale > 0
    assert abs(level.centre) <= LARGEST
    assert bounded(values).tolist() == [min(max(value, -LARGEST), LARGEST) for value in values]


@given(st.lists(st.tuples(st.integers(1, 120), st.integers(0, 80)), max_size=30))
def test_many_levels_at_once_are_those_of_each_alone(drawn: list[tuple[int, int]]) -> None:
    values = np.random.default_rng(5).normal(size=200)
    counts = np.array([n for n, _ in drawn], dtype=np.int64)
    ends = counts + np.array([low for _, low in drawn], dtype=np.int64)
    levels = levels_before(values, ends, counts)
    alone = [Level.of(values[end - n : end]) for end, n in zip(ends.tolist(), counts.tolist(), strict=True)]
    assert [levels.at(place) for place in range(len(drawn))] == alone
