from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS

from cajajejo.comparison.paired import Floats, Paired
from cajajejo.comparison.statistics import macro
from cajajejo.comparison.statistics.macro import Uncertainty, macro_averages, of_independent
from cajajejo.comparison.values import Interval, MacroAverage
from tests.comparison.worked import C1, C2, C5_FEW, C7, C14_DIFFERENCES, C14_STD_ERRS, interval, near, pairs, printed


def only(found: tuple[MacroAverage, ...]) -> MacroAverage:
    (average,) = found
    return average


def exactly(difference: float, std_err: float, n: int) -> Paired:
    """Pairs of which the mean and the standard error are these."""
    d: Floats = np.resize([-1.0, 1.0], n)
    d = difference + d * std_err * math.sqrt(n - 1)
    return Paired(a=np.zeros(n), b=d)


def test_the_worked_average_with_many_pairs_a_scenario() -> None:
    scenarios = zip("xyz", C14_DIFFERENCES, C14_STD_ERRS, strict=True)
    metrics = {f"{name}/acc": exactly(d, std_err, 100_000) for name, d, std_err in scenarios}
    found = only(macro_averages(metrics, 0.9))
    assert (found.name, found.scenarios) == ("*/acc", 3)
    assert (found.difference, found.std_err) == (printed("-.00733333"), printed(".00514242"))
    assert found.p_value == near(0.153854, abs=2e-6)
    assert found.interval is not None
    assert (found.interval.lower, found.interval.upper) == interval("-.015792", ".001125")


def test_the_worked_average_has_fewer_degrees_of_freedom_with_fewer_pairs() -> None:
    found = of_independent([Uncertainty(std_err, 29.0) for std_err in C14_STD_ERRS])
    v = np.array(C14_STD_ERRS) ** 2 / 9
    assert found.std_err == printed(".00514242")
    assert found.df == near(v.sum() ** 2 / (v**2 / 29).sum())
    assert found.df == near(29 * 238**2 / (121**2 + 36**2 + 81**2))


def test_degrees_of_freedom_are_those_of_welchs_test() -> None:
    generator = np.random.default_rng(2)
    first, second = generator.normal(0.2, 1, 14), generator.normal(0, 3, 9)
    welch = stats.ttest_ind(first, -second, equal_var=False)
    found = only(macro_averages({"x/m": pairs([0] * 14, first.tolist()), "y/m": pairs([0] * 9, second.tolist())}, 0.95))
    assert found.p_value == near(welch.pvalue)
    limits = welch.confidence_interval(0.95)
    assert found.interval is not None
    assert (found.interval.lower, found.interval.upper) == near((limits.low / 2, limits.high / 2))
    assert found.difference == near((first.mean() + second.mean()) / 2)


def test_scenarios_count_alike_whatever_their_sizes() -> None:
    found = only(macro_averages({"big/exact_match": C7, "small/exact_match": C1}, 0.95))
    assert (found.a, found.b) == (near((0.6 + 0.78) / 2), near((0.5975 + 0.752) / 2))
    assert found.difference == near((-0.0025 - 0.028) / 2)


def test_groups_within_scenarios_are_clusters() -> None:
    values, groups = [0.1, 0.3, -0.2, -0.4, 0.5, 0.6], [0, 0, 1, 1, 2, 2]
    one = pairs([0] * 6, values, groups)
    other = replace(one, groups=np.array([7, 7, 8, 8, 9, 9], np.uint64))
    found = only(macro_averages({"x/m": one, "y/m": other}, 0.95))
    alone = OLS(values, np.ones(6)).fit(cov_type="cluster", cov_kwds={"groups": groups}).bse[0]
    assert found.std_err == near(alone / math.sqrt(2))
    assert found.p_value == near(2 * stats.t.sf(found.difference / (alone / math.sqrt(2)), 4))


def test_groups_that_several_scenarios_share_are_clusters_across_them() -> None:
    generator = np.random.default_rng(4)
    sizes = [30, 18, 12]
    groups = [generator.integers(0, 6, n) for n in sizes]
    values = [generator.normal(size=n) + 2 * np.sin(found) for n, found in zip(sizes, groups, strict=True)]
    metrics = {
        f"{name}/m": Paired(
            a=np.zeros(found.size),
            b=found,
            clusters=np.concatenate((numbers[:-2], [6, 7])),
            groups=np.concatenate((numbers[:-2] + 21, [0, 0])).astype(np.uint64),
        )
        for name, found, numbers in zip("xyz", values, groups, strict=True)
    }
    alone = np.concatenate([[*[False] * (n - 2), True, True] for n in sizes])
    named = np.where(alone, 100 + np.arange(60), np.concatenate(groups))
    scenarios = np.repeat(np.eye(3), sizes, axis=0)
    options = {"groups": named, "use_correction": False}
    regression = OLS(np.concatenate(values), scenarios).fit(cov_type="cluster", cov_kwds=options)
    contrast = regression.t_test(np.full(3, 1 / 3))
    count = np.unique(named).size
    expected = float(contrast.sd.item()) * math.sqrt(count / (count - 1))
    found = only(macro_averages(metrics, 0.95))
    assert found.std_err == near(expected)
    assert found.difference == near(float(contrast.effect.item()))
    assert found.p_value == near(2 * stats.t.sf(abs(found.difference) / expected, count - 1))


