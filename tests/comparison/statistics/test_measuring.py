from __future__ import annotations

import math
import sys
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.weightstats import ttost_paired

from cajajejo.comparison.paired import Paired
from cajajejo.comparison.statistics import significance
from cajajejo.comparison.statistics.measuring import measure
from cajajejo.comparison.values import Criteria, Estimate, Interval
from tests.comparison.worked import (
    C1,
    C2,
    C3,
    C4,
    C4_ITEMS,
    C5_FEW,
    C5_MANY,
    C6_FIVE,
    C6_SIX,
    C7,
    C12,
    counts,
    differing,
    interval,
    near,
    pairs,
    printed,
)

shares = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=60)
grades = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=2, max_size=40)


def measured(paired: Paired, criteria: Criteria | None = None, seed: int = 0) -> Estimate:
    found = measure(paired, criteria or Criteria(), seed)
    assert found is not None
    return found


def limits(found: Interval | None) -> tuple[float, float]:
    assert found is not None
    return found.lower, found.upper


def some(n: int, seed: int = 0, groups: int | None = None) -> Paired:
    """`n` graded pairs, in `groups` that differ."""
    generator = np.random.default_rng(seed)
    clusters = None if groups is None else generator.permutation(np.arange(n) % groups)
    a = generator.beta(2, 2, n)
    b = np.clip(a + generator.normal(-0.02, 0.1, n), 0, 1)
    if clusters is not None:
        b = np.clip(b + generator.normal(0, 0.05, groups)[clusters], 0, 1)
    return Paired(a=a, b=b, clusters=clusters, seed=b"seed")


def test_c1_where_the_paired_and_the_unpaired_test_disagree() -> None:
    found = measured(C1)
    assert (found.pairs, found.binary, found.up, found.down, found.discordant) == (500, True, 10, 24, 0.068)
    assert (found.a, found.b, found.difference) == (0.78, 0.752, -0.028)
    assert (found.std_err, found.std_err_unpaired) == (printed(".0116061"), printed(".0267618"))
    assert found.std_err_unpaired is not None
    assert found.difference / found.std_err_unpaired == printed("-1.04627")
    assert significance.t_test(found.difference, found.std_err_unpaired, math.inf) == printed(".295437")
    assert (found.test, found.p_value, found.p_exact) == ("McNemar mid-p", printed(".0166738"), printed(".0243065"))
    assert limits(found.interval) == interval("-.0511869", "-.00458996")
    assert limits(found.gate_interval) == interval("-.0474412", "-.00833574")
    assert found.minimum_detectable_effect == printed(".0325155")
    assert (found.df, found.score_range, found.p_t) == (math.inf, (0.0, 1.0), None)


def test_c2_of_graded_scores() -> None:
    found = measured(C2)
    assert (found.pairs, found.binary, found.up, found.down, found.df) == (8, False, 1, 7, 7)
    assert (found.difference, found.std_err) == (printed("-.035"), printed(".00886405"))
    assert found.std_err is not None
    assert (found.difference / found.std_err, found.p_t) == (printed("-3.94853"), printed(".00554242"))
    assert limits(found.interval) == interval("-.0559602", "-.0140398")
    assert limits(found.gate_interval) == interval("-.0517936", "-.0182064")
    assert (found.p_value, found.test) == (0.0234375, "sign flip, exact")
    assert found.p_exact is None


def test_c3_of_clusters() -> None:
    found = measured(C3)
    assert (found.pairs, found.clusters, found.binary, found.df) == (12, 4, False, 3)
    assert found.difference == printed("-.333333")
    assert (found.std_err, found.std_err_miller) == (printed(".235702"), printed(".211217"))
    assert limits(found.interval) == interval("-1.08344", ".416776")
    assert (found.p_value, found.test) == (6 / 16, "sign flip, exact")


