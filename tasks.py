"""Tasks for `invoke`: each prints the command that it runs, and runs it.

Start with `invoke --list`.
"""

from __future__ import annotations

import os
import shlex
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.exceptions import Exit
from invoke.tasks import task

from cajajejo import images, settings
from cajajejo.errors import CajajejoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from invoke.context import Context

USAGE = 2
UNITS = {"days": "d", "hours": "h", "minutes": "m"}
ROOT = Path(__file__).resolve().parent


def run(context: Context, *command: str) -> None:
    """Prints and runs a command that shares the terminal."""
    show(command)
    context.run(shlex.join(command), pty=False)


def show(command: Sequence[str]) -> None:
    """Prints a command before it runs: a task shows what it does."""
    print(shlex.join(command), flush=True)  # noqa: T201


@contextmanager
def told() -> Iterator[None]:
    """An expected failure ends a task with its lines."""
    try:
        yield
    except CajajejoError as error:
        raise Exit("\n".join(error.lines()), error.exit_code) from error


def registry() -> str | None:
    """The registry that the project's images are pushed to, where one is configured."""
    gcp = settings.gcp_here(os.environ)
    return gcp.registry if gcp else None


def build(context: Context, image: images.Image, arguments: Sequence[str], *, allow_dirty: bool) -> None:
    """Builds an image from the repository that this file belongs to, named after its commit."""
    with told():
        sha = images.commit(ROOT, allow_dirty=allow_dirty)
        command = images.build_command(image, os.path.relpath(ROOT), sha, registry(), arguments)
    run(context, *command)


def push(context: Context, image: images.Image, *, allow_dirty: bool) -> None:
    """Pushes what `build` made."""
    with told():
        names = images.names_to_push(image, images.commit(ROOT, allow_dirty=allow_dirty), registry())
    for name in names:
        run(context, "docker", "push", name)


@task
def update_pip(context: Context) -> None:
    """Update pip in this environment."""
    run(context, "python", "-m", "pip", "install", "--upgrade", "pip")


@task(help={"extras": "extras of cajajejo to install, separated by commas"})
def install_dependencies(context: Context, extras: str = "evaluation") -> None:
    """Install the project with the given extras, and what its tests need."""
    flags = [part for extra in extras.split(",") for part in ("-E", extra)]
    run(context, "poetry", "install", *flags)


@task(
    positional=["config", "helm_config"],
    help={
        "config": "evaluation job config, a YAML file",
        "helm_config": "HELM run specs (run_specs.conf)",
        "kubernetes_job_spec_output_path": "write the job spec that is sent there; a directory for a matrix",
        "allow_dirty_repo": "send although the repository has changes; the tag says -dirty",
        "yes": "do not ask before the jobs of a matrix are sent",
    },
)
def submit_evaluation_job(
    context: Context,
    config: str,
    helm_config: str,
    *,
    kubernetes_job_spec_output_path: str = "",
    allow_dirty_repo: bool = False,
    yes: bool = False,
) -> None:
    """Send an evaluation job to the cluster, tagged with the commit; refuses a repository that has changes."""
    command = ["cajajejo", "jobs", "evaluation", "submit-job", "--path-to-config", config]
    command += ["--path-to-helm-config", helm_config]
    if kubernetes_job_spec_output_path:
        command += ["--job-spec-output-path", kubernetes_job_spec_output_path]
    run(context, *command, *["--allow-dirty-repo"] * allow_dirty_repo, *["--yes"] * yes)


@task(
    positional=["name"],
    auto_shortflags=False,
    help={
        "name": "name of the job, also of one that is gone",
        "shift_unit": "unit of how far back to look: days, hours or minutes; without: days",
        "shift_amount": "how many of these units; without: 1",
        "output_path": "write the lines there as well, as a JSON array",
    },
)
def get_job_logs(
    context: Context, name: str, *, shift_unit: str = "days", shift_amount: str = "1", output_path: str = ""
) -> None:
    """Show what a job printed, from Cloud Logging; [gcp] in cajajejo.toml names the project."""
    if shift_unit not in UNITS:
        raise Exit(f"--shift-unit {shift_unit}: not a unit; days, hours or minutes", USAGE)
    if not (shift_amount.isascii() and shift_amount.isdecimal() and shift_amount.strip("0")):
        raise Exit(f"--shift-amount {shift_amount}: not a whole number of {shift_unit} above 0", USAGE)
    directory = Path(output_path).parent
    if not directory.is_dir():
        raise Exit(
            f"--output-path {output_path}: there is no directory {directory}; mkdir -p {shlex.quote(str(directory))}"
        )
    command = ["cajajejo", "jobs", "logs", name, "--source", "cloud", "--since", f"{shift_amount}{UNITS[shift_unit]}"]
    run(context, *command, *(["--save", output_path] if output_path else []))


@task
def demo(context: Context) -> None:
    """Evaluate a real model with a real harness, and see a damaged one caught."""
    run(context, "make", "demo")


@task
def test(context: Context) -> None:
    """Run every test."""
    run(context, "make", "test")


