"""What users see of a job: whole screens, at 80 columns, in a pipe, in ASCII, and whatever stands in a field."""

# ruff: noqa: RUF001  # a screen has a multiplication sign

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cajajejo.cli import job_screen
from cajajejo.cli.job_screen import list_lines, next_lines, status_lines
from cajajejo.status import Advice, Attempt, LastLines, Progress, Quote, Reason, State, Status
from cajajejo.terminal import Style

NOW = datetime(2026, 11, 21, 14, 2, 11, tzinfo=UTC)
PIPE = Style()
NARROW = Style(width=80)
WIDE = Style(width=100)
CROCODILE = "eval-neurips-merciful-crocodile-3f2a9c1d"
SLOTH = "eval-neurips-amusing-sloth-81b0c6d2"


def before(**span: float) -> datetime:
    return NOW - timedelta(**span)


WAITING = Status(
    CROCODILE,
    "default",
    State.PENDING,
    since=before(minutes=12),
    reason=Reason.INSUFFICIENT_GPU,
    message="not enough GPUs: 1 × nvidia-l4 asked for, none free on 6 nodes that have them",
    do=Advice("wait, or take a type that is free now: nvidia-tesla-t4 (3 free)", "compute_config.accelerator"),
    submitted_at=before(minutes=12),
    submitted_by="jasper",
    deadline_at=NOW + timedelta(hours=3, minutes=48),
    attempts=(Attempt(1, f"{CROCODILE}-pw8jp", State.PENDING),),
    quotes=(
        Quote(
            "scheduler",
            "0/6 nodes are available: 6 Insufficient nvidia.com/gpu. preemption: 0/6 nodes are available.",
            before(seconds=40),
        ),
        Quote("autoscaler", "pod didn't trigger scale-up: 1 max node group size reached", before(minutes=2)),
    ),
    config_version="10abfb1bf8a0d41f4f7c8a9b0c1d2e3f4a5b6c7d",
    config_path="jobs/evaluation/jasper.job_config.yml",
)


def killed(number: int, pod: str, node: str, start: datetime, seconds: int) -> Attempt:
    end = start + timedelta(seconds=seconds)
    return Attempt(number, f"{SLOTH}-{pod}", State.FAILED, node, start, end, 137, "OOMKilled", counted=True)


KILLED = Status(
    SLOTH,
    "default",
    State.FAILED,
    since=before(minutes=4),
    reason=Reason.OOM_KILLED,
    message="OOMKilled: container eval went over its memory limit of 16Gi in every attempt",
    do=Advice("give it more memory (16Gi now) and submit again", "compute_config.memory"),
    exit_code=137,
    submitted_at=before(minutes=51, seconds=30),
    submitted_by="jasper",
    started_at=before(minutes=51),
    finished_at=before(minutes=4),
    disappears_at=NOW + timedelta(minutes=26),
    attempts=(
        killed(1, "w4b5m", "gke-autopilot-l4-7c2f", before(minutes=51), 962),
        killed(2, "k9x2p", "gke-autopilot-l4-7c2f", before(minutes=35), 949),
        killed(3, "zz7qd", "gke-autopilot-l4-b01e", before(minutes=20), 58),
    ),
    last_lines=LastLines(
        "eval",
        3,
        (
            "14:51:01 helm: mmlu:subject=anatomy, 118 of 135 instances",
            "14:51:06 helm: loading the next batch (16 prompts, 3,811 tokens the longest)",
        ),
    ),
    config_path="jobs/evaluation/sloth.job_config.yml",
    mlflow_run_id="7be1c2a0",
)
RUNNING = replace(
    WAITING,
    state=State.RUNNING,
    since=before(minutes=3),
    reason=None,
    message="",
    do=None,
    quotes=(),
    started_at=before(minutes=9),
    attempts=(
        Attempt(
            1, f"{CROCODILE}-pw8jp", State.FAILED, "l4-7c2f", before(minutes=9), before(minutes=5), 143, "Preempted"
        ),
        Attempt(2, f"{CROCODILE}-x2k9d", State.RUNNING, "l4-b01e", before(minutes=3)),
    ),
    progress=Progress(64, 135, "instance", "mmlu:subject=anatomy"),
)


