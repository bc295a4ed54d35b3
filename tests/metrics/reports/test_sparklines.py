from __future__ import annotations

import pytest

from cajajejo.metrics.reports import sparklines


@pytest.mark.parametrize(
    ("values", "bars"), [([1.0], "▁"), ([2.0, 2.0], "▁▁"), ([0.0, 7.0, 3.5], "▁█▅"), ([-1e308, 1e308], "▁█")]
)
def test_bars_go_from_the_least_to_the_greatest(values: list[float], bars: str) -> None:
    assert sparklines.bars(values) == bars


def test_numbers_whose_halves_are_equal_are_one_level() -> None:
    assert sparklines.bars([5e-324, 0.0]) == "▁▁"
