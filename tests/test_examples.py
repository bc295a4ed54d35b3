"""examples/: each config gives the manifest beside it, byte for byte; ``--regenerate-examples`` writes them anew."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import kubernetes_validate
import pytest
import yaml

from cajajejo import config, evaluation, job_spec, kubernetes_schemas, manifest_checks, profiles, validation
from tests.builders import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.evaluation import Rendered

EXAMPLES = sorted(path.parent.relative_to(ROOT) for path in ROOT.glob("examples/*/job_config.yml"))
ORIGINAL = [example for example in EXAMPLES if example.name.startswith(("gpu-", "cpu-"))]
JOB_CONFIGS = sorted(path.relative_to(ROOT) for path in ROOT.glob("jobs/evaluation/*.job_config.yml"))
VERSIONS = kubernetes_schemas.VERSIONS
each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.name)


@pytest.fixture(autouse=True)
def in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def profile_of(example: Path) -> str:
    """The profile that the name of an example begins with, else the default."""
    named = [profile for profile in profiles.PROFILES if f"{example.name}-".startswith(f"{profile}-")]
    return named[0] if named else profiles.DEFAULT


def parse(example: Path) -> Rendered:
    rendering, run_specs = evaluation.Rendering(profile=profile_of(example)), example / "run_specs.conf"
    given = run_specs if run_specs.exists() else None
    return evaluation.parse_job(example / "job_config.yml", given, rendering=rendering)


def manifests_in(example: Path) -> list[Path]:
    """The manifest beside the config, or those in the directory of that name."""
    return sorted((example / "manifests").glob("*.yml")) or [example / "manifest.yml"]


def documents_of(example: Path) -> list[list[dict[str, Any]]]:
    return [list(yaml.safe_load_all(path.read_text("utf-8"))) for path in manifests_in(example)]


def regenerate(example: Path) -> None:
    jobs = parse(example).jobs
    many = len(jobs) > 1
    for path in manifests_in(example) if many else []:
        path.unlink(missing_ok=True)
    job_spec.write_all(jobs, example / ("manifests" if many else "manifest.yml"))


@each_example
def test_the_manifest_is_the_one_in_the_repository(example: Path, pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("--regenerate-examples"):
        regenerate(example)
    meant = "if this is meant: pytest tests/test_examples.py --regenerate-examples"
    texts = sorted(job.text for job in parse(example).jobs)
    assert texts == sorted(path.read_bytes().decode() for path in manifests_in(example)), meant


def test_the_manifests_of_a_matrix_are_named_after_their_jobs() -> None:
    named = {path.stem for path in manifests_in(Path("examples/matrix"))}
    assert named == {job.name for job in parse(Path("examples/matrix")).jobs}
    assert len(named) == 3


@each_example
def test_nothing_is_odd_about_an_example(example: Path) -> None:
    assert parse(example).warnings == ()


@each_example
def test_the_manifest_passes_the_strict_schemas(example: Path) -> None:
    for documents in documents_of(example):
        assert [document["kind"] for document in documents][:2] == ["Job", "ConfigMap"]
        for document in documents:
            kubernetes_validate.validate(document, "1.36", strict=True)


@each_example
def test_every_version_of_kubernetes_takes_the_manifest(example: Path) -> None:
    for documents in documents_of(example):
        for version in VERSIONS:
            assert manifest_checks.check(documents, version=kubernetes_schemas.version(version)) == []


@each_example
def test_a_restricted_namespace_takes_the_manifest(example: Path) -> None:
    for documents in documents_of(example):
        assert [finding for document in documents for finding in manifest_checks.pod_security(document)] == []


def test_every_profile_has_an_example() -> None:
    assert {profile_of(example) for example in EXAMPLES} == set(profiles.PROFILES)


def test_only_gke_gets_a_storage_class_with_the_job() -> None:
    for example in EXAMPLES:
        kinds = [document["kind"] for document in documents_of(example)[0]]
        claims = example.name == "gke-standard"
        assert ("StorageClass" in kinds) == (profile_of(example).startswith("gke-") and not claims), example


@each_example
def test_the_page_about_examples_tells_of_each(example: Path) -> None:
    assert f"| `{example.name}` |" in (ROOT / "examples/README.md").read_text("utf-8")


def test_every_machine_stands_beside_every_model_source() -> None:
    sources = ("mlflow-tokenizer-directory", "mlflow-tokenizer-repo", "gs-uri")
    wanted = {f"{machine}-{source}" for machine in ("gpu", "cpu") for source in sources}
    assert {example.name for example in EXAMPLES} >= wanted


def test_every_harness_and_every_way_to_fetch_has_an_example() -> None:
    configs = [
        loaded for example in EXAMPLES for loaded, _ in config.validate_all(config.read(example / "job_config.yml"))
    ]
    assert {job_config.harness for job_config in configs} == set(config.HARNESSES)
    ways = {(job_config.model.kind, job_config.fetched_by) for job_config in configs}
    assert ways == {
        *((source, kind) for source in ("mlflow_artifact", "gs_uri") for kind in ("mlflow", "cajajejo")),
        *(("s3_uri", "cajajejo"), ("hf_repo", "cajajejo"), ("path", None)),
    }


def test_examples_are_named_after_what_is_in_them() -> None:
    for example in ORIGINAL:
        job_config = config.load(example / "job_config.yml")
        assert (job_config.compute_config.accelerator is not None) == example.name.startswith("gpu-")
        artifact = job_config.model.mlflow_artifact
        assert (job_config.model.gs_uri is not None) == ("gs-uri" in example.name)
        assert bool(artifact and artifact.tokenizer_directory) == ("tokenizer-directory" in example.name)
        assert bool(artifact and artifact.tokenizer_hf_repo) == ("tokenizer-repo" in example.name)


@pytest.mark.parametrize("path", JOB_CONFIGS, ids=lambda path: path.name)
def test_the_configs_of_jobs_are_valid(path: Path) -> None:
    own = path.parent / "app" / f"{path.name.partition('.')[0]}.conf"
    run_specs = own if own.exists() else path.parent / "app" / "run_specs.conf"
    given = run_specs if config.load(path).helm else None
    (job,) = evaluation.parse_job(path, given).jobs
    for document in job.documents:
        kubernetes_validate.validate(document, "1.36", strict=True)


def documented_fields(location: tuple[str, ...] = ()) -> Iterator[str]:
    for name in validation.field_names(config.EvaluationJobConfig, location):
        yield ".".join((*location, name))
        yield from documented_fields((*location, name))


def test_every_field_is_on_the_page_about_jobs() -> None:
    table = (ROOT / "docs/jobs.md").read_text().partition("### The job config")[2].partition("###")[0]
    rows = re.findall(r"^\| `([a-z0-9_.]+)` \|", table, re.MULTILINE)
    assert rows == list(documented_fields())


def test_every_block_of_the_pages_about_jobs_and_harnesses_is_a_config_or_goes_into_one(tmp_path: Path) -> None:
    pages = [(ROOT / "docs" / name).read_text("utf-8") for name in ("jobs.md", "harnesses.md")]
    blocks = [block for page in pages for block in re.findall(r"^```yaml\n(.*?)^```", page, re.DOTALL | re.MULTILINE)]
    whole, *parts = map(yaml.safe_load, blocks)
    assert {"model_fetch", "mlflow_config", "lm_eval", "command"} <= {key for part in parts for key in part}
    for part in ({}, *parts):
        job_config = {**whole, **part}
        if part.keys() & set(config.HARNESSES):
            job_config = {**{name: value for name, value in whole.items() if name not in config.HARNESSES}, **part}
        path = tmp_path / "c.yml"
        path.write_text(yaml.safe_dump(job_config), "utf-8")
        run_specs = ROOT / "jobs/evaluation/app/run_specs.conf" if config.load(path).helm else None
        assert [
            problem for problem in evaluation.parse_job(path, run_specs).warnings if problem.file == str(path)
        ] == []


def test_the_documented_configs_are_there() -> None:
    names = {path.name.removesuffix(".job_config.yml") for path in JOB_CONFIGS}
    assert names >= {"debug", "example.gcs", "example.mlflow", "jasper"}
