"""What lm-eval's tasks need, looked at before a model is fetched: that they exist, and that their data is there."""

from __future__ import annotations

import glob
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo import offline, phrases
from cajajejo.errors import SanityError
from cajajejo.harness import lm_eval_tasks
from cajajejo.harness.lm_eval_tasks import Catalogue
from cajajejo.yamldocuments import BrokenYamlError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cajajejo.harness.lm_eval_tasks import TaskFile
    from cajajejo.harness_config import LmEvalConfig

_FILES: Final = frozenset({"json", "csv", "text", "parquet", "arrow", "pandas", "xml"})
"""What `dataset_path` says where the data is in files that the task names."""
_LISTED: Final = 5
_ASKED_SECONDS: Final = 300.0


def check(lm_eval: LmEvalConfig, environ: Mapping[str, str], program: Path | None) -> None:
    """Returns when every task exists and its data is there, or can be downloaded.

    Args:
        lm_eval: the config's section.
        environ: the environment of lm-eval.
        program: lm-eval's script; without it only tasks of ours are looked at.

    Raises:
        SanityError: a task, its file, or its data is not there; all of them are named.
    """
    if lm_eval.include_path and not Path(lm_eval.include_path).is_dir():
        raise SanityError(
            f"lm_eval.include_path is no directory: {lm_eval.include_path}", facts={"seen from": str(Path.cwd())}
        )
    known = _ours(lm_eval)
    if program and not _all_known(known, lm_eval.tasks):
        known = _own_of(program) | known
    unknown = [task for task in lm_eval.tasks if not _is_file(task) and not known.names(task)]
    if unknown and program and not _lm_eval_knows(lm_eval, unknown, environ, program):
        raise SanityError(
            f"lm-eval has no such task: {', '.join(unknown)} (lm_eval.tasks)",
            facts={"perhaps": phrases.did_you_mean(unknown[0], sorted({*known.files, *known.tags}))},
            run=f"{program} ls tasks",
        )
    try:
        wanted = list(_tasks(lm_eval, known))
    except (BrokenYamlError, OSError) as error:
        raise SanityError("a file of lm_eval.tasks cannot be read", facts={"says": str(error)}) from error
    _check_files(wanted)
    _check_data_sets(wanted, environ)


def is_local(lm_eval: LmEvalConfig) -> bool:
    """Whether every task is ours, and has its data in files: then nothing is to be downloaded for them."""
    known = _ours(lm_eval)
    if not _all_known(known, lm_eval.tasks):
        return False
    try:
        wanted = list(_tasks(lm_eval, known))
    except (BrokenYamlError, OSError):
        return False
    return bool(wanted) and all(_has_files(task) for task in wanted)


def inputs(lm_eval: LmEvalConfig) -> Iterator[bytes]:
    """The names and contents of the files that tasks of ours are made of, and of the data files that they name."""
    paths: set[Path] = set()
    if lm_eval.include_path:
        found = Path(lm_eval.include_path).rglob("*")
        paths |= {path for path in found if path.is_file() and path.suffix in {".yaml", ".py"}}
    paths |= {Path(task) for task in lm_eval.tasks if _is_file(task) and Path(task).is_file()}
    try:
        wanted = list(_tasks(lm_eval, _ours(lm_eval)))
    except (BrokenYamlError, OSError):
        wanted = []  # the check tells
    paths |= {Path(path) for task in wanted for pattern in _data_files(task) for path in glob.glob(pattern)}  # noqa: PTH207
    for path in sorted(paths):
        yield str(path).encode()
        yield path.read_bytes()


def _ours(lm_eval: LmEvalConfig) -> Catalogue:
    return lm_eval_tasks.catalogue(Path(lm_eval.include_path)) if lm_eval.include_path else Catalogue()


@lru_cache(maxsize=2)
def _own_of(program: Path) -> Catalogue:
    """The tasks that come with lm-eval, where they can be found beside its script."""
    environment = program.resolve().parent.parent
    own = next(iter(sorted(environment.glob("lib*/python3*/*-packages/lm_eval/tasks"))), None)
    return lm_eval_tasks.catalogue(own) if own else Catalogue()


def _all_known(known: Catalogue, tasks: Iterable[str]) -> bool:
    return all(_is_file(task) or task in known.files for task in tasks)


