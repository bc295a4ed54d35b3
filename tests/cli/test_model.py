"""``cajajejo model fetch``: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cajajejo import cli
from cajajejo.cli import screen
from cajajejo.models.fetched_model import FetchedModel
from tests import builders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    yield builders.model_directory(tmp_path / "far" / "tiny")
    screen.configure(trace=False, quiet=False, color="auto", as_json=False)


def fetch(*arguments: str) -> int:
    return cli.run(cli.app, ["model", "fetch", *arguments], prog_name="cajajejo")


def test_the_directory_goes_to_stdout_and_what_became_of_it_to_stderr(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetch("--uri", str(model), "-o", "to") == 0
    out, err = capsys.readouterr()
    assert out == f"{tmp_path}/to/tiny\n"
    assert re.sub(r"in [\d.]+ s", "in 0 s", err) == f"fetched 67 B in 0 s from {model}\n"
    assert fetch("--uri", str(model), "-o", "to") == 0
    assert capsys.readouterr() == (out, f"the model was there already, from {model}\n")


def test_json_is_one_document(model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch("--uri", f"file://{model}", "--json", "--cache", "cache") == 0
    out, err = capsys.readouterr()
    document = FetchedModel(**json.loads(out))
    assert err == ""
    (entry,) = tmp_path.glob("cache/tiny-*")
    assert document == FetchedModel(
        directory=f"{tmp_path}/tiny",
        address=str(model),
        was_there=False,
        files=4,
        bytes=67,
        fetched_bytes=67,
        seconds=document.seconds,
        cache_entry=str(entry),
    )


def test_a_second_one_takes_it_from_the_cache(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch("--uri", str(model), "-o", "one", "--cache", "cache") == 0
    capsys.readouterr()
    assert fetch("--uri", str(model), "-o", "two", "--cache", "cache", "--no-verify", "--parallel", "1") == 0
    assert capsys.readouterr().err.startswith("linked to ")


def test_a_config_that_says_where_the_model_lies_needs_nothing(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = builders.write_config(tmp_path, model_config={"path": str(model)})
    assert fetch(str(config), "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["directory"], document["was_there"], document["files"]) == (str(model), True, None)


@pytest.mark.parametrize("arguments", [[], ["config.yml", "--uri", "gs://b/m"]], ids=["neither", "both"])
def test_one_thing_is_to_be_fetched(model: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch(*arguments) == 2
    assert "either CONFIG or --uri URI" in capsys.readouterr().err
    assert model.exists()


def test_what_is_not_there_is_an_error(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetch("--uri", str(model.parent / "none")) == 1
    assert capsys.readouterr().err == f"Error: no such directory or file: {model.parent}/none\n"


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"])
def test_it_stops_at_once_and_says_how_to_go_on(model: Path, tmp_path: Path, sign: int, code: int) -> None:
    (model / "model.safetensors").write_bytes(bytes(100_000))
    (model / "a.txt").write_text("a")
    os.mkfifo(tmp_path / "waits")
    # The far end stands still in the middle of the large file, in a read that no signal interrupts.
    program = (
        "import threading\n"
        "from cajajejo.cli import main\n"
        "from cajajejo.models.local_source import LocalSource\n"
        "read = LocalSource.read\n"
        "def slow(self, file, start=0, end=None):\n"
        "    for chunk in read(self, file, start, end):\n"
        "        yield chunk[:50_000]\n"
        f"        if file.path == 'model.safetensors':\n"
        f"            open({str(tmp_path / 'waits')!r}, 'w').close()\n"
        "            threading.Event().wait()\n"
        "LocalSource.read = slow\n"
        "main()\n"
    )
    command = [sys.executable, "-c", program, "model", "fetch", "--uri", str(model), "-o", "to"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with (tmp_path / "waits").open():
        process.send_signal(sign)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (code, "")
    assert err.splitlines() == [
        f"Stopped. What is finished is kept in {tmp_path}/to.",
        "Run: the same command again; it continues there",
    ]
    assert not (tmp_path / "to" / "tiny").exists()
    assert fetch("--uri", str(model), "-o", "to") == 0
    assert (tmp_path / "to" / "tiny" / "model.safetensors").read_bytes() == bytes(100_000)
