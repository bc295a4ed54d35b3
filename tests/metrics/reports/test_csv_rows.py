from __future__ import annotations

import csv
import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cajajejo.metrics.reports import csv_rows
from tests.hostile import texts


def test_a_row_has_a_cell_for_each_column_and_none_is_empty() -> None:
    rows: list[dict[str, Any]] = [{"b": None, "a": 0.1, "c": True}, {"a": "x,y", "b": 'say "hi"', "c": False}]
    assert list(csv_rows.lines(("a", "b", "c"), rows)) == ["a,b,c", "0.1,,true", '"x,y","say ""hi""",false']


@given(st.lists(st.tuples(texts, st.floats(allow_nan=False, allow_infinity=False)), max_size=3))
def test_what_is_written_is_read_back(found: list[tuple[str, float]]) -> None:
    rows: list[dict[str, Any]] = [{"name": name, "value": value} for name, value in found]
    text = "".join(f"{line}\n" for line in csv_rows.lines(("name", "value"), rows))
    read = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [(row["name"], float(row["value"])) for row in read] == found
