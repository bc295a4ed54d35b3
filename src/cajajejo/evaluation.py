"""What can be made of an evaluation job config without a cluster: job specs, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo import (
    config_checks,
    evaluation_files,
    kubernetes_schemas,
    manifest_checks,
    manifests,
    profiles,
    provenance,
    quoting,
)
from cajajejo import run_specs as specs
from cajajejo.cycles import no_search_for_cycles
from cajajejo.errors import CajajejoError, FileProblemsError, Problem, UsageError, in_order, refuse_errors
from cajajejo.manifests import JobIdentity, Manifests
from cajajejo.provenance import UNSET
from cajajejo.run_specs import MAX_CONFIG_MAP_BYTES
from cajajejo.text_forms import DNS_LABEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.kubernetes_schemas import KubernetesVersion
    from cajajejo.profiles import Profile
    from cajajejo.yamlfile import Document

TEMPLATE: Final = "evaluation_job.yml.j2"


@dataclass(frozen=True, slots=True)
class Rendering:
    """How a job config becomes manifests: the options that every command that renders has."""

    profile: str = profiles.DEFAULT
    templates: Path | None = None
    namespace: str | None = None
    settings: Sequence[str] = ()
    allow_unknown_accelerator: bool = False
    kubernetes_version: str = kubernetes_schemas.NEWEST
    default_namespace: str | None = None


@dataclass(frozen=True, slots=True)
class Rendered:
    """The job specs that a config makes, one or as many as its matrix has, and the warnings about them."""

    jobs: tuple[Manifests, ...]
    warnings: tuple[Problem, ...]


def parse_job(
    config_path: Path,
    helm_config_path: Path | None = None,
    *,
    config_version: str = UNSET,
    rendering: Rendering = Rendering(),  # frozen
) -> Rendered:
    """The job specs of the evaluation in `config_path`: the same input gives the same bytes.

    Args:
        config_path: the job config, a YAML file.
        helm_config_path: the run specs, where the harness is HELM; they reach the pod byte for byte.
        config_version: what the run is tagged with, usually a commit.
        rendering: cluster profile, templates, namespace and overrides.

    Raises:
        FileProblemsError: every problem of the two files.
        UsageError: an option is wrong, for example a setting that is not ``PATH=VALUE``; or there are run specs, and
            the harness is not HELM, or the other way round.
    """
    check_config_version(config_version)
    evaluation_files.check_run_specs(config_path, helm_config_path, rendering.settings)
    jobs, problems = render_all(config_path, helm_config_path, config_version, rendering)
    refuse_errors(problems)
    return Rendered(tuple(jobs), in_order(problems))


def render_all(
    config_path: Path, helm_config_path: Path | None, config_version: str, rendering: Rendering
) -> tuple[list[Manifests], list[Problem]]:
    """The jobs of a config, and every problem of them; a job with an error is not rendered.

    Without run specs an evaluation by HELM is rendered as if there were none in them.

    Raises:
        FileProblemsError: the files cannot be read, or the config is wrong in itself.
        UsageError: an option is wrong.
    """
    renderer = _Renderer.of(config_path, helm_config_path, config_version, rendering)
    jobs: list[Manifests] = []
    problems = _template_problems(rendering.templates)
    with no_search_for_cycles():
        configs, run_specs = evaluation_files.load(config_path, helm_config_path, rendering.settings, renderer.known)
        entries = specs.entries(run_specs or "")
        for config, document in configs:
            found = [*renderer.config_problems(config, document), *renderer.run_spec_problems(config, entries)]
            if all(problem.level == "warning" for problem in found):
                jobs.append(renderer.render(config, run_specs))
                told = {problem.message for problem in found}  # of a field of the config, where it can be mended
                found += [problem for problem in renderer.manifest_problems(jobs[-1]) if problem.message not in told]
            problems += found
    if len({job.name for job in jobs}) < len(jobs):
        problems.append(Problem(str(config_path), "several combinations make one and the same job", path="matrix"))
    return jobs, problems


@dataclass(frozen=True, slots=True)
class _Renderer:
    """What the jobs of one config have in common."""

    config_path: Path
    helm_config_path: Path | None
    rendering: Rendering
    profile: Profile
    version: KubernetesVersion
    identity: JobIdentity

    @classmethod
    def of(
        cls, config_path: Path, helm_config_path: Path | None, config_version: str, rendering: Rendering
    ) -> _Renderer:
        check_namespace(rendering.namespace)
        identity = JobIdentity(
            prefix="",
            config_version=config_version,
            config_path=_path_in_repository("CONFIG", config_path),
            helm_config_path=_path_in_repository("HELM_CONFIG", helm_config_path) if helm_config_path else "",
        )
        profile, version = profiles.find(rendering.profile), kubernetes_schemas.version(rendering.kubernetes_version)
        return cls(config_path, helm_config_path, rendering, profile, version, identity)

    @property
    def known(self) -> Profile | None:
        """The profile whose accelerators are known; None where any name will do."""
        return None if self.rendering.allow_unknown_accelerator else self.profile

    def config_problems(self, config: EvaluationJobConfig, document: Document) -> list[Problem]:
        """What does not fit together in the config, or not on this kind of cluster."""
        found = config_checks.findings(
            config,
            self.profile,
            kubernetes_version=self.rendering.kubernetes_version,
            allow_unknown=self.rendering.allow_unknown_accelerator,
        )
        found += evaluation_files.argument_findings(config)
        return [evaluation_files.problem_of(finding, document) for finding in found]

    def run_spec_problems(self, config: EvaluationJobConfig, entries: Sequence[specs.Entry]) -> list[Problem]:
        """What the run specs ask for, and cannot have with this config."""
        found = config_checks.run_spec_findings(config, entries)
        file = str(self.helm_config_path)
        return [
            Problem(file, finding.message, line=entry.line, hint=finding.hint, level=finding.level)
            for entry, finding in found
        ]

    def render(self, config: EvaluationJobConfig, run_specs: str | None) -> Manifests:
        """The manifests of one job."""
        data = {"eval_config.yml": config.as_yaml()}
        if config.helm is not None:
            data["run_specs.conf"] = "entries: []\n" if run_specs is None else run_specs
        _check_size(data, {"eval_config.yml": self.config_path, "run_specs.conf": self.helm_config_path or Path()})
        own = self.rendering.namespace or config.kubernetes_config.namespace
        namespace = own or self.rendering.default_namespace or "default"
        job = manifests.render(
            TEMPLATE,
            replace(self.identity, prefix=config.name_prefix, namespace=namespace),
            config=config,
            placement=profiles.placement(self.profile, config.compute_config, config.storage_config.scratch),
            files=data,
            templates=self.rendering.templates,
        )
        kinds = [document["kind"] for document in job.documents]
        if kinds.count("Job") != 1:
            made = ", ".join(kinds)
            raise CajajejoError(f"{self.source}: must make one Job", facts={"makes": made})
        return job

    @property
    def source(self) -> Path:
        """The file to which a fault of the manifest is told: the site's template where there is one."""
        return self.rendering.templates / TEMPLATE if self.rendering.templates else self.config_path

    def manifest_problems(self, job: Manifests) -> list[Problem]:
        """What a cluster would refuse in the manifest; with the packaged templates nothing."""
        found = manifest_checks.check(job.documents, version=self.version)
        if self.profile.name == "gke-autopilot":
            found += manifest_checks.gke_autopilot(job.documents)
        return [manifest_problem(finding, str(self.source)) for finding in found]


