"""Worked examples of bounds: numbers from other programs than ours, to as many digits as they were noted."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from tests.metrics.builders import H5, H10

RISING: Final = (10.0, 10.2, 10.1, 10.4, 10.3, 10.6, 10.5, 10.8, 10.7, 11.0)

MEAN_AND_DEVIATION: Final = {
    "five points": (H5, 0.811800, 0.005541),
    "ten points": (H10, 0.912500, 0.003375),
    "one to five, n - 1 and not n": ((1, 2, 3, 4, 5), 3.0, 1.581139),
}


class Worked(NamedTuple):
    """A history, a condition as fields, and the bounds rounded to six decimals."""

    history: tuple[float, ...]
    comparison: str
    fields: dict[str, Any]
    lower: float | None
    upper: float | None


def _interval(confidence: float) -> dict[str, Any]:
    return {"prediction_interval": {"confidence": confidence}}


BOUNDS: Final = {
    "five points, 3 sd": Worked(H5, "within", {"stddevs_from_mean": 3}, 0.795178, 0.828422),
    "five points, 4 sd": Worked(H5, "within", {"stddevs_from_mean": 4}, 0.789637, 0.833963),
    "five points, 3 sd below": Worked(H5, "greater", {"stddevs_from_mean": 3}, 0.795178, None),
    "five points, 4 sd above": Worked(H5, "less_or_equal", {"stddevs_from_mean": 4}, None, 0.833963),
    "five points, interval of 99 %": Worked(H5, "within", _interval(0.99), 0.783855, 0.839745),
    "five points, interval of 99.9 %": Worked(H5, "within", _interval(0.999), 0.759539, 0.864061),
    "five points, interval of 99 % below": Worked(H5, "greater", _interval(0.99), 0.789058, None),
    "ten points, 4 sd": Worked(H10, "within", {"stddevs_from_mean": 4}, 0.899001, 0.925999),
    "ten points, interval of 99 %": Worked(H10, "within", _interval(0.99), 0.900997, 0.924003),
    "ten points, interval of 99.9 %": Worked(H10, "within", {"prediction_interval": {}}, 0.895578, 0.929422),
    "ten points, interval of 99.9 % below": Worked(H10, "greater", {"prediction_interval": {}}, 0.897292, None),
    "ten points, quartiles 1.5": Worked(H10, "within", {"iqr": 1.5}, 0.903500, 0.921500),
    "ten points, quartiles 3": Worked(H10, "within", {"iqr": 3}, 0.896750, 0.928250),
    "a rising metric, interval of 99 % about its mean": Worked(RISING, "within", _interval(0.99), 9.367875, 11.552125),
    "five points, 3 sd and a floor": Worked(
        H5, "within", {"stddevs_from_mean": 3, "min_change": {"absolute": 0.05}}, 0.761800, 0.861800
    ),
    "20 % of a negative value": Worked((), "within", {"percent_difference": {"percent": 0.2, "value": -5}}, -6.0, -4.0),
}

STUDENT: Final = {
    "99 % of 5 points, two sides": (4, 0.005, 4.604095),
    "99.9 % of 5 points, two sides": (4, 0.0005, 8.610302),
    "99 % of 5 points, one side": (4, 0.01, 3.746947),
    "99 % of 10 points, two sides": (9, 0.005, 3.249836),
    "99.9 % of 10 points, two sides": (9, 0.0005, 4.780913),
}

FALSE_ALARMS: Final = {
    3: {5: 51.980, 10: 18.769, 20: 8.636, 30: 6.209, 100: 3.572},
    4: {5: 21.743, 10: 4.129, 20: 0.955, 30: 0.477, 100: 0.131},
}
"""Runs of a thousand good Gaussian ones that are beyond k standard deviations of n earlier ones, by k and n."""

EQUAL_DEVIATIONS: Final = {3: 36.4874, 5: 9.43211, 10: 5.01426, 20: 3.97931, 30: 3.71990, 100: 3.40844}
"""How many standard deviations of n points a two-sided prediction interval of 99.9 % reaches, by n."""
