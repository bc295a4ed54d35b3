"""Following 1 GB of log: peak memory, lines a second and CPU of `cajajejo jobs logs -f`, beside `kubectl logs -f`.

    .venv/bin/python benchmarks/logs.py [--megabytes N] [--rounds N] [--chunk BYTES]

Both follow the same container of the same server, over TLS, and write it to /dev/null. The server is another process,
which makes the log on the fly. Ours asks for the times too, so that it could go on after a cut, and looks for more pods
meanwhile. The rounds take turns, so that a machine that slows down slows both; medians and their ratio are printed.
Memory is that of a tenth of the log and of all of it: where the two are equal, it does not grow with the log.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.fakes.kubernetes import FakeKubernetes
from tests.fakes.kubernetes.messages import Answer
from tests.logs import arranging

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from multiprocessing.connection import Connection

    from tests.fakes.kubernetes.messages import Request

LINES: Final = 8_000
"""Lines of a second."""
TEXT: Final = "helm: mmlu:subject=anatomy, {number:>6} of 135 instances, 3,811 tokens the longest, batch of 16 prompts"
BEGIN: Final = datetime(2026, 11, 21, 10, tzinfo=UTC)
SECOND: Final = b"2026-11-21T10:00:00"


@dataclass(frozen=True)
class Log:
    """A log of so many seconds, each of which says the same."""

    seconds: int
    chunk: int
    plain: bytes
    stamped: bytes

    def parts(self, since: str, *, timestamps: bool) -> Iterator[bytes]:
        """The log from a time on, in the pieces that a server sends."""
        first = int((datetime.fromisoformat(since) - BEGIN).total_seconds()) if since else 0
        for number in range(first, self.seconds):
            second = f"{BEGIN + timedelta(seconds=number):%Y-%m-%dT%H:%M:%S}".encode()
            data = self.stamped.replace(SECOND, second) if timestamps else self.plain
            for start in range(0, len(data), self.chunk):
                yield data[start : start + self.chunk]


def log_of(megabytes: int, chunk: int) -> Log:
    """A log with so many megabytes of text."""
    texts = [f"{TEXT.format(number=number)}\n".encode() for number in range(LINES)]
    plain = b"".join(texts)
    step = 10**9 // LINES
    stamped = b"".join(SECOND + b".%09dZ " % (number * step) + text for number, text in enumerate(texts))
    return Log(max(1, megabytes * 10**6 // len(plain)), chunk, plain, stamped)


def _serve(port: Connection, directory: str, log: Log) -> None:
    with FakeKubernetes(tls=True) as fake:
        answer = fake.api.answer

        def other(request: Request) -> Answer:
            return _log(fake, log, request) if request.path.endswith("/log") else answer(request)

        fake.api.answer = other  # type: ignore[method-assign]
        port.send(str(fake.kubeconfig(Path(directory) / "kubeconfig")))
        while port.recv():  # begins anew
            arranging.job(fake)
            arranging.pod(fake)
            port.send("ready")


def _log(fake: FakeKubernetes, log: Log, request: Request) -> Answer:
    def stream() -> Iterator[bytes]:
        yield from log.parts(request.query.get("sinceTime", ""), timestamps=request.flag("timestamps"))
        arranging.end_pod(fake)
        arranging.end_job(fake)

    return Answer(200, headers={"Content-Type": "text/plain"}, stream=stream())


@contextmanager
def serving(log: Log) -> Iterator[Any]:
    """A server in another process; calling what is given begins the job anew and gives the kubeconfig."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    with tempfile.TemporaryDirectory() as directory:
        process = context.Process(target=_serve, args=(there, directory, log), daemon=True)
        process.start()
        kubeconfig = here.recv()

        def begin() -> str:
            here.send("again")
            here.recv()
            return str(kubeconfig)

        try:
            yield begin
        finally:
            process.kill()
            process.join()


@dataclass(frozen=True)
class Taken:
    """What one run took."""

    clock: float
    cpu: float
    mebibytes: float


def run(command: Sequence[str], kubeconfig: str) -> Taken:
    """Runs a program to its end, its output going to /dev/null."""
    began = time.monotonic()
    environ = {**os.environ, "KUBECONFIG": kubeconfig}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{command}: {process.returncode}"
    return Taken(time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description="Following a log: ours against kubectl.")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--chunk", type=int, default=32 * 1024)
    arguments = parser.parse_args()
    ours = [str(Path(sys.executable).parent / "cajajejo"), "--quiet", "jobs", "logs", "a", "-f", "-o", os.devnull]
    ways = {"cajajejo": ours}
    if shutil.which("kubectl"):
        ways["kubectl"] = ["kubectl", "logs", "-f", "a-1"]
    small = log_of(arguments.megabytes // 10, arguments.chunk)
    with serving(small) as begin:
        peaks = {name: run(command, begin()).mebibytes for name, command in ways.items()}
    log = log_of(arguments.megabytes, arguments.chunk)
    taken: dict[str, list[Taken]] = {name: [] for name in ways}
    with serving(log) as begin:
        for _ in range(arguments.rounds):
            for name, command in ways.items():
                taken[name].append(run(command, begin()))
    lines = log.seconds * LINES
    clock = {name: statistics.median(each.clock for each in rounds) for name, rounds in taken.items()}
    cpu = {name: statistics.median(each.cpu for each in rounds) for name, rounds in taken.items()}
    for name, rounds in taken.items():
        most = max(each.mebibytes for each in rounds)
        speed = f"{cpu[name]:7.2f} s CPU{clock[name]:8.2f} s on the clock{lines / clock[name]:12,.0f} lines/s"
        size = f"{peaks[name]:.0f} MiB at most for a tenth, {most:.0f} MiB for {arguments.megabytes} MB"
        print(f"{name:<10}{speed}   {size}")
    if "kubectl" in ways:
        print(f"{clock['kubectl'] / clock['cajajejo']:.2f} times the lines a second of kubectl")
        print(f"{cpu['kubectl'] / cpu['cajajejo']:.2f} times the CPU of ours: kubectl")


if __name__ == "__main__":
    main()
