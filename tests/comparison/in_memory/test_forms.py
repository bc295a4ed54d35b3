"""Scores in every form that they have in Python: the same whatever holds them, and what belongs together."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd  # type: ignore[import-untyped]  # comes with mlflow, without types
import pyarrow as pa
import pytest

from cajajejo import compare, results
from cajajejo.comparison.items.pairing import DifferentPromptsError
from cajajejo.results import hash_of
from tests.comparison.in_memory.evaluations import (
    FEWER,
    RIGHT,
    SCORES_A,
    SCORES_B,
    estimate,
    only,
    same,
    twenty,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


class Frame:
    """What a data frame of polars can do."""

    def __init__(self, **columns: Sequence[object]) -> None:
        self.columns = list(columns)
        self._columns = columns

    def to_dict(self, *, as_series: bool) -> Mapping[str, Sequence[object]]:
        assert not as_series
        return self._columns


@pytest.mark.parametrize(
    "form",
    [
        tuple,
        np.array,
        lambda scores: np.array(scores, np.float32),
        lambda scores: np.array(scores)[:, None],
        pd.Series,
        lambda scores: pd.Series(scores, dtype="Float64"),
        pa.array,
        lambda scores: pa.chunked_array([scores[:3], scores[3:]]),
        lambda scores: [Decimal(score) for score in scores],
        lambda scores: np.ma.array(scores, mask=[False] * len(scores)),
        lambda scores: {"score": scores},
        lambda scores: pd.DataFrame({"score": scores}),
        lambda scores: pa.table({"score": scores}),
        lambda scores: Frame(score=scores),
        lambda scores: [{"score": score} for score in scores],
    ],
    ids=[
        *("tuple", "array", "float32", "one column", "Series", "nullable", "pyarrow", "chunked", "Decimal", "masked"),
        *("dict", "DataFrame", "pyarrow table", "polars", "dicts"),
    ],
)
def test_every_form_of_the_same_scores_is_the_same(form: Callable[[Any], Any]) -> None:
    a, b = [*RIGHT, 0.5], [*FEWER, 0.5]
    same(compare(form(a), form(b)), compare(a, b))
    same(compare(form(a), b) if not isinstance(form(a), dict) else compare(form(a), {"score": b}), compare(a, b))


@pytest.mark.parametrize(
    "nothing",
    [
        [None, 1],
        [math.nan, 1],
        pd.Series([pd.NA, 1], dtype="Int64"),
        pd.Series([None, True], dtype="boolean"),
        pa.array([None, 1]),
        np.ma.array([7, 1], mask=[True, False]),
        np.ma.array([7, 1], dtype=object, mask=[True, False]),
        [Decimal("nan"), 1],
        [np.float32("nan"), 1],
    ],
    ids=["None", "NaN", "NA", "boolean", "pyarrow", "masked", "masked object", "Decimal", "float32"],
)
def test_every_form_of_no_score_is_none(nothing: Any) -> None:
    assert only(compare(nothing, [1, 1])).unpaired.nan_a.names == ("0",)


def test_what_is_given_is_left_as_it_is() -> None:
    masked: Any = np.ma.array([7, 1], dtype=object, mask=[True, False])
    frame = pd.DataFrame({"id": [1, 2], "acc": [1, 0]}).set_index("id")
    before = frame.copy()
    compare(masked, [1, 1])
    compare(frame, frame)
    assert masked.data.tolist() == [7, 1]
    pd.testing.assert_frame_equal(frame, before)


def test_metrics_of_a_dict_are_judged_together() -> None:
    found = compare({"acc": RIGHT, "f1": RIGHT}, {"acc": FEWER, "f1": FEWER})
    assert [(metric.name, metric.verdict) for metric in found.metrics] == [("acc", "worse"), ("f1", "worse")]
    acc = found.metrics[0]
    assert acc.estimate is not None
    assert acc.estimate.p_value is not None
    assert (found.tested, acc.p_adjusted) == (2, 2 * acc.estimate.p_value)  # Holm over two of one p-value


def test_metrics_of_a_dict_may_be_repeated_differently_often() -> None:
    found = compare({"acc": [1, 0, 1], "judge": [[1, 0], [1, 1], [0, 0]]}, {"acc": [1, 1, 1], "judge": [1, 1, 1]})
    assert [metric.estimate and metric.estimate.pairs for metric in found.metrics] == [3, 3]
    assert [metric.estimate and round(metric.estimate.a, 12) for metric in found.metrics] == [round(2 / 3, 12), 0.5]


@pytest.mark.parametrize("asked", ["acc", "geo/acc", ["*/acc"], ("a*",)], ids=str)
def test_metrics_are_asked_for_with_or_without_their_scenario(asked: str | Sequence[str]) -> None:
    a, b = twenty(acc=RIGHT, f1=RIGHT), twenty(acc=FEWER, f1=FEWER)
    assert [metric.name for metric in compare(a, b, metrics=asked).metrics] == ["geo/acc"]


def test_columns_that_are_not_asked_for_may_hold_anything() -> None:
    frame = pd.DataFrame({"id": range(20), "acc": RIGHT, "model": "ours", "when": pd.Timestamp(0)})
    assert only(compare(frame, frame, metrics="acc")).name == "acc"
    assert only(compare({"acc": [1], "model": ["x"]}, {"acc": [1]}, metrics="acc")).name == "acc"


def test_a_column_that_is_empty_in_a_scenario_is_none_of_its_metrics() -> None:
    frame = pd.DataFrame(
        {"scenario": ["geo"] * 2 + ["bio"] * 2, "id": [1, 2, 1, 2], "acc": [1, 0, None, None], "f1": [None, 0.5, 1, 1]}
    )
    assert [metric.name for metric in compare(frame, frame).metrics] == ["bio/f1", "geo/acc", "geo/f1"]
    nowhere = frame.assign(acc=math.nan)
    assert [metric.name for metric in compare(nowhere, nowhere).metrics] == ["bio/acc", "bio/f1", "geo/acc", "geo/f1"]


def test_a_column_called_scores_may_hold_numbers() -> None:
    frame = pd.DataFrame({"id": range(3), "scores": [1, 0, 1]})
    assert only(compare(frame, frame)).name == "scores"


# What belongs together


def test_two_series_pair_by_label_in_whatever_order() -> None:
    a = pd.Series(SCORES_A, index=list("abcdefgh"))
    b = pd.Series(SCORES_B, index=list("abcdefgh"))
    shuffled = b.loc[list("hgfedcba")]
    assert estimate(compare(a, shuffled)).std_err == pytest.approx(math.sqrt(0.0044 / 56), rel=1e-12)
    assert estimate(compare(a, shuffled.to_numpy())).std_err != pytest.approx(math.sqrt(0.0044 / 56), rel=1e-3)
    found = only(compare(a, b.drop("c")))
    assert (found.unpaired.only_a.names, found.estimate and found.estimate.pairs) == (("c",), 7)


def test_labels_that_a_library_turned_into_floats_are_the_same() -> None:
    a, b = pd.Series([1, 0, 1], index=[3, 1, 2]), pd.Series([1, 1], index=[2.0, 3.0])
    found = only(compare(a, b))
    assert (found.unpaired.only_a.names, found.estimate and found.estimate.pairs) == (("1",), 2)


def test_a_series_beside_a_list_pairs_by_position() -> None:
    a = pd.Series(SCORES_A, index=range(8, 0, -1))
    assert estimate(compare(a, SCORES_B)).std_err == pytest.approx(math.sqrt(0.0044 / 56), rel=1e-12)
    assert estimate(compare(a, SCORES_B, groups=pd.Series(list("aabbccdd")))).clusters == 4


def test_a_dict_of_series_pairs_by_their_index() -> None:
    index = list("abcdefgh")
    a = {"m": pd.Series(SCORES_A, index=index), "n": pd.Series(SCORES_A, index=index)}
    b = {"m": pd.Series(SCORES_B, index=index)[::-1], "n": pd.Series(SCORES_B, index=index)[::-1]}
    for metric in compare(a, b).metrics:
        assert metric.estimate is not None
        assert metric.estimate.std_err == pytest.approx(math.sqrt(0.0044 / 56), rel=1e-12)


def test_an_index_that_is_called_as_a_field_is_that_field() -> None:
    frame = pd.DataFrame({"scenario": ["geo", "bio"], "id": [1, 1], "acc": [1, 0]}).set_index(["scenario", "id"])
    assert [metric.name for metric in compare(frame, frame).metrics] == ["bio/acc", "geo/acc"]


def test_lines_pair_by_scenario_subject_id_and_repeat() -> None:
    frame = pd.DataFrame(
        {
            "scenario": ["geo", "geo", "geo", "bio"],
            "subject": ["x", "x", "y", None],
            "id": ["1", "1", "1", "1"],
            "repeat": [0, 1, 0, None],
            "acc": [1, 0, 1, 1],
        }
    )
    found = compare(frame, frame[::-1])
    assert [(metric.name, metric.estimate and metric.estimate.pairs) for metric in found.metrics] == [
        ("bio/acc", 1),
        ("geo/acc", 2),
    ]
    assert (found.pairs, found.duplicates) == (3, 0)


def test_groups_by_label_follow_the_items() -> None:
    items, groups = [f"i{place}" for place in range(12)], [name for name in "abcd" for _ in range(3)]
    differences = [-1, -1, 0, 0, -1, 0, 1, 0, 0, -1, 0, -1]
    a, b = pd.Series(0, index=items), pd.Series(differences, index=items)[::-1]
    by_label = estimate(compare(a, b, groups=pd.Series(groups, index=items)[::-1]))
    in_order = estimate(compare(a, b, groups=groups))
    assert by_label == in_order
    assert in_order.std_err == pytest.approx(math.sqrt(1 / 18), rel=1e-12)


def test_groups_are_a_column_of_lines() -> None:
    frame = pd.DataFrame({"id": range(12), "acc": 0, "passage": [name for name in "abcd" for _ in range(3)]})
    other = frame.assign(acc=[-1, -1, 0, 0, -1, 0, 1, 0, 0, -1, 0, -1])
    found = estimate(compare(frame, other, groups="passage"))
    assert found.clusters == 4
    assert found.std_err == pytest.approx(math.sqrt(1 / 18), rel=1e-12)
    renamed = [one.rename(columns={"passage": "group"}) for one in (frame, other)]
    assert estimate(compare(*renamed)) == found
    assert estimate(compare(frame, other.drop(columns="passage"), groups="passage")) == found


def test_other_prompts_under_one_id_are_an_error() -> None:
    with pytest.raises(DifferentPromptsError):
        compare(twenty("where is it?", acc=RIGHT), twenty("where?", acc=RIGHT))


def test_prompts_are_compared_by_their_hashes_and_shown() -> None:
    frame = pd.DataFrame({"id": range(20), "prompt": "where?", "acc": RIGHT, "prediction": "Rome"})
    other = frame.assign(acc=FEWER, prompt_sha256=hash_of("where?"), prediction="Oslo")
    first, *_ = only(compare(frame, other)).flips
    assert (first.id, first.prompt, first.a.prediction, first.b.prediction) == ("5", "where?", "Rome", "Oslo")
    with pytest.raises(DifferentPromptsError):
        compare(frame, other.assign(prompt_sha256=hash_of("who?")))


def test_a_file_of_results_read_by_pandas_is_compared_as_it_is(tmp_path: Path) -> None:
    a, b = twenty(acc=RIGHT, f1=FEWER), twenty(acc=FEWER, f1=FEWER)
    frames = []
    for name, run in (("one", a), ("other", b)):
        results.write(run, tmp_path / name)
        frames.append(pd.read_json(tmp_path / name / "results.jsonl", lines=True))
    same(compare(*frames), compare(a, b))
