"""What a job config refuses because it would fail, or leak, after a GPU was rented."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cajajejo import config, evaluation
from cajajejo.errors import FileProblemsError, UsageError
from tests import builders

if TYPE_CHECKING:
    from pathlib import Path


def problem(folder: Path, setting: str) -> str:
    path = builders.write_config(folder)
    with pytest.raises(FileProblemsError) as caught:
        config.load(path, [setting])
    return caught.value.problems[0].message


@pytest.mark.parametrize("key", ["/a", "a//b", ".", "..", "a/", "./a", "a/../b"])
def test_a_tag_key_that_reads_as_another_path_is_refused(key: str, tmp_path: Path) -> None:
    assert problem(tmp_path, f'tracking_config.tags."{key}"=x') == f"not a tag key: {key!r}"


@pytest.mark.parametrize(
    "uri",
    [
        *("http://user:secret@mlflow.example.org", "https://:secret@h/x", "postgresql://u:p@h/db"),
        *(" http://u:p@h", "//u:p@h", "postgresql://h/db?sslmode=require&password=p", "http://h/#access_token=p"),
        *("http://h/?Token=p", "https://h/?x-api-key=p", "mssql://h/db;PWD=p"),
    ],
)
def test_a_password_in_the_tracking_address_is_refused_and_not_repeated(uri: str, tmp_path: Path) -> None:
    told = problem(tmp_path, f"mlflow_config.tracking_uri='{uri}'")
    assert told == "holds a password, which would be stored with the job"


@pytest.mark.parametrize("uri", ["sqlite:///:memory:", "sqlite:///", "sqlite://", "sqlite:////"])
def test_a_store_that_would_keep_nothing_is_refused(uri: str, tmp_path: Path) -> None:
    assert problem(tmp_path, f"mlflow_config.tracking_uri='{uri}'") == f"names no file: {uri}"


@pytest.mark.parametrize(
    "uri",
    ["sqlite:///mlflow.db", "sqlite:////tmp/a/mlflow.db", "http://user@h:5000", "http://h/a:b@c", "http://h/?token="],
)
def test_addresses_without_a_password_stay_as_they_are(uri: str, tmp_path: Path) -> None:
    path = builders.write_config(tmp_path)
    assert config.load(path, [f"mlflow_config.tracking_uri='{uri}'"]).mlflow_config.tracking_uri == uri


def test_a_long_wrong_value_is_not_repeated_whole(tmp_path: Path) -> None:
    assert len(problem(tmp_path, f"version={'x' * 100_000}")) < 100


def test_an_empty_config_version_is_refused(tmp_path: Path) -> None:
    path, run_specs = builders.write_config(tmp_path), builders.write_run_specs(tmp_path, "geography")
    with pytest.raises(UsageError, match="--config-version is empty"):
        evaluation.parse_job(path, run_specs, config_version="")


def test_variables_that_the_job_sets_itself_are_refused_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileProblemsError) as caught:
        config.load(builders.write_config(tmp_path, env={"JOB_NAME": "a", "CONFIG_VERSION": "b", "OTHER": "c"}))
    assert [problem.message for problem in caught.value.problems] == [
        "env: JOB_NAME, CONFIG_VERSION is set by the job itself"
    ]
