"""Watches: nothing is missed and nothing told twice, whatever breaks; and no server is hammered meanwhile."""

from __future__ import annotations

import json
import threading
import time
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.cluster import Pace, Watch, What, watch
from cajajejo.cluster.errors import (
    ClusterBusyError,
    ClusterError,
    CredentialsError,
    ExpiredError,
    NotAllowedError,
    NotServedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from cajajejo.cluster.event_stream import EventStream
from cajajejo.cluster.exchange import Answer as Answered
from cajajejo.cluster.exchange import Target
from cajajejo.cluster.retries import Timing
from tests.clusters import Talk, job, talking
from tests.fakes.kubernetes.messages import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from cajajejo.cluster import Cluster
    from tests.fakes.kubernetes.messages import Request
    from tests.fakes.kubernetes.model import Object

FAST = Timing(first=0.01, longest=0.05, longest_asked=0.05)
JOBS = "/apis/batch/v1/namespaces/default/jobs"


class Rests:
    """Waits that take no time, on a clock of their own; the times of all requests by that clock."""

    def __init__(self, talk: Talk) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        self.asked_at: list[float] = []
        talk.fake.before(lambda _number, _request: self.asked_at.append(self.now))

    def rest(self, _closed: threading.Event, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def busiest(self, seconds: float) -> int:
        """How many requests came within `seconds`, at most."""
        return max(sum(start <= at < start + seconds for at in self.asked_at) for start in self.asked_at)


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path) as found:
        yield found


def watching(ours: Cluster, kind: str = "Job", **more: Any) -> Watch:
    pace = more.pop("pace", Pace(timing=FAST))
    return watch(ours, kind, pace=pace, **more)


def told(changes: Iterator[Any], count: int) -> list[tuple[str, str]]:
    """The next changes, by what they are and the name."""
    return [(change.what, change.object.get("metadata", {}).get("name", "")) for change in islice(changes, count)]


def is_watch(request: Request) -> bool:
    return request.query.get("watch") == "true"


def on_watch(talk: Talk, times: int = 1, *, skip: int = 0) -> Any:
    """A fault for watches alone."""
    fault = talk.fake.faults.on(times=times, skip=skip)
    fault.matches = is_watch  # type: ignore[method-assign]
    return fault


def body(*parts: bytes, content_type: str = "application/json") -> Answer:
    return Answer(200, headers={"Content-Type": content_type}, stream=iter(parts))


def line(kind: str, value: Object) -> bytes:
    return json.dumps({"type": kind, "object": value}).encode() + b"\n"


def versioned(name: str, version: str) -> Object:
    return {**job(name), "metadata": {"name": name, "resourceVersion": version}}


def at_watch(talk: Talk, number: int, action: Callable[[], object]) -> None:
    """Does it when the watch of this number (from 1) is asked for, before it is answered."""
    watches: list[Request] = []

    def hook(_: int, request: Request) -> None:
        if is_watch(request):
            watches.append(request)
            if len(watches) == number:
                action()

    talk.fake.before(hook)


def test_what_is_there_is_told_then_every_change(talk: Talk) -> None:
    talk.fake.put(job("a"))
    with watching(talk.connect(), signals=True) as changes:
        assert told(changes, 2) == [("ADDED", "a"), ("LISTED", "")]
        talk.fake.put(job("b"))
        talk.fake.update("Job", "a", {"status": {"active": 1}})
        talk.fake.remove("Job", "b")
        assert told(changes, 3) == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]


def test_a_change_holds_the_object_with_its_kind_and_without_managed_fields(talk: Talk) -> None:
    talk.fake.put({**job("a"), "metadata": {"name": "a", "managedFields": [{"manager": "x"}]}})
    with watching(talk.connect()) as changes:
        found = next(changes)
        talk.fake.update("Job", "a", {"status": {"active": 1}})
        updated = next(changes)
    assert (found.what, found.object["kind"], found.object["apiVersion"]) == (What.ADDED, "Job", "batch/v1")
    assert ["managedFields" in each.object["metadata"] for each in (found, updated)] == [False, False]
    assert updated.object["status"] == {"active": 1}


