"""The program that a kubeconfig names to log in (``exec``), run so that its failure is told.

The loader of the kubernetes package runs it, too, but writes a failure to a log and goes on without a login.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo.cluster.errors import LOG_IN, CredentialsError
from cajajejo.cluster.exchange import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cajajejo.cluster.exchange import Target

_GKE_PLUGIN: Final = "gke-gcloud-auth-plugin"
_EARLY_SECONDS: Final = 60.0
"""How long before its end a token is renewed."""


_LIBRARY: Final = (
    (re.compile(r"Invalid kube-config file. Expected key (\S+) in "), "an entry has no {}"),
    (
        re.compile(r"Invalid kube-config file. Expected object with name (.*) in \S*?(\w+) list$"),
        "there is no {} in {}",
    ),
    (re.compile(r"Invalid kube-config file. Expected only one object with name (.*) in "), "{} is there twice"),
    (
        re.compile(r"Invalid kube-config file. Expected all values in \S*?(\w+) list to have 'name'"),
        "an entry of {} has no name",
    ),
    (re.compile(r"Invalid kube-config file. Expected \S*?(\w+) to be a list"), "{} is not a list"),
)
"""What the library says, and what is shown of it."""


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin as the kubeconfig describes it, and the environment that it runs in; nodes of the library."""

    entry: Any
    cluster: Any
    environ: Mapping[str, str]

    @property
    def command(self) -> str:
        """The program; a relative path starts at the directory of the kubeconfig."""
        command = str(self.entry.safe_get("command") or "(no command)")
        return str(Path(self.entry.path).parent / command) if "/" in command else command


def take_out(user: Any) -> Any:
    """The ``exec`` entry of the user's node, which is changed so that the library does not run it; None without one."""
    if user is None or not isinstance(user.value.get("user"), dict) or not user.value["user"].get("exec"):
        return None
    entry = user["user"]["exec"]
    user.value["user"] = {key: value for key, value in user.value["user"].items() if key != "exec"}
    return entry


def log_in(library: Any, settings: Any, plugin: Plugin, target: Target) -> None:
    """Runs the plugin now, puts what it gives into `settings`, and renews it there before it expires.

    Raises:
        CredentialsError: the plugin is missing, fails, or answers something else than a login.
    """
    expires = _run(library, settings, plugin, target)

    def renew(configuration: Any) -> None:
        nonlocal expires
        if expires is not None and time.time() > expires - _EARLY_SECONDS:
            expires = _run(library, configuration, plugin, target)

    settings.refresh_api_key_hook = renew


def _run(library: Any, settings: Any, plugin: Plugin, target: Target) -> float | None:
    """When the login ends, in seconds since the epoch; None where the plugin does not say."""
    try:
        program = library.ExecProvider(plugin.entry, "", plugin.cluster)
        program.args[0] = plugin.command
        program.env = {**plugin.environ, **{item["name"]: item["value"] for item in plugin.entry.safe_get("env") or []}}
        status = program.run()
        _take(library, settings, status)
        expiry = status.get("expirationTimestamp")
        return None if expiry is None else float(library.parse_rfc3339(expiry).timestamp())
    except OSError as error:
        raise _missing(plugin, target, error) from error
    except (library.ConfigException, AttributeError, KeyError, TypeError, ValueError) as error:
        raise _failed(plugin, target, error) from None  # the library's text may hold the whole entry of the user


def _take(library: Any, settings: Any, status: Mapping[str, Any]) -> None:
    if status.get("token"):
        settings.api_key["BearerToken"] = f"Bearer {status['token']}"
        return
    if not status.get("clientCertificateData") or not status.get("clientKeyData"):
        raise ValueError("it gave neither a token nor a certificate")
    for field, name in (("clientCertificateData", "cert_file"), ("clientKeyData", "key_file")):
        data = library.FileOrData(status, "", data_key_name=field, base64_file_content=False)
        setattr(settings, name, data.as_file())


def _missing(plugin: Plugin, target: Target, error: OSError) -> CredentialsError:
    facts = {"says": plain(error.strerror or error).lower(), "context": plain(target.context)}
    hint = plugin.entry.safe_get("installHint")
    if hint:
        facts["hint"] = plain(hint)
    run = f"gcloud components install {_GKE_PLUGIN}" if plugin.command.endswith(_GKE_PLUGIN) else LOG_IN
    message = f"the program that logs in to the cluster cannot be run: {plain(plugin.command)}"
    return CredentialsError(message, facts=facts, run=run)


def _failed(plugin: Plugin, target: Target, error: Exception) -> CredentialsError:
    facts = {"says": _last_line(error), "context": plain(target.context)}
    message = f"the program that logs in to the cluster failed: {plain(plugin.command)}"
    return CredentialsError(message, facts=facts, run=LOG_IN)


def _last_line(error: Exception) -> str:
    """The last line that the plugin wrote to stderr, as it stands in the library's message."""
    if isinstance(error, AttributeError | KeyError | TypeError):
        return "its answer is not an ExecCredential"
    lines = [line for line in str(error).splitlines() if line.strip()]
    return library_words(lines[-1].removeprefix("exec: ")) if lines else type(error).__name__


def library_words(text: object) -> str:
    """What the library says of a kubeconfig, without the entries that it repeats whole, tokens included."""
    message = str(text)
    for pattern, words in _LIBRARY:
        found = pattern.match(message)
        if found:
            return plain(words.format(*found.groups()))
    return (
        "an entry has not the form that a kubeconfig has"
        if "kube-config" in message or "{" in message
        else plain(message)
    )
