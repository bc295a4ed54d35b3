"""The README's commands run, and print what the page shows."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cajajejo import cli
from cajajejo.harness import helm_command
from tests.fakes.kubernetes import FakeKubernetes

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def sessions() -> list[tuple[str, list[str]]]:
    """Every command of the page, with the lines that it shows below it."""
    found: list[tuple[str, list[str]]] = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = re.sub(r" \\\n\s+", " ", part).partition("\n")
            found.append((command, [line for line in shown.splitlines() if line]))
    return found


def run(command: str, folder: Path) -> list[str]:
    """What a command prints, both streams, without empty lines."""
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        shlex.split(command),
        cwd=folder,
        env={**os.environ, "PATH": search},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [line for line in (done.stdout + done.stderr).splitlines() if line]


def test_the_first_command_stands_on_the_first_screen() -> None:
    assert (
        README.splitlines().index(
            "make demo        # any machine with Python 3.11 to 3.14, git and make: real model, real HELM, a verdict"
        )
        < 20
    )


def test_both_make_targets_of_the_page_exist() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert {"demo", "test"} <= set(targets)


def test_two_real_evaluations_are_compared_as_the_page_shows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)  # what is compared is what `make demo` evaluates: tests/data/comparison tells how
    runs = [f"tests/data/comparison/helm/{model}" for model in ("published", "damaged")]
    code = cli.run(cli.app, ["jobs", "evaluation", "compare", *runs], prog_name="cajajejo")
    printed = capsys.readouterr().out.splitlines()
    (shown,) = re.findall(r"^(verdict +metric +A .*?)\n```", README, re.DOTALL | re.MULTILINE)
    *rows, last = filter(None, shown.splitlines())
    assert [row for row in rows if row not in printed] == []
    assert (last[: len(printed[-1])], last.split()[-2:]) == (printed[-1], ["exit", str(int(code))])


def test_validate_prints_what_the_page_shows(tmp_path: Path) -> None:
    command, shown = sessions()[0]
    shutil.copytree(ROOT / "jobs", tmp_path / "jobs")
    assert run(command, tmp_path) == shown


def test_submit_job_prints_what_the_pages_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(ROOT / "jobs", tmp_path / "jobs")
    for git in (
        ["init", "-q"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x"],
    ):
        subprocess.run(["git", *git], cwd=tmp_path, check=True)
    page = (ROOT / "docs" / "clusters.md").read_text("utf-8")
    for text in (README, page):
        (block,) = re.findall(r"```(?:text)?\n\$ (cajajejo jobs evaluation submit-job \\\n.*?)```", text, re.DOTALL)
        command, _, shown = re.sub(r" \\\n\s+", " ", block).partition("\n")
        with FakeKubernetes() as cluster:
            monkeypatch.setenv("KUBECONFIG", str(cluster.kubeconfig(tmp_path / "kubeconfig")))
            printed = "\n".join(run(command, tmp_path))
        assert blurred(printed) == blurred(shown)


def blurred(shown: str) -> list[str]:
    """The lines without what differs each time: names, commits, times, the context; in order of the alphabet."""
    text = re.sub(r"eval-neurips-[a-z]+-[a-z]+-[0-9a-f]{8} *", "NAME ", shown)
    text = re.sub(r"config version [0-9a-f]{12}", "config version SHA", text)
    text = re.sub(r"\d\d:\d\d:\d\d|\d+\.\d s|(?<=^Plan  )[^,]+|(?<=ssd) +", "", text, flags=re.MULTILINE)
    return sorted(filter(None, (line.rstrip() for line in text.splitlines())))


def test_the_evaluation_and_its_verdict_are_what_the_page_shows(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("--readme-commands"):
        pytest.skip("evaluates a real model for a minute: --readme-commands")
    helm_command.PROGRAM.find({})
    for command, shown in sessions()[1:]:
        printed = run(command, ROOT)
        assert [line for line in shown if line not in printed] == []
