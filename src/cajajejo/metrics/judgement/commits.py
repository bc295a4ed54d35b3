"""The commits between two runs: how many, and the command that lists them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from cajajejo import provenance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Commits: TypeAlias = tuple[str, str]
"""What the configurations of an earlier and a later run came from."""

_SHORT: Final = 7
_SHA: Final = re.compile(r"([0-9a-f]{7,64})(-dirty)?")


def counted(pairs: Iterable[Commits]) -> dict[Commits, int | None]:
    """How many commits lie between each two; None where the repository here does not know them."""
    return {pair: _count(*map(_sha, pair)) for pair in set(pairs)}


def since(commits: Commits, counts: Mapping[Commits, int | None]) -> str:
    """What came in between: ``3 commits: git log --oneline 10abfb1..77e02c5``; `counts` tells how many, if known."""
    old, new = map(_sha, commits)
    if old is None or new is None:
        return f"from {commits[0]} to {commits[1]}"
    if old == new:
        return f"no commit: both ran {short(commits[1])}"
    count, log = counts.get(commits), f"git log --oneline {old[:_SHORT]}..{new[:_SHORT]}"
    return log if count is None else f"{count} commit{'s' * (count != 1)}: {log}"


def short(commit: str) -> str:
    """The commit as people write it: the first digits of a SHA; another word as it is."""
    found = _SHA.fullmatch(commit)
    return commit if found is None else found[1][:_SHORT] + (found[2] or "")


def _sha(commit: str) -> str | None:
    """The commit as git knows it, also where its repository had changes; None where `commit` is another word."""
    found = _SHA.fullmatch(commit)
    return None if found is None else found[1]


def _count(old: str | None, new: str | None) -> int | None:
    return None if old is None or new is None else provenance.commits_between(Path.cwd(), old, new)
