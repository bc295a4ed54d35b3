"""Tracking against a real MLflow: a SQLite store, a server over HTTP, and servers that misbehave."""

from __future__ import annotations

import errno
import os
import re
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import __version__, records, tracking
from cajajejo.config import EvaluationJobConfig
from cajajejo.errors import TrackingAwayError, TrackingError
from cajajejo.records import Record
from cajajejo.results import Item, Results, Score
from cajajejo.status import LastLines, Reason, State, Status
from cajajejo.tracking import reachable
from cajajejo.tracking.evaluations import Log
from cajajejo.tracking_config import DOCUMENTED_TAGS
from tests import builders
from tests.builders import job_config
from tests.fakes import mlflow_server as mlflow_servers
from tests.finished import everything, finished

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS, "ignore::FutureWarning", "ignore::UserWarning")

IDENTITY = {
    "CONFIG_VERSION": "10abfb1bf8a0fd1ff65751521daaa0cd76fbc85d",
    "CONFIG_PATH_GIT_REPO": "jobs/evaluation/example.mlflow.job_config.yml",
    "HELM_CONFIG_PATH_GIT_REPO": "jobs/evaluation/pythia_run_specs.conf",
    "JOB_NAME": "eval-neurips-merciful-crocodile",
}
ARTIFACT = {"run_id": "3969f731d3f74fd19cfed62a9aa26d69", "artifact_path": "model", "model_directory": "model"}
FINISHED_AT = 1795302763.3897693
RESULTS = Results(
    "v1",
    "helm",
    (Score("geo", "exact_match", 0.55, 0.114, 20), Score("bio", "f1", 1.0, None, 1)),
    (Item("v1", "geo", None, "q", 0, None, "0" * 64, "Paris", "Rome", {"exact_match": 0.0}),),
)


def config(uri: str, **changes: Any) -> EvaluationJobConfig:
    return EvaluationJobConfig.model_validate(job_config(mlflow_config__tracking_uri=uri, **changes))


def stored(uri: str, run_id: str) -> Any:
    with tracking.client(uri) as store:
        return store.get_run(run_id)


def files(uri: str, run_id: str, path: str = "") -> list[str]:
    """Every artifact of the run, directories with a slash at the end."""
    with tracking.client(uri) as store:
        entries = store.list_artifacts(run_id, path)
    found = [f"{entry.path}/" if entry.is_dir else str(entry.path) for entry in entries]
    return found + [name for entry in entries if entry.is_dir for name in files(uri, run_id, entry.path)]


@pytest.fixture
def uri(tmp_path: Path) -> str:
    """An empty SQLite store."""
    return builders.copy_empty_store(tmp_path / "tracking" / "mlflow.db")


def test_the_fourteen_tags_of_a_model_from_mlflow_are_exactly_the_documented_ones() -> None:
    source = {"mlflow_artifact": {**ARTIFACT, "tokenizer_hf_repo": "EleutherAI/pythia-70m"}}
    given = config("sqlite:///x.db", model_config=source, compute_config__accelerator="nvidia-tesla-t4")
    tags = tracking.tags(given, IDENTITY)
    assert {name: tags[name] for name in DOCUMENTED_TAGS} == {
        "config_git_sha": "10abfb1bf8a0fd1ff65751521daaa0cd76fbc85d",
        "config_path_git_repo": "jobs/evaluation/example.mlflow.job_config.yml",
        "helm_config_path_git_repo": "jobs/evaluation/pythia_run_specs.conf",
        "image_build_cajajejo_version": __version__,
        "model_run_id": "3969f731d3f74fd19cfed62a9aa26d69",
        "model_artifact_path": "model",
        "model_gs_uri": "None",
        "accelerator": "nvidia-tesla-t4",
        "cpu": "2",
        "memory": "4Gi",
        "helm_args": "--max-eval-instances 20",
        "image": "registry/evaluation",
        "image_tag": "10abfb1bf8",
        "job_name": "eval-neurips-merciful-crocodile",
    }
    assert {name: value for name, value in tags.items() if name not in DOCUMENTED_TAGS} == {
        "creator": "pytest",
        "lifecycle": "experimental",
    }


