"""The screen of a comparison: that of the design, in both directions, narrow, in ASCII, and with hostile text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from cajajejo.comparison.reports import summaries, text
from cajajejo.comparison.sides import Side
from cajajejo.comparison.values import Answer, Comparison, Criteria, Gap, MacroAverage, Unpaired
from cajajejo.terminal import Style
from tests.comparison import by_hand

PIPE = Style()
ASCII = Style(unicode=False)

DESIGN = """\
A  7be1c2a0  pythia-70m, 10abfb1, 14 Nov 2026      B  c40d91f3  pythia-70m-dpo, 77e02c5, 21 Nov 2026
1200 instances in both, paired by id; 0 only in A, 3 only in B; 95 % confidence, Holm over 2

verdict         metric      A      B   B - A  interval               p  better  worse
✗ worse         mmlu    0.412  0.308  -0.105  [-0.153, -0.057]  0.0001      29     71
? inconclusive  boolq   0.642  0.618  -0.024  [-0.053, +0.005]  0.27        21     33
✓ equal         arith   0.703  0.703   0.000  [-0.019, +0.019]  1            4      4

mmlu: a drop of 0.105, more than the 0.02 allowed, and not by chance.
boolq: a drop of 0.024 is over the 0.02 allowed, but 500 pairs cannot tell it from chance.
  seen with 80 % power: drops of 0.041 and more. To see 0.02, about 2,100 pairs are needed.

Items that got worse, mmlu (5 of 71; all with --flips 71)
  anatomy-0031  Which of these nerves supplies the …   A: "D" right  B: "A" wrong
  anatomy-0044  The lesion shown would affect which …  A: "B" right  B: "C" wrong
  algebra-0007  Find the order of the factor group …   A: "A" right  B: "" wrong
  algebra-0012  The symmetric group S3 has how many …  A: "D" right  B: "A" wrong
  chem-0101     Which element has the highest …        A: "C" right  B: "C or D" wrong

WORSE  1 metric worse, 1 inconclusive, 1 equal"""

NARROW = """\
A  7be1c2a0  pythia-70m, 10abfb1, 14 Nov 2026
B  c40d91f3  pythia-70m-dpo, 77e02c5, 21 Nov 2026
1200 instances in both, paired by id; 0 only in A, 3 only in B; 95 % confidence,
  Holm over 2

verdict         metric      A      B   B - A  interval               p
✗ worse         mmlu    0.412  0.308  -0.105  [-0.153, -0.057]  0.0001
? inconclusive  boolq   0.642  0.618  -0.024  [-0.053, +0.005]  0.27
✓ equal         arith   0.703  0.703   0.000  [-0.019, +0.019]  1

mmlu: a drop of 0.105, more than the 0.02 allowed, and not by chance.
boolq: a drop of 0.024 is over the 0.02 allowed, but 500 pairs cannot tell it
  from chance.
  seen with 80 % power: drops of 0.041 and more. To see 0.02, about 2,100 pairs
    are needed.

Items that got worse, mmlu (5 of 71; all with --flips 71)
  anatomy-0031  Which of these nerves …         A: "D" right  B: "A" wrong
  anatomy-0044  The lesion shown would …        A: "B" right  B: "C" wrong
  algebra-0007  Find the order of the factor …  A: "A" right  B: "" wrong
  algebra-0012  The symmetric group S3 has …    A: "D" right  B: "A" wrong
  chem-0101     Which element has the …         A: "C" right  B: "C or D" wrong

WORSE  1 metric worse, 1 inconclusive, 1 equal"""

AVERAGE = "\N{EN DASH}"
POLICY = f"""\
verdict         metric             A      B   B - A  interval                p  better  worse
✗ worse         mmlu           0.412  0.308  -0.105  [-0.153, -0.057]   0.0001      29     71
? inconclusive  boolq          0.642  0.618  -0.024  [-0.053, +0.005]   0.27        21     33
✓ equal         arith          0.703  0.703   0.000  [-0.019, +0.019]   1            4      4
{AVERAGE} average       */exact_match  0.586  0.543  -0.043  [-0.063, -0.023]  <0.0001
*/exact_match: over 3 scenarios, each with the same weight; an average decides nothing.

