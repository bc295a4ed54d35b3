"""The log of one container over a connection that breaks: every line once, in order, in flat memory."""

from __future__ import annotations

import random
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from cajajejo.cluster.errors import NotAllowedError, UnreachableError
from cajajejo.logs import pods
from cajajejo.logs.lines import Block, Gap
from cajajejo.logs.pods import ContainerLog, Instance
from tests.clusters import Talk, talking
from tests.fakes.kubernetes.logs import Instance as Written
from tests.logs import arranging
from tests.logs.arranging import ENDED, RUNNING, at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from cajajejo.logs.lines import Item

LOG = r"/pods/a-1/log$"


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        arranging.job(found.fake)
        yield found


def instance(talk: Talk, run: int = 0) -> Instance:
    pod = talk.fake.get("Pod", "a-1")
    assert pod is not None
    return Instance("default", "a-1", pod["metadata"]["uid"], "eval", run)


def texts(items: Iterable[Item]) -> list[str]:
    """The lines; of a gap, why."""
    found = []
    for item in items:
        if isinstance(item, Block):
            found += [line.text for line in item.lines()]
        else:
            assert isinstance(item, Gap)
            found.append(f"GAP {item.why}")
    return found


def test_history_is_every_line_with_its_time(talk: Talk) -> None:
    arranging.pod(talk.fake, eval=ENDED)
    talk.fake.log("a-1", "one\n", at=at(0))
    talk.fake.log("a-1", "two\r\nthree \x00\n", at=at(5))
    talk.fake.log("a-1", "no end", at=at(7))
    (block, *rest) = ContainerLog(talk.connect(), instance(talk)).history()
    assert isinstance(block, Block)
    lines = [(line.at, line.pod, line.container, line.text) for item in (block, *rest) for line in item.lines()]  # type: ignore[union-attr]
    ten = 1795255200 * 10**9
    assert lines == [
        (ten, "a-1", "eval", "one"),
        (ten + 5, "a-1", "eval", "two"),
        (ten + 5, "a-1", "eval", "three \x00"),
        (ten + 7, "a-1", "eval", "no end"),
    ]


def test_every_line_comes_once_and_in_order_however_often_the_stream_is_cut(talk: Talk) -> None:
    chance = random.Random(4)  # noqa: S311  # accidents, no secrets
    for round_number in range(40):
        talk.fake.remove("Pod", "a-1")
        arranging.pod(talk.fake, eval=RUNNING if round_number % 4 == 0 else ENDED)
        talk.fake.api.logs.rotate(Written("default", "a-1", "eval"), 0)
        expected, moment = [], 0
        for number in range(chance.randrange(1, 60)):
            moment += chance.choice([0, 0, 1, 1000, 10**8, 10**9, 3 * 10**9])
            text = chance.choice(["", "same", f"line {number}", "é" * chance.randrange(200)])
            talk.fake.log("a-1", text + "\n", at=at(moment))
            expected.append(text)
        for _ in range(chance.randrange(1, 20)):
            fault = talk.fake.faults.on("GET", LOG)
            kind = chance.randrange(6)
            if kind == 0:
                fault.answer(500)
            elif kind == 1:
                fault.drop_before()
            else:
                fault.break_off(chance.randrange(1, 3000))
        found: list[str] = []
        for item in ContainerLog(talk.connect(), instance(talk)).follow():
            found += texts([item])
            if len(found) == len(expected):
                arranging.end_pod(talk.fake)
        assert found == expected, f"round {round_number}"
        talk.fake.faults.clear()


def test_lines_that_are_slightly_out_of_order_come_once(talk: Talk) -> None:
    chance = random.Random(5)  # noqa: S311  # accidents, no secrets
    for _ in range(25):
        talk.fake.remove("Pod", "a-1")
        arranging.pod(talk.fake, eval=ENDED)
        talk.fake.api.logs.rotate(Written("default", "a-1", "eval"), 0)
        moments = sorted(chance.randrange(6 * 10**9) for _ in range(50))
        for place in range(0, 49, 2):  # stdout and stderr overtake each other
            moments[place : place + 2] = reversed(moments[place : place + 2])
        for number, moment in enumerate(moments):
            talk.fake.log("a-1", f"{number}\n", at=at(moment))
        for _ in range(6):
            talk.fake.faults.on("GET", LOG).break_off(chance.randrange(1, 2500))
        assert texts(ContainerLog(talk.connect(), instance(talk)).follow()) == [str(number) for number in range(50)]
        talk.fake.faults.clear()