def screen(status: Status, style: Style = WIDE, **more: Any) -> str:
    return "\n".join(status_lines(status, style, NOW, **more)) + "\n"


def test_a_job_that_waits_for_a_gpu() -> None:
    assert screen(WAITING) == (
        """\
eval-neurips-merciful-crocodile-3f2a9c1d                                       namespace default
  state    Pending for 12 min: no node for its pod yet
  reason   not enough GPUs: 1 × nvidia-l4 asked for, none free on 6 nodes that have them
  do       wait, or take a type that is free now: nvidia-tesla-t4 (3 free), in
             jobs/evaluation/jasper.job_config.yml: compute_config.accelerator

  submitted   12 min ago by jasper, config version 10abfb1bf8a0
  deadline    in 3 h 48 min (waiting counts)
  attempt 1   pod …-pw8jp  Pending
  scheduler   0/6 nodes are available: 6 Insufficient nvidia.com/gpu.                   40 s ago
  autoscaler  pod didn't trigger scale-up: 1 max node group size reached               2 min ago
"""
    )
    assert next_lines(WAITING) == []


def test_where_the_model_could_not_be_fetched_the_log_is_that_of_who_fetched_it() -> None:
    attempt = Attempt(1, f"{SLOTH}-w4b5m", State.FAILED, "n", NOW, NOW, 1, "InitContainerFailed", container="init")
    status = replace(KILLED, reason=Reason.INIT_CONTAINER_FAILED, attempts=(attempt,))
    assert next_lines(status) == [f"Next: cajajejo jobs logs {SLOTH} -c init --tail 200"]


def test_a_cancelled_job_says_why() -> None:
    status = replace(WAITING, state=State.CANCELLED, since=NOW, reason=None, message="cancelled: wrong model", do=None)
    assert screen(status).splitlines()[1:4] == [
        "  state    Cancelled 0 s ago, after 1 attempt that never started",
        "  reason   wrong model",
        "",
    ]
    assert "  reason" not in screen(replace(status, message="cancelled"))


def test_a_narrow_terminal_wraps_what_is_too_long() -> None:
    assert screen(WAITING, NARROW) == (
        """\
eval-neurips-merciful-crocodile-3f2a9c1d                       namespace default
  state    Pending for 12 min: no node for its pod yet
  reason   not enough GPUs: 1 × nvidia-l4 asked for, none free on 6 nodes that
             have them
  do       wait, or take a type that is free now: nvidia-tesla-t4 (3 free), in
             jobs/evaluation/jasper.job_config.yml: compute_config.accelerator

  submitted   12 min ago by jasper, config version 10abfb1bf8a0
  deadline    in 3 h 48 min (waiting counts)
  attempt 1   pod …-pw8jp  Pending
  scheduler   0/6 nodes are available: 6 Insufficient nvidia.com/gpu.   40 s ago
  autoscaler  pod didn't trigger scale-up: 1 max node group size       2 min ago
              reached
"""
    )


def test_a_pipe_gets_every_text_whole_and_on_one_line() -> None:
    words = " ".join(["nodes"] * 40)
    shown = screen(replace(WAITING, message=words), PIPE)
    assert f"  reason   {words}\n" in shown
    assert f"  attempt 1   pod {CROCODILE}-pw8jp  Pending\n" in shown


