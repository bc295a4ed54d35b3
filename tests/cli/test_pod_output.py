"""The program of the image in a pod, in a process of its own: every line of its log, its labels, progress, the Job."""

from __future__ import annotations

import importlib.util
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf import json_format  # type: ignore[import-untyped]  # carries no types
from hypothesis import given
from hypothesis import strategies as st

from cajajejo import __version__, pod_log
from cajajejo.cli import pod_output, screen
from cajajejo.config import POD_VARIABLES
from tests import builders
from tests.builders import ROOT, Evaluation
from tests.clusters import Talk, job, talking
from tests.fakes import cloud_logging
from tests.fakes.kubernetes.access import Rule, service_account

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Here = Callable[..., tuple[int, str, str]]

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

PROGRAM = ROOT / "jobs" / "evaluation" / "cli.py"
LABELS = "logging.googleapis.com/labels"
HELM_SAYS = "helm: "
JOB, VERSION = "eval-a", "10abfb1bf8"


@pytest.fixture
def evaluation(tmp_path: Path) -> Iterator[Evaluation]:
    ready = Evaluation(tmp_path)
    yield ready
    ready.close()


def pod(evaluation: Evaluation, **environ: str) -> dict[str, str]:
    """The environment of a pod."""
    return {
        **evaluation.environ,
        **dict.fromkeys(POD_VARIABLES, VERSION),
        "JOB_NAME": JOB,
        "CAJAJEJO_EVAL_CONFIG": str(evaluation.config),
        "CAJAJEJO_RUN_SPECS": str(evaluation.run_specs),
        "CAJAJEJO_SCRATCH": str(evaluation.scratch),
        **environ,
    }


def start(evaluation: Evaluation, **environ: str) -> subprocess.Popen[str]:
    """The program in a process of its own, as the manifest starts it."""
    command = [sys.executable, str(PROGRAM), "--trace", "evaluate"]
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
    return subprocess.Popen(
        command, env=pod(evaluation, **environ), cwd=evaluation.directory, encoding="utf-8", **streams
    )


def entries(out: str) -> list[dict[str, Any]]:
    """Every line of stdout, each of which is an entry with the three labels that a job always has."""
    found = [json.loads(line) for line in out.split("\n")[:-1]]
    for entry in found:
        assert entry.keys() >= {"severity", "message", "time", LABELS}
        known = {"job_name", "image_build_cajajejo_version", "config_git_sha"}
        assert {key: entry[LABELS][key] for key in known} == {
            "job_name": JOB,
            "image_build_cajajejo_version": __version__,
            "config_git_sha": VERSION,
        }
    return found


