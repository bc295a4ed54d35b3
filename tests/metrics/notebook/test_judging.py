"""Runs in memory are judged as the command judges event files."""

from __future__ import annotations

import math
import pickle
from collections import defaultdict
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cajajejo
from cajajejo.metrics import handler
from cajajejo.metrics.config import MetricsConfig
from cajajejo.metrics.handler import RunUnderTest
from cajajejo.metrics.judgement.judging import judge
from cajajejo.metrics.notebook.cells import MetricInputError
from cajajejo.metrics.notebook.criteria import criteria
from cajajejo.metrics.points import Point
from cajajejo.metrics.reports import documents, report
from cajajejo.metrics.runs import Run
from cajajejo.terminal import Style
from tests.metrics.builders import H10, H20, scalar_record, write_records

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cajajejo.metrics.judgement.verdict import MetricVerdict
    from cajajejo.metrics.notebook.judging import Judged
    from cajajejo.metrics.reports.report import Report

CONDITIONS: dict[str, dict[str, Any]] = {
    "fixed value": {"comparison": "less", "fixed_value": 1.2},
    "fixed value, confirmed": {"comparison": "less", "fixed_value": 1.2, "confirm_after": 2},
    "interval": {"within_bounds": (0.2, 1.4)},
    "standard deviations": {"comparison": "less", "stddevs_from_mean": 3},
    "few standard deviations": {"comparison": "within", "stddevs_from_mean": 1, "wait_for_n_points_of_history": 4},
    "prediction interval": {"comparison": "within", "prediction_interval": 0.9, "last_n": 12},
    "prediction interval, confirmed": {"comparison": "less", "prediction_interval": 0.9, "confirm_after": 2},
    "share of the mean": {"comparison": "greater", "percent_difference": 0.1},
    "quartiles": {"comparison": "within", "iqr": 1.5, "min_change": 0.1},
    "level shift": {"comparison": "less", "level_shift": {"min_history": 5}},
    "level shift, two ways": {"level_shift": {"min_history": 5, "window": 10}},
    "logarithms": {"comparison": "less", "prediction_interval": 0.9, "transform": "log", "min_change": 0.05},
    "times": {"comparison": "less", "prediction_interval": 0.9, "time_window": 15},
}


def checked(folder: Path, columns: Mapping[str, Sequence[float | None]], conditions: Any) -> Report:
    """What the command finds for the last of several runs, each written as an event file and checked in order."""
    config = MetricsConfig(regression_test_config=criteria(conditions, {}, ()))
    for place in range(length(columns)):
        values = {tag: value for tag, column in columns.items() if (value := column[place]) is not None}
        logdir = folder / f"r{place:03}"
        records = [scalar_record(tag, value) for tag, value in values.items()]
        write_records(logdir / "events.out.tfevents.1", records)
        run = RunUnderTest("t", logdir.name, start_time=1000.0 + place, commit=f"{place:07x}")
        found = handler.check(logdir, run, config, history_url=f"sqlite:///{folder}/history.db")
    return found


def judged(columns: Mapping[str, Sequence[float | None]], conditions: Any) -> Judged:
    places = range(length(columns))
    return cajajejo.judge(
        {f"{tag}_final": column for tag, column in columns.items()},
        conditions,
        runs=[f"r{place:03}" for place in places],
        times=[1000.0 + place for place in places],
        commits=[f"{place:07x}" for place in places],
        test="t",
    )


def length(columns: Mapping[str, Sequence[float | None]]) -> int:
    return len(next(iter(columns.values())))


def one_by_one(columns: Mapping[str, Sequence[float | None]], conditions: Any) -> tuple[MetricVerdict, ...]:
    """The verdicts on the last of several runs, each of which was judged and put into the history before the next."""
    tests, history = criteria(conditions, {}, ()), defaultdict[str, list[Point]](list)
    for place in range(length(columns)):
        run = Run("t", f"r{place:03}", 1000.0 + place, commit=f"{place:07x}")
        values = {f"{tag}_final": value for tag, column in columns.items() if (value := column[place]) is not None}
        found = judge(values, history, tests, run)
        for metric in found:
            if metric.value is not None and math.isfinite(metric.value):
                point = Point(run.run_id, metric.value, metric.outside, run.start_time, run.commit)
                history[metric.name].append(point)
    return found


def calm(random: Random) -> float:
    return random.randint(80, 120) / 100


def course(random: Random) -> list[float | None]:
    """A quiet beginning, then anything: spikes, gaps, a lasting shift; of some metrics not all runs."""
    wild = (0.1, 1.6, 3.0, math.nan, math.inf, None, -1.0)
    step, skipped = random.choice((0.0, 0.0, 0.5, -0.4)), random.choice((0, 0, 8))
    begin = [None if place < skipped else calm(random) for place in range(14)]
    rest = (calm(random) if random.random() < 0.75 else random.choice(wild) for _ in range(12))
    return [*begin, *(None if value is None else value + step for value in rest)]


BY_METRIC = {f"{name}_final": condition for name, condition in CONDITIONS.items()}


@settings(max_examples=3)
@given(st.randoms(use_true_random=True))
def test_the_last_run_is_judged_as_after_all_before_it(random: Random) -> None:
    columns = {name: course(random) for name in CONDITIONS}
    by_name = sorted(judged(columns, BY_METRIC).metrics, key=lambda metric: metric.name)
    assert list(map(repr, by_name)) == list(map(repr, one_by_one(columns, BY_METRIC)))  # where NaN equals itself


