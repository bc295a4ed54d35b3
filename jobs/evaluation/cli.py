"""The program of the evaluation image: `python3 cli.py [--trace] evaluate [--local]`, `python3 cli.py test`.

A thin door to the code that `cajajejo jobs evaluation run` uses on a laptop. Here the command line is the environment
and the two mounted files, so a mistake in one of them is a usage error: exit code 2, which no retry can cure.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import typer

from cajajejo import cli
from cajajejo.cli import running, screen
from cajajejo.cli.options import Local, Trace, group
from cajajejo.errors import ExitCode, FileProblemsError, SanityError

CONFIG = Path(os.environ.get("CAJAJEJO_EVAL_CONFIG", "/etc/configs/eval_config.yml"))
RUN_SPECS = Path(os.environ.get("CAJAJEJO_RUN_SPECS", "/etc/configs/run_specs.conf"))
MEANING = {
    ExitCode.DONE: "evaluated and tracked",
    ExitCode.FAILED: "something outside failed; the job may be tried again",
    ExitCode.USAGE: "environment, config or run specs are wrong; trying again does not help",
    ExitCode.BUG: "a bug",
    ExitCode.INCONCLUSIVE: "partial: some scenarios failed, the others are kept and tracked",
    ExitCode.INTERRUPTED: "interrupted; what is finished is kept",
    ExitCode.TERMINATED: "stopped by SIGTERM; what is finished is kept",
}

app = group("The evaluation job, inside its image.", "Example: python3 cli.py --trace evaluate")


@app.callback()
def root(trace: Trace = False) -> None:
    """The evaluation job, inside its image.

    Example: python3 cli.py --trace evaluate
    """
    screen.configure(trace=trace)


@app.command()
def evaluate(local: Local = False) -> int:
    """Evaluate the model of /etc/configs/eval_config.yml with HELM and track the results.

    Example: python3 cli.py evaluate --local
    """
    return running.evaluate_mounted(CONFIG, RUN_SPECS, local=local)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def test(context: typer.Context) -> int:
    """Run the image's own tests; arguments after -- go to pytest.

    Example: python3 cli.py test -- -q
    """
    tests = Path(__file__).parent / "tests"
    return subprocess.run([sys.executable, "-m", "pytest", tests, *context.args], check=False).returncode  # noqa: S603


def main(arguments: list[str]) -> int:
    """Runs a command; the last line that it prints is the meaning of the exit code."""
    code = cli.run(app, arguments, prog_name="cli.py", usage_errors=(FileProblemsError, SanityError))
    if "evaluate" in arguments and not {"--help", "-h", "test"} & set(arguments):
        screen.say(f"exit code {code}: {MEANING[ExitCode(code)]}")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
