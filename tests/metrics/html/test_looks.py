"""How a report looks: in both themes, on a phone, on paper; and to who sees little contrast or wants no motion."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.metrics.html.readings import mnist, nights, noisy, reading, series

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.metrics.html.conftest import Sheet

    Shown = Callable[..., Sheet]

_CONTRASTS = """() => {
  const parsed = (text) => {
    const found = text.match(/[\\d.]+/g).map(Number);
    return found.length === 3 ? [...found, 1] : found;
  };
  const over = (front, back) => front.slice(0, 3).map((part, at) => part * front[3] + back[at] * (1 - front[3]));
  const behind = (element) => {
    if (!element) return [255, 255, 255];
    const colour = parsed(getComputedStyle(element).backgroundColor);
    return colour[3] === 1 ? colour.slice(0, 3) : over(colour, behind(element.parentElement));
  };
  const light = (colour) => {
    const linear = (x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    const [r, g, b] = colour.map((part) => linear(part / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join("");
    if (!text || !element.checkVisibility() || ["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    const back = behind(element);
    const style = getComputedStyle(element);
    const [high, low] = [light(over(parsed(style.color), back)), light(back)].sort((a, b) => b - a);
    found.push([(high + 0.05) / (low + 0.05), element.tagName + "." + element.className, text.slice(0, 40)]);
  }
  return found;
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("chosen", ["by the system", "by hand"])
def test_all_text_has_the_contrast_that_wcag_asks_for(theme: str, chosen: str, shown: Shown) -> None:
    other = {"light": "dark", "dark": "light"}[theme]
    sheet = shown([*nights(6, 20), mnist()], color_scheme=theme if chosen == "by the system" else other)
    if chosen == "by hand":
        sheet.page.click("#theme")
    sheet.page.focus(".plot")
    sheet.page.keyboard.press("End")
    sheet.page.click(".points > summary >> nth=0")
    found = sheet.page.evaluate(_CONTRASTS)
    assert len(found) > 200
    assert [(round(ratio, 2), *where) for ratio, *where in found if ratio < 4.5] == []
    assert sheet.page.evaluate("getComputedStyle(document.body).backgroundColor") == (
        "rgb(253, 253, 252)" if theme == "light" else "rgb(21, 23, 27)"
    )
    assert sheet.is_quiet()


def test_the_lines_of_a_plot_stand_out_in_both_themes(shown: Shown) -> None:
    """WCAG 1.4.11: 3 to 1 for what is not text."""
    sheet = shown([mnist()])
    palette = """() => ["paper", "accent", "bad", "doubt", "good", "soft", "ink"].map((name) =>
      getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim())"""
    for _ in range(2):
        paper, *others = map(_luminance, sheet.page.evaluate(palette))
        assert all(_contrast(paper, other) > 4.5 for other in others)
        sheet.page.click("#theme")


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _contrast(one: float, other: float) -> float:
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)


def _soon(happened: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it happens before that; the page's policy keeps playwright's own waiting out."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_the_theme_button_turns_the_page_and_the_plots(shown: Shown) -> None:
    sheet = shown([mnist()], color_scheme="light")
    corner = """() => {
      const canvas = document.querySelector(".plot canvas");
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const seen = new Set();
      for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] === 255) seen.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
      }
      return [...seen];
    }"""
    sheet.page.wait_for_selector(".plot canvas")
    sheet.page.wait_for_timeout(200)
    assert "43,89,195" in sheet.page.evaluate(corner)  # the accent
    assert sheet.page.get_attribute("#theme", "aria-label") == "Dark theme"
    sheet.page.click("#theme")
    sheet.page.wait_for_timeout(200)
    seen = sheet.page.evaluate(corner)
    assert ("43,89,195" in seen, "143,179,255" in seen) == (False, True)
    assert sheet.page.get_attribute("#theme", "aria-label") == "Light theme"


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_no_page_scrolls_sideways(width: int, shown: Shown) -> None:
    name = "a_name_that_goes_on/" * 20
    long = reading("t" * 250, [series(name, noisy("x", 30, 1e-7, 1e-9), lower_bound=1e-7, wrong=(29,))], "regression")
    for readings in ([mnist()], [*nights(40, 60), mnist()], [long], [long, mnist()]):
        sheet = shown(readings, viewport={"width": width, "height": 740})
        assert not sheet.scrolls_sideways()
        sheet.page.locator(".plot").first.scroll_into_view_if_needed()
        sheet.page.focus(".plot")
        sheet.page.keyboard.press("End")
        tip: Any = sheet.page.locator(".tip:visible").bounding_box()
        assert 0 <= tip["x"] < tip["x"] + tip["width"] <= width
        sheet.page.click(".points > summary >> nth=0")
        assert not sheet.scrolls_sideways()


def test_on_a_phone_a_finger_reads_a_point(shown: Shown) -> None:
    one = mnist()
    sheet = shown([one], viewport={"width": 360, "height": 740}, has_touch=True, device_scale_factor=3)
    area = sheet.page.locator(".u-over").first
    area.scroll_into_view_if_needed()
    box: Any = area.bounding_box()
    sheet.page.touchscreen.tap(box["x"] + box["width"] * 7.5 / 42, box["y"] + 60)
    assert sheet.tip()["value"] == "0.951"
    assert sheet.page.locator(".grid").count() == 0
    assert sheet.is_quiet()


def test_a_turned_phone_draws_its_plots_anew(shown: Shown) -> None:
    sheet = shown([mnist()], viewport={"width": 360, "height": 740})
    sheet.page.wait_for_selector(".plot canvas")
    sheet.page.set_viewport_size({"width": 740, "height": 360})
    widths = "['.uplot', '.plot'].map((one) => document.querySelector(one).clientWidth)"

    def fits() -> bool:
        drawn, room = sheet.page.evaluate(widths)
        return bool(drawn > 600 and abs(drawn - room) <= 1)

    assert _soon(fits)


def test_paper_is_light_and_has_every_point_of_what_is_in_trouble(shown: Shown) -> None:
    sheet = shown([mnist(), *nights(3, 20)], color_scheme="dark")
    sheet.page.evaluate("dispatchEvent(new Event('beforeprint'))")
    sheet.page.emulate_media(media="print", color_scheme="dark")
    assert sheet.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(253, 253, 252)"
    assert sheet.page.locator(".trouble .points[open] tbody tr").count() == 42
    assert sheet.page.locator("button:visible, input:visible, .tip:visible").count() == 0
    widths = sheet.page.evaluate("[...document.querySelectorAll('.uplot')].map((plot) => plot.clientWidth)")
    assert set(widths) == {680}
    assert len(widths) == 14
    sheet.page.emulate_media(media="screen", color_scheme="dark")
    sheet.page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert sheet.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(21, 23, 27)"
    assert sheet.page.locator(".trouble .points[open]").count() == 0
    assert sheet.is_quiet()


def test_the_browser_makes_a_pdf_of_it(shown: Shown) -> None:
    sheet = shown([mnist()])
    pdf = sheet.page.pdf(format="A4")
    assert pdf.startswith(b"%PDF-")
    assert 1 < pdf.count(b"/Type /Page\n") + pdf.count(b"/Type /Page ") + pdf.count(b"/Type/Page/") <= 8
    assert sheet.is_quiet()


def test_nothing_moves_where_that_is_not_wanted(shown: Shown) -> None:
    behaviour = "getComputedStyle(document.documentElement).scrollBehavior"
    assert shown([mnist()]).page.evaluate(behaviour) == "smooth"
    assert shown([mnist()], reduced_motion="reduce").page.evaluate(behaviour) == "auto"


def test_without_scripts_the_verdicts_are_there(shown: Shown) -> None:
    sheet = shown([mnist()], java_script_enabled=False)
    assert sheet.page.inner_text("h1") == "Regression"
    assert "need JavaScript" in sheet.page.inner_text("noscript")
    assert len(sheet.texts(".name")) == 5
