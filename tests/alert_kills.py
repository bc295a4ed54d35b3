"""Checks with alerts that SIGKILL ends, at a step of their own, after a while, or while a far end answers."""

from __future__ import annotations

import email
import email.policy
import json
import multiprocessing
import os
import signal
import socket
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

from aiosmtpd.controller import Controller

from cajajejo.metrics import handler, sending
from cajajejo.metrics.handler import RunUnderTest
from cajajejo.metrics.history import History
from cajajejo.metrics.sending import sinks
from cajajejo.settings import Settings
from tests.metrics.builders import condition, settings, write_simple

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator, Mapping
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path
    from types import FrameType

    from aiosmtpd.smtp import Envelope

    from cajajejo.metrics.history.store import Store
    from cajajejo.metrics.judgement.incidents import Delivery

KILLED: Final = -signal.SIGKILL
SINKS: Final = ("stderr", "webhook", "email")
TESTS: Final = 3
_MORNING: Final = 1_795_219_200.0
_AFTER_THE_LEASE: Final = sending.LEASE + sending.PATIENCE
_STEPS: Final = ("cajajejo.metrics.history", "cajajejo.metrics.sending", "cajajejo.metrics.judgement.incidents")
_CONTEXT: Final = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.alert_kills"])


@dataclass(frozen=True)
class Night:
    """One run of one test, and what it measured."""

    test: str
    number: int
    metrics: tuple[tuple[str, float], ...]

    @property
    def run_id(self) -> str:
        return f"{self.test}-r{self.number}"

    def logs(self, folder: Path) -> Path:
        return folder / "logs" / self.run_id


@dataclass(frozen=True)
class Place:
    """Where a check finds what it needs: files, and a history; `alerts` are entries of a project file."""

    folder: Path
    url: str
    alerts: tuple[dict[str, Any], ...] = ()


@dataclass
class Clock:
    """Our time and what is `ahead` of it; who sleeps is ahead at once."""

    ahead: float

    def now(self) -> float:
        return time.time() + self.ahead

    def sleep(self, seconds: float) -> None:
        self.ahead += seconds


def check(place: Place, night: Night, ahead: float = 0.0) -> None:
    """What ``metrics check --alert`` does, at a time that is `ahead` of ours."""
    wanted = settings({"default": condition("less", fixed_value=1)})
    entries = Settings.model_validate({"alerts": list(place.alerts)}).alerts
    to = sinks.of(entries, {}, say=lambda line: _append(place.folder / "stderr", line))
    run = RunUnderTest(night.test, night.run_id, "success", _MORNING + night.number)
    names = sinks.names(to, night.test)
    handler.check(night.logs(place.folder), run, wanted, history_url=place.url, telling=names)
    if place.alerts:
        clock = Clock(ahead)
        sending.deliver(History.at(place.url).store, to, now=clock.now, sleep=clock.sleep)


def _append(path: Path, line: str) -> None:
    """Adds a line in one write, whole or not at all."""
    with path.open("ab", buffering=0) as file:
        file.write(f"{line}\n".encode())


class Steps:
    """Counts the calls and returns of the history and of sending; at the one called `at` the process is no more."""

    def __init__(self, at: int) -> None:
        self.count, self._at = 0, at

    def __call__(self, frame: FrameType, _event: str, _argument: Any) -> None:
        if frame.f_globals.get("__name__", "").startswith(_STEPS):
            self.count += 1
            if self.count == self._at:
                os.kill(os.getpid(), signal.SIGKILL)


def _child(place: Place, night: Night, ahead: float, at: int) -> None:
    steps = Steps(at)
    sys.setprofile(steps)
    try:
        check(place, night, ahead)
    finally:
        sys.setprofile(None)
        (place.folder / "steps").write_text(str(steps.count))


@dataclass
class Trap:
    """Kills a process when a far end hears from it: before the far end takes what it is sent, or after that."""

    pid: int = 0
    after: bool = False

    def spring(self) -> bool:
        """Whether what was sent is taken; the sender is dead, or was never to be."""
        pid, self.pid = self.pid, 0
        if not pid:
            return True
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        return self.after


