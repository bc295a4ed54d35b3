"""Text that breaks things, configs full of it, and the readers that must give it back."""

from __future__ import annotations

import json
import os
import posixpath
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import strategies as st

from cajajejo import evaluation, profiles
from cajajejo.provenance import UNSET

if TYPE_CHECKING:
    from cajajejo.evaluation import Rendered
    from cajajejo.manifests import Manifests

IN_CI = bool(os.environ.get("CI"))  # looked at before the fixture hides it

# fmt: off
FRAGMENTS = (
    *('"', "'", "\\", "\n", "\r\n", "\r", "\t", " ", "  ", "#", ": ", "- ", "---", "...", "%YAML 1.1", "|", ">"),
    *("&a", "*a", "!!str", "[", "]", "{", "}", ",", "?", "@", "~", "null", "no", "1.10", "0x1f", "eval_config.yml: |"),
    *("{{ }}", "{% if %}", "{# #}", "${X}", "$(HOME)", "$$", "$", "$é", "`id`", "gs://", "\\u0041", "\\n"),
    *("\x01", "\x1b", "\x7f", "\x80", "\x85", "\xa0", "\xad", "\u200b", "\u2028", "\u2029", "\u202e", "\ufeff"),
    *("\ufffe", "\uffff", "é", "e\u0301", "漢字", "😀", "👩\u200d🚀", "\U0001fffe", "\U0010ffff", "\ue000"),
)
EXAMPLES = (
    *FRAGMENTS,
    *('say "hi"', "it's", " leading", "trailing ", "\n\n\n", "\n leading", "\tx", "a\n\tb", "a\n b\n", "a\r\nb\r\n"),
    *("a\n\n\n", "a\n ", "a\n \n", "---\n", "\n---\n", "a\n---\nb\n", "...\n", "kind: Job\n---\nkind: Secret\n"),
    *("a: b\n  c: d\n", "- a\n", "$" * 7, "$(A)$(B)$$(C)$"),
)
# fmt: on

RUN_SPECS = "entries: []\n"
CONFIG: dict[str, Any] = {
    "version": "v4",
    "image": "registry/evaluation",
    "image_tag": "10abfb1bf8",
    "compute_config": {"accelerator": "nvidia-l4", "cpu": "4", "memory": "16Gi"},
    "storage_config": {
        "scratch": {"storage_class_parameters": {"type": "pd-ssd"}},
        "model_cache": {"claim_name": "models", "mount_path": "/models"},
    },
    "kubernetes_config": {"annotations": {"example.org/a": "b"}},
    "helm": {"args": ["--max-eval-instances", "10"], "suite": "v1"},
    "mlflow_config": {"tracking_uri": "http://mlflow:5000"},
    "model_config": {
        "mlflow_artifact": {
            "run_id": "r",
            "artifact_path": "model",
            "model_directory": "model",
            "tokenizer_directory": "tokenizer",
        },
    },
    "tracking_config": {
        "experiment_name": "e",
        "run_name": "n",
        "description": "d",
        "tags": {"creator": "c", "lifecycle": "l", "model": "m", "datasets": ["a", "b"]},
    },
    "env": {"A": "b"},
    "secret_files": [{"name": "s", "mount_path": "/var/secrets"}],
}
TEXT_FIELDS = (
    *("image", "image_tag", "helm.suite", "helm.args.0", "mlflow_config.tracking_uri", "env.A"),
    *(f"model_config.mlflow_artifact.{name}" for name in CONFIG["model_config"]["mlflow_artifact"]),
    *(f"tracking_config.{name}" for name in ("experiment_name", "run_name", "description")),
    *("tracking_config.tags.creator", "tracking_config.tags.datasets.1"),
    *("kubernetes_config.annotations.example\\.org/a", "storage_config.scratch.storage_class_parameters.type"),
    *("storage_config.model_cache.mount_path", "secret_files.0.mount_path"),
)
"""Every field of `CONFIG` that holds free text, as paths; a dot inside of a key is escaped."""
characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.one_of(
    st.sampled_from(EXAMPLES),
    st.text(characters, max_size=30),
    st.lists(st.sampled_from(FRAGMENTS) | st.text(characters, max_size=3), min_size=1, max_size=12).map("".join),
)
some_text = texts.filter(bool)
tag_keys = (
    st.text("abzAZ09_./: -", min_size=1, max_size=20)
    .map(posixpath.normpath)
    .filter(lambda key: key != "." and not key.startswith(("/", "..", "mlflow.")))
)
env_names = st.from_regex(r"\A[-._a-zA-Z][-._a-zA-Z0-9]{0,20}\Z")


