"""The evaluation image, run as docs/images.md and the manifests do: `pytest tests/image --image neurips/evaluation`.

Needs an engine and the image; `python3 scripts/docker_engine.py run -- …` starts an engine where there is none.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from mlflow import MlflowClient

from cajajejo import __version__
from tests import builders
from tests.builders import ROOT
from tests.image import engine

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow.entities import Run

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

MOUNTS = [
    *("--mount", f"type=bind,src={ROOT}/jobs/evaluation/debug.job_config.yml,target=/etc/configs/eval_config.yml"),
    *("--mount", f"type=bind,src={ROOT}/jobs/evaluation/app/debug.conf,target=/etc/configs/run_specs.conf"),
]
VARIABLES = [
    *("-e", "CONFIG_VERSION=debug"),
    *("-e", "HELM_CONFIG_PATH_GIT_REPO=jobs/evaluation/app/debug.conf"),
    *("-e", "CONFIG_PATH_GIT_REPO=jobs/evaluation/debug.job_config.yml"),
    *("-e", "JOB_NAME=debug"),
]
# As the manifest runs it: no right beyond those of a user, and nothing of the image can be written.
RESTRICTED = ["--cap-drop=ALL", "--security-opt=no-new-privileges", "--read-only", "--tmpfs=/tmp"]
IN_POD = ["--entrypoint", "python3"]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A directory for /scratch that every user can write."""
    directory = tmp_path / "scratch"
    directory.mkdir()
    directory.chmod(0o777)
    return directory


def test_the_printed_command_evaluates_to_the_end(image: str) -> None:
    done = engine.run_printed(engine.printed_command("docker run", "evaluate --local", image))
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[-1] == "exit code 0: evaluated and tracked"


def test_the_printed_command_runs_the_tests_of_the_image(image: str) -> None:
    done = engine.run_printed(engine.printed_command("docker run", " test", image))
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


def test_the_printed_command_opens_a_shell(image: str) -> None:
    command = engine.printed_command("docker run -it", "neurips/evaluation", image)
    code, seen = engine.typed(command, ["head -c 23 /etc/configs/run_specs.conf", "cajajejo --version", "exit 7"])
    assert code == 7, seen
    assert "# The smallest evaluati" in seen
    assert f"{__version__}\r\n" in seen


