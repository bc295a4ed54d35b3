"""Configs, models, HELM's output and empty tracking stores: what tests arrange with."""

from __future__ import annotations

import json
import math
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.harness.run import Request

ROOT: Final = Path(__file__).parents[1]
ABSENT: Final = object()
"""Given as the value of a field: the field is left out."""
MODEL: Final = "tiny"
"""The last part of the directory of `model_directory`: run specs say ``huggingface/tiny``."""
MLFLOW_WARNINGS: Final = "ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning"
"""MLflow 3.17.2 uses what SQLAlchemy 2.1 will drop; for ``pytest.mark.filterwarnings``."""


def job_config(**changes: Any) -> dict[str, Any]:
    """A small valid job config; ``helm__suite="v2"`` changes a field inside of a section, `ABSENT` takes it away."""
    config: dict[str, Any] = {
        "version": "v4",
        "image": "registry/evaluation",
        "image_tag": "10abfb1bf8",
        "compute_config": {"cpu": "2", "memory": "4Gi"},
        "helm": {"args": ["--max-eval-instances", "20"], "suite": "v1"},
        "mlflow_config": {"tracking_uri": "sqlite:///mlflow.db"},
        "model_config": {"path": f"models/{MODEL}"},
        "tracking_config": {
            "experiment_name": "tests",
            "description": "A test.",
            "tags": {"creator": "pytest", "lifecycle": "experimental"},
        },
    }
    for place, value in changes.items():
        *sections, last = place.split("__")
        here = config
        for section in sections:
            here = here.setdefault(section, {})
        if value is ABSENT:
            del here[last]
        else:
            here[last] = value
    return config


def write_config(directory: Path, **changes: Any) -> Path:
    """`job_config` as a file in `directory`; JSON, which is YAML."""
    path = directory / "job_config.yml"
    path.write_text(json.dumps(job_config(**changes), indent=2), "utf-8")
    return path


def write_run_specs(directory: Path, *scenarios: str) -> Path:
    """HELM run specs with one entry for each of `scenarios`."""
    entries = (f'  {{description: "{name}:model=huggingface/{MODEL}", priority: 1}}\n' for name in scenarios)
    path = directory / "run_specs.conf"
    path.write_text(f"entries: [\n{''.join(entries)}]\n", "utf-8")
    return path


def model_directory(path: Path, **tokenizer_config: object) -> Path:
    """A directory with the files of a Hugging Face model; none of them could be loaded."""
    path.mkdir(parents=True)
    (path / "config.json").write_text('{"max_position_embeddings": 1024}')
    (path / "model.safetensors").write_bytes(b"weights")
    (path / "tokenizer.json").write_text("{}")
    (path / "tokenizer_config.json").write_text(json.dumps({"model_max_length": 512, **tokenizer_config}))
    return path


@dataclass(frozen=True)
class Answer:
    """One question as HELM recorded it; `choices` make it a multiple choice."""

    id: str
    prediction: str = "Paris"
    reference: str = "Paris"
    text: str = "What is the capital of France?"
    repeat: int = 0
    split: str = "test"
    choices: tuple[str, ...] = ()
    scores: Mapping[str, float] | None = None

    def all_scores(self) -> Mapping[str, float]:
        """What HELM measured: unless it is given, whether the answer is the reference."""
        right = float(self.prediction.strip() == self.reference)
        return {"exact_match": right, "quasi_exact_match": right} if self.scores is None else self.scores


def answers(right: int, of: int) -> list[Answer]:
    """`of` questions, the first `right` of them answered as they should be."""
    return [Answer(f"q-{n:03}", prediction=" Paris" if n <= right else " Rome") for n in range(1, of + 1)]


def stat(name: str, mean: float | None, *, split: str = "test", **name_parts: object) -> dict[str, Any]:
    """One number of HELM; without a mean it was measured over nothing."""
    head: dict[str, Any] = {"name": {"name": name, "split": split, **name_parts}}
    if mean is None:
        return {**head, "count": 0, "sum": 0, "sum_squared": 0}
    moments = {"sum": mean, "sum_squared": mean * mean, "min": mean, "max": mean, "mean": mean}
    return {**head, "count": 1, **moments, "variance": 0.0, "stddev": 0.0}


