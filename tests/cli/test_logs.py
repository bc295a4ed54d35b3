"""``jobs logs`` as a user meets it: lines on stdout, everything else on stderr, and the exit code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import cli
from cajajejo.cli.log_output import Raw, Screen
from cajajejo.logs import Line
from cajajejo.terminal import Style
from tests.clusters import Talk, talking
from tests.documents import fits
from tests.logs import arranging
from tests.logs.arranging import CREATING, ENDED, RUNNING, at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.kubernetes.messages import Request

TEN = 1795255200 * 10**9


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A fake cluster that the environment names."""
    monkeypatch.chdir(tmp_path)
    with talking(tmp_path) as found:
        monkeypatch.setenv("KUBECONFIG", str(found.kubeconfig))
        yield found


def logs(*words: str | Path) -> int:
    return cli.run(cli.app, ["jobs", "logs", *map(str, words)], prog_name="cajajejo")


def ended_job(talk: Talk, text: str = "one\ntwo\n", **states: Any) -> None:
    """A job of one pod that printed `text` and ended."""
    arranging.job(talk.fake, containers=tuple(states) or ("eval",))
    arranging.pod(talk.fake, **(states or {"eval": ENDED}))
    talk.fake.log("a-1", text, at=at(5))
    arranging.end_job(talk.fake)


