"""lm-eval as a harness: its arguments, its environment, and what it leaves.

It is started by a plugin of ours in its own Python, which takes the arguments of ``lm-eval run`` and evaluates task by
task: what is finished is kept, whatever happens to the next one. Answers to single requests are kept as well, in a
cache that belongs to the model's content, so that a task that was cut short goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo.errors import HarnessMissingError, SanityError
from cajajejo.harness import installed, lm_eval_data, lm_eval_output, process
from cajajejo.harness.adapter import DEFAULTS, Program
from cajajejo.harness.installed import Wanted
from cajajejo.results import FailedScenario, metric_part

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.harness.adapter import Ended, Task
    from cajajejo.harness.checks import Looker
    from cajajejo.harness_config import LmEvalConfig
    from cajajejo.models.model import Model
    from cajajejo.results import Results

PLUGIN: Final = Path(__file__).parent / "lm_eval_plugin" / "cajajejo_lm_eval.py"
PROGRAM: Final = Wanted("lm-eval", ("lm-eval", "lm_eval"), "CAJAJEJO_LM_EVAL")

_PACKAGES: Final = ("lm-eval", "torch", "transformers", "datasets")
_FIELDS: Final = {
    ("--tasks", "-t"): "lm_eval.tasks",
    ("--include_path",): "lm_eval.include_path",
    ("--num_fewshot", "-f"): "lm_eval.num_fewshot",
    ("--limit", "-L"): "lm_eval.limit",
}
"""Arguments that have a field of their own in the config."""
_OURS: Final = {
    ("--output_path", "-o", "--log_samples", "-s", "--use_cache", "-c"): "is set by cajajejo itself",
    ("--config", "-C"): "would hide what is evaluated from the job config",
    ("--predict_only", "-x"): "leaves nothing to score",
    ("--check_integrity",): "runs lm-eval's own tests",
    (
        "--hf_hub_log_args",
        "--wandb_args",
        "--wandb_config_args",
        "--trackio_args",
    ): "is not taken: MLflow tracks results",
}
_SHORT: Final = 2
_MODEL_KEYS: Final = {"pretrained", "tokenizer"}


class LmEval:
    """lm-eval, of EleutherAI."""

    name = "lm-eval"
    title = "lm-eval"
    unit = "request"

    def checks(
        self,
        config: EvaluationJobConfig,
        run_specs: str,  # noqa: ARG002  # every adapter takes the same
        environ: Mapping[str, str],
    ) -> list[tuple[str, Looker]]:
        """lm-eval is there, its arguments leave to us what is ours, and its tasks and their data are there."""
        together = {**environ, **config.env}
        return [
            ("harness", lambda: PROGRAM.find(environ)),
            ("lm-eval arguments", lambda: check_arguments(asked(config))),
            ("lm-eval tasks", lambda: lm_eval_data.check(asked(config), together, PROGRAM.found(environ))),
        ]

    def inputs(self, config: EvaluationJobConfig) -> Iterable[bytes]:
        """Our plugin, the files of our own tasks, and the data that they name."""
        yield PLUGIN.read_bytes()
        yield from lm_eval_data.inputs(asked(config))

    def versions(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The versions of lm-eval and of what runs the model."""
        return installed.versions(PROGRAM.find(environ).resolve(), _PACKAGES)

    def program(self, task: Task) -> Program:
        """``lm-eval run``, task by task.

        Raises:
            HarnessMissingError: lm-eval is not installed.
        """
        lm_eval = asked(task.config)
        output_of(task).mkdir(parents=True, exist_ok=True)
        return Program(
            command=[str(python_of(PROGRAM.find(task.environ))), str(PLUGIN), "run", *arguments(task)],
            environ=environment(task),
            events=task.place.progress,
            timeout_seconds=lm_eval.timeout_seconds,
        )

    def results(self, task: Task, ended: Ended) -> Results:
        """The complete tasks; those that failed and those that lm-eval did not come to are named.

        Raises:
            HarnessError: no task is complete, or two of them share a name.
        """
        output = output_of(task)
        results = lm_eval_output.read(output, ended.progress.failed)
        if not results.scores:
            raise process.failure(self.title, ended, task.place.log, results.failed)
        names = ended.progress.names or asked(task.config).tasks
        known = lm_eval_output.complete(output) | {failure.scenario for failure in results.failed}
        missing = [name for name in dict.fromkeys(map(metric_part, names)) if name not in known]
        if ended.is_complete:
            return results
        why = f"lm-eval ended before it was complete ({ended.why})"
        return replace(results, failed=(*results.failed, *(FailedScenario(name, why) for name in missing)))


def asked(config: EvaluationJobConfig) -> LmEvalConfig:
    """What lm-eval is asked to do by a config that asks lm-eval."""
    if config.lm_eval is None:
        raise ValueError("the config asks another harness")
    return config.lm_eval


def python_of(program: Path) -> Path:
    """The Python that a script of pip's belongs to: that of its first line, or the one beside it.

    Raises:
        HarnessMissingError: it is no such script.
    """
    with program.open("rb") as file:
        first = file.readline(4096).decode("utf-8", "replace").strip()
    interpreter = Path(first.removeprefix("#!").strip())
    beside = program.resolve().parent / "python"
    for python in (interpreter, beside):
        if python.name.startswith("python") and python.is_absolute() and os.access(python, os.X_OK):
            return python
    raise HarnessMissingError(
        f"this is not the lm-eval that pip installs: {program}",
        facts={"note": "its first line names no Python, and there is none beside it"},
        run=f"export {PROGRAM.variable}=ENVIRONMENT/bin/lm-eval",
    )


