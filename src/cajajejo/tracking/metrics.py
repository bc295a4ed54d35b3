"""The numbers of an evaluation as metrics of MLflow, in as few requests as it takes them."""

from __future__ import annotations

import hashlib
import math
import posixpath
import re
import sys
from typing import TYPE_CHECKING, Any, Final

from cajajejo import system_facts
from cajajejo.tracking.connection import package

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cajajejo.results import Results
    from cajajejo.tracking.datasets import Dataset
    from cajajejo.tracking.finished import Finished

STD_ERR: Final = "_std_err"
_BATCH: Final = 1000
"""What MLflow takes at once."""
_LONGEST: Final = 250
_BAD: Final = re.compile(r"[^/\w.\- :]")
_DIGITS: Final = 8


def values(results: Results) -> dict[str, tuple[str, float]]:
    """The scenario and the value of every number by its key: each mean, and its standard error where it has one."""
    found: dict[str, tuple[str, float]] = {}
    for score in results.scores:
        found[key(score.name)] = score.scenario, score.value
        if score.std_err is not None:
            found[key(score.name + STD_ERR)] = score.scenario, score.std_err
    return found


def key(name: str) -> str:
    """`name` as MLflow takes it: too long a one is cut, and ends in a hash of all of it."""
    name = _BAD.sub("_", name)
    if len(name) > _LONGEST:
        name = f"{name[: _LONGEST - _DIGITS - 1]}-{hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]}"
    normal = posixpath.normpath(name)
    if normal == name and not name.startswith(("/", "..")) and name != ".":
        return name
    return "_".join(part for part in name.split("/") if part.strip(".")) or "_"


def batches(
    finished: Finished, model_id: str | None, datasets: Sequence[Dataset], there: Mapping[str, float]
) -> Iterator[list[Any]]:
    """Every metric of an evaluation that is not `there`, in batches; with the model and the data set that it is of."""
    entity = package().entities.Metric
    of_scenario = {dataset.scenario: dataset for dataset in datasets}
    found = []
    for name, (scenario, value) in values(finished.results).items():
        if name in there and _same(there[name], value):
            continue
        of_model = model_id if math.isfinite(value) else None  # on a logged model, MLflow makes 0 of not-a-number
        dataset = of_scenario.get(scenario) if of_model else None
        more = {"dataset_name": dataset.name, "dataset_digest": dataset.digest} if dataset else {}
        found.append(entity(name, value, finished.milliseconds, 0, model_id=of_model, **more))
    for name, peak in system_facts.memory_metric(finished.facts).items():
        if there.get(name) != peak:
            found.append(entity(name, peak, finished.milliseconds, 0))
    for start in range(0, len(found), _BATCH):
        yield found[start : start + _BATCH]


def of_run_alone(batch: Sequence[Any]) -> list[Any]:
    """The same metrics, of no model and no data set."""
    entity = package().entities.Metric
    return [entity(metric.key, metric.value, metric.timestamp, metric.step) for metric in batch]


def _same(stored: float, value: float) -> bool:
    """Whether `stored` is what MLflow makes of `value`: the largest number that there is stands for infinity."""
    if math.isnan(value):
        return math.isnan(stored)
    return stored in {value, max(-sys.float_info.max, min(sys.float_info.max, value))}
