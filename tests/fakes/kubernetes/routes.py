"""What a path and a method ask for: the resource, the object, the subresource and the verb."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.fakes.kubernetes import catalogue
from tests.fakes.kubernetes.errors import unknown_page, unknown_resource, wrong_method

if TYPE_CHECKING:
    from tests.fakes.kubernetes.messages import Request
    from tests.fakes.kubernetes.model import Resource

_NAMED = {"GET": "get", "HEAD": "get", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_ALL = {"GET": "list", "HEAD": "list", "POST": "create", "DELETE": "deletecollection"}


@dataclass(frozen=True)
class Target:
    """A path below ``/api`` or ``/apis`` taken apart; whether it exists is another question."""

    group: str
    version: str
    plural: str
    verb: str
    namespace: str | None = None
    name: str = ""
    subresource: str = ""

    @property
    def permission(self) -> str:
        """The resource as access rules name it: ``jobs``, ``pods/log``."""
        return f"{self.plural}/{self.subresource}" if self.subresource else self.plural


def target(request: Request) -> Target | None:
    """The target of a request; nothing for discovery, version, health and unknown paths."""
    parts = [part for part in request.path.split("/") if part]
    if parts[:1] == ["api"] and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return None
    namespace = None
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in ("status", "finalize"):
        namespace, rest = rest[1], rest[2:]
    plural, name, subresource = (*rest, "", "")[:3]
    return Target(group, version, plural, _verb(request, name, subresource), namespace, name, subresource)


def _verb(request: Request, name: str, subresource: str) -> str:
    if request.flag("watch") and not subresource and request.method == "GET":
        return "watch"
    if name:
        return "create" if request.method == "POST" else _NAMED.get(request.method, "")
    return _ALL.get(request.method, "")


def resource(found: Target) -> Resource:
    """The resource of a target, or the 404 or 405 that the real server gives.

    Raises:
        ApiError: the resource is not served, or not with this verb.
    """
    served = catalogue.load()
    entry = served.find(found.group, found.version, found.plural)
    if entry is None:
        builtin = found.group in served.groups and found.group not in catalogue.CUSTOM_GROUPS
        raise unknown_resource() if builtin else unknown_page()
    if found.subresource:
        if found.subresource not in entry.subresources:
            raise unknown_resource()
        verbs = entry.subresources[found.subresource]
    else:
        verbs = entry.verbs
        if found.name and found.verb == "create":
            raise wrong_method()
    if found.verb not in verbs:
        raise wrong_method()
    return entry.resource
