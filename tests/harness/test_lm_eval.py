"""lm-eval as a harness: where it is found, what it is asked, how far it is, and what is kept of it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.config import EvaluationJobConfig
from cajajejo.errors import HarnessError, HarnessMissingError, SanityError
from cajajejo.harness import adapters, checks, lm_eval, process
from cajajejo.harness.adapter import Task
from cajajejo.harness.scratch import Scratch
from cajajejo.models.model import Model
from cajajejo.results import FailedScenario
from tests import builders
from tests.builders import ABSENT, job_config
from tests.fakes import lm_eval_run

if TYPE_CHECKING:
    from cajajejo.harness.adapter import Ended
    from cajajejo.harness.progress import Progress
    from cajajejo.results import Results


def config(*, accelerator: str | None = None, env: dict[str, str] | None = None, **section: Any) -> EvaluationJobConfig:
    """A job config that asks lm-eval for two tasks."""
    asked = {"tasks": ["arc", "bbh"], **section}
    compute = {"cpu": "2", "memory": "4Gi", "accelerator": accelerator}
    given = job_config(helm=ABSENT, lm_eval=asked, compute_config=compute, env=env or {})
    return EvaluationJobConfig.model_validate(given)


class Evaluation:
    """A fake lm-eval, a model, and a scratch directory."""

    def __init__(self, directory: Path, **section: Any) -> None:
        self.model = builders.model_directory(directory / "models" / "tiny")
        self.mode = directory / "mode"
        self.config = config(env={"FAKE_LM_EVAL": str(self.mode)}, **section)
        self.place = Scratch(directory / "scratch")
        self.environ = {**os.environ, "CAJAJEJO_LM_EVAL": str(lm_eval_run.write(directory / "bin"))}
        self.watched: list[Progress] = []
        self.will("ok")

    def will(self, mode: str) -> None:
        """What lm-eval does when it is called next."""
        self.mode.write_text(mode)

    def task(self, **changes: Any) -> Task:
        model = Model(self.model, str(self.model))
        return Task(**{"config": self.config, "model": model, "place": self.place, "environ": self.environ, **changes})

    def run(self) -> tuple[Results, Ended]:
        adapter, task = adapters.of(self.config), self.task()
        self.place.work.mkdir(parents=True, exist_ok=True)
        program = adapter.program(task)
        watch = self.watched.append
        with self.place.lock() as lock:
            ended = process.run(program, log=self.place.log, watch=watch, said=lambda _: None, hide=str, keep_open=lock)
        return adapter.results(task, ended), ended

    def noted(self, kind: str) -> list[Any]:
        lines = self.mode.with_name("mode.calls").read_text("utf-8").splitlines()
        return [note[kind] for note in map(json.loads, lines) if kind in note]


@pytest.fixture
def evaluation(tmp_path: Path) -> Evaluation:
    return Evaluation(tmp_path)


def test_every_task_is_a_scenario(evaluation: Evaluation) -> None:
    found, _ = evaluation.run()
    assert (found.harness, found.failed) == ("lm-eval", ())
    assert {name: (score.value, score.n) for score in found.scores for name in [score.name]} == {
        "arc/exact_match": (0.75, 4),
        "bbh/exact_match": (0.75, 4),
    }


def test_progress_comes_while_it_runs(evaluation: Evaluation) -> None:
    evaluation.run()
    last = evaluation.watched[-1]
    assert (last.scenarios, last.questions_done, last.questions) == (2, 8, 8)
    assert last.finished == {"arc", "bbh"}


def test_a_task_that_fails_leaves_the_others(evaluation: Evaluation) -> None:
    evaluation.will("fail arc")
    found, ended = evaluation.run()
    assert (list(found.metrics()), ended.code) == (["bbh/exact_match"], 1)
    assert found.failed == (FailedScenario("arc", "FileNotFoundError: Unable to find '/nowhere/x.jsonl'"),)


def test_killed_it_keeps_what_is_complete_and_goes_on_there(evaluation: Evaluation) -> None:
    evaluation.will("kill bbh")
    found, _ = evaluation.run()
    assert list(found.metrics()) == ["arc/exact_match"]
    assert found.failed == (
        FailedScenario("bbh", "lm-eval ended before it was complete (signal SIGKILL, often for memory)"),
    )
    evaluation.will("ok")
    found, _ = evaluation.run()
    assert (list(found.metrics()), found.failed) == (["arc/exact_match", "bbh/exact_match"], ())
    assert evaluation.noted("ran") == ["arc", "bbh", "bbh"]


def test_where_no_task_is_complete_its_last_lines_say_why(evaluation: Evaluation) -> None:
    evaluation.will("crash")
    with pytest.raises(HarnessError) as raised:
        evaluation.run()
    assert raised.value.message == "lm-eval failed before any scenario was complete (exit code 1)"
    assert raised.value.facts["says"].endswith("OSError: no file named model.safetensors")


def arguments(tmp_path: Path, model: Model | None = None, **changes: Any) -> list[str]:
    """The arguments after the model's, without where it writes."""
    max_instances = changes.pop("max_instances", None)
    local = model or Model(builders.model_directory(tmp_path / "tiny"), str(tmp_path / "tiny"))
    given = lm_eval.arguments(Task(config(**changes), local, Scratch(tmp_path), {}, max_instances))
    for option in ("--output_path", "--use_cache"):
        at = given.index(option)
        assert given[at + 1].startswith(str(tmp_path))
        given[at : at + 2] = []
    return given


