from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.baselines import Accepted, Baselines, Muted
from cajajejo.metrics.config import RegressionTestConfig
from cajajejo.metrics.judgement import acceptance, alerts, incidents, judging
from cajajejo.metrics.judgement.acceptance import Acceptance
from cajajejo.metrics.judgement.incidents import Event, Incident, Judged, Told
from cajajejo.metrics.points import Point
from cajajejo.metrics.runs import Run
from tests.metrics.builders import condition, regression_tests

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cajajejo.metrics.judgement.verdict import MetricVerdict
    from cajajejo.metrics.runs import JobStatus

BOUND = regression_tests({"loss": condition("less", fixed_value=1)})
LEVEL = regression_tests({"loss": condition("less", level_shift={"min_history": 5})})
LEVELS = (1.0, 1.01, 1.02) * 4
SHIFTED = (2.0, 2.01, 2.02)


@dataclass
class Nights:
    """A test that is checked night after night; what was told, and what is open, as a history keeps them."""

    config: RegressionTestConfig = BOUND
    lines: Baselines = field(default_factory=Baselines)
    muted: frozenset[str] = frozenset()
    runs: dict[str, Run] = field(default_factory=dict)
    verdicts: dict[str, tuple[MetricVerdict, ...]] = field(default_factory=dict)
    open: tuple[Incident, ...] = ()
    told: dict[str, Event] = field(default_factory=dict)

    def decided(self, value: Any, run: Run, *, missed: str | None = None) -> tuple[Told, tuple[MetricVerdict, ...]]:
        """What is told of `run`, which measured `value`, a loss or metrics by name, and its verdicts."""
        metrics = value if isinstance(value, dict) else {} if value is None else {"loss": value}
        past = (one for one in self.runs.values() if one.order < run.order and one.run_id != run.run_id)
        before = sorted(past, key=lambda one: one.order)
        accepted = acceptance.of(self.lines, run, before)
        judged = judging.judge(metrics, self._points(before), self.config, run, cuts=accepted.cuts)
        failed = next((back for back, one in enumerate(reversed(before)) if one.status == "success"), len(before))
        wrong = (
            alerts.of_metrics(judged, missed, self.config, self.muted, told=True)
            if run.status == "success"
            else alerts.of_job(run.test, run.status, failed, self.config, self.muted)
        )
        newest = max((one.order for one in self.runs.values()), default=None)
        muted = {name: Muted("t", name, "2999-01-01", "node pool", "ann", "2026-11-21") for name in self.muted}
        all_of_it = Judged(run, judged, wrong, self.config, accepted, before, muted)
        return incidents.decide(self.open, newest, all_of_it), judged

    def check(
        self, value: Any, number: int | None = None, *, status: JobStatus = "success", missed: str | None = None
    ) -> list[str]:
        """The sentences that are told of one more run, or of one that there was."""
        place = len(self.runs) if number is None else number
        run = Run("t", f"r{place}", float(place), status)
        found, self.verdicts[run.run_id] = self.decided(value, run, missed=missed)
        self.runs[run.run_id], self.open = run, found.open
        new = {event.id: event for event in found.events if event.id not in self.told}
        self.told |= new
        return [f"{event.happening}: {event.message}" for event in new.values()]

    def _points(self, before: Sequence[Run]) -> Mapping[str, list[Point]]:
        points: dict[str, list[Point]] = {}
        for run in before:
            for metric in self.verdicts[run.run_id] if run.status == "success" else ():
                if metric.value is not None and math.isfinite(metric.value):
                    point = Point(run.run_id, metric.value, metric.outside, run.start_time)
                    points.setdefault(metric.name, []).append(point)
        return points


def checked(nights: Nights, values: Iterable[Any]) -> list[list[str]]:
    return [nights.check(value) for value in values]


OPENED: Final = "opened: loss is 2.000; it must be less than 1 (fixed value)"


def test_bad_runs_in_a_row_are_one_incident_and_the_first_good_one_ends_it() -> None:
    assert checked(Nights(), [0.5, 2.0, 2.0, 3.0, 0.5, 0.5, 2.0]) == [
        [], [OPENED], [], [], ["recovered: loss is well again: 0.500, after 3 runs (opened by run r1)"], [], [OPENED],
    ]  # fmt: skip


