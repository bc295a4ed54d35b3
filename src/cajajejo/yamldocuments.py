"""YAML that programs write, parsed as any YAML 1.1 reader would: rendered manifests, and files of other programs."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import yaml


class BrokenYamlError(ValueError):
    """The text is no YAML; `line` is where that was noticed."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


def load_documents(text: str) -> list[dict[str, Any]]:
    """Every document of a rendered manifest, read as any YAML 1.1 reader would.

    PyYAML's parser makes the nodes; turning them into values is done here, in half its time. Anchors and tags, which
    no template writes, go the long way.

    Raises:
        BrokenYamlError: it is no YAML.
    """
    try:
        return _load_documents(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = " ".join(filter(None, [error.problem, error.context]))
        raise BrokenYamlError(message, mark.line + 1 if mark else 1) from error
    except yaml.reader.ReaderError as error:
        raise BrokenYamlError(str(error.reason), text.encode().count(b"\n", 0, error.position) + 1) from error
    except RecursionError as error:
        raise BrokenYamlError("it is nested too deeply, or holds itself", text.count("\n") + 1) from error


def load_shared(text: str) -> list[dict[str, Any]]:
    """As `load_documents`, for texts that have most documents in common; who gets one must not change it.

    The jobs of a matrix, which have a sign in place of their names, often differ in the ConfigMap only.

    Raises:
        BrokenYamlError: it is no YAML.
    """
    if "%" in text and re.search("^%", text, re.MULTILINE):  # a directive belongs to the document after it
        return load_documents(text)
    try:
        return [document for part in _SEPARATOR.split(text) for document in _shared(part)]
    except BrokenYamlError:
        return load_documents(text)  # tells the line in the whole text


@lru_cache(maxsize=64)
def _shared(text: str) -> list[dict[str, Any]]:
    return load_documents(text)


_SEPARATOR: Final = re.compile("^---\n", re.MULTILINE)


def load_tagged(text: str) -> Any:
    """A file of another program, with tags that it alone knows (``!function utils.f``): the text behind one stays.

    Raises:
        BrokenYamlError: it is no YAML.
    """
    try:
        return yaml.load(text, Loader=_TaggedLoader)  # noqa: S506  # a safe loader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise BrokenYamlError(str(getattr(error, "problem", None) or error), mark.line + 1 if mark else 1) from error


class _TaggedLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # as `_Loader`
    """Knows every tag, and what none of them means."""


def _untagged(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None


_TaggedLoader.add_multi_constructor("!", _untagged)


def _load_documents(text: str) -> list[dict[str, Any]]:
    loader = _DocumentLoader(text.encode())
    try:
        documents = []
        while loader.check_node():
            documents.append(_plain_value(loader.get_node()))
    except _NotPlainError:
        return list(yaml.load_all(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # a safe loader
    finally:
        loader.dispose()
    return documents


class _NotPlainError(Exception):
    """The document has a tag, an anchor or a key that merges mappings."""


class _DocumentLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # as `_Loader`
    """Leaves it to `_plain_value` what a plain scalar is, and has nothing that depends on the path of a node."""

    def resolve(self, kind: type, _: str | None, implicit: tuple[bool, bool]) -> str:
        if kind is yaml.ScalarNode:
            return "plain" if implicit[0] else "text"
        return "map" if kind is yaml.MappingNode else "seq"

    def descend_resolver(self, *_: object) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass


def _plain_value(node: yaml.Node) -> Any:
    tag, value = node.tag, node.value
    if tag == "text":
        return value
    if tag == "plain":
        return _plain_scalar(value)
    if tag == "map":
        found = {_key(key): _plain_value(item) for key, item in value}
        if len(found) < len(value) and len({(key.tag, key.value) for key, _ in value}) < len(value):
            raise BrokenYamlError("a field stands twice in one mapping", node.start_mark.line + 1)
        return found
    if tag == "seq":
        return [_plain_value(item) for item in value]
    raise _NotPlainError


def _key(node: yaml.Node) -> Any:
    if node.tag not in {"plain", "text"} or (node.tag == "plain" and node.value == "<<"):
        raise _NotPlainError
    return node.value if node.tag == "text" else _plain_scalar(node.value)


@lru_cache(maxsize=4096)
def _plain_scalar(text: str) -> Any:
    """What a plain scalar is in YAML 1.1."""
    if _CERTAINLY_TEXT.fullmatch(text):
        return text
    return yaml.load(text, Loader=yaml.SafeLoader) if text else None  # a safe loader


_CERTAINLY_TEXT: Final = re.compile(
    r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z/][\w./-]*", re.IGNORECASE | re.ASCII
)
