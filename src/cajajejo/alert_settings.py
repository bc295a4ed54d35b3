"""Where alerts are sent to, as the project file says it under ``[[alerts]]``.

A secret is known by the name of its variable. One that stands in the file itself is refused, and not shown.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Annotated, Any, Final, Literal, Self, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError, PydanticKnownError

from cajajejo.phrases import REQUIRED, UNKNOWN_FIELD, did_you_mean, shown
from cajajejo.schema_words import Says, exactly_one, needs
from cajajejo.text_forms import Form
from cajajejo.validation import NonEmptyText, StrictModel, as_text, wrong_field

SENDGRID_KEY: Final = "SENDGRID_API_KEY"
ALERT_TO: Final = "CAJAJEJO_ALERT_TO"
ALERT_FROM: Final = "CAJAJEJO_ALERT_FROM"
_TLS_PORT: Final = 465
_SUBMISSION_PORT: Final = 587
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
"""What this machine is called by who speaks to itself."""
_SPELL_IT: Final = "a secret stands in a variable, and the file has the name of the variable"
_NAME: Final = r"[A-Za-z0-9](?:[-A-Za-z0-9.]*[A-Za-z0-9])?"
_HOST: Final = rf"(?:{_NAME}|\[[0-9a-fA-F:.]+\])"

VARIABLE: Final = Form("the name of a variable", "capital letters, digits and '_'", "^[A-Z_][A-Z0-9_]*$", 100)
ADDRESS: Final = Form(
    "an e-mail address", "for example ml-team@example.org", rf"^[-A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~]+@{_NAME}$", 254
)
_SERVER: Final = Form("a mail server", "for example smtp.example.org:587", rf"^{_HOST}(?::[0-9]{{1,5}})?$", 260)
_LOGIN: Final = Form("a user name", "printable characters of ASCII", "^[ -~]+$", 254)
_PROJECT: Final = Form(
    "a project of Google Cloud",
    "small letters, digits and '-'",
    r"^(?:[a-z0-9.]+:)?[a-z][-a-z0-9]{2,60}$|^[0-9]+$",
    128,
)
_WEB: Final = Form(
    "a web address",
    "for example https://example.org/alerts",
    rf"^https?://{_HOST}(?::[0-9]{{1,5}})?(?:[/?][!-~]*)?$",
    4000,
)
_LOOKS_SECRET: Final = re.compile(
    r"//[^/]*@|[?#]|hooks\.slack\.com|webhook\.office|logic\.azure|powerautomate|/webhooks?/\w*\d"
    r"|/(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[\w.~-]{20,}(?:/|$)"
)


def _check_some(addresses: tuple[str, ...]) -> tuple[str, ...]:
    if not addresses:
        raise ValueError("must not be empty")
    return addresses


def _check_variable(text: str) -> str:
    if not VARIABLE.fits(text):  # which may be the secret itself
        raise ValueError(f"not the name of a variable, which has {VARIABLE.rule}\n{_SPELL_IT}")
    return text


def _check_server(text: str) -> str:
    if "@" in text:
        raise ValueError(f"holds a login\ngive username and password_env: {_SPELL_IT}")
    port = _SERVER.check(text).rpartition("]")[2].partition(":")[2]
    if port and not 0 < int(port) <= 65535:  # noqa: PLR2004  # of TCP
        raise ValueError(f"not a port: {port}")
    return text


def check_web(text: str) -> str:
    """The web address `text`, unchanged.

    Raises:
        ValueError: it is none, or has no port that can be; does not show it.
    """
    with suppress(ValueError):  # of a port that is too large
        if _WEB.fits(text) and urlsplit(text).port != 0:
            return text
    raise ValueError(f"not {_WEB.noun}\n{_WEB.rule}")


def _check_open_web(text: str) -> str:
    if _LOOKS_SECRET.search(text):
        raise ValueError(f"looks as if it held a secret\ngive url_env: {_SPELL_IT}")
    return check_web(text)


Variable = Annotated[
    str, BeforeValidator(as_text), AfterValidator(_check_variable), Says(type="string", **VARIABLE.schema())
]
Address = Annotated[str, AfterValidator(ADDRESS.check), Says(**ADDRESS.schema())]
Server = Annotated[str, AfterValidator(_check_server), Says(**_SERVER.schema())]
Project = Annotated[str, AfterValidator(_PROJECT.check), Says(**_PROJECT.schema())]
OpenWeb = Annotated[str, AfterValidator(_check_open_web), Says(**_WEB.schema())]
Login = Annotated[str, AfterValidator(_LOGIN.check), Says(**_LOGIN.schema())]
Addresses = Annotated[tuple[Address, ...], AfterValidator(_check_some), Says(minItems=1)]


class _Entry(StrictModel):
    tests: tuple[NonEmptyText, ...] = Field(
        (), description="Globs of the tests it is about; none: all", examples=[["nightly-*"]]
    )


class Email(_Entry):
    """A mail server of yours, over SMTP; each recipient gets a letter."""

    model_config = ConfigDict(json_schema_extra=needs("username", "password_env"))

    kind: Literal["email"] = Field(description="Mail over SMTP")
    to: Addresses = Field(description="Who gets it", examples=[["ml-team@example.org"]])
    sender: Address | None = Field(
        None,
        alias="from",
        description="Who it comes from; none: CAJAJEJO_ALERT_FROM, else username, else the recipient",
        examples=["alerts@example.org"],
    )
    smtp: Server = Field(
        description="The mail server; without a port: 587", examples=["smtp.example.org:587", "smtp.example.org:465"]
    )
    security: Literal["starttls", "tls", "none"] | None = Field(
        None, description="How the connection is kept from others; by itself tls at port 465, else starttls"
    )
    username: Login | None = Field(
        None, description="Who logs in; none: the sender, where there is a password", examples=["alerts@example.org"]
    )
    password_env: Variable | None = Field(
        None, description="The variable that holds the password", examples=["SMTP_PASSWORD"]
    )

    @model_validator(mode="after")
    def login_is_whole_and_kept_from_others(self) -> Self:
        """A login has a password, and goes to another machine over TLS only."""
        if self.username and not self.password_env:
            raise wrong_field("password_env", f"{REQUIRED}: username needs it")
        if self.password_env and self.security == "none" and self.host not in LOOPBACK:
            raise wrong_field("security", "would send the password in the clear\nleave it out, or the password")
        return self

    @property
    def host(self) -> str:
        """The name of the mail server."""
        name = self.smtp if self.smtp.endswith("]") else self.smtp.rpartition(":")[0] or self.smtp
        return name.strip("[]")

    @property
    def port(self) -> int:
        """The port of the mail server."""
        port = self.smtp.rpartition("]")[2].partition(":")[2]
        return int(port) if port else _SUBMISSION_PORT

    @property
    def transport(self) -> Literal["starttls", "tls", "none"]:
        """How the connection is kept from others."""
        return self.security or ("tls" if self.port == _TLS_PORT else "starttls")


class SendGrid(_Entry):
    """SendGrid's API. The key is in SENDGRID_API_KEY, or in Secret Manager as sendgrid-api-key."""

    kind: Literal["sendgrid"] = Field(description="Mail through SendGrid")
    to: Addresses | None = Field(
        None,
        description="Who gets it; none: CAJAJEJO_ALERT_TO, else the secret alert-destination-email-address",
        examples=[["ml-team@example.org"]],
    )
    sender: Address | None = Field(
        None,
        alias="from",
        description="Who it comes from; none: CAJAJEJO_ALERT_FROM, else the secret alert-sender-email-address",
        examples=["alerts@example.org"],
    )
    secret_manager_project: Project | None = Field(
        None, description="The project whose Secret Manager is asked; none: gcp.project", examples=["my-project"]
    )
    url: OpenWeb = Field(
        "https://api.sendgrid.com", description="Where the API is", examples=["https://api.eu.sendgrid.com"]
    )


