"""A policy decides: every rule evaluated, the blocking ones together a verdict with an exit code and a sentence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from scipy import stats

from cajajejo import gate_policy
from cajajejo.comparison.judgement import gate
from cajajejo.comparison.judgement.judging import judge
from cajajejo.comparison.sides import Side
from cajajejo.comparison.statistics.levels import Level
from cajajejo.comparison.values import Comparison, Criteria, Estimate
from cajajejo.errors import CajajejoError, ExitCode
from cajajejo.gate_policy import GatePolicy
from tests.builders import ROOT
from tests.comparison.judged import counted, estimate, given, measured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.comparison.judgement.judging import Measured
    from cajajejo.comparison.outcomes import GateOutcome

FILE = "release.policy.yml"
GOOD, BAD, OPEN = estimate(-0.001, 0.002), estimate(-0.05, 0.004), estimate(-0.02, 0.012)
"""Beside a drop of 0.02 that is allowed: a pass, a fail, and neither."""
PASS, FAIL, UNSURE = "pass", "fail", "inconclusive"
ALL_BLOCKING = {"name": "all", "metrics": ["*"], "max_drop": 0.02}


def policy(*rules: Mapping[str, Any], **changes: Any) -> GatePolicy:
    return GatePolicy.model_validate({"kind": "gate_policy", "version": "v1", "rules": list(rules), **changes})


def compared(judged_by: GatePolicy, estimates: Mapping[str, Estimate | None]) -> Comparison:
    """A comparison of metrics with these estimates, judged as the policy says."""
    measured = [given(found, gate.criteria_for(judged_by, name), name=name) for name, found in estimates.items()]
    return of(judged_by, measured)


def of(judged_by: GatePolicy, measured: Sequence[Measured]) -> Comparison:
    metrics = judge(measured, judged_by.correction)
    return Comparison(a=Side(name="A"), b=Side(name="B"), metrics=metrics)


def no_level(_: str) -> Level | None:
    return None


def decided(judged_by: GatePolicy, **estimates: Estimate | None) -> GateOutcome:
    return gate.decide(judged_by, FILE, compared(judged_by, estimates), no_level)


def verdicts(outcome: GateOutcome) -> dict[str, str]:
    return {rule.name: rule.verdict for rule in outcome.rules}


def test_a_rule_says_how_its_metrics_are_judged() -> None:
    rule = {"name": "a", "metrics": ["a"], "max_drop": 0.1, "max_relative_drop": 0.2, "score_range": [0, 10]}
    found = policy({**rule, "direction": "lower_is_better"}, confidence=0.9, min_pairs=30)
    assert gate.criteria_for(found, "a") == Criteria(
        confidence=0.9,
        max_drop=0.1,
        max_relative_drop=0.2,
        direction="lower_is_better",
        min_pairs=30,
        score_range=(0, 10),
    )
    assert gate.criteria_for(found, "other") == Criteria(confidence=0.9, min_pairs=30)
    assert gate.criteria_for(policy(rule, default={"max_drop": 1}), "b") == Criteria(max_drop=1)


@pytest.mark.parametrize(
    ("estimates", "verdict", "code"),
    [
        pytest.param({"a": GOOD, "b": GOOD}, PASS, ExitCode.DONE, id="all pass"),
        pytest.param({"a": GOOD, "b": OPEN}, UNSURE, ExitCode.INCONCLUSIVE, id="one is inconclusive"),
        pytest.param({"a": OPEN, "b": BAD, "c": GOOD}, FAIL, ExitCode.REGRESSION, id="one fails"),
        pytest.param({"a": GOOD, "b": None}, UNSURE, ExitCode.INCONCLUSIVE, id="one is missing"),
        pytest.param({}, UNSURE, ExitCode.INCONCLUSIVE, id="there is none"),
    ],
)
def test_the_worst_metric_of_a_blocking_rule_decides(
    estimates: dict[str, Estimate | None], verdict: str, code: ExitCode
) -> None:
    found = decided(policy(ALL_BLOCKING), **estimates)
    assert (found.verdict, found.exit_code, verdicts(found)) == (verdict, code, {"all": verdict})
    assert [name for name, _, _ in found.rules[0].metrics] == sorted(estimates)


def test_an_advisory_rule_is_evaluated_and_decides_nothing() -> None:
    found = decided(
        policy({"name": "a", "metrics": ["a"], "max_drop": 0.02}, default={"tier": "advisory"}), a=GOOD, b=BAD
    )
    assert (found.verdict, verdicts(found)) == (PASS, {"a": PASS, "default": FAIL})
    assert found.reason == "the rule a passes with 1 metric"


def test_where_nothing_is_blocking_nothing_is_decided() -> None:
    found = decided(policy({**ALL_BLOCKING, "tier": "advisory"}), a=BAD)
    assert (found.verdict, found.reason) == (PASS, "no rule is blocking, so that nothing is decided")
    assert found.unchanged_passes is None


def test_every_rule_is_evaluated_also_after_one_that_failed() -> None:
    rules = [{"name": name, "metrics": [name], "max_drop": 0.02} for name in ("a", "b", "c", "d")]
    found = decided(policy(*rules), a=OPEN, b=BAD, c=GOOD, d=BAD)
    assert verdicts(found) == {"a": UNSURE, "b": FAIL, "c": PASS, "d": FAIL}
    assert found.reason == (
        "the rule b fails: b: a drop of 0.043 at least, at 95 % confidence, is over the 0.02 allowed;"
        " the rule d fails, too"
    )


def test_the_sentence_of_the_verdict_names_the_rules_that_decide() -> None:
    rules = [{"name": name, "metrics": [name], "max_drop": 0.02} for name in ("a", "b", "c")]
    passing = decided(policy(*rules), a=GOOD, b=GOOD, c=GOOD)
    assert passing.reason == "the rules a, b, c pass with 3 metrics"
    unsure = decided(policy(*rules), a=OPEN, b=OPEN, c=OPEN)
    assert unsure.reason == (
        "the rule a is inconclusive: a: 500 pairs cannot rule out a drop of 0.040; less than 0.02 is allowed;"
        " the rules b, c are inconclusive, too"
    )


@pytest.mark.parametrize(
    ("estimates", "reason"),
    [
        ({"a": GOOD}, "a: a drop of 0.0043 at most, at 95 % confidence, is less than the 0.02 allowed"),
        ({"a": GOOD, "b": GOOD}, "all 2 metrics pass"),
        ({"a": GOOD, "b": OPEN}, "b: 500 pairs cannot rule out a drop of 0.040; less than 0.02 is allowed"),
        (
            {"a": OPEN, "b": OPEN, "c": GOOD},
            (
                "2 of 3 metrics are inconclusive, the first of them a: 500 pairs cannot rule out a drop of 0.040;"
                " less than 0.02 is allowed"
            ),
        ),
        (
            {"a": BAD, "b": BAD, "c": OPEN},
            (
                "2 of 3 metrics fail, the first of them a: a drop of 0.043 at least, at 95 % confidence, is over"
                " the 0.02 allowed"
            ),
        ),
    ],
)
def test_a_rule_says_why(estimates: dict[str, Estimate], reason: str) -> None:
    assert decided(policy(ALL_BLOCKING), **estimates).rules[0].reason == reason


def test_a_blocking_rule_that_matches_nothing_is_inconclusive() -> None:
    found = decided(policy({"name": "a", "metrics": ["nothing/*"]}, ALL_BLOCKING), a=GOOD)
    assert (found.verdict, found.rules[0].reason) == (UNSURE, "no metric matches nothing/*")
    assert found.reason == "the rule a is inconclusive: no metric matches nothing/*"
    assert found.unchanged_passes is None


def test_a_rule_whose_metrics_went_to_others_says_to_which() -> None:
    rules = [
        {"name": name, "metrics": globs, "max_drop": 0.02}
        for name, globs in (("x", ["a"]), ("y", ["b"]), ("z", ["a", "b"]))
    ]
    found = decided(policy(*rules, default={"tier": "advisory"}), a=GOOD, b=GOOD, c=GOOD)
    assert found.rules[2].reason == "every metric that matches it, a for one, is taken by a rule before it: x, y"
    assert verdicts(found) == {"x": PASS, "y": PASS, "z": UNSURE, "default": UNSURE}


def test_a_default_that_has_nothing_to_do_is_no_rule() -> None:
    found = decided(policy(ALL_BLOCKING, default={"tier": "blocking"}), a=GOOD)
    assert (found.verdict, verdicts(found)) == (PASS, {"all": PASS})


def test_a_blocking_default_decides() -> None:
    found = decided(
        policy({"name": "a", "metrics": ["a"], "max_drop": 0.02}, default={"max_drop": 0.02}), a=GOOD, b=BAD
    )
    assert (found.verdict, verdicts(found)) == (FAIL, {"a": PASS, "default": FAIL})
    assert found.reason.startswith("the rule default fails: b: a drop of 0.043 at least")


def test_a_metric_that_no_rule_matches_is_an_error_where_there_is_no_default() -> None:
    with pytest.raises(CajajejoError, match=r"^1 metric matches no rule of release\.policy\.yml$"):
        decided(policy({"name": "a", "metrics": ["a"]}), a=GOOD, b=GOOD)


def share(right: int, items: int) -> Level:
    p = right / items
    spread = math.sqrt(p * (1 - p) / (items - 1))
    return Level(value=p, std_err=spread, n=items, clusters=None, binary=True, df=items - 1)


LEVELS = {"a": share(23, 30), "b": share(8, 30), "new": share(29, 30), "extra": share(1, 30)}
ASKED = policy({"name": "floor", "metrics": ["a", "b", "new*"], "min_value": 0.5}, default={"tier": "advisory"})


def test_a_level_is_asked_of_b_alone_whatever_a_has() -> None:
    found = gate.decide(ASKED, FILE, compared(ASKED, {"a": BAD, "b": GOOD}), LEVELS.get)
    assert [(name, verdict) for name, verdict, _ in found.rules[0].metrics] == [("a", PASS), ("b", FAIL)]
    assert found.rules[0].reason == (
        "b: B has 0.267, and 0.415 at most, at 95 % confidence; more than 0.50 is asked for"
    )
    assert found.unchanged_passes is None


def test_a_level_is_asked_also_of_a_metric_that_only_b_has() -> None:
    found = gate.decide(ASKED, FILE, compared(ASKED, {"a": BAD}), LEVELS.get, only_b=["new", "extra"])
    assert [(name, verdict) for name, verdict, _ in found.rules[0].metrics] == [("a", PASS), ("new", PASS)]
    assert verdicts(found) == {"floor": PASS}


def test_a_drop_is_not_asked_of_a_metric_that_only_b_has() -> None:
    strict = policy({"name": "a", "metrics": ["a"], "max_drop": 0.02})
    found = gate.decide(strict, FILE, compared(strict, {"a": GOOD}), LEVELS.get, only_b=["a2", "new"])
    assert (found.verdict, verdicts(found)) == (PASS, {"a": PASS})


def test_a_level_that_b_has_not_is_inconclusive() -> None:
    found = decided(ASKED, a=GOOD)
    assert (found.verdict, found.rules[0].reason) == (UNSURE, "a: B has no score of it")


@pytest.mark.parametrize(("margin", "metrics"), [(1.645 + 0.84, 5), (1.645, 1), (3, 2)])
def test_the_probability_that_an_unchanged_model_passes_is_a_product(margin: float, metrics: int) -> None:
    estimates = {f"m{number}": estimate(-0.01, 0.02 / margin) for number in range(metrics)}
    found = decided(policy(ALL_BLOCKING), **estimates).unchanged_passes
    assert found == pytest.approx(stats.norm.cdf(margin - stats.norm.ppf(0.95)) ** metrics, rel=1e-12)


def test_five_metrics_at_margins_of_two_and_a_half_standard_errors_pass_one_time_in_three() -> None:
    estimates = {f"m{number}": estimate(0, 0.02 / (1.645 + 0.84)) for number in range(5)}
    assert decided(policy(ALL_BLOCKING), **estimates).unchanged_passes == pytest.approx(0.33, abs=0.005)


def test_only_drops_that_block_count_for_an_unchanged_model() -> None:
    rules = policy(
        {"name": "floor", "metrics": ["a"], "min_value": 0.5},
        {"name": "drop", "metrics": ["b", "c"], "max_drop": 0.02},
        default={"tier": "advisory", "max_drop": 0.001},
    )
    found = decided(rules, a=GOOD, b=estimate(0, 0.01), c=None, d=OPEN).unchanged_passes
    assert found == pytest.approx(stats.norm.cdf(2 - stats.norm.ppf(0.95)))


def test_where_no_answer_changed_the_interval_stands_for_the_standard_error() -> None:
    rules = policy({**ALL_BLOCKING, "max_drop": 0.15})
    one = measured(counted(30, 0, 0), gate.criteria_for(rules, "a"), name="a")
    found = gate.decide(rules, FILE, of(rules, [one]), no_level).unchanged_passes
    half = 1.6448536 * math.sqrt(2 / 32 / 32)  # Bonett and Price, with no answer that differs
    assert found == pytest.approx(stats.norm.cdf(0.15 * 1.6448536 / half - 1.6448536), rel=1e-6)


def test_names_are_told_as_they_are() -> None:
    hostile = "{0} %s \x1b[31m\n\u202e/exact_match"
    rules = policy({"name": hostile, "metrics": ["*"], "max_drop": 0.02})
    found = gate.decide(rules, FILE, compared(rules, {hostile: OPEN}), no_level)
    assert found.reason.startswith(f"the rule {hostile} is inconclusive: {hostile}: 500 pairs cannot")
    assert found.rules[0].metrics[0][0] == hostile


def questions(down: int, up: int, right: int) -> Any:
    return counted(30, down, up, right=right)


@pytest.mark.parametrize(
    ("pairs", "arithmetic", "verdict"),
    [
        pytest.param([(0, 0, 25), (0, 0, 24)], 23, PASS, id="unchanged"),
        pytest.param([(1, 0, 25), (0, 1, 24)], 22, PASS, id="an answer or two changed"),
        pytest.param([(2, 0, 25), (0, 0, 24)], 23, UNSURE, id="two lost"),
        pytest.param([(4, 2, 25), (9, 1, 24)], 8, FAIL, id="the damaged copy"),
    ],
)
def test_the_policy_of_the_demo_tells_its_models_apart(
    pairs: list[tuple[int, int, int]], arithmetic: int, verdict: str
) -> None:
    rules = gate_policy.load(ROOT / "jobs" / "evaluation" / "release.policy.yml")
    shown = dict(zip(("geography/exact_match", "biology/exact_match"), pairs, strict=True))
    shown["arithmetic/exact_match"] = (23 - min(arithmetic, 23), 0, 23)
    metrics = [measured(questions(*one), gate.criteria_for(rules, name), name=name) for name, one in shown.items()]
    found = gate.decide(rules, FILE, of(rules, metrics), lambda _: share(arithmetic, 30))
    assert found.verdict == verdict


def test_an_unchanged_model_never_passes_where_pairs_are_too_few() -> None:
    rules = policy(ALL_BLOCKING, min_pairs=1_000)
    assert decided(rules, a=GOOD).unchanged_passes == 0.0