def test_the_command_says_the_same_of_event_files(tmp_path: Path) -> None:
    random = Random(20261122)  # noqa: S311  # no secret
    columns = {name: course(random) for name in CONDITIONS}
    command, found = checked(tmp_path, columns, BY_METRIC), judged(columns, BY_METRIC)
    assert (found.verdict, found.exit_code, found.runs_before) == (command.verdict, command.exit_code, 25)
    assert (found.run_id, found.alerts) == (command.run_id, command.alerts)
    assert list(map(repr, found.metrics)) == list(map(repr, command.metrics))
    assert repr(found).splitlines()[-1] == report.screen(command, Style())[-1]


def test_the_document_and_the_screen_are_those_of_the_command(tmp_path: Path) -> None:
    columns = {"acc": [*H20, 0.901, 0.9, 0.9015], "loss": [1.0] * 22 + [1.5]}
    conditions = {"acc_final": {"comparison": "greater"}, "loss_final": {"comparison": "less", "fixed_value": 1.2}}
    command, found = checked(tmp_path, columns, conditions), judged(columns, conditions)
    assert found.as_dict() == documents.check(command)
    assert repr(found).splitlines() == report.screen(command, Style())


def test_what_a_prompt_shows_is_the_table() -> None:
    basis = "99 % prediction interval about the mean 0.912 of 10 runs, standard deviation 0.0034"
    assert repr(cajajejo.judge([*H10, 0.85], comparison="greater", prediction_interval=0.99)).splitlines() == [
        "values, run 10   10 runs before it",
        "",
        "  verdict       metric  value  allowed  last runs   reason",
        "  ✗ regression  value   0.850  > 0.903  █▇██████▇▁  0.053 below, 99 % prediction interval of 10 runs",
        "",
        f"value is 0.850; it must be greater than 0.903 ({basis})",
        "  last good   0.907, run 9",
        "",
        "REGRESSION  values: 1 of 1 metric out of bounds",
    ]


def test_by_default_a_change_of_level_in_either_direction_is_a_regression() -> None:
    assert cajajejo.judge([*H20, 0.9, 0.9, 0.9]).verdict == "regression"
    assert cajajejo.judge([*H20, 0.93, 0.93, 0.93]).verdict == "regression"
    assert cajajejo.judge([*H20, 0.93, 0.93, 0.93], comparison="greater")["value"].verdict == "improvement"
    assert cajajejo.judge(H20).verdict == "pass"


@pytest.mark.parametrize(
    ("values", "verdict", "reason"),
    [
        ([1.0], "inconclusive", "0 of 10 runs so far"),
        ([*H10, math.nan], "inconclusive", "not a number"),
        ([*H10, math.inf], "inconclusive", "infinite"),
        ([*H10, math.nan, 0.913], "pass", None),
    ],
    ids=["one value", "NaN", "infinity", "NaN before"],
)
def test_little_is_told_of_few_values_or_none(values: list[float], verdict: str, reason: str | None) -> None:
    found = cajajejo.judge(values)
    assert found.verdict == verdict
    assert reason in {None, found["value"].reason}


def test_a_run_that_lacks_a_metric_is_judged_by_the_others() -> None:
    rows = [*({"loss": 1.0, "acc": value} for value in H20), {"loss": 1.0}]
    assert [metric.name for metric in cajajejo.judge(rows).metrics] == ["loss"]
    found = cajajejo.judge(rows, required=["acc"])
    assert (found.verdict, found["acc"].cause) == ("inconclusive", "missing")


def test_a_metric_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(KeyError, match="no metric is called los; there are loss"):
        cajajejo.judge({"loss": [1, 2]})["los"]


def test_strict_lets_what_waits_decide() -> None:
    columns = {"old": H20, "new": [*[None] * 19, 1.0]}
    assert cajajejo.judge(columns).verdict == "pass"
    assert cajajejo.judge(columns, strict=True).verdict == "inconclusive"


def test_cautions_stand_above_the_table() -> None:
    found = cajajejo.judge([1.0, 1.0, 1.0], comparison="less", stddevs_from_mean=0)
    assert repr(found).startswith("Warning: stddevs_from_mean 0 with comparison less: a value equal to the mean fails")
    by_metric = {"loss": {"comparison": "less", "stddevs_from_mean": 0}}
    assert cajajejo.judge({"loss": [1, 1]}, by_metric).warnings[0].startswith("loss: stddevs_from_mean 0")


def test_the_metrics_make_a_data_frame() -> None:
    frame = cajajejo.judge({"a": [*H10, 0.85], "b": [*H10, 0.91]}, comparison="greater", iqr=3).to_frame()
    assert list(frame.columns) == ["name", "value", "lower_bound", "upper_bound", "inclusive", "verdict", "reason"]
    assert frame["name"].tolist() == ["a", "b"]
    assert frame["verdict"].tolist() == ["regression", "pass"]
    assert frame["lower_bound"].tolist() == pytest.approx([0.89675, 0.89675])


def test_a_window_in_time_needs_to_know_the_times() -> None:
    with pytest.raises(MetricInputError, match="time_window needs to know when the runs were") as caught:
        cajajejo.judge(H20, comparison="less", iqr=3, time_window=60)
    assert caught.value.__notes__ == ["  give        times=[…]"]


def test_what_is_found_can_be_sent_to_another_process() -> None:
    found = cajajejo.judge([*H20, 0.85], comparison="greater", stddevs_from_mean=4)
    again = pickle.loads(pickle.dumps(found))  # noqa: S301  # what was pickled a moment ago
    assert (repr(again), again.as_dict()) == (repr(found), found.as_dict())
