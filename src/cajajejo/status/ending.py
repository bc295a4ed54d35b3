"""Why a job ended: what its attempts died of, for the Job itself says only that it gave up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from cajajejo import moments
from cajajejo.status import exits
from cajajejo.status.attempts import common, differing
from cajajejo.status.model import Reason, State
from cajajejo.status.reading import plain
from cajajejo.status.verdicts import Verdict, counted, cure
from cajajejo.status.waiting import WAITING, Rule, first

if TYPE_CHECKING:
    from cajajejo.status.attempts import Attempts
    from cajajejo.status.facts import Facts
    from cajajejo.status.model import Advice

_POLICY: Final = re.compile(r"^Container (\S+) for pod (\S+) failed with exit code (\d{1,9}) matching")
_POLICY_CONDITION: Final = re.compile(r"^Pod (\S+) has condition (\S+) matching")
_DEADLINE_FIELD: Final = "kubernetes_config.active_deadline_seconds"
_CURES: Final = {
    2: cure("correct what its last lines name, and submit again"),
    5: cure("what is finished is kept; see its last lines, and submit again when the cause is gone"),
}


def rule_succeeded_and_removed(facts: Facts) -> Verdict | None:
    """It succeeded, and is no longer there."""
    ttl = facts.job.ttl_seconds
    if not facts.evidence.deleted:
        return None
    if ttl is None:
        return Verdict(Reason.DELETED, "it succeeded, and was then deleted by someone")
    return Verdict(Reason.TTL_PASSED, f"it succeeded, and was removed {moments.span(ttl)} after its end (TTL)")


def rule_deleted(facts: Facts) -> Verdict:
    """It was deleted before it had ended, and not by us."""
    job = facts.job
    message = "deleted by someone before it had ended"
    if job.leaves_pods and facts.live:
        command = f"kubectl delete pods -l batch.kubernetes.io/job-name={job.name} -n {job.namespace}"
        return Verdict(Reason.DELETED, f"{message}; its pods were left running", cure(f"stop them: {command}"))
    return Verdict(Reason.DELETED, message, cure("submit it again, if nobody meant to stop it"))


def rule_cancelled(facts: Facts) -> Verdict:
    """We ended it."""
    why = plain(facts.evidence.cancelled, 300)
    return Verdict(None, f"cancelled: {why}" if why else "cancelled")


def rule_past_deadline(facts: Facts) -> Verdict | None:
    """Over its time: what it spent it on is the reason behind the reason."""
    if _word(facts) != "DeadlineExceeded":
        return None
    seconds = facts.job.deadline_seconds
    limit = f" of {moments.span(seconds)}" if seconds is not None else ""
    message = f"not done within its deadline{limit} (waiting counts)"
    _, waiting = first(WAITING, facts)
    if waiting is not None and waiting.reason is not None:
        return Verdict(
            Reason.DEADLINE_EXCEEDED, f"{message}; it was waiting: {waiting.message}", waiting.do, waiting.quotes
        )
    before = [failure for failure in facts.attempts.failures if failure.reason is not Reason.DEADLINE_EXCEEDED]
    if before:
        message += f"; before that, {before[-1].sentence}"
    return Verdict(Reason.DEADLINE_EXCEEDED, message, cure("give it more time and submit again", _DEADLINE_FIELD))


def rule_pod_failure_policy(facts: Facts) -> Verdict | None:
    """A rule of the pod failure policy gave it up at once."""
    last = facts.attempts.ended_the_job
    if _word(facts) != "PodFailurePolicy" and (facts.job.verdict is not None or last is None):
        return None
    do = last.do if last is not None else None
    if found := _POLICY.search(_said(facts)):
        return _given_up(facts, plain(found[1], 80), int(found[3]), do)
    if found := _POLICY_CONDITION.search(_said(facts)):
        pod = plain(found[1], 200).rpartition("/")[2]
        message = f"pod {pod} has the condition {plain(found[2], 80)}; not tried again"
        return Verdict(Reason.POD_FAILURE_POLICY, message, do)
    if last is not None and last.container and last.exit_code is not None:
        return _given_up(facts, last.container, last.exit_code, do)
    known = last.sentence if last is not None else plain(_said(facts), 300) or "given up by its pod failure policy"
    return Verdict(Reason.POD_FAILURE_POLICY, f"{known}; not tried again", do)


def _given_up(facts: Facts, container: str, code: int, do: Advice | None) -> Verdict:
    ours = facts.job.is_ours
    message = f"container {container} failed with {exits.told(code, ours=ours)}; not tried again"
    return Verdict(Reason.POD_FAILURE_POLICY, message, (_CURES.get(code) if ours else None) or do)


def rule_failed_indexes(facts: Facts) -> Verdict | None:
    """Parts of an indexed job failed."""
    if _word(facts) not in {"FailedIndexes", "MaxFailedIndexesExceeded"}:
        return None
    indexes = facts.job.failed_indexes
    found = common(facts.attempts.failures)
    which = f"index {indexes}" if indexes.isdecimal() else f"indexes {indexes}" if indexes else "some indexes"
    if found is None:
        return Verdict(Reason.BACKOFF_LIMIT_EXCEEDED, f"{which} failed")
    return Verdict(found.reason, f"{which} failed: {found.sentence}", found.do)


def rule_attempts_failed(facts: Facts) -> Verdict | None:
    """Every attempt failed; where all died of the same, that is the reason."""
    last = facts.attempts.last_failed
    failures = facts.attempts.failures or ([last.failure] if last is not None and last.failure is not None else [])
    if not failures:
        return None
    newest, found = failures[-1], common(failures)
    if found is not None:
        indexes = {tried.pod.index for tried in facts.attempts.tried if tried.failure in failures}
        part = f"index {indexes.pop()} failed: " if len(indexes) == 1 and None not in indexes else ""
        every = "" if facts.job.completions > 1 and not part else _every(len(failures))
        return Verdict(found.reason, f"{part}{found.sentence}{every}", found.do)
    if len({failure.reason for failure in failures}) == 1:
        message = f"{newest.sentence} in the last of {len(failures):,} attempts"
        return Verdict(newest.reason, message, newest.do)
    message = f"{len(failures):,} attempts failed: {differing(facts.attempts.tried)}"
    return Verdict(Reason.BACKOFF_LIMIT_EXCEEDED, message, newest.do)


def rule_failed_unseen(facts: Facts) -> Verdict:
    """It failed, and nothing that is left tells of what."""
    word, said, times = _word(facts), plain(_said(facts), 300), facts.job.failed
    if word == "BackoffLimitExceeded":
        message = (
            f"{counted(times, 'attempt')} failed, and no pod is left to tell why" if times else "no attempt is left"
        )
        do = cure("let failed pods stay: restartPolicy Never") if facts.job.restarts_in_place else None
        return Verdict(Reason.BACKOFF_LIMIT_EXCEEDED, message, do)
    return Verdict(None, ": ".join(part for part in (word or "it failed", said) if part))


FAILED: Final[tuple[Rule, ...]] = (
    rule_past_deadline,
    rule_pod_failure_policy,
    rule_failed_indexes,
    rule_attempts_failed,
    rule_failed_unseen,
)
"""Why it failed, or is about to."""


def why_it_failed(facts: Facts) -> Verdict:
    """Why it failed, or is about to, by the first rule that knows."""
    _, found = first(FAILED, facts)
    return found or rule_failed_unseen(facts)


def _word(facts: Facts) -> str:
    found = facts.job.verdict
    return found.reason if found is not None else ""


def _said(facts: Facts) -> str:
    found = facts.job.verdict
    return found.message if found is not None else ""


def _every(count: int) -> str:
    if count == 1:
        return ""
    return " in both attempts" if count == 2 else " in every attempt"  # noqa: PLR2004


def exit_code(attempts: Attempts, state: State) -> int | None:
    """Of the main container in the last attempt that has one: of one that succeeded only where the job did."""
    if not state.is_end:
        return None
    ends = [tried.pod.main.ended or tried.pod.main.last_end for tried in attempts.tried]
    codes = [end.exit_code for end in ends if end is not None and end.exit_code is not None]
    if state is State.SUCCEEDED:
        return 0 if 0 in codes or not codes else codes[-1]
    if state is State.FAILED:
        codes = [code for code in codes if code]
    return codes[-1] if codes else None
