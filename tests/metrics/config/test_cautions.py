from __future__ import annotations

from typing import Any

import pytest

from cajajejo.metrics.config import cautions
from cajajejo.metrics.config.conditions import SuccessCondition


def about(threshold: dict[str, Any], comparison: str = "less", **fields: Any) -> list[str]:
    document = {"comparison": comparison, "success_threshold": threshold, **fields}
    return list(cautions.about(SuccessCondition.model_validate(document)))


@pytest.mark.parametrize(
    ("threshold", "fields"),
    [
        ({"fixed_value": 1}, {"confirm_after": 2, "wait_for_n_points_of_history": 3}),
        ({"stddevs_from_mean": 4}, {"last_n": 20, "time_window": 3600, "transform": "log"}),
        ({"stddevs_from_mean": 2.5}, {}),
        ({"stddevs_from_mean": 0}, {"comparison": "less_or_equal"}),
        ({"stddevs_from_mean": 0}, {"resolution": 1}),
        ({"stddevs_from_mean": 0}, {"min_change": {"relative": 0.01}}),
        ({"percent_difference": {"percent": 1}}, {"last_n": 5}),
        ({"percent_difference": {"percent": 0, "value": 3}}, {"min_change": {"absolute": 1}}),
        ({"percent_difference": {"percent": 0}}, {"comparison": "within"}),
        ({"prediction_interval": {}}, {}),
        ({"iqr": 3}, {"min_change": {"absolute": 1}, "resolution": 0.5}),
        ({"level_shift": {}}, {"confirm_after": 1, "resolution": 0.5, "transform": "log"}),
        ({"level_shift": {"threshold": 4.55}}, {}),
        ({"level_shift": {"threshold": 4.8, "min_history": 20}}, {}),
    ],
    ids=str,
)
def test_what_was_meant_is_not_cautioned_about(threshold: dict[str, Any], fields: dict[str, Any]) -> None:
    assert about(threshold, **{"comparison": "less", **fields}) == []


@pytest.mark.parametrize(
    ("threshold", "fields", "said"),
    [
        pytest.param(
            {"fixed_value": 1},
            {"last_n": 3, "time_window": 60, "transform": "log", "min_change": {"absolute": 1}, "resolution": 1},
            "last_n, time_window, transform, min_change, resolution have no effect beside fixed_value, which compares"
            " with a known value",
            id="a known value has no history and no level",
        ),
        pytest.param(
            {"percent_difference": {"percent": 0.2, "value": 5}},
            {"last_n": 3, "min_change": {"absolute": 1}},
            "last_n has no effect beside percent_difference, which compares with a known value",
            id="a share of a known value has no history",
        ),
        pytest.param(
            {"level_shift": {}},
            {"time_window": 3600},
            "time_window has no effect beside level_shift, which has its own window",
            id="a level has its own window",
        ),
        pytest.param(
            {"stddevs_from_mean": 0},
            {},
            "stddevs_from_mean 0 with comparison less: a value equal to the mean fails unless all earlier values are"
            " equal; use less_or_equal",
            id="less than the mean itself",
        ),
        pytest.param(
            {"percent_difference": {"percent": 0}},
            {"comparison": "greater"},
            "percent_difference of 0 with comparison greater: a value equal to the mean fails unless all earlier values"
            " are equal; use greater_or_equal",
            id="greater than the mean itself",
        ),
        pytest.param(
            {"stddevs_from_mean": 2},
            {},
            "stddevs_from_mean 2: below 2.5, runs out of bounds stay in the history of later bounds; 4 is usual",
            id="bounds that are near",
        ),
        pytest.param(
            {"percent_difference": {"percent": 20}},
            {},
            "percent 20 is 2,000 %; write 0.2 for 20 %",
            id="percent for a share",
        ),
        pytest.param(
            {"level_shift": {"threshold": 4.6}},
            {},
            "level_shift threshold 4.6: with 10 earlier runs three runs reach 4.56 at most, so that it takes a fourth"
            " to tell",
            id="a threshold that three runs do not reach",
        ),
        pytest.param(
            {"level_shift": {}},
            {"confirm_after": 2},
            "confirm_after 2 beside level_shift, which is told by three runs in a row itself: each further one tells it"
            " later",
            id="confirmed twice",
        ),
    ],
)
def test_what_was_probably_not_meant_is_said(threshold: dict[str, Any], fields: dict[str, Any], said: str) -> None:
    assert about(threshold, **{"comparison": "less", **fields}) == [said]


@pytest.mark.parametrize(("history", "largest"), [(10, 4.557327), (20, 4.845437), (60, 5.070926)])
def test_three_runs_reach_what_the_worked_numbers_say(history: int, largest: float) -> None:
    def cautioned(threshold: float) -> bool:
        return bool(about({"level_shift": {"threshold": threshold, "min_history": history}}))

    assert (cautioned(largest - 1e-6), cautioned(largest + 1e-6)) == (False, True)
