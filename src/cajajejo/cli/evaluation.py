"""``cajajejo jobs evaluation``: each command loads, calls one function of the library, and prints."""

from cajajejo.cli import running, screen
from cajajejo.cli.options import ConfigPath, ConfigVersion, HelmConfigPath, OutputPath, Settings, group

app = group(
    "Evaluate a model: from a job config to results in MLflow.",
    "Example: cajajejo jobs evaluation parse-job --help",
)


@app.command("parse-job")
def parse_job(
    config: ConfigPath,
    helm_config: HelmConfigPath,
    output: OutputPath,
    config_version: ConfigVersion = "unset",
    settings: Settings = None,
) -> None:
    """Write the Kubernetes job spec of an evaluation job.

    Example: cajajejo jobs evaluation parse-job jobs/evaluation/jasper.job_config.yml
    jobs/evaluation/app/run_specs.conf jobs/evaluation/jasper_eval_job.yml
    """
    import shlex

    from cajajejo import evaluation

    job = evaluation.parse_job(config, helm_config, config_version=config_version, settings=settings or ())
    evaluation.write(job, output, keep=(config, helm_config))
    outline = evaluation.outline(job, ascii_only=not screen.err_style().unicode)
    screen.say(f"wrote {output} (job {job.name})", *(f"  {line}" for line in outline))
    for warning in evaluation.warnings(job):
        screen.warn(warning)
    if str(output) != "-":
        screen.say(f"Next: {evaluation.apply_command(job)} {shlex.quote(str(output))}")


app.command("run")(running.run)
