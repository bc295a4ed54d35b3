"""The table of kinds, held against the discovery of a real server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cajajejo.cluster import kinds
from cajajejo.cluster.kinds import UnknownKindError

DISCOVERY = Path(__file__).parent / "recordings" / "kubernetes-1.36" / "discovery"


def discovered() -> dict[tuple[str, str], tuple[str, bool]]:
    """Plural and scope by API version and kind."""
    found: dict[tuple[str, str], tuple[str, bool]] = {}
    for path in sorted(DISCOVERY.glob("api*.json")):
        body: Any = json.loads(path.read_text("utf-8"))["response"]["body"]
        if isinstance(body, dict) and body.get("kind") == "APIResourceList":
            for resource in body["resources"]:
                if "/" not in resource["name"]:
                    place = (body["groupVersion"], resource["kind"])
                    found[place] = (resource["name"], resource["namespaced"])
    return found


def test_every_recorded_kind_of_ours_is_where_the_server_has_it() -> None:
    served = discovered()
    ours = {
        (kind.api_version, kind.name): (kind.plural, kind.namespaced)
        for kind in kinds.KINDS.values()
        if (kind.api_version, kind.name) in served
    }
    assert ours == {place: served[place] for place in ours}
    assert len(ours) >= 22


@pytest.mark.parametrize(
    ("name", "namespace", "thing", "path"),
    [
        ("Job", "default", "a", "/apis/batch/v1/namespaces/default/jobs/a"),
        ("Job", None, None, "/apis/batch/v1/jobs"),
        ("ConfigMap", "x", None, "/api/v1/namespaces/x/configmaps"),
        ("StorageClass", "ignored", "ssd", "/apis/storage.k8s.io/v1/storageclasses/ssd"),
        ("Namespace", None, "default", "/api/v1/namespaces/default"),
        ("Job", "a/b", "../../secrets?x=#", "/apis/batch/v1/namespaces/a%2Fb/jobs/..%2F..%2Fsecrets%3Fx%3D%23"),
    ],
)
def test_path_of_an_object(name: str, namespace: str | None, thing: str | None, path: str) -> None:
    assert kinds.find(name).path(namespace, thing) == path


def test_path_of_a_subresource() -> None:
    assert kinds.find("Pod").path("default", "p", "log") == "/api/v1/namespaces/default/pods/p/log"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_mean_the_collection_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        kinds.find("Job").path("default", name)
    with pytest.raises(ValueError, match="not a name"):
        kinds.find("Job").path(name, "a")


def test_the_version_of_a_document_counts() -> None:
    kind = kinds.find("TFJob", "kubeflow.org/v1beta2")
    assert kind.path("default") == "/apis/kubeflow.org/v1beta2/namespaces/default/tfjobs"


@pytest.mark.parametrize(
    ("name", "api_version", "lines"),
    [
        ("Jobb", None, ["Error: not a kind that cajajejo deals with: Jobb", "  did you mean  Job"]),
        ("Job", "example.org/v1", ["Error: not a kind that cajajejo deals with: example.org/v1 Job"]),
        ("Zebra", None, ["Error: not a kind that cajajejo deals with: Zebra"]),
    ],
)
def test_an_unknown_kind_is_named(name: str, api_version: str | None, lines: list[str]) -> None:
    with pytest.raises(UnknownKindError) as caught:
        kinds.find(name, api_version)
    assert caught.value.lines() == lines
