from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.shifts.levels import Level
from cajajejo.metrics.shifts.scan import Scan, Shift, drift
from tests.metrics.builders import condition

NOISE = tuple(np.random.default_rng(1).normal(size=60).tolist())


def test_a_scan_has_the_parameters_of_its_condition() -> None:
    shifts = condition(
        comparison="greater",
        level_shift={"threshold": 4, "window": 50, "min_history": 8, "autocorrelation": "none"},
        min_change={"absolute": 0.1, "relative": 0.2},
        resolution=0.01,
        transform="log",
    )
    assert Scan.of(shifts) == Scan(50, 8, 4.0, False, 0.01, 0.1, 0.2, True)  # noqa: FBT003  # in the order of the fields


def test_in_the_shadow_of_a_bound_the_scan_is_the_usual_one() -> None:
    bound = condition(comparison="greater", stddevs_from_mean=4, min_change={"absolute": 0.1}, last_n=7)
    assert Scan.of(bound) == Scan(absolute=0.1)


def test_values_are_looked_at_as_they_are_or_as_logarithms_and_told_in_their_unit() -> None:
    assert Scan().points([1.0, 2.0]).tolist() == [1.0, 2.0]
    assert Scan(logarithms=True).points([1.0, math.e]).tolist() == [0.0, 1.0]
    assert (Scan().in_unit(1.0), Scan(logarithms=True).in_unit(1.0)) == (1.0, math.e)


def test_a_shift_can_be_told_in_places_of_another_series() -> None:
    level = Level(20, 0.9, 0.01, 0.0)
    shift = Shift(-1, 2, (1, 3), 4, -4.7, level, 0.8)
    moved = shift.moved(np.array([0, 5, 6, 8, 9]))
    assert moved == Shift(-1, 6, (5, 8), 9, -4.7, level, 0.8)


@pytest.mark.parametrize(
    ("scan", "before", "after", "counts"),
    [
        pytest.param(Scan(), 5.0, 5.0, True, id="no floor"),
        pytest.param(Scan(absolute=0.5), 5.0, 4.5, True, id="just as much"),
        pytest.param(Scan(absolute=0.5), 5.0, 4.6, False, id="less"),
        pytest.param(Scan(relative=0.1), -5.0, -5.6, True, id="a share of a negative level"),
        pytest.param(Scan(absolute=0.5, relative=0.2), 5.0, 4.2, False, id="both floors must be exceeded"),
        pytest.param(
            Scan(absolute=25, logarithms=True), np.log(100), np.log(130), True, id="in the unit of the metric"
        ),
        pytest.param(Scan(absolute=35, logarithms=True), np.log(100), np.log(130), False, id="less in that unit"),
        pytest.param(Scan(relative=0.25, logarithms=True), np.log(100), np.log(70), True, id="a share of the metric"),
        pytest.param(Scan(relative=0.35, logarithms=True), np.log(100), np.log(70), False, id="less than the share"),
    ],
)
def test_a_change_counts_from_the_least_one_on(scan: Scan, before: float, after: float, counts: bool) -> None:  # noqa: FBT001  # a case
    assert bool(scan.counts(before, after)) is counts


def test_a_slow_drift_is_told_against_the_first_thirty_runs() -> None:
    drifting = [value + 0.15 * place for place, value in enumerate(NOISE)]
    change = drift(drifting, Scan())
    assert change is not None
    anchor = Level.of(drifting[:30])
    assert change == pytest.approx(np.median(drifting[-15:]) - anchor.centre)
    assert change >= 3 * anchor.scale
    assert drift([-value for value in drifting], Scan()) == pytest.approx(-change)


def test_a_steady_metric_does_not_drift() -> None:
    assert drift(NOISE, Scan()) is None
    assert drift([0.75] * 60, Scan()) is None


def test_a_drift_below_the_least_change_is_none() -> None:
    drifting = [value + 0.2 * place for place, value in enumerate(NOISE)]
    assert drift(drifting, Scan()) is not None
    assert drift(drifting, Scan(absolute=100.0)) is None


def test_too_few_runs_tell_no_drift() -> None:
    assert drift([0.0] * 30 + [5.0] * 14, Scan()) is None
    assert drift([0.0] * 30 + [5.0] * 15, Scan()) == 5.0


@given(st.lists(st.floats(allow_nan=False), max_size=80))
def test_a_drift_is_never_smaller_than_what_counts(values: list[float]) -> None:
    found = drift(values, Scan(absolute=1.0))
    assert found is None or abs(found) >= 1.0
