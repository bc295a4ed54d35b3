"""``submit-job --wait``: the job is sent, followed to its end, and its exit code is ours."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest

from cajajejo import tracking
from cajajejo.cli import scores
from cajajejo.cli.scores import Scores
from cajajejo.status import exits
from cajajejo.terminal import Style
from tests import builders, sending
from tests.sending import CONFIG, RUN_SPECS
from tests.shows import Show, clocked, showing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FORMS = ["evaluation", "submit-job", "--path-to-config", str(CONFIG), "--path-to-helm-config", str(RUN_SPECS)]
GIVEN = [*FORMS, "--config-version", "v1", "--set", "mlflow_config.tracking_uri=sqlite:////nowhere/mlflow.db"]


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Show]:
    with showing(tmp_path, monkeypatch) as found:
        yield found


@pytest.fixture
def name() -> str:
    return sending.spec("v1", "mlflow_config.tracking_uri=sqlite:////nowhere/mlflow.db").name


def told(show: Show) -> list[str]:
    """What was said after the plan, with times replaced."""
    text = re.sub(r"in \d+\.\d s", "in T", "\n".join(show.told()))
    text = re.sub(r"after \d.*? waiting\b(?! for)", "after T: T waiting", text)
    return text[text.index("HH:MM:SS") :].splitlines()


def life(show: Show, name: str, *, code: int = 0) -> Callable[[], None]:
    def live() -> None:
        show.until(f"{name}\n")
        show.until("Pending")
        show.runs(name)
        show.until("Running")
        show.talk.fake.log(f"{name}-00001", "helm: scenario 1 of 1\n")
        show.until("scenario 1 of 1")
        show.ends(name, code=code)

    return live


def test_a_job_is_sent_and_followed_with_its_log(show: Show, name: str) -> None:
    assert show.run(*GIVEN, "--wait", during=life(show, name)) == 0
    assert told(show) == [
        "HH:MM:SS  sent        3 objects in T",
        "HH:MM:SS  Pending     waiting for a node",
        "HH:MM:SS  Running     attempt 1 on node-1",
        "eval │ helm: scenario 1 of 1",
        "HH:MM:SS  Succeeded   after T: T waiting",
    ]
    assert show.out.text() == f"{name}\n"


def test_its_exit_code_is_that_of_the_job(show: Show, name: str) -> None:
    assert show.run(*GIVEN, "--wait", during=life(show, name, code=2)) == 2
    assert told(show)[-2:] == [
        f"HH:MM:SS  Failed      after T: T waiting, exit code 2 ({exits.meaning(2, ours=True)})",
        f"Next: cajajejo jobs logs {name} --tail 200",
    ]


def test_one_that_was_there_and_runs_is_followed_as_well(show: Show, name: str) -> None:
    assert show.run(*GIVEN) == 0

    def live() -> None:
        show.until("Pending")
        show.runs(name)
        show.ends(name, code=5)

    assert show.run(*GIVEN, "--wait", during=live) == 5
    assert "  unchanged   it was sent at " in show.err.text()
    assert len(show.talk.fake.objects("Job")) == 1


def test_one_that_has_succeeded_ends_at_once(show: Show, name: str) -> None:
    assert show.run(*GIVEN) == 0
    sending.end(show.talk.fake, name)
    assert show.run(*GIVEN, "--wait") == 0
    assert "it was sent before, and completed at" in show.err.text()
    assert "Succeeded" not in show.err.text()


def test_the_time_to_wait_passes(show: Show, name: str) -> None:
    assert show.run(*GIVEN, "--wait", "--timeout", "1s") == 124
    assert told(show)[-3:] == [
        f"Still going after 1 s: {name} is Pending: waiting for a node",
        f"Next: cajajejo jobs watch {name}",
        f"      cajajejo jobs cancel {name}",
    ]


def test_json_is_one_document_at_the_end_whatever_the_end_is(show: Show, name: str) -> None:
    assert show.run(*GIVEN, "--wait", "--json", "--timeout", "0s") == 124
    document = json.loads(show.out.text())
    assert [job["name"] for job in document["jobs"]] == [name]
    error = json.loads(show.err.text().splitlines()[-1])["error"]
    assert (error["kind"], error["run"][0]) == ("StillGoingError", f"cajajejo jobs watch {name}")


def test_quiet_shows_the_name_and_ends_with_the_code(show: Show, name: str) -> None:
    def live() -> None:
        show.until(f"{name}\n")
        show.runs(name)
        show.ends(name, code=143)

    assert show.run(*GIVEN, "--wait", "--quiet", during=live) == 143
    warning, _hint = show.told()
    assert warning.startswith("Warning: --set mlflow_config.tracking_uri: a file in the pod, which is gone with it")
    assert show.out.text() == f"{name}\n"


WRONG = {
    "--timeout is how long to wait, and goes with --wait": ["--timeout", "1h"],
    "--dry-run=server sends nothing that --wait could wait for": ["--wait", "--dry-run=server"],
    "--timeout 30: 30 what? Write 30s, 30m or 30h": ["--wait", "--timeout", "30"],
}


@pytest.mark.parametrize("message", WRONG)
def test_options_that_do_not_go_together(message: str, show: Show) -> None:
    assert show.run(*GIVEN, *WRONG[message]) == 2
    assert show.told() == [f"Error: {message}"]
    assert show.talk.asked() == []


def test_a_matrix_is_followed_with_names(show: Show, tmp_path: Path) -> None:
    config = tmp_path / "many.job_config.yml"
    config.write_text(CONFIG.read_text("utf-8") + "\nmatrix: {axes: {helm.suite: [s1, s2]}}\n", "utf-8")
    forms = [*FORMS[:3], str(config), *FORMS[4:], "--config-version", "v1", "--yes"]

    def live() -> None:
        show.until("2 sent")
        names = show.out.text().split()
        for name, code in zip(names, (0, 137), strict=True):
            show.until(f"{name}  Pending")
            show.runs(name)
            show.until(f"{name}  Running")
            show.ends(name, code=code)

    assert show.run(*forms, "--wait", "--set", "mlflow_config.tracking_uri=sqlite:////nowhere/m.db", during=live) == 137
    assert told(show)[-1] == "2 jobs: 1 Failed, 1 Succeeded"


@pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)
def test_the_end_is_put_on_record_and_the_run_is_named(show: Show, tmp_path: Path) -> None:
    uri = builders.copy_empty_store(tmp_path / "mlflow.db")
    settings = ["--set", f"mlflow_config.tracking_uri={uri}"]
    name = sending.spec("v1", settings[1]).name
    assert show.run(*FORMS, "--config-version", "v1", *settings, "--wait", during=life(show, name)) == 0
    (run_id,) = re.findall(r"recorded on mlflow run (\w+)", show.err.text())
    assert clocked(show.err.text()).splitlines()[-1] == f"Results  mlflow run {run_id} in {uri}"
    with tracking.client(uri) as store:
        assert store.get_run(run_id).info.status == "FINISHED"
        store.log_metric(run_id, "boolq/exact_match", 0.612)
    assert scores.read(uri, run_id).metrics == {"boolq/exact_match": 0.612}


NUMBERS = {
    "boolq/exact_match": 0.612,
    "boolq/exact_match_std_err": 0.0154,
    "mmlu_subject_anatomy/exact_match": 0.356,
    "vm_memory_usage_bytes": 1e9,
}


def test_results_are_a_row_for_each_number_of_a_scenario() -> None:
    assert scores.lines(Scores(NUMBERS, "12"), "http://10.164.0.15:5000/", "7be1c2a0", Style()) == [
        "",
        "  scenario              metric       value  std err",
        "  boolq                 exact_match  0.612    0.015",
        "  mmlu_subject_anatomy  exact_match  0.356        —",
        "",
        "Results  http://10.164.0.15:5000/#/experiments/12/runs/7be1c2a0",
    ]


def test_a_run_without_numbers_is_only_named() -> None:
    assert scores.lines(Scores({}, "1"), "sqlite:///mlflow.db", "7be1", Style()) == [
        "Results  mlflow run 7be1 in sqlite:///mlflow.db"
    ]


def test_many_numbers_are_cut() -> None:
    many = {f"s{number:03}/m": 0.5 for number in range(60)}
    lines = scores.lines(Scores(many, "1"), "sqlite:///mlflow.db", "7be1", Style())
    assert lines[-3:-1] == ["  and 10 more on the run", ""]
    assert len(lines) == 55
