"""Rendering 1,000 jobs of a matrix: CPU seconds beyond start-up, ours against hera, jsonnet and kustomize.

    .venv/bin/python benchmarks/render.py [--jobs N] [--rounds N] [--check]

Ours reads the config, checks each combination, renders it, reads it again and holds it against Kubernetes' schemas and
rules. The others only make the same documents, from names and texts that are given to them, and check nothing: hera
with its models and its writer of YAML, jsonnet as one program for all jobs, `kubectl kustomize` with a patch of each
job, of which a few runs are measured. That all make the same is asserted once. The rounds take turns, so that a machine
that slows down slows all of them; medians and their ratios are printed. ``--check`` exits with 1 where ours takes over
two seconds, or longer than hera.
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import rjsonnet
import yaml
from hera._yaml import _yaml as hera_yaml
from hera.workflows.models.io.k8s.api.core import v1

from cajajejo import evaluation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cajajejo.manifests import Manifests

EXAMPLE: Final = Path(__file__).resolve().parent.parent / "examples/gpu-mlflow-tokenizer-repo"
MOST_SECONDS: Final = 2.0
KUSTOMIZE_RUNS: Final = 5
Documents = list[dict[str, Any]]


def matrix(directory: Path, jobs: int) -> Path:
    """A config with so many combinations, in `directory`."""
    suites = [f"suite-{number}" for number in range(jobs)]
    config = directory / "job_config.yml"
    text = (EXAMPLE / "job_config.yml").read_text("utf-8")
    config.write_text(f"{text}\nmatrix:\n  axes:\n    helm.suite: {json.dumps(suites)}\n", "utf-8")
    return config


def ours(config: Path) -> tuple[Manifests, ...]:
    """Read, checked, rendered, parsed, validated."""
    return evaluation.parse_job(config, EXAMPLE / "run_specs.conf").jobs


def with_hera(job: Manifests, name: str, text: str) -> str:
    """The documents of one job, built of hera's models where it has them, written as hera writes."""
    spec, config_map, storage_class = job.documents
    pod = spec["spec"]["template"]["spec"]
    built: dict[str, list[Any]] = {
        "initContainers": [v1.Container.model_validate(container) for container in pod["initContainers"]],
        "containers": [v1.Container.model_validate(container) for container in pod["containers"]],
        "volumes": [v1.Volume.model_validate(volume) for volume in pod["volumes"]],
    }
    built["volumes"][0].config_map.name = name
    next(known for known in built["containers"][0].env if known.name == "JOB_NAME").value = name
    dumped = {
        key: [model.model_dump(exclude_none=True, by_alias=True, mode="json") for model in models]
        for key, models in built.items()
    }
    labels = {**config_map["metadata"]["labels"], "app.kubernetes.io/instance": name}
    template = {"metadata": {"labels": labels}, "spec": {**pod, **dumped}}
    data = {**config_map["data"], "eval_config.yml": text}
    documents = [
        {**spec, "metadata": _metadata(spec, name, labels), "spec": {**spec["spec"], "template": template}},
        {**config_map, "metadata": _metadata(config_map, name, labels), "data": data},
        storage_class,
    ]
    assert hera_yaml is not None
    return str(hera_yaml.dump_all(documents, sort_keys=False))


def _metadata(document: dict[str, Any], name: str, labels: dict[str, str]) -> dict[str, Any]:
    return {**document["metadata"], "name": name, "labels": labels}


def jsonnet_program(job: Manifests) -> str:
    """A program that takes names and texts, and makes the documents of each."""
    canonical = json.dumps([*job.documents]).replace(json.dumps(job.name), "name")
    text = json.dumps(job.document("ConfigMap")["data"]["eval_config.yml"])
    return f"function(jobs) [local name = job[0]; {canonical.replace(text, 'job[1]')} for job in jobs]"


def with_jsonnet(program: str, given: Sequence[tuple[str, str]]) -> str:
    """The documents of all jobs, as JSON."""
    return str(rjsonnet.evaluate_snippet("jobs", program, tla_codes={"jobs": json.dumps(given)}))


