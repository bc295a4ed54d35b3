"""What does not fit together in a config, or not on one kind of cluster: each finding with its sentence."""

from __future__ import annotations

from typing import Any

import pytest

from cajajejo import config_checks, kubernetes_schemas, profiles, run_specs
from cajajejo.config import EvaluationJobConfig
from tests import builders

L4 = {"accelerator": "nvidia-l4", "cpu": "4", "memory": "16Gi"}
CPU = {"cpu": "4", "memory": "16Gi"}
H100 = {**CPU, "accelerator": "nvidia-h100-80gb"}
TPU = {**CPU, "accelerator": "tpu-v6e-slice", "accelerator_count": 4}
CLAIM = {"kind": "claim", "claim_name": "runs"}
CACHE = {"claim_name": "models", "mount_path": "/models"}
ON_A_CLAIM = "on a claim: storage_config.scratch.kind: claim, or a model_cache that is not read_only"
KEPT = f"gs://BUCKET/PATH, s3://BUCKET/PATH, or a directory {ON_A_CLAIM}"
ARTIFACT = {"run_id": "r", "artifact_path": "model", "model_directory": "model/m", "tokenizer_hf_repo": "a/b"}


def config(**changes: Any) -> EvaluationJobConfig:
    """A config that is tracked on a server, since a file is gone with the pod."""
    server = {"mlflow_config__tracking_uri": "http://10.164.0.15:5000"}
    return EvaluationJobConfig.model_validate(builders.job_config(**{**server, **changes}))


def told(
    profile: str, *, version: str = kubernetes_schemas.NEWEST, allow_unknown: bool = False, **changes: Any
) -> list[str]:
    """Each finding as a line, a warning as such, and its hint."""
    found = config_checks.findings(
        config(**changes), profiles.find(profile), kubernetes_version=version, allow_unknown=allow_unknown
    )
    return [line for finding in found for line in lines(finding)]


def lines(finding: config_checks.Finding) -> list[str]:
    place = ".".join(map(str, finding.location))
    level = "warning: " if finding.level == "warning" else ""
    return [f"{level}{place}: {finding.message}", *([finding.hint] if finding.hint else [])]


GOOD = [
    ("gke-autopilot", {"compute_config": L4}),
    ("gke-autopilot", {"compute_config": {**L4, "accelerator_count": 2, "spot": "preferred"}}),
    ("gke-autopilot", {"compute_config": {**TPU, "accelerator_topology": "2x2"}}),
    ("gke-autopilot", {"compute_config": {**L4, "ephemeral_storage": "100Gi"}}),
    ("gke-standard", {"compute_config": {**CPU, "ephemeral_storage": "100Gi"}}),
    ("gke-autopilot", {"storage_config__scratch": {"kind": "empty_dir", "size": "10Gi"}}),
    ("eks", {"compute_config": {**CPU, "accelerator": "nvidia-a10g", "spot": True}}),
    ("eks", {"compute_config": {**CPU, "accelerator": "l40s", "accelerator_count": 3}}),
    ("aks", {"compute_config": {**L4, "node_selector": {"agentpool": "l4"}}}),
    ("kind", {}),
    ("plain", {"compute_config": {**L4, "accelerator_count": 3}}),
    ("plain", {"compute_config": CPU, "image_tag": "latest", "image_digest": f"sha256:{'0' * 64}"}),
    ("plain", {"helm__timeout_seconds": 14399}),
    ("plain", {"model_config": {"hf_repo": "a/b"}, "env": {"HF_HUB_OFFLINE": "0", "HF_DATASETS_OFFLINE": "1"}}),
    ("plain", {"mlflow_config__spool_uri": "gs://spool"}),
    ("plain", {"mlflow_config__spool_uri": "s3://spool/a"}),
    ("plain", {"mlflow_config__spool_uri": "/scratch/spool", "storage_config__scratch": CLAIM}),
    (
        "plain",
        {"mlflow_config__spool_uri": "/models/spool", "storage_config__model_cache": {**CACHE, "read_only": False}},
    ),
    ("plain", {"mlflow_config__tracking_uri": "sqlite:////scratch/m.db", "storage_config__scratch": CLAIM}),
]