def test_c4_where_clustering_decides() -> None:
    found, items = measured(C4), measured(C4_ITEMS)
    assert (found.difference, found.std_err, found.p_t) == (-0.175, printed(".0791582"), printed(".0329852"))
    assert limits(found.interval) == interval("-.335113", "-.0148874")
    assert found.p_value == 2 * sum(math.comb(11, i) for i in range(3)) / 2**11
    assert (items.std_err, items.p_exact) == (printed(".0350430"), printed("2.06e-6"))
    assert items.std_err is not None
    assert significance.t_test(items.difference, items.std_err, 199) == printed("1.29e-6")


def test_c5_without_a_discordant_pair() -> None:
    for paired, half in ((C5_FEW, ".125991"), (C5_MANY, ".00276628")):
        found = measured(paired)
        assert limits(found.interval) == interval(f"-{half}", half)
        assert (found.std_err, found.p_value, found.p_exact, found.minimum_detectable_effect) == (0, 1, 1, None)


def test_c6_of_few_discordant_pairs() -> None:
    assert (measured(C6_FIVE).p_exact, measured(C6_FIVE).p_value) == (printed(".0625"), printed(".03125"))
    assert (measured(C6_SIX).p_exact, measured(C6_SIX).p_value) == (printed(".03125"), printed(".015625"))


def test_c7_of_two_thousand_pairs() -> None:
    found = measured(C7)
    assert found.difference == -0.0025
    assert limits(found.gate_interval) == interval("-.0066045", ".0016095")


def test_c12_repeats_are_never_extra_pairs() -> None:
    found = measured(C12)
    assert (found.pairs, found.binary, found.difference) == (4, False, printed("-.0833333"))
    assert found.std_err == printed(".159571")
    assert np.allclose(C12.differences, [-1 / 3, -1 / 3, 0, 1 / 3])


@pytest.mark.parametrize("n", [10, 300])
@pytest.mark.parametrize("confidence", [0.95, 0.8])
def test_graded_pairs_agree_with_scipy(n: int, confidence: float) -> None:
    paired = some(n, seed=n)
    found = measured(paired, Criteria(confidence=confidence))
    test = stats.ttest_rel(paired.b, paired.a)
    assert found.p_t == near(test.pvalue, abs=1e-15)
    assert limits(found.interval) == near(tuple(test.confidence_interval(confidence)), abs=1e-15)
    assert limits(found.gate_interval) == near(tuple(test.confidence_interval(2 * confidence - 1)), abs=1e-15)
    welch = stats.ttest_ind(paired.b, paired.a, equal_var=False)
    assert found.std_err_unpaired == near(found.difference / welch.statistic, abs=1e-15)
    assert (found.a, found.b) == (near(paired.a.mean()), near(paired.b.mean()))
    quantiles = stats.t.ppf([(1 + confidence) / 2, 0.8], n - 1)
    assert found.minimum_detectable_effect == near(quantiles.sum() * test.statistic**-1 * found.difference)
    assert (found.gate_interval and found.gate_interval.confidence) == near(2 * confidence - 1)


@pytest.mark.parametrize(("n", "groups"), [(40, 8), (1000, 90)])
def test_clustered_pairs_agree_with_statsmodels(n: int, groups: int) -> None:
    paired = some(n, seed=n, groups=groups)
    found = measured(paired)
    options = {"groups": paired.clusters}
    regression = OLS(paired.differences, np.ones(n)).fit(cov_type="cluster", cov_kwds=options, use_t=True)
    assert (found.clusters, found.df) == (groups, groups - 1)
    assert found.std_err == near(regression.bse[0], abs=1e-15)
    assert found.p_t == near(regression.pvalues[0], abs=1e-15)
    assert limits(found.interval) == near(tuple(regression.conf_int()[0]), abs=1e-15)


def test_clusters_are_flipped_as_wholes() -> None:
    paired = some(40, seed=3, groups=8)
    sums = np.bincount(np.asarray(paired.clusters), weights=paired.differences)
    expected = stats.permutation_test((sums,), np.sum, permutation_type="samples", n_resamples=np.inf).pvalue
    assert measured(paired).p_value == near(expected, abs=1e-15)


