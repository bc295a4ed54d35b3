from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.aggregate import START_TAG, Collected, collect, unneeded
from cajajejo.metrics.events import Events, Series
from cajajejo.phrases import matches
from tests.metrics.builders import collection


def series(*values: float, start: float = 100.0, wall_times: tuple[float, ...] | None = None) -> Series:
    times = [start + place for place in range(len(values))] if wall_times is None else wall_times
    return Series(np.arange(len(values)), np.array(times, np.float64), np.array(values, np.float64))


def events(**by_tag: Series) -> Events:
    return Events({(".", tag): each for tag, each in by_tag.items()})


def collected(found: Events, *, start: float | None = None, stop: float | None = None, **fields: object) -> Collected:
    return collect(found, collection(**fields), start_time=start, stop_time=stop)


def test_a_metric_is_called_after_its_tag_and_its_strategy() -> None:
    found = collected(
        events(loss=series(1.0, 4.0, 3.0, 2.0)),
        default_aggregation_strategies=["final", "max", "median", "p90", "last_n_average"],
        last_n=2,
    )
    assert found == Collected(
        {"loss_final": 2.0, "loss_max": 4.0, "loss_median": 2.5, "loss_p90": 3.7, "loss_last_n_average": 2.5}
    )


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


@pytest.mark.parametrize("ignored", ["train/loss", "train/*"])
def test_a_tag_of_one_run_is_ignored_also_where_no_run_stands_in_front(ignored: str) -> None:
    assert collected(RUNS, tags_to_ignore=[ignored]).metrics == {"loss_final": 2.0, "n_final": 3.0}


def test_a_tag_of_the_root_has_no_run_in_front() -> None:
    assert collected(RUNS, tags_to_ignore=["*/n"]).metrics["n_final"] == 3.0


def test_points_at_the_same_time_are_in_the_order_of_their_runs() -> None:
    found = Events({("b", "x"): series(2.0), ("a", "x"): series(1.0)})
    assert collected(found).metrics == {"x_final": 2.0}


def test_tags_that_a_prefix_gives_one_name_are_left_out_and_named() -> None:
    found = Events({("a", "b/c"): series(1.0), (".", "a/b/c"): series(2.0), (".", "n"): series(3.0)})
    assert collected(found, use_run_name_prefix=True) == Collected(
        {"n_final": 3.0},
        None,
        ("a/b/c_final is left out: it would be the tag a/b/c of run . and the tag b/c of run a",),
    )


def test_strategies_that_give_two_tags_one_name_are_left_out_and_named() -> None:
    found = collected(
        events(loss=series(1.0, 3.0), loss_last_n=series(5.0)),
        default_aggregation_strategies=["average", "last_n_average"],
    )
    assert found == Collected(
        {"loss_average": 2.0, "loss_last_n_last_n_average": 5.0},
        None,
        ("loss_last_n_average is left out: it would be last_n_average of loss and average of loss_last_n",),
    )


@pytest.mark.parametrize("name", ["vm_memory_usage_bytes", "gpu_memory_usage_bytes"])
def test_memory_is_the_greatest_value_of_any_run_under_the_name_of_its_tag(name: str) -> None:
    found = Events(
        {
            ("host0", name): series(3e9, 7e9, math.nan, 5e9),
            ("host1", name): series(math.inf, 6e9),
            (".", "loss"): series(1.0),
        }
    )
    for prefixed in (True, False):
        fields: dict[str, Any] = {"use_run_name_prefix": prefixed, "default_aggregation_strategies": ["final", "min"]}
        assert collected(found, **fields) == Collected({"loss_final": 1.0, "loss_min": 1.0, name: 7e9})
    assert collected(found, tags_to_ignore=["*_memory_usage_bytes"]).metrics == {"loss_final": 1.0}


def test_memory_that_was_not_measured_is_left_out() -> None:
    found = collected(events(vm_memory_usage_bytes=series(0.0, math.nan, math.inf)))
    assert found == Collected(
        {}, None, ("vm_memory_usage_bytes is left out: none of its values is finite and above 0",)
    )


def test_a_tag_with_the_name_of_a_computed_metric_is_a_tag_like_others() -> None:
    found = collected(events(total_wall_time=series(5.0), time_to_accuracy=series(6.0)), start=100.0, stop=160.0)
    assert found.metrics == {"total_wall_time_final": 5.0, "time_to_accuracy_final": 6.0, "total_wall_time": 60.0}


@pytest.mark.parametrize(
    ("start", "stop", "expected"), [(100.0, 160.0, {"total_wall_time": 60.0}), (None, 160.0, {}), (100.0, None, {})]
)
def test_total_wall_time_needs_both_ends(start: float | None, stop: float | None, expected: dict[str, float]) -> None:
    assert collected(Events(), start=start, stop=stop).metrics == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ((110.0, 120.0), 40.0),
        ((110.0, math.nan), 50.0),
        ((110.0, math.inf), 50.0),
        ((math.nan,), 60.0),
    ],
    ids=str,
)
def test_the_start_that_the_run_wrote_beats_the_one_given(written: tuple[float, ...], expected: float) -> None:
    found = collected(events(**{START_TAG: series(*written)}), start=100.0, stop=160.0, tags_to_ignore=[START_TAG])
    assert found.metrics == {"total_wall_time": expected}


