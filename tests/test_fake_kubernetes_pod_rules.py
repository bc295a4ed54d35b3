"""What the fake API server refuses of pods, beyond the recordings: in the words of Kubernetes' source."""

from __future__ import annotations

import pytest

from tests.fakes.kubernetes import decoding, defaults, rules
from tests.fakes.kubernetes.model import Object, Resource

JOB = Resource("batch", "v1", "Job", "jobs")
POD = "spec.template.spec"
EVAL = f"{POD}.containers[0]"


def container(**fields: object) -> Object:
    return {"name": "eval", "image": "registry.example/python:1", **fields}


def job(**fields: object) -> Object:
    """A Job with a pod of these fields, as it is checked."""
    pod = {"containers": [container()], "restartPolicy": "Never", **fields}
    metadata = {"name": "a", "namespace": "default", "uid": "u"}
    sent = {"metadata": metadata, "spec": {"template": {"spec": pod}}}
    return defaults.fill(JOB, decoding.decode_value(sent, JOB, validation="Strict").object)


def of_pod(**fields: object) -> list[str]:
    return [f"{cause.field}: {cause.message}" for cause in rules.problems(JOB, job(**fields))]


def of_container(**fields: object) -> list[str]:
    return of_pod(containers=[container(**fields)])


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        (
            {"volumes": [{"name": "v", "emptyDir": {}}, {"name": "v", "emptyDir": {}}]},
            [f'{POD}.volumes[1].name: Duplicate value: "v"'],
        ),
        (
            {"volumes": [{"name": "v", "emptyDir": {}, "hostPath": {"path": "/v"}}]},
            [f"{POD}.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type"],
        ),
        (
            {"volumes": [{"name": "v", "secret": {"items": [{"key": "k", "path": "../k"}], "defaultMode": 512}}]},
            [
                f"{POD}.volumes[0].secret.secretName: Required value",
                (
                    f"{POD}.volumes[0].secret.defaultMode: Invalid value: 512: "
                    "must be a number between 0 and 0777 (octal), both inclusive"
                ),
                f"{POD}.volumes[0].secret.items[0].path: Invalid value: \"../k\": must not contain '..'",
            ],
        ),
        (
            {"volumes": [{"name": "v", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": []}}}}]},
            [
                (
                    f"{POD}.volumes[0].ephemeral.volumeClaimTemplate.spec.accessModes: "
                    "Required value: at least 1 access mode is required"
                ),
                f"{POD}.volumes[0].ephemeral.volumeClaimTemplate.spec.resources[storage]: Required value",
            ],
        ),
        (
            {"activeDeadlineSeconds": 0},
            [(f"{POD}.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive")],
        ),
        (
            {"tolerations": [{"operator": "Equal", "effect": "Never", "tolerationSeconds": 1}]},
            [
                (
                    f'{POD}.tolerations[0].operator: Invalid value: "Equal": operator must be Exists '
                    'when `key` is empty, which means "match all values and all keys"'
                ),
                (
                    f"{POD}.tolerations[0].effect: Invalid value: \"Never\": effect must be 'NoExecute' when "
                    "`tolerationSeconds` is set"
                ),
                (
                    f'{POD}.tolerations[0].effect: Unsupported value: "Never": '
                    'supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"'
                ),
            ],
        ),
        (
            {"dnsPolicy": "Mine"},
            [
                (
                    f'{POD}.dnsPolicy: Unsupported value: "Mine": '
                    'supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"'
                )
            ],
        ),
        (
            {"initContainers": [container(), container(name="i", livenessProbe={})]},
            [
                f'{POD}.initContainers[0].name: Duplicate value: "eval"',
                (
                    f"{POD}.initContainers[1].livenessProbe: Forbidden: "
                    "may not be set for init containers without restartPolicy=Always"
                ),
            ],
        ),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_pod_is_checked(fields: Object, problems: list[str]) -> None:
    assert of_pod(**fields) == problems


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"name": "a.b"}, [f'{EVAL}.name: Invalid value: "a.b": must not contain dots']),
        (
            {"imagePullPolicy": "Once"},
            [
                (
                    f'{EVAL}.imagePullPolicy: Unsupported value: "Once": '
                    'supported values: "Always", "IfNotPresent", "Never"'
                )
            ],
        ),
        ({"restartPolicy": "Always"}, [f"{EVAL}.restartPolicy: Forbidden: may not be set for non-init containers"]),
        (
            {"ports": [{"containerPort": 70000}]},
            [(f"{EVAL}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive")],
        ),
        (
            {"env": [{"name": "A", "value": "1", "valueFrom": {"secretKeyRef": {"name": "s"}}}]},
            [
                f"{EVAL}.env[0].valueFrom.secretKeyRef.key: Required value",
                f'{EVAL}.env[0].valueFrom: Invalid value: "": may not be specified when `value` is not empty',
            ],
        ),
        (
            {"envFrom": [{"configMapRef": {"name": "A"}}]},
            [
                (
                    f'{EVAL}.envFrom[0].configMapRef.name: Invalid value: "A": '
                    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
                    "characters, '-' or '.', and must start and end with an alphanumeric character (e.g. "
                    "'example.com', regex used for validation is "
                    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
                )
            ],
        ),
        (
            {"resources": {"limits": {"gpu": "1"}}},
            [
                (
                    f'{EVAL}.resources.limits[gpu]: Invalid value: "gpu": '
                    "must be a standard resource type or fully qualified"
                ),
                f'{EVAL}.resources.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers',
            ],
        ),
        (
            {"resources": {"limits": {"memory": "1Gi"}, "requests": {"memory": "1025Mi"}}},
            [f'{EVAL}.resources.requests: Invalid value: "1025Mi": must be less than or equal to memory limit of 1Gi'],
        ),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)
