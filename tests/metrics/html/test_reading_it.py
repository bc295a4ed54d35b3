"""What a person finds in a report, with the pointer, with the keys, and by ear."""

from __future__ import annotations

import json
import random
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cajajejo.metrics.baselines import Baselines, Muted
from cajajejo.metrics.history.rows import StoredMetric, StoredRun
from cajajejo.metrics.judgement.incidents import Incident
from cajajejo.metrics.reports.overview import Reading
from tests.metrics.html.readings import mnist, nights, noisy, reading, run, series

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.metrics.html.conftest import Sheet

    Shown = Callable[..., Sheet]

WORDS = {"pass": "✓ pass", "regression": "✗ regression", "inconclusive": "? inconclusive", None: "– no condition"}  # noqa: RUF001


def expected(stored: StoredRun, name: str) -> dict[str, str]:
    """What stands beside the cursor at a run, told from the history itself."""
    metric = next(metric for metric in stored.metrics if metric.name == name)
    lower, upper = (None if bound is None else json.dumps(bound) for bound in (metric.lower_bound, metric.upper_bound))
    equal = "=" * metric.inclusive
    if lower is not None and upper is not None:
        allowed = f"{lower} to {upper}"
    elif lower is not None:
        allowed = f">{equal} {lower}"
    else:
        allowed = "—" if upper is None else f"<{equal} {upper}"
    return {
        "value": json.dumps(metric.value),
        "verdict": WORDS[metric.verdict],
        "allowed": allowed,
        "run": stored.run.run_id,
        "commit": str(stored.run.commit),
        "started": datetime.fromtimestamp(stored.run.start_time, UTC).strftime("%Y-%m-%d %H:%M"),
    }


