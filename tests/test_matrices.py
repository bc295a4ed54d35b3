"""A matrix: which jobs it makes, in which order, and what is wrong with one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import config as configs
from cajajejo import evaluation
from cajajejo.errors import FileProblemsError, UsageError
from tests import builders, hostile

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """\
version: v4
image: r/e
image_tag: v1
compute_config: {cpu: 1, memory: 1Gi}
helm: {suite: v0}
mlflow_config: {tracking_uri: "http://m"}
model_config: {path: /m}
tracking_config: {experiment_name: e, description: d, tags: {creator: c, lifecycle: l}}
"""


def write(directory: Path, matrix: str) -> Path:
    path = directory / "c.yml"
    path.write_text(TEXT + matrix, "utf-8")
    return path


def suite_of(config: configs.EvaluationJobConfig) -> str:
    assert config.helm is not None
    return config.helm.suite


def made(directory: Path, matrix: str) -> list[tuple[str, str]]:
    """The tag and the suite of each job."""
    loaded = configs.validate_all(configs.read(write(directory, matrix)))
    assert all(config.matrix is None for config, _ in loaded)
    return [(config.image_tag, suite_of(config)) for config, _ in loaded]


def problems(directory: Path, matrix: str, *settings: str, profile: str = "gke-autopilot") -> list[str]:
    path, run_specs = write(directory, matrix), builders.write_run_specs(directory, "questions")
    rendering = evaluation.Rendering(settings=settings, profile=profile)
    with pytest.raises(FileProblemsError) as raised:
        evaluation.parse_job(path, run_specs, rendering=rendering)
    return [line.replace(str(path), "c.yml") for line in raised.value.lines()[:-1]]


def test_the_last_axis_runs_fastest(tmp_path: Path) -> None:
    matrix = "matrix: {axes: {image_tag: [v1, v2], helm.suite: [a, b, c]}}\n"
    assert made(tmp_path, matrix) == [
        *(("v1", "a"), ("v1", "b"), ("v1", "c")),
        *(("v2", "a"), ("v2", "b"), ("v2", "c")),
    ]


def test_a_combination_is_left_out(tmp_path: Path) -> None:
    matrix = "matrix: {axes: {image_tag: [v1, v2], helm.suite: [a, b]}, exclude: [{image_tag: v2, helm.suite: a}]}\n"
    assert made(tmp_path, matrix) == [("v1", "a"), ("v1", "b"), ("v2", "b")]


def test_an_exclusion_of_one_axis_leaves_out_all_that_fit(tmp_path: Path) -> None:
    matrix = "matrix: {axes: {image_tag: [v1, v2], helm.suite: [a, b]}, exclude: [{helm.suite: a}]}\n"
    assert made(tmp_path, matrix) == [("v1", "b"), ("v2", "b")]


def test_numbers_are_what_was_written(tmp_path: Path) -> None:
    matrix = "matrix: {axes: {image_tag: [1.1, 1.10, 2]}, exclude: [{image_tag: '2'}]}\n"
    assert [tag for tag, _ in made(tmp_path, matrix)] == ["1.1", "1.10"]


def test_an_axis_may_be_a_section_an_item_or_a_key_with_a_dot(tmp_path: Path) -> None:
    matrix = """\
matrix:
  axes:
    compute_config: [{cpu: 1, memory: 1Gi}, {cpu: 2, memory: 2Gi, spot: true}]
    'tracking_config.tags."team.name"': [a]
"""
    loaded = [config for config, _ in configs.validate_all(configs.read(write(tmp_path, matrix)))]
    assert [(config.compute_config.cpu, config.compute_config.spot) for config in loaded] == [("1", False), ("2", True)]
    assert loaded[0].tracking_config.tags.as_text()["team.name"] == "a"


def test_an_axis_inside_of_another_leaves_the_values_of_that_one_as_they_are(tmp_path: Path) -> None:
    matrix = """\
matrix:
  axes:
    compute_config: [{cpu: 1, memory: 1Gi}, {cpu: 2, memory: 1Gi}]
    compute_config.memory: [3Gi, 4Gi]
  exclude: [{compute_config: {cpu: 1, memory: 1Gi}, compute_config.memory: 4Gi}]
"""
    loaded = [config.compute_config for config, _ in configs.validate_all(configs.read(write(tmp_path, matrix)))]
    assert [(compute.cpu, compute.memory) for compute in loaded] == [("1", "3Gi"), ("2", "3Gi"), ("2", "4Gi")]


def test_a_required_field_may_come_from_the_matrix_alone(tmp_path: Path) -> None:
    path = write(tmp_path, "matrix: {axes: {helm.suite: [a]}}\n")
    path.write_text(path.read_text("utf-8").replace("helm: {suite: v0}\n", ""), "utf-8")
    ((config, _),) = configs.validate_all(configs.read(path))
    assert suite_of(config) == "a"


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ("matrix: {axes: {}}", ["c.yml:9: matrix.axes: a matrix needs axes", "    for example helm.suite: [v1, v2]"]),
        ("matrix: {}", ["c.yml:9: matrix.axes: required, and not there"]),
        ("matrix: [a]", ["c.yml:9: matrix: must be a mapping of fields, not a list"]),
        ("matrix: {axes: {helm.suite: []}}", ["c.yml:9: matrix.axes.helm.suite: an axis needs values"]),
        ("matrix: {axes: {helm.suite: v1}}", ["c.yml:9: matrix.axes.helm.suite: must be a list, not 'v1'"]),
        ("matrix: {axes: {image_tag: [1, '1']}}", ["c.yml:9: matrix.axes.image_tag: a value stands twice: '1'"]),
        (
            "matrix:\n  axes: {image_tag: [a, b]}\n  exclude:\n  - {imagetag: a}\n  - {image_tag: c}",
            [
                "c.yml:12: matrix.exclude.0.imagetag: no axis of the matrix",
                "    one of image_tag",
                "c.yml:13: matrix.exclude.1.image_tag: no value of image_tag: 'c'",
                "    one of a, b",
            ],
        ),
        (
            "matrix:\n  axes: {image_tag: [a]}\n  exclude: [{image_tag: a}]",
            ["c.yml:11: matrix.exclude: every combination is left out"],
        ),
        (
            "matrix: {axes: {image_tag: [a]}, excludes: []}",
            ["c.yml:9: matrix.excludes: unknown field", "    did you mean exclude? (one of axes, exclude)"],
        ),
    ],
)
def test_a_wrong_matrix_is_told_at_its_line(matrix: str, expected: list[str], tmp_path: Path) -> None:
    assert problems(tmp_path, f"{matrix}\n") == expected


def test_every_wrong_value_of_an_axis_is_told_once_at_its_own_line(tmp_path: Path) -> None:
    matrix = """\
