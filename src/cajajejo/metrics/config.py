"""The metric configuration of a test, as a frozen value: what is collected, and what counts as good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from cajajejo import files, schema_words, validation
from cajajejo.metrics import jsontext
from cajajejo.schema_words import OrNull, Says
from cajajejo.validation import Count, Flag, NonEmptyText, Number, StrictModel, Text

if TYPE_CHECKING:
    from pathlib import Path

Strategy = Literal["final", "max", "min", "average"]
Comparison = Literal["greater", "greater_or_equal", "less", "less_or_equal", "equal"]
Finite = Annotated[Number, Field(allow_inf_nan=False)]
Tag = Text

DEFAULT_CONDITION: Final = "default"
"""The name under which the condition of every metric without one of its own stands."""


def _or_nothing(value: object) -> object:
    return {} if value is None else value


def _at_least_one(strategies: tuple[Strategy, ...]) -> tuple[Strategy, ...]:
    if not strategies:
        raise ValueError("must hold at least one strategy\nto leave a tag out, list it under tags_to_ignore")
    return strategies


Strategies = Annotated[tuple[Strategy, ...], AfterValidator(_at_least_one), Says(minItems=1)]


class TimeToAccuracy(StrictModel):
    """The tag that has to reach a threshold."""

    accuracy_tag: NonEmptyText = Field(
        description="Tag of the accuracy, as the run writes it", examples=["Accuracy/test"]
    )
    accuracy_threshold: Finite = Field(description="Value that the tag has to reach", examples=[76.0])


class MetricCollectionConfig(StrictModel):
    """Which metrics are collected, and how each series becomes one number."""

    model_config = ConfigDict(
        json_schema_extra=schema_words.at_most_one("metric_to_aggregation_strategy", "metric_to_aggregation_strategies")
    )

    default_aggregation_strategies: Strategies = Field(
        description="Strategies of every tag without its own", examples=[["final"]]
    )
    metric_to_aggregation_strategy: dict[Tag, Strategies] | None = Field(
        None,
        description="Strategies by tag, in place of the default; a tag may be a glob",
        examples=[{"loss": ["final", "min"]}],
    )
    metric_to_aggregation_strategies: dict[Tag, Strategies] | None = Field(
        None, description="The same under the name that the old handler read; not both"
    )
    tags_to_ignore: tuple[Tag, ...] = Field(
        (), description="Tags left out; a tag may be a glob", examples=[["LearningRate"]]
    )
    time_to_accuracy: TimeToAccuracy | None = Field(
        None, description="Collect the seconds until a tag reached a threshold"
    )
    write_to_bigquery: Flag = Field(default=True, description="false: judge, but store nothing")
    use_run_name_prefix: Flag = Field(default=False, description="Put the run's directory in front of each tag")

    @model_validator(mode="after")
    def one_spelling_of_strategies(self) -> Self:
        """The strategies by tag have two names; a config uses one."""
        if self.metric_to_aggregation_strategy is not None and self.metric_to_aggregation_strategies is not None:
            raise ValueError(
                "metric_to_aggregation_strategy and metric_to_aggregation_strategies are the same field; give one"
            )
        return self

    @property
    def strategies_by_tag(self) -> dict[str, tuple[Strategy, ...]]:
        """The strategies of tags that have their own, under whichever name they were given."""
        return self.metric_to_aggregation_strategy or self.metric_to_aggregation_strategies or {}


class SuccessThreshold(StrictModel):
    """What a metric is compared with: exactly one of these."""

    model_config = ConfigDict(json_schema_extra=schema_words.exactly_one("fixed_value", "stddevs_from_mean"))

    fixed_value: Finite | None = Field(None, description="A known value", examples=[99.0])
    stddevs_from_mean: Annotated[Finite, Field(ge=0)] | None = Field(
        None, description="This many standard deviations from the mean of earlier runs", examples=[4.0]
    )

    @model_validator(mode="after")
    def exactly_one_threshold(self) -> Self:
        """A condition has one threshold."""
        given = [name for name in type(self).model_fields if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"must hold exactly one threshold, not {len(given)}\none of {', '.join(type(self).model_fields)}"
            )
        return self


class SuccessCondition(StrictModel):
    """What a metric must be to pass."""

    model_config = ConfigDict(
        json_schema_extra={
            "if": {"properties": {"comparison": {"const": "equal"}}, "required": ["comparison"]},
            "then": {"properties": {"success_threshold": schema_words.given("fixed_value")}},
        }
    )

    comparison: Comparison = Field(description="How the metric must compare", examples=["greater"])
    success_threshold: SuccessThreshold = Field(description="With what it is compared")
    wait_for_n_points_of_history: Annotated[Count, Field(ge=-1)] = Field(
        0, description="Earlier points needed before the condition is enforced", examples=[10]
    )

    @model_validator(mode="after")
    def equal_needs_a_fixed_value(self) -> Self:
        """Equality with a mean is no condition."""
        if self.comparison == "equal" and self.success_threshold.fixed_value is None:
            raise ValueError(
                "comparison equal needs a fixed_value\n"
                "stddevs_from_mean takes greater, less, greater_or_equal or less_or_equal"
            )
        return self

    @property
    def strict(self) -> bool:
        """Whether a value equal to the bound fails."""
        return self.comparison in {"greater", "less"}


class RegressionTestConfig(StrictModel):
    """What counts as a regression, and what alerts."""

    metric_success_conditions: Annotated[dict[Tag, SuccessCondition], BeforeValidator(_or_nothing), OrNull()] = Field(
        default={}, description="Conditions by metric name (TAG_STRATEGY); default: for all others"
    )
    required_metrics: tuple[Tag, ...] = Field(
        (), description="Metrics that every run must write", examples=[["Accuracy/test_final"]]
    )
    metric_subset_to_alert: tuple[Tag, ...] = Field((), description="Only these metrics alert; empty: all")
    alert_for_oob_metrics: Flag = Field(default=True, description="Alert for metrics out of bounds")
    alert_for_failed_jobs: Flag = Field(
        default=True, description="Alert for jobs that failed, timed out or were missed"
    )
    alert_after_second_test_failure: Flag = Field(default=False, description="Only the second failure in a row counts")

    @property
    def confirm_after(self) -> int:
        """How many failures in a row it takes."""
        return 2 if self.alert_after_second_test_failure else 1

    def condition_for(self, metric: str) -> SuccessCondition | None:
        """The condition of `metric`: its own, or the default one."""
        own = None if metric == DEFAULT_CONDITION else self.metric_success_conditions.get(metric)
        return own or self.metric_success_conditions.get(DEFAULT_CONDITION)

    def alerts_on(self, metric: str) -> bool:
        """Whether `metric` may alert at all."""
        return not self.metric_subset_to_alert or metric in self.metric_subset_to_alert


DEFAULT_COLLECTION: Final = MetricCollectionConfig(default_aggregation_strategies=("final",))
"""What is collected where nothing is said: the final value of every tag."""


def _or_default_collection(value: object) -> object:
    return DEFAULT_COLLECTION if value is None else value


class MetricsConfig(StrictModel):
    """The metric configuration of one test."""

    test_name: NonEmptyText | None = Field(None, description="Name of the test; the one on the command line counts")
    metric_collection_config: Annotated[MetricCollectionConfig, BeforeValidator(_or_default_collection), OrNull()] = (
        Field(default=DEFAULT_COLLECTION, description="Which metrics are collected")
    )
    regression_test_config: Annotated[RegressionTestConfig, BeforeValidator(_or_nothing), OrNull()] = Field(
        default_factory=RegressionTestConfig, description="What counts as a regression"
    )


def load(path: Path) -> MetricsConfig:
    """The metric configuration in `path`: YAML, JSON, or JSON as documents print it (see `jsontext`).

    Raises:
        FileProblemsError: every problem of the file, with its line.
    """
    return validation.validate(MetricsConfig, jsontext.parse(files.read_text(path), str(path)))


def warnings(config: MetricsConfig) -> tuple[str, ...]:
    """What is allowed, and probably not meant; one sentence each."""
    conditions = config.regression_test_config.metric_success_conditions
    return tuple(
        f"{name}: stddevs_from_mean 0 with comparison {condition.comparison}: a value equal to the mean fails"
        f" unless all earlier values are equal; use {condition.comparison}_or_equal"
        for name, condition in conditions.items()
        if condition.success_threshold.stddevs_from_mean == 0 and condition.strict
    )
