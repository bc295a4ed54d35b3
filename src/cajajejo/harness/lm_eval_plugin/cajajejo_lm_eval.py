"""What `cajajejo` makes of `lm-eval run`: one task after the other, each kept when it is done, and progress meanwhile.

lm-eval's own Python runs this file with the arguments of `lm-eval`: `python cajajejo_lm_eval.py run --model hf …`.
By itself lm-eval asks the questions of all tasks together and writes its results at the very end, so that one task
that fails, or a kill in the last minute, loses all of them. Here the model is loaded once, every task is evaluated on
its own and its files appear under `<output path>/<task>` when they are whole; a task that is there is not repeated.
It needs lm-eval and the standard library only.
"""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lm_eval
import lm_eval.tasks
from lm_eval.__main__ import cli_evaluate
from tqdm import std

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PROGRESS_VARIABLE = "CAJAJEJO_PROGRESS"
MAKING = ".making-"
EVERY_SECONDS = 0.5
REQUESTS = "Running "  # how lm-eval's bars over requests begin: "Running loglikelihood requests"

Spec = Any  # a task, a group or a tag by its name, or a configuration with one of these names


class SavingError(Exception):
    """lm-eval could not write what it found; it says so in its log, and goes on."""


def tell(event: str, **fields: object) -> None:
    """Append one event to the file of progress events; without one nothing happens."""
    path = os.environ.get(PROGRESS_VARIABLE)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, **fields}) + "\n")


class Requests:
    """How many requests of the task at work are answered, counted from lm-eval's bars."""

    def __init__(self) -> None:
        """Count for no task yet."""
        self._task = ""
        self._bars: dict[Any, tuple[int, int]] = {}
        self._told_at = 0.0

    def begin(self, task: str) -> None:
        """Count for another task."""
        self._task, self._bars, self._told_at = task, {}, 0.0

    def moved(self, bar: Any) -> None:
        """Take what a bar shows."""
        if not str(getattr(bar, "desc", "")).startswith(REQUESTS) or bar.total is None:
            return
        self._bars[bar] = (int(bar.n), int(bar.total))
        done, total = (sum(numbers) for numbers in zip(*self._bars.values(), strict=True))
        if done == total or time.monotonic() - self._told_at >= EVERY_SECONDS:
            self._told_at = time.monotonic()
            tell("progress", run=self._task, done=done, total=total)

    def watch(self) -> None:
        """Look at every bar that moves from now on."""
        update: Callable[..., Any] = std.tqdm.update

        def moved(bar: Any, n: float = 1) -> Any:
            shown = update(bar, n)
            self.moved(bar)
            return shown

        std.tqdm.update = moved


class TaskByTask:
    """Takes the place of `lm_eval.simple_evaluate` for lm-eval's command line."""

    def __init__(self, evaluate: Callable[..., Any], requests: Requests) -> None:
        """Use `evaluate`, lm-eval's own, for each task."""
        self.failed: list[str] = []
        self._evaluate = evaluate
        self._requests = requests

    def __call__(
        self, *, model: str, model_args: Any, tasks: list[Spec], evaluation_tracker: Any, task_manager: Any, **more: Any
    ) -> None:
        """Evaluate every task; None, as lm-eval has it where there is nothing to write for the command line."""
        self._announce(tasks)
        output = Path(evaluation_tracker.output_path)
        waiting = [task for task in tasks if not self._is_done(output, task)]
        if not waiting:
            return
        loaded = load_model(model, model_args, more)

        def one(task: Spec) -> None:
            found = self._evaluate(
                model=loaded, model_args=model_args, tasks=[task], evaluation_tracker=evaluation_tracker,
                task_manager=task_manager, **more,
            )  # fmt: skip
            found["config"]["model"] = evaluation_tracker.general_config_tracker.model_source = model
            save(evaluation_tracker, found, directory_of(output, task))

        while waiting:
            task = waiting.pop(0)
            parts = self._try(task, one, task_manager)
            if parts:  # of a group that failed as a whole, what does not fail is worth having
                tasks = [other for each in tasks for other in (parts if each == task else [each])]
                self._announce(tasks)
                waiting = [part for part in parts if not self._is_done(output, part)] + waiting

    def _try(self, task: Spec, one: Callable[[Spec], None], task_manager: Any) -> list[Spec]:
        """Evaluate a task and tell how it ended; of a group that failed, return the parts, which are to be tried."""
        name = name_of(task)
        self._requests.begin(name)
        try:
            one(task)
        except Exception as error:  # noqa: BLE001 - whatever it is, the other tasks are not lost
            traceback.print_exc()
            parts = parts_of(task_manager, task)
            if not parts:
                self.failed.append(name)
                tell("failed", run=name, error=one_line(error))
            return parts
        tell("done", run=name)
        return []

    @staticmethod
    def _announce(tasks: list[Spec]) -> None:
        tell("runs", total=len(tasks), names=[name_of(task) for task in tasks])

    @staticmethod
    def _is_done(output: Path, task: Spec) -> bool:
        done = directory_of(output, task).is_dir()
        if done:
            tell("skipped", run=name_of(task))
        return done


