from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import HistoryError
from cajajejo.metrics.interchange import pruning
from cajajejo.metrics.interchange.pruning import Cut, Old
from tests.metrics.interchange.stored import START, a_run, runs_of, store

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.metrics.history.store import Store


@pytest.fixture
def history(tmp_path: Path) -> Store:
    """Ten runs of a and two of b, a second apart."""
    runs = [a_run(number, test, acc=1.0) for test, count in (("a", 10), ("b", 2)) for number in range(count)]
    return store(tmp_path / "history.db", runs)


def left(history: Store) -> list[tuple[str, str]]:
    return [(stored.run.test, stored.run.run_id) for stored in runs_of(history)]


def test_runs_before_then_go_and_the_newest_of_each_test_stay(history: Store) -> None:
    old = Old(None, START + 8, 3)
    planned = pruning.plan(history, old)
    assert planned == [Cut("a", 7, 3)]
    assert list(pruning.carry_out(history, old, planned)) == planned
    assert left(history) == [("a", "r7"), ("a", "r8"), ("a", "r9"), ("b", "r0"), ("b", "r1")]
    assert pruning.plan(history, old) == []


def test_one_test_alone_is_cut_and_none_may_be_kept(history: Store) -> None:
    old = Old("b", START + 1, 0)
    assert list(pruning.carry_out(history, old, pruning.plan(history, old))) == [Cut("b", 1, 1)]
    assert left(history)[-1] == ("b", "r1")
    assert len(left(history)) == 11


def test_planning_removes_nothing(history: Store) -> None:
    before = left(history)
    assert pruning.plan(history, Old(None, START + 100, 0)) == [Cut("a", 10, 0), Cut("b", 2, 0)]
    assert left(history) == before


def test_a_test_without_runs_is_told_with_those_that_there_are(history: Store) -> None:
    with pytest.raises(HistoryError, match="no test of this name in the history: c: ") as refused:
        pruning.plan(history, Old("c", START, 0))
    assert refused.value.facts["there are"] == "a, b"


def test_where_nothing_was_ever_stored_there_is_nothing_to_remove(tmp_path: Path) -> None:
    from cajajejo.metrics.history import History

    assert pruning.plan(History.at(f"sqlite:///{tmp_path}/none.db").store, Old(None, START, 0)) == []
    assert not (tmp_path / "none.db").exists()
