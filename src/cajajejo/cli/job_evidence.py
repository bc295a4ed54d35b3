"""All that tells how a job stands, on the screen: what was seen in order of time, and the rule that decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cajajejo.cli.job_screen import record_lines, verdict_lines
from cajajejo.cli.job_text import heading, short_pod, told, wrapped
from cajajejo.errors import printable
from cajajejo.job_outputs import Job, JobEvidence, JobExplanation
from cajajejo.moments import rfc3339

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from cajajejo.jobs.telling import Explained
    from cajajejo.status import Entry
    from cajajejo.terminal import Style

_HANG: Final = 12


def document(explained: Explained) -> dict[str, Any]:
    """What ``explain --json`` prints."""
    status = explained.told.status
    evidence = tuple(
        JobEvidence(time=rfc3339(entry.at), source=entry.source, subject=entry.subject, text=entry.text)
        for entry in explained.entries
    )
    return JobExplanation(job=Job.of(status), rule=status.rule, evidence=evidence).as_json()


def explain_lines(explained: Explained, style: Style, now: datetime) -> list[str]:
    """How one job stands, all that was seen of it in order of time, whole, and the rule that decided."""
    status = explained.told.status
    lines = [heading(status, style), *verdict_lines(status, style, now), ""]
    if explained.told.recalled:
        return [*lines, *record_lines(status, style, now, recalled=True)]
    lines += _entries(explained.entries, status.name, style, now)
    by = f"decided by the rule {told(status.rule, style)}" if status.rule else "there is nothing to explain"
    return [*lines, "", f"  {by}"]


def _entries(entries: Sequence[Entry], job: str, style: Style, now: datetime) -> list[str]:
    if not entries:
        return ["  nothing more was seen of it: no condition, no pod, no event"]
    days = {entry.at.astimezone().date() for entry in entries if entry.at} | {now.astimezone().date()}
    clock = "%H:%M:%S" if len(days) == 1 else "%m-%d %H:%M:%S"
    blank = " " * len(now.strftime(clock))
    heads = [(told(entry.source, style), _subject(entry.subject, job, style)) for entry in entries]
    sources, subjects = (max(len(head[column]) for head in heads) for column in (0, 1))
    lines = []
    for entry, (source, subject) in zip(entries, heads, strict=True):
        at = entry.at.astimezone().strftime(clock) if entry.at else blank
        lines += _entry(f"  {at}  {source:<{sources}}  {subject:<{subjects}}  ", entry.text, style)
    return lines


def _subject(subject: str, job: str, style: Style) -> str:
    """``Pod/eval-x-pw8jp`` on a terminal without what is the job's own name: ``Pod/…-pw8jp``, ``Job``."""
    kind, _, name = subject.partition("/")
    if style.width is None or not name:
        return told(subject, style)
    return told(kind, style) if name == job else f"{told(kind, style)}/{short_pod(name, job, style)}"


def _entry(first: str, text: str, style: Style) -> list[str]:
    """A message whole: on a terminal with its own lines, in a pipe as one."""
    if style.width is None:
        return [first + style.plain(printable(text))]
    head, *more = text.splitlines() or [""]
    rows = wrapped(first, style.plain(printable(head)), style, _HANG)
    for line in more:
        rows += wrapped(" " * _HANG, style.plain(printable(line)), style, _HANG)
    return rows
