"""Models that a run logged: found as ``mlflow artifacts download`` finds them, and read from where they are."""

from __future__ import annotations

import http.server
import os
import ssl
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import storage, tracking
from cajajejo.errors import ModelError, SourceAwayError
from cajajejo.models.mlflow_source import MlflowSource
from tests import builders
from tests.fakes import faults, mlflow_server, object_stores
from tests.fakes.faulty_proxy import FaultyProxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cajajejo.models.source import Source
    from tests.fakes.mlflow_server import MlflowServer

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)
WEIGHTS = os.urandom(3_000_000)
FILES = {"config.json": b"{}", "empty.txt": b"", "model.safetensors": WEIGHTS, "sub dir/vocab ä+%.txt": b"text"}


def _write(directory: Path, files: dict[str, bytes] = FILES) -> Path:
    for path, data in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(data)
    return directory


def _log(uri: str, directory: Path, path: str, *, location: str | None = None) -> str:
    with tracking.client(uri) as store:
        experiment = store.create_experiment(directory.name, artifact_location=location)
        run_id = store.create_run(experiment).info.run_id
        store.log_artifacts(run_id, str(_write(directory)), path)
        return str(run_id)


def _log_model(uri: str, run_id: str, name: str, files: dict[str, bytes], directory: Path) -> None:
    with tracking.client(uri) as store:
        experiment = store.get_run(run_id).info.experiment_id
        model = store.create_logged_model(experiment, name=name, source_run_id=run_id)
        store.log_model_artifacts(model.model_id, str(_write(directory, files)))


def _read(source: Source) -> dict[str, bytes]:
    return {file.path: b"".join(source.read(file)) for file in source.files()}


