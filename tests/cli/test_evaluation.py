"""``parse-job`` and ``validate`` as programs: what stands on which stream, and the exit code."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from cajajejo import cli, evaluation
from cajajejo.evaluation import Rendering

ROOT = Path(__file__).parents[2]
MISSION = ROOT / "tests/data/mission"
CONFIG, RUN_SPECS = MISSION / "job_config.yml", MISSION / "run_specs.conf"
NAME = re.compile("eval-neurips-[a-z]+-[a-z]+-[0-9a-f]{8}")


def parse_job(*arguments: str | Path) -> int:
    return cli.run(cli.app, ["jobs", "evaluation", "parse-job", *map(str, arguments)], prog_name="cajajejo")


def test_the_spec_is_written_and_told_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    rendering = Rendering(settings=["image_tag=v1"])
    (job,) = evaluation.parse_job(CONFIG, RUN_SPECS, config_version="abc", rendering=rendering).jobs
    assert parse_job(CONFIG, RUN_SPECS, "job.yml", "--config-version", "abc", "--set", "image_tag=v1") == 0
    assert (tmp_path / "job.yml").read_text() == job.text
    printed = capsys.readouterr()
    assert printed.out == ""
    size = sum(len(text.encode()) for text in job.document("ConfigMap")["data"].values()) / 1024
    assert printed.err.splitlines() == [
        f"wrote job.yml (job {job.name})",
        "  Job           1 \N{MULTIPLICATION SIGN} nvidia-tesla-t4, 4 CPU, 16Gi, scratch 50Gi; profile gke-autopilot",
        f"  ConfigMap     eval_config.yml, run_specs.conf: {size:.1f} KiB, immutable",
        "  StorageClass  ssd",
        "Next: cajajejo jobs evaluation submit-job --job-spec-path job.yml",
    ]


def test_a_moving_tag_is_warned_about_even_when_quiet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_job(CONFIG, RUN_SPECS, tmp_path / "job.yml", "--quiet") == 0
    assert capsys.readouterr().err.splitlines() == [
        f"Warning: {CONFIG}:13: image_tag: image tag latest can change between now and the run",
        "    pin it: --set image_tag=TAG, best a tag that names the commit of the image; or image_digest: sha256:…",
    ]


def test_the_command_after_next_can_be_pasted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_job(CONFIG, RUN_SPECS, tmp_path / "my job.yml") == 0
    command = "cajajejo jobs evaluation submit-job --job-spec-path"
    assert capsys.readouterr().err.splitlines()[-1] == f"Next: {command} '{tmp_path}/my job.yml'"


EXPECTED = "parse-job CONFIG HELM_CONFIG OUTPUT"
EITHER = f"{EXPECTED}, or without run specs parse-job CONFIG OUTPUT"
LM_EVAL = ["--set", "helm=null", "--set", "lm_eval={tasks: [arc_easy]}", "--set", "image_tag=v1"]


def test_a_harness_without_run_specs_has_two_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_job(CONFIG, tmp_path / "job.yml", *LM_EVAL) == 0
    assert "  ConfigMap     eval_config.yml: " in capsys.readouterr().err
    assert validate(tmp_path / "job.yml") == 0
    assert validate(CONFIG, *LM_EVAL) == 0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([CONFIG], ["Error: OUTPUT is missing", f"  expected    {EITHER}"]),
        (
            [CONFIG, RUN_SPECS],
            [f"Error: OUTPUT is missing: {RUN_SPECS} looks like run specs", f"  expected    {EITHER}"],
        ),
        (
            [CONFIG, "job.yml"],
            [
                f"Error: HELM_CONFIG is missing: {CONFIG} has helm, which needs run specs",
                f"  expected    {EXPECTED}",
            ],
        ),
        (
            [CONFIG, RUN_SPECS, "job.yml", *LM_EVAL],
            [
                (
                    f"Error: HELM_CONFIG is given ({RUN_SPECS}), and is to be left out: "
                    f"{CONFIG} has lm_eval, which takes no run specs"
                )
            ],
        ),
    ],
    ids=["one path", "no output", "no run specs", "run specs too many"],
)
def test_a_path_too_many_or_too_few_is_told_and_nothing_is_written(
    arguments: list[str | Path],
    message: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = RUN_SPECS.read_bytes()
    assert parse_job(*arguments) == 2
    assert capsys.readouterr().err.splitlines() == message
    assert list(tmp_path.iterdir()) == []
    assert RUN_SPECS.read_bytes() == before


def test_run_specs_too_many_are_a_usage_error_of_validate_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(CONFIG, RUN_SPECS, *LM_EVAL) == 2
    assert "which takes no run specs" in capsys.readouterr().err


MATRIX = ["--set", "matrix={axes: {helm.suite: [v1, v2]}}"]


def test_the_jobs_of_a_matrix_are_written_into_a_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_job(CONFIG, RUN_SPECS, tmp_path / "specs", "--set", "image_tag=v1", *MATRIX) == 0
    names = sorted(path.stem for path in (tmp_path / "specs").iterdir())
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == f"wrote {tmp_path}/specs/ (2 jobs)"
    assert sorted(lines[1:3]) == [f"  {name}" for name in names]
    command = "cajajejo jobs evaluation submit-job --job-spec-path"
    assert lines[3] == f'Next: for spec in {tmp_path}/specs/*.yml; do {command} "$spec"; done'


# --- validate -----------------------------------------------------------------------------------------------------


def validate(*arguments: str | Path) -> int:
    return cli.run(cli.app, ["jobs", "evaluation", "validate", *map(str, arguments)], prog_name="cajajejo")


def test_a_config_without_problems_is_ok(capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(CONFIG, RUN_SPECS, "--set", "image_tag=v1", "--profile", "gke-standard") == 0
    printed = capsys.readouterr()
    assert printed.out == f"{CONFIG}: ok (evaluation v4, gke-standard, Kubernetes 1.37)\n"
    assert printed.err == ""


def test_a_warning_is_told_and_decides_only_with_strict(capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(CONFIG, RUN_SPECS) == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == (
        f"{CONFIG}:13: warning: image_tag: image tag latest can change between now and the run"
    )
    assert printed.out.splitlines()[-1] == f"{CONFIG}: ok (evaluation v4, gke-autopilot, Kubernetes 1.37)"
    assert printed.err == "1 warning in 1 file\n"
    assert validate(CONFIG, RUN_SPECS, "--strict") == 1


def test_every_problem_is_a_line_of_the_result(capsys: pytest.CaptureFixture[str]) -> None:
    settings = ["--set", "compute_config.cpu=many", "--set", "image_tag=v1", "--set", "helm.siute=v2"]
    assert validate(CONFIG, RUN_SPECS, *settings) == 1
    printed = capsys.readouterr()
    assert printed.out.splitlines() == [
        "--set compute_config.cpu: not a quantity: 'many'",
        "    for example 500m, 4, 16Gi",
        "--set helm.siute: unknown field",
        "    did you mean suite? (one of args, suite, timeout_seconds)",
    ]
    assert printed.err == "2 problems in 2 files\n"


def test_the_problems_as_json_are_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert validate(CONFIG, RUN_SPECS, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "valid": True,
        "problems": [
            {
                "file": str(CONFIG),
                "line": 13,
                "path": "image_tag",
                "message": "image tag latest can change between now and the run",
                "hint": "pin it: --set image_tag=TAG, best a tag that names the commit of the image; "
                "or image_digest: sha256:…",
                "level": "warning",
            }
        ],
    }


def test_a_job_spec_is_validated_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "job.yml"
    assert parse_job(CONFIG, RUN_SPECS, path, "--quiet") == 0
    assert validate(path, "--kubernetes-version", "1.33") == 0
    assert capsys.readouterr().out == f"{path}: ok (job spec, Kubernetes 1.33)\n"


# --- streams ------------------------------------------------------------------------------------------------------


def test_a_dash_is_stdout_and_nothing_else_stands_there(capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert parse_job(CONFIG, RUN_SPECS, "-") == 0
    printed = capsysbinary.readouterr()
    assert printed.out == evaluation.parse_job(CONFIG, RUN_SPECS).jobs[0].text.encode()
    assert printed.err.startswith(b"wrote - (job eval-neurips-")
    assert b"Next:" not in printed.err


def test_a_wrong_config_is_exit_code_1_and_writes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_job(CONFIG, RUN_SPECS, tmp_path / "job.yml", "--set", "compute_config.cpu=many") == 1
    assert "--set compute_config.cpu: not a quantity: 'many'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [[], [CONFIG], [CONFIG, RUN_SPECS], [CONFIG, RUN_SPECS, "-", "--set", "no path"]])
def test_a_wrong_command_line_is_exit_code_2(arguments: list[str | Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert parse_job(*arguments) == 2
    assert capsys.readouterr().out == ""


def test_the_page_about_jobs_shows_what_is_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    page = (ROOT / "docs/jobs.md").read_text()
    shown = re.search(
        r"^\$ cajajejo (jobs evaluation parse-job \\\n.*?[^\\])\n(.*?)^```", page, re.DOTALL | re.MULTILINE
    )
    assert shown is not None
    assert cli.run(cli.app, shlex.split(shown[1].replace("\\\n", "")), prog_name="cajajejo") == 0
    printed = capsys.readouterr().err
    assert NAME.sub("NAME", printed) == NAME.sub("NAME", shown[2])


def run_program(*arguments: str | Path, **environ: str) -> subprocess.CompletedProcess[bytes]:
    program = [sys.executable, "-c", "from cajajejo.cli import main; main()"]
    command = [*program, "jobs", "evaluation", "parse-job", *arguments]
    return subprocess.run(command, check=False, capture_output=True, env={"PATH": "/usr/bin:/bin", **environ})


def test_a_terminal_without_unicode_gets_ascii_and_the_same_spec(tmp_path: Path) -> None:
    specs = tmp_path / "a.conf"
    specs.write_text("# 😀 é\nentries: []\n", "utf-8")
    environ = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
    done = run_program(CONFIG, specs, "-", **environ)
    assert done.returncode == 0
    assert done.stderr.isascii()
    assert b"1 x nvidia-tesla-t4" in done.stderr
    assert list(yaml.safe_load_all(done.stdout.decode()))[1]["data"]["run_specs.conf"] == specs.read_text("utf-8")


def test_two_processes_write_the_same_bytes() -> None:
    first = run_program(CONFIG, RUN_SPECS, "-", PYTHONHASHSEED="1").stdout
    assert first == run_program(CONFIG, RUN_SPECS, "-", PYTHONHASHSEED="2").stdout != b""


def test_help_shows_an_example_and_imports_nothing_heavy() -> None:
    done = run_program("--help")
    assert b"Example: cajajejo jobs evaluation parse-job" in done.stdout
    script = (
        "import sys; from cajajejo import cli;"
        "cli.run(cli.app, ['jobs', 'evaluation', 'parse-job', '--help'], prog_name='c');"
        "heavy = {'jinja2', 'yaml', 'cajajejo.evaluation'} & set(sys.modules); sys.exit(', '.join(heavy) or 0)"
    )
    loaded = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert loaded.stderr == b""
