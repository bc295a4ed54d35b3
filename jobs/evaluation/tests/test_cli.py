"""The image's program: what it refuses and with which exit code, and that its last line says what the code means.

Needs only this directory and the installed package, because `python3 cli.py test` runs it inside of the image.
"""

from __future__ import annotations

import importlib.util
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import __version__
from cajajejo.cli import running, screen
from cajajejo.config import POD_VARIABLES
from cajajejo.errors import NotTrackedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

PROGRAM = Path(__file__).parents[1] / "cli.py"
CONFIG: dict[str, Any] = {
    "version": "v4",
    "image": "registry/evaluation",
    "image_tag": "10abfb1bf8",
    "compute_config": {"cpu": "2", "memory": "4Gi"},
    "helm": {"suite": "v1"},
    "mlflow_config": {"tracking_uri": "sqlite:///mlflow.db"},
    "model_config": {"path": "/none"},
    "tracking_config": {
        "experiment_name": "tests",
        "description": "A test.",
        "tags": {"creator": "pytest", "lifecycle": "experimental"},
    },
}
WRONG = "environment, config or run specs are wrong; trying again does not help"
OUTSIDE = "something outside failed; the job may be tried again"


@pytest.fixture(autouse=True)
def pod(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A working directory with the two mounted files, the four variables, and something that is called helm-run."""
    helm = tmp_path / "helm-run"
    helm.write_text("#!/bin/sh\n")
    helm.chmod(0o755)
    for name in ("CAJAJEJO_TRACE", "CAJAJEJO_QUIET", "CAJAJEJO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name in POD_VARIABLES:
        monkeypatch.setenv(name, f"value of {name}")
    monkeypatch.setenv("CAJAJEJO_HELM_RUN", str(helm))
    monkeypatch.setenv("CAJAJEJO_EVAL_CONFIG", "eval_config.yml")
    monkeypatch.setenv("CAJAJEJO_RUN_SPECS", "run_specs.conf")
    monkeypatch.chdir(tmp_path)
    write_config()
    Path("run_specs.conf").write_text("entries: []\n")
    yield
    screen.configure(trace=False, quiet=False, color="auto", as_json=False)


def write_config(**changes: Any) -> None:
    Path("eval_config.yml").write_text(json.dumps({**CONFIG, **changes}, indent=2))


def program() -> ModuleType:
    """The program as a module; it looks for its two files when it is imported."""
    spec = importlib.util.spec_from_file_location("evaluation_program", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*arguments: str) -> int:
    return int(program().main(list(arguments)))


def said(capfd: pytest.CaptureFixture[str]) -> list[str]:
    """The lines of all messages, in a pod: every line of stdout is an entry of the log, and stderr is empty."""
    out, err = capfd.readouterr()
    assert err == ""
    return [line for entry in map(json.loads, out.splitlines()) for line in entry["message"].splitlines()]


def said_here(capfd: pytest.CaptureFixture[str]) -> list[str]:
    """The lines on stderr with --local, where everything stands that is no result."""
    out, err = capfd.readouterr()
    assert out == ""
    return list(err.splitlines())


def test_missing_variables_are_2_and_all_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write_config(model_config={"path": str(model())})
    for name in ("JOB_NAME", "CONFIG_VERSION"):
        monkeypatch.delenv(name)
    assert run("evaluate") == 2
    lines = said(capfd)
    assert (
        lines[0] == "check environment variables: FAILED (environment variables are missing: JOB_NAME, CONFIG_VERSION)"
    )
    assert "Error: environment variables are missing: JOB_NAME, CONFIG_VERSION" in lines
    assert lines[-1] == f"exit code 2: {WRONG}"


def model() -> Path:
    """A directory with the files of a model."""
    directory = Path("model").absolute()
    directory.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json"):
        (directory / name).write_text("{}")
    return directory


@pytest.mark.parametrize("arguments", [["evaluate"], ["--trace", "evaluate"], ["evaluate", "--local"]])
def test_a_wrong_config_is_2_and_told_with_its_line(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    write_config(image="")
    assert run(*arguments) == 2
    lines = said_here(capfd) if "--local" in arguments else said(capfd)
    assert "eval_config.yml:3: image: must not be empty" in lines
    assert lines[-1] == f"exit code 2: {WRONG}"


@pytest.mark.parametrize("file", ["eval_config.yml", "run_specs.conf"])
def test_a_file_that_is_not_mounted_is_2(file: str, capfd: pytest.CaptureFixture[str]) -> None:
    write_config(model_config={"path": str(model())})
    Path(file).unlink()
    assert run("evaluate") == 2
    lines = said(capfd)
    assert f"{file}: no such file" in lines
    assert lines[-1] == f"exit code 2: {WRONG}"


def test_empty_run_specs_and_forbidden_arguments_are_2(capfd: pytest.CaptureFixture[str]) -> None:
    write_config(model_config={"path": str(model())}, helm={"suite": "v1", "args": ["--suite", "v2"]})
    Path("run_specs.conf").write_text("")
    assert run("evaluate") == 2
    lines = said(capfd)
    assert "check HELM arguments: FAILED (helm.args: --suite is set by cajajejo itself)" in lines
    assert lines[-1] == f"exit code 2: {WRONG}"


def test_a_model_that_is_not_there_is_1_so_that_the_job_is_tried_again(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("evaluate", "--local") == 1
    lines = said_here(capfd)
    assert "Error: the model directory is not there: /none" in lines
    assert lines[-1] == f"exit code 1: {OUTSIDE}"


def test_a_missing_harness_is_1(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    write_config(model_config={"path": str(model())})
    monkeypatch.setenv("CAJAJEJO_HELM_RUN", "/none")
    assert run("evaluate") == 1
    lines = said(capfd)
    assert "Error: the harness is not installed: helm-run (crfm-helm)" in lines
    assert lines[-1] == f"exit code 1: {OUTSIDE}"


def test_the_four_variables_may_be_absent_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in POD_VARIABLES:
        monkeypatch.delenv(name)
    assert run("evaluate", "--local") == 1
    assert "Error: the model directory is not there: /none" in said_here(capfd)


def test_every_check_is_a_line_of_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    run("evaluate")
    assert [line for line in said(capfd) if line.startswith("check ")] == [
        "check environment variables: PASSED",
        "check evaluation config: PASSED",
        "check HELM run specs: PASSED",
        "check harness: PASSED",
        "check HELM arguments: PASSED",
        "check HELM's data: PASSED",
        "check model directories: FAILED (the model directory is not there: /none)",
        "check tracking server: PASSED",
    ]


def test_every_exit_code_of_an_evaluation_has_a_meaning() -> None:
    assert {int(code): bool(words) for code, words in program().MEANING.items()} == dict.fromkeys(
        (0, 1, 2, 3, 5, 130, 143), True
    )


def test_an_unknown_command_is_2(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("evalute") == 2
    assert "No such command 'evalute'" in capfd.readouterr().err


def test_the_help_names_both_commands_and_explains_no_exit_code(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("--help") == 0
    out, err = capfd.readouterr()
    assert ("evaluate" in out, "test" in out, err) == (True, True, "")
    assert run("evaluate", "--help") == 0
    assert capfd.readouterr().err == ""


def test_the_short_form_of_help_explains_no_exit_code_either(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("evaluate", "-h") == 0
    assert capfd.readouterr().err == ""


def test_the_files_are_where_the_job_spec_mounts_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CAJAJEJO_EVAL_CONFIG")
    monkeypatch.delenv("CAJAJEJO_RUN_SPECS")
    module = program()
    assert (str(module.CONFIG), str(module.RUN_SPECS)) == (
        "/etc/configs/eval_config.yml",
        "/etc/configs/run_specs.conf",
    )


def test_the_tests_of_the_image_take_arguments_for_pytest() -> None:
    command = [sys.executable, str(PROGRAM), "test", "--", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(command, env=dict(os.environ), check=False, capture_output=True, text=True)
    assert done.returncode == 0
    assert "test_the_tests_of_the_image_take_arguments_for_pytest" in done.stdout


def test_the_program_ends_with_the_code_and_its_meaning() -> None:
    done = subprocess.run([sys.executable, str(PROGRAM), "evaluate"], check=False, capture_output=True, text=True)
    last = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode, done.stderr) == (1, "")
    assert {key: last[key] for key in ("severity", "message", "exit_code")} == {
        "severity": "ERROR",
        "message": f"exit code 1: {OUTSIDE}",
        "exit_code": 1,
    }


def test_every_entry_carries_the_labels_by_which_it_is_found(capfd: pytest.CaptureFixture[str]) -> None:
    run("evaluate")
    entries = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    for entry in entries:
        assert entry["logging.googleapis.com/labels"] == {
            "job_name": "value of JOB_NAME",
            "image_build_cajajejo_version": __version__,
            "config_git_sha": "value of CONFIG_VERSION",
        }
    assert [entry["severity"] for entry in entries] == [*["INFO"] * 8, "ERROR", "ERROR"]


def test_labels_that_the_manifest_did_not_give_are_unknown(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for name in POD_VARIABLES:
        monkeypatch.delenv(name)
    run("evaluate")
    labels = json.loads(capfd.readouterr().out.splitlines()[0])["logging.googleapis.com/labels"]
    assert (labels["job_name"], labels["config_git_sha"]) == ("Unknown", "Unknown")


def test_an_error_is_one_entry_with_its_traceback_beside_it(capfd: pytest.CaptureFixture[str]) -> None:
    run("--trace", "evaluate")
    (error,) = [entry for entry in map(json.loads, capfd.readouterr().out.splitlines()) if "stack_trace" in entry]
    assert (error["severity"], error["message"]) == ("ERROR", "Error: the model directory is not there: /none")
    assert error["stack_trace"].startswith("Traceback (most recent call last):")


def test_a_bug_shows_where_it_comes_from(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    def stumble(*_: object, **__: object) -> int:
        raise ZeroDivisionError("a\nb")

    monkeypatch.setattr(running, "evaluate_mounted", stumble)
    assert run("--trace", "evaluate") == 3
    bug, last = map(json.loads, capfd.readouterr().out.splitlines())
    assert bug["message"].startswith("Error: this is a bug in cajajejo")
    assert "in stumble" in bug["stack_trace"]
    assert (last["message"], last["exit_code"]) == ("exit code 3: a bug", 3)


def test_an_unknown_option_is_told_as_entries_too(capfd: pytest.CaptureFixture[str]) -> None:
    assert run("evaluate", "--locale") == 2
    assert said(capfd)[-1] == f"exit code 2: {WRONG}"


@pytest.mark.parametrize(("durable", "code"), [(True, 5), (False, 1)])
def test_the_last_line_says_where_results_are_that_could_not_be_tracked(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *, durable: bool, code: int
) -> None:
    command = "cajajejo jobs evaluation upload-results gs://spool/x"

    def keep(*_: object, **__: object) -> int:
        raise NotTrackedError("complete but not tracked", facts={"kept": "gs://spool/x"}, run=command, durable=durable)

    monkeypatch.setattr(running, "evaluate_mounted", keep)
    assert run("evaluate") == code
    last = f"exit code {code}: complete but not tracked; kept in gs://spool/x. Run: {command}"
    assert said(capfd)[-1] == last


def test_sigterm_is_heard_by_the_first_process_of_a_container(capfd: pytest.CaptureFixture[str]) -> None:
    """Between two steps, where no harness is there to be ended."""
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        write_config(mlflow_config={"tracking_uri": f"http://127.0.0.1:{hanging.getsockname()[1]}"})
        command = [sys.executable, str(PROGRAM), "evaluate"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            connection, _ = hanging.accept()
            process.terminate()
            out, _ = process.communicate(timeout=300)
            connection.close()
    assert process.returncode == 143
    assert json.loads(out.splitlines()[-1])["message"] == "exit code 143: stopped by SIGTERM; what is finished is kept"
    assert capfd.readouterr().err == ""


def test_on_a_terminal_the_lines_are_plain() -> None:
    ours, theirs = os.openpty()
    command = [sys.executable, str(PROGRAM), "evaluate"]
    done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, check=False, text=True)
    os.close(theirs)
    os.close(ours)
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"exit code 1: {OUTSIDE}")


@pytest.mark.parametrize("more", [(), ("--local",)], ids=["pod", "local"])
def test_a_pod_that_is_told_to_end_while_it_still_loads_its_packages_ends_at_once(
    tmp_path: Path, more: tuple[str, ...]
) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    stopped = "import os, signal, time\nos.kill(os.getpid(), signal.SIGTERM)\ntime.sleep(60)\n"
    (packages / "typer.py").write_text(stopped)
    environ = {**os.environ, "PYTHONPATH": str(packages)}
    done = subprocess.run([sys.executable, PROGRAM, "evaluate", *more], env=environ, capture_output=True, check=False)
    said = done.stdout.decode().strip() if more else json.loads(done.stdout)["message"]
    sentence = "exit code 143: stopped by SIGTERM; nothing was begun"
    assert (done.returncode, said, done.stderr) == (143, sentence, b"")
