"""The metric configuration of a test, as a frozen value: what is collected, and what counts as good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BeforeValidator, Field

from cajajejo import files, validation
from cajajejo.metrics.config import cautions, jsontext
from cajajejo.metrics.config.collection import DEFAULT_COLLECTION, MetricCollectionConfig
from cajajejo.metrics.config.conditions import SuccessCondition, Tag
from cajajejo.phrases import some
from cajajejo.schema_words import OrNull
from cajajejo.validation import Flag, NonEmptyText, StrictModel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFAULT_CONDITION: Final = "default"
"""The name under which the condition of every metric without one of its own stands."""


def _or_nothing(value: object) -> object:
    return {} if value is None else value


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
        """How many failures in a row it takes, of the job, and of a metric whose condition does not say."""
        return 2 if self.alert_after_second_test_failure else 1

    def condition_for(self, metric: str) -> SuccessCondition | None:
        """The condition of `metric`: its own, or the default one."""
        own = None if metric == DEFAULT_CONDITION else self.metric_success_conditions.get(metric)
        return own or self.metric_success_conditions.get(DEFAULT_CONDITION)

    def alerts_on(self, metric: str) -> bool:
        """Whether `metric` may alert at all."""
        return not self.metric_subset_to_alert or metric in self.metric_subset_to_alert


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
    of_conditions = [f"{name}: {said}" for name, condition in conditions.items() for said in cautions.about(condition)]
    return (*of_conditions, *_of_names(config))


def _of_names(config: MetricsConfig) -> Iterator[str]:
    """Names of metrics that no collection with this configuration can give: most lack their strategy."""
    tests, collection = config.regression_test_config, config.metric_collection_config
    conditions = [name for name in tests.metric_success_conditions if name != DEFAULT_CONDITION]
    endings = [f"_{strategy}" for strategy in collection.strategies]
    for field, names in (
        ("metric_success_conditions", conditions),
        ("required_metrics", tests.required_metrics),
        ("metric_subset_to_alert", tests.metric_subset_to_alert),
    ):
        for name in names:
            if not name.endswith(tuple(endings)) and name not in collection.computed:
                yield f"{field}: no metric can be called {name}; the names of those collected end in {some(endings)}"
