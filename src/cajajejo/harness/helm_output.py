"""The files of a HELM run as `Results`: metrics of the test or validation split, without perturbations.

A scenario is called after HELM's run name without its model part, every character outside ``A-Za-z0-9_.-`` replaced by
``_``: ``mmlu:subject=anatomy,model=huggingface_model`` becomes ``mmlu_subject_anatomy``.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from cajajejo.results import (
    FailedScenario,
    Item,
    Results,
    check_names,
    hash_of,
    metric_part,
    prompt_part,
    scores_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

_SPLITS: Final = {"test", "valid"}
_BOOKKEEPING: Final = re.compile(
    r"num_.*|training_.*|inference_.*|batch_size|finish_reason_.*|prompt_truncated|max_prob|predicted_index"
)
_LANGUAGE_MODELLING: Final = {"logprob", "perplexity", "bits_per_byte", "logprob_per_byte"}
_NO_RUNS: Final = {"eval_cache", "groups"}
"""Directories of a suite that HELM makes beside those of its runs, the second one when it summarizes them."""
_Question: TypeAlias = tuple[str, int]
"""Id and trial of an instance."""
_MODEL_PART: Final = re.compile(r"(?<=[:,])(model|model_deployment)=[^,]*,?")


def scenario_of(run: str) -> str:
    """The name of the scenario that the HELM run `run` belongs to."""
    return metric_part(title_of(run))


def title_of(run: str) -> str:
    """What the HELM run `run` is called without its model: ``mmlu:subject=anatomy``."""
    return _MODEL_PART.sub("", run).rstrip(":,")


def subject_of(run: str) -> str | None:
    """The subject that a run name holds (``mmlu:subject=anatomy``), or None."""
    found = re.search(r"[:,]subject=([^,]+)", run)
    return found[1] if found else None


def read(suite_directory: Path, suite: str, failed: Mapping[str, str]) -> Results:
    """The results of every complete run of a suite; `failed` says by run why others are missing.

    Raises:
        HarnessError: two runs would share the name of a scenario.
    """
    items: list[Item] = []
    shots: dict[str, int] = {}
    failures: list[FailedScenario] = []
    runs = _runs(suite_directory)
    check_names({run.name: scenario_of(run.name) for run in runs}, keep="the run specs")
    for run in runs:
        try:
            found, worked_examples = _of_run(run, suite)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            why = failed.get(run.name) or f"its files are not complete: {error}"
            failures.append(FailedScenario(scenario_of(run.name), why))
        else:
            items += found
            shots |= worked_examples
    seen = {run.name for run in runs}
    failures += [FailedScenario(scenario_of(name), why) for name, why in failed.items() if name not in seen]
    return Results(suite, "helm", scores_of(items), tuple(items), tuple(failures), shots=shots)


def _runs(directory: Path) -> list[Path]:
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.iterdir() if path.is_dir() and path.name not in _NO_RUNS)


def _of_run(run: Path, suite: str) -> tuple[list[Item], dict[str, int]]:
    """The items of a complete run, and how many worked examples its scenario has, where that is known."""
    scores = _scores_by_question(json.loads((run / "per_instance_stats.json").read_text("utf-8")))
    state = json.loads((run / "scenario_state.json").read_text("utf-8"))
    if not any(map(_scores, scores.values())):
        raise ValueError("they hold no answer to any question")
    asked = _first_states(state["request_states"])
    shots = _shots(state["request_states"], state.get("adapter_spec", {}))
    return _items(run, suite, scores, asked), {} if shots is None else {scenario_of(run.name): shots}


def _items(
    run: Path, suite: str, scores: Mapping[_Question, Mapping[str, float]], asked: Mapping[_Question, dict[str, Any]]
) -> list[Item]:
    """One item for each question and trial of a complete run, in the order of its files."""
    return [
        Item(
            suite=suite,
            scenario=scenario_of(run.name),
            subject=subject_of(run.name),
            group=None,
            id=question[0],
            repeat=question[1],
            prompt_sha256=hash_of(_prompt(asked[question])),
            reference=_reference(asked[question]),
            prediction=_prediction(asked[question], raw),
            scores=_scores(raw),
            prompt=prompt_part(str(asked[question]["instance"].get("input", {}).get("text", ""))),
        )
        for question, raw in scores.items()
    ]


def _shots(states: Iterable[Mapping[str, Any]], adapter: Mapping[str, Any]) -> int | None:
    """How many worked examples stood before a question: as many as fitted before any, else as HELM was asked for."""
    found = [state["num_train_instances"] for state in states if "num_train_instances" in state]
    shots = max(found, default=adapter.get("max_train_instances"))
    return shots if isinstance(shots, int) else None


def _scores(raw: Mapping[str, float]) -> dict[str, float]:
    """The metrics that judge an answer; where there are none, those of language modelling.

    Beside an answer these mean nothing: HELM samples it, and its log-probabilities are those of the sampling.
    """
    metrics = {name: value for name, value in raw.items() if not _BOOKKEEPING.fullmatch(name)}
    judging = {name: value for name, value in metrics.items() if name not in _LANGUAGE_MODELLING}
    return judging or metrics


def _scores_by_question(instances: list[dict[str, Any]]) -> dict[_Question, dict[str, float]]:
    scores: dict[_Question, dict[str, float]] = defaultdict(dict)
    for instance in instances:
        if "perturbation" in instance:
            continue
        question = (str(instance["instance_id"]), int(instance["train_trial_index"]))
        for name, value in _stats(instance["stats"]):
            scores[question][name] = value
    return scores


def _stats(stats: list[dict[str, Any]]) -> Iterator[tuple[str, float]]:
    for stat in stats:
        name = stat["name"]
        if name.get("split") in _SPLITS and "perturbation" not in name and "mean" in stat:
            sub_split = name.get("sub_split")
            yield metric_part(name["name"] + (f"_{sub_split}" if sub_split else "")), float(stat["mean"])


def _first_states(states: list[dict[str, Any]]) -> dict[_Question, dict[str, Any]]:
    """The first request of every question; multiple choice may send several."""
    first: dict[_Question, dict[str, Any]] = {}
    for state in states:
        if "perturbation" not in state["instance"]:
            first.setdefault((str(state["instance"]["id"]), int(state["train_trial_index"])), state)
    return first


def _prompt(state: dict[str, Any]) -> str:
    separate = "reference_index" in state
    return str(state["instance"]["input"]["text"] if separate else state["request"]["prompt"])


def _reference(state: dict[str, Any]) -> str | None:
    references = state["instance"].get("references", [])
    return next((str(one["output"]["text"]) for one in references if "correct" in one.get("tags", [])), None)


def _prediction(state: dict[str, Any], scores: Mapping[str, float]) -> str | None:
    """What the model answered, in the words of the question: a letter is read as the choice it stands for."""
    if "reference_index" in state:
        index = scores.get("predicted_index")
        return None if index is None else str(state["instance"]["references"][int(index)]["output"]["text"])
    completions = (state.get("result") or {}).get("completions") or []
    if not completions:
        return None
    text = str(completions[0]["text"]).strip()
    return str(state.get("output_mapping", {}).get(text, text))
