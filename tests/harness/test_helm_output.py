"""HELM's files as results: which numbers count, what was asked and answered, and what is not complete."""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.errors import HarnessError
from cajajejo.harness import helm_output
from cajajejo.results import FailedScenario, Item, Results, Score
from tests import builders
from tests.builders import Answer, instance_stats, request_state, stat, write_helm_run

if TYPE_CHECKING:
    from pathlib import Path

RUN = "geography:model=huggingface_tiny"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def read(suite: Path, failed: dict[str, str] | None = None) -> Results:
    return helm_output.read(suite, "v1", failed or {})


def read_one(suite: Path, *given: Answer, **parts: Any) -> Item:
    """The one item of a run called `RUN`."""
    write_helm_run(suite, RUN, given, **parts)
    found = read(suite)
    assert found.failed == ()
    (item,) = found.items
    return item


@pytest.mark.parametrize(
    ("run", "scenario", "subject"),
    [
        ("geography:model=huggingface_model", "geography", None),
        ("mmlu:subject=anatomy,method=joint,model=huggingface_model", "mmlu_subject_anatomy_method_joint", "anatomy"),
        ("mmlu:model=huggingface_model,subject=anatomy", "mmlu_subject_anatomy", "anatomy"),
        ("mmlu:method=x,model=m,subject=us_history", "mmlu_method_x_subject_us_history", "us_history"),
        ("boolq:model=huggingface_model,data_augmentation=canonical", "boolq_data_augmentation_canonical", None),
        ("boolq:model=a,model_deployment=b,only=c", "boolq_only_c", None),
        (
            "custom_mcqa,path=_tmp_x.jsonl,method=multiple_choice_separate_original:model=huggingface_model",
            "custom_mcqa_path__tmp_x.jsonl_method_multiple_choice_separate_original",
            None,
        ),
        ("x:submodel=y,model=z", "x_submodel_y", None),
        ("raft:subject=a b é,model=m", "raft_subject_a_b__", "a b é"),
    ],
)  # fmt: skip
def test_a_scenario_is_called_after_the_run_without_its_model(run: str, scenario: str, subject: str | None) -> None:
    assert (helm_output.scenario_of(run), helm_output.subject_of(run)) == (scenario, subject)


def test_a_complete_suite_becomes_items_and_scores(tmp_path: Path) -> None:
    write_helm_run(tmp_path, RUN, builders.answers(right=11, of=20))
    (tmp_path / "eval_cache").mkdir()
    (tmp_path / "groups").mkdir()
    found = read(tmp_path)
    std_err: Any = pytest.approx(math.sqrt(4.95 / 380), rel=1e-12)
    assert (found.suite, found.harness, found.failed, len(found.items)) == ("v1", "helm", (), 20)
    assert [(s.scenario, s.metric, s.value, s.std_err, s.n) for s in found.scores] == [
        ("geography", "exact_match", 0.55, std_err, 20),
        ("geography", "quasi_exact_match", 0.55, std_err, 20),
    ]
    assert found.items[19] == Item(
        suite="v1",
        scenario="geography",
        subject=None,
        id="q-020",
        repeat=0,
        group=None,
        prompt_sha256=sha256("Question: What is the capital of France?\nAnswer:"),
        reference="Paris",
        prediction="Rome",
        scores={"exact_match": 0.0, "quasi_exact_match": 0.0},
        prompt="What is the capital of France?",
    )
    assert found.shots == {"geography": 5}


@pytest.mark.parametrize(
    ("fitted", "shots"),
    [([3, 5, 4], 5), ([0, 0, 0], 0), ([None, None, None], 2), ([None, 1, None], 1)],
    ids=["as many as fitted before any", "none", "not told: as asked", "told once"],
)
def test_shots_are_the_worked_examples_that_stood_before_a_question(
    tmp_path: Path, fitted: list[int | None], shots: int
) -> None:
    asked = [Answer(str(number)) for number in range(3)]
    pairs = zip(asked, fitted, strict=True)
    states = [request_state(answer, num_train_instances=number) for answer, number in pairs]
    run = write_helm_run(tmp_path, RUN, asked, states=states)
    content = {"adapter_spec": {"max_train_instances": 2}, "request_states": states}
    (run / "scenario_state.json").write_text(json.dumps(content))
    assert read(tmp_path).shots == {"geography": shots}


def test_shots_that_helm_does_not_tell_are_not_known(tmp_path: Path) -> None:
    states = [request_state(Answer("q"), num_train_instances=None)]
    run = write_helm_run(tmp_path, RUN, [Answer("q")], states=states)
    (run / "scenario_state.json").write_text(json.dumps({"request_states": states}))
    found = read(tmp_path)
    assert (found.shots, found.failed, len(found.items)) == ({}, (), 1)


