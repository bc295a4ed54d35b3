"""What can be done with an evaluation job: its use cases, as plain functions."""

from __future__ import annotations

import json
import os
import shlex
import stat
import sys
from typing import TYPE_CHECKING, Final

from cajajejo import config as job_config
from cajajejo import files, manifests, provenance, quoting
from cajajejo import run_specs as specs
from cajajejo.errors import CajajejoError, FileProblemsError, Problem, UsageError
from cajajejo.manifests import JobIdentity, Manifests
from cajajejo.run_specs import MAX_CONFIG_MAP_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cajajejo.config import EvaluationJobConfig

TEMPLATE: Final = "evaluation_job.yml.j2"
NAME_PREFIX: Final = "eval-neurips"
PROFILE: Final = "gke-autopilot"
_APPLY_LIMIT: Final = 256 * 1024 - 16 * 1024
"""Over this `kubectl apply` may fail: it keeps a copy of each object in an annotation, and those hold 256 KiB."""


def parse_job(
    config_path: Path, helm_config_path: Path, *, config_version: str = "unset", settings: Sequence[str] = ()
) -> Manifests:
    """The job spec of the evaluation in `config_path`: the same input gives the same bytes.

    Args:
        config_path: the job config, a YAML file.
        helm_config_path: the run specs; they reach the pod byte for byte.
        config_version: what the run is tagged with, usually a commit.
        settings: ``PATH=VALUE`` overrides of the config.

    Raises:
        FileProblemsError: every problem of the two files.
        UsageError: a setting is not ``PATH=VALUE``, or the config version is text that Kubernetes cannot store.
    """
    config, run_specs = _load(config_path, helm_config_path, settings)
    _check_argument("--config-version", config_version)
    if not config_version:
        raise UsageError("--config-version is empty: a commit, or leave the option out")
    data = {"eval_config.yml": config.as_yaml(), "run_specs.conf": run_specs}
    _check_size(data, {"eval_config.yml": config_path, "run_specs.conf": helm_config_path})
    identity = JobIdentity(
        prefix=NAME_PREFIX,
        config_version=config_version,
        config_path=_path_in_repository("CONFIG", config_path),
        helm_config_path=_path_in_repository("HELM_CONFIG", helm_config_path),
    )
    return manifests.render(TEMPLATE, config, identity, data)


def write(job: Manifests, output: Path, *, keep: Sequence[Path] = ()) -> None:
    """Writes the text of `job` to `output` as a whole: a reader sees the old file or the new one; ``-`` is stdout.

    Raises:
        CajajejoError: it cannot be written there.
        UsageError: `output` is one of the files to `keep`.
    """
    data = job.text.encode()
    try:
        if str(output) == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return
        mode = _mode(output)
        if mode is not None and any(output.samefile(path) for path in keep):
            raise UsageError(f"OUTPUT is {output}, which is also read: the job spec would replace it")
        if mode is None or stat.S_ISREG(mode):
            files.replace(output.resolve(), data)
        else:
            output.write_bytes(data)  # a device or a pipe, /dev/stdout too, is written to, never replaced
    except BrokenPipeError:
        raise
    except OSError as error:
        raise _not_written(output, error) from error


def outline(job: Manifests, *, ascii_only: bool = False) -> list[str]:
    """One line for each object of `job`: what it asks for."""
    pod = job.document("Job")["spec"]["template"]["spec"]
    requests = pod["containers"][0]["resources"]["requests"]
    accelerator = pod.get("nodeSelector", {}).get("cloud.google.com/gke-accelerator")
    times = "x" if ascii_only else "\N{MULTIPLICATION SIGN}"
    gpu = [f"{requests['nvidia.com/gpu']} {times} {accelerator}"] if accelerator else []
    claim = pod["volumes"][1]["ephemeral"]["volumeClaimTemplate"]["spec"]
    asked = [*gpu, f"{requests['cpu']} CPU", requests["memory"], f"scratch {claim['resources']['requests']['storage']}"]
    data = job.document("ConfigMap")["data"]
    kibibytes = sum(len(text.encode()) for text in data.values()) / 1024
    return [
        f"Job           {', '.join(asked)}; profile {PROFILE}",
        f"ConfigMap     {', '.join(data)}: {kibibytes:.1f} KiB, immutable",
        f"StorageClass  {job.document('StorageClass')['metadata']['name']}",
    ]


def warnings(job: Manifests) -> list[str]:
    """What works today and may not work tomorrow."""
    image = job.document("Job")["spec"]["template"]["spec"]["containers"][0]["image"]
    if not image.endswith(":latest"):
        return []
    pin = "--set image_tag=TAG; best a tag that names the commit of the image"
    return [f"image tag latest can change between now and the run.\n  pin it      {pin}"]


def apply_command(job: Manifests) -> str:
    """The kubectl command, but for the file, that sends `job`."""
    large = any(len(json.dumps(document)) > _APPLY_LIMIT for document in job.documents)
    return "kubectl apply --server-side -f" if large else "kubectl apply -f"


def _load(config_path: Path, helm_config_path: Path, settings: Sequence[str]) -> tuple[EvaluationJobConfig, str]:
    """Both files, or the problems of both."""
    try:
        config = job_config.load(config_path, settings)
    except FileProblemsError as error:
        try:
            specs.read(helm_config_path)
        except FileProblemsError as other:
            raise FileProblemsError([*error.problems, *other.problems]) from other
        raise
    return config, specs.read(helm_config_path)


def _check_size(data: dict[str, str], paths: dict[str, Path]) -> None:
    sizes = {name: len(text.encode()) for name, text in data.items()}
    total = sum(sizes.values())
    if total > MAX_CONFIG_MAP_BYTES:
        parts = ", ".join(f"{name} {size}" for name, size in sizes.items())
        message = f"too large for a ConfigMap, which holds {MAX_CONFIG_MAP_BYTES} bytes, not {total} ({parts})"
        raise _problem(paths[max(sizes, key=sizes.__getitem__)], message)


def _check_argument(name: str, text: str) -> None:
    problem = quoting.problem_of(text)
    if problem:
        raise UsageError(f"{name}: {problem}")


def _path_in_repository(name: str, path: Path) -> str:
    text = provenance.path_in_repository(path)
    _check_argument(name, text)
    return text


def _problem(path: Path, message: str, line: int | None = None) -> FileProblemsError:
    return FileProblemsError([Problem(str(path), message, line=line)])


def _mode(path: Path) -> int | None:
    """The type and permissions of what stands at `path`, through links; None where nothing does."""
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _not_written(output: Path, error: OSError) -> CajajejoError:
    if str(output) == "-":
        return CajajejoError(f"stdout cannot be written: {error.strerror}")
    folder = os.path.dirname(os.path.realpath(output)) if os.path.islink(output) else str(output.parent)  # noqa: PTH114, PTH120  # pathlib raises
    if isinstance(error, FileNotFoundError) and not os.path.isdir(folder):  # noqa: PTH112
        make = f"mkdir -p {shlex.quote(folder)}"
        return CajajejoError(f"{output}: the directory {folder} is not there", run=make)
    return CajajejoError(f"{output}: cannot be written: {error.strerror}")
