"""What a metric is compared with, as frozen values.

============================ ==================================================================================
threshold                    the metric is compared with
============================ ==================================================================================
``fixed_value``              a known value
``stddevs_from_mean``        the mean of earlier runs, and this many sample standard deviations
``within_bounds``            a known interval; a side that is not given is open
``percent_difference``       a known value, or the mean of earlier runs, and this share of it
``prediction_interval``      where one further run is expected, given the earlier ones
``iqr``                      the quartiles of earlier runs, and this many times the distance between them
``level_shift``              the level of earlier runs: several runs in a row have to tell
============================ ==================================================================================

``level_shift:`` and ``prediction_interval:`` with nothing behind them mean their defaults, as ``{}`` does, where no
other threshold is given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, get_args

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from cajajejo.metrics.config.numerals import NotNegative, Positive, Real, Whole, shaped_as
from cajajejo.schema_words import given
from cajajejo.validation import Flag, Number, StrictModel

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.schema_words import Words

Kind = Literal[
    "fixed_value",
    "stddevs_from_mean",
    "within_bounds",
    "percent_difference",
    "prediction_interval",
    "iqr",
    "level_shift",
]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Finite = Annotated[Number, Field(allow_inf_nan=False)]
"""A finite number; also one given as text, in the fields that the old handler had."""

EXCLUDING: Final = 2.5
"""Standard deviations that an interval must reach: with a nearer one, leaving out what is outside would shrink the
deviation further and further, so that outliers stay in its history."""
_OF_DEFAULTS: Final = frozenset({"level_shift", "prediction_interval"})
"""Thresholds that have a default for all that they are made of."""
_FEWEST: Final[Mapping[Kind, int]] = {"prediction_interval": 3, "iqr": 8}
_HUNDRED: Final = 100


class WithinBounds(StrictModel):
    """An interval that the metric must be in, its ends included."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [given("lower"), given("upper")]})

    lower: Real | None = Field(None, description="Least value that passes; none: any", examples=[0.2])
    upper: Real | None = Field(None, description="Greatest value that passes; none: any", examples=[0.4])

    @model_validator(mode="after")
    def an_interval(self) -> Self:
        """There is a bound, and the lower one is not above the upper one."""
        if self.lower is None and self.upper is None:
            raise ValueError("must hold lower, upper or both\nwrite within_bounds: {lower: 0.2, upper: 0.4}")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError(f"lower {self.lower:g} is above upper {self.upper:g}")
        return self


class PercentDifference(StrictModel):
    """A share of a value, or of the mean of earlier runs, by which the metric may differ from it."""

    percent: NotNegative = Field(description="Share that the metric may differ by: 0.2 is 20 %", examples=[0.2])
    value: Real | None = Field(
        None, description="Value it is a share of; none: the mean of earlier runs", examples=[5.0]
    )


def _as_share(value: object) -> object:
    if isinstance(value, int | float) and 1 < value < _HUNDRED:
        raise ValueError(f"must be less than 1, not {value:g}\nwrite {value / 100:g} for {value:g} %")
    return value


class PredictionInterval(StrictModel):
    """Where one further run is expected, with this confidence; right for short histories."""

    confidence: Annotated[Real, Field(gt=0.5, lt=1), BeforeValidator(_as_share)] = Field(
        0.999, description="Share of good runs that pass, in the long run", examples=[0.99]
    )