class Slack(_Entry):
    """A channel of Slack, by an incoming webhook."""

    kind: Literal["slack"] = Field(description="A message in Slack")
    url_env: Variable = Field(
        description="The variable that holds the address of the incoming webhook", examples=["SLACK_WEBHOOK_URL"]
    )


class Teams(_Entry):
    """A channel of Microsoft Teams, by a workflow that posts what a webhook receives."""

    kind: Literal["teams"] = Field(description="A card in Microsoft Teams")
    url_env: Variable = Field(
        description="The variable that holds the address of the workflow", examples=["TEAMS_WEBHOOK_URL"]
    )


class Webhook(_Entry):
    """A program of yours that takes JSON."""

    model_config = ConfigDict(json_schema_extra=exactly_one("url", "url_env"))

    kind: Literal["webhook"] = Field(description="JSON to any program")
    url: OpenWeb | None = Field(None, description="Its address", examples=["https://example.org/alerts"])
    url_env: Variable | None = Field(
        None, description="The variable that holds its address, where that is a secret", examples=["ALERT_URL"]
    )
    token_env: Variable | None = Field(
        None, description="The variable that holds the token that is sent as Authorization: Bearer", examples=["TOKEN"]
    )

    @model_validator(mode="after")
    def one_address(self) -> Self:
        """The address is here or in a variable."""
        if (self.url is None) == (self.url_env is None):
            raise ValueError("give url or url_env" if self.url is None else "give url or url_env, not both")
        return self


