"""The files of an lm-eval run as `Results`: a scenario for each task, and the means of groups as lm-eval made them.

Of each task the newest file counts. A filter other than ``none`` gives its name to the metric:
``exact_match_strict-match``.
"""

from __future__ import annotations

import ast
import json
import math
import re
from collections import Counter, defaultdict
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cajajejo.results import (
    LONGEST_PROMPT,
    FailedScenario,
    Item,
    Results,
    Score,
    check_names,
    hash_of,
    metric_part,
    prompt_part,
    scores_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

SUITE: Final = "lm-eval"
_MAKING: Final = ".making-"
_SAMPLES: Final = re.compile(r"samples_(?P<task>.+)_(?P<date>\d{4}-\d\d-\d\dT[\d.-]+)\.jsonl")
_CLUSTERS: Final = ("group", "passage_id", "passage", "source")
"""Fields of a question that name what it shares with others."""
_LONGEST_GROUP: Final = 64
_CLOSE: Final = 1e-9


@dataclass(frozen=True, slots=True)
class _TaskFiles:
    """One task: its samples, what lm-eval made of them, and its part of the configuration."""

    name: str
    date: str
    samples: Path
    run: Mapping[str, Any]

    @property
    def scenario(self) -> str:
        return metric_part(self.name)

    @property
    def means(self) -> Mapping[str, Any]:
        return self.run["results"][self.name]  # type: ignore[no-any-return]  # JSON

    @property
    def config(self) -> Mapping[str, Any]:
        return self.run["configs"].get(self.name, {})  # type: ignore[no-any-return]  # JSON

    @property
    def shots(self) -> int | None:
        """How many worked examples stood before each question; None: not known."""
        found = self.run.get("n-shot", {}).get(self.name)
        return found if isinstance(found, int) else None


def read(directory: Path, failed: Mapping[str, str]) -> Results:
    """The results of every task that is complete under `directory`; `failed` says by task why others are missing.

    Raises:
        HarnessError: two tasks would share the name of a scenario.
    """
    items: list[Item] = []
    scores: list[Score] = []
    shots: dict[str, int] = {}
    failures = [FailedScenario(metric_part(task), why) for task, why in failed.items()]
    runs, unreadable = _runs(directory)
    tasks = list(_newest(runs))
    check_names({task.name: task.scenario for task in tasks}, keep="lm_eval.tasks")
    for task in tasks:
        try:
            found, others = _of_task(task)
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            unreadable[task.name] = f"its files are not complete: {error}"
        else:
            items += found
            scores += others
            shots |= {} if task.shots is None else {task.scenario: task.shots}
    failures += [FailedScenario(metric_part(name), why) for name, why in unreadable.items() if name not in failed]
    scores += _groups(run for _, run in runs)
    by_name = {score.name: score for score in (*scores, *scores_of(items))}
    ordered = tuple(by_name[name] for name in sorted(by_name))
    return Results(SUITE, "lm-eval", ordered, tuple(items), tuple(failures), shots=shots)


def complete(directory: Path) -> set[str]:
    """The scenarios that have results under `directory`: tasks, and groups of them."""
    runs, _ = _runs(directory)
    return {metric_part(name) for _, run in runs for name in run["results"]}


def _runs(directory: Path) -> tuple[list[tuple[Path, dict[str, Any]]], dict[str, str]]:
    """The files of aggregated results, oldest first, and what could not be read, by the name of its directory."""
    runs: list[tuple[Path, dict[str, Any]]] = []
    unreadable = {}
    for path in sorted(directory.glob("*/**/results_*.json"), key=lambda path: path.name):
        task = path.relative_to(directory).parts[0]
        if task.startswith(_MAKING):
            continue
        try:
            run = json.loads(path.read_text("utf-8"))
            runs.append(
                (path.parent, {"groups": {}, "group_subtasks": {}, "configs": {}, **run, "results": run["results"]})
            )
        except (OSError, ValueError, LookupError, TypeError) as error:
            unreadable[task] = f"its files are not complete: {error}"
    return runs, unreadable


def _newest(runs: Sequence[tuple[Path, Mapping[str, Any]]]) -> Iterator[_TaskFiles]:
    """Each task once, in the order of names."""
    newest: dict[str, _TaskFiles] = {}
    for directory, run in runs:
        for path in sorted(directory.glob("samples_*.jsonl")):
            named = _SAMPLES.fullmatch(path.name)
            if named is None or named["task"] not in run["results"]:
                continue
            task = _TaskFiles(named["task"], named["date"], path, run)
            if task.name not in newest or newest[task.name].date <= task.date:
                newest[task.name] = task
    return (newest[name] for name in sorted(newest))


def _of_task(task: _TaskFiles) -> tuple[list[Item], list[Score]]:
    """The items of a task, and the scores that are no means of them."""
    with task.samples.open(encoding="utf-8") as lines:
        samples = [json.loads(line) for line in lines]
    if not samples:
        raise ValueError("they hold no answer to any question")
    items = _items(task, samples)
    own = {score.metric: score for score in scores_of(items)}
    others = [score for score in _aggregated(task.scenario, task.means) if not _agrees(score, own.get(score.metric))]
    # What lm-eval makes otherwise of its numbers (perplexity, F1 over all answers) is no mean of them.
    foreign = {score.metric for score in others}
    kept = [
        replace(item, scores={metric: value for metric, value in item.scores.items() if metric not in foreign})
        for item in items
    ]
    return kept, others


def _agrees(theirs: Score, ours: Score | None) -> bool:
    if ours is None:
        return False
    both_nan = math.isnan(ours.value) and math.isnan(theirs.value)
    return both_nan or abs(ours.value - theirs.value) <= _CLOSE * max(1.0, abs(ours.value))


def _items(task: _TaskFiles, samples: Sequence[Mapping[str, Any]]) -> list[Item]:
    """One item for each question: a sample has the scores of one filter."""
    by_question: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for sample in samples:
        by_question[str(sample["doc_id"])].append(sample)
    field = _cluster_field([first["doc"] for first, *_ in by_question.values()])
    multiple_choice = task.config.get("output_type") == "multiple_choice"
    return [
        Item(
            suite=SUITE,
            scenario=task.scenario,
            subject=_subject(task),
            id=question,
            repeat=0,
            group=_cluster(first["doc"].get(field)) if field else None,
            prompt_sha256=hash_of(_prompt(first)),
            reference=_chosen(first, first["target"]) if multiple_choice else _target(first["target"]),
            prediction=_likeliest(first) if multiple_choice else _generated(first),
            scores={name: value for sample in (first, *more) for name, value in _scores(sample)},
            prompt=_question(_prompt(first), task.config, task.shots),
        )
        for question, (first, *more) in by_question.items()
    ]


def _scores(sample: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for metric in sample["metrics"]:
        value = sample[metric]
        if isinstance(value, int | float):
            yield _metric(metric, sample["filter"]), float(value)


def _metric(name: str, filtered_by: str) -> str:
    return metric_part(name if filtered_by == "none" else f"{name}_{filtered_by}")


def _aggregated(scenario: str, means: Mapping[str, Any]) -> Iterator[Score]:
    """What lm-eval made of all samples: ``{"acc,none": 0.5, "acc_stderr,none": 0.1, "sample_len": 10}``."""
    counts = means.get("sample_count", {})
    for key, value in means.items():
        name, comma, filtered_by = key.partition(",")
        if not comma or name.endswith("_stderr") or not isinstance(value, int | float):
            continue
        error = means.get(f"{name}_stderr,{filtered_by}")
        std_err = float(error) if isinstance(error, int | float) and math.isfinite(error) else None
        n = counts.get(key, means.get("sample_len"))
        yield Score(scenario, _metric(name, filtered_by), float(value), std_err, n)


def _groups(runs: Iterable[Mapping[str, Any]]) -> Iterator[Score]:
    for run in runs:
        for name, means in run["groups"].items():
            yield from _aggregated(metric_part(name), means)


def _subject(task: _TaskFiles) -> str | None:
    """What a task of a group is about: ``anatomy`` of ``mmlu_anatomy``, a task of the group ``mmlu``."""
    groups = [name for name in task.run["group_subtasks"] if task.name.startswith(f"{name}_")]
    if groups:
        return task.name[len(max(groups, key=len)) + 1 :]
    part = task.config.get("dataset_name")
    return part if isinstance(part, str) and task.name.endswith(f"_{part}") else None


def _cluster_field(docs: Sequence[object]) -> str | None:
    """The field by which questions belong together; one that has the same value everywhere says nothing."""
    for field in _CLUSTERS:
        values = Counter(str(doc.get(field)) for doc in docs if isinstance(doc, dict) and doc.get(field) is not None)
        if len(values) > 1:
            return field
    return None


def _cluster(value: object) -> str | None:
    if value is None:
        return None
    text = str(value)
    return text if len(text) <= _LONGEST_GROUP else hash_of(text)


def _requests(sample: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """What was sent to the model: context and continuation, or context and settings of the generation."""
    arguments = sample["arguments"]
    given = (arguments[key] for key in sorted(arguments, key=lambda key: int(key.rpartition("_")[2])))
    return [(one.get("arg_0"), one.get("arg_1")) for one in given]


def _prompt(sample: Mapping[str, Any]) -> str:
    context, _ = _requests(sample)[0]
    return context if isinstance(context, str) else json.dumps(context, sort_keys=True)


def _question(prompt: str, config: Mapping[str, Any], shots: int | None) -> str | None:
    """What was asked of `prompt`, without description and worked examples; its end where that cannot be told.

    lm-eval keeps the whole context alone: the description, each worked example with a delimiter after it, the question.
    """
    delimiter = {**config, **(config.get("fewshot_config") or {})}.get("fewshot_delimiter")
    description = config.get("description")
    rest = prompt.removeprefix(description if isinstance(description, str) else "")
    if shots == 0:
        return prompt_part(rest)
    if isinstance(delimiter, str) and delimiter and rest.count(delimiter) == shots:
        return prompt_part(rest.rpartition(delimiter)[2])
    return rest[-LONGEST_PROMPT:] or None


def _choices(sample: Mapping[str, Any]) -> list[str]:
    """The choices as they were sent; where the question differs and not its end, their numbers."""
    requests = _requests(sample)
    conditional = [(context, choice) for context, choice in requests if context != ""] or requests
    texts = [str(choice).strip() for _, choice in conditional]
    return texts if len(set(texts)) == len(texts) else [str(number) for number in range(len(texts))]


def _chosen(sample: Mapping[str, Any], number: object) -> str:
    """The choice that `number` names, in its own words; what names none as it is."""
    choices, text = _choices(sample), str(number)
    return choices[int(text)] if text.isdecimal() and int(text) < len(choices) else text.strip()


def _target(written: object) -> str:
    """The right answer; the first one of several, written as Python does: ``['Everest', 'Chomolungma']``."""
    text = str(written).strip()
    with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
        several = ast.literal_eval(text) if text.startswith("[") else None
        if isinstance(several, list) and several and isinstance(several[0], str):
            return several[0].strip()
    return text


def _likeliest(sample: Mapping[str, Any]) -> str | None:
    choices = _choices(sample)
    likelihoods = [float(answer[0]) for answer in sample["filtered_resps"][: len(choices)]]
    return choices[likelihoods.index(max(likelihoods))] if likelihoods else None


def _generated(sample: Mapping[str, Any]) -> str | None:
    """The text that the model wrote; None where it only had to judge one."""
    answer = next(iter(sample["filtered_resps"]), None)
    while isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    return answer.strip() if isinstance(answer, str) else None