@given(shares)
def test_counted_pairs_agree_with_statsmodels(answers: list[tuple[int, int]]) -> None:
    a, b = np.array(answers, float).T
    found = measured(Paired(a=a, b=b))
    table = [[np.sum((a == i) & (b == j)) for j in (0, 1)] for i in (0, 1)]
    assert found.binary
    assert found.p_exact == near(mcnemar(table, exact=True).pvalue, abs=1e-15)
    assert (found.up, found.down) == (table[0][1], table[1][0])
    assert found.difference == near(b.mean() - a.mean(), abs=1e-15)


@pytest.mark.parametrize("delta", np.linspace(0.002, 0.05, 13))
def test_the_gate_interval_lies_within_the_tolerance_where_two_one_sided_tests_reject(delta: float) -> None:
    paired = some(200, seed=9)
    lower, upper = limits(measured(paired).gate_interval)
    p_value = ttost_paired(paired.b, paired.a, -delta, delta)[0]
    assert (-delta < lower and upper < delta) == (p_value < 0.05)


@settings(max_examples=50)
@given(grades)
def test_swapping_the_runs_turns_everything_round(answers: list[tuple[int, int]]) -> None:
    a, b = np.array(answers, float).T / 4
    there, back = measured(Paired(a=a, b=b)), measured(Paired(a=b, b=a))
    assert back.difference == -there.difference
    assert (back.p_value, back.p_t, back.std_err, back.up) == (there.p_value, there.p_t, there.std_err, there.down)
    for one, other in ((there.interval, back.interval), (there.gate_interval, back.gate_interval)):
        assert (one is None) == (other is None)
        assert one is None or (one.lower, one.upper) == (-limits(other)[1], -limits(other)[0])


def test_the_order_of_the_pairs_makes_no_difference() -> None:
    paired = some(500, seed=6, groups=60)
    order = np.random.default_rng(1).permutation(500)
    other = Paired(a=paired.a[order], b=paired.b[order], clusters=np.asarray(paired.clusters)[order], seed=b"seed")
    assert measured(other).p_value == measured(paired).p_value
    for name, value in asdict(measured(other)).items():
        expected = asdict(measured(paired))[name]
        assert value == (near(expected, rel=1e-12) if isinstance(expected, float | dict) else expected), name


def test_what_is_drawn_depends_on_both_seeds() -> None:
    paired = some(300, seed=4)
    other = replace(paired, seed=b"another metric")
    assert measured(paired) == measured(paired)
    drawn = {measured(each, seed=seed).p_value for each in (paired, other) for seed in range(4)}
    assert len(drawn) > 4
    assert measured(paired, seed=-1).p_value != 0


def test_the_sign_flip_test_says_how_many_were_drawn() -> None:
    assert measured(some(300, seed=4)).test in {"sign flip, 9,999 draws", "sign flip, 99,999 draws"}


