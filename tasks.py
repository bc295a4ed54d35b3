"""Tasks for `invoke`: each prints the command that it runs, and runs it.

Start with `invoke --list`.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from invoke.tasks import task

if TYPE_CHECKING:
    from invoke.context import Context


def run(context: Context, *command: str) -> None:
    """Prints and runs a command that shares the terminal."""
    line = shlex.join(command)
    print(line)  # noqa: T201  # a task shows what it does
    context.run(line, pty=False)


@task
def update_pip(context: Context) -> None:
    """Update pip in this environment."""
    run(context, "python", "-m", "pip", "install", "--upgrade", "pip")


@task(help={"extras": "extras of cajajejo to install, separated by commas"})
def install_dependencies(context: Context, extras: str = "evaluation") -> None:
    """Install the project with the given extras, and what its tests need."""
    flags = [part for extra in extras.split(",") for part in ("-E", extra)]
    run(context, "poetry", "install", *flags)


@task
def demo(context: Context) -> None:
    """Evaluate a real model with a real harness, and see a damaged one caught."""
    run(context, "make", "demo")


@task
def test(context: Context) -> None:
    """Run every test."""
    run(context, "make", "test")


@task
def lint(context: Context) -> None:
    """Check formatting, lint, types and the layers."""
    run(context, "make", "lint")


@task
def docs(context: Context) -> None:
    """Write docs/cli.md anew from the commands."""
    run(context, "make", "docs")
