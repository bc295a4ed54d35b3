"""What the server checks of requests and limits: names, quantities, and one against the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.fakes.kubernetes import quantities
from tests.fakes.kubernetes.causes import invalid, required
from tests.fakes.kubernetes.names import qualified

if TYPE_CHECKING:
    from tests.fakes.kubernetes.model import Cause, Object

_CONTAINER: Final = frozenset({"cpu", "memory", "ephemeral-storage"})
_STANDARD: Final = _CONTAINER | {
    *("pods", "services", "replicationcontrollers", "resourcequotas", "secrets", "configmaps", "storage"),
    *("persistentvolumeclaims", "requests.cpu", "requests.memory", "requests.storage", "limits.cpu", "limits.memory"),
}
_HUGE: Final = "hugepages-"


def resources(found: Object, field: str) -> list[Cause]:
    """The causes in the resources of a container."""
    limits = {name: quantities.parse(text) for name, text in found.get("limits", {}).items()}
    requests = {name: quantities.parse(text) for name, text in found.get("requests", {}).items()}
    causes: list[Cause] = []
    for name in sorted(limits):
        causes += _resource(name, limits[name], f"{field}.limits[{name}]")
    for name in sorted(requests):
        causes += _resource(name, requests[name], f"{field}.requests[{name}]")
        causes += _within(name, requests[name], limits.get(name), field)
    return causes


def _resource(name: str, quantity: quantities.Quantity, field: str) -> list[Cause]:
    causes = [invalid(field, name, told) for told in qualified(name)]
    if "/" not in name:
        huge = name.startswith(_HUGE)
        if name not in _STANDARD and not huge:
            causes.append(invalid(field, name, "must be a standard resource type or fully qualified"))
        if name not in _CONTAINER and not huge:
            causes.append(invalid(field, name, "must be a standard resource for containers"))
    return [*causes, *_quantity(name, quantity, field)]


def _quantity(name: str, quantity: quantities.Quantity, field: str) -> list[Cause]:
    causes = []
    if quantity.value < 0:
        causes.append(invalid(field, str(quantity), "must be greater than or equal to 0"))
    if _is_extended(name) and quantity.value.denominator != 1:
        causes.append(invalid(field, str(quantity), "must be an integer"))
    return causes


def _within(name: str, request: quantities.Quantity, limit: quantities.Quantity | None, field: str) -> list[Cause]:
    exact = _is_extended(name) or name.startswith(_HUGE)
    if limit is None:
        told = "Limit must be set for non overcommitable resources"
        return [required(f"{field}.limits", told)] if exact else []
    if exact and request.value != limit.value:
        return [invalid(f"{field}.requests", str(request), f"must be equal to {name} limit of {limit}")]
    if request.value > limit.value:
        return [invalid(f"{field}.requests", str(request), f"must be less than or equal to {name} limit of {limit}")]
    return []


def _is_extended(name: str) -> bool:
    """Whether the resource is of a device plugin, such as nvidia.com/gpu."""
    return "/" in name and "kubernetes.io/" not in name
