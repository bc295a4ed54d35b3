"""The tasks of ``invoke``, run in a clone: each prints its command, and works from any directory."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cajajejo.logs.cloud_connection import EMULATOR
from cajajejo.logs.cloud_query import nanoseconds
from tests import sending
from tests.clusters import Talk, talking
from tests.fakes import cloud_logging
from tests.fakes.cloud_logging import SECOND, CloudLogging, entry

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = Path(sys.executable).parent


class Clone:
    """A repository with our tasks, a committed config and its run specs, beside a cluster."""

    def __init__(self, root: Path, talk: Talk) -> None:
        self.root, self.talk = root, talk
        self.variables: dict[str, str] = {}
        (root / "jobs" / "app").mkdir(parents=True)
        shutil.copy(sending.ROOT / "tasks.py", root)
        shutil.copy(sending.CONFIG, root / "jobs" / "a.job_config.yml")
        shutil.copy(sending.RUN_SPECS, root / "jobs" / "app" / "run specs.conf")
        for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
            self.git(*words)

    def git(self, *words: str) -> str:
        author = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *author, *words], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def invoke(self, *words: str, directory: str = ".") -> subprocess.CompletedProcess[str]:
        places = {"KUBECONFIG": str(self.talk.kubeconfig), "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
        return subprocess.run(
            [PROGRAMS / "invoke", *words],
            cwd=self.root / directory,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **places, **self.variables},
        )


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    with talking(tmp_path) as talk:
        yield Clone(tmp_path / "clone", talk)


COMMAND = (
    "cajajejo jobs evaluation submit-job --path-to-config a.job_config.yml --path-to-helm-config 'app/run specs.conf'"
)


def test_a_job_is_sent_from_any_directory_with_the_commit_and_the_paths_of_the_repository(clone: Clone) -> None:
    (clone.root / "my-job.yml").write_text("a: 1\n")  # of an earlier one; in no commit, and does not count
    words = ["submit-evaluation-job", "a.job_config.yml", "app/run specs.conf"]
    done = clone.invoke(*words, "--kubernetes-job-spec-output-path", "../my-job.yml", directory="jobs")
    assert done.returncode == 0, done.stderr
    command, *rest = done.stdout.splitlines()
    assert command == f"{COMMAND} --job-spec-output-path ../my-job.yml"
    (job,) = clone.talk.fake.objects("Job")
    name, annotations = job["metadata"]["name"], job["metadata"]["annotations"]
    assert rest == [name]
    assert annotations["cajajejo/config-version"] == clone.git("rev-parse", "HEAD")
    assert annotations["cajajejo/config-path"] == "jobs/a.job_config.yml"
    assert annotations["cajajejo/helm-config-path"] == "jobs/app/run specs.conf"
    assert f'name: "{name}"' in (clone.root / "my-job.yml").read_text("utf-8")
    assert "wrote ../my-job.yml" in done.stderr
    sending.assert_sent_once(clone.talk.fake, name)


def test_a_tree_with_changes_is_refused_unless_it_is_allowed(clone: Clone) -> None:
    (clone.root / "jobs" / "new.job_config.yml").write_text("version: v4\n")
    words = ["submit-evaluation-job", "jobs/a.job_config.yml", "jobs/app/run specs.conf"]
    done = clone.invoke(*words)
    assert done.returncode == 1
    assert "Error: the repository has changes that the tag config_git_sha would not name\n" in done.stderr
    assert "  untracked   jobs/new.job_config.yml\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert clone.talk.asked() == []
    assert clone.invoke(*words, "--allow-dirty-repo").returncode == 0
    (job,) = clone.talk.fake.objects("Job")
    assert job["metadata"]["annotations"]["cajajejo/config-version"] == f"{clone.git('rev-parse', 'HEAD')}-dirty"


def test_a_file_that_is_missing_is_named(clone: Clone) -> None:
    done = clone.invoke("submit-evaluation-job", "nowhere.yml", "jobs/app/run specs.conf")
    assert done.returncode == 1
    assert "nowhere.yml" in done.stderr
    assert clone.talk.asked() == []


def test_the_list_and_the_help_say_what_a_task_does(clone: Clone) -> None:
    listed = clone.invoke("--list", directory="jobs").stdout
    line = next(line for line in listed.splitlines() if "submit-evaluation-job" in line)
    assert line.split(maxsplit=1)[1].startswith("Send an evaluation job to the cluster")
    told = clone.invoke("--help", "submit-evaluation-job").stdout
    for option in ("--kubernetes-job-spec-output-path=STRING", "--allow-dirty-repo", "--config=", "--helm-config="):
        assert option in told


NAME = "eval-neurips-amusing-sloth-81b0c6d2"
GCP = """
[gcp]
project = "evaluations"
location = "europe-west4"
cluster = "autopilot-cluster-1"
"""


@pytest.fixture
def now() -> datetime:
    """When the test began, which may be long after its module was read."""
    return datetime.now(UTC).replace(microsecond=0)


@pytest.fixture
def archive(clone: Clone, now: datetime) -> Iterator[CloudLogging]:
    """Cloud Logging with three days of a job that no cluster knows: the kubeconfig names none."""
    (clone.root / "cajajejo.toml").write_text(GCP)
    with cloud_logging.serving() as logs:
        clone.variables = {EMULATOR: logs.host, "KUBECONFIG": str(clone.root / "no-kubeconfig"), "TZ": "UTC"}
        at = nanoseconds(now)
        logs.write(
            entry("of another job", at=at - 60 * SECOND, job="eval-other"),
            entry("four days ago", at=at - 4 * 86_400 * SECOND, job=NAME),
            entry("fetching the model", at=at - 2 * 86_400 * SECOND, job=NAME, resource={"container_name": "init"}),
            entry(at=at - 3_600 * SECOND + 5, job="", labels={"job_name": NAME}, payload={"message": "64 of 135"}),
            entry("Killed \x1b[31mé", at=at - 60 * SECOND, job=NAME),
        )
        yield logs


def test_the_logs_of_a_job_that_is_gone_are_shown_and_written_without_any_cluster(
    clone: Clone, archive: CloudLogging, now: datetime
) -> None:
    (clone.root / ".tmp").mkdir()
    words = ["--shift-unit", "days", "--shift-amount", "3", "--output-path", ".tmp/logs.json"]
    done = clone.invoke("get-job-logs", NAME, *words)
    assert done.returncode == 0, done.stderr
    command, *lines = done.stdout.splitlines()
    assert command == f"cajajejo jobs logs {NAME} --source cloud --since 3d --save .tmp/logs.json"
    assert lines[0] == "fetching the model"
    assert lines[1].endswith("64 of 135")
    assert lines[2].endswith("Killed \x1b[31mé")
    assert len(lines) == 3
    assert done.stderr == "wrote .tmp/logs.json (3 lines)\n"
    pod = {"pod": "eval-x-abcde"}
    second, first = now - timedelta(hours=1), now - timedelta(days=2)
    assert json.loads((clone.root / ".tmp" / "logs.json").read_text()) == [
        {"time": f"{first:%Y-%m-%dT%H:%M:%S}.000000000Z", **pod, "container": "init", "text": "fetching the model"},
        {
            "time": f"{second:%Y-%m-%dT%H:%M:%S}.000000005Z",
            **pod,
            "container": "eval",
            "payload": {"message": "64 of 135", "severity": "INFO"},
        },
        {
            "time": f"{now - timedelta(minutes=1):%Y-%m-%dT%H:%M:%S}.000000000Z",
            **pod,
            "container": "eval",
            "text": "Killed \x1b[31mé",
        },
    ]
    (asked,) = archive.calls("ListLogEntries")
    assert 'cluster_name="autopilot-cluster-1"' in asked.filter
    assert clone.talk.asked() == []


@pytest.mark.parametrize(
    ("words", "since", "shown"),
    [
        ([], "1d", ["64 of 135", "Killed \x1b[31mé"]),
        (["--shift-unit=hours", "--shift-amount=50"], "50h", ["fetching the model", "64 of 135", "Killed \x1b[31mé"]),
        (["--shift-unit=minutes", "--shift-amount=30"], "30m", ["Killed \x1b[31mé"]),
    ],
)
def test_logs_are_shown_without_a_file_too_from_as_long_ago_as_is_said(
    clone: Clone, archive: CloudLogging, words: list[str], since: str, shown: list[str]
) -> None:
    done = clone.invoke("get-job-logs", NAME, *words)
    assert done.returncode == 0, done.stderr
    command, *lines = done.stdout.splitlines()
    assert command == f"cajajejo jobs logs {NAME} --source cloud --since {since}"
    assert [line.rpartition("│ ")[2] for line in lines] == shown
    assert done.stderr == ""  # never that nothing was found, where something was
    assert len(archive.calls("ListLogEntries")) == 1


def test_where_nothing_is_found_it_says_where_and_when_it_looked_and_how_to_look_further(
    clone: Clone, archive: CloudLogging
) -> None:
    done = clone.invoke("get-job-logs", "eval-unheard-of", "--shift-amount", "2", "--output-path", "logs.json")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    found, looked, further = [line for line in done.stderr.splitlines() if "wrote" not in line]
    assert found.startswith("Cloud Logging has no lines of eval-unheard-of from 20")
    assert found.endswith(" to now")
    assert looked == (
        "looked at: project evaluations, cluster autopilot-cluster-1 in europe-west4; the name of the job must be whole"
    )
    assert further.startswith("Next: cajajejo jobs logs eval-unheard-of --source cloud --since 30d     ")
    assert json.loads((clone.root / "logs.json").read_text()) == []
    assert len(archive.calls("ListLogEntries")) == 1


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["--shift-unit", "weeks"], 2, "--shift-unit weeks: not a unit; days, hours or minutes"),
        (["--shift-amount", "0"], 2, "--shift-amount 0: not a whole number of days above 0"),
        (["--shift-amount=-3"], 2, "--shift-amount -3: not a whole number of days above 0"),
        (
            ["--shift-amount", "1.5", "--shift-unit", "hours"],
            2,
            "--shift-amount 1.5: not a whole number of hours above 0",
        ),
        (
            ["--output-path", "no such/logs.json"],
            1,
            "--output-path no such/logs.json: there is no directory no such; mkdir -p 'no such'",
        ),
    ],
)
def test_what_makes_no_sense_is_a_sentence_and_nothing_is_asked(
    clone: Clone, archive: CloudLogging, words: list[str], code: int, sentence: str
) -> None:
    done = clone.invoke("get-job-logs", NAME, *words)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (code, "", sentence)
    assert archive.asked == []


def test_the_code_and_the_error_of_a_failure_are_those_of_the_command(clone: Clone, archive: CloudLogging) -> None:
    (clone.root / "cajajejo.toml").write_text(GCP.replace("evaluations", "elsewhere"))
    done = clone.invoke("get-job-logs", NAME, "--output-path", "logs.json")
    assert done.returncode == 1
    assert "Error: there is no Google Cloud project elsewhere, or its logs are hidden from you\n" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (clone.root / "logs.json").exists()
    assert len(archive.calls("ListLogEntries")) == 1
