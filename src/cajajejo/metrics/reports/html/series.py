"""The points of a page as JSON, each number as the text that the history has for it; pure."""

from __future__ import annotations

import json
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

from cajajejo.errors import printable
from cajajejo.metrics.reports import overview_sentences
from cajajejo.metrics.runs import meant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cajajejo.metrics.reports.html.plan import Plan
    from cajajejo.metrics.reports.overview import Measurement, MetricStanding, Standing
    from cajajejo.metrics.runs import Run

_LETTERS: Final = {"pass": "p", "regression": "r", "inconclusive": "i", "improvement": "m"}
_MARKS: Final = 12
"""So many changes of level are drawn in a plot, the last ones."""


def document(plan: Plan) -> str:
    """The data of a page, in a form that no HTML can end.

    ``tests`` has the runs of each test; ``metrics`` has for each plot, by its number, what `_metric` says.
    """
    tests = []
    metrics: dict[int, Any] = {}
    for number, standing in enumerate(plan.standings):
        plotted = [
            (place, metric, plan.shown(metric))
            for metric in standing.metrics
            if (place := plan.place(standing, metric)) < plan.plots
        ]
        runs = _runs(standing, [points for _, _, points in plotted])
        tests.append([_run(run) for run in runs])
        places = {run.run_id: index for index, run in enumerate(runs)}
        metrics.update({place: _metric(number, metric, points, places) for place, metric, points in plotted})
    return _json({"tests": tests, "metrics": metrics})


def _runs(standing: Standing, plotted: Iterable[Sequence[Measurement]]) -> list[Run]:
    """The runs of a test that are in a plot, oldest first."""
    needed = {point.run.run_id for points in plotted for point in points}
    return [stored.run for stored in standing.runs if stored.run.run_id in needed]


def _run(run: Run) -> list[Any]:
    return [printable(run.run_id), run.start_time, run.status, None if run.commit is None else printable(run.commit)]


def _metric(
    test: int, metric: MetricStanding, points: Sequence[Measurement], places: Mapping[str, int]
) -> dict[str, Any]:
    """One plot: its test and name, the runs of its points, values, bounds and verdicts, what was wrong, and the marks.

    What stays the same from point to point is there once, with how often.
    """
    runs = [places[point.run.run_id] for point in points]
    return {
        "test": test,
        "name": printable(metric.name),
        "runs": _ranges(runs),
        "values": [json.dumps(point.metric.value) for point in points],
        "lower": _repeated(point.metric.lower_bound for point in points),
        "upper": _repeated(point.metric.upper_bound for point in points),
        "inclusive": _repeated(point.metric.inclusive for point in points),
        "verdicts": "".join(_LETTERS.get(point.metric.verdict or "", "n") for point in points),
        "wrong": [place for place, point in enumerate(points) if point.wrong],
        "marks": _marks(metric, [point.run.run_id for point in points]),
    }


def _ranges(numbers: Sequence[int]) -> list[list[int]]:
    """Numbers that follow each other as the first of them and how many they are."""
    groups = groupby(enumerate(numbers), key=lambda one: one[1] - one[0])
    return [[run[0][1], len(run)] for _, found in groups if (run := list(found))]


def _repeated(values: Iterable[float | bool | None]) -> list[list[Any]]:
    """Equal values in a row as the text of the first of them and how many they are."""
    return [
        [None if value is None else json.dumps(value), len(list(group))]
        for value, group in groupby(values, key=lambda one: one)
    ]


def _marks(metric: MetricStanding, run_ids: Sequence[str]) -> list[list[Any]]:
    """Where the level moved, and where one was accepted: the place of the point, the kind, the words."""
    places = {run_id: place for place, run_id in enumerate(run_ids)}
    shifts = {
        places[shift.first.run_id]: _word(shift.relative, shift.direction)
        for shift in metric.shifts[-_MARKS:]
        if shift.first.run_id in places
    }
    starts = (meant(line.start, run_ids) for line in metric.accepted[-_MARKS:])
    accepted = {places[found[0]] for found in starts if len(found) == 1}
    return [
        [
            place,
            "accepted" if place in accepted else "shift",
            ", ".join([*([shifts[place]] if place in shifts else []), *(["accepted"] if place in accepted else [])]),
        ]
        for place in sorted({*shifts, *accepted})
    ]


def _word(share: float | None, direction: str) -> str:
    return f"shift {direction}" if share is None else f"shift {overview_sentences.percent(share)}"


def _json(document: object) -> str:
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
