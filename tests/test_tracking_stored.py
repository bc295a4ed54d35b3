"""Runs are found and fetched from a real server, through a network that fails."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from cajajejo import results
from cajajejo.errors import TrackingAwayError, TrackingError
from cajajejo.tracking import stored
from tests import builders
from tests.comparison.tracked import with_results
from tests.fakes import faults, mlflow_server
from tests.fakes.faulty_proxy import FaultyProxy
from tests.finished import found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cajajejo.tracking.stored import StoredRun
    from tests.fakes.faults import Fault

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

LINES = "GET .*/output/results.jsonl"
"""What asks for the file itself, and not for what is there."""


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, StoredRun]]:
    """A server, and a run on it that has results."""
    with mlflow_server.running(tmp_path_factory.mktemp("server")) as server:
        yield server.uri, stored.find(server.uri, with_results(server.uri, tags={"a": "b"}, ended=2_000))


@pytest.fixture
def proxy(upstream: tuple[str, StoredRun], monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    """A network before the server that fails as it is told; who waits for it waits less long than usual."""
    monkeypatch.setattr(stored, "SECONDS", 8.0)
    monkeypatch.setattr(time, "sleep", lambda _: None)
    with FaultyProxy(upstream[0]) as proxy:
        yield proxy


@pytest.fixture
def run(upstream: tuple[str, StoredRun]) -> StoredRun:
    """The run that has results."""
    return upstream[1]


def is_whole(directory: Path, tmp_path: Path) -> bool:
    """Whether the directory holds the results of the run."""
    results.write(found(), tmp_path / "same")
    names = ("results.jsonl", "summary.json")
    return all((directory / name).read_bytes() == (tmp_path / "same" / name).read_bytes() for name in names)


def test_a_run_of_a_server_is_found_with_all_that_is_told_of_it(proxy: FaultyProxy, run: StoredRun) -> None:
    assert stored.find(proxy.url, run.run_id[:8]) == run
    assert (run.name, run.status, run.ended, run.tags["a"]) == ("merciful-crocodile", "FINISHED", 2_000, "b")


def test_the_results_of_a_server_are_fetched(proxy: FaultyProxy, run: StoredRun, tmp_path: Path) -> None:
    assert stored.fetch(proxy.url, run, tmp_path / "to") == tmp_path / "to" / "output"
    assert is_whole(tmp_path / "to" / "output", tmp_path)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_that_fails_now_and_then_is_asked_again(
    proxy: FaultyProxy, run: StoredRun, tmp_path: Path, status: int
) -> None:
    proxy.will(faults.Answer(status), times=2, on="runs/")
    proxy.will(faults.Answer(status), times=1, on=LINES)
    assert stored.find(proxy.url, run.run_id) == run
    assert is_whole(stored.fetch(proxy.url, run, tmp_path / "to"), tmp_path)


@pytest.mark.parametrize(
    "fault",
    [faults.Cut(100), faults.Cut(100, reset=True), faults.Shorten(100), faults.Shorten(100, lengthless=True)],
    ids=["cut", "reset", "short", "lengthless"],
)
def test_results_that_break_off_are_fetched_again(
    proxy: FaultyProxy, run: StoredRun, tmp_path: Path, fault: Fault
) -> None:
    proxy.will(fault, on=LINES)
    assert is_whole(stored.fetch(proxy.url, run, tmp_path / "to"), tmp_path)
    assert len(proxy.seen(LINES)) == 2


def test_results_that_break_off_each_time_are_an_error(proxy: FaultyProxy, run: StoredRun, tmp_path: Path) -> None:
    proxy.will(faults.Shorten(100), on=LINES, times=None)
    with pytest.raises(TrackingAwayError) as caught:
        stored.fetch(proxy.url, run, tmp_path / "to")
    assert caught.value.message == f"output/results.jsonl of run {run.run_id} did not arrive: {proxy.url}"
    assert caught.value.reason == "the download broke off"
    assert len(proxy.seen(LINES)) == 3


def test_results_that_may_not_be_read_are_asked_for_once(proxy: FaultyProxy, run: StoredRun, tmp_path: Path) -> None:
    proxy.will(faults.Answer(403), on=LINES, times=None)
    with pytest.raises(TrackingError) as caught:
        stored.fetch(proxy.url, run, tmp_path / "to")
    assert not isinstance(caught.value, TrackingAwayError)
    assert caught.value.facts["says"].startswith("403 Client Error")
    assert len(proxy.seen(LINES)) == 1


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_refuses_is_asked_once(proxy: FaultyProxy, run: StoredRun, tmp_path: Path, status: int) -> None:
    proxy.will(faults.Answer(status), times=None)
    for ask in (lambda: stored.find(proxy.url, run.run_id), lambda: stored.fetch(proxy.url, run, tmp_path)):
        with pytest.raises(TrackingError) as caught:
            ask()
        assert not isinstance(caught.value, TrackingAwayError)
    assert len(proxy.seen()) == 2


@pytest.mark.parametrize("status", [429, 500])
def test_a_server_that_always_fails_is_away(proxy: FaultyProxy, run: StoredRun, tmp_path: Path, status: int) -> None:
    proxy.will(faults.Answer(status), times=None)
    for ask in (lambda: stored.find(proxy.url, run.run_id), lambda: stored.fetch(proxy.url, run, tmp_path)):
        with pytest.raises(TrackingAwayError) as caught:
            ask()
        assert caught.value.reason == f"HTTP {status}"


def test_a_server_that_is_down_is_away(proxy: FaultyProxy, run: StoredRun, tmp_path: Path) -> None:
    proxy.down()
    for ask in (lambda: stored.find(proxy.url, run.run_id), lambda: stored.fetch(proxy.url, run, tmp_path)):
        with pytest.raises(TrackingAwayError) as caught:
            ask()
        assert caught.value.reason == "connection refused"


def test_a_server_that_hangs_is_not_waited_for_again_and_again(
    proxy: FaultyProxy, run: StoredRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored, "SECONDS", 2.0)
    proxy.will(faults.Hang(), times=None)
    for ask in (lambda: stored.find(proxy.url, run.run_id), lambda: stored.fetch(proxy.url, run, tmp_path)):
        began = time.monotonic()
        with pytest.raises(TrackingAwayError):
            ask()
        assert time.monotonic() - began < 30
    proxy.release()


def test_what_is_no_mlflow_is_told_so(proxy: FaultyProxy, run: StoredRun) -> None:
    proxy.will(faults.Answer(200, b"<html>"), times=None)
    with pytest.raises(TrackingError):
        stored.find(proxy.url, run.run_id)


def test_an_error_holds_no_login(proxy: FaultyProxy, run: StoredRun, tmp_path: Path) -> None:
    address = proxy.url.replace("//", "//someone:secret@")
    with pytest.raises(TrackingError) as missing:
        stored.find(address, "0" * 32)
    proxy.will(faults.Shorten(100), on=LINES, times=None)
    with pytest.raises(TrackingError) as broken:
        stored.fetch(address, run, tmp_path)
    proxy.down()
    with pytest.raises(TrackingError) as away:
        stored.find(address, run.run_id)
    assert "secret" not in "".join(line for caught in (missing, broken, away) for line in caught.value.lines())
