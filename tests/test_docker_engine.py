"""scripts/docker_engine.py: whose engine is used, and what is said where none can be had."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import ROOT

PROGRAM = str(ROOT / "scripts" / "docker_engine.py")


def engine(*words: str, path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environ = {"PATH": str(path), "HOME": os.environ["HOME"], **variables}
    command = [sys.executable, PROGRAM, *words]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environ, timeout=300)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A path with nothing but a client whose engine answers."""
    docker = tmp_path / "docker"
    docker.write_text("#!/bin/sh\necho 28.2.2\n")
    docker.chmod(0o755)
    return tmp_path


def test_an_engine_that_answers_is_used_as_it_is(programs: Path) -> None:
    code = "import os, sys; print(os.environ.get('DOCKER_HOST')); sys.exit(7)"
    done = engine("run", "--", sys.executable, "-c", code, path=programs, DOCKER_HOST="tcp://engine.example.org:2375")
    assert (done.returncode, done.stdout) == (7, "tcp://engine.example.org:2375\n")
    assert done.stderr == "Engine         an engine answers, and is used as it is\n"
    assert engine("run", "--", sys.executable, "-c", code, path=programs).stdout == "None\n"
    assert engine("start", path=programs).stdout == ""


def test_where_no_engine_can_be_had_the_command_is_not_run_and_it_fails(programs: Path) -> None:
    (programs / "docker").write_text("#!/bin/sh\nexit 1\n")
    done = engine("run", "--", sys.executable, "-c", "print('ran')", path=programs)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: no container engine answers, and ")


def test_asked_to_end_it_ends_as_after_ctrl_c_so_that_what_it_started_is_stopped(programs: Path) -> None:
    code = "import time; print('runs', flush=True); time.sleep(60)"
    command = [sys.executable, PROGRAM, "run", "--", sys.executable, "-c", code]
    environ = {"PATH": str(programs), "HOME": os.environ["HOME"]}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "runs\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=300) == 130


@pytest.mark.skipif(sys.platform != "linux", reason="mounts are those of Linux")
def test_the_room_for_a_base_image_is_empty_and_gone_afterwards_whatever_an_earlier_run_left(tmp_path: Path) -> None:
    (tmp_path / "scripts").mkdir()
    shutil.copy(PROGRAM, tmp_path / "scripts")
    tree = tmp_path / ".cajajejo" / "docker" / "base"
    (tree / "usr").mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", tree / "usr"], check=False, capture_output=True)
    code = "import docker_engine as d\nwith d.room_for_a_tree() as t:\n print(*t.iterdir())\n (t / 'file').touch()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "scripts", check=False, capture_output=True, text=True, timeout=300
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "\n", "")
    assert not tree.exists()
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text("utf-8")


@pytest.mark.parametrize("words", [[], ["run"], ["run", "--"], ["begin"]])
def test_what_it_does_not_know_is_2(words: list[str], programs: Path) -> None:
    done = engine(*words, path=programs)
    assert (done.returncode, done.stdout) == (2, "")
    assert "docker_engine.py run -- COMMAND" in done.stderr