class LevelShift(StrictModel):
    """The level of earlier runs, which several runs have to leave before it is a regression."""

    threshold: Annotated[Real, Field(ge=3, le=10)] = Field(
        4.5, description="Size of z that makes a shift; from 4.56 on it takes four runs after a short history"
    )
    window: Annotated[Whole, Field(ge=10, le=1000)] = Field(
        100, description="Earlier runs that make the level, at most"
    )
    min_history: Annotated[Whole, Field(ge=5, le=1000)] = Field(
        10, description="Earlier runs that make the level, at least"
    )
    autocorrelation: Literal["auto", "none"] = Field(
        "auto",
        description="auto: be slower where neighbouring runs resemble each other; none: take them as independent",
    )
    anchor: Flag = Field(default=False, description="Also note a drift from the first runs")
    ongoing: Literal["fail", "warn"] = Field(
        "fail", description="What runs are while a shift lasts that was already told: regressions, or warnings"
    )
    absorb_after: Annotated[Whole, Field(ge=3)] | None = Field(
        None, description="Take a lasting shift as the new level after this many runs; none: never"
    )

    @model_validator(mode="after")
    def a_window_that_holds_the_history(self) -> Self:
        """What makes the level at least is not more than what makes it at most."""
        if self.min_history > self.window:
            raise ValueError(f"min_history {self.min_history} is above window {self.window}")
        return self


def _only_empty(name: str) -> Words:
    """The key `name` is there, and no threshold holds anything."""
    return {"required": [name], "not": {"anyOf": [given(kind) for kind in KINDS]}}


def holds(kind: str) -> Words:
    """What a schema says of a `SuccessThreshold` that is of this kind."""
    return {"anyOf": [given(kind), _only_empty(kind)]} if kind in _OF_DEFAULTS else given(kind)


class SuccessThreshold(StrictModel):
    """What a metric is compared with: exactly one of these."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [holds(kind) for kind in KINDS]})

    fixed_value: Annotated[Finite | None, shaped_as("fixed_value: 99.0")] = Field(
        None, description="A known value", examples=[99.0]
    )
    stddevs_from_mean: Annotated[Annotated[Finite, Field(ge=0)] | None, shaped_as("stddevs_from_mean: 4.0")] = Field(
        None, description="This many standard deviations from the mean of earlier runs", examples=[4.0]
    )
    within_bounds: Annotated[WithinBounds | None, shaped_as("within_bounds: {lower: 0.2, upper: 0.4}")] = Field(
        None, description="A known interval"
    )
    percent_difference: Annotated[PercentDifference | None, shaped_as("percent_difference: {percent: 0.2}")] = Field(
        None, description="A share of a known value, or of the mean of earlier runs"
    )
    prediction_interval: Annotated[PredictionInterval | None, shaped_as("prediction_interval: {confidence: 0.99}")] = (
        Field(None, description="Where one further run is expected, given the earlier ones")
    )
    iqr: Annotated[Positive | None, shaped_as("iqr: 3.0")] = Field(
        None, description="This many interquartile ranges below the first and above the third quartile", examples=[3.0]
    )
    level_shift: Annotated[LevelShift | None, shaped_as("level_shift: {}")] = Field(
        None, description="The level of earlier runs; several runs have to tell"
    )

    @model_validator(mode="before")
    @classmethod
    def an_empty_key_means_its_defaults(cls, data: Any) -> Any:
        """A key without anything behind it is the threshold where no other one is given."""
        if not isinstance(data, dict) or any(value is not None for value in data.values()):
            return data
        return {name: {} if name in _OF_DEFAULTS else None for name in data}

    @model_validator(mode="after")
    def exactly_one_threshold(self) -> Self:
        """A condition has one threshold."""
        count = sum(getattr(self, kind) is not None for kind in KINDS)
        if count != 1:
            raise ValueError(f"must hold exactly one threshold, not {count}\none of {', '.join(KINDS)}")
        return self

    @property
    def kind(self) -> Kind:
        """The name of the threshold that is given."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def fewest(self) -> int:
        """How many earlier points this can be computed from, at least."""
        if self.level_shift is not None:
            return self.level_shift.min_history
        if self.percent_difference is not None:
            return 1 if self.percent_difference.value is None else 0
        if self.stddevs_from_mean is not None:
            return 2 if self.stddevs_from_mean else 1
        return _FEWEST.get(self.kind, 0)
