"""The evaluation job config: what it takes, what it refuses and how it says so, and that it comes back from YAML."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from cajajejo import config as configs
from cajajejo import validation, yamlfile
from cajajejo.config import POD_VARIABLES, EvaluationJobConfig
from cajajejo.errors import FileProblemsError
from cajajejo.harness_config import HelmConfig
from cajajejo.model_source import MlflowArtifact, ModelSource
from cajajejo.pod_config import ComputeConfig
from cajajejo.tracking_config import DOCUMENTED_TAGS, MlflowConfig, Tags, TrackingConfig
from tests import builders, hostile
from tests.builders import ABSENT, ROOT, job_config
from tests.config_defaults import complete

MISSION = ROOT / "tests" / "data" / "mission" / "job_config.yml"
COMPUTE = ", ".join(validation.field_names(EvaluationJobConfig, ("compute_config",)))
ARTIFACT = {"run_id": "3969f731d3f74fd19cfed62a9aa26d69", "artifact_path": "model", "model_directory": "model"}


def load(directory: Path, **changes: Any) -> EvaluationJobConfig:
    return configs.load(builders.write_config(directory, **changes))


def problems(directory: Path, **changes: Any) -> list[str]:
    """What is wrong with the config, without the names and lines of the file."""
    with pytest.raises(FileProblemsError) as caught:
        load(directory, **changes)
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


def problems_of_text(directory: Path, text: str) -> list[str]:
    path = directory / "c.yml"
    path.write_text(text, "utf-8")
    with pytest.raises(FileProblemsError) as caught:
        configs.load(path)
    return [line.replace(str(path), "c.yml") for line in caught.value.lines()]


def test_the_missions_example_loads_field_by_field() -> None:
    assert configs.load(MISSION) == EvaluationJobConfig.model_validate(
        {
            "version": "v4",
            "image": "europe-west4-docker.pkg.dev/neurips-llm-eff-challenge-2023/"
            "container-registry-neurips-2023/evaluation",
            "image_tag": "latest",
            "compute_config": ComputeConfig(accelerator="nvidia-tesla-t4", cpu="4", memory="16Gi"),
            "helm": HelmConfig(
                args=("--max-eval-instances", "10", "--enable-local-huggingface-models", "/scratch/model/model"),
                suite="v1",
            ),
            "mlflow_config": MlflowConfig(tracking_uri="http://10.164.0.15:5000"),
            "model_config": ModelSource(
                mlflow_artifact=MlflowArtifact(**ARTIFACT, tokenizer_hf_repo="EleutherAI/pythia-70m")
            ),
            "tracking_config": TrackingConfig(
                experiment_name="eval-test-debug",
                description="This evaluation runs HELM on a base pythia-70m model stored in MLFlow "
                "<https://huggingface.co/EleutherAI/pythia-70m>.\n",
                tags=Tags.model_validate(
                    {
                        "creator": "Jasper",
                        "lifecycle": "experimental",
                        "model": "Pythia-70m",
                        "datasets": ["dolly", "dataset2"],
                    }
                ),
            ),
        }
    )


@pytest.mark.parametrize("path", sorted((ROOT / "jobs" / "evaluation").glob("*.job_config.yml")), ids=lambda p: p.name)
def test_every_config_of_this_repository_loads_and_comes_back(path: Path, tmp_path: Path) -> None:
    config = configs.load(path)
    copy = tmp_path / "copy.yml"
    copy.write_text(config.as_yaml(), "utf-8")
    assert configs.load(copy) == config


def test_the_mission_names_fourteen_tags_and_four_variables() -> None:
    text = (Path(__file__).parents[1] / "tests" / "data" / "mission" / "job_spec.yml").read_text()
    assert len(DOCUMENTED_TAGS) == len(set(DOCUMENTED_TAGS)) == 14
    assert all(f"name: {name}" in text for name in POD_VARIABLES)


def test_what_is_optional_has_a_default(tmp_path: Path) -> None:
    config = load(tmp_path, helm__args=ABSENT)
    assert (config.kind, config.helm, config.env) == ("evaluation", HelmConfig(suite="v1"), {})
    assert config.compute_config == ComputeConfig(accelerator=None, cpu="2", memory="4Gi")
    assert config.tracking_config.run_name is None


@pytest.mark.parametrize(
    "field",
    [
        *("version", "image", "image_tag", "compute_config", "compute_config.cpu", "compute_config.memory"),
        *("helm.suite", "mlflow_config", "mlflow_config.tracking_uri", "model_config", "tracking_config"),
        *("tracking_config.experiment_name", "tracking_config.description", "tracking_config.tags"),
        *("tracking_config.tags.creator", "tracking_config.tags.lifecycle"),
    ],
)
def test_a_required_field_that_is_missing_is_told(tmp_path: Path, field: str) -> None:
    assert problems(tmp_path, **{field.replace(".", "__"): ABSENT}) == [f"{field}: required, and not there"]


@pytest.mark.parametrize("field", ["run_id", "artifact_path", "model_directory"])
def test_an_artifact_needs_its_three_fields(tmp_path: Path, field: str) -> None:
    artifact = {name: value for name, value in ARTIFACT.items() if name != field}
    assert problems(tmp_path, model_config={"mlflow_artifact": artifact}) == [
        f"model_config.mlflow_artifact.{field}: required, and not there"
    ]


@pytest.mark.parametrize(
    ("field", "hint"),
    [
        ("imagetag", "did you mean image_tag?"),
        ("lmeval", "did you mean lm_eval?"),
        ("suite", "one of kind, version, image,"),
        ("compute_config__memroy", f"did you mean memory? (one of {COMPUTE})"),
        ("compute_config__gpu", f"did you mean cpu? (one of {COMPUTE})"),
        ("compute_config__limits__memmory", "did you mean memory? (one of cpu, memory)"),
        ("storage_config__scratch__storage_class", "did you mean storage_class_name? (one of kind, size,"),
        ("kubernetes_config__deadline_seconds", "did you mean active_deadline_seconds? (one of namespace,"),
        ("kubernetes_config__queue", "did you mean queue_name? (one of namespace,"),
        ("mlflow_config__timeout", "one of tracking_uri"),
        (
            "model_config__s3uri",
            "did you mean s3_uri? (one of mlflow_artifact, gs_uri, s3_uri, path, hf_repo, revision)",
        ),
        ("model_fetch__images", "did you mean image? (one of kind, image)"),
        ("mlflow_config__spool_url", "did you mean spool_uri? (one of tracking_uri, spool_uri)"),
        ("tracking_config__runname", "did you mean run_name? (one of experiment_name, run_name, description, tags)"),
    ],
)
def test_an_unknown_field_is_told_with_a_guess_or_with_all_that_there_are(
    tmp_path: Path, field: str, hint: str
) -> None:
    with pytest.raises(FileProblemsError) as caught:
        load(tmp_path, **{field: "x"})
    (problem,) = caught.value.problems
    assert (problem.path, problem.message) == (field.replace("__", "."), "unknown field")
    assert str(problem.hint).startswith(hint)


def test_several_problems_are_told_at_once_in_order_of_lines_and_a_misspelt_required_field_once(tmp_path: Path) -> None:
    text = (
        "version: v3\n"
        "image: registry/evaluation\n"
        "imagetag: 1\n"
        "compute_config: {cpu: 4, memory: 16GB}\n"
        "helm:\n"
        "  suit: v1\n"
        "  args: --max-eval-instances 10\n"
        "mlflow_config: {tracking_uri: }\n"
        "model_config: {gs_uri: bucket/model}\n"
        "tracking_config:\n"
        "  experiment_name: ''\n"
        "  description: x\n"
        "  tags: {creator: {a: 1}, lifecycle: x}\n"
    )
    assert problems_of_text(tmp_path, text) == [
        "c.yml:1: version: must be 'v4', not 'v3'",
        "c.yml:3: imagetag: unknown field",
        "    did you mean image_tag?",
        "c.yml:4: compute_config.memory: not a quantity: '16GB'",
        "    did you mean 16Gi (17.2 GB) or 16G (16.0 GB)?",
        "c.yml:6: helm.suit: unknown field",
        "    did you mean suite? (one of args, suite, timeout_seconds)",
        "c.yml:7: helm.args: must be a list, not '--max-eval-instances 10'",
        "c.yml:8: mlflow_config.tracking_uri: must be text, not empty",
        "c.yml:9: model_config.gs_uri: not the address of a directory in a bucket: bucket/model",
        "    for example gs://bucket/path/model",
        "c.yml:11: tracking_config.experiment_name: must not be empty",
        "c.yml:13: tracking_config.tags.creator: a tag is text, a number, or a list of them",
        "9 problems in 1 file",
    ]


def test_a_duplicate_key_is_refused_with_both_lines(tmp_path: Path) -> None:
    text = builders.write_config(tmp_path).read_text().replace('"suite": "v1"', '"suite": "v1",\n    "suite": "v2"')
    assert problems_of_text(tmp_path, text) == [
        "c.yml:15: helm.suite: duplicate field",
        "    it stands on line 14 already",
        "1 problem in 1 file",
    ]


def test_numbers_are_taken_as_text_the_way_they_were_written(tmp_path: Path) -> None:
    text = (
        "version: v4\nimage: r/e\nimage_tag: 1.10\n"
        "compute_config: {cpu: 4, memory: 1e9}\n"
        "helm: {suite: 010, args: [--max-eval-instances, 10, 0x1F, 1.50, true]}\n"
        "mlflow_config: {tracking_uri: sqlite:///x.db}\nmodel_config: {path: /m}\n"
        "tracking_config: {experiment_name: 7, run_name: 1_000, description: 3.0,\n"
        "  tags: {creator: 1.10, lifecycle: no, datasets: [1, 2.50, x]}}\n"
        "env: {OMP_NUM_THREADS: 8, DEBUG: False}\n"
    )
    path = tmp_path / "c.yml"
    path.write_text(text)
    config = configs.load(path)
    assert (config.image_tag, config.compute_config.cpu, config.compute_config.memory) == ("1.10", "4", "1e9")
    assert config.helm == HelmConfig(suite="010", args=("--max-eval-instances", "10", "0x1F", "1.50", "true"))
    tracking = config.tracking_config
    assert (tracking.experiment_name, tracking.run_name, tracking.description) == ("7", "1_000", "3.0")
    assert tracking.tags.as_text() == {"creator": "1.10", "lifecycle": "no", "datasets": "1,2.50,x"}
    assert config.env == {"OMP_NUM_THREADS": "8", "DEBUG": "false"}


def test_a_folded_description_is_one_line_and_a_literal_one_is_many(tmp_path: Path) -> None:
    text = load(tmp_path).as_yaml()
    path = tmp_path / "c.yml"
    for style, expected in ((">", "one two\n"), ("|", "one\ntwo\n"), (">-", "one two")):
        path.write_text(text.replace("description: A test.", f"description: {style}\n    one\n    two"))
        assert configs.load(path).tracking_config.description == expected


def test_null_means_that_an_optional_field_is_not_there(tmp_path: Path) -> None:
    source = {"gs_uri": None, "path": None, "mlflow_artifact": {**ARTIFACT, "tokenizer_directory": None}}
    config = load(
        tmp_path,
        compute_config__accelerator=None,
        model_config=source,
        tracking_config__run_name=None,
        tracking_config__tags={"creator": "a", "lifecycle": "b", "model": None},
    )
    assert config.model == ModelSource(mlflow_artifact=MlflowArtifact(**ARTIFACT))
    assert config.tracking_config.tags.as_text() == {"creator": "a", "lifecycle": "b"}
    assert config.compute_config.accelerator is None


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("kind", "training", "must be 'evaluation', not 'training'"),
        ("version", "4", "must be 'v4', not '4'"),
        ("image", "", "must not be empty"),
        ("image_tag", "", "must not be empty"),
        ("image_tag", None, "must be text, not empty"),
        ("compute_config", [], "must be a mapping of fields, not a list"),
        ("compute_config.accelerator", "Nvidia T4", "not a label value: 'Nvidia T4'"),
        ("compute_config.accelerator", "", "must not be empty"),
        ("compute_config.cpu", "0", "must be more than zero: 0"),
        ("compute_config.cpu", "-1", "must not be negative: '-1'"),
        ("compute_config.memory", "lots", "not a quantity: 'lots'"),
        ("helm.suite", "", "must not be empty"),
        ("helm.args.0", {"a": 1}, "must be text, not a mapping"),
        ("mlflow_config.tracking_uri", "", "must not be empty"),
        ("tracking_config.run_name", "", "must not be empty"),
        ("tracking_config.description", None, "must be text, not empty"),
        ("tracking_config.tags.creator", None, "a tag is text, a number, or a list of them"),
        ("tracking_config.tags.team", {"a": 1}, "a tag is text, a number, or a list of them"),
        ("tracking_config.tags.team", [["a"]], "a tag is text, a number, or a list of them"),
        ("env.1X", "a", "not a name for an environment variable: '1X'"),
        ("env.A", None, "must be text, not empty"),
    ],
)
def test_a_wrong_value_is_told_at_its_field(tmp_path: Path, field: str, value: object, message: str) -> None:
    change = {"helm__args": [value]} if field == "helm.args.0" else {field.replace(".", "__"): value}
    assert problems(tmp_path, **change) == [f"{field}: {message}"]


def test_a_config_is_yaml_with_sorted_keys_and_every_field(tmp_path: Path) -> None:
    text = load(tmp_path, env={"B": "1", "A": "2"}).as_yaml()
    data = yamlfile.parse(text, "c.yml").data
    assert data == complete(job_config(env={"B": "1", "A": "2"}))
    keys = re.findall(r"^([a-z_]+):", text, re.MULTILINE)
    assert keys == sorted(validation.field_names(EvaluationJobConfig, ()))
    helm = 'helm:\n  args:\n  - "--max-eval-instances"\n  - "20"\n  suite: v1\n  timeout_seconds: null\n'
    assert f'\nenv:\n  A: "2"\n  B: "1"\n{helm}' in text


@settings(max_examples=50, deadline=None)
@given(hostile.configs())
def test_what_as_yaml_writes_loads_as_the_same_config(data: dict[str, Any]) -> None:
    config = EvaluationJobConfig.model_validate(data)
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory, "c.yml")
        path.write_bytes(config.as_yaml().encode())
        assert configs.load(path) == config
        assert configs.load(path).as_yaml() == config.as_yaml()


def test_the_builders_config_is_the_one_that_is_checked() -> None:
    assert EvaluationJobConfig.model_validate(job_config()).helm == HelmConfig(
        args=("--max-eval-instances", "20"), suite="v1"
    )
