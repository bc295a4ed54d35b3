from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.errors import CajajejoError, FileProblemsError
from cajajejo.metrics import config
from cajajejo.metrics.config import MetricsConfig, RegressionTestConfig
from cajajejo.metrics.config.collection import MetricCollectionConfig, TimeToAccuracy
from cajajejo.metrics.config.thresholds import KINDS
from tests.metrics.builders import collection, condition, regression_tests

DATA = Path(__file__).parents[1] / "data"
CONDITION = "regression_test_config:\n  metric_success_conditions:\n    a: "


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
        time_to_accuracy=TimeToAccuracy(accuracy_tag="Accuracy/test", accuracy_threshold=76.0),
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


FURTHER = """
    {threshold: {within_bounds: {lower: 0.2, upper: 0.4}}
    {threshold: {percent_difference: {percent: 0.2, value: 5}}
    {threshold: {prediction_interval: {confidence: 0.99}}
    {threshold: {iqr: 3.0}, last_n: 30, time_window: 2592000
    {threshold: {level_shift: {}}, min_change: {absolute: 0.001, relative: 0.01}, confirm_after: 2
"""


@pytest.mark.parametrize("line", FURTHER.strip().splitlines(), ids=lambda line: line.split("{")[2].split(":")[0])
def test_further_thresholds_are_written_the_same_in_yaml_and_in_json(tmp_path: Path, line: str) -> None:
    yaml = line.strip().replace("{threshold:", "{success_threshold:") + "}"
    json = re.sub(r"([a-z_]+):", r'"\1":', yaml)
    found = load(tmp_path, f"{CONDITION}{yaml}")
    printed = f'"regression_test_config": {{\n  "metric_success_conditions": {{"a": {json},}}  # ours\n}}'
    assert found == load(tmp_path, printed)
    assert found.regression_test_config.metric_success_conditions["a"].comparison == "within"


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


@pytest.mark.parametrize(("flag", "count"), [({}, 1), ({"alert_after_second_test_failure": "True"}, 2)])
def test_failures_are_confirmed_only_where_asked(flag: dict[str, str], count: int) -> None:
    assert RegressionTestConfig.model_validate(flag).confirm_after == count


def test_a_metric_has_its_own_condition_or_the_default() -> None:
    own, default = condition("greater", fixed_value=1), condition("less", fixed_value=2)
    tests = regression_tests({"a": own, "default": default})
    assert [tests.condition_for(name) for name in ("a", "b", "default")] == [own, default, default]
    assert regression_tests({"a": own}).condition_for("b") is None


def test_cautions_about_conditions_name_their_metric() -> None:
    conditions = {
        "a_final": condition("less", stddevs_from_mean=0),
        "b_final": condition("less_or_equal", stddevs_from_mean=0),
        "default": condition("less", fixed_value=0, transform="log"),
    }
    assert config.warnings(MetricsConfig(regression_test_config=regression_tests(conditions))) == (
        (
            "a_final: stddevs_from_mean 0 with comparison less: a value equal to the mean fails unless all earlier"
            " values are equal; use less_or_equal"
        ),
        "default: transform has no effect beside fixed_value, which compares with a known value",
    )


def test_names_that_no_metric_can_have_are_told() -> None:
    found = MetricsConfig(
        metric_collection_config=collection(metric_to_aggregation_strategy={"loss": ["p90", "min"]}),
        regression_test_config=regression_tests(
            {"accuracy": condition(fixed_value=1), "loss_min": condition(fixed_value=1)},
            required_metrics=["loss_max", "vm_memory_usage_bytes", "time_to_accuracy"],
            metric_subset_to_alert=["total_wall_time", "loss"],
        ),
    )
    can = "the names of those collected end in _final, _p90, _min"
    assert config.warnings(found) == (
        f"metric_success_conditions: no metric can be called accuracy; {can}",
        f"required_metrics: no metric can be called loss_max; {can}",
        f"required_metrics: no metric can be called time_to_accuracy; {can}",
        f"metric_subset_to_alert: no metric can be called loss; {can}",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "metric_collection_config:\n  default_aggregation_strategies: [finl]\n",
            (
                "2: metric_collection_config.default_aggregation_strategies.0:"
                " must be 'final', 'max', 'min', 'average', 'median', 'p50', 'p90', 'p99' or 'last_n_average',"
                " not 'finl'"
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
            CONDITION + "{comparison: less, success_threshold: {within: {lower: 1}}}\n",
            "3: regression_test_config.metric_success_conditions.a.success_threshold.within: unknown field",
        ),
        (
            CONDITION + "{comparison: equal, success_threshold: {stddevs_from_mean: 1}}\n",
            "3: regression_test_config.metric_success_conditions.a: comparison equal does not fit stddevs_from_mean",
        ),
        (
            CONDITION + "{comparison: lesser, success_threshold: {fixed_value: 1}}\n",
            (
                "3: regression_test_config.metric_success_conditions.a.comparison: must be"
                " 'greater', 'greater_or_equal', 'less',"
                " 'less_or_equal', 'equal' or 'within', not 'lesser'"
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
                " must be a finite number, not nan"
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
    assert caught.value.problems[0].hint == f"did you mean fixed_value? (one of {', '.join(KINDS)})"


def test_a_problem_of_a_threshold_is_told_with_its_line_and_what_to_write(tmp_path: Path) -> None:
    text = CONDITION + "\n      success_threshold:\n        percent_difference:\n          percent: 20%\n"
    with pytest.raises(FileProblemsError) as caught:
        load(tmp_path, text + "      level_shift: {}\n      time_window: 30d\n")
    where = f"{tmp_path}/m.yml"
    field = "regression_test_config.metric_success_conditions.a"
    assert caught.value.lines() == [
        f"{where}:7: {field}.level_shift: stands under success_threshold",
        "    write success_threshold: {level_shift: …}",
        "1 problem in 1 file",
    ]
    with pytest.raises(FileProblemsError) as caught:
        load(tmp_path, text + "      time_window: 30d\n")
    assert caught.value.lines() == [
        f"{where}:6: {field}.success_threshold.percent_difference.percent: must be a number, not '20%'",
        "    write 0.2 for 20%",
        f"{where}:7: {field}.time_window: must be a number of seconds, not '30d'",
        "    write 2592000",
        "2 problems in 1 file",
    ]


def told(text: str) -> list[str]:
    """What loading `text` tells; nothing where it is a configuration."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.yml"
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            config.load(path)
        except CajajejoError as error:
            return error.lines()
    return []


@given(st.text(max_size=60) | st.text(alphabet=" {}[]:,#/\"'\n-abc0123.%&*!|>", max_size=60))
def test_any_text_is_a_configuration_or_a_problem_of_its_file(text: str) -> None:
    assert all("m.yml" in line for line in told(text)[:1])
