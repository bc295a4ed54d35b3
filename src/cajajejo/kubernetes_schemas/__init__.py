"""A Kubernetes object held against the schema of its kind, for each Kubernetes version that is known here.

The schemas are those that Kubernetes publishes, made strict: what they do not name is an error. They stand
beside this file, made by ``scripts/kubernetes_schemas.py``; `field_rules` adds what they leave out about single fields.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, cast

from cajajejo import field_rules, text_forms
from cajajejo.errors import UsageError
from cajajejo.findings import Finding
from cajajejo.phrases import REQUIRED, UNKNOWN_FIELD, closest, did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import jsonschema_rs

    from cajajejo.yamlfile import Location

    Schema = dict[str, Any]

VERSIONS: Final = ("1.29", "1.30", "1.31", "1.32", "1.33", "1.34", "1.35", "1.36", "1.37")
NEWEST: Final = VERSIONS[-1]

_VERSION: Final = re.compile(r"v?(\d{1,9})\.(\d{1,9})\+?(?:\.(\d{1,9}))?(?:-gke\.(\d{1,18}))?([-+][-+.\w]*)?", re.ASCII)
_TYPES: Final = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "empty",
    "number": "a number",
    "object": "a mapping of fields",
    "string": "text",
}


@dataclass(frozen=True, slots=True, order=True)
class KubernetesVersion:
    """A version of Kubernetes; GKE's own number counts after the release: ``1.31.4-gke.1183000``."""

    release: tuple[int, int, int]
    gke: int = 0

    @property
    def minor(self) -> str:
        """The version as schemas know it: ``1.31``."""
        return f"{self.release[0]}.{self.release[1]}"

    def __str__(self) -> str:
        return ".".join(map(str, self.release)) + (f"-gke.{self.gke}" if self.gke else "")


@lru_cache
def version(text: str) -> KubernetesVersion:
    """The version in ``1.36``, ``v1.36.2`` or ``1.31.4-gke.1183000``.

    Raises:
        UsageError: it is none, or there are no schemas for it.
    """
    match = _VERSION.fullmatch(text)
    facts = {"known": ", ".join(VERSIONS)}
    if match is None:
        raise UsageError(f"not a version of Kubernetes: {shown(text)}", facts=facts)
    major, minor, patch, gke = (int(part or 0) for part in match.groups()[:4])
    found = KubernetesVersion((major, minor, patch), gke)
    if found.minor not in VERSIONS:
        raise UsageError(f"there are no schemas here for Kubernetes {found.minor}", facts=facts)
    return found


def kinds(version: KubernetesVersion) -> Mapping[str, Sequence[str]]:
    """The kinds that this version of Kubernetes brings along, by their apiVersion."""
    return cast("Mapping[str, Sequence[str]]", _file(version.minor)["kinds"])


def has_schema(document: Mapping[str, Any], version: KubernetesVersion) -> bool:
    """Whether `problems` can look at a document of this apiVersion and kind."""
    return _root(document, version.minor) is not None


def problems(document: Mapping[str, Any], version: KubernetesVersion, *, index: int = 0) -> list[Finding]:
    """What in `document` does not fit the schema of its kind; nothing for a kind that there is no schema for.

    Args:
        document: one object of a manifest.
        version: whose schemas to use.
        index: the place of the document in its manifest, for the findings.
    """
    root = _root(document, version.minor)
    if root is None:
        return []
    validator = _validator(version.minor, root)
    try:
        if validator.is_valid(document):
            return []
        errors = list(validator.iter_errors(document))
    except ValueError:  # a date, bytes, a key that is a number: what YAML can hold and JSON cannot
        errors = list(validator.iter_errors(as_json(document)))
    return _findings(errors, _definitions(version.minor), root, index)


