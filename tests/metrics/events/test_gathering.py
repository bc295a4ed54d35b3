from __future__ import annotations

import numpy as np
import pytest

from cajajejo.metrics.events.columns import Points
from cajajejo.metrics.events.gathering import Gathered, Gathering, Table
from tests.metrics.events import memory

PLUGINS = {"loss": "", "picture": "images"}
TABLE = Table(
    PLUGINS, {"loss": Points(np.array([[1, 2], [3, 4]]), np.ones((2, 2)), np.array([[0.1, 0.2], [0.3, 0.4]]))}
)


@pytest.mark.parametrize(
    ("plugins", "kept"),
    [
        (["", "scalars"], True),
        (["scalars", "histograms"], True),
        (["histograms", ""], False),
        (["text", "scalars"], False),
    ],
    ids=["of scalars", "first of scalars", "first of histograms", "first of texts"],
)
def test_a_tag_keeps_the_plugin_that_its_first_value_names(plugins: list[str], *, kept: bool) -> None:
    run = Gathering(()).run("run")
    assert [run.of("tag", plugin) is not None for plugin in plugins] == [kept, kept]


@pytest.mark.parametrize(
    ("run", "tag", "ignored"),
    [
        ("eval", "loss", True),
        ("eval", "time", True),
        ("train", "time", False),
        (".", "time", False),
        ("train", "a[0]", True),
        ("train", "a0", True),
        ("train", "LOSS", False),
    ],
)
def test_tags_are_ignored_by_their_names_with_and_without_the_run(run: str, tag: str, *, ignored: bool) -> None:
    gathering = Gathering(["loss", "eval/*", "a[0]"])
    assert (gathering.run(run).of(tag, "") is None) == ignored


def test_chunks_are_put_behind_each_other() -> None:
    gathering = Gathering(())
    for value in (1.0, 2.0):
        chunks = gathering.run("run").of("loss", "")
        assert chunks is not None
        chunks.append(Points.of(int(value), 0.0, value))
    assert memory.points(gathering.run("run")) == {"loss": [(1, 0.0, 1.0), (2, 0.0, 2.0)]}


def test_a_tag_without_points_is_no_series() -> None:
    gathering = Gathering(())
    gathering.run("run").of("loss", "")
    gathering.run("run").of("picture", "images")
    series = gathering.series()
    assert (dict(series), len(series), list(series)) == ({}, 0, [])


def test_a_row_of_a_table_is_a_run() -> None:
    gathering = Gathering(())
    for row in range(2):
        gathering.run(f"run{row}").take(TABLE, row)
    assert {key: memory.listed(series) for key, series in gathering.series().items()} == {
        ("run0", "loss"): [(1, 1.0, 0.1), (2, 1.0, 0.2)],
        ("run1", "loss"): [(3, 1.0, 0.3), (4, 1.0, 0.4)],
    }


def test_a_run_may_go_on_after_a_row() -> None:
    run = Gathering(()).run("run")
    run.take(TABLE, 1)
    assert run.of("picture", "") is None
    chunks = run.of("loss", "")
    assert chunks is not None
    chunks.append(Points.of(5, 1.0, 0.5))
    assert memory.points(run) == {"loss": [(3, 1.0, 0.3), (4, 1.0, 0.4), (5, 1.0, 0.5)]}


@pytest.mark.parametrize("before", [True, False], ids=["points before", "a row before"])
def test_a_row_may_come_behind_others(*, before: bool) -> None:
    run = Gathering(()).run("run")
    if before:
        chunks = run.of("loss", "")
        assert chunks is not None
        chunks.append(Points.of(1, 1.0, 0.1))
        chunks.append(Points.of(2, 1.0, 0.2))
    else:
        run.take(TABLE, 0)
    run.take(TABLE, 1)
    assert memory.points(run) == {"loss": [(1, 1.0, 0.1), (2, 1.0, 0.2), (3, 1.0, 0.3), (4, 1.0, 0.4)]}


def test_what_is_ignored_is_ignored_in_rows_as_well() -> None:
    run = Gathering(["run/loss"]).run("run")
    run.take(TABLE, 0)
    assert memory.points(run) == {}


def test_series_are_a_mapping_that_equals_a_dictionary() -> None:
    gathering = Gathering(())
    gathering.run("run").take(TABLE, 0)
    series = gathering.series()
    assert dict(series) == series
    assert series == dict(series)
    assert (("run", "loss") in series, ("run", "picture") in series, ("other", "loss") in series) == (
        True,
        False,
        False,
    )
    assert repr(series) == repr(dict(series))
    assert series != Gathered({})
