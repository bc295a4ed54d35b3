"""A job on the screen: how it stands, and the list of many; lines made from values."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from cajajejo.cli.job_text import WIDTH, heading, labelled, seconds_since, short_pod, short_version, told, wrapped
from cajajejo.errors import printable
from cajajejo.moments import age, ago, duration
from cajajejo.status import Reason, State
from cajajejo.terminal import Column, Role, cut, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from cajajejo.status import Attempt, LastLines, Progress, Quote, Status
    from cajajejo.terminal import Style

ROLES: Final[Mapping[State, Role]] = {
    State.QUEUED: "doubt",
    State.SUSPENDED: "doubt",
    State.PENDING: "doubt",
    State.STARTING: "running",
    State.RUNNING: "running",
    State.SUCCEEDED: "good",
    State.FAILED: "bad",
    State.CANCELLED: "doubt",
    State.GONE: "doubt",
}
"""The colour of each state; the word is there, too."""

_DISRUPTIONS: Final = frozenset({Reason.PREEMPTED, Reason.EVICTED})
_FULL_STOP: Final = re.compile(r"\.(?=\s|$)")
_SHOWN_ATTEMPTS: Final = 20
_SHOWN_LINES: Final = 10
_LONGEST_QUOTE: Final = 240
_ROWS_OF_A_LINE: Final = 4


def status_lines(status: Status, style: Style, now: datetime, *, recalled: bool = False) -> list[str]:
    """How one job stands: state, reason, what to do, then its attempts; `recalled`: it is gone, its record told."""
    blocks = (
        [heading(status, style), *verdict_lines(status, style, now)],
        _facts(status, style, now),
        _attempts(status, style, now),
        _last_lines(status.last_lines, style),
        record_lines(status, style, now, recalled=recalled),
    )
    lines: list[str] = []
    for block in filter(None, blocks):
        lines += ([""] if lines else []) + block
    return lines


def next_lines(status: Status, options: Sequence[str] = ()) -> list[str]:
    """The usual continuation, where there is one; `options` say where the job was found."""
    where = shlex.join([status.name, *options])
    if status.state is State.RUNNING:
        return [f"Next: cajajejo jobs logs {where} -f"]
    if status.state is State.FAILED:
        ran = any(attempt.started_at for attempt in status.attempts)
        return [
            f"Next: cajajejo jobs logs {where}{_speaker(status)} --tail 200"
            if ran
            else f"Next: cajajejo jobs explain {where}"
        ]
    return []


def _speaker(status: Status) -> str:
    """The option that names the container that failed, where it is not the one whose log is shown anyway."""
    failed = [attempt.container for attempt in status.attempts if attempt.container]
    return f" -c {shlex.quote(failed[-1])}" if failed and status.reason is Reason.INIT_CONTAINER_FAILED else ""


def list_lines(statuses: Sequence[Status], style: Style, now: datetime, *, namespaces: bool = False) -> list[str]:
    """A row for each job, in the order given; with the namespace in front where `namespaces`."""
    titles = ("NAME", "KIND", "STATE", "REASON", "AGE", "RAN")
    columns = [Column(title, widest=title == "NAME") for title in titles]
    rows = [_row(status, style, now) for status in statuses]
    if namespaces:
        columns.insert(0, Column("NAMESPACE"))
        rows = [[told(status.namespace, style), *row] for status, row in zip(statuses, rows, strict=True)]
    return table(columns, rows, style, indent=0)


def _row(status: Status, style: Style, now: datetime) -> list[str]:
    ran = _ran(status, now)
    return [
        told(status.name, style),
        told(status.kind, style),
        str(status.state),
        str(status.reason or ""),
        age(seconds_since(status.submitted_at, now)) if status.submitted_at else "",
        "" if ran is None else age(ran),
    ]


def _ran(status: Status, now: datetime) -> float | None:
    """Seconds from the start of the first attempt to the end, or until now; None where either is not known."""
    end = (status.finished_at or status.since) if status.state.is_end else now
    return None if status.started_at is None or end is None else seconds_since(status.started_at, end)


def verdict_lines(status: Status, style: Style, now: datetime) -> list[str]:
    """State, reason, and what to do."""
    word = str(status.state)
    place, reason = _of_queue(status)
    behind = f": {told(place, style)}" if place else _circumstance(status, style, now)
    state, *more = labelled("state", f"{word}{_when(status, now)}{behind}", style)
    lines = [state.replace(word, style.paint(word, ROLES[status.state]), 1), *more]
    if reason and (status.reason is not None or status.state is State.CANCELLED):
        lines += labelled("reason", told(reason, style), style)
    return lines + _advice(status, style)


def _of_queue(status: Status) -> tuple[str, str]:
    """The place in a queue, which is part of the state, and the reason: ``3rd in queue gpu: quota of … used up``."""
    if status.state is State.CANCELLED:
        return "", status.message.partition(": ")[2]
    place, colon, reason = status.message.partition(": ")
    is_place = status.reason is Reason.QUEUED_IN_KUEUE and "in queue " in place
    return (place, reason) if is_place and colon else ("", status.message)


def _advice(status: Status, style: Style) -> list[str]:
    if status.do is None:
        return []
    if not (status.do.field and status.config_path):
        return labelled("do", told(status.advice or "", style), style)
    place = told(f"{status.config_path}: {status.do.field}", style)
    return [*labelled("do", f"{told(status.do.text, style)}, in", style), f"             {place}"]


def _when(status: Status, now: datetime) -> str:
    if status.state.is_end:
        ended = status.finished_at or status.since
        return f" {ago(seconds_since(ended, now))} ago" if ended else ""
    return f" for {ago(seconds_since(status.since, now))}" if status.since else ""


def _circumstance(status: Status, style: Style, now: datetime) -> str:
    """What stands behind the state and its time."""
    if status.state.is_end:
        return _account(status, now)
    if status.message and status.reason is None:
        return f": {told(status.message, style)}"
    if status.state is State.PENDING and status.reason is not Reason.CONTROL_PLANE_AWAY:
        return ": no node for its pod yet" if status.attempts else ": no pod yet"
    at_work = [attempt for attempt in status.attempts if attempt.finished_at is None and attempt.node]
    if status.state in {State.STARTING, State.RUNNING} and len(at_work) == 1:
        return f": attempt {at_work[0].number} on {told(at_work[0].node or '', style)}"
    return ""


def _account(status: Status, now: datetime) -> str:
    """Of a job that has ended: how often and how long it ran, and the exit code."""
    code = f" (exit code {status.exit_code})" if status.exit_code else ""
    if not status.attempts:
        return f", without a pod{code}" if status.state is State.FAILED else code
    number = len(status.attempts)
    noun = "attempt" if all(attempt.index is None for attempt in status.attempts) else "pod"
    counted = f"{number} {noun}{'s' * (number != 1)}"
    if status.started_at is None:
        return f", after {counted}{' that never started' if number == 1 else ', none of which started'}{code}"
    ran = _ran(status, now)
    return f", after {counted}{'' if ran is None else f' in {ago(ran)}'}{code}"


def _facts(status: Status, style: Style, now: datetime) -> list[str]:
    """What is known beside the state: of a job that has ended only where no attempt tells more."""
    if status.state.is_end and status.attempts:
        return []
    lines = [
        *_fact("submitted", _submitted(status, style, now), style),
        *_fact("deadline", _deadline(status, now), style),
        *_fact("progress", _progress(status.progress, style), style),
    ]
    if not _is_table(status):
        for attempt in status.attempts:
            lines += _fact(f"attempt {attempt.number}", _attempt(attempt, status.name, style), style)
    for quote in status.quotes:
        lines += _quote(quote, style, now)
    return lines


def _fact(label: str, text: str, style: Style) -> list[str]:
    return wrapped(f"  {label:<10}  ", text, style, 14) if text else []


def _submitted(status: Status, style: Style, now: datetime) -> str:
    if status.submitted_at is None:
        return ""
    by = f" by {told(status.submitted_by, style)}" if status.submitted_by else ""
    version = f", config version {told(short_version(status.config_version), style)}" if status.config_version else ""
    return f"{ago(seconds_since(status.submitted_at, now))} ago{by}{version}"


def _deadline(status: Status, now: datetime) -> str:
    if status.deadline_at is None or status.state.is_end:
        return ""
    if status.deadline_at <= now:
        return f"passed {ago(seconds_since(status.deadline_at, now))} ago"
    counts = "" if status.state is State.RUNNING else " (waiting counts)"
    return f"in {ago(seconds_since(now, status.deadline_at))}{counts}"


def _progress(progress: Progress | None, style: Style) -> str:
    if progress is None:
        return ""
    what = f", {told(progress.what, style)}" if progress.what else ""
    unit = told(f"{progress.unit}s" if progress.unit and not progress.unit.endswith("s") else progress.unit, style)
    if progress.total <= 0:
        return f"{progress.done:,} {unit}{what}"
    return f"{progress.done:,} of {progress.total:,} {unit} ({100 * progress.done // progress.total} %){what}"


def _attempt(attempt: Attempt, job: str, style: Style) -> str:
    node = f" on {told(attempt.node, style)}" if attempt.node else ""
    return f"pod {short_pod(attempt.pod, job, style)}  {told(attempt.state, style)}{node}"


def _quote(quote: Quote, style: Style, now: datetime) -> list[str]:
    """The first sentence of what a part of the cluster said, and how long ago at the right."""
    sentence = quote.text.strip()
    stop = _FULL_STOP.search(sentence)
    text = told(sentence[: stop.end()] if stop else sentence, style, None if style.width is None else _LONGEST_QUOTE)
    when = f"{ago(seconds_since(quote.at, now))} ago" if quote.at else ""
    room = min(style.width or WIDTH, WIDTH) - len(when) - 2
    first, *more = wrapped(f"  {told(quote.source, style, 10):<10}  ", text, style, 14, spare=len(when) + 2)
    return [f"{first:<{room}}  {when}".rstrip(), *more]


def _is_table(status: Status) -> bool:
    """Whether the attempts are worth a table: several, or one that has ended."""
    return len(status.attempts) > 1 or any(attempt.finished_at or attempt.exit_code for attempt in status.attempts)


def _attempts(status: Status, style: Style, now: datetime) -> list[str]:
    if not (status.attempts and (_is_table(status) or status.state.is_end)):
        return []
    left_out = max(0, len(status.attempts) - _SHOWN_ATTEMPTS) if style.width is not None else 0
    indexed = any(attempt.index is not None for attempt in status.attempts)
    titles = ("attempt", *(["index"] if indexed else []), "pod", "node", "ran", "ended")
    columns = [Column(title, widest=title == "node") for title in titles]
    shown = status.attempts[left_out:]
    times = [_time_run(attempt, now) for attempt in shown]
    longest = max(map(len, times))
    rows = []
    for attempt, time in zip(shown, times, strict=True):
        index = ["" if attempt.index is None else str(attempt.index)] if indexed else []
        pod, node = short_pod(attempt.pod, status.name, style), told(attempt.node or "", style)
        rows.append([str(attempt.number), *index, pod, node, time.rjust(longest), _ended(attempt, style)])
    more = [f"  {told('…', style)} {left_out} earlier; --json has all"] if left_out else []
    return [*table(columns, rows, style), *more]


def _time_run(attempt: Attempt, now: datetime) -> str:
    """How long an attempt ran, its second number in two places: ``16 min  2 s``."""
    if attempt.started_at is None:
        return ""
    seconds = int(seconds_since(attempt.started_at, attempt.finished_at or now))  # Kubernetes knows no fractions
    if seconds < 10:  # noqa: PLR2004  # which duration says with tenths
        return f"{seconds} s" if seconds else "<1 s"
    words = duration(seconds).split()
    return " ".join([*words[:2], *(word.rjust(2) if word.isdigit() else word for word in words[2:])])


def _ended(attempt: Attempt, style: Style) -> str:
    if attempt.finished_at is None and attempt.exit_code is None and attempt.reason is None:
        return told(attempt.state, style)
    code = f", exit {attempt.exit_code}" if attempt.exit_code else ""
    free = ", not counted" if attempt.reason in _DISRUPTIONS and not attempt.counted else ""
    return f"{told(attempt.reason or attempt.state, style)}{code}{free}"


def _last_lines(last: LastLines | None, style: Style) -> list[str]:
    if last is None or not last.lines:
        return []
    bar = "│" if style.unicode else "|"
    lines = [f"  last lines of {told(last.container, style)}, attempt {last.attempt}"]
    room = None if style.width is None else max(20, style.width - 6)
    for line in last.lines[-_SHOWN_LINES:]:
        text = line.expandtabs().rstrip()
        shown = style.plain(printable(text if room is None else cut(text, _ROWS_OF_A_LINE * room, style)))
        step = room or max(1, len(shown))
        rows = [shown[at : at + step] for at in range(0, len(shown), step)] or [""]
        lines += [f"    {bar} {row}".rstrip() for row in rows]
    return lines


def record_lines(status: Status, style: Style, now: datetime, *, recalled: bool) -> list[str]:
    """How long the job can still be looked at, and where it is remembered."""
    run = told(status.mlflow_run_id or "", style)
    if recalled:
        return [f"  no longer on the cluster; told by {f'mlflow run {run}' if run else 'what was noted here'}"]
    parts = [f"recorded on mlflow run {run}"] if run else []
    if status.disappears_at is not None and status.state is not State.GONE:
        left = seconds_since(now, status.disappears_at)
        parts.insert(0, f"disappears in {ago(left)} (TTL)" if left else "disappears any moment (TTL)")
    joined = "; ".join(parts)
    if style.width is not None and len(joined) + 2 > style.width:
        return [f"  {part}" for part in parts]
    return [f"  {joined}"] if parts else []