def test_what_is_printed_while_it_is_followed_comes_until_the_container_ends(talk: Talk) -> None:
    arranging.pod(talk.fake)
    talk.fake.log("a-1", "first\n", at=at(0))
    coming = ContainerLog(talk.connect(), instance(talk)).follow()
    assert texts([next(coming)]) == ["first"]
    talk.fake.log("a-1", "second\n", at=at(10**9))
    assert texts([next(coming)]) == ["second"]
    talk.fake.log("a-1", "last, without end", at=at(2 * 10**9))
    arranging.end_pod(talk.fake)
    assert texts(coming) == ["last, without end"]


def test_a_log_that_was_rotated_while_the_stream_was_cut_has_a_gap(talk: Talk) -> None:
    arranging.pod(talk.fake)
    for number in range(10):
        talk.fake.log("a-1", f"{number}\n", at=at(number * 10**8))
    talk.fake.faults.on("GET", LOG).cut(after_events=6)
    coming = ContainerLog(talk.connect(), instance(talk)).follow()
    seen = texts([next(coming)])
    while len(seen) < 6:
        seen += texts([next(coming)])
    talk.fake.api.logs.rotate(Written("default", "a-1", "eval"), 2)
    arranging.end_pod(talk.fake)
    gap, *after = coming
    assert isinstance(gap, Gap)
    assert (gap.why, gap.pod) == ("the log of pod a-1 was rotated before it could be read", "a-1")
    assert gap.since == 1795255200 * 10**9 + 5 * 10**8
    assert [*seen, *texts(after)] == ["0", "1", "2", "3", "4", "5", "8", "9"]


def test_a_rotation_that_lost_nothing_is_no_gap(talk: Talk) -> None:
    arranging.pod(talk.fake)
    for number in range(10):
        talk.fake.log("a-1", f"{number}\n", at=at(number * 10**8))
    talk.fake.faults.on("GET", LOG).cut(after_events=6)
    coming = ContainerLog(talk.connect(), instance(talk)).follow()
    seen = texts([next(coming)])
    while len(seen) < 6:
        seen += texts([next(coming)])
    talk.fake.api.logs.rotate(Written("default", "a-1", "eval"), 5)
    arranging.end_pod(talk.fake)
    assert [*seen, *texts(coming)] == [str(number) for number in range(10)]


def test_a_container_that_was_restarted_meanwhile_is_read_to_its_end_from_its_previous_run(talk: Talk) -> None:
    arranging.pod(talk.fake)
    talk.fake.log("a-1", "one\n", at=at(0))
    log = ContainerLog(talk.connect(), instance(talk))
    coming = log.follow()
    assert texts([next(coming)]) == ["one"]
    talk.fake.log("a-1", "one\ntwo\n", at=at(0), previous=True)
    arranging.pod(talk.fake, eval={**RUNNING, "last": {"terminated": {"exitCode": 1}}}, restarts=1)
    talk.fake.stop()
    talk.fake.start()
    assert texts(coming) == ["two"]


def test_a_container_that_was_restarted_twice_meanwhile_has_a_gap(talk: Talk) -> None:
    arranging.pod(talk.fake, eval={**RUNNING, "last": {"terminated": {"exitCode": 1}}}, restarts=2)
    coming = ContainerLog(talk.connect(), instance(talk, run=0)).follow()
    assert texts(coming) == ["GAP container eval of pod a-1 was restarted twice meanwhile"]


