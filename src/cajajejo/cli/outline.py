"""What a job spec holds, in a few words an object: the plan before it is sent, and what `parse-job` wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cajajejo.profiles import ACCELERATOR_LABELS, SPOT_LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.manifests import Manifests


def outline(spec: Manifests, *, ascii_only: bool = False) -> list[tuple[str, str, str]]:
    """Kind, name and what it asks for, of each object in `spec`."""
    return [
        (str(document["kind"]), str(document["metadata"]["name"]), _told(document, spec, ascii_only=ascii_only))
        for document in spec.documents
    ]


def _told(document: Mapping[str, Any], spec: Manifests, *, ascii_only: bool) -> str:
    match document["kind"]:
        case "Job":
            return ", ".join(_asked(document, ascii_only=ascii_only))
        case "ConfigMap":
            data = document.get("data") or {}
            kibibytes = sum(len(str(text).encode()) for text in data.values()) / 1024
            immutable = ", immutable" if document.get("immutable") else ""
            return f"{', '.join(data)}: {kibibytes:.1f} KiB{immutable}"
        case "Role":
            return "; ".join(_allowed(rule, spec.name) for rule in document.get("rules") or [])
        case "RoleBinding":
            subjects = document.get("subjects") or []
            return "for " + ", ".join(f"{subject.get('kind')} {subject.get('name')}" for subject in subjects)
        case _:
            return ""


def _allowed(rule: Mapping[str, Any], name: str) -> str:
    """A rule of a Role in a few words: ``patch jobs, of this name only``."""
    told = f"{', '.join(rule.get('verbs') or [])} {', '.join(rule.get('resources') or [])}"
    names = rule.get("resourceNames") or []
    return f"{told}, of this name only" if names == [name] else f"{told} {', '.join(names)}".rstrip()


def _asked(job: Mapping[str, Any], *, ascii_only: bool) -> list[str]:
    pod = ((job.get("spec") or {}).get("template") or {}).get("spec") or {}
    resources = ((pod.get("containers") or [{}])[0]).get("resources") or {}
    asked = {**(resources.get("limits") or {}), **(resources.get("requests") or {})}
    selector = pod.get("nodeSelector") or {}
    times = "x" if ascii_only else "\N{MULTIPLICATION SIGN}"
    told = []
    for resource in (name for name in asked if "/" in name):
        types = [value for label, value in selector.items() if label in ACCELERATOR_LABELS]
        told.append(f"{asked[resource]} {times} {types[0] if types else resource}")
    told += [f"{asked['cpu']} CPU"] if "cpu" in asked else []
    told += [str(asked["memory"])] if "memory" in asked else []
    told += [f"scratch {size}" for volume in pod.get("volumes") or [] if (size := _size(volume))]
    spot = any(label in SPOT_LABELS for label in selector.items())
    return [*told, *(["spot"] if spot else [])]


def _size(volume: Mapping[str, Any]) -> str | None:
    if volume.get("name") != "scratch-volume":
        return None
    claim = ((volume.get("ephemeral") or {}).get("volumeClaimTemplate") or {}).get("spec") or {}
    size = (claim.get("resources") or {}).get("requests", {}).get("storage")
    return (
        size
        or (volume.get("emptyDir") or {}).get("sizeLimit")
        or (volume.get("persistentVolumeClaim") or {}).get("claimName")
    )