def test_the_last_start_that_was_written_counts() -> None:
    found = events(**{START_TAG: series(120.0, 110.0, wall_times=(2.0, 1.0))})
    assert collected(found, stop=160.0, tags_to_ignore=[START_TAG]).metrics == {"total_wall_time": 40.0}


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


@pytest.mark.parametrize("tag", ["acc", "a/acc"])
def test_the_accuracy_may_be_given_with_its_run(tag: str) -> None:
    found = Events({("a", "acc"): series(0.9, start=150.0), ("b", "acc"): series(0.1, start=110.0)})
    fields: dict[str, Any] = {
        "time_to_accuracy": {"accuracy_tag": tag, "accuracy_threshold": 0.8},
        "tags_to_ignore": ["*acc"],
    }
    assert collected(found, start=100.0, **fields) == Collected({"time_to_accuracy": 50.0})


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        pytest.param(events(acc=series(0.5, 0.7, math.nan)), "acc never reached 0.8 (best 0.7)", id="too low"),
        pytest.param(events(acc=series(math.nan)), "acc was never written", id="no number"),
        pytest.param(Events(), "acc was never written", id="no tag"),
        pytest.param(Events({("a/acc", "b"): series(0.9)}), "acc was never written", id="the name of a run"),
    ],
)
def test_a_threshold_that_is_never_reached_is_told(found: Events, missed: str) -> None:
    assert collected(found, start=100.0, **{**ACCURACY, "tags_to_ignore": ["*"]}) == Collected({}, missed)


@pytest.mark.parametrize(
    ("found", "start", "why"),
    [
        pytest.param(events(acc=series(0.9)), None, "the start of the run is not known (--start-time)", id="no start"),
        pytest.param(
            events(acc=series(0.9, 0.5, wall_times=(math.nan, 3.0))),
            0.0,
            "acc reached 0.8 at no known time",
            id="no time",
        ),
        pytest.param(events(acc=series(0.9)), 110.0, "it would end 10 s before the run started", id="before the start"),
    ],
)
def test_a_time_to_accuracy_that_cannot_be_told_is_left_out(found: Events, start: float | None, why: str) -> None:
    assert collected(found, start=start, **ACCURACY) == Collected({}, None, (f"time_to_accuracy is left out: {why}",))


@pytest.mark.parametrize(
    ("ignored", "skipped"),
    [
        ("LearningRate", True),
        ("train/LearningRate", True),
        ("hist_*_bytes", True),
        ("eval/acc", False),
        ("run/eval/acc", False),
        ("acc", False),
        ("eval/*", False),
        ("*", False),
        (START_TAG, False),
        ("a/Tensorboard*", False),
    ],
)
def test_what_is_ignored_is_read_only_where_something_is_computed_from_it(ignored: str, *, skipped: bool) -> None:
    found = collection(tags_to_ignore=[ignored], time_to_accuracy={"accuracy_tag": "eval/acc", "accuracy_threshold": 1})
    assert unneeded(found) == ((ignored,) if skipped else ())


def test_where_nothing_is_timed_only_a_start_is_read_though_it_is_ignored() -> None:
    found = collection(tags_to_ignore=["acc", START_TAG, "loss/*", "lr"])
    assert unneeded(found) == ("acc", "lr")


TAGS = ("a", "b", "a/b", START_TAG, f"a/{START_TAG}")
PATTERNS = st.text(alphabet="ab/*?", min_size=1, max_size=4) | st.sampled_from((*TAGS, "*Timestamp", "Tensor*", "[a]"))


@given(
    keys=st.sets(st.tuples(st.sampled_from([".", "a", "b/a"]), st.sampled_from(TAGS))),
    ignored=st.lists(PATTERNS, max_size=4),
    accuracy=st.sampled_from(["a", "b", "a/b"]),
    prefixed=st.booleans(),
)
def test_what_need_not_be_read_changes_nothing_that_is_collected(
    keys: set[tuple[str, str]], ignored: list[str], accuracy: str, *, prefixed: bool
) -> None:
    settings = collection(
        tags_to_ignore=ignored,
        time_to_accuracy={"accuracy_tag": accuracy, "accuracy_threshold": 0},
        use_run_name_prefix=prefixed,
    )

    def skipped(run: str, tag: str) -> bool:
        names = [tag] if run == "." else [tag, f"{run}/{tag}"]
        return any(matches(name, pattern) for name in names for pattern in unneeded(settings))

    everything = {key: series(float(place), start=200.0 + place) for place, key in enumerate(sorted(keys))}
    read = {key: found for key, found in everything.items() if not skipped(*key)}
    found, expected = (collect(Events(each), settings, start_time=-1.0, stop_time=500.0) for each in (read, everything))
    assert found == expected
