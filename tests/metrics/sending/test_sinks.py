"""The sinks of a project: made of its file and its variables, before anything is judged; what is missing is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.errors import AlertError, FileProblemsError
from cajajejo.metrics.sending import sinks
from cajajejo.metrics.sending.email import Email, Login, Server
from cajajejo.metrics.sending.error_reporting import ErrorReporting
from cajajejo.metrics.sending.google import SecretManager
from cajajejo.metrics.sending.sendgrid import Account, SendGrid, addresses
from cajajejo.metrics.sending.slack import Slack
from cajajejo.metrics.sending.stderr import Stderr
from cajajejo.metrics.sending.teams import Teams
from cajajejo.metrics.sending.web import Web
from cajajejo.metrics.sending.webhook import Webhook
from cajajejo.settings import Settings
from tests.metrics.sending.arranging import event

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.metrics.sending.sink import AlertSink
    from tests.metrics.sending import far_ends

TO = ["ml-team@example.org", "night@example.org"]
EMAIL = {"kind": "email", "to": TO, "smtp": "smtp.example.org"}
CANNOT_BE_SENT = "holds characters that cannot be sent: copy it again"
SECRET_URL = "https://hooks.example.org/services/T0AB12CD3/qWeRtYuIoPaSdFgHjKl12345"  # noqa: S105  # of nobody


def made(*entries: dict[str, Any], gcp_project: str | None = None, **environ: str) -> tuple[AlertSink, ...]:
    """The sinks of these entries behind stderr."""
    settings = Settings.model_validate({"alerts": list(entries)})
    first, *rest = sinks.of(settings.alerts, environ, gcp_project=gcp_project)
    assert first == Stderr()
    return tuple(rest)


def refused(*entries: dict[str, Any], **environ: str) -> list[str]:
    """What is said of these entries."""
    with pytest.raises(FileProblemsError) as caught:
        made(*entries, **environ)
    assert not any(value in line for value in environ.values() for line in caught.value.lines() if len(value) > 8)
    return caught.value.lines()[:-1]


def test_each_recipient_of_letters_is_a_sink() -> None:
    server = Server("smtp.example.org", 587, "starttls")
    assert made(EMAIL) == tuple(Email(server, to, to, tuple(TO)) for to in TO)
    assert [sink.name for sink in made(EMAIL)] == ["email to ml-team@example.org", "email to night@example.org"]


@pytest.mark.parametrize(
    ("fields", "environ", "sender", "username"),
    [
        pytest.param({}, {}, TO[0], TO[0], id="nothing: the recipient"),
        pytest.param({"from": "a@x.org"}, {"CAJAJEJO_ALERT_FROM": "b@x.org"}, "a@x.org", "a@x.org", id="from"),
        pytest.param({}, {"CAJAJEJO_ALERT_FROM": " b@x.org\n"}, "b@x.org", "b@x.org", id="the variable"),
        pytest.param({"username": "c@x.org"}, {}, "c@x.org", "c@x.org", id="who logs in"),
        pytest.param({"username": "apikey"}, {}, TO[0], "apikey", id="a name that is no address"),
    ],
)
def test_letters_come_from_the_first_that_is_known(
    fields: dict[str, str], environ: dict[str, str], sender: str, username: str
) -> None:
    (sink, _) = made({**EMAIL, **fields, "password_env": "PASSWORD"}, PASSWORD="of-nobody\n", **environ)  # noqa: S106
    server = Server("smtp.example.org", 587, "starttls", Login(username, "of-nobody", "PASSWORD"))
    assert sink == Email(server, sender, TO[0], tuple(TO))


@pytest.mark.parametrize(
    ("smtp", "fields", "server"),
    [
        ("h", {}, Server("h", 587, "starttls")),
        ("h:465", {}, Server("h", 465, "tls")),
        ("h:25", {}, Server("h", 25, "starttls")),
        ("h:1025", {"security": "none"}, Server("h", 1025, "none")),
        ("[::1]:2525", {"security": "tls"}, Server("::1", 2525, "tls")),
        ("[::1]", {}, Server("::1", 587, "starttls")),
    ],
)
def test_how_a_mail_server_is_spoken_to_follows_from_its_port(
    smtp: str, fields: dict[str, str], server: Server
) -> None:
    (sink,) = made({"kind": "email", "to": TO[:1], "smtp": smtp, **fields})
    assert sink == Email(server, TO[0], TO[0], (TO[0],))


def test_webhooks_have_their_addresses_from_variables() -> None:
    found = made(
        {"kind": "slack", "url_env": "SLACK", "tests": ["a*"]},
        {"kind": "teams", "url_env": "TEAMS"},
        {"kind": "webhook", "url_env": "HOOK", "token_env": "TOKEN"},
        {"kind": "webhook", "url": "https://example.org/alerts"},
        SLACK=f"{SECRET_URL}\n",
        TEAMS=SECRET_URL,
        HOOK=SECRET_URL,
        TOKEN="tok-of-nobody",  # noqa: S106
    )
    open_url, token = "https://example.org/alerts", "tok-of-nobody"
    assert found == (
        Slack("slack by SLACK", Web("Slack (SLACK)", (SECRET_URL,)), SECRET_URL, ("a*",)),
        Teams("teams by TEAMS", Web("Teams (TEAMS)", (SECRET_URL,)), SECRET_URL),
        Webhook("webhook by HOOK", Web("the webhook HOOK", (SECRET_URL, token)), SECRET_URL, token),
        Webhook(f"webhook to {open_url}", Web(f"the webhook {open_url}"), open_url),
    )
    assert "qWeRtY" not in repr(found)
    assert token not in repr(found)


def test_sendgrid_takes_what_the_environment_has_and_asks_secret_manager_for_the_rest() -> None:
    url, entry = "https://api.sendgrid.com", {"kind": "sendgrid"}
    environ = {"SENDGRID_API_KEY": "SG.x", "CAJAJEJO_ALERT_TO": "a@x.org, b@x.org", "CAJAJEJO_ALERT_FROM": "c@x.org"}
    whole = Account(("a@x.org", "b@x.org"), "c@x.org", "SG.x")
    assert made(entry, **environ) == (SendGrid(whole, url),)
    assert made(entry, gcp_project="p-1", **environ) == (SendGrid(whole, url),)
    assert made(entry, gcp_project="p-1") == (SendGrid(Account(None, None, None, SecretManager("p-1")), url),)
    own = {**entry, "secret_manager_project": "p-2", "to": ["d@x.org"], "url": "https://api.eu.sendgrid.com"}
    account = Account(("d@x.org",), None, None, SecretManager("p-2"))
    assert made(own, gcp_project="p-1") == (SendGrid(account, "https://api.eu.sendgrid.com"),)


def test_sendgrid_which_takes_nobody_twice_is_told_everybody_once() -> None:
    entry = {"kind": "sendgrid", "to": ["a@x.org", "b@x.org", "a@x.org"], "from": "c@x.org"}
    (sink,) = made(entry, SENDGRID_API_KEY="SG.x")
    assert isinstance(sink, SendGrid)
    assert sink.account.to == ("a@x.org", "b@x.org")
    assert addresses("a@x.org, a@x.org", "it") == ("a@x.org",)


def test_error_reporting_is_that_of_the_project() -> None:
    assert made({"kind": "error_reporting", "project": "p-1"}) == (ErrorReporting("p-1"),)
    assert made({"kind": "error_reporting"}, gcp_project="p-2") == (ErrorReporting("p-2"),)


@pytest.mark.parametrize(
    ("entry", "environ", "lines"),
    [
        pytest.param(
            {"kind": "slack", "url_env": "SLACK"},
            {"SLACK": " "},
            ["cajajejo.toml: alerts.0.url_env: the variable SLACK is not set"],
            id="a variable that is empty",
        ),
        pytest.param(
            {"kind": "slack", "url_env": "SLACK"},
            {"SLACK": "qWeRtYuIoPaSdFgHjKl12345"},
            ["cajajejo.toml: alerts.0.url_env: what the variable SLACK holds is no web address"],
            id="no address",
        ),
        pytest.param(
            {"kind": "teams", "url_env": "TEAMS"},
            {"TEAMS": "http://hooks.example.org/qWeRtYuIoPaSdFgHjKl12345"},
            ["cajajejo.toml: alerts.0.url_env: the address in TEAMS begins with http: the secret in it would be seen"],
            id="an address that all can read",
        ),
        pytest.param(
            {"kind": "slack", "url_env": "SLACK"},
            {"SLACK": "http://localhost.example.org/qWeRtYuIoPaSdFgHjKl12345"},
            ["cajajejo.toml: alerts.0.url_env: the address in SLACK begins with http: the secret in it would be seen"],
            id="an address that begins as this machine's does",
        ),
        pytest.param(
            {"kind": "sendgrid", "url": "http://sendgrid.example.org", "to": ["a@x.org"], "from": "c@x.org"},
            {"SENDGRID_API_KEY": "SG.x"},
            ["cajajejo.toml: alerts.0.url: begins with http: the key would be seen"],
            id="SendGrid where all can read",
        ),
        pytest.param(
            {"kind": "webhook", "url": "https://example.org/", "token_env": "TOKEN"},
            {"TOKEN": "tok\u00e9n-of-nobody"},
            [f"cajajejo.toml: alerts.0.token_env: the variable TOKEN {CANNOT_BE_SENT}"],
            id="a token that no header holds",
        ),
        pytest.param(
            {**EMAIL, "password_env": "PASSWORD"},
            {},
            ["cajajejo.toml: alerts.0.password_env: the variable PASSWORD is not set"],
            id="no password",
        ),
        pytest.param(
            EMAIL,
            {"CAJAJEJO_ALERT_FROM": "nobody-at-all"},
            [
                "cajajejo.toml: alerts.0.from: the variable CAJAJEJO_ALERT_FROM holds no e-mail address",
                "    for example ml-team@example.org",
            ],
            id="a sender that is no address",
        ),
        pytest.param(
            {"kind": "sendgrid"},
            {"CAJAJEJO_ALERT_FROM": "c@x.org"},
            [
                "cajajejo.toml: alerts.0: not set: CAJAJEJO_ALERT_TO, SENDGRID_API_KEY",
                "    or give secret_manager_project, whose secrets are asked for it",
            ],
            id="SendGrid without a key",
        ),
        pytest.param(
            {"kind": "error_reporting"},
            {},
            ["cajajejo.toml: alerts.0.project: required, and not there", "    or give gcp.project"],
            id="no project",
        ),
    ],
)
def test_what_is_missing_is_told_with_its_entry(
    entry: dict[str, Any], environ: dict[str, str], lines: list[str]
) -> None:
    assert refused(entry, **environ) == lines


def test_everything_that_is_missing_is_told_at_once() -> None:
    lines = refused({"kind": "slack", "url_env": "A"}, EMAIL, {"kind": "teams", "url_env": "B"})
    assert lines == [
        "cajajejo.toml: alerts.0.url_env: the variable A is not set",
        "cajajejo.toml: alerts.2.url_env: the variable B is not set",
    ]


def test_two_entries_that_go_to_one_place_are_refused() -> None:
    again = {**EMAIL, "to": TO[1:], "tests": ["nightly-*"]}
    assert refused(EMAIL, again) == [
        "cajajejo.toml: alerts.1: another entry goes there, too: email to night@example.org",
        "    join the two, and their tests",
    ]
    assert len(made({**EMAIL, "to": [TO[0], TO[0]]})) == 1


def test_a_far_end_is_sent_as_many_events_at_once_as_it_can_show() -> None:
    url = {"kind": "webhook", "url": "https://example.org/alerts"}
    others = ({"kind": "slack", "url_env": "URL"}, {"kind": "teams", "url_env": "URL"}, {"kind": "sendgrid"})
    found = made({**EMAIL, "to": TO[:1]}, url, *others, {"kind": "error_reporting"}, gcp_project="p-1", URL=SECRET_URL)
    assert [Stderr().most, *(sink.most for sink in found)] == [None, None, 100, 20, 10, None, 1]


def test_those_are_told_that_want_to_hear_of_a_test() -> None:
    found = sinks.of(
        Settings.model_validate(
            {
                "alerts": [
                    {**EMAIL, "to": TO[:1], "tests": ["nightly-*", "demo"]},
                    {**EMAIL, "to": TO[1:], "tests": ["nightly-b*"]},
                    {"kind": "webhook", "url": "https://example.org/"},
                ]
            }
        ).alerts,
        {},
    )
    all_of_them = ("stderr", "email to ml-team@example.org", "webhook to https://example.org/")
    assert sinks.names(found, "demo") == all_of_them
    assert sinks.names(found, "Demo") == ("stderr", "webhook to https://example.org/")
    assert sinks.names(found, "nightly-bert")[2] == "email to night@example.org"


def test_the_project_file_that_counts_here_says_who_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, far: far_ends.Web
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    assert sinks.here({}) == (Stderr(),)
    (tmp_path / "cajajejo.toml").write_text(
        '[gcp]\nproject = "p-1"\nlocation = "l"\ncluster = "c"\n'
        '[[alerts]]\nkind = "error_reporting"\n[[alerts]]\nkind = "webhook"\nurl_env = "HOOK"\n'
    )
    lines: list[str] = []
    stderr, reporting, webhook = sinks.here({"HOOK": far.url}, say=lines.append)
    assert reporting == ErrorReporting("p-1")
    for sink in (stderr, webhook):
        sink.send([event("loss_final is 0.5")], "k1")
    assert lines == ["Alert: demo: loss_final is 0.5"]
    assert far.requests[0].json["alerts"][0]["message"] == "loss_final is 0.5"
    with pytest.raises(FileProblemsError) as caught:
        sinks.here({})
    told = "alerts.1.url_env: the variable HOOK is not set"
    assert caught.value.lines()[0] == f"{tmp_path / 'cajajejo.toml'}: {told}"


def test_one_sink_that_is_away_says_so_alone(far: far_ends.Web) -> None:
    gone, there = made(
        {"kind": "webhook", "url_env": "GONE"},
        {"kind": "webhook", "url_env": "THERE"},
        GONE="http://no-such-host.invalid/hook",
        THERE=far.url,
    )
    with pytest.raises(AlertError, match=r"^the webhook GONE does not answer: Failed to resolve"):
        gone.send([event()], "k1")
    there.send([event()], "k1")
    assert len(far.requests) == 1
