"""The program of the evaluation image: `python3 cli.py [--trace] evaluate [--local]`, `python3 cli.py test`.

A thin door to the code that `cajajejo jobs evaluation run` uses on a laptop. Here the command line is the environment
and the two mounted files, so a mistake in one of them is a usage error: exit code 2, which no retry can cure.
"""

# ruff: noqa: E402  # what comes before the imports is there for the seconds that these take

from __future__ import annotations

import os
import signal
import sys


def _too_early(_number: int, _frame: object) -> None:
    """Ends what was told to end before it began: the first process of a container would not hear it otherwise."""
    sentence = "exit code 143: stopped by SIGTERM; nothing was begun"
    entry = f'{{"severity": "ERROR", "message": "{sentence}", "exit_code": 143}}'
    try:
        os.write(1, f"{sentence if '--local' in sys.argv else entry}\n".encode())
    finally:
        os._exit(143)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _too_early)

import subprocess
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cajajejo import cli
from cajajejo.cli import pod_output, running, screen
from cajajejo.cli.groups import group
from cajajejo.cli.options import Local, Trace
from cajajejo.errors import ExitCode, FileProblemsError, NotTrackedError, SanityError

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = Path(os.environ.get("CAJAJEJO_EVAL_CONFIG", "/etc/configs/eval_config.yml"))
RUN_SPECS = Path(os.environ.get("CAJAJEJO_RUN_SPECS", "/etc/configs/run_specs.conf"))
SCRATCH = Path(os.environ.get("CAJAJEJO_SCRATCH", "/scratch"))
MEANING = {
    ExitCode.DONE: "evaluated and tracked",
    ExitCode.FAILED: "something outside failed; the job may be tried again",
    ExitCode.USAGE: "environment, config or run specs are wrong; trying again does not help",
    ExitCode.BUG: "a bug",
    ExitCode.INCONCLUSIVE: "partial: some scenarios failed, the others are kept and tracked",
    ExitCode.INTERRUPTED: "interrupted; what is finished is kept",
    ExitCode.TERMINATED: "stopped by SIGTERM; what is finished is kept",
}
KEPT: list[NotTrackedError] = []
"""Of an evaluation that could not be tracked: what its last line is made of."""

app = group("The evaluation job, inside its image.", "Example: python3 cli.py --trace evaluate")


@app.callback()
def root(trace: Trace = False) -> None:
    """The evaluation job, inside its image.

    Example: python3 cli.py --trace evaluate
    """
    screen.configure(trace=trace)


@app.command()
def evaluate(local: Local = False) -> int:
    """Evaluate the model of /etc/configs/eval_config.yml and track the results.

    Example: python3 cli.py evaluate --local
    """
    try:
        return running.evaluate_mounted(CONFIG, RUN_SPECS, SCRATCH, local=local)
    except NotTrackedError as error:
        KEPT.append(error)
        raise


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> int:
    """Run the image's own tests; arguments after -- go to pytest.

    Example: python3 cli.py test -- -q
    """
    tests = Path(__file__).parent / "tests"
    return subprocess.run([sys.executable, "-m", "pytest", tests, *context.args], check=False).returncode  # noqa: S603


def main(arguments: list[str]) -> int:
    """Runs a command; the last line that an evaluation says is the meaning of its exit code."""
    if "evaluate" not in arguments or {"--help", "-h", "test"} & set(arguments):
        return _run(arguments)
    plain = "--local" in arguments or (sys.stdout is not None and sys.stdout.isatty())
    with nullcontext() if plain else pod_output.opened(os.environ) as log, _sigterm_heard() as terminated:
        try:
            code = _run(arguments)
        except KeyboardInterrupt:  # a second signal, while the first one was told
            code = ExitCode.INTERRUPTED
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if code == ExitCode.INTERRUPTED and terminated:
            code = ExitCode.TERMINATED
        sentence = f"exit code {code}: {_kept(KEPT.pop()) if KEPT else MEANING[ExitCode(code)]}"
        if log is None:
            screen.say(sentence)
        else:
            log("INFO" if code == ExitCode.DONE else "ERROR", sentence, exit_code=code)
    return code


def _kept(error: NotTrackedError) -> str:
    """The last line about results that are not tracked: where they are, and what finishes the work."""
    run = "".join(f". Run: {command}" for command in error.run)
    return f"{error.message}; kept in {error.facts['kept']}{run}"


def _run(arguments: list[str]) -> int:
    return cli.run(app, arguments, prog_name="cli.py", usage_errors=(FileProblemsError, SanityError))


@contextmanager
def _sigterm_heard() -> Iterator[list[int]]:
    """Lets SIGTERM end a command as Ctrl-C does: the first process of a container would not hear it otherwise."""
    received: list[int] = []

    def end(number: int, _frame: object) -> None:
        received.append(number)
        if len(received) == 1:  # what it interrupts is over soon, and ends in order
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield received
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN if before is _too_early else before)


if __name__ == "__main__":
    exit_code = main(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(exit_code)  # no thread that still waits for a server is waited for, and nothing comes after the last line
