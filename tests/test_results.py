"""Scores of items, worked by hand, and the two files that hold them."""

from __future__ import annotations

import json
import math
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo import results
from cajajejo.errors import HarnessError
from cajajejo.results import FailedScenario, Item, Results, Score, metric_part, scores_of

INFINITY = math.inf


def about(number: float) -> Any:
    """Equal to every number that is as good as `number`; not-a-number is equal to itself."""
    return pytest.approx(number, rel=1e-12, nan_ok=True)


def item(
    item_id: str = "q-1", repeat: int = 0, *, scenario: str = "geo", prediction: str = "x", **scores: float
) -> Item:
    return Item("v1", scenario, None, item_id, repeat, None, "0" * 64, "Paris", prediction, scores)


def some_results(*items: Item, failed: tuple[FailedScenario, ...] = ()) -> Results:
    return Results("v1", "helm", scores_of(items), items, failed)


def test_eleven_of_twenty_are_0_550_with_a_standard_error_of_0_114() -> None:
    (score,) = scores_of(item(f"q-{n}", exact_match=float(n <= 11)) for n in range(1, 21))
    # s² = (11·0.45² + 9·0.55²) / 19 = 4.95 / 19;  s / √20 = √(4.95 / 380)
    assert score == Score("geo", "exact_match", 0.55, about(math.sqrt(4.95 / 380)), 20)
    assert (f"{score.value:.3f}", f"{score.std_err:.3f}") == ("0.550", "0.114")


def test_repeats_are_averaged_before_items_are_counted() -> None:
    repeats = [item("a", 0, m=1.0), item("a", 1, m=0.0), item("b", 0, m=1.0), item("b", 1, m=1.0)]
    # a: 0.5, b: 1;  mean 0.75;  s = √(2·0.25²) = 0.25·√2;  s / √2 = 0.25
    assert scores_of(repeats) == (Score("geo", "m", 0.75, about(0.25), 2),)


def grouped(*groups: tuple[float, ...]) -> list[Item]:
    items = []
    for group, values in enumerate(groups):
        for number, value in enumerate(values):
            items.append(replace(item(f"{group}-{number}", m=value), group=f"passage {group}"))
    return items


def test_items_that_share_a_group_have_the_standard_error_of_their_clusters() -> None:
    (score,) = scores_of(grouped((-1, -1, 0), (0, -1, 0), (1, 0, 0), (-1, 0, -1)))
    # sums of deviations from -1/3 by group: -1, 0, 2, -1;  4/3 · 6 / 12² = 1/18
    assert score == Score("geo", "m", about(-1 / 3), about(math.sqrt(1 / 18)), 12, 4)
    assert f"{score.std_err:.6f}" == "0.235702"


def test_an_item_without_a_group_is_a_cluster_of_its_own() -> None:
    (score,) = scores_of([*grouped((1, 1)), item("a", m=0.0), item("b", m=1.0)])
    # mean 0.75; sums by cluster: 0.5, -0.75, 0.25;  3/2 · 0.875 / 16
    assert score == Score("geo", "m", 0.75, about(math.sqrt(1.5 * 0.875) / 4), 4, 3)


def test_groups_of_one_item_each_change_nothing() -> None:
    values = (0.1, 0.4, 0.45, 0.9)
    (alone,) = scores_of(item(str(value), m=value) for value in values)
    (apart,) = scores_of(grouped(*((value,) for value in values)))
    assert (apart.value, apart.std_err, apart.clusters) == (alone.value, about(alone.std_err or 0), 4)


def test_one_cluster_has_no_standard_error() -> None:
    assert scores_of(grouped((1.0, 0.0))) == (Score("geo", "m", 0.5, None, 2, 1),)


def test_the_same_id_under_two_subjects_is_two_questions() -> None:
    items = [replace(item("1", m=value), subject=subject) for subject, value in (("anatomy", 1.0), ("law", 0.0))]
    assert [(score.value, score.n) for score in scores_of(items)] == [(0.5, 2)]


def test_one_item_has_no_standard_error() -> None:
    assert scores_of([item(m=1.0)]) == (Score("geo", "m", 1.0, None, 1),)