@pytest.mark.parametrize(
    "paired",
    [
        replace(C1, repeats_a=np.full(500, 2)),
        replace(C1, repeats_b=np.full(500, 2)),
        replace(C1, clusters=np.arange(500) // 2),
        pairs([0, 1, 0.5], [1, 1, 0.5]),
        pairs([0, 1, 1], [2, 1, 1]),
    ],
    ids=["repeats of A", "repeats of B", "groups", "a half", "a two"],
)
def test_only_single_answers_of_0_or_1_without_groups_are_counted(paired: Paired) -> None:
    found = measured(paired)
    assert not found.binary
    assert found.test.startswith("sign flip")


def test_one_answer_an_item_is_no_repeat_and_a_cluster_of_each_pair_no_group() -> None:
    ones = np.ones(500, np.int64)
    same = replace(C1, repeats_a=ones, repeats_b=ones, clusters=np.arange(500))
    assert measured(same) == measured(C1)


def test_no_pair_gives_no_estimate() -> None:
    assert measure(pairs([], []), Criteria()) is None


def test_one_pair_is_told_and_nothing_inferred_but_what_counts_allow() -> None:
    graded, counted = measured(pairs([0.5], [0.25])), measured(pairs([1], [0]))
    assert (graded.difference, graded.df, graded.p_value, graded.p_t) == (-0.25, 0, 1, None)
    for found in (graded, counted):
        assert (found.std_err, found.std_err_unpaired, found.minimum_detectable_effect) == (None, None, None)
        assert found.spread == 0
    assert (graded.interval, graded.gate_interval) == (None, None)
    assert limits(counted.interval)[0] == -1


def test_one_cluster_says_nothing_of_others() -> None:
    found = measured(pairs([0.5, 0.75, 1.0], [0.25, 0.5, 0.5], [0, 0, 0]))
    assert (found.clusters, found.df, found.std_err, found.interval, found.p_value) == (1, 0, None, None, 1)
    assert found.std_err_miller is not None


def test_equal_graded_scores_have_the_interval_of_the_rule_of_three() -> None:
    same = np.linspace(0.1, 0.9, 100)
    found = measured(Paired(a=same, b=same))
    assert (found.std_err, found.p_value, found.test) == (0, 1, "sign flip, exact")
    assert limits(found.interval) == near((-0.03, 0.03))
    assert limits(found.gate_interval) == near((-0.023, 0.023))
    assert (found.p_t, found.minimum_detectable_effect, found.discordant) == (None, None, 0)


def test_of_equal_clusters_each_counts_once_in_the_rule_of_three() -> None:
    same = np.linspace(0.1, 0.9, 100)
    assert limits(measured(Paired(a=same, b=same, clusters=np.arange(100) // 2)).interval) == near((-0.06, 0.06))
    balanced = pairs([0.5, 0.5] * 10, [0.25, 0.75] * 10, np.repeat(np.arange(10), 2).tolist())
    assert limits(measured(balanced).interval) == near((-0.3, 0.3))


@pytest.mark.parametrize(
    ("criteria", "others", "half"),
    [
        (Criteria(), {}, 3 / 20 * 4),
        (Criteria(score_range=(0, 10)), {}, 3 / 20 * 10),
        (Criteria(), {"unmatched_b": np.array([9.0])}, 3 / 20 * 8),
    ],
    ids=["of the scores", "as given", "of the scores of both runs"],
)
def test_the_range_of_scores_that_are_not_shares(criteria: Criteria, others: dict[str, Any], half: float) -> None:
    scores = [1, 2, 3, 4, 5] * 4
    found = measured(pairs(scores, scores, **others), criteria)
    assert limits(found.interval) == near((-half, half))
    assert found.score_range == criteria.score_range


def test_the_range_is_that_of_shares_where_all_scores_of_both_runs_are() -> None:
    assert measured(C2).score_range == (0, 1)
    assert measured(replace(C2, unmatched_a=np.array([1.5]))).score_range is None
    assert measured(replace(C2, unmatched_b=np.array([-0.5]))).score_range is None
    assert measured(replace(C2, unmatched_b=np.array([1.0]))).score_range == (0, 1)
    assert measured(C2, Criteria(score_range=(0, 100))).score_range == (0, 100)


def test_constant_scores_without_a_range_have_no_interval() -> None:
    found = measured(pairs([5] * 20, [5] * 20))
    assert (found.std_err, found.interval, found.gate_interval, found.p_value) == (0, None, None, 1)


@pytest.mark.parametrize(("a", "b"), [(0.3, 0.1), (5.0, 7.1), (1e-300, 3e-300)])
def test_a_constant_difference_has_no_width_and_is_judged_by_its_signs(a: float, b: float) -> None:
    found = measured(pairs([a] * 12, [b] * 12))
    assert limits(found.interval) == (b - a, b - a)
    assert (found.difference, found.std_err, found.p_value) == (b - a, 0, 2 / 2**12)
    assert (found.p_t, found.minimum_detectable_effect, found.skewed) == (None, None, False)


def test_differences_beyond_numbers_are_told_as_the_largest_and_not_judged() -> None:
    found = measured(pairs([1e308, 1.2e308, 0.0], [-1e308, -1.2e308, 0.0]))
    assert (found.a, found.difference) == (
        near(7.333333333333333e307),
        near(-1.4666666666666667e308),
    )
    assert (found.std_err, found.interval, found.p_value, found.test) == (None, None, None, "not defined")
    most = measured(pairs([1.7e308] * 3, [-1.7e308] * 3))
    assert (most.difference, most.spread) == (-sys.float_info.max, sys.float_info.max)
    assert (most.up, most.down, most.discordant) == (0, 3, 1)


@pytest.mark.parametrize("size", [1e-300, 1e-310, 1e150, 1e300])
def test_scores_of_any_size_are_judged_alike(size: float) -> None:
    a, b = np.array([3, 4, 2, 5, 6, 3, 2, 1.0]), np.array([4, 4, 5, 7, 6, 4, 1, 3.0])
    found, expected = measured(Paired(a=a * size, b=b * size)), measured(Paired(a=a + 2, b=b + 2))
    assert (found.p_value, found.p_t) == (expected.p_value, near(expected.p_t))
    expected_limits = tuple(limit * size for limit in limits(expected.interval))
    assert limits(found.interval) == near(expected_limits, abs=0)
    assert math.isfinite(found.spread)


def test_the_smallest_numbers_there_are_are_told_without_an_error() -> None:
    found = measured(pairs([5e-324, 0, 0, 0] * 3, [0.0] * 12))
    assert (found.p_value, found.down, found.p_t) == (2 / 2**3, 3, None)


def test_differences_that_are_next_to_nothing_are_still_differences() -> None:
    a = np.full(30, 0.5)
    found = measured(Paired(a=a, b=a + np.resize([1e-13, 3e-13], 30)))
    assert found.difference == near(2e-13, rel=1e-2)
    assert found.p_value == 1 / 10_000
    assert found.up == 30


def test_a_million_pairs_keep_their_digits() -> None:
    a = np.resize([0.1, 0.2, 0.3], 1_000_000) + 1e6
    found = measured(Paired(a=a, b=a + np.resize([0.0, 0.5], 1_000_000)))
    assert (found.difference, found.std_err) == (0.25, near(0.25 / math.sqrt(999_999), rel=1e-9))
    assert (found.up, found.discordant) == (500_000, 0.5)


@pytest.mark.parametrize("confidence", [0.5, 0.3])
def test_below_even_confidence_the_gate_has_no_interval(confidence: float) -> None:
    for paired in (C1, C2):
        found = measured(paired, Criteria(confidence=confidence))
        assert found.gate_interval is None
        assert found.interval is not None


def test_noise_is_what_more_repeats_would_lessen() -> None:
    generator = np.random.default_rng(7)
    a, b = generator.random((60, 4)), generator.random((60, 5)) + generator.normal(0, 0.05, (60, 1))
    paired = Paired(
        a=a.mean(axis=1),
        b=b.mean(axis=1),
        repeats_a=np.full(60, 4),
        repeats_b=np.full(60, 5),
        noise_a=a.var(axis=1, ddof=1),
        noise_b=b.var(axis=1, ddof=1),
    )
    found = measured(paired)
    noise = a.var(axis=1, ddof=1).mean() / 4 + b.var(axis=1, ddof=1).mean() / 5
    assert found.noise == near(noise, rel=1e-12)
    assert found.spread == near(max(paired.differences.var(ddof=1) - noise, 0), rel=1e-9)
    assert found.more_repeats_help is True


@pytest.mark.parametrize(
    ("noise_a", "noise_b", "expected"),
    [
        (None, None, None),
        (0.0, 0.0, False),
        (0.0, None, None),
        (None, 0.4, True),
        (0.4, None, True),
        (0.01, 0.01, False),
        (math.inf, 0.0, True),
    ],
    ids=["none", "always the same", "of B not known", "of B enough", "of A enough", "little", "beyond numbers"],
)
def test_whether_more_repeats_help(noise_a: float | None, noise_b: float | None, expected: object) -> None:
    def each(noise: float | None) -> Any:
        return None if noise is None else np.full(12, noise)

    paired = Paired(
        a=np.resize([0.0, 0.5], 12),
        b=np.resize([0.5, 0.0, 1.0], 12),
        repeats_a=None if noise_a is None else np.full(12, 2),
        repeats_b=None if noise_b is None else np.full(12, 2),
        noise_a=each(noise_a),
        noise_b=each(noise_b),
    )
    found = measured(paired)
    assert found.more_repeats_help is expected
    assert math.isfinite(found.noise)


def test_where_nothing_varies_more_repeats_do_not_help() -> None:
    twice, none = np.full(12, 2), np.zeros(12)
    same = pairs([0.5] * 12, [0.75] * 12, repeats_a=twice, repeats_b=twice, noise_a=none, noise_b=none)
    assert measured(same).more_repeats_help is False


def test_few_and_strongly_skewed_units_are_noted() -> None:
    skewed = np.array([*[0.01] * 18, 0.9])
    assert measured(Paired(a=np.zeros(19), b=skewed)).skewed
    assert not measured(Paired(a=np.zeros(190), b=np.tile(skewed, 10))).skewed
    assert not measured(some(19)).skewed
    assert not measured(counts(20, right=10, down=1, up=0)).skewed


def test_skewness_is_that_of_clusters() -> None:
    skewed = np.tile([*[0.01] * 18, 0.9], 5)
    rows = np.tile(np.arange(19), 5)
    assert measured(Paired(a=np.zeros(95), b=skewed, clusters=rows)).skewed
    assert not measured(Paired(a=np.zeros(95), b=skewed, clusters=np.repeat(np.arange(5), 19))).skewed


def test_the_worked_differences_are_those_of_their_scores() -> None:
    assert differing([-1, 0, 1]).differences.tolist() == [-1, 0, 1]


ROUNDED = 0.1 + 0.2
"""0.3, but for how it was computed."""


@pytest.mark.parametrize(
    ("a", "b"),
    [([ROUNDED] * 12, [0.3] * 12), ([ROUNDED] * 6 + [0.3] * 6, [0.3] * 6 + [ROUNDED] * 6)],
    ids=["all one way", "either way"],
)
def test_scores_that_differ_by_rounding_alone_are_equal(a: list[float], b: list[float]) -> None:
    found = measured(pairs(a, b))
    assert (found.difference, found.std_err, found.up, found.down, found.p_value) == (0.0, 0.0, 0, 0, 1.0)
    assert limits(found.interval) == near((-0.25, 0.25))


def test_clusters_whose_differences_cancel_but_for_rounding_have_an_interval_with_a_width() -> None:
    clusters = np.arange(24) // 3
    found = measured(replace(pairs([0.1, 0.3, 0.8] * 8, [0.3, 0.8, 0.1] * 8), clusters=clusters))
    assert (found.difference, found.std_err, found.p_value) == (0.0, 0.0, 1.0)
    assert limits(found.interval) == near((-0.375 * 1.0, 0.375 * 1.0))


def test_a_range_that_scores_exceed_does_not_make_an_interval_narrower() -> None:
    same = pairs([3.0, 8.0] * 300, [3.0, 8.0] * 300)
    narrow, wide = (measured(same, Criteria(score_range=given)) for given in ((0.0, 1.0), (0.0, 8.0)))
    assert limits(narrow.interval) == limits(wide.interval) == near((-0.04, 0.04))