def test_a_job_that_was_killed_for_memory() -> None:
    assert screen(KILLED, NARROW) == (
        """\
eval-neurips-amusing-sloth-81b0c6d2                            namespace default
  state    Failed 4 min ago, after 3 attempts in 47 min (exit code 137)
  reason   OOMKilled: container eval went over its memory limit of 16Gi in every
             attempt
  do       give it more memory (16Gi now) and submit again, in
             jobs/evaluation/sloth.job_config.yml: compute_config.memory

  attempt  pod      node                   ran          ended
  1        …-w4b5m  gke-autopilot-l4-7c2f  16 min  2 s  OOMKilled, exit 137
  2        …-k9x2p  gke-autopilot-l4-7c2f  15 min 49 s  OOMKilled, exit 137
  3        …-zz7qd  gke-autopilot-l4-b01e         58 s  OOMKilled, exit 137

  last lines of eval, attempt 3
    │ 14:51:01 helm: mmlu:subject=anatomy, 118 of 135 instances
    │ 14:51:06 helm: loading the next batch (16 prompts, 3,811 tokens the longes
    │ t)

  disappears in 26 min (TTL); recorded on mlflow run 7be1c2a0
"""
    )
    assert next_lines(KILLED, ["-n", "b c"]) == [f"Next: cajajejo jobs logs {SLOTH} -n 'b c' --tail 200"]


def test_a_job_that_runs_after_it_was_preempted() -> None:
    assert screen(RUNNING) == (
        """\
eval-neurips-merciful-crocodile-3f2a9c1d                                       namespace default
  state    Running for 3 min: attempt 2 on l4-b01e

  submitted   12 min ago by jasper, config version 10abfb1bf8a0
  deadline    in 3 h 48 min
  progress    64 of 135 instances (47 %), mmlu:subject=anatomy

  attempt  pod      node     ran         ended
  1        …-pw8jp  l4-7c2f  4 min  0 s  Preempted, exit 143, not counted
  2        …-x2k9d  l4-b01e  3 min  0 s  Running
"""
    )
    assert next_lines(RUNNING) == [f"Next: cajajejo jobs logs {CROCODILE} -f"]


def test_without_unicode_the_same_is_said_in_ascii() -> None:
    shown = screen(replace(WAITING, last_lines=LastLines("eval", 1, ("naïve → done",))), replace(WIDE, unicode=False))
    assert shown.isascii()
    assert "1 x nvidia-l4 asked for" in shown
    assert "pod ...-pw8jp  Pending" in shown
    assert "    | na\\xefve \\u2192 done" in shown


@pytest.mark.parametrize("state", State)
def test_the_colour_is_on_the_state_and_the_name_alone(state: State) -> None:
    painted = screen(replace(WAITING, state=state), replace(WIDE, color=True))
    assert re.findall(r"\x1b\[(\d+)m([^\x1b]*)\x1b\[0m", painted)[:2] == [
        ("1", CROCODILE),
        ({"good": "32", "bad": "31", "doubt": "33", "running": "34"}[job_screen.ROLES[state]], str(state)),
    ]
    assert re.sub(r"\x1b\[\d+m", "", painted) == screen(replace(WAITING, state=state))


def state_line(**changes: Any) -> str:
    blank = Status("a", "default", State.PENDING, since=before(minutes=2), submitted_at=before(minutes=3))
    return status_lines(replace(blank, **changes), WIDE, NOW)[1]


