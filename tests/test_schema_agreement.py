"""A file that its model takes is valid under its schema; what is unknown, missing or of another type is not."""

from __future__ import annotations

import copy
import itertools
import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from cajajejo import schemas
from tests import builders
from tests.builders import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.yamlfile import Location

ARTIFACT = {"run_id": "3969f731", "artifact_path": "model", "model_directory": "model"}
CONDITIONS: dict[str, dict[str, Any]] = {
    "a known value": {
        "comparison": "greater",
        "success_threshold": {"fixed_value": 1},
        "wait_for_n_points_of_history": 3,
    },
    "standard deviations": {"comparison": "less", "success_threshold": {"stddevs_from_mean": 4}, "last_n": 30},
    "an interval": {"success_threshold": {"within_bounds": {"lower": 2, "upper": 4}}},
    "a share": {
        "comparison": "within",
        "success_threshold": {"percent_difference": {"percent": 0.2, "value": -5}},
        "min_change": {"absolute": 0.5, "relative": 0.01},
        "resolution": 0.25,
    },
    "a prediction": {
        "comparison": "less_or_equal",
        "success_threshold": {"prediction_interval": {"confidence": 0.99}},
        "last_n": 20,
        "time_window": 2592000,
        "transform": "log",
    },
    "quartiles": {"success_threshold": {"iqr": 3.5}, "confirm_after": 2},
    "a shift": {
        "success_threshold": {
            "level_shift": {
                "threshold": 4.5,
                "window": 100,
                "min_history": 10,
                "autocorrelation": "none",
                "anchor": "true",
                "ongoing": "warn",
                "absorb_after": 50,
            }
        },
        "min_change": None,
    },
    "a shift by default": {"comparison": "less", "success_threshold": {"level_shift": None}},
    "a prediction by default": {"success_threshold": {"prediction_interval": None, "level_shift": {}}},
}
METRICS = {
    "test_name": "t",
    "metric_collection_config": {
        "default_aggregation_strategies": ["final", "p90"],
        "metric_to_aggregation_strategy": {"loss": ["max", "min"]},
        "metric_to_aggregation_strategies": None,
        "last_n": 5,
        "tags_to_ignore": ["a"],
        "time_to_accuracy": {"accuracy_tag": "a", "accuracy_threshold": 3},
        "write_to_bigquery": True,
        "use_run_name_prefix": "False",
    },
    "regression_test_config": {
        "metric_success_conditions": CONDITIONS,
        "required_metrics": ["a"],
        "metric_subset_to_alert": ["a"],
        "alert_for_oob_metrics": True,
        "alert_for_failed_jobs": "true",
        "alert_after_second_test_failure": False,
    },
}
POLICY: dict[str, Any] = {
    "kind": "gate_policy",
    "version": "v1",
    "confidence": 0.95,
    "correction": "holm",
    "min_pairs": 30,
    "seed": 0,
    "rules": [
        {
            "name": "knowledge",
            "metrics": ["a*", "b/*"],
            "tier": "blocking",
            "max_drop": 0.02,
            "max_relative_drop": "0.05",
            "direction": "higher_is_better",
            "score_range": [0, 1],
            "point": False,
        },
        {"name": "level", "metrics": ["a"], "tier": "advisory", "min_value": 0.6, "point": True},
        {"name": "toxicity", "metrics": ["b"], "max_value": 0.1, "direction": "lower_is_better"},
    ],
    "default": {"tier": "advisory"},
}
DOCUMENTS: dict[str, list[dict[str, Any]]] = {
    "evaluation": [
        builders.job_config(env={"A": "8"}),
        builders.job_config(
            model_config={"mlflow_artifact": {**ARTIFACT, "tokenizer_hf_repo": "EleutherAI/pythia-70m"}},
            compute_config__accelerator="nvidia-l4",
            tracking_config__tags__datasets=["a", "b"],
            tracking_config__run_name=None,
        ),
        builders.job_config(model_config={"gs_uri": "gs://bucket/model"}, kind="evaluation"),
        builders.job_config(
            helm=None,
            lm_eval={
                "tasks": ["arc_easy"],
                "include_path": "tasks",
                "num_fewshot": 0,
                "limit": 10,
                "args": ["--batch_size", "8"],
                "timeout_seconds": 3,
            },
            model_config={"s3_uri": "s3://bucket/model"},
            model_fetch={"kind": "cajajejo", "image": "mirror/evaluation:v1"},
            mlflow_config={"tracking_uri": "http://h", "spool_uri": "gs://bucket/spool"},
        ),
        builders.job_config(
            helm=ABSENT,
            command={"args": ["python3", "x.py"], "results": "r.jsonl", "event_files": None},
            model_config={"hf_repo": "EleutherAI/pythia-70m", "revision": "main"},
            model_fetch={},
        ),
    ],
    "metrics": [METRICS],
    "gate-policy": [POLICY],
}
SCALARS = (None, True, False, 0, 1, -1, 3, 2.5, 1.5e3, "", "x", "3", " 3 ", "3.5", "true", "False", "1_000", "16Gi")
MORE = ("16GB", "a b", "-a", "a/b", "preferred", "gs://bucket/model", "sqlite:///m.db", "equal", "within", "final")
NESTED: tuple[Any, ...] = (
    *([], [1], ["x"], [None], [[]], {}, {"a": 1}, {"a": "b"}, {"a b": None}),
    *({"fixed_value": 2}, {"level_shift": None}, {"level_shift": {}, "iqr": 3}, {"lower": 1}, {"percent": 1}),
)
UNKNOWN = object()
"""Put at a place: an unknown field in the mapping there, or a further item in the list."""
LIMITS = frozenset({"value_error", "greater_than_equal", "string_too_long", "string_pattern_mismatch"})
"""Refusals of text and numbers that have the right type; a schema tells some of them."""


