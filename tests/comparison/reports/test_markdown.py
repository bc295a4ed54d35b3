"""A comparison as Markdown: the verdict first, and nothing that a model says is more than text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from cajajejo.comparison.reports import markdown
from cajajejo.comparison.values import Gap, Unpaired
from tests.comparison import by_hand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

    from cajajejo.comparison.reports.summaries import Pair

PAGE = """\
## ✗ WORSE: `c40d91f3` beside `7be1c2a0`

**WORSE** 1 metric worse, 1 inconclusive, 1 equal

- A `7be1c2a0` pythia-70m, 10abfb1, 14 Nov 2026
- B `c40d91f3` pythia-70m-dpo, 77e02c5, 21 Nov 2026

1200 instances in both, paired by id; 0 only in A, 3 only in B; 95 % confidence, Holm over 2.

| verdict | metric | A | B | B - A | interval | p | better | worse |
| --- | --- | ---: | ---: | ---: | --- | ---: | ---: | ---: |
| ✗ worse | `mmlu` | 0.412 | 0.308 | -0.105 | [-0.153, -0.057] | 0.0001 | 29 | 71 |
| ? inconclusive | `boolq` | 0.642 | 0.618 | -0.024 | [-0.053, +0.005] | 0.27 | 21 | 33 |
| ✓ equal | `arith` | 0.703 | 0.703 | 0.000 | [-0.019, +0.019] | 1 | 4 | 4 |

- `mmlu`: a drop of 0.105, more than the 0.02 allowed, and not by chance.
- `boolq`: a drop of 0.024 is over the 0.02 allowed, but 500 pairs cannot tell it from chance. \
seen with 80 % power: drops of 0.041 and more. To see 0.02, about 2,100 pairs are needed.

<details><summary>Items that got worse, <code>mmlu</code> (5 of 71)</summary>

- `anatomy-0031` `Which of these nerves supplies the diaphragm?` A: `D` right · B: `A` wrong
- `anatomy-0044` `The lesion shown would affect which of these?` A: `B` right · B: `C` wrong
- `algebra-0007` `Find the order of the factor group Z_6/<3>.` A: `A` right · B: (empty) wrong
- `algebra-0012` `The symmetric group S3 has how many elements?` A: `D` right · B: `A` wrong
- `chem-0101` `Which element has the highest electronegativity?` A: `C` right · B: `C or D` wrong

</details>

<details><summary>Items that got better, <code>mmlu</code> (1 of 29)</summary>

- `chem-0102` `Which acid is strong?` A: `A` right · B: `B` wrong