def test_what_is_absent_is_tagged_as_none() -> None:
    tags = tracking.tags(config("sqlite:///x.db", model_config={"gs_uri": "gs://b/m"}, helm__args=[]), IDENTITY)
    assert {name: tags[name] for name in ("model_run_id", "model_artifact_path", "model_gs_uri", "accelerator")} == {
        "model_run_id": "None",
        "model_artifact_path": "None",
        "model_gs_uri": "gs://b/m",
        "accelerator": "None",
    }
    assert tags["helm_args"] == ""


@pytest.mark.parametrize(
    "harness", [{"lm_eval": {"tasks": ["arc_easy"]}}, {"command": {"args": ["x"], "results": "r.jsonl"}}]
)
def test_without_helm_its_arguments_are_tagged_as_none(harness: dict[str, Any]) -> None:
    tags = tracking.tags(config("sqlite:///x.db", helm=builders.ABSENT, **harness), IDENTITY)
    assert tags["helm_args"] == "None"


def test_a_tag_is_cut_to_what_mlflow_takes() -> None:
    tags = tracking.tags(config("sqlite:///x.db", helm__args=["x" * 9000]), IDENTITY)
    assert tags["helm_args"] == "x" * 8000


def test_a_started_run_has_its_name_its_tags_and_its_description(uri: str) -> None:
    given = config(
        uri,
        tracking_config__description="Two lines,\nof any text: 漢字 😀",
        tracking_config__tags={"creator": "a", "lifecycle": "b", "datasets": ["dolly", "x"], "none": None},
    )
    run = stored(uri, tracking.start_run(tracking.new_run(given, IDENTITY), run_id=None))
    tags = {name: value for name, value in run.data.tags.items() if not name.startswith("mlflow.")}
    assert tags == tracking.tags(given, IDENTITY)
    assert (tags["datasets"], "none" in tags) == ("dolly,x", False)
    assert run.data.tags["mlflow.note.content"] == "Two lines,\nof any text: 漢字 😀"
    assert (run.info.status, run.info.run_name) == ("RUNNING", "eval-neurips-merciful-crocodile")


def test_a_run_is_called_as_the_config_says(uri: str) -> None:
    run_id = tracking.start_run(tracking.new_run(config(uri, tracking_config__run_name="mine"), IDENTITY), run_id=None)
    assert stored(uri, run_id).info.run_name == "mine"


def test_long_text_is_stored_as_far_as_mlflow_takes_it(uri: str) -> None:
    given = config(uri, tracking_config__description="😀" * 9000, helm__args=["é" * 9000])
    run = stored(uri, tracking.start_run(tracking.new_run(given, IDENTITY), run_id=None))
    assert run.data.tags["mlflow.note.content"] == "😀" * 8000
    assert run.data.tags["helm_args"] == "é" * 8000


def test_a_run_is_taken_up_again_with_the_tags_of_now(uri: str) -> None:
    run_id = tracking.start_run(tracking.new_run(config(uri), IDENTITY), run_id=None)
    with tracking.client(uri) as store:
        store.set_terminated(run_id, status="KILLED")
    again = tracking.start_run(tracking.new_run(config(uri), {**IDENTITY, "CONFIG_VERSION": "later"}), run_id=run_id)
    run = stored(uri, run_id)
    assert (again, run.info.status, run.data.tags["config_git_sha"]) == (run_id, "RUNNING", "later")


