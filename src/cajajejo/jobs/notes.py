"""What this project remembers of its jobs under ``.cajajejo``: a small file for each, with nothing secret in it.

Several processes may write at once: a note is read, added to and replaced under a lock, and a reader finds the old one
or the new one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import re
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from cajajejo import files, local_state
from cajajejo.records import Record, tags
from cajajejo.tracking import NewRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cajajejo.status import Status

_ODD: Final = re.compile(r"[^A-Za-z0-9.-]")
_LONGEST_NAME: Final = 120
_ENDING: Final = ".json"


@dataclass(frozen=True, slots=True)
class Note:
    """What is remembered of one job.

    Attributes:
        record: how it stood when this project looked last.
        context: the context of the kubeconfig that names its cluster.
        run: what its MLflow run is made with; None where its config could not be read.
        ttl_seconds: how long the Job stays after its end; None: until somebody deletes it.
    """

    record: Record
    context: str
    run: NewRun | None = None
    ttl_seconds: int | None = None

    @property
    def status(self) -> Status:
        """How the job stood."""
        return self.record.status

    @property
    def file_name(self) -> str:
        """The name of its file."""
        return _file_name(self.status.name, self.status.uid)

    def added_to(self, known: Note | None) -> Note:
        """What is known now, when `known` was before."""
        if known is None:
            return self
        return replace(
            self,
            record=self.record.added_to(known.record),
            context=self.context or known.context,
            run=self.run or known.run,
            ttl_seconds=known.ttl_seconds if self.ttl_seconds is None else self.ttl_seconds,
        )

    def text(self) -> str:
        """The note as it stands in its file."""
        run = None if self.run is None else asdict(self.run)
        written = {"record": tags.text(self.record), "context": self.context, "ttl_seconds": self.ttl_seconds}
        return json.dumps({**written, "run": run}, ensure_ascii=False, indent=1) + "\n"

    @classmethod
    def read(cls, text: str) -> Note | None:
        """The note that `text` wrote; None for anything else."""
        try:
            data: dict[str, Any] = json.loads(text)
            record = tags.from_text(data["record"])
            run = None if data["run"] is None else NewRun(**data["run"])
            return None if record is None else cls(record, str(data["context"]), run, data["ttl_seconds"])
        except (ValueError, TypeError, KeyError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Notes:
    """The notes in one directory; of more than `most` the oldest are forgotten."""

    directory: Path
    most: int | None = None

    def put(self, note: Note) -> Note:
        """Adds `note` to what is known of its job; what is known then.

        Raises:
            OSError: it cannot be written.
        """
        with self._lock():
            place = self.directory / note.file_name
            whole = note.added_to(self._read(place))
            files.replace(place, whole.text().encode("utf-8", "replace"))
            self._forget()
        return whole

    def drop(self, note: Note) -> None:
        """Forgets `note`, unless more is known by now."""
        with contextlib.suppress(OSError), self._lock():
            place = self.directory / note.file_name
            known = self._read(place)
            if known is not None and known.text() == note.text():
                place.unlink(missing_ok=True)

    def of(self, name: str, uid: str) -> Note | None:
        """The note of the Job of this name and uid; None where there is none."""
        found = self._read(self.directory / _file_name(name, uid))
        return found if found is not None and (found.status.name, found.status.uid) == (name, uid) else None

    def all(self) -> list[Note]:
        """Every note, the job that was submitted last first; what cannot be read is left out."""
        return sorted(filter(None, map(self._read, self._paths())), key=_newest_first)

    def _paths(self) -> list[Path]:
        try:
            found = [path for path in self.directory.iterdir() if path.name.endswith(_ENDING)]
        except OSError:
            return []
        return sorted(path for path in found if not path.name.startswith("."))

    def _read(self, path: Path) -> Note | None:
        try:
            return Note.read(path.read_text("utf-8"))
        except (OSError, UnicodeDecodeError):
            return None

    def _forget(self) -> None:
        paths = self._paths() if self.most is not None else []
        if self.most is None or len(paths) <= self.most:
            return
        for path in sorted(paths, key=_written_at)[: len(paths) - self.most]:
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        local_state.prepare(self.directory.parent)
        self.directory.mkdir(exist_ok=True)
        with (self.directory / ".lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield


def _file_name(name: str, uid: str) -> str:
    """The name of a job, and its uid, because a name can be used again."""
    return f"{_ODD.sub('_', name)[:_LONGEST_NAME]}.{_ODD.sub('_', uid)[:_LONGEST_NAME]}{_ENDING}"


def _newest_first(note: Note) -> tuple[float, str]:
    submitted = note.status.submitted_at
    return -(submitted.timestamp() if submitted else 0.0), note.file_name


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
