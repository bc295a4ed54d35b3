"""Images that are not pulled, and why: in the words of containerd, CRI-O and Docker."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cajajejo.status.model import Advice, Quote, Reason
from cajajejo.status.reading import plain
from cajajejo.status.verdicts import Verdict, cure

if TYPE_CHECKING:
    from datetime import datetime

    from cajajejo.status.facts import Facts
    from cajajejo.status.pods import Container, Pod

_NOT_PULLED: Final = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
_PULL_FAILED: Final = frozenset({"Failed"})
_PULL_SECRETS: Final = "kubernetes_config.image_pull_secrets"
_CAUSES: Final = (
    (r"pull access denied|may require .?docker login",
     "the registry does not have it, or wants a login",
     "check its name, and give a Secret with the login for its registry", _PULL_SECRETS),
    (r"401 unauthorized|unauthorized|no basic auth credentials|authorization failed|authentication required",
     "the registry wants a login",
     "give a Secret with the login for its registry", _PULL_SECRETS),
    (r"403 forbidden|forbidden|permission_?denied|\bdenied:",
     "the registry does not let this cluster read it",
     "have the service account of the nodes allowed to read it, or give a Secret with a login", _PULL_SECRETS),
    (r"no match for platform|no matching manifest|exec format error",
     "it was not built for the CPU of the node",
     "build it for linux/amd64, or name another", "image"),
    (r"no such host|server misbehaving",
     "the name of its registry cannot be looked up (DNS)",
     "correct the name of the registry", "image"),
    (r"429 too many|toomanyrequests|rate limit",
     "its registry has had too many requests",
     "wait, the pull is tried again by itself; or give a Secret with a login", _PULL_SECRETS),
    (r"x509|certificate",
     "the node does not trust the certificate of its registry",
     "have the certificate added to the nodes", ""),
    (r"dial tcp|i/o timeout|connection refused|connection reset|tls handshake|deadline exceeded|unreachable|\bEOF\b",
     "its registry does not answer the node",
     "check the network of the nodes (Cloud NAT, firewall, proxy); the pull is tried again by itself", ""),
    (r"\b50[0234] [a-z]|unavailable|internal server error|bad gateway",
     "its registry has a fault",
     "wait, the pull is tried again by itself", ""),
    (r"not ?found|manifest unknown|name unknown|does not exist",
     "the registry does not have it",
     "push it, or name one that is there", "image_tag"),
    (r"no space left on device",
     "the disk of the node is full",
     "wait, or take a smaller image", ""),
)  # fmt: skip
_COMPILED: Final = tuple((re.compile(cause, re.IGNORECASE), why, cure(do, field)) for cause, why, do, field in _CAUSES)


def rule_image_not_pulled(facts: Facts) -> Verdict | None:
    """A container waits because its image is not pulled."""
    pod = facts.waiting
    if pod is None:
        return None
    for container in (*pod.init_containers, *pod.containers):
        if container.waits_for in _NOT_PULLED:
            return _verdict(facts, pod, container)
    return None


def _verdict(facts: Facts, pod: Pod, container: Container) -> Verdict:
    said, at = _cause(facts, pod, container)
    why, do = _explained(facts, container, said)
    named = f"image {plain(container.image, 200)}"
    if container.is_init:
        named += f" of init container {container.name}"
        do = Advice(do.text) if do.field != _PULL_SECRETS else do
    quotes = (Quote("kubelet", said, at),) if said else ()
    return Verdict(Reason.IMAGE_NOT_PULLED, f"{named} is not pulled: {why}", do, quotes)


def _cause(facts: Facts, pod: Pod, container: Container) -> tuple[str, datetime | None]:
    """What was said, with the cause in it: a back-off alone does not tell; then the event before it does."""
    said = container.waiting_message
    told = [event for event in facts.events_about(pod, _PULL_FAILED) if event.text.startswith("Failed to pull image")]
    own = [event for event in told if f'"{container.image}"' in event.text]
    at = own[0].at if own else None
    is_bare = container.waits_for == "ImagePullBackOff" and "ErrImagePull" not in said
    return (own[0].text, at) if own and (is_bare or not said) else (said, at)


def _explained(facts: Facts, container: Container, said: str) -> tuple[str, Advice]:
    if container.waits_for == "InvalidImageName":
        detail = said.rpartition("invalid reference format: ")[2]
        what = f": {plain(detail, 120)}" if "invalid reference format: " in said else ""
        return f"that is not the name of an image{what}", cure("correct the name", "image")
    if container.waits_for == "ErrImageNeverPull":
        text = "let it be pulled: IfNotPresent or Always"
        return "it is not on the node, and may never be pulled", cure(text, "image_pull_policy")
    if container.waits_for == "SignatureValidationFailed":
        return "its signature is not accepted", cure("have it signed as the cluster wants it")
    cause = said.replace(f'"{container.image}"', "").replace(container.image, "") if container.image else said
    for pattern, why, do in _COMPILED:
        if pattern.search(cause):
            return why, cure(do.text, "image_digest") if do.field == "image_tag" and "@" in container.image else do
    last = plain(cause.rpartition(": ")[2], 200)
    return last or "the node does not say why", cure(f"see what the cluster said: {facts.job.explain_command}")
