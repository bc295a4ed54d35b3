"""The rules of what makes jobs and pods in turn, or stands before them: CronJob, Deployment, Service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo.manifest_checks.jobs import check_job_spec
from cajajejo.manifest_checks.schedules import check_schedule, check_time_zone
from cajajejo.manifest_checks.scheduling import selects
from cajajejo.manifest_checks.values import inside, mapping, mappings, text, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.findings import Findings

_DEFAULT_DEADLINE: Final = 600


def check_cron_job(found: Findings, document: Mapping[str, Any]) -> None:
    """The schedule of a CronJob, and the Jobs that it makes."""
    spec = mapping(document.get("spec"))
    check_schedule(found, ("spec", "schedule"), text(spec.get("schedule")))
    check_time_zone(found, ("spec", "timeZone"), spec.get("timeZone"))
    job = mapping(inside(spec, "jobTemplate", "spec"))
    place = ("spec", "jobTemplate", "spec")
    check_job_spec(found, place, job)
    if job.get("manualSelector") is True:
        found.error((*place, "manualSelector"), "cannot be true in a CronJob: its Jobs would share one selector")
    if job.get("selector"):
        found.error((*place, "selector"), "made by the cluster")


def check_deployment(found: Findings, document: Mapping[str, Any]) -> None:
    """A Deployment selects its own pods, and its numbers go together."""
    spec = mapping(document.get("spec"))
    selector = mapping(spec.get("selector"))
    if (
        isinstance(spec.get("selector"), dict)
        and not selector.get("matchLabels")
        and not selector.get("matchExpressions")
    ):
        found.error(("spec", "selector"), "must not be empty")
    elif not selects(selector, inside(spec, "template", "metadata", "labels")):
        found.error(("spec", "template", "metadata", "labels"), "do not fit the selector")
    strategy = mapping(spec.get("strategy"))
    if strategy.get("type") == "Recreate" and strategy.get("rollingUpdate") is not None:
        found.error(("spec", "strategy", "rollingUpdate"), "must not stand beside type Recreate")
    deadline, ready = whole(spec.get("progressDeadlineSeconds")), whole(spec.get("minReadySeconds")) or 0
    if ready >= (_DEFAULT_DEADLINE if deadline is None else deadline):
        found.error(("spec", "progressDeadlineSeconds"), f"must be more than minReadySeconds, {ready}")
    if inside(spec, "template", "spec", "activeDeadlineSeconds") is not None:
        where = ("spec", "template", "spec", "activeDeadlineSeconds")
        found.error(where, "must not stand in a Deployment")


def check_service(found: Findings, document: Mapping[str, Any]) -> None:
    """A Service has ports, each with a name of its own where there are several."""
    spec = mapping(document.get("spec"))
    ports = list(mappings(spec.get("ports")))
    if spec.get("type") == "ExternalName":
        if not spec.get("externalName"):
            found.error(("spec", "externalName"), "required, where the type is ExternalName")
    elif not ports and spec.get("clusterIP") != "None":
        found.error(("spec", "ports"), "required, unless clusterIP is None")
    names: dict[str, int] = {}
    numbers: dict[tuple[str, str], int] = {}
    for index, port in ports:
        name, where = text(port.get("name")), ("spec", "ports", index)
        if not name and len(ports) > 1:
            found.error((*where, "name"), "required, where there are several ports")
        elif name and names.setdefault(name, index) != index:
            found.error((*where, "name"), f"must be unique: ports.{names[name]} has it, too")
        number = (str(port.get("port")), str(port.get("protocol") or "TCP"))
        if numbers.setdefault(number, index) != index:
            found.error((*where, "port"), f"must be unique: ports.{numbers[number]} has it, too")