def test_container_is_checked(fields: Object, problems: list[str]) -> None:
    assert of_container(**fields) == problems


def test_two_mounts_need_two_places() -> None:
    mounts = [{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/a", "subPath": "/b"}]
    found = of_pod(volumes=[{"name": "v", "emptyDir": {}}], containers=[container(volumeMounts=mounts)])
    assert found == [
        f'{EVAL}.volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
        f'{EVAL}.volumeMounts[1].subPath: Invalid value: "/b": must be a relative path',
    ]


def test_wanted_node_is_checked() -> None:
    terms = [{"matchExpressions": [{"key": "zone", "operator": "In"}, {"key": "gpu", "operator": "Has"}]}]
    node = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    place = f"{POD}.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0]"
    assert of_pod(affinity={"nodeAffinity": node}) == [
        f"{place}.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
        f'{place}.matchExpressions[1].operator: Invalid value: "Has": not a valid selector operator',
    ]


def test_old_node_labels_and_broken_bytes_are_warned_of() -> None:
    found = job(
        nodeSelector={"beta.kubernetes.io/arch": "amd64"},
        containers=[container(resources={"limits": {"memory": "100m"}})],
    )
    assert rules.warnings(JOB, found) == [
        f'{POD}.nodeSelector[beta.kubernetes.io/arch]: deprecated since v1.14; use "kubernetes.io/arch" instead',
        f'{EVAL}.resources.limits[memory]: fractional byte value "100m" is invalid, must be an integer',
    ]


def test_every_fault_of_a_container_is_told_in_the_order_of_the_server() -> None:
    found = of_container(
        name="",
        image="",
        terminationMessagePolicy="Loud",
        ports=[{"containerPort": 0}, {"containerPort": 1, "hostPort": 70000, "protocol": "ICMP"}],
        env=[
            {"name": ""},
            {"name": "A", "valueFrom": {}},
            {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "a"}, "configMapKeyRef": {"name": "c", "key": "d"}}},
        ],
        envFrom=[{"prefix": "="}, {"configMapRef": {"name": "c"}, "secretRef": {"name": ""}}],
        volumeMounts=[{"name": "", "mountPath": "", "subPath": "../x"}],
        resources={"limits": {"a b": "1"}, "requests": {"hugepages-2Mi": "2Mi"}},
    )
    ports = "must be between 1 and 65535, inclusive"
    sources = "`fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
    told = [text.removeprefix(f"{EVAL}.") for text in found]
    assert [text for text in told if "a b" not in text] == [
        "name: Required value",
        "image: Required value",
        'terminationMessagePolicy: Unsupported value: "Loud": supported values: "File", "FallbackToLogsOnError"',
        "ports[0].containerPort: Required value",
        f"ports[1].hostPort: Invalid value: 70000: {ports}",
        'ports[1].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
        "env[0].name: Required value",
        f'env[1].valueFrom: Invalid value: "": must specify one of: {sources}',
        'env[2].valueFrom: Invalid value: "": may not have more than one field specified at a time',
        (
            'envFrom[0].prefix: Invalid value: "=": a valid environment variable name must consist only of printable '
            "ASCII characters other than '='"
        ),
        'envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`',
        "envFrom[1].secretRef.name: Required value",
        'envFrom: Invalid value: "": may not have more than one field specified at a time',
        "volumeMounts[0].name: Required value",
        'volumeMounts[0].name: Not found: ""',
        "volumeMounts[0].mountPath: Required value",
        "volumeMounts[0].subPath: Invalid value: \"../x\": must not contain '..'",
        "resources.limits: Required value: Limit must be set for non overcommitable resources",
    ]
    assert [text.partition(": ")[0] for text in told if "a b" in text] == ["resources.limits[a b]"] * 3


