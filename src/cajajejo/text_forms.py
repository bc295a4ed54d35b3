"""The forms of text that Kubernetes knows (names, keys, quantities), with the words for text that has another.

They are those of apimachinery's ``validation`` package, as expressions that need no backtracking, so that a schema can
hold them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from cajajejo import quantities
from cajajejo.phrases import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    Schema = dict[str, Any]

_LABEL: Final = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN: Final = rf"{_LABEL}(?:\.{_LABEL})*"
_ANY_CASE: Final = r"[A-Za-z0-9](?:[-A-Za-z0-9]*[A-Za-z0-9])?"
_NAME_PART: Final = r"[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_SIXTY_FOUR: Final = r"(?:[\r\n]*[A-Za-z0-9+/])"
_OPTIONAL: Final = "^$|"


@dataclass(frozen=True, slots=True)
class Form:
    """A form of text: its expression, its length, and how people call it."""

    noun: str
    rule: str
    pattern: str
    longest: int | None = None

    def schema(self, *, optional: bool = False) -> Schema:
        """The form as keywords of a schema; empty text is taken where it is optional."""
        limit = {} if self.longest is None else {"maxLength": self.longest}
        return {"pattern": _OPTIONAL * optional + self.pattern, **limit}

    def fits(self, text: str) -> bool:
        """Whether `text` has this form."""
        return _fits(self.pattern, self.longest, text)

    def problem(self, text: str) -> tuple[str, str | None]:
        """Message and hint for `text`, which has another form."""
        return f"not {self.noun}: {shown(text)}", self.rule

    def check(self, text: str) -> str:
        """`text`, unchanged.

        Raises:
            ValueError: it has another form; the hint follows after a newline.
        """
        if not self.fits(text):
            raise ValueError("\n".join(filter(None, self.problem(text))))
        return text


class _QuantityForm(Form):
    """The form of quantities, which are misspelt in ways of their own."""

    def problem(self, text: str) -> tuple[str, str | None]:
        """Message and hint for `text`, which is no quantity, or a negative one."""
        if text.startswith("-") and self.fits(text[1:]):
            return f"must not be negative: {shown(text)}", None
        return f"not {self.noun}: {shown(text)}", quantities.guess(text) or self.rule


@lru_cache(maxsize=4096)
def _fits(pattern: str, longest: int | None, text: str) -> bool:
    return (longest is None or len(text) <= longest) and re.search(pattern.removesuffix("$") + r"\Z", text) is not None


DNS_LABEL: Final = Form(
    "a name (a DNS label)", "at most 63 small letters, digits and '-'; no '-' at either end", f"^{_LABEL}$", 63
)
DNS_SUBDOMAIN: Final = Form(
    "a name (a DNS subdomain)",
    "small letters, digits, '-' and '.'; a letter or digit at both ends",
    f"^{_SUBDOMAIN}$",
    253,
)
SERVICE_NAME: Final = Form(
    "a name of a Service",
    "small letters, digits and '-'; a letter first, no '-' last",
    r"^[a-z](?:[-a-z0-9]*[a-z0-9])?$",
    63,
)
PATH_SEGMENT: Final = Form(
    "a name", "no '/' and no '%'; neither '.' nor '..'", r"^(?:[^/%.]|\.[^/%.]|\.\.[^/%])[^/%]*$"
)
NAME_PREFIX: Final = Form(
    "a beginning of a name",
    "small letters, digits, '-' and '.'; a letter or digit first",
    r"^[a-z0-9][-a-z0-9.]*$",
    253,
)
KEY: Final = Form(
    "a key",
    "at most 63 letters, digits, '-', '_' and '.', a letter or digit at both ends; a domain and '/' may stand before",
    rf"^(?:{_SUBDOMAIN}/)?{_NAME_PART}$",
    317,
)
KEY_ANY_CASE: Final = Form(KEY.noun, KEY.rule, rf"^(?:{_ANY_CASE}(?:\.{_ANY_CASE})*/)?{_NAME_PART}$", 317)
LABEL_VALUE: Final = Form(
    "a label value",
    "at most 63 letters, digits, '-', '_' and '.'; a letter or digit at both ends",
    f"^(?:{_NAME_PART})?$",
)
ENV_NAME: Final = Form("a name for an environment variable", "printable ASCII characters other than '='", "^[ -<>-~]+$")
OLD_ENV_NAME: Final = Form(
    "a name for an environment variable",
    "letters, digits, '-', '_' and '.'; no digit first (Kubernetes 1.32 takes more)",
    r"^[-._a-zA-Z][-._a-zA-Z0-9]*$",
)
DATA_KEY: Final = Form(
    "a key of a ConfigMap or Secret",
    "at most 253 letters, digits, '-', '_' and '.'; not '.', and not '..' first",
    r"^\.?[-_a-zA-Z0-9][-._a-zA-Z0-9]*$",
    253,
)
PORT_NAME: Final = Form(
    "a name of a port",
    "at most 15 small letters, digits and single '-' between them; one letter or more",
    r"^(?:[0-9]+-)*[0-9]*[a-z][a-z0-9]*(?:-[a-z0-9]+)*$",
    15,
)
RESOURCE: Final = Form(
    "a resource of a container",
    "cpu, memory, ephemeral-storage, hugepages-<size>, or one with its domain, such as nvidia.com/gpu",
    rf"^(?:cpu|memory|ephemeral-storage|hugepages-[^/]+|{_SUBDOMAIN}/{_NAME_PART})$",
)
BASE64: Final = Form(
    "Base64 text",
    "text as it is stands in stringData (Secret) or data (ConfigMap)",
    rf"^(?:{_SIXTY_FOUR}{{4}})*(?:{_SIXTY_FOUR}{{2}}[\r\n]*=[\r\n]*=|{_SIXTY_FOUR}{{3}}[\r\n]*=)?[\r\n]*$",
)
QUANTITY: Final = _QuantityForm(
    "a quantity", "for example 500m, 4, 16Gi", rf"^\+?{quantities.DIGITS}{quantities.SUFFIX}$"
)

_FORMS: Final[Mapping[str, Form]] = {
    form.pattern: form
    for form in (
        *(DNS_LABEL, DNS_SUBDOMAIN, SERVICE_NAME, PATH_SEGMENT, NAME_PREFIX, KEY, KEY_ANY_CASE, LABEL_VALUE),
        *(ENV_NAME, OLD_ENV_NAME, DATA_KEY, PORT_NAME, RESOURCE, BASE64, QUANTITY),
    )
}


def words(pattern: str, text: str) -> tuple[str, str | None]:
    """Message and hint for `text`, which does not fit the `pattern` of one of the forms."""
    return _FORMS[pattern.removeprefix(_OPTIONAL)].problem(text)
