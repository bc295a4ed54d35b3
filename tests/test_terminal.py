"""What a stream can show: colour by its precedence, glyphs or ASCII, tables and how they are cut."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from cajajejo.terminal import Column, Style, bar, cut, table

if TYPE_CHECKING:
    from collections.abc import Mapping

PLAIN = Style()
ASCII = Style(unicode=False)
COLUMNS = (Column("scenario", widest=True), Column("metric"), Column("value", right=True))


class Stream(io.TextIOWrapper):
    """A stream in memory, which may say that it is a terminal."""

    def __init__(self, *, tty: bool, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding=encoding)
        self._tty = tty

    def isatty(self) -> bool:
        return self._tty


def style_of(*, tty: bool = True, color: str = "auto", encoding: str = "utf-8", **environ: str) -> Style:
    return Style.of(Stream(tty=tty, encoding=encoding), color=color, environ=environ)


@pytest.mark.parametrize(
    ("tty", "color", "environ", "expected"),
    [
        (True, "auto", {}, True),
        (False, "auto", {}, False),
        (True, "never", {}, False),
        (False, "always", {}, True),
        (True, "auto", {"NO_COLOR": "1"}, False),
        (True, "auto", {"NO_COLOR": ""}, True),
        (False, "auto", {"FORCE_COLOR": "1"}, True),
        (True, "auto", {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        (False, "always", {"NO_COLOR": "1"}, True),
        (True, "never", {"FORCE_COLOR": "1"}, False),
        (True, "auto", {"TERM": "dumb"}, False),
        (True, "auto", {"CI": "true"}, False),
        (True, "always", {"TERM": "dumb", "CI": "true"}, True),
    ],
)
def test_the_switch_beats_the_environment_and_the_environment_beats_the_terminal(
    tty: bool,  # noqa: FBT001  # a column of the table
    color: str,
    environ: Mapping[str, str],
    expected: bool,  # noqa: FBT001
) -> None:
    assert style_of(tty=tty, color=color, **environ).color is expected


@pytest.mark.parametrize(
    ("tty", "environ", "expected"),
    [
        (True, {}, True),
        (False, {}, False),
        (True, {"TERM": "dumb"}, False),
        (True, {"CI": "1"}, False),
        (True, {"CI": ""}, True),
    ],
)
def test_lines_move_only_on_a_terminal_that_is_not_dumb_and_not_in_ci(
    tty: bool,  # noqa: FBT001  # a column of the table
    environ: Mapping[str, str],
    expected: bool,  # noqa: FBT001
) -> None:
    assert style_of(tty=tty, **environ).live is expected


@pytest.mark.parametrize(
    ("encoding", "expected"), [("utf-8", True), ("UTF-8", True), ("ascii", False), ("latin-1", False)]
)
def test_glyphs_need_a_utf_8_stream(encoding: str, expected: bool) -> None:  # noqa: FBT001  # a column of the table
    assert style_of(encoding=encoding).unicode is expected


def test_a_stream_without_an_encoding_shows_ascii() -> None:
    assert Style.of(io.StringIO(), environ={}) == Style(unicode=False)


def test_the_width_is_that_of_the_terminal_and_none_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "93")
    assert (style_of(tty=True).width, style_of(tty=False).width) == (93, None)


def test_the_environment_of_the_process_counts_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert Style.of(Stream(tty=False)).color is True


def test_paint_colours_by_role_and_only_where_there_is_colour() -> None:
    style = Style(color=True)
    assert style.paint("x", "good") == "\x1b[32mx\x1b[0m"
    assert style.paint("x", "bad") == "\x1b[31mx\x1b[0m"
    assert style.paint("", "good") == ""
    assert PLAIN.paint("x", "good") == "x"


def test_signs_have_an_ascii_form_and_letters_an_escape() -> None:
    assert ASCII.plain("1 × l4 – “naïve” …") == '1 x l4 - "na\\xefve" ...'  # noqa: RUF001
    assert Style(unicode=True).plain("1 × l4 …") == "1 × l4 …"  # noqa: RUF001


def test_every_glyph_has_an_ascii_form() -> None:
    names = ("pass", "regression", "failed", "inconclusive", "improvement", "none", "bar", "dash")
    assert [PLAIN.glyph(name) for name in names] == ["✓", "✗", "✗", "?", "▲", "\N{EN DASH}", "━", "—"]
    assert [ASCII.glyph(name) for name in names] == ["ok", "x", "x", "?", "^", "-", "=", "-"]
    compared = ("better", "equal", "worse", "fail")
    assert [PLAIN.glyph(name) for name in compared] == ["▲", "✓", "✗", "✗"]
    assert [ASCII.glyph(name) for name in compared] == ["^", "ok", "x", "x"]


def test_plain_text_cannot_steer_the_terminal() -> None:
    assert PLAIN.plain("a\x1b[31m\tü\r\u202e\n😀") == "a\\x1b[31m\\tü\\r\\u202e\n😀"
    assert ASCII.plain("ü😀\n") == "\\xfc\\U0001f600\n"


def test_a_line_and_a_cell_of_a_table_stay_on_one_line() -> None:
    assert PLAIN.line("a\nPASS\x1b") == "a\\nPASS\\x1b"
    assert ASCII.line("ü\n") == "\\xfc\\n"
    assert table((Column("a"), Column("b")), [("x\ny", "z")], PLAIN) == ["  a     b", "  x\\ny  z"]


@pytest.mark.parametrize(
    ("text", "width", "style", "expected"),
    [
        ("short", 5, PLAIN, "short"),
        ("mmlu:subject=anatomy", 11, PLAIN, "mmlu:…atomy"),
        ("mmlu:subject=anatomy", 12, PLAIN, "mmlu:s…atomy"),
        ("mmlu:subject=anatomy", 11, ASCII, "mmlu...tomy"),
        ("abcdef", 3, PLAIN, "a…f"),
    ],
)
def test_what_is_too_long_is_cut_in_the_middle(text: str, width: int, style: Style, expected: str) -> None:
    assert cut(text, width, style) == expected
    assert len(expected) <= width


@pytest.mark.parametrize(
    ("done", "total", "expected"),
    [
        (-1, 10, "    "),
        (0, 10, "    "),
        (5, 10, "━━  "),
        (9, 10, "━━━ "),
        (10, 10, "━━━━"),
        (20, 10, "━━━━"),
        (0, 0, "━━━━"),
    ],
)
def test_a_bar_is_full_only_when_all_is_done(done: int, total: int, expected: str) -> None:
    assert bar(done, total, Style(), width=4) == expected
    assert bar(done, total, Style(unicode=False), width=4) == expected.replace("━", "=")


def test_a_table_has_two_spaces_between_columns_and_numbers_at_the_right() -> None:
    rows = [["geography", "exact_match", "0.550"], ["bio", "f1", "10.000"]]
    assert table(COLUMNS, rows, PLAIN) == [
        "  scenario   metric        value",
        "  geography  exact_match   0.550",
        "  bio        f1           10.000",
    ]


def test_a_table_without_rows_is_its_header() -> None:
    assert table(COLUMNS, [], PLAIN, indent=0) == ["scenario  metric  value"]


def test_only_the_widest_column_is_cut_and_only_on_a_terminal() -> None:
    rows = [["mmlu_subject_abstract_algebra_method_joint", "exact_match", "0.550"]]
    assert table(COLUMNS, rows, Style(width=40)) == [
        "  scenario            metric       value",
        "  mmlu_subj…od_joint  exact_match  0.550",
    ]
    assert rows[0][0] in table(COLUMNS, rows, PLAIN)[1]


def test_a_column_is_never_cut_to_less_than_twelve() -> None:
    lines = table(COLUMNS, [["a" * 40, "exact_match", "0.550"]], Style(width=10))
    assert lines[1] == "  aaaaaa…aaaaa  exact_match  0.550"
