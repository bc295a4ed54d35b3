"""How HELM is called: where its program is, its arguments, and the files that make a model known to it."""

from __future__ import annotations

import datetime as dt
import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from cajajejo.config import EvaluationJobConfig
from cajajejo.errors import HarnessMissingError, SanityError
from cajajejo.harness import helm_command
from cajajejo.harness.helm_command import PLUGIN
from cajajejo.harness.scratch import Scratch
from cajajejo.models.model import Model
from tests import builders
from tests.builders import ABSENT, job_config

LOCAL_MODELS, HUB_MODELS = "--enable-local-huggingface-models", "--enable-huggingface-models"
TINY = Model(Path("/models/tiny"), "/models/tiny")


def config(**changes: Any) -> EvaluationJobConfig:
    return EvaluationJobConfig.model_validate(job_config(**changes))


def own_arguments(*args: str, max_instances: int | None = None, **changes: Any) -> list[str]:
    """What stands before our own arguments."""
    given = helm_command.arguments(
        config(helm__args=args, **changes), TINY, Scratch(Path("/s")), max_instances=max_instances
    )
    return given[: given.index("--conf-paths")]


def registry(model: Model, directory: Path, **changes: Any) -> dict[str, dict[str, Any]]:
    """The one entry of each of the three files, by the name of the file."""
    helm_command.write_registry(config(**changes), model, directory)
    entries = {}
    for path in directory.iterdir():
        ((_, (entry,)),) = yaml.safe_load(path.read_text("utf-8")).items()
        entries[path.name] = entry
    return entries


def program(path: Path, *, mode: int = 0o755) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(mode)
    return path


def test_the_program_that_the_environment_names_is_taken(tmp_path: Path) -> None:
    named = program(tmp_path / "a" / "helm")
    other = program(tmp_path / "b" / "helm-run")
    environ = {"CAJAJEJO_HELM_RUN": str(named), "PATH": str(other.parent)}
    assert helm_command.PROGRAM.find(environ) == named


def test_the_program_of_the_clones_own_environment_is_found_before_the_one_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    on_path = program(tmp_path / "bin" / "helm-run")
    assert helm_command.PROGRAM.find({"PATH": str(on_path.parent)}) == on_path
    in_clone = program(tmp_path / ".cajajejo" / "envs" / "helm" / "bin" / "helm-run")
    assert helm_command.PROGRAM.find({"PATH": str(on_path.parent)}) == in_clone
    helm_command.PROGRAM.find({"PATH": ""})


@pytest.mark.parametrize("named", ["none", "directory", "not-executable", "bin/../nowhere"])
def test_a_name_that_leads_to_no_program_is_told_and_nothing_else_is_tried(tmp_path: Path, named: str) -> None:
    (tmp_path / "directory").mkdir()
    program(tmp_path / "not-executable", mode=0o644)
    environ = {"CAJAJEJO_HELM_RUN": str(tmp_path / named), "PATH": str(program(tmp_path / "bin" / "helm-run").parent)}
    with pytest.raises(HarnessMissingError) as caught:
        helm_command.PROGRAM.find(environ)
    assert caught.value.facts["looked at"] == str(tmp_path / named)


def test_a_missing_harness_is_told_with_every_place_and_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(HarnessMissingError) as caught:
        helm_command.PROGRAM.find({"PATH": str(tmp_path)})
    beside = Path(sys.executable).parent / "helm-run"
    assert caught.value.lines() == [
        "Error: the harness is not installed: helm-run (crfm-helm)",
        f"  looked at   {beside}, .cajajejo/envs/helm/bin/helm-run and PATH",
        "  note        it needs an environment of its own: a clone makes one, CAJAJEJO_HELM_RUN names another",
        "Run: python3 scripts/environments.py helm",
    ]


def test_helm_gets_the_configs_arguments_and_then_ours() -> None:
    scratch = Scratch(Path("/s"))
    own = ("--max-eval-instances", "10", "--num-threads", "2", "-t", "3")
    assert helm_command.arguments(config(helm__args=own), TINY, scratch, max_instances=None) == [
        *own,
        *("--conf-paths", "/s/evaluation/configs/run_specs.conf"),
        *("--suite", "v1"),
        *("--output-path", "/s/evaluation/output"),
        *("--local-path", "/s/evaluation/helm"),
        *("--runner-class-name", "cajajejo_helm.ProgressRunner"),
        *("--plugins", str(PLUGIN)),
        "--skip-completed-runs",
    ]
    assert PLUGIN.is_file()


def test_a_relative_scratch_directory_is_made_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = helm_command.arguments(config(), TINY, Scratch(Path("s")), max_instances=None)
    paths = [following for name, following in pairwise(given) if name.endswith(("-path", "-paths"))]
    assert paths == [
        f"{tmp_path}/s/evaluation/configs/run_specs.conf",
        f"{tmp_path}/s/evaluation/output",
        f"{tmp_path}/s/evaluation/helm",
    ]


