"""Documents held against models: every problem at once, with its line, its documented path and a hint."""

from __future__ import annotations

from typing import Any, Literal

import pytest
from pydantic import Field, TypeAdapter, ValidationError

from cajajejo import overrides, validation, yamlfile
from cajajejo.errors import FileProblemsError
from cajajejo.validation import (
    Count,
    EnvName,
    Flag,
    LabelValue,
    NonEmptyText,
    Number,
    Quantity,
    StrictModel,
    Text,
    check_quantity,
)


class Inner(StrictModel):
    size: Count
    share: Number = 0.5
    on: Flag = False
    names: tuple[Text, ...] = ()


class Outer(StrictModel):
    name: NonEmptyText
    first: Inner
    second: Inner | None = Field(None, alias="second_config")
    many: tuple[Inner, ...] = ()
    table: dict[EnvName, Inner] = Field(default_factory=dict)


def problems(text: str, *settings: str) -> list[str]:
    with pytest.raises(FileProblemsError) as caught:
        validation.validate(Outer, overrides.apply(yamlfile.parse(text, "f.yml"), settings))
    return caught.value.lines()[:-1]


def told(kind: Any, value: object) -> str:
    """The message about `value` as a `kind`, as pydantic wraps it."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    return caught.value.errors()[0]["msg"]


def test_a_document_that_fits_becomes_a_frozen_value() -> None:
    first_lines = "name: 1.10\nfirst: {size: '3', share: '0.25', on: 'True', names: [1, 2.50, true, x]}\n"
    outer = validation.validate(Outer, yamlfile.parse(f"{first_lines}second_config: {{size: 1}}\n", "f.yml"))
    first = Inner(size=3, share=0.25, on=True, names=("1", "2.50", "true", "x"))
    assert outer == Outer.model_validate({"name": "1.10", "first": first, "second_config": Inner(size=1)})
    with pytest.raises(ValidationError, match="frozen"):
        outer.name = "other"  # type: ignore[misc]  # that it cannot be written is the point


def test_all_problems_are_told_in_order_of_lines() -> None:
    text = "table:\n  1X: {size: 1}\nfirst:\n  share: much\n  extra: 1\nname: ''\n"
    assert problems(text) == [
        "f.yml:2: table.1X: not a name for an environment variable: '1X'",
        "    letters, digits, '-', '_' and '.'; no digit first (Kubernetes 1.32 takes more)",
        "f.yml:3: first.size: required, and not there",
        "f.yml:4: first.share: must be a number, not 'much'",
        "f.yml:5: first.extra: unknown field",
        "    one of size, share, on, names",
        "f.yml:6: name: must not be empty",
    ]


def test_a_misspelt_required_field_is_told_once() -> None:
    assert problems("nmae: x\nfirst: {sise: 1}\n") == [
        "f.yml:1: nmae: unknown field",
        "    did you mean name? (one of name, first, second_config, many, table)",
        "f.yml:2: first.sise: unknown field",
        "    did you mean size? (one of size, share, on, names)",
    ]


def test_a_missing_field_is_told_beside_a_field_that_is_unknown_for_another_reason() -> None:
    assert problems("name: x\nfirst: {shara: 1}\n") == [
        "f.yml:2: first.size: required, and not there",
        "f.yml:2: first.shara: unknown field",
        "    did you mean share? (one of size, share, on, names)",
    ]


def test_a_field_has_its_documented_name_only() -> None:
    assert problems("name: x\nfirst: {size: 1}\nsecond: {size: 1}\n") == [
        "f.yml:3: second: unknown field",
        "    did you mean second_config? (one of name, first, second_config, many, table)",
    ]


def test_unknown_fields_are_explained_at_every_depth() -> None:
    text = "name: x\nfirst: {size: 1}\nsecond_config: {size: 1, a: 1}\nmany:\n- sise: 1\ntable:\n  X: {size: 1, b: 1}\n"
    assert problems(text) == [
        "f.yml:3: second_config.a: unknown field",
        "    one of size, share, on, names",
        "f.yml:5: many.0.sise: unknown field",
        "    did you mean size? (one of size, share, on, names)",
        "f.yml:7: table.X.b: unknown field",
        "    one of size, share, on, names",
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("{size: big}", "first.size: must be a whole number, not 'big'"),
        ("{size: 1.5}", "first.size: must be a whole number, not 1.5"),
        ("{size: }", "first.size: must be a whole number, not empty"),
        ("{size: true}", "first.size: must be a number"),
        ("{size: [1]}", "first.size: must be a whole number, not a list"),
        ("{size: '0-5'}", "first.size: must be a whole number, not '0-5'"),
        ("{size: 1, share: {a: 1}}", "first.share: must be a number, not a mapping"),
        ("{size: 1, share: no}", "first.share: must be a number, not 'no'"),
        ("{size: 1, on: no}", "first.on: must be true or false"),
        ("{size: 1, on: 1}", "first.on: must be true or false"),
        ("{size: 1, names: x}", "first.names: must be a list, not 'x'"),
        ("{size: 1, names: [a, ]}", None),
        ("{size: 1, names: [[a]]}", "first.names.0: must be text, not a list"),
        ("{size: 1, names: [~]}", "first.names.0: must be text, not empty"),
        ("x", "first: must be a mapping of fields, not 'x'"),
        ("", "first: must be a mapping of fields, not empty"),
        ("[1]", "first: must be a mapping of fields, not a list"),
    ],
)
def test_a_value_of_the_wrong_kind_is_told_in_words(value: str, message: str | None) -> None:
    text = f"name: x\nfirst: {value}\n"
    if message is None:
        assert validation.validate(Outer, yamlfile.parse(text, "f.yml")).first.names == ("a",)
    else:
        assert problems(text) == [f"f.yml:2: {message}"]


class Versioned(StrictModel):
    version: Literal["v4"]
    sections: tuple[Inner, ...] | None = None


def test_a_word_that_is_none_of_those_allowed_is_told_with_them() -> None:
    with pytest.raises(FileProblemsError) as caught:
        validation.validate(Versioned, yamlfile.parse("version: 4\nsections:\n- {sise: 1}\n", "f.yml"))
    assert caught.value.lines()[:-1] == [
        "f.yml:1: version: must be 'v4', not 4",
        "f.yml:3: sections.0.sise: unknown field",
        "    did you mean size? (one of size, share, on, names)",
    ]


def test_a_problem_of_any_other_kind_keeps_pydantics_words() -> None:
    class Few(StrictModel):
        items: tuple[Text, ...] = Field(max_length=1)

    with pytest.raises(FileProblemsError) as caught:
        validation.validate(Few, yamlfile.parse("items: [a, b]\n", "f.yml"))
    assert caught.value.lines()[0] == "f.yml:1: items: tuple should have at most 1 item after validation, not 2"


def test_fields_below_a_value_that_holds_none_cannot_be_guessed() -> None:
    assert validation.field_names(Outer, ("name", "deeper")) == []
    assert validation.field_names(Outer, ("no_such", "deeper")) == []
    assert validation.field_names(Outer, ("table", "ANY")) == ["size", "share", "on", "names"]


def test_a_model_without_fields_says_that_nothing_can_stand_there() -> None:
    class Nothing(StrictModel):
        pass

    with pytest.raises(FileProblemsError) as caught:
        validation.validate(Nothing, yamlfile.parse("a: 1\n", "f.yml"))
    assert caught.value.lines()[:2] == ["f.yml:1: a: unknown field", "    nothing can stand here"]


def test_a_problem_that_an_override_brought_names_the_override_and_no_line() -> None:
    text = "name: x\nfirst: {size: 1, names: [a]}\n"
    assert problems(text, "first.size=big") == ["--set first.size: must be a whole number, not 'big'"]
    assert problems(text, "first={sise: 1}") == [
        "--set first: first.sise: unknown field",
        "    did you mean size? (one of size, share, on, names)",
    ]
    assert problems(text, "first.names.0=[a]") == ["--set first.names.0: must be text, not a list"]
    assert problems(text, "table={}", "table.1X={size: 1}") == [
        "--set table.1X: not a name for an environment variable: '1X'",
        "    letters, digits, '-', '_' and '.'; no digit first (Kubernetes 1.32 takes more)",
    ]


def test_a_problem_of_the_file_beside_an_override_keeps_its_line() -> None:
    assert problems("name: ''\nfirst: {size: 1}\n", "first.size=big") == [
        "--set first.size: must be a whole number, not 'big'",
        "f.yml:1: name: must not be empty",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "4",
        "+4",
        "0.5",
        ".5",
        "5.",
        "500m",
        "100n",
        "7u",
        "3k",
        "2M",
        "1G",
        "16Gi",
        "1.5Ti",
        "2Pi",
        "1E",
        "1e3",
        "1E3",
        "5e-1",
    ],
)
def test_what_kubernetes_takes_as_a_quantity_is_one(text: str) -> None:
    assert check_quantity(text) == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("16GB", "not a quantity: '16GB'\ndid you mean 16Gi (17.2 GB) or 16G (16.0 GB)?"),
        ("16gb", "not a quantity: '16gb'\ndid you mean 16Gi (17.2 GB) or 16G (16.0 GB)?"),
        ("16 GiB", "not a quantity: '16 GiB'\ndid you mean 16Gi (17.2 GB)?"),
        ("1.5tb", "not a quantity: '1.5tb'\ndid you mean 1.5Ti (1.6 TB) or 1.5T (1.5 TB)?"),
        ("64KB", "not a quantity: '64KB'\ndid you mean 64Ki (65.5 KB) or 64k (64.0 KB)?"),
        ("four", "not a quantity: 'four'\nfor example 500m, 4, 16Gi"),
        ("", "not a quantity: ''\nfor example 500m, 4, 16Gi"),
        ("-1", "must not be negative: '-1'"),
        ("4\n", "not a quantity: '4\\n'\nfor example 500m, 4, 16Gi"),
        ("٤", "not a quantity: '٤'\nfor example 500m, 4, 16Gi"),
        ("1e1000", "beyond counting: 1e1000"),
        ("0", "must be more than zero: 0"),
        ("0.000Gi", "must be more than zero: 0.000Gi"),
        ("0e5", "must be more than zero: 0e5"),
    ],
)
def test_what_kubernetes_would_refuse_as_a_quantity_is_refused_with_a_hint(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=r"quantity|zero|negative|counting") as caught:
        check_quantity(text)
    assert str(caught.value) == message


@pytest.mark.parametrize("text", ["500m", "16GB", "64KB", "1.5tb", "2 gib", "7kib"])
def test_every_quantity_in_a_hint_is_one_that_is_taken(text: str) -> None:
    try:
        check_quantity(text)
    except ValueError as error:
        words = str(error).partition("did you mean ")[2].rstrip("?").split(" or ")
        for word in words:
            check_quantity(word.split(" (", maxsplit=1)[0])


def test_numbers_and_booleans_given_from_python_become_text() -> None:
    assert [TypeAdapter(Text).validate_python(value) for value in (4, 0.5, True, False)] == [
        "4",
        "0.5",
        "true",
        "false",
    ]
    assert TypeAdapter(LabelValue).validate_python(7) == "7"
    assert TypeAdapter(Quantity).validate_python(4) == "4"


def test_a_flag_is_also_the_word() -> None:
    words = ["True", "true", "FALSE", True, False]
    assert [TypeAdapter(Flag).validate_python(word) for word in words] == [True, True, False, True, False]
    assert told(Flag, "yes") == "Value error, must be true or false"