@pytest.fixture
def here(evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch) -> Here:
    """The program in this process, which has imported MLflow already: exit code, stdout and stderr."""

    def run(*more: str, **environ: str) -> tuple[int, str, str]:
        for key, value in pod(evaluation, **environ).items():
            monkeypatch.setenv(key, value)
        monkeypatch.chdir(evaluation.directory)
        specification = importlib.util.spec_from_file_location("evaluation_program", PROGRAM)
        assert specification is not None
        assert specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        with (
            tempfile.TemporaryFile("w+", encoding="utf-8") as out,
            tempfile.TemporaryFile("w+", encoding="utf-8") as err,
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            code = int(module.main(["--trace", "evaluate", *more]))
            for file in (out, err):
                file.seek(0)
            return code, out.read(), err.read()

    return run


def end(process: subprocess.Popen[str]) -> tuple[int, list[dict[str, Any]]]:
    out, err = process.communicate(timeout=300)
    assert err == ""
    return process.returncode, entries(out)


def messages(found: list[dict[str, Any]]) -> list[str]:
    return [str(entry["message"]) for entry in found]


# --- a whole evaluation -------------------------------------------------------------------------------------------


def test_the_log_of_an_evaluation_is_lines_of_json_with_its_run_and_its_progress(evaluation: Evaluation) -> None:
    code, found = end(start(evaluation))
    assert code == 0
    first = next(place for place, entry in enumerate(found) if "mlflow_run_id" in entry[LABELS])
    assert all(message.startswith("check ") for message in messages(found)[:first])
    (experiment,) = {entry[LABELS].get("mlflow_experiment_name") for entry in found[first:]}
    assert experiment == "tests"
    run_id = json.loads((evaluation.scratch / "evaluation" / "state.json").read_text())["mlflow_run_id"]
    more = {"mlflow_run_id", "mlflow_experiment_id", "mlflow_artifact_uri", "mlflow_run_name", "mlflow_user"}
    for entry in found[first:]:
        assert entry[LABELS].keys() >= more
        assert entry[LABELS]["mlflow_run_id"] == run_id
    reports = [entry for entry in found if "progress" in entry]
    assert [report["progress"] for report in reports if "complete" in report["message"]] == [
        {"done": 20, "total": 20, "unit": "instance", "what": scenario} for scenario in ("geography", "biology")
    ]
    assert reports[-1]["message"] == "biology: 20 of 20 instances, complete; 2 of 2 scenarios over"
    assert "  biology    exact_match        0.550    0.114  20" in messages(found)
    assert (found[-1]["message"], found[-1]["severity"]) == ("exit code 0: evaluated and tracked", "INFO")


def test_a_failed_scenario_is_an_error_in_the_log_and_the_evaluation_is_partial(
    evaluation: Evaluation, here: Here
) -> None:
    evaluation.helm_will("fail geography")
    code, out, err = here()
    found = entries(out)
    assert (code, err) == (5, "")
    failed = "geography: failed: URLError: <urlopen error [Errno -2] Name or service not known>; "
    (told,) = [entry for entry in found if entry["message"].startswith(failed)]
    assert told["severity"] == "ERROR"
    assert told["scenarios"]["failed"] == 1
    said = f'{HELM_SAYS}helm.benchmark.runner.RunnerError: Failed runs: ["geography:model=huggingface_tiny"]'
    assert said in messages(found)
    meaning = "exit code 5: partial: some scenarios failed, the others are kept and tracked"
    assert (found[-1]["message"], found[-1]["severity"]) == (meaning, "ERROR")


HOSTILE = (
    b'{"severity": "INFO", "message": "a line of JSON"}\n'
    b"\x1b[31mred\x1b[0m and \x1b]0;title\x07\n"
    b"no UTF-8: \xff\xfe, NUL: \x00, half: \xe2\x82\n"
    b"\xe2\x80\xa8separator \xe2\x80\xae rtl \xc2\x85 next line\n"
    b" 10%\r 20%\r\n" + b"x" * 40_000 + b"\n\n"
    b"2026-11-22 01:22:53,087 ERROR    Failed\n"
    b"the last line has no end"
)


def test_whatever_helm_prints_is_in_the_log_line_by_line(here: Here, tmp_path: Path) -> None:
    (tmp_path / "said").write_bytes(HOSTILE)
    helm = tmp_path / "hostile-helm"
    helm.write_text(f"#!/bin/sh\ncat {tmp_path / 'said'}\nexit 3\n")
    helm.chmod(0o755)
    code, out, err = here(CAJAJEJO_HELM_RUN=str(helm))
    found = entries(out)
    assert (code, err) == (1, "")
    said = [entry for entry in found if entry["message"].startswith(HELM_SAYS)]
    assert [entry["message"].removeprefix(HELM_SAYS) for entry in said if "xxx" not in entry["message"]] == [
        '{"severity": "INFO", "message": "a line of JSON"}',
        "red and \x1b]0;title\x07",
        "no UTF-8: \ufffd\ufffd, NUL: \0, half: \ufffd",
        "\u2028separator \u202e rtl \x85 next line",
        " 10%",
        " 20%",
        "2026-11-22 01:22:53,087 ERROR    Failed",
        "the last line has no end",
    ]
    long = "".join(entry["message"].removeprefix(HELM_SAYS) for entry in said if "xxx" in entry["message"])
    assert (len(long), set(long)) == (40_000, {"x"})
    assert [entry["severity"] for entry in said[-2:]] == ["ERROR", "INFO"]
    (error,) = [entry for entry in found if "stack_trace" in entry]
    assert error["message"].startswith("Error: HELM failed before any scenario was complete (exit code 3)\n  says")
    assert found[-1]["message"] == "exit code 1: something outside failed; the job may be tried again"


def test_sigterm_ends_helm_and_the_last_line_says_so(evaluation: Evaluation) -> None:
    evaluation.helm_will("hang biology")
    process = start(evaluation)
    evaluation.wait_until_helm_hangs()
    process.send_signal(signal.SIGTERM)
    code, found = end(process)
    assert code == 143
    assert found[-1]["message"] == "exit code 143: stopped by SIGTERM; what is finished is kept"
    assert f"Stopped. What is finished is kept in {evaluation.scratch}." in found[-2]["message"]
    assert builders.is_gone(evaluation.calls("pid")[0])


def test_being_told_to_end_again_and_again_takes_the_last_word_from_nobody(evaluation: Evaluation) -> None:
    evaluation.helm_will("hang biology")
    process = start(evaluation)
    evaluation.wait_until_helm_hangs()
    while process.poll() is None:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.001)
    code, found = end(process)
    assert code in {143, -signal.SIGTERM}  # both are 143 to Kubernetes
    assert found[-1]["message"] == "exit code 143: stopped by SIGTERM; what is finished is kept"
    assert builders.is_gone(evaluation.calls("pid")[0])


