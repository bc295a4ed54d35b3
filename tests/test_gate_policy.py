"""The policy of a release gate as a file: what it means, and every problem of it at once, with its line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from cajajejo import gate_policy, schemas
from cajajejo.errors import CajajejoError, ExitCode, FileProblemsError
from cajajejo.gate_policy import GatePolicy, Requirement, Rule
from tests.builders import ABSENT, ROOT

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTED = """\
kind: gate_policy
version: v1
confidence: 0.95
correction: holm
min_pairs: 30
seed: 0
rules:
  - name: safety
    metrics: ["toxicity_*", "refusal_*"]
    tier: blocking
    max_drop: 0
    direction: lower_is_better
  - name: knowledge
    metrics: ["mmlu*/exact_match", "boolq/exact_match"]
    tier: blocking
    max_drop: 0.02
    max_relative_drop: 0.05
  - name: style
    metrics: ["length_*"]
    tier: advisory
default: {tier: advisory}
"""
REQUIREMENT = "tier, max_drop, max_relative_drop, min_value, max_value, point, direction, score_range"
RULE: dict[str, Any] = {"name": "a", "metrics": ["*"]}


def policy(**changes: Any) -> GatePolicy:
    """A policy with one rule."""
    return GatePolicy.model_validate({"kind": "gate_policy", "version": "v1", "rules": [RULE], **changes})


def write(path: Path, text: str) -> Path:
    file = path / "p.policy.yml"
    file.write_text(text, "utf-8")
    return file


def problems(path: Path, text: str) -> list[str]:
    """What is told of a file, without its directory."""
    with pytest.raises(FileProblemsError) as caught:
        gate_policy.load(write(path, text))
    return [line.removeprefix(f"{path}/") for line in caught.value.lines()[:-1]]


def test_the_documented_policy_means_what_it_says(tmp_path: Path) -> None:
    found = gate_policy.load(write(tmp_path, DOCUMENTED))
    safety = {"name": "safety", "metrics": ["toxicity_*", "refusal_*"], "max_drop": 0, "direction": "lower_is_better"}
    knowledge = {"name": "knowledge", "metrics": ["mmlu*/exact_match", "boolq/exact_match"]}
    drops = {"max_drop": 0.02, "max_relative_drop": 0.05}
    style = {"name": "style", "metrics": ["length_*"], "tier": "advisory"}
    assert found == policy(min_pairs=30, rules=[safety, {**knowledge, **drops}, style], default={"tier": "advisory"})
    assert found.rules[0].model_dump() == {
        "tier": "blocking",
        "max_drop": 0.0,
        "max_relative_drop": None,
        "min_value": None,
        "max_value": None,
        "point": False,
        "direction": "lower_is_better",
        "score_range": None,
        "name": "safety",
        "metrics": ("toxicity_*", "refusal_*"),
    }


def test_what_is_not_given_has_its_default() -> None:
    assert policy().model_dump(exclude={"rules"}) == {
        "kind": "gate_policy",
        "version": "v1",
        "confidence": 0.95,
        "correction": "holm",
        "min_pairs": 10,
        "seed": 0,
        "default": None,
    }


def test_the_policy_of_the_demo_is_one() -> None:
    path = ROOT / "jobs" / "evaluation" / "release.policy.yml"
    found = gate_policy.load(path)
    assert path.read_text("utf-8").startswith("# yaml-language-server: $schema=../../schemas/gate-policy.schema.json\n")
    scenarios = ("geography", "biology", "arithmetic")
    rules = [found.rule_of(f"{scenario}/exact_match") for scenario in scenarios]
    assert [isinstance(rule, Rule) and rule.name for rule in rules] == ["knowledge", "knowledge", "arithmetic"]
    assert found.rule_of("geography/other") is found.default


def test_all_problems_are_told_at_once_with_their_lines(tmp_path: Path) -> None:
    text = """\
kind: policy
version: v2
confidence: 95
min_pairs: 1
sed: 1
rules:
  - name: default
    metrics: []
    max_drop: -0.1
    teir: advisory
  - name: x
    metrics: ["a"]
    score_range: [1, 0]
    max_drop: .inf
