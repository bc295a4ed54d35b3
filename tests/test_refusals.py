"""Answers of a real API server, and of what stands in front of one, as the errors that a user reads."""

from __future__ import annotations

import pytest

from cajajejo.cluster import refusals
from cajajejo.cluster.errors import ClusterError
from cajajejo.cluster.exchange import Answer, Asked, Target
from cajajejo.cluster.kinds import KINDS
from cajajejo.cluster.retries import Failure, Trouble
from tests.recorded_answers import names, recorded

TARGET = Target("gke", "default", "https://cluster.example:6443")
JOB = Asked("create", KINDS["Job"], "eval-a", "default")
CUT = "the text is JSON only in part; was it cut on the way?"


def refused(answer: Answer, what: Asked = JOB) -> ClusterError:
    return refusals.refused(answer, what, TARGET)


def lines(name: str) -> list[str]:
    error = refused(*recorded(name))
    return [type(error).__name__, *"\n".join(error.lines()).splitlines()]


@pytest.mark.parametrize("name", names())
def test_every_recorded_refusal_reads_well(name: str) -> None:
    error = refused(*recorded(name))
    text = "\n".join(error.lines())
    assert type(error) is not ClusterError
    assert len(text) < 1600
    assert not any(word in text for word in ("Go struct", '{"Volumes"', "&value", "regex", "cannot be handled as"))
    assert all(line.isprintable() for line in text.splitlines())


