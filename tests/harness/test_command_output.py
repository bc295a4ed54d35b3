"""What counts of that which a command left, by how it ended and by what it told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cajajejo.harness import command_output
from cajajejo.harness.adapter import Ended
from cajajejo.harness.command_output import Left
from cajajejo.harness.progress import Progress
from cajajejo.results import FailedScenario, Item, Results, scores_of

ITEMS = tuple(
    Item(suite, scenario, None, name, 0, None, "0" * 64, None, None, {"a": 1.0})
    for suite, scenario, name in (("v1", "geo", "1"), ("v1", "geo", "2"), ("v1", "bio_subject_x", "1"))
)
LEFT = Left(Path("results.jsonl"), scores_of(ITEMS), ITEMS, names_scenarios=True)
BROKEN = "the command ended before it was complete (exit code 1)"


def results(code: int = 0, left: Left = LEFT, **progress: Any) -> Results:
    return command_output.results_of(left, Ended(code, Progress(**progress)), str)


def failed(code: int = 0, left: Left = LEFT, **progress: Any) -> dict[str, str]:
    return {failure.scenario: failure.error for failure in results(code, left, **progress).failed}


def test_all_counts_where_it_ended_well() -> None:
    assert results() == Results("v1", "command", scores_of(ITEMS), ITEMS, ())


def test_several_suites_are_those_of_a_command() -> None:
    other = (*ITEMS, Item("v2", "geo", None, "3", 0, None, "0" * 64, None, None, {"a": 1.0}))
    assert results(left=Left(Path("r"), scores_of(other), other)).suite == "command"


@pytest.mark.parametrize(
    ("code", "progress", "expected"),
    [
        (0, {}, {}),
        (0, {"names": ("geo", "bio:subject=x")}, {}),
        (0, {"names": ("geo", "bio:subject=x", "ari")}, {"ari": "the command left nothing of it"}),
        (0, {"names": ("geo",), "failed": {"bio:subject=x": "no"}}, {"bio_subject_x": "no"}),
        (1, {}, {"others": "the command did not end well (exit code 1); what it left counts"}),
        (1, {"names": ("geo", "ari"), "finished": frozenset({"geo"})}, {"ari": BROKEN}),
        (1, {"totals": {"geo": 9}}, {"geo": BROKEN}),
        (1, {"names": ("geo",), "finished": frozenset({"geo"}), "failed": {"ari": "no"}}, {"ari": "no"}),
        (1, {"names": ("geo", "ari"), "failed": {"ari": "no"}}, {"ari": "no", "geo": BROKEN}),
    ],
)
def test_what_is_missing_is_named(code: int, progress: dict[str, Any], expected: dict[str, str]) -> None:
    assert failed(code, **progress) == expected


def test_tags_of_event_files_need_not_be_called_as_the_progress_is() -> None:
    assert failed(left=Left(Path("runs"), scores_of(ITEMS), ITEMS), names=("ari",)) == {}


def test_what_the_lines_say_is_told_before_what_the_progress_says() -> None:
    left = Left(Path("r"), failed={"geo": "by its lines"}, names_scenarios=True)
    assert failed(left=left, failed={"geo": "by its progress"}) == {"geo": "by its lines"}


def test_errors_are_one_short_line_without_secrets() -> None:
    left = Left(Path("r"), failed={"geo": "a secret\n  of two lines", "bio": "x" * 400})
    hidden = command_output.results_of(left, Ended(0, Progress()), lambda text: text.replace("secret", "(hidden)"))
    assert hidden.failed == (
        FailedScenario("geo", "a (hidden) of two lines"),
        FailedScenario("bio", "x" * 299 + "…"),
    )


def test_event_files_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / "runs").touch()
    assert command_output.read_events(tmp_path / "runs") == Left(tmp_path / "runs")
