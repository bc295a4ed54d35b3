"""The two Python environments of this checkout: `project` (.venv) and `helm` (.cajajejo/envs/helm, with lm-eval).

    python3 scripts/environments.py [project] [helm]        both when neither is named

Run it as often as you like: an environment that is complete is used as it is, one that was cut short is
repaired, one whose inputs changed is brought up to date. Nothing outside the checkout is written, except by
pip and poetry to their own caches.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.version_info < (3, 11) or sys.version_info >= (3, 15):
    found = ".".join(str(part) for part in sys.version_info[:3])
    sys.exit(f"Error: Python 3.11 to 3.14 is needed, and this is {found}. Run it as make PYTHON=python3.12 …")

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".cajajejo"
ENVS = HOME / "envs"
HELM_REQUIREMENTS = ROOT / "scripts" / "helm-requirements.txt"
LM_EVAL_REQUIREMENTS = ROOT / "scripts" / "lm-eval-requirements.txt"
POETRY = ("poetry==2.5.1", "poetry-plugin-pypi-mirror==0.6.5")
OTAVA = "apache-otava==0.8.0"
"""Asks for an older numpy than poetry.lock has, works with that one, and so goes in without what it asks for."""
TORCH = "torch==2.13.0"
TORCH_CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PROBE_SECONDS = 4.0
WIDTH = 96
COMPILE = """
import compileall, sysconfig
compileall.compile_dir(sysconfig.get_path("purelib"), quiet=2, workers=0)
"""
"""What some packages hold for other Pythons does not compile, and is passed over."""
# What a user may have set for pip that we follow: where packages come from. Everything else (a target directory,
# --user, constraints …) is about other environments.
PIP_SETTINGS = (
    *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_CONFIG_FILE"),
    *("PIP_TRUSTED_HOST", "PIP_CERT", "PIP_CLIENT_CERT", "PIP_PROXY", "PIP_KEYRING_PROVIDER"),
    *("PIP_TIMEOUT", "PIP_DEFAULT_TIMEOUT", "PIP_RETRIES", "PIP_CACHE_DIR", "PIP_NO_CACHE_DIR"),
)
FOREIGN = ("VIRTUAL_ENV", "CONDA_PREFIX", "CONDA_DEFAULT_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHONUSERBASE")
ADVICE = (
    ("No space left on device", "The disk is full: about 5 GB are needed."),
    ("ensurepip is not", "Python's venv module is incomplete. On Debian and Ubuntu: apt install python3-venv"),
    ("lock file", "pyproject.toml and poetry.lock do not fit together: poetry lock"),
    ("Requires-Python", "This Python is not supported by a package: use Python 3.11 to 3.14."),
    ("", "Often the network was away, or a proxy or mirror is not set for pip."),
)


class StepError(Exception):
    """A step that went wrong; the message is what the user reads."""


class Steps:
    """The lines of one environment on the screen, and its log."""

    def __init__(self, name: str, lock: int) -> None:
        self.name = name
        self.log = ENVS / f"{name}.log"
        self._lock = lock
        self.log.write_text("", encoding="utf-8")

    def run(self, what: str, command: list[str], **environment: str) -> None:
        """Run a command with its output in the log, and print one line with the time it took."""
        began = time.monotonic()
        self._draft(what)
        with self.log.open("a", encoding="utf-8") as log:
            print("$", *command, file=log, flush=True)
            # The child holds the lock too: it may outlive this program, when only this program is killed.
            done = subprocess.run(
                command, check=False, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                env=clean_environment(environment), pass_fds=(self._lock,),
            )  # fmt: skip
        if done.returncode != 0:
            raise StepError(self._explained(what, done.returncode))
        say(f"{self.name}: {what}", time.monotonic() - began)

    def _draft(self, what: str) -> None:
        if sys.stderr.isatty():
            print(f"{'Environments':<15}{self.name}: {what} …", end="\r", file=sys.stderr, flush=True)

    def _explained(self, what: str, code: int) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace")
        last = [line for line in text.splitlines() if line.strip() and not line.startswith("WARNING")][-8:]
        advice = next(advice for sign, advice in ADVICE if sign in text)
        shown = self.log.relative_to(ROOT)
        lines = [f"Error: {self.name}: {what}: exit code {code}", *(f"  {line[:200]}" for line in last)]
        return "\n".join([*lines, f"{advice} All of it is in {shown}; run the same again, it goes on from there."])


def say(what: str, seconds: float) -> None:
    """Print one line of progress on stderr, with its time at the right."""
    duration = f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"  # noqa: PLR2004
    print(f"{'Environments':<15}{what}{duration:>{max(2 + len(duration), WIDTH - 15 - len(what))}}", file=sys.stderr)


def clean_environment(extra: dict[str, str]) -> dict[str, str]:
    """Return the variables for a child: the user's, without those that lead into another environment."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in FOREIGN and (not name.startswith("PIP_") or name in PIP_SETTINGS)
    }
    return {**kept, "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONNOUSERSITE": "1", **extra}


