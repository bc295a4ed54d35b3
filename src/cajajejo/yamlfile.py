"""YAML in and out: the only import of PyYAML.

Reading follows the YAML 1.2 core schema (``no``, ``on`` and ``2026-11-21`` are text), refuses duplicate keys, foreign
tags, anchors that grow without end and text that no Kubernetes object can hold, and remembers the line of every value.
A number keeps the text it was written as, so that a field that wants text gets ``1.10`` and not ``1.1``.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeAlias, cast

import yaml

from cajajejo import files, quoting
from cajajejo.errors import FileProblemsError, Problem

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence
    from pathlib import Path

Scalar: TypeAlias = str | int | float | bool | None
Value: TypeAlias = "Scalar | list[Value] | dict[str, Value]"
Location: TypeAlias = tuple[str | int, ...]

MAX_NODES: Final = 100_000
MAX_DEPTH: Final = 64

_TAG: Final = "tag:yaml.org,2002:"
_CORE_SCHEMA: Final = {
    "null": (r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    "bool": (r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    "int": (r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
}


class WrittenInt(int):
    """An integer that remembers how it was written."""

    text: str


class WrittenFloat(float):
    """A float that remembers how it was written (``1.10``, ``1e3``)."""

    text: str


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the C loader where it was built
    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


for _name, (_pattern, _first) in _CORE_SCHEMA.items():
    _Loader.add_implicit_resolver(_TAG + _name, re.compile(rf"^(?:{_pattern})$"), _first)


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file: its data, and the line on which each value stands."""

    file: str
    data: dict[str, Value]
    lines: dict[Location, int] = field(default_factory=dict)
    overridden: frozenset[Location] = frozenset()

    def line_of(self, location: Location) -> int | None:
        """The line of the value at `location`, or of the nearest thing around it that is there."""
        for end in range(len(location), -1, -1):
            if location[:end] in self.lines:
                return self.lines[location[:end]]
        return None


def load(path: Path) -> Document:
    """The mapping in a YAML (or JSON) file, with the line of each value.

    Raises:
        FileProblemsError: the file cannot be read, or is not one well-formed mapping.
    """
    return parse(files.read_text(path), str(path))


def load_all(path: Path) -> list[Document]:
    """The Kubernetes objects in a file of several documents; empty documents are left out.

    Raises:
        FileProblemsError: the file cannot be read, or holds something else; every problem of the file.
    """
    return parse_all(files.read_text(path), str(path))


def parse_all(text: str, file: str) -> list[Document]:
    """The Kubernetes objects in `text`, with numbers as kubectl reads them: ``0400`` is octal, ``3.0`` is 3.

    Raises:
        FileProblemsError: it holds something else; every problem of it, told of `file`.
    """
    documents, problems = [], []
    for node in _compose_all(text, file):
        if isinstance(node, yaml.ScalarNode) and node.tag == _TAG + "null":
            continue
        if not isinstance(node, yaml.MappingNode):
            problems.append(Problem(file, "not a mapping of fields to values", line=_line(node)))
            continue
        reader = _Reader(file, as_kubectl=True)
        documents.append(Document(file, cast("dict[str, Value]", reader.value(node, ())), reader.lines))
        problems += reader.problems
    if problems:
        raise FileProblemsError(problems)
    return documents


def parse(text: str, file: str) -> Document:
    """The mapping in `text`; `file` is what problems are reported under.

    Raises:
        FileProblemsError: not one well-formed mapping; holds all problems that could be told apart.
    """
    node = _compose(text, file)
    if node is None or (isinstance(node, yaml.ScalarNode) and not node.value):
        raise FileProblemsError([Problem(file, "the file is empty", line=1)])
    if not isinstance(node, yaml.MappingNode):
        raise FileProblemsError([Problem(file, "not a mapping of fields to values", line=_line(node))])
    reader = _Reader(file)
    data = reader.value(node, ())
    if reader.problems:
        raise FileProblemsError(reader.problems)
    return Document(file, cast("dict[str, Value]", data), reader.lines)


def parse_value(text: str, origin: str) -> Value:
    """One YAML value, as given after ``--set PATH=``; `origin` is what problems are reported under.

    Raises:
        FileProblemsError: it is not well-formed YAML.
    """
    node = _compose(text, origin)
    reader = _Reader(origin)
    value = None if node is None else reader.value(node, ())
    if reader.problems:
        raise FileProblemsError(reader.problems)
    return value


