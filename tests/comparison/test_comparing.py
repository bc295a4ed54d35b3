"""Two runs from their files to one comparison: what is told of each metric, and of what could not be compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.comparison.comparing import Options, Run, compare
from cajajejo.comparison.sides import Side
from cajajejo.comparison.values import Answer, Criteria, Flip, Gap
from cajajejo.errors import CajajejoError, ExitCode
from tests.comparison.runs import BETTER, WORSE, A, item, of_scores, run

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.comparison.values import Comparison
    from cajajejo.results import Item


def compared(tmp_path: Path, a: str, b: str, **options: Any) -> Comparison:
    return compare(of_scores(tmp_path / "a", a), of_scores(tmp_path / "b", b), Options(**options))


@pytest.mark.parametrize(
    ("b", "verdict", "code"),
    [
        pytest.param(WORSE, "worse", ExitCode.REGRESSION, id="worse"),
        pytest.param(BETTER, "better", ExitCode.DONE, id="better"),
        pytest.param(A, "inconclusive", ExitCode.INCONCLUSIVE, id="the same answers, without a tolerance"),
    ],
)
def test_a_candidate_is_judged_against_its_baseline(tmp_path: Path, b: str, verdict: str, code: ExitCode) -> None:
    found = compared(tmp_path, A, b)
    assert (found.verdict, found.exit_code, found.pairs) == (verdict, code, 40)


def test_the_same_answers_are_equal_within_a_tolerance_that_so_many_pairs_can_show(tmp_path: Path) -> None:
    found = compared(tmp_path, A * 2, A * 2, criteria=lambda _: Criteria(max_drop=0.05))
    assert (found.verdict, found.exit_code, found.tested) == ("equal", ExitCode.DONE, 0)


def test_flips_are_told_with_question_and_answers_those_that_got_worse_first(tmp_path: Path) -> None:
    found = compared(tmp_path, "1110" * 10, "1011" + "1110" * 9, flips=2)
    one: dict[str, Any] = {"metric": "boolq/exact_match", "scenario": "boolq", "subject": None, "reference": "yes"}
    right, wrong = Answer(prediction="yes", score=1.0), Answer(prediction="no", score=0.0)
    assert found.metrics[0].flips == (
        Flip(**one, id="id1", change="worse", prompt="Question 1?", a=right, b=wrong),
        Flip(**one, id="id3", change="better", prompt="Question 3?", a=wrong, b=right),
    )


@pytest.mark.parametrize(("most", "count"), [(2, 4), (None, 25), (0, 0)])
def test_so_many_flips_of_each_kind_are_told_as_are_asked_for(tmp_path: Path, most: int | None, count: int) -> None:
    found = compared(tmp_path, A, "0" * 15 + "1" * 25, flips=most)
    assert len(found.metrics[0].flips) == count
    assert (found.metrics[0].worse, found.metrics[0].better) == (15, 10)


def test_the_largest_losses_of_a_graded_metric_come_first(tmp_path: Path) -> None:
    scores = [0.5, 0.9, 0.7, 0.8]
    a = run(tmp_path / "a", *(item(number, score) for number, score in enumerate(scores)))
    b = run(
        tmp_path / "b",
        *(
            item(number, score - loss)
            for number, (score, loss) in enumerate(zip(scores, (0.1, 0.5, 0, 0.3), strict=True))
        ),
    )
    flips = compare(a, b, Options()).metrics[0].flips
    assert [flip.id for flip in flips] == ["id1", "id3", "id0"]


def test_a_fall_is_a_gain_where_lower_is_better(tmp_path: Path) -> None:
    found = compared(tmp_path, A, WORSE, criteria=lambda _: Criteria(direction="lower_is_better"), flips=1)
    assert (found.verdict, found.metrics[0].better, found.metrics[0].worse) == ("better", 15, 0)
    assert [flip.change for flip in found.metrics[0].flips] == ["better"]


def test_items_that_are_no_pairs_are_counted_and_named(tmp_path: Path) -> None:
    a = of_scores(tmp_path / "a", A, item(90, 1.0), item(91, float("nan")), item(92, 1.0), item(92, 1.0))
    b = of_scores(tmp_path / "b", A, item(91, 1.0), item(92, 1.0), item(93, 1.0), item(94, 0.0), item(94, 1.0))
    found = compare(a, b, Options())
    unpaired = found.metrics[0].unpaired
    assert unpaired.only_a == Gap(count=1, names=("boolq/id90",))
    assert unpaired.nan_a == Gap(count=1, names=("boolq/id91",))
    assert unpaired.duplicates == Gap(count=1, names=("boolq/id92",))
    assert unpaired.conflicting == Gap(count=1, names=("boolq/id94",))
    assert "boolq/id93" in unpaired.only_b.names
    assert found.verdict == "inconclusive"


def test_a_metric_that_only_a_has_is_inconclusive(tmp_path: Path) -> None:
    a = of_scores(tmp_path / "a", A, *(item(number, 1.0, scenario="mmlu") for number in range(20)))
    found = compare(a, of_scores(tmp_path / "b", BETTER), Options())
    assert {metric.name: metric.verdict for metric in found.metrics} == {
        "boolq/exact_match": "better",
        "mmlu/exact_match": "inconclusive",
    }
    assert found.metrics[1].reason == "B has no such metric, so that nothing can be said"
    assert found.verdict == "inconclusive"


def test_a_metric_that_only_b_has_is_a_warning_and_decides_nothing(tmp_path: Path) -> None:
    b = of_scores(tmp_path / "b", BETTER, *(item(number, 1.0, scenario="mmlu") for number in range(20)))
    found = compare(of_scores(tmp_path / "a", A), b, Options())
    assert (found.verdict, found.only_b) == ("better", ("mmlu/exact_match",))
    assert found.warnings == ("mmlu/exact_match is only in B, and is not compared",)


def test_another_group_of_an_item_is_a_warning(tmp_path: Path) -> None:
    a = run(tmp_path / "a", *(item(number, 1.0, group=f"passage {number // 2}") for number in range(20)))
    b = run(tmp_path / "b", *(item(number, 1.0, group=f"passage {number // 4}") for number in range(20)))
    warnings = compare(a, b, Options()).warnings
    assert len(warnings) == 1
    assert warnings[0].endswith("items stand in another group in B than in A; the groups of A count")


def test_what_differs_beside_the_model_is_a_warning(tmp_path: Path) -> None:
    a = run(tmp_path / "a", item(1, 1.0), harness="helm", versions={"crfm-helm": "0.5.16"})
    b = run(tmp_path / "b", item(1, 1.0), harness="helm", versions={"crfm-helm": "0.5.17"})
    assert compare(a, b, Options()).warnings == ("another version of the harness: crfm-helm 0.5.16 in A, 0.5.17 in B",)


def test_only_wanted_metrics_are_compared(tmp_path: Path) -> None:
    more = [item(number, 1.0, scenario="mmlu") for number in range(20)]
    a, b = of_scores(tmp_path / "a", A, *more), of_scores(tmp_path / "b", A, *more)
    found = compare(a, b, Options(wanted=lambda name: name.startswith("mmlu")))
    assert [metric.name for metric in found.metrics] == ["mmlu/exact_match"]
    assert found.pairs == 20


def test_metrics_that_several_scenarios_have_are_averaged(tmp_path: Path) -> None:
    def items(score: float) -> list[Item]:
        return [item(number, score, scenario="mmlu") for number in range(20)]

    found = compare(of_scores(tmp_path / "a", A, *items(1)), of_scores(tmp_path / "b", A, *items(0)), Options())
    [average] = found.macro_averages
    assert (average.name, average.scenarios, average.difference) == ("*/exact_match", 2, -0.5)


def test_runs_with_nothing_in_common_are_an_error_that_tells_what_each_has(tmp_path: Path) -> None:
    a, b = run(tmp_path / "a", item(1, 1.0)), run(tmp_path / "b", item(1, 1.0, scenario="mmlu"))
    with pytest.raises(CajajejoError, match="a and b have no metric in common") as caught:
        compare(a, b, Options())
    assert caught.value.facts == {"only in A": "boolq/exact_match", "only in B": "mmlu/exact_match"}


def test_the_order_of_lines_changes_nothing_but_which_flips_come_first(tmp_path: Path) -> None:
    items_a, items_b = [[item(n, float(s)) for n, s in enumerate(scores)] for scores in (A, WORSE)]
    one = compare(run(tmp_path / "a", *items_a), run(tmp_path / "b", *items_b), Options(flips=0))
    other = compare(run(tmp_path / "a", *reversed(items_a)), run(tmp_path / "b", *items_b), Options(flips=0))
    assert one == other


def test_a_metric_of_which_only_the_mean_is_known_is_named(tmp_path: Path) -> None:
    means = ("boolq/exact_match", "mmlu/acc", "mmlu/perplexity")
    a, b = of_scores(tmp_path / "a", A), of_scores(tmp_path / "b", A)
    told = Run(Side(name="b", means=means), b.columns)
    assert compare(a, told, Options()).warnings == (
        "not compared, because only a mean is known and no items: mmlu/acc, mmlu/perplexity",
    )
    assert compare(a, told, Options(wanted=lambda name: name.startswith("boolq"))).warnings == ()


@pytest.mark.filterwarnings("error")
def test_scores_whose_differences_are_beyond_all_numbers_are_inconclusive_without_a_warning(tmp_path: Path) -> None:
    a, b = (run(tmp_path / str(by), *(item(number, by * 1e308) for number in range(12))) for by in (1, -1))
    assert compare(a, b, Options()).verdict == "inconclusive"
