"""Tracking on a real MLflow server that is killed, paused, cut off and slow: afterwards everything is there, once."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import spool
from cajajejo.errors import TrackingError
from cajajejo.spool import Kept, Tracked, attempts, entries, uploads
from tests import builders
from tests.fakes import faults, mlflow_server
from tests.fakes.faulty_proxy import FaultyProxy
from tests.finished import artifacts, begun, everything, finished, runs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.faults import Fault
    from tests.fakes.mlflow_server import MlflowServer

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS, "ignore::FutureWarning", "ignore::UserWarning")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    with mlflow_server.running(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture
def proxy(server: MlflowServer) -> Iterator[FaultyProxy]:
    with FaultyProxy(server.uri) as standing:
        yield standing


def test_over_http_everything_is_tracked_and_nothing_is_sent_again(
    server: MlflowServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = finished(tmp_path, server.uri, experiment="plain", run_id=begun(server.uri, "plain"))
    for _ in range(2):
        assert spool.track(given, say=print, patience_seconds=60) == Tracked(everything(server.uri, given))
    assert capsys.readouterr().out == ""


FAULTS: dict[str, tuple[Fault, str, int, int]] = {
    "503": (faults.Answer(503), "", 3, 4),
    "500 as a page": (faults.Answer(500, b"<html>oops</html>"), "log-batch", 0, 3),
    "429": (faults.Answer(429, headers={"Retry-After": "1"}), "", 6, 3),
    "a page that says 404": (faults.Answer(404, b"<html>default backend - 404</html>"), "runs/get", 0, 2),
    "a page that says 200": (faults.Answer(200, b"<html>log in</html>"), "runs/get", 0, 2),
    "a lost answer to a new run": (faults.LoseAnswer(), "runs/create", 0, 3),
    "a lost answer to a new model": (faults.LoseAnswer(), "POST .*logged-models$", 0, 3),
    "a lost answer to metrics": (faults.LoseAnswer(), "log-batch", 2, 3),
    "a lost answer to the end": (faults.LoseAnswer(), "runs/update", 0, 3),
    "a cut answer": (faults.Cut(5, reset=True), "", 4, 3),
    "a cut file": (faults.CutUpload(2), "PUT ", 2, 3),
    "a lost answer to a file": (faults.LoseAnswer(), "PUT ", 3, 3),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_goes_wrong_on_the_way_is_tried_again(
    server: MlflowServer, proxy: FaultyProxy, tmp_path: Path, name: str
) -> None:
    fault, on, skip, times = FAULTS[name]
    proxy.will(fault, on=on, skip=skip, times=times)
    given = finished(tmp_path / "work", proxy.url, experiment=name, spool_uri=str(tmp_path / "spool"))
    done = spool.track(given, say=print, patience_seconds=120)
    assert fault in [seen.fault for seen in proxy.seen()]
    assert done == Tracked(everything(server.uri, given))
    assert not list((tmp_path / "spool").rglob("*.json"))


def test_a_server_that_hangs_is_asked_again(server: MlflowServer, proxy: FaultyProxy, tmp_path: Path) -> None:
    proxy.will(faults.Hang(), skip=5, times=2)
    given = finished(tmp_path, proxy.url, experiment="hangs", run_id=begun(server.uri, "hangs"))
    assert spool.track(given, say=print, patience_seconds=40) == Tracked(everything(server.uri, given))


def test_an_answer_that_trickles_is_not_waited_for_for_ever(
    proxy: FaultyProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cajajejo.tracking.evaluations.request_seconds", lambda: 1.0)
    proxy.will(faults.Slow(chunk=1, pause_seconds=0.3), times=None)
    kept = spool.track(finished(tmp_path, proxy.url, experiment="slow"), say=print, patience_seconds=0)
    assert isinstance(kept, Kept)
    assert kept.why == f"{proxy.url} is away (it does not answer in time)"


def test_a_server_that_goes_away_half_way_is_given_the_rest_later(
    server: MlflowServer, proxy: FaultyProxy, tmp_path: Path
) -> None:
    proxy.will(faults.Answer(503), on="PUT .*results.jsonl", times=None)
    run_id = begun(server.uri, "half way")
    given = finished(
        tmp_path / "work", proxy.url, experiment="half way", run_id=run_id, spool_uri=str(tmp_path / "spool")
    )
    kept = spool.track(given, say=print, patience_seconds=0)
    assert isinstance(kept, Kept)
    assert kept.why.startswith(f"{proxy.url} is away (HTTP 503")
    assert "output/results.jsonl" not in artifacts(server.uri, run_id)
    with pytest.raises(TrackingError, match="HTTP 503"):
        spool.upload(kept.where, say=print, patience_seconds=0)
    proxy.heal()
    (done,) = spool.upload(kept.where, say=print).uploads
    assert (done.run_id, done.sent) == (run_id, True)
    assert everything(server.uri, given) == run_id
    (again,) = spool.upload(kept.where, say=print).uploads
    assert not again.sent


def test_files_that_arrived_are_not_sent_again(server: MlflowServer, proxy: FaultyProxy, tmp_path: Path) -> None:
    proxy.will(faults.Answer(503), on="PUT .*results.jsonl", times=2)
    given = finished(tmp_path, proxy.url, experiment="resumed", run_id=begun(server.uri, "resumed"))
    spool.track(given, say=print, patience_seconds=60)
    assert len(proxy.seen("PUT .*events.out")) == 1
    assert len(proxy.seen("PUT .*results.jsonl")) == 3
    everything(server.uri, given)


def test_two_that_upload_the_same_at_once_share_one_run(server: MlflowServer, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", server.uri, experiment="two at once")
    address = entries.write(given, str(tmp_path / "spool"))
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(lambda _: spool.upload(address, say=print, patience_seconds=120), range(2)))
    assert {done.run_id for uploaded in both for done in uploaded.uploads} == {everything(server.uri, given)}


@pytest.mark.parametrize("status", [404, 405, 501])
def test_what_an_older_server_does_not_offer_is_left_out(
    server: MlflowServer, proxy: FaultyProxy, tmp_path: Path, status: int
) -> None:
    page = faults.Answer(status, b"<html>no such thing</html>")
    proxy.will(page, on="logged-models|log-inputs", times=None)
    experiment = f"older {status}"
    given = finished(tmp_path, proxy.url, experiment=experiment, run_id=begun(server.uri, experiment))
    assert isinstance(spool.track(given, say=print, patience_seconds=0), Tracked)
    (run,) = runs(server.uri, experiment)
    assert run.info.status == "FINISHED"
    assert run.data.metrics["geography/exact_match"] == 0.55
    assert (run.inputs.dataset_inputs, run.inputs.model_inputs) == ([], [])


def test_one_batch_of_metrics_is_one_request(proxy: FaultyProxy, tmp_path: Path) -> None:
    given = finished(tmp_path, proxy.url, experiment="batch")
    spool.track(given, say=print, patience_seconds=0)
    with_metrics = [seen for seen in proxy.seen("POST .*log-batch") if int(seen.headers["content-length"]) > 600]
    assert proxy.seen("log-metric") == []
    assert len(with_metrics) == 1


class Killed(threading.Thread):
    """Does something to a server once a file arrives at the proxy, and something else a moment later."""

    def __init__(self, proxy: FaultyProxy, *acts: Any) -> None:
        super().__init__(daemon=True)
        self._proxy, self._acts = proxy, acts
        self.start()

    def run(self) -> None:
        self._proxy.wait_for(lambda seen: any(one.line.startswith("PUT ") for one in seen))
        for act in self._acts:
            act()
            time.sleep(0.5)


def test_a_server_that_is_killed_and_started_again_gets_everything(
    server: MlflowServer, proxy: FaultyProxy, tmp_path: Path
) -> None:
    given = finished(tmp_path / "work", proxy.url, experiment="killed", spool_uri=str(tmp_path / "spool"))
    killed = Killed(proxy, server.kill, server.start)
    done = spool.track(given, say=print, patience_seconds=240)
    killed.join()
    assert done == Tracked(everything(server.uri, given))


def test_a_server_that_is_paused_gets_everything(server: MlflowServer, proxy: FaultyProxy, tmp_path: Path) -> None:
    given = finished(tmp_path / "work", proxy.url, experiment="paused", run_id=begun(server.uri, "paused"))
    paused = Killed(proxy, server.pause, lambda: time.sleep(6), server.resume)
    done = spool.track(given, say=print, patience_seconds=120)
    paused.join()
    assert done == Tracked(everything(server.uri, given))


def test_pauses_grow_to_a_minute_and_differ() -> None:
    for attempt, longest in ((0, 1.0), (3, 8.0), (6, 60.0), (50, 60.0)):
        pauses = [attempts._pause(attempt) for _ in range(50)]
        assert longest / 2 <= min(pauses) < max(pauses) <= longest


def test_somebody_who_uploads_waits_a_minute_at_most() -> None:
    assert uploads.PATIENCE_SECONDS == 60
