"""What `jobs evaluation compare` prints with ``--json``: each document as a frozen value."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field

from cajajejo.outputs import Output

Verdict = Literal["better", "equal", "worse", "inconclusive"]
GateVerdict = Literal["pass", "fail", "inconclusive"]
_RUN: Final = "7be1c2a0d41f4f7c9f3d1c2b3a495867"
_OTHER: Final = "c40d91f3aa5b4c6d8e7f90123456789a"


class ComparedRun(Output):
    """One of the two evaluations."""

    name: str = Field(description="What names it: the id of its MLflow run, or its directory", examples=[_RUN])
    run_id: str | None = Field(description="Its MLflow run; null: it is a directory", examples=[_RUN])
    title: str = Field(description="Name of its MLflow run; empty: none", examples=["pythia-70m"])
    version: str = Field(description="Git SHA of its config; empty: not known", examples=["10abfb1bf8"])
    finished_at: str | None = Field(
        description="When it finished, UTC; null: not known", examples=["2026-11-14T14:02:11Z"]
    )
    harness: str = Field(description="What evaluated; empty: not known", examples=["helm"])
    suite: str = Field(description="Its suite, or its suites joined by commas", examples=["v1"])
    versions: dict[str, str] = Field(
        description="Versions of what evaluated, by package", examples=[{"crfm-helm": "0.5.16"}]
    )
    shots: dict[str, int] = Field(
        description="Worked examples before each question, by scenario", examples=[{"boolq": 5}]
    )
    partial: bool = Field(description="Whether scenarios are missing from it", examples=[False])
    failed: dict[str, str] = Field(
        description="The scenarios that are missing, each with the reason in a line",
        examples=[{"boolq": "OutOfMemoryError"}],
    )


class ItemGap(Output):
    """Items of one kind that are no pairs."""

    count: int = Field(description="How many there are", ge=0, examples=[3])
    names: tuple[str, ...] = Field(description="Names of the first of them", examples=[["boolq/id17"]])


class UnpairedItems(Output):
    """What of a metric is no pair."""

    only_a: ItemGap = Field(description="Items that only A has")
    only_b: ItemGap = Field(description="Items that only B has")
    nan_a: ItemGap = Field(description="Items whose score in A is no finite number")
    nan_b: ItemGap = Field(description="Items whose score in B is no finite number")
    duplicates: ItemGap = Field(description="Lines that repeat another one exactly; they count once")
    conflicting: ItemGap = Field(description="Items with two lines that say otherwise; they count nowhere")


class ComparedMetric(Output):
    """One metric of both runs; differences and their limits are B - A, whichever way is better."""

    name: str = Field(description="The scenario and the metric, joined by a slash", examples=["boolq/exact_match"])
    a: float | None = Field(description="Mean of A over the pairs; null: there is no pair", examples=[0.642])
    b: float | None = Field(description="Mean of B over the pairs", examples=[0.618])
    difference: float | None = Field(description="b - a", examples=[-0.024])
    std_err: float | None = Field(description="Standard error of the difference; null: not defined", examples=[0.0148])
    lower: float | None = Field(description="Lower limit of the difference, at `confidence`", examples=[-0.053])
    upper: float | None = Field(description="Upper limit of the difference, at `confidence`", examples=[0.005])
    p_value: float | None = Field(description="Of no difference, two-sided; null: not defined", examples=[0.1])
    p_adjusted: float | None = Field(
        description="The p-value, adjusted for the metrics that were tested together; null: not tested", examples=[0.2]
    )
    minimum_detectable_effect: float | None = Field(
        description="The difference that is seen with 80 % power; null: not defined", examples=[0.041]
    )
    better: int = Field(description="How many items got better", ge=0, examples=[21])
    worse: int = Field(description="How many items got worse", ge=0, examples=[33])
    verdict: Verdict = Field(description="What is shown; inconclusive is never a pass", examples=["inconclusive"])
    reason: str = Field(
        description="Why, in a sentence with the numbers in it",
        examples=["a drop of 0.024 is over the 0.02 allowed, but 500 pairs cannot tell it from chance"],
    )
    notes: tuple[str, ...] = Field(description="Further sentences: what power there is, what was assumed")
    gate: GateVerdict = Field(
        description="pass: shown to be worse by less than the tolerance; it decides only under a policy",
        examples=["inconclusive"],
    )
    gate_reason: str = Field(description="Why, in a sentence", examples=["a drop of 0.02 cannot be excluded"])
    gate_lower: float | None = Field(
        description="Lower limit that decides on the gate, at confidence 1 - 2α", examples=[-0.048]
    )
    gate_upper: float | None = Field(description="Upper limit that decides on the gate", examples=[0.0004])
    confidence: float = Field(description="Confidence of `lower` and `upper`, 1 - α", examples=[0.95])
    tolerance: float = Field(description="The drop that is tolerated, in units of the metric", ge=0, examples=[0.02])
    direction: Literal["higher_is_better", "lower_is_better"] = Field(
        description="Which way is better", examples=["higher_is_better"]
    )
    min_pairs: int = Field(description="Fewer pairs are inconclusive", examples=[10])
    pairs: int = Field(description="How many items both runs have", ge=0, examples=[500])
    clusters: int | None = Field(description="How many groups they fall into; null: they stand alone", examples=[40])
    binary: bool = Field(description="Whether every score is 0 or 1, so that pairs are counted", examples=[True])
    test: str | None = Field(
        description="How the p-value was found; null: there is no pair", examples=["McNemar mid-p"]
    )
    df: float | None = Field(description="Degrees of freedom; null: infinite, or there is no pair", examples=[499.0])
    p_exact: float | None = Field(description="McNemar's exact p-value; null: pairs are not counted", examples=[0.13])
    p_t: float | None = Field(description="That of the paired t-test, as a check; null: not defined", examples=[0.11])
    std_err_miller: float | None = Field(
        description="Standard error after Miller (2024); null: there are no groups", examples=[0.0152]
    )
    std_err_unpaired: float | None = Field(
        description="What it would be if the pairs were ignored; null: not defined", examples=[0.031]
    )
    discordant: float | None = Field(description="Share of the pairs that differ", examples=[0.108])
    spread: float | None = Field(
        description="Variance of the true differences of items, which repeats do not lessen", examples=[0.1]
    )
    noise: float | None = Field(description="Variance that the answers add to that of the items", examples=[0.02])
    more_repeats_help: bool | None = Field(
        description="Whether most of the variance would go with more repeats; null: there are none", examples=[False]
    )
    skewed: bool = Field(description="Whether the t interval is rough: few differences, strongly skewed")
    lowest_score: float | None = Field(description="Lowest score that there can be; null: not known", examples=[0.0])
    highest_score: float | None = Field(description="Highest score that there can be; null: not known", examples=[1.0])
    unpaired: UnpairedItems = Field(description="What could not be compared")


class GivenAnswer(Output):
    """What one run answered to an item."""

    prediction: str | None = Field(description="What was answered; null: it was only scored", examples=["Paris"])
    score: float = Field(description="The score; of an item with repeats their mean", examples=[1.0])


class FlippedItem(Output):
    """An item that got better or worse."""

    metric: str = Field(description="The scenario and the metric, joined by a slash", examples=["boolq/exact_match"])
    scenario: str = Field(description="Name of the scenario", examples=["boolq"])
    subject: str | None = Field(description="Part of the scenario", examples=["anatomy"])
    id: str = Field(description="Name of the item within the scenario", examples=["id17"])
    change: Literal["worse", "better"] = Field(description="What became of it", examples=["worse"])
    prompt: str | None = Field(description="What was asked; null: not known", examples=["Is water wet?"])
    reference: str | None = Field(description="The right answer; null: not known", examples=["Yes"])
    a: GivenAnswer = Field(description="Answer of A")
    b: GivenAnswer = Field(description="Answer of B")


class ComparedAverage(Output):
    """The mean of a metric over scenarios, each with the same weight; it decides nothing."""

    name: str = Field(description="An asterisk and the metric, joined by a slash", examples=["*/exact_match"])
    scenarios: int = Field(description="How many scenarios have it", ge=2, examples=[3])
    a: float | None = Field(description="Mean of the means of A", examples=[0.586])
    b: float | None = Field(description="Mean of the means of B", examples=[0.543])
    difference: float | None = Field(description="b - a", examples=[-0.043])
    std_err: float | None = Field(description="Its standard error; null: not defined", examples=[0.0099])
    lower: float | None = Field(description="Lower limit, at `confidence` of the comparison", examples=[-0.063])
    upper: float | None = Field(description="Upper limit", examples=[-0.023])
    p_value: float | None = Field(description="Of no difference, two-sided; null: not defined", examples=[0.0001])


class JudgedByRule(Output):
    """What a rule says of one metric."""

    name: str = Field(description="The scenario and the metric, joined by a slash", examples=["boolq/exact_match"])
    verdict: GateVerdict = Field(description="What it says", examples=["pass"])
    reason: str = Field(description="Why, in a sentence", examples=["the drop is at most 0.016"])


class JudgedRule(Output):
    """What one rule of a policy says."""

    name: str = Field(description="Name of the rule", examples=["knowledge"])
    tier: Literal["blocking", "advisory"] = Field(description="Whether it decides", examples=["blocking"])
    verdict: GateVerdict = Field(description="The worst of its metrics; inconclusive where it has none")
    reason: str = Field(description="Why, in a sentence", examples=["12 metrics pass"])
    metrics: tuple[JudgedByRule, ...] = Field(description="The metrics that it judges")


class PolicyOutcome(Output):
    """What a policy says of a candidate."""

    file: str = Field(description="The file of the policy", examples=["release.gate.yml"])
    verdict: GateVerdict = Field(description="Of the blocking rules together", examples=["fail"])
    reason: str = Field(description="Names the rule that decides", examples=["rule knowledge: mmlu fails"])
    rules: tuple[JudgedRule, ...] = Field(description="Every rule, in the order of the file")
    unchanged_passes: float | None = Field(
        description="Probability that a model that did not change passes, if metrics were independent; null: not known",
        examples=[0.33],
    )


class ComparisonDocument(Output):
    """Two evaluations, compared pair by pair, as `jobs evaluation compare` prints them."""

    a: str = Field(description="The baseline: its MLflow run or directory", examples=[_RUN])
    b: str = Field(description="The candidate: its MLflow run or directory", examples=[_OTHER])
    verdict: Verdict = Field(description="Of the metrics: worse where one is, else inconclusive where one is")
    pairs: int = Field(description="Instances that both have", ge=0, examples=[1200])
    unpaired_a: int = Field(description="Instances that only A has", ge=0, examples=[0])
    unpaired_b: int = Field(description="Instances that only B has", ge=0, examples=[3])
    duplicates: int = Field(description="Lines that repeat another one", ge=0, examples=[0])
    metrics: tuple[ComparedMetric, ...] = Field(description="Every metric, in the order of names")
    flips: tuple[FlippedItem, ...] = Field(
        description="Items that changed, by metric, those that got worse first; as many as --flips asks for"
    )
    baseline: ComparedRun = Field(description="What is known of A")
    candidate: ComparedRun = Field(description="What is known of B")
    confidence: float = Field(description="Confidence of intervals, 1 - α", examples=[0.95])
    correction: Literal["holm", "none"] = Field(
        description="How p-values are adjusted for the number of metrics", examples=["holm"]
    )
    tested: int = Field(description="How many metrics were tested together", ge=0, examples=[2])
    seed: int = Field(description="Seed of what is drawn at random", examples=[0])
    macro_averages: tuple[ComparedAverage, ...] = Field(description="Metrics over several scenarios")
    policy: PolicyOutcome | None = Field(description="What the policy says; null: there is none")
    exit_code: Literal[0, 4, 5] = Field(
        description="0: no metric is worse or inconclusive, or the policy says yes; 4: worse, or no; 5: inconclusive",
        examples=[4],
    )
    warnings: tuple[str, ...] = Field(description="What differs beside the model, a sentence each")


class ComparisonsDocument(Output):
    """Several evaluations beside one baseline, as `jobs evaluation compare` prints them."""

    a: str = Field(description="The baseline: its MLflow run or directory", examples=[_RUN])
    verdict: Verdict = Field(description="The worst of the verdicts of the candidates' metrics", examples=["worse"])
    comparisons: tuple[ComparisonDocument, ...] = Field(description="The candidates, in the order as given")