def test_a_run_that_cannot_be_judged_neither_opens_nor_ends() -> None:
    nights = Nights(regression_tests({"loss": condition("less", fixed_value=1, confirm_after=2)}))
    assert checked(nights, [2.0, 0.5, 2.0, 2.0, None, {}]) == [[], [], [], [OPENED], [], []]
    assert nights.check(None, status="failure") == ["opened: t: the job failed"]
    assert [incident.metric for incident in nights.open] == ["loss", None]


def test_a_failed_job_is_an_incident_until_one_succeeds_and_says_nothing_of_metrics() -> None:
    nights = Nights()
    nights.check(2.0)
    assert nights.check(None, status="failure") == ["opened: t: the job failed"]
    assert nights.check(None, status="timeout") == []
    assert nights.check(3.0) == ["recovered: t: the job succeeded again, after 2 runs (opened by run r1)"]
    assert [incident.metric for incident in nights.open] == ["loss"]


def test_missing_and_unusable_metrics_are_incidents_of_their_own() -> None:
    nights = Nights(regression_tests(BOUND.metric_success_conditions, required_metrics=["loss", "acc"]))
    told = checked(nights, [{"loss": 0.5}, {"loss": float("nan"), "acc": 7.0}, {"acc": 7.0}, {"loss": 2.0, "acc": 7.0}])
    assert told == [
        ["opened: acc is missing: the run did not write it"],
        [
            "recovered: acc is there again: 7.000, after 1 run (opened by run r0)",
            "opened: loss is NaN; it must be a finite number",
        ],
        ["opened: loss is missing: the run did not write it"],
        [
            "recovered: loss has a usable value again: 2.000, after 2 runs (opened by run r1)",
            "recovered: loss is there again: 2.000, after 1 run (opened by run r2)",
            OPENED,
        ],
    ]


def test_a_threshold_that_is_reached_again_ends_its_incident() -> None:
    nights = Nights(regression_tests())
    assert nights.check({}, missed="acc never reached 76 (best 70)") == ["opened: acc never reached 76 (best 70)"]
    assert nights.check({}, missed="acc never reached 76 (best 71)") == []
    assert nights.check({"time_to_accuracy": 43.0}) == [
        "recovered: time_to_accuracy is 43.00: the threshold was reached again, after 2 runs (opened by run r0)"
    ]


def test_a_lasting_shift_is_one_incident_even_if_single_runs_pass_between() -> None:
    nights = Nights(LEVEL)
    values = (*LEVELS, *SHIFTED, 1.01, 2.02, 2.0, 2.01, 2.0, 3.0, 3.01, 3.0, 3.02, 3.0, 1.0, 1.01, 1.02, 1.0, 1.01)
    told = {night: lines for night, lines in enumerate(checked(nights, values)) if lines}
    shift = "its level rose from 1.010 to 2.010 (z 4.65), beginning between run r11 and run r12"
    assert told == {
        14: [f"opened: loss is 2.020; {shift}"],
        23: [f"escalated: loss is 3.020; {shift}, and moved further away now"],
        27: ["recovered: loss is well again: 1.020, after 13 runs (opened by run r14)"],
    }
    assert nights.open == ()


def test_an_episode_that_comes_again_tells_nobody_anew() -> None:
    nights = Nights(LEVEL)
    told = checked(nights, [*LEVELS, *SHIFTED, 2.0, 1.0, 1.01, 1.02, 1.0, 1.01, *SHIFTED, 2.0])
    assert [line.split(":")[0] for lines in told for line in lines] == ["opened", "recovered"]
    (metric,) = nights.verdicts["r24"]
    assert metric.episode is not None
    assert (metric.episode.status, metric.episode.run, metric.episode.resumed) == ("ongoing", "r12", True)


ACCEPTED = Accepted("t", "loss", "r12", "new tokenizer", "ann", "2026-11-22")


@pytest.mark.parametrize(
    ("config", "opener"),
    [(LEVEL, "r14"), (regression_tests({"loss": condition("less", stddevs_from_mean=4, wait=3)}), "r12")],
    ids=["a level", "a bound"],
)
def test_an_accepted_level_ends_the_incident_once_and_says_why(config: RegressionTestConfig, opener: str) -> None:
    nights = Nights(config)
    checked(nights, [*LEVELS, *SHIFTED])
    nights.lines = Baselines((ACCEPTED,))
    assert checked(nights, [2.01, 2.0, 2.02, 2.01]) == [
        [f"accepted: loss is 2.010: accepted from run r12 on: new tokenizer (opened by run {opener})"], [], [], [],
    ]  # fmt: skip


