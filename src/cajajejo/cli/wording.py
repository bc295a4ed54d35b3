"""What the commands about job specs say: lines made from values."""

from __future__ import annotations

import shlex
import sys
import time
from typing import TYPE_CHECKING, Any, Final

from cajajejo import dispatch, job_spec
from cajajejo.cli.progress import duration
from cajajejo.errors import CajajejoError, ExitCode, InterruptedRunError, UsageError
from cajajejo.outputs import Submission, SubmittedJob, SubmittedObject, Validation
from cajajejo.provenance import UNSET

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cajajejo.batches import Batch
    from cajajejo.checking import Checked
    from cajajejo.cluster import Cluster
    from cajajejo.dispatch import ObjectDiff
    from cajajejo.manifests import Manifests


_SHOWN: Final = 10


class BatchError(CajajejoError):
    """Some of several jobs were not sent."""


def written(jobs: Sequence[Manifests], paths: Sequence[Path], *, ascii_only: bool) -> list[str]:
    """What parse-job wrote: the file and its objects, or the directory and how many jobs."""
    if len(jobs) > 1:
        place = f"{paths[0].parent}/" if len(paths) > 1 else str(paths[0])
        return [f"wrote {place} ({len(jobs)} jobs)", *(f"  {job.name}" for job in jobs)]
    job = jobs[0]
    outline = job_spec.outline(job, ascii_only=ascii_only)
    width = max(len(kind) for kind, _, _ in outline)
    profile = job_spec.profile(job)
    lines = []
    for kind, name, told in outline:
        more = f"{told}; profile {profile}" if kind == "Job" and profile else told
        lines.append(f"  {kind:<{width}}  {more or name}")
    return [f"wrote {paths[0]} (job {job.name})", *lines]


def send_next(jobs: Sequence[Manifests], paths: Sequence[Path]) -> list[str]:
    """How what parse-job wrote is sent; nothing where it went to stdout."""
    if str(paths[0]) == "-":
        return []
    command = "cajajejo jobs evaluation submit-job --job-spec-path"
    if len(jobs) == 1:
        return [f"Next: {command} {shlex.quote(str(paths[0]))}"]
    pattern = f"{shlex.quote(str(paths[0].parent))}/*.yml"
    return [f'Next: for spec in {pattern}; do {command} "$spec"; done']


def again(*more: str) -> str:
    """The command that runs now, with options that it may lack."""
    given = sys.argv[1:]
    return shlex.join(["cajajejo", *given, *(option for option in more if option not in given)])


def problems_json(checked: Checked) -> dict[str, Any]:
    """What ``validate --json`` prints."""
    return Validation.of(checked.problems).as_json()


def problem_lines(checked: Checked) -> list[str]:
    """What ``validate`` prints: a line for each problem; where none is an error, that all is well."""
    lines = []
    for problem in checked.problems:
        first, *hint = problem.lines()
        place, _, rest = first.partition(": ")
        lines += [f"{place}: warning: {rest}" if problem.level == "warning" else first, *hint]
    return lines if checked.errors else [*lines, f"{checked.file}: ok ({checked.subject})"]


def problem_count(checked: Checked) -> list[str]:
    """How many problems there are, where there are any."""
    warnings, files = len(checked.problems) - checked.errors, len({problem.file for problem in checked.problems})
    parts = [_counted(checked.errors, "problem"), _counted(warnings, "warning")]
    told = " and ".join(part for part in parts if part)
    return [f"{told} in {_counted(files, 'file')}"] if told else []


def exit_code(checked: Checked, *, strict: bool) -> int:
    """1 where an error was found, or with ``--strict`` a warning."""
    return ExitCode.FAILED if checked.errors or (strict and checked.problems) else ExitCode.DONE


def check_offline(*, rerun: bool, as_json: bool) -> None:
    """Returns where the options go with a dry run that asks no cluster.

    Raises:
        UsageError: they do not.
    """
    if rerun:
        raise UsageError("--rerun asks the cluster which repetition comes next; --dry-run=client asks none")
    if as_json:
        raise UsageError("--dry-run=client prints the job spec itself, in YAML; --json goes with --dry-run=server")


def plan_offline(jobs: Sequence[Manifests], *, ascii_only: bool) -> list[str]:
    """What would be sent, without a look at a cluster."""
    if len(jobs) > 1:
        return [f"Plan  {len(jobs)} jobs; the cluster was not asked", *(f"  {job.name}" for job in jobs)]
    return ["Plan  the cluster was not asked", *_planned(jobs[0], {}, ascii_only=ascii_only), _terms(jobs[0])]


def plan(cluster: Cluster, jobs: Sequence[Manifests], namespace: str, *, ascii_only: bool) -> list[str]:
    """What is about to be sent, and what of it is there: ``+`` is made, ``=`` is there and equal, ``~`` differs."""
    head = f"Plan  {cluster.target.context or cluster.target.server}, namespace {namespace}"
    profile = job_spec.profile(jobs[0])
    head += f", profile {profile}" if profile else ""
    if len(jobs) > 1:
        return [f"{head}: {len(jobs)} jobs"]
    marks = {(found.kind, found.name): found.mark for found in dispatch.differences(cluster, jobs[0])}
    return [head, *_planned(jobs[0], marks, ascii_only=ascii_only), _terms(jobs[0])]


_THERE = {"=": "exists, equal", "~": "exists, differs", "?": "may not be read"}


def _planned(job: Manifests, marks: dict[tuple[str, str], str], *, ascii_only: bool) -> list[str]:
    outline = job_spec.outline(job, ascii_only=ascii_only)
    kinds, names = (max(len(row[column]) for row in outline) for column in (0, 1))
    lines = []
    for kind, name, told in outline:
        mark = marks.get((kind, name), "+")
        lines.append(f"  {mark}  {kind:<{kinds}}  {name:<{names}}  {_THERE.get(mark, told)}".rstrip())
    return lines


