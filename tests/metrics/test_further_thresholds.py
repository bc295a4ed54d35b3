"""Conditions beyond those of the old handler, from their text to the bounds and the alerts that were worked by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo.metrics.judgement.verdict import Verdict
from tests.metrics.builders import H5, H10, H20
from tests.metrics.nights import alerted, conditions, metric, verdicts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

PASS, REGRESSION, INCONCLUSIVE = Verdict.PASS, Verdict.REGRESSION, Verdict.INCONCLUSIVE

WORKED: Mapping[str, tuple[str, Sequence[float], tuple[float | None, float | None]]] = {
    "an interval": ("{success_threshold: {within_bounds: {lower: 0.2, upper: 0.4}}}", (), (0.2, 0.4)),
    "half an interval": ("{success_threshold: {within_bounds: {lower: 0.2}}}", (), (0.2, None)),
    "a share of a value": ("{success_threshold: {percent_difference: {percent: 0.2, value: 5}}}", (), (4, 6)),
    "a share of a negative value": (
        "{success_threshold: {percent_difference: {percent: 0.2, value: -5}}}",
        (),
        (-6, -4),
    ),
    "a share of the mean": (
        "{comparison: less, success_threshold: {percent_difference: {percent: 0.2}}}",
        H5,
        (None, 0.97416),
    ),
    "standard deviations": (
        "{comparison: within, success_threshold: {stddevs_from_mean: 3}}",
        H5,
        (0.795178, 0.828422),
    ),
    "a prediction": (
        "{success_threshold: {prediction_interval: {confidence: 0.99}}}",
        H5,
        (0.783855, 0.839745),
    ),
    "a prediction on one side": (
        "{comparison: greater, success_threshold: {prediction_interval: {confidence: 0.99}}}",
        H5,
        (0.789058, None),
    ),
    "a prediction by default": ("{success_threshold: {prediction_interval: }}", H10, (0.895578, 0.929422)),
    "quartiles": ("{success_threshold: {iqr: 3}}", H10, (0.896750, 0.928250)),
    "a floor": (
        "{comparison: within, success_threshold: {stddevs_from_mean: 3}, min_change: {absolute: 0.05}}",
        H5,
        (0.761800, 0.861800),
    ),
    "the last runs": (
        "{comparison: within, success_threshold: {stddevs_from_mean: 3}, last_n: 5}",
        (0.9, 0.7, *H5),
        (0.795178, 0.828422),
    ),
    "the runs of some days": (
        "{comparison: within, success_threshold: {stddevs_from_mean: 3}, time_window: 432000}",
        (0.9, 0.7, *H5),
        (0.795178, 0.828422),
    ),
}


@pytest.mark.parametrize("kind", WORKED)
def test_bounds_are_those_that_were_worked_by_hand(tmp_path: Path, kind: str) -> None:
    condition, history, (lower, upper) = WORKED[kind]
    text = f"    default: {condition}\n"
    quiet = conditions(tmp_path, "")
    quiet.runs(history)
    nights = conditions(tmp_path, text)
    nights.count = quiet.count
    bounds = metric(nights.run(loss=0.8), "loss_final").bounds
    assert bounds is not None
    assert (bounds.lower, bounds.upper) == (
        None if lower is None else pytest.approx(lower, abs=1e-6),
        None if upper is None else pytest.approx(upper, abs=1e-6),
    )


def test_the_recommended_condition_tells_a_lasting_shift_once_and_keeps_it(tmp_path: Path) -> None:
    nights = conditions(tmp_path, "    default: {comparison: greater, success_threshold: {level_shift: {}}}\n")
    nights.runs(H20)
    found = nights.runs([0.903, 0.901, 0.900, 0.902], "loss")
    assert verdicts(found) == [PASS, PASS, REGRESSION, REGRESSION]
    assert [alerted(report) for report in found] == [[], [], [("regression", "loss_final")], []]
    back = nights.runs([0.913, 0.912, 0.911])
    assert verdicts(back) == [REGRESSION, REGRESSION, PASS]
    assert [alerted(report) for report in back] == [[], [], []]


def test_an_isolated_spike_is_no_shift(tmp_path: Path) -> None:
    nights = conditions(tmp_path, "    default: {comparison: greater, success_threshold: {level_shift: }}\n")
    nights.runs(H20)
    assert verdicts(nights.runs([0.880, 0.913, 0.912])) == [PASS, PASS, PASS]


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1.5, 1.5], [INCONCLUSIVE, REGRESSION]), ([1.5, 0.5, 1.5], [INCONCLUSIVE, PASS, INCONCLUSIVE])],
    ids=["two in a row", "one, and one"],
)
def test_a_failure_waits_to_be_confirmed(tmp_path: Path, values: list[float], expected: list[Verdict]) -> None:
    text = "    loss_final: {comparison: less, success_threshold: {fixed_value: 1}, confirm_after: 2}\n"
    found = conditions(tmp_path, text).runs(values)
    assert verdicts(found) == expected
    assert [bool(report.alerts) for report in found] == [verdict is REGRESSION for verdict in expected]
