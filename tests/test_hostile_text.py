"""Hostile text in every field of a config and in the run specs, from the files to what three readers see."""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import hostile
from tests.hostile import CONFIG, RUN_SPECS

TEXT_FIELDS = (
    *("image", "image_tag", "helm.suite", "helm.args.0", "mlflow_config.tracking_uri", "env.A"),
    *(f"model_config.mlflow_artifact.{name}" for name in CONFIG["model_config"]["mlflow_artifact"]),
    *(f"tracking_config.{name}" for name in ("experiment_name", "run_name", "description")),
    *("tracking_config.tags.creator", "tracking_config.tags.datasets.1"),
)


def config_with(path: str, text: str) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(json.dumps(CONFIG))
    *parents, last = path.split(".")
    here: Any = config
    for part in parents:
        here = here[part]
    here[int(last) if isinstance(here, list) else last] = text
    return config


def complete(config: dict[str, Any]) -> dict[str, Any]:
    """A config with every field that it leaves out, as the ConfigMap shows it."""
    artifact = config["model_config"].get("mlflow_artifact")
    empty = {"run_id": None, "tokenizer_directory": None, "tokenizer_hf_repo": None}
    return {
        **config,
        "kind": "evaluation",
        "compute_config": {"accelerator": None, **config["compute_config"]},
        "model_config": {
            "gs_uri": None,
            "path": None,
            **config["model_config"],
            "mlflow_artifact": artifact and {**empty, **artifact},
        },
    }


def check(documents: list[dict[str, Any]], config: dict[str, Any], run_specs: str) -> None:
    """Every text of `config` stands in `documents` as it was, wherever it belongs."""
    job, config_map, storage_class = documents
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert yaml.load(config_map["data"]["eval_config.yml"], Loader=yaml.CSafeLoader) == complete(config)
    assert config_map["data"]["run_specs.conf"] == run_specs
    assert set(config_map["data"]) == {"eval_config.yml", "run_specs.conf"}
    assert container["image"] == f"{config['image']}:{config['image_tag']}"
    env = {item["name"]: hostile.expand(item["value"]) for item in container["env"][4:]}
    assert env == {"HOME": "/scratch", **config["env"]}
    assert storage_class["metadata"]["name"] == "ssd"
    init = pod.get("initContainers", [{"env": [], "args": []}])[0]
    args = [hostile.expand(argument) for argument in init["args"]]
    source = config["model_config"]
    if artifact := source.get("mlflow_artifact"):
        assert args[:4] == ["artifacts", "download", "-r", artifact["run_id"]]
        assert args[4:] == ["-a", artifact["artifact_path"], "-d", "/scratch"]
        assert init["env"][0]["name"] == "MLFLOW_TRACKING_URI"
        assert hostile.expand(init["env"][0]["value"]) == config["mlflow_config"]["tracking_uri"]
    else:
        assert args == (["storage", "cp", "-r", source["gs_uri"], "/scratch"] if "gs_uri" in source else [])


slow = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
jobs = st.tuples(hostile.configs(), hostile.some_text)


@given(jobs)
@settings(slow, max_examples=60)
def test_hostile_text_in_every_field_comes_back_from_pyyaml(job: tuple[dict[str, Any], str]) -> None:
    for documents in hostile.read_by_pyyaml(hostile.parse(*job).text):
        check(documents, *job)


@given(st.lists(jobs, min_size=8, max_size=8))
@settings(slow, max_examples=8)
def test_hostile_text_in_every_field_comes_back_from_kubectl(batch: list[tuple[dict[str, Any], str]]) -> None:
    text = "---\n".join(hostile.parse(*job).text for job in batch)
    with TemporaryDirectory() as directory:
        documents = hostile.read_by_kubectl(text, Path(directory))
    for number, job in enumerate(batch):
        check(documents[number * 3 : number * 3 + 3], *job)


@pytest.mark.parametrize("text", hostile.EXAMPLES, ids=ascii)
def test_known_hostile_run_specs_and_descriptions_come_back(text: str) -> None:
    config = config_with("tracking_config.description", text)
    for documents in hostile.read_by_pyyaml(hostile.parse(config, text).text):
        check(documents, config, text)


def test_a_hundred_kilobytes_come_back_in_every_field(tmp_path: Path) -> None:
    long = ('"😀 {{ }}\n---\n\t' * 8000)[:100_000]
    configs = [config_with(path, long) for path in TEXT_FIELDS]
    configs.append({**CONFIG, "model_config": {"gs_uri": f"gs://b/{long}"}})
    texts = [hostile.parse(config).text for config in configs]
    from_kubectl = hostile.read_by_kubectl("---\n".join(texts), tmp_path)
    for number, (config, text) in enumerate(zip(configs, texts, strict=True)):
        check(list(yaml.load_all(text, Loader=yaml.CSafeLoader)), config, RUN_SPECS)
        check(from_kubectl[number * 3 : number * 3 + 3], config, RUN_SPECS)


@given(hostile.texts.filter(bool))
@settings(slow, max_examples=20)
def test_a_hostile_config_version_comes_back(version: str) -> None:
    for job, _, _ in hostile.read_by_pyyaml(hostile.parse(CONFIG, config_version=version).text):
        env = job["spec"]["template"]["spec"]["containers"][0]["env"]
        assert hostile.expand(env[3]["value"]) == version
        assert job["metadata"]["annotations"]["cajajejo/config-version"] == version
