from __future__ import annotations

import itertools
import math
import time
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cajajejo.comparison.statistics import sign_flips
from cajajejo.comparison.statistics.sign_flips import SignFlips, flip_signs
from cajajejo.comparison.statistics.std_errors import cluster_sums
from tests.comparison.worked import C2, C3, near

if TYPE_CHECKING:
    from cajajejo.comparison.paired import Floats

SEED = b"keys of the pairs"


def counted(units: Floats) -> float:
    """The exact p-value, of every choice of signs."""
    sums = np.zeros(1)
    for unit in units:
        sums = np.concatenate((sums + unit, sums - unit))
    return float(np.mean(np.abs(sums) >= abs(units.sum()) - 1e-12 * np.abs(units).sum()))


def deviation(p_value: float, draws: int) -> float:
    """The standard deviation of a p-value that is found by so many draws."""
    return math.sqrt(p_value * (1 - p_value) / draws)


def shifted(k: int, z: float, seed: int = 0, *, tails: int | None = None) -> Floats:
    """`k` units whose t is z: normal, or with the tails of a t distribution."""
    generator = np.random.default_rng(seed)
    units = generator.normal(size=k) if tails is None else generator.standard_t(tails, size=k)
    return np.asarray(units - units.mean() + z * units.std() / math.sqrt(k))