def test_groups_that_are_in_every_scenario_once_are_clusters_across_them() -> None:
    generator = np.random.default_rng(5)
    shared = generator.normal(size=12)
    values = [shared + generator.normal(size=12) for _ in "xy"]
    groups = np.arange(12, dtype=np.uint64) + 1
    metrics = {
        f"{name}/m": Paired(a=np.zeros(12), b=found, groups=groups) for name, found in zip("xy", values, strict=True)
    }
    found = only(macro_averages(metrics, 0.95))
    assert found.std_err == near(np.std(np.mean(values, axis=0), ddof=1) / math.sqrt(12))


def test_one_group_over_all_scenarios_tells_no_error() -> None:
    one = pairs([0.1, 0.2, 0.3], [0.2, 0.5, 0.3], [0, 0, 0])
    found = only(macro_averages({"x/m": one, "y/m": one}, 0.95))
    assert (found.std_err, found.interval, found.p_value) == (None, None, None)


def test_only_metrics_of_several_scenarios_are_averaged_in_the_order_of_names() -> None:
    names = ["b/f1", "a/f1", "b/acc", "a/acc", "c/acc", "a/only", "loss", "a/loss"]
    found = macro_averages(dict.fromkeys(names, C2), 0.95)
    assert [(average.name, average.scenarios) for average in found] == [("*/acc", 3), ("*/f1", 2)]


def test_a_scenario_without_pairs_is_left_out() -> None:
    none = pairs([], [])
    assert macro_averages({"x/m": C2, "y/m": none}, 0.95) == ()
    assert only(macro_averages({"x/m": C2, "y/m": none, "z/m": C2}, 0.95)).scenarios == 2


def test_without_a_standard_error_of_each_scenario_there_is_none_of_all() -> None:
    found = only(macro_averages({"x/m": C2, "y/m": pairs([0.5], [0.75])}, 0.95))
    assert found.difference == near((-0.035 + 0.25) / 2)
    assert (found.std_err, found.interval, found.p_value) == (None, None, None)


def test_a_scenario_that_has_not_varied_adds_nothing() -> None:
    found = only(macro_averages({"x/m": C2, "y/m": C5_FEW}, 0.95))
    assert found.std_err == near(stats.sem(C2.differences) / 2)
    assert found.p_value == near(stats.ttest_1samp(C2.differences, 0).pvalue)


def test_where_nothing_has_varied_nothing_is_inferred() -> None:
    found = only(macro_averages({"x/m": C5_FEW, "y/m": C5_FEW}, 0.95))
    assert (found.difference, found.std_err, found.interval, found.p_value) == (0, 0, None, None)


def test_numbers_that_are_too_large_are_told_without_an_error() -> None:
    size = 1.7e308
    huge = pairs([size, -size, 0.0], [-size, size, 0.0])
    found = only(macro_averages({"x/m": huge, "y/m": huge}, 0.95))
    assert (found.a, found.std_err, found.interval) == (0.0, None, None)
    half = pairs([-size, size, 0.0], [0.0, 0.0, 0.0])
    assert only(macro_averages({"x/m": half, "y/m": C2}, 0.95)).interval is None


def test_the_interval_has_the_confidence_that_is_asked_for() -> None:
    found = only(macro_averages({"x/m": C2, "y/m": C2}, 0.8)).interval
    assert isinstance(found, Interval)
    assert found.confidence == 0.8


def test_influences_of_one_cluster_tell_nothing() -> None:
    assert macro.of_shared(np.array([0.1, -0.1]), np.array([0, 0])) == Uncertainty(None, 0.0)


@pytest.mark.parametrize("size", [1e-250, 1e250])
def test_shared_clusters_of_scores_of_any_size_have_the_same_error_in_proportion(size: float) -> None:
    influences, clusters = np.array([0.1, -0.3, 0.2, 0.4]), np.array([0, 1, 2, 0])
    found = macro.of_shared(influences * size, clusters)
    plain = macro.of_shared(influences, clusters)
    assert (found.std_err, found.df) == (near((plain.std_err or 0) * size), plain.df)


def test_an_error_beyond_numbers_is_none() -> None:
    assert macro.of_shared(np.array([1.7e308] * 3), np.arange(3)) == Uncertainty(None, 0.0)
