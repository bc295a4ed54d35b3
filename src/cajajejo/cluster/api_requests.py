"""The requests of an API server as values: where each goes, what it carries, and what sending it twice does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cajajejo.cluster.errors import InvalidObjectError
from cajajejo.cluster.exchange import Asked, plain
from cajajejo.cluster.retries import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH: Final = "application/strategic-merge-patch+json"
"""For built-in kinds: items of lists such as ``ownerReferences`` are merged by their keys."""
APPLY: Final = "application/apply-patch+yaml"
MANAGER: Final = "cajajejo"
"""Who changed a field, in an object's ``managedFields``."""

_REVIEWS: Final = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


@dataclass(frozen=True, slots=True)
class Request:
    """One request: what errors call it, where it goes, what it carries, and what sending it twice does."""

    asked: Asked
    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    body: bytes | None = None
    effect: Effect = Effect.REPEATABLE
    content_type: str = "application/json"
    stream: bool = False
    read_seconds: float | None = None
    patient: bool = True
    """Whether it is sent again at all after a failure that may pass."""


def reading(asked: Asked, query: Sequence[tuple[str, str]] = ()) -> Request:
    """Reads an object, or a page of a collection where `asked` has no name."""
    return Request(asked, "GET", _path(asked), query)


def creation(asked: Asked, document: Mapping[str, Any], *, dry_run: bool) -> Request:
    """Creates an object with strict checking of its fields."""
    effect = Effect.CREATES if asked.name else Effect.ONCE
    collection = Asked(asked.verb, asked.kind, None, asked.namespace)
    return Request(
        asked,
        "POST",
        _path(collection),
        _checked(dry_run=dry_run),
        encode(document, asked),
        Effect.REPEATABLE if dry_run else effect,
    )


def patching(asked: Asked, body: Any, *, content_type: str, force: bool, dry_run: bool) -> Request:
    """Changes an object."""
    query = [*_checked(dry_run=dry_run), *[("force", "true")] * force]
    effect = Effect.REPEATABLE if dry_run or _is_repeatable(content_type, body) else Effect.ONCE
    return Request(asked, "PATCH", _path(asked), query, encode(body, asked), effect, content_type)


def deletion(asked: Asked, *, propagation: str, uid: str | None, version: str | None, dry_run: bool) -> Request:
    """Deletes an object.

    All wishes stand in the body, because a server that gets one ignores the query; a dry run is told in both places.
    """
    wishes: dict[str, Any] = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation}
    if uid:
        wishes["preconditions"] = {"uid": uid, **({"resourceVersion": version} if version else {})}
    if dry_run:
        wishes["dryRun"] = ["All"]
    effect = Effect.REPEATABLE if uid or dry_run else Effect.ONCE
    return Request(asked, "DELETE", _path(asked), _dry(dry_run=dry_run), encode(wishes, asked), effect)


def review(verb: str, resource: str, group: str, namespace: str | None) -> Request:
    """Asks whether the user may do something."""
    asked = Asked("create", path=_REVIEWS)
    attributes = {"verb": verb, "resource": resource, "group": group, "namespace": namespace or ""}
    question = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    return Request(asked, "POST", _REVIEWS, (), encode(question, asked))


def encode(document: Any, asked: Asked) -> bytes:
    """`document` as JSON.

    Raises:
        InvalidObjectError: it holds what JSON has no form for, such as NaN.
    """
    try:
        return json.dumps(document, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError) as error:
        message = f"cannot {asked}: it holds what no Kubernetes object can hold"
        raise InvalidObjectError(message, facts={"says": plain(error)}) from error


def _path(asked: Asked) -> str:
    if asked.kind is None:
        return asked.path
    try:
        return asked.kind.path(asked.namespace, asked.name)
    except ValueError as error:
        raise InvalidObjectError(f"cannot {asked.verb} {asked.kind.resource}: {plain(error)}") from error


def _checked(*, dry_run: bool) -> list[tuple[str, str]]:
    return [("fieldManager", MANAGER), ("fieldValidation", "Strict"), *_dry(dry_run=dry_run)]


def _dry(*, dry_run: bool) -> list[tuple[str, str]]:
    return [("dryRun", "All")] if dry_run else []


def _is_repeatable(content_type: str, body: Any) -> bool:
    """Whether sending a patch twice does what sending it once does: with a resourceVersion it does not."""
    metadata = body.get("metadata") if isinstance(body, dict) else None
    tied = isinstance(metadata, dict) and "resourceVersion" in metadata
    return content_type in {MERGE_PATCH, STRATEGIC_MERGE_PATCH, APPLY} and not tied
