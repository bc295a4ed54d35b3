"""From a kubeconfig, or the service account of a pod, to a client that is logged in; the only import of kubernetes.

The package is used for what it knows: files, contexts, certificates, tokens and their renewal, proxies. Which context
counts when several files are joined is decided here, as kubectl does: the first file that names one wins.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from cajajejo.cluster import credential_plugin
from cajajejo.cluster.credential_plugin import Plugin, library_words
from cajajejo.cluster.errors import LOG_IN, CredentialsError, KubeconfigError
from cajajejo.cluster.exchange import Target, pasted, plain
from cajajejo.errors import FileProblemsError, require
from cajajejo.phrases import closest
from cajajejo.yamlfile import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.yamlfile import Document

SERVICE_ACCOUNT: Final = Path("/var/run/secrets/kubernetes.io/serviceaccount")
IN_CLUSTER: Final = "in-cluster"
"""The name of the context inside of a pod."""


@dataclass(frozen=True, slots=True)
class Login:
    """Where to, and the client of the kubernetes package with its connections and credentials."""

    target: Target
    client: Any


@dataclass(frozen=True, slots=True)
class Place:
    """Where a login comes from: the context asked for, the environment, and where a pod finds its service account."""

    context: str | None
    environ: Mapping[str, str]
    service_account: Path = SERVICE_ACCOUNT


def log_in(place: Place, *, connections: int) -> Login:
    """A client for the cluster of `place`, which keeps up to `connections` connections open.

    Raises:
        KubeconfigError: there is none, it is wrong, or it has no such context.
        CredentialsError: the plugin that logs in is missing or failed.
        MissingExtraError: the package kubernetes is not installed.
    """
    library = require("kubernetes.config.kube_config", extra="evaluation", purpose="talking to a cluster")
    settings = library.Configuration()
    settings.connection_pool_maxsize = connections
    settings.keep_alive = True
    files = _files(place.environ)
    if files:
        target = _from_files(library, settings, files, place)
    elif place.context is None and (place.service_account / "token").exists():
        target = _from_service_account(settings, place)
    else:
        raise _nothing_found(place)
    _check_address(settings.host, target)
    return Login(target, _client(library, settings, target))


def _files(environ: Mapping[str, str]) -> list[Path]:
    """The kubeconfig files that are there, in the order in which they count."""
    named = [Path(part).expanduser() for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    home = environ.get("HOME")
    usual = [Path(home) / ".kube" / "config"] if home else []
    return [path for path in (named or usual) if _is_there(path)]


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True  # reading it tells what is wrong
    return True


def _nothing_found(place: Place) -> KubeconfigError:
    named = place.environ.get("KUBECONFIG")
    facts = {"looked at": f"KUBECONFIG={plain(named)}" if named else "~/.kube/config (KUBECONFIG is not set)"}
    if place.context is not None:
        facts["context"] = plain(place.context)
    return KubeconfigError(
        "no cluster is known here: there is no kubeconfig, and this is not a pod of a cluster",
        facts=facts,
        run=(LOG_IN, "or name a kubeconfig: export KUBECONFIG=FILE"),
    )


def _read(path: Path) -> Document:
    try:
        return load(path)
    except FileProblemsError as error:
        problem = error.problems[0]
        line = f"line {problem.line}: " if problem.line else ""
        says = line + (f"{problem.path}: " if problem.path else "") + problem.message
        raise KubeconfigError(
            f"the kubeconfig cannot be used: {path}", facts={"says": plain(says)}, run="kubectl config view"
        ) from error


def _from_files(library: Any, settings: Any, files: Sequence[Path], place: Place) -> Target:
    documents = [_read(path) for path in files]
    current = next((str(found) for document in documents if (found := document.data.get("current-context"))), None)
    name = place.context or current
    contexts = _contexts(documents)
    if name is None:
        raise _no_context(files, contexts)
    if name not in contexts:
        raise _unknown_context(name, files, contexts, current)
    namespace = contexts[name].get("namespace")
    try:
        plugin = _load(library, settings, files, name, place.environ)
    except library_errors(library) as error:
        raise _wrong(error, files, name) from None  # the library's text may hold the whole entry of the user
    target = Target(name, str(namespace) if namespace else None, _shown(settings.host), is_current=name == current)
    if plugin is not None:
        credential_plugin.log_in(library, settings, plugin, target)
    return target


def _load(library: Any, settings: Any, files: Sequence[Path], name: str, environ: Mapping[str, str]) -> Plugin | None:
    """Puts the context `name` into `settings`; returns the plugin that is still to be run, if any."""
    merged = library.KubeConfigMerger(os.pathsep.join(map(str, files)))
    context = merged.config["contexts"].get_with_name(name)["context"]
    cluster = merged.config["clusters"].get_with_name(context["cluster"])["cluster"]
    user = merged.config["users"].get_with_name(context["user"]) if context.safe_get("user") else None
    cluster["server"]  # a cluster without a server would become localhost
    entry = credential_plugin.take_out(user)
    persist = None if entry is not None else merged.save_changes  # what was taken out stays in the file
    library.KubeConfigLoader(
        merged.config, active_context=name, config_base_path=None, config_persister=persist
    ).load_and_set(settings)
    return None if entry is None or settings.api_key else Plugin(entry, cluster, environ)


def _named(document: Document, section: str, inner: str) -> dict[str, dict[str, Any]]:
    """The entries of a section by their names; what is malformed is left out."""
    entries = document.data.get(section)
    return {
        str(entry["name"]): value
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict) and "name" in entry and isinstance(value := entry.get(inner) or {}, dict)
    }


def _contexts(documents: Sequence[Document]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for document in documents:
        found = {**_named(document, "contexts", "context"), **found}
    return found


def _list_of(contexts: Mapping[str, Any]) -> str:
    shown = [plain(name) for name in list(contexts)[:20]]
    return "\n".join(shown + ["…"] * (len(contexts) > len(shown))) or "none"


def _no_context(files: Sequence[Path], contexts: Mapping[str, Any]) -> KubeconfigError:
    facts = {"kubeconfig": os.pathsep.join(map(str, files)), "contexts": _list_of(contexts)}
    run = [f"kubectl config use-context {pasted(name)}" for name in list(contexts)[:1]]
    return KubeconfigError("the kubeconfig names no current context", facts=facts, run=run or LOG_IN)


def _unknown_context(
    name: str, files: Sequence[Path], contexts: Mapping[str, Any], current: str | None
) -> KubeconfigError:
    facts = {}
    guess = closest(name, contexts)
    if guess:
        facts["did you mean"] = plain(guess)
    elif name == current:
        facts["named by"] = "current-context"
    facts |= {"contexts": _list_of(contexts), "kubeconfig": os.pathsep.join(map(str, files))}
    run = ("kubectl config get-contexts     lists them", f"{LOG_IN}     adds the one of the project")
    return KubeconfigError(f"there is no context {plain(name)}", facts=facts, run=run)


def library_errors(library: Any) -> tuple[type[Exception], ...]:
    """What loading raises: its own error; what a malformed entry leads to; what the renewal of a token meets."""
    client = require("kubernetes.client.exceptions", extra="evaluation", purpose="talking to a cluster")
    return (
        *(library.ConfigException, library.yaml.YAMLError, client.OpenApiException),
        *(AttributeError, LookupError, OSError, TypeError, ValueError),
        *(library.urllib3.exceptions.HTTPError, library.oauthlib.oauth2.OAuth2Error),
        *((library.google.auth.exceptions.GoogleAuthError,) if library.google_auth_available else ()),
    )


def _wrong(error: Exception, files: Sequence[Path], name: str) -> KubeconfigError:
    if isinstance(error, KeyError):
        says = f"{error.args[0]} is missing" if error.args else "something is missing"
    elif isinstance(error, AttributeError | TypeError):
        says = "an entry has not the form that a kubeconfig has"
    else:
        says = str(error) or type(error).__name__
    facts = {"says": library_words(says), "context": plain(name), "kubeconfig": os.pathsep.join(map(str, files))}
    run = (LOG_IN, "or look at it: kubectl config view")
    return KubeconfigError("the kubeconfig cannot be used", facts=facts, run=run)


def authorization(login: Login) -> str | None:
    """The ``Authorization`` header of now, renewed where it is about to expire; None where a certificate does it.

    Raises:
        CredentialsError: it cannot be renewed, or holds characters that no header may have.
    """
    library = require("kubernetes.config.kube_config", extra="evaluation", purpose="talking to a cluster")
    try:
        found = login.client.configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
    except library_errors(library) as error:
        facts = {"says": library_words(error), "context": plain(login.target.context)}
        raise CredentialsError("the login could not be renewed", facts=facts, run=LOG_IN) from None
    header = found.strip() if found else None
    if header and not (header.isascii() and header.isprintable()):
        message = f"the token of the login holds characters that no token has: {plain(login.target.context)}"
        raise CredentialsError(message, run=LOG_IN)
    return header


def _from_service_account(settings: Any, place: Place) -> Target:
    inside = require("kubernetes.config.incluster_config", extra="evaluation", purpose="talking to a cluster")
    folder = place.service_account
    token, certificate = str(folder / "token"), str(folder / "ca.crt")
    try:
        inside.InClusterConfigLoader(token, certificate, environ=place.environ).load_and_set(settings)
        namespace = (folder / "namespace").read_text("utf-8").strip() if (folder / "namespace").exists() else None
    except (inside.ConfigException, OSError, ValueError) as error:
        facts = {"says": plain(error), "looked at": str(folder)}
        raise KubeconfigError("the service account of this pod cannot be used", facts=facts) from error
    return Target(IN_CLUSTER, namespace or None, _shown(settings.host))


def _shown(address: str) -> str:
    """The address of a server or a proxy without the user and password that it may hold."""
    scheme, separator, rest = address.rpartition("://")
    host, slash, path = rest.partition("/")
    return plain(f"{scheme}{separator}{host.rpartition('@')[2]}{slash}{path}")


def _check_address(address: str, target: Target) -> None:
    try:
        parts = urlsplit(address)
        sensible = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sensible = False
    if not sensible:
        facts = {"context": plain(target.context), "expected": "https://HOST:PORT"}
        message = f"the kubeconfig's address of the cluster makes no sense: {target.server}"
        raise KubeconfigError(message, facts=facts, run="kubectl config view --minify")


def _client(library: Any, settings: Any, target: Target) -> Any:
    if not settings.verify_ssl:
        library.urllib3.disable_warnings(library.urllib3.exceptions.InsecureRequestWarning)
    try:
        return library.ApiClient(configuration=settings)
    except (ImportError, ValueError, AssertionError, OSError) as error:
        proxy = _shown(str(settings.proxy or ""))
        facts = {"says": plain(error), "proxy": proxy or "none", "context": plain(target.context)}
        raise KubeconfigError("no connection can be set up as the kubeconfig says", facts=facts) from error
