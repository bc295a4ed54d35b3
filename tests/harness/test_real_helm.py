"""The real HELM with a tiny model of random weights: what it leaves is what we read.

Needs HELM's own environment (``python3 scripts/environments.py helm``); without it these tests are skipped, but not in
CI. The model is made once, with HELM's own Python, and kept under ``.cajajejo/test-models``.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import tracking
from cajajejo.errors import HarnessMissingError
from cajajejo.harness import helm_command
from cajajejo.harness import run as harness
from cajajejo.harness.run import Outcome, Reporter, Request
from tests import builders
from tests.builders import ROOT
from tests.hostile import IN_CI

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.harness.progress import Progress

pytestmark = [pytest.mark.helm, pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)]

ENVIRON = dict(os.environ)  # looked at before the fixture hides what is ours
MODEL = ROOT / ".cajajejo" / "test-models" / "random-neox-1"
MAKE_MODEL = """
import sys
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, PreTrainedTokenizerFast
import torch

torch.manual_seed(0)
tokenizer = Tokenizer(models.BPE())
tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
tokenizer.decoder = decoders.ByteLevel()
words = ["Question: What is the capital of France? Answer: Paris", "How much is one and one? Two", "A frog is green"]
tokenizer.train_from_iterator(words * 3, trainers.BpeTrainer(
    vocab_size=512, special_tokens=["<|endoftext|>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
))
PreTrainedTokenizerFast(
    tokenizer_object=tokenizer, bos_token="<|endoftext|>", eos_token="<|endoftext|>", model_max_length=512
).save_pretrained(sys.argv[1])
GPTNeoXForCausalLM(GPTNeoXConfig(
    vocab_size=512, hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
    max_position_embeddings=512, bos_token_id=0, eos_token_id=0,
)).save_pretrained(sys.argv[1])
"""


@pytest.fixture(scope="module")
def helm_run() -> Path:
    """The program, found as an evaluation finds it when it starts in the checkout."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        try:
            return helm_command.PROGRAM.find(ENVIRON)
        except HarnessMissingError as error:
            if IN_CI:
                pytest.fail("CI must have HELM: that we read what it writes is otherwise untested")
            pytest.skip("\n".join(error.lines()))


@pytest.fixture(scope="module")
def model(helm_run: Path) -> Path:
    """A model of a few hundred kilobytes."""
    if not MODEL.exists():
        making = MODEL.with_name(f".making-{os.getpid()}")
        making.mkdir(parents=True)
        command = [str(helm_run.parent / "python"), "-c", MAKE_MODEL, str(making)]
        made = subprocess.run(
            command, env={**ENVIRON, "HF_HUB_OFFLINE": "1"}, check=False, capture_output=True, text=True
        )
        assert made.returncode == 0, made.stderr
        if MODEL.exists():  # another worker was faster
            shutil.rmtree(making)
        else:
            making.rename(MODEL)
    return MODEL


def questions(path: Path, *answers: str) -> Path:
    """A question file with two examples and a question for each of `answers`."""
    lines = [{"id": f"train-{n}", "split": "train", "question": f"Say {n}.", "answer": str(n)} for n in (1, 2)]
    lines += [
        {
            "id": f"{path.stem}-{n:03}",
            "split": "test",
            "question": f"{path.stem} {n}?",
            "answer": answer,
        }
        for n, answer in enumerate(answers, 1)
    ]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


class Done:
    """A real evaluation of two question files and a scenario whose data would have to be downloaded."""

    def __init__(self, directory: Path, helm_run: Path, model: Path) -> None:
        self.directory, self.model = directory, model
        self.uri = builders.copy_empty_store(directory / "tracking" / "mlflow.db")
        self.config = builders.write_config(
            directory,
            mlflow_config__tracking_uri=self.uri,
            model_config={"path": str(model)},
            helm__args=["--max-eval-instances", "10", "--enable-local-huggingface-models", "/scratch/model/model"],
            # Not HF_HUB_OFFLINE: it would be told beforehand that the data of boolq is missing.
            env={"HF_HUB_OFFLINE": "0", "HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"},
        )
        self.scratch = directory / "scratch"
        self.environ = {**ENVIRON, "CAJAJEJO_HELM_RUN": str(helm_run), "HOME": str(directory)}
        self.progress: list[Progress] = []
        self.geography = questions(directory / "geography.jsonl", "Paris", "Rome", "Bern")
        self.biology = questions(directory / "biology.jsonl", "Frog", "漢字\u2028Whale")
        self.ask(self.geography)
        self.run()
        said = [line["prediction"] for line in self.lines()]  # the same every time: greedy, and the weights are fixed
        questions(self.geography, said[0], f"not {said[1]}", said[2])
        self.ask(self.geography, self.biology, others=("boolq:",))
        self.outcome = self.run()

    def ask(self, *files: Path, others: tuple[str, ...] = ()) -> None:
        """Writes run specs for question files and other scenarios."""
        entries = [*(f"questions:path={path},num_train_instances=2,max_tokens=3," for path in files), *others]
        names = ["model", *[self.model.name] * (len(entries) - 1)]  # as the arguments and as its directory call it
        runs = (
            f'{{description: "{entry}model=huggingface/{name}", priority: 1}}\n'
            for entry, name in zip(entries, names, strict=True)
        )
        self.run_specs = self.directory / "run_specs.conf"
        self.run_specs.write_text(f"entries: [\n{''.join(runs)}]\n")

    def run(self) -> Outcome:
        request = Request(self.config, self.run_specs, scratch=self.scratch, environ=self.environ)
        return harness.run(request, Reporter(progress=self.progress.append))

    def lines(self) -> list[dict[str, Any]]:
        """What stands in ``results.jsonl``."""
        text = (self.scratch / "evaluation" / "output" / "results.jsonl").read_text("utf-8")
        return [json.loads(line) for line in text.split("\n") if line]


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory, helm_run: Path, model: Path) -> Done:
    return Done(tmp_path_factory.mktemp("real"), helm_run, model)


