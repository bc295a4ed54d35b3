"""``jobs list``, ``status`` and ``explain`` as a user meets them: recorded lives on the fake cluster, whole screens."""

# ruff: noqa: RUF001  # a screen has a multiplication sign

from __future__ import annotations

import json
import os
import re
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import typer

from cajajejo import cli, job_outputs, local_state, provenance
from cajajejo.cli import jobs, screen
from cajajejo.cli.job_evidence import explain_lines
from cajajejo.cli.job_lists import ListView
from cajajejo.jobs import gathering, remembering
from cajajejo.jobs.listing import Listing, Wanted
from cajajejo.jobs.notes import Note, Notes
from cajajejo.jobs.telling import Explained, Told
from cajajejo.records import Record
from cajajejo.status import Entry, State, Status
from cajajejo.terminal import Style
from tests.cli import lives
from tests.clusters import Talk, talking
from tests.documents import fits
from tests.terminals import Terminal, seen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fakes.kubernetes.lifecycle import Step

NAME = "eval-neurips-merciful-crocodile-3f2a9c1d"
KUEUE = "kueue.x-k8s.io/queue-name"


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    """A fake cluster that the environment names, and an empty directory to stand in."""
    monkeypatch.chdir(tmp_path)
    with talking(tmp_path) as found:
        monkeypatch.setenv("KUBECONFIG", str(found.kubeconfig))
        yield found


@pytest.fixture(autouse=True)
def usual_switches() -> Iterator[None]:
    yield
    screen.configure(trace=False, quiet=False, color="auto", as_json=False)


class Screen:
    """What a command printed, and its exit code."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *words: str) -> None:
        capsys.readouterr()
        self.code = cli.run(cli.app, ["jobs", *words], prog_name="cajajejo")
        self.out, self.err = capsys.readouterr()

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def play(talk: Talk, tmp_path: Path, scenario: str, name: str = NAME, **more: Any) -> None:
    lives.play(talk.fake, tmp_path, scenario, name, **more)


def is_running(step: Step) -> bool:
    statuses = step.object.get("status", {}).get("containerStatuses") or [{}]
    return step.object["kind"] == "Pod" and "running" in statuses[0].get("state", {})


def test_a_job_that_waits_for_a_gpu(talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(talk, tmp_path, "pending-gpu")
    shown = Screen(capsys, "status", "merciful")
    assert shown.out == (
        """\
eval-neurips-merciful-crocodile-3f2a9c1d                                       namespace default
  state    Pending for 4 min: no node for its pod yet
  reason   not enough GPUs: 1 × nvidia.com/gpu asked for, no node has any
  do       wait: Autopilot makes a node for it, which takes some minutes, or says here why it cannot

  submitted   4 min ago by jasper, config version v1
  deadline    in 3 h 55 min (waiting counts)
  attempt 1   pod eval-neurips-merciful-crocodile-3f2a9c1d-pw8jp  Pending
  scheduler   0/1 nodes are available: 1 Insufficient nvidia.com/gpu.                  4 min ago
"""
    )
    assert (shown.err, shown.code) == ("", 0)


def test_a_job_that_was_killed_for_memory(talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(talk, tmp_path, "oomkilled")
    talk.fake.log(f"{NAME}-w4b5m", "118 of 135 instances\nloading the next batch\n")
    shown = Screen(capsys, "status", NAME, "--context", "fake")
    assert shown.out == (
        """\
eval-neurips-merciful-crocodile-3f2a9c1d                                       namespace default
  state    Failed 4 min ago, after 1 attempt in 2 s (exit code 137)
  reason   OOMKilled: container eval went over its memory limit of 64Mi
  do       give it more memory (64Mi now) and submit again, in
             examples/cpu-gs-uri/job_config.yml: compute_config.memory

  attempt  pod                                             node    ran   ended
  1        eval-neurips-merciful-crocodile-3f2a9c1d-w4b5m  node-1  <1 s  OOMKilled, exit 137

  last lines of eval, attempt 1
    │ 118 of 135 instances
    │ loading the next batch

  disappears in 23 h 55 min (TTL)
