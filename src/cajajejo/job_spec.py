"""A job spec as a file: written whole, read again, told in a few lines."""

from __future__ import annotations

import copy
import os
import shlex
import stat
import sys
from typing import TYPE_CHECKING, Any, Final

from cajajejo import files, manifests, naming, quoting, yamlfile, yamltext
from cajajejo.errors import CajajejoError, FileProblemsError, Problem, UsageError
from cajajejo.manifests import Manifests
from cajajejo.phrases import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cajajejo.yamlfile import Document

CONFIG_VERSION: Final = "CONFIG_VERSION"
JOB_NAME: Final = "JOB_NAME"
VERSION: Final = "cajajejo/config-version"
PROFILE: Final = "cajajejo/profile"
RERUN: Final = "cajajejo/rerun"
_SIGN: Final = "\ue000name\ue000"  # stands for a name until it is known; no name can hold it
_NAMED_ALIKE: Final = ("Job", "ConfigMap", "Role", "RoleBinding")


def write(text: str, output: Path, *, keep: Sequence[Path] = ()) -> None:
    """Writes a job spec to `output` as a whole: a reader sees the old file or the new one; ``-`` is stdout.

    Raises:
        CajajejoError: it cannot be written there.
        UsageError: `output` is one of the files to `keep`.
    """
    data = text.encode()
    try:
        if str(output) == "-":
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
            return
        mode = files.mode(output)
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


def write_all(jobs: Sequence[Manifests], output: Path, *, keep: Sequence[Path] = ()) -> list[Path]:
    """Writes one job to the file `output`, or each of several to ``<name>.yml`` in the directory `output`.

    Several go to stdout one after the other.

    Raises:
        CajajejoError: it cannot be written there.
        UsageError: `output` is one of the files to `keep`, or a file where a directory is needed.
    """
    if len(jobs) == 1:
        write(jobs[0].text, output, keep=keep)
        return [output]
    if str(output) == "-":
        write("---\n".join(job.text for job in jobs), output)
        return [output]
    if output.exists() and not output.is_dir():
        raise UsageError(f"OUTPUT is the file {output}: {len(jobs)} jobs of a matrix need a directory")
    try:
        output.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CajajejoError(f"{output}: the directory cannot be made: {error.strerror}") from error
    paths = [output / f"{job.name}.yml" for job in jobs]
    for job, path in zip(jobs, paths, strict=True):
        write(job.text, path, keep=keep)
    return paths


def read(path: Path) -> Manifests:
    """The job spec in `path`: one Job and what it needs.

    Raises:
        FileProblemsError: the file is no well-formed YAML, or does not hold exactly one Job.
    """
    documents = yamlfile.load_all(path)
    problems = [_nameless(document) for document in documents if not _is_named(document)]
    jobs = [document for document in documents if document.data.get("kind") == "Job"]
    if not problems and len(jobs) != 1:
        lines = ", ".join(str(job.line_of(())) for job in jobs)
        message = f"holds {len(jobs)} Jobs (lines {lines}), where one is meant" if jobs else "holds no Job"
        hint = "send them one at a time" if jobs else "a job spec is what parse-job writes"
        problems.append(Problem(str(path), message, hint=hint))
    if problems:
        raise FileProblemsError(problems)
    name = str(jobs[0].data["metadata"]["name"])  # type: ignore[index,call-overload]  # `_is_named` looked
    data = tuple(document.data for document in documents)
    return Manifests(files.read_text(path), data, name, manifests.fingerprint(data, name=name))


def _is_named(document: Document) -> bool:
    metadata = document.data.get("metadata")
    texts = (document.data.get("apiVersion"), document.data.get("kind"))
    return all(isinstance(text, str) for text in texts) and isinstance(metadata, dict) and bool(metadata.get("name"))


def _nameless(document: Document) -> Problem:
    if str(document.data.get("kind")).endswith("List") and "items" in document.data:
        hint = "write each of its items as a document of its own, with --- between them"
        line = document.line_of(("kind",))
        return Problem(document.file, "many objects in one document", path="items", line=line, hint=hint)
    missing = next((key for key in ("apiVersion", "kind") if not isinstance(document.data.get(key), str)), None)
    path = missing or "metadata.name"
    return Problem(document.file, REQUIRED, path=path, line=document.line_of(()))


def changed(spec: Manifests, *, config_version: str | None = None, rerun: int = 0) -> Manifests:
    """`spec` with another config version or as a repetition, under the name that follows from it.

    The Job, its ConfigMap, what refers to them and JOB_NAME get the new name, so that the template of a Job, which
    cannot be changed, never meets an old name. Comments of the text are lost.
    """
    documents = copy.deepcopy([dict(document) for document in spec.documents])
    maps = [document for document in documents if document["kind"] == "ConfigMap"]
    job = next(document for document in documents if document["kind"] == "Job")
    if config_version is not None:
        _set_config_version(job, config_version)
    if rerun:
        job["metadata"].setdefault("annotations", {})[RERUN] = str(rerun)
    if len(maps) == 1:
        _point_to(job, str(maps[0]["metadata"]["name"]), spec.name)
        maps[0]["metadata"]["name"] = spec.name
    return _named(documents, spec.name)