def test_lines_go_to_a_pipe_as_they_were_printed(talk: Talk, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    ended_job(talk, 'é \x1b[31mred\x00\r\n{"message": "m", "severity": "INFO"}\nno end')
    assert logs("a") == 0
    out, err = capfdbinary.readouterr()
    assert out == 'é \x1b[31mred\x00\r\n{"message": "m", "severity": "INFO"}\nno end\n'.encode()
    assert err == b""


def test_bytes_that_are_no_text_are_replaced(talk: Talk, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    ended_job(talk, b"caf\xe9\n".decode("utf-8", "surrogateescape"))
    assert logs("a") == 0
    assert capfdbinary.readouterr().out == "caf\ufffd\n".encode()


def test_timestamps_stand_in_front(talk: Talk, capfd: pytest.CaptureFixture[str]) -> None:
    ended_job(talk)
    assert logs("a", "--timestamps", "--tail", "1") == 0
    assert capfd.readouterr().out == "2026-11-21T10:00:00.000000005Z two\n"


def test_the_project_file_says_where_lines_come_from(
    talk: Talk, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    ended_job(talk)
    (tmp_path / "cajajejo.toml").write_text('log_source = "cloud"\n')
    assert logs("a") == 1
    assert capfd.readouterr().err.startswith("Error: which Google Cloud project has the logs?")
    assert logs("a", "--source", "pods") == 0
    assert capfd.readouterr().out == "one\ntwo\n"


def test_json_is_one_object_a_line(talk: Talk, capfd: pytest.CaptureFixture[str]) -> None:
    deep = '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}"
    ended_job(talk, f'text\n{{"message": "m"}}\n{{"a": NaN}}\n{{"a": 1e999}}\n{deep}\n')
    assert logs("a", "--json") == 0
    out, err = capfd.readouterr()
    told = [json.loads(line) for line in out.splitlines()]
    head = {"time": "2026-11-21T10:00:00.000000005Z", "pod": "a-1", "container": "eval"}
    assert told == [
        {**head, "text": "text"},
        {**head, "payload": {"message": "m"}},
        {**head, "text": '{"a": NaN}'},
        {**head, "text": '{"a": 1e999}'},
        {**head, "text": deep},
    ]
    assert [fits("log-line", line) for line in told] == [[]] * 5
    assert err == ""


def test_who_speaks_is_named_where_there_are_several(talk: Talk, capfd: pytest.CaptureFixture[str]) -> None:
    ended_job(talk, init=ENDED, eval=ENDED)
    talk.fake.log("a-1", "fetching\n", container="init", at=at(0))
    assert logs("a", "-c", "all") == 0
    assert capfd.readouterr().out == "a-1 init │ fetching\na-1 eval │ one\na-1 eval │ two\n"
    assert logs("a", "-c", "init") == 0
    assert capfd.readouterr().out == "fetching\n"


def test_an_output_file_is_there_whole(talk: Talk, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ended_job(talk)
    path = tmp_path / "job.log"
    path.write_text("before", "utf-8")
    path.chmod(0o640)
    assert logs("a", "-o", path) == 0
    assert (path.read_text("utf-8"), path.stat().st_mode & 0o777) == ("one\ntwo\n", 0o640)
    assert capfd.readouterr() == ("", f"wrote {path} (2 lines)\n")
    talk.fake.deny("get", "pods/log")
    assert logs("a", "-o", path) == 1
    assert path.read_text("utf-8") == "one\ntwo\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["job.log", "kubeconfig"]


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["-o", "missing/x.log"], 1, "Error: -o missing/x.log: there is no directory missing\nRun: mkdir -p missing\n"),
        (["-o", "."], 1, "Error: -o .: is a directory\n"),
        (["-o", "json"], 2, "Error: -o json: takes the path of a file, not a format"),
        (["-c", "evil"], 1, "Error: no container evil in this job\n  it has      eval\n"),
        (["--attempt", "7"], 1, "Error: no attempt 7: the job has had one attempt so far\n"),
        (["--replica", "worker-1"], 1, "Error: no replica worker-1 in this job\n"),
        (["--previous"], 1, "Error: no container of this job was started anew in its pod"),
        (["-o", "/dev/full"], 1, "Error: -o /dev/full: cannot be written: No space left on device\n"),
        (["-o", "x" * 300], 1, f"Error: -o {'x' * 300}: cannot be written: File name too long\n"),
        (["-o", "a\nb/x"], 1, "Error: -o a\\nb/x: there is no directory a\\nb\nRun: mkdir -p 'a\\nb'\n"),
        (["--save", "/dev/full"], 1, "Error: --save /dev/full: cannot be written: No space left on device\n"),
        (["--save", "-"], 2, "Error: --save -: the lines are on stdout already; --json shows them as JSON\n"),
        (["--save", "x", "-o", "./x"], 2, "Error: -o and --save name the same file\n"),
        (["-f", "--until", "1h"], 2, "Error: -f ends with the job; --until goes without it\n"),
        (["--since", "1h", "--until", "2h"], 2, "Error: --since is later than --until, and nothing lies between\n"),
        (["--since", "30"], 2, "Error: --since 30: 30 what?"),
        (["--source", "cloud", "--attempt", "1"], 2, "Error: --source cloud has all attempts as one"),
        (["--source", "cloud"], 1, "Error: which Google Cloud project has the logs?"),
    ],
)
def test_what_cannot_be_is_a_sentence(
    talk: Talk, capfd: pytest.CaptureFixture[str], words: list[str], code: int, told: str
) -> None:
    ended_job(talk)
    assert logs("a", *words) == code
    out, err = capfd.readouterr()
    assert (out.removeprefix("one\ntwo\n"), err[: len(told)]) == ("", told)


def test_a_job_that_is_not_there_is_told(talk: Talk, capfd: pytest.CaptureFixture[str]) -> None:
    ended_job(talk)
    assert logs("nothing") == 1
    assert capfd.readouterr().err.startswith("Error: there is no job nothing in namespace default\n")


def test_a_job_that_has_not_printed_anything_says_why(
    talk: Talk, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["cajajejo", "jobs", "logs", "a"])
    arranging.job(talk.fake)
    arranging.pod(talk.fake, eval=CREATING)
    assert logs("a") == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("a has not printed anything yet: ")
    assert err.endswith("Next: cajajejo jobs logs a -f     waits for its log\n")


def test_a_follower_is_told_what_it_waits_for(talk: Talk, capfd: pytest.CaptureFixture[str]) -> None:
    arranging.job(talk.fake)

    def end(number: int, _: Request) -> None:
        """Once all was asked that tells why there is nothing yet; the events come last."""
        if number > 1 and talk.fake.requests[number - 2].path.endswith("/events"):
            arranging.end_job(talk.fake)

    talk.fake.before(end)
    assert logs("a", "-f") == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("a has not printed anything yet: ")
    assert err.endswith("; waiting for its log\n")


def test_a_closed_pipe_ends_it_quietly(talk: Talk) -> None:
    ended_job(talk, "x\n" * 200_000)
    reader, writer = os.pipe()
    os.close(reader)
    program = "import sys; from cajajejo import cli; sys.exit(cli.run(cli.app, sys.argv[1:], prog_name='cajajejo'))"
    command = [sys.executable, "-c", program, "jobs", "logs", "a"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=300, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_closed_pipe_does_not_end_the_saving(talk: Talk, tmp_path: Path) -> None:
    ended_job(talk, "x\n" * 400_000)
    reader, writer = os.pipe()
    os.close(reader)
    program = "import sys; from cajajejo import cli; sys.exit(cli.run(cli.app, sys.argv[1:], prog_name='cajajejo'))"
    command = [sys.executable, "-c", program, "jobs", "logs", "a", "--save", "x.json"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, timeout=300, check=False, cwd=tmp_path)
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"wrote x.json (400,000 lines)\n")
    assert (tmp_path / "x.json").read_bytes().endswith(b'"text": "x"}\n]\n')


def test_a_job_that_printed_nothing_says_so(talk: Talk, capfd: pytest.CaptureFixture[str]) -> None:
    ended_job(talk, "")
    assert logs("a") == 0
    assert capfd.readouterr() == ("", "a has printed nothing\n")
    talk.fake.log("a-1", "x\n", at=at(0))
    assert logs("a", "--since", "2026-11-21T11:00:00Z") == 0
    assert capfd.readouterr() == ("", "a has printed nothing that was asked for\n")


def test_a_gap_is_a_warning_where_it_is(talk: Talk, capfd: pytest.CaptureFixture[str]) -> None:
    ended_job(talk)
    talk.fake.update("Job", "a", {"status": {"succeeded": 1, "failed": 1}})
    assert logs("a") == 0
    assert capfd.readouterr() == ("one\ntwo\n", "Warning: a pod of the job is gone, and its log with it\n")


def test_following_ends_with_the_job_with_exit_code_0_although_it_failed(
    talk: Talk, capfd: pytest.CaptureFixture[str]
) -> None:
    arranging.job(talk.fake)
    arranging.pod(talk.fake, eval=RUNNING)
    talk.fake.log("a-1", "one\n", at=at(0))

    def end() -> None:
        talk.fake.log("a-1", "two\n", at=at(1))
        arranging.end_pod(talk.fake, phase="Failed")
        arranging.end_job(talk.fake, kind="Failed")

    timer = threading.Timer(0.3, end)
    timer.start()
    assert logs("a", "-f") == 0
    timer.join()
    assert capfd.readouterr().out == "one\ntwo\n"


def test_following_a_job_that_has_ended_waits_for_nothing(talk: Talk, capfd: pytest.CaptureFixture[str]) -> None:
    ended_job(talk, "")
    assert logs("a", "-f") == 0
    assert capfd.readouterr() == ("", "a has printed nothing\n")
    assert logs("a", "-f", "--attempt", "7") == 1
    assert capfd.readouterr() == ("", "Error: no attempt 7: the job has had one attempt so far\n")
    talk.fake.remove("Pod", "a-1")
    assert logs("a", "-f") == 0
    assert capfd.readouterr() == ("", "a has printed nothing: Succeeded\n")


def test_lines_come_at_once_and_ctrl_c_keeps_what_was_written(talk: Talk, tmp_path: Path) -> None:
    arranging.job(talk.fake)
    arranging.pod(talk.fake, eval=RUNNING)
    talk.fake.log("a-1", "one\n", at=at(0))
    program = "import sys; from cajajejo import cli; sys.exit(cli.run(cli.app, sys.argv[1:], prog_name='cajajejo'))"
    command = [sys.executable, "-c", program, "jobs", "logs", "a", "-f", "-o", "job.log"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, env={**os.environ, "PYTHONWARNINGS": ""})
    path = tmp_path / "job.log"
    until = time.monotonic() + 120
    while time.monotonic() < until and not (path.exists() and path.read_bytes()):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=300)
    assert (process.returncode, path.read_bytes(), err) == (130, b"one\n", b"")