def test_a_watch_begins_where_the_list_was_and_asks_for_bookmarks_and_an_end(talk: Talk) -> None:
    talk.fake.put(job("a"))
    with watching(talk.connect(random=lambda: 0.5), selector="x!=y", fields="metadata.name=a") as changes:
        next(changes)
        talk.fake.update("Job", "a", {"status": {"active": 1}})
        next(changes)
    listed, watched = (request.query for request in talk.fake.requests)
    assert listed == {"labelSelector": "x!=y", "fieldSelector": "metadata.name=a", "limit": "500"}
    assert watched == {
        "watch": "true",
        "labelSelector": "x!=y",
        "fieldSelector": "metadata.name=a",
        "resourceVersion": str(talk.fake.api.store.revision - 1),
        "allowWatchBookmarks": "true",
        "timeoutSeconds": "270",
    }


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_cut_stream_goes_on_where_it_broke(talk: Talk, after: int) -> None:
    talk.fake.put(job("a"))
    on_watch(talk, times=3).cut(after)
    with watching(talk.connect()) as changes:
        assert told(changes, 1) == [("ADDED", "a")]
        for number in range(6):
            talk.fake.put(job(f"b{number}"))
        assert told(changes, 6) == [("ADDED", f"b{number}") for number in range(6)]


def test_a_stream_that_ends_is_opened_again_from_the_last_change_without_a_list(talk: Talk) -> None:
    on_watch(talk).refuse = body(line("ADDED", versioned("a", "2000")))
    at_watch(talk, 2, lambda: talk.fake.put(versioned("b", "2001")))
    with watching(talk.connect()) as changes:
        assert told(changes, 1) == [("ADDED", "a")]
        assert told(changes, 1) == [("ADDED", "b")]
    assert [request.query.get("resourceVersion") for request in talk.fake.requests] == [None, "1004", "2000"]


def test_a_bookmark_is_no_change_and_is_where_the_next_watch_begins(talk: Talk) -> None:
    on_watch(talk).refuse = body(line("BOOKMARK", {"kind": "Job", "metadata": {"resourceVersion": "3000"}}))
    at_watch(talk, 2, lambda: talk.fake.put(versioned("b", "3001")))
    with watching(talk.connect()) as changes:
        assert told(changes, 1) == [("ADDED", "b")]
    assert talk.fake.requests[-1].query["resourceVersion"] == "3000"


@pytest.mark.parametrize("in_stream", [True, False], ids=["in the stream", "as a status"])
def test_a_version_that_is_too_old_lists_anew_and_tells_what_was_missed(talk: Talk, *, in_stream: bool) -> None:
    for name in "abc":
        talk.fake.put(job(name))
    last = talk.fake.update("Job", "b", {"status": {"active": 1}})
    with watching(talk.connect()) as changes:
        assert told(changes, 3) == [("ADDED", "a"), ("ADDED", "b"), ("ADDED", "c")]
        if not in_stream:
            on_watch(talk).answer(410, "too old resource version", reason="Expired")
        talk.fake.remove("Job", "b")
        talk.fake.update("Job", "c", {"status": {"active": 2}})
        talk.fake.put(job("d"))
        talk.fake.api.store.compact()
        gone, *rest = islice(changes, 3)
        assert (gone.what, gone.object["status"]) == (What.DELETED, last["status"])
        assert [(each.what, each.object["metadata"]["name"]) for each in rest] == [("MODIFIED", "c"), ("ADDED", "d")]


def test_the_first_expiry_is_answered_at_once_and_repeated_ones_are_not(talk: Talk) -> None:
    rests = Rests(talk)
    on_watch(talk, times=3).answer(410, "too old", reason="Expired")
    ours = talk.connect(clock=lambda: rests.now)
    with watching(ours, pace=Pace(rest=rests.rest), signals=True) as changes:
        assert told(changes, 4) == [("LISTED", "")] * 4
    assert rests.waits == [0.0, 1.0, 2.0]


