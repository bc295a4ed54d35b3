from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from tests.metrics.builders import collection


@pytest.mark.parametrize("name", ["metric_to_aggregation_strategy", "metric_to_aggregation_strategies"])
def test_strategies_by_tag_have_two_names(name: str) -> None:
    assert collection(**{name: {"loss": ["min"]}}).strategies_by_tag == {"loss": ("min",)}


def test_every_strategy_that_is_used_is_listed_once() -> None:
    found = collection(
        default_aggregation_strategies=["final", "max"],
        metric_to_aggregation_strategy={"loss": ["min", "final"], "a*": ["last_n_average"]},
    )
    assert found.strategies == ("final", "max", "min", "last_n_average")


@pytest.mark.parametrize(
    ("fields", "computed"),
    [
        ({}, ("total_wall_time", "vm_memory_usage_bytes", "gpu_memory_usage_bytes")),
        (
            {"time_to_accuracy": {"accuracy_tag": "a", "accuracy_threshold": 1}},
            ("total_wall_time", "vm_memory_usage_bytes", "gpu_memory_usage_bytes", "time_to_accuracy"),
        ),
    ],
    ids=["by default", "with a threshold"],
)
def test_some_metrics_have_names_without_a_strategy(fields: dict[str, Any], computed: tuple[str, ...]) -> None:
    assert collection(**fields).computed == computed


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"last_n": 0}, "last_n: Input should be greater than or equal to 1"),
        ({"last_n": "10"}, "last_n: Value error, must be a number, not '10'\nwrite 10 without quotes"),
        (
            {"default_aggregation_strategies": []},
            (
                "default_aggregation_strategies: Value error, must hold at least one strategy\n"
                "to leave a tag out, list it under tags_to_ignore"
            ),
        ),
    ],
    ids=["no points at all", "a number in quotes", "no strategy"],
)
def test_what_is_no_collection_is_told(fields: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        collection(**fields)
    detail = caught.value.errors()[0]
    assert f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}" == problem
