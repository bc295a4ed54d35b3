"""The rules of Roles and RoleBindings: what is allowed, and whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo.manifest_checks.values import mappings, text
from cajajejo.phrases import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.findings import Findings

_GROUP: Final = "rbac.authorization.k8s.io"


def check_role(found: Findings, document: Mapping[str, Any]) -> None:
    """Each rule of a Role names API groups and resources."""
    for index, rule in mappings(document.get("rules")):
        if rule.get("nonResourceURLs"):
            where = ("rules", index, "nonResourceURLs")
            found.error(where, "a Role is for a namespace, and URLs belong to the cluster")
            continue
        for field in ("apiGroups", "resources"):
            if not rule.get(field):
                hint = "the core group is the empty text: apiGroups: ['']" if field == "apiGroups" else None
                found.error(("rules", index, field), REQUIRED, hint)


def check_role_binding(found: Findings, document: Mapping[str, Any]) -> None:
    """Each subject has the namespace or the API group that its kind needs."""
    for index, subject in mappings(document.get("subjects")):
        kind, group = text(subject.get("kind")), text(subject.get("apiGroup"))
        if kind == "ServiceAccount":
            if not subject.get("namespace"):
                found.error(("subjects", index, "namespace"), REQUIRED)
            if group:
                found.error(("subjects", index, "apiGroup"), "must be empty for a ServiceAccount")
        elif kind in {"User", "Group"} and group not in {"", _GROUP}:
            found.error(("subjects", index, "apiGroup"), f"must be {_GROUP}")
