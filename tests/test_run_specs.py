"""Run specs: what can be read of them without HELM, and what in them cannot work with a config."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import config_checks, run_specs
from cajajejo.config import EvaluationJobConfig
from cajajejo.errors import FileProblemsError, Problem
from tests import builders

if TYPE_CHECKING:
    from pathlib import Path


def config(**changes: Any) -> EvaluationJobConfig:
    return EvaluationJobConfig.model_validate(builders.job_config(**changes))


def lines(finding: config_checks.Finding) -> list[str]:
    level = "warning: " if finding.level == "warning" else ""
    return [f"{level}{finding.message}", *([finding.hint] if finding.hint else [])]


RUN_SPECS = """\
# {description: "mmlu:model=huggingface/other"}
entries: [
  {description: "mmlu:subject=anatomy,model=huggingface/tiny", priority: 1}
  {"description": "questions:path=q.jsonl,model=huggingface/tniy"}, {description = "boolq:model=all"}
  // {description: "boolq:model=huggingface/other"}
  {description: "simple_mcqa:"}
]
"""


def told_of_run_specs(text: str, **changes: Any) -> list[str]:
    found = config_checks.run_spec_findings(config(**changes), run_specs.entries(text))
    return [f"{entry.line} {line}" for entry, finding in found for line in lines(finding)]


def test_a_model_that_is_not_that_of_the_config_is_a_warning() -> None:
    assert told_of_run_specs(RUN_SPECS) == [
        "4 warning: the model is huggingface/tniy, the job config's is huggingface/tiny",
        "4 HELM would look for huggingface/tniy elsewhere; write model=huggingface/tiny",
    ]


@pytest.mark.parametrize("variable", ["HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE"])
@pytest.mark.parametrize("value", ["1", "true", "ON", "yes"])
def test_what_has_to_be_fetched_is_told_where_the_pod_is_offline(variable: str, value: str) -> None:
    hint = "take the variable away, have the data in the image, or use a file of your own: questions:path=FILE"
    assert told_of_run_specs(RUN_SPECS, env={variable: value}) == [
        f"3 warning: mmlu downloads its data, and env.{variable} says that the pod cannot",
        f"3 {hint}",
        "4 the model is huggingface/tniy, the job config's is huggingface/tiny",
        "4 HELM would look for huggingface/tniy elsewhere; write model=huggingface/tiny",
        f"4 warning: boolq downloads its data, and env.{variable} says that the pod cannot",
        f"4 {hint}",
    ]


def test_a_job_config_in_their_place_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "lm_eval.job_config.yml"
    file.write_text("version: v4\n# entries\nmlflow_config:\n  tracking_uri: sqlite:///mlflow.db\n")
    with pytest.raises(FileProblemsError) as caught:
        run_specs.read(file)
    message = "a job config (mlflow_config:) where run specs belong, which hold entries: [ … ]"
    assert list(caught.value.problems) == [Problem(str(file), message, line=3)]
    file.write_text(f"model_config: {{}}\n{RUN_SPECS}")
    assert run_specs.read(file).endswith(RUN_SPECS)


def test_a_variable_that_is_off_says_nothing() -> None:
    assert told_of_run_specs('{description: "mmlu:model=huggingface/tiny"}', env={"HF_HUB_OFFLINE": "0"}) == []


ARTIFACT = {"mlflow_artifact": {"run_id": "r", "artifact_path": "a", "model_directory": "model/best/"}}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ({"path": "/models/pythia-70m/"}, "huggingface/pythia-70m"),
        ({"gs_uri": "gs://bucket/path/model"}, "huggingface/model"),
        (ARTIFACT, "huggingface/best"),
    ],
)
def test_helm_calls_the_model_by_the_last_part_of_its_directory(source: dict[str, Any], name: str) -> None:
    assert config_checks.model_name(config(model_config=source)) == name


def test_entries_have_a_line_a_scenario_and_arguments() -> None:
    assert [(entry.line, entry.scenario, dict(entry.arguments)) for entry in run_specs.entries(RUN_SPECS)] == [
        (3, "mmlu", {"subject": "anatomy", "model": "huggingface/tiny"}),
        (4, "questions", {"path": "q.jsonl", "model": "huggingface/tniy"}),
        (4, "boolq", {"model": "all"}),
        (6, "simple_mcqa", {}),
    ]


def test_text_without_entries_has_none() -> None:
    assert run_specs.entries('entries: []\n# {description: "a"}\n') == []
