"""The Pods whose logs and eviction were recorded: their states are told by the answers, here they are built."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tests.recordings import exchange

if TYPE_CHECKING:
    from tests.fakes.kubernetes import FakeKubernetes
    from tests.recordings.exchange import Exchange

RUNNING: Final = {"running": {"startedAt": "2026-11-21T21:47:47Z"}}
ENDED: Final = {"terminated": {"exitCode": 0, "reason": "Completed"}}
_EARLY: Final = (("2026-11-21T21:47:47.263522218Z", "err line 0\n"), ("2026-11-21T21:47:47.263535819Z", "out line 0\n"))


def pod(name: str, namespace: str, states: dict[str, dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """A Pod of containers in these states; a state may hold `last`, the state before."""
    init = [each for each in states if each == "init"]
    statuses = {
        each: {
            "name": each,
            "image": "registry.example/python:1",
            "imageID": "",
            "ready": "running" in state,
            "restartCount": int("last" in state),
            "state": {key: part for key, part in state.items() if key != "last"},
            "lastState": state.get("last", {}),
        }
        for each, state in states.items()
    }
    spec: dict[str, Any] = {
        "containers": [{"name": each, "image": "registry.example/python:1"} for each in states if each not in init],
        "nodeName": "node-1",
    }
    status: dict[str, Any] = {
        "phase": "Running",
        "containerStatuses": [value for each, value in statuses.items() if each not in init],
    }
    if init:
        spec["initContainers"] = [{"name": "init", "image": "registry.example/python:1"}]
        status["initContainerStatuses"] = [statuses["init"]]
    metadata = {"name": name, "namespace": namespace, **changes.pop("metadata", {})}
    return {"kind": "Pod", "apiVersion": "v1", "metadata": metadata, "spec": {**spec, **changes}, "status": status}


def logging(cluster: FakeKubernetes, recorded: Exchange) -> None:
    """The Pod that the request asks, in the state that the answer tells of."""
    case, name = recorded.name.rsplit("/", 1)[1], recorded.request["path"].split("/")[-2]
    if case in ("pod-deleted", "pod-not-found"):
        return
    if case.startswith("waiting"):
        _waiting(cluster, case, name)
    elif "prev" in name:
        crash = {"terminated": {"exitCode": 1, "reason": "Error"}}
        state = {"waiting": {"reason": "CrashLoopBackOff"}, "last": crash}
        cluster.put(pod(name, "logs-test", {"eval": state}))
        for previous in (False, True):
            cluster.log(name, "attempt fails\n", namespace="logs-test", previous=previous)
    else:
        _talking(cluster, case, name)


def _waiting(cluster: FakeKubernetes, case: str, name: str) -> None:
    reasons = {"waiting-nocm": "CreateContainerConfigError", "waiting-noimg": "ErrImageNeverPull"}
    waiting = pod(name, "logs-test", {"eval": {"waiting": {"reason": reasons.get(case, "")}}})
    if case == "waiting-pend":
        del waiting["spec"]["nodeName"]
        waiting["status"] = {"phase": "Pending"}
    cluster.put(waiting)


def _talking(cluster: FakeKubernetes, case: str, name: str) -> None:
    state = {"waiting": {"reason": "PodInitializing"}} if case == "while-creating" else RUNNING
    finished = case.startswith("finished")
    cluster.put(pod(name, "logs-test", {"init": ENDED, "eval": ENDED if finished else state, "side": RUNNING}))
    cluster.log(name, "init log\n", container="init", namespace="logs-test")
    cluster.log(name, "side: é ünïcode ✓\n", container="side", namespace="logs-test")
    if finished:
        text = exchange.load("exchanges/logs/finished").response["body"]
        cluster.log(name, text, namespace="logs-test")
        return
    for at, text in _EARLY:
        cluster.log(name, text, namespace="logs-test", at=_now() if case == "since-seconds" else at)
    if case == "accept-json":
        return


def _now() -> str:
    return (datetime.now(UTC) + timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


def guarded(cluster: FakeKubernetes, recorded: Exchange) -> None:
    """A Pod that a budget wants to stay."""
    name = recorded.request["path"].split("/")[-2]
    cluster.put(pod(name, "auth-test", {"eval": RUNNING}, metadata={"labels": {"app": "eval"}}))
    budget = {
        "kind": "PodDisruptionBudget",
        "apiVersion": "policy/v1",
        "metadata": {"name": "pdb", "namespace": "auth-test"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "eval"}}},
        "status": {"currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": 0, "expectedPods": 1},
    }
    cluster.put(budget)
