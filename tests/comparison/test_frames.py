"""Evaluations in memory: every form of them is compared as the command compares files; numbers are worked by hand."""

from __future__ import annotations

import math
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # comes with mlflow, without types
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo import compare, results
from cajajejo.comparison import comparing
from cajajejo.comparison.comparing import Options, Run
from cajajejo.comparison.items import columns
from cajajejo.comparison.sides import Side
from cajajejo.comparison.values import Comparison, Criteria
from cajajejo.errors import CajajejoError
from cajajejo.results import FailedScenario, Item, Results, hash_of
from tests.comparison.in_memory.evaluations import (
    FEWER,
    RIGHT,
    SCORES_A,
    SCORES_B,
    estimate,
    evaluated,
    lines,
    only,
    same,
    twenty,
    values,
)

if TYPE_CHECKING:
    from collections.abc import Callable


# Worked by hand


def test_graded_scores_have_the_mean_and_error_of_their_differences() -> None:
    found = estimate(compare(SCORES_A, SCORES_B))
    # d = -.03 -.05 .01 -.06 -.03 -.05 -.01 -.06: mean -.28/8; Σ(d - d̄)² = .0044; SE = √(.0044/7/8)
    assert found.difference == pytest.approx(-0.035, rel=1e-12)
    assert found.std_err == pytest.approx(math.sqrt(0.0044 / 56), rel=1e-12)
    # of 2^8 choices of signs 6 reach |Σd| = .28: none, .01 alone, the other .01 alone, and each with all turned
    assert found.p_value == 6 / 256
    assert only(compare(SCORES_A, SCORES_B)).verdict == "inconclusive"


def answered(right: int, lost: int, won: int, n: int) -> tuple[list[bool], list[bool]]:
    a = [True] * right + [False] * (n - right)
    b = [True] * (right - lost) + [False] * lost + [True] * won + [False] * (n - right - won)
    return a, b


def test_true_and_false_are_right_and_wrong() -> None:
    found = compare(*answered(390, 24, 10, 500), max_drop=0.02)
    told = estimate(found)
    assert (told.binary, told.down, told.up) == (True, 24, 10)
    assert told.difference == pytest.approx(-0.028, rel=1e-12)
    assert told.p_value == pytest.approx(0.0166738, abs=1e-7)
    assert told.interval is not None
    assert told.interval.lower == pytest.approx(-0.0511869, abs=5e-8)
    assert told.interval.upper == pytest.approx(-0.00458996, abs=5e-9)
    assert (only(found).verdict, only(found).gate) == ("worse", "fail")


def test_repeats_in_columns_are_means_and_no_more_pairs() -> None:
    a = [[1, 1, 0], [0, 0, 1], [1, 1, 1], [0, 1, 0]]
    b = np.array([[1, 0, 0], [0, 0, 0], [1, 1, 1], [1, 1, 0]])
    found = estimate(compare(a, b))
    # d = -1/3 -1/3 0 1/3: mean -1/12, Σ(d - d̄)² = 11/36, SE = √(11/36/3/4)
    assert found.pairs == 4
    assert found.difference == pytest.approx(-1 / 12, rel=1e-12)
    assert found.std_err == pytest.approx(math.sqrt(11 / 432), rel=1e-12)


def test_a_and_b_may_be_repeated_differently_often_and_so_may_their_items() -> None:
    found = estimate(compare([[1, 0], [0, 0], [1, 1]], [[1], [0, 0, 1, 1], [1, 1]]))
    # means .5 0 1 and 1 .5 1
    assert (found.pairs, found.a, found.binary) == (3, 0.5, False)
    assert found.b == pytest.approx(2.5 / 3, rel=1e-12)


def test_groups_are_clusters() -> None:
    differences = [-1, -1, 0, 0, -1, 0, 1, 0, 0, -1, 0, -1]
    found = estimate(compare([0] * 12, differences, groups=[name for name in "abcd" for _ in range(3)]))
    # sums of d - d̄ by group: -1, 0, 2, -1; SE² = 4/3 · 6 / 12²; of 2^4 signs of the sums -2 -1 1 -2, 6 reach 4
    assert (found.pairs, found.clusters) == (12, 4)
    assert found.std_err == pytest.approx(math.sqrt(1 / 18), rel=1e-12)
    assert found.p_value == 6 / 16


