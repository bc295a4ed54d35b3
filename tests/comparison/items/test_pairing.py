"""Two runs joined item by item, whatever the order of their lines, and what cannot be joined."""

from __future__ import annotations

import math
import tempfile
from contextlib import nullcontext
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo.comparison.items import answers, keys, pairing
from cajajejo.comparison.items.pairing import DifferentPromptsError, Pairing
from cajajejo.errors import CajajejoError
from tests.comparison.written import Answer, read

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from cajajejo.comparison.paired import Paired

METRIC = "geo/exact_match"


def pair(a: Sequence[Answer], b: Sequence[Answer]) -> Pairing:
    with tempfile.TemporaryDirectory() as directory:
        return pairing.pair(read(Path(directory, "a"), a), read(Path(directory, "b"), b))


def paired(a: Sequence[Answer], b: Sequence[Answer]) -> Paired:
    return pair(a, b).metrics[METRIC]


def scores(values: Sequence[float], **more: str) -> list[Answer]:
    return [Answer(f"q-{n}", value, **more) for n, value in enumerate(values)]  # type: ignore[arg-type]  # only texts


def by_id(a: Sequence[Answer], found: Paired) -> dict[str, tuple[float, float]]:
    """The pairs by the id that their row of A has."""
    return {a[row].id: (one, other) for row, one, other in zip(found.rows_a, found.a, found.b, strict=True)}


def test_items_of_the_same_id_are_pairs() -> None:
    a, b = scores([1.0, 0.0, 0.5]), scores([0.0, 0.25, 0.75])[::-1]
    found = paired(a, b)
    assert {a[row].id for row in found.rows_a} == {"q-0", "q-1", "q-2"}
    assert [a[row].id for row in found.rows_a] == [b[row].id for row in found.rows_b]
    assert dict(zip(found.rows_a.tolist(), found.differences.tolist(), strict=True)) == {0: -1.0, 1: 0.25, 2: 0.25}
    assert all(x is None for x in (found.clusters, found.repeats_a, found.noise_a))


def test_pairs_stand_in_the_order_of_their_keys() -> None:
    a = scores(range(50))
    order = sorted(range(50), key=lambda n: keys.as_array(keys.item_keys("geo", None, [f"q-{n}"]))[0].tolist())
    assert paired(a, a).rows_a.tolist() == order


@pytest.mark.parametrize("other", [{"scenario": "math"}, {"subject": "anatomy"}, {"id": "q-9"}])
def test_another_scenario_subject_or_id_is_another_item(other: dict[str, Any]) -> None:
    a = [Answer("q-1", 1.0), Answer("q-2", 1.0, scenario="math"), Answer("q-2", 1.0)]
    b = [Answer("q-2", 0.0), Answer("q-2", 0.0, scenario="math"), Answer("q-1", 1.0)._replace(**other)]
    found = paired(a, b)
    assert found.rows_a.tolist() == [2]
    assert found.gaps.only_a.tolist() == [0]


def test_items_that_one_run_lacks_are_no_pairs_and_keep_their_scores() -> None:
    found = pair(scores([1.0, 0.0]), [*scores([1.0])[:1], Answer("new", 0.25), Answer("newer", 0.5)])
    metric = found.metrics[METRIC]
    assert metric.rows_a.tolist() == [0]
    assert (metric.gaps.only_a.tolist(), metric.gaps.only_b.tolist()) == ([1], [1, 2])
    assert (metric.unmatched_a.tolist(), sorted(metric.unmatched_b.tolist())) == ([0.0], [0.25, 0.5])
    assert (found.pairs, found.unpaired_a, found.unpaired_b) == (1, 1, 2)


def test_a_score_that_is_no_number_makes_no_pair_and_is_told() -> None:
    a, b = scores([math.nan, 1.0, 1.0, 0.0]), scores([1.0, math.inf, 0.0])
    found = pair(a, [*b, Answer("q-9", math.nan)])
    metric = found.metrics[METRIC]
    assert metric.rows_a.tolist() == [2]
    assert (metric.gaps.nan_a.tolist(), metric.gaps.nan_b.tolist()) == ([0], [1, 3])
    assert (metric.gaps.only_a.tolist(), metric.gaps.only_b.tolist()) == ([3], [3])
    assert (metric.unmatched_a.tolist(), metric.unmatched_b.tolist()) == ([0.0], [])
    assert (found.pairs, found.unpaired_a, found.unpaired_b) == (3, 1, 1)