@task
def lint(context: Context) -> None:
    """Check formatting, lint, types and the layers."""
    run(context, "make", "lint")


@task
def docs(context: Context) -> None:
    """Write docs/cli.md and schemas/ anew from the code."""
    run(context, "make", "docs")


JOB = "kind of job: evaluation"
DIRTY = "go on although tracked files differ from the commit; the tag says -dirty"
ARGUMENT = "NAME=VALUE for the Dockerfile, as PYTHON_IMAGE=… or TORCH_INDEX=…; may be repeated"


@task(positional=["job"], iterable=["build_arg"], help={"job": JOB, "allow_dirty_repo": DIRTY, "build_arg": ARGUMENT})
def build_job_image(
    context: Context, job: str, *, allow_dirty_repo: bool = False, build_arg: Sequence[str] | None = None
) -> None:
    """Build the image of a kind of job, tagged latest and with the commit."""
    with told():
        image = images.of_job(job)
    build(context, image, build_arg or (), allow_dirty=allow_dirty_repo)


@task(positional=["job"], help={"job": JOB, "allow_dirty_repo": DIRTY})
def push_job_image(context: Context, job: str, *, allow_dirty_repo: bool = False) -> None:
    """Push the image of this commit to the registry of [gcp] in cajajejo.toml."""
    with told():
        image = images.of_job(job)
    push(context, image, allow_dirty=allow_dirty_repo)


@task(positional=["job"], iterable=["build_arg"], help={"job": JOB, "allow_dirty_repo": DIRTY, "build_arg": ARGUMENT})
def build_and_push_job_image(
    context: Context, job: str, *, allow_dirty_repo: bool = False, build_arg: Sequence[str] | None = None
) -> None:
    """Build the image of a kind of job, and push it."""
    with told():
        image = images.of_job(job)
        images.host(registry())
    build(context, image, build_arg or (), allow_dirty=allow_dirty_repo)
    push(context, image, allow_dirty=allow_dirty_repo)


@task(iterable=["build_arg"], help={"allow_dirty_repo": DIRTY, "build_arg": ARGUMENT})
def build_mlflow_image(
    context: Context, *, allow_dirty_repo: bool = False, build_arg: Sequence[str] | None = None
) -> None:
    """Build the image of the init container, which downloads models, tagged latest and with the commit."""
    build(context, images.MLFLOW, build_arg or (), allow_dirty=allow_dirty_repo)


@task(help={"allow_dirty_repo": DIRTY})
def push_mlflow_image(context: Context, *, allow_dirty_repo: bool = False) -> None:
    """Push the image of the init container to the registry of [gcp] in cajajejo.toml."""
    push(context, images.MLFLOW, allow_dirty=allow_dirty_repo)


@task(iterable=["build_arg"], help={"allow_dirty_repo": DIRTY, "build_arg": ARGUMENT})
def build_and_push_mlflow_image(
    context: Context, *, allow_dirty_repo: bool = False, build_arg: Sequence[str] | None = None
) -> None:
    """Build the image of the init container, and push it."""
    with told():
        images.host(registry())
    build(context, images.MLFLOW, build_arg or (), allow_dirty=allow_dirty_repo)
    push(context, images.MLFLOW, allow_dirty=allow_dirty_repo)


@task(
    auto_shortflags=False,
    help={"gcp_project_number": f"take the key from the secret {images.SECRET} of this Google Cloud project"},
)
def docker_login(context: Context, *, gcp_project_number: str = "") -> None:  # noqa: ARG001  # invoke passes it
    """Log docker in to the registry, with the key in GCP_ARTIFACT_WRITER_SA_JSON_KEY_B64 or in Secret Manager."""
    with told():
        place = registry()
        command = images.login_command(place)
        password = images.key(os.environ, gcp_project_number, said=show)
        show(command)
        images.log_in(place, password)


@task(help={"port": "where a browser finds it, on this machine alone"})
def serve_docs(context: Context, port: int = 8000) -> None:
    """Show the pages of docs/ to a browser, as they are written: in Markdown."""
    directory = os.path.relpath(ROOT / "docs")
    run(context, "python", "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", directory)


@task(
    help={
        "project": "Google Cloud project; without: of [gcp] in cajajejo.toml",
        "location": "region or zone of the cluster; without: of [gcp]",
        "cluster": "name of the cluster; without: of [gcp]",
    }
)
def authenticate_kubectl(context: Context, project: str = "", location: str = "", cluster: str = "") -> None:
    """Log kubectl, and cajajejo, in to the GKE cluster of the project."""
    with told():
        gcp = settings.gcp_here(os.environ) if not (project and location and cluster) else None
    place = [project or (gcp and gcp.project), location or (gcp and gcp.location), cluster or (gcp and gcp.cluster)]
    if not all(place):
        raise Exit("which cluster? Write [gcp] with project, location, cluster into cajajejo.toml, or give all three")
    os.environ["USE_GKE_GCLOUD_AUTH_PLUGIN"] = "True"
    credentials = ("gcloud", "container", "clusters", "get-credentials")
    run(context, *credentials, str(place[2]), "--location", str(place[1]), "--project", str(place[0]))
