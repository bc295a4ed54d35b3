"""The keywords that rules of fields are made of: numbers within a range, one of several words, text of a form."""

from __future__ import annotations

from typing import Any, Final

from cajajejo import text_forms as forms

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": ["string", "null"]}
PORT: Final[Schema] = {"minimum": 1, "maximum": 65535}
PORT_OR_NAME: Final[Schema] = {**PORT, **forms.PORT_NAME.schema()}
MODE: Final[Schema] = {"minimum": 0, "maximum": 0o777}
USER: Final[Schema] = {"minimum": 0, "maximum": 2**31 - 1}
NOT_NEGATIVE: Final[Schema] = {"minimum": 0}
POSITIVE: Final[Schema] = {"minimum": 1}
FILLED: Final[Schema] = {"type": "string", "minLength": 1}
WEIGHT: Final[Schema] = {"minimum": 1, "maximum": 100}
SUBDOMAIN: Final = forms.DNS_SUBDOMAIN.schema(optional=True)
LABELS: Final[Schema] = {
    "propertyNames": forms.KEY.schema(),
    "additionalProperties": {**TEXT, **forms.LABEL_VALUE.schema()},
}


def one_of(*names: str) -> Schema:
    """One of `names`, or nothing."""
    return {"enum": [*names, "", None]}


def exactly(*names: str) -> Schema:
    """One of `names`; empty text is none of them."""
    return {"enum": [*names, None]}


def needed(form: forms.Form) -> Schema:
    """Text of `form`, which cannot be left empty."""
    return {"type": "string", **form.schema()}