def test_a_reader_that_goes_away_does_not_end_the_evaluation(evaluation: Evaluation) -> None:
    with start(evaluation) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert (process.wait(120), process.stderr.read()) == (0, "")
    assert evaluation.ran() == ["geography", "biology"]


def test_with_local_nothing_is_json_and_helms_lines_stay_in_its_log(evaluation: Evaluation, here: Here) -> None:
    evaluation.helm_will("fail geography")
    code, out, err = here("--local")
    assert code == 5
    assert out.splitlines()[1] == "  scenario  metric             value  std err   n"
    assert err.splitlines()[-1] == "exit code 5: partial: some scenarios failed, the others are kept and tracked"
    assert ("RunnerError" in err, LABELS in out + err) == (False, False)
    assert "RunnerError" in (evaluation.scratch / "evaluation" / "harness.log").read_text()


# --- the Job ------------------------------------------------------------------------------------------------------


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    with talking(tmp_path, tls=True) as found:
        document = job(JOB)
        document["metadata"]["namespace"] = "default"
        found.connect().create(document)
        found.fake.requests.clear()
        yield found


def on_cluster(talk: Talk, directory: Path, *rules: Rule) -> dict[str, str]:
    """The environment of a pod on the fake cluster whose service account has these rules."""
    talk.fake.user("of-the-pod", service_account("default", "kubernetes", *rules))
    assert talk.fake.certificate is not None
    access = directory / "access"
    access.mkdir()
    (access / "token").write_text("of-the-pod")
    (access / "ca.crt").write_text(talk.fake.certificate.authority)
    return {
        "CAJAJEJO_API_ACCESS": str(access),
        "KUBERNETES_SERVICE_HOST": "127.0.0.1",
        "KUBERNETES_SERVICE_PORT": str(talk.fake.port),
        "JOB_NAMESPACE": "default",
    }


def annotation(talk: Talk) -> Any:
    live = talk.fake.get("Job", JOB)
    assert live is not None
    text = live["metadata"].get("annotations", {}).get("cajajejo/progress")
    return None if text is None else json.loads(text)


def test_progress_stands_on_the_job_as_it_stands_in_the_log(evaluation: Evaluation, talk: Talk, tmp_path: Path) -> None:
    patch = Rule(("patch",), ("batch",), ("jobs",), (JOB,), "default")
    evaluation.helm_will("hang geography")
    process = start(evaluation, **on_cluster(talk, tmp_path, patch))
    evaluation.wait_until_helm_hangs()
    with talk.fake.api.store.changed:
        assert talk.fake.api.store.changed.wait_for(lambda: annotation(talk) is not None, 60)
    process.terminate()
    _, found = end(process)
    written = annotation(talk)
    assert written["what"] == "geography"
    assert written in [entry["progress"] for entry in found if "progress" in entry]
    assert [request.method for request in talk.fake.requests] == ["PATCH"]