class ErrorReporting(_Entry):
    """Google Cloud's Error Reporting: a group of each test and metric; acknowledged and muted there."""

    kind: Literal["error_reporting"] = Field(description="Events in Google Cloud's Error Reporting")
    project: Project | None = Field(
        None, description="The project that they are reported to; none: gcp.project", examples=["my-project"]
    )


_KINDS: Final[dict[str, type[_Entry]]] = {
    "email": Email,
    "sendgrid": SendGrid,
    "slack": Slack,
    "teams": Teams,
    "webhook": Webhook,
    "error_reporting": ErrorReporting,
}


def _read(value: Any) -> Any:
    """An entry as the model of its kind: its problems are told as of that kind alone."""
    if isinstance(value, _Entry):
        return value
    if not isinstance(value, dict):
        raise PydanticKnownError("dict_type")
    kind = value.get("kind")
    if kind is None:
        raise wrong_field("kind", f"{REQUIRED}\none of {', '.join(_KINDS)}")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise wrong_field("kind", f"no kind of alerts: {shown(kind)}\n{did_you_mean(kind, list(_KINDS))}")
    try:
        return _KINDS[kind].model_validate(value)
    except ValidationError as error:
        raise _told(error, _KINDS[kind]) from None  # which shows what was given


def _told(error: ValidationError, model: type[_Entry]) -> ValidationError:
    """`error` with a sentence in place of every unknown field, and without what may be a secret."""
    names = [field.alias or name for name, field in model.model_fields.items()]
    details = [
        InitErrorDetails(
            type=_unknown(str(detail["loc"][-1]), names) if detail["type"] == "extra_forbidden" else detail["type"],
            loc=detail["loc"],
            input=None if detail["type"] in {"extra_forbidden", "value_error"} else detail["input"],
            ctx=detail.get("ctx", {}),
        )
        for detail in error.errors(include_url=False)
    ]
    return ValidationError.from_exception_data(error.title, details)


def _unknown(name: str, names: list[str]) -> PydanticCustomError:
    message = f"{UNKNOWN_FIELD}\n{did_you_mean(name, names)}"
    if f"{name}_env" in names:
        message = f"must not stand in a file\ngive {name}_env: {_SPELL_IT}"
    elif name in {"key", "api_key"}:
        message = f"must not stand in a file\nset the variable {SENDGRID_KEY}"
    return PydanticCustomError("value_error", "{error}", {"error": message})


AlertSettings: TypeAlias = Annotated[
    Email | SendGrid | Slack | Teams | Webhook | ErrorReporting, BeforeValidator(_read)
]
"""One entry of ``[[alerts]]``."""