def check_arguments(lm_eval: LmEvalConfig) -> None:
    """Refuses arguments that the config has fields for, that we give lm-eval ourselves, or that would go around us.

    Raises:
        SanityError: ``lm_eval.args`` holds one of them.
    """
    refused = {flag: f"is the field {field}" for flags, field in _FIELDS.items() for flag in flags}
    refused |= {flag: why for flags, why in _OURS.items() for flag in flags}
    problems = [f"{argument} {why}" for argument in lm_eval.args if (why := _refused(argument, refused))]
    given = [key for key in _model_args(lm_eval.args) if key in _MODEL_KEYS]
    problems += [f"{key} of --model_args is the model of model_config" for key in given]
    if problems:
        raise SanityError(f"lm_eval.args: {'; '.join(problems)}")


def _refused(argument: str, refused: Mapping[str, str]) -> str | None:
    """Why `argument` cannot be given; lm-eval also takes ``-L5``, ``--limit=5`` and beginnings such as ``--lim``."""
    if not argument.startswith("--"):
        return refused.get(argument[:_SHORT])
    name = argument.partition("=")[0]
    if name in {"--", "--model", "--samples", "--seed"}:
        return None
    return next((why for flag, why in refused.items() if flag.startswith(name)), None)


def _model_args(given: Iterable[str]) -> dict[str, str]:
    """The keys and values that the config's own ``--model_args`` name, as far as they can be read without lm-eval."""
    pairs: dict[str, str] = {}
    listing = False
    for argument in given:
        flag, equals, attached = argument.partition("=")
        if argument.startswith("-") and not argument.startswith("-a"):
            listing = flag == "--model_args"
            value = attached if equals else ""
        else:
            listing = listing or argument.startswith("-a")
            value = argument.removeprefix("-a") if argument.startswith("-a") else argument
        if listing:
            pairs |= _pairs(value)
    return pairs


def _pairs(text: str) -> dict[str, str]:
    try:
        data = json.loads(text)
    except ValueError:
        data = dict(part.partition("=")[::2] for part in text.split(",") if "=" in part)
    return {str(key).strip(): str(value) for key, value in data.items()} if isinstance(data, dict) else {}


def arguments(task: Task) -> list[str]:
    """The arguments of ``lm-eval run``: ours, then the config's own."""
    lm_eval, on_cpu = asked(task.config), task.config.compute_config.accelerator is None
    limit = lm_eval.limit if task.max_instances is None else task.max_instances
    has_device = any(argument.partition("=")[0] == "--device" for argument in lm_eval.args)
    has_model = any(argument.partition("=")[0] in {"--model", "-M"} for argument in lm_eval.args)
    model = ["--model", "hf"] if not has_model else []
    return [
        *model,
        *("--model_args", json.dumps(_model_arguments(task.model, on_cpu=on_cpu))),
        *(["--device", "cpu"] if on_cpu and not has_device else []),
        *(["--include_path", str(Path(lm_eval.include_path).absolute())] if lm_eval.include_path else []),
        *(["--num_fewshot", str(lm_eval.num_fewshot)] if lm_eval.num_fewshot is not None else []),
        *(["--limit", str(limit)] if limit is not None else []),
        *("--output_path", str(output_of(task).absolute())),
        *("--use_cache", str(cache_of(task).absolute())),
        "--log_samples",
        *("--tasks", *lm_eval.tasks),
        *lm_eval.args,
    ]


def _model_arguments(model: Model, *, on_cpu: bool) -> dict[str, Any]:
    """As JSON lm-eval takes a path with commas and equals signs as it is."""
    tokenizer = {} if model.tokenizer == str(model.directory) else {"tokenizer": model.tokenizer}
    return {"pretrained": str(model.directory), **tokenizer, "dtype": "float32" if on_cpu else "auto"}


def output_of(task: Task) -> Path:
    """Where lm-eval writes: a directory for each task."""
    return task.place.output / "lm-eval"


def cache_of(task: Task) -> Path:
    """Where answers to single requests are kept: a place that only these weights and these arguments lead to.

    lm-eval knows a request by its text alone.
    """
    lm_eval = asked(task.config)
    parts = [
        task.model.fingerprint(task.place.root),
        task.model.tokenizer,
        str(task.config.compute_config.accelerator),
        *lm_eval.args,
    ]
    return task.place.work / "lm-eval" / hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def environment(task: Task) -> dict[str, str]:
    """The environment of lm-eval: ours, the config's ``env`` on top; without network where nothing needs one."""
    local = Path(task.model.tokenizer).is_absolute() and lm_eval_data.is_local(asked(task.config))
    return {
        **DEFAULTS,
        **({"HF_HUB_OFFLINE": "1"} if local else {}),
        **task.environ,
        **task.config.env,
        "CAJAJEJO_PROGRESS": str(task.place.progress.absolute()),
        "TOKENIZERS_PARALLELISM": "false",
    }
