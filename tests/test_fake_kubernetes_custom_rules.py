"""What the fake API server refuses of metadata, configuration and custom resources, beyond the recordings."""

from __future__ import annotations

import base64

import pytest

from tests.fakes.kubernetes import defaults, rules
from tests.fakes.kubernetes.model import Object, Resource

CONFIG_MAP = Resource("", "v1", "ConfigMap", "configmaps")
CLASS = Resource("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False)
CLAIM = Resource("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims")
TRAINJOB = Resource("trainer.kubeflow.org", "v1alpha1", "TrainJob", "trainjobs", custom=True)
UNCHECKED = (
    "<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; "
    "correct the existing errors to complete validation"
)


def told(resource: Resource, value: Object, old: Object | None = None) -> list[str]:
    return [f"{cause.field}: {cause.message}" for cause in rules.problems(resource, value, old)]


def config_map(metadata: Object | None = None, **fields: object) -> Object:
    return {"metadata": {"name": "a", "namespace": "default", "uid": "u", **(metadata or {})}, **fields}


def storage_class(**fields: object) -> Object:
    return defaults.fill(CLASS, {"metadata": {"name": "a"}, "provisioner": "x.example", **fields})


def trainjob(name: str = "a", **spec: object) -> Object:
    head = {"apiVersion": "trainer.kubeflow.org/v1alpha1", "kind": "TrainJob"}
    body = {**head, "metadata": {"name": name, "namespace": "default"}, "spec": {"runtimeRef": {"name": "r"}, **spec}}
    return defaults.fill(TRAINJOB, body)


@pytest.mark.parametrize(
    ("metadata", "problems"),
    [
        ({"name": ""}, ["metadata.name: Required value: name or generateName is required"]),
        ({"namespace": ""}, ["metadata.namespace: Required value"]),
        ({"generateName": "a-"}, []),
        (
            {"finalizers": ["mine"]},
            [
                (
                    'metadata.finalizers: Invalid value: "mine": '
                    "name is neither a standard finalizer name nor is it fully qualified"
                )
            ],
        ),
        ({"finalizers": ["a.io/b", "orphan"]}, []),
        (
            {"labels": {"/a": "b", "A.io/c": "d"}},
            [
                'metadata.labels: Invalid value: "/a": prefix part must be non-empty',
                (
                    'metadata.labels: Invalid value: "A.io/c": prefix part a '
                    "lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
                    "characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
                    "'example.com', regex used for validation is "
                    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
                ),
            ],
        ),
        (
            {"labels": {"a/b/c": "d"}},
            [
                (
                    'metadata.labels: Invalid value: "a/b/c": a qualified name must consist of '
                    "alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character "
                    "(e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
                    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS "
                    "subdomain prefix and '/' (e.g. 'example.com/MyName')"
                )
            ],
        ),
        ({"annotations": {"a": "x" * (262144 - 1)}}, []),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_metadata_is_checked(metadata: Object, problems: list[str]) -> None:
    assert told(CONFIG_MAP, config_map(metadata)) == problems


def test_object_has_one_controller() -> None:
    owners = [{"apiVersion": "v1", "kind": "Pod", "name": name, "uid": name, "controller": True} for name in "ab"]
    (problem,) = told(CONFIG_MAP, config_map({"ownerReferences": owners}))
    assert problem.endswith(
        'Only one reference can have Controller set to true. Found "true" in references for Pod/a and Pod/b'
    )


def test_uid_is_immutable() -> None:
    assert told(CONFIG_MAP, config_map({"uid": "v"}), config_map()) == [
        'metadata.uid: Invalid value: "v": field is immutable'
    ]


def test_binary_data_counts_as_it_is_decoded() -> None:
    blob = base64.b64encode(bytes(1024 * 1024)).decode()
    assert told(CONFIG_MAP, config_map(binaryData={"a": blob})) == []
    assert told(CONFIG_MAP, config_map(binaryData={"a": blob}, data={"b": "1"})) == [
        "[]: Too long: may not be more than 1048576 bytes"
    ]


@pytest.mark.parametrize(
    ("key", "rule"), [(".", "must not be '.'"), ("..", "must not be '..'"), ("..a", "must not start with '..'")]
)
def test_key_of_dots_is_refused(key: str, rule: str) -> None:
    assert told(CONFIG_MAP, config_map(data={key: ""})) == [f'data[{key}]: Invalid value: "{key}": {rule}']


def test_key_stands_in_text_or_in_binary_data() -> None:
    assert told(CONFIG_MAP, config_map(data={"a": ""}, binaryData={"a": ""})) == [
        'data[a]: Invalid value: "a": duplicate of key present in binaryData',
        'binaryData[a]: Invalid value: "a": duplicate of key present in data',
    ]


def test_frozen_config_map_stays_frozen() -> None:
    assert told(CONFIG_MAP, config_map(), config_map(immutable=True)) == [
        "immutable: Forbidden: field is immutable when `immutable` is set"
    ]


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"reclaimPolicy": "Keep"}, ['reclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Retain"']),
        ({"parameters": {"": "a"}}, ['parameters: Invalid value: "": field can not be empty.']),
        ({"parameters": {"a": "x" * 262144}}, ["parameters: Too long: may not be more than 262144 bytes"]),
    ],
    ids=["policy", "key", "size"],
)
def test_storage_class_is_checked(fields: Object, problems: list[str]) -> None:
    assert told(CLASS, storage_class(**fields)) == problems


