from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.aggregate import START_TAG, STRATEGIES, Collected, collect, mean
from cajajejo.metrics.events import Events, Series
from tests.metrics.builders import collection


def series(*values: float, start: float = 100.0, wall_times: tuple[float, ...] | None = None) -> Series:
    times = wall_times or tuple(start + place for place in range(len(values)))
    return Series(tuple(range(len(values))), times, values)


def events(**by_tag: Series) -> Events:
    return Events({(".", tag): each for tag, each in by_tag.items()})


def collected(found: Events, *, start: float | None = None, stop: float | None = None, **fields: object) -> Collected:
    return collect(found, collection(**fields), start_time=start, stop_time=stop)


@pytest.mark.parametrize(("strategy", "expected"), [("final", 2.0), ("max", 4.0), ("min", 1.0), ("average", 2.5)])
def test_a_strategy_makes_one_number_of_a_series(strategy: str, expected: float) -> None:
    found = collected(events(loss=series(1.0, 4.0, 3.0, 2.0)), default_aggregation_strategies=[strategy])
    assert found == Collected({f"loss_{strategy}": expected})


def test_final_goes_by_wall_time_and_the_later_of_two_at_once_counts() -> None:
    points = series(1.0, 2.0, 3.0, 4.0, wall_times=(5.0, 9.0, 9.0, 7.0))
    assert STRATEGIES["final"](points) == 3.0


@pytest.mark.parametrize("values", [(math.nan, 1.0, 2.0), (1.0, math.nan, 2.0)])
@pytest.mark.parametrize("strategy", ["max", "min", "average"])
def test_an_aggregate_over_any_nan_is_nan(strategy: str, values: tuple[float, ...]) -> None:
    assert math.isnan(STRATEGIES[strategy](series(*values)))  # type: ignore[index]  # a strategy


def test_final_is_nan_only_where_the_last_value_is() -> None:
    assert STRATEGIES["final"](series(math.nan, 1.0)) == 1.0
    assert math.isnan(STRATEGIES["final"](series(1.0, math.nan)))


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0.1] * 10, 0.1), ([1e308, 1e308], 1e308), ([math.inf, 1.0], math.inf), ([1.0, 2.0], 1.5)],
)
def test_the_mean_neither_drifts_nor_overflows(values: list[float], expected: float) -> None:
    assert mean(values) == expected


def test_the_mean_of_opposite_infinities_is_nan() -> None:
    assert math.isnan(mean([math.inf, -math.inf]))


def test_a_tag_with_its_own_strategies_has_no_others() -> None:
    found = collected(
        events(loss=series(1.0, 3.0, 2.0), accuracy=series(0.5), rate=series(9.0)),
        metric_to_aggregation_strategy={"loss": ["final", "min"], "acc*": ["max"]},
        tags_to_ignore=["ra?e"],
    )
    assert found.metrics == {"loss_final": 2.0, "loss_min": 1.0, "accuracy_max": 0.5}


def test_the_exact_name_of_a_tag_beats_a_glob() -> None:
    found = collected(events(**{"a[1]": series(1.0)}), metric_to_aggregation_strategy={"a*": ["max"], "a[1]": ["min"]})
    assert found.metrics == {"a[1]_min": 1.0}


RUNS = Events(
    {("train", "loss"): series(1.0, 5.0, start=0.0), ("eval", "loss"): series(2.0, start=50.0), (".", "n"): series(3.0)}
)


def test_equal_tags_of_several_runs_are_one_series() -> None:
    assert collected(RUNS, default_aggregation_strategies=["final", "max"]).metrics == {
        "loss_final": 2.0, "loss_max": 5.0, "n_final": 3.0, "n_max": 3.0,
    }  # fmt: skip


def test_a_prefix_keeps_runs_apart_and_spares_the_root() -> None:
    assert collected(RUNS, use_run_name_prefix=True).metrics == {
        "train/loss_final": 5.0,
        "eval/loss_final": 2.0,
        "n_final": 3.0,
    }


@pytest.mark.parametrize("ignored", ["train/loss", "loss"])
def test_a_tag_is_ignored_by_its_own_name_or_with_its_run(ignored: str) -> None:
    found = collected(RUNS, use_run_name_prefix=True, tags_to_ignore=[ignored]).metrics
    assert "train/loss_final" not in found
    assert ("eval/loss_final" in found) == (ignored == "train/loss")


def test_runs_whose_prefixed_tags_meet_are_one_series() -> None:
    found = Events({("a", "b/c"): series(1.0, start=0.0), ("a/b", "c"): series(2.0, start=9.0)})
    assert collected(found, use_run_name_prefix=True).metrics == {"a/b/c_final": 2.0}


@pytest.mark.parametrize(
    ("start", "stop", "expected"), [(100.0, 160.0, {"total_wall_time": 60.0}), (None, 160.0, {}), (100.0, None, {})]
)
def test_total_wall_time_needs_both_ends(start: float | None, stop: float | None, expected: dict[str, float]) -> None:
    assert collected(Events(), start=start, stop=stop).metrics == expected


@pytest.mark.parametrize(("written", "expected"), [((110.0, 120.0), 40.0), ((math.nan,), 60.0)])
def test_the_start_that_the_run_wrote_beats_the_one_given(written: tuple[float, ...], expected: float) -> None:
    found = collected(events(**{START_TAG: series(*written)}), start=100.0, stop=160.0, tags_to_ignore=[START_TAG])
    assert found.metrics == {"total_wall_time": expected}


def test_a_run_that_stops_before_it_starts_has_no_wall_time() -> None:
    found = collected(events(**{START_TAG: series(170.0)}), stop=160.0, tags_to_ignore=[START_TAG])
    assert found == Collected({}, None, ("total_wall_time is left out: it would end 10 s before the run started",))


ACCURACY: dict[str, Any] = {
    "time_to_accuracy": {"accuracy_tag": "acc", "accuracy_threshold": 0.8},
    "tags_to_ignore": ["acc"],
}


def test_time_to_accuracy_ends_when_the_threshold_is_first_reached() -> None:
    found = Events({("a", "acc"): series(0.9, start=150.0), ("b", "acc"): series(0.7, 0.8, 0.9, start=110.0)})
    assert collected(found, start=100.0, **ACCURACY) == Collected({"time_to_accuracy": 11.0})


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        (events(acc=series(0.5, 0.7, math.nan)), "acc never reached 0.8 (best 0.7)"),
        (events(acc=series(math.nan)), "acc was never written"),
        (Events(), "acc was never written"),
    ],
)
def test_a_threshold_that_is_never_reached_is_told(found: Events, missed: str) -> None:
    assert collected(found, start=100.0, **ACCURACY) == Collected({}, missed)


def test_time_to_accuracy_needs_a_start() -> None:
    warning = "time_to_accuracy is left out: the start of the run is not known (--start-time)"
    assert collected(events(acc=series(0.9)), **ACCURACY) == Collected({}, None, (warning,))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False, width=32), min_size=1))
def test_average_lies_between_min_and_max(values: list[float]) -> None:
    low, middle, high = (STRATEGIES[name](series(*values)) for name in ("min", "average", "max"))
    assert low <= middle <= high
