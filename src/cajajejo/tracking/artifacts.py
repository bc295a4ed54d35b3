"""The artifacts of an evaluation: three at the root, each file under a name that every store can keep."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo.errors import TrackingAwayError, TrackingError
from cajajejo.tracking.connection import client
from cajajejo.tracking.finished import CONFIGS, LOG, OUTPUT

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

_ODD: Final = re.compile(r"[#?%\\\x00-\x1f\x7f\ud800-\udfff]")
"""What an address takes for something else, or a server refuses."""
_TEMPORARY: Final = re.compile(r"\.cajajejo-[0-9a-f]+\.tmp")
_LEAST_RATE: Final = 100_000
"""Bytes a second; a store that takes less is not waited for."""
_LEAST_SECONDS: Final = 150.0


@dataclass(frozen=True, slots=True)
class Artifact:
    """A file of an evaluation.

    Attributes:
        file: where it is.
        path: below the artifacts of the run.
        kept_as: below the directory of an evaluation that is kept.
    """

    file: Path
    path: str
    kept_as: str

    @property
    def size(self) -> int:
        """In bytes."""
        return self.file.stat().st_size


def artifacts(directory: Path) -> list[Artifact]:
    """What an evaluation in `directory` logs, in the order of names.

    The output with the harness's log is one artifact, and each config another one. Links to directories are not
    followed, and none that leads out of `directory`.
    """
    output = [(file, f"{OUTPUT}/{name}") for file, name in _files(directory, OUTPUT)]
    log = directory / LOG
    if _is_inside(log, directory) and not (directory / OUTPUT / LOG).exists():
        output.append((log, f"{OUTPUT}/{LOG}"))
    configs = _apart(_files(directory, CONFIGS))
    return [
        *(Artifact(file, path, path) for file, path in _apart(output)),
        *(Artifact(file, path, f"{CONFIGS}/{path}") for file, path in configs),
    ]


def _files(directory: Path, part: str) -> Iterator[tuple[Path, str]]:
    for root, directories, names in os.walk(directory / part):
        directories.sort()
        for name in sorted(names):
            file = Path(root, name)
            if not _TEMPORARY.fullmatch(name) and _is_inside(file, directory):
                yield file, file.relative_to(directory / part).as_posix()


def _is_inside(file: Path, directory: Path) -> bool:
    """Whether there is a file, and no link to one that is somebody else's."""
    return file.is_file() and file.resolve().is_relative_to(directory.resolve())


def _apart(found: Iterable[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    """Each file under a name that can be kept anywhere, and that no other one has."""
    taken: set[str] = set()
    for file, name in found:
        path = plain_path(name)
        while path in taken:
            path += "_"
        taken.add(path)
        yield file, path


def plain_path(path: str) -> str:
    """`path` with an underscore for every character that no address can hold."""
    return _ODD.sub("_", path)


def send(
    store: Any,
    run_id: str,
    found: Iterable[Artifact],
    *,
    sent: set[str],
    watch: Callable[[float], None],
    uri: str,
) -> list[str]:
    """Logs each artifact that is not among those `sent`, and adds it there; the paths of those that were refused.

    Args:
        store: a client of the store.
        run_id: the run.
        found: the artifacts.
        sent: paths of those that the server has taken already.
        watch: is told before each one how long it may take.
        uri: the address of the store.

    Raises:
        TrackingAwayError: the store does not answer now.
        TrackingError: it refuses every one of several.
    """
    refused: dict[str, TrackingError] = {}
    for artifact in found:
        if artifact.path in sent:
            continue
        watch(_LEAST_SECONDS + artifact.size / _LEAST_RATE)
        try:
            with client(uri):
                _send(store, run_id, artifact)
        except TrackingAwayError:
            raise
        except TrackingError as error:
            refused[artifact.path] = error
            _demand_another(refused, sent)
        else:
            sent.add(artifact.path)
    return list(refused)


def _demand_another(refused: dict[str, TrackingError], sent: Collection[str]) -> None:
    """One file that is refused does not keep the others back; a store that takes none at all does."""
    if not sent:
        raise next(iter(refused.values()))


def _send(store: Any, run_id: str, artifact: Artifact) -> None:
    folder, _, name = artifact.path.rpartition("/")
    if name == artifact.file.name:
        store.log_artifact(run_id, str(artifact.file), folder or None)
        return
    with tempfile.TemporaryDirectory(prefix="cajajejo-") as temporary:
        renamed = Path(temporary, name)
        renamed.symlink_to(artifact.file.absolute())
        store.log_artifact(run_id, str(renamed), folder or None)