@st.composite
def sources(draw: st.DrawFn) -> dict[str, Any]:
    """A model source of any kind."""
    kind = draw(st.sampled_from(["directory", "repo", "gs_uri", "s3_uri", "hf_repo", "path"]))
    if kind in {"gs_uri", "s3_uri"}:
        return {kind: f"{kind[:2]}://bucket/{draw(texts)}x"}
    if kind == "hf_repo":
        return {"hf_repo": "EleutherAI/pythia-70m", "revision": draw(some_text)}
    if kind == "path":
        return {"path": draw(some_text)}
    artifact = {name: draw(some_text) for name in ("run_id", "artifact_path", "model_directory")}
    artifact[f"tokenizer_{'directory' if kind == 'directory' else 'hf_repo'}"] = draw(some_text)
    return {"mlflow_artifact": artifact}


@st.composite
def fetches(draw: st.DrawFn, source: dict[str, Any]) -> dict[str, Any]:
    """A way to fetch a model from `source`."""
    if "path" in source:
        return {}
    kinds = ["cajajejo"] if source.keys() & {"s3_uri", "hf_repo"} else ["mlflow", "cajajejo"]
    images = some_text.filter(_has_no_space_around)
    return draw(st.fixed_dictionaries({}, optional={"kind": st.sampled_from(kinds), "image": images}))


arguments = texts.filter(lambda text: text[:1] != "-" or not text[1:2].isalpha())
"""Of a harness; some options are refused."""


def _lists() -> st.SearchStrategy[list[str]]:
    return st.lists(arguments, min_size=1, max_size=3)


files_inside = texts.map(lambda text: f"runs/{text}x").filter(lambda path: ".." not in path)
HARNESSES = {
    "helm": st.fixed_dictionaries({"args": st.lists(arguments, max_size=3), "suite": some_text}),
    "lm_eval": st.fixed_dictionaries(
        {"tasks": st.lists(some_text, min_size=1, max_size=3), "include_path": some_text, "args": _lists()}
    ),
    "command": st.fixed_dictionaries({"args": _lists(), "results": files_inside})
    | st.fixed_dictionaries({"args": _lists(), "event_files": files_inside}),
}
harnesses = st.sampled_from(sorted(HARNESSES)).flatmap(
    lambda name: HARNESSES[name].map(lambda section: {name: section})
)
trackings = st.fixed_dictionaries(
    {"tracking_uri": some_text},
    optional={"spool_uri": texts.map(lambda text: f"s3://bucket/{text}x").filter(lambda uri: "@" not in uri)},
)


def _is_mount_path(path: str) -> bool:
    return posixpath.normpath(path) == path


mount_paths = texts.map(lambda text: f"/m{text.replace(':', '')}").filter(_is_mount_path)
names = st.from_regex(r"\A[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?\Z")
labels = st.dictionaries(names.map("example.org/{}".format), names, max_size=2)
tolerations = st.fixed_dictionaries({"key": names, "value": names, "effect": st.just("NoSchedule")})


@st.composite
def storage(draw: st.DrawFn, profile: str) -> dict[str, Any]:
    """Disks of any kind that the profile has."""
    kinds: list[dict[str, Any]] = [{}, {"kind": "empty_dir", "size": "10Gi"}, {"kind": "claim", "claim_name": "runs"}]
    if profile.startswith("gke-"):
        kinds.append({"storage_class_parameters": draw(st.dictionaries(some_text, texts, min_size=1, max_size=3))})
    cache = {"claim_name": draw(names), "mount_path": f"{draw(mount_paths)}/cache"}
    return {"scratch": draw(st.sampled_from(kinds)), "model_cache": draw(st.sampled_from([None, cache]))}


