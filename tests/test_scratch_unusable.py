"""A scratch directory that cannot be used is an expected failure that names it, and leaves no half-written file."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cajajejo import config as configs
from cajajejo import results
from cajajejo.errors import CajajejoError, HarnessError
from cajajejo.harness import process, run
from cajajejo.harness.adapter import Task
from cajajejo.harness.helm import Helm
from cajajejo.harness.scratch import Scratch
from cajajejo.models.model import Model
from tests.builders import MLFLOW_WARNINGS, ROOT, Evaluation

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = ROOT / "examples/cpu-gs-uri/job_config.yml"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def evaluation(here: Path) -> Iterator[Evaluation]:
    """An evaluation whose checks pass."""
    ready = Evaluation(here)
    yield ready
    ready.close()


@pytest.mark.filterwarnings(MLFLOW_WARNINGS)
@pytest.mark.parametrize("name", ["a file", "a file/x", "x" * 300])
def test_a_scratch_that_is_no_directory_is_named(evaluation: Evaluation, name: str) -> None:
    Path("a file").touch()
    with pytest.raises(CajajejoError) as raised:
        run.run(evaluation.request(scratch=Path(name)))
    assert raised.value.message == f"the evaluation cannot work in {name}"
    assert name in raised.value.facts["says"]
    assert raised.value.run


@pytest.mark.filterwarnings(MLFLOW_WARNINGS)
def test_a_state_directory_that_cannot_be_made_is_named(evaluation: Evaluation) -> None:
    Path(".cajajejo").touch()
    with pytest.raises(CajajejoError, match=r"the evaluation cannot work in \.cajajejo"):
        run.run(evaluation.request(scratch=None))


def test_a_full_disk_leaves_the_old_file_and_no_other(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    results.write_whole(here / "state.json", "old")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        results.write_whole(here / "state.json", "new")
    assert [(path.name, path.read_text()) for path in here.iterdir()] == [("state.json", "old")]


def test_a_helm_that_the_system_cannot_start_is_named(here: Path) -> None:
    program = here / "helm-run"
    program.write_bytes(b"\x7fELFnot")
    program.chmod(0o755)
    place = Scratch(here / "scratch")
    place.work.mkdir(parents=True)
    environ = {"CAJAJEJO_HELM_RUN": str(program)}
    task = Task(configs.load(CONFIG), Model(here, str(here)), place, environ)
    helm = Helm()
    with place.lock() as lock, pytest.raises(HarnessError, match=f"the harness cannot be started: {program}"):
        process.run(
            helm.program(task),
            log=place.log,
            watch=lambda _: None,
            said=lambda _: None,
            hide=str,
            keep_open=lock,
        )
