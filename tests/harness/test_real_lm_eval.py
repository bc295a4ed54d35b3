"""The real lm-eval with a tiny model of random weights: what it leaves is what we read.

Needs the environment of the harnesses (``python3 scripts/environments.py helm``); without it these tests are skipped,
but not in CI. The model is that of `test_real_helm`.
"""

from __future__ import annotations

import json
import math
import os
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import tracking
from cajajejo.errors import HarnessMissingError
from cajajejo.harness import lm_eval
from cajajejo.harness import run as harness
from cajajejo.harness.run import Outcome, Reporter, Request
from tests import builders
from tests.builders import ABSENT, ROOT
from tests.harness.test_real_helm import helm_run, model  # fixtures
from tests.hostile import IN_CI

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.harness.progress import Progress

__all__ = ["helm_run", "model"]

pytestmark = [pytest.mark.helm, pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)]

ENVIRON = dict(os.environ)  # looked at before the fixture hides what is ours
TASKS = {
    "say.yaml": """
task: places_say
dataset_path: json
dataset_kwargs: {data_files: {test: QUESTIONS}}
test_split: test
output_type: generate_until
doc_to_text: "Question: {{question}}\\nAnswer:"
doc_to_target: "{{answer}}"
generation_kwargs: {until: ["\\n"], max_gen_toks: 3}
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true}
""",
    "choose.yaml": """
task: places_choose
dataset_path: json
dataset_kwargs: {data_files: {test: QUESTIONS}}
test_split: test
output_type: multiple_choice
doc_to_text: "Question: {{question}}\\nAnswer:"
doc_to_target: "{{choices.index(answer)}}"
doc_to_choice: choices
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
  - {metric: acc_norm, aggregation: mean, higher_is_better: true}
""",
    "places.yaml": """
group: places
task: [places_say, places_choose]
aggregate_metric_list:
  - {metric: acc, weight_by_size: true}
""",
    "broken.yaml": """
include: choose.yaml
task: places_broken
doc_to_target: "{{nothing.index(answer)}}"
""",
    "mixed.yaml": "group: mixed\ntask: [places_broken, places_perplexity]\n",
    "perplexity.yaml": """
task: places_perplexity
dataset_path: json
dataset_kwargs: {data_files: {test: QUESTIONS}}
test_split: test
output_type: loglikelihood_rolling
doc_to_text: ""
doc_to_target: "{{question}}"
metric_list:
  - metric: word_perplexity
  - metric: bits_per_byte
""",
}
CHOICES = ["Paris", "Rome", "Bern"]


class Done:
    """A real evaluation of a group, and of another one that has a task with a mistake; then the same once more."""

    def __init__(self, directory: Path, program: Path, model: Path) -> None:
        self.uri = builders.copy_empty_store(directory / "tracking" / "mlflow.db")
        questions = directory / "questions.jsonl"
        lines = [{"question": f"Where is {n}?", "answer": CHOICES[n % 3], "choices": CHOICES} for n in range(7)]
        questions.write_text("".join(json.dumps(line) + "\n" for line in lines))
        (directory / "tasks").mkdir()
        for name, text in TASKS.items():
            (directory / "tasks" / name).write_text(text.replace("QUESTIONS", str(questions)))
        section = {"tasks": ["places", "mixed"], "include_path": str(directory / "tasks"), "limit": 5}
        self.config = builders.write_config(
            directory, mlflow_config__tracking_uri=self.uri, model_config={"path": str(model)}, helm=ABSENT,
            lm_eval=section,
        )  # fmt: skip
        self.scratch = directory / "scratch"
        self.environ = {**ENVIRON, "CAJAJEJO_LM_EVAL": str(program), "HOME": str(directory)}
        self.progress: list[Progress] = []
        self.outcome = self.run()

    def run(self) -> Outcome:
        request = Request(self.config, None, scratch=self.scratch, environ=self.environ)
        return harness.run(request, Reporter(progress=self.progress.append))

    def lines(self) -> list[dict[str, Any]]:
        text = (self.scratch / "evaluation" / "output" / "results.jsonl").read_text("utf-8")
        return [json.loads(line) for line in text.split("\n") if line]

    def theirs(self) -> dict[str, dict[str, Any]]:
        """What lm-eval made of its numbers, by task and group."""
        found = (self.scratch / "evaluation" / "output" / "lm-eval").rglob("results_*.json")
        return {name: means for path in found for name, means in json.loads(path.read_text("utf-8"))["results"].items()}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, model: Path) -> Done:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        try:
            program = lm_eval.PROGRAM.find(ENVIRON)
        except HarnessMissingError as error:
            if IN_CI:
                pytest.fail("CI must have lm-eval: that we read what it writes is otherwise untested")
            pytest.skip("\n".join(error.lines()))
    return Done(tmp_path_factory.mktemp("real"), program, model)


