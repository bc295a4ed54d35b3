"""A report is one file that asks for nothing, runs nothing of others, and is never too long."""

from __future__ import annotations

import hashlib
import json
import re
import time
from html.parser import HTMLParser
from importlib import resources
from typing import TYPE_CHECKING

import pytest

from cajajejo.metrics.baselines import Accepted, Baselines, Muted
from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.judgement.incidents import Incident
from cajajejo.metrics.reports import html, overview
from cajajejo.metrics.reports.html import rendering
from cajajejo.metrics.reports.overview import Reading
from cajajejo.metrics.runs import Run
from tests.hostile import EXAMPLES
from tests.metrics.html.readings import mnist, nights, noisy, reading, series

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.metrics.html.conftest import Sheet

    Shown = Callable[..., Sheet]

ATTACKS = (
    "</script><script>window.hit=1</script>",
    "<!--<script>",
    "]]><img src=x onerror=window.hit=1>",
    '"><svg/onload=window.hit=1>',
    "'-window.hit=1-'",
    "javascript:window.hit=1",
    "{{ 7*7 }}{% for x in [] %}",
    "&lt;b&gt;&#0;&quot;",
    "</title></style><style>*{display:none}</style>",
    "\u2028\u2029\u202e\x00\x1b[31m",
)


def hostile(text: str) -> Reading:
    """A history in which everything that is a text is this one."""
    runs = tuple(
        StoredRun(
            Run(text, f"{text}{day}", 1e9 + day * 86_400, commit=f"{text}{day}"),
            "regression",
            (
                StoredMetric(text, 1.0 + day, upper_bound=1.5, verdict="regression", outside=True),
                StoredMetric("b", 1.0),
            ),
        )
        for day in range(3)
    )
    accepted = Accepted(text, text, f"{text}1", text, text, "2026-11-21")
    muted = Muted(text, text, "2036-01-01", text, text, "2026-11-21")
    told = (
        Incident(text, "regression", text, f"{text}2", 1e9, text),
        Incident(text, "missing", f"{text}!", f"{text}2", 1e9, text),
        Incident(text, "failed", None, f"{text}2", 1e9, text),
    )
    return Reading(text, runs, Baselines((accepted,), (muted,)), told, now=1e9)


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_no_text_of_others_is_run_or_ends_anything(text: str, shown: Shown) -> None:
    sheet = shown([hostile(text), hostile(f"{text} too")])
    page = sheet.page
    page.focus(".plot")
    page.keyboard.press("End")
    page.keyboard.press("Enter")
    assert page.evaluate("window.hit") is None
    assert page.locator("script").count() == 2
    assert page.locator("style").count() == 1
    assert page.locator("img, svg, iframe, object").count() == 0
    assert page.locator(".test").count() == 2
    assert page.inner_text("h1") == "Regression"
    assert sheet.is_quiet()


def test_names_are_shown_as_they_are_but_for_what_would_move_text() -> None:
    found = _texts(html.page(overview.of([hostile("<b>&amp;\u202e\x1b</b>")]), {}, 0.0))
    assert "<b>&amp;\\u202e\\x1b</b>" in found


@pytest.mark.parametrize("text", EXAMPLES, ids=map(repr, EXAMPLES))
def test_every_odd_text_makes_a_page(text: str) -> None:
    page = html.page(overview.of([hostile(text)]), {}, 0.0)
    data = page.partition('<script type="application/json" id="data">')[2].partition("</script>")[0]
    assert len(json.loads(data)["metrics"]) == 2
    assert page.count("<script") == 2
    assert page.encode()


def test_the_policy_allows_the_style_and_the_script_of_the_page_and_nothing_else() -> None:
    page = html.page(overview.of([mnist()]), {}, 0.0)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    allowed = dict(part.split(" ", 1) for part in policy[1].replace("&#39;", "'").split("; "))
    assert allowed.pop("style-src").startswith("'sha256-")
    assert allowed.pop("script-src").startswith("'sha256-")
    assert allowed == {"default-src": "'none'", "img-src": "data:", "base-uri": "'none'", "form-action": "'none'"}
    assert re.findall(r"""(?:src|href)=["']?(?!["']?(?:#|data:,))[^\s>]+""", page.replace(rendering.script(), "")) == []


