"""A model in a bucket, ``gs://`` or ``s3://``, as the far end of a fetch."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cajajejo import storage
from cajajejo.errors import ModelError, SourceAwayError, StorageAwayError, StorageError
from cajajejo.models.source import Checksum, RemoteFile, checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.storage.stored import StoredFile


class BucketSource:
    """The objects below an address, which storage calls a directory."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self.name = self.address.rpartition("/")[2]

    def files(self) -> Sequence[RemoteFile]:
        """Every object below the address.

        Raises:
            ModelError: there is none, it is itself an object, or we may not read it.
            SourceAwayError: the storage does not answer.
        """
        with _of_the_model():
            found = storage.files(self.address, checksums=True)
            alone = None if found else storage.own(self.address)
        if alone is not None:
            above = self.address.rpartition("/")[0]
            message = f"a single object, where the directory of a model is meant: {self.address}"
            raise ModelError(message, facts={"meant": f"perhaps {above}"})
        if not found:
            scheme = self.address.partition(":")[0]
            look = "gcloud storage ls" if scheme == "gs" else "aws s3 ls"
            raise ModelError(f"there is nothing below {self.address}", run=f"{look} {self.address}/")
        files = [
            RemoteFile(one.path, one.size, checksum=_checksum(one), version=one.version, key=one.address)
            for one in found
        ]
        return checked(files, self.address)

    def read(self, file: RemoteFile, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes of `file` from `start` up to `end`.

        Raises:
            ModelError: it is gone, changed since it was listed, or we may not read it.
            SourceAwayError: the connection broke, was silent for too long, or ended early.
        """
        last = file.size if end is None else end
        here = start
        with _of_the_model():
            for chunk in storage.read(file.key, start, end, version=file.version):
                here += len(chunk)
                yield chunk
        if last is not None and here != last:
            says = {"says": f"{here - start:,} bytes in place of {last - start:,}"}
            raise SourceAwayError(f"broke off: {file.key}", facts=says)


def _checksum(file: StoredFile) -> Checksum | None:
    if file.sha256:
        return Checksum("sha256", file.sha256)
    if file.md5:
        return Checksum("md5", file.md5)
    return Checksum("crc32c", file.crc32c) if file.crc32c else None


@contextmanager
def _of_the_model() -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        kind = SourceAwayError if isinstance(error, StorageAwayError) else ModelError
        raise kind(error.message, facts=error.facts, run=error.run) from error
