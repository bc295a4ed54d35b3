"""The report that a browser shows: one file that asks for nothing else, of less than 2 MB whatever it is about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from cajajejo.metrics.reports.html import rendering, series, views
from cajajejo.metrics.reports.html.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.metrics.judgement.commits import Commits
    from cajajejo.metrics.reports.overview import Overview

MOST_BYTES: Final = 1_950_000
"""A page is never longer."""

_FEW: Final = 30
"""A plot has at least so many points, where there are so many."""
_WORDS: Final = 0.6
"""At most this share of a page is words, where they leave too little room for points."""
_ROOM: Final = 0.95


def page(overview: Overview, counts: Mapping[Commits, int | None], now: float) -> str:
    """The report, made at `now`; `counts` tells how many commits lie between two.

    Where all is too much, points are left out first, the oldest of each metric; then plots, and then metrics and tests,
    the best ones first. The page says what it leaves out.
    """
    plan = Plan.of(overview)
    while True:
        data = series.document(plan)
        text = rendering.page(views.of(plan, counts, now), data)
        size, points = len(text.encode()), len(data.encode())
        if size <= MOST_BYTES:
            return text
        plan = _smaller(plan, size - points, points)


def _smaller(plan: Plan, words: int, points: int) -> Plan:
    """A smaller plan than one whose page has so many bytes of `words`, and so many of `points`."""
    most_words = _WORDS * MOST_BYTES
    if words > most_words:
        rows = int(plan.rows * _ROOM * most_words / words)
        return replace(plan, rows=rows, plots=min(plan.plots, rows), tests=max(1, min(plan.tests, rows)))
    share = _ROOM * (MOST_BYTES - words) / points
    if plan.points > _FEW:
        return replace(plan, points=max(_FEW, int(plan.points * share)))
    return replace(plan, plots=min(int(plan.plots * share), plan.plots - 1))
