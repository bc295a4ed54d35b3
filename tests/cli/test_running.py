"""``cajajejo jobs evaluation run``: what it prints where, its exit codes, and what happens when it is interrupted."""

from __future__ import annotations

import json
import signal
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import cli, tracking
from cajajejo.cli import screen
from cajajejo.config import POD_VARIABLES
from tests import builders
from tests.builders import Evaluation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

NO_NETWORK = "URLError: <urlopen error [Errno -2] Name or service not known>"
TABLE = [
    "",
    "  scenario   metric             value  std err   n",
    "  biology    exact_match        0.550    0.114  20",
    "  biology    quasi_exact_match  0.550    0.114  20",
    "  geography  exact_match        0.550    0.114  20",
    "  geography  quasi_exact_match  0.550    0.114  20",
    "",
]


@pytest.fixture
def evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Evaluation]:
    monkeypatch.chdir(tmp_path)
    ready = Evaluation(tmp_path)
    monkeypatch.setenv("CAJAJEJO_HELM_RUN", str(ready.helm))
    yield ready
    ready.close()
    screen.configure(trace=False, quiet=False, color="auto", as_json=False)


def run(evaluation: Evaluation, *more: str) -> int:
    """The exit code of the command, run in this process."""
    command = ["jobs", "evaluation", "run", str(evaluation.config), str(evaluation.run_specs), "--local"]
    return cli.run(cli.app, [*command, "--scratch", str(evaluation.scratch), *more], prog_name="cajajejo")


def run_id(evaluation: Evaluation) -> str:
    return str(json.loads((evaluation.scratch / "evaluation" / "state.json").read_text())["mlflow_run_id"])


def status(evaluation: Evaluation) -> str:
    with tracking.client(evaluation.uri) as store:
        return str(store.get_run(run_id(evaluation)).info.status)


def places(evaluation: Evaluation) -> list[str]:
    """The two last lines of a complete evaluation."""
    events = evaluation.scratch / "evaluation" / "output" / "events"
    check = f"cajajejo metrics check {events} --test NAME --config FILE --run-id {run_id(evaluation)}"
    return [f"Results  mlflow run {run_id(evaluation)} in {evaluation.uri}", f"Next: {check}"]


CHECKS = (
    "Checks         8 passed: environment variables, evaluation config, HELM run specs, harness, HELM arguments, "
    "HELM's data, model directories, tracking server"
)

CHECKS_WHEN_DONE = "Checks         3 passed: environment variables, evaluation config, HELM run specs"


