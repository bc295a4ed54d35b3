"""Jobs that run, stand between two attempts, or are about to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cajajejo.status import exits
from cajajejo.status.ending import why_it_failed
from cajajejo.status.model import Reason, State
from cajajejo.status.states import is_ending
from cajajejo.status.verdicts import Verdict, counted, cure
from cajajejo.status.waiting import WAITING, first

if TYPE_CHECKING:
    from cajajejo.status.facts import Facts
    from cajajejo.status.pods import Pod


def rule_control_plane_away(facts: Facts) -> Verdict | None:
    """The API server does not answer: what is told is how it was."""
    if facts.evidence.away_since is None:
        return None
    message = "the cluster does not answer; the job itself may go on"
    return Verdict(Reason.CONTROL_PLANE_AWAY, message, cure("wait: it is asked again and again"))


def rule_being_deleted(facts: Facts) -> Verdict | None:
    """Somebody has deleted the Job, and it is not gone yet."""
    if facts.job.deleting_since is None:
        return None
    return Verdict(Reason.DELETED, f"it is being deleted{', without its pods' if facts.job.leaves_pods else ''}")


def rule_other_controller(facts: Facts) -> Verdict | None:
    """``spec.managedBy`` names a controller that has not done anything yet."""
    who = facts.job.other_controller
    if not who or facts.pods:
        return None
    return Verdict(None, f"left to the controller {who} (spec.managedBy), which has done nothing yet")


def rule_suspended(facts: Facts) -> Verdict | None:
    """``spec.suspend`` is true: no pods until somebody resumes it."""
    job = facts.job
    if not job.is_suspended:
        return None
    command = f'kubectl patch job {job.name} -n {job.namespace} --type merge -p \'{{"spec":{{"suspend":false}}}}\''
    message = "suspended: it has no pods until it is resumed"
    return Verdict(Reason.SUSPENDED, message, cure(f"resume it: {command}"))


def rule_ending(facts: Facts) -> Verdict | None:
    """The work is done or given up; what is missing is the last word of the Job controller."""
    if facts.live or not is_ending(facts):
        return None
    end = facts.job.coming_end
    has_failed = facts.is_given_up if end is None else end.type == "FailureTarget"
    if not has_failed:
        return Verdict(None, "its work is done; the job is ending")
    found = why_it_failed(facts)
    return Verdict(found.reason, f"{found.message}; the job is ending", found.do, found.quotes)


def rule_sidecar_goes_on(facts: Facts) -> Verdict | None:
    """The main container is done, and another one keeps the pod, and so the job, from ending."""
    pod = facts.live[-1] if facts.live else None
    if pod is None or pod.main.ended is None or pod.main.ended.is_failure:
        return None
    others = [container.name for container in pod.containers if container.is_running and container is not pod.main]
    if not others:
        return None
    message = f"container {pod.main.name} is done, container {others[0]} is not: the job ends only when it does"
    text = "make it a sidecar (an init container with restartPolicy Always), which does not hold the job up"
    return Verdict(None, message, cure(text))


def rule_running(facts: Facts) -> Verdict | None:
    """The main container runs: which attempt, and where."""
    if facts.state is not State.RUNNING or not facts.live:
        return None
    running = [pod for pod in facts.live if pod.main.is_running]
    if not running:
        return Verdict(None, "its container has ended; the pod is ending")
    newest = running[-1]
    return Verdict(None, f"{facts.attempts.of(newest).name} on {newest.node or 'a node'}{_restarts(newest)}")


def _restarts(pod: Pod) -> str:
    """How often the main container was started again in the same pod, and what it died of before."""
    end = pod.main.last_end
    if end is None or not pod.main.restarts:
        return ""
    what = "OOMKilled" if end.reason == "OOMKilled" else exits.told(end.exit_code, ours=False)
    return f", {counted(pod.main.restarts, 'restart')} so far, the last after {what}"


def rule_parts_at_work(facts: Facts) -> Verdict | None:
    """Of a job with many pods: how many run, how many are done, and why another one waits."""
    job = facts.job
    done = sum(pod.has_succeeded for pod in facts.pods)
    running = sum(pod.main.is_running for pod in facts.live)
    if job.completions < 2 or not (running or done):  # noqa: PLR2004
        return None
    far = f"{done:,} of {job.completions:,} done"
    if not facts.live:
        failed = facts.attempts.last_failed
        follows = "the others are being stopped" if facts.stopping else "the next pods follow"
        return None if failed is not None else Verdict(None, f"{far}; {follows}")
    if facts.state is not State.RUNNING:
        return None
    message = f"{counted(running, 'pod')} {'runs' if running == 1 else 'run'}, {far}"
    _, other = first(WAITING, facts)
    if other is None or other.reason is None:
        return Verdict(None, message)
    return Verdict(other.reason, f"{message}; another waits: {other.message}", other.do, other.quotes)


def rule_between_attempts(facts: Facts) -> Verdict | None:
    """An attempt has failed or is being stopped, and the next one is not there yet."""
    if facts.live or not facts.pods:
        return None
    if facts.stopping and facts.stopping[-1] is facts.pods[-1]:
        tried = facts.attempts.of(facts.stopping[-1])
        if tried.failure is None:
            return Verdict(None, f"{tried.name} is being stopped")
        do = tried.failure.do if tried.failure.counted else None
        return Verdict(tried.failure.reason, f"{tried.name} {tried.failure.told}; it is being stopped", do)
    last = facts.attempts.last_failed
    if last is None or last.failure is None:
        return None
    job, failure = facts.job, last.failure
    left = max(0, job.backoff_limit + 1 - len(facts.attempts.failures))
    more = "" if job.has_limit_per_index else f"; the next one follows ({counted(left, 'attempt')} left)"
    return Verdict(failure.reason, f"{last.name} {failure.told}{more}", failure.do if failure.counted else None)
