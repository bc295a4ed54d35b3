"""Values of metrics in every form that people hold them in."""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # comes with mlflow, without types
import pyarrow as pa
import pytest

from cajajejo.errors import CajajejoError
from cajajejo.metrics.notebook.cells import MetricInputError
from cajajejo.metrics.notebook.tables import Table, table
from cajajejo.metrics.points import Point

FOUR = [1.0, 2.5, 0.0, -3.0]


class Polars:
    """A data frame of polars, as far as it is looked at."""

    def __init__(self, columns: dict[str, list[object]]) -> None:
        self.columns = list(columns)
        self._columns = [PolarsSeries(name, values) for name, values in columns.items()]

    def get_columns(self) -> list[PolarsSeries]:
        return self._columns


class PolarsSeries:
    """A column of it."""

    def __init__(self, name: str, values: list[object]) -> None:
        self.name, self._values = name, values

    def to_list(self) -> list[object]:
        return self._values


def refused(values: object, **about: object) -> list[str]:
    with pytest.raises(MetricInputError) as caught:
        table(values, **about)
    return caught.value.lines()


@pytest.mark.parametrize(
    "values",
    [
        FOUR,
        tuple(FOUR),
        [1, Decimal("2.5"), False, -3],
        np.array(FOUR),
        np.array(FOUR, np.float32),
        np.array(FOUR, dtype=object),
        pd.Series(FOUR),
        pd.Series(FOUR, dtype="Float64"),
        pa.array(FOUR),
        pa.chunked_array([FOUR[:2], FOUR[2:]]),
        PolarsSeries("", list(FOUR)),
    ],
    ids=[
        *("list", "tuple", "mixed numbers", "float64", "float32", "objects", "Series", "nullable Series"),
        *("pyarrow", "chunks", "polars"),
    ],
)
def test_numbers_are_the_runs_of_one_metric(values: object) -> None:
    assert table(values) == Table({"value": FOUR}, ["0", "1", "2", "3"], [None] * 4)


WIDE = {"loss": [1.0, 2.0], "acc": [0.5, None]}


@pytest.mark.parametrize(
    "values",
    [
        WIDE,
        {"loss": np.array([1.0, 2.0]), "acc": (0.5, None)},
        [{"loss": 1.0, "acc": 0.5}, {"loss": 2.0}],
        pd.DataFrame(WIDE, dtype="Float64"),
        pa.table(WIDE),
        Polars({"loss": [1.0, 2.0], "acc": [0.5, None]}),
    ],
    ids=["dict", "dict of arrays", "dicts", "pandas", "pyarrow", "polars"],
)
def test_a_row_is_a_run_and_a_column_a_metric(values: object) -> None:
    assert table(values) == Table({"loss": [1.0, 2.0], "acc": [0.5, None]}, ["0", "1"], [None, None])


def test_a_series_has_a_name_and_its_index_names_the_runs() -> None:
    found = table(pd.Series([1, 2], index=["a", 7], name="loss"))
    assert found == Table({"loss": [1.0, 2.0]}, ["a", "7"], [None, None])


def test_an_index_of_times_says_when_the_runs_were() -> None:
    index = pd.to_datetime(["2026-11-21", "2026-11-22"])
    found = table(pd.DataFrame({"loss": [1, 2]}, index=index))
    assert (found.runs, found.times) == (["2026-11-21T00:00:00", "2026-11-22T00:00:00"], [1795219200.0, 1795305600.0])


def test_columns_of_a_frame_can_be_about_the_runs() -> None:
    frame = pd.DataFrame({"id": ["r1", "r2"], "sha": ["abc", None], "at": [5, 6.5], "loss": [1, 2]})
    found = table(frame, runs="id", commits="sha", times="at")
    assert found == Table({"loss": [1.0, 2.0]}, ["r1", "r2"], ["abc", None], [5.0, 6.5])


def test_what_is_about_the_runs_can_be_given_beside_them() -> None:
    at = [
        dt.datetime(2026, 11, 21, tzinfo=dt.UTC),
        dt.date(2026, 11, 22),
        np.datetime64("2026-11-23T00:00"),
        "2026-11-24",
    ]
    found = table([1, 2, 3, 4], runs=range(7, 11), times=at, commits=["a", None, "b", math.nan])
    days = [1795219200.0 + 86400 * day for day in range(4)]
    assert found == Table({"value": [1.0, 2.0, 3.0, 4.0]}, ["7", "8", "9", "10"], ["a", None, "b", None], days)


