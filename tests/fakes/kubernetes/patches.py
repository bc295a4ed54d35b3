"""An object after a patch: JSON patch (RFC 6902), merge patch (RFC 7386) and strategic merge patch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes import errors, json_patch, schema, strategic_merge
from tests.fakes.kubernetes.model import ApiError

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Object, Resource

JSON: Final = "application/json-patch+json"
MERGE: Final = "application/merge-patch+json"
STRATEGIC: Final = "application/strategic-merge-patch+json"
APPLY: Final = "application/apply-patch+yaml"


def patch(resource: Resource, live: Object, change: Any, content_type: str) -> Object:
    """`live` after `change`, the body of the request; neither is changed.

    Raises:
        ApiError: the change is none of its kind (400), cannot be made here (422), or no such kind is taken (415).
    """
    accepted = (JSON, MERGE, APPLY) if resource.custom else (JSON, MERGE, STRATEGIC, APPLY)
    if content_type not in accepted or content_type == APPLY:
        known = ", ".join(accepted)
        reason = f"the body of the request was in an unknown format - accepted media types include: {known}"
        raise ApiError(415, "UnsupportedMediaType", reason)
    if content_type == JSON:
        return json_patch.patched(live, change)
    if not isinstance(change, dict):
        raise errors.bad_request(_not_an_object(change, content_type))
    if content_type == MERGE:
        merged: Object = _merged(live, change)
        return merged
    return strategic_merge.patched(schema.of(resource), live, change)


def _not_an_object(change: Any, content_type: str) -> str:
    if content_type == MERGE:
        return "Invalid JSON Patch"
    kind = "array" if isinstance(change, list) else {str: "string", bool: "bool"}.get(type(change), "number")
    return f"json: cannot unmarshal {kind} into Go value of type map[string]interface {{}}"


def _merged(live: Any, change: Any) -> Any:
    if not isinstance(change, dict):
        return change
    kept = live if isinstance(live, dict) else {}
    merged = {name: _merged(kept.get(name), value) for name, value in change.items()}
    return {name: merged.get(name, kept.get(name)) for name in {**kept, **change} if change.get(name, "") is not None}