def test_one_repeat_without_a_number_takes_its_item_with_it() -> None:
    a = [Answer("q-1", 1.0), Answer("q-1", math.nan, repeat=1), Answer("q-2", 1.0)]
    found = paired(a, scores([0.0, 0.0, 0.0]))
    assert by_id(a, found) == {"q-2": (1.0, 0.0)}
    assert found.gaps.nan_a.tolist() == [0]


REPEATED_A = ("110", "001", "111", "010")
REPEATED_B = ("100", "000", "111", "110")


def repeated(items: Sequence[str]) -> list[Answer]:
    return [Answer(f"q-{n}", float(x), repeat=r) for n, item in enumerate(items) for r, x in enumerate(item)]


def test_repeats_are_one_mean_with_the_variance_within_the_item() -> None:
    a = repeated(REPEATED_A)
    found = paired(a, repeated(REPEATED_B))
    places = np.argsort(found.rows_a)
    assert found.differences[places] == pytest.approx([-1 / 3, -1 / 3, 0, 1 / 3], abs=1e-15)
    assert found.repeats_a is not None
    assert found.repeats_b is not None
    assert found.noise_a is not None
    assert found.noise_b is not None
    assert found.repeats_a.tolist() == found.repeats_b.tolist() == [3, 3, 3, 3]
    # of one in three and of two in three: (1/9 + 1/9 + 4/9) / 2 = 1/3; of none and of all: 0
    assert found.noise_a[places] == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3], abs=1e-15)
    assert found.noise_b[places] == pytest.approx([1 / 3, 0, 0, 1 / 3], abs=1e-15)
    assert found.rows_a[places].tolist() == [0, 3, 6, 9]


def test_equal_repeats_are_equal_in_whatever_order_and_number_they_come() -> None:
    values = [0.1, 0.2, 0.3, 0.7]
    a = [Answer("q", x, repeat=n) for n, x in enumerate(values)] + [Answer("p", 0.1, repeat=n) for n in range(3)]
    b = [Answer("q", x, repeat=n) for n, x in enumerate(values[::-1])] + [Answer("p", 0.1)]
    assert paired(a, b).differences.tolist() == [0.0, 0.0]


def test_the_mean_of_repeats_hangs_on_no_order_also_where_rounding_does() -> None:
    orders = list(permutations((0.09, 0.57, 0.64)))
    a = [Answer(f"q-{n}", x, repeat=r) for n in range(len(orders)) for r, x in enumerate(orders[0])]
    b = [Answer(f"q-{n}", x, repeat=r) for n, order in enumerate(orders) for r, x in enumerate(order)]
    assert paired(a, b).differences.tolist() == [0.0] * 6


def test_items_of_one_answer_beside_repeats_leave_the_noise_unknown() -> None:
    a, b = [*repeated(["10"]), Answer("q-1", 1.0)], scores([1.0, 0.0])
    found = paired(a, b)
    assert found.repeats_a is not None
    assert dict(zip(found.rows_a.tolist(), found.repeats_a.tolist(), strict=True)) == {0: 2, 2: 1}
    assert all(x is None for x in (found.noise_a, found.repeats_b, found.noise_b))


def test_repeats_of_items_that_are_no_pairs_do_not_count() -> None:
    found = paired([*repeated(["10"]), Answer("q-1", 1.0)], scores([1.0, 0.0])[1:])
    assert all(x is None for x in (found.repeats_a, found.noise_a))


def test_a_line_that_stands_twice_counts_once() -> None:
    a = [*scores([1.0, 0.0]), *scores([1.0]), *scores([1.0])]
    found = pair(a, scores([1.0, 0.0]))
    metric = found.metrics[METRIC]
    assert metric.gaps.duplicates_a.tolist() == [2, 3]
    assert (len(metric.a), metric.repeats_a, found.duplicates) == (2, None, 2)


