"""A matrix on its way: asked about once, counted, told in one account; what is missing is sent by doing it again."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest

from cajajejo import cli, cluster
from cajajejo.batches import WORKERS
from tests import sending
from tests.clusters import Talk, talking
from tests.fakes.kubernetes.model import ApiError
from tests.sending import RUN_SPECS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cajajejo.cluster import Cluster, Options
    from tests.fakes.kubernetes.calls import Attempt
    from tests.fakes.kubernetes.messages import Request

AGAIN = "cajajejo jobs evaluation submit-job --yes"


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A fake cluster that the environment names; no wait takes time."""
    connect = cluster.connect

    def hurried(context: str | None = None, *, options: Options) -> Cluster:
        return connect(context, options=replace(options, sleep=lambda _: None))

    with talking(tmp_path) as found:
        monkeypatch.setenv("KUBECONFIG", str(found.kubeconfig))
        monkeypatch.setattr(cluster, "connect", hurried)
        monkeypatch.setattr(sys, "argv", AGAIN.split())
        yield found


def submit(directory: Path, count: int, *more: str) -> int:
    """Sends a matrix of so many jobs."""
    suites = ", ".join(f"s{number}" for number in range(count))
    config = directory / "many.job_config.yml"
    matrix = f"\nmatrix: {{axes: {{helm.suite: [{suites}]}}}}\n"
    config.write_text(sending.CONFIG.read_text("utf-8") + matrix, "utf-8")
    forms = ["--path-to-config", str(config), "--path-to-helm-config", str(RUN_SPECS), "--config-version", "v1"]
    return cli.run(cli.app, ["jobs", "evaluation", "submit-job", *forms, *more], prog_name="cajajejo")


def told(text: str) -> list[str]:
    """The lines, with the clock time and durations replaced."""
    clocked = re.sub(r"^\d\d:\d\d:\d\d", "HH:MM:SS", text, flags=re.MULTILINE)
    return re.sub(r"in \d+(\.\d)? s", "in T", clocked).splitlines()


