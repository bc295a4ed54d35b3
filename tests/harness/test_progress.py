"""Progress as a value that grows with events, and the file that they are read from while it grows."""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.harness.progress import EventFile, PrintedLines, Progress

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


# --- what a harness prints ----------------------------------------------------------------------------------------


def test_lines_are_passed_on_as_they_are_completed(tmp_path: Path) -> None:
    path, said = tmp_path / "harness.log", list[str]()
    path.write_bytes(b"before\n")
    printed = PrintedLines(path, said.append)
    with path.open("ab", buffering=0) as file:
        file.write(b"one\ntwo, not yet")
        printed.pass_on()
        assert said == ["one"]
        file.write(b" complete\n\n   \nthree")
        printed.pass_on()
        assert said == ["one", "two, not yet complete"]
        file.write(b"\r 10%\r 20%\r")
        printed.pass_on()
        assert said == ["one", "two, not yet complete", "three", " 10%"]
        file.write(b"\nlast")
    printed.close()
    assert said[4:] == [" 20%", "last"]


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    said: list[str] = []
    printed = PrintedLines(tmp_path / "none.log", said.append)
    printed.pass_on()
    printed.close()
    assert said == []


def test_bytes_that_are_no_text_and_characters_in_two_pieces(tmp_path: Path) -> None:
    path, said = tmp_path / "harness.log", list[str]()
    printed = PrintedLines(path, said.append)
    euro = "€".encode()
    with path.open("ab", buffering=0) as file:
        file.write(b"\xff\xfe 1" + euro[:1])
        printed.pass_on()
        file.write(euro[1:] + b"\nhalf " + euro[:2])
    printed.close()
    assert said == ["\ufffd\ufffd 1€", "half \ufffd"]


def test_a_line_without_an_end_is_passed_on_in_pieces_that_add_up(tmp_path: Path) -> None:
    path, said = tmp_path / "harness.log", list[str]()
    printed = PrintedLines(path, said.append)
    text = "".join(chr(97 + n % 26) for n in range(1_000_003))
    path.write_text(text)
    printed.pass_on()
    printed.close()
    assert ("".join(said), {len(part) for part in said[:-1]}) == (text, {15_000})


@given(st.lists(st.binary(max_size=12)))
def test_however_it_is_cut_into_pieces_the_same_lines_come_out(chunks: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path, said = Path(directory) / "harness.log", list[str]()
        path.touch()
        printed = PrintedLines(path, said.append)
        for chunk in chunks:
            with path.open("ab") as file:
                file.write(chunk)
            printed.pass_on()
        printed.close()
    whole = b"".join(chunks).decode("utf-8", "replace")
    assert said == [line for line in re.split("\r\n|\r|\n", whole) if line.strip()]


def test_a_long_line_that_comes_at_once_is_cut_as_well(tmp_path: Path) -> None:
    path, said = tmp_path / "harness.log", list[str]()
    printed = PrintedLines(path, said.append)
    path.write_text("a" * 15_000 + "\n" + "b" * 40_000 + "\nc\n")
    printed.pass_on()
    assert [(part[0], len(part)) for part in said] == [
        ("a", 15_000),
        ("b", 15_000),
        ("b", 15_000),
        ("b", 10_000),
        ("c", 1),
    ]
