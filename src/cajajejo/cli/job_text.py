"""Text about jobs as a screen can hold it: made harmless, shortened, wrapped, and put behind a label."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from cajajejo.terminal import cut

if TYPE_CHECKING:
    from datetime import datetime

    from cajajejo.status import Status
    from cajajejo.terminal import Style

WIDTH: Final = 96
"""Columns that a screen is laid out for where there is room."""
HANG: Final = 13
"""Where the second row of a wrapped text begins."""
_LONGEST: Final = 2_000
_SHORT_SHA: Final = 12


def told(text: str, style: Style, longest: int | None = None) -> str:
    """`text` of anybody as one harmless line of at most `longest` characters."""
    return style.plain(cut(" ".join(text.split()), longest or _LONGEST, style))


def wrapped(first: str, text: str, style: Style, hang: int = HANG, *, spare: int = 0) -> list[str]:
    """`text` behind `first`, in as many rows as a terminal needs; in a pipe always one.

    Args:
        first: what stands in front.
        text: one line.
        style: what the stream can show.
        hang: where further rows begin.
        spare: columns at the right that stay free.
    """
    if style.width is None:
        return [f"{first}{text}".rstrip()]
    rows = textwrap.wrap(
        text,
        max(min(style.width, WIDTH) - spare, hang + 20),
        initial_indent=first,
        subsequent_indent=" " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return rows or [first.rstrip()]


def labelled(label: str, text: str, style: Style) -> list[str]:
    """A line of the first block: ``state``, ``reason``, ``do``."""
    return wrapped(f"  {label:<9}", text, style)


def heading(status: Status, style: Style) -> str:
    """The job's name, and its namespace at the right."""
    name, place = told(status.name, style), f"namespace {told(status.namespace, style)}"
    width = min(style.width or WIDTH, WIDTH)
    gap = max(2, width - len(name) - len(place))
    return style.paint(name, "bold") + " " * gap + place


def short_pod(pod: str, job: str, style: Style) -> str:
    """A pod's name on a terminal without what all pods of the job share: ``…-pw8jp``; in a pipe whole."""
    if style.width is None:
        return told(pod, style)
    head, _, tail = pod.rpartition("-")
    if pod.startswith(f"{job}-"):
        tail = pod[len(job) + 1 :]
    elif not (head and job.startswith(head)):
        return told(pod, style)
    return told(f"…-{tail}", style)


def short_version(version: str) -> str:
    """A config version as sentences show it: twelve characters of the SHA, and whether the tree had changes."""
    sha, dash, rest = version.partition("-")
    return sha[:_SHORT_SHA] + dash + rest


def seconds_since(then: datetime | None, now: datetime) -> float:
    """Seconds from `then` to `now`; none where `then` is not known or yet to come."""
    return 0.0 if then is None else max(0.0, (now - then).total_seconds())
