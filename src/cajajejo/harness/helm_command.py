"""How HELM is called: its program, its arguments, and the three files that tell it where the model is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo import yamltext
from cajajejo.errors import SanityError
from cajajejo.harness.adapter import DEFAULTS
from cajajejo.harness.installed import Wanted
from cajajejo.results import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cajajejo.config import EvaluationJobConfig
    from cajajejo.harness.scratch import Scratch
    from cajajejo.harness_config import HelmConfig
    from cajajejo.models.model import Model

PLUGIN: Final = Path(__file__).parent / "helm_plugin" / "cajajejo_helm.py"
PROGRAM: Final = Wanted("helm-run (crfm-helm)", ("helm-run",), "CAJAJEJO_HELM_RUN")
DEFAULT_MAX_INSTANCES: Final = 1000

_OURS: Final = ("--conf-paths", "-c", "--suite", "--output-path", "-o", "--local-path", "--runner-class-name")
_SHARED_CACHE: Final = "--mongo-uri"
_LOCAL_MODELS: Final = "--enable-local-huggingface-models"
_HUB_MODELS: Final = "--enable-huggingface-models"
_METADATA: Final = {
    "creator_organization_name": "local",
    "description": "The model of the job config",
    "access": "open",
    "release_date": dt.date(2026, 1, 1),  # HELM demands a date and does not use it
    "tags": ["TEXT_MODEL_TAG", "FULL_FUNCTIONALITY_TEXT_MODEL_TAG"],
}
_LARGEST_LENGTH: Final = 1_000_000  # transformers writes 1e30 where a tokenizer names no limit


def asked(config: EvaluationJobConfig) -> HelmConfig:
    """What HELM is asked to do by a config that asks HELM."""
    if config.helm is None:
        raise ValueError("the config asks another harness")
    return config.helm


def check_arguments(config: EvaluationJobConfig) -> None:
    """Refuses arguments that we give HELM ourselves, and a cache in which other weights have left answers.

    Raises:
        SanityError: ``helm.args`` holds one of them.
    """
    flags = {argument: argument.partition("=")[0] for argument in asked(config).args}
    taken = [argument for argument, flag in flags.items() if flag in _OURS]
    if taken:
        raise SanityError(f"helm.args: {', '.join(taken)} is set by cajajejo itself")
    if _SHARED_CACHE in flags.values():
        says = "it keeps answers by the name of the model, and would give those of other weights of this name"
        raise SanityError(f"helm.args: {_SHARED_CACHE} is not taken", facts={"because": says})


def arguments(config: EvaluationJobConfig, model: Model, scratch: Scratch, *, max_instances: int | None) -> list[str]:
    """The arguments of helm-run: the config's own, then ours.

    ``--enable-local-huggingface-models`` for the model of the config is left out: the files of `write_registry` say
    the same and more, and HELM would let the argument win.
    """
    helm = asked(config)
    own = _translated(config, model).arguments
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
        *("--suite", helm.suite),
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
        **DEFAULTS,
        **environ,
        **config.env,
        "CAJAJEJO_PROGRESS": str(progress.absolute()),
        "PYTHONPATH": str(PLUGIN.parent),
        "TOKENIZERS_PARALLELISM": "false",
    }


def write_registry(config: EvaluationJobConfig, model: Model, directory: Path) -> None:
    """Writes the files that make the model known to HELM without any network, by every name that run specs may use."""
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
    tokenizer_spec = {
        "class_name": "helm.tokenizers.huggingface_tokenizer.HuggingFaceTokenizer",
        "args": {"pretrained_model_name_or_path": model.tokenizer},
    }
    deployments, models, tokenizers = [], [], []
    for name in (model.name, *_translated(config, model).names):
        deployments.append(
            {
                **dict.fromkeys(("name", "model_name", "tokenizer_name"), name),
                "max_sequence_length": _max_length(model),
                "client_spec": {"class_name": "helm.clients.huggingface_client.HuggingFaceClient", "args": client},
            }
        )
        models.append({**_METADATA, "name": name, "display_name": model.directory.name})
        tokenizers.append(
            {"name": name, "tokenizer_spec": tokenizer_spec, "end_of_text_token": end, "prefix_token": prefix}
        )
    write_whole(directory / "model_deployments.yaml", yamltext.dump({"model_deployments": deployments}))
    write_whole(directory / "model_metadata.yaml", yamltext.dump({"models": models}))
    write_whole(directory / "tokenizer_configs.yaml", yamltext.dump({"tokenizer_configs": tokenizers}))


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


@dataclass(frozen=True, slots=True)
class _Translated:
    """The config's own arguments without what names its model, and the names beside its own that they give it."""

    arguments: list[str]
    names: list[str]


def _translated(config: EvaluationJobConfig, model: Model) -> _Translated:
    rest, given = _split(asked(config).args)
    ours = [path for path in given[_LOCAL_MODELS] if _is_model(path, model)]
    if not ours and len(given[_LOCAL_MODELS]) == 1 and not Path(given[_LOCAL_MODELS][0]).exists():
        ours = given[_LOCAL_MODELS]  # where the model lies in the pod, which is not where it lies here
    repository = config.model.hf_repo
    ours_on_hub = [name for name in given[_HUB_MODELS] if repository and name.partition("@")[0] == repository]
    names = [f"huggingface/{Path(path).name}" for path in ours] + ours_on_hub
    for flag, taken in ((_LOCAL_MODELS, ours), (_HUB_MODELS, ours_on_hub)):
        others = [value for value in given[flag] if value not in taken]
        rest += [flag, *others] if others else []
    return _Translated(rest, [name for name in dict.fromkeys(names) if name != model.name])


def _split(given: Sequence[str]) -> tuple[list[str], dict[str, list[str]]]:
    """`given` without the options that name models, which may be abbreviated, and the values of these."""
    kept: list[str] = []
    values: dict[str, list[str]] = {_LOCAL_MODELS: [], _HUB_MODELS: []}
    listing: str | None = None
    for argument in given:
        flag, equals, value = argument.partition("=")
        if flag.startswith("--enable-") and flag != "--enable-":
            listing = next((name for name in values if name.startswith(flag)), None)
            if listing is not None:
                values[listing] += [value] if equals else []
                continue
        elif listing is not None and not argument.startswith("-"):
            values[listing].append(argument)
            continue
        listing = None
        kept.append(argument)
    return kept, values


def _is_model(path: str, model: Model) -> bool:
    """Whether `path` is where the model lies, or where it lies in the pod, by its name."""
    if Path(path).name == model.directory.name:
        return True
    try:
        return Path(path).samefile(model.directory)
    except OSError:
        return False


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