def test_a_matrix_is_sent_with_one_account(talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit(tmp_path, 30, "--yes") == 0
    printed = capsys.readouterr()
    names = printed.out.splitlines()
    assert len(names) == 30
    sending.assert_sent_once(talk.fake, *names)
    assert told(printed.err) == [
        "Plan  fake, namespace default, profile gke-autopilot: 30 jobs",
        "HH:MM:SS  30 jobs    30 sent, in T",
    ]
    start = len(talk.fake.requests)
    assert submit(tmp_path, 31, "--yes") == 0
    assert told(capsys.readouterr().err)[-1] == "HH:MM:SS  31 jobs    1 sent, 30 there already, in T"
    assert len([change for change in sending.changes(talk.fake, start) if "POST" in change]) == 2


def test_without_a_terminal_nobody_is_asked(talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit(tmp_path, 2) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[-1] == "Error: Send 2 jobs? Nobody is there to answer; to mean yes: --yes"
    assert sending.stored(talk.fake) == {}


class Terminal(io.StringIO):
    """A stream of a terminal."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


ANSWERS = {"y\n": 0, "YES\n": 0, "\n": 1, "n\n": 1, "": 1}


@pytest.mark.parametrize("answer", ANSWERS)
def test_on_a_terminal_it_is_asked_and_no_is_the_default(
    answer: str, talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys, "stderr", screen)
    assert submit(tmp_path, 2) == ANSWERS[answer]
    assert "Send 2 jobs? [y/N] " in screen.getvalue()
    assert len(talk.fake.objects("Job")) == (2 if ANSWERS[answer] == 0 else 0)
    assert ("Error: nothing was sent" in screen.getvalue()) == (ANSWERS[answer] == 1)


def test_progress_is_one_line_that_is_gone_at_the_end(
    talk: Talk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys, "stderr", screen)
    assert submit(tmp_path, 12, "--yes") == 0
    drawn = [part for part in screen.getvalue().split("\r\x1b[2K") if part.startswith("  Jobs")]
    assert re.search(r"\d+/12$", drawn[0])
    assert len(talk.fake.objects("Job")) == 12


def test_the_json_document_holds_every_job(talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit(tmp_path, 5, "--yes", "--json") == 0
    printed = capsys.readouterr()
    document = json.loads(printed.out)
    schema = json.loads((sending.ROOT / "schemas/submit-job.schema.json").read_text("utf-8"))
    jsonschema_rs.validate(schema, document)
    assert printed.err == ""
    sending.assert_sent_once(talk.fake, *(job["name"] for job in document["jobs"]))


def test_a_rehearsal_of_a_matrix_asks_nobody(talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert submit(tmp_path, 3, "--dry-run=server") == 0
    assert told(capsys.readouterr().err)[-1] == "HH:MM:SS  3 jobs    3 checked, in T"
    assert sending.stored(talk.fake) == {}


def test_the_specs_of_a_matrix_are_written_into_a_directory(talk: Talk, tmp_path: Path) -> None:
    assert submit(tmp_path, 3, "--yes", "--job-spec-output-path", str(tmp_path / "specs")) == 0
    written = {path.stem for path in (tmp_path / "specs").iterdir()}
    assert written == {job["metadata"]["name"] for job in talk.fake.objects("Job")}


def test_jobs_that_are_refused_are_named_and_the_others_are_sent(
    talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused: list[str] = []

    def hook(attempt: Attempt) -> None:
        if attempt.resource.kind == "Job" and len(refused) < 1:
            refused.append(attempt.name)
            raise ApiError(403, "Forbidden", 'admission webhook "a.example.org" denied the request: \x1b[2Jno')

    talk.fake.admit(hook)
    assert submit(tmp_path, 10, "--yes") == 1
    printed = capsys.readouterr()
    names = printed.out.splitlines()
    assert (len(names), refused[0] in names) == (9, False)
    sending.assert_sent_once(talk.fake, *names)
    lines = told(printed.err)
    assert lines[1] == "HH:MM:SS  10 jobs    9 sent, 1 failed, in T"
    assert lines[2] == "Error: 1 of 10 jobs were not sent; the others are"
    assert lines[3].startswith(f"  {refused[0]}  ")
    assert lines[-1] == f"Run: {AGAIN}     sends what is missing"
    assert "\x1b" not in printed.err
    assert submit(tmp_path, 10, "--yes") == 0
    sending.assert_sent_once(talk.fake, *names, *refused)


def test_a_server_that_goes_away_in_the_middle_is_told_and_again_sends_the_rest(
    talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def go(number: int, _: Request) -> None:
        if number == 60:
            talk.fake.stop()

    talk.fake.before(go)
    assert submit(tmp_path, 40, "--yes") == 1
    printed = capsys.readouterr()
    sent = printed.out.splitlines()
    account = re.search(r"40 jobs    (\d+) sent, (\d+) failed, (\d+) not tried", printed.err)
    assert account is not None
    assert int(account[1]) == len(sent) > 0
    assert int(account[2]) <= WORKERS
    assert sum(int(number) for number in account.groups()) == 40
    assert f"Error: {40 - len(sent)} of 40 jobs were not sent; the others are" in printed.err
    assert printed.err.count("trying again in") < 30
    talk.fake.start()
    start = len(talk.fake.requests)
    assert submit(tmp_path, 40, "--yes") == 0
    names = capsys.readouterr().out.splitlines()
    sending.assert_sent_once(talk.fake, *names)
    posted = [change for change in sending.changes(talk.fake, start) if change == f"POST {sending.JOBS}"]
    assert len(posted) <= 40 - len(sent)


def test_ctrl_c_in_the_middle_says_what_is_on_the_cluster(
    talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(number: int, _: Request) -> None:
        if number == 50:
            os.kill(os.getpid(), signal.SIGINT)

    talk.fake.before(interrupt)
    assert submit(tmp_path, 200, "--yes") == 130
    printed = capsys.readouterr()
    names = printed.out.splitlines()
    assert 0 < len(names) < 200
    sending.assert_sent_once(talk.fake, *names)
    lines = told(printed.err)
    assert lines[1] == "Stopping: what is on its way arrives. Ctrl-C again ends at once."
    assert lines[-2:] == [
        f"stopped by Ctrl-C: {len(names)} of 200 jobs are on the cluster, and go on",
        f"Run: {AGAIN}",
    ]


def test_ctrl_c_while_a_single_job_is_sent_lets_it_arrive(
    talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: int, request: Request) -> None:
        if request.method == "POST" and request.path == sending.MAPS:
            os.kill(os.getpid(), signal.SIGINT)

    talk.fake.before(interrupt)
    assert submit(tmp_path, 1) == 130
    printed = capsys.readouterr()
    name = printed.out.strip()
    sending.assert_sent_once(talk.fake, name)
    assert told(printed.err)[-4:] == [
        f"Next: cajajejo jobs watch {name}",
        f"      cajajejo jobs logs -f {name}",
        f"stopped by Ctrl-C; the job {name} is on the cluster, and goes on",
        f"Run: {AGAIN}",
    ]