def write_kustomization(directory: Path, base: Manifests, name: str, text: str) -> None:
    """A base of the documents, and a patch that gives a job its name and its text."""
    (directory / "base.yml").write_text(base.text, "utf-8")
    job = [
        {"op": "replace", "path": path, "value": name}
        for path in (
            *("/metadata/name", "/metadata/labels/app.kubernetes.io~1instance"),
            *("/spec/template/metadata/labels/app.kubernetes.io~1instance",),
            *("/spec/template/spec/containers/0/env/2/value", "/spec/template/spec/volumes/0/configMap/name"),
        )
    ]
    config_map = [*job[:2], {"op": "replace", "path": "/data/eval_config.yml", "value": text}]
    patches = [{"target": {"kind": "Job"}, "patch": json.dumps(job)}]
    patches.append({"target": {"kind": "ConfigMap"}, "patch": json.dumps(config_map)})
    (directory / "kustomization.yaml").write_text(json.dumps({"resources": ["base.yml"], "patches": patches}), "utf-8")


def with_kustomize(directory: Path) -> bytes:
    """The documents of one job."""
    return subprocess.run(["kubectl", "kustomize", str(directory)], check=True, stdout=subprocess.PIPE).stdout


def cpu_seconds(act: Callable[[], object]) -> float:
    """User and system seconds of this process and of the children that it waited for."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    before = time.process_time()
    act()
    here = time.process_time() - before
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    return here + now.ru_utime + now.ru_stime - children.ru_utime - children.ru_stime


def by_kind(documents: Sequence[dict[str, Any]]) -> Documents:
    """The documents in an order of their own, since kustomize sorts them."""
    return sorted(documents, key=lambda document: str(document["kind"]))


def assert_same(base: Manifests, job: Manifests, directory: Path) -> None:
    """Fails where another tool makes something else of the same job."""
    name, text = job.name, job.document("ConfigMap")["data"]["eval_config.yml"]
    wanted = by_kind(job.documents)
    assert by_kind(list(yaml.safe_load_all(with_hera(base, name, text)))) == wanted, "hera"
    assert by_kind(json.loads(with_jsonnet(jsonnet_program(base), [(name, text)]))[0]) == wanted, "jsonnet"
    if shutil.which("kubectl"):
        assert by_kind(list(yaml.safe_load_all(with_kustomize(directory)))) == wanted, "kustomize"


def measured(directory: Path, jobs: int, rounds: int) -> dict[str, list[float]]:
    """The seconds of each round, for so many jobs."""
    config = matrix(directory, jobs)
    made = ours(config)
    given = [(job.name, str(job.document("ConfigMap")["data"]["eval_config.yml"])) for job in made]
    base, program = made[0], jsonnet_program(made[0])
    write_kustomization(directory, base, *given[-1])
    assert_same(base, made[-1], directory)
    ways: dict[str, Callable[[], object]] = {
        "cajajejo": lambda: ours(config),
        "hera": lambda: [with_hera(base, name, text) for name, text in given],
        "jsonnet": lambda: with_jsonnet(program, given),
    }
    times: dict[str, list[float]] = {name: [] for name in (*ways, "kubectl kustomize")}
    for _ in range(rounds):
        for name, act in ways.items():
            times[name].append(cpu_seconds(act))
        if shutil.which("kubectl"):
            runs = [cpu_seconds(lambda: with_kustomize(directory)) for _ in range(KUSTOMIZE_RUNS)]
            times["kubectl kustomize"].append(statistics.median(runs) * jobs)
    return times


def main() -> int:
    """Measures, prints, and with ``--check`` judges."""
    parser = argparse.ArgumentParser(description="Rendering many jobs: ours against hera, jsonnet and kustomize.")
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--check", action="store_true", help="exit 1 where ours is over two seconds or slower than hera"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        times = measured(Path(folder), options.jobs, options.rounds)
    medians = {name: statistics.median(taken) for name, taken in times.items() if taken}
    own = medians["cajajejo"]
    print(f"{options.jobs} jobs      CPU seconds   a job      against ours")
    for name, seconds in medians.items():
        print(f"{name:<20}{seconds:9.2f} s {seconds / options.jobs * 1000:8.2f} ms {seconds / own:8.2f} x")
    slow = own > MOST_SECONDS * options.jobs / 1000 or own > medians["hera"]
    return 1 if options.check and slow else 0


if __name__ == "__main__":
    sys.exit(main())
