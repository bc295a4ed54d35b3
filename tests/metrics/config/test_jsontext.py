from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.errors import FileProblemsError
from cajajejo.metrics.config import jsontext

DATA = Path(__file__).parents[1] / "data"
RECORD = {"default_aggregation_strategies": ["final"], "write_to_bigquery": True}
SPIKE = {"comparison": "less", "success_threshold": {"stddevs_from_mean": 4.0}, "wait_for_n_points_of_history": 10}
KNOWN = {"comparison": "greater", "success_threshold": {"fixed_value": 99.0}}
PRINTED: dict[str, dict[str, object]] = {
    "collection_full_options": {
        "metric_collection_config": {
            "default_aggregation_strategies": ["final"],
            "metric_to_aggregation_strategy": {"loss": ["final", "min"], "accuracy": ["max"]},
            "tags_to_ignore": ["LearningRate"],
            "time_to_accuracy": {"accuracy_threshold": 76.0, "accuracy_tag": "Accuracy/test"},
            "write_to_bigquery": "True",
            "use_run_name_prefix": False,
        }
    },
    "regression_full_options": {
        "regression_test_config": {
            "metric_success_conditions": {"Accuracy/test_final": KNOWN, "default": SPIKE},
            "metric_subset_to_alert": ["total_wall_time", "Accuracy/test_final"],
            "alert_for_oob_metrics": "True",
            "alert_for_failed_jobs": "True",
        }
    },
    "recipe_record_without_alerts": {
        "metric_collection_config": RECORD,
        "regression_test_config": {"alert_for_failed_jobs": False, "alert_for_oob_metrics": False},
    },
    "recipe_alert_on_crash_only": {
        "metric_collection_config": RECORD,
        "regression_test_config": {"alert_for_oob_metrics": False},
    },
    "recipe_any_spike": {
        "metric_collection_config": RECORD,
        "regression_test_config": {"metric_success_conditions": {"default": SPIKE}},
    },
    "recipe_spike_or_constant": {
        "metric_collection_config": RECORD,
        "regression_test_config": {
            "metric_success_conditions": {
                "default": SPIKE,
                "metric_with_constant_value": {
                    "comparison": "less_or_equal",
                    "success_threshold": {"stddevs_from_mean": 0},
                },
            }
        },
    },
    "recipe_known_value": {
        "metric_collection_config": RECORD,
        "regression_test_config": {
            "metric_success_conditions": {
                "Accuracy/test_final": KNOWN,
                "Loss/test_final": {"comparison": "less", "success_threshold": {"fixed_value": 0.5}},
            }
        },
    },
}


def test_every_printed_block_has_its_expectation() -> None:
    assert {path.name.removesuffix(".json.txt") for path in DATA.glob("*.json.txt")} == set(PRINTED)


@pytest.mark.parametrize("name", PRINTED)
def test_a_block_loads_as_it_is_printed(name: str) -> None:
    assert jsontext.parse((DATA / f"{name}.json.txt").read_text(), name).data == PRINTED[name]


@pytest.mark.parametrize("name", PRINTED)
def test_mending_leaves_every_line_in_its_place(name: str) -> None:
    text = (DATA / f"{name}.json.txt").read_text()
    assert jsontext.mend(text).count("\n") == text.count("\n")


def test_both_blocks_pasted_one_after_the_other_are_one_configuration() -> None:
    names = ("collection_full_options", "regression_full_options")
    text = "".join((DATA / f"{name}.json.txt").read_text() for name in names)
    assert jsontext.parse(text, "f").data == {**PRINTED[names[0]], **PRINTED[names[1]]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1, // one\n "b": "x // y", # two\n}', {"a": 1, "b": "x // y"}),
        ('// head\n{"a": {"b": 1},}', {"a": {"b": 1}}),
        ('{"a": 1},\n', {"a": 1}),
        ('{"a": 4.0# comment\n "b": 3\n}', {"a": 4.0, "b": 3}),
        (
            '{"a": [1, 2]\n "b": ["x"\n "y"]\n "c": true\n "d": {}\n}',
            {"a": [1, 2], "b": ["x", "y"], "c": True, "d": {}},
        ),
        ('{"a : 1,\n "b": 2}', {"a": 1, "b": 2}),
        ('"a": {"b": 1}\n"c": {"d": 2}\n', {"a": {"b": 1}, "c": {"d": 2}}),
        ('{"a\\"b": "\\n"}', {'a"b': "\n"}),
        ('{"a": false\n " #": [1\n 2]}', {"a": False, " #": [1, 2]}),
        ("{a: two words, b: 1.5}", {"a": "two words", "b": 1.5}),
        ('"a": {"b": 1}\n"c":\n  d: 2\n', {"a": {"b": 1}, "c": {"d": 2}}),
        ('"a":\n  b: [1]\n', {"a": {"b": [1]}}),
        ("a:\n  b: //x\n", {"a": {"b": "//x"}}),
    ],
)
def test_text_is_read_as_it_is_meant(text: str, expected: object) -> None:
    assert jsontext.parse(text, "f").data == expected


def test_lines_are_those_of_the_file() -> None:
    document = jsontext.parse((DATA / "collection_full_options.json.txt").read_text(), "f")
    lines = {
        name: document.line_of(("metric_collection_config", name)) for name in ("tags_to_ignore", "use_run_name_prefix")
    }
    assert lines == {"tags_to_ignore": 22, "use_run_name_prefix": 39}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('{"a": 1,\n "b": "x\n}', 'f:2: a text without its closing quote: "x'),
        ('{"a": [1,\n}', "f:2: not well-formed YAML: did not find expected node content while parsing a flow node"),
        ("a: b: c\n", "f:1: not well-formed YAML: mapping values are not allowed in this context"),
        ('{"a": 1} }', "f:1: not well-formed YAML: did not find expected <document start>"),
        ("", "f:1: the file is empty"),
        ("# nothing\n", "f:1: the file is empty"),
    ],
)
def test_what_cannot_be_mended_is_reported_on_its_line(text: str, problem: str) -> None:
    with pytest.raises(FileProblemsError) as caught:
        jsontext.parse(text, "f")
    assert caught.value.lines()[0] == problem


scalars = st.one_of(st.booleans(), st.integers(-99, 99), st.text("abc #/:,{}[]'é-", max_size=8))
lists = st.lists(st.text("abc #/:,{}", max_size=8), max_size=3)
documents = st.dictionaries(st.text("abc /#", min_size=1, max_size=5), st.one_of(scalars, lists), max_size=4)


@given(documents, st.integers(0, 3))
def test_strict_json_passes_unchanged(document: dict[str, object], indent: int) -> None:
    text = json.dumps(document, indent=indent or None, ensure_ascii=False)
    assert jsontext.parse(text, "f").data == document


@given(documents)
def test_json_survives_comments_and_lost_commas(document: dict[str, object]) -> None:
    lines = json.dumps(document, indent=1, ensure_ascii=False).split("\n")
    text = "\n".join(f"{line.removesuffix(',')} // a, comment: {{" for line in lines)
    assert jsontext.mend(text).count("\n") == text.count("\n")
    assert jsontext.parse(text, "f").data == document
