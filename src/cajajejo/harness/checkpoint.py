"""What the next pod of a Job needs to go on although its scratch is empty: an archive, kept where that pod looks.

That is the spool where the config names one, else an artifact of the Job's MLflow run. Two files take turns, so that a
write that is broken off leaves the one before it. Nothing here ever fails an evaluation: what goes wrong is said in a
sentence.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo.errors import CajajejoError
from cajajejo.harness import checkpoint_archive
from cajajejo.harness.breaking_off import done_within
from cajajejo.harness.scratch import WORK

if TYPE_CHECKING:
    from collections.abc import Callable

    from cajajejo.harness.checkpoint_shelf import Shelf
    from cajajejo.harness.progress import Progress
    from cajajejo.harness.scratch import Scratch, State

EVERY_SECONDS: Final = 300.0
"""The least time between two checkpoints while the harness runs."""
RESTORE_SECONDS: Final = 300.0
REMOVE_SECONDS: Final = 20.0
_ASIDE: Final = ".checkpoint-"
"""How the names of directories begin in which archives are made and unpacked."""
_FILES: Final = ("checkpoint-0.tar.gz", "checkpoint-1.tar.gz")


class Keeper:
    """Keeps checkpoints of one evaluation while its harness runs, from a thread of its own.

    Args:
        place: the scratch directory.
        shelf: where they are kept.
        say: is called with a sentence when one could not be kept, once for each trouble.
        every_seconds: the least time between two.
    """

    def __init__(
        self, place: Scratch, shelf: Shelf, say: Callable[[str], None], *, every_seconds: float = EVERY_SECONDS
    ) -> None:
        self._place = place
        self._shelf = shelf
        self._say = say
        self._every = every_seconds
        self._news = threading.Condition()
        self._writing = threading.Lock()
        self._finished: frozenset[str] = frozenset()
        self._started = self._due = self._closed = False
        self._said = ""

    def watch(self, progress: Progress) -> None:
        """Takes notice of the scenarios that are complete."""
        if progress.finished == self._finished:
            return
        self._finished = progress.finished
        if not self._started:
            self._started = True
            threading.Thread(target=self._run, name="checkpoint", daemon=True).start()
        with self._news:
            self._due = True
            self._news.notify()

    def close(self) -> None:
        """Keeps nothing more by itself."""
        with self._news:
            self._closed = True
            self._news.notify()

    def keep(self, seconds: float) -> bool:
        """Whether what is there now is kept, within so many seconds."""
        self.close()
        kept: list[bool] = []
        done_within(seconds, lambda: kept.append(self._write()))
        return kept == [True]

    def remove(self) -> None:
        """Takes the checkpoints away, now that nobody needs them."""
        self.close()

        def remove() -> None:
            with self._writing:
                self._shelf.remove()

        self._attempt("taken away", lambda: done_within(REMOVE_SECONDS, remove))

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: self._closed or self._due)
                if self._closed:
                    return
                self._due = False
            self._write()
            with self._news:
                self._news.wait_for(lambda: self._closed, self._every)

    def _write(self) -> bool:
        with self._writing:
            return self._attempt("kept", self._put)

    def _put(self) -> None:
        number = checkpoint_archive.number_of(self._place.work) + 1
        with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=self._place.root) as aside:
            archive = Path(aside) / _FILES[number % 2]
            checkpoint_archive.pack(self._place, archive, number)
            self._shelf.put(archive)

    def _attempt(self, what: str, work: Callable[[], object]) -> bool:
        try:
            work()
        except Exception as error:  # noqa: BLE001  # whatever a server answers: the evaluation goes on
            said = _said(error)
            if said != self._said:
                self._said = said
                self._say(f"the checkpoint is not {what}: {said}")
            return False
        return True


def sweep(place: Scratch) -> None:
    """Removes what a checkpoint left that was killed while it was made or restored."""
    for left in place.root.glob(f"{_ASIDE}*"):
        shutil.rmtree(left, ignore_errors=True)


def _said(error: Exception) -> str:
    if isinstance(error, CajajejoError):
        return error.message
    return f"{type(error).__name__}: {error}"[:300]


def restore(place: Scratch, shelf: Shelf, wanted: State, say: Callable[[str], None]) -> State | None:
    """The state of the newest checkpoint of the same Job, inputs and weights, its files put into `place`; None: none.

    Args:
        place: a scratch directory in which nothing was begun.
        shelf: where checkpoints lie.
        wanted: its key, model and Job are those that a checkpoint must be of.
        say: is called with what became of it, in a sentence.
    """
    found: list[Path] = []
    try:
        with tempfile.TemporaryDirectory(prefix=_ASIDE, dir=place.root) as aside:
            if not done_within(RESTORE_SECONDS, lambda: found.extend(shelf.get(Path(aside)))):
                say(f"the checkpoint of this job does not arrive within {RESTORE_SECONDS:g} s; it begins anew")
                return None
            return _newest(place, found, Path(aside), wanted, say)
    except Exception as error:  # noqa: BLE001  # whatever a server answers: the evaluation begins anew
        say(f"the checkpoint of this job cannot be used: {_said(error)}; it begins anew")
        return None


def _newest(
    place: Scratch, archives: list[Path], aside: Path, wanted: State, say: Callable[[str], None]
) -> State | None:
    unpacked = {root: checkpoint_archive.unpack(path, root) for path in archives for root in (aside / path.stem,)}
    whole = {root: found for root, found in unpacked.items() if found is not None}
    fits = {root: found for root, found in whole.items() if _same(found[0], wanted)}
    if not fits:
        if archives:
            why = "it is of other inputs or weights" if whole else "it is damaged"
            say(f"the checkpoint of this job cannot be used: {why}; it begins anew")
        return None
    root = max(fits, key=lambda root: fits[root][1])
    place.clear()
    (root / WORK).rename(place.work)
    say("an earlier attempt of this job left a checkpoint: it goes on from there")
    return fits[root][0]


def _same(state: State, wanted: State) -> bool:
    return (state.key, state.model, state.job_uid) == (wanted.key, wanted.model, wanted.job_uid)
