"""Commits and paths, as real git repositories have them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cajajejo import provenance
from cajajejo.errors import CajajejoError, UsageError

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
        "except errors.CajajejoError as error:\n    print(error.message, error.run)\n"
    )
    command = [sys.executable, "-c", code, str(repository)]
    done = subprocess.run(command, env={"PATH": "/nonexistent"}, check=True, capture_output=True, text=True)
    assert done.stdout == f"git cannot read the repository: {repository} ()\n"


def test_what_helps_with_a_broken_repository_goes_with_the_command_and_can_be_pasted(tmp_path: Path) -> None:
    place = tmp_path / "my jobs"
    (place / ".git").mkdir(parents=True)
    (place / "c.yml").touch()
    with pytest.raises(CajajejoError) as caught:
        provenance.clean_commit([place / "c.yml"])
    assert caught.value.facts["note"] == "--config-version V does without git"
    assert caught.value.run == (f"git -C '{place}' status",)


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


class Tree:
    """A repository with a committed config and its run specs, as a job is sent from it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.config, self.specs = root / "jobs" / "c.yml", root / "jobs" / "app" / "r.conf"
        self.write("jobs/app/r.conf", "entries: []\n")
        self.write(".gitignore", "*.log\nignored/\n")
        self.commit()

    def write(self, name: str, text: str = "x\n") -> None:
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def commit(self) -> None:
        git(self.root, "add", ".")
        git(self.root, "commit", "-q", "-m", "more")

    @property
    def sha(self) -> str:
        return git(self.root, "rev-parse", "HEAD")

    def clean_commit(self, *more: Path, allow_dirty: bool = False) -> str:
        return provenance.clean_commit([self.config, self.specs, *more], allow_dirty=allow_dirty)


@pytest.fixture
def tree(repository: Path) -> Tree:
    return Tree(repository)


def test_a_job_from_a_clean_tree_is_named_by_its_commit(tree: Tree) -> None:
    assert tree.clean_commit() == tree.clean_commit(allow_dirty=True) == tree.sha


@pytest.mark.parametrize(
    "name", ["my-job.yml", "notes.txt", "jobs/notes.txt", "jobs/x.log", "other.conf", "ignored/a.conf"]
)
def test_files_that_no_job_is_made_of_do_not_count(name: str, tree: Tree) -> None:
    tree.write(name)
    assert tree.clean_commit() == tree.sha


CHANGES: dict[str, tuple[list[str], dict[str, str]]] = {
    "changed": (["jobs/c.yml"], {"changed": "jobs/c.yml"}),
    "changed elsewhere": (["notes.txt"], {"changed": "notes.txt"}),
    "another config beside it": (["jobs/n.job_config.yml"], {"untracked": "jobs/n.job_config.yml"}),
    "run specs below it": (["jobs/app/deep/n.conf"], {"untracked": "jobs/app/deep/n.conf"}),
    "a name with spaces": (["jobs/app/a b é.conf"], {"untracked": "jobs/app/a b é.conf"}),
    "escape sequences": (["jobs/app/\x1b[2J.conf"], {"untracked": "jobs/app/?[2J.conf"}),
    "both": (["jobs/c.yml", "jobs/app/n.conf"], {"changed": "jobs/c.yml", "untracked": "jobs/app/n.conf"}),
}


@pytest.mark.parametrize("staged", ["", "staged"])
@pytest.mark.parametrize("case", CHANGES)
def test_changes_that_the_commit_does_not_name_are_told(case: str, staged: str, tree: Tree) -> None:
    names, facts = CHANGES[case]
    tree.write("notes.txt", "old\n")
    tree.commit()
    for name in names:
        tree.write(name, "new: 1\n")
    if staged:
        git(tree.root, "add", ".")
        facts = {"changed": "\n".join(sorted("\n".join(facts.values()).splitlines()))}
    with pytest.raises(CajajejoError) as caught:
        tree.clean_commit()
    assert caught.value.message == "the repository has changes that the tag config_git_sha would not name"
    assert {name: "\n".join(sorted(text.splitlines())) for name, text in caught.value.facts.items()} == facts
    assert caught.value.run == (
        "git add -A && git commit",
        f"or accept the tag {tree.sha[:12]}-dirty: --allow-dirty-repo",
    )
    assert tree.clean_commit(allow_dirty=True) == f"{tree.sha}-dirty"


