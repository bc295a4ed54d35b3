"""From two files to job specs: run specs, limits, paths and options; and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from cajajejo import checking, evaluation
from cajajejo import config as configs
from cajajejo.errors import FileProblemsError, UsageError
from cajajejo.evaluation import Rendering
from cajajejo.run_specs import MAX_CONFIG_MAP_BYTES
from tests import builders, hostile
from tests.hostile import CONFIG, RUN_SPECS

if TYPE_CHECKING:
    from cajajejo.manifests import Manifests

ROOT = Path(__file__).parents[1]
MISSION = ROOT / "tests/data/mission"
MISSION_FILES = (MISSION / "job_config.yml", MISSION / "run_specs.conf")


def one_job(config: Path, run_specs: Path, **options: Any) -> Manifests:
    (job,) = evaluation.parse_job(config, run_specs, **options).jobs
    return job


def container_of(job: Manifests) -> dict[str, Any]:
    container = job.document("Job")["spec"]["template"]["spec"]["containers"][0]
    assert isinstance(container, dict)
    return container


RUN_SPECS_AS_BYTES = {
    "no final newline": b"entries: []",
    "blank lines at the end": b"entries: []\n\n\n",
    "CRLF": b"entries: [\r\n]\r\n",
    "tabs": b"\tentries: [\n\t\t]\n",
    "byte order mark": b"\xef\xbb\xbfentries: []\n",
    "document markers": b"---\nentries: []\n...\n---\n",
    "spaces at the ends of lines": b"entries: [  \n  \n]  \n",
    "only a newline": b"\n",
}


@pytest.mark.parametrize("data", RUN_SPECS_AS_BYTES.values(), ids=RUN_SPECS_AS_BYTES)
def test_run_specs_reach_the_config_map_byte_for_byte(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.conf").write_bytes(data)
    job = one_job(MISSION_FILES[0], tmp_path / "a.conf")
    for documents in [*hostile.read_by_pyyaml(job.text), hostile.read_by_kubectl(job.text, tmp_path)]:
        assert documents[1]["data"]["run_specs.conf"].encode() == data


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty; it should hold run specs"),
        (b"a\n\xff\n", "2: not UTF-8 text (byte 2)"),
        (b"a\n\nb\0\n", "3: holds the character NUL, which Kubernetes cannot store"),
        (b"x" * (MAX_CONFIG_MAP_BYTES + 1), "too large for a ConfigMap, which holds 1048576 bytes"),
        (b"x" * (MAX_CONFIG_MAP_BYTES - 100), "too large for a ConfigMap, which holds 1048576 bytes, not 10"),
        (None, "no such file"),
    ],
    ids=["empty", "not UTF-8", "NUL", "over the limit alone", "over the limit with the config", "missing"],
)
def test_unusable_run_specs_are_one_problem(data: bytes | None, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    if data is not None:
        path.write_bytes(data)
    with pytest.raises(FileProblemsError) as raised:
        evaluation.parse_job(MISSION_FILES[0], path)
    assert raised.value.lines()[0].startswith(f"{path}:")
    assert message in raised.value.lines()[0]
    assert len(raised.value.problems) == 1


def test_a_directory_is_no_run_specs(tmp_path: Path) -> None:
    with pytest.raises(FileProblemsError) as raised:
        evaluation.parse_job(MISSION_FILES[0], tmp_path)
    assert raised.value.lines()[0] == f"{tmp_path}: cannot be read: Is a directory"


def test_a_config_map_may_be_exactly_full() -> None:
    room = MAX_CONFIG_MAP_BYTES - len(hostile.parse(CONFIG).document("ConfigMap")["data"]["eval_config.yml"])
    job = hostile.parse(CONFIG, "x" * room)
    assert sum(len(text) for text in job.document("ConfigMap")["data"].values()) == MAX_CONFIG_MAP_BYTES
    with pytest.raises(FileProblemsError, match="1 problem"):
        hostile.parse(CONFIG, "x" * (room + 1))


def test_a_config_that_is_the_larger_part_is_named(tmp_path: Path) -> None:
    config = {**CONFIG, "env": {"A": "x" * MAX_CONFIG_MAP_BYTES}}
    paths = hostile.write_job(tmp_path, config, RUN_SPECS)
    with pytest.raises(FileProblemsError) as raised:
        evaluation.parse_job(*paths)
    assert raised.value.problems[0].file == str(paths[0])


def test_the_problems_of_both_files_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(FileProblemsError) as raised:
        evaluation.parse_job(tmp_path / "a.yml", tmp_path / "a.conf")
    assert [problem.file for problem in raised.value.problems] == [str(tmp_path / "a.conf"), str(tmp_path / "a.yml")]


def test_a_wrong_config_is_told_alone_where_the_run_specs_are_fine() -> None:
    with pytest.raises(FileProblemsError) as raised:
        hostile.parse({**CONFIG, "version": "v3"})
    assert [problem.path for problem in raised.value.problems] == ["version"]


# --- run specs, or none -------------------------------------------------------------------------------------------

LM_EVAL = {"helm": None, "lm_eval": {"tasks": ["arc_easy"]}}
COMMAND = {"helm": None, "command": {"args": ["python3", "e.py", "$(MODEL_DIR)"], "results": "r.jsonl"}}
BY_SERVER = {"mlflow_config__tracking_uri": "http://10.164.0.15:5000"}


@pytest.mark.parametrize("harness", [LM_EVAL, COMMAND], ids=["lm_eval", "command"])
def test_another_harness_has_no_run_specs_in_its_spec(harness: dict[str, Any], tmp_path: Path) -> None:
    path = builders.write_config(tmp_path, **BY_SERVER, **harness)
    rendered = evaluation.parse_job(path)
    (job,) = rendered.jobs
    assert rendered.warnings == ()
    assert list(job.document("ConfigMap")["data"]) == ["eval_config.yml"]
    assert "cajajejo/helm-config-path" not in job.document("Job")["metadata"]["annotations"]
    variables = {variable["name"]: variable.get("value") for variable in container_of(job)["env"]}
    assert variables["HELM_CONFIG_PATH_GIT_REPO"] == "None"
    for documents in [*hostile.read_by_pyyaml(job.text), hostile.read_by_kubectl(job.text, tmp_path)]:
        text = documents[1]["data"]["eval_config.yml"]
        assert yaml.safe_load(text) == yaml.safe_load(configs.load(path).as_yaml())


def test_run_specs_are_refused_by_another_harness(tmp_path: Path) -> None:
    path, run_specs = builders.write_config(tmp_path, **LM_EVAL), builders.write_run_specs(tmp_path, "a")
    for attempt in (
        lambda: evaluation.parse_job(path, run_specs),
        lambda: checking.check(path, run_specs, Rendering()),
    ):
        with pytest.raises(UsageError) as raised:
            attempt()
        given = f"HELM_CONFIG is given ({run_specs}), and is to be left out"
        assert raised.value.lines() == [f"Error: {given}: {path} has lm_eval, which takes no run specs"]


def test_helm_without_run_specs_is_refused_and_only_checked() -> None:
    config = MISSION_FILES[0]
    with pytest.raises(UsageError) as raised:
        evaluation.parse_job(config)
    assert raised.value.lines() == [f"Error: HELM_CONFIG is missing: {config} has helm, which needs run specs"]
    assert checking.check(config, None, Rendering()).errors == 0


def test_a_setting_chooses_the_harness_too() -> None:
    settings = ["helm=null", "lm_eval={tasks: [arc_easy]}"]
    (job,) = evaluation.parse_job(MISSION_FILES[0], rendering=Rendering(settings=settings)).jobs
    assert "run_specs.conf" not in job.document("ConfigMap")["data"]


def test_a_wrong_harness_is_told_as_a_problem_of_the_file(tmp_path: Path) -> None:
    path = builders.write_config(tmp_path, helm=None)
    for run_specs in (None, builders.write_run_specs(tmp_path, "a")):
        with pytest.raises(FileProblemsError) as raised:
            evaluation.parse_job(path, run_specs)
        assert [problem.message for problem in raised.value.problems] == [
            "exactly one of helm, lm_eval, command must be there, not none"
        ]


def test_a_matrix_may_vary_what_lm_eval_is_asked(tmp_path: Path) -> None:
    axes = {"lm_eval.limit": [10, 20], "lm_eval.tasks": [["a"], ["b"]]}
    path = builders.write_config(tmp_path, **BY_SERVER, **LM_EVAL, matrix={"axes": axes})
    assert len(evaluation.parse_job(path).jobs) == 4


def test_a_matrix_may_bring_the_section_of_its_harness(tmp_path: Path) -> None:
    axes = {"lm_eval": [{"tasks": ["a"]}, {"tasks": ["b"]}]}
    path = builders.write_config(tmp_path, **BY_SERVER, helm=None, matrix={"axes": axes})
    assert len(evaluation.parse_job(path).jobs) == 2


@pytest.mark.parametrize("with_run_specs", [True, False])
def test_a_matrix_does_not_vary_the_harness(tmp_path: Path, with_run_specs: bool) -> None:  # noqa: FBT001
    axes = {"helm": [None, {"suite": "v1"}], "lm_eval": [{"tasks": ["a"]}, None]}
    exclude = [{"helm": None, "lm_eval": None}, {"helm": {"suite": "v1"}, "lm_eval": {"tasks": ["a"]}}]
    path = builders.write_config(tmp_path, **BY_SERVER, matrix={"axes": axes, "exclude": exclude})
    run_specs = builders.write_run_specs(tmp_path, "questions") if with_run_specs else None
    with pytest.raises(FileProblemsError) as raised:
        evaluation.parse_job(path, run_specs)
    (problem,) = raised.value.problems
    assert (problem.path, problem.message) == ("matrix", "its jobs have one harness, not helm and lm_eval")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"helm": {"suite": "v1", "args": ["-o", "x"]}}, "helm.args: -o is set by cajajejo itself"),
        (
            {"helm": {"suite": "v1", "args": ["--mongo-uri", "x"]}},
            "helm.args: --mongo-uri is not taken",
        ),
        (
            {**LM_EVAL, "lm_eval": {"tasks": ["a"], "args": ["--limit", "5"]}},
            "lm_eval.args: --limit is the field lm_eval.limit",
        ),
        ({**COMMAND, "env": {"MODEL_DIR": "/m"}}, "env: MODEL_DIR is set for the command by cajajejo itself"),
    ],
)
def test_what_the_pod_would_refuse_its_harness_is_told_before(
    changes: dict[str, Any], expected: str, tmp_path: Path
) -> None:
    checked = checking.check(builders.write_config(tmp_path, **BY_SERVER, **changes), None, Rendering())
    assert [f"{problem.path}: {problem.message}" for problem in checked.problems] == [expected]
    assert checked.problems[0].line is not None


# --- settings and paths -------------------------------------------------------------------------------------------


def test_settings_change_the_config_before_it_is_rendered() -> None:
    job = hostile.parse(CONFIG, settings=["image_tag=v2", "compute_config.accelerator=null"])
    pod = job.document("Job")["spec"]["template"]["spec"]
    assert pod["containers"][0]["image"] == "registry/evaluation:v2"
    assert "nodeSelector" not in pod


def test_paths_are_those_of_the_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "jobs/deep").mkdir(parents=True)
    hostile.write_job(tmp_path / "jobs/deep", CONFIG, RUN_SPECS)
    monkeypatch.chdir(tmp_path / "jobs")
    job = one_job(Path("deep/../deep/job_config.yml"), tmp_path / "jobs/deep/run_specs.conf")
    assert [item["value"] for item in container_of(job)["env"][:2]] == [
        "jobs/deep/job_config.yml",
        "jobs/deep/run_specs.conf",
    ]


def test_outside_of_a_repository_paths_are_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hostile.write_job(tmp_path, CONFIG, RUN_SPECS)
    monkeypatch.chdir(tmp_path)
    job = one_job(Path("job_config.yml"), Path("run_specs.conf"), config_version="abc")
    assert [item["value"] for item in container_of(job)["env"][:4]] == [
        "job_config.yml",
        "run_specs.conf",
        job.name,
        "abc",
    ]


@pytest.mark.parametrize("version", ["a\0", "\udcff"])
def test_a_config_version_that_cannot_be_stored_is_a_usage_error(version: str) -> None:
    with pytest.raises(UsageError, match="--config-version: holds"):
        hostile.parse(CONFIG, config_version=version)


def test_an_empty_config_version_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="--config-version is empty: a commit, or leave the option out"):
        hostile.parse(CONFIG, config_version="")


# --- options ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "config", "expected"),
    [
        (None, None, "default"),
        (None, "evaluation", "evaluation"),
        ("mine", None, "mine"),
        ("mine", "evaluation", "mine"),
    ],
)
def test_the_namespace_is_that_of_the_option_else_of_the_config(
    option: str | None, config: str | None, expected: str
) -> None:
    job = hostile.parse({**CONFIG, "kubernetes_config": {"namespace": config}}, namespace=option)
    assert {document["metadata"].get("namespace") for document in job.documents} == {expected, None}
    assert "namespace" not in job.document("StorageClass")["metadata"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"namespace": "Not One"}, "--namespace: "),
        ({"profile": "gke"}, "no such profile: gke"),
        ({"kubernetes_version": "0.9"}, "0.9"),
    ],
)
def test_a_wrong_option_is_a_usage_error(options: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as raised:
        hostile.parse(CONFIG, **options)
    assert message in raised.value.message


def test_an_accelerator_that_is_not_in_the_catalogue_has_to_be_asked_for() -> None:
    settings = ["compute_config.accelerator=nvidia-next"]
    with pytest.raises(FileProblemsError) as raised:
        hostile.parse(CONFIG, settings=settings)
    assert raised.value.lines()[0] == "--set compute_config.accelerator: no such accelerator on GKE: nvidia-next"
    job = hostile.parse(CONFIG, settings=settings, allow_unknown_accelerator=True)
    assert container_of(job)["resources"]["limits"]["nvidia.com/gpu"] == "1"


# --- warnings and checks -------------------------------------------------------------------------------------------


def test_a_moving_tag_is_a_warning_with_its_line_and_the_spec_is_made() -> None:
    rendered = evaluation.parse_job(*MISSION_FILES)
    assert len(rendered.jobs) == 1
    assert [line for warning in rendered.warnings for line in warning.lines()] == [
        f"{MISSION_FILES[0]}:13: image_tag: image tag latest can change between now and the run",
        "    pin it: --set image_tag=TAG, best a tag that names the commit of the image; or image_digest: sha256:…",
    ]
    assert hostile.parse_all(CONFIG).warnings == ()


def test_what_is_told_of_a_field_is_not_told_again_of_the_manifest() -> None:
    settings = ["compute_config.spot=true", "kubernetes_config.termination_grace_period_seconds=60"]
    rendered = evaluation.parse_job(*MISSION_FILES, rendering=Rendering(settings=settings))
    assert [warning.lines() for warning in rendered.warnings if "spot" in warning.message] == [
        ["--set kubernetes_config.termination_grace_period_seconds: a spot node grants 25 seconds, not 60"]
    ]


def test_a_config_is_checked_alone_and_told_what_it_is(tmp_path: Path) -> None:
    config, _ = hostile.write_job(tmp_path, CONFIG, RUN_SPECS)
    checked = checking.check(config, None, Rendering(profile="gke-standard"))
    assert (checked.file, checked.problems) == (str(config), ())
    assert checked.subject == "evaluation v4, gke-standard, Kubernetes 1.37"


def test_the_problems_of_both_files_are_found_in_one_check(tmp_path: Path) -> None:
    config, run_specs = hostile.write_job(tmp_path, {**CONFIG, "version": "v3"}, "")
    checked = checking.check(config, run_specs, Rendering())
    assert [(problem.file, problem.path) for problem in checked.problems] == [
        (str(config), "version"),
        (str(run_specs), ""),
    ]
    assert (checked.errors, checked.subject) == (2, "")


def test_a_job_spec_is_checked_as_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "job.yml"
    path.write_text(hostile.parse(CONFIG).text, "utf-8")
    checked = checking.check(path, None, Rendering(kubernetes_version="1.36"))
    assert (checked.problems, checked.subject) == ((), "job spec, Kubernetes 1.36")


def test_what_a_cluster_would_refuse_in_a_job_spec_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "job.yml"
    path.write_text(hostile.parse(CONFIG).text.replace('restartPolicy: "Never"', 'restartPolicy: "Allways"'), "utf-8")
    line = path.read_text("utf-8").splitlines().index('      restartPolicy: "Allways"') + 1
    checked = checking.check(path, None, Rendering())
    assert (checked.problems[0].line, checked.problems[0].path) == (line, "Job.spec.template.spec.restartPolicy")
    with pytest.raises(FileProblemsError) as raised:
        checking.load_spec(path)
    assert raised.value.problems[0] == checked.problems[0]


def test_a_job_spec_that_a_cluster_takes_is_loaded(tmp_path: Path) -> None:
    job = hostile.parse(CONFIG)
    (tmp_path / "job.yml").write_text(job.text, "utf-8")
    assert checking.load_spec(tmp_path / "job.yml") == job


def test_a_file_that_is_neither_config_nor_spec_is_checked_as_a_config(tmp_path: Path) -> None:
    path = tmp_path / "a.yml"
    path.write_text("- a\n")
    assert [problem.message for problem in checking.check(path, None, Rendering()).problems] == [
        "not a mapping of fields to values"
    ]
