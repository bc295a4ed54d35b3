"""Checksums: held against known answers of each kind, in memory that does not grow."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from cajajejo.models import checksums
from cajajejo.models.checksums import Reading
from cajajejo.models.source import Checksum, RemoteFile

if TYPE_CHECKING:
    from pathlib import Path

DATA = b"123456789"
KNOWN = {  # of DATA: the check values that RFC 1321, FIPS 180 and the catalogues of CRCs give
    "md5": "25f9e794323b453885f5181f1b624d0b",
    "sha1": "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
    "sha256": "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
    "crc32c": "e3069283",
}


def reading(algorithm: str, digits: str) -> Reading:
    checksum = Checksum(algorithm, digits)  # type: ignore[arg-type]  # one of KNOWN
    taken = Reading(RemoteFile("a", len(DATA), checksum))
    taken.update(DATA[:4])
    taken.update(DATA[4:])
    return taken


@pytest.mark.parametrize("algorithm", KNOWN)
def test_every_kind_of_checksum_is_taken(algorithm: str) -> None:
    assert reading(algorithm, KNOWN[algorithm].upper()).trouble() is None
    wrong = "0" * len(KNOWN[algorithm])
    assert reading(algorithm, wrong).trouble() == f"{algorithm} {KNOWN[algorithm]} in place of {wrong}"


def test_git_hashes_the_size_before_the_bytes() -> None:
    right = hashlib.sha1(b"blob 9\x00" + DATA, usedforsecurity=False).hexdigest()
    assert reading("git", right).trouble() is None
    assert reading("git", KNOWN["sha1"]).trouble() is not None


def test_without_a_checksum_nothing_is_wrong_and_the_sha256_is_taken_all_the_same() -> None:
    taken = Reading(RemoteFile("a", None))
    taken.update(DATA)
    assert (taken.trouble(), taken.sha256) == (None, KNOWN["sha256"])


def test_a_file_is_read_in_pieces_until_it_is_told_to_stop(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(bytes(3 * 1024 * 1024))
    taken: list[int] = []
    assert checksums.feed(path, lambda data: taken.append(len(data)))
    assert taken == [1024 * 1024] * 3
    assert checksums.sha256(path) == hashlib.sha256(bytes(3 * 1024 * 1024)).hexdigest()
    assert checksums.sha256(path, lambda: False) is None
