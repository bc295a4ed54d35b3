from __future__ import annotations

from pathlib import Path

import pytest

from cajajejo.errors import FileProblemsError
from cajajejo.metrics import config
from cajajejo.metrics.config import MetricCollectionConfig, MetricsConfig, RegressionTestConfig
from tests.metrics.builders import condition, regression_tests

DATA = Path(__file__).parent / "data"


def load(tmp_path: Path, text: str) -> MetricsConfig:
    path = tmp_path / "m.yml"
    path.write_text(text)
    return config.load(path)


@pytest.mark.parametrize("path", sorted(DATA.glob("*.json.txt")), ids=lambda path: path.name)
def test_every_documented_block_is_a_configuration(path: Path) -> None:
    assert isinstance(config.load(path), MetricsConfig)


def test_the_full_options_of_the_collection_mean_what_they_say() -> None:
    found = config.load(DATA / "collection_full_options.json.txt").metric_collection_config
    assert found == MetricCollectionConfig(
        default_aggregation_strategies=("final",),
        metric_to_aggregation_strategy={"loss": ("final", "min"), "accuracy": ("max",)},
        tags_to_ignore=("LearningRate",),
        time_to_accuracy=config.TimeToAccuracy(accuracy_tag="Accuracy/test", accuracy_threshold=76.0),
        write_to_bigquery=True,
        use_run_name_prefix=False,
    )


def test_the_full_options_of_the_tests_mean_what_they_say() -> None:
    assert config.load(DATA / "regression_full_options.json.txt").regression_test_config == regression_tests(
        {
            "Accuracy/test_final": condition("greater", fixed_value=99.0),
            "default": condition("less", stddevs_from_mean=4.0, wait=10),
        },
        metric_subset_to_alert=["total_wall_time", "Accuracy/test_final"],
    )


@pytest.mark.parametrize(
    "text",
    [
        "test_name: t",
        "metric_collection_config: null\nregression_test_config: null",
        "regression_test_config: {metric_success_conditions: null}",
    ],
)
def test_what_is_not_given_has_its_default(tmp_path: Path, text: str) -> None:
    found = load(tmp_path, text)
    assert found.metric_collection_config == MetricCollectionConfig(default_aggregation_strategies=("final",))
    assert found.regression_test_config == RegressionTestConfig()


@pytest.mark.parametrize(
    ("written", "meant"), [("'False'", False), ("'True'", True), ("false", False), ("'true'", True)]
)
def test_flags_may_be_text_and_false_is_false(tmp_path: Path, written: str, meant: bool) -> None:  # noqa: FBT001  # a table
    text = (
        f"metric_collection_config: {{default_aggregation_strategies: [final], write_to_bigquery: {written}}}\n"
        f"regression_test_config: {{alert_for_oob_metrics: {written}, alert_for_failed_jobs: {written}}}\n"
    )
    found = load(tmp_path, text)
    tests = found.regression_test_config
    flags = (found.metric_collection_config.write_to_bigquery, tests.alert_for_oob_metrics, tests.alert_for_failed_jobs)
    assert flags == (meant,) * 3


@pytest.mark.parametrize("name", ["metric_to_aggregation_strategy", "metric_to_aggregation_strategies"])
def test_strategies_by_tag_have_two_names(name: str) -> None:
    found = MetricCollectionConfig.model_validate(
        {"default_aggregation_strategies": ["final"], name: {"loss": ["min"]}}
    )
    assert found.strategies_by_tag == {"loss": ("min",)}


@pytest.mark.parametrize(("flag", "count"), [({}, 1), ({"alert_after_second_test_failure": "True"}, 2)])
def test_failures_are_confirmed_only_where_asked(flag: dict[str, str], count: int) -> None:
    assert RegressionTestConfig.model_validate(flag).confirm_after == count


def test_a_metric_has_its_own_condition_or_the_default() -> None:
    own, default = condition("greater", fixed_value=1), condition("less", fixed_value=2)
    tests = regression_tests({"a": own, "default": default})
    assert [tests.condition_for(name) for name in ("a", "b", "default")] == [own, default, default]
    assert regression_tests({"a": own}).condition_for("b") is None


