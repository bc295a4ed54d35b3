"""Manifests: text that people commit and read, and the documents in it; the only import of Jinja.

A template is rendered twice: once with an empty name, to learn from the documents what the name is, and once with it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import jinja2

from cajajejo import __version__, naming, quoting, yamlfile
from cajajejo.errors import CajajejoError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cajajejo.validation import StrictModel

"""What Kubernetes takes as the values of one ConfigMap; a byte more is refused."""


@dataclass(frozen=True, slots=True)
class JobIdentity:
    """What a template knows of a job beside its config.

    `rerun` counts up where the same thing is to be done again: it is part of the content, hence of the name.
    """

    prefix: str
    config_version: str
    config_path: str
    helm_config_path: str
    rerun: int = 0
    name: str = ""
    version: str = __version__


@dataclass(frozen=True, slots=True)
class Manifests:
    """A rendered job spec: its text, the documents in it, and the name of the job."""

    text: str
    documents: tuple[dict[str, Any], ...]
    name: str

    def document(self, kind: str) -> dict[str, Any]:
        """The document of this kind.

        Raises:
            KeyError: there is none.
        """
        for document in self.documents:
            if document["kind"] == kind:
                return document
        raise KeyError(kind)


def render(template: str, config: StrictModel, identity: JobIdentity, files: Mapping[str, str]) -> Manifests:
    """The manifests that `template` makes of `config`, with the name that follows from what is in them.

    Raises:
        CajajejoError: text that no Kubernetes object can hold; names the field.
    """
    values = config.model_dump(mode="json", by_alias=True)
    _check_text({"config": values, "job": _fields(identity), "file": dict(files)})
    source = _environment().get_template(template)
    nameless = source.render(config=config, identity=replace(identity, name=""), files=files)
    name = naming.job_name(identity.prefix, fingerprint(yamlfile.load_documents(nameless)))
    text = source.render(config=config, identity=replace(identity, name=name), files=files)
    return Manifests(text, tuple(yamlfile.load_documents(text)), name)


def fingerprint(documents: Sequence[Mapping[str, Any]], *, name: str = "") -> str:
    """The SHA-256 of what `documents` hold, with `name` blanked wherever it stands alone; comments do not count."""
    canonical = json.dumps([_without(document, name) for document in documents], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _without(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _without(item, name) for key, item in value.items()}
    if isinstance(value, list):
        return [_without(item, name) for item in value]
    return "" if value == name else value


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(  # noqa: S701  # it makes YAML; the filters below quote
        loader=jinja2.PackageLoader("cajajejo", "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"q": quoting.q, "block": quoting.block, "literal": quoting.literal}
    return environment


def _fields(identity: JobIdentity) -> dict[str, Any]:
    return {name: getattr(identity, name) for name in JobIdentity.__slots__}


def _check_text(value: Any, location: tuple[str | int, ...] = ()) -> None:
    if isinstance(value, str):
        problem = quoting.problem_of(value)
        if problem:
            raise CajajejoError(f"{yamlfile.dotted(location[1:])}: {problem}")
        return
    items: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        _check_text(key, (*location, "key", repr(key)))
        _check_text(item, (*location, key))