def test_an_object_made_anew_under_its_name_is_another_one(talk: Talk) -> None:
    talk.fake.put(job("a"))
    with watching(talk.connect()) as changes:
        first = next(changes)
        talk.fake.remove("Job", "a")
        talk.fake.put(job("a"))
        talk.fake.api.store.compact()
        gone, anew = islice(changes, 2)
    assert (gone.what, gone.object["metadata"]["uid"]) == (What.DELETED, first.object["metadata"]["uid"])
    assert (anew.what, anew.object["metadata"]["uid"] == first.object["metadata"]["uid"]) == (What.ADDED, False)


def test_a_list_that_expires_between_its_pages_forgets_the_pages_before(talk: Talk) -> None:
    for number in range(600):
        talk.fake.put(job(f"j{number:03}"))

    def accident(number: int, _request: Request) -> None:
        if number == 2:
            talk.fake.remove("Job", "j000")
            talk.fake.api.store.compact()

    talk.fake.before(accident)
    with watching(talk.connect(), signals=True) as changes:
        found = told(changes, 600)
    assert found == [("ADDED", f"j{number:03}") for number in range(1, 600)] + [("LISTED", "")]


def test_what_leaves_a_selector_is_told_as_deleted(talk: Talk) -> None:
    talk.fake.put({**job("a"), "metadata": {"name": "a", "labels": {"x": "y"}}})
    with watching(talk.connect(), selector="x=y") as changes:
        assert told(changes, 1) == [("ADDED", "a")]
        talk.fake.update("Job", "a", {"metadata": {"labels": {"x": "z"}}})
        assert told(changes, 1) == [("DELETED", "a")]


def test_without_memory_nothing_is_kept_and_what_is_listed_anew_is_told_again(talk: Talk) -> None:
    talk.fake.put(job("a"))
    with watching(talk.connect(), remember=False) as changes:
        assert told(changes, 1) == [("ADDED", "a")]
        talk.fake.put(job("b"))
        talk.fake.remove("Job", "b")
        talk.fake.api.store.compact()
        assert told(changes, 1) == [("ADDED", "a")]
        assert changes._known == {}


def test_what_is_deleted_is_not_kept(talk: Talk) -> None:
    with watching(talk.connect(), signals=True) as changes:
        next(changes)
        for number in range(300):
            talk.fake.put(job(f"j{number}"))
            talk.fake.remove("Job", f"j{number}")
        assert len(told(changes, 600)) == 600
        assert changes._known == {}


@pytest.mark.parametrize(
    "fail",
    [
        lambda fault: fault.answer(500, "etcdserver: leader changed"),
        lambda fault: fault.answer(503),
        lambda fault: fault.too_many_requests(1),
        lambda fault: fault.proxy_page(),
        lambda fault: fault.proxy_page(200),
        lambda fault: fault.drop_before(),
        lambda fault: fault.half_body(),
        lambda fault: fault.answer(504, "Too large resource version"),
    ],
    ids=["500", "503", "429", "proxy 502", "proxy 200", "hung up", "half a list", "504"],
)
@pytest.mark.parametrize("skip", [0, 1], ids=["list", "watch"])
def test_a_failure_passes_by_waiting(talk: Talk, fail: Callable[[Any], None], skip: int) -> None:
    talk.fake.put(job("a"))
    fail(talk.fake.faults.on("GET", JOBS, times=2, skip=skip))
    with watching(talk.connect()) as changes:
        assert told(changes, 1) == [("ADDED", "a")]
        talk.fake.update("Job", "a", {"status": {"active": 1}})
        assert told(changes, 1) == [("MODIFIED", "a")]
    assert talk.said == []


