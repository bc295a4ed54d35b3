"""The summary of a job on GitHub, where a command runs in one: ``GITHUB_STEP_SUMMARY`` names its file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo.cli import screen
from cajajejo.errors import printable

if TYPE_CHECKING:
    from collections.abc import Callable

_VARIABLE: Final = "GITHUB_STEP_SUMMARY"
_WORTH_WRITING: Final = 4096
"""A summary with less room than this would tell nothing."""


def append(what: str, page: Callable[[int], str]) -> None:
    """Appends the Markdown that `page` gives for so many bytes; what cannot be written is a warning about `what`."""
    name = os.environ.get(_VARIABLE)
    if not name:
        return
    from cajajejo.markdown_text import SUMMARY_LIMIT

    path = Path(name)
    try:
        taken = path.stat().st_size if path.exists() else 0
        room = SUMMARY_LIMIT - taken - 1
        if room < _WORTH_WRITING:
            screen.warn(f"the summary of this step is full, so that {what} is not in it: {printable(name)}")
            return
        with path.open("a", encoding="utf-8") as file:
            file.write("\n" * bool(taken) + page(room))  # only an empty line ends what may be HTML
    except OSError as error:
        screen.warn(f"the summary of this step cannot be written: {printable(name)}: {error.strerror}")
