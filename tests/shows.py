"""Jobs that live on a fake cluster while a command watches them: both are led by what stands on the screen."""

from __future__ import annotations

import _thread
import io
import re
import threading
import time
from collections import Counter
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo import cli
from tests.clusters import Talk, job, talking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

    from tests.fakes.kubernetes.lifecycle import Player, Step

SCENARIOS: Final = Path(__file__).parent / "recordings" / "kubernetes-1.36" / "scenarios"
LABELS: Final = {"app.kubernetes.io/managed-by": "cajajejo", "app.kubernetes.io/component": "evaluation"}
_MOMENT: Final = "2026-11-21T14:02:1{}Z"


class Stream(io.TextIOWrapper):
    """What a command writes to, which others read meanwhile."""

    def __init__(self, *, tty: bool = False) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8", write_through=True)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty

    def text(self) -> str:
        assert isinstance(self.buffer, io.BytesIO)
        return self.buffer.getvalue().decode()


@dataclass
class Show:
    """A fake cluster, the streams of the command, and who changes the cluster meanwhile."""

    talk: Talk
    out: Stream
    err: Stream
    failures: list[BaseException] = field(default_factory=list)
    _at_work: bool = False

    def run(self, *words: str, during: Callable[[], object] = lambda: None) -> int:
        """The exit code of ``cajajejo jobs …``; `during` happens meanwhile."""
        thread = threading.Thread(target=self._lead, args=(during,), daemon=True)
        thread.start()
        with redirect_stdout(self.out), redirect_stderr(self.err):
            self._at_work = True
            code = cli.run(cli.app, ["jobs", *words], prog_name="cajajejo")
            self._at_work = False
        thread.join(120)
        assert not thread.is_alive(), self.err.text()
        if self.failures:
            raise self.failures[0]
        return code

    def _lead(self, during: Callable[[], object]) -> None:
        try:
            during()
        except BaseException as error:  # noqa: BLE001  # told by `run`
            self.failures.append(error)
            if self._at_work:
                _thread.interrupt_main()

    def until(self, text: str, seconds: float = 120.0) -> None:
        """Returns when `text` was written."""
        end = time.monotonic() + seconds
        while text not in self.err.text() + self.out.text():
            if time.monotonic() > end:
                raise AssertionError(f"{text!r} not in {seconds} s: {self.err.text()}")
            time.sleep(0.01)

    def told(self) -> list[str]:
        """What stands on stderr, with clock times replaced, without the warnings about what is not on record."""
        return [line for line in clocked(self.err.text()).splitlines() if "is not on record" not in line]

    def results(self) -> list[str]:
        """What stands on stdout, with clock times replaced."""
        return clocked(self.out.text()).splitlines()

    def put_job(self, name: str = "eval-a", **status: Any) -> dict[str, Any]:
        """A Job of ours."""
        wanted = job(name, backoffLimit=3)
        wanted["metadata"] |= {"labels": {**LABELS, "app.kubernetes.io/instance": name}}
        wanted["metadata"]["annotations"] = {"cajajejo/config-version": "10abfb1"}
        made = self.talk.connect().create(wanted).object
        made["metadata"]["creationTimestamp"] = _MOMENT.format(0)
        return self.talk.fake.put({**made, "status": {"startTime": _MOMENT.format(0), **status}})

    def put_pod(self, of: str = "eval-a", number: int = 1, **state: Any) -> dict[str, Any]:
        """A pod of a Job on a node; `state` is the state of its container."""
        owner = self.talk.fake.get("Job", of)
        assert owner is not None
        uid = owner["metadata"]["uid"]
        labels = {"batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": of, **LABELS}
        reference = {"apiVersion": "batch/v1", "kind": "Job", "name": of, "uid": uid, "controller": True}
        metadata = {"name": f"{of}-{number:05}", "labels": labels, "ownerReferences": [reference]}
        metadata["creationTimestamp"] = _MOMENT.format(number)
        phase = "Running"
        if "terminated" in state:
            phase = "Succeeded" if state["terminated"]["exitCode"] == 0 else "Failed"
        status = {"phase": phase, "containerStatuses": [{"name": "eval", "state": state}]}
        spec = {"nodeName": f"node-{number}", "containers": [{"name": "eval", "image": "registry.example/eval:1"}]}
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec, "status": status}
        return self.talk.fake.put(pod)

    def runs(self, of: str = "eval-a", number: int = 1) -> None:
        """The pod runs."""
        self.put_pod(of, number, running={"startedAt": _MOMENT.format(3)})

    def ends(self, of: str = "eval-a", number: int = 1, code: int = 0, reason: str = "") -> None:
        """The pod ends, and with it the Job."""
        times = {"startedAt": _MOMENT.format(3), "finishedAt": _MOMENT.format(5)}
        ended = {"exitCode": code, "reason": reason or ("Completed" if code == 0 else "Error"), **times}
        self.put_pod(of, number, terminated=ended)
        why = ("Complete", "CompletionsReached") if code == 0 else ("Failed", "BackoffLimitExceeded")
        condition = {"type": why[0], "status": "True", "reason": why[1], "lastTransitionTime": _MOMENT.format(6)}
        finished = {"completionTime": _MOMENT.format(6)} if code == 0 else {}
        status = {"conditions": [condition], **finished, **self._counted(of)}
        self.talk.fake.update("Job", of, {"status": status})

    def _counted(self, of: str) -> dict[str, int]:
        """How many pods of a Job have ended, as its controller counts them before it says that the Job has."""
        pods = [pod for pod in self.talk.fake.objects("Pod") if pod["metadata"]["ownerReferences"][0]["name"] == of]
        phases = Counter(pod["status"]["phase"] for pod in pods)
        return {"succeeded": phases["Succeeded"], "failed": phases["Failed"]}

    def scenario(self, name: str, job_name: str | None = None) -> Player:
        """A player of a recorded scenario whose Job is there, and is ours."""
        player = self.talk.fake.scenario(SCENARIOS / name, job=job_name)
        while not (found := self.talk.fake.objects("Job")):
            player.step()
        labels = {**LABELS, "app.kubernetes.io/instance": found[0]["metadata"]["name"]}
        self.talk.fake.update("Job", found[0]["metadata"]["name"], {"metadata": {"labels": labels}})
        return player


def clocked(text: str) -> str:
    """`text` with the clock times replaced."""
    return re.sub(r"^\d\d:\d\d:\d\d", "HH:MM:SS", text, flags=re.MULTILINE)


def runs(step: Step) -> bool:
    """Whether a container runs since this step."""
    statuses = step.object.get("status", {}).get("containerStatuses", [])
    return step.object["kind"] == "Pod" and any("running" in each.get("state", {}) for each in statuses)


@contextmanager
def showing(directory: Path, monkeypatch: pytest.MonkeyPatch, *, tty: bool = False) -> Iterator[Show]:
    """A stage whose cluster the environment names, in `directory`."""
    monkeypatch.chdir(directory)
    with talking(directory) as talk:
        monkeypatch.setenv("KUBECONFIG", str(talk.kubeconfig))
        yield Show(talk, Stream(), Stream(tty=tty))