"""
    )
    assert shown.err == f"Next: cajajejo jobs logs {NAME} --context fake --tail 200\n"
    assert shown.code == 0


def test_a_job_that_failed_twice_the_same_way(talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(talk, tmp_path, "backoff-limit-exceeded")
    lines = Screen(capsys, "status", NAME).out.splitlines()
    assert lines[1:3] == [
        "  state    Failed 4 min ago, after 2 attempts in 13 s (exit code 1)",
        (
            "  reason   container eval failed with exit code 1 (something it needs failed: a download, a server, the "
            "harness) in both attempts"
        ),
    ]
    assert [line.split() for line in lines if line.startswith(("  1 ", "  2 "))] == [
        ["1", f"{NAME}-9lckz", "node-1", "<1", "s", "ContainerFailed,", "exit", "1"],
        ["2", f"{NAME}-879gc", "node-1", "<1", "s", "ContainerFailed,", "exit", "1"],
    ]


def test_a_job_that_runs_and_says_how_far_it_is(talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    far = {"done": 64, "total": 135, "unit": "instance", "what": "mmlu:subject=anatomy"}
    play(talk, tmp_path, "success", until=is_running, progress=json.dumps(far))
    shown = Screen(capsys, "status", NAME)
    assert re.sub(r"for \d+ min", "for 4 min", shown.out) == (
        """\
eval-neurips-merciful-crocodile-3f2a9c1d                                       namespace default
  state    Running for 4 min: attempt 1 on node-1

  submitted   4 min ago by jasper, config version v1
  deadline    in 3 h 55 min
  progress    64 of 135 instances (47 %), mmlu:subject=anatomy
  attempt 1   pod eval-neurips-merciful-crocodile-3f2a9c1d-8lh2s  Running on node-1
"""
    )
    assert shown.err == f"Next: cajajejo jobs logs {NAME} -f\n"
    document = Screen(capsys, "status", NAME, "--json").document
    assert document["progress"] == {"done": 64, "total": 135, "unit": "instance"}


def test_a_job_that_succeeded(talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(talk, tmp_path, "success", **{"submitted-by": provenance.user()})
    shown = Screen(capsys, "status", "@latest")
    assert shown.out == (
        """\
eval-neurips-merciful-crocodile-3f2a9c1d                                       namespace default
  state    Succeeded 4 min ago, after 1 attempt in 7 s

  attempt  pod                                             node    ran  ended
  1        eval-neurips-merciful-crocodile-3f2a9c1d-8lh2s  node-1  4 s  Succeeded

  disappears in 23 h 55 min (TTL)
"""
    )
    assert (shown.err, shown.code) == ("", 0)


def test_a_job_that_kueue_holds_back(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    job = lives.document(NAME)
    job["metadata"]["labels"][KUEUE] = "gpu-batch"
    job["metadata"]["creationTimestamp"] = stamp(minutes=12)
    talk.fake.put({**job, "spec": {**job["spec"], "suspend": True}})
    assert Screen(capsys, "status", NAME).out == (
        """\
eval-neurips-merciful-crocodile-3f2a9c1d                                       namespace default
  state    Queued for 12 min: in queue gpu-batch
  reason   Kueue has not looked at it yet
  do       wait

  submitted   12 min ago by jasper, config version v1
