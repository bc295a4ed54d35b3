"""A record: what one teller knows about a job; and what all of them know together. Pure.

A job has several tellers: each of its pods, which knows its own end and its last lines, and all who watch the cluster,
who know the Job's conditions and what became of every pod. Each of them has a record of its own, so that nobody writes
over what another one knows. Together they say, the first line that fits:

======================================================== =====================
the cluster said that the Job succeeded or failed        that
it was cancelled                                         that
the last pod ended with a code that ends the Job         Succeeded, or Failed
the Job was deleted before it had ended                  Gone
the last pod failed                                      Failed
the Job is gone, its time to live has passed             Gone
anything else                                            what was seen last
======================================================== =====================

What the teller in front does not know is taken from the others, where it is about the same end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import reduce
from typing import TYPE_CHECKING, Any, Final

from cajajejo.status import Reason, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cajajejo.status import Attempt, Status

FINAL_CODES: Final = frozenset({0, 2, 5, 126, 127})
"""Exit codes of a pod after which its Job makes no other one: success, and those of the pod failure policy."""

_GENERAL: Final = frozenset({Reason.CONTAINER_FAILED, Reason.BACKOFF_LIMIT_EXCEEDED, Reason.POD_FAILURE_POLICY, None})
"""Reasons that say that something failed, and not what."""
_FILLED: Final = (
    "uid",
    "submitted_at",
    "submitted_by",
    "deadline_at",
    "disappears_at",
    "progress",
    "config_version",
    "config_path",
    "mlflow_run_id",
)
"""What is taken from the other one whatever the end was."""
_EARLY: Final = datetime.min.replace(tzinfo=UTC)
_LATE: Final = datetime.max.replace(tzinfo=UTC)


class Teller(StrEnum):
    """Who told a record."""

    POD = "pod"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True)
class Record:
    """What one teller knows about a job.

    Attributes:
        status: how the job stands; of a pod: how it stands as far as this pod can tell, with one attempt.
        teller: who says so.
        pod: the name of the pod that tells; empty where the cluster does.
    """

    status: Status
    teller: Teller = Teller.CLUSTER
    pod: str = ""

    def added_to(self, known: Record | None) -> Record:
        """What this teller knows now, when it knew `known` before; in any order, and as often as one likes."""
        if known is None:
            return self
        first, second = sorted((self, known), key=_knowledge, reverse=True)
        return replace(self, status=_combined(first.status, second.status))


def together(records: Iterable[Record]) -> Status | None:
    """What all tellers know together, by the table above; None where nobody knows anything."""
    told = list(records)
    pods = [record for record in told if record.teller is Teller.POD]
    pods.sort(key=lambda record: (record.status.started_at or _EARLY, record.pod), reverse=True)
    by_cluster = sorted((record for record in told if record.teller is Teller.CLUSTER), key=_knowledge, reverse=True)
    in_front = sorted([*by_cluster, *pods[:1]], key=_weight, reverse=True)  # stable
    if not told:
        return None
    whole = reduce(_combined, (record.status for record in (*in_front, *pods[1:])))
    return _numbered(whole, pods)


def _numbered(whole: Status, pods: Sequence[Record]) -> Status:
    """`whole`, its last lines with the number of their attempt, which a pod does not know."""
    speaker = next((record.pod for record in pods if record.status.last_lines is whole.last_lines), None)
    number = next((attempt.number for attempt in whole.attempts if attempt.pod == speaker), None)
    if whole.last_lines is None or number is None:
        return whole
    return replace(whole, last_lines=replace(whole.last_lines, attempt=number))


def _weight(record: Record) -> int:
    status = record.status
    by_cluster = record.teller is Teller.CLUSTER
    if status.state in {State.SUCCEEDED, State.FAILED}:
        return 6 if by_cluster else 4 if status.exit_code in FINAL_CODES else 2
    if status.state is State.CANCELLED:
        return 5
    if status.state is State.GONE:
        return 1 if status.reason is Reason.TTL_PASSED else 3
    return 0


def _knowledge(record: Record) -> tuple[object, ...]:
    """What orders two records of one teller: an end before none, a cause before a general reason, more before less."""
    status = record.status
    return (
        _weight(record),
        status.reason not in _GENERAL,
        len(status.attempts),
        status.last_lines is not None,
        status.since or _EARLY,
        repr(status),
    )


def _combined(first: Status, second: Status) -> Status:
    """`first`, with what it lacks from `second`."""
    same_end = first.state is second.state
    why = second if same_end and _says_less(first, second) else first
    filled = {name: _either(getattr(first, name), getattr(second, name)) for name in _FILLED}
    if same_end or first.state is not State.SUCCEEDED:
        filled["exit_code"] = _either(first.exit_code, second.exit_code)
        filled["last_lines"] = first.last_lines or second.last_lines
    if same_end:
        filled["since"] = first.since or second.since
    if first.state.is_end:
        filled["finished_at"] = first.finished_at or second.finished_at
    return replace(
        first,
        **filled,
        started_at=min(filter(None, (first.started_at, second.started_at)), default=None),
        **{name: getattr(why, name) for name in ("reason", "message", "do", "rule", "quotes")},
        attempts=_attempts(first.attempts, second.attempts),
    )


def _says_less(first: Status, second: Status) -> bool:
    """Whether `second` knows the cause of the same end, and `first` does not."""
    if second.reason not in _GENERAL:
        return first.reason in _GENERAL
    return first.reason is None and not first.message


def _either(first: Any, second: Any) -> Any:
    return second if first is None or first == "" else first


def _attempts(first: tuple[Attempt, ...], second: tuple[Attempt, ...]) -> tuple[Attempt, ...]:
    """Each pod once, in the order of their numbers and times, counted anew; `first` knows better."""
    others = {attempt.pod: attempt for attempt in second}
    both = [_attempt(known, others.pop(known.pod, None)) for known in first]
    in_order = sorted([*both, *others.values()], key=lambda one: (one.number, one.started_at or _LATE, one.pod))
    if not second or not first:
        return tuple(in_order)
    return tuple(replace(attempt, number=number) for number, attempt in enumerate(in_order, 1))


def _attempt(first: Attempt, second: Attempt | None) -> Attempt:
    if second is None:
        return first
    ended = second.finished_at is not None and first.finished_at is None
    ahead, behind = (second, first) if ended else (first, second)
    filled = ("node", "started_at", "finished_at", "exit_code", "reason", "message", "index", "container")
    return replace(
        ahead,
        number=max(first.number, second.number),  # a pod does not know of those before it
        counted=ahead.counted or behind.counted,
        **{name: _either(getattr(ahead, name), getattr(behind, name)) for name in filled},
    )