def _terms(job: Manifests) -> str:
    """Config version, image, and how long and how often it is tried."""
    spec = job.document("Job").get("spec") or {}
    image = str(job_spec.main_container(job).get("image") or "").rpartition("/")[2]
    parts = [f"config version {(job_spec.config_version(job) or 'none')[:12]}", f"image {image}"]
    if isinstance(spec.get("activeDeadlineSeconds"), int):
        parts.append(f"at most {duration(spec['activeDeadlineSeconds'])}")
    if isinstance(spec.get("backoffLimit"), int):
        parts.append(_counted(spec["backoffLimit"], "retry", "retries") or "no retries")
    return f"  {', '.join(parts)}"


def server_warnings(batch: Batch) -> list[str]:
    """What the server remarked, each once."""
    return list(dict.fromkeys(warning for outcome in batch.sent() for warning in outcome.warnings))


def submission_json(batch: Batch, namespace: str, context: str) -> dict[str, Any]:
    """What ``submit-job --json`` prints: the jobs that are on the cluster."""
    jobs = [
        SubmittedJob(
            name=outcome.spec.name,
            namespace=namespace,
            context=context or None,
            outcome=outcome.outcome,
            config_version=job_spec.config_version(outcome.spec) or UNSET,
            objects=tuple(
                SubmittedObject(kind=known.kind, name=known.name, outcome=known.outcome) for known in outcome.objects
            ),
        )
        for outcome in batch.sent()
    ]
    return Submission(jobs=tuple(jobs)).as_json()


def sent(batch: Batch, namespace: str, *, rehearse: bool, seconds: float) -> list[str]:
    """How it went: of one job its objects, of several how many."""
    if len(batch.attempts) > 1 or not batch.sent():
        return _account(batch, rehearse=rehearse, seconds=seconds)
    (outcome,) = batch.sent()
    name = outcome.spec.name
    if rehearse:
        return [f"{_clock()}  checked     {_counted(len(outcome.objects), 'object')}; nothing was stored"]
    follow = f"Next: kubectl logs -f job/{name} -n {namespace}"
    if outcome.outcome == "created":
        made = sum(known.outcome == "created" for known in outcome.objects)
        return [f"{_clock()}  sent        {_counted(made, 'object')} in {duration(seconds)}", follow]
    if outcome.state.kind == "active":
        return [f"{_clock()}  unchanged   it was sent at {outcome.state.when}, and has not ended", follow]
    done = f"{_clock()}  unchanged   it was sent before, and completed at {outcome.state.when}"
    return [done, f"Next: {again('--rerun')}"]


def stopping() -> list[str]:
    """What is said when Ctrl-C came."""
    return ["Stopping: what is on its way arrives. Ctrl-C again ends at once."]


def _account(batch: Batch, *, rehearse: bool, seconds: float) -> list[str]:
    outcomes = batch.sent()
    created = sum(outcome.outcome == "created" for outcome in outcomes)
    parts = [
        f"{created} {'checked' if rehearse else 'sent'}",
        f"{len(outcomes) - created} there already" if len(outcomes) > created else "",
        f"{len(batch.failed())} failed" if batch.failed() else "",
        f"{batch.not_tried()} not tried" if batch.not_tried() else "",
    ]
    told = ", ".join(part for part in parts if part)
    return [f"{_clock()}  {len(batch.attempts)} jobs    {told}, in {duration(seconds)}"]


def demand_all(batch: Batch) -> None:
    """Returns where every job is on the cluster.

    Raises:
        BatchError: some are not; holds the account.
        InterruptedRunError: Ctrl-C came before all were sent.
    """
    if batch.interrupted:
        sent, total = batch.sent(), len(batch.attempts)
        message = f"stopped by Ctrl-C: {len(sent)} of {total} jobs are on the cluster, and go on"
        if sent and total == 1:
            message = f"stopped by Ctrl-C; the job {sent[0].spec.name} is on the cluster, and goes on"
        raise InterruptedRunError(message, run=again())
    failed = batch.failed()
    if not failed and not batch.not_tried():
        return
    facts = {attempt.spec.name: attempt.error.message for attempt in failed[:_SHOWN] if attempt.error}
    if len(failed) > _SHOWN:
        facts["and"] = f"{len(failed) - _SHOWN} more"
    message = f"{len(failed) + batch.not_tried()} of {len(batch.attempts)} jobs were not sent; the others are"
    raise BatchError(message, facts=facts, run=f"{again()}     sends what is missing")


def unreadable(found: Sequence[Sequence[ObjectDiff]]) -> list[str]:
    """A warning for each object that could not be compared."""
    unknown = (known for differences in found for known in differences if known.mark == "?")
    return list(dict.fromkeys(f"the {known.kind} {known.name} may not be read" for known in unknown))


def diff_json(found: Sequence[Sequence[ObjectDiff]]) -> dict[str, Any]:
    """What ``diff --json`` prints."""
    names = {"+": "create", "=": "unchanged", "~": "differs", "?": "unknown"}
    objects = [
        {"kind": known.kind, "name": known.name, "change": names[known.mark], "diff": list(known.lines)}
        for differences in found
        for known in differences
    ]
    return {"objects": objects}


def _clock() -> str:
    return time.strftime("%H:%M:%S")


def _counted(number: int, noun: str, nouns: str = "") -> str:
    return f"{number} {noun if number == 1 else nouns or noun + 's'}" if number else ""