@lru_cache
def validator(name: str) -> Any:
    return jsonschema_rs.validator_for(schemas.document(name))


def refusals(name: str, document: dict[str, Any]) -> list[str]:
    """The kinds of problems that the model finds."""
    try:
        schemas.PUBLISHED[name].model.model_validate(document)
    except ValidationError as error:
        return [detail["type"] for detail in error.errors()]
    return []


def places(value: Any, here: Location = ()) -> Iterator[Location]:
    """The place of everything in `value`."""
    if here:
        yield here
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, inner in inside:
        yield from places(inner, (*here, part))


def changed(document: dict[str, Any], place: Location, value: Any) -> dict[str, Any]:
    """`document` with `value` at `place`; `ABSENT` takes away what is there, `UNKNOWN` adds to it."""
    new = copy.deepcopy(document)
    here: Any = new
    for part in place[:-1]:
        here = here[part]
    there = here[place[-1]]
    if value is ABSENT:
        del here[place[-1]]
    elif value is UNKNOWN and isinstance(there, dict):
        there["unknown_field"] = {"x": 1}
    elif value is UNKNOWN and isinstance(there, list):
        there.append({"x": 1})
    elif value is not UNKNOWN:
        here[place[-1]] = value
    return new


def changes(documents: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each of `documents` with each value at each place."""
    for document in documents:
        values = (*SCALARS, *MORE, *NESTED, ABSENT, UNKNOWN)
        for place, value in itertools.product(places(document), values):
            yield changed(document, place, value)
        yield {**document, "unknown_field": 1}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_the_model_takes_the_schema_takes(name: str) -> None:
    taken = [document for document in changes(DOCUMENTS[name]) if not refusals(name, document)]
    assert len(taken) > 100
    assert [json.dumps(document) for document in taken if not validator(name).is_valid(document)] == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_unknown_missing_or_of_another_type_the_schema_refuses(name: str) -> None:
    refused = [document for document in changes(DOCUMENTS[name]) if set(refusals(name, document)) - LIMITS]
    assert len(refused) > 400
    assert [json.dumps(document) for document in refused if validator(name).is_valid(document)] == []


def only_order(document: dict[str, Any]) -> bool:
    """Whether all that the model finds is two numbers in the wrong order, which no schema can tell."""
    try:
        schemas.PUBLISHED["metrics"].model.model_validate(document)
    except ValidationError as error:
        told = [detail["msg"] for detail in error.errors()]
        return all("is above" in message or "is fewer than" in message for message in told)
    return False


def test_the_schema_of_metric_configurations_agrees_with_the_model_about_everything_but_order() -> None:
    def agree(document: dict[str, Any]) -> bool:
        return bool(validator("metrics").is_valid(document)) != bool(refusals("metrics", document))

    apart = [document for document in changes([METRICS]) if not agree(document)]
    assert [json.dumps(document) for document in apart if not only_order(document)] == []


@pytest.mark.parametrize(
    ("place", "value"),
    [
        pytest.param("compute_config__cpu", "4 cores", id="no quantity"),
        pytest.param("compute_config__memory", "16GB", id="no unit of Kubernetes"),
        pytest.param("compute_config__memory", "0Gi", id="nothing at all"),
        pytest.param("compute_config__cpu", 0, id="a zero"),
        pytest.param("compute_config__accelerator", "a/b", id="no label value"),
        pytest.param("compute_config__accelerator", "", id="an empty label value"),
        pytest.param("env", {"1X": "a"}, id="no name of a variable"),
        pytest.param("version", "v3", id="another version"),
        pytest.param("version", 4, id="a version that is a number"),
        pytest.param("kind", "training", id="another kind"),
        pytest.param("helm__args", "--x 1", id="text in place of a list"),
        pytest.param("helm__suite", "", id="empty text"),
        pytest.param("helm", None, id="no harness"),
        pytest.param("lm_eval", {"tasks": ["a"]}, id="two harnesses"),
        pytest.param("helm__timeout_seconds", 0, id="no time at all"),
        pytest.param("mlflow_config__spool_uri", "", id="no place to keep results"),
        pytest.param("model_fetch", {"kind": "mlflow"}, id="a fetch of what is there"),
        pytest.param("model_fetch", {"image": "i:t"}, id="an image to fetch what is there"),
        pytest.param("model_fetch", None, id="a fetch that is nothing"),
        pytest.param("model_config", {"path": "m", "revision": "main"}, id="a revision of a path"),
        pytest.param("model_config", {"s3_uri": "gs://bucket/model"}, id="a bucket of the other cloud"),
        pytest.param("model_config", {}, id="no model"),
        pytest.param("model_config", {"path": None}, id="no model but a name"),
        pytest.param("model_config", {"path": "m", "gs_uri": "gs://bucket/model"}, id="two models"),
        pytest.param("model_config", {"gs_uri": "s3://bucket/model"}, id="no address of a bucket"),
        pytest.param(
            "model_config",
            {"mlflow_artifact": {**ARTIFACT, "tokenizer_directory": "a", "tokenizer_hf_repo": "b"}},
            id="two tokenizers",
        ),
        pytest.param("tracking_config__tags__job_name", "x", id="a tag of the run itself"),
        pytest.param("tracking_config__tags__a", {"b": "c"}, id="a tag that is a mapping"),
    ],
)
def test_a_wrong_job_config_is_refused_by_both(place: str, value: Any) -> None:
    document = builders.job_config(**{place: value})
    assert (refusals("evaluation", document) == [], validator("evaluation").is_valid(document)) == (False, False)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        pytest.param("compute_config__cpu", 4, id="a number for a quantity"),
        pytest.param("compute_config__cpu", 0.5, id="a fraction for a quantity"),
        pytest.param("compute_config__cpu", "1e3", id="an exponent"),
        pytest.param("compute_config__memory", "1.5Gi", id="a fraction with a unit"),
        pytest.param("image_tag", 1.1, id="a number for text"),
        pytest.param("helm__args", ["--max-eval-instances", 10, True], id="numbers in a list of texts"),
        pytest.param("helm__args", ABSENT, id="what is optional"),
        pytest.param("env", {"OMP_NUM_THREADS": 8, "a.b-c": False}, id="values of variables"),
        pytest.param("tracking_config__tags__creator", 7, id="a number for a tag"),
        pytest.param("tracking_config__tags__datasets", ["a", 2, True], id="a list for a tag"),
        pytest.param("tracking_config__tags__empty", None, id="an empty tag"),
        pytest.param("tracking_config__description", "a\nb\n", id="text of several lines"),
        pytest.param("model_config", {"gs_uri": "gs://b/m", "path": None}, id="one model beside an empty field"),
        pytest.param("lm_eval", None, id="one harness beside an empty section"),
        pytest.param("helm__timeout_seconds", "60", id="a number of seconds as text"),
        pytest.param("model_fetch", {"kind": None, "image": None}, id="a fetch that says nothing"),
        pytest.param("mlflow_config__spool_uri", None, id="no place to keep results"),
    ],
)
def test_what_may_be_written_another_way_is_taken_by_both(place: str, value: Any) -> None:
    document = builders.job_config(**{place: value})
    assert (refusals("evaluation", document), validator("evaluation").is_valid(document)) == ([], True)


LM_EVAL = {"tasks": ["a"]}
COMMAND = {"args": ["a"], "results": "r.jsonl"}
GS, S3, HUB = {"gs_uri": "gs://b/m"}, {"s3_uri": "s3://b/m"}, {"hf_repo": "a/b"}


@pytest.mark.parametrize(
    ("changes", "taken"),
    [
        pytest.param({"helm": None, "lm_eval": LM_EVAL}, True, id="lm-eval"),
        pytest.param({"helm": None, "command": COMMAND}, True, id="any program"),
        pytest.param({"helm": None, "command": {"args": ["a"]}}, False, id="a program without results"),
        pytest.param({"helm": None, "command": {**COMMAND, "event_files": "r"}}, False, id="two kinds of results"),
        pytest.param({"helm": None, "command": {**COMMAND, "args": []}}, False, id="no program"),
        pytest.param({"helm": None, "lm_eval": {"tasks": []}}, False, id="no task"),
        pytest.param({"helm": None, "lm_eval": {"tasks": "a"}}, False, id="tasks as text"),
        pytest.param({"helm": None, "lm_eval": {**LM_EVAL, "limit": 0}}, False, id="no questions"),
        pytest.param({"helm": None, "lm_eval": LM_EVAL, "command": COMMAND}, False, id="two harnesses but HELM"),
        *(
            pytest.param(
                {"model_config": source, "model_fetch": {"kind": "mlflow"}}, taken, id=f"mlflow {next(iter(source))}"
            )
            for source, taken in ((GS, True), (S3, False), (HUB, False))
        ),
        *(
            pytest.param(
                {"model_config": source, "model_fetch": {"kind": "cajajejo"}}, True, id=f"ours {next(iter(source))}"
            )
            for source in (GS, S3, HUB)
        ),
    ],
)
def test_model_and_schema_agree_about_harnesses_and_fetching(changes: dict[str, Any], *, taken: bool) -> None:
    document = builders.job_config(**changes)
    assert (refusals("evaluation", document) == [], validator("evaluation").is_valid(document)) == (taken, taken)
