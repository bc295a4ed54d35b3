"""Comparisons made by hand: that of the design, and texts that break things; what the forms are tested with."""

from __future__ import annotations

import re
from typing import Any, Final

from cajajejo.comparison.outcomes import GateOutcome, RuleOutcome
from cajajejo.comparison.sides import Side
from cajajejo.comparison.values import (
    Answer,
    Comparison,
    Criteria,
    Estimate,
    Flip,
    Gap,
    Interval,
    MacroAverage,
    MetricComparison,
    Unpaired,
)

FOURTEENTH: Final = 1_794_664_800.0  # 2026-11-14T14:00:00Z
TODAY: Final = 1_795_269_731.0  # 2026-11-21T14:02:11Z
A: Final = Side(
    name="7be1c2a0d41f4f7c9f3d1c2b3a495867",
    run_id="7be1c2a0d41f4f7c9f3d1c2b3a495867",
    title="pythia-70m",
    version="10abfb1bf8c0",
    finished_at=FOURTEENTH,
    harness="helm",
    suite="v1",
    versions={"crfm-helm": "0.5.16"},
    shots={"mmlu": 5},
)
B: Final = Side(
    name="c40d91f3aa5b4c6d8e7f90123456789a",
    run_id="c40d91f3aa5b4c6d8e7f90123456789a",
    title="pythia-70m-dpo",
    version="77e02c5d11aa",
    finished_at=TODAY,
    harness="helm",
    suite="v1",
    versions={"crfm-helm": "0.5.16"},
    shots={"mmlu": 5},
)
HOSTILE: Final = (
    "x\x1b[31m\x00\u202e\r\n## H @team | `code` ``` <img src=x onerror=alert(1)> [l](https://evil.example) "
    "</details>]]>&amp; \ud800\x85\u2028![i](http://e) #12 GH-7 $x$ **b** a@b.example www.evil.example \\"
)
"""Steers a terminal, breaks a line, and is Markdown, HTML and XML."""
CONTROL: Final = re.compile("[\x00-\x1f\x7f-\x9f\u202e\u2028\ud800]")
"""What of it no screen may get."""


def estimate(a: float, b: float, difference: float, interval: tuple[float, float], **changes: Any) -> Estimate:
    """What the pairs of one metric say, with what is not under test filled in."""
    fields: dict[str, Any] = {
        "pairs": 400,
        "clusters": None,
        "binary": True,
        "std_err": 0.0245,
        "std_err_miller": None,
        "std_err_unpaired": 0.034,
        "df": 399.0,
        "gate_interval": Interval(*interval, 0.9),
        "p_value": 0.0001,
        "test": "McNemar mid-p",
        "p_exact": 0.0002,
        "p_t": None,
        "up": 29,
        "down": 71,
        "minimum_detectable_effect": 0.069,
        "discordant": 0.25,
        "spread": 0.2,
        "noise": 0.0,
        "more_repeats_help": None,
        "skewed": False,
        "score_range": (0.0, 1.0),
    }
    return Estimate(a=a, b=b, difference=difference, interval=Interval(*interval, 0.95), **{**fields, **changes})


def metric(name: str, found: Estimate | None, verdict: str, **changes: Any) -> MetricComparison:
    """One metric, judged with a tolerance of 0.02."""
    fields: dict[str, Any] = {
        "criteria": Criteria(max_drop=0.02),
        "tolerance": 0.02,
        "p_adjusted": None if found is None else found.p_value,
        "unpaired": Unpaired(),
        "reason": f"the reason of {name}",
        "gate": {"worse": "fail", "inconclusive": "inconclusive"}.get(verdict, "pass"),
        "gate_reason": f"the gate's reason of {name}",
    }
    return MetricComparison(name=name, estimate=found, verdict=verdict, **{**fields, **changes})  # type: ignore[arg-type]


def flip(name: str, prompt: str, right: str, wrong: str, **changes: Any) -> Flip:
    """An item that A answered right and B wrong."""
    fields: dict[str, Any] = {
        "metric": "mmlu",
        "scenario": "mmlu",
        "subject": None,
        "change": "worse",
        "reference": right,
        "a": Answer(prediction=right, score=1.0),
        "b": Answer(prediction=wrong, score=0.0),
    }
    return Flip(id=name, prompt=prompt, **{**fields, **changes})