def test_a_terminal_shows_no_control_characters_and_reads_our_json() -> None:
    screen = Screen({("p", "eval")}, Style(unicode=True), timestamps=False)
    hostile = Line(TEN, "p", "eval", "a\x1b[2J\u202eb\tc")
    assert screen(hostile) == b"a\\x1b[2J\\u202eb\tc\n"
    ours = {"message": "lost\nit", "severity": "ERROR", "stack_trace": "Traceback\n  x\n"}
    shown = screen(Line(TEN, "p", "eval", "{…}", ours)).decode().splitlines()
    assert [shown[0].partition(" ")[2], *shown[1:]] == ["ERROR lost", "it", "Traceback", "  x"]
    theirs = Line(TEN, "p", "eval", '{"level": "x"}', {"level": "x"})
    assert screen(theirs) == b'{"level": "x"}\n'
    stamped = Screen(set(), Style(unicode=True), timestamps=True)
    assert stamped(Line(TEN, "p", "eval", "", {"message": "m", "severity": "INFO"})) == (
        b"2026-11-21T10:00:00.000000000Z m\n"
    )


def test_ascii_terminals_and_pipes_have_another_bar() -> None:
    voices = {("p", "eval"), ("q", "eval")}
    assert Screen(voices, Style(unicode=False), timestamps=False)(Line(TEN, "p", "eval", "é")) == b"p eval | \\xe9\n"
    assert Raw(voices, "|", timestamps=False)(Line(TEN, "q", "eval", "é")) == "q eval | é\n".encode()
