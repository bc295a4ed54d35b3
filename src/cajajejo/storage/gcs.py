"""An object of Google Cloud Storage, or the objects below it, through gcsfs."""

from __future__ import annotations

import functools
import io
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final
from urllib.parse import quote

from cajajejo.errors import StorageError, require
from cajajejo.storage import connections, refusals, streams
from cajajejo.storage.stored import StoredFile, hexadecimal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_PURPOSE: Final = "Google Cloud Storage"
_VARIABLES: Final = ("STORAGE_EMULATOR_HOST", "GOOGLE_", "CLOUDSDK_")


class GcsPlace:
    """``gs://bucket/key``."""

    def __init__(self, bucket: str, key: str) -> None:
        self._bucket = bucket
        self._key = key
        self._address = f"gs://{bucket}/{key}".rstrip("/")

    def files(self, *, checksums: bool) -> Sequence[StoredFile]:
        """Every object below; a listing holds the checksums."""
        del checksums
        below = f"{self._key}/" if self._key else ""
        with self._told() as system:
            return [_stored(found, self._bucket, below) for found in _list(system, self._bucket, below)]

    def own(self) -> StoredFile | None:
        """The object of just this key."""
        if not self._key:
            return None  # a bucket
        with self._told() as system:
            try:
                found = system.call("GET", "b/{}/o/{}", self._bucket, self._key, json_out=True)
            except FileNotFoundError:
                return None
            return _stored(found, self._bucket, self._key.rpartition("/")[0] + "/" if "/" in self._key else "")

    def read(self, start: int, end: int | None, version: str | None) -> Iterator[bytes]:
        """The bytes of the object."""
        with self._told() as system:
            stream = streams.in_loop(system.loop, self._begin, system, start, end, version)
            with streams.closing(system.loop, stream):
                yield from streams.chunks(system.loop, stream)

    async def _begin(self, system: Any, start: int, end: int | None, version: str | None) -> streams.Stream:
        headers = {"Accept-Encoding": "identity"}
        if start or end is not None:
            headers["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        response = await system.session.get(
            system.url(f"{self._bucket}/{self._key}", generation=version),
            headers=system._get_headers(headers),  # noqa: SLF001  # the one place that adds the login
            timeout=system.requests_timeout,
        )
        try:
            if response.status not in {200, 206}:
                said = (await response.read()).decode("utf-8", "replace")
                refusals.refuse(response.status, said, self._address, version=version)
            refusals.check_part(response.status, start, self._address)
            content = response.content
            rest = functools.partial(streams.unread, content)
            return streams.Stream(content.read, response.close, rest, refusals.kinds("gs"))
        except BaseException:
            response.close()
            raise

    def put(self, data: bytes) -> None:
        """Makes the object."""
        self._send(io.BytesIO(data), len(data))

    def put_file(self, path: Path) -> None:
        """Uploads `path` to here."""
        with self._told(), path.open("rb") as opened:
            self._send(opened, os.fstat(opened.fileno()).st_size)

    def _send(self, body: BinaryIO, size: int) -> None:
        with self._told() as system:
            if not size:  # in a request of its own: as a mere body, nothing is taken for a mistake by the emulator
                system.pipe_file(f"{self._bucket}/{self._key}", b"")
                return
            url = f"{system._location}/upload/storage/v1/b/{quote(self._bucket)}/o"  # noqa: SLF001  # the endpoint in use
            headers = {"Content-Type": "application/octet-stream"}
            system.call("POST", url, uploadType="media", name=self._key, headers=headers, data=body)

    def remove(self) -> None:
        """Removes the object."""
        if not self._key:
            return  # a bucket stays
        with self._told() as system:
            try:
                system.call("DELETE", "b/{}/o/{}", self._bucket, self._key)
            except FileNotFoundError:
                return

    @contextmanager
    def _told(self) -> Iterator[Any]:
        try:
            yield connections.opened(_open, _VARIABLES)
        except refusals.kinds("gs") as error:
            raise refusals.of_gcs(error, self._address) from error


def _list(system: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    asked: dict[str, Any] = {"prefix": prefix or None, "maxResults": 1000}
    while True:
        page = system.call("GET", "b/{}/o", bucket, json_out=True, **asked)
        yield from page.get("items", [])
        if not page.get("nextPageToken"):
            return
        asked["pageToken"] = page["nextPageToken"]


def _stored(found: dict[str, Any], bucket: str, below: str) -> StoredFile:
    name = str(found["name"])
    address = f"gs://{bucket}/{name}"
    if found.get("contentEncoding") == "gzip":
        raise StorageError(f"stored with Content-Encoding gzip: {address}", facts={"mend": "store it as it is"})
    return StoredFile(
        name[len(below) :],
        int(found.get("size", 0)),
        address,
        md5=hexadecimal(found.get("md5Hash")),
        crc32c=hexadecimal(found.get("crc32c")),
        version=None if found.get("generation") is None else str(found["generation"]),
    )


def _open() -> Any:
    core = require("gcsfs.core", extra="evaluation", purpose=_PURPOSE)
    aiohttp = require("aiohttp", extra="evaluation", purpose=_PURPOSE)
    token = "anon" if os.environ.get("STORAGE_EMULATOR_HOST") or not _has_login() else "google_default"
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=connections.CONNECT_SECONDS, sock_read=connections.SILENCE_SECONDS
    )
    system = _without_retries(core.GCSFileSystem)(
        token=token,
        requests_timeout=timeout,
        session_kwargs={"trust_env": True, "auto_decompress": False},
        use_listings_cache=False,
        skip_instance_cache=True,
    )
    streams.in_loop(system.loop, system._set_session)  # noqa: SLF001  # once, before threads come
    connections.close_at_exit(lambda: streams.in_loop(system.loop, system.session.close))
    return system


@functools.cache
def _without_retries(kind: Any) -> Any:
    """The same without its own patience: six tries, and lines in its log; how often we try is one rule."""
    return type("GcsFileSystem", (kind,), {"_request": kind._request.__wrapped__})  # noqa: SLF001


def _has_login() -> bool:
    auth = require("google.auth", extra="evaluation", purpose=_PURPOSE)
    try:
        auth.default(scopes=["https://www.googleapis.com/auth/devstorage.full_control"])
    except auth.exceptions.DefaultCredentialsError:
        if os.environ.get("GOOGLE_APPLICATION_CREDENTIALS"):
            raise
        return False
    return True