def test_a_group_without_a_name_is_a_cluster_of_its_own() -> None:
    found = estimate(compare([0.0] * 5, [1, 2, 3, 4, 5], groups=["x", "x", None, math.nan, pd.NA]))
    assert found.clusters == 4


def test_an_item_without_a_score_is_counted_named_and_decides() -> None:
    found = only(compare([1, None, 0, 1] * 5, [1, 1, math.nan, 1] * 5))
    assert (found.unpaired.nan_a.count, found.unpaired.nan_b.count) == (5, 5)
    assert found.unpaired.nan_a.names == ("1", "5", "9", "13", "17")
    assert (found.verdict, found.estimate and found.estimate.pairs) == ("inconclusive", 10)


def test_what_is_asked_for_counts() -> None:
    a, b = [0.0] * 20, [1.0, 0.5] * 10
    found = compare(
        a,
        b,
        direction="lower_is_better",
        confidence=0.9,
        min_pairs=5,
        max_drop=0.1,
        max_relative_drop=0.2,
        score_range=(0, 5),
        flips=2,
        seed=7,
    )
    metric = only(found)
    assert metric.criteria == Criteria(
        confidence=0.9,
        max_drop=0.1,
        max_relative_drop=0.2,
        direction="lower_is_better",
        min_pairs=5,
        score_range=(0.0, 5.0),
    )
    assert (metric.verdict, found.confidence, found.seed, len(metric.flips)) == ("worse", 0.9, 7, 2)
    assert [flip.change for flip in metric.flips] == ["worse", "worse"]
    assert len(only(compare(a, b, flips=None)).flips) == 20


# The same as the command


SCORES = st.sampled_from([0.0, 1.0, 0.5, 0.25, math.nan])
ITEMS = st.builds(
    Item,
    suite=st.sampled_from(["v1", "v2"]),
    scenario=st.sampled_from(["geo", "bio"]),
    subject=st.sampled_from([None, "rivers"]),
    id=st.sampled_from(["1", "q-2", "é", "7.0", "5", "6"]),
    repeat=st.integers(0, 2),
    group=st.sampled_from([None, "passage", "source"]),
    prompt_sha256=st.sampled_from([hash_of(""), hash_of("where?")]),
    reference=st.sampled_from([None, "Paris"]),
    prediction=st.sampled_from([None, "Rome"]),
    scores=st.dictionaries(st.sampled_from(["acc", "f1"]), SCORES, min_size=1),
    prompt=st.sampled_from([None, "where?"]),
)
RUNS = st.lists(ITEMS, min_size=1, max_size=30)


def as_the_command(a: Results, b: Results, options: Options) -> Comparison:
    with tempfile.TemporaryDirectory() as directory:
        runs = []
        for name, one in (("A", a), ("B", b)):
            results.write(one, Path(directory, name))
            side = Side(name=name, suite=one.suite)
            runs.append(Run(side, columns.read(Path(directory, name, results.RESULTS_FILE))))
        return comparing.compare(runs[0], runs[1], options)


def outcome(act: Callable[[], Comparison]) -> str:
    """The comparison, or the error; what names the sides is left out."""
    try:
        return repr(values(act()))
    except CajajejoError as error:
        return f"{error.kind}: {error.lines()}"