"""
    )


def stamp(**before: float) -> str:
    return (datetime.now(UTC) - timedelta(**before, seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def gone(talk: Talk, tmp_path: Path) -> Talk:
    """A job that failed, was put on record, and was deleted then."""
    play(talk, tmp_path, "oomkilled")
    job = talk.fake.get("Job", NAME)
    assert job is not None
    with talk.connect() as cluster:
        remembering.note(cluster, job)
        remembering.remember(cluster, job, gathering.look(cluster, job))
    talk.fake.remove("Job", NAME)
    return talk


@pytest.mark.usefixtures("gone")
@pytest.mark.parametrize("name", [NAME, "merciful"])
def test_a_job_that_is_gone_is_told_by_what_is_on_record(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = Screen(capsys, "status", name)
    lines = shown.out.splitlines()
    assert lines[1] == "  state    Failed 4 min ago, after 1 attempt in 2 s (exit code 137)"
    assert lines[-1].startswith("  no longer on the cluster")
    assert shown.code == 0
    assert "Next: " not in shown.err
    explained = Screen(capsys, "explain", name)
    assert explained.out.splitlines()[-1].startswith("  no longer on the cluster")
    document = Screen(capsys, "status", name, "--json").document
    assert (document["state"], document["exit_code"], fits("job", document)) == ("Failed", 137, [])


@pytest.mark.usefixtures("gone")
@pytest.mark.parametrize("words", [("cancel",), ("delete", "-y")])
def test_one_that_has_ended_and_is_gone_needs_nothing_more(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    command, *options = words
    shown = Screen(capsys, command, NAME, *options)
    assert (shown.out, shown.code) == ("", 0)
    assert shown.err.endswith(f"unchanged   {NAME} had ended: Failed\n")
    assert Screen(capsys, command, "merciful", *options).code == 1


@pytest.mark.usefixtures("gone")
def test_the_log_of_one_that_is_gone_leads_to_what_is_known_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    shown = Screen(capsys, "logs", NAME)
    assert shown.code == 1
    assert shown.err.splitlines()[-1] == f"     cajajejo jobs status {NAME}     tells the end of one that is gone"


def test_the_log_of_one_that_never_ran_leads_to_its_init_container(
    talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(talk, tmp_path, "init-container-fails")
    shown = Screen(capsys, "logs", NAME)
    assert (shown.out, shown.code) == ("", 0)
    assert shown.err.splitlines()[-1].endswith(" -c init     why it never ran")


def test_a_job_says_where_its_end_is_on_record(talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(talk, tmp_path, "oomkilled")
    job = talk.fake.get("Job", NAME)
    assert job is not None
    with talk.connect() as cluster:
        status = replace(gathering.look(cluster, job), mlflow_run_id="7be1c2a0")
        Notes(local_state.DIRECTORY / "jobs", 10).put(Note(Record(status), "fake"))
    last = Screen(capsys, "status", NAME).out.splitlines()[-1]
    assert last == "  disappears in 23 h 55 min (TTL); recorded on mlflow run 7be1c2a0"
    assert Screen(capsys, "explain", NAME, "--json").document["job"]["mlflow_run_id"] == "7be1c2a0"


@pytest.mark.parametrize("command", ["status", "explain"])
def test_a_job_that_nobody_knows(command: str, talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(talk, tmp_path, "success")
    shown = Screen(capsys, command, NAME.replace("crocodile", "corcodile"))
    assert (shown.out, shown.code) == ("", 1)
    assert shown.err.splitlines() == [
        "Error: there is no job eval-neurips-merciful-corcodile-3f2a9c1d in namespace default",
        "  jobs there    1",
        f"  did you mean  {NAME}",
        "  looked at     context fake, and what this project has on record",
        "Run: cajajejo jobs list -n default",
    ]


def test_all_that_was_seen_of_a_job(talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    play(talk, tmp_path, "pending-gpu")
    shown = Screen(capsys, "explain", NAME)
    assert re.sub(r"(?m)^  \d\d:\d\d:\d\d  ", "  HH:MM:SS  ", shown.out.partition("\n\n")[2]) == (
        f"""\
  HH:MM:SS  job                Job/{NAME}        created
  HH:MM:SS  job-controller     Job/{NAME}        SuccessfulCreate: Created pod: {NAME}-pw8jp
  HH:MM:SS  pod                Pod/{NAME}-pw8jp  created
  HH:MM:SS  pod                Pod/{NAME}-pw8jp  PodScheduled=False (Unschedulable: {SCHEDULER})
  HH:MM:SS  default-scheduler  Pod/{NAME}-pw8jp  FailedScheduling: {SCHEDULER}
  HH:MM:SS  default-scheduler  Pod/{NAME}-pw8jp  FailedScheduling: {SCHEDULER}

  decided by the rule not_scheduled
