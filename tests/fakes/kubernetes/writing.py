"""Create, update and patch: a body becomes a stored object, with all that the server adds to it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from tests.fakes.kubernetes import catalogue, content
from tests.fakes.kubernetes.calls import Attempt
from tests.fakes.kubernetes.errors import already_exists, conflict, forbidden, invalid_options, not_found
from tests.fakes.kubernetes.messages import Answer
from tests.fakes.kubernetes.model import ApiError, Cause
from tests.fakes.kubernetes.store import new_uid, now

if TYPE_CHECKING:
    from tests.fakes.kubernetes.calls import Call
    from tests.fakes.kubernetes.model import Object, Resource

APPLY = "application/apply-patch+yaml"
NAMESPACES = catalogue.load().of_kind("namespaces")
_COUNTED = frozenset(
    (
        "Job", "CronJob", "Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "PodDisruptionBudget",
        "CustomResourceDefinition", "NetworkPolicy", "Ingress", "HorizontalPodAutoscaler",
        "ValidatingAdmissionPolicy", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration",
    )
)  # fmt: skip
"""Kinds whose metadata.generation counts the changes of their spec."""
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
_LONGEST_PREFIX = 58
_FIXED = (
    "uid", "creationTimestamp", "namespace", "name", "generateName", "generation", "resourceVersion",
    "deletionTimestamp", "deletionGracePeriodSeconds",
)  # fmt: skip
"""Metadata that an update cannot change."""
_SEEDS: dict[str, Object] = {"Job": {}, "CronJob": {}, "Pod": {"phase": "Pending"}, "Namespace": {"phase": "Active"}}
"""The status of a new object; what a client says of it counts for nothing."""


def create(call: Call) -> Answer:
    """The answer to POST."""
    body = content.decoded(call)
    return Answer(201, _created(call, body, operation="Update"), warnings=call.warnings)


def update(call: Call) -> Answer:
    """The answer to PUT."""
    sent = content.decoded(call)
    with call.store.changed:
        live = _required(call)
        _same_version(call, sent, live)
        return Answer(200, _updated(call, live, sent), warnings=call.warnings)


def patch(call: Call) -> Answer:
    """The answer to PATCH, of all kinds."""
    if call.request.content_type == APPLY:
        return _apply(call)
    with call.store.changed:
        live = _required(call)
        changed = content.patched(call, live)
        _same_version(call, changed, live)
        return Answer(200, _updated(call, live, changed), warnings=call.warnings)


def _apply(call: Call) -> Answer:
    if not call.request.query.get("fieldManager"):
        cause = Cause("FieldValueRequired", "Required value: is required for apply patch", "fieldManager")
        raise invalid_options("PatchOptions", cause)
    sent = content.decoded(call)
    with call.store.changed:
        live = call.live()
        result = content.applied(call, live, sent)
        if live is not None:
            _same_version(call, sent, live)
        if live is None:
            _may_create(call)
            return Answer(201, _created(call, result, operation="Apply"), warnings=call.warnings)
        return Answer(200, _updated(call, live, result, operation="Apply"), warnings=call.warnings)


def _may_create(call: Call) -> None:
    try:
        call.access.require(call.user, "create", call.target)
    except ApiError as error:
        raise ApiError(error.code, error.reason, error.message, error.details) from None


def _required(call: Call) -> Object:
    live = call.live()
    if live is None:
        raise not_found(call.resource, call.target.name)
    return live


def _same_version(call: Call, sent: Object, live: Object) -> None:
    version = sent.get("metadata", {}).get("resourceVersion")
    if version not in {None, "", live["metadata"]["resourceVersion"]}:
        raise conflict(call.resource, call.target.name)


def _created(call: Call, body: Object, *, operation: str) -> Object:
    resource, namespace = call.resource, call.target.namespace
    value = content.defaulted(resource, _named(call, body))
    name = value["metadata"]["name"]
    with call.store.changed:
        _namespace_open(call, name)
        value = _seeded(resource, value)
        if operation == "Update":
            value = content.tracked(call, None, value)
        value = _admitted(call, "CREATE", value, None)
        value = content.generated(resource, value)
        content.check(call, value, None)
        if call.store.get(resource, namespace, name) is not None:
            raise already_exists(resource, name)
        if call.request.dry_run:
            return value
        stored = call.store.set(resource, value)
        call.collector.adopted(resource, stored)
        return stored


def _named(call: Call, body: Object) -> Object:
    resource, given = call.resource, body.get("metadata") or {}
    metadata = {key: value for key, value in given.items() if key not in {"resourceVersion", "uid", "generation"}}
    if metadata.get("generateName") and not metadata.get("name"):
        suffix = "".join(secrets.choice(_SUFFIX) for _ in range(5))
        metadata["name"] = metadata["generateName"][:_LONGEST_PREFIX] + suffix
    metadata.setdefault("name", call.target.name)
    if resource.namespaced:
        metadata["namespace"] = call.target.namespace
    metadata |= {"uid": new_uid(), "creationTimestamp": now()}
    if resource.custom or resource.kind in _COUNTED:
        metadata["generation"] = 1
    return {**body, "kind": resource.kind, "apiVersion": resource.api_version, "metadata": metadata}


def _seeded(resource: Resource, value: Object) -> Object:
    """What the strategy of a kind makes of a new object before it is admitted."""
    if not _has_status(resource):
        return value
    without = {key: part for key, part in value.items() if key != "status"}
    if resource.kind == "Namespace":
        metadata = without["metadata"]
        labels = {**metadata.get("labels", {}), "kubernetes.io/metadata.name": metadata["name"]}
        without |= {"metadata": {**metadata, "labels": labels}, "spec": {"finalizers": ["kubernetes"]}}
    return {**without, "status": dict(_SEEDS[resource.kind])} if resource.kind in _SEEDS else without


def _namespace_open(call: Call, name: str) -> None:
    namespace = call.target.namespace
    if not namespace:
        return
    found = call.store.get(NAMESPACES, None, namespace)
    if found is None:
        raise not_found(NAMESPACES, namespace)
    if found["metadata"].get("deletionTimestamp"):
        message = f"unable to create new content in namespace {namespace} because it is being terminated"
        cause = {
            "reason": "NamespaceTerminating",
            "message": f"namespace {namespace} is being terminated",
            "field": "metadata.namespace",
        }
        raise forbidden(call.resource, name, message, [cause])


def _updated(call: Call, live: Object, sent: Object, *, operation: str = "Update") -> Object:
    given = {key: value for key, value in sent.get("metadata", {}).items() if key not in _FIXED}
    metadata = {**given, **{key: live["metadata"][key] for key in _FIXED if key in live["metadata"]}}
    value = {**sent, "kind": call.resource.kind, "apiVersion": call.resource.api_version, "metadata": metadata}
    value = content.defaulted(call.resource, _limited(call, live, value))
    if operation == "Update":
        value = content.tracked(call, live, value)
    value = _admitted(call, "UPDATE", value, live)
    if "generation" in metadata and _counted(call.resource, value) != _counted(call.resource, live):
        value["metadata"]["generation"] = metadata["generation"] + 1
    content.check(call, value, live)
    if content.settled(live, value) is live:
        return live
    if call.request.dry_run:
        return value
    stored = call.store.set(call.resource, value)
    if metadata.get("deletionTimestamp") and not stored["metadata"].get("finalizers"):
        call.collector.delete(call.resource, stored, [])
    return stored


def _limited(call: Call, live: Object, value: Object) -> Object:
    """The part of an update that counts: only status through the subresource, all but status without it."""
    if not _has_status(call.resource):
        return value
    if call.target.subresource == "status":
        entries = value["metadata"].get("managedFields", [])
        kept = {**live, "metadata": {**live["metadata"], "managedFields": entries}}
        return {**kept, **({"status": value["status"]} if "status" in value else {})}
    without = {key: part for key, part in value.items() if key != "status"}
    return {**without, **({"status": live["status"]} if "status" in live else {})}


def _has_status(resource: Resource) -> bool:
    entry = catalogue.load().find(resource.group, resource.version, resource.plural)
    return entry is not None and "status" in entry.subresources


def _admitted(call: Call, operation: str, value: Object, old: Object | None) -> Object:
    for hook in call.admission:
        name, namespace = value["metadata"]["name"], call.target.namespace
        attempt = Attempt(
            operation,
            call.resource,
            namespace,
            name,
            value,
            old,
            call.user.name,
            dry_run=call.request.dry_run,
            warnings=call.warnings,
        )
        value = hook(attempt) or value
    return value


def _counted(resource: Resource, value: Object) -> Object:
    if resource.custom:
        return {key: part for key, part in value.items() if key not in {"metadata", "status"}}
    return {"spec": value.get("spec")}
