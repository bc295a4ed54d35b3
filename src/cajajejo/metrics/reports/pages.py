"""The metrics of a run, and the stored points of a test, as text; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from cajajejo import digits, moments
from cajajejo.metrics.judgement.bounds import Bounds
from cajajejo.metrics.reports import sparklines
from cajajejo.terminal import Column, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.metrics.history.rows import Row
    from cajajejo.terminal import Style

_NAMES: Final = 10
_COURSES: Final = 20
_COLUMNS: Final = (
    Column("run"),
    Column("started"),
    Column("metric", widest=True),
    Column("value", right=True),
    Column("allowed"),
    Column("verdict"),
)


def history(rows: Sequence[Row], style: Style) -> list[str]:
    """A table of the points, newest run first, and the course of each metric, oldest first, where they are few."""
    lines = table(_COLUMNS, [_cells(row, style) for row in rows], style)
    return [*lines, *_courses(rows, style)] if style.unicode else lines


def _courses(rows: Sequence[Row], style: Style) -> list[str]:
    """A row of bars for each metric; of one metric the bars alone."""
    values: dict[str, list[float]] = {}
    for row in reversed(rows):
        values.setdefault(row.metric, []).append(row.value)
    if len(values) == 1:
        return [f"  {sparklines.bars(course)}" for course in values.values()]
    courses = {style.plain(name): course for name, course in sorted(values.items()) if len(course) > 1}
    width = max(map(len, courses), default=0)
    bars = [f"  {name:<{width}}  {sparklines.bars(course)}" for name, course in courses.items()]
    return ["", *bars] if 0 < len(bars) <= _COURSES else []


def no_points(test: str, metric: str | None, url: str, names: Sequence[str], style: Style) -> list[str]:
    """That there is nothing to show, where it was looked for, and the names that would have something."""
    what = f"no points of {metric}" if metric is not None else "no points"
    more = f", … {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    there = [f"  there are  {', '.join(names[:_NAMES])}{more}"] if names else []
    return [style.line(text) for text in (f"{test}: {what} in this history: {url}", *there)]


def collected(metrics: Mapping[str, float], style: Style) -> list[str]:
    """A table of the metrics of one run, in order of names."""
    columns = (Column("metric", widest=True), Column("value", right=True))
    return table(columns, [(style.plain(name), digits.number(value)) for name, value in sorted(metrics.items())], style)


def _cells(row: Row, style: Style) -> tuple[str, ...]:
    verdict = f"{style.glyph(row.verdict)} {row.verdict}" if row.verdict else style.glyph("none")
    if row.status != "success":
        verdict = f"{style.glyph('failed')} {row.status}"
    bounds = Bounds(row.lower_bound, row.upper_bound, inclusive=row.inclusive)
    return (
        style.plain(row.run_id),
        moments.local(row.start_time),
        style.plain(row.metric),
        digits.number(row.value, bounds.nearest(row.value)),
        _allowed(row, style),
        verdict,
    )


def _allowed(row: Row, style: Style) -> str:
    lower, upper = row.lower_bound, row.upper_bound
    equal = "=" * row.inclusive
    if lower is not None and upper is not None:
        both = f"{digits.number(lower, row.value)} to {digits.number(upper, row.value)}"
        return f"= {digits.number(lower)}" if lower == upper else both
    if lower is not None:
        return f">{equal} {digits.number(lower, row.value)}"
    return style.glyph("dash") if upper is None else f"<{equal} {digits.number(upper, row.value)}"
