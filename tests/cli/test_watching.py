"""``jobs watch`` and ``jobs wait`` as a user meets them: what stands on which stream, and the exit code."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import jsonschema_rs
import pytest

from cajajejo.status import exits
from tests import sending, shows
from tests.shows import Show, Stream, showing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

WAITING = "HH:MM:SS  Pending     waiting for a node"
RUNNING = "HH:MM:SS  Running     attempt 1 on node-1"
PROGRESS = '{{"message": "helm", "progress": {{"done": {}, "total": 135, "unit": "instance", "what": "anatomy"}}}}\n'


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    with showing(tmp_path, monkeypatch) as found:
        yield found


def life(show: Show, *, code: int = 0) -> Callable[[], None]:
    """What happens to a job that runs once it was seen to wait, and ends once it was seen to run."""

    def live() -> None:
        show.until("Pending")
        show.runs()
        show.until("Running")
        show.ends(code=code)

    return live


def test_a_job_is_followed_from_its_first_phase_to_its_end(show: Show) -> None:
    show.put_job()
    assert show.run("watch", "eval-a", during=life(show)) == 0
    assert show.told() == [WAITING, RUNNING]
    assert show.results() == ["HH:MM:SS  Succeeded   after 6 s: 3 s waiting"]


def test_a_failure_is_told_with_its_reason_its_last_lines_and_its_code(show: Show) -> None:
    show.put_job()
    show.talk.fake.log("eval-a-00001", "loading\nno such model\n")
    assert show.run("watch", "eval-a", during=life(show, code=1)) == 1
    assert show.told()[:2] == [WAITING, RUNNING]
    assert show.told()[2].startswith("          reason      container eval failed with exit code 1")
    assert show.told()[-4:] == [
        "          last lines of eval, attempt 1",
        "          │ loading",
        "          │ no such model",
        "Next: cajajejo jobs logs eval-a --tail 200",
    ]
    assert show.results() == [
        f"HH:MM:SS  Failed      after 6 s: 3 s waiting, exit code 1 ({exits.meaning(1, ours=True)})"
    ]


def test_a_recorded_death_for_memory_is_named(show: Show) -> None:
    player = show.scenario("oomkilled")
    assert show.run("watch", "eval-oom", during=player.play) == 137
    assert show.results() == ["HH:MM:SS  Failed      after 3 s: 1 s waiting, exit code 137 (killed: out of memory)"]


def test_every_attempt_of_a_recorded_job_is_a_phase(show: Show) -> None:
    player = show.scenario("fail-twice-then-success-never")

    def play() -> None:
        for number in (1, 2, 3):
            player.play(until=shows.runs)
            show.until(f"Running     attempt {number} on node-1")
        player.play()

    assert show.run("watch", "eval-retry", during=play) == 0
    assert [line for line in show.told() if "Running" in line] == [
        f"HH:MM:SS  Running     attempt {number} on node-1" for number in (1, 2, 3)
    ]
    assert show.results()[0].endswith("waiting, 3 attempts")


def test_a_job_that_somebody_deletes_is_gone(show: Show) -> None:
    show.put_job()

    def delete() -> None:
        show.until("Pending")
        show.talk.fake.remove("Job", "eval-a")

    assert show.run("watch", "eval-a", during=delete) == 1
    (line,) = show.results()
    assert line.startswith("HH:MM:SS  Gone        ")


def test_a_job_that_has_ended_is_told_at_once(show: Show) -> None:
    show.put_job()
    show.runs()
    show.ends(code=5)
    assert show.run("watch", "eval-a") == 5
    assert show.results() == [
        f"HH:MM:SS  Failed      after 6 s: 3 s waiting, exit code 5 ({exits.meaning(5, ours=True)})"
    ]


def test_a_job_that_is_gone_is_told_by_its_record_on_its_own_cluster_only(show: Show) -> None:
    show.put_job()
    show.runs()
    show.ends()
    assert show.run("wait", "eval-a") == 0
    show.talk.fake.remove("Job", "eval-a")
    assert show.run("wait", "eval-a") == 0
    told = show.talk.kubeconfig.read_text("utf-8")
    show.talk.kubeconfig.write_text(told.replace('"fake"', '"another"'), "utf-8")
    assert show.run("wait", "eval-a") == 1
    assert "Error: there is no job eval-a in namespace default" in show.told()


def test_several_jobs_have_their_names_in_front_and_one_exit_code(show: Show) -> None:
    for name in ("eval-a", "eval-b", "eval-c"):
        show.put_job(name)

    def live() -> None:
        show.until("eval-c  Pending")
        for name, code in (("eval-b", 0), ("eval-c", 143), ("eval-a", 5)):
            show.runs(name)
            show.until(f"{name}  Running")
            show.ends(name, code=code)
            show.until(f"{name}  {'Failed' if code else 'Succeeded'}")

    assert show.run("watch", "eval-a", "eval-b", "eval-c", "eval-a", during=live) == 143
    lines = show.told()
    assert sorted(lines[:3]) == [f"HH:MM:SS  eval-{name}  Pending     waiting for a node" for name in "abc"]
    assert [line for line in lines[3:] if "Running" in line] == [
        f"HH:MM:SS  eval-{name}  Running     attempt 1 on node-1" for name in "bca"
    ]
    assert lines[-1] == "3 jobs: 2 Failed, 1 Succeeded"
    assert [line[:29] for line in show.results()] == [
        "HH:MM:SS  eval-b  Succeeded  ",
        "HH:MM:SS  eval-c  Failed     ",
        "HH:MM:SS  eval-a  Failed     ",
    ]


def test_each_change_is_a_json_line(show: Show) -> None:
    show.put_job()
    schema = json.loads((sending.ROOT / "schemas/job-change.schema.json").read_text("utf-8"))
    assert show.run("watch", "eval-a", "--json", during=life(show)) == 0
    lines = [json.loads(line) for line in show.out.text().splitlines()]
    for line in lines:
        jsonschema_rs.validate(schema, line)
    states = [line["job"]["state"] for line in lines]
    assert list(dict.fromkeys(states)) == ["Pending", "Running", "Succeeded"]
    assert states.count("Succeeded") == 1
    assert [json.loads(line).keys() for line in show.err.text().splitlines()] == [{"warning"}]


def test_the_lines_of_the_log_stand_between_the_phases_when_they_are_asked_for(show: Show) -> None:
    show.put_job()

    def live() -> None:
        show.until("Pending")
        show.runs()
        show.until("Running")
        show.talk.fake.log(
            "eval-a-00001", '{"message": "scenario 3 of 3"}\n' + PROGRESS.format(64) + "plain \x1b[31m\n"
        )
        show.until("plain")
        show.ends()

    assert show.run("watch", "eval-a", "--logs", during=live) == 0
    assert show.told() == [WAITING, RUNNING, "eval │ scenario 3 of 3", "eval │ plain \\x1b[31m"]


def test_quiet_leaves_the_result(show: Show) -> None:
    show.put_job()
    show.runs()
    show.ends()
    assert show.run("watch", "eval-a", "--quiet") == 0
    assert show.told() == []
    assert show.results() == ["HH:MM:SS  Succeeded   after 6 s: 3 s waiting"]


def test_a_log_that_may_not_be_read_is_a_warning_and_the_job_goes_on(show: Show) -> None:
    show.put_job()
    show.talk.fake.deny("get", "pods/log")
    assert show.run("watch", "eval-a", "--logs", during=life(show)) == 0
    (warning,) = [line for line in show.told() if line.startswith("Warning")]
    assert warning.startswith("Warning: the log of eval-a cannot be read: not allowed to ")
    assert show.results()[0].startswith("HH:MM:SS  Succeeded")


def test_the_time_to_wait_is_counted_from_the_beginning(show: Show) -> None:
    show.put_job()
    assert show.run("wait", "eval-a", "--timeout", "0s") == 124  # whatever takes its time the first time
    show.talk.fake.faults.on("GET", "/jobs/eval-a", times=1).delay(5)
    began = time.monotonic()
    assert show.run("wait", "eval-a", "--timeout", "5s") == 124
    assert time.monotonic() - began < 10  # twice the time, were it counted from the answer


def test_the_time_to_wait_passes_and_the_job_goes_on(show: Show) -> None:
    show.put_job()
    assert show.run("wait", "eval-a", "--timeout", "0s") == 124  # whatever takes its time the first time
    show.err = Stream()
    assert show.run("watch", "eval-a", "--timeout", "4s", "-n", "default") == 124
    assert show.told() == [
        WAITING,
        "Still going after 4 s: eval-a is Pending: waiting for a node",
        "Next: cajajejo jobs watch eval-a",
        "      cajajejo jobs cancel eval-a",
    ]
    assert show.results() == []


@pytest.mark.parametrize("command", ["watch", "wait"])
def test_no_time_at_all_asks_once(command: str, show: Show) -> None:
    show.put_job()
    show.put_job("eval-b")
    assert show.run(command, "eval-a", "eval-b", "--timeout", "0s") == 124
    assert show.told()[-3] == "Still going after 0 s: 2 of 2 jobs have not ended"


@pytest.mark.parametrize("number", [10, 11])
def test_of_many_jobs_the_way_on_is_the_list(number: int, show: Show) -> None:
    names = [f"eval-{each}" for each in range(number)]
    for name in names:
        show.put_job(name)
    assert show.run("wait", *names, "--timeout", "0s", "--context", "fake") == 124
    ways = {
        10: [f"cajajejo jobs {verb} {' '.join(names)} --context fake" for verb in ("watch", "cancel")],
        11: ["cajajejo jobs list --watch --context fake"],
    }
    told = "\n".join(show.told()).partition("Next: ")[2].splitlines()
    assert [line.strip() for line in told] == ways[number]


def test_the_way_on_names_the_place(show: Show) -> None:
    show.talk.fake.namespace("team")
    made = show.put_job()
    show.talk.fake.put({**made, "metadata": {**made["metadata"], "namespace": "team", "uid": "another"}})
    assert show.run("wait", "eval-a", "--timeout", "0s", "-n", "team", "--context", "fake") == 124
    assert show.told()[-2:] == [
        "Next: cajajejo jobs watch eval-a -n team --context fake",
        "      cajajejo jobs cancel eval-a -n team --context fake",
    ]


def test_wait_is_silent_to_the_end(show: Show) -> None:
    show.put_job()

    def live() -> None:
        show.runs()
        show.ends(code=137, reason="OOMKilled")

    assert show.run("wait", "eval-a", during=live) == 137
    assert show.told() == []
    assert show.results() == [
        "eval-a  Failed      after 6 s: 3 s waiting, exit code 137 (killed: out of memory)",
    ]


def test_wait_prints_one_document(show: Show) -> None:
    for name in ("eval-a", "eval-b"):
        show.put_job(name)
        show.runs(name)
        show.ends(name)
    assert show.run("wait", "eval-a", "--json") == 0
    assert show.run("wait", "eval-b", "eval-a", "--json") == 0
    one, both = map(json.loads, show.out.text().splitlines())
    assert (one["name"], one["state"]) == ("eval-a", "Succeeded")
    assert [job["name"] for job in both["jobs"]] == ["eval-b", "eval-a"]


@pytest.mark.parametrize(
    ("code", "before", "expected"), [(0, False, 0), (0, True, 0), (137, True, 1)], ids=["runs", "has run", "failed"]
)
def test_wait_for_running(code: int, before: object, expected: int, show: Show) -> None:
    show.put_job()
    show.runs()
    if before:
        show.ends(code=code)
    assert show.run("wait", "eval-a", "--for", "running") == expected
    (line,) = show.results()
    assert line.startswith("eval-a  Running     attempt 1 on node-1" if not before else "eval-a  ")


def test_wait_for_success_ends_when_one_cannot_succeed_any_more(show: Show) -> None:
    show.put_job()
    show.put_job("eval-b")
    show.runs()
    show.ends(code=2)
    assert show.run("wait", "eval-a", "eval-b", "--for", "succeeded") == 2
    assert [line[:18] for line in show.results()] == ["eval-a  Failed    ", "eval-b  Pending   "]


def test_a_name_that_fits_no_job(show: Show) -> None:
    show.put_job("eval-neurips-merciful-crocodile-3f2a9c1d")
    assert show.run("watch", "mercifull") == 1
    assert show.told()[0] == "Error: there is no job mercifull in namespace default"
    assert "  did you mean  eval-neurips-merciful-crocodile-3f2a9c1d" in show.told()


@pytest.mark.parametrize("command", ["watch", "wait"])
def test_without_a_name(command: str, show: Show) -> None:
    assert show.run(command) == 2
    assert show.told() == ["Error: which job? Give a NAME, or @latest for the newest one of yours"]
    assert show.talk.asked() == []


@pytest.mark.parametrize("given", ["30", "soon"])
def test_a_time_that_is_none(given: str, show: Show) -> None:
    assert show.run("wait", "eval-a", "--timeout", given) == 2
    assert show.told()[0].startswith(f"Error: --timeout {given}: ")


def test_a_job_that_is_gone_is_told_by_what_is_remembered(show: Show) -> None:
    show.put_job()
    show.runs()
    show.ends(code=5)
    assert show.run("wait", "eval-a") == 5
    told = show.results()
    show.talk.fake.remove("Job", "eval-a")
    assert show.run("wait", "eval-a") == 5
    assert show.results() == told * 2
    assert show.run("watch", "eval-a") == 5
    assert "          reason" in show.err.text()
    assert "Next:" not in show.err.text()  # nothing is left of it to look at


def test_the_end_is_told_once_whatever_breaks(show: Show) -> None:
    show.put_job()

    def live() -> None:
        show.until("Pending")
        show.talk.fake.faults.on("GET", "watch|jobs|pods", times=6).drop_before()
        show.talk.fake.stop()
        show.talk.fake.start()
        show.runs()
        show.until("Running")
        show.talk.fake.faults.on("GET", "", times=4).answer(500)
        show.talk.fake.stop(linger_seconds=0)
        show.talk.fake.start()
        show.ends()

    assert show.run("watch", "eval-a", during=live) == 0
    passing = ("trying again", "API server", "its work is done")  # which of them are seen, the accidents decide
    lines = [line for line in show.told() if not any(part in line for part in passing)]
    assert lines == [WAITING, RUNNING]
    assert show.results() == ["HH:MM:SS  Succeeded   after 6 s: 3 s waiting"]
