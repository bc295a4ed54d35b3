"""What kills, other users and other hands have left in the place of a model, or of one on its way."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pytest

from cajajejo.errors import ModelError
from tests.fakes.far_models import FarModel
from tests.models.arranging import CONTENTS, Place

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "scratch")


def begun(place: Place, contents: Mapping[str, bytes], *, ends_at: str) -> None:
    """Leaves a fetch that ended when it came to a file."""

    def end(path: str, _at: int) -> None:
        if path == ends_at:
            raise ModelError("it ends here")

    with pytest.raises(ModelError, match="it ends here"):
        place.fetch(FarModel(contents, read_hook=end), parallel=1)


def test_a_link_that_a_kill_left_is_not_followed_into_the_cache(place: Place, tmp_path: Path) -> None:
    far = FarModel(CONTENTS)
    entry = place.fetch(far, cache=tmp_path / "cache").entry
    assert entry is not None
    place.target.unlink()
    partial = place.root / ".partial-tiny"
    partial.mkdir()
    (partial / "files").symlink_to(entry, target_is_directory=True)
    before = {path: path.stat().st_mtime_ns for path in entry.rglob("*")}
    found = place.fetch(far.with_contents(**{"config.json": b"another"}))
    assert found.entry is None
    assert {path: path.stat().st_mtime_ns for path in entry.rglob("*")} == before


@pytest.mark.parametrize(("earlier", "now"), [("a", "a/x"), ("a/x", "a")], ids=["file", "directory"])
def test_a_name_may_have_become_a_file_or_a_directory(place: Place, earlier: str, now: str) -> None:
    begun(place, {earlier: b"1" * 10, "b": b"2"}, ends_at="b")
    place.fetch(FarModel({now: b"3" * 10, "b": b"2"}))
    assert place.contents() == {now: b"3" * 10, "b": b"2"}


def test_an_earlier_model_that_was_put_aside_is_not_in_the_way(place: Place) -> None:
    far = FarModel(CONTENTS)
    place.fetch(far)
    aside = place.root / ".partial-tiny" / f"before-{os.getpid()}"
    aside.mkdir(parents=True)
    (aside / "config.json").write_text("{}")
    changed = far.with_contents(**{"config.json": b"another"})
    place.fetch(changed)
    assert place.contents() == changed.contents


def test_a_model_that_was_changed_by_another_hand_is_mended(place: Place) -> None:
    far = FarModel(CONTENTS)
    place.fetch(far)
    weights = place.target / "model.safetensors"
    before = weights.stat()
    weights.write_bytes(bytes(before.st_size))
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    found = place.fetch(far)
    assert place.contents() == CONTENTS
    assert (found.was_there, found.came) == (False, before.st_size)
    damage = "model.safetensors has another content"
    assert place.said == [f"the model at {place.target} is damaged: {damage}; fetching it again"]


def test_a_model_that_may_only_be_read_is_used(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    far = FarModel(CONTENTS)
    place.fetch(far)
    opened = Path.open

    def refusing(self: Path, mode: str = "r", *given: Any, **named: Any) -> IO[Any]:
        if mode not in {"r", "rb"}:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))
        return opened(self, mode, *given, **named)

    monkeypatch.setattr(Path, "open", refusing)
    assert place.fetch(far).was_there
