"""A small model at a far end, and a place to fetch it to: what tests of fetching arrange with."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cajajejo.models import fetching, stamp
from cajajejo.models.landing import Manner
from cajajejo.models.patience import Patience
from tests.fakes.far_models import CHUNK

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.models.fetching import Fetched
    from cajajejo.models.tally import Progress
    from tests.fakes.far_models import FarModel

PART = 10 * CHUNK
QUICK = Patience(tries=4, first=0.001, longest=0.002)
DICE = random.Random(5)  # noqa: S311  # bytes, no secrets
CONTENTS = {
    "config.json": b'{"a": 1}',
    "deep/er/adapter.bin": DICE.randbytes(CHUNK + 1),
    "empty.txt": b"",
    "model.safetensors": DICE.randbytes(40 * CHUNK + 17),
}
SIZE = sum(map(len, CONTENTS.values()))


class Place:
    """Where a test fetches to, and what was said meanwhile."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.target = root / "tiny"
        self.said: list[str] = []
        self.progress: list[Progress] = []

    def fetch(self, far: FarModel, *, look: bool = True, cache: Path | None = None, **changes: Any) -> Fetched:
        """Fetches `far`."""
        manner = Manner(4, patience=QUICK, part_bytes=PART, say=self.said.append, watch=self.progress.append)
        return fetching.fetch(far, self.target, replace(manner, **changes), look=look, cache=cache)

    def contents(self) -> dict[str, bytes]:
        """The files of the model, without what is ours."""
        below = (path for path in self.target.rglob("*") if path.is_file() and path.name != stamp.NAME)
        return {path.relative_to(self.target).as_posix(): path.read_bytes() for path in below}

    def leftovers(self) -> list[str]:
        """What stands beside the model."""
        return sorted(path.name for path in self.root.iterdir() if path != self.target)