def test_a_task_with_a_mistake_leaves_the_others_of_its_group(done: Done) -> None:
    scenarios = {score.scenario for score in done.outcome.results.scores}
    assert scenarios == {"places", "places_say", "places_choose", "places_perplexity"}
    ((scenario, error),) = [(failure.scenario, failure.error) for failure in done.outcome.results.failed]
    assert scenario == "places_broken"
    assert "nothing" in error


def test_lm_evals_own_numbers_agree(done: Done) -> None:
    theirs = {
        f"{task}/{key.partition(',')[0]}": value
        for task, means in done.theirs().items()
        for key, value in means.items()
        if key.endswith(",none") and "_stderr" not in key
    }
    assert done.outcome.results.metrics() == {name: pytest.approx(value, rel=1e-12) for name, value in theirs.items()}
    assert "places_perplexity/word_perplexity" in theirs


def test_standard_errors_agree_where_lm_eval_has_the_same(done: Done) -> None:
    theirs = done.theirs()
    ours = {score.name: score for score in done.outcome.results.scores}
    for name in ("places_choose/acc", "places_choose/acc_norm", "places_say/exact_match", "places/acc"):
        task, _, metric = name.partition("/")
        assert ours[name].std_err == pytest.approx(theirs[task][f"{metric}_stderr,none"], rel=1e-9)
        assert ours[name].n == 5


def test_the_results_tell_the_worked_examples_that_there_were_and_what_evaluated(done: Done) -> None:
    results = done.outcome.results
    assert results.shots == {"places_choose": 0, "places_perplexity": 0, "places_say": 0}
    assert set(results.versions) == {"lm-eval", "torch", "transformers", "datasets"}


def test_a_line_says_what_was_asked_and_answered(done: Done) -> None:
    lines = {(line["scenario"], line["id"]): line for line in done.lines()}
    assert len(lines) == 15
    line = lines["places_choose", "4"]
    assert (line["suite"], line["subject"], line["repeat"], line["group"]) == ("lm-eval", "choose", 0, None)
    assert (line["reference"], line["prediction"] in CHOICES) == ("Rome", True)
    assert line["scores"]["acc"] == float(line["prediction"] == line["reference"])
    assert isinstance(lines["places_say", "0"]["prediction"], str)
    asked = ["Question: Where is 4?\nAnswer:"] * 2 + ["Where is 4?"]
    assert [lines[f"places_{task}", "4"]["prompt"] for task in ("choose", "say", "perplexity")] == asked
    assert all(
        line["scores"]["exact_match"] == float(line["prediction"] == line["reference"])
        for (scenario, _), line in lines.items()
        if scenario == "places_say"
    )


def test_progress_came_from_inside_of_lm_eval(done: Done) -> None:
    last = done.progress[-1]
    assert last.finished == {"places", "places_perplexity"}
    assert list(last.failed) == ["places_broken"]
    assert (last.done["places"], last.totals["places"]) == (20, 20)  # 5 answers and 15 choices


def test_mlflow_holds_the_same_numbers(done: Done) -> None:
    with tracking.client(done.uri) as store:
        run = store.get_run(done.outcome.mlflow_run_id)
    held = {name: value for name, value in run.data.metrics.items() if not name.endswith("_std_err")}
    assert held.items() >= {k: pytest.approx(v) for k, v in done.outcome.results.metrics().items()}.items()
    assert run.data.tags["evaluation_status"] == "partial"


def test_run_again_only_what_failed_is_tried(done: Done) -> None:
    before = done.lines()
    done.progress.clear()
    again = done.run()
    assert (again.results.metrics(), done.lines()) == (done.outcome.results.metrics(), before)
    assert done.progress[-1].finished == {"places", "places_perplexity"}
    assert done.progress[-1].questions == 0
    assert not math.isnan(again.seconds)
