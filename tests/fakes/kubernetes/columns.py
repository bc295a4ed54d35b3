"""The columns that ``kubectl get`` shows, for each kind: names, descriptions and how a cell is read off an object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.kubernetes.model import Object, Resource

NAME_TEXT = (
    "Name must be unique within a namespace. Is required when creating resources, although some resources may allow a "
    "client to request the generation of an appropriate name automatically. Name is primarily intended for creation "
    "idempotence and configuration definition. Cannot be updated. More info: "
    "https://kubernetes.io/docs/concepts/overview/working-with-objects/names#names"
)
_AGE_TEXT = (
    "CreationTimestamp is a timestamp representing the server time when this object was created. It is not guaranteed "
    "to be set in happens-before order across separate operations. Clients may not set this value. It is represented "
    "in RFC3339 form and is in UTC.\n\nPopulated by the system. Read-only. Null for lists. More info: "
    "https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata"
)


@dataclass(frozen=True)
class Column:
    """One column; those with a priority are shown by ``-o wide`` only."""

    name: str
    cell: Callable[[Object], Any]
    description: str = ""
    type: str = "string"
    priority: int = 0


def age(since: str | None, until: str | None = None) -> str:
    """The time from `since` to `until` (default: now), as kubectl prints it."""
    if not since:
        return "<unknown>"
    end = _time(until) if until else datetime.now(UTC)
    seconds = max(0, int((end - _time(since)).total_seconds()))
    return duration(seconds)


def duration(seconds: int) -> str:
    """A number of seconds in one or two units: ``119s``, ``2m5s``, ``10m``, ``3h4m``, ``12h``, ``2d3h``, ``9d``."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:
        return f"{seconds}s"
    if minutes < 10:
        return _two(minutes, "m", seconds % 60, "s")
    if minutes < 180:
        return f"{minutes}m"
    if hours < 8:
        return _two(hours, "h", minutes % 60, "m")
    if hours < 48:
        return f"{hours}h"
    if days < 8:
        return _two(days, "d", hours % 24, "h")
    return f"{days}d" if days < 730 else _two(days // 365, "y", days % 365, "d")


def _two(more: int, unit: str, less: int, small: str) -> str:
    return f"{more}{unit}{less}{small}" if less else f"{more}{unit}"


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def columns(resource: Resource) -> list[Column]:
    """The columns of a kind, Name first."""
    name = Column("Name", lambda value: value["metadata"]["name"])
    if resource.kind in _KINDS:
        return [name, *_KINDS[resource.kind]]
    if resource.custom:
        created = "Custom resource definition column (in JSONPath format): .metadata.creationTimestamp"
        return [name, *_states(resource), Column("Age", _age, created, "date")]
    created_at = Column("Created At", lambda value: value["metadata"].get("creationTimestamp"), _AGE_TEXT, "date")
    return [name, created_at]


def _states(resource: Resource) -> list[Column]:
    path = ".status.conditions[-1:].type"
    if resource.group != "kubeflow.org":
        return []
    return [Column("State", _last_condition, f"Custom resource definition column (in JSONPath format): {path}")]


def _last_condition(value: Object) -> Any:
    conditions = value.get("status", {}).get("conditions") or [{}]
    return conditions[-1].get("type")


def _age(value: Object) -> str:
    return age(value["metadata"].get("creationTimestamp"))


def _job_status(value: Object) -> str:
    true = {each["type"] for each in value.get("status", {}).get("conditions", ()) if each["status"] == "True"}
    for kind, shown in (("Complete", "Complete"), ("Failed", "Failed")):
        if kind in true:
            return shown
    if value["metadata"].get("deletionTimestamp"):
        return "Terminating"
    for kind, shown in (("Suspended", "Suspended"), ("FailureTarget", "FailureTarget")):
        if kind in true:
            return shown
    return "SuccessCriteriaMet" if "SuccessCriteriaMet" in true else "Running"


def _completions(value: Object) -> str:
    done, spec = value.get("status", {}).get("succeeded", 0), value.get("spec", {})
    if spec.get("completions") is not None:
        return f"{done}/{spec['completions']}"
    parallelism = spec.get("parallelism", 0)
    return f"{done}/1 of {parallelism}" if parallelism > 1 else f"{done}/1"


def _duration(value: Object) -> str:
    status = value.get("status", {})
    return age(status["startTime"], status.get("completionTime")) if status.get("startTime") else ""


def _containers(value: Object, key: str) -> str:
    spec = value.get("spec", {}).get("template", {}).get("spec", {})
    return ",".join(each.get(key, "") for each in spec.get("containers") or ())


def _selector(value: Object) -> str:
    labels = value.get("spec", {}).get("selector", {}).get("matchLabels", {})
    return ",".join(f"{name}={labels[name]}" for name in sorted(labels)) or "<none>"


def _ready(value: Object) -> str:
    statuses = value.get("status", {}).get("containerStatuses", ())
    return f"{sum(each['ready'] for each in statuses)}/{len(value.get('spec', {}).get('containers', ()))}"


def _pod_status(value: Object) -> str:
    status = value.get("status", {})
    shown = status.get("reason") or status.get("phase", "Unknown")
    for each in status.get("containerStatuses", ()):
        state = each.get("state", {})
        part = state.get("waiting") or state.get("terminated") or {}
        shown = part.get("reason") or (f"ExitCode:{part['exitCode']}" if "exitCode" in part else shown)
    for number, each in enumerate(status.get("initContainerStatuses", ())):
        state = each.get("state", {})
        if state.get("terminated", {}).get("exitCode") == 0 or (each.get("started") and each.get("ready")):
            continue
        part = state.get("waiting") or state.get("terminated") or {}
        total = len(value["spec"].get("initContainers", ()))
        reason = part.get("reason", "")
        shown = f"Init:{reason}" if reason not in ("", "PodInitializing") else f"Init:{number}/{total}"
        break
    return "Terminating" if value["metadata"].get("deletionTimestamp") else shown


def _restarts(value: Object) -> str:
    return str(sum(each["restartCount"] for each in value.get("status", {}).get("containerStatuses", ())))


def _event_seen(value: Object) -> str:
    last = value.get("lastTimestamp") or value.get("eventTime") or value.get("firstTimestamp")
    return age(last)


def _involved(value: Object) -> str:
    about = value.get("involvedObject", {})
    return f"{about.get('kind', '').lower()}/{about.get('name', '')}"


_KINDS: dict[str, list[Column]] = {
    "Job": [
        Column("Status", _job_status, "Status of the job."),
        Column(
            "Completions",
            _completions,
            "The number of pods which reached phase Succeeded. The value increases monotonically for a given spec. "
            "However, it may decrease in reaction to scale down of elastic indexed jobs.",
        ),
        Column("Duration", _duration, "Time required to complete the job."),
        Column("Age", _age, _AGE_TEXT),
        Column(
            "Containers",
            lambda value: _containers(value, "name"),
            "Names of each container in the template.",
            priority=1,
        ),
        Column(
            "Images",
            lambda value: _containers(value, "image"),
            "Images referenced by each container in the template.",
            priority=1,
        ),
        Column(
            "Selector",
            _selector,
            "A label query over pods that should match the pod count. Normally, the system sets this field for you. "
            "More info: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors",
            priority=1,
        ),
    ],
    "Pod": [
        Column("Ready", _ready, "The aggregate readiness state of this pod for accepting traffic."),
        Column("Status", _pod_status, "The aggregate status of the containers in this pod."),
        Column("Restarts", _restarts, "The number of times the containers in this pod have been restarted."),
        Column("Age", _age, _AGE_TEXT),
    ],
    "ConfigMap": [
        Column("Data", lambda value: str(len({**value.get("data", {}), **value.get("binaryData", {})}))),
        Column("Age", _age, _AGE_TEXT),
    ],
    "Namespace": [
        Column("Status", lambda value: value.get("status", {}).get("phase", "")),
        Column("Age", _age, _AGE_TEXT),
    ],
    "StorageClass": [
        Column("Provisioner", lambda value: value.get("provisioner", "")),
        Column("ReclaimPolicy", lambda value: value.get("reclaimPolicy", "")),
        Column("VolumeBindingMode", lambda value: value.get("volumeBindingMode", "")),
        Column("AllowVolumeExpansion", lambda value: str(value.get("allowVolumeExpansion", False)).lower()),
        Column("Age", _age, _AGE_TEXT),
    ],
    "Event": [
        Column("Last Seen", _event_seen),
        Column("Type", lambda value: value.get("type", "")),
        Column("Reason", lambda value: value.get("reason", "")),
        Column("Object", _involved),
        Column("Message", lambda value: value.get("message", "").strip()),
    ],
}
