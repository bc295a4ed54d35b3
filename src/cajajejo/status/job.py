"""The Job, as far as its state and its reason can be read from it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from cajajejo.status.conditions import Condition, conditions_of
from cajajejo.status.reading import flag, items, labels, later, mapping, moment, number, text, texts

if TYPE_CHECKING:
    from datetime import datetime

    from cajajejo.status.evidence import Object

OURS: Final = "cajajejo"
_UID: Final = "batch.kubernetes.io/controller-uid"
_NAME: Final = "batch.kubernetes.io/job-name"
_KINDS: Final = ("evaluation", "training", "test")
_QUEUE: Final = "kueue.x-k8s.io/queue-name"
_OWN_CONTROLLER: Final = "kubernetes.io/job-controller"
_BACKOFF_LIMIT: Final = 6  # what Kubernetes takes where none is given


class Job:
    """A Job; parts are read when they are asked for, and never cost an exception."""

    def __init__(self, found: Object) -> None:
        self.object = found
        self.name = text(found, "metadata", "name")
        self.namespace = text(found, "metadata", "namespace")
        self.uid = text(found, "metadata", "uid")
        self.labels = labels(found, "metadata", "labels")
        self.annotations = mapping(found, "metadata", "annotations")
        self.conditions = conditions_of(found)

    @property
    def is_ours(self) -> bool:
        """Whether cajajejo made it: advice may then name fields of its config."""
        return self.labels.get("app.kubernetes.io/managed-by") == OURS

    @property
    def makes_nodes(self) -> bool:
        """Whether it was made for a cluster that has no node before a pod asks for it."""
        return self.is_ours and self.annotations.get("cajajejo/profile") == "gke-autopilot"

    @property
    def pod_selector(self) -> str:
        """The label selector of its pods: its own, in whose place uid or name do."""
        known = {_UID: self.uid} if self.uid else {_NAME: self.name}
        chosen = labels(self.object, "spec", "selector", "matchLabels") or known
        return ",".join(f"{key}={value}" for key, value in chosen.items())

    @property
    def logs_command(self) -> str:
        """The command that prints what it said."""
        return self._command("logs") if self.is_ours else f"kubectl logs job/{self.name} -n {self.namespace}"

    @property
    def explain_command(self) -> str:
        """The command that prints everything the cluster said of it."""
        return self._command("explain") if self.is_ours else f"kubectl describe job/{self.name} -n {self.namespace}"

    def _command(self, verb: str) -> str:
        where = f" -n {self.namespace}" if self.namespace != "default" else ""
        return f"cajajejo jobs {verb} {self.name}{where}"

    @property
    def kind(self) -> str:
        """Evaluation, training or test."""
        component = self.labels.get("app.kubernetes.io/component", "")
        return component if component in _KINDS else _KINDS[0]

    @property
    def end(self) -> Condition | None:
        """The condition that it has ended by: Complete or Failed; what precedes them is not an end."""
        return next((self.conditions[kind] for kind in ("Complete", "Failed") if self.holds(kind)), None)

    @property
    def coming_end(self) -> Condition | None:
        """The condition that announces its end, while its pods are still being stopped."""
        kinds = ("SuccessCriteriaMet", "FailureTarget")
        return next((self.conditions[kind] for kind in kinds if self.holds(kind)), None)

    @property
    def verdict(self) -> Condition | None:
        """The condition that says how it ended, or is about to."""
        return self.end or self.coming_end

    def holds(self, kind: str) -> bool:
        """Whether the condition `kind` holds."""
        found = self.conditions.get(kind)
        return found is not None and found.is_true

    @property
    def created_at(self) -> datetime | None:
        """When it was made."""
        return moment(self.object, "metadata", "creationTimestamp")

    @property
    def deleting_since(self) -> datetime | None:
        """Since when it is being deleted."""
        return moment(self.object, "metadata", "deletionTimestamp")

    @property
    def leaves_pods(self) -> bool:
        """Whether it is being deleted without its pods."""
        return "orphan" in texts(self.object, "metadata", "finalizers")

    @property
    def is_suspended(self) -> bool:
        """Whether it may have no pods for now."""
        return flag(self.object, "spec", "suspend")

    @property
    def queue(self) -> str:
        """The LocalQueue of Kueue that it waits in; empty: none."""
        return self.labels.get(_QUEUE, "")

    @property
    def other_controller(self) -> str:
        """Who looks after it in place of the Job controller; empty: nobody."""
        found = text(self.object, "spec", "managedBy")
        return "" if found == _OWN_CONTROLLER else found

    @property
    def backoff_limit(self) -> int:
        """How many failed pods are made up for."""
        found = number(self.object, "spec", "backoffLimit")
        return _BACKOFF_LIMIT if found is None else found

    @property
    def has_limit_per_index(self) -> bool:
        """Whether each index has a backoff limit of its own."""
        return number(self.object, "spec", "backoffLimitPerIndex") is not None

    @property
    def deadline_seconds(self) -> int | None:
        """How long it may take."""
        return number(self.object, "spec", "activeDeadlineSeconds")

    @property
    def deadline_at(self) -> datetime | None:
        """When it is ended if it is not done by then."""
        return later(self.started_at, self.deadline_seconds)

    @property
    def ttl_seconds(self) -> int | None:
        """How long it stays after its end."""
        return number(self.object, "spec", "ttlSecondsAfterFinished")

    @property
    def started_at(self) -> datetime | None:
        """When the Job controller began with it; a suspended Job begins anew."""
        return moment(self.object, "status", "startTime")

    @property
    def completed_at(self) -> datetime | None:
        """When it was complete."""
        return moment(self.object, "status", "completionTime")

    @property
    def failed(self) -> int:
        """Its pods that failed, as Kubernetes counts them."""
        return number(self.object, "status", "failed") or 0

    @property
    def completions(self) -> int:
        """How many of its pods have to succeed."""
        found = number(self.object, "spec", "completions")
        return 1 if found is None else found

    @property
    def failed_indexes(self) -> str:
        """The numbers of the parts that failed: ``2``, ``1,4-6``."""
        return text(self.object, "status", "failedIndexes")

    @property
    def restarts_in_place(self) -> bool:
        """Whether a failed container is started again in the same pod (``restartPolicy: OnFailure``)."""
        return text(self.template, "restartPolicy") == "OnFailure"

    @property
    def template(self) -> Object:
        """What its pods are made from: the spec of the pod template."""
        return mapping(self.object, "spec", "template", "spec")

    @cached_property
    def policy(self) -> list[Object]:
        """The rules of its pod failure policy, in order."""
        return items(self.object, "spec", "podFailurePolicy", "rules")
