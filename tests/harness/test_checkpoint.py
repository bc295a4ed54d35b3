"""What a pod leaves for the next one of its Job: packed while the harness works, found again, and never in the way."""

from __future__ import annotations

import io
import json
import random
import shutil
import sqlite3
import tarfile
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from cajajejo import tracking
from cajajejo.errors import CajajejoError
from cajajejo.harness import checkpoint, checkpoint_archive
from cajajejo.harness.checkpoint import Keeper, restore
from cajajejo.harness.checkpoint_shelf import RunArtifacts, SpoolPlace
from cajajejo.harness.progress import Progress
from cajajejo.harness.scratch import Scratch, State
from tests import builders

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.harness.checkpoint_shelf import Shelf

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

STATE = State("key", model="weights", mlflow_run_id="r", job_uid="uid")


def place(root: Path, text: str = "one", state: State = STATE) -> Scratch:
    """A scratch directory in which an evaluation was begun."""
    made = Scratch(root)
    made.save(state)
    made.output.mkdir(exist_ok=True)
    (made.output / "a.json").write_text(text)
    made.log.write_text("said\n")
    return made


def files(work: Path) -> dict[str, bytes]:
    return {str(path.relative_to(work)): path.read_bytes() for path in work.rglob("*") if path.is_file()}


