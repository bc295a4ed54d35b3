"""What the server checks of containers: names, images, ports, environment, mounts and resources, in its order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes.causes import duplicate, forbidden, invalid, not_found, not_supported, required
from tests.fakes.kubernetes.names import dns_label, dns_subdomain, env_name
from tests.fakes.kubernetes.resource_rules import resources

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.fakes.kubernetes.model import Cause, Object

_MESSAGES: Final = ("File", "FallbackToLogsOnError")
_PULL: Final = ("Always", "IfNotPresent", "Never")
_PROTOCOLS: Final = ("SCTP", "TCP", "UDP")
_SOURCES: Final = ("fieldRef", "resourceFieldRef", "configMapKeyRef", "secretKeyRef", "fileKeyRef")
_KEYED: Final = ("configMapKeyRef", "secretKeyRef")
_MAX_PORT: Final = 65535
_NOT_FOR_INIT: Final = ("lifecycle", "livenessProbe", "readinessProbe", "startupProbe")


def containers(found: list[Object], volumes: Collection[str], field: str) -> list[Cause]:
    """The causes in the containers of a pod; `volumes` are the names of those that can be mounted."""
    if not found:
        return [required(field)]
    causes: list[Cause] = []
    names: set[str] = set()
    for number, container in enumerate(found):
        here = f"{field}[{number}]"
        causes += _container(container, volumes, here)
        causes += _unique(container.get("name", ""), names, here)
        if "restartPolicy" in container:
            causes.append(forbidden(f"{here}.restartPolicy", "may not be set for non-init containers"))
    return causes


def init_containers(spec: Object, volumes: Collection[str], field: str) -> list[Cause]:
    """The causes in the init containers of a pod spec."""
    causes: list[Cause] = []
    names = {container.get("name", "") for container in spec.get("containers", [])}
    for number, container in enumerate(spec.get("initContainers", [])):
        here, policy = f"{field}[{number}]", container.get("restartPolicy")
        if policy not in {None, "Always"}:
            causes.append(not_supported(f"{here}.restartPolicy", policy, ("Always",)))
        causes += _container(container, volumes, here)
        causes += _unique(container.get("name", ""), names, here)
        if policy != "Always":
            told = "may not be set for init containers without restartPolicy=Always"
            causes += [forbidden(f"{here}.{name}", told) for name in _NOT_FOR_INIT if name in container]
    return causes


def _unique(name: str, names: set[str], field: str) -> list[Cause]:
    if name in names:
        return [duplicate(f"{field}.name", name)]
    if name:
        names.add(name)
    return []


def _container(container: Object, volumes: Collection[str], field: str) -> list[Cause]:
    name = container.get("name", "")
    causes = [invalid(f"{field}.name", name, told) for told in dns_label(name)] if name else [required(f"{field}.name")]
    if not container.get("image"):
        causes.append(required(f"{field}.image"))
    return [
        *causes,
        *_choice(container, "terminationMessagePolicy", _MESSAGES, field),
        *_ports(container.get("ports", []), f"{field}.ports"),
        *_env(container.get("env", []), f"{field}.env"),
        *_env_from(container.get("envFrom", []), f"{field}.envFrom"),
        *_mounts(container.get("volumeMounts", []), volumes, f"{field}.volumeMounts"),
        *_choice(container, "imagePullPolicy", _PULL, field),
        *resources(container.get("resources", {}), f"{field}.resources"),
    ]


def _choice(container: Object, name: str, allowed: tuple[str, ...], field: str) -> list[Cause]:
    value = container.get(name, "")
    if not value:
        return [required(f"{field}.{name}")]
    return [] if value in allowed else [not_supported(f"{field}.{name}", value, allowed)]


def _ports(ports: list[Object], field: str) -> list[Cause]:
    causes: list[Cause] = []
    for number, port in enumerate(ports):
        here, inside = f"{field}[{number}]", port.get("containerPort", 0)
        told = f"must be between 1 and {_MAX_PORT}, inclusive"
        if inside == 0:
            causes.append(required(f"{here}.containerPort"))
        elif not 1 <= inside <= _MAX_PORT:
            causes.append(invalid(f"{here}.containerPort", inside, told))
        outside = port.get("hostPort", 0)
        if outside and not 1 <= outside <= _MAX_PORT:
            causes.append(invalid(f"{here}.hostPort", outside, told))
        if port.get("protocol", "TCP") not in _PROTOCOLS:
            causes.append(not_supported(f"{here}.protocol", port["protocol"], _PROTOCOLS))
    return causes


def _env(variables: list[Object], field: str) -> list[Cause]:
    causes: list[Cause] = []
    for number, variable in enumerate(variables):
        here, name = f"{field}[{number}]", variable.get("name", "")
        if not name:
            causes.append(required(f"{here}.name"))
        causes += [invalid(f"{here}.name", name, told) for told in env_name(name)] if name else []
        if "valueFrom" in variable:
            causes += _value_from(variable, f"{here}.valueFrom")
    return causes


def _value_from(variable: Object, field: str) -> list[Cause]:
    source: dict[str, Any] = variable["valueFrom"]
    causes: list[Cause] = []
    given = [name for name in _SOURCES if name in source]
    for name in _KEYED:
        if name in source:
            causes += _key_reference(source[name], f"{field}.{name}")
    if not given:
        listed = ", ".join(f"`{name}`" for name in _SOURCES[:-1])
        causes.append(invalid(field, "", f"must specify one of: {listed} or `{_SOURCES[-1]}`"))
    elif variable.get("value"):
        causes.append(invalid(field, "", "may not be specified when `value` is not empty"))
    elif len(given) > 1:
        causes.append(invalid(field, "", "may not have more than one field specified at a time"))
    return causes


def _key_reference(source: Object, field: str) -> list[Cause]:
    return [required(f"{field}.{name}") for name in ("name", "key") if not source.get(name)]


def _env_from(sources: list[Object], field: str) -> list[Cause]:
    causes: list[Cause] = []
    for number, source in enumerate(sources):
        here = f"{field}[{number}]"
        prefix = source.get("prefix", "")
        causes += [invalid(f"{here}.prefix", prefix, told) for told in env_name(prefix)] if prefix else []
        given = [name for name in ("configMapRef", "secretRef") if name in source]
        for name in given:
            value = source[name].get("name", "")
            causes += (
                [invalid(f"{here}.{name}.name", value, told) for told in dns_subdomain(value)]
                if value
                else [required(f"{here}.{name}.name")]
            )
        if not given:
            causes.append(invalid(field, "", "must specify one of: `configMapRef` or `secretRef`"))
        elif len(given) > 1:
            causes.append(invalid(field, "", "may not have more than one field specified at a time"))
    return causes


def _mounts(mounts: list[Object], volumes: Collection[str], field: str) -> list[Cause]:
    causes: list[Cause] = []
    paths: set[str] = set()
    for number, mount in enumerate(mounts):
        here, name, path = f"{field}[{number}]", mount.get("name", ""), mount.get("mountPath", "")
        if not name:
            causes.append(required(f"{here}.name"))
        if name not in volumes:
            causes.append(not_found(f"{here}.name", name))
        if not path:
            causes.append(required(f"{here}.mountPath"))
        if path in paths:
            causes.append(invalid(f"{here}.mountPath", path, "must be unique"))
        paths.add(path)
        inside = mount.get("subPath", "")
        if inside.startswith("/"):
            causes.append(invalid(f"{here}.subPath", inside, "must be a relative path"))
        if ".." in inside.split("/"):
            causes.append(invalid(f"{here}.subPath", inside, "must not contain '..'"))
    return causes
