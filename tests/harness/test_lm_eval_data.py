"""What lm-eval's tasks need: that they exist, and that their data is there where there is no network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cajajejo.errors import SanityError
from cajajejo.harness import lm_eval_data
from cajajejo.harness_config import LmEvalConfig
from tests.fakes import lm_eval_run

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = "dataset_path: json\ndataset_kwargs:\n  data_files: {test: QUESTIONS}\n"
GROUP = "group: mmlu\ntask:\n  - mmlu_a # the first\n  - stem_tasks\n  - {task: mmlu_c, num_fewshot: 3}\n"


class Place:
    """An lm-eval with tasks of its own, and a directory with tasks of ours."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.program = lm_eval_run.write(directory / "env" / "bin")
        self.own = directory / "env" / "lib" / "python3.11" / "site-packages" / "lm_eval" / "tasks"
        self.questions = directory / "questions.jsonl"
        self.questions.write_text("{}\n")
        self.environ = {"HOME": str(directory)}

    def task(self, name: str, text: str, *, own: bool = False) -> None:
        path = (self.own if own else self.directory / "tasks") / "below" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("QUESTIONS", str(self.questions)))

    def asked(self, *tasks: str, **section: Any) -> LmEvalConfig:
        (self.directory / "tasks").mkdir(exist_ok=True)
        return LmEvalConfig(**{"tasks": tasks, "include_path": str(self.directory / "tasks"), **section})

    def check(self, *tasks: str, **environ: str) -> None:
        lm_eval_data.check(self.asked(*tasks), {**self.environ, **environ}, self.program)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize(
    "name", ["ours", "'ours'", '"ours"', "ours # a comment", "ours   "], ids=["plain", "q", "qq", "comment", "spaces"]
)
def test_a_task_of_ours_with_its_data_is_fine_offline(place: Place, name: str) -> None:
    place.task("a.yaml", f"task: {name}\n" + LOCAL + "process_docs: !function utils.f\n")
    place.check("ours", HF_HUB_OFFLINE="1")
    assert lm_eval_data.is_local(place.asked("ours"))


def test_data_files_that_are_not_there_are_named(place: Place) -> None:
    place.task("a.yaml", "task: ours\n" + LOCAL)
    place.questions.unlink()
    with pytest.raises(SanityError, match=f"is not there: {place.questions}$") as raised:
        place.check("ours")
    assert raised.value.facts["task ours"] == str(place.questions)


def test_what_a_file_includes_counts(place: Place) -> None:
    place.task("_common.yml", LOCAL)
    place.task("a.yaml", "include: _common.yml\ntask: ours\n")
    place.questions.unlink()
    with pytest.raises(SanityError, match="data of lm-eval's tasks is not there"):
        place.check("ours")


def test_a_task_that_nobody_knows_is_named_with_one_that_may_be_meant(place: Place) -> None:
    place.task("a.yaml", "task: ours\n" + LOCAL)
    place.task("b.yaml", "task: arc_easy\ndataset_path: allenai/ai2_arc\n", own=True)
    with pytest.raises(SanityError) as raised:
        place.check("ours", "arc_eazy")
    assert raised.value.message == "lm-eval has no such task: arc_eazy (lm_eval.tasks)"
    assert "arc_easy" in raised.value.facts["perhaps"]


def test_a_task_that_only_lm_eval_itself_finds_is_taken(place: Place) -> None:
    (place.program).write_text("#!/bin/sh\nexit 0\n")
    place.check("made_by_code")


@pytest.mark.parametrize("task", ["mmlu", "stem_tasks", "mmlu_*"], ids=["group", "tag", "pattern"])
def test_where_there_is_no_network_data_sets_that_were_not_downloaded_are_named(place: Place, task: str) -> None:
    place.task("mmlu.yaml", GROUP, own=True)
    place.task("_template", "dataset_path: cais/MMLUPro\n", own=True)
    for name, tag in (("mmlu_a", "other"), ("mmlu_b", "stem_tasks"), ("mmlu_c", "x")):
        text = f'"task": "{name}"\n"tag":\n  - {tag}\ninclude: _template\ndataset_name: {name[-1]}\n'
        place.task(f"{name}.yaml", text, own=True)
    place.check(task)
    with pytest.raises(SanityError) as raised:
        place.check(task, HF_DATASETS_OFFLINE="true")
    assert raised.value.message == (
        "lm-eval's data is not there, and HF_DATASETS_OFFLINE says that it cannot be downloaded"
    )
    assert "cais/MMLUPro b" in raised.value.facts["data sets"]
    assert 'datasets.load_dataset("cais/MMLUPro", "' in raised.value.run[0]
    for subset in "abc":
        prepared = place.directory / ".cache" / "huggingface" / "datasets" / "cais___mmlu_pro" / subset / "0.0.0" / "0"
        prepared.mkdir(parents=True)
    place.check(task, HF_DATASETS_OFFLINE="1")


def test_a_group_needs_the_data_of_all_its_tasks(place: Place) -> None:
    place.task("mmlu.yaml", GROUP, own=True)
    for name in ("mmlu_a", "mmlu_b", "mmlu_c"):
        place.task(f"{name}.yaml", f"task: {name}\ntag: [stem_tasks, x]\ndataset_path: some/{name}\n", own=True)
    with pytest.raises(SanityError) as raised:
        place.check("mmlu", HF_HUB_OFFLINE="1")
    assert set(raised.value.facts["data sets"].splitlines()) == {"some/mmlu_a", "some/mmlu_b", "some/mmlu_c"}


def test_data_in_a_directory_needs_no_network(place: Place) -> None:
    place.task("a.yaml", f"task: ours\ndataset_path: {place.directory}\n")
    place.check("ours", HF_HUB_OFFLINE="1")


def test_a_task_that_is_code_is_not_judged(place: Place) -> None:
    place.task("a.yaml", "task: ours\nclass: !function task.Ours\ndataset_path: some/where\n")
    place.check("ours", HF_HUB_OFFLINE="1")


def test_a_directory_that_is_not_there_is_an_error(place: Place) -> None:
    with pytest.raises(SanityError, match="include_path is no directory: elsewhere"):
        lm_eval_data.check(place.asked("ours", include_path="elsewhere"), {}, place.program)


def test_a_file_that_is_no_yaml_is_an_error(place: Place) -> None:
    place.task("a.yaml", "task: ours\nx: [")
    with pytest.raises(SanityError, match=r"a file of lm_eval\.tasks cannot be read"):
        place.check("ours")


def test_a_task_can_be_a_file(place: Place) -> None:
    place.task("a.yaml", "task: ours\n" + LOCAL)
    file = str(place.directory / "tasks" / "below" / "a.yaml")
    place.check(file, HF_HUB_OFFLINE="1")
    place.questions.unlink()
    with pytest.raises(SanityError, match="data of lm-eval's tasks is not there"):
        place.check(file)
