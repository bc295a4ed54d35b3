"""The documents of one manifest, held against each other."""

from __future__ import annotations

from typing import Any

import pytest

from cajajejo import manifest_checks
from tests.manifest_checks.objects import EVAL, POD, VERSION, an, check

OTHER = ("metadata.name", "other")


def test_object_that_stands_twice_is_found() -> None:
    maps = [an("ConfigMap"), an("ConfigMap", ("metadata.namespace", "default"))]
    elsewhere = an("ConfigMap", ("metadata.namespace", "elsewhere"))
    found = manifest_checks.check([*maps, elsewhere], version=VERSION)
    message = "the same ConfigMap stands in document 1 of the manifest, too"
    assert found == [manifest_checks.Finding(1, "ConfigMap", ("metadata", "name"), message)]


def test_objects_of_two_groups_are_two() -> None:
    kinds = [{"apiVersion": f"{group}/v1", "kind": "Job", "metadata": {"name": "eval"}} for group in ("a.io", "b.io")]
    assert [line for line in check(*kinds, an("Job")) if "stands in" in line] == []


def test_manifest_that_goes_together_passes() -> None:
    assert check(an("Job"), an("ConfigMap"), an("StorageClass")) == []


def test_config_map_that_nothing_uses_is_meant_by_a_volume_that_names_no_other() -> None:
    found = manifest_checks.check([an("Job"), an("ConfigMap", ("metadata.name", "eval-config"))], version=VERSION)
    place = ("spec", "template", "spec", "volumes", 0, "configMap", "name")
    message = "this manifest has no ConfigMap 'eval-configs', and nothing uses its ConfigMap 'eval-config'"
    assert found == [
        manifest_checks.Finding(0, "Job", place, message, "did you mean eval-config?", "warning"),
    ]


@pytest.mark.parametrize(
    ("at", "value", "kind", "name"),
    [
        (f"{POD}.volumes.2", {"name": "a", "secret": {"secretName": "tokem"}}, "Secret", "token"),
        (
            f"{POD}.volumes.2",
            {"name": "a", "persistentVolumeClaim": {"claimName": "model"}},
            "PersistentVolumeClaim",
            "models",
        ),
        (
            f"{POD}.volumes.2",
            {"name": "a", "projected": {"sources": [{"secret": {"name": "tokem"}}]}},
            "Secret",
            "token",
        ),
        (f"{POD}.serviceAccountName", "kubernete", "ServiceAccount", "kubernetes"),
        (f"{EVAL}.envFrom", [{"secretRef": {"name": "tokem"}}], "Secret", "token"),
        (
            f"{EVAL}.env.1",
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "tokem", "key": "a"}}},
            "Secret",
            "token",
        ),
    ],
)
def test_misspelt_name_of_another_object_is_named(at: str, value: Any, kind: str, name: str) -> None:
    found = manifest_checks.check([an("Job", (at, value)), an(kind)], version=VERSION)
    assert [(finding.hint, finding.level) for finding in found] == [(f"did you mean {name}?", "warning")]
    assert found[0].message.endswith(f"and nothing uses its {kind} '{name}'")


def test_name_of_what_is_in_the_cluster_already_passes() -> None:
    job = an("Job", (f"{POD}.serviceAccountName", "evaluation"), (f"{EVAL}.envFrom", [{"secretRef": {"name": "x"}}]))
    used = an("ConfigMap")
    assert (
        check(job, used, an("ServiceAccount"), an("Secret"), an("ConfigMap", ("metadata.name", "eval-configs-2"))) == []
    )


# --- roles --------------------------------------------------------------------------------------------------------

NAMED = ("roleRef.name", "reader:pods")


def roles(*changes: tuple[str, object], name: str = "reader:pods", **metadata: str) -> list[str]:
    """What is said of a Role called `name`, and of a binding with these changes."""
    role = an("Role", ("metadata", {"name": name, **metadata}))
    return check(role, an("RoleBinding", NAMED, *changes))


def test_a_binding_that_gives_the_role_beside_it_passes() -> None:
    assert roles() == []


def test_a_binding_that_misses_its_role_is_found() -> None:
    (found,) = roles(name="reader:pod")
    assert "this manifest has no Role 'reader:pods', and nothing uses its Role 'reader:pod'" in found


def test_a_binding_and_a_role_in_two_namespaces_are_found() -> None:
    document = an("Role", ("metadata", {"name": "reader:pods", "namespace": "a"}))
    found = manifest_checks.check([document, an("RoleBinding", NAMED, ("metadata.namespace", "b"))], version=VERSION)
    assert [(finding.message, finding.hint) for finding in found] == [
        (
            "the Role 'reader:pods' of this manifest is in namespace a, and not in b",
            "a RoleBinding gives only what is in its own namespace",
        )
    ]


def test_a_cluster_role_is_in_no_manifest_of_ours() -> None:
    assert roles(("roleRef.kind", "ClusterRole"), name="reader:pod") == []


def test_the_certificates_that_every_namespace_has_are_not_missed() -> None:
    projected = {"name": "a", "projected": {"sources": [{"configMap": {"name": "kube-root-ca.crt"}}]}}
    used = an("Job", (f"{POD}.volumes.2", projected))
    assert check(used, an("ConfigMap"), an("ConfigMap", ("metadata.name", "kube-root-ca.crd"))) == []
