"""The objects of one job on their way to a cluster, each made once and then recognised.

The order is: what the cluster shares (StorageClass), what the Job needs (ConfigMap, Role, RoleBinding), the Job, and
then what it needs is given to the Job, so that it goes when the Job goes.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from cajajejo import provenance, sameness
from cajajejo.cluster import MANAGER, STRATEGIC_MERGE_PATCH
from cajajejo.cluster.errors import (
    AlreadyExistsError,
    ClusterError,
    ConflictError,
    MissingObjectError,
    NotAllowedError,
)
from cajajejo.errors import CajajejoError
from cajajejo.jobs.finding import SUBMITTED_BY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.cluster import Cluster
    from cajajejo.manifests import Manifests

Object = dict[str, Any]

_ATTEMPTS: Final = 5
_RANK: Final = {"StorageClass": 0, "ConfigMap": 1, "Job": 3}
_OWNED: Final = ("ConfigMap", "Role", "RoleBinding")
"""What goes when its Job goes."""


class ObjectDiffersError(CajajejoError):
    """An object that the job needs is there with another content."""


@dataclass(frozen=True, slots=True)
class ObjectOutcome:
    """What became of one object: created, unchanged (there, and as it should be), or exists (there; not looked at)."""

    kind: str
    name: str
    outcome: Literal["created", "unchanged", "exists"]


@dataclass(slots=True)
class Delivery:
    """One job on its way: what it needs is made or recognised, then the Job, then what it needs is given to it.

    Attributes:
        cluster: where to.
        spec: what is sent.
        namespace: where the Job lives.
        shared: objects of the whole cluster that were seen to be right, as kind and name.
        job: the Job, where it is there already.
        warnings: what the server remarked.
    """

    cluster: Cluster
    spec: Manifests
    namespace: str
    shared: set[tuple[str, str]]
    job: Object | None = None
    warnings: list[str] = field(default_factory=list)
    _made: list[Object] = field(default_factory=list)
    _seen: dict[tuple[str, str], Object] = field(default_factory=dict)
    _outcomes: dict[tuple[str, str], Literal["created", "unchanged"]] = field(default_factory=dict)

    def ensure_needed(self) -> None:
        """Makes sure that everything beside the Job is there, and is what it should be.

        Raises:
            ObjectDiffersError: an object is there, and holds something else.
            ClusterError: the cluster does not answer, or refuses.
        """
        others = [document for document in self.spec.documents if document["kind"] != "Job"]
        for document in sorted(others, key=_rank):
            if document["kind"] in sameness.CLUSTER_SCOPED:
                self._ensure_shared(document)
            else:
                self._ensure(document)

    def rehearse(self) -> None:
        """Lets the server check what is not there yet, and compares what is; nothing is stored."""
        for document in sorted(self.spec.documents, key=_rank):
            if document["kind"] in sameness.CLUSTER_SCOPED:
                self._ensure_shared(document, dry_run=True)
            elif document["kind"] == "Job" and self.job is not None:
                self._note(document, existed=True)
            else:
                live, existed = self._create_allowed(document, dry_run=True)
                if existed and not self._is_left_behind(live):
                    self._check(document, live)
                self._note(document, existed=existed)

    def make_job(self) -> tuple[Object, bool]:
        """The Job, and whether somebody else made it."""
        document = _signed(self.spec.document("Job"))
        live, existed = self._create(document)
        self._note(document, existed=existed)
        return live, existed

    def adopt(self, job: Object, *, anew: bool) -> None:
        """Gives what the Job needs to it, beside other owners; with `anew` what is gone is made again.

        Raises:
            ClusterError: the cluster does not answer, or refuses; the Job goes on.
        """
        owner = {"apiVersion": job["apiVersion"], "kind": "Job", "name": job["metadata"]["name"]}
        owner["uid"] = job["metadata"]["uid"]
        self.job = job
        self._outcomes.setdefault(("Job", self.spec.name), "unchanged")
        for document in self.spec.documents:
            if document["kind"] in _OWNED and document["metadata"].get("namespace") == self.namespace:
                try:
                    self._own(document, owner, anew=anew)
                except ClusterError as error:
                    there = f"the Job {self.spec.name} is on the cluster, and goes on"
                    error.facts["note"] = f"{there}; its {document['kind']} is not its own yet"
                    raise

    def take_back(self) -> list[str]:
        """Removes what was made for a Job that is not to be; what the cluster shares, and what has an owner, stays.

        Returns what could not be removed, as ``ConfigMap NAME``.
        """
        left = []
        for made in reversed(self._made):
            kind, metadata = made["kind"], made["metadata"]
            if kind == "Job" or kind in sameness.CLUSTER_SCOPED or metadata.get("ownerReferences"):
                continue
            only = {"uid": metadata["uid"], "version": metadata["resourceVersion"]}  # as it was made: nobody owns it
            try:
                self.cluster.delete(kind, metadata["name"], metadata["namespace"], **only)
            except ConflictError:
                pass  # somebody else's Job has it now
            except ClusterError:
                left.append(f"{kind} {metadata['name']}")
        self._made.clear()
        return left

    def told(self) -> tuple[ObjectOutcome, ...]:
        """What became of each object, in the order of sending."""
        keys = [(document["kind"], document["metadata"]["name"]) for document in sorted(self.spec.documents, key=_rank)]
        return tuple(ObjectOutcome(*key, self._outcomes.get(key, "exists")) for key in keys)

    def _note(self, document: Mapping[str, Any], *, existed: bool) -> None:
        self._outcomes[document["kind"], document["metadata"]["name"]] = "unchanged" if existed else "created"

    def _get(self, document: Mapping[str, Any]) -> Object | None:
        metadata = document["metadata"]
        return self.cluster.get(document["kind"], metadata["name"], metadata.get("namespace"))

    def _create(self, document: Object, *, dry_run: bool = False) -> tuple[Object, bool]:
        """The object, made now, or as somebody made it before; and whether that was so."""
        for _ in range(_ATTEMPTS):
            try:
                made = self.cluster.create(document, dry_run=dry_run)
            except AlreadyExistsError:
                live = self._get(document)
                if live is not None:
                    return live, True
            else:
                self.warnings += made.warnings
                if not dry_run and (not made.existed or _is_by_us(made.object)):
                    self._made.append(made.object)
                return made.object, made.existed
        message = f"the {document['kind']} {document['metadata']['name']} comes and goes"
        raise ConflictError(message, run="send the job again in a moment")

    def _ensure(self, document: Object) -> None:
        for _ in range(_ATTEMPTS):
            live = None if self.job is None else self._get(document)
            existed = live is not None
            if live is None:
                live, existed = self._create_allowed(document, dry_run=False)
            if not existed or not self._leaves(document, live):
                if existed:
                    self._check(document, live)
                self._note(document, existed=existed)
                self._seen[document["kind"], document["metadata"]["name"]] = live
                return
        message = f"the {document['kind']} {document['metadata']['name']} is being deleted"
        raise ConflictError(message, run="send the job again when it is gone")

    def _ensure_shared(self, document: Object, *, dry_run: bool = False) -> None:
        """As `_ensure`, for an object of the whole cluster: looked at first, because few may make one."""
        key = (document["kind"], document["metadata"]["name"])
        if key in self.shared:
            self._note(document, existed=True)
            return
        try:
            live = self.cluster.get(*key)
        except NotAllowedError as error:
            self.warnings.append(f"{error.message}; the {key[0]} {key[1]} is taken to be there")
            self.shared.add(key)
            return
        existed = live is not None
        if live is None:
            live, existed = self._create_allowed(document, dry_run=dry_run)
        if existed:
            self._check(document, live)
        self._note(document, existed=existed)
        self.shared.add(key)

    def _create_allowed(self, document: Object, *, dry_run: bool) -> tuple[Object, bool]:
        """As `_create`; who may not make the object hears how a job does without it, where one can."""
        try:
            return self._create(document, dry_run=dry_run)
        except NotAllowedError as error:
            without = _WITHOUT.get(document["kind"])
            error.run = (*error.run, f"or {without}") if without else error.run
            raise

    def _leaves(self, document: Object, live: Object) -> bool:
        """Whether `live` is on its way out, because its Job is gone; then it is helped along."""
        metadata = live["metadata"]
        if not self._is_left_behind(live):
            return False
        with contextlib.suppress(ConflictError):
            self.cluster.delete(document["kind"], metadata["name"], metadata.get("namespace"), uid=metadata["uid"])
        return True

    def _is_left_behind(self, live: Object) -> bool:
        owners = live["metadata"].get("ownerReferences") or []
        gone = bool(owners) and all(self._is_gone(owner) for owner in owners)
        return gone or bool(live["metadata"].get("deletionTimestamp"))

    def _is_gone(self, owner: Mapping[str, Any]) -> bool:
        """Whether the Job that owns an object is no more: no Job has its name, or another one has."""
        if owner.get("kind") != "Job":
            return False
        if self.job is not None and self.job["metadata"]["uid"] == owner.get("uid"):
            return False
        job = self.cluster.get("Job", str(owner.get("name")), self.namespace)
        return job is None or job["metadata"]["uid"] != owner.get("uid")

    def _check(self, document: Object, live: Object) -> None:
        found = sameness.differences(live, document)
        if not found:
            return
        kind, name = document["kind"], document["metadata"]["name"]
        there, wanted = f"the {kind} that is there", "the one of this job"
        facts = {"compared": f"{there}, and {wanted}", "differs": "\n".join(found[:5])}
        raise ObjectDiffersError(f"the {kind} {name} is there, and holds something else", facts=facts, run=_cure(kind))

    def _own(self, document: Object, owner: Object, *, anew: bool) -> None:
        """Adds the owner to an object: a patch that leaves other owners alone, and may be repeated."""
        kind, name = document["kind"], document["metadata"]["name"]
        change = {"metadata": {"ownerReferences": [owner]}}
        live = self._seen.pop((kind, name), None)
        for _ in range(_ATTEMPTS):
            live = live or self._get(document)
            if live is None and anew:
                live, _ = self._create(document)
            if live is None or _is_owned(live, owner):
                return
            try:
                self.cluster.patch(kind, name, self.namespace, change, content_type=STRATEGIC_MERGE_PATCH)
            except (ConflictError, MissingObjectError):
                live = None
            else:
                return
        raise ConflictError(f"the {kind} {name} changes all the time", run="send the job again in a moment")


def _signed(document: Object) -> Object:
    """The Job with the name of the user who sends it, where there is one."""
    user = provenance.user()
    if not user:
        return document
    metadata = document["metadata"]
    return {
        **document,
        "metadata": {**metadata, "annotations": {SUBMITTED_BY: user, **(metadata.get("annotations") or {})}},
    }


def _is_owned(live: Mapping[str, Any], owner: Mapping[str, Any]) -> bool:
    return any(known.get("uid") == owner["uid"] for known in live["metadata"].get("ownerReferences") or [])


def _is_by_us(live: Mapping[str, Any]) -> bool:
    """Whether `live` was made with our hand, so that a lost answer may have been about it."""
    return any(entry.get("manager") == MANAGER for entry in live["metadata"].get("managedFields") or [])


def _rank(document: Mapping[str, Any]) -> int:
    return _RANK.get(document["kind"], 2 if document["kind"] not in sameness.CLUSTER_SCOPED else 0)


_WITHOUT: Final = {
    "StorageClass": "use the one that is there: --set storage_config.scratch.create_storage_class=false",
    **dict.fromkeys(("Role", "RoleBinding"), "send the job without it: --set kubernetes_config.report_progress=false"),
}
"""How a job does without an object."""


def _cure(kind: str) -> str:
    if kind == "StorageClass":
        return _WITHOUT[kind]
    return "give the job, and what belongs to it, a name of its own: --config-version V"