@pytest.mark.parametrize("silent", [False, True], ids=["refuses", "never answers"])
def test_a_cluster_that_refuses_or_never_answers_delays_nothing(
    *, silent: bool, here: Here, talk: Talk, tmp_path: Path
) -> None:
    environ = on_cluster(talk, tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        if silent:
            environ["KUBERNETES_SERVICE_PORT"] = str(nobody.getsockname()[1])
        code, out, _ = here(**environ)
    assert (code, annotation(talk)) == (0, None)
    told = [entry["message"] for entry in entries(out) if "on the Job" in entry["message"]]
    assert len(told) <= (0 if silent else 1)
    assert all(f'the cluster answers 403: jobs.batch "{JOB}" is forbidden' in message for message in told)


# --- the streams --------------------------------------------------------------------------------------------------


@contextmanager
def captured(**environ: str) -> Iterator[tuple[pod_output.PodLog, list[dict[str, Any]]]]:
    """The log of a pod in this process, and its entries once it is closed."""
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryFile("w+", encoding="utf-8") as file:
        before = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = file
        try:
            with pod_output.opened({"JOB_NAME": JOB, "CONFIG_VERSION": VERSION, **environ}) as log:
                yield log, found
            assert (sys.stdout, sys.stderr) == (file, file)
        finally:
            sys.stdout, sys.stderr = before
        file.seek(0)
        found += entries(file.read())


def test_what_anything_prints_becomes_entries_and_nothing_is_lost() -> None:
    with captured() as (log, found):
        print("one\ntwo")  # noqa: T201
        print("Warning: three", file=sys.stderr)  # noqa: T201
        sys.stdout.write("fo")
        sys.stdout.write("ur\nfive, without an end")
        log("ERROR", "six\nand six", more=[1])
        log.label(mlflow_run_id="r")
        assert (sys.stdout.isatty(), sys.stdout.writable(), sys.stdout.encoding) == (False, True, "utf-8")
        assert os.fstat(sys.stdout.fileno()).st_size > 0
    assert [(entry["severity"], entry["message"]) for entry in found] == [
        ("INFO", "one"),
        ("INFO", "two"),
        ("WARNING", "Warning: three"),
        ("INFO", "four"),
        ("ERROR", "six\nand six"),
        ("INFO", "five, without an end"),
    ]
    assert found[4]["more"] == [1]
    assert [entry[LABELS].get("mlflow_run_id") for entry in found[-2:]] == [None, "r"]


def test_the_log_of_our_modules_keeps_its_levels() -> None:
    logger = logging.getLogger("cajajejo.harness.helm")
    with captured() as (_, found):
        screen.configure(trace=True)
        logger.debug("asked %s", "HELM")
        try:
            int("a\nb")
        except ValueError:
            logger.exception("odd")
        screen.configure(trace=False)
        logger.debug("not told")
    assert found[0]["severity"] == "DEBUG"
    assert found[0]["message"] == "cajajejo.harness.helm - DEBUG - asked HELM"
    assert found[1]["severity"] == "ERROR"
    assert found[1]["message"].startswith("cajajejo.harness.helm - ERROR - odd\nTraceback (most recent call last):")
    assert len(found) == 2


def test_secret_values_stand_in_no_entry() -> None:
    with captured(OPENAI_API_KEY="t0ken-of-mlflow") as (log, found):
        sys.stdout.write("logged in with t0ken-of-mlflow\n")
        log("INFO", "asked", fields={"header": ["Bearer t0ken-of-mlflow"]})
    assert [entry["message"] for entry in found] == ["logged in with (hidden)", "asked"]
    assert found[1]["fields"] == {"header": ["Bearer (hidden)"]}


def test_every_entry_goes_to_cloud_logging_too_where_a_variable_asks_for_it() -> None:
    with cloud_logging.serving() as cloud:
        asked = {"CAJAJEJO_CLOUD_LOGGING": cloud_logging.PROJECT, "CLOUD_LOGGING_EMULATOR_HOST": cloud.host}
        with captured(**asked) as (log, found):
            sys.stdout.write("one\n")
            log("ERROR", "two\nlines", exit_code=1)
        sent = [json_format.MessageToDict(entry) for entry in cloud._entries]
    assert [(entry["severity"], entry["message"]) for entry in found] == [("INFO", "one"), ("ERROR", "two\nlines")]
    assert [(entry["severity"], entry["jsonPayload"]) for entry in sent] == [
        ("INFO", {"message": "one"}),
        ("ERROR", {"message": "two\nlines", "exit_code": 1.0}),
    ]
    assert [entry["labels"] for entry in sent] == [entry[LABELS] for entry in found]


def test_what_we_say_has_the_severity_that_it_has() -> None:
    with captured() as (_, found):
        screen.configure(quiet=False, as_json=False)
        screen.say("a", "", "b")
        screen.warn("c")
        screen.result("", "d")
        screen.error(["Error: e", "  fact  f"])
        screen.error(["Error: g"], "Traceback …")
    assert [(entry["severity"], entry["message"], entry.get("stack_trace")) for entry in found] == [
        ("INFO", "a", None),
        ("INFO", "b", None),
        ("WARNING", "Warning: c", None),
        ("INFO", "d", None),
        ("ERROR", "Error: e\n  fact  f", None),
        ("ERROR", "Error: g", "Traceback …"),
    ]


def test_threads_that_print_at_the_same_time_write_whole_lines() -> None:
    with captured() as (log, found):

        def speak(number: int) -> None:
            for count in range(50):
                log("INFO", f"{number}/{count} " + "x" * 5000)

        threads = [threading.Thread(target=speak, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    told = sorted(entry["message"].partition(" ")[0] for entry in found)
    assert told == sorted(f"{number}/{count}" for number in range(8) for count in range(50))


def test_a_message_that_is_too_long_becomes_several_entries() -> None:
    with captured() as (log, found):
        log("INFO", "x" * 40_000, exit_code=1)
        sys.stdout.write("y" * 16_001)
        sys.stdout.write("z\n")
    assert [len(entry["message"]) for entry in found] == [16_000, 16_000, 8_000, 16_000, 1, 1]
    assert [entry.get("exit_code") for entry in found] == [1, 1, 1, None, None, None]


@given(st.lists(st.text(st.characters(codec=None, exclude_categories=())), max_size=5))
def test_any_text_in_any_pieces_is_entries(parts: list[str]) -> None:
    with captured() as (_, found):
        for part in parts:
            sys.stdout.write(part)
    text = "".join(parts).encode("utf-8", "backslashreplace").decode()
    said = [pod_log.uncoloured(line) for line in re.split("\r\n|\r|\n", text)]
    assert "".join(messages(found)).replace("\r", "") == "".join(line for line in said if line.strip())


def test_what_is_said_after_the_end_is_not_heard_and_fails_nobody() -> None:
    with captured() as (log, found):
        late = sys.stdout
        handler = logging.StreamHandler(sys.stderr)
        log("INFO", "the last word")
    print("late", file=late)
    handler.handle(logging.makeLogRecord({"msg": "later"}))
    log("ERROR", "latest")
    assert messages(found) == ["the last word"]


def test_what_is_printed_at_exit_follows_no_last_line(evaluation: Evaluation) -> None:
    (evaluation.directory / "sitecustomize.py").write_text("import atexit; atexit.register(print, 'at exit')")
    path = f"{evaluation.directory}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    process = start(evaluation, PYTHONPATH=path, CAJAJEJO_EVAL_CONFIG="/missing.yml")
    out, err = process.communicate(timeout=300)
    assert (entries(out)[-1]["exit_code"], err) == (2, "")


def test_a_descriptor_that_is_gone_ends_nothing() -> None:
    with tempfile.TemporaryFile() as file:
        log = pod_output.PodLog(file.fileno(), {}, lambda: datetime.now(UTC))
    log("INFO", "nobody hears this")
    log.close()
