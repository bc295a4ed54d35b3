"""The durable copy of a finished evaluation: an entry of the spool.

::

    <spool>/<job>-<8 digits>/<12 digits>/…     the files: output/, configs/
    <spool>/<job>-<8 digits>/kept.json         written last: what they are, with the size and the hash of each
    <spool>/<job>-<8 digits>/tracked.json      where they were tracked

An entry without ``kept.json`` is not complete. Where an evaluation is kept anew, its files get a directory of their
own, and the description changes at one moment from the old to the new ones; so a kill leaves one or the other.
"""

from __future__ import annotations

import hashlib
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from cajajejo import results, storage
from cajajejo.errors import HarnessError, SpoolError, StorageError, StorageMissingError
from cajajejo.spool import description
from cajajejo.storage import paths
from cajajejo.tracking.artifacts import artifacts
from cajajejo.tracking.finished import OUTPUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cajajejo.tracking.artifacts import Artifact
    from cajajejo.tracking.finished import Finished

KEPT: Final = "kept.json"
TRACKED: Final = "tracked.json"
_AT_ONCE: Final = 8
_DIGITS: Final = 8
_VERSION_DIGITS: Final = 12
_LONGEST_NAME: Final = 80
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of an entry: its path below the entry's files, its size in bytes, and its hash."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A complete entry: its address, the directory of its files in it, what they are, and what describes them."""

    address: str
    version: str
    files: tuple[KeptFile, ...]
    description: Mapping[str, Any]


def name(finished: Finished) -> str:
    """What the entry of an evaluation is called: after its job, with digits that no other evaluation has."""
    readable = re.sub(r"[^A-Za-z0-9_.-]", "_", finished.name).lstrip(".")[:_LONGEST_NAME]
    return f"{readable or 'evaluation'}-{finished.id[:_DIGITS]}"


def write(finished: Finished, spool_uri: str) -> str:
    """Copies an evaluation to the spool; the address of its entry.

    Raises:
        StorageError: the spool does not answer, or refuses.
        OSError: the files cannot be read.
    """
    address = storage.join(spool_uri, name(finished))
    found = artifacts(finished.directory)
    kept = [KeptFile(artifact.kept_as, *_measured(artifact.file)) for artifact in found]
    version = _version(kept)
    what = {**description.describe(finished), "files_in": version, "files": [asdict(file) for file in kept]}
    _upload(found, storage.join(address, version))
    storage.put(storage.join(address, KEPT), (json.dumps(what, indent=1) + "\n").encode())
    _forget_others(address, version)
    return address


def _upload(found: Sequence[Artifact], place: str) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(lambda one: storage.upload(one.file, storage.join(place, one.kept_as)), found):
            pass


def _measured(file: Path) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with file.open("rb") as opened:
        while chunk := opened.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def _version(kept: Sequence[KeptFile]) -> str:
    text = json.dumps(sorted([file.path, file.size, file.sha256] for file in kept))
    return hashlib.sha256(text.encode()).hexdigest()[:_VERSION_DIGITS]


def _forget_others(address: str, version: str) -> None:
    """Removes what an earlier state of the same evaluation left; that it stays does no harm."""
    try:
        tops = {file.path.partition("/")[0] for file in storage.files(address) if "/" in file.path}
        for top in sorted(tops - {version}):
            storage.remove(storage.join(address, top))
    except StorageError:
        return


def read(address: str) -> Entry:
    """The entry at `address`.

    Raises:
        StorageMissingError: it has no description, so it is not complete.
        SpoolError: the description is damaged.
        StorageError: it cannot be read.
    """
    what = description.parse(storage.get(storage.join(address, KEPT)))
    try:
        kept = tuple(KeptFile(str(file["path"]), int(file["size"]), str(file["sha256"])) for file in what["files"])
        version = str(what["files_in"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        says = f"{type(error).__name__}: {error}"[:300]
        raise SpoolError("what describes the results is damaged", facts={"says": says}) from error
    trouble = paths.trouble([version, *(f"{version}/{file.path}" for file in kept)][1:])
    if trouble is not None or paths.leads_out(version) or "/" in version:
        raise SpoolError("what describes the results is damaged", facts={"says": trouble or "a name that leads out"})
    return Entry(address, version, kept, what)


def fetch(entry: Entry, directory: Path) -> Finished:
    """The evaluation of an entry, its files in `directory`, each held against its size and hash.

    Raises:
        SpoolError: a file is missing, or is not what was kept.
        StorageError: it cannot be read.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(lambda file: _fetch(entry, file, directory), entry.files):
            pass
    try:
        found = results.read(directory / OUTPUT)
    except HarnessError as error:
        raise SpoolError("the results that were kept are damaged", facts=error.facts) from error
    return description.read(entry.description, directory, found)


def _fetch(entry: Entry, file: KeptFile, directory: Path) -> None:
    target = directory / file.path
    digest, size = hashlib.sha256(), 0
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as opened:
            for chunk in storage.read(storage.join(entry.address, f"{entry.version}/{file.path}")):
                digest.update(chunk)
                size += len(chunk)
                opened.write(chunk)
    except StorageMissingError as error:
        raise _damaged(file, "it is gone") from error
    except (OSError, ValueError) as error:
        facts = {"file": file.path, "says": str(getattr(error, "strerror", None) or error)}
        raise SpoolError(f"a file that was kept cannot be written to {directory}", facts=facts) from error
    if size != file.size:
        raise _damaged(file, f"{size:,} bytes of {file.size:,}")
    if digest.hexdigest() != file.sha256:
        raise _damaged(file, "its bytes are other ones")


def _damaged(file: KeptFile, says: str) -> SpoolError:
    return SpoolError("a file that was kept is damaged", facts={"file": file.path, "says": says})


def mark(entry: Entry, uri: str, run_id: str) -> None:
    """Writes on an entry where it was tracked.

    Raises:
        StorageError: it cannot be written.
    """
    what = {"files_in": entry.version, "tracking_uri": description.lasting(uri), "run_id": run_id}
    storage.put(storage.join(entry.address, TRACKED), (json.dumps(what, indent=1) + "\n").encode())


def marked(entry: Entry, uri: str) -> str | None:
    """The run on which an entry was tracked in the store at `uri`; None where it was not, or not as it is now."""
    try:
        what = description.parse(storage.get(storage.join(entry.address, TRACKED)))
    except (StorageError, SpoolError):
        return None
    ours = {"files_in": entry.version, "tracking_uri": description.lasting(uri)}
    same = all(what.get(field) == value for field, value in ours.items())
    return str(what["run_id"]) if same and isinstance(what.get("run_id"), str) else None


def remove(address: str) -> None:
    """Removes an entry, its description first, so that what a kill leaves is not taken for a complete one."""
    storage.remove(storage.join(address, KEPT))
    storage.remove(address)
