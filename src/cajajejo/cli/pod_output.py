"""Where text goes in a pod: all that the program says, or anything inside of it prints, is JSON lines on stdout."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, nullcontext, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cajajejo import __version__, pod_log
from cajajejo.cli import screen
from cajajejo.harness.hiding import hiding
from cajajejo.logs import cloud_sink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.harness.adapter import Adapter
    from cajajejo.harness.publishing import Report
    from cajajejo.harness.run import Reporter
    from cajajejo.pod_log import Severity


class PodLog:
    """The log of this pod: entries in, lines of JSON out.

    The lines are written by a thread of their own, because a signal may interrupt the main one in the middle of a line.
    Where nobody reads them any more the program goes on. Secret values stand in none of them.

    Attributes:
        hide: takes secret values out of a text.
    """

    def __init__(self, descriptor: int, environ: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self.hide: Callable[[str], str] = hiding(None, environ)
        self._descriptor = descriptor
        self._labels = pod_log.labels(environ, __version__)
        self._now = now
        self._sink = cloud_sink.opened(environ, lambda sentence: self._tell("WARNING", sentence))
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="pod-log")

    def __call__(self, severity: Severity, message: str, **fields: object) -> None:
        """Writes one entry; a message that is too long for one becomes several."""
        now, shown = self._now(), _hidden(fields, self.hide)
        pieces = pod_log.pieces(self.hide(pod_log.uncoloured(message)))
        if self._sink is not None:
            for piece in pieces:
                self._sink(severity, piece, self._labels, now, **shown)
        self._tell(severity, *pieces, now=now, **shown)

    def _tell(self, severity: Severity, *pieces: str, now: datetime | None = None, **fields: object) -> None:
        moment = now or self._now()
        lines = [pod_log.line(severity, piece, labels=self._labels, now=moment, **fields) for piece in pieces]
        data = "".join(f"{line}\n" for line in lines).encode()
        with suppress(RuntimeError):  # after the end, a thread that is left may still say something
            self._writer.submit(self._write, data).result()

    def label(self, **labels: str) -> None:
        """Gives every entry from now on these labels as well."""
        self._labels |= labels

    def close(self) -> None:
        """Writes nothing any more."""
        if self._sink is not None:
            self._sink.close()
        self._writer.shutdown()

    def _write(self, data: bytes) -> None:
        try:
            while data:
                data = data[os.write(self._descriptor, data) :]
        except OSError:
            return


def _hidden(value: Any, hide: Callable[[str], str]) -> Any:
    """`value` of JSON without the secret values in its texts."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {key: _hidden(item, hide) for key, item in value.items()}
    return [_hidden(item, hide) for item in value] if isinstance(value, list | tuple) else value


class _Stream(io.TextIOBase):
    """A standard stream whose lines become entries, each as serious as it says it is."""

    encoding = "utf-8"

    def __init__(self, log: PodLog, descriptor: int) -> None:
        self._log = log
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._open = ""

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, text: str) -> int:
        with self._lock:
            whole, end, self._open = (self._open + text).rpartition("\n")
            if len(self._open) > pod_log.LONGEST:
                whole, end, self._open = whole + end + self._open, "", ""
        self._tell(whole)
        return len(text)

    def close(self) -> None:
        """Tells what is left of a line; the descriptor stays open."""
        rest, self._open = self._open, ""
        self._tell(rest)

    def _tell(self, text: str) -> None:
        for line in pod_log.lines(text):
            self._log(pod_log.severity_of(pod_log.uncoloured(line)), line)


class _State:
    log: PodLog | None = None


def log() -> PodLog | None:
    """The log of this pod; None where text goes to the two streams as everywhere else."""
    return _State.log


@contextmanager
def opened(environ: Mapping[str, str], *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Iterator[PodLog]:
    """Everything that is said, printed or logged inside becomes a JSON line on stdout."""
    screen.ensure_streams()
    descriptor = sys.stdout.fileno()
    written = PodLog(descriptor, environ, now)
    before = sys.stdout, sys.stderr
    streams = _Stream(written, descriptor), _Stream(written, sys.stderr.fileno())
    for stream in before:
        stream.flush()
    _State.log = written
    screen.log_to(written)
    sys.stdout, sys.stderr = streams
    try:
        yield written
    finally:
        for stream in streams:
            stream.close()
        sys.stdout, sys.stderr = before
        screen.log_to(None)
        _State.log = None
        written.close()


@contextmanager
def reporter(log: PodLog, environ: Mapping[str, str]) -> Iterator[Reporter]:
    """Who is told what an evaluation does: the log and, where the pod has access to it, the Job."""
    from cajajejo.cli.outcome import check_lines
    from cajajejo.harness import own_job, publishing
    from cajajejo.harness.run import Reporter

    place = own_job.find(environ)
    job = None if place is None else own_job.OwnJob(place, lambda sentence: log("WARNING", sentence))

    def tell(report: Report) -> None:
        log(report.severity, report.message, **report.fields())
        if job is not None and report.progress is not None:
            job.annotate(report.progress)

    publisher = publishing.Publisher(tell)
    speaker = "harness"

    def begins(adapter: Adapter) -> None:
        nonlocal speaker
        speaker, publisher.unit = adapter.name, adapter.unit

    def listen(line: str) -> None:
        text = pod_log.uncoloured(line)
        log(pod_log.severity_of(text), f"{speaker}: {text}")

    def tracked(config: EvaluationJobConfig, run_id: str) -> None:
        log.hide = hiding(config, environ)
        log.label(**publishing.run_labels(config, run_id))

    with closing(job) if job is not None else nullcontext():
        yield Reporter(
            checks=lambda checks: screen.say(*check_lines(checks, each=True)),
            step=screen.say,
            harness=begins,
            said=listen,
            progress=publisher,
            tracked=tracked,
        )
