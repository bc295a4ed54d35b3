"""The stored points of a test, as text and as JSON; pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from cajajejo import digits
from cajajejo.terminal import Column, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.metrics.history import Row
    from cajajejo.terminal import Style

_BARS: Final = "▁▂▃▄▅▆▇█"
_NAMES: Final = 10
_COLUMNS: Final = (
    Column("run"),
    Column("started"),
    Column("metric", widest=True),
    Column("value", right=True),
    Column("allowed"),
    Column("verdict"),
)


def history_json(test: str, rows: Sequence[Row]) -> dict[str, Any]:
    """The points, newest run first, times in UTC."""
    return {"test": test, "points": [_point_json(row) for row in rows]}


def history(rows: Sequence[Row], style: Style) -> list[str]:
    """A table of the points, newest run first; of one metric also its course, oldest first."""
    lines = table(_COLUMNS, [_cells(row, style) for row in rows], style)
    one_metric = len({row.metric for row in rows}) == 1
    return [*lines, f"  {sparkline([row.value for row in reversed(rows)])}"] if one_metric and style.unicode else lines


def no_points(test: str, metric: str | None, url: str, names: Sequence[str], style: Style) -> list[str]:
    """That there is nothing to show, where it was looked for, and the names that would have something."""
    what = f"no points of {metric}" if metric is not None else "no points"
    more = f", … {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    there = [f"  there are  {', '.join(names[:_NAMES])}{more}"] if names else []
    return [style.plain(line) for line in (f"{test}: {what} in this history: {url}", *there)]


def collected(metrics: Mapping[str, float], style: Style) -> list[str]:
    """A table of the metrics of one run, in order of names."""
    columns = (Column("metric", widest=True), Column("value", right=True))
    return table(columns, [(style.plain(name), digits.number(value)) for name, value in sorted(metrics.items())], style)


def sparkline(values: Sequence[float]) -> str:
    """One bar a value, from the least to the greatest."""
    low, high = min(values), max(values)
    if low == high:
        return _BARS[0] * len(values)
    return "".join(
        _BARS[min(int((value / 2 - low / 2) / (high / 2 - low / 2) * len(_BARS)), len(_BARS) - 1)] for value in values
    )


def _cells(row: Row, style: Style) -> tuple[str, ...]:
    started = datetime.fromtimestamp(row.start_time, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
    verdict = f"{style.glyph(row.verdict)} {row.verdict}" if row.verdict else style.glyph("none")
    if row.status != "success":
        verdict = f"{style.glyph('failed')} {row.status}"
    bound = row.lower_bound if row.lower_bound is not None else row.upper_bound
    value = digits.number(row.value, bound)
    return style.plain(row.run_id), started, style.plain(row.metric), value, _allowed(row, style), verdict


def _allowed(row: Row, style: Style) -> str:
    lower, upper = row.lower_bound, row.upper_bound
    equal = "=" * row.inclusive
    if lower is not None:
        return f"= {digits.number(lower)}" if lower == upper else f">{equal} {digits.number(lower, row.value)}"
    return style.glyph("dash") if upper is None else f"<{equal} {digits.number(upper, row.value)}"


def _point_json(row: Row) -> dict[str, Any]:
    return {
        "run_id": row.run_id,
        "start_time": datetime.fromtimestamp(row.start_time, UTC).isoformat().replace("+00:00", "Z"),
        "job_status": row.status,
        "metric": row.metric,
        "value": row.value,
        "lower_bound": row.lower_bound,
        "upper_bound": row.upper_bound,
        "inclusive": row.inclusive,
        "verdict": row.verdict,
    }
