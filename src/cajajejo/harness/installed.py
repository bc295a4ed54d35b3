"""What is installed beside a program, in the Python environment that it belongs to."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def versions(program: Path, packages: Iterable[str]) -> dict[str, str]:
    """The versions of those of `packages` that the environment of `program` holds, which is not started for it.

    Args:
        program: in the ``bin`` directory of its environment.
        packages: by the names that pip knows them by.
    """
    environment = program.parent.parent
    places = [str(path) for path in sorted(environment.glob("lib*/python3*/*-packages")) if path.is_dir()]
    found = {}
    for name in packages:
        one = next(iter(metadata.distributions(name=name, path=places)), None) if places else None
        if one is not None:
            found[name] = one.version
    return found
