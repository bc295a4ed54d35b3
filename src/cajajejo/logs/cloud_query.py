"""Which entries of Cloud Logging are the lines of a job: a filter in the Logging query language."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cajajejo.logs.cloud_place import Place

_JOB_LABELS: Final = ("job_name", '"k8s-pod/batch_kubernetes_io/job-name"', '"k8s-pod/job-name"')
"""The label that our log lines carry; then the pod's, which an init container and a killed one have as well."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = 10**9


@dataclass(frozen=True, slots=True)
class Query:
    """What is wanted of Cloud Logging. An empty text and an empty tuple stand for any.

    Attributes:
        job: the whole name of the Job.
        namespace: the Job's namespace.
        containers: names of containers.
    """

    job: str
    namespace: str = ""
    containers: tuple[str, ...] = ()


def nanoseconds(moment: datetime) -> int:
    """`moment` as nanoseconds since the epoch, exactly."""
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000


def filter_of(query: Query, place: Place, since: int | None = None, until: int | None = None) -> str:
    """The filter that finds the lines of `query` in the cluster of `place`, no matter what stands in their texts.

    Args:
        query: what is wanted.
        place: where; the project is no part of a filter.
        since: nanoseconds since the epoch, the first that count.
        until: nanoseconds since the epoch, the first that count no more.
    """
    resource = {"cluster_name": place.cluster, "location": place.location, "namespace_name": query.namespace}
    return " AND ".join(
        [
            'resource.type="k8s_container"',  # the events of a pod carry its labels too, and are no lines
            *(f"resource.labels.{name}={_quoted(value)}" for name, value in resource.items() if value),
            *_any_of([f"resource.labels.container_name={_quoted(name)}" for name in query.containers]),
            *_any_of([f"labels.{label}={_quoted(query.job)}" for label in _JOB_LABELS]),
            *([] if since is None else [f'timestamp>="{_written(since)}"']),
            *([] if until is None else [f'timestamp<"{_written(until)}"']),
        ]
    )


def _any_of(comparisons: list[str]) -> list[str]:
    return [f"({' OR '.join(comparisons)})"] if comparisons else []


def _quoted(text: str) -> str:
    """`text` as a string of the query language, in which only letters, digits and marks of ASCII stand bare."""
    return '"' + "".join(char if _is_bare(char) else _escaped(char) for char in text) + '"'


def _is_bare(char: str) -> bool:
    return char.isascii() and char.isprintable() and char not in '"\\'


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\{char}" if char in '"\\' else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"  # noqa: PLR2004


def _written(at: int) -> str:
    """RFC 3339 with nanoseconds."""
    seconds, rest = divmod(at, _SECOND)
    return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:09d}Z"
