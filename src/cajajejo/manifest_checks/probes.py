"""The probes and hooks of a container: each asks in one way, and not every container may have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo.manifest_checks.values import mapping, present, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.findings import Findings
    from cajajejo.yamlfile import Location

_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")
_PROBE_WAYS: Final = ("exec", "grpc", "httpGet", "tcpSocket")
_HOOKS: Final = ("postStart", "preStop")
_HOOK_WAYS: Final = ("exec", "httpGet", "sleep", "tcpSocket")


def check_probes(found: Findings, place: Location, container: Mapping[str, Any]) -> None:
    """The probes and the lifecycle hooks of the container at `place`."""
    for field in present(container, *_PROBES):
        probe = mapping(container[field])
        _check_ways(found, (*place, field), container[field], _PROBE_WAYS)
        if field != "readinessProbe" and (whole(probe.get("successThreshold")) or 1) != 1:
            found.error((*place, field, "successThreshold"), "must be 1")
        if field == "readinessProbe" and probe.get("terminationGracePeriodSeconds") is not None:
            found.error((*place, field, "terminationGracePeriodSeconds"), "must not stand in a readinessProbe")
    lifecycle = mapping(container.get("lifecycle"))
    for hook in present(lifecycle, *_HOOKS):
        _check_ways(found, (*place, "lifecycle", hook), lifecycle[hook], _HOOK_WAYS)
    if place[-2] == "initContainers" and container.get("restartPolicy") != "Always":
        for field in present(container, *_PROBES, "lifecycle"):
            found.error((*place, field), "is only for an init container with restartPolicy: Always")


def _check_ways(found: Findings, place: Location, asked: object, ways: tuple[str, ...]) -> None:
    if isinstance(asked, dict) and (count := len(present(asked, *ways))) != 1:
        found.error(place, f"must ask in one way, not {count}", f"one of {', '.join(ways)}")
