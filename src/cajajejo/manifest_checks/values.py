"""Reading an object that may be wrong: what is of another type than it should be reads as if it were not there.

The schema reports wrong types; the checks here then look at what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cajajejo.yamlfile import Location

_NOTHING: Final[Mapping[str, Any]] = {}
_POD_SPECS: Final[Mapping[str, Location]] = {
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "Deployment": ("spec", "template", "spec"),
    "Job": ("spec", "template", "spec"),
}


def mapping(value: object) -> Mapping[str, Any]:
    """`value` where it is a mapping."""
    return value if isinstance(value, dict) else _NOTHING


def mappings(value: object) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """The mappings in a list, with their places."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, dict):
                yield index, item


def texts(value: object) -> Iterator[tuple[int, str]]:
    """The texts in a list, with their places."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, str):
                yield index, item


def text(value: object) -> str:
    """`value` where it is text."""
    return value if isinstance(value, str) else ""


def whole(value: object) -> int | None:
    """`value` where it is a whole number."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def inside(value: object, *path: str) -> Any:
    """What stands below `value` at `path`, or None."""
    for name in path:
        value = mapping(value).get(name)
    return value


def present(value: Mapping[str, Any], *names: str) -> list[str]:
    """Those of `names` that hold something."""
    return [name for name in names if value.get(name) is not None]


def pod_spec(document: Mapping[str, Any]) -> tuple[Location, Mapping[str, Any]] | None:
    """Where the pods of a Job, CronJob or Deployment are specified, and how; None for any other kind."""
    path = _POD_SPECS.get(text(document.get("kind")))
    return None if path is None else (path, mapping(inside(document, *map(str, path))))


def containers(pod: Mapping[str, Any]) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
    """All containers of a pod, first those of ``initContainers``, each with its list and place."""
    for field in ("initContainers", "containers"):
        for index, container in mappings(pod.get(field)):
            yield field, index, container
