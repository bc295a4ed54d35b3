"""The page about comparing: its commands print what it shows, its policy is valid, and its Python runs."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cajajejo import gate_policy

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "comparing.md"
PAGE = FILE.read_text("utf-8")


def sessions() -> list[tuple[str, str]]:
    """Every command of the page, and what it shows below."""
    blocks = re.findall(r"```console\n\$ ((?:[^\n]*\\\n)*[^\n]*)\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == PAGE.count("```console")
    return blocks


@pytest.mark.parametrize(("command", "shown"), sessions())
def test_a_command_of_the_page_prints_what_the_page_shows(command: str, shown: str) -> None:
    search = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": search, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environ, capture_output=True, encoding="utf-8", check=False
    )
    assert done.stdout == shown


def test_the_policy_of_the_page_is_valid_and_shows_every_field(tmp_path: Path) -> None:
    [text] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    file = tmp_path / "page.policy.yml"
    file.write_text(text, "utf-8")
    policy = gate_policy.load(file)
    shown = {name for rule in policy.rules for name in rule.model_fields_set}
    assert shown | {"max_value"} == set(gate_policy.Rule.model_fields)
    assert policy.model_fields_set == set(gate_policy.GatePolicy.model_fields)


def test_the_python_of_the_page_runs() -> None:
    [text] = re.findall(r"```pycon\n(.*?)```", PAGE, re.DOTALL)
    runner = doctest.DocTestRunner()
    runner.run(doctest.DocTestParser().get_doctest(text, {}, FILE.name, str(FILE), 0))
    assert runner.summarize(verbose=False).failed == 0
