"""The hash of a model: its files' bytes, the same anywhere, and another one for whatever else."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import ModelError
from cajajejo.models import checksums, content, stamp
from cajajejo.models.model import Model
from cajajejo.models.source import RemoteFile
from tests import builders

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return builders.model_directory(tmp_path / "tiny")


def fingerprint(directory: Path, tokenizer: Path | str | None = None, root: Path | None = None) -> str:
    return Model(directory, str(tokenizer or directory)).fingerprint(root)


def test_the_same_files_have_the_same_hash_anywhere(directory: Path, tmp_path: Path) -> None:
    first = fingerprint(directory)
    other = tmp_path / "pod" / "tiny"
    shutil.copytree(directory, other)
    os.utime(other / "model.safetensors", ns=(1, 1))
    (tmp_path / "link").symlink_to(other)
    assert {first, fingerprint(other), fingerprint(tmp_path / "link"), fingerprint(directory, root=tmp_path)} == {first}


def longer(directory: Path) -> None:
    (directory / "model.safetensors").write_bytes(b"weights and more")


def same_size(directory: Path) -> None:
    (directory / "model.safetensors").write_bytes(b"Weights")


def same_size_and_times(directory: Path) -> None:
    path = directory / "model.safetensors"
    times = path.stat()
    path.write_bytes(b"Weights")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def renamed(directory: Path) -> None:
    (directory / "model.safetensors").rename(directory / "other.safetensors")


def added(directory: Path) -> None:
    (directory / "deep").mkdir()
    (directory / "deep" / "adapter.bin").write_bytes(b"x")


def added_behind_a_link(directory: Path) -> None:
    elsewhere = directory.parent / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "adapter.bin").write_bytes(b"x")
    (directory / "deep").symlink_to(elsewhere)


def removed(directory: Path) -> None:
    (directory / "tokenizer.json").unlink()


def swapped(directory: Path) -> None:
    one, two = directory / "config.json", directory / "tokenizer.json"
    one.rename(directory / "x")
    two.rename(one)
    (directory / "x").rename(two)


CHANGES = [longer, same_size, same_size_and_times, renamed, added, added_behind_a_link, removed, swapped]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
@pytest.mark.parametrize("remembered", [False, True])
def test_whatever_is_changed_changes_the_hash(
    directory: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Path], None],
    *,
    remembered: bool,
) -> None:
    root = tmp_path if remembered else None
    settle(directory, monkeypatch)
    before = fingerprint(directory, root=root)
    change(directory)
    assert fingerprint(directory, root=root) != before


def settle(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the files count as old, and returns when one that is changed from now on has another time."""
    monkeypatch.setattr(content, "_SETTLED_NS", 0)
    last = max(path.stat().st_ctime_ns for path in directory.iterdir())
    clock = directory.parent / "clock"
    while not clock.exists() or clock.stat().st_ctime_ns <= last:
        clock.write_text("")
    while time.time_ns() <= clock.stat().st_ctime_ns:
        pass


def test_the_tokenizer_counts_by_its_files_or_by_its_name(directory: Path, tmp_path: Path) -> None:
    tokenizer = builders.model_directory(tmp_path / "tokenizer")
    seen = [fingerprint(directory), fingerprint(directory, tokenizer), fingerprint(directory, "org/one")]
    (tokenizer / "tokenizer.json").write_text("[]")
    seen += [fingerprint(directory, tokenizer), fingerprint(directory, "org/two")]
    assert len(set(seen)) == 5


def test_a_hash_is_computed_once_and_remembered(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle(directory, monkeypatch)
    first = fingerprint(directory, root=tmp_path)
    read: list[Path] = []
    sha256 = checksums.sha256

    def counting(path: Path, goes_on: Callable[[], bool] = lambda: True) -> str | None:
        read.append(path)
        return sha256(path, goes_on)

    monkeypatch.setattr(checksums, "sha256", counting)
    assert (fingerprint(directory, root=tmp_path), read) == (first, [])
    (directory / "config.json").write_text("{}")
    assert fingerprint(directory, root=tmp_path) != first
    assert read == [directory / "config.json"]


def test_a_file_that_was_written_just_now_is_not_remembered(directory: Path, tmp_path: Path) -> None:
    fingerprint(directory, root=tmp_path)
    assert not (tmp_path / content.MEMORY).exists()


@pytest.mark.parametrize("text", ["", "{", "7", "[[1]]", '{"a": 1}'])
def test_a_memory_that_cannot_be_read_is_none(directory: Path, tmp_path: Path, text: str) -> None:
    first = fingerprint(directory)
    (tmp_path / content.MEMORY).write_text(text)
    assert fingerprint(directory, root=tmp_path) == first


def test_what_a_fetch_has_verified_is_not_computed_again_until_it_changes(directory: Path) -> None:
    files = [RemoteFile(path.name, path.stat().st_size) for path in sorted(directory.iterdir())]
    told = {file.path: hashlib.sha256(file.path.encode()).hexdigest() for file in files}  # not theirs, to be seen
    stamp.write(directory, "far://tiny", files, told, sealed=False)
    trusted = fingerprint(directory)
    parts = [sorted(told.items())]
    assert trusted == hashlib.sha256(json.dumps({"parts": parts, "hub": None}).encode()).hexdigest()
    (directory / "config.json").write_text("{}")
    (directory / stamp.NAME).touch()
    parts = [sorted({**told, "config.json": hashlib.sha256(b"{}").hexdigest()}.items())]
    assert fingerprint(directory) == hashlib.sha256(json.dumps({"parts": parts, "hub": None}).encode()).hexdigest()


def test_the_stamp_above_a_model_is_found(directory: Path, tmp_path: Path) -> None:
    file = RemoteFile("tiny/config.json", 1)
    stamp.write(tmp_path, "far://tiny", [file], {file.path: "0" * 64}, sealed=False)
    own = [(path.name, checksums.sha256(path)) for path in sorted(directory.iterdir())]
    parts = [[(name, "0" * 64 if name == "config.json" else digest) for name, digest in own]]
    assert fingerprint(directory) == hashlib.sha256(json.dumps({"parts": parts, "hub": None}).encode()).hexdigest()


def test_a_link_that_leads_back_is_followed_once(directory: Path) -> None:
    first = fingerprint(directory)
    (directory / "again").symlink_to(directory)
    assert fingerprint(directory) == first


def test_a_model_that_cannot_be_read_is_an_error(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path, _goes_on: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(checksums, "sha256", fail)
    with pytest.raises(ModelError, match="the model cannot be read: /") as caught:
        fingerprint(directory)
    assert caught.value.facts == {"says": "Permission denied"}
