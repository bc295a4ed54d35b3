from __future__ import annotations

import math
import sys
from fractions import Fraction
from random import Random  # noqa: TC003  # Hypothesis looks at annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cajajejo.metrics.judgement.samples import Sample, exponential, student
from tests.metrics.judgement.worked_bounds import MEAN_AND_DEVIATION, STUDENT

LARGEST = sys.float_info.max
LEAST = 5e-324

finite = st.floats(allow_nan=False, allow_infinity=False)
samples = st.lists(finite, min_size=1, max_size=40)
ordinary = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40)


@pytest.mark.parametrize(("values", "mean", "deviation"), MEAN_AND_DEVIATION.values(), ids=list(MEAN_AND_DEVIATION))
def test_the_deviation_is_that_of_a_sample(values: tuple[float, ...], mean: float, deviation: float) -> None:
    sample = Sample.of(values)
    assert (sample.n, round(sample.mean(), 6), round(sample.deviation(), 6)) == (len(values), mean, deviation)


@pytest.mark.parametrize(
    ("values", "deviation"),
    [
        pytest.param([LARGEST, -LARGEST, -LARGEST], math.inf, id="beyond the range of floats"),
        pytest.param([LARGEST, *[-LARGEST] * 30], 2 * (LARGEST / math.sqrt(31)), id="with distances beyond it"),
        pytest.param([1e200, 3e200], math.sqrt(2) * 1e200, id="with squares beyond it"),
        pytest.param([1e-200, 3e-200], math.sqrt(2) * 1e-200, id="with squares below it"),
        pytest.param([1e9 + 1, 1e9 + 2, 1e9 + 3], 1.0, id="small beside the mean"),
        pytest.param([LARGEST] * 3, 0.0, id="of equal values"),
        pytest.param([0.1] * 3, 0.0, id="of equal values that sum to another"),
        pytest.param([7.0], 0.0, id="of one value"),
    ],
)
def test_the_deviation_is_right_at_the_ends_of_floats(values: list[float], deviation: float) -> None:
    assert Sample.of(values).deviation() == pytest.approx(deviation, rel=1e-14)


@given(ordinary)
def test_statistics_are_those_of_another_library(values: list[float]) -> None:
    sample, size = Sample.of(values), max(map(abs, values))
    assert sample.mean() == pytest.approx(np.mean(values), abs=1e-12 * size)
    if len(values) > 1:
        lost = 1e-150  # squares of less than this are zero there
        assert sample.deviation() == pytest.approx(np.std(values, ddof=1), rel=1e-9, abs=1e-12 * size + lost)
    for share in (0.25, 0.5, 0.75):
        assert sample.quantile(share) == pytest.approx(np.quantile(values, share), rel=1e-12, abs=1e-12 * size)


@given(samples)
@example([LARGEST, LARGEST, -LARGEST])
@example([LEAST, 0.0])
def test_the_mean_is_right_for_any_floats(values: list[float]) -> None:
    mean, exact = Sample.of(values).mean(), sum(map(Fraction, values), Fraction()) / len(values)
    assert abs(Fraction(mean) - exact) <= max(
        Fraction(2) ** -1074, max(abs(Fraction(value)) for value in values) / 2**50
    )


@given(samples, st.floats(0, 1))
def test_no_statistic_is_outside_of_the_sample(values: list[float], share: float) -> None:
    sample = Sample.of(values)
    assert min(values) <= sample.mean() <= max(values)
    assert min(values) <= sample.quantile(share) <= max(values)
    assert sample.deviation() >= 0


@given(samples, st.randoms(use_true_random=False))
def test_the_order_of_a_sample_is_irrelevant(values: list[float], random: Random) -> None:
    shuffled = [*values]
    random.shuffle(shuffled)
    one, other = Sample.of(values), Sample.of(shuffled)
    assert (one.mean(), one.deviation()) == (other.mean(), other.deviation())


@given(st.lists(st.floats(min_value=LEAST, allow_infinity=False), min_size=1, max_size=40))
def test_the_geometric_mean_is_inside_and_below_the_arithmetic_one(values: list[float]) -> None:
    sample = Sample.of(values)
    assert min(values) <= sample.geometric_mean() <= max(values)
    assert sample.geometric_mean() <= sample.mean() * (1 + 1e-9) + LEAST


@pytest.mark.parametrize(("power", "value"), [(0.0, 1.0), (1.0, math.e), (-1e9, 0.0), (710.0, math.inf)])
def test_an_exponential_beyond_the_range_of_floats_is_infinite(power: float, value: float) -> None:
    assert exponential(power) == value


@pytest.mark.parametrize(("degrees", "tail", "quantile"), STUDENT.values(), ids=list(STUDENT))
def test_quantiles_of_student_are_those_of_the_tables(degrees: int, tail: float, quantile: float) -> None:
    assert round(student(degrees, tail), 6) == quantile
