"""What every optional field of a job config is taken for, written out by hand."""

from __future__ import annotations

from typing import Any

from cajajejo.config import HARNESSES

DEFAULTS: dict[str, Any] = {
    "kind": "evaluation",
    "image_digest": None,
    "image_pull_policy": None,
    "name_prefix": "eval-neurips",
    "compute_config": {
        "accelerator": None,
        "accelerator_count": 1,
        "accelerator_topology": None,
        "ephemeral_storage": "10Gi",
        "shared_memory": None,
        "limits": {"cpu": None, "memory": None},
        "spot": False,
        "node_selector": {},
        "tolerations": [],
    },
    "storage_config": {
        "scratch": {
            "kind": "ephemeral",
            "size": "50Gi",
            "storage_class_name": None,
            "create_storage_class": None,
            "storage_class_parameters": None,
            "claim_name": None,
        },
        "model_cache": None,
    },
    "kubernetes_config": {
        "namespace": None,
        "service_account_name": "kubernetes",
        "labels": {},
        "annotations": {},
        "active_deadline_seconds": 14400,
        "backoff_limit": 3,
        "ttl_seconds_after_finished": 86400,
        "termination_grace_period_seconds": 25,
        "image_pull_secrets": [],
        "priority_class_name": None,
        "report_progress": False,
        "queue_name": None,
        "workload_priority_class_name": None,
        "time_zone": None,
    },
    "helm": {"args": [], "timeout_seconds": None},
    "lm_eval": {"include_path": None, "num_fewshot": None, "limit": None, "args": [], "timeout_seconds": None},
    "command": {"results": None, "event_files": None, "timeout_seconds": None},
    "mlflow_config": {"spool_uri": None},
    "model_config": {
        "mlflow_artifact": None,
        "gs_uri": None,
        "s3_uri": None,
        "path": None,
        "hf_repo": None,
        "revision": None,
    },
    "model_fetch": {"kind": None, "image": None},
    "tracking_config": {"run_name": None},
    "env": {},
    "secret_env": {},
    "secret_files": [],
    "matrix": None,
}
"""What every field that a config leaves out is taken for."""


def complete(config: dict[str, Any], defaults: dict[str, Any] = DEFAULTS) -> dict[str, Any]:
    """A config with every field that it leaves out, as the ConfigMap shows it."""
    whole = {**defaults, **config}
    for key, value in defaults.items():
        if isinstance(value, dict) and value and isinstance(config.get(key), dict):
            whole[key] = complete(config[key], value)
    if defaults is DEFAULTS:
        whole |= {name: None for name in HARNESSES if name not in config}
    if "tolerations" in whole:
        kubernetes = {"operator": "Equal", "tolerationSeconds": None}
        whole["tolerations"] = [{**kubernetes, **toleration} for toleration in whole["tolerations"]]
    if artifact := whole.get("mlflow_artifact"):
        whole["mlflow_artifact"] = {"tokenizer_directory": None, "tokenizer_hf_repo": None, **artifact}
    if cache := whole.get("model_cache"):
        whole["model_cache"] = {"read_only": True, **cache}
    return whole
