"""parse-job from file to file: run specs, limits, paths, and writing."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cajajejo import evaluation
from cajajejo.errors import CajajejoError, FileProblemsError, UsageError
from cajajejo.run_specs import MAX_CONFIG_MAP_BYTES
from tests import hostile
from tests.hostile import CONFIG, RUN_SPECS

if TYPE_CHECKING:
    from cajajejo.manifests import Manifests

ROOT = Path(__file__).parents[1]
MISSION = ROOT / "tests/data/mission"
MISSION_FILES = (MISSION / "job_config.yml", MISSION / "run_specs.conf")

RUN_SPECS_AS_BYTES = {
    "no final newline": b"entries: []",
    "blank lines at the end": b"entries: []\n\n\n",
    "CRLF": b"entries: [\r\n]\r\n",
    "tabs": b"\tentries: [\n\t\t]\n",
    "byte order mark": b"\xef\xbb\xbfentries: []\n",
    "document markers": b"---\nentries: []\n...\n---\n",
    "spaces at the ends of lines": b"entries: [  \n  \n]  \n",
    "only a newline": b"\n",
}


@pytest.mark.parametrize("data", RUN_SPECS_AS_BYTES.values(), ids=RUN_SPECS_AS_BYTES)
def test_run_specs_reach_the_config_map_byte_for_byte(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_bytes(data)
    job = evaluation.parse_job(MISSION_FILES[0], tmp_path / "a.conf")
    for documents in [*hostile.read_by_pyyaml(job.text), hostile.read_by_kubectl(job.text, tmp_path)]:
        assert documents[1]["data"]["run_specs.conf"].encode() == data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty; it should hold run specs"),
        (b"a\n\xff\n", "2: not UTF-8 text (byte 2)"),
        (b"a\n\nb\0\n", "3: holds the character NUL, which Kubernetes cannot store"),
        (b"x" * (MAX_CONFIG_MAP_BYTES + 1), "too large for a ConfigMap, which holds 1048576 bytes"),
        (b"x" * (MAX_CONFIG_MAP_BYTES - 100), "too large for a ConfigMap, which holds 1048576 bytes, not 10"),
        (None, "no such file"),
    ],
    ids=["empty", "not UTF-8", "NUL", "over the limit alone", "over the limit with the config", "missing"],
)
def test_unusable_run_specs_are_one_problem(data: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(FileProblemsError) as raised:
        evaluation.parse_job(MISSION_FILES[0], path)
    assert raised.value.lines()[0].startswith(f"{path}:")
    assert message in raised.value.lines()[0]
    assert len(raised.value.problems) == 1


def test_a_directory_is_no_run_specs(tmp_path: Path) -> None:
    with pytest.raises(FileProblemsError) as raised:
        evaluation.parse_job(MISSION_FILES[0], tmp_path)
    assert raised.value.lines()[0] == f"{tmp_path}: cannot be read: Is a directory"


def test_a_config_map_may_be_exactly_full() -> None:
    room = MAX_CONFIG_MAP_BYTES - len(hostile.parse(CONFIG).document("ConfigMap")["data"]["eval_config.yml"])
    job = hostile.parse(CONFIG, "x" * room)
    assert sum(len(text) for text in job.document("ConfigMap")["data"].values()) == MAX_CONFIG_MAP_BYTES
    assert evaluation.apply_command(job) == "kubectl apply --server-side -f"
    with pytest.raises(FileProblemsError, match="1 problem"):
        hostile.parse(CONFIG, "x" * (room + 1))


def test_a_config_that_is_the_larger_part_is_named(tmp_path: Path) -> None:
    config = {**CONFIG, "env": {"A": "x" * MAX_CONFIG_MAP_BYTES}}
    paths = hostile.write_job(tmp_path, config, RUN_SPECS)
    with pytest.raises(FileProblemsError) as raised:
        evaluation.parse_job(*paths)
    assert raised.value.problems[0].file == str(paths[0])


def test_the_problems_of_both_files_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileProblemsError) as raised:
        evaluation.parse_job(tmp_path / "a.yml", tmp_path / "a.conf")
    assert [problem.file for problem in raised.value.problems] == [str(tmp_path / "a.conf"), str(tmp_path / "a.yml")]


def test_a_wrong_config_is_told_alone_where_the_run_specs_are_fine() -> None:
    with pytest.raises(FileProblemsError) as raised:
        hostile.parse({**CONFIG, "version": "v3"})
    assert [problem.path for problem in raised.value.problems] == ["version"]


def test_settings_change_the_config_before_it_is_rendered() -> None:
    job = hostile.parse(CONFIG, settings=["image_tag=v2", "compute_config.accelerator=null"])
    pod = job.document("Job")["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "registry/evaluation:v2"
    assert "nodeSelector" not in pod


def test_paths_are_those_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "jobs/deep").mkdir(parents=True)
    hostile.write_job(tmp_path / "jobs/deep", CONFIG, RUN_SPECS)
    monkeypatch.chdir(tmp_path / "jobs")
    job = evaluation.parse_job(Path("deep/../deep/job_config.yml"), tmp_path / "jobs/deep/run_specs.conf")
    env = job.document("Job")["spec"]["template"]["spec"]["containers"][0]["env"]
    assert [item["value"] for item in env[:2]] == ["jobs/deep/job_config.yml", "jobs/deep/run_specs.conf"]


def test_outside_of_a_repository_paths_are_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile.write_job(tmp_path, CONFIG, RUN_SPECS)
    monkeypatch.chdir(tmp_path)
    job = evaluation.parse_job(Path("job_config.yml"), Path("run_specs.conf"), config_version="abc")
    env = job.document("Job")["spec"]["template"]["spec"]["containers"][0]["env"]
    assert [item["value"] for item in env[:4]] == ["job_config.yml", "run_specs.conf", job.name, "abc"]


@pytest.mark.parametrize("version", ["a\0", "\udcff"])
def test_a_config_version_that_cannot_be_stored_is_a_usage_error(version: str) -> None:
    with pytest.raises(UsageError, match="--config-version: holds"):
        hostile.parse(CONFIG, config_version=version)


# --- writing ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def job() -> Manifests:
    return evaluation.parse_job(*MISSION_FILES)


def test_the_file_is_replaced_and_keeps_its_mode(job: Manifests, tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("old, and longer than nothing")
    path.chmod(0o640)
    evaluation.write(job, path)
    assert path.read_bytes() == job.text.encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_usual_mode(job: Manifests, tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        evaluation.write(job, tmp_path / "a.yml")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.yml").stat().st_mode) == 0o640


def test_a_link_stays_a_link(job: Manifests, tmp_path: Path) -> None:
    (tmp_path / "link.yml").symlink_to("target.yml")
    evaluation.write(job, tmp_path / "link.yml")
    assert (tmp_path / "link.yml").is_symlink()
    assert (tmp_path / "target.yml").read_text() == job.text


def test_a_device_is_written_to_and_not_replaced(job: Manifests, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        evaluation.write(job, pipe)
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
        evaluation.write(job, path)
    assert {entry.name: entry.read_text() for entry in tmp_path.iterdir()} == {"a.yml": "old"}


def test_a_missing_directory_is_a_sentence(job: Manifests, tmp_path: Path) -> None:
    path = tmp_path / "not here" / "a.yml"
    with pytest.raises(CajajejoError) as raised:
        evaluation.write(job, path)
    assert raised.value.lines() == [
        f"Error: {path}: the directory {path.parent} is not there",
        f"Run: mkdir -p '{path.parent}'",
    ]


def test_a_directory_cannot_be_written(job: Manifests, tmp_path: Path) -> None:
    with pytest.raises(CajajejoError, match="cannot be written: Is a directory"):
        evaluation.write(job, tmp_path)


def test_an_input_is_never_the_output(job: Manifests, tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("the config")
    (tmp_path / "link.yml").symlink_to(path)
    with pytest.raises(UsageError, match="which is also read"):
        evaluation.write(job, tmp_path / "link.yml", keep=[path])
    assert path.read_text() == "the config"


# --- the summary ---------------------------------------------------------------------------------------------------


def test_the_outline_tells_what_is_asked_for(job: Manifests) -> None:
    assert evaluation.outline(job) == [
        "Job           1 \N{MULTIPLICATION SIGN} nvidia-tesla-t4, 4 CPU, 16Gi, scratch 50Gi; profile gke-autopilot",
        "ConfigMap     eval_config.yml, run_specs.conf: 1.7 KiB, immutable",
        "StorageClass  ssd",
    ]


def test_the_outline_has_an_ascii_form(job: Manifests) -> None:
    assert evaluation.outline(job, ascii_only=True)[0].startswith("Job           1 x nvidia-tesla-t4, ")


def test_the_outline_of_a_cpu_job_names_no_gpu() -> None:
    cpu = hostile.parse(CONFIG, settings=["compute_config.accelerator=null"])
    assert evaluation.outline(cpu)[0] == "Job           4 CPU, 16Gi, scratch 50Gi; profile gke-autopilot"


def test_only_the_tag_latest_is_warned_about(job: Manifests) -> None:
    assert len(evaluation.warnings(job)) == 1
    assert "image tag latest" in evaluation.warnings(job)[0]
    assert evaluation.warnings(hostile.parse(CONFIG)) == []
    assert evaluation.apply_command(job) == "kubectl apply -f"