def test_nothing_is_not_the_same_as_not_a_number() -> None:
    (column,) = table([None, math.nan, pd.NA, math.inf]).columns.values()
    assert [None if value is None else str(value) for value in column] == [None, "nan", None, "inf"]
    masked = np.ma.MaskedArray([1.0, 2.0], [True, False])
    assert table(masked).columns == {"value": [None, 2.0]}


def test_the_points_of_a_history_are_the_finite_values() -> None:
    found = table({"loss": [1, None, math.nan, 4]}, runs=["a", "b", "c", "d"], commits=["x"] * 4, times=[1, 2, 3, 4])
    points = [Point("a", 1.0, start_time=1.0, commit="x"), Point("d", 4.0, start_time=4.0, commit="x")]
    assert found.points() == {"loss": points}
    assert found.cut(3).points() == {"loss": points[:1]}


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], "values are empty: there is no run to judge"),
        ({}, "values are empty: there is no metric to judge"),
        (pd.DataFrame(), "values are empty: there is no metric to judge"),
        ("loss", "values is text ('loss'), and no list or array"),
        (b"loss", "values is bytes, and no list or array"),
        (3.0, "values is a number, and no list or array"),
        (None, "values is nothing, and no list or array"),
        (np.ones((2, 2)), "values has 2 dimensions"),
        (np.float64(3), "values has 0 dimensions"),
        ([1, "high"], "values: value 1 is text ('high')"),
        ([1, [2]], "values: value 1 is a list"),
        ([1, 2j], "values: value 1 is a complex number"),
        ([10**400], "values: value 0 is larger than a float can be"),
        (np.array(["2026-11-21"], "M8[s]"), "values: value 0 is a time"),
        ([np.timedelta64(1, "s")], "values: value 0 is a duration"),
        ({"loss": [1], "who": ["me"]}, "values: who: value 0 is text ('me')"),
        ({"loss": [1], "acc": [1, 2]}, "the metrics do not have one value for each run"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "values have 2 columns called a"),
        ({1: [1], "1": [2]}, "values have 2 columns called 1"),
        ({"a": pd.Series([1], ["x"]), "b": pd.Series([1], ["y"])}, "values: the columns have different indexes"),
        ([{"loss": 1}, 2], "values: row 1 is a number, and other rows are mappings"),
        (pd.Series([1, 2], index=["a", "a"]), "runs: 2 runs are called a"),
    ],
    ids=[
        *("no runs", "no metrics", "an empty frame", "text", "bytes", "a number", "None", "a matrix", "a scalar"),
        *("text inside", "a list inside", "complex", "huge", "times", "durations", "a text column", "lengths"),
        *("a column twice", "a name twice", "indexes", "a row that is none", "runs twice"),
    ],
)
def test_what_is_no_table_is_refused(values: object, line: str) -> None:
    assert refused(values)[0] == f"Error: {line}"


ABOUT: dict[str, tuple[dict[str, Any], str]] = {
    "a column that is not there": ({"runs": "id"}, "runs is no column: id"),
    "too few runs": ({"runs": ["a"]}, "runs are 1, and there are 2 runs"),
    "a run without a name": ({"runs": ["a", None]}, "runs: run 1 has no name"),
    "newest first": ({"times": [2, 1]}, "times: run 1 started before run 0: the oldest run comes first"),
    "no time": ({"times": ["now", 1]}, "times: value 0 is text ('now'), and no time"),
    "a time that is missing": ({"times": [pd.NaT, 1]}, "times: value 0 is nothing, and no time"),
    "only columns about the runs": ({"runs": "loss"}, "values hold no metric"),
    "one commit for all": ({"commits": 7}, "commits is a number, and no list or array"),
}


@pytest.mark.parametrize(("about", "line"), ABOUT.values(), ids=ABOUT)
def test_what_does_not_fit_the_runs_is_refused(about: dict[str, Any], line: str) -> None:
    assert refused({"loss": [1, 2]}, **about)[0] == f"Error: {line}"


class OnDevice:
    """A tensor whose numbers are on another device."""

    def __array__(self) -> np.ndarray[Any, Any]:
        raise TypeError("can't convert a tensor of a device to numpy")


def test_an_array_that_cannot_be_read_is_told_with_what_it_says() -> None:
    assert refused(OnDevice()) == [
        "Error: values cannot be read as an array",
        "  says        can't convert a tensor of a device to numpy",
    ]


def test_what_is_wrong_with_values_is_a_value_error_and_one_of_ours() -> None:
    assert issubclass(MetricInputError, ValueError)
    assert issubclass(MetricInputError, CajajejoError)