def test_no_recording_is_lost() -> None:
    assert len(names()) >= 130


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "errors/403-create-job",
            [
                "NotAllowedError",
                (
                    "Error: not allowed to create jobs.batch in namespace auth-test: "
                    "user system:serviceaccount:auth-test:nobody"
                ),
                "  says        gke: jobs.batch is forbidden",
                "Run: invoke authenticate-kubectl     if the login expired; else ask for the right, and check with",
                "     kubectl auth can-i create jobs -n auth-test",
            ],
        ),
        (
            "errors/401-bad-token",
            [
                "CredentialsError",
                "Error: the cluster does not take the login; it has expired or is missing: gke",
                "  says        Unauthorized",
                "  server      https://cluster.example:6443",
                "Run: invoke authenticate-kubectl",
            ],
        ),
        (
            "errors/404-namespace-not-found-create",
            [
                "MissingNamespaceError",
                "Error: there is no namespace nowhere: gke",
                "Run: kubectl create namespace nowhere",
            ],
        ),
        (
            "errors/404-missing-crd",
            [
                "NotServedError",
                "Error: the cluster does not know Workload in kueue.x-k8s.io/v1beta2",
                "  context     gke",
                "  note        the software that brings Workload is not installed, or in another version",
                "Run: kubectl api-resources --api-group=kueue.x-k8s.io",
            ],
        ),
        (
            "errors/404-api-version-not-served",
            [
                "NotServedError",
                "Error: the cluster does not know Job in batch/v1beta1",
                "  context     gke",
                "Run: kubectl api-resources --api-group=batch",
            ],
        ),
        (
            "errors/404-put",
            [
                "MissingObjectError",
                "Error: not found: jobs.batch no-such-job in namespace default",
                '  says        jobs.batch "no-such-job" not found',
                "  context     gke",
                "Run: kubectl get jobs.batch -n default",
            ],
        ),
        (
            "errors/409-already-exists-job",
            [
                "AlreadyExistsError",
                "Error: jobs.batch eval-a in namespace default already exists",
                "  context     gke",
                "Run: kubectl get jobs.batch eval-a -n default",
            ],
        ),
        (
            "errors/422-several-errors",
            [
                "InvalidObjectError",
                "Error: the cluster refused to create jobs.batch eval-inv in namespace default: not valid",
                "  says        spec.backoffLimit: Invalid value: -1: must be greater than or equal to 0",
                "              spec.template.spec.containers[0].image: Required value",
                '              spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
                "  context     gke",
                "Run: kubectl explain job.spec.backoffLimit",
            ],
        ),
        (
            "errors/422-immutable-job-template-apply",
            [
                "InvalidObjectError",
                "Error: the cluster refused to patch jobs.batch eval-ssa in namespace default: not valid",
                "  says        spec.template.spec: field is immutable",
                "  context     gke",
                "  note        this cannot be changed once it is there; make an object of another name",
                "Run: kubectl explain job.spec.template.spec",
            ],
        ),
        (
            "errors/413-body-over-3-mib",
            [
                "InvalidObjectError",
                "Error: the cluster refused to create configmaps big in namespace default: not valid",
                "  says        Request entity too large: limit is 3145728",
                "  context     gke",
            ],
        ),
        (
            "errors/429-flow-control",
            [
                "ClusterBusyError",
                "Error: the cluster is too busy (429 Too Many Requests): https://cluster.example:6443",
                "  says        Too many requests, please try again later.",
                "  context     gke",
                "Run: kubectl get --raw /readyz?verbose",
            ],
        ),
        (
            "errors/410-list-exact-old",
            [
                "ExpiredError",
                "Error: too old to be continued: jobs.batch in namespace default",
                "  says        The resourceVersion for the provided list is too old.",
                "  context     gke",
            ],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_screen_of_a_refusal(name: str, expected: list[str]) -> None:
    assert lines(name) == expected


@pytest.mark.parametrize(
    ("status", "headers", "body", "kind", "message", "facts"),
    [
        (
            400,
            {"content-type": "text/plain"},
            "Client sent an HTTP request to an HTTPS server.\n",
            "KubeconfigError",
            "the kubeconfig says http, but the cluster wants https: https://cluster.example:6443",
            {"says": "Client sent an HTTP request to an HTTPS server.", "context": "gke"},
        ),
        (
            407,
            {"content-type": "text/html"},
            "<html><title>Squid \x1b[2J</title>",
            "UnexpectedAnswerError",
            "a web page answers in place of the cluster: https://cluster.example:6443",
            {
                "page": "Squid \\x1b[2J",
                "answer": "407 Proxy Authentication Required",
                "context": "gke",
                "note": "a proxy, a login page or a load balancer stands in between",
            },
        ),
        (
            302,
            {"location": "https://login.example/?next=/apis"},
            "",
            "UnexpectedAnswerError",
            "what answers is not a Kubernetes API, or something stands in between: https://cluster.example:6443",
            {"answer": "302 Found", "context": "gke", "sends to": "https://login.example/?next=/apis"},
        ),
        (
            404,
            {"content-type": "application/json"},
            '{"error": "no such route"}',
            "UnexpectedAnswerError",
            "what answers is not a Kubernetes API, or something stands in between: https://cluster.example:6443",
            {"answer": "404 Not Found", "context": "gke", "says": '{"error": "no such route"}'},
        ),
        (401, {}, "no", "CredentialsError", "", {"says": "no", "server": "https://cluster.example:6443"}),
        (503, {}, "", "ClusterBusyError", "", {"context": "gke"}),
        (599, {}, "odd", "UnexpectedAnswerError", "", {"answer": "599", "context": "gke", "says": "odd"}),
    ],
    ids=["http to https", "proxy page", "redirect", "another service", "plain 401", "plain 503", "odd status"],
)
def test_what_is_no_answer_of_kubernetes(
    status: int, headers: dict[str, str], body: str, kind: str, message: str, facts: dict[str, str]
) -> None:
    error = refused(Answer(status, headers, body.encode()))
    assert (error.kind, error.message if message else "", error.facts) == (kind, message, facts)


@pytest.mark.parametrize(
    ("headers", "body", "facts"),
    [
        ({"content-type": "application/json"}, b'{"kind": "Jo', {"note": CUT}),
        ({"content-type": "application/vnd.kubernetes.protobuf"}, b"k8s\0", {}),
        ({}, b"", {}),
    ],
    ids=["half", "protobuf", "nothing"],
)
def test_a_success_without_an_object_is_told(headers: dict[str, str], body: bytes, facts: dict[str, str]) -> None:
    error = refusals.unreadable(Answer(200, headers, body), JOB, TARGET)
    got = f"{len(body)} bytes, {headers.get('content-type', 'without a content type')}"
    expected = {"asked": "create jobs.batch eval-a in namespace default", "got": got, "context": "gke", **facts}
    assert (error.kind, error.facts) == ("UnexpectedAnswerError", expected)


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("errors/429-flow-control", Trouble(Failure.NOT_DONE, "is busy (429)", 1.0)),
        ("errors/504-rv-too-large", Trouble(Failure.PERHAPS_DONE, "failed (504 Gateway Timeout)", 1.0)),
        ("errors/500-webhook-service-not-found", Trouble(Failure.PERHAPS_DONE, "failed (500 Internal Server Error)")),
        ("errors/500-apply-wrong-type-env-int", None),
        ("errors/500-watch-bad-resource-version", None),
        ("errors/403-create-job", None),
        ("errors/409-already-exists-job", None),
    ],
)
def test_what_may_pass_is_told_from_what_may_not(name: str, trouble: Trouble | None) -> None:
    assert refusals.answer_trouble(recorded(name)[0], 0.0) == trouble


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("errors/404-job", True),
        ("errors/404-delete", True),
        ("errors/404-missing-crd", False),
        ("errors/404-api-version-not-served", False),
        ("errors/404-namespace-not-found", False),
        ("errors/403-get-job-named", False),
    ],
)
def test_a_missing_object_is_told_from_a_missing_kind_or_namespace(name: str, missing: object) -> None:
    assert refusals.is_missing(*recorded(name)) is missing
