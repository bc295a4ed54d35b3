"""The documents of ``--json``: the fixed fields, what stands beside them, the models, and the committed schemas."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import Any

import pytest

from cajajejo.comparison.reports import documents
from cajajejo.comparison.values import Interval, MacroAverage
from cajajejo.comparison_outputs import ComparisonDocument, ComparisonsDocument
from tests.comparison import by_hand
from tests.documents import fits

FIXED = ("a", "b", "verdict", "pairs", "unpaired_a", "unpaired_b", "duplicates", "metrics", "flips")
OF_METRIC = (
    *("name", "a", "b", "difference", "std_err", "lower", "upper", "p_value", "p_adjusted"),
    *("minimum_detectable_effect", "better", "worse", "verdict", "reason"),
)


def test_the_fixed_fields_stand_first_and_are_numbers() -> None:
    document = documents.of([(by_hand.comparison(), None)])
    assert tuple(document)[:9] == FIXED
    assert {name: document[name] for name in FIXED[:7]} == {
        "a": by_hand.A.name,
        "b": by_hand.B.name,
        "verdict": "worse",
        "pairs": 1200,
        "unpaired_a": 0,
        "unpaired_b": 3,
        "duplicates": 0,
    }
    metric = document["metrics"][2]
    assert tuple(metric)[:14] == OF_METRIC
    assert {name: metric[name] for name in OF_METRIC} == {
        "name": "mmlu",
        "a": 0.4124,
        "b": 0.3076,
        "difference": -0.1048,
        "std_err": 0.0245,
        "lower": -0.153,
        "upper": -0.057,
        "p_value": 0.0001,
        "p_adjusted": 0.0001,
        "minimum_detectable_effect": 0.069,
        "better": 29,
        "worse": 71,
        "verdict": "worse",
        "reason": "a drop of 0.105, more than the 0.02 allowed, and not by chance",
    }


def test_what_else_is_known_stands_beside() -> None:
    document = documents.of([(by_hand.comparison(macro_averages=(by_hand.AVERAGE,), warnings=("w",)), by_hand.gate())])
    assert document["baseline"] == {
        "name": by_hand.A.name,
        "run_id": by_hand.A.name,
        "title": "pythia-70m",
        "version": "10abfb1bf8c0",
        "finished_at": "2026-11-14T14:00:00Z",
        "harness": "helm",
        "suite": "v1",
        "versions": {"crfm-helm": "0.5.16"},
        "shots": {"mmlu": 5},
        "partial": False,
        "failed": {},
    }
    assert document["flips"][2] == {
        "metric": "mmlu",
        "scenario": "mmlu",
        "subject": None,
        "id": "algebra-0007",
        "change": "worse",
        "prompt": "Find the order of the factor group Z_6/<3>.",
        "reference": "A",
        "a": {"prediction": "A", "score": 1.0},
        "b": {"prediction": "", "score": 0.0},
    }
    assert document["macro_averages"] == [
        {
            "name": "*/exact_match",
            "scenarios": 3,
            "a": 0.586,
            "b": 0.543,
            "difference": -0.043,
            "std_err": 0.0099,
            "lower": -0.063,
            "upper": -0.023,
            "p_value": 0.00002,
        }
    ]
    policy = document["policy"]
    assert {name: policy[name] for name in ("file", "verdict", "reason", "unchanged_passes")} == {
        "file": "gate.yml",
        "verdict": "fail",
        "reason": "rule knowledge: mmlu fails, boolq is inconclusive",
        "unchanged_passes": 0.3277,
    }
    assert policy["rules"][1] == {
        "name": "style",
        "tier": "advisory",
        "verdict": "pass",
        "reason": "1 metric passes",
        "metrics": [
            {"name": "arith", "verdict": "pass", "reason": "the drop is at most 0.016, less than the 0.02 allowed"}
        ],
    }
    told = ("confidence", "correction", "tested", "seed", "exit_code", "warnings")
    assert [document[name] for name in told] == [0.95, "holm", 2, 0, 4, ["w"]]


@pytest.mark.parametrize(
    ("gate", "code"),
    [(None, 4), (by_hand.gate(verdict="inconclusive"), 5), (by_hand.gate(verdict="pass"), 0), (by_hand.gate(), 4)],
)
def test_the_exit_code_is_that_of_the_policy_where_there_is_one(gate: Any, code: int) -> None:
    document = documents.of([(by_hand.comparison(), gate)])
    assert (document["exit_code"], document["verdict"]) == (code, "worse")


def test_a_metric_without_a_pair_has_null_for_every_number() -> None:
    missing = by_hand.metric("gone", None, "inconclusive")
    (metric,) = documents.of([(by_hand.comparison(metrics=(missing,)), None)])["metrics"]
    absent = {name for name, value in metric.items() if value is None}
    assert absent == {
        *("a", "b", "difference", "std_err", "lower", "upper", "p_value", "p_adjusted", "minimum_detectable_effect"),
        *("gate_lower", "gate_upper", "clusters", "test", "df", "p_exact", "p_t", "std_err_miller"),
        *("std_err_unpaired", "discordant", "spread", "noise", "more_repeats_help", "lowest_score", "highest_score"),
    }
    assert (metric["pairs"], metric["better"], metric["worse"]) == (0, 0, 0)


def test_what_is_not_finite_is_null() -> None:
    found = replace(
        by_hand.estimate(math.inf, 0.5, -math.inf, (-math.inf, math.nan)),
        df=math.inf,
        gate_interval=None,
        score_range=(-math.inf, 0.0),
        interval=Interval(-math.inf, math.nan, 0.95),
    )
    average = MacroAverage(
        name="*/m", scenarios=2, a=math.nan, b=0.5, difference=math.nan, std_err=None, interval=None, p_value=None
    )
    comparison = by_hand.comparison(metrics=(by_hand.metric("m", found, "inconclusive"),), macro_averages=(average,))
    document = json.loads(documents.as_text([(comparison, None)]))
    metric = document["metrics"][0]
    names = ("a", "b", "difference", "lower", "upper", "df", "gate_lower", "lowest_score", "highest_score")
    assert [metric[name] for name in names] == [None, 0.5, None, None, None, None, None, None, 0.0]
    assert [document["macro_averages"][0][name] for name in ("a", "b", "lower")] == [None, 0.5, None]
    assert fits("comparison", document) == []


def test_one_candidate_is_its_document_and_several_are_one_document_that_holds_theirs() -> None:
    first, second = (by_hand.comparison(), None), (by_hand.better(), by_hand.gate(verdict="pass"))
    document = documents.of([first, second])
    assert document == {
        "a": by_hand.A.name,
        "verdict": "worse",
        "comparisons": [documents.of([first]), documents.of([second])],
    }
    assert fits("comparisons", document) == []
    assert ComparisonsDocument.model_validate(document).as_json() == document


@pytest.mark.parametrize(
    "pair",
    [
        pytest.param((by_hand.comparison(), None), id="plain"),
        pytest.param((by_hand.comparison(macro_averages=(by_hand.AVERAGE,)), by_hand.gate()), id="policy"),
        pytest.param((by_hand.comparison(metrics=()), None), id="empty"),
        pytest.param(by_hand.hostile(), id="hostile"),
    ],
)
def test_every_document_is_what_its_schema_and_its_model_say(pair: Any) -> None:
    document = json.loads(documents.as_text([pair]))
    assert fits("comparison", document) == []
    assert ComparisonDocument.model_validate(document).as_json() == document


def test_the_same_values_are_the_same_bytes_whatever_the_order_of_what_has_none() -> None:
    other = replace(by_hand.A, versions={"b": "2", "a": "1"}, shots={"y": 1, "x": 2}, failed={"q": "1", "p": "2"})
    same = replace(by_hand.A, versions={"a": "1", "b": "2"}, shots={"x": 2, "y": 1}, failed={"p": "2", "q": "1"})
    text = documents.as_text([(by_hand.comparison(a=other), by_hand.gate())])
    assert text == documents.as_text([(by_hand.comparison(a=same), by_hand.gate())])
    assert text.isascii()
    assert text.endswith("}\n")


def test_a_lone_surrogate_is_told_as_an_escape_and_a_time_that_is_none_as_null() -> None:
    side = replace(by_hand.B, title="\ud800é", finished_at=1e300)
    candidate = documents.of([(by_hand.comparison(b=side), None)])["candidate"]
    assert (candidate["title"], candidate["finished_at"]) == ("\\ud800é", None)
    unknown = documents.of([(by_hand.comparison(b=replace(side, finished_at=None)), None)])["candidate"]
    assert unknown["finished_at"] is None


def test_a_prompt_stands_there_whole() -> None:
    flip = by_hand.flip("q", "x" * 1_000_000, "a", "b")
    metric = by_hand.metric("m", by_hand.estimate(0.5, 0.4, -0.1, (-0.2, 0.0)), "worse", flips=(flip,))
    document = documents.of([(by_hand.comparison(metrics=(metric,)), None)])
    assert document["flips"][0]["prompt"] == flip.prompt
