"""``cajajejo jobs evaluation``: each command loads, calls one function of the library, and prints."""

from pathlib import Path
from typing import Final

from cajajejo.cli import comparing, running, screen, submission, uploading
from cajajejo.cli.groups import group
from cajajejo.cli.options import (
    AllowUnknownAccelerator,
    AsJson,
    ConfigOrSpecPath,
    ConfigPath,
    DefaultNamespace,
    HelmConfigPathOrNone,
    KubernetesVersion,
    Namespace,
    OutputPath,
    Profile,
    Settings,
    SpecConfigVersion,
    StrictWarnings,
    TemplatesDir,
)
from cajajejo.errors import ExitCode, UsageError
from cajajejo.provenance import UNSET

_WITH_RUN_SPECS: Final = "parse-job CONFIG HELM_CONFIG OUTPUT"
_WITHOUT_RUN_SPECS: Final = "without run specs parse-job CONFIG OUTPUT"

app = group(
    "Evaluate a model: from a job config to results in MLflow.",
    "Example: cajajejo jobs evaluation validate jobs/evaluation/jasper.job_config.yml",
)


@app.command("parse-job")
def parse_job(
    config: ConfigPath,
    helm_config: HelmConfigPathOrNone = None,
    output: OutputPath = None,
    config_version: SpecConfigVersion = UNSET,
    profile: Profile = "gke-autopilot",
    templates: TemplatesDir = None,
    namespace: Namespace = None,
    default_namespace: DefaultNamespace = None,
    settings: Settings = None,
    allow_unknown_accelerator: AllowUnknownAccelerator = False,
) -> None:
    """Write the Kubernetes job spec of an evaluation job.

    Example: cajajejo jobs evaluation parse-job jobs/evaluation/jasper.job_config.yml
    jobs/evaluation/app/run_specs.conf jobs/evaluation/jasper_eval_job.yml
    """
    from cajajejo import evaluation, evaluation_files, job_spec
    from cajajejo.cli import wording

    run_specs, target = _paths(helm_config, output)

    rendering = evaluation.Rendering(
        profile, templates, namespace, settings or (), allow_unknown_accelerator, default_namespace=default_namespace
    )
    evaluation_files.check_run_specs(config, run_specs, rendering.settings, form=_WITH_RUN_SPECS)
    rendered = evaluation.parse_job(config, run_specs, config_version=config_version, rendering=rendering)
    written = job_spec.write_all(rendered.jobs, target, keep=(config, *([run_specs] if run_specs else [])))
    screen.say(*wording.written(rendered.jobs, written, ascii_only=not screen.err_style().unicode))
    for warning in rendered.warnings:
        screen.warn_problem(warning)
    screen.say(*wording.send_next(rendered.jobs, written))


def _paths(helm_config: Path | None, output: Path | None) -> tuple[Path | None, Path]:
    """Run specs and output: of two paths the second one is the output.

    Raises:
        UsageError: there is no output, or what stands in its place looks like run specs.
    """
    if helm_config is None:
        raise UsageError("OUTPUT is missing", facts={"expected": f"{_WITH_RUN_SPECS}, or {_WITHOUT_RUN_SPECS}"})
    if output is not None:
        return helm_config, output
    if helm_config.suffix == ".conf":
        message = f"OUTPUT is missing: {helm_config} looks like run specs"
        raise UsageError(message, facts={"expected": f"{_WITH_RUN_SPECS}, or {_WITHOUT_RUN_SPECS}"})
    return None, helm_config


@app.command("validate")
def validate(
    config: ConfigOrSpecPath,
    helm_config: HelmConfigPathOrNone = None,
    profile: Profile = "gke-autopilot",
    templates: TemplatesDir = None,
    namespace: Namespace = None,
    default_namespace: DefaultNamespace = None,
    settings: Settings = None,
    allow_unknown_accelerator: AllowUnknownAccelerator = False,
    kubernetes_version: KubernetesVersion = None,
    strict: StrictWarnings = False,
    as_json: AsJson = False,
) -> int:
    """Tell all that is wrong, without a cluster.

    Example: cajajejo jobs evaluation validate jobs/evaluation/jasper.job_config.yml jobs/evaluation/app/run_specs.conf
    """
    from cajajejo import checking, evaluation, kubernetes_schemas
    from cajajejo.cli import wording

    version = kubernetes_version or kubernetes_schemas.NEWEST
    rendering = evaluation.Rendering(
        profile, templates, namespace, settings or (), allow_unknown_accelerator, version, default_namespace
    )
    checked = checking.check(config, helm_config, rendering)
    if as_json:
        screen.result_json(wording.problems_json(checked))
    else:
        screen.result(*wording.problem_lines(checked))
        screen.say(*wording.problem_count(checked))
    return ExitCode.DONE if checked.passes(strict=strict) else ExitCode.FAILED


app.command("diff")(submission.diff)
app.command("submit-job")(submission.submit_job)
app.command("run")(running.run)
app.command("compare")(comparing.compare)
app.command("upload-results")(uploading.upload_results)
