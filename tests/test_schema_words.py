"""What the schemas say of single types and of several fields, held against what the models take."""

from __future__ import annotations

from typing import Annotated, Any

import jsonschema_rs
import pytest
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from cajajejo import schema_words as words
from cajajejo import validation
from cajajejo.validation import StrictModel

TYPES: dict[str, Any] = {
    name: getattr(validation, name)
    for name in (
        *("Text", "NonEmptyText", "Quantity", "LabelValue", "LabelKey", "DnsName", "DnsLabel", "EnvName"),
        *("Flag", "Number", "Count"),
    )
}
ADAPTERS = {name: TypeAdapter(annotation) for name, annotation in TYPES.items()}
VALIDATORS = {name: jsonschema_rs.validator_for(adapter.json_schema()) for name, adapter in ADAPTERS.items()}
SHORT = st.text("019.-+eEkKmMiGx/ ATRUEtruefals", max_size=6)
LONG = st.integers(60, 66).map(lambda length: "a" * length)
TEXTS = (
    SHORT
    | LONG
    | st.sampled_from(
        ["", "True", "fAlse", "16Gi", "0.5", "1e3", "0e3", "a.b", "a..b", "x/y", "1_0", "0-5", "a_b", "_a"]
    )
)


def takes(name: str, value: object) -> bool:
    try:
        ADAPTERS[name].validate_python(value)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize("name", TYPES)
@settings(max_examples=300, deadline=None)
@examples(text=TEXTS)
def test_the_schema_takes_the_same_text_as_the_model(name: str, text: str) -> None:
    assert VALIDATORS[name].is_valid(text) == takes(name, text)


@pytest.mark.parametrize("name", TYPES)
@settings(max_examples=100, deadline=None)
@examples(value=st.integers(-3, 10**6) | st.decimals(-3, 100, places=2).map(float) | st.booleans())
def test_the_schema_takes_every_number_that_the_model_takes(name: str, value: object) -> None:
    assert VALIDATORS[name].is_valid(value) or not takes(name, value)


@pytest.mark.parametrize("name", TYPES)
@pytest.mark.parametrize("value", [None, [], ["x"], {}, {"a": 1}], ids=str)
def test_nothing_takes_what_is_no_scalar(name: str, value: object) -> None:
    assert (VALIDATORS[name].is_valid(value), takes(name, value)) == (False, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("Quantity", 0), ("Quantity", -1), ("Quantity", True), ("LabelValue", -1), ("DnsName", -0.5)),
        *(("DnsLabel", 1.5), ("Flag", 1), ("Number", True), ("Count", 1.5), ("Count", False)),
    ],
)
def test_numbers_that_the_model_refuses_the_schema_refuses(name: str, value: object) -> None:
    assert (VALIDATORS[name].is_valid(value), takes(name, value)) == (False, False)


def test_the_shorter_of_two_limits_counts() -> None:
    short = TypeAdapter(Annotated[validation.DnsLabel, Field(max_length=5)]).json_schema()
    long = TypeAdapter(Annotated[validation.DnsLabel, Field(max_length=500)]).json_schema()
    assert (short["maxLength"], long["maxLength"]) == (5, 63)


def test_nothing_may_be_written_where_nothing_means_the_default() -> None:
    annotated = TypeAdapter(Annotated[dict[str, int], words.OrNull()])
    schema = jsonschema_rs.validator_for(annotated.json_schema())
    assert (schema.is_valid({}), schema.is_valid(None), schema.is_valid("")) == (True, True, False)


@pytest.mark.parametrize(
    ("rule", "fitting", "other"),
    [
        pytest.param(
            words.exactly_one("a", "b"),
            [{"a": 1}, {"b": 1, "a": None}],
            [{}, {"a": None}, {"a": 1, "b": 1}],
            id="exactly one",
        ),
        pytest.param(
            words.at_most_one("a", "b"), [{}, {"a": 1}, {"a": None, "b": 1}], [{"a": 1, "b": 0}], id="at most one"
        ),
        pytest.param(
            words.at_most_one("a", "b", "c"),
            [{}, {"c": 1}],
            [{"a": 1, "b": 1}, {"a": 1, "c": 1}, {"b": 1, "c": 1}],
            id="at most one of three",
        ),
        pytest.param(
            words.needs("a", "b"),
            [{}, {"b": 1}, {"a": None}, {"a": 1, "b": 1}],
            [{"a": 1}, {"a": 1, "b": None}],
            id="needs",
        ),
        pytest.param(words.none_of("a", "b"), [{}, {"c": 1}], [{"a": 1}, {"b": None, "c": 1}], id="none of"),
    ],
)
def test_a_rule_about_several_fields_says_what_its_name_says(
    rule: words.Words, fitting: list[Any], other: list[Any]
) -> None:
    schema = jsonschema_rs.validator_for(rule)
    assert ([schema.is_valid(x) for x in fitting], [schema.is_valid(x) for x in other]) == (
        [True] * len(fitting),
        [False] * len(other),
    )


def test_a_rule_stands_in_the_schema_of_its_model() -> None:
    class Source(StrictModel):
        model_config = ConfigDict(json_schema_extra=words.exactly_one("path", "uri"))

        path: str | None = None
        uri: str | None = None

    schema = jsonschema_rs.validator_for(Source.model_json_schema())
    assert [schema.is_valid(value) for value in ({"path": "x"}, {}, {"path": "x", "other": 1})] == [True, False, False]