def test_the_same_line_without_a_number_is_the_same() -> None:
    found = paired([*scores([math.nan, 1.0]), *scores([math.nan])], scores([1.0, 1.0]))
    assert (found.gaps.duplicates_a.tolist(), found.gaps.nan_a.tolist()) == ([2], [0])
    assert found.gaps.conflicting_a.tolist() == []


def test_lines_that_repeat_in_every_metric_are_counted_once() -> None:
    a = [Answer("q", {"exact_match": 1.0, "f1": 0.5}), Answer("q", {"exact_match": 1.0, "f1": 0.5})]
    assert pair(a, a).duplicates == 2


@pytest.mark.parametrize(
    "other", [{"scores": 0.0}, {"scores": math.nan}, {"prompt": "another"}, {"prompt": ""}], ids=str
)
@pytest.mark.parametrize("swapped", [False, True])
def test_lines_that_contradict_each_other_are_no_pair(other: dict[str, Any], *, swapped: bool) -> None:
    twice = [Answer("q-1", 1.0), Answer("q-1", 1.0)._replace(**other)]
    a = [Answer("q-2", 1.0), *(twice[::-1] if swapped else twice), Answer("q-1", 1.0, repeat=1)]
    found = pair(a, [Answer("q-1", 1.0), Answer("q-2", 0.0)])
    metric = found.metrics[METRIC]
    assert metric.rows_a.tolist() == [0]
    assert metric.gaps.conflicting_a.tolist() == [1]
    assert metric.gaps.nan_a.tolist() == metric.gaps.duplicates_a.tolist() == metric.gaps.only_a.tolist() == []
    assert (found.pairs, found.duplicates) == (2, 0)


def test_a_contradiction_in_one_metric_leaves_the_others() -> None:
    a = [Answer("q", {"exact_match": 1.0, "f1": 0.5}), Answer("q", {"exact_match": 0.0, "f1": 0.5})]
    found = pair(a, a[:1]).metrics
    assert [len(found[name].a) for name in (METRIC, "geo/f1")] == [0, 1]
    assert found["geo/f1"].gaps.duplicates_a.tolist() == [1]


def test_groups_become_clusters_and_an_item_without_one_is_its_own() -> None:
    a = [Answer(f"q-{n}", 1.0, group=group) for n, group in enumerate(["x", "y", "x", None, None])]
    found = paired(a, scores([1.0] * 5))
    assert found.clusters is not None
    assert found.groups is not None
    groups = [keys.group_number(a[row].group) if a[row].group else 0 for row in found.rows_a]
    assert found.groups.tolist() == groups
    assert len(set(found.clusters.tolist())) == 4


def test_groups_of_one_pair_each_are_no_clusters() -> None:
    a = [Answer(f"q-{n}", 1.0, group=group) for n, group in enumerate(["x", "y", "x"])]
    assert paired(a, scores([1.0, 1.0])).clusters is None


def test_where_groups_differ_that_of_a_counts_and_the_items_are_counted() -> None:
    a = [Answer("q-1", {"m": 1.0, "k": 1.0}, group="x"), Answer("q-2", {"m": 1.0, "k": 1.0}, group="x")]
    b = [answer._replace(group=group) for answer, group in zip(a, ["x", "y"], strict=True)]
    found = pair(a, b)
    assert found.regrouped == 1
    assert found.metrics["geo/m"].clusters is not None
    assert found.metrics["geo/m"].clusters.tolist() == [0, 0]
    assert pair(b, a).metrics["geo/m"].clusters is None


def test_metrics_that_one_run_lacks_are_named() -> None:
    a = [Answer("q", {"b": 1.0, "a": 1.0, "c": 1.0}), Answer("q", 1.0, scenario="math")]
    b = [Answer("q", {"z": 1.0, "c": 1.0, "y": 1.0})]
    found = pair(a, b)
    assert list(found.metrics) == ["geo/c"]
    assert (found.only_a, found.only_b) == (("geo/a", "geo/b", "math/exact_match"), ("geo/y", "geo/z"))
    assert (found.pairs, found.unpaired_a, found.unpaired_b) == (1, 1, 0)


