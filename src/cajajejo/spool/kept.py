"""What is told about results that are kept because they could not be tracked."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cajajejo.results import Results


@dataclass(frozen=True, slots=True)
class Kept:
    """Results that could not be tracked.

    Attributes:
        where: the address of the spool's entry, or the directory that they were left in.
        durable: whether they stand in the spool, and so outlive this machine.
        why: what keeps them from being tracked: ``http://… is away (HTTP 503 for 10 min)``.
        holds: what is there, in words.
        command: finishes the work.
        note: why they are not in the spool, where one is configured; else empty.
    """

    where: str
    durable: bool
    why: str
    holds: str
    command: str
    note: str = ""


def command(where: str) -> str:
    """The command that finishes tracking what is kept at `where`."""
    return f"cajajejo jobs evaluation upload-results {shlex.quote(where)}"


def removal(where: str) -> str:
    """The command that removes what is kept in a spool at `where`."""
    tools = {"gs": "gcloud storage rm --recursive", "s3": "aws s3 rm --recursive"}
    scheme, separator, _ = where.partition("://")
    return f"{tools.get(scheme if separator else '', 'rm -r')} {shlex.quote(where.removeprefix('file://'))}"


def contents(results: Results, *, log: bool) -> str:
    """What is kept, in words: ``3 scenarios, 1,235 instances, 14 metrics, the harness's log``."""
    scenarios = {score.scenario for score in results.scores} | {item.scenario for item in results.items}
    counts = {"scenario": len(scenarios), "instance": len(results.items), "metric": len(results.scores)}
    parts = [f"{count:,} {word}{'s' * (count != 1)}" for word, count in counts.items()]
    return ", ".join(parts + ["the harness's log"] * log)
