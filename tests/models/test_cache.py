"""The shared cache: filled once, used by all, never written again, and never in the way."""

from __future__ import annotations

import os
import stat as modes
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.models import cache as caches
from cajajejo.models import stamp
from cajajejo.models.local_source import LocalSource
from cajajejo.models.opening import open_address
from tests.fakes.far_models import FarModel
from tests.models.arranging import CONTENTS, SIZE, Place

if TYPE_CHECKING:
    from cajajejo.models.fetching import Fetched

FAR = FarModel(CONTENTS)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def places(tmp_path: Path) -> list[Place]:
    return [Place(tmp_path / name) for name in ("one", "two")]


def entries(cache: Path) -> list[Path]:
    return [path for path in cache.iterdir() if path.is_dir()]


def state(entry: Path) -> dict[str, tuple[int, int, int]]:
    """What changes whenever a file of the entry does."""
    found = {path.relative_to(entry).as_posix(): path.stat() for path in entry.rglob("*")}
    return {name: (status.st_mtime_ns, status.st_ctime_ns, status.st_ino) for name, status in found.items()}


def test_a_second_evaluation_fetches_nothing_and_writes_nothing(places: list[Place], cache: Path) -> None:
    far = FarModel(CONTENTS)
    first = places[0].fetch(far, cache=cache)
    (entry,) = entries(cache)
    before = state(entry)
    second = places[1].fetch(far, cache=cache)
    assert (first.came, second.came, far.sent) == (SIZE, 0, SIZE)
    assert (first.entry, second.entry, second.was_there) == (entry, entry, False)
    assert [place.contents() for place in places] == [CONTENTS, CONTENTS]
    assert state(entry) == before
    assert all(not path.stat().st_mode & modes.S_IWUSR for path in entry.rglob("*") if path.name in CONTENTS)
    assert places[1].fetch(far, cache=cache).was_there


def test_another_content_of_the_same_address_is_another_entry(places: list[Place], cache: Path) -> None:
    places[0].fetch(FAR, cache=cache)
    changed = FAR.with_contents(**{"config.json": b"{}"})
    places[1].fetch(changed, cache=cache)
    assert len(entries(cache)) == 2
    assert (places[0].contents(), places[1].contents()) == (CONTENTS, changed.contents)
    places[0].fetch(changed, cache=cache)
    assert (places[0].contents(), changed.sent) == (changed.contents, SIZE - len(CONTENTS["config.json"]) + 2)


def test_two_at_once_fill_it_once(places: list[Place], cache: Path) -> None:
    waits = threading.Event()
    found: list[Fetched] = []

    def hold(_path: str, _at: int) -> None:
        waits.wait(60)

    far = FarModel(CONTENTS, read_hook=hold)
    first = threading.Thread(target=lambda: found.append(places[0].fetch(far, cache=cache)))
    first.start()
    while not far.asked:
        pass
    found.append(places[1].fetch(far, cache=cache, say=lambda _: waits.set()))
    first.join(60)
    assert (far.sent, len(entries(cache))) == (SIZE, 1)
    assert sorted(one.came for one in found) == [0, SIZE]


