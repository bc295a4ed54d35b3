"""Change points of a whole series as different programs find them, all told in the same values.

============= ===================================================================================================
engine        how it looks for changes
============= ===================================================================================================
``builtin``   our scan of winsorised means, the same that alerts (`cajajejo.metrics.shifts.changes`)
``otava``     Apache Otava: splits windows where the energy distance is greatest, tests by Student's t, merges
``kernelcpd`` `ruptures`: the segments that are most alike by a Gaussian kernel, found by dynamic programming
============= ===================================================================================================

The other engines name one run. The runs at which a change may have begun as well, the levels on both sides and the
scale of one run are found as for our own, so that engines differ in where they see changes, and in nothing else.
"""

from __future__ import annotations

import importlib
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

import numpy as np

from cajajejo.errors import MissingExtraError, require
from cajajejo.metrics.shifts import changes
from cajajejo.metrics.shifts.changes import Change
from cajajejo.metrics.shifts.levels import bounded
from cajajejo.metrics.shifts.scan import SPANS, Scan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from numpy.typing import NDArray

Engine: TypeAlias = Literal["builtin", "otava", "kernelcpd"]

ENGINES: Final[tuple[Engine, ...]] = get_args(Engine)
OTAVA: Final = "apache-otava==0.8.0"
"""Its requirements exclude the numpy that everything else needs, and what it needs of them here works with that, too:
so it is in no extra, and is installed without what it requires."""
LEAST: Final = 10
"""Of fewer points than these nothing is said."""
P_VALUE: Final = 1e-5
"""Otava's own 1e-3 sees a change in every third history of 260 normal runs without one; this sees hardly any."""
BANDWIDTH: Final = 2.0
"""Of the kernel, in standard deviations of one run: runs three times as far apart count as wholly different."""
PENALTY: Final = 1.0
"""Of one more change, in logarithms of the number of runs: with it one in a hundred histories of independent runs has
a change that is none, whether they are normal or have a long tail."""


def change_points(values: NDArray[np.float64], engine: Engine, scan: Scan | None = None) -> tuple[Change, ...]:
    """The change points that `engine` finds in the finite ones of `values`, oldest first; places index `values`.

    Changes that count as none for `scan` (`min_change`) are left out, whoever found them.

    Raises:
        MissingExtraError: the engine is not installed.
    """
    scan = Scan() if scan is None else scan
    there = np.flatnonzero(np.isfinite(values))
    points = bounded(values[there])
    if engine == "builtin":
        found = changes.change_points(points, scan) if len(points) else ()
    else:
        breaks = otava(points) if engine == "otava" else kernelcpd(points)
        found = tuple(_told(points, breaks, scan))
    return tuple(_moved(change, there) for change in found)


def fewest_runs(engine: Engine, scan: Scan) -> int:
    """How many runs there must be before `engine` can see a change in them."""
    return scan.min_history + SPANS[0] if engine == "builtin" else LEAST


def otava(points: NDArray[np.float64], p_value: float = P_VALUE) -> list[int]:
    """The first places of new levels that Apache Otava sees in finite `points`.

    Raises:
        MissingExtraError: it is not installed.
    """
    analysis = _analysis()
    if _say_nothing(points):
        return []
    found, _ = analysis.compute_change_points(_in_units(points).tolist(), max_pvalue=p_value)  # an array fails there
    return [int(change.index) for change in found]


def kernelcpd(points: NDArray[np.float64]) -> list[int]:
    """The first places of new levels that `ruptures.KernelCPD` sees in finite `points`.

    Raises:
        MissingExtraError: it is not installed.
    """
    ruptures = require("ruptures", extra="shifts", purpose="looking for change points with KernelCPD")
    if _say_nothing(points):
        return []
    detector = ruptures.KernelCPD("rbf", min_size=SPANS[0], params={"gamma": 1 / (2 * BANDWIDTH**2)})
    ends = detector.fit(_in_units(points)[:, None]).predict(pen=PENALTY * math.log(len(points)))
    return [int(end) for end in ends[:-1]]


def _analysis() -> ModuleType:
    """The module of Otava that finds change points; it needs no more than numpy and SciPy."""
    try:
        return importlib.import_module("otava.analysis")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != "otava":
            raise
        message = "looking for change points with Otava needs the package apache-otava, which is not installed"
        facts = {"note": "--no-deps: it asks for an older numpy, and works with this one"}
        run = (f"pip install --no-deps {OTAVA}", "or in a clone: python3 scripts/environments.py project")
        raise MissingExtraError(message, facts=facts, run=run) from error


def _say_nothing(points: NDArray[np.float64]) -> bool:
    return len(points) < LEAST or bool(np.ptp(points) == 0)


def _in_units(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """`points` in standard deviations of one run, by differences of neighbours: changes of level hardly count there."""
    steps = np.abs(np.diff(points))
    noise = (1.4826 * np.median(steps) or 1.2533 * steps.mean()) / math.sqrt(2)
    units: NDArray[np.float64] = (points - np.median(points)) / noise
    return units


def _told(points: NDArray[np.float64], breaks: Sequence[int], scan: Scan) -> Iterator[Change]:
    """A change for each of `breaks` that counts, between its neighbours."""
    for (begin, first), (_, end) in pairwise(pairwise([0, *breaks, len(points)])):
        before, after = float(np.median(points[begin:first])), float(np.median(points[first:end]))
        if scan.counts(before, after):
            level = scan.level(points[begin:first][-scan.window :])
            _, (low, high) = changes.dated(points, level, begin, first, end)
            yield Change(first, (min(low, first), max(high, first)), before, after, None, level.scale)


def _moved(change: Change, places: NDArray[np.int64]) -> Change:
    """The same change where its points are at `places` of another series."""
    first, *suspects = (int(places[place]) for place in (change.first, *change.suspects))
    return Change(first, (suspects[0], suspects[1]), change.before, change.after, change.z, change.scale)
