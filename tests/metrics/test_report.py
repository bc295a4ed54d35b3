from __future__ import annotations

import json
import math
from typing import Any

from cajajejo.metrics import alerts, report
from cajajejo.metrics.report import Report
from cajajejo.metrics.verdict import JobStatus, judge, run_verdict
from cajajejo.terminal import Style
from tests.metrics.builders import H10, condition, points, regression_tests

PLAIN = Style(unicode=True)
ABOVE = {
    "arithmetic/exact_match_final": condition("greater", fixed_value=0.40),
    "biology/exact_match_final": condition("greater", fixed_value=0.25),
    "geography/exact_match_final": condition("greater", fixed_value=0.40),
}
DAMAGED = {"arithmetic/exact_match_final": 0.45, "biology/exact_match_final": 0.15, "geography/exact_match_final": 0.3}
HEALTHY = dict.fromkeys(DAMAGED, 0.65)


def made(
    metrics: dict[str, float],
    conditions: dict[str, Any],
    *,
    status: JobStatus = "success",
    history: Any = None,
    **fields: Any,
) -> Report:
    tests = regression_tests(conditions, **fields)
    judged = judge(metrics, history or {}, tests, status)
    sent = alerts.of_metrics(judged, None, tests) if status == "success" else alerts.of_job("t", status, 0, tests)
    return Report("t", "r1", run_verdict(judged, tests, status), judged, sent, status, 1, ())


def test_regressions_stand_first_and_the_verdict_last() -> None:
    assert report.screen(made(DAMAGED, ABOVE), PLAIN) == [
        "t, run r1   1 run before it",
        "",
        "  verdict       metric                        value  allowed  reason",
        "  ✗ regression  biology/exact_match_final     0.150  > 0.25   0.100 below",
        "  ✗ regression  geography/exact_match_final   0.300  > 0.40   0.100 below",
        "  ✓ pass        arithmetic/exact_match_final  0.450  > 0.40   fixed value",
        "",
        "biology/exact_match_final is 0.150; it must be greater than 0.25 (fixed value)",
        "geography/exact_match_final is 0.300; it must be greater than 0.40 (fixed value)",
        "",
        "REGRESSION  t: 2 of 3 metrics out of bounds",
    ]


def test_all_well_is_the_table_and_one_line() -> None:
    assert report.screen(made(HEALTHY, ABOVE), PLAIN)[-3:] == [
        "  ✓ pass   geography/exact_match_final   0.650  > 0.40   fixed value",
        "",
        "PASS  t: 3 of 3 metrics within bounds",
    ]


def test_without_unicode_every_character_is_ascii() -> None:
    lines = report.screen(
        made({**DAMAGED, "ü": 1.0}, {**ABOVE, "é": ABOVE["biology/exact_match_final"]}), Style(unicode=False)
    )
    assert all(line.isascii() for line in lines)
    assert "  x regression    biology/exact_match_final     0.150  > 0.25   0.100 below" in lines
    assert any(line.startswith(r"  ? inconclusive  \xe9 ") for line in lines)


def test_colour_is_on_the_word_and_on_the_verdict() -> None:
    lines = report.screen(made(DAMAGED, ABOVE), Style(color=True))
    assert lines[3].startswith("  \x1b[31m✗ regression\x1b[0m  biology")
    assert lines[-1] == "\x1b[31mREGRESSION\x1b[0m  t: 2 of 3 metrics out of bounds"


def test_a_narrow_terminal_cuts_the_metric_and_nothing_else() -> None:
    lines = report.verdict_table(made(DAMAGED, ABOVE), Style(width=60))
    assert max(map(len, lines)) <= 60
    assert all("0.100 below" in line for line in lines[1:3])


def test_what_waits_is_counted_apart() -> None:
    conditions = {**ABOVE, "default": condition("less", stddevs_from_mean=4, wait=10)}
    lines = report.screen(
        made({**HEALTHY, "loss_final": 1.0}, conditions, history={"loss_final": points(H10[:4])}), PLAIN
    )
    assert "  ? inconclusive  loss_final                    1.000  —        4 of 10 runs so far" in lines
    assert lines[-1] == "PASS  t: 3 of 4 metrics within bounds, 1 not judged yet"