def test_of_a_long_question_the_beginning_is_kept_and_all_of_it_is_hashed(tmp_path: Path) -> None:
    long = "Once upon a time. " * 100
    item = read_one(tmp_path, Answer("q", text=long))
    assert (item.prompt, item.prompt_sha256) == (long[:1000], sha256(f"Question: {long}\nAnswer:"))


def test_bookkeeping_is_no_score(tmp_path: Path) -> None:
    names = (
        *("num_references", "num_train_trials", "num_prompt_tokens", "num_completion_tokens", "num_output_tokens"),
        *("training_co2_cost", "training_energy_cost", "inference_runtime", "batch_size", "finish_reason_stop"),
        *("finish_reason_unknown", "num_train_instances", "prompt_truncated", "max_prob", "num_perplexity_tokens"),
        *(
            "num_bytes",
            "logprob",
            "perplexity",
            "bits_per_byte",
            "logprob_per_byte",
            "num_instances",
            "predicted_index",
        ),
    )
    item = read_one(tmp_path, Answer("q", scores={**dict.fromkeys(names, 1.0), "exact_match": 1.0}))
    assert item.scores == {"exact_match": 1.0}


def test_only_the_test_and_validation_splits_count_and_a_part_of_a_split_has_a_name_of_its_own(tmp_path: Path) -> None:
    stats = [
        stat("m", 0.1),
        stat("m", 0.2, sub_split="toxic"),
        stat("k", 0.3, split="valid"),
        stat("m", 0.4, split="train"),
        stat("m", 0.5, perturbation={"name": "robustness"}),
        stat("empty", None),
    ]
    instances = [{"instance_id": "q", "train_trial_index": 0, "stats": stats}]
    assert read_one(tmp_path, Answer("q"), instances=instances).scores == {"m": 0.1, "m_toxic": 0.2, "k": 0.3}


def test_a_metrics_name_holds_only_what_mlflow_takes(tmp_path: Path) -> None:
    assert read_one(tmp_path, Answer("q", scores={"exact_match@5": 1.0})).scores == {"exact_match_5": 1.0}


def test_perturbed_questions_are_left_out(tmp_path: Path) -> None:
    plain, perturbed = Answer("q"), Answer("q", prediction="Rome")
    state = request_state(perturbed)
    state["instance"]["perturbation"] = {"name": "typos"}
    item = read_one(
        tmp_path,
        plain,
        instances=[instance_stats(plain), {**instance_stats(perturbed), "perturbation": {"name": "typos"}}],
        states=[state, request_state(plain)],
    )
    assert (item.prediction, item.scores["exact_match"]) == ("Paris", 1.0)


def test_the_numbers_of_one_question_from_several_metrics_are_joined(tmp_path: Path) -> None:
    item = read_one(
        tmp_path,
        Answer("q"),
        instances=[instance_stats(Answer("q", scores={name: 0.5})) for name in ("exact_match", "rouge_l")],
    )
    assert item.scores == {"exact_match": 0.5, "rouge_l": 0.5}


def test_trials_are_repeats_of_the_same_question(tmp_path: Path) -> None:
    given = [Answer("a", repeat=0), Answer("a", "Rome", repeat=1), Answer("b", repeat=0), Answer("b", repeat=1)]
    write_helm_run(tmp_path, RUN, given)
    found = read(tmp_path)
    assert [(item.id, item.repeat, item.prediction) for item in found.items] == [
        ("a", 0, "Paris"),
        ("a", 1, "Rome"),
        ("b", 0, "Paris"),
        ("b", 1, "Paris"),
    ]
    assert found.scores[0] == Score("geography", "exact_match", 0.75, 0.25, 2)


def test_a_letter_is_read_as_the_choice_that_it_stands_for(tmp_path: Path) -> None:
    given = Answer("q", " B", reference="Odd", choices=("Even", "Odd"))
    item = read_one(tmp_path, given)
    assert (item.prediction, item.reference) == ("Odd", "Odd")


def test_what_is_no_letter_stays_as_it_was_written(tmp_path: Path) -> None:
    assert read_one(tmp_path, Answer("q", " Q\n", choices=("Even", "Odd"))).prediction == "Q"


def test_choices_that_are_asked_one_by_one_are_one_item(tmp_path: Path) -> None:
    given = Answer("q", reference="Odd", choices=("Even", "Odd"), scores={"exact_match": 1.0, "predicted_index": 1.0})
    states = [
        request_state(given, output_mapping=None, reference_index=index, request={"prompt": f"… {choice}"})
        for index, choice in enumerate(given.choices)
    ]
    item = read_one(tmp_path, given, states=states)
    assert (item.prediction, item.reference, item.scores) == ("Odd", "Odd", {"exact_match": 1.0})
    assert item.prompt_sha256 == sha256(given.text)


def test_a_choice_that_was_not_measured_is_no_prediction(tmp_path: Path) -> None:
    given = Answer("q", choices=("Even", "Odd"), scores={"exact_match": 0.0})
    states = [request_state(given, reference_index=0)]
    assert read_one(tmp_path, given, states=states).prediction is None


