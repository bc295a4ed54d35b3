"""Makes the files in src/cajajejo/kubernetes_schemas/ from the strict schemas in the package kubernetes-validate.

.venv/bin/python scripts/kubernetes_schemas.py [--check]
"""

from __future__ import annotations

import json
import sys
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTORY: Final = Path(__file__).resolve().parent.parent / "src" / "cajajejo" / "kubernetes_schemas"
MINORS: Final = range(29, 38)
KINDS: Final = (
    *("ConfigMap", "CronJob", "Deployment", "Job", "PersistentVolumeClaim", "Role", "RoleBinding"),
    *("Secret", "Service", "ServiceAccount", "StorageClass"),
)
NOT_KEPT: Final = {"$id", "$schema", "default", "description", "title"}
RANGES: Final = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}


def published(minor: int) -> dict[str, dict[str, Any]]:
    """The strict definitions of Kubernetes 1.`minor` by their full names, as they were published."""
    place = resources.files("kubernetes_validate") / "kubernetes-json-schema" / f"v1.{minor}.0-local-strict"
    definitions: dict[str, dict[str, Any]] = json.loads((place / "_definitions.json").read_text("utf-8"))["$defs"]
    return definitions


def short(name: str) -> str:
    """``io.k8s.api.batch.v1.JobSpec`` as ``JobSpec``."""
    return name.rpartition(".")[2]


def kinds(definitions: dict[str, dict[str, Any]]) -> dict[str, dict[str, str]]:
    """The full name of every kind that has an apiVersion, a kind and metadata: by apiVersion, then by kind."""
    found: dict[str, dict[str, str]] = {}
    for name, definition in sorted(definitions.items()):
        if not {"apiVersion", "kind", "metadata"} <= set(definition.get("properties", ())):
            continue
        for served in definition.get("x-kubernetes-group-version-kind", ()):
            if not served["kind"].endswith("List"):
                api_version = "/".join(filter(None, [served["group"], served["version"]]))
                found.setdefault(api_version, {})[served["kind"]] = name
    return found


def references(schema: object) -> Iterator[str]:
    """The full name of each definition that `schema` points at."""
    if isinstance(schema, dict):
        if "$ref" in schema:
            yield schema["$ref"].rpartition("/")[2]
        for part in schema.values():
            yield from references(part)


def reachable(definitions: dict[str, dict[str, Any]], names: list[str]) -> set[str]:
    """`names`, and all that they are made of."""
    found: set[str] = set()
    while names:
        name = names.pop()
        if name not in found:
            found.add(name)
            names.extend(references(definitions[name]))
    return found


def trimmed(schema: dict[str, Any]) -> dict[str, Any]:
    """`schema` without prose; integers with their range, and a choice between types as a list of types."""
    kept: dict[str, Any] = {}
    for keyword, value in schema.items():
        if keyword in NOT_KEPT or keyword.startswith("x-"):
            continue
        if keyword == "$ref":
            kept["$ref"] = f"#/$defs/{short(value)}"
        elif keyword == "properties":
            kept["properties"] = {name: trimmed(inner) for name, inner in value.items()}
        elif keyword == "format" and value in RANGES:
            kept["minimum"], kept["maximum"] = RANGES[value]
        elif keyword == "oneOf":
            kept["type"] = sorted({name for choice in value for name in choice["type"]})
        else:
            kept[keyword] = trimmed(value) if isinstance(value, dict) else value
    return kept


def document(minor: int) -> dict[str, Any]:
    """All that is kept of Kubernetes 1.`minor`: the definitions of `KINDS`, and the names of all other kinds."""
    definitions = published(minor)
    by_version = kinds(definitions)
    roots = [name for inner in by_version.values() for kind, name in inner.items() if kind in KINDS]
    names = reachable(definitions, roots)
    assert len({short(name) for name in names}) == len(names), "two definitions of one short name"  # noqa: S101
    return {
        "kinds": {api_version: sorted(inner) for api_version, inner in by_version.items()},
        "$defs": {short(name): trimmed(definitions[name]) for name in sorted(names, key=short)},
    }


def text(minor: int) -> str:
    """The file of Kubernetes 1.`minor`: JSON, a line for each kind and definition."""
    sections = []
    for section, values in document(minor).items():
        lines = (f'"{name}":{json.dumps(value, separators=(",", ":"))}' for name, value in sorted(values.items()))
        sections.append(f'"{section}":{{\n' + ",\n".join(lines) + "\n}")
    return "{" + ",\n".join(sections) + "}\n"


def main() -> int:
    """Writes the files, or with ``--check`` says whether they are up to date."""
    for minor in MINORS:
        path = DIRECTORY / f"kubernetes-1.{minor}.json"
        if "--check" not in sys.argv[1:]:
            path.write_text(text(minor), "utf-8")
        elif path.read_text("utf-8") != text(minor):
            print(f"{path.name} is out of date. Run: python scripts/kubernetes_schemas.py", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