ONE = Attempt(1, "a-x", State.FAILED, "n1", before(minutes=9), before(minutes=4), 2)
NEVER = Attempt(1, "a-x", State.FAILED)
HERE = Attempt(1, "a-x", State.STARTING, "n1")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "Pending for 2 min: no pod yet"),
        ({"attempts": (Attempt(1, "a-x", State.PENDING),)}, "Pending for 2 min: no node for its pod yet"),
        ({"since": None}, "Pending: no pod yet"),
        ({"state": State.QUEUED, "message": "3rd in queue gpu"}, "Queued for 2 min: 3rd in queue gpu"),
        ({"state": State.QUEUED, "message": "m", "reason": Reason.QUEUED_IN_KUEUE}, "Queued for 2 min"),
        (
            {"state": State.QUEUED, "message": "3rd in queue gpu: quota used up: 8", "reason": Reason.QUEUED_IN_KUEUE},
            "Queued for 2 min: 3rd in queue gpu",
        ),
        ({"state": State.QUEUED, "message": "a: b", "reason": Reason.QUEUED_IN_KUEUE}, "Queued for 2 min"),
        ({"state": State.SUSPENDED}, "Suspended for 2 min"),
        ({"state": State.STARTING, "attempts": (HERE,)}, "Starting for 2 min: attempt 1 on n1"),
        ({"state": State.STARTING, "message": "pulling image e"}, "Starting for 2 min: pulling image e"),
        ({"state": State.RUNNING, "attempts": (HERE, HERE)}, "Running for 2 min"),
        ({"reason": Reason.CONTROL_PLANE_AWAY, "message": "m"}, "Pending for 2 min"),
        ({"state": State.SUCCEEDED}, "Succeeded 2 min ago"),
        ({"state": State.SUCCEEDED, "since": None}, "Succeeded"),
        ({"state": State.SUCCEEDED, "exit_code": 0}, "Succeeded 2 min ago"),
        ({"state": State.FAILED}, "Failed 2 min ago, without a pod"),
        ({"state": State.FAILED, "attempts": (NEVER,)}, "Failed 2 min ago, after 1 attempt that never started"),
        (
            {"state": State.FAILED, "attempts": (NEVER, NEVER)},
            "Failed 2 min ago, after 2 attempts, none of which started",
        ),
        (
            {
                "state": State.FAILED,
                "attempts": (ONE,),
                "started_at": before(minutes=9),
                "finished_at": before(minutes=4),
                "exit_code": 2,
            },
            "Failed 4 min ago, after 1 attempt in 5 min (exit code 2)",
        ),
        (
            {
                "state": State.FAILED,
                "attempts": (replace(ONE, index=0), replace(ONE, index=1)),
                "started_at": before(minutes=9),
                "finished_at": before(minutes=4),
            },
            "Failed 4 min ago, after 2 pods in 5 min",
        ),
        ({"state": State.CANCELLED}, "Cancelled 2 min ago"),
        ({"state": State.GONE}, "Gone 2 min ago"),
    ],
)
def test_the_line_of_the_state(changes: dict[str, Any], line: str) -> None:
    assert state_line(**changes) == f"  state    {line}"


def test_a_job_that_ended_without_a_pod_tells_what_the_cluster_said() -> None:
    refused = replace(
        WAITING,
        state=State.FAILED,
        since=before(minutes=1, seconds=5),
        reason=Reason.POD_REFUSED,
        message="the pod was refused",
        do=Advice("ask for less"),
        deadline_at=None,
        attempts=(),
        quotes=(Quote("job-controller-manager", "no\x1b[31m pod\nat all", None),),
    )
    assert screen(refused) == (
        """\
eval-neurips-merciful-crocodile-3f2a9c1d                                       namespace default
  state    Failed 65 s ago, without a pod
  reason   the pod was refused
  do       ask for less

  submitted   12 min ago by jasper, config version 10abfb1bf8a0
  job-c…ager  no\\x1b[31m pod at all
"""
    )
    assert next_lines(refused) == [f"Next: cajajejo jobs explain {CROCODILE}"]


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, []),
        ({"disappears_at": NOW + timedelta(minutes=3)}, ["  disappears in 3 min (TTL)"]),
        ({"disappears_at": before(minutes=3)}, ["  disappears any moment (TTL)"]),
        ({"mlflow_run_id": "7be1"}, ["  recorded on mlflow run 7be1"]),
        ({"state": State.GONE, "disappears_at": NOW, "mlflow_run_id": "7be1"}, ["  recorded on mlflow run 7be1"]),
        (
            {"disappears_at": NOW + timedelta(minutes=26), "mlflow_run_id": "7be1c2a0" * 4},
            ["  disappears in 26 min (TTL)", f"  recorded on mlflow run {'7be1c2a0' * 4}"],
        ),
    ],
)
def test_how_long_it_can_be_looked_at_and_where_it_is_remembered(changes: dict[str, Any], lines: list[str]) -> None:
    plain = Status("a", "default", State.SUCCEEDED, since=before(minutes=2))
    assert status_lines(replace(plain, **changes), NARROW, NOW)[2:] == (["", *lines] if lines else [])