@pytest.mark.parametrize(
    "parts",
    [
        [b'{"type":"ADDED","object":{"metadata":{"na'],
        [b"<html><title>proxy</title>\n", b"</html>\n"],
        [b"null\n"],
        [b"[1, 2]\n"],
        [b'{"type":"ADDED"}\n'],
        [b"\xff\xfe\n"],
        [b"[" * 100_000 + b"\n"],
        [json.dumps({"type": "ERROR", "object": {"code": 500, "message": "internal"}}).encode() + b"\n"],
        [b'{"type":"ERROR","object":{}}\n'],
        [b"\n \n"],
        [],
    ],
    ids=["half", "page", "null", "list", "no object", "bytes", "deep", "500", "no status", "blank", "nothing"],
)
def test_a_stream_of_nonsense_is_left_and_nothing_is_lost(talk: Talk, parts: list[bytes]) -> None:
    talk.fake.put(job("a"))
    on_watch(talk, times=3).refuse = body(*parts)
    with watching(talk.connect()) as changes:
        assert told(changes, 1) == [("ADDED", "a")]
        talk.fake.put(job("b"))
        assert told(changes, 1) == [("ADDED", "b")]


def test_what_stood_before_a_half_line_counts_and_the_half_line_comes_again(talk: Talk) -> None:
    first = line("ADDED", {**job("x"), "metadata": {"name": "x", "uid": "1", "resourceVersion": "1004"}})
    on_watch(talk).refuse = body(first, line("ADDED", job("y"))[:40])
    with watching(talk.connect()) as changes:
        assert told(changes, 1) == [("ADDED", "x")]
        talk.fake.put(job("y"))
        assert told(changes, 1) == [("ADDED", "y")]


def test_objects_without_names_and_unknown_types_are_passed_over(talk: Talk) -> None:
    odd = [
        line("ADDED", {"metadata": {}}),
        line("ADDED", {"metadata": "x"}),
        line("RENAMED", job("r")),
        line("ADDED", job("b")),
    ]
    on_watch(talk).refuse = body(*odd)
    with watching(talk.connect()) as changes:
        assert told(changes, 1) == [("ADDED", "b")]


def test_a_line_may_come_byte_by_byte(talk: Talk) -> None:
    text = line("ADDED", job("ü")) + line("ADDED", job("b"))
    on_watch(talk).refuse = body(*[text[at : at + 1] for at in range(len(text))])
    with watching(talk.connect()) as changes:
        assert told(changes, 2) == [("ADDED", "ü"), ("ADDED", "b")]


@given(st.lists(st.integers(1, 40), max_size=30), st.integers(1, 4))
def test_lines_are_the_same_however_they_are_cut(cuts: list[int], count: int) -> None:
    text = b"".join(line("ADDED", job(f"j{number}")) for number in range(count))
    pieces, at = [], 0
    for size in cuts:
        pieces.append(text[at : at + size])
        at += size
    found = list(EventStream(Answered(200, {}, b"", stream=Pieces([*pieces, text[at:]])), TARGET))
    assert [event.object["metadata"]["name"] for event in found] == [f"j{number}" for number in range(count)]


def test_a_line_without_an_end_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cajajejo.cluster.event_stream._LONGEST", 100)
    pieces = Pieces([b"x" * 60] * 9)
    with pytest.raises(UnexpectedAnswerError, match="what comes in place of a watch is none"):
        list(EventStream(Answered(200, {}, b"", stream=pieces), TARGET))
    assert (len(pieces.parts), pieces.closed) == (7, True)


@pytest.mark.parametrize(
    ("status", "error", "says"),
    [
        ({"code": 410, "message": "too old: 1 (5)"}, ExpiredError, "too old: 1 (5)"),
        ({"reason": "Expired"}, ExpiredError, "nothing"),
        ({"code": 500, "message": "boom\x1b[31m\nnow"}, ClusterBusyError, "boom\\x1b[31m now"),
    ],
)
def test_an_error_in_the_stream_is_the_error_it_means(status: Object, error: type[ClusterError], says: str) -> None:
    stream = EventStream(Answered(200, {}, b"", stream=Pieces([line("ERROR", status)])), TARGET)
    with pytest.raises(error) as caught:
        list(stream)
    assert caught.value.facts["says"] == says


TARGET = Target("c", "default", "https://x")


