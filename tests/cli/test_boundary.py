"""The one place where an error becomes text: exit codes, switches that stand anywhere, errors for scripts, crashes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import __version__, cli
from cajajejo.cli import screen
from cajajejo.cli.groups import group
from cajajejo.cli.options import AsJson  # noqa: TC001  # the parser reads annotations at run time
from cajajejo.errors import (
    CajajejoError,
    ExitCode,
    FileProblemsError,
    InterruptedRunError,
    Problem,
    SanityError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import typer

AWAY = CajajejoError("it is away: x\x1b[2J", facts={"tried": "3 times"}, run=["first", "second"])
MAIN = "from cajajejo.cli import main; main()"
WRONG = FileProblemsError([Problem("c.yml", "required, and not there", path="image", line=3)])


@pytest.fixture(autouse=True)
def in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    yield
    screen.configure(trace=False, quiet=False, color="auto", as_json=False)


def program(ends_with: BaseException | int | None = None) -> typer.Typer:
    """A program with the one command ``work``, which ends as it is told."""
    app = group("A program.", "Example: program work")
    app.callback()(cli.root)

    @app.command()
    def work(as_json: AsJson = False) -> int | None:
        """Work."""
        screen.say(f"working {screen.options().trace} {screen.options().quiet} {screen.options().color} {as_json}")
        if isinstance(ends_with, BaseException):
            raise ends_with
        return ends_with

    return app


def run(ends_with: BaseException | int | None, *arguments: str, **changes: Any) -> int:
    return cli.run(program(ends_with), ["work", *arguments], prog_name="program", **changes)


@pytest.mark.parametrize(
    ("ends_with", "code"),
    [
        (None, 0),
        (0, 0),
        (4, 4),
        (5, 5),
        (AWAY, 1),
        (WRONG, 1),
        (SanityError("x"), 1),
        (UsageError("x"), 2),
        (InterruptedRunError("x", run="y"), 130),
        (InterruptedRunError("x", run="y", terminated=True), 143),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError(), 3),
    ],
    ids=repr,
)
def test_how_a_command_ends_is_its_exit_code(ends_with: BaseException | int | None, code: int) -> None:
    assert run(ends_with) == code


def test_errors_may_count_as_a_wrong_command_line() -> None:
    kinds = (FileProblemsError, SanityError)
    assert [run(error, usage_errors=kinds) for error in (WRONG, SanityError("x"), AWAY)] == [2, 2, 1]


def test_an_error_is_text_on_stderr_that_cannot_steer_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    run(AWAY, "--quiet")
    assert tuple(capsys.readouterr()) == (
        "",
        "Error: it is away: x\\x1b[2J\n  tried       3 times\nRun: first\n     second\n",
    )


def test_an_error_for_scripts_is_one_object_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(AWAY, "--json", "--quiet") == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert json.loads(err) == {
        "error": {
            "kind": "CajajejoError",
            "message": "it is away: x\x1b[2J",
            "object": {"tried": "3 times"},
            "run": ["first", "second"],
        }
    }


def test_problems_for_scripts_are_a_list(capsys: pytest.CaptureFixture[str]) -> None:
    run(WRONG, "--json", "--quiet")
    (problem,) = json.loads(capsys.readouterr().err)["error"]["problems"]
    assert problem == {
        "file": "c.yml",
        "line": 3,
        "path": "image",
        "message": "required, and not there",
        "hint": None,
        "level": "error",
    }


def test_a_wrong_command_line_for_scripts_is_an_object_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(None, "--no-such", "--json") == 2
    assert json.loads(capsys.readouterr().err)["error"] == {
        "kind": "UsageError",
        "message": "No such option: --no-such",
        "object": None,
        "run": None,
    }


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["work"], "working False False auto False"),
        (["work", "--trace"], "working True False auto False"),
        (["--trace", "work"], "working True False auto False"),
        (["work", "--trace", "--color", "never"], "working True False never False"),
        (["work", "--color=always"], "working False False always False"),
        (["--color", "always", "work"], "working False False always False"),
    ],
)
def test_a_switch_may_stand_anywhere(arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(program(), arguments, prog_name="program") == 0
    assert capsys.readouterr().err == f"{expected}\n"


@pytest.mark.parametrize("switch", ["-q", "--quiet"])
def test_quiet_may_stand_anywhere_and_is_quiet(switch: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(program(), ["work", switch], prog_name="program") == 0
    assert tuple(capsys.readouterr()) == ("", "")


def test_what_follows_two_dashes_stays_there() -> None:
    front = cli._switches_first(["work", "--color", "never", "--", "--trace", "--color"])
    assert front == ["--color", "never", "work", "--", "--trace", "--color"]
    assert cli._switches_first(["work", "--color"]) == ["--color", "work"]


def test_a_switch_may_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAJAJEJO_TRACE", "1")
    monkeypatch.setenv("CAJAJEJO_COLOR", "never")
    run(None)
    assert capsys.readouterr().err == "working True False never False\n"
    run(None, "--color", "always")
    assert capsys.readouterr().err == "working True False always False\n"


def test_trace_shows_the_traceback_of_an_expected_error(capsys: pytest.CaptureFixture[str]) -> None:
    run(AWAY)
    assert "Traceback" not in capsys.readouterr().err
    run(AWAY, "--trace")
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_a_bug_is_a_sentence_and_a_file_with_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ZeroDivisionError("of ours")) == 3
    err = capsys.readouterr().err.splitlines()
    (crash,) = (tmp_path / ".cajajejo").glob("crash-*.txt")
    assert err[0] == "working False False auto False"
    assert err[1] == f"Error: this is a bug in cajajejo {__version__}: ZeroDivisionError: of ours"
    assert err[2].startswith(f"  where       {__file__}:")
    assert err[3:] == [
        f"  details     .cajajejo/{crash.name}",
        "Run: read that file, then report it with the command that you ran",
    ]
    assert "ZeroDivisionError: of ours" in crash.read_text()
    assert crash.read_text().startswith("Traceback (most recent call last)")


def test_a_bug_for_scripts_is_an_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ZeroDivisionError("of ours"), "--json", "--quiet") == 3
    error = json.loads(capsys.readouterr().err)["error"]
    assert error["message"] == f"this is a bug in cajajejo {__version__}: ZeroDivisionError: of ours"


def test_a_bug_where_nothing_can_be_written_shows_all_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / ".cajajejo").write_text("a file where the directory should be")
    assert run(ZeroDivisionError("of ours")) == 3
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_an_unknown_command_is_told_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(cli.app, ["jobs", "evaluation", "rum"], prog_name="cajajejo") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "No such command 'rum'" in err
    assert "run" in err.partition("No such command")[2].partition("Did you mean")[2]


def test_a_bare_group_shows_its_help_on_stderr_and_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(cli.app, [], prog_name="cajajejo") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Usage: cajajejo [OPTIONS] COMMAND [ARGS]...")


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["jobs", "evaluation", "run", "-h"]])
def test_help_that_was_asked_for_goes_to_stdout(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(cli.app, arguments, prog_name="cajajejo") == 0
    out, err = capsys.readouterr()
    assert (out.startswith("Usage: cajajejo"), err) == (True, "")


def test_the_version_is_all_that_version_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(cli.app, ["--version"], prog_name="cajajejo") == 0
    assert tuple(capsys.readouterr()) == (f"{__version__}\n", "")


def test_the_program_ends_with_the_code(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-c",
        "from cajajejo.cli import main; main()",
        "jobs",
        "evaluation",
        "run",
        "a",
        "b",
        "--local",
    ]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith(("2 problems in 2 files", "Run: "))


def into_a_closed_pipe(code: str, *arguments: str, **environ: str) -> tuple[int, str]:
    """The exit code and stderr of a Python program whose stdout nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            env={**env, **environ},
            check=False,
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(writer)
    return done.returncode, done.stderr


