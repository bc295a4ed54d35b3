from __future__ import annotations

import xml.etree.ElementTree as ET  # it reads what we wrote
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from cajajejo.metrics.history.rows import StoredRun
from cajajejo.metrics.judgement.incidents import Incident
from cajajejo.metrics.reports import overview, overview_forms
from cajajejo.overview_outputs import MetricReport
from tests.metrics.html.readings import mnist, nights, reading, run, series
from tests.metrics.html.test_harmless import ATTACKS, hostile

if TYPE_CHECKING:
    from cajajejo.metrics.reports.overview import Reading

EVERYTHING = [*nights(6, 20), mnist()]


def elements(readings: list[Reading]) -> dict[str, list[tuple[str | None, str]]]:
    """Of each suite the names of its cases, and what is inside of them."""
    document = ET.fromstring(overview_forms.junit(overview.of(readings), {}))  # noqa: S314  # as above
    return {
        str(suite.get("name")): [(case.get("name"), case[0].tag) for case in suite.iter("testcase")]
        for suite in document
    }


def test_the_json_is_as_its_schema_says_for_tests_of_every_kind() -> None:
    found = overview.of(EVERYTHING)
    document = overview_forms.document(found, dict.fromkeys(found.commits, 3))
    assert MetricReport.model_validate(document).as_json() == document
    test = next(one for one in document["tests"] if one["test"] == mnist().test)
    last, good = mnist().runs[-1], mnist().runs[-2]
    told = {
        "kind": "regression",
        "metric": "epoch_sparse_categorical_accuracy_final",
        "run_id": last.run.run_id,
        "start_time": "2026-11-01T14:13:20Z",
        "message": "epoch_sparse_categorical_accuracy_final is 0.790; it must be greater than 0.960 (fixed value)",
    }
    assert test["metrics"][0] == {
        "name": "epoch_sparse_categorical_accuracy_final",
        "value": 0.79,
        "lower_bound": 0.96,
        "upper_bound": None,
        "inclusive": False,
        "verdict": "regression",
        "run_id": last.run.run_id,
        "in_newest_run": True,
        "points": 42,
        "message": told["message"],
        "last_good": {
            "run_id": good.run.run_id,
            "value": good.metrics[0].value,
            "start_time": "2026-10-31T14:13:20Z",
            "commit": good.run.commit,
        },
        "since": {"from_commit": good.run.commit, "to_commit": last.run.commit, "commits": 3},
        "shifts": 0,
        "incident": told,
        "muted_until": None,
    }
    assert [day["worst"] for day in test["days"]].count("out of bounds") == 2


def test_without_runs_the_verdict_is_null() -> None:
    document = overview_forms.document(overview.of([]), {})
    assert document == {"verdict": None, "tests": []}
    assert MetricReport.model_validate(document).as_json() == document
    assert overview_forms.markdown(overview.of([]), {}) == "No runs: nothing was recorded in this time.\n"


def test_in_junit_a_regression_is_a_failure_and_what_decides_in_doubt_an_error() -> None:
    told = Incident("b", "missing", "wanted", run("b", 0).run_id, 1e9, "wanted is missing")
    failed = StoredRun(run("d", 1, status="timeout"), "failed")
    broken = Incident("d", "failed", None, run("d", 1).run_id, 1e9, "the job ran out of time")
    gone = Incident("a", "missing", "gone", run("a", 0).run_id, 1e9, "gone is missing")
    late = reading("d", [series("m", [1.0])])
    found = elements(
        [
            reading(
                "a",
                [series("m", [1.0, 0.5], lower_bound=0.6, wrong=(1,)), series("n", [1.0])],
                "regression",
                incidents=(gone,),
            ),
            reading("b", [series("wanted", [1.0]), series("m", [1.0, 1.0])], "inconclusive", incidents=(told,)),
            reading("c", [series("m", [1.0], verdict="inconclusive"), series("n", [1.0], verdict=None)]),
            late.__class__(late.test, (*late.runs, failed), late.baselines, (broken,), now=late.now),
        ]
    )
    assert found == {
        "d": [("job", "error"), ("m", "system-out")],
        "a": [("m", "failure"), ("n", "skipped"), ("gone", "error")],
        "b": [("run", "error"), ("wanted", "error"), ("m", "system-out")],
        "c": [("m", "skipped"), ("n", "system-out")],
    }


def test_a_test_without_metrics_has_one_case() -> None:
    empty = overview.Reading("t", (StoredRun(run("t", 0), "pass"),), mnist().baselines)
    assert elements([empty]) == {"t": [("run", "system-out")]}


def test_the_markdown_is_a_page_with_the_worst_first() -> None:
    text = overview_forms.markdown(overview.of(EVERYTHING), {})
    titles = [line for line in text.splitlines() if line.startswith("#")]
    assert titles[:3] == [
        "## ✗ REGRESSION: 2 of 7 tests with trouble, 2 of 23 metrics out of bounds, 1 test inconclusive",
        "### ✗ regression: `pt-model-03-conv-v100-x4`",
        "### ✗ regression: `tf-mnist-example-cpu`",
    ]
    html = MarkdownIt("gfm-like", {"linkify": False}).render(text)
    assert html.count("<table>") == 8
    assert "<code>· · · · · · ▼" in html or "▼</code>" in html


@pytest.mark.parametrize("text", ATTACKS, ids=range(len(ATTACKS)))
def test_no_text_of_others_means_anything_in_markdown_or_xml(text: str) -> None:
    found = overview.of([hostile(text), hostile(f"{text} too")])
    html = MarkdownIt("gfm-like", {"linkify": False}).render(overview_forms.markdown(found, {}))
    assert not any(tag in html for tag in ("<script", "<img", "<svg", "<a ", "<b>"))
    document = ET.fromstring(overview_forms.junit(found, {}))  # noqa: S314  # as above
    assert [suite.get("failures") for suite in document] == ["1", "1"]