class Pieces:
    """A response that holds these pieces."""

    def __init__(self, parts: list[bytes]) -> None:
        self.parts = [part for part in parts if part]
        self.closed = False

    def read1(self, _size: int) -> bytes:
        return self.parts.pop(0) if self.parts else b""

    def close(self) -> None:
        self.closed = True


def test_a_silent_stream_is_left_and_opened_again(talk: Talk) -> None:
    talk.fake.put(job("a"))
    at_watch(talk, 3, lambda: talk.fake.put(job("b")))
    with watching(talk.connect(), pace=Pace(timing=FAST, silence_seconds=0.4)) as changes:
        next(changes)
        assert told(changes, 1) == [("ADDED", "b")]
    lists = [request for request in talk.fake.requests if not is_watch(request)]
    assert len(lists) >= 2  # a stream that never said anything may begin at a version that is none


def test_a_stream_that_hangs_from_a_version_of_the_future_is_left(talk: Talk) -> None:
    talk.fake.put(job("a"))
    with watching(talk.connect(), pace=Pace(timing=FAST, silence_seconds=0.3)) as changes:
        next(changes)
        changes._version = "99999"
        talk.fake.put(job("b"))
        assert told(changes, 1) == [("ADDED", "b")]


def test_an_endpoint_that_never_answers_is_left(talk: Talk) -> None:
    talk.fake.put(job("a"))
    on_watch(talk).delay(120)
    with watching(talk.connect(), pace=Pace(timing=FAST, silence_seconds=0.3)) as changes:
        next(changes)
        talk.fake.put(job("b"))
        started = time.monotonic()
        assert told(changes, 1) == [("ADDED", "b")]
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("linger", [None, 0.2], ids=["killed", "terminated"])
def test_an_api_server_may_restart(talk: Talk, linger: float | None) -> None:
    talk.fake.put(job("a"))
    with watching(talk.connect()) as changes:
        assert told(changes, 1) == [("ADDED", "a")]
        talk.fake.stop(linger_seconds=linger)
        talk.fake.remove("Job", "a")
        talk.fake.put(job("b"))
        threading.Timer(0.5, talk.fake.start).start()
        assert sorted(told(changes, 2)) == [("ADDED", "b"), ("DELETED", "a")]
    talk.fake.stop()


def test_that_the_server_is_away_and_back_is_told_once_each(talk: Talk) -> None:
    rests = Rests(talk)
    ours = talk.connect(clock=lambda: rests.now, now=lambda: rests.now)
    with watching(ours, pace=Pace(rest=rests.rest), signals=True) as changes:
        assert told(changes, 1) == [("LISTED", "")]
        on_watch(talk).drop_before()
        talk.fake.faults.on("GET", JOBS, times=9).answer(503, "starting")
        away, back, listed = islice(changes, 3)
    assert (away.what, back.what, listed.what) == (What.AWAY, What.BACK, What.LISTED)
    assert (away.since, type(away.error)) == (datetime.fromtimestamp(1000, UTC), ClusterBusyError)
    assert rests.waits == [0.5, 1, 2, 4, 8, 16, 30, 30, 30, 30]


def test_a_short_failure_is_not_told(talk: Talk) -> None:
    rests = Rests(talk)
    talk.fake.faults.on("GET", JOBS, times=4).answer(500)
    ours = talk.connect(clock=lambda: rests.now)
    with watching(ours, pace=Pace(rest=rests.rest), signals=True) as changes:
        assert told(changes, 1) == [("LISTED", "")]
    assert sum(rests.waits) == 7.5


def test_the_wait_that_the_server_asks_for_is_kept(talk: Talk) -> None:
    rests = Rests(talk)
    fault = talk.fake.faults.on("GET", JOBS, times=2)
    fault.too_many_requests(17)
    ours = talk.connect(clock=lambda: rests.now)
    with watching(ours, pace=Pace(rest=rests.rest), signals=True) as changes:
        assert told(changes, 3) == [("AWAY", ""), ("BACK", ""), ("LISTED", "")]
    assert rests.waits == [pytest.approx(18.7)] * 2


