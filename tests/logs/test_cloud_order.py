"""What waits for earlier entries, and what knows those that were seen."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cajajejo.logs.cloud_entries import Key
from cajajejo.logs.cloud_order import Memory, Shelf


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(0, 3)), max_size=30), st.floats(0, 5))
def test_a_shelf_gives_everything_once_and_holds_nothing_longer_than_it_says(
    arrivals: list[tuple[int, float]], hold: float
) -> None:
    shelf, now, given_out, arrived = Shelf(hold), 0.0, [], {}
    for number, (at, later) in enumerate(arrivals):
        now += later
        shelf.put(Key(at, str(number), ""), number, now)
        arrived[number] = now
        given_out += list(shelf.ready(now))
        assert all(number in given_out or arrived[number] > now - hold for number in arrived)
    given_out += list(shelf.rest())
    assert sorted(given_out) == list(range(len(arrivals)))


def test_a_shelf_puts_in_order_what_arrives_within_its_time() -> None:
    shelf = Shelf(1.0)
    for number, at in enumerate((3, 1, 2)):
        shelf.put(Key(at, "", ""), at, number / 10)
    assert list(shelf.ready(0.9)) == []
    assert list(shelf.ready(1.05)) == [1, 2, 3]
    shelf.put(Key(4, "", ""), 4, 1.1)
    assert list(shelf.ready(1.2)) == []
    assert list(shelf.ready(2.1)) == [4]


def test_a_memory_holds_no_more_than_it_may() -> None:
    memory = Memory(2)
    first, second, third = (Key(number, "i", "") for number in range(3))
    assert [memory.is_new(key) for key in (first, first, second, second, third)] == [True, False, True, False, True]
    assert [memory.is_new(key) for key in (second, first)] == [False, True]
    nameless = Key(1, "", "")
    assert memory.is_new(nameless)
    assert memory.is_new(nameless)
