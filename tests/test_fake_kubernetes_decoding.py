"""What the fake API server reads from a body, held against the recorded answers of a real one, and Go's words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import submissions
from tests.fakes.kubernetes import decoding
from tests.fakes.kubernetes.model import ApiError, Object, Resource

JOB = Resource("batch", "v1", "Job", "jobs")
TFJOB = Resource("kubeflow.org", "v1", "TFJob", "tfjobs", custom=True)
CLASS = Resource("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False)
UPDATES = ["exchanges/update/configmap-put-no-change", "exchanges/update/configmap-put-without-resource-version"]


def decode(body: str | Object, resource: Resource = JOB, media: str = decoding.JSON, **asked: Any) -> decoding.Decoded:
    text = body if isinstance(body, str) else json.dumps(body)
    request = {"validation": "Warn", "namespace": "default", **asked}
    return decoding.decode(text.encode(), media, resource, **request)


def refusal(body: str | Object, resource: Resource = JOB, media: str = decoding.JSON, **asked: Any) -> str:
    with pytest.raises(ApiError) as caught:
        decode(body, resource, media, **asked)
    assert (caught.value.code, caught.value.reason) == (400, "BadRequest")
    return caught.value.message.removeprefix('Job in version "v1" cannot be handled as a Job: ')


def job(**spec: object) -> Object:
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "a"}, "spec": spec}


def pod(**spec: object) -> Object:
    return job(template={"spec": spec})


@pytest.mark.parametrize("name", submissions.DECODED)
def test_refuses_in_the_recorded_words(name: str) -> None:
    submission = submissions.load(name)
    with pytest.raises(ApiError) as caught:
        submission.decoded()
    assert caught.value.body() == submission.answer


@pytest.mark.parametrize("name", [name for name in submissions.creates(201) if "field-validation" in name])
def test_drops_unknown_fields_with_the_recorded_warnings(name: str) -> None:
    submission = submissions.load(name)
    assert submission.decoded().warnings == submission.warnings


@pytest.mark.parametrize("name", UPDATES)
def test_takes_a_recorded_update(name: str) -> None:
    submission = submissions.load(name)
    assert submission.decoded().object["data"] == submission.answer["data"]


def test_only_the_first_yaml_document_counts() -> None:
    assert decode("metadata: {name: a}\n---\nmetadata: {name: b}\n", media=decoding.YAML).object["metadata"] == {
        "name": "a",
        "namespace": "default",
    }


def test_what_a_body_does_not_say_is_what_its_address_says() -> None:
    assert decode({"metadata": {"name": "a"}}).object == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "a", "namespace": "default"},
    }


def test_cluster_wide_object_loses_its_namespace() -> None:
    found = decode({"metadata": {"name": "a", "namespace": "b"}}, CLASS, namespace=None)
    assert found.object["metadata"] == {"name": "a"}


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (
            job(template="x"),
            "cannot unmarshal string into Go struct field JobSpec.spec.template of type v1.PodTemplateSpec",
        ),
        (job(suspend=1), "cannot unmarshal number into Go struct field JobSpec.spec.suspend of type bool"),
        (
            job(backoffLimit=1.5),
            "cannot unmarshal number 1.5 into Go struct field JobSpec.spec.backoffLimit of type int32",
        ),
        (
            job(backoffLimit=2**31),
            "cannot unmarshal number 2147483648 into Go struct field JobSpec.spec.backoffLimit of type int32",
        ),
        (
            pod(containers={}),
            "cannot unmarshal object into Go struct field PodSpec.spec.template.spec.containers of type []v1.Container",
        ),
        (
            pod(nodeSelector=["a"]),
            (
                "cannot unmarshal array into Go struct field "
                "PodSpec.spec.template.spec.nodeSelector of type map[string]string"
            ),
        ),
        (
            pod(nodeSelector={"gpu": True}),
            "cannot unmarshal bool into Go struct field PodSpec.spec.template.spec.nodeSelector of type string",
        ),
        (
            pod(containers=[{"resources": {"limits": "4"}}]),
            (
                "cannot unmarshal string into Go struct field "
                "ResourceRequirements.spec.template.spec.containers.resources.limits of type v1.ResourceList"
            ),
        ),
    ],
)
def test_wrong_type_is_told_with_the_names_of_go(body: Object, problem: str) -> None:
    assert refusal(body) == f"json: {problem}"


@pytest.mark.parametrize(
    ("quantity", "problem"),
    [
        ("4 cores", "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"),
        ("4K", "unable to parse quantity's suffix"),
        ("m", "unable to parse numeric part of quantity"),
    ],
)
def test_bad_quantity_is_told_before_any_wrong_type(quantity: str, problem: str) -> None:
    body = pod(hostNetwork="yes", containers=[{"resources": {"limits": {"cpu": quantity}}}])
    assert refusal(body) == problem


def test_bad_time_is_refused() -> None:
    body = {**job(), "metadata": {"name": "a", "creationTimestamp": "now"}}
    assert refusal(body) == 'parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"'


def test_bad_base64_is_refused() -> None:
    body = {"metadata": {"name": "a"}, "binaryData": {"b": "a?"}}
    problem = 'ConfigMap in version "v1" cannot be handled as a ConfigMap: illegal base64 data at input byte 1'
    assert refusal(body, Resource("", "v1", "ConfigMap", "configmaps")) == problem


def test_numbers_are_good_quantities() -> None:
    body = pod(containers=[{"name": "a", "resources": {"limits": {"cpu": 4, "memory": 0.5}}}])
    limits = decode(body).object["spec"]["template"]["spec"]["containers"][0]["resources"]["limits"]
    assert limits == {"cpu": "4", "memory": "0.5"}


def test_what_go_does_not_keep_is_dropped() -> None:
    body = pod(
        hostNetwork=False,
        nodeSelector={},
        serviceAccountName="",
        priorityClassName=None,
        automountServiceAccountToken=False,
        securityContext={},
        containers=[{"name": "a", "args": [], "env": [{"name": "", "value": ""}], "stdin": False}],
    )
    assert decode(body).object["spec"]["template"]["spec"] == {
        "automountServiceAccountToken": False,
        "securityContext": {},
        "containers": [{"name": "a", "env": [{"name": ""}]}],
    }


def test_empty_storage_class_name_is_kept_because_it_means_something() -> None:
    claim = Resource("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims")
    assert decode({"spec": {"storageClassName": ""}}, claim).object["spec"] == {"storageClassName": ""}


def test_repeated_keys_and_unknown_fields_are_told_in_the_order_of_the_text() -> None:
    text = '{"metadata":{"name":"a"},"specc":{},"spec":{"suspend":true,"suspend":false,"x":1}}'
    told = ['unknown field "specc"', 'duplicate field "spec.suspend"', 'unknown field "spec.x"']
    assert decode(text).warnings == told
    assert refusal(text, validation="Strict") == f"strict decoding error: {', '.join(told)}"
    assert decode(text, validation="Ignore").warnings == []
    assert decode(text).object["spec"] == {"suspend": False}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[]", "json: cannot unmarshal array into Go value of type struct"),
        ('{"kind":1}', "json: cannot unmarshal number into Go struct field .kind of type string"),
        ("", "unexpected end of JSON input (<empty>)"),
    ],
)
def test_body_of_unknown_kind_is_unrecognized(text: str, problem: str) -> None:
    told = refusal(text)
    prefix = "the object provided is unrecognized (must be of type Job): couldn't get version/kind; json parse error: "
    assert told.startswith(prefix + problem)


def test_long_text_that_is_no_object_is_shown_in_hexadecimal() -> None:
    assert refusal("x" * 40).endswith(f"({'78' * 30} ...)")


def test_kind_that_nobody_knows_is_refused() -> None:
    body = {**job(), "kind": "Jobb"}
    told = 'Jobb in version "v1" cannot be handled as a Job: no kind "Jobb" is registered for version "batch/v1"'
    assert refusal(body).startswith(told)


def test_update_needs_the_name_of_its_address() -> None:
    assert refusal(job(), name="b") == "the name of the object (a) does not match the name on the URL (b)"
    assert refusal({}, name="b") == "the name of the object (b based on URL) was undeterminable: name must be provided"


def test_applied_object_is_taken_as_it_is() -> None:
    text = "kind: Job\nspec: {x: 1, backoffLimit: null}\nmetadata: {name: a}\n"
    assert decode(text, media=decoding.APPLY, name="a").object == {
        "kind": "Job",
        "spec": {"x": 1, "backoffLimit": None},
        "metadata": {"name": "a", "namespace": "default"},
    }


def test_repeated_key_in_an_applied_object_follows_field_validation() -> None:
    text, told = "metadata: {name: a}\nspec:\n  x: 1\n  x: 2\n", 'line 4: key "x" already set in map'
    assert decode(text, media=decoding.APPLY).warnings == [told]
    assert decode(text, media=decoding.APPLY, validation="Ignore").warnings == []
    problem = f"error converting YAML to JSON: yaml: unmarshal errors:\n  {told}"
    assert refusal(text, media=decoding.APPLY, validation="Strict") == f"error strict decoding YAML: {problem}"


def test_applied_list_is_refused() -> None:
    problem = "json: cannot unmarshal array into Go value of type map[string]interface {}"
    told = f"error decoding YAML: error unmarshaling JSON: while decoding JSON: {problem}"
    assert refusal("- a\n", media=decoding.APPLY) == told


def test_custom_resource_keeps_what_it_says_and_has_typed_metadata() -> None:
    body = {
        "metadata": {"name": "a", "x": 1},
        "spec": {"tfReplicaSpecs": {"Chief": {"replicas": "two", "y": 1}}},
        "z": 1,
    }
    found = decode(body, TFJOB)
    assert found.object["spec"] == {"tfReplicaSpecs": {"Chief": {"replicas": "two"}}}
    assert found.warnings == [
        'unknown field "metadata.x"',
        'unknown field "spec.tfReplicaSpecs.Chief.y"',
        'unknown field "z"',
    ]


def test_repeated_key_in_a_custom_resource_is_told() -> None:
    text = '{"metadata":{"name":"a"},"spec":{"runPolicy":{},"runPolicy":{}}}'
    assert decode(text, TFJOB).warnings == ['duplicate field "spec.runPolicy"']


def test_custom_resource_of_another_version_is_refused_even_without_strictness() -> None:
    body = {"apiVersion": "kubeflow.org/v1beta1", "metadata": {"name": "a"}}
    told = "the API version in the data (kubeflow.org/v1beta1) does not match the expected API version"
    assert refusal(body, TFJOB) == f"{told} (kubeflow.org/v1)"


def test_value_that_was_never_text_is_decoded_too() -> None:
    found = decoding.decode_value(job(backoffLimit=3, x=1), JOB, validation="Warn")
    assert (found.object["spec"], found.warnings) == ({"backoffLimit": 3}, ['unknown field "spec.x"'])
