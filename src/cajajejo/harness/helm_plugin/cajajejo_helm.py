"""What `cajajejo` adds to HELM: question files as scenarios, and progress while a run goes on.

HELM's own Python imports this file, given to `helm-run` as `--plugins PATH` and as
`--runner-class-name cajajejo_helm.ProgressRunner`, with this directory on `PYTHONPATH`.
It needs HELM, `cajajejo_questions` beside it, and the standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import threading
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cajajejo_questions import Question, read_questions  # type: ignore[import-not-found]  # it lies beside this file
from helm.benchmark.adaptation.common_adapter_specs import get_generation_adapter_spec
from helm.benchmark.executor import Executor
from helm.benchmark.metrics.common_metric_specs import get_basic_metric_specs
from helm.benchmark.run_spec import RunSpec, run_spec_function
from helm.benchmark.runner import Runner, RunnerError
from helm.benchmark.scenarios.scenario import (
    CORRECT_TAG,
    Input,
    Instance,
    Output,
    Reference,
    Scenario,
    ScenarioSpec,
)
from helm.common.hierarchical_logger import hwarn

if TYPE_CHECKING:
    from collections.abc import Hashable

    from helm.benchmark.adaptation.request_state import RequestState
    from helm.benchmark.adaptation.scenario_state import ScenarioState

PROGRESS_VARIABLE = "CAJAJEJO_PROGRESS"
SUMMARY_SECONDS = 300.0


def instance_of(question: Question) -> Instance:
    """Return the question as HELM's instance; the answer and its aliases all count as correct."""
    texts = (question.answer, *question.aliases)
    references = [Reference(Output(text=text), tags=[CORRECT_TAG]) for text in texts]
    return Instance(Input(text=question.question), references, split=question.split, id=question.id)


class QuestionsScenario(Scenario):  # type: ignore[misc,unused-ignore]  # where HELM is not installed, it is Any
    """The questions of a JSON-lines file."""

    name = "questions"
    description = "Short questions with short answers, from a JSON-lines file"
    tags = ["question answering"]  # noqa: RUF012 - a field of HELM's scenario

    def __init__(self, path: str) -> None:
        """Keep the file's name; HELM reads the instances when the run begins."""
        super().__init__()
        self.path = path
        # HELM writes this into the results and makes it up from where this file is installed.
        self.definition_path = Path(__file__).name

    def get_instances(self, output_path: str) -> list[Instance]:
        """Return the questions of the file as HELM's instances; nothing is written to `output_path`."""
        del output_path
        return [instance_of(question) for question in read_questions(Path(self.path))]


def questions_run_spec(path: str, num_train_instances: int = 5, max_tokens: int = 8) -> RunSpec:
    """Return the run of a question file: worked examples first, then the model writes its answer.

    The run is called after the file. The file is read here too, so that a wrong one stops helm-run before
    a model is loaded.
    """
    read_questions(Path(path))
    adapter_spec = get_generation_adapter_spec(
        input_noun="Question",
        output_noun="Answer",
        max_train_instances=num_train_instances,
        max_tokens=max_tokens,
        # The examples in the file's order: every run of every model sees the same prompt.
        sample_train=False,
    )
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", Path(path).stem)
    return RunSpec(
        name=name,
        scenario_spec=ScenarioSpec(class_name=f"{__name__}.QuestionsScenario", args={"path": path}),
        adapter_spec=adapter_spec,
        metric_specs=get_basic_metric_specs(["exact_match"]),
        groups=[name],
    )


# HELM refuses a name that is registered already, which it is when this file was imported twice,
# once by its path and once by its name.
with contextlib.suppress(ValueError):
    run_spec_function("questions")(questions_run_spec)


class Progress:
    """The file of progress events; without one, and when it cannot be written, nothing happens."""

    def __init__(self, path: str | None) -> None:
        """Write to `path`, or nowhere."""
        self._path = path

    def tell(self, event: str, **fields: object) -> None:
        """Append one event as a line of JSON."""
        if not self._path:
            return
        try:
            with Path(self._path).open("a", encoding="utf-8") as file:
                file.write(json.dumps({"event": event, **fields}) + "\n")
        except OSError as error:
            hwarn(f"No progress will be shown: {error}")
            self._path = None


