"""Streams that are closed, full, in ASCII or without a reader: the exit code stays that of the command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clusters import talking
from tests.metrics.builders import write_simple
from tests.shows import Show, Stream

PROGRAM = (sys.executable, "-c", "from cajajejo.cli import main; main()")
SHELL = ("bash", "-c")
CONDITIONS = {"acc_final": {"comparison": "greater", "success_threshold": {"fixed_value": 0.4}}}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    config = {"regression_test_config": {"metric_success_conditions": CONDITIONS}}
    Path("config.json").write_text(json.dumps(config))
    return tmp_path


def regression(*more: str, before: str = "", after: str = "") -> subprocess.CompletedProcess[bytes]:
    """A check that finds a regression, with text before and behind its command line."""
    if not Path("logs").exists():
        write_simple(Path("logs"), {"acc": [0.1]})
    arguments = ["metrics", "check", "logs", "--test", "t", "--config", "config.json", "--no-store", *more]
    return subprocess.run(
        [*SHELL, f'{before} "$@" {after}', "bash", *PROGRAM, *arguments], check=False, capture_output=True
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_a_closed_stream_changes_nothing_else(closed: str) -> None:
    done = regression(after=closed)
    assert (done.returncode, b"bug" in done.stderr) == (4, False)
    assert not Path(".cajajejo").exists()


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_a_reader_that_goes_away_does_not_turn_a_regression_into_a_pass(more: tuple[str, ...]) -> None:
    done = regression(*more, before="set -o pipefail;", after="| true")
    assert done.returncode == 4
    assert b"rror" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
def test_a_full_stdout_is_an_expected_failure() -> None:
    done = regression(after="> /dev/full")
    assert (done.returncode, done.stderr) == (1, b"Error: stdout cannot be written: No space left on device\n")


def test_a_reader_of_stderr_that_goes_away_does_not_turn_a_failed_job_into_a_success(here: Path) -> None:
    with talking(here) as talk:
        show = Show(talk, Stream(), Stream())
        show.put_job()
        environ = {**os.environ, "KUBECONFIG": str(talk.kubeconfig)}
        command = [*PROGRAM, "jobs", "watch", "eval-a"]
        with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as watch:
            assert watch.stdout is not None
            assert watch.stderr is not None
            assert b"Pending" in watch.stderr.readline()
            watch.stderr.close()
            show.runs()
            show.ends(code=5)
            assert b"Failed" in watch.stdout.read()
        assert watch.returncode == 5


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no /dev/full")
def test_a_full_stderr_changes_no_exit_code() -> None:
    assert regression(after="2> /dev/full").returncode == 4
    assert regression("--config", "none.json", after="2> /dev/full").returncode == 1
    assert regression("--limit", "x", after="2> /dev/full").returncode == 2


@pytest.mark.skipif(sys.platform == "darwin", reason="file names are text there")
def test_a_path_that_is_no_text_and_a_terminal_in_ascii_still_give_json() -> None:
    name = os.fsdecode(b"x\xff-\xc3\xa9")
    Path(name).mkdir()
    arguments = ["metrics", "check", name, "--test", "t", "--config", "config.json", "--no-store", "--json"]
    for environ in ({"LC_ALL": "C"}, {"PYTHONIOENCODING": "ascii"}):
        done = subprocess.run([*PROGRAM, *arguments], check=False, capture_output=True, env={**os.environ, **environ})
        assert done.returncode == 5
        assert json.loads(done.stdout)["warnings"] == [f"no scalars in event files under {name}"]
        assert json.loads(done.stderr) == {"warning": f"no scalars in event files under {name}"}
