"""A hash of what a model consists of: the same weights have the same one anywhere, and others never.

The SHA-256 of every file counts. It is taken once: a fetch leaves it in its stamp, and what is computed here is
remembered in a scratch directory with all that the file system tells of a file, so that what is changed is read again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo.errors import ModelError
from cajajejo.files import replace
from cajajejo.models import checksums, stamp
from cajajejo.models.crew import Crew
from cajajejo.models.stamp import Trace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from cajajejo.models.crew import Task

MEMORY: Final = ".cajajejo-hashes.json"
_THREADS: Final = min(8, os.cpu_count() or 1)
_SETTLED_NS: Final = 2_000_000_000
"""A file that was changed so short a time ago could change again without another time."""


def fingerprint(directory: Path, tokenizer: str, root: Path | None = None) -> str:
    """The hash of the files of a model in `directory`, and of its tokenizer: a directory, or a name on the hub.

    Args:
        directory: of the model.
        tokenizer: absolute where it is a directory.
        root: remembers hashes; None: nothing does.

    Raises:
        ModelError: a file cannot be read.
    """
    own = Path(tokenizer) if Path(tokenizer).is_absolute() else None
    try:
        places = [place for place in dict.fromkeys((directory, own)) if place is not None]
        found = {place: dict(_files(place)) for place in places}
        hashes = _hashes([path for files in found.values() for path in files.values()], _stamped(places), root)
    except OSError as error:
        raise ModelError(f"the model cannot be read: {error.filename}", facts={"says": error.strerror or ""}) from error
    parts = [[(name, hashes[path]) for name, path in sorted(files.items())] for files in found.values()]
    told = {"parts": parts, "hub": None if own else tokenizer}
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _files(directory: Path) -> Iterator[tuple[str, Path]]:
    """Every file below `directory`, through links, by its name there; what is ours does not count."""
    seen: set[tuple[int, int]] = set()
    for folder, below, names in os.walk(directory, followlinks=True):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in seen:
            below.clear()  # a link that leads to where we have been
            continue
        seen.add((status.st_dev, status.st_ino))
        for name in names:
            path = Path(folder, name)
            if name != stamp.NAME and path.is_file():
                yield path.relative_to(directory).as_posix(), path


Key = tuple[str | int, ...]
"""What a file is known by: its path, and all that the file system tells of it."""
Known = dict[Key, str]


def _hashes(paths: list[Path], stamped: Known, root: Path | None) -> Mapping[Path, str]:
    known = {**_remembered(root), **stamped}
    traces = {path: Trace.of(path) for path in paths}
    keys = {path: _key(path, trace) for path, trace in traces.items()}
    computed = _computed([path for path, key in keys.items() if key not in known])
    fresh = {keys[path]: digest for path, digest in computed.items() if _has_settled(path, traces[path])}
    if root is not None and fresh:
        _remember(root, {**_remembered(root), **fresh})
    return {path: computed.get(path) or known[key] for path, key in keys.items()}


def _key(path: Path, trace: Trace) -> Key:
    return (str(path), *astuple(trace))


def _computed(paths: list[Path]) -> dict[Path, str]:
    """The SHA-256 of each file, several at once."""
    digests: dict[Path, str] = {}
    crew = Crew(_THREADS)

    def work(path: Path) -> Iterable[Task]:
        digest = checksums.sha256(path, crew.goes_on)
        if digest is not None:
            digests[path] = digest
        return ()

    if paths:
        crew.work_off([partial(work, path) for path in paths], lambda: None)
    return digests


def _has_settled(path: Path, before: Trace) -> bool:
    """Whether the file did not change while it was read, and cannot have changed without our seeing it."""
    now = Trace.of(path)
    return now == before and time.time_ns() - max(now.mtime_ns, now.ctime_ns) > _SETTLED_NS


def _stamped(places: Iterable[Path]) -> Known:
    """What fetches wrote down of the files in `places`."""
    known: Known = {}
    for place in places:
        for folder in (place, *place.parents):
            found = stamp.read(folder)
            for file in found.files if found else ():
                if file.sha256 is not None:
                    known[_key(folder / file.remote.path, file.trace)] = file.sha256
    return known


def _remembered(root: Path | None) -> Known:
    if root is None:
        return {}
    try:
        rows = json.loads((root / MEMORY).read_text("utf-8"))
        return {tuple(key): str(digest) for key, digest in rows}
    except (OSError, ValueError, TypeError):
        return {}


def _remember(root: Path, known: Known) -> None:
    with suppress(OSError):  # it is taken anew the next time
        replace(root / MEMORY, json.dumps([[list(key), digest] for key, digest in known.items()]).encode())