def load_model(name: str, arguments: Any, more: dict[str, Any]) -> Any:
    """Return the model, loaded as `lm_eval.simple_evaluate` does, to be used for all tasks."""
    from lm_eval.api.registry import get_model

    settings = {setting: more.get(setting) for setting in ("batch_size", "max_batch_size", "device")}
    return get_model(name).create_from_arg_obj(arguments, settings)


def save(tracker: Any, found: dict[str, Any], directory: Path) -> None:
    """Write the files of one task into `directory`, which appears when they are whole; SavingError where it cannot."""
    making = directory.with_name(MAKING + directory.name)
    shutil.rmtree(making, ignore_errors=True)
    samples = found.pop("samples")
    one = copy.copy(tracker)
    one.output_path = str(making)
    one.save_results_aggregated(results=found, samples=samples)
    for name in found["configs"]:
        one.save_results_samples(task_name=name, samples=samples[name])
    written = {path.name.partition("_")[0] for path in making.rglob("*.json*")}
    if written != {"results", "samples"} or len(list(making.rglob("samples_*"))) < len(found["configs"]):
        raise SavingError(f"not all files of {directory.name} could be written; lm-eval's log says why")
    making.rename(directory)


def directory_of(output: Path, task: Spec) -> Path:
    """Return where the files of a task are."""
    return output / re.sub(r"[^A-Za-z0-9_.-]", "_", name_of(task))


def name_of(task: Spec) -> str:
    """Return what a task is called."""
    return (
        str(task.get("task") if isinstance(task.get("task"), str) else task.get("group"))
        if isinstance(task, dict)
        else str(task)
    )


def parts_of(task_manager: Any, task: Spec) -> list[Spec]:
    """Return what a group or a tag consists of; nothing for a single task."""
    entry = getattr(task_manager, "task_index", {}).get(task) if isinstance(task, str) else None
    if entry is None:
        return []
    members = (entry.cfg or {}).get("task") if entry.kind.name == "GROUP" else sorted(entry.tags)
    if entry.kind.name not in {"GROUP", "TAG"} or not members:
        return []
    return [members] if isinstance(members, str) else list(members)


def own_tasks_first(wanted: Iterable[str]) -> Callable[..., Any]:
    """Return what makes lm-eval's list of tasks: of the include path alone, where that has all that is wanted.

    Reading lm-eval's own 14,000 files takes 15 s.
    """
    manager = lm_eval.tasks.TaskManager

    def make(*, include_path: str | None = None, **more: Any) -> Any:
        if include_path:
            own = manager(include_path=include_path, include_defaults=False, **more)
            if all(is_whole(own, task) for task in wanted):
                return own
        return manager(include_path=include_path, **more)

    return make


def is_whole(task_manager: Any, task: Spec) -> bool:
    """Return whether the list has the task, and all parts of it; a tag may have more in another list."""
    if isinstance(task, dict):
        return "dataset_path" in task
    entry = task_manager.task_index.get(task)
    if entry is None or entry.kind.name == "TAG":
        return False
    return all(is_whole(task_manager, part) for part in parts_of(task_manager, task))


def values_of(arguments: list[str], option: str) -> list[str]:
    """Return the values that follow an option, up to the next one."""
    found: list[str] = []
    for argument in arguments[arguments.index(option) + 1 :] if option in arguments else []:
        if argument.startswith("--"):
            break
        found.append(argument)
    return found


def one_line(error: Exception) -> str:
    """Return the kind and the first line of an error, at most 300 characters."""
    first = next(iter(str(error).splitlines()), "")
    return f"{type(error).__name__}: {first}"[:300]


def main() -> int:
    """Run lm-eval's command line, and return the exit code: 1 where a task failed."""
    requests = Requests()
    requests.watch()
    by_task = TaskByTask(lm_eval.simple_evaluate, requests)
    lm_eval.simple_evaluate = by_task
    lm_eval.tasks.TaskManager = own_tasks_first(values_of(sys.argv, "--tasks"))
    cli_evaluate()
    if by_task.failed:
        print(f"Failed tasks: {', '.join(by_task.failed)}", file=sys.stderr)  # noqa: T201
    return 1 if by_task.failed else 0


if __name__ == "__main__":
    sys.exit(main())
