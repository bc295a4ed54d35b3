"""What the recorded server held when an exchange was recorded, taken from the other recordings, and by whom it came."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from tests.fakes.kubernetes.access import Rule, User, service_account
from tests.recordings import exchange, pods

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.kubernetes import FakeKubernetes
    from tests.fakes.kubernetes.calls import Attempt
    from tests.recordings.exchange import Exchange

PAGES: Final = ("exchanges/read/list-rv-0",)
BEFORE: Final[dict[str, tuple[str, ...]]] = {
    "exchanges/apply/02-.*": ("exchanges/apply/02-job-same-again",),
    "exchanges/apply/03-.*": ("exchanges/apply/02-job-same-again",),
    "exchanges/apply/04-.*": ("exchanges/apply/03-job-add-label",),
    "exchanges/apply/0[5-8]-.*": ("exchanges/apply/04-job-remove-label",),
    "exchanges/apply/09-.*": ("exchanges/apply/08-job-suspended-nodeselector-change",),
    "exchanges/apply/1[12]-.*": ("exchanges/apply/10-configmap-create",),
    "exchanges/apply/13-.*": ("exchanges/apply/12-configmap-force",),
    "exchanges/apply/15-.*": ("exchanges/apply/14-storageclass-create",),
    "exchanges/apply/16-.*": ("exchanges/apply/15-storageclass-expansion-change",),
    "exchanges/apply/17-.*": ("exchanges/create/storageclass",),
    "exchanges/apply/18-.*": ("exchanges/apply/17-storageclass-apply-over-created",),
    "exchanges/apply/19-.*-other": ("exchanges/apply/19-storageclass-shared-example",),
    "exchanges/apply/2[01]-.*": ("exchanges/apply/19-storageclass-shared-other",),
    "exchanges/custom-resources/trainjob-(delete|get|immutable|merge|strategic).*": (
        "exchanges/custom-resources/trainjob-get-status",
    ),
    "exchanges/delete/configmap": ("exchanges/apply/12-configmap-force",),
    "exchanges/delete/job-.*": PAGES,
    "exchanges/delete/jobs-collection": (*PAGES, "exchanges/delete/job-foreground"),
    "exchanges/delete/storageclass": ("exchanges/apply/15-storageclass-expansion-change",),
    "exchanges/errors/200-configmap-exactly-1-mib-apply": ("exchanges/errors/201-configmap-exactly-1-mib",),
    "exchanges/errors/400-apply-.*": ("exchanges/apply/04-job-remove-label",),
    "exchanges/errors/400-bad-.*": PAGES,
    "exchanges/errors/403-namespace-terminating": ("exchanges/delete/namespace",),
    "exchanges/errors/40[0-9]-.*": ("exchanges/read/get-job",),
    "exchanges/errors/409-already-exists-configmap": ("exchanges/create/configmap",),
    "exchanges/errors/409-already-exists-storageclass": ("exchanges/create/storageclass",),
    "exchanges/errors/409-apply-stale-.*": ("exchanges/apply/09-job-backofflimit-change",),
    "exchanges/errors/409-update-stale-.*": ("exchanges/apply/12-configmap-force",),
    "exchanges/errors/410-.*": PAGES,
    "exchanges/errors/422-immutable-job-.*": ("exchanges/apply/09-job-backofflimit-change",),
    "exchanges/errors/422-(apply-without|delete-bad).*": ("exchanges/apply/09-job-backofflimit-change",),
    "exchanges/errors/422-storageclass-.*-immutable": ("exchanges/apply/15-storageclass-expansion-change",),
    "exchanges/gc/delete-job-background": ("exchanges/gc/timeline",),
    "exchanges/gc/apply-owner-reference": ("exchanges/gc/timeline",),
    "exchanges/patch/json-patch.*": ("exchanges/read/get-job",),
    "exchanges/patch/merge-patch": ("exchanges/patch/json-patch",),
    "exchanges/read/get-configmap": ("exchanges/create/configmap",),
    "exchanges/read/get-storageclass": ("exchanges/apply/17-storageclass-apply-over-created",),
    "exchanges/read/(get-job|list).*": PAGES,
    "exchanges/read/list-all-.*": (*PAGES, "exchanges/read/list-all-namespaces"),
    "exchanges/update/configmap-put-.*": ("exchanges/update/configmap-put-no-change",),
    "exchanges/watch/.*": PAGES,
}
"""For names of exchanges (regular expressions): whose answers hold the objects that were there."""


def arrange(cluster: FakeKubernetes, recorded: Exchange) -> dict[str, str]:
    """Puts the cluster into the state before the exchange; the headers that say who asks come back."""
    for namespace in _namespaces(recorded):
        cluster.namespace(namespace)
    for pattern, sources in BEFORE.items():
        if re.fullmatch(pattern, recorded.name):
            for value in (each for source in sources for each in _objects(source)):
                cluster.put(value)
    for pattern, special in _SPECIAL.items():
        if re.fullmatch(pattern, recorded.name):
            special(cluster, recorded)
    return _identity(cluster, recorded)


def _namespaces(recorded: Exchange) -> set[str]:
    found = re.search(r"/namespaces/([^/]+)/", recorded.request["path"])
    return {found[1]} - {"default", "nowhere"} if found else set()


def _objects(source: str) -> list[dict[str, Any]]:
    if source == "exchanges/gc/timeline":
        return exchange.first_events(source)
    found = exchange.load(source).object
    if found["kind"].endswith("List"):
        head = {"kind": found["kind"].removesuffix("List"), "apiVersion": found["apiVersion"]}
        return [{**head, **item} for item in found["items"]]
    return [found]


def _identity(cluster: FakeKubernetes, recorded: Exchange) -> dict[str, str]:
    if recorded.name == "exchanges/errors/403-anonymous":
        return {}
    if recorded.name == "exchanges/errors/401-bad-token":
        return {"Authorization": "Bearer of-nobody"}
    if "Authorization" not in recorded.request["headers"]:
        return {"Authorization": f"Bearer {cluster.token}"}
    cluster.user("of-a-service-account", _service_account(recorded))
    return {"Authorization": "Bearer of-a-service-account"}


def _service_account(recorded: Exchange) -> User:
    rules = (Rule(("patch",), ("batch",), ("jobs",)),) if recorded.name.endswith("patch-without-create") else ()
    known = exchange.load("exchanges/auth/whoami").object["status"]["userInfo"]
    found = service_account("auth-test", "nobody", *rules)
    return User(found.name, found.groups, found.rules, known["uid"], known["extra"])


def _revision(cluster: FakeKubernetes, recorded: Exchange) -> None:
    """The versions that the messages of these answers tell; nobody waits for one that does not come."""
    cluster.api.store.patience_seconds = 0.1
    cluster.api.store.revision, cluster.api.store.compacted = {
        "504-rv-too-large": (1980, 1000),
        "410-continue-expired": (5200, 5000),
        "410-watch-old-resource-version": (4511, 1921),
    }.get(recorded.name.rsplit("/", 1)[1], (4600, 1000))


def _live_namespace(cluster: FakeKubernetes, recorded: Exchange) -> None:
    value = recorded.object
    metadata = {key: part for key, part in value["metadata"].items() if key != "deletionTimestamp"}
    cluster.put({**value, "metadata": metadata, "status": {"phase": "Active"}})


def _frozen(cluster: FakeKubernetes, _: Exchange) -> None:
    metadata = {"name": "frozen", "namespace": "default"}
    cluster.put({"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "immutable": True, "data": {"a": "1"}})


def _labelled(cluster: FakeKubernetes, recorded: Exchange) -> None:
    """An object with another value than the request would set: without it the request would change nothing."""
    if recorded.name.endswith("put-without-resource-version"):
        value = exchange.load("exchanges/create/configmap").object
        cluster.put(value)


def _collection(cluster: FakeKubernetes, _: Exchange) -> None:
    for name in ("eval-page-0", "eval-page-2"):
        cluster.remove("Job", name)


def _no_such_webhook(cluster: FakeKubernetes, _: Exchange) -> None:
    hook = "https://kueue-webhook-service.kueue-system.svc:443/mutate-batch-v1-job?timeout=10s"
    cluster.webhook_fails("mjob.kb.io", hook, 'service "kueue-webhook-service" not found')


def _policy(cluster: FakeKubernetes, _: Exchange) -> None:
    def latest(attempt: Attempt) -> str | None:
        images = [each["image"] for each in attempt.object["spec"]["template"]["spec"]["containers"]]
        return "image tag latest is not allowed" if any(image.endswith(":latest") for image in images) else None

    cluster.policy("deny-latest", latest)


def _flow_control(cluster: FakeKubernetes, _: Exchange) -> None:
    cluster.faults.on("GET", "/jobs$").too_many_requests(retry_after=1)


def _others(cluster: FakeKubernetes, recorded: Exchange) -> None:
    """The Jobs of other namespaces that the answer only counts."""
    job = exchange.load("exchanges/read/get-job").object
    missing = recorded.object["metadata"]["remainingItemCount"] + 1 - len(cluster.objects("Job"))
    for number in range(missing):
        cluster.put({**job, "metadata": {"name": "other", "namespace": f"other-{number}"}})


_SPECIAL: Final[dict[str, Callable[[FakeKubernetes, Exchange], None]]] = {
    "exchanges/delete/jobs-collection": _collection,
    "exchanges/delete/namespace": _live_namespace,
    "exchanges/errors/(410|504)-.*|exchanges/watch/(410|timeout|watch-f).*": _revision,
    "exchanges/errors/422-admission-policy-denied": _policy,
    "exchanges/errors/422-configmap-immutable": _frozen,
    "exchanges/errors/429-eviction-pdb": pods.guarded,
    "exchanges/errors/429-flow-control": _flow_control,
    "exchanges/errors/500-webhook-service-not-found": _no_such_webhook,
    "exchanges/logs/.*": pods.logging,
    "exchanges/read/list-all-namespaces": _others,
    "exchanges/update/.*": _labelled,
}
