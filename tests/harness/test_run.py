"""One evaluation from its config to MLflow: whole, partial, interrupted, repeated; with a HELM that is a script."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import results, tracking
from cajajejo.errors import (
    CajajejoError,
    ExitCode,
    FileProblemsError,
    HarnessError,
    HarnessMissingError,
    InterruptedRunError,
    ModelError,
    SanityError,
    ScratchBusyError,
    TrackingError,
    UsageError,
)
from cajajejo.harness import run as harness
from cajajejo.harness import steps
from cajajejo.harness.run import Outcome, Reporter
from cajajejo.metrics import events
from cajajejo.results import FailedScenario
from cajajejo.tracking_config import DOCUMENTED_TAGS
from tests import builders
from tests.builders import Evaluation
from tests.harness.clocks import Clock, unhurried

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cajajejo.harness.checks import Check
    from cajajejo.harness.progress import Progress, Watcher
    from cajajejo.harness.run import Request

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

NO_NETWORK = "URLError: <urlopen error [Errno -2] Name or service not known>"
METRICS = {
    f"{scenario}/{metric}{suffix}": pytest.approx(value, rel=1e-12)
    for scenario in ("geography", "biology")
    for metric in ("exact_match", "quasi_exact_match")
    for suffix, value in (("", 0.55), ("_std_err", (4.95 / 380) ** 0.5))
}


@pytest.fixture
def evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Evaluation]:
    monkeypatch.chdir(tmp_path)
    unhurried(monkeypatch)
    ready = Evaluation(tmp_path)
    yield ready
    ready.close()


class Told(Reporter):
    """What was reported, in lists."""

    def __init__(self, watch: Watcher = lambda _: None) -> None:
        self.seen: list[Check] = []
        self.steps: list[str] = []
        self.last: list[Progress] = []

        def see(progress: Progress) -> None:
            self.last[:] = [progress]
            watch(progress)

        Reporter.__init__(self, checks=self.seen.extend, step=self.steps.append, progress=see)

    __setattr__ = object.__setattr__  # it is filled, not frozen


def metrics(run: Any) -> dict[str, Any]:
    """The metrics of a run but the memory of the container, which not every machine is."""
    return {name: value for name, value in run.data.metrics.items() if name != "vm_memory_usage_bytes"}


def mlflow_run(evaluation: Evaluation, run_id: str) -> Any:
    with tracking.client(evaluation.uri) as store:
        return store.get_run(run_id)


def scores(outcome: Outcome) -> list[str]:
    return [score.name for score in outcome.results.scores]


def when_helm_hangs(sign: signal.Signals) -> Watcher:
    """Sends us a signal once the second scenario has begun."""
    sent: list[int] = []

    def watch(progress: Progress) -> None:
        if len(progress.done) == 2 and not sent:
            sent.append(sign)
            os.kill(os.getpid(), sign)

    return watch


def interrupted(evaluation: Evaluation, sign: signal.Signals = signal.SIGINT) -> InterruptedRunError:
    evaluation.helm_will("hang biology")
    with pytest.raises(InterruptedRunError) as caught:
        harness.run(evaluation.request(), Reporter(progress=when_helm_hangs(sign)))
    return caught.value


# --- to the end ---


def test_a_complete_evaluation_is_told_kept_and_tracked(evaluation: Evaluation) -> None:
    told = Told()
    outcome = harness.run(evaluation.request(), told)
    assert [check.line() for check in told.seen] == [
        "check environment variables: PASSED",
        "check evaluation config: PASSED",
        "check HELM run specs: PASSED",
        "check harness: PASSED",
        "check HELM arguments: PASSED",
        "check HELM's data: PASSED",
        "check model directories: PASSED",
        "check tracking server: PASSED",
    ]
    assert told.steps == []
    assert (told.last[0].questions_done, told.last[0].questions, told.last[0].scenarios) == (40, 40, 2)
    assert outcome == Outcome(
        results=results.read(evaluation.scratch / "evaluation" / "output"),
        mlflow_run_id=outcome.mlflow_run_id,
        tracking_uri=evaluation.uri,
        scratch=evaluation.scratch,
        events=evaluation.scratch / "evaluation" / "output" / "events",
        seconds=outcome.seconds,
        reused=False,
    )
    assert (len(outcome.results.items), outcome.results.partial, outcome.seconds > 0) == (40, False, True)
    run = mlflow_run(evaluation, outcome.mlflow_run_id)
    assert metrics(run) == METRICS
    assert (run.info.status, run.info.run_name, run.data.tags["evaluation_status"]) == ("FINISHED", "local", "complete")
    assert set(DOCUMENTED_TAGS) <= set(run.data.tags)


def test_event_files_hold_the_numbers_of_the_run_and_the_memory_where_it_is_known(evaluation: Evaluation) -> None:
    in_container = {**evaluation.environ, "KUBERNETES_SERVICE_HOST": "10.0.0.1"}
    outcome = harness.run(evaluation.request(environ=in_container))
    held = {tag: series.values.tolist() for (_, tag), series in events.read(outcome.events).series.items()}
    tracked = mlflow_run(evaluation, outcome.mlflow_run_id).data.metrics
    assert held == {name: [value] for name, value in tracked.items() if not name.endswith("_std_err")}


def install(evaluation: Evaluation, name: str, version: str) -> None:
    """Puts a package beside HELM, as pip would."""
    place = evaluation.directory / "lib" / "python3.11" / "site-packages" / f"{name}-{version}.dist-info"
    place.mkdir(parents=True)
    (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


def test_results_tell_what_evaluated_how_many_worked_examples_there_were_and_what_was_asked(
    evaluation: Evaluation,
) -> None:
    install(evaluation, "crfm_helm", "0.5.16")
    found = harness.run(evaluation.request()).results
    assert (found.versions, found.shots) == ({"crfm-helm": "0.5.16"}, {"biology": 5, "geography": 5})
    assert {item.prompt for item in found.items} == {"What is the capital of France?"}


def test_what_is_written_at_an_interruption_tells_what_evaluated(evaluation: Evaluation) -> None:
    install(evaluation, "crfm_helm", "0.5.16")
    interrupted(evaluation)
    found = results.read(evaluation.scratch / "evaluation" / "output")
    assert (found.partial, found.versions, found.shots) == (True, {"crfm-helm": "0.5.16"}, {"geography": 5})


def test_what_is_logged_are_the_output_the_checked_config_and_the_run_specs_as_they_were(
    evaluation: Evaluation,
) -> None:
    text = evaluation.run_specs.read_text().replace("\n", "\r\n") + "# é"
    evaluation.run_specs.write_bytes(text.encode())
    outcome = harness.run(evaluation.request(settings=["image_tag=other"]))
    with tracking.client(evaluation.uri) as store:
        names = [entry.path for entry in store.list_artifacts(outcome.mlflow_run_id)]
        in_output = [entry.path for entry in store.list_artifacts(outcome.mlflow_run_id, "output")]
        local = Path(store.download_artifacts(outcome.mlflow_run_id, ""))
    assert names == ["eval_config.yml", "output", "run_specs.conf"]
    ours = ["output/events", "output/harness.log", "output/results.jsonl", "output/runs", "output/summary.json"]
    assert set(ours) <= set(in_output)
    assert (local / "output" / "harness.log").read_bytes() == (outcome.events.parents[1] / "harness.log").read_bytes()
    assert (local / "run_specs.conf").read_bytes() == text.encode()
    assert "image_tag: other\n" in (local / "eval_config.yml").read_text()


def test_a_second_start_after_all_was_finished_does_nothing(evaluation: Evaluation) -> None:
    first = harness.run(evaluation.request())
    assert evaluation.ran() == ["geography", "biology"]
    again = harness.run(evaluation.request())
    assert (evaluation.calls("call"), again.reused, again.seconds) == ([], True, 0.0)
    assert (again.mlflow_run_id, again.results) == (first.mlflow_run_id, first.results)


def test_no_resume_evaluates_anew_as_another_run(evaluation: Evaluation) -> None:
    first = harness.run(evaluation.request())
    again = harness.run(evaluation.request(resume=False))
    assert evaluation.ran() == ["geography", "biology"] * 2
    assert (again.reused, again.mlflow_run_id != first.mlflow_run_id) == (False, True)


def test_without_a_directory_each_input_has_one_of_its_own(evaluation: Evaluation) -> None:
    request = evaluation.request(scratch=None)
    first = harness.run(request)
    evaluation.run_specs.write_text(evaluation.run_specs.read_text() + "\n# more\n")
    second = harness.run(request)
    assert first.scratch.parent == second.scratch.parent == Path(".cajajejo/scratch")
    assert first.scratch != second.scratch == harness.place_of(request).root
    assert harness.run(request).reused


def test_fewer_questions_are_another_evaluation(evaluation: Evaluation) -> None:
    harness.run(evaluation.request())
    evaluation.ran()
    assert not harness.run(evaluation.request(max_instances=5)).reused
    ((call,),) = [evaluation.calls("call")]
    assert call[: call.index("--num-threads")] == ["--max-eval-instances", "5"]
    assert evaluation.ran() == ["geography", "biology"]


# --- partial ---


def test_a_scenario_that_fails_leaves_the_others_and_is_repaired_alone_on_the_same_run(evaluation: Evaluation) -> None:
    evaluation.helm_will("fail geography")
    partial = harness.run(evaluation.request())
    assert scores(partial) == ["biology/exact_match", "biology/quasi_exact_match"]
    assert partial.results.failed == (FailedScenario("geography", NO_NETWORK),)
    run = mlflow_run(evaluation, partial.mlflow_run_id)
    assert (run.info.status, run.data.tags["evaluation_status"]) == ("FINISHED", "partial")
    assert evaluation.ran() == ["biology"]

    evaluation.helm_will("ok")
    whole = harness.run(evaluation.request())
    assert evaluation.ran() == ["geography"]
    assert (whole.mlflow_run_id, whole.results.partial, whole.reused) == (partial.mlflow_run_id, False, False)
    run = mlflow_run(evaluation, whole.mlflow_run_id)
    assert metrics(run) == METRICS
    assert (run.info.status, run.data.tags["evaluation_status"]) == ("FINISHED", "complete")


def test_a_harness_that_dies_in_the_middle_of_a_file_loses_that_scenario_only(evaluation: Evaluation) -> None:
    evaluation.helm_will("tear biology")
    partial = harness.run(evaluation.request())
    assert scores(partial) == ["geography/exact_match", "geography/quasi_exact_match"]
    ((scenario, why),) = [(failure.scenario, failure.error) for failure in partial.results.failed]
    assert (scenario, why.startswith("its files are not complete: ")) == ("biology", True)
    evaluation.ran()
    evaluation.helm_will("ok")
    assert not harness.run(evaluation.request()).results.partial
    assert evaluation.ran() == ["biology"]


# --- nothing to keep ---


def test_a_harness_that_fails_at_once_is_told_with_what_it_said(evaluation: Evaluation) -> None:
    evaluation.helm_will("crash")
    with pytest.raises(HarnessError) as caught:
        harness.run(evaluation.request())
    log = evaluation.scratch / "evaluation" / "harness.log"
    assert "\n".join(caught.value.lines()).splitlines() == [
        "Error: HELM failed before any scenario was complete (exit code 1)",
        "  says        Traceback (most recent call last):",
        "                …",
        "              ValueError: no such run spec",
        f"  log         {log}",
        f"Run: less {log}",
    ]
    state = json.loads((evaluation.scratch / "evaluation" / "state.json").read_text())
    assert mlflow_run(evaluation, state["mlflow_run_id"]).info.status == "FAILED"
    evaluation.helm_will("ok")
    whole = harness.run(evaluation.request())
    assert whole.mlflow_run_id == state["mlflow_run_id"]
    assert mlflow_run(evaluation, whole.mlflow_run_id).info.status == "FINISHED"


def test_a_harness_whose_only_scenarios_fail_is_told_with_their_reasons(evaluation: Evaluation) -> None:
    builders.write_run_specs(evaluation.directory, "biology")
    evaluation.helm_will("fail biology")
    with pytest.raises(HarnessError) as caught:
        harness.run(evaluation.request())
    assert caught.value.facts["scenario 1"] == f"biology: {NO_NETWORK}"


def test_a_harness_that_is_killed_is_told_by_the_signal(evaluation: Evaluation) -> None:
    builders.write_run_specs(evaluation.directory, "biology")
    evaluation.helm_will("tear biology")
    with pytest.raises(HarnessError, match=r"before any scenario was complete \(signal SIGKILL, often for memory\)"):
        harness.run(evaluation.request())


def test_a_harness_that_ran_nothing_is_no_success(evaluation: Evaluation) -> None:
    evaluation.helm_will("nothing")
    with pytest.raises(HarnessError, match=r"before any scenario was complete \(exit code 0\)"):
        harness.run(evaluation.request())


# --- interrupted ---


def test_ctrl_c_keeps_what_is_finished_and_the_next_start_continues_there(evaluation: Evaluation) -> None:
    error = interrupted(evaluation)
    assert error.exit_code == ExitCode.INTERRUPTED
    assert error.lines() == [
        f"Stopped. What is finished is kept in {evaluation.scratch}.",
        "Run: the same command again; it continues there",
    ]
    run_id = json.loads((evaluation.scratch / "evaluation" / "state.json").read_text())["mlflow_run_id"]
    assert mlflow_run(evaluation, run_id).info.status == "KILLED"
    assert [builders.is_gone(pid) for pid in evaluation.calls("pid")] == [True]
    assert evaluation.ran() == ["geography", "biology"]

    evaluation.helm_will("ok")
    outcome = harness.run(evaluation.request())
    assert (evaluation.ran(), outcome.mlflow_run_id) == (["biology"], run_id)
    run = mlflow_run(evaluation, run_id)
    assert (run.info.status, metrics(run)) == ("FINISHED", METRICS)


def test_sigterm_is_told_apart_and_its_handler_is_given_back(evaluation: Evaluation) -> None:
    before = signal.getsignal(signal.SIGTERM)
    error = interrupted(evaluation, signal.SIGTERM)
    assert error.exit_code == ExitCode.TERMINATED
    assert signal.getsignal(signal.SIGTERM) is before
    state = json.loads((evaluation.scratch / "evaluation" / "state.json").read_text())
    assert mlflow_run(evaluation, state["mlflow_run_id"]).info.status == "KILLED"


def test_ctrl_c_stays_ctrl_c_when_tracking_is_away_as_well(evaluation: Evaluation) -> None:
    stop = when_helm_hangs(signal.SIGINT)

    def watch(progress: Progress) -> None:
        if len(progress.done) == 2:
            tracking.sqlite_file(evaluation.uri).write_bytes(b"no database" * 1000)
        stop(progress)

    evaluation.helm_will("hang biology")
    with pytest.raises(InterruptedRunError):
        harness.run(evaluation.request(), Reporter(progress=watch))


def test_when_tracking_goes_away_at_the_end_the_answers_are_kept_and_tracked_by_the_next_start(
    evaluation: Evaluation,
) -> None:
    file = tracking.sqlite_file(evaluation.uri)

    def watch(progress: Progress) -> None:
        if len(progress.finished) == 2 and file.stat().st_size > 20_000:
            shutil.copy(file, file.with_suffix(".kept"))
            file.write_bytes(b"no database" * 1000)

    environ = {**evaluation.environ, "CAJAJEJO_TRACKING_PATIENCE": "1s"}
    kept = harness.run(evaluation.request(environ=environ), Reporter(progress=watch))
    work = evaluation.scratch / "evaluation"
    assert kept.kept is not None
    assert (kept.kept.where, kept.kept.durable, kept.results.partial) == (str(work), False, False)
    assert kept.untracked is not None
    assert kept.untracked.exit_code == ExitCode.INCONCLUSIVE
    assert kept.untracked.run == (f"cajajejo jobs evaluation upload-results {work}",)
    shutil.copy(file.with_suffix(".kept"), file)
    assert evaluation.ran() == ["geography", "biology"]
    no_helm = {"CAJAJEJO_HELM_RUN": "/none"}
    outcome = harness.run(evaluation.request(environ={**evaluation.environ, **no_helm}))
    assert (evaluation.calls("call"), outcome.reused, outcome.results) == ([], False, kept.results)
    assert outcome.mlflow_run_id == kept.mlflow_run_id
    assert metrics(mlflow_run(evaluation, outcome.mlflow_run_id)) == METRICS


# --- other inputs ---


def test_changed_weights_start_anew(evaluation: Evaluation) -> None:
    first = harness.run(evaluation.request())
    evaluation.ran()
    (evaluation.model / "model.safetensors").write_bytes(b"other weights")
    second = harness.run(evaluation.request())
    assert (evaluation.ran(), second.reused) == (["geography", "biology"], False)
    assert second.mlflow_run_id != first.mlflow_run_id


def test_another_config_in_the_same_directory_starts_anew(evaluation: Evaluation) -> None:
    first = harness.run(evaluation.request())
    evaluation.ran()
    second = harness.run(evaluation.request(settings=["tracking_config.tags.lifecycle=production"]))
    assert (evaluation.ran(), second.reused) == (["geography", "biology"], False)
    assert second.mlflow_run_id != first.mlflow_run_id


def test_other_run_specs_in_the_same_directory_leave_nothing_of_the_old_ones(evaluation: Evaluation) -> None:
    harness.run(evaluation.request())
    builders.write_run_specs(evaluation.directory, "arithmetic", "biology")
    evaluation.ran()
    outcome = harness.run(evaluation.request())
    assert evaluation.ran() == ["arithmetic", "biology"]
    assert {score.scenario for score in outcome.results.scores} == {"arithmetic", "biology"}


def test_results_that_were_damaged_after_they_were_tracked_are_told(evaluation: Evaluation) -> None:
    outcome = harness.run(evaluation.request())
    (outcome.events.parent / "results.jsonl").unlink()
    with pytest.raises(HarnessError, match="no readable results"):
        harness.run(evaluation.request())
    assert not harness.run(evaluation.request(resume=False)).results.partial


def test_two_at_once_in_one_directory_are_refused(evaluation: Evaluation) -> None:
    evaluation.helm_will("hang biology")
    first = evaluation.start()
    try:
        evaluation.wait_until_helm_hangs()
        evaluation.helm_will("ok")
        with pytest.raises(ScratchBusyError, match=f"another evaluation works in {evaluation.scratch}") as caught:
            harness.run(evaluation.request())
        assert caught.value.facts == {"held by": f"process {first.pid}"}
    finally:
        first.send_signal(signal.SIGTERM)
        first.communicate()
    assert first.returncode == ExitCode.TERMINATED
    assert len(evaluation.calls("call")) == 1


# --- the model ---


def test_a_model_that_mlflow_holds_is_fetched_once(evaluation: Evaluation) -> None:
    with tracking.client(evaluation.uri) as store:
        logged = store.create_run(tracking.experiment(store, evaluation.uri, "models")).info.run_id
        store.log_artifact(logged, str(evaluation.model), "model")
    artifact = {"run_id": logged, "artifact_path": "model", "model_directory": builders.MODEL}
    evaluation.configure(model_config={"mlflow_artifact": artifact})
    evaluation.helm_will("crash")
    told = Told()
    with pytest.raises(HarnessError):
        harness.run(evaluation.request(), told)
    evaluation.helm_will("ok")
    outcome = harness.run(evaluation.request(), told)
    assert told.steps == [f"model fetched: {evaluation.scratch / 'model' / 'tiny'}"]
    tags = mlflow_run(evaluation, outcome.mlflow_run_id).data.tags
    assert (tags["model_run_id"], tags["model_artifact_path"]) == (logged, "model")


def test_a_fetched_model_that_cannot_be_loaded_is_told_before_anything_is_tracked(evaluation: Evaluation) -> None:
    (evaluation.model / "config.json").unlink()
    (evaluation.model / "model.safetensors").unlink()
    with tracking.client(evaluation.uri) as store:
        logged = store.create_run(tracking.experiment(store, evaluation.uri, "models")).info.run_id
        store.log_artifact(logged, str(evaluation.model), "model")
    artifact = {"run_id": logged, "artifact_path": "model", "model_directory": builders.MODEL}
    evaluation.configure(model_config={"mlflow_artifact": artifact})
    with pytest.raises(ModelError) as caught:
        harness.run(evaluation.request())
    directory = evaluation.scratch / "model" / "tiny"
    assert caught.value.lines() == [
        f"Error: no config.json in {directory}: not a Hugging Face model directory",
        f"  also        no weights (*.safetensors or *.bin) in {directory}",
    ]
    assert evaluation.calls("call") == []


def test_in_a_pod_the_model_must_be_there_already(evaluation: Evaluation) -> None:
    artifact = {"run_id": "0" * 32, "artifact_path": "model", "model_directory": "tiny"}
    evaluation.configure(model_config={"mlflow_artifact": artifact})
    with pytest.raises(ModelError, match="the model directory is not there"):
        harness.run(evaluation.request(local=False, environ={**evaluation.environ, **IDENTITY}))


# --- who it was ---

IDENTITY = {
    "CONFIG_PATH_GIT_REPO": "jobs/c.yml",
    "HELM_CONFIG_PATH_GIT_REPO": "jobs/r.conf",
    "JOB_NAME": "eval-neurips-x",
    "CONFIG_VERSION": "abc",
}


def identity(evaluation: Evaluation, outcome: Outcome) -> dict[str, str]:
    tags = mlflow_run(evaluation, outcome.mlflow_run_id).data.tags
    names = ("config_path_git_repo", "helm_config_path_git_repo", "job_name", "config_git_sha")
    return {name: tags[name] for name in names}


def test_in_a_pod_the_variables_say_what_is_evaluated(evaluation: Evaluation) -> None:
    outcome = harness.run(evaluation.request(local=False, environ={**evaluation.environ, **IDENTITY}))
    assert list(identity(evaluation, outcome).values()) == list(IDENTITY.values())
    assert mlflow_run(evaluation, outcome.mlflow_run_id).info.run_name == "eval-neurips-x"


def test_on_this_machine_the_repository_says_it(evaluation: Evaluation) -> None:
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (["init", "-q"], ["add", "job_config.yml"], ["commit", "-q", "-m", "x"]):
        subprocess.run([*git, *arguments], cwd=evaluation.directory, check=True)
    sha = subprocess.run(["git", "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    relative = evaluation.request(config=Path("job_config.yml"), run_specs=Path("run_specs.conf"))
    for request in (relative, evaluation.request(resume=False)):
        assert identity(evaluation, harness.run(request)) == {
            "config_path_git_repo": "job_config.yml",
            "helm_config_path_git_repo": "run_specs.conf",
            "job_name": "local",
            "config_git_sha": sha,
        }


# --- before the work ---


def test_everything_that_is_wrong_is_told_together_and_nothing_is_started(evaluation: Evaluation) -> None:
    evaluation.configure(
        helm__args=["--suite", "x"], model_config={"path": "/none"}, mlflow_config__tracking_uri="file:///mlruns"
    )
    evaluation.run_specs.write_text("")
    told = Told()
    with pytest.raises(SanityError) as caught:
        harness.run(evaluation.request(local=False, environ={"CAJAJEJO_HELM_RUN": "/none"}), told)
    variables = "CONFIG_PATH_GIT_REPO, HELM_CONFIG_PATH_GIT_REPO, JOB_NAME, CONFIG_VERSION"
    indent = " " * 25
    assert "\n".join(caught.value.lines()).splitlines()[:-1] == [
        "Error: 6 of 8 checks failed; nothing was started",
        f"  environment variables  environment variables are missing: {variables}",
        f"{indent}note: the job spec sets them, docker takes them with -e NAME=VALUE; --local does without",
        f"  HELM run specs         {evaluation.run_specs}: the file is empty; it should hold run specs",
        "                         1 problem in 1 file",
        "  harness                the harness is not installed: helm-run (crfm-helm)",
        "                         looked at: /none",
        f"{indent}note: it needs an environment of its own: a clone makes one, CAJAJEJO_HELM_RUN names another",
        "  HELM arguments         helm.args: --suite is set by cajajejo itself",
        "  model directories      the model directory is not there: /none",
        "  tracking server        not a tracking store: file:///mlruns",
        f"{indent}named by: {evaluation.config} mlflow_config.tracking_uri",
        f"{indent}expected: http://…, https://… or sqlite:///FILE",
    ]
    assert [check.verdict for check in told.seen] == [
        *("FAILED", "PASSED", "FAILED", "FAILED", "FAILED", "PASSED", "FAILED", "FAILED")
    ]
    assert (evaluation.calls("call"), evaluation.scratch.exists()) == ([], False)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"helm__args": ["-o", "x"]}, SanityError),
        ({"model_config": {"path": "/none"}}, ModelError),
        ({"model_config": {"path": "/proc"}}, ModelError),
        ({"mlflow_config__tracking_uri": "mlruns"}, TrackingError),
        ({"compute_config__cpu": "much"}, FileProblemsError),
    ],
)
def test_one_thing_that_is_wrong_is_told_as_it_is(
    evaluation: Evaluation, changes: dict[str, Any], kind: type[CajajejoError]
) -> None:
    evaluation.configure(**changes)
    with pytest.raises(kind) as caught:
        harness.run(evaluation.request())
    assert type(caught.value) is kind


def test_a_missing_harness_is_told_before_the_model_is_fetched(evaluation: Evaluation) -> None:
    artifact = {"run_id": "0" * 32, "artifact_path": "model", "model_directory": "tiny"}
    evaluation.configure(model_config={"mlflow_artifact": artifact})
    with pytest.raises(HarnessMissingError):
        harness.run(evaluation.request(environ={"CAJAJEJO_HELM_RUN": "/none"}))
    assert not evaluation.scratch.exists()


def test_wrong_files_are_told_as_one_list(evaluation: Evaluation) -> None:
    evaluation.configure(image="")
    evaluation.run_specs.unlink()
    with pytest.raises(FileProblemsError) as caught:
        harness.run(evaluation.request())
    assert caught.value.lines() == [
        f"{evaluation.config}:3: image: must not be empty",
        f"{evaluation.run_specs}: no such file",
        "2 problems in 2 files",
    ]


def test_local_models_of_the_config_do_not_reach_helm_a_second_time(evaluation: Evaluation) -> None:
    flag = "--enable-local-huggingface-models"
    evaluation.configure(helm__args=["--max-eval-instances", "20", flag, "/scratch/model/tiny", "/m/judge"])
    harness.run(evaluation.request())
    ((call,),) = [evaluation.calls("call")]
    own = ["--max-eval-instances", "20", flag, "/m/judge", "--num-threads", "1"]
    assert call[: call.index("--conf-paths")] == own


def checks_of(told: Told) -> Sequence[str]:
    return [check.name for check in told.seen]


def test_a_wrong_config_is_all_that_is_said_about_what_it_holds(evaluation: Evaluation) -> None:
    evaluation.configure(version="v3")
    told = Told()
    with pytest.raises(FileProblemsError):
        harness.run(evaluation.request(), told)
    assert checks_of(told) == ["environment variables", "evaluation config", "HELM run specs"]


# --- steps ---


def state_of(evaluation: Evaluation) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((evaluation.scratch / "evaluation" / "state.json").read_text())
    return found


def test_what_is_done_asks_neither_for_the_harness_nor_the_model_nor_the_server(evaluation: Evaluation) -> None:
    first = harness.run(evaluation.request())
    tracking.sqlite_file(evaluation.uri).unlink()
    shutil.rmtree(evaluation.model)
    told = Told()
    again = harness.run(evaluation.request(environ={"CAJAJEJO_HELM_RUN": "/none"}), told)
    assert (again.reused, again.results) == (True, first.results)
    assert checks_of(told) == ["environment variables", "evaluation config", "HELM run specs"]
    assert not tracking.sqlite_file(evaluation.uri).exists()


def test_results_that_were_not_tracked_and_are_damaged_are_made_again(evaluation: Evaluation) -> None:
    harness.run(evaluation.request())
    evaluation.ran()
    place = harness.place_of(evaluation.request())
    place.save(place.state(state_of(evaluation)["key"]), tracked=False)
    (place.output / "results.jsonl").write_text("{")
    outcome = harness.run(evaluation.request())
    assert (evaluation.ran(), outcome.reused, len(outcome.results.items)) == ([], False, 40)


def test_a_clock_that_went_back_leaves_the_newer_results_the_newer_ones(
    evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    evaluation.helm_will("fail geography")
    harness.run(evaluation.request())
    before = state_of(evaluation)["finished_at"]
    evaluation.helm_will("ok")
    monkeypatch.setattr(steps, "now", lambda: before - 3600)
    outcome = harness.run(evaluation.request())
    assert before < state_of(evaluation)["finished_at"] < before + 1
    assert metrics(mlflow_run(evaluation, outcome.mlflow_run_id)) == METRICS


def test_a_config_that_is_deleted_while_the_harness_works_is_not_missed(evaluation: Evaluation) -> None:
    def watch(progress: Progress) -> None:
        if progress.done:
            evaluation.config.unlink(missing_ok=True)
            evaluation.run_specs.unlink(missing_ok=True)

    outcome = harness.run(evaluation.request(), Reporter(progress=watch))
    assert metrics(mlflow_run(evaluation, outcome.mlflow_run_id)) == METRICS


def test_a_state_that_cannot_be_read_begins_anew(evaluation: Evaluation) -> None:
    harness.run(evaluation.request())
    evaluation.ran()
    (evaluation.scratch / "evaluation" / "state.json").write_bytes(b"\xff{")
    assert not harness.run(evaluation.request()).reused


# --- any harness ---

ANSWER = {"scenario": "geography", "id": "q-1", "scores": {"exact_match": 1.0}}


def command_of(evaluation: Evaluation, code: str, **more: Any) -> Request:
    """The request of a config whose harness is a program of three lines."""
    script = evaluation.directory / "evaluate.py"
    script.write_text(code)
    args = [sys.executable, str(script)]
    evaluation.configure(helm=builders.ABSENT, command={"args": args, "results": "results.jsonl", **more})
    return evaluation.request(run_specs=None)


WRITES = f"""
import json, os, pathlib
pathlib.Path(os.environ["OUTPUT_DIR"], "results.jsonl").write_text(json.dumps({ANSWER!r}) + chr(10))
"""


def test_any_program_is_a_harness(evaluation: Evaluation) -> None:
    begun: list[str] = []
    request = command_of(evaluation, WRITES)
    outcome = harness.run(request, Reporter(harness=lambda adapter: begun.append(adapter.name)))
    assert (begun, outcome.results.metrics()) == (["command"], {"geography/exact_match": 1.0})
    with tracking.client(evaluation.uri) as store:
        assert [entry.path for entry in store.list_artifacts(outcome.mlflow_run_id)] == ["eval_config.yml", "output"]
    assert harness.run(request).reused


def test_another_program_under_the_same_name_is_another_evaluation(evaluation: Evaluation) -> None:
    first = harness.run(command_of(evaluation, WRITES))
    second = harness.run(command_of(evaluation, WRITES + "# changed\n"))
    assert (second.reused, second.mlflow_run_id != first.mlflow_run_id) == (False, True)


def test_a_harness_that_takes_too_long_is_stopped_and_what_it_left_is_kept(
    evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)

    def watch(_: Progress) -> None:
        if any(path.stat().st_size for path in evaluation.scratch.rglob("results.jsonl")):
            clock.pass_by(3600)

    request = command_of(evaluation, WRITES + "import time; time.sleep(600)\n", timeout_seconds=3600)
    outcome = harness.run(request, Reporter(progress=watch))
    assert (outcome.results.partial, outcome.results.metrics()) == (True, {"geography/exact_match": 1.0})


@pytest.mark.parametrize(("section", "given"), [("helm", False), ("command", True)])
def test_run_specs_are_for_helm_and_for_helm_alone(evaluation: Evaluation, section: str, *, given: bool) -> None:
    request = evaluation.request() if section == "helm" else command_of(evaluation, WRITES)
    with pytest.raises(UsageError, match="HELM_CONFIG"):
        harness.run(replace(request, run_specs=evaluation.run_specs if given else None))


def test_in_the_image_run_specs_may_lie_beside_another_harness(evaluation: Evaluation) -> None:
    request = replace(command_of(evaluation, WRITES), run_specs=evaluation.run_specs, mounted=True)
    assert harness.run(request).results.metrics() == {"geography/exact_match": 1.0}
