"""From what a user asks for to jobs on a cluster: read or render, check, place, send."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cajajejo import (
    batches,
    checking,
    evaluation,
    evaluation_files,
    job_spec,
    provenance,
    sameness,
    submission,
    yamltext,
)
from cajajejo.cluster.errors import NotAllowedError
from cajajejo.errors import UsageError
from cajajejo.evaluation import Rendering
from cajajejo.provenance import UNSET
from cajajejo.submission import JobFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cajajejo.batches import Batch, Watcher
    from cajajejo.cluster import Cluster
    from cajajejo.errors import Problem
    from cajajejo.manifests import Manifests

_FORMS: Final = "--job-spec-path FILE\n--path-to-config FILE [--path-to-helm-config FILE]"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be sent: a job spec, or a job config with its run specs.

    Attributes:
        spec: a job spec that was rendered before.
        config: the job config to render.
        helm_config: its run specs, where the harness is HELM.
        config_version: what the runs are tagged with; None: that of the spec, or of the repository.
        allow_dirty: whether the repository may have changes.
        rendering: profile, templates, namespace and overrides.
        helm_config_argument: how the command line calls the run specs.
    """

    spec: Path | None = None
    config: Path | None = None
    helm_config: Path | None = None
    config_version: str | None = None
    allow_dirty: bool = False
    rendering: Rendering = field(default_factory=Rendering)
    helm_config_argument: str = "--path-to-helm-config"


@dataclass(frozen=True, slots=True)
class Prepared:
    """Job specs that are ready to be sent, the warnings about them, and where they go when nothing else says."""

    jobs: tuple[Manifests, ...]
    warnings: tuple[Problem, ...] = ()
    default_namespace: str | None = None


def prepare(request: Request) -> Prepared:
    """The job specs of `request`, checked; nothing is sent, and no cluster is asked.

    Raises:
        UsageError: neither form is given, or both; or an option does not go with the form.
        FileProblemsError: a file is wrong, or a cluster would refuse what comes of it.
        CajajejoError: the repository has changes.
    """
    if request.config_version is not None:
        evaluation.check_config_version(request.config_version)
    if (request.spec is None) == (request.config is None and request.helm_config is None):
        given = "both forms are" if request.spec else "neither form is"
        raise UsageError(f"{given} given, and exactly one is needed", facts={"forms": _FORMS})
    evaluation.check_namespace(request.rendering.namespace)
    if request.spec is not None:
        return _from_spec(request, request.spec)
    if request.config is None:
        raise UsageError("--path-to-config is missing", facts={"forms": _FORMS})
    return _from_config(request, request.config)


def _from_config(request: Request, path: Path) -> Prepared:
    rendering, name = request.rendering, request.helm_config_argument
    evaluation_files.check_run_specs(path, request.helm_config, rendering.settings, argument=name)
    version, paths = request.config_version or UNSET, [path, *([request.helm_config] if request.helm_config else [])]
    if request.config_version is None and all(given.exists() for given in paths):
        version = provenance.clean_commit(paths, allow_dirty=request.allow_dirty)
    rendered = evaluation.parse_job(*paths, config_version=version, rendering=rendering)
    return Prepared(rendered.jobs, rendered.warnings, rendering.default_namespace)


def _from_spec(request: Request, path: Path) -> Prepared:
    if request.rendering.settings:
        raise UsageError("--set changes a job config; a job spec is sent as it is", facts={"forms": _FORMS})
    spec = checking.load_spec(path)
    version = request.config_version
    if version is None and job_spec.config_version(spec) == UNSET:
        version = provenance.clean_commit([path], allow_dirty=request.allow_dirty)
    job = spec if version is None else job_spec.changed(spec, config_version=version)
    return Prepared((job,), default_namespace=request.rendering.default_namespace)


def place(prepared: Prepared, namespace: str | None, default: str) -> tuple[list[Manifests], str]:
    """The specs with a namespace on every object, and this namespace.

    Raises:
        UsageError: `namespace` is not the one that a spec names, or they name several.
    """
    jobs = [submission.placed(job, namespace, prepared.default_namespace or default) for job in prepared.jobs]
    places = sorted({str(job.document("Job")["metadata"]["namespace"]) for job in jobs})
    if len(places) > 1:
        raise UsageError(f"the jobs are for {len(places)} namespaces ({', '.join(places)}), and are sent to one: -n NS")
    return jobs, places[0]


def repetitions(cluster: Cluster, prepared: Prepared, namespace: str) -> list[Manifests]:
    """The specs of the next repetition of each job, placed."""
    return [submission.placed(submission.repetition(cluster, job, namespace), None, namespace) for job in prepared.jobs]


def send(
    cluster: Cluster,
    jobs: Sequence[Manifests],
    namespace: str,
    *,
    again: str,
    rehearse: bool = False,
    watcher: Watcher = batches.NOBODY,
) -> Batch:
    """Sends the jobs, each once; a single one that fails raises its error, of several each has its own account.

    Args:
        cluster: where to.
        jobs: placed specs.
        namespace: where they live.
        again: the command that sends a failed job once more.
        rehearse: let the server check everything, and store nothing.
        watcher: is told how it goes.
    """
    one = submission.rehearse if rehearse else submission.send
    batch = batches.send_all(cluster, jobs, namespace, send=one, watcher=watcher)
    error = batch.attempts[0].error
    if len(jobs) > 1 or error is None:
        return batch
    if isinstance(error, JobFailedError):
        error.run = (again,)
    raise error


@dataclass(frozen=True, slots=True)
class ObjectDiff:
    """What sending would change of one object: ``+`` made anew, ``=`` nothing, ``~`` it differs, ``?`` not readable."""

    kind: str
    name: str
    mark: str
    lines: tuple[str, ...] = ()


def differences(cluster: Cluster, spec: Manifests) -> list[ObjectDiff]:
    """For each object of a placed spec what is on the cluster, and what was to be there."""
    return [_difference(cluster, document) for document in spec.documents]


def _difference(cluster: Cluster, document: Mapping[str, Any]) -> ObjectDiff:
    kind, metadata = document["kind"], document["metadata"]
    try:
        live = cluster.get(kind, metadata["name"], metadata.get("namespace"))
    except NotAllowedError:
        if kind in {"Job", "ConfigMap"}:
            raise
        return ObjectDiff(kind, metadata["name"], "?")
    wanted = submission.bare(document) if kind == "Job" else dict(document)
    same = live is not None and sameness.holds(live, wanted)
    mark = "+" if live is None else "=" if same else "~"
    before = {} if live is None else sameness.projected(live, wanted)
    old, new = (yamltext.dump(value).splitlines() if value else [] for value in (before, wanted))
    place = f"{kind}/{metadata['name']}"
    lines = difflib.unified_diff(old, new, f"cluster/{place}", f"job/{place}", lineterm="")
    return ObjectDiff(kind, metadata["name"], mark, () if same else tuple(lines))
