"""Paths of ``--set`` and of axes that name no field, or a field that something else names as well."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import evaluation
from cajajejo.errors import FileProblemsError, UsageError
from cajajejo.evaluation import Rendering
from tests import builders

if TYPE_CHECKING:
    from pathlib import Path


def parse(directory: Path, axes: dict[str, list[Any]] | None, *settings: str) -> int:
    """How many jobs are made."""
    changes = {"matrix": {"axes": axes}} if axes else {}
    paths = builders.write_config(directory, **changes), builders.write_run_specs(directory, "questions")
    return len(evaluation.parse_job(*paths, rendering=Rendering(settings=settings)).jobs)


def problem(directory: Path, axes: dict[str, list[Any]], *settings: str) -> str:
    """The one line about the config, without its file."""
    with pytest.raises(FileProblemsError) as raised:
        parse(directory, axes, *settings)
    (line, _) = raised.value.lines()
    return line.replace(str(directory / "job_config.yml"), "c.yml")


def line_of(directory: Path, text: str) -> int:
    lines = (directory / "job_config.yml").read_text().splitlines()
    return max(number for number, line in enumerate(lines, start=1) if text in line)


TAKEN_AWAY = {
    "a field and its section": ("helm.suite", "helm"),
    "two spellings": ("helm.suite", 'helm."suite"'),
    "an item and its list": ("helm.args.1", "helm.args"),
}


@pytest.mark.parametrize("case", TAKEN_AWAY)
def test_an_axis_that_takes_away_the_values_of_one_before_it_is_an_error(case: str, tmp_path: Path) -> None:
    one, other = TAKEN_AWAY[case]
    told = problem(tmp_path, {one: ["a", "b"], other: ["c", "d"]})
    line = line_of(tmp_path, f"{json.dumps(other)}: ")
    assert told == f"c.yml:{line}: matrix.axes.{other}: replaces the values of the axis {one}, which stands before it"


@pytest.mark.parametrize("axis", ["helm..suite", "helm.suite=x", "=", ".", "helm."])
def test_an_axis_that_names_no_field_is_an_error(axis: str, tmp_path: Path) -> None:
    told = problem(tmp_path, {axis: ["a", "b"]})
    assert told.endswith(f": matrix.axes.{axis}: not the path of a field: {axis!r}")


def test_an_axis_that_leads_nowhere_is_told_at_its_line(tmp_path: Path) -> None:
    told = problem(tmp_path, {"helm.args.9": ["a"]})
    line = line_of(tmp_path, '"a"')
    assert told == f"c.yml:{line}: helm.args.9: the list has no item 9; it has 0 to 1"


def test_combinations_that_make_one_job_are_an_error(tmp_path: Path) -> None:
    axes: dict[str, list[Any]] = {"helm": [{"suite": "a"}, {"suite": "b"}], "helm.suite": ["c", "d"]}
    assert problem(tmp_path, axes) == "c.yml: matrix: several combinations make one and the same job"


def test_a_setting_inside_of_an_axis_is_not_lost(tmp_path: Path) -> None:
    axes = {"helm": [{"suite": "a"}, {"suite": "b"}]}
    with pytest.raises(UsageError, match=r"--set helm: the matrix of .* gives it its values"):
        parse(tmp_path, axes, "helm.suite=c")


def test_an_axis_inside_of_a_setting_is_fine(tmp_path: Path) -> None:
    assert parse(tmp_path, {"helm.suite": ["a", "b"]}, "helm={suite: c, args: []}") == 2


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("helmm.suite.x=1", "--set helmm.suite.x: helmm: unknown field"),
        ("helm.suit=1", "--set helm.suit: unknown field"),
        ("secret_env.A.name=x", "--set secret_env.A.name: secret_env.A.key: required, and not there"),
    ],
)
def test_what_a_setting_made_is_told_of_the_setting(setting: str, line: str, tmp_path: Path) -> None:
    with pytest.raises(FileProblemsError) as raised:
        parse(tmp_path, None, setting)
    assert raised.value.lines()[0] == line


def test_a_setting_that_is_no_text_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds a lone surrogate"):
        parse(tmp_path, None, "helm.suite=\udcff")