def test_a_job_that_is_gone_says_who_told() -> None:
    gone = replace(KILLED, disappears_at=before(hours=1))
    assert status_lines(gone, WIDE, NOW, recalled=True)[-1] == "  no longer on the cluster; told by mlflow run 7be1c2a0"
    unrecorded = replace(gone, mlflow_run_id=None)
    assert (
        status_lines(unrecorded, WIDE, NOW, recalled=True)[-1]
        == "  no longer on the cluster; told by what was noted here"
    )


def test_pods_of_an_indexed_job_show_their_index() -> None:
    pods = tuple(replace(ONE, number=n + 1, index=n, pod=f"a-{n}-x") for n in range(2))
    lines = status_lines(Status("a", "default", State.FAILED, attempts=pods), WIDE, NOW)
    assert lines[3:] == [
        "  attempt  index  pod    node  ran         ended",
        "  1        0      …-0-x  n1    5 min  0 s  Failed, exit 2",
        "  2        1      …-1-x  n1    5 min  0 s  Failed, exit 2",
    ]


def test_of_many_attempts_a_terminal_shows_the_last_twenty() -> None:
    pods = tuple(replace(ONE, number=n) for n in range(1, 24))
    status = Status("a", "default", State.FAILED, attempts=pods)
    lines = status_lines(status, WIDE, NOW)
    assert [line.split()[0] for line in lines[4:]] == [*map(str, range(4, 24)), "…"]
    assert lines[-1] == "  … 3 earlier; --json has all"
    assert len(status_lines(status, PIPE, NOW)) == 4 + 23


@pytest.mark.parametrize(
    ("deadline", "line"),
    [(NOW + timedelta(minutes=3), "in 3 min (waiting counts)"), (before(minutes=3), "passed 3 min ago")],
)
def test_the_deadline_of_a_job_that_waits(deadline: datetime, line: str) -> None:
    assert f"  deadline    {line}\n" in screen(replace(WAITING, deadline_at=deadline))


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (Progress(1, 3, "instance"), "1 of 3 instances (33 %)"),
        (Progress(1200, 2400, "tokens", "boolq"), "1,200 of 2,400 tokens (50 %), boolq"),
        (Progress(7, 0, "instance"), "7 instances"),
    ],
)
def test_how_far_it_is(progress: Progress, line: str) -> None:
    assert f"  progress    {line}\n" in screen(replace(RUNNING, progress=progress))


@pytest.mark.parametrize(
    ("version", "shown"), [("a" * 40, "a" * 12), ("a" * 40 + "-dirty", "a" * 12 + "-dirty"), ("unset", "unset")]
)
def test_a_config_version_is_short(version: str, shown: str) -> None:
    assert f"config version {shown}\n" in screen(replace(WAITING, config_version=version))


@pytest.mark.parametrize(
    ("pod", "shown"),
    [(f"{'j' * 63}-abcde", "…-abcde"), (f"{'j' * 58}-abcde", "…-abcde"), ("other-abcde", "other-abcde")],
)
def test_a_pod_is_named_by_what_its_job_does_not_say(pod: str, shown: str) -> None:
    status = Status("j" * 63, "default", State.PENDING, attempts=(Attempt(1, pod, State.PENDING),))
    assert status_lines(status, WIDE, NOW)[-1] == f"  attempt 1   pod {shown}  Pending"


