"""The end of a job put on its MLflow run, kept while the server is away, and told again when the job is gone."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import provenance, records, tracking
from cajajejo.errors import TrackingError
from cajajejo.jobs import remembering, stores
from cajajejo.jobs.finding import AmbiguousNameError
from cajajejo.jobs.notes import Note, Notes
from cajajejo.records import Record, Teller, runs
from cajajejo.status import Attempt, Evidence, LastLines, Reason, State, Status, of
from tests import builders, sending
from tests.clusters import Talk, talking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.cluster import Cluster

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

Object = dict[str, Any]
LINES = LastLines("eval", 1, ("loading the next batch",))
FAILED = {"state": State.FAILED, "reason": Reason.OOM_KILLED, "message": "over 4Gi", "exit_code": 137}


class Site:
    """A project directory, a cluster with jobs of ours, and the tracking store that their configs name."""

    def __init__(self, talk: Talk, uri: str) -> None:
        self.talk, self.uri = talk, uri
        self.cluster: Cluster = talk.connect()
        self.warned: list[str] = []

    def sent(self, version: str = "v1", *settings: str, uri: str | None = None) -> Object:
        """A Job as it is on the cluster, with its ConfigMap."""
        address = f"mlflow_config.tracking_uri={uri or self.uri}"
        name = sending.send(self.cluster, version, address, *settings).spec.name
        job = self.talk.fake.get("Job", name)
        assert job is not None
        return job

    def remember(self, job: Object, **changes: Any) -> str | None:
        """Remembers how the job ended; Failed, unless it is said otherwise."""
        return remembering.remember(self.cluster, job, ended(job, **changes), warn=self.warned.append)

    def recall(self, name: str, namespace: str = "default", **more: Any) -> Status | None:
        """What is told of a job that is gone."""
        return remembering.recall(name, namespace, warn=self.warned.append, **more)

    def run(self, run_id: str | None) -> Any:
        """The MLflow run."""
        with tracking.client(self.uri) as store:
            return store.get_run(run_id)

    def runs(self) -> list[Any]:
        """All runs."""
        with tracking.client(self.uri) as store:
            ids = [experiment.experiment_id for experiment in store.search_experiments()]
            return list(store.search_runs(ids))

    def kept(self) -> list[str]:
        """The jobs whose end waits for the server."""
        return [note.status.name for note in Notes(Path(".cajajejo/records")).all()]


def name_of(job: Object) -> str:
    return str(job["metadata"]["name"])


def ended(job: Object, **changes: Any) -> Status:
    """How the job stands after its end."""
    now = datetime.now(UTC)
    return replace(of(Evidence(job, now)), **{**FAILED, "since": now, "finished_at": now, **changes})


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "SETTLE_SECONDS", 0.1)
    monkeypatch.setattr(stores, "SECONDS", 120.0)
    with talking(tmp_path) as talk:
        yield Site(talk, builders.copy_empty_store(tmp_path / "tracking" / "mlflow.db"))


# --- on the run ---


def test_the_run_that_the_pod_made_gets_what_the_pod_could_not_say(site: Site) -> None:
    job = site.sent()
    uid, began = job["metadata"]["uid"], datetime.now(UTC)
    remembering.note(site.cluster, job)
    known = Notes(Path(".cajajejo/jobs")).all()[0].run
    assert known is not None
    made = records.ensure(known, uid, settle=0)
    pods = (Attempt(1, "p1", State.RUNNING, started_at=began),)
    told = replace(ended(job), state=State.RUNNING, reason=None, message="", exit_code=None, finished_at=None)
    records.write(site.uri, made, Record(replace(told, attempts=pods, last_lines=LINES), Teller.POD, "p1"))
    run_id = site.remember(job, attempts=(replace(pods[0], state=State.FAILED, exit_code=137, reason="OOMKilled"),))
    assert (run_id, site.warned, site.kept()) == (made, [], [])
    found = records.find(site.uri, uid=uid)
    assert found is not None
    assert (found.state, found.reason, found.exit_code, found.last_lines) == (
        State.FAILED,
        Reason.OOM_KILLED,
        137,
        LINES,
    )
    assert [(one.pod, one.exit_code, one.reason) for one in found.attempts] == [("p1", 137, "OOMKilled")]
    assert site.run(run_id).info.status == "FAILED"


def test_where_no_pod_ever_began_the_run_is_made_as_the_pod_would_have_made_it(site: Site) -> None:
    job = site.sent("v1", "tracking_config.tags.creator=$(jasper) $$ é", "env.A=b")
    run_id = site.remember(job, reason=Reason.IMAGE_NOT_PULLED, message="image not pulled: not found", exit_code=None)
    run = site.run(run_id)
    values = {one["name"]: one.get("value", "") for one in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    config_map = site.talk.fake.get("ConfigMap", name_of(job))
    assert config_map is not None
    Path("config.yml").write_text(config_map["data"]["eval_config.yml"])
    from cajajejo import config

    wanted = tracking.new_run(config.load(Path("config.yml")), values)
    assert {key: run.data.tags[key] for key in wanted.tags} == dict(wanted.tags)
    assert run.data.tags["creator"] == "$(jasper) $$ é"
    assert (run.info.run_name, run.data.tags["mlflow.note.content"]) == (wanted.name, wanted.description)
    assert (run.data.tags["config_git_sha"], run.data.tags["job_name"]) == ("v1", name_of(job))
    assert (run.data.tags["job_state"], run.data.tags["job_reason"]) == ("Failed", "ImageNotPulled")
    made = datetime.fromisoformat(job["metadata"]["creationTimestamp"])
    assert (run.info.status, run.info.start_time) == ("FAILED", int(made.timestamp() * 1000))


def test_what_a_config_version_holds_reaches_the_run_as_it_reaches_the_pod(site: Site) -> None:
    job = site.sent("v$(X)$$é")
    assert site.run(site.remember(job)).data.tags["config_git_sha"] == "v$(X)$$é"


@pytest.mark.parametrize(
    ("state", "status"),
    [(State.SUCCEEDED, "FINISHED"), (State.CANCELLED, "KILLED"), (State.GONE, "KILLED"), (State.FAILED, "FAILED")],
)
def test_each_end_ends_the_run(site: Site, state: State, status: str) -> None:
    run_id = site.remember(site.sent(), state=state, reason=None, message="", exit_code=None)
    assert site.run(run_id).info.status == status


def test_remembering_the_same_again_makes_nothing_new(site: Site) -> None:
    job = site.sent()
    status = ended(job)
    ids = {remembering.remember(site.cluster, job, status) for _ in range(2)}
    assert (len(ids), len(site.runs())) == (1, 1)


def test_the_next_job_of_the_same_name_has_a_run_of_its_own(site: Site) -> None:
    job = site.sent()
    again = {**job, "metadata": {**job["metadata"], "uid": "another"}}
    assert site.remember(job) != site.remember(again)


def test_a_job_whose_config_went_with_it_is_remembered_by_what_was_noted(site: Site) -> None:
    job = site.sent()
    remembering.note(site.cluster, job)
    site.cluster.delete("ConfigMap", name_of(job))
    run_id = site.remember(job, state=State.GONE, reason=Reason.DELETED, message="deleted by someone")
    assert site.run(run_id).data.tags["job_reason"] == "Deleted"
    assert site.warned == []


def test_what_was_noted_is_not_asked_for_again(site: Site) -> None:
    job = site.sent()
    config_map = site.talk.fake.get("ConfigMap", name_of(job))
    before = len(site.talk.fake.requests)
    remembering.note(site.cluster, job, config_map)
    remembering.note(site.cluster, job)
    assert site.remember(job) is not None
    assert len(site.talk.fake.requests) == before


def test_without_a_config_the_user_is_told_that_nothing_is_on_record(site: Site) -> None:
    job = site.sent()
    site.cluster.delete("ConfigMap", name_of(job))
    assert site.remember(job) is None
    reason = "its config, which names its MLflow run, cannot be read"
    assert site.warned == [f"the end of {name_of(job)} is not on record: {reason}"]
    told = site.recall(name_of(job))
    assert told is not None
    assert (told.state, told.reason) == (State.FAILED, Reason.OOM_KILLED)


@pytest.mark.parametrize("text", [None, "", "a: [", "version: v4\n", "- a\n", 7])
def test_a_config_of_somebody_else_is_none(site: Site, text: object) -> None:
    job = site.sent()
    data = {} if text is None else {"eval_config.yml": text}
    remembering.note(site.cluster, job, {"data": data})
    site.cluster.delete("ConfigMap", name_of(job))
    assert site.remember(job) is None
    assert len(site.warned) == 1


def test_a_job_that_is_not_ours_is_none_of_our_business(site: Site) -> None:
    job = site.sent()
    for labels in ({}, None, {"app.kubernetes.io/managed-by": "Helm"}):
        other = {**job, "metadata": {**job["metadata"], "labels": labels}}
        assert site.remember(other) is None
    assert (site.warned, site.runs(), Path(".cajajejo").exists()) == ([], [], False)


def test_a_store_inside_of_the_pod_is_neither_written_nor_made_here(site: Site) -> None:
    job = site.sent(uri="sqlite:///other.db")
    assert site.remember(job) is None
    where = "the tracking store that its config names is not on this machine: sqlite:///other.db"
    assert site.warned == [f"the end of {name_of(job)} is not on record: {where}"]
    assert (Path("other.db").exists(), site.kept()) == (False, [])


# --- while the server is away ---


@contextmanager
def server(*, hangs: bool = False, status: int = 500, body: bytes = b"") -> Iterator[tuple[str, list[list[str]]]]:
    """A server that is no good, and what was kept at each of its requests."""
    kept: list[list[str]] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept.append([path.name for path in Path(".cajajejo/records").glob("*.json")])
            if hangs:
                over.wait()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815  # as the base class calls it

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        thread = threading.Thread(target=web.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{web.server_address[1]}", kept
        finally:
            over.set()
            web.shutdown()
            thread.join()


@pytest.fixture
def impatient(site: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    with server(status=403) as (uri, _), pytest.raises(TrackingError):
        records.find(uri, uid="x")  # what is loaded for the first request takes seconds, and is not the server's fault
    monkeypatch.setattr(stores, "SECONDS", 1.5)
    return site


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("fault", [{"hangs": True}, {"status": 500}, {"status": 503}], ids=["hangs", "500", "503"])
def test_while_the_server_is_away_the_end_is_kept_and_this_is_said_once(site: Site, fault: dict[str, Any]) -> None:
    with server(**fault) as (uri, asked):
        jobs = [site.sent(version, uri=uri) for version in ("v1", "v2")]
        assert [site.remember(job) for job in jobs] == [None, None]
        name = name_of(jobs[0])
        assert asked == [[f"{name}.{jobs[0]['metadata']['uid']}.json"]] * len(asked)
        assert len(asked) > 0
    kept = "is kept in .cajajejo/records, and not yet on its MLflow run"
    assert site.warned == [f"the end of {name} {kept}: the tracking server does not answer within 1.5 s: {uri}"]
    assert sorted(site.kept()) == sorted(map(name_of, jobs))
    told = site.recall(name)
    assert told is not None
    assert (told.state, told.reason, told.exit_code, told.mlflow_run_id) == (State.FAILED, Reason.OOM_KILLED, 137, None)


def test_a_server_that_refuses_is_told_with_what_it_says(site: Site) -> None:
    with server(status=403, body=b'{"error_code":"PERMISSION_DENIED","message":"not you"}') as (uri, _):
        job = site.sent(uri=uri)
        assert site.remember(job) is None
    assert site.warned[0].startswith(f"the end of {name_of(job)} is kept in .cajajejo/records, and not yet on its")
    assert site.warned[0].endswith("(PERMISSION_DENIED: not you)")
    assert site.kept() == [name_of(job)]


def test_a_page_in_place_of_an_answer_is_told(site: Site) -> None:
    with server(status=200, body=b"<html>log in</html>") as (uri, _):
        assert site.remember(site.sent(uri=uri)) is None
    assert len(site.warned) == 1
    assert len(site.kept()) == 1


@pytest.fixture
def broken(site: Site) -> Iterator[Site]:
    """A site whose store does not work until `mend` is called."""
    file = tracking.sqlite_file(site.uri)
    good = file.read_bytes()
    file.write_bytes(b"no database" * 1000)
    yield site
    file.write_bytes(good)


def mend(site: Site) -> None:
    builders.copy_empty_store(tracking.sqlite_file(site.uri))
    stores._away_until.clear()


def test_what_was_kept_is_sent_with_the_next_job(broken: Site) -> None:
    first, second = broken.sent("v1"), broken.sent("v2")
    assert broken.remember(first) is None
    assert broken.kept() == [name_of(first)]
    mend(broken)
    assert broken.remember(second, state=State.SUCCEEDED, reason=None, message="") is not None
    assert broken.kept() == []
    tags = [run.data.tags for run in broken.runs()]
    assert {(one["job_name"], one["job_state"]) for one in tags} == {
        (name_of(first), "Failed"),
        (name_of(second), "Succeeded"),
    }


def test_what_was_kept_is_sent_by_asking_for_any_job(broken: Site) -> None:
    job = broken.sent()
    broken.remember(job)
    mend(broken)
    told = broken.recall(name_of(job))
    assert told is not None
    assert told.mlflow_run_id == broken.runs()[0].info.run_id
    assert broken.kept() == []


def test_what_is_kept_twice_is_sent_as_what_both_knew(broken: Site) -> None:
    job = broken.sent()
    broken.remember(job, reason=Reason.BACKOFF_LIMIT_EXCEEDED, message="failed 4 times", last_lines=LINES)
    broken.remember(job)
    mend(broken)
    assert remembering.send_kept() == 0
    tags = broken.runs()[0].data.tags
    assert (tags["job_reason"], len(broken.runs())) == ("OOMKilled", 1)
    told = broken.recall(name_of(job))
    assert told is not None
    assert (told.reason, told.last_lines) == (Reason.OOM_KILLED, LINES)


def test_what_cannot_be_sent_yet_is_counted(broken: Site) -> None:
    broken.remember(broken.sent())
    assert remembering.send_kept() == 1
    mend(broken)
    assert remembering.send_kept() == 0


def test_a_run_whose_writer_was_killed_in_between_is_taken_up(site: Site) -> None:
    job = site.sent()
    remembering.note(site.cluster, job)
    note = Notes(Path(".cajajejo/jobs")).all()[0]
    assert note.run is not None
    made = records.ensure(note.run, job["metadata"]["uid"], settle=0)
    assert site.remember(job) == made
    assert len(site.runs()) == 1


def test_two_who_watch_the_same_job_write_one_run(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "SETTLE_SECONDS", 2.0)  # what one of them makes the others see in that time
    job = site.sent()
    clusters = [site.talk.connect() for _ in range(3)]
    at_once = threading.Barrier(3)
    found: list[str | None] = []

    def watch(cluster: Cluster) -> None:
        at_once.wait()
        found.append(remembering.remember(cluster, job, ended(job)))

    threads = [threading.Thread(target=watch, args=(cluster,)) for cluster in clusters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({*found, None}) == 2
    assert len(site.runs()) == 1
    assert site.kept() == []


def test_where_nothing_can_be_kept_it_is_sent_all_the_same(site: Site) -> None:
    Path(".cajajejo").write_text("a file")
    assert site.remember(site.sent()) is not None
    assert site.warned == ["nothing can be kept in .cajajejo/records: File exists"]


# --- told again ---


def test_a_job_that_is_gone_is_told_from_its_run(site: Site) -> None:
    job = site.sent()
    run_id = site.remember(job, last_lines=LastLines("eval", 2, ("one", "two")))
    (Path(".cajajejo") / "jobs").rename("elsewhere")
    assert site.recall(name_of(job)) is None  # nothing says where to look
    Path("elsewhere").rename(Path(".cajajejo") / "jobs")
    told = site.recall(name_of(job))
    assert told is not None
    assert (told.state, told.reason, told.mlflow_run_id) == (State.FAILED, Reason.OOM_KILLED, run_id)
    assert told.last_lines == LastLines("eval", 2, ("one", "two"))


def test_a_job_that_succeeded_is_told_without_its_last_lines(site: Site) -> None:
    job = site.sent()
    site.remember(job, state=State.SUCCEEDED, reason=None, message="", exit_code=0, last_lines=LINES)
    told = site.recall(name_of(job))
    assert told is not None
    assert (told.state, told.exit_code, told.last_lines) == (State.SUCCEEDED, 0, None)


def test_a_job_that_others_watched_is_found_by_its_full_name_on_the_server_of_the_environment(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = site.sent()
    site.remember(job)
    Path(".cajajejo").rename("elsewhere")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", site.uri)
    told = site.recall(name_of(job))
    assert told is not None
    assert (told.name, told.reason) == (name_of(job), Reason.OOM_KILLED)
    assert site.recall(name_of(job)[:-1]) is None
    assert site.recall(name_of(job), "other") is None


@pytest.mark.parametrize("uri", ["", "databricks", "file:///x", "sqlite:///none.db", "postgresql://u:p@h/d"])
def test_a_store_that_we_do_not_use_is_not_looked_into(site: Site, monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert (site.recall("eval-x"), site.warned, Path("none.db").exists()) == (None, [], False)


@pytest.mark.usefixtures("impatient")
def test_a_server_that_is_away_leaves_what_is_noted_and_its_password_is_not_shown(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = site.sent(uri="sqlite:///other.db")
    remembering.note(site.cluster, job)
    with server(hangs=True) as (uri, _):
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri.replace("//", "//jasper:hunter2@"))
        told = site.recall(name_of(job))
    assert told is not None
    assert told.state is State.GONE
    assert site.warned == [f"the tracking server does not answer within 1.5 s: {uri}"]


def noted(site: Site, version: str, **metadata: str) -> Object:
    """A job that is noted, as if it had been submitted then."""
    job = site.sent(version)
    changed: Object = {**job, "metadata": {**job["metadata"], **metadata}}
    remembering.note(site.cluster, changed)
    return changed


def made(seconds: float) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).isoformat()


@pytest.mark.parametrize(
    ("age", "ttl", "reason", "message"),
    [
        (60, 86_400, Reason.DELETED, "it was deleted before its end was seen"),
        (90_000, 86_400, Reason.TTL_PASSED, "nobody saw its end; its time to live has passed, or it was deleted"),
        (60, None, Reason.DELETED, "it is not there any more, and nobody saw its end"),
    ],
)
def test_a_job_whose_end_nobody_saw_is_gone(
    site: Site, age: float, ttl: int | None, reason: Reason, message: str
) -> None:
    job = site.sent()
    metadata = {**job["metadata"], "creationTimestamp": made(age)}
    remembering.note(
        site.cluster, {**job, "metadata": metadata, "spec": {**job["spec"], "ttlSecondsAfterFinished": ttl}}
    )
    told = site.recall(name_of(job))
    assert told is not None
    assert (told.state, told.reason, told.message) == (State.GONE, reason, message)
    assert (told.do, told.since, told.config_version) == (None, None, "v1")


def test_a_part_of_a_name_finds_a_job_that_is_gone(site: Site) -> None:
    jobs = [noted(site, version) for version in ("v1", "v2")]
    words = name_of(jobs[0]).split("-")
    told = site.recall("-".join(words[2:4]))
    assert told is not None
    assert told.name == name_of(jobs[0])
    assert (site.recall("nothing-like-it"), site.recall("")) == (None, None)
    assert site.recall("eval-neurips", "other") is None
    with pytest.raises(AmbiguousNameError) as caught:
        site.recall("eval-neurips")
    assert caught.value.message == (
        "eval-neurips fits 2 jobs of namespace default that are gone; give more of the name"
    )
    assert sorted(caught.value.facts["newest"].splitlines()) == sorted(map(name_of, jobs))


def test_a_full_name_is_not_ambiguous_though_others_begin_with_it(site: Site) -> None:
    job = noted(site, "v1")
    noted(site, "v2", name=name_of(job) + "-x", uid="another")
    told = site.recall(name_of(job))
    assert told is not None
    assert told.uid == job["metadata"]["uid"]


def test_latest_is_the_newest_job_of_this_user(site: Site) -> None:
    user = provenance.user()
    times = {"old": (200, user), "new": (100, user), "others": (50, "somebody else")}
    for name, (age, submitter) in times.items():
        job = site.sent()
        metadata = {**job["metadata"], "name": name, "uid": name, "creationTimestamp": made(age)}
        metadata["annotations"] = {**metadata["annotations"], "cajajejo/submitted-by": submitter}
        remembering.note(site.cluster, {**job, "metadata": metadata})
    told = site.recall("@latest")
    assert told is not None
    assert told.name == "new"
    assert site.recall("@latest", "elsewhere") is None


def test_jobs_of_other_clusters_are_told_apart_where_the_cluster_is_known(site: Site) -> None:
    job = noted(site, "v1")
    assert site.recall(name_of(job), context="other") is None
    assert site.recall(name_of(job), context=site.cluster.target.context) is not None


# --- the notes themselves ---


def test_a_note_holds_what_people_can_read_and_nothing_secret(site: Site) -> None:
    job = noted(site, "v1")
    path = Path(f".cajajejo/jobs/{name_of(job)}.{job['metadata']['uid']}.json")
    data = json.loads(path.read_text())
    assert sorted(data) == ["context", "record", "run", "ttl_seconds"]
    assert (data["run"]["uri"], data["ttl_seconds"]) == (site.uri, 86_400)
    assert Path(".cajajejo/.gitignore").read_text() == "*\n"


def test_a_config_with_a_password_in_its_address_is_not_noted(site: Site) -> None:
    job = site.sent()
    config_map = site.talk.fake.get("ConfigMap", name_of(job))
    assert config_map is not None
    text = config_map["data"]["eval_config.yml"].replace(site.uri, "http://jasper:hunter2@h:5000")
    remembering.note(site.cluster, job, {"data": {"eval_config.yml": text}})
    assert [path for path in Path(".cajajejo/jobs").glob("*.json") if "hunter2" in path.read_text()] == []


def test_where_the_run_of_a_job_is_and_which_one_it_is_can_be_asked(site: Site) -> None:
    job = site.sent()
    name, uid = name_of(job), job["metadata"]["uid"]
    assert (remembering.store_of(name, uid), remembering.run_of(name, uid)) == (None, None)
    remembering.note(site.cluster, job)
    assert (remembering.store_of(name, uid), remembering.run_of(name, uid)) == (site.uri, None)
    run_id = site.remember(job)
    assert (remembering.run_of(name, uid), remembering.run_of(name, "another")) == (run_id, None)


def small(name: str, uid: str = "u", **changes: Any) -> Note:
    return Note(Record(Status(name, "default", State.PENDING, uid, **changes)), "here")


def test_only_so_many_notes_stay_and_the_oldest_go(tmp_path: Path) -> None:
    notes = Notes(tmp_path / ".cajajejo" / "jobs", most=3)
    for number in range(5):
        notes.put(small(f"job-{number}"))
    assert sorted(note.status.name for note in notes.all()) == ["job-2", "job-3", "job-4"]


def test_many_who_note_at_once_lose_nothing(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "jobs")
    tellers = {"submitted_by": "jasper", "config_path": "c.yml", "config_version": "v1"}
    told = [small("same", **{name: value}) for name, value in tellers.items()]
    threads = [threading.Thread(target=notes.put, args=(note,)) for note in told * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (whole,) = notes.all()
    status = whole.status
    assert (status.submitted_by, status.config_path, status.config_version) == ("jasper", "c.yml", "v1")


def test_a_note_is_not_forgotten_when_more_is_known_by_now(tmp_path: Path) -> None:
    notes = Notes(tmp_path / "records")
    first = notes.put(small("a"))
    second = notes.put(small("a", submitted_by="jasper"))
    notes.drop(first)
    assert notes.all() == [second]
    notes.drop(second)
    notes.drop(second)
    assert notes.all() == []


@pytest.mark.parametrize("name", ["../../etc/x", "a/b", ".hidden", "é" * 300, "a\nb"])
def test_a_name_of_any_text_stays_in_the_directory(tmp_path: Path, name: str) -> None:
    notes = Notes(tmp_path / "d" / "jobs")
    notes.put(small(name, uid=f"{name}-1"))
    paths = [path for path in tmp_path.rglob("*.json") if path.is_file()]
    assert [path.parent for path in paths] == [tmp_path / "d" / "jobs"]
    found = notes.of(name, f"{name}-1")
    assert found is None or found.status.uid == f"{name}-1"


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"record": 7}', '{"record": "{}", "context": "c", "run": null}', "\0"]
)
def test_a_note_that_is_damaged_is_passed_over(tmp_path: Path, text: str) -> None:
    notes = Notes(tmp_path / "jobs")
    notes.put(small("good"))
    (tmp_path / "jobs" / "bad.u.json").write_text(text)
    (tmp_path / "jobs" / "worse.u.json").write_bytes(b"\xff")
    assert [note.status.name for note in notes.all()] == ["good"]


def test_asking_a_store_gives_what_it_says_and_forgets_no_error_of_ours(site: Site) -> None:
    def refuse() -> str:
        raise TrackingError(f"no: {site.uri}", facts={"says": "because"})

    heard: list[str] = []
    assert stores.ask("sqlite:///x", lambda: 7, heard.append) == 7
    assert stores.ask(site.uri, refuse, heard.append) is None
    assert stores.ask(site.uri, refuse, heard.append) is None
    assert (heard, stores.is_away(site.uri)) == ([f"no: {site.uri} (because)"], False)
