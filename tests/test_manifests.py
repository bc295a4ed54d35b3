"""What is in a manifest: its shape, its name, the rules of its template, and what differs from the original."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jinja2
import kubernetes_validate
import pytest
import yaml
from jinja2 import nodes

from cajajejo import config, evaluation, manifests, profiles
from cajajejo.errors import CajajejoError
from cajajejo.harness_config import HelmConfig
from cajajejo.manifests import JobIdentity, Manifests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[1]
MISSION = ROOT / "tests/data/mission"
TEMPLATES = ROOT / "src/cajajejo/templates"
KUBERNETES_VERSION = "1.36"
IDENTITY = JobIdentity("eval-neurips", "10abfb1bf8a0", "jobs/a.yml", "jobs/a.conf")


def mission_config(*settings: str) -> config.EvaluationJobConfig:
    return config.load(MISSION / "job_config.yml", settings)


def render(
    *settings: str,
    identity: JobIdentity = IDENTITY,
    run_specs: str | None = "entries: []\n",
    profile: str = profiles.DEFAULT,
) -> Manifests:
    """The mission's config with some settings, rendered."""
    return render_config(mission_config(*settings), identity=identity, run_specs=run_specs, profile=profile)


def render_config(
    job_config: config.EvaluationJobConfig,
    *,
    identity: JobIdentity = IDENTITY,
    run_specs: str | None = "entries: []\n",
    profile: str = profiles.DEFAULT,
    text: str | None = None,
) -> Manifests:
    """A config rendered; `text` stands in the ConfigMap in its place, and run specs of None do not."""
    files = {"eval_config.yml": job_config.as_yaml() if text is None else text}
    compute, scratch = job_config.compute_config, job_config.storage_config.scratch
    return manifests.render(
        evaluation.TEMPLATE,
        identity,
        config=job_config,
        placement=profiles.placement(profiles.find(profile), compute, scratch),
        files=files if run_specs is None else {**files, "run_specs.conf": run_specs},
    )


def pod_of(job: Manifests) -> dict[str, Any]:
    pod = job.document("Job")["spec"]["template"]["spec"]
    assert isinstance(pod, dict)
    return pod


def check_schema(job: Manifests) -> None:
    for document in job.documents:
        kubernetes_validate.validate(document, KUBERNETES_VERSION, strict=True)


MACHINES = {"gpu": ["compute_config.accelerator=nvidia-l4"], "cpu": ["compute_config.accelerator=null"]}
ARTIFACT = "model_config={mlflow_artifact: {run_id: r, artifact_path: a, model_directory: m, tokenizer_%s: t}}"
SOURCES = {
    "mlflow-directory": [ARTIFACT % "directory"],
    "mlflow-repo": [ARTIFACT % "hf_repo"],
    "gs-uri": ["model_config={gs_uri: 'gs://bucket/path/model'}"],
    "s3-uri": ["model_config={s3_uri: 's3://bucket/path/model'}"],
    "hf-repo": ["model_config={hf_repo: EleutherAI/pythia-70m, revision: main}"],
    "path": ["model_config={path: /models/m}"],
}
BY_US = "model_fetch.kind=cajajejo"


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
@pytest.mark.parametrize("machine", MACHINES.values(), ids=MACHINES)
def test_every_kind_of_job_passes_the_strict_schemas(machine: list[str], source: list[str]) -> None:
    job = render(*machine, *source, "env={A: b}")
    assert [document["kind"] for document in job.documents] == ["Job", "ConfigMap", "StorageClass"]
    check_schema(job)


def test_the_strict_schemas_notice_a_wrong_field() -> None:
    job = render()
    pod_of(job)["nodeSelectors"] = {}
    with pytest.raises(kubernetes_validate.ValidationError, match="nodeSelectors"):
        check_schema(job)


def test_a_cpu_job_has_no_selector_and_no_gpu() -> None:
    pod = pod_of(render("compute_config.accelerator=null"))
    assert "nodeSelector" not in pod
    assert pod["containers"][0]["resources"] == {
        "requests": {"cpu": "4", "memory": "16Gi", "ephemeral-storage": "10Gi"},
        "limits": {"memory": "16Gi", "ephemeral-storage": "10Gi"},
    }


def test_a_gpu_job_asks_for_one_gpu_of_its_kind() -> None:
    pod = pod_of(render("compute_config.accelerator=nvidia-l4"))
    assert pod["nodeSelector"] == {"cloud.google.com/gke-accelerator": "nvidia-l4"}
    resources = pod["containers"][0]["resources"]
    assert resources["limits"]["nvidia.com/gpu"] == resources["requests"]["nvidia.com/gpu"] == "1"