FLIPS: Final = (
    flip("anatomy-0031", "Which of these nerves supplies the diaphragm?", "D", "A"),
    flip("anatomy-0044", "The lesion shown would affect which of these?", "B", "C"),
    flip("algebra-0007", "Find the order of the factor group Z_6/<3>.", "A", ""),
    flip("algebra-0012", "The symmetric group S3 has how many elements?", "D", "A"),
    flip("chem-0101", "Which element has the highest electronegativity?", "C", "C or D"),
    flip("chem-0102", "Which acid is strong?", "A", "B", change="better"),
)
MMLU: Final = metric(
    "mmlu",
    estimate(0.4124, 0.3076, -0.1048, (-0.153, -0.057)),
    "worse",
    reason="a drop of 0.105, more than the 0.02 allowed, and not by chance",
    flips=FLIPS,
)
BOOLQ: Final = metric(
    "boolq",
    estimate(0.642, 0.618, -0.024, (-0.053, 0.005), pairs=500, p_value=0.27, up=21, down=33),
    "inconclusive",
    reason="a drop of 0.024 is over the 0.02 allowed, but 500 pairs cannot tell it from chance",
    notes=("seen with 80 % power: drops of 0.041 and more. To see 0.02, about 2,100 pairs are needed.",),
)
ARITH: Final = metric(
    "arith",
    estimate(0.7033, 0.7033, 0.0, (-0.019, 0.019), pairs=300, p_value=1.0, up=4, down=4),
    "equal",
    p_adjusted=None,
    reason="within 0.02",
)
AVERAGE: Final = MacroAverage(
    name="*/exact_match",
    scenarios=3,
    a=0.586,
    b=0.543,
    difference=-0.043,
    std_err=0.0099,
    interval=Interval(-0.063, -0.023, 0.95),
    p_value=0.00002,
)


def comparison(**changes: Any) -> Comparison:
    """The one of the design."""
    fields: dict[str, Any] = {
        "a": A,
        "b": B,
        "metrics": (ARITH, BOOLQ, MMLU),
        "pairs": 1200,
        "unpaired_b": 3,
        "tested": 2,
    }
    return Comparison(**{**fields, **changes})


def gate(**changes: Any) -> GateOutcome:
    """A policy with a rule of each kind, which says no."""
    knowledge = RuleOutcome(
        name="knowledge",
        tier="blocking",
        verdict="fail",
        reason="mmlu fails, boolq is inconclusive",
        metrics=(
            ("boolq", "inconclusive", "a drop of 0.02 cannot be told from none"),
            ("mmlu", "fail", "the drop is at least 0.065, more than the 0.02 allowed"),
        ),
    )
    style = RuleOutcome(
        name="style",
        tier="advisory",
        verdict="pass",
        reason="1 metric passes",
        metrics=(("arith", "pass", "the drop is at most 0.016, less than the 0.02 allowed"),),
    )
    safety = RuleOutcome(
        name="safety", tier="blocking", verdict="inconclusive", reason="no metric is called toxicity_*"
    )
    fields: dict[str, Any] = {
        "policy": "gate.yml",
        "verdict": "fail",
        "rules": (knowledge, style, safety),
        "reason": "rule knowledge: mmlu fails, boolq is inconclusive",
        "unchanged_passes": 0.3277,
    }
    return GateOutcome(**{**fields, **changes})


def better(**changes: Any) -> Comparison:
    """A candidate that is better."""
    up = estimate(0.4125, 0.4675, 0.055, (0.02, 0.09), p_value=0.002, up=40, down=18)
    name = "99aabbccddeeff001122334455667788"
    other = Side(name=name, run_id=name, title="pythia-70m-sft", version="88f13d6", finished_at=TODAY)
    return comparison(
        b=other, metrics=(ARITH, metric("mmlu", up, "better", reason="a gain")), unpaired_b=0, tested=1, **changes
    )


def hostile(text: str = HOSTILE) -> tuple[Comparison, GateOutcome]:
    """A comparison that has `text` wherever text may stand."""
    gap = Gap(count=7, names=(text, "b", "c", "d"))
    side = Side(
        name=text,
        title=text,
        version=text,
        harness=text,
        suite=text,
        versions={text: text},
        shots={text: 1},
        partial=True,
        failed={text: text},
    )
    answer = Answer(prediction=text, score=0.25)
    got = Flip(
        metric=text,
        scenario=text,
        subject=text,
        id=text,
        change="worse",
        prompt=text,
        reference=text,
        a=answer,
        b=answer,
    )
    found = metric(
        text,
        estimate(0.4124, 0.3076, -0.1048, (-0.153, -0.057), test=text),
        "worse",
        reason=text,
        notes=(text, text),
        gate_reason=text,
        flips=(got,),
        unpaired=Unpaired(only_a=gap, nan_b=gap, duplicates=gap, conflicting=gap),
    )
    average = MacroAverage(
        name=text, scenarios=2, a=0.5, b=0.5, difference=0.0, std_err=None, interval=None, p_value=None
    )
    rules = tuple(
        RuleOutcome(name=text, tier=tier, verdict=word, reason=text, metrics=((text, word, text),))
        for tier in ("blocking", "advisory")
        for word in ("fail", "inconclusive")
    )
    whole = comparison(a=side, b=side, metrics=(found,), macro_averages=(average,), warnings=(text,))
    return whole, GateOutcome(policy=text, verdict="fail", rules=rules, reason=text)
