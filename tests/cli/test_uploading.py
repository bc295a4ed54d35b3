"""``upload-results``: what it prints, and the code it ends with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest

from cajajejo import cli, schemas, tracking
from cajajejo.cli import screen
from cajajejo.spool import entries
from cajajejo.tracking import logged_models
from tests import builders
from tests.finished import FINISHED_AT, everything, finished

if TYPE_CHECKING:
    from cajajejo.tracking.finished import Finished

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS, "ignore::FutureWarning", "ignore::UserWarning")

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return builders.copy_empty_store(tmp_path / "tracking" / "mlflow.db")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking.search, "SETTLE_SECONDS", 0.0)
    monkeypatch.setattr(logged_models, "SETTLE_SECONDS", 0.0)


@pytest.fixture
def given(tmp_path: Path, uri: str) -> Finished:
    return finished(tmp_path / "work", uri)


def call(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = cli.run(cli.app, ["jobs", "evaluation", "upload-results", *arguments], prog_name="cajajejo")
    told = capsys.readouterr()
    screen.configure(as_json=False)
    return code, told.out, told.err


def test_the_run_is_the_result_and_the_rest_is_said(
    given: Finished, tmp_path: Path, uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    address = entries.write(given, str(tmp_path / "spool"))
    code, out, err = call(capsys, address)
    run_id = everything(uri, given)
    assert (code, out) == (0, f"{run_id}\n")
    assert err.splitlines() == [
        f"sent {given.name}: 2 scenarios, 40 instances, 2 metrics, to mlflow run {run_id} in {uri}",
        f"Next: rm -r {address}     nothing needs this copy any more",
    ]
    code, out, err = call(capsys, address)
    assert (code, out) == (0, f"{run_id}\n")
    assert err.splitlines()[0] == f"{given.name} was there already: mlflow run {run_id} in {uri}"


def test_one_document_tells_the_same(
    given: Finished, tmp_path: Path, uri: str, capsys: pytest.CaptureFixture[str]
) -> None:
    address = entries.write(given, str(tmp_path / "spool"))
    code, out, _ = call(capsys, address, "--json")
    found: dict[str, Any] = json.loads(out)
    assert code == 0
    assert found == {
        "results": [
            {
                "kept": address,
                "name": given.name,
                "mlflow_run_id": everything(uri, given),
                "tracking_uri": uri,
                "outcome": "sent",
                "left_out": [],
            }
        ],
        "failed": [],
        "incomplete": [],
    }


def test_what_failed_is_told_after_what_went_well(uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = [
        entries.write(finished(tmp_path / str(n), uri, finished_at=FINISHED_AT + n), str(tmp_path / "spool"))
        for n in range(3)
    ]
    (Path(kept[0]) / "kept.json").write_text("{}")
    (Path(kept[1]) / "kept.json").unlink()
    code, out, _ = call(capsys, str(tmp_path / "spool"), "--json")
    document = json.loads(out)
    validator = jsonschema_rs.validator_for(schemas.document("upload-results"))
    assert [error.message for error in validator.iter_errors(document)] == []
    assert (code, [len(document[part]) for part in ("results", "failed", "incomplete")]) == (1, [1, 1, 1])
    code, out, err = call(capsys, str(tmp_path / "spool"))
    assert (code, len(out.splitlines())) == (1, 1)
    assert f"Warning: not complete, so that it is left out: {kept[1]}" in err
    assert "Error: what describes the results is damaged\n  kept        " + kept[0] in err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["none"], 1, "none"),
        ([], 2, "DIR_OR_URI"),
        (["none", "--tracking-uri", "mlruns"], 2, "--tracking-uri mlruns: not a tracking store"),
    ],
)
def test_what_cannot_be_done_is_told(
    arguments: list[str], code: int, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.chdir(tmp_path)
    ended, out, err = call(capsys, *arguments)
    assert (ended, out) == (code, "")
    assert says in err
