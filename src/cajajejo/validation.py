"""A document held against a model: a frozen value, or every problem of the file at once, each with its line.

The strict base model and the field types that all configuration files share are here, too; what Kubernetes takes as a
name or a quantity says `text_forms`.
"""

from __future__ import annotations

from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from cajajejo import quantities
from cajajejo import schema_words as words
from cajajejo.errors import FileProblemsError, Problem
from cajajejo.phrases import REQUIRED, UNKNOWN_FIELD, closest, did_you_mean, shown
from cajajejo.text_forms import DATA_KEY, DNS_LABEL, DNS_SUBDOMAIN, KEY, LABEL_VALUE, OLD_ENV_NAME, QUANTITY
from cajajejo.yamlfile import Document, WrittenFloat, WrittenInt, dotted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pydantic_core import ErrorDetails

    from cajajejo.yamlfile import Location


class StrictModel(BaseModel):
    """Frozen, and an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def as_text(value: object) -> object:
    """`value` as text if it is a number or a boolean, as it was written; anything else unchanged."""
    if isinstance(value, WrittenInt | WrittenFloat):
        return value.text
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


def _check_image(text: str) -> str:
    if text != text.strip():
        raise ValueError(f"must not begin or end with a space: {text[:80]!r}")
    return text


def _as_flag(value: object) -> object:
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ValueError("must be true or false")  # noqa: TRY004  # pydantic turns only ValueError into a problem
    return value


def _as_number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004  # as above
    return value


def _as_count(value: object) -> object:
    if isinstance(value, str) and "-" in value.strip()[1:]:  # pydantic reads "0-5" as -5
        raise ValueError(f"must be a whole number, not {shown(value)}")
    return _as_number(value)


def check_quantity(text: str) -> str:
    """The Kubernetes quantity `text`, unchanged.

    Raises:
        ValueError: it is no positive quantity; a hint follows after a newline.
    """
    if quantities.value(QUANTITY.check(text)) == 0:
        raise ValueError(f"must be more than zero: {text[:40]}")
    return text


Text = Annotated[str, BeforeValidator(as_text), words.TEXT]
"""Text; a number is taken as it was written."""
NonEmptyText = Annotated[str, BeforeValidator(as_text), AfterValidator(_not_empty), words.NON_EMPTY_TEXT]
ImageName = Annotated[NonEmptyText, AfterValidator(_check_image)]
Quantity = Annotated[Text, AfterValidator(check_quantity), words.quantity(QUANTITY)]
LabelValue = Annotated[NonEmptyText, AfterValidator(LABEL_VALUE.check), words.name(LABEL_VALUE)]
LabelKey = Annotated[Text, AfterValidator(KEY.check), words.name(KEY)]
DnsName = Annotated[Text, AfterValidator(DNS_SUBDOMAIN.check), words.name(DNS_SUBDOMAIN)]
DnsLabel = Annotated[Text, AfterValidator(DNS_LABEL.check), words.name(DNS_LABEL)]
DataKey = Annotated[Text, AfterValidator(DATA_KEY.check), words.name(DATA_KEY)]
EnvName = Annotated[Text, AfterValidator(OLD_ENV_NAME.check), words.name(OLD_ENV_NAME)]
Flag = Annotated[bool, BeforeValidator(_as_flag), words.FLAG]
"""A boolean, or the text ``"True"`` or ``"False"``, which mean what they say."""
Number = Annotated[float, BeforeValidator(_as_number), words.NUMBER]
"""A number, or a number given as text."""
Count = Annotated[int, BeforeValidator(_as_count), words.COUNT]

Model = TypeVar("Model", bound=StrictModel)


def wrong_field(name: str, message: str) -> ValidationError:
    """The error that a rule about several fields raises where one of them is to be named; a hint follows a newline."""
    told = PydanticCustomError("value_error", "{error}", {"error": message})
    return ValidationError.from_exception_data("rule", [InitErrorDetails(type=told, loc=(name,), input=None)])


def validate(model: type[Model], document: Document) -> Model:
    """`document` as a `model`.

    Raises:
        FileProblemsError: it does not fit; holds every problem, with the line and the documented path of each.
    """
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        raise FileProblemsError(_problems(model, document, error)) from error


def _problems(model: type[StrictModel], document: Document, error: ValidationError) -> list[Problem]:
    details = error.errors(include_url=False)
    unknown = {tuple(detail["loc"]) for detail in details if detail["type"] == "extra_forbidden"}
    misspelt = {
        (*location[:-1], guess)
        for location in unknown
        if (guess := closest(location[-1], field_names(model, location[:-1])))
    }
    return [
        _problem(model, document, detail)
        for detail in details
        if not (detail["type"] == "missing" and tuple(detail["loc"]) in misspelt)
    ]


def _problem(model: type[StrictModel], document: Document, detail: ErrorDetails) -> Problem:
    location = tuple(part for part in detail["loc"] if part != "[key]")
    message, _, hint = _message(detail).partition("\n")
    if detail["type"] == "extra_forbidden":
        message, hint = UNKNOWN_FIELD, did_you_mean(location[-1], field_names(model, location[:-1]))
    return problem_at(document, location, message, hint=hint or None)


def problem_at(
    document: Document,
    location: Location,
    message: str,
    *,
    hint: str | None = None,
    level: Literal["error", "warning"] = "error",
) -> Problem:
    """A problem with the value at `location`: told at its line, or under the override that put it in."""
    path = dotted(location)
    setting = _setting_of(document, path) or _setting_inside(document, location)
    if setting is None:
        return Problem(document.file, message, path=path, line=document.line_of(location), hint=hint, level=level)
    inside = "" if setting == path else path
    return Problem(f"--set {setting}", message, path=inside, hint=hint, level=level)


def _setting_of(document: Document, path: str) -> str | None:
    """The path of the override that put in what stands at `path`, or None where the file did."""
    settings = map(dotted, document.overridden)
    return max((setting for setting in settings if f"{path}.".startswith(f"{setting}.")), key=len, default=None)


def _setting_inside(document: Document, location: Location) -> str | None:
    """The path of an override that made the section of `location`, which the file has not; None where none did."""
    sections = (location[:end] for end in range(1, len(location) + 1))
    made = next((section for section in sections if section not in document.lines), location)
    return next((dotted(place) for place in document.overridden if place[: len(made)] == made), None)


def _message(detail: ErrorDetails) -> str:
    kind, context, given = detail["type"], detail.get("ctx", {}), shown(detail["input"])
    if kind in _WANTED:
        return f"must be {_WANTED[kind].format(**context)}, not {given}"
    match kind:
        case "missing":
            return REQUIRED
        case "value_error" | "assertion_error":
            return str(context["error"])
        case _:
            return detail["msg"][0].lower() + detail["msg"][1:]


_WANTED: Final[Mapping[str, str]] = {
    **dict.fromkeys(("model_type", "model_attributes_type", "dict_type"), "a mapping of fields"),
    **dict.fromkeys(("list_type", "tuple_type"), "a list"),
    "string_type": "text",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), "a whole number"),
    **dict.fromkeys(("float_type", "float_parsing"), "a number"),
    "literal_error": "{expected}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "greater_than": "more than {gt}",
    "less_than": "less than {lt}",
    "finite_number": "a finite number",
}
"""What a value must be, by pydantic's name of the error."""


def field_names(model: type[StrictModel], location: Sequence[str | int]) -> list[str]:
    """The documented names of the fields that may stand at `location` inside a `model`."""
    here: Any = model
    for part in location:
        inner = _model_in(here)
        if inner is None:
            here = _item_in(here)
        else:
            fields = {field.alias or name: field.annotation for name, field in inner.model_fields.items()}
            here = fields.get(str(part))
    inner = _model_in(here)
    return [] if inner is None else [field.alias or name for name, field in inner.model_fields.items()]


def _item_in(annotation: Any) -> Any:
    """What the items of a list, or the values of a mapping, are declared as; None for anything else."""
    if get_origin(annotation) in {Union, UnionType, Annotated}:
        return next(filter(None, map(_item_in, get_args(annotation))), None)
    return next((argument for argument in reversed(get_args(annotation)) if argument is not Ellipsis), None)


def _model_in(annotation: Any) -> type[StrictModel] | None:
    """The model that `annotation` stands for, through ``Annotated`` and ``| None``."""
    if isinstance(annotation, type) and issubclass(annotation, StrictModel):
        return annotation
    if get_origin(annotation) in {Union, UnionType, Annotated}:
        return next(filter(None, map(_model_in, get_args(annotation))), None)
    return None
