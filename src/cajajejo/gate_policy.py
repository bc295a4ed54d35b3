"""The policy of a release gate, as a frozen value: what a candidate must keep, metric by metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final, Literal, Self

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from cajajejo import validation, yamlfile
from cajajejo.errors import CajajejoError
from cajajejo.phrases import matches, some
from cajajejo.schema_words import Says, Words, at_most_one, given
from cajajejo.validation import Count, Flag, NonEmptyText, Number, StrictModel, wrong_field

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

DEFAULT_NAME: Final = "default"
"""What the rule for all other metrics is called, so that no other one is."""
_LEAST_CONFIDENCE: Final = 0.5
_DROPS: Final = ("max_drop", "max_relative_drop")
_LEVELS: Final = ("min_value", "max_value")
_LOWER: Final[Words] = {"required": ["direction"], "properties": {"direction": {"const": "lower_is_better"}}}
_NAMED: Final = 8

Finite = Annotated[Number, Field(allow_inf_nan=False)]


def _check_confidence(confidence: float) -> float:
    if not _LEAST_CONFIDENCE < confidence < 1:
        raise ValueError(f"must be more than 0.5 and less than 1, not {confidence:g}\nfor example 0.95, which is 95 %")
    return confidence


def _check_range(score_range: tuple[float, ...]) -> tuple[float, ...]:
    match score_range:
        case (lowest, highest) if lowest < highest:
            return score_range
    raise ValueError("must be two numbers, the lowest score and the highest one\nfor example [0, 1]")


def _check_some(globs: tuple[str, ...]) -> tuple[str, ...]:
    if not globs:
        raise ValueError('must hold at least one name or glob\n"*" is every metric')
    return globs


def _check_name(name: str) -> str:
    if name == DEFAULT_NAME:
        raise ValueError("default is the name of what applies to all other metrics; give the rule another one")
    return name


def _check_rules(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    if not rules:
        raise ValueError("must hold at least one rule")
    names = [rule.name for rule in rules]
    repeated = [place for place, name in enumerate(names) if name in names[:place]]
    if repeated:
        raise ValidationError.from_exception_data("rules", [_same_name(place, names) for place in repeated])
    return rules


def _same_name(place: int, names: list[str]) -> InitErrorDetails:
    message = f"another rule is called {names[place]!r}; a name stands for one rule"
    told = PydanticCustomError("value_error", "{error}", {"error": message})
    return InitErrorDetails(type=told, loc=(place, "name"), input=names[place])


_IS_TRUE: Final[Words] = {"anyOf": [{"const": True}, {"type": "string", "pattern": "^[Tt][Rr][Uu][Ee]$"}]}
_RULES_OF_FIELDS: Final[Words] = {
    "allOf": [
        at_most_one(*_LEVELS),
        *({"not": given(drop, level)} for drop in _DROPS for level in _LEVELS),
        {"if": given("min_value"), "then": {"not": _LOWER}},
        {"if": given("max_value"), "then": _LOWER},
        {
            "if": {"required": ["point"], "properties": {"point": _IS_TRUE}},
            "then": {"anyOf": [given(level) for level in _LEVELS]},
        },
    ]
}


class Requirement(StrictModel):
    """What is asked of the metrics that no rule matches."""

    model_config = ConfigDict(json_schema_extra=_RULES_OF_FIELDS)

    tier: Literal["blocking", "advisory"] = Field(
        "blocking", description="blocking: a fail or an inconclusive says no. advisory: reported, and decides nothing"
    )
    max_drop: Annotated[Finite, Field(ge=0)] | None = Field(
        None,
        description="The drop that is tolerated, in units of the metric (of a metric where lower is better: the rise);"
        " none: 0, unless max_relative_drop says else",
        examples=[0.02],
    )
    max_relative_drop: Annotated[Finite, Field(ge=0)] | None = Field(
        None,
        description="The same as a share of the baseline's mean; where both are given, the stricter one counts",
        examples=[0.05],
    )
    min_value: Finite | None = Field(
        None, description="In place of a drop: the level that the candidate must be shown to exceed", examples=[0.6]
    )
    max_value: Finite | None = Field(
        None, description="The same of a metric where lower is better: the level to be below", examples=[0.1]
    )
    point: Flag = Field(
        default=False, description="Compare the value itself with min_value or max_value, whatever chance may have done"
    )
    direction: Literal["higher_is_better", "lower_is_better"] = Field(
        "higher_is_better", description="Which way is better"
    )
    score_range: Annotated[tuple[Finite, ...], AfterValidator(_check_range), Says(minItems=2, maxItems=2)] | None = (
        Field(
            None,
            description="The lowest and the highest score of an item; none: 0 to 1 where all scores lie there",
            examples=[[0, 10]],
        )
    )

    @model_validator(mode="after")
    def a_drop_or_a_level(self) -> Self:
        """A rule looks at the difference to the baseline, or at the candidate alone."""
        levels, drops = self._given(_LEVELS), self._given(_DROPS)
        if len(levels) > 1:
            raise wrong_field(levels[1], "min_value and max_value cannot both be there; a metric has one direction")
        if levels and drops:
            raise wrong_field(levels[0], f"{levels[0]} stands in place of {' and '.join(drops)}, not beside")
        if self.point and not levels:
            raise wrong_field("point", "needs a min_value or a max_value to compare with")
        return self

    @model_validator(mode="after")
    def the_level_fits_the_direction(self) -> Self:
        """A level is the least of what should be high, and the most of what should be low."""
        lower = self.direction == "lower_is_better"
        if self.min_value is not None and lower:
            raise wrong_field("min_value", "direction is lower_is_better, where max_value is the level to be below")
        if self.max_value is not None and not lower:
            raise wrong_field("max_value", "needs direction: lower_is_better; else min_value is the level to exceed")
        return self

    def _given(self, names: Iterable[str]) -> list[str]:
        return [name for name in names if getattr(self, name) is not None]

    @property
    def level(self) -> float | None:
        """The level that is asked for in place of a drop; None: a drop is limited."""
        return self.min_value if self.max_value is None else self.max_value


class Rule(Requirement):
    """What is asked of some metrics."""

    name: Annotated[NonEmptyText, AfterValidator(_check_name), Says(**{"not": {"const": DEFAULT_NAME}})] = Field(
        description="What the rule is called in verdicts", examples=["knowledge"]
    )
    metrics: Annotated[tuple[NonEmptyText, ...], AfterValidator(_check_some), Says(minItems=1)] = Field(
        description="Names of metrics, <scenario>/<metric>; each may be a glob, which fits the whole name",
        examples=[["mmlu*/exact_match", "boolq/exact_match"]],
    )

    def matches(self, metric: str) -> bool:
        """Whether it is about `metric`; letters count as they are, and ``*`` stands for slashes, too."""
        return any(matches(metric, glob) for glob in self.metrics)


class GatePolicy(StrictModel):
    """What a candidate must keep beside its baseline to be released."""

    kind: Literal["gate_policy"] = Field(description="What the file is")
    version: Literal["v1"] = Field(description="Version of its format")
    confidence: Annotated[
        Finite, AfterValidator(_check_confidence), Says(exclusiveMinimum=_LEAST_CONFIDENCE, exclusiveMaximum=1)
    ] = Field(0.95, description="Of intervals; 1 minus it is the share of errors that is put up with", examples=[0.99])
    correction: Literal["holm", "none"] = Field(
        "holm", description="How p-values are adjusted for the number of metrics that are tested"
    )
    min_pairs: Annotated[Count, Field(ge=2)] = Field(10, description="With fewer pairs a metric is inconclusive")
    seed: Annotated[Count, Field(ge=0)] = Field(0, description="Of what is drawn at random")
    rules: Annotated[tuple[Rule, ...], AfterValidator(_check_rules), Says(minItems=1)] = Field(
        description="What is asked of which metrics; the first rule that matches a metric counts"
    )
    default: Requirement | None = Field(
        None,
        description="What is asked of metrics that no rule matches; none: such a metric is an error",
        examples=[{"tier": "advisory"}],
    )

    def rule_of(self, metric: str) -> Rule | Requirement | None:
        """The first rule that matches `metric`, else the default; None where there is none."""
        return next((rule for rule in self.rules if rule.matches(metric)), self.default)

    def refuse_unmatched(self, metrics: Iterable[str], file: str) -> None:
        """Returns where something is asked of every one of `metrics`; `file` is where the policy stands.

        Raises:
            CajajejoError: no rule matches some of them, and there is no default.
        """
        unmatched = [metric for metric in metrics if self.rule_of(metric) is None]
        if not unmatched:
            return
        verb = "metric matches" if len(unmatched) == 1 else "metrics match"
        way_out = "add a rule that matches, or, to report and not to judge, the line  default: {tier: advisory}"
        message = f"{len(unmatched)} {verb} no rule of {file}"
        raise CajajejoError(message, facts={"unmatched": some(unmatched, most=_NAMED), "way out": way_out})


def load(path: Path) -> GatePolicy:
    """The policy in `path`.

    Raises:
        FileProblemsError: every problem of the file, with its line.
    """
    return validation.validate(GatePolicy, yamlfile.load(path))