def test_a_pod_that_is_deleted_while_its_stream_is_cut_has_a_gap(talk: Talk) -> None:
    arranging.pod(talk.fake)
    talk.fake.log("a-1", "one\ntwo\n", at=at(0))
    talk.fake.faults.on("GET", LOG).cut(after_events=1)
    coming = ContainerLog(talk.connect(), instance(talk)).follow()
    assert texts([next(coming)]) == ["one"]
    talk.fake.remove("Pod", "a-1")
    assert texts(coming) == ["GAP pod a-1 was deleted before the rest of its log was read"]


def test_a_cut_that_was_made_good_is_no_gap_when_the_pod_is_deleted_later(talk: Talk) -> None:
    arranging.pod(talk.fake)
    talk.fake.log("a-1", "one\ntwo\n", at=at(0))
    talk.fake.faults.on("GET", LOG).cut(after_events=2)
    coming = ContainerLog(talk.connect(), instance(talk)).follow()
    found = texts([next(coming)])
    talk.fake.log("a-1", "three\n", at=at(1))
    while "three" not in found:
        found += texts([next(coming)])
    talk.fake.remove("Pod", "a-1")
    assert [*found, *texts(coming)] == ["one", "two", "three"]


def test_a_pod_that_is_deleted_after_its_stream_ended_has_none(talk: Talk) -> None:
    arranging.pod(talk.fake)
    talk.fake.log("a-1", "one\n", at=at(0))
    coming = ContainerLog(talk.connect(), instance(talk)).follow()
    assert texts([next(coming)]) == ["one"]
    talk.fake.remove("Pod", "a-1")
    assert texts(coming) == []


def test_another_pod_of_the_same_name_is_not_read(talk: Talk) -> None:
    arranging.pod(talk.fake)
    before = instance(talk)
    talk.fake.remove("Pod", "a-1")
    arranging.pod(talk.fake)
    talk.fake.log("a-1", "of another\n")
    assert texts(ContainerLog(talk.connect(), before).follow()) == []


@pytest.mark.parametrize(
    ("status", "says"),
    [(400, 'container "eval" in pod "a-1" is not available'), (500, "dial tcp 10.0.0.1:10250: i/o timeout")],
)
def test_the_log_of_a_run_that_ended_and_can_never_be_read_is_a_gap(talk: Talk, status: int, says: str) -> None:
    arranging.pod(talk.fake)
    talk.fake.log("a-1", "one\n", at=at(0))
    coming = ContainerLog(talk.connect(), instance(talk)).follow()
    assert texts([next(coming)]) == ["one"]
    talk.fake.faults.on("GET", LOG, times=10**6).answer(status, says)
    arranging.end_pod(talk.fake, phase="Failed")
    (gap,) = texts(coming)
    assert gap.startswith("GAP the rest of the log of pod a-1 cannot be read: ")
    assert says in gap


def test_a_log_that_could_not_be_read_at_first_comes_whole(talk: Talk) -> None:
    arranging.pod(talk.fake, eval=ENDED)
    talk.fake.log("a-1", "one\n", at=at(0))
    talk.fake.faults.on("GET", LOG, times=4).answer(400, "not yet")
    assert texts(ContainerLog(talk.connect(), instance(talk)).follow()) == ["one"]


def test_a_container_that_has_not_started_is_waited_for(talk: Talk) -> None:
    arranging.pod(talk.fake, eval=arranging.CREATING)

    def start() -> None:
        if len(talk.waited) == 3:
            arranging.pod(talk.fake, eval=ENDED)
            talk.fake.log("a-1", "hello\n")

    talk.while_waiting = start
    assert texts(ContainerLog(talk.connect(), instance(talk)).follow()) == ["hello"]
    assert talk.waited == sorted(talk.waited)


def test_a_server_that_restarts_is_waited_for(talk: Talk) -> None:
    arranging.pod(talk.fake)
    talk.fake.log("a-1", "one\n", at=at(0))
    coming = ContainerLog(talk.connect(), instance(talk)).follow()
    assert texts([next(coming)]) == ["one"]
    talk.fake.stop()
    talk.fake.log("a-1", "two\n", at=at(1))
    arranging.end_pod(talk.fake)

    def start() -> None:
        if len(talk.waited) == 40:
            talk.fake.start()

    talk.while_waiting = start
    assert texts(coming) == ["two"]


