"""Server-side apply, and who owns which fields after any other write.

``apply`` gives the object as it is after an apply, before the server fills in defaults; ``track`` gives the managed
fields after a create, an update or a patch; ``settle`` takes back new times where nothing else is new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes import errors, fields, managers, schema, schemaerrors, structured_merge
from tests.fakes.kubernetes.managers import Manager, Share
from tests.fakes.kubernetes.model import ApiError, Cause

if TYPE_CHECKING:
    from tests.fakes.kubernetes.fields import Fields
    from tests.fakes.kubernetes.managers import Shares
    from tests.fakes.kubernetes.model import Object, Resource
    from tests.fakes.kubernetes.schema import Schema

_SERVERS_OWN: Final = ("uid", "creationTimestamp", "generation", "resourceVersion", "selfLink")
_BEFORE: Final = "before-first-apply"


def apply(
    resource: Resource,
    live: Object | None,
    applied: Object,
    *,
    manager: str,
    force: bool,
    now: str,
    subresource: str = "",
) -> Object:
    """`live` after `manager` applied `applied`, with new managed fields; `live` itself if nothing changed.

    Raises:
        ApiError: the server would refuse it: another manager's field, an unknown field, a wrong type...
    """
    _check(resource, applied)
    node = schema.of(resource)
    config, before = _writable(resource, applied, subresource), _plain(live or {})
    who = managers.manager(manager, "Apply", resource, subresource)
    shares = _shares(resource, live)
    last = shares.pop(who, Share(fields.NONE, resource.api_version))
    claimed = fields.of_value(node, config)
    merged = structured_merge.merge(node, before, config)
    kept = claimed.union(*(share.owned for share in shares.values()))
    after = _pruned(node, merged, kept, last.owned)
    after = after if resource.custom else _without_nulls(after)
    _settle_ownership(shares, structured_merge.compare(node, before, after), force=force)
    after = _identity(resource, before, after)
    time = last.time if live is not None and after == before else now
    shares[who] = Share(managers.ownable(resource, claimed, subresource), resource.api_version, time)
    return settle(live, with_managed(after, managers.write(shares)))


def track(
    resource: Resource,
    before: Object | None,
    after: Object,
    *,
    manager: str,
    operation: str = "Update",
    now: str,
    subresource: str = "",
) -> list[Object]:
    """The managed fields after `manager` made `after` of `before`: it owns what is new or different.

    `after` has the server's defaults, but not yet what the server generates (uid, labels and selector of a Job).
    """
    node, who = schema.of(resource), managers.manager(manager, operation, resource, subresource)
    shares = managers.read(_entries(before, after, subresource))
    old, new = (_present(resource, node, _plain(value or {})) for value in (before, after))
    difference = structured_merge.compare(node, old, new)
    taken = managers.ownable(resource, difference.taken, subresource)
    for other, share in shares.items():
        owned = share.owned - difference.taken - difference.removed
        shares[other] = Share(owned, share.api_version, share.time)
    if taken:
        own = shares.get(who, Share(fields.NONE, resource.api_version))
        shares[who] = Share(own.owned | taken, resource.api_version, now)
    return managers.write(shares)


def settle(live: Object | None, new: Object) -> Object:
    """`new`, or `live` itself where only the times of managed fields differ."""
    if live is None or _plain(live) != _plain(new):
        return new
    entries = [managers.without_times(value.get("metadata", {}).get("managedFields", [])) for value in (live, new)]
    return live if entries[0] == entries[1] else new


def with_managed(value: Object, entries: list[Object]) -> Object:
    """`value` with `entries` as its managed fields."""
    return {**value, "metadata": {**value.get("metadata", {}), "managedFields": entries}}


def _check(resource: Resource, applied: Object) -> None:
    version, kind = applied.get("apiVersion", ""), applied.get("kind", "")
    if (version, kind) != (resource.api_version, resource.kind):
        told = version if "/" in version else f"/{version}"
        raise errors.bad_request(f"invalid object type: {told}, Kind={kind}")
    metadata = applied.get("metadata") or {}
    if isinstance(metadata, dict) and metadata.get("managedFields") is not None:
        raise errors.bad_request("metadata.managedFields must be nil")
    wrong = schemaerrors.of_value(schema.of(resource), applied)
    if wrong:
        what = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}; {_gvk(resource)}"
        raise ApiError(500, "", f"failed to create typed patch object ({what}): {wrong}")


def _gvk(resource: Resource) -> str:
    return f"{resource.group}/{resource.version}, Kind={resource.kind}"


def _writable(resource: Resource, applied: Object, subresource: str) -> Object:
    """`applied` less what this endpoint does not write."""
    hidden = {"": "status", "status": "spec"}.get(subresource) if schema.has_status(resource) else None
    return {name: value for name, value in applied.items() if name != hidden}


def _plain(value: Object) -> Object:
    """`value` less its managed fields."""
    metadata = {name: inner for name, inner in value.get("metadata", {}).items() if name != "managedFields"}
    return {**value, "metadata": metadata} if value else {}


def _shares(resource: Resource, live: Object | None) -> Shares:
    """The shares in `live`; what was written before anybody was noted belongs to one updater."""
    shares = managers.read(_entries(live, {}, ""))
    if live is None or shares:
        return shares
    entries = track(resource, None, live, manager=_BEFORE, now="")
    return managers.read(entries)


def _entries(live: Object | None, new: Object, subresource: str) -> list[Object]:
    """The managed fields to go on from: those in `new` where the client gave some, else those of `live`."""
    given: list[Object] = new.get("metadata", {}).get("managedFields") or []
    if given and not subresource:
        return [entry for entry in given if entry]
    kept: list[Object] = (live or {}).get("metadata", {}).get("managedFields") or []
    return kept


def _pruned(node: Schema, merged: Object, owned: Fields, last: Fields) -> Object:
    """`merged` less what its applier owned by `last`, and nobody does now by `owned`."""
    if not last:
        return merged
    last_named, owned = fields.with_named(node, last), fields.with_named(node, owned)
    all_named = fields.with_named(node, fields.of_value(node, merged))
    left = fields.with_named(node, fields.of_value(node, _less(node, merged, last_named)))
    kept = _less(node, merged, all_named - (left | owned))
    gone = all_named - fields.with_named(node, fields.of_value(node, kept))
    return _less(node, merged, gone & last_named)


def _without_nulls(value: Any) -> Any:
    """`value` as the server's own types keep it: what is null is not there."""
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _without_nulls(inner) for name, inner in value.items() if inner is not None}


