"""The project file: found upward, told strictly, and weaker than a variable or an option."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cajajejo import cli, settings
from cajajejo.errors import FileProblemsError
from cajajejo.project_file import find
from tests.builders import write_config, write_run_specs

WHOLE = """
profile = "eks"
namespace = "evaluation"
context = "staging"
templates = "site/templates"
history = "sqlite:///history.db"
log_source = "pods"

[gcp]
project = "p"
location = "europe-west4"
cluster = "c"
"""


def test_the_nearest_file_upward_counts_as_far_as_the_root_of_the_repository(tmp_path: Path) -> None:
    inner = tmp_path / "repository" / "jobs"
    inner.mkdir(parents=True)
    outside = tmp_path / "cajajejo.toml"
    outside.write_text("")
    assert find(inner, {}) == outside
    (tmp_path / "repository" / ".git").mkdir()
    assert find(inner, {}) is None
    project = tmp_path / "repository" / "pyproject.toml"
    project.write_text("[project]\nname = 'x'\n")
    assert find(inner, {}) is None
    project.write_text('[tool.cajajejo]\nprofile = "kind"\n')
    assert find(inner, {}) == project
    own = tmp_path / "repository" / "cajajejo.toml"
    own.write_text("")
    assert find(inner, {}) == own
    assert find(inner, {"CAJAJEJO_CONFIG": ""}) is None
    assert find(inner, {"CAJAJEJO_CONFIG": "other.toml"}) == Path("other.toml")


def test_settings_become_the_variables_that_options_read(tmp_path: Path) -> None:
    path = tmp_path / "cajajejo.toml"
    path.write_text(WHOLE)
    assert settings.variables(path) == {
        "CAJAJEJO_PROFILE": "eks",
        "CAJAJEJO_DEFAULT_NAMESPACE": "evaluation",
        "CAJAJEJO_CONTEXT": "staging",
        "CAJAJEJO_TEMPLATES": str(tmp_path / "site" / "templates"),
        "CAJAJEJO_HISTORY": "sqlite:///history.db",
        "CAJAJEJO_LOG_SOURCE": "pods",
    }
    assert settings.load(path).gcp == settings.Gcp(project="p", location="europe-west4", cluster="c")


def test_the_section_of_pyproject_is_read(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text('[project]\nname = "x"\n[tool.cajajejo]\nprofile = "kind"\n')
    assert settings.variables(path) == {"CAJAJEJO_PROFILE": "kind"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('profil = "eks"', "profil: unknown field"),
        ("profile = 1.5x", "not well-formed TOML"),
        ('[gcp]\nproject = "p"', "gcp.location: required, and not there"),
        ('log_source = "pod"', "log_source: "),
        ('namespace = "Not A Name"', "namespace: not a name (a DNS label): 'Not A Name'"),
    ],
)
def test_a_mistake_is_told(tmp_path: Path, text: str, line: str) -> None:
    path = tmp_path / "cajajejo.toml"
    path.write_text(text)
    with pytest.raises(FileProblemsError) as caught:
        settings.load(path)
    assert any(line in told for told in caught.value.lines())


def test_a_file_that_is_named_and_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileProblemsError, match="1 problem"):
        settings.load(tmp_path / "none.toml")
    with pytest.raises(FileProblemsError, match="1 problem"):
        settings.load(tmp_path)


def test_an_option_comes_before_a_variable_and_a_variable_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    config, specs = write_config(tmp_path), write_run_specs(tmp_path, "a")
    (tmp_path / "cajajejo.toml").write_text('profile = "eks"\n')
    monkeypatch.chdir(tmp_path)

    def profile(*more: str) -> str:
        monkeypatch.delenv("CAJAJEJO_PROFILE", raising=False)
        arguments = ["jobs", "evaluation", "validate", str(config), str(specs)]
        assert cli.run(cli.app, [*arguments, *more], prog_name="cajajejo") == 0
        return capsys.readouterr().out.partition("(evaluation v4, ")[2].partition(",")[0]

    assert profile() == "eks"
    assert profile("--profile", "kind") == "kind"
    os.environ["CAJAJEJO_PROFILE"] = "aks"
    assert cli.run(cli.app, ["jobs", "evaluation", "validate", str(config)], prog_name="cajajejo") == 0
    assert "aks" in capsys.readouterr().out
