"""Job specs on their way to a fake cluster: what tests of the sending arrange with, and what must hold at the end."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo import evaluation, submission
from cajajejo.evaluation import Rendering

if TYPE_CHECKING:
    from cajajejo.cluster import Cluster
    from cajajejo.manifests import Manifests
    from cajajejo.submission import Outcome
    from tests.fakes.kubernetes import FakeKubernetes

ROOT: Final = Path(__file__).parents[1]
CONFIG: Final = ROOT / "examples/cpu-gs-uri/job_config.yml"
RUN_SPECS: Final = ROOT / "examples/cpu-gs-uri/run_specs.conf"
JOBS: Final = "/apis/batch/v1/namespaces/default/jobs"
MAPS: Final = "/api/v1/namespaces/default/configmaps"
CLASSES: Final = "/apis/storage.k8s.io/v1/storageclasses"
CREATED: Final = {"fieldManager": "cajajejo", "fieldValidation": "Strict"}


@cache
def spec(version: str = "v1", *settings: str, profile: str = "gke-autopilot") -> Manifests:
    """A rendered evaluation job: Job, ConfigMap and, for the default profile, the StorageClass ``ssd``."""
    rendering = Rendering(profile=profile, settings=settings)
    return evaluation.parse_job(CONFIG, RUN_SPECS, config_version=version, rendering=rendering).jobs[0]


def placed(version: str = "v1", *settings: str) -> Manifests:
    """The same, as it goes to the namespace ``default``."""
    return submission.placed(spec(version, *settings), None, "default")


def send(cluster: Cluster, version: str = "v1", *settings: str) -> Outcome:
    """Sends it."""
    return submission.send(cluster, placed(version, *settings), "default")


def send_repetition(cluster: Cluster, version: str = "v1") -> Outcome:
    """Sends the next repetition of it."""
    next_one = submission.repetition(cluster, spec(version), "default")
    return submission.send(cluster, submission.placed(next_one, None, "default"), "default")


def end(fake: FakeKubernetes, name: str, kind: str = "Complete", *, reason: str = "", message: str = "") -> None:
    """The Job ends, as its controller tells it."""
    told = {"reason": reason, "message": message, "lastTransitionTime": "2026-11-21T14:02:11Z"}
    conditions = [{"type": kind, "status": "True", **told}]
    fake.update("Job", name, {"status": {"conditions": conditions}})


def stored(fake: FakeKubernetes) -> dict[str, dict[str, Any]]:
    """Everything on the cluster but namespaces, as ``Kind/name``."""
    rows = (value for _, value in fake.api.store.everything() if value["kind"] != "Namespace")
    return {f"{value['kind']}/{value['metadata']['name']}": value for value in rows}


def changes(fake: FakeKubernetes, start: int = 0) -> list[str]:
    """The requests that were more than a look, as ``POST /path``."""
    return [f"{request.method} {request.path}" for request in fake.requests[start:] if request.method != "GET"]


def owner_of(fake: FakeKubernetes, name: str) -> list[dict[str, Any]]:
    """The ownerReferences that a ConfigMap must have: its Job alone, which neither controls it nor waits for it."""
    job = fake.get("Job", name)
    assert job is not None
    return [{"apiVersion": "batch/v1", "kind": "Job", "name": name, "uid": job["metadata"]["uid"]}]


def assert_sent_once(fake: FakeKubernetes, *names: str) -> None:
    """Each job is on the cluster with its ConfigMap, which it owns; beside them one StorageClass, and nothing else."""
    found = stored(fake)
    objects = {f"{kind}/{name}" for name in names for kind in ("Job", "ConfigMap")}
    assert found.keys() == {*objects, "StorageClass/ssd"}
    for name in names:
        assert found[f"ConfigMap/{name}"]["metadata"].get("ownerReferences") == owner_of(fake, name)