def question_of(state: RequestState) -> Hashable:
    """Return what the requests of one question have in common; multiple choice may need several requests."""
    instance = state.instance
    return (instance.id, str(instance.perturbation), state.train_trial_index)


class CountingExecutor(Executor):  # type: ignore[misc,unused-ignore]  # where HELM is not installed, it is Any
    """HELM's executor, which also tells how many questions are answered."""

    def __init__(self, executor: Executor, progress: Progress) -> None:
        """Take over the settings and the model of `executor`."""
        self.execution_spec = executor.execution_spec
        self.context = executor.context
        self.run = ""
        self._progress = progress
        self._lock = threading.Lock()
        self._open: Counter[Hashable] = Counter()
        self._total = 0

    def execute(self, scenario_state: ScenarioState) -> ScenarioState:
        """Answer all requests, after telling how many questions they belong to."""
        self._open = Counter(question_of(state) for state in scenario_state.request_states)
        self._total = len(self._open)
        self._progress.tell("start", run=self.run, done=0, total=self._total)
        return super().execute(scenario_state)

    def process(self, state: RequestState) -> RequestState:
        """Answer one request, then tell when it was the last one of its question."""
        answered = super().process(state)
        key = question_of(state)
        with self._lock:
            self._open[key] -= 1
            if self._open[key] == 0:
                del self._open[key]
                done = self._total - len(self._open)
                self._progress.tell("progress", run=self.run, done=done, total=self._total)
        return answered


class ProgressRunner(Runner):  # type: ignore[misc,unused-ignore]  # where HELM is not installed, it is Any
    """HELM's runner, which writes progress events to the file that CAJAJEJO_PROGRESS names."""

    executor: Executor

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the arguments of HELM's runner."""
        super().__init__(*args, **kwargs)
        self._progress = Progress(os.environ.get(PROGRESS_VARIABLE))
        self._counting = CountingExecutor(self.executor, self._progress)
        self.executor = self._counting

    def run_all(self, run_specs: list[RunSpec]) -> None:
        """Run everything, after telling how much that is; then write what `helm-summarize` writes."""
        self._progress.tell("runs", total=len(run_specs), names=[run_spec.name for run_spec in run_specs])
        failure: RunnerError | None = None
        try:
            super().run_all(run_specs)
        except RunnerError as error:  # some runs failed; the others are worth summarizing
            failure = error
        summarize(self.output_path, Path(self.runs_path).name, self.executor.execution_spec.local_path)
        if failure is not None:
            raise failure

    def run_one(self, run_spec: RunSpec) -> None:
        """Run one run spec and tell how it ended."""
        self._counting.run = run_spec.name
        if self.skip_completed_runs and self._is_run_completed(self._get_run_path(run_spec)):
            self._progress.tell("skipped", run=run_spec.name)
            super().run_one(run_spec)
            return
        try:
            super().run_one(run_spec)
        except Exception as error:
            self._progress.tell("failed", run=run_spec.name, error=one_line(error))
            raise
        self._progress.tell("done", run=run_spec.name)

    def _is_run_completed(self, run_path: str) -> bool:
        """Return whether a run's files are all there and whole.

        HELM asks only whether they exist; a kill while the last one is written leaves half of it.
        """
        if not super()._is_run_completed(run_path):
            return False
        try:
            for name in ("stats.json", "per_instance_stats.json"):
                json.loads(Path(run_path, name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return True


def summarize(output_path: str, suite: str, local_path: str | None) -> None:
    """Write what `helm-summarize` writes, in this process, which has imported most of what that needs.

    The results are there without it, so a failure is a warning, and one that takes too long is not waited for.
    """

    def work() -> None:
        from helm.benchmark.presentation import summarize as program

        sys.argv = ["helm-summarize", "--suite", suite, "--output-path", output_path, "--num-threads", "1"]
        sys.argv += ["--local-path", local_path] if local_path else []
        try:
            program.main()
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the results are there
            hwarn(f"helm-summarize failed; the results are complete without it: {type(error).__name__}: {error}")

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(SUMMARY_SECONDS)
    if thread.is_alive():
        hwarn(f"helm-summarize is not waited for after {SUMMARY_SECONDS:.0f} s; the results are complete without it")


def one_line(error: Exception) -> str:
    """Return the kind and the first line of an error, at most 300 characters."""
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first}"[:300]
