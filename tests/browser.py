"""A real browser that opens pages: the system's own, driven without a window."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Playwright

IN_CI: Final = bool(os.environ.get("CI"))  # looked at before the fixture hides it
_NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_QUIET: Final = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)


@contextmanager
def opened() -> Iterator[Browser]:
    """A browser without a window; where there is none the tests are skipped, and in CI they fail."""
    from playwright.sync_api import Error, sync_playwright

    path = next(filter(None, map(shutil.which, _NAMES)), None)
    with sync_playwright() as playwright:
        try:
            browser = _launched(playwright, path)
        except Error as error:
            if IN_CI:
                raise
            pytest.skip(f"no browser: {error.message.splitlines()[0]}")
        try:
            yield browser
        finally:
            browser.close()


def _launched(playwright: Playwright, path: str | None) -> Browser:
    """The system's browser, else the one that playwright has installed itself."""
    return playwright.chromium.launch(executable_path=path, args=list(_QUIET))
