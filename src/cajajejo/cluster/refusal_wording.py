"""What an API server says about an object that it does not take: a short line for each problem, the field first.

A server dumps whole pod specs, Go types and regular expressions into its messages; a reader needs field and rule.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cajajejo.cluster.exchange import plain

if TYPE_CHECKING:
    from cajajejo.cluster.exchange import JsonObject

MOST_LINES: Final = 12
_LONGEST_VALUE: Final = 60
_LONGEST_SHOWN: Final = 2000
_LONGEST: Final = 20_000  # of either end of a message; what stands between is a dump
_MOST_CAUSES: Final = 200
_UNKNOWN: Final = (": unknown field", ": field not declared in schema")
_TWICE: Final = ": given twice"
_FIELD: Final = re.compile(r"([a-z]\w*(?:\.\w+|\[[^\]]*\])*): ")
_NO_FIELD: Final = {"", "<nil>", "[]"}
_UNCHECKED: Final = "some validation rules were not checked"

_GIVEN: Final = re.compile(r'Invalid value: ("(?:[^"\\]|\\.)*"|[\[{].*[\]}]|[^:]*): ', re.DOTALL)
_EXAMPLES: Final = re.compile(r" ?\((?:e\.g\. |regex used for validation).*\)$", re.DOTALL)
_QUANTITY: Final = re.compile(r"quantities must match the regular expression.*", re.DOTALL)
_SCHEMA_TYPE: Final = re.compile(r'Invalid value: "(\w+)": \S+ in body must be of type (\w+): "\w+"')
_SCHEME: Final = re.compile(r' in scheme "[^"]*"')
_GO_VALUE: Final = re.compile(r",? ?(?:got )?&?[a-zA-Z]+\.[A-Za-z]+\{.*?\}")
_DECODING: Final = re.compile(r".{0,400}? cannot be handled as a \w+: ", re.DOTALL)
_STRICT: Final = re.compile(r'unknown field "((?:[^"\\]|\\.)*)"')
_REPEATED: Final = re.compile(r'key "((?:[^"\\]|\\.)*)" already set in map|duplicate field "((?:[^"\\]|\\.)*)"')
_UNMARSHAL: Final = re.compile(
    r"json: cannot unmarshal (\w+)(?: [^ ]+)? into Go (?:struct field \w+\.(\S+)|value) of type (\S+)"
)
_TYPED_PATCH: Final = re.compile(r"failed to create typed patch object \([^)]*\): ")
_TYPES: Final = {"string": "text", "number": "a number", "bool": "true or false", "array": "a list"}


def problems_of(status: JsonObject) -> list[str]:
    """One line for each problem that a ``Status`` tells of, the field first; not more than `MOST_LINES`."""
    lines = _of_causes(status) or _of_message(str(status.get("message", ""))[: 2 * _LONGEST])
    lines = list(dict.fromkeys(lines))
    more = len(lines) - MOST_LINES
    return lines if more <= 0 else [*lines[:MOST_LINES], f"… {more} more"]


def explained_field(status: JsonObject) -> str | None:
    """The field that ``kubectl explain`` can tell about, as it takes it: ``spec.template.spec.containers.image``.

    Where a field is unknown, it is the one around it, which may be the empty root.
    """
    details = status.get("details")
    if isinstance(details, dict) and str(details.get("kind")).endswith("Options"):
        return None
    for line in problems_of(status):
        found = _FIELD.match(line)
        if found is None or line.endswith(_TWICE) or found[1].startswith("metadata"):
            continue
        field = re.sub(r"\[.*?\]", "", found[1])
        return field.rpartition(".")[0] if line.endswith(_UNKNOWN) else field
    return None


def _of_causes(status: JsonObject) -> list[str]:
    details = status.get("details")
    causes: Any = details.get("causes") if isinstance(details, dict) else None
    lines = []
    for cause in causes[:_MOST_CAUSES] if isinstance(causes, list) else []:
        if isinstance(cause, dict) and _UNCHECKED not in str(cause.get("message")):
            field, message = str(cause.get("field") or ""), shorten(str(cause.get("message") or ""))
            lines.append(message if field in _NO_FIELD else f"{plain(field.lstrip('.'), 120)}: {message}")
    return lines


def _of_message(message: str) -> list[str]:
    """The problems of a message without causes: what could not be decoded, and what an apply says."""
    if "\n  ." in message and _TYPED_PATCH.match(message):
        return [shorten(line.strip().lstrip(".")) for line in message.splitlines()[1:]]
    unknown = [f"{plain(field, 120)}{_UNKNOWN[0]}" for field in _STRICT.findall(message)]
    repeated = [f"{plain(one or other)}{_TWICE}" for one, other in _REPEATED.findall(message)]
    return unknown + repeated or [shorten(message)]


def shorten(message: str) -> str:
    """One problem without what only a developer of Kubernetes can read.

    A given value stays while it is short; struct dumps, Go types and the text of regular expressions go.
    """
    text = message if len(message) <= 2 * _LONGEST else message[:_LONGEST] + message[-_LONGEST:]
    for prefix in (_DECODING, _TYPED_PATCH):
        found = prefix.match(text)
        text = text[found.end() :] if found else text
    text = text.removeprefix("strict decoding error: ")
    found = _UNMARSHAL.search(text)
    if found is not None:
        return _wrong_type(*found.groups())
    if _QUANTITY.search(text):
        return "a quantity in it is wrong; quantities are written like 500m, 4 or 16Gi"
    typed = _SCHEMA_TYPE.fullmatch(text)
    if typed is not None:
        return f"must be of type {typed[2]}, not {typed[1]}"
    given = _GIVEN.match(text)
    if given is not None and (len(given[1]) > _LONGEST_VALUE or re.match(r'[\[{]+"?[A-Z]', given[1])):
        text = text[given.end() :]
    text = text[:_LONGEST_SHOWN]
    return plain(_GO_VALUE.sub("", _SCHEME.sub("", _EXAMPLES.sub("", text))).removeprefix(".")) or "refused"


def _wrong_type(given: str, field: str | None, wanted: str) -> str:
    if wanted.startswith("[]"):
        rule = "a list"
    elif wanted.startswith(("int", "uint", "float")):
        rule = "a number" if wanted.startswith("float") else "a whole number"
    else:
        rule = _TYPES.get(wanted, "a mapping of fields")
    sentence = f"must be {rule}, not {_TYPES.get(given, 'a mapping' if given == 'object' else plain(given, 30))}"
    return f"{plain(field, 120)}: {sentence}" if field else sentence
