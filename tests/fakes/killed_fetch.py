"""Fetches that SIGKILL ends at their n-th step, for every n: a program of its own, which forks a process for each.

    python -m tests.fakes.killed_fetch DIRECTORY SCENARIO FIRST EVERY

A step is whatever a fetch does to files (Python's audit events) or gets from its far end (a chunk). After each kill the
model must be absent or whole, what was there before must be whole, and the same fetch again must end with the whole
model and nothing beside it. A line of JSON sums up. SCENARIO is one of `SCENARIOS`.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo.models import fetching, stamp
from cajajejo.models.landing import Manner
from cajajejo.models.patience import Patience
from tests.fakes.far_models import CHUNK, FarModel

if TYPE_CHECKING:
    from collections.abc import Callable

_DICE: Final = random.Random(11)  # noqa: S311  # bytes, no secrets
_CONTENTS: Final = {
    "config.json": b"{}",
    "deep/adapter.bin": _DICE.randbytes(CHUNK + 1),
    "model.safetensors": _DICE.randbytes(20 * CHUNK + 17),
}
_BEFORE: Final = {"config.json": b"before", "old.safetensors": b"old weights"}
_QUICK: Final = Patience(first=0.001, longest=0.002)
_KINDS: Final = ("open", "os.", "shutil.", "fcntl.")
SCENARIOS: Final = ("plain", "cache", "replace")


class Scenario:
    """One way to fetch, below `root`."""

    def __init__(self, root: Path, name: str) -> None:
        self.root, self.name = root, name
        self.target = root / "scratch" / "tiny"
        self.cache = root / "cache" if name == "cache" else None

    def prepare(self) -> None:
        """Makes what is there before."""
        shutil.rmtree(self.root, ignore_errors=True)
        if self.name == "replace":
            self._fetch(FarModel(_BEFORE, address="far://before/tiny"))

    def fetch(self, hook: Callable[[str, int], None] = lambda _path, _at: None) -> int:
        """Fetches; the bytes that came."""
        return self._fetch(FarModel(_CONTENTS, read_hook=hook))

    def _fetch(self, far: FarModel) -> int:
        manner = Manner(2, patience=_QUICK, part_bytes=5 * CHUNK)
        return fetching.fetch(far, self.target, manner, cache=self.cache).came

    def demand_whole_or_absent(self) -> None:
        """Returns where what has a name is whole."""
        allowed = [_CONTENTS] + [_BEFORE] * (self.name == "replace")
        assert not self.target.exists() or contents(self.target) in allowed, contents(self.target).keys()
        for entry in self.root.glob("cache/tiny-*"):
            assert contents(entry) == _CONTENTS, entry

    def demand_whole(self) -> None:
        """Returns where the model is there, and nothing else."""
        assert contents(self.target) == _CONTENTS
        beside = {path.name for path in (*self.root.glob("scratch/*"), *self.root.glob("cache/*"))}
        assert not [name for name in beside if name.startswith(".partial-")], beside


def contents(directory: Path) -> dict[str, bytes]:
    """The files of a model."""
    below = (path for path in directory.rglob("*") if path.is_file() and path.name != stamp.NAME)
    return {path.relative_to(directory).as_posix(): path.read_bytes() for path in below}


def killed_at(scenario: Scenario, step: int) -> bool:
    """Fetches in a process that dies at this step; whether it came to it."""
    pid = os.fork()
    if pid == 0:
        _fetch_and_die(scenario, step)
    _, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in {0, -signal.SIGKILL}, code
    return code != 0


def _fetch_and_die(scenario: Scenario, step: int) -> None:
    lock, left = threading.Lock(), [step]

    def count() -> None:
        with lock:
            left[0] -= 1
            now = left[0] == 0
        if now:  # outside of the lock, as this is a step itself
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(lambda event, _: count() if event.startswith(_KINDS) else None)
    code = 1
    try:
        scenario.fetch(lambda _path, _at: count())
        code = 0
    finally:
        os._exit(code)


def main(root: Path, name: str, first: int, every: int) -> None:
    """Kills at each step that is asked for, until one fetch survives."""
    scenario, step, kills, came = Scenario(root, name), first, 0, 0
    scenario.prepare()
    while killed_at(scenario, step):
        scenario.demand_whole_or_absent()
        came += scenario.fetch()
        scenario.demand_whole()
        scenario.prepare()
        kills, step = kills + 1, step + every
    size = sum(map(len, _CONTENTS.values()))
    told = {"kills": kills, "steps": step, "fetched again": round(came / max(1, kills * size), 2)}
    sys.stdout.write(f"{json.dumps(told)}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
