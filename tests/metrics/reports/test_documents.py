from __future__ import annotations

import json
import math
from typing import Any

from cajajejo.metrics.baselines import Muted
from cajajejo.metrics.history.rows import Row
from cajajejo.metrics.judgement import alerts
from cajajejo.metrics.judgement.incidents import Event, Incident, Told
from cajajejo.metrics.judgement.judging import judge
from cajajejo.metrics.judgement.verdict import run_verdict
from cajajejo.metrics.reports import documents
from cajajejo.metrics.reports.report import Report
from cajajejo.metrics.runs import Origin
from tests.documents import fits
from tests.metrics.builders import H20, condition, points, regression_tests, this_run

NOTHING: dict[str, Any] = {"notes": [], "last_good": None, "since": None, "episode": None, "muted": None}


def test_a_check_is_the_documented_contract() -> None:
    conditions = {"a": condition("greater", fixed_value=0.5), "b": condition("less_or_equal", fixed_value=2)}
    tests = regression_tests(conditions)
    judged = judge({"a": 0.25, "b": math.nan, "c": math.inf}, {}, tests, this_run())
    sent = alerts.of_metrics(judged, None, tests)
    opened = Event(Incident("t", "regression", "a", "r1", 0.0, "a is worse"), "opened", this_run(), "a is worse")
    found = Report(
        "t", "r1", run_verdict(judged, tests, "success"), judged, sent, "success", 1, ("a warning",), commit="77e02c5",
        origin=Origin("func", "v100", logs_link="https://ci.example.org/1"), runs_after=2, told=Told((opened,)),
    )  # fmt: skip
    document = documents.check(found)
    assert json.loads(json.dumps(document, allow_nan=False)) == {
        "test": "t",
        "run_id": "r1",
        "verdict": "regression",
        "metrics": [
            {
                "name": "a", "value": 0.25, "lower_bound": 0.5, "upper_bound": None, "inclusive": False,
                "verdict": "regression", "reason": "0.250 below", **NOTHING,
            },
            {
                "name": "b", "value": None, "lower_bound": None, "upper_bound": None, "inclusive": False,
                "verdict": "inconclusive", "reason": "not a number", **NOTHING,
            },
            {
                "name": "c", "value": None, "lower_bound": None, "upper_bound": None, "inclusive": False,
                "verdict": None, "reason": "no condition", **NOTHING,
            },
        ],
        "alerts": [
            {"kind": "regression", "metric": "a", "message": "a is 0.250; it must be greater than 0.50 (fixed value)"},
            {"kind": "invalid", "metric": "b", "message": "b is NaN; it must be a finite number"},
        ],
        "job_status": "success",
        "runs_before": 1,
        "warnings": ["a warning"],
        "runs_after": 2,
        "commit": "77e02c5",
        "origin": {
            "test_type": "func", "accelerator": "v100", "framework_version": None,
            "logs_link": "https://ci.example.org/1", "logs_command": None, "workload_link": None,
        },
        "told": [{"event": "opened", "kind": "regression", "metric": "a", "message": "a is worse"}],
    }  # fmt: skip
    assert fits("check", document) == []


def test_a_shift_stands_there_with_its_runs_its_last_good_one_and_who_muted_it() -> None:
    tests = regression_tests({"m": condition("greater", level_shift={})})
    earlier = [point._replace(commit=f"{place:07x}") for place, point in enumerate(points([*H20, 0.903, 0.901]))]
    judged = judge({"m": 0.9}, {"m": earlier}, tests, this_run(commit="77e02c5"))
    muted = {"m": Muted("t", "m", "2026-11-28", "new data", "ann", "2026-11-21")}
    counts = {("0000013", "0000014"): 3}
    document = documents.check(
        Report(
            "t", "this", run_verdict(judged, tests, "success"), judged, (), "success", 22, muted=muted, commits=counts
        )
    )
    assert fits("check", document) == []
    (metric,) = document["metrics"]
    episode = metric.pop("episode")
    assert metric == {
        "name": "m",
        "value": 0.9,
        "lower_bound": None,
        "upper_bound": None,
        "inclusive": False,
        "verdict": "regression",
        "reason": "level fell from 0.913 to 0.901, z -4.78",
        "notes": [],
        "last_good": {"run_id": "r19", "value": 0.914, "start_time": "1970-01-01T00:00:19Z", "commit": "0000013"},
        "since": {"from_commit": "0000013", "to_commit": "0000014", "commits": 3},
        "muted": {"until": "2026-11-28", "reason": "new data", "by": "ann"},
    }
    numbers = [round(episode.pop(name), 6) for name in ("before", "after", "z")]
    assert numbers == [0.91255, 0.901, -4.77987]
    assert episode == {
        "status": "opened", "run": "r20", "first_run": "r20", "last_run": "r20", "opened_run": "this", "resumed": False,
    }  # fmt: skip


def test_where_commits_are_not_known_there_is_a_last_good_run_alone() -> None:
    tests = regression_tests({"m": condition("less", fixed_value=1)})
    judged = judge({"m": 2.0}, {"m": points([0.5])}, tests, this_run())
    (metric,) = documents.check(Report("t", "this", run_verdict(judged, tests, "success"), judged, (), "success", 1))[
        "metrics"
    ]
    good = {"run_id": "r0", "value": 0.5, "start_time": "1970-01-01T00:00:00Z", "commit": None}
    assert (metric["last_good"], metric["since"]) == (good, None)


def test_collected_metrics_are_a_mapping_without_nan() -> None:
    assert documents.collection({"b": math.nan, "a": 1.0}) == {"a": 1.0, "b": None}


def test_a_history_holds_every_point() -> None:
    row = Row("r3", 1795269731.0, "success", "m", 0.3, 0.4, None, inclusive=False, verdict="regression")
    document = documents.history("t", [row])
    assert document == {
        "test": "t",
        "points": [
            {
                "run_id": "r3",
                "start_time": "2026-11-21T14:02:11Z",
                "job_status": "success",
                "metric": "m",
                "value": 0.3,
                "lower_bound": 0.4,
                "upper_bound": None,
                "inclusive": False,
                "verdict": "regression",
            }
        ],
    }
    assert fits("history", document) == []
