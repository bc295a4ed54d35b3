"""Job specs on a cluster: what is there already, and sending each exactly once.

Nothing is applied over what is there: a Job is read, and made where it is missing. Each step can be repeated, so that
running the command again finishes what a kill left half done.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, Literal

from cajajejo import job_spec, sameness
from cajajejo.cluster.errors import ClusterBusyError, UnreachableError
from cajajejo.cluster.exchange import plain
from cajajejo.delivery import Delivery, ObjectOutcome
from cajajejo.errors import CajajejoError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from cajajejo.cluster import Cluster
    from cajajejo.manifests import Manifests

CONTENT_HASH: Final = "cajajejo/content-hash"
"""Annotation of a Job that was sent: the SHA-256 of what it was made of."""
CONTENT: Final = "cajajejo/content"
"""Label of a Job and all its repetitions: the first digits of the same, without the counter of repetitions."""
_CONTENT_DIGITS: Final = 16


class JobExistsError(CajajejoError):
    """A Job of this name is there, and it is not the one that was to be sent."""


class JobFailedError(CajajejoError):
    """The same was sent before, and failed."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job.

    Attributes:
        spec: what was to be sent.
        namespace: where it is.
        outcome: whether the Job was made now, or was there.
        state: how it stands.
        objects: what became of each object, in the order of sending.
        warnings: what the server remarked.
        made: what the cluster knows the Job by: its uid, and when it was made.
    """

    spec: Manifests
    namespace: str
    outcome: Literal["created", "unchanged"]
    state: sameness.JobState
    objects: tuple[ObjectOutcome, ...]
    warnings: tuple[str, ...] = ()
    made: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def job(self) -> dict[str, Any]:
        """The Job on the cluster, as far as it is known: what was sent, and what the cluster knows it by."""
        document = self.spec.document("Job")
        return {**document, "metadata": {**document["metadata"], **self.made}}


def placed(spec: Manifests, namespace: str | None, default: str) -> Manifests:
    """`spec` with a namespace on every object that lives in one, and on the Job what it is recognised by.

    Raises:
        UsageError: `namespace` is not the one that the spec names.
    """
    given = spec.document("Job")["metadata"].get("namespace")
    if namespace and given and namespace != given:
        raise UsageError(f"--namespace {namespace} does not agree with the job spec, which says {given}")
    there = given or namespace or default
    documents = []
    for document in spec.documents:
        metadata = dict(document["metadata"])
        if document["kind"] not in sameness.CLUSTER_SCOPED:
            metadata["namespace"] = metadata.get("namespace") or there
        if document["kind"] == "Job":
            metadata["annotations"] = {**(metadata.get("annotations") or {}), CONTENT_HASH: spec.digest}
            metadata["labels"] = {**(metadata.get("labels") or {}), CONTENT: content(spec)}
        documents.append({**document, "metadata": metadata})
    return replace(spec, documents=tuple(documents))


def content(spec: Manifests) -> str:
    """What a job and its repetitions have in common, as a label value; for a spec as it was rendered or read."""
    annotations = spec.document("Job")["metadata"].get("annotations") or {}
    if job_spec.RERUN not in annotations:
        return spec.digest[:_CONTENT_DIGITS]
    return job_spec.first(spec).digest[:_CONTENT_DIGITS]


def repetition(cluster: Cluster, spec: Manifests, namespace: str) -> Manifests:
    """The spec of the next repetition; the one that runs, where one does. `spec` is as it was rendered or read.

    Raises:
        ClusterError: the cluster does not answer, or does not let us look.
    """
    label = content(spec)
    found = {job["metadata"]["name"]: job for job in cluster.list("Job", namespace, selector=f"{CONTENT}={label}")}
    plain = cluster.get("Job", spec.name, namespace)
    if plain is not None:
        found[spec.name] = plain
    if not found:
        return spec
    counters = {_counter(job): job for job in found.values()}
    last = max(counters)
    running = [number for number, job in counters.items() if sameness.state(job).kind == "active"]
    number = max(running) if running else last + 1
    return job_spec.changed(spec, rerun=number) if number else spec


def _counter(job: Mapping[str, Any]) -> int:
    text = str((job["metadata"].get("annotations") or {}).get(job_spec.RERUN, "0"))
    return int(text) if text.isdecimal() else 0


def send(
    cluster: Cluster,
    spec: Manifests,
    namespace: str,
    *,
    shared: set[tuple[str, str]] | None = None,
    probably_new: bool = False,
) -> Outcome:
    """Makes sure that the job of `spec` is on the cluster, once; `spec` comes from `placed`.

    Args:
        cluster: where to.
        spec: what to send.
        namespace: where the Job lives.
        shared: objects of the whole cluster that were seen to be right, as kind and name; more are added.
        probably_new: the Job is looked for only when making it shows that it is there.

    Raises:
        JobFailedError: it was there before, and failed.
        JobExistsError: another Job has its name, or it is being deleted.
        ObjectDiffersError: another object that it needs is there with other content.
        ClusterError: the cluster does not answer, or refuses.
    """
    job = None if probably_new else cluster.get("Job", spec.name, namespace)
    if job is not None:
        check_same(job, spec, namespace)
    delivery = Delivery(cluster, spec, namespace, set() if shared is None else shared, job)
    if job is None or _runs(job):
        job = _deliver(delivery)
        if not _runs(job):  # somebody sent it before, and it has ended
            delivery.take_back()
    delivery.adopt(job, anew=_runs(job))
    return _outcome(delivery, job)


def rehearse(
    cluster: Cluster,
    spec: Manifests,
    namespace: str,
    *,
    shared: set[tuple[str, str]] | None = None,
    probably_new: bool = False,
) -> Outcome:
    """Lets the server check every object of `spec` as if it were sent, strictly; nothing is stored.

    A Job that is there is compared, and not checked: it could not be made again.

    Raises:
        JobFailedError, JobExistsError, ObjectDiffersError, ClusterError: as `send` does.
    """
    job = None if probably_new else cluster.get("Job", spec.name, namespace)
    if job is not None:
        check_same(job, spec, namespace)
    delivery = Delivery(cluster, spec, namespace, set() if shared is None else shared, job)
    delivery.rehearse()
    return _outcome(delivery, job or spec.document("Job"))


def _deliver(delivery: Delivery) -> dict[str, Any]:
    """The Job, with all that it needs on the cluster; where it is refused, what was made for it is removed."""
    try:
        delivery.ensure_needed()
        if delivery.job is not None:
            return delivery.job
        job, existed = delivery.make_job()
        if existed:
            check_same(job, delivery.spec, delivery.namespace)
    except (UnreachableError, ClusterBusyError):
        raise  # nobody knows what arrived; running it again finds out
    except CajajejoError as error:
        left = delivery.take_back()
        if left:
            error.facts["left"] = f"{', '.join(left)}; the same command finds it again"
        raise
    return job


def _runs(job: Mapping[str, Any]) -> bool:
    return sameness.state(job).kind == "active"


def check_same(job: Mapping[str, Any], spec: Manifests, namespace: str) -> None:
    """Returns where `job` was made from `spec`.

    Raises:
        JobExistsError: it was made from something else, or is being deleted.
    """
    name, metadata = spec.name, job["metadata"]
    if metadata.get("deletionTimestamp"):
        facts = {"since": plain(metadata["deletionTimestamp"])}
        wait = f"kubectl wait --for=delete job/{name} -n {namespace}"
        raise JobExistsError(f"the Job {name} is being deleted", facts=facts, run=f"{wait}, then send it again")
    wanted = spec.document("Job")
    given = (metadata.get("annotations") or {}).get(CONTENT_HASH)
    same = given == wanted["metadata"]["annotations"][CONTENT_HASH] if given else sameness.holds(job, bare(wanted))
    if not same:
        labels = metadata.get("labels") or {}
        maker = "made from another spec" if labels.get("app.kubernetes.io/managed-by") == "cajajejo" else "not ours"
        facts = {"there": f"since {plain(metadata.get('creationTimestamp'))}, {maker}", "namespace": namespace}
        message = f"another Job has the name {name}"
        raise JobExistsError(message, facts=facts, run="give yours a name of its own: --config-version V")


def bare(job: Mapping[str, Any]) -> dict[str, Any]:
    """The Job without what `placed` put on it: one that kubectl made has neither."""
    metadata = dict(job["metadata"])
    metadata["annotations"] = {key: value for key, value in metadata["annotations"].items() if key != CONTENT_HASH}
    metadata["labels"] = {key: value for key, value in metadata["labels"].items() if key != CONTENT}
    return {**job, "metadata": metadata}


def _outcome(delivery: Delivery, job: Mapping[str, Any]) -> Outcome:
    found = sameness.state(job)
    state = replace(found, when=plain(found.when), why=plain(found.why))
    if state.kind == "failed":
        facts = {"failed": state.when, "reason": state.why}
        told = {key: value for key, value in facts.items() if value}
        raise JobFailedError(f"the job {delivery.spec.name} was sent before, and failed", facts=told)
    objects = delivery.told()
    created = any(known.kind == "Job" and known.outcome == "created" for known in objects)
    outcome: Literal["created", "unchanged"] = "created" if created else "unchanged"
    warnings = tuple(dict.fromkeys(delivery.warnings))
    made = {key: str(job["metadata"][key]) for key in ("uid", "creationTimestamp") if key in job["metadata"]}
    return Outcome(delivery.spec, delivery.namespace, outcome, state, objects, warnings, made)
