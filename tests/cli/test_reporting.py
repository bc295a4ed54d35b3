from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING

import pytest

from cajajejo.cli import app, run
from cajajejo.metrics.history import History
from cajajejo.overview_outputs import MetricReport
from tests.metrics.html.readings import mnist, nights
from tests.terminals import Terminal, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROGRAM = "import sys; from cajajejo.cli import main; sys.argv[0] = 'cajajejo'; main()"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")
    store = History.at("sqlite:///.cajajejo/history.db").store
    for one in [mnist(), *nights(3, 20)]:
        store.record(one.runs)
        for line in one.baselines.accepted:
            store.note(line)
    return tmp_path


@pytest.fixture
def serving() -> Iterator[list[subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []
    yield started
    for process in started:
        process.kill()
        process.communicate()


def report(*arguments: str) -> int:
    return run(app, ["metrics", "report", *arguments], prog_name="cajajejo")


def serve(started: list[subprocess.Popen[str]], *arguments: str) -> str:
    """The address at which another process serves the report."""
    command = [sys.executable, "-c", PROGRAM, "metrics", "report", "--serve", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    started.append(process)
    assert process.stderr is not None
    for line in process.stderr:
        found = re.fullmatch(r"Serving the report at (\S+)\n", line)
        if found:
            return found[1]
    raise AssertionError(process.wait())


def test_a_page_is_written_and_said(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert report("-o", "report.html") == 0
    assert capfd.readouterr() == ("", "wrote report.html (html, 4 tests, 14 metrics)\n")
    page = (here / "report.html").read_text("utf-8")
    assert page.startswith("<!doctype html>")
    assert re.findall(r'<h2 id="test-\d+-name">([^<]+)', page)[0] == mnist().test


def test_into_a_pipe_the_same_page_is_written_byte_by_byte(here: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, "metrics", "report", "tf-*"]
    environ = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, check=True, env=environ, cwd=here)
    assert done.stderr == b""
    assert "✓".encode() in done.stdout
    assert done.stdout.decode("utf-8").endswith("</html>")


def test_a_terminal_is_told_how_to_see_it(here: Path) -> None:
    terminal = Terminal(["-c", PROGRAM, "metrics", "report"], os.environ)
    text = terminal.read(lambda written: "--serve" in written)
    assert terminal.close() == 2
    assert seen(text)[:3] == [
        "Error: the report is a page for a browser, which a terminal cannot show",
        "  a file      -o report.html",
        "  an address  --serve",
    ]
    assert list(here.iterdir()) == [here / ".cajajejo"]


@pytest.mark.parametrize(
    ("name", "form", "begins"),
    [
        ("r.md", [], "## ✗ REGRESSION: 1 of 4 tests with trouble"),
        ("r.xml", [], '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="metrics report"'),
        ("r.json", [], '{\n  "verdict": "regression"'),
        ("r.htm", [], "<!doctype html>"),
        ("r", ["--format", "markdown"], "## ✗ REGRESSION"),
        ("r.md", ["--format", "junit"], "<?xml"),
    ],
)
def test_the_suffix_tells_the_form_where_none_is_given(name: str, form: list[str], begins: str, here: Path) -> None:
    assert report("-o", name, *form) == 0
    assert (here / name).read_text("utf-8").startswith(begins)


def test_json_is_one_document_as_its_schema_says(capfd: pytest.CaptureFixture[str]) -> None:
    assert report("--format", "json", mnist().test) == 0
    out, err = capfd.readouterr()
    document = json.loads(out)
    assert MetricReport.model_validate(document).as_json() == document
    assert [test["test"] for test in document["tests"]] == [mnist().test]
    assert err == ""


def test_only_runs_since_then_are_in_it(capfd: pytest.CaptureFixture[str]) -> None:
    assert report("--format", "json", "--since", "2026-10-20", "tf-*") == 0
    assert json.loads(capfd.readouterr().out)["tests"][0]["runs"] == 13


def test_an_empty_history_is_a_page_with_a_sentence_and_a_warning(
    here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert report("--history", "sqlite:///none.db", "-o", "report.html") == 0
    assert capfd.readouterr().err == (
        "Warning: there are no runs to report in this history: sqlite:///none.db\n"
        "wrote report.html (html, 0 tests, 0 metrics)\n"
    )
    assert "There is no run to report" in (here / "report.html").read_text("utf-8")
    assert not (here / "none.db").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["--serve", "-o", "r.html"], 2, "--serve and -o: a report is shown at an address or written, not both"),
        (["--serve", "--format", "junit"], 2, "--serve and --format junit: what is shown at an address is HTML"),
        (["--serve", "--bind", "8080"], 2, "--bind 8080: not an address with a port"),
        (["--serve", "--bind", "[::1]:99999"], 2, "--bind [::1]:99999: not an address with a port"),
        (["--serve", "--bind", "192.0.2.1:8080"], 1, "--bind 192.0.2.1:8080: this machine does not have this address"),
        (["--serve", "--bind", "no.such.host.invalid:80"], 1, "--bind no.such.host.invalid:80: cannot listen there: "),
        (["--since", "3y", "-o", "r.html"], 2, "--since 3y: not a time"),
        (["nope", "-o", "r.html"], 1, "nope: no such test in this history: sqlite:///.cajajejo/history.db"),
        (["nope", "--serve"], 1, "nope: no such test in this history: sqlite:///.cajajejo/history.db"),
        (["-o", "json"], 2, "-o json: takes the path of a file, not a format"),
        (["-o", "no/where.html"], 1, "-o no/where.html: there is no directory no"),
        (["--history", "mysql://x", "-o", "r.html"], 1, "mysql://x"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_a_sentence(
    arguments: list[str], code: int, said: str, here: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert report(*arguments) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("Error: ")
    assert said in err
    assert not (here / "r.html").exists()


def test_it_is_served_as_it_is_now_until_ctrl_c(serving: list[subprocess.Popen[str]]) -> None:
    url = serve(serving, "tf-*", "--bind", "127.0.0.1:0")
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310  # our own address
        assert '<h1><span class="word regression">' in answer.read().decode()
    good = mnist().runs[-2]
    History.at("sqlite:///.cajajejo/history.db").store.record(
        [type(good)(type(good.run)(good.run.test, "new", good.run.start_time + 1e6), "pass", good.metrics)]
    )
    with urllib.request.urlopen(url, timeout=60) as answer:  # noqa: S310  # as above
        assert '<h1><span class="word pass">' in answer.read().decode()
    [process] = serving
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err.endswith("Stopped.\n")) == (0, True)


def test_a_port_that_is_taken_is_a_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        bind = f"127.0.0.1:{other.getsockname()[1]}"
        assert report("--serve", "--bind", bind) == 1
    assert capfd.readouterr().err == (
        f"Error: --bind {bind}: another program listens at this port\n  any free one  --bind 127.0.0.1:0\n"
    )


def test_an_address_that_others_reach_is_warned_of(serving: list[subprocess.Popen[str]]) -> None:
    command = [sys.executable, "-c", PROGRAM, "metrics", "report", "--serve", "--bind", "0.0.0.0:0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    serving.append(process)
    assert process.stderr is not None
    assert process.stderr.readline() == (
        "Warning: --bind 0.0.0.0:0: whoever reaches this machine can read the report; it is not protected\n"
    )
