"""The tasks of ``invoke`` around images: what they ask docker and gcloud for; no secret is on a command line."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cajajejo import __version__, images
from tests.builders import ROOT

PROGRAMS = Path(sys.executable).parent
REGISTRY = "europe-west4-docker.pkg.dev/evaluations/images"
KEY = base64.b64encode(json.dumps({"type": "service_account", "private_key": "-----BEGIN"}).encode()).decode()
# Stands for docker and gcloud: writes down how it was called, and answers as it is told to.
RECORDER = """#!{python}
import json, os, sys
from pathlib import Path
program = Path(sys.argv[0]).name
stdin = "" if sys.stdin.isatty() else sys.stdin.read()
with open(os.environ["CALLS"], "a") as calls:
    calls.write(json.dumps([program, *sys.argv[1:], stdin]) + "\\n")
print(os.environ.get("SAYS_" + program.upper(), ""), end="")
sys.exit(int(os.environ.get("ENDS_" + program.upper(), "0")))
"""


class Clone:
    """A repository with our tasks and one commit, and programs on the path that only write down how they are called."""

    def __init__(self, root: Path) -> None:
        self.root, self.calls_file, programs = root / "clone", root / "calls", root / "programs"
        (self.root / "jobs").mkdir(parents=True)
        programs.mkdir()
        for name in ("docker", "gcloud"):
            (programs / name).write_text(RECORDER.format(python=sys.executable))
            (programs / name).chmod(0o755)
        self.variables = {"CALLS": str(self.calls_file), "PATH": f"{programs}:{PROGRAMS}:{os.environ['PATH']}"}
        shutil.copy(ROOT / "tasks.py", self.root)
        (self.root / "evaluation.Dockerfile").write_text("FROM scratch\n")
        self.configure()
        for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "first"]):
            self.git(*words)
        self.sha = self.git("rev-parse", "HEAD")

    def configure(self, registry: str = f'registry = "{REGISTRY}"') -> None:
        gcp = f'[gcp]\nproject = "p"\nlocation = "europe-west4"\ncluster = "c"\n{registry}\n'
        (self.root / "cajajejo.toml").write_text(gcp)

    def git(self, *words: str) -> str:
        author = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *author, *words], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def invoke(self, *words: str, directory: str = ".") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [PROGRAMS / "invoke", *words],
            cwd=self.root / directory,
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **self.variables},
        )

    def calls(self) -> list[list[str]]:
        """Each call: the program, its arguments, what came through stdin."""
        lines = self.calls_file.read_text().splitlines() if self.calls_file.exists() else []
        return [json.loads(line) for line in lines]


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def build_of(sha: str, *tags: str, file: str = "evaluation.Dockerfile", root: str = ".") -> list[str]:
    arguments = ["--build-arg", f"VERSION={__version__}", "--build-arg", f"REVISION={sha}"]
    return ["docker", "build", "--file", file, *arguments, *(word for tag in tags for word in ("--tag", tag)), root]


def test_the_image_of_a_commit_is_built_and_pushed_under_its_names(clone: Clone) -> None:
    (clone.root / "notes.txt").write_text("in no commit, and in no image\n")
    done = clone.invoke("build-and-push-job-image", "evaluation")
    assert done.returncode == 0, done.stderr
    commit, latest = f"{REGISTRY}/evaluation:{clone.sha[:10]}", f"{REGISTRY}/evaluation:latest"
    built = build_of(clone.sha, "neurips/evaluation:latest", commit, latest)
    assert clone.calls() == [[*built, ""], ["docker", "push", commit, ""], ["docker", "push", latest, ""]]
    assert done.stdout.splitlines() == [" ".join(built), f"docker push {commit}", f"docker push {latest}"]


def test_an_image_is_built_from_any_directory_and_without_any_registry(clone: Clone) -> None:
    clone.configure(registry="")
    clone.git("commit", "-qam", "no registry")
    done = clone.invoke("build-job-image", "evaluation", directory="jobs")
    assert done.returncode == 0, done.stderr
    names = ["neurips/evaluation:latest", f"neurips/evaluation:{clone.git('rev-parse', 'HEAD')[:10]}"]
    built = build_of(clone.git("rev-parse", "HEAD"), *names, file="../evaluation.Dockerfile", root="..")
    assert clone.calls() == [[*built, ""]]


def test_the_image_of_the_init_container_has_tasks_of_its_own(clone: Clone) -> None:
    assert clone.invoke("build-mlflow-image", "--build-arg", "PYTHON_IMAGE=mirror/python:3.11").returncode == 0
    assert clone.invoke("push-mlflow-image").returncode == 0
    assert clone.invoke("build-and-push-mlflow-image").returncode == 0
    build, *pushes = clone.calls()
    assert build[2:4] == ["--file", "mlflow-skinny.Dockerfile"]
    assert "PYTHON_IMAGE=mirror/python:3.11" in build
    names = [f"{REGISTRY}/mlflow-skinny-gcp:{tag}" for tag in (clone.sha[:10], "latest")]
    assert ["neurips/mlflow-skinny-gcp:latest", *names] == [build[i + 1] for i, w in enumerate(build) if w == "--tag"]
    assert [call[1:3] for call in pushes] == [*(["push", name] for name in names), ["build", "--file"]] + [
        ["push", name] for name in names
    ]


@pytest.mark.parametrize("task", ["build-job-image", "push-job-image", "build-and-push-job-image"])
def test_a_tree_with_changes_is_refused_unless_it_is_allowed(clone: Clone, task: str) -> None:
    (clone.root / "evaluation.Dockerfile").write_text("FROM python\n")
    done = clone.invoke(task, "evaluation")
    assert (done.returncode, done.stdout, clone.calls()) == (1, "", [])
    assert done.stderr.splitlines()[0] == ("Error: the repository has changes that the tag of the image would not name")
    assert f"or accept the tag {clone.sha[:10]}-dirty: --allow-dirty-repo" in done.stderr
    assert clone.invoke(task, "evaluation", "--allow-dirty-repo").returncode == 0
    assert f"{REGISTRY}/evaluation:{clone.sha[:10]}-dirty" in {word for call in clone.calls() for word in call}


def test_a_failed_build_is_not_pushed(clone: Clone) -> None:
    clone.variables["ENDS_DOCKER"] = "3"
    assert clone.invoke("build-and-push-job-image", "evaluation").returncode == 3
    assert [call[1] for call in clone.calls()] == ["build"]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["build-job-image", "training"], 2, "Error: there is no training job yet, and so no image of one"),
        (["push-job-image", "trainig"], 2, "Error: no such job: trainig; there is evaluation"),
        (["build-mlflow-image", "--build-arg", "TORCH"], 2, "Error: --build-arg TORCH: not of the form NAME=VALUE"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_a_sentence_and_nothing_is_run(
    clone: Clone, words: list[str], code: int, sentence: str
) -> None:
    done = clone.invoke(*words)
    assert (done.returncode, done.stderr.splitlines()[0], clone.calls()) == (code, sentence, [])


@pytest.mark.parametrize("task", ["push-job-image evaluation", "build-and-push-mlflow-image", "docker-login"])
def test_without_a_registry_nothing_is_run(clone: Clone, task: str) -> None:
    clone.configure(registry="")
    clone.variables[images.SECRET] = KEY
    done = clone.invoke(*task.split(), *([] if task == "docker-login" else ["--allow-dirty-repo"]))
    assert (done.returncode, clone.calls()) == (1, [])
    assert done.stderr.startswith("Error: no registry is named to push to\nRun: write into cajajejo.toml")


LOGIN = ["docker", "login", "--username", "_json_key_base64", "--password-stdin", "https://europe-west4-docker.pkg.dev"]


def test_docker_is_logged_in_with_the_key_through_stdin_alone(clone: Clone) -> None:
    wrapped = "\n".join(KEY[i : i + 76] for i in range(0, len(KEY), 76)) + "\n"  # as `base64` prints it
    clone.variables[images.SECRET] = wrapped
    done = clone.invoke("docker-login")
    assert done.returncode == 0, done.stderr
    assert clone.calls() == [[*LOGIN, KEY]]
    assert done.stdout == " ".join(LOGIN) + "\n"


def test_the_key_is_taken_from_secret_manager_where_a_project_is_given(clone: Clone) -> None:
    clone.variables |= {"SAYS_GCLOUD": KEY, images.SECRET: "not this one"}
    done = clone.invoke("docker-login", "--gcp-project-number", "123456789")
    assert done.returncode == 0, done.stderr
    asked = ["gcloud", "secrets", "versions", "access", "latest", f"--secret={images.SECRET}", "--project=123456789"]
    assert clone.calls() == [[*asked, ""], [*LOGIN, KEY]]
    assert done.stdout.splitlines() == [" ".join(asked), " ".join(LOGIN)]
    assert KEY not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("secret", "sentence"),
    [
        ("", f"the variable {images.SECRET} is empty"),
        ("{plain json}", f"the variable {images.SECRET} does not hold the JSON key of a service account in base64"),
        (KEY[:-7], f"the variable {images.SECRET} does not hold the JSON key of a service account in base64"),
        ("aGVsbG8=", f"the variable {images.SECRET} does not hold the JSON key of a service account in base64"),
    ],
    ids=["missing", "not-base64", "cut", "no-json"],
)
def test_what_is_no_key_is_refused_and_never_shown(clone: Clone, secret: str, sentence: str) -> None:
    clone.variables[images.SECRET] = secret
    done = clone.invoke("docker-login")
    assert (done.returncode, done.stdout, clone.calls()) == (1, "", [])
    assert done.stderr.splitlines()[0] == f"Error: {sentence}"
    assert not secret or secret not in done.stderr


def test_a_refusal_is_told_without_the_key(clone: Clone) -> None:
    clone.variables |= {images.SECRET: KEY, "ENDS_DOCKER": "1"}
    done = clone.invoke("docker-login")
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "Error: docker could not log in to europe-west4-docker.pkg.dev"
    clone.variables |= {"ENDS_GCLOUD": "1", "SAYS_GCLOUD": KEY}
    refused = clone.invoke("docker-login", "--gcp-project-number", "1")
    assert (refused.returncode, refused.stderr.splitlines()[0]) == (1, "Error: gcloud ended with exit code 1")
    assert KEY not in done.stdout + done.stderr + refused.stdout + refused.stderr


def test_kubectl_is_logged_in_to_the_cluster_of_the_project(clone: Clone) -> None:
    done = clone.invoke("authenticate-kubectl")
    assert done.returncode == 0, done.stderr
    place = ["--location", "europe-west4", "--project", "p"]
    assert clone.calls() == [["gcloud", "container", "clusters", "get-credentials", "c", *place, ""]]
