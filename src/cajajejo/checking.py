"""What is wrong with a job config or a job spec, as far as it can be known without a cluster."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from cajajejo import (
    evaluation,
    evaluation_files,
    files,
    job_spec,
    kubernetes_schemas,
    manifest_checks,
    profiles,
    yamlfile,
)
from cajajejo.cluster import kinds
from cajajejo.errors import FileProblemsError, Problem, in_order, refuse_errors
from cajajejo.provenance import UNSET

if TYPE_CHECKING:
    from pathlib import Path

    from cajajejo.evaluation import Rendering
    from cajajejo.kubernetes_schemas import KubernetesVersion
    from cajajejo.manifests import Manifests
    from cajajejo.yamlfile import Document


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found, and what it was about.

    Attributes:
        file: what was checked, as it was given.
        problems: errors and warnings, in order of lines.
        subject: what was found to be right: ``evaluation v4, gke-autopilot, Kubernetes 1.36``.
    """

    file: str
    problems: tuple[Problem, ...]
    subject: str

    @property
    def errors(self) -> int:
        """How many of the problems are errors."""
        return sum(problem.level == "error" for problem in self.problems)

    def passes(self, *, strict: bool) -> bool:
        """Whether there is no error, and where it is `strict`, no warning."""
        return not (self.problems if strict else self.errors)


def check(config_path: Path, helm_config_path: Path | None, rendering: Rendering) -> Checked:
    """Everything that can be known to be wrong without a cluster, and everything that is odd.

    `config_path` may be a rendered job spec as well; without run specs a config is checked alone.

    Raises:
        UsageError: an option is wrong.
    """
    version = kubernetes_schemas.version(rendering.kubernetes_version)
    cluster = f"{profiles.find(rendering.profile).name}, Kubernetes {rendering.kubernetes_version}"
    try:
        if _is_manifest(config_path):
            problems = _spec_problems(config_path, version)
            return Checked(str(config_path), problems, f"job spec, Kubernetes {version.minor}")
        evaluation_files.check_run_specs(config_path, helm_config_path, rendering.settings, optional=True)
        jobs, found = evaluation.render_all(config_path, helm_config_path, UNSET, rendering)
    except FileProblemsError as error:
        return Checked(str(config_path), error.problems, "")
    many = f"{len(jobs)} jobs, " if len(jobs) > 1 else ""
    return Checked(str(config_path), in_order(found), f"{many}evaluation v4, {cluster}")


def _is_manifest(path: Path) -> bool:
    """Whether the file holds Kubernetes objects, or something that is not well-formed and looks like them."""
    try:
        text = files.read_text(path)
    except FileProblemsError:
        return False  # left to those who say why
    try:
        documents = yamlfile.parse_all(text, str(path))
    except FileProblemsError:
        return _LOOKS_LIKE_ONE.search(text) is not None
    return bool(documents) and "apiVersion" in documents[0].data and "kind" in documents[0].data


_LOOKS_LIKE_ONE: Final = re.compile(r"""^["']?apiVersion["']?[ \t]*:""", re.MULTILINE)


def _spec_problems(path: Path, version: KubernetesVersion) -> tuple[Problem, ...]:
    """What a cluster would refuse in a job spec, each with its line, and that it is none."""
    problems: list[Problem] = []
    try:
        job_spec.read(path)
    except FileProblemsError as error:
        problems += error.problems
    documents = yamlfile.load_all(path)
    problems += [_secret_problem(document) for document in documents if document.data.get("kind") == "Secret"]
    for finding in manifest_checks.check([document.data for document in documents], version=version):
        line = documents[finding.document].line_of(finding.location)
        problems.append(evaluation.manifest_problem(finding, str(path), line))
    return in_order(problems)


def _secret_problem(document: Document) -> Problem:
    """That a Secret stands in a job spec: what is in a job spec is compared, shown, and kept in git."""
    hint = "make it by itself, with kubectl create secret, and refer to it: secret_env, secret_files"
    line = document.line_of(("kind",))
    return Problem(document.file, "a job spec holds no Secret", path="kind", line=line, hint=hint)


def _kind_problems(spec: Manifests, path: Path) -> list[Problem]:
    """What `cajajejo` cannot send."""
    problems = []
    for document in spec.documents:
        try:
            kinds.find(document["kind"], document["apiVersion"])
        except kinds.UnknownKindError as error:
            hint = "send it by itself, with kubectl apply"
            problems.append(Problem(str(path), error.message, path="kind", hint=hint))
    return problems


def load_spec(path: Path) -> Manifests:
    """The job spec in `path`, where a cluster would take it.

    Raises:
        FileProblemsError: it is none, or a cluster would refuse it; every problem, with its line.
    """
    spec = job_spec.read(path)
    refuse_errors(_spec_problems(path, kubernetes_schemas.version(kubernetes_schemas.NEWEST)))
    refuse_errors(_kind_problems(spec, path))
    return spec
