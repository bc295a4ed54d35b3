"""What is on a cluster compared with what was to be sent. Pure: objects in, answers out.

A server adds defaults, numbers and marks of its own, and writes quantities in its own way, so that the question is
never whether two objects are equal, but whether one holds everything that the other asks for.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, Final, Literal

from cajajejo import quantities, yamltext

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CLUSTER_SCOPED: Final = ("StorageClass", "Namespace", "PriorityClass", "ClusterRole", "ClusterRoleBinding")
_NAMED: Final = ("name", "mountPath", "key", "containerPort", "type")
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class JobState:
    """How a Job stands, by its conditions: active until it is Complete or Failed."""

    kind: Literal["active", "complete", "failed"]
    when: str = ""
    why: str = ""


def state(job: Mapping[str, Any]) -> JobState:
    """How `job` stands; its pods are not asked, because one that failed is replaced."""
    status = job.get("status")
    conditions = status.get("conditions") if isinstance(status, dict) else None
    for condition in conditions if isinstance(conditions, list) else []:
        if not isinstance(condition, dict) or condition.get("status") != "True":
            continue
        if condition.get("type") in ("Complete", "Failed"):
            told = (condition.get("reason"), condition.get("message"))
            why = ": ".join(text for text in told if text and isinstance(text, str))
            kind: Literal["complete", "failed"] = "complete" if condition["type"] == "Complete" else "failed"
            return JobState(kind, str(condition.get("lastTransitionTime") or ""), why)
    return JobState("active", str(job["metadata"].get("creationTimestamp") or ""))


def holds(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """Whether everything in `wanted` is in `live`."""
    return next(_differences(live, wanted, ""), None) is None


def differences(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """What `live` has otherwise than `wanted`, one line for each value: ``path: is …, not …``."""
    return list(_differences(live, wanted, ""))


def projected(live: Any, wanted: Any) -> Any:
    """As much of `live` as `wanted` speaks of; where both say the same, in the words of `wanted`."""
    if isinstance(wanted, dict) and isinstance(live, dict):
        return {key: projected(live[key], value) for key, value in wanted.items() if key in live}
    if isinstance(wanted, list) and isinstance(live, list):
        pairs = _pairs(live, wanted)
        return [projected(known, item) for known, item in pairs if known is not _ABSENT]
    return wanted if _same_scalar(live, wanted) else live


def _differences(live: Any, wanted: Any, path: str) -> Iterator[str]:
    if isinstance(wanted, dict):
        there = live if isinstance(live, dict) else {}
        for key, value in wanted.items():
            yield from _differences(there.get(key, _ABSENT), value, f"{path}.{key}".lstrip("."))
    elif isinstance(wanted, list) and isinstance(live, list) and len(live) >= len(wanted):
        for index, (known, item) in enumerate(_pairs(live, wanted)):
            yield from _differences(known, item, f"{path}[{index}]")
    elif live is _ABSENT and wanted in (None, [], ""):
        return
    elif isinstance(wanted, list) or not _same_scalar(live, wanted):
        yield f"{path}: {_told(live, wanted)}"


def _pairs(live: list[Any], wanted: list[Any]) -> list[tuple[Any, Any]]:
    """Each item of `wanted` with the one of `live` that has its name, or its place where items have none."""
    key = next(
        (key for key in _NAMED if all(isinstance(item, dict) and key in item for item in (*live, *wanted))), None
    )
    if key is None:
        rest = [*live, *[_ABSENT] * max(0, len(wanted) - len(live))]
        return list(zip(rest, wanted, strict=False))
    known = {item[key]: item for item in live}
    return [(known.get(item[key], _ABSENT), item) for item in wanted]


def _same_scalar(live: Any, wanted: Any) -> bool:
    if live == wanted:
        return True
    if isinstance(live, str | int) and isinstance(wanted, str | int):
        try:
            return quantities.value(str(live)) == quantities.value(str(wanted))
        except ValueError:
            return False
    return False


def _told(live: Any, wanted: Any) -> str:
    """The two values; of text of several lines the first line in which they differ."""
    if isinstance(live, str) and isinstance(wanted, str) and "\n" in live + wanted:
        lines = zip_longest(live.splitlines(), wanted.splitlines(), fillvalue=_ABSENT)
        number, (one, other) = next(
            (found for found in enumerate(lines, start=1) if found[1][0] != found[1][1]), (1, (live, wanted))
        )
        return f"line {number}: {_shown(one)}, not {_shown(other)}"
    return f"{_shown(live)}, not {_shown(wanted)}"


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "not there"
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = yamltext.dump({"": value.replace("\n", " ") if isinstance(value, str) else value})
    return text.partition(" ")[2].strip()[:60] or "empty"