def test_a_bucket_is_copied_without_a_shell() -> None:
    (init,) = pod_of(render("model_config={gs_uri: 'gs://bucket/a b;$(id)/model/'}"))["initContainers"]
    assert init["image"] == "google/cloud-sdk:slim"
    assert init["command"] == ["gcloud"]
    assert init["args"] == ["storage", "cp", "-r", "gs://bucket/a b;$$(id)/model", "/scratch"]
    assert init["env"] == [{"name": "HOME", "value": "/scratch"}]


FETCHED_BY_US = {
    "s3-uri": SOURCES["s3-uri"],
    "hf-repo": SOURCES["hf-repo"],
    "mlflow": [*SOURCES["mlflow-repo"], BY_US],
    "gs-uri": [*SOURCES["gs-uri"], BY_US],
}


@pytest.mark.parametrize("source", FETCHED_BY_US.values(), ids=FETCHED_BY_US)
def test_what_we_fetch_is_fetched_by_the_image_of_the_job(source: list[str]) -> None:
    job = render(*source, "env={A: $(B), HTTPS_PROXY: 'http://proxy:3128'}", SECRETS, "kubernetes_config.time_zone=UTC")
    check_schema(job)
    pod = pod_of(job)
    (init,), (evaluating,) = pod["initContainers"], pod["containers"]
    assert init["image"] == evaluating["image"]
    assert (init["command"], init["args"]) == (
        ["cajajejo"],
        ["model", "fetch", "/etc/configs/eval_config.yml", "--output", "/scratch"],
    )
    given = len(config.POD_VARIABLES) + len(config.POD_IDENTITY)
    assert init["env"] == evaluating["env"][given:]
    assert [variable["name"] for variable in init["env"]] == ["A", "HTTPS_PROXY", "HOME", "HF_TOKEN", "TZ"]
    assert init["securityContext"] == evaluating["securityContext"]
    assert init["volumeMounts"] == [
        {"name": "configs-volume", "mountPath": "/etc/configs", "readOnly": True},
        {"name": "scratch-volume", "mountPath": "/scratch"},
    ]


SECRETS = "secret_env={HF_TOKEN: {name: hub, key: token}}"


def test_a_fetch_of_ours_asks_for_no_more_than_the_evaluation() -> None:
    machine = ["compute_config.accelerator=nvidia-l4", "compute_config.limits={cpu: 8, memory: 32Gi}"]
    pod = pod_of(render(*SOURCES["s3-uri"], *machine))
    (init,), (evaluating,) = pod["initContainers"], pod["containers"]
    without_gpu = {
        kind: {name: amount for name, amount in asked.items() if "/" not in name}
        for kind, asked in evaluating["resources"].items()
    }
    assert init["resources"] == without_gpu
    assert set(without_gpu["limits"]) == {"cpu", "memory", "ephemeral-storage"}


def test_the_fetch_sees_the_cache_and_the_files_with_secrets_where_the_evaluation_does() -> None:
    cache = "storage_config.model_cache={claim_name: models, mount_path: /models, read_only: false}"
    files = "secret_files=[{name: gcp, mount_path: /var/secrets}]"
    pod = pod_of(render(*SOURCES["s3-uri"], cache, files))
    (init,), (evaluating,) = pod["initContainers"], pod["containers"]
    assert init["volumeMounts"] == [
        {**mount, **READ_ONLY.get(mount["name"], {})} for mount in evaluating["volumeMounts"]
    ]
    assert [mount["name"] for mount in init["volumeMounts"]] == [
        *("configs-volume", "scratch-volume", "model-cache", "secret-files-1")
    ]


READ_ONLY = {"configs-volume": {"readOnly": True}}


@pytest.mark.parametrize("source", ["mlflow-repo", "gs-uri"])
def test_the_documented_fetch_has_neither_the_cache_nor_the_variables_of_the_harness(source: str) -> None:
    cache = "storage_config.model_cache={claim_name: models, mount_path: /models}"
    (init,) = pod_of(render(*SOURCES[source], cache, "env={A: b, HOME: /root}"))["initContainers"]
    assert [mount["name"] for mount in init["volumeMounts"]] == ["scratch-volume"]
    assert {"name": "HOME", "value": "/scratch"} in init["env"]
    assert "A" not in {variable["name"] for variable in init["env"]}
    assert "resources" not in init


@pytest.mark.parametrize("source", ["mlflow-repo", "gs-uri", "s3-uri", "hf-repo"])
def test_the_image_of_the_fetch_can_be_another_one(source: str) -> None:
    pulled = "image_pull_policy=Always"
    (init,) = pod_of(render(*SOURCES[source], "model_fetch.image='mirror/fetch:v1'", pulled))["initContainers"]
    assert init["image"] == "mirror/fetch:v1"
    assert "imagePullPolicy" not in init


