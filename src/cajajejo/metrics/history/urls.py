"""The URL of a history as it may be shown where it is wrong."""

from __future__ import annotations


def shown(url: str) -> str:
    """`url`, or only how it begins where a password may stand in it."""
    secret = "@" in url or "password" in url.lower()
    return f"{url.partition(':')[0].strip()}:…" if secret else url
