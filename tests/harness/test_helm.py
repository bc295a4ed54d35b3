"""HELM in a process of its own: watched while it works, ended with everything that it started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cajajejo import config as configs
from cajajejo.errors import HarnessError
from cajajejo.harness import helm
from cajajejo.harness.model import Model
from cajajejo.harness.progress import Progress
from cajajejo.harness.scratch import Scratch
from tests import builders
from tests.builders import Evaluation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cajajejo.harness.progress import Listener, Watcher
    from cajajejo.results import Results

pytestmark = pytest.mark.filterwarnings(builders.MLFLOW_WARNINGS)

GEO, BIO = "geography:model=huggingface_tiny", "biology:model=huggingface_tiny"


@pytest.fixture
def evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Evaluation]:
    monkeypatch.chdir(tmp_path)
    ready = Evaluation(tmp_path)
    yield ready
    ready.close()


def run(evaluation: Evaluation, watch: Watcher = lambda _: None, said: Listener = lambda _: None) -> Results:
    """`helm.run` in the scratch directory of `evaluation`, prepared as `harness.run` does it."""
    config = configs.load(evaluation.config)
    place = Scratch(evaluation.scratch)
    place.config.parent.mkdir(parents=True, exist_ok=True)
    place.run_specs.write_bytes(evaluation.run_specs.read_bytes())
    model = Model(evaluation.model, str(evaluation.model))
    with place.lock() as descriptor:
        return helm.run(
            config,
            model,
            place,
            environ=evaluation.environ,
            max_instances=None,
            watch=watch,
            said=said,
            keep_open=descriptor,
        )


def test_what_helm_prints_is_passed_on_line_by_line(evaluation: Evaluation) -> None:
    place = Scratch(evaluation.scratch)
    place.work.mkdir(parents=True)
    place.log.write_text("of an earlier run\n")
    evaluation.helm_will("crash")
    said: list[str] = []
    with pytest.raises(HarnessError):
        run(evaluation, said=said.append)
    assert said == ["Traceback (most recent call last):", "  …", "\x1b[31mValueError: no such run spec\x1b[0m"]
    assert place.log.read_text().splitlines() == ["of an earlier run", *said]


def test_progress_is_watched_to_the_end(evaluation: Evaluation) -> None:
    seen: list[Progress] = []
    found = run(evaluation, seen.append)
    assert [score.name for score in found.scores if score.metric == "exact_match"] == [
        "biology/exact_match",
        "geography/exact_match",
    ]
    assert seen[-1] == Progress(
        scenarios=2,
        names=(GEO, BIO),
        current=BIO,
        done={GEO: 20, BIO: 20},
        totals={GEO: 20, BIO: 20},
        finished=frozenset({GEO, BIO}),
    )


def test_progress_of_an_earlier_run_is_forgotten(evaluation: Evaluation) -> None:
    run(evaluation)
    seen: list[Progress] = []
    run(evaluation, seen.append)
    assert seen[-1] == Progress(scenarios=2, names=(GEO, BIO), finished=frozenset({GEO, BIO}))


def test_the_log_holds_what_every_run_printed(evaluation: Evaluation) -> None:
    evaluation.helm_will("crash")
    for _ in range(2):
        with pytest.raises(HarnessError):
            run(evaluation)
    log = (evaluation.scratch / "evaluation" / "harness.log").read_text()
    assert log.count("ValueError: no such run spec") == 2


def test_a_long_log_is_told_by_its_last_lines_cut(evaluation: Evaluation) -> None:
    script = "#!/bin/sh\nfor n in 1 2 3 4 5 6 7 8; do echo line $n; echo; done\nprintf 'x%.0s' $(seq 300)\nexit 7\n"
    evaluation.helm.write_text(script)
    with pytest.raises(HarnessError) as caught:
        run(evaluation)
    assert caught.value.message == "HELM failed before any scenario was complete (exit code 7)"
    assert caught.value.facts["says"].splitlines() == [*(f"line {n}" for n in (4, 5, 6, 7, 8)), "x" * 200]


def test_an_error_of_the_watcher_ends_the_harness(evaluation: Evaluation) -> None:
    def watch(progress: Progress) -> None:
        if progress.questions_done > 20:
            raise RuntimeError("a bug of ours")

    evaluation.helm_will("hang biology")
    with pytest.raises(RuntimeError, match="a bug of ours"):
        run(evaluation, watch)
    assert [builders.is_gone(pid) for pid in evaluation.calls("pid")] == [True]


@pytest.mark.parametrize(("mode", "slow"), [("hang", False), ("deaf", True), ("child", False)])
def test_an_interruption_ends_the_harness_and_what_it_started(evaluation: Evaluation, mode: str, *, slow: bool) -> None:
    began: list[float] = []

    def watch(_: Progress) -> None:
        if evaluation.calls("waits"):
            began.append(time.monotonic())
            raise KeyboardInterrupt

    evaluation.helm_will(f"{mode} biology")
    with pytest.raises(KeyboardInterrupt):
        run(evaluation, watch)
    took = time.monotonic() - began[0]
    pids = evaluation.calls("pid", "child")
    assert len(pids) == (2 if mode == "child" else 1)
    assert [builders.is_gone(pid) for pid in pids] == [True] * len(pids)
    assert (took > helm._GRACE_SECONDS) is slow


def test_stopping_what_has_ended_does_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""], start_new_session=True) as process:
        process.wait()
        helm.stop(process)
    assert process.returncode == 0


def test_helm_reads_nothing_from_our_terminal_and_is_a_group_of_its_own(evaluation: Evaluation) -> None:
    evaluation.helm.write_text(
        "#!/bin/sh\necho stdin: $(readlink /dev/fd/0) >&2\nps -o pgid= -p $$ 2>/dev/null\nexit 3\n"
    )
    with pytest.raises(HarnessError) as caught:
        run(evaluation)
    said = caught.value.facts["says"]
    assert "stdin: /dev/null" in said or not Path("/dev/fd").exists()
    assert str(os.getpgrp()) not in said.split()