"""
    )
    document = Screen(capsys, "explain", NAME, "--json").document
    assert (document["rule"], len(document["evidence"]), fits("job-explanation", document)) == ("not_scheduled", 6, [])
    assert document["evidence"][3]["text"] == f"PodScheduled=False (Unschedulable: {SCHEDULER})"
    assert document["job"] == Screen(capsys, "status", NAME, "--json").document


SCHEDULER = (
    "0/1 nodes are available: 1 Insufficient nvidia.com/gpu. no new claims to deallocate, preemption: 0/1 nodes are "
    "available: 1 Preemption is not helpful for scheduling."
)


def test_a_terminal_gets_the_evidence_in_its_width() -> None:
    status = Status(NAME, "default", State.PENDING, rule="not_scheduled")
    entries = (
        Entry(None, "pod", f"Pod/{NAME}-pw8jp", "two\nlines\x1b[31m"),
        Entry(datetime.now(UTC), "job", f"Job/{NAME}", "word " * 30),
        Entry(datetime.now(UTC) - timedelta(days=3), "claim", "PersistentVolumeClaim/data", "Bound"),
    )
    lines = explain_lines(Explained(Told(status), entries), Style(width=80), datetime.now(UTC))[3:]
    assert [re.sub(r"\d", "9", line) for line in lines] == [
        "                  pod    Pod/…-pw9jp                 two",
        "            lines\\x9b[99m",
        f"  99-99 99:99:99  job    Job                         {'word ' * 4}word",
        f"            {'word ' * 12}word",
        f"            {'word ' * 11}word",
        "  99-99 99:99:99  claim  PersistentVolumeClaim/data  Bound",
        "",
        "  decided by the rule not_scheduled",
    ]
    nothing = explain_lines(Explained(Told(replace(status, rule=""))), Style(), datetime.now(UTC))
    assert nothing[3:] == [
        "  nothing more was seen of it: no condition, no pod, no event",
        "",
        "  there is nothing to explain",
    ]


def test_the_list_has_every_job_of_ours_with_its_reason(
    talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for minutes, scenario in enumerate(["success", "oomkilled", "pending-gpu", "quota-exceeded"], 130):
        play(talk, tmp_path, scenario, f"eval-{scenario}", minutes_ago=minutes)
    talk.fake.put({**lives.document("foreign"), "metadata": {"name": "foreign"}})
    start = len(talk.fake.requests)
    shown = Screen(capsys, "list")
    assert shown.out == (
        """\
NAME                 KIND        STATE      REASON           AGE  RAN
eval-success         evaluation  Succeeded                   2h   7s
eval-oomkilled       evaluation  Failed     OOMKilled        2h   2s
eval-pending-gpu     evaluation  Pending    InsufficientGPU  2h
eval-quota-exceeded  evaluation  Pending    QuotaExceeded    2h
"""
    )
    assert (shown.err, shown.code) == ("", 0)
    asked = [request.path.rpartition("/")[2] for request in talk.fake.requests[start:]]
    assert asked == ["jobs", "pods", "events", "nodes", "pods", "resourcequotas"]
    document = Screen(capsys, "list", "--json").document
    assert fits("jobs", document) == []
    assert job_outputs.Jobs.model_validate(document).as_json() == document
    assert [job["state"] for job in document["jobs"]] == ["Succeeded", "Failed", "Pending", "Pending"]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--state", "failed"], ["b"]),
        (["--state", "Failed", "--state", "SUCCEEDED"], ["a", "b"]),
        (["--kind", "evaluation", "--limit", "1"], ["a"]),
        (["--kind", "Test"], []),
        (["--since", "3h"], ["a"]),
        (["-l", "team=b"], ["b"]),
        (["-l", "team=c"], []),
        (["--state", "Succeeded", "--state", "Failed", "--limit", "1"], ["a"]),
        (["-n", "nowhere"], []),
        (["-A"], ["a", "b", "c"]),
    ],
)
def test_the_list_is_chosen_by_options(
    options: list[str], names: list[str], talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(talk, tmp_path, "success", "a", minutes_ago=60)
    play(talk, tmp_path, "oomkilled", "b", minutes_ago=300)
    talk.fake.update("Job", "b", {"metadata": {"labels": {"team": "b"}}})
    talk.fake.namespace("other")
    talk.fake.put({**lives.document("c"), "metadata": {**lives.document("c")["metadata"], "namespace": "other"}})
    talk.fake.update("Job", "c", {"metadata": {"creationTimestamp": stamp(days=3)}}, namespace="other")
    rows = [line.split() for line in Screen(capsys, "list", *options).out.splitlines()[1:]]
    assert [row["-A" in options] for row in rows] == names


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ([], "no jobs of ours in namespace default\n"),
        (["-A"], "no jobs of ours in any namespace\n"),
        (["--state", "Failed"], "no jobs of ours that fit these options in namespace default\n"),
    ],
)
@pytest.mark.usefixtures("talk")
def test_an_empty_list_says_so(options: list[str], told: str, capsys: pytest.CaptureFixture[str]) -> None:
    shown = Screen(capsys, "list", *options)
    assert (shown.out, shown.err, shown.code) == ("", told, 0)
    as_json = Screen(capsys, "list", *options, "--json")
    assert (as_json.document, as_json.err) == ({"jobs": []}, "")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ["--state", "faild"],
            """\