def test_the_image_of_the_job_is_pulled_for_the_fetch_as_for_the_evaluation() -> None:
    digest = f"image_digest=sha256:{'0' * 64}"
    pod = pod_of(render(*SOURCES["s3-uri"], digest, "image_pull_policy=Never"))
    both = [
        (container["image"], container["imagePullPolicy"]) for container in (*pod["initContainers"], *pod["containers"])
    ]
    assert len(set(both)) == 1
    assert both[0][0].endswith(f"@sha256:{'0' * 64}")
    assert both[0][1] == "Never"


def test_a_home_of_the_config_is_that_of_our_fetch_too() -> None:
    (init,) = pod_of(render(*SOURCES["s3-uri"], "env={HOME: /root}"))["initContainers"]
    assert init["env"] == [{"name": "HOME", "value": "/root"}]


def test_a_model_that_is_there_already_needs_no_init_container() -> None:
    assert "initContainers" not in pod_of(render("model_config={path: /models/m}"))


def test_documented_variables_come_first_then_those_of_the_config() -> None:
    env = pod_of(render("env={B: '1', A: $(B)}"))["containers"][0]["env"]
    assert [variable["name"] for variable in env] == [*config.POD_VARIABLES, *config.POD_IDENTITY, "B", "A", "HOME"]
    assert env[8]["value"] == "$$(B)"


def test_the_pod_is_told_which_one_of_which_job_it_is() -> None:
    env = pod_of(render())["containers"][0]["env"]
    assert {variable["name"]: variable["valueFrom"] for variable in env if "valueFrom" in variable} == {
        "JOB_UID": {"fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/controller-uid']"}},
        "JOB_NAMESPACE": {"fieldRef": {"fieldPath": "metadata.namespace"}},
        "POD_NAME": {"fieldRef": {"fieldPath": "metadata.name"}},
    }


def test_a_home_of_the_config_wins() -> None:
    env = pod_of(render("env={HOME: /root}"))["containers"][0]["env"]
    assert [variable["value"] for variable in env if variable["name"] == "HOME"] == ["/root"]


def test_every_container_keeps_to_the_restricted_standard() -> None:
    pod = pod_of(render())
    assert pod["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "fsGroup": 1000,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    for container in [*pod["initContainers"], *pod["containers"]]:
        assert container["securityContext"] == {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def test_a_disruption_is_looked_at_before_the_exit_code() -> None:
    rules = render().document("Job")["spec"]["podFailurePolicy"]["rules"]
    assert [rule["action"] for rule in rules] == ["Ignore", "FailJob"]
    assert rules[1]["onExitCodes"] == {"containerName": "eval", "operator": "In", "values": [2, 5, 126, 127]}


def test_the_name_stands_wherever_the_job_is_meant() -> None:
    job = render()
    pod = pod_of(job)
    assert job.document("Job")["metadata"]["name"] == job.name
    assert job.document("ConfigMap")["metadata"]["name"] == job.name
    assert pod["volumes"][0]["configMap"]["name"] == job.name
    assert {variable["name"]: variable.get("value") for variable in pod["containers"][0]["env"]}["JOB_NAME"] == job.name
    assert re.fullmatch(r"eval-neurips-[a-z]+-[a-z]+-[0-9a-f]{8}", job.name)


def test_the_same_input_gives_the_same_bytes() -> None:
    assert render() == render()


OTHER_CONTENT: dict[str, Callable[[], Manifests]] = {
    "suite": lambda: render("helm.suite=v2"),
    "cpu": lambda: render("compute_config.cpu=5"),
    "tag": lambda: render("tracking_config.tags.team=nlp"),
    "run specs": lambda: render(run_specs="entries: [ ]\n"),
    "config version": lambda: render(identity=replace(IDENTITY, config_version="other")),
    "config path": lambda: render(identity=replace(IDENTITY, config_path="jobs/b.yml")),
    "run specs path": lambda: render(identity=replace(IDENTITY, helm_config_path="jobs/b.conf")),
    "version": lambda: render(identity=replace(IDENTITY, version="9.9.9")),
    "profile": lambda: render(profile="gke-standard"),
    "namespace": lambda: render(identity=replace(IDENTITY, namespace="other")),
}


HARNESSES = {
    "lm_eval": ["helm=null", "lm_eval={tasks: [arc_easy]}"],
    "command": ["helm=null", "command={args: [python3, e.py], results: r.jsonl}"],
}


@pytest.mark.parametrize("harness", HARNESSES.values(), ids=HARNESSES)
def test_a_harness_without_run_specs_keeps_the_four_variables(harness: list[str]) -> None:
    identity = replace(IDENTITY, helm_config_path="")
    job = render(*harness, identity=identity, run_specs=None)
    check_schema(job)
    env = pod_of(job)["containers"][0]["env"]
    assert [variable["name"] for variable in env[:4]] == list(config.POD_VARIABLES)
    assert env[1]["value"] == "None"
    assert "cajajejo/helm-config-path" not in job.document("Job")["metadata"]["annotations"]
    assert list(job.document("ConfigMap")["data"]) == ["eval_config.yml"]


def test_other_content_gives_another_name() -> None:
    names = [render().name, *(other().name for other in OTHER_CONTENT.values())]
    assert len(set(names)) == len(names)


def test_the_name_can_be_found_again_from_the_documents_alone() -> None:
    job = render()
    parsed = list(yaml.safe_load_all(job.text))
    digest = manifests.fingerprint(parsed, name=job.name)
    assert job.name.endswith(digest[:8])
    assert digest == manifests.fingerprint(list(yaml.safe_load_all(yaml.safe_dump_all(parsed))), name=job.name)


def test_an_unknown_kind_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="CronJob"):
        render().document("CronJob")


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"image_tag": "a\0"}, "image_tag: holds the character NUL"),
        ({"env": {"A": "\ud800"}}, "env.A: holds a lone surrogate"),
        ({"helm": HelmConfig(args=("ok", "\0"), suite="v1")}, "helm.args.1: holds the character NUL"),
    ],
)
def test_a_config_made_in_python_is_checked_too(update: dict[str, Any], message: str) -> None:
    job_config = mission_config().model_copy(update=update)
    with pytest.raises(CajajejoError, match=re.escape(message)):
        render_config(job_config, text="")


