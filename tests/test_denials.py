"""Who may not do what, and what a webhook, a policy, a quota or an ending namespace does not let in."""

from __future__ import annotations

import json

import pytest

from cajajejo.cluster import refusals
from cajajejo.cluster.exchange import Answer, Asked, Target
from cajajejo.cluster.kinds import KINDS
from tests.test_refusals import lines

TARGET = Target("gke_neurips_europe-west4_autopilot-cluster-1", None, "https://cluster.example:6443")
JOB = Asked("create", KINDS["Job"], "eval-a", "default")


def screen(message: str, *, code: int = 403, asked: Asked = JOB, target: Target = TARGET) -> list[str]:
    body = {"kind": "Status", "message": message, "reason": "Forbidden", "code": code}
    return refusals.refused(Answer(code, {}, json.dumps(body).encode()), asked, target).lines()


def test_a_missing_right_reads_as_documented() -> None:
    message = (
        'jobs.batch is forbidden: User "jasper@example.org" cannot create resource "jobs" in API group "batch" in the '
        'namespace "default": requires one of ["container.jobs.create"] permission(s).'
    )
    assert screen(message) == [
        "Error: not allowed to create jobs.batch in namespace default: user jasper@example.org",
        "  says        gke_neurips_europe-west4_autopilot-cluster-1: jobs.batch is forbidden",
        "Run: invoke authenticate-kubectl     if the login expired; else ask for the right, and check with",
        "     kubectl auth can-i create jobs -n default",
    ]


@pytest.mark.parametrize(
    ("name", "check"),
    [
        ("errors/403-create-storageclass", "kubectl auth can-i create storageclasses"),
        ("errors/403-pod-log", "kubectl auth can-i get pods --subresource=log -n auth-test"),
        ("errors/403-watch", "kubectl auth can-i watch jobs -n auth-test"),
    ],
)
def test_the_check_asks_for_the_very_right(name: str, check: str) -> None:
    assert lines(name)[-1] == f"     {check}"


def test_the_check_names_group_and_context_where_kubectl_needs_them() -> None:
    message = (
        'x is forbidden: User "a" cannot list resource "workloads" in API group "kueue.x-k8s.io" in the namespace "n"'
    )
    other = Target("b", None, "https://h", is_current=False)
    assert screen(message, target=other)[-1] == (
        "     kubectl --context b auth can-i list workloads.kueue.x-k8s.io -n n"
    )


def test_a_path_may_be_forbidden_too() -> None:
    message = 'forbidden: User "a" cannot get path "/metrics"'
    assert screen(message, asked=Asked("get", path="/metrics"))[::3] == [
        "Error: not allowed to get /metrics: user a",
        "     kubectl auth can-i get /metrics",
    ]


def test_hostile_names_stay_harmless_on_the_screen_and_in_the_shell() -> None:
    message = (
        'x is forbidden: User "\x1b[31mroot" cannot create resource "jobs; rm -rf ~" in API group "" '
        'in the namespace "$(id)"'
    )
    shown = screen(message)
    assert shown[0] == "Error: not allowed to create jobs; rm -rf ~ in namespace $(id): user \\x1b[31mroot"
    assert shown[-1] == "     kubectl auth can-i create 'jobs; rm -rf ~' -n '$(id)'"


def test_a_refusal_in_unknown_words_is_passed_on() -> None:
    assert screen("no, said the authorizer")[:2] == [
        "Error: not allowed to create jobs.batch eval-a in namespace default",
        "  says        gke_neurips_europe-west4_autopilot-cluster-1: no, said the authorizer",
    ]
    assert screen("no", asked=Asked("get", path="/x"))[-1] == "     kubectl auth can-i get /x"


def test_nobody_is_told_to_log_in() -> None:
    assert lines("errors/403-anonymous") == [
        "CredentialsError",
        "Error: not logged in to the cluster: https://cluster.example:6443",
        (
            '  says        jobs.batch is forbidden: User "system:anonymous" cannot list resource "jobs" in API group '
            '"batch" in the namespace "auth-test"'
        ),
        "  context     gke",
        "Run: invoke authenticate-kubectl",
    ]


def test_an_ending_namespace_is_named() -> None:
    assert lines("errors/403-namespace-terminating")[1::3] == [
        "Error: namespace auth-test is being deleted, so nothing new can be made in it",
        "Run: kubectl get namespace auth-test",
    ]


def test_a_policy_is_named() -> None:
    assert lines("errors/422-admission-policy-denied") == [
        "DeniedError",
        "Error: the admission policy deny-latest refused to create jobs.batch eval-hook in namespace webhook-test",
        "  says        image tag latest is not allowed",
        "  context     gke",
        "Run: kubectl get validatingadmissionpolicies",
    ]


@pytest.mark.parametrize("code", [400, 403, 409, 422])
def test_a_webhook_is_named_whatever_its_code(code: int) -> None:  # documented, not recorded
    assert screen('admission webhook "jobs.kueue.x-k8s.io" denied the request: no queue\nof this name', code=code) == [
        "Error: the admission webhook jobs.kueue.x-k8s.io refused to create jobs.batch eval-a in namespace default",
        "  says        no queue of this name",
        "  context     gke_neurips_europe-west4_autopilot-cluster-1",
        "Run: kubectl get validatingwebhookconfigurations",
    ]


def test_a_webhook_without_a_reason_is_named() -> None:  # documented, not recorded
    shown = screen('admission webhook "w" denied the request without explanation', code=400)
    assert shown[1] == "  says        (no reason)"


def test_a_quota_is_named_with_its_numbers() -> None:
    message = (
        'jobs.batch "eval-a" is forbidden: exceeded quota: team-quota, requested: count/jobs.batch=1, '
        "used: count/jobs.batch=2, limited: count/jobs.batch=2"
    )
    assert screen(message) == [
        "Error: the quota team-quota refused to create jobs.batch eval-a in namespace default",
        "  says        requested: count/jobs.batch=1, used: count/jobs.batch=2, limited: count/jobs.batch=2",
        "  context     gke_neurips_europe-west4_autopilot-cluster-1",
        "Run: kubectl describe quota -n default",
    ]


def test_a_webhook_that_is_away_is_named() -> None:
    assert lines("errors/500-webhook-service-not-found") == [
        "ClusterBusyError",
        (
            "Error: the admission webhook mjob.kb.io does not answer, so the cluster did not create "
            "jobs.batch eval-hook in namespace webhook-test"
        ),
        (
            '  says        failed to call webhook: Post "https://kueue-webhook-service.kueue-system.svc:443/'
            'mutate-batch-v1-job?timeout=10s": service "kueue-webhook-service" not found'
        ),
        "  context     gke",
        "Run: kubectl get mutatingwebhookconfigurations,validatingwebhookconfigurations",
    ]
