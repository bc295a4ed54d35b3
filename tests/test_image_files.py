"""The files that images are built from agree with what they repeat, and with what they leave out."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib

import pytest

from tests.builders import ROOT

EVALUATION = (ROOT / "evaluation.Dockerfile").read_text("utf-8")
MLFLOW = (ROOT / "mlflow-skinny.Dockerfile").read_text("utf-8")


def requirements(*names: str) -> list[str]:
    command = [sys.executable, str(ROOT / "scripts" / "image_requirements.py"), str(ROOT), *names]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()


def locked() -> dict[str, str]:
    lock = tomllib.loads((ROOT / "poetry.lock").read_text("utf-8"))
    return {package["name"]: package["version"] for package in lock["package"]}


def test_the_image_and_the_environment_of_this_checkout_have_one_torch() -> None:
    setup = (ROOT / "scripts" / "environments.py").read_text("utf-8")
    torch = re.findall(r'^TORCH = "(.+)"$', setup, re.MULTILINE)
    assert re.findall(r"^ARG TORCH=(.+)$", EVALUATION, re.MULTILINE) == torch


def test_tables_of_nltk_are_those_of_the_environment_of_this_checkout() -> None:
    setup = (ROOT / "scripts" / "environments.py").read_text("utf-8")
    tables = re.findall(r'"(\w+\.(?:txt|tab))"', setup)
    assert tables
    assert all(table in EVALUATION for table in tables)


def test_every_package_of_the_extra_is_installed_in_its_locked_version_and_no_tool_of_development() -> None:
    lines = requirements()
    names = {re.split(r"==| ;", line)[0] for line in lines}
    assert {"mlflow", "pydantic", "typer", "tensorboard", "kubernetes", "gitpython", "pytest", "pluggy"} <= names
    assert not {"mypy", "ruff", "hypothesis", "coverage"} & names
    versions = locked()
    assert [line.partition(" ;")[0] for line in lines] == [f"{name}=={versions[name]}" for name in sorted(names)]
    assert "extra ==" not in "\n".join(lines)


def test_the_image_of_the_init_container_needs_neither_mlflow_itself_nor_what_it_brings() -> None:
    names = {re.split(r"==| ;", line)[0] for line in requirements("mlflow-skinny", "google-cloud-storage")}
    assert {"mlflow-skinny", "google-cloud-storage", "google-auth", "requests", "pydantic"} <= names
    assert not {"mlflow", "pandas", "scipy", "pyarrow", "sqlalchemy"} & names


@pytest.mark.parametrize("text", [EVALUATION, MLFLOW], ids=["evaluation", "mlflow"])
def test_an_image_copies_only_what_the_context_lets_in(text: str) -> None:
    allowed = re.findall(r"^!([^\s*]+)", (ROOT / ".dockerignore").read_text("utf-8"), re.MULTILINE)
    sources = [
        word.rstrip("*/") for line in re.findall(r"^COPY (?!--)(.+) \S+$", text, re.MULTILINE) for word in line.split()
    ]
    assert sources
    assert [
        source for source in sources if not any(f"{source}/".startswith(f"{a.rstrip('/')}/") for a in allowed)
    ] == []


@pytest.mark.parametrize("text", [EVALUATION, MLFLOW], ids=["evaluation", "mlflow"])
def test_an_image_runs_as_a_user_that_a_restricted_pod_accepts(text: str) -> None:
    users = re.findall(r"^USER (.+)$", text, re.MULTILINE)
    assert users == ["1000:1000"]
    assert text.index("\nUSER ") > text.index("\nCOPY --from")