def test_long_last_lines_keep_their_beginning_and_their_end() -> None:
    line = "E" * 200 + "m" * 100_000 + "out of memory"
    status = replace(KILLED, last_lines=LastLines("eval", 3, (*["old"] * 50, "", "\tindented", line)))
    shown = [row for row in status_lines(status, NARROW, NOW) if row.startswith("    │")]
    assert shown[:8] == ["    │ old"] * 7 + ["    │"]
    assert shown[8] == "    │         indented"
    assert len(shown[9:]) == 4
    assert shown[9] == "    │ " + "E" * 74
    assert shown[-1].endswith("out of memory")
    whole = status_lines(status, PIPE, NOW)
    assert f"    │ {line}" in whole


def test_the_list_of_jobs() -> None:
    test = Status(
        "tf-mnist-example-cpu-29441520",
        "default",
        State.SUCCEEDED,
        kind="test",
        submitted_at=before(hours=12),
        started_at=before(hours=12),
        finished_at=before(hours=11, minutes=53),
    )
    unknown = Status("b", "other", State.GONE, started_at=before(hours=1))
    jobs = [WAITING, KILLED, RUNNING, test, unknown]
    assert list_lines(jobs, WIDE, NOW) == [
        "NAME                                      KIND        STATE      REASON           AGE  RAN",
        "eval-neurips-merciful-crocodile-3f2a9c1d  evaluation  Pending    InsufficientGPU  12m",
        "eval-neurips-amusing-sloth-81b0c6d2       evaluation  Failed     OOMKilled        51m  47m",
        "eval-neurips-merciful-crocodile-3f2a9c1d  evaluation  Running                     12m  9m",
        "tf-mnist-example-cpu-29441520             test        Succeeded                   12h  7m",
        "b                                         evaluation  Gone",
    ]
    narrow = list_lines(jobs, NARROW, NOW)
    assert max(map(len, narrow)) <= 80
    assert narrow[1].startswith("eval-neurips-me…odile-3f2a9c1d  evaluation  Pending")
    assert list_lines(jobs, PIPE, NOW, namespaces=True)[0].split()[:2] == ["NAMESPACE", "NAME"]
    assert list_lines(jobs, PIPE, NOW, namespaces=True)[-1].split()[:2] == ["other", "b"]


HOSTILE = st.text(st.characters(categories=["L", "N", "P", "S", "Z", "Cc", "Cf", "Co", "Cn"]), max_size=60)
BAD = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def hostile(text: str, state: State) -> Status:
    return Status(
        text,
        text,
        state,
        kind=text,
        since=NOW,
        reason=Reason.EVICTED,
        message=text,
        do=Advice(text, text),
        submitted_at=NOW,
        submitted_by=text,
        attempts=(
            Attempt(1, text, State.FAILED, text, None, None, 1, text, text),
            Attempt(2, text, State.PENDING, text),
        ),
        quotes=(Quote(text, text, NOW),),
        progress=Progress(1, 2, text, text),
        last_lines=LastLines(text, 1, (text, text)),
        config_version=text,
        config_path=text,
        mlflow_run_id=text,
    )


@given(text=HOSTILE, state=st.sampled_from(State), unicode=st.booleans(), width=st.sampled_from([None, 20, 80, 100]))
def test_whatever_stands_in_a_field_nothing_moves_the_terminal(
    text: str,
    state: State,
    unicode: bool,  # noqa: FBT001  # a parameter of the test
    width: int | None,
) -> None:
    style = Style(unicode=unicode, width=width)
    status = hostile(text, state)
    lines = [*status_lines(status, style, NOW), *list_lines([status], style, NOW, namespaces=True)]
    assert [line for line in lines if BAD.search(line)] == []
    assert unicode or all(map(str.isascii, lines))


def test_a_text_without_end_is_shortened() -> None:
    status = hostile("x " * 500_000, State.FAILED)
    assert sum(map(len, status_lines(status, WIDE, NOW))) < 100_000
