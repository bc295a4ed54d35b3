from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from cajajejo.metrics.config.conditions import MinChange, SuccessCondition

IQR: dict[str, Any] = {"iqr": 3.0}
FIXED: dict[str, Any] = {"fixed_value": 1.0}
SOME: dict[str, Any] = {"stddevs_from_mean": 4.0}
SHIFT: dict[str, Any] = {"level_shift": {}}


def condition(threshold: dict[str, Any], comparison: str | None = None, **fields: Any) -> SuccessCondition:
    said = {} if comparison is None else {"comparison": comparison}
    return SuccessCondition.model_validate({**said, "success_threshold": threshold, **fields})


def refused(document: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        SuccessCondition.model_validate(document)
    detail = caught.value.errors()[0]
    return f"{'.'.join(map(str, detail['loc']))}: {detail['msg'].removeprefix('Value error, ')}"


def test_what_is_not_said_has_its_default() -> None:
    assert condition(IQR).model_dump(exclude={"success_threshold"}) == {
        "comparison": "within",
        "wait_for_n_points_of_history": 0,
        "last_n": None,
        "time_window": None,
        "min_change": {"absolute": 0.0, "relative": 0.0},
        "resolution": 0.0,
        "confirm_after": None,
        "transform": "none",
    }


@pytest.mark.parametrize(
    ("comparison", "strict", "bad"),
    [
        ("greater", True, (-1,)),
        ("greater_or_equal", False, (-1,)),
        ("less", True, (1,)),
        ("less_or_equal", False, (1,)),
        ("within", False, (-1, 1)),
    ],
)
def test_a_comparison_says_what_is_worse(comparison: str, *, strict: bool, bad: tuple[int, ...]) -> None:
    found = condition(IQR, comparison)
    assert (found.strict, found.bad) == (strict, bad)


@pytest.mark.parametrize(
    ("threshold", "from_history", "windowed"),
    [
        (FIXED, False, False),
        ({"within_bounds": {"upper": 1}}, False, False),
        ({"percent_difference": {"percent": 0.2, "value": 5}}, False, False),
        ({"percent_difference": {"percent": 0.2}}, True, True),
        (SOME, True, True),
        ({"prediction_interval": {}}, True, True),
        (IQR, True, True),
        (SHIFT, True, False),
    ],
    ids=str,
)
def test_a_condition_knows_whether_it_rests_on_earlier_runs(
    threshold: dict[str, Any], *, from_history: bool, windowed: bool
) -> None:
    comparison = "within" if "within_bounds" in threshold else "less"
    found = condition(threshold, comparison)
    assert (found.from_history, found.windowed) == (from_history, windowed)


@pytest.mark.parametrize(
    ("threshold", "fields", "window", "needed"),
    [
        (SOME, {}, None, 2),
        (SOME, {"last_n": 10}, 10, 2),
        (IQR, {}, 30, 8),
        (IQR, {"wait_for_n_points_of_history": 50}, 50, 50),
        (IQR, {"wait_for_n_points_of_history": -1}, 30, 8),
        (IQR, {"last_n": 8}, 8, 8),
        (SHIFT, {}, 100, 10),
        (SHIFT, {"last_n": 5}, 100, 10),
        ({"level_shift": {"window": 50}}, {"wait_for_n_points_of_history": 20}, 50, 20),
        (FIXED, {"wait_for_n_points_of_history": 3}, 30, 3),
    ],
    ids=str,
)
def test_a_window_holds_the_points_that_are_waited_for(
    threshold: dict[str, Any], fields: dict[str, Any], window: int | None, needed: int
) -> None:
    found = condition(threshold, "less", **fields)
    assert (found.window, found.needed) == (window, needed)


@pytest.mark.parametrize(
    ("centre", "least"), [(0.0, 0.05), (4.0, 0.05), (10.0, 0.1), (-10.0, 0.1)], ids=lambda value: f"{value:g}"
)
def test_the_least_change_is_the_greater_of_both(centre: float, least: float) -> None:
    assert MinChange(absolute=0.05, relative=0.01).around(centre) == least


def test_an_empty_least_change_is_none() -> None:
    assert condition(IQR, min_change=None) == condition(IQR)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (
            {"success_threshold": FIXED},
            ": fixed_value needs a comparison\nfixed_value takes greater, greater_or_equal, less, less_or_equal, equal",
        ),
        (
            {"success_threshold": SOME},
            (
                ": stddevs_from_mean needs a comparison\n"
                "stddevs_from_mean takes greater, greater_or_equal, less, less_or_equal, within"
            ),
        ),
        (
            {"comparison": "within", "success_threshold": FIXED},
            (
                ": comparison within does not fit fixed_value\n"
                "fixed_value takes greater, greater_or_equal, less, less_or_equal, equal"
            ),
        ),
        (
            {"comparison": "equal", "success_threshold": SHIFT},
            (
                ": comparison equal does not fit level_shift\n"
                "level_shift takes greater, greater_or_equal, less, less_or_equal, within"
            ),
        ),
        (
            {"comparison": "less", "success_threshold": {"within_bounds": {"upper": 1}}},
            ": comparison less does not fit within_bounds\nwithin_bounds takes within",
        ),
        (
            {"success_threshold": IQR, "last_n": 7},
            ": last_n 7 is fewer than the 8 points that the condition waits for\nlast_n: 8 or more",
        ),
        (
            {
                "comparison": "less",
                "success_threshold": SOME,
                "last_n": 5,
                "wait_for_n_points_of_history": 10,
            },
            ": last_n 5 is fewer than the 10 points that the condition waits for\nlast_n: 10 or more",
        ),
        (
            {"comparison": "less", "level_shift": {}},
            "level_shift: stands under success_threshold\nwrite success_threshold: {level_shift: …}",
        ),
        (
            {"success_threshold": 99},
            "success_threshold: must be a mapping of fields, not 99\nwrite success_threshold: {fixed_value: 99.0}",
        ),
        (
            {"success_threshold": IQR, "min_change": 0.1},
            "min_change: must be a mapping of fields, not 0.1\nwrite min_change: {absolute: 0.001}",
        ),
        (
            {"success_threshold": IQR, "time_window": "30d"},
            "time_window: must be a number of seconds, not '30d'\nwrite 2592000",
        ),
        ({"success_threshold": IQR, "confirm_after": 0}, "confirm_after: Input should be greater than or equal to 1"),
        ({"success_threshold": IQR, "transform": "ln"}, "transform: Input should be 'none' or 'log'"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_what_is_no_condition_is_told(document: dict[str, Any], problem: str) -> None:
    assert refused(document) == problem
