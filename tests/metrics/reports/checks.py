"""Reports that the tests of their forms begin with."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cajajejo.metrics.baselines import Muted
from cajajejo.metrics.judgement import alerts
from cajajejo.metrics.judgement.judging import judge
from cajajejo.metrics.judgement.verdict import run_verdict
from cajajejo.metrics.reports.next_steps import Place
from cajajejo.metrics.reports.report import Report
from cajajejo.metrics.runs import Origin
from tests.metrics.builders import H10, H20, condition, points, regression_tests, this_run

if TYPE_CHECKING:
    from cajajejo.metrics.runs import JobStatus

HERE = Place(Path("m.metrics.yml"))
ABOVE = condition("greater", fixed_value=0.4)
BELOW = condition("less", stddevs_from_mean=4)
ORIGIN = Origin("func", "v100", "2.9", "https://ci.example.org/1?a=b&c=d", "kubectl logs job/t", "gs://no/page")


def made(
    metrics: dict[str, float],
    conditions: dict[str, Any],
    *,
    status: JobStatus = "success",
    history: Any = None,
    missed: str | None = None,
    **fields: Any,
) -> Report:
    """The report of a check with these metrics and conditions."""
    tests = regression_tests(conditions, **fields)
    judged = judge(metrics, history or {}, tests, this_run(status))
    raised = alerts.of_metrics(judged, missed, tests) if status == "success" else alerts.of_job("t", status, 0, tests)
    return Report("t", "r1", run_verdict(judged, tests, status), judged, raised, status, 10, start_time=1795269707.0)


def mixed() -> Report:
    """One of everything: a regression with a past, a NaN, one that waits, an improvement, a pass, and no condition."""
    earlier = [point._replace(commit=f"{place:07x}") for place, point in enumerate(points(H10, start=1795269600.0))]
    conditions = {
        **dict.fromkeys(("bad", "nan", "good", "gone"), ABOVE),
        "loss": BELOW,
        "wait": condition("less", stddevs_from_mean=4, wait=10),
        "up": condition("greater", level_shift={}),
    }
    found = made(
        {"bad": 0.25, "nan": math.nan, "good": 0.5, "loss": 0.93, "wait": 1.0, "up": 0.927, "plain": 1.0},
        conditions,
        history={"loss": earlier, "wait": points(H10[:4]), "up": points([*H20, 0.925, 0.926])},
        required_metrics=["gone"],
        missed="time_to_accuracy: 0.76 was never reached",
    )
    muted = {"bad": Muted("t", "bad", "2026-11-28", "node | pool", "ann", "2026-11-21")}
    return replace(
        found, muted=muted, warnings=("a `warning` @team",), commit="77e02c53aa", origin=ORIGIN, runs_after=2
    )


def hostile(
    name: str = "x\x1b[31m\x00 ## H @team #1 | `code` ``` <img src=x onerror=alert(1)> [l](https://e.example)",
) -> Report:
    """A report of which every text is somebody else's."""
    found = made({name: 0.25, f"{name} nan": math.nan}, {"default": ABOVE})
    line = Muted(name, name, name, name, name, name)
    origin = Origin(name, name, name, f"https://e.example/{name}", name, name)
    return replace(found, test=name, run_id=name, muted={f"{name}": line}, warnings=(name,), commit=name, origin=origin)
