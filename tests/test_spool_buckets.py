"""The spool in a bucket: kept, found, uploaded and removed there; where the bucket does not take it, that is told."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from cajajejo import spool, storage, tracking
from cajajejo.errors import SpoolError, StorageAwayError
from cajajejo.spool import Kept, entries, scratch
from cajajejo.tracking import logged_models
from tests import builders
from tests.fakes import faults, object_stores
from tests.fakes.faulty_proxy import FaultyProxy
from tests.finished import everything, finished

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS, "ignore::FutureWarning", "ignore::UserWarning")

NOBODY = "http://127.0.0.1:9"
VARIABLES = {"gs": "STORAGE_EMULATOR_HOST", "s3": "AWS_ENDPOINT_URL_S3"}
REMOVAL = {"gs": "gcloud storage rm --recursive", "s3": "aws s3 rm --recursive"}


@pytest.fixture(scope="module")
def stores() -> Iterator[dict[str, str]]:
    with object_stores.google() as google, object_stores.amazon() as amazon:
        yield {"gs": google, "s3": amazon}


@pytest.fixture(params=VARIABLES)
def scheme(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(tracking.search, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(logged_models, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(storage, "_PAUSES", (0.0, 0.0))
    for variable, value in object_stores.AWS.items():
        monkeypatch.setenv(variable, value)
    return str(request.param)


@pytest.fixture
def proxy(scheme: str, stores: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyProxy]:
    with FaultyProxy(stores[scheme]) as standing:
        monkeypatch.setenv(VARIABLES[scheme], standing.url)
        yield standing


@pytest.fixture
def address(scheme: str, request: pytest.FixtureRequest) -> str:
    """A place of its own for each test."""
    return f"{scheme}://bucket/{hashlib.sha256(request.node.name.encode()).hexdigest()}"


@pytest.mark.usefixtures("proxy")
def test_what_is_kept_in_a_bucket_is_uploaded_from_there(scheme: str, address: str, tmp_path: Path) -> None:
    uri = builders.copy_empty_store(tmp_path / "tracking" / "mlflow.db")
    given = finished(tmp_path / "work", NOBODY, spool_uri=address)
    kept = spool.track(given, say=print, patience_seconds=0)
    assert isinstance(kept, Kept)
    where = f"{address}/{entries.name(given)}"
    assert (kept.where, kept.durable, kept.note) == (where, True, "")
    (done,) = spool.upload(address, tracking_uri=uri, say=print).uploads
    assert (done.where, done.sent, done.removal) == (where, True, f"{REMOVAL[scheme]} {where}")
    assert done.run_id == everything(uri, given)
    (again,) = spool.upload(where, tracking_uri=uri, say=print).uploads
    assert (again.run_id, again.sent) == (done.run_id, False)
    entries.remove(where)
    assert storage.files(address) == []


def test_a_copy_to_a_bucket_that_broke_off_is_told(proxy: FaultyProxy, address: str, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", NOBODY, spool_uri=address)
    proxy.will(faults.Answer(403), on="kept.json", times=None)
    kept = spool.track(given, say=print, patience_seconds=0)
    assert isinstance(kept, Kept)
    assert (kept.where, kept.durable) == (str(given.directory), False)
    proxy.heal()
    with pytest.raises(SpoolError) as caught:
        spool.upload(address, say=print)
    assert caught.value.message == f"the results are not complete: {address}"
    again = spool.keep(given)
    assert (again.where, again.durable) == (f"{address}/{entries.name(given)}", True)


@pytest.mark.parametrize("status", [403, 503])
def test_a_bucket_that_does_not_take_the_results_is_told_and_they_stay(
    proxy: FaultyProxy, address: str, tmp_path: Path, status: int
) -> None:
    given = finished(tmp_path / "work", NOBODY, spool_uri=address)
    proxy.will(faults.Answer(status), times=None)
    for kept in (spool.track(given, say=print, patience_seconds=0), spool.keep(given)):
        assert isinstance(kept, Kept)
        assert (kept.where, kept.durable) == (str(given.directory), False)
        says = {403: "not in the spool: we may not use ", 503: "not in the spool: the storage does not answer"}[status]
        assert kept.note.startswith(says)
        assert address in kept.note
    assert scratch.read(given.directory).results == given.results


@pytest.mark.usefixtures("proxy")
def test_a_bucket_that_is_not_there_is_told_and_the_results_stay(scheme: str, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", NOBODY, spool_uri=f"{scheme}://no-such-bucket/spool")
    kept = spool.track(given, say=print, patience_seconds=0)
    assert isinstance(kept, Kept)
    assert (kept.where, kept.durable) == (str(given.directory), False)
    assert kept.note.startswith("not in the spool: there is nothing at ")
    assert scratch.read(given.directory).results == given.results


def test_a_bucket_that_is_away_is_told(scheme: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(VARIABLES[scheme], NOBODY)
    given = finished(tmp_path / "work", NOBODY, spool_uri=f"{scheme}://bucket/spool")
    kept = spool.keep(given)
    assert (kept.where, kept.durable) == (str(given.directory), False)
    assert kept.note.startswith("not in the spool: the storage does not answer")
    with pytest.raises(StorageAwayError):
        spool.upload(f"{scheme}://bucket/spool", say=print)