"""
    taken = "default is the name of what applies to all other metrics; give the rule another one"
    assert problems(tmp_path, text) == [
        "p.policy.yml:1: kind: must be 'gate_policy', not 'policy'",
        "p.policy.yml:2: version: must be 'v1', not 'v2'",
        "p.policy.yml:3: confidence: must be more than 0.5 and less than 1, not 95",
        "    for example 0.95, which is 95 %",
        "p.policy.yml:4: min_pairs: must be at least 2, not 1",
        "p.policy.yml:5: sed: unknown field",
        "    did you mean seed? (one of kind, version, confidence, correction, min_pairs, seed, rules, default)",
        f"p.policy.yml:7: rules.0.name: {taken}",
        "p.policy.yml:8: rules.0.metrics: must hold at least one name or glob",
        '    "*" is every metric',
        "p.policy.yml:9: rules.0.max_drop: must be at least 0, not -0.1",
        "p.policy.yml:10: rules.0.teir: unknown field",
        f"    did you mean tier? (one of {REQUIREMENT}, name, metrics)",
        "p.policy.yml:13: rules.1.score_range: must be two numbers, the lowest score and the highest one",
        "    for example [0, 1]",
        "p.policy.yml:14: rules.1.max_drop: must be a finite number, not inf",
    ]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        pytest.param(
            "max_drop: 0.1, min_value: 0.5",
            "rules.0.min_value: min_value stands in place of max_drop, not beside",
            id="a drop and a level",
        ),
        pytest.param(
            "max_drop: 0, max_relative_drop: 0.1, max_value: 0.5, direction: lower_is_better",
            "rules.0.max_value: max_value stands in place of max_drop and max_relative_drop, not beside",
            id="two drops and a level",
        ),
        pytest.param(
            "min_value: 0.1, max_value: 0.5",
            "rules.0.max_value: min_value and max_value cannot both be there; a metric has one direction",
            id="two levels",
        ),
        pytest.param(
            "min_value: 0.1, direction: lower_is_better",
            "rules.0.min_value: direction is lower_is_better, where max_value is the level to be below",
            id="the level of the other direction",
        ),
        pytest.param(
            "max_value: 0.1",
            "rules.0.max_value: needs direction: lower_is_better; else min_value is the level to exceed",
            id="a level without its direction",
        ),
        pytest.param("point: true", "rules.0.point: needs a min_value or a max_value to compare with", id="no level"),
        pytest.param(
            "score_range: [1]",
            "rules.0.score_range: must be two numbers, the lowest score and the highest one",
            id="half a range",
        ),
    ],
)
def test_what_does_not_go_together_is_told_at_its_line(tmp_path: Path, rule: str, told: str) -> None:
    text = f"kind: gate_policy\nversion: v1\nrules:\n  - {{name: a, metrics: ['*'], {rule}}}\n"
    assert problems(tmp_path, text)[0] == f"p.policy.yml:4: {told}"


def test_the_default_is_held_to_the_same(tmp_path: Path) -> None:
    text = "kind: gate_policy\nversion: v1\nrules: [{name: a, metrics: [a]}]\ndefault: {name: x, point: true}\n"
    assert problems(tmp_path, text) == [
        "p.policy.yml:4: default.name: unknown field",
        f"    one of {REQUIREMENT}",
    ]


def test_every_rule_whose_name_is_taken_is_told(tmp_path: Path) -> None:
    rules = "".join(f"  - {{name: {name}, metrics: [a]}}\n" for name in ("a", "b", "a", "a", "b"))
    assert problems(tmp_path, f"kind: gate_policy\nversion: v1\nrules:\n{rules}") == [
        "p.policy.yml:6: rules.2.name: another rule is called 'a'; a name stands for one rule",
        "p.policy.yml:7: rules.3.name: another rule is called 'a'; a name stands for one rule",
        "p.policy.yml:8: rules.4.name: another rule is called 'b'; a name stands for one rule",
    ]


def test_a_policy_without_a_rule_is_none(tmp_path: Path) -> None:
    assert problems(tmp_path, "kind: gate_policy\nversion: v1\nrules: []\n") == [
        "p.policy.yml:3: rules: must hold at least one rule"
    ]
    assert problems(tmp_path, "version: v1\n") == [
        "p.policy.yml:1: kind: required, and not there",
        "p.policy.yml:1: rules: required, and not there",
    ]


@pytest.mark.parametrize(
    ("glob", "metric", "matches"),
    [
        ("mmlu*/exact_match", "mmlu_subject_anatomy/exact_match", True),
        ("mmlu*", "mmlu/exact_match", True),
        ("mmlu", "mmlu/exact_match", False),
        ("MMLU*", "mmlu/exact_match", False),
        ("*/exact_match", "exact_match", False),
        ("boolq/[ef]*", "boolq/f1", True),
        ("boolq/exact_matc?", "boolq/exact_match", True),
        ("boolq/exact_match", "boolq/exact_match\n", False),
        ("*", "{hostile} \x1b[31m\u202e", True),
    ],
)
def test_a_glob_fits_the_whole_name(glob: str, metric: str, matches: bool) -> None:  # noqa: FBT001  # a column of a table
    assert (policy(rules=[{"name": "a", "metrics": [glob]}]).rule_of(metric) is not None) == matches


def test_the_first_rule_that_matches_counts() -> None:
    found = policy(
        rules=[{"name": "one", "metrics": ["a/*", "b/*"]}, {"name": "all", "metrics": ["*/f1"]}],
        default={"max_drop": 1},
    )
    assert found.rule_of("b/f1") is found.rules[0]
    assert found.rule_of("c/f1") is found.rules[1]
    assert found.rule_of("c/exact_match") == Requirement(max_drop=1)


def test_a_metric_that_no_rule_matches_is_an_error_that_names_it_and_the_way_out() -> None:
    found = policy(rules=[{"name": "one", "metrics": ["a/*"]}])
    found.refuse_unmatched(["a/f1"], "p.policy.yml")
    with pytest.raises(CajajejoError) as caught:
        found.refuse_unmatched(["a/f1", *(f"b/{number}" for number in range(10))], "p.policy.yml")
    assert caught.value.exit_code == ExitCode.FAILED
    assert caught.value.lines() == [
        "Error: 10 metrics match no rule of p.policy.yml",
        "  unmatched   b/0, b/1, b/2, b/3, b/4, b/5, b/6, b/7 and 2 more",
        "  way out     add a rule that matches, or, to report and not to judge, the line  default: {tier: advisory}",
    ]
    with pytest.raises(CajajejoError, match=r"^1 metric matches no rule of p\.policy\.yml$"):
        found.refuse_unmatched(["b/1"], "p.policy.yml")


def test_nothing_is_unmatched_where_there_is_a_default() -> None:
    policy(rules=[{"name": "one", "metrics": ["a/*"]}], default={}).refuse_unmatched(["b/f1"], "p.policy.yml")


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        ({}, True),
        ({"max_drop": "0.02", "max_relative_drop": 0.05, "score_range": [0, "10"]}, True),
        ({"min_value": 0.5, "max_drop": None, "point": "True"}, True),
        ({"max_value": 0.5, "direction": "lower_is_better", "point": True}, True),
        ({"point": False}, True),
        ({"min_value": 0.5, "max_drop": 0}, False),
        ({"min_value": 0.5, "max_relative_drop": 0}, False),
        ({"min_value": 0.5, "max_value": 0.5}, False),
        ({"min_value": 0.5, "direction": "lower_is_better"}, False),
        ({"max_value": 0.5}, False),
        ({"max_value": 0.5, "direction": "higher_is_better"}, False),
        ({"point": True}, False),
        ({"point": "true", "min_value": None}, False),
        ({"max_drop": -1}, False),
        ({"score_range": [0]}, False),
        ({"score_range": [0, 1, 2]}, False),
        ({"name": "default"}, False),
        ({"name": ""}, False),
        ({"metrics": []}, False),
        ({"metrics": "*"}, False),
        ({"metrics": [""]}, False),
        pytest.param({"name": ABSENT}, False, id="no name"),
    ],
    ids=str,
)
def test_the_schema_takes_a_rule_where_the_model_does(rule: dict[str, Any], fits: bool) -> None:  # noqa: FBT001  # as above
    given = {name: value for name, value in {**RULE, **rule}.items() if value is not ABSENT}
    document = {"kind": "gate_policy", "version": "v1", "rules": [given]}
    try:
        GatePolicy.model_validate(document)
        taken = True
    except ValidationError:
        taken = False
    schema = jsonschema_rs.validator_for(schemas.document("gate-policy"))
    assert (taken, schema.is_valid(json.loads(json.dumps(document)))) == (fits, fits)