def plots(sheet: Sheet) -> dict[str, str]:
    """A selector for the plot of each metric on the page, by name, in the order of the page."""
    names: dict[str, str] = sheet.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".plot")].map((plot) => [
          plot.closest(".metric").querySelector(".name").textContent, `.plot[data-metric="${plot.dataset.metric}"]`,
        ]))"""
    )
    return names


def test_the_verdict_is_on_top_and_what_is_worst_comes_first(shown: Shown) -> None:
    sheet = shown([*nights(6, 20), mnist()])
    assert sheet.page.inner_text("h1") == "Regression"
    assert sheet.texts(".top .lead") == [
        "2 of 7 tests with trouble, 2 of 23 metrics out of bounds, 1 test inconclusive"
    ]
    tests = sheet.texts(".test h2")
    assert tests[:3] == ["pt-model-03-conv-v100-x4", "tf-mnist-example-cpu", "pt-model-05-conv-v100-x6"]
    assert sheet.texts(".grid tbody th") == tests
    metrics = sheet.texts(".test:nth-of-type(3) .name")
    assert metrics == [
        "epoch_sparse_categorical_accuracy_final",
        "examples_per_second_average",
        "epoch_loss_final",
        "total_wall_time",
        "learning_rate_final",
    ]
    assert sheet.is_quiet()


def test_a_regression_says_what_is_wrong_which_run_was_the_last_good_one_and_what_came_since(shown: Shown) -> None:
    sheet = shown([mnist()])
    one = mnist()
    good = one.runs[-2]
    assert sheet.texts(".trouble .sentence") == [
        "regression epoch_sparse_categorical_accuracy_final is 0.790; it must be greater than 0.960 (fixed value)"
    ]
    facts = dict(zip(sheet.texts(".trouble > dl dt"), sheet.texts(".trouble > dl dd"), strict=True))
    commit = str(good.run.commit)[:7]
    assert facts == {
        "last good": f"0.980, 24 h before, run {good.run.run_id}, commit {commit}",
        "since then": f"no commit: both ran {commit}",
        "told": f"2026-11-01 14:13, run {one.runs[-1].run.run_id}",
    }


def test_every_point_of_every_plot_is_as_in_the_history(shown: Shown) -> None:
    one = mnist()
    sheet = shown([one])
    for name, plot in plots(sheet).items():
        sheet.page.focus(plot)
        sheet.page.keyboard.press("Home")
        for stored in one.runs:
            wanted = expected(stored, name)
            assert sheet.tip() == wanted
            assert sheet.told() == ", ".join([wanted["value"], *(f"{k} {wanted[k]}" for k in list(wanted)[1:])])
            sheet.page.keyboard.press("ArrowRight")
    assert sheet.is_quiet()


def test_the_pointer_finds_the_same_in_a_large_report(shown: Shown) -> None:
    readings = nights(40, 60)
    sheet = shown(readings)
    chosen = random.Random(7)  # noqa: S311  # it picks points
    titles = sheet.texts(".test h2")
    for one in chosen.sample(readings, 4):
        number = titles.index(one.test)
        test = sheet.page.locator(f"#test-{number}")
        if test.locator(".others").get_attribute("open") is None:
            test.locator(".others > summary").click()
        row = test.locator("details.metric").nth(chosen.randrange(2))
        if row.get_attribute("open") is None:
            row.locator("summary").first.click()
        name = row.locator(".name").inner_text()
        area = row.locator(".u-over")
        area.scroll_into_view_if_needed()
        width = area.evaluate("(area) => area.clientWidth")
        points = [stored for stored in one.runs if stored.metrics]
        for place in chosen.sample(range(len(points)), 5):
            area.hover(position={"x": width * (place + 0.5) / len(points), "y": 80})
            assert sheet.tip() == expected(points[place], name)
    assert sheet.is_quiet()


def test_the_keys_lead_through_a_plot_to_its_table_and_back(shown: Shown) -> None:
    one = mnist()
    sheet = shown([one])
    name, plot = next(iter(plots(sheet).items()))
    page = sheet.page
    page.focus(plot)
    for key, place in (
        ("ArrowLeft", -1),
        ("ArrowLeft", -2),
        ("PageUp", -12),
        ("Home", 0),
        ("ArrowLeft", 0),
        ("End", -1),
    ):
        page.keyboard.press(key)
        assert sheet.tip() == expected(one.runs[place], name)
    page.keyboard.press("Escape")
    assert (sheet.tip(), sheet.told()) == ({}, "")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.querySelector('th').textContent") == one.runs[1].run.run_id
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.className") == "plot"
    assert page.locator(".trouble .points").get_attribute("open") is None


def test_the_table_below_a_plot_has_all_its_points_newest_first(shown: Shown) -> None:
    one = mnist()
    sheet = shown([one])
    assert sheet.texts(".trouble .points > summary") == ["42 points as a table"]
    sheet.page.click(".trouble .points > summary")
    sheet.page.wait_for_selector(".trouble tbody tr")  # filled in when it has opened
    found = [row.split("\t") for row in sheet.texts(".trouble tbody tr")]
    name = "epoch_sparse_categorical_accuracy_final"
    wanted = [expected(stored, name) for stored in reversed(one.runs)]
    columns = ("run", "started", "value", "allowed", "verdict", "commit")
    assert found == [[row[column] for column in columns] for row in wanted]
    assert sheet.texts(".trouble thead th") == list(columns)


def test_a_plot_says_its_course_to_who_does_not_see_it(shown: Shown) -> None:
    one = mnist()
    sheet = shown([one])
    plot = plots(sheet)["epoch_loss_final"]
    sheet.page.locator(plot).scroll_into_view_if_needed()
    values = [stored.metrics[1].value for stored in one.runs]
    sheet.page.wait_for_selector(f"{plot}[aria-label]")
    assert sheet.page.get_attribute(plot, "aria-label") == (
        "epoch_loss_final in 42 runs, 2026-09-21 14:13 to 2026-11-01 14:13; "
        f"last {values[-1]!r}, lowest {min(values)!r}, highest {max(values)!r}, allowed < 0.094; "
        f"no runs out of bounds; shift +15 %, accepted at run {one.runs[20].run.run_id}"
    )


def test_shape_and_colour_tell_what_was_out_of_bounds(shown: Shown) -> None:
    sheet = shown([mnist()])
    found = plots(sheet)
    bad = "document.documentElement"
    colour = sheet.page.evaluate(f"getComputedStyle({bad}).getPropertyValue('--bad').trim()")
    assert colour == "#b42318"
    counted = """([selector, r, g, b]) => {
      const canvas = document.querySelector(`${selector} canvas`);
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (data[at] === r && data[at + 1] === g && data[at + 2] === b) count += 1;
      }
      return count;
    }"""
    for name, wrong in (("epoch_sparse_categorical_accuracy_final", 2), ("total_wall_time", 0)):
        sheet.page.locator(found[name]).scroll_into_view_if_needed()
        sheet.page.wait_for_selector(f"{found[name]} canvas")
        sheet.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        pixels = sheet.page.evaluate(counted, [found[name], 0xB4, 0x23, 0x18])
        assert pixels == 0 if not wrong else 15 * wrong < pixels < 60 * wrong, pixels


def test_the_grid_has_of_each_day_the_worst(shown: Shown) -> None:
    sheet = shown(nights(5, 20))
    rows = {
        row.locator("th").inner_text(): "".join(row.locator("td").all_inner_texts())
        for row in sheet.page.locator(".grid tbody tr").all()
    }
    assert rows["pt-model-03-conv-v100-x4"] == "·" * 19 + "▼"
    assert rows["pt-model-01-conv-v100-x2"] == "····T············-··"
    assert sheet.page.locator(".grid td[aria-label]").all()[0].get_attribute("aria-label") == "out of bounds"
    sheet.page.click(".grid tbody tr:first-child a")
    assert sheet.page.evaluate("location.hash") == "#test-0"


def test_metrics_that_are_well_show_their_plots_when_asked_for_where_there_are_many(shown: Shown) -> None:
    sheet = shown(nights(12, 20))
    assert sheet.page.locator(".uplot").count() <= 2
    sheet.page.fill("#find", "METRIC_02")
    visible = sheet.page.locator(".metric:visible .name").all_inner_texts()
    assert visible == ["metric_02_final"] * 12
    row = sheet.page.locator(".metric:visible").last
    row.locator("summary").first.click()
    row.locator(".uplot").wait_for()
    assert sheet.is_quiet()


def test_what_is_told_and_muted_and_missing_is_said(shown: Shown) -> None:
    test = "t"
    runs = reading(test, [series("gone", noisy("g", 3, 1.0, 0.1)), series("acc", noisy("a", 5, 1.0, 0.1))])
    last = run(test, 4)
    told = Incident(
        test, "missing", "wanted", last.run_id, last.start_time, "wanted is missing: the run did not write it"
    )
    muted = Muted(test, "acc", "2036-01-01", "node pool is being replaced", "jasper", "2026-09-01")
    sheet = shown([Reading(test, runs.runs, Baselines((), (muted,)), (told,), older=1200, now=runs.now)])
    assert sheet.texts(".incidents li") == [
        f"wanted is missing: the run did not write it (2026-09-25 14:13, run {last.run_id})"
    ]
    assert "until 2036-01-01: node pool is being replaced" in sheet.texts("dl dd")
    assert "1,200 older ones not read" in sheet.page.inner_text(".test > .soft")
    assert any("not in the newest run" in text for text in sheet.texts(".sentence"))


def test_a_job_that_did_not_succeed_is_the_verdict_and_its_points_are_crosses(shown: Shown) -> None:
    good = [StoredRun(run("t", day), "pass", (StoredMetric("m", 1.0 + day, verdict="pass"),)) for day in range(3)]
    failed = StoredRun(run("t", 3, status="timeout"), "failed", (StoredMetric("m", 0.5),))
    sheet = shown([Reading("t", (*good, failed), Baselines(), now=failed.run.start_time)])
    assert sheet.page.inner_text("h1") == "Failed"
    assert sheet.texts(".top .lead") == ["t: the job ran out of time; its metrics are not judged"]
    sheet.page.focus(".plot")
    sheet.page.keyboard.press("End")
    assert sheet.tip()["verdict"] == "× the job ran out of time"  # noqa: RUF001


@pytest.mark.parametrize(
    "values",
    [[0.7], [0.0, 0.0], [1e308, -1e308, 1.7e308], [5e-324, 0.0], [-1e-300, 1e-300], [1e15, 1e15 + 2], [3.0] * 50],
    ids=str,
)
def test_numbers_at_the_ends_of_what_there_is_are_drawn_and_told(values: list[float], shown: Shown) -> None:
    one = reading("t", [series("m", values, upper_bound=1.7e308, lower_bound=-1e308)])
    sheet = shown([one])
    sheet.page.focus(".plot")
    for key, place in (("Home", 0), ("End", -1)):
        sheet.page.keyboard.press(key)
        assert sheet.tip() == expected(one.runs[place], "m")
    assert sheet.is_quiet()


@pytest.mark.parametrize("scale", [1e-20, 1.0, 1e20, 1e300])
def test_a_plot_says_how_high_it_is_whatever_its_numbers(scale: float, shown: Shown) -> None:
    sheet = shown([reading("t", [series("m", [scale, 2 * scale, 3 * scale])])])
    sheet.page.wait_for_selector(".uplot")
    sheet.page.evaluate(
        """() => {
          window.written = [];
          const write = CanvasRenderingContext2D.prototype.fillText;
          CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
            window.written.push(text);
            return write.call(this, text, ...rest);
          };
        }"""
    )
    sheet.page.click("#theme")  # which draws it anew
    sheet.page.wait_for_function("window.written.length > 0")
    written = sheet.page.evaluate("window.written")
    heights = [float(text) for text in written if re.fullmatch(r"[-+.e0-9]+", text)]
    assert len([height for height in heights if 0.9 * scale < height < 3.1 * scale]) >= 2


def test_without_runs_there_is_a_sentence(shown: Shown) -> None:
    sheet = shown([])
    assert sheet.texts(".top .lead") == ["There is no run to report: nothing was recorded in this time."]
    assert sheet.is_quiet()
