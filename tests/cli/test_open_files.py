"""`-o` with another name of a file that the program has open: it is written to, and never replaced."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cajajejo import files
from cajajejo.cli import log_output

if TYPE_CHECKING:
    from pathlib import Path

WRITES = """
import sys
from pathlib import Path
from cajajejo.cli import log_output
with log_output.opened(Path(sys.argv[1]), live=False) as output:
    output.write(b"later\\n")
"""


@pytest.fixture
def stdout(tmp_path: Path) -> Path:
    """A link as /dev/stdout is one, where replacing it harms nobody."""
    link = tmp_path / "stdout"
    link.symlink_to("/proc/self/fd/1")
    return link


def test_what_stdout_is_redirected_to_is_added_to(tmp_path: Path, stdout: Path) -> None:
    with (tmp_path / "out.txt").open("w") as out:
        out.write("earlier\n")
        out.flush()
        subprocess.run([sys.executable, "-c", WRITES, stdout], stdout=out, check=True)
    assert (tmp_path / "out.txt").read_text() == "earlier\nlater\n"
    assert stdout.is_symlink()


def test_a_pipe_is_written_to(stdout: Path) -> None:
    done = subprocess.run([sys.executable, "-c", WRITES, stdout], capture_output=True, check=True)
    assert done.stdout == b"later\n"
    assert stdout.is_symlink()


def test_the_file_behind_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "report.html").symlink_to("deep/report.html")
    with log_output.opened(tmp_path / "report.html", live=False) as output:
        output.write(b"new\n")
    assert (tmp_path / "report.html").is_symlink()
    assert (tmp_path / "deep" / "report.html").read_text() == "new\n"


def test_names_of_open_files_are_told_from_others(tmp_path: Path, stdout: Path) -> None:
    plain, circle = tmp_path / "plain", tmp_path / "circle"
    plain.touch()
    circle.symlink_to("circle")
    names = [stdout, plain, circle, tmp_path / "missing", tmp_path.joinpath("/dev/null")]
    assert [files.is_open_here(name) for name in names] == [True, False, False, False, False]
    assert files.is_open_here(tmp_path.joinpath(f"/proc/{os.getpid()}/fd/1"))
    assert files.is_open_here(tmp_path.joinpath("/dev/fd/1"))