matrix:
  axes:
    compute_config.memory:
      - 1Gi
      - 1GB
      - 2GB
    helm.suite: [v1, v2]
    no.such.field: [1]
"""
    assert problems(tmp_path, matrix) == [
        "c.yml:13: compute_config.memory: not a quantity: '1GB'",
        "    did you mean 1Gi (1.1 GB) or 1G (1.0 GB)?",
        "c.yml:14: compute_config.memory: not a quantity: '2GB'",
        "    did you mean 2Gi (2.1 GB) or 2G (2.0 GB)?",
        "c.yml:16: no: unknown field",
        f"    one of {', '.join(configs.EvaluationJobConfig.model_json_schema()['properties'])}",
    ]


def test_a_wrong_field_inside_of_a_value_is_told_at_its_line(tmp_path: Path) -> None:
    matrix = (
        "matrix:\n  axes:\n    compute_config:\n    - cpu: 1\n      memory: 1Gi\n    - cpu: 2\n      memory: lots\n"
    )
    assert problems(tmp_path, matrix)[0] == "c.yml:15: compute_config.memory: not a quantity: 'lots'"


def test_what_does_not_fit_the_cluster_is_told_at_the_line_of_the_value(tmp_path: Path) -> None:
    matrix = "matrix:\n  axes:\n    compute_config.accelerator:\n    - nvidia-l4\n    - nvidia-l5\n"
    assert problems(tmp_path, matrix) == [
        "c.yml:13: compute_config.accelerator: no such accelerator on GKE: nvidia-l5",
        "    did you mean nvidia-l4? Any other name: --allow-unknown-accelerator",
    ]


def test_an_axis_that_leads_nowhere_is_told_at_its_line(tmp_path: Path) -> None:
    matrix = "matrix: {axes: {helm.suite.x: [1]}}\n"
    assert problems(tmp_path, matrix) == ["c.yml:9: helm.suite.x: helm.suite holds no fields"]


def test_an_axis_cannot_be_overridden_but_its_values_can(tmp_path: Path) -> None:
    path = write(tmp_path, "matrix: {axes: {helm.suite: [a, b]}}\n")
    with pytest.raises(UsageError) as raised:
        configs.validate_all(configs.read(path, ["helm.suite=c"]))
    assert raised.value.lines() == [
        f"Error: --set helm.suite: the matrix of {path} gives it its values",
        "  instead     --set 'matrix.axes.\"helm.suite\"=[VALUE]'",
    ]
    loaded = configs.validate_all(configs.read(path, ['matrix.axes."helm.suite"=[c]', "image_tag=v9"]))
    assert [(suite_of(config), config.image_tag) for config, _ in loaded] == [("c", "v9")]


def test_a_matrix_can_be_left_out(tmp_path: Path) -> None:
    config = configs.load(write(tmp_path, "matrix: {axes: {helm.suite: [a, b]}}\n"), ["matrix=null", "helm.suite=a"])
    assert (suite_of(config), config.matrix) == ("a", None)


def test_where_one_job_is_meant_a_matrix_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(FileProblemsError) as raised:
        configs.load(write(tmp_path, "matrix: {axes: {helm.suite: [a, b]}}\n"))
    assert [line.rpartition("c.yml")[2] for line in raised.value.lines()[:2]] == [
        ":9: matrix: many jobs, where one is meant",
        "    leave it out with --set matrix=null, and choose with --set PATH=VALUE",
    ]


def test_a_thousand_jobs_have_a_thousand_names() -> None:
    axes: dict[str, list[Any]] = {"helm.suite": [f"v{n}" for n in range(40)], "tracking_config.tags.seed": [*range(25)]}
    jobs = hostile.parse_all({**hostile.CONFIG, "matrix": {"axes": axes}}).jobs
    assert len({job.name for job in jobs}) == len(jobs) == 1000
    assert len({job.document("ConfigMap")["data"]["eval_config.yml"] for job in jobs}) == 1000


def test_a_job_of_a_matrix_is_the_job_of_its_combination() -> None:
    many = hostile.parse_all({**hostile.CONFIG, "matrix": {"axes": {"helm.suite": ["v1", "v2"]}}}).jobs
    alone = hostile.parse(hostile.CONFIG, settings=["helm.suite=v2"])
    assert many[1].document("ConfigMap")["data"] == alone.document("ConfigMap")["data"]