@pytest.mark.parametrize(("profile", "changes"), GOOD)
def test_what_fits_is_found_right(profile: str, changes: dict[str, Any]) -> None:
    assert told(profile, **changes) == []


SENTENCES = [
    (
        "kind",
        {"image_tag": "latest"},
        [
            "warning: image_tag: image tag latest can change between now and the run",
            "pin it: --set image_tag=TAG, best a tag that names the commit of the image; or image_digest: sha256:…",
        ],
    ),
    (
        "gke-autopilot",
        {"compute_config": {**CPU, "accelerator": "nvidia-h100"}},
        [
            "compute_config.accelerator: no such accelerator on GKE: nvidia-h100",
            "did you mean nvidia-h100-80gb? Any other name: --allow-unknown-accelerator",
        ],
    ),
    (
        "eks",
        {"compute_config": {**CPU, "accelerator": "tpu-v6e-slice"}},
        [
            "compute_config.accelerator: no such accelerator on EKS: tpu-v6e-slice",
            (
                "one of nvidia-tesla-t4, nvidia-l4, nvidia-tesla-a100, nvidia-a100-80gb, nvidia-rtx-pro-6000, "
                "nvidia-h100-80gb, "
                "nvidia-h200-141gb, nvidia-b200, nvidia-tesla-v100, nvidia-a10g, nvidia-l40s, nvidia-b300. "
                "Any other name: --allow-unknown-accelerator"
            ),
        ],
    ),
    (
        "gke-autopilot",
        {"compute_config": {**L4, "accelerator_count": 3}},
        [
            "compute_config.accelerator_count: nvidia-l4 comes in 1, 2, 4 or 8, not 3",
        ],
    ),
    (
        "gke-standard",
        {"compute_config": {**CPU, "accelerator": "nvidia-b200"}},
        [
            "compute_config.accelerator_count: nvidia-b200 comes in 8, not 1",
        ],
    ),
    (
        "gke-autopilot",
        {"compute_config": {**CPU, "accelerator": "nvidia-tesla-p100"}},
        [
            "warning: compute_config.accelerator: nvidia-tesla-p100 is an old type, being withdrawn",
        ],
    ),
    (
        "gke-autopilot",
        {"compute_config": TPU},
        [
            "compute_config.accelerator_topology: tpu-v6e-slice needs a topology",
            "on one machine: 1x1 (1), 2x2 (4), 2x4 (8)",
        ],
    ),
    (
        "gke-autopilot",
        {"compute_config": {**TPU, "accelerator_topology": "4x4"}},
        [
            "compute_config.accelerator_topology: not a topology of tpu-v6e-slice on one machine: 4x4",
            "one of 1x1 (1), 2x2 (4), 2x4 (8)",
        ],
    ),
    (
        "gke-autopilot",
        {"compute_config": {**TPU, "accelerator_topology": "2x4"}},
        [
            "compute_config.accelerator_count: topology 2x4 has 8 chips, not 4",
        ],
    ),
    (
        "gke-autopilot",
        {"compute_config": {**L4, "accelerator_topology": "2x2"}},
        [
            "compute_config.accelerator_topology: a topology is for TPUs; nvidia-l4 is none",
        ],
    ),
    (
        "eks",
        {"compute_config": {**L4, "accelerator_topology": "2x2"}},
        [
            "compute_config.accelerator_topology: a topology is for the TPUs of GKE; the profile is eks",
        ],
    ),
    (
        "kind",
        {"compute_config": L4},
        [
            "warning: compute_config.accelerator: kind has no accelerators: the job will wait for one",
        ],
    ),
    (
        "aks",
        {"compute_config": L4},
        [
            "warning: compute_config.accelerator: AKS has no node label with the type of the GPU",
            "choose the node pool: compute_config.node_selector: {agentpool: NAME}",
        ],
    ),
    (
        "plain",
        {"compute_config": {**L4, "spot": True}},
        [
            "compute_config.spot: the profile plain knows no label of spot nodes",
            "choose the nodes with compute_config.node_selector and tolerations",
        ],
    ),
    (
        "gke-standard",
        {"compute_config": {**L4, "spot": True}, "kubernetes_config__termination_grace_period_seconds": 60},
        [
            "warning: kubernetes_config.termination_grace_period_seconds: a spot node grants 25 seconds, not 60",
        ],
    ),
    (
        "plain",
        {"kubernetes_config__termination_grace_period_seconds": 24},
        [
            (
                "warning: kubernetes_config.termination_grace_period_seconds: "
                "the evaluation takes up to 25 seconds to keep what is finished, not 24"
            ),
        ],
    ),
    (
        "kind",
        {"compute_config": {**CPU, "shared_memory": "16Gi"}},
        [
            "compute_config.shared_memory: shared memory counts as memory: 16Gi leave nothing of the 16Gi allowed",
        ],
    ),
    (
        "kind",
        {"storage_config__scratch__kind": "empty_dir"},
        [
            "storage_config.scratch.size: an empty_dir counts as ephemeral_storage: 50Gi do not fit into 10Gi",
            "a smaller size, more compute_config.ephemeral_storage, or kind: ephemeral",
        ],
    ),
    (
        "gke-autopilot",
        {"compute_config": {**CPU, "ephemeral_storage": "11Gi"}},
        [
            "compute_config.ephemeral_storage: a general pod on Autopilot gets at most 10Gi, not 11Gi",
            "put large files on storage_config.scratch",
        ],
    ),
    (
        "eks",
        {"storage_config__scratch__create_storage_class": True},
        [
            (
                "storage_config.scratch.create_storage_class: "
                "the profile eks cannot make a StorageClass: who makes its disks is not known"
            ),
            "make it by hand, and name it in storage_class_name",
        ],
    ),
    (
        "eks",
        {"storage_config__scratch__storage_class_parameters": {"type": "gp3"}},
        [
            (
                "storage_config.scratch.storage_class_parameters: "
                "the profile eks makes no StorageClass that could have parameters"
            ),
            "make it by hand, and name it in storage_class_name",
        ],
    ),
    (
        "gke-autopilot",
        {"storage_config__scratch": {"create_storage_class": False, "storage_class_parameters": {"a": "b"}}},
        [
            (
                "storage_config.scratch.create_storage_class: "
                "false says that the StorageClass is there already; its parameters cannot be given here"
            ),
            "take one of the two away: create_storage_class or storage_class_parameters",
        ],
    ),
    (
        "plain",
        {"helm": None, "lm_eval": {"tasks": ["a"], "timeout_seconds": 14400}},
        [
            (
                "warning: lm_eval.timeout_seconds: "
                "the job ends before: after 14400 seconds, of which waiting and the model are a part"
            ),
            "less, or more kubernetes_config.active_deadline_seconds",
        ],
    ),
    (
        "plain",
        {"env": {"HF_TOKEN": "x", "HF_HOME": "/scratch", "URL": "http://a@h"}},
        [
            "warning: env.HF_TOKEN: looks like a login, which would be stored with the job",
            "secret_env names a Secret",
        ],
    ),
    (
        "plain",
        {"helm": None, "lm_eval": {"tasks": ["a"], "args": ["--verbosity", "hf_abcdefghij0123456789xyz"]}},
        [
            "warning: lm_eval.args.1: looks like a login, which would be stored with the job",
            "secret_env names a Secret",
        ],
    ),
    (
        "plain",
        {"mlflow_config__tracking_uri": "sqlite:///mlflow.db"},
        [
            "warning: mlflow_config.tracking_uri: a file in the pod, which is gone with it: sqlite:///mlflow.db",
            f"a tracking server, or a file {ON_A_CLAIM}",
        ],
    ),
    (
        "plain",
        {"mlflow_config__spool_uri": "/scratch/spool"},
        ["warning: mlflow_config.spool_uri: a directory in the pod, which is gone with it: /scratch/spool", KEPT],
    ),
    (
        "plain",
        {"mlflow_config__spool_uri": "/scratch/../spool", "storage_config__scratch": CLAIM},
        ["warning: mlflow_config.spool_uri: a directory in the pod, which is gone with it: /scratch/../spool", KEPT],
    ),
    (
        "plain",
        {"mlflow_config__spool_uri": "/models/spool", "storage_config__model_cache": CACHE},
        [
            (
                "mlflow_config.spool_uri: "
                "cannot be written to, because storage_config.model_cache is read_only: /models/spool"
            ),
            KEPT,
        ],
    ),
    (
        "plain",
        {"model_config": {"hf_repo": "a/b"}, "env": {"TRANSFORMERS_OFFLINE": "on"}},
        [
            "model_config.hf_repo: comes from the hub, and env.TRANSFORMERS_OFFLINE says that the pod is offline",
            "take the variable away, or have the model in MLflow or a bucket: mlflow_artifact, gs_uri, s3_uri",
        ],
    ),
    (
        "plain",
        {"model_config": {"mlflow_artifact": ARTIFACT}, "env": {"HF_HUB_OFFLINE": "1"}},
        [
            (
                "warning: model_config.mlflow_artifact.tokenizer_hf_repo: "
                "the tokenizer comes from the hub, and env.HF_HUB_OFFLINE says that the pod is offline"
            ),
            "log the tokenizer with the model (tokenizer_directory), or have it in the image",
        ],
    ),
]