def test_what_is_wrong_by_the_accepted_level_is_a_new_incident() -> None:
    nights = Nights(LEVEL)
    checked(nights, [*LEVELS, *SHIFTED, *SHIFTED, *SHIFTED, 9.0, 9.01])
    nights.lines = Baselines((ACCEPTED,))
    told = checked(nights, [9.0, 9.01, 9.02])
    assert told == [
        [
            "accepted: loss is 9.000: accepted from run r12 on: new tokenizer (opened by run r14)",
            "opened: loss is 9.000; its level rose from 2.010 to 9.000 (z 4.50), beginning between run r20 and run r21",
        ],
        [],
        [],
    ]  # fmt: skip
    assert [incident.accepted for incident in nights.open] == ["r12"]


def test_a_level_accepted_before_the_incident_does_not_end_it() -> None:
    nights = Nights(regression_tests({"loss": condition("less", stddevs_from_mean=4, wait=3)}))
    nights.lines = Baselines((replace(ACCEPTED, start="r0"),))
    told = checked(nights, [1.0, 1.01, 1.02, 1.0, 2.0, 1.01])
    assert [line.split(":")[0] for lines in told for line in lines] == ["opened", "recovered"]


def test_accepting_what_is_held_against_a_known_value_ends_nothing() -> None:
    nights = Nights()
    checked(nights, [0.5, 2.0])
    nights.lines = Baselines((replace(ACCEPTED, start="r1"),))
    assert checked(nights, [2.0, 0.5]) == [
        [], ["recovered: loss is well again: 0.500, after 2 runs (opened by run r1)"],
    ]  # fmt: skip


def test_a_level_that_lasts_is_taken_once() -> None:
    nights = Nights(regression_tests({"loss": condition("less", level_shift={"min_history": 5, "absorb_after": 6})}))
    told = checked(nights, [*LEVELS, *SHIFTED, *SHIFTED, *SHIFTED])
    assert [line for lines in told for line in lines][1:] == [
        "accepted: loss is 2.020: its level of 2.010 lasted, and is the new normal (opened by run r14)"
    ]


def test_who_is_muted_hears_nothing_and_what_is_still_wrong_then_is_opened() -> None:
    nights = Nights(muted=frozenset({"loss", "*"}))
    assert checked(nights, [0.5, 2.0, 2.0]) == [[], [], []]
    assert nights.check(None, status="failure") == []
    nights.muted = frozenset()
    assert nights.check(2.0) == [OPENED]


def test_a_shift_that_opened_while_it_was_muted_is_told_when_the_mute_ends() -> None:
    nights = Nights(LEVEL, muted=frozenset({"loss"}))
    assert checked(nights, [*LEVELS, *SHIFTED, 2.0]) == [[]] * 16
    nights.muted = frozenset()
    (line,) = nights.check(2.0)
    assert line.startswith("opened: loss is 2.000; its level rose from 1.010 to 2.0")


def test_an_incident_that_is_muted_later_stays_as_it_is_until_the_mute_ends() -> None:
    nights = Nights()
    nights.check(2.0)
    nights.muted = frozenset({"loss"})
    assert checked(nights, [2.0, 0.5]) == [[], []]
    nights.muted = frozenset()
    assert nights.check(0.5) == ["recovered: loss is well again: 0.500, after 3 runs (opened by run r0)"]


@pytest.mark.parametrize(
    ("before", "fields", "now"),
    [
        ({"loss": 2.0}, {"metric_success_conditions": {}}, {"loss": 2.0}),
        ({"loss": 2.0}, {"metric_subset_to_alert": ["acc"]}, {"loss": 2.0}),
        ({"loss": 2.0}, {"alert_for_oob_metrics": False}, {"loss": 2.0}),
        ({"loss": float("nan")}, {"metric_success_conditions": {}}, {"loss": 2.0}),
        ({"loss": 0.5}, {"required_metrics": []}, {"loss": 0.5}),
    ],
    ids=[
        "no condition",
        "not among those that alert",
        "no alerts for bounds",
        "NaN without a condition",
        "not required",
    ],
)
def test_what_nobody_asks_for_any_longer_is_dropped_without_a_word(
    before: dict[str, float], fields: dict[str, Any], now: dict[str, float]
) -> None:
    first: dict[str, Any] = {
        "metric_success_conditions": BOUND.metric_success_conditions,
        "required_metrics": ["loss", "acc"],
    }
    nights = Nights(
        RegressionTestConfig.model_validate(first | ({} if "required_metrics" in fields else {"required_metrics": []}))
    )
    assert len(nights.check(before)) == 1
    nights.config = RegressionTestConfig.model_validate(first | {"required_metrics": []} | fields)
    assert (nights.check(now), nights.open) == ([], ())