@pytest.mark.parametrize(
    ("args", "max_instances", "expected"),
    [
        ((), None, ["--max-eval-instances", "1000"]),
        (("-m", "10"), None, ["-m", "10"]),
        (("--max-eval-instances=10",), None, ["--max-eval-instances=10"]),
        ((), 5, ["--max-eval-instances", "5"]),
        (("-m", "10"), 5, ["--max-eval-instances", "5"]),
        (("--max-eval-instances", "10"), 5, ["--max-eval-instances", "5"]),
        (("--max-eval-instances=10", "--priority", "1"), 5, ["--priority", "1", "--max-eval-instances", "5"]),
        (("-m", "10", "-m", "20", "-d"), 5, ["-d", "--max-eval-instances", "5"]),
    ],
)
def test_the_number_of_questions_is_the_command_lines_then_the_configs_then_a_thousand(
    args: tuple[str, ...], max_instances: int | None, expected: list[str]
) -> None:
    assert own_arguments(*args, max_instances=max_instances) == [*expected, "--num-threads", "1"]


@pytest.mark.parametrize(
    ("args", "accelerator", "expected"),
    [
        ((), ABSENT, ["--num-threads", "1"]),
        (("-n", "8"), ABSENT, []),
        (("--num-threads=8",), ABSENT, []),
        ((), "nvidia-l4", []),
    ],
)
def test_a_cpu_answers_one_request_at_a_time_unless_it_is_told_otherwise(
    args: tuple[str, ...], accelerator: object, expected: list[str]
) -> None:
    change: dict[str, Any] = {} if accelerator is ABSENT else {"compute_config__accelerator": accelerator}
    assert own_arguments("-m", "1", *args, **change) == ["-m", "1", *args, *expected]


def test_plugins_of_the_config_stand_beside_ours() -> None:
    scratch = Scratch(Path("/s"))
    own = ("-m", "1", "--plugins", "mine.py", "other.py", "-n", "1")
    given = helm_command.arguments(config(helm__args=own), TINY, scratch, max_instances=None)
    assert given[:8] == ["-m", "1", "--plugins", str(PLUGIN), "mine.py", "other.py", "-n", "1"]
    assert given.count("--plugins") == 1


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ([LOCAL_MODELS, "/scratch/model/tiny"], []),
        ([LOCAL_MODELS, "/scratch/model/tiny/", "-d"], ["-d"]),
        ([f"{LOCAL_MODELS}=/scratch/model/tiny"], []),
        ([LOCAL_MODELS, "/m/tiny", "/m/judge"], [LOCAL_MODELS, "/m/judge"]),
        ([LOCAL_MODELS, "/m/judge", "/m/other", "-d"], ["-d", LOCAL_MODELS, "/m/judge", "/m/other"]),
        ([f"{LOCAL_MODELS}=/proc/self"], [LOCAL_MODELS, "/proc/self"]),
        (["--enable-local-hug", "/m/tiny"], []),
        (["--enable-hugging", "EleutherAI/pythia-70m"], [HUB_MODELS, "EleutherAI/pythia-70m"]),
        ([LOCAL_MODELS, "/m/tiny", "--run-entries", "tiny"], ["--run-entries", "tiny"]),
        (["--groups-to-run", "tiny"], ["--groups-to-run", "tiny"]),
    ],
)
def test_the_model_of_the_config_is_not_registered_a_second_time(args: list[str], expected: list[str]) -> None:
    assert own_arguments("-m", "1", "-n", "1", *args) == ["-m", "1", "-n", "1", *expected]


@pytest.mark.parametrize(
    "argument",
    ["--conf-paths", "-c", "--suite", "--suite=v2", "--output-path", "-o", "--local-path=x", "--runner-class-name"],
)
def test_an_argument_that_is_ours_is_refused(argument: str) -> None:
    with pytest.raises(SanityError) as caught:
        helm_command.check_arguments(config(helm__args=["--priority", "1", argument]))
    assert caught.value.message == f"helm.args: {argument} is set by cajajejo itself"


def test_every_argument_that_is_ours_is_named_at_once_and_others_pass() -> None:
    helm_command.check_arguments(config(helm__args=["--suites", "x", "--plugins", "y", "suite"]))
    with pytest.raises(SanityError, match="--suite, -o is set by"):
        helm_command.check_arguments(config(helm__args=["--suite", "a", "-o", "b"]))


def test_the_environment_is_ours_with_the_configs_on_top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given = {"PATH": "/bin", "A": "ours", "PYTHONPATH": "/elsewhere", "CAJAJEJO_PROGRESS": "x"}
    environment = helm_command.environment(config(env={"A": "config's", "B": "1"}), given, Path("p.jsonl"))
    assert environment == {
        "OMP_WAIT_POLICY": "PASSIVE",
        "PATH": "/bin",
        "A": "config's",
        "B": "1",
        "CAJAJEJO_PROGRESS": f"{tmp_path}/p.jsonl",
        "PYTHONPATH": str(PLUGIN.parent),
        "TOKENIZERS_PARALLELISM": "false",
    }


