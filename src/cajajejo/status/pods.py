"""The pods of a Job and their containers, as far as a reason can be read from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from cajajejo.status.conditions import Condition, conditions_of
from cajajejo.status.reading import items, lines, mapping, moment, number, part, text

if TYPE_CHECKING:
    from datetime import datetime

    from cajajejo.status.evidence import Object

_MAIN: Final = "eval"
_INDEX: Final = "batch.kubernetes.io/job-completion-index"
_DEFAULT_CONTAINER: Final = "kubectl.kubernetes.io/default-container"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a container ended: exit code, the word of Kubernetes, its last words, and when."""

    exit_code: int | None
    reason: str
    message: str
    lines: tuple[str, ...]
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_failure(self) -> bool:
        """Whether it did not end well."""
        return self.exit_code != 0


@dataclass(frozen=True, slots=True)
class Container:
    """One container of a pod: waiting with a reason, running since a time, or ended; nothing of it where not begun."""

    name: str
    spec: Object
    is_init: bool = False
    is_sidecar: bool = False
    waits_for: str = ""
    waiting_message: str = ""
    running_since: datetime | None = None
    is_running: bool = False
    ended: Ended | None = None
    last_end: Ended | None = None
    restarts: int = 0

    @property
    def image(self) -> str:
        """The image that it runs."""
        return text(self.spec, "image")

    def limit(self, resource: str) -> str:
        """The most that it may use of `resource`; empty: no limit."""
        return quantity(self.spec, "limits", resource)


class Pod:
    """One pod; parts are read when they are asked for, and never cost an exception."""

    def __init__(self, found: Object) -> None:
        self.object = found
        self.name = text(found, "metadata", "name")
        self.uid = text(found, "metadata", "uid")
        self.phase = text(found, "status", "phase")
        self.conditions = conditions_of(found)

    @property
    def node(self) -> str:
        """The node it was put on; empty: none yet."""
        return text(self.object, "spec", "nodeName")

    @cached_property
    def created_at(self) -> datetime | None:
        """When it was made."""
        return moment(self.object, "metadata", "creationTimestamp")

    @cached_property
    def is_ended(self) -> bool:
        """Whether its containers have ended for good; its phase says so a moment later."""
        if self.phase in {"Succeeded", "Failed"}:
            return True
        if text(self.spec, "restartPolicy") != "Never":
            return False
        inits = [found.ended for found in self.init_containers if not found.is_sidecar]
        if any(end is not None and end.is_failure for end in inits):
            return True
        return self.main.ended is not None and not any(container.is_running for container in self.containers)

    @property
    def has_succeeded(self) -> bool:
        """Whether it ended well."""
        if self.phase in {"Succeeded", "Failed"}:
            return self.phase == "Succeeded"
        return self.is_ended and not any(found.ended is None or found.ended.is_failure for found in self.containers)

    @property
    def is_going(self) -> bool:
        """Whether it has been told to go."""
        return part(self.object, "metadata", "deletionTimestamp") is not None

    @property
    def is_live(self) -> bool:
        """Whether it works, or will."""
        return not self.is_ended and not self.is_going

    @property
    def reason(self) -> str:
        """What the kubelet says of the pod as a whole: ``Evicted``, ``DeadlineExceeded``; mostly empty."""
        return text(self.object, "status", "reason")

    @property
    def message(self) -> str:
        """The same in a sentence."""
        return text(self.object, "status", "message")

    @cached_property
    def index(self) -> int | None:
        """Which part of an indexed Job it does."""
        for place in ("annotations", "labels"):
            found = text(self.object, "metadata", place, _INDEX)
            if found.isascii() and found.isdecimal() and len(found) < 10:  # noqa: PLR2004  # digits of 32 bits
                return int(found)
        return None

    @property
    def scheduled(self) -> Condition | None:
        """What the scheduler says."""
        return self.conditions.get("PodScheduled")

    @property
    def disruption(self) -> Condition | None:
        """Why it was taken away, where Kubernetes did that."""
        found = self.conditions.get("DisruptionTarget")
        return found if found is not None and found.is_true else None

    @cached_property
    def init_containers(self) -> tuple[Container, ...]:
        """The containers that run before the others, one after another; sidecars among them."""
        return tuple(_containers(self.object, "initContainers", "initContainerStatuses", is_init=True))

    @cached_property
    def containers(self) -> tuple[Container, ...]:
        """The containers that do the work."""
        return tuple(_containers(self.object, "containers", "containerStatuses", is_init=False))

    @cached_property
    def main(self) -> Container:
        """The container that the pod is there for: ``eval``, else the one that kubectl takes, else the first."""
        wanted = (_MAIN, text(self.object, "metadata", "annotations", _DEFAULT_CONTAINER))
        named = [found for name in wanted for found in self.containers if found.name == name]
        return (named or self.containers or (Container("", {}),))[0]

    @property
    def is_on_a_node(self) -> bool:
        """Whether the scheduler has put it somewhere."""
        return bool(self.node)

    @property
    def spec(self) -> Object:
        """What was asked for."""
        return mapping(self.object, "spec")

    @property
    def claims(self) -> tuple[str, ...]:
        """The names of the PersistentVolumeClaims that it uses."""
        names = (self._claim(volume) for volume in items(self.spec, "volumes"))
        return tuple(name for name in names if name)

    def _claim(self, volume: Object) -> str:
        if isinstance(volume.get("ephemeral"), dict):
            return f"{self.name}-{text(volume, 'name')}"
        return text(volume, "persistentVolumeClaim", "claimName")


def quantity(container: Object, kind: str, resource: str) -> str:
    """The quantity of `resource` in the requests or limits of `container`; numbers count as texts."""
    found = part(container, "resources", kind, resource)
    is_number = isinstance(found, int) and not isinstance(found, bool)
    return str(found)[:30] if is_number else text(container, "resources", kind, resource)


def _containers(pod: Object, specs: str, statuses: str, *, is_init: bool) -> list[Container]:
    told = {text(status, "name"): status for status in items(pod, "status", statuses)}
    found = [_container(spec, told.pop(text(spec, "name"), {}), is_init=is_init) for spec in items(pod, "spec", specs)]
    return [*found, *(_container({"name": name}, status, is_init=is_init) for name, status in told.items())]


def _container(spec: Object, status: Object, *, is_init: bool) -> Container:
    state = mapping(status, "state")
    waiting, running = mapping(state, "waiting"), state.get("running")
    return Container(
        text(spec, "name"),
        spec,
        is_init=is_init,
        is_sidecar=is_init and text(spec, "restartPolicy") == "Always",
        waits_for=text(waiting, "reason"),
        waiting_message=text(waiting, "message"),
        is_running=isinstance(running, dict),
        running_since=moment(running, "startedAt"),
        ended=_ended(state.get("terminated")),
        last_end=_ended(part(status, "lastState", "terminated")),
        restarts=number(status, "restartCount") or 0,
    )


def _ended(found: object) -> Ended | None:
    if not isinstance(found, dict):
        return None
    times = moment(found, "startedAt"), moment(found, "finishedAt")
    return Ended(
        number(found, "exitCode"), text(found, "reason"), text(found, "message"), lines(found, "message"), *times
    )
