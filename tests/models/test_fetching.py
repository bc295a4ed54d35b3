"""Fetching: whole and checked or not at all, resumed where it ended, never in the place of files of somebody else."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import ModelError, SourceAwayError
from cajajejo.models import stamp
from cajajejo.models.source import RemoteFile
from tests.fakes.far_models import CHUNK, FarModel
from tests.models.arranging import CONTENTS, PART, SIZE, Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.models.fetching import Fetched

LOCK = ".cajajejo-fetching-tiny"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "scratch")


@pytest.fixture
def far() -> FarModel:
    return FarModel(CONTENTS)


def test_a_model_comes_whole_with_a_stamp_and_nothing_else_stays(place: Place, far: FarModel) -> None:
    found = place.fetch(far)
    assert place.contents() == CONTENTS
    assert place.leftovers() == [LOCK]
    assert (found.directory, found.address, found.came, found.was_there) == (place.target, far.address, SIZE, False)
    written = json.loads((place.target / stamp.NAME).read_text())
    assert written["address"] == far.address
    sha256 = {row["path"]: row["sha256"] for row in written["files"]}
    assert sha256 == {name: hashlib.sha256(data).hexdigest() for name, data in CONTENTS.items()}


def test_a_large_file_comes_by_parts_and_a_small_one_in_one_go(place: Place, far: FarModel) -> None:
    place.fetch(far)
    large = sorted((start, end) for path, start, end in far.asked if path == "model.safetensors")
    size = len(CONTENTS["model.safetensors"])
    assert large == [(0, PART), (PART, 2 * PART), (2 * PART, 3 * PART), (3 * PART, 4 * PART), (4 * PART, size)]
    assert [asked for asked in far.asked if asked[0] == "config.json"] == [("config.json", 0, 8)]
    assert all(path != "empty.txt" for path, _, _ in far.asked)


def test_what_is_there_is_not_fetched_again(place: Place, far: FarModel) -> None:
    place.fetch(far)
    far.asked.clear()
    found = place.fetch(far)
    assert (found.was_there, found.came, far.asked) == (True, 0, [])


def test_progress_grows_to_the_whole(place: Place, far: FarModel) -> None:
    place.fetch(far)
    assert [progress.done for progress in place.progress] == sorted(progress.done for progress in place.progress)
    last = place.progress[-1]
    assert (last.done, last.total, last.files_done, last.files, last.came) == (SIZE, SIZE, 4, 4, SIZE)


@pytest.mark.parametrize("shape", [{"ranged": False}, {"sized": False}, {"told": False}], ids=str)
def test_servers_that_tell_less_are_fetched_from_as_well(place: Place, shape: dict[str, bool]) -> None:
    place.fetch(FarModel(CONTENTS, **shape))  # type: ignore[arg-type]  # switches
    assert place.contents() == CONTENTS
    assert place.leftovers() == [LOCK]


def test_a_server_that_cuts_every_connection_is_fetched_from_to_the_end_each_byte_once(place: Place) -> None:
    far = FarModel(CONTENTS, cut_every=CHUNK)
    found = place.fetch(far)
    assert place.contents() == CONTENTS
    assert (found.came, far.sent) == (SIZE, SIZE)
    assert "model.safetensors broke off at byte 4,096: connection reset; trying again" in place.said


def test_a_server_that_ends_early_without_a_word_is_asked_for_the_rest(place: Place, far: FarModel) -> None:
    class Short(FarModel):
        def read(self, file: RemoteFile, start: int = 0, end: int | None = None) -> Iterator[bytes]:
            yield from list(super().read(file, start, end))[:3]

    place.fetch(Short(CONTENTS))
    assert place.contents() == CONTENTS
    assert far.address in (place.target / stamp.NAME).read_text()


def test_a_server_that_sends_more_than_it_listed_is_an_error(place: Place) -> None:
    class Long(FarModel):
        def read(self, file: RemoteFile, start: int = 0, end: int | None = None) -> Iterator[bytes]:
            yield from super().read(file, start, end)
            yield b"more"

    with pytest.raises(ModelError, match="is longer than it was listed"):
        place.fetch(Long({"config.json": b"{}"}))
    assert not place.target.exists()


def test_a_server_that_is_away_is_given_up_with_all_that_is_known_and_what_came_is_kept(place: Place) -> None:
    def away(path: str, at: int) -> None:
        if path == "model.safetensors" and at >= 2 * PART:
            raise SourceAwayError("HTTP 503")

    far = FarModel(CONTENTS, read_hook=away)
    with pytest.raises(ModelError, match=r"model\.safetensors cannot be fetched") as caught:
        place.fetch(far, parallel=1)
    facts = caught.value.facts
    assert (facts["because"], facts["tried"], facts["from"]) == ("HTTP 503", "4 times in a row", far.address)
    assert facts["came"] == f"{2 * PART:,} bytes"
    assert caught.value.run == ("the same command again; it goes on where this one ended",)
    assert not place.target.exists()
    again = FarModel(CONTENTS)
    assert place.fetch(again).came == SIZE - 2 * PART
    assert place.contents() == CONTENTS
    assert ("model.safetensors", 0, PART) not in again.asked


def test_a_file_without_ranges_starts_anew_and_finished_files_are_kept(place: Place) -> None:
    def away(path: str, at: int) -> None:
        if path == "model.safetensors" and at >= PART:
            raise SourceAwayError("HTTP 503")

    far = FarModel(CONTENTS, ranged=False, read_hook=away)
    with pytest.raises(ModelError, match="cannot be fetched"):
        place.fetch(far, parallel=2)
    again = FarModel(CONTENTS, ranged=False)
    finished = {path for path, _, _ in far.asked} - {"model.safetensors"}
    assert place.fetch(again).came >= len(CONTENTS["model.safetensors"])
    assert place.contents() == CONTENTS
    assert ("model.safetensors", 0, len(CONTENTS["model.safetensors"])) in again.asked
    kept = finished - {path for path, _, _ in again.asked}
    assert kept == finished or "deep/er/adapter.bin" not in finished


def test_a_damaged_file_is_fetched_once_more(place: Place) -> None:
    far = FarModel(CONTENTS, damage=1)
    place.fetch(far, parallel=1)
    assert place.contents() == CONTENTS
    assert [line.partition(" (")[0] for line in place.said] == ["model.safetensors came damaged"]


@pytest.mark.parametrize("shape", [{}, {"ranged": False}], ids=["parts", "whole"])
def test_a_file_that_stays_damaged_is_an_error_and_no_model(place: Place, shape: dict[str, bool]) -> None:
    far = FarModel({"model.safetensors": CONTENTS["model.safetensors"]}, damage=100, **shape)  # type: ignore[arg-type]
    with pytest.raises(ModelError, match=r"model\.safetensors came damaged") as caught:
        place.fetch(far)
    assert caught.value.facts["checksum"].startswith("md5 ")
    assert not place.target.exists()
    far.damage = 0
    place.fetch(far)
    assert place.contents() == far.contents


def test_without_verifying_sizes_alone_count(place: Place) -> None:
    far = FarModel({"a.bin": b"x" * 100}, damage=1)
    found = place.fetch(far, verify=False)
    assert place.contents() == {"a.bin": b"y" + b"x" * 99}
    assert found.stamp is not None
    assert [file.sha256 for file in found.stamp.files] == [None]


def test_of_a_listing_that_changed_only_what_changed_is_fetched(place: Place, far: FarModel) -> None:
    place.fetch(far)
    contents = {**CONTENTS, "config.json": b'{"a": 2}', "new.txt": b"new"}
    del contents["empty.txt"]
    changed = FarModel(contents)
    found = place.fetch(changed)
    assert place.contents() == changed.contents
    assert (found.was_there, sorted(path for path, _, _ in changed.asked)) == (False, ["config.json", "new.txt"])
    assert place.said == [f"{far.address} has changed since it was fetched; fetching what is new"]


def test_where_no_checksum_tells_what_changed_everything_is_fetched(place: Place) -> None:
    place.fetch(FarModel(CONTENTS, told=False))
    changed = FarModel({**CONTENTS, "config.json": b'{"abc": 2}'}, told=False)
    assert place.fetch(changed).came == sum(map(len, changed.contents.values()))
    assert place.contents() == changed.contents


def test_a_partial_fetch_of_what_has_changed_keeps_the_rest(place: Place) -> None:
    def away(path: str, at: int) -> None:
        if path == "model.safetensors" and at >= 4 * PART:
            raise SourceAwayError("HTTP 503")

    with pytest.raises(ModelError):
        place.fetch(FarModel(CONTENTS, read_hook=away), parallel=1)
    changed = FarModel({**CONTENTS, "config.json": b"{}", "deep/er/adapter.bin": b"short"})
    found = place.fetch(changed)
    assert place.contents() == changed.contents
    assert found.came == sum(map(len, changed.contents.values())) - 4 * PART


def test_what_a_run_has_logged_is_not_looked_at_again(place: Place, far: FarModel) -> None:
    place.fetch(far)
    assert place.fetch(far.with_contents(**{"config.json": b"{}"}), look=False).was_there


def test_where_nobody_answers_what_was_fetched_is_used(place: Place, far: FarModel) -> None:
    place.fetch(far)
    far.away = 10**6
    assert place.fetch(far).was_there
    assert place.said == [
        f"whether {far.address} has changed is not known (no answer from far); using what was fetched"
    ]


def test_a_listing_is_asked_for_again_and_in_the_end_given_up(place: Place, far: FarModel) -> None:
    far.away = 2
    place.fetch(far)
    assert place.contents() == CONTENTS
    shutil.rmtree(place.target)
    far.away = 10**6
    with pytest.raises(ModelError, match="no answer from far"):
        place.fetch(far)


@pytest.mark.parametrize("damage", ["missing", "short"])
def test_a_model_that_somebody_damaged_is_mended(place: Place, far: FarModel, damage: str) -> None:
    place.fetch(far)
    weights = place.target / "model.safetensors"
    weights.unlink() if damage == "missing" else weights.write_bytes(b"short")
    found = place.fetch(far)
    assert (found.was_there, found.came, place.contents()) == (False, len(CONTENTS["model.safetensors"]), CONTENTS)


def test_another_source_replaces_what_is_ours(place: Place, far: FarModel) -> None:
    place.fetch(far)
    other = FarModel({"config.json": b"other"}, address="far://other/tiny")
    assert place.fetch(other).came == 5
    assert place.contents() == other.contents
    assert place.leftovers() == [LOCK]


def test_a_directory_of_somebody_else_is_never_replaced(place: Place, far: FarModel) -> None:
    place.target.mkdir(parents=True)
    (place.target / "thesis.tex").write_text("x")
    with pytest.raises(ModelError, match="is there already, and was not fetched by cajajejo"):
        place.fetch(far)
    assert place.contents() == {"thesis.tex": b"x"}
    assert far.asked == []


def test_a_file_of_somebody_else_is_never_replaced(place: Place, far: FarModel) -> None:
    place.root.mkdir()
    place.target.write_text("x")
    with pytest.raises(ModelError, match="is there already"):
        place.fetch(far)
    assert place.target.read_text() == "x"


def test_an_empty_directory_is_nobodys(place: Place, far: FarModel) -> None:
    place.target.mkdir(parents=True)
    place.fetch(far)
    assert place.contents() == CONTENTS


@pytest.mark.parametrize("written", ["", "{", "[]", '{"address": 1, "files": 2}'])
def test_a_stamp_that_cannot_be_read_is_ours_and_fetched_anew(place: Place, far: FarModel, written: str) -> None:
    place.fetch(far)
    (place.target / stamp.NAME).write_text(written)
    assert place.fetch(far).came == SIZE
    assert place.contents() == CONTENTS


@pytest.mark.parametrize(
    "names",
    [["../evil"], ["/evil"], ["a/../../evil"], ["a", "a/b"], ["a", "a"], ["a//b"], ["./a"], [""], ["nul\0"]],
    ids=str,
)
def test_a_hostile_listing_writes_nothing(place: Place, names: list[str]) -> None:
    class Hostile(FarModel):
        def files(self) -> Sequence[RemoteFile]:
            return [RemoteFile(name, 4) for name in names]

    far = Hostile(dict.fromkeys(names, b"evil"))
    with pytest.raises(ModelError, match="holds "):
        place.fetch(far)
    assert far.asked == []
    assert place.leftovers() == [LOCK]
    assert not (place.root / "evil").exists()


def test_a_link_that_somebody_planted_is_not_followed(place: Place, far: FarModel, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("precious")
    partial = place.root / ".partial-tiny" / "files"
    partial.mkdir(parents=True)
    (partial / "config.json").symlink_to(tmp_path / "precious")
    place.fetch(far)
    assert place.contents() == CONTENTS
    assert (tmp_path / "precious").read_text() == "precious"


def test_a_stamp_that_was_uploaded_with_a_model_is_no_file_of_it(place: Place, far: FarModel) -> None:
    place.fetch(far.with_contents(**{stamp.NAME: b"{}"}))
    assert place.contents() == CONTENTS
    assert far.address in (place.target / stamp.NAME).read_text()


def test_a_model_without_files_is_an_error(place: Place) -> None:
    with pytest.raises(ModelError, match="no files in far://models/tiny"):
        place.fetch(FarModel({}))


def test_a_name_that_no_file_system_takes_is_told(place: Place) -> None:
    with pytest.raises(ModelError, match="holds a file whose name no file can have"):
        place.fetch(FarModel({"x" * 300: b"x"}))
    assert not place.target.exists()


def test_no_login_of_an_address_is_written_down(place: Place) -> None:
    far = FarModel(CONTENTS, address="https://user:hunter2hunter2@far/models/tiny")
    place.fetch(far)
    assert "hunter2" not in (place.target / stamp.NAME).read_text()
    assert place.fetch(far).was_there


def test_what_is_in_the_journal_and_not_on_the_disk_is_fetched_again(place: Place) -> None:
    def away(path: str, at: int) -> None:
        if path == "model.safetensors" and at >= 3 * PART:
            raise SourceAwayError("HTTP 503")

    with pytest.raises(ModelError):
        place.fetch(FarModel(CONTENTS, read_hook=away), parallel=1)
    weights = place.root / ".partial-tiny" / "files" / "model.safetensors"
    with weights.open("r+b") as file:
        file.seek(PART + 100)
        file.write(b"lost")
    again = FarModel(CONTENTS)
    place.fetch(again)
    assert place.contents() == CONTENTS
    asked = [asked for asked in again.asked if asked[0] == "model.safetensors" and asked[1] < 3 * PART]
    assert asked == [("model.safetensors", PART, 2 * PART)]


def test_two_at_once_fetch_it_once(place: Place) -> None:
    second, waits = Place(place.root), threading.Event()
    found: list[Fetched] = []

    def hold(_path: str, _at: int) -> None:
        waits.wait(60)

    far = FarModel(CONTENTS, read_hook=hold)
    first = threading.Thread(target=lambda: found.append(place.fetch(far)))
    first.start()
    while not far.asked:
        pass

    def say(sentence: str) -> None:
        second.said.append(sentence)
        waits.set()

    found.append(second.fetch(far, say=say))
    first.join(60)
    assert sorted(one.was_there for one in found) == [False, True]
    assert second.said == [f"another process fetches {place.target}; waiting for it"]
    assert (far.sent, place.contents()) == (SIZE, CONTENTS)


def test_where_nothing_can_be_locked_each_has_a_place_of_its_own(
    place: Place, far: FarModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    seen: list[str] = []
    far.read_hook = lambda _path, _at: seen.extend(path.name for path in place.root.glob(".partial-*"))
    place.fetch(far)
    assert place.contents() == CONTENTS
    assert all(name.startswith(".partial-tiny-") for name in seen)
    assert place.leftovers() == [LOCK]


def test_no_room_is_told_before_anything_is_fetched(
    place: Place, far: FarModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.root.mkdir()
    usage = shutil.disk_usage(place.root)._replace(free=SIZE - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(ModelError, match="there is no room for the model") as caught:
        place.fetch(far)
    assert caught.value.facts == {"needs": "168 kB", "free": f"168 kB in {place.root}"}
    assert far.asked == []


def test_a_disk_that_fills_up_meanwhile_is_told_and_what_came_is_kept(
    place: Place, far: FarModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    pwrite = os.pwrite

    def fill(descriptor: int, data: bytes, position: int) -> int:
        written.append(len(data))
        if len(written) > 20:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return pwrite(descriptor, data, position)

    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", fill)
        with pytest.raises(ModelError, match="the model cannot be written") as caught:
            place.fetch(far, parallel=1)
    assert caught.value.facts == {"says": "No space left on device"}
    assert not place.target.exists()
    assert place.fetch(far).came == SIZE - 20 * CHUNK
    assert place.contents() == CONTENTS


def test_no_more_files_are_open_than_threads_work(place: Place) -> None:
    far = FarModel({f"{number}.bin": bytes(CHUNK + number) for number in range(40)})
    open_files: list[int] = []
    far.read_hook = lambda _path, _at: open_files.append(sum(map(is_inside, Path("/proc/self/fd").iterdir())))

    def is_inside(descriptor: Path) -> bool:
        """Whether it is of a file of the place; others of this process come and go as they like."""
        with contextlib.suppress(FileNotFoundError):
            return descriptor.readlink().is_relative_to(place.root)
        return False

    place.fetch(far)
    assert 1 <= max(open_files) <= 4 + 1 + 1  # for each of the four threads its file; the journal, and the lock
