"""What must be there inside of the evaluation image; skipped everywhere else.

Needs only this directory and the installed package, because `python3 cli.py test` runs it inside of the image.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from cajajejo import __version__
from cajajejo.harness import helm_command

ROOT = Path(__file__).parents[1]
ENVIRON = dict(os.environ)
SCRATCH = Path("/scratch")
MODEL = Path("/opt/models/tiny-random/model")

pytestmark = pytest.mark.skipif("CAJAJEJO_IMAGE_REVISION" not in ENVIRON, reason="runs inside of the evaluation image")


def harness_python() -> str:
    return str(helm_command.PROGRAM.find(ENVIRON).parent / "python")


def test_the_user_is_not_root() -> None:
    assert os.getuid() != 0


def test_the_scratch_can_be_written_and_is_home() -> None:
    with tempfile.TemporaryDirectory(dir=SCRATCH) as directory:
        assert os.access(directory, os.W_OK)
    assert Path(ENVIRON["HOME"]) == SCRATCH
    assert Path(ENVIRON["HF_HOME"]).is_relative_to(SCRATCH)


def test_the_command_and_the_package_are_of_one_version() -> None:
    assert importlib.metadata.version("cajajejo") == __version__
    done = subprocess.run(["cajajejo", "--version"], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == __version__


@pytest.mark.parametrize("program", ["helm-run", "helm-summarize", "lm-eval", "mlflow", "python3"])
def test_the_programs_of_an_evaluation_are_on_the_path(program: str) -> None:
    assert shutil.which(program) is not None


def test_the_first_python_is_ours() -> None:
    code = "import cajajejo, mlflow.version, tensorboard, kubernetes; print(cajajejo.__version__)"
    done = subprocess.run(["python3", "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == __version__


def test_helm_starts() -> None:
    program = helm_command.PROGRAM.find(ENVIRON)
    done = subprocess.run([program, "--help"], check=False, capture_output=True, text=True, env=ENVIRON)
    assert done.returncode == 0, done.stderr
    assert "--conf-paths" in done.stdout


def test_the_tiny_model_answers_without_a_network() -> None:
    code = (
        "import sys, transformers as t; "
        "tokenizer, model = (kind.from_pretrained(sys.argv[1]) for kind in (t.AutoTokenizer, t.AutoModelForCausalLM)); "
        "print(model.generate(**tokenizer('2 + 2 =', return_tensors='pt'), max_new_tokens=3).shape[1])"
    )
    command = [harness_python(), "-c", code, str(MODEL)]
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env={**ENVIRON, "HF_HUB_OFFLINE": "1"}
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(len("2 + 2 =") + 3)


def test_text_is_split_into_sentences_without_a_download() -> None:
    code = "import nltk; print(len(nltk.sent_tokenize('One is here. Two is there.')))"
    done = subprocess.run([harness_python(), "-c", code], check=False, capture_output=True, text=True, env=ENVIRON)
    assert (done.returncode, done.stdout.strip()) == (0, "2"), done.stderr


@pytest.mark.parametrize("file", ["questions/geography.jsonl", "run_specs.conf", "debug.conf"])
def test_files_of_the_repository_have_the_paths_that_run_specs_name(file: str) -> None:
    assert (ROOT / "jobs" / "evaluation" / "app" / file).is_file()


@pytest.mark.parametrize("program", ["cc", "gcc", "make", "git", "poetry"])
def test_what_builds_is_not_left(program: str) -> None:
    assert shutil.which(program) is None


@pytest.mark.parametrize("place", ["/build", "/opt/cajajejo/bin/pip", "/opt/harnesses/bin/pip"])
def test_what_was_only_needed_to_install_is_not_left(place: str) -> None:
    assert not Path(place).exists()


def test_the_program_and_the_packages_cannot_be_changed_by_the_job() -> None:
    for place in (ROOT / "cli.py", ROOT / "jobs", Path("/opt/cajajejo"), Path("/opt/harnesses"), MODEL):
        assert not os.access(place, os.W_OK), place
