"""examples/: each config gives the manifest beside it, byte for byte; ``--regenerate-examples`` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import kubernetes_validate
import pytest
import yaml

from cajajejo import config, evaluation, validation

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted(path.parent.relative_to(ROOT) for path in ROOT.glob("examples/*/job_config.yml"))
JOB_CONFIGS = sorted(path.relative_to(ROOT) for path in ROOT.glob("jobs/evaluation/*.job_config.yml"))


@pytest.fixture(autouse=True)
def in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_manifest_is_the_one_in_the_repository(example: Path, pytestconfig: pytest.Config) -> None:
    job = evaluation.parse_job(example / "job_config.yml", example / "run_specs.conf")
    if pytestconfig.getoption("--regenerate-examples"):
        evaluation.write(job, example / "manifest.yml")
    meant = "if this is meant: pytest tests/test_examples.py --regenerate-examples"
    assert job.text == (example / "manifest.yml").read_bytes().decode(), meant


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)
def test_the_manifest_passes_the_strict_schemas(example: Path) -> None:
    documents = list(yaml.safe_load_all((example / "manifest.yml").read_text()))
    assert [document["kind"] for document in documents] == ["Job", "ConfigMap", "StorageClass"]
    for document in documents:
        kubernetes_validate.validate(document, "1.36", strict=True)


def test_every_machine_stands_beside_every_model_source() -> None:
    sources = ("mlflow-tokenizer-directory", "mlflow-tokenizer-repo", "gs-uri")
    wanted = {f"{machine}-{source}" for machine in ("gpu", "cpu") for source in sources}
    assert {example.name for example in EXAMPLES} >= wanted


def test_examples_are_named_after_what_is_in_them() -> None:
    for example in EXAMPLES:
        job_config = config.load(example / "job_config.yml")
        assert (job_config.compute_config.accelerator is not None) == example.name.startswith("gpu-")
        artifact = job_config.model.mlflow_artifact
        assert (job_config.model.gs_uri is not None) == ("gs-uri" in example.name)
        assert bool(artifact and artifact.tokenizer_directory) == ("tokenizer-directory" in example.name)
        assert bool(artifact and artifact.tokenizer_hf_repo) == ("tokenizer-repo" in example.name)


@pytest.mark.parametrize("path", JOB_CONFIGS, ids=lambda path: path.name)
def test_the_configs_of_jobs_are_valid(path: Path) -> None:
    job = evaluation.parse_job(path, EXAMPLES[0] / "run_specs.conf")
    for document in job.documents:
        kubernetes_validate.validate(document, "1.36", strict=True)


def documented_fields(location: tuple[str, ...] = ()) -> Iterator[str]:
    for name in validation.field_names(config.EvaluationJobConfig, location):
        yield ".".join((*location, name))
        yield from documented_fields((*location, name))


def test_every_field_is_on_the_page_about_jobs() -> None:
    table = (ROOT / "docs/jobs.md").read_text().partition("### The job config")[2].partition("###")[0]
    rows = re.findall(r"^\| `([a-z_.]+)` \|", table, re.MULTILINE)
    assert rows == list(documented_fields())


def test_the_documented_configs_are_there() -> None:
    names = {path.name.removesuffix(".job_config.yml") for path in JOB_CONFIGS}
    assert names >= {"debug", "example.gcs", "example.mlflow", "jasper"}