def test_every_fault_of_a_pod_is_told() -> None:
    terms = [
        {"key": "a", "operator": "Exists", "values": ["b"]},
        {"key": "a", "operator": "Lt", "values": ["1", "2"]},
        {"key": "a", "operator": "In", "values": ["b c"]},
    ]
    node = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": terms}]}}
    found = of_pod(
        volumes=[
            {"name": "", "hostPath": {"path": ""}},
            {"name": "e", "emptyDir": {"sizeLimit": "-1"}},
            {"name": "i", "configMap": {"name": "c", "items": [{"key": "", "path": "/p"}]}},
            {"name": "t", "ephemeral": {}},
        ],
        initContainers=[container(name="i", restartPolicy="Never")],
        affinity={"nodeAffinity": node},
        hostname="A",
        tolerations=[{"key": "k", "operator": "Exists", "value": "v"}, {"key": "k", "operator": "Like"}],
    )
    assert [text.removeprefix(f"{POD}.").partition(": e.g.")[0].partition(" (e.g.")[0] for text in found] == [
        "volumes[0].hostPath.path: Required value",
        "volumes[0].name: Required value",
        "volumes[1].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity",
        "volumes[2].configMap.items[0].key: Required value",
        'volumes[2].configMap.items[0].path: Invalid value: "/p": must be a relative path',
        "volumes[3].ephemeral.volumeClaimTemplate: Required value",
        'initContainers[0].restartPolicy: Unsupported value: "Never": supported values: "Always"',
        (
            "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0]"
            ".values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
        ),
        (
            "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[1]"
            ".values: Required value: must be specified single value when `operator` is 'Lt' or 'Gt'"
        ),
        (
            "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[2]"
            '.values[0]: Invalid value: "b c": a valid label must be an empty string or consist of alphanumeric '
            "characters, '-', '_' or '.', and must start and end with an alphanumeric character"
        ),
        (
            'hostname: Invalid value: "A": a lowercase RFC 1123 label must consist of lower case alphanumeric '
            "characters or '-', and must start and end with an alphanumeric character"
        ),
        (
            'tolerations[0].operator: Invalid value: {"Key":"k","Operator":"Exists","Value":"v"}: '
            "value must be empty when `operator` is 'Exists'"
        ),
        'tolerations[1].operator: Unsupported value: "Like": supported values: "Equal", "Exists"',
    ]
