"""Histories that reports are made of: a small one with everything in it, and large ones; the same at every run."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any, Final

from cajajejo.metrics.baselines import Accepted, Baselines
from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.judgement.incidents import Incident
from cajajejo.metrics.reports.overview import Reading
from cajajejo.metrics.runs import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

_RANDOM = random.Random
DAY: Final = 86_400.0
BEGIN: Final = 1_790_000_000.0
"""2026-09-21 14:13:20 UTC."""


def commit(number: int) -> str:
    return f"{_RANDOM(number // 3).getrandbits(160):040x}"


def run(test: str, number: int, **fields: Any) -> Run:
    run_id = f"{_RANDOM(f'{test} {number}').getrandbits(32):08x}"
    given = {"start_time": BEGIN + number * DAY, "commit": commit(number), **fields}
    return Run(test, given.pop("run_id", run_id), given.pop("start_time"), **given)


def series(name: str, values: Sequence[float], **fields: Any) -> list[StoredMetric]:
    """One metric in a run after another; the values at the places `wrong` are regressions."""
    wrong = fields.pop("wrong", ())
    verdict = fields.pop("verdict", "pass")
    return [
        StoredMetric(name, value, verdict="regression" if place in wrong else verdict, outside=place in wrong, **fields)
        for place, value in enumerate(values)
    ]


def reading(test: str, metrics: Sequence[Sequence[StoredMetric]], verdict: str = "pass", **fields: Any) -> Reading:
    """A run a day; only the newest has another verdict than pass, but for those with a regression."""
    count = max(len(one) for one in metrics)
    runs = []
    for number in range(count):
        found = tuple(one[number] for one in metrics if number < len(one))
        worst = "regression" if any(metric.verdict == "regression" for metric in found) else "pass"
        runs.append(StoredRun(run(test, number), verdict if number == count - 1 else worst, found))
    now = runs[-1].run.start_time + 3_600.0
    return Reading(test, tuple(runs), fields.pop("baselines", Baselines()), now=now, **fields)


def noisy(seed: str, count: int, level: float, spread: float) -> list[float]:
    source = _RANDOM(seed)
    return [source.gauss(level, spread) for _ in range(count)]


def mnist(count: int = 42) -> Reading:
    """A test with a regression, a shift, an accepted level, a metric that waits, and one without a condition."""
    test = "tf-mnist-example-cpu"
    accuracy = [*noisy("a", count - 1, 0.981, 0.002), 0.79]
    loss = [value + (0.011 if place >= 20 else 0.0) for place, value in enumerate(noisy("l", count, 0.061, 0.003))]
    walls = [*noisy("w", count - 12, 405.0, 9.0), *noisy("w2", 12, 440.0, 8.0)]
    metrics = [
        series("epoch_sparse_categorical_accuracy_final", accuracy, lower_bound=0.96, wrong=(7, count - 1)),
        series("epoch_loss_final", loss, upper_bound=0.094),
        series("total_wall_time", walls, lower_bound=350.0, upper_bound=498.3, inclusive=True),
        series("examples_per_second_average", noisy("e", count, 1841.0, 30.0), verdict="inconclusive"),
        series("learning_rate_final", [0.001] * count, verdict=None),
    ]
    metrics[0][7] = StoredMetric(metrics[0][7].name, 0.951, lower_bound=0.96, verdict="regression", outside=True)
    accepted = Accepted(test, "epoch_loss_final", run(test, 20).run_id, "new tokenizer", "jasper", "2026-10-12")
    last = run(test, count - 1)
    told = Incident(
        test,
        "regression",
        metrics[0][0].name,
        last.run_id,
        last.start_time,
        f"{metrics[0][0].name} is 0.790; it must be greater than 0.960 (fixed value)",
    )
    return reading(test, metrics, "regression", baselines=Baselines((accepted,)), incidents=(told,))


def nights(tests: int, days: int, metrics: int = 3) -> list[Reading]:
    """Many tests a night; every seventh has a regression today, every fifth some failed nights."""
    found = []
    for number in range(tests):
        name = f"pt-model-{number:02d}-conv-v100-x{1 + number % 8}"
        bad = number % 7 == 3
        courses = [
            series(
                f"metric_{place:02d}_final",
                [*noisy(f"{name} {place}", days - 1, 0.9, 0.01), 0.7 if bad and place == 1 else 0.9],
                lower_bound=0.85,
                wrong=(days - 1,) if bad and place == 1 else (),
            )
            for place in range(metrics)
        ]
        one = reading(name, courses, "regression" if bad else "inconclusive" if number % 11 == 5 else "pass")
        runs = [
            StoredRun(run(name, day, status=("failure", "timeout", "missed")[day % 3]), "failed")
            if number % 5 == 1 and day % 13 == 4
            else stored
            for day, stored in enumerate(one.runs)
        ]
        found.append(Reading(one.test, tuple(runs), one.baselines, one.incidents, now=one.now))
    return found
