from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cajajejo.metrics.baselines import Muted
from cajajejo.metrics.judgement import alerts
from cajajejo.metrics.judgement.judging import judge
from cajajejo.metrics.judgement.verdict import run_verdict
from cajajejo.metrics.reports import report
from cajajejo.metrics.reports.report import Report
from cajajejo.terminal import Style
from tests.metrics.builders import H10, H20, condition, points, regression_tests, this_run

if TYPE_CHECKING:
    from cajajejo.metrics.runs import JobStatus

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
    judged = judge(metrics, history or {}, tests, this_run(status))
    sent = alerts.of_metrics(judged, None, tests) if status == "success" else alerts.of_job("t", status, 0, tests)
    return Report("t", "r1", run_verdict(judged, tests, status), judged, sent, status, 1, start_time=1000.0)


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
    assert "  ? inconclusive  loss_final                    1.000  —        ▁▁▁▁█      4 of 10 runs so far" in lines
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
        "FAILED  t: the job ran out of time; its metrics are not judged",
    ]
    assert report.screen(made({}, ABOVE, status="failure"), PLAIN)[1:] == [
        "",
        "FAILED  t: the job failed; its metrics are not judged",
    ]


def test_a_failure_that_waits_for_its_confirmation_was_judged() -> None:
    watched = ABOVE | {"biology/exact_match_final": condition("greater", fixed_value=0.25, confirm_after=2)}
    healthy = made(HEALTHY | {"biology/exact_match_final": 0.15}, watched)
    assert report.screen(healthy, PLAIN)[-1] == "INCONCLUSIVE  t: 3 of 3 metrics could be judged, 1 to be confirmed"
    damaged = made(DAMAGED, watched)
    assert report.screen(damaged, PLAIN)[-1] == "REGRESSION  t: 1 of 3 metrics out of bounds, 1 to be confirmed"


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


SHIFT = {"acc": condition("greater", level_shift={})}
BOUND = {"loss": condition("less", stddevs_from_mean=4, wait=10)}


def test_the_last_runs_stand_beside_the_bounds_where_there_are_bars_and_earlier_runs() -> None:
    found = made(
        {"loss": 0.93, "new": 1.0}, {**BOUND, "new": ABOVE["biology/exact_match_final"]}, history={"loss": points(H10)}
    )
    assert report.verdict_table(found, PLAIN) == [
        "  verdict       metric  value  allowed  last runs   reason",
        "  ✗ regression  loss    0.930  < 0.926  ▃▁▄▂▃▂▃▄▁█  0.004 above, 4 sd from the mean of 10 runs",
        "  ✓ pass        new     1.000  > 0.25               fixed value",
    ]
    assert report.verdict_table(found, Style(unicode=False))[0] == "  verdict       metric  value  allowed  reason"


def test_a_long_name_is_cut_on_a_terminal_and_never_in_a_pipe() -> None:
    name = "epoch_sparse_categorical_accuracy_of_the_validation_set_final"
    found = made({name: 0.2}, {name: ABOVE["biology/exact_match_final"]})
    assert name in report.screen(found, PLAIN)[3]
    cut = report.screen(found, Style(width=80))[3]
    assert (len(cut) <= 80, name in cut, "0.050 below" in cut) == (True, False, True)


def test_a_regression_names_the_last_good_run_and_the_commits_since() -> None:
    earlier = [point._replace(commit=f"{place:07x}") for place, point in enumerate(points(H10, every=86_400.0))]
    tests = regression_tests(BOUND)
    run = this_run(start=12 * 86_400.0, commit="77e02c5")
    judged = judge({"loss": 0.93}, {"loss": earlier}, tests, run)
    found = Report(
        "t", "this", run_verdict(judged, tests, "success"), judged, (), "success", 10,
        start_time=run.start_time, commits={("0000009", "77e02c5"): 3},
    )  # fmt: skip
    assert report.screen(found, PLAIN)[-6:] == [
        "",
        "loss is 0.930; it must be less than 0.926 (mean 0.912 of 10 runs + 4 standard deviations of 0.0034)",
        "  last good   0.907, 3 d before, run r9, commit 0000009",
        "  since then  3 commits: git log --oneline 0000009..77e02c5",
        "",
        "REGRESSION  t: 1 of 1 metric out of bounds",
    ]


