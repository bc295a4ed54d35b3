"""Which metrics of a run are collected, and how each series becomes numbers, as a frozen value."""

from __future__ import annotations

from itertools import chain
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from cajajejo import schema_words
from cajajejo.metrics.config.numerals import Whole
from cajajejo.metrics.config.thresholds import Finite
from cajajejo.schema_words import Says
from cajajejo.system_facts import MEMORY_METRIC
from cajajejo.validation import Flag, NonEmptyText, StrictModel, Text

Strategy = Literal["final", "max", "min", "average", "median", "p50", "p90", "p99", "last_n_average"]

TOTAL_WALL_TIME: Final = "total_wall_time"
TIME_TO_ACCURACY: Final = "time_to_accuracy"
MEMORY: Final = (MEMORY_METRIC, "gpu_memory_usage_bytes")
"""Tags whose greatest value is a metric of the same name, in place of one for each strategy."""

LAST_N: Final = 10
"""How many points `last_n_average` takes where nothing is said."""


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
    metric_to_aggregation_strategy: dict[Text, Strategies] | None = Field(
        None,
        description="Strategies by tag, in place of the default; a tag may be a glob",
        examples=[{"loss": ["final", "min"]}],
    )
    metric_to_aggregation_strategies: dict[Text, Strategies] | None = Field(
        None, description="The same under the name that the old handler read; not both"
    )
    last_n: Annotated[Whole, Field(ge=1)] = Field(
        LAST_N, description="How many points last_n_average is the average of", examples=[10]
    )
    tags_to_ignore: tuple[Text, ...] = Field(
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

    @property
    def strategies(self) -> tuple[Strategy, ...]:
        """Every strategy that is used for some tag, each once."""
        listed = (self.default_aggregation_strategies, *self.strategies_by_tag.values())
        return tuple(dict.fromkeys(chain.from_iterable(listed)))

    @property
    def computed(self) -> tuple[str, ...]:
        """The names of metrics that do not end in a strategy."""
        return (TOTAL_WALL_TIME, *MEMORY, *([] if self.time_to_accuracy is None else [TIME_TO_ACCURACY]))


DEFAULT_COLLECTION: Final = MetricCollectionConfig(default_aggregation_strategies=("final",))
"""What is collected where nothing is said: the final value of every tag."""
