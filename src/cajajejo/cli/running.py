"""``cajajejo jobs evaluation run`` and the same in the image: evaluate here and now."""

from pathlib import Path
from typing import TYPE_CHECKING

from cajajejo.cli import screen
from cajajejo.cli.options import (
    AllowPartial,
    AsJson,
    ConfigPath,
    HelmConfigPathOrNone,
    Local,
    MaxInstances,
    Resume,
    ScratchDir,
    Settings,
)
from cajajejo.errors import ExitCode

if TYPE_CHECKING:
    from cajajejo.harness.run import Outcome, Request


def run(
    config: ConfigPath,
    helm_config: HelmConfigPathOrNone = None,
    local: Local = False,
    settings: Settings = None,
    scratch: ScratchDir = None,
    resume: Resume = True,
    max_instances: MaxInstances = None,
    allow_partial: AllowPartial = False,
    as_json: AsJson = False,
) -> int:
    """Evaluate here and now, with the code that runs in the pod.

    Example: cajajejo jobs evaluation run jobs/evaluation/demo.job_config.yml
    jobs/evaluation/app/demo.conf --local
    """
    from cajajejo.harness.run import Request

    request = Request(
        config=config,
        run_specs=helm_config,
        local=local,
        settings=settings or (),
        scratch=scratch,
        resume=resume,
        max_instances=max_instances,
    )
    return _run_here(request, as_json=as_json, allow_partial=allow_partial)


def evaluate_mounted(config: Path, run_specs: Path, scratch: Path, *, local: bool) -> int:
    """Evaluates the two mounted files, in the directory `scratch`; the exit code of the pod."""
    from cajajejo.cli import pod_output
    from cajajejo.harness import run as harness

    request = harness.Request(config=config, run_specs=run_specs, local=local, mounted=True, scratch=scratch)
    log = pod_output.log()
    if log is None:
        return _run_here(request)
    with pod_output.reporter(log, request.environ) as report:
        return _shown(harness.run(request, report))


def _run_here(request: "Request", *, as_json: bool = False, allow_partial: bool = False) -> int:
    from cajajejo.cli import outcome as show
    from cajajejo.cli.progress import HarnessProgress
    from cajajejo.harness import run as harness

    each = screen.options().trace or not request.local
    with HarnessProgress() as progress:
        outcome = harness.run(
            request,
            harness.Reporter(
                checks=lambda checks: screen.say(*show.check_lines(checks, each=each)),
                step=screen.say,
                harness=progress.begins,
                progress=progress,
            ),
        )
    return _shown(outcome, as_json=as_json, allow_partial=allow_partial)


def _shown(outcome: "Outcome", *, as_json: bool = False, allow_partial: bool = False) -> int:
    from cajajejo.cli import outcome as show

    if as_json:
        screen.result_json(show.as_json(outcome))
    else:
        screen.result(*show.result_lines(outcome.results, screen.out_style()))
    if outcome.untracked is not None:
        raise outcome.untracked
    screen.say(*show.where_lines(outcome))
    return ExitCode.INCONCLUSIVE if outcome.results.partial and not allow_partial else ExitCode.DONE
