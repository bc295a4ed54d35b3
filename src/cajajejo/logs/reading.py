"""The logs of a job from wherever they are: its pods, and an archive for those that are gone."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from cajajejo.cluster.errors import ClusterBusyError, ClusterError, InvalidObjectError, NotAllowedError
from cajajejo.errors import CajajejoError
from cajajejo.logs.cloud_query import Query
from cajajejo.logs.following import DEFAULT_PACE, follow, look
from cajajejo.logs.lines import Gap, Line, instant
from cajajejo.logs.merging import Feed, between, distinct, last, lines_of, merged
from cajajejo.logs.pods import ContainerLog, remark
from cajajejo.logs.speakers import NoSuchAttemptError, chosen_pods, containers_of, created_pods, speakers_of, uncounted
from cajajejo.moments import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.cluster import Cluster
    from cajajejo.cluster.exchange import JsonObject
    from cajajejo.logs.following import Pace, Sight
    from cajajejo.logs.lines import Item, Source
    from cajajejo.logs.speakers import Lost, Speaker, Wanted

_KEPT: Final = timedelta(days=30)
"""How long Cloud Logging keeps lines, unless it was told otherwise."""


def read(
    cluster: Cluster, job: JsonObject, wanted: Wanted, *, cloud: Source | None = None, pace: Pace = DEFAULT_PACE
) -> Iterator[Line | Gap]:
    """The lines of a job in order of time; where nobody knows what was printed, a gap that says why.

    Args:
        cluster: where the job is.
        job: the Job.
        wanted: which lines.
        cloud: the archive, where there is one.
        pace: how often it is looked for new pods.

    Raises:
        CajajejoError: they cannot be read; there is no such container, attempt or replica.
    """
    return lines_of(Reading(cluster, job, wanted, cloud=cloud, pace=pace).items())


class Reading:
    """One reading of a job's logs, and what is known of it besides the lines. The arguments are those of `read`."""

    def __init__(
        self,
        cluster: Cluster,
        job: JsonObject,
        wanted: Wanted,
        *,
        cloud: Source | None = None,
        pace: Pace = DEFAULT_PACE,
    ) -> None:
        self._cluster = cluster
        self._job = job
        self._wanted = wanted
        self._cloud = None if wanted.source == "pods" else cloud
        self._pace = pace
        self._containers = containers_of(job, wanted)
        self.voices: set[tuple[str, str]] = set()
        """The pods and containers whose lines are read; who shows them names them where there are several."""
        self.lost: list[Lost] = []
        """What no node has any more."""
        self.is_over = False
        """Whether the job had ended when the reading began."""
        self._speakers: list[Speaker] | None = None

    def begin(self) -> None:
        """Looks who speaks, before the first line is asked for.

        Raises:
            CajajejoError: as `read`.
        """
        if self._wanted.source != "cloud" or self._cloud is None:
            sight = look(self._cluster, self._job)
            self.is_over = sight.is_end
            self._speakers, self.lost = self._known(sight)

    def items(self) -> Iterator[Item]:
        """The lines, many at once where they come from one container, and the gaps between them.

        Raises:
            CajajejoError: as `read`.
        """
        if self._wanted.source == "cloud" and self._cloud is not None:
            yield from self._archived(self._cloud)
            return
        if self._speakers is None:
            self.begin()
        show = self._followed if self._wanted.follow else self._there
        yield from show(self._speakers or [], self.lost)

    def _known(self, sight: Sight) -> tuple[list[Speaker], list[Lost]]:
        """The runs that have begun, and what of the job no node has any more."""
        created: dict[str, int] = {}
        with suppress(ClusterError):  # events help, and may not be readable
            fields = f"involvedObject.uid={self._job['metadata'].get('uid')}"
            events = self._cluster.list("Event", self._job["metadata"].get("namespace"), fields=fields)
            created = created_pods(events)
        wanted = replace(self._wanted, follow=self._wanted.follow and not sight.is_end)  # no other attempt comes
        pods, lost = chosen_pods(self._job, sight.pods, created, wanted)
        speakers: list[Speaker] = []
        for pod in pods:
            begun, gone = speakers_of(pod, self._containers, self._wanted)
            speakers += begun
            lost += gone
        if self._wanted.attempt is None and not self._wanted.replica:
            lost += uncounted(self._job if sight.job is None else sight.job, sight.pods, created)
        if self._wanted.previous and pods and not speakers:
            message = "no container of this job was started anew in its pod; each attempt is a pod of its own"
            raise NoSuchAttemptError(message, facts={"attempts": "--attempt 1 shows the first"})
        self.voices.update((each.instance.pod, each.instance.container) for each in speakers)
        return speakers, lost

    def _there(self, speakers: list[Speaker], lost: list[Lost]) -> Iterator[Item]:
        """What is there now, of pods and of the archive."""
        tail = self._wanted.tail if self._wanted.until is None else None
        feeds = [
            self._feed(speaker, ContainerLog(self._cluster, speaker.instance, since=self._wanted.since, tail=tail))
            for speaker in speakers
        ]
        yield from self._bounded(self._completed(feeds, lost), alone=len(feeds) == 1 and not lost)

    def _bounded(self, items: Iterator[Item], *, alone: bool) -> Iterator[Item]:
        """The lines within the wanted time, and the last of them; `alone`: the only log was asked for that many."""
        wanted = self._wanted
        since, until = (None if at is None else instant(at) for at in (wanted.since, wanted.until))
        if since is not None or until is not None:
            items = between(items, since, until)
        return items if wanted.tail is None or (alone and until is None) else last(items, wanted.tail)

    def _followed(self, speakers: list[Speaker], lost: list[Lost]) -> Iterator[Item]:
        """What is there, then what comes."""
        wanted = self._wanted
        logs = [ContainerLog(self._cluster, each.instance, since=wanted.since, tail=wanted.tail) for each in speakers]
        pairs = list(zip(speakers, logs, strict=True))
        feeds = [self._feed(each, log) for each, log in pairs if each.is_over or wanted.tail is not None]
        yield from self._bounded(self._completed(feeds, lost), alone=len(feeds) == 1 and not lost)
        since = None if wanted.since is None else instant(wanted.since)
        coming = follow(self._cluster, self._job, wanted, begun=pairs, seen=self._hear, pace=self._pace)
        yield from between(coming, since, None)

    def _hear(self, speaker: Speaker) -> None:
        self.voices.add((speaker.instance.pod, speaker.instance.container))

    def _feed(self, speaker: Speaker, log: ContainerLog) -> Feed:
        return Feed(speaker.began, lambda: self._history(speaker, log))

    def _history(self, speaker: Speaker, log: ContainerLog) -> Iterator[Item]:
        """The log of one run; where its node does not give it, a gap, since the others can be read."""
        try:
            yield from log.history(previous=speaker.is_previous)
        except NotAllowedError:
            raise
        except (ClusterBusyError, InvalidObjectError) as error:
            instance = speaker.instance
            why = f"the log of {instance.container} in pod {instance.pod} cannot be read now: {remark(error)}"
            yield Gap(speaker.began, None, why, instance.pod)

    def _completed(self, feeds: list[Feed], lost: list[Lost]) -> Iterator[Item]:
        """The feeds in order of time, with the archive's lines where something is lost, or a gap."""
        if not lost:
            yield from merged(feeds)
            return
        if self._cloud is None:
            gaps = [_gap(replace(each, why=f"{each.why}{each.what}")) for each in lost]
            yield from merged([*(Feed(gap.since or 0, partial(iter, [gap])) for gap in gaps), *feeds])
            return
        found: set[str] = set()
        cloud = self._cloud
        archive = Feed(0, lambda: self._archived_lines(cloud, found))
        yield from distinct(merged([*feeds, archive]))
        for each in lost:
            if each.pod not in found and (each.pod or not found):
                yield _gap(replace(each, why=f"{each.why}, and the archive has nothing of it"))

    def _archived_lines(self, cloud: Source, found: set[str]) -> Iterator[Line | Gap]:
        """The lines of the archive; where it cannot be read, a gap that says so, since the pods can be."""
        try:
            for line in cloud.read(self._query(), self._since(), self._wanted.until):
                found.add(line.pod)
                self.voices.add((line.pod, line.container))
                yield line
        except CajajejoError as error:
            yield Gap(None, None, f"the archive cannot be read: {error.message}")

    def _archived(self, cloud: Source) -> Iterator[Item]:
        """The lines of the archive alone."""
        if self._wanted.follow:
            lines = cloud.tail(self._query(), self._since(), lambda: look(self._cluster, self._job).is_end)
        else:
            lines = cloud.read(self._query(), self._since(), self._wanted.until)
        for line in lines if self._wanted.follow else self._bounded(iter(lines), alone=False):
            if isinstance(line, Line):
                self.voices.add((line.pod, line.container))
            yield line

    def _query(self) -> Query:
        metadata = self._job["metadata"]
        return Query(metadata["name"], metadata.get("namespace") or "", self._containers)

    def _since(self) -> datetime:
        made = parse_timestamp(self._job["metadata"].get("creationTimestamp"))
        return self._wanted.since or made or datetime.now(UTC) - _KEPT


def _gap(lost: Lost) -> Gap:
    return Gap(lost.began or None, None, lost.why, lost.pod)
