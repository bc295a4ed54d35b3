"""A request over a real connection: logged in, sent again where that is safe, and told where it fails."""

from __future__ import annotations

import email.utils
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from cajajejo.cluster.errors import (
    ClusterBusyError,
    ClusterError,
    CredentialsError,
    KubeconfigError,
    UnexpectedAnswerError,
    UnreachableError,
)
from tests.clusters import Talk, job, talking
from tests.fakes.kubernetes.faults import PROXY_PAGE
from tests.fakes.kubernetes.messages import Answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

JOBS = "/apis/batch/v1/namespaces/default/jobs"
GET_A = f"GET {JOBS}/a"


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        found.fake.put(job())
        yield found


def test_a_request_carries_the_login_and_our_name(talk: Talk) -> None:
    talk.connect().get("Job", "a")
    headers = talk.fake.requests[-1].headers
    assert headers["authorization"] == "Bearer fake-token"
    assert headers["accept"] == "application/json"
    assert headers["user-agent"].startswith("cajajejo/")


@pytest.mark.parametrize("status", [429, 408, 500, 502, 503, 504])
def test_reading_is_repeated_after_what_may_pass(status: int, talk: Talk) -> None:
    talk.fake.faults.on("GET", times=2).answer(status)
    assert talk.connect().get("Job", "a") is not None
    assert talk.asked() == [GET_A] * 3
    assert talk.waited == [0.5, 1.0]


@pytest.mark.parametrize("status", [400, 403, 405, 409, 410, 415, 422, 501])
def test_nothing_else_is_repeated(status: int, talk: Talk) -> None:
    talk.fake.faults.on("GET", times=2).answer(status)
    with pytest.raises(ClusterError):
        talk.connect().get("Job", "a")
    assert (talk.asked(), talk.said) == ([GET_A], [])


def test_the_wait_that_the_server_asks_for_is_kept_and_announced(talk: Talk) -> None:
    talk.fake.faults.on("GET").too_many_requests(4)
    talk.connect(random=lambda: 0.0).get("Job", "a")
    assert talk.waited == [4.0]
    assert talk.said == ["the cluster is busy (429), trying again in 4 s"]


def test_a_date_to_wait_for_is_understood_and_capped(talk: Talk) -> None:
    for seconds in (20, 9000):
        date = email.utils.formatdate(1000 + seconds, usegmt=True)
        talk.fake.faults.on("GET").refuse = Answer(503, "later", {"Retry-After": date})
    talk.connect(random=lambda: 0.0, now=lambda: 1000.0).get("Job", "a")
    assert talk.waited == [20.0, 30.0]


def test_a_server_that_stays_busy_is_given_up_in_time(talk: Talk) -> None:
    talk.fake.faults.on("GET", times=99).too_many_requests(25)
    clock = iter(range(0, 10_000, 10))
    with pytest.raises(ClusterBusyError) as caught:
        talk.connect(clock=lambda: float(next(clock))).get("Job", "a")
    assert caught.value.facts["tried"].startswith("2 times in ")
    assert len(talk.fake.requests) == 2


def test_a_lost_connection_and_half_an_answer_are_repeated(talk: Talk) -> None:
    talk.fake.faults.on("GET").drop_before()
    talk.fake.faults.on("GET").half_body()
    found = talk.connect().get("Job", "a")
    assert found == talk.fake.get("Job", "a")
    assert talk.said == [
        "the cluster broke the connection (Remote end closed connection without response), trying again in 1 s",
        "the cluster broke the connection (the answer broke off), trying again in 1 s",
    ]


def test_an_answer_that_takes_too_long_is_asked_for_again(talk: Talk) -> None:
    talk.fake.faults.on("GET").delay(0.5)
    assert talk.connect(read_seconds=0.1).get("Job", "a") is not None
    assert talk.said == ["the cluster does not answer in time, trying again in 1 s"]


def test_a_server_that_comes_back_is_waited_for(talk: Talk) -> None:
    cluster = talk.connect()
    cluster.get("Job", "a")
    talk.fake.stop()
    talk.while_waiting = talk.fake.start
    assert cluster.create(job("b")).existed is False
    assert talk.said == ["the cluster does not answer (connection refused), trying again in 1 s"]