@pytest.mark.parametrize(("profile", "changes", "expected"), SENTENCES, ids=[row[2][0][:80] for row in SENTENCES])
def test_what_does_not_fit_is_told(profile: str, changes: dict[str, Any], expected: list[str]) -> None:
    assert told(profile, **changes) == expected


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.31.4-gke.1072000", []),
        ("1.30.9-gke.1", ["1 of nvidia-h100-80gb need GKE 1.31.4-gke.1072000 or newer, not 1.30.9-gke.1"]),
    ],
)
def test_a_version_of_gke_that_has_it_not_is_told(version: str, expected: list[str]) -> None:
    found = told("gke-autopilot", version=version, compute_config=H100)
    assert found == [f"compute_config.accelerator: {message}" for message in expected]
    assert told("eks", version=version, compute_config=H100) == []


def test_any_name_is_taken_where_that_was_asked_for() -> None:
    compute = {**CPU, "accelerator": "nvidia-next"}
    assert told("gke-autopilot", allow_unknown=True, compute_config=compute) == []


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ({"mlflow_artifact": ARTIFACT}, "huggingface/m"),
        ({"gs_uri": "gs://bucket/path/model"}, "huggingface/model"),
        ({"s3_uri": "s3://bucket/model/"}, "huggingface/model"),
        ({"path": "/models/pythia-70m/"}, "huggingface/pythia-70m"),
        ({"hf_repo": "EleutherAI/pythia-70m", "revision": "step1000"}, "huggingface/pythia-70m"),
        ({"hf_repo": "gpt2"}, "huggingface/gpt2"),
    ],
)
def test_run_specs_name_the_model_by_its_last_part(source: dict[str, Any], name: str) -> None:
    assert config_checks.model_name(config(model_config=source)) == name


def test_run_specs_are_looked_at_for_helm_alone() -> None:
    entries = run_specs.entries('{description: "mmlu:model=huggingface/other", priority: 1}')
    offline = {"env": {"HF_HUB_OFFLINE": "1"}}
    found = config_checks.run_spec_findings(config(**offline), entries)
    assert [(finding.level, finding.message) for _, finding in found] == [
        ("error", "the model is huggingface/other, the job config's is huggingface/tiny"),
        ("warning", "mmlu downloads its data, and env.HF_HUB_OFFLINE says that the pod cannot"),
    ]
    lm_eval = config(**offline, helm=None, lm_eval={"tasks": ["a"]})
    assert config_checks.run_spec_findings(lm_eval, entries) == []
