"""Which tasks lm-eval has, read from their files without lm-eval: those of a directory of ours, and its own.

lm-eval itself takes 15 s to list its 14,000 files. A name is found by a look at the text of all, and only the files of
the tasks that are wanted are read as YAML.
"""

from __future__ import annotations

import fnmatch
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cajajejo import yamldocuments

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_NAME: Final = r"""(?:'([^'\n]+)'|"([^"\n]+)"|([^\s#\[{'"&*!|>][^\n#]*))"""
_NAMED: Final = re.compile(rf"""^["']?(?:task|group)["']?[ \t]*:[ \t]*{_NAME}""", re.MULTILINE)
_TAGS: Final = re.compile(
    r"""^["']?tag["']?[ \t]*:[ \t]*(?:([^\s#][^\n]*)|\n((?:[ \t]*-[ \t]*[^\n]+\n?)+))""", re.MULTILINE
)
_ONE_TAG: Final = re.compile(r"""[^\s,\[\]"'#-][^\s,\[\]"'#]*""")
_DEEPEST: Final = 20


@dataclass(frozen=True, slots=True)
class TaskFile:
    """One task: its name, its file, and the configuration in it with everything that it includes."""

    name: str
    path: Path | None
    config: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The tasks and groups by name, each with its file, and the tags, each with its tasks."""

    files: Mapping[str, Path] = field(default_factory=dict)
    tags: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __or__(self, other: Catalogue) -> Catalogue:
        """Both; where both have a name, that of `other`, as lm-eval does with a directory of ours."""
        tags = {name: [*self.tags.get(name, ()), *other.tags.get(name, ())] for name in {*self.tags, *other.tags}}
        return Catalogue({**self.files, **other.files}, tags)

    def names(self, wanted: str) -> list[str]:
        """The names that `wanted` stands for, which may be a pattern."""
        known = {*self.files, *self.tags}
        return [wanted] if wanted in known else sorted(fnmatch.filter(known, wanted))

    def tasks(self, name: str, depth: int = 0) -> Iterator[TaskFile]:
        """The single tasks that `name` leads to; what cannot be found or read is left out.

        Raises:
            yamldocuments.BrokenYamlError: a file is no YAML.
            OSError: a file cannot be read.
        """
        path = self.files.get(name)
        if path is None:
            yield from self._each(self.tags.get(name, ()), depth)
            return
        config = read(path)
        parts = config.get("task")
        if isinstance(parts, list):
            yield from self._each(parts, depth)
        elif isinstance(config.get("group"), str) and isinstance(parts, str):
            yield from self._each([parts], depth)
        else:
            yield TaskFile(name, path, config)

    def _each(self, parts: Sequence[object], depth: int) -> Iterator[TaskFile]:
        for part in parts if depth < _DEEPEST else ():
            if isinstance(part, str):
                yield from self.tasks(part, depth + 1)
            elif isinstance(part, dict) and isinstance(part.get("task"), list):
                yield from self._each(part["task"], depth + 1)
            elif isinstance(part, dict):
                name = str(part.get("task"))
                known = self.tasks(name, depth + 1) if name in self.files else [TaskFile(name, None, {})]
                yield from (TaskFile(one.name, one.path, {**one.config, **part}) for one in known)


def catalogue(directory: Path) -> Catalogue:
    """What the files of `directory` and of those below it define; a file that cannot be read defines nothing."""
    files: dict[str, Path] = {}
    tags: dict[str, list[str]] = {}
    for path in _yaml_files(directory):
        try:
            text = path.read_text("utf-8", "replace")
        except OSError:
            continue
        names = ["".join(match.groups("")).strip() for match in _NAMED.finditer(text)]
        for name in names:
            files.setdefault(name, path)
        for match in _TAGS.finditer(text):
            for tag in _ONE_TAG.findall(" ".join(match.groups(""))):
                tags.setdefault(tag, []).extend(names)
    return Catalogue(files, tags)


def _yaml_files(directory: Path) -> Iterator[Path]:
    for root, directories, names in os.walk(directory):
        directories.sort()
        yield from (Path(root, name) for name in sorted(names) if name.endswith(".yaml"))


def read(path: Path, depth: int = 0) -> dict[str, Any]:
    """The configuration in a file, with what it includes below its own.

    Raises:
        yamldocuments.BrokenYamlError: it, or an included file, is no YAML, or no mapping.
        OSError: one of them cannot be read.
    """
    config = yamldocuments.load_tagged(path.read_text("utf-8", "replace"))
    if not isinstance(config, dict) or depth > _DEEPEST:
        raise yamldocuments.BrokenYamlError("no fields" if depth <= _DEEPEST else "it includes itself", 1)
    included = config.pop("include", [])
    merged: dict[str, Any] = {}
    for name in included if isinstance(included, list) else [included]:
        merged.update(read(path.parent / str(name), depth + 1))
    return {**merged, **config}
