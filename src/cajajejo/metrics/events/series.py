"""What was read: the points of each tag in each run as arrays, and what had to be left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_POINT: Final = np.dtype([("step", "<i8"), ("wall_time", "<f8"), ("value", "<f8")])


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """The points of one tag in one run, in the order of the files; three arrays of equal length.

    Two series are equal if their numbers are; NaN equals NaN here, because it says the same of a run.

    Attributes:
        steps: as int64.
        wall_times: in seconds since the epoch, as float64.
        values: as float64.
    """

    steps: NDArray[np.int64]
    wall_times: NDArray[np.float64]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        """How many points there are."""
        return len(self.steps)

    def __eq__(self, other: object) -> bool:
        """Whether `other` is a series of the same points."""
        if not isinstance(other, Series):
            return NotImplemented
        return (
            np.array_equal(self.steps, other.steps)
            and np.array_equal(self.wall_times, other.wall_times, equal_nan=True)
            and np.array_equal(self.values, other.values, equal_nan=True)
        )

    __hash__ = None  # type: ignore[assignment]  # arrays can be written to


@dataclass(frozen=True, slots=True)
class Events:
    """What a log directory holds: a series for each (run, tag), and a sentence for each file that is damaged."""

    series: Mapping[tuple[str, str], Series] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def digest(self) -> str:
        """16 hex digits over every point: the same numbers give the same digits wherever they lie."""
        import hashlib  # 3 ms that reading does without

        hashed = hashlib.sha256()
        for (run, tag), series in sorted(self.series.items(), key=lambda item: item[0]):
            hashed.update(f"{run}\0{tag}\0{len(series)}\0".encode("utf-8", "surrogatepass"))
            points = np.empty(len(series), _POINT)
            points["step"], points["wall_time"], points["value"] = series.steps, series.wall_times, series.values
            hashed.update(points.tobytes())
        return hashed.hexdigest()[:16]
