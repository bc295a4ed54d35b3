"""An event file is read whole, in whatever pieces its reader asks for; what cannot be read is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cajajejo.errors import CajajejoError
from cajajejo.metrics.events.sources import LocalSource, Source

DATA = os.urandom(10_000)


def whole(source: Source, size: int) -> bytes:
    """Every byte, read in pieces of at most `size`."""
    view = memoryview(bytearray(size))
    pieces = []
    while got := source.readinto(view):
        pieces.append(bytes(view[:got]))
    return b"".join(pieces)


@pytest.mark.parametrize("size", [1, 7, 10_000, 1 << 20])
def test_a_local_file_is_read_in_any_pieces(tmp_path: Path, size: int) -> None:
    (tmp_path / "file").write_bytes(DATA)
    with LocalSource(str(tmp_path / "file")) as source:
        assert whole(source, size) == DATA


def test_what_is_appended_to_a_local_file_meanwhile_is_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(DATA)
    with LocalSource(str(file)) as source:
        first = whole(source, 1 << 20)
        assert source.size() == len(DATA)
        with file.open("ab") as more:
            more.write(b"more")
        assert (first, whole(source, 1 << 20), source.size()) == (DATA, b"more", len(DATA) + 4)


def test_a_local_file_is_closed_in_the_end(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(DATA)
    before = len(list(Path("/dev/fd").iterdir()))
    with LocalSource(str(tmp_path / "file")):
        assert len(list(Path("/dev/fd").iterdir())) == before + 1
    assert len(list(Path("/dev/fd").iterdir())) == before


def test_a_local_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(CajajejoError, match=r"an event file cannot be read: .*gone") as raised:
        LocalSource(str(tmp_path / "gone"))
    assert raised.value.facts == {"says": "No such file or directory"}


def test_a_local_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with LocalSource(str(tmp_path)) as source, pytest.raises(CajajejoError, match="an event file") as raised:
        source.readinto(memoryview(bytearray(9)))
    message = f"an event file cannot be read: {tmp_path}"
    assert (raised.value.message, raised.value.facts) == (message, {"says": "Is a directory"})