MUCH = """
import sys
from cajajejo import cli
from cajajejo.cli import screen
from cajajejo.cli.groups import group
app = group("x", "y")
app.callback()(cli.root)
@app.command()
def much():
    screen.result(*["x" * 100] * 10000)
sys.exit(cli.run(app, ["much"], prog_name="x"))
"""


def test_a_closed_pipe_ends_quietly() -> None:
    assert into_a_closed_pipe(MAIN, "--version") == (0, "")


@pytest.mark.parametrize(
    ("code", "arguments", "environ"),
    [(MUCH, [], {}), (MAIN, ["--version"], {"PYTHONUNBUFFERED": "1"})],
    ids=["much output", "unbuffered"],
)
def test_a_pipe_that_is_closed_while_a_command_prints_ends_quietly(
    code: str, arguments: list[str], environ: dict[str, str]
) -> None:
    assert into_a_closed_pipe(code, *arguments, **environ) == (0, "")


@pytest.mark.parametrize("asked", [["--format", "json"], ["--format=json"], ["--json"]])
def test_an_error_is_json_where_the_result_would_be(asked: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.run(cli.app, ["jobs", "evaluation", "compare", "nothing", "here", *asked], prog_name="cajajejo")
    error = json.loads(capsys.readouterr().err)["error"]
    assert (code, error["kind"]) == (ExitCode.FAILED, "NoResultsError")
