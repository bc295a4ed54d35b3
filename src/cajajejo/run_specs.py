"""HELM's run specs: a file of HELM's own format that travels byte for byte."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cajajejo import quoting
from cajajejo.errors import FileProblemsError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_CONFIG_MAP_BYTES: Final = 1024 * 1024
"""What a ConfigMap holds, values together."""


def read(path: Path) -> str:
    """The run specs in `path`, every character as it is.

    Raises:
        FileProblemsError: the file is missing, unreadable, empty, not UTF-8, holds a NUL, is a job config, or fits no
            ConfigMap.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_CONFIG_MAP_BYTES + 1)
        text = data.decode() if len(data) <= MAX_CONFIG_MAP_BYTES else None
    except FileNotFoundError as error:
        raise _problem(path, "no such file") from error
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _problem(path, f"not UTF-8 text (byte {error.start})", line) from error
    except OSError as error:
        raise _problem(path, f"cannot be read: {error.strerror}") from error
    if text is None:
        raise _problem(path, f"too large for a ConfigMap, which holds {MAX_CONFIG_MAP_BYTES} bytes")
    if not text:
        raise _problem(path, "the file is empty; it should hold run specs")
    problem = quoting.problem_of(text)
    if problem:
        raise _problem(path, problem, text.count("\n", 0, text.index("\0")) + 1)
    if (section := _SECTION.search(text)) and not _ENTRIES.search(text):
        line = text.count("\n", 0, section.start()) + 1
        raise _problem(path, f"a job config ({section[1]}:) where run specs belong, which hold entries: [ … ]", line)
    return text


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of run specs: ``{description: "mmlu:subject=anatomy,model=huggingface/model", …}``."""

    line: int
    scenario: str
    arguments: Mapping[str, str]


def entries(text: str) -> list[Entry]:
    """The entries of run specs, as far as they can be read without HELM; what is commented out is none."""
    found = []
    for line, content in enumerate(text.splitlines(), start=1):
        for match in _DESCRIPTION.finditer(_COMMENT.sub("", content)):
            scenario, _, arguments = match[1].partition(":")
            pairs = (part.partition("=") for part in arguments.split(",") if "=" in part)
            found.append(Entry(line, scenario.strip(), {name.strip(): value.strip() for name, _, value in pairs}))
    return found


_SECTION: Final = re.compile(r"^(compute_config|mlflow_config|tracking_config|model_config)\s*:", re.MULTILINE)
_ENTRIES: Final = re.compile(r"^[^#\n]*\b(entries|include)\b", re.MULTILINE)
_COMMENT: Final = re.compile(r"^\s*(#|//).*")
_DESCRIPTION: Final = re.compile(r"""["']?description["']?\s*[:=]\s*"((?:[^"\\]|\\.)*)\"""")


def _problem(path: Path, message: str, line: int | None = None) -> FileProblemsError:
    return FileProblemsError([Problem(str(path), message, line=line)])