def test_a_restricted_pod_with_any_user_evaluates_and_tracks(image: str, scratch: Path) -> None:
    mount = ["--mount", f"type=bind,src={scratch},target=/scratch"]
    user = ["--user", "12345:0"]
    command = [*IN_POD, image, "cli.py", "--trace", "evaluate"]
    done = engine.docker("run", "--rm", *RESTRICTED, *user, *MOUNTS, *VARIABLES, *mount, *command, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    entries = [json.loads(line) for line in done.stdout.splitlines()]
    assert (entries[-1]["message"], entries[-1]["exit_code"]) == ("exit code 0: evaluated and tracked", 0)
    assert {entry["logging.googleapis.com/labels"]["job_name"] for entry in entries} == {"debug"}
    run = tracked_run(f"sqlite:///{scratch}/mlflow.db")
    assert run.info.status == "FINISHED"
    wanted = {"image_build_cajajejo_version": __version__, "job_name": "debug", "config_git_sha": "debug"}
    assert {name: run.data.tags[name] for name in wanted} == wanted
    assert run.data.metrics


def tracked_run(uri: str) -> Run:
    """The one run of the experiment of the debug config."""
    client = MlflowClient(uri)
    experiment = client.get_experiment_by_name("eval-debug")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    return run


def config_with(scratch: Path, harness: dict[str, Any]) -> list[str]:
    """The debug config with another harness, mounted."""
    config = yaml.safe_load((ROOT / "jobs" / "evaluation" / "debug.job_config.yml").read_text("utf-8"))
    del config["helm"]
    file = scratch.parent / "eval_config.yml"
    file.write_text(yaml.safe_dump({**config, **harness}))
    return ["--mount", f"type=bind,src={file},target=/etc/configs/eval_config.yml"]


def test_lm_eval_asks_the_questions_that_lie_in_the_image(image: str, scratch: Path) -> None:
    asked = {"tasks": ["questions_geography"], "include_path": "jobs/evaluation/tasks", "limit": 3}
    mounts = [*config_with(scratch, {"lm_eval": asked}), "--mount", f"type=bind,src={scratch},target=/scratch"]
    done = engine.docker("run", "--rm", *RESTRICTED, *mounts, *VARIABLES, image, "evaluate", "--local", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    run = tracked_run(f"sqlite:///{scratch}/mlflow.db")
    assert {name.partition("/")[0] for name in run.data.metrics} >= {"questions_geography"}


def test_a_missing_mount_is_2_and_told_with_labels(image: str) -> None:
    done = engine.docker("run", "--rm", *IN_POD, image, "cli.py", "--trace", "evaluate", check=False)
    assert done.returncode == 2
    last = json.loads(done.stdout.splitlines()[-1])
    assert last["message"].startswith("exit code 2: ")


def test_a_container_that_is_stopped_ends_with_143_before_it_is_killed(image: str, scratch: Path) -> None:
    waits = ["python3", "-c", "import time; print('it runs', flush=True); time.sleep(600)"]
    mounts = config_with(scratch, {"command": {"args": waits, "results": "r.jsonl"}}) + MOUNTS[2:]
    scratch_mount = ["--mount", f"type=bind,src={scratch},target=/scratch"]
    command = [*mounts, *scratch_mount, *VARIABLES, image, "evaluate"]
    container = engine.docker("run", "--detach", *command).stdout.strip()
    wait_for_harness(container)
    engine.docker("stop", "-t", "60", container)
    state = engine.inspect(container)["State"]
    said = engine.docker("logs", container)
    assert state["ExitCode"] == 143, said.stdout + said.stderr
    last = json.loads(said.stdout.splitlines()[-1])
    assert last["message"] == "exit code 143: stopped by SIGTERM; what is finished is kept"


def wait_for_harness(container: str) -> None:
    """Returns when the program of the config runs in the container."""
    code = (
        "import glob, pathlib, time\n"
        "def runs(): return any(b'time.sleep(600)' in pathlib.Path(f).read_bytes() and b'import glob' not in "
        "pathlib.Path(f).read_bytes() for f in glob.glob('/proc/[0-9]*/cmdline'))\n"
        "while not runs(): time.sleep(0.2)\n"
    )
    engine.docker("exec", container, "python3", "-c", code)


def test_the_image_says_what_it_is_made_of(image: str) -> None:
    config = engine.inspect(image)["Config"]
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    assert labels["title"] == "cajajejo evaluation"
    assert labels["version"] == __version__
    commit = labels["revision"].removesuffix("-dirty")
    found = subprocess.run(["git", "cat-file", "-t", commit], cwd=ROOT, check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "commit"
    assert labels["source"].startswith("https://")
    assert config["User"] == "1000:1000"


def test_packages_of_the_image_are_those_of_the_lock_file(image: str) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "image_requirements.py"), str(ROOT)]
    wanted = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    code = (
        "from importlib.metadata import distributions as d; print(*(f'{i.name}=={i.version}' for i in d()), sep='\\n')"
    )
    found = engine.docker("run", "--rm", *IN_POD, image, "-c", code).stdout
    there = {normal(line) for line in found.splitlines()}
    missing = {normal(line) for line in wanted if ";" not in line} - there
    assert missing == set()
    assert there - {normal(line.partition(" ;")[0]) for line in wanted} == {normal(f"cajajejo=={__version__}")}


def normal(requirement: str) -> str:
    """A requirement as every list writes it."""
    name, _, version = requirement.strip().partition("==")
    return f"{name.replace('_', '-').replace('.', '-').lower()}=={version}"
