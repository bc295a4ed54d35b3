"""What two evaluations should share and do not is told with both values."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cajajejo.comparison import differences
from cajajejo.comparison.sides import Side

SAME = Side(
    name="a", harness="helm", suite="v1", versions={"crfm-helm": "0.5.16", "torch": "2.13.0"}, shots={"boolq": 5}
)


def test_two_sides_that_agree_give_no_warning() -> None:
    assert differences.warnings(SAME, replace(SAME, name="b")) == ()


def test_an_evaluation_beside_itself_gives_a_warning() -> None:
    run_id = "7be1c2a0d41f4f7c9f3d1c2b3a495867"
    same = replace(SAME, name=run_id, run_id=run_id)
    told = "A and B are the same evaluation, 7be1c2a0: no difference can be found"
    assert differences.warnings(same, same) == (told,)


def test_what_is_known_of_one_side_only_gives_no_warning() -> None:
    assert differences.warnings(SAME, Side(name="b")) == ()


@pytest.mark.parametrize(
    ("other", "told"),
    [
        pytest.param(
            {"harness": "lm-eval"}, "another harness: A was evaluated by helm, B by lm-eval", id="another harness"
        ),
        pytest.param(
            {"suite": "v2"},
            "another suite: v1 in A, v2 in B; their instances are paired all the same",
            id="another suite",
        ),
        pytest.param(
            {"versions": {"crfm-helm": "0.5.17"}},
            "another version of the harness: crfm-helm 0.5.16 in A, 0.5.17 in B",
            id="another version of the harness",
        ),
        pytest.param(
            {"versions": {"torch": "2.14.0"}},
            "another version: torch 2.13.0 in A, 2.14.0 in B",
            id="another version beside it",
        ),
        pytest.param({"shots": {"boolq": 0}}, "another number of shots in boolq: 5 in A, 0 in B", id="other shots"),
        pytest.param({"partial": True}, "B is partial: scenarios are missing from it", id="partial, not said why"),
        pytest.param(
            {"partial": True, "failed": {"mmlu": "OutOfMemoryError"}},
            "B is partial: mmlu (OutOfMemoryError)",
            id="partial, and why",
        ),
    ],
)
def test_what_differs_is_told_with_both_values(other: dict[str, object], told: str) -> None:
    assert differences.warnings(SAME, Side(name="b", **other)) == (told,)  # type: ignore[arg-type]  # a table of fields


def test_scenarios_with_the_same_other_shots_share_a_sentence() -> None:
    a = Side(name="a", shots={"a": 5, "b": 5, "c": 5, "d": 5, "e": 3})
    b = Side(name="b", shots={"a": 0, "b": 0, "c": 0, "d": 0, "e": 1})
    assert differences.warnings(a, b) == (
        "another number of shots in a, b, c and 1 more: 5 in A, 0 in B",
        "another number of shots in e: 3 in A, 1 in B",
    )


def test_the_harness_comes_before_what_runs_the_model() -> None:
    b = Side(name="b", versions={"crfm-helm": "0.6", "torch": "3"})
    assert [told.split(":")[0] for told in differences.warnings(SAME, b)] == [
        "another version of the harness",
        "another version",
    ]
