"""A job's logs as they come: its pods found as they are made, each run of a container read, until the job has ended."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cajajejo.cluster.errors import ClusterBusyError, UnreachableError
from cajajejo.logs.live import WINDOW_SECONDS, Live
from cajajejo.logs.pods import ContainerLog
from cajajejo.logs.speakers import chosen_pods, containers_of, speakers_of
from cajajejo.status.job import Job
from cajajejo.status.reading import items, mapping, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cajajejo.cluster import Cluster
    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.logs.lines import Item
    from cajajejo.logs.pods import Instance
    from cajajejo.logs.speakers import Speaker, Wanted

_GROWTH: Final = 1.5
_PATIENT_LOOKS: Final = 20
"""Looks for which a new pod's log waits for that of the pod before it to end."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often it is looked for new pods, in seconds: `shortest` after a change, then less and less.

    `window` is how long a line waits for an earlier one of another log.
    """

    shortest: float = 0.25
    longest: float = 5.0
    window: float = WINDOW_SECONDS


DEFAULT_PACE: Final = Pace()


@dataclass(frozen=True, slots=True)
class Sight:
    """A job as it is now: the Job, None where it is gone, and its pods."""

    job: JsonObject | None
    pods: list[JsonObject]

    @property
    def is_end(self) -> bool:
        """Whether the job has ended: its conditions say so, or it is gone."""
        return self.job is None or Job(self.job).end is not None


def look(cluster: Cluster, job: JsonObject) -> Sight:
    """The job and its pods now; the Job first, so that where it has ended no pod is missed.

    Raises:
        ClusterError: they cannot be read.
    """
    metadata = job["metadata"]
    now = cluster.get("Job", metadata["name"], metadata.get("namespace"))
    if now is not None and now["metadata"].get("uid") != metadata.get("uid"):
        now = None  # another one of the same name
    pods = cluster.list("Pod", metadata.get("namespace"), selector=Job(job).pod_selector)
    return Sight(now, [pod for pod in pods if _is_owned(pod, metadata.get("uid"))])


def follow(
    cluster: Cluster,
    job: JsonObject,
    wanted: Wanted,
    *,
    begun: Iterable[tuple[Speaker, ContainerLog]] = (),
    seen: Callable[[Speaker], None] = lambda _: None,
    pace: Pace = DEFAULT_PACE,
) -> Iterator[Item]:
    """What all wanted containers print from now on, pods that are made later included, until the job has ended.

    Args:
        cluster: where it is.
        job: the Job.
        wanted: which containers.
        begun: runs whose logs were read in part, or whole, with how far that was.
        seen: is told of each run whose log is read.
        pace: how often it is looked for new pods.

    Raises:
        ClusterError: a refusal; failures that pass are waited for.
    """
    live = Live(window=pace.window)
    search = _Search(cluster, job, wanted, live, seen, pace)
    for speaker, log in begun:
        search.read(speaker, log)
    threading.Thread(target=search.run, name="pods", daemon=True).start()
    try:
        yield from live
    finally:
        search.stop()


class _Search:
    """Looks for runs of containers until the job has ended, and has each read once its predecessors are."""

    def __init__(
        self,
        cluster: Cluster,
        job: JsonObject,
        wanted: Wanted,
        live: Live,
        seen: Callable[[Speaker], None],
        pace: Pace,
    ) -> None:
        self._cluster = cluster
        self._job = job
        self._wanted = wanted
        self._live = live
        self._seen = seen
        self._pace = pace
        self._containers = containers_of(job, wanted)
        self._known: dict[Instance, Speaker] = {}
        self._waited: dict[Instance, int] = {}
        self._created: dict[str, int] = {}
        self._woken = threading.Event()
        self._stopped = False

    def read(self, speaker: Speaker, log: ContainerLog) -> None:
        """Has the rest of a log read, unless that was all."""
        self._known[speaker.instance] = speaker
        self._seen(speaker)
        if not speaker.is_over:
            self._live.add(speaker.instance, log.follow(), then=self._woken.set)

    def stop(self) -> None:
        """Ends the looking; what is being read ends with the program."""
        self._stopped = True
        self._live.close()
        self._woken.set()

    def run(self) -> None:
        """Looks again and again, at once after a log has ended."""
        pause = self._pace.shortest
        try:
            while not self._stopped:
                self._woken.clear()
                before = len(self._known)
                if self._look():
                    self._live.finish()
                    return
                changed = len(self._known) > before or bool(self._waited)
                pause = self._pace.shortest if changed else min(pause * _GROWTH, self._pace.longest)
                if self._woken.wait(pause):
                    pause = self._pace.shortest
        except BaseException as error:  # noqa: BLE001  # the thread that shows the lines raises it
            self._live.finish(error)

    def _look(self) -> bool:
        """Has read what is new; whether the job has ended and nothing more comes."""
        try:
            sight = look(self._cluster, self._job)
        except (UnreachableError, ClusterBusyError):
            return False
        for pod in sight.pods:  # one that goes later still counts as an attempt
            self._created.setdefault(str(pod["metadata"]["name"]), 0)
        pods, _ = chosen_pods(self._job, sight.pods, self._created, self._wanted)
        self._waited = {instance: count for instance, count in self._waited.items() if instance not in self._known}
        for pod in pods:
            for speaker in speakers_of(pod, self._containers, self._wanted)[0]:
                if speaker.instance not in self._known and self._is_next(speaker):
                    self._known[speaker.instance] = speaker
                    self._waited.pop(speaker.instance, None)
                    self._seen(speaker)
                    log = ContainerLog(self._cluster, speaker.instance, since=self._wanted.since)
                    self._live.add(speaker.instance, log.follow(), then=self._woken.set)
        return sight.is_end and not self._waited

    def _is_next(self, speaker: Speaker) -> bool:
        """Whether what came before it has been read: the run before, and for a while the pod before."""
        count = self._waited[speaker.instance] = self._waited.get(speaker.instance, -1) + 1
        for known, before in self._known.items():
            if not self._live.is_reading(known) or before.replica != speaker.replica:
                continue
            same_pod = known.pod == speaker.instance.pod
            if same_pod and known.container == speaker.instance.container:
                return False
            if not same_pod and not self._is_parallel() and count < _PATIENT_LOOKS:
                return False
        return True

    def _is_parallel(self) -> bool:
        spec = mapping(self._job, "spec")
        return (number(spec, "parallelism") or 1) > 1 and spec.get("completionMode") != "Indexed"


def _is_owned(pod: JsonObject, uid: str | None) -> bool:
    """Whether a pod is this very Job's, and not that of one before it that had its name."""
    owners = [row.get("uid") for row in items(pod, "metadata", "ownerReferences") if row.get("controller")]
    return not owners or uid is None or uid in owners
