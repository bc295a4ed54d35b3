"""What a harness is asked to do: exactly one of them, each with its own section."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo import config as configs
from cajajejo.errors import FileProblemsError
from cajajejo.harness_config import CommandConfig, HelmConfig, LmEvalConfig
from tests import builders

if TYPE_CHECKING:
    from pathlib import Path

HELM = {"suite": "v1"}
LM_EVAL = {"tasks": ["arc_easy", "our_task"]}
COMMAND = {"args": ["python3", "evaluate.py", "--model", "$(MODEL_DIR)"], "results": "results.jsonl"}


def load(directory: Path, **sections: Any) -> configs.EvaluationJobConfig:
    """A config with these harnesses, and no other."""
    return configs.load(builders.write_config(directory, **{"helm": None, **sections}))


def problems(directory: Path, **sections: Any) -> list[str]:
    """What is wrong, without the names and lines of the file."""
    with pytest.raises(FileProblemsError) as caught:
        load(directory, **sections)
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


@pytest.mark.parametrize(("name", "section"), [("helm", HELM), ("lm_eval", LM_EVAL), ("command", COMMAND)])
def test_one_section_says_which_harness_it_is_and_how_long_it_may_take(
    tmp_path: Path, name: str, section: dict[str, Any]
) -> None:
    assert load(tmp_path, **{name: section}).harness == name
    assert load(tmp_path, **{name: section}).timeout_seconds is None
    assert load(tmp_path, **{name: {**section, "timeout_seconds": 60}}).timeout_seconds == 60


def test_a_section_that_leaves_out_what_is_optional_is_complete(tmp_path: Path) -> None:
    assert load(tmp_path, helm=HELM).helm == HelmConfig(args=(), suite="v1", timeout_seconds=None)
    assert load(tmp_path, lm_eval=LM_EVAL).lm_eval == LmEvalConfig(
        tasks=("arc_easy", "our_task"),
        include_path=None,
        num_fewshot=None,
        limit=None,
        args=(),
        timeout_seconds=None,
    )
    assert load(tmp_path, command=COMMAND).command == CommandConfig(
        args=("python3", "evaluate.py", "--model", "$(MODEL_DIR)"),
        results="results.jsonl",
        event_files=None,
        timeout_seconds=None,
    )


def test_a_job_without_a_harness_is_refused(tmp_path: Path) -> None:
    assert problems(tmp_path) == [": exactly one of helm, lm_eval, command must be there, not none"]


@pytest.mark.parametrize(
    ("sections", "place", "given"),
    [
        ({"helm": HELM, "lm_eval": LM_EVAL}, "lm_eval", "helm and lm_eval"),
        ({"lm_eval": LM_EVAL, "command": COMMAND}, "command", "lm_eval and command"),
        ({"helm": HELM, "lm_eval": LM_EVAL, "command": COMMAND}, "command", "helm and lm_eval and command"),
    ],
)
def test_several_harnesses_are_refused_at_the_line_of_one(
    tmp_path: Path, sections: dict[str, Any], place: str, given: str
) -> None:
    path = builders.write_config(tmp_path, **{"helm": None, **sections})
    with pytest.raises(FileProblemsError) as caught:
        configs.load(path)
    (problem,) = caught.value.problems
    line = path.read_text("utf-8").splitlines().index(f'  "{place}": {{') + 1
    rule = f"exactly one of helm, lm_eval, command must be there, not {given}"
    assert (problem.path, problem.line, problem.message) == (place, line, rule)


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ({"lm_eval": {}}, "lm_eval.tasks: required, and not there"),
        ({"lm_eval": {**LM_EVAL, "tasks": "arc_easy"}}, "lm_eval.tasks: must be a list, not 'arc_easy'"),
        ({"lm_eval": {**LM_EVAL, "tasks": [""]}}, "lm_eval.tasks.0: must not be empty"),
        ({"lm_eval": {**LM_EVAL, "limit": 0}}, "lm_eval.limit: must be at least 1, not 0"),
        ({"lm_eval": {**LM_EVAL, "limit": "all"}}, "lm_eval.limit: must be a whole number, not 'all'"),
        ({"lm_eval": {**LM_EVAL, "num_fewshot": -1}}, "lm_eval.num_fewshot: must be at least 0, not -1"),
        ({"lm_eval": {**LM_EVAL, "timeout_seconds": 0}}, "lm_eval.timeout_seconds: must be at least 1, not 0"),
        ({"lm_eval": {**LM_EVAL, "task": "a"}}, "lm_eval.task: unknown field"),
        ({"helm": {**HELM, "timeout": 3}}, "helm.timeout: unknown field"),
        ({"helm": {**HELM, "timeout_seconds": "1h"}}, "helm.timeout_seconds: must be a whole number, not '1h'"),
        ({"command": {"results": "r.jsonl"}}, "command.args: required, and not there"),
        ({"command": {**COMMAND, "args": "a b"}}, "command.args: must be a list, not 'a b'"),
        ({"command": {"args": ["a"]}}, "command: exactly one of results, event_files must be there, not none"),
        (
            {"command": {**COMMAND, "event_files": "runs"}},
            "command: exactly one of results, event_files must be there, not both",
        ),
        (
            {"command": {**COMMAND, "results": "/etc/passwd"}},
            "command.results: must lie below $(OUTPUT_DIR), where the program writes, not at /etc/passwd",
        ),
        (
            {"command": {**COMMAND, "results": "a/../../b"}},
            "command.results: must lie below $(OUTPUT_DIR), where the program writes, not at a/../../b",
        ),
        (
            {"command": {**COMMAND, "results": "$(OUTPUT_DIR)/results.jsonl"}},
            "command.results: is looked for below $(OUTPUT_DIR) as it is; write results.jsonl",
        ),
        ({"command": {**COMMAND, "results": "out/"}}, "command.results: names a directory, not a file: out/"),
        (
            {"command": {"args": ["a"], "event_files": ".."}},
            "command.event_files: must lie below $(OUTPUT_DIR), where the program writes, not at ..",
        ),
    ],
)
def test_a_wrong_section_is_told_at_its_field(tmp_path: Path, section: dict[str, Any], expected: str) -> None:
    assert problems(tmp_path, **section) == [expected]


@pytest.mark.parametrize("empty", [{"lm_eval": {"tasks": []}}, {"command": {**COMMAND, "args": []}}])
def test_nothing_to_do_is_refused(tmp_path: Path, empty: dict[str, Any]) -> None:
    (problem,) = problems(tmp_path, **empty)
    assert problem.endswith(": must not be empty")


def test_event_files_may_lie_where_the_program_writes(tmp_path: Path) -> None:
    command = load(tmp_path, command={"args": ["a"], "event_files": "."}).command
    assert command is not None
    assert command.event_files == "."
