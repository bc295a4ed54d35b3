"""Logs as one in order of time: lazily, in flat memory, nothing twice; and those that come at the same time."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.logs.lines import Block, Gap, Line
from cajajejo.logs.live import Live
from cajajejo.logs.merging import Feed, between, distinct, last, lines_of, merged
from tests.logs.test_lines import TEN, block

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cajajejo.logs.lines import Item

LOGS = st.lists(st.lists(st.lists(st.integers(0, 100), min_size=1, max_size=6), max_size=4), max_size=4)


def of(pod: str, *rows: tuple[int, str]) -> Block:
    made = block(*((at, text.encode()) for at, text in rows))
    return Block(pod, "eval", made.data, made.first, made.last, made.count)


def texts(items: Iterable[Item]) -> list[str]:
    return [item.text if isinstance(item, Line) else f"GAP {item.why}" for item in lines_of(items)]


@given(LOGS)
def test_lines_of_all_logs_come_once_and_in_order(logs: list[list[list[int]]]) -> None:
    feeds, expected = [], []
    for number, log in enumerate(logs):
        moments = sorted(at for part in log for at in part)
        expected += [(TEN + at, f"p{number}") for at in moments]
        blocks, place = [], 0
        for part in log:
            blocks.append(of(f"p{number}", *((at, "x") for at in moments[place : place + len(part)])))
            place += len(part)
        feeds.append(Feed(TEN, lambda blocks=blocks: iter(blocks)))  # type: ignore[misc]
    found = [(line.at, line.pod) for line in lines_of(merged(feeds)) if isinstance(line, Line)]
    assert sorted(found) == sorted(expected)
    assert all(first[0] <= second[0] for first, second in pairwise(found) if first[0] and second[0])


def test_large_blocks_that_overlap_are_merged_line_by_line() -> None:
    one = of("p", *((at, "x" * 100) for at in range(0, 2000, 2)))
    two = of("q", *((at, "y" * 100) for at in range(1, 2000, 2)))
    found = [
        line.at
        for line in lines_of(merged([Feed(0, lambda: iter([one])), Feed(0, lambda: iter([two]))]))
        if isinstance(line, Line)
    ]
    assert found == [TEN + at for at in range(2000)]


def test_a_log_is_opened_when_everything_older_was_read() -> None:
    opened: list[str] = []

    def feed(name: str, at: int) -> Feed:
        def items() -> Iterator[Item]:
            opened.append(name)
            yield of(name, (at, name))

        return Feed(TEN + at, items)

    coming = merged([feed("b", 20), feed("a", 10), feed("c", 30)])
    assert opened == []
    assert texts([next(coming)]) == ["a"]
    assert opened == ["a"]
    assert texts(coming) == ["b", "c"]


def test_a_block_that_overlaps_with_nothing_stays_whole() -> None:
    one, two = of("p", (0, "a"), (1, "b")), of("q", (2, "c"), (3, "d"))
    assert list(merged([Feed(TEN, lambda: iter([one])), Feed(TEN + 2, lambda: iter([two]))])) == [one, two]


def test_the_last_lines_keep_the_gaps_between_them() -> None:
    gap = Gap(TEN, None, "rotated")
    items: list[Item] = [of("p", (0, "a"), (1, "b")), gap, of("p", (2, "c"))]
    assert texts(last(items, 2)) == ["b", "GAP rotated", "c"]
    assert texts(last(items, 0)) == []
    assert texts(last(items, 9)) == ["a", "b", "GAP rotated", "c"]


def test_lines_between_two_times_are_those_and_nothing_is_read_after() -> None:
    def items() -> Iterator[Item]:
        yield of("p", (0, "a"), (1, "b"), (2, "c"))
        yield Line(TEN + 1, "q", "eval", "cloud b")
        yield Line(TEN, "q", "eval", "cloud a")
        yield of("p", (3, "d"), (4, "e"))
        yield of("p", (5, "f"))
        raise AssertionError

    assert texts(between(items(), TEN + 1, TEN + 3)) == ["b", "c", "cloud b", "d"]


def cloud(at: int, text: str, number: int = 0, payload: dict[str, str] | None = None) -> Line:
    return Line(TEN + at, "p", "eval", text, payload, f"id{number}")


def test_what_pod_and_archive_both_have_comes_once() -> None:
    both: list[Item] = [cloud(1, "a"), of("p", (1, "a"), (1, "b")), cloud(1, "b", 1), cloud(2, "c", 2)]
    assert texts(distinct(both)) == ["a", "b", "c"]


def test_the_same_line_twice_in_one_source_is_two_lines() -> None:
    assert texts(distinct([of("p", (1, "a"), (1, "a")), cloud(1, "a", 1), cloud(1, "a", 2)])) == ["a", "a"]
    assert texts(distinct([of("p", (1, "a")), cloud(1, "a", 1), cloud(1, "a", 2)])) == ["a", "a"]


@pytest.mark.parametrize("other", [cloud(2, "a"), cloud(1, "b"), Line(TEN + 1, "q", "eval", "a", None, "x")])
def test_another_time_text_or_pod_is_another_line(other: Line) -> None:
    assert len(texts(distinct([of("p", (1, "a")), other]))) == 2


def test_json_lines_are_the_same_by_their_message() -> None:
    payload = {"message": "m", "severity": "INFO"}
    assert texts(distinct([of("p", (1, '{"message": "m"}')), cloud(1, "m", 1, payload)])) == ['{"message": "m"}']


def test_what_was_seen_long_before_is_forgotten() -> None:
    many = (cloud(number * 10**9, str(number), number) for number in range(1000))
    assert len(texts(distinct(many))) == 1000


def test_a_line_that_says_it_comes_from_the_future_is_forgotten_as_well() -> None:
    future = '{"message": "m", "time": "9999-01-01T00:00:00Z"}'
    late = cloud(30 * 10**9, "a", 1, {"message": "a", "time": "2026-11-21T10:00:00.000001Z"})
    items: list[Item] = [of("p", (0, future), (1000, "a")), of("p", (20 * 10**9, "b")), late]
    assert texts(distinct(items)) == [future, "a", "b", "a"]


def test_logs_that_come_together_are_in_order_of_time() -> None:
    live, ready = Live(window=60), threading.Event()

    def slow() -> Iterator[Item]:
        ready.wait(60)
        yield of("p", (1, "b"), (3, "d"))

    def quick() -> Iterator[Item]:
        yield of("q", (0, "a"), (2, "c"), (4, "e"))
        ready.set()

    live.add("p", slow())
    live.add("q", quick())
    live.finish()
    assert texts(live) == ["a", "b", "c", "d", "e"]


def test_a_log_that_says_nothing_holds_nobody_up_for_long() -> None:
    live, over = Live(window=0.05), threading.Event()

    def silent() -> Iterator[Item]:
        over.wait(60)
        yield of("p", (0, "late"))

    live.add("p", silent())
    live.add("q", iter([of("q", (5, "early"))]))
    live.finish()
    coming = iter(live)
    assert texts([next(coming)]) == ["early"]
    over.set()
    assert texts(coming) == ["late"]


def test_a_log_is_not_read_far_ahead() -> None:
    live, read = Live(), []

    def items() -> Iterator[Item]:
        for number in range(100):
            read.append(number)
            yield of("p", (number, str(number)))

    ended = threading.Event()
    live.add("p", items(), then=ended.set)
    live.finish()
    coming = iter(live)
    next(coming)
    assert not ended.wait(0.1)
    assert len(read) < 10
    assert len(list(coming)) == 99
    assert ended.wait(60)


def test_an_error_of_one_log_is_raised_where_the_lines_are_shown() -> None:
    live = Live()

    def items() -> Iterator[Item]:
        yield of("p", (0, "a"))
        raise KeyError("x")

    live.add("p", items())
    with pytest.raises(KeyError):
        list(live)


def test_a_line_that_tells_its_own_time_is_the_same_although_its_node_read_it_later() -> None:
    said = datetime.fromtimestamp(TEN // 10**9, UTC).strftime("%Y-%m-%dT%H:%M:%S.000005Z")
    text = json.dumps({"message": "m", "time": said})
    archived = cloud(5_000, "m", 1, {"message": "m", "severity": "INFO"})
    assert texts(distinct([archived, of("p", (9_000, text))])) == ["m"]
    assert texts(distinct([cloud(6_000, "m", 1, {"message": "m"}), of("p", (9_000, text))])) == ["m", text]