@dataclass
class FarEnds:
    """A webhook and a mail server: what each took, as (sink, key, messages), in the order in which it came."""

    web: str = ""
    smtp: int = 0
    taken: list[tuple[str, str, tuple[str, ...]]] = field(default_factory=list)
    traps: dict[str, Trap] = field(default_factory=lambda: {"webhook": Trap(), "email": Trap()})
    throttles: int = 0

    def hear(self, sink: str, key: str, messages: tuple[str, ...]) -> bool:
        """Whether it is taken, and answered."""
        trap = self.traps[sink]
        armed = bool(trap.pid)
        if trap.spring():
            self.taken.append((sink, key, messages))
        return not armed


@contextmanager
def far_ends() -> Iterator[FarEnds]:
    """Both, on ports of this machine."""
    ends = FarEnds()

    class Web(BaseHTTPRequestHandler):
        def log_message(self, *said: object) -> None:
            """Says nothing."""

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if ends.throttles:
                ends.throttles -= 1
                self.send_response(429)
                self.send_header("Retry-After", "0")
                self.end_headers()
                return
            messages = tuple(one["message"] for one in body["alerts"])
            if ends.hear("webhook", self.headers["Idempotency-Key"], messages):
                self.send_response(200)
                self.end_headers()

    class Mail:
        async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:  # noqa: N802
            assert isinstance(envelope.content, bytes)
            letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
            body = letter.get_body(("plain",))
            assert body is not None
            taken = ends.hear("email", letter["Message-ID"].partition("@")[0].strip("<"), _told(body.get_content()))
            return "250 OK" if taken else "451 dead"

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        ends.smtp = int(probe.getsockname()[1])
    mail = Controller(Mail(), hostname="127.0.0.1", port=ends.smtp)
    with ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        ends.web = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        mail.start()
        try:
            yield ends
        finally:
            mail.stop()
            server.shutdown()
            thread.join()


def _told(letter: str) -> tuple[str, ...]:
    """The sentences of a letter."""
    lines = (line.strip().partition(": ") for line in letter.splitlines())
    return tuple(told for label, _, told in lines if label in {"Alert", "Recovered"})