def test_items_that_have_a_metric_in_one_run_alone_are_in_both_all_the_same() -> None:
    a, b = (
        [Answer("q-1", {"m": 1.0}), Answer("q-2", {"m": 1.0})],
        [Answer("q-1", {"m": 1.0}), Answer("q-2", {"k": 1.0})],
    )
    found = pair(a, b)
    assert (found.pairs, found.unpaired_a, found.unpaired_b) == (2, 0, 0)
    assert found.metrics["geo/m"].gaps.only_a.tolist() == [1]


def test_only_wanted_metrics_and_their_scenarios_are_looked_at(tmp_path: Path) -> None:
    a = read(tmp_path / "a", [Answer("q", 1.0), Answer("q", 1.0, scenario="math"), Answer("r", 1.0, scenario="math")])
    b = read(tmp_path / "b", [Answer("q", 1.0), Answer("q", 1.0, scenario="math", prompt="another")])
    found = pairing.pair(a, b, lambda name: name == METRIC)
    assert list(found.metrics) == [METRIC]
    assert (found.pairs, found.unpaired_a, found.only_a) == (1, 0, ())


def test_runs_without_a_metric_in_common_have_no_pairs() -> None:
    found = pair([Answer("q", {})], [Answer("q", 1.0)])
    assert (found.metrics, found.only_b, found.pairs) == ({}, (METRIC,), 0)


def test_a_number_without_a_scenario_has_the_name_of_its_metric(tmp_path: Path) -> None:
    run = read(tmp_path, [Answer("q", 1.0, scenario="")])
    assert list(pairing.pair(run, run).metrics) == ["exact_match"]


def test_two_suites_of_another_name_pair() -> None:
    assert len(paired(scores([1.0, 0.0]), scores([1.0, 1.0], suite="v2")).a) == 2


@pytest.mark.parametrize("swapped", [False, True])
def test_items_of_several_suites_are_told_apart(*, swapped: bool) -> None:
    several = [*scores([1.0, 0.0]), *scores([0.25, 0.5], suite="v2")]
    one = scores([1.0, 1.0], suite="v2")
    found = paired(one, several) if swapped else paired(several, one)
    rows = found.rows_b if swapped else found.rows_a
    assert sorted(rows.tolist()) == [2, 3]
    assert (found.gaps.only_b if swapped else found.gaps.only_a).tolist() == [0, 1]


def test_items_that_were_asked_differently_are_an_error_that_names_them() -> None:
    a = [Answer(f"q-{n}", {"m": 1.0, "k": 1.0}) for n in range(9)]
    b = [answer._replace(prompt="another") if n >= 2 else answer for n, answer in enumerate(a)]
    with tempfile.TemporaryDirectory() as directory, pytest.raises(DifferentPromptsError) as caught:
        pairing.pair(read(Path(directory, "a"), a), read(Path(directory, "b"), b[::-1]))
    assert "\n".join(caught.value.lines()).split("\n") == [
        "Error: 7 items were asked differently in A and B, so that their scores cannot be compared",
        "  items       geo/q-2, geo/q-3, geo/q-4, geo/q-5, geo/q-6 and 2 more",
        "  way out     evaluate both with the same prompts and the same number of shots,",
        "              or compare other scenarios alone: --metric names them, for example --metric 'boolq/*'",
    ]


def asked(*prompts: tuple[str, int, str]) -> list[Answer]:
    return [Answer(item, 1.0, repeat=repeat, prompt=prompt) for item, repeat, prompt in prompts]


@pytest.mark.parametrize(
    ("a", "b", "differ"),
    [
        pytest.param(asked(("q", 0, "x")), asked(("q", 0, "y")), True, id="another prompt"),
        pytest.param(asked(("q", 0, "x")), asked(("q", 0, "")), False, id="not known in B"),
        pytest.param(asked(("q", 0, "")), asked(("q", 0, "y")), False, id="not known in A"),
        pytest.param(asked(("q", 0, "x")), asked(("r", 0, "y")), False, id="another item"),
        pytest.param(
            asked(("q", 0, "x"), ("q", 1, "y")), asked(("q", 1, "y"), ("q", 0, "x")), False, id="each repeat its own"
        ),
        pytest.param(
            asked(("q", 0, "x"), ("q", 1, "y")), asked(("q", 0, "x"), ("q", 1, "z")), True, id="one repeat differs"
        ),
        pytest.param(asked(("q", 0, "x"), ("q", 1, "y")), asked(("q", 0, "x")), False, id="more repeats in A"),
        pytest.param(asked(("q", 0, "x")), asked(("q", 7, "y")), True, id="no repeat in common, another prompt"),
        pytest.param(asked(("q", 0, "x")), asked(("q", 7, "x")), False, id="no repeat in common, the same prompt"),
    ],
)
def test_prompts_differ_where_both_are_known_and_not_the_same(
    a: list[Answer], b: list[Answer], *, differ: bool
) -> None:
    refused = pytest.raises(DifferentPromptsError, match=r"^1 item was asked differently")
    with refused if differ else nullcontext():
        pair(a, b)


