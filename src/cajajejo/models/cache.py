"""Models that several evaluations share: an entry for each content of each address, made once and never written again.

An evaluation has a link to the entry under its own name for the model. A cache that may only be read is used where it
holds the model, and left alone where it does not.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo.models import checksums, landing, stamp
from cajajejo.models.claims import PARTIAL, claimed
from cajajejo.models.crew import Crew
from cajajejo.models.landing import Landed
from cajajejo.models.local_source import LocalSource
from cajajejo.models.mlflow_source import MlflowSource
from cajajejo.models.tally import size

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cajajejo.models.crew import Task
    from cajajejo.models.landing import Manner
    from cajajejo.models.source import RemoteFile, Source
    from cajajejo.models.stamp import Stamp, StampedFile

VARIABLE: Final = "CAJAJEJO_CACHE_DIR"
_KEY_DIGITS: Final = 16


def directory(
    source: Source,
    environ: Mapping[str, str],
    *,
    asked: Path | None = None,
    mount: Path | None = None,
    tracking_uri: str | None = None,
) -> Path | None:
    """The cache to use: the one that is `asked` for, that of the variable, that of the pod, or the user's own.

    Empty means none, and so does a source on this machine: a second copy of what is near gains nothing.

    Args:
        source: where the model comes from.
        environ: the environment of the process.
        asked: on the command line.
        mount: where the config mounts one.
        tracking_uri: of the server that an artifact comes from.
    """
    if asked is not None:
        return asked
    if VARIABLE in environ:
        return Path(environ[VARIABLE]).expanduser() if environ[VARIABLE] else None
    if mount is not None and mount.is_dir():
        return mount
    if "KUBERNETES_SERVICE_HOST" in environ or _is_near(source, tracking_uri):
        return None
    return _of_user(environ)


def _is_near(source: Source, tracking_uri: str | None) -> bool:
    on_server = (tracking_uri or "").startswith(("http://", "https://"))
    return isinstance(source, LocalSource) or (isinstance(source, MlflowSource) and not on_server)


def _of_user(environ: Mapping[str, str]) -> Path | None:
    """The user's own cache directory; None where there is none that can be written."""
    base = Path(environ.get("XDG_CACHE_HOME") or Path(environ.get("HOME") or "", ".cache"))
    place = base / "cajajejo" / "models"
    return place if base.is_absolute() and _can_be_written(place) else None


def entry_of(cache: Path, source: Source, files: Sequence[RemoteFile]) -> Path:
    """The directory of the model in `cache`: another one for every address and for every content that servers tell."""
    told = [(file.path, file.size, file.checksum, file.version) for file in files]
    key = hashlib.sha256(repr((source.address, sorted(told, key=repr))).encode()).hexdigest()
    return cache.absolute() / f"{source.name}-{key[:_KEY_DIGITS]}"


def use(source: Source, files: Sequence[RemoteFile], cache: Path, manner: Manner) -> tuple[Path, Landed] | None:
    """The entry of the model, made where there is none and `cache` can be written; None where it cannot be used.

    Raises:
        ModelError: the model cannot be had.
    """
    entry = entry_of(cache, source, files)
    found = _sound(entry, manner)
    if found is not None and not (entry.with_name(f"{PARTIAL}{entry.name}").exists() and _can_be_written(cache)):
        return entry, Landed(found, came=0)
    why_not = _unusable(cache, files) if found is None else None
    if why_not is not None:
        manner.say(f"the cache {cache} does not hold {source.name}, and {why_not}; it is fetched without it")
        return None
    with claimed(entry, manner.say) as part:
        found = found or _sound(entry, manner)  # another process may just have made it
        if found is not None:
            landing.clear(part)
            return entry, Landed(found, came=0)
        return entry, landing.land(source, files, entry, part, manner, sealed=True)


def _unusable(cache: Path, files: Sequence[RemoteFile]) -> str | None:
    if not _can_be_written(cache):
        return "cannot be written"
    needed, free = sum(file.size or 0 for file in files), shutil.disk_usage(cache).free
    return f"has no room for it ({size(needed)}, {size(free)} free)" if needed > free else None


def _can_be_written(cache: Path) -> bool:
    with suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
    return cache.is_dir() and os.access(cache, os.W_OK | os.X_OK)


def _sound(entry: Path, manner: Manner) -> Stamp | None:
    """The stamp of an entry that is as it was made; of another one it is said what is wrong."""
    found = stamp.read(entry)
    if found is None:
        return None
    trouble = found.trouble(entry) or (damage(entry, found.files, manner) if manner.verify else None)
    if trouble is None:
        return found
    manner.say(f"the entry {entry} is damaged: {trouble}")
    return None


def damage(directory: Path, files: Iterable[StampedFile], manner: Manner) -> str | None:
    """Which of `files` has another content than it had; None where none has."""
    damaged: list[str] = []
    crew = Crew(manner.parallel)

    def check(path: Path, right: str) -> Iterable[Task]:
        if checksums.sha256(path, crew.goes_on) != right:
            damaged.append(path.name)
        return ()

    known = [file for file in files if file.sha256 is not None]
    crew.work_off([partial(check, directory / file.remote.path, file.sha256 or "") for file in known], lambda: None)
    return f"{min(damaged)} has another content" if damaged else None
