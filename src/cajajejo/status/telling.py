"""How a job stands: the one function that everything here is for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cajajejo.phrases import without_logins
from cajajejo.pod_log import spoken
from cajajejo.status import ending, states
from cajajejo.status.facts import Facts
from cajajejo.status.model import Advice, LastLines, Progress, Status
from cajajejo.status.reading import later, number, plain, text
from cajajejo.status.rules import decide

if TYPE_CHECKING:
    from cajajejo.status.attempts import Attempts
    from cajajejo.status.evidence import Evidence
    from cajajejo.status.job import Job

_LONGEST_PROGRESS: Final = 4096
_OF_THE_RUNTIME: Final = frozenset({"StartError", "ContainerCannotRun", "ContainerStatusUnknown"})
"""Reasons whose message is not what the container printed."""


def of(evidence: Evidence) -> Status:
    """How the job of `evidence` stands: one state, one reason, one sentence, one thing to do.

    The state of what has ended is told by the Job's conditions alone. Never raises, whatever the objects hold.
    """
    facts = Facts(evidence)
    job = facts.job
    state, attempts = facts.state, facts.attempts
    rule, verdict = decide(facts)
    finished = states.finished_at(facts)
    told = tuple(replace(attempt, message=without_logins(attempt.message)) for attempt in attempts.told)
    return Status(
        name=job.name,
        namespace=job.namespace,
        uid=job.uid,
        kind=job.kind,
        state=state,
        since=states.since(facts, state),
        reason=verdict.reason,
        message=without_logins(verdict.message),
        do=_cure_for(job, verdict.do),
        rule=rule,
        exit_code=ending.exit_code(attempts, state),
        submitted_at=job.created_at,
        submitted_by=_annotation(job, "submitted-by"),
        started_at=min((attempt.started_at for attempt in told if attempt.started_at), default=None),
        finished_at=finished,
        deadline_at=None if state.is_end else job.deadline_at,
        disappears_at=later(finished, job.ttl_seconds) if finished and not evidence.deleted else None,
        attempts=told,
        quotes=tuple(replace(quote, text=without_logins(quote.text)) for quote in verdict.quotes),
        progress=progress_of(job.annotations.get("cajajejo/progress")),
        last_lines=_last_lines(evidence, attempts),
        config_version=_annotation(job, "config-version") or None,
        config_path=_annotation(job, "config-path"),
    )


def _annotation(job: Job, name: str) -> str:
    return plain(job.annotations.get(f"cajajejo/{name}"), 500)


def _cure_for(job: Job, found: Advice | None) -> Advice | None:
    """Advice without a field where there is no job config that has it."""
    return Advice(found.text) if found is not None and not job.is_ours else found


def progress_of(found: object) -> Progress | None:
    """The progress that a pod published on its Job as JSON; None where it is something else."""
    if not isinstance(found, str) or len(found) > _LONGEST_PROGRESS:
        return None
    try:
        told = json.loads(found)
    except (ValueError, RecursionError):
        return None
    done, total = number(told, "done"), number(told, "total")
    if done is None or total is None or not 0 <= done <= total:
        return None
    return Progress(done, total, text(told, "unit")[:40], text(told, "what")[:200])


def _last_lines(evidence: Evidence, attempts: Attempts) -> LastLines | None:
    """What the container printed that failed last: as it was read, else as its end holds it."""
    given = tuple(plain(spoken(line)) for line in evidence.last_lines if isinstance(line, str))
    found = attempts.last_failed
    if found is None or found.failure is None:
        return None
    end = found.failure.end
    shown = given or (end.lines if end is not None and end.reason not in _OF_THE_RUNTIME else ())
    lines = tuple(map(without_logins, shown))
    return LastLines(found.failure.container or found.pod.main.name, found.number, lines) if lines else None