def test_a_shift_says_where_it_began_and_a_run_with_both_says_so() -> None:
    history = {"acc": points([*H20, 0.903, 0.901]), "loss": points(H10)}
    shifted = made({"acc": 0.9, "loss": 0.91}, {**SHIFT, **BOUND}, history=history)
    assert report.screen(shifted, PLAIN)[3:9] == [
        "  ✗ regression  acc     0.900  —        █▆▇█▅▆▇▂▁▁  level fell from 0.913 to 0.901, z -4.78",
        "  ✓ pass        loss    0.910  < 0.926  ▆▂█▃▆▃▅▇▁▃  4 sd from the mean of 10 runs",
        "",
        "acc is 0.900; its level fell from 0.913 to 0.901 (z -4.78), beginning with run r20",
        "  last good   0.914, 16 min before, run r19",
        "",
    ]
    assert report.verdict_line(shifted, PLAIN) == "REGRESSION  t: 1 of 2 metrics at a worse level"
    both = made({"acc": 0.9, "loss": 0.93}, {**SHIFT, **BOUND}, history=history)
    assert report.verdict_line(both, PLAIN) == "REGRESSION  t: 2 of 2 metrics out of bounds or at a worse level"


def test_an_improvement_and_a_shift_that_only_warns_are_counted_in_a_pass() -> None:
    lenient = condition("greater", level_shift={"ongoing": "warn"})
    history = {"a": points([*H20, 0.925, 0.926]), "b": points([*H20, 0.903, 0.901, 0.9])}
    found = made({"a": 0.927, "b": 0.9}, {"a": lenient, "b": lenient}, history=history)
    assert [metric.verdict for metric in found.worst_first] == ["regression", "improvement"]
    assert report.verdict_line(found, PLAIN) == (
        "PASS  t: 1 of 2 metrics at no worse level, 1 improved, 1 at a worse level as before"
    )


def test_what_passes_by_its_level_and_what_passes_by_bounds_is_told_apart() -> None:
    history = {"a": points(H20), "loss": points(H10)}
    by_level = made({"a": 0.912}, {"a": SHIFT["acc"]}, history=history)
    assert report.verdict_line(by_level, PLAIN) == "PASS  t: 1 of 1 metric at no worse level"
    both = made({"a": 0.912, "loss": 0.91}, {"a": SHIFT["acc"], **BOUND}, history=history)
    assert report.verdict_line(both, PLAIN) == "PASS  t: 2 of 2 metrics within bounds or at no worse level"


def test_later_runs_are_told_and_do_not_count() -> None:
    found = replace(made(HEALTHY, ABOVE), runs_after=2)
    assert report.screen(found, PLAIN)[0] == "t, run r1   1 run before it, 2 after it, which do not count"


def test_a_muted_metric_says_until_when() -> None:
    found = made({"a": 0.2, "b": 1.0}, {"a": ABOVE["biology/exact_match_final"]})
    line = Muted("t", "*", "2026-11-28", "node pool", "ann", "2026-11-21")
    muted = report.Report(
        "t", "r1", found.verdict, found.metrics, (), "success", 0, muted={"a": line, "b": line, "*": line}
    )
    assert report.verdict_table(muted, PLAIN)[1:] == [
        "  ✗ regression    a       0.200  > 0.25   0.050 below; muted until 2026-11-28",
        "  – no condition  b       1.000  —        muted until 2026-11-28",  # noqa: RUF001  # the glyph of no verdict
    ]