def test_a_server_that_never_answered_is_given_up_sooner(talk: Talk) -> None:
    talk.fake.stop()
    clock = iter(range(10_000))
    with pytest.raises(UnreachableError) as caught:
        talk.connect(clock=lambda: float(next(clock))).get("Job", "a")
    lines = caught.value.lines()
    assert lines[:3] == [
        f"Error: the cluster does not answer: {talk.fake.url}",
        "  says        connection refused",
        "  context     fake",
    ]
    assert lines[-1] == "Run: kubectl cluster-info     shows whether kubectl gets through"
    assert sum(talk.waited) < 10


def test_an_expired_login_is_renewed_once(talk: Talk) -> None:
    cluster = talk.connect()
    cluster.get("Job", "a")
    talk.fake.api.access.tokens["new"] = talk.fake.api.access.tokens.pop("fake-token")
    talk.fake.kubeconfig(talk.kubeconfig, token="new")  # noqa: S106  # opens only the fake
    assert cluster.create(job("b")).existed is False
    assert [request.headers["authorization"] for request in talk.fake.requests] == [
        "Bearer fake-token",
        "Bearer fake-token",
        "Bearer new",
    ]


def test_a_renewal_stays_with_the_context_whatever_is_current_by_then(talk: Talk) -> None:
    cluster = talk.connect()
    talk.fake.kubeconfig(talk.kubeconfig, token="wrong")  # noqa: S106  # opens nothing
    other = {"name": "other", "context": {"cluster": "other"}}
    config = json.loads(talk.kubeconfig.read_text("utf-8"))
    config["contexts"].append(other)
    config["clusters"].append({"name": "other", "cluster": {"server": "http://127.0.0.1:1"}})
    talk.kubeconfig.write_text(json.dumps({**config, "current-context": "other"}), "utf-8")
    talk.fake.api.access.tokens["wrong"] = talk.fake.api.access.tokens.pop("fake-token")
    assert cluster.get("Job", "a") is not None
    assert (cluster.target.context, cluster.target.kubectl) == ("fake", "kubectl --context fake")


def test_a_login_that_stays_refused_is_told_after_one_renewal(talk: Talk) -> None:
    talk.fake.kubeconfig(talk.kubeconfig, token="wrong")  # noqa: S106  # opens nothing
    with pytest.raises(CredentialsError) as caught:
        talk.connect().get("Job", "a")
    assert caught.value.lines() == [
        "Error: the cluster does not take the login; it has expired or is missing: fake",
        "  says        Unauthorized",
        f"  server      {talk.fake.url}",
        "Run: invoke authenticate-kubectl",
    ]
    assert talk.asked() == [GET_A] * 2


def test_many_threads_share_connections_and_one_renewal(talk: Talk) -> None:
    cluster = talk.connect(connections=8)
    talk.fake.api.access.tokens["new"] = talk.fake.api.access.tokens.pop("fake-token")
    talk.fake.kubeconfig(talk.kubeconfig, token="new")  # noqa: S106  # opens only the fake
    together = threading.Barrier(8)

    def read(_: int) -> object:
        together.wait()
        return [cluster.get("Job", "a") for _ in range(5)]

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(read, range(8)))
    assert found == [[talk.fake.get("Job", "a")] * 5] * 8
    refused = [request for request in talk.fake.requests if request.headers["authorization"] != "Bearer new"]
    assert 1 <= len(refused) <= 8


def test_a_token_that_a_server_repeats_is_not_shown(talk: Talk) -> None:
    talk.fake.faults.on("GET").answer(403, "no entry for fake-token, said the proxy")
    with pytest.raises(ClusterError) as caught:
        talk.connect().get("Job", "a")
    assert "fake: no entry for (hidden), said the proxy" in caught.value.facts["says"]
    assert "fake-token" not in f"{caught.value.lines()}{caught.value.as_json()}{caught.value!r}"