def _named(documents: Sequence[dict[str, Any]], old: str) -> Manifests:
    """`documents` under the name that follows from them, in place of `old`."""
    sign = old
    if not naming.has_digest(old):  # any word, which may stand elsewhere and mean something else
        sign = _SIGN
        _put_sign(documents, old)
    digest = manifests.fingerprint(documents, name=sign)
    name = naming.job_name(naming.prefix_of(old), digest)
    renamed = naming.renamed(documents, sign, name)
    return Manifests("---\n".join(yamltext.dump(document) for document in renamed), tuple(renamed), name, digest)


def _put_sign(documents: Sequence[dict[str, Any]], old: str) -> None:
    """Marks the places where a job's name is meant: its objects, references to them, the instance label, JOB_NAME."""
    job = next(document for document in documents if document["kind"] == "Job")
    for document in documents:
        if document["kind"] in _NAMED_ALIKE and document["metadata"]["name"] == old:
            document["metadata"]["name"] = _SIGN
            if document["kind"] == "ConfigMap":
                _point_to(job, old, _SIGN)
        _put_sign_in_access(document, old)
    pod = (job.get("spec") or {}).get("template") or {}
    for metadata in (*(document["metadata"] for document in documents), pod.get("metadata") or {}):
        labels = metadata.get("labels") or {}
        if labels.get(naming.INSTANCE) == old:
            labels[naming.INSTANCE] = _SIGN
    for container in _containers(job):
        for variable in container.get("env") or []:
            if (variable["name"], variable.get("value")) == (JOB_NAME, old):
                variable["value"] = _SIGN


def _put_sign_in_access(document: dict[str, Any], old: str) -> None:
    """Marks the Job that a Role is about, and the Role that a RoleBinding gives."""
    if document["kind"] == "Role":
        for rule in document.get("rules") or []:
            if "jobs" in (rule.get("resources") or []) and rule.get("resourceNames"):
                rule["resourceNames"] = [_SIGN if name == old else name for name in rule["resourceNames"]]
    given = document.get("roleRef") or {}
    if document["kind"] == "RoleBinding" and (given.get("kind"), given.get("name")) == ("Role", old):
        given["name"] = _SIGN


def _containers(job: Mapping[str, Any]) -> list[dict[str, Any]]:
    pod = job.get("spec", {}).get("template", {}).get("spec", {})
    return [*(pod.get("initContainers") or []), *(pod.get("containers") or [])]


def first(spec: Manifests) -> Manifests:
    """The job that `spec` repeats: the same without the counter."""
    documents = copy.deepcopy([dict(document) for document in spec.documents])
    job = next(document for document in documents if document["kind"] == "Job")
    job["metadata"]["annotations"].pop(RERUN, None)
    return _named(documents, spec.name)


def _set_config_version(job: dict[str, Any], version: str) -> None:
    """Tells every container that is told a version this one; where none is, the first one."""
    containers = job.get("spec", {}).get("template", {}).get("spec", {}).get("containers") or [{}]
    value = quoting.literal(version)
    told = [known for inner in containers for known in inner.get("env") or [] if known["name"] == CONFIG_VERSION]
    for variable in told:
        variable.pop("valueFrom", None)
        variable["value"] = value
    if not told:
        containers[0]["env"] = [*(containers[0].get("env") or []), {"name": CONFIG_VERSION, "value": value}]
    annotations = job["metadata"].get("annotations") or {}
    if VERSION in annotations:
        annotations[VERSION] = version


def _point_to(value: Any, old: str, new: str) -> None:
    """Gives every reference to the ConfigMap `old` inside of `value` the name `new`."""
    if isinstance(value, list):
        for item in value:
            _point_to(item, old, new)
    elif isinstance(value, dict):
        for key, item in value.items():
            if key in _REFERENCES and isinstance(item, dict) and item.get("name") == old:
                item["name"] = new
            _point_to(item, old, new)


_REFERENCES: Final = ("configMap", "configMapRef", "configMapKeyRef")


def config_version(spec: Manifests) -> str | None:
    """The config version that the pods of `spec` are told; None where they are told none."""
    for container in _pod(spec).get("containers") or []:
        for variable in container.get("env") or []:
            if variable.get("name") == CONFIG_VERSION:
                return None if variable.get("value") is None else str(variable["value"])
    return None


def profile(spec: Manifests) -> str | None:
    """The cluster profile that `spec` was rendered for, where it tells."""
    annotations = spec.document("Job")["metadata"].get("annotations") or {}
    name = annotations.get(PROFILE)
    return str(name) if name else None


def _pod(spec: Manifests) -> dict[str, Any]:
    pod = (spec.document("Job").get("spec") or {}).get("template") or {}
    return pod.get("spec") or {}


def main_container(spec: Manifests) -> Mapping[str, Any]:
    """The container that evaluates: the first one."""
    containers = _pod(spec).get("containers") or [{}]
    return containers[0] if isinstance(containers[0], dict) else {}


def _not_written(output: Path, error: OSError) -> CajajejoError:
    if str(output) == "-":
        return CajajejoError(f"stdout cannot be written: {error.strerror}")
    folder = os.path.dirname(os.path.realpath(output)) if os.path.islink(output) else str(output.parent)  # noqa: PTH114, PTH120  # pathlib raises
    if isinstance(error, FileNotFoundError) and not os.path.isdir(folder):  # noqa: PTH112
        make = f"mkdir -p {shlex.quote(folder)}"
        return CajajejoError(f"{output}: the directory {folder} is not there", run=make)
    return CajajejoError(f"{output}: cannot be written: {error.strerror}")
