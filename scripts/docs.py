"""Writes docs/cli.md from the commands themselves.

.venv/bin/python scripts/docs.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cajajejo import cli
from cajajejo.errors import EXIT_CODES

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).resolve().parent.parent / "docs" / "cli.md"
HEAD = """# All commands

This page is made from the code by `make docs`; a test fails when it is out of date.

Results go to stdout, everything else to stderr. `--trace`, `--quiet` and `--color` may stand anywhere on the line.

## Exit codes

| code | name | when |
|---|---|---|
"""
WIDTH = 96


def commands(command: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group below `command`, with its path, depth first."""
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


def help_of(path: tuple[str, ...]) -> str:
    """What the command at `path` prints for ``--help``, laid out for the page."""
    command: Any = typer.main.get_command(cli.app)
    context: Any = None
    for name in path:
        command = command if context is None else command.commands[name]
        context = command.make_context(name, [], parent=context, resilient_parsing=True)
        context.terminal_width = context.max_content_width = WIDTH
    return str(command.get_help(context)).strip()


def page() -> str:
    """The whole page."""
    rows = "".join(f"| {int(code)} | {code.name.lower()} | {meaning} |\n" for code, meaning in EXIT_CODES.items())
    parts = [HEAD + rows]
    for path, _ in commands(typer.main.get_command(cli.app), ("cajajejo",)):
        parts.append(f"## `{' '.join(path)}`\n\n```text\n{help_of(path)}\n```\n")
    return "\n".join(parts)


def main() -> int:
    """Writes the page, or with ``--check`` says whether it is up to date."""
    text = page()
    if "--check" in sys.argv[1:]:
        if PAGE.read_text("utf-8") == text:
            return 0
        print("docs/cli.md is out of date. Run: make docs", file=sys.stderr)
        return 1
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