def test_lm_eval_is_asked_for_what_the_config_says(tmp_path: Path) -> None:
    given = arguments(
        tmp_path, include_path="tasks", num_fewshot=0, limit=100, args=["--batch_size", "8", "--model_args", "add=1"]
    )
    assert given == [
        *("--model", "hf", "--model_args", json.dumps({"pretrained": str(tmp_path / "tiny"), "dtype": "float32"})),
        *("--device", "cpu", "--include_path", str(Path.cwd() / "tasks"), "--num_fewshot", "0", "--limit", "100"),
        *("--log_samples", "--tasks", "arc", "bbh", "--batch_size", "8", "--model_args", "add=1"),
    ]


def test_on_an_accelerator_the_weights_stay_as_they_are_saved(tmp_path: Path) -> None:
    given = arguments(tmp_path, accelerator="nvidia-l4", args=["--model", "vllm"])
    model = {"pretrained": str(tmp_path / "tiny"), "dtype": "auto"}
    assert given[:2] == ["--model_args", json.dumps(model)]
    assert not {"--device", "hf"} & set(given)


def test_max_instances_wins_over_the_limit(tmp_path: Path) -> None:
    given = arguments(tmp_path, limit=100, max_instances=5)
    assert given[given.index("--limit") + 1] == "5"


def test_a_path_with_commas_and_a_tokenizer_elsewhere_arrive_as_they_are(tmp_path: Path) -> None:
    directory = builders.model_directory(tmp_path / "a,b=c {d}")
    given = arguments(tmp_path, Model(directory, "EleutherAI/pythia-70m"))
    assert json.loads(given[given.index("--model_args") + 1]) == {
        "pretrained": str(directory),
        "tokenizer": "EleutherAI/pythia-70m",
        "dtype": "float32",
    }


@pytest.mark.parametrize(
    ("argument", "why"),
    [
        ("--limit=5", "is the field lm_eval.limit"),
        ("-L5", "is the field lm_eval.limit"),
        ("--lim", "is the field lm_eval.limit"),
        ("--tasks", "is the field lm_eval.tasks"),
        ("--output_path", "is set by cajajejo itself"),
        ("--use_cache=/x", "is set by cajajejo itself"),
        ("--wandb_args", "is not taken: MLflow tracks results"),
        ("-x", "leaves nothing to score"),
        ("--model_args=pretrained=/other", "pretrained of --model_args is the model of model_config"),
    ],
)
def test_arguments_that_are_ours_are_refused(argument: str, why: str) -> None:
    with pytest.raises(SanityError, match=r"^lm_eval\.args: ") as raised:
        lm_eval.check_arguments(lm_eval.asked(config(args=[argument])))
    assert why in raised.value.message


@pytest.mark.parametrize(
    "args",
    [
        ["--model_args", "dtype=auto", "pretrained=/other"],
        ["--model_args", '{"tokenizer": "x"}'],
        ["-apretrained=x"],
        ["-a", "x=1,tokenizer=y"],
    ],
    ids=str,
)
def test_another_model_cannot_come_in_with_the_model_args(args: list[str]) -> None:
    with pytest.raises(SanityError, match="the model of model_config"):
        lm_eval.check_arguments(lm_eval.asked(config(args=args)))


def test_all_other_arguments_are_taken() -> None:
    args = ["--batch_size", "auto", "--model", "vllm", "--seed", "1", "--model_args", "max_length=512", "-f"]
    lm_eval.check_arguments(lm_eval.asked(config(args=args[:-1])))


def test_the_answers_of_other_weights_and_other_arguments_are_kept_apart(tmp_path: Path) -> None:
    first, second = (builders.model_directory(tmp_path / name / "model") for name in "ab")
    (second / "model.safetensors").write_bytes(b"others!")
    tasks = [
        Task(config(args=args), Model(model, str(model)), Scratch(tmp_path / "s"), {})
        for model, args in ((first, []), (second, []), (first, ["--apply_chat_template"]), (first, []))
    ]
    caches = [lm_eval.cache_of(task) for task in tasks]
    assert len(set(caches)) == 3
    assert caches[0] == caches[3]


