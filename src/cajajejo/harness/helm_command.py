"""How HELM is called: its program, its arguments, and the three files that tell it where the model is."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo import yamltext
from cajajejo.errors import HarnessMissingError, SanityError
from cajajejo.results import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.harness.model import Model
    from cajajejo.harness.scratch import Scratch

PLUGIN: Final = Path(__file__).parent / "helm_plugin" / "cajajejo_helm.py"
ENVIRONMENT_IN_CLONE: Final = Path(".cajajejo/envs/helm")
DEFAULT_MAX_INSTANCES: Final = 1000

_OURS: Final = ("--conf-paths", "-c", "--suite", "--output-path", "-o", "--local-path", "--runner-class-name")
_LOCAL_MODELS: Final = "--enable-local-huggingface-models"
_RELEASED: Final = dt.date(2026, 1, 1)  # HELM demands a date and does not use it
_LARGEST_LENGTH: Final = 1_000_000  # transformers writes 1e30 where a tokenizer names no limit


def find_helm_run(environ: Mapping[str, str]) -> Path:
    """The program helm-run: ``CAJAJEJO_HELM_RUN``, beside this Python, the clone's own environment, or on the path.

    Raises:
        HarnessMissingError: it is in none of these places.
    """
    named = environ.get("CAJAJEJO_HELM_RUN")
    places = [
        Path(sys.executable).parent / "helm-run",
        ENVIRONMENT_IN_CLONE / "bin" / "helm-run",
        Path(shutil.which("helm-run", path=environ.get("PATH")) or "/nonexistent"),
    ]
    candidates = [Path(named)] if named else places
    found = next((place for place in candidates if place.is_file() and os.access(place, os.X_OK)), None)
    if found is None:
        facts = {"looked at": ", ".join(str(place) for place in ([named] if named else places[:2])) + " and PATH"}
        raise HarnessMissingError(
            "the harness is not installed: helm-run (crfm-helm)",
            facts={
                **facts,
                "note": "HELM needs an environment of its own: a clone makes one, CAJAJEJO_HELM_RUN names another",
            },
            run="python3 scripts/environments.py helm",
        )
    return found.absolute()


def check_arguments(config: EvaluationJobConfig) -> None:
    """Refuses arguments that we give HELM ourselves.

    Raises:
        SanityError: ``helm.args`` holds one of them.
    """
    taken = [argument for argument in config.helm.args if argument.partition("=")[0] in _OURS]
    if taken:
        raise SanityError(f"helm.args: {', '.join(taken)} is set by cajajejo itself")


def arguments(config: EvaluationJobConfig, model: Model, scratch: Scratch, *, max_instances: int | None) -> list[str]:
    """The arguments of helm-run: the config's own, then ours.

    ``--enable-local-huggingface-models`` for the model of the config is left out: the files of `write_registry` say
    the same and more, and HELM would let the argument win.
    """
    own = _without_local_model(config.helm.args, model)
    limit = _option(own, "-m", "--max-eval-instances")
    if max_instances is not None:
        own = _without(own, "-m", "--max-eval-instances")
    if max_instances is not None or limit is None:
        own += ["--max-eval-instances", str(max_instances or DEFAULT_MAX_INSTANCES)]
    if _option(own, "-n", "--num-threads") is None and config.compute_config.accelerator is None:
        own += ["--num-threads", "1"]  # on a CPU several requests at once only fight for the cores
    plugins = ["--plugins", str(PLUGIN)] if "--plugins" not in own else []
    own = [item for argument in own for item in ([argument, str(PLUGIN)] if argument == "--plugins" else [argument])]
    return [
        *own,
        *("--conf-paths", str(scratch.run_specs.absolute())),
        *("--suite", config.helm.suite),
        *("--output-path", str(scratch.output.absolute())),
        *("--local-path", str(registry_of(scratch))),
        *("--runner-class-name", "cajajejo_helm.ProgressRunner"),
        *plugins,
        "--skip-completed-runs",
    ]


def registry_of(scratch: Scratch) -> Path:
    """The directory that HELM reads models from, and keeps its answers to single requests in."""
    return (scratch.work / "helm").absolute()


def environment(config: EvaluationJobConfig, environ: Mapping[str, str], progress: Path) -> dict[str, str]:
    """The environment of helm-run: ours, the config's ``env`` on top, and where to report progress."""
    return {
        "OMP_WAIT_POLICY": "PASSIVE",  # threads that wait do not spin: half the time on a machine that is shared
        **environ,
        **config.env,
        "CAJAJEJO_PROGRESS": str(progress.absolute()),
        "CAJAJEJO_PARENT": str(os.getpid()),
        "PYTHONPATH": str(PLUGIN.parent),
        "TOKENIZERS_PARALLELISM": "false",
    }


