"""The two files of an evaluation, the job config and HELM's run specs, read together: all problems of both at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cajajejo import config as job_config
from cajajejo import config_checks, validation
from cajajejo import run_specs as specs
from cajajejo.errors import FileProblemsError, Problem, SanityError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.profiles import Profile
    from cajajejo.yamlfile import Document


def check_run_specs(
    config_path: Path,
    helm_config_path: Path | None,
    settings: Sequence[str] = (),
    *,
    argument: str = "HELM_CONFIG",
    form: str = "",
    optional: bool = False,
) -> None:
    """Returns where run specs are given for HELM, and for no other harness; a config that is wrong is told later.

    Args:
        config_path: the job config.
        helm_config_path: the run specs, if there are any.
        settings: overrides of the config.
        argument: how the command line calls the run specs.
        form: how it is written with them.
        optional: whether they may be absent although the harness is HELM.

    Raises:
        UsageError: it is not so, or an override is not ``PATH=VALUE``.
    """
    try:
        harnesses = job_config.harnesses_of(job_config.read(config_path, settings))
    except FileProblemsError:
        return
    if harnesses == ["helm"] and helm_config_path is None and not optional:
        facts = {"expected": form} if form else {}
        raise UsageError(f"{argument} is missing: {config_path} has helm, which needs run specs", facts=facts)
    if helm_config_path is not None and len(harnesses) == 1 and harnesses != ["helm"]:
        reason = f"{config_path} has {harnesses[0]}, which takes no run specs"
        raise UsageError(f"{argument} is given ({helm_config_path}), and is to be left out: {reason}")


def problem_of(finding: config_checks.Finding, document: Document) -> Problem:
    """A finding, told at the line of its field."""
    return validation.problem_at(document, finding.location, finding.message, hint=finding.hint, level=finding.level)


def load(
    config_path: Path, helm_config_path: Path | None, settings: Sequence[str], profile: Profile | None
) -> tuple[list[tuple[EvaluationJobConfig, Document]], str | None]:
    """Both files, or the problems of both; an accelerator that `profile` does not know is told with them."""
    run_specs = None
    problems: list[Problem] = []
    try:
        run_specs = specs.read(helm_config_path) if helm_config_path else None
    except FileProblemsError as error:
        problems += error.problems
    document = None
    try:
        document = job_config.read(config_path, settings)
        configs = job_config.validate_all(document)
        _check_one_harness(configs, document)
    except FileProblemsError as error:
        more = _accelerator_problem(document, profile) if document else []
        raise FileProblemsError([*error.problems, *more, *problems]) from error
    if problems:
        raise FileProblemsError(problems)
    return configs, run_specs


def _check_one_harness(configs: Sequence[tuple[EvaluationJobConfig, Document]], document: Document) -> None:
    harnesses = sorted({config.harness for config, _ in configs})
    if len(harnesses) > 1:
        message = f"its jobs have one harness, not {' and '.join(harnesses)}"
        hint = "a file for each: run specs are for helm alone"
        raise FileProblemsError([validation.problem_at(document, ("matrix",), message, hint=hint)])


def _accelerator_problem(document: Document, profile: Profile | None) -> list[Problem]:
    """What can be said of the accelerator although the config as a whole is wrong."""
    section = document.data.get("compute_config")
    name = section.get("accelerator") if isinstance(section, dict) else None
    if profile is None or not isinstance(name, str):
        return []
    finding = config_checks.unknown_accelerator(name, profile)
    return [problem_of(finding, document)] if finding else []


def argument_findings(config: EvaluationJobConfig) -> list[config_checks.Finding]:
    """What the pod would refuse to give its harness, as far as the config alone tells."""
    try:
        _check_arguments(config)
    except SanityError as error:
        place, _, message = error.message.partition(": ")
        hint = "; ".join(map(str, error.facts.values())) or None
        return [config_checks.Finding(tuple(place.split(".")), message, hint)]
    return []


def _check_arguments(config: EvaluationJobConfig) -> None:
    """Returns where the harness gets all that the config gives it; only that harness is imported.

    Raises:
        SanityError: it does not.
    """
    if config.helm is not None:
        from cajajejo.harness import helm_command

        helm_command.check_arguments(config)
    elif config.lm_eval is not None:
        from cajajejo.harness import lm_eval

        lm_eval.check_arguments(config.lm_eval)
    else:
        from cajajejo.harness import command

        command.check_variables(config)