def test_an_incident_about_jobs_or_a_threshold_is_dropped_with_what_it_was_about() -> None:
    nights = Nights()
    nights.check(None, status="failure")
    nights.config = regression_tests(alert_for_failed_jobs=False)
    assert (nights.check(None, status="failure"), nights.open) == ([], ())
    nights.check({}, missed="acc never reached 76 (best 70)")
    assert (nights.check({}), nights.open) == ([], ())


def test_a_metric_that_only_the_default_condition_judges_may_be_away() -> None:
    nights = Nights(regression_tests({"default": condition("less", fixed_value=1)}))
    assert checked(nights, [2.0, None, 0.5]) == [
        [OPENED], [], ["recovered: loss is well again: 0.500, after 2 runs (opened by run r0)"],
    ]  # fmt: skip


def test_a_run_that_is_older_than_the_newest_tells_nothing_and_says_that() -> None:
    nights = Nights()
    nights.check(2.0, 5)
    found, _ = nights.decided(0.5, Run("t", "old", 3.0))
    assert (found.events, found.open, found.late) == ((), nights.open, True)
    unstored = Judged(Run("t", "old", 3.0), (), (), BOUND, Acceptance())
    assert incidents.decide(nights.open, None, unstored) == Told(open=nights.open)


def test_judging_again_tells_what_follows_from_other_numbers_and_nothing_from_the_same() -> None:
    nights = Nights()
    assert [nights.check(value, 0) for value in (2.0, 2.0, 0.5, 0.5, 2.0)] == [
        [OPENED], [], ["recovered: loss is well again: 0.500 (opened by run r0)"], [], [],
    ]  # fmt: skip


VALUES = st.one_of(st.none(), st.sampled_from([0.5, 1.01, 1.02, 2.0, 2.01, 3.0, float("nan")]))
NIGHT = st.tuples(
    st.sampled_from(["success", "success", "success", "success", "failure"]),
    VALUES,
    st.integers(1, 3),  # how often it is checked
    st.integers(0, 2),  # how often it is killed before anything is stored
    st.sampled_from([frozenset[str]()] * 4 + [frozenset({"loss"}), frozenset({"*"})]),
)
CONFIGS = st.sampled_from(
    [
        BOUND,
        LEVEL,
        regression_tests({"loss": condition("less", stddevs_from_mean=3)}, required_metrics=["loss"]),
        regression_tests({"loss": condition("less", fixed_value=1, confirm_after=2)}, required_metrics=["loss"]),
    ]
)


@given(nights=st.lists(NIGHT, max_size=25), config=CONFIGS, steady=st.booleans())
def test_an_incident_is_opened_once_and_ends_at_most_once(
    nights: list[tuple[JobStatus, float | None, int, int, frozenset[str]]],
    config: RegressionTestConfig,
    *,
    steady: bool,
) -> None:
    """Whatever is checked again or killed; what is open is what was told, and did not end."""
    test, plain = Nights(config), Nights(config)
    for place, (status, value, times, kills, muted) in enumerate(nights):
        test.muted = plain.muted = muted
        level = 1.0 + place % 3 / 100 if steady and place < 10 else value  # runs that a level begins with
        for _ in range(kills):
            test.decided(level, Run("t", f"r{place}", float(place), status))
        for _ in range(times):
            test.check(level, place, status=status)
        plain.check(level, place, status=status)
    assert (test.told, test.open) == (plain.told, plain.open)
    began: dict[tuple[str, str | None, str], int] = {}
    for event in test.told.values():
        key = (event.incident.kind, event.incident.metric, event.incident.run_id)
        ended = event.happening in {"recovered", "accepted"}
        assert began.get(key) == (None if event.happening == "opened" else 1)
        began[key] = 0 if ended else 1
    unended = {key for key, open_ in began.items() if open_}
    assert unended == {(incident.kind, incident.metric, incident.run_id) for incident in test.open}
    assert len({(incident.kind, incident.metric) for incident in test.open}) == len(test.open)