def instance_stats(answer: Answer) -> dict[str, Any]:
    """One element of ``per_instance_stats.json``: HELM's own bookkeeping, then the scores."""
    bookkeeping = {"num_references": 1.0, "inference_runtime": 1.7, "finish_reason_stop": 1.0, "max_prob": 1.0}
    numbers = [stat(name, value, split=answer.split) for name, value in {**bookkeeping, **answer.all_scores()}.items()]
    nothing = stat("training_co2_cost", None, split=answer.split)
    return {"instance_id": answer.id, "train_trial_index": answer.repeat, "stats": [nothing, *numbers]}


def request_state(answer: Answer, **more: object) -> dict[str, Any]:
    """One element of ``request_states`` in ``scenario_state.json``; a field of None is left out, as HELM does."""
    texts = answer.choices or (answer.reference,)
    instance = {
        "input": {"text": answer.text},
        "references": [{"output": {"text": t}, "tags": ["correct"] * (t == answer.reference)} for t in texts],
        "split": answer.split,
        "id": answer.id,
    }
    letters = dict(zip("ABCDE", answer.choices, strict=False))
    state = {
        "instance": instance,
        "train_trial_index": answer.repeat,
        "output_mapping": letters or None,
        "request": {"model": f"huggingface/{MODEL}", "prompt": f"Question: {answer.text}\nAnswer:", "max_tokens": 8},
        "result": {
            "success": True,
            "embedding": [],
            "completions": [{"text": answer.prediction, "logprob": 0.0, "tokens": []}],
            "cached": False,
            "request_time": 1.7,
            "request_datetime": 1795302749,
        },
        "num_train_instances": 5,
        "prompt_truncated": False,
        "num_conditioning_tokens": 0,
        **more,
    }
    return {name: value for name, value in state.items() if value is not None}


def write_helm_run(
    suite_directory: Path,
    name: str,
    given: Sequence[Answer],
    *,
    instances: Sequence[dict[str, Any]] | None = None,
    states: Sequence[dict[str, Any]] | None = None,
) -> Path:
    """The five files that HELM leaves of the complete run `name`, in the order in which HELM writes them."""
    instances = [instance_stats(answer) for answer in given] if instances is None else instances
    states = [request_state(answer) for answer in given] if states is None else states
    adapter = {"method": "generation", "model": f"huggingface/{MODEL}", "max_train_instances": 5}
    mean = math.fsum(answer.all_scores().get("exact_match", 0.0) for answer in given) / max(len(given), 1)
    worst = {"name": "robustness", "robustness": True, "fairness": False, "computed_on": "worst"}
    stats = [stat("exact_match", mean), stat("exact_match", 0.0, perturbation=worst), stat("num_instances", len(given))]
    files: dict[str, Any] = {
        "run_spec.json": {"name": name, "adapter_spec": adapter, "groups": [name.partition(":")[0]]},
        "scenario.json": {"name": "questions", "description": "Short questions", "tags": ["question answering"]},
        "scenario_state.json": {"adapter_spec": adapter, "request_states": states},
        "stats.json": stats,
        "per_instance_stats.json": instances,
    }
    run = suite_directory / name
    run.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (run / file).write_text(json.dumps(content, indent=2), "utf-8")
    return run


