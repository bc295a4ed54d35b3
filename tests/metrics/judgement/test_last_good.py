from __future__ import annotations

import pytest

from cajajejo.metrics.judgement import last_good
from cajajejo.metrics.judgement.bounds import Bounds
from cajajejo.metrics.judgement.last_good import Turn
from cajajejo.metrics.points import Point
from tests.metrics.builders import points

ABOVE = Bounds(0.5, None, inclusive=False)


@pytest.mark.parametrize(
    ("values", "outside", "turn"),
    [
        pytest.param([0.9, 0.8, 0.1], [], (1, 2), id="the run before"),
        pytest.param([0.9, 0.1, 0.1], [1], (0, 1), id="the first bad run is not this one"),
        pytest.param([0.9, 0.4, 0.1], [], (0, 1), id="a run that these bounds would not pass"),
        pytest.param([0.9, 0.8, 0.1], [1], (0, 1), id="a run that was out of its own bounds"),
        pytest.param([0.2, 0.1], [], None, id="none was good"),
        pytest.param([0.1], [], None, id="the first run"),
    ],
)
def test_the_last_good_run_passed_then_and_would_pass_now(
    values: list[float], outside: list[int], turn: tuple[int, int] | None
) -> None:
    given = points(values, outside)
    expected = None if turn is None else Turn(given[turn[0]], given[turn[1]])
    assert last_good.of_bounds(given, ABOVE) == expected


def test_a_shift_turned_between_the_run_before_all_suspects_and_the_last_of_them() -> None:
    given = points([0.9, 0.9, 0.8, 0.1, 0.1])
    assert last_good.of_shift(given, (2, 3)) == Turn(given[1], given[3])
    assert last_good.of_shift(given, (0, 1)) is None


@pytest.mark.parametrize(
    ("good", "bad", "commits"), [("a", "b", ("a", "b")), (None, "b", None), ("a", None, None), (None, None, None)]
)
def test_commits_are_named_where_both_are_known(
    good: str | None, bad: str | None, commits: tuple[str, str] | None
) -> None:
    assert Turn(Point("x", 1.0, commit=good), Point("y", 0.0, commit=bad)).commits == commits
