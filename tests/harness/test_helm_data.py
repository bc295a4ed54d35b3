"""What the scenarios of run specs need: question files that can be read, and data where there is no network."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from cajajejo.errors import SanityError
from cajajejo.harness import helm_data
from tests.builders import ROOT

if TYPE_CHECKING:
    from pathlib import Path

OFFLINE = {"HF_HUB_OFFLINE": "1", "HOME": "/nonexistent"}
QUESTION = {"id": "1", "split": "test", "question": "How much is one and one?", "answer": "Two"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the evaluation starts."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems(*entries: str, environ: dict[str, str] | None = None) -> dict[str, str]:
    """What is said about run specs with these entries; nothing where all is well."""
    text = "entries: [\n" + "".join(f'  {{description: "{entry}", priority: 1}}\n' for entry in entries) + "]\n"
    try:
        helm_data.check(text, OFFLINE if environ is None else environ, ROOT / "env" / "bin" / "helm-run")
    except SanityError as error:
        return {"message": error.message, **error.facts}
    return {}


def put(here: Path, *names: str) -> None:
    for name in names:
        (here / "benchmark_output" / name).parent.mkdir(parents=True, exist_ok=True)
        (here / "benchmark_output" / name).touch()


def test_scenarios_that_make_their_questions_need_nothing() -> None:
    assert problems("simple_mcqa:model=m", "synthetic_reasoning:mode=variable_substitution,model=m") == {}


def test_a_question_file_is_read_before_anything_is_started(here: Path) -> None:
    (here / "good.jsonl").write_text(json.dumps(QUESTION) + "\n")
    (here / "bad.jsonl").write_text(json.dumps({**QUESTION, "answer": ""}) + "\n")
    entries = [f"questions:path={name}.jsonl,model=m" for name in ("good", "bad", "none")]
    assert problems(*entries, environ={}) == {
        "message": "questions of the run specs cannot run here: bad.jsonl:1: answer: must be text and not empty "
        "(and 1 more)",
        "line 3": "bad.jsonl:1: answer: must be text and not empty",
        "line 4": f"none.jsonl: No such file or directory (seen from {here})",
    }


def test_the_file_of_custom_mcqa_must_be_there(here: Path) -> None:
    (here / "x.jsonl").touch()
    assert problems(f"custom_mcqa:path={here}/x.jsonl,model=m") == {}
    assert "there is no such file" in problems(f"custom_mcqa:path={here}/y.jsonl,model=m")["line 2"]


def test_with_a_network_data_is_downloaded() -> None:
    assert problems("boolq:model=m,data_augmentation=canonical", "mmlu:subject=anatomy,model=m", environ={}) == {}


def test_without_one_everything_that_is_not_there_is_named() -> None:
    found = problems("boolq:model=m,data_augmentation=canonical", "mmlu:subject=anatomy,model=m", "gsm:model=m")
    scenarios = "benchmark_output/scenarios"
    assert found["line 2"].splitlines() == [
        "its data is not there: "
        + ", ".join(f"{scenarios}/boolq/data/{name}" for name in ("train", "dev", "boolq_perturbed.jsonl")),
        "data_augmentation=canonical downloads tables, and benchmark_output/perturbations/dialect holds none",
        "data_augmentation=canonical downloads tables, and benchmark_output/perturbations/person_name holds none",
        "its metrics need NLTK's punkt_tab: tokenizers/punkt_tab below a directory of NLTK_DATA",
    ]
    assert found["line 3"] == (
        f"its data is not there: {scenarios}/mmlu/data/dev/anatomy_dev.csv, {scenarios}/mmlu/data/test/anatomy_test.csv"
    )
    assert found["line 4"] == f"its data would be downloaded, and {scenarios}/gsm holds none"
    assert found["note"].startswith("HF_HUB_OFFLINE says that nothing can be downloaded")
    assert found["message"].endswith("(and 5 more)")


def test_without_one_what_is_there_is_enough(here: Path) -> None:
    put(here, *(f"scenarios/boolq/data/{name}" for name in ("train", "dev", "boolq_perturbed.jsonl")))
    put(here, "scenarios/mmlu/data/dev/anatomy_dev.csv", "scenarios/mmlu/data/test/anatomy_test.csv")
    put(here, "scenarios/gsm/data/x", "perturbations/dialect/x.json", "perturbations/person_name/data/x")
    (here / "nltk" / "tokenizers" / "punkt_tab").mkdir(parents=True)
    entries = ("boolq:model=m,data_augmentation=canonical", "mmlu:subject=anatomy,model=m", "gsm:model=m")
    assert problems(*entries, environ={**OFFLINE, "NLTK_DATA": f"/x:{here}/nltk"}) == {}
    assert list(problems("mmlu:subject=astronomy,model=m")) == ["message", "line 2", "note"]


def test_helm_sees_what_is_there_and_the_files_stay_where_they_are(here: Path) -> None:
    put(here, "scenarios/mmlu/data/dev/anatomy_dev.csv", "scenarios/mmlu/data.lock", "runs/v1/x/stats.json")
    put(here, "perturbations/dialect/x.json")
    output = here / "scratch" / "output"
    for _ in range(2):
        helm_data.provide(output)
        shown = {str(path.relative_to(output)) for path in output.rglob("*") if path.is_file()}
        assert shown == {"scenarios/mmlu/data/dev/anatomy_dev.csv", "perturbations/dialect/x.json"}
    assert (output / "scenarios" / "mmlu" / "data" / "dev" / "anatomy_dev.csv").is_symlink()
    assert not (output / "scenarios" / "mmlu" / "data").is_symlink()  # HELM makes its locks there
