from __future__ import annotations

import math
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from benchmarks import detection_rules as rules
from benchmarks.detection_measures import Difference, Found, Rate
from benchmarks.detection_sets import RUNS, SETS, SHIFT, Array, Drawing, SyntheticSet

from cajajejo.metrics.judgement.bounds import bounds_for
from cajajejo.metrics.shifts.scan import Scan
from tests.builders import ROOT
from tests.metrics.builders import condition

if TYPE_CHECKING:
    from benchmarks.detection_rules import Alarms

JUDGED = [kind for kind in SETS if kind.judged]


def drawn(kind: SyntheticSet, series: int, sigmas: float = 0.0, seed: int = 5) -> Array:
    return kind.draw(Drawing(np.random.default_rng(seed), series, sigmas))


def deviation(kind: SyntheticSet) -> float:
    """The sigma of a set, from its runs before any change."""
    values = drawn(kind, 2_000)[:, :SHIFT]
    return float(values.std()) if kind.name not in {"spikes", "constant"} else 1.0


@pytest.mark.parametrize("kind", JUDGED, ids=[kind.name for kind in JUDGED])
def test_a_shift_of_three_sigma_is_three_standard_deviations_of_the_set(kind: SyntheticSet) -> None:
    values = drawn(kind, 2_000, 3.0)
    size = np.median(values[:, SHIFT:].mean(axis=1)) - np.median(values[:, :SHIFT].mean(axis=1))
    assert size == pytest.approx(kind.sign * 3 * deviation(kind), rel=0.1)


@pytest.mark.parametrize("kind", SETS, ids=[kind.name for kind in SETS])
def test_one_seed_gives_the_same_series_again(kind: SyntheticSet) -> None:
    once, again, other = drawn(kind, 3), drawn(kind, 3), drawn(kind, 3, seed=6)
    assert once.shape == (3, RUNS)
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


def test_neighbours_are_correlated_where_they_should_be() -> None:
    values = drawn(next(kind for kind in SETS if kind.name == "ar"), 500)
    assert np.corrcoef(values[:, :-1].ravel(), values[:, 1:].ravel())[0, 1] == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("k", [3.0, 4.0])
def test_k_deviations_are_the_bounds_of_the_product(k: float) -> None:
    (values,) = drawn(SETS[2], 1, 5.0)
    judged = condition("within", stddevs_from_mean=k)
    outside = []
    for run in range(rules.LEAST, RUNS):
        bounds, _ = bounds_for(judged, values[:run].tolist())
        outside.append(0 if bounds.contains(values[run]) else int(np.sign(values[run] - values[:run].mean())))
    first = [side if side != before else 0 for before, side in zip([0, *outside], outside, strict=False)]
    assert rules.deviations(values[None], k)[0, rules.LEAST :].tolist() == first


@pytest.mark.parametrize("rule", ["k = 4", "ours"])
def test_a_rule_knows_nothing_of_later_runs(rule: str) -> None:
    values = drawn(SETS[1], 40, 3.0)

    def told(part: Array) -> Alarms:
        return rules.deviations(part, 4.0) if rule == "k = 4" else rules.episodes(part, Scan())

    whole = told(values)
    for runs in (60, SHIFT + 3, SHIFT + 15):
        assert np.array_equal(told(values[:, :runs]), whole[:, :runs])


def test_a_shift_that_lasts_is_one_alarm() -> None:
    values = drawn(SETS[0], 50, 5.0)
    alarms = rules.episodes(values, Scan())[:, SHIFT:]
    assert np.count_nonzero(alarms == 1) == 50
    assert set(rules.first_alarms(rules.episodes(values, Scan()), 1, SHIFT, 15).values()) == {1, 2}


def test_otava_tells_a_change_once_when_it_has_lasted_three_runs() -> None:
    pytest.importorskip("otava.analysis")
    alarms, recent = rules.otava(drawn(SETS[0], 2, 8.0)[:, : SHIFT + 10], SHIFT - 5, 1e-6)
    assert np.array_equal(alarms, recent)
    assert [np.flatnonzero(row).tolist() for row in alarms] == [[SHIFT + 2], [SHIFT + 2]]
    assert alarms[:, SHIFT + 2].tolist() == [1, 1]


def test_limits_of_counts_shares_and_differences() -> None:
    assert Rate(0, 1000).limits() == pytest.approx((0.0, 3.689), abs=1e-3)
    assert Rate(10, 1000).limits() == pytest.approx((4.795, 18.390), abs=1e-3)
    assert Found(dict.fromkeys(range(8), 3), 10).limits() == pytest.approx((49.02, 94.33), abs=1e-2)
    assert (Found({}, 10).percent, Found({}, 10).delay) == (0.0, math.inf)
    found = Difference.of(Found(dict.fromkeys(range(9), 1), 10), Found(dict.fromkeys(range(1, 8), 1), 10))
    assert found.percent == pytest.approx(20)
    assert found.low < 0 < found.high


def test_a_smoke_run_prints_every_set_and_every_bar() -> None:
    command = [sys.executable, "benchmarks/detection.py", "--quick", "--otava", "0"]
    out = subprocess.run(command, check=True, cwd=ROOT, capture_output=True, text=True, timeout=120).stdout
    assert [line.partition(":")[0] for line in out.splitlines() if line.endswith("a size")] == [
        kind.name for kind in JUDGED
    ]
    assert out.count("\n  ours ") == len(SETS)
    assert "of 50 bars held, seed 72150418" in out
