"""Several candidates beside one baseline on the screen."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from cajajejo.comparison.reports import matrix, summaries
from cajajejo.terminal import Style
from tests.comparison import by_hand

if TYPE_CHECKING:
    from cajajejo.comparison.reports.summaries import Pair

PAIRS: list[Pair] = [(by_hand.comparison(), None), (by_hand.better(), None)]
SCREEN = """\
A  7be1c2a0  pythia-70m, 10abfb1, 14 Nov 2026
B1  c40d91f3  pythia-70m-dpo, 77e02c5, 21 Nov 2026
B2  99aabbcc  pythia-70m-sft, 88f13d6, 21 Nov 2026
B1: 1200 instances in both, paired by id; 0 only in A, 3 only in B
B2: 1200 instances in both, paired by id; 0 only in A, 0 only in B
95 % confidence, Holm over the metrics of each candidate

metric  B1                      B2
mmlu    ✗ worse         -0.105  ▲ better  +0.055
boolq   ? inconclusive  -0.024  —
arith   ✓ equal          0.000  ✓ equal    0.000

B1  c40d91f3  WORSE   1 metric worse, 1 inconclusive, 1 equal
B2  99aabbcc  BETTER  1 metric better, 1 equal

WORSE  1 of 2 candidates: c40d91f3"""


def shown(pairs: list[Pair], style: Style | None = None) -> str:
    return "\n".join(matrix.screen(pairs, style or Style()))


def test_metrics_stand_below_each_other_worst_first_and_candidates_beside_each_other() -> None:
    assert shown(PAIRS) == SCREEN


def test_a_narrow_terminal_has_the_candidates_in_parts() -> None:
    found = shown([*PAIRS, *PAIRS], Style(width=60))
    lines = found.splitlines()
    assert [line for line in lines if line.startswith("metric")] == [
        "metric  B1                      B2",
        "metric  B3                      B4",
    ]
    assert len([line for line in lines if line.startswith("mmlu ")]) == 2
    assert max(len(line) for line in lines if line.startswith(("metric", "mmlu ", "boolq", "arith"))) <= 60


def test_a_terminal_that_has_no_room_for_one_candidate_shows_it_all_the_same() -> None:
    lines = shown(PAIRS, Style(width=20)).splitlines()
    assert [line for line in lines if line.startswith("metric")] == ["metric        B1", "metric        B2"]


def test_counts_that_are_the_same_of_all_are_told_once() -> None:
    lines = shown([PAIRS[1], PAIRS[1]]).splitlines()
    assert lines[3] == (
        "1200 instances in both, paired by id; 0 only in A, 0 only in B; 95 % confidence, "
        "Holm over the metrics of each candidate"
    )
    assert not lines[4]


def test_without_a_correction_none_is_told() -> None:
    pair = (replace(PAIRS[1][0], correction="none"), None)
    assert shown([pair, pair]).splitlines()[3].endswith("0 only in B; 95 % confidence")


def test_colour_and_ascii_say_the_same_words() -> None:
    colour = shown(PAIRS, Style(color=True))
    assert re.sub(r"\x1b\[\d+m", "", colour) == SCREEN
    assert "\x1b[31m✗ worse\x1b[0m" in colour
    assert "\x1b[32mBETTER\x1b[0m" in colour
    plain = shown(PAIRS, Style(unicode=False))
    assert plain.isascii()
    assert "mmlu    x worse         -0.105  ^ better  +0.055" in plain


def test_a_policy_says_the_verdict_of_each_candidate() -> None:
    pairs: list[Pair] = [
        (by_hand.comparison(), by_hand.gate(verdict="pass", reason="2 rules pass")),
        (by_hand.better(), by_hand.gate(verdict="inconclusive", reason="rule safety: no metric")),
    ]
    assert shown(pairs).splitlines()[-4:] == [
        "B1  c40d91f3  PASS          2 rules pass",
        "B2  99aabbcc  INCONCLUSIVE  rule safety: no metric",
        "",
        "INCONCLUSIVE  1 of 2 candidates: 99aabbcc",
    ]


def test_the_worst_of_several_is_equal_rather_than_better() -> None:
    equal = by_hand.comparison(metrics=(by_hand.ARITH,))
    assert summaries.overall([PAIRS[1], (equal, None)]) == ("equal", "1 of 2 candidates: c40d91f3")
    assert summaries.overall([PAIRS[1]]) == ("better", "1 metric better, 1 equal")


def test_a_metric_without_a_pair_has_a_verdict_and_no_number() -> None:
    missing = by_hand.comparison(metrics=(by_hand.metric("gone", None, "inconclusive"),))
    pairs: list[Pair] = [(missing, None), (missing, None)]
    assert "\ngone    ? inconclusive    ? inconclusive\n" in re.sub(r" +\n", "\n", shown(pairs))


def test_candidates_that_have_no_metric_have_no_matrix() -> None:
    empty = by_hand.comparison(metrics=())
    found = shown([(empty, None), (empty, None)])
    assert "metric  " not in found
    assert found.endswith("INCONCLUSIVE  2 of 2 candidates: c40d91f3, c40d91f3")


def test_hostile_text_stays_text() -> None:
    pairs: list[Pair] = [by_hand.hostile(), by_hand.hostile()]
    for style in (Style(), Style(width=80), Style(unicode=False)):
        lines = matrix.screen(pairs, style)
        assert [line for line in lines if by_hand.CONTROL.search(line)] == []
        assert len(lines) < 25
