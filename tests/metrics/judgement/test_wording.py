from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cajajejo.metrics.judgement import wording
from cajajejo.metrics.judgement.bounds import Bounds, bounds_for
from tests.metrics.builders import H5, H10, condition

if TYPE_CHECKING:
    from cajajejo.metrics.config.conditions import SuccessCondition

Fields = dict[str, Any]
PERCENT: Fields = {"percent_difference": {"percent": 0.2}}
OF_MINUS_FIVE: Fields = {"percent_difference": {"percent": 0.2, "value": -5}}
OF_FIVE: Fields = {"percent_difference": {"percent": 0.075, "value": 5}}
INTERVAL: Fields = {"prediction_interval": {"confidence": 0.99}}
FOUR_SD: Fields = {"stddevs_from_mean": 4}
LOG: Fields = {"transform": "log"}
FLOOR: Fields = {"min_change": {"absolute": 0.05}}


@pytest.mark.parametrize(
    ("value", "bound", "text"),
    [
        (0.3, 0.4, "0.100 below"),
        (0.941, 0.94, "0.001 above"),
        (0.5, 0.5, "equal, and must not be"),
        (1e-9, 0.0, "1e-09 above"),
        (0.912499, 0.9125, "0.000001 below"),
    ],
)
def test_a_difference_is_never_shown_as_nothing(value: float, bound: float, text: str) -> None:
    assert wording.difference(value - bound, value, bound) == text


def test_a_difference_may_be_beyond_the_range_of_floats() -> None:
    bounds = Bounds(None, -1.7e308, inclusive=True)
    excess = bounds.excess(1.7e308)
    assert excess is not None
    assert wording.difference(excess, 1.7e308, -1.7e308) == "1.798e+308 above"


@pytest.mark.parametrize(
    ("comparison", "text"),
    [
        ("greater", "> 0.40"),
        ("greater_or_equal", ">= 0.40"),
        ("less", "< 0.40"),
        ("less_or_equal", "<= 0.40"),
        ("equal", "= 0.40"),
    ],
)
def test_allowed_shows_the_comparison_and_the_bound(comparison: str, text: str) -> None:
    wanted = condition(comparison, fixed_value=0.4)
    assert wording.allowed(wanted, bounds_for(wanted, ())[0], 0.5) == text


@pytest.mark.parametrize(
    ("fields", "history", "text"),
    [
        ({"within_bounds": {"lower": 0.2, "upper": 0.4}}, (), "0.20 to 0.40"),
        ({"within_bounds": {"lower": 0.2}}, (), ">= 0.20"),
        ({"within_bounds": {"upper": 0.4}}, (), "<= 0.40"),
        ({"within_bounds": {"lower": 3, "upper": 3}}, (), "= 3"),
        (OF_FIVE, (), "4.625 to 5.375"),
        (FOUR_SD, H10, "0.899 to 0.926"),
        (FOUR_SD, (0.75, 0.75), "= 0.750"),
        (FOUR_SD, (12.0, 12.00001), "11.99998 to 12.00003"),
        ({"stddevs_from_mean": 1e10}, (1e308, -1e308), "any number"),
    ],
    ids=["two", "lower", "upper", "equal ones", "percent", "sd", "constant", "close", "none"],
)
def test_allowed_shows_both_bounds_of_within(fields: Fields, history: tuple[float, ...], text: str) -> None:
    wanted = condition("within", **fields)
    assert wording.allowed(wanted, bounds_for(wanted, history)[0], 5.0) == text


def test_a_bound_has_the_digits_that_tell_it_from_the_value() -> None:
    wanted = condition("less", **FOUR_SD)
    bounds, _ = bounds_for(wanted, H10)
    assert [wording.allowed(wanted, bounds, value) for value in (None, math.nan, 0.95, 0.926)] == [
        "< 0.926",
        "< 0.926",
        "< 0.926",
        "< 0.925999",
    ]


def test_a_strict_comparison_with_a_constant_history_is_shown_as_it_is_judged() -> None:
    wanted = condition("less", **FOUR_SD)
    bounds, basis = bounds_for(wanted, [0.75] * 5)
    assert wording.allowed(wanted, bounds, 0.75) == "<= 0.750"
    assert wording.requirement(wanted, bounds, basis, 0.75) == "at most 0.750 (0.750 in all 5 runs before)"


