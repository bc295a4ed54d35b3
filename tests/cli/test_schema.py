"""``cajajejo schema``: the list, one schema, and all of them as files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cajajejo import schemas
from cajajejo.cli import app, run, screen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    screen.configure(trace=False, quiet=False, color="auto", as_json=False)


def schema(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """The exit code of the command, and what it printed on stdout and stderr."""
    code = run(app, ["schema", *arguments], prog_name="cajajejo")
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_without_a_name_the_schemas_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = schema(capsys)
    rows = [line.split(maxsplit=1) for line in out.splitlines()]
    assert (code, err, rows[0]) == (0, "", ["name", "is the schema of"])
    assert rows[1:] == [[name, published.title] for name, published in schemas.PUBLISHED.items()]


def test_the_list_for_scripts_names_the_files(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = schema(capsys, "--json")
    (listed,) = json.loads(out).values()
    assert (code, err, [one["name"] for one in listed]) == (0, "", list(schemas.PUBLISHED))
    assert listed[1] == {"name": "metrics", "title": "Metric configuration", "file": "metrics.schema.json"}


@pytest.mark.parametrize("switches", [(), ("--json",)])
@pytest.mark.parametrize("name", schemas.PUBLISHED)
def test_a_name_prints_the_schema_as_it_stands_in_its_file(
    name: str, switches: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert schema(capsys, name, *switches) == (0, schemas.text(name), "")


def test_all_are_written_into_a_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = schema(capsys, "--all", "-o", "made/here")
    names = [f"{name}.schema.json" for name in schemas.PUBLISHED]
    assert (code, out, err) == (0, "", "".join(f"wrote made/here/{name}\n" for name in names))
    assert sorted(path.name for path in (tmp_path / "made" / "here").iterdir()) == sorted(names)
    assert (tmp_path / "made" / "here" / "check.schema.json").read_text("utf-8") == schemas.text("check")


def test_all_for_scripts_is_one_document_with_the_paths(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = schema(capsys, "--all", "--output", "here", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out) == {"files": [f"here/{name}.schema.json" for name in schemas.PUBLISHED]}


@pytest.mark.parametrize("arguments", [("--all",), ("-o", "x"), ("check", "-o", "x"), ("check", "--all", "-o", "x")])
def test_all_and_a_directory_belong_together(
    arguments: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = schema(capsys, *arguments)
    assert (code, out, list(tmp_path.iterdir())) == (2, "", [])
    assert err == "Error: --all and -o DIR belong together, without NAME\nRun: cajajejo schema --all -o schemas\n"


def test_a_name_that_is_not_there_is_a_usage_error_with_a_guess(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = schema(capsys, "result-line")
    assert (code, out, err.splitlines()[:2]) == (
        2,
        "",
        ["Error: no schema is called result-line", "  meant       results-line?"],
    )


def test_a_directory_that_cannot_be_written_to_is_an_expected_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = schema(capsys, "--all", "-o", "file/x")
    assert (code, err) == (1, "Error: file/x cannot be written to: Not a directory\n")