@dataclass
class Killing:
    """Nights that are checked through kills, with a history at `url`, and what is known of each kill.

    `windows` counts for each alert and sink how often a sender was killed after it was taken and before that was noted.
    """

    folder: Path
    ends: FarEnds
    dice: random.Random
    url: str
    nights: list[Night] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)
    windows: Counter[tuple[str, str]] = field(default_factory=Counter)
    ahead: float = 0.0
    steps: int = 1
    seconds: float = 0.1

    @property
    def place(self) -> Place:
        return Place(
            self.folder,
            self.url,
            (
                {"kind": "webhook", "url": self.ends.web},
                {"kind": "email", "to": ["ann@example.org"], "smtp": f"127.0.0.1:{self.ends.smtp}", "security": "none"},
            ),
        )

    @property
    def kills(self) -> int:
        return self.happened["killed"]

    @property
    def _store(self) -> Store:
        return History.at(self.url).store

    def night(self, *, bad: bool = False, but: str = "") -> Night:
        """One more run of a test, not of `but`: its metrics are well or not, and no two bad values are the same."""
        test = self.dice.choice([f"t{number}" for number in range(TESTS) if f"t{number}" != but])
        number = len(self.nights)
        values = [self.dice.choice([2.0 + number / 1_000, *([] if bad else [0.5])]) for _ in range(2)]
        found = Night(test, number, tuple((f"{test}-{name}", value) for name, value in zip("ab", values, strict=True)))
        write_simple(found.logs(self.folder), {name: [value] for name, value in found.metrics})
        self.nights.append(found)
        return found

    def go_through(self) -> None:
        """One more night: killed a few times, beside another now and then, and checked to the end.

        Now and then another test is checked between, which sends what was left over, and its own.
        """
        night = self.night()
        for _ in range(self.dice.randint(1, 3)):
            how = self.dice.choice(["step", "step", "delay", "webhook", "email"])
            self.kill(night, how, after=self.dice.random() < 0.7, beside=self.dice.random() < 0.2)
            if self.dice.random() < 0.3:
                self.finish(self.night(but=night.test))
        self.ends.throttles = self.dice.choice([0, 0, 0, 1, 2])
        self.finish(night, at_once=1 + (self.dice.random() < 0.2))

    def finish(self, night: Night, at_once: int = 1) -> None:
        """Checks a night to the end, by so many processes at once; then nothing is left to be sent."""
        began = time.monotonic()
        processes = [self._start(night, 0) for _ in range(at_once)]
        for process in processes:
            process.join(60)
            assert process.exitcode == 0, process.exitcode
        self.steps, self.seconds = int((self.folder / "steps").read_text()), time.monotonic() - began
        self.ahead += _AFTER_THE_LEASE
        assert self._store.unsent() == []

    def kill(self, night: Night, how: str, *, after: bool, beside: bool = False) -> None:
        """Kills a check: at a step of its own, after a while, or by a far end `after` that took what it is sent."""
        taken = {sink: self.taken(sink) for sink in SINKS}
        process = self._start(night, self.dice.randint(1, self.steps) if how == "step" else 0)
        assert process.pid is not None
        if trap := self.ends.traps.get(how):
            trap.pid, trap.after = process.pid, after
        other = self._start(night, 0) if beside and trap is None else None
        if how == "delay":
            process.join(self.dice.uniform(0, 1.2 * self.seconds))
            process.kill()
        for one in filter(None, (process, other)):
            one.join(60)
            assert one.exitcode in {0, KILLED}, one.exitcode
        self.happened["beside another"] += other is not None
        for unsprung in self.ends.traps.values():
            unsprung.pid = 0
        if process.exitcode == KILLED:
            self.happened["killed"] += 1
            self.happened[f"killed by {how}" + (f", {'taken' if after else 'not taken'}" if trap else "")] += 1
        self._look(taken)
        self.ahead += _AFTER_THE_LEASE

    def _start(self, night: Night, at: int) -> ForkServerProcess:
        process = _CONTEXT.Process(target=_child, args=(self.place, night, self.ahead, at), daemon=True)
        process.start()
        return process

    def _look(self, before: Mapping[str, Counter[tuple[str, str]]]) -> None:
        """Takes down what was taken since `before` and is not noted as sent: one sending, if at all."""
        self._store.settle((), now=0.0, error=None, again=None)  # waits for what a server still writes for the dead
        unsent = {(_sink(one), one.event.message) for one in self._store.unsent()}
        found = {
            sink: {told for told in self.taken(sink) - before[sink] if (sink, told[1]) in unsent} for sink in SINKS
        }
        sendings = {(sink, key) for sink, ones in found.items() for key, _ in ones}
        assert len(sendings) <= 1, sendings
        self.happened["in the window"] += len(sendings)
        self.windows.update((sink, message) for sink, ones in found.items() for _, message in ones)

    def taken(self, sink: str) -> Counter[tuple[str, str]]:
        """How often each sentence was taken, by the key of its sending."""
        if sink != "stderr":
            return Counter((key, one) for to, key, told in self.ends.taken if to == sink for one in told)
        path = self.folder / "stderr"
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return Counter(("", line.split(": ", 2)[2]) for line in lines)

    def assert_each_told_once(self) -> None:
        """Nothing is lost or doubled, but for one sending for each kill in the window; the far end can tell these."""
        reference = Place(self.folder, f"sqlite:///{self.folder}/reference.db")
        for night in self.nights:
            check(reference, night)
        wanted = History.at(reference.url).store
        events = {one.event.message for one in wanted.unsent()}
        assert events, "nothing was to be told"
        assert self._store.incidents() == wanted.incidents()
        for test in {night.test for night in self.nights}:
            assert self._store.rows(test) == wanted.rows(test)
            assert self._store.runs(test) == wanted.runs(test)
        for sink in SINKS:
            taken = self.taken(sink)
            counts = Counter(dict.fromkeys(events, 0))
            for (_, message), count in taken.items():
                counts[message] += count
            assert counts == {message: 1 + self.windows[sink, message] for message in events}
            assert len(taken) == len(events)  # each under one key


def _sink(delivery: Delivery) -> str:
    return delivery.sink.partition(" ")[0]