@pytest.mark.parametrize(
    ("comparison", "fields", "history", "words", "sentence"),
    [
        ("greater", {"fixed_value": 0.8}, (), "fixed value", "greater than 0.80 (fixed value)"),
        ("equal", {"fixed_value": 3}, (), "fixed value", "equal to 3 (fixed value)"),
        (
            *("within", {"within_bounds": {"lower": 0.2, "upper": 0.4}}, ()),
            *("fixed bounds", "between 0.20 and 0.40 (fixed bounds)"),
        ),
        ("within", {"within_bounds": {"lower": 0.2}}, (), "fixed bounds", "at least 0.20 (fixed bounds)"),
        (
            *("greater", {"stddevs_from_mean": 3}, H5, "3 sd from the mean of 5 runs"),
            "greater than 0.795 (mean 0.812 of 5 runs - 3 standard deviations of 0.0055)",
        ),
        (
            *("less_or_equal", {"stddevs_from_mean": 1}, H5, "1 sd from the mean of 5 runs"),
            "at most 0.817 (mean 0.812 of 5 runs + 1 standard deviation of 0.0055)",
        ),
        (
            *("within", {"stddevs_from_mean": 2.5}, H5, "2.5 sd from the mean of 5 runs"),
            "between 0.798 and 0.826 (mean 0.812 of 5 runs, 2.5 standard deviations of 0.0055 either way)",
        ),
        (
            *("less", {"stddevs_from_mean": 3} | LOG, H5, "3 sd from the geometric mean of 5 runs"),
            "less than 0.829 (geometric mean 0.812 of 5 runs + 3 standard deviations of 0.0068 in logarithms)",
        ),
        ("less", {"stddevs_from_mean": 0}, H5, "the mean of 5 runs", "less than 0.812 (mean of 5 runs)"),
        (
            *("less_or_equal", {"stddevs_from_mean": 0} | FLOOR, H5),
            "the mean of 5 runs, widened to 0.050 by min_change",
            "at most 0.862 (mean 0.812 of 5 runs, widened to 0.050 by min_change)",
        ),
        (
            "less_or_equal",
            {"stddevs_from_mean": 0},
            (15.0,),
            "same in 1 run before",
            "at most 15.00 (15.00 in the run before)",
        ),
        (
            *("greater", FOUR_SD | {"resolution": 0.01}, (0.75,) * 5),
            "same in 5 runs before, widened to 0.010 by resolution",
            "at least 0.740 (0.750 in all 5 runs before, widened to 0.010 by resolution)",
        ),
        (
            *("greater", FOUR_SD | {"min_change": {"relative": 0.1}, "resolution": 0.01}, H5),
            "4 sd from the mean of 5 runs, widened to 0.081 by min_change",
            "at least 0.731 (mean 0.812 of 5 runs - 4 standard deviations of 0.0055, widened to 0.081 by min_change)",
        ),
        ("less", OF_MINUS_FIVE, (), "20 % from -5", "less than -4 (-5 + 20 % of it)"),
        ("within", OF_FIVE, (), "7.5 % from 5", "between 4.625 and 5.375 (5, 7.5 % of it either way)"),
        (
            *("greater", PERCENT, (4.0, 6.0), "20 % from the mean 5.000 of 2 runs"),
            "greater than 4.000 (mean 5.000 of 2 runs - 20 % of it)",
        ),
        (
            *("less", PERCENT | LOG, (1.0, 100.0), "20 % from the geometric mean 10.00 of 2 runs"),
            "less than 12.00 (geometric mean 10.00 of 2 runs + 20 % of it)",
        ),
        (
            *("greater", INTERVAL, H5, "99 % prediction interval of 5 runs"),
            "greater than 0.789 (99 % prediction interval about the mean 0.812 of 5 runs, standard deviation 0.0055)",
        ),
        (
            *("within", {"prediction_interval": {}} | LOG, H10),
            "99.9 % prediction interval of 10 runs, in logarithms",
            (
                "between 0.896 and 0.930 (99.9 % prediction interval about the geometric mean 0.912 of 10 runs,"
                " standard deviation 0.0037 in logarithms)"
            ),
        ),
        (
            *("greater", {"iqr": 3}, H10, "quartiles 0.910 and 0.915 of 10 runs, 3 times their distance"),
            "greater than 0.897 (first quartile 0.910 of 10 runs - 3 interquartile ranges of 0.0045)",
        ),
        (
            *("less", {"iqr": 1.5}, H10, "quartiles 0.910 and 0.915 of 10 runs, 1.5 times their distance"),
            "less than 0.922 (third quartile 0.915 of 10 runs + 1.5 interquartile ranges of 0.0045)",
        ),
        (
            *("within", {"iqr": 1} | LOG, H10),
            "quartiles 0.910 and 0.915 of 10 runs, 1 times their distance, in logarithms",
            (
                "between 0.906 and 0.919 (quartiles 0.910 and 0.915 of 10 runs,"
                " 1 interquartile range of 0.0049 in logarithms either way)"
            ),
        ),
    ],
    ids=[
        *("fixed value", "equal", "fixed bounds", "fixed bound"),
        *("sd below", "sd above", "sd both", "sd of logarithms", "mean", "mean and floor", "one run"),
        *("constant and step", "sd and relative floor"),
        *("percent of value", "percent of value both", "percent of mean", "percent of geometric mean"),
        *("interval", "interval of logarithms", "first quartile", "third quartile", "quartiles of logarithms"),
    ],
)
def test_a_bound_is_said_with_what_it_rests_on(
    comparison: str, fields: Fields, history: tuple[float, ...], words: str, sentence: str
) -> None:
    wanted = condition(comparison, **fields)
    bounds, basis = bounds_for(wanted, history)
    assert wording.basis(wanted, basis) == words
    assert wording.requirement(wanted, bounds, basis, None) == sentence


