"""What the pod of a Job leaves on its MLflow run, however it ends; with a HELM that is a script and a real store."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import records, tracking
from cajajejo.errors import (
    CajajejoError,
    ExitCode,
    FileProblemsError,
    HarnessError,
    InterruptedRunError,
    ModelError,
    Problem,
    SanityError,
)
from cajajejo.harness import recording
from cajajejo.harness import run as harness
from cajajejo.harness.recording import End, Pod
from cajajejo.harness.run import Reporter
from cajajejo.records import runs
from cajajejo.status import Reason, State, Status
from tests import builders
from tests.builders import Evaluation
from tests.harness.clocks import unhurried

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.harness.progress import Progress, Watcher
    from cajajejo.harness.run import Request

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

IDENTITY = {
    "CONFIG_PATH_GIT_REPO": "jobs/c.yml",
    "HELM_CONFIG_PATH_GIT_REPO": "jobs/r.conf",
    "JOB_NAME": "eval-neurips-x",
    "CONFIG_VERSION": "abc",
}
UID = "0f1c5d0e-8a63-4a5e-9a11-6f0f9ab7c3d2"


@pytest.fixture
def evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Evaluation]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(runs, "SETTLE_SECONDS", 0.0)
    unhurried(monkeypatch)
    ready = Evaluation(tmp_path)
    yield ready
    ready.close()


def in_pod(evaluation: Evaluation, pod: str = "eval-neurips-x-4kk2p", uid: str = UID, **changes: Any) -> Request:
    """The request of a pod."""
    told = {**IDENTITY, "JOB_UID": uid, "JOB_NAMESPACE": "team-a", "POD_NAME": pod}
    return evaluation.request(**{"local": False, "environ": {**evaluation.environ, **told}, **changes})


def told(evaluation: Evaluation, uid: str = UID) -> Status:
    """What is known of the Job."""
    found = records.find(evaluation.uri, uid=uid)
    assert found is not None
    return found


def mlflow_run(evaluation: Evaluation, run_id: str | None) -> Any:
    with tracking.client(evaluation.uri) as store:
        return store.get_run(run_id)


def count_runs(evaluation: Evaluation) -> int:
    with tracking.client(evaluation.uri) as store:
        ids = [experiment.experiment_id for experiment in store.search_experiments()]
        return len(store.search_runs(ids))


def attempts(status: Status) -> list[tuple[int, str, State, int | None]]:
    return [(one.number, one.pod, one.state, one.exit_code) for one in status.attempts]


def test_a_complete_evaluation_is_on_record_as_a_job_that_succeeded(evaluation: Evaluation) -> None:
    before = datetime.now(UTC)
    outcome = harness.run(in_pod(evaluation))
    status = told(evaluation)
    assert (status.name, status.namespace, status.uid) == ("eval-neurips-x", "team-a", UID)
    assert (status.state, status.reason, status.message, status.exit_code) == (State.SUCCEEDED, None, "", 0)
    assert (status.config_version, status.config_path) == ("abc", "jobs/c.yml")
    assert attempts(status) == [(1, "eval-neurips-x-4kk2p", State.SUCCEEDED, 0)]
    assert status.started_at is not None
    assert status.finished_at is not None
    assert before <= status.started_at < status.finished_at <= datetime.now(UTC)
    assert (status.mlflow_run_id, count_runs(evaluation)) == (outcome.mlflow_run_id, 1)
    run = mlflow_run(evaluation, outcome.mlflow_run_id)
    assert (run.info.status, run.data.tags["evaluation_status"]) == ("FINISHED", "complete")
    assert (run.data.tags["job_state"], run.data.tags["job_name"]) == ("Succeeded", "eval-neurips-x")


def test_on_a_laptop_nothing_is_recorded(evaluation: Evaluation) -> None:
    outcome = harness.run(evaluation.request())
    ours = [name for name in mlflow_run(evaluation, outcome.mlflow_run_id).data.tags if name.startswith("job_")]
    assert ours == ["job_name"]


def test_a_failure_is_on_record_with_its_code_its_sentence_and_the_last_lines(evaluation: Evaluation) -> None:
    evaluation.helm_will("crash")
    with pytest.raises(HarnessError) as caught:
        harness.run(in_pod(evaluation))
    status = told(evaluation)
    assert (status.state, status.reason, status.exit_code) == (State.FAILED, Reason.CONTAINER_FAILED, 1)
    assert status.message == caught.value.message == "HELM failed before any scenario was complete (exit code 1)"
    assert attempts(status) == [(1, "eval-neurips-x-4kk2p", State.FAILED, 1)]
    assert status.attempts[0].message == status.message
    assert status.last_lines is not None
    assert (status.last_lines.container, status.last_lines.attempt) == ("eval", 1)
    log = (evaluation.scratch / "evaluation" / "harness.log").read_text().splitlines()
    assert status.last_lines.lines[0] in log
    assert "Error: HELM failed before any scenario was complete (exit code 1)" in status.last_lines.lines
    assert mlflow_run(evaluation, status.mlflow_run_id).info.status == "FAILED"


def test_a_secret_that_the_harness_prints_is_in_no_log_error_or_record(evaluation: Evaluation) -> None:
    evaluation.helm_will("crash")
    settings = ["secret_env.HF_TOKEN={name: hugging-face, key: token}"]
    request = in_pod(evaluation, settings=settings)
    printed_at_the_end = {"HF_TOKEN": "no such run spec"}
    said: list[str] = []
    with pytest.raises(HarnessError) as caught:
        harness.run(replace(request, environ={**request.environ, **printed_at_the_end}), Reporter(said=said.append))
    status = told(evaluation)
    shown = [*said, *caught.value.lines(), str(status)]
    assert not [line for line in shown if "no such run spec" in line]
    assert "ValueError: (hidden)" in "\n".join(said)
    assert status.last_lines is not None
    assert "ValueError: (hidden)" in "\n".join(status.last_lines.lines)


def test_the_next_pod_of_the_job_goes_on_in_the_same_run_though_its_disk_is_empty(evaluation: Evaluation) -> None:
    evaluation.helm_will("crash")
    with pytest.raises(HarnessError):
        harness.run(in_pod(evaluation, "eval-neurips-x-zzzzz"))
    first = told(evaluation).mlflow_run_id
    shutil.rmtree(evaluation.scratch)
    seen: list[tuple[Status, str]] = []

    def watch(_: Progress) -> None:
        if not seen:
            seen.append((told(evaluation), mlflow_run(evaluation, first).info.status))

    evaluation.helm_will("ok")
    outcome = harness.run(in_pod(evaluation, "eval-neurips-x-aaaaa"), Reporter(progress=watch))
    ((while_it_ran, mlflow_status),) = seen
    assert (while_it_ran.state, while_it_ran.reason, mlflow_status) == (State.RUNNING, None, "RUNNING")
    assert (outcome.mlflow_run_id, count_runs(evaluation)) == (first, 1)
    status = told(evaluation)
    assert (status.state, status.exit_code) == (State.SUCCEEDED, 0)
    assert attempts(status) == [
        (1, "eval-neurips-x-zzzzz", State.FAILED, 1),
        (2, "eval-neurips-x-aaaaa", State.SUCCEEDED, 0),
    ]
    assert mlflow_run(evaluation, first).info.status == "FINISHED"


def test_a_tag_of_the_config_does_not_hide_the_run_from_the_next_pod(evaluation: Evaluation) -> None:
    evaluation.configure(tracking_config__tags={"creator": "a", "lifecycle": "b", "job_uid": "mine", "job_state": "x"})
    harness.run(in_pod(evaluation))
    shutil.rmtree(evaluation.scratch)
    harness.run(in_pod(evaluation, "another"))
    assert (count_runs(evaluation), told(evaluation).state) == (1, State.SUCCEEDED)


def test_another_pod_of_a_job_that_is_done_does_nothing_and_says_so(evaluation: Evaluation) -> None:
    first = harness.run(in_pod(evaluation))
    evaluation.ran()
    again = harness.run(in_pod(evaluation, "another"))
    assert (evaluation.calls("call"), again.reused, again.mlflow_run_id) == ([], True, first.mlflow_run_id)
    assert [(number, code) for number, _, _, code in attempts(told(evaluation))] == [(1, 0), (2, 0)]


def test_another_job_evaluates_anew_on_a_disk_where_one_is_done(evaluation: Evaluation) -> None:
    first = harness.run(in_pod(evaluation))
    evaluation.ran()
    second = harness.run(in_pod(evaluation, uid="another"))
    assert (evaluation.ran(), second.reused) == (["geography", "biology"], False)
    assert second.mlflow_run_id != first.mlflow_run_id
    assert told(evaluation, "another").mlflow_run_id == second.mlflow_run_id


def test_another_job_goes_on_with_what_one_left_undone_in_a_run_of_its_own(evaluation: Evaluation) -> None:
    evaluation.helm_will("fail geography")
    first = harness.run(in_pod(evaluation))
    assert evaluation.ran() == ["biology"]
    evaluation.helm_will("ok")
    second = harness.run(in_pod(evaluation, uid="another"))
    assert (evaluation.ran(), second.results.partial) == (["geography"], False)
    assert second.mlflow_run_id != first.mlflow_run_id
    assert told(evaluation).exit_code == ExitCode.INCONCLUSIVE
    assert told(evaluation, "another").state is State.SUCCEEDED


def test_a_partial_evaluation_is_a_job_that_failed_with_its_own_code(evaluation: Evaluation) -> None:
    evaluation.helm_will("fail geography")
    outcome = harness.run(in_pod(evaluation))
    status = told(evaluation)
    assert (status.state, status.exit_code) == (State.FAILED, 5)
    assert status.message == "1 of 2 scenarios failed; the others are kept and tracked"
    assert status.last_lines is not None
    assert status.last_lines.lines[-1].startswith("geography: URLError: ")
    run = mlflow_run(evaluation, outcome.mlflow_run_id)
    assert (run.info.status, run.data.tags["evaluation_status"]) == ("FINISHED", "partial")


def terminate_in_the_middle() -> Watcher:
    sent: list[int] = []

    def watch(progress: Progress) -> None:
        if len(progress.done) == 2 and not sent:
            sent.append(signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)

    return watch


def test_a_pod_that_is_told_to_end_leaves_open_whether_another_one_follows(evaluation: Evaluation) -> None:
    evaluation.helm_will("hang biology")
    with pytest.raises(InterruptedRunError):
        harness.run(in_pod(evaluation), Reporter(progress=terminate_in_the_middle()))
    status = told(evaluation)
    assert (status.state, status.finished_at, status.exit_code) == (State.RUNNING, None, 143)
    assert attempts(status) == [(1, "eval-neurips-x-4kk2p", State.FAILED, 143)]
    assert status.attempts[0].message == "stopped by SIGTERM; what is finished is kept"
    assert status.attempts[0].finished_at is not None
    assert mlflow_run(evaluation, status.mlflow_run_id).info.status == "KILLED"


def test_a_bug_is_on_record_as_one(evaluation: Evaluation) -> None:
    def watch(progress: Progress) -> None:
        if progress.done:
            raise ValueError("not so")

    with pytest.raises(ValueError, match="not so"):
        harness.run(in_pod(evaluation), Reporter(progress=watch))
    status = told(evaluation)
    assert (status.state, status.exit_code, status.message) == (State.FAILED, 3, "a bug: ValueError: not so")


def test_a_mistake_that_is_found_before_the_work_is_on_a_run_of_its_own(evaluation: Evaluation) -> None:
    evaluation.configure(helm__args=["-o", "x"])
    with pytest.raises(SanityError) as caught:
        harness.run(in_pod(evaluation))
    status = told(evaluation)
    assert (status.state, status.exit_code, status.message) == (State.FAILED, 2, caught.value.message)
    run = mlflow_run(evaluation, status.mlflow_run_id)
    assert (run.info.status, run.data.tags["config_git_sha"]) == ("FAILED", "abc")


def test_a_config_that_cannot_be_read_tells_no_place_to_record_in(evaluation: Evaluation) -> None:
    evaluation.configure(version="v3")
    with pytest.raises(FileProblemsError):
        harness.run(in_pod(evaluation))
    assert count_runs(evaluation) == 0


# --- the tracking must never be what fails ---


def test_a_store_that_goes_away_does_not_hide_what_happened(evaluation: Evaluation) -> None:
    steps: list[str] = []

    def watch(progress: Progress) -> None:
        if progress.done:
            tracking.sqlite_file(evaluation.uri).write_bytes(b"no database" * 1000)

    evaluation.helm_will("tear biology")
    builders.write_run_specs(evaluation.directory, "biology")
    with pytest.raises(HarnessError):
        harness.run(in_pod(evaluation), Reporter(progress=watch, step=steps.append))
    assert steps == [f"how this attempt stands is not on its MLflow run: MLflow refused: {evaluation.uri}"]


@pytest.fixture
def silent_server() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_server_that_hangs_at_the_end_is_not_waited_for(silent_server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tracking.package()
    monkeypatch.setattr(recording, "SECONDS", 0.3)
    said: list[str] = []
    pod = Pod("eval-x", UID, "default", "p", "v", "c.yml")
    new = tracking.NewRun(silent_server, "e", "eval-x", "", {})
    recording.end(pod, new, pod.ended(End(ExitCode.DONE), Path("/none")), said.append)
    says = f"the tracking server does not answer within 0.3 s: {silent_server}"
    assert said == [f"how this attempt stands is not on its MLflow run: {says}"]


def test_sigterm_waits_for_the_record() -> None:
    heard: list[int] = []
    previous = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        with recording._undisturbed():
            os.kill(os.getpid(), signal.SIGTERM)
        assert heard == []
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, previous)


# --- how it ended ---


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (FileProblemsError([Problem("c.yml", "wrong", line=3)]), 2, "1 problem in 1 file"),
        (SanityError("not ready"), 2, "not ready"),
        (ModelError("no model"), 1, "no model"),
        (CajajejoError("disk full"), 1, "disk full"),
        (
            InterruptedRunError("Stopped.", run="x", terminated=True),
            143,
            "stopped by SIGTERM; what is finished is kept",
        ),
        (InterruptedRunError("Stopped.", run="x"), 130, "interrupted"),
        (KeyboardInterrupt(), 143, "stopped by SIGTERM; what is finished is kept"),
        (RuntimeError("x"), 3, "a bug: RuntimeError: x"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_each_error_has_the_exit_code_of_the_program(error: BaseException, code: int, message: str) -> None:
    end = End.with_error(error)
    assert (int(end.code), end.message) == (code, message)


def test_the_lines_of_an_error_are_lines() -> None:
    end = End.with_error(HarnessError("failed", facts={"says": "one\ntwo"}, run="less log"))
    assert list(end.lines) == ["Error: failed", "  says        one", "              two", "Run: less log"]


LONG_AGO = datetime.now(UTC) - timedelta(days=1)


def test_the_last_lines_of_a_huge_log_are_read_from_its_end(tmp_path: Path) -> None:
    log = tmp_path / "harness.log"
    log.write_bytes(b"x" * 1_000_000 + b"\n" + b"\n".join(b"line %d" % number for number in range(100)) + b"\n\n")
    assert recording.last_lines(log, since=LONG_AGO) == tuple(f"line {number}" for number in range(80, 100))


def test_lines_that_are_no_text_or_were_drawn_over_are_shown_as_they_stood_last(tmp_path: Path) -> None:
    log = tmp_path / "harness.log"
    log.write_bytes(b"\xff\xfe bad\n10%\r50%\r100%\n\n  \nlast")
    assert recording.last_lines(log, since=LONG_AGO) == ("\ufffd\ufffd bad", "100%", "last")


def test_a_log_of_an_earlier_attempt_or_none_has_no_lines(tmp_path: Path) -> None:
    log = tmp_path / "harness.log"
    assert recording.last_lines(log, since=LONG_AGO) == ()
    log.write_text("of yesterday\n")
    os.utime(log, (1_700_000_000, 1_700_000_000))
    assert recording.last_lines(log, since=LONG_AGO) == ()
    log.write_text("")
    assert recording.last_lines(log, since=LONG_AGO) == ()


@pytest.mark.parametrize("environ", [{}, {"JOB_UID": ""}, IDENTITY])
def test_outside_of_a_job_there_is_no_pod(environ: dict[str, str]) -> None:
    assert Pod.of(environ) is None


def test_a_pod_that_is_told_little_is_still_one() -> None:
    pod = Pod.of({"JOB_UID": UID})
    assert pod is not None
    assert replace(pod, began_at=LONG_AGO) == Pod("", UID, "", "", "", "", LONG_AGO)
    assert pod.begun().status.config_version is None
