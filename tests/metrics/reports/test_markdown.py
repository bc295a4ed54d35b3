"""A check as Markdown: the verdict first, and nothing that a name says is more than text."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from cajajejo.metrics.reports import markdown
from cajajejo.metrics.reports.next_steps import Place
from tests.hostile import texts
from tests.metrics.builders import H10, points
from tests.metrics.reports import checks
from tests.metrics.reports.checks import ABOVE, HERE, made

if TYPE_CHECKING:
    from collections.abc import Iterator

    from markdown_it.token import Token

READER = MarkdownIt("commonmark").enable("table")
OURS = re.compile(r"<details><summary>[\w, ]+</summary>\n|</details>\n?")
PAGE = """\
## ✗ REGRESSION: `t`, run `r1`

**REGRESSION** 2 of 7 metrics out of bounds, 3 not judged yet

| verdict | metric | value | allowed | last runs | reason |
|---|---|---:|---|---|---|
| ✗ regression | `bad` | 0.250 | &#62; 0.40 |  | 0.150 below; muted until 2026-11-28 |
| ✗ regression | `loss` | 0.930 | &#60; 0.926 | ▃▁▄▂▃▂▃▄▁█ | 0.004 above, 4 sd from the mean of 10 runs |
| ? inconclusive | `gone` | — | — |  | required, but the run did not write it |
| ? inconclusive | `nan` | NaN | — |  | not a number |
| ? inconclusive | `wait` | 1.000 | — | ▁▁▁▁█ | 4 of 10 runs so far |
| ▲ improvement | `up` | 0.927 | — | ▃▁▂▄▁▁▂███ | level rose from 0.913 to 0.926, z 4.85 |
| ✓ pass | `good` | 0.500 | &#62; 0.40 |  | fixed value |
| – no condition | `plain` | 1.000 | — |  |  |

- bad is 0.250; it must be greater than 0.40 (fixed value)
- loss is 0.930; it must be less than 0.926 (mean 0.912 of 10 runs + 4 standard deviations of 0.0034)
  - last good: 0.907, 98 s before, run r9, commit 0000009
- gone is missing: the run did not write it
- nan is NaN; it must be a finite number
- time&#95;to&#95;accuracy: 0.76 was never reached

