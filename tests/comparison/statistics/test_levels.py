"""The level of one run alone, and limits that hold up against SciPy and statsmodels."""

from __future__ import annotations

import math
import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from cajajejo.comparison.statistics.levels import Level, level, limits
from cajajejo.results import scores_of
from tests.comparison.written import Answer, read

if TYPE_CHECKING:
    from collections.abc import Sequence


def about(number: Any) -> Any:
    return pytest.approx(number, rel=1e-9, abs=1e-12)


def level_of(answers: Sequence[Answer]) -> Level:
    with tempfile.TemporaryDirectory() as directory:
        found = level(read(Path(directory), answers), "geo", "exact_match")
    assert found is not None
    return found


def scores(values: Sequence[float], groups: Sequence[str | None] | None = None) -> list[Answer]:
    of = [None] * len(values) if groups is None else groups
    return [Answer(f"q-{n}", float(x), group=group) for n, (x, group) in enumerate(zip(values, of, strict=True))]


GRADED = (0.61, 0.55, 0.72, 0.80, 0.43, 0.66, 0.58, 0.70)


def test_a_share_is_binary_and_has_the_limits_of_wilson() -> None:
    found = level_of(scores([1.0] * 11 + [0.0] * 9))
    # s² = (11·0.45² + 9·0.55²) / 19 = 4.95 / 19;  s / √20 = √(4.95 / 380)
    assert found == Level(value=0.55, std_err=about(math.sqrt(4.95 / 380)), n=20, clusters=None, binary=True, df=19)
    assert limits(found, 0.05) == about(proportion_confint(11, 20, alpha=0.1, method="wilson"))


@pytest.mark.parametrize(("right", "n"), [(0, 1), (0, 30), (30, 30), (1, 2), (497, 500)])
@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_limits_of_shares_agree_with_statsmodels(right: int, n: int, alpha: float) -> None:
    share = Level(value=right / n, std_err=None, n=n, clusters=None, binary=True, df=n - 1)
    assert limits(share, alpha) == about(proportion_confint(right, n, alpha=2 * alpha, method="wilson"))


def test_graded_scores_have_the_limits_of_t() -> None:
    found = level_of(scores(GRADED))
    assert (found.value, found.std_err) == (about(np.mean(GRADED)), about(stats.sem(GRADED)))
    assert (found.binary, found.df) == (False, 7)
    expected = stats.ttest_1samp(GRADED, 0).confidence_interval(0.9)
    assert limits(found, 0.05) == about((expected.low, expected.high))


def test_scores_whose_sum_is_no_number_have_a_level_all_the_same() -> None:
    found = level_of(scores([1.0e308, 1.2e308]))
    assert (found.value, found.std_err) == (about(1.1e308), about(0.1e308))


def test_items_that_share_a_group_have_the_standard_error_and_the_limits_of_their_clusters() -> None:
    values = [-1, -1, 0, 0, -1, 0, 1, 0, 0, -1, 0, -1]
    found = level_of(scores(values, ["a"] * 3 + ["b"] * 3 + ["c"] * 3 + ["d"] * 3))
    # sums of deviations from -1/3 by group: -1, 0, 2, -1;  4/3 · 6 / 12² = 1/18
    assert found == Level(value=about(-1 / 3), std_err=about(math.sqrt(1 / 18)), n=12, clusters=4, binary=False, df=3)
    width = 2.3533634348018264 * math.sqrt(1 / 18)  # t of 3 degrees of freedom, 0.95
    assert limits(found, 0.05) == about((-1 / 3 - width, -1 / 3 + width))


def test_clusters_agree_with_statsmodels() -> None:
    chance = random.Random(7)  # noqa: S311  # a series, not a secret
    values = [chance.random() for _ in range(40)]
    groups = [chance.choice("abcdefg") for _ in range(40)]
    found = level_of(scores(values, groups))
    numbers = [ord(group) for group in groups]
    fitted = sm.OLS(values, np.ones(40)).fit(cov_type="cluster", cov_kwds={"groups": np.array(numbers)})
    # statsmodels corrects by G/(G-1) · (n-1)/(n-k) with k = 1, which is G/(G-1)
    assert found.std_err == about(float(fitted.bse[0]))
    assert (found.clusters, found.df) == (7, 6)


def test_groups_of_one_item_each_are_no_clusters() -> None:
    assert level_of(scores([1.0, 0.0, 1.0], ["a", "b", None])) == level_of(scores([1.0, 0.0, 1.0]))


