"""Text that would move the cursor, colour or retitle a terminal, or make a line of its own: shown as an escape."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from cajajejo import cli
from cajajejo.errors import Problem
from tests import sending
from tests.builders import write_config, write_run_specs

if TYPE_CHECKING:
    from pathlib import Path

EVIL = "a\x1b]0;x\x07\x1b[31m\u202e\x9b\r\nb.yml:1: c: d"
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")


def shown(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Everything that a command of evaluation printed."""
    cli.run(cli.app, ["jobs", "evaluation", *arguments], prog_name="cajajejo")
    printed = capsys.readouterr()
    return printed.out + printed.err


def test_a_problem_is_one_line_whatever_it_is_about() -> None:
    problem = Problem("a\x1b.yml", f"message {EVIL}", path="k\ney", line=3, hint="one\ntwo\x1b")
    assert problem.lines() == [
        "a\\x1b.yml:3: k\\ney: message a\\x1b]0;x\\x07\\x1b[31m\\u202e\\x9b\\r\\nb.yml:1: c: d",
        "    one\\ntwo\\x1b",
    ]


@pytest.mark.parametrize("command", ["validate", "parse-job"])
def test_a_warning_about_a_config_is_harmless(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write_config(tmp_path, model_config={"gs_uri": f"gs://bucket/{EVIL}"})
    more = [str(tmp_path / "out.yml")] * (command == "parse-job")
    told = shown(capsys, command, str(config), str(write_run_specs(tmp_path, "mmlu")), *more)
    assert "the model is huggingface/tiny, the job config's is huggingface/a\\x1b" in told
    assert CONTROL.search(told) is None
    assert "\nb.yml:1: c: d" not in told


@pytest.mark.parametrize("section", ["image", "kind", "key"])
def test_a_job_spec_of_somebody_else_is_harmless(
    section: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    documents = json.loads(json.dumps(sending.spec().documents))
    if section == "image":
        documents[0]["spec"]["template"]["spec"]["containers"][0]["image"] = EVIL
    elif section == "kind":
        documents[1]["kind"] = EVIL
    else:
        documents[0]["spec"][EVIL] = 1
    spec = tmp_path / "spec.yml"
    spec.write_text("\n---\n".join(map(json.dumps, documents)))
    told = shown(capsys, "validate", str(spec)) + shown(
        capsys, "submit-job", "--dry-run=client", "--job-spec-path", str(spec)
    )
    assert CONTROL.search(told) is None


@pytest.mark.parametrize("name", ["o\x1b[31m.yml", "o\udcff.yml"])
def test_a_path_is_shown_whatever_its_characters(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / name
    told = shown(capsys, "parse-job", str(sending.CONFIG), str(sending.RUN_SPECS), str(output))
    assert output.is_file()
    assert CONTROL.search(told) is None
    assert told.startswith(f"wrote {tmp_path}/o\\")