def test_equal_items_have_a_standard_error_of_zero() -> None:
    assert scores_of([item("a", m=0.5), item("b", m=0.5), item("c", m=0.5)]) == (Score("geo", "m", 0.5, 0.0, 3),)


@pytest.mark.parametrize(
    ("values", "mean"),
    [
        ((1.0, math.nan), math.nan),
        ((1.0, INFINITY), INFINITY),
        ((-INFINITY, 0.0), -INFINITY),
        ((INFINITY, -INFINITY), math.nan),
    ],
)
def test_not_a_number_and_infinity_stay_visible_and_have_no_standard_error(
    values: tuple[float, float], mean: float
) -> None:
    over_items = scores_of([item("a", m=values[0]), item("b", m=values[1])])
    over_repeats = scores_of([item("a", 0, m=values[0]), item("a", 1, m=values[1])])
    assert over_items == (Score("geo", "m", about(mean), None, 2),)
    assert over_repeats == (Score("geo", "m", about(mean), None, 1),)


def test_scores_stand_in_the_order_of_names_and_count_only_the_items_that_have_them() -> None:
    items = [item("a", scenario="z", m=1.0), item("a", b=1.0, a=0.0), item("b", b=0.0)]
    assert [(score.name, score.value, score.n) for score in scores_of(items)] == [
        ("geo/a", 0.0, 1),
        ("geo/b", 0.5, 2),
        ("z/m", 1.0, 1),
    ]


def test_no_items_have_no_scores() -> None:
    assert scores_of([]) == ()


def test_results_are_partial_when_a_scenario_failed() -> None:
    complete, partial = some_results(item(m=1.0)), some_results(failed=(FailedScenario("bio", "no network"),))
    assert (complete.partial, partial.partial) == (False, True)
    assert complete.metrics() == {"geo/m": 1.0}


def test_a_part_of_a_metrics_name_holds_only_what_names_allow() -> None:
    assert metric_part("mmlu:subject=a b,ü/x-1.2_Z") == "mmlu_subject_a_b___x-1.2_Z"


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    written = some_results(item("a", m=1.0, k=0.1 + 0.2), item("b", m=0.0), failed=(FailedScenario("bio", "no"),))
    results.write(written, tmp_path / "deep" / "output")
    assert results.read(tmp_path / "deep" / "output") == written


def test_a_line_of_results_and_the_summary_are_as_documented(tmp_path: Path) -> None:
    asked = replace(item("a", prediction="漢字", m=1.0), prompt="Où?")
    told: dict[str, Any] = {"versions": {"crfm-helm": "0.5.16"}, "shots": {"geo": 5}}
    results.write(replace(some_results(asked, failed=(FailedScenario("bio", "no"),)), **told), tmp_path)
    assert (tmp_path / "results.jsonl").read_text("utf-8") == (
        '{"suite": "v1", "scenario": "geo", "subject": null, "id": "a", "repeat": 0, "group": null, '
        f'"prompt_sha256": "{"0" * 64}", "reference": "Paris", "prediction": "漢字", "scores": {{"m": 1.0}}, '
        '"prompt": "Où?"}\n'
    )
    assert json.loads((tmp_path / "summary.json").read_text("utf-8")) == {
        "suite": "v1",
        "harness": "helm",
        "status": "partial",
        "metrics": [{"scenario": "geo", "metric": "m", "value": 1.0, "std_err": None, "n": 1, "clusters": None}],
        "failed": [{"scenario": "bio", "error": "no"}],
        "versions": {"crfm-helm": "0.5.16"},
        "shots": {"geo": 5},
    }
    assert results.read(tmp_path) == replace(some_results(asked, failed=(FailedScenario("bio", "no"),)), **told)


def test_what_older_results_do_not_tell_is_not_known(tmp_path: Path) -> None:
    (tmp_path / "results.jsonl").write_bytes(line() + b"\n")
    (tmp_path / "summary.json").write_bytes(head(status="complete"))
    found = results.read(tmp_path)
    assert (found.versions, found.shots, found.items[0].prompt) == ({}, {}, None)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [("Où?", "Où?"), ("", None), ("é" * 1000, "é" * 1000), ("é" * 1000 + "!", "é" * 1000)],
    ids=["short", "nothing", "just so", "too long"],
)
def test_of_a_question_the_first_thousand_characters_are_kept(asked: str, kept: str | None) -> None:
    assert results.prompt_part(asked) == kept


