"""Events: what the parts of a cluster said about a Job, its pods and its claims."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cajajejo.status.reading import moment, number, text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from cajajejo.status.evidence import Object


@dataclass(frozen=True, slots=True)
class Event:
    """What one part of the cluster said about one object.

    Attributes:
        kind: of the object: Job, Pod, PersistentVolumeClaim.
        name: of the object.
        uid: of the object.
        reason: the word of Kubernetes: ``FailedScheduling``.
        text: the sentence.
        at: when it was said last.
        source: who said it: ``default-scheduler``.
        times: how often it was said.
    """

    kind: str
    name: str
    uid: str
    reason: str
    text: str
    at: datetime | None
    source: str
    times: int


class Events:
    """Events by their reason; each is read when somebody asks for it."""

    def __init__(self, found: Iterable[object]) -> None:
        self._by_reason: dict[str, list[Object]] = {}
        self._answers: dict[tuple[str, str, str, frozenset[str]], list[Event]] = {}
        for event in found:
            if isinstance(event, dict):
                self._by_reason.setdefault(text(event, "reason"), []).append(event)

    def about(self, kind: str, name: str, uid: str, reasons: frozenset[str]) -> list[Event]:
        """What was said about one object with one of `reasons`, the newest first; without a uid the name decides."""
        asked = (kind, name, uid, reasons)
        if asked not in self._answers:
            found = (event for reason in reasons for event in self._by_reason.get(reason, ()))
            self._answers[asked] = in_order(event for event in found if _is_about(event, kind, name, uid))
        return self._answers[asked]

    @property
    def all(self) -> list[Event]:
        """All of them, the newest first."""
        return in_order(event for events in self._by_reason.values() for event in events)


def in_order(found: Iterable[Object]) -> list[Event]:
    """Events with the newest first; those that no time is known of come last."""
    return sorted(map(_event, found), key=lambda event: event.at.timestamp() if event.at else 0.0, reverse=True)


def _is_about(event: Object, kind: str, name: str, uid: str) -> bool:
    about = event.get("regarding") or event.get("involvedObject")
    if text(about, "kind") != kind:
        return False
    own = text(about, "uid")
    return own == uid if own and uid else text(about, "name") == name


def _event(found: Object) -> Event:
    """An event as either API tells it; it says its time in one of six places."""
    about = found.get("regarding") or found.get("involvedObject")
    return Event(
        kind=text(about, "kind"),
        name=text(about, "name"),
        uid=text(about, "uid"),
        reason=text(found, "reason"),
        text=text(found, "message") or text(found, "note"),
        at=_time(found),
        source=text(found, "source", "component")
        or text(found, "reportingComponent")
        or text(found, "reportingController"),
        times=number(found, "series", "count") or number(found, "count") or 1,
    )


def _time(found: Object) -> datetime | None:
    places = (
        ("series", "lastObservedTime"),
        ("lastTimestamp",),
        ("deprecatedLastTimestamp",),
        ("eventTime",),
        ("firstTimestamp",),
        ("metadata", "creationTimestamp"),
    )
    return next((at for place in places if (at := moment(found, *place))), None)
