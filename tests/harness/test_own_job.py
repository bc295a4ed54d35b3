"""Progress as an annotation of the pod's own Job: written with the Role of the job spec, and never in anybody's way."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.cluster.errors import NotAllowedError
from cajajejo.harness import own_job
from cajajejo.harness.own_job import OwnJob
from tests import sending
from tests.clusters import Talk, config_map, job, talking
from tests.fakes.kubernetes.access import Rule, service_account
from tests.fakes.kubernetes.model import ApiError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "token-of-the-pod"  # noqa: S105  # of the fake
HALF = {"done": 64, "total": 135, "unit": "instance", "what": "mmlu:subject=anatomy"}


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path, tls=True) as found:
        yield found


def rules_of_the_job_spec() -> tuple[Rule, ...]:
    """What the Role of a job spec allows the service account, as the fake's access control takes it."""
    spec = sending.placed("v1", "kubernetes_config.report_progress=true")
    role, binding = spec.document("Role"), spec.document("RoleBinding")
    assert binding["roleRef"] == {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": spec.name}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "kubernetes", "namespace": "default"}]
    assert binding["metadata"]["namespace"] == role["metadata"]["namespace"] == "default"
    return tuple(
        Rule(
            tuple(rule["verbs"]),
            tuple(rule["apiGroups"]),
            tuple(rule["resources"]),
            tuple(rule["resourceNames"]),
            role["metadata"]["namespace"],
        )
        for rule in role["rules"]
    )


def pod(talk: Talk, directory: Path, *rules: Rule, name: str = "", token: str = TOKEN) -> dict[str, str]:
    """The environment of a pod whose service account has these rules, with its token and the certificates."""
    talk.fake.user(TOKEN, service_account("default", "kubernetes", *rules))
    access = directory / "access"
    access.mkdir()
    (access / "token").write_text(f"{token}\n")
    assert talk.fake.certificate is not None
    (access / "ca.crt").write_text(talk.fake.certificate.authority)
    return {
        "CAJAJEJO_API_ACCESS": str(access),
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": str(talk.fake.port),
        "JOB_NAMESPACE": "default",
        "JOB_NAME": name or sending.spec("v1", "kubernetes_config.report_progress=true").name,
    }


def made(talk: Talk, name: str) -> dict[str, Any]:
    """A Job of this name, made by somebody who may; the requests that came are forgotten."""
    document = job(name)
    document["metadata"]["namespace"] = "default"
    with talk.connect() as ours:
        live = ours.create(document).object
    talk.fake.requests.clear()
    return live


class Written:
    """What a pod with this environment writes and says, once it has."""

    def __init__(self, environ: dict[str, str], every_seconds: float = 0.0) -> None:
        self.said: list[str] = []
        self._spoke = threading.Event()
        place = own_job.find(environ)
        assert place is not None
        self.job = OwnJob(place, self._warn, every_seconds=every_seconds)

    def _warn(self, sentence: str) -> None:
        self.said.append(sentence)
        self._spoke.set()

    def wait_for_a_word(self) -> None:
        assert self._spoke.wait(120), "nothing was said"
        self._spoke.clear()


def annotation(talk: Talk, name: str) -> Any:
    live = talk.fake.get("Job", name)
    assert live is not None
    text = live["metadata"].get("annotations", {}).get("cajajejo/progress")
    return None if text is None else json.loads(text)


def wait_for_annotation(talk: Talk, name: str, value: object) -> None:
    with talk.fake.api.store.changed:
        assert talk.fake.api.store.changed.wait_for(lambda: annotation(talk, name) == value, 120)


def test_the_role_of_the_job_spec_is_enough(talk: Talk, tmp_path: Path) -> None:
    environ = pod(talk, tmp_path, *rules_of_the_job_spec())
    name = environ["JOB_NAME"]
    before = made(talk, name)
    written = Written(environ)
    written.job.annotate(HALF)
    wait_for_annotation(talk, name, HALF)
    written.job.close()
    after = talk.fake.get("Job", name)
    assert after is not None
    assert after["spec"] == before["spec"]
    assert written.said == []
    (request,) = talk.fake.requests
    assert (request.method, request.path) == ("PATCH", f"{sending.JOBS}/{name}")
    assert request.headers["content-type"] == "application/merge-patch+json"


@pytest.mark.parametrize(
    "attempt",
    [
        lambda ours, name: ours.get("Job", name, "default"),
        lambda ours, _: list(ours.list("Job", "default")),
        lambda ours, name: ours.delete("Job", name, "default"),
        lambda ours, _: ours.patch("Job", "other", "default", {"metadata": {"labels": {"a": "b"}}}),
        lambda ours, name: ours.patch("Job", name, "elsewhere", {"metadata": {"labels": {"a": "b"}}}),
        lambda ours, _: ours.create({**job("new"), "metadata": {"name": "new", "namespace": "default"}}),
        lambda ours, _: ours.create(config_map("new", namespace="default")),
        lambda ours, _: list(ours.list("Secret", "default")),
        lambda ours, _: list(ours.list("Pod", "default")),
    ],
    ids=["get", "list", "delete", "another", "elsewhere", "create", "configmap", "secrets", "pods"],
)
def test_the_role_allows_nothing_else(attempt: Any, talk: Talk, tmp_path: Path) -> None:
    environ = pod(talk, tmp_path, *rules_of_the_job_spec())
    name = environ["JOB_NAME"]
    for each in (name, "other"):
        made(talk, each)
    talk.kubeconfig = talk.fake.kubeconfig(tmp_path / "pod", token=TOKEN)
    with pytest.raises(NotAllowedError):
        attempt(talk.connect(), name)


def test_a_refusal_is_told_once_and_ends_it(talk: Talk, tmp_path: Path) -> None:
    environ = pod(talk, tmp_path, name="a")
    made(talk, "a")
    written = Written(environ)
    written.job.annotate(HALF)
    written.wait_for_a_word()
    written.job.annotate({**HALF, "done": 65})
    (told,) = written.said
    assert told == (
        "progress is not written on the Job any more: the cluster answers 403: "
        'jobs.batch "a" is forbidden: User "system:serviceaccount:default:kubernetes" cannot patch resource "jobs" '
        'in API group "batch" in the namespace "default"'
    )
    assert (len(talk.fake.requests), annotation(talk, "a")) == (1, None)


@pytest.mark.parametrize(
    ("token", "name", "told"), [("wrong", "a", "401: Unauthorized"), (TOKEN, "b", '404: jobs.batch "b" not found')]
)
def test_a_login_or_a_job_that_is_gone_ends_it_too(
    token: str, name: str, told: str, talk: Talk, tmp_path: Path
) -> None:
    made(talk, "a")
    written = Written(pod(talk, tmp_path, Rule(), name=name, token=token))
    written.job.annotate(HALF)
    written.wait_for_a_word()
    assert written.said == [f"progress is not written on the Job any more: the cluster answers {told}"]


def test_a_cluster_that_does_not_answer_is_told_once_and_asked_again(talk: Talk, tmp_path: Path) -> None:
    made(talk, "a")
    written = Written(pod(talk, tmp_path, Rule(), name="a"))
    talk.fake.stop()
    written.job.annotate(HALF)
    written.wait_for_a_word()
    talk.fake.start()
    for done in range(65, 70):
        value = {**HALF, "done": done}
        written.job.annotate(value)
        wait_for_annotation(talk, "a", value)
    assert len(written.said) == 1
    assert written.said[0].startswith("progress could not be written on the Job: ConnectionRefusedError: ")
    assert written.said[0].endswith("; it is tried again, and not told again")


@pytest.mark.parametrize("status", [409, 429, 500, 503])
def test_what_may_pass_is_tried_again(status: int, talk: Talk, tmp_path: Path) -> None:
    made(talk, "a")
    refusals = [ApiError(status, "Busy", "in a moment")]

    def hook(_: object) -> None:
        if refusals:
            raise refusals.pop()

    talk.fake.admit(hook)
    written = Written(pod(talk, tmp_path, Rule(), name="a"))
    written.job.annotate(HALF)
    written.wait_for_a_word()
    written.job.annotate({**HALF, "done": 65})
    wait_for_annotation(talk, "a", {**HALF, "done": 65})
    (told,) = written.said
    assert told == (
        f"progress could not be written on the Job: OSError: the cluster answers {status}; "
        "it is tried again, and not told again"
    )


def test_only_the_newest_value_is_written_and_not_more_often_than_agreed(talk: Talk, tmp_path: Path) -> None:
    made(talk, "a")
    written = Written(pod(talk, tmp_path, Rule(), name="a"), every_seconds=1.0)
    written.job.annotate({"done": 0})
    wait_for_annotation(talk, "a", {"done": 0})
    for done in range(1, 1000):
        written.job.annotate({"done": done})
    wait_for_annotation(talk, "a", {"done": 999})
    assert len(talk.fake.requests) == 2


def test_a_token_that_is_renewed_is_read_again(talk: Talk, tmp_path: Path) -> None:
    made(talk, "a")
    environ = pod(talk, tmp_path, Rule(), name="a")
    written = Written(environ)
    written.job.annotate({"done": 1})
    wait_for_annotation(talk, "a", {"done": 1})
    talk.fake.user("renewed", service_account("default", "kubernetes", Rule()))
    talk.fake.api.access.tokens.pop(TOKEN)
    (tmp_path / "access" / "token").write_text("renewed")
    written.job.annotate({"done": 2})
    wait_for_annotation(talk, "a", {"done": 2})


def test_a_server_with_another_certificate_is_not_told_the_token(talk: Talk, tmp_path: Path) -> None:
    environ = pod(talk, tmp_path, Rule(), name="a")
    (tmp_path / "other").mkdir()
    with talking(tmp_path / "other", tls=True) as other:
        environ["KUBERNETES_SERVICE_PORT"] = str(other.fake.port)
        written = Written(environ)
        written.job.annotate(HALF)
        written.wait_for_a_word()
        assert other.fake.requests == []
    assert "certificate verify failed" in written.said[0]


def test_what_a_hostile_server_says_is_cut_and_made_harmless(talk: Talk, tmp_path: Path) -> None:
    made(talk, "a")

    def hook(_: object) -> None:
        raise ApiError(422, "Invalid", "\x1b[31mred\n" + "x" * 100_000)

    talk.fake.admit(hook)
    written = Written(pod(talk, tmp_path, Rule(), name="a"))
    written.job.annotate(HALF)
    written.wait_for_a_word()
    assert written.said[0].isprintable()
    assert len(written.said[0]) < 400


def test_an_answer_that_nobody_can_read_is_told_as_it_begins(talk: Talk, tmp_path: Path) -> None:
    made(talk, "a")
    talk.fake.faults.on("PATCH").proxy_page(403, "[" * 100_000)
    written = Written(pod(talk, tmp_path, Rule(), name="a"))
    written.job.annotate(HALF)
    written.wait_for_a_word()
    (said,) = written.said
    assert said.startswith("progress is not written on the Job any more: the cluster answers 403: [[[")


def test_a_value_that_comes_after_the_end_is_not_written(talk: Talk, tmp_path: Path) -> None:
    made(talk, "a")
    before = set(threading.enumerate())
    written = Written(pod(talk, tmp_path, Rule(), name="a"))
    written.job.close()
    written.job.annotate(HALF)
    for thread in set(threading.enumerate()) - before:
        thread.join(120)
        assert not thread.is_alive()
    assert talk.fake.requests == []


NEEDED = ("KUBERNETES_SERVICE_HOST", "JOB_NAMESPACE", "JOB_NAME")


@pytest.mark.parametrize("missing", [*NEEDED, "token"])
def test_without_access_there_is_no_place(missing: str, tmp_path: Path) -> None:
    environ = {**dict.fromkeys(NEEDED, "a"), "CAJAJEJO_API_ACCESS": str(tmp_path)}
    (tmp_path / "token").write_text("t")
    found = own_job.find(environ)
    assert found is not None
    assert (found.port, found.path) == (443, "/apis/batch/v1/namespaces/a/jobs/a?fieldManager=cajajejo-progress")
    if missing == "token":
        (tmp_path / "token").unlink()
    environ.pop(missing, None)
    assert own_job.find(environ) is None


def test_a_port_that_is_none_and_a_name_that_is_a_path(tmp_path: Path) -> None:
    environ = {**dict.fromkeys(NEEDED, "a/../b"), "CAJAJEJO_API_ACCESS": str(tmp_path)}
    (tmp_path / "token").write_text("t")
    found = own_job.find(environ)
    assert found is not None
    assert found.path.startswith("/apis/batch/v1/namespaces/a%2F..%2Fb/jobs/a%2F..%2Fb?")
    assert own_job.find({**environ, "KUBERNETES_SERVICE_PORT": "tcp://10.0.0.1:443"}) is None


def test_an_answer_that_comes_after_the_end_is_not_told(talk: Talk, tmp_path: Path) -> None:
    made(talk, "a")
    arrived, go_on = threading.Event(), threading.Event()

    def hold(*_: object) -> None:
        arrived.set()
        assert go_on.wait(120)

    talk.fake.before(hold)
    before = set(threading.enumerate())
    written = Written(pod(talk, tmp_path, name="a"))
    (thread,) = [new for new in set(threading.enumerate()) - before if new.name == "own-job"]
    written.job.annotate(HALF)
    assert arrived.wait(120)
    written.job.close()
    go_on.set()
    thread.join(120)
    assert (thread.is_alive(), written.said) == (False, [])
