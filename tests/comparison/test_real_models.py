"""Two real models and what HELM and lm-eval left of them: every number of their comparison, worked out once more.

The other opinion is SciPy's and statsmodels', from the lines of the files as they are.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from cajajejo.comparison import comparing, sources
from cajajejo.comparison.comparing import Options, Run
from cajajejo.comparison.items import columns
from cajajejo.comparison.values import Criteria
from cajajejo.errors import CajajejoError, ExitCode

if TYPE_CHECKING:
    from cajajejo.comparison.values import Comparison, MetricComparison

DATA = Path(__file__).parent.parent / "data" / "comparison"
SCENARIOS = {
    "helm": ("arithmetic", "biology", "geography"),
    "lm_eval": ("questions_arithmetic", "questions_biology", "questions_geography"),
}
EVERY = [(harness, scenario) for harness, scenarios in SCENARIOS.items() for scenario in scenarios]
CLUSTERED = ("lm_eval", "questions_biology")
"""Two of its questions are from one article, and lm-eval tells the source of a question."""
COUNTED = [one for one in EVERY if one != CLUSTERED]
Z95, Z90, Z80 = (stats.norm.ppf(share) for share in (0.975, 0.95, 0.8))


def about(number: object) -> Any:
    """Equal to every number, or several, that are as good as `number`."""
    return pytest.approx(number, rel=1e-9, abs=1e-12)


@cache
def run(harness: str, model: str) -> Run:
    found = sources.resolve(str(DATA / harness / model), None, Path())
    return Run(found.side, columns.read(found.file))


@cache
def compared(harness: str, max_drop: float | None = None, candidate: str = "damaged") -> Comparison:
    options = Options(criteria=lambda _: Criteria(max_drop=max_drop), flips=None)
    return comparing.compare(run(harness, "published"), run(harness, candidate), options)


def metric(comparison: Comparison, scenario: str) -> MetricComparison:
    (found,) = (one for one in comparison.metrics if one.name == f"{scenario}/exact_match")
    return found


@cache
def lines(harness: str, model: str) -> list[dict[str, Any]]:
    text = (DATA / harness / model / "results.jsonl").read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()]


@dataclass(frozen=True, eq=False)
class Raw:
    """The scores of one scenario by the ids of its items, straight from the lines; `groups` are numbers."""

    ids: list[str]
    a: Any
    b: Any
    groups: Any

    @property
    def d(self) -> Any:
        return self.b - self.a

    @property
    def table(self) -> list[list[int]]:
        """Right and right, right and wrong, wrong and right, wrong and wrong."""
        return [[int(np.sum((self.a == a) & (self.b == b))) for b in (1, 0)] for a in (1, 0)]

    @property
    def clusters(self) -> int:
        """How many there are."""
        return len(set(self.groups))

    def fitted(self, values: Any) -> Any:
        """The mean as statsmodels' regression on a constant gives it, with its error by clusters."""
        model = OLS(values, np.ones(len(self.ids)))
        return model.fit(cov_type="cluster", cov_kwds={"groups": self.groups}, use_t=True)

    def p_value(self) -> float:
        """McNemar's mid-p of SciPy's binomial distribution; where there are clusters, SciPy's sign flips."""
        if self.clusters < len(self.ids):
            sums = np.bincount(self.groups, weights=self.d)
            given = {"permutation_type": "samples", "n_resamples": math.inf}
            return float(stats.permutation_test((sums[sums != 0],), np.sum, **given).pvalue)
        (_, lost), (won, _) = self.table
        least, both = min(lost, won), lost + won
        return float(stats.binomtest(least, both).pvalue - stats.binom.pmf(least, both, 0.5)) if lost != won else 1.0

    def bonett_price(self, z: float) -> tuple[float, float]:
        """Bonett and Price's interval of the difference of two paired shares, of the four counts."""
        (both, lost), (won, neither) = self.table
        n = both + lost + won + neither
        more, less = (won + 1) / (n + 2), (lost + 1) / (n + 2)
        half = z * math.sqrt((more + less - (more - less) ** 2) / (n + 2))
        return max(more - less - half, -1.0), min(more - less + half, 1.0)


@cache
def raw(harness: str, scenario: str) -> Raw:
    a, b = (
        {line["id"]: line["scores"]["exact_match"] for line in lines(harness, model) if line["scenario"] == scenario}
        for model in ("published", "damaged")
    )
    ids = sorted(a)
    assert ids == sorted(b)
    own = {
        line["id"]: line["group"] or line["id"] for line in lines(harness, "damaged") if line["scenario"] == scenario
    }
    numbers = np.unique([own[one] for one in ids], return_inverse=True)[1]
    return Raw(ids, np.array([a[one] for one in ids]), np.array([b[one] for one in ids]), numbers)