def _less(node: Schema, value: Object, removed: Fields) -> Object:
    left = structured_merge.without(node, value, removed)
    return left if isinstance(left, dict) else {}


def _settle_ownership(others: Shares, difference: structured_merge.Comparison, *, force: bool) -> None:
    """Take changed and removed fields from the other managers, or refuse."""
    conflicts = {other: share.owned & difference.taken for other, share in others.items()}
    if any(conflicts.values()) and not force:
        raise _conflict({other: paths for other, paths in conflicts.items() if paths})
    for other, share in others.items():
        owned = share.owned - conflicts[other] - difference.removed
        others[other] = Share(owned, share.api_version, share.time)


def _conflict(conflicts: dict[Manager, Fields]) -> ApiError:
    order = sorted(conflicts, key=lambda who: (who.name, who.operation, who.api_version, who.subresource))
    told = {who: [fields.told(path) for path in fields.in_told_order(conflicts[who])] for who in order}
    causes = [
        {"reason": "FieldManagerConflict", "message": f"conflict with {who.told()}", "field": path}
        for who, paths in told.items()
        for path in paths
    ]
    if len(causes) == 1:
        message = f"Apply failed with 1 conflict: {causes[0]['message']}: {causes[0]['field']}"
    else:
        blocks = [f"conflicts with {who.told()}:\n" + "\n".join(f"- {path}" for path in told[who]) for who in order]
        message = f"Apply failed with {len(causes)} conflicts: " + "\n".join(blocks)
    return ApiError(409, "Conflict", message, {"causes": causes})


def _identity(resource: Resource, before: Object, after: Object) -> Object:
    """`after` with what only the server writes as it was.

    Raises:
        ApiError: it was applied to a version that is no more, or to another object of the name.
    """
    old, new = before.get("metadata", {}), after.get("metadata", {})
    name, uid = str(new.get("name", "")), new.get("uid")
    if not before and uid:
        reason = f"uid mismatch: the provided object specified uid {uid}, and no existing object was found"
        message = f'Operation cannot be fulfilled on {errors.title(resource)} "{name}": {reason}'
        raise ApiError(409, "Conflict", message, errors.details(resource, name))
    if before and new.get("resourceVersion", "") not in {"", old.get("resourceVersion", "")}:
        raise errors.conflict(resource, name)
    if uid != old.get("uid"):
        cause = Cause("FieldValueInvalid", f'Invalid value: "{uid}": field is immutable', "metadata.uid")
        raise errors.invalid_options(resource.kind, cause, name=name, group=resource.group)
    kept = {key: value for key, value in new.items() if key not in _SERVERS_OWN}
    return {**after, "metadata": {**kept, **{key: old[key] for key in _SERVERS_OWN if key in old}}}


def _present(resource: Resource, node: Schema, value: Any) -> Any:
    """`value` with the fields that the server's own types always have: empty structs, and lists that are null."""
    if resource.custom:
        return value
    return _filled(node, value)


def _filled(node: Schema, value: Any) -> Any:
    if isinstance(value, list):
        return [_filled(fields.item_schema(node), item) for item in value]
    if not isinstance(value, dict):
        return value
    always: Object = {name: {} for name, inner in node.fields.items() if inner.default == {}}
    always |= {name: None for name in node.required if fields.child(node, name).type == "array"}
    return {name: _filled(fields.child(node, name), inner) for name, inner in {**always, **value}.items()}
