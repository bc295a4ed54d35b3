"""``--set PATH=VALUE``: one field of a config replaced before it is checked."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cajajejo import quoting, yamlfile
from cajajejo.errors import FileProblemsError, Problem, UsageError
from cajajejo.yamlfile import Document, Location, Value, dotted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PART: Final = re.compile(r'"((?:[^"\\]|\\.)*)"|([^.="]+)')
_EXAMPLE: Final = (
    "for example --set helm.suite=v2, --set helm.args.1=20, --set 'tracking_config.tags.\"team.name\"=nlp'"
)


def apply(document: Document, settings: Sequence[str]) -> Document:
    """`document` with every ``PATH=VALUE`` of `settings` put in; the value is YAML.

    Raises:
        UsageError: a setting has no path, no ``=``, or its path leads through something that holds no fields.
        FileProblemsError: a value is not well-formed YAML.
    """
    data = dict(document.data)
    places = []
    for setting in settings:
        location, text = _split(setting)
        problem = quoting.problem_of(setting)
        if problem:
            raise UsageError(f"--set {setting}: {problem}")
        try:
            _put(data, location, yamlfile.parse_value(text, f"--set {dotted(location)}"))
        except _NoPlaceError as error:
            raise UsageError(f"--set {setting}: {error}") from error
        places.append(location)
    return replace(document, data=data, overridden=frozenset(places))


@dataclass(frozen=True, slots=True)
class Placed:
    """A value of a file, and the line of everything inside of it; the value itself stands at ``()``."""

    value: Value
    lines: Mapping[Location, int]


def put_all(document: Document, values: Mapping[str, Placed]) -> Document:
    """`document` with the value of each path put in, and told at its own line; the paths are those of ``--set``.

    Raises:
        FileProblemsError: a path leads through something that holds no fields.
        UsageError: what is at a path, or inside of it, was overridden already.
    """
    data, lines = dict(document.data), dict(document.lines)
    for path, placed in values.items():
        location = location_of(path)
        if any(place[: len(location)] == location for place in document.overridden):
            facts = {"instead": f"--set 'matrix.axes.\"{path}\"=[VALUE]'"}
            raise UsageError(f"--set {path}: the matrix of {document.file} gives it its values", facts=facts)
        try:
            _put(data, location, placed.value)
        except _NoPlaceError as error:
            raise FileProblemsError(
                [Problem(document.file, str(error), path=path, line=placed.lines.get(()))]
            ) from error
        lines |= {(*location, *inside): line for inside, line in placed.lines.items()}
        for end in range(1, len(location)):
            lines.setdefault(location[:end], lines[location])  # a section that the path alone makes
    return replace(document, data=data, lines=lines)


def location_of(path: str) -> Location:
    """The place that `path` names.

    Raises:
        ValueError: it names none.
    """
    try:
        location, rest = _split(f"{path}=")
    except UsageError:
        rest = path
    if rest:
        raise ValueError(f"not the path of a field: {path[:60]!r}")
    return location


class _NoPlaceError(ValueError):
    """Nothing can be put there; says why."""


def _split(setting: str) -> tuple[Location, str]:
    location: list[str | int] = []
    position = 0
    while match := _PART.match(setting, position):
        quoted, plain = match[1], match[2]
        location.append(re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain.strip())
        if location[-1] == "":
            break
        position = match.end()
        if setting[position : position + 1] == "=":
            return tuple(location), setting[position + 1 :]
        if setting[position : position + 1] != ".":
            break
        position += 1
    raise UsageError(f"--set {setting}: not PATH=VALUE", facts={"expected": _EXAMPLE})


def _put(data: dict[str, Value], location: Location, value: Value) -> None:
    here: Value = data
    for depth, part in enumerate(location):
        last = depth == len(location) - 1
        if isinstance(here, list):
            index = _index(here, part)
            here[index] = value if last else _container(here[index])
            here = here[index]
        elif isinstance(here, dict):
            here[str(part)] = value if last else _container(here.get(str(part)))
            here = here[str(part)]
        else:
            raise _NoPlaceError(f"{dotted(location[:depth])} holds no fields")


def _index(items: list[Value], part: str | int) -> int:
    if not str(part).isdecimal() or int(part) >= len(items):
        there = f"it has 0 to {len(items) - 1}" if items else "it is empty"
        raise _NoPlaceError(f"the list has no item {part}; {there}")
    return int(part)


def _container(value: Value) -> Value:
    """A container of its own to put something into; what holds nothing stays what it is."""
    if value is None:
        return {}
    return value.copy() if isinstance(value, dict | list) else value
