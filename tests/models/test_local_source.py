"""A directory as the far end of a fetch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import ModelError
from cajajejo.models.local_source import LocalSource

if TYPE_CHECKING:
    from pathlib import Path


def test_all_files_are_listed_and_read_in_parts(tmp_path: Path) -> None:
    data = os.urandom(2_500_000)
    (tmp_path / "tiny" / "sub").mkdir(parents=True)
    (tmp_path / "tiny" / "w.bin").write_bytes(data)
    (tmp_path / "tiny" / "sub" / "empty").touch()
    source = LocalSource(tmp_path / "tiny")
    empty, weights = source.files()
    assert [(file.path, file.size) for file in (empty, weights)] == [("sub/empty", 0), ("w.bin", len(data))]
    assert (list(source.read(empty)), b"".join(source.read(weights))) == ([], data)
    chunks = list(source.read(weights, 10, 2_000_000))
    assert b"".join(chunks) == data[10:2_000_000]
    assert max(map(len, chunks)) <= 1024 * 1024
    assert (source.name, source.address) == ("tiny", str(tmp_path / "tiny"))


def test_links_are_followed_and_circles_are_not(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "blobs" / "1").write_bytes(b"weights")
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "w.bin").symlink_to(tmp_path / "blobs" / "1")
    (tmp_path / "tiny" / "more").symlink_to(tmp_path / "blobs")
    (tmp_path / "tiny" / "again").symlink_to(tmp_path / "tiny")
    (tmp_path / "blobs" / "up").symlink_to(tmp_path)
    source = LocalSource(tmp_path / "tiny")
    found = {file.path: b"".join(source.read(file)) for file in source.files()}
    assert (found["w.bin"], found["more/1"]) == (b"weights", b"weights")
    assert len(found) < 10


def test_a_file_that_changes_or_goes_away_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "w.bin").write_bytes(b"one")
    source = LocalSource(tmp_path)
    [file] = source.files()
    (tmp_path / "w.bin").write_bytes(b"other")
    with pytest.raises(ModelError, match="changed while it was read"):
        list(source.read(file))
    (tmp_path / "w.bin").unlink()
    with pytest.raises(ModelError, match="no such directory or file"):
        list(source.read(file))


def test_what_is_no_directory_of_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "odd").mkdir()
    os.mkfifo(tmp_path / "odd" / "pipe")
    for name, message in {
        "nothing": "no such directory",
        "file": "a file, where the directory",
        "empty": "no files in",
        "odd": "neither a file nor a directory",
    }.items():
        with pytest.raises(ModelError, match=message):
            LocalSource(tmp_path / name).files()
