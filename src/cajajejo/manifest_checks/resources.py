"""The resources of a container: what it asks for against what it may have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo import quantities
from cajajejo.manifest_checks.values import mapping
from cajajejo.phrases import shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from cajajejo.findings import Findings
    from cajajejo.yamlfile import Location

_HUGE_PAGES: Final = "hugepages-"
_BYTES: Final = ("memory", "ephemeral-storage")


def amount(value: object) -> Fraction | None:
    """The quantity `value` as a number; None where it is none."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    try:
        return quantities.value(str(value))
    except ValueError:
        return None


def is_extended(resource: str) -> bool:
    """Whether a resource is counted in whole pieces that a pod has for itself, as GPUs are."""
    return "/" in resource and "kubernetes.io/" not in resource


def check_resources(found: Findings, place: Location, resources: Mapping[str, Any]) -> None:
    """Requests stay within limits; what cannot be shared is whole, and asked for as a limit."""
    requests, limits = mapping(resources.get("requests")), mapping(resources.get("limits"))
    for name, value in requests.items():
        wanted, limit = amount(value), amount(limits.get(name))
        if wanted is None or not isinstance(name, str):
            continue
        where = (*place, "requests", name)
        _check_unit(found, where, name, wanted)
        if is_extended(name) or name.startswith(_HUGE_PAGES):
            _check_unshared(found, place, name, limits.get(name), equal=limit == wanted)
        elif limit is not None and wanted > limit:
            found.error(where, f"must be at most the limit, {shown(limits[name])}, not {shown(value)}")
    for name, value in limits.items():
        if isinstance(name, str) and (limit := amount(value)) is not None:
            _check_unit(found, (*place, "limits", name), name, limit)
    _check_huge_pages(found, place, {*requests, *limits})


def _check_unshared(found: Findings, place: Location, name: str, limit: object, *, equal: bool) -> None:
    if limit is None:
        hint = "what cannot be shared is given as a limit; the request follows from it"
        found.error((*place, "limits", name), f"required, where {name} is requested", hint)
    elif not equal:
        found.error((*place, "requests", name), f"must be equal to the limit, {shown(limit)}")


def _check_unit(found: Findings, where: Location, name: str, number: Fraction) -> None:
    if number.denominator == 1:
        return
    if is_extended(name):
        found.error(where, f"must be a whole number of {name}")
    elif name in _BYTES:
        found.warning(where, "a part of a byte", "m stands for a thousandth; did you mean M or Mi?")


def _check_huge_pages(found: Findings, place: Location, names: set[str]) -> None:
    huge = [name for name in names if isinstance(name, str) and name.startswith(_HUGE_PAGES)]
    if huge and not names & {"cpu", "memory"}:
        found.error(place, f"{min(huge)} needs cpu or memory beside it")