@pytest.mark.parametrize("other", "pqrs")
def test_repeats_are_told_apart_however_large_their_numbers_are(other: str) -> None:
    a = asked(*[(item, repeat, "x") for item in "pqrs" for repeat in (0, 2**62)])
    b = asked(*[(item, repeat, "y" if item == other and repeat else "x") for item in "opqrst" for repeat in (0, 2**62)])
    with pytest.raises(DifferentPromptsError, match="1 item was"):
        pair(a, b)


def test_every_scenario_is_looked_at_for_different_prompts() -> None:
    a = [Answer("q", 1.0), Answer("q", 1.0, scenario="math")]
    with pytest.raises(DifferentPromptsError, match="1 item was"):
        pair(a, [a[0], a[1]._replace(prompt="another")])


def test_prompts_that_one_metric_leaves_in_doubt_are_held_against_each_other_for_the_next() -> None:
    a = [Answer("q", {"a": 1.0, "b": 1.0}), Answer("q", {"a": 0.0, "b": 1.0})]
    with pytest.raises(DifferentPromptsError, match="1 item was"):
        pair(a, [a[0]._replace(prompt="another")])


VALUES = st.sampled_from([0.0, 0.1, 0.2, 0.3, 0.7, 1.0, math.nan])
RUN = st.lists(
    st.builds(
        Answer,
        id=st.sampled_from("abcdef"),
        scores=VALUES | st.dictionaries(st.sampled_from(["exact_match", "f1"]), VALUES),
        repeat=st.integers(0, 2),
        scenario=st.sampled_from(["geo", "math"]),
        suite=st.sampled_from(["v1", "v2"]),
        prompt=st.sampled_from(["", "x"]),
    ),
    max_size=25,
    min_size=1,
)


def with_groups(run: list[Answer]) -> list[Answer]:
    """The answers with the group that their item has on every line."""
    return [answer._replace(group={"a": "x", "b": "x", "c": "y"}.get(answer.id)) for answer in run]


def told(found: Paired) -> tuple[object, ...]:
    """What must not hang on the order of lines: everything but the rows."""
    gaps = found.gaps
    counts = [len(x) for x in (gaps.only_a, gaps.nan_a, gaps.duplicates_a, gaps.conflicting_a, gaps.only_b, gaps.nan_b)]
    arrays = (found.a, found.b, found.clusters, found.repeats_a, found.repeats_b, found.noise_a, found.noise_b)
    lists = [None if array is None else array.tolist() for array in arrays]
    return (lists, found.unmatched_a.tolist(), found.unmatched_b.tolist(), counts, found.seed)