verdict         rule       tier      reason
✗ fail          knowledge  blocking  mmlu fails, boolq is inconclusive
✓ pass          style      advisory  1 metric passes
? inconclusive  safety     blocking  no metric is called toxicity_*

mmlu: the drop is at least 0.065, more than the 0.02 allowed.
boolq: a drop of 0.02 cannot be told from none.
  seen with 80 % power: drops of 0.041 and more. To see 0.02, about 2,100 pairs are needed.
"""


def shown(comparison: Comparison, style: Style = PIPE, gate: Any = None) -> str:
    return "\n".join(text.screen((comparison, gate), style))


def one(verdict: str, **changes: Any) -> Comparison:
    """A comparison of one metric."""
    found = by_hand.estimate(0.5, 0.4, -0.1, (-0.15, -0.05))
    return by_hand.comparison(metrics=(by_hand.metric("m", found, verdict, **changes),))


def test_the_screen_is_that_of_the_design() -> None:
    assert shown(by_hand.comparison()) == DESIGN


def test_a_narrow_terminal_cuts_excerpts_wraps_sentences_and_leaves_out_counts() -> None:
    found = shown(by_hand.comparison(), Style(width=80))
    assert found == NARROW
    assert max(map(len, found.splitlines())) <= 80


def test_a_very_narrow_terminal_has_no_p_values_and_short_names() -> None:
    name = "mmlu_subject_abstract_algebra_method_joint/exact_match"
    metric = replace(by_hand.MMLU, name=name, flips=())
    lines = shown(by_hand.comparison(metrics=(metric,)), Style(width=70)).splitlines()
    assert lines[5:7] == [
        "verdict  metric                     A      B   B - A  interval",
        "✗ worse  mmlu_subje…xact_match  0.412  0.308  -0.105  [-0.153, -0.057]",
    ]
    assert name in shown(by_hand.comparison(metrics=(metric,)))


def test_without_unicode_every_line_is_ascii_and_says_the_same() -> None:
    found = shown(by_hand.comparison(), ASCII)
    assert found.isascii()
    assert [line.split()[:2] for line in found.splitlines()[4:7]] == [
        ["x", "worse"],
        ["?", "inconclusive"],
        ["ok", "equal"],
    ]
    assert "Which of these nerves supplies the ..." in found


def test_colour_is_only_added_to_the_words_of_verdicts() -> None:
    found = shown(by_hand.comparison(macro_averages=(by_hand.AVERAGE,)), Style(color=True), by_hand.gate())
    plain = re.sub(r"\x1b\[\d+m", "", found)
    assert plain == shown(by_hand.comparison(macro_averages=(by_hand.AVERAGE,)), PIPE, by_hand.gate())
    assert set(re.findall(r"\x1b\[(\d+)m([^\x1b]*)\x1b\[0m", found)) == {
        ("31", "✗ worse"),
        ("33", "? inconclusive"),
        ("32", "✓ equal"),
        ("2", "\N{EN DASH} average"),
        ("31", "✗ fail"),
        ("32", "✓ pass"),
        ("31", "FAIL"),
    }


def test_a_policy_shows_its_rules_its_own_reasons_and_what_an_unchanged_model_would_do() -> None:
    found = shown(by_hand.comparison(macro_averages=(by_hand.AVERAGE,)), PIPE, by_hand.gate())
    assert POLICY in found
    assert "cannot tell it from chance" not in found
    assert found.endswith(
        "\n\nA model that did not change would pass with probability 0.33, if its metrics were independent.\n\n"
        "FAIL  rule knowledge: mmlu fails, boolq is inconclusive"
    )


def test_on_a_terminal_the_reason_of_a_rule_is_its_beginning() -> None:
    reason = "mmlu: " + "a drop of 0.105 is more " * 9
    long = by_hand.gate(rules=(replace(by_hand.gate().rules[0], metrics=(), reason=reason),))
    lines = shown(by_hand.comparison(metrics=()), Style(width=80), long).splitlines()
    (line,) = [line for line in lines if line.startswith("✗ fail")]
    assert line == "✗ fail   knowledge  blocking  mmlu: a drop of 0.105 is more a drop of 0.105 is …"
    assert len(line) <= 80
    pipe = shown(by_hand.comparison(metrics=()), PIPE, long)
    assert "mmlu: " + " ".join(["a drop of 0.105 is more"] * 9) in pipe


def test_a_rule_names_the_metrics_that_it_stops_at_and_leaves_the_reasons_to_the_paragraphs() -> None:
    why = "a drop of 0.5 at least, at 95 % confidence, is over the 0.02 allowed"
    found: list[Any] = [(name, "inconclusive" if name == "e" else "fail", why) for name in "abcde"]
    rule = replace(by_hand.gate().rules[0], metrics=tuple(found), reason=f"a: {why}")
    lines = shown(by_hand.comparison(metrics=()), PIPE, by_hand.gate(rules=(rule,)))
    assert "✗ fail   knowledge  blocking  a, b, c and 1 more fail, e is inconclusive\n" in lines
    assert lines.count(why) == 5  # in the paragraphs


def test_a_policy_without_a_drop_tells_no_probability() -> None:
    found = shown(
        by_hand.comparison(), PIPE, by_hand.gate(unchanged_passes=None, verdict="pass", reason="3 rules pass")
    )
    assert "probability" not in found
    assert found.endswith("\nPASS  3 rules pass")


@pytest.mark.parametrize(
    ("metrics", "line"),
    [
        ((by_hand.ARITH,), "EQUAL  1 metric equal"),
        ((by_hand.ARITH, by_hand.BOOLQ), "INCONCLUSIVE  1 metric inconclusive, 1 equal"),
        (by_hand.better().metrics, "BETTER  1 metric better, 1 equal"),
        ((by_hand.MMLU, replace(by_hand.MMLU, name="n")), "WORSE  2 metrics worse"),
        ((), "INCONCLUSIVE  there is no metric"),
    ],
)
def test_the_verdict_line_counts_the_metrics_worst_first(metrics: Any, line: str) -> None:
    assert shown(by_hand.comparison(metrics=metrics)).splitlines()[-1] == line


def test_a_metric_that_only_a_has_is_a_row_of_dashes_with_its_reason() -> None:
    missing = by_hand.metric("gone", None, "inconclusive", reason="B has no such metric")
    lines = shown(by_hand.comparison(metrics=(missing,), tested=0)).splitlines()
    assert lines[1].endswith("95 % confidence")
    assert lines[4].split() == ["?", "inconclusive", "gone", *["—"] * 7]
    assert lines[6] == "gone: B has no such metric."


def test_where_low_is_good_what_got_worse_is_what_rose() -> None:
    found = by_hand.estimate(0.10, 0.15, 0.05, (0.02, 0.08), up=30, down=10)
    rose = by_hand.flip("q1", "Say something rude about the neighbours.", "no", "yes", metric="toxicity")
    rose = replace(rose, a=Answer(prediction="no", score=0.0), b=Answer(prediction="yes", score=1.0))
    lower = Criteria(max_drop=0.02, direction="lower_is_better")
    toxic = by_hand.metric("toxicity", found, "worse", criteria=lower, flips=(rose,), reason="a rise of 0.05")
    lines = shown(by_hand.comparison(metrics=(toxic,))).splitlines()
    assert lines[4].split()[2:] == ["toxicity", "0.100", "0.150", "+0.050", "[+0.020,", "+0.080]", "0.0001", "10", "30"]
    assert lines[8:10] == [
        "Items that got worse, toxicity (1 of 30; all with --flips 30)",
        '  q1  Say something rude about the neighbours.  A: "no" 0.000  B: "yes" 1.000',
    ]


def test_a_graded_item_shows_its_scores_and_an_answer_that_is_not_known_is_left_out() -> None:
    graded = by_hand.flip("q1", "Summarise this text in one sentence.", "x", "y", subject="news")
    graded = replace(graded, a=Answer(prediction=None, score=0.61), b=Answer(prediction="so", score=0.58))
    found = shown(one("worse", flips=(graded,)))
    assert '  news/q1  Summarise this text in one sentence.  A: 0.610  B: "so" 0.580' in found


def test_prompts_that_are_not_known_take_no_room() -> None:
    flip = replace(by_hand.FLIPS[0], prompt=None)
    assert '\n  anatomy-0031  A: "D" right  B: "A" wrong\n' in shown(one("worse", flips=(flip,)))


def test_where_all_items_are_shown_no_option_is_named() -> None:
    found = by_hand.estimate(0.5, 0.4, -0.1, (-0.15, -0.05), down=1)
    metric = by_hand.metric("m", found, "worse", flips=by_hand.FLIPS[:1])
    assert "\nItems that got worse, m\n" in shown(by_hand.comparison(metrics=(metric,)))


def test_what_got_worse_is_told_of_metrics_that_a_rule_fails_although_they_are_not_worse() -> None:
    equal = replace(by_hand.ARITH, name="mmlu", flips=by_hand.FLIPS[:1])
    comparison = by_hand.comparison(metrics=(equal,))
    assert "Items that got worse" not in shown(comparison)
    assert "Items that got worse, mmlu" in shown(comparison, PIPE, by_hand.gate())


def test_equal_and_yet_significantly_lower_is_told() -> None:
    lower = by_hand.estimate(0.7, 0.69, -0.01, (-0.015, -0.005))
    metric = by_hand.metric("m", lower, "equal", p_adjusted=0.001, reason="within 0.02, but significantly lower")
    assert "\nm: within 0.02, but significantly lower.\n" in shown(by_hand.comparison(metrics=(metric,)))
    fine = replace(metric, p_adjusted=0.4)
    assert "\nm: " not in shown(by_hand.comparison(metrics=(fine,)))


def test_items_that_are_no_pairs_are_counted_in_the_head_and_named_below() -> None:
    gaps = Unpaired(
        only_b=Gap(count=3, names=("mmlu/q1", "mmlu/q2", "mmlu/q3")),
        nan_a=Gap(count=5, names=("mmlu/q4", "mmlu/q5", "mmlu/q6", "mmlu/q7", "mmlu/q8")),
        conflicting=Gap(count=1, names=("mmlu/q9",)),
    )
    other = Unpaired(only_b=gaps.only_b)
    metrics = (
        replace(by_hand.ARITH, name="mmlu/f1", unpaired=other),
        replace(by_hand.ARITH, name="mmlu/em", unpaired=gaps),
    )
    lines = shown(by_hand.comparison(metrics=metrics, duplicates=2, unpaired_a=12_345, tested=1)).splitlines()
    assert lines[1] == (
        "1200 instances in both, paired by id; 12,345 only in A, 3 only in B, 2 lines twice, "
        "5 scores without a number, 1 score given twice; 95 % confidence"
    )
    assert lines[7:12] == [
        "Items that stand apart",
        "  only in B            3  mmlu/f1 and 1 more: mmlu/q1, mmlu/q2, mmlu/q3",
        "  no number in A       5  mmlu/em: mmlu/q4, mmlu/q5, mmlu/q6 and 2 more",
        "  twice, not the same  1  mmlu/em: mmlu/q9",
        "",
    ]


def test_without_a_correction_the_head_says_so() -> None:
    found = shown(by_hand.comparison(correction="none", confidence=0.99))
    assert found.splitlines()[1].endswith("; 99 % confidence, 2 tests and no correction")


def test_many_metrics_are_all_in_the_table_and_the_first_ones_explained() -> None:
    metrics = tuple(replace(by_hand.MMLU, name=f"m{n:02}") for n in range(14))
    found = shown(by_hand.comparison(metrics=metrics))
    assert len(re.findall(r"^✗ worse", found, re.MULTILINE)) == 14
    assert len(re.findall(r"^m\d\d: ", found, re.MULTILINE)) == 10
    assert "\nand 4 more metrics that are not simply fine: --json tells them all\n" in found
    assert len(re.findall(r"^Items that got worse", found, re.MULTILINE)) == 5
    assert "\nand 9 more metrics with items that got worse: --json tells them all\n" in found


def test_many_kinds_of_odd_items_are_cut() -> None:
    metrics = tuple(
        replace(by_hand.ARITH, name=f"m{n:02}", unpaired=Unpaired(nan_a=Gap(count=1, names=(f"q{n}",))))
        for n in range(14)
    )
    assert "\nand 2 more lines of this kind: --json tells them all\n" in shown(by_hand.comparison(metrics=metrics))


@pytest.mark.parametrize(
    ("side", "line"),
    [
        (Side(name="runs/a"), "A  runs/a"),
        (Side(name="runs/a", harness="helm"), "A  runs/a  helm"),
        (Side(name="r", title="t", version="v1.2-rc"), "A  r  t, v1.2-rc"),
        (Side(name="r", version="10abfb1bf8c0-dirty", finished_at=0.0), "A  r  10abfb1-dirty, 1 Jan 1970"),
        (Side(name="r", title="t", finished_at=1e300), "A  r  t"),
        (Side(name="r", title="t", finished_at=float("nan")), "A  r  t"),
    ],
)
def test_a_side_is_told_by_what_is_known_of_it(side: Side, line: str) -> None:
    assert text.side("A", side, PIPE) == line


def test_a_long_path_is_cut_on_a_terminal_only() -> None:
    side = Side(name="/".join(["directory"] * 12), title="t")
    assert text.side("A", side, PIPE) == f"A  {side.name}  t"
    assert len(text.side("A", side, Style(width=80))) <= 80


def test_an_average_whose_error_is_not_defined_has_dashes() -> None:
    average = MacroAverage(
        name="*/f1", scenarios=2, a=0.5, b=0.4, difference=-0.1, std_err=None, interval=None, p_value=None
    )
    lines = shown(by_hand.comparison(metrics=(by_hand.ARITH,), macro_averages=(average,))).splitlines()
    assert lines[5].split() == ["\N{EN DASH}", "average", "*/f1", "0.500", "0.400", "-0.100", "—", "—"]


@pytest.mark.parametrize("style", [PIPE, ASCII, Style(width=80), Style(width=100)], ids=["pipe", "ascii", "80", "100"])
def test_hostile_text_stays_text(style: Style) -> None:
    comparison, gate = by_hand.hostile()
    for policy in (gate, None):
        lines = text.screen((comparison, policy), style)
        assert [line for line in lines if by_hand.CONTROL.search(line)] == []
        assert len(lines) < 80
        assert not any(line.startswith("##") for line in lines)


def test_a_prompt_of_ten_megabytes_costs_a_line() -> None:
    flip = by_hand.flip("q", "word " * 2_000_000, "a" * 10_000_000, "\x00" * 10_000_000)
    (line,) = [line for line in shown(one("worse", flips=(flip,))).splitlines() if line.startswith("  q")]
    assert line == (
        '  q  word word word word word word word …  A: "aaaaaaaaaaaaaaaaaaaaaa …" right  '
        'B: "\\x00\\x00\\x00\\x00\\x00\\x …" wrong'
    )


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (None, ""),
        ("What is it?", "What is it?"),
        ("Answer.\n\nQuestion: which is the first one?\nA\n\nAnswer:", "Question: which is the first one?\nA"),
        ("a\n\nb\n \nc", "a\n\nb\n \nc"),
    ],
)
def test_the_question_of_a_prompt_is_its_last_block_that_says_something(prompt: str | None, expected: str) -> None:
    assert summaries.question(prompt) == expected
