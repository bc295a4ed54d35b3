"""The sinks that a project has: stderr, and those that the project file names."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cajajejo import alert_settings, project_file, settings
from cajajejo.alert_settings import ADDRESS, ALERT_FROM, ALERT_TO, LOOPBACK, SENDGRID_KEY
from cajajejo.errors import FileProblemsError, Problem
from cajajejo.metrics.sending import email, sendgrid, stderr, web
from cajajejo.metrics.sending.error_reporting import ErrorReporting
from cajajejo.metrics.sending.google import SecretManager
from cajajejo.metrics.sending.slack import Slack
from cajajejo.metrics.sending.stderr import Stderr
from cajajejo.metrics.sending.teams import Teams
from cajajejo.metrics.sending.web import Web
from cajajejo.metrics.sending.webhook import Webhook
from cajajejo.phrases import matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cajajejo.alert_settings import AlertSettings
    from cajajejo.metrics.sending.sink import AlertSink


def here(environ: Mapping[str, str], *, say: Callable[[str], None] = stderr.say) -> tuple[AlertSink, ...]:
    """The sinks of the project file that counts in the working directory; stderr first.

    Raises:
        FileProblemsError: the file is wrong, or a variable that it names is not set.
        MissingExtraError: a sink needs a package that is not installed.
    """
    path = project_file.find_here(environ)
    if path is None:
        return (Stderr(say),)
    found = settings.load(path)
    project = found.gcp.project if found.gcp else None
    return of(found.alerts, environ, gcp_project=project, file=str(path), say=say)


def of(
    alerts: Sequence[AlertSettings],
    environ: Mapping[str, str],
    *,
    gcp_project: str | None = None,
    file: str = project_file.FILE,
    say: Callable[[str], None] = stderr.say,
) -> tuple[AlertSink, ...]:
    """The sinks of `alerts`, with what `environ` says of them; stderr first. Nothing is connected to.

    Raises:
        FileProblemsError: a variable is not set, or no good, or two entries go to one place; every problem of `file`.
        MissingExtraError: a sink needs a package that is not installed.
    """
    sinks: list[AlertSink] = [Stderr(say)]
    problems: list[Problem] = []
    for place, entry in enumerate(alerts):
        reader = _Reader(environ, gcp_project)
        made = list(reader.sinks(entry))
        twice = [sink.name for sink in made if any(sink.name == other.name for other in sinks)]
        if twice:
            reader.problem("", f"another entry goes there, too: {twice[0]}", "join the two, and their tests")
        problems += [
            Problem(file, one.message, path=f"alerts.{place}{one.path}", hint=one.hint) for one in reader.problems
        ]
        sinks += made
    if problems:
        raise FileProblemsError(problems)
    return tuple(sinks)


def names(sinks: Sequence[AlertSink], test: str) -> tuple[str, ...]:
    """The names of those of `sinks` that want to hear of `test`."""
    wanting = (sink for sink in sinks if not sink.tests or any(matches(test, glob) for glob in sink.tests))
    return tuple(sink.name for sink in wanting)


def _in_the_clear(url: str) -> bool:
    """Whether what is sent to `url` can be seen on the way: without TLS, and beyond this machine."""
    parts = urlsplit(url)
    return parts.scheme == "http" and parts.hostname not in LOOPBACK


class _Reader:
    """Makes sinks of an entry; collects what is wrong on the way."""

    def __init__(self, environ: Mapping[str, str], gcp_project: str | None) -> None:
        self._environ = environ
        self._gcp_project = gcp_project
        self.problems: list[Problem] = []

    def problem(self, field: str, message: str, hint: str | None = None) -> None:
        """Takes down that `field` of the entry, or the entry itself, cannot be used."""
        self.problems.append(Problem("", message, path=f".{field}" if field else "", hint=hint))

    def sinks(self, entry: AlertSettings) -> Iterator[AlertSink]:
        """The sinks of `entry`; none where there is a problem."""
        match entry:
            case alert_settings.Email():
                yield from self._email(entry)
            case alert_settings.SendGrid():
                yield from self._sendgrid(entry)
            case alert_settings.ErrorReporting():
                yield from self._error_reporting(entry)
            case alert_settings.Slack() | alert_settings.Teams() | alert_settings.Webhook():
                yield from self._over_the_web(entry)

    def _email(self, entry: alert_settings.Email) -> Iterator[AlertSink]:
        username = entry.username if entry.username and ADDRESS.fits(entry.username) else None
        by_variable = self._addresses("from", ALERT_FROM) if entry.sender is None else None
        sender = entry.sender or (by_variable[0] if by_variable else username)
        login = None
        if entry.password_env and (password := self._variable("password_env", entry.password_env)):
            login = email.Login(entry.username or sender or entry.to[0], password, entry.password_env)
        server = email.Server(entry.host, entry.port, entry.transport, login)
        everyone = tuple(dict.fromkeys(entry.to))
        for to in () if self.problems else everyone:
            yield email.Email(server, sender or to, to, everyone, entry.tests)

    def _sendgrid(self, entry: alert_settings.SendGrid) -> Iterator[AlertSink]:
        web.required()
        project = entry.secret_manager_project or self._gcp_project
        to = tuple(dict.fromkeys(entry.to or self._addresses("to", ALERT_TO) or ())) or None
        sender = entry.sender or next(iter(self._addresses("from", ALERT_FROM) or ()), None)
        key = self._header("", SENDGRID_KEY, self._environ.get(SENDGRID_KEY, "").strip()) or None
        missing = [name for name, value in ((ALERT_TO, to), (ALERT_FROM, sender), (SENDGRID_KEY, key)) if not value]
        if missing and project is None:
            hint = "or give secret_manager_project, whose secrets are asked for it"
            self.problem("", f"not set: {', '.join(missing)}", hint)
        if _in_the_clear(entry.url):
            self.problem("url", "begins with http: the key would be seen")
        if not self.problems:
            kept = SecretManager(project) if missing and project else None
            yield sendgrid.SendGrid(sendgrid.Account(to, sender, key, kept), entry.url, entry.tests)

    def _error_reporting(self, entry: alert_settings.ErrorReporting) -> Iterator[AlertSink]:
        web.required()
        project = entry.project or self._gcp_project
        if project is None:
            self.problem("project", "required, and not there", "or give gcp.project")
        else:
            yield ErrorReporting(project, tests=entry.tests)

    def _over_the_web(
        self, entry: alert_settings.Slack | alert_settings.Teams | alert_settings.Webhook
    ) -> Iterator[AlertSink]:
        web.required()
        url = self._url(entry)
        token = None
        if isinstance(entry, alert_settings.Webhook) and entry.token_env:
            token = self._variable("token_env", entry.token_env)
        if url is None or self.problems:
            return
        place = f"by {entry.url_env}" if entry.url_env else f"to {url}"
        secrets = tuple(filter(None, (url if entry.url_env else None, token)))
        match entry:
            case alert_settings.Slack():
                yield Slack(f"slack {place}", Web(f"Slack ({entry.url_env})", secrets), url, entry.tests)
            case alert_settings.Teams():
                yield Teams(f"teams {place}", Web(f"Teams ({entry.url_env})", secrets), url, entry.tests)
            case _:
                far_end = Web(f"the webhook {entry.url_env or url}", secrets)
                yield Webhook(f"webhook {place}", far_end, url, token, entry.tests)

    def _url(self, entry: alert_settings.Slack | alert_settings.Teams | alert_settings.Webhook) -> str | None:
        if entry.url_env is None:
            return entry.url if isinstance(entry, alert_settings.Webhook) else None
        url = self._variable("url_env", entry.url_env)
        if url is None:
            return None
        try:
            alert_settings.check_web(url)
        except ValueError:
            self.problem("url_env", f"what the variable {entry.url_env} holds is no web address")
            return None
        if _in_the_clear(url) and not isinstance(entry, alert_settings.Webhook):
            self.problem("url_env", f"the address in {entry.url_env} begins with http: the secret in it would be seen")
        return url

    def _variable(self, field: str, name: str) -> str | None:
        """What the variable `name` holds; a secret that is mounted often ends in a line break."""
        value = self._environ.get(name, "").strip()
        if not value:
            self.problem(field, f"the variable {name} is not set")
        return self._header(field, name, value) or None

    def _header(self, field: str, name: str, value: str) -> str:
        if value and not (value.isascii() and value.isprintable()):
            self.problem(field, f"the variable {name} holds characters that cannot be sent: copy it again")
        return value

    def _addresses(self, field: str, name: str) -> tuple[str, ...] | None:
        found = tuple(part.strip() for part in self._environ.get(name, "").split(",") if part.strip())
        if not all(map(ADDRESS.fits, found)):
            self.problem(field, f"the variable {name} holds no e-mail address", ADDRESS.rule)
        return found or None
