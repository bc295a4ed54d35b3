"""Commits and paths, as real git repositories have them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cajajejo import provenance
from cajajejo.errors import CajajejoError

AUTHOR = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")


def git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *AUTHOR, *arguments], cwd=repository, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit that holds ``jobs/c.yml``."""
    root = tmp_path / "repository"
    (root / "jobs").mkdir(parents=True)
    (root / "jobs" / "c.yml").write_text("a: 1\n")
    git(root, "init", "-q")
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", "first")
    return root


def test_a_clean_repository_is_at_its_commit(repository: Path) -> None:
    sha = git(repository, "rev-parse", "HEAD")
    assert len(sha) == 40
    assert [provenance.head_commit(path) for path in (repository, repository / "jobs" / "c.yml")] == [sha, sha]


def test_a_changed_file_makes_it_dirty_and_an_untracked_one_does_not(repository: Path) -> None:
    sha = git(repository, "rev-parse", "HEAD")
    (repository / "new.txt").write_text("x")
    assert provenance.head_commit(repository) == sha
    (repository / "jobs" / "c.yml").write_text("a: 2\n")
    assert provenance.head_commit(repository) == f"{sha}-dirty"
    git(repository, "add", "jobs/c.yml")
    assert provenance.head_commit(repository) == f"{sha}-dirty"


def test_a_repository_without_a_commit_and_a_place_without_a_repository_are_unset(tmp_path: Path) -> None:
    assert provenance.head_commit(tmp_path) == "unset"
    git(tmp_path, "init", "-q")
    assert provenance.head_commit(tmp_path) == "unset"


def test_a_linked_worktree_has_the_commit_of_its_own(repository: Path, tmp_path: Path) -> None:
    git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    (tmp_path / "tree" / "jobs" / "c.yml").write_text("a: 3\n")
    git(tmp_path / "tree", "commit", "-q", "-a", "-m", "second")
    sha = git(tmp_path / "tree", "rev-parse", "HEAD")
    assert sha != git(repository, "rev-parse", "HEAD")
    assert provenance.head_commit(tmp_path / "tree") == sha


def test_a_broken_repository_is_told_with_a_way_around(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    with pytest.raises(CajajejoError) as caught:
        provenance.head_commit(tmp_path)
    assert caught.value.message == f"git cannot read the repository: {tmp_path}"
    assert caught.value.facts["note"] == "CONFIG_VERSION=SHA in the environment does without git"
    assert caught.value.run == (f"git -C {tmp_path} status",)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_repository_that_git_does_not_trust_is_told_with_gits_own_words(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")  # where this machine may trust every directory
    for path in (repository, *repository.rglob("*")):
        os.chown(path, 12345, 12345)
    with pytest.raises(CajajejoError) as caught:
        provenance.head_commit(repository)
    assert caught.value.message == f"git cannot read the repository: {repository}"
    assert "dubious ownership" in caught.value.facts["says"]


def test_without_the_program_git_a_repository_cannot_be_read(repository: Path) -> None:
    code = (
        "import sys, pathlib\nfrom cajajejo import errors, provenance\n"
        "try:\n    provenance.head_commit(pathlib.Path(sys.argv[1]))\n"
        "except errors.CajajejoError as error:\n    print(error.message)\n"
    )
    command = [sys.executable, "-c", code, str(repository)]
    done = subprocess.run(command, env={"PATH": "/nonexistent"}, check=True, capture_output=True, text=True)
    assert done.stdout == f"git cannot read the repository: {repository}\n"


def test_a_path_is_named_from_the_root_of_its_repository(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "jobs")
    named = [
        provenance.path_in_repository(path) for path in (Path("c.yml"), Path("../jobs/c.yml"), Path("c.yml").absolute())
    ]
    assert named == ["jobs/c.yml", "jobs/c.yml", "jobs/c.yml"]


def test_a_path_outside_of_a_repository_stays_as_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert provenance.path_in_repository(Path("a/../c.yml")) == "a/../c.yml"
    assert provenance.path_in_repository(tmp_path / "c.yml") == str(tmp_path / "c.yml")


def test_a_link_that_leads_out_of_the_repository_has_its_own_name(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "shared.yml").write_text("a: 1\n")
    (repository / "jobs" / "link.yml").symlink_to(tmp_path / "shared.yml")
    assert provenance.path_in_repository(repository / "jobs" / "link.yml") == "jobs/link.yml"


def test_a_repository_that_is_reached_by_a_link_is_the_same(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(repository)
    assert provenance.path_in_repository(tmp_path / "link" / "jobs" / "c.yml") == "jobs/c.yml"
    assert provenance.repository_root(tmp_path / "link" / "jobs") == repository
    assert provenance.repository_root(tmp_path) is None