def test_strict_comparison_with_the_mean_itself_is_warned_about() -> None:
    conditions = {"a": condition("less", stddevs_from_mean=0), "b": condition("less_or_equal", stddevs_from_mean=0)}
    found = config.warnings(MetricsConfig(regression_test_config=regression_tests(conditions)))
    assert found == (
        (
            "a: stddevs_from_mean 0 with comparison less: a value equal to the mean fails unless all earlier values are"
            " equal; use less_or_equal"
        ),
    )


CONDITION = "regression_test_config:\n  metric_success_conditions:\n    a: "


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "metric_collection_config:\n  default_aggregation_strategies: [finl]\n",
            (
                "2: metric_collection_config.default_aggregation_strategies.0:"
                " must be 'final', 'max', 'min' or 'average', not 'finl'"
            ),
        ),
        (
            "metric_collection_config:\n  default_aggregation_strategies: []\n",
            "2: metric_collection_config.default_aggregation_strategies: must hold at least one strategy",
        ),
        (
            "metric_collection_config:\n  write_to_bigquery: true\n",
            "1: metric_collection_config.default_aggregation_strategies: required, and not there",
        ),
        (
            (
                "metric_collection_config:\n  default_aggregation_strategies: [max]\n"
                "  metric_to_aggregation_strategy: {}\n"
                "  metric_to_aggregation_strategies: {}\n"
            ),
            (
                "1: metric_collection_config: metric_to_aggregation_strategy and"
                " metric_to_aggregation_strategies are the same"
                " field; give one"
            ),
        ),
        (
            "metric_collection_config:\n  default_aggregation_strategies: [max]\n  write_to_bigquery: maybe\n",
            "3: metric_collection_config.write_to_bigquery: must be true or false",
        ),
        (
            (
                "metric_collection_config:\n  default_aggregation_strategies: [max]\n"
                "  time_to_accuracy: {accuracy_tag: x}\n"
            ),
            "3: metric_collection_config.time_to_accuracy.accuracy_threshold: required, and not there",
        ),
        ("regression_test_confg: {}\n", "1: regression_test_confg: unknown field"),
        (
            CONDITION + "{comparison: less, success_threshold: {}}\n",
            (
                "3: regression_test_config.metric_success_conditions.a.success_threshold:"
                " must hold exactly one threshold, not 0"
            ),
        ),
        (
            CONDITION + "{comparison: less, success_threshold: {fixed_value: 1, stddevs_from_mean: 2}}\n",
            (
                "3: regression_test_config.metric_success_conditions.a.success_threshold:"
                " must hold exactly one threshold, not 2"
            ),
        ),
        (
            CONDITION + "{comparison: less, success_threshold: {within_bounds: {lower: 1}}}\n",
            "3: regression_test_config.metric_success_conditions.a.success_threshold.within_bounds: unknown field",
        ),
        (
            CONDITION + "{comparison: equal, success_threshold: {stddevs_from_mean: 1}}\n",
            "3: regression_test_config.metric_success_conditions.a: comparison equal needs a fixed_value",
        ),
        (
            CONDITION + "{comparison: lesser, success_threshold: {fixed_value: 1}}\n",
            (
                "3: regression_test_config.metric_success_conditions.a.comparison: must be"
                " 'greater', 'greater_or_equal', 'less',"
                " 'less_or_equal' or 'equal', not 'lesser'"
            ),
        ),
        (
            CONDITION + "{comparison: less, success_threshold: {stddevs_from_mean: -1}}\n",
            (
                "3: regression_test_config.metric_success_conditions.a.success_threshold.stddevs_from_mean:"
                " must be at least 0, not -1"
            ),
        ),
        (
            CONDITION + "{comparison: less, success_threshold: {fixed_value: .nan}}\n",
            (
                "3: regression_test_config.metric_success_conditions.a.success_threshold.fixed_value:"
                " input should be a finite number"
            ),
        ),
    ],
)
def test_a_wrong_configuration_is_told_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(FileProblemsError) as caught:
        load(tmp_path, text)
    assert caught.value.lines()[0] == f"{tmp_path}/m.yml:{problem}"


def test_a_misspelt_field_is_guessed(tmp_path: Path) -> None:
    with pytest.raises(FileProblemsError) as caught:
        load(tmp_path, CONDITION + "{comparison: less, success_threshold: {fixed_valu: 1}}\n")
    assert caught.value.problems[0].hint == "did you mean fixed_value? (one of fixed_value, stddevs_from_mean)"
