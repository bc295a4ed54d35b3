"""Evaluations that are killed: processes of a real command line that end at a chosen step, or at a chosen moment.

A step is something that lasts: a file that is opened for writing, renamed, removed or cut, a directory that is made, a
process that is started or signalled, a database that is opened. Python tells of each one before it is done
(`sys.addaudithook`), and the process ends there.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cajajejo import cli, results, tracking
from tests import builders
from tests.builders import ABSENT, ROOT

if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence
    from pathlib import Path

SCENARIOS: Final = {"geography": 5, "biology": 4}
ITEMS: Final = sum(SCENARIOS.values())
_STEPS: Final = frozenset(
    ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.link", "os.symlink", "os.kill", "os.killpg")
) | {"subprocess.Popen", "sqlite3.connect", "shutil.rmtree", "shutil.copyfile"}
_WRITING: Final = os.O_WRONLY | os.O_RDWR
_CONTEXT: Final = multiprocessing.get_context("forkserver")
_HEAVY: Final = (
    "cajajejo.cli.outcome",
    "cajajejo.cli.progress",
    "cajajejo.cli.running",
    "cajajejo.harness.command",
    "cajajejo.harness.run",
    "cajajejo.models.fetching",
    "mlflow.data.pandas_dataset",
    "mlflow.genai",
    "mlflow.store.artifact.local_artifact_repo",
    "mlflow.store.tracking.sqlalchemy_store",
    "tensorboard.compat.proto.event_pb2",
    "google_crc32c",
)
"""What is loaded once here, each process has: alone it would take longer than all the rest."""
_CONTEXT.set_forkserver_preload(["tests.harness.kills", *_HEAVY])


@dataclass(frozen=True)
class Kill:
    """An end by `sign`: before the step number `step` (from 1), or where that is None after so many seconds."""

    sign: signal.Signals
    step: int | None = None
    seconds: float = 0.0

    def __str__(self) -> str:
        """For people."""
        when = f"before step {self.step}" if self.step is not None else f"after {self.seconds:.3f} s"
        return f"{self.sign.name} {when}"


@dataclass
class Evaluation:
    """One evaluation with a scripted harness in `directory`, started again and again.

    Attributes:
        directory: new, and empty.
        uid: of the Job whose pods the attempts are; None: they run on a laptop.
        is_fresh: each attempt has a scratch directory of its own, as pods have.
    """

    directory: Path
    uid: str | None = None
    is_fresh: bool = False
    attempts: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        """Writes the config."""
        self.directory.mkdir(parents=True)
        self.uri = builders.copy_empty_store(self.directory / "tracking" / "mlflow.db")
        self.notes = self.directory / "notes.jsonl"
        plan = [f"{name}={count}" for name, count in SCENARIOS.items()]
        program = [sys.executable, "-m", "tests.fakes.command_harness", *plan, "--pause", "0.002", "--child"]
        self.config = builders.write_config(
            self.directory,
            helm=ABSENT,
            command={"args": program, "results": "results.jsonl"},
            mlflow_config__tracking_uri=self.uri,
            model_config={"path": str(builders.model_directory(self.directory / "models" / "tiny"))},
            env={"PYTHONPATH": str(ROOT), "NOTES": str(self.notes)},  # not an argument: files there are inputs
        )

    @property
    def scratch(self) -> Path:
        """Where the last attempt works, or worked."""
        return self.directory / (f"scratch-{self.attempts}" if self.is_fresh else "scratch")

    def run(self, kill: Kill | None = None) -> int | None:
        """The exit code of one more attempt; negative for a signal that ended it."""
        self.attempts += 1
        command = ["jobs", "evaluation", "run", str(self.config), "--local", "--scratch", str(self.scratch)]
        pod = {"JOB_UID": self.uid, "JOB_NAME": "eval-x", "JOB_NAMESPACE": "ns", "POD_NAME": f"eval-x-{self.attempts}"}
        arguments = (str(self.directory), pod if self.uid else {}, command, kill)
        process = _CONTEXT.Process(target=_attempt, args=arguments, daemon=False)
        process.start()
        if kill is not None and kill.step is None:
            process.join(kill.seconds)
            if process.pid is not None and process.exitcode is None:
                os.kill(process.pid, kill.sign)
        process.join(300)
        if process.exitcode is None:
            process.kill()
        return process.exitcode

    def said(self) -> str:
        """All that the attempts printed."""
        return (self.directory / "said.txt").read_text("utf-8", "replace")

    def steps(self) -> int:
        """How many steps the last attempt took that was not killed."""
        return int((self.directory / "steps.txt").read_text())

    def left_running(self) -> list[int]:
        """The processes of harnesses that are still there."""
        return [note["pid"] for note in self._notes() if "pid" in note and not builders.is_gone(note["pid"])]

    def worked_on(self) -> int:
        """How often an item was worked on, over all attempts."""
        return sum("ran" in note for note in self._notes())

    def _notes(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.notes.read_text().splitlines()] if self.notes.exists() else []

    def problems(self) -> list[str]:
        """What is not as it must be when all is over: results whole, tracked once, nothing left running."""
        return [*self._problems_of_results(), *self._problems_of_tracking(), *self._problems_of_processes()]

    def _problems_of_results(self) -> list[str]:
        found = results.read(self.scratch / "evaluation" / "output")
        expected = [(name, f"q-{number:03}") for name, count in SCENARIOS.items() for number in range(1, count + 1)]
        items = [(item.scenario, item.id) for item in found.items]
        return [f"results: {items}, failed: {found.failed}"] if items != expected or found.partial else []

    def _problems_of_tracking(self) -> list[str]:
        with tracking.client(self.uri) as store:
            (experiment,) = store.search_experiments(filter_string="name = 'tests'")
            runs = store.search_runs([experiment.experiment_id])
            finished = [run for run in runs if run.info.status == "FINISHED"]
            told = [run.info.run_id for run in runs if run.data.metrics]
            if len(finished) != 1 or told != [finished[0].info.run_id]:
                return [f"runs: {[(run.info.status, dict(run.data.metrics)) for run in runs]}"]
            (run,) = finished
            keys = {name: f"{name}/accuracy" for name in SCENARIOS}
            counts = {key: len(store.get_metric_history(run.info.run_id, key)) for key in keys.values()}
            lines = [path for path in _artifacts(store, run.info.run_id) if path.endswith("/results.jsonl")]
        problems = [f"metrics: {counts}"] if set(counts.values()) != {1} else []
        if self.uid and len(runs) != 1:
            problems.append(f"{len(runs)} runs of one Job")
        return problems + ([f"artifacts: {lines}"] if len(lines) != 2 else [])

    def _problems_of_processes(self) -> list[str]:
        left = self.left_running()
        return [f"left running: {left}"] if left else []

    def runs(self) -> int:
        """How many MLflow runs there are."""
        with tracking.client(self.uri) as store:
            experiments = [experiment.experiment_id for experiment in store.search_experiments()]
            return len(store.search_runs(experiments))


def _artifacts(store: Any, run_id: str, path: str | None = None) -> list[str]:
    found: list[str] = []
    for one in store.list_artifacts(run_id, path):
        found += _artifacts(store, run_id, one.path) if one.is_dir else [one.path]
    return found


def _attempt(directory: str, environ: dict[str, str], command: Sequence[str], kill: Kill | None) -> None:
    os.setsid()
    os.chdir(directory)
    os.environ.update(environ)
    sys.stdout = sys.stderr = open("said.txt", "a", encoding="utf-8")  # noqa: PTH123, SIM115  # until the process ends
    print("---", kill or "to the end", time.time(), flush=True)  # noqa: T201  # to the file
    step = 0

    def count(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal step
        if event not in _STEPS and not (event == "open" and _is_written(*arguments)):
            return
        step += 1
        if kill is not None and step == kill.step:
            os.kill(os.getpid(), kill.sign)

    sys.addaudithook(count)
    code = cli.run(cli.app, list(command), prog_name="cajajejo")
    taken = step
    with open("steps.txt", "w", encoding="utf-8") as file:  # noqa: PTH123  # as above
        file.write(str(taken))
    sys.exit(code)


def _is_written(path: object, mode: str | None, flags: int) -> bool:
    return str(path) != os.devnull and bool(flags & _WRITING if mode is None else set(mode) & set("wax+"))