@pytest.mark.parametrize(
    ("name", "break_it", "most"),
    [
        ("refused", lambda fault: fault.drop_before(), 9),
        ("500", lambda fault: fault.answer(500), 9),
        ("page", lambda fault: fault.proxy_page(200), 9),
        ("cut at once", lambda fault: fault.cut(0), 9),
    ],
)
def test_a_server_in_trouble_is_not_hammered(talk: Talk, name: str, break_it: Any, most: int) -> None:
    rests = Rests(talk)
    break_it(talk.fake.faults.on("GET", JOBS, times=10_000) if name in {"refused", "500"} else on_watch(talk, 10_000))
    rounds = 0

    def rest(closed: threading.Event, seconds: float) -> None:
        nonlocal rounds
        rests.rest(closed, seconds)
        rounds += 1
        if rounds == 40:
            closed.set()

    ours = talk.connect(clock=lambda: rests.now, random=lambda: 0.0)
    list(watching(ours, pace=Pace(rest=rest), signals=True))
    assert rounds == 40
    assert rests.now - 1000 > 500
    assert rests.busiest(60) <= 2 * most


def test_a_stream_that_is_cut_after_each_event_is_no_hammer(talk: Talk) -> None:
    rests = Rests(talk)
    on_watch(talk, 10_000).cut(1)

    def rest(closed: threading.Event, seconds: float) -> None:
        rests.rest(closed, seconds)
        talk.fake.put(job(f"j{len(rests.waits)}"))

    ours = talk.connect(clock=lambda: rests.now, random=lambda: 0.0)
    at_watch(talk, 1, lambda: talk.fake.put(job("first")))
    with watching(ours, pace=Pace(rest=rest)) as changes:
        assert len(told(changes, 40)) == 40
    assert rests.busiest(60) <= 35


def test_a_stream_that_lasted_is_followed_by_the_next_at_once(talk: Talk) -> None:
    rests = Rests(talk)

    def old_age() -> Iterator[bytes]:
        while changes._health._opened_at is None:
            time.sleep(0.01)
        rests.now += 300
        yield b""

    for _ in range(4):
        on_watch(talk).refuse = Answer(200, headers={"Content-Type": "application/json"}, stream=old_age())
    ours = talk.connect(clock=lambda: rests.now, random=lambda: 0.5)
    at_watch(talk, 5, lambda: talk.fake.put(job("b")))
    with watching(ours, pace=Pace(rest=rests.rest)) as changes:
        assert told(changes, 1) == [("ADDED", "b")]
    assert rests.waits == [0.25] * 4
    assert [is_watch(request) for request in talk.fake.requests] == [False, True, True, True, True, True]


@pytest.mark.parametrize(
    ("kind", "deny", "error"),
    [
        ("Job", ("list", "jobs"), NotAllowedError),
        ("Job", ("watch", "jobs"), NotAllowedError),
        ("Workload", None, NotServedError),
    ],
)
def test_a_refusal_at_the_beginning_is_raised(talk: Talk, kind: str, deny: Any, error: type[ClusterError]) -> None:
    if deny:
        talk.fake.deny(*deny)
    with pytest.raises(error), watching(talk.connect(), kind) as changes:
        list(changes)
    assert len(talk.fake.requests) <= 2


def test_a_login_that_is_refused_is_raised(talk: Talk) -> None:
    talk.fake.kubeconfig(talk.kubeconfig, token="wrong")  # noqa: S106  # opens nothing
    with pytest.raises(CredentialsError), watching(talk.connect()) as changes:
        list(changes)


def test_a_refusal_later_on_is_raised_when_it_does_not_pass(talk: Talk) -> None:
    rests = Rests(talk)
    ours = talk.connect(clock=lambda: rests.now)
    at_watch(talk, 2, lambda: talk.fake.deny("*", "jobs"))
    with watching(ours, pace=Pace(rest=rests.rest, silence_seconds=0.3), signals=True) as changes:
        next(changes)
        with pytest.raises(NotAllowedError):
            list(changes)
    assert 60 <= rests.now - 1000 < 130


