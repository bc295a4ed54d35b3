"""``jobs logs --source cloud``: without any cluster, into files, and where nothing is found."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc  # type: ignore[import-untyped]  # carries no types
import pytest

from cajajejo import cli
from cajajejo.cli import cloud_logs
from cajajejo.logs.cloud_connection import EMULATOR
from cajajejo.logs.cloud_place import Place
from cajajejo.logs.cloud_query import nanoseconds
from tests.fakes import cloud_logging
from tests.fakes.cloud_logging import CloudLogging, entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime.now(UTC).replace(microsecond=0)
AT = nanoseconds(NOW)


@pytest.fixture
def archive(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[CloudLogging]:
    """Cloud Logging in a project that a variable names; there is no kubeconfig."""
    monkeypatch.chdir(tmp_path)
    with cloud_logging.serving() as logs:
        monkeypatch.setenv(EMULATOR, logs.host)
        monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", cloud_logging.PROJECT)
        yield logs


def show(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str], list[str]]:
    code = cli.run(cli.app, ["jobs", "logs", *words], prog_name="cajajejo")
    captured = capfd.readouterr()
    return code, captured.out.splitlines(), captured.err.splitlines()


def test_lines_are_shown_and_saved_as_an_array_with_the_permissions_that_were_there(
    archive: CloudLogging, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    archive.write(entry("a\nb", at=AT - 2), entry(at=AT - 1, payload={"message": "c"}))
    (tmp_path / "x.json").write_text("old")
    (tmp_path / "x.json").chmod(0o600)
    assert show(capfd, "eval-x", "--source", "cloud", "--save", "x.json") == (
        0,
        ["a", "b", "c"],
        ["wrote x.json (3 lines)"],
    )
    saved: list[dict[str, Any]] = json.loads((tmp_path / "x.json").read_text())
    assert [line.get("text", line.get("payload")) for line in saved] == ["a", "b", {"message": "c", "severity": "INFO"}]
    assert (tmp_path / "x.json").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["x.json"]


def test_json_lines_on_stdout_are_those_of_the_array(
    archive: CloudLogging, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    archive.write(entry("a", at=AT - 2), entry("b", at=AT - 1))
    code, lines, _ = show(capfd, "eval-x", "--source", "cloud", "--json", "--save", "x.json")
    assert code == 0
    assert [json.loads(line) for line in lines] == json.loads((tmp_path / "x.json").read_text())


def test_a_container_the_last_lines_and_an_end_can_be_asked_for(
    archive: CloudLogging, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    now = nanoseconds(datetime.now(UTC))
    archive.write(*(entry(str(number), at=now - 10 + number) for number in range(5)))
    archive.write(entry("init", at=now - 20, resource={"container_name": "init"}))
    cloud = ["eval-x", "--source", "cloud"]
    assert show(capfd, *cloud, "--tail", "2")[1] == ["3", "4"]
    assert show(capfd, *cloud, "-c", "init")[1] == ["init"]
    assert show(capfd, *cloud, "-c", "all", "--tail", "6")[1][0].endswith("init")
    assert show(capfd, *cloud, "--until", "10m")[1] == []
    code, lines, said = show(capfd, *cloud, "-c", "eval", "-o", "x.txt")
    assert (code, lines, said) == (0, [], ["wrote x.txt (5 lines)"])
    assert (tmp_path / "x.txt").read_text() == "0\n1\n2\n3\n4\n"


def test_a_namespace_counts_where_it_is_given(archive: CloudLogging, capfd: pytest.CaptureFixture[str]) -> None:
    archive.write(entry("a", at=AT - 1, resource={"namespace_name": "team"}))
    assert show(capfd, "eval-x", "--source", "cloud")[1] == ["a"]
    assert show(capfd, "eval-x", "--source", "cloud", "-n", "default")[1] == []


def test_nothing_is_found_within_the_thirty_days_that_logs_are_kept(
    archive: CloudLogging, capfd: pytest.CaptureFixture[str]
) -> None:
    archive.write(entry("a", at=AT - 31 * 86_400 * 10**9))
    code, lines, said = show(capfd, "eval-x", "--source", "cloud")
    assert (code, lines, len(said)) == (0, [], 2)  # further back there is nothing
    assert said[0].startswith("Cloud Logging has no lines of eval-x from ")
    assert said[1] == "looked at: project evaluations; the name of the job must be whole"


def test_what_was_looked_for_is_said_so_that_it_can_be_pasted() -> None:
    place = Place("p\x1b", "europe-west4", "c\u202e")
    said = cloud_logs.nothing("x; rm\n", place, NOW - timedelta(days=1), NOW)
    assert all(line.isprintable() for line in said)
    assert said[0].endswith(f" to {NOW.astimezone():%Y-%m-%d %H:%M}")
    assert said[1] == "looked at: project p\\x1b, cluster c\\u202e in europe-west4; the name of the job must be whole"
    assert said[2].startswith("Next: cajajejo jobs logs 'x; rm\\n' --source cloud --since 30d     ")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (
            ["-f", "--save", "x.json"],
            2,
            "--save writes a JSON array, which must end; -f --json prints one object a line",
        ),
        (["--save", "no/x.json"], 1, "--save no/x.json: there is no directory no"),
        (["--save", "."], 1, "--save .: is a directory"),
    ],
)
def test_what_cannot_be_saved_is_told_before_anything_is_read(
    archive: CloudLogging, capfd: pytest.CaptureFixture[str], words: list[str], code: int, sentence: str
) -> None:
    found, lines, said = show(capfd, "eval-x", "--source", "cloud", *words)
    assert (found, lines, said[0]) == (code, [], f"Error: {sentence}")
    assert archive.asked == []


def test_a_reading_that_breaks_off_leaves_the_old_file(
    archive: CloudLogging, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "x.json").write_text("old")
    archive.fail("ListLogEntries", grpc.StatusCode.PERMISSION_DENIED)
    code, _, said = show(capfd, "eval-x", "--source", "cloud", "--save", "x.json")
    assert (code, said[0]) == (1, "Error: not allowed to read the logs of project evaluations")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x.json", "old")]


@pytest.mark.parametrize("words", [["@latest"], ["eval-x", "-f"]])
def test_what_only_a_cluster_knows_is_asked_of_one(
    archive: CloudLogging, capfd: pytest.CaptureFixture[str], words: list[str]
) -> None:
    code, _, said = show(capfd, "--source", "cloud", *words)
    assert code == 1
    assert "kubeconfig" in said[0]
    assert archive.asked == []
