"""What is refused of what is in memory, and where the error says it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # comes with mlflow, without types
import pytest

from cajajejo import compare, results
from cajajejo.comparison.in_memory.cells import ComparisonInputError
from cajajejo.errors import CajajejoError
from cajajejo.results import Results
from tests.comparison.in_memory.evaluations import (
    RIGHT,
    twenty,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def refused(act: Callable[[], object], text: str) -> None:
    with pytest.raises(ComparisonInputError) as caught:
        act()
    assert isinstance(caught.value, ValueError)
    assert text in "\n".join(caught.value.lines())


FRAME = pd.DataFrame({"id": [1, 2], "acc": [1, 0]})


@pytest.mark.parametrize(
    ("given_a", "told"),
    [
        (["yes", 1], "a: value 0 is text ('yes')"),
        ([1, "2"], "a: value 1 is text ('2')"),
        (np.array(["1", "2"]), "a: value 0 is text ('1')"),
        ([1, b"2"], "a: value 1 is bytes"),
        ([1, 2j], "a: value 1 is a complex number"),
        (pd.Series(pd.to_datetime(["2026-01-01", None])), "a: value 0 is a time"),
        (pd.Series(pd.to_timedelta([1, 2])), "a: value 0 is a duration"),
        pytest.param([1, object()], "a: value 1 is an object", id="an object of no known kind"),
        ([1, math.inf], "a: value 1 is infinite"),
        ([10**400, 1], "a: value 0 is infinite"),
        (np.array([[1, 2], [3, -np.inf]]), "a: row 1: value 1 is infinite"),
        (np.array([1, np.longdouble("1e4000")]), "a: value 1 is infinite"),
        ([[1, 2], [1, "x"], [0]], "a: row 1: value 1 is text ('x')"),
        ([[1], 2], "a: row 1 is a number, and other rows are lists"),
        ([[1], []], "a: row 1 must hold one score for each answer"),
        ([[[1]], [[1], [2]]], "a: row 0 must hold one score for each answer"),
        (np.zeros((2, 2, 2)), "a has 3 dimensions"),
        ([], "a is empty"),
        (np.empty((0, 3)), "a is empty"),
        ({}, "a is empty"),
        (pd.DataFrame({"id": [], "acc": []}), "a is empty"),
        (Results("v1", "helm", (), ()), "a is empty"),
        (5, "a is a number, and no list or array of scores"),
        (None, "a is nothing, and no list or array of scores"),
        (b"ab", "a is bytes, and no list or array of scores"),
        ({1, 2}, "a is a set, and no list or array of scores"),
        (np.array(5), "a is a number, and no list or array of scores"),
        ([1, 0, 1], "a has 3 items and b has 2: they pair by place"),
        (pd.Series([1, 0, 1]), "a has 3 items and b has 2: they pair by place"),
        (pd.Series([1, 0], index=[1, 1]), "a: its index has 1 2 times"),
        (pd.Series([1, 0], index=[1, None]), "a: row 1 has no label in the index"),
        ({"score": [1, 0], "f1": [1, 0]}, "a and b have other columns of scores"),
        ({"score": [1, 0], "f1": [1]}, "a: its columns have different lengths"),
        ({"score": pd.Series([1, 0]), "f1": pd.Series([1, 0], index=[1, 2])}, "a: its columns have different indexes"),
        (pd.DataFrame([[1, 2]], columns=["x", "x"]), "a has 2 columns called x"),
        (FRAME.rename(columns={"acc": "score"}), "the items of one run have ids, and those of the other one none"),
        ([{"score": 1}, 2], "a: line 1 is a number, and other lines are mappings"),
    ],
    ids=str,
)
def test_what_is_no_list_of_scores_is_refused(given_a: Any, told: str) -> None:
    form = type(given_a) if isinstance(given_a, pd.Series) else list
    refused(lambda: compare(given_a, form([1, 0])), told)


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (FRAME.assign(id=[1, None]), "a: row 1 has no id"),
        (FRAME.assign(repeat=[0, -1]), "a: repeat of row 1 is -1, and no whole number from 0"),
        (FRAME.assign(repeat=[0, 0.5]), "a: repeat of row 1 is 0.5, and no whole number from 0"),
        (FRAME.drop(columns="id").assign(repeat=[0, 1]), "a has a column repeat, and no column id"),
        (FRAME.assign(prompt_sha256="abc"), "a: prompt_sha256 of row 0 is not 64 hexadecimal digits"),
        (FRAME.assign(model="ours"), "a: model: row 0 is text ('ours')"),
        (FRAME.assign(acc=[1, math.inf]), "a: acc: row 1 is infinite"),
        (FRAME.assign(acc=[[1], [0]]), "a: acc: row 0 is a list"),
        ({"id": [1, 2], "acc": np.zeros((2, 2))}, "a: acc has 2 dimensions, and is a column of a table"),
        ({"id": [1, 2], "acc": 5}, "a: its column acc is a number, and no list"),
        ({"id": "ab", "acc": [1, 2]}, "a: its column id is text ('ab'), and no list"),
        ({"id": [1], "acc": [1, 2]}, "a: its columns have different lengths"),
        (FRAME.assign(scores=[{"acc": 1}, None]), "a: scores of row 1 is nothing, and no mapping"),
        (FRAME.assign(scores=[{"acc": 1}, {"acc": "x"}]), "a: acc: row 1 is text ('x')"),
        (FRAME.drop(columns="id").assign(group="x").set_axis([1, 1]), "a: its index has 1 2 times"),
        (pd.DataFrame({"group": ["x"], "acc": [1]}), "the items of one run have ids, and those of the other one none"),
    ],
    ids=str,
)
def test_lines_that_are_wrong_are_refused(frame: Any, told: str) -> None:
    refused(lambda: compare(frame, FRAME), told)


def test_a_tensor_that_cannot_be_read_here_is_refused() -> None:
    class OnAnotherDevice:
        def __array__(self, *_: object, **__: object) -> object:
            raise RuntimeError("can't convert cuda:0 device type tensor")

    refused(lambda: compare(OnAnotherDevice(), [1]), "cuda:0")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"max_drop": -0.1}, "max_drop is -0.1"),
        ({"max_relative_drop": math.nan}, "max_relative_drop is nan"),
        ({"confidence": 1}, "confidence is 1"),
        ({"confidence": 0.5}, "confidence is 0.5"),
        ({"direction": "up"}, "direction is up"),
        ({"min_pairs": 0}, "min_pairs is 0"),
        ({"flips": -1}, "flips is -1"),
        ({"score_range": (1, 0)}, "score_range is (1.0, 0.0)"),
        ({"score_range": (0, math.inf)}, "score_range is (0.0, inf)"),
        ({"groups": ["x"]}, "groups has 1 values, and a has 2 items"),
        ({"groups": "passage"}, "neither a nor b has a column passage"),
        ({"groups": 5}, "groups is a number, and no list"),
        ({"metrics": "f1"}, "a has no metric called f1"),
    ],
    ids=str,
)
def test_what_cannot_be_asked_is_refused(options: dict[str, Any], told: str) -> None:
    refused(lambda: compare([1, 0], [1, 0], **options), told)


def test_groups_of_lines_are_a_column_and_of_labels_complete() -> None:
    refused(lambda: compare(FRAME, FRAME, groups=["x", "y"]), "groups of items with ids are a column")
    series = pd.Series([1, 0], index=["q", "r"])
    refused(lambda: compare(series, series, groups=pd.Series(["x"], index=["q"])), "groups has no r in its index")
    refused(lambda: compare(FRAME, FRAME, metrics="f1"), "no metric is called f1")


def test_an_evaluation_beside_scores_without_ids_is_refused(tmp_path: Path) -> None:
    results.write(twenty(acc=RIGHT), tmp_path)
    refused(lambda: compare(tmp_path, RIGHT), "b has no ids, by which alone it pairs with an evaluation")
    with pytest.raises(CajajejoError, match="no evaluation"):
        compare(tmp_path, tmp_path.parent / "elsewhere")
