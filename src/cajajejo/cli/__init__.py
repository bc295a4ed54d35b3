"""The command line: the tree of commands and the one error boundary."""

from __future__ import annotations

import io
import os
import sys
import time
import traceback
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Final

import typer

from cajajejo import __version__, local_state
from cajajejo.cli import jobs, metrics, model, schema, screen
from cajajejo.cli.groups import group
from cajajejo.cli.options import Color, Quiet, Trace
from cajajejo.errors import CajajejoError, ExitCode

if TYPE_CHECKING:
    from collections.abc import Sequence

_ASKS_ABOUT_US: Final = {"-h", "--help", "--version"}
"""What is answered although the project file is wrong."""
_ANYWHERE: Final = {"--trace": 0, "--quiet": 0, "-q": 0, "--color": 1}

app = group(
    "Evaluate language models, track every run, and hear about it only when a number got worse.",
    "Start here: cajajejo jobs evaluation --help",
    {"Run": ["jobs", "model"], "Judge": ["metrics"], "More": ["schema"]},
)
app.add_typer(jobs.app, name="jobs")
app.add_typer(metrics.app, name="metrics")
app.add_typer(model.app, name="model")
app.command("schema")(schema.schema)


def _show_version(asked: bool) -> None:  # noqa: FBT001  # the signature of the parser
    if asked:
        screen.result(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[  # noqa: ARG001  # its callback does the work
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    trace: Trace = False,
    quiet: Quiet = False,
    color: Color = "auto",
) -> None:
    """Evaluate language models, track every run, and hear about it only when a number got worse.

    Start here: cajajejo jobs evaluation --help
    """
    screen.configure(trace=trace, quiet=quiet, color=color)


def main() -> None:
    """The program ``cajajejo``."""
    sys.exit(run(app, sys.argv[1:], prog_name="cajajejo"))


def run(
    program: typer.Typer,
    arguments: Sequence[str],
    *,
    prog_name: str,
    usage_errors: tuple[type[CajajejoError], ...] = (),
) -> int:
    """Runs a command and returns its exit code: the one place where an error becomes text.

    Args:
        program: the tree of commands.
        arguments: the command line, without the program's name.
        prog_name: the program's name, for help and usage errors.
        usage_errors: errors that count as a wrong command line here (exit code 2).
    """
    screen.ensure_streams()
    as_json = _asks_for_json(arguments)
    screen.configure(trace=False, quiet=False, color="auto", as_json=as_json)
    try:
        if not _ASKS_ABOUT_US.intersection(arguments):
            _take_settings()
        code = program(_switches_first(arguments), prog_name=prog_name, standalone_mode=False)
        sys.stdout.flush()
        return int(code) if isinstance(code, int) else ExitCode.DONE
    except CajajejoError as error:
        _report(error, as_json=as_json)
        return ExitCode.USAGE if isinstance(error, usage_errors) else error.exit_code
    except typer.TyperException as error:
        if as_json:
            screen.error_json({"kind": "UsageError", "message": error.format_message(), "object": None, "run": None})
        else:
            usage = io.StringIO()
            error.show(usage)  # type: ignore[attr-defined]  # every one that the parser raises has it
            screen.draw(usage.getvalue())
        return ExitCode.USAGE
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.DONE
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as error:  # noqa: BLE001  # the boundary: a bug becomes a saved traceback and a sentence
        if isinstance(error, FileNotFoundError) and _is_nowhere():
            _report(CajajejoError("the working directory is gone", run="cd ~"), as_json=as_json)
            return ExitCode.FAILED
        return _report_bug(error, as_json=as_json)


def _asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether ``--json`` is there, or what it is short for: ``--format json``."""
    return not {"--json", "--format=json"}.isdisjoint(arguments) or ("--format", "json") in pairwise(arguments)


def _is_nowhere() -> bool:
    try:
        os.getcwd()  # noqa: PTH109  # whether it is there is all that counts
    except FileNotFoundError:
        return True
    return False


def _take_settings() -> None:
    """Makes the project file's settings what variables are that are not set."""
    from cajajejo.project_file import find_here

    path = find_here(os.environ)
    if path is not None:
        from cajajejo import settings

        for name, value in settings.variables(path).items():
            os.environ.setdefault(name, value)


def _switches_first(arguments: Sequence[str]) -> list[str]:
    """Moves the switches that may stand anywhere to the front; what follows ``--`` stays."""
    front: list[str] = []
    rest: list[str] = []
    queue = list(arguments)
    while queue:
        argument = queue.pop(0)
        if argument == "--":
            return [*front, *rest, argument, *queue]
        name = argument.split("=")[0]
        if name in _ANYWHERE:
            front += [argument, *([queue.pop(0)] if _ANYWHERE[name] and "=" not in argument and queue else [])]
        else:
            rest.append(argument)
    return [*front, *rest]


def _report(error: CajajejoError, *, as_json: bool) -> None:
    trace = "".join(traceback.format_exception(error)) if screen.options().trace else ""
    if as_json:
        screen.draw(trace)
        screen.error_json(error.as_json())
        return
    screen.error(error.lines(), trace)


def _report_bug(error: Exception, *, as_json: bool) -> int:
    path = local_state.DIRECTORY / f"crash-{time.strftime('%Y%m%d-%H%M%S')}.txt"
    text = "".join(traceback.format_exception(error))
    try:
        local_state.prepare()
        path.write_text(text, "utf-8", errors="backslashreplace")
    except OSError:
        screen.draw(text)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    bug = CajajejoError(
        f"this is a bug in cajajejo {__version__}: {type(error).__name__}: {error}",
        facts={"where": f"{frame.filename}:{frame.lineno} in {frame.name}", "details": str(path)},
        run="read that file, then report it with the command that you ran",
    )
    bug.__cause__ = error  # so that --trace shows where it comes from
    _report(bug, as_json=as_json)
    return ExitCode.BUG
