"""The directory that one evaluation works in, and what it remembers there so that it can be continued.

::

    <root>/<artifact's name>/…           the model, where an init container or `harness.model` put it
    <root>/evaluation/configs/           the config as it was checked, and the run specs
    <root>/evaluation/output/            what the harness wrote, results.jsonl, summary.json, events/
    <root>/evaluation/state.json         which steps are complete
    <root>/evaluation/harness.log        everything that the harness printed
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import re
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo import __version__, local_state, results
from cajajejo.errors import SanityError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.config import EvaluationJobConfig

POD_SCRATCH: Final = Path("/scratch")
WORK: Final = "evaluation"
_LOCK_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class State:
    """Which steps of an evaluation are complete.

    `key` names the inputs that the steps belong to, `model` the weights, `job_uid` the Job on a cluster that did them;
    times are epoch seconds.
    """

    key: str
    model: str | None = None
    mlflow_run_id: str | None = None
    finished_at: float | None = None
    tracked: bool = False
    job_uid: str | None = None


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
            return State(**json.loads((self.work / "state.json").read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def save(self, state: State, **changes: object) -> State:
        """`state` with `changes`, written down."""
        changed = replace(state, **changes)  # type: ignore[arg-type]  # the fields of State
        self.work.mkdir(parents=True, exist_ok=True)
        results.write_whole(self.work / "state.json", json.dumps(asdict(changed), indent=2) + "\n")
        return changed

    def clear(self) -> None:
        """Forgets every step; the model stays."""
        if self.work.exists():
            shutil.rmtree(self.work)

    @contextmanager
    def lock(self) -> Iterator[int]:
        """Holds the directory for this process; yields the descriptor that a child must inherit to hold it, too.

        Raises:
            SanityError: another evaluation works here.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("w") as file:
            deadline = time.monotonic() + _LOCK_SECONDS
            while True:
                with suppress(BlockingIOError):
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                if time.monotonic() > deadline:
                    message = f"another evaluation works in {self.root}"
                    raise SanityError(
                        message, run="wait for it, or give this one a directory of its own: --scratch DIR"
                    )
                time.sleep(0.1)
            yield file.fileno()


def key_of(config: EvaluationJobConfig, run_specs: str, *more: str) -> str:
    """The hash of what the answers depend on: config, run specs, the local files they name, our version, `more`."""
    digest = hashlib.sha256()
    for part in (__version__, config.as_yaml(), run_specs, *more):
        digest.update(hashlib.sha256(part.encode()).digest())
    for name in re.findall(r'path=([^,"\'}\s]+)', run_specs):
        with suppress(OSError):
            digest.update(hashlib.sha256(Path(name).read_bytes()).digest())
    return digest.hexdigest()


def default_root(key: str) -> Path:
    """Where an evaluation on this machine works unless it is told otherwise."""
    return local_state.prepare() / "scratch" / key[:12]
