"""Conditions as they are said in Python: as in a file, and shorter."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cajajejo.errors import FileProblemsError
from cajajejo.metrics.config import MetricsConfig, RegressionTestConfig
from cajajejo.metrics.notebook.cells import MetricInputError
from cajajejo.metrics.notebook.criteria import criteria

if TYPE_CHECKING:
    from pathlib import Path

SHORT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {  # what is given, and the same as in a file
    "nothing": ({}, {"success_threshold": {"level_shift": {}}}),
    "a direction": ({"comparison": "less"}, {"comparison": "less", "success_threshold": {"level_shift": {}}}),
    "a level shift": ({"level_shift": True}, {"success_threshold": {"level_shift": {}}}),
    "its threshold": ({"level_shift": 5}, {"success_threshold": {"level_shift": {"threshold": 5}}}),
    "its fields": ({"level_shift": {"window": 50}}, {"success_threshold": {"level_shift": {"window": 50}}}),
    "an interval": (
        {"within_bounds": (0, None)},
        {"success_threshold": {"within_bounds": {"lower": 0, "upper": None}}},
    ),
    "a share": ({"percent_difference": 0.2}, {"success_threshold": {"percent_difference": {"percent": 0.2}}}),
    "a confidence": (
        {"prediction_interval": 0.99},
        {"success_threshold": {"prediction_interval": {"confidence": 0.99}}},
    ),
    "numpy": (
        {"comparison": "less", "stddevs_from_mean": np.float32(4), "last_n": np.int64(20)},
        {"comparison": "less", "success_threshold": {"stddevs_from_mean": 4.0}, "last_n": 20},
    ),
    "the rest": (
        {"iqr": 3, "min_change": 0.5, "confirm_after": 2, "transform": "log"},
        {"success_threshold": {"iqr": 3}, "min_change": {"absolute": 0.5}, "confirm_after": 2, "transform": "log"},
    ),
}


def of_all(condition: dict[str, Any]) -> RegressionTestConfig:
    return RegressionTestConfig.model_validate({"metric_success_conditions": {"default": condition}})


@pytest.mark.parametrize(("fields", "condition"), SHORT.values(), ids=SHORT)
def test_a_condition_is_given_by_its_fields(fields: Any, condition: dict[str, Any]) -> None:
    assert criteria(None, fields, ()) == of_all(condition)


def test_conditions_by_metric_are_those_of_a_file_or_shorter() -> None:
    in_full = {"comparison": "less", "success_threshold": {"fixed_value": 2}}
    short = {"comparison": "less", "fixed_value": 2}
    wanted = RegressionTestConfig.model_validate(
        {"metric_success_conditions": {"loss": in_full, "default": in_full}, "required_metrics": ["loss"]}
    )
    assert criteria({"loss": in_full, "default": short}, {}, ["loss"]) == wanted
    assert criteria(wanted, {}, ()) == wanted
    assert criteria(MetricsConfig(regression_test_config=wanted), {}, ()) == wanted
    assert criteria(wanted.metric_success_conditions, {}, ["loss"]) == wanted


def test_a_configuration_can_be_given_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "demo.metrics.json"
    condition = {"comparison": "less", "success_threshold": {"fixed_value": 2}}
    path.write_text(json.dumps({"regression_test_config": {"metric_success_conditions": {"default": condition}}}))
    assert criteria(path, {}, ()) == criteria(str(path), {}, ()) == of_all(condition)
    path.write_text("[")
    with pytest.raises(FileProblemsError):
        criteria(path, {}, ())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"lvel_shift": True}, "lvel_shift: unknown field"),
        ({"comparison": "lower"}, "comparison: must be "),
        ({"fixed_value": 1, "iqr": 2, "comparison": "less"}, "the condition: must hold exactly one threshold, not 2"),
        ({"prediction_interval": 1.5}, "prediction_interval.confidence: must be less than 1"),
        ({"within_bounds": (3, 1)}, "lower 3 is above upper 1"),
        ({"fixed_value": 2}, "fixed_value needs a comparison"),
        ({"last_n": 2.5}, "last_n: must be a whole number"),
        ({"within_bounds": (1, 2, 3)}, "within_bounds: must be a mapping of fields, not a list"),
    ],
    ids=["misspelt", "comparison", "two", "range", "interval", "no comparison", "fraction", "three ends"],
)
def test_a_condition_that_makes_no_sense_is_refused(fields: Any, message: str) -> None:
    with pytest.raises(MetricInputError) as caught:
        criteria(None, fields, ())
    assert message in caught.value.message


def test_a_misspelt_field_is_told_with_the_one_that_is_meant() -> None:
    fields: Any = {"comparson": "less"}
    with pytest.raises(MetricInputError) as caught:
        criteria(None, fields, ())
    assert caught.value.lines()[1].startswith("  hint        did you mean comparison? (one of comparison, ")


def test_conditions_are_given_once() -> None:
    with pytest.raises(MetricInputError, match="conditions and comparison are given: one or the other"):
        criteria({}, {"comparison": "less"}, ())
    with pytest.raises(MetricInputError, match="conditions is a number, and no mapping by the names of metrics"):
        criteria(3, {}, ())