def _compose(text: str, file: str) -> yaml.Node | None:
    with _yaml_errors(text, file):
        _check_depth(text, file)
        loader = _Loader(text)
        try:
            return cast("yaml.Node | None", loader.get_single_node())
        finally:
            loader.dispose()


def _compose_all(text: str, file: str) -> list[yaml.Node]:
    with _yaml_errors(text, file):
        _check_depth(text, file)
        return list(yaml.compose_all(text, Loader=_Loader))


@contextmanager
def _yaml_errors(text: str, file: str) -> Iterator[None]:
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(filter(None, [error.problem, error.context]))
        line = None if mark is None else mark.line + 1
        raise FileProblemsError([Problem(file, f"not well-formed YAML: {message}", line=line)]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise FileProblemsError([Problem(file, f"not well-formed YAML: {error.reason}", line=line)]) from error


def _check_depth(text: str, file: str) -> None:
    """Refuses deep nesting before the nodes are built: PyYAML builds them by recursion, in C, without a guard."""
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            line = text.count("\n", 0, event.start_mark.index) + 1 if event.start_mark else None
            raise FileProblemsError([Problem(file, f"nested deeper than {MAX_DEPTH} levels", line=line)])


class _Reader:
    """Turns nodes into plain values; collects problems and lines on the way."""

    def __init__(self, file: str, *, as_kubectl: bool = False) -> None:
        self.file = file
        self._convert = _CONVERT_AS_KUBECTL if as_kubectl else _CONVERT
        self.lines: dict[Location, int] = {}
        self.problems: list[Problem] = []
        self._nodes = 0

    def value(self, node: yaml.Node, location: Location) -> Value:
        """The plain value of `node`, which stands at `location`."""
        self._nodes += 1
        if self._nodes > MAX_NODES or len(location) > MAX_DEPTH:
            what = f"more than {MAX_NODES} values" if self._nodes > MAX_NODES else f"deeper than {MAX_DEPTH} levels"
            raise FileProblemsError([Problem(self.file, f"{what} (do anchors repeat one another?)", line=_line(node))])
        self.lines.setdefault(location, _line(node))
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, location)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self.value(item, (*location, index)) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and node.tag.removeprefix(_TAG) in {"str", *_CONVERT}:
            return self._scalar(node, location)
        self._report(node, location, f"the YAML tag {node.tag} is not allowed here")
        return None

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Value]:
        mapping: dict[str, Value] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._report(key_node, location, "a field name must be text")
                continue
            here = (*location, key_node.value)
            if key_node.value in mapping:
                first = self.lines[here]
                self._report(key_node, here, "duplicate field", hint=f"it stands on line {first} already")
                continue
            self.lines[here] = _line(key_node)
            self._check_text(key_node, key_node.value, here)
            mapping[key_node.value] = self.value(value_node, here)
        return mapping

    def _scalar(self, node: yaml.ScalarNode, location: Location) -> Scalar:
        kind, text = node.tag.removeprefix(_TAG), cast("str", node.value)
        if kind == "str":
            self._check_text(node, text, location)
            return text
        try:
            return cast("Scalar", self._convert[kind](text))
        except ValueError:
            self._report(node, location, f"not a value of the YAML type {kind}: {text[:40]}")
            return None

    def _check_text(self, node: yaml.Node, text: str, location: Location) -> None:
        problem = quoting.problem_of(text)
        if problem:
            self._report(node, location, problem)

    def _report(self, node: yaml.Node, location: Location, message: str, *, hint: str | None = None) -> None:
        self.problems.append(Problem(self.file, message, path=dotted(location), line=_line(node), hint=hint))


def dotted(location: Sequence[Hashable]) -> str:
    """A location as people write it: ``helm.args.1``."""
    return ".".join(str(part) for part in location)


def _line(node: yaml.Node) -> int:
    return cast("int", node.start_mark.line) + 1


def _integer(text: str) -> WrittenInt:
    number = WrittenInt(text, 0 if text.lstrip("+-").startswith(("0x", "0o")) else 10)
    number.text = text
    return number


def _float(text: str) -> WrittenFloat:
    number = WrittenFloat(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    number.text = text
    return number


_CONVERT: Final[Mapping[str, Any]] = {
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": _integer,
    "float": _float,
}


def _go_integer(text: str) -> WrittenInt:
    return WrittenInt(text, 8) if re.fullmatch("[-+]?0[0-7]+", text) else _integer(text)


def _go_float(text: str) -> float:
    number = _float(text)
    return int(number) if number.is_integer() else number


_CONVERT_AS_KUBECTL: Final[Mapping[str, Any]] = {**_CONVERT, "int": _go_integer, "float": _go_float}
