"""The life of a job as lines: phases, ends with what their exit code means, progress, and the worst of several."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from cajajejo.cli import phases
from cajajejo.cli.phases import Pace
from cajajejo.status import Attempt, Progress, Reason, State, Status, exits
from cajajejo.terminal import Style

SENT = datetime(2026, 11, 21, 14, 2, 11, tzinfo=UTC)
PLAIN = Style()


def after(seconds: float) -> datetime:
    return SENT + timedelta(seconds=seconds)


def attempt(number: int = 1, **more: object) -> Attempt:
    given = {"number": number, "pod": f"eval-a-{number}", "state": "Failed", **more}
    return Attempt(**given)  # type: ignore[arg-type]  # as the test says


FIRST = attempt(node="l4-7c2f")
ENDED = Status(
    "eval-a",
    "default",
    State.SUCCEEDED,
    submitted_at=SENT,
    started_at=after(208),
    finished_at=after(1166),
    attempts=(FIRST,),
    config_version="10abfb1",
)
FAILED = replace(ENDED, state=State.FAILED, exit_code=1)

PHASES = {
    "waiting": (
        Status("eval-a", "default", State.PENDING, message="not enough GPUs: 1 asked for, none free"),
        "Pending     not enough GPUs: 1 asked for, none free",
    ),
    "nothing to tell": (Status("eval-a", "default", State.PENDING), "Pending"),
    "running": (
        Status("eval-a", "default", State.RUNNING, attempts=(FIRST, attempt(2, node="l4-b01e"))),
        "Running     attempt 2 on l4-b01e",
    ),
    "running on no node": (Status("eval-a", "default", State.RUNNING, attempts=(attempt(),)), "Running     attempt 1"),
    "running without a pod": (Status("eval-a", "default", State.RUNNING), "Running"),
    "running with a remark": (
        Status("eval-a", "default", State.RUNNING, message="the API server is away", attempts=(FIRST,)),
        "Running     the API server is away",
    ),
    "succeeded": (ENDED, "Succeeded   after 19 min 26 s: 3 min 28 s waiting"),
    "succeeded in seconds": (
        replace(ENDED, started_at=after(0), finished_at=after(2)),
        "Succeeded   after 2 s: 0 s waiting",
    ),
    "succeeded, and nothing is known": (Status("eval-a", "default", State.SUCCEEDED), "Succeeded"),
    "after preemptions": (
        replace(
            ENDED,
            attempts=(
                attempt(reason="Preempted"),
                attempt(2, reason="Evicted"),
                attempt(3, reason="Preempted"),
                attempt(4),
            ),
        ),
        "Succeeded   after 19 min 26 s: 3 min 28 s waiting, 4 attempts, 2 preempted, 1 evicted",
    ),
    "failed": (
        FAILED,
        f"Failed      after 19 min 26 s: 3 min 28 s waiting, exit code 1 ({exits.meaning(1, ours=True)})",
    ),
    "failed with a code that means nothing": (
        replace(FAILED, exit_code=42, attempts=(FIRST, attempt(2))),
        "Failed      after 19 min 26 s: 3 min 28 s waiting, 2 attempts, exit code 42",
    ),
    "failed without a code": (
        replace(FAILED, exit_code=None, started_at=None, message="it took too long"),
        "Failed      after 19 min 26 s",
    ),
    "failed, and nothing else is known": (
        Status("eval-a", "default", State.FAILED, message="it took too long"),
        "Failed      it took too long",
    ),
    "gone": (
        Status("eval-a", "default", State.GONE, message="deleted by someone", submitted_at=SENT, finished_at=after(60)),
        "Gone        deleted by someone",
    ),
}


@pytest.mark.parametrize("case", PHASES)
def test_a_phase_is_one_line(case: str) -> None:
    status, expected = PHASES[case]
    assert phases.line(status, phases.phase(status)) == expected


def test_of_several_jobs_each_line_has_the_name() -> None:
    assert phases.line(ENDED, "x", name=True) == "eval-a  Succeeded   x"


@pytest.mark.parametrize("code", [1, 2, 4, 5, 42, 127, 137, 143])
def test_an_exit_code_is_named(code: int) -> None:
    assert phases.meaning(replace(FAILED, exit_code=code)) == exits.meaning(code, ours=True)


def test_no_exit_code_means_nothing() -> None:
    assert phases.meaning(replace(FAILED, exit_code=None)) == ""


@pytest.mark.parametrize(("code", "expected"), [(1, ""), (4, ""), (137, exits.meaning(137, ours=False))])
def test_small_codes_of_a_foreign_program_mean_nothing(code: int, expected: str) -> None:
    assert phases.meaning(replace(FAILED, exit_code=code, config_version=None)) == expected


def test_who_was_killed_for_memory_is_told_so() -> None:
    assert phases.meaning(replace(FAILED, exit_code=137, reason=Reason.OOM_KILLED)) == "killed: out of memory"


@pytest.mark.parametrize(
    ("state", "code", "expected"),
    [
        (State.SUCCEEDED, None, 0),
        (State.SUCCEEDED, 7, 0),  # a sidecar
        (State.FAILED, 137, 137),
        (State.FAILED, None, 1),
        (State.FAILED, 0, 1),  # the deadline passed although the container had ended well
        (State.CANCELLED, 5, 1),
        (State.GONE, None, 1),
        (State.GONE, 143, 1),
    ],
)
def test_the_exit_code_of_a_job_is_its_own_and_never_0_without_success(
    state: State, code: int | None, expected: int
) -> None:
    assert phases.exit_code(replace(FAILED, state=state, exit_code=code)) == expected


def test_the_worst_of_several_is_the_first_of_one_order() -> None:
    order = [3, 1, 143, 137, 42, 2, 4, 5, 0]
    for one, other in itertools.combinations_with_replacement(order, 2):
        assert phases.worst([one, other]) == phases.worst([other, one]) == one
    assert phases.worst([]) == 0


def test_a_summary_counts_states_worst_first() -> None:
    states = [State.SUCCEEDED, State.FAILED, State.SUCCEEDED, State.RUNNING, State.GONE]
    statuses = [replace(ENDED, state=state) for state in states]
    assert phases.summary(statuses) == "5 jobs: 1 Gone, 1 Failed, 2 Succeeded, 1 Running"


PROGRESS = Progress(64, 135, "instance", "mmlu:subject=anatomy")


@pytest.mark.parametrize(
    ("since", "progress", "expected"),
    [
        (SENT, None, "1 min: not enough GPUs"),
        (None, None, "not enough GPUs"),
        (SENT, PROGRESS, "1 min: 64/135 instances, mmlu:subject=anatomy"),
        (SENT, Progress(5, 0, "step"), "1 min: 5 steps"),
    ],
)
def test_a_phase_that_lasts_tells_how_long_and_how_far(
    since: datetime | None, progress: Progress | None, expected: str
) -> None:
    status = Status("eval-a", "default", State.PENDING, since=since, message="not enough GPUs")
    assert (
        phases.still(status, after(119.0 if since is None else 120.0), progress).replace("2 min", "1 min") == expected
    )


def test_a_sign_of_life() -> None:
    status = Status("eval-a", "default", State.PENDING, since=SENT)
    assert phases.lasting(status, after(192)) == "for 3 min 12 s"
    assert phases.lasting(replace(status, since=None), after(192)) == ""


def test_a_progress_line_has_a_bar_as_wide_as_there_is_room() -> None:
    half = Progress(50, 100, "instance", "boolq")
    wide = phases.progress_line(half, "6.3/s   11 s left", Style(width=100))
    assert wide == f"boolq   {'━' * 15}{' ' * 15}   50/100   6.3/s   11 s left"
    assert len(wide) + 10 <= 100
    small = phases.progress_line(half, "6.3/s   11 s left", Style(width=40))
    assert small == "boolq   50/100   6.3/s   11 s left"
    ascii_only = phases.progress_line(half, "", Style(width=100, unicode=False), name="eval-a")
    assert ascii_only == f"eval-a  boolq   {'=' * 15}{' ' * 15}   50/100"


def test_a_progress_line_without_a_total_has_no_bar() -> None:
    assert phases.progress_line(Progress(1234, 0, "step"), "", PLAIN) == "1,234 step"


def test_rate_and_time_left_come_after_five_seconds() -> None:
    pace = Pace()
    assert pace.text(99.0) == ""
    pace.see(Progress(10, 135, "instance"), 100.0)
    pace.see(Progress(42, 135, "instance"), 104.0)
    assert pace.text(104.9) == ""
    assert pace.text(105.0) == "6.4/s   15 s left"
    pace.see(Progress(135, 135, "instance"), 110.0)
    assert pace.text(110.0) == "12.5/s"


def test_another_part_begins_anew() -> None:
    pace = Pace()
    pace.see(Progress(10, 100, "instance", "a"), 100.0)
    pace.see(Progress(90, 100, "instance", "a"), 110.0)
    assert pace.text(110.0) == "8.0/s   1 s left"
    pace.see(Progress(10, 100, "instance", "b"), 111.0)
    assert pace.text(120.0) == ""  # 10 were done when it was first seen
    pace.see(Progress(5, 100, "instance", "b"), 121.0)  # and a new attempt
    assert pace.text(130.0) == ""


@pytest.mark.parametrize(
    ("done", "seconds", "expected"), [(10, 10.0, "1.0/s"), (5, 10.0, "30.0/min"), (1, 100.0, "36.0/h")]
)
def test_a_slow_rate_is_told_in_a_unit_that_shows_it(done: int, seconds: float, expected: str) -> None:
    pace = Pace()
    pace.see(Progress(0, 0, "step"), 0.0)
    pace.see(Progress(done, 0, "step"), seconds)
    assert pace.text(seconds) == expected
