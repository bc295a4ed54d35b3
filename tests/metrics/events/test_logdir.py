"""Every event file of a log directory is found with its run, wherever it lies, and nothing else is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cajajejo.errors import CajajejoError
from cajajejo.metrics.events import logdir

NAME = "events.out.tfevents.1"


def place(file: Path, data: bytes = b"1234") -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return file


def found(top: Path | str) -> list[tuple[str, str]]:
    return [(one.run, one.path) for one in logdir.find(top)]


@pytest.mark.parametrize("kind", [str, Path])
def test_every_directory_with_an_event_file_is_a_run_at_any_depth(tmp_path: Path, kind: type[str | Path]) -> None:
    places = [place(tmp_path / run / NAME) for run in (".", "a", "a/b/c", "eval")]
    place(tmp_path / "notes" / "readme.txt")
    assert found(kind(tmp_path)) == [
        (run, str(path)) for run, path in zip((".", "a", "a/b/c", "eval"), places, strict=True)
    ]


def test_files_of_a_run_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    for number in (3, 1, 10, 2):
        place(tmp_path / "run" / f"events.out.tfevents.{number}")
    place(tmp_path / "run-2" / NAME)
    names = [(run, Path(path).suffix) for run, path in found(tmp_path)]
    assert names == [("run", ".1"), ("run", ".10"), ("run", ".2"), ("run", ".3"), ("run-2", ".1")]


def test_what_is_being_written_is_hidden_and_not_found(tmp_path: Path) -> None:
    place(tmp_path / ".events.out.tfevents.1.partial")
    place(tmp_path / ".cache" / NAME)
    assert [run for run, _ in found(tmp_path)] == [".cache"]


def test_links_are_followed(tmp_path: Path) -> None:
    elsewhere = place(tmp_path / "elsewhere" / NAME)
    logs = tmp_path / "logs"
    (logs / "both").mkdir(parents=True)
    (logs / "run").symlink_to(tmp_path / "elsewhere")
    (logs / "both" / "tfevents.link").symlink_to(elsewhere)
    assert found(logs) == [
        ("both", str(logs / "both" / "tfevents.link")),
        ("run", str(logs / "run" / NAME)),
    ]


def test_a_directory_that_two_links_lead_to_is_the_run_that_comes_first(tmp_path: Path) -> None:
    place(tmp_path / "logs" / "m" / NAME)
    for name in ("a", "z"):
        (tmp_path / "logs" / name).symlink_to(tmp_path / "logs" / "m")
    assert [run for run, _ in found(tmp_path / "logs")] == ["a"]


def test_circles_and_links_to_nothing_are_not_followed(tmp_path: Path) -> None:
    place(tmp_path / "run" / NAME)
    (tmp_path / "run" / "up").symlink_to(tmp_path)
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "tfevents.self").symlink_to(tmp_path / "tfevents.self")
    (tmp_path / "tfevents.gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "gone").symlink_to(tmp_path / NAME / "below")
    assert [run for run, _ in found(tmp_path)] == ["run"]


def test_only_files_are_read_whatever_their_name(tmp_path: Path) -> None:
    place(tmp_path / "tfevents" / "inner.tfevents")
    os.mkfifo(tmp_path / "tfevents.pipe")
    assert [run for run, _ in found(tmp_path)] == ["tfevents"]


def test_a_name_that_is_no_text_is_escaped_in_the_run(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/r\xff\xc3\xa9"
    os.mkdir(folder)  # noqa: PTH102  # a Path takes no bytes
    place(Path(os.fsdecode(folder)) / NAME)
    (one,) = logdir.find(tmp_path)
    assert one.run == "r\\udcffé"
    with one.open() as source:
        assert source.readinto(memoryview(bytearray(9))) == 4


def test_a_log_directory_may_be_named_as_one_likes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(tmp_path / "logs" / "run" / NAME)
    monkeypatch.chdir(tmp_path / "logs")
    assert {run for name in (".", "../logs", "../logs//", "") for run, _ in found(name)} == {"run"}
    assert [run for run, _ in found("../logs/run/")] == ["."]


def test_a_log_directory_may_be_a_link(tmp_path: Path) -> None:
    place(tmp_path / "logs" / "run" / NAME)
    (tmp_path / "latest").symlink_to(tmp_path / "logs")
    assert [run for run, _ in found(tmp_path / "latest")] == ["run"]


def test_files_are_opened_one_after_the_other(tmp_path: Path) -> None:
    for run in ("a", "b"):
        place(tmp_path / run / NAME, run.encode())
    view = memoryview(bytearray(9))
    read = [(found.run, bytes(view[: source.readinto(view)])) for found, source in logdir.opened(logdir.find(tmp_path))]
    assert read == [("a", b"a"), ("b", b"b")]


@pytest.mark.parametrize(
    ("name", "message", "facts"),
    [
        ("gone", "no such directory: ", {"expected": "the directory with the event files of one run"}),
        ("file", "not a directory: ", {"expected": "the directory with the event files of one run"}),
        ("nul\0", "no such directory: ", {"expected": "the directory with the event files of one run"}),
        ("ftp://machine/logs", "no such directory: ", {"expected": "the directory with the event files of one run"}),
        ("x" * 5000, "a directory with events cannot be read: ", {"says": "File name too long"}),
    ],
    ids=["gone", "file", "no name", "unknown scheme", "long"],
)
def test_a_log_directory_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, message: str, facts: dict[str, str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CajajejoError) as raised:
        logdir.find(name)
    assert (raised.value.message, raised.value.facts) == (message + name, facts)


def test_whether_something_is_there(tmp_path: Path) -> None:
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert [logdir.is_there(tmp_path / name) for name in (".", "gone", "self")] == [True, False, False]
    with pytest.raises(CajajejoError, match=r"cannot be read: x+"):
        logdir.is_there("x" * 5000)


PROGRAM = """
import os, sys
from cajajejo.errors import CajajejoError
from cajajejo.metrics.events import logdir
os.setuid(65534)
try:
    for found in logdir.find(sys.argv[1]):
        found.open()
except CajajejoError as error:
    print(error, error.facts)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
@pytest.mark.parametrize(
    ("locked", "mode", "said", "named"),
    [
        ("run", 0, "a directory with events cannot be read", "run"),
        ("run", 0o444, "an event file cannot be read", f"run/{NAME}"),
        (f"run/{NAME}", 0, "an event file cannot be read", f"run/{NAME}"),
        ("link", 0, "a directory with events cannot be read", "link"),
    ],
    ids=["not listed", "not entered", "file", "behind a link"],
)
def test_what_may_not_be_read_is_an_error_and_no_gap(
    tmp_path: Path, locked: str, mode: int, said: str, named: str
) -> None:
    logs = tmp_path / "logs"
    place(logs / "run" / NAME)
    place(tmp_path / "elsewhere" / NAME)
    if locked == "link":
        (logs / "link").symlink_to(tmp_path / "elsewhere")
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    (logs / locked).chmod(mode)
    command = [sys.executable, "-c", PROGRAM, str(logs)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert out == f"{said}: {logs / named} {{'says': 'Permission denied'}}\n"
