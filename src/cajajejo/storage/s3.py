"""An object of S3, or the objects below it, through s3fs."""

from __future__ import annotations

import asyncio
import functools
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from cajajejo.errors import StorageAwayError, require
from cajajejo.storage import connections, refusals, streams
from cajajejo.storage.stored import StoredFile, hexadecimal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
    from pathlib import Path

_VARIABLES: Final = ("AWS_",)
_ASKED_AT_ONCE: Final = 16
_PAUSES: Final = (0.2, 1.0)  # seconds, before an object is asked for the second time and the third
_MD5: Final = re.compile(r'"([0-9a-f]{32})"')


class S3Place:
    """``s3://bucket/key``."""

    def __init__(self, bucket: str, key: str) -> None:
        self._bucket = bucket
        self._key = key
        self._address = f"s3://{bucket}/{key}".rstrip("/")

    def files(self, *, checksums: bool) -> Sequence[StoredFile]:
        """Every object below; for its checksums each one is asked."""
        below = f"{self._key}/" if self._key else ""
        with self._told() as system:
            listed = [
                StoredFile(
                    str(found["Key"])[len(below) :],
                    int(found["Size"]),
                    f"s3://{self._bucket}/{found['Key']}",
                    version=found.get("ETag"),
                )
                for found in _list(system, self._bucket, below)
            ]
            if not checksums:
                return listed
            # in its loop, and not in threads of ours: after Ctrl-C and SIGTERM they would be waited for
            heads = streams.in_loop(system.loop, self._heads, system, [f"{below}{one.path}" for one in listed])
            return [self._stored(found, f"{below}{one.path}", below) for one, found in zip(listed, heads, strict=True)]

    def own(self) -> StoredFile | None:
        """The object of just this key."""
        if not self._key:
            return None  # a bucket
        with self._told() as system:
            try:
                found = system.call_s3("head_object", **self._asked_of(self._key))
            except FileNotFoundError:
                return None
            return self._stored(found, self._key, self._key[: self._key.rfind("/") + 1])

    async def _heads(self, system: Any, keys: Sequence[str]) -> list[dict[str, Any]]:
        """What is told of each object; what fails for now is asked again by itself, however many there are."""
        free = asyncio.Semaphore(_ASKED_AT_ONCE)

        async def head(key: str) -> dict[str, Any]:
            async with free:
                asked = self._asked_of(key)
                return await _patiently(lambda: system._call_s3("head_object", **asked))  # noqa: SLF001  # in its loop

        asking = [asyncio.create_task(head(key)) for key in keys]
        try:
            return await asyncio.gather(*asking)
        finally:
            for task in asking:
                task.cancel()

    def _asked_of(self, key: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": key, "ChecksumMode": "ENABLED"}

    def _stored(self, found: Mapping[str, Any], key: str, below: str) -> StoredFile:
        whole = found.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT"
        plain = found.get("ServerSideEncryption", "AES256") == "AES256" and "SSECustomerAlgorithm" not in found
        md5 = _MD5.fullmatch(found["ETag"]) if plain else None  # with a dash it is of an upload in parts
        return StoredFile(
            key[len(below) :],
            int(found["ContentLength"]),
            f"s3://{self._bucket}/{key}",
            md5=md5[1] if md5 else None,
            crc32c=hexadecimal(found.get("ChecksumCRC32C")) if whole else None,
            sha256=hexadecimal(found.get("ChecksumSHA256")) if whole else None,
            version=found["ETag"],
        )

    def read(self, start: int, end: int | None, version: str | None) -> Iterator[bytes]:
        """The bytes of the object."""
        asked = {"Bucket": self._bucket, "Key": self._key}
        if start or end is not None:
            asked["Range"] = f"bytes={start}-{'' if end is None else end - 1}"
        if version is not None:
            asked["IfMatch"] = version
        with self._told() as system:
            answer = system.call_s3("get_object", **asked)
            body = answer["Body"]
            rest = functools.partial(streams.unread, body.raw_stream.content)
            stream = streams.Stream(body.read, body.close, rest, refusals.kinds("s3"))
            with streams.closing(system.loop, stream):
                refusals.check_part(answer["ResponseMetadata"]["HTTPStatusCode"], start, self._address)
                yield from streams.chunks(system.loop, stream)

    def put(self, data: bytes) -> None:
        """Makes the object."""
        with self._told() as system:
            system.call_s3("put_object", Bucket=self._bucket, Key=self._key, Body=data)

    def put_file(self, path: Path) -> None:
        """Uploads `path` to here."""
        with self._told() as system:
            system.put_file(str(path), f"{self._bucket}/{self._key}")

    def remove(self) -> None:
        """Removes the object."""
        if not self._key:
            return  # a bucket stays
        with self._told() as system:
            system.call_s3("delete_object", Bucket=self._bucket, Key=self._key)

    @contextmanager
    def _told(self) -> Iterator[Any]:
        try:
            yield connections.opened(_open, _VARIABLES)
        except refusals.kinds("s3") as error:
            raise refusals.of_s3(error, self._address) from error


async def _patiently(ask: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    for seconds in _PAUSES:
        try:
            return await ask()
        except refusals.kinds("s3") as error:
            if not isinstance(refusals.of_s3(error, "s3://"), StorageAwayError):
                raise
            await asyncio.sleep(seconds)
    return await ask()


def _list(system: Any, bucket: str, prefix: str) -> Iterator[dict[str, Any]]:
    asked: dict[str, Any] = {}
    while True:
        page = system.call_s3("list_objects_v2", Bucket=bucket, Prefix=prefix, **asked)
        yield from page.get("Contents", [])
        if not page.get("IsTruncated"):
            return
        asked["ContinuationToken"] = page["NextContinuationToken"]


def _open() -> Any:
    s3fs = require("s3fs", extra="evaluation", purpose="S3")
    config = {
        "connect_timeout": connections.CONNECT_SECONDS,
        "read_timeout": connections.SILENCE_SECONDS,
        "max_pool_connections": connections.POOL,
        "retries": {"total_max_attempts": 1},  # how often we try is one rule for all
        "response_checksum_validation": "when_required",
    }
    system = s3fs.S3FileSystem(config_kwargs=config, use_listings_cache=False, skip_instance_cache=True)
    system.retries = 1
    system.connect()
    connections.close_at_exit(lambda: system.close_session(system.loop, system._s3creator))  # noqa: SLF001
    return system
