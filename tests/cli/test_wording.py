"""The lines about job specs that are sent, from values: what each case says, in ASCII where it must be."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import batches, sameness
from cajajejo.batches import Attempt, Batch, BatchError
from cajajejo.cli import wording
from cajajejo.dispatch import ObjectDiff
from cajajejo.errors import CajajejoError, InterruptedRunError
from cajajejo.submission import Outcome
from tests import sending

if TYPE_CHECKING:
    from collections.abc import Sequence


def outcome(version: str = "v1", **changes: Any) -> Outcome:
    state = sameness.JobState("active", "2026-11-21T14:02:11Z")
    known: dict[str, Any] = {"outcome": "created", "state": state, "objects": (), "warnings": (), **changes}
    return Outcome(sending.spec(version), "default", **known)


def batch(sent: Sequence[str] = (), failed: Sequence[str] = (), left: Sequence[str] = (), **more: Any) -> Batch:
    attempts = [Attempt(sending.spec(version), outcome(version)) for version in sent]
    attempts += [Attempt(sending.spec(version), error=CajajejoError(f"no {version}")) for version in failed]
    return Batch((*attempts, *(Attempt(sending.spec(version)) for version in left)), **more)


@pytest.fixture(autouse=True)
def command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/cajajejo", "jobs", "evaluation", "submit-job", "-n", "a b"])


def test_the_command_that_runs_can_be_pasted_and_has_each_option_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert wording.again("--rerun") == "cajajejo jobs evaluation submit-job -n 'a b' --rerun"
    monkeypatch.setattr(sys, "argv", ["cajajejo", "--rerun"])
    assert wording.again("--rerun") == "cajajejo --rerun"


def test_the_plan_without_a_cluster_is_in_ascii_where_it_must(command: None) -> None:
    del command
    job = sending.spec("v1", "compute_config.accelerator=nvidia-l4")
    lines = wording.plan_offline([job], ascii_only=True)
    assert all(line.isascii() for line in lines)
    assert lines[1].split("  ")[-1].startswith("1 x nvidia-l4")
    assert wording.plan_offline([job, sending.spec()], ascii_only=True) == [
        "Plan  2 jobs; the cluster was not asked",
        f"  {job.name}",
        f"  {sending.spec().name}",
    ]


def test_an_account_counts_what_became_of_each_job() -> None:
    mixed = batch(["v1"], ["v2"], ["v3", "v4"])
    (line,) = wording.sent(mixed, "default", rehearse=False, seconds=72.0)
    assert line.partition("  ")[2] == "4 jobs    1 sent, 1 failed, 2 not tried, in 1 min 12 s"
    (line,) = wording.sent(batch(["v1", "v2"]), "default", rehearse=True, seconds=0.2)
    assert line.partition("  ")[2] == "2 jobs    2 checked, in 0.2 s"


def test_nothing_is_asked_for_where_all_were_sent() -> None:
    batches.demand_all(batch(["v1", "v2"]), again="cajajejo")


def test_of_many_that_failed_some_are_named() -> None:
    failed = [f"f{number}" for number in range(12)]
    with pytest.raises(BatchError) as caught:
        batches.demand_all(batch(["v1"], failed, ["v3"]), again="cajajejo")
    assert caught.value.message == "13 of 14 jobs were not sent; the others are"
    names = [sending.spec(version).name for version in failed[:10]]
    assert caught.value.facts == {
        **{name: f"no {version}" for name, version in zip(names, failed, strict=False)},
        "and": "2 more",
    }


STOPPED = {
    "in the middle": (batch(["v1"], (), ["v2"], interrupted=True), ": 1 of 2 jobs are on the cluster, and go on"),
    "a single one that arrived": (
        batch(["v1"], interrupted=True),
        f"; the job {sending.spec('v1').name} is on the cluster, and goes on",
    ),
    "before anything": (batch((), (), ["v1"], interrupted=True), ": 0 of 1 jobs are on the cluster, and go on"),
}


@pytest.mark.parametrize("case", STOPPED)
def test_ctrl_c_says_what_goes_on(case: str) -> None:
    stopped, message = STOPPED[case]
    assert wording.sent(stopped, "default", rehearse=False, seconds=0.0) != []
    with pytest.raises(InterruptedRunError) as caught:
        batches.demand_all(stopped, again="cajajejo")
    assert (caught.value.message, caught.value.exit_code) == (f"stopped by Ctrl-C{message}", 130)


def test_a_warning_of_the_server_is_told_once() -> None:
    outcomes = [outcome(warnings=("old", "odd")), outcome(warnings=("old",))]
    attempts = tuple(Attempt(known.spec, known) for known in outcomes)
    assert wording.server_warnings(Batch(attempts)) == ["old", "odd"]


def test_what_could_not_be_compared_is_told_once() -> None:
    unknown, same = ObjectDiff("StorageClass", "ssd", "?"), ObjectDiff("Job", "a", "=")
    assert wording.unreadable([[unknown, same], [unknown]]) == ["the StorageClass ssd may not be read"]
    assert wording.diff_json([[unknown, same]])["objects"] == [
        {"kind": "StorageClass", "name": "ssd", "change": "unknown", "diff": []},
        {"kind": "Job", "name": "a", "change": "unchanged", "diff": []},
    ]
