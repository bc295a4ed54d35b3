"""The defaults of the types inside of a pod: its spec, its containers, probes, volumes and claims."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.kubernetes.model import Object

_IMAGE: Final = re.compile(
    r"(?P<name>([A-Za-z0-9.-]+(:[0-9]+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*)"
    r"(:(?P<tag>[\w][\w.-]{0,127}))?(?P<digest>@[A-Za-z0-9+._-]+:[0-9a-fA-F]{32,})?"
)
_OCTAL_644: Final = 0o644
_SOURCES_WITH_MODE: Final = ("configMap", "secret", "projected", "downwardAPI")


def _set(**defaults: Any) -> Callable[[Object], Object]:
    return lambda value: {**defaults, **value}


def pull_policy(image: str) -> str:
    """``Always`` for the tag latest, or no tag and no digest; a name that is none counts as tagged."""
    match = _IMAGE.fullmatch(image)
    if match is None:
        return "IfNotPresent"
    tag = match["tag"] or ("" if match["digest"] else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"


def _container(value: Object) -> Object:
    defaults = {
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
        "imagePullPolicy": pull_policy(value.get("image", "")),
    }
    return {**defaults, **value}


def _pod_spec(value: Object) -> Object:
    defaults: Object = {
        "restartPolicy": "Always",
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
    }
    account = value.get("serviceAccountName") or value.get("serviceAccount")
    names = {"serviceAccountName": account, "serviceAccount": account} if account else {}
    return {**defaults, **value, **names}


def _volume(value: Object) -> Object:
    if not value.keys() - {"name"}:
        return {**value, "emptyDir": {}}
    with_mode: Object = {
        source: {"defaultMode": _OCTAL_644, **value[source]} for source in _SOURCES_WITH_MODE if source in value
    }
    return {**value, **with_mode}


BY_TYPE: Final[dict[str, Callable[[Object], Object]]] = {
    "core.v1.PodSpec": _pod_spec,
    "core.v1.Container": _container,
    "core.v1.EphemeralContainer": _container,
    "core.v1.Volume": _volume,
    "core.v1.ContainerPort": _set(protocol="TCP"),
    "core.v1.Probe": _set(timeoutSeconds=1, periodSeconds=10, successThreshold=1, failureThreshold=3),
    "core.v1.HTTPGetAction": _set(path="/", scheme="HTTP"),
    "core.v1.GRPCAction": _set(service=""),
    "core.v1.ObjectFieldSelector": _set(apiVersion="v1"),
    "core.v1.HostPathVolumeSource": _set(type=""),
    "core.v1.ServiceAccountTokenProjection": _set(expirationSeconds=3600),
    "core.v1.PersistentVolumeClaimSpec": _set(volumeMode="Filesystem"),
    "batch.v1.PodFailurePolicyOnPodConditionsPattern": _set(status="True"),
}
"""By the last words of the name of a type what is added to a value of it."""
