"""Questions about oneself: may I, what may I, who am I."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.kubernetes import content
from tests.fakes.kubernetes.messages import Answer
from tests.fakes.kubernetes.routes import Target
from tests.fakes.kubernetes.store import now

if TYPE_CHECKING:
    from tests.fakes.kubernetes.access import User
    from tests.fakes.kubernetes.calls import Call
    from tests.fakes.kubernetes.model import Object

KINDS = frozenset(("SelfSubjectAccessReview", "SelfSubjectRulesReview", "SelfSubjectReview"))
_PAGES = (
    ("/.well-known", "/.well-known/*"),
    (
        "/.well-known/openid-configuration",
        "/.well-known/openid-configuration/",
        "/openid/v1/jwks",
        "/openid/v1/jwks/",
    ),
    (
        "/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version",
        "/version/",
    ),
    ("/healthz", "/livez", "/readyz", "/version", "/version/"),
)  # fmt: skip


def review(call: Call) -> Answer:
    """The answer to POST of a review; nothing is stored."""
    head: Object = {"kind": call.resource.kind, "apiVersion": call.resource.api_version}
    if call.resource.kind == "SelfSubjectReview":
        return Answer(201, {**head, "metadata": {"creationTimestamp": now()}, "status": {"userInfo": _info(call.user)}})
    value = content.plain(call)
    if call.resource.kind == "SelfSubjectRulesReview":
        return Answer(201, {**head, "metadata": {}, "spec": {}, "status": _rules(call, value["spec"].get("namespace"))})
    metadata = {**value.get("metadata", {}), "managedFields": [_share(call, value["spec"])]}
    allowed = _allowed(call, value["spec"].get("resourceAttributes"))
    return Answer(201, {**head, "metadata": metadata, "spec": value["spec"], "status": {"allowed": allowed}})


def _share(call: Call, spec: Object) -> Object:
    fields: Object = {f"f:{name}": {".": {}, **{f"f:{key}": {} for key in part}} for name, part in spec.items()}
    return {
        "manager": call.request.manager,
        "operation": "Update",
        "apiVersion": call.resource.api_version,
        "time": now(),
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:spec": fields},
    }


def _allowed(call: Call, asked: Object | None) -> bool:
    if asked is None:
        return call.user.known()
    target = Target(
        asked.get("group", ""),
        asked.get("version", ""),
        asked.get("resource", ""),
        asked.get("verb", ""),
        asked.get("namespace") or None,
        asked.get("name", ""),
        asked.get("subresource", ""),
    )
    return call.access.allows(call.user, target.verb, target)


def _rules(call: Call, namespace: str | None) -> Object:
    own = [rule for rule in call.user.rules if rule.namespace in (None, namespace)]
    resources: list[Object] = [
        {"verbs": list(rule.verbs), "apiGroups": list(rule.groups), "resources": list(rule.resources)} for rule in own
    ]
    resources += [
        {
            "verbs": ["create"],
            "apiGroups": ["authorization.k8s.io"],
            "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        },
        {"verbs": ["create"], "apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"]},
    ]
    pages = [{"verbs": ["get"], "nonResourceURLs": list(each)} for each in _PAGES]
    return {"resourceRules": resources, "nonResourceRules": pages, "incomplete": False}


def _info(user: User) -> Object:
    found: Object = {"username": user.name, "uid": user.uid, "groups": list(user.groups), "extra": user.extra}
    return {key: value for key, value in found.items() if value}
