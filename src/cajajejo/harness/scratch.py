"""The directory that one evaluation works in, and what it remembers there so that it can be continued.

::

    <root>/<artifact's name>/…           the model, where an init container or `models.fetching` put it
    <root>/evaluation/configs/           the config as it was checked, and the run specs
    <root>/evaluation/output/            what the harness wrote, results.jsonl, summary.json, events/
    <root>/evaluation/state.json         which steps are complete
    <root>/evaluation/harness.log        everything that the harness printed
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Mapping  # noqa: TC003  # pydantic asks for it
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from pydantic import TypeAdapter

from cajajejo import __version__, local_state, results
from cajajejo.errors import ScratchBusyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cajajejo.config import EvaluationJobConfig

WORK: Final = "evaluation"
STATE_FILE: Final = "state.json"
PROGRESS_FILE: Final = "progress.jsonl"
_LOCK_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class State:
    """Which steps of an evaluation are complete.

    Attributes:
        key: names the inputs that the steps belong to.
        model: names the weights by their content.
        mlflow_run_id: the run that was begun.
        finished_at: when the harness ended with results, seconds since the epoch; later than every end before it.
        evaluated: the harness is complete, no scenario is missing, and its results are written.
        tracked: so are they in MLflow: nothing is left to do.
        job_uid: the Job on a cluster that did the steps.
        facts: what the machine and the harness were.
    """

    key: str
    model: str | None = None
    mlflow_run_id: str | None = None
    finished_at: float | None = None
    evaluated: bool = False
    tracked: bool = False
    job_uid: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> State:
        """The state that stands in `text`; what another version wrote beside it is passed over.

        Raises:
            ValueError: none stands there.
        """
        return _STATE.validate_json(text)


_STATE: Final = TypeAdapter(State)


@dataclass(frozen=True, slots=True)
class Scratch:
    """The places inside of one scratch directory."""

    root: Path

    @property
    def work(self) -> Path:
        """Everything but the model."""
        return self.root / WORK

    @property
    def output(self) -> Path:
        """What is logged as the first artifact."""
        return self.work / "output"

    @property
    def events(self) -> Path:
        """The event files that ``metrics check`` reads."""
        return self.output / "events"

    @property
    def log(self) -> Path:
        """Everything that the harness printed."""
        return self.work / "harness.log"

    @property
    def progress(self) -> Path:
        """The events by which the harness tells how far it is; every start writes them anew."""
        return self.work / PROGRESS_FILE

    @property
    def config(self) -> Path:
        """The config as it was checked, with its overrides."""
        return self.work / "configs" / "eval_config.yml"

    @property
    def run_specs(self) -> Path:
        """The run specs, byte for byte."""
        return self.work / "configs" / "run_specs.conf"

    def state(self, key: str) -> State:
        """What is complete for the inputs that `key` names; nothing, when the directory holds other inputs."""
        written = self.written()
        return written if written is not None and written.key == key else State(key)

    def written(self) -> State | None:
        """What is complete for whichever inputs the directory holds; None where nothing was begun."""
        try:
            return State.read((self.work / STATE_FILE).read_text("utf-8"))
        except (OSError, ValueError):
            return None

    def save(self, state: State, **changes: object) -> State:
        """`state` with `changes`, written down."""
        changed = replace(state, **changes)  # type: ignore[arg-type]  # the fields of State
        self.work.mkdir(parents=True, exist_ok=True)
        results.write_whole(self.work / STATE_FILE, json.dumps(asdict(changed), indent=2) + "\n")
        return changed

    def clear(self) -> None:
        """Forgets every step; the model stays."""
        if self.work.exists():
            shutil.rmtree(self.work)

    @contextmanager
    def lock(self, seconds: float = _LOCK_SECONDS) -> Iterator[int]:
        """Holds the directory for this process; yields the descriptor that a child must inherit to hold it, too.

        Args:
            seconds: how long another one is waited for.

        Raises:
            ScratchBusyError: another evaluation works here.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("a+", encoding="ascii") as file:
            deadline = time.monotonic() + seconds
            while True:
                with suppress(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                if time.monotonic() > deadline:
                    raise _busy(self.root, file)
                time.sleep(0.1)
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
            yield file.fileno()


def _busy(root: Path, lock: IO[str]) -> ScratchBusyError:
    lock.seek(0)
    holder = lock.read(20).strip()
    facts = {}
    if holder.isdecimal():
        runs = Path("/proc", holder).exists()
        facts = {"held by": f"process {holder}" if runs else f"what process {holder} left behind: its harness runs on"}
    way_out = "wait for it, or give this one a directory of its own: --scratch DIR"
    return ScratchBusyError(f"another evaluation works in {root}", facts=facts, run=way_out)


def key_of(config: EvaluationJobConfig, run_specs: str, *more: str, inputs: Iterable[bytes] = ()) -> str:
    """The hash of what the answers depend on: config, run specs, the local files they name, our version, `more`.

    Args:
        config: the checked config.
        run_specs: HELM's; empty for another harness.
        more: further texts.
        inputs: what the harness itself depends on, as its adapter says.
    """
    digest = hashlib.sha256()
    for part in (__version__, config.as_yaml(), run_specs, *more):
        digest.update(hashlib.sha256(part.encode()).digest())
    for name in re.findall(r'path=([^,"\'}\s]+)', run_specs):
        with suppress(OSError):
            digest.update(hashlib.sha256(Path(name).read_bytes()).digest())
    for data in inputs:
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()


def default_root(key: str) -> Path:
    """Where an evaluation on this machine works unless it is told otherwise."""
    return local_state.prepare() / "scratch" / key[:12]