def brute(units: Floats, draws: int, seed: int = 0) -> float:
    """The p-value of signs that are all drawn one by one."""
    generator, as_far = np.random.default_rng(seed), 0
    for _ in range(draws // 500):
        bits = np.unpackbits(
            np.frombuffer(generator.bytes(-(-units.size // 8) * 500), np.uint8).reshape(500, -1), axis=1
        )
        sums = units.sum() - 2 * (bits[:, : units.size] @ units)
        as_far += int(np.count_nonzero(np.abs(sums) >= abs(units.sum())))
    return (1 + as_far) / (draws + 1)


def test_the_worked_units_are_counted() -> None:
    assert C3.clusters is not None
    assert flip_signs(C2.differences, 0.05, SEED) == SignFlips(6 / 256, None)
    assert flip_signs(cluster_sums(C3.differences, C3.clusters), 0.05, SEED) == SignFlips(6 / 16, None)


@pytest.mark.parametrize("k", [2, 3, 7, 12])
def test_few_units_agree_with_scipys_permutation_test(k: int) -> None:
    units = np.random.default_rng(k).normal(0.5, 1, k)
    found = stats.permutation_test((units,), np.sum, permutation_type="samples", n_resamples=np.inf)
    assert flip_signs(units, 0.05, SEED) == SignFlips(near(found.pvalue, rel=1e-9), None)


@given(st.lists(st.integers(-3, 3), max_size=10))
def test_tied_units_are_counted_exactly(units: list[int]) -> None:
    nonzero = [unit for unit in units if unit]
    sums = [
        sum(s * u for s, u in zip(signs, nonzero, strict=True))
        for signs in itertools.product((1, -1), repeat=len(nonzero))
    ]
    expected = sum(abs(total) >= abs(sum(units)) for total in sums) / len(sums)
    for scale in (1.0, 0.1, 1 / 3):
        assert flip_signs(np.array(units, float) * scale, 0.05, SEED) == SignFlips(expected, None)


def test_units_of_zero_change_nothing() -> None:
    few = np.array([0.3, -0.1, 0.2, 0.7, 0.4, 0.1])
    assert flip_signs(np.concatenate((np.zeros(1000), few)), 0.05, SEED) == flip_signs(few, 0.05, SEED)
    many = shifted(400, 1.0)
    assert flip_signs(np.concatenate((np.zeros(1000), many)), 0.05, SEED) == flip_signs(many, 0.05, SEED)


@pytest.mark.parametrize("units", [[], [0.0, 0.0], [0.4], [0.4, -0.4]])
def test_nothing_is_shown_by_units_that_say_nothing(units: list[float]) -> None:
    assert flip_signs(np.array(units), 0.05, SEED).p_value == 1


def test_six_units_are_needed_for_a_p_below_a_twentieth() -> None:
    assert flip_signs(np.ones(5), 0.05, SEED).p_value == 2 / 2**5
    assert flip_signs(np.ones(6), 0.05, SEED).p_value == 2 / 2**6


def test_seventeen_units_are_drawn() -> None:
    assert flip_signs(np.ones(16), 0.05, SEED) == SignFlips(2 / 2**16, None)
    assert flip_signs(np.ones(17), 0.05, SEED).draws == 9_999


@pytest.mark.parametrize("k", [17, 18, 19, 20])
@pytest.mark.parametrize("z", [0.6, 1.3, 2.9])
def test_drawn_units_agree_with_counted_ones(k: int, z: float) -> None:
    units = shifted(k, z, seed=k)
    found, exact = flip_signs(units, 0.05, SEED), counted(units)
    assert found.draws is not None
    assert abs(found.p_value - exact) < 4 * deviation(exact, found.draws) + 1e-4


@pytest.mark.parametrize(("k", "tails"), [(300, None), (3000, None), (3000, 2)])
def test_many_units_agree_with_signs_drawn_one_by_one(k: int, tails: int | None) -> None:
    units = shifted(k, 1.5, seed=k, tails=tails)
    draws = 10_000
    found, expected = flip_signs(units, 0.05, SEED), brute(units, draws)
    assert found.draws is not None
    assert abs(found.p_value - expected) < 4 * math.hypot(deviation(expected, found.draws), deviation(expected, draws))


@pytest.mark.parametrize(("down", "up"), [(60, 40), (1100, 1000), (2600, 2400), (100_500, 99_500), (501_000, 499_000)])
def test_units_of_one_size_agree_with_the_binomial(down: int, up: int) -> None:
    units = np.repeat([-0.3, 0.3], [down, up])
    found, exact = flip_signs(units, 0.05, SEED), stats.binomtest(up, up + down).pvalue
    assert found.draws is not None
    assert abs(found.p_value - exact) < 4 * deviation(exact, found.draws)


@pytest.mark.parametrize("k", [18, 1024, 1025, 3072])
def test_p_values_of_other_seeds_spread_as_independent_draws_do(k: int) -> None:
    units = sign_flips._ordered(np.repeat([-1.0, 1.0], [k // 2 + math.isqrt(k) // 2, k - k // 2 - math.isqrt(k) // 2]))
    exact = stats.binomtest(int(np.count_nonzero(units > 0)), k).pvalue
    runs = 60
    found = np.array([sign_flips._sampled(units, 9_999, b"%d" % run) for run in range(runs)])
    scores = (found - exact) / deviation(exact, 9_999)
    assert abs(scores.mean()) * math.sqrt(runs) < 4
    assert stats.chi2.cdf(runs * (scores**2).mean(), runs) == near(0.5, abs=0.4999)
    assert np.abs(scores).max() < 5


def test_no_difference_is_found_as_often_as_the_level_says() -> None:
    generator = np.random.default_rng(1)
    sizes = generator.exponential(size=1500)
    runs = 100
    found = [
        sign_flips._sampled(sign_flips._ordered(sizes * generator.choice([-1.0, 1.0], 1500)), 999, b"%d" % run)
        for run in range(runs)
    ]
    for level in (0.05, 0.2, 0.5):
        rate = np.mean(np.array(found) <= level)
        assert abs(rate - level) < 4 * deviation(level, runs)


def test_near_the_level_more_are_drawn() -> None:
    units = shifted(200, 1.96)
    close, far = flip_signs(units, 0.05, SEED), flip_signs(units, 0.01, SEED)
    assert (close.draws, close.name) == (99_999, "sign flip, 99,999 draws")
    assert (far.draws, far.name) == (9_999, "sign flip, 9,999 draws")
    assert close.p_value == near(far.p_value, abs=0.01)
    assert SignFlips(0.5, None).name == "sign flip, exact"


@pytest.mark.parametrize(
    ("p_value", "draws"), [(0.05 + 0.0066, 9_999), (0.05 + 0.0065, 99_999), (0.05 - 0.0066, 9_999)]
)
def test_near_is_three_standard_deviations(monkeypatch: pytest.MonkeyPatch, p_value: float, draws: int) -> None:
    monkeypatch.setattr(sign_flips, "_sampled", lambda *_: p_value)
    assert flip_signs(np.ones(17), 0.05, SEED).draws == draws


@pytest.mark.parametrize("k", [17, 400, 5000])
def test_neither_the_order_nor_which_run_is_called_a_makes_a_difference(k: int) -> None:
    units = np.round(shifted(k, 1.0), 1)
    found = flip_signs(units, 0.05, SEED)
    assert flip_signs(np.random.default_rng(5).permutation(units), 0.05, SEED) == found
    assert flip_signs(-units[::-1], 0.05, SEED) == found


@pytest.mark.parametrize("k", [17, 5000])
def test_what_is_drawn_depends_on_the_seed_only(k: int) -> None:
    units = shifted(k, 1.0)
    assert flip_signs(units, 0.05, SEED) == flip_signs(units.copy(), 0.05, SEED)
    assert len({flip_signs(units, 0.05, b"%d" % seed).p_value for seed in range(6)}) > 1


def test_the_draws_of_a_seed_stay_what_they_are() -> None:
    found = [flip_signs(np.repeat([-1.0, 2.0], [k - k // 3, k // 3 + 8]), 0.5, SEED).p_value for k in (30, 3000)]
    assert found == [0.1156, 0.8469]


@settings(max_examples=20)
@given(st.integers(-1000, 1000))
def test_the_unit_of_the_scores_makes_no_difference(exponent: int) -> None:
    for k in (9, 40):
        units = np.round(shifted(k, 1.2), 2)
        assert flip_signs(np.ldexp(units, exponent), 0.05, SEED) == flip_signs(units, 0.05, SEED)


def test_one_unit_that_outweighs_all_others_decides_nothing() -> None:
    units = np.concatenate(([1e308], np.full(3000, 1e290)))
    assert flip_signs(units, 0.05, SEED).p_value == 1
    assert flip_signs(np.array([1e300, 5e-324, -5e-324]), 0.05, SEED).p_value == 1


def test_a_million_units_take_seconds_and_little_memory() -> None:
    units = shifted(1_000_000, 1.96)
    tracemalloc.start()
    begin = time.process_time()
    found = flip_signs(units, 0.05, SEED)
    taken = time.process_time() - begin
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.draws == 99_999
    assert taken < 3
    assert peak < 300e6