def test_cluster_wide_object_has_no_namespace() -> None:
    value = storage_class()
    value["metadata"]["namespace"] = "default"
    assert told(CLASS, value) == ["metadata.namespace: Forbidden: not allowed on this type"]


def test_claim_needs_some_storage() -> None:
    spec = {"accessModes": ["ReadWriteOncePod", "ReadOnlyMany"], "resources": {"requests": {"storage": "0"}}}
    assert told(CLAIM, config_map(spec=spec)) == [
        "spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes",
        'spec.resources[storage]: Invalid value: "0": must be greater than zero',
    ]


@pytest.mark.parametrize(
    ("spec", "problems"),
    [
        ({"trainer": {"env": [{}]}}, ["spec.trainer.env[0].name: Required value", UNCHECKED]),
        (
            {"trainer": {"image": None}},
            [
                'spec.trainer.image: Invalid value: "null": spec.trainer.image in body must be of type string: "null"',
                UNCHECKED,
            ],
        ),
        (
            {"trainer": {"numNodes": 1.5}},
            [
                (
                    'spec.trainer.numNodes: Invalid value: "number": '
                    'spec.trainer.numNodes in body must be of type integer: "number"'
                ),
                UNCHECKED,
            ],
        ),
        ({"managedBy": "a" * 254}, ["spec.managedBy: Too long: may not be more than 253 bytes", UNCHECKED]),
        (
            {"initializer": {"model": {"storageUri": "no uri"}}},
            [
                (
                    'spec.initializer.model.storageUri: Invalid value: "no uri": '
                    "storageUri may be empty, or it must be a valid URI (scheme://...)"
                )
            ],
        ),
        (
            {"trainer": {"resourcesPerNode": {"limits": {"cpu": "x"}}}},
            [
                (
                    'spec.trainer.resourcesPerNode.limits.cpu: Invalid value: "x": '
                    "spec.trainer.resourcesPerNode.limits.cpu in body should match "
                    r"'^(\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))"
                    r"(([KMGTPE]i)|[numkMGTPE]|([eE](\+|-)?(([0-9]+(\.[0-9]*)?)|(\.[0-9]+))))?$'"
                )
            ],
        ),
    ],
    ids=["required", "null", "fraction", "long", "rule", "pattern"],
)
def test_custom_resource_is_held_against_its_schema(spec: Object, problems: list[str]) -> None:
    assert told(TRAINJOB, trainjob(**spec)) == problems


def test_sizes_and_choices_of_a_custom_resource_are_checked() -> None:
    workflow = Resource("argoproj.io", "v1alpha1", "Workflow", "workflows", custom=True)
    parameters = {"parameters": [{"name": "", "enum": []}]}
    artifact = {"name": "a b", "mode": 512, "artifactGC": {"strategy": "Later"}}
    template = {"name": "main", "inputs": {"artifacts": [artifact]}}
    value = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "metadata": {"name": "a", "namespace": "default"},
        "spec": {"arguments": parameters, "templates": [template] * 201},
    }
    place = "spec.templates[0].inputs.artifacts[0]"
    enum, name = (f"spec.arguments.parameters[0].{field}" for field in ("enum", "name"))
    strategies = '"", "OnWorkflowCompletion", "OnWorkflowDeletion", "Never"'
    assert [text for text in told(workflow, value) if "templates[" not in text or place in text] == [
        f"{enum}: Invalid value: 0: {enum} in body should have at least 1 items",
        f"{name}: Invalid value: \"\": {name} in body should match '^[-a-zA-Z0-9_]+$'",
        "spec.templates: Too many: 201: must have at most 200 items",
        f'{place}.artifactGC.strategy: Unsupported value: "Later": supported values: {strategies}',
        f"{place}.mode: Invalid value: 512: {place}.mode in body should be less than or equal to 511",
        f"{place}.name: Invalid value: \"a b\": {place}.name in body should match '^[-a-zA-Z0-9_{{}}.]+$'",
        UNCHECKED,
    ]


def test_custom_resource_says_its_kind() -> None:
    assert told(TRAINJOB, {**trainjob(), "kind": "TFJob"}) == ['kind: Invalid value: "TFJob": must be TrainJob']


def test_immutable_part_of_a_custom_resource_may_stay() -> None:
    old = trainjob(trainer={"numNodes": 1})
    assert told(TRAINJOB, trainjob(trainer={"numNodes": 1}, suspend=True), old) == []


def test_part_that_was_not_there_may_come_because_its_rule_compares_two_values() -> None:
    assert told(TRAINJOB, trainjob(trainer={"numNodes": 1}), trainjob()) == []


def test_item_of_a_keyed_list_is_compared_with_its_former_self() -> None:
    def patched(*managers: str, account: str) -> Object:
        pod = {"template": {"spec": {"serviceAccountName": account}}}
        jobs = [{"name": "node", "template": {"spec": pod}}]
        runtime = {"template": {"spec": {"replicatedJobs": jobs}}}
        return trainjob(runtimePatches=[{"manager": name, "trainingRuntimeSpec": runtime} for name in managers])

    old = patched("a.io/x", account="me")
    place = "spec.runtimePatches[1].trainingRuntimeSpec.template.spec.replicatedJobs[0].template.spec.template.spec"
    assert told(TRAINJOB, patched("a.io/y", "a.io/x", account="you"), old) == [
        f'{place}.serviceAccountName: Invalid value: "you": field is immutable'
    ]