def write_fake_helm(path: Path) -> Path:
    """An executable at `path` that speaks helm-run's protocol: `tests.fakes.helm_run`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from tests.fakes import helm_run"
    path.write_text(f"#!{sys.executable}\n{start}; sys.exit(helm_run.main(sys.argv[1:]))\n")
    path.chmod(0o755)
    return path


def copy_empty_store(path: Path) -> str:
    """The address of a new SQLite tracking store at `path`: a copy, because MLflow takes 5 to 10 s to make one."""
    cached = ROOT / ".cajajejo" / "test-stores" / f"mlflow-{metadata.version('mlflow')}.db"
    if not cached.exists():
        from cajajejo import tracking

        cached.parent.mkdir(parents=True, exist_ok=True)
        making = cached.with_name(f".making-{os.getpid()}.db")
        with tracking.client(f"sqlite:///{making}") as store:
            store.search_experiments()
        making.replace(cached)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(cached, path)
    return f"sqlite:///{path}"


class Evaluation:
    """An evaluation that is ready to run in `directory`, with a fake HELM: see `tests.fakes.helm_run` for its modes."""

    def __init__(self, directory: Path, *scenarios: str, mode: str = "ok", **changes: Any) -> None:
        self.directory = directory
        self.scratch = directory / "scratch"
        self.uri = copy_empty_store(directory / "tracking" / "mlflow.db")
        self.helm = write_fake_helm(directory / "bin" / "helm-run")
        self.model = model_directory(directory / "models" / MODEL)
        self._mode = directory / "mode"
        os.mkfifo(directory / "mode.waits")
        self._waits = os.open(directory / "mode.waits", os.O_RDWR)
        self.configure(**changes)
        self.run_specs = write_run_specs(directory, *(scenarios or ("geography", "biology")))
        self.helm_will(mode)

    def configure(self, **changes: Any) -> None:
        """Writes the job config anew."""
        needed = {
            "mlflow_config__tracking_uri": self.uri,
            "model_config": {"path": str(self.model)},
            "env": {"FAKE_HELM": str(self._mode)},
        }
        self.config = write_config(self.directory, **{**needed, **changes})

    def helm_will(self, mode: str) -> None:
        """What HELM does when it is called next."""
        self._mode.write_text(mode)

    def calls(self, *kinds: str) -> list[Any]:
        """What the fake noted, in order: of ``call``, ``ran``, ``waits``, ``child``, those that are named."""
        notes = self._mode.with_name("mode.calls")
        lines = notes.read_text("utf-8").splitlines() if notes.exists() else []
        return [note[kind] for note in map(json.loads, lines) for kind in kinds if kind in note]

    def ran(self) -> list[str]:
        """The scenarios that were really evaluated since this was asked last."""
        names = [str(run).partition(":")[0] for run in self.calls("ran")]
        self._mode.with_name("mode.calls").unlink(missing_ok=True)
        return names

    def wait_until_helm_hangs(self) -> None:
        """Returns when the fake says that it waits."""
        readable, _, _ = select.select([self._waits], [], [], 120)
        assert readable, "HELM was never reached"
        os.read(self._waits, 1)

    @property
    def environ(self) -> dict[str, str]:
        """The environment that an evaluation needs."""
        return {**os.environ, "CAJAJEJO_HELM_RUN": str(self.helm)}

    def request(self, **changes: Any) -> Request:
        """The request of this evaluation."""
        from cajajejo.harness.run import Request

        needed = {"config": self.config, "run_specs": self.run_specs, "scratch": self.scratch, "environ": self.environ}
        return Request(**{**needed, **changes})

    def start(self, *more: str) -> subprocess.Popen[str]:
        """``cajajejo jobs evaluation run … --local`` in a process of its own."""
        command = ["jobs", "evaluation", "run", str(self.config), str(self.run_specs), "--local"]
        return subprocess.Popen(
            [sys.executable, "-c", "from cajajejo.cli import main; main()", *command, "--scratch", self.scratch, *more],
            env=self.environ,
            cwd=self.directory,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def close(self) -> None:
        """Ends what a test may have left behind."""
        os.close(self._waits)
        for pid in self.calls("pid"):
            if is_alive(pid):
                os.killpg(pid, signal.SIGKILL)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that ended and that nobody has waited for does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def is_gone(pid: int) -> bool:
    """Whether the process, which is not our child, ends within a minute, which is more than it takes."""
    until = time.monotonic() + 60
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.01)
    return not is_alive(pid)
