"""A run whose event files lie in a bucket is judged as one on this machine is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cajajejo import storage
from cajajejo.cli import app, run
from tests.fakes import object_stores
from tests.metrics.builders import write_simple

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = """
regression_test_config:
  metric_success_conditions:
    loss_final: {comparison: less, success_threshold: {fixed_value: 0.4}}
"""


@pytest.fixture(params=["gs", "s3"])
def address(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    stores = {"gs": object_stores.google, "s3": object_stores.amazon}
    variables = {"gs": "STORAGE_EMULATOR_HOST", "s3": "AWS_ENDPOINT_URL_S3"}
    with stores[request.param]() as url:
        for variable, value in {**object_stores.AWS, variables[request.param]: url}.items():
            monkeypatch.setenv(variable, value)
        yield f"{request.param}://bucket/runs/r1"


def test_a_run_in_a_bucket_is_collected_and_judged(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    write_simple(Path("run"), {"loss": [1.0, 0.5]})
    storage.upload(Path("run"), address)
    Path("m.yml").write_text(CONFIG)
    assert run(app, ["metrics", "collect", address, "--json"], prog_name="cajajejo") == 0
    assert json.loads(capsys.readouterr().out) == {"loss_final": 0.5}
    judged = ["metrics", "check", address, "--test", "t", "--config", "m.yml", "--json"]
    assert run(app, judged, prog_name="cajajejo") == 4
    assert json.loads(capsys.readouterr().out)["metrics"][0]["reason"] == "0.100 above"


def test_a_bucket_without_the_run_is_an_error_that_names_it(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(app, ["metrics", "collect", f"{address}-gone"], prog_name="cajajejo") == 1
    assert f"{address}-gone" in capsys.readouterr().err