# --- the template -------------------------------------------------------------------------------------------------


FILTERS = {"q", "block", "nested", "number", "flag"}


def unquoted(source: str) -> Iterator[str]:
    """Each output of a template that ends in no filter which writes YAML, with its line."""
    for output in jinja2.Environment(autoescape=True).parse(source).find_all(nodes.Output):
        for node in output.nodes:
            quoted = isinstance(node, nodes.Filter) and node.name in FILTERS
            if not quoted and not isinstance(node, nodes.TemplateData):
                yield f"line {node.lineno}"


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.j2")), ids=lambda path: path.name)
def test_every_value_in_a_template_is_quoted(path: Path) -> None:
    assert list(unquoted(path.read_text())) == []


def test_a_bare_value_in_a_template_is_noticed() -> None:
    source = "{{ a | q }}\n{{ b }}\n{{ c | literal }}\n{{ d | block(4) }}\n{{ e | q | upper }}\n{{ f | literal | q }}"
    assert list(unquoted(source)) == ["line 2", "line 3", "line 5"]


def test_what_kubernetes_expands_is_literal() -> None:
    """Every value of `args` and `env` passes `literal`, but for those that can hold no dollar sign."""
    lines = (TEMPLATES / evaluation.TEMPLATE).read_text().splitlines()
    expanded = [line.strip() for line in lines if re.match(r"\s+(value:|-) \{\{", line)]
    assert [line for line in expanded if "| literal | q" not in line] == ["value: {{ identity.name | q }}"]


# --- the original ---------------------------------------------------------------------------------------------------


def by_name(value: Any) -> Any:
    """`value` with lists of named things as mappings, and the config in the ConfigMap read."""
    if isinstance(value, list) and value and all(isinstance(item, dict) and "name" in item for item in value):
        return {item["name"]: by_name(item) for item in value}
    if isinstance(value, dict):
        return {key: by_name(yaml.safe_load(item) if key == "eval_config.yml" else item) for key, item in value.items()}
    return value


def differences(one: Any, other: Any, path: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            yield from differences(one.get(key), other.get(key), f"{path}.{key}")
            if (key in one) != (key in other) and one.get(key) == other.get(key):  # null, and not there
                yield f"{path}.{key}"
    elif one != other:
        yield path


def test_what_differs_from_the_original_is_in_the_table_of_the_design_page() -> None:
    rows = re.compile(r"^\| `((?:Job|ConfigMap|StorageClass)\.[^`]+)` \|", re.MULTILINE)
    listed = rows.findall((ROOT / "docs/design.md").read_text())
    original = list(yaml.safe_load_all((MISSION / "job_spec.yml").read_text()))
    identity = JobIdentity(
        prefix="eval-neurips",
        config_version="10abfb1bf8a0fd1ff65751521daaa0cd76fbc85d",
        config_path="jobs/evaluation/example.mlflow.job_config.yml",
        helm_config_path="jobs/evaluation/pythia_run_specs.conf",
    )
    ours = render(identity=identity, run_specs=(MISSION / "run_specs.conf").read_text())
    found = [
        path
        for one, other in zip(original, ours.documents, strict=True)
        for path in differences(by_name(one), by_name(other), one["kind"])
    ]
    assert [path for path in found if not any(f"{path}.".startswith(f"{row}.") for row in listed)] == []
    assert [row for row in listed if not any(f"{path}.".startswith(f"{row}.") for path in found)] == []
    assert len(listed) == len(set(listed))
