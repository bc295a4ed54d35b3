"""What goes wrong on request, as a plain HTTP client meets it."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from urllib3.exceptions import MaxRetryError, ProtocolError, ReadTimeoutError

from tests.fakes.kubernetes import FakeKubernetes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.kubernetes.messages import Request

CONFIGS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
def cluster() -> Iterator[FakeKubernetes]:
    with FakeKubernetes() as running:
        yield running


@pytest.fixture
def pool() -> Iterator[urllib3.PoolManager]:
    with urllib3.PoolManager(retries=False) as found:
        yield found
        found.clear()


class Client:
    """Sends requests to a cluster, each in one attempt."""

    def __init__(self, cluster: FakeKubernetes, pool: urllib3.PoolManager) -> None:
        self._cluster, self._pool = cluster, pool

    def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> urllib3.BaseHTTPResponse:
        headers = {"Authorization": f"Bearer {self._cluster.token}", "Content-Type": "application/json"}
        sent = None if body is None else json.dumps(body)
        return self._pool.request(method, self._cluster.url + path, body=sent, headers=headers, **more)

    def create(self, name: str) -> urllib3.BaseHTTPResponse:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "b"}}
        return self("POST", CONFIGS, body)


@pytest.fixture
def client(cluster: FakeKubernetes, pool: urllib3.PoolManager) -> Client:
    return Client(cluster, pool)


def test_the_next_requests_are_refused_and_then_no_more(cluster: FakeKubernetes, client: Client) -> None:
    cluster.faults.on("POST", "/configmaps$", times=2).answer(503, "etcd is not there", retry_after=1)
    answers = [client.create("a") for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 503, 201]
    assert answers[0].json() == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "etcd is not there",
        "code": 503,
    }
    assert answers[0].headers["Retry-After"] == "1"


def test_a_fault_may_leave_the_first_requests_alone(cluster: FakeKubernetes, client: Client) -> None:
    cluster.faults.on("POST", skip=1).answer(500)
    assert [client.create(name).status for name in ("a", "b", "c")] == [201, 500, 201]
    assert [each["metadata"]["name"] for each in cluster.objects("ConfigMap")] == ["a", "c"]


def test_flow_control_answers_with_text(cluster: FakeKubernetes, client: Client) -> None:
    cluster.faults.on().too_many_requests(retry_after=7)
    answer = client("GET", CONFIGS)
    assert (answer.status, answer.headers["Retry-After"]) == (429, "7")
    assert answer.data == b"Too many requests, please try again later.\n"


def test_a_proxy_answers_with_a_page(cluster: FakeKubernetes, client: Client) -> None:
    cluster.faults.on().proxy_page()
    answer = client("GET", CONFIGS)
    assert (answer.status, answer.headers["Content-Type"]) == (502, "text/html")
    assert answer.data.startswith(b"<html>")


@pytest.mark.parametrize(("stored", "drop"), [(False, "drop_before"), (True, "drop_after")], ids=["before", "after"])
def test_connection_is_lost_before_the_answer(
    cluster: FakeKubernetes, client: Client, drop: str, *, stored: bool
) -> None:
    getattr(cluster.faults.on("POST"), drop)()
    with pytest.raises(ProtocolError, match="Connection aborted"):
        client.create("a")
    assert (cluster.get("ConfigMap", "a") is not None) is stored
    assert client.create("b").status == 201


def test_half_a_body_breaks_off(cluster: FakeKubernetes, client: Client) -> None:
    cluster.faults.on("POST").half_body()
    with pytest.raises(ProtocolError, match="IncompleteRead"):
        client.create("a")
    assert cluster.get("ConfigMap", "a") is not None


def test_a_delay_outlasts_an_impatient_client(cluster: FakeKubernetes, client: Client) -> None:
    cluster.faults.on("GET").delay(60)
    with pytest.raises(ReadTimeoutError):
        client("GET", CONFIGS, timeout=0.1)


def test_a_dribbling_answer_is_whole_in_the_end(cluster: FakeKubernetes, client: Client) -> None:
    cluster.faults.on("GET").dribble(0.3)
    begin = time.monotonic()
    answer = client("GET", CONFIGS)
    assert answer.json()["kind"] == "ConfigMapList"
    assert time.monotonic() - begin > 0.25


def test_a_watch_is_cut_after_so_many_events(cluster: FakeKubernetes, client: Client) -> None:
    for name in ("a", "b"):
        client.create(name)
    cluster.faults.on("GET").cut(after_events=1)
    answer = client("GET", f"{CONFIGS}?watch=true", preload_content=False)
    parts: list[bytes] = []
    with pytest.raises(ProtocolError, match="Response ended prematurely"):
        parts.extend(answer.stream())
    assert [json.loads(part)["object"]["metadata"]["name"] for part in parts] == ["a"]
    assert client("GET", f"{CONFIGS}?watch=true&timeoutSeconds=1").data.count(b"ADDED") == 2


def test_a_hook_sees_every_request_before_it_is_served(cluster: FakeKubernetes, client: Client) -> None:
    seen: list[tuple[int, str, int]] = []

    def hook(number: int, request: Request) -> None:
        seen.append((number, request.method, len(cluster.objects("ConfigMap"))))

    cluster.before(hook)
    for name in ("a", "b"):
        client.create(name)
    assert seen == [(1, "POST", 0), (2, "POST", 1)]


def test_requests_are_kept_for_the_test_to_look_at(cluster: FakeKubernetes, client: Client) -> None:
    client.create("a")
    client("GET", f"{CONFIGS}?limit=3&labelSelector=a%3Db")
    first, second = cluster.requests
    assert (first.method, first.path, first.json()["metadata"]["name"]) == ("POST", CONFIGS, "a")
    assert first.headers["authorization"] == f"Bearer {cluster.token}"
    assert (second.method, second.query) == ("GET", {"limit": "3", "labelSelector": "a=b"})


def test_a_server_that_starts_again_has_its_port_and_objects(cluster: FakeKubernetes, client: Client) -> None:
    client.create("a")
    url = cluster.url
    cluster.stop()
    with pytest.raises(urllib3.exceptions.NewConnectionError):
        client("GET", CONFIGS)
    cluster.start()
    assert cluster.url == url
    assert client("GET", f"{CONFIGS}/a").status == 200


def test_an_idle_connection_is_gone_after_a_stop(cluster: FakeKubernetes, client: Client) -> None:
    client("GET", CONFIGS)
    cluster.stop()
    cluster.start()
    assert client("GET", CONFIGS).status == 200


def test_many_clients_are_served_at_once(cluster: FakeKubernetes, client: Client) -> None:
    together = threading.Barrier(8)

    def meet(_number: int, _request: Request) -> None:
        together.wait(60)

    cluster.before(meet)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(client, ["GET"] * 8, [f"{CONFIGS}?n={number}" for number in range(8)]))
    assert [answer.status for answer in answers] == [200] * 8


def test_tls_is_trusted_by_its_authority_only(tmp_path: Any) -> None:
    with FakeKubernetes(tls=True) as cluster:
        assert cluster.certificate is not None
        authority = tmp_path / "ca.pem"
        authority.write_text(cluster.certificate.authority)
        with urllib3.PoolManager(retries=False, ca_certs=str(authority)) as trusting:
            assert trusting.request("GET", f"{cluster.url}/readyz").data == b"ok"
        with urllib3.PoolManager(retries=False) as strict, pytest.raises((urllib3.exceptions.SSLError, MaxRetryError)):
            strict.request("GET", f"{cluster.url}/readyz")
        plain = urllib3.request("GET", cluster.url.replace("https", "http"), retries=False)
        assert (plain.status, plain.data) == (400, b"Client sent an HTTP request to an HTTPS server.\n")


def test_a_mistake_of_the_fake_fails_the_test() -> None:
    def broken(_: Any) -> None:
        raise ZeroDivisionError

    def run() -> None:
        with FakeKubernetes() as cluster, urllib3.PoolManager(retries=False) as pool:
            cluster.admit(broken)
            assert Client(cluster, pool).create("a").status == 500

    with pytest.raises(ZeroDivisionError):
        run()