@given(RUN, RUN, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_order_of_lines_never_matters(a: list[Answer], b: list[Answer], chance: random.Random) -> None:
    a, b = with_groups(a), with_groups(b)
    found = pair(a, b)
    other = pair(chance.sample(a, len(a)), chance.sample(b, len(b)))
    assert {name: told(one) for name, one in found.metrics.items()} == {
        name: told(one) for name, one in other.metrics.items()
    }
    assert (found.only_a, found.only_b, found.pairs) == (other.only_a, other.only_b, other.pairs)


@given(RUN, RUN)
@settings(max_examples=40, deadline=None)
def test_swapped_runs_give_the_mirrored_pairs(a: list[Answer], b: list[Answer]) -> None:
    a, b = with_groups(a), with_groups(b)
    found, mirrored = pair(a, b), pair(b, a)
    assert (found.only_a, found.only_b, found.unpaired_a) == (mirrored.only_b, mirrored.only_a, mirrored.unpaired_b)
    for name, one in found.metrics.items():
        other = mirrored.metrics[name]
        assert (one.a.tolist(), one.rows_b.tolist()) == (other.b.tolist(), other.rows_a.tolist())
        assert one.differences.tolist() == (-other.differences).tolist()
        assert (one.gaps.only_a.tolist(), one.seed) == (other.gaps.only_b.tolist(), other.seed)
        assert one.gaps.conflicting_a.tolist() == other.gaps.conflicting_b.tolist()
        clusters = [None if x is None else x.tolist() for x in (one.clusters, other.clusters)]
        assert clusters[0] == clusters[1]


@given(RUN, RUN)
@settings(max_examples=40, deadline=None)
def test_pairs_are_those_that_a_plain_search_finds(a: list[Answer], b: list[Answer]) -> None:
    several = len({answer.suite for answer in a}) > 1 or len({answer.suite for answer in b}) > 1

    def items(run: list[Answer]) -> dict[tuple[str, ...], list[float]]:
        found: dict[tuple[str, ...], dict[int, set[tuple[str, str]]]] = {}
        for answer in run:
            for metric, score in answer.item().scores.items():
                key = (f"{answer.scenario}/{metric}", answer.id, answer.suite if several else "")
                said = found.setdefault(key, {}).setdefault(answer.repeat, set())
                said.add((repr(score), answer.prompt or ""))
        plain = {
            key: [next(iter(said)) for said in by.values()]
            for key, by in found.items()
            if all(len(x) == 1 for x in by.values())
        }
        means = {key: [float(score) for score, _ in said] for key, said in plain.items()}
        return {key: values for key, values in means.items() if all(map(math.isfinite, values))}

    of_a, of_b = items(a), items(b)
    for name, found in pair(a, b).metrics.items():
        both = [key for key in of_a.keys() & of_b.keys() if key[0] == name]
        expected = sorted(
            (math.fsum(of_a[key]) / len(of_a[key]), math.fsum(of_b[key]) / len(of_b[key])) for key in both
        )
        assert np.array(sorted(zip(found.a.tolist(), found.b.tolist(), strict=True))) == pytest.approx(
            np.array(expected)
        )


def test_the_seed_hangs_on_the_items_and_the_metric_and_not_on_scores() -> None:
    a = [Answer(f"q-{n}", {"m": 1.0, "k": 1.0}) for n in range(3)]
    seed = pair(a, a).metrics["geo/m"].seed
    assert len(seed) == 16
    assert pair(a, [answer._replace(scores={"m": 0.5}) for answer in a]).metrics["geo/m"].seed == seed
    assert pair(a, a).metrics["geo/k"].seed != seed
    assert pair(a[:2], a).metrics["geo/m"].seed != seed


def test_the_means_of_huge_scores_that_are_too_large_are_no_numbers() -> None:
    values = np.array([1e308, 1e308, 1e308])
    means, variances = answers._moments(values, np.array([0]), np.array([3]))
    assert not np.isfinite(means).any()
    assert not np.isfinite(variances).any()


def test_an_item_that_only_one_run_gives_a_group_stands_in_that_one() -> None:
    alone = [Answer(f"q-{number}", 1.0) for number in range(4)]
    grouped = [answer._replace(group="x" if number < 2 else "y") for number, answer in enumerate(alone)]
    for a, b in ((alone, grouped), (grouped, alone)):
        found = pair(a, b)
        clusters = found.metrics[METRIC].clusters
        assert clusters is not None
        assert (len(set(clusters.tolist())), found.regrouped) == (2, 0)


def test_two_metrics_of_one_name_are_an_error_that_tells_both() -> None:
    def answer(scenario: str, metric: str) -> Answer:
        return Answer("q-1", {metric: 1.0}, scenario=scenario)

    with pytest.raises(CajajejoError, match="two metrics share the name a/b/c") as caught:
        pair([answer("a/b", "c"), answer("a", "b/c")], [answer("a/b", "c")])
    assert sorted(caught.value.facts.values()) == ["a and b/c", "a/b and c"]