def test_the_library_that_draws_is_the_one_that_was_looked_at() -> None:
    """Renewing it is described in its README."""
    place = resources.files("cajajejo.metrics.reports.html") / "assets" / "uplot"
    sums = {
        name: hashlib.sha256((place / name).read_bytes()).hexdigest()
        for name in ("uPlot.iife.min.js", "uPlot.min.css", "LICENSE")
    }
    assert sums == {
        "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
        "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
        "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    }
    said = (place / "README.md").read_text("utf-8")
    assert all(f"{name}  {checksum}" in said for name, checksum in sums.items())
    assert "(v1.6.32)" in (place / "uPlot.iife.min.js").read_text("utf-8")[:60]


def large(tests: int, metrics: int, points: int) -> list[Reading]:
    """Of every fifty metrics one is out of bounds."""
    return [
        reading(
            f"test-{test}",
            [
                series(
                    f"scenario_{place:04d}/exact_match_final",
                    noisy(f"{test} {place}", points, 0.9, 0.01),
                    lower_bound=0.8,
                    wrong=(points - 1,) if place % 50 == 7 else (),
                )
                for place in range(metrics)
            ],
            "regression",
        )
        for test in range(tests)
    ]


@pytest.mark.parametrize(
    ("tests", "metrics", "points"),
    [(1, 2000, 60), (40, 50, 60), (1, 10, 5000), (20, 1000, 10), (2000, 1, 2), (1, 1, 1)],
    ids=["2,000 metrics", "40 tests", "5,000 runs", "20,000 metrics", "2,000 tests", "one point"],
)
def test_a_page_is_less_than_two_megabytes_whatever_it_is_about(tests: int, metrics: int, points: int) -> None:
    found = overview.of(large(tests, metrics, points), searched=0)
    page = html.page(found, {}, 0.0)
    assert len(page.encode()) < 2_000_000
    data = json.loads(page.partition('<script type="application/json" id="data">')[2].partition("</script>")[0])
    drawn = sum(1 for one in data["metrics"].values() if one["wrong"])
    wrong = sum(metric.trouble for standing in found.standings for metric in standing.metrics)
    assert drawn == min(wrong, 300) if tests > 300 else drawn == wrong
    left_out = "the plots of" in page or "more tests with less trouble" in page
    assert left_out == (len(data["metrics"]) < tests * metrics)


def test_long_texts_do_not_make_it_longer() -> None:
    page = html.page(overview.of([hostile("x" * 1_000_000)]), {}, 0.0)
    assert len(page.encode()) < 4_000_000


def test_two_thousand_metrics_are_there_soon(shown: Shown) -> None:
    readings = large(1, 2000, 60)
    began = time.monotonic()
    sheet = shown(readings, searched=0)
    sheet.page.wait_for_selector(".uplot")
    assert time.monotonic() - began < 20  # seconds; 3 where nothing else is going on
    assert sheet.texts(".top .lead") == ["test-0: 40 of 2,000 metrics out of bounds"]
    assert sheet.page.locator(".uplot").count() < 10
    assert sheet.is_quiet()


def test_what_was_left_out_is_said() -> None:
    text = " ".join(_texts(html.page(overview.of(large(1, 3, 1500)), {}, 0.0)))
    assert text.count("the newest 1,000 of 1,500 points") == 3
    one = overview.of(nights(2, 5))
    assert "Not on this page" not in " ".join(_texts(html.page(one, {}, 0.0)))


@pytest.mark.parametrize(
    ("tests", "more"),
    [
        (1, "Every value of a metric: cajajejo metrics history TEST METRIC --limit 0"),
        (2, "A test by its name has more: cajajejo metrics report TEST"),
    ],
)
def test_where_the_rest_is_is_said(tests: int, more: str) -> None:
    text = " ".join(_texts(html.page(overview.of(large(tests, 20, 40), searched=5), {}, 0.0)))
    assert more in " ".join(text.split())


def _texts(page: str) -> Sequence[str]:
    """The texts of a page, entities read, without its style and scripts."""

    class Texts(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.found: list[str] = []
            self.inside = ""

        def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002  # the signature of the parser
            self.inside = tag

        def handle_endtag(self, tag: str) -> None:  # noqa: ARG002  # as above
            self.inside = ""

        def handle_data(self, data: str) -> None:
            if self.inside not in {"script", "style"} and data.strip():
                self.found.append(data.strip())

    parser = Texts()
    parser.feed(page)
    return parser.found