Error: --state faild: there is none
  meant       Failed?
  there are   Queued, Suspended, Pending, Starting, Running, Succeeded, Failed, Cancelled, Gone
""",
        ),
        (["--kind", "x"], "Error: --kind x: there is none\n  there are   evaluation, training, test\n"),
        (["--since", "2"], "Error: --since 2: 2 what? Write 2s, 2m or 2h (ago), or a date\n"),
    ],
)
def test_an_option_that_says_nothing_is_a_usage_error(
    options: list[str], told: str, talk: Talk, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = Screen(capsys, "list", *options)
    assert (shown.out, shown.err, shown.code) == ("", told, 2)
    assert talk.fake.requests == []


def test_without_pods_and_events_the_state_is_still_told(
    talk: Talk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(talk, tmp_path, "oomkilled")
    for resource in ("pods", "events", "nodes", "resourcequotas"):
        talk.fake.deny("list", resource)
    rows = [line.split() for line in Screen(capsys, "list").out.splitlines()]
    assert rows[1][2:4] == ["Failed", "BackoffLimitExceeded"]


def many(talk: Talk, number: int) -> None:
    """So many jobs with their pods; every hundredth waits, the others are done."""
    for index in range(number):
        name, waits = f"eval-{index:04}", index % 100 == 0
        job = lives.document(name)
        job["metadata"]["creationTimestamp"] = stamp(minutes=index + 1)
        done = [{"type": "Complete", "status": "True", "lastTransitionTime": stamp()}]
        live = talk.fake.put({**job, "status": {"active": 1} if waits else {"conditions": done}})
        talk.fake.put(pod_of(live, waits=waits))


def pod_of(job: dict[str, Any], *, waits: bool) -> dict[str, Any]:
    name, uid = job["metadata"]["name"], job["metadata"]["uid"]
    labels = {**job["spec"]["template"]["metadata"]["labels"], "batch.kubernetes.io/controller-uid": uid}
    unplaced = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": SCHEDULER}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"{name}-abcde", "labels": {**labels, "batch.kubernetes.io/job-name": name}},
        "spec": {"containers": [{"name": "eval", "resources": {"limits": {"nvidia.com/gpu": "1"}}}]},
        "status": {"phase": "Pending", "conditions": [unplaced]} if waits else {"phase": "Succeeded"},
    }


def test_a_thousand_jobs_take_a_few_requests(talk: Talk, capsys: pytest.CaptureFixture[str]) -> None:
    many(talk, 1200)
    start = len(talk.fake.requests)
    lines = Screen(capsys, "list").out.splitlines()
    assert [line.split()[2:4] for line in lines[1:] if "Pending" in line] == [["Pending", "InsufficientGPU"]] * 12
    assert len(lines) == 1201
    assert len(talk.fake.requests) - start <= 10


def test_a_terminal_shows_the_newest_fifty(
    talk: Talk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    many(talk, 60)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "80")
    lines = Screen(capsys, "list").out.splitlines()
    assert (len(lines), lines[1].split()[0], lines[-1]) == (52, "eval-0000", "… 10 more; --limit 0 shows all")
    assert len(Screen(capsys, "list", "--limit", "0").out.splitlines()) == 61
    assert len(Screen(capsys, "list", "--limit", "5").out.splitlines()) == 6
    assert len(Screen(capsys, "list", "--json").document["jobs"]) == 60


SENT = datetime(2026, 11, 21, tzinfo=UTC)


def listed(*names: str, state: State = State.RUNNING, left_out: int = 0) -> Listing:
    return Listing(tuple(Status(name, "default", state, submitted_at=SENT) for name in names), left_out)


def test_a_list_that_changes_is_a_row_for_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    view = ListView("default", Wanted(), limited=True, changing=True)
    view.show(listed())
    view.show(listed("b", "a"))
    view.show(Listing((*listed("c").statuses, *listed("b", state=State.FAILED).statuses, *listed("a").statuses)))
    printed = capsys.readouterr()
    assert [line.split()[:3] for line in printed.out.splitlines()] == [
        ["NAME", "KIND", "STATE"],
        ["a", "evaluation", "Running"],
        ["b", "evaluation", "Running"],
        ["b", "evaluation", "Failed"],
        ["c", "evaluation", "Running"],
    ]
    assert printed.err == "no jobs of ours in namespace default\n"


def test_a_list_that_changes_is_a_json_line_for_each_change(capsys: pytest.CaptureFixture[str]) -> None:
    screen.configure(as_json=True)
    view = ListView("default", Wanted(), limited=True, changing=True)
    first = listed("b", "a")
    for found in (first, first, Listing((replace(first.statuses[0], state=State.FAILED), first.statuses[1]))):
        view.show(found)
    printed = capsys.readouterr()
    lines = [json.loads(line) for line in printed.out.splitlines()]
    assert [(line["job"]["name"], line["job"]["state"]) for line in lines] == [
        ("a", "Running"),
        ("b", "Running"),
        ("b", "Failed"),
    ]
    assert [fits("job-change", line) for line in lines] == [[]] * 3
    assert printed.err == ""


def test_on_a_terminal_the_list_is_drawn_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    for name, value in {"TERM": "xterm", "COLUMNS": "60", "LINES": "8"}.items():
        monkeypatch.setenv(name, value)
    view = ListView("default", Wanted(limit=50), limited=True, changing=True)
    drawn = []
    for found in (listed("b"), listed("c", "b", left_out=3), listed(*"jihgfedcba"), listed("k"), listed()):
        view.show(found)
        drawn.append(capsys.readouterr().out)
    assert [[row.split()[0] for row in seen("".join(drawn[:number])) if row] for number in range(1, 6)] == [
        ["NAME", "b"],
        ["NAME", "c", "b", "…"],
        ["NAME", "j", "i", "h", "g", "f", "…"],
        ["NAME", "k"],
        [],
    ]
    assert "… 3 more; --limit 0 shows all\n" in drawn[1]
    assert "… 5 more rows\n" in drawn[2]


def test_the_list_is_watched_on_a_terminal(talk: Talk, tmp_path: Path) -> None:
    play(talk, tmp_path, "success", "eval-a")
    environ = {**os.environ, "KUBECONFIG": str(talk.kubeconfig), "PYTHONPATH": os.pathsep.join(sys.path)}
    terminal = Terminal(["-c", "from cajajejo import cli; cli.main()", "jobs", "list", "-w"], environ)
    terminal.read(lambda written: "eval-a" in written)
    play(talk, tmp_path, "oomkilled", "eval-b")
    terminal.read(lambda written: "OOMKilled" in written)
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.close() == 130
    rows = [row.split()[:3] for row in seen(terminal.written) if row and "^C" not in row]
    assert rows == [
        ["NAME", "KIND", "STATE"],
        ["eval-b", "evaluation", "Failed"],
        ["eval-a", "evaluation", "Succeeded"],
    ]


def test_the_help_has_kinds_and_commands_in_their_order(capsys: pytest.CaptureFixture[str]) -> None:
    shown = Screen(capsys, "--help")
    titles = {title: shown.out.index(title) for title in ("Kinds:", "Commands:")}
    names = typer.main.get_group(jobs.app).commands
    ordered = re.findall(r"(?m)^  ([a-z]+) {2,}", shown.out[titles["Kinds:"] :])
    assert ordered == ["evaluation", "list", "status", "watch", "wait", "logs", "explain", "cancel", "delete"]
    assert sorted(ordered) == sorted(names)
    assert titles["Kinds:"] < titles["Commands:"]
    assert cli.run(cli.app, ["--help"], prog_name="cajajejo") == 0
    root = capsys.readouterr().out
    assert re.findall(r"(?m)^[A-Z][a-z]+:$", root) == ["Options:", "Run:", "Judge:", "More:"]