def write_registry(config: EvaluationJobConfig, model: Model, directory: Path) -> None:
    """Writes the files that make the model known to HELM without any network."""
    directory.mkdir(parents=True, exist_ok=True)
    end, prefix = _special(model, "eos_token"), _special(model, "bos_token")
    client: dict[str, Any] = {
        "pretrained_model_name_or_path": str(model.directory),
        "torch_dtype": "torch.float32" if config.compute_config.accelerator is None else "auto",  # auto: as saved
        "apply_chat_template": False,
        "end_of_text_token": end,
    }
    if config.compute_config.accelerator is None:
        client["device"] = "cpu"
    deployment = {
        **dict.fromkeys(("name", "model_name", "tokenizer_name"), model.name),
        "max_sequence_length": _max_length(model),
        "client_spec": {"class_name": "helm.clients.huggingface_client.HuggingFaceClient", "args": client},
    }
    metadata = {
        "name": model.name,
        "creator_organization_name": "local",
        "display_name": model.directory.name,
        "description": "The model of the job config",
        "access": "open",
        "release_date": _RELEASED,
        "tags": ["TEXT_MODEL_TAG", "FULL_FUNCTIONALITY_TEXT_MODEL_TAG"],
    }
    tokenizer = {
        "name": model.name,
        "tokenizer_spec": {
            "class_name": "helm.tokenizers.huggingface_tokenizer.HuggingFaceTokenizer",
            "args": {"pretrained_model_name_or_path": model.tokenizer},
        },
        "end_of_text_token": end,
        "prefix_token": prefix,
    }
    write_whole(directory / "model_deployments.yaml", yamltext.dump({"model_deployments": [deployment]}))
    write_whole(directory / "model_metadata.yaml", yamltext.dump({"models": [metadata]}))
    write_whole(directory / "tokenizer_configs.yaml", yamltext.dump({"tokenizer_configs": [tokenizer]}))


def _special(model: Model, name: str) -> str:
    """A special token, wherever and in whichever form the tokenizer's files name it; empty where it has none."""
    for file in ("tokenizer_config.json", "special_tokens_map.json"):
        token = model.json_file(file).get(name)
        text = token.get("content") if isinstance(token, dict) else token
        if isinstance(text, str):
            return text
    return ""


def _max_length(model: Model) -> int:
    for file, name in (("tokenizer_config.json", "model_max_length"), ("config.json", "max_position_embeddings")):
        length = model.json_file(file).get(name)
        if isinstance(length, int | float) and 0 < length < _LARGEST_LENGTH:
            return int(length)
    return 2048


def _without_local_model(given: Sequence[str], model: Model) -> list[str]:
    kept: list[str] = []
    models: list[str] = []
    listing = False
    for argument in given:
        flag, equals, value = argument.partition("=")
        if flag == _LOCAL_MODELS:
            listing = True
            models += [value] if equals else []
        elif listing and not argument.startswith("-"):
            models.append(argument)
        else:
            listing = False
            kept.append(argument)
    others = [path for path in models if Path(path).name != model.directory.name]
    return [*kept, *([_LOCAL_MODELS, *others] if others else [])]


def _option(given: Sequence[str], *names: str) -> str | None:
    """The value of an option, the last one where it is given twice."""
    value = None
    for argument, following in zip(given, [*given[1:], None], strict=False):
        name, equals, attached = argument.partition("=")
        if name in names:
            value = attached if equals else following
    return value


def _without(given: Sequence[str], *names: str) -> list[str]:
    kept: list[str] = []
    skip = False
    for argument in given:
        if skip:
            skip = False
        elif argument in names:
            skip = True
        elif argument.partition("=")[0] not in names:
            kept.append(argument)
    return kept