def test_the_mean_of_values_that_are_close_has_the_digits_of_their_deviation() -> None:
    wanted = condition("less", **FOUR_SD)
    bounds, basis = bounds_for(wanted, (12.0, 12.00001))
    assert wording.requirement(wanted, bounds, basis, None) == (
        "less than 12.00003 (mean 12.000005 of 2 runs + 4 standard deviations of 0.0000071)"
    )


def test_bounds_beyond_the_range_of_floats_are_any_number() -> None:
    wanted = condition("less", stddevs_from_mean=1e10)
    bounds, basis = bounds_for(wanted, (1e308, -1e308))
    assert wording.requirement(wanted, bounds, basis, 1.0) == (
        "any number (mean 0.000 of 2 runs + 1e+10 standard deviations of 1.414e+308)"
    )


@pytest.mark.parametrize(
    ("share", "text"),
    [
        *((0.2, "20 %"), (0.07, "7 %"), (0.125, "12.5 %"), (1.0, "100 %"), (0.0, "0 %"), (0.001, "0.1 %")),
        *((0.999, "99.9 %"), (0.9999999999, "99.99999999 %"), (1e300, "1e+302 %"), (1e-300, "1e-298 %")),
    ],
)
def test_a_share_is_said_in_hundredths_with_all_its_digits(share: float, text: str) -> None:
    assert wording.percent(share) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 runs"), (1, "1 run"), (31, "31 runs")])
def test_runs_are_counted(count: int, text: str) -> None:
    assert wording.runs(count) == text


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=8, max_size=12),
    st.sampled_from([FOUR_SD, PERCENT, OF_FIVE, INTERVAL, {"iqr": 3}, FOUR_SD | FLOOR, INTERVAL | LOG]),
    st.sampled_from(["greater", "less_or_equal", "within"]),
    st.floats(),
)
@example([1.7e308, -1.7e308] * 4, {"iqr": 3}, "within", 1.7e308)
def test_any_finite_numbers_have_words(values: list[float], fields: Fields, comparison: str, value: float) -> None:
    wanted = condition(comparison, **fields)
    if wanted.transform == "log":
        values = [abs(value) or 1.0 for value in values]
    bounds, basis = bounds_for(wanted, values)
    said = [wording.allowed(wanted, bounds, value), wording.requirement(wanted, bounds, basis, value)]
    excess = bounds.excess(value) if math.isfinite(value) else None
    if excess is not None:
        bound = bounds.nearest(value)
        assert bound is not None
        said.append(wording.difference(excess, value, bound))
    assert all("nan" not in text.lower() for text in said)


@pytest.mark.parametrize(
    ("wanted", "history", "value", "said"),
    [
        (condition("less", fixed_value=0.8802287), (), 0.8802287, "0.8802287"),
        (condition("less", fixed_value=0.8802287), (), 0.89, "0.890"),
        (condition("less_or_equal", fixed_value=0.8802287), (), 0.8802287, "0.880"),
        (condition("greater", percent_difference={"percent": 0.001}), (0.05,), 0.05 - 0.05 * 0.001, "0.04995"),
    ],
    ids=["on a strict bound", "beyond it", "on a bound that is allowed", "on a strict bound of history"],
)
def test_a_value_on_a_strict_bound_is_written_as_the_bound(
    wanted: SuccessCondition, history: tuple[float, ...], value: float, said: str
) -> None:
    bounds, basis = bounds_for(wanted, history)
    assert wording.shown(wanted, bounds, value, None if basis is None else basis.centre) == said
    assert said in wording.requirement(wanted, bounds, basis, value) or bounds.excess(value) != 0
