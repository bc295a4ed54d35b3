"""The text of a body as the server reads it: JSON and YAML into values that keep order and repeated keys.

An object becomes `Fields`, a list of pairs, because the strict decoder names repeated keys where they stand. What
cannot be read is told in the words of Go's JSON decoder, or of libyaml, on which Go's YAML is built.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NoReturn

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.fakes.kubernetes.model import Object

END: Final = "unexpected end of JSON input"
_AFTER: Final = {
    "Expecting value": "looking for beginning of value",
    "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
    "Illegal trailing comma before end of object": "looking for beginning of object key string",
    "Illegal trailing comma before end of array": "looking for beginning of value",
    "Expecting ':' delimiter": "after object key",
    "Extra data": "after top-level value",
    "Invalid control character at": "in string literal",
    "Invalid \\escape": "in string escape code",
}
_ESCAPES: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "'": "\\'"}
_NULL: Final = re.compile(r"~|null|Null|NULL|")
_BOOL: Final = re.compile(r"true|True|TRUE|on|On|ON|yes|Yes|YES|y|Y|false|False|FALSE|off|Off|OFF|no|No|NO|n|N")
_INT: Final = re.compile(r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]*|[1-9][0-9_]*)")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")


class Fields(list[tuple[str, Any]]):
    """The fields of an object in the order of the text, repeated ones included."""

    def last(self, name: str) -> Any:
        """The value that counts: the last one of the name, or None."""
        return next((value for key, value in reversed(self) if key == name), None)


class BodySyntaxError(ValueError):
    """The text is no JSON, or no YAML; the message says why."""


@dataclass(frozen=True)
class Text:
    """What was read, and the complaints of YAML about keys that were set twice."""

    value: Any
    repeated: list[str] = field(default_factory=list)

    @property
    def repeated_message(self) -> str:
        """The error that Go's YAML makes of the complaints; empty without any."""
        return "yaml: unmarshal errors:" + "".join(f"\n  {text}" for text in self.repeated) if self.repeated else ""


def plain(value: Any) -> Any:
    """The value with dictionaries in the place of `Fields`."""
    if isinstance(value, Fields):
        return {name: plain(inner) for name, inner in value}
    return [plain(inner) for inner in value] if isinstance(value, list) else value


def read_json(body: bytes) -> Text:
    """The value of a JSON text.

    Raises:
        BodySyntaxError: it is none.
    """
    text = body.decode("utf-8", "replace")
    try:
        return Text(json.loads(text, object_pairs_hook=Fields, parse_constant=_no_constant))
    except json.JSONDecodeError as error:
        raise BodySyntaxError(_json_problem(error)) from None


def _no_constant(name: str) -> NoReturn:
    raise BodySyntaxError(f"invalid character '{name.lstrip('-')[0]}' looking for beginning of value")


def _json_problem(error: json.JSONDecodeError) -> str:
    if error.pos >= len(error.doc) or error.msg.startswith("Unterminated string"):
        return END
    found = error.doc[error.pos]
    where = _AFTER.get(error.msg) or f"after {_container_at(error.doc[: error.pos])}"
    return f"invalid character '{_ESCAPES.get(found, found)}' {where}"


def _container_at(text: str) -> str:
    """What is left open at the end of a text in which a comma is missing."""
    without_strings = re.sub(r'"(\\.|[^"\\])*"', "", text)
    depth = 0
    for character in reversed(without_strings):
        depth += (character in "}]") - (character in "{[")
        if depth < 0:
            return "array element" if character == "[" else "object key:value pair"
    return "top-level value"


class _Loader(yaml.CSafeLoader):
    """Reads the scalars of YAML as Go does, and notes the keys that are set twice."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.repeated: list[str] = []

    def fields(self, node: yaml.Node) -> Fields:
        """The fields of a mapping by name, as the conversion to JSON leaves them: sorted, and each once."""
        assert isinstance(node, yaml.MappingNode)
        own = [key.value for key, _ in node.value]
        for number, (key, _) in enumerate(node.value):
            if key.value in own[:number]:
                self.repeated.append(f'line {key.start_mark.line + 1}: key "{key.value}" already set in map')
        self.flatten_mapping(node)
        found = {_key(self.construct_object(key, deep=True)): value for key, value in node.value}
        return Fields((name, self.construct_object(found[name], deep=True)) for name in sorted(found))


def _key(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool | int | float) else str(value)


def _integer(loader: Any, node: yaml.ScalarNode) -> int:
    text = str(loader.construct_scalar(node)).replace("_", "")
    sign, digits = (-1, text[1:]) if text[0] == "-" else (1, text.lstrip("+"))
    octal = re.fullmatch(r"0[0-7]+", digits)
    return sign * (int(digits, 8) if octal else int(digits, 0))


def _float(loader: Any, node: yaml.ScalarNode) -> float:
    return float(loader.construct_scalar(node))


def _boolean(loader: Any, node: yaml.ScalarNode) -> bool:
    return str(loader.construct_scalar(node)).lower() in {"true", "on", "yes", "y"}


def _resolvers(pairs: Iterable[tuple[str, re.Pattern[str]]]) -> dict[None, list[Any]]:
    return {None: [(f"tag:yaml.org,2002:{tag}", re.compile(f"(?:{pattern.pattern})\\Z")) for tag, pattern in pairs]}


_Loader.yaml_implicit_resolvers = _resolvers(
    [("null", _NULL), ("bool", _BOOL), ("int", _INT), ("float", _FLOAT), ("merge", re.compile("<<"))]
)
_Loader.add_constructor("tag:yaml.org,2002:int", _integer)
_Loader.add_constructor("tag:yaml.org,2002:float", _float)
_Loader.add_constructor("tag:yaml.org,2002:bool", _boolean)
_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.fields)


def read_yaml(body: bytes) -> Text:
    """The value of the first YAML document of a text.

    Raises:
        BodySyntaxError: it is none.
    """
    loader = _Loader(body.decode("utf-8", "replace"))
    try:
        node = loader.get_node() if loader.check_node() else None
        value = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        raise BodySyntaxError(_yaml_problem(error)) from None
    except yaml.YAMLError as error:
        raise BodySyntaxError(f"yaml: {error}") from None
    finally:
        loader.dispose()
    return Text(value, loader.repeated)


def _yaml_problem(error: yaml.MarkedYAMLError) -> str:
    """Go names the line of the context, or else that of the problem, both counted from 0 unless the scanner failed."""
    marks = [mark.line for mark in (error.context_mark, error.problem_mark) if mark is not None and mark.line]
    if not marks:
        return f"yaml: {error.problem}"
    return f"yaml: line {marks[0] + isinstance(error, yaml.scanner.ScannerError)}: {error.problem}"


def fields_of(value: Object) -> Fields:
    """The fields of a value that was never text, in its order."""
    return Fields((name, _fields(inner)) for name, inner in value.items())


def _fields(value: Any) -> Any:
    if isinstance(value, dict):
        return fields_of(value)
    return [_fields(inner) for inner in value] if isinstance(value, list) else value
