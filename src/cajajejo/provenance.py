"""Where a config came from: the commit, and paths as the repository names them; the only import of git."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cajajejo.errors import CajajejoError, require

if TYPE_CHECKING:
    from pathlib import Path


def repository_root(path: Path) -> Path | None:
    """The root of the git repository that holds `path`, or None outside of one; found without git."""
    start = path.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)


def path_in_repository(path: Path) -> str:
    """`path` as the repository names it, with forward slashes; outside of a repository as it was given."""
    root = repository_root(path.parent)
    return path.as_posix() if root is None else (path.parent.resolve() / path.name).relative_to(root).as_posix()


def head_commit(path: Path) -> str:
    """The commit that `path` stands at: its SHA, with ``-dirty`` when tracked files differ; ``unset`` without one.

    Raises:
        MissingExtraError: the package GitPython is not installed.
        CajajejoError: git cannot read the repository.
    """
    root = repository_root(path)
    if root is None:
        return "unset"
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")  # without the program git the package raises at its import
    git = require("git", extra="evaluation", purpose="reading the commit that a run is tagged with")
    try:
        with git.Repo(root) as repository:
            repository.git.rev_parse("--git-dir")  # fails with git's own words where git does not want to read it
            if not repository.head.is_valid():  # a repository without a commit
                return "unset"
            sha = str(repository.head.commit.hexsha)
            return f"{sha}-dirty" if repository.is_dirty() else sha
    except (git.GitError, ValueError) as error:
        facts = {"says": str(error).strip()[:300], "note": "CONFIG_VERSION=SHA in the environment does without git"}
        message = f"git cannot read the repository: {root}"
        raise CajajejoError(message, facts=facts, run=f"git -C {root} status") from error
