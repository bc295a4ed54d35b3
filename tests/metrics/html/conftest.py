"""A browser that shows reports, and tells what went on in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pytest

from cajajejo.metrics.reports import html, overview
from tests import browser as browsers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from cajajejo.metrics.reports.overview import Reading

_WATCH: Final = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(event.violatedDirective));
"""


@dataclass
class Sheet:
    """A report in a tab: the page, what it complained of, and what it asked for besides itself."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        return [text.strip() for text in self.page.locator(selector).all_inner_texts()]

    def told(self) -> str:
        """What is read aloud."""
        return self.page.inner_text("#said")

    def tip(self) -> dict[str, str]:
        """What stands beside the cursor, by name; the value is the first."""
        found: dict[str, str] = self.page.evaluate(
            """() => {
              const tip = [...document.querySelectorAll(".tip")].find((one) => !one.hidden);
              if (!tip) return {};
              const facts = { value: tip.querySelector("b").textContent };
              for (const name of tip.querySelectorAll("dt")) facts[name.textContent] = name.nextSibling.textContent;
              return facts;
            }"""
        )
        return found

    def scrolls_sideways(self) -> bool:
        root = "document.documentElement"
        return bool(self.page.evaluate(f"{root}.scrollWidth > {root}.clientWidth"))

    def is_quiet(self) -> bool:
        """Whether nothing failed, and nothing was asked for."""
        violations = self.page.evaluate("window.violations")
        assert (self.complaints, self.requests, violations) == ([], [], [])
        return True


@pytest.fixture(scope="module")  # while it is open this thread has a loop that runs, and others may need their own
def browser() -> Iterator[Browser]:
    with browsers.opened() as found:
        yield found


@pytest.fixture
def shown(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Sheet]]:
    """Shows the report of some readings, from a file, in a tab with these options."""
    tabs: list[Page] = []

    def show(readings: Sequence[Reading], *, searched: int = overview.SEARCHED, **options: Any) -> Sheet:
        found = overview.of(readings, searched=searched)
        path = tmp_path / f"report-{len(tabs)}.html"
        now = readings[0].now if readings else 0.0
        path.write_text(html.page(found, dict.fromkeys(found.commits, 3), now), "utf-8")
        page = browser.new_page(**{"viewport": {"width": 1280, "height": 900}, "timezone_id": "UTC", **options})
        tabs.append(page)
        sheet = Sheet(page)
        page.on("console", lambda message: sheet.complaints.append(message.text))
        page.on("pageerror", lambda error: sheet.complaints.append(str(error)))
        page.on("request", lambda asked: None if asked.url == path.as_uri() else sheet.requests.append(asked.url))
        page.add_init_script(_WATCH)
        page.goto(path.as_uri())
        return sheet

    yield show
    for page in tabs:
        page.close()
