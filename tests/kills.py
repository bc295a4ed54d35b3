"""Submissions that are killed: a client that dies at a chosen request, and processes that SIGKILL ends."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from typing import TYPE_CHECKING, Any

from cajajejo import cli
from tests import builders, sending

if TYPE_CHECKING:
    from multiprocessing.context import ForkServerProcess
    from pathlib import Path

    from cajajejo.cluster import Cluster
    from tests.fakes.kubernetes import FakeKubernetes
    from tests.fakes.kubernetes.messages import Request


class KilledError(BaseException):
    """The client is no more; nothing of ours may catch this."""


class Mortal:
    """A cluster whose client dies at its request number `at` (from 1), before it is sent or after it was answered."""

    def __init__(self, cluster: Cluster, at: int, *, after: bool) -> None:
        self._cluster, self._at, self._after = cluster, at, after
        self._count = 0

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._cluster, name)
        if not callable(method):
            return method

        def request(*arguments: Any, **options: Any) -> Any:
            self._count += 1
            if self._count == self._at and not self._after:
                raise KilledError
            try:
                return method(*arguments, **options)
            finally:
                if self._count == self._at:
                    raise KilledError

        return request


_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.kills"])
sending.spec()  # what is loaded once here, each process has


class Submissions:
    """Submissions to a fake cluster in processes of their own."""

    def __init__(self, fake: FakeKubernetes, kubeconfig: Path) -> None:
        self._fake = fake
        self._kubeconfig = kubeconfig
        self._victims: dict[int, tuple[ForkServerProcess, bool]] = {}
        fake.before(self._strike)

    def start(self, *arguments: str) -> ForkServerProcess:
        """``cajajejo jobs evaluation submit-job`` for the example; its exit code is the process's."""
        process = _CONTEXT.Process(target=_submit, args=(str(self._kubeconfig), arguments), daemon=True)
        process.start()
        return process

    def run(self, *arguments: str) -> int | None:
        """The exit code of one that nobody disturbs."""
        process = self.start(*arguments)
        process.join(120)
        return process.exitcode

    def run_and_kill(self, at: int, *arguments: str, after: bool) -> int | None:
        """The exit code of one that SIGKILL ends at its request number `at`, before or after that took effect."""
        number = len(self._fake.requests) + at
        process = self.start(*arguments)
        self._victims[number] = (process, after)
        process.join(120)
        self._victims.pop(number, None)
        return process.exitcode

    def _strike(self, number: int, request: Request) -> None:
        if number not in self._victims:
            return
        process, after = self._victims.pop(number)
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
        assert builders.is_gone(process.pid)
        if not after:
            self._fake.faults.on(request.method, f"^{request.path}$").drop_before()


def _submit(kubeconfig: str, arguments: tuple[str, ...]) -> None:
    os.environ["KUBECONFIG"] = kubeconfig
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115  # until the process ends
    given = ["--path-to-config", str(sending.CONFIG), "--path-to-helm-config", str(sending.RUN_SPECS), *arguments]
    sys.exit(cli.run(cli.app, ["jobs", "evaluation", "submit-job", *given], prog_name="cajajejo"))
