"""The shifts in the history of a test, as text; pure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from cajajejo import digits, moments
from cajajejo.metrics.judgement import commits, wording
from cajajejo.terminal import Column, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.metrics.baselines import Accepted
    from cajajejo.metrics.judgement.commits import Commits
    from cajajejo.metrics.points import Point
    from cajajejo.metrics.reports.dated_shifts import DatedShift, Looked, Search
    from cajajejo.terminal import Role, Style

MOST_IN_FULL: Final = 5
"""Of so many shifts everything is said; the table has them all."""

_MANY: Final = 1000
_ROUND: Final = 10.0
_COLUMNS: Final = (
    Column("shift"),
    Column("metric", widest=True),
    Column("before", right=True),
    Column("after", right=True),
    Column("change", right=True),
    Column("sd", right=True),
    Column("began"),
)
_ROLES: Final[Mapping[str, Role]] = {"worse": "bad", "better": "good", "accepted": "dim"}


def screen(found: Search, shown: Sequence[DatedShift], counts: Mapping[Commits, int | None], style: Style) -> list[str]:
    """A title, a table of the shifts that are `shown`, and what is known of the first few.

    `counts` tells how many commits lie between two. Where nothing was found, it is one sentence.
    """
    total = sum(len(one.shifts) for one in found.looked)
    if not total:
        return [style.plain(_nothing(found))]
    rows = [_cells(shift, style) for shift in shown]
    header, *lines = table(_COLUMNS, rows, style)
    painted = [_painted(line, word(shift), style) for line, shift in zip(lines, shown, strict=True)]
    more = [f"  … {total - len(shown):,} more; --limit 0 shows all"] if len(shown) < total else []
    in_full = [line for shift in shown[:MOST_IN_FULL] for line in ["", *_in_full(shift, counts)]]
    return [style.plain(_title(found, total)), "", header, *painted, *map(style.line, [*more, *in_full])]


def word(shift: DatedShift) -> str:
    """What a shift is called: worse or better, up or down where nothing says which; accepted where it is settled."""
    if shift.accepted is not None:
        return "accepted"
    return shift.effect or shift.direction


def _title(found: Search, total: int) -> str:
    metrics = sum(bool(one.shifts) for one in found.looked)
    where = found.looked[0].metric if len(found.looked) == 1 else f"{metrics} of {len(found.looked)} metrics"
    return (
        f"{found.test}: {total:,} shift{'s' * (total != 1)} in {where}, {wording.runs(_runs(found.looked))}{_by(found)}"
    )


def _nothing(found: Search) -> str:
    """That there is no shift, in how many runs, and how many it would take."""
    where = found.looked[0].metric if len(found.looked) == 1 else f"{len(found.looked)} metrics"
    said = f"{found.test}: no shift in {where}, {wording.runs(_runs(found.looked))}{_by(found)}"
    short = [one for one in found.looked if one.runs < one.fewest]
    if not short:
        return said
    needed = max(one.fewest for one in short)
    whose = "" if len(short) == len(found.looked) else f", and {len(short)} of the metrics have fewer"
    return f"{said}; it takes {needed} to tell one{whose}"


def _by(found: Search) -> str:
    return "" if found.engine == "builtin" else f", by {found.engine}"


def _runs(looked: Sequence[Looked]) -> int:
    return max(one.runs for one in looked)


def _cells(shift: DatedShift, style: Style) -> tuple[str, ...]:
    said = word(shift)
    glyph = {"worse": "worse", "better": "better", "accepted": "pass"}.get(said)
    return (
        said if glyph is None else f"{style.glyph(glyph)} {said}",
        style.plain(shift.metric),
        digits.number(shift.before, shift.after),
        digits.number(shift.after, shift.before),
        _change(shift, style),
        style.glyph("dash") if shift.deviations is None else _deviations(shift.deviations),
        moments.local(shift.first.start_time) if shift.first.start_time else f"run {style.plain(shift.first.run_id)}",
    )


def _painted(line: str, said: str, style: Style) -> str:
    if said not in _ROLES:
        return line
    begin = line.index(said)
    return line[:begin] + style.paint(said, _ROLES[said]) + line[begin + len(said) :]


def _in_full(shift: DatedShift, counts: Mapping[Commits, int | None]) -> list[str]:
    """Between which runs a shift happened, and which commits lie there."""
    before, after = digits.number(shift.before, shift.after), digits.number(shift.after, shift.before)
    good, bad = shift.turn.good, shift.turn.bad
    lines = [
        f"{shift.metric} went {shift.direction} from {before} to {after}",
        f"  between   {_named(good)} and {_named(bad)}",
    ]
    if shift.first != bad:
        lines.append(f"  probably  with run {shift.first.run_id}")
    if shift.turn.commits is not None:
        lines.append(f"  commits   {commits.since(shift.turn.commits, counts)}")
    return lines if shift.accepted is None else [*lines, f"  accepted  {_accepted(shift.accepted)}"]


def _named(point: Point) -> str:
    """A run, and when it started, where that is known."""
    return f"run {point.run_id}" + (f" ({moments.local(point.start_time)})" if point.start_time else "")


def _accepted(line: Accepted) -> str:
    return f"from run {line.start}: {line.reason} ({line.by}, {line.date})"


def _change(shift: DatedShift, style: Style) -> str:
    """The change as a share of the level before: ``-6.7 %``, ``+120 %``."""
    if shift.relative is None:
        return style.glyph("dash")
    percent = 100 * shift.relative
    if _ROUND <= abs(percent) < _MANY**2:
        return f"{percent:+.0f} %"
    return f"{f'{percent:+#.2g}'.removesuffix('.')} %"  # 3.0, and 10 where 9.96 is rounded


def _deviations(size: float) -> str:
    return f"{size:+.1f}" if abs(size) < _MANY else f"{math.copysign(_MANY, size):+.0f}+"