</details>
"""
READER = MarkdownIt("commonmark").enable("table")
OURS = re.compile(r"<details><summary>Items that got \w+, <code>[^<>]*</code>[^<>]*</summary>\n|</details>\n?")


def tokens(text: str) -> Iterator[Token]:
    """What a reader of Markdown sees, at every depth."""
    for token in READER.parse(text):
        yield token
        yield from token.children or ()


def outside_of_code(text: str) -> str:
    """The words of a page that stand in no code span, as they are shown: mentions and links are looked for there."""
    return "\n".join(token.content for token in tokens(text) if token.type == "text")


def test_the_page_says_the_verdict_first_and_folds_what_is_long() -> None:
    assert markdown.page([(by_hand.comparison(), None)]) == PAGE


def test_a_policy_shows_its_rules_its_reasons_and_what_an_unchanged_model_would_do() -> None:
    text = markdown.page([(by_hand.comparison(macro_averages=(by_hand.AVERAGE,)), by_hand.gate())])
    assert text.startswith("## ✗ FAIL: `c40d91f3` beside `7be1c2a0`\n\n**FAIL** rule knowledge: mmlu fails, boolq is")
    assert "\n| average | `*/exact_match` | 0.586 | 0.543 | -0.043 | [-0.063, -0.023] | &#60;0.0001 |  |  |\n" in text
    assert "\n`*/exact_match`: over 3 scenarios, each with the same weight; an average decides nothing.\n" in text
    assert "\nPolicy `gate.yml`:\n\n| verdict | rule | tier | reason |\n|---|---|---|---|\n" in text
    assert "\n| ✓ pass | `style` | advisory | 1 metric passes |\n" in text
    assert "\n- `mmlu`: the drop is at least 0.065, more than the 0.02 allowed.\n" in text
    assert "\nA model that did not change would pass with probability 0.33, if its" in text
    without = markdown.page([(by_hand.comparison(), by_hand.gate(unchanged_passes=None))])
    assert "probability" not in without


def test_several_candidates_stand_in_one_table_and_each_below_it() -> None:
    text = markdown.page([(by_hand.comparison(), None), (by_hand.better(), None)])
    assert text.startswith(
        "## ✗ WORSE: 2 candidates beside `7be1c2a0`\n\n**WORSE** 1 of 2: `c40d91f3`\n\n"
        "| verdict |  | candidate |  |\n|---|---|---|---|\n"
        "| ✗ worse | B1 | `c40d91f3` | 1 metric worse, 1 inconclusive, 1 equal |\n"
        "| ▲ better | B2 | `99aabbcc` | 1 metric better, 1 equal |\n\n"
        "### B1: ✗ WORSE 1 metric worse, 1 inconclusive, 1 equal\n"
    )
    assert "\n### B2: ▲ BETTER 1 metric better, 1 equal\n\n- A `7be1c2a0`" in text


def test_warnings_and_odd_items_are_listed() -> None:
    gap = Unpaired(only_b=Gap(count=7, names=("mmlu/q1", "mmlu/q2", "mmlu/q3", "mmlu/q4")))
    metrics = (replace(by_hand.ARITH, unpaired=gap), replace(by_hand.BOOLQ, unpaired=gap))
    text = markdown.page([(by_hand.comparison(metrics=metrics, warnings=("another suite: v1 in A, v2 in B",)), None)])
    assert "\n**Warnings**\n\n- another suite: v1 in A, v2 in B\n" in text
    assert (
        "\n**Items that stand apart**\n\n- 7 only in B, `arith` and 1 more: `mmlu/q1`, `mmlu/q2`, `mmlu/q3` and 4"
        in text
    )


def test_a_metric_without_a_pair_and_an_average_without_an_error_have_dashes() -> None:
    missing = by_hand.metric("gone", None, "inconclusive")
    average = replace(by_hand.AVERAGE, interval=None, p_value=None)
    text = markdown.page([(by_hand.comparison(metrics=(missing,), macro_averages=(average,)), None)])
    assert "\n| ? inconclusive | `gone` | — | — | — | — | — | — | — |\n" in text
    assert "\n| average | `*/exact_match` | 0.586 | 0.543 | -0.043 | — | — |  |  |\n" in text


def test_prompts_and_answers_that_are_not_known_are_left_out() -> None:
    flip = replace(by_hand.FLIPS[0], prompt=None, a=replace(by_hand.FLIPS[0].a, prediction=None))
    metric = replace(by_hand.MMLU, flips=(flip,))
    text = markdown.page([(by_hand.comparison(metrics=(metric,)), None)])
    assert "\n- `anatomy-0031` A: right · B: `A` wrong\n" in text


@pytest.mark.parametrize("policy", [True, False], ids=["policy", "none"])
def test_hostile_text_is_neither_markdown_nor_html_nor_a_mention_nor_a_link(policy: bool) -> None:  # noqa: FBT001
    comparison, gate = by_hand.hostile()
    text = markdown.page([(comparison, gate if policy else None)] * 2)
    types = {token.type for token in tokens(text)}
    assert (
        types & {"link_open", "image", "html_inline", "em_open", "fence", "code_block", "hr", "blockquote_open"}
        == set()
    )
    assert {
        token.content for token in tokens(text) if token.type == "html_block" and not OURS.fullmatch(token.content)
    } == set()
    headings = [token for token in tokens(text) if token.type == "heading_open"]
    assert len(headings) == 3
    words = outside_of_code(text)
    assert re.search(r"@\w|#\d|https?://|www\.|GH-\d", words) is None
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028\ud800]", text) is None
    strong = [token for token in tokens(text) if token.type == "strong_open"]
    assert len(strong) == 1 + 2 * 2  # the verdict; of each candidate the titles of two lists


def test_every_row_of_a_table_has_as_many_cells_as_its_head_whatever_stands_in_it() -> None:
    comparison, gate = by_hand.hostile("a | b \\| c `|` \\")
    rows = [
        line
        for line in markdown.page([(comparison, gate)]).splitlines()
        if line.startswith("|") and not line.startswith(("| verdict", "| ---", "|---"))
    ]
    cells = [len(re.findall(r"(?<!\\)\|", row)) - 1 for row in rows]
    assert cells == [9, 9, 4, 4, 4, 4]


def test_a_page_is_never_longer_than_github_takes() -> None:
    flips = tuple(by_hand.flip(f"q{n}", "ö" * 1_000, "a" * 500, "b" * 500) for n in range(4_000))
    metric = replace(by_hand.MMLU, flips=flips)
    text = markdown.page([(by_hand.comparison(metrics=(by_hand.ARITH, metric)), None)])
    assert 1_000_000 < len(text.encode()) <= 1024 * 1024
    sentence = "_This page was cut here, as GitHub takes no longer one; the whole is printed with_ `--json`."
    assert text.endswith(f"\n\n</details>\n\n\n{sentence}\n")
    assert text.count("<details>") == text.count("</details>") == 1


def test_a_table_that_is_too_long_is_cut_between_two_rows() -> None:
    metrics = tuple(replace(by_hand.ARITH, name=f"m{n:05}") for n in range(4_000))
    text = markdown.page([(by_hand.comparison(metrics=metrics), None)], 100_000)
    assert 99_000 < len(text.encode()) <= 100_000
    rows = [line for line in text.splitlines() if line.startswith("| ✓")]
    assert 1_000 < len(rows) < 4_000
    assert {line.count("|") for line in rows} == {10}


@pytest.mark.parametrize("limit", [150, 400, 2_000])
def test_any_limit_is_kept(limit: int) -> None:
    pairs: list[Pair] = [(by_hand.comparison(), by_hand.gate()), (by_hand.better(), None)]
    text = markdown.page(pairs, limit)
    assert len(text.encode()) <= limit
    assert "This page was cut here" in text