@pytest.fixture(params=["spool", "run"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> Shelf:
    if request.param == "spool":
        return SpoolPlace.of(str(tmp_path / "spool"), "uid")
    uri = builders.copy_empty_store(tmp_path / "tracking" / "mlflow.db")
    with tracking.client(uri) as store:
        return RunArtifacts(uri, store.create_run(tracking.experiment(store, uri, "e")).info.run_id)


def test_the_next_pod_has_what_the_one_before_it_kept_and_nobody_after_it_was_taken_away(
    shelf: Shelf, tmp_path: Path
) -> None:
    said: list[str] = []
    first = place(tmp_path / "first")
    (first.work / "progress.jsonl").write_text("{}")
    assert Keeper(first, shelf, said.append).keep(60)
    second = Scratch(tmp_path / "second")
    second.root.mkdir()
    assert restore(second, shelf, STATE, said.append) == STATE
    kept = files(first.work)
    del kept["progress.jsonl"]
    assert files(second.work) == kept
    assert [path.name for path in second.root.iterdir()] == ["evaluation"]
    assert said == ["an earlier attempt of this job left a checkpoint: it goes on from there"]

    Keeper(second, shelf, said.append).remove()
    Keeper(second, shelf, said.append).remove()
    third = Scratch(tmp_path / "third")
    third.root.mkdir()
    assert restore(third, shelf, STATE, said.append) is None
    assert (len(said), files(third.root)) == (1, {})


def test_the_newest_of_several_counts_and_a_torn_one_leaves_the_one_before_it(tmp_path: Path) -> None:
    shelf, said = SpoolPlace.of(str(tmp_path / "spool"), "uid"), list[str]()
    for text in ("one", "two", "three"):
        assert Keeper(place(tmp_path / "first", text), shelf, said.append).keep(60)
    second = Scratch(tmp_path / "second")
    second.root.mkdir()
    assert restore(second, shelf, STATE, said.append) == STATE
    assert (second.output / "a.json").read_text() == "three"

    newest = tmp_path / "spool" / "checkpoints" / "uid" / "checkpoint-1.tar.gz"
    newest.write_bytes(newest.read_bytes()[:-20])
    second.clear()
    assert restore(second, shelf, STATE, said.append) == STATE
    assert (second.output / "a.json").read_text() == "two"


@pytest.mark.parametrize(
    "wanted",
    [
        State("other", model="weights", job_uid="uid"),
        State("key", model="others", job_uid="uid"),
        State("key", model="weights", job_uid="another"),
    ],
    ids=["inputs", "weights", "job"],
)
def test_what_is_of_other_inputs_weights_or_jobs_is_not_taken(wanted: State, tmp_path: Path) -> None:
    shelf, said = SpoolPlace.of(str(tmp_path / "spool"), "uid"), list[str]()
    Keeper(place(tmp_path / "first"), shelf, said.append).keep(60)
    second = Scratch(tmp_path / "second")
    second.root.mkdir()
    assert restore(second, shelf, wanted, said.append) is None
    assert files(second.root) == {}
    assert said == ["the checkpoint of this job cannot be used: it is of other inputs or weights; it begins anew"]


@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_archive_begins_anew_or_is_what_was_packed(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)  # noqa: S311  # a test
    first = place(tmp_path / "first", "x" * 5000)
    archive = tmp_path / "a.tar.gz"
    checkpoint_archive.pack(first, archive, 1)
    data = bytearray(archive.read_bytes())
    if dice.random() < 0.5:
        del data[dice.randrange(len(data)) :]
    else:
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    archive.write_bytes(data)
    found = checkpoint_archive.unpack(archive, tmp_path / "second")
    assert found is None or (found == (STATE, 1) and files(tmp_path / "second" / "evaluation") == files(first.work))


def test_a_path_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("state.json", "../../out"):
            data = json.dumps({"key": "key"}).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    assert checkpoint_archive.unpack(archive, tmp_path / "in" / "root") is None
    assert not (tmp_path / "in" / "out").exists()


def test_a_database_that_is_being_written_to_is_kept_as_it_was_last_whole(tmp_path: Path) -> None:
    first = place(tmp_path / "first")
    with closing(sqlite3.connect(first.work / "cache.sqlite", isolation_level=None)) as cache:
        cache.execute("PRAGMA journal_mode=WAL")
        cache.execute("CREATE TABLE answers (text)")
        cache.execute("INSERT INTO answers VALUES ('whole')")
        cache.execute("BEGIN IMMEDIATE")
        cache.execute("INSERT INTO answers VALUES ('half')")
        checkpoint_archive.pack(first, tmp_path / "a.tar.gz", 1)
    checkpoint_archive.unpack(tmp_path / "a.tar.gz", tmp_path / "second")
    names = files(tmp_path / "second" / "evaluation")
    assert [name for name in names if name.startswith("cache")] == ["cache.sqlite"]
    with closing(sqlite3.connect(tmp_path / "second" / "evaluation" / "cache.sqlite")) as cache:
        assert cache.execute("SELECT * FROM answers").fetchall() == [("whole",)]


def test_what_the_harness_prints_into_is_not_kept_as_secrets_may_stand_there(tmp_path: Path) -> None:
    first = place(tmp_path / "first")
    first.log.with_name(".harness.log.5").write_text("token: s3cr3t\n")
    checkpoint_archive.pack(first, tmp_path / "a.tar.gz", 1)
    checkpoint_archive.unpack(tmp_path / "a.tar.gz", tmp_path / "second")
    assert sorted(files(Scratch(tmp_path / "second").work)) == [
        "checkpoint",
        "harness.log",
        "output/a.json",
        "state.json",
    ]


def test_what_is_too_large_is_not_kept_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_archive, "MOST_BYTES", 10_000_000)
    said: list[str] = []
    first = place(tmp_path / "first")
    with (first.output / "large").open("wb") as large:
        large.truncate(11_000_000)
    keeper = Keeper(first, SpoolPlace.of(str(tmp_path / "spool"), "uid"), said.append)
    assert [keeper.keep(60), keeper.keep(60)] == [False, False]
    assert said == ["the checkpoint is not kept: 11 MB are more than the 10 MB that are kept"]
    assert not (tmp_path / "spool").exists()
    assert sorted(path.name for path in first.root.iterdir()) == ["evaluation"]


class Away:
    """A place that does not work: each call fails, or hangs until it is let go."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.go_on = threading.Event()
        self._hangs = hangs

    def _fail(self) -> None:
        if self._hangs:
            self.go_on.wait(60)
        raise CajajejoError("the server is away")

    def put(self, _archive: Path) -> None:
        self._fail()

    def get(self, _directory: Path) -> list[Path]:
        self._fail()
        return []

    def remove(self) -> None:
        self._fail()


def test_a_place_that_is_away_is_told_and_nothing_more(tmp_path: Path) -> None:
    said: list[str] = []
    first = place(tmp_path / "first")
    keeper = Keeper(first, Away(), said.append)
    assert not keeper.keep(60)
    keeper.remove()
    assert said == ["the checkpoint is not kept: the server is away"]
    shutil.rmtree(first.work)
    assert restore(first, Away(), STATE, said.append) is None
    assert said[1:] == ["the checkpoint of this job cannot be used: the server is away; it begins anew"]


def test_a_place_that_hangs_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "RESTORE_SECONDS", 0.05)
    said: list[str] = []
    first, away = place(tmp_path / "first"), Away(hangs=True)
    try:
        assert not Keeper(first, away, said.append).keep(0.05)
        shutil.rmtree(first.work)
        assert restore(first, away, STATE, said.append) is None
    finally:
        away.go_on.set()
    assert said[:1] == ["the checkpoint of this job does not arrive within 0.05 s; it begins anew"]


class Watched:
    """A place that says when something was put into it."""

    def __init__(self) -> None:
        self.came = threading.Semaphore(0)
        self.texts: list[str] = []

    def put(self, archive: Path) -> None:
        with tarfile.open(archive) as tar:
            file = tar.extractfile("output/a.json")
            assert file is not None
            self.texts.append(file.read().decode())
        self.came.release()

    def get(self, _directory: Path) -> list[Path]:
        return []

    def remove(self) -> None:
        return


def test_a_scenario_that_is_complete_is_kept_while_the_harness_works(tmp_path: Path) -> None:
    said: list[str] = []
    first, shelf = place(tmp_path / "first"), Watched()
    keeper = Keeper(first, shelf, said.append, every_seconds=0.0)
    keeper.watch(Progress(done={"a": 1}, totals={"a": 2}))
    keeper.watch(Progress(finished=frozenset("a")))
    assert shelf.came.acquire(timeout=60)
    (first.output / "a.json").write_text("two")
    keeper.watch(Progress(finished=frozenset("ab")))
    assert shelf.came.acquire(timeout=60)
    assert (shelf.texts, said) == (["one", "two"], [])
    keeper.close()


def test_the_second_one_waits_for_its_time_and_the_last_one_does_not(tmp_path: Path) -> None:
    first, shelf = place(tmp_path / "first"), Watched()
    keeper = Keeper(first, shelf, list[str]().append, every_seconds=3600.0)
    keeper.watch(Progress(finished=frozenset("a")))
    assert shelf.came.acquire(timeout=60)
    keeper.watch(Progress(finished=frozenset("ab")))
    assert not shelf.came.acquire(timeout=0.2)
    assert keeper.keep(60)
    assert shelf.texts == ["one", "one"]


def test_what_a_kill_left_is_swept_away(tmp_path: Path) -> None:
    first = place(tmp_path / "first")
    (first.root / ".checkpoint-x1").mkdir()
    (first.root / ".checkpoint-x1" / "a.tar.gz").write_text("half")
    checkpoint.sweep(first)
    assert [path.name for path in first.root.iterdir()] == ["evaluation"]
