"""lm-eval as cajajejo sees it: our plugin's arguments, progress events and files, without a model.

`write` makes the two programs that are looked for, ``lm_eval`` and the ``python`` of its first line, which acts as this
module. FAKE_LM_EVAL names a file with the mode:

    ok                 every task is complete
    fail TASK          this one fails, the others are complete, exit code 1
    crash              a traceback, exit code 1, before the first task
    kill TASK          killed in the middle of this task, whose files are half written

Beside it ``<FAKE_LM_EVAL>.calls`` gets a line of JSON for every call, and for every task that was really evaluated.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
DATE = "2026-11-22T08-42-24.767628"
QUESTIONS = 4
RIGHT = 3


def write(directory: Path) -> Path:
    """The program lm_eval in `directory`, and its Python."""
    directory.mkdir(parents=True, exist_ok=True)
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.fakes import lm_eval_run"
    programs = {
        "python": f"#!{sys.executable}\n{start}; sys.exit(lm_eval_run.main(sys.argv[1:]))\n",
        "lm_eval": f"#!{directory / 'python'}\n",
    }
    for name, text in programs.items():
        (directory / name).write_text(text)
        (directory / name).chmod(0o755)
    return directory / "lm_eval"


def main(arguments: list[str]) -> int:
    """Acts as the Python of lm-eval; the exit code."""
    if arguments[1:2] == ["validate"] or arguments[:1] == ["validate"]:
        return 1
    parser = argparse.ArgumentParser()
    parser.add_argument("plugin")
    parser.add_argument("run", choices=["run"])
    for option in ("model", "model_args", "output_path", "use_cache"):
        parser.add_argument(f"--{option}", required=True)
    parser.add_argument("--tasks", nargs="+", required=True)
    parser.add_argument("--log_samples", action="store_true", required=True)
    options, _ = parser.parse_known_args(arguments)
    mode, _, target = Path(os.environ["FAKE_LM_EVAL"]).read_text().strip().partition(" ")
    note(call=arguments[2:])
    if mode == "crash":
        print("Traceback (most recent call last):\n  …\nOSError: no file named model.safetensors", file=sys.stderr)  # noqa: T201
        return 1
    tell("runs", total=len(options.tasks), names=options.tasks)
    output = Path(options.output_path)
    failed = [task for task in options.tasks if not run_one(output, task, mode if task == target else "ok")]
    return 1 if failed else 0


def run_one(output: Path, task: str, mode: str) -> bool:
    """One task; False when it failed."""
    if (output / task).is_dir():
        tell("skipped", run=task)
        return True
    if mode == "fail":
        tell("failed", run=task, error="FileNotFoundError: Unable to find '/nowhere/x.jsonl'")
        return False
    note(ran=task)
    tell("progress", run=task, done=1, total=QUESTIONS)
    if mode == "kill":
        (output / f".making-{task}").mkdir(exist_ok=True)
        (output / f".making-{task}" / f"results_{DATE}.json").write_text('{"results"')
        os.kill(os.getpid(), signal.SIGKILL)
    tell("progress", run=task, done=QUESTIONS, total=QUESTIONS)
    right = [float(number < RIGHT) for number in range(QUESTIONS)]
    samples = [sample(number, exact_match=value) for number, value in enumerate(right)]
    write_task(output, task, {task: samples}, {task: {"exact_match,none": sum(right) / len(right)}})
    tell("done", run=task)
    return True


def sample(doc_id: int, *, filtered_by: str = "none", **more: Any) -> dict[str, Any]:
    """A line of samples as lm-eval writes it; fields that are no part of every line are metrics."""
    fields = {
        "doc_id": doc_id,
        "doc": {"question": f"Which is {doc_id}?"},
        "target": " Paris",
        "arguments": {"gen_args_0": {"arg_0": f"Question: Which is {doc_id}?\nAnswer:", "arg_1": {"until": ["\n"]}}},
        "resps": [[" Paris"]],
        "filtered_resps": [" Paris"],
        "filter": filtered_by,
        "doc_hash": "0",
        "prompt_hash": "0",
        "target_hash": "0",
    }
    metrics = [name for name in more if name not in fields]
    return {**fields, "metrics": metrics, **more}


def choice(doc_id: int, likelihoods: list[float], target: int | str, **more: Any) -> dict[str, Any]:
    """A line of samples of a multiple choice between Paris, Rome and Bern."""
    context = f"Question: Which is {doc_id}?\nAnswer:"
    texts = [" Paris", " Rome", " Bern"]
    arguments = {f"gen_args_{n}": {"arg_0": context, "arg_1": text} for n, text in enumerate(texts)}
    responses = [[str(value), "False"] for value in likelihoods]
    given = {"arguments": arguments, "filtered_resps": responses, "resps": [[one] for one in responses]}
    return sample(doc_id, **{**given, "target": str(target), **more})


def write_task(
    output: Path,
    directory: str,
    samples: dict[str, list[dict[str, Any]]],
    means: dict[str, dict[str, Any]],
    *,
    date: str = DATE,
    **more: Any,
) -> Path:
    """The files of one task or group, below `output`."""
    place = output / directory / "__models__tiny"
    place.mkdir(parents=True, exist_ok=True)
    results = {name: {"name": name, "sample_len": len(samples.get(name, [])), **mean} for name, mean in means.items()}
    found = {"results": results, "group_subtasks": {}, "configs": {name: {} for name in samples}, **more}
    (place / f"results_{date}.json").write_text(json.dumps(found, indent=2), "utf-8")
    for name, lines in samples.items():
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        (place / f"samples_{name}_{date}.jsonl").write_text(text, "utf-8")
    return place


def tell(event: str, **fields: object) -> None:
    """One progress event."""
    with Path(os.environ["CAJAJEJO_PROGRESS"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"event": event, **fields}) + "\n")


def note(**what: object) -> None:
    """One line for the test."""
    with Path(os.environ["FAKE_LM_EVAL"] + ".calls").open("a", encoding="utf-8") as file:
        file.write(json.dumps(what) + "\n")
