"""The content of objects on its way in: decoded, given defaults, checked, and noted who set what.

Kinds whose OpenAPI document was not recorded (roles, leases...) are taken as they come, without any of this.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from tests.fakes.kubernetes import apply, decoding, defaults, patches, protobuf, rules, schema
from tests.fakes.kubernetes.errors import bad_request
from tests.fakes.kubernetes.store import now

if TYPE_CHECKING:
    from tests.fakes.kubernetes.calls import Call
    from tests.fakes.kubernetes.model import Object, Resource


def described(resource: Resource) -> bool:
    """Whether there is a schema of the kind."""
    try:
        schema.of(resource)
    except LookupError:
        return False
    return True


def decoded(call: Call) -> Object:
    """The object in the body of a request; its warnings are kept for the answer."""
    request = call.request
    if request.content_type == protobuf.MEDIA_TYPE and protobuf.known(call.resource.kind):
        return protobuf.read(call.resource.kind, call.resource.api_version, request.body)
    if not described(call.resource):
        found: Object = plain(call)
        return found
    known = decoding.decode(
        request.body,
        request.content_type,
        call.resource,
        validation=request.query.get("fieldValidation") or "Warn",
        namespace=call.target.namespace,
        name=call.target.name or None,
    )
    call.warnings.extend(known.warnings)
    return known.object


def plain(call: Call) -> Any:
    """The body of a request as it is."""
    kind = "Eviction" if call.target.subresource == "eviction" else call.resource.kind
    if call.request.content_type == protobuf.MEDIA_TYPE and protobuf.known(kind):
        return protobuf.read(kind, call.resource.api_version, call.request.body)
    try:
        if "yaml" in call.request.content_type:
            return yaml.safe_load(call.request.body)
        return json.loads(call.request.body or b"{}")
    except (ValueError, yaml.YAMLError) as error:
        raise bad_request(f"the object provided is unrecognized: {error}") from error


def defaulted(resource: Resource, value: Object) -> Object:
    """A copy with the defaults of the kind."""
    if not described(resource):
        return dict(value)
    filled = defaults.with_defaults(resource, value)
    labels = filled.get("spec", {}).get("template", {}).get("metadata", {}).get("labels")
    if resource.kind == "Job" and labels and not filled["metadata"].get("labels"):
        filled["metadata"]["labels"] = dict(labels)
    return filled


def generated(resource: Resource, value: Object) -> Object:
    """A copy with what the server makes up: selector and labels of a Job."""
    return defaults.with_generated(resource, value) if described(resource) else value


def tracked(call: Call, before: Object | None, after: Object) -> Object:
    """`after`, with managedFields that say who set what."""
    if not described(call.resource):
        return after
    entries = apply.track(
        call.resource,
        before,
        after,
        manager=call.request.manager,
        now=now(),
        subresource=_subresource(call),
    )
    metadata = {key: value for key, value in after["metadata"].items() if key != "managedFields"}
    return {**after, "metadata": {**metadata, **({"managedFields": entries} if entries else {})}}


def patched(call: Call, live: Object) -> Object:
    """`live` after the patch in the request."""
    change = plain(call)
    kind = call.request.content_type
    return patches.patch(call.resource, live, change, kind)


def applied(call: Call, live: Object | None, sent: Object) -> Object:
    """`live` after the request applied `sent`."""
    if not described(call.resource):
        return patches.patch(call.resource, live or {}, sent, "application/merge-patch+json")
    return apply.apply(
        call.resource,
        live,
        sent,
        manager=call.request.query["fieldManager"],
        force=call.request.flag("force"),
        now=now(),
        subresource=_subresource(call),
    )


def settled(live: Object, new: Object) -> Object:
    """`new`, or `live` itself where nothing is different but times."""
    return apply.settle(live, new)


def check(call: Call, value: Object, old: Object | None) -> None:
    """Nothing, where the object is good; what is doubtful becomes a warning.

    Raises:
        ApiError: 422 with all that is wrong.
    """
    if not described(call.resource):
        return
    causes = rules.problems(call.resource, value, old)
    if causes:
        raise rules.invalid(call.resource, value["metadata"]["name"], causes)
    call.warnings.extend(rules.warnings(call.resource, value))


def _subresource(call: Call) -> str:
    return call.target.subresource
