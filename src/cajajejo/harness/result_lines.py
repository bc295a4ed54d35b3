"""The lines in which a command leaves its results, each held against the contract of ``results.jsonl``.

``scenario``, ``id`` and ``scores`` are needed, the others may be left out. A line with ``scenario`` and ``error`` says
that the scenario failed; later lines of it take that back. What is wrong with a line makes its scenario a failed one,
and loses no other line.
"""

from __future__ import annotations

import json
import math
import os
import re
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cajajejo.results import Item, hash_of, metric_part, prompt_part

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

SUITE: Final = "command"
"""The suite of lines that name none."""
TORN: Final = ".torn"
"""What the name of the file ends with that holds torn lines."""
_LONGEST_LINE: Final = 64 * 1024 * 1024
_STEP: Final = 65_536
_NAMED: Final = 10
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_NO_PROMPT: Final = hash_of("")


@dataclass
class Lines:
    """What a file of lines says.

    Attributes:
        items: in their order, each once.
        errors: why scenarios failed, by the lines themselves.
        wrong: what is wrong with lines, by scenario; where that is not known, by the name of the file.
        torn: what is wrong with a last line that has no end; None where it is whole.
    """

    items: list[Item] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)
    wrong: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    torn: str | None = None

    def failures(self) -> dict[str, str]:
        """Why each scenario counts as failed, in a sentence."""
        return {**{scenario: _told(found) for scenario, found in self.wrong.items()}, **self.errors}


def _told(wrong: list[str]) -> str:
    more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    return f"{len(wrong)} wrong line{'s' * (len(wrong) != 1)}: {'; '.join(wrong[:_NAMED])}{more}"


class _WrongLineError(ValueError):
    """What is wrong with a line, in a few words."""


def put_torn_line_aside(path: Path) -> None:
    """Moves a last line that is no JSON and has no end to a file beside `path`; what is whole gets its end."""
    if not path.is_file():
        return
    with path.open("r+b") as file:
        start = _last_line(file.seek(0, os.SEEK_END), file.seek, file.read)
        file.seek(start)
        line = file.read()
        if not line or line.endswith(b"\n"):
            return
        if _is_object(line):
            file.write(b"\n")
            return
        with path.with_name(path.name + TORN).open("ab") as aside:
            aside.write(line + b"\n")
        file.truncate(start)


def _last_line(size: int, seek: Callable[[int], object], read: Callable[[int], bytes]) -> int:
    """Where the last line begins that has no end; `size` where there is none."""
    end = size
    while end > 0:
        start = max(0, end - _STEP)
        seek(start)
        place = read(end - start).rfind(b"\n")
        if place >= 0:
            return start + place + 1
        end = start
    return 0


def read(path: Path) -> Lines:
    """What the lines of `path` say; nothing where there is no such file. One line at a time is in memory."""
    reading = _Reading(metric_part(path.name))
    if path.is_file():
        with path.open("rb") as file:
            number = 0
            while line := file.readline(_LONGEST_LINE):
                number += 1
                if len(line) == _LONGEST_LINE:
                    while line and not line.endswith(b"\n"):
                        line = file.readline(_LONGEST_LINE)
                    reading.lines.wrong[reading.file].append(f"line {number}: longer than 64 MiB")
                else:
                    reading.take(number, line)
    reading.lines.items = [item for _, item in reading.items.values()]
    return reading.lines


