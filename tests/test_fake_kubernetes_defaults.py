"""What the fake API server adds to an object, held against the recorded answers of a real one."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import submissions
from tests.fakes.kubernetes import decoding, defaults, quantities
from tests.fakes.kubernetes.model import Object, Resource
from tests.fakes.kubernetes.pod_defaults import pull_policy

JOB = Resource("batch", "v1", "Job", "jobs")
POD = Resource("", "v1", "Pod", "pods")


def container(**fields: object) -> Object:
    return {"name": "a", "image": "registry.example/python:1", **fields}


def pod_spec(resource: Resource, spec: Object) -> Any:
    """The spec of a pod after decoding and defaults."""
    body = {"metadata": {"name": "a"}, "spec": spec if resource is POD else {"template": {"spec": spec}}}
    sent = decoding.decode_value(body, resource, validation="Strict").object
    filled = defaults.fill(resource, sent)["spec"]
    return filled if resource is POD else filled["template"]["spec"]


@pytest.mark.parametrize("name", submissions.creates(201))
def test_created_object_is_the_recorded_one(name: str) -> None:
    submission = submissions.load(name)
    assert submission.filled() == submission.answered


def test_filling_twice_changes_nothing_more() -> None:
    once = submissions.load("mission-example/dry-run-create-job").filled()
    assert defaults.fill(JOB, once) == once


def test_given_object_is_left_alone() -> None:
    sent = {"metadata": {"name": "a", "uid": "u"}, "spec": {"template": {"spec": {"containers": [container()]}}}}
    defaults.fill(JOB, sent)
    assert sent == {
        "metadata": {"name": "a", "uid": "u"},
        "spec": {"template": {"spec": {"containers": [container()]}}},
    }


def test_defaults_come_without_what_is_generated() -> None:
    sent: Object = {"metadata": {"name": "a", "uid": "u"}, "spec": {"template": {}}}
    filled = defaults.with_defaults(JOB, sent)
    assert "labels" not in filled["metadata"]
    assert "selector" not in filled["spec"]


def test_labels_of_the_template_are_kept_beside_the_generated_ones() -> None:
    template = {"metadata": {"labels": {"team": "a", "job-name": "mine"}}}
    filled = defaults.fill(JOB, {"metadata": {"name": "a", "uid": "u"}, "spec": {"template": template}})
    labels = {
        "team": "a",
        "job-name": "mine",
        "controller-uid": "u",
        "batch.kubernetes.io/controller-uid": "u",
        "batch.kubernetes.io/job-name": "a",
    }
    assert filled["metadata"]["labels"] == labels
    assert filled["spec"]["template"]["metadata"]["labels"] == labels


def test_manual_selector_generates_nothing() -> None:
    spec = {"manualSelector": True, "selector": {"matchLabels": {"a": "b"}}, "template": {}}
    filled = defaults.fill(JOB, {"metadata": {"name": "a", "uid": "u"}, "spec": spec})
    assert filled["spec"]["selector"] == {"matchLabels": {"a": "b"}}
    assert filled["spec"]["template"]["metadata"] == {}
    assert filled["metadata"] == {"name": "a", "uid": "u"}


def test_parallel_job_without_completions_has_none() -> None:
    spec = defaults.with_defaults(JOB, {"spec": {"parallelism": 3, "template": {}}})["spec"]
    assert (spec["parallelism"], "completions" in spec) == (3, False)


def test_backoff_per_index_lifts_the_limit_of_the_whole() -> None:
    spec = defaults.with_defaults(JOB, {"spec": {"backoffLimitPerIndex": 1, "template": {}}})["spec"]
    assert spec["backoffLimit"] == 2147483647


@pytest.mark.parametrize(
    ("image", "policy"),
    [
        ("python", "Always"),
        ("registry.example:5000/a/python", "Always"),
        ("python:latest", "Always"),
        ("python:3.11", "IfNotPresent"),
        ("registry.example:5000/a/python:3.11", "IfNotPresent"),
        (f"python@sha256:{'0' * 64}", "IfNotPresent"),
        (f"python:latest@sha256:{'0' * 64}", "Always"),
        ("Python::latest", "IfNotPresent"),
    ],
)
def test_tag_decides_when_an_image_is_pulled(image: str, policy: str) -> None:
    assert pull_policy(image) == policy


def test_account_is_known_by_both_names() -> None:
    for name in ("serviceAccount", "serviceAccountName"):
        spec = pod_spec(JOB, {name: "me", "containers": [container()]})
        assert (spec["serviceAccount"], spec["serviceAccountName"]) == ("me", "me")


def test_volumes_probes_and_references_have_defaults() -> None:
    probe = {"httpGet": {"port": 80}}
    reference = {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    volumes = [{"name": "a"}, {"name": "b", "secret": {"secretName": "s"}}, {"name": "c", "hostPath": {"path": "/c"}}]
    given_container = container(readinessProbe=probe, env=[reference], ports=[{"containerPort": 80}])
    spec = pod_spec(JOB, {"containers": [given_container], "volumes": volumes})
    assert spec["volumes"] == [
        {"name": "a", "emptyDir": {}},
        {"name": "b", "secret": {"secretName": "s", "defaultMode": 420}},
        {"name": "c", "hostPath": {"path": "/c", "type": ""}},
    ]
    filled = spec["containers"][0]
    assert filled["readinessProbe"] == {
        "httpGet": {"path": "/", "port": 80, "scheme": "HTTP"},
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": 3,
    }
    assert filled["ports"] == [{"containerPort": 80, "protocol": "TCP"}]
    assert filled["env"][0]["valueFrom"]["fieldRef"] == {"apiVersion": "v1", "fieldPath": "spec.nodeName"}


def test_pod_requests_what_it_is_limited_to_and_a_template_does_not() -> None:
    resources = {"limits": {"cpu": "2", "memory": "0.5Gi"}, "requests": {"cpu": "1000m"}}
    limits = {"cpu": "2", "memory": "512Mi"}
    spec = {"containers": [container(resources=resources)]}
    assert pod_spec(POD, spec)["containers"][0]["resources"] == {
        "limits": limits,
        "requests": {"cpu": "1", "memory": "512Mi"},
    }
    assert pod_spec(JOB, spec)["containers"][0]["resources"] == {"limits": limits, "requests": {"cpu": "1"}}


def test_resources_are_rounded_up_to_thousandths() -> None:
    spec = pod_spec(JOB, {"containers": [container(resources={"limits": {"cpu": "0.1m", "memory": "1.5"}})]})
    assert spec["containers"][0]["resources"] == {"limits": {"cpu": "1m", "memory": "1500m"}}


@pytest.mark.parametrize(
    ("resource", "value", "added"),
    [
        (Resource("", "v1", "Secret", "secrets"), {"data": {"a": "Yg=="}}, {"type": "Opaque"}),
        (
            Resource("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
            {"spec": {"accessModes": ["ReadWriteOnce"], "volumeMode": "Block"}},
            {
                "spec": {"accessModes": ["ReadWriteOnce"], "volumeMode": "Block", "resources": {}},
                "status": {"phase": "Pending"},
            },
        ),
    ],
    ids=["secret", "claim"],
)
def test_other_kinds_have_defaults(resource: Resource, value: Object, added: Object) -> None:
    sent = {"metadata": {"name": "a"}, **value}
    assert defaults.fill(resource, sent) == {**sent, **added}


def test_null_in_a_custom_resource_gives_way_to_a_default() -> None:
    trainjob = Resource("trainer.kubeflow.org", "v1alpha1", "TrainJob", "trainjobs", custom=True)
    filled = defaults.fill(
        trainjob, {"metadata": {"name": "a"}, "spec": {"suspend": None, "runtimeRef": {"name": "r"}}}
    )
    assert filled["spec"]["suspend"] is False


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("0", "0"),
        ("0.5", "500m"),
        ("1000m", "1"),
        ("1500m", "1500m"),
        (".5", "500m"),
        ("1.", "1"),
        ("+1", "1"),
        ("-1", "-1"),
        ("1000", "1k"),
        ("1024", "1024"),
        ("1024Ki", "1Mi"),
        ("0.5Gi", "512Mi"),
        ("1500.5Mi", "1536512Ki"),
        ("0.1Ki", "102400m"),
        ("512Ki", "512Ki"),
        ("1e3", "1e3"),
        ("12E6", "12e6"),
        ("1E", "1E"),
        ("0.0000000001", "1n"),
    ],
)
def test_quantity_is_printed_in_canonical_form(text: str, canonical: str) -> None:
    assert quantities.canonical(text) == canonical


@given(
    number=st.integers(-(10**6), 10**6),
    places=st.integers(0, 3),
    suffix=st.sampled_from(["", "m", "k", "M", "Ki", "Mi", "Gi", "e3", "e-3"]),
)
def test_canonical_form_keeps_the_value_and_is_final(number: int, places: int, suffix: str) -> None:
    quantity = quantities.parse(f"{Fraction(number, 10**places).__float__():.{places}f}{suffix}")
    assert quantities.parse(str(quantity)).value == quantity.value
    assert quantities.canonical(str(quantity)) == str(quantity)