def test_a_redirect_is_not_followed(talk: Talk) -> None:
    talk.fake.faults.on("GET").refuse = Answer(302, "", {"Location": f"{talk.fake.url}/login"})
    with pytest.raises(UnexpectedAnswerError) as caught:
        talk.connect().get("Job", "a")
    assert caught.value.facts["sends to"] == f"{talk.fake.url}/login"
    assert talk.asked() == [GET_A]


def test_the_page_of_a_proxy_is_told_by_its_title(talk: Talk) -> None:
    talk.fake.faults.on("GET").proxy_page(200, PROXY_PAGE.replace("502 Bad Gateway", "Sign in"))
    with pytest.raises(UnexpectedAnswerError) as caught:
        talk.connect().get("Job", "a")
    assert caught.value.lines()[:2] == [
        f"Error: a web page answers in place of the cluster: {talk.fake.url}",
        "  page        Sign in",
    ]


def test_a_proxy_that_is_away_is_told(talk: Talk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://user:secret@127.0.0.1:1")
    with pytest.raises(UnreachableError) as caught:
        talk.connect().get("Job", "a")
    assert caught.value.message == f"the proxy on the way to the cluster does not let us through: {talk.fake.url}"
    assert caught.value.facts["says"] == "connection refused"
    assert "secret" not in "\n".join(caught.value.lines())


def test_ctrl_c_gets_through_at_once(talk: Talk) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    talk.fake.faults.on("GET", times=9).answer(503)
    talk.while_waiting = interrupt
    with pytest.raises(KeyboardInterrupt):
        talk.connect().get("Job", "a")
    assert talk.asked() == [GET_A]


def test_the_patience_of_a_repeat_ends_with_the_request(talk: Talk) -> None:
    talk.fake.faults.on("GET").answer(503)
    talk.fake.faults.on("GET").delay(120)
    clock = iter([0.0, 0.0, 0.0, 0.0, *[59.5] * 99])
    started = time.monotonic()
    with pytest.raises(UnreachableError):
        talk.connect(clock=lambda: next(clock)).get("Job", "a")
    assert time.monotonic() - started < 60


def test_a_stream_comes_unread_and_its_refusal_is_told(talk: Talk) -> None:
    with talk.connect() as cluster:
        stream = cluster.request("GET", JOBS, [("limit", "1")], stream=True).stream
        assert b'"JobList"' in stream.read()
        talk.fake.deny("list", "jobs")
        with pytest.raises(ClusterError) as caught:
            cluster.request("GET", JOBS, stream=True)
    assert caught.value.message == "not allowed to list jobs.batch in namespace default: user tester"


def test_tls_is_checked_against_the_certificate_of_the_kubeconfig(tmp_path: Path) -> None:
    with talking(tmp_path, tls=True) as talk:
        assert talk.connect().server_version() == "v1.36.2"
        config = talk.kubeconfig.read_text("utf-8")
        talk.kubeconfig.write_text(config.replace("certificate-authority-data", "unused"), "utf-8")
        with pytest.raises(UnreachableError) as caught:
            talk.connect().server_version()
    assert caught.value.message == f"the cluster's certificate is not trusted: {talk.fake.url}"
    assert "certificate" in caught.value.facts["says"]


def test_tls_without_a_check_is_used_only_where_the_kubeconfig_says_so(tmp_path: Path) -> None:
    with talking(tmp_path, tls=True) as talk:
        config = json.loads(talk.kubeconfig.read_text("utf-8"))
        config["clusters"][0]["cluster"] = {"server": talk.fake.url, "insecure-skip-tls-verify": True}
        talk.kubeconfig.write_text(json.dumps(config), "utf-8")
        assert talk.connect().server_version() == "v1.36.2"


def test_https_to_a_server_without_tls_is_told(talk: Talk) -> None:
    talk.kubeconfig.write_text(talk.kubeconfig.read_text("utf-8").replace("http://", "https://"), "utf-8")
    with pytest.raises(KubeconfigError) as caught:
        talk.connect().server_version()
    assert caught.value.message.startswith("the kubeconfig says https, but what answers speaks no TLS: ")