def test_a_scenario_that_cannot_work_offline_leaves_the_others(done: Done) -> None:
    assert {score.scenario for score in done.outcome.results.scores} == {"geography", "biology"}
    ((scenario, error),) = [(failure.scenario, failure.error) for failure in done.outcome.results.failed]
    assert scenario == "boolq"
    assert "Error" in error


def test_every_score_is_the_mean_of_what_stands_in_the_lines(done: Done) -> None:
    counted: dict[tuple[str, str], list[float]] = defaultdict(list)
    for line in done.lines():
        for metric, value in line["scores"].items():
            counted[line["scenario"], metric].append(value)
    found = {(score.scenario, score.metric): (score.value, score.n) for score in done.outcome.results.scores}
    assert found == {key: (math.fsum(values) / len(values), len(values)) for key, values in counted.items()}


def test_exact_match_is_the_number_of_right_answers_that_we_count_ourselves(done: Done) -> None:
    right = {
        scenario: [line["prediction"] == line["reference"] for line in done.lines() if line["scenario"] == scenario]
        for scenario in ("geography", "biology")
    }
    assert right == {"geography": [True, False, True], "biology": [False, False]}
    metrics = done.outcome.results.metrics()
    assert metrics["geography/exact_match"] == pytest.approx(2 / 3)
    assert metrics["biology/exact_match"] == 0.0


def test_a_line_says_what_was_asked_and_answered(done: Done) -> None:
    lines = {line["id"]: line for line in done.lines()}
    assert sorted(lines) == ["biology-001", "biology-002", "geography-001", "geography-002", "geography-003"]
    line = lines["biology-002"]
    assert (line["suite"], line["scenario"], line["repeat"]) == ("v1", "biology", 0)
    assert line["reference"] == "漢字\u2028Whale"
    assert isinstance(line["prediction"], str)
    assert len({line["prompt_sha256"] for line in lines.values()}) == 5
    assert line["prompt"] == "biology 2?"


def test_the_results_tell_the_worked_examples_that_there_were_and_what_evaluated(done: Done) -> None:
    results = done.outcome.results
    assert results.shots == {"biology": 2, "geography": 2}  # asked for are 5, and the files have 2
    assert set(results.versions) == {"crfm-helm", "torch", "transformers", "datasets"}


def test_helms_own_numbers_agree(done: Done) -> None:
    (stats,) = (done.scratch / "evaluation" / "output" / "runs" / "v1").glob("geography:*/stats.json")
    (mean,) = (
        stat["mean"]
        for stat in json.loads(stats.read_text("utf-8"))
        if stat["name"] == {"name": "exact_match", "split": "test"}
    )
    assert done.outcome.results.metrics()["geography/exact_match"] == mean


def test_progress_came_from_inside_of_helm(done: Done) -> None:
    last = done.progress[-1]
    assert (last.scenarios, last.questions_done, last.questions) == (3, 5, 5)
    assert {name.partition(":")[0] for name in last.finished} == {"geography", "biology"}
    assert [name.partition(":")[0] for name in last.failed] == ["boolq"]


def test_the_complete_scenarios_are_summarized_as_helm_summarize_does(done: Done) -> None:
    suite = done.scratch / "evaluation" / "output" / "runs" / "v1"
    runs = json.loads((suite / "runs.json").read_text("utf-8"))
    assert {run["run_spec"]["name"].partition(":")[0] for run in runs} == {"geography", "biology"}
    assert json.loads((suite / "groups.json").read_text("utf-8"))


def test_mlflow_holds_the_same_numbers(done: Done) -> None:
    with tracking.client(done.uri) as store:
        run = store.get_run(done.outcome.mlflow_run_id)
    held = {name: value for name, value in run.data.metrics.items() if not name.endswith("_std_err")}
    assert held.pop("vm_memory_usage_bytes") > 0
    assert held == {name: pytest.approx(value) for name, value in done.outcome.results.metrics().items()}
    assert (run.info.status, run.data.tags["evaluation_status"]) == ("FINISHED", "partial")


def test_run_again_only_what_failed_is_tried(done: Done) -> None:
    before = (done.scratch / "evaluation" / "output" / "results.jsonl").read_bytes()
    done.progress.clear()
    again = done.run()
    assert again.mlflow_run_id == done.outcome.mlflow_run_id
    assert (done.scratch / "evaluation" / "output" / "results.jsonl").read_bytes() == before
    assert done.progress[-1].questions == 0
    assert {name.partition(":")[0] for name in done.progress[-1].finished} == {"geography", "biology"}