def stamp_of(name: str) -> str:
    """Return the hash of everything that an environment is made from."""
    if name == "helm":
        files = (HELM_REQUIREMENTS, LM_EVAL_REQUIREMENTS)
        parts = [TORCH, TORCH_CPU_INDEX, *(file.read_text(encoding="utf-8") for file in files)]
    else:
        pinned = (ROOT / name for name in ("pyproject.toml", "poetry.lock"))
        parts = [*POETRY, OTAVA, *(file.read_text(encoding="utf-8") for file in pinned)]
    python = f"{sys.version_info[:3]} {sys.base_prefix} {sys.platform} {ROOT}"
    return hashlib.sha256("\0".join([python, *parts]).encode()).hexdigest()


def stamp_file(name: str) -> Path:
    """Return where the stamp of a complete environment is: inside it, so that they go together."""
    return (ENVS / "helm" if name == "helm" else ROOT / ".venv") / ".cajajejo-stamp"


def is_ready(name: str) -> bool:
    """Return whether an environment is complete and made from what is there now."""
    try:
        return stamp_file(name).read_text(encoding="utf-8") == stamp_of(name)
    except OSError:
        return False


def python_of(env: Path) -> str:
    """Return the interpreter of an environment."""
    return str(env / "bin" / "python")


def make_venv(steps: Steps, env: Path, *, with_pip: bool) -> None:
    """Make a virtual environment, or make an existing one of the same Python whole."""
    config = env / "pyvenv.cfg"
    wanted = f"version = {sys.version_info[0]}.{sys.version_info[1]}."
    if env.exists() and (not config.is_file() or wanted not in config.read_text(encoding="utf-8", errors="replace")):
        shutil.rmtree(env)
    forget_half_installed(env)
    command = [sys.executable, "-m", "venv", *([] if with_pip else ["--without-pip"]), str(env)]
    steps.run(f"virtual environment {env.relative_to(ROOT)}", command)


def forget_half_installed(env: Path) -> None:
    """Remove the metadata of packages whose installation was cut short, so that they are installed again.

    RECORD is the last file that pip and poetry write for a package.
    """
    for metadata in env.glob("lib/python3*/site-packages/*.dist-info"):
        if not (metadata / "RECORD").is_file():
            shutil.rmtree(metadata)


def answers(url: str) -> bool:
    """Return whether a web address answers soon; a child asks, because looking up its name knows no timeout."""
    code = "import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=3)"
    try:
        command = [sys.executable, "-c", code, url]
        return subprocess.run(command, check=False, capture_output=True, timeout=PROBE_SECONDS).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def make_helm(steps: Steps) -> None:
    """Make the environment of HELM and lm-eval: they share torch, transformers and datasets, most of its 2 GB."""
    env = ENVS / "helm"
    if stamp_file("helm").exists():
        # Complete, but made from other versions: what is no longer wanted would stay.
        shutil.rmtree(env)
    make_venv(steps, env, with_pip=True)
    pip = [python_of(env), "-m", "pip", "install"]
    if sys.platform == "linux" and answers(f"{TORCH_CPU_INDEX}/torch/"):
        steps.run(f"{TORCH}, CPU build", [*pip, "--no-deps", "--index-url", TORCH_CPU_INDEX, TORCH])
    else:
        steps.run(f"{TORCH} from pip's index", [*pip, "--constraint", str(HELM_REQUIREMENTS), TORCH])
    steps.run("HELM and what it needs", [*pip, "--no-deps", "--requirement", str(HELM_REQUIREMENTS)])
    steps.run("lm-eval beside it", [*pip, "--no-deps", "--requirement", str(LM_EVAL_REQUIREMENTS)])
    # NLTK looks in its environment; HELM's BLEU, ROUGE and boolq load these tables, and empty ones are enough.
    tables = env / "nltk_data" / "tokenizers" / "punkt_tab" / "english"
    tables.mkdir(parents=True, exist_ok=True)
    for table in ("abbrev_types.txt", "collocations.tab", "ortho_context.tab", "sent_starters.txt"):
        (tables / table).touch()
    check = "import gguf, torch, transformers, helm.benchmark.run, helm.benchmark.runner"
    steps.run("HELM starts", [python_of(env), "-c", check])
    check = "import lm_eval.evaluator, lm_eval.models.huggingface, lm_eval.tasks"
    steps.run("lm-eval starts", [python_of(env), "-c", check])


