"""HELM as a harness: what it is asked, how far it is, and what is kept of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from cajajejo import config as configs
from cajajejo.errors import HarnessError, HarnessMissingError
from cajajejo.harness import adapters, checks, helm_command, process
from cajajejo.harness.adapter import Task
from cajajejo.harness.helm import Helm
from cajajejo.harness.progress import Progress
from cajajejo.harness.scratch import Scratch
from cajajejo.models.model import Model
from tests import builders
from tests.builders import Evaluation
from tests.harness.clocks import Clock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

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
    """What HELM finds in the scratch directory of `evaluation`, prepared as an evaluation does it."""
    config = configs.load(evaluation.config)
    place = Scratch(evaluation.scratch)
    place.config.parent.mkdir(parents=True, exist_ok=True)
    place.run_specs.write_bytes(evaluation.run_specs.read_bytes())
    task = Task(config, Model(evaluation.model, str(evaluation.model)), place, evaluation.environ)
    helm = adapters.of(config)
    with place.lock() as descriptor:
        ended = process.run(helm.program(task), log=place.log, watch=watch, said=said, hide=str, keep_open=descriptor)
    return helm.results(task, ended)


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


@pytest.mark.parametrize("mode", ["hang", "deaf", "child"])
def test_a_time_out_keeps_what_is_complete(evaluation: Evaluation, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "GRACE_SECONDS", 0.2)
    clock = Clock(monkeypatch)
    hangs: list[Progress] = []

    def watch(progress: Progress) -> None:
        if len(progress.done) == 2 and not hangs:
            hangs.append(progress)
            evaluation.wait_until_helm_hangs()
            clock.pass_by(3600)

    evaluation.configure(helm__timeout_seconds=3600)
    evaluation.helm_will(f"{mode} biology")
    found = run(evaluation, watch)
    assert [score.name for score in found.scores] == ["geography/exact_match", "geography/quasi_exact_match"]
    assert [failure.scenario for failure in found.failed] == ["biology"]
    pids = evaluation.calls("pid", "child")
    assert [builders.is_gone(pid) for pid in pids] == [True] * len(pids)


def test_a_time_out_before_anything_is_complete_is_an_error(
    evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    evaluation.configure(helm__timeout_seconds=50)
    evaluation.helm.write_text("#!/bin/sh\necho loading\nexec sleep 1000\n")
    with pytest.raises(HarnessError) as caught:
        run(evaluation, said=lambda line: clock.pass_by(50 * (line == "loading")))
    assert caught.value.message == "HELM failed before any scenario was complete (stopped after 50 s)"
    assert caught.value.facts["says"] == "loading"


def test_the_model_is_found_by_the_name_that_the_documented_arguments_give_it(evaluation: Evaluation) -> None:
    arguments = ["--max-eval-instances", "10", "--enable-local-huggingface-models", "/scratch/model/model"]
    evaluation.configure(helm__args=arguments)
    run(evaluation)
    (call,) = evaluation.calls("call")
    assert not any("huggingface-models" in argument for argument in call)
    registry = Scratch(evaluation.scratch).work / "helm" / "model_deployments.yaml"
    found = yaml.safe_load(registry.read_text())["model_deployments"]
    assert [one["name"] for one in found] == ["huggingface/tiny", "huggingface/model"]
    assert {one["client_spec"]["args"]["pretrained_model_name_or_path"] for one in found} == {str(evaluation.model)}


def test_its_inputs_are_our_plugin_and_its_checks_are_looked_at(evaluation: Evaluation) -> None:
    config = configs.load(evaluation.config)
    helm = adapters.of(config)
    plugin = helm_command.PLUGIN.parent
    names = ("cajajejo_helm.py", "cajajejo_questions.py")
    assert list(helm.inputs(config)) == [(plugin / name).read_bytes() for name in names]
    looked_at = checks.look(helm.checks(config, "", evaluation.environ))
    assert [check.line() for check in looked_at][:2] == ["check harness: PASSED", "check HELM arguments: PASSED"]
    away = checks.look(helm.checks(config, "", {"CAJAJEJO_HELM_RUN": "/nowhere"}))
    assert isinstance(away[0].error, HarnessMissingError)


def test_its_versions_are_those_of_the_environment_that_it_is_in(tmp_path: Path) -> None:
    program = tmp_path / "bin" / "helm-run"
    builders.write_fake_helm(program)
    for name, version in (("crfm_helm", "0.5.16"), ("torch", "2.13.0")):
        place = tmp_path / "lib" / "python3.11" / "site-packages" / f"{name}-{version}.dist-info"
        place.mkdir(parents=True)
        (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    environ = {"CAJAJEJO_HELM_RUN": str(program)}
    assert Helm().versions(environ) == {"crfm-helm": "0.5.16", "torch": "2.13.0"}
