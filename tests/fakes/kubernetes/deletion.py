"""Delete: at once, or with finalizers; what is owned goes before, after, or stays, as the propagation policy says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.kubernetes import content
from tests.fakes.kubernetes.errors import details, invalid_options, not_found
from tests.fakes.kubernetes.garbage import FOREGROUND, ORPHAN, TRACKING, marked_for_deletion
from tests.fakes.kubernetes.messages import Answer
from tests.fakes.kubernetes.model import ApiError, Cause
from tests.fakes.kubernetes.reading import listing, selection
from tests.fakes.kubernetes.store import now

if TYPE_CHECKING:
    from tests.fakes.kubernetes.calls import Call
    from tests.fakes.kubernetes.model import Object

WARNING = (
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them "
    "or set propagationPolicy=Orphan to suppress this warning"
)
_POLICIES = ("Foreground", "Background", "Orphan")
_FINALIZERS = {"Foreground": FOREGROUND, "Orphan": ORPHAN}
_RETURNED = frozenset(("StorageClass", "Namespace", "Pod", "PersistentVolumeClaim", "ResourceQuota", "ServiceAccount"))
"""Kinds whose deletion answers with the object, not with a Status."""


def delete(call: Call) -> Answer:
    """The answer to DELETE of one object."""
    options = _options(call)
    policy = _policy(call, options)
    with call.store.changed:
        live = call.live()
        if live is None:
            raise not_found(call.resource, call.target.name)
        _preconditions(call, live, options)
        left = _deleted(call, live, policy)
    if left is None and call.resource.kind not in _RETURNED:
        about = {**details(call.resource, call.target.name), "uid": live["metadata"]["uid"]}
        body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": about}
        return Answer(200, body, warnings=call.warnings)
    return Answer(200, left or live, warnings=call.warnings)


def delete_all(call: Call) -> Answer:
    """The answer to DELETE of a collection."""
    policy = _policy(call, _options(call))
    chosen = selection(call)
    with call.store.changed:
        rows = [row for row in call.store.all(call.resource).values() if chosen(row)]
        shown = [_deleted(call, row, policy) or row for row in rows]
        metadata = {"resourceVersion": str(call.store.revision)}
    return Answer(200, listing(call, shown, metadata), warnings=call.warnings)


def _options(call: Call) -> Object:
    options: Object = {}
    if call.request.body.strip():
        options |= content.plain(call)
    given = call.request.query
    return options | {name: given[name] for name in ("propagationPolicy", "gracePeriodSeconds") if name in given}


def _policy(call: Call, options: Object) -> str:
    given = options.get("propagationPolicy")
    if given is None and "orphanDependents" in options:
        given = "Orphan" if options["orphanDependents"] else "Background"
    if given is not None and given not in _POLICIES:
        message = f'Unsupported value: "{given}": supported values: "Foreground", "Background", "Orphan", "nil"'
        raise invalid_options("DeleteOptions", Cause("FieldValueNotSupported", message, "propagationPolicy"))
    if given is None and call.resource.kind == "Job":
        call.warnings.append(WARNING)
        return "Orphan"
    return str(given or "Background")


def _preconditions(call: Call, live: Object, options: Object) -> None:
    wanted = options.get("preconditions") or {}
    for key, name in (("uid", "UID"), ("resourceVersion", "ResourceVersion")):
        given, found = wanted.get(key), live["metadata"][key]
        if given in (None, found):
            continue
        resource = call.resource
        about = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
        message = (
            f'Operation cannot be fulfilled on {about} "{call.target.name}": the {name} in the precondition ({given}) '
            f"does not match the {name} in record ({found}). The object might have been deleted and then recreated"
        )
        more = {**details(resource, call.target.name), "kind": resource.kind}
        raise ApiError(409, "Conflict", message, more)


def _deleted(call: Call, live: Object, policy: str) -> Object | None:
    """The object that is left, or nothing when it is gone."""
    if call.resource.kind == "Namespace":
        return _terminated(call, live)
    finalizers = list(live["metadata"].get("finalizers", ()))
    kept = [each for each in finalizers if each not in {*_FINALIZERS.values(), TRACKING}]
    if policy in _FINALIZERS:
        kept.append(_FINALIZERS[policy])
    if live["metadata"].get("deletionTimestamp") and (kept == finalizers or call.resource.kind == "Pod"):
        return live
    if call.request.dry_run:
        return marked_for_deletion(live, kept) if kept else None
    return call.collector.delete(call.resource, live, kept)


def _terminated(call: Call, live: Object) -> Object:
    metadata = {"deletionTimestamp": now(), **live["metadata"]}
    gone = {**live, "metadata": metadata, "status": {**live.get("status", {}), "phase": "Terminating"}}
    if call.request.dry_run:
        return gone
    stored = call.store.set(call.resource, gone)
    call.collector.empty(call.target.name)
    call.collector.delete(call.resource, stored, [])
    return stored