def as_json(value: object) -> Any:
    """`value` with only what JSON has, as a server would receive it."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else _text(key): as_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_json(inner) for inner in value]
    if isinstance(value, bool) or value is None:
        return value
    for plain in (str, int, float):
        if isinstance(value, plain):
            return plain(value)
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, date):  # datetime is a date
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return json.dumps(value) if isinstance(value, bool | None) else str(value)


@lru_cache
def _file(minor: str) -> Mapping[str, Any]:
    path = resources.files(__name__) / f"kubernetes-{minor}.json"
    return cast("Mapping[str, Any]", json.loads(path.read_bytes()))


@lru_cache
def _definitions(minor: str) -> dict[str, Schema]:
    """The definitions of a version, with the rules of `field_rules` put in."""
    return field_rules.added_to(_file(minor)["$defs"], minor)


@lru_cache
def _validator(minor: str, root: str) -> jsonschema_rs.Validator:
    import jsonschema_rs

    schema = {"$ref": f"#/$defs/{root}", "$defs": _definitions(minor)}
    return jsonschema_rs.Draft202012Validator(
        schema, validate_formats=True, pattern_options=jsonschema_rs.RegexOptions(), offline=True
    )


def _root(document: Mapping[str, Any], minor: str) -> str | None:
    """The name of the definition of the kind of `document`."""
    kind, api_version = document.get("kind"), document.get("apiVersion")
    definition = _file(minor)["$defs"].get(kind) if isinstance(kind, str) else None
    served = definition and definition["properties"].get("apiVersion", {}).get("enum", ())
    return cast("str", kind) if served and api_version in served else None


def _findings(
    errors: Sequence[jsonschema_rs.ValidationError], definitions: Mapping[str, Schema], root: str, index: int
) -> list[Finding]:
    found: dict[tuple[Location, str], Finding] = {}
    guessed: set[Location] = set()
    for error in errors:
        for location, message, hint, guess in _translated(error, definitions, root):
            found.setdefault((location, message), Finding(index, root, location, message, hint))
            if guess is not None:
                guessed.add((*location[:-1], guess))
    return [one for (location, message), one in found.items() if not (message == REQUIRED and location in guessed)]


def _translated(
    error: jsonschema_rs.ValidationError, definitions: Mapping[str, Schema], root: str
) -> Iterator[tuple[Location, str, str | None, str | None]]:
    """`error` in our own words: location, message, hint, and the field that was probably meant."""
    here, kind = tuple(error.instance_path), cast("Any", error.kind)
    match kind.name:
        case "additionalProperties":
            names = [*_schema_at(here, definitions, root).get("properties", ())]
            for name in kind.unexpected:
                yield (*here, name), UNKNOWN_FIELD, did_you_mean(name, names), closest(name, names)
        case "required":
            yield (*here, kind.property), REQUIRED, None, None
        case "propertyNames":
            inner = kind.error
            message, hint = _message(inner)
            yield (*here, str(inner.instance)), message, hint, None
        case _:
            message, hint = _message(error)
            yield here, message, hint, None


def _message(error: jsonschema_rs.ValidationError) -> tuple[str, str | None]:
    kind, given = cast("Any", error.kind), error.instance
    match kind.name:
        case "type":
            wanted = " or ".join(_TYPES[name] for name in kind.types if name != "null" or len(kind.types) == 1)
            return f"must be {wanted}, not {shown(given)}", None
        case "enum":
            return _words_of_choice([str(option) for option in kind.options if option not in {None, ""}], given)
        case "minimum":
            return f"must be at least {kind.limit}, not {shown(given)}", None
        case "maximum":
            return f"must be at most {kind.limit}, not {shown(given)}", None
        case "minLength" | "minItems":
            return "must not be empty", None
        case "maxLength":
            return f"must be at most {kind.limit} characters, not {len(cast('str', given))}", None
        case "maxItems":
            return f"must have at most {kind.limit} items, not {len(cast('list[Any]', given))}", None
        case "pattern":
            return text_forms.words(kind.pattern, cast("str", given))
        case "format":
            return f"not a time: {shown(given)}", "for example 2026-11-21T16:00:00Z"
        case _:
            return f"does not fit the schema ({kind.name})", None


def _words_of_choice(names: Sequence[str], given: object) -> tuple[str, str | None]:
    if not names:
        return "must not stand here", None
    guess = closest(given, names) if isinstance(given, str) else None
    message = f"must be {'one of ' * (len(names) > 1)}{', '.join(names)}, not {shown(given)}"
    return message, guess and f"did you mean {guess}?"


def _schema_at(location: Location, definitions: Mapping[str, Schema], root: str) -> Schema:
    """The schema of what stands at `location`; an empty one where there is none."""
    schema: Schema = definitions[root]
    for part in location:
        schema = schema.get("items", {}) if isinstance(part, int) else schema.get("properties", {}).get(part, {})
        if "$ref" in schema:
            schema = definitions[schema["$ref"].rpartition("/")[2]]
    return schema
