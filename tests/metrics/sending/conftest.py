"""What the tests of the sinks share: no proxies, an HTTP server, and a login for a Google Cloud on this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.metrics.sending import far_ends

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def far() -> Iterator[far_ends.Web]:
    """An HTTP server on this machine."""
    with far_ends.web_server() as web:
        yield web


@pytest.fixture(scope="session")
def private_key() -> str:
    """The key of a service account of nobody's."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(65537, 2048)
    form, secret = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, form, secret).decode()


@pytest.fixture
def google(far: far_ends.Web, private_key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> far_ends.Web:
    """A Google Cloud: it gives tokens to a service account, and the secrets of the mission to whoever has one."""
    login = {
        "type": "service_account",
        "client_email": "handler@p.iam.gserviceaccount.com",
        "private_key_id": "k",
        "private_key": private_key,
        "token_uri": f"{far.url}/token",
    }
    (tmp_path / "login.json").write_text(json.dumps(login))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "login.json"))
    far.otherwise = far_ends.google_cloud
    return far
