"""``[[alerts]]`` of the project file: strict by kind, and never with a secret in it."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from pydantic import ValidationError

from cajajejo import schemas, settings
from cajajejo.alert_settings import Email, ErrorReporting, SendGrid, Slack, Teams, Webhook
from cajajejo.errors import FileProblemsError
from cajajejo.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

ENTRIES: dict[str, dict[str, Any]] = {
    "email": {
        "kind": "email",
        "to": ["ml-team@example.org"],
        "from": "alerts@example.org",
        "smtp": "smtp.example.org:587",
        "security": "starttls",
        "username": "alerts",
        "password_env": "SMTP_PASSWORD",
        "tests": ["nightly-*"],
    },
    "sendgrid": {
        "kind": "sendgrid",
        "to": ["ml-team@example.org"],
        "from": "alerts@example.org",
        "secret_manager_project": "my-project",
        "url": "https://api.eu.sendgrid.com",
    },
    "slack": {"kind": "slack", "url_env": "SLACK_URL"},
    "teams": {"kind": "teams", "url_env": "TEAMS_URL"},
    "webhook": {"kind": "webhook", "url": "https://example.org/alerts", "token_env": "TOKEN"},
    "error_reporting": {"kind": "error_reporting", "project": "my-project"},
}
SECRET = "qWeRtYuIoPaSdFgHjKl12345"  # noqa: S105  # of nobody


def loaded(tmp_path: Path, text: str) -> Settings:
    path = tmp_path / "cajajejo.toml"
    path.write_text(text)
    return settings.load(path)


def refused(tmp_path: Path, entry: str) -> list[str]:
    """What is said of an entry; a secret in it is not."""
    with pytest.raises(FileProblemsError) as caught:
        loaded(tmp_path, f"[[alerts]]\n{entry}")
    told = "".join(traceback.format_exception(caught.value))
    assert SECRET not in told
    begin = f"{tmp_path / 'cajajejo.toml'}: "
    return [line.removeprefix(begin) for line in caught.value.lines()[:-1]]


def test_the_example_of_the_documentation_is_read_and_is_no_variable(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        '[[alerts]]\nkind = "email"\nto = ["ml-team@example.org"]\nsmtp = "smtp.example.org:587"\n'
        'password_env = "SMTP_PASSWORD"\n[[alerts]]\nkind = "slack"\nurl_env = "SLACK_URL"\n',
    )
    (email, slack) = found.alerts
    assert email == Email(
        kind="email",
        to=("ml-team@example.org",),
        smtp="smtp.example.org:587",
        password_env="SMTP_PASSWORD",  # noqa: S106
    )
    assert slack == Slack(kind="slack", url_env="SLACK_URL")
    assert settings.variables(tmp_path / "cajajejo.toml") == {}


def test_every_kind_is_a_model_of_its_own() -> None:
    found = Settings.model_validate({"alerts": list(ENTRIES.values())}).alerts
    assert [type(entry) for entry in found] == [Email, SendGrid, Slack, Teams, Webhook, ErrorReporting]
    again = [entry.model_dump(by_alias=True, exclude_unset=True, mode="json") for entry in found]
    assert again == list(ENTRIES.values())
    assert Settings(alerts=found).alerts == found


@pytest.mark.parametrize(
    ("entry", "lines"),
    [
        pytest.param(
            'kind = "slak"',
            [
                "alerts.0.kind: no kind of alerts: 'slak'",
                "    did you mean slack? (one of email, sendgrid, slack, teams, webhook, error_reporting)",
            ],
            id="no kind",
        ),
        pytest.param(
            "",
            [
                "alerts.0.kind: required, and not there",
                "    one of email, sendgrid, slack, teams, webhook, error_reporting",
            ],
            id="nothing",
        ),
        pytest.param(
            'kind = "teams"\nurl_env = "A"\nto = "x"',
            ["alerts.0.to: unknown field", "    one of tests, kind, url_env"],
            id="a field of another kind",
        ),
        pytest.param(
            'kind = "email"\nto = ["x"]\nsmtp = "a b"\nsecurity = "ssl"',
            [
                "alerts.0.to.0: not an e-mail address: 'x'",
                "    for example ml-team@example.org",
                "alerts.0.smtp: not a mail server: 'a b'",
                "    for example smtp.example.org:587",
                "alerts.0.security: must be 'starttls', 'tls' or 'none', not 'ssl'",
            ],
            id="several mistakes",
        ),
        pytest.param('kind = "email"\nto = []\nsmtp = "h"', ["alerts.0.to: must not be empty"], id="nobody"),
        pytest.param('kind = "email"\nto = ["a@b"]\nsmtp = "h:0"', ["alerts.0.smtp: not a port: 0"], id="no port"),
        pytest.param(
            'kind = "email"\nto = ["a@b"]\nsmtp = "h"\nusername = "x"',
            ["alerts.0.password_env: required, and not there: username needs it"],
            id="half a login",
        ),
        pytest.param(
            'kind = "email"\nto = ["a@b"]\nsmtp = "h"\npassword_env = "P"\nsecurity = "none"',
            [
                "alerts.0.security: would send the password in the clear",
                "    leave it out, or the password",
            ],
            id="a password that all can read",
        ),
        pytest.param('kind = "webhook"', ["alerts.0: give url or url_env"], id="no address"),
        pytest.param(
            'kind = "webhook"\nurl = "https://h/"\nurl_env = "U"',
            ["alerts.0: give url or url_env, not both"],
            id="two addresses",
        ),
        pytest.param(
            'kind = "webhook"\nurl = "ftp://h/"',
            ["alerts.0.url: not a web address", "    for example https://example.org/alerts"],
            id="another protocol",
        ),
        pytest.param(
            'kind = "error_reporting"\nproject = "A B"',
            ["alerts.0.project: not a project of Google Cloud: 'A B'", "    small letters, digits and '-'"],
            id="no project",
        ),
    ],
)
def test_a_mistake_is_told_as_of_its_kind(tmp_path: Path, entry: str, lines: list[str]) -> None:
    assert refused(tmp_path, entry) == lines


SPELL_IT = "a secret stands in a variable, and the file has the name of the variable"


@pytest.mark.parametrize(
    ("entry", "lines"),
    [
        pytest.param(
            f'kind = "email"\nto = ["a@b"]\nsmtp = "h"\npassword = "{SECRET}"',
            ["alerts.0.password: must not stand in a file", f"    give password_env: {SPELL_IT}"],
            id="a password",
        ),
        pytest.param(
            f'kind = "email"\nto = ["a@b"]\nsmtp = "h"\npassword_env = "{SECRET}"',
            [
                "alerts.0.password_env: not the name of a variable, which has capital letters, digits and '_'",
                f"    {SPELL_IT}",
            ],
            id="a password in place of a name",
        ),
        pytest.param(
            f'kind = "email"\nto = ["a@b"]\nsmtp = "me:{SECRET}@h:587"',
            ["alerts.0.smtp: holds a login", f"    give username and password_env: {SPELL_IT}"],
            id="a login in the address of a server",
        ),
        pytest.param(
            f'kind = "slack"\nurl = "https://hooks.slack.com/services/T0/B0/{SECRET}"',
            [
                "alerts.0.url_env: required, and not there",
                "alerts.0.url: must not stand in a file",
                f"    give url_env: {SPELL_IT}",
            ],
            id="the address of a channel",
        ),
        pytest.param(
            f'kind = "teams"\nurl_env = "https://h.logic.azure.com/workflows/1?sig={SECRET}"',
            [
                "alerts.0.url_env: not the name of a variable, which has capital letters, digits and '_'",
                f"    {SPELL_IT}",
            ],
            id="an address in place of a name",
        ),
        *(
            pytest.param(
                f'kind = "webhook"\nurl = "{url}"',
                ["alerts.0.url: looks as if it held a secret", f"    give url_env: {SPELL_IT}"],
                id=title,
            )
            for title, url in {
                "a login in an address": f"https://me:{SECRET}@example.org/",
                "a question in an address": f"https://example.org/?token={SECRET}",
                "a path that is a secret": f"https://example.org/hooks/{SECRET}",
                "the address of a channel in a webhook": "https://hooks.slack.com/services/T0/B0/X",
            }.items()
        ),
        pytest.param(
            f'kind = "webhook"\nurl = "https://example.org/"\ntoken = "{SECRET}"',
            ["alerts.0.token: must not stand in a file", f"    give token_env: {SPELL_IT}"],
            id="a token",
        ),
        pytest.param(
            f'kind = "sendgrid"\napi_key = "{SECRET}"',
            ["alerts.0.api_key: must not stand in a file", "    set the variable SENDGRID_API_KEY"],
            id="a key",
        ),
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_shown(tmp_path: Path, entry: str, lines: list[str]) -> None:
    assert refused(tmp_path, entry) == lines


@pytest.mark.parametrize("text", ["alerts = 1", "alerts = [1]", "[alerts]\nx = 1"])
def test_what_is_no_list_of_entries_is_told(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileProblemsError) as caught:
        loaded(tmp_path, text)
    assert "must be a " in caught.value.lines()[0]


def test_the_schema_takes_what_the_model_takes_and_refuses_what_is_unknown_missing_or_of_another_type() -> None:
    validator = jsonschema_rs.validator_for(schemas.document("settings"))
    compared = 0
    for entry in ENTRIES.values():
        changes: list[dict[str, Any]] = [{**entry, "unknown": 1}, {**entry, "kind": "other"}]
        values: list[Any] = [None, 1, "", "x y", [], ["a@b"], {}, True]
        for field in entry:
            changes += [{**entry, field: value} for value in values]
            changes.append({name: value for name, value in entry.items() if name != field})
        for changed in (entry, *changes):
            document = {"alerts": [changed]}
            assert validator.is_valid(document) == is_taken(document), changed
            compared += 1
    assert compared > 200


def is_taken(document: dict[str, Any]) -> bool:
    try:
        Settings.model_validate(document)
    except ValidationError:
        return False
    return True
