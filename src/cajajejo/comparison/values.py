"""What a comparison is told and what it finds, as frozen values without arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cajajejo.errors import ExitCode

if TYPE_CHECKING:
    from cajajejo.comparison.sides import Side

Verdict = Literal["better", "equal", "worse", "inconclusive"]
GateVerdict = Literal["pass", "fail", "inconclusive"]
Direction = Literal["higher_is_better", "lower_is_better"]
Correction = Literal["holm", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """How one metric is judged.

    Attributes:
        confidence: 1 - α, of intervals and of what counts as significant.
        max_drop: the drop that is tolerated, in units of the metric; None: 0, unless `max_relative_drop` says else.
        max_relative_drop: the same as a share of the mean of A; where both are given, the stricter one counts.
        direction: which way is better.
        min_pairs: fewer pairs are inconclusive.
        score_range: the lowest and the highest score that there can be; None: 0 to 1 where all scores lie there.
    """

    confidence: float = 0.95
    max_drop: float | None = None
    max_relative_drop: float | None = None
    direction: Direction = "higher_is_better"
    min_pairs: int = 10
    score_range: tuple[float, float] | None = None

    @property
    def alpha(self) -> float:
        """α, as it is meant: 0.05 and not 0.050000000000000044, which 0.05 would be less than."""
        return round(1 - self.confidence, 12)

    @property
    def sign(self) -> int:
        """1 where higher is better, else -1: what makes a difference positive where B is better."""
        return 1 if self.direction == "higher_is_better" else -1

    def tolerance(self, baseline: float) -> float:
        """δ, at least 0, where the mean of A is `baseline`."""
        relative = None if self.max_relative_drop is None else self.max_relative_drop * abs(baseline)
        return min((drop for drop in (self.max_drop, relative) if drop is not None), default=0.0)


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval of a difference, in units of the metric."""

    lower: float
    upper: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What the pairs of one metric say; differences are B - A, whichever way is better.

    Attributes:
        pairs: n.
        clusters: G, where some pairs share a group; else None.
        binary: whether every score is 0 or 1, with one answer an item and no groups, so that the pairs are counted.
        a: mean of A over the pairs.
        b: mean of B over the pairs.
        difference: b - a.
        std_err: standard error of the difference, by clusters where there are any; None: not defined.
        std_err_miller: the same after Miller (2024), without G/(G-1); for reports. None where there are no clusters.
        std_err_unpaired: what it would be if the pairs were ignored; for reports.
        df: degrees of freedom; infinite where the normal distribution is used.
        interval: at the confidence of the criteria; None: not defined.
        gate_interval: at confidence 1 - 2α, whose limits bound at 1 - α on one side; None: not defined.
        p_value: of no difference, two-sided; what decides. None: not defined.
        test: how it was found: ``McNemar mid-p``, ``sign flip, exact``, ``sign flip, 9,999 draws``.
        p_exact: McNemar's exact p-value; None where the pairs are not counted.
        p_t: that of the paired t-test, an analytic check; None where the pairs are counted, or not defined.
        up: items on which B scored more.
        down: items on which B scored less.
        minimum_detectable_effect: the difference that is seen with 80 % power; None: not defined.
        discordant: share of the pairs that differ.
        spread: variance of the true differences of items, ω²; what repeats do not lessen.
        noise: variance of one answer about its item in A and B, over the number of repeats, added.
        more_repeats_help: whether most of the variance would go with more repeats; None where there are none.
        skewed: whether the differences are strongly skewed and few, so that the t interval is rough.
        score_range: lowest and highest score that there can be; None: not known.
    """

    pairs: int
    clusters: int | None
    binary: bool
    a: float
    b: float
    difference: float
    std_err: float | None
    std_err_miller: float | None
    std_err_unpaired: float | None
    df: float
    interval: Interval | None
    gate_interval: Interval | None
    p_value: float | None
    test: str
    p_exact: float | None
    p_t: float | None
    up: int
    down: int
    minimum_detectable_effect: float | None
    discordant: float
    spread: float
    noise: float
    more_repeats_help: bool | None
    skewed: bool
    score_range: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Items of one kind that are no pairs: how many, and the names of the first ones."""

    count: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpaired:
    """What of a metric could not be compared; the names are those of items."""

    only_a: Gap = Gap()
    only_b: Gap = Gap()
    nan_a: Gap = Gap()
    nan_b: Gap = Gap()
    duplicates: Gap = Gap()
    conflicting: Gap = Gap()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one run answered to an item."""

    prediction: str | None
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """An item that got worse or better: what was asked and answered; texts are as long as in the results."""

    metric: str
    scenario: str
    subject: str | None
    id: str
    change: Literal["worse", "better"]
    prompt: str | None
    reference: str | None
    a: Answer
    b: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricComparison:
    """One metric of two runs.

    Attributes:
        name: ``<scenario>/<metric>``.
        criteria: how it was judged.
        tolerance: δ.
        estimate: what the pairs say; None where there is no pair.
        p_adjusted: the p-value, adjusted for the metrics that were tested together; None: not tested.
        unpaired: what could not be compared.
        verdict: better, equal (within the tolerance), worse or inconclusive.
        reason: why, in a sentence with the numbers in it.
        notes: further sentences: what power there is, what range was assumed.
        gate: whether B is shown to be worse by less than δ (pass), or by more (fail).
        gate_reason: why, in a sentence.
        flips: the items that changed, those that got worse first; as many as were asked for.
    """

    name: str
    criteria: Criteria
    tolerance: float
    estimate: Estimate | None
    p_adjusted: float | None
    unpaired: Unpaired
    verdict: Verdict
    reason: str
    notes: tuple[str, ...] = ()
    gate: GateVerdict = "inconclusive"
    gate_reason: str = ""
    flips: tuple[Flip, ...] = ()

    @property
    def better(self) -> int:
        """How many items got better."""
        return 0 if self.estimate is None else self.estimate.up if self.criteria.sign > 0 else self.estimate.down

    @property
    def worse(self) -> int:
        """How many items got worse."""
        return 0 if self.estimate is None else self.estimate.down if self.criteria.sign > 0 else self.estimate.up


@dataclass(frozen=True, slots=True, kw_only=True)
class MacroAverage:
    """The mean of the same metric over several scenarios, each with the same weight; it decides nothing.

    Attributes:
        name: ``*/<metric>``.
        scenarios: how many.
        a: mean of the means of A.
        b: mean of the means of B.
        difference: b - a.
        std_err: its standard error; None: not defined.
        interval: at the confidence of the comparison; None: not defined.
        p_value: of no difference, two-sided, by the t distribution; None: not defined.
    """

    name: str
    scenarios: int
    a: float
    b: float
    difference: float
    std_err: float | None
    interval: Interval | None
    p_value: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two evaluations, compared metric by metric; A is the baseline, B the candidate.

    Attributes:
        a: the baseline.
        b: the candidate.
        metrics: what both have, and what one of them lacks (inconclusive), in the order of names.
        macro_averages: of metrics that several scenarios have.
        pairs: instances that both have.
        unpaired_a: instances that only A has.
        unpaired_b: instances that only B has.
        duplicates: lines that repeat another one.
        only_b: names of metrics that only B has; they are not compared.
        unevaluated: scenarios of which nothing was compared, because they failed in A or in B.
        tested: how many metrics were tested together, so that their p-values are adjusted.
        correction: how p-values are adjusted.
        confidence: of intervals.
        seed: that was given.
        warnings: sentences about what differs beside the model.
    """

    a: Side
    b: Side
    metrics: tuple[MetricComparison, ...]
    macro_averages: tuple[MacroAverage, ...] = ()
    pairs: int = 0
    unpaired_a: int = 0
    unpaired_b: int = 0
    duplicates: int = 0
    only_b: tuple[str, ...] = ()
    unevaluated: tuple[str, ...] = ()
    tested: int = 0
    correction: Correction = "holm"
    confidence: float = 0.95
    seed: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """Worse where a metric is, else inconclusive where one is, or is not there; else better where one is."""
        found = {metric.verdict for metric in self.metrics}
        if self.unevaluated or not found:
            found.add("inconclusive")
        return next(verdict for verdict in ("worse", "inconclusive", "better", "equal") if verdict in found)

    @property
    def exit_code(self) -> ExitCode:
        """What the command ends with where no policy decides."""
        codes: dict[Verdict, ExitCode] = {"worse": ExitCode.REGRESSION, "inconclusive": ExitCode.INCONCLUSIVE}
        return codes.get(self.verdict, ExitCode.DONE)


def finite(value: float | None) -> float | None:
    """`value`, or None where it is no finite number: what JSON can hold."""
    return value if value is not None and math.isfinite(value) else None
