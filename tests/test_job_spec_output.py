"""Where parse-job may write: pipes behind /dev/stdout, links in a circle, names that are too long, a full stdout."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cajajejo import evaluation, job_spec
from cajajejo.errors import CajajejoError

EXAMPLE = Path(__file__).parents[1] / "examples/gpu-gs-uri"
FILES = (EXAMPLE / "job_config.yml", EXAMPLE / "run_specs.conf")


def program(output: str, *, stdout: int) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", "from cajajejo.cli import main; main()", "jobs", "evaluation", "parse-job"]
    return subprocess.run([*command, *FILES, output], check=False, stdout=stdout, stderr=subprocess.PIPE)


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="this machine has no /dev/stdout")
def test_a_pipe_behind_a_link_of_the_system_is_written_to() -> None:
    done = program("/dev/stdout", stdout=subprocess.PIPE)
    assert done.stdout == evaluation.parse_job(*FILES).jobs[0].text.encode()
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("circle", "circle: cannot be written: Too many levels of symbolic links"),
        ("x" * 300, f"{'x' * 300}: cannot be written: File name too long"),
        ("dangling", "dangling: the directory {}/missing is not there"),
        ("a file/job.yml", "a file/job.yml: cannot be written: Not a directory"),
    ],
)
def test_a_place_that_cannot_be_written_is_named(
    name: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("circle").symlink_to("circle")
    Path("dangling").symlink_to(tmp_path / "missing" / "job.yml")
    Path("a file").touch()
    with pytest.raises(CajajejoError) as raised:
        job_spec.write_all(evaluation.parse_job(*FILES).jobs, Path(name), keep=FILES)
    assert raised.value.message == message.format(tmp_path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
def test_a_full_stdout_is_an_expected_failure() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    done = program("-", stdout=full)
    os.close(full)
    assert done.returncode == 1
    assert done.stderr == b"Error: stdout cannot be written: No space left on device\n"