def test_a_run_that_is_gone_is_replaced_by_a_new_one(uri: str) -> None:
    first = tracking.start_run(tracking.new_run(config(uri), IDENTITY), run_id=None)
    with tracking.client(uri) as store:
        store.delete_run(first)
    second = tracking.start_run(tracking.new_run(config(uri), IDENTITY), run_id=first)
    third = tracking.start_run(tracking.new_run(config(uri), IDENTITY), run_id="0" * 32)
    assert len({first, second, third}) == 3


def test_a_local_store_keeps_its_artifacts_beside_it(uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    run_id = Log(finished(tmp_path / "work", uri))().run_id
    assert (tmp_path / "tracking" / "mlartifacts" / run_id / "artifacts" / "run_specs.conf").is_file()
    assert list(elsewhere.iterdir()) == []


def test_a_relative_store_is_seen_from_the_working_directory(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    given = finished(tmp_path / "work", "sqlite:///tracking/mlflow.db")
    assert Log(given)().run_id == everything(uri, given)


def test_an_experiment_is_made_once(uri: str) -> None:
    with tracking.client(uri) as store:
        made = [tracking.experiment(store, uri, name) for name in ("a", "a", "b")]
    assert made[0] == made[1] != made[2]


class LateStore:
    """A store in which another process makes the experiment just before we do, or something else goes wrong."""

    def __init__(self, store: Any, *, made: bool) -> None:
        self._store, self._made, self._asked = store, made, False

    def get_experiment_by_name(self, name: str) -> Any:
        if not self._asked:
            self._asked = True
            return None
        return self._store.get_experiment_by_name(name) if self._made else None

    def create_experiment(self, name: str, artifact_location: str | None) -> Any:
        self._store.create_experiment(name, artifact_location=artifact_location)
        return self._store.create_experiment(name, artifact_location=artifact_location)


def test_an_experiment_that_another_process_makes_at_the_same_moment_is_used(uri: str) -> None:
    with tracking.client(uri) as store:
        found = tracking.experiment(LateStore(store, made=True), uri, "e")
        assert found == store.get_experiment_by_name("e").experiment_id


def test_an_experiment_that_cannot_be_made_is_told(uri: str) -> None:
    with pytest.raises(TrackingError, match="MLflow refused"), tracking.client(uri) as store:
        tracking.experiment(LateStore(store, made=False), uri, "e")


def test_a_deleted_experiment_is_told_with_the_command_that_restores_it(uri: str) -> None:
    with tracking.client(uri) as store:
        number = tracking.experiment(store, uri, "tests")
        store.delete_experiment(number)
    with pytest.raises(TrackingError) as caught:
        tracking.start_run(tracking.new_run(config(uri), IDENTITY), run_id=None)
    assert caught.value.lines() == [
        "Error: the experiment was deleted: tests",
        f"Run: mlflow experiments restore --experiment-id {number}",
    ]


def test_an_artifact_that_is_not_there_is_told(uri: str, tmp_path: Path) -> None:
    run_id = tracking.start_run(tracking.new_run(config(uri), IDENTITY), run_id=None)
    with pytest.raises(TrackingError) as caught:
        tracking.download_artifacts(uri, run_id, "model", tmp_path)
    assert caught.value.message == f"MLflow refused: {uri}"
    assert "'model'" in caught.value.facts["says"]


def test_a_run_that_is_not_there_is_told(uri: str, tmp_path: Path) -> None:
    with pytest.raises(TrackingError) as caught:
        tracking.download_artifacts(uri, "0" * 32, "model", tmp_path)
    assert caught.value.facts == {"says": f"Run with id={'0' * 32} not found"}


def test_what_the_operating_system_refuses_is_told(uri: str, tmp_path: Path) -> None:
    with pytest.raises(TrackingAwayError, match="the tracking server went away"), tracking.client(uri):
        raise ConnectionResetError("reset by peer")
    with pytest.raises(TrackingError) as caught, tracking.client(uri):
        (tmp_path / "none").read_text()
    assert not isinstance(caught.value, TrackingAwayError)


# --- is it there? ---


def test_a_store_in_a_new_directory_can_be_written(tmp_path: Path) -> None:
    tracking.check_reachable(f"sqlite:///{tmp_path}/new/deep/mlflow.db", named_by="c.yml")
    tracking.check_reachable(f"sqlite:///{tmp_path}/new/deep/mlflow.db", named_by="c.yml")
    assert (tmp_path / "new" / "deep").is_dir()


def test_a_store_that_mlflow_made_can_be_written(uri: str) -> None:
    tracking.check_reachable(uri, named_by="c.yml")


@pytest.mark.parametrize(
    ("arrange", "file", "says"),
    [
        (lambda d: (d / "f").write_text("x"), "f/mlflow.db", "File exists|Not a directory"),
        (lambda d: (d / "mlflow.db").mkdir(), "mlflow.db", "unable to open database file"),
        (lambda d: (d / "mlflow.db").write_text("a letter\n" * 100), "mlflow.db", "file is not a database"),
        (lambda d: (d / "loop").symlink_to("loop"), "loop/mlflow.db", "symbolic links|File exists"),
    ],
    ids=["below a file", "a directory", "no database", "a loop of links"],
)
def test_a_store_that_cannot_be_written_is_told(
    tmp_path: Path, arrange: Callable[[Path], object], file: str, says: str
) -> None:
    arrange(tmp_path)
    with pytest.raises(TrackingError) as caught:
        tracking.check_reachable(f"sqlite:///{tmp_path / file}", named_by="c.yml mlflow_config.tracking_uri")
    assert caught.value.message == f"the tracking store cannot be written: {tmp_path / file}"
    assert re.search(says, caught.value.facts["says"])
    assert caught.value.facts["named by"] == "c.yml mlflow_config.tracking_uri"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere; /proc is tried in any case")
def test_a_directory_without_permission_is_told(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(TrackingError, match="cannot be written"):
        tracking.check_reachable(f"sqlite:///{tmp_path}/mlflow.db", named_by="c.yml")


def test_a_file_system_that_takes_nothing_is_told() -> None:
    with pytest.raises(TrackingError, match=r"cannot be written: /proc/none/mlflow\.db"):
        tracking.check_reachable("sqlite:////proc/none/mlflow.db", named_by="c.yml")


@pytest.mark.parametrize("uri", ["file:///tmp/mlruns", "mlruns", "postgresql://h/d", "", "databricks", "sqlite://x.db"])
def test_what_is_no_tracking_store_is_told_with_what_is(uri: str) -> None:
    with pytest.raises(TrackingError) as caught:
        tracking.check_reachable(uri, named_by="c.yml mlflow_config.tracking_uri")
    assert caught.value.lines() == [
        f"Error: not a tracking store: {uri}",
        "  named by    c.yml mlflow_config.tracking_uri",
        "  expected    http://…, https://… or sqlite:///FILE",
        "Run: --set mlflow_config.tracking_uri=sqlite:///mlflow.db     keeps this run here",
    ]


@contextmanager
def server(*answers: int | bytes | None) -> Iterator[tuple[str, list[str]]]:
    """A web server that gives one answer after the other, the last one for ever, and the paths it was asked for.

    A number is a status, bytes are sent as they are in place of an answer, None never answers.
    """
    asked: list[str] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers[min(len(asked), len(answers) - 1)]
            asked.append(self.path)
            if answer is None:
                over.wait()
            elif isinstance(answer, bytes):
                self.wfile.write(answer)
            else:
                self.send_response(answer)
                self.send_header("Content-Length", "0")
                self.end_headers()
            self.close_connection = True

        def log_message(self, *_: object) -> None:
            """Nothing: the answers are what the test knows already."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{web.server_address[1]}", asked
        finally:
            over.set()
            web.shutdown()
            thread.join()


@pytest.mark.parametrize("status", [200, 401, 403, 404])
def test_a_server_that_answers_is_reachable_at_once(status: int) -> None:
    with server(status) as (uri, asked):
        tracking.check_reachable(f"{uri}/", named_by="c.yml")
    assert asked == ["/health"]


def test_a_server_that_comes_back_within_three_tries_is_reachable() -> None:
    with server(503, b"", 200) as (uri, asked):
        tracking.check_reachable(uri, named_by="c.yml")
    assert asked == ["/health"] * 3


Told = dict[str, tuple[str, TrackingError, list[str]]]


@pytest.fixture(scope="module")
def told() -> Told:
    """Address, error and requests of servers that do not answer; asked at the same time, since each takes its time."""

    def ask(uri: str) -> TrackingError:
        with pytest.raises(TrackingError) as caught:
            tracking.check_reachable(uri, named_by="c.yml mlflow_config.tracking_uri")
        return caught.value

    with ExitStack() as stack:
        servers: dict[str, tuple[str, list[str]]] = {
            "500": stack.enter_context(server(500)),
            "ssh": stack.enter_context(server(b"SSH-2.0-OpenSSH_9.2\r\n")),
            "hangs": stack.enter_context(server(None)),
            "nobody": (stack.enter_context(mlflow_servers.no_server()), []),
            "private": ("http://user@192.0.2.1:5000/x", []),  # TEST-NET-1: nobody may ever have it
        }
        pool = stack.enter_context(ThreadPoolExecutor(len(servers)))
        errors = pool.map(ask, [uri for uri, _ in servers.values()])
        return {name: (uri, next(errors), asked) for name, (uri, asked) in servers.items()}


def test_a_server_that_fails_three_times_is_told_with_its_status(told: Told) -> None:
    uri, error, asked = told["500"]
    assert asked == ["/health"] * 3
    seconds = re.search(r" in (\d+) s", error.facts["tried"])
    assert seconds is not None
    assert "\n".join(error.lines()).splitlines() == [
        f"Error: the tracking server does not answer: {uri}",
        f"  tried       3 times in {seconds[1]} s, HTTP 500 (from this machine)",
        "  named by    c.yml mlflow_config.tracking_uri",
        f"Run: curl {uri}/health",
        "     or keep this run here: --set mlflow_config.tracking_uri=sqlite:///mlflow.db",
    ]
    assert 6 <= int(seconds[1]) < 120


@pytest.mark.parametrize(
    ("name", "reason", "requests"),
    [
        ("ssh", "s, SSH-2.0-OpenSSH_9.2", 3),
        ("hangs", "s, timed out", 3),
        ("nobody", "s, [Errno 111] Connection refused", 0),
    ],
)
def test_a_server_that_does_not_answer_is_told_with_the_reason(
    told: Told, name: str, reason: str, requests: int
) -> None:
    uri, error, asked = told[name]
    assert error.message == f"the tracking server does not answer: {uri}"
    assert reason.replace("111", str(errno.ECONNREFUSED)) in error.facts["tried"]
    assert len(asked) == requests
    assert "note" not in error.facts


@pytest.mark.parametrize(
    ("host", "private"),
    [
        ("10.164.0.15", True),
        ("172.16.0.1", True),
        ("192.168.1.1", True),
        ("172.217.16.14", False),
        ("127.0.0.1", False),
        ("mlflow.example.org", False),
    ],
)
def test_a_private_address_may_need_a_way_in(host: str, private: object) -> None:
    assert reachable._is_private(host) is private


def test_a_private_address_that_does_not_answer_says_so(told: Told) -> None:
    _, error, _ = told["private"]
    assert error.facts["note"] == "192.0.2.1 is a private address: it may need a VPN, or a port-forward"


@pytest.mark.parametrize("uri", ["http://[bad", "http://h:port", "http://a b/"])
def test_an_address_that_is_none_is_told_at_once(uri: str) -> None:
    with pytest.raises(TrackingError) as caught:
        tracking.check_reachable(uri, named_by="c.yml")
    assert caught.value.message == f"not an address: {uri}"
    assert caught.value.facts["named by"] == "c.yml"


# --- a real server ---


@pytest.fixture(scope="module")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real MLflow server."""
    with mlflow_servers.running(tmp_path_factory.mktemp("server")) as server:
        yield server.uri


def test_over_http_a_run_is_taken_up_again_and_its_artifacts_are_fetched(mlflow_server: str, tmp_path: Path) -> None:
    tracking.check_reachable(mlflow_server, named_by="c.yml")
    run_id = tracking.start_run(tracking.new_run(config(mlflow_server), IDENTITY), run_id=None)
    assert tracking.start_run(tracking.new_run(config(mlflow_server), IDENTITY), run_id=run_id) == run_id
    Log(finished(tmp_path / "work", mlflow_server, run_id=run_id))()
    tracking.download_artifacts(mlflow_server, run_id, "output/events", tmp_path / "fetched")
    assert [path.name for path in (tmp_path / "fetched").rglob("*")] == ["events", "events.out"]
    with pytest.raises(TrackingError, match="MLflow refused"):
        tracking.download_artifacts(mlflow_server, run_id, "none", tmp_path)
    assert tracking.start_run(tracking.new_run(config(mlflow_server), IDENTITY), run_id="0" * 32) != run_id


def test_over_http_the_end_of_a_job_is_written_on_its_one_run_and_found(mlflow_server: str) -> None:
    uid = "0f1c5d0e-8a63-4a5e-9a11-6f0f9ab7c3d2"
    new = replace(tracking.new_run(config(mlflow_server), IDENTITY), experiment="jobs")
    assert records.find(mlflow_server, uid=uid) is None
    run_id = records.ensure(new, uid, settle=0.1)
    assert records.ensure(new, uid) == run_id
    lines = LastLines("eval", 1, ("漢字 😀", "x" * 300) * 20)
    status = Status(IDENTITY["JOB_NAME"], "it's", State.FAILED, uid, reason=Reason.OOM_KILLED, last_lines=lines)
    told = records.write(mlflow_server, run_id, Record(status))
    found = records.within(8, mlflow_server, lambda: records.find(mlflow_server, uid=uid, experiments=("jobs",)))
    assert found == told == records.find(mlflow_server, job_name=IDENTITY["JOB_NAME"], namespace="it's")
    assert (found.mlflow_run_id, found.reason) == (run_id, Reason.OOM_KILLED)
    assert stored(mlflow_server, run_id).info.status == "FAILED"


def test_a_server_that_is_not_there_has_refused_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TrackingAwayError) as caught, tracking.client("http://me:hush@127.0.0.1:9") as store:
        store.get_run("0" * 32)
    assert caught.value.lines() == [
        "Error: the tracking server does not answer: http://127.0.0.1:9",
        "  says        connection refused",
    ]


def test_a_server_that_wants_a_password_is_told_when_the_run_starts() -> None:
    with server(401) as (uri, _), pytest.raises(TrackingError) as caught:
        tracking.start_run(tracking.new_run(config(uri), IDENTITY), run_id=None)
    assert caught.value.message == f"MLflow refused: {uri}"
    assert "401" in caught.value.facts["says"]


def test_a_server_that_wants_a_password_is_told_when_a_run_is_taken_up_again() -> None:
    with server(401) as (uri, _), pytest.raises(TrackingError, match="MLflow refused"):
        tracking.start_run(tracking.new_run(config(uri), IDENTITY), run_id="0" * 32)


def test_the_empty_store_of_the_tests_is_one_that_mlflow_made(uri: str, tmp_path: Path) -> None:
    shutil.copy(tracking.sqlite_file(uri), tmp_path / "copy.db")
    with tracking.client(f"sqlite:///{tmp_path / 'copy.db'}") as store:
        assert [found.name for found in store.search_experiments()] == ["Default"]
