"""What a config asks of a cluster: where each setting arrives in the manifest."""

from __future__ import annotations

from typing import Any

import pytest

from cajajejo import manifest_checks
from cajajejo.pod_config import SHARED_MEMORY
from tests import builders, hostile

POD = "Job.spec.template.spec"
EVAL = f"{POD}.containers.eval"
INIT = f"{POD}.initContainers.init"
SCRATCH = f"{POD}.volumes.scratch-volume"
CLAIM = f"{SCRATCH}.ephemeral.volumeClaimTemplate.spec"
DIGEST = f"sha256:{'0a' * 32}"
BUCKET = {"model_config": {"gs_uri": "gs://bucket/model"}}
MISSING = "missing"


def manifest(*settings: str, profile: str = "gke-autopilot") -> dict[str, Any]:
    """The documents by kind."""
    config = builders.job_config(**BUCKET, env={"A": "b"})
    job = hostile.parse(config, settings=settings, profile=profile)
    assert [finding for document in job.documents for finding in manifest_checks.pod_security(document)] == []
    return {str(document["kind"]): document for document in job.documents}


def at(path: str, documents: dict[str, Any]) -> Any:
    """The value at a path; the items of lists are named by `name`, and a key with dots stands in brackets."""
    here: Any = documents
    for part in split(path):
        if isinstance(here, list):
            here = {item["name"]: item for item in here}
        here = here.get(part, MISSING) if isinstance(here, dict) else MISSING
    return here


def split(path: str) -> list[str]:
    parts: list[str] = []
    for index, piece in enumerate(path.replace("]", "[").split("[")):
        parts += [piece] if index % 2 else [part for part in piece.split(".") if part]
    return parts