def test_a_share_in_groups_is_not_counted() -> None:
    found = level_of(scores([1.0, 0.0, 1.0, 1.0], ["a", "a", "b", "b"]))
    assert (found.binary, found.clusters, found.df) == (False, 2, 1)


def test_repeats_are_one_mean_and_no_share() -> None:
    answers = [Answer("q-1", 1.0), Answer("q-1", 0.0, repeat=1), Answer("q-2", 1.0), Answer("q-2", 1.0, repeat=1)]
    # 0.5 and 1: mean 0.75;  s = √(2·0.25²) = 0.25·√2;  s / √2 = 0.25
    assert level_of(answers) == Level(value=0.75, std_err=about(0.25), n=2, clusters=None, binary=False, df=1)


def test_a_line_that_stands_twice_counts_once() -> None:
    assert level_of([*scores([1.0, 0.0]), *scores([1.0])]) == level_of(scores([1.0, 0.0]))


def test_items_of_several_suites_are_items_of_their_own() -> None:
    assert level_of([Answer("q", 1.0), Answer("q", 0.0, suite="v2")]).n == 2


@pytest.mark.parametrize(
    "odd", [Answer("q-9", math.nan), Answer("q-1", 0.25)], ids=["no finite number", "a contradiction"]
)
def test_a_score_in_doubt_leaves_no_level(odd: Answer) -> None:
    found = level_of([*scores(GRADED), odd])
    assert math.isnan(found.value)
    assert (found.std_err, found.df, limits(found, 0.05)) == (None, 0, (-math.inf, math.inf))


def test_one_item_or_one_cluster_has_a_value_and_no_limits() -> None:
    one, together = level_of(scores([0.5])), level_of(scores([1.0, 0.0], ["a", "a"]))
    assert one == Level(value=0.5, std_err=None, n=1, clusters=None, binary=False, df=0)
    assert together == Level(value=0.5, std_err=None, n=2, clusters=1, binary=False, df=0)
    assert limits(one, 0.05) == limits(together, 0.05) == (-math.inf, math.inf)


@pytest.mark.parametrize(("scenario", "metric"), [("geo", "f1"), ("math", "exact_match")])
def test_a_metric_that_is_not_there_has_no_level(tmp_path: Path, scenario: str, metric: str) -> None:
    assert level(read(tmp_path, scores(GRADED)), scenario, metric) is None


def test_scores_that_are_all_the_same_may_still_hide_others() -> None:
    found = level_of(scores([0.1] * 6))
    assert (found.value, found.std_err) == (about(0.1), 0.0)
    lower, upper = limits(found, 0.05)
    # none of 6 was another: 1 - 0.05^(1/6) may be, and be 0 or 1
    others = float(stats.binomtest(0, 6).proportion_ci(0.90, "exact").high)
    assert others == about(1 - 0.05 ** (1 / 6))
    assert (lower, upper) == (about(0.1 * (1 - others)), about(0.1 + 0.9 * others))


def test_clusters_that_are_all_the_same_count_as_so_many() -> None:
    found = level_of(scores([1.0] * 6, ["a", "a", "b", "b", "c", "c"]))
    assert (found.value, found.std_err, found.df) == (1.0, 0.0, 2)
    assert limits(found, 0.05) == (about(0.05 ** (1 / 3)), 1.0)


def test_scores_that_are_all_the_same_beyond_0_to_1_have_no_limits() -> None:
    assert limits(level_of(scores([7.5, 7.5, 7.5])), 0.05) == (-math.inf, math.inf)


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.integers(0, 2), st.floats(-100, 100)),
        min_size=1,
        unique_by=lambda answer: answer[:2],
    )
)
@settings(max_examples=50, deadline=None)
def test_a_level_is_the_score_that_the_results_tell(answers: list[tuple[str, int, float]]) -> None:
    groups = {"a": "x", "b": "x", "c": "y", "d": "y"}
    run = [Answer(item, score, repeat=repeat, group=groups.get(item)) for item, repeat, score in answers]
    found = level_of(run)
    (told,) = scores_of(answer.item() for answer in run)
    assert found.value == pytest.approx(told.value, abs=1e-9)
    assert found.n == told.n
    assert found.std_err == (None if told.std_err is None else pytest.approx(told.std_err, rel=1e-9, abs=1e-9))
