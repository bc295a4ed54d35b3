"""Refusals of what the user may not do, or what a webhook, a policy or a quota does not let in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cajajejo.cluster import errors
from cajajejo.cluster.errors import LOG_IN, ClusterError
from cajajejo.cluster.exchange import pasted, plain
from cajajejo.cluster.refusal_wording import shorten

if TYPE_CHECKING:
    from cajajejo.cluster.exchange import Asked, JsonObject, Target

_RBAC: Final = re.compile(
    r'User "(?P<user>.*?)" cannot (?P<verb>\S+) (?:resource "(?P<resource>.*?)" in API group "(?P<group>.*?)"'
    r'(?: in the namespace "(?P<namespace>.*?)")?|path "(?P<path>.*?)")'
)
_WEBHOOK: Final = re.compile(
    r'admission webhook "(?P<name>.*?)" denied the request(?:: (?P<says>.*)| without)', re.DOTALL
)
_POLICY: Final = re.compile(
    r"ValidatingAdmissionPolicy '(?P<name>.*?)' with binding '.*?' denied request: (?P<says>.*)", re.DOTALL
)
_QUOTA: Final = re.compile(r"exceeded quota: (?P<name>\S+), (?P<says>requested: .*)", re.DOTALL)
_WEBHOOK_AWAY: Final = re.compile(r'failed calling webhook "(?P<name>.*?)": (?P<says>.*)', re.DOTALL)
_LONGEST: Final = 4000
_BUILT_IN_GROUPS: Final = {"", "apps", "batch", "storage.k8s.io", "rbac.authorization.k8s.io", "coordination.k8s.io"}


def facts_of(status: JsonObject, target: Target) -> dict[str, str]:
    """What the server says, shortened, and the context."""
    return {"says": shorten(str(status.get("message", ""))), "context": plain(target.context)}


def message_of(status: JsonObject) -> str:
    """The message of a ``Status``, as much of it as can be of use."""
    return str(status.get("message", ""))[:_LONGEST]


def details_of(status: JsonObject) -> dict[str, Any]:
    """The details of a ``Status``, empty where there are none."""
    details = status.get("details")
    return details if isinstance(details, dict) else {}


def denied(status: JsonObject, asked: Asked, target: Target) -> ClusterError | None:
    """A webhook, a policy, a quota or an ending namespace; told by the text alone, whatever the code."""
    message = message_of(status)
    look = f"{target.kubectl} describe quota" + (f" -n {pasted(asked.namespace)}" if asked.namespace else "")
    for pattern, who, run in (
        (_WEBHOOK, "the admission webhook", f"{target.kubectl} get validatingwebhookconfigurations"),
        (_POLICY, "the admission policy", f"{target.kubectl} get validatingadmissionpolicies"),
        (_QUOTA, "the quota", look),
    ):
        found = pattern.search(message)
        if found:
            facts = {"says": plain(found["says"] or "(no reason)"), "context": plain(target.context)}
            return errors.DeniedError(f"{who} {plain(found['name'])} refused to {asked}", facts=facts, run=run)
    found = _WEBHOOK_AWAY.search(message)
    if found:
        facts = {"says": plain(found["says"]), "context": plain(target.context)}
        run = f"{target.kubectl} get mutatingwebhookconfigurations,validatingwebhookconfigurations"
        name = plain(found["name"])
        text = f"the admission webhook {name} does not answer, so the cluster did not {asked}"
        return errors.ClusterBusyError(text, facts=facts, run=run)
    return None


def forbidden(status: JsonObject, asked: Asked, target: Target) -> ClusterError:
    """The error that a 403 means: no right, no login, or an ending namespace."""
    text = message_of(status)
    ending = any(cause.get("reason") == "NamespaceTerminating" for cause in _causes(status))
    if ending:
        message = f"namespace {plain(asked.namespace)} is being deleted, so nothing new can be made in it"
        run = f"{target.kubectl} get namespace {pasted(asked.namespace)}"
        return errors.DeniedError(message, facts=facts_of(status, target), run=run)
    found = _RBAC.search(text)
    if found is None:
        says = {"says": f"{plain(target.context)}: {shorten(text)}"}
        return errors.NotAllowedError(f"not allowed to {asked}", facts=says, run=_check(asked, target))
    user = plain(found["user"])
    if user == "system:anonymous":
        facts = {"says": plain(text), "context": plain(target.context)}
        return errors.CredentialsError(f"not logged in to the cluster: {target.server}", facts=facts, run=LOG_IN)
    what = found["path"] or f"{found['resource']}{'.' * bool(found['group'])}{found['group']}"
    place = f" in namespace {found['namespace']}" if found["namespace"] else ""
    says = {"says": f"{plain(target.context)}: {plain(text.partition(' is forbidden')[0])} is forbidden"}
    message = f"not allowed to {plain(found['verb'])} {plain(what + place)}: user {user}"
    question = _can_i(found["verb"], found["resource"] or found["path"], found["group"] or "", found["namespace"])
    return errors.NotAllowedError(message, facts=says, run=_ask_for(target, question))


def _check(asked: Asked, target: Target) -> tuple[str, str]:
    if asked.kind is None:
        return _ask_for(target, f"get {pasted(asked.path)}")
    return _ask_for(target, _can_i(asked.verb, asked.kind.plural, asked.kind.group, asked.namespace))


def _ask_for(target: Target, question: str) -> tuple[str, str]:
    return (
        f"{LOG_IN}     if the login expired; else ask for the right, and check with",
        f"{target.kubectl} auth can-i {question}",
    )


def _can_i(verb: str, resource: str, group: str, namespace: str | None) -> str:
    name, _, subresource = (resource, "", "") if resource.startswith("/") else resource.partition("/")
    full = name if group in _BUILT_IN_GROUPS else f"{name}.{group}"
    inside = f" --subresource={pasted(subresource)}" if subresource else ""
    return f"{pasted(verb)} {pasted(full)}{inside}" + (f" -n {pasted(namespace)}" if namespace else "")


def _causes(status: JsonObject) -> list[dict[str, Any]]:
    causes = details_of(status).get("causes")
    return [cause for cause in causes if isinstance(cause, dict)] if isinstance(causes, list) else []
