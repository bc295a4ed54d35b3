"""Where a config came from: the commit, and paths as the repository names them; the only import of git."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cajajejo.errors import require

if TYPE_CHECKING:
    from pathlib import Path


def repository_root(path: Path) -> Path | None:
    """The root of the git repository that holds `path`, or None outside of one; found without git."""
    start = path.resolve()
    return next((folder for folder in (start, *start.parents) if (folder / ".git").exists()), None)


def path_in_repository(path: Path) -> str:
    """`path` as the repository names it, with forward slashes; outside of a repository as it was given."""
    root = repository_root(path.parent)
    return path.as_posix() if root is None else path.resolve().relative_to(root).as_posix()


def head_commit(path: Path) -> str:
    """The commit that `path` stands at: its SHA, with ``-dirty`` when tracked files differ; ``unset`` without one.

    Raises:
        MissingExtraError: the package GitPython is not installed.
    """
    root = repository_root(path)
    if root is None:
        return "unset"
    git = require("git", extra="evaluation", purpose="reading the commit that a run is tagged with")
    with git.Repo(root) as repository:
        try:
            sha = str(repository.head.commit.hexsha)
        except ValueError:  # a repository without a commit
            return "unset"
        return f"{sha}-dirty" if repository.is_dirty() else sha
