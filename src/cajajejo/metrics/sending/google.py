"""Google Cloud over REST: who we are there, and the secrets that are kept there."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from cajajejo.errors import AlertError, require
from cajajejo.metrics.sending.web import Web, quoted

SECRET_MANAGER: Final = "https://secretmanager.googleapis.com"  # noqa: S105  # an address
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
_SECONDS: Final = 10.0
_EXTRA: Final = "evaluation"
_PURPOSE: Final = "sending alerts through Google Cloud"


def token() -> str:
    """A token for who we are in Google Cloud, by Application Default Credentials.

    Raises:
        AlertError: there is no login, or Google does not take it.
    """
    auth: Any = require("google.auth", extra=_EXTRA, purpose=_PURPOSE)
    errors: Any = require("google.auth.exceptions", extra=_EXTRA, purpose=_PURPOSE)
    transport: Any = require("google.auth.transport.requests", extra=_EXTRA, purpose=_PURPOSE)
    try:
        credentials, _ = auth.default(scopes=[_SCOPE])
        credentials.refresh(partial(transport.Request(), timeout=_SECONDS))
    except errors.GoogleAuthError as error:
        says = quoted(str(error.args[0] if error.args else error), ())
        raise AlertError(f"no login for Google Cloud: {says}") from None  # it may hold what the login consists of
    return str(credentials.token)


@dataclass(frozen=True, slots=True)
class SecretManager:
    """The secrets of a project; `url` is where they are asked for."""

    project: str
    url: str = field(default=SECRET_MANAGER, repr=False)

    def secret(self, name: str, login: str) -> str:
        """The latest version of the secret `name`, without the line break that often ends it.

        Raises:
            AlertError: it is not there, may not be read, or is no text.
        """
        whose = f"Secret Manager ({name} of {self.project})"
        path = f"/v1/projects/{quote(self.project)}/secrets/{quote(name)}/versions/latest:access"
        headers = {"Authorization": f"Bearer {login}"}
        said = Web(whose, (login,), silence_seconds=_SECONDS).ask("GET", self.url + path, headers=headers)
        try:
            text = base64.b64decode(json.loads(said)["payload"]["data"]).decode().strip()
        except (ValueError, LookupError, TypeError):
            raise AlertError(f"{whose} answers with something that is no secret") from None  # it may hold the secret
        if not text:
            raise AlertError(f"{whose} is empty")
        return text