def _is_object(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


class _Reading:
    """The lines of `file` that were read so far."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines = Lines()
        self.items: dict[tuple[object, ...], tuple[int, Item]] = {}
        self._titles: dict[str, str] = {}

    def take(self, number: int, line: bytes) -> None:
        """Takes line number `number`."""
        if not line.strip():
            return
        if not line.endswith(b"\n") and not _is_object(line):
            self.lines.torn = f"line {number}: torn, and the last one"
            return
        scenario = self.file
        try:
            fields = _fields(line)
            scenario = self._scenario(fields)
            if fields.get("error") is not None and fields.get("scores") is None:
                self.lines.errors[scenario] = str(fields["error"])
                return
            self._keep(number, _item(scenario, fields))
            self.lines.errors.pop(scenario, None)
        except _WrongLineError as error:
            self.lines.wrong[scenario].append(f"line {number}: {error}")

    def _scenario(self, fields: Mapping[str, Any]) -> str:
        title = _text(fields, "scenario")
        name = metric_part(title)
        other = self._titles.setdefault(name, title)
        if other != title:
            raise _WrongLineError(f"scenario: {title} would share the name {name} with {other}")
        return name

    def _keep(self, number: int, item: Item) -> None:
        key = (item.scenario, item.subject, item.id, item.repeat)
        first, there = self.items.setdefault(key, (number, item))
        if there != item:
            raise _WrongLineError(f"id: {item.id}, repeat {item.repeat}, stands on line {first} with other values")


def _fields(line: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(line)
    except RecursionError:
        raise _WrongLineError("not JSON: nested too deep") from None
    except UnicodeDecodeError:
        raise _WrongLineError("not UTF-8") from None
    except ValueError as error:
        raise _WrongLineError(f"not JSON: {error}") from None
    if not isinstance(found, dict):
        raise _WrongLineError("not a JSON object")
    return found


def _item(scenario: str, fields: Mapping[str, Any]) -> Item:
    prompt = _optional(fields, "prompt")
    return Item(
        suite=_optional(fields, "suite") or SUITE,
        scenario=scenario,
        subject=_optional(fields, "subject"),
        group=_optional(fields, "group"),
        id=_text(fields, "id"),
        repeat=_repeat(fields),
        prompt_sha256=_prompt_sha256(fields, prompt),
        reference=_optional(fields, "reference"),
        prediction=_optional(fields, "prediction"),
        scores=_scores(fields),
        prompt=prompt_part(prompt or ""),
    )


def _text(fields: Mapping[str, Any], name: str) -> str:
    text = _optional(fields, name)
    if text is None:
        raise _WrongLineError(f"{name}: required, and not there")
    if not text.strip():
        raise _WrongLineError(f"{name}: must not be empty")
    return text


def _optional(fields: Mapping[str, Any], name: str) -> str | None:
    """The text of a field; a number or a boolean is taken as JSON writes it."""
    value = fields.get(name)
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int | float):
        return json.dumps(value)
    raise _WrongLineError(f"{name}: must be text, not {_kind(value)}")


def _repeat(fields: Mapping[str, Any]) -> int:
    value = fields.get("repeat")
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise _WrongLineError("repeat: must be a whole number, at least 0")
    return value


def _prompt_sha256(fields: Mapping[str, Any], prompt: str | None) -> str:
    """The hash of the prompt; of one that is given as it is, it is taken here; of none, that of nothing."""
    given = _optional(fields, "prompt_sha256")
    if given is None:
        return _NO_PROMPT if prompt is None else hash_of(prompt)
    if not _SHA256.fullmatch(given):
        raise _WrongLineError("prompt_sha256: must be 64 hexadecimal digits, lower case")
    return given


def _scores(fields: Mapping[str, Any]) -> dict[str, float]:
    given = fields.get("scores")
    if given is None:
        raise _WrongLineError("scores: required, and not there")
    if not isinstance(given, dict):
        raise _WrongLineError(f"scores: must be an object, not {_kind(given)}")
    scores: dict[str, float] = {}
    for title, value in given.items():
        name = metric_part(title)
        if not name or name in scores:
            raise _WrongLineError(f"scores.{title}: not a name of its own")
        scores[name] = _number(f"scores.{title}", value)
    return scores


def _number(name: str, value: object) -> float:
    """A number; a boolean is 0 or 1, null is no finite number."""
    if value is None:
        return math.nan
    if not isinstance(value, int | float):
        raise _WrongLineError(f"{name}: must be a number, not {_kind(value)}")
    try:
        number = float(value)
    except OverflowError:
        raise _WrongLineError(f"{name}: too large a number") from None
    return math.nan if math.isnan(number) else number


def _kind(value: object) -> str:
    return {str: "text", list: "a list", dict: "an object", bool: "a boolean"}.get(type(value), "a number")
