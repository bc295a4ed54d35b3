"""What a harness prints: passed on line by line, and kept in a log without secret values."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cajajejo.harness import transcript
from cajajejo.harness.transcript import PrintedLines

if TYPE_CHECKING:
    from cajajejo.harness.progress import Listener

SECRET = "s3cr3t" * 300


def hide(text: str) -> str:
    return text.replace(SECRET, "(hidden)")


def test_lines_are_passed_on_as_they_are_completed(tmp_path: Path) -> None:
    path, said = tmp_path / "harness.log", list[str]()
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


@settings(deadline=None)
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


def test_what_is_printed_while_lines_are_told_waits_for_its_turn(tmp_path: Path) -> None:
    path, said = tmp_path / "harness.log", list[str]()

    def say(line: str) -> None:
        said.append(line)
        assert len(said) < 100  # faster than it is told: it would never end
        with path.open("a") as file:
            file.write(f"more than {line}\n")

    printed = PrintedLines(path, say)
    path.write_text("one\n")
    for _ in range(3):
        printed.pass_on()
    assert said == ["one", "more than one", "more than more than one"]


def test_so_much_is_passed_on_as_is_asked_for(tmp_path: Path) -> None:
    path, said = tmp_path / "harness.log", list[str]()
    printed = PrintedLines(path, said.append)
    path.write_text("one\ntwo\nthree")
    assert [printed.pass_on(6), list(said), printed.close(2), list(said)] == [False, ["one"], False, ["one", "two"]]
    assert [printed.close(1000), said] == [True, ["one", "two", "three"]]


# --- secrets -----------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.integers(0, 60_000), st.integers(0, 30_000), st.lists(st.integers(1, 70_000), max_size=6))
def test_a_secret_anywhere_in_a_line_of_any_length_is_never_told(before: int, after: int, cuts: list[int]) -> None:
    text = "a" * before + SECRET + "b" * after
    with tempfile.TemporaryDirectory() as directory:
        path, said = Path(directory) / "own", list[str]()
        printed = PrintedLines(path, said.append, hide)
        for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(text)], strict=True):
            with path.open("a") as file:
                file.write(text[start:end])
            printed.pass_on()
        printed.close()
    assert "".join(said) == "a" * before + "(hidden)" + "b" * after


# --- the log -----------------------------------------------------------------------------------------------------


def test_the_log_grows_by_what_is_printed_and_what_was_printed_is_not_kept_beside_it(tmp_path: Path) -> None:
    log, said = tmp_path / "work" / "harness.log", list[str]()
    for text in (b"one\n", b"\xff" + SECRET.encode() + b", two"):
        with transcript.opened(log, said.append, hide) as (file, printed):
            file.write(text)
            printed.pass_on()
            (own,) = log.parent.glob(".harness.log.*")
            assert own.stat().st_mode & 0o777 == 0o600
    assert said == ["one", "\ufffd(hidden), two"]
    assert log.read_text("utf-8") == "one\n\ufffd(hidden), two\n"
    assert [path.name for path in log.parent.iterdir()] == ["harness.log"]


def print_into(log: Path, text: str, say: Listener) -> None:
    with transcript.opened(log, say, hide) as (file, printed):
        file.write(text.encode())
        printed.pass_on()


def broken_off(_: str) -> None:
    raise KeyboardInterrupt


def test_after_an_interruption_nothing_is_kept_beside_the_log_and_nothing_is_lost(tmp_path: Path) -> None:
    log = tmp_path / "harness.log"

    def say(line: str) -> None:
        if line == "two":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        print_into(log, f"one\ntwo\nthree {SECRET}\nfour", say)
    assert log.read_text("utf-8") == "one\ntwo\nthree (hidden)\nfour\n"
    assert [path.name for path in tmp_path.iterdir()] == ["harness.log"]


def test_what_is_too_much_for_an_interruption_is_copied_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transcript, "QUICKLY", 4)
    log = tmp_path / "harness.log"
    with pytest.raises(KeyboardInterrupt):
        print_into(log, "one\ntwo\n", broken_off)
    assert log.read_text("utf-8") == "one\n"  # it was told when the interruption came
    with transcript.opened(log, lambda _: None, hide):
        assert log.read_text("utf-8") == "one\ntwo\n"


@pytest.mark.parametrize("copied", ["", "one\n", "one\ntw", "one\ntwo\nthree\n"])
def test_a_copy_that_broke_off_anywhere_is_made_anew(tmp_path: Path, copied: str) -> None:
    log = tmp_path / "harness.log"
    log.write_text("before\n" + copied)
    (tmp_path / ".harness.log.7").write_text(f"one\ntwo {SECRET}\nthree")
    (tmp_path / ".harness.log.else").touch()
    said: list[str] = []
    with transcript.opened(log, said.append, hide) as (file, _):
        file.write(b"four\n")
    assert log.read_text() == "before\none\ntwo (hidden)\nthree\nfour\n"
    assert said == ["four"]


def test_an_error_leaves_what_was_printed_in_the_log(tmp_path: Path) -> None:
    log = tmp_path / "harness.log"

    def interrupted() -> None:
        with transcript.opened(log, lambda _: None, hide) as (file, _):
            file.write(b"one\ntwo")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert log.read_text() == "one\ntwo\n"