def test_history_gives_up_on_a_stream_that_is_always_cut(talk: Talk) -> None:
    arranging.pod(talk.fake, eval=ENDED)
    talk.fake.log("a-1", "one\n", at=at(0))
    talk.fake.faults.on("GET", LOG, times=99).break_off(5)
    with pytest.raises(UnreachableError, match="connection to the cluster was lost"):
        list(ContainerLog(talk.connect(), instance(talk)).history())
    assert sum(request.path.endswith("/log") for request in talk.fake.requests) == 5


def test_a_refusal_is_told_at_once(talk: Talk) -> None:
    arranging.pod(talk.fake)
    talk.fake.deny("get", "pods/log")
    with pytest.raises(NotAllowedError):
        list(ContainerLog(talk.connect(), instance(talk)).follow())


def test_the_last_lines_alone_are_read_and_then_what_follows(talk: Talk) -> None:
    arranging.pod(talk.fake)
    for number in range(10):
        talk.fake.log("a-1", f"{number}\n", at=at(7 + number // 4))
    log = ContainerLog(talk.connect(), instance(talk), tail=3)
    assert texts(log.history()) == ["7", "8", "9"]
    talk.fake.log("a-1", "10\n", at=at(10**9))
    arranging.end_pod(talk.fake)
    assert texts(log.follow()) == ["10"]


def test_a_line_of_ten_megabytes_comes_through_whole_and_bytes_that_are_no_text_are_replaced(talk: Talk) -> None:
    arranging.pod(talk.fake, eval=ENDED)
    talk.fake.log("a-1", "x" * 10_000_000 + "\n" + b"caf\xe9 \xff".decode("utf-8", "surrogateescape") + "\n")
    first, second = texts(ContainerLog(talk.connect(), instance(talk)).history())
    assert first == "x" * 10_000_000
    assert second == "caf\ufffd \ufffd"


def test_memory_does_not_grow_with_the_log(talk: Talk) -> None:
    arranging.pod(talk.fake, eval=ENDED)
    peaks = []
    for count in (100, 1_000, 8_000):  # the first has imports to do
        talk.fake.api.logs.rotate(Written("default", "a-1", "eval"), 0)
        talk.fake.log("a-1", "x" * 200 + "\n" + ("y" * 200 + "\n") * (count - 1))
        tracemalloc.start()
        blocks = ContainerLog(talk.connect(), instance(talk)).history()
        read = sum(len(item.data) for item in blocks if isinstance(item, Block))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert read == count * 232
    assert peaks[2] < peaks[1] + 1_000_000


def test_what_a_kubelet_says_in_place_of_a_log_is_a_gap(talk: Talk) -> None:
    arranging.pod(talk.fake, eval=ENDED)
    talk.fake.faults.on("GET", LOG).proxy_page(200, "unable to retrieve container logs for containerd://abc")
    assert texts(ContainerLog(talk.connect(), instance(talk)).history()) == [
        "GAP the node has no log of pod a-1 any more"
    ]


def test_tail_is_the_last_lines_without_times(talk: Talk) -> None:
    arranging.pod(talk.fake, eval=ENDED)
    talk.fake.log("a-1", "".join(f"{number}\r\n" for number in range(100)))
    cluster = talk.connect()
    assert pods.tail(cluster, "default", "a-1", "eval", lines=3) == ("97", "98", "99")
    assert pods.tail(cluster, "default", "a-1", "eval", lines=3, previous=True) == ()
    assert pods.tail(cluster, "default", "none", "eval") == ()


def test_tail_is_bounded_in_bytes(talk: Talk) -> None:
    arranging.pod(talk.fake, eval=ENDED)
    talk.fake.log("a-1", "a\n" + "x" * 1_000_000 + "\nlast\n")
    *_, long, last = pods.tail(talk.connect(), "default", "a-1", "eval")
    assert (len(long), last) == (64 * 1024 - len("\nlast\n"), "last")