def manifest_problem(finding: manifest_checks.Finding, file: str, line: int | None = None) -> Problem:
    """A finding in a manifest, told of the file that it comes from."""
    path = ".".join(map(str, (finding.kind, *finding.location)))
    return Problem(file, finding.message, path=path, line=line, hint=finding.hint, level=finding.level)


def _template_problems(templates: Path | None) -> list[Problem]:
    strange = manifests.strange_blocks(templates, TEMPLATE) if templates else []
    message, file = "no such block in the template that this one extends", str((templates or Path()) / TEMPLATE)
    return [Problem(file, message, path=name, level="warning") for name in strange]


def _check_size(data: dict[str, str], paths: dict[str, Path]) -> None:
    sizes = {name: len(text.encode()) for name, text in data.items()}
    total = sum(sizes.values())
    if total > MAX_CONFIG_MAP_BYTES:
        parts = ", ".join(f"{name} {size}" for name, size in sizes.items())
        message = f"too large for a ConfigMap, which holds {MAX_CONFIG_MAP_BYTES} bytes, not {total} ({parts})"
        largest = max(sizes, key=sizes.__getitem__)
        raise FileProblemsError([Problem(str(paths[largest]), message)])


def check_config_version(version: str) -> None:
    """Returns where a run can be tagged with `version`.

    Raises:
        UsageError: it is empty, or no Kubernetes object can hold it.
    """
    _check_argument("--config-version", version)
    if not version:
        raise UsageError("--config-version is empty: a commit, or leave the option out")


def _check_argument(name: str, text: str) -> None:
    problem = quoting.problem_of(text)
    if problem:
        raise UsageError(f"{name}: {problem}")


def _path_in_repository(name: str, path: Path) -> str:
    text = provenance.path_in_repository(path)
    _check_argument(name, text)
    return text


def check_namespace(namespace: str | None) -> None:
    """Returns where a namespace can have this name, or none is given.

    Raises:
        UsageError: it cannot.
    """
    if namespace is not None and not DNS_LABEL.fits(namespace):
        message, _ = DNS_LABEL.problem(namespace)
        raise UsageError(f"--namespace: {message}")
