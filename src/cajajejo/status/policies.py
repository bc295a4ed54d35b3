"""Whether a failed pod counts against the backoff limit: the rules of a pod failure policy, in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cajajejo.status.reading import items, mapping, part, text

if TYPE_CHECKING:
    from cajajejo.status.evidence import Object
    from cajajejo.status.job import Job
    from cajajejo.status.pods import Container, Pod


def action(pod: Pod, job: Job) -> str:
    """What the policy of `job` does about `pod`: Ignore, FailJob, FailIndex or Count, which is also the default."""
    return next((text(rule, "action") for rule in job.policy if _matches(rule, pod)), "Count")


def is_counted(pod: Pod, job: Job) -> bool:
    """Whether `pod` counts against the backoff limit."""
    return action(pod, job) != "Ignore"


def _matches(rule: Object, pod: Pod) -> bool:
    if isinstance(rule.get("onPodConditions"), list):
        return any(_has_condition(pod, wanted) for wanted in items(rule, "onPodConditions"))
    codes = mapping(rule, "onExitCodes")
    return bool(codes) and any(_has_code(container, codes) for container in (*pod.init_containers, *pod.containers))


def _has_condition(pod: Pod, wanted: Object) -> bool:
    found = pod.conditions.get(text(wanted, "type"))
    return found is not None and found.status == (text(wanted, "status") or "True")


def _has_code(container: Container, codes: Object) -> bool:
    name = text(codes, "containerName")
    if (name and container.name != name) or container.ended is None or not container.ended.is_failure:
        return False
    values = part(codes, "values")
    is_listed = isinstance(values, list) and container.ended.exit_code in values
    return is_listed if text(codes, "operator") == "In" else not is_listed
