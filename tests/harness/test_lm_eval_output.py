"""lm-eval's files as results: which numbers count, what was asked and answered, and what is not complete."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.errors import HarnessError
from cajajejo.harness import lm_eval_output
from cajajejo.results import FailedScenario, Item, Results, Score
from tests.fakes.lm_eval_run import choice, sample, write_task

if TYPE_CHECKING:
    from pathlib import Path


def read(output: Path, failed: dict[str, str] | None = None) -> Results:
    return lm_eval_output.read(output, failed or {})


def read_items(output: Path, *samples: dict[str, Any], **config: Any) -> tuple[Item, ...]:
    """The items of a task called arc."""
    write_task(output, "arc", {"arc": list(samples)}, {"arc": {}}, configs={"arc": config})
    found = read(output)
    assert found.failed == ()
    return found.items


def test_a_task_becomes_items_and_scores(tmp_path: Path) -> None:
    samples = [sample(0, exact_match=1.0), sample(1, exact_match=0, filtered_resps=["Rome "])]
    write_task(tmp_path, "our_geo", {"our_geo": samples}, {"our_geo": {"exact_match,none": 0.5}})
    assert read(tmp_path) == Results(
        suite="lm-eval",
        harness="lm-eval",
        scores=(Score("our_geo", "exact_match", 0.5, 0.5, 2),),
        items=tuple(
            Item(
                suite="lm-eval",
                scenario="our_geo",
                subject=None,
                id=str(number),
                repeat=0,
                group=None,
                prompt_sha256=hashlib.sha256(f"Question: Which is {number}?\nAnswer:".encode()).hexdigest(),
                reference="Paris",
                prediction=prediction,
                scores={"exact_match": right},
                prompt=f"Question: Which is {number}?\nAnswer:",
            )
            for number, prediction, right in ((0, "Paris", 1.0), (1, "Rome", 0.0))
        ),
        failed=(),
    )


LONG = "Once upon a time. " * 100
WORKED = "Q: 1?\nA: 1\n\nQ: 2?\nA: 2\n\n"


@pytest.mark.parametrize(
    ("context", "shots", "config", "prompt"),
    [
        (f"{WORKED}Q: 3?\nA:", 2, {"fewshot_delimiter": "\n\n"}, "Q: 3?\nA:"),
        (f"About sums.\n\n{WORKED}Q: 3?", 2, {"fewshot_delimiter": "\n\n", "description": "About sums.\n\n"}, "Q: 3?"),
        ("Q: 1?;Q: 2?", 1, {"fewshot_delimiter": "\n\n", "fewshot_config": {"fewshot_delimiter": ";"}}, "Q: 2?"),
        ("About sums. Q:\n\n3?", 0, {"fewshot_delimiter": "\n\n", "description": "About sums. "}, "Q:\n\n3?"),
        (LONG, 0, {}, LONG[:1000]),
        (f"{WORKED}{LONG}", 2, {"fewshot_delimiter": "\n\n"}, LONG[:1000]),
        (f"{WORKED}Two\n\nparts?", 2, {"fewshot_delimiter": "\n\n"}, f"{WORKED}Two\n\nparts?"),
        (f"{WORKED}{LONG}\n\nWhy?", 2, {"fewshot_delimiter": "\n\n"}, f"{LONG}\n\nWhy?"[-1000:]),
        (f"{WORKED}Q: 3?", 2, {}, f"{WORKED}Q: 3?"),
        (f"{WORKED}{LONG}", None, {"fewshot_delimiter": "\n\n"}, LONG[-1000:]),
        ("", 0, {}, None),
        ("", 2, {"fewshot_delimiter": "\n\n"}, None),
    ],
    ids=[
        *("after the worked examples", "after the description as well", "a delimiter of the worked examples alone"),
        *("without worked examples", "long", "long, after worked examples", "a question that holds the delimiter"),
        *("a long one that holds it", "a delimiter that is not known", "a number that is not known"),
        *("nothing", "nothing after worked examples"),
    ],
)
def test_the_question_is_what_stands_after_description_and_worked_examples_or_the_end(
    tmp_path: Path, context: str, shots: int | None, config: dict[str, Any], prompt: str | None
) -> None:
    asked = sample(0, acc=1.0, arguments={"gen_args_0": {"arg_0": context, "arg_1": " 3"}})
    n_shot: dict[str, Any] = {} if shots is None else {"n-shot": {"arc": shots, "other": 7}}
    write_task(tmp_path, "arc", {"arc": [asked]}, {"arc": {}}, configs={"arc": config}, **n_shot)
    found = read(tmp_path)
    assert (found.items[0].prompt, found.shots) == (prompt, {} if shots is None else {"arc": shots})
    assert found.items[0].prompt_sha256 == hashlib.sha256(context.encode()).hexdigest()


def test_a_task_that_failed_has_no_shots(tmp_path: Path) -> None:
    n_shot: dict[str, Any] = {"n-shot": {"a.b": 3, "c": 1}}
    write_task(tmp_path, "a_b", {"a.b": [sample(0, acc=1.0)], "c": []}, {"a.b": {}, "c": {}}, **n_shot)
    assert read(tmp_path).shots == {"a.b": 3}


def test_each_filter_gives_its_name_to_its_metrics_and_a_question_stays_one_item(tmp_path: Path) -> None:
    (item,) = read_items(
        tmp_path,
        sample(0, filtered_by="strict-match", exact_match=0.0, filtered_resps=["[invalid]"]),
        sample(0, filtered_by="flexible extract", exact_match=1.0),
        sample(0, filtered_by="none", acc=0.25),
    )
    assert item.scores == {"exact_match_strict-match": 0.0, "exact_match_flexible_extract": 1.0, "acc": 0.25}
    assert item.prediction == "[invalid]"


def test_a_multiple_choice_is_told_in_the_words_of_the_choices(tmp_path: Path) -> None:
    first, second = read_items(
        tmp_path,
        choice(0, [-3.5, -2.5, -9.0], 0, acc=0.0),
        choice(1, [-1.0, -2.5, -9.0], "A", acc=0.0),
        output_type="multiple_choice",
    )
    assert (first.reference, first.prediction) == ("Paris", "Rome")
    assert (second.reference, second.prediction) == ("A", "Paris")


def test_choices_that_differ_in_the_question_are_told_by_number(tmp_path: Path) -> None:
    ends = {f"gen_args_{n}": {"arg_0": f"The {who} was late", "arg_1": " again."} for n, who in enumerate("ab")}
    (item,) = read_items(tmp_path, choice(0, [-3.0, -1.0], 0, arguments=ends, acc=0.0), output_type="multiple_choice")
    assert (item.reference, item.prediction) == ("0", "1")


def test_requests_without_a_question_are_no_choices(tmp_path: Path) -> None:
    one = choice(0, [-3.0, -2.0, -1.0, -0.1, -0.1, -0.1], 2, acc_mutual_info=1.0)
    one["arguments"] |= {f"gen_args_{n + 3}": {**one["arguments"][f"gen_args_{n}"], "arg_0": ""} for n in range(3)}
    (item,) = read_items(tmp_path, one, output_type="multiple_choice")
    assert item.prediction == "Bern"


def test_of_several_right_answers_the_first_is_the_reference(tmp_path: Path) -> None:
    (item,) = read_items(tmp_path, sample(0, target="['Everest', 'Mount Everest']", exact_match=1.0))
    assert item.reference == "Everest"


def test_a_likelihood_is_no_prediction(tmp_path: Path) -> None:
    (item,) = read_items(tmp_path, sample(0, filtered_resps=[["-3.2", "True"]], acc=1.0))
    assert item.prediction is None


@pytest.mark.parametrize(
    ("run", "config", "subject"),
    [
        ({"group_subtasks": {"mmlu": ["mmlu_stem"], "mmlu_stem": ["mmlu_anatomy"]}}, {}, "anatomy"),
        ({}, {"dataset_name": "anatomy"}, "anatomy"),
        ({}, {"dataset_name": "ARC-Easy"}, None),
        ({"group_subtasks": {"leaderboard": ["mmlu_anatomy"]}}, {}, None),
    ],
    ids=["part of a group", "part of a data set", "another name", "another group"],
)
def test_the_subject_is_what_a_task_is_called_inside_of_its_group(
    tmp_path: Path, run: dict[str, Any], config: dict[str, Any], subject: str | None
) -> None:
    samples = {"mmlu_anatomy": [sample(0, acc=1.0)]}
    write_task(tmp_path, "mmlu", samples, {"mmlu_anatomy": {}}, configs={"mmlu_anatomy": config}, **run)
    (item,) = read(tmp_path).items
    assert (item.scenario, item.subject) == ("mmlu_anatomy", subject)


def test_the_mean_of_a_group_is_a_score_without_items(tmp_path: Path) -> None:
    group = {"acc,none": 0.25, "acc_stderr,none": 0.1, "sample_len": 3, "sample_count": {"acc,none": 2}, "alias": "m"}
    samples = {"mmlu_a": [sample(0, acc=1.0)], "mmlu_b": [sample(0, acc=0.0)]}
    means: dict[str, dict[str, Any]] = {"mmlu_a": {"acc,none": 1.0}, "mmlu_b": {"acc,none": 0.0}, "mmlu": group}
    write_task(tmp_path, "mmlu", samples, means, groups={"mmlu": group})
    found = read(tmp_path)
    assert found.metrics() == {"mmlu/acc": 0.25, "mmlu_a/acc": 1.0, "mmlu_b/acc": 0.0}
    assert found.scores[0] == Score("mmlu", "acc", 0.25, 0.1, 2)
    assert {item.scenario for item in found.items} == {"mmlu_a", "mmlu_b"}
    assert lm_eval_output.complete(tmp_path) == {"mmlu", "mmlu_a", "mmlu_b"}


def test_what_lm_eval_does_not_average_is_taken_as_lm_eval_has_it(tmp_path: Path) -> None:
    samples = [sample(n, acc=1.0, perplexity=-2.0, word_perplexity=[-9.0, 3]) for n in range(2)]
    means = {
        "acc,none": 1.0,
        "acc_stderr,none": 0.0,
        "perplexity,none": math.exp(2.0),
        "perplexity_stderr,none": 0.5,
        "word_perplexity,none": 20.1,
        "word_perplexity_stderr,none": "N/A",
    }
    write_task(tmp_path, "lambada", {"lambada": samples}, {"lambada": means})
    found = read(tmp_path)
    assert found.scores == (
        Score("lambada", "acc", 1.0, 0.0, 2),
        Score("lambada", "perplexity", math.exp(2.0), 0.5, 2),
        Score("lambada", "word_perplexity", 20.1, None, 2),
    )
    assert [item.scores for item in found.items] == [{"acc": 1.0}, {"acc": 1.0}]


def test_questions_of_one_passage_are_one_cluster(tmp_path: Path) -> None:
    long = "Once upon a time. " * 10
    docs = [{"passage": long}, {"passage": long}, {"passage": "short"}, {}]
    items = read_items(tmp_path, *(sample(n, doc=doc, acc=float(n % 2)) for n, doc in enumerate(docs)))
    assert [item.group for item in items] == [hashlib.sha256(long.encode()).hexdigest()] * 2 + ["short", None]
    assert read(tmp_path).scores[0].clusters == 3


def test_a_field_that_is_the_same_everywhere_is_no_cluster(tmp_path: Path) -> None:
    items = read_items(tmp_path, *(sample(n, doc={"source": "the web"}, acc=1.0) for n in range(2)))
    assert [item.group for item in items] == [None, None]


def test_of_a_task_that_was_run_twice_the_newest_counts(tmp_path: Path) -> None:
    for number, date in enumerate(("2026-11-22T10-00-00.5", "2026-11-21T10-00-00.5", "2026-11-22T09-00-00.5")):
        samples = {"arc": [sample(0, acc=float(number))]}
        write_task(tmp_path, f"{number}", samples, {"arc": {"acc,none": float(number)}}, date=date)
    assert read(tmp_path).metrics() == {"arc/acc": 0.0}


def test_what_is_still_being_written_does_not_count(tmp_path: Path) -> None:
    write_task(tmp_path, ".making-arc", {"arc": [sample(0, acc=1.0)]}, {"arc": {}})
    assert read(tmp_path) == Results("lm-eval", "lm-eval", (), ())
    assert lm_eval_output.complete(tmp_path) == set()


@pytest.mark.parametrize(
    ("file", "text"),
    [("samples_arc", '{"doc_id": 0'), ("samples_arc", ""), ("samples_arc", '{"doc_id": 0}\n'), ("results", "{}")],
    ids=["cut", "empty", "without fields", "results without results"],
)
def test_damaged_files_are_a_failed_task_and_the_others_stay(tmp_path: Path, file: str, text: str) -> None:
    for task in ("arc", "bbh"):
        write_task(tmp_path, task, {task: [sample(0, acc=1.0)]}, {task: {"acc,none": 1.0}})
    (damaged,) = (tmp_path / "arc").rglob(f"{file}*")
    damaged.write_text(text)
    found = read(tmp_path)
    assert found.metrics() == {"bbh/acc": 1.0}
    ((scenario, why),) = [(failure.scenario, failure.error) for failure in found.failed]
    assert scenario == "arc"
    assert why.startswith("its files are not complete: ")


def test_a_task_that_failed_says_why(tmp_path: Path) -> None:
    write_task(tmp_path, "arc", {"arc": [sample(0, acc=1.0)]}, {"arc": {}})
    assert read(tmp_path, {"bbh/a": "KeyError: 'x'"}).failed == (FailedScenario("bbh_a", "KeyError: 'x'"),)


def test_two_tasks_of_one_name_are_an_error_that_names_both(tmp_path: Path) -> None:
    samples = {"arc+a": [sample(0, acc=1.0)], "arc*a": [sample(0, acc=1.0)]}
    write_task(tmp_path, "arc", samples, {"arc+a": {}, "arc*a": {}})
    with pytest.raises(HarnessError, match="two scenarios would share the name arc_a") as raised:
        read(tmp_path)
    assert raised.value.facts == {"one": "arc*a", "other": "arc+a"}


def test_numbers_that_are_none_stay_what_lm_eval_has(tmp_path: Path) -> None:
    write_task(tmp_path, "arc", {"arc": [sample(0, acc=math.nan)]}, {"arc": {"acc,none": math.nan}})
    (score,) = read(tmp_path).scores
    assert math.isnan(score.value)
    assert score.n == 1
