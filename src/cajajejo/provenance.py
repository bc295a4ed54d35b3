"""Where a job came from: the commit, paths as the repository names them, and the user; the only import of git."""

from __future__ import annotations

import os
import re
import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from cajajejo.errors import CajajejoError, MissingExtraError, UsageError, printable, require

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

JOB_FILES: Final = (".job_config.yml", ".job_config.yaml", ".conf", ".jsonl", ".j2")
"""How the names of files end that jobs are made of."""
UNSET: Final = "unset"
"""The config version of a run that no commit names."""
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
_SHOWN: Final = 10
_LONGEST_NAME: Final = 100


def user() -> str:
    """The user whom the operating system runs this for; empty where it knows no name, as in some containers."""
    import getpass

    try:
        name = getpass.getuser()
    except (KeyError, OSError, ImportError):
        return ""
    return printable(name.strip())[:_LONGEST_NAME]


def author(folder: Path) -> str:
    """Who works in `folder`: git's ``user.name`` there, else the user whom the operating system runs this for."""
    said = _git_says(folder, "config", "--get", "user.name")
    return printable((said or "").strip())[:_LONGEST_NAME] or user()


def commits_between(folder: Path, old: str, new: str) -> int | None:
    """How many commits the repository of `folder` has in `new` that it has not in `old`; None where it cannot tell."""
    if not (_COMMIT.fullmatch(old) and _COMMIT.fullmatch(new)):
        return None
    said = _git_says(folder, "rev-list", "--count", f"{old}..{new}")
    return int(said) if said is not None and said.isdecimal() else None


def repository_root(path: Path) -> Path | None:
    """The root of the git repository that holds `path`, or None outside of one; found without git."""
    start = path.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)


def path_in_repository(path: Path) -> str:
    """`path` as the repository names it, with forward slashes; outside of a repository as it was given."""
    root = repository_root(path.parent)
    return path.as_posix() if root is None else _name_in(root, path)


def _name_in(root: Path, path: Path) -> str:
    """`path` as the repository at `root` names it: links in its directories are followed, the file itself is not."""
    return (path.parent.resolve() / path.name).relative_to(root).as_posix()


def head_commit(path: Path) -> str:
    """The commit that `path` stands at: its SHA, with ``-dirty`` when tracked files differ; ``unset`` without one.

    Raises:
        MissingExtraError: the package GitPython is not installed.
        CajajejoError: git cannot read the repository.
    """
    root = repository_root(path)
    if root is None:
        return UNSET
    with _repository(root, "CONFIG_VERSION=SHA in the environment") as repository:
        if not repository.head.is_valid():  # a repository without a commit
            return UNSET
        sha = str(repository.head.commit.hexsha)
        return f"{sha}-dirty" if repository.is_dirty() else sha


def clean_commit(paths: Sequence[Path], *, allow_dirty: bool = False) -> str:
    """The commit that names what is in `paths` and beside them: the SHA, with ``-dirty`` where that is allowed.

    Args:
        paths: the files that a job is made of. Of their repository every tracked file counts; of what is untracked
            these files, ignored or not, and what lies below their directories and looks like a job's (`JOB_FILES`).
        allow_dirty: whether a repository with changes will do.

    Raises:
        UsageError: the files are in no repository, or in one without a commit, or it has changes.
        MissingExtraError: the package GitPython is not installed.
        CajajejoError: git cannot read the repository.
    """
    root = repository_root(paths[0].parent)
    give = "give the version yourself: --config-version V"
    if root is None:
        raise UsageError(f"{paths[0]} is in no git repository, so that no commit names it", run=give)
    strange = next((path for path in paths if repository_root(path.parent) != root), None)
    if strange is not None:
        raise UsageError(f"{strange} is not in the repository {root}, so that no commit of it names it", run=give)
    with _repository(root, "--config-version V") as repository:
        if not repository.head.is_valid():
            raise UsageError(f"the repository {root} has no commit yet", run=give)
        sha = str(repository.head.commit.hexsha)
        changed, untracked = _status(repository)
        untracked = list(dict.fromkeys([*_unknown(repository, root, paths), *_of_jobs(untracked, root, paths)]))
    if not changed and not untracked:
        return sha
    if allow_dirty:
        return f"{sha}-dirty"
    facts = {name: _listed(names) for name, names in (("changed", changed), ("untracked", untracked)) if names}
    message = "the repository has changes that the tag config_git_sha would not name"
    cures = ["git add -A && git commit", f"or accept the tag {sha[:12]}-dirty: --allow-dirty-repo"]
    raise CajajejoError(message, facts=facts, run=cures)


def _status(repository: Any) -> tuple[list[str], list[str]]:
    """The names of files that differ from the commit, and of those that git does not know."""
    entries = repository.git.status("--porcelain=v1", "-z", "--untracked-files=all", "--no-renames").split("\0")
    changed = [entry[3:] for entry in entries if entry and not entry.startswith("??")]
    return changed, [entry[3:] for entry in entries if entry.startswith("??")]


def _unknown(repository: Any, root: Path, paths: Sequence[Path]) -> list[str]:
    """Those of `paths` that git does not know, ignored ones as well."""
    names = [_name_in(root, path) for path in paths]
    known = repository.git.ls_files("-z", "--", *(f":(literal){name}" for name in names)).split("\0")
    return [name for name in names if name not in known]


def _of_jobs(names: Sequence[str], root: Path, paths: Sequence[Path]) -> list[str]:
    """Those of `names` that lie below the directories of `paths` and look like a job's."""
    folders = {path.parent.resolve() for path in paths}
    looks_alike = (name for name in names if name.endswith(JOB_FILES))
    return [name for name in looks_alike if any((root / name).is_relative_to(folder) for folder in folders)]


def _listed(names: Sequence[str]) -> str:
    shown = [*names[:_SHOWN], *([f"and {len(names) - _SHOWN} more"] if len(names) > _SHOWN else [])]
    return "\n".join("".join(character if character.isprintable() else "?" for character in name) for name in shown)


def _git_says(folder: Path, *words: str) -> str | None:
    """What git answers in `folder`; None where git is not there, or has no answer."""
    try:
        git = _git()
    except MissingExtraError:
        return None
    try:
        return str(git.Git(folder).execute(["git", *words]))
    except (git.GitError, OSError):
        return None


@contextmanager
def _repository(root: Path, instead: str) -> Iterator[Any]:
    git = _git()
    try:
        with git.Repo(root) as repository:
            repository.git.rev_parse("--git-dir")  # fails with git's own words where git does not want to read it
            yield repository
    except (git.GitError, ValueError) as error:
        facts = {"says": str(error).strip().expandtabs()[:300], "note": f"{instead} does without git"}
        run = () if isinstance(error, git.GitCommandNotFound) else f"git -C {shlex.quote(str(root))} status"
        raise CajajejoError(f"git cannot read the repository: {root}", facts=facts, run=run) from error


def _git() -> Any:
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # without the program git the package raises at its import
    return require("git", extra="evaluation", purpose="reading the commit that a run is tagged with")
