"""How often comparisons are wrong, in short: some worlds, a few trials; `scripts/simulate_compare.py` has them all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.comparison import simulations, worlds
from tests.comparison.simulations import Rate, World

TRIALS = 250
EVERY = {f"{world.name}, {world.pairs}, {world.truth:g}": world for world in worlds.every()}
CHOSEN = (
    "binary, 50% right, 8% differ, 100, 0",
    "binary, 95% right, 8% differ, 500, 0",
    "binary, 50% right, 10% differ, 400, -0.05",
    "tied, 20% differ, 50, 0",
    "normal, 10, 0",
    "normal, 20, -0.3",
    "beta, 50, 0",
    "repeats, 30 x 3, 0",
    "clusters, normal, 6 of 5, 0",
    "clusters, normal, 20 of 5, -0.3",
    "clusters, unequal, 30 of 2 to 8, 0",
    "5 metrics, binary, 200, 0",
)


def found(world: World, trials: int = TRIALS) -> dict[str, Rate]:
    return {rate.name: rate for rate in simulations.rates(world, trials, seed=20261122)}


@pytest.mark.parametrize("name", CHOSEN)
def test_comparisons_are_wrong_no_more_often_than_is_said(name: str) -> None:
    assert [rate for rate in found(EVERY[name]).values() if rate.too_high] == []


def test_taking_clusters_for_independent_would_be_found_out() -> None:
    world = EVERY["clusters, normal, 20 of 5, 0"]
    ignored = replace(found(world)["found without clusters"], limit=0.05)
    assert ignored.too_high


def test_pairs_find_what_two_means_do_not() -> None:
    for name in ("binary, 70% right, 10% differ, 500, -0.04", "tied, 20% differ, 200, -0.05"):
        rates = found(EVERY[name], 100)
        assert rates["found"].share > rates["found unpaired"].share + 0.3


def test_a_rate_is_too_high_beyond_chance_alone() -> None:
    # 3.5 errors of a limit of 5 % in 250 trials are 3.5 · √(0.05 · 0.95 / 250) = 4.82 %
    assert not Rate("x", 0.098, 250, 0.05).too_high
    assert Rate("x", 0.099, 250, 0.05).too_high
    assert not Rate("x", 0.9, 250).too_high


@pytest.mark.parametrize("name", EVERY)
def test_the_truth_of_a_world_is_what_it_draws(name: str) -> None:
    world, random = EVERY[name], np.random.default_rng(3)
    means = np.array([world.draw(random)[0].differences.mean() for _ in range(150)])
    assert abs(means.mean() - world.truth) < 4.5 * means.std(ddof=1) / np.sqrt(len(means)) + 1e-12
