"""What a metric must be to pass, as a frozen value: a threshold, a direction, and which earlier runs count."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from cajajejo.metrics.config.numerals import NotNegative, Seconds, Whole, shaped_as
from cajajejo.metrics.config.thresholds import KINDS, SuccessThreshold, holds
from cajajejo.phrases import some
from cajajejo.schema_words import OrNull
from cajajejo.validation import Count, StrictModel, Text, wrong_field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.metrics.config.thresholds import Kind
    from cajajejo.schema_words import Words

Comparison = Literal["greater", "greater_or_equal", "less", "less_or_equal", "equal", "within"]
Tag = Text

LAST_N: Final = 30
"""How many earlier points a condition looks at where nothing is said; `stddevs_from_mean` looks at all."""
_ONE_SIDED: Final = ("greater", "greater_or_equal", "less", "less_or_equal")
_EITHER: Final = (*_ONE_SIDED, "within")
_COMPARISONS: Final[Mapping[Kind, tuple[str, ...]]] = {
    "fixed_value": (*_ONE_SIDED, "equal"),
    "stddevs_from_mean": _EITHER,
    "within_bounds": ("within",),
    "percent_difference": _EITHER,
    "prediction_interval": _EITHER,
    "iqr": _EITHER,
    "level_shift": _EITHER,
}
_TO_BE_SAID: Final = frozenset({"fixed_value", "stddevs_from_mean"})
"""Kinds that the old handler had: they want their comparison said."""


class MinChange(StrictModel):
    """Changes up to these are none, whatever the statistics say; where both are given, both must be exceeded."""

    absolute: NotNegative = Field(0.0, description="In the unit of the metric", examples=[0.001])
    relative: NotNegative = Field(0.0, description="As a share of the level: 0.01 is 1 %", examples=[0.01])

    def around(self, centre: float) -> float:
        """The least change that counts about `centre`, in the unit of the metric."""
        return max(self.absolute, self.relative * abs(centre))


NO_CHANGE: Final = MinChange()


def _or_no_change(value: object) -> object:
    return NO_CHANGE if value is None else value


def _fitting(kind: Kind) -> Words:
    """What a schema says of the comparison beside a threshold of this kind."""
    then: Words = {"properties": {"comparison": {"enum": list(_COMPARISONS[kind])}}}
    if kind in _TO_BE_SAID:
        then["required"] = ["comparison"]
    return {"if": {"properties": {"success_threshold": holds(kind)}}, "then": then}


class SuccessCondition(StrictModel):
    """What a metric must be to pass."""

    model_config = ConfigDict(json_schema_extra={"allOf": [_fitting(kind) for kind in KINDS]})

    comparison: Comparison = Field(
        "within", description="How the metric must compare; may be left out where it is within", examples=["greater"]
    )
    success_threshold: Annotated[SuccessThreshold, shaped_as("success_threshold: {fixed_value: 99.0}")] = Field(
        description="With what it is compared"
    )
    wait_for_n_points_of_history: Annotated[Count, Field(ge=-1)] = Field(
        0, description="Earlier points needed before the condition is enforced", examples=[10]
    )
    last_n: Annotated[Whole, Field(ge=1)] | None = Field(
        None,
        description="Look at this many earlier points, the latest; none: 30, or as many as are waited for,"
        " of stddevs_from_mean all",
        examples=[30],
    )
    time_window: Seconds | None = Field(
        None, description="Look at points of this many seconds before the run", examples=[2592000]
    )
    min_change: Annotated[
        MinChange, shaped_as("min_change: {absolute: 0.001}"), BeforeValidator(_or_no_change), OrNull()
    ] = Field(default=NO_CHANGE, description="Changes up to this are none")
    resolution: NotNegative = Field(
        0.0, description="Least step of the metric: 0.01 for a share of 100 questions", examples=[0.01]
    )
    confirm_after: Annotated[Whole, Field(ge=1)] | None = Field(
        None, description="Failures in a row that make a regression; none: 1", examples=[2]
    )
    transform: Literal["none", "log"] = Field(
        "none",
        description="log: judge the logarithm, for positive metrics with a long tail such as wall times;"
        " with percent_difference, the share is of the geometric mean",
    )

    @model_validator(mode="before")
    @classmethod
    def a_threshold_in_its_place(cls, data: Any) -> Any:
        """A threshold beside the comparison is one level too high."""
        stray = [kind for kind in KINDS if isinstance(data, dict) and kind in data]
        if stray:
            raise wrong_field(stray[0], f"stands under success_threshold\nwrite success_threshold: {{{stray[0]}: …}}")
        return data

    @model_validator(mode="after")
    def a_comparison_that_fits(self) -> Self:
        """Each kind of threshold has its comparisons; those of the old handler want theirs said."""
        kind, said = self.success_threshold.kind, "comparison" in self.model_fields_set
        taken = _COMPARISONS[kind]
        if (not said and kind in _TO_BE_SAID) or self.comparison not in taken:
            problem = f"comparison {self.comparison} does not fit {kind}" if said else f"{kind} needs a comparison"
            raise ValueError(f"{problem}\n{kind} takes {some(taken, most=len(taken))}")
        return self

    @model_validator(mode="after")
    def a_window_that_is_long_enough(self) -> Self:
        """The window holds the points that the condition waits for."""
        if self.windowed and self.last_n is not None and self.last_n < self.needed:
            raise ValueError(
                f"last_n {self.last_n} is fewer than the {self.needed} points that the condition waits for"
                f"\nlast_n: {self.needed} or more"
            )
        return self

    @property
    def strict(self) -> bool:
        """Whether a value equal to the bound fails."""
        return self.comparison in {"greater", "less"}

    @property
    def bad(self) -> tuple[int, ...]:
        """The signs of changes for the worse: -1 where lower is worse, 1 where higher is; both for `within`."""
        if self.comparison.startswith("greater"):
            return (-1,)
        return (1,) if self.comparison.startswith("less") else (-1, 1)

    @property
    def from_history(self) -> bool:
        """Whether the threshold rests on earlier runs."""
        return self.success_threshold.fewest > 0

    @property
    def by_level(self) -> bool:
        """Whether a level is judged, and not a bound."""
        return self.success_threshold.level_shift is not None

    @property
    def windowed(self) -> bool:
        """Whether the earlier points that count may be limited by `last_n` and `time_window`."""
        return self.from_history and not self.by_level

    @property
    def needed(self) -> int:
        """How many earlier points there must be before the condition can be judged."""
        return max(self.wait_for_n_points_of_history, self.success_threshold.fewest)

    @property
    def window(self) -> int | None:
        """How many of the latest earlier points count, at most; None: all."""
        threshold = self.success_threshold
        if threshold.level_shift is not None:
            return threshold.level_shift.window
        if self.last_n is not None:
            return self.last_n
        return None if threshold.stddevs_from_mean is not None else max(LAST_N, self.needed)
