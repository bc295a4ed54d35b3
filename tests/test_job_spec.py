"""A job spec as a file: written whole or not at all, one or many; and told in a few lines."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import evaluation, job_spec
from cajajejo.cli.outline import outline
from cajajejo.errors import CajajejoError, UsageError
from tests import hostile
from tests.builders import ROOT
from tests.hostile import CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.manifests import Manifests

MISSION_FILES = (ROOT / "tests/data/mission/job_config.yml", ROOT / "tests/data/mission/run_specs.conf")


@pytest.fixture(scope="module")
def job() -> Manifests:
    return evaluation.parse_job(*MISSION_FILES).jobs[0]


def test_the_file_is_replaced_and_keeps_its_mode(job: Manifests, tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("old, and longer than nothing")
    path.chmod(0o640)
    job_spec.write(job.text, path)
    assert path.read_bytes() == job.text.encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_usual_mode(job: Manifests, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        job_spec.write(job.text, tmp_path / "a.yml")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.yml").stat().st_mode) == 0o640


def test_a_link_stays_a_link(job: Manifests, tmp_path: Path) -> None:
    (tmp_path / "link.yml").symlink_to("target.yml")
    job_spec.write(job.text, tmp_path / "link.yml")
    assert (tmp_path / "link.yml").is_symlink()
    assert (tmp_path / "target.yml").read_text() == job.text


def test_a_device_is_written_to_and_not_replaced(job: Manifests, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        job_spec.write(job.text, pipe)
        assert os.read(reader, 100_000) == job.text.encode()
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_an_interruption_leaves_the_old_file_and_nothing_else(
    job: Manifests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.yml"
    path.write_text("old")

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        job_spec.write(job.text, path)
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == {"a.yml": "old"}


def test_a_missing_directory_is_a_sentence(job: Manifests, tmp_path: Path) -> None:
    path = tmp_path / "not here" / "a.yml"
    with pytest.raises(CajajejoError) as raised:
        job_spec.write(job.text, path)
    assert raised.value.lines() == [
        f"Error: {path}: the directory {path.parent} is not there",
        f"Run: mkdir -p '{path.parent}'",
    ]


def test_a_directory_cannot_be_written(job: Manifests, tmp_path: Path) -> None:
    with pytest.raises(CajajejoError, match="cannot be written: Is a directory"):
        job_spec.write(job.text, tmp_path)


def test_an_input_is_never_the_output(job: Manifests, tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("the config")
    (tmp_path / "link.yml").symlink_to(path)
    with pytest.raises(UsageError, match="which is also read"):
        job_spec.write(job.text, tmp_path / "link.yml", keep=[path])
    assert path.read_text() == "the config"


# --- many ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def jobs() -> tuple[Manifests, ...]:
    return hostile.parse_all({**CONFIG, "matrix": {"axes": {"helm.suite": ["v1", "v2", "v3"]}}}).jobs


def test_the_jobs_of_a_matrix_are_files_of_a_directory(jobs: tuple[Manifests, ...], tmp_path: Path) -> None:
    paths = job_spec.write_all(jobs, tmp_path / "deep" / "specs")
    assert paths == [tmp_path / "deep" / "specs" / f"{job.name}.yml" for job in jobs]
    assert [path.read_text("utf-8") for path in paths] == [job.text for job in jobs]


def test_the_jobs_of_a_matrix_go_to_stdout_as_one_stream(
    jobs: tuple[Manifests, ...], capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    import pathlib

    assert job_spec.write_all(jobs, pathlib.Path("-")) == [pathlib.Path("-")]
    documents = [document for job in jobs for document in job.documents]
    assert hostile.read_by_pyyaml(capfdbinary.readouterr().out.decode())[0] == documents


def test_many_jobs_do_not_replace_a_file(jobs: tuple[Manifests, ...], tmp_path: Path) -> None:
    path = tmp_path / "job.yml"
    path.write_text("mine")
    with pytest.raises(UsageError) as raised:
        job_spec.write_all(jobs, path)
    assert raised.value.message == f"OUTPUT is the file {path}: 3 jobs of a matrix need a directory"
    assert path.read_text() == "mine"


def test_a_directory_that_cannot_be_made_is_a_sentence(jobs: tuple[Manifests, ...], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CajajejoError) as raised:
        job_spec.write_all(jobs, tmp_path / "file" / "specs")
    assert raised.value.message == f"{tmp_path}/file/specs: the directory cannot be made: Not a directory"


# --- the outline ---------------------------------------------------------------------------------------------------


def told(config: dict[str, Any] = CONFIG, *settings: str, **options: Any) -> str:
    """What the outline says of the Job."""
    return outline(hostile.parse(config, settings=settings, **options), ascii_only=True)[0][2]


def test_the_outline_tells_what_is_asked_for(job: Manifests) -> None:
    asked = "1 \N{MULTIPLICATION SIGN} nvidia-tesla-t4, 4 CPU, 16Gi, scratch 50Gi"
    size = sum(len(text.encode()) for text in job.document("ConfigMap")["data"].values()) / 1024
    assert outline(job) == [
        ("Job", job.name, asked),
        ("ConfigMap", job.name, f"eval_config.yml, run_specs.conf: {size:.1f} KiB, immutable"),
        ("StorageClass", "ssd", ""),
    ]


def test_the_outline_has_an_ascii_form(job: Manifests) -> None:
    assert outline(job, ascii_only=True)[0][2].startswith("1 x nvidia-tesla-t4, ")


def test_the_outline_of_a_cpu_job_names_no_gpu() -> None:
    assert told(CONFIG, "compute_config.accelerator=null") == "4 CPU, 16Gi, scratch 50Gi"


@pytest.mark.parametrize(
    ("settings", "profile", "expected"),
    [
        (["compute_config.spot=true"], "gke-autopilot", "1 x nvidia-l4, 4 CPU, 16Gi, scratch 50Gi, spot"),
        (["compute_config.spot=true"], "eks", "1 x l4, 4 CPU, 16Gi, scratch 50Gi, spot"),
        (["compute_config.spot=true"], "aks", "1 x nvidia.com/gpu, 4 CPU, 16Gi, scratch 50Gi, spot"),
        (
            ["storage_config.scratch={kind: empty_dir, size: 5Gi}"],
            "plain",
            "1 x nvidia.com/gpu, 4 CPU, 16Gi, scratch 5Gi",
        ),
        (
            ["storage_config.scratch={kind: claim, claim_name: runs}"],
            "plain",
            "1 x nvidia.com/gpu, 4 CPU, 16Gi, scratch runs",
        ),
    ],
)
def test_the_outline_speaks_of_any_cluster(settings: list[str], profile: str, expected: str) -> None:
    plain = {**CONFIG, "storage_config": {}}
    assert told(plain, *settings, profile=profile) == expected


def test_a_spec_written_by_hand_has_an_outline_too(tmp_path: Path) -> None:
    path = tmp_path / "job.yml"
    path.write_text(
        "{apiVersion: batch/v1, kind: Job, metadata: {name: a}}\n---\n"
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n"
    )
    assert outline(job_spec.read(path)) == [("Job", "a", ""), ("ConfigMap", "b", ": 0.0 KiB")]
