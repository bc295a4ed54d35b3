"""The tasks of ``invoke``, run in a clone: each prints its command, and works from any directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import sending
from tests.clusters import Talk, talking

if TYPE_CHECKING:
    from collections.abc import Iterator

PROGRAMS = Path(sys.executable).parent


class Clone:
    """A repository with our tasks, a committed config and its run specs, beside a cluster."""

    def __init__(self, root: Path, talk: Talk) -> None:
        self.root, self.talk = root, talk
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
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **places},
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
