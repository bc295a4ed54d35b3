"""Hostile text in every field of a config and in the run specs, on every profile, from the files to three readers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cajajejo import config as configs
from cajajejo import profiles, validation
from tests import hostile
from tests.config_defaults import DEFAULTS, complete
from tests.hostile import CONFIG, RUN_SPECS, TEXT_FIELDS


def config_with(path: str, text: str) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(json.dumps(CONFIG))
    *parents, last = (part.replace("\\.", ".") for part in re.split(r"(?<!\\)\.", path))
    here: Any = config
    for part in parents:
        here = here[int(part) if isinstance(here, list) else part]
    here[int(last) if isinstance(here, list) else last] = f"/m{text}".replace(":", "") if last == "mount_path" else text
    return config


def check(documents: list[dict[str, Any]], config: dict[str, Any], run_specs: str) -> None:
    """Every text of `config` stands in `documents` as it was, wherever it belongs."""
    job, config_map = documents[:2]
    pod = job["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    check_config_map(config_map, config, run_specs)
    assert container["image"] == f"{config['image']}:{config['image_tag']}"
    env = {item["name"]: hostile.expand(item["value"]) for item in container["env"][7:]}
    assert env == {"HOME": "/scratch", **config["env"]}
    assert mounts(container) == ["/etc/configs", "/scratch", *cache_path(config), *secret_paths(config)]
    annotations = {key: value for key, value in job["metadata"]["annotations"].items() if "cajajejo/" not in key}
    assert annotations == config["kubernetes_config"]["annotations"]
    check_init_container(pod, config)
    parameters = config["storage_config"]["scratch"].get("storage_class_parameters")
    if parameters is not None:
        assert documents[2]["parameters"] == parameters


def check_config_map(config_map: dict[str, Any], config: dict[str, Any], run_specs: str) -> None:
    assert yaml.load(config_map["data"]["eval_config.yml"], Loader=yaml.CSafeLoader) == complete(config)
    expected = {"run_specs.conf": run_specs} if "helm" in config else {}
    assert {name: text for name, text in config_map["data"].items() if name != "eval_config.yml"} == expected


def check_init_container(pod: dict[str, Any], config: dict[str, Any]) -> None:
    source = config["model_config"]
    if "path" in source:
        assert "initContainers" not in pod
        return
    (init,) = pod["initContainers"]
    args, fetch = [hostile.expand(argument) for argument in init["args"]], config.get("model_fetch", {})
    if "image" in fetch:
        assert init["image"] == fetch["image"]
    if fetch.get("kind") == "cajajejo" or source.keys() & {"s3_uri", "hf_repo"}:
        check_own_fetch(init, args, config)
        return
    if "gs_uri" in source:
        assert args == ["storage", "cp", "-r", source["gs_uri"], "/scratch"]
    else:
        artifact = source["mlflow_artifact"]
        assert args[:4] == ["artifacts", "download", "-r", artifact["run_id"]]
        assert args[4:] == ["-a", artifact["artifact_path"], "-d", "/scratch"]
        assert init["env"][0]["name"] == "MLFLOW_TRACKING_URI"
        assert hostile.expand(init["env"][0]["value"]) == config["mlflow_config"]["tracking_uri"]
    assert mounts(init) == ["/scratch", *secret_paths(config)]


def check_own_fetch(init: dict[str, Any], args: list[str], config: dict[str, Any]) -> None:
    cache = cache_path(config)
    assert args == ["model", "fetch", "/etc/configs/eval_config.yml", "--output", "/scratch"]
    env = {item["name"]: hostile.expand(item["value"]) for item in init["env"]}
    assert env == {"HOME": "/scratch", **config["env"]}
    assert mounts(init) == ["/etc/configs", "/scratch", *cache, *secret_paths(config)]


def mounts(container: dict[str, Any]) -> list[str]:
    return [mount["mountPath"] for mount in container["volumeMounts"]]


def cache_path(config: dict[str, Any]) -> list[str]:
    cache = config["storage_config"]["model_cache"]
    return [cache["mount_path"]] if cache else []


def secret_paths(config: dict[str, Any]) -> list[str]:
    return [secret["mount_path"] for secret in config["secret_files"]]


slow = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@given(hostile.jobs())
@settings(slow, max_examples=80)
def test_hostile_text_in_every_field_comes_back_from_pyyaml(job: tuple[dict[str, Any], str, str]) -> None:
    config, run_specs, profile = job
    for documents in hostile.read_by_pyyaml(hostile.parse(config, run_specs, profile=profile).text):
        check(documents, config, run_specs)


@given(st.lists(hostile.jobs(), min_size=8, max_size=8))
@settings(slow, max_examples=8)
def test_hostile_text_in_every_field_comes_back_from_kubectl(batch: list[tuple[dict[str, Any], str, str]]) -> None:
    specs = [hostile.parse(config, run_specs, profile=profile) for config, run_specs, profile in batch]
    with TemporaryDirectory() as directory:
        documents = hostile.read_by_kubectl("---\n".join(spec.text for spec in specs), Path(directory))
    for spec, (config, run_specs, _) in zip(specs, batch, strict=True):
        mine, documents = documents[: len(spec.documents)], documents[len(spec.documents) :]
        check(mine, config, run_specs)


@pytest.mark.parametrize("profile", profiles.PROFILES)
@pytest.mark.parametrize("text", hostile.EXAMPLES, ids=ascii)
def test_known_hostile_run_specs_and_descriptions_come_back(text: str, profile: str) -> None:
    config = {**config_with("tracking_config.description", text), "compute_config": {"cpu": "4", "memory": "16Gi"}}
    config["storage_config"] = {"model_cache": None, "scratch": {"kind": "empty_dir", "size": "1Gi"}}
    for documents in hostile.read_by_pyyaml(hostile.parse(config, text, profile=profile).text):
        check(documents, config, text)


def test_a_hundred_kilobytes_come_back_in_every_field(tmp_path: Path) -> None:
    long = ('"😀 {{ }}\n---\n\tx' * 8000)[:100_000]
    changed = [config_with(path, long) for path in TEXT_FIELDS]
    changed += [{**CONFIG, "model_config": {f"{cloud}_uri": f"{cloud}://b/{long}"}} for cloud in ("gs", "s3")]
    without_helm = {name: section for name, section in CONFIG.items() if name != "helm"}
    changed += [
        {**without_helm, "lm_eval": {"tasks": [long], "include_path": long, "args": [long]}},
        {**without_helm, "command": {"args": [long, long], "results": f"a{long}"}},
        {**CONFIG, "model_config": {"hf_repo": "a/b", "revision": long}, "model_fetch": {"image": long.strip()}},
        {**CONFIG, "mlflow_config": {"tracking_uri": "http://h", "spool_uri": f"gs://b/{long}"}},
    ]
    specs = [hostile.parse(config) for config in changed]
    from_kubectl = hostile.read_by_kubectl("---\n".join(spec.text for spec in specs), tmp_path)
    for number, (config, spec) in enumerate(zip(changed, specs, strict=True)):
        check(list(yaml.load_all(spec.text, Loader=yaml.CSafeLoader)), config, RUN_SPECS)
        check(from_kubectl[number * 3 : number * 3 + 3], config, RUN_SPECS)


@given(hostile.texts.filter(bool))
@settings(slow, max_examples=20)
def test_a_hostile_config_version_comes_back(version: str) -> None:
    for job, _, _ in hostile.read_by_pyyaml(hostile.parse(CONFIG, config_version=version).text):
        env = job["spec"]["template"]["spec"]["containers"][0]["env"]
        assert hostile.expand(env[3]["value"]) == version
        assert job["metadata"]["annotations"]["cajajejo/config-version"] == version


def test_every_field_has_a_default_in_the_table_or_is_required() -> None:
    """So that a new field is not forgotten here."""
    for location in [
        (),
        ("compute_config",),
        ("storage_config",),
        ("storage_config", "scratch"),
        ("kubernetes_config",),
    ]:
        config, defaults = CONFIG, DEFAULTS
        for part in location:
            config, defaults = config.get(part, {}), defaults[part]
        assert set(validation.field_names(configs.EvaluationJobConfig, location)) == {*config, *defaults}
