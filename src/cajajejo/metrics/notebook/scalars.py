"""Event files as arrays: a series for each tag of each run, and the metrics that the commands make of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cajajejo import digits
from cajajejo.metrics import aggregate, config, events
from cajajejo.metrics.config.collection import DEFAULT_COLLECTION
from cajajejo.metrics.events import Series
from cajajejo.metrics.notebook import frames
from cajajejo.phrases import some
from cajajejo.terminal import Column, Style, table
from cajajejo.tracebacks import explained

if TYPE_CHECKING:
    from os import PathLike

    from cajajejo.metrics.config import MetricsConfig
    from cajajejo.metrics.config.collection import MetricCollectionConfig
    from cajajejo.metrics.events import Events

_COLUMNS: Final = (
    Column("run"),
    Column("tag", widest=True),
    Column("points", right=True),
    Column("steps", right=True),
    Column("last", right=True),
)
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True, repr=False, eq=False)
class Scalars(Mapping[tuple[str, str], Series]):
    """What event files hold: ``scalars["train", "loss"]`` has `steps`, `wall_times` and `values`, three arrays.

    A tag that one run alone has needs no run: ``scalars["loss"]``. It is a mapping by (run, tag).
    """

    events: Events

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for each file that is damaged; what is whole of it was read."""
        return self.events.warnings

    def metrics(self, config: MetricsConfig | str | PathLike[str] | None = None) -> dict[str, float]:
        """The metrics of the run by name, as ``cajajejo metrics collect`` shows them; `config` may be a path.

        Raises:
            FileProblemsError: the configuration is wrong.
        """
        with explained():
            return dict(aggregate.collect(self.events, _collection(config)).metrics)

    def to_frame(self) -> Any:
        """All points as a long data frame of pandas: run, tag, step, wall_time, value.

        Raises:
            MissingExtraError: pandas is not installed.
        """
        lengths = [len(series) for series in self.values()]
        return frames.frame(
            {
                "run": np.repeat(np.array([run for run, _ in self], dtype=object), lengths),
                "tag": np.repeat(np.array([tag for _, tag in self], dtype=object), lengths),
                "step": np.concatenate([np.empty(0, np.int64), *(series.steps for series in self.values())]),
                "wall_time": np.concatenate([np.empty(0), *(series.wall_times for series in self.values())]),
                "value": np.concatenate([np.empty(0), *(series.values for series in self.values())]),
            }
        )

    def __getitem__(self, key: tuple[str, str] | str) -> Series:
        """The series of a tag in a run, or of a tag that one run alone has.

        Raises:
            KeyError: there is none, or there are several; says which there are.
        """
        if not isinstance(key, str):
            return self.events.series[key]
        found = [place for place in self.events.series if place[1] == key]
        if len(found) == 1:
            return self.events.series[found[0]]
        if found:
            raise KeyError(f"{key} is in {len(found)} runs: {some([run for run, _ in found])}; give the run as well")
        raise KeyError(f"no tag is called {key}; there are {some(sorted({tag for _, tag in self})) or 'none'}")

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """The runs and tags, in order."""
        return iter(sorted(self.events.series))

    def __len__(self) -> int:
        """How many series there are."""
        return len(self.events.series)

    def __repr__(self) -> str:
        """A table with a line for each series."""
        told = [f"Warning: {warning}" for warning in self.warnings]
        rows = [_row(place, self.events.series[place]) for place in list(self)[:_SHOWN]]
        more = [f"  and {len(self) - _SHOWN:,} more"] if len(self) > _SHOWN else []
        return "\n".join([*told, *(table(_COLUMNS, rows, Style()) if rows else ["no scalars"]), *more])


def read_events(logdir: str | PathLike[str]) -> Scalars:
    """Every scalar of the event files in `logdir`, at any depth, every point of it; also ``gs://…`` and ``s3://…``.

    Raises:
        CajajejoError: there is no such directory, or it cannot be read.
    """
    with explained():
        return Scalars(events.read(logdir if isinstance(logdir, str) else Path(logdir)))


def _collection(given: MetricsConfig | str | PathLike[str] | None) -> MetricCollectionConfig:
    if given is None:
        return DEFAULT_COLLECTION
    found = given if isinstance(given, config.MetricsConfig) else config.load(Path(given))
    return found.metric_collection_config


def _row(place: tuple[str, str], series: Series) -> tuple[str, ...]:
    run, tag = place
    style = Style()
    steps = f"{int(series.steps.min())}..{int(series.steps.max())}" if len(series) else ""
    last = digits.number(float(series.values[-1])) if len(series) else ""
    return style.plain(run), style.plain(tag), f"{len(series):,}", steps, last