def test_not_a_number_survives_the_files(tmp_path: Path) -> None:
    results.write(some_results(item(m=math.nan)), tmp_path)
    (score,) = results.read(tmp_path).scores
    assert score == Score("geo", "m", about(math.nan), None, 1)


HOSTILE = st.text(st.characters() | st.sampled_from('\n\r\x85\u2028\u2029\0\x1c\ud800\udfff\U0001f600"\\'))


@given(st.lists(HOSTILE, min_size=1, max_size=5))
def test_any_prediction_survives_on_one_line(predictions: list[str]) -> None:
    written = some_results(*(item(str(n), prediction=text, m=1.0) for n, text in enumerate(predictions)))
    with tempfile.TemporaryDirectory() as directory:
        results.write(written, Path(directory))
        assert results.read(Path(directory)) == written
        assert (Path(directory) / "results.jsonl").read_bytes().count(b"\n") == len(predictions)


def line(**changes: object) -> bytes:
    fields = {"suite": "v1", "scenario": "s", "subject": None, "id": "1", "repeat": 0, "group": None}
    return json.dumps(
        {**fields, "prompt_sha256": "0", "reference": None, "prediction": None, "scores": {}, **changes}
    ).encode()


def head(**changes: object) -> bytes:
    return json.dumps({"suite": "v1", "harness": "helm", "metrics": [], "failed": [], **changes}).encode()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("summary.json", None),
        ("results.jsonl", None),
        ("summary.json", b"{"),
        ("summary.json", b"[]"),
        ("summary.json", b'{"suite": "v1"}'),
        ("summary.json", b"\xff"),
        ("results.jsonl", b'{"suite": "v1"}\n'),
        ("results.jsonl", b'{"suite"'),
        ("results.jsonl", b"[" * 100_000),
        ("results.jsonl", line(scores=[1])),
        ("results.jsonl", line(scores={"m": "1"})),
        ("results.jsonl", line(scores={"m": 10**400})),
        ("results.jsonl", line(scenario=5)),
        ("results.jsonl", line(prompt_sha256=None)),
        ("results.jsonl", line(prediction=["Paris"])),
        ("results.jsonl", line(prompt=["Où?"])),
        ("summary.json", head(versions=["0.5.16"])),
        ("summary.json", head(versions={"crfm-helm": 0.5})),
        ("summary.json", head(shots={"geo": "5"})),
        ("summary.json", head(shots={"geo": 5.5})),
        ("summary.json", head(suite=7)),
        ("summary.json", head(metrics=[{"scenario": "s", "metric": 1, "value": 1, "std_err": None, "n": 1}])),
        ("summary.json", head(metrics=[{"scenario": "s", "metric": "m", "value": 1, "std_err": "0", "n": 1}])),
    ],
    ids=range(23),
)
def test_missing_or_damaged_results_are_told_with_their_directory(
    tmp_path: Path, file: str, content: bytes | None
) -> None:
    results.write(some_results(item(m=1.0)), tmp_path)
    (tmp_path / file).unlink()
    if content is not None:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(HarnessError) as caught:
        results.read(tmp_path)
    assert caught.value.message == f"no readable results in {tmp_path}"
    assert caught.value.facts["says"]


def test_a_file_is_replaced_as_a_whole_and_nothing_else_is_left(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old and longer than the new one")
    reader = path.open()
    results.write_whole(path, "new")
    with reader:
        assert reader.read() == "old and longer than the new one"
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("huge", [1e154, 1e300, 1.7e308])
def test_scores_whose_squares_or_sums_are_no_numbers_have_a_mean_and_no_error(huge: float, tmp_path: Path) -> None:
    items = tuple(item(str(number), m=-huge if number == 3 else huge) for number in range(4))
    [score] = results.scores_of(items)
    assert score.value == pytest.approx(huge / 2)
    assert score.std_err is None or math.isfinite(score.std_err)
    results.write(Results("v1", "helm", (score,), items), tmp_path)