@st.composite
def configs(draw: st.DrawFn, profile: str = "gke-autopilot") -> dict[str, Any]:
    """A valid config with hostile text wherever free text may stand."""
    source = draw(sources())
    tags = draw(st.dictionaries(tag_keys, texts | st.lists(texts, max_size=3), max_size=2))
    return {
        "version": "v4",
        "image": draw(some_text.filter(_has_no_space_around)),
        "image_tag": draw(some_text.filter(_has_no_space_around)),
        "compute_config": {
            "cpu": "4",
            "memory": "16Gi",
            **draw(st.sampled_from([{}, {} if profile == "kind" else {"accelerator": "nvidia-l4"}])),
            "node_selector": draw(labels),
            "tolerations": draw(st.lists(tolerations, max_size=2)),
        },
        "storage_config": draw(storage(profile)),
        "kubernetes_config": {
            "labels": draw(labels),
            "annotations": draw(st.dictionaries(names.map("example.org/{}".format), texts, max_size=3)),
        },
        **draw(harnesses),
        "mlflow_config": draw(trackings),
        "model_config": source,
        "model_fetch": draw(fetches(source)),
        "tracking_config": {
            "experiment_name": draw(some_text),
            "run_name": draw(some_text),
            "description": draw(texts),
            "tags": {**tags, "creator": draw(texts), "lifecycle": draw(texts)},
        },
        "env": draw(st.dictionaries(env_names, texts, max_size=3)),
        "secret_files": [
            {"name": name, "mount_path": f"{draw(mount_paths)}/{name}"}
            for name in sorted(draw(st.sets(names, max_size=2)))
        ],
    }


def _has_no_space_around(text: str) -> bool:
    return text == text.strip()


@st.composite
def jobs(draw: st.DrawFn) -> tuple[dict[str, Any], str, str]:
    """A config, run specs and a profile that they fit."""
    profile = draw(st.sampled_from(sorted(profiles.PROFILES)))
    return draw(configs(profile)), draw(some_text), profile


def write_job(directory: Path, config: dict[str, Any], run_specs: str) -> tuple[Path, Path]:
    """The two files of a job; the config as JSON-like YAML in ASCII, written by PyYAML."""
    (directory / "job_config.yml").write_text(yaml.dump(config, Dumper=yaml.CSafeDumper, default_style='"'), "ascii")
    (directory / "run_specs.conf").write_bytes(run_specs.encode())
    return directory / "job_config.yml", directory / "run_specs.conf"


def parse_all(config: dict[str, Any], run_specs: str = RUN_SPECS, **options: Any) -> Rendered:
    """The jobs of a config, from files as a user has them; `options` are those of `evaluation.Rendering`."""
    version = options.pop("config_version", UNSET)
    rendering = evaluation.Rendering(**options)
    with TemporaryDirectory() as directory:
        config_path, run_specs_path = write_job(Path(directory), config, run_specs)
        files = (config_path, run_specs_path if config.get("helm") else None)
        return evaluation.parse_job(*files, config_version=version, rendering=rendering)


def parse(config: dict[str, Any], run_specs: str = RUN_SPECS, **options: Any) -> Manifests:
    """The manifests of the one job of a config."""
    (job,) = parse_all(config, run_specs, **options).jobs
    return job


def read_by_pyyaml(text: str) -> list[list[dict[str, Any]]]:
    """The documents in `text`, as the C loader and as the pure loader read them."""
    return [list(yaml.load_all(text, Loader=loader)) for loader in (yaml.CSafeLoader, yaml.SafeLoader)]


def read_by_kubectl(text: str, directory: Path) -> list[dict[str, Any]]:
    """The documents in `text`, as kubectl reads them; it needs no cluster to add an annotation to a file."""
    if shutil.which("kubectl") is None:
        if IN_CI:
            pytest.fail("CI must have kubectl: that it reads what we write is otherwise untested")
        pytest.skip("needs kubectl")
    path = directory / "manifest.yml"
    path.write_bytes(text.encode())
    command = ["kubectl", "annotate", "--local", "-f", str(path), "read-by=kubectl", "-o", "json"]
    printed = subprocess.run(command, check=True, capture_output=True).stdout.decode()
    documents, decoder = [], json.JSONDecoder()
    while printed := printed.lstrip():
        document, end = decoder.raw_decode(printed)
        del document["metadata"]["annotations"]["read-by"]
        documents.append(document)
        printed = printed[end:]
    return documents


def expand(text: str) -> str:
    """`text` after the kubelet has expanded it, with no variable defined: byte by byte, as the kubelet does it."""
    data, expanded, position = text.encode(), b"", 0
    while position < len(data):
        here, following = data[position : position + 1], data[position + 1 : position + 2]
        if here != b"$" or not following:
            expanded, position = expanded + here, position + 1
        elif following == b"$":
            expanded, position = expanded + b"$", position + 2
        elif following == b"(" and b")" in data[position:]:
            end = data.index(b")", position) + 1
            expanded, position = expanded + b"<" + data[position:end] + b">", end
        else:  # the kubelet takes one byte for one character
            expanded, position = expanded + b"$" + following.decode("latin-1").encode(), position + 2
    return expanded.decode("utf-8", "replace")
