"""The images of this repository: the commit they are built from, what they are called, and the login to push them."""

from __future__ import annotations

import base64
import binascii
import json
import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cajajejo import __version__, provenance
from cajajejo.errors import CajajejoError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

SECRET: Final = "GCP_ARTIFACT_WRITER_SA_JSON_KEY_B64"  # noqa: S105  # the name of a variable, and of a secret
"""Names the key of the service account that may push: JSON, in base64."""
LOGIN_USER: Final = "_json_key_base64"
"""Google's Artifact Registry takes a key in base64 as the password of this user."""
HERE: Final = "neurips"
"""Stands before the name of an image that is in no registry."""
_TAG: Final = 10
_NO_REGISTRY: Final = "no registry is named to push to"
_NAME_IT: Final = 'write into cajajejo.toml, under [gcp]: registry = "europe-west4-docker.pkg.dev/PROJECT/REPOSITORY"'


@dataclass(frozen=True, slots=True)
class Image:
    """An image, by the name of its job, with the file that says how it is built."""

    job: str
    dockerfile: str
    name: str


EVALUATION: Final = Image("evaluation", "evaluation.Dockerfile", "evaluation")
MLFLOW: Final = Image("mlflow", "mlflow-skinny.Dockerfile", "mlflow-skinny-gcp")
"""What the init container of a job downloads the model with."""


def of_job(job: str) -> Image:
    """The image of a kind of job.

    Raises:
        UsageError: there is none.
    """
    if job == "training":
        raise UsageError(
            "there is no training job yet, and so no image of one", run="invoke build-job-image evaluation"
        )
    if job != EVALUATION.job:
        raise UsageError(f"no such job: {job[:80]}; there is evaluation", run="invoke build-job-image evaluation")
    return EVALUATION


def commit(root: Path, *, allow_dirty: bool = False) -> str:
    """The commit that `root` stands at, with ``-dirty`` where tracked files differ and that is allowed.

    Raises:
        CajajejoError: `root` has no commit, or tracked files differ; untracked ones do not count.
    """
    sha = provenance.head_commit(root)
    if sha == provenance.UNSET:
        raise CajajejoError(f"{root} has no commit that an image could be named after", run="git init && git commit")
    if sha.endswith("-dirty") and not allow_dirty:
        message = "the repository has changes that the tag of the image would not name"
        cures = ["git commit --all", f"or accept the tag {_tag(sha)}: --allow-dirty-repo"]
        raise CajajejoError(message, facts={"see": "git status"}, run=cures)
    return sha


def names(image: Image, sha: str, registry: str | None) -> list[str]:
    """What an image of a commit is called: as the documents call it, and as the registry does where there is one."""
    return list(dict.fromkeys([f"{HERE}/{image.name}:latest", *names_to_push(image, sha, registry or HERE)]))


def names_to_push(image: Image, sha: str, registry: str | None) -> list[str]:
    """The names of an image in the registry: that of the commit first, so that ``latest`` never comes alone.

    Raises:
        CajajejoError: no registry is configured.
    """
    if not registry:
        raise CajajejoError(_NO_REGISTRY, run=_NAME_IT)
    return [f"{registry.rstrip('/')}/{image.name}:{tag}" for tag in (_tag(sha), "latest")]


def _tag(sha: str) -> str:
    commit, dash, dirty = sha.partition("-")
    return commit[:_TAG] + dash + dirty


def build_command(image: Image, root: str, sha: str, registry: str | None, arguments: Sequence[str]) -> list[str]:
    """The command that builds an image.

    Args:
        image: which.
        root: the repository, as a path from where the command runs.
        sha: the commit.
        registry: where it will be pushed, if anywhere.
        arguments: further build arguments, ``NAME=VALUE``.

    Raises:
        UsageError: a build argument is none.
    """
    for argument in arguments:
        if not re.match(r"[A-Za-z_][A-Za-z0-9_]*=", argument):
            raise UsageError(f"--build-arg {argument[:80]}: not of the form NAME=VALUE")
    command = ["docker", "build", "--file", image.dockerfile if root == "." else f"{root}/{image.dockerfile}"]
    for argument in (f"VERSION={__version__}", f"REVISION={sha}", *arguments):
        command += ["--build-arg", argument]
    for name in names(image, sha, registry):
        command += ["--tag", name]
    return [*command, root]


def host(registry: str | None) -> str:
    """The host of a registry, which is what one logs in to.

    Raises:
        CajajejoError: no registry is configured.
    """
    if not registry:
        raise CajajejoError(_NO_REGISTRY, run=_NAME_IT)
    return registry.partition("/")[0]


def login_command(registry: str | None) -> list[str]:
    """The command that logs docker in; the password comes through stdin."""
    return ["docker", "login", "--username", LOGIN_USER, "--password-stdin", f"https://{host(registry)}"]


def secret_command(project_number: str) -> list[str]:
    """The command that prints the key, from Secret Manager."""
    return ["gcloud", "secrets", "versions", "access", "latest", f"--secret={SECRET}", f"--project={project_number}"]


def key(environ: Mapping[str, str], project_number: str, *, said: Callable[[Sequence[str]], None]) -> str:
    """The key of the service account that may push, in base64, on one line; no part of it is ever told.

    Args:
        environ: the variables, which hold it where no project is named.
        project_number: the Google Cloud project whose Secret Manager holds it, or empty.
        said: is told the command that asks Secret Manager, before it runs.

    Raises:
        CajajejoError: it is not there, or is no key.
    """
    if project_number:
        command = secret_command(project_number)
        said(command)
        text = _output(command)
        where = f"the secret {SECRET} of project {project_number}"
    else:
        text = environ.get(SECRET, "")
        where = f"the variable {SECRET}"
    if not text.strip():
        cures = [f"export {SECRET}=…", "or take it from Secret Manager: invoke docker-login --gcp-project-number N"]
        raise CajajejoError(f"{where} is empty", run=cures)
    password = "".join(text.split())
    if not _is_key(password):
        raise CajajejoError(f"{where} does not hold the JSON key of a service account in base64")
    return password


def _output(command: Sequence[str]) -> str:
    try:
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)  # noqa: S603  # ours
    except FileNotFoundError as error:
        raise CajajejoError(f"{command[0]} is not installed", facts={"asked for": "the key"}) from error
    if done.returncode:
        raise CajajejoError(f"{command[0]} ended with exit code {done.returncode}", run="gcloud auth login")
    return done.stdout


def _is_key(password: str) -> bool:
    try:
        return isinstance(json.loads(base64.b64decode(password, validate=True)), dict)
    except (binascii.Error, ValueError):
        return False


def log_in(registry: str | None, password: str) -> None:
    """Logs docker in to the registry.

    Raises:
        CajajejoError: docker is not there, or does not take the key.
    """
    command = login_command(registry)
    try:
        done = subprocess.run(command, check=False, input=password, text=True)  # noqa: S603  # ours
    except FileNotFoundError as error:
        raise CajajejoError("docker is not installed", run="docker info") from error
    if done.returncode:
        facts = {"user": LOGIN_USER, "see": "what docker says above"}
        raise CajajejoError(f"docker could not log in to {host(registry)}", facts=facts, run="docker info")
