from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from cajajejo.history_outputs import Answer
from cajajejo.metrics.history.store import Selected
from cajajejo.metrics.interchange import answers
from cajajejo.terminal import Style

COLUMNS = ("name", "n", "none")


def selected(*rows: tuple[object, ...], columns: tuple[str, ...] = COLUMNS) -> Selected:
    return Selected(columns, iter(rows))


def answer(found: Selected, form: answers.Form, limit: int = 0, style: Style | None = None) -> str:
    return "".join(piece.text for piece in answers.pieces(found, form, style or Style(), limit=limit))


def test_a_table_has_numbers_on_the_right_and_a_dash_for_null() -> None:
    assert answer(selected(("a", 1.5, None), ("long name", 12, None)), "text").splitlines() == [
        "  name         n  none",
        "  a          1.5  —",
        "  long name   12  —",
    ]


def test_values_that_sql_has_and_text_has_not_are_written_as_json_has_them() -> None:
    row = (datetime(2026, 11, 21, 14, 2, tzinfo=UTC), date(2026, 11, 21), True, b"\x00\xff", [1, 2], {"a": None})
    shown = answer(selected(row, columns=("c",) * 6), "csv")
    assert shown.splitlines()[1] == '2026-11-21T14:02:00Z,2026-11-21,true,00ff,"[1, 2]","{""a"": null}"'


def test_nothing_in_a_table_moves_the_terminal_or_begins_a_line() -> None:
    shown = answer(selected(("a\x1b[2J\nPASS", 1, "é"), columns=("x\n", "n", "s")), "text", style=Style(unicode=False))
    assert shown.splitlines() == ["  x\\n             n  s", "  a\\x1b[2J\\nPASS  1  \\xe9"]


def test_csv_has_empty_cells_for_null_and_quotes_where_they_are_needed() -> None:
    assert answer(selected(('a,"b"', 0.1, None)), "csv") == 'name,n,none\n"a,""b""",0.1,\n'


def test_json_is_one_document_whose_numbers_are_finite() -> None:
    row = (1, 0.1, math.inf, True, b"\x00\xff", Decimal("2.50"), Decimal(3), Decimal("NaN"))
    times = (datetime(2026, 11, 21, 14, 2, tzinfo=UTC), datetime(2026, 11, 21), date(2026, 11, 21), [1, {"a": None}])  # noqa: DTZ001
    document = json.loads(answer(selected(row + times, columns=("c",) * 12), "json"))
    assert document == {
        "columns": ["c"] * 12,
        "rows": [
            [
                1, 0.1, None, True, "00ff", 2.5, 3, None,
                "2026-11-21T14:02:00Z", "2026-11-21T00:00:00", "2026-11-21", [1, {"a": None}],
            ]
        ],
        "complete": True,
    }  # fmt: skip
    assert Answer.model_validate(document).complete


@pytest.mark.parametrize(("limit", "rows", "more"), [(0, 3, False), (2, 2, True), (3, 3, False), (4, 3, False)])
@pytest.mark.parametrize("form", ["text", "csv", "json"])
def test_a_limit_cuts_every_form_and_says_so(form: answers.Form, limit: int, rows: int, *, more: bool) -> None:
    found = list(answers.pieces(selected(("a", 1, 2), ("b", 1, 2), ("c", 1, 2)), form, Style(), limit=limit))
    assert (sum(piece.rows for piece in found), found[-1].more) == (rows, more)
    if form == "json":
        document = json.loads("".join(piece.text for piece in found))
        assert (len(document["rows"]), document["complete"]) == (rows, not more)


@pytest.mark.parametrize(("form", "text"), [("text", "  name  n  none\n"), ("csv", "name,n,none\n")])
def test_an_answer_without_rows_still_names_its_columns(form: answers.Form, text: str) -> None:
    assert answer(selected(), form) == text


def test_rows_are_asked_for_as_they_are_written() -> None:
    asked = []

    def rows() -> object:
        for number in range(1_000_000):
            asked.append(number)
            yield (number,)

    found = answers.pieces(Selected(("n",), rows()), "csv", Style())  # type: ignore[arg-type]  # an iterator, as a cursor is
    assert [next(found).text for _ in range(3)] == ["n\n", "0\n", "1\n"]
    assert asked == [0, 1]