def _take(chunks: Iterator[bytes], got: bytearray) -> None:
    for chunk in chunks:
        got += chunk


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    with mlflow_server.running(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def run_id(server: MlflowServer, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A run with the artifact ``out/model``."""
    return _log(server.uri, tmp_path_factory.mktemp("logged"), "out/model")


@pytest.fixture
def proxy(server: MlflowServer) -> Iterator[FaultyProxy]:
    with FaultyProxy(server.uri) as proxy:
        yield proxy


def test_files_come_through_the_tracking_server_in_parts(proxy: FaultyProxy, run_id: str) -> None:
    source = MlflowSource(proxy.url, run_id, "out/model/", {})
    files = {file.path: file for file in source.files()}
    assert {path: (file.size, file.ranged) for path, file in files.items()} == {
        path: (len(data), True) for path, data in FILES.items()
    }
    assert files["model.safetensors"].version is not None
    assert _read(source) == FILES
    chunks = list(source.read(files["model.safetensors"], 1_000_000, 2_500_000))
    assert b"".join(chunks) == WEIGHTS[1_000_000:2_500_000]
    assert max(map(len, chunks)) <= 1024 * 1024
    assert proxy.seen("model.safetensors")[-1].range == "bytes=1000000-2499999"
    assert (source.name, source.address) == ("model", f"runs:/{run_id}/out/model")


def test_a_server_that_sends_all_is_read_from_where_it_is_asked(proxy: FaultyProxy, run_id: str) -> None:
    proxy.will(faults.WithoutRange(), times=None)
    source = MlflowSource(proxy.url, run_id, "out/model", {})
    weights = source.files()[2]
    assert (weights.ranged, weights.version) == (False, None)
    assert b"".join(source.read(weights, 1_000_000, 2_000_000)) == WEIGHTS[1_000_000:2_000_000]
    assert proxy.seen("model.safetensors")[-1].range is None


@pytest.mark.parametrize(
    ("fault", "kept"),
    [
        (faults.Cut(after=700_000), 700_000),
        (faults.Shorten(to=700_000), 700_000),
        (faults.Shorten(to=700_000, lengthless=True), 700_000),
        (faults.Answer(503), 0),
        (faults.Answer(429), 0),
        (faults.CutUpload(), 0),
    ],
)
def test_what_is_not_whole_is_an_error(proxy: FaultyProxy, run_id: str, fault: faults.Fault, kept: int) -> None:
    source = MlflowSource(proxy.url, run_id, "out/model", {})
    weights = source.files()[2]
    proxy.will(fault)
    got = bytearray()
    with pytest.raises(SourceAwayError):
        _take(source.read(weights, 1), got)
    assert got == WEIGHTS[1 : 1 + kept]


def test_an_answer_without_a_length_is_taken_where_it_is_whole(proxy: FaultyProxy, run_id: str) -> None:
    source = MlflowSource(proxy.url, run_id, "out/model", {})
    weights = source.files()[2]
    proxy.will(faults.Lengthless())
    assert b"".join(source.read(weights)) == WEIGHTS


def test_a_file_that_changes_between_two_parts_is_an_error(server: MlflowServer, tmp_path: Path) -> None:
    run_id = _log(server.uri, tmp_path / "changing", "model")
    source = MlflowSource(server.uri, run_id, "model", {})
    weights = source.files()[2]
    assert b"".join(source.read(weights, 0, 5)) == WEIGHTS[:5]
    _write(tmp_path / "changing", {"model.safetensors": WEIGHTS[::-1]})
    with tracking.client(server.uri) as store:
        store.log_artifact(run_id, str(tmp_path / "changing" / "model.safetensors"), "model")
    with pytest.raises(ModelError, match="changed since it was listed"):
        list(source.read(weights, 5, 10))


def test_a_logged_model_counts_before_the_artifacts_of_its_run(server: MlflowServer, tmp_path: Path) -> None:
    run_id = _log(server.uri, tmp_path / "logged", "model")
    _log_model(server.uri, run_id, "model", {"config.json": b"newer", "MLmodel": b"m"}, tmp_path / "of-model")
    _log_model(server.uri, run_id, "other", {"data/config.json": b"other"}, tmp_path / "of-other")
    both = {**FILES, "config.json": b"newer", "MLmodel": b"m"}
    assert _read(MlflowSource(server.uri, run_id, "model", {})) == both
    assert _read(MlflowSource(server.uri, run_id, "other/data", {})) == {"config.json": b"other"}


def test_a_store_in_a_file_is_read_where_it_is(tmp_path: Path) -> None:
    uri = builders.copy_empty_store(tmp_path / "mlflow.db")
    location = (tmp_path / "art ifacts").as_uri()
    run_id = _log(uri, tmp_path / "logged", "out/model", location=location)
    _log_model(uri, run_id, "tiny", {"config.json": b"of the model"}, tmp_path / "of-model")
    assert _read(MlflowSource(uri, run_id, "out/model", {})) == FILES
    assert _read(MlflowSource(uri, run_id, "tiny", {})) == {"config.json": b"of the model"}
    with pytest.raises(ModelError, match="no such directory or file"):
        MlflowSource(uri, run_id, "nothing", {}).files()


def test_artifacts_in_a_bucket_are_read_there(
    server: MlflowServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with object_stores.google() as url:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", url)
        with tracking.client(server.uri) as store:
            experiment = store.create_experiment("in a bucket", artifact_location="gs://bucket/runs")
            info = store.create_run(experiment).info
        storage.upload(_write(tmp_path / "logged"), f"{info.artifact_uri}/model")
        source = MlflowSource(server.uri, info.run_id, "model", {})
        assert _read(source) == FILES
        assert source.files()[0].checksum is not None


@pytest.mark.parametrize(
    ("run", "path", "message"),
    [
        ("nope", "out/model", "the tracking server has no run nope"),
        (None, "out/other", "there is no such artifact"),
        (None, "out/model/config.json", "a single file, where the directory of a model is meant"),
        (None, "../../..", "the tracking server said no"),
    ],
)
def test_what_is_not_there_is_told(server: MlflowServer, run_id: str, run: str | None, path: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        MlflowSource(server.uri, run or run_id, path, {}).files()


@contextmanager
def _refusing_all(**answer: Any) -> Iterator[FaultyProxy]:
    with FaultyProxy("http://127.0.0.1:1") as proxy:
        proxy.will(faults.Answer(**answer), times=None)
        yield proxy


@pytest.mark.parametrize(
    ("environ", "login"),
    [
        ({}, None),
        ({"MLFLOW_TRACKING_TOKEN": "t0ken-of-ann"}, "Bearer t0ken-of-ann"),
        ({"MLFLOW_TRACKING_USERNAME": "ann", "MLFLOW_TRACKING_PASSWORD": "pa:ss"}, "Basic YW5uOnBhOnNz"),
    ],
)
def test_the_login_of_mlflows_variables_is_sent_and_not_shown(environ: dict[str, str], login: str | None) -> None:
    with _refusing_all(status=401, body=b"t0ken-of-ann, YW5uOnBhOnNz?") as proxy:
        with pytest.raises(ModelError) as refused:
            MlflowSource(proxy.url, "run", "model", environ).files()
        assert proxy.seen()[0].headers.get("authorization") == login
    assert login is None or login.partition(" ")[2] not in "\n".join(refused.value.lines())


def test_a_login_in_the_address_is_sent_and_not_shown() -> None:
    with _refusing_all(status=500) as proxy:
        with pytest.raises(SourceAwayError) as away:
            MlflowSource(proxy.url.replace("//", "//ann:secret@"), "run", "model", {}).files()
        assert [seen.headers.get("authorization") for seen in proxy.seen()] == ["Basic YW5uOnNlY3JldA=="] * 3
    assert "secret" not in "\n".join(away.value.lines())


def test_a_server_that_is_down_is_told() -> None:
    with mlflow_server.no_server() as uri, pytest.raises(SourceAwayError, match="the tracking server does not answer"):
        MlflowSource(uri, "run", "model", {}).files()


def test_a_server_with_a_certificate_of_its_own_is_trusted_where_that_is_said(tmp_path: Path) -> None:
    with _tls_server(tmp_path) as (url, certificate):
        with pytest.raises(ModelError, match="the tracking server cannot be trusted") as refused:
            MlflowSource(url, "run", "model", {}).files()
        assert "certificate verify failed" in refused.value.facts["says"]
        assert not isinstance(refused.value, SourceAwayError)
        trusting: list[dict[str, str]] = [
            {"MLFLOW_TRACKING_INSECURE_TLS": "true"},
            {"MLFLOW_TRACKING_SERVER_CERT_PATH": str(certificate)},
            {"REQUESTS_CA_BUNDLE": str(certificate)},
        ]
        for environ in trusting:
            with pytest.raises(ModelError, match="the tracking server has no run run"):
                MlflowSource(url, "run", "model", environ).files()


class _Nothing(http.server.BaseHTTPRequestHandler):
    def log_message(self, *said: object) -> None:
        pass

    def do_GET(self) -> None:
        self.send_error(404)


class _Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that does not trust it goes away."""


@contextmanager
def _tls_server(directory: Path) -> Iterator[tuple[str, Path]]:
    key, certificate = directory / "key.pem", directory / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    named = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*made, *named], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with _Quiet(("127.0.0.1", 0), _Nothing) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}", certificate
        server.shutdown()