def test_without_network_where_nothing_needs_one(tmp_path: Path) -> None:
    (tmp_path / "arc.yaml").write_text("task: arc\ndataset_path: json\ndataset_kwargs: {data_files: x.jsonl}\n")
    (tmp_path / "bbh.yaml").write_text("task: bbh\ndataset_path: some/where\n")
    model = Model(tmp_path, str(tmp_path))

    def environ(tokenizer: str, *tasks: str, **env: str) -> dict[str, str]:
        asked = config(tasks=list(tasks), include_path=str(tmp_path), env=env)
        task = Task(asked, Model(model.directory, tokenizer), Scratch(tmp_path), {"A": "b"})
        return lm_eval.environment(task)

    assert environ(model.tokenizer, "arc") == {
        "OMP_WAIT_POLICY": "PASSIVE",
        "HF_HUB_OFFLINE": "1",
        "A": "b",
        "CAJAJEJO_PROGRESS": str(tmp_path / "evaluation" / "progress.jsonl"),
        "TOKENIZERS_PARALLELISM": "false",
    }
    assert "HF_HUB_OFFLINE" not in environ(model.tokenizer, "arc", "bbh")
    assert "HF_HUB_OFFLINE" not in environ("hub/tokenizer", "arc")
    assert environ(model.tokenizer, "arc", HF_HUB_OFFLINE="0")["HF_HUB_OFFLINE"] == "0"


def test_the_program_is_found_where_the_variable_says(tmp_path: Path) -> None:
    program = lm_eval_run.write(tmp_path / "bin")
    assert lm_eval.PROGRAM.find({"CAJAJEJO_LM_EVAL": str(program)}) == program
    with pytest.raises(HarnessMissingError) as raised:
        lm_eval.PROGRAM.find({"CAJAJEJO_LM_EVAL": str(tmp_path / "none"), "PATH": str(program.parent)})
    assert raised.value.facts["looked at"] == str(tmp_path / "none")
    assert raised.value.run == ("python3 scripts/environments.py helm",)


def test_the_clone_s_environment_comes_before_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    on_path = lm_eval_run.write(tmp_path / "bin")
    assert lm_eval.PROGRAM.find({"PATH": str(on_path.parent)}) == on_path
    of_clone = lm_eval_run.write(tmp_path / ".cajajejo" / "envs" / "helm" / "bin")
    assert lm_eval.PROGRAM.find({"PATH": str(on_path.parent)}) == of_clone


def test_its_python_is_the_one_of_its_first_line_or_the_one_beside_it(tmp_path: Path) -> None:
    script = tmp_path / "bin" / "lm_eval"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\n")
    assert lm_eval.python_of(script) == Path(sys.executable)
    script.write_text("#!/bin/sh\n'''exec' /a/very/long/path/python \"$0\" \"$@\"\n")
    with pytest.raises(HarnessMissingError, match="not the lm-eval that pip installs"):
        lm_eval.python_of(script)
    (script.parent / "python").symlink_to(sys.executable)
    linked = tmp_path / "linked"
    linked.symlink_to(script)
    assert lm_eval.python_of(linked) == script.parent / "python"


def test_the_answers_depend_on_the_files_of_the_tasks_and_their_data(tmp_path: Path) -> None:
    data = tmp_path / "data" / "questions.jsonl"
    data.parent.mkdir()
    (tmp_path / "arc.yaml").write_text(f"task: arc\ndataset_path: json\ndataset_kwargs: {{data_files: '{data}'}}\n")
    (tmp_path / "more.py").write_text("one = 1")
    asked = config(tasks=["arc"], include_path=str(tmp_path))

    def inputs() -> list[bytes]:
        return list(adapters.of(asked).inputs(asked))

    seen = [inputs()]
    for path, text in ((data, "{}"), (tmp_path / "more.py", "one = 2"), (tmp_path / "arc.yaml", "task: arc")):
        path.write_text(text)
        seen.append(inputs())
    assert len({tuple(one) for one in seen}) == 4
    assert inputs() == seen[-1]


def test_the_checks_name_what_is_wrong_before_a_model_is_fetched(tmp_path: Path) -> None:
    asked = config(tasks=["arc"], include_path=str(tmp_path / "tasks"), args=["--limit", "3"])
    environ = {"CAJAJEJO_LM_EVAL": str(lm_eval_run.write(tmp_path / "bin"))}
    done = checks.look(adapters.of(asked).checks(asked, "", environ))
    assert [(check.name, check.verdict) for check in done] == [
        ("harness", "PASSED"),
        ("lm-eval arguments", "FAILED"),
        ("lm-eval tasks", "FAILED"),
    ]


def test_versions_are_those_of_its_environment(tmp_path: Path) -> None:
    asked = config()
    program = lm_eval_run.write(tmp_path / "bin")
    for name, version in (("lm_eval", "0.4.13"), ("torch", "2.13.0")):
        metadata = tmp_path / "lib" / "python3.11" / "site-packages" / f"{name}-{version}.dist-info" / "METADATA"
        metadata.parent.mkdir(parents=True)
        metadata.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    found = adapters.of(asked).versions({"CAJAJEJO_LM_EVAL": str(program)})
    assert found == {"lm-eval": "0.4.13", "torch": "2.13.0"}
