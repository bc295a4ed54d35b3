"""What was asked, as data sets of MLflow: one a scenario, recognised by its prompts."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cajajejo.tracking.connection import package

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.results import Results

_LONGEST_NAME: Final = 250
_DIGITS: Final = 32
_CONTEXT: Final = ("mlflow.data.context", "evaluation")


@dataclass(frozen=True, slots=True)
class Dataset:
    """The prompts of one scenario.

    Attributes:
        scenario: as the names of metrics have it.
        name: of the data set.
        digest: the same for the same prompts, in any order, and other for others.
        rows: how many prompts there are.
    """

    scenario: str
    name: str
    digest: str
    rows: int


def datasets(results: Results) -> list[Dataset]:
    """The data sets that an evaluation asked, in the order of their names; none where only numbers are known."""
    prompts: dict[str, set[str]] = defaultdict(set)
    for item in results.items:
        prompts[item.scenario].add(item.prompt_sha256)
    return [
        Dataset(scenario, scenario[:_LONGEST_NAME], digest(asked), len(asked))
        for scenario, asked in sorted(prompts.items())
        if scenario
    ]


def digest(prompts: set[str]) -> str:
    """The hash of a set of hashes."""
    return hashlib.sha256("\n".join(sorted(prompts)).encode("utf-8", "replace")).hexdigest()[:_DIGITS]


def log(store: Any, run_id: str, found: Sequence[Dataset], results: Results) -> Sequence[Dataset]:
    """`found`, logged as inputs of a run; those that it has already stay as they are."""
    entities = package().entities
    tag = entities.InputTag(*_CONTEXT)
    inputs = [entities.DatasetInput(_entity(dataset, results), [tag]) for dataset in found]
    if inputs:
        store.log_inputs(run_id, inputs)
    return found


def _entity(dataset: Dataset, results: Results) -> Any:
    source = {"harness": results.harness, "suite": results.suite, "scenario": dataset.scenario}
    return package().entities.Dataset(
        name=dataset.name,
        digest=dataset.digest,
        source_type=results.harness,
        source=json.dumps(source),
        profile=json.dumps({"num_rows": dataset.rows}),
    )
