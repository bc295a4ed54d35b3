"""The rules of one container that several of its fields have together."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from cajajejo.manifest_checks import environment, probes
from cajajejo.manifest_checks.resources import check_resources
from cajajejo.manifest_checks.values import inside, mapping, mappings, present, text, texts
from cajajejo.phrases import closest, cut, shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.findings import Findings
    from cajajejo.yamlfile import Location

_PATH_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_HOST: Final = r"(?:[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]+)?"
_IMAGE: Final = re.compile(
    rf"(?:{_HOST}/)?{_PATH_COMPONENT}(?:/{_PATH_COMPONENT})*"
    r"(?::[A-Za-z0-9_][-A-Za-z0-9_.]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?"
)
_LONGEST_IMAGE: Final = 1024


def check_container(
    found: Findings, place: Location, container: Mapping[str, Any], pod: Mapping[str, Any], volumes: Sequence[str]
) -> None:
    """Image, environment, resources, mounts, ports, probes and security of the container at `place`."""
    _check_image(found, (*place, "image"), text(container.get("image")))
    if "env" in container:
        environment.check_env(found, (*place, "env"), container["env"])
    if "envFrom" in container:
        environment.check_env_from(found, (*place, "envFrom"), container["envFrom"])
    if "resources" in container:
        check_resources(found, (*place, "resources"), mapping(container["resources"]))
    if "volumeMounts" in container:
        _check_mounts(found, (*place, "volumeMounts"), container, volumes)
    if "ports" in container:
        _check_ports(found, (*place, "ports"), container["ports"])
    probes.check_probes(found, place, container)
    _check_security(found, (*place, "securityContext"), container, pod)


def _check_image(found: Findings, place: Location, image: str) -> None:
    if image != image.strip():
        found.error(place, f"must not begin or end with a space: {shown(image)}")
    elif image and (len(image) > _LONGEST_IMAGE or not _IMAGE.fullmatch(image)):
        found.warning(
            place, f"not a name of an image: {shown(image)}", "no node could pull it; small letters, no spaces"
        )


def _check_mounts(found: Findings, place: Location, container: Mapping[str, Any], volumes: Sequence[str]) -> None:
    seen: dict[str, int] = {}
    for index, mount in mappings(container["volumeMounts"]):
        name, path = text(mount.get("name")), text(mount.get("mountPath"))
        if name and name not in volumes:
            guess = closest(name, volumes)
            listed = f"the volumes are {cut(', '.join(volumes))}" if volumes else "the pod has no volumes"
            hint = f"did you mean {guess}?" if guess else listed
            found.error((*place, index, "name"), f"no volume of the pod has the name {shown(name)}", hint)
        first = seen.setdefault(path, index)
        if path and first != index:
            found.error((*place, index, "mountPath"), f"must be unique: {place[-1]}.{first} has it, too")
        _check_mount(found, (*place, index), mount, container)


def _check_mount(found: Findings, place: Location, mount: Mapping[str, Any], container: Mapping[str, Any]) -> None:
    for field in present(mount, "subPath", "subPathExpr"):
        check_relative(found, (*place, field), text(mount[field]))
    if mount.get("subPath") and mount.get("subPathExpr"):
        found.error((*place, "subPathExpr"), "cannot stand beside subPath")
    privileged = inside(container, "securityContext", "privileged") is True
    if mount.get("mountPropagation") == "Bidirectional" and not privileged:
        found.error((*place, "mountPropagation"), "Bidirectional is for privileged containers only")


def check_relative(found: Findings, place: Location, path: str) -> None:
    """A path that must stay where it begins."""
    if path.startswith("/"):
        found.error(place, f"must be a relative path, not {shown(path)}")
    elif ".." in path.split("/"):
        found.error(place, f"must not hold '..': {shown(path)}")


def _check_ports(found: Findings, place: Location, ports: object) -> None:
    names: dict[str, int] = {}
    numbers: dict[tuple[object, object], int] = {}
    for index, port in mappings(ports):
        name = text(port.get("name"))
        if name and names.setdefault(name, index) != index:
            found.error((*place, index, "name"), f"must be unique: {place[-1]}.{names[name]} has it, too")
        number = (str(port.get("containerPort")), str(port.get("protocol") or "TCP"))
        if numbers.setdefault(number, index) != index:
            found.warning((*place, index), f"the same port as {place[-1]}.{numbers[number]}")


def _check_security(found: Findings, place: Location, container: Mapping[str, Any], pod: Mapping[str, Any]) -> None:
    context, of_pod = mapping(container.get("securityContext")), mapping(pod.get("securityContext"))
    check_profile(found, (*place, "seccompProfile"), context.get("seccompProfile"))
    check_profile(found, (*place, "appArmorProfile"), context.get("appArmorProfile"))
    if context.get("allowPrivilegeEscalation") is False:
        added = [name for _, name in texts(inside(context, "capabilities", "add"))]
        if context.get("privileged") is True:
            found.error((*place, "allowPrivilegeEscalation"), "cannot be false where privileged is true")
        if {"CAP_SYS_ADMIN", "SYS_ADMIN"} & set(added):
            found.error((*place, "allowPrivilegeEscalation"), "cannot be false where SYS_ADMIN is added")
    if context.get("procMount") == "Unmasked" and pod.get("hostUsers") is not False:
        found.error((*place, "procMount"), "Unmasked needs hostUsers: false")
    user, must_not_be_root = (context.get(name, of_pod.get(name)) for name in ("runAsUser", "runAsNonRoot"))
    if must_not_be_root is True and user == 0 and user is not False:
        found.warning((*place, "runAsUser"), "0 is root, and runAsNonRoot is true: the container will not start")


def check_profile(found: Findings, place: Location, profile: object) -> None:
    """A profile of seccomp or AppArmor: it has a file exactly where it is ``Localhost``."""
    values = mapping(profile)
    local, named = values.get("type") == "Localhost", bool(values.get("localhostProfile"))
    if local and not named:
        found.error((*place, "localhostProfile"), "required, where the type is Localhost")
    elif named and not local:
        found.error((*place, "localhostProfile"), "must stand only where the type is Localhost")
