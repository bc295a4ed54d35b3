"""A record as tags of an MLflow run: a few that people read and search by, and for each teller all of it as JSON."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from cajajejo.cluster.exchange import plain
from cajajejo.moments import parse_timestamp, rfc3339
from cajajejo.records.record import Record, Teller, together
from cajajejo.status import Advice, Attempt, LastLines, Progress, Quote, Reason, State, Status
from cajajejo.tracking.runs import JOB_UID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

UID: Final = JOB_UID
NAME: Final = "job_name"
NAMESPACE: Final = "job_namespace"
RECORD: Final = "job_record"
"""How the tags begin that hold records: a dot and the name of a pod follow, or a hash of what the cluster told."""

LONGEST: Final = 8000
"""Characters that MLflow keeps of a tag."""
_LONGEST_TEXT: Final = 1000
_LONGEST_LINE: Final = 400
_MOST_LINES: Final = 50
_MOST_ATTEMPTS: Final = 20
_LONGEST_POD: Final = 200
_LARGEST: Final = 2**63
_NO_KEY: Final = re.compile(r"[^A-Za-z0-9_.-]")

_STATES: Final = {state.value: state for state in State}
_REASONS: Final = {reason.value: reason for reason in Reason}
_TIMES: Final = ("since", "submitted_at", "started_at", "finished_at", "deadline_at", "disappears_at")
_TEXTS: Final = ("uid", "kind", "message", "rule", "submitted_by", "config_path")


def readable(status: Status) -> dict[str, str]:
    """The tags that people read and search by; one that has no value is empty."""
    return {
        UID: plain(status.uid, 100),
        NAMESPACE: plain(status.namespace, 100),
        "job_state": status.state.value,
        "job_reason": status.reason or "",
        "job_message": plain(status.message, _LONGEST_TEXT),
        "job_advice": plain(status.advice or "", _LONGEST_TEXT),
        "job_exit_code": "" if status.exit_code is None else str(status.exit_code),
        "job_attempts": str(len(status.attempts)),
        "job_submitted_at": rfc3339(status.submitted_at) or "",
        "job_started_at": rfc3339(status.started_at) or "",
        "job_finished_at": rfc3339(status.finished_at) or "",
    }


def changes(there: Mapping[str, str], record: Record) -> tuple[dict[str, str], Status]:
    """The tags to set on a run so that `record` is known beside what is `there`; and what all know together then.

    A pod has one tag. What the cluster told gets a tag of its own where it adds something, named by what it holds: so
    two who watch the same job never write into the same tag, unless they write the same.
    """
    known = _records(there)
    name, written = _tag(record, known)
    added = from_text(written) or record
    if record.teller is Teller.CLUSTER:
        others = [one for one in known.values() if one.teller is Teller.CLUSTER]
        if together(others) == together([*others, added]):
            name = ""  # it adds nothing
    if name:
        known[name] = added
    whole = together(known.values()) or record.status
    wanted = {name: written, **{tag: value for tag, value in readable(whole).items() if value or there.get(tag)}}
    return {tag: value for tag, value in wanted.items() if tag and there.get(tag) != value}, whole


def _tag(record: Record, known: Mapping[str, Record]) -> tuple[str, str]:
    """The tag of a record, and its value."""
    if record.teller is Teller.POD:
        name = f"{RECORD}.{_NO_KEY.sub('_', record.pod)[:_LONGEST_POD]}"
        return name, text(record.added_to(known.get(name)))
    written = text(record)
    return f"{RECORD}.{hashlib.sha256(written.encode()).hexdigest()[:16]}", written


def text(record: Record) -> str:
    """`record` as JSON of at most `LONGEST` characters; last lines are given up first, then old attempts and quotes."""
    for smaller in _smaller(_bounded(record.status)):
        written = {"teller": record.teller.value, "pod": record.pod, **_plain_values(smaller)}
        found = json.dumps(written, ensure_ascii=False, separators=(",", ":"))
        if len(found) <= LONGEST:
            break
    return found


def read(tags: Mapping[str, str]) -> list[Record]:
    """The records that stand in the tags of a run; what cannot be read is none."""
    return list(_records(tags).values())


def _records(tags: Mapping[str, str]) -> dict[str, Record]:
    found = {name: from_text(value) for name, value in sorted(tags.items()) if name.startswith(f"{RECORD}.")}
    return {name: record for name, record in found.items() if record is not None}


def from_text(written: str) -> Record | None:
    """The record that `text` wrote; None for anything else."""
    try:
        data = json.loads(written)
        status = _status(data)
        return Record(status, Teller(data["teller"]), _text(data, "pod"))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def _bounded(status: Status) -> Status:
    """`status` with every text as it may be shown, and not too long."""
    lines = status.last_lines
    if lines is not None:
        lines = replace(lines, lines=tuple(_line(line) for line in lines.lines[-_MOST_LINES:]))
    return replace(
        status,
        message=plain(status.message, _LONGEST_TEXT),
        do=None if status.do is None else Advice(plain(status.do.text, _LONGEST_TEXT), plain(status.do.field)),
        quotes=tuple(replace(quote, text=plain(quote.text), source=plain(quote.source, 40)) for quote in status.quotes),
        submitted_by=plain(status.submitted_by, 100),
        config_version=None if status.config_version is None else plain(status.config_version, 100),
        config_path=plain(status.config_path),
        attempts=tuple(replace(attempt, message=plain(attempt.message)) for attempt in status.attempts),
        last_lines=lines,
    )


def _line(line: str) -> str:
    """A line of a log as it may be shown; the space in front of it is kept."""
    indent = len(line) - len(line.lstrip(" "))
    return (" " * min(indent, _LONGEST_LINE // 4) + plain(line, _LONGEST_LINE)).rstrip()


def _smaller(status: Status) -> Iterator[Status]:
    """`status`, and then ever less of it; the last one is short enough in any case."""
    yield status
    while status.last_lines is not None:
        kept = status.last_lines.lines[(len(status.last_lines.lines) + 1) // 2 :]
        status = replace(status, last_lines=replace(status.last_lines, lines=kept) if kept else None)
        yield status
    attempts = status.attempts
    if len(attempts) > _MOST_ATTEMPTS:
        status = replace(status, attempts=(attempts[0], *attempts[1 - _MOST_ATTEMPTS :]))
        yield status
    status = replace(status, quotes=(), attempts=tuple(replace(attempt, message="") for attempt in status.attempts))
    yield status
    status = replace(status, attempts=status.attempts[-1:], message=plain(status.message, 200))
    yield status
    yield Status(status.name, status.namespace, status.state, status.uid, reason=status.reason, since=status.since)


def _plain_values(value: Any) -> Any:
    """A value of `cajajejo.status` as JSON has it, without what is empty."""
    if is_dataclass(value):
        pairs = ((field.name, _plain_values(getattr(value, field.name))) for field in fields(value))
        return {name: found for name, found in pairs if found not in (None, "", [])}
    if isinstance(value, datetime):
        return value.isoformat()
    return [_plain_values(item) for item in value] if isinstance(value, tuple) else value


def _status(data: Mapping[str, Any]) -> Status:
    advice, lines, progress = data.get("do"), data.get("last_lines"), data.get("progress")
    simple: dict[str, Any] = {name: parse_timestamp(data.get(name)) for name in _TIMES}
    simple |= {name: _text(data, name) for name in _TEXTS if name in data}
    return Status(
        name=_text(data, "name"),
        namespace=_text(data, "namespace"),
        state=_STATES[data["state"]],
        reason=_REASONS.get(data.get("reason", "")),
        do=None if advice is None else Advice(_text(advice, "text"), _text(advice, "field")),
        exit_code=_number(data.get("exit_code")),
        attempts=_each(data.get("attempts"), _attempt),
        quotes=_each(data.get("quotes"), _quote),
        progress=None if progress is None else _progress(progress),
        last_lines=None if lines is None else _last_lines(lines),
        config_version=data.get("config_version"),
        mlflow_run_id=data.get("mlflow_run_id"),
        **simple,
    )


def _attempt(data: Mapping[str, Any]) -> Attempt:
    return Attempt(
        number=_number(data["number"]) or 0,
        pod=_text(data, "pod"),
        state=_STATES[data["state"]],
        node=data.get("node"),
        started_at=parse_timestamp(data.get("started_at")),
        finished_at=parse_timestamp(data.get("finished_at")),
        exit_code=_number(data.get("exit_code")),
        reason=data.get("reason"),
        message=_text(data, "message"),
        counted=data.get("counted", False),
        index=data.get("index"),
        container=_text(data, "container"),
    )


def _progress(data: Mapping[str, Any]) -> Progress:
    return Progress(_number(data["done"]) or 0, _number(data["total"]) or 0, _text(data, "unit"), _text(data, "what"))


def _last_lines(data: Mapping[str, Any]) -> LastLines:
    return LastLines(_text(data, "container"), _number(data["attempt"]) or 0, _each(data.get("lines"), str))


def _quote(data: Mapping[str, Any]) -> Quote:
    return Quote(_text(data, "source"), _text(data, "text"), parse_timestamp(data.get("at")))


def _each(items: Iterable[Any] | None, of: Callable[[Any], Any]) -> tuple[Any, ...]:
    return tuple(of(item) for item in items or ())


def _number(value: object) -> int | None:
    """A whole number as it was written.

    Raises:
        TypeError: it is something else, which no teller writes.
    """
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and abs(value) <= _LARGEST):
        return value
    raise TypeError(type(value))


def _text(data: Mapping[str, Any], name: str) -> str:
    return str(data.get(name, ""))
