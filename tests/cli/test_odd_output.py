"""``--job-spec-output-path`` where it would replace what is sent, or mix with the names."""

from __future__ import annotations

from pathlib import Path

import pytest

from cajajejo import cli
from tests import builders


def submit(*words: str) -> int:
    arguments = ["--path-to-config", "job_config.yml", "--path-to-helm-config", "run_specs.conf", *words]
    given = ["jobs", "evaluation", "submit-job", *arguments, "--config-version", "v1", "--dry-run=client"]
    return cli.run(cli.app, given, prog_name="cajajejo")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    builders.write_config(tmp_path, model_config={"gs_uri": f"gs://bucket/{builders.MODEL}"})
    builders.write_run_specs(tmp_path, "mmlu")
    Path("link.yml").symlink_to("job_config.yml")
    return tmp_path


@pytest.mark.parametrize("output", ["job_config.yml", "./run_specs.conf", "link.yml"])
def test_what_is_sent_is_not_replaced(output: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path(output).read_bytes()
    assert submit("--job-spec-output-path", output) == 2
    assert Path(output).read_bytes() == before
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == (
        f"Error: --job-spec-output-path is {Path(output)}, which is also read: the job spec would replace it\n"
    )


def test_stdout_is_for_the_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert submit("--job-spec-output-path", "-") == 2
    assert capsys.readouterr().out == ""


def test_a_file_that_is_there_is_replaced() -> None:
    Path("old.yml").write_text("old")
    assert submit("--job-spec-output-path", "old.yml") == 0
    assert Path("old.yml").read_text().startswith("apiVersion: ")
