"""What can be known of a rendered manifest without a cluster.

`check` says what any cluster of a version would refuse, or take with another meaning: the schemas, the rules of single
fields, and those that several fields or documents have together. `pod_security` and `gke_autopilot` say what only some
clusters refuse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo import kubernetes_schemas
from cajajejo.findings import Finding, Findings
from cajajejo.manifest_checks.access import check_role, check_role_binding
from cajajejo.manifest_checks.autopilot import gke_autopilot
from cajajejo.manifest_checks.data import check_config_map, check_secret
from cajajejo.manifest_checks.jobs import check_job
from cajajejo.manifest_checks.keys import check_keys
from cajajejo.manifest_checks.metadata import check_foreign_metadata, check_metadata, check_type
from cajajejo.manifest_checks.pods import check_pod
from cajajejo.manifest_checks.references import check_references
from cajajejo.manifest_checks.restricted import pod_security
from cajajejo.manifest_checks.values import mapping, pod_spec
from cajajejo.manifest_checks.volumes import check_claim
from cajajejo.manifest_checks.workloads import check_cron_job, check_deployment, check_service
from cajajejo.phrases import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cajajejo.kubernetes_schemas import KubernetesVersion

__all__ = ["Finding", "check", "gke_autopilot", "pod_security"]


def _check_claim(found: Findings, document: Mapping[str, Any]) -> None:
    check_claim(found, ("spec",), mapping(document.get("spec")))


_RULES: Final[Mapping[str, Callable[[Findings, Mapping[str, Any]], None]]] = {
    "ConfigMap": check_config_map,
    "CronJob": check_cron_job,
    "Deployment": check_deployment,
    "Job": check_job,
    "PersistentVolumeClaim": _check_claim,
    "Role": check_role,
    "RoleBinding": check_role_binding,
    "Secret": check_secret,
    "Service": check_service,
}


def check(documents: Sequence[Mapping[str, Any]], *, version: KubernetesVersion) -> list[Finding]:
    """Everything that is wrong or odd in `documents`, in their order.

    Args:
        documents: the objects of one manifest; a document that is empty is passed over.
        version: of the cluster that the manifest is for.
    """
    found = [
        finding for index, document in enumerate(documents) for finding in _check_document(index, document, version)
    ]
    if len(documents) > 1:
        objects = [mapping(document) for document in documents]
        found += check_references(objects) + check_keys(objects)
    return sorted(found, key=_order)


def _check_document(index: int, document: object, version: KubernetesVersion) -> list[Finding]:
    if document is None:
        return []
    if not isinstance(document, dict):
        return [Finding(index, "", (), f"must be a mapping of fields, not {shown(document)}")]
    kind = document.get("kind")
    found = Findings(index, kind if isinstance(kind, str) else "", [])
    if not check_type(found, document, version):
        check_foreign_metadata(found, document)
        return found.found
    misfits = kubernetes_schemas.problems(document, version, index=index)
    check_metadata(found, document, found.kind)
    if found.kind in _RULES:
        _RULES[found.kind](found, document)
    specified = pod_spec(document)
    if specified is not None:
        check_pod(found, *specified)
    reported = {finding.location for finding in misfits}
    return misfits + [finding for finding in found.found if finding.location not in reported]


def _order(finding: Finding) -> tuple[int, list[tuple[int, str]]]:
    """By document, then by place; the items of a list in their order."""
    return finding.document, [(part, "") if isinstance(part, int) else (-1, part) for part in finding.location]