@pytest.mark.parametrize("name", ["jobs/new.yml", "ignored/c.yml", "jobs/[a-z]*.log"])
def test_a_file_of_the_job_itself_counts_whatever_its_name(name: str, tree: Tree) -> None:
    tree.write(name)
    with pytest.raises(CajajejoError) as caught:
        tree.clean_commit(tree.root / name)
    assert caught.value.facts == {"untracked": name}


def test_a_deleted_file_counts(tree: Tree) -> None:
    tree.config.unlink()
    with pytest.raises(CajajejoError) as caught:
        tree.clean_commit()
    assert caught.value.facts == {"changed": "jobs/c.yml"}


def test_of_many_changes_some_are_shown(tree: Tree) -> None:
    for number in range(12):
        tree.write(f"jobs/app/{number:02}.conf")
    with pytest.raises(CajajejoError) as caught:
        tree.clean_commit()
    lines = caught.value.facts["untracked"].splitlines()
    assert (len(lines), lines[0], lines[-1]) == (11, "jobs/app/00.conf", "and 2 more")


def test_it_makes_no_difference_from_where_it_is_asked(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree.root / "jobs" / "app")
    assert provenance.clean_commit([Path("../c.yml"), Path("r.conf")]) == tree.sha
    tree.write("jobs/app/n.conf")
    with pytest.raises(CajajejoError) as caught:
        provenance.clean_commit([Path("../c.yml"), Path("r.conf")])
    assert caught.value.facts == {"untracked": "jobs/app/n.conf"}


def test_settings_of_the_user_do_not_hide_changes(tree: Tree) -> None:
    git(tree.root, "config", "status.showUntrackedFiles", "no")
    git(tree.root, "config", "status.relativePaths", "true")
    tree.write("jobs/app/n.conf")
    with pytest.raises(CajajejoError):
        tree.clean_commit()


def test_files_that_no_commit_can_name_need_a_version(tree: Tree, tmp_path: Path) -> None:
    outside = tmp_path / "c.yml"
    outside.write_text("x\n")
    with pytest.raises(UsageError) as caught:
        provenance.clean_commit([outside])
    assert caught.value.lines() == [
        f"Error: {outside} is in no git repository, so that no commit names it",
        "Run: give the version yourself: --config-version V",
    ]
    with pytest.raises(UsageError) as caught:
        tree.clean_commit(outside, allow_dirty=True)
    message = f"{outside} is not in the repository {tree.root}, so that no commit of it names it"
    assert caught.value.message == message


def test_a_repository_without_a_commit_needs_a_version(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q")
    (tmp_path / "c.yml").write_text("x\n")
    with pytest.raises(UsageError, match="has no commit yet"):
        provenance.clean_commit([tmp_path / "c.yml"], allow_dirty=True)


def test_commits_between_two_are_counted_where_the_repository_has_both(repository: Path, tmp_path: Path) -> None:
    first = git(repository, "rev-parse", "HEAD")
    for number in range(3):
        git(repository, "commit", "-q", "--allow-empty", "-m", str(number))
    last = git(repository, "rev-parse", "HEAD")
    pairs = [(first, last), (last, first), (first[:7], last[:7]), (first, first), ("0" * 40, last), ("--all", last)]
    found = [provenance.commits_between(repository / "jobs", *pair) for pair in pairs]
    assert found == [3, 0, 3, 0, None, None]
    assert provenance.commits_between(tmp_path, first, last) is None


def test_the_author_is_the_one_whom_git_knows_there(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)
    git(repository, "config", "user.name", "Ann Author")
    assert provenance.author(repository / "jobs") == "Ann Author"
    assert provenance.author(tmp_path) == provenance.user()


def test_without_git_the_author_is_the_user_and_no_commit_is_counted(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    assert provenance.author(repository) == provenance.user()
    assert provenance.commits_between(repository, "1234567", "1234567") is None
