"""What the commands about job specs say: lines made from values."""

from __future__ import annotations

import shlex
import sys
import time
from typing import TYPE_CHECKING, Any

from cajajejo import job_spec
from cajajejo.cli.outline import outline
from cajajejo.moments import duration
from cajajejo.outputs import Submission, SubmittedJob, SubmittedObject, Validation
from cajajejo.provenance import UNSET

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cajajejo.batches import Batch
    from cajajejo.checking import Checked
    from cajajejo.cluster import Target
    from cajajejo.dispatch import ObjectDiff
    from cajajejo.manifests import Manifests


def written(jobs: Sequence[Manifests], paths: Sequence[Path], *, ascii_only: bool) -> list[str]:
    """What parse-job wrote: the file and its objects, or the directory and how many jobs."""
    if len(jobs) > 1:
        place = f"{paths[0].parent}/" if len(paths) > 1 else str(paths[0])
        return [f"wrote {place} ({len(jobs)} jobs)", *(f"  {job.name}" for job in jobs)]
    job = jobs[0]
    objects = outline(job, ascii_only=ascii_only)
    width = max(len(kind) for kind, _, _ in objects)
    profile = job_spec.profile(job)
    lines = []
    for kind, name, told in objects:
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


def plan_offline(jobs: Sequence[Manifests], *, ascii_only: bool) -> list[str]:
    """What would be sent, without a look at a cluster."""
    if len(jobs) > 1:
        return [f"Plan  {len(jobs)} jobs; the cluster was not asked", *(f"  {job.name}" for job in jobs)]
    return ["Plan  the cluster was not asked", *_planned(jobs[0], {}, ascii_only=ascii_only), _terms(jobs[0])]


def plan(
    target: Target, namespace: str, jobs: Sequence[Manifests], changes: Sequence[ObjectDiff], *, ascii_only: bool
) -> list[str]:
    """What is about to be sent; of a single job also what is there, as `changes` tells it."""
    head = f"Plan  {target.context or target.server}, namespace {namespace}"
    profile = job_spec.profile(jobs[0])
    head += f", profile {profile}" if profile else ""
    if len(jobs) > 1:
        return [f"{head}: {len(jobs)} jobs"]
    marks = {(found.kind, found.name): found.mark for found in changes}
    return [head, *_planned(jobs[0], marks, ascii_only=ascii_only), _terms(jobs[0])]


_THERE = {"=": "exists, equal", "~": "exists, differs", "?": "may not be read"}


def _planned(job: Manifests, marks: dict[tuple[str, str], str], *, ascii_only: bool) -> list[str]:
    objects = outline(job, ascii_only=ascii_only)
    kinds, names = (max(len(row[column]) for row in objects) for column in (0, 1))
    lines = []
    for kind, name, told in objects:
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


def sent(batch: Batch, options: Sequence[str], *, rehearse: bool, seconds: float, wait: bool = False) -> list[str]:
    """How it went: of one job its objects, of several how many; and, unless we `wait`, how to follow it.

    `options` are those that find the job again on a command line.
    """
    if len(batch.attempts) > 1 or not batch.sent():
        return _account(batch, rehearse=rehearse, seconds=seconds)
    (outcome,) = batch.sent()
    name = outcome.spec.name
    if rehearse:
        return [f"{_clock()}  checked     {_counted(len(outcome.objects), 'object')}; nothing was stored"]
    where = shlex.join([name, *options])
    follow = [] if wait else [f"Next: cajajejo jobs watch {where}", f"      cajajejo jobs logs -f {where}"]
    if outcome.outcome == "created":
        made = sum(known.outcome == "created" for known in outcome.objects)
        return [f"{_clock()}  sent        {_counted(made, 'object')} in {duration(seconds)}", *follow]
    if outcome.state.kind == "active":
        return [f"{_clock()}  unchanged   it was sent at {outcome.state.when}, and has not ended", *follow]
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