@pytest.mark.parametrize("result", [{"completions": []}, {"success": False}, None])
def test_a_question_without_an_answer_has_no_prediction(tmp_path: Path, result: dict[str, Any] | None) -> None:
    given = Answer("q", scores={"exact_match": 0.0})
    assert read_one(tmp_path, given, states=[request_state(given, result=result)]).prediction is None


def test_a_question_without_a_right_answer_has_no_reference(tmp_path: Path) -> None:
    given = Answer("q", reference="Paris", choices=("Rome", "Bern"), scores={"m": 1.0})
    assert read_one(tmp_path, given).reference is None
    state = request_state(given)
    del state["instance"]["references"]
    assert read_one(tmp_path, given, states=[state]).reference is None


def test_hostile_text_comes_through(tmp_path: Path) -> None:
    text = "a\u2028b\x85c\0\ud800 \U0001f600"
    item = read_one(tmp_path, Answer("q\u2028", text, reference=text, text=text))
    assert (item.id, item.prediction, item.reference) == ("q\u2028", text, text)
    assert item.prompt_sha256 == sha256(f"Question: {text}\nAnswer:")


def test_a_run_that_failed_is_told_with_its_reason_and_the_others_are_kept(tmp_path: Path) -> None:
    write_helm_run(tmp_path, RUN, builders.answers(right=1, of=1))
    (tmp_path / "boolq:model=huggingface_tiny").mkdir()
    (tmp_path / "mmlu:subject=x,model=huggingface_tiny").mkdir()
    found = read(tmp_path, {"boolq:model=huggingface_tiny": "URLError: away", "never_began:model=m": "no such class"})
    assert [score.name for score in found.scores] == ["geography/exact_match", "geography/quasi_exact_match"]
    missing = tmp_path / "mmlu:subject=x,model=huggingface_tiny" / "per_instance_stats.json"
    assert found.failed == (
        FailedScenario("boolq", "URLError: away"),
        FailedScenario(
            "mmlu_subject_x", f"its files are not complete: [Errno 2] No such file or directory: '{missing}'"
        ),
        FailedScenario("never_began", "no such class"),
    )


@pytest.mark.parametrize("file", ["per_instance_stats.json", "scenario_state.json"])
@pytest.mark.parametrize("content", [b"", b'[{"instance_id": "q-0', b"null", b'[{"stats": []}]', b'{"a": 1}', b"\xff"])
def test_a_torn_file_makes_its_scenario_fail_and_no_other(tmp_path: Path, file: str, content: bytes) -> None:
    write_helm_run(tmp_path, RUN, builders.answers(right=1, of=2))
    torn = write_helm_run(tmp_path, "biology:model=huggingface_tiny", builders.answers(right=1, of=2))
    (torn / file).write_bytes(content)
    found = read(tmp_path)
    assert {item.scenario for item in found.items} == {"geography"}
    ((scenario, error),) = [(failure.scenario, failure.error) for failure in found.failed]
    assert scenario == "biology"
    assert error.startswith("its files are not complete: ")


def test_a_question_that_was_measured_but_never_asked_makes_its_scenario_fail(tmp_path: Path) -> None:
    write_helm_run(tmp_path, RUN, [Answer("a"), Answer("b")], states=[request_state(Answer("a"))])
    assert read(tmp_path).failed == (FailedScenario("geography", "its files are not complete: ('b', 0)"),)


def test_two_runs_that_would_share_a_name_are_refused(tmp_path: Path) -> None:
    for run in ("mmlu:subject=a b,model=m", "mmlu:subject=a_b,model=m"):
        write_helm_run(tmp_path, run, [Answer("q")])
    with pytest.raises(HarnessError) as caught:
        read(tmp_path)
    assert caught.value.lines() == [
        "Error: two scenarios would share the name mmlu_subject_a_b",
        "  one         mmlu:subject=a b,model=m",
        "  other       mmlu:subject=a_b,model=m",
        "Run: keep one of them in the run specs",
    ]


def test_a_suite_that_was_never_begun_has_no_results(tmp_path: Path) -> None:
    assert read(tmp_path / "none") == Results("v1", "helm", (), (), ())


def test_the_builder_writes_what_helm_writes(tmp_path: Path) -> None:
    run = write_helm_run(tmp_path, RUN, builders.answers(right=1, of=2))
    files = ["per_instance_stats.json", "run_spec.json", "scenario.json", "scenario_state.json", "stats.json"]
    assert sorted(path.name for path in run.iterdir()) == files
    (first, _) = json.loads((run / "per_instance_stats.json").read_text())
    assert first["stats"][0] == {
        "name": {"name": "training_co2_cost", "split": "test"}, "count": 0, "sum": 0, "sum_squared": 0
    }  # fmt: skip