def test_a_refusal_of_a_server_that_is_just_starting_passes(talk: Talk) -> None:
    talk.fake.put(job("a"))
    on_watch(talk, skip=1).cut(0)
    on_watch(talk).cut(1)
    with watching(talk.connect()) as changes:
        next(changes)
        talk.fake.faults.on("GET", JOBS, times=3).answer(403, "RBAC is not ready", reason="Forbidden")
        talk.fake.put(job("b"))
        talk.fake.put(job("c"))
        assert sorted(told(changes, 2)) == [("ADDED", "b"), ("ADDED", "c")]


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("where", ["reading", "resting"])
def test_closing_ends_a_thread_that_waits(tmp_path: Path, *, tls: bool, where: str) -> None:
    with talking(tmp_path, tls=tls) as talk:
        talk.fake.put(job("a"))
        changes = watching(talk.connect(), pace=Pace(timing=Timing(first=60, longest=60)))
        seen = threading.Event()
        if where == "resting":
            on_watch(talk).cut(0)

        def run() -> None:
            for _ in changes:
                seen.set()

        thread = threading.Thread(target=run)
        thread.start()
        assert seen.wait(60)
        time.sleep(0.2)
        changes.close()
        thread.join(60)
        assert not thread.is_alive()
        assert list(changes) == []


def test_closing_while_a_change_is_being_made_ends_the_connection(talk: Talk) -> None:
    moments: list[Callable[[], object]] = []

    def clock() -> float:
        if moments and changes._stream is not None:
            moments.pop()()  # as another thread does it: what makes the change goes on to its end
        return time.monotonic()

    on_watch(talk).drop_before()
    pace = Pace(timing=FAST, away_seconds=0.0)
    changes = watching(talk.connect(clock=clock), signals=True, pace=pace)
    assert told(changes, 2) == [("LISTED", ""), ("AWAY", "")]
    moments.append(changes.close)
    assert [change.what for change in changes] == [What.BACK]
    assert changes._stream is None


def test_two_threads_may_close_it_at_once(talk: Talk) -> None:
    changes = watching(talk.connect(), signals=True)
    next(changes)
    talk.fake.put(job("a"))
    assert told(changes, 1) == [("ADDED", "a")]
    stream = changes._stream
    assert stream is not None
    close, closing, go_on = stream.close, threading.Event(), threading.Event()

    def slowly() -> None:
        closing.set()
        go_on.wait(60)
        close()

    stream.close = slowly  # type: ignore[method-assign]
    threads = [threading.Thread(target=changes.close) for _ in range(2)]
    threads[0].start()
    assert closing.wait(60)
    threads[1].start()  # Python 3.11 crashes where it gets into what the other one ends
    time.sleep(0.2)
    go_on.set()
    for thread in threads:
        thread.join(60)
    assert (changes._stream, list(changes)) == (None, [])


def test_closing_between_two_changes_ends_the_connection(talk: Talk) -> None:
    changes = watching(talk.connect(), signals=True)
    next(changes)
    talk.fake.put(job("a"))
    next(changes)
    changes.close()
    assert list(changes) == []
    assert changes._stream is None


def test_a_closed_watch_asks_nothing(talk: Talk) -> None:
    changes = watching(talk.connect())
    changes.close()
    assert (list(changes), talk.fake.requests) == ([], [])


def test_unreachable_from_the_beginning_is_waited_for(talk: Talk) -> None:
    talk.fake.stop()
    rests = Rests(talk)

    def rest(closed: threading.Event, seconds: float) -> None:
        rests.rest(closed, seconds)
        if len(rests.waits) == 6:
            talk.fake.start()

    ours = talk.connect(clock=lambda: rests.now)
    with watching(ours, pace=Pace(rest=rest), signals=True) as changes:
        away, back, listed = islice(changes, 3)
    assert (away.what, back.what, listed.what) == (What.AWAY, What.BACK, What.LISTED)
    assert isinstance(away.error, UnreachableError)
    assert away.error.message.startswith("the cluster does not answer")
