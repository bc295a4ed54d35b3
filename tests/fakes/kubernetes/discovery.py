"""Answers about the server itself: groups, resources, version, health and OpenAPI documents."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.fakes.kubernetes import catalogue
from tests.fakes.kubernetes.errors import unknown_page
from tests.fakes.kubernetes.messages import Answer

if TYPE_CHECKING:
    from tests.fakes.kubernetes.messages import Request
    from tests.fakes.kubernetes.model import Object

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
_NO_SNIFF = {"X-Content-Type-Options": "nosniff"}
_STORED = {
    "CustomResourceDefinition": ("apiextensions.k8s.io", "v1beta1"),
    "Event": ("", "v1"),
    "HorizontalPodAutoscaler": ("autoscaling", "v2"),
}
"""Kinds that are stored in another form than they are served in."""
_HEALTH = ("/healthz", "/livez", "/readyz")


def answer(request: Request) -> Answer:
    """The answer to a request that is not about objects.

    Raises:
        ApiError: 404, nothing is there.
    """
    path = request.path.rstrip("/") or "/"
    if path.startswith("/openapi/"):
        return _openapi(path)
    if path.startswith(_HEALTH):
        return Answer(200, _health(request, path), _NO_SNIFF)
    if path in ("/api", "/apis") and _AGGREGATED in request.headers.get("accept", "").replace(" ", ""):
        return _aggregated(path)
    found = _document(path, request.headers.get("host", ""))
    if found is None:
        raise unknown_page()
    return Answer(200, found)


def _document(path: str, address: str) -> Object | None:
    match path.strip("/").split("/"):
        case [""]:
            return dict(catalogue.recorded("root-paths"))
        case ["version"]:
            return dict(catalogue.recorded("version"))
        case ["api"]:
            addresses = [{"clientCIDR": "0.0.0.0/0", "serverAddress": address}]
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": addresses}
        case ["apis"]:
            groups = [_group(name) for name in catalogue.load().groups if name]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ["apis", name] if name in catalogue.load().groups:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(name)}
        case ["api", version]:
            return _resources("", version)
        case ["apis", name, version]:
            return _resources(name, version)
    return None


def _group(name: str) -> Object:
    versions = [{"groupVersion": f"{name}/{each}", "version": each} for each in catalogue.load().groups[name]]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resources(group: str, version: str) -> Object | None:
    if version not in catalogue.load().groups.get(group, ()):
        return None
    head: Object = {"kind": "APIResourceList", "apiVersion": "v1"} if group else {"kind": "APIResourceList"}
    head["groupVersion"] = f"{group}/{version}" if group else version
    return {**head, "resources": list(_entries(group, version))}


@cache
def _entries(group: str, version: str) -> tuple[Object, ...]:
    name = "apis-aggregated" if group else "api-aggregated"
    found = [item for item in catalogue.recorded(name)["items"] if item["metadata"].get("name", "") == group]
    versions = [each for each in found[0]["versions"] if each["version"] == version]
    return tuple(entry for item in versions[0]["resources"] for entry in _plain(group, version, item))


def _plain(group: str, version: str, item: Object) -> list[Object]:
    """A resource of aggregated discovery, and its subresources, as the older discovery has them."""
    namespaced = item["scope"] == "Namespaced"
    kind = item["responseKind"]["kind"]
    entry: Object = {
        "name": item["resource"],
        "singularName": item["singularResource"],
        "namespaced": namespaced,
        "kind": kind,
        "verbs": item["verbs"],
        **{name: item[name] for name in ("shortNames", "categories") if name in item},
    }
    if "watch" in item["verbs"]:
        entry["storageVersionHash"] = _storage_hash(group, version, kind)
    return [entry, *(_below(group, item, below) for below in item.get("subresources", ()))]


def _below(group: str, item: Object, below: Object) -> Object:
    name, namespaced = f"{item['resource']}/{below['subresource']}", item["scope"] == "Namespaced"
    entry: Object = {"name": name, "singularName": "", "namespaced": namespaced}
    found = below.get("responseKind", {})
    if found.get("group", "") not in ("", group):
        entry |= {"group": found["group"], "version": found["version"]}
    return {**entry, "kind": found.get("kind", ""), "verbs": below["verbs"]}


def _storage_hash(group: str, version: str, kind: str) -> str:
    """The first eight bytes of the SHA-256 of what the objects are stored as."""
    group, version = _STORED.get(kind, (group, version))
    return base64.b64encode(hashlib.sha256(f"{group}/{version}/{kind}".encode()).digest()[:8]).decode()


def _aggregated(path: str) -> Answer:
    name = path.strip("/")
    found: Any = json.loads((catalogue.RECORDINGS / "discovery" / f"{name}-aggregated.json").read_text("utf-8"))
    kept = {key: found["response"]["headers"][key] for key in ("Cache-Control", "Etag", "Vary", "Content-Type")}
    return Answer(200, found["response"]["body"], kept)


def _openapi(path: str) -> Answer:
    if path == "/openapi/v3":
        return Answer(200, str(catalogue.recorded("openapi-v3-index")))
    name = path.removeprefix("/openapi/v3/").replace("/", "-")
    file = catalogue.RECORDINGS / "openapi-v3" / f"{name}.json.gz"
    if not file.is_file():
        raise unknown_page()
    return Answer(200, gzip.decompress(file.read_bytes()), {"Cache-Control": "public, immutable"})


def _health(request: Request, path: str) -> str:
    if "verbose" not in request.query:
        return "ok"
    return str(catalogue.recorded("livez-verbose")).replace("livez", path.strip("/"))
