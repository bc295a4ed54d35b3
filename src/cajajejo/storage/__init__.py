"""Buckets and directories as one place for bytes: ``gs://…``, ``s3://…``, and paths of this machine.

Logins and endpoints are the clouds' own: ``GOOGLE_APPLICATION_CREDENTIALS``, workload identity,
``STORAGE_EMULATOR_HOST``; ``AWS_*`` with ``AWS_ENDPOINT_URL_S3``, profiles, roles. Nothing hangs: a connection is made
within 10 s, silence ends after 30 s. What does not answer is asked three times; bytes that break off are not asked
for again, because only the reader knows how far it is. Every call may raise `StorageError`, `StorageMissingError`
where there is nothing, and `StorageAwayError` where trying again later may help.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import unquote, urlsplit

from cajajejo.errors import StorageAwayError, StorageError, StorageMissingError
from cajajejo.storage import paths
from cajajejo.storage.gcs import GcsPlace
from cajajejo.storage.local import LocalPlace
from cajajejo.storage.s3 import S3Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cajajejo.storage.stored import Place, StoredFile

_PAUSES: Final = (0.5, 2.0)  # seconds, before the second try and the third
_AT_ONCE: Final = 8
_BUCKETS: Final[Mapping[str, Callable[[str, str], Place]]] = {"gs": GcsPlace, "s3": S3Place}
_T = TypeVar("_T")


def is_remote(address: str) -> bool:
    """Whether `address` is in a bucket, and not of this machine."""
    scheme, separator, _ = address.partition("://")
    return bool(separator) and scheme in _BUCKETS


def join(address: str, path: str) -> str:
    """The address of `path` below `address`."""
    return f"{address.rstrip('/')}/{path}"


def files(address: str, *, checksums: bool = False) -> list[StoredFile]:
    """Every file below `address`, in the order of their paths; none where there is nothing.

    With `checksums`, all those that the server knows are there; S3 is asked for each file.

    Raises:
        StorageError: one has a name that leads out, or cannot stand beside another.
    """
    place = _place(address)
    found = _patiently(lambda: place.files(checksums=checksums))
    kept = [file for file in found if not file.path.endswith("/") and file.path]  # consoles mark directories like this
    trouble = paths.trouble(file.path for file in kept)
    if trouble is not None:
        raise StorageError(f"{address} holds {trouble}")
    return sorted(kept, key=lambda file: file.path)


def own(address: str) -> StoredFile | None:
    """The file of just this address; None where there is none, or a directory."""
    return _patiently(_place(address).own)


def exists(address: str) -> bool:
    """Whether there is a file at `address`, or below it."""
    return own(address) is not None or bool(files(address))


def read(address: str, start: int = 0, end: int | None = None, *, version: str | None = None) -> Iterator[bytes]:
    """The bytes of a file from `start` up to `end` (exclusive; None: its end), in chunks of at most 1 MiB.

    Raises:
        StorageMissingError: there is no such file.
        StorageError: it is not of this `version` any more.
        StorageAwayError: the connection broke or was silent; what was yielded is right.
    """
    if end is None or start < end:
        yield from _place(address).read(start, end, version)


def get(address: str) -> bytes:
    """The bytes of a small file."""
    return _patiently(lambda: b"".join(read(address)))


def put(address: str, data: bytes) -> None:
    """Makes the file `address` hold `data`: whole, or not at all."""
    place = _place(address)
    _patiently(lambda: place.put(data))


def upload(source: Path, address: str) -> None:
    """Copies a file, or every file below a directory, to `address`."""
    if source.is_file():
        place = _place(address)
        _patiently(lambda: place.put_file(source))
        return
    below = [path for path in sorted(source.rglob("*")) if path.is_file()]
    _each(lambda path: upload(path, join(address, path.relative_to(source).as_posix())), below)


def download(address: str, directory: Path) -> None:
    """Copies every file below `address` into `directory`, each whole or not at all.

    Raises:
        StorageMissingError: there is none.
    """
    found = files(address)
    if not found:
        raise StorageMissingError(f"there is nothing below {address}")
    _each(lambda file: _patiently(lambda: _download(file, directory / file.path)), found)


def remove(address: str) -> None:
    """Removes the file `address` and everything below it; nothing where there is nothing."""
    below = files(address) if is_remote(address) else []
    _each(lambda file: _patiently(_place(file.address).remove), below)
    _patiently(_place(address).remove)


def _download(file: StoredFile, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".cajajejo-{target.name}.tmp")
    try:
        with part.open("wb") as opened:
            for chunk in read(file.address, version=file.version):
                opened.write(chunk)
            size = opened.tell()
        if size != file.size:
            says = {"says": f"{size} bytes of {file.size}"}
            raise StorageAwayError(f"broke off: {file.address}", facts=says)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def _place(address: str) -> Place:
    scheme, separator, rest = address.partition("://")
    if separator and scheme == "file":
        return LocalPlace(Path(unquote(urlsplit(address).path)))
    if separator and "/" not in scheme:
        bucket, _, key = rest.rstrip("/").partition("/")
        if scheme not in _BUCKETS or not bucket:
            raise StorageError(f"not an address: {address}", facts={"known": "gs://BUCKET/…, s3://BUCKET/…, a path"})
        return _BUCKETS[scheme](bucket, key)
    return LocalPlace(Path(address))


def _each(act: Callable[[_T], object], items: list[_T]) -> None:
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(act, items):
            pass


def _patiently(ask: Callable[[], _T]) -> _T:
    for seconds in _PAUSES:
        try:
            return ask()
        except StorageAwayError:
            time.sleep(seconds)
    return ask()