def test_what_the_user_sets_beats_our_default() -> None:
    environment = helm_command.environment(config(), {"OMP_WAIT_POLICY": "ACTIVE"}, Path("p.jsonl"))
    assert environment["OMP_WAIT_POLICY"] == "ACTIVE"


def test_the_registry_says_all_that_helm_needs_to_know(tmp_path: Path) -> None:
    directory = builders.model_directory(tmp_path / "tiny", eos_token="</s>", bos_token={"content": "<s>"})  # noqa: S106
    assert registry(Model(directory, str(directory)), tmp_path / "registry") == {
        "model_deployments.yaml": {
            "name": "huggingface/tiny",
            "model_name": "huggingface/tiny",
            "tokenizer_name": "huggingface/tiny",
            "max_sequence_length": 512,
            "client_spec": {
                "class_name": "helm.clients.huggingface_client.HuggingFaceClient",
                "args": {
                    "pretrained_model_name_or_path": str(directory),
                    "torch_dtype": "torch.float32",
                    "apply_chat_template": False,
                    "end_of_text_token": "</s>",
                    "device": "cpu",
                },
            },
        },
        "model_metadata.yaml": {
            "name": "huggingface/tiny",
            "creator_organization_name": "local",
            "display_name": "tiny",
            "description": "The model of the job config",
            "access": "open",
            "release_date": dt.date(2026, 1, 1),
            "tags": ["TEXT_MODEL_TAG", "FULL_FUNCTIONALITY_TEXT_MODEL_TAG"],
        },
        "tokenizer_configs.yaml": {
            "name": "huggingface/tiny",
            "tokenizer_spec": {
                "class_name": "helm.tokenizers.huggingface_tokenizer.HuggingFaceTokenizer",
                "args": {"pretrained_model_name_or_path": str(directory)},
            },
            "end_of_text_token": "</s>",
            "prefix_token": "<s>",
        },
    }


def test_on_an_accelerator_the_model_keeps_its_type_and_helm_chooses_the_device(tmp_path: Path) -> None:
    directory = builders.model_directory(tmp_path / "tiny")
    entries = registry(Model(directory, str(directory)), tmp_path / "r", compute_config__accelerator="nvidia-l4")
    arguments = entries["model_deployments.yaml"]["client_spec"]["args"]
    assert (arguments["torch_dtype"], "device" in arguments) == ("auto", False)


def test_special_tokens_may_stand_in_a_file_of_their_own_or_nowhere(tmp_path: Path) -> None:
    directory = builders.model_directory(tmp_path / "tiny", eos_token=None)
    (directory / "special_tokens_map.json").write_text(json.dumps({"eos_token": {"content": "<|end|>"}}))
    entry = registry(Model(directory, str(directory)), tmp_path / "r")["tokenizer_configs.yaml"]
    assert (entry["end_of_text_token"], entry["prefix_token"]) == ("<|end|>", "")


def test_a_tokenizer_of_its_own_is_asked_for_its_tokens(tmp_path: Path) -> None:
    directory = builders.model_directory(tmp_path / "tiny", eos_token="model's")  # noqa: S106
    tokenizer = builders.model_directory(tmp_path / "tokenizer", eos_token="tokenizer's", model_max_length=64)  # noqa: S106
    entries = registry(Model(directory, str(tokenizer)), tmp_path / "r")
    assert entries["tokenizer_configs.yaml"]["end_of_text_token"] == "tokenizer's"  # noqa: S105
    assert entries["model_deployments.yaml"]["max_sequence_length"] == 64
    spec = entries["tokenizer_configs.yaml"]["tokenizer_spec"]
    assert spec["args"] == {"pretrained_model_name_or_path": str(tokenizer)}


@pytest.mark.parametrize(
    ("tokenizer", "model", "expected"),
    [
        ({"model_max_length": 512}, {"max_position_embeddings": 1024}, 512),
        ({"model_max_length": 1e30}, {"max_position_embeddings": 1024}, 1024),
        ({}, {"max_position_embeddings": 1024}, 1024),
        ({"model_max_length": "many"}, {}, 2048),
        ({"model_max_length": 0}, {"max_position_embeddings": None}, 2048),
    ],
)
def test_the_longest_prompt_is_the_tokenizers_then_the_models_then_2048(
    tmp_path: Path, tokenizer: dict[str, object], model: dict[str, object], expected: int
) -> None:
    directory = builders.model_directory(tmp_path / "tiny")
    (directory / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    (directory / "config.json").write_text(json.dumps(model))
    entries = registry(Model(directory, str(directory)), tmp_path / "r")
    assert entries["model_deployments.yaml"]["max_sequence_length"] == expected


def test_hostile_names_and_tokens_come_through_yaml(tmp_path: Path) -> None:
    directory = builders.model_directory(tmp_path / "tiny: é #1", eos_token="<|end|>\n\u2028: #")  # noqa: S106
    entries = registry(Model(directory, str(directory)), tmp_path / "r")
    assert entries["model_metadata.yaml"]["name"] == "huggingface/tiny: é #1"
    assert entries["tokenizer_configs.yaml"]["end_of_text_token"] == "<|end|>\n\u2028: #"  # noqa: S105
