"""``cajajejo jobs evaluation submit-job`` and ``diff``: what a cluster has, would get, and gets."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from cajajejo import moments
from cajajejo.cli import clusters, screen
from cajajejo.cli.options import (
    AllowDirtyRepo,
    AllowUnknownAccelerator,
    AsJson,
    ConfigPathOrNone,
    ConfigVersion,
    Context,
    DefaultNamespace,
    DryRun,
    ExitCodeOption,
    HelmConfigPathOrNone,
    JobSpecOutputPath,
    JobSpecPath,
    Namespace,
    PathToConfig,
    PathToHelmConfig,
    Profile,
    Rerun,
    Settings,
    TemplatesDir,
    Timeout,
    Wait,
    Yes,
)
from cajajejo.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cajajejo.batches import Batch
    from cajajejo.cluster import Cluster
    from cajajejo.dispatch import Prepared
    from cajajejo.manifests import Manifests


_NOTED: Final = 100


def submit_job(
    path_to_config: PathToConfig = None,
    path_to_helm_config: PathToHelmConfig = None,
    job_spec_path: JobSpecPath = None,
    config_version: ConfigVersion = None,
    allow_dirty_repo: AllowDirtyRepo = False,
    job_spec_output_path: JobSpecOutputPath = None,
    dry_run: DryRun = None,
    wait: Wait = False,
    timeout: Timeout = None,
    rerun: Rerun = False,
    yes: Yes = False,
    profile: Profile = "gke-autopilot",
    templates: TemplatesDir = None,
    settings: Settings = None,
    allow_unknown_accelerator: AllowUnknownAccelerator = False,
    namespace: Namespace = None,
    default_namespace: DefaultNamespace = None,
    context: Context = None,
    as_json: AsJson = False,
) -> int:
    """Send an evaluation job to a cluster, once.

    Example: cajajejo jobs evaluation submit-job --path-to-config jobs/evaluation/jasper.job_config.yml
    --path-to-helm-config jobs/evaluation/app/run_specs.conf
    """
    from cajajejo import batches, dispatch, evaluation
    from cajajejo.cli import wording

    rendering = evaluation.Rendering(
        profile, templates, namespace, settings or (), allow_unknown_accelerator, default_namespace=default_namespace
    )
    request = dispatch.Request(
        job_spec_path, path_to_config, path_to_helm_config, config_version, allow_dirty_repo, rendering
    )
    _check_output(job_spec_output_path, path_to_config, path_to_helm_config)
    seconds_to_wait = _waiting_time(timeout, wait=wait, dry_run=dry_run)
    prepared = dispatch.prepare(request)
    for problem in prepared.warnings:
        screen.warn_problem(problem)
    if dry_run == "client":
        _check_offline(rerun=rerun, as_json=as_json)
        _print(prepared, namespace, job_spec_output_path)
        return ExitCode.DONE
    with clusters.connect(context) as cluster:
        rehearse = dry_run == "server"
        batch, there, seconds = _submit(
            cluster, prepared, namespace, rerun=rerun, yes=yes, rehearse=rehearse, output=job_spec_output_path
        )
        options = clusters.options(cluster, there, context)
        document = wording.submission_json(batch, there, cluster.target.context) if as_json else None
        for warning in wording.server_warnings(batch):
            screen.warn(warning)
        if not rehearse:
            _note(cluster, batch)
        with screen.result_json_last(document):
            screen.result(*([] if as_json else [outcome.spec.name for outcome in batch.sent()]))
            screen.say(*wording.sent(batch, options, rehearse=rehearse, seconds=seconds, wait=wait))
            code = _follow(cluster, batch, options, seconds_to_wait) if wait else ExitCode.DONE
    batches.demand_all(batch, again=wording.again())
    return code


def diff(
    config: ConfigPathOrNone = None,
    helm_config: HelmConfigPathOrNone = None,
    job_spec_path: JobSpecPath = None,
    config_version: ConfigVersion = None,
    profile: Profile = "gke-autopilot",
    templates: TemplatesDir = None,
    settings: Settings = None,
    allow_unknown_accelerator: AllowUnknownAccelerator = False,
    namespace: Namespace = None,
    default_namespace: DefaultNamespace = None,
    context: Context = None,
    exit_code: ExitCodeOption = False,
    as_json: AsJson = False,
) -> int:
    """Show what submit-job would change.

    Example: cajajejo jobs evaluation diff jobs/evaluation/jasper.job_config.yml jobs/evaluation/app/run_specs.conf
    """
    from cajajejo import dispatch, evaluation
    from cajajejo.cli import wording

    rendering = evaluation.Rendering(
        profile, templates, namespace, settings or (), allow_unknown_accelerator, default_namespace=default_namespace
    )
    request = dispatch.Request(
        spec=job_spec_path,
        config=config,
        helm_config=helm_config,
        config_version=config_version,
        allow_dirty=True,
        rendering=rendering,
        helm_config_argument="HELM_CONFIG",
    )
    prepared = dispatch.prepare(request)
    with clusters.connect(context) as cluster:
        jobs, _ = dispatch.place(prepared, namespace, cluster.target.namespace or "default")
        found = [dispatch.differences(cluster, job) for job in jobs]
    changes = [difference for differences in found for difference in differences if difference.mark in "+~"]
    for warning in wording.unreadable(found):
        screen.warn(warning)
    if as_json:
        screen.result_json(wording.diff_json(found))
    else:
        screen.result(*(line for difference in changes for line in difference.lines))
        screen.say(*([] if changes else ["nothing to change"]))
    return ExitCode.FAILED if exit_code and changes else ExitCode.DONE


def _check_offline(*, rerun: bool, as_json: bool) -> None:
    """Returns where the options go with a dry run that asks no cluster.

    Raises:
        UsageError: they do not.
    """
    if rerun:
        raise UsageError("--rerun asks the cluster which repetition comes next; --dry-run=client asks none")
    if as_json:
        raise UsageError("--dry-run=client prints the job spec itself, in YAML; --json goes with --dry-run=server")


def _waiting_time(timeout: str | None, *, wait: bool, dry_run: str | None) -> float | None:
    """For how many seconds to wait; None: to the end.

    Raises:
        UsageError: nothing is waited for.
    """
    if timeout is not None and not wait:
        raise UsageError("--timeout is how long to wait, and goes with --wait")
    if wait and dry_run:
        raise UsageError(f"--dry-run={dry_run} sends nothing that --wait could wait for")
    return None if timeout is None else moments.parse_duration(timeout, "--timeout")


def _note(cluster: "Cluster", batch: "Batch") -> None:
    """Notes what was sent from here, so that it can be told when it is gone; of very many the first ones."""
    from cajajejo.jobs import remembering

    for outcome in batch.sent()[:_NOTED]:
        maps = (document for document in outcome.spec.documents if document["kind"] == "ConfigMap")
        remembering.note(cluster, outcome.job, next(maps, None))


def _follow(cluster: "Cluster", batch: "Batch", options: "Sequence[str]", timeout: float | None) -> int:
    """Watches what was sent, and what was there and runs, to its end; the exit code that stands for all."""
    from cajajejo.cli import waiting

    going = [outcome for outcome in batch.sent() if outcome.state.kind == "active"]
    if batch.interrupted or not going:
        return ExitCode.DONE
    new = all(outcome.outcome == "created" for outcome in going)
    jobs = [outcome.job for outcome in going]
    return waiting.follow_to_end(cluster, jobs, options, timeout=timeout, new=new)


def _print(prepared: "Prepared", namespace: str | None, output: Path | None) -> None:
    """Shows what would be sent: the plan on stderr, the job specs on stdout and in `output`."""
    from cajajejo import dispatch, job_spec
    from cajajejo.cli import wording

    dispatch.place(prepared, namespace, "default")  # the namespace must agree with the spec
    screen.say(*wording.plan_offline(prepared.jobs, ascii_only=not screen.err_style().unicode))
    if output is not None:
        screen.say(*_write(prepared.jobs, output))
    job_spec.write_all(prepared.jobs, Path("-"))


def _submit(
    cluster: "Cluster",
    prepared: "Prepared",
    namespace: str | None,
    *,
    rerun: bool,
    yes: bool,
    rehearse: bool,
    output: Path | None,
) -> tuple["Batch", str, float]:
    """Sends what was prepared; the account, the namespace, and how long it took in seconds."""
    from cajajejo import dispatch
    from cajajejo.batches import Watcher
    from cajajejo.cli import wording
    from cajajejo.cli.progress import JobProgress

    jobs, there = dispatch.place(prepared, namespace, cluster.target.namespace or "default")
    if rerun:
        jobs = dispatch.repetitions(cluster, prepared, there)
    if output is not None:
        screen.say(*_write(jobs, output))
    changes = dispatch.differences(cluster, jobs[0]) if len(jobs) == 1 else []
    screen.say(*wording.plan(cluster.target, there, jobs, changes, ascii_only=not screen.err_style().unicode))
    if len(jobs) > 1 and not (yes or rehearse):
        screen.confirm(f"Send {len(jobs)} jobs?")
    with JobProgress(len(jobs)) as progress:
        watcher = Watcher(progress, lambda: screen.say(*wording.stopping()))
        again = wording.again("--rerun")
        batch = dispatch.send(cluster, jobs, there, again=again, rehearse=rehearse, watcher=watcher)
    return batch, there, progress.seconds


def _check_output(output: Path | None, *read: Path | None) -> None:
    if str(output) == "-":
        raise UsageError("--job-spec-output-path -: stdout holds the names; --dry-run=client prints the job spec there")
    same = [path for path in read if path and output and output.exists() and path.exists() and output.samefile(path)]
    if same:
        raise UsageError(f"--job-spec-output-path is {output}, which is also read: the job spec would replace it")


def _write(jobs: "Sequence[Manifests]", output: Path) -> list[str]:
    from cajajejo import job_spec

    written = job_spec.write_all(jobs, output)
    return [f"wrote {output}" + (f" ({len(written)} jobs)" if len(written) > 1 else "")]