@pytest.mark.parametrize(("harness", "scenario"), COUNTED)
def test_means_and_errors_are_what_scipy_makes_of_the_lines(harness: str, scenario: str) -> None:
    found, given = metric(compared(harness), scenario).estimate, raw(harness, scenario)
    assert found is not None
    assert (found.pairs, found.clusters, found.binary, found.df) == (30, None, True, math.inf)
    assert [found.a, found.b, found.difference] == [about(np.mean(scores)) for scores in (given.a, given.b, given.d)]
    assert (found.std_err, found.std_err_miller) == (about(stats.sem(given.d)), None)
    assert found.std_err_unpaired == about(math.hypot(stats.sem(given.a, ddof=0), stats.sem(given.b, ddof=0)))
    assert (found.up, found.down) == (given.table[1][0], given.table[0][1])
    assert (found.discordant, found.noise) == (about(np.mean(given.d != 0)), 0.0)
    assert found.spread == about(np.var(given.d, ddof=1))
    assert (found.more_repeats_help, found.skewed, found.score_range) == (None, False, (0.0, 1.0))
    assert found.minimum_detectable_effect == about((Z95 + Z80) * stats.sem(given.d))


@pytest.mark.parametrize(("harness", "scenario"), COUNTED)
def test_p_values_and_intervals_are_those_of_scipy_and_statsmodels(harness: str, scenario: str) -> None:
    found, given = metric(compared(harness), scenario).estimate, raw(harness, scenario)
    assert found is not None
    assert found.interval is not None
    assert found.gate_interval is not None
    assert (found.test, found.p_value, found.p_t) == ("McNemar mid-p", about(given.p_value()), None)
    assert found.p_exact == about(mcnemar(given.table, exact=True).pvalue)
    assert (found.interval.lower, found.interval.upper) == about(given.bonett_price(Z95))
    assert (found.gate_interval.lower, found.gate_interval.upper) == about(given.bonett_price(Z90))
    assert (found.interval.confidence, found.gate_interval.confidence) == (about(0.95), about(0.9))


@pytest.mark.parametrize(
    ("scenario", "counts", "p_mid", "p_exact"),
    [
        ("arithmetic", (16, 1), 19 / 2**17, 36 / 2**17),  # 2·(1 + 17), less 17, of 2^17 ways
        ("biology", (8, 0), 1 / 2**8, 2 / 2**8),
        ("geography", (3, 1), 6 / 2**4, 10 / 2**4),  # 2·(1 + 4), less 4
    ],
)
def test_the_p_values_of_helms_results_by_hand(
    scenario: str, counts: tuple[int, int], p_mid: float, p_exact: float
) -> None:
    found = metric(compared("helm"), scenario).estimate
    assert found is not None
    assert (found.down, found.up, found.p_value, found.p_exact) == (*counts, about(p_mid), about(p_exact))


def test_questions_from_one_article_are_one_cluster_and_every_number_is_that_of_a_regression_with_clusters() -> None:
    found, given = metric(compared(CLUSTERED[0]), CLUSTERED[1]).estimate, raw(*CLUSTERED)
    fitted, t = given.fitted(given.d), stats.t(28)
    assert found is not None
    assert found.interval is not None
    assert found.gate_interval is not None
    assert (found.pairs, found.clusters, given.clusters, found.binary, found.df) == (30, 29, 29, False, 28)
    assert [found.a, found.b, found.difference] == [about(np.mean(scores)) for scores in (given.a, given.b, given.d)]
    assert (found.std_err, found.p_t) == (about(fitted.bse[0]), about(fitted.pvalues[0]))
    assert found.std_err_unpaired == about(math.hypot(*(given.fitted(scores).bse[0] for scores in (given.a, given.b))))
    (one, other) = np.flatnonzero(np.bincount(given.groups)[given.groups] == 2)
    shared = 2 * np.prod(given.d[[one, other]] - given.d.mean()) / 30**2
    assert found.std_err_miller == about(math.sqrt(stats.sem(given.d) ** 2 + shared))
    assert (found.interval.lower, found.interval.upper) == about(tuple(fitted.conf_int(0.05)[0]))
    assert (found.gate_interval.lower, found.gate_interval.upper) == about(tuple(fitted.conf_int(0.1)[0]))
    assert (found.test, found.p_value, found.p_exact) == ("sign flip, exact", about(given.p_value()), None)
    assert found.minimum_detectable_effect == about((t.ppf(0.975) + t.ppf(0.8)) * fitted.bse[0])


@pytest.mark.parametrize("harness", SCENARIOS)
def test_p_values_are_adjusted_together_as_statsmodels_does_it(harness: str) -> None:
    comparison = compared(harness)
    wanted = multipletests([raw(harness, scenario).p_value() for scenario in SCENARIOS[harness]], method="holm")[1]
    assert [metric(comparison, scenario).p_adjusted for scenario in SCENARIOS[harness]] == about(wanted.tolist())
    assert (comparison.tested, comparison.correction) == (3, "holm")