[log](<https://ci.example.org/1?a=b&c=d>) · workload `gs://no/page`

<details><summary>Details</summary>

- run `r1` of `t`: 10 runs before it, 2 after it, which do not count
- started 2026-11-21T14:01:47Z
- commit: `77e02c5`
- type of test: `func`
- accelerator: `v100`
- framework: `2.9`
- to read its log: `kubectl logs job/t`
- muted until `2026-11-28`: `bad`, node &#124; pool
- warning: a &#96;warning&#96; &#64;&#8203;team
- next: `cajajejo metrics history t bad`

</details>
"""  # noqa: RUF001  # the glyph of no verdict


def tokens(text: str) -> Iterator[Token]:
    """What a reader of Markdown sees, at every depth."""
    for token in READER.parse(text):
        yield token
        yield from token.children or ()


def test_the_page_says_the_verdict_first_then_the_worst_and_folds_the_details() -> None:
    assert markdown.page(checks.mixed(), HERE) == PAGE


def test_all_well_is_the_table_and_the_details() -> None:
    text = markdown.page(made({"a": 0.5}, {"a": ABOVE}), HERE)
    assert text.startswith("## ✓ PASS: `t`, run `r1`\n\n**PASS** 1 of 1 metric within bounds\n\n| verdict |")
    assert "next:" not in text


def test_a_job_that_failed_without_a_metric_has_no_table() -> None:
    text = markdown.page(made({}, {"a": ABOVE}, status="failure"), HERE)
    said = "**FAILED** the job failed; its metrics are not judged"
    assert text.startswith(f"## ✗ FAILED: `t`, run `r1`\n\n{said}\n\n<details><summary>Details</summary>\n")


def test_the_command_that_accepts_a_level_is_one_that_can_be_pasted() -> None:
    found = made({"loss": 0.93}, {"loss": checks.BELOW}, history={"loss": points(H10)})
    text = markdown.page(found, Place(HERE.config, "sqlite:///h.db"))
    assert (
        "- or, if this is the new normal: `cajajejo metrics accept t loss "
        '--from r1 --history sqlite:///h.db --config m.metrics.yml --reason "why"`\n'
    ) in text


def test_of_many_metrics_those_that_are_well_are_folded_away() -> None:
    many = made({f"m{number:03}": 0.5 - (number < 2) for number in range(300)}, {"default": ABOVE})
    text = markdown.page(many, HERE)
    shown, folded = text.split("<details><summary>298 more metrics</summary>\n")
    assert re.findall(r"^\| (\S+ \w+) \| `(\w+)`", shown, re.MULTILINE) == [
        ("✗ regression", "m000"),
        ("✗ regression", "m001"),
    ]
    assert folded.count("| ✓ pass | `m") == 298
    tables = [token for token in READER.parse(text) if token.type == "table_open"]
    assert len(tables) == 2
    well = made({f"m{number:03}": 0.5 for number in range(30)}, {"default": ABOVE})
    assert "\n\n<details><summary>30 metrics</summary>\n\n| verdict |" in markdown.page(well, HERE)


def test_every_row_has_as_many_cells_as_the_head_whatever_stands_in_it() -> None:
    text = markdown.page(checks.hostile("a | b \\| c `|` \\"), HERE)
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert [len(re.findall(r"(?<!\\)\|", row)) - 1 for row in rows] == [6] * len(rows)
    assert len(rows) == 3


def links(text: str) -> list[str]:
    return [str(token.attrs["href"]) for token in tokens(text) if token.type == "link_open"]


def assert_harmless(text: str) -> None:
    """That a reader of Markdown finds nothing in a page that we did not mean."""
    types = {token.type for token in tokens(text)}
    assert types & {"image", "html_inline", "em_open", "fence", "code_block", "hr", "blockquote_open"} == set()
    html = {token.content for token in tokens(text) if token.type == "html_block"}
    assert {one for one in html if not OURS.fullmatch(one)} == set()
    assert sum(token.type == "heading_open" for token in tokens(text)) == 1
    assert len(links(text)) <= 1
    words = "\n".join(token.content for token in tokens(text) if token.type == "text")
    assert re.search(r"@\w|#\d|https?://|www\.|GH-\d", words) is None
    assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2028\ud800]", text) is None


def test_hostile_names_are_neither_markdown_nor_html_nor_a_mention_nor_a_link() -> None:
    text = markdown.page(checks.hostile(), HERE)
    assert_harmless(text)
    (address,) = links(text)
    assert address.startswith("https://e.example/x%1B%5B31m%00%20")


@given(texts)
def test_no_text_is_more_than_text(text: str) -> None:
    assert_harmless(markdown.page(checks.hostile(text), HERE))


@pytest.mark.parametrize("address", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "x https://a.b"])
def test_what_is_no_page_of_the_web_is_no_link(address: str) -> None:
    origin = replace(checks.ORIGIN, logs_link=address)
    text = markdown.page(replace(checks.mixed(), origin=origin), HERE)
    assert links(text) == []
    assert f"log `{address}`" in text


def test_a_page_has_room_in_a_comment_and_says_that_it_was_cut() -> None:
    many = made({f"m{number:05}": 0.25 for number in range(5_000)}, {"default": ABOVE})
    text = markdown.page(many, HERE)
    assert 60_000 < len(text.encode()) <= markdown.COMMENT_LIMIT < 65_536
    sentence = "_This page was cut here, as GitHub takes no longer one; the whole is printed with_ `--json`."
    assert text.endswith(f"</details>\n\n\n{sentence}\n")
    assert text.count("<details>") == text.count("</details>")
    assert len(markdown.page(many, HERE, 1_000_000)) > 300_000
