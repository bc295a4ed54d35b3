"""The event files of a log directory, each with the run that it belongs to.

Every directory at any depth that holds an event file is a run, named by its path below the log directory; ``.`` is
the log directory itself.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn, TypeGuard

from cajajejo.errors import CajajejoError
from cajajejo.metrics.events.sources import LocalSource, RemoteSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from cajajejo.metrics.events.sources import Source
    from cajajejo.storage.stored import StoredFile

_EXPECTED: Final = {"expected": "the directory with the event files of one run"}
_AT_ONCE: Final = 8
_NOTHING_THERE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ELOOP})


class Found(NamedTuple):
    """An event file.

    Attributes:
        run: the path of its directory below the log directory.
        path: where it lies: a path of this machine, or an address in a bucket.
        stored: what the bucket says of it.
    """

    run: str
    path: str
    stored: StoredFile | None = None

    def open(self) -> Source:
        """Its bytes from the first on, to be used in ``with``.

        Raises:
            CajajejoError: it cannot be read; the error names it.
        """
        return LocalSource(self.path) if self.stored is None else RemoteSource(self.stored)


def find(logdir: str | Path) -> list[Found]:
    """Every event file below `logdir`, by run and then by name, which is the order in which they were written.

    Links are followed, circles are not: a directory that can be reached in two ways is one run.

    Raises:
        CajajejoError: `logdir` is no directory, or a directory in it cannot be read.
    """
    if _is_remote(logdir):
        return _in_bucket(logdir)
    if not is_there(logdir):
        raise CajajejoError(f"no such directory: {logdir}", facts=_EXPECTED)
    try:
        found = _on_this_machine(_without_slashes(os.fspath(logdir)))
    except NotADirectoryError as error:
        raise CajajejoError(f"not a directory: {logdir}", facts=_EXPECTED) from error
    except OSError as error:
        _refuse(error)
    return sorted(found)


def opened(files: Sequence[Found]) -> Iterator[tuple[Found, Source]]:
    """Each file with its bytes, in order; of files in a bucket, the first bytes of several are fetched at once.

    Raises:
        CajajejoError: one cannot be read; the error names it.
    """
    if all(found.stored is None for found in files):
        for found in files:
            with found.open() as source:
                yield found, source
        return
    from concurrent.futures import ThreadPoolExecutor  # 0.02 s that local files do without

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        ahead = [pool.submit(_begun, found) for found in files[:_AT_ONCE]]
        try:
            for place, found in enumerate(files, _AT_ONCE):
                ahead += [pool.submit(_begun, following) for following in files[place : place + 1]]
                with ahead.pop(0).result() as source:
                    yield found, source
        finally:
            for waiting in ahead:
                waiting.cancel()


def _begun(found: Found) -> Source:
    source = found.open()
    source.begin()
    return source


def is_there(logdir: str | Path) -> bool:
    """Whether anything stands at `logdir`.

    Raises:
        CajajejoError: that cannot be told: its name is too long, the way to it may not be read, or the bucket does
            not answer.
    """
    if _is_remote(logdir):
        from cajajejo import storage

        return storage.exists(logdir)
    try:
        return _mode(os.fspath(logdir) or ".") != 0
    except OSError as error:
        _refuse(error)


def _without_slashes(path: str) -> str:
    """`path` without those at its end."""
    return path.rstrip("/") or ("/" if path else ".")


def _is_remote(logdir: str | Path) -> TypeGuard[str]:
    if not isinstance(logdir, str) or "://" not in logdir:
        return False
    from cajajejo import storage  # 0.1 s that a local directory does without

    return storage.is_remote(logdir)


def _in_bucket(address: str) -> list[Found]:
    from cajajejo import storage

    listed = storage.files(address)
    if not listed:
        what = "no such directory" if storage.own(address) is None else "not a directory"
        raise CajajejoError(f"{what}: {address}", facts=_EXPECTED)
    placed = [(*file.path.rpartition("/")[::2], file) for file in listed]
    kept = [(run or ".", file) for run, name, file in placed if _is_event_file(name)]
    return sorted(Found(run, file.address, file) for run, file in kept)


def _on_this_machine(top: str) -> list[Found]:
    """The files below `top`, in no order.

    Only by a link can one come to a directory twice: where there is none, the system is not asked which is which.
    """
    found, linked = _walk(top, follow=False)
    return _walk(top, follow=True)[0] if linked else found


def _walk(top: str, *, follow: bool) -> tuple[list[Found], bool]:
    """The files below `top`, and whether a link leads to a directory; with `follow` also those behind links."""
    found: list[Found] = []
    linked = False
    seen: set[tuple[int, int]] = set()
    folders = [top]
    while folders:
        folder = folders.pop()
        if follow:
            status = os.stat(folder)  # noqa: PTH116  # a Path for each takes longer than the call
            if (status.st_dev, status.st_ino) in seen:
                continue
            seen.add((status.st_dev, status.st_ino))
        scanned = _scan(folder, folder[len(top) :].lstrip("/") or ".")
        found += scanned.files
        linked = linked or bool(scanned.links)
        folders += sorted(scanned.folders + scanned.links if follow else scanned.folders, reverse=True)
    return found, linked


class _Scanned(NamedTuple):
    """What stands in one directory: event files, directories, and links to directories."""

    files: list[Found]
    folders: list[str]
    links: list[str]


def _scan(folder: str, run: str) -> _Scanned:
    run = run.encode("utf-8", "backslashreplace").decode()
    scanned = _Scanned([], [], [])
    with os.scandir(folder) as entries:
        for entry in entries:
            linked = _mode(entry.path) if entry.is_symlink() else 0
            if entry.is_dir(follow_symlinks=False):
                scanned.folders.append(entry.path)
            elif stat.S_ISDIR(linked):
                scanned.links.append(entry.path)
            elif _is_event_file(entry.name) and (stat.S_ISREG(linked) or entry.is_file(follow_symlinks=False)):
                scanned.files.append(Found(run, entry.path))
    return scanned


def _mode(path: str) -> int:
    """What kind of file stands at `path`; 0 for nothing, as behind a link that leads nowhere or in circles."""
    try:
        return os.stat(path).st_mode  # noqa: PTH116  # as above
    except ValueError:  # no name has a zero byte
        return 0
    except OSError as error:
        if error.errno in _NOTHING_THERE:
            return 0
        raise


def _is_event_file(name: str) -> bool:
    """By TensorBoard's rule, except for hidden files: those are being written."""
    return "tfevents" in name and not name.startswith(".")


def _refuse(error: OSError) -> NoReturn:
    facts = {"says": error.strerror or str(error)}
    raise CajajejoError(f"a directory with events cannot be read: {error.filename}", facts=facts) from error
