"""Log lines of a pod: one JSON object a line, as Cloud Logging reads them. Pure: a message becomes a line of text.

The special keys are those of Cloud Logging's structured logging, so that a line keeps its severity, time and labels on
the way there; ``labels.job_name="…"`` then finds everything that a job said.
"""

from __future__ import annotations

import json
import re
from datetime import UTC
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

Severity = Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"]

LABELS: Final = "logging.googleapis.com/labels"
LONGEST: Final = 16_000
"""Characters of one message; even where each becomes an escape, Cloud Logging takes the line (256 KB) as a whole."""
_LEVELS: Final[Mapping[str, Severity]] = {
    "DEBUG": "DEBUG",
    "INFO": "INFO",
    "WARN": "WARNING",
    "WARNING": "WARNING",
    "ERROR": "ERROR",
    "CRITICAL": "CRITICAL",
    "FATAL": "CRITICAL",
}
_LEVEL_ZONE: Final = 80
"""Characters from the beginning of a line in which programs write its level."""
_LEVEL: Final = re.compile(rf"(?<![\w.-])({'|'.join(_LEVELS)})(?![\w.-])")
_PROBLEM: Final = re.compile(r"(?:[\w.]*(Error|Exception|Warning)(?::|$))|Traceback \(most recent call last\)")
_PYTHON_WARNING: Final = re.compile(r"\S+:\d+: \w*Warning: ")
_USUAL: Final = {"DEBUG", "INFO"}
_CLOCK: Final = re.compile(r"T(\d\d:\d\d:\d\d)(?:\.\d+)?Z$")
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m")


def labels(environ: Mapping[str, str], version: str) -> dict[str, str]:
    """The labels that every line of a job has; what the manifest did not tell is ``Unknown``."""
    return {
        "job_name": environ.get("JOB_NAME") or "Unknown",
        "image_build_cajajejo_version": version,
        "config_git_sha": environ.get("CONFIG_VERSION") or "Unknown",
    }


def line(severity: Severity, message: str, *, labels: Mapping[str, str], now: datetime, **fields: object) -> str:
    """One line of JSON without its end, in ASCII: whatever `message` holds, no reader can take it for two.

    Args:
        severity: of Cloud Logging.
        message: what is said; of several lines it makes one entry.
        labels: by which the entry is found.
        now: when it is said.
        fields: what else the entry holds, values of JSON.
    """
    time = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    entry = {"severity": severity, "message": message, "time": time, LABELS: dict(labels), **fields}
    text = json.dumps(entry, allow_nan=False)
    return text if "\\ud" not in text else json.dumps(_whole(entry), allow_nan=False)


def spoken(text: str) -> str:
    """What a line of a pod says, and when: ``14:51:01Z loading``; a line that is not ours as it is."""
    if not text.startswith("{") or LABELS not in text:
        return text
    try:
        entry = json.loads(text)
    except (ValueError, RecursionError):
        return text
    message, severity, time = (entry.get(name) for name in ("message", "severity", "time"))
    if not isinstance(message, str):
        return text
    level = f"{severity} " if severity in _LEVELS.values() and severity not in _USUAL else ""
    clock = _CLOCK.search(time) if isinstance(time, str) else None
    return f"{f'{clock[1]}Z ' if clock else ''}{level}{message}"


def _whole(value: Any) -> Any:
    """`value` with an escape of its own for each half of a surrogate pair: no other format can hold one."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {_whole(key): _whole(item) for key, item in value.items()}
    return [_whole(item) for item in value] if isinstance(value, list | tuple) else value


def pieces(message: str) -> list[str]:
    """`message` in pieces that a log takes; one piece where it is short enough."""
    return [message[start : start + LONGEST] for start in range(0, len(message), LONGEST)] or [""]


def severity_of(text: str) -> Severity:
    """How serious a line of another program is, by the level that it names or the error that it begins with."""
    named = _LEVEL.search(text, 0, _LEVEL_ZONE)
    if named:
        return _LEVELS[named[1]]
    if _PYTHON_WARNING.match(text):
        return "WARNING"
    begins = _PROBLEM.match(text)
    if begins is None:
        return "INFO"
    return "WARNING" if begins[1] == "Warning" else "ERROR"


def uncoloured(text: str) -> str:
    """`text` without the escapes by which a terminal colours it."""
    return _COLOUR.sub("", text)


def lines(text: str) -> list[str]:
    """The lines of `text` that say something, as a terminal would break them: a bar that is redrawn is many lines."""
    return [part for part in re.split(r"\r\n|\n|\r", text) if part.strip()]
