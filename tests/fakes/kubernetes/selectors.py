"""Label and field selectors: a text becomes a test on objects, or the refusal that the server gives."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from tests.fakes.kubernetes.errors import bad_request

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.kubernetes.model import Object, Resource

    Test: TypeAlias = Callable[[Object], bool]

_TOKEN = re.compile(r"\s*(==|=|!=|!|\(|\)|,|>|<|[^\s=!(),<>]+)")
_FIELDS: dict[str, dict[str, str | None]] = {
    "Job": {"status.successful": "status.succeeded"},
    "Pod": dict.fromkeys(
        (
            "spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName",
            "spec.hostNetwork", "status.phase", "status.podIP", "status.nominatedNodeName",
        )
    ),
    "Event": dict.fromkeys(
        (
            "involvedObject.kind", "involvedObject.namespace", "involvedObject.name", "involvedObject.uid",
            "involvedObject.apiVersion", "involvedObject.resourceVersion", "involvedObject.fieldPath",
            "reason", "reportingComponent", "source", "type",
        )
    ),
    "Namespace": dict.fromkeys(("status.phase",)),
    "Node": dict.fromkeys(("spec.unschedulable",)),
    "Secret": dict.fromkeys(("type",)),
}  # fmt: skip
_ZERO = {"status.successful": "0", "spec.unschedulable": "false", "spec.hostNetwork": "false"}


def labels(text: str) -> Test:
    """The test for a label selector."""
    tests = [_requirement(tokens) for tokens in _requirements(text)]
    return lambda value: all(test(value["metadata"].get("labels") or {}) for test in tests)


def fields(text: str, resource: Resource) -> Test:
    """The test for a field selector; only the fields that the server knows for the kind."""
    tests = [_field(part, resource) for part in text.split(",") if part]
    return lambda value: all(test(value) for test in tests)


def _field(part: str, resource: Resource) -> Test:
    found = re.fullmatch(r"(.*?)(==|!=|=)(.*)", part)
    if not found:
        raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
    name, operator, wanted = found.groups()
    known = {"metadata.name": None, "metadata.namespace": None, **_FIELDS.get(resource.kind, {})}
    if name not in known:
        raise bad_request(
            f'field label "{name}" not supported for {resource.kind}'
            if not resource.custom
            else f"field label not supported: {name}"
        )
    path = (known[name] or name).split(".")
    return lambda value: (_text(value, path, _ZERO.get(name, "")) == wanted) == (operator != "!=")


def _text(value: Object, path: list[str], absent: str) -> str:
    found: object = value
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    if isinstance(found, dict):
        found = found.get("component")
    if isinstance(found, bool):
        return str(found).lower()
    return absent if found is None else str(found)


def _requirements(text: str) -> list[list[str]]:
    parts: list[list[str]] = [[]]
    depth = 0
    for word in _TOKEN.findall(text):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word == "," and not depth:
            parts.append([])
        else:
            parts[-1].append(word)
    return [part for part in parts if part]


def _requirement(tokens: list[str]) -> Callable[[dict[str, str]], bool]:
    match tokens:
        case ["!", name]:
            return lambda found: name not in found
        case [name] if _word(name):
            return lambda found: name in found
        case [name, "=" | "=="]:
            return lambda found: found.get(name) == ""
        case [name, "!="]:
            return lambda found: found.get(name) != ""
        case [name, "=" | "==", value] if _word(value):
            return lambda found: found.get(name) == value
        case [name, "!=", value] if _word(value):
            return lambda found: found.get(name) != value
        case [name, "in", "(", *values, ")"]:
            return lambda found: found.get(name) in values[::2]
        case [name, "notin", "(", *values, ")"]:
            return lambda found: found.get(name) not in values[::2]
    raise bad_request(f"unable to parse requirement: found '{_unexpected(tokens)}', expected: {_expected(tokens)}")


def _word(token: str) -> bool:
    return not re.fullmatch(r"==|=|!=|!|\(|\)|,|>|<", token)


def _unexpected(tokens: list[str]) -> str:
    return next((token for token in tokens[2:] if not _word(token)), tokens[-1])


def _expected(tokens: list[str]) -> str:
    return "identifier" if len(tokens) > 2 or not _word(tokens[0]) else "in, notin, =, ==, !=, gt, lt"
