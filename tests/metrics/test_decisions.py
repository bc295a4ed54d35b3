"""Decisions about metrics: found by name, and taken down in the file and in the history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import CajajejoError
from cajajejo.metrics import baseline_file, baselines, decisions
from cajajejo.metrics.baselines import Accepted, Baselines
from cajajejo.metrics.config import MetricsConfig
from cajajejo.metrics.decisions import Level, Taken
from cajajejo.metrics.history import History
from cajajejo.metrics.judgement.verdict import MetricVerdict
from cajajejo.metrics.runs import Run

if TYPE_CHECKING:
    from pathlib import Path

ENTRIES = [Accepted("t", name, "run1", "why", "who", "2026-11-21") for name in ("acc", "loss")]
LINES = [
    f"  - {{test: t, metric: {name}, from: run1, reason: why, by: who, date: 2026-11-21}}" for name in ("acc", "loss")
]


@pytest.fixture
def history(tmp_path: Path) -> History:
    found = History.at(f"sqlite:///{tmp_path}/history.db")
    for number in (1, 2, 10):
        metrics = [MetricVerdict(name, 1.0, "") for name in ("loss", "acc")[: number if number < 3 else 2]]
        found.record(Run("t", f"run{number}", float(number)), "pass", metrics)
    return found


@pytest.mark.parametrize(
    ("metric", "run", "level"),
    [
        ("loss", "run1", Level("run1", ("loss",))),
        ("loss", "run10", Level("run10", ("loss",))),
        ("*", "run2", Level("run2", ("acc", "loss"))),
        ("*", "run1", Level("run1", ("loss",))),
        ("acc", "run1", Level("run10", ("acc",))),
    ],
    ids=["a whole name counts before the beginning of others", "another", "all", "those of the run", "its beginning"],
)
def test_a_level_is_found_by_the_names_that_people_give(history: History, metric: str, run: str, level: Level) -> None:
    assert decisions.level(history, "t", metric, run) == level


def test_of_many_names_the_newest_are_told(history: History) -> None:
    for number in range(100, 120):
        history.record(Run("t", f"run{number}", float(number)), "pass", [MetricVerdict("loss", 1.0, "")])
    with pytest.raises(CajajejoError) as caught:
        decisions.level(history, "t", "loss", "run11")
    assert caught.value.message == "10 runs of t begin with run11: give more of the one that is meant"
    assert caught.value.facts["newest"].splitlines()[0] == "run119"
    with pytest.raises(CajajejoError) as caught:
        decisions.level(history, "t", "loss", "x")
    assert caught.value.facts["newest"].splitlines()[-1] == "and 13 more"


def test_a_history_without_tests_has_none_to_tell(tmp_path: Path) -> None:
    history = History.at(f"sqlite:///{tmp_path}/none.db")
    with pytest.raises(CajajejoError) as caught:
        decisions.known(history, MetricsConfig(), "t", "*")
    assert caught.value.facts == {"there are": "none"}


def test_the_configuration_may_know_more_than_the_history(history: History) -> None:
    config = MetricsConfig.model_validate({"test_name": "new", "regression_test_config": {"required_metrics": ["f1"]}})
    decisions.known(history, config, "new", "f*")
    decisions.known(history, config, "t", "f1")
    with pytest.raises(CajajejoError, match="new has no metric called loss"):
        decisions.known(history, config, "new", "loss")


def test_decisions_are_taken_once(tmp_path: Path, history: History) -> None:
    path = tmp_path / "demo.baselines.yml"
    assert decisions.take(path, history, ENTRIES[:1]) == Taken((LINES[0],), 1)
    assert decisions.take(path, history, ENTRIES) == Taken(tuple(LINES), 1)
    assert decisions.take(path, history, ENTRIES) == Taken(tuple(LINES), 0)
    assert baselines.load(path) == history.noted("t") == Baselines(tuple(ENTRIES))


def test_after_a_line_of_today_the_time_is_written_as_well(tmp_path: Path, history: History) -> None:
    path, now = tmp_path / "demo.baselines.yml", datetime.now(UTC).replace(microsecond=0)
    before = Accepted("t", "acc", "run2", "r", "b", now.isoformat())
    baseline_file.add(path, before)
    today = replace(ENTRIES[0], date=now.date().isoformat())
    assert decisions.take(path, history, [today]).new == 1
    found = baselines.load(path).accepted_from("t", "acc")
    assert found is not None
    assert (found.start, found.date[:10]) == ("run1", today.date)
    assert decisions.take(path, history, [today]).new == 0


def test_a_line_whose_date_is_yet_to_come_is_not_followed(tmp_path: Path, history: History) -> None:
    path = tmp_path / "demo.baselines.yml"
    path.write_text("accepted: [{test: t, metric: acc, from: run2, reason: r, by: b, date: 2999-01-01}]\n")
    with pytest.raises(CajajejoError) as caught:
        decisions.take(path, history, ENTRIES)
    assert caught.value.message == f"a line of 2999-01-01 would stay in force: {path}"
    assert len(baselines.load(path).accepted) == 1
