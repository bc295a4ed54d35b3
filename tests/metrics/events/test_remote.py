"""Event files in a bucket are read as those of this machine are, over connections that break, and while they grow."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cajajejo import storage
from cajajejo.errors import CajajejoError, StorageAwayError, StorageError, StorageMissingError
from cajajejo.metrics import events
from cajajejo.metrics.events import logdir
from cajajejo.metrics.events.sources import RemoteSource
from tests.fakes import faults, object_stores
from tests.fakes.faulty_proxy import FaultyProxy
from tests.metrics.builders import write_simple
from tests.metrics.events.test_sources import whole

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DATA = os.urandom(2_500_000)
NAME = "events.out.tfevents.1"
BYTES = f"GET .*{NAME}"
AT_ONCE = (0.0, 0.0, 0.0)
VARIABLES = {"gs": "STORAGE_EMULATOR_HOST", "s3": "AWS_ENDPOINT_URL_S3"}


@pytest.fixture(scope="module")
def stores() -> Iterator[dict[str, str]]:
    with object_stores.google() as google, object_stores.amazon() as amazon:
        yield {"gs": google, "s3": amazon}


@pytest.fixture(params=["gs", "s3"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def proxy(scheme: str, stores: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    with FaultyProxy(stores[scheme]) as standing:
        for variable, value in {**object_stores.AWS, VARIABLES[scheme]: standing.url}.items():
            monkeypatch.setenv(variable, value)
        yield standing


@pytest.fixture
def address(scheme: str, proxy: FaultyProxy, request: pytest.FixtureRequest) -> str:
    """A place of its own for each test."""
    assert proxy.url
    return f"{scheme}://bucket/{hashlib.sha256(request.node.name.encode()).hexdigest()}"


@pytest.fixture
def source(address: str) -> RemoteSource:
    storage.put(f"{address}/run/{NAME}", DATA)
    (file,) = storage.files(address)
    return RemoteSource(file, pauses=AT_ONCE)


def test_a_bucket_holds_the_same_files_as_the_directory_copied_there(address: str, tmp_path: Path) -> None:
    for run, name in ((".", NAME), ("a/b", NAME), ("a/b", "events.out.tfevents.0"), ("a", ".tfevents"), ("a", "notes")):
        (tmp_path / run).mkdir(parents=True, exist_ok=True)
        (tmp_path / run / name).write_bytes(DATA[:100])
    storage.upload(tmp_path, address)
    storage.put(f"{address}-of-a-neighbour/{NAME}", DATA)
    here, there = logdir.find(tmp_path), logdir.find(f"{address}/")
    assert [one.run for one in there] == [one.run for one in here] == [".", "a/b", "a/b"]
    assert [one.path for one in there] == [one.path.replace(str(tmp_path), address) for one in here]
    with there[0].open() as source:
        assert (source.name, source.size(), whole(source, 7)) == (f"{address}/{NAME}", 100, DATA[:100])


def test_scalars_are_read_from_a_bucket(address: str, tmp_path: Path) -> None:
    for run in (".", "train", "eval/deep"):
        write_simple(tmp_path / run, {"loss": [1.0, 0.5], "accuracy": [0.25]})
    storage.upload(tmp_path, address)
    assert events.read(address) == events.read(tmp_path)
    assert events.read(address).digest() == events.read(tmp_path).digest()
    assert events.is_there(address)


@pytest.mark.parametrize("size", [1000, 1 << 20, 1 << 23])
def test_a_remote_file_is_read_in_any_pieces(source: RemoteSource, size: int) -> None:
    with source:
        assert whole(source, size) == DATA


@pytest.mark.parametrize(
    "fault",
    [
        faults.Cut(after=1_500_000),
        faults.Cut(after=1_500_000, reset=True),
        faults.Shorten(to=1_500_000, lengthless=True),
    ],
    ids=["closed", "reset", "short"],
)
def test_a_connection_that_broke_is_made_again_where_it_broke(
    source: RemoteSource, proxy: FaultyProxy, fault: faults.Fault
) -> None:
    proxy.will(fault, on=BYTES)
    with source:
        assert whole(source, 1 << 16) == DATA
    first, second = (seen.range for seen in proxy.seen(BYTES))
    assert first == f"bytes=0-{len(DATA) - 1}"
    assert second is not None
    start, end = second.removeprefix("bytes=").split("-")
    assert (0 < int(start) <= 1_500_000, int(end)) == (True, len(DATA) - 1)


def test_one_that_breaks_often_comes_to_its_end_as_long_as_bytes_come(source: RemoteSource, proxy: FaultyProxy) -> None:
    proxy.will(faults.Cut(after=400_000), on=BYTES, times=None)
    with source:
        assert whole(source, 1 << 16) == DATA
    assert len(proxy.seen(BYTES)) > len(AT_ONCE) + 1


@pytest.mark.parametrize("fault", [faults.Answer(503), faults.Cut(after=0)], ids=["no answer", "no bytes"])
def test_a_storage_that_stays_away_is_an_error_that_names_the_file(
    source: RemoteSource, proxy: FaultyProxy, fault: faults.Fault
) -> None:
    proxy.will(fault, on=BYTES, times=None)
    with source, pytest.raises(StorageAwayError, match=source.name) as raised:
        whole(source, 1 << 16)
    facts = raised.value.facts
    assert (facts["tried"], facts["read"]) == ("4 times", "0 of 2,500,000 bytes")
    assert raised.value.run == ("the same command again, later",)
    assert len(proxy.seen(BYTES)) == 4


def test_one_that_grew_since_it_was_listed_is_read_as_it_is_now(source: RemoteSource, proxy: FaultyProxy) -> None:
    storage.put(source.name, DATA + b"more")
    if source.name.startswith("gs:"):  # the emulator has no generations: it gives what is there now
        proxy.will(faults.Answer(404), on=f"{BYTES}.*alt=media")
    with source:
        assert whole(source, 1 << 16) == DATA + b"more"


def test_one_that_is_replaced_while_it_is_read_is_an_error(source: RemoteSource, proxy: FaultyProxy) -> None:
    proxy.will(faults.Cut(after=1_500_000), on=BYTES)
    if source.name.startswith("gs:"):
        proxy.will(faults.Answer(404), on=f"{BYTES}.*alt=media")
    source.readinto(memoryview(bytearray(1000)))
    storage.put(source.name, DATA + b"more")
    with source, pytest.raises(StorageError, match=f"changed while it was read: {source.name}") as raised:
        whole(source, 1 << 20)
    assert raised.value.facts["read"].endswith(" of 2,500,000 bytes")
    assert raised.value.run == ("the same command again",)


def test_one_that_is_gone_is_an_error_that_names_it(source: RemoteSource) -> None:
    storage.remove(source.name)
    with source, pytest.raises(StorageError, match=source.name):
        whole(source, 1 << 16)


def test_one_that_may_not_be_read_is_an_error_that_names_it(source: RemoteSource, proxy: FaultyProxy) -> None:
    proxy.will(faults.Answer(403), on=BYTES, times=None)
    with source, pytest.raises(StorageError, match=f"we may not use {source.name}"):
        whole(source, 1 << 16)
    assert len(proxy.seen(BYTES)) <= 2


def test_an_empty_file_holds_nothing(address: str) -> None:
    storage.put(f"{address}/{NAME}", b"")
    (one,) = logdir.find(address)
    with one.open() as source:
        assert whole(source, 9) == b""


def test_many_files_are_fetched_several_at_once_and_come_in_order(address: str, proxy: FaultyProxy) -> None:
    contents = {f"run{place:02}": os.urandom(1000 + place) for place in range(20)}
    for run, data in contents.items():
        storage.put(f"{address}/{run}/{NAME}", data)
    files = logdir.find(address)
    proxy.will(faults.Hang(), on=f"run01.*{NAME}")
    opened = logdir.opened(files)
    assert next(opened)[0].run == "run00"
    proxy.wait_for(lambda seen: len({one.line for one in seen if one.range}) == 9)
    proxy.release()
    assert [(found.run, whole(source, 1 << 20)) for found, source in opened] == list(contents.items())[1:]


def test_the_file_that_cannot_be_read_is_named_after_those_before_it(address: str, proxy: FaultyProxy) -> None:
    for place in range(4):
        storage.put(f"{address}/run{place}/{NAME}", DATA[:100])
    proxy.will(faults.Answer(403), on=f"run2.*{NAME}", times=None)
    opened = logdir.opened(logdir.find(address))
    assert [next(opened)[0].run for _ in range(2)] == ["run0", "run1"]
    with pytest.raises(StorageError, match=f"we may not use {address}/run2"):
        next(opened)


def test_a_log_directory_in_a_bucket_must_be_there(address: str) -> None:
    storage.put(f"{address}/{NAME}", DATA[:5])
    for place, message in ((f"{address}x", "no such directory"), (f"{address}/{NAME}", "not a directory")):
        with pytest.raises(CajajejoError, match=f"{message}: {place}"):
            logdir.find(place)
    assert [logdir.is_there(place) for place in (address, f"{address}/{NAME}", f"{address}x")] == [True, True, False]


def test_a_bucket_that_is_not_there_is_told(scheme: str, proxy: FaultyProxy) -> None:
    assert proxy.url
    with pytest.raises(StorageMissingError, match="no-such-bucket"):
        logdir.find(f"{scheme}://no-such-bucket/logs")


def test_a_local_directory_costs_nothing_of_the_clouds(tmp_path: Path) -> None:
    write_simple(tmp_path, {"loss": [1.0]})
    code = "import sys; from cajajejo.metrics import events; events.read(sys.argv[1]); print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert not {"cajajejo.storage", "fsspec", "aiohttp", "botocore"} & set(told.stdout.split())
