"""The journal: what was written down is known again, whatever a kill or a disk left of it."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import pytest

from cajajejo.models.journal import Journal, Stretch
from cajajejo.models.source import Checksum, RemoteFile

if TYPE_CHECKING:
    from pathlib import Path

FILE = RemoteFile("a/b.bin", 100, Checksum("md5", "00"), "v1")
ONE, TWO = Stretch(0, 10, 1), Stretch(10, 30, 2)


def known(path: Path, file: RemoteFile = FILE) -> list[Stretch]:
    with Journal(path) as journal:
        return journal.there(file)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Journal(tmp_path / "journal.jsonl") as journal:
        journal.add(FILE, ONE)
        journal.add(FILE, TWO)
    return tmp_path / "journal.jsonl"


def test_what_was_written_down_is_known_to_the_next_one(path: Path) -> None:
    assert known(path) == [ONE, TWO]


def test_a_torn_line_is_none_and_the_next_line_stands_on_its_own(path: Path) -> None:
    whole = path.read_bytes()
    for cut in range(len(whole) - len(whole.rstrip().rpartition(b"\n")[2]) - 1, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert known(path) == [ONE]
        with Journal(path) as journal:
            journal.add(FILE, Stretch(50, 60, 3))
        assert known(path) == [ONE, Stretch(50, 60, 3)]


@pytest.mark.parametrize(
    "line", [b"{}", b"[1]", b'{"file": 3}', b'{"file": "a", "start": "0", "end": 1, "crc32": 2}', b"\xff\xfe\x00"]
)
def test_a_line_that_is_none_of_ours_is_passed_over(path: Path, line: bytes) -> None:
    path.write_bytes(line + b"\n" + path.read_bytes() + line)
    assert known(path) == [ONE, TWO]


@pytest.mark.parametrize(
    "changed",
    [
        RemoteFile("a/c.bin", 100, Checksum("md5", "00"), "v1"),
        RemoteFile("a/b.bin", 101, Checksum("md5", "00"), "v1"),
        RemoteFile("a/b.bin", 100, Checksum("md5", "01"), "v1"),
        RemoteFile("a/b.bin", 100, Checksum("md5", "00"), "v2"),
        RemoteFile("a/b.bin", 100, None, "v1"),
    ],
    ids=["name", "size", "checksum", "version", "no checksum"],
)
def test_nothing_is_there_of_a_file_that_has_changed(path: Path, changed: RemoteFile) -> None:
    assert known(path, changed) == []


def test_how_a_file_is_asked_for_does_not_matter(path: Path) -> None:
    same = RemoteFile("a/b.bin", 100, Checksum("md5", "00"), "v1", ranged=False, key="https://elsewhere/b.bin")
    assert known(path, same) == [ONE, TWO]


def test_what_is_forgotten_is_not_there_and_can_come_again(path: Path) -> None:
    with Journal(path) as journal:
        journal.forget(FILE)
        assert journal.there(FILE) == []
        journal.add(FILE, TWO)
    assert known(path) == [TWO]


def test_after_the_end_nothing_is_written(path: Path) -> None:
    with Journal(path) as journal:
        pass
    journal.add(FILE, Stretch(50, 60, 3))
    assert known(path) == [ONE, TWO]


def test_a_stretch_is_in_a_file_that_holds_its_very_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    stretch = Stretch(2, 5, zlib.crc32(b"234"))
    assert stretch.is_in(path, lambda: True)
    assert Stretch.of(path) == Stretch(0, 10, zlib.crc32(b"0123456789"))
    for data in (b"01x3456789", b"0123", b""):
        path.write_bytes(data)
        assert not stretch.is_in(path, lambda: True)
    assert not stretch.is_in(tmp_path / "none", lambda: True)
    assert not Stretch(0, 1, zlib.crc32(b"0")).is_in(path, lambda: False)
