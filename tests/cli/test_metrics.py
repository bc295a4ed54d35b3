from __future__ import annotations

import json
import math
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from cajajejo.cli import app, run
from cajajejo.metrics.history import History
from tests.fakes import postgresql
from tests.metrics.builders import write_simple

FIXED: dict[str, Any] = {
    "metric_collection_config": {"default_aggregation_strategies": ["final"]},
    "regression_test_config": {
        "metric_success_conditions": {"acc_final": {"comparison": "greater", "success_threshold": {"fixed_value": 0.4}}}
    },
}
ORIGIN = ("test_type", "accelerator", "framework_version", "logs_link", "logs_command", "workload_link")
SPIKE: dict[str, Any] = {
    "regression_test_config": {
        "metric_success_conditions": {
            "default": {
                "comparison": "less",
                "success_threshold": {"stddevs_from_mean": 4.0},
                "wait_for_n_points_of_history": 3,
            }
        }
    }
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Shell:
    """Runs the program in this process, and keeps what it printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.err = ""

    def __call__(self, *arguments: str) -> tuple[int, str]:
        code = run(app, ["metrics", *arguments], prog_name="cajajejo")
        captured = self.capsys.readouterr()
        self.err = captured.err
        return code, captured.out

    def json(self, *arguments: str) -> tuple[int, Any]:
        code, out = self(*arguments, "--json")
        return code, json.loads(out)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def config(document: dict[str, Any]) -> str:
    Path("m.json").write_text(json.dumps(document))
    return "m.json"


def logs(name: str = "logs", **values: float) -> str:
    write_simple(Path(name), {tag: [value] for tag, value in values.items()})
    return name


@pytest.mark.parametrize(
    ("value", "verdict", "code"), [(0.5, "pass", 0), (0.25, "regression", 4), (math.nan, "inconclusive", 5)]
)
def test_the_exit_code_is_that_of_the_verdict(shell: Shell, value: float, verdict: str, code: int) -> None:
    found, document = shell.json("check", logs(acc=value), "--test", "t", "--config", config(FIXED), "--run-id", "r1")
    assert (found, document["verdict"], document["test"], document["run_id"]) == (code, verdict, "t", "r1")


def test_json_is_the_contract(shell: Shell) -> None:
    code, document = shell.json("check", logs(acc=0.25), "--test", "t", "--config", config(FIXED), "--run-id", "r1")
    assert (code, shell.err) == (4, "")
    assert document == {
        "test": "t",
        "run_id": "r1",
        "verdict": "regression",
        "metrics": [
            {
                "name": "acc_final", "value": 0.25, "lower_bound": 0.4, "upper_bound": None, "inclusive": False,
                "verdict": "regression", "reason": "0.150 below", "notes": [], "last_good": None, "since": None,
                "episode": None, "muted": None,
            }
        ],
        "alerts": [
            {
                "kind": "regression", "metric": "acc_final",
                "message": "acc_final is 0.250; it must be greater than 0.40 (fixed value)",
            }
        ],
        "job_status": "success",
        "runs_before": 0,
        "warnings": [],
        "runs_after": 0,
        "commit": None,
        "origin": dict.fromkeys(ORIGIN),
        "told": [],
    }  # fmt: skip


def test_text_ends_with_the_verdict_and_names_a_command_that_exists(shell: Shell) -> None:
    code, out = shell("check", logs(acc=0.25), "--test", "t", "--config", config(FIXED))
    assert (code, out.splitlines()[-1]) == (4, "REGRESSION  t: 1 of 1 metric out of bounds")
    assert shell.err == "Next: cajajejo metrics history t acc_final\n"
    code, out = shell(*shell.err.split()[3:])
    assert (code, "regression" in out) == (0, True)


def test_a_name_with_line_breaks_says_nothing_of_its_own(shell: Shell) -> None:
    name, wanted = "a\nPASS  t: 1 of 1 metric within bounds\n", json.loads(json.dumps(FIXED))
    conditions = wanted["regression_test_config"]["metric_success_conditions"]
    conditions[f"{name}_final"] = conditions.pop("acc_final")
    write_simple(Path("odd"), {name: [0.25]})
    _, out = shell("check", "odd", "--test", "t", "--config", config(wanted), "--run-id", "r")
    _, history = shell("history", "t")
    _, missing = shell("history", "t", "b\nPASS")
    assert not [line for line in (out + history + missing).splitlines() if line.startswith("PASS")]
    code, out = shell("check", "odd", "--test", "t", "--config", config(wanted), "--run-id", "r")
    words = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {shell.err.removeprefix('Next: cajajejo metrics ').strip()}"],
        capture_output=True, check=True, text=True,
    ).stdout.split("\0")[:-1]  # fmt: skip
    assert words == ["history", "t", f"{name}_final"]
    code, out = shell(*words)
    assert (code, "x regression" in out or "✗ regression" in out) == (0, True)


@pytest.mark.parametrize("status", ["failure", "timeout", "missed"])
def test_a_job_that_failed_is_exit_code_1(shell: Shell, status: str) -> None:
    arguments = ("check", logs(acc=0.1), "--test", "t", "--config", config(FIXED), "--job-status", status)
    code, document = shell.json(*arguments)
    assert (code, document["verdict"], [metric["verdict"] for metric in document["metrics"]]) == (1, "failed", [None])
    assert [(alert["kind"], alert["metric"]) for alert in document["alerts"]] == [("failed", None)]


def test_a_recording_only_configuration_passes_with_null_verdicts(shell: Shell) -> None:
    code, document = shell.json("check", logs(acc=0.1), "--test", "t", "--config", config({"test_name": "t"}))
    assert (code, document["verdict"], [metric["verdict"] for metric in document["metrics"]]) == (0, "pass", [None])


def test_history_builds_up_in_the_default_place_and_decides(shell: Shell) -> None:
    wanted = config(SPIKE)
    codes = [
        shell("check", logs(f"l{number}", loss=value), "--test", "t", "--config", wanted, "--run-id", f"r{number}")[0]
        for number, value in enumerate((1.0, 1.125, 1.0625, 1.125, 4.0))
    ]
    assert (codes, Path(".cajajejo/history.db").exists()) == ([5, 5, 5, 0, 4], True)
    assert Path(".cajajejo/.gitignore").read_text() == "*\n"
    code, document = shell.json("history", "t", "loss_final", "--limit", "2")
    assert code == 0
    assert [(point["run_id"], point["value"], point["verdict"]) for point in document["points"]] == [
        ("r4", 4.0, "regression"),
        ("r3", 1.125, "pass"),
    ]


def test_strict_lets_a_waiting_metric_decide(shell: Shell) -> None:
    both = json.loads(json.dumps(SPIKE))
    both["regression_test_config"]["metric_success_conditions"].update(
        FIXED["regression_test_config"]["metric_success_conditions"]
    )
    arguments = ("check", logs(acc=0.5, loss=1.0), "--test", "t", "--config", config(both))
    assert shell(*arguments)[0] == 0
    assert shell(*arguments, "--strict")[0] == 5


def test_no_store_leaves_nothing_behind(shell: Shell, here: Path) -> None:
    arguments = ("check", logs(acc=0.5), "--test", "t", "--config", config(FIXED), "--no-store")
    assert shell(*arguments)[0] == 0
    assert not (here / ".cajajejo").exists()


def test_what_is_not_stored_is_not_offered_to_be_accepted(shell: Shell) -> None:
    for number in range(4):
        shell("check", logs(loss=1.0), "--test", "t", "--config", config(SPIKE), "--run-id", f"r{number}")
    arguments = ("check", logs(loss=4.0), "--test", "t", "--config", config(SPIKE), "--run-id", "bad")
    assert (shell(*arguments, "--no-store")[0], "metrics accept" in shell.err) == (4, False)
    assert (shell(*arguments)[0], "metrics accept" in shell.err) == (4, True)


def test_start_and_stop_give_the_wall_time(shell: Shell) -> None:
    arguments = ("check", logs(acc=0.5), "--test", "t", "--config", config(FIXED))
    _, document = shell.json(*arguments, "--start-time", "2026-11-21T14:02:11Z", "--stop-time", "1795269791")
    assert [(metric["name"], metric["value"]) for metric in document["metrics"]] == [
        ("acc_final", 0.5),
        ("total_wall_time", 60.0),
    ]


def test_damage_is_a_warning_in_the_document_and_on_stderr(shell: Shell) -> None:
    logs(acc=0.5)
    path = next(Path("logs").iterdir())
    path.write_bytes(path.read_bytes() + b"torn")
    _, document = shell.json("check", "logs", "--test", "t", "--config", config(FIXED))
    warning = f"{path}: 1 damaged record left out (4 bytes); 2 good ones read"
    told = json.dumps({"warning": warning}) + "\n"
    assert (document["verdict"], document["warnings"], shell.err) == ("pass", [warning], told)


def test_collect_prints_the_metrics_by_name(shell: Shell) -> None:
    wanted = config({"metric_collection_config": {"default_aggregation_strategies": ["max", "min"]}})
    assert shell.json("collect", logs(acc=0.5, loss=math.nan)) == (0, {"acc_final": 0.5, "loss_final": None})
    assert shell("collect", "logs", "--config", wanted) == (
        0,
        "  metric    value\n  acc_max   0.500\n  acc_min   0.500\n  loss_max    NaN\n  loss_min    NaN\n",
    )


def test_json_is_written_whatever_the_locale_can_show(here: Path) -> None:
    program = [sys.executable, "-c", "from cajajejo.cli import main; main()", "metrics", "collect", "--json"]
    environ = {"PYTHONIOENCODING": "ascii", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([*program, logs(präzision=0.5)], capture_output=True, check=False, env=environ, cwd=here)
    assert (json.loads(done.stdout), done.returncode) == ({"präzision_final": 0.5}, 0)


def test_collecting_nothing_is_an_empty_document_and_a_warning(shell: Shell) -> None:
    Path("empty").mkdir()
    assert shell.json("collect", "empty") == (0, {})
    assert shell.err == '{"warning": "no scalars in event files under empty"}\n'
    assert shell("collect", "empty") == (0, "")
    assert shell.err == "Warning: no scalars in event files under empty\n"


def test_a_command_that_is_named_finds_the_history_that_was_used(shell: Shell, here: Path) -> None:
    elsewhere = f"sqlite:///{here}/other place.db"
    shell("check", logs(acc=0.25), "--test", "t", "--config", config(FIXED), "--history", elsewhere)
    assert shell.err == f"Next: cajajejo metrics history t acc_final --history '{elsewhere}'\n"
    code, out = shell(*shlex.split(shell.err)[3:])
    assert (code, "regression" in out) == (0, True)


LEVEL: dict[str, Any] = {
    "regression_test_config": {
        "metric_success_conditions": {
            "default": {"comparison": "less", "success_threshold": {"level_shift": {}}},
        }
    }
}


def shifted(shell: Shell, *options: str) -> list[int]:
    """The exit codes of twelve runs about 1, and of four about 2, an hour apart, each at a commit of its own."""
    values = [1 + number % 3 / 128 for number in range(12)] + [2.0] * 4
    return [
        shell(
            "check", logs(f"l{number}", loss=value), "--test", "t", "--config", config(LEVEL), "--run-id", f"r{number}",
            "--start-time", str(1795269600 + 3600 * number), "--config-version", f"{number:07x}", *options,
        )[0]
        for number, value in enumerate(values)
    ]  # fmt: skip


def test_a_shift_is_told_with_its_commits_and_can_be_accepted_as_it_says(shell: Shell) -> None:
    assert shifted(shell)[9:] == [5, 0, 0, 0, 0, 4, 4]
    again = ("check", "l14", "--test", "t", "--config", "m.json", "--run-id", "r14")
    code, out = shell(*again, "--config-version", f"{14:07x}")
    assert (code, out.splitlines()[2:]) == (
        4,
        [
            "  verdict       metric      value  allowed  last runs   reason",
            "  ✗ regression  loss_final  2.000  —        ▁▁▁▁▁▁▁███  level rose from 1.008 to 2.000, z 4.65",
            "",
            "loss_final is 2.000; its level rose from 1.008 to 2.000 (z 4.65), beginning between run r11 and run r12",
            "  last good   1.008, 4 h before, run r10, commit 000000a",
            "  since then  git log --oneline 000000a..000000c",
            "",
            "REGRESSION  t: 1 of 1 metric at a worse level",
        ],
    )
    words = shlex.split(shell.err.replace("\\\n", "").partition("new normal:")[2])
    assert words == [
        "cajajejo", "metrics", "accept", "t", "loss_final", "--from", "r12", "--config", "m.json", "--reason", "why",
    ]  # fmt: skip
    assert shell(*words[2:])[0] == 0
    code, document = shell.json(*again)
    assert (code, [metric["reason"] for metric in document["metrics"]]) == (
        5, ["2 of 10 runs since the level was accepted at run r12"],
    )  # fmt: skip


def test_a_muted_metric_says_so_and_does_not_alert(shell: Shell) -> None:
    shifted(shell)
    assert shell("mute", "t", "loss*", "--until", "2999-01-01", "--reason", "new data", "--config", "m.json")[0] == 0
    code, document = shell.json("check", "l14", "--test", "t", "--config", "m.json", "--run-id", "r14")
    muted = document["metrics"][0]["muted"]
    assert (code, document["alerts"], muted["until"], muted["reason"]) == (4, [], "2999-01-01", "new data")


def test_the_version_of_the_configuration_comes_from_the_environment(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFIG_VERSION", "10abfb1")
    shell("check", logs(acc=0.5), "--test", "t", "--config", config(FIXED), "--run-id", "r1")
    assert [run.commit for run in History.at("sqlite:///.cajajejo/history.db").runs("t")] == ["10abfb1"]


def test_no_history_is_named_where_none_was_written(shell: Shell) -> None:
    assert shell("check", logs(acc=0.25), "--test", "t", "--config", config(FIXED), "--no-store")[0] == 4
    assert shell.err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tt"], "tt: no points in this history: {url}\n  there are  t\n"),
        (["t", "acc"], "t: no points of acc in this history: {url}\n  there are  acc_final\n"),
    ],
)
def test_a_name_that_has_no_points_is_told_with_those_that_have(
    shell: Shell, here: Path, arguments: list[str], said: str
) -> None:
    url = f"sqlite:///{here}/h.db"
    shell("check", logs(acc=0.75), "--test", "t", "--config", config(FIXED), "--history", url)
    assert shell("history", *arguments, "--history", url) == (0, said.format(url=url))


def test_a_history_that_is_not_there_has_no_points(shell: Shell) -> None:
    assert shell("history", "t", "--history", "sqlite:///h.db") == (
        0,
        "t: no points in this history: sqlite:///h.db\n",
    )
    assert not Path("h.db").exists()


def test_a_test_without_history_has_no_points(shell: Shell, here: Path) -> None:
    assert shell.json("history", "t") == (0, {"test": "t", "points": []})
    assert not (here / ".cajajejo").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["check", "gone", "--test", "t", "--config", "m.json"], 1, "Error: no such directory: gone"),
        (["check", "logs", "--test", "t", "--config", "gone.yml"], 1, "gone.yml: no such file"),
        (
            ["check", "logs", "--test", "t", "--config", "m.json", "--start-time", "soon"],
            2,
            "Error: --start-time soon: not a time",
        ),
        (
            ["check", "logs", "--test", "t", "--config", "m.json", "--history", "mysql://h/d"],
            1,
            "Error: no URL of a metric history: mysql://h/d",
        ),
        (["collect", "gone"], 1, "Error: no such directory: gone"),
        (["history", "t", "--history", "nowhere"], 1, "Error: no URL of a metric history: nowhere"),
    ],
)
def test_what_is_wrong_is_said_on_stderr(shell: Shell, arguments: list[str], code: int, message: str) -> None:
    logs(acc=0.5)
    config(FIXED)
    assert shell(*arguments) == (code, "")
    assert shell.err.startswith(message)


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "logs", "--config", "m.json"],
        ["check", "logs", "--test", "t"],
        ["check", "logs", "--job-status", "lost"],
    ],
)
def test_an_incomplete_command_line_is_a_usage_error(shell: Shell, arguments: list[str]) -> None:
    assert shell(*arguments) == (2, "")


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from cajajejo.cli import app, run; run(app, ['metrics', 'check', '--help'], prog_name='cajajejo');"
        "print([name for name in ('numpy', 'tensorboard', 'google.protobuf', 'sqlite3') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "Example: cajajejo metrics check" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


_WITHOUT_NUMPY = """
import sys
sys.modules["numpy"] = None
from cajajejo.cli import app, run
sys.exit(run(app, sys.argv[1:], prog_name="cajajejo"))
"""


def test_without_the_extra_the_package_is_named_that_is_missing(shell: Shell) -> None:
    given, wanted = logs(acc=0.5), config(FIXED)
    shell("check", given, "--test", "t", "--config", wanted, "--run-id", "r")
    for words, code, says in (
        (("check", given, "--test", "t", "--config", wanted), 1, "Error: reading event files needs the package numpy"),
        (("collect", given), 1, "Error: reading event files needs the package numpy"),
        (("shifts", "t"), 1, "Error: looking for level shifts needs the package numpy"),
        (("history", "t"), 0, ""),
        (("accept", "t", "acc_final", "--from", "r", "--reason", "why", "--config", wanted), 0, "wrote"),
    ):
        command = [sys.executable, "-c", _WITHOUT_NUMPY, "metrics", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr[: len(says)]) == (code, says)


def judged(*more: str, value: float = 0.25) -> list[str]:
    """The words of a check of a run, which is worse than it may be unless `value` says otherwise."""
    return ["check", logs(acc=value), "--test", "t", "--config", config(FIXED), "--run-id", "r1", *more]


@pytest.mark.parametrize(
    ("options", "begins"),
    [
        (["--format", "markdown"], "## ✗ REGRESSION: `t`, run `r1`\n\n**REGRESSION** 1 of 1 metric out of bounds\n"),
        (["--format", "junit"], '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="metrics check" tests="1"'),
        (["--format", "json"], '{"test": "t", "run_id": "r1", "verdict": "regression"'),
        (["--format", "text"], "t, run r1   0 runs before it\n"),
        (["-o", "-"], "t, run r1   0 runs before it\n"),
    ],
    ids=["markdown", "junit", "json", "text", "stdout"],
)
def test_the_result_is_printed_in_the_form_that_is_asked_for(shell: Shell, options: list[str], begins: str) -> None:
    code, out = shell(*judged(*options))
    assert (code, out[: len(begins)]) == (4, begins)
    assert (shell.err == "Next: cajajejo metrics history t acc_final\n") is ("-" in options or "text" in options)


def test_each_file_has_the_form_of_its_suffix_and_the_verdict_is_said(shell: Shell) -> None:
    names = ("out.md", "out.xml", "out.json", "out.txt")
    code, out = shell(*judged(*(word for name in names for word in ("-o", name))))
    forms = ("markdown", "junit", "json", "text")
    told = [f"wrote {name} ({form})" for name, form in zip(names, forms, strict=True)]
    assert (code, out) == (4, "")
    assert shell.err.splitlines() == [*told, "REGRESSION  t: 1 of 1 metric out of bounds"]
    assert [Path(name).read_text("utf-8")[:9] for name in names] == [
        "## ✗ REGR",
        "<?xml ver",
        '{\n  "test',
        "t, run r1",
    ]
    assert shell.json(*judged())[1] == json.loads(Path("out.json").read_text("utf-8"))


def test_one_of_several_may_be_the_screen(shell: Shell) -> None:
    code, out = shell(*judged("-o", "out.md", "-o", "-"))
    assert (code, out.splitlines()[-1]) == (4, "REGRESSION  t: 1 of 1 metric out of bounds")
    assert shell.err == "wrote out.md (markdown)\nNext: cajajejo metrics history t acc_final\n"


def test_a_format_counts_more_than_the_suffix(shell: Shell) -> None:
    shell(*judged("-o", "out.log", "--format", "junit"))
    assert Path("out.log").read_text("utf-8").startswith("<?xml")


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--json", "--format", "junit"], 2, "--json and --format junit ask for two forms"),
        (
            ["--format", "junit", "-o", "a.md", "-o", "b.md"],
            2,
            "--format junit with several -o: each file has the form",
        ),
        (["--json", "-o", "a.md", "-o", "-"], 2, "--json with several -o: each file has the form"),
        (["-o", "a.md", "-o", "a.md"], 2, "-o names a file twice"),
        (["-o", "json"], 2, "-o json: takes the path of a file, not a format"),
        (["-o", "m.json"], 2, "-o m.json: is read by this command"),
        (["-o", "./logs/../m.json"], 2, "-o logs/../m.json: is read by this command"),
        (["-o", "m.baselines.yml"], 2, "-o m.baselines.yml: is read by this command"),
        (["-o", ".cajajejo/history.db"], 1, "-o .cajajejo/history.db: there is no directory .cajajejo"),
        (["-o", "h.db", "--history", "sqlite:///h.db"], 2, "-o h.db: is read by this command"),
        (["-o", "gone/out.md"], 1, "-o gone/out.md: there is no directory gone"),
        (["-o", "logs"], 1, "-o logs: is a directory"),
        (["--alert", "--no-store"], 2, "--alert needs the history"),
        (["--logs-link", "javascript:alert(1)"], 2, "--logs-link javascript:alert(1): not the address of a page"),
        (["--workload-link", "gs://b/x"], 2, "--workload-link gs://b/x: not the address of a page"),
        (["--accelerator", "a\nb"], 2, "--accelerator 'a\\\\nb': not a text for one line"),
        (["--test-type", " "], 2, "--test-type ' ': not a text for one line"),
    ],
)
def test_what_makes_no_sense_is_said_before_anything_is_judged(
    shell: Shell, here: Path, options: list[str], code: int, said: str
) -> None:
    words = judged(*options)
    before = sorted(here.rglob("*"))
    found, out = shell(*words)
    message = json.loads(shell.err)["error"]["message"] if "--json" in options else shell.err.removeprefix("Error: ")
    assert (found, out, message[: len(said)]) == (code, "", said)
    assert sorted(here.rglob("*")) == before


def test_a_file_that_cannot_be_written_leaves_the_one_that_was_there(here: Path) -> None:
    Path("kept").mkdir()
    Path("kept/out.md").write_text("before")
    full = 'ulimit -f 1; exec "$@"'
    words = [sys.executable, "-c", "from cajajejo.cli import main; main()", "metrics", *judged("--no-store")]
    many = {f"m{number}": 0.25 for number in range(200)}
    write_simple(Path("logs"), {tag: [value] for tag, value in many.items()})
    done = subprocess.run(
        ["bash", "-c", full, "bash", *words, "-o", "kept/out.md"], capture_output=True, text=True, check=False, cwd=here
    )
    assert (done.returncode, done.stderr.splitlines()[-1]) == (
        1,
        "Error: -o kept/out.md: cannot be written: File too large",
    )
    assert (Path("kept/out.md").read_text(), [path.name for path in Path("kept").iterdir()]) == ("before", ["out.md"])


def test_what_is_known_of_the_job_is_kept_with_the_run(shell: Shell) -> None:
    _, document = shell.json(
        *judged(
            "--test-type", "func", "--accelerator", "v100", "--framework-version", "2.9",
            "--logs-link", "https://ci.example.org/1", "--logs-command", "kubectl logs job/t",
            "--workload-link", "https://console.example.org/t", "--config-version", "77e02c53aa",
        )
    )  # fmt: skip
    known = {
        "test_type": "func", "accelerator": "v100", "framework_version": "2.9",
        "logs_link": "https://ci.example.org/1", "logs_command": "kubectl logs job/t",
        "workload_link": "https://console.example.org/t",
    }  # fmt: skip
    assert (document["origin"], document["commit"]) == (known, "77e02c53aa")
    _, again = shell.json(*judged())
    assert (again["origin"], again["commit"]) == (known, "77e02c53aa")


def test_later_runs_are_counted_and_do_not_count(shell: Shell) -> None:
    for number in (1, 2, 3):
        arguments = ("check", logs(acc=0.5), "--test", "t", "--config", config(FIXED), "--run-id", f"r{number}")
        shell(*arguments, "--start-time", str(1795269700 + number))
    code, document = shell.json(*judged("--start-time", "1795269701"))
    assert (code, document["runs_before"], document["runs_after"]) == (4, 0, 2)


def test_the_summary_of_a_step_on_github_is_appended_to(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    Path("summary.md").write_text("before\n")
    shell(*judged("--json"))
    written = Path("summary.md").read_text("utf-8")
    monkeypatch.delenv("GITHUB_STEP_SUMMARY")
    _, told = shell(*judged("--format", "markdown"))
    assert written == f"before\n\n{told}"


def test_an_alert_is_told_once_and_that_it_is_over_is_told_once(shell: Shell) -> None:
    opened = "Alert: t: acc_final is 0.250; it must be greater than 0.40 (fixed value)\n"
    assert (shell(*judged("--alert"))[0], opened in shell.err) == (4, True)
    assert (shell(*judged("--alert"))[0], "Alert" in shell.err) == (4, False)
    well = ["check", logs("l2", acc=0.5), "--test", "t", "--config", "m.json", "--run-id", "r2", "--alert"]
    code, document = shell.json(*well)
    (told,) = document["told"]
    assert (code, told["event"], told["metric"]) == (0, "recovered", "acc_final")
    assert [json.loads(line) for line in shell.err.splitlines()] == [{"alert": f"Recovered: t: {told['message']}"}]
    assert (shell(*well)[0], "Recovered" in shell.err) == (0, False)


def test_a_sink_that_is_down_is_one_warning_and_the_verdict_stays(shell: Shell) -> None:
    Path("cajajejo.toml").write_text('[[alerts]]\nkind = "webhook"\nurl = "http://127.0.0.1:1/alerts"\n')
    code, out = shell(*judged("--alert"))
    (warning,) = [line for line in shell.err.splitlines() if line.startswith("Warning")]
    assert (code, out.splitlines()[-1]) == (4, "REGRESSION  t: 1 of 1 metric out of bounds")
    assert re.match(r"Warning: webhook .*: 1 alert not sent, kept, and tried again in 60 s at the earliest: ", warning)
    assert "Alert: t: acc_final is 0.250" in shell.err


def test_a_project_file_whose_secret_is_missing_is_an_error_before_anything_is_stored(shell: Shell, here: Path) -> None:
    Path("cajajejo.toml").write_text('[[alerts]]\nkind = "slack"\nurl_env = "NO_SUCH_VARIABLE"\n')
    assert shell(*judged("--alert")) == (1, "")
    assert ("NO_SUCH_VARIABLE" in shell.err, (here / ".cajajejo").exists()) == (True, False)
    assert shell(*judged())[0] == 4


def test_what_is_not_stored_is_told_once_all_the_same(shell: Shell) -> None:
    unstored = FIXED | {
        "metric_collection_config": {"default_aggregation_strategies": ["final"], "write_to_bigquery": False}
    }
    words = ["check", logs(acc=0.25), "--test", "t", "--config", config(unstored), "--run-id", "r1", "--alert"]
    assert (shell(*words)[0], "Alert: t: acc_final" in shell.err) == (4, True)
    assert (shell(*words)[0], "Alert: t: acc_final" in shell.err) == (4, False)
    assert shell.json("history", "t") == (0, {"test": "t", "points": []})


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_an_alert_is_told_although_the_result_cannot_be_written(shell: Shell) -> None:
    assert shell(*judged("--alert", "-o", "/dev/full"))[0] == 1
    told, said = shell.err.splitlines()
    assert told == "Alert: t: acc_final is 0.250; it must be greater than 0.40 (fixed value)"
    assert said == "Error: -o /dev/full: cannot be written: No space left on device"


def test_a_history_is_printed_as_rows_of_text_csv_and_json(shell: Shell) -> None:
    for number, value in enumerate((0.5, 0.25)):
        arguments = ["check", logs(f"l{number}", acc=value, loss=1.0), "--test", "t", "--config", config(FIXED)]
        shell(*arguments, "--run-id", f"r{number}", "--start-time", str(1795269731 + number))
    code, out = shell("history", "t", "acc_final", "--format", "csv")
    assert code == 0
    assert out == (
        "run_id,start_time,job_status,metric,value,lower_bound,upper_bound,inclusive,verdict\n"
        "r1,2026-11-21T14:02:12Z,success,acc_final,0.25,0.4,,false,regression\n"
        "r0,2026-11-21T14:02:11Z,success,acc_final,0.5,0.4,,false,pass\n"
    )
    assert shell("history", "t", "--format", "json") == shell("history", "t", "--json")
    code, out = shell("history", "t")
    assert (code, out.splitlines()[-3:]) == (0, ["", "  acc_final   █▁", "  loss_final  ▁▁"])
    assert shell("history", "gone", "--format", "csv")[1].count("\n") == 1
    assert shell("history", "t", "--format", "csv", "--json")[0] == 2


@pytest.mark.parametrize(
    ("since", "runs"), [("2026-11-21T14:02:12Z", ["r1"]), ("1795269731", ["r1", "r0"]), ("+1d", [])]
)
def test_a_history_begins_where_it_is_said_to(shell: Shell, since: str, runs: list[str]) -> None:
    for number in range(2):
        arguments = ["check", logs(f"l{number}", acc=0.5), "--test", "t", "--config", config(FIXED)]
        shell(*arguments, "--run-id", f"r{number}", "--start-time", str(1795269731 + number))
    _, document = shell.json("history", "t", "--since", since)
    assert [point["run_id"] for point in document["points"]] == runs
    assert shell("history", "t", "--since", "7")[0] == 2
    assert shell.err.startswith("Error: --since 7: 7 what? Write 7s, 7m or 7h (ago), or a date\n")


def test_no_command_prints_the_password_of_a_history(shell: Shell, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with postgresql.running() as server:
        url, summary = server.database(), here / "summary.md"
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
        monkeypatch.setenv("CAJAJEJO_HISTORY", url.replace("owner@", "owner:s3cret@"))
        said = []
        for command in (
            judged("-o", "check.md", "-o", "-"),
            ["history", "nowhere"],
            ["shifts", "nowhere"],
            ["accept", "t", "acc_final", "--from", "r1", "--config", "m.json", "--reason", "why"],
            ["mute", "t", "--until", "+1d", "--config", "m.json", "--reason", "why"],
        ):
            _, out = shell(*command)
            said.append(out + shell.err)
    assert [url in text for text in said] == [True] * 5
    assert "s3cret" not in "".join([*said, summary.read_text(), Path("check.md").read_text()])