def package_index(python: str) -> str:
    """Return the simple index that pip uses, which is asked because poetry needs to be told."""
    if index := os.environ.get("POETRY_PYPI_MIRROR_URL") or os.environ.get("PIP_INDEX_URL"):
        return index
    command = [python, "-m", "pip", "config", "get", "global.index-url"]
    asked = subprocess.run(command, check=False, capture_output=True, text=True, env=clean_environment({}))
    if asked.returncode == 0 and asked.stdout.strip():
        return asked.stdout.strip()
    code = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    return subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()


def make_project(steps: Steps) -> None:
    """Make the project's own environment with poetry, from the lock file."""
    poetry, env = ENVS / "poetry", ROOT / ".venv"
    make_venv(steps, poetry, with_pip=True)
    steps.run(" and ".join(POETRY), [python_of(poetry), "-m", "pip", "install", *POETRY])
    make_venv(steps, env, with_pip=False)
    stamp_file("project").unlink(missing_ok=True)
    command = [python_of(poetry), "-m", "poetry", "install", "--all-extras", "--with", "dev"]
    steps.run(
        "dependencies of poetry.lock", [*command, "--no-interaction", "--no-ansi"],
        POETRY_PYPI_MIRROR_URL=package_index(python_of(poetry)), POETRY_VIRTUALENVS_IN_PROJECT="true",
        POETRY_VIRTUALENVS_CREATE="true", PYTHON_KEYRING_BACKEND="keyring.backends.null.Keyring",
    )  # fmt: skip
    into = [python_of(poetry), "-m", "pip", "--python", python_of(env), "install"]
    steps.run("Otava, the other opinion on change points", [*into, "--no-deps", OTAVA])
    # Where PYTHONDONTWRITEBYTECODE is set, every import of mlflow would take four times as long. Not by `--compile` of
    # poetry, which installs in parallel: mlflow and mlflow-skinny hold the same files, and one compiled what the other
    # was writing, which is an empty module for ever.
    steps.run("bytecode", [python_of(env), "-c", COMPILE])
    steps.run("cajajejo starts", [str(env / "bin" / "cajajejo"), "--help"])


def write_stamp(name: str) -> None:
    """Write down that an environment is complete; the last thing done to it."""
    part = stamp_file(name).with_suffix(".part")
    part.write_text(stamp_of(name), encoding="utf-8")
    part.replace(stamp_file(name))


@contextlib.contextmanager
def locked() -> Iterator[int]:
    """Hold the lock of this checkout's environments; another run is waited for."""
    ENVS.mkdir(parents=True, exist_ok=True)
    (HOME / ".gitignore").write_text("*\n", encoding="utf-8")
    with (ENVS / ".lock").open("w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{'Environments':<15}another run prepares them; waiting for it", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file.fileno()


def prepare(names: list[str]) -> None:
    """Make every named environment complete."""
    began = time.monotonic()
    if all(is_ready(name) for name in names):
        say("ready (reused)", time.monotonic() - began)
        return
    with locked() as lock:
        for name in names:
            if not is_ready(name):
                (make_helm if name == "helm" else make_project)(Steps(name, lock))
                write_stamp(name)
    say("ready", time.monotonic() - began)


def stop(*_: object) -> None:
    """End as after Ctrl-C, when the program is asked to end."""
    raise KeyboardInterrupt


def main() -> int:
    """Prepare what the command line names and return the exit code."""
    names = sys.argv[1:] or ["project", "helm"]
    if unknown := [name for name in names if name not in ("project", "helm")]:
        print(f"Error: no such environment: {unknown[0]}. There are project and helm.", file=sys.stderr)
        return 2
    signal.signal(signal.SIGTERM, stop)
    try:
        prepare(names)
    except StepError as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"Error: {error}. Check that the checkout can be written and that the disk has room.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run it again: it goes on from where it was.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