def _is_file(task: str) -> bool:
    return task.endswith(".yaml")


def _lm_eval_knows(lm_eval: LmEvalConfig, tasks: Sequence[str], environ: Mapping[str, str], program: Path) -> bool:
    """Whether lm-eval itself finds the tasks; asked only where we do not, since it takes half a minute."""
    command = [str(program), "validate", "--tasks", ",".join(tasks)]
    command += ["--include_path", lm_eval.include_path] if lm_eval.include_path else []
    try:
        asked = subprocess.run(  # noqa: S603  # the program was found, the arguments are a list
            command, env=environ, check=False, capture_output=True, timeout=_ASKED_SECONDS, stdin=subprocess.DEVNULL
        )
    except (OSError, subprocess.TimeoutExpired):
        return True  # not known to be wrong
    return asked.returncode == 0


def _tasks(lm_eval: LmEvalConfig, known: Catalogue) -> Iterator[TaskFile]:
    for task in lm_eval.tasks:
        if _is_file(task):
            yield lm_eval_tasks.TaskFile(task, Path(task), lm_eval_tasks.read(Path(task)))
        for name in () if _is_file(task) else known.names(task):
            yield from known.tasks(name)


def _has_files(task: TaskFile) -> bool:
    """Whether the task's data is in files that it names."""
    path = task.config.get("dataset_path")
    return path in _FILES or (isinstance(path, str) and Path(path).exists())


def _data_files(task: TaskFile) -> list[str]:
    """The local files of a task's data, as it names them."""
    arguments = task.config.get("dataset_kwargs")
    if task.config.get("dataset_path") not in _FILES or not isinstance(arguments, dict):
        return []
    base = str(arguments.get("data_dir") or "")
    return [str(Path(base, name)) for name in _texts(arguments.get("data_files")) if "://" not in name and name]


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(part)


def _check_files(tasks: Sequence[TaskFile]) -> None:
    missing = {
        name: task.name
        for task in tasks
        for name in _data_files(task)
        if not glob.glob(name)  # noqa: PTH207
    }
    if missing:
        (first, _), *others = missing.items()
        more = f" and {len(others)} more" if others else ""
        shown = list(missing.items())[:_LISTED]
        raise SanityError(
            f"data of lm-eval's tasks is not there: {first}{more}",
            facts={f"task {task}": name for name, task in shown} | {"seen from": str(Path.cwd())},
        )


def _check_data_sets(tasks: Sequence[TaskFile], environ: Mapping[str, str]) -> None:
    """Refuses tasks whose data would have to be downloaded where a variable says that there is no network."""
    said = offline.variable(environ)
    if said is None:
        return
    missing = dict.fromkeys(_data_set(task) for task in tasks if _is_away(task, environ))
    if not missing:
        return
    users = [task.name for task in tasks if _is_away(task, environ)]
    name, subset = next(iter(missing))
    more = f" and {len(users) - _LISTED} more" if len(users) > _LISTED else ""
    arguments = ", ".join(repr(part) for part in (name, subset) if part is not None)
    raise SanityError(
        f"lm-eval's data is not there, and {said} says that it cannot be downloaded",
        facts={
            "tasks": ", ".join(users[:_LISTED]) + more,
            "data sets": "\n".join(" ".join(filter(None, one)) for one in list(missing)[:_LISTED]),
            "looked in": str(offline.data_sets(environ)),
            "note": "download it where there is a network, with the same HF_HOME or HF_DATASETS_CACHE",
        },
        run=f"env -u {said} python3 -c 'import datasets; datasets.load_dataset({arguments.replace(chr(39), chr(34))})'",
    )


def _data_set(task: TaskFile) -> tuple[str, str | None]:
    subset = task.config.get("dataset_name")
    return str(task.config["dataset_path"]), None if subset is None else str(subset)


def _is_away(task: TaskFile, environ: Mapping[str, str]) -> bool:
    """Whether the data of a task is a data set of the hub that was not downloaded before."""
    path = task.config.get("dataset_path")
    if not isinstance(path, str) or _has_files(task) or "class" in task.config or "custom_dataset" in task.config:
        return False  # or not known before the task runs
    return not offline.has_data_set(environ, *_data_set(task))
