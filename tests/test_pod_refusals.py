"""What a config asks of a cluster, and Kubernetes would refuse: told at the field, before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from cajajejo.errors import FileProblemsError
from cajajejo.phrases import shown
from cajajejo.pod_config import SHARED_MEMORY, ScratchConfig
from tests import builders, hostile

if TYPE_CHECKING:
    from cajajejo.manifests import Manifests


def parse(*settings: str) -> Manifests:
    return hostile.parse(builders.job_config(env={"A": "b"}), settings=settings)


LONG = "x" * 64
REFUSED = [
    # setting, path, message, hint
    ("image=' a'", "image", "must not begin or end with a space: ' a'", None),
    ("image_tag='a '", "image_tag", "must not begin or end with a space: 'a '", None),
    ("image_digest=sha256:12", "image_digest", "not a digest: 'sha256:12'", "sha256: and 64 hexadecimal digits"),
    (
        "image_pull_policy=always",
        "image_pull_policy",
        "must be 'Always', 'IfNotPresent' or 'Never', not 'always'",
        None,
    ),
    ("name_prefix=Eval", "name_prefix", "not a name", None),
    (
        f"name_prefix={'x' * 33}",
        "name_prefix",
        "must be at most 32 characters, not 33: the name goes on after it",
        None,
    ),
    (
        "compute_config.accelerator_count=2",
        "compute_config",
        "accelerator_count and accelerator_topology need an accelerator",
        None,
    ),
    (
        "compute_config={accelerator: nvidia-l4, accelerator_count: 0, cpu: 1, memory: 1Gi}",
        "compute_config.accelerator_count",
        "must be at least 1, not 0",
        None,
    ),
    (
        "compute_config={accelerator: tpu-v6e-slice, accelerator_topology: 2by2, cpu: 1, memory: 1Gi}",
        "compute_config.accelerator_topology",
        "not a topology: '2by2'",
        "for example 2x4",
    ),
    (
        "compute_config.shared_memory=1GB",
        "compute_config.shared_memory",
        "not a quantity: '1GB'",
        "did you mean 1Gi (1.1 GB) or 1G (1.0 GB)?",
    ),
    ("compute_config.limits.memory=3Gi", "compute_config", "limits.memory is 3Gi, less than the 4Gi requested", None),
    ("compute_config.limits.cpu=500m", "compute_config", "limits.cpu is 500m, less than the 2 requested", None),
    ("compute_config.spot=often", "compute_config.spot", "must be false, true (only spot) or preferred", None),
    (
        "compute_config.node_selector={'a b': c}",
        "compute_config.node_selector.a b",
        "not a key: 'a b'",
        (
            "at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends; "
            "a domain and '/' may stand before"
        ),
    ),
    (
        f"compute_config.node_selector.a={LONG}",
        "compute_config.node_selector.a",
        f"not a label value: {shown(LONG)}",
        None,
    ),
    (
        "compute_config.tolerations=[{key: a, operator: Exists, value: b}]",
        "compute_config.tolerations.0",
        "operator Exists takes no value",
        None,
    ),
    (
        "compute_config.tolerations=[{value: b}]",
        "compute_config.tolerations.0",
        "without a key the operator must be Exists",
        None,
    ),
    (
        "compute_config.tolerations=[{key: a, value: 'b c'}]",
        "compute_config.tolerations.0.value",
        "not a label value: 'b c'",
        None,
    ),
    (
        "compute_config.tolerations=[{key: a, tolerationSeconds: 1}]",
        "compute_config.tolerations.0",
        "tolerationSeconds needs effect NoExecute",
        None,
    ),
    (
        "storage_config.scratch.kind=emptydir",
        "storage_config.scratch.kind",
        "must be 'ephemeral', 'claim' or 'empty_dir', not 'emptydir'",
        None,
    ),
    (
        "storage_config.scratch.kind=claim",
        "storage_config.scratch",
        "claim_name belongs to kind: claim, and kind: claim needs it",
        None,
    ),
    (
        "storage_config.scratch.claim_name=a",
        "storage_config.scratch",
        "claim_name belongs to kind: claim, and kind: claim needs it",
        None,
    ),
    (
        "storage_config.scratch={kind: empty_dir, storage_class_name: a}",
        "storage_config.scratch",
        "storage_class_name belongs to kind: ephemeral",
        None,
    ),
    (
        "storage_config.scratch.storage_class_name=A",
        "storage_config.scratch.storage_class_name",
        "not a name (a DNS subdomain): 'A'",
        "small letters, digits, '-' and '.'; a letter or digit at both ends",
    ),
    (
        "storage_config.model_cache={claim_name: m, mount_path: models}",
        "storage_config.model_cache.mount_path",
        "not a path to mount at: models",
        "an absolute one without .. or :, for example /models",
    ),
    (
        "storage_config.model_cache={claim_name: m, mount_path: /a/../b}",
        "storage_config.model_cache.mount_path",
        "not a path to mount at: /a/../b",
        None,
    ),
    (
        "storage_config.model_cache={claim_name: m, mount_path: /scratch/m}",
        "storage_config.model_cache.mount_path",
        "/scratch belongs to the job itself",
        None,
    ),
    (
        "storage_config.model_cache={claim_name: m, mount_path: /dev/shm}",
        "storage_config.model_cache.mount_path",
        f"{SHARED_MEMORY} belongs to the job itself",
        None,
    ),
    (
        "secret_files=[{name: a, mount_path: /etc/configs}]",
        "secret_files.0.mount_path",
        "/etc/configs belongs to the job itself",
        None,
    ),
    ("secret_files=[{name: a, mount_path: /s}, {name: b, mount_path: /s}]", "", "/s is mounted twice", None),
    ("kubernetes_config.namespace=Team", "kubernetes_config.namespace", "not a name", None),
    (
        "kubernetes_config.service_account_name=a_b",
        "kubernetes_config.service_account_name",
        "not a name (a DNS subdomain): 'a_b'",
        None,
    ),
    (
        "kubernetes_config.labels={app.kubernetes.io/name: a}",
        "kubernetes_config.labels.app.kubernetes.io/name",
        "app.kubernetes.io/name is set by the job itself",
        None,
    ),
    (
        "kubernetes_config.annotations={cajajejo/rerun: '1'}",
        "kubernetes_config.annotations.cajajejo/rerun",
        "cajajejo/rerun is set by the job itself",
        None,
    ),
    ("kubernetes_config.labels={team: 'a b'}", "kubernetes_config.labels.team", "not a label value: 'a b'", None),
    (
        "kubernetes_config.active_deadline_seconds=0",
        "kubernetes_config.active_deadline_seconds",
        "must be at least 1, not 0",
        None,
    ),
    (
        "kubernetes_config.active_deadline_seconds=4h",
        "kubernetes_config.active_deadline_seconds",
        "must be a whole number, not '4h'",
        None,
    ),
    ("kubernetes_config.backoff_limit=-1", "kubernetes_config.backoff_limit", "must be at least 0, not -1", None),
    (
        "kubernetes_config.backoff_limit=3000000000",
        "kubernetes_config.backoff_limit",
        "must be at most 2147483647, not 3000000000",
        None,
    ),
    (
        "kubernetes_config.ttl_seconds_after_finished=3000000000",
        "kubernetes_config.ttl_seconds_after_finished",
        "must be at most 2147483647, not 3000000000",
        None,
    ),
    (
        "kubernetes_config.image_pull_secrets=registry",
        "kubernetes_config.image_pull_secrets",
        "must be a list, not 'registry'",
        None,
    ),
    (
        "kubernetes_config.workload_priority_class_name=high",
        "kubernetes_config",
        "workload_priority_class_name needs queue_name",
        None,
    ),
    (
        "kubernetes_config.time_zone=Europe/Amsterdm",
        "kubernetes_config.time_zone",
        "no such time zone: Europe/Amsterdm",
        "did you mean Europe/Amsterdam?",
    ),
    ("env.TZ=UTC", None, None, None),
    ("secret_env={JOB_NAME: {name: a, key: b}}", "", "secret_env: JOB_NAME is set by the job itself", None),
    ("secret_env={A: {name: a, key: b}}", "", "secret_env: A stands in env as well", None),
    ("secret_env={B: {name: a}}", "secret_env.B.key", "required, and not there", None),
    (
        "secret_env={B: {name: a, key: b c}}",
        "secret_env.B.key",
        "not a key of a ConfigMap or Secret: 'b c'",
        "at most 253 letters, digits, '-', '_' and '.'; not '.', and not '..' first",
    ),
]


@pytest.mark.parametrize(("setting", "path", "message", "hint"), REFUSED, ids=[row[0][:70] for row in REFUSED])
def test_what_kubernetes_would_refuse_is_refused_at_its_field(
    setting: str, path: str | None, message: str | None, hint: str | None
) -> None:
    if path is None or message is None:
        assert parse(setting)
        return
    with pytest.raises(FileProblemsError) as raised:
        parse(setting)
    (problem,) = raised.value.problems
    place = problem.path or problem.file.removeprefix("--set ")
    assert (place if path else "", problem.message[: len(message)]) == (path, message)
    if hint is not None:
        assert problem.hint == hint


def test_a_time_zone_is_not_set_twice() -> None:
    with pytest.raises(FileProblemsError) as raised:
        parse("env.TZ=UTC", "kubernetes_config.time_zone=Europe/Amsterdam")
    assert raised.value.problems[0].message == "env: TZ is set by the job itself"


def test_a_claim_made_in_python_is_checked_too() -> None:
    with pytest.raises(ValidationError, match="kind: claim needs it"):
        ScratchConfig(kind="claim")
