"""Recorded answers of a real API server, as the values that the connection makes of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from cajajejo.cluster.exchange import Answer, Asked
from cajajejo.cluster.kinds import KINDS, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

EXCHANGES = Path(__file__).parent / "recordings" / "kubernetes-1.36" / "exchanges"
VERBS = {"POST": "create", "PATCH": "patch", "PUT": "update", "DELETE": "delete"}


def recorded(name: str) -> tuple[Answer, Asked]:
    """A recorded answer, and what was asked for it."""
    exchange = json.loads((EXCHANGES / f"{name}.json").read_text("utf-8"))
    request, response = exchange["request"], exchange["response"]
    body = response["body"] if isinstance(response["body"], str) else json.dumps(response["body"])
    headers = {key.lower(): value for key, value in response["headers"].items()}
    return Answer(response["status"], headers, body.encode()), asked(request)


def asked(request: Mapping[str, Any]) -> Asked:
    """What a recorded request asks for."""
    parts = urlsplit(request["path"]).path.strip("/").split("/")
    api, rest = (parts[1:2], parts[2:]) if parts[0] == "api" else (parts[1:3], parts[3:])
    namespace, rest = (rest[1], rest[2:]) if rest[0] == "namespaces" and len(rest) > 2 else (None, rest)
    known = next(kind for kind in KINDS.values() if kind.plural == rest[0])
    kind = Kind(known.name, "/".join(api), known.plural, known.namespaced)
    body = request["body"] if isinstance(request["body"], dict) else {}
    name = rest[1] if len(rest) > 1 else body.get("metadata", {}).get("name")
    return Asked(VERBS.get(request["method"], "get" if name else "list"), kind, name, namespace, request["path"])


def names() -> list[str]:
    """Every recorded exchange that did not succeed."""
    found = []
    for path in sorted(EXCHANGES.glob("*/*.json")):
        status = json.loads(path.read_text("utf-8"))["response"]["status"]
        if status >= 300:
            found.append(path.relative_to(EXCHANGES).with_suffix("").as_posix())
    return found
