"""The project file: weaker than a job config in what a job config says, and wrong in every way that a file can be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from cajajejo import cli
from tests import sending
from tests.builders import write_config, write_run_specs

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str) -> int:
    return cli.run(cli.app, arguments, prog_name="cajajejo")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


ORDER = {
    "the option": (["-n", "option"], "variable", "config", "option"),
    "the variable": ([], "variable", "config", "variable"),
    "the job config": ([], None, "config", "config"),
    "the project file": ([], None, None, "file"),
}


@pytest.mark.parametrize("case", ORDER)
def test_the_namespace_is_the_first_that_is_given(
    case: str, project: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    more, variable, own, expected = ORDER[case]
    (project / "cajajejo.toml").write_text('namespace = "file"\n')
    monkeypatch.setenv("CAJAJEJO_DEFAULT_NAMESPACE", "")  # what the file sets goes when the test goes
    monkeypatch.delenv("CAJAJEJO_DEFAULT_NAMESPACE")
    if variable:
        monkeypatch.setenv("CAJAJEJO_NAMESPACE", variable)
    config = write_config(project, **({"kubernetes_config__namespace": own} if own else {}))
    specs = write_run_specs(project, "mmlu")
    assert run("jobs", "evaluation", "parse-job", str(config), str(specs), "-", *more) == 0
    written = list(yaml.safe_load_all(capsysbinary.readouterr().out))
    assert [document["metadata"].get("namespace") for document in written[:2]] == [expected, expected]


@pytest.mark.parametrize("own", [True, False])
def test_a_job_spec_that_names_its_namespace_keeps_it(
    own: bool,  # noqa: FBT001  # a case
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
) -> None:
    (project / "cajajejo.toml").write_text('namespace = "file"\n')
    monkeypatch.setenv("CAJAJEJO_DEFAULT_NAMESPACE", "")
    monkeypatch.delenv("CAJAJEJO_DEFAULT_NAMESPACE")
    text = sending.spec().text
    (project / "spec.yml").write_text(text if own else text.replace('  namespace: "default"\n', ""))
    arguments = ("submit-job", "--job-spec-path", "spec.yml", "--config-version", "v2", "--dry-run=client")
    assert run("jobs", "evaluation", *arguments) == 0
    assert capsysbinary.readouterr().err.startswith(b"Plan")


@pytest.mark.parametrize("name", ["A", "a.b", "../x", "-x", "\udcff"])
def test_a_namespace_that_can_be_none_is_a_usage_error(
    name: str, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = sending.spec().text.replace('  namespace: "default"\n', "")
    (project / "spec.yml").write_text(text)
    assert run("jobs", "evaluation", "submit-job", "--job-spec-path", "spec.yml", f"--namespace={name}") == 2
    assert "Error: --namespace: not a name" in capsys.readouterr().err


WRONG = {
    "NUL": ('context = "a\\u0000"', "cajajejo.toml", "context: holds the character NUL"),
    "NUL in a path": ('templates = "a\\u0000"', "cajajejo.toml", "templates: holds the character NUL"),
    "deep": ("a = " + "[" * 5000, "cajajejo.toml", "not well-formed TOML: "),
    "no section": ('tool = "[tool.cajajejo]"\nx =', "pyproject.toml", "not well-formed TOML: "),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_project_file_that_is_wrong_is_told(case: str, project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text, name, message = WRONG[case]
    (project / name).write_text(text)
    assert run("schema") == 1
    assert capsys.readouterr().err.startswith(f"{project / name}: {message}")


def test_a_pyproject_without_the_section_is_none(project: Path) -> None:
    (project / "pyproject.toml").write_text('tool = "[tool.cajajejo]"\n')
    assert run("schema") == 0


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["jobs", "evaluation", "submit-job", "-h"]])
def test_help_is_there_although_the_project_file_is_wrong(arguments: list[str], project: Path) -> None:
    (project / "cajajejo.toml").write_text("profile =")
    assert run(*arguments) == 0
