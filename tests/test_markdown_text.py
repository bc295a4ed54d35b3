"""Text of anybody as Markdown: code spans and words of sentences, read by a reader of Markdown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from cajajejo import markdown_text
from cajajejo.markdown_text import Block
from tests.hostile import texts

READER = MarkdownIt("commonmark").enable("table")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "`plain`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("``` x", "```` ``` x ````"),
        ("", "`  `"),
        ("a\n\tb", "`a b`"),
        ("\x1b[31m", "`\\x1b[31m`"),
        ("\\", "`\\`"),
        ("x" * 200, f"`{'x' * 158} …`"),
    ],
)
def test_a_code_span_has_a_fence_that_its_text_cannot_close(text: str, expected: str) -> None:
    assert markdown_text.code(text) == expected


def test_a_bar_in_a_table_is_a_broken_one() -> None:
    assert markdown_text.code("a|b\\|c", in_table=True) == "`a¦b\\¦c`"
    assert markdown_text.code("a|b") == "`a|b`"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a drop of 0.024 (5 %), p = 0.1; so: no.", "a drop of 0.024 (5 %), p = 0.1; so: no."),
        ("@team", "&#64;&#8203;team"),
        ("#12", "&#35;&#8203;12"),
        ("https://evil.example", "https:&#8203;//evil.example"),
        ("www.evil.example", "www&#8203;.evil.example"),
        ("gh-7", "gh&#8203;-7"),
        ("[l](x) ![i](x)", "&#91;l&#93;(x) &#33;&#91;i&#93;(x)"),
        ("*b* _i_ ~s~ `c` <b> &amp; | \\ $x$", None),
        ("名前 é 😀", "名前 é &#128512;"),
    ],
)
def test_in_a_sentence_what_could_mean_something_is_an_entity(text: str, expected: str | None) -> None:
    shown = markdown_text.escaped(text)
    assert expected is None or shown == expected
    assert re.search(r"[*_~`<>|\\$\[\]!@]", shown) is None
    (inline,) = [token for token in READER.parse(shown) if token.type == "inline"]
    assert {child.type for child in inline.children or ()} <= {"text", "text_special"}
    assert "".join(child.content for child in inline.children or ()).replace("\u200b", "") == text


@given(texts)
def test_any_text_is_one_code_span_or_the_words_of_a_sentence_and_says_the_same(text: str) -> None:
    shown = markdown_text.one_line(text, 160)
    (inline,) = [token for token in READER.parse(f"- x {markdown_text.code(text)}") if token.type == "inline"]
    assert [child.type for child in inline.children or ()] == ["text", "code_inline"]
    assert (inline.children or [])[1].content.strip() == shown.strip()
    (inline,) = [token for token in READER.parse(f"- x {markdown_text.escaped(text, 160)}") if token.type == "inline"]
    assert {child.type for child in inline.children or ()} <= {"text", "text_special"}
    assert (
        "".join(child.content for child in inline.children or ()).replace("\u200b", "").strip() == f"x {shown}".strip()
    )


def test_a_page_that_has_room_is_whole_and_ends_with_one_line_break() -> None:
    blocks = [Block(("a", "")), Block(("<details>", "b"), ("</details>", ""))]
    assert markdown_text.fitted(blocks, 100) == "a\n\n<details>\nb\n</details>\n"


def test_a_page_that_is_too_long_is_cut_between_lines_and_says_so_and_closes_what_it_opened() -> None:
    blocks = [Block(("title",)), Block(("<details>", *["x" * 9] * 50), ("</details>",)), Block(("never",))]
    text = markdown_text.fitted(blocks, 100, cut="cut\n")
    assert text == f"title\n<details>\n{'x' * 9}\n" + f"{'x' * 9}\n" * 5 + "</details>\ncut\n"
    assert len(text) <= 100


def test_an_empty_list_is_nothing_also_without_its_title() -> None:
    assert markdown_text.bullets("**Title**", []) == Block(())
    assert markdown_text.bullets("**Title**", ["a"]) == Block(("**Title**", "", "- a", ""))