ARRIVES = [
    # setting, path, value
    (f"image_digest='{DIGEST}'", f"{EVAL}.image", f"registry/evaluation@{DIGEST}"),
    ("image_tag=1.10", f"{EVAL}.image", "registry/evaluation:1.10"),
    ("image_pull_policy=Always", f"{EVAL}.imagePullPolicy", "Always"),
    ("compute_config.cpu=500m", f"{EVAL}.resources.requests.cpu", "500m"),
    ("compute_config.memory=5Gi", f"{EVAL}.resources.requests.memory", "5Gi"),
    ("compute_config.memory=5Gi", f"{EVAL}.resources.limits.memory", "5Gi"),
    ("compute_config.limits.memory=6Gi", f"{EVAL}.resources.limits.memory", "6Gi"),
    ("compute_config.limits.memory=6Gi", f"{EVAL}.resources.requests.memory", "4Gi"),
    ("compute_config.limits.cpu=16", f"{EVAL}.resources.limits.cpu", "16"),
    ("compute_config.limits.memory=6Gi", f"{EVAL}.resources.limits.cpu", MISSING),
    ("compute_config.ephemeral_storage=2Gi", f"{EVAL}.resources.requests.ephemeral-storage", "2Gi"),
    ("compute_config.ephemeral_storage=2Gi", f"{EVAL}.resources.limits.ephemeral-storage", "2Gi"),
    (
        "compute_config.shared_memory=1Gi",
        f"{POD}.volumes.shared-memory.emptyDir",
        {"medium": "Memory", "sizeLimit": "1Gi"},
    ),
    ("compute_config.shared_memory=1Gi", f"{EVAL}.volumeMounts.shared-memory.mountPath", SHARED_MEMORY),
    ("compute_config.accelerator=nvidia-l4", f"{EVAL}.resources.limits.[nvidia.com/gpu]", "1"),
    (
        "compute_config={accelerator: nvidia-l4, accelerator_count: 2, cpu: 1, memory: 1Gi}",
        f"{EVAL}.resources.requests.[nvidia.com/gpu]",
        "2",
    ),
    ("compute_config.spot=true", f"{POD}.nodeSelector.[cloud.google.com/gke-spot]", "true"),
    ("compute_config.spot=false", f"{POD}.nodeSelector", MISSING),
    ("compute_config.node_selector={pool: a}", f"{POD}.nodeSelector.pool", "a"),
    (
        "compute_config.tolerations=[{key: a, value: b, effect: NoSchedule}]",
        f"{POD}.tolerations",
        [{"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"}],
    ),
    (
        "compute_config.tolerations=[{operator: Exists, effect: NoExecute, tolerationSeconds: 60}]",
        f"{POD}.tolerations",
        [{"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 60}],
    ),
    ("storage_config.scratch.size=80Gi", f"{CLAIM}.resources.requests.storage", "80Gi"),
    ("storage_config.scratch.storage_class_name=fast", f"{CLAIM}.storageClassName", "fast"),
    ("storage_config.scratch.storage_class_name=fast", "StorageClass", MISSING),
    ("storage_config.scratch.create_storage_class=false", f"{CLAIM}.storageClassName", "ssd"),
    ("storage_config.scratch.create_storage_class=false", "StorageClass", MISSING),
    (
        "storage_config.scratch={storage_class_name: fast, create_storage_class: true}",
        "StorageClass.metadata.name",
        "fast",
    ),
    ("storage_config.scratch.storage_class_parameters={type: pd-ssd}", "StorageClass.parameters", {"type": "pd-ssd"}),
    ("storage_config.scratch={kind: empty_dir, size: 5Gi}", f"{SCRATCH}.emptyDir", {"sizeLimit": "5Gi"}),
    (
        "storage_config.scratch={kind: claim, claim_name: runs}",
        f"{SCRATCH}.persistentVolumeClaim",
        {"claimName": "runs"},
    ),
    ("storage_config.scratch={kind: claim, claim_name: runs}", "StorageClass", MISSING),
    (
        "storage_config.model_cache={claim_name: m, mount_path: /models}",
        f"{POD}.volumes.model-cache.persistentVolumeClaim",
        {"claimName": "m", "readOnly": True},
    ),
    (
        "storage_config.model_cache={claim_name: m, mount_path: /models, read_only: false}",
        f"{EVAL}.volumeMounts.model-cache",
        {"name": "model-cache", "mountPath": "/models", "readOnly": False},
    ),
    ("kubernetes_config.namespace=team", "Job.metadata.namespace", "team"),
    ("kubernetes_config.namespace=team", "ConfigMap.metadata.namespace", "team"),
    ("kubernetes_config.namespace=team", "StorageClass.metadata.namespace", MISSING),
    ("kubernetes_config.service_account_name=evaluator", f"{POD}.serviceAccountName", "evaluator"),
    ("kubernetes_config.labels={team: nlp}", "Job.metadata.labels.team", "nlp"),
    ("kubernetes_config.labels={team: nlp}", "Job.spec.template.metadata.labels.team", "nlp"),
    ("kubernetes_config.labels={team: nlp}", "ConfigMap.metadata.labels.team", "nlp"),
    ("kubernetes_config.annotations={a/b: '$(C) d'}", "Job.metadata.annotations.a/b", "$(C) d"),
    ("kubernetes_config.active_deadline_seconds=60", "Job.spec.activeDeadlineSeconds", 60),
    ("kubernetes_config.backoff_limit=0", "Job.spec.backoffLimit", 0),
    ("kubernetes_config.ttl_seconds_after_finished=0", "Job.spec.ttlSecondsAfterFinished", 0),
    ("kubernetes_config.termination_grace_period_seconds=20", f"{POD}.terminationGracePeriodSeconds", 20),
    ("kubernetes_config.image_pull_secrets=[a, b]", f"{POD}.imagePullSecrets", [{"name": "a"}, {"name": "b"}]),
    ("kubernetes_config.priority_class_name=high", f"{POD}.priorityClassName", "high"),
    ("kubernetes_config.queue_name=gpu", "Job.metadata.labels.[kueue.x-k8s.io/queue-name]", "gpu"),
    ("kubernetes_config.queue_name=gpu", "Job.spec.suspend", MISSING),
    (
        "kubernetes_config={queue_name: gpu, workload_priority_class_name: high}",
        "Job.metadata.labels.[kueue.x-k8s.io/priority-class]",
        "high",
    ),
    ("kubernetes_config.time_zone=Europe/Amsterdam", f"{EVAL}.env.TZ.value", "Europe/Amsterdam"),
    ("kubernetes_config.time_zone=Europe/Amsterdam", f"{INIT}.env.TZ.value", "Europe/Amsterdam"),
    ("env.B='$(A)'", f"{EVAL}.env.B.value", "$$(A)"),
    ("secret_env={TOKEN: {name: s, key: k}}", f"{EVAL}.env.TOKEN.valueFrom.secretKeyRef", {"name": "s", "key": "k"}),
    ("secret_env={TOKEN: {name: s, key: k}}", f"{INIT}.env.TOKEN.valueFrom.secretKeyRef", {"name": "s", "key": "k"}),
    ("secret_files=[{name: s, mount_path: /var/s}]", f"{POD}.volumes.secret-files-1.secret", {"secretName": "s"}),
    (
        "secret_files=[{name: s, mount_path: /var/s}]",
        f"{EVAL}.volumeMounts.secret-files-1",
        {"name": "secret-files-1", "mountPath": "/var/s", "readOnly": True},
    ),
    ("secret_files=[{name: s, mount_path: /var/s}]", f"{INIT}.volumeMounts.secret-files-1.mountPath", "/var/s"),
]


@pytest.mark.parametrize(("setting", "path", "value"), ARRIVES, ids=[f"{row[0]} {row[1]}" for row in ARRIVES])
def test_a_setting_arrives_at_its_place(setting: str, path: str, value: object) -> None:
    assert at(path, manifest(setting)) == value


def test_the_name_begins_with_the_prefix() -> None:
    assert at("Job.metadata.name", manifest("name_prefix=nightly")).startswith("nightly-")


@pytest.mark.parametrize(
    "default",
    [
        (f"{POD}.serviceAccountName", "kubernetes"),
        (f"{POD}.automountServiceAccountToken", False),
        (f"{POD}.restartPolicy", "Never"),
        (f"{POD}.terminationGracePeriodSeconds", 25),
        (f"{EVAL}.resources.requests.ephemeral-storage", "10Gi"),
        (f"{EVAL}.imagePullPolicy", MISSING),
        ("Job.spec.activeDeadlineSeconds", 14400),
        ("Job.spec.backoffLimit", 3),
        ("Job.spec.ttlSecondsAfterFinished", 86400),
        ("Job.metadata.namespace", "default"),
        ("Job.metadata.labels.[app.kubernetes.io/managed-by]", "cajajejo"),
        ("Job.metadata.labels.[app.kubernetes.io/component]", "evaluation"),
        ("Job.spec.template.metadata.labels.[app.kubernetes.io/name]", "cajajejo"),
        ("Job.metadata.annotations.[cajajejo/config-version]", "unset"),
        ("Job.metadata.annotations.[cajajejo/profile]", "gke-autopilot"),
        (f"{EVAL}.env.CONFIG_VERSION.value", "unset"),
        ("ConfigMap.immutable", True),
    ],
    ids=lambda default: default[0],
)
def test_a_job_is_careful_by_default(default: tuple[str, object]) -> None:
    path, value = default
    assert at(path, manifest()) == value
