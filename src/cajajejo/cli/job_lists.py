"""``jobs list``: what its options mean, and the list as it is shown, once or as it changes."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from cajajejo.cli import screen
from cajajejo.cli.job_screen import list_lines
from cajajejo.cluster import ALL_NAMESPACES
from cajajejo.errors import UsageError
from cajajejo.job_outputs import Job, JobChange, Jobs
from cajajejo.jobs.listing import Wanted
from cajajejo.moments import parse_time
from cajajejo.phrases import closest
from cajajejo.status import State
from cajajejo.terminal import cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cajajejo.jobs.listing import Listing
    from cajajejo.status import Status

KINDS: Final = ("evaluation", "training", "test")
_ROWS: Final = 50


def wanted(
    kind: str | None, states: Sequence[str] | None, since: str | None, limit: int | None, selector: str
) -> Wanted:
    """Which jobs the options ask for; without a limit a terminal shows the newest 50.

    Raises:
        UsageError: an option says nothing that there is.
    """
    short = _ROWS if screen.out_style().width is not None and not screen.options().json else 0
    return Wanted(
        kind=None if kind is None else _one_of("--kind", kind, KINDS),
        states=frozenset(State(_one_of("--state", state, tuple(State))) for state in states or ()),
        since=None if since is None else parse_time(since, "--since", datetime.now(UTC)),
        limit=short if limit is None else limit,
        selector=selector,
    )


def _one_of(option: str, given: str, names: Iterable[str]) -> str:
    known = {name.lower(): str(name) for name in names}
    if given.lower() in known:
        return known[given.lower()]
    guess = closest(given.lower(), known)
    meant = {"meant": f"{known[guess]}?"} if guess else {}
    raise UsageError(f"{option} {given}: there is none", facts={**meant, "there are": ", ".join(known.values())})


class ListView:
    """Shows the list of jobs: once, or as it changes.

    Args:
        place: the namespace of the jobs; `ALL_NAMESPACES` for all.
        wanted: which jobs were asked for.
        limited: whether a line says how many more there are.
        changing: whether it is shown again and again: drawn anew on a terminal, else a row or a JSON line for each
            change.
    """

    def __init__(self, place: str, wanted: Wanted, *, limited: bool, changing: bool = False) -> None:
        self._place = place
        self._is_filtered = any((wanted.kind, wanted.states, wanted.since, wanted.selector))
        self._limited = limited and wanted.limit > 0
        self._changing = changing
        self._before: dict[tuple[str, str], Status] | None = None
        self._drawn = 0

    def show(self, found: Listing) -> None:
        """Shows `found`, or what is another than before."""
        if not self._changing and screen.options().json:
            screen.result_json(Jobs(jobs=tuple(map(Job.of, found.statuses))).as_json())
            return
        if not found.statuses and self._before is None:
            screen.say(self._nothing())
        if not self._changing:
            screen.result(*(self._lines(found) if found.statuses else []))
        elif screen.options().json:
            self._print_changes(found)
        elif screen.out_style().live:
            self._draw(found)
        else:
            self._tell_changes(found)
        self._before = {(status.namespace, status.name): status for status in found.statuses}

    def _nothing(self) -> str:
        place = "any namespace" if self._place == ALL_NAMESPACES else f"namespace {self._place}"
        return f"no jobs of ours{' that fit these options' if self._is_filtered else ''} in {place}"

    def _lines(self, found: Listing) -> list[str]:
        style = screen.out_style()
        namespaces = self._place == ALL_NAMESPACES
        lines = list_lines(found.statuses, style, datetime.now(UTC), namespaces=namespaces)
        if found.left_out and self._limited:
            lines.append(style.plain(f"… {found.left_out:,} more; --limit 0 shows all"))
        return lines

    def _changed(self, found: Listing) -> list[int]:
        """Which rows are new or another than before, the oldest job first."""
        before = self._before or {}
        numbered = reversed(list(enumerate(found.statuses)))
        return [index for index, status in numbered if before.get((status.namespace, status.name)) != status]

    def _print_changes(self, found: Listing) -> None:
        now = datetime.now(UTC)
        for index in self._changed(found):
            screen.result_json(JobChange.of(found.statuses[index], now).as_json())

    def _tell_changes(self, found: Listing) -> None:
        if found.statuses:
            head, *rows = self._lines(found)
            screen.result(*([] if self._before else [head]), *(rows[index] for index in self._changed(found)))

    def _draw(self, found: Listing) -> None:
        """Draws the list in place of what was drawn before; what does not fit on the terminal is counted."""
        style, size = screen.out_style(), shutil.get_terminal_size()
        lines = self._lines(found) if found.statuses else []
        if len(lines) >= size.lines:
            left_out = len(lines) - size.lines + 2
            lines = [*lines[:-left_out], style.plain(f"… {left_out:,} more rows")]
        back = f"\r\x1b[{self._drawn}A" if self._drawn else ""
        shown = "".join(f"{cut(line, size.columns - 1, style)}\n" for line in lines)
        sys.stdout.write(f"{back}\x1b[J{shown}")
        sys.stdout.flush()
        self._drawn = len(lines)
