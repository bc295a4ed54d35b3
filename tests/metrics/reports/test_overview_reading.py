from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import CajajejoError
from cajajejo.metrics.baselines import Muted
from cajajejo.metrics.history import History
from cajajejo.metrics.reports import overview_reading
from tests.metrics.html.readings import BEGIN, DAY, mnist, nights, reading, series

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.metrics.history.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    found = History.at(f"sqlite:///{tmp_path}/history.db").store
    for one in [mnist(), *nights(3, 20)]:
        found.record(one.runs)
        for line in one.baselines.accepted:
            found.note(line)
    return found


def test_what_was_stored_is_what_is_read(store: Store) -> None:
    muted = Muted(mnist().test, "*", "2036-01-01", "node pool", "jasper", "2026-11-21")
    store.note(muted)
    [found] = overview_reading.read(store, ["tf-*"], since=None, now=mnist().now)
    assert found.test == mnist().test
    assert [one.run for one in found.runs] == [one.run for one in mnist().runs]
    assert [sorted(one.metrics, key=lambda metric: metric.name) for one in found.runs] == [
        sorted(one.metrics, key=lambda metric: metric.name) for one in mnist().runs
    ]
    assert (found.baselines.accepted, found.baselines.muted) == (mnist().baselines.accepted, (muted,))
    assert (found.older, found.now) == (0, mnist().now)


def test_all_tests_are_read_by_name_where_none_is_named(store: Store) -> None:
    found = overview_reading.read(store, [], since=None, now=0.0)
    assert [one.test for one in found] == [*sorted(one.test for one in nights(3, 20)), mnist().test]


def test_only_the_last_ninety_days_of_each_test_are_read_or_what_is_asked_for(tmp_path: Path) -> None:
    store = History.at(f"sqlite:///{tmp_path}/history.db").store
    store.record(reading("t", [series("m", [1.0] * 200)]).runs)
    [usual] = overview_reading.read(store, [], since=None, now=0.0)
    assert (len(usual.runs), usual.older) == (91, 109)
    [asked] = overview_reading.read(store, ["t"], since=BEGIN + 190 * DAY, now=0.0)
    assert (len(asked.runs), asked.older) == (10, 190)
    [none] = overview_reading.read(store, ["t"], since=BEGIN + 1000 * DAY, now=0.0)
    assert (none.runs, none.older) == ((), 200)


def test_of_a_test_with_very_many_runs_the_newest_are_read(tmp_path: Path) -> None:
    store = History.at(f"sqlite:///{tmp_path}/history.db").store
    store.record(reading("t", [series("m", [1.0] * 2100)]).runs)
    [found] = overview_reading.read(store, [], since=0.0, now=0.0)
    assert (len(found.runs), found.older) == (2000, 100)
    assert found.runs[-1].run.start_time == BEGIN + 2099 * DAY


def test_a_test_that_is_not_there_is_a_sentence(store: Store) -> None:
    with pytest.raises(CajajejoError, match=r"^nope: no such test in this history: sqlite:") as caught:
        overview_reading.read(store, ["tf-*", "nope"], since=None, now=0.0)
    assert caught.value.facts["there are"].startswith("pt-model-00-conv-v100-x1, ")


def test_where_there_is_no_history_there_are_no_tests(tmp_path: Path) -> None:
    store = History.at(f"sqlite:///{tmp_path}/none.db").store
    assert overview_reading.read(store, [], since=None, now=0.0) == []
    assert list(tmp_path.iterdir()) == []