def unwritable(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `cache` one that may only be read, for root, too."""
    cache.mkdir(exist_ok=True)
    access = os.access

    def refuse(path: Any, mode: int, **more: Any) -> bool:
        return False if Path(path) == cache and mode & os.W_OK else access(path, mode, **more)

    monkeypatch.setattr(os, "access", refuse)


def test_one_that_may_only_be_read_is_used_where_it_holds_the_model(
    places: list[Place], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places[0].fetch(FAR, cache=cache)
    (cache / f".cajajejo-fetching-{entries(cache)[0].name}").unlink()
    unwritable(cache, monkeypatch)
    found = places[1].fetch(FAR, cache=cache)
    assert (found.came, found.entry, places[1].contents()) == (0, entries(cache)[0], CONTENTS)
    assert sorted(cache.iterdir()) == entries(cache)


def test_one_that_may_only_be_read_is_left_alone_where_it_does_not(
    places: list[Place], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unwritable(cache, monkeypatch)
    found = places[0].fetch(FAR, cache=cache)
    assert (found.came, found.entry, places[0].contents()) == (SIZE, None, CONTENTS)
    assert places[0].said == [
        f"the cache {cache} does not hold tiny, and cannot be written; it is fetched without it",
    ]
    assert list(cache.iterdir()) == []


def test_one_without_room_is_left_alone(places: list[Place], cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = caches.shutil.disk_usage(places[0].root.parent)  # type: ignore[attr-defined]  # the module's own import

    def full(path: Path) -> object:
        return usage._replace(free=SIZE - 1) if path == cache else usage

    monkeypatch.setattr("shutil.disk_usage", full)
    assert places[0].fetch(FAR, cache=cache).entry is None
    assert places[0].said == [
        f"the cache {cache} does not hold tiny, and has no room for it (168 kB, 168 kB free); it is fetched without it"
    ]


@pytest.mark.parametrize("damage", ["size", "content", "missing", "no stamp"])
def test_a_damaged_entry_is_made_anew_and_nobody_who_reads_it_is_disturbed(
    places: list[Place], cache: Path, damage: str
) -> None:
    places[0].fetch(FAR, cache=cache)
    (entry,) = entries(cache)
    weights = entry / ("config.json" if damage != "no stamp" else stamp.NAME)
    data = weights.read_bytes()
    weights.unlink()
    if damage in {"size", "content"}:
        weights.write_bytes(data[:-1] if damage == "size" else data[:-1] + b"]")
    with (entry / "model.safetensors").open("rb") as reader:
        found = places[1].fetch(FAR, cache=cache)
        assert reader.read() == CONTENTS["model.safetensors"]
    assert (found.entry, places[1].contents(), places[0].contents()) == (entry, CONTENTS, CONTENTS)
    assert found.came >= len(CONTENTS["config.json"])


def test_without_verifying_an_entry_is_judged_by_its_sizes(places: list[Place], cache: Path) -> None:
    places[0].fetch(FAR, cache=cache)
    config = entries(cache)[0] / "config.json"
    config.chmod(0o644)
    config.write_bytes(b'{"a": 2}')
    assert places[1].fetch(FAR, cache=cache, verify=False).came == 0
    assert places[1].contents()["config.json"] == b'{"a": 2}'


def test_an_entry_that_is_gone_is_fetched_again(places: list[Place], cache: Path, tmp_path: Path) -> None:
    places[0].fetch(FAR, cache=cache)
    cache.rename(tmp_path / "moved")
    assert not places[0].target.exists()
    assert places[0].fetch(FAR).came == SIZE
    assert places[0].contents() == CONTENTS


HTTP, SQLITE = "http://mlflow:5000", "sqlite:///mlflow.db"


@pytest.mark.parametrize(
    ("address", "tracking_uri", "environ", "found"),
    [
        ("gs://b/m", SQLITE, {"HOME": "{tmp}"}, "{tmp}/.cache/cajajejo/models"),
        ("gs://b/m", SQLITE, {"HOME": "{tmp}", "XDG_CACHE_HOME": "{tmp}/x"}, "{tmp}/x/cajajejo/models"),
        ("gs://b/m", SQLITE, {"HOME": "{tmp}", "CAJAJEJO_CACHE_DIR": "{tmp}/own"}, "{tmp}/own"),
        ("gs://b/m", SQLITE, {"HOME": "{tmp}", "CAJAJEJO_CACHE_DIR": ""}, None),
        ("gs://b/m", SQLITE, {}, None),
        ("gs://b/m", SQLITE, {"HOME": "/proc/none"}, None),
        ("gs://b/m", SQLITE, {"HOME": "{tmp}", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}, None),
        ("/models/m", SQLITE, {"HOME": "{tmp}"}, None),
        ("runs:/0123/m", SQLITE, {"HOME": "{tmp}", "MLFLOW_TRACKING_URI": SQLITE}, None),
        ("runs:/0123/m", HTTP, {"HOME": "{tmp}", "MLFLOW_TRACKING_URI": HTTP}, "{tmp}/.cache/cajajejo/models"),
    ],
)
def test_where_the_cache_is(
    tmp_path: Path, address: str, tracking_uri: str, environ: dict[str, str], found: str | None
) -> None:
    environ = {name: value.format(tmp=tmp_path) for name, value in environ.items()}
    source = open_address(address, environ)
    where = caches.directory(source, environ, tracking_uri=tracking_uri)
    assert where == (None if found is None else Path(found.format(tmp=tmp_path)))


def test_what_is_asked_for_comes_before_the_variable_and_that_before_the_mount(tmp_path: Path) -> None:
    source = LocalSource(tmp_path)
    environ = {"CAJAJEJO_CACHE_DIR": "/variable", "KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    assert caches.directory(source, environ, asked=Path("/asked"), mount=tmp_path) == Path("/asked")
    assert caches.directory(source, environ, mount=tmp_path) == Path("/variable")
    del environ["CAJAJEJO_CACHE_DIR"]
    assert caches.directory(source, environ, mount=tmp_path) == tmp_path
    assert caches.directory(source, environ, mount=tmp_path / "none") is None
