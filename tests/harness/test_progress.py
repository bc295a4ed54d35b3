"""Progress as a value that grows with events, and the file that they are read from while it grows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.harness.progress import EventFile, Progress

if TYPE_CHECKING:
    from pathlib import Path

GEO, BIO = "geography:model=huggingface_model", "biology:model=huggingface_model"
BOOLQ = "boolq:model=huggingface_model"
REAL: list[dict[str, Any]] = [
    {"event": "runs", "total": 4, "names": ["arithmetic:model=huggingface_model", GEO, BOOLQ, BIO]},
    {"event": "skipped", "run": "arithmetic:model=huggingface_model"},
    {"event": "start", "run": GEO, "done": 0, "total": 2},
    {"event": "progress", "run": GEO, "done": 1, "total": 2},
    {"event": "progress", "run": GEO, "done": 2, "total": 2},
    {"event": "done", "run": GEO},
    {"event": "failed", "run": BOOLQ, "error": "URLError: <urlopen error>"},
    {"event": "start", "run": BIO, "done": 0, "total": 3},
    {"event": "progress", "run": BIO, "done": 1, "total": 3},
]


def after(events: list[dict[str, Any]]) -> Progress:
    progress = Progress()
    for event in events:
        progress = progress.after(event)
    return progress


def test_the_events_of_a_run_add_up() -> None:
    progress = after(REAL)
    assert progress == Progress(
        scenarios=4,
        names=("arithmetic:model=huggingface_model", GEO, BOOLQ, BIO),
        current=BIO,
        done={GEO: 2, BIO: 1},
        totals={GEO: 2, BIO: 3},
        finished=frozenset({"arithmetic:model=huggingface_model", GEO}),
        failed={BOOLQ: "URLError: <urlopen error>"},
    )
    assert (progress.questions_done, progress.questions) == (3, 5)


def test_nothing_has_happened_at_first() -> None:
    assert Progress() == Progress(scenarios=None, current=None, done={}, totals={}, finished=frozenset(), failed={})
    assert (Progress().questions_done, Progress().questions) == (0, 0)


def test_a_plan_without_names_is_taken_as_well() -> None:
    assert Progress().after({"event": "runs", "total": 4}) == Progress(scenarios=4)


def test_an_event_makes_a_new_value_and_leaves_the_old_one() -> None:
    before = after(REAL[:4])
    before.after(REAL[4])
    assert before.done == {GEO: 1}


@pytest.mark.parametrize("event", [{}, {"event": "of a later version", "run": GEO}, {"run": GEO}])
def test_an_event_of_an_unknown_kind_changes_nothing(event: dict[str, Any]) -> None:
    assert after(REAL).after(event) == after(REAL)


def test_a_growing_file_gives_every_event_once(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    events = EventFile(path)
    seen = [events.read()]
    for event in REAL[:3]:
        with path.open("a") as file:
            file.write(json.dumps(event) + "\n")
        seen.append(events.read())
    assert seen == [[], [REAL[0]], [REAL[1]], [REAL[2]]]
    assert events.read() == []


def test_a_line_that_is_still_being_written_waits_for_its_end(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    line = json.dumps({"event": "failed", "run": "é", "error": "ü\u2028\x85"}, ensure_ascii=False).encode() + b"\n"
    events = EventFile(path)
    seen = []
    for end in range(1, len(line) + 1):
        path.write_bytes(line[:end])
        seen += events.read()
    assert seen == [{"event": "failed", "run": "é", "error": "ü\u2028\x85"}]


def test_empty_lines_and_several_events_at_once_are_read(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    path.write_text("\n" + "\n".join(map(json.dumps, REAL)) + "\n\n" + '{"event": "cut')
    events = EventFile(path)
    assert events.read() == REAL
    assert events.read() == []


def test_a_file_that_cannot_be_read_holds_no_events(tmp_path: Path) -> None:
    assert EventFile(tmp_path).read() == []


@pytest.mark.parametrize(
    "event",
    [
        {"event": "runs", "total": "many"},
        {"event": "runs", "total": 1, "names": 7},
        {"event": "progress", "done": 1, "total": 2},
        {"event": "progress", "run": GEO, "done": None, "total": 2},
        {"event": "progress", "run": GEO, "done": 1, "total": "x"},
        {"event": "progress", "run": GEO, "done": 1e999, "total": 2},
        {"event": "failed", "run": GEO},
        {"event": ["done"], "run": GEO},
    ],
)
def test_an_event_of_another_shape_changes_nothing(event: dict[str, Any]) -> None:
    assert after([*REAL, event]) == after(REAL)


def test_an_event_that_says_little_is_taken_for_what_it_says() -> None:
    events: list[dict[str, Any]] = [{"event": "runs", "names": [GEO]}, {"event": "progress", "run": GEO, "done": 3}]
    assert after(events) == Progress(scenarios=1, names=(GEO,), current=GEO, done={GEO: 3}, totals={GEO: 3})


def test_a_scenario_that_begins_again_has_not_failed() -> None:
    assert after([*REAL, {"event": "start", "run": BOOLQ, "done": 0, "total": 2}]).failed == {}


def test_lines_that_are_no_events_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "progress.jsonl"
    path.write_bytes(b'[1]\n"x"\n{torn\n\xff\n' + b"[" * 100_000 + b'\n{}\n{"event": "done", "run": "a"}\n')
    assert EventFile(path).read() == [{"event": "done", "run": "a"}]
