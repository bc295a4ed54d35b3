"""What JSON Schema can say of a field or of a model beyond what its Python types tell.

A file may hold ``4`` where the model keeps the text ``"4"``, and a rule about several fields stands in a validator,
which no schema shows. `Says` tells the first; the rules below it are for ``json_schema_extra`` of the model, beside
the validator that they repeat::

    model_config = ConfigDict(json_schema_extra=exactly_one("gs_uri", "path"))
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from pydantic import GetJsonSchemaHandler
    from pydantic_core import CoreSchema

    from cajajejo.text_forms import Form

Words: TypeAlias = dict[str, Any]


class Says:
    """An annotation: words of JSON Schema about the type before it, in place of the type's own.

    A word speaks of one type only: ``pattern`` and ``minLength`` of text, ``minimum`` of numbers, ``minItems`` of
    lists. So one set of words tells what may be written as text and what as a number.
    """

    def __init__(self, **words: Any) -> None:
        self.words = words

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Words:
        inner = handler(schema)
        longest = [words["maxLength"] for words in (inner, self.words) if "maxLength" in words]
        return {**inner, **self.words, **({"maxLength": min(longest)} if longest else {})}


class OrNull:
    """An annotation: nothing may be written, too, and means the default."""

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> Words:
        return {"anyOf": [handler(schema), {"type": "null"}]}


def whole(pattern: str) -> str:
    """The regular expression that fits where `pattern` fits the whole text."""
    return f"^(?:{pattern})$"


def given(*names: str) -> Words:
    """Every field of `names` is there, and holds something."""
    return {"required": list(names), "properties": {name: {"not": {"type": "null"}} for name in names}}


def exactly_one(*names: str) -> Words:
    """One of the fields `names` is there, and holds something; the others are absent, or null."""
    return {"oneOf": [given(name) for name in names]}


def at_most_one(*names: str) -> Words:
    """No two of the fields `names` hold something."""
    pairs = [given(*pair) for pair in itertools.combinations(names, 2)]
    return {"not": pairs[0] if len(pairs) == 1 else {"anyOf": pairs}}


def needs(name: str, other: str) -> Words:
    """Where the field `name` holds something, so does `other`."""
    return {"if": given(name), "then": given(other)}


def none_of(*names: str) -> Words:
    """None of the keys `names` is there."""
    return {"not": {"anyOf": [{"required": [name]} for name in names]}}


_SCALARS = ["string", "number", "boolean"]
TEXT = Says(type=_SCALARS)
NON_EMPTY_TEXT = Says(type=_SCALARS, minLength=1)
FLAG = Says(type=["boolean", "string"], pattern=whole("[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]"))
_DIGITS = "[0-9]+(_[0-9]+)*"
_FLOAT = rf"({_DIGITS}(\.({_DIGITS})?)?|\.{_DIGITS})([eE][-+]?{_DIGITS})?"
NUMBER = Says(type=["number", "string"], pattern=whole(rf"\s*[-+]?{_FLOAT}\s*"))
COUNT = Says(type=["integer", "string"], pattern=whole(rf"\s*[-+]?{_DIGITS}(\.0+)?\s*"))
TEXTS = Says(anyOf=[{"type": _SCALARS}, {"type": "array", "items": {"type": _SCALARS}}])
"""Text, or a list of texts; numbers are taken as they were written."""
TEXTS_OR_NULL = Says(anyOf=[{"type": [*_SCALARS, "null"]}, {"type": "array", "items": {"type": _SCALARS}}])


def quantity(form: Form) -> Says:
    """A quantity of this `form` that is more than zero, and that can be counted: three digits of an exponent."""
    positive, countable = "(?=[^eE]*[1-9])", "(?!.*[eE][-+]?[0-9]{4})"
    return Says(type=["string", "number"], pattern=f"^{positive}{countable}{form.pattern[1:]}", exclusiveMinimum=0)


def name(form: Form) -> Says:
    """Text of this `form`, or a number, which has a sign or a fraction only where the form has such."""
    number = "number" if form.fits("2.5") or form.fits("-2.5") else "integer"
    sign = {} if form.fits("-1") else {"minimum": 0}
    return Says(type=["string", number, "boolean"], **form.schema(), **sign)