def test_nothing_judged_is_inconclusive() -> None:
    found = made({"loss": 1.0}, {"default": condition("less", stddevs_from_mean=4)})
    assert report.verdict_line(found, PLAIN) == "INCONCLUSIVE  t: 0 of 1 metric could be judged"


def test_a_recording_only_run_shows_its_values() -> None:
    assert report.screen(made({"loss": 1.0}, {}), PLAIN)[2:] == [
        "  verdict         metric  value  allowed  reason",
        "  – no condition  loss    1.000  —",  # noqa: RUF001  # the glyph of no verdict
        "",
        "PASS  t: no condition, 1 metric recorded",
    ]


def test_a_failed_job_says_how_it_ended() -> None:
    assert report.screen(made({"loss": 1.0}, ABOVE, status="timeout"), PLAIN)[2:] == [
        "  verdict       metric  value  allowed  reason",
        "  – not judged  loss    1.000  —",  # noqa: RUF001  # the glyph of no verdict
        "",
        "FAILED  t: the job ended with timeout; its metrics are not judged",
    ]
    assert report.screen(made({}, ABOVE, status="failure"), PLAIN)[1:] == [
        "",
        "FAILED  t: the job ended with failure; its metrics are not judged",
    ]


def test_every_other_alert_is_told_below_the_table() -> None:
    found = made({**HEALTHY, "biology/exact_match_final": math.nan}, ABOVE, required_metrics=["gone"])
    assert report.screen(found, PLAIN)[-4:] == [
        "biology/exact_match_final is NaN; it must be a finite number",
        "gone is missing: the run did not write it",
        "",
        "INCONCLUSIVE  t: 2 of 4 metrics could be judged",
    ]


def test_at_most_five_metrics_are_told_in_full() -> None:
    lines = report.screen(
        made({f"m{number}": 0.0 for number in range(7)}, {"default": ABOVE["biology/exact_match_final"]}), PLAIN
    )
    assert sum("it must be" in line for line in lines) == 5


def test_the_next_step_can_be_pasted() -> None:
    found = made({"a b": 0.0}, {"default": ABOVE["biology/exact_match_final"]})
    assert report.next_steps(found) == ["Next: cajajejo metrics history t 'a b'"]
    assert report.next_steps(made(HEALTHY, ABOVE)) == []


def test_json_is_the_documented_contract() -> None:
    conditions = {"a": condition("greater", fixed_value=0.5), "b": condition("less_or_equal", fixed_value=2)}
    found = report.as_json(made({"a": 0.25, "b": math.nan, "c": math.inf}, conditions))
    assert json.loads(json.dumps(found, allow_nan=False)) == {
        "test": "t",
        "run_id": "r1",
        "verdict": "regression",
        "metrics": [
            {
                "name": "a", "value": 0.25, "lower_bound": 0.5, "upper_bound": None, "inclusive": False,
                "verdict": "regression", "reason": "0.250 below",
            },
            {
                "name": "b", "value": None, "lower_bound": None, "upper_bound": None, "inclusive": False,
                "verdict": "inconclusive", "reason": "not a number",
            },
            {
                "name": "c", "value": None, "lower_bound": None, "upper_bound": None, "inclusive": False,
                "verdict": None, "reason": "no condition",
            },
        ],
        "alerts": [
            {"kind": "regression", "metric": "a", "message": "a is 0.250; it must be greater than 0.50 (fixed value)"},
            {"kind": "invalid", "metric": "b", "message": "b is NaN; it must be a finite number"},
        ],
        "job_status": "success",
        "runs_before": 1,
        "warnings": [],
    }  # fmt: skip


def test_collected_metrics_are_a_mapping_without_nan() -> None:
    assert report.metrics_json({"b": math.nan, "a": 1.0}) == {"a": 1.0, "b": None}
