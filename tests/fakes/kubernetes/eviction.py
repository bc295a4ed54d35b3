"""Eviction of Pods: refused by a budget, else the Pod is marked and goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.kubernetes import catalogue
from tests.fakes.kubernetes.errors import not_found
from tests.fakes.kubernetes.messages import Answer
from tests.fakes.kubernetes.model import ApiError
from tests.fakes.kubernetes.store import now

if TYPE_CHECKING:
    from tests.fakes.kubernetes.calls import Call
    from tests.fakes.kubernetes.model import Object


def evict(call: Call) -> Answer:
    """The answer to POST of an Eviction.

    Raises:
        ApiError: 404, or 429 because of a PodDisruptionBudget.
    """
    with call.store.changed:
        pod = call.live()
        if pod is None:
            raise not_found(call.resource, call.target.name)
        _within_budgets(call, pod)
        if not call.request.dry_run:
            call.collector.delete(call.resource, _disrupted(pod), [])
    return Answer(201, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201})


def _within_budgets(call: Call, pod: Object) -> None:
    budgets = call.store.all(catalogue.load().of_kind("PodDisruptionBudget")).values()
    labels = pod["metadata"].get("labels", {})
    for budget in budgets:
        wanted = budget["spec"].get("selector", {}).get("matchLabels", {})
        status = budget.get("status", {})
        here = budget["metadata"].get("namespace") == call.target.namespace
        if not here or not wanted.items() <= labels.items() or status.get("disruptionsAllowed", 0) > 0:
            continue
        needed, healthy = status.get("desiredHealthy", 0), status.get("currentHealthy", 0)
        name = budget["metadata"]["name"]
        message = f"The disruption budget {name} needs {needed} healthy pods and has {healthy} currently"
        causes = [{"reason": "DisruptionBudget", "message": message}]
        text = "Cannot evict pod as it would violate the pod's disruption budget."
        raise ApiError(429, "TooManyRequests", text, {"causes": causes})


def _disrupted(pod: Object) -> Object:
    condition = {
        "type": "DisruptionTarget",
        "status": "True",
        "lastProbeTime": None,
        "lastTransitionTime": now(),
        "reason": "EvictionByEvictionAPI",
        "message": "Eviction API: evicting",
    }
    status = pod.get("status", {})
    kept = [each for each in status.get("conditions", ()) if each["type"] != "DisruptionTarget"]
    return {**pod, "status": {**status, "conditions": [*kept, condition]}}
