from __future__ import annotations

import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.metrics.interchange import cells

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("reader", "given", "meant"),
    [
        (cells.text, "é", "é"),
        (cells.name, "two words", "two words"),
        (cells.number, "1e-3", 0.001),
        (cells.number, 3, 3.0),
        (cells.number, Decimal("0.1"), 0.1),
        (cells.number, "-inf", -math.inf),
        (cells.number, 10**400, math.inf),
        (cells.count, "12", 12),
        (cells.count, 12.0, 12),
        (cells.flag, "True", True),
        (cells.flag, "0", False),
        (cells.flag, 1, True),
        (cells.flag, False, False),
        (cells.time, "2026-11-21T14:01:40.125Z", 1_795_269_700.125),
        (cells.time, 1_795_269_700.125, 1_795_269_700.125),
        (cells.time, datetime(2026, 11, 21, 14, 1, 40, 125_000, tzinfo=UTC), 1_795_269_700.125),
    ],
)
def test_a_cell_means_what_it_says(reader: Callable[[Any], object], given: object, meant: object) -> None:
    found = reader(given)
    assert (found, type(found)) == (meant, type(meant))


@pytest.mark.parametrize("reader", [cells.text, cells.name, cells.number, cells.count, cells.flag, cells.time])
@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_means_nothing(reader: Callable[[Any], object], nothing: str | None) -> None:
    assert reader(nothing) is None


@pytest.mark.parametrize(
    ("reader", "given", "said"),
    [
        (cells.text, 1, "text is expected, not 1"),
        (cells.text, "\ud800", "holds half of a character"),
        (cells.name, " ", "not a name: ' '"),
        (cells.name, "a\nb", r"not a name: 'a\\nb'"),
        (cells.number, "one", "a number is expected, not 'one'"),
        (cells.number, True, "a number is expected, not true"),
        (cells.number, "1_0", "a number is expected, not '1_0'"),
        (cells.count, "1.5", "a whole number is expected, not '1.5'"),
        (cells.count, "-1", "a whole number is expected, not '-1'"),
        (cells.count, "1e30", "a whole number is expected, not '1e30'"),
        (cells.count, "nan", "a whole number is expected, not 'nan'"),
        (cells.flag, "yes", "true or false is expected, not 'yes'"),
        (cells.flag, 0.5, "true or false is expected, not 0.5"),
        (cells.time, "soon", "a time is expected, not 'soon'"),
        (cells.time, [], "a time is expected, not a list"),
        (cells.time, "inf", "not a time: 'inf'"),
        (cells.time, "9" * 5000, "not a time: '9999"),
        (cells.time, 1e12, "out of range: are these milliseconds"),
    ],
)
def test_what_means_nothing_is_refused_in_a_sentence(reader: Callable[[Any], object], given: object, said: str) -> None:
    with pytest.raises(cells.CellError, match=f"^{said}"):
        reader(given)