@settings(max_examples=25, deadline=None)
@given(RUNS, RUNS)
def test_results_in_memory_are_compared_as_files_are(one: list[Item], other: list[Item]) -> None:
    a, b = evaluated(one), evaluated(other)
    wanted = outcome(lambda: as_the_command(a, b, Options(flips=3, seed=5)))
    assert outcome(lambda: compare(a, b, flips=3, seed=5)) == wanted
    options: dict[str, Any] = {"flips": 3, "seed": 5}
    assert outcome(lambda: compare(lines(a), lines(b), **options)) == wanted
    assert outcome(lambda: compare(pd.DataFrame(lines(a)), pd.DataFrame(lines(b)), **options)) == wanted


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(SCORES, SCORES, st.sampled_from([None, "x", "y", "z"])), min_size=1, max_size=30))
def test_arrays_are_compared_as_lines_with_a_number_for_an_id(rows: list[tuple[float, float, str | None]]) -> None:
    a, b, groups = [row[0] for row in rows], [row[1] for row in rows], [row[2] for row in rows]
    runs = [
        evaluated(
            [
                Item("", "", None, str(place), 0, group, hash_of(""), None, None, {"score": score})
                for place, (score, group) in enumerate(zip(scores, groups, strict=True))
            ]
        )
        for scores in (a, b)
    ]
    criteria = Criteria(max_drop=0.1, min_pairs=3)
    wanted = outcome(lambda: as_the_command(runs[0], runs[1], Options(criteria=lambda _: criteria)))
    found = outcome(lambda: compare(np.array(a, float), b, groups=groups, max_drop=0.1, min_pairs=3))
    assert found == wanted


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(SCORES, min_size=1, max_size=3), st.lists(SCORES, min_size=1, max_size=3)),
        min_size=1,
        max_size=12,
    )
)
def test_rows_are_compared_as_lines_with_repeats(rows: list[tuple[list[float], list[float]]]) -> None:
    runs = [
        evaluated(
            [
                Item("", "", None, str(place), repeat, None, hash_of(""), None, None, {"score": score})
                for place, row in enumerate(rows)
                for repeat, score in enumerate(row[which])
            ]
        )
        for which in (0, 1)
    ]
    wanted = outcome(lambda: as_the_command(runs[0], runs[1], Options()))
    assert outcome(lambda: compare([row[0] for row in rows], [row[1] for row in rows])) == wanted


def test_the_columns_of_lines_in_memory_are_those_of_their_file(tmp_path: Path) -> None:
    from cajajejo.comparison.in_memory import forms, tables

    items = [
        Item("v1", "geo", None, "1", 0, "p", hash_of("x"), None, "Rome", {"acc": 1.0, "f1": math.nan}, "x"),
        Item("v2", "bio", "cells", "1", 1, None, hash_of(""), "c", None, {"acc": math.inf}),
    ]
    results.write(evaluated(items), tmp_path)
    wanted = columns.read(tmp_path / results.RESULTS_FILE)
    found = forms.table(evaluated(items), "a", tables.Asked()).columns()
    for field in ("keys", "repeats", "prompts", "groups", "suite_numbers"):
        np.testing.assert_array_equal(getattr(found, field), getattr(wanted, field))
    assert (found.suites, found.texts([1, 0])) == (wanted.suites, wanted.texts([1, 0]))
    assert found.series.keys() == wanted.series.keys()
    for name, series in wanted.series.items():
        np.testing.assert_array_equal(found.series[name].rows, series.rows)
        np.testing.assert_array_equal(found.series[name].values, series.values)


def test_half_characters_are_compared_as_in_files() -> None:
    items = [replace(item, id=f"\ud800{item.id}", prediction="\udfff") for item in twenty(acc=RIGHT).items]
    a, b = evaluated(items), evaluated([replace(item, scores={"acc": 0.0}) for item in items])
    wanted = as_the_command(a, b, Options())
    same(compare(a, b), wanted)
    same(compare(lines(a), lines(b)), wanted)


@pytest.mark.parametrize("form", [str, Path], ids=["str", "Path"])
def test_directories_are_compared_beside_each_other_and_beside_lines(
    form: Callable[[Path], object], tmp_path: Path
) -> None:
    a, b = twenty(acc=RIGHT), twenty(acc=FEWER)
    results.write(a, tmp_path / "one")
    results.write(b, tmp_path / "other")
    both = compare(form(tmp_path / "one"), form(tmp_path / "other"))
    assert (both.a.name, both.b.name, both.a.harness) == (str(tmp_path / "one"), str(tmp_path / "other"), "helm")
    same(both, compare(a, b))
    same(compare(form(tmp_path / "one"), b), both)
    same(compare(lines(a), form(tmp_path / "other")), both)


def test_an_evaluation_tells_of_itself() -> None:
    a = replace(twenty(acc=RIGHT), versions={"crfm-helm": "0.5.5"}, shots={"geo": 5})
    b = replace(
        twenty(acc=RIGHT),
        versions={"crfm-helm": "0.5.6"},
        shots={"geo": 0},
        failed=(FailedScenario("bio", "out of memory"),),
    )
    found = compare(a, b)
    assert (found.a.name, found.a.harness, found.a.suite, found.b.partial) == ("A", "helm", "v1", True)
    assert len(found.warnings) == 3  # another version, another number of shots, a scenario that is missing