@pytest.mark.parametrize("harness", SCENARIOS)
def test_the_damage_is_seen_in_two_subjects_and_the_third_decides_nothing(harness: str) -> None:
    comparison = compared(harness)
    assert [one.verdict for one in comparison.metrics] == ["worse", "worse", "inconclusive"]
    assert (comparison.verdict, comparison.exit_code) == ("worse", ExitCode.REGRESSION)
    assert (comparison.pairs, comparison.unpaired_a, comparison.unpaired_b, comparison.duplicates) == (90, 0, 0, 0)
    of_groups = "not compared, because only a mean is known and no items: questions/exact_match"
    assert comparison.warnings == (() if harness == "helm" else (of_groups,))


@pytest.mark.parametrize("harness", SCENARIOS)
def test_the_mean_over_the_subjects_gives_each_the_same_weight(harness: str) -> None:
    (found,) = compared(harness).macro_averages
    given = [raw(harness, scenario) for scenario in SCENARIOS[harness]]
    errors = np.array([one.fitted(one.d).bse[0] for one in given])
    difference, std_err = np.mean([np.mean(one.d) for one in given]), math.sqrt(np.sum(errors**2)) / 3
    # Welch and Satterthwaite
    df = np.sum(errors**2) ** 2 / np.sum(errors**4 / np.array([one.clusters - 1 for one in given]))
    t = stats.t(df, loc=difference, scale=std_err)
    assert found.interval is not None
    assert (found.name, found.scenarios) == ("*/exact_match", 3)
    assert [found.a, found.b] == [
        about(np.mean([one.a.mean() for one in given])),
        about(np.mean([one.b.mean() for one in given])),
    ]
    assert (found.difference, found.std_err) == (about(difference), about(std_err))
    assert (found.interval.lower, found.interval.upper) == about(t.interval(0.95))
    assert found.p_value == about(2 * stats.t(df).sf(abs(difference / std_err)))


@pytest.mark.parametrize(("harness", "scenario"), EVERY)
def test_what_flipped_is_told_with_what_was_asked_and_answered(harness: str, scenario: str) -> None:
    by_id = {
        model: {line["id"]: line for line in lines(harness, model) if line["scenario"] == scenario}
        for model in ("published", "damaged")
    }
    given = raw(harness, scenario)
    wanted = {
        (
            *(one, "worse" if d < 0 else "better", by_id["published"][one]["prompt"]),
            *(by_id["published"][one]["reference"], by_id["published"][one]["prediction"]),
            by_id["damaged"][one]["prediction"],
        )
        for one, d in zip(given.ids, given.d, strict=True)
        if d != 0
    }
    found = metric(compared(harness), scenario)
    assert {
        (flip.id, flip.change, flip.prompt, flip.reference, flip.a.prediction, flip.b.prediction)
        for flip in found.flips
    } == wanted
    assert (found.worse, found.better, len(found.flips)) == (given.table[0][1], given.table[1][0], len(wanted))
    assert all("?" in (flip.prompt or "") for flip in found.flips)


def test_the_gate_says_no_where_the_damage_is_beyond_what_is_tolerated() -> None:
    comparison = compared("helm", 0.1)
    lower, upper = raw("helm", "arithmetic").bonett_price(Z90)
    assert upper < -0.1
    assert metric(comparison, "arithmetic").gate == "fail"
    lower, upper = raw("helm", "geography").bonett_price(Z90)
    assert lower < -0.1 < upper
    assert metric(comparison, "geography").gate == "inconclusive"


@pytest.mark.parametrize("harness", SCENARIOS)
def test_the_same_results_twice_are_equal_within_a_tolerance_and_inconclusive_without_one(harness: str) -> None:
    # no pair differs: the limits of Bonett and Price are ±1.645·√(2/32)/√32 = ±0.0727
    assert {one.verdict for one in compared(harness, 0.1, "published").metrics} == {"equal"}
    assert {one.verdict for one in compared(harness, 0.05, "published").metrics} == {"inconclusive"}
    assert {one.verdict for one in compared(harness, None, "published").metrics} == {"inconclusive"}


def test_both_harnesses_asked_the_same_and_tell_so() -> None:
    hashes = [
        {line["prompt_sha256"] for line in lines(harness, model)}
        for harness in SCENARIOS
        for model in ("published", "damaged")
    ]
    assert hashes == [hashes[0]] * 4
    assert len(hashes[0]) == 90


@pytest.mark.parametrize(("harness", "package"), [("helm", "crfm-helm"), ("lm_eval", "lm-eval")])
def test_results_tell_what_evaluated_and_how_many_worked_examples_there_were(harness: str, package: str) -> None:
    side = compared(harness).a
    assert {package, "torch", "transformers"} <= set(side.versions)
    assert side.shots == dict.fromkeys(SCENARIOS[harness], 5)


def test_runs_of_two_harnesses_have_no_metric_in_common() -> None:
    with pytest.raises(CajajejoError, match="have no metric in common"):
        comparing.compare(run("helm", "published"), run("lm_eval", "damaged"), Options())
