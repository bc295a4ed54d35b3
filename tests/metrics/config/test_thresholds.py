from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from cajajejo.metrics.config.thresholds import (
    KINDS,
    LevelShift,
    PercentDifference,
    PredictionInterval,
    SuccessThreshold,
    WithinBounds,
)

EACH: dict[str, Any] = {
    "fixed_value": 99.0,
    "stddevs_from_mean": 4.0,
    "within_bounds": WithinBounds(lower=0.2, upper=0.4),
    "percent_difference": PercentDifference(percent=0.2, value=5),
    "prediction_interval": PredictionInterval(confidence=0.99),
    "iqr": 3.0,
    "level_shift": LevelShift(),
}


def refused(**threshold: Any) -> str:
    """What the model says of a threshold that it does not take: the first problem, and its place."""
    with pytest.raises(ValidationError) as caught:
        SuccessThreshold.model_validate(threshold)
    detail = caught.value.errors()[0]
    return f"{'.'.join(map(str, detail['loc']))}: {detail['msg'].removeprefix('Value error, ')}"


@pytest.mark.parametrize("kind", KINDS)
def test_a_threshold_knows_its_kind(kind: str) -> None:
    found = SuccessThreshold(**{kind: EACH[kind]})
    assert (found.kind, getattr(found, kind)) == (kind, EACH[kind])


def test_every_kind_is_a_field() -> None:
    assert tuple(SuccessThreshold.model_fields) == KINDS


@pytest.mark.parametrize("kind", KINDS)
def test_a_threshold_written_out_whole_is_the_same_threshold(kind: str) -> None:
    found = SuccessThreshold(**{kind: EACH[kind]})
    assert SuccessThreshold.model_validate(found.model_dump()) == found


def test_a_level_shift_has_the_defaults_that_are_recommended() -> None:
    assert SuccessThreshold.model_validate({"level_shift": {}}).level_shift == LevelShift(
        threshold=4.5,
        window=100,
        min_history=10,
        autocorrelation="auto",
        anchor=False,
        ongoing="fail",
        absorb_after=None,
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ({"level_shift": None}, {"level_shift": {}}),
        ({"prediction_interval": None}, {"prediction_interval": {"confidence": 0.999}}),
        ({"fixed_value": None, "level_shift": None}, {"level_shift": {}}),
        ({"fixed_value": 1, "level_shift": None}, {"fixed_value": 1}),
        ({"prediction_interval": None, "iqr": 2}, {"iqr": 2}),
    ],
    ids=str,
)
def test_a_key_alone_means_its_defaults_where_no_other_threshold_is_given(
    written: dict[str, Any], meant: dict[str, Any]
) -> None:
    assert SuccessThreshold.model_validate(written) == SuccessThreshold.model_validate(meant)


@pytest.mark.parametrize(
    ("threshold", "fewest"),
    [
        ({"fixed_value": 1}, 0),
        ({"within_bounds": {"lower": 1}}, 0),
        ({"percent_difference": {"percent": 0.2, "value": 0}}, 0),
        ({"percent_difference": {"percent": 0.2}}, 1),
        ({"stddevs_from_mean": 0}, 1),
        ({"stddevs_from_mean": 4}, 2),
        ({"prediction_interval": {}}, 3),
        ({"iqr": 3}, 8),
        ({"level_shift": {}}, 10),
        ({"level_shift": {"min_history": 20}}, 20),
    ],
    ids=str,
)
def test_each_kind_needs_its_number_of_earlier_points(threshold: dict[str, Any], fewest: int) -> None:
    assert SuccessThreshold.model_validate(threshold).fewest == fewest


@pytest.mark.parametrize(
    ("threshold", "problem"),
    [
        ({}, ": must hold exactly one threshold, not 0\none of " + ", ".join(KINDS)),
        ({"iqr": None}, ": must hold exactly one threshold, not 0\none of " + ", ".join(KINDS)),
        ({"iqr": 3, "fixed_value": 1}, ": must hold exactly one threshold, not 2\none of " + ", ".join(KINDS)),
        (
            {"level_shift": None, "prediction_interval": None},
            ": must hold exactly one threshold, not 2\none of " + ", ".join(KINDS),
        ),
        ({"iqr": {"k": 3}}, "iqr: must be a number, not a mapping\nwrite iqr: 3.0"),
        ({"stddevs_from_mean": [4]}, "stddevs_from_mean: must be a number, not a list\nwrite stddevs_from_mean: 4.0"),
        ({"fixed_value": {"value": 1}}, "fixed_value: must be a number, not a mapping\nwrite fixed_value: 99.0"),
        (
            {"prediction_interval": 0.99},
            "prediction_interval: must be a mapping of fields, not 0.99\nwrite prediction_interval: {confidence: 0.99}",
        ),
        (
            {"percent_difference": 0.2},
            "percent_difference: must be a mapping of fields, not 0.2\nwrite percent_difference: {percent: 0.2}",
        ),
        (
            {"within_bounds": [0.2, 0.4]},
            "within_bounds: must be a mapping of fields, not a list\nwrite within_bounds: {lower: 0.2, upper: 0.4}",
        ),
        ({"level_shift": True}, "level_shift: must be a mapping of fields, not true\nwrite level_shift: {}"),
        (
            {"percent_difference": {"percent": "20%"}},
            "percent_difference.percent: must be a number, not '20%'\nwrite 0.2 for 20%",
        ),
        (
            {"prediction_interval": {"confidence": 99.9}},
            "prediction_interval.confidence: must be less than 1, not 99.9\nwrite 0.999 for 99.9 %",
        ),
        (
            {"within_bounds": {}},
            "within_bounds: must hold lower, upper or both\nwrite within_bounds: {lower: 0.2, upper: 0.4}",
        ),
        ({"within_bounds": {"lower": 2, "upper": 1}}, "within_bounds: lower 2 is above upper 1"),
        (
            {"level_shift": {"window": 20, "min_history": 30}},
            "level_shift: min_history 30 is above window 20",
        ),
        (
            {"prediction_interval": {"confidence": 0.5}},
            "prediction_interval.confidence: Input should be greater than 0.5",
        ),
        ({"prediction_interval": {"confidence": 100}}, "prediction_interval.confidence: Input should be less than 1"),
        ({"iqr": 0}, "iqr: Input should be greater than 0"),
        ({"level_shift": {"threshold": 2.9}}, "level_shift.threshold: Input should be greater than or equal to 3"),
        ({"level_shift": {"window": 9}}, "level_shift.window: Input should be greater than or equal to 10"),
        ({"level_shift": {"absorb_after": 2}}, "level_shift.absorb_after: Input should be greater than or equal to 3"),
        ({"level_shift": {"ongoing": "pass"}}, "level_shift.ongoing: Input should be 'fail' or 'warn'"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_what_is_no_threshold_is_told(threshold: dict[str, Any], problem: str) -> None:
    assert refused(**threshold) == problem


def test_an_interval_of_one_value_is_one() -> None:
    assert WithinBounds(lower=1, upper=1).upper == 1
