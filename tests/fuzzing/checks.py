"""What must hold of any file: each check is given its bytes, and a directory of its own."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cajajejo.errors import CajajejoError
from cajajejo.metrics import baselines, config, events
from tests.metrics.events import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cajajejo.metrics.events import Events


def event_file(data: bytes, folder: Path, *, read: Callable[[Path], Events] = events.read) -> None:
    """Read as one run, and twice as another, it holds what a plain reader finds."""
    for place in ("a/tfevents.1", "b/tfevents.1", "b/tfevents.2"):
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_bytes(data)
    found = read(folder)
    file = plain.read(data)
    runs = {"a": plain.points(file), "b": plain.points(file, file)}
    expected = {(run, tag): listed for run, points in runs.items() for tag, listed in points.items()}
    assert found.series.keys() == expected.keys(), (sorted(found.series), sorted(expected))
    for key, listed in expected.items():
        series = found.series[key]
        mine = list(zip(series.steps.tolist(), series.wall_times.tolist(), series.values.tolist(), strict=True))
        assert repr(mine) == repr(listed), key  # which tells NaN from numbers, and -0.0 from 0.0
    told = {len(found.warnings)}  # of what is no scalar the inside is not looked at, be it protobuf or not
    assert told <= ({3} if file.damaged else {0, 3} if file.foreign else {0}), (found.warnings, file)


def config_file(data: bytes, folder: Path) -> None:
    """As a metric configuration, it is one, or an expected failure; what is probably not meant can be told."""
    path = folder / "demo.metrics.yml"
    path.write_bytes(data)
    with suppress(CajajejoError):
        loaded = config.load(path)
        assert all(isinstance(said, str) for said in config.warnings(loaded))


def baselines_file(data: bytes, folder: Path) -> None:
    """As baselines, it is such, or an expected failure; each of its lines can be asked about."""
    path = folder / "demo.baselines.yml"
    path.write_bytes(data)
    with suppress(CajajejoError):
        loaded = baselines.load(path)
        for one in loaded.accepted:
            assert loaded.accepted_from(one.test, one.metric) is not None
        for muted in loaded.muted:
            assert loaded.muted_until(muted.test, muted.metric, 1e18) is None
        assert loaded.and_noted(loaded) == loaded
