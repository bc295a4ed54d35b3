"""What metrics must be, as it is said in Python: the fields of one condition, or conditions by metric as in a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypedDict

import numpy as np

from cajajejo import validation
from cajajejo.errors import FileProblemsError
from cajajejo.metrics import config as configs
from cajajejo.metrics.config import DEFAULT_CONDITION, MetricsConfig, RegressionTestConfig
from cajajejo.metrics.config.conditions import Comparison, SuccessCondition
from cajajejo.metrics.config.thresholds import SuccessThreshold
from cajajejo.metrics.notebook.cells import MetricInputError, kind
from cajajejo.yamlfile import Document

if TYPE_CHECKING:
    from collections.abc import Sequence

_THRESHOLDS: Final = tuple(SuccessThreshold.model_fields)
_ENDS: Final = 2
_SHORT: Final[Mapping[str, str]] = {  # the field that a number alone stands for
    "percent_difference": "percent",
    "prediction_interval": "confidence",
    "level_shift": "threshold",
    "min_change": "absolute",
}


class Condition(TypedDict, total=False):
    """The fields of one condition, as in a file, and shorter: a number alone stands for what a threshold is about."""

    comparison: Comparison
    fixed_value: float
    within_bounds: tuple[float | None, float | None] | Mapping[str, float]
    stddevs_from_mean: float
    percent_difference: float | Mapping[str, float]
    prediction_interval: float | Literal[True] | Mapping[str, float]
    iqr: float
    level_shift: float | Literal[True] | Mapping[str, object]
    wait_for_n_points_of_history: int
    last_n: int
    time_window: float
    min_change: float | Mapping[str, float]
    resolution: float
    confirm_after: int
    transform: Literal["none", "log"]


def criteria(conditions: object, fields: Condition, required: Sequence[str]) -> RegressionTestConfig:
    """What is asked of metrics: by `conditions`, or of each of them by one condition of these `fields`.

    Args:
        conditions: by metric, as in a file (``default``: for all others); a whole configuration; or its path.
        fields: of one condition. Without a threshold it is a level shift.
        required: metrics that the run must have.

    Raises:
        MetricInputError: a condition does not make sense; says why.
    """
    if conditions is None:
        return _of_document({DEFAULT_CONDITION: _condition(fields)}, required)
    if fields:
        raise MetricInputError(f"conditions and {', '.join(fields)} are given: one or the other")
    match conditions:
        case str() | os.PathLike():
            found = configs.load(Path(conditions)).regression_test_config
        case MetricsConfig():
            found = conditions.regression_test_config
        case RegressionTestConfig():
            found = conditions
        case Mapping():
            return _of_document({str(name): _condition(one) for name, one in conditions.items()}, required)
        case _:
            raise MetricInputError(f"conditions is {kind(conditions)}, and no mapping by the names of metrics")
    return found.model_copy(update={"required_metrics": (*found.required_metrics, *required)})


def _of_document(conditions: Mapping[str, Any], required: Sequence[str]) -> RegressionTestConfig:
    data: Any = {"metric_success_conditions": conditions, "required_metrics": [*required]}
    try:
        return validation.validate(RegressionTestConfig, Document("conditions", data))
    except FileProblemsError as error:
        told = [_shortened(problem.path, problem.message) for problem in error.problems]
        hints = [problem.hint for problem in error.problems if problem.hint]
        raise MetricInputError("; ".join(told), facts={"hint": "\n".join(hints)} if hints else {}) from error


def _shortened(path: str, message: str) -> str:
    """A problem by the name that it was given under."""
    given = path.removeprefix("metric_success_conditions.").removeprefix(DEFAULT_CONDITION).strip(".")
    place = given.replace("success_threshold.", "").removesuffix("success_threshold").strip(".")
    return f"{place or 'the condition'}: {message}"


def _condition(given: object) -> Any:
    """A condition as a file would hold it; short forms of its fields are written out."""
    if isinstance(given, SuccessCondition) or not isinstance(given, Mapping):
        return given
    fields = {str(name): _written_out(str(name), value) for name, value in given.items()}
    thresholds = {name: fields.pop(name) for name in _THRESHOLDS if name in fields}
    if not thresholds and "success_threshold" not in fields:
        thresholds = {"level_shift": {}}
    return {**fields, **({"success_threshold": thresholds} if thresholds else {})}


def _written_out(name: str, value: object) -> object:
    """`value` as the field of this name holds it in a file: a number alone is its main field, True all defaults."""
    if isinstance(value, np.generic):
        value = value.item()
    if name == "within_bounds" and isinstance(value, tuple | list) and len(value) == _ENDS:
        return dict(zip(("lower", "upper"), value, strict=False))
    if name in _SHORT and value is True:
        return {}
    return {_SHORT[name]: value} if name in _SHORT and isinstance(value, int | float) else value