def test_the_table_goes_to_stdout_and_everything_else_to_stderr(
    evaluation: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(evaluation) == 0
    out, err = capsys.readouterr()
    assert out.splitlines() == TABLE
    first, *progress, last, where, following = err.splitlines()
    assert first == CHECKS
    assert all("HELM  " in line and "questions, " in line for line in progress)
    assert last.startswith(f"  HELM  {'━' * 30}  40/40 questions  2 scenarios  0 failed  ")
    assert [where, following] == places(evaluation)


def test_a_second_run_says_that_there_was_nothing_to_do(
    evaluation: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    run(evaluation)
    capsys.readouterr()
    assert run(evaluation) == 0
    out, err = capsys.readouterr()
    where, following = places(evaluation)
    assert out.splitlines() == TABLE
    assert err.splitlines() == [CHECKS_WHEN_DONE, f"{where} (finished before; --no-resume evaluates anew)", following]
    assert run(evaluation, "--no-resume") == 0
    assert evaluation.ran() == ["geography", "biology"] * 2


def test_a_partial_evaluation_is_5_and_names_what_is_missing(
    evaluation: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluation.helm_will("fail geography")
    assert run(evaluation) == 5
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "",
        "  scenario  metric             value  std err   n",
        "  biology   exact_match        0.550    0.114  20",
        "  biology   quasi_exact_match  0.550    0.114  20",
        f"  geography  failed: {NO_NETWORK}",
        "",
    ]
    assert err.splitlines()[-2:] == [
        places(evaluation)[0],
        "Next: the same command again; it runs only the scenarios that failed",
    ]
    assert run(evaluation, "--allow-partial") == 0
    evaluation.ran()
    evaluation.helm_will("ok")
    assert run(evaluation) == 0
    assert evaluation.ran() == ["geography"]


def test_json_is_one_document_on_stdout(evaluation: Evaluation, capsys: pytest.CaptureFixture[str]) -> None:
    evaluation.helm_will("fail geography")
    assert run(evaluation, "--json") == 5
    out, _ = capsys.readouterr()
    document: dict[str, Any] = json.loads(out)
    std_err = pytest.approx((4.95 / 380) ** 0.5)
    assert document == {
        "mlflow_run_id": run_id(evaluation),
        "tracking_uri": evaluation.uri,
        "kept": None,
        "suite": "v1",
        "harness": "helm",
        "status": "partial",
        "reused": False,
        "scratch": str(evaluation.scratch),
        "event_files": str(evaluation.scratch / "evaluation" / "output" / "events"),
        "metrics": [
            {"scenario": "biology", "metric": metric, "value": 0.55, "std_err": std_err, "n": 20, "clusters": None}
            for metric in ("exact_match", "quasi_exact_match")
        ],
        "failed": [{"scenario": "geography", "error": NO_NETWORK}],
        "versions": {},
        "shots": {"biology": 5},
    }


def test_quiet_leaves_the_table_alone(evaluation: Evaluation, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(evaluation, "--quiet") == 0
    out, err = capsys.readouterr()
    assert (out.splitlines(), err) == (TABLE, "")


def test_trace_shows_every_check(evaluation: Evaluation, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(evaluation, "--trace") == 0
    assert capsys.readouterr().err.splitlines()[:2] == [
        "check environment variables: PASSED",
        "check evaluation config: PASSED",
    ]


def test_without_local_the_four_variables_are_demanded(
    evaluation: Evaluation, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.run(
        cli.app,
        ["jobs", "evaluation", "run", str(evaluation.config), str(evaluation.run_specs)],
        prog_name="cajajejo",
    )
    assert code == 1
    err = capsys.readouterr().err.splitlines()
    missing = ", ".join(POD_VARIABLES)
    assert [line for line in err if line.startswith("Error")] == [
        f"Error: environment variables are missing: {missing}"
    ]


def test_overrides_and_the_number_of_questions_reach_helm(evaluation: Evaluation) -> None:
    assert run(evaluation, "--set", "helm.suite=v9", "--set", "image_tag=1.10", "--max-instances", "7") == 0
    ((call,),) = [evaluation.calls("call")]
    assert call[call.index("--suite") + 1] == "v9"
    assert call[call.index("--max-eval-instances") + 1] == "7"


@pytest.mark.parametrize(
    ("more", "code", "message"),
    [
        (("--set", "helm.suite"), 2, "Error: --set helm.suite: not PATH=VALUE"),
        (("--set", "helm.suite="), 1, "--set helm.suite: must be text, not empty"),
        (("--max-instances", "0"), 2, "Invalid value for '--max-instances'"),
    ],
)
def test_a_wrong_option_is_told(
    evaluation: Evaluation, more: tuple[str, ...], code: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(evaluation, *more) == code
    assert message in capsys.readouterr().err
    assert evaluation.calls("call") == []


@pytest.mark.parametrize(("sign", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_command_leaves_nothing_running_and_the_next_one_continues(
    evaluation: Evaluation, sign: signal.Signals, code: int
) -> None:
    evaluation.helm_will("child biology")
    process = evaluation.start()
    evaluation.wait_until_helm_hangs()
    process.send_signal(sign)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (code, "")
    assert err.splitlines()[-2:] == [
        f"Stopped. What is finished is kept in {evaluation.scratch}.",
        "Run: the same command again; it continues there",
    ]
    pids = evaluation.calls("pid", "child")
    assert (len(pids), [builders.is_gone(pid) for pid in pids]) == (2, [True, True])
    assert (evaluation.ran(), status(evaluation)) == (["geography", "biology"], "KILLED")
    first = run_id(evaluation)

    evaluation.helm_will("ok")
    assert run(evaluation) == 0
    assert (evaluation.ran(), run_id(evaluation), status(evaluation)) == (["biology"], first, "FINISHED")


def test_a_killed_command_leaves_no_harness_and_is_continued_at_once(evaluation: Evaluation) -> None:
    evaluation.helm_will("hang biology")
    process = evaluation.start()
    evaluation.wait_until_helm_hangs()
    process.kill()
    process.communicate()
    (orphan,) = evaluation.calls("pid")
    first = run_id(evaluation)
    evaluation.helm_will("ok")
    assert run(evaluation) == 0
    assert not builders.is_alive(orphan)
    assert (evaluation.ran(), run_id(evaluation)) == (["geography", "biology", "biology"], first)
    assert status(evaluation) == "FINISHED"


def test_ctrl_c_while_a_server_is_waited_for_is_130_without_a_word_of_a_bug(evaluation: Evaluation) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as hanging:
        evaluation.configure(mlflow_config__tracking_uri=f"http://127.0.0.1:{hanging.getsockname()[1]}")
        process = evaluation.start()
        connection, _ = hanging.accept()
        with connection:
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=300)
    assert (process.returncode, "Traceback" in err, "bug" in err) == (130, False, False)
